package flow

import (
	"bytes"
	"maps"
	"slices"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// table is a plan as it stands now, laid out for questions and changes. Its
// problem is compiled anew: who has fallen ill since it was planned, whose window
// has moved and who has declined, all that shows.
type table struct {
	plan visit.Plan
	*draft
	visits   map[string]visit.Visit    // by customer: the visit that stands, or else the latest that does not
	places   map[string]planning.Place // of the visits that stand and may still move
	stuck    map[string]string         // customers whose visit stands where it cannot stay, with why
	left     map[string]bool           // customers with a visit here who have left the selection since
	solution *planning.Solution        // the others: a feasible plan
	told     *planning.Explainer       // of problem and solution, or of those before
	held     bool                      // pins and what people have said yes to stand in it
	base     *planning.Problem         // what the plan was made for; nil where that was not kept
	fiscal   visit.Fiscal              // of a published plan: what is put at a quarter's end needs a reason
}

// thinkers is how many questions about plans are answered at the same time: each
// takes a processor for as long as it lasts.
const thinkers = 4

// think takes a place for a question, or asks to come back.
func (f *Flow) think() (done func(), err error) {
	select {
	case f.thinking <- struct{}{}:
		return func() { <-f.thinking }, nil
	default:
		return nil, fault.Temporaryf("Other questions about plans are being answered right now. Please try again in a moment.")
	}
}

// layOut reads a plan and compiles its problem, in which visits may move although their
// executives have accepted them.
func (f *Flow) layOut(tx Tx, in known) (*table, error) {
	p, err := tx.Plans.Get(in.planID)
	if err != nil {
		return nil, err
	}
	if p.State == visit.Superseded {
		return nil, fault.Conflictf("A newer plan has taken this one's place. Look at that one.")
	}
	r, err := tx.Runs.OfPlan(in.planID)
	if fault.Is(err, fault.NotFound) {
		r, err = Run{SelectionID: p.SelectionID}, nil
	}
	if err != nil {
		return nil, err
	}
	if in.base == nil {
		if in.base, err = problemOf(tx, r.ID); err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
	}
	var all planYear
	if in.bare {
		all, err = f.planYear(tx, p)
	} else {
		all.all, _, err = tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, PlanID: in.planID})
	}
	if err != nil {
		return nil, err
	}
	in.visits = all.all
	t := &table{plan: p, base: in.base, visits: make(map[string]visit.Visit, len(in.visits)), places: map[string]planning.Place{}, stuck: map[string]string{}, left: map[string]bool{}}
	if t.draft, err = f.draftOf(tx, r, in.base, &in); err != nil {
		return nil, err
	}
	for _, v := range in.visits {
		before, known := t.visits[v.CustomerID]
		if !known || v.State.Open() || !before.State.Open() && before.Slot.Before(v.Slot) {
			t.visits[v.CustomerID] = v
		}
	}
	if err := f.findLeft(tx, t); err != nil {
		return nil, err
	}
	for _, w := range t.problem.Visits {
		if v, ok := t.visits[w.ID]; ok && v.State.Open() {
			t.places[w.ID] = planning.Place{Executive: v.ExecutiveID, Date: v.Slot.Date, Half: v.Slot.Half}
		}
	}
	t.pinDrafted()
	t.settle()
	if p.State == visit.Live {
		t.fiscal, err = fiscalOf(tx)
	}
	return t, err
}

// findLeft finds whose customers have left the selection since the plan was made,
// and reads what they are called.
func (f *Flow) findLeft(tx Tx, t *table) error {
	var unread []string
	for id, v := range t.visits {
		if _, chosen := t.rows[id]; !chosen {
			t.left[id] = !f.settled(v)
			if _, known := t.customers[id]; !known {
				unread = append(unread, id)
			}
		}
	}
	if len(unread) == 0 {
		return nil
	}
	gone, err := customersByID(tx, unread)
	if err != nil {
		return err
	}
	t.customers, t.names = maps.Clone(t.customers), maps.Clone(t.names) // others may be reading those that were there before
	maps.Copy(t.customers, gone)
	maps.Copy(t.names, namesOf(nil, gone))
	return nil
}

// problemOf reads the problem of a run; nil and NotFound where it has kept none.
func problemOf(tx Tx, runID string) (*planning.Problem, error) {
	data, err := tx.Runs.File(runID, ProblemFile)
	if err != nil {
		return nil, err
	}
	return planning.ReadProblem(bytes.NewReader(data))
}

// yes gives where the visits stand that their executives have accepted, or their
// customers agreed to, but for those of the customers in free.
func (t *table) yes(free ...string) map[string]planning.Place {
	out := map[string]planning.Place{}
	for id, at := range t.accepted {
		if t.places[id] == at && !slices.Contains(free, id) {
			out[id] = at
		}
	}
	return out
}

// holding gives the plan with what somebody has said yes to bound as by a pin, but for
// the customers in free.
func (t *table) holding(free ...string) *table {
	x, bound, kept := t.binding(free)
	if t.held && kept { // to settle it anew would find the same stuck, and the same plan
		return x
	}
	x.stuck = map[string]string{}
	loosen(x.problem, bound)
	x.settle()
	return x
}

