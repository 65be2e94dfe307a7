package visit

import (
	"fmt"

	"windshield/internal/slot"
)

// Prep is one of the five steps that make a visit worth the journey.
type Prep string

const (
	ObjectivePrep Prep = "objective" // both objectives are written down, theirs in their words
	AgendaPrep    Prep = "agenda"    // there is an agenda, and the customer has agreed to it
	ConfirmedPrep Prep = "confirmed" // the customer has confirmed the visit: no one of ours can
	BriefPrep     Prep = "brief"     // who reads the brief knows what to ask, and whom
	MemoPrep      Prep = "memo"      // the customer has got what we understood
)

// Preps lists the steps in their order.
func Preps() []Prep {
	return []Prep{ObjectivePrep, AgendaPrep, ConfirmedPrep, BriefPrep, MemoPrep}
}

// prepDue says how many days before a visit a step is due; below 0 after it. The
// objective comes a week before the alert that there is none.
var prepDue = map[Prep]int{ObjectivePrep: 14, AgendaPrep: 10, ConfirmedPrep: 7, BriefPrep: 2, MemoPrep: -3}

const (
	// PrepAhead is how many days before a visit its first step is due.
	PrepAhead = 14
	// PrepBehind is for how many days after a visit its memo is asked for: what is
	// written later nobody remembers.
	PrepBehind = 45
)

// Ready is what the steps of a visit hang on.
type Ready struct {
	VisitID     string
	CustomerID  string
	ExecutiveID string
	HostID      string
	PlanID      string
	Slot        slot.Slot
	State       State
	Over        bool // the visit has ended
	Ours        bool // our objective is written down
	Theirs      bool // so is theirs
	Agenda      bool // there is an agenda
	AgendaBy    string
	Sure        bool // the customer had confirmed the visit before it was held
	Asks        bool // there is a question to ask
	People      bool // somebody of the customer is named
	Asked       bool // a link under which the customer can confirm is on its way
	MemoSent    bool
}

// PrepStep is a step of a visit with when it is due.
type PrepStep struct {
	Prep Prep
	Done bool
	Due  slot.Date // zero where it no longer matters
	Late int       // days since it was due; 0 where it is done or not due yet
}

// Steps gives the five steps of a visit on a day at its place. Of one that is over only
// the memo is still due.
func (r Ready) Steps(today slot.Date) []PrepStep {
	out := make([]PrepStep, 0, len(prepDue))
	for _, p := range Preps() {
		s := PrepStep{Prep: p, Done: r.done(p)}
		if ahead := r.State.Live() && !r.Over; ahead && p != MemoPrep || p == MemoPrep && !ahead {
			s.Due = r.Slot.Date.Add(-prepDue[p])
		}
		if !s.Done && !s.Due.IsZero() {
			s.Late = max(0, today.Sub(s.Due))
		}
		out = append(out, s)
	}
	return out
}

func (r Ready) done(p Prep) bool {
	switch p {
	case ObjectivePrep:
		return r.Ours && r.Theirs
	case AgendaPrep:
		return r.Agenda && (r.AgendaBy != "" || r.State == Confirmed)
	case ConfirmedPrep:
		return r.State == Confirmed || r.State.Happened() && r.Sure
	case BriefPrep:
		return len(r.Missing()) == 0
	}
	return r.MemoSent
}

// MostMissing is how many things Missing may name: then nobody has prepared anything.
const MostMissing = 5

// Missing names what the brief of a visit has yet to say.
func (r Ready) Missing() []string {
	var out []string
	for _, x := range []struct {
		there bool
		what  string
	}{{r.Ours, "our objective"}, {r.Theirs, "the customer’s objective"}, {r.Agenda, "an agenda"}, {r.Asks, "a question to ask"}, {r.People, "who comes from the customer"}} {
		if !x.there {
			out = append(out, x.what)
		}
	}
	return out
}

// MostLate gives the most days that a step of a visit is late.
func MostLate(steps []PrepStep) int {
	most := 0
	for _, s := range steps {
		most = max(most, s.Late)
	}
	return most
}

// AgendaFault says what is wrong with the times of an agenda for a visit from begins to
// ends (wall times such as "09:00"), and at which point, from 0; "" where they add up.
// Points without a time fit everywhere.
func AgendaFault(items []AgendaItem, begins, ends string) (at int, expected string) {
	last := ""
	for i, it := range items {
		switch {
		case it.At == "" || begins == "" || ends == "":
			continue
		case it.At < begins || it.At >= ends:
			return i, fmt.Sprintf("a time within the visit, from %s to %s", begins, ends)
		case it.At <= last:
			return i, "a time after the point before, which is at " + last
		}
		last = it.At
	}
	return 0, ""
}

// AgendaMinutes gives how long each point of an agenda takes, in minutes: until the next
// point with a time, or the end of the visit; 0 where that is not known.
func AgendaMinutes(items []AgendaItem, ends string) []int {
	out := make([]int, len(items))
	until := minuteOf(ends)
	for i := len(items) - 1; i >= 0; i-- {
		at := minuteOf(items[i].At)
		if at >= 0 && until > at && (i == len(items)-1 || items[i+1].At != "") {
			out[i] = until - at
		}
		if at >= 0 {
			until = at
		}
	}
	return out
}

// minuteOf gives the minute of the day of a wall time, -1 where there is none.
func minuteOf(wall string) int {
	var h, m int
	if n, err := fmt.Sscanf(wall, "%d:%d", &h, &m); err != nil || n != 2 {
		return -1
	}
	return h*60 + m
}
