package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"runtime"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/planning/bound"
	"windshield/internal/planning/solver"
	"windshield/internal/roster"
	"windshield/internal/visit"
)

// PlanInput is what the VP chooses for a run of the planner.
type PlanInput struct {
	SelectionID string
	Name        string // "" becomes "Plan YEAR"
	Seed        uint64
	Seconds     int // 1..600; 0 where Iterations is set
	Iterations  int // 1..1,000,000,000; 0 where Seconds is set
	Scenario    Scenario
}

// check refuses what the planner cannot do, and gives the name on one line.
func (in PlanInput) check() (name string, err error) {
	if name, err = text("name", in.Name, 100); err != nil {
		return "", err
	}
	if in.Iterations == 0 && (in.Seconds < 1 || in.Seconds > 600) {
		return "", fault.Invalidf("The planner cannot run for this long.").With(fault.Detail{Where: "seconds", Value: fmt.Sprint(in.Seconds), Expected: "1 to 600"})
	}
	if in.Iterations < 0 || in.Iterations > 1_000_000_000 || in.Iterations > 0 && in.Seconds != 0 {
		return "", fault.Invalidf("The planner cannot run like this.").With(fault.Detail{Where: "iterations", Value: fmt.Sprint(in.Iterations), Expected: "1 to 1,000,000,000, and then no seconds"})
	}
	return name, in.Scenario.check()
}

// StartPlan starts a run of the planner in the background.
func (f *Flow) StartPlan(ctx context.Context, a access.Actor, k Key, in PlanInput) (Run, error) {
	if err := access.Require(a, access.MakePlan, access.Subject{}); err != nil {
		return Run{}, err
	}
	name, err := in.check()
	if err != nil {
		return Run{}, err
	}
	id, err := once(ctx, f, k, func(tx Tx) (string, error) {
		r := Run{ID: f.NewID(), PlanName: name}
		return r.ID, f.queueRun(tx, a, &r, in)
	})
	if err != nil {
		return Run{}, err
	}
	return f.Run(ctx, a, id)
}

// queueRun stores a run and asks for it to be done.
func (f *Flow) queueRun(tx Tx, a access.Actor, r *Run, in PlanInput) error {
	s, err := tx.Selections.Get(in.SelectionID)
	if err != nil {
		return err
	}
	if r.PlanName == "" {
		r.PlanName = fmt.Sprintf("Plan %d", s.Year)
	}
	r.SelectionID, r.Seed, r.Seconds, r.Iterations, r.Scenario = s.ID, in.Seed, in.Seconds, in.Iterations, in.Scenario
	r.State, r.CreatedAt, r.CreatedBy = Queued, f.Now().UTC(), a.PersonID
	if err := tx.Runs.Save(r); err != nil {
		return err
	}
	if err := tx.Queue.Enqueue(Job{Kind: JobPlan, Key: r.ID}); err != nil {
		return err
	}
	return f.audit(tx, a, "start planner", "run/"+r.ID, map[string]any{"selection": s.ID, "seed": in.Seed, "assumes": in.Scenario.String()})
}

// Run gives a run with its progress.
func (f *Flow) Run(ctx context.Context, a access.Actor, id string) (Run, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return Run{}, err
	}
	return read(ctx, f, func(tx Tx) (Run, error) { return tx.Runs.Get(id) })
}

// Runs gives the newest runs, without their trails.
func (f *Flow) Runs(ctx context.Context, a access.Actor) ([]Run, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return nil, err
	}
	return read(ctx, f, func(tx Tx) ([]Run, error) { return tx.Runs.Newest(20) })
}

