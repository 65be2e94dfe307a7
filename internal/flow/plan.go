package flow

import (
	"context"
	"maps"
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
	Visit   string   // label of the visit that is looked at: its row is marked
	// Open says which rows come with their visits, by executive, once it is known which
	// rows there are: a page cannot hold a thousand of them. nil: all, and what is said of
	// each visit in words comes too.
	Open func([]PlanRow) map[string]bool
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
		var y planYear
		if filter.Open == nil {
			y, err = wholeYear(tx, p)
		} else {
			y, err = f.planYear(tx, p)
		}
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
		byID := make(map[string]roster.Person, len(people))
		for _, x := range people {
			byID[x.ID] = x
		}
		v := PlanView{Plan: p, Groups: groupsOf(s), Today: f.todayFor(a), Customers: map[string]string{}}
		for _, u := range p.Unassigned {
			v.Customers[u.CustomerID] = y.customers[u.CustomerID].Name
		}
		if v.Fiscal, err = fiscalOf(tx); err != nil {
			return v, err
		}
		v.arrange(y, people, byID, filter)
		if err := v.open(tx, y, byID, filter); err != nil {
			return v, err
		}
		if v.Steps, err = stepsOf(tx, a, p); err != nil {
			return v, err
		}
		years, err := y.years(tx, p, byID)
		if err != nil {
			return v, err
		}
		v.Accepted, v.Asked = countYears(years), len(years)
		if p.State != visit.Superseded {
			if v.Unread, v.BusyAt, err = f.busyOf(tx, people, y.all); err != nil {
				return v, err
			}
		}
		if p.State == visit.Draft && p.Assumes == "" {
			if v.Breaks, err = f.broken(tx, p, y.all, byID); err != nil {
				return v, err
			}
		}
		return v, nil
	})
}

// arrange fills the quality strip and the rows, without what only an open one shows.
func (v *PlanView) arrange(y planYear, people []roster.Person, byID map[string]roster.Person, filter PlanFilter) {
	in := coverage.YearInput{Horizon: v.Plan.Horizon, Fiscal: v.Fiscal, Visits: y.all, TravelKM: int(v.Plan.Cost[string(planning.TravelKM)])}
	for _, p := range people {
		if p.Has(roster.Executive) && p.Terms.TargetVisits > 0 {
			in.People = append(in.People, coverage.Person{Person: p})
		}
	}
	for _, g := range v.Groups {
		in.Strata = append(in.Strata, coverage.Group{Code: g.Code, Label: g.Label, Customers: g.Customers, Target: g.Target})
	}
	in.Near = func(executiveID, customerID string) bool {
		return geo.Km(byID[executiveID].Office.Point, y.customers[customerID].Point) <= nearHome
	}
	v.Year = coverage.Year(in)
	for i, b := range v.Year.Strata {
		v.Groups[i].Planned = b.Planned
	}
	trips := map[string][]slot.Interval{}
	for _, t := range v.Year.Trips {
		trips[t.PersonID] = append(trips[t.PersonID], t.Interval)
	}
	first := v.Plan.Horizon.Start.Monday()
	executives, hosts := map[string]bool{}, map[string]bool{}
	show := shownOf(y, filter)
	for i, p := range in.People {
		v.People = append(v.People, PersonName{p.ID, p.Name})
		if cc := p.Office.Country; cc != "" && !slices.Contains(v.Countries, cc) {
			v.Countries = append(v.Countries, cc)
		}
		if filter.Country != "" && p.Office.Country != filter.Country {
			continue
		}
		own := v.Year.People[i]
		row := PlanRow{Executive: p.Person, Closed: true, Trips: trips[p.ID], Gap: own.Gap, InYear: own.InYear, AtEnds: own.QuarterEnd, Weeks: make([]int, len(v.Year.Weeks))}
		found, list := show.person(p.Person), y.own[p.ID].list
		for k := range list {
			x := &list[k]
			if !show.visit(x, found) {
				continue
			}
			row.Count++
			row.Looked = row.Looked || x.Label != "" && x.Label == filter.Visit
			if w := x.Slot.Date.Sub(first) / 7; x.State.Stands() && x.Slot.Date >= first && w < len(row.Weeks) {
				row.Weeks[w]++
			}
			if x.ToDecide() != "" {
				v.Conflicts = append(v.Conflicts, PlanConflict{y.planVisit(x, byID), p.Name})
			}
			if x.State == visit.Proposed {
				v.Told.Visits++
				executives[x.ExecutiveID], hosts[x.HostID] = true, true
			}
		}
		if found || row.Count > 0 {
			v.Rows = append(v.Rows, row)
		}
	}
	delete(hosts, "")
	v.Told.Executives, v.Told.Hosts = len(executives), len(hosts)
	v.Shown = len(v.Rows)
}

// open adds to the rows that are open what only they show.
func (v *PlanView) open(tx Tx, y planYear, byID map[string]roster.Person, filter PlanFilter) error {
	var chosen map[string]bool
	if filter.Open != nil {
		if chosen = filter.Open(v.Rows); len(chosen) == 0 {
			return nil
		}
	}
	absences, err := absencesByPerson(tx, slices.Sorted(maps.Keys(chosen))...)
	if err != nil {
		return err
	}
	show := shownOf(y, filter)
	for i := range v.Rows {
		row := &v.Rows[i]
		id := row.Executive.ID
		if chosen != nil && !chosen[id] {
			continue
		}
		row.Closed, row.Absences = false, absences[id]
		found, list := show.person(row.Executive), y.own[id].list
		for k := range list {
			if show.visit(&list[k], found) {
				row.Visits = append(row.Visits, y.planVisit(&list[k], byID))
				row.Windows = append(row.Windows, y.customers[list[k].CustomerID].Windows...)
			}
		}
	}
	return nil
}

func (y planYear) planVisit(x *visit.Visit, people map[string]roster.Person) PlanVisit {
	c := y.customers[x.CustomerID]
	return PlanVisit{Visit: *x, Customer: c.Name, Host: people[x.HostID].Name, InWindow: slot.In(x.Slot.Date, c.Windows)}
}

// planShown says what of a plan fits a filter.
type planShown struct {
	filter PlanFilter
	search string
	names  map[string]roster.Customer
}

func shownOf(y planYear, filter PlanFilter) planShown {
	return planShown{filter, strings.ToLower(filter.Search), y.customers}
}

// person says whether somebody is looked for: then all their visits fit.
func (s planShown) person(p roster.Person) bool {
	return s.search == "" || strings.Contains(strings.ToLower(p.Name+" "+p.Function), s.search)
}

func (s planShown) visit(x *visit.Visit, found bool) bool {
	if len(s.filter.Groups) > 0 && !slices.Contains(s.filter.Groups, x.Stratum) {
		return false
	}
	return found || strings.Contains(strings.ToLower(s.names[x.CustomerID].Name), s.search)
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
