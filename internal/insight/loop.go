package insight

import (
	"cmp"
	"fmt"
	"slices"

	"windshield/internal/fault"
	"windshield/internal/slot"
)

// LoopKind is what is open between a customer and us.
type LoopKind string

const (
	Information LoopKind = "information" // sent by us: was it read, understood, the answer?
	CustomerAsk LoopKind = "question"    // asked by the customer
	Promise     LoopKind = "promise"     // ours
)

// Loop is something open. It closes only when the customer says so: no question
// does not mean that there is none.
type Loop struct {
	ID         string
	CustomerID string
	VisitID    string // "" where it came up elsewhere
	Kind       LoopKind
	Text       string
	OwnerID    string    // the person of ours who sees to it; the host where nobody else was named
	Opened     slot.Date //
	Due        slot.Date // by when it must be answered; zero: AnswerDays after it was opened

	Acknowledged slot.Date // the customer knows that we are at it
	Answered     slot.Date // we have answered, sent or done it
	Confirmed    slot.Date // the customer says that it is answered
	ConfirmedBy  string    // who of the customer
	Reopened     int       // how often the customer said that it was not answered
}

// Days until a step is overdue.
const (
	AcknowledgeDays = 2  // from opening
	AnswerDays      = 14 // from opening, where no day was promised
	ConfirmDays     = 14 // from our answer: then the customer is asked
)

// LoopState is where a loop stands.
type LoopState string

const (
	LoopOpen         LoopState = "open"
	LoopAcknowledged LoopState = "acknowledged"
	LoopAnswered     LoopState = "answered"
	LoopClosed       LoopState = "confirmed"
)

// State says where the loop stands.
func (l Loop) State() LoopState {
	switch {
	case !l.Confirmed.IsZero():
		return LoopClosed
	case !l.Answered.IsZero():
		return LoopAnswered
	case !l.Acknowledged.IsZero():
		return LoopAcknowledged
	}
	return LoopOpen
}

// Check refuses a loop that cannot be kept, with fault.Invalid.
func (l Loop) Check(today slot.Date) error {
	var c checker
	if l.CustomerID == "" {
		c.add("customer", "", "the customer")
	}
	if l.OwnerID == "" {
		c.add("owner", "", "a person of ours who sees to it")
	}
	if l.Kind != Information && l.Kind != CustomerAsk && l.Kind != Promise {
		c.add("kind", string(l.Kind), "information, question or promise")
	}
	c.text("text", l.Text, 1, MaxText, "what is open")
	c.date("opened", l.Opened, today.Add(-366*MaxAgeYears), today.Add(1), true)
	c.date("due", l.Due, l.Opened, l.Opened.Add(MaxAheadDays), false)
	return c.err("This cannot be kept.")
}

// Acknowledge notes that the customer knows we are at it. Doing it again changes
// nothing. Errors: fault.Conflict once the loop is closed; fault.Invalid for a day
// before the loop was opened.
func (l *Loop) Acknowledge(on slot.Date) error {
	if err := l.may(on, l.Opened); err != nil {
		return err
	}
	if l.Acknowledged.IsZero() {
		l.Acknowledged = on
	}
	return nil
}

// Answer notes that we have answered, sent or done it; who answers has
// acknowledged. A second answer takes the place of the first. Errors as for
// Acknowledge.
func (l *Loop) Answer(on slot.Date) error {
	if err := l.may(on, max(l.Opened, l.Acknowledged)); err != nil {
		return err
	}
	if l.Acknowledged.IsZero() {
		l.Acknowledged = on
	}
	l.Answered = on
	return nil
}

// Confirm closes the loop by the customer's word. Errors: fault.Invalid without
// the name or role of who said it; fault.Conflict where nothing was answered yet
// or it is closed.
func (l *Loop) Confirm(on slot.Date, by string) error {
	if err := l.may(on, l.Answered); err != nil {
		return err
	}
	if l.Answered.IsZero() {
		return fault.Conflictf("Nothing was answered yet, so the customer cannot have confirmed it.")
	}
	var c checker
	c.text("by", by, 1, MaxName, "who of the customer said so: our own word closes nothing")
	if err := c.err("Only the customer closes this."); err != nil {
		return err
	}
	l.Confirmed, l.ConfirmedBy = on, by
	return nil
}

