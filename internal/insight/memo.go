package insight

import (
	"fmt"
	"slices"
	"strings"

	"windshield/internal/fault"
	"windshield/internal/slot"
)

// Reply is what the customer says to a line of the memo.
type Reply string

const (
	Silent    Reply = "silent" // no answer: the line stays a guess
	Confirms  Reply = "confirmed"
	Corrected Reply = "corrected"
)

// Line is one sentence of a memo of understanding.
type Line struct {
	About       About
	Text        string
	StatementID string    // what it was drafted from; "" for what the host wrote
	Reply       Reply     // "" is Silent
	Correction  string    // the customer's words where Corrected, else ""
	RepliedOn   slot.Date // zero where Silent
	Earlier     []Replied `json:",omitempty"` // what the customer answered before they thought again, oldest first
}

// Replied is an answer to a line of which the customer has thought again.
type Replied struct {
	Reply      Reply
	Correction string
	On         slot.Date
}

// mostEarlier is how many earlier answers to a line are kept.
const mostEarlier = 20

// Memo of understanding: what we understood, sent to the customer, who confirms or
// corrects it line by line.
type Memo struct {
	VisitID    string
	CustomerID string
	Lines      []Line
	Sent       slot.Date // zero until it has been sent; then the lines' texts are fixed
}

// MaxLines is how many lines a memo may have.
const MaxLines = 40

// DraftMemo writes the first version of a memo. It takes only what the customer has
// said or heard: their statements, the promises of both sides, their questions,
// what we send, and their next step. What is ours alone (whether objectives were
// met, guesses, claims, the buying stage, what more there could have been, notes)
// does not enter, and cannot: see outward.
func DraftMemo(d Debrief) Memo {
	o := outwardOf(d)
	m := Memo{VisitID: o.visitID, CustomerID: o.customerID}
	add := func(about About, id, format string, args ...any) {
		if text := strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " "); len(m.Lines) < MaxLines {
			m.Lines = append(m.Lines, Line{About: about, Text: text, StatementID: id, Reply: Silent})
		}
	}
	for _, about := range Parts() {
		for _, s := range o.said {
			if s.about == about {
				add(about, s.id, "%s: “%s”", s.by, s.text)
			}
		}
		if about != NextSteps {
			continue
		}
		if o.nextAction != "" {
			add(about, "", "You: %s", until(o.nextAction, o.nextBy))
		}
		for _, c := range o.commitments {
			who := "We"
			if c.Party == Them {
				who = "You"
			}
			if name := strings.TrimSpace(c.Who); name != "" {
				who += " (" + name + ")"
			}
			add(about, "", "%s: %s", who, until(c.What, c.By))
		}
		for _, q := range o.questions {
			add(about, "", "We answer your question: %s", q)
		}
		for _, i := range o.information {
			add(about, "", "We send you: %s", i)
		}
	}
	return m
}

// until ends what is to be done with its day.
func until(what string, d slot.Date) string {
	what = strings.TrimRight(what, ". \n\t")
	if d.IsZero() {
		return what + "."
	}
	return what + ", by " + d.Time().Format("2 January 2006") + "."
}

// outward is what of a debrief the customer may see. DraftMemo sees nothing else.
type outward struct {
	visitID, customerID    string
	said                   []outwardSaid
	commitments            []Commitment
	questions, information []string
	nextAction             string
	nextBy                 slot.Date
}

type outwardSaid struct {
	id, by, text string
	about        About
}

func outwardOf(d Debrief) outward {
	o := outward{visitID: d.VisitID, customerID: d.CustomerID, commitments: d.Commitments, questions: d.Questions, information: d.Information,
		nextAction: strings.TrimSpace(d.NextAction), nextBy: d.NextBy}
	for _, s := range d.Said {
		if s.Source != Said || strings.TrimSpace(s.Text) == "" {
			continue
		}
		x := outwardSaid{s.ID, strings.TrimSpace(s.By), strings.TrimSpace(s.Text), s.About}
		if x.about == "" {
			x.about = Situation
		}
		o.said = append(o.said, x)
	}
	return o
}

