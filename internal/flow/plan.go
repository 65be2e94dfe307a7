package flow

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"windshield/internal/access"
	"windshield/internal/alert"
	"windshield/internal/coverage"
	"windshield/internal/fault"
	"windshield/internal/geo"
	"windshield/internal/planning"
	"windshield/internal/planning/solver"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// crunchDays is how many days at the end of a quarter our company keeps free.
const crunchDays = 10

// PlanInput is what the VP chooses for a run of the planner.
type PlanInput struct {
	SelectionID string
	Name        string // "" becomes "Plan YEAR"
	Seed        uint64
	Seconds     int // 1..600; 0 where Iterations is set
	Iterations  int // 1..1,000,000,000; 0 where Seconds is set
}

// StartPlan starts a run of the planner in the background.
func (f *Flow) StartPlan(ctx context.Context, a access.Actor, k Key, in PlanInput) (Run, error) {
	if err := access.Require(a, access.MakePlan, access.Subject{}); err != nil {
		return Run{}, err
	}
	name, err := text("name", in.Name, 100)
	if err != nil {
		return Run{}, err
	}
	if in.Iterations == 0 && (in.Seconds < 1 || in.Seconds > 600) {
		return Run{}, fault.Invalidf("The planner cannot run for this long.").With(fault.Detail{Where: "seconds", Value: fmt.Sprint(in.Seconds), Expected: "1 to 600"})
	}
	if in.Iterations < 0 || in.Iterations > 1_000_000_000 || in.Iterations > 0 && in.Seconds != 0 {
		return Run{}, fault.Invalidf("The planner cannot run like this.").With(fault.Detail{Where: "iterations", Value: fmt.Sprint(in.Iterations), Expected: "1 to 1,000,000,000, and then no seconds"})
	}
	id, err := once(ctx, f, k, func(tx Tx) (string, error) {
		s, err := tx.Selections.Get(in.SelectionID)
		if err != nil {
			return "", err
		}
		if name == "" {
			name = fmt.Sprintf("Plan %d", s.Year)
		}
		r := Run{ID: f.NewID(), PlanName: name, SelectionID: s.ID, Seed: in.Seed, Seconds: in.Seconds, Iterations: in.Iterations,
			State: Queued, CreatedAt: f.Now().UTC(), CreatedBy: a.PersonID}
		if err := tx.Plans.SaveRun(&r); err != nil {
			return "", err
		}
		if err := tx.Queue.Enqueue(Job{Kind: JobPlan, Key: r.ID}); err != nil {
			return "", err
		}
		return r.ID, f.audit(tx, a, "start planner", "run/"+r.ID, map[string]any{"selection": s.ID, "seed": in.Seed})
	})
	if err != nil {
		return Run{}, err
	}
	return f.Run(ctx, a, id)
}

// Run gives a run with its progress.
func (f *Flow) Run(ctx context.Context, a access.Actor, id string) (Run, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return Run{}, err
	}
	return read(ctx, f, func(tx Tx) (Run, error) { return tx.Plans.Run(id) })
}

// Runs gives the newest runs.
func (f *Flow) Runs(ctx context.Context, a access.Actor) ([]Run, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return nil, err
	}
	return read(ctx, f, func(tx Tx) ([]Run, error) { return tx.Plans.Runs(20) })
}

// StopRun asks a run to stop and keep the best plan it has.
func (f *Flow) StopRun(ctx context.Context, a access.Actor, id string) (Run, error) {
	if err := access.Require(a, access.MakePlan, access.Subject{}); err != nil {
		return Run{}, err
	}
	var r Run
	err := f.untilFresh(ctx, func(tx Tx) error {
		var err error
		if r, err = tx.Plans.Run(id); err != nil || r.Stop || r.State == Done || r.State == Failed {
			return err
		}
		r.Stop = true
		if err := tx.Plans.SaveRun(&r); err != nil {
			return err
		}
		return f.audit(tx, a, "stop planner", "run/"+id, nil)
	})
	return r, err
}

// untilFresh runs a write again that lost a race with another of ours: nobody
// gave a version that could be stale.
func (f *Flow) untilFresh(ctx context.Context, do func(Tx) error) (err error) {
	for range 5 {
		if err = f.Store.Write(ctx, do); !fault.Is(err, fault.Stale) {
			return err
		}
	}
	return err
}

// draft is what a run works on, read in one transaction.
type draft struct {
	run       Run
	selection Selection
	rows      map[string]SelectionRow // by customer id
	customers map[string]roster.Customer
	problem   *planning.Problem
}

// longestRun ends every search, also one by iterations, before the queue would.
const longestRun = 10 * time.Minute

