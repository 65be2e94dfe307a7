package alert

import (
	"cmp"
	"fmt"
	"slices"

	"windshield/internal/locale"
	"windshield/internal/slot"
)

// Open is an alert that has been raised and not settled.
type Open struct {
	PersonID string
	Breach   slot.Date // first day of the breach
}

// Raise is an alert that must exist now.
type Raise struct {
	PersonID  string
	Breach    slot.Date
	LastVisit slot.Date // the counting visit before it; zero where none is known
	Reason    string    // for people
}

// Outcome says how an alert ended.
type Outcome string

const (
	Ended      Outcome = "ended"      // a counting visit ended the breach
	Superseded Outcome = "superseded" // the past was corrected: the breach never was, or began on another day
	Released   Outcome = "released"   // the person's clock is no longer watched, or the person has left
)

// Settle closes an open alert.
type Settle struct {
	PersonID string
	Breach   slot.Date
	Outcome  Outcome
	Reason   string // for people
}

// Judge compares the clocks with the open alerts: which must be raised, and
// which are over. Statuses must hold everybody who is watched, since an open
// alert of anybody else is released. A breach is known by the person and its
// first day, so judging again with the raised alerts as open changes nothing.
//
// During a leave nothing is raised; the first judgement after it raises what is
// still true. An alert that is open already stays open. An alert also stays
// open while its breach is the one the clock points to, even where the date went
// back (a person moved to another zone, a server's clock was set back): it would
// only have to be raised again.
//
// A settled alert whose breach comes back (a visit is first recorded as held,
// then corrected) is in raise again; it is the same breach, so the same alert
// should be reopened and nobody told a second time.
func Judge(statuses []Status, open []Open) (raise []Raise, settle []Settle) {
	raised := make(map[Open]bool, len(open))
	byPerson := make(map[string]*Status, len(statuses))
	for i := range statuses {
		byPerson[statuses[i].PersonID] = &statuses[i]
	}
	for _, o := range open {
		if raised[o] {
			continue
		}
		raised[o] = true
		s := byPerson[o.PersonID]
		switch {
		case s != nil && s.Gone:
			settle = append(settle, Settle{o.PersonID, o.Breach, Released, "The person has left."})
		case s == nil || !s.Running:
			settle = append(settle, Settle{o.PersonID, o.Breach, Released, "The person's visits are no longer watched."})
		case s.Breach != o.Breach:
			settle = append(settle, over(*s, o.Breach))
		}
	}
	seen := make(map[string]bool, len(statuses))
	for _, s := range statuses {
		if !s.Overdue || s.Paused || seen[s.PersonID] || raised[Open{s.PersonID, s.Breach}] {
			continue
		}
		seen[s.PersonID] = true
		r := Raise{PersonID: s.PersonID, Breach: s.Breach}
		if s.Never {
			r.Reason = fmt.Sprintf("No counting visit since we began to watch on %s.", locale.Style{}.Near(s.Last, s.Today))
		} else {
			r.LastVisit = s.Last
			r.Reason = fmt.Sprintf("The last counting visit was on %s, more than %d days ago.", locale.Style{}.Near(s.Last, s.Today), MaxGapDays)
		}
		raise = append(raise, r)
	}
	slices.SortFunc(settle, func(a, b Settle) int {
		if a.PersonID != b.PersonID {
			return cmp.Compare(a.PersonID, b.PersonID)
		}
		return int(a.Breach - b.Breach)
	})
	return raise, settle
}

// over says why a breach is no longer the one the clock points to. It is ended
// where today's ledger still knows it: the visit 31 days before its first day
// counts (or is no longer known), none between does, and a later one does. Else
// the past was corrected.
func over(s Status, breach slot.Date) Settle {
	before, after := slot.Date(0), slot.Date(0)
	if s.Start < breach {
		before = s.Start
	} else if !s.NoVisit {
		after = s.Start // the imported last visit has moved past the breach
	}
	for _, e := range s.Ledger {
		switch {
		case !e.Counts:
		case e.Date < breach:
			before = max(before, e.Date)
		case after.IsZero() || e.Date < after:
			after = e.Date
		}
	}
	out := Settle{PersonID: s.PersonID, Breach: breach, Outcome: Superseded}
	switch {
	case !after.IsZero() && (before.IsZero() || before.Add(MaxGapDays+1) == breach):
		out.Outcome, out.Reason = Ended, fmt.Sprintf("The visit on %s ended it.", locale.Style{}.Near(after, s.Today))
	case before.Add(MaxGapDays+1) > breach:
		out.Reason = fmt.Sprintf("The past was corrected: a visit on %s counts, so there was no breach on %s.", locale.Style{}.Near(before, s.Today), locale.Style{}.Near(breach, s.Today))
	default:
		out.Reason = fmt.Sprintf("The past was corrected: the clock runs from %s.", locale.Style{}.Near(s.Last, s.Today))
	}
	return out
}
