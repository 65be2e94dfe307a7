package coverage

import (
	"cmp"
	"fmt"
	"slices"

	"windshield/internal/alert"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// StayDays is how many days apart two visits of one trip may be: the rule
// stay_days of the planning problem.
const StayDays = 3

// YearInput is a plan of a year.
type YearInput struct {
	Horizon  slot.Interval
	Visits   []visit.Visit // of the plan; those declined, cancelled or not held are left out
	People   []Person      // the plan's executives
	Strata   []Group       // with their targets
	TravelKM int           // as the planner counted it
	Fiscal   visit.Fiscal  // when quarters end; the zero value is visit.UsualFiscal
	// Near says whether a customer lies so close to an executive's home that a
	// visit there is no trip; nil: none does.
	Near func(executiveID, customerID string) bool
}

// YearReport is the quality strip of the plan of a year.
type YearReport struct {
	Strata     []Bar // in the order of YearInput.Strata
	Visits     int
	Target     int // of all strata
	LongestGap LongestGap
	InYear     LongestGap // likewise, with days before the horizon left out: no plan of it can mend those
	TravelKM   int
	QuarterEnd int          // visits in the last days of a quarter
	EndShare   float64      // QuarterEnd / Visits, 0..1; 0 where there are no visits
	Weeks      []WeekLoad   // every ISO week that the horizon touches, in order
	Trips      []Trip       // by person id, then date
	People     []PersonYear // in the order of YearInput.People
}

// PersonYear is what the year of one person is worth.
type PersonYear struct {
	Gap        LongestGap
	InYear     LongestGap // without the days before the horizon
	QuarterEnd int        // visits in the last days of a quarter
}

// Bar is a stratum's planned visits against its target.
type Bar struct {
	Code, Label string
	Customers   int
	Planned     int
	Target      int
	Share       float64 // Planned / Target; 1 where there is no target
	Under       bool    // fewer planned than wanted
}

// LongestGap is the longest time that anybody goes without a counting visit.
type LongestGap struct {
	PersonID, Name string
	Days           int       // from From to To; 0 where there are no people
	From           slot.Date // the visit before it, or the clock's start
	To             slot.Date // the visit that ends it, or the end of the horizon
	Over           bool      // more than 30 days
}

// WeekLoad is the sum of a week.
type WeekLoad struct {
	Year, Week int
	Label      string // "2027-W14"
	Monday     slot.Date
	Visits     int
	QuarterEnd bool // touches the last 14 days of a quarter
}

// Trip is two or more visits of one person in one go, away from home.
type Trip struct {
	PersonID string
	slot.Interval
	VisitIDs []string
	Column   int // position of its first week in YearReport.Weeks, from 0
	Columns  int // weeks it touches, from 1
}

// Year computes the quality strip of a plan.
func Year(in YearInput) YearReport {
	r := YearReport{TravelKM: in.TravelKM, Weeks: weekLoads(in)}
	first := in.Horizon.Start.Monday()
	planned := map[string]int{}
	theirs := map[string][]*visit.Visit{}
	for i := range in.Visits {
		v := &in.Visits[i]
		if !stands(v) {
			continue
		}
		r.Visits++
		planned[v.Stratum]++
		theirs[v.ExecutiveID] = append(theirs[v.ExecutiveID], v)
		if quarterEnd(v.Slot.Date, in.Fiscal) {
			r.QuarterEnd++
		}
		if w := v.Slot.Date.Sub(first) / 7; in.Horizon.Contains(v.Slot.Date) {
			r.Weeks[w].Visits++
		}
	}
	r.EndShare = share(r.QuarterEnd, r.Visits)
	for _, g := range in.Strata {
		b := Bar{Code: g.Code, Label: g.Label, Customers: g.Customers, Planned: planned[g.Code], Target: g.Target, Share: 1}
		if g.Target > 0 {
			b.Share = share(b.Planned, g.Target)
		}
		b.Under = b.Planned < b.Target
		r.Target += g.Target
		r.Strata = append(r.Strata, b)
	}
	for _, p := range in.People {
		vs := theirs[p.ID]
		slices.SortStableFunc(vs, byTime)
		fresh := p
		fresh.Terms.LastVisit = 0
		own := PersonYear{Gap: longest(p, vs, in.Horizon), InYear: longest(fresh, vs, in.Horizon)}
		for _, v := range vs {
			if quarterEnd(v.Slot.Date, in.Fiscal) {
				own.QuarterEnd++
			}
		}
		r.People = append(r.People, own)
		r.LongestGap, r.InYear = longer(r.LongestGap, own.Gap), longer(r.InYear, own.InYear)
		r.Trips = append(r.Trips, trips(p.ID, vs, in)...)
	}
	slices.SortStableFunc(r.Trips, func(a, b Trip) int {
		if a.PersonID != b.PersonID {
			return cmp.Compare(a.PersonID, b.PersonID)
		}
		return int(a.Start - b.Start)
	})
	return r
}

// stands says whether a visit is part of what the plan promises.
func stands(v *visit.Visit) bool {
	return v.State.Stands()
}

func byTime(a, b *visit.Visit) int {
	switch {
	case a.Slot.Before(b.Slot):
		return -1
	case b.Slot.Before(a.Slot):
		return 1
	}
	return cmp.Compare(a.ID, b.ID)
}

// weekLoads gives the empty weeks of the horizon; none where it is empty.
func weekLoads(in YearInput) []WeekLoad {
	var out []WeekLoad
	for m := in.Horizon.Start.Monday(); m <= in.Horizon.End && in.Horizon.Days() > 0; m = m.Add(7) {
		w := WeekLoad{Monday: m, Label: weekLabel(m)}
		w.Year, w.Week = m.Week()
		for d := m; d < m.Add(7); d++ {
			w.QuarterEnd = w.QuarterEnd || in.Horizon.Contains(d) && quarterEnd(d, in.Fiscal)
		}
		out = append(out, w)
	}
	return out
}

// quarterEnd says whether d lies in the last days of a fiscal quarter.
func quarterEnd(d slot.Date, f visit.Fiscal) bool {
	if f == (visit.Fiscal{}) {
		f = visit.UsualFiscal()
	}
	return slot.AtQuarterEnd(d, f.Start, f.Days)
}

// longer gives the longer of two gaps; of two alike that of the first name.
func longer(a, b LongestGap) LongestGap {
	if b.Days > a.Days || b.Days == a.Days && b.Days > 0 && b.Name < a.Name {
		return b
	}
	return a
}

// longest gives a person's longest gap. The clock starts at the latest visit
// before the horizon, or the day before it where none is known, as in the
// planning problem. A gap that the horizon cuts off ends with it.
func longest(p Person, visits []*visit.Visit, horizon slot.Interval) LongestGap {
	from := horizon.Start.Add(-1)
	if last := p.Terms.LastVisit; !last.IsZero() && last < horizon.Start {
		from = last
	}
	g := LongestGap{PersonID: p.ID, Name: p.Name}
	note := func(to slot.Date) {
		if days := to.Sub(from); days > g.Days {
			g.Days, g.From, g.To = days, from, to
		}
		from = max(from, to)
	}
	for _, v := range visits {
		if v.Kind == visit.AtCustomer && horizon.Contains(v.Slot.Date) {
			note(v.Slot.Date)
		}
	}
	note(horizon.End)
	g.Over = g.Days > alert.MaxGapDays
	return g
}

// trips joins visits, sorted by time, that follow each other at most StayDays
// apart. A visit near home, or a single one, is no trip.
func trips(personID string, visits []*visit.Visit, in YearInput) []Trip {
	var out []Trip
	var run []*visit.Visit
	flush := func() {
		if len(run) > 1 {
			t := Trip{PersonID: personID, Interval: slot.Interval{Start: run[0].Slot.Date, End: run[len(run)-1].Slot.Date}}
			for _, v := range run {
				t.VisitIDs = append(t.VisitIDs, v.ID)
			}
			t.Column = t.Start.Monday().Sub(in.Horizon.Start.Monday()) / 7
			t.Columns = t.End.Monday().Sub(t.Start.Monday())/7 + 1
			out = append(out, t)
		}
		run = nil
	}
	for _, v := range visits {
		if v.Kind == visit.Online || in.Near != nil && in.Near(personID, v.CustomerID) {
			flush() // slept at home
			continue
		}
		if len(run) > 0 && v.Slot.Date.Sub(run[len(run)-1].Slot.Date) > StayDays {
			flush()
		}
		run = append(run, v)
	}
	flush()
	return out
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

func weekLabel(d slot.Date) string {
	y, w := d.Week()
	return fmt.Sprintf("%04d-W%02d", y, w)
}
