package flow

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"windshield/internal/access"
	"windshield/internal/coverage"
	"windshield/internal/export"
	"windshield/internal/fault"
	"windshield/internal/geo"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// sheetInput is what files of a plan are made from.
type sheetInput struct {
	Plan      visit.Plan
	Visits    []visit.Visit // by date; of bare ones each executive's
	Groups    []Group
	People    map[string]roster.Person
	Absences  map[string][]slot.Interval
	Customers map[string]roster.Customer // of the visits
	Fiscal    visit.Fiscal
	Today     slot.Date // the reader's
	pen       pen
	Whole     bool // all visits, and not one reader's own
	Bare      bool // all visits, without what only their list shows; nobody changes what is in it
}

// sheetPart is how many executives one look at the plan on paper holds: as many sheets
// of a thousand years as nobody prints by mistake.
const sheetPart = 5 * export.RowsPerPage

// PaperYear is a plan for paper, or a part of it.
type PaperYear struct {
	export.Year
	Part       int         // from 1; 0 where it is all of it
	Parts      []PaperPart // none where the plan has one part
	Executives int         // of all parts
	Before     int         // of the parts before
}

// PaperPart says who stands in a part, by name.
type PaperPart struct{ First, Last string }

// YearSheet gives the plan of a year for paper: executives by weeks, without the list
// of visits. part is one of its parts from 1, or 0 for all of them. NotFound for a part
// that it does not have.
func (f *Flow) YearSheet(ctx context.Context, a access.Actor, planID string, part int) (PaperYear, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return PaperYear{}, err
	}
	in, err := f.sheetInput(ctx, a, planID, access.Scope{All: true}, true)
	if err != nil {
		return PaperYear{}, err
	}
	goers := in.goers()
	out := PaperYear{Executives: len(goers)}
	if len(goers) > sheetPart {
		for some := range slices.Chunk(goers, sheetPart) {
			out.Parts = append(out.Parts, PaperPart{some[0].Name, some[len(some)-1].Name})
		}
		out.Part = part
	}
	if part < 0 || part > max(1, len(out.Parts)) {
		return PaperYear{}, fault.NotFoundf("This plan has no such part.")
	}
	if out.Part > 0 {
		out.Before = (part - 1) * sheetPart
		goers = goers[out.Before:min(out.Before+sheetPart, len(goers))]
	}
	out.Year = in.yearOf(goers)
	return out, nil
}

// ownScope is what of a plan somebody may take out as a list: all of it who may see
// plans; own visits, once people were told of them, who goes there.
func ownScope(a access.Actor) (access.Scope, error) {
	err := access.Require(a, access.SeePlan, access.Subject{})
	if err == nil {
		return access.Scope{All: true}, nil
	}
	s := access.Visits(a)
	if len(s.ExecutiveIDs) == 0 && s.HostID == "" {
		return s, err
	}
	s.All = false // who sees all visits and no plans would see drafts by this door
	return s, nil
}

func (f *Flow) sheetInput(ctx context.Context, a access.Actor, planID string, scope access.Scope, bare bool) (sheetInput, error) {
	return read(ctx, f, func(tx Tx) (in sheetInput, err error) {
		in.Today, in.pen, in.Whole, in.Bare = f.todayFor(a), penFor(a), scope.All, bare
		if in.Plan, err = tx.Plans.Get(planID); err != nil {
			return in, err
		}
		if in.Plan.State == visit.Draft && !scope.All {
			return in, fault.Deniedf("You may not do this: the plan is only a draft, and nobody has been told of it.")
		}
		if bare {
			y, err := f.planYear(tx, in.Plan)
			if err != nil {
				return in, err
			}
			in.Visits, in.Customers = y.all, y.customers
		} else if in.Visits, _, err = tx.Visits.Find(VisitQuery{Scope: scope, PlanID: planID}); err != nil {
			return in, err
		}
		if in.Plan.SelectionID != "" {
			s, err := tx.Selections.Get(in.Plan.SelectionID)
			if err != nil {
				return in, err
			}
			in.Groups = groupsOf(s)
		}
		if in.People, err = everybody(tx); err != nil {
			return in, err
		}
		if in.Absences, err = absencesByPerson(tx); err != nil {
			return in, err
		}
		if in.Fiscal, err = fiscalOf(tx); err != nil {
			return in, err
		}
		if !bare {
			in.Customers, err = customersOf(tx, in.Visits)
		}
		return in, err
	})
}

