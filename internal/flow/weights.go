package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/visit"
)

// weightsSetting is the name under which the weights that differ are stored.
const weightsSetting = "planning weights"

// WeightRange gives the least and the most that a unit of a term may cost: from nothing
// to a hundred times the usual, so that no sum can overflow and a visit left out never
// costs nothing.
func WeightRange(t planning.Term) (least, most int64) {
	if t == planning.Unassigned {
		least = 1
	}
	return least, 100 * planning.DefaultWeights()[t]
}

// weightsOf gives the weights that differ from the usual ones; nil where none does.
func weightsOf(tx Tx) (map[planning.Term]int64, error) {
	s, err := tx.Ledger.Setting(weightsSetting)
	if err != nil || s == "" {
		return nil, err
	}
	var w map[planning.Term]int64
	return w, json.Unmarshal([]byte(s), &w)
}

// allWeights fills up with the usual weights.
func allWeights(differing map[planning.Term]int64) map[planning.Term]int64 {
	all := planning.DefaultWeights()
	maps.Copy(all, differing)
	return all
}

// PlanRules is what the planner weighs against each other, and what it came to in the
// plan that holds.
type PlanRules struct {
	Weights   map[planning.Term]int64 // of every term
	Plan      visit.Plan              // published, of this year or the next one; zero where there is none
	MayChange bool
}

// PlanRules gives the weights that the next run of the planner uses.
func (f *Flow) PlanRules(ctx context.Context, a access.Actor) (PlanRules, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return PlanRules{}, err
	}
	return read(ctx, f, func(tx Tx) (PlanRules, error) {
		differing, err := weightsOf(tx)
		if err != nil {
			return PlanRules{}, err
		}
		v := PlanRules{Weights: allWeights(differing), MayChange: access.Decide(a, access.SetPlanRules, access.Subject{}).Allowed}
		for year := f.todayFor(a).Year(); year <= f.todayFor(a).Year()+1; year++ {
			p, ok, err := livePlan(tx, year)
			if err != nil {
				return v, err
			}
			if ok {
				v.Plan = p
				break
			}
		}
		return v, nil
	})
}

// SetPlanRules changes weights; those that are not named stay. It holds for runs of the
// planner from now on, never for a plan that is there. Errors: Invalid for a term that
// does not exist, or a weight out of its range; Stale, where seen is PrintOf the weights
// that were looked at, "" where nobody has looked.
func (f *Flow) SetPlanRules(ctx context.Context, a access.Actor, weights map[planning.Term]int64, seen string) (PlanRules, error) {
	if err := access.Require(a, access.SetPlanRules, access.Subject{}); err != nil {
		return PlanRules{}, err
	}
	var bad []fault.Detail
	usual := planning.DefaultWeights()
	for _, t := range slices.Sorted(maps.Keys(weights)) {
		if _, ok := usual[t]; !ok {
			bad = append(bad, fault.Detail{Where: fault.Short(string(t)), Expected: fmt.Sprintf("one of %v", planning.Terms())})
			continue
		}
		if least, most := WeightRange(t); weights[t] < least || weights[t] > most {
			bad = append(bad, fault.Detail{Where: string(t), Value: fmt.Sprint(weights[t]), Expected: fmt.Sprintf("a whole number from %d to %d", least, most)})
		}
	}
	if len(bad) > 0 {
		return PlanRules{}, fault.Invalidf("The planner cannot weigh like this.").With(bad...)
	}
	err := f.Store.Write(ctx, func(tx Tx) error {
		differing, err := weightsOf(tx)
		if err != nil {
			return err
		}
		before := allWeights(differing)
		now, from, to := maps.Clone(before), map[planning.Term]int64{}, map[planning.Term]int64{}
		for t, w := range weights {
			if before[t] != w {
				now[t], from[t], to[t] = w, before[t], w
			}
		}
		if len(to) == 0 {
			return nil
		}
		if err := asSeen(seen, before, nil); err != nil {
			return err
		}
		maps.DeleteFunc(now, func(t planning.Term, w int64) bool { return w == usual[t] })
		b, err := json.Marshal(now)
		if err != nil {
			return err
		}
		if err := tx.Ledger.SetSetting(weightsSetting, string(b)); err != nil {
			return err
		}
		return f.audit(tx, a, "change planning weights", "settings/planning", map[string]any{"from": from, "to": to})
	})
	if err != nil {
		return PlanRules{}, err
	}
	return f.PlanRules(ctx, a)
}
