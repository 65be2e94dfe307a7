package alert

import (
	"cmp"
	"slices"

	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Spell is a run of days on which somebody was overdue.
type Spell struct {
	First   slot.Date // the breach: the 31st day after the last counting visit
	Last    slot.Date // today where it lasts
	Lasts   bool
	EndedBy string // the visit that ended it; "" where it lasts, or the person left
}

// Days gives how many days the spell has lasted.
func (s Spell) Days() int { return s.Last.Sub(s.First) + 1 }

// Spells gives every run of overdue days from the clock's start to today, oldest
// first, as the visits are known now: a correction of the past changes them. The
// visits are those of the person, as for Clock. A visit ends a spell on its own
// day, which is no longer overdue. Leave changes nothing: it holds alerts, not
// the clock.
func Spells(w Watch, visits []*visit.Visit) []Spell {
	type mark struct {
		day slot.Date
		id  string
	}
	w = w.withUs()
	end := w.Today
	if w.leftBy(end) {
		end = w.Left
	}
	start := w.LastVisit
	var marks []mark
	for _, v := range visits {
		if e, ok := w.entry(v); ok && e.Counts {
			marks = append(marks, mark{e.Date, e.VisitID})
		}
	}
	slices.SortFunc(marks, func(a, b mark) int { return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.id, b.id)) })
	if start.IsZero() {
		if start = w.Since; len(marks) > 0 && (start.IsZero() || marks[0].day < start) {
			start = marks[0].day
		}
	}
	if start.IsZero() {
		return nil
	}
	var out []Spell
	for _, m := range marks {
		// A visit of tomorrow is being held where it is tomorrow already: today is
		// not overdue.
		first, last := start.Add(MaxGapDays+1), min(min(m.day, w.Today).Add(-1), end)
		if first <= last {
			out = append(out, Spell{First: first, Last: last, EndedBy: m.id})
		}
		start = max(start, m.day)
	}
	if first := start.Add(MaxGapDays + 1); first <= end {
		out = append(out, Spell{First: first, Last: end, Lasts: end == w.Today})
	}
	return out
}
