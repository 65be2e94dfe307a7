package flow

import (
	"context"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/visit"
)

// PinVisit pins a visit to its executive and half-day, or takes the pin away. A
// pinned visit stays where it is when other visits are moved and, once it is
// published, when the year is planned again. In a draft whoever plans may pin, in
// the published plan whoever publishes. Pinning what is pinned changes nothing.
// Errors: Stale where the visit has changed since it was looked at; Conflict where
// nobody moves it any more anyway.
func (f *Flow) PinVisit(ctx context.Context, a access.Actor, visitID string, version int, pinned bool) (VisitView, error) {
	err := f.Store.Write(ctx, func(tx Tx) error {
		v, err := visible(tx, a, visitID)
		if err != nil {
			return err
		}
		if err := access.Require(a, pinAction(v), access.Subject{}); err != nil {
			return err
		}
		if v.Version != version {
			return staleVisit(v)
		}
		if !f.pinnable(v) {
			return fault.Conflictf("Only a visit that stands and is more than a day away can be pinned.")
		}
		if v.Pinned == pinned {
			return nil
		}
		_, err = f.setPin(tx, a, v, pinned, "")
		return err
	})
	if err != nil {
		return VisitView{}, err
	}
	return f.Visit(ctx, a, visitID)
}

// setPin pins a visit of a plan or takes its pin away, as a step that can be taken back
// itself. undoes is the step that it takes back, "" for others. The plan keeps its
// version: who stands where is as it was, and whoever looks at it has seen it right.
func (f *Flow) setPin(tx Tx, a access.Actor, v visit.Visit, pinned bool, undoes string) (Rearranged, error) {
	out := Rearranged{PlanID: v.PlanID, Visits: []string{v.ID}}
	v.Pinned = pinned
	if err := tx.Visits.Save(&v); err != nil {
		return out, err
	}
	what := "unpin visit"
	if pinned {
		what = "pin visit"
		if err := f.release(tx, v.ID); err != nil { // an invitation that waited because somebody is busy
			return out, err
		}
	}
	at := planning.Place{Executive: v.ExecutiveID, Date: v.Slot.Date, Half: v.Slot.Half}
	step := PlanStep{ID: f.NewID(), PlanID: v.PlanID, At: f.Now().UTC(), By: a.PersonID, Undoes: undoes,
		Changes: []PlanChange{{CustomerID: v.CustomerID, From: &at, To: &at, Pinned: &pinned}}}
	if err := tx.PlanSteps.Add(&step); err != nil {
		return out, err
	}
	out.Step = step.ID
	return out, f.audit(tx, a, what, "visit/"+v.ID, map[string]any{"executive": v.ExecutiveID, "slot": v.Slot.String()})
}

// undoPin takes back that a visit was pinned, or that its pin was taken away. Errors:
// Stale where the visit stands elsewhere by now, or somebody else has decided about
// its pin since; Conflict where nobody moves it any more anyway.
func (f *Flow) undoPin(tx Tx, a access.Actor, p visit.Plan, s PlanStep) (Rearranged, error) {
	if err := mayChange(a, p); err != nil {
		return Rearranged{}, err
	}
	c := s.Pin()
	v, err := standing(tx, p.ID, c.CustomerID)
	if err != nil {
		return Rearranged{}, err
	}
	if v.ID == "" || v.ExecutiveID != c.From.Executive || v.Slot != c.From.Slot() || v.Pinned != *c.Pinned {
		return Rearranged{}, fault.Stalef("The visit no longer stands there as this change left it. Look at it again.")
	}
	if !f.pinnable(v) {
		return Rearranged{}, fault.Conflictf("Only a visit that stands and is more than a day away can be pinned.")
	}
	return f.setPin(tx, a, v, !*c.Pinned, s.ID)
}

// pinAction gives what somebody must be allowed to do who pins a visit.
func pinAction(v visit.Visit) access.Action {
	if v.State == visit.Proposed {
		return access.MakePlan
	}
	return access.PublishPlan
}

// pinnable says whether a pin would mean anything.
func (f *Flow) pinnable(v visit.Visit) bool {
	return v.PlanID != "" && v.State.Open() && v.Slot.Date > f.today(v.Zone).Add(1)
}

// pinDrafted holds the pinned visits of a draft where they are: the year's
// published plan, which the problem was compiled from, knows nothing of them.
func (t *table) pinDrafted() {
	for i := range t.problem.Visits {
		w := &t.problem.Visits[i]
		if v, ok := t.visits[w.ID]; ok && v.State == visit.Proposed && v.Pinned {
			w.Current, w.Pinned = nil, &planning.Place{Executive: v.ExecutiveID, Date: v.Slot.Date, Half: v.Slot.Half}
		}
	}
}

// pinnedIn gives the customers whose visits of a year's published plan are pinned.
func pinnedIn(tx Tx, year int) (map[string]bool, error) {
	plans, err := tx.Plans.ByYear(year)
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, p := range plans {
		if p.State != visit.Live {
			continue
		}
		visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, PlanID: p.ID, States: visit.LiveStates()})
		if err != nil {
			return nil, err
		}
		for _, v := range visits {
			if v.Pinned {
				out[v.CustomerID] = true
			}
		}
	}
	return out, nil
}
