package notify

import (
	"fmt"
	"net/url"
	"strings"

	"windshield/internal/roster"
	"windshield/internal/slot"
)

// What stands in the text of a mail to a customer for what is only known when it is sent.
const (
	LinkHere = "[link]" // the customer's own link, which nobody of ours may know
	MemoHere = "[memo]" // the lines of the memo of understanding, as they are kept
)

// Outward is what of a visit a mail to the customer may say. What is ours alone (our
// objective, what must be raised, our questions, notes, why the visit was planned)
// has no place in it, so that no mail can hold it.
type Outward struct {
	To        roster.Contact
	Host      roster.Person
	Executive string
	Customer  string
	When      string // for people, with the hours
	On        slot.Date
	Theirs    string // the customer's objective, in the customer's words
	Agenda    []MemoLine
}

// DraftObjective asks a customer what they want from the visit.
func DraftObjective(o Outward) Message {
	return o.write("What do you want from our visit on "+day(o.On)+"?", func(b *strings.Builder) {
		fmt.Fprintf(b, "%s and I come to %s on %s.\n\n", OneLine(o.Executive, MaxName), OneLine(o.Customer, 100), o.When)
		b.WriteString("What should be different for you afterwards? One sentence in your words is enough. We prepare for that, and leave the rest out.\n")
		if o.Theirs != "" {
			fmt.Fprintf(b, "\nThis is what we have heard so far: “%s” Is that still it?\n", OneLine(o.Theirs, 500))
		}
	})
}

// DraftAgenda proposes an agenda.
func DraftAgenda(o Outward) Message {
	return o.write("Agenda for our visit on "+day(o.On), func(b *strings.Builder) {
		fmt.Fprintf(b, "this is what we propose for %s:\n\n", o.When)
		for _, x := range o.Agenda {
			b.WriteString("- " + OneLine(strings.TrimSpace(x.Part+" "+x.Text), 300) + "\n")
		}
		if o.Theirs != "" {
			fmt.Fprintf(b, "\nYou want: “%s”\n", OneLine(o.Theirs, 500))
		}
		b.WriteString("\nDoes this suit you, or what should we change?\n")
	})
}

// DraftConfirm asks to confirm the visit under a link; again says that it was confirmed
// before and that we have changed something.
func DraftConfirm(o Outward, again bool) Message {
	return o.write("Our visit on "+day(o.On), func(b *strings.Builder) {
		if again {
			fmt.Fprintf(b, "thank you for confirming our visit on %s. We have changed something since: may I ask you to look at it once more?\n\n", o.When)
		} else {
			fmt.Fprintf(b, "%s and I look forward to visiting %s on %s.\n\n", OneLine(o.Executive, MaxName), OneLine(o.Customer, 100), o.When)
			b.WriteString("Please look at what we have noted as your objective and as the agenda, and confirm it or change it. You need no account:\n\n")
		}
		b.WriteString(LinkHere + "\n\nThe link is yours alone, and works once.\n")
	})
}

// DraftThanks thanks for a visit and brings the memo of understanding.
func DraftThanks(o Outward) Message {
	return o.write("What we understood on "+day(o.On), func(b *strings.Builder) {
		fmt.Fprintf(b, "thank you for the time on %s.\n\n", day(o.On))
		b.WriteString("This is what we understood. Please tell us line by line what is right and what is not, and whether you got what you wanted. You need no account:\n\n")
		b.WriteString(LinkHere + "\n\n" + MemoHere + "\n")
	})
}

func (o Outward) write(subject string, body func(*strings.Builder)) Message {
	m := Message{To: o.To.Email, ToName: OneLine(o.To.Name, MaxName), Subject: OneLine(subject, MaxSubject)}
	var b strings.Builder
	greet(&b, m.ToName)
	body(&b)
	b.WriteString("\n" + OneLine(o.Host.Name, MaxName) + "\n")
	for _, s := range []string{o.Host.Phone, o.Host.Email} {
		if s != "" {
			b.WriteString(OneLine(s, 100) + "\n")
		}
	}
	m.Text = b.String()
	return m
}

// Fill puts the link and the memo into a mail to a customer. A link that the writer has
// taken out comes at the end: without it nobody could answer.
func Fill(text, link string, memo []MemoLine) string {
	if link != "" && !strings.Contains(text, LinkHere) {
		text = strings.TrimRight(text, "\n") + "\n\n" + LinkHere + "\n"
	}
	var lines strings.Builder
	writeMemo(&lines, memo)
	return strings.NewReplacer(LinkHere, link, MemoHere, strings.TrimSpace(lines.String())).Replace(text)
}

// MailTo gives an address that opens the reader's own mail program with everything
// filled in (RFC 6068: lines end in CR LF, and a blank is %20, not +).
func MailTo(to, subject, text string) string {
	escape := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
	local, domain, _ := strings.Cut(to, "@")
	return "mailto:" + escape(local) + "@" + escape(domain) + "?subject=" + escape(subject) + "&body=" + escape(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n"))
}

func day(d slot.Date) string { return d.Time().Format("2 January 2006") }
