package flow

import (
	"context"
	"slices"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/visit"
)

// moverOf guesses who is behind a move that somebody makes, for forms to begin with:
// an executive who asked for it, whoever acts for the executive, or the host. The
// customer is never guessed: what is said of customers counts against the promise.
func moverOf(a access.Actor, v visit.Visit) visit.Code {
	switch {
	case v.Asked != "", a.PersonID == v.ExecutiveID, slices.Contains(a.Serves, v.ExecutiveID):
		return visit.NoExecutive
	case a.PersonID == v.HostID && v.HostID != "":
		return visit.NoHost
	}
	return ""
}

// blame says who caused changes: of the visit that was meant. Those that move with it
// to make room move because of us, unless all go the same way by whole weeks.
func blame(changes []PlanChange, because visit.Code) {
	for i := range changes {
		if changes[i].Because = ""; i == 0 || together(changes) {
			changes[i].Because = because
		}
	}
}

// together says whether all changes go on by the same number of whole weeks.
func together(changes []PlanChange) bool {
	by := 0
	for i, c := range changes {
		if c.From == nil || c.To == nil || c.From.Executive != c.To.Executive || c.From.Half != c.To.Half {
			return false
		}
		n := c.To.Date.Sub(c.From.Date)
		if n%7 != 0 || i > 0 && n != by {
			return false
		}
		by = n
	}
	return true
}

// SayWhoMoved says afterwards who caused a move of the published plan, one of
// visit.MoveCodes or "" for us: a drag asks nothing, and the promise page compares who
// moved what. For those who may change the plan. Errors: Conflict for what is no move,
// was taken back, or is of a draft, of which nobody was told; Stale where the visit
// has moved on since.
func (f *Flow) SayWhoMoved(ctx context.Context, a access.Actor, planID, stepID string, because visit.Code) (PlanStepView, error) {
	if err := access.Require(a, access.MakePlan, access.Subject{}); err != nil {
		return PlanStepView{}, err
	}
	because, err := visit.ParseMoveCode(string(because))
	if err != nil {
		return PlanStepView{}, err
	}
	err = f.Store.Write(ctx, func(tx Tx) error {
		p, s, err := stepOf(tx, planID, stepID)
		if err != nil {
			return err
		}
		if err := mayChange(a, p); err != nil {
			return err
		}
		if !s.explains(p) {
			return fault.Conflictf("Only a move in the published plan has somebody who caused it, as long as it was not taken back.")
		}
		blame(s.Changes, because)
		for _, c := range s.Changes {
			if c.From == nil || c.To == nil {
				continue
			}
			if err := sayWhy(tx, s, c); err != nil {
				return err
			}
		}
		if err := tx.PlanSteps.Rewrite(s); err != nil {
			return err
		}
		return f.audit(tx, a, "say who moved", "plan/"+planID, map[string]any{"step": s.N, "because": because})
	})
	if err != nil {
		return PlanStepView{}, err
	}
	steps, err := f.PlanSteps(ctx, a, planID)
	for _, s := range steps {
		if s.ID == stepID {
			return s, err
		}
	}
	return PlanStepView{}, err
}

// stepOf reads a step with its plan; NotFound where it is another plan's.
func stepOf(tx Tx, planID, stepID string) (visit.Plan, PlanStep, error) {
	p, err := tx.Plans.Get(planID)
	if err != nil {
		return p, PlanStep{}, err
	}
	s, err := tx.PlanSteps.Get(stepID)
	if err == nil && s.PlanID != planID {
		err = fault.NotFoundf("There is no such change of a plan.")
	}
	return p, s, err
}

// explains says whether somebody can be said to have caused the step: it moved a visit
// that people know of.
func (s PlanStep) explains(p visit.Plan) bool {
	return p.State == visit.Live && !s.At.Before(p.PublishedAt) && s.Undoes == "" && s.UndoneBy == "" && s.Pin() == nil &&
		slices.ContainsFunc(s.Changes, func(c PlanChange) bool { return c.From != nil && c.To != nil })
}

// sayWhy writes who caused a change of a step into the history of its visit. The visit
// may stand where the step put it because the calendar has brought it there since: that
// is another move.
func sayWhy(tx Tx, s PlanStep, c PlanChange) error {
	v, err := standing(tx, s.PlanID, c.CustomerID)
	if err != nil {
		return err
	}
	moves, err := tx.Visits.Moves(v.ID)
	if err != nil {
		return err
	}
	all := moves[v.ID]
	if v.ID == "" || len(all) == 0 || v.ExecutiveID != c.To.Executive || v.Slot != c.To.Slot() || !s.made(c, all[len(all)-1]) {
		return fault.Stalef("The visit has been moved since. Say it of the last move.")
	}
	because := c.Because
	if because == "" {
		because = visit.PlanChanged
	}
	return tx.Visits.SayWhy(v.ID, all[len(all)-1].At, because)
}

// made says whether a move of a visit is what the step did to it. A step is written a
// moment after the moves that it made, or by older programs a moment before.
func (s PlanStep) made(c PlanChange, m visit.Step) bool {
	return m.Was.ExecutiveID == c.From.Executive && m.Was.Slot == c.From.Slot() && !m.At.After(s.At.Add(time.Second))
}

// standing gives the visit of a plan that stands at a customer; zero where none does.
func standing(tx Tx, planID, customerID string) (visit.Visit, error) {
	all, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, PlanID: planID, CustomerID: customerID, States: append(visit.LiveStates(), visit.Proposed)})
	if err != nil || len(all) == 0 {
		return visit.Visit{}, err
	}
	return all[0], nil
}
