package flow

import (
	"cmp"
	"context"
	"slices"

	"windshield/internal/access"
	"windshield/internal/coverage"
	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// MixView says when in the customers' buying, and when in our quarter, somebody comes.
type MixView struct {
	coverage.Mix
	Name string // of the executive; "" for all
}

// MixesView is the mix of everybody's visits in a period.
type MixesView struct {
	Period slot.Interval
	All    MixView
	Each   []MixView // by name
}

// period gives the time that somebody asked for; the last 12 months where none is.
func (f *Flow) period(a access.Actor, in slot.Interval) (slot.Interval, error) {
	if today := f.todayFor(a); in.Start.IsZero() && in.End.IsZero() {
		in = slot.Interval{Start: today.Add(-364), End: today}
	}
	if in.Start.IsZero() || in.End < in.Start || in.Days() > 5*366 {
		return in, fault.Invalidf("This period cannot be shown.").With(fault.Detail{Where: "period", Value: in.String(), Expected: "a start before the end, at most five years apart"})
	}
	return in, nil
}

// Mixes counts the counting visits of a period by the stage at which they found the
// customers; a zero period means the last 12 months. For the CEO and the VP.
func (f *Flow) Mixes(ctx context.Context, a access.Actor, period slot.Interval) (MixesView, error) {
	if err := access.Require(a, access.SeeCoverage, access.Subject{}); err != nil {
		return MixesView{}, err
	}
	period, err := f.period(a, period)
	if err != nil {
		return MixesView{}, err
	}
	return read(ctx, f, func(tx Tx) (MixesView, error) {
		visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, States: []visit.State{visit.Held, visit.Debriefed}, From: period.Start, To: period.End})
		if err != nil {
			return MixesView{}, err
		}
		return mixesOf(tx, visits, period)
	})
}

// mixesOf is Mixes of visits that were read already.
func mixesOf(tx Tx, visits []visit.Visit, period slot.Interval) (MixesView, error) {
	v := MixesView{Period: period}
	b, err := buyingList(tx)
	if err != nil {
		return v, err
	}
	fiscal, err := fiscalOf(tx)
	if err != nil {
		return v, err
	}
	customers, err := customersOf(tx, visits)
	if err != nil {
		return v, err
	}
	ways, err := waysOf(tx, b, customers)
	if err != nil {
		return v, err
	}
	people, err := everybody(tx)
	if err != nil {
		return v, err
	}
	all, each := coverage.Mixes(visits, ways, b, fiscal, period)
	v.All.Mix = all
	for _, m := range each {
		v.Each = append(v.Each, MixView{Mix: m, Name: people[m.ExecutiveID].Name})
	}
	slices.SortStableFunc(v.Each, func(x, y MixView) int { return cmp.Compare(x.Name, y.Name) })
	return v, nil
}

// BrakeCountView says how often somebody visits late or at the quarter's end.
type BrakeCountView struct {
	visit.BrakeCount
	Name string
}

// BrakedView is a visit that stands, or took place, in spite of its brakes.
type BrakedView struct {
	Visit     visit.Visit
	Executive string
	Customer  string
	KeptReason
	Who string // who gave the reason
}

// BrakesView counts the visits of a period that needed a reason.
type BrakesView struct {
	Period slot.Interval
	Counts []BrakeCountView // most visits first
	Visits []BrakedView     // by day
}

// BrakeCounts counts per executive the visits of a period that were made in spite of a
// brake, past and ahead, and gives them with their reasons. A zero period means the
// last 12 months. For the CEO and the VP.
func (f *Flow) BrakeCounts(ctx context.Context, a access.Actor, period slot.Interval) (BrakesView, error) {
	if err := access.Require(a, access.SeeCoverage, access.Subject{}); err != nil {
		return BrakesView{}, err
	}
	period, err := f.period(a, period)
	if err != nil {
		return BrakesView{}, err
	}
	return read(ctx, f, func(tx Tx) (BrakesView, error) {
		v := BrakesView{Period: period}
		visits, reasons, err := tx.Reasons.Standing(period)
		if err != nil {
			return v, err
		}
		people, err := everybody(tx)
		if err != nil {
			return v, err
		}
		customers, err := customersOf(tx, visits)
		if err != nil {
			return v, err
		}
		list := make([]visit.Braked, len(visits))
		for i, x := range visits {
			r := reasons[i]
			list[i] = visit.Braked{VisitID: x.ID, ExecutiveID: x.ExecutiveID, Brakes: r.Brakes, Reason: r.Reason}
			v.Visits = append(v.Visits, BrakedView{Visit: x, Executive: people[x.ExecutiveID].Name, Customer: customers[x.CustomerID].Name, KeptReason: r, Who: whoGave(people, r.By)})
		}
		for _, c := range visit.CountBrakes(list) {
			v.Counts = append(v.Counts, BrakeCountView{BrakeCount: c, Name: people[c.ExecutiveID].Name})
		}
		return v, nil
	})
}

// whoGave names who has noted something, as far as it is known.
func whoGave(people map[string]roster.Person, id string) string {
	return cmp.Or(people[id].Name, "Windshield")
}
