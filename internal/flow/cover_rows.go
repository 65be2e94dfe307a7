package flow

import (
	"context"
	"slices"
	"strings"

	"windshield/internal/access"
	"windshield/internal/alert"
	"windshield/internal/coverage"
	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// rowsShown is how many rows behind a number a page holds.
const rowsShown = 100

// Standing says how somebody stands with the 30 days.
type Standing string

// How people stand. Who is away is also one of the others.
const (
	StandsOver  Standing = "over"  // more than 30 days
	StandsSoon  Standing = "soon"  // passes 30 days within the days of the first warning, as things are booked
	StandsNever Standing = "never" // no counting visit is known
	StandsAway  Standing = "away"  // on leave today
	StandsFine  Standing = "fine"  // none of over, soon and never
)

// Standings lists them in the order in which pages show them.
var Standings = []Standing{StandsOver, StandsSoon, StandsNever, StandsAway, StandsFine}

// Stands says whether a row of coverage stands so; today is the reader's.
func Stands(r coverage.PersonRow, s Standing, today slot.Date) bool {
	soon := !r.Overdue && !r.Forecast.IsZero() && r.Forecast.Sub(today) <= alert.WarnAhead()[0]
	switch s {
	case StandsOver:
		return r.Overdue
	case StandsSoon:
		return soon
	case StandsNever:
		return r.Never && !r.Overdue
	case StandsAway:
		return r.Paused
	case StandsFine:
		return !r.Overdue && !soon && !r.Never
	}
	return false
}

// PeopleQuery narrows the list of people.
type PeopleQuery struct {
	Region string
	Show   Standing // "" is everybody
	Page   int      // from 0
}

// CoveragePeopleView is everybody's clock, worst first.
type CoveragePeopleView struct {
	Report  coverage.Report // People are those of the page
	Open    map[string]OpenAlert
	Region  string
	Regions []string
	Shown   int // people who stand so, on all pages
	Count   map[Standing]int
	More    bool
}

// CoveragePeople lists the clocks. Errors: Invalid for an unknown region or standing.
func (f *Flow) CoveragePeople(ctx context.Context, a access.Actor, q PeopleQuery) (CoveragePeopleView, error) {
	if err := access.Require(a, access.SeeCoverage, access.Subject{}); err != nil {
		return CoveragePeopleView{}, err
	}
	if q.Show != "" && !slices.Contains(Standings, q.Show) {
		return CoveragePeopleView{}, fault.Invalidf("Nobody stands like this.").With(fault.Detail{Where: "show", Value: fault.Short(string(q.Show)), Expected: "over, soon, never, away or fine"})
	}
	if q.Page < 0 || q.Page > 10_000 {
		return CoveragePeopleView{}, fault.Invalidf("There is no such page.").With(fault.Detail{Where: "page", Expected: "a number from 0"})
	}
	return read(ctx, f, func(tx Tx) (CoveragePeopleView, error) {
		x, err := f.scene(tx, a, CoverageQuery{Region: q.Region})
		if err != nil {
			return CoveragePeopleView{}, err
		}
		s, err := x.clocks(tx, false)
		if err != nil {
			return CoveragePeopleView{}, err
		}
		v := CoveragePeopleView{Report: coverage.Assemble(x.in, s), Region: q.Region, Regions: x.regions, Count: map[Standing]int{}}
		var rows []coverage.PersonRow
		for _, r := range v.Report.People {
			for _, one := range Standings {
				if Stands(r, one, v.Report.Today) {
					v.Count[one]++
				}
			}
			if q.Show == "" || Stands(r, q.Show, v.Report.Today) {
				rows = append(rows, r)
			}
		}
		v.Shown = len(rows)
		rows = rows[min(q.Page*rowsShown, len(rows)):]
		v.More = len(rows) > rowsShown
		v.Report.People = rows[:min(rowsShown, len(rows))]
		if err := x.months(tx, &v.Report, s, 0, rowsShown); err != nil {
			return v, err
		}
		v.Open, err = openAlerts(tx)
		return v, err
	})
}

// LedgerLine is a visit that counted or did not, with its customer's name.
type LedgerLine struct {
	alert.Entry
	Customer string
}

// CoveragePersonView is everything behind one person's clock.
type CoveragePersonView struct {
	Executive roster.Person
	Clock     alert.Status
	Row       coverage.PersonRow // months of the year
	Months    []coverage.Month
	Ledger    []LedgerLine     // newest first
	Spells    []alert.Spell    // newest first
	Absences  []roster.Absence // of the last year and ahead
	Alert     *AlertView       // the open one
	Past      []AlertView      // settled ones, newest first
	Warnings  []KeptWarning
	Ways      []Way
	Shares    []roster.TimeShare
	Mix       coverage.Mix // of the last 12 months
	Others    bool         // the reader sees those of others too
}

// CoveragePerson gives what is behind a person's clock: for those who see coverage, the
// person and the assistants. Errors: NotFound for who is no executive.
func (f *Flow) CoveragePerson(ctx context.Context, a access.Actor, id string) (CoveragePersonView, error) {
	if err := signedIn(a); err != nil {
		return CoveragePersonView{}, err
	}
	if err := access.Require(a, access.SeeOwnVisits, access.Subject{ExecutiveID: id}); err != nil {
		return CoveragePersonView{}, err
	}
	return read(ctx, f, func(tx Tx) (CoveragePersonView, error) {
		v := CoveragePersonView{Others: access.Decide(a, access.SeeCoverage, access.Subject{}).Allowed}
		p, err := tx.People.Get(id)
		if err == nil && !p.Has(roster.Executive) {
			err = fault.NotFoundf("There is no such executive.")
		}
		if err != nil {
			return v, err
		}
		v.Executive = p
		absences, err := tx.People.Absences(id)
		if err != nil {
			return v, err
		}
		visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, ExecutiveID: id, States: visit.Told()})
		if err != nil {
			return v, err
		}
		if err := f.personClock(tx, &v, absences, visits); err != nil {
			return v, err
		}
		if err := personAlerts(tx, &v); err != nil {
			return v, err
		}
		if s := v.Clock; s.Running && (s.Overdue || !s.Forecast.IsZero()) {
			if v.Ways, err = f.waysOut(tx, a, p, s); err != nil {
				return v, err
			}
		}
		if v.Shares, _, err = f.shares(tx, p, visits); err != nil {
			return v, err
		}
		return v, f.personMix(tx, &v, visits)
	})
}

