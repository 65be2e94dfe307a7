package flow

import (
	"context"
	"slices"
	"strconv"

	"windshield/internal/access"
	"windshield/internal/coverage"
	"windshield/internal/fault"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// PromisedNow is a promised visit beside what has become of it.
type PromisedNow struct {
	Was     PromisedVisit
	Is      visit.Visit // as it is now, read bare; zero where no such visit exists any more
	Outcome coverage.Outcome
}

// promised is the promise in force of a year with what has become of it.
type promised struct {
	FrozenPromise
	Kept coverage.Kept
	Rows []PromisedNow // by the date that was promised
	now  []planYear    // the plans that it was compared with
}

// comparedPromise is what is kept of a year.
type comparedPromise struct {
	promised
	ok bool
}

// promiseOf gives the promise in force of a year, as compare does, and computes it only
// where anything has changed. Nobody changes what is in it. It must not be called in a
// transaction that writes.
func (f *Flow) promiseOf(tx Tx, year int) (promised, bool, error) {
	stamp, err := f.stampOfAll(tx)
	if err != nil {
		return promised{}, false, err
	}
	x, err := f.compared.get(strconv.Itoa(year), stamp, f.Now(), func() (x comparedPromise, err error) {
		x.promised, x.ok, err = f.compare(tx, year)
		return x, err
	})
	return x.promised, x.ok, err
}

// compare compares the promise in force of a year with what has become of its
// visits; ok is false where nothing was promised for the year.
//
// A promise is to a customer: where the visit itself no longer stands and another
// one to the same customer does, the promise was moved. Until a plan has been
// published since, the promised plan itself is looked at: a draft that was shown
// is not broken by the plan that it is to replace.
func (f *Flow) compare(tx Tx, year int) (p promised, ok bool, err error) {
	all, err := tx.Promises.ByYear(year)
	if err != nil || len(all) == 0 {
		return p, false, err
	}
	p.FrozenPromise = all[0]
	was, err := f.promisedVisits(tx, p.ID)
	if err != nil {
		return p, false, err
	}
	if p.now, err = f.standingOf(tx, p.FrozenPromise); err != nil {
		return p, false, err
	}
	byID, byCustomer := make(map[string]*visit.Visit, len(was)), make(map[string]*visit.Visit, len(was))
	for _, y := range p.now {
		for _, v := range y.byDate() {
			byID[v.ID] = v
			if before := byCustomer[v.CustomerID]; before == nil || v.State.Stands() || !before.State.Stands() {
				byCustomer[v.CustomerID] = v
			}
		}
	}
	list := make([]coverage.Promise, len(was))
	p.Rows = make([]PromisedNow, len(was))
	var moved []string
	for i, w := range was {
		x := &list[i]
		x.Was = visit.Visit{ID: w.VisitID, CustomerID: w.CustomerID, ExecutiveID: w.ExecutiveID, Slot: w.Slot}
		if x.Is = byID[w.VisitID]; x.Is == nil || !x.Is.State.Stands() {
			first := x.Is
			if other := byCustomer[w.CustomerID]; first == nil || other.State.Stands() {
				x.Is = other
			}
			if first != nil && x.Is != first && first.Code == visit.ByCustomer {
				// Called off by the customer and given another visit: together a move of theirs.
				x.Steps = []visit.Step{{Code: visit.ByCustomer, Was: x.Was.Spot(), Is: x.Is.Spot()}}
			}
		}
		if p.Rows[i].Was = w; x.Is == nil {
			continue
		}
		if p.Rows[i].Is = *x.Is; x.Is.ExecutiveID != w.ExecutiveID || x.Is.Slot != w.Slot {
			moved = append(moved, x.Is.ID)
		}
	}
	steps, err := tx.Visits.Moves(moved...)
	if err != nil {
		return p, false, err
	}
	days := map[string]slot.Date{} // by zone: whether a visit is over does not hang on who looks
	for i := range list {
		x := &list[i]
		if x.Is != nil {
			d, known := days[x.Is.Zone]
			if !known {
				d = f.today(x.Is.Zone)
				days[x.Is.Zone] = d
			}
			x.Today = d
			for _, s := range steps[x.Is.ID] {
				if !s.At.Before(p.FrozenAt) {
					x.Steps = append(x.Steps, s)
				}
			}
		}
		p.Rows[i].Outcome = x.Outcome()
	}
	p.Kept = coverage.KeepCount(list)
	return p, true, nil
}

// standingOf gives the plans with whose visits a promise is compared.
func (f *Flow) standingOf(tx Tx, p FrozenPromise) ([]planYear, error) {
	plans, err := tx.Plans.ByYear(p.Year)
	if err != nil {
		return nil, err
	}
	since := slices.ContainsFunc(plans, func(x visit.Plan) bool {
		return x.State != visit.Draft && (x.ID == p.PlanID || !x.PublishedAt.Before(p.FrozenAt))
	})
	var out []planYear
	for _, x := range plans {
		if since && x.State == visit.Draft || !since && x.ID != p.PlanID {
			continue
		}
		y, err := f.planYear(tx, x)
		if err != nil {
			return nil, err
		}
		out = append(out, y)
	}
	return out, nil
}

// PromiseView is the promise of a year beside what was kept of it.
type PromiseView struct {
	FrozenPromise
	By        string // who froze it, by name
	Kept      coverage.Kept
	Rows      []PromisedNow     // by the date that was promised; of one outcome where that was asked for
	Customers map[string]string // id -> name, of the rows
	People    map[string]string // likewise
	Before    []FrozenPromise   // that it took the place of, newest first
	Plan      visit.Plan        // which page asks
	MayFreeze bool
	Today     slot.Date
}

// Promise gives the promise in force of a plan's year beside what was kept of it.
// only narrows the rows to one outcome, "" does not; the numbers are of all.
// Where nothing was promised yet, the view has no promise (ID is "").
func (f *Flow) Promise(ctx context.Context, a access.Actor, planID string, only coverage.Outcome) (PromiseView, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return PromiseView{}, err
	}
	if only != "" && !slices.Contains(coverage.Outcomes(), only) {
		return PromiseView{}, fault.Invalidf("This is not a kind of outcome.").With(fault.Detail{Where: "outcome", Value: fault.Short(string(only)), Expected: "held, moved_by_us, moved_by_customer, dropped, ahead or silent"})
	}
	return read(ctx, f, func(tx Tx) (PromiseView, error) {
		plan, err := tx.Plans.Get(planID)
		if err != nil {
			return PromiseView{}, err
		}
		v := PromiseView{Plan: plan, Today: f.todayFor(a), MayFreeze: freezable(plan) == nil && access.Decide(a, access.PublishPlan, access.Subject{}).Allowed,
			Customers: map[string]string{}, People: map[string]string{}}
		p, ok, err := f.promiseOf(tx, plan.Year)
		if err != nil || !ok {
			return v, err
		}
		all, err := tx.Promises.ByYear(plan.Year)
		if err != nil {
			return v, err
		}
		v.FrozenPromise, v.Kept, v.Before = p.FrozenPromise, p.Kept, all[1:]
		var unknown []string
		for _, r := range p.Rows {
			if only != "" && r.Outcome != only {
				continue
			}
			v.Rows = append(v.Rows, r)
			id := r.Was.CustomerID
			for _, y := range p.now {
				if c, ok := y.customers[id]; ok {
					v.Customers[id] = c.Name
				}
			}
			if v.Customers[id] == "" {
				unknown = append(unknown, id)
			}
		}
		customers, err := customersByID(tx, unknown)
		if err != nil {
			return v, err
		}
		for id, c := range customers {
			v.Customers[id] = c.Name
		}
		people, err := everybody(tx)
		for id, x := range people {
			v.People[id] = x.Name
		}
		v.By = v.People[p.FrozenBy]
		return v, err
	})
}