// Reopen notes that the customer says it is not answered, before or after having
// confirmed it. It then counts as acknowledged and has to be answered anew, in
// AnswerDays where its day has passed. Errors: fault.Conflict where nothing was
// answered; fault.Invalid for a day before the answer.
func (l *Loop) Reopen(on slot.Date) error {
	if l.Answered.IsZero() {
		return fault.Conflictf("Nothing was answered yet; this is open.")
	}
	closed := *l
	closed.Confirmed = 0
	if err := closed.may(on, l.Answered); err != nil {
		return err
	}
	l.Answered, l.Confirmed, l.ConfirmedBy, l.Reopened = 0, 0, "", l.Reopened+1
	l.Due = max(l.due(), on.Add(AnswerDays))
	return nil
}

func (l *Loop) may(on, earliest slot.Date) error {
	switch {
	case !l.Confirmed.IsZero():
		return fault.Conflictf("The customer has confirmed on %s that this is answered.", l.Confirmed)
	case on.IsZero() || on < earliest:
		return fault.Invalidf("This day cannot be.").With(fault.Detail{Where: "on", Value: on.String(), Expected: "a day from " + earliest.String() + " on"})
	}
	return nil
}

func (l Loop) due() slot.Date {
	if l.Due.IsZero() {
		return l.Opened.Add(AnswerDays)
	}
	return l.Due
}

// NextStep says what has to happen next and until when, in words for the owner's
// list; until is zero and what "" where the loop is closed. Information that we
// sent is answered by sending it, so the customer only has to confirm it.
func (l Loop) NextStep() (what string, until slot.Date) {
	switch l.State() {
	case LoopOpen:
		return "Tell the customer that we are at it", min(l.Opened.Add(AcknowledgeDays), l.due())
	case LoopAcknowledged:
		switch l.Kind {
		case Information:
			return "Send it", l.due()
		case Promise:
			return "Keep the promise", l.due()
		}
		return "Answer the question", l.due()
	case LoopAnswered:
		return "Ask the customer whether this answered it", l.Answered.Add(ConfirmDays)
	}
	return "", 0
}

// Overdue says how many days the next step is late; 0 where it is not, or where
// the loop is closed. The day until which it is due is still in time.
func (l Loop) Overdue(today slot.Date) int {
	_, until := l.NextStep()
	if until.IsZero() {
		return 0
	}
	return max(0, today.Sub(until))
}

// Urgent gives the loops that are not closed, the latest first, then by the day
// until which something is due.
func Urgent(list []Loop, today slot.Date) []Loop {
	open := slices.DeleteFunc(slices.Clone(list), func(l Loop) bool { return l.State() == LoopClosed })
	slices.SortFunc(open, func(a, b Loop) int {
		_, x := a.NextStep()
		_, y := b.NextStep()
		return cmp.Or(b.Overdue(today)-a.Overdue(today), cmp.Compare(x, y), cmp.Compare(a.ID, b.ID))
	})
	return open
}

// Loops gives what a debrief leaves open: our promises, the customer's questions
// and what we send. host owns them; the caller sets the ids. What the customer
// heard from us at the visit is acknowledged.
func Loops(d Debrief, host string) []Loop {
	var out []Loop
	add := func(kind LoopKind, text string, due slot.Date) {
		out = append(out, Loop{CustomerID: d.CustomerID, VisitID: d.VisitID, Kind: kind, Text: text, OwnerID: host, Opened: d.On, Due: due, Acknowledged: d.On})
	}
	for _, c := range d.Commitments {
		if c.Party == Us {
			add(Promise, c.What, c.By)
		}
	}
	for _, q := range d.Questions {
		add(CustomerAsk, q, 0)
	}
	for _, i := range d.Information {
		add(Information, i, 0)
	}
	return out
}

// LoopSentence sums up a list for its owner: "3 are open, 1 of them late."
func LoopSentence(list []Loop, today slot.Date) string {
	open, late := 0, 0
	for _, l := range list {
		if l.State() == LoopClosed {
			continue
		}
		open++
		if l.Overdue(today) > 0 {
			late++
		}
	}
	switch {
	case open == 0:
		return "Nothing is open with customers."
	case late == 0:
		return fmt.Sprintf("%d %s open with customers, none late.", open, is(open))
	}
	return fmt.Sprintf("%d %s open with customers, %d late.", open, is(open), late)
}