// personClock fills the clock with its ledger, spells and leave.
func (f *Flow) personClock(tx Tx, v *CoveragePersonView, absences []roster.Absence, visits []visit.Visit) error {
	p := coverage.Person{Person: v.Executive, Absences: intervals(absences), Since: v.Executive.Since}
	w := f.watchOf(p)
	all := make([]*visit.Visit, len(visits))
	for i := range visits {
		all[i] = &visits[i]
	}
	v.Clock = alert.Clock(w, all, w.Today.Add(coverage.HorizonDays))
	v.Spells = alert.Spells(w, all)
	slices.Reverse(v.Spells)
	for _, x := range absences {
		if x.End >= w.Today.Add(-365) {
			v.Absences = append(v.Absences, x)
		}
	}
	r := coverage.Compute(coverage.Input{AsOf: f.Now().UTC(), Today: w.Today, People: []coverage.Person{p}, Visits: visits})
	v.Row, v.Months = r.People[0], r.Months
	var ids []string
	for _, e := range v.Clock.Ledger {
		ids = append(ids, e.CustomerID)
	}
	customers, err := customersByID(tx, ids)
	for _, e := range v.Clock.Ledger {
		v.Ledger = append(v.Ledger, LedgerLine{e, customers[e.CustomerID].Name})
	}
	return err
}

// personAlerts fills what the person was told.
func personAlerts(tx Tx, v *CoveragePersonView) error {
	all, err := alertViews(tx, false)
	if err != nil {
		return err
	}
	for _, x := range all {
		switch {
		case x.PersonID != v.Executive.ID:
		case x.Open:
			v.Alert = &x
		default:
			v.Past = append(v.Past, x)
		}
	}
	warnings, err := tx.Clocks.Warnings()
	for _, w := range warnings {
		if w.PersonID == v.Executive.ID {
			v.Warnings = append(v.Warnings, w)
		}
	}
	return err
}

// personMix fills when in the customers' buying, and in our quarter, the person came.
func (f *Flow) personMix(tx Tx, v *CoveragePersonView, visits []visit.Visit) error {
	buying, err := buyingList(tx)
	if err != nil {
		return err
	}
	fiscal, err := fiscalOf(tx)
	if err != nil {
		return err
	}
	turns, err := turnsOf(tx, visits)
	if err != nil {
		return err
	}
	year := slot.Interval{Start: v.Clock.Today.Add(-364), End: v.Clock.Today}
	v.Mix, _ = coverage.Mixes(visits, turns, buying, fiscal, year)
	return nil
}

// turnsOf gives the ways of the visits' customers through their buying.
func turnsOf(tx Tx, visits []visit.Visit) (map[string][]visit.Turn, error) {
	b, err := buyingList(tx)
	if err != nil {
		return nil, err
	}
	customers, err := customersOf(tx, visits)
	if err != nil {
		return nil, err
	}
	return waysOf(tx, b, customers)
}

