package flow

import (
	"slices"
	"time"

	"windshield/internal/access"
	"windshield/internal/alert"
	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// yearOf gives the days of a year.
func yearOf(year int) slot.Interval {
	return slot.Interval{Start: slot.MakeDate(year, time.January, 1), End: slot.MakeDate(year, time.December, 31)}
}

// ask is what a planning problem is made of, beside what the store says.
type ask struct {
	selection Selection
	ids       []string // of the selection's customers, in its order
	customers map[string]roster.Customer
	people    []roster.Person
	scenario  Scenario
	base      *planning.Problem // what the plan in question was made for: cross-section and targets stay as they were; nil: as the selection now deals them
	asked     *known            // a plan that is asked about, in which visits may move although their executives have accepted them; nil: a whole plan is made
}

// known is a plan that is asked about, with what is known of it already.
type known struct {
	planID string
	bare   bool              // of the visits only what tells where they stand is wanted, for whoever does not write them
	base   *planning.Problem // what the plan was made for; nil: not read yet
	around *draft            // whom it is made for; nil: not read yet
	met    *met              // who was met before; nil: nobody keeps it
	taken  *taken            // what calendars say; nil: nobody keeps it
	visits []visit.Visit     // of the plan, once they are read
}

// compile makes the planning problem of a selection from today's roster: of what
// is left of the year, for the customers who have not been visited in it.
// It also gives where visits stand that somebody has said yes to and nobody has pinned.
func (f *Flow) compile(tx Tx, in ask) (*planning.Problem, map[string]planning.Place, error) {
	s := in.selection
	horizon := yearOf(s.Year)
	if horizon.Start = max(horizon.Start, f.today("UTC")); horizon.Start > horizon.End {
		return nil, nil, fault.Invalidf("The year %d is over: nothing of it can be planned any more.", s.Year)
	}
	absences, err := absencesByPerson(tx)
	if err != nil {
		return nil, nil, err
	}
	d := planning.Draft{Horizon: horizon, Rules: planning.StandardRules(), Hosts: map[string][]slot.Interval{},
		Current: map[string]planning.Place{}, Pinned: map[string]planning.Place{}, Excludes: map[string][]string{},
		Calendar: func(country string) (slot.WorkCalendar, error) { return slot.CountryCalendar(country, s.Year) }}
	// A visit on the 31st day ends a breach that began that morning: plan for the
	// day before.
	d.Rules.MaxGapDays = alert.MaxGapDays - 1
	fiscal, err := fiscalOf(tx)
	if err != nil {
		return nil, nil, err
	}
	// The days on which a visit needs a reason are those that a plan keeps free.
	d.Rules.Crunch = planning.Crunches(horizon, fiscal.Start, fiscal.Days)
	last, this, err := metBy(tx, horizon.Start, in.asked)
	if err != nil {
		return nil, nil, err
	}
	st, err := f.standing(tx, s.Year, &d, in.asked)
	if err != nil {
		return nil, nil, err
	}
	book, err := f.busyBookOf(tx, in.asked)
	if err != nil {
		return nil, nil, err
	}
	if d.Busy, err = book.halfDays(in.people, horizon, st.live); err != nil {
		return nil, nil, err
	}
	if in.asked == nil { // a whole plan is made; where one visit is asked about, what is taken is the answer
		keepPlaces(&d, st)
	}
	taken, err := tx.Bookings.OfOtherYears(s.Year, horizon)
	if err != nil {
		return nil, nil, err
	}
	for _, b := range taken { // by visits that people moved into this year
		absences[b.PersonID] = append(absences[b.PersonID], slot.Interval{Start: b.Slot.Date, End: b.Slot.Date})
	}
	for _, p := range in.people {
		away := absences[p.ID]
		// What lies behind us cannot be planned any more, nor can tomorrow.
		if today := f.todayOf(p); today.Add(1) >= horizon.Start {
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
	d.Customers = make([]roster.Customer, 0, len(in.ids))
	for _, id := range in.ids {
		if st.visited[id] == "" {
			d.Customers = append(d.Customers, in.customers[id])
		}
	}
	if len(d.Customers) == 0 {
		return nil, nil, fault.Invalidf("All customers of this selection have been visited in %d already.", s.Year)
	}
	if in.base == nil {
		if err := hearAll(tx, s, &d); err != nil {
			return nil, nil, err
		}
	}
	in.scenario.apply(&d)
	going := map[string]bool{}
	for _, e := range d.Executives {
		going[e.ID] = true
	}
	for id := range st.accepted {
		if !going[d.Pinned[id].Executive] { // an answer of somebody who has left binds nobody
			delete(d.Pinned, id)
		}
	}
	p, err := planning.Compile(d)
	if err != nil {
		return nil, nil, err
	}
	for _, x := range in.people {
		p.Names[x.ID] = x.Name // hosts too
	}
	if p.Weights, err = weightsOf(tx); err != nil {
		return nil, nil, err
	}
	if in.base != nil {
		asPlanned(p, in.base, st.visited)
	}
	if in.asked == nil {
		loosen(p, st.accepted)
	}
	return p, st.yes, nil
}

// met is what metBy has given, with what it hangs on.
type met struct {
	held, roster int64 // stamps of the outcomes of visits, and of people: how long they are with us counts
	before       slot.Date
	last         map[string]slot.Date
	this         map[string]int
}

// metBy gives by executive the last visit before a day that counts, and how many took
// place in the year of that day. Whoever asks about a plan again and again may keep it
// until another outcome is written: to read a year of visits takes longer than all else.
func metBy(tx Tx, before slot.Date, asked *known) (last map[string]slot.Date, this map[string]int, err error) {
	if asked != nil && asked.met != nil {
		if asked.met.before == before {
			return asked.met.last, asked.met.this, nil
		}
		defer func() {
			asked.met.before, asked.met.last, asked.met.this = before, last, this
		}()
	}
	last, this = map[string]slot.Date{}, map[string]int{}
	latest, err := tx.Sums.Latest(before, nil)
	for _, v := range latest {
		last[v.ExecutiveID] = v.Slot.Date
	}
	if start := yearOf(before.Year()).Start; err == nil && start < before {
		var held []visit.Visit
		held, _, err = tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, States: []visit.State{visit.Held, visit.Debriefed}, From: start, To: before.Add(-1), Bare: true})
		for _, v := range held {
			this[v.ExecutiveID]++
		}
	}
	return last, this, err
}

// asPlanned gives a problem the weights, the cross-section and the targets with which a plan
// was made, so that its visits are priced as they were. What has been visited since
// then no longer counts to anybody's target.
func asPlanned(p, base *planning.Problem, visited map[string]string) {
	p.Dimensions, p.Weights = base.Dimensions, base.Weights
	values := make(map[string]map[string]string, len(base.Customers))
	for i := range base.Customers {
		values[base.Customers[i].ID] = base.Customers[i].Values
	}
	for i := range p.Customers {
		if v, ok := values[p.Customers[i].ID]; ok {
			p.Customers[i].Values = v
		}
	}
	done := map[string]int{}
	for i := range base.Visits {
		done[visited[base.Visits[i].Customer]]++
	}
	targets := make(map[string]int, len(base.Executives))
	for i := range base.Executives {
		targets[base.Executives[i].ID] = base.Executives[i].TargetVisits
	}
	for i := range p.Executives {
		if n, ok := targets[p.Executives[i].ID]; ok {
			p.Executives[i].TargetVisits = max(1, n-done[p.Executives[i].ID])
		}
	}
}

// loosen turns the pins that no plan can keep into places that cost to leave,
// where nobody has pinned the visit on purpose: who has accepted a day and falls
// ill on it is planned anew. Other pins that clash are for people to mend.
func loosen(p *planning.Problem, accepted map[string]bool) {
	for range p.Visits {
		pins := planning.NewSolution(p, nil, nil)
		for i := range p.Visits {
			if at := p.Visits[i].Pinned; at != nil {
				pins.Assignments = append(pins.Assignments, planning.Assignment{Visit: p.Visits[i].ID, Executive: at.Executive, Date: at.Date, Half: at.Half})
			}
		}
		free := map[string]bool{}
		for _, x := range planning.Check(p, pins).Violations {
			for _, id := range slices.Backward(x.Visits) {
				if accepted[id] {
					free[id] = true
					break
				}
			}
		}
		if len(free) == 0 {
			return
		}
		for i := range p.Visits {
			if v := &p.Visits[i]; free[v.ID] {
				v.Current, v.Pinned = v.Pinned, nil
			}
		}
	}
}

// standings says how the visits of a year's published plan stand.
type standings struct {
	visited  map[string]string         // customers whose visit is settled, with the executive
	accepted map[string]bool           // customers whose visit the executive has accepted, and nobody has pinned
	yes      map[string]planning.Place // where these stand
	live     []*visit.Visit            // that stand and may still move
}

// standing tells the planner where the visits of the year's published plan
// stand: what is settled is a fact and its customer visited, what is pinned or
// accepted stays, the others cost to move, and who has declined a customer is not
// asked again.
func (f *Flow) standing(tx Tx, year int, d *planning.Draft, asked *known) (standings, error) {
	st := standings{visited: map[string]string{}, accepted: map[string]bool{}, yes: map[string]planning.Place{}}
	plans, err := tx.Plans.ByYear(year)
	if err != nil {
		return st, err
	}
	for _, p := range plans {
		if p.State == visit.Draft {
			continue
		}
		var visits []visit.Visit
		if asked != nil && asked.planID == p.ID {
			visits = asked.visits
		} else if visits, _, err = tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, PlanID: p.ID, Bare: true}); err != nil {
			return st, err
		}
		st.live = slices.Grow(st.live, len(visits))
		for i := range visits {
			v := &visits[i]
			settled := f.settled(*v)
			if v.State.Live() && !settled {
				st.live = append(st.live, v)
			}
			at := planning.Place{Executive: v.ExecutiveID, Date: v.Slot.Date, Half: v.Slot.Half}
			switch {
			case settled:
				st.visited[v.CustomerID] = v.ExecutiveID
			case v.State.Live() && v.Pinned:
				d.Pinned[v.CustomerID] = at
			case v.State.Live() && (v.Answer == visit.Accepted || v.State.Promised()):
				if st.yes[v.CustomerID] = at; asked != nil {
					d.Current[v.CustomerID] = at
					break
				}
				d.Pinned[v.CustomerID] = at
				st.accepted[v.CustomerID] = true
			case v.State.Live():
				d.Current[v.CustomerID] = at
			case v.State == visit.Declined:
				d.Excludes[v.CustomerID] = append(d.Excludes[v.CustomerID], v.ExecutiveID)
			}
		}
	}
	return st, nil
}

// settled says whether a visit took place, should have, or is so near that
// nobody may move it any more: today and tomorrow are not planned again, unless
// somebody has said that nobody met.
func (f *Flow) settled(v visit.Visit) bool {
	return v.State.Happened() || v.State.Live() && v.Slot.Date <= f.today(v.Zone).Add(1)
}
