package flow

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/visit"
)

// AcceptedYear says what accepting a year did, and how far the plan has come.
type AcceptedYear struct {
	PlanID      string `json:"plan"`
	ExecutiveID string `json:"executive"`
	Visits      int    `json:"visits"`
	Accepted    int    `json:"accepted"`   // executives who have accepted their year as it stands
	Executives  int    `json:"executives"` // who have a year in the plan
	Unchanged   bool   `json:"unchanged"`  // it had been accepted just so: nothing was done
}

// AcceptYear accepts all visits of an executive in a plan in one step: the
// executive, their assistant, or the VP in the meeting on their behalf, who is
// recorded. version is the plan's, and mark says which visits were looked at
// (YearState.Mark; "" where nobody has). Accepting the same visits again changes
// nothing. Each invitation still waits for its own answer, since an answer holds a
// visit in place and this does not.
//
// Errors: Stale where the plan or the visits have changed; Conflict for a
// superseded plan, a scenario, or somebody without visits.
func (f *Flow) AcceptYear(ctx context.Context, a access.Actor, k Key, planID, executiveID string, version int, mark string) (AcceptedYear, error) {
	if executiveID == "" {
		executiveID = a.PersonID
	}
	if err := access.Require(a, access.AcceptYear, access.Subject{ExecutiveID: executiveID}); err != nil {
		return AcceptedYear{}, err
	}
	return once(ctx, f, k, func(tx Tx) (AcceptedYear, error) {
		p, err := tx.Plans.Get(planID)
		if err != nil {
			return AcceptedYear{}, err
		}
		who, err := tx.People.Get(executiveID)
		if err != nil {
			return AcceptedYear{}, err
		}
		switch {
		case !who.Has(roster.Executive):
			return AcceptedYear{}, fault.NotFoundf("There is no such executive.")
		case p.State == visit.Superseded:
			return AcceptedYear{}, fault.Conflictf("A newer plan has taken this one's place. Accept that one.")
		case p.Assumes != "":
			return AcceptedYear{}, fault.Conflictf("This draft is a scenario: it assumes %s. It is not for accepting.", p.Assumes)
		}
		visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, PlanID: planID, ExecutiveID: executiveID, Bare: true})
		if err != nil {
			return AcceptedYear{}, err
		}
		x := YearAcceptance{PlanID: planID, ExecutiveID: executiveID, Year: p.Year, At: f.Now().UTC(), By: a.PersonID}
		if x.Visits, x.Mark = markOf(visits); x.Visits == 0 {
			return AcceptedYear{}, fault.Conflictf("%s has no visits in this plan to accept.", who.Name)
		}
		out := AcceptedYear{PlanID: planID, ExecutiveID: executiveID, Visits: x.Visits}
		before, err := acceptedIn(tx, p)
		if err != nil {
			return out, err
		}
		if old := before[executiveID]; old.PlanID == planID && old.Mark == x.Mark {
			out.Unchanged = true
			return f.countAccepted(tx, p, out)
		}
		if p.Version != version || mark != "" && mark != x.Mark {
			return out, fault.Stalef("The visits of %s have been changed meanwhile. Look at the year again before it is accepted.", who.Name)
		}
		if err := stillAs(tx, p); err != nil {
			return out, err
		}
		if err := tx.Promises.Accept(x); err != nil {
			return out, err
		}
		if out, err = f.countAccepted(tx, p, out); err != nil {
			return out, err
		}
		return out, f.audit(tx, a, "accept year", "plan/"+planID, map[string]any{"executive": executiveID, "visits": x.Visits, "behalf": a.PersonID != executiveID})
	})
}

// countAccepted counts who has accepted their year in a plan.
func (f *Flow) countAccepted(tx Tx, p visit.Plan, out AcceptedYear) (AcceptedYear, error) {
	visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, PlanID: p.ID, Bare: true})
	if err != nil {
		return out, err
	}
	years, err := yearsOf(tx, p, visits)
	out.Accepted, out.Executives = countYears(years), len(years)
	return out, err
}

// YearsView says who has accepted their year in a plan.
type YearsView struct {
	Plan     visit.Plan
	Years    []YearState // by name
	Accepted int
}

