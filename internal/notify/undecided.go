package notify

import (
	"fmt"
	"strings"

	"windshield/internal/roster"
)

// mostUndecided is how many visits one message names; the page has all.
const mostUndecided = 20

// NeedDecision writes to somebody who may decide about visits on which the calendar and
// the plan disagree, one line each. baseURL has no slash at the end.
func NeedDecision(to roster.Person, lines []Line, baseURL string) Message {
	m := Message{To: to.Email, ToName: OneLine(to.Name, MaxName), Subject: fmt.Sprintf("%d visits need a decision", len(lines))}
	var b strings.Builder
	greet(&b, m.ToName)
	if len(lines) == 1 {
		m.Subject = "A visit needs a decision"
	} else {
		fmt.Fprintf(&b, "All of them: %s/conflicts\n\n", baseURL)
	}
	b.WriteString("The calendar and the plan disagree, and Windshield changes nothing by itself:\n\n")
	for _, l := range lines[:min(len(lines), mostUndecided)] {
		fmt.Fprintf(&b, "%s\n%s%s\n\n", OneLine(l.Text, 500), baseURL, l.Path)
	}
	if more := len(lines) - mostUndecided; more > 0 {
		fmt.Fprintf(&b, "And %d more.\n", more)
	}
	m.Text = b.String()
	return m
}
