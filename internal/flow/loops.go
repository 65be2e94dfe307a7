package flow

import (
	"context"
	"slices"
	"strings"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/insight"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// LoopView is something open with whom it concerns, what comes next, and what the
// actor may do about it.
type LoopView struct {
	KeptLoop
	Customer roster.Customer
	Owner    roster.Person
	Next     string    // what has to happen; "" where it is closed
	Until    slot.Date // until when; zero where it is closed
	Late     int       // days
	MayDo    bool
}

// LoopsView is a list of what is open, the latest first, then what was closed lately.
type LoopsView struct {
	Open     []LoopView
	Closed   []LoopView
	Sentence string
	All      bool // of everybody, else the actor's own
	Today    slot.Date
}

// closedShown is for how many days what the customer has confirmed stays on the list.
const closedShown = 30

// OpenLoops lists what is open: to the VP everything, or only what one person owns;
// to a host the own.
func (f *Flow) OpenLoops(ctx context.Context, a access.Actor, ownerID string) (LoopsView, error) {
	if err := signedIn(a); err != nil {
		return LoopsView{}, err
	}
	all := access.Decide(a, access.CloseLoop, access.Subject{}).Allowed
	if !all {
		if err := access.Require(a, access.CloseLoop, access.Subject{HostID: a.PersonID}); err != nil {
			return LoopsView{}, err
		}
		ownerID = a.PersonID
	}
	return read(ctx, f, func(tx Tx) (LoopsView, error) {
		w := LoopsView{All: all && ownerID == ""}
		reader, _ := tx.People.Get(a.PersonID) // who is not one of us reads in UTC
		w.Today = f.todayOf(reader)
		kept, err := tx.Loops.Find(LoopQuery{OwnerID: ownerID, From: w.Today.Add(-closedShown)})
		if err != nil {
			return w, err
		}
		w.Open, w.Closed, w.Sentence, err = f.sortLoops(tx, a, kept, w.Today)
		return w, err
	})
}

// sortLoops parts what is open, the latest first, from what is closed, the newest
// first.
func (f *Flow) sortLoops(tx Tx, a access.Actor, kept []KeptLoop, today slot.Date) (open, closed []LoopView, sentence string, err error) {
	views, err := f.loopViews(tx, a, kept)
	if err != nil {
		return nil, nil, "", err
	}
	plain := make([]insight.Loop, len(kept))
	byID := make(map[string]LoopView, len(kept))
	for i, l := range views {
		plain[i], byID[l.ID] = l.Loop, l
		if l.State() == insight.LoopClosed {
			closed = append(closed, l)
		}
	}
	for _, l := range insight.Urgent(plain, today) {
		open = append(open, byID[l.ID])
	}
	slices.SortStableFunc(closed, func(x, y LoopView) int { return int(y.Confirmed - x.Confirmed) })
	return open, closed, insight.LoopSentence(plain, today), nil
}

// loopViews gives loops with whom they concern, in their order.
func (f *Flow) loopViews(tx Tx, a access.Actor, kept []KeptLoop) ([]LoopView, error) {
	if len(kept) == 0 {
		return nil, nil
	}
	people, err := everybody(tx)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, l := range kept {
		ids = append(ids, l.CustomerID)
	}
	slices.Sort(ids)
	customers, err := customersByID(tx, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	out := make([]LoopView, len(kept))
	for i, l := range kept {
		w := LoopView{KeptLoop: l, Customer: customers[l.CustomerID], Owner: people[l.OwnerID]}
		w.Next, w.Until = l.NextStep()
		w.Late = l.Overdue(f.todayOf(w.Owner))
		w.MayDo = access.Decide(a, access.CloseLoop, access.Subject{HostID: l.OwnerID}).Allowed
		out[i] = w
	}
	return out, nil
}

// openLoops lets what a debrief leaves open follow the debrief. What was filed
// before and is no longer in it goes, as long as nothing was done about it.
func (f *Flow) openLoops(tx Tx, v visit.Visit, d insight.Debrief) error {
	owner := v.HostID
	if owner == "" {
		owner = v.ExecutiveID // nobody else of ours was there
	}
	before, err := tx.Loops.Find(LoopQuery{VisitID: v.ID})
	if err != nil {
		return err
	}
	var save []*KeptLoop
	seen := make([]bool, len(before))
	for _, l := range insight.Loops(d, owner) {
		same := -1
		for i, b := range before {
			if !seen[i] && same < 0 && b.Kind == l.Kind && strings.EqualFold(b.Text, l.Text) {
				same = i
			}
		}
		if same < 0 {
			l.ID = f.NewID()
			if err := l.Check(f.today(v.Zone)); err != nil {
				return err
			}
			save = append(save, &KeptLoop{Loop: l})
			continue
		}
		seen[same] = true
		if b := before[same]; b.Due != l.Due && b.Answered.IsZero() && b.Reopened == 0 {
			b.Due = l.Due
			save = append(save, &b)
		}
	}
	var gone []string
	for i, b := range before {
		if !seen[i] && b.Answered.IsZero() && b.Reopened == 0 {
			gone = append(gone, b.ID)
		}
	}
	if err := tx.Loops.Delete(gone...); err != nil {
		return err
	}
	return tx.Loops.Save(save...)
}

// LoopStep is what somebody does about something open.
type LoopStep string

const (
	AcknowledgeLoop LoopStep = "acknowledge" // the customer knows that we are at it
	AnswerLoop      LoopStep = "answer"      // we have answered, sent or done it
	ConfirmLoop     LoopStep = "confirm"     // the customer says that it is answered
	ReopenLoop      LoopStep = "reopen"      // the customer says that it is not
)

// StepLoop takes a step with something open, today. by names who of the customer said
// so, for ConfirmLoop. For its owner and the VP. Errors: Stale; Conflict where the
// step does not fit.
func (f *Flow) StepLoop(ctx context.Context, a access.Actor, id string, version int, step LoopStep, by string) (LoopView, error) {
	by, err := text("by", by, insight.MaxName)
	if err != nil {
		return LoopView{}, err
	}
	if err := signedIn(a); err != nil {
		return LoopView{}, err
	}
	var out LoopView
	err = f.Store.Write(ctx, func(tx Tx) error {
		l, err := tx.Loops.Get(id)
		if err != nil {
			return err
		}
		if !access.Decide(a, access.CloseLoop, access.Subject{HostID: l.OwnerID}).Allowed {
			// One of somebody else is as unknown as one that does not exist.
			return fault.NotFoundf("There is no such open question or promise.")
		}
		if l.Version != version {
			return fault.Stalef("Somebody has changed this meanwhile. Look at it again.")
		}
		owner, err := tx.People.Get(l.OwnerID)
		if err != nil {
			return err
		}
		// A visit in the east may have been on a day that has not come to the owner yet.
		on := max(f.todayOf(owner), l.Opened, l.Answered)
		switch step {
		case AcknowledgeLoop:
			err = l.Acknowledge(on)
		case AnswerLoop:
			err = l.Answer(on)
		case ConfirmLoop:
			err = l.Confirm(on, by)
		case ReopenLoop:
			err = l.Reopen(max(on, l.Confirmed))
		default:
			err = fault.Invalidf("This is not a step.").With(fault.Detail{Where: "step", Value: fault.Short(string(step)), Expected: "acknowledge, answer, confirm or reopen"})
		}
		if err != nil {
			return err
		}
		if err := tx.Loops.Save(&l); err != nil {
			return err
		}
		views, err := f.loopViews(tx, a, []KeptLoop{l})
		if err != nil {
			return err
		}
		out = views[0]
		return f.audit(tx, a, string(step)+" loop", "loop/"+l.ID, map[string]any{"state": l.State()})
	})
	return out, err
}

// promisedBefore says what was promised to a customer and by it before a visit: at
// the last visit that was debriefed, and what is still open from those before.
func promisedBefore(tx Tx, v visit.Visit) ([]string, error) {
	all, err := tx.Debriefs.OfCustomer(v.CustomerID)
	if err != nil {
		return nil, err
	}
	open, err := tx.Loops.Find(LoopQuery{CustomerID: v.CustomerID})
	if err != nil {
		return nil, err
	}
	var out []string
	for _, l := range open {
		state := "not done yet"
		switch l.State() {
		case insight.LoopAnswered:
			state = "done, and not yet confirmed by them"
		case insight.LoopClosed:
			continue
		}
		what := map[insight.LoopKind]string{insight.Promise: "We promised: ", insight.CustomerAsk: "They asked: ", insight.Information: "We send: "}[l.Kind]
		out = append(out, what+l.Text+" ("+state+")")
	}
	for _, d := range all {
		if d.VisitID == v.ID || d.On >= v.Slot.Date || !d.Held {
			continue
		}
		for _, c := range d.Commitments {
			if c.Party == insight.Them {
				out = append(out, "They promised: "+byDay(c.What, c.By))
			}
		}
		if d.NextAction != "" {
			out = append(out, "They wanted to: "+byDay(d.NextAction, d.NextBy))
		}
		break // the last one before; what they said earlier is of then
	}
	return out, nil
}

func byDay(what string, d slot.Date) string {
	if d.IsZero() {
		return what
	}
	return what + ", by " + d.Time().Format("2 January 2006")
}
