package planning

import (
	"slices"

	"windshield/internal/geo"
	"windshield/internal/slot"
)

// cost counts every term of the plan, day by day and leg by leg.
func (j *judge) cost() Cost {
	c := Cost{}
	for _, t := range Terms() {
		c[t] = 0
	}
	c[Unassigned] = int64(len(j.p.Visits) - len(j.places))
	for i := range j.p.Visits {
		x := &j.p.Visits[i]
		if at, ok := j.places[x.ID]; x.Current != nil && (!ok || at != *x.Current) {
			c[Moved]++
		}
	}
	for i := range j.p.Executives {
		j.addYear(&j.p.Executives[i], c)
	}
	return c.Sum(j.p)
}

// costOf counts what hangs on one executive's visits and days, with its total.
func (j *judge) costOf(e *Executive) Cost {
	c := Cost{}
	for _, x := range j.byExec[e.ID] {
		if x.visit.Current != nil && x.Place() != *x.visit.Current {
			c[Moved]++
		}
	}
	j.addYear(e, c)
	return c.Sum(j.p)
}

// addYear adds the terms of one executive's year, all but the moved visits.
func (j *judge) addYear(e *Executive, c Cost) {
	visits := j.byExec[e.ID]
	for _, x := range visits {
		if len(x.customer.Windows) > 0 && !slot.In(x.Date, x.customer.Windows) {
			c[OutOfWindow]++
		}
		if slot.In(x.Date, j.p.Rules.Crunch) {
			c[Crunch]++
		}
		for _, want := range x.customer.Prefers {
			if !slices.Contains(e.Tags, want.Tag) {
				c[Mismatch] += want.Points
			}
		}
	}
	c[OverdueDays] += j.overdue(e, visits)
	c[Excess] += j.excess(e, visits)
	c[Load] += int64(max(len(visits)-e.TargetVisits, e.TargetVisits-len(visits)))
	for _, leg := range j.legs(e, visits) {
		c[TravelKM] += int64(leg)
	}
}

// overdue counts the days of the horizon on which the latest visit is too long
// ago and the executive is not away.
func (j *judge) overdue(e *Executive, visits []placed) int64 {
	h, latest := j.p.Horizon, e.LastVisit
	if latest.IsZero() {
		latest = h.Start.Add(-1)
	}
	away := make([]bool, h.Days())
	for _, x := range e.Unavailable {
		for d := max(x.Start, h.Start); d <= min(x.End, h.End); d++ {
			away[d.Sub(h.Start)] = true
		}
	}
	days, next := int64(0), 0
	for d := h.Start; d <= h.End; d++ {
		for ; next < len(visits) && visits[next].Date <= d; next++ {
			latest = max(latest, visits[next].Date)
		}
		if d.Sub(latest) > j.p.Rules.MaxGapDays && !away[d.Sub(h.Start)] {
			days++
		}
	}
	return days
}

// excess counts the visits past the executive's cross-section.
func (j *judge) excess(e *Executive, visits []placed) int64 {
	over := int64(0)
	for _, d := range j.p.Dimensions {
		seen := map[string]int{}
		for _, x := range visits {
			seen[x.customer.Values[d.ID]]++
		}
		for _, v := range d.Values {
			quota := e.TargetVisits * v.Permille / 1000
			if e.TargetVisits*v.Permille%1000 > 0 {
				quota++
			}
			over += int64(max(0, seen[v.ID]-quota))
		}
	}
	return over
}

// legs gives the km of each leg that the executive travels, in order of time.
func (j *judge) legs(e *Executive, visits []placed) []int {
	if len(visits) == 0 {
		return nil
	}
	home := e.Home()
	legs := []int{geo.Km(home, visits[0].customer.Place())}
	for i := 1; i < len(visits); i++ {
		a, b := visits[i-1], visits[i]
		if b.Date.Sub(a.Date) <= j.p.Rules.StayDays {
			legs = append(legs, geo.Km(a.customer.Place(), b.customer.Place()))
		} else {
			legs = append(legs, geo.Km(a.customer.Place(), home), geo.Km(home, b.customer.Place()))
		}
	}
	return append(legs, geo.Km(visits[len(visits)-1].customer.Place(), home))
}
