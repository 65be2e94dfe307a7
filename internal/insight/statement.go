// Package insight holds what customers told us, what it is worth, and what is open
// between us and them: statements and the claims that rest on them, debriefs, memos
// of understanding and open loops. Until it comes from the customer's mouth it is a
// guess, and guesses never count.
package insight

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"windshield/internal/fault"
	"windshield/internal/slot"
)

// Source tells the customer's word from our guess.
type Source string

const (
	Said    Source = "said"    // in the customer's words
	Guessed Source = "guessed" // what we think; it backs nothing
)

// Side is where a statement stands towards its claim.
type Side string

const (
	For     Side = "for"
	Against Side = "against"
	Neither Side = "neither" // asked, and neither backed nor denied it; or no claim at all
)

// About is the part of the memo of understanding to which a statement belongs.
type About string

const (
	Situation About = "situation"
	Goals     About = "goals"
	Obstacles About = "obstacles"
	NextSteps About = "next_steps"
)

// Parts lists the parts of a memo in their order.
func Parts() []About { return []About{Situation, Goals, Obstacles, NextSteps} }

// Statement is one thing that somebody at a customer said, or that we guess.
type Statement struct {
	ID         string
	CustomerID string
	VisitID    string    // at which it was said; "" for a guess made elsewhere
	Source     Source    //
	By         string    // who said it, at the customer: a name or a role; "" for a guess
	HeardBy    string    // person of ours who heard or guessed it
	On         slot.Date // when it was said or guessed, at the customer's place
	About      About     // "" where nobody has sorted it: it stands under the situation
	Topic      string    // "pricing"; free, at most 80 characters
	Text       string    // verbatim where said
	ClaimID    string    // "" where it stands for itself
	Side       Side      // towards the claim
	Asked      bool      // we had asked; else the customer raised it
	Checked    slot.Date // when the customer last said that it still holds; zero where never
	Over       slot.Date // when the customer said that it holds no more; zero while it does
}

// Limits of texts, in characters.
const (
	MaxText  = 2_000
	MaxTopic = 80
	MaxName  = 120
	// MaxAgeYears is how old a statement may be when it is entered.
	MaxAgeYears = 5
)

// StaleDays is after how many days a statement asks to be said again, where
// nobody has chosen another number.
const StaleDays = 90

// Valid gives the day from which the statement's age counts: when it was said, or
// last said to hold.
func (s Statement) Valid() slot.Date { return max(s.On, s.Checked) }

// Stale says whether the customer has to be asked again: more than so many days
// have passed. A guess has always to be asked.
func (s Statement) Stale(today slot.Date, days int) bool {
	return s.Source == Guessed || today.Sub(s.Valid()) > days
}

// speaker names who said it; people without a name are one person.
func (s Statement) speaker() string {
	return strings.ToLower(strings.Join(strings.Fields(s.By), " "))
}

// Check refuses a statement that cannot be kept, with fault.Invalid and every
// fault in it. today is the reader's.
func (s Statement) Check(today slot.Date) error {
	var c checker
	s.check(&c, "", today)
	return c.err("The statement cannot be kept.")
}

func (s Statement) check(c *checker, at string, today slot.Date) {
	if s.CustomerID == "" {
		c.add(at+"customer", "", "the customer whom it is about")
	}
	switch s.Source {
	case Said:
		if s.VisitID == "" {
			c.add(at+"visit", "", "the visit at which it was said")
		}
		c.text(at+"by", s.By, 1, MaxName, "the name or the role of who said it")
	case Guessed:
		if s.By != "" {
			c.add(at+"by", s.By, "nobody: a guess is ours")
		}
		if s.Asked {
			c.add(at+"asked", "true", "false: a guess is nobody's answer")
		}
	default:
		c.add(at+"source", string(s.Source), "said or guessed")
	}
	switch s.About {
	case "", Situation, Goals, Obstacles, NextSteps:
	default:
		c.add(at+"about", string(s.About), "situation, goals, obstacles or next_steps")
	}
	least := 1
	switch {
	case s.Side != For && s.Side != Against && s.Side != Neither && s.Side != "":
		c.add(at+"side", string(s.Side), "for, against or neither")
	case s.ClaimID == "" && (s.Side == For || s.Side == Against):
		c.add(at+"side", string(s.Side), "neither: it names no claim")
	case s.ClaimID != "" && s.Asked && (s.Side == Neither || s.Side == ""):
		least = 0 // asked, and nothing to say
	}
	c.text(at+"text", s.Text, least, MaxText, "what was said")
	c.text(at+"topic", s.Topic, 0, MaxTopic, "a topic")
	c.date(at+"on", s.On, today.Add(-366*MaxAgeYears), today.Add(1), true) // tomorrow east of here
	c.date(at+"checked", s.Checked, s.On, today.Add(1), false)
	c.date(at+"over", s.Over, s.On, today.Add(1), false)
}

// checker gathers faults.
type checker struct{ details []fault.Detail }

func (c *checker) add(where, value, expected string) {
	if len(value) > 400 { // more than is ever shown, whatever the letters
		value = value[:400]
	}
	c.details = append(c.details, fault.Detail{Where: where, Value: fault.Short(strings.ToValidUTF8(value, "?")), Expected: expected})
}

// text wants least to most characters (least 0 or 1) without control characters,
// line ends and tabs apart.
func (c *checker) text(where, value string, least, most int, what string) {
	n := utf8.RuneCountInString(strings.TrimSpace(value))
	bad := !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
	})
	switch {
	case bad:
		c.add(where, value, "text without control characters")
	case n < least:
		c.add(where, value, what)
	case utf8.RuneCountInString(value) > most:
		c.add(where, value, fmt.Sprintf("at most %d characters", most))
	}
}

func (c *checker) date(where string, d, first, last slot.Date, needed bool) {
	switch {
	case d.IsZero() && needed:
		c.add(where, "", "a date")
	case !d.IsZero() && (d < first || d > last):
		c.add(where, d.String(), fmt.Sprintf("a date from %s to %s", first, last))
	}
}

func (c *checker) err(text string) error {
	if len(c.details) == 0 {
		return nil
	}
	return fault.Invalidf("%s", text).With(c.details...)
}

// newest sorts statements: the newest first, then by id.
func newest(a, b Statement) int {
	return cmp.Or(cmp.Compare(b.Valid(), a.Valid()), cmp.Compare(a.ID, b.ID))
}
