package flow

import (
	"context"
	"fmt"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/visit"
)

// Comparison sets two plans of a year side by side.
type Comparison struct {
	A, B visit.Plan
	planning.Comparison
	Names  map[string]string // of executives and customers, by id
	Strata []StratumPair     // by the reporting groups of the selections
	Moved  int               // visits that stand in both, but elsewhere
	Notes  []string          // what the reader must know, in sentences
}

// Called gives what A and B are called beside each other. All plans made from a selection
// have its name: then their states tell them apart, or which of them was made first.
func (c Comparison) Called() [2]string {
	a, b := c.A.Name, c.B.Name
	switch {
	case a != b:
		return [2]string{a, b}
	case c.A.State != c.B.State:
		return [2]string{a + " (" + string(c.A.State) + ")", b + " (" + string(c.B.State) + ")"}
	case c.A.CreatedAt.After(c.B.CreatedAt):
		return [2]string{a + " (newer)", b + " (older)"}
	}
	return [2]string{a + " (older)", b + " (newer)"}
}

// StratumPair compares how many visits to customers of a group stand.
type StratumPair struct {
	Code, Label string
	Visits      planning.Pair[int]
}

// side is one of two plans that are compared.
type side struct {
	plan      visit.Plan
	run       Run
	selection Selection
	problem   *planning.Problem
	visits    []visit.Visit // that stand
}

// Compare sets two plans of a year side by side: by term, executive and group,
// and every visit that stands differently. A draft is judged by the problem that
// it was made for, the published plan by the draft's, since part of its own year
// lies behind us. Conflict for plans of different years, and for one whose place
// a newer one has taken.
func (f *Flow) Compare(ctx context.Context, a access.Actor, planA, planB string) (Comparison, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return Comparison{}, err
	}
	if planA == planB {
		return Comparison{}, fault.Invalidf("A plan differs in nothing from itself. Choose two plans.")
	}
	done, err := f.think()
	if err != nil {
		return Comparison{}, err
	}
	defer done()
	var x, y side
	var n names
	err = f.Store.Read(ctx, func(tx Tx) error {
		if x, err = f.sideOf(tx, planA); err != nil {
			return err
		}
		if y, err = f.sideOf(tx, planB); err != nil {
			return err
		}
		n, err = namesIn(tx, x, y)
		return err
	})
	if err != nil {
		return Comparison{}, err
	}
	if x.plan.Year != y.plan.Year {
		return Comparison{}, fault.Conflictf("These are plans of different years, %d and %d.", x.plan.Year, y.plan.Year)
	}
	switch {
	case x.plan.State == visit.Live:
		x.problem = y.problem
	case y.plan.State == visit.Live:
		y.problem = x.problem
	}
	if x.problem == nil || y.problem == nil {
		return Comparison{}, fault.Conflictf("The problem that one of these plans was made for was not kept. Plan again, then compare.")
	}
	sx, sy := x.solution(), y.solution()
	out := Comparison{A: x.plan, B: y.plan, Comparison: planning.CompareAcross(x.problem, sx, y.problem, sy), Names: n, Strata: strata(x, y)}
	for _, d := range out.Differences {
		if d.A != nil && d.B != nil {
			out.Moved++
		}
	}
	for i, s := range []side{x, y} {
		name := out.Called()[i]
		if broken := len(planning.Check(s.problem, []*planning.Solution{sx, sy}[i]).Violations); broken > 0 {
			out.Notes = append(out.Notes, fmt.Sprintf("%s has %s that cannot stay as things are now.", name, a.Style.Many(broken, "place")))
		}
		if s.plan.Assumes != "" {
			out.Notes = append(out.Notes, fmt.Sprintf("%s is a scenario; it assumes %s.", name, s.plan.Assumes))
		}
	}
	return out, nil
}

// sideOf reads one plan; its problem is nil where none was kept.
func (f *Flow) sideOf(tx Tx, planID string) (s side, err error) {
	if s.plan, err = tx.Plans.Get(planID); err != nil {
		return s, err
	}
	if s.plan.State == visit.Superseded {
		return s, fault.Conflictf("A newer plan has taken the place of %s: its visits stand in that one now.", s.plan.Name)
	}
	if s.selection, err = tx.Selections.Get(s.plan.SelectionID); err != nil {
		return s, err
	}
	s.run, err = tx.Runs.OfPlan(planID)
	if err == nil {
		s.problem, err = problemOf(tx, s.run.ID)
	}
	if err != nil && !fault.Is(err, fault.NotFound) {
		return s, err
	}
	s.visits, _, err = tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, PlanID: planID, States: append(visit.LiveStates(), visit.Proposed)})
	return s, err
}

// namesIn gives the names of everybody in two plans.
func namesIn(tx Tx, sides ...side) (names, error) {
	people, err := tx.People.All()
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, s := range sides {
		for _, v := range s.visits {
			ids = append(ids, v.CustomerID)
		}
	}
	customers, err := customersByID(tx, ids)
	return namesOf(people, customers), err
}

// solution gives the plan as it stands now, as far as its problem knows of it.
func (s side) solution() *planning.Solution {
	places := map[string]planning.Place{}
	for _, v := range s.visits {
		places[v.CustomerID] = planning.Place{Executive: v.ExecutiveID, Date: v.Slot.Date, Half: v.Slot.Half}
	}
	return planning.NewSolution(s.problem, places, nil)
}

// strata counts the visits of two plans by group, in the order of the first.
func strata(a, b side) []StratumPair {
	var out []StratumPair
	at := map[string]int{}
	for _, s := range []side{a, b} {
		for _, st := range s.selection.Strata {
			if _, known := at[st.Code]; !known {
				at[st.Code] = len(out)
				out = append(out, StratumPair{Code: st.Code, Label: st.Label})
			}
		}
	}
	for _, v := range a.visits {
		if i, ok := at[v.Stratum]; ok {
			out[i].Visits.A++
		}
	}
	for _, v := range b.visits {
		if i, ok := at[v.Stratum]; ok {
			out[i].Visits.B++
		}
	}
	return out
}
