package flow

import (
	"context"
	"fmt"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/visit"
)

// mostScenarios bounds how many are planned beside the base.
const mostScenarios = 5

// ScenariosInput is what the VP wants to see side by side.
type ScenariosInput struct {
	Base      PlanInput       // the selection, seed and time for all; its scenario is that of the base, mostly none
	Scenarios []ScenarioInput // 1..5
}

// ScenarioInput is one scenario beside the base.
type ScenarioInput struct {
	Name        string // "" becomes what it assumes
	SelectionID string // another budget of visits: another selection of the year; "" is the base's
	Scenario    Scenario
}

// ScenarioSet is a base and its scenarios, each a run that ends in a draft.
type ScenarioSet struct {
	ID        string
	Selection Selection // of the base
	Columns   []ScenarioColumn
}

// ScenarioColumn is one of them.
type ScenarioColumn struct {
	Run       Run
	Selection Selection
	Visits    int    // that have a place; once done
	LiveMoved int    // visits of the published plan that would move
	State     string // of its plan; "" while there is none
}

// StartScenarios plans a year several times side by side, from one base and each
// with something assumed otherwise. The drafts that come of it touch nothing.
func (f *Flow) StartScenarios(ctx context.Context, a access.Actor, k Key, in ScenariosInput) (ScenarioSet, error) {
	if err := access.Require(a, access.MakePlan, access.Subject{}); err != nil {
		return ScenarioSet{}, err
	}
	runs, err := in.plan()
	if err != nil {
		return ScenarioSet{}, err
	}
	id, err := once(ctx, f, k, func(tx Tx) (string, error) {
		base, err := tx.Selections.Get(in.Base.SelectionID)
		if err != nil {
			return "", err
		}
		set := f.NewID()
		for i, x := range runs {
			s, err := tx.Selections.Get(x.SelectionID)
			if err != nil {
				return "", err
			}
			if s.Year != base.Year {
				return "", fault.Invalidf("Scenarios are compared within one year.").With(fault.Detail{
					Where: "selection", Value: s.Name, Expected: fmt.Sprintf("a selection for %d", base.Year)})
			}
			r := Run{ID: f.NewID(), PlanName: fmt.Sprintf("%d: %s", base.Year, x.Name), SetID: set, Nth: i}
			if err := f.queueRun(tx, a, &r, x); err != nil {
				return "", err
			}
		}
		return set, nil
	})
	if err != nil {
		return ScenarioSet{}, err
	}
	return f.Scenarios(ctx, a, id)
}

// plan gives what each run of the set is asked, the base first.
func (in ScenariosInput) plan() ([]PlanInput, error) {
	if n := len(in.Scenarios); n == 0 || n > mostScenarios {
		return nil, fault.Invalidf("These scenarios cannot be planned.").With(fault.Detail{
			Where: "scenarios", Value: fmt.Sprint(n), Expected: fmt.Sprintf("1 to %d scenarios beside the base", mostScenarios)})
	}
	base := in.Base
	base.Name = "as it is"
	if s := base.Scenario.String(); s != "" {
		base.Name = s
	}
	if _, err := base.check(); err != nil {
		return nil, err
	}
	all := []PlanInput{base}
	for i, s := range in.Scenarios {
		x := in.Base
		x.Scenario = s.Scenario
		if s.SelectionID != "" {
			x.SelectionID = s.SelectionID
		}
		if x.Name = s.Name; x.Name == "" {
			x.Name = s.Scenario.String()
		}
		if x.Name == "" {
			x.Name = fmt.Sprintf("scenario %d", i+1)
			if x.SelectionID != in.Base.SelectionID {
				x.Name = "another selection"
			}
		}
		if s.Scenario.String() == "" && x.SelectionID == in.Base.SelectionID {
			return nil, fault.Invalidf("Scenario %d is no other than the base.", i+1).With(fault.Detail{
				Where: fmt.Sprintf("scenarios/%d", i), Expected: "something assumed otherwise", Mend: "Change a limit, the longest gap, the targets or the selection."})
		}
		name, err := x.check()
		if err != nil {
			return nil, err
		}
		x.Name = name
		all = append(all, x)
	}
	return all, nil
}

// Scenarios gives a set of scenarios, as far as they are.
func (f *Flow) Scenarios(ctx context.Context, a access.Actor, id string) (ScenarioSet, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return ScenarioSet{}, err
	}
	return read(ctx, f, func(tx Tx) (ScenarioSet, error) {
		runs, err := tx.Runs.OfSet(id)
		if err == nil && len(runs) == 0 {
			err = fault.NotFoundf("There are no such scenarios.")
		}
		if err != nil {
			return ScenarioSet{}, err
		}
		set := ScenarioSet{ID: id}
		for _, r := range runs {
			c := ScenarioColumn{Run: r, LiveMoved: int(r.Cost[string(planning.Moved)])}
			if c.Selection, err = tx.Selections.Get(r.SelectionID); err != nil {
				return set, err
			}
			if r.PlanID != "" {
				p, err := tx.Plans.Get(r.PlanID)
				if err != nil {
					return set, err
				}
				placed, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, PlanID: p.ID, States: append([]visit.State{visit.Proposed, visit.Held, visit.Debriefed}, visit.LiveStates()...)})
				if err != nil {
					return set, err
				}
				c.Visits, c.State = len(placed), string(p.State)
			}
			set.Columns = append(set.Columns, c)
		}
		set.Selection = set.Columns[0].Selection
		return set, nil
	})
}