// Check refuses a memo that cannot be kept or sent, with fault.Invalid.
func (m Memo) Check() error {
	var c checker
	if n := len(m.Lines); n == 0 || n > MaxLines {
		c.add("lines", fmt.Sprint(n), fmt.Sprintf("1 to %d lines", MaxLines))
		return c.err("The memo cannot be kept.")
	}
	for i, l := range m.Lines {
		at := fmt.Sprintf("lines[%d].", i)
		switch l.About {
		case Situation, Goals, Obstacles, NextSteps:
		default:
			c.add(at+"about", string(l.About), "situation, goals, obstacles or next_steps")
		}
		c.text(at+"text", l.Text, 1, 2*MaxText, "a sentence")
	}
	return c.err("The memo cannot be kept.")
}

// Answer writes down the customer's reply to a line (from 0) of a memo that was
// sent. A later reply replaces an earlier one, so that the customer can think
// again; Silent takes it back. Errors: fault.Conflict before the memo is sent;
// fault.NotFound for a line it has not; fault.Invalid for an unknown reply, a
// correction without words or of more than 2,000 characters.
func (m *Memo) Answer(line int, r Reply, correction string, on slot.Date) error {
	switch {
	case m.Sent.IsZero():
		return fault.Conflictf("The memo has not been sent yet.")
	case line < 0 || line >= len(m.Lines):
		return fault.NotFoundf("The memo has no such line.")
	}
	var c checker
	switch r {
	case Corrected:
		c.text("correction", correction, 1, MaxText, "what is right, in your words")
	case Confirms, Silent:
		correction = ""
	default:
		c.add("reply", string(r), "confirmed, corrected or silent")
	}
	c.date("on", on, m.Sent, m.Sent.Add(366*MaxAgeYears), true)
	if err := c.err("The reply cannot be kept."); err != nil {
		return err
	}
	l := &m.Lines[line]
	if l.Reply == Confirms || l.Reply == Corrected {
		l.Earlier = append(slices.Clip(l.Earlier), Replied{l.Reply, l.Correction, l.RepliedOn})
		l.Earlier = l.Earlier[max(0, len(l.Earlier)-mostEarlier):]
	}
	l.Reply, l.Correction, l.RepliedOn = r, strings.TrimSpace(correction), on
	if r == Silent {
		l.RepliedOn = 0
	}
	return nil
}

// Replies counts the lines of a memo by reply.
func (m Memo) Replies() (confirmed, corrected, silent int) {
	for _, l := range m.Lines {
		switch l.Reply {
		case Confirms:
			confirmed++
		case Corrected:
			corrected++
		default:
			silent++
		}
	}
	return confirmed, corrected, silent
}

// Learned gives what a line teaches: what was confirmed is the customer's word,
// what was corrected is the customer's word as they put it, and what met silence
// stays our guess. The next steps are promises, not statements: ok is false.
// speaker is who answered the memo. The caller sets the id; where the line was
// drafted from a statement, a confirmation is a new check of that one instead
// (StatementID).
func (m Memo) Learned(line int, speaker, heardBy string) (s Statement, ok bool) {
	if line < 0 || line >= len(m.Lines) || m.Lines[line].About == NextSteps {
		return Statement{}, false
	}
	l := m.Lines[line]
	s = Statement{CustomerID: m.CustomerID, VisitID: m.VisitID, HeardBy: heardBy, On: m.Sent, About: l.About, Text: l.Text, Side: Neither, Source: Guessed}
	switch l.Reply {
	case Confirms:
		s.Source, s.By, s.On = Said, speaker, l.RepliedOn
	case Corrected:
		s.Source, s.By, s.On, s.Text = Said, speaker, l.RepliedOn, l.Correction
	}
	return s, true
}
