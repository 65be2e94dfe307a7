package flow

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
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
	people, err := everybody(tx)
	if err != nil {
		return out, err
	}
	accepted, err := acceptedIn(tx, p)
	years := yearStates(p, visits, people, accepted)
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
		y, err := f.planYear(tx, p)
		if err != nil {
			return YearsView{}, err
		}
		people, err := everybody(tx)
		if err != nil {
			return YearsView{}, err
		}
		years, err := y.years(tx, p, people)
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

// ownYear is what is accepted of an executive's visits in a plan: those that stand.
type ownYear struct {
	visits   int
	quarters [4]int
	mark     string
}

func ownYearOf(p visit.Plan, visits []visit.Visit) (y ownYear) {
	y.visits, y.mark = markOf(visits)
	for i := range visits {
		if q := quarterOf(p, visits[i]); visits[i].State.Stands() && q < len(y.quarters) {
			y.quarters[q]++
		}
	}
	return y
}

// years says of every executive with visits in a plan whether they have accepted them,
// by name. Who is no executive any more is left out.
func (y planYear) years(tx Tx, p visit.Plan, people map[string]roster.Person) ([]YearState, error) {
	accepted, err := acceptedIn(tx, p)
	if err != nil {
		return nil, err
	}
	own := make(map[string]ownYear, len(y.own))
	for id, x := range y.own {
		own[id] = x.year
	}
	return standingYears(p, own, people, accepted), nil
}

// yearStates is planYear.years of visits that somebody has read already.
func yearStates(p visit.Plan, visits []visit.Visit, people map[string]roster.Person, accepted map[string]YearAcceptance) []YearState {
	theirs := map[string][]visit.Visit{}
	for _, v := range visits {
		theirs[v.ExecutiveID] = append(theirs[v.ExecutiveID], v)
	}
	own := make(map[string]ownYear, len(theirs))
	for id, list := range theirs {
		own[id] = ownYearOf(p, list)
	}
	return standingYears(p, own, people, accepted)
}

func standingYears(p visit.Plan, own map[string]ownYear, people map[string]roster.Person, accepted map[string]YearAcceptance) []YearState {
	out := make([]YearState, 0, len(own))
	add := func(id string, o ownYear) {
		y := YearState{ExecutiveID: id, Name: people[id].Name, Standing: YearOpen, Visits: o.visits, Quarters: o.quarters, Mark: o.mark}
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
	for id, o := range own {
		if o.visits > 0 && people[id].Has(roster.Executive) {
			add(id, o)
		}
	}
	for id, x := range accepted {
		if x.PlanID == p.ID && own[id].visits == 0 && people[id].Has(roster.Executive) {
			add(id, ownYearOf(p, nil)) // accepted visits that are all gone
		}
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
			all = append(all, v.CustomerID+" "+v.Slot.Date.String()+" "+string(v.Slot.Half))
		}
	}
	slices.Sort(all)
	h := sha256.Sum256([]byte(strings.Join(all, "\n")))
	return len(all), hex.EncodeToString(h[:8])
}
