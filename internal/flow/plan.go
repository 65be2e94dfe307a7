package flow

import (
	"context"
	"slices"
	"strings"

	"windshield/internal/access"
	"windshield/internal/alert"
	"windshield/internal/coverage"
	"windshield/internal/fault"
	"windshield/internal/geo"
	"windshield/internal/planning"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Plans gives the plans of a year, newest first; of all years where year is 0.
func (f *Flow) Plans(ctx context.Context, a access.Actor, year int) ([]visit.Plan, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return nil, err
	}
	return read(ctx, f, func(tx Tx) ([]visit.Plan, error) { return tx.Plans.ByYear(year) })
}

// LivePlan gives the published plan of a year; NotFound where there is none.
func (f *Flow) LivePlan(ctx context.Context, a access.Actor, year int) (visit.Plan, error) {
	plans, err := f.Plans(ctx, a, year)
	if err != nil {
		return visit.Plan{}, err
	}
	for _, p := range plans {
		if p.State == visit.Live {
			return p, nil
		}
	}
	return visit.Plan{}, fault.NotFoundf("No plan has been published for %d.", year)
}

// PlanFilter narrows the rows of a plan's page.
type PlanFilter struct {
	Search  string   // part of an executive's or customer's name
	Country string   // of the executive's office
	Groups  []string // stratum codes
}

// Plan gives a plan with everything its page shows.
func (f *Flow) Plan(ctx context.Context, a access.Actor, id string, filter PlanFilter) (PlanView, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return PlanView{}, err
	}
	return read(ctx, f, func(tx Tx) (PlanView, error) {
		p, err := tx.Plans.Get(id)
		if err != nil {
			return PlanView{}, err
		}
		visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, PlanID: p.ID})
		if err != nil {
			return PlanView{}, err
		}
		s, err := tx.Selections.Get(p.SelectionID)
		if err != nil {
			return PlanView{}, err
		}
		people, err := tx.People.All()
		if err != nil {
			return PlanView{}, err
		}
		absences, err := absencesByPerson(tx)
		if err != nil {
			return PlanView{}, err
		}
		ids := make([]string, 0, len(p.Unassigned))
		for _, u := range p.Unassigned {
			ids = append(ids, u.CustomerID)
		}
		for _, v := range visits {
			ids = append(ids, v.CustomerID)
		}
		customers, err := customersByID(tx, ids)
		if err != nil {
			return PlanView{}, err
		}
		v := PlanView{Plan: p, Groups: groupsOf(s), Today: f.today("UTC"), Customers: map[string]string{}}
		for id, c := range customers {
			v.Customers[id] = c.Name
		}
		if v.Fiscal, err = fiscalOf(tx); err != nil {
			return v, err
		}
		v.arrange(visits, people, absences, customers, filter)
		if v.Steps, err = stepsOf(tx, a, p); err != nil {
			return v, err
		}
		years, err := yearsOf(tx, p, visits)
		if err != nil {
			return v, err
		}
		v.Accepted, v.Asked = countYears(years), len(years)
		if p.State != visit.Superseded {
			if v.Unread, v.BusyAt, err = f.busyOf(tx, people, visits); err != nil {
				return v, err
			}
		}
		if p.State == visit.Draft && p.Assumes == "" {
			byID, err := everybody(tx)
			if err != nil {
				return v, err
			}
			if v.Breaks, err = f.broken(tx, p, visits, byID); err != nil {
				return v, err
			}
		}
		return v, nil
	})
}

// arrange fills the rows and the quality strip.
func (v *PlanView) arrange(visits []visit.Visit, people []roster.Person, absences map[string][]slot.Interval, customers map[string]roster.Customer, filter PlanFilter) {
	names := map[string]string{}
	homes := map[string]geo.Point{}
	in := coverage.YearInput{Horizon: v.Plan.Horizon, Fiscal: v.Fiscal, Visits: visits, TravelKM: int(v.Plan.Cost[string(planning.TravelKM)])}
	for _, p := range people {
		names[p.ID] = p.Name
		homes[p.ID] = p.Office.Point
		if p.Has(roster.Executive) && p.Terms.TargetVisits > 0 {
			in.People = append(in.People, coverage.Person{Person: p, Absences: absences[p.ID]})
		}
	}
	for _, g := range v.Groups {
		in.Strata = append(in.Strata, coverage.Group{Code: g.Code, Label: g.Label, Customers: g.Customers, Target: g.Target})
	}
	in.Near = func(executiveID, customerID string) bool {
		return geo.Km(homes[executiveID], customers[customerID].Point) <= nearHome
	}
	v.Year = coverage.Year(in)
	for i, b := range v.Year.Strata {
		v.Groups[i].Planned = b.Planned
	}
	trips := map[string][]slot.Interval{}
	for _, t := range v.Year.Trips {
		trips[t.PersonID] = append(trips[t.PersonID], t.Interval)
	}
	theirs := map[string][]visit.Visit{}
	for _, x := range visits {
		theirs[x.ExecutiveID] = append(theirs[x.ExecutiveID], x)
	}
	search := strings.ToLower(filter.Search)
	for _, p := range in.People {
		v.People = append(v.People, PersonName{p.ID, p.Name})
		if cc := p.Office.Country; cc != "" && !slices.Contains(v.Countries, cc) {
			v.Countries = append(v.Countries, cc)
		}
		own := coverage.Year(coverage.YearInput{Horizon: v.Plan.Horizon, Fiscal: v.Fiscal, Visits: theirs[p.ID], People: []coverage.Person{p}})
		row := PlanRow{Executive: p.Person, Absences: p.Absences, Trips: trips[p.ID], Gap: own.LongestGap, AtEnds: own.QuarterEnd}
		found := search == "" || strings.Contains(strings.ToLower(p.Name+" "+p.Function), search)
		for _, x := range theirs[p.ID] {
			c := customers[x.CustomerID]
			if len(filter.Groups) > 0 && !slices.Contains(filter.Groups, x.Stratum) {
				continue
			}
			if !found && !strings.Contains(strings.ToLower(c.Name), search) {
				continue
			}
			row.Visits = append(row.Visits, PlanVisit{Visit: x, Customer: c.Name, Host: names[x.HostID], InWindow: slot.In(x.Slot.Date, c.Windows)})
			row.Windows = append(row.Windows, c.Windows...)
		}
		if (found || len(row.Visits) > 0) && (filter.Country == "" || p.Office.Country == filter.Country) {
			v.Rows = append(v.Rows, row)
		}
	}
	v.Shown = len(v.Rows)
}

// clockOf gives a person's 30-day clock.
func (f *Flow) clockOf(tx Tx, p roster.Person) (alert.Status, error) {
	absences, err := tx.People.Absences(p.ID)
	if err != nil {
		return alert.Status{}, err
	}
	visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, ExecutiveID: p.ID,
		States: visit.Told()})
	if err != nil {
		return alert.Status{}, err
	}
	all := make([]*visit.Visit, len(visits))
	for i := range visits {
		all[i] = &visits[i]
	}
	w := f.watchOf(coverage.Person{Person: p, Absences: intervals(absences), Since: p.Since})
	return alert.Clock(w, all, w.Today.Add(366)), nil
}

func intervals(absences []roster.Absence) []slot.Interval {
	out := make([]slot.Interval, len(absences))
	for i, a := range absences {
		out[i] = a.Interval
	}
	return out
}