// Years says who has accepted their year in a plan.
func (f *Flow) Years(ctx context.Context, a access.Actor, planID string) (YearsView, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return YearsView{}, err
	}
	return read(ctx, f, func(tx Tx) (YearsView, error) {
		p, err := tx.Plans.Get(planID)
		if err != nil {
			return YearsView{}, err
		}
		visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, PlanID: planID, Bare: true})
		if err != nil {
			return YearsView{}, err
		}
		years, err := yearsOf(tx, p, visits)
		return YearsView{p, years, countYears(years)}, err
	})
}

// acceptedIn gives who has accepted, by executive: this plan, or else another plan
// of its year, so that a new draft of the same visits is accepted already.
func acceptedIn(tx Tx, p visit.Plan) (map[string]YearAcceptance, error) {
	all, err := tx.Promises.Accepted(p.Year)
	if err != nil {
		return nil, err
	}
	out := map[string]YearAcceptance{}
	for _, x := range all { // oldest first
		if out[x.ExecutiveID].PlanID != p.ID || x.PlanID == p.ID {
			out[x.ExecutiveID] = x
		}
	}
	return out, nil
}

// yearsOf says of every executive with visits in a plan whether they have accepted
// them, by name. Who is no executive any more is left out.
func yearsOf(tx Tx, p visit.Plan, visits []visit.Visit) ([]YearState, error) {
	people, err := everybody(tx)
	if err != nil {
		return nil, err
	}
	accepted, err := acceptedIn(tx, p)
	if err != nil {
		return nil, err
	}
	return yearStates(p, visits, people, accepted), nil
}

func yearStates(p visit.Plan, visits []visit.Visit, people map[string]roster.Person, accepted map[string]YearAcceptance) []YearState {
	theirs := map[string][]visit.Visit{}
	for _, v := range visits {
		if v.State.Stands() && people[v.ExecutiveID].Has(roster.Executive) {
			theirs[v.ExecutiveID] = append(theirs[v.ExecutiveID], v)
		}
	}
	for id, x := range accepted {
		if x.PlanID == p.ID && theirs[id] == nil && people[id].Has(roster.Executive) {
			theirs[id] = []visit.Visit{} // accepted visits that are all gone
		}
	}
	out := make([]YearState, 0, len(theirs))
	for id, list := range theirs {
		y := YearState{ExecutiveID: id, Name: people[id].Name, Standing: YearOpen}
		y.Visits, y.Mark = markOf(list)
		for _, v := range list {
			if q := quarterOf(p, v); q < len(y.Quarters) {
				y.Quarters[q]++
			}
		}
		if x, ok := accepted[id]; ok {
			if y.Standing, y.At = YearAccepted, x.At; x.Mark != y.Mark {
				y.Standing = YearChanged
			}
			if x.By != id {
				y.By = people[x.By].Name
			}
		}
		out = append(out, y)
	}
	slices.SortFunc(out, func(a, b YearState) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ExecutiveID, b.ExecutiveID))
	})
	return out
}

// quarterOf gives in which quarter of a plan's horizon a visit lies, from 0.
func quarterOf(p visit.Plan, v visit.Visit) int {
	first, at := p.Horizon.Start, v.Slot.Date
	months := 12*(at.Year()-first.Year()) + int(at.Month()-first.Month())
	return max(0, months) / 3
}

func countYears(years []YearState) int {
	n := 0
	for _, y := range years {
		if y.Standing == YearAccepted {
			n++
		}
	}
	return n
}

// markOf gives how many visits stand in a year, and their fingerprint: whom and
// when. Hours, hosts and answers may change without the year becoming another one.
func markOf(visits []visit.Visit) (n int, mark string) {
	var all []string
	for _, v := range visits {
		if v.State.Stands() {
			all = append(all, fmt.Sprintf("%s %s %s", v.CustomerID, v.Slot.Date, v.Slot.Half))
		}
	}
	slices.Sort(all)
	h := sha256.Sum256([]byte(strings.Join(all, "\n")))
	return len(all), hex.EncodeToString(h[:8])
}
