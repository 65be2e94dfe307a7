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
	for _, x := range j.all {
		if len(x.customer.Windows) > 0 && !slot.In(x.Date, x.customer.Windows) {
			c[OutOfWindow]++
		}
		if slot.In(x.Date, j.p.Rules.Crunch) {
			c[Crunch]++
		}
		for _, want := range x.customer.Prefers {
			if !slices.Contains(j.execs[x.Executive].Tags, want.Tag) {
				c[Mismatch] += want.Points
			}
		}
	}
	for i := range j.p.Executives {
		e := &j.p.Executives[i]
		visits := j.byExec[e.ID]
		c[OverdueDays] += j.overdue(e, visits)
		c[Excess] += j.excess(e, visits)
		c[Load] += int64(max(len(visits)-e.TargetVisits, e.TargetVisits-len(visits)))
		for _, leg := range j.legs(e, visits) {
			c[TravelKM] += int64(leg)
		}
	}
	return c.Sum(j.p)
}

// overdue counts the days of the horizon on which the latest visit is too long
// ago and the executive is not away.
func (j *judge) overdue(e *Executive, visits []placed) int64 {
	h, latest := j.p.Horizon, e.LastVisit
	if latest.IsZero() {
		latest = h.Start.Add(-1)
	}
	away := make(map[slot.Date]bool)
	for _, x := range e.Unavailable {
		for d := max(x.Start, h.Start); d <= min(x.End, h.End); d++ {
			away[d] = true
		}
	}
	days, next := int64(0), 0
	for d := h.Start; d <= h.End; d++ {
		for ; next < len(visits) && visits[next].Date <= d; next++ {
			latest = max(latest, visits[next].Date)
		}
		if d.Sub(latest) > j.p.Rules.MaxGapDays && !away[d] {
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
			over += int64(max(0, seen[v.ID]-v.Quota(e.TargetVisits)))
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