// year makes the sheet of everybody.
func (in sheetInput) year() export.Year { return in.yearOf(in.goers()) }

// yearOf makes the sheet of some executives. What the groups have is of all.
func (in sheetInput) yearOf(goers []roster.Person) export.Year {
	p := in.Plan
	y := export.Year{Title: p.Name, Footer: planFooter(in.pen, p, in.Today), Open: len(p.Unassigned)}
	if !in.Bare {
		y.Visits = in.list()
	}
	planned, colours := map[string]int{}, colourOf(in.Groups)
	for _, v := range in.Visits {
		if v.State.Stands() {
			planned[v.Stratum]++
		}
	}
	for _, g := range in.Groups {
		y.Groups = append(y.Groups, export.YearGroup{Code: g.Code, Label: g.Label, Colour: g.Colour, Customers: g.Customers, Planned: planned[g.Code], Target: g.Target})
	}
	theirs := map[string][]visit.Visit{}
	for _, e := range goers {
		theirs[e.ID] = nil
	}
	report := coverage.YearInput{Horizon: p.Horizon, Fiscal: in.Fiscal, Near: func(executiveID, customerID string) bool {
		return geo.Km(in.People[executiveID].Office.Point, in.Customers[customerID].Point) <= nearHome
	}}
	for _, v := range in.Visits {
		if _, goes := theirs[v.ExecutiveID]; goes && v.State.Stands() {
			theirs[v.ExecutiveID] = append(theirs[v.ExecutiveID], v)
			report.Visits = append(report.Visits, v)
		}
	}
	for _, e := range goers {
		report.People = append(report.People, coverage.Person{Person: e, Absences: in.Absences[e.ID]})
	}
	year := coverage.Year(report)
	for _, w := range year.Weeks {
		y.Weeks = append(y.Weeks, export.YearWeek{Label: w.Label, Monday: w.Monday, Crunch: w.QuarterEnd})
	}
	trips := map[string][]slot.Interval{}
	for _, t := range year.Trips {
		trips[t.PersonID] = append(trips[t.PersonID], t.Interval)
	}
	first := p.Horizon.Start.Monday()
	for _, e := range goers {
		row := export.YearRow{Name: e.Name, About: e.Function, Visits: len(theirs[e.ID]), Weeks: make([]export.YearCell, len(y.Weeks))}
		touch := func(i slot.Interval, mark func(*export.YearCell)) {
			for w := max(0, i.Start.Monday().Sub(first)/7); w < len(row.Weeks) && first.Add(7*w) <= i.End; w++ {
				mark(&row.Weeks[w])
			}
		}
		for _, v := range theirs[e.ID] {
			for _, w := range in.Customers[v.CustomerID].Windows {
				touch(w, func(c *export.YearCell) { c.Window = true })
			}
			week := v.Slot.Date.Sub(first) / 7
			if v.Slot.Date < first || week >= len(row.Weeks) {
				continue // moved by hand out of the year: it stands in the list
			}
			row.Weeks[week].Chips = append(row.Weeks[week].Chips, export.YearChip{Code: v.Stratum, Colour: colours[v.Stratum], Dashed: v.State == visit.Proposed, Done: v.State.Happened()})
		}
		for _, t := range trips[e.ID] {
			touch(t, func(c *export.YearCell) { c.Trip = true })
		}
		for i, w := range y.Weeks {
			row.Weeks[i].Away = awayAll(in.Absences[e.ID], w.Monday)
		}
		y.Rows = append(y.Rows, row)
	}
	return y
}

// nearHome is how far from an executive's office a visit is no trip, in kilometres.
const nearHome = 60

