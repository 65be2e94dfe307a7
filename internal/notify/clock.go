package notify

import (
	"fmt"
	"strings"

	"windshield/internal/alert"
	"windshield/internal/locale"
	"windshield/internal/roster"
)

// Ahead warns somebody, or their assistant, that they will pass 30 days if no more
// happens than is booked. ways are sentences about what would prevent it. The caller
// sets the ID. BaseURL has no slash at the end.
func Ahead(to, person roster.Person, w alert.Warning, ways []string, baseURL string) Message {
	m := Message{To: to.Email, ToName: OneLine(to.Name, MaxName)}
	var b strings.Builder
	greet(&b, m.ToName)
	in := fmt.Sprintf("in %d days", w.Days)
	if w.Days == 1 {
		in = "tomorrow"
	}
	if to.ID == person.ID {
		m.Subject = fmt.Sprintf("You pass %d days without a customer visit %s", alert.MaxGapDays, in)
	} else {
		m.Subject = fmt.Sprintf("%s passes %d days without a customer visit %s", OneLine(person.Name, MaxName), alert.MaxGapDays, in)
		fmt.Fprintf(&b, "This is about %s.\n", OneLine(person.Name, MaxName))
	}
	b.WriteString(locale.Of(to.Locale).Again(w.Reason) + "\n")
	if len(ways) > 0 {
		b.WriteString("\nWhat would prevent it:\n")
		for _, x := range ways {
			b.WriteString("- " + OneLine(x, 300) + "\n")
		}
	}
	fmt.Fprintf(&b, "\nThe clock, and what can be done: %s/me?person=%s\n", baseURL, person.ID)
	m.Text = b.String()
	return m
}

// Climbed tells somebody else of a breach: the assistant, the VP of Sales, or the CEO.
// The caller sets the ID. BaseURL has no slash at the end.
func Climbed(to, person roster.Person, s alert.Step, baseURL string) Message {
	m := Message{To: to.Email, ToName: OneLine(to.Name, MaxName)}
	name := OneLine(person.Name, MaxName)
	m.Subject = fmt.Sprintf("%s has gone more than %d days without a customer visit", name, alert.MaxGapDays)
	var b strings.Builder
	greet(&b, m.ToName)
	fmt.Fprintf(&b, "%s: %s\n\n", name, OneLine(locale.Of(to.Locale).Again(s.Reason), 1000))
	fmt.Fprintf(&b, "The clock, and what can be done: %s/me?person=%s\n\n", baseURL, person.ID)
	b.WriteString("You get this mail once for each time that they pass " + fmt.Sprint(alert.MaxGapDays) + " days.\n")
	m.Text = b.String()
	return m
}
