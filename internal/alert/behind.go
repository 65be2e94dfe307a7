package alert

import (
	"cmp"
	"fmt"
	"slices"

	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Group is a part of the customers that is watched as a whole: a stratum of the
// selection, or a value of a dimension such as a region.
type Group struct {
	Dimension string // "" for the strata
	Code      string // of the stratum, or the value itself; unique within the dimension
	Label     string
	Target    int // visits that the selection wants in the year
}

// Tally is how far a group has come in the year.
type Tally struct {
	Group
	Due    int // visits that the plan promised until yesterday
	Held   int // counting visits until today
	Booked int // visits that stand from today on and would count
}

// Count tallies the visits of a year by group. promise is the plan as it was
// shown, now are the year's visits as they stand, of any state; group gives the
// code of a customer's group, "" where it belongs to none. Visits of several
// years must be sorted out before. A visit of today is neither due nor, unless
// held, behind.
func Count(groups []Group, promise, now []visit.Visit, group func(customerID string) string, today slot.Date) []Tally {
	out := make([]Tally, len(groups))
	at := make(map[string]int, len(groups))
	for i, g := range groups {
		out[i].Group, at[g.Code] = g, i
	}
	for i := range promise {
		if h, ok := at[group(promise[i].CustomerID)]; ok && promise[i].Slot.Date < today {
			out[h].Due++
		}
	}
	for i := range now {
		v := &now[i]
		h, ok := at[group(v.CustomerID)]
		if !ok {
			continue
		}
		switch counts, _ := v.Counts(); {
		case counts && v.Slot.Date <= today.Add(1): // tomorrow east of here
			out[h].Held++
		case v.Slot.Date >= today && WouldCount(v):
			out[h].Booked++
		}
	}
	return out
}

// Lag is a group that falls behind.
type Lag struct {
	Tally
	Missing int     // Due − Held, at least MinMissing
	Short   int     // visits of the target that are neither held nor booked, not below 0
	Share   float64 // of all counting visits, 0..1; 0 where there are none
	Wanted  float64 // of all visits due, 0..1
	Reason  string  // for people
}

const (
	// MinMissing is how many visits must be missing before a group is called
	// behind: one late visit is no trend.
	MinMissing = 2
	// behindPercent is the part of the visits due under which a group is behind.
	behindPercent = 80
)

// Behind gives the groups that fall behind the plan: at least two counting
// visits are missing of those that were due by now, and more than a fifth of
// them. The worst stands first. Each dimension is judged by itself.
func Behind(tallies []Tally) []Lag {
	held, due := map[string]int{}, map[string]int{}
	for _, t := range tallies {
		held[t.Dimension] += t.Held
		due[t.Dimension] += t.Due
	}
	var out []Lag
	for _, t := range tallies {
		l := Lag{Tally: t, Missing: t.Due - t.Held, Short: max(0, t.Target-t.Held-t.Booked)}
		if l.Missing < MinMissing || 100*t.Held >= behindPercent*t.Due {
			continue
		}
		l.Wanted = float64(t.Due) / float64(due[t.Dimension])
		if held[t.Dimension] > 0 {
			l.Share = float64(t.Held) / float64(held[t.Dimension])
		}
		l.Reason = fmt.Sprintf("%s: %d of %d visits due were held and count.", t.Label, t.Held, t.Due)
		if l.Short > 0 {
			l.Reason += fmt.Sprintf(" Of %d wanted this year %d are neither held nor booked.", t.Target, l.Short)
		}
		out = append(out, l)
	}
	slices.SortStableFunc(out, func(a, b Lag) int {
		// held/due, as fractions, so that no rounding changes the order
		return cmp.Or(cmp.Compare(a.Held*b.Due, b.Held*a.Due), cmp.Compare(b.Missing, a.Missing), cmp.Compare(a.Dimension, b.Dimension), cmp.Compare(a.Code, b.Code))
	})
	return out
}