// runPlan is the planner's job. It is safe to repeat: a run that is done is left
// alone, and one that a crash cut off starts again with the same seed.
func (f *Flow) runPlan(ctx context.Context, id string) (err error) {
	defer func() {
		if r := recover(); r != nil { // a run must end where people see it
			err = f.failRun(ctx, id, fmt.Errorf("the planner broke down: %v", r))
		}
	}()
	d, err := f.prepare(ctx, id)
	if err != nil || d == nil {
		if fault.Is(err, fault.Invalid) || fault.Is(err, fault.NotFound) {
			return f.failRun(ctx, id, err)
		}
		return err
	}
	work, stop := context.WithTimeout(ctx, longestRun)
	defer stop()
	elapsed := f.Stopwatch()
	options := solver.Options{Seed: d.run.Seed, Iterations: int64(d.run.Iterations), Progress: f.watch(ctx, d.run.ID, elapsed, stop)}
	if limit := time.Duration(d.run.Seconds) * time.Second; limit > 0 {
		options.Spent = func() float64 { return min(1, float64(elapsed())/float64(limit)) }
	}
	solution, err := solver.Solve(work, d.problem, options)
	if ctx.Err() != nil {
		return ctx.Err() // the process stops; the run starts again elsewhere
	}
	if err != nil {
		return f.failRun(ctx, id, err)
	}
	verdict := planning.Check(d.problem, solution)
	if !verdict.Feasible {
		return f.failRun(ctx, id, fmt.Errorf("the planner made a plan that breaks a rule: %v", verdict.Violations))
	}
	return f.keepDraft(ctx, d, solution, verdict.Cost)
}

// prepare compiles a run's problem, without holding up who writes, and marks the
// run as running; nil where there is nothing to do any more.
func (f *Flow) prepare(ctx context.Context, id string) (*draft, error) {
	d, err := read(ctx, f, func(tx Tx) (*draft, error) { return f.draftOf(tx, id) })
	if err != nil || d == nil {
		return nil, err
	}
	err = f.untilFresh(ctx, func(tx Tx) error {
		r, err := tx.Plans.Run(id)
		if err != nil {
			return err
		}
		r.State, r.StartedAt, r.Trail, r.Cost = Running, f.Now().UTC(), nil, nil
		if err := tx.Plans.SaveRun(&r); err != nil {
			return err
		}
		d.run = r
		return nil
	})
	return d, err
}

// draftOf reads what a run works on.
func (f *Flow) draftOf(tx Tx, id string) (*draft, error) {
	r, err := tx.Plans.Run(id)
	if err != nil || r.State == Done || r.State == Failed {
		return nil, err
	}
	d := &draft{run: r, rows: map[string]SelectionRow{}}
	if d.selection, err = tx.Selections.Get(r.SelectionID); err != nil {
		return nil, err
	}
	rows, err := tx.Selections.Rows(r.SelectionID, true)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, row := range rows {
		d.rows[row.CustomerID] = row
		ids = append(ids, row.CustomerID)
	}
	if d.customers, err = customersByID(tx, ids); err != nil {
		return nil, err
	}
	d.problem, err = f.compile(tx, d.selection, ids, d.customers)
	return d, err
}

// yearOf gives the days of a year.
func yearOf(year int) slot.Interval {
	return slot.Interval{Start: slot.MakeDate(year, time.January, 1), End: slot.MakeDate(year, time.December, 31)}
}