// goers are the executives of a plan by name: who visits somebody in it, and who
// should.
func (in sheetInput) goers() []roster.Person {
	goes := map[string]bool{}
	for i := range in.Visits {
		if in.Visits[i].State.Stands() {
			goes[in.Visits[i].ExecutiveID] = true
		}
	}
	var out []roster.Person
	for _, e := range in.People {
		should := e.Has(roster.Executive) && e.Terms.TargetVisits > 0 && in.Plan.State != visit.Superseded && (e.Left.IsZero() || e.Left >= in.Plan.Horizon.Start)
		if goes[e.ID] || should {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b roster.Person) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return out
}

// awayAll says whether leave covers a week from Monday to Friday.
func awayAll(leave []slot.Interval, monday slot.Date) bool {
	for d := monday; d < monday.Add(5); d++ {
		if !slot.In(d, leave) {
			return false
		}
	}
	return true
}

// list gives every visit as a row.
func (in sheetInput) list() []export.YearVisit {
	out := make([]export.YearVisit, len(in.Visits))
	for i, v := range in.Visits {
		c := in.Customers[v.CustomerID]
		out[i] = export.YearVisit{Label: v.Label, Date: v.Slot.Date, Half: v.Slot.Half, Begins: v.Begins, Ends: v.Ends, Zone: v.Zone,
			Executive: in.People[v.ExecutiveID].Name, Customer: c.Name, City: c.City, Country: c.Country, Code: v.Stratum, Group: v.Group,
			Host: in.People[v.HostID].Name, State: stateWord(v.State), Stands: v.State.Stands(), Objective: v.Objective != "", Window: nearestWindow(v.Slot.Date, c.Windows)}
	}
	return out
}

// nearestWindow gives the window in which a day lies, else the one that is fewest
// days away; the earlier one of two.
func nearestWindow(d slot.Date, windows []slot.Interval) (nearest slot.Interval) {
	least := -1
	for _, w := range windows {
		away := max(0, w.Start.Sub(d), d.Sub(w.End))
		if least < 0 || away < least || away == least && w.Start < nearest.Start {
			nearest, least = w, away
		}
	}
	return nearest
}

// calendar gives the visits that stand as calendar events. Zone is the reader's, ""
// where the list is of many.
func (in sheetInput) calendar(f *Flow, name, zone string) export.Calendar {
	c := export.Calendar{Name: name, Zone: zone, Stamp: f.Now()}
	for _, v := range in.Visits {
		if v.State.Stands() && !v.Start.IsZero() {
			c.Events = append(c.Events, f.calendarEvent(v, in.Customers[v.CustomerID], in.People[v.ExecutiveID], in.People[v.HostID]))
		}
	}
	return c
}

// outline gives what everybody may know of a visit in a calendar, also its customer: when
// and where it is.
func outline(v visit.Visit, c roster.Customer) export.Event {
	e := export.Event{UID: v.ID + "@windshield", Sequence: v.Version, Start: v.Start, End: v.End, Location: address(c)}
	if v.Kind == visit.Online {
		e.Location = "online"
	}
	return e
}

// calendarEvent writes a visit that stands as an event of a calendar: who goes to whom, where,
// and where to read more. What the visit is for stays inside, and so do the
// customer's people.
func (f *Flow) calendarEvent(v visit.Visit, c roster.Customer, executive, host roster.Person) export.Event {
	e := outline(v, c)
	e.Summary, e.URL = executive.Name+" visits "+c.Name, f.BaseURL+"/visits/"+v.ID
	e.Status = export.EventConfirmed
	if v.State == visit.Proposed || v.State == visit.Published {
		e.Status = export.EventTentative
	}
	lines := []string{"Executive: " + executive.Name}
	if host.Name != "" {
		lines = append(lines, "Host: "+host.Name)
	}
	if v.Group != "" {
		lines = append(lines, "Group: "+v.Group)
	}
	e.Description = strings.Join(append(lines, "State: "+stateWord(v.State), e.URL), "\n")
	return e
}

// stateWord writes a state in words.
func stateWord(s visit.State) string { return strings.ReplaceAll(string(s), "_", " ") }

// planFooter names a plan so that a page on paper can be told from a later one.
func planFooter(w pen, p visit.Plan, today slot.Date) string {
	return fmt.Sprintf("%s, %s, version %d · seed %d · %s", p.Name, planWord[p.State], p.Version, p.Seed, w.Day(today, "2 Jan 2006"))
}
