package alert

import (
	"cmp"
	"fmt"
	"slices"

	"windshield/internal/locale"
	"windshield/internal/slot"
)

// WarnAhead is how many days before a breach people are warned, longest first.
func WarnAhead() []int { return []int{14, 7} }

// Warned is a warning that was given: about one breach to come, one time ahead.
type Warned struct {
	PersonID string
	Breach   slot.Date // the day on which the person would pass 30 days
	Ahead    int       // 14 or 7: which of the warnings
}

// Warning is a warning that must be given now.
type Warning struct {
	Warned
	Days   int       // from today to the breach, 1..Ahead
	Ends   slot.Date // the first booked visit, which comes too late; zero where nothing is booked
	EndsID string
	Reason string // for people
}

// Warn compares the forecasts with the warnings that were given: which are due
// now, and which are void because the day has moved (a visit was booked or
// called off, the past was corrected) or the person is no longer watched. A void
// warning is to be forgotten or marked, so that the same day can be warned of
// again; one whose breach has come stays.
//
// Each person has at most one warning at a time, the nearest: who learns of a
// breach five days ahead gets the one for seven days only. During a leave nobody
// is warned. ahead is WarnAhead() or another list; days from 1. The statuses
// must be made with a horizon at least as far as the longest of them.
func Warn(statuses []Status, given []Warned, ahead []int) (fresh []Warning, void []Warned) {
	have := make(map[Warned]bool, len(given))
	for _, g := range given {
		have[g] = true
	}
	byPerson := make(map[string]*Status, len(statuses))
	for i := range statuses {
		byPerson[statuses[i].PersonID] = &statuses[i]
	}
	for g := range have {
		if s := byPerson[g.PersonID]; s == nil || !s.Running || s.Forecast != g.Breach {
			void = append(void, g)
		}
	}
	slices.SortFunc(void, func(a, b Warned) int {
		return cmp.Or(cmp.Compare(a.PersonID, b.PersonID), cmp.Compare(a.Breach, b.Breach), cmp.Compare(b.Ahead, a.Ahead))
	})
	for i := range statuses {
		s := &statuses[i]
		if s != byPerson[s.PersonID] || !s.Running || s.Overdue || s.Paused || s.Forecast.IsZero() {
			continue
		}
		days := s.Forecast.Sub(s.Today)
		w := Warning{Warned: Warned{PersonID: s.PersonID, Breach: s.Forecast}, Days: days, Ends: s.Ends, EndsID: s.EndsID}
		for _, a := range ahead {
			if days <= a && (w.Ahead == 0 || a < w.Ahead) {
				w.Ahead = a
			}
		}
		if w.Ahead == 0 || days < 1 || have[w.Warned] {
			continue
		}
		w.Reason = s.warning()
		fresh = append(fresh, w)
	}
	return fresh, void
}

// warning says what is to come, and what is booked.
func (s Status) warning() string {
	text := fmt.Sprintf("%d days without a counting visit are passed on %s", MaxGapDays, locale.Style{}.Near(s.Forecast, s.Today))
	switch {
	case s.Ends.IsZero() && s.Next.IsZero():
		return text + ": nothing is booked."
	case s.Ends.IsZero():
		return text + ": nothing is booked after " + locale.Style{}.Near(s.Next, s.Today) + "."
	case s.Ends == s.Next:
		return text + ": the next visit is booked for " + locale.Style{}.Near(s.Ends, s.Today) + ", which is too late."
	}
	return text + ": after " + locale.Style{}.Near(s.Next, s.Today) + " the next visit is booked for " + locale.Style{}.Near(s.Ends, s.Today) + ", which is too late."
}