// CoverageGroupView is one group of customers: who of it was heard, and who was not.
type CoverageGroupView struct {
	coverage.GroupRow
	Colour  int
	Period  slot.Interval
	Today   slot.Date
	Total   int             // counting visits of the period to customers of any group
	Heard   []GroupCustomer // the latest first
	Unheard []GroupCustomer // drawn and not heard, in the order of the draw
	More    bool            // of either there are more than are shown
	Behind  []alert.Lag     // of this group, against the published plan of this year
}

// GroupCustomer is a customer of a group with the sums of its visits.
type GroupCustomer struct {
	CustomerSum
	Name, City string
}

// CoverageGroup opens a group. Errors: NotFound where the selection has no such group.
func (f *Flow) CoverageGroup(ctx context.Context, a access.Actor, code string, period slot.Interval) (CoverageGroupView, error) {
	if err := access.Require(a, access.SeeCoverage, access.Subject{}); err != nil {
		return CoverageGroupView{}, err
	}
	return read(ctx, f, func(tx Tx) (CoverageGroupView, error) {
		x, err := f.scene(tx, a, CoverageQuery{Period: period})
		if err != nil {
			return CoverageGroupView{}, err
		}
		at := slices.IndexFunc(x.groups, func(g Group) bool { return g.Code == code })
		if at < 0 {
			return CoverageGroupView{}, fault.NotFoundf("The selection has no such group.")
		}
		var s coverage.Sums
		sums, _, err := x.heard(f, tx, &s)
		if err != nil {
			return CoverageGroupView{}, err
		}
		r := coverage.Assemble(x.in, s)
		v := CoverageGroupView{GroupRow: r.Groups[at], Colour: x.groups[at].Colour, Period: x.in.Period, Today: x.in.Today, Total: r.Totals.Visits - r.Totals.Ungrouped}
		heard, unheard, err := tx.Sums.Customers(GroupQuery{SelectionID: x.selection.ID, Stratum: code, Heard: sums.Customers[code], Today: x.in.Today, Limit: rowsShown + 1})
		if err != nil {
			return v, err
		}
		v.More = len(heard) > rowsShown || len(unheard) > rowsShown
		heard, unheard = heard[:min(rowsShown, len(heard))], unheard[:min(rowsShown, len(unheard))]
		var ids []string
		for _, c := range slices.Concat(heard, unheard) {
			ids = append(ids, c.CustomerID)
		}
		customers, err := customersByID(tx, ids)
		named := func(list []CustomerSum) (out []GroupCustomer) {
			for _, c := range list {
				out = append(out, GroupCustomer{c, customers[c.CustomerID].Name, customers[c.CustomerID].City})
			}
			return out
		}
		v.Heard, v.Unheard = named(heard), named(unheard)
		return v, err
	})
}

// CoverageGroupsView is all groups and regions, with those that fall behind the plan.
type CoverageGroupsView struct {
	Report coverage.Report // groups and totals only
	Groups []Group
	Behind []alert.Lag
	Period slot.Interval
}

// CoverageGroups compares all groups with the population and with the plan.
func (f *Flow) CoverageGroups(ctx context.Context, a access.Actor, period slot.Interval) (CoverageGroupsView, error) {
	if err := access.Require(a, access.SeeCoverage, access.Subject{}); err != nil {
		return CoverageGroupsView{}, err
	}
	return read(ctx, f, func(tx Tx) (CoverageGroupsView, error) {
		x, err := f.scene(tx, a, CoverageQuery{Period: period})
		if err != nil {
			return CoverageGroupsView{}, err
		}
		var s coverage.Sums
		if _, _, err := x.heard(f, tx, &s); err != nil {
			return CoverageGroupsView{}, err
		}
		v := CoverageGroupsView{Report: coverage.Assemble(x.in, s), Groups: x.groups, Period: x.in.Period}
		v.Behind, err = f.fallBehind(tx, x)
		return v, err
	})
}

// RowsQuery says which visits behind a number are wanted. Zero values do not narrow.
type RowsQuery struct {
	ExecutiveID string
	Region      string
	Period      slot.Interval // zero: the last 12 months
	Group       string        // code
	Phase       string        // early, middle, late, settled or unknown: the customer's buying on the day
	AtEnd       bool          // in the last days of our quarters
	Lapsed      bool          // that did not count, in place of those that did
	Page        int           // from 0
}

// phases are what RowsQuery.Phase may be.
var phases = []string{string(visit.Early), string(visit.Middle), string(visit.Late), string(visit.Settled), "unknown"}