// compile makes the planning problem of a selection from today's roster: of what
// is left of the year, for the customers who have not been visited in it.
func (f *Flow) compile(tx Tx, s Selection, ids []string, customers map[string]roster.Customer) (*planning.Problem, error) {
	horizon := yearOf(s.Year)
	if horizon.Start = max(horizon.Start, f.today("UTC")); horizon.Start > horizon.End {
		return nil, fault.Invalidf("The year %d is over: nothing of it can be planned any more.", s.Year)
	}
	people, err := tx.People.All()
	if err != nil {
		return nil, err
	}
	absences, err := absencesByPerson(tx)
	if err != nil {
		return nil, err
	}
	d := planning.Draft{Horizon: horizon, Rules: planning.StandardRules(), Hosts: map[string][]slot.Interval{},
		Current: map[string]planning.Place{}, Pinned: map[string]planning.Place{}, Excludes: map[string][]string{},
		Calendar: func(country string) (slot.WorkCalendar, error) { return slot.CountryCalendar(country, s.Year) }}
	// A visit on the 31st day ends a breach that began that morning: plan for the
	// day before.
	d.Rules.MaxGapDays = alert.MaxGapDays - 1
	d.Rules.Crunch = planning.Crunches(s.Year, crunchDays)
	counts, err := dimensions(tx)
	if err != nil {
		return nil, err
	}
	d.Shares = planning.Shares(s.Dimensions, counts)
	held, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, States: []visit.State{visit.Held}, To: horizon.Start.Add(-1)})
	if err != nil {
		return nil, err
	}
	last, this := map[string]slot.Date{}, map[string]int{}
	for _, v := range held {
		if counts, _ := v.Counts(); counts {
			last[v.ExecutiveID] = max(last[v.ExecutiveID], v.Slot.Date)
		}
		if v.Slot.Date.Year() == s.Year {
			this[v.ExecutiveID]++
		}
	}
	visited, own, err := f.standing(tx, s.Year, &d)
	if err != nil {
		return nil, err
	}
	taken, err := tx.Bookings.Between(horizon)
	if err != nil {
		return nil, err
	}
	for _, b := range taken { // by visits of another year that people moved into this one
		if b.Kind == visit.BookedVisit && !own[b.VisitID] {
			absences[b.PersonID] = append(absences[b.PersonID], slot.Interval{Start: b.Slot.Date, End: b.Slot.Date})
		}
	}
	for _, p := range people {
		away := absences[p.ID]
		// What lies behind us cannot be planned any more, nor can tomorrow.
		if today := f.today(p.Zone); today.Add(1) >= horizon.Start {
			away = append(slices.Clone(away), slot.Interval{Start: horizon.Start, End: today.Add(1)})
		}
		if p.Has(roster.Host) {
			d.Hosts[p.ID] = away
		}
		if p.Has(roster.Executive) && p.Terms.TargetVisits > 0 {
			p.Terms.TargetVisits = max(1, p.Terms.TargetVisits-this[p.ID])
			d.Executives = append(d.Executives, planning.Traveller{Person: p, Absences: away, LastVisit: max(p.Terms.LastVisit, last[p.ID])})
		}
	}
	for _, id := range ids {
		if !visited[id] {
			d.Customers = append(d.Customers, customers[id])
		}
	}
	if len(d.Customers) == 0 {
		return nil, fault.Invalidf("All customers of this selection have been visited in %d already.", s.Year)
	}
	return planning.Compile(d)
}

// standing tells the planner where the visits of the year's published plan
// stand: what is settled is a fact and its customer visited, the others cost to
// move, and who has declined a customer is not asked again. own holds the ids of
// all visits of the year.
func (f *Flow) standing(tx Tx, year int, d *planning.Draft) (visited, own map[string]bool, err error) {
	plans, err := tx.Plans.ByYear(year)
	if err != nil {
		return nil, nil, err
	}
	visited, own = map[string]bool{}, map[string]bool{}
	for _, p := range plans {
		if p.State == visit.Draft {
			continue
		}
		visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, PlanID: p.ID})
		if err != nil {
			return nil, nil, err
		}
		for _, v := range visits {
			own[v.ID] = true
			at := planning.Place{Executive: v.ExecutiveID, Date: v.Slot.Date, Half: v.Slot.Half}
			switch {
			case f.settled(v):
				visited[v.CustomerID] = true
			case v.State == visit.Published && v.Pinned:
				d.Pinned[v.CustomerID] = at
			case v.State == visit.Published:
				d.Current[v.CustomerID] = at
			case v.State == visit.Declined:
				d.Excludes[v.CustomerID] = append(d.Excludes[v.CustomerID], v.ExecutiveID)
			}
		}
	}
	return visited, own, nil
}

// settled says whether a visit took place, should have, or is so near that
// nobody may move it any more: today and tomorrow are not planned again, unless
// somebody has said that nobody met.
func (f *Flow) settled(v visit.Visit) bool {
	return v.State == visit.Held || v.State == visit.Published && v.Slot.Date <= f.today(v.Zone).Add(1)
}

// watch gives the planner's progress function: it stores the falling line about
// once a second and ends the search when somebody has asked to stop.
func (f *Flow) watch(ctx context.Context, id string, elapsed func() time.Duration, stop context.CancelFunc) func(solver.Progress) {
	lastSaved := -time.Second
	return func(p solver.Progress) {
		at := elapsed()
		if at-lastSaved < time.Second {
			return
		}
		lastSaved = at
		err := f.Store.Write(ctx, func(tx Tx) error {
			r, err := tx.Plans.Run(id)
			if err != nil {
				return err
			}
			if r.Stop {
				stop()
			}
			r.Cost = map[string]int64{string(planning.Total): p.Best}
			r.Trail = append(r.Trail, Mark{Millis: at.Milliseconds(), Total: p.Best})
			return tx.Plans.SaveRun(&r)
		})
		if err != nil && ctx.Err() == nil {
			f.Log.Warn("planner's progress was not stored", "run", id, "error", err)
		}
	}
}