// freezable says why a plan cannot be promised; nil where it can.
func freezable(p visit.Plan) error {
	switch {
	case p.State == visit.Superseded:
		return fault.Conflictf("A newer plan has taken this one's place. Promise that one.")
	case p.Assumes != "":
		return fault.Conflictf("This draft is a scenario: it assumes %s. Nobody can promise that.", p.Assumes)
	}
	return nil
}

// Frozen says what a freeze did.
type Frozen struct {
	PromiseID string `json:"promise"`
	Visits    int    `json:"visits"`
	Unchanged bool   `json:"unchanged"` // the promise in force says just this: nothing was done
}

// FreezePromise freezes a plan as the promise of its year. Where the year has one
// already, the new one takes its place and needs a reason; the old one is kept.
// Freezing the same visits again changes nothing. version is the one that somebody
// has looked at. Errors: Stale; Conflict for a superseded plan, a scenario or an
// empty one; Invalid without a reason.
func (f *Flow) FreezePromise(ctx context.Context, a access.Actor, k Key, planID string, version int, reason string) (Frozen, error) {
	if err := access.Require(a, access.PublishPlan, access.Subject{}); err != nil {
		return Frozen{}, err
	}
	reason, err := text("reason", reason, mostWords)
	if err != nil {
		return Frozen{}, err
	}
	return once(ctx, f, k, func(tx Tx) (Frozen, error) {
		p, err := tx.Plans.Get(planID)
		if err != nil {
			return Frozen{}, err
		}
		if err := freezable(p); err != nil {
			return Frozen{}, err
		}
		if p.Version != version {
			return Frozen{}, fault.Stalef("The plan has been changed meanwhile. Look at it again before you promise it.")
		}
		out, err := f.freezePromise(tx, a, p, reason)
		if err != nil {
			return out, err
		}
		return out, stillAs(tx, p)
	})
}