// CountedVisit is a visit behind a number.
type CountedVisit struct {
	visit.Visit
	Customer, Executive string // names
	Stage               string // of the customer's buying on the day, for people; "" where none was known
	WhyNot              string // why it does not count
}

// CoverageRowsView is the visits behind a number, the latest first.
type CoverageRowsView struct {
	Rows      []CountedVisit
	All       int // on all pages
	Customers int // different ones, of the rows shown
	More      bool
	Period    slot.Interval
	Executive roster.Person // zero for all
	Group     Group         // zero for all
	Today     slot.Date
}

// CoverageRows gives the visits behind a number: for those who see coverage; for others
// those of an executive whose visits they see. Errors: Invalid for what no number counts.
func (f *Flow) CoverageRows(ctx context.Context, a access.Actor, q RowsQuery) (CoverageRowsView, error) {
	if err := signedIn(a); err != nil {
		return CoverageRowsView{}, err
	}
	if err := access.Require(a, access.SeeCoverage, access.Subject{}); err != nil {
		if q.ExecutiveID == "" {
			return CoverageRowsView{}, err
		}
		if err := access.Require(a, access.SeeOwnVisits, access.Subject{ExecutiveID: q.ExecutiveID}); err != nil {
			return CoverageRowsView{}, err
		}
	}
	if q.Phase != "" && !slices.Contains(phases, q.Phase) {
		return CoverageRowsView{}, fault.Invalidf("No visit is counted like this.").With(fault.Detail{Where: "phase", Value: fault.Short(q.Phase), Expected: strings.Join(phases, ", ")})
	}
	if q.Page < 0 || q.Page > 10_000 {
		return CoverageRowsView{}, fault.Invalidf("There is no such page.").With(fault.Detail{Where: "page", Expected: "a number from 0"})
	}
	return read(ctx, f, func(tx Tx) (CoverageRowsView, error) {
		x, err := f.scene(tx, a, CoverageQuery{Period: q.Period, Region: q.Region})
		if err != nil {
			return CoverageRowsView{}, err
		}
		return f.coverageRows(tx, x, q)
	})
}

func (f *Flow) coverageRows(tx Tx, x scene, q RowsQuery) (CoverageRowsView, error) {
	v := CoverageRowsView{Period: x.in.Period, Today: x.in.Today}
	buying, err := buyingList(tx)
	if err != nil {
		return v, err
	}
	fiscal, err := fiscalOf(tx)
	if err != nil {
		return v, err
	}
	people, err := everybody(tx)
	if err != nil {
		return v, err
	}
	c := CountedQuery{HeardQuery: x.query(fiscal), Lapsed: q.Lapsed, Group: q.Group, AtEnd: q.AtEnd, Limit: rowsShown, Skip: q.Page * rowsShown}
	if q.ExecutiveID != "" {
		if v.Executive = people[q.ExecutiveID]; v.Executive.ID == "" {
			return v, fault.NotFoundf("There is no such executive.")
		}
		c.ExecutiveIDs = []string{q.ExecutiveID}
	}
	if q.Group != "" {
		at := slices.IndexFunc(x.groups, func(g Group) bool { return g.Code == q.Group })
		if at < 0 {
			return v, fault.Invalidf("The selection has no such group.").With(fault.Detail{Where: "group", Value: fault.Short(q.Group), Expected: "the code of a group"})
		}
		v.Group = x.groups[at]
	}
	if q.Phase != "" {
		c.Staged, c.Stages = true, []string{}
		for _, s := range buying.Stages {
			if string(s.Phase) == q.Phase {
				c.Stages = append(c.Stages, s.Code)
			}
		}
		if q.Phase == "unknown" {
			c.Stages = append(c.Stages, "")
		}
	}
	visits, all, err := tx.Sums.Counted(c)
	if err != nil {
		return v, err
	}
	v.All, v.More = all, c.Skip+len(visits) < all
	customers, err := customersOf(tx, visits)
	if err != nil {
		return v, err
	}
	turns, err := turnsOf(tx, visits)
	if err != nil {
		return v, err
	}
	v.Customers = len(customers)
	for _, one := range visits {
		row := CountedVisit{Visit: one, Customer: customers[one.CustomerID].Name, Executive: people[one.ExecutiveID].Name}
		if s, ok := buying.Stage(visit.StageOn(turns[one.CustomerID], one.Slot.Date)); ok {
			row.Stage = s.Name
		}
		_, row.WhyNot = one.Counts()
		v.Rows = append(v.Rows, row)
	}
	return v, nil
}
