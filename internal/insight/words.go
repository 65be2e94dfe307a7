package insight

import (
	"fmt"
	"strings"

	"windshield/internal/locale"
	"windshield/internal/sampling"
	"windshield/internal/slot"
)

// BelowMinimum is what a claim is called that is no finding. Two customers never
// look like a trend.
const BelowMinimum = "one data point, not a finding"

// Retell gives the evidence in words again, now that so many distinct customers were
// visited while the claim could come up; staleDays as for Weigh.
func (e Evidence) Retell(visited, staleDays int) Evidence {
	e.Sentence = e.sentence(visited, staleDays)
	return e
}

// sentence says what may be said, and what may not be concluded.
func (e Evidence) sentence(visited, staleDays int) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	switch {
	case e.Share.Asked > 0:
		parts = append(parts, e.Share.Sentence())
		if e.AtMost > 0 {
			add("That is at most %s.", count(e.AtMost, "customer"))
		}
	case e.Asked > 0:
		add("%d of %s asked back this; none of them is in the selection, so there is no share.", e.Backing, count(e.Asked, "customer"))
	case e.Raised == 0 && e.Denying == 0 && e.Split == 0:
		parts = append(parts, e.Share.Sentence()) // nobody was asked
	}
	if e.Outside > 0 && e.Share.Asked > 0 {
		add("%s asked %s not in the selection and left out.", count(e.Outside, "other customer"), is(e.Outside))
	}
	if e.Raised > 0 {
		parts = append(parts, sampling.RaisedSentence(e.Raised, max(e.Raised, visited-e.Asked)))
	}
	if e.Denying > 0 {
		add("%s %s it.", count(e.Denying, "customer"), verb(e.Denying, "denies", "deny"))
	}
	if e.Split > 0 {
		add("At %s people contradict each other.", count(e.Split, "customer"))
	}
	if e.Stale > 0 {
		add("%d of the %d who back it said so more than %d days ago.", e.Stale, e.Backing+e.Raised, staleDays)
	}
	if e.HeardBy == 1 && e.Backing+e.Raised > 1 {
		add("One of us heard all of it.")
	}
	if e.Guesses > 0 {
		add("%s of ours %s not counted.", count(e.Guesses, "guess"), is(e.Guesses))
	}
	if !e.Exportable() {
		add("This is %s.", BelowMinimum)
	}
	return strings.Join(parts, " ")
}

// Says puts a statement into words that tell the customer's from ours: who said
// it and when, or that we guess.
func (s Statement) Says(w locale.Style, today slot.Date) string {
	text := strings.TrimSpace(s.Text)
	switch {
	case s.Source == Guessed:
		return fmt.Sprintf("We guess, since %s: %s", date(w, s.On, today), text)
	case text == "":
		return fmt.Sprintf("%s was asked on %s and had nothing to say to it.", s.By, date(w, s.On, today))
	case !s.Over.IsZero():
		return fmt.Sprintf("%s said on %s, and on %s that it holds no more: “%s”", s.By, date(w, s.On, today), date(w, s.Over, today), text)
	case s.Checked > s.On:
		return fmt.Sprintf("%s said on %s, and on %s that it still holds: “%s”", s.By, date(w, s.On, today), date(w, s.Checked, today), text)
	}
	return fmt.Sprintf("%s said on %s: “%s”", s.By, date(w, s.On, today), text)
}

// date writes "19 Nov", with the year where it is not today's.
func date(w locale.Style, d, today slot.Date) string {
	if d.Year() == today.Year() {
		return w.Day(d, "2 Jan")
	}
	return w.Day(d, "2 Jan 2006")
}

func count(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "s"):
		return fmt.Sprintf("%d %ses", n, what)
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func is(n int) string { return verb(n, "is", "are") }

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