// StopRun asks a run to stop and keep the best plan it has.
func (f *Flow) StopRun(ctx context.Context, a access.Actor, id string) (Run, error) {
	if err := access.Require(a, access.MakePlan, access.Subject{}); err != nil {
		return Run{}, err
	}
	var r Run
	err := f.untilFresh(ctx, func(tx Tx) error {
		var err error
		if r, err = tx.Runs.Get(id); err != nil || r.Stop || r.State.Ended() {
			return err
		}
		r.Stop = true
		if err := tx.Runs.Save(&r); err != nil {
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
	ids       []string                // of the customers, in the selection's order
	customers map[string]roster.Customer
	people    []roster.Person
	names     names
	problem   *planning.Problem
	accepted  map[string]planning.Place // where visits of the published plan stand that somebody has said yes to and nobody has pinned
	early     map[string]bool           // customers at an early stage of their buying; of a run only
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
	if err := f.readBeforePlan(ctx); err != nil {
		return err
	}
	d, err := f.prepare(ctx, id)
	if err != nil || d == nil {
		if fault.Is(err, fault.Invalid) || fault.Is(err, fault.NotFound) || fault.Is(err, fault.TooLarge) {
			return f.failRun(ctx, id, err)
		}
		return err
	}
	work, stop := context.WithTimeout(ctx, longestRun)
	defer stop()
	elapsed := f.Stopwatch()
	options := solver.Options{Seed: d.run.Seed, Iterations: int64(d.run.Iterations), Workers: runtime.GOMAXPROCS(0), Progress: f.watch(ctx, d, elapsed, stop)}
	if limit := time.Duration(d.run.Seconds) * time.Second; limit > 0 {
		options.Spent = func() float64 { return min(1, float64(elapsed())/float64(limit)) }
		options.Sketch = limit >= time.Minute // nobody watches a minute without being tempted to stop
	}
	solution, err := solver.Solve(work, d.problem, options)
	if ctx.Err() != nil {
		return ctx.Err() // the process stops; the run starts again elsewhere
	}
	if err != nil {
		return f.failRun(ctx, id, d.names.fault(err))
	}
	// What the search leaves open is decided for those whom a visit helps most.
	planning.EarlierFirst(d.problem, solution, d.early)
	solution.Cost = nil
	verdict := planning.Check(d.problem, solution)
	if !verdict.Feasible {
		return f.failRun(ctx, id, fmt.Errorf("the planner made a plan that breaks a rule: %v", verdict.Violations))
	}
	solution.Cost = verdict.Cost
	if kept, err := f.keepDraft(ctx, d, solution); err != nil || !kept {
		return err
	}
	f.boundRun(ctx, d, elapsed())
	return nil
}

// Bounds on the time in which the best possible cost is estimated, after the plan
// is there: a fifth of the search's, and for a search by the clock at least a second.
const (
	leastBound = time.Second
	mostBound  = 30 * time.Second
)

// boundRun adds to a run that is done what no plan of its problem can cost less
// than, where the time suffices to find that. Without it the plan is as good, so a
// failure is only logged.
func (f *Flow) boundRun(ctx context.Context, d *draft, searched time.Duration) {
	defer func() {
		if r := recover(); r != nil { // the plan stands: this must not fail its run
			f.Log.Error("the search for a bound broke down", "run", d.run.ID, "problem", r)
		}
	}()
	limit := min(searched/5, mostBound)
	if d.run.Seconds > 0 {
		limit = max(limit, leastBound)
	}
	work, stop := context.WithTimeout(ctx, limit)
	defer stop()
	b, err := bound.Lower(work, d.problem, bound.Options{})
	if err == nil {
		err = f.untilFresh(ctx, func(tx Tx) error {
			r, err := tx.Runs.Get(d.run.ID)
			if err != nil {
				return err
			}
			r.Bound = Bound{Total: b.Total, Terms: costOf(b.Terms), Method: b.Method}
			return tx.Runs.Save(&r)
		})
	}
	if err != nil && work.Err() == nil {
		f.Log.Warn("no bound on the best plan was found", "run", d.run.ID, "error", err)
	}
}

// prepare compiles a run's problem, without holding up who writes, keeps it with
// the run and marks the run as running; nil where there is nothing to do any more.
func (f *Flow) prepare(ctx context.Context, id string) (*draft, error) {
	d, err := read(ctx, f, func(tx Tx) (*draft, error) {
		r, err := tx.Runs.Get(id)
		if err != nil || r.State.Ended() {
			return nil, err
		}
		d, err := f.draftOf(tx, r, nil, nil)
		if err != nil {
			return d, err
		}
		b, err := buyingList(tx)
		if err != nil {
			return nil, err
		}
		stages, err := f.stagesOf(tx, b, d.customers)
		d.early = map[string]bool{}
		for id, s := range stages {
			d.early[id] = s.Phase == visit.Early
		}
		return d, err
	})
	if err != nil || d == nil {
		return nil, err
	}
	file, err := packed(func(w io.Writer) error { return json.NewEncoder(w).Encode(d.problem) })
	if err != nil {
		return nil, err
	}
	err = f.untilFresh(ctx, func(tx Tx) error {
		r, err := tx.Runs.Get(id)
		if d.run = r; err != nil || r.State.Ended() { // cancelled meanwhile
			return err
		}
		r.State, r.StartedAt, r.Trail, r.Cost, r.Bound = Running, f.Now().UTC(), nil, nil, Bound{}
		r.Weights = costOf(planning.Cost(allWeights(d.problem.Weights)))
		if err := tx.Runs.Save(&r); err != nil {
			return err
		}
		d.run = r
		return tx.Runs.SetFile(id, ProblemFile, file)
	})
	if err != nil || d.run.State.Ended() {
		return nil, err
	}
	return d, nil
}

// surroundings reads all that a run works on but its problem.
func (f *Flow) surroundings(tx Tx, r Run) (*draft, error) {
	d := &draft{run: r, rows: map[string]SelectionRow{}}
	var err error
	if d.selection, err = tx.Selections.Get(r.SelectionID); err != nil {
		return nil, err
	}
	rows, err := chosen(tx, d.selection)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		d.rows[row.CustomerID] = row
		d.ids = append(d.ids, row.CustomerID)
	}
	if d.customers, err = customersByID(tx, d.ids); err != nil {
		return nil, err
	}
	d.people, err = tx.People.All()
	d.names = namesOf(d.people, d.customers)
	return d, err
}

// draftOf reads what a run works on, and compiles its problem; see ask for base
// and asked.
func (f *Flow) draftOf(tx Tx, r Run, base *planning.Problem, asked *known) (d *draft, err error) {
	if asked != nil && asked.around != nil {
		x := *asked.around
		d = &x
	} else if d, err = f.surroundings(tx, r); err != nil {
		return nil, err
	}
	d.problem, d.accepted, err = f.compile(tx, ask{selection: d.selection, ids: d.ids, customers: d.customers, people: d.people, scenario: r.Scenario, base: base, asked: asked})
	return d, d.names.fault(err)
}

// watch gives the planner's progress function: it stores the falling lines about
// once a second and ends the search when somebody has asked to stop or cancelled.
func (f *Flow) watch(ctx context.Context, d *draft, elapsed func() time.Duration, stop context.CancelFunc) func(solver.Progress) {
	id, lastSaved := d.run.ID, -time.Second
	var terms map[string]int64        // of the best so far, where the search has said
	var groups, kept map[string]Tally // of the best so far, and as they were stored
	return func(p solver.Progress) {
		if p.Cost != nil {
			terms, groups = costOf(p.Cost), d.tally(p.Out)
		}
		at := elapsed()
		if at-lastSaved < time.Second {
			return
		}
		lastSaved = at
		err := f.Store.Write(ctx, func(tx Tx) error {
			r, err := tx.Runs.Get(id)
			if err != nil {
				return err
			}
			if r.Stop || r.State.Ended() {
				stop()
			}
			if r.State.Ended() {
				return nil
			}
			r.Cost = maps.Clone(terms)
			if r.Cost == nil {
				r.Cost = map[string]int64{}
			}
			r.Cost[string(planning.Total)] = p.Best
			mark := Mark{Millis: at.Milliseconds(), Total: p.Best, Cost: terms}
			if !maps.Equal(groups, kept) {
				mark.Groups = groups
			}
			r.Trail = append(r.Trail, mark)
			return tx.Runs.Save(&r)
		})
		if err == nil {
			kept = groups
		} else if ctx.Err() == nil {
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
		r, err := tx.Runs.Get(id)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil || r.State.Ended() { // whatever went wrong then, the plan is there, or nobody wants it
			return err
		}
		r.State, r.Error, r.EndedAt = Failed, fault.Sentence(why), f.Now().UTC()
		return tx.Runs.Save(&r)
	})
}

// keepDraft stores a run's solution, and as a draft plan with its proposed visits. Of a
// run that was cancelled meanwhile nothing is kept.
func (f *Flow) keepDraft(ctx context.Context, d *draft, s *planning.Solution) (kept bool, err error) {
	reasons := planning.Reasons(d.problem, s)
	file, err := packed(s.Write)
	if err != nil {
		return false, err
	}
	err = f.untilFresh(ctx, func(tx Tx) error {
		kept = false
		r, err := tx.Runs.Get(d.run.ID)
		if err != nil || r.State.Ended() {
			return err
		}
		p, err := f.saveDraft(tx, d, r, s, reasons)
		if err != nil {
			return err
		}
		r.State, r.PlanID, r.EndedAt, r.Cost = Done, p.ID, f.Now().UTC(), p.Cost
		ended := r.EndedAt.Sub(r.StartedAt).Milliseconds()
		if n := len(r.Trail); n > 0 {
			ended = max(ended, r.Trail[n-1].Millis) // the clock may have been set back
		}
		r.Trail = append(r.Trail, Mark{Millis: ended, Total: s.Cost.Total(), Cost: p.Cost, Groups: d.tally(outOf(d.problem, s))})
		if err := tx.Runs.Save(&r); err != nil {
			return err
		}
		kept = true
		return tx.Runs.SetFile(r.ID, SolutionFile, file)
	})
	return kept, err
}

// saveDraft makes a draft plan of a solution whose cost is right.
func (f *Flow) saveDraft(tx Tx, d *draft, r Run, s *planning.Solution, reasons map[string]planning.Reason) (visit.Plan, error) {
	labels := map[string]string{}
	for _, st := range d.selection.Strata {
		labels[st.Code] = st.Label
	}
	p := visit.Plan{ID: f.NewID(), Year: d.selection.Year, Name: r.PlanName, State: visit.Draft, SelectionID: d.selection.ID,
		Horizon: yearOf(d.selection.Year), Seed: r.Seed, Cost: costOf(s.Cost), Assumes: r.Scenario.String(), CreatedAt: f.Now().UTC(), CreatedBy: r.CreatedBy}
	pinned, err := pinnedIn(tx, p.Year) // the problem also holds what was accepted, which is no pin
	if err != nil {
		return p, err
	}
	book, err := f.busyBook(tx)
	if err != nil {
		return p, err
	}
	people := map[string]roster.Person{}
	for _, x := range d.people {
		people[x.ID] = x
	}
	places := s.Places()
	var visits []*visit.Visit
	for i, w := range d.problem.Visits {
		c := d.customers[w.Customer]
		why := d.names.in(reasons[w.ID].Text)
		at, ok := places[w.ID]
		if _, chosen := d.rows[w.Customer]; !ok && !chosen {
			continue // left the selection since: nobody wants this visit any more
		}
		if !ok {
			p.Unassigned = append(p.Unassigned, visit.Unassigned{CustomerID: c.ID, Reason: why})
			continue
		}
		v := visit.Visit{ID: f.NewID(), PlanID: p.ID, Label: fmt.Sprintf("v%d", i+1), CustomerID: c.ID, HostID: c.HostID,
			State: visit.Proposed, Answer: visit.NoAnswer, Kind: visit.AtCustomer,
			Stratum: d.rows[c.ID].Stratum, Group: labels[d.rows[c.ID].Stratum], Why: why, Pinned: w.Pinned != nil && pinned[c.ID]}
		if err := v.Place(at.Executive, at.Slot(), c.Zone); err != nil {
			return p, err
		}
		v.Conflict = book.collision(v, func(id string) string { return people[id].Name })
		if executive := people[v.ExecutiveID]; book.unread(executive, v.Slot) {
			v.Why += " " + fmt.Sprintf(notRead, executive.Name)
		}
		visits = append(visits, &v)
	}
	if err := tx.Plans.Save(&p); err != nil {
		return p, err
	}
	if err := tx.Visits.Save(visits...); err != nil {
		return p, err
	}
	return p, f.audit(tx, access.System("planner"), "draft plan", "plan/"+p.ID,
		map[string]any{"run": r.ID, "visits": len(visits), "unassigned": len(p.Unassigned), "total": s.Cost.Total()})
}
