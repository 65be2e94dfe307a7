package flow

import (
	"context"

	"windshield/internal/access"
	"windshield/internal/coverage"
	"windshield/internal/fault"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Coverage gives the CEO's page for a period; a zero period means the last 12 months.
func (f *Flow) Coverage(ctx context.Context, a access.Actor, period slot.Interval) (CoverageView, error) {
	if err := access.Require(a, access.SeeCoverage, access.Subject{}); err != nil {
		return CoverageView{}, err
	}
	today := f.today("UTC")
	if period.Start.IsZero() {
		period = slot.Interval{Start: today.Add(-364), End: today}
	}
	if period.End < period.Start || period.Days() > 5*366 {
		return CoverageView{}, fault.Invalidf("This period cannot be shown.").With(fault.Detail{Where: "period", Value: period.String(), Expected: "a start before the end, at most five years apart"})
	}
	return read(ctx, f, func(tx Tx) (CoverageView, error) {
		v := CoverageView{Period: period}
		people, err := visitors(tx)
		if err != nil {
			return v, err
		}
		visits, err := clockVisits(tx)
		if err != nil {
			return v, err
		}
		in := coverage.Input{AsOf: f.Now().UTC(), Today: today, Period: period, People: people, Visits: visits}
		if s, ok, err := latestSelection(tx, today.Year()); err != nil {
			return v, err
		} else if ok {
			v.Groups = groupsOf(s)
			for _, g := range v.Groups {
				in.Groups = append(in.Groups, coverage.Group{Code: g.Code, Label: g.Label, Customers: g.Customers, Target: g.Target})
			}
			if in.Visits, err = regroup(tx, s, visits); err != nil {
				return v, err
			}
		}
		v.Report = coverage.Compute(in)
		if v.Behind, err = lagging(tx, today); err != nil {
			return v, err
		}
		if v.Ladder, err = ladderOf(tx); err != nil {
			return v, err
		}
		v.Alerts, err = alertViews(tx, true)
		return v, err
	})
}

// latestSelection gives the selection behind the published plan of a year, else
// of the year after, else the newest one.
func latestSelection(tx Tx, year int) (Selection, bool, error) {
	for _, y := range []int{year, year + 1} {
		plans, err := tx.Plans.ByYear(y)
		if err != nil {
			return Selection{}, false, err
		}
		for _, p := range plans {
			if p.State == visit.Live {
				s, err := tx.Selections.Get(p.SelectionID)
				return s, err == nil, err
			}
		}
	}
	all, err := tx.Selections.ByYear(0)
	if err != nil || len(all) == 0 {
		return Selection{}, false, err
	}
	return all[0], true, nil
}

// regroup puts visits into the groups of one selection, whichever plan they
// belong to: a customer's group is the one it has in the frame.
func regroup(tx Tx, s Selection, visits []visit.Visit) ([]visit.Visit, error) {
	rows, err := tx.Selections.Rows(s.ID, false)
	if err != nil {
		return nil, err
	}
	group := make(map[string]string, len(rows))
	for _, r := range rows {
		group[r.CustomerID] = r.Stratum
	}
	out := make([]visit.Visit, len(visits))
	for i, x := range visits {
		x.Stratum = group[x.CustomerID]
		out[i] = x
	}
	return out, nil
}