// stillAs is Stale where somebody has changed a plan between its reading and that of its
// visits, which see two states of the database where several write at once.
func stillAs(tx Tx, p visit.Plan) error {
	now, err := tx.Plans.Get(p.ID)
	if err == nil && now.Version != p.Version {
		err = fault.Stalef("The plan has been changed meanwhile. Look at it again.")
	}
	return err
}

// freezeFirst promises a plan that is published, where its year has no promise yet:
// what everybody is invited to is what was promised, also where nobody said so.
func (f *Flow) freezeFirst(tx Tx, a access.Actor, p visit.Plan) error {
	all, err := tx.Promises.ByYear(p.Year)
	if err != nil || len(all) > 0 {
		return err
	}
	_, err = f.freezePromise(tx, a, p, "")
	return err
}

func (f *Flow) freezePromise(tx Tx, a access.Actor, p visit.Plan, reason string) (Frozen, error) {
	visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, PlanID: p.ID, Bare: true})
	if err != nil {
		return Frozen{}, err
	}
	var rows []PromisedVisit
	for _, v := range visits {
		if v.State.Stands() {
			rows = append(rows, PromisedVisit{VisitID: v.ID, CustomerID: v.CustomerID, ExecutiveID: v.ExecutiveID, Slot: v.Slot, Stratum: v.Stratum, Group: v.Group})
		}
	}
	if len(rows) == 0 {
		return Frozen{}, fault.Conflictf("The plan has no visits to promise.")
	}
	all, err := tx.Promises.ByYear(p.Year)
	if err != nil {
		return Frozen{}, err
	}
	x := FrozenPromise{ID: f.NewID(), Year: p.Year, Nth: 1, PlanID: p.ID, PlanName: p.Name, FrozenAt: f.Now().UTC(), FrozenBy: a.PersonID}
	if len(all) > 0 {
		before, err := tx.Promises.Visits(all[0].ID)
		if err != nil {
			return Frozen{}, err
		}
		if samePromise(before, rows) {
			return Frozen{PromiseID: all[0].ID, Visits: len(rows), Unchanged: true}, nil
		}
		if reason == "" {
			return Frozen{}, fault.Invalidf("%d has a promise already. Say why another one takes its place.", p.Year).With(fault.Detail{Where: "reason", Expected: "a reason in a few words"})
		}
		x.Nth, x.Reason = all[0].Nth+1, reason
	}
	if err := tx.Promises.Freeze(x, rows); err != nil {
		return Frozen{}, err
	}
	out := Frozen{PromiseID: x.ID, Visits: len(rows)}
	return out, f.audit(tx, a, "freeze promise", "plan/"+p.ID, out)
}

// samePromise says whether two lists promise the same customers the same
// executives at the same time.
func samePromise(a, b []PromisedVisit) bool {
	type one struct {
		customer, executive string
		at                  slot.Slot
	}
	seen := map[one]int{}
	for _, v := range a {
		seen[one{v.CustomerID, v.ExecutiveID, v.Slot}]++
	}
	for _, v := range b {
		seen[one{v.CustomerID, v.ExecutiveID, v.Slot}]--
	}
	for _, n := range seen {
		if n != 0 {
			return false
		}
	}
	return len(a) == len(b)
}