func costOf(c planning.Cost) map[string]int64 {
	out := make(map[string]int64, len(c))
	for t, n := range c {
		out[string(t)] = n
	}
	return out
}

// failRun ends a run with a text for people.
func (f *Flow) failRun(ctx context.Context, id string, why error) error {
	f.Log.Error("planner failed", "run", id, "kind", fault.KindOf(why)) // the text may name people
	return f.untilFresh(ctx, func(tx Tx) error {
		r, err := tx.Plans.Run(id)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		r.State, r.Error, r.EndedAt = Failed, fault.Sentence(why), f.Now().UTC()
		return tx.Plans.SaveRun(&r)
	})
}

// keepDraft stores a solution as a draft plan with its proposed visits.
func (f *Flow) keepDraft(ctx context.Context, d *draft, s *planning.Solution, cost planning.Cost) error {
	reasons := planning.Reasons(d.problem, s)
	labels := map[string]string{}
	for _, st := range d.selection.Strata {
		labels[st.Code] = st.Label
	}
	return f.untilFresh(ctx, func(tx Tx) error {
		r, err := tx.Plans.Run(d.run.ID)
		if err != nil || r.State == Done {
			return err
		}
		p := visit.Plan{ID: f.NewID(), Year: d.selection.Year, Name: r.PlanName, State: visit.Draft, SelectionID: d.selection.ID,
			Horizon: yearOf(d.selection.Year), Seed: r.Seed, Cost: costOf(cost), CreatedAt: f.Now().UTC(), CreatedBy: r.CreatedBy}
		places := s.Places()
		var visits []*visit.Visit
		for i, w := range d.problem.Visits {
			c := d.customers[w.Customer]
			at, ok := places[w.ID]
			if !ok {
				p.Unassigned = append(p.Unassigned, visit.Unassigned{CustomerID: c.ID, Reason: reasons[w.ID].Text})
				continue
			}
			v := visit.Visit{ID: f.NewID(), PlanID: p.ID, Label: fmt.Sprintf("v%d", i+1), CustomerID: c.ID, HostID: c.HostID,
				State: visit.Proposed, Answer: visit.NoAnswer, Kind: visit.AtCustomer,
				Stratum: d.rows[c.ID].Stratum, Group: labels[d.rows[c.ID].Stratum], Why: reasons[w.ID].Text, Pinned: w.Pinned != nil}
			if err := v.Place(at.Executive, at.Slot(), c.Zone); err != nil {
				return err
			}
			visits = append(visits, &v)
		}
		if err := tx.Plans.Save(&p); err != nil {
			return err
		}
		if err := tx.Visits.Save(visits...); err != nil {
			return err
		}
		r.State, r.PlanID, r.EndedAt, r.Cost = Done, p.ID, f.Now().UTC(), p.Cost
		r.Trail = append(r.Trail, Mark{Millis: r.EndedAt.Sub(r.StartedAt).Milliseconds(), Total: cost.Total()})
		if err := tx.Plans.SaveRun(&r); err != nil {
			return err
		}
		return f.audit(tx, access.System("planner"), "draft plan", "plan/"+p.ID, map[string]any{"run": r.ID, "visits": len(visits), "unassigned": len(p.Unassigned), "total": cost.Total()})
	})
}

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
		v.arrange(visits, people, absences, customers, filter)
		return v, nil
	})
}

// arrange fills the rows and the quality strip.
func (v *PlanView) arrange(visits []visit.Visit, people []roster.Person, absences map[string][]slot.Interval, customers map[string]roster.Customer, filter PlanFilter) {
	names := map[string]string{}
	homes := map[string]geo.Point{}
	in := coverage.YearInput{Horizon: v.Plan.Horizon, Visits: visits, TravelKM: int(v.Plan.Cost[string(planning.TravelKM)])}
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
		return geo.Km(homes[executiveID], customers[customerID].Point) <= 60
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
		row := PlanRow{Executive: p.Person, Absences: p.Absences, Trips: trips[p.ID]}
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
		States: []visit.State{visit.Published, visit.Held, visit.NoShow}})
	if err != nil {
		return alert.Status{}, err
	}
	today := f.today(p.Zone)
	all := make([]*visit.Visit, len(visits))
	for i := range visits {
		all[i] = &visits[i]
	}
	return alert.Clock(alert.Watch{PersonID: p.ID, Today: today, LastVisit: p.Terms.LastVisit, Since: p.Since, Absences: intervals(absences)}, all, today.Add(366)), nil
}

func intervals(absences []roster.Absence) []slot.Interval {
	out := make([]slot.Interval, len(absences))
	for i, a := range absences {
		out[i] = a.Interval
	}
	return out
}
