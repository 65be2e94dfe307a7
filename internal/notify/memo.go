package notify

import (
	"fmt"
	"strings"
	"time"

	"windshield/internal/roster"
	"windshield/internal/slot"
)

// mostMemo is how many bytes of a memo stand in a mail; the rest is under its link.
const mostMemo = 50_000

// MemoLine is a line of a memo of understanding under the title of its part.
type MemoLine struct{ Part, Text string }

// AfterVisit asks somebody at a customer whether their objective was met, and sends the
// memo of understanding where there is one. It holds nothing but what is meant for the
// customer.
func AfterVisit(to roster.Contact, host roster.Person, customer string, on slot.Date, memo []MemoLine, url string, until time.Time) Message {
	m := Message{To: to.Email, ToName: OneLine(to.Name, MaxName), Subject: "Our visit on " + on.Time().Format("2 January 2006")}
	var b strings.Builder
	greet(&b, m.ToName)
	fmt.Fprintf(&b, "thank you for the time at %s on %s.\n\n", OneLine(customer, 100), on.Time().Format("2 January 2006"))
	if len(memo) > 0 {
		m.Subject = "What we understood on " + on.Time().Format("2 January 2006")
		b.WriteString("This is what we understood. Please tell us line by line what is right and what is not, and whether you got what you wanted. You need no account:\n\n")
	} else {
		b.WriteString("Did you get from it what you wanted? One click tells us. You need no account:\n\n")
	}
	fmt.Fprintf(&b, "%s\n\nThe link is yours alone, and works until %s.\n", url, until.Format("2 January 2006"))
	writeMemo(&b, memo)
	b.WriteString("\n" + OneLine(host.Name, MaxName) + "\n")
	for _, s := range []string{host.Phone, host.Email} {
		if s != "" {
			b.WriteString(OneLine(s, 100) + "\n")
		}
	}
	m.Text = b.String()
	return m
}

// MemoCopy shows a host's manager what the host has sent to a customer. It holds no
// link of the customer.
func MemoCopy(to, host roster.Person, customer string, memo []MemoLine) Message {
	m := Message{To: to.Email, ToName: OneLine(to.Name, MaxName), Subject: OneLine(fmt.Sprintf("What %s understood at %s", host.Name, customer), MaxSubject)}
	var b strings.Builder
	greet(&b, m.ToName)
	fmt.Fprintf(&b, "%s has sent this memo of understanding to %s. The customer is asked to confirm or correct each line.\n", OneLine(host.Name, MaxName), OneLine(customer, 100))
	writeMemo(&b, memo)
	m.Text = b.String()
	return m
}

func writeMemo(b *strings.Builder, memo []MemoLine) {
	part := ""
	for _, l := range memo {
		if b.Len() > mostMemo {
			b.WriteString("…\n")
			return
		}
		if l.Part != part {
			part = l.Part
			b.WriteString("\n" + part + "\n")
		}
		b.WriteString("- " + OneLine(l.Text, 4000) + "\n")
	}
}

// MemoAnswered tells a host what the customer made of a memo.
func MemoAnswered(host roster.Person, customer string, confirmed, corrected, silent int, page string) Message {
	m := Message{To: host.Email, ToName: OneLine(host.Name, MaxName), Subject: OneLine(customer, 100) + " has answered your memo"}
	var b strings.Builder
	greet(&b, m.ToName)
	fmt.Fprintf(&b, "of the lines of your memo %d are confirmed, %d corrected, and %d without an answer. What met silence stays a guess.\n\n%s\n", confirmed, corrected, silent, page)
	m.Text = b.String()
	return m
}
