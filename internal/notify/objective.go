package notify

import (
	"fmt"
	"strings"
	"time"

	"windshield/internal/locale"
	"windshield/internal/roster"
	"windshield/internal/slot"
)

// NoObjective writes to the host of a visit, or later to the VP of Sales, that
// nobody has said what the visit is for. day is the visit's date at the customer's
// place, today the date there. BaseURL has no slash at the end.
func NoObjective(to, host, executive roster.Person, customer string, visitID string, day, today slot.Date, baseURL string) Message {
	m := Message{To: to.Email, ToName: OneLine(to.Name, MaxName)}
	m.Subject = fmt.Sprintf("What is the visit to %s for?", OneLine(customer, 100))
	var b strings.Builder
	greet(&b, m.ToName)
	who := "You go"
	if to.ID != host.ID {
		who = OneLine(host.Name, MaxName) + " goes"
	}
	fmt.Fprintf(&b, "%s to %s with %s on %s, and nobody has written down an objective.\n", who, OneLine(customer, 100), OneLine(executive.Name, MaxName), locale.Of(to.Locale).Near(day, today))
	b.WriteString("A visit without an objective mostly leads to another visit. Say what you want to reach, and what the customer wants, or call it off.\n\n")
	fmt.Fprintf(&b, "The brief: %s/visits/%s/brief\n", baseURL, visitID)
	m.Text = b.String()
	return m
}

// Confirm asks somebody at a customer to confirm a visit, or to say what should be
// different. It holds nothing but what is meant for the customer.
func Confirm(name, customer string, host, executive roster.Person, when, url string, until time.Time) Message {
	m := Message{ToName: OneLine(name, MaxName)}
	m.Subject = fmt.Sprintf("Our visit on %s", when)
	var b strings.Builder
	greet(&b, m.ToName)
	fmt.Fprintf(&b, "%s and %s look forward to visiting %s on %s.\n\n", OneLine(executive.Name, MaxName), OneLine(host.Name, MaxName), OneLine(customer, 100), when)
	b.WriteString("Please have a look at what we have noted as your objective and as the agenda, and confirm it or change it. You need no account:\n\n")
	fmt.Fprintf(&b, "%s\n\nThe link is yours alone, works once and until %s.\n\n", url, until.Format("2 January 2006"))
	b.WriteString(OneLine(host.Name, MaxName) + "\n")
	for _, s := range []string{host.Phone, host.Email} {
		if s != "" {
			b.WriteString(OneLine(s, 100) + "\n")
		}
	}
	m.Text = b.String()
	return m
}

// Confirmed tells a host that the customer has confirmed a visit.
func Confirmed(host roster.Person, customer, by, visitID string, changed bool, day, today slot.Date, baseURL string) Message {
	m := Message{To: host.Email, ToName: OneLine(host.Name, MaxName)}
	m.Subject = fmt.Sprintf("%s has confirmed the visit", OneLine(customer, 100))
	var b strings.Builder
	greet(&b, m.ToName)
	fmt.Fprintf(&b, "%s has confirmed the visit to %s on %s.\n", OneLine(by, 100), OneLine(customer, 100), locale.Of(host.Locale).Near(day, today))
	if changed {
		b.WriteString("The objective or the agenda is not the one that you sent: the customer has changed it.\n")
	}
	fmt.Fprintf(&b, "\nThe brief: %s/visits/%s/brief\n", baseURL, visitID)
	m.Text = b.String()
	return m
}

// AskAgain tells the host of a visit, or the VP in the place of one who has left, that
// what the customer had confirmed was changed: it is ready no more until the customer
// confirms it again. by names who changed it.
func AskAgain(to, host roster.Person, by, customer, visitID string, day, today slot.Date, baseURL string) Message {
	m := Message{To: to.Email, ToName: OneLine(to.Name, MaxName)}
	m.Subject = fmt.Sprintf("%s has to confirm the visit again", OneLine(customer, 100))
	var b strings.Builder
	greet(&b, m.ToName)
	fmt.Fprintf(&b, "%s has changed the objective or the agenda of the visit to %s on %s, which the customer had confirmed. It is ready again once the customer confirms it as it is now.\n", OneLine(by, MaxName), OneLine(customer, 100), locale.Of(to.Locale).Near(day, today))
	if to.ID != host.ID {
		fmt.Fprintf(&b, "Its host %s is no longer here.\n", OneLine(host.Name, MaxName))
	}
	fmt.Fprintf(&b, "\nThe mail to the customer, ready to send: %s/visits/%s/mail?kind=confirmation\n", baseURL, visitID)
	m.Text = b.String()
	return m
}