// binding gives a copy of the plan in which pins bind what somebody has said yes to, but
// for the customers in free, with whom they bind and whether all of these stand there.
func (t *table) binding(free []string) (_ *table, bound map[string]bool, kept bool) {
	x, d, p := *t, *t.draft, *t.problem
	x.draft, d.problem, p.Visits = &d, &p, slices.Clone(p.Visits)
	going := map[string]bool{}
	for i := range p.Executives {
		going[p.Executives[i].ID] = true
	}
	bound, kept = map[string]bool{}, true
	for i := range p.Visits {
		w := &p.Visits[i]
		if at, ok := t.accepted[w.ID]; ok && w.Pinned == nil && going[at.Executive] && !slices.Contains(free, w.ID) {
			_, out := t.stuck[w.ID]
			kept = kept && !out && t.places[w.ID] == at
			w.Pinned, w.Current, bound[w.ID] = &at, nil, true
		}
	}
	return &x, bound, kept
}

// settle finds what cannot stay, one visit per broken rule, until the rest is a
// feasible plan. A pin that cannot be kept binds no longer: the visit is stuck.
func (t *table) settle() {
	standing := make(map[string]planning.Place, len(t.places))
	pins := map[string]*planning.Visit{}
	for i := range t.problem.Visits {
		w := &t.problem.Visits[i]
		if at, ok := t.places[w.ID]; ok {
			standing[w.ID] = at
		}
		if w.Pinned != nil {
			pins[w.ID] = w
		}
	}
	yes := t.yes()
	t.held = true
	for range 2*len(t.problem.Visits) + 1 {
		t.solution = planning.NewSolution(t.problem, standing, nil)
		var verdict planning.Verdict
		if verdict, t.told = planning.Examine(t.problem, t.solution); verdict.Feasible {
			t.solution.Cost = verdict.Cost
			return
		}
		gone := map[string]bool{} // in this round
		for _, x := range verdict.Violations {
			if slices.ContainsFunc(x.Visits, func(id string) bool { return gone[id] }) {
				continue // perhaps it is kept by now
			}
			id := victim(x.Visits, standing, pins, yes)
			gone[id] = true
			if _, kept := yes[id]; kept || pins[id] != nil {
				t.held = false
			}
			if w := pins[id]; w != nil {
				w.Current, w.Pinned = w.Pinned, nil
				delete(pins, id)
			}
			if _, there := standing[id]; there {
				t.stuck[id] = t.names.in(x.Reason)
				delete(standing, id)
			}
		}
	}
	t.held = false
}

// reason says why a visit stands where it does in the solution, or has no place in it.
func (t *table) reason(customerID string) planning.Reason {
	if !t.told.Explains(t.problem, t.solution) { // what somebody has said yes to binds, say
		_, t.told = planning.Examine(t.problem, t.solution)
	}
	return t.told.Of(customerID)
}

// victim chooses who leaves where visits break a rule together: the last that nobody
// has said yes to, else the last that no pin holds, else the last.
func victim(visits []string, standing map[string]planning.Place, pins map[string]*planning.Visit, yes map[string]planning.Place) string {
	for _, keep := range []map[string]planning.Place{yes, nil} {
		for _, id := range slices.Backward(visits) {
			_, there := standing[id]
			if _, kept := keep[id]; there && !kept && pins[id] == nil {
				return id
			}
		}
	}
	if len(visits) == 0 {
		return ""
	}
	return visits[len(visits)-1]
}

// leftSelection is what is said of a visit that nobody wants any more.
const leftSelection = "This customer is no longer in the selection. Plan again: the new plan leaves the visit out."

// wants says whether a customer's visit can still be planned, and why not.
func (t *table) wants(customerID string) error {
	if slices.ContainsFunc(t.problem.Visits, func(w planning.Visit) bool { return w.ID == customerID }) {
		return nil
	}
	if t.left[customerID] {
		return fault.Conflictf(leftSelection)
	}
	if _, ok := t.visits[customerID]; ok {
		return fault.Conflictf("This visit has taken place, or is so near that nobody moves it any more.")
	}
	return fault.NotFoundf("This plan has no visit to this customer.")
}

// missed gives the customers whose visits stand outside of their windows, and did
// not when the plan was made: their windows have moved since.
func (t *table) missed() map[string]bool {
	if t.base == nil {
		return nil
	}
	before := make(map[string][]slot.Interval, len(t.base.Customers))
	for i := range t.base.Customers {
		before[t.base.Customers[i].ID] = t.base.Customers[i].Windows
	}
	outside := func(windows []slot.Interval, d slot.Date) bool { return len(windows) > 0 && !slot.In(d, windows) }
	out := map[string]bool{}
	for i := range t.problem.Customers {
		c := &t.problem.Customers[i]
		at, stands := t.places[c.ID]
		was, known := before[c.ID]
		if stands && known && outside(c.Windows, at.Date) && !outside(was, at.Date) {
			out[c.ID] = true
		}
	}
	return out
}
