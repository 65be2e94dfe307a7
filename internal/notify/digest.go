package notify

import (
	"fmt"
	"strings"

	"windshield/internal/alert"
	"windshield/internal/locale"
	"windshield/internal/roster"
	"windshield/internal/slot"
)

// Section is a part of a digest: a title and its lines, each with the page where it is
// seen to.
type Section struct {
	Title string
	Lines []Line
}

// Line is one line of a digest.
type Line struct {
	Text string
	Path string // of ours, such as "/visits/ID"; "" where there is none
}

// How much a digest holds at most: who has more opens the page.
const (
	sectionLines = 25
	lineLength   = 240 // characters
)

// Digest gathers what is due into one mail; ok is false where nothing is: an empty
// digest is not sent. day is the digest's day at the reader's place. The caller sets
// the ID. BaseURL has no slash at the end.
func Digest(to roster.Person, rhythm Rhythm, day slot.Date, sections []Section, baseURL string) (m Message, ok bool) {
	m = Message{To: to.Email, ToName: OneLine(to.Name, MaxName)}
	what, total := "Your day", 0
	if rhythm == Weekly {
		what = "Your week"
	}
	var b strings.Builder
	greet(&b, m.ToName)
	for _, s := range sections {
		if len(s.Lines) == 0 {
			continue
		}
		total += len(s.Lines)
		b.WriteString(OneLine(s.Title, 120) + "\n\n")
		for i, l := range s.Lines {
			if i == sectionLines {
				fmt.Fprintf(&b, "- and %d more, on your pages\n", len(s.Lines)-i)
				break
			}
			b.WriteString("- " + OneLine(l.Text, lineLength))
			if l.Path != "" {
				b.WriteString(" " + baseURL + l.Path)
			}
			b.WriteString("\n")
		}
		b.WriteString("\n")
	}
	if total == 0 {
		return Message{}, false
	}
	things := "1 thing"
	if total > 1 {
		things = fmt.Sprintf("%d things", total)
	}
	m.Subject = fmt.Sprintf("%s: %s, %s", what, things, locale.Of(to.Locale).Day(day, "Monday 2 January"))
	fmt.Fprintf(&b, "How often this comes, and what is in it, is yours to say: %s/me/notices/preferences\n", baseURL)
	m.Text = b.String()
	return m, true
}

// AskDebrief asks somebody who was at a visit what came of it, on the evening of its
// day. BaseURL has no slash at the end.
func AskDebrief(to roster.Person, customer, visitID string, day, today slot.Date, baseURL string) Message {
	m := Message{To: to.Email, ToName: OneLine(to.Name, MaxName), Subject: fmt.Sprintf("What came of the visit to %s?", OneLine(customer, 100))}
	var b strings.Builder
	greet(&b, m.ToName)
	fmt.Fprintf(&b, "You were at %s on %s. Five answers while you remember take a minute, on the phone too.\n\n", OneLine(customer, 100), locale.Of(to.Locale).Near(day, today))
	fmt.Fprintf(&b, "Say what came of it: %s/visits/%s/debrief\n\n", baseURL, visitID)
	b.WriteString("If it did not take place, say that there.\n")
	m.Text = b.String()
	return m
}

// ClimbedOpenly is Climbed for everybody in a channel of the company: without a greeting and without a name
// of who reads it.
func ClimbedOpenly(person roster.Person, s alert.Step, baseURL string) Message {
	name := OneLine(person.Name, MaxName)
	m := Message{To: person.Email, ToName: name, Subject: fmt.Sprintf("%s has gone more than %d days without a customer visit", name, alert.MaxGapDays)}
	m.Text = fmt.Sprintf("%s: %s\n\nThe clock, and what can be done: %s/me?person=%s\n", name, OneLine(s.Reason, 1000), baseURL, person.ID)
	return m
}

// Trial is a message that only shows that a channel works. BaseURL has no slash at the end.
func Trial(to roster.Person, baseURL string) Message {
	m := Message{To: to.Email, ToName: OneLine(to.Name, MaxName), Subject: "A test from Windshield"}
	m.Text = fmt.Sprintf("This channel works: an administrator has asked for this message.\n\nHow the channels stand: %s/admin/notices\n", baseURL)
	return m
}

// Launched says that a launch is through, or where why is not "" that it stands still.
// page is where it is seen to.
func Launched(to roster.Person, why string, visits int, page string) Message {
	m := Message{To: to.Email, ToName: OneLine(to.Name, MaxName), Subject: fmt.Sprintf("The launch of %d visits is through", visits)}
	m.Text = fmt.Sprintf("Everything has gone to the calendars.\n\nThe launch: %s\n", page)
	if why != "" {
		m.Subject = fmt.Sprintf("The launch of %d visits stands still", visits)
		m.Text = fmt.Sprintf("%s\nNothing more goes to the calendars until somebody says so.\n\nThe launch: %s\n", OneLine(why, 1000), page)
	}
	return m
}
