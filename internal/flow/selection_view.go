package flow

import (
	"cmp"
	"context"
	"slices"
	"time"

	"windshield/internal/access"
	"windshield/internal/sampling"
	"windshield/internal/visit"
)

// SelectionView is a selection as it stands.
type SelectionView struct {
	Selection
	AsOf      time.Time          // of the visits and people in it
	Frame     Frame              // zero for selections from before frames were kept
	Rows      []Chosen           // who was drawn, took over or came by hand; by stratum, cell and rank
	Names     map[string]string  // customer id -> name
	Groups    []Group            // the strata with their colours
	Distance  sampling.Distance  // of the visits as drawn from the population, by strata
	Weighted  sampling.Distance  // of those for whom they stand
	Precision sampling.Precision // of the visits as drawn
	Next      []NextVisits       // where 100 more visits would go
	Changes   []SelectionChange  // what people did after the draw, in order
	Effects   []sampling.Effect  // of the changes by hand on the weights
	Responses sampling.Responses
	Stands    int         // customers to be visited as things stand
	Draws     []Selection // all of the year, newest first
	Plan      visit.Plan  // the published plan of the selection, else its newest draft; zero where there is none
	Behind    int         // visits of the plan that do not fit the selection any more, and customers it lacks
	TeamList  TeamList    // zero where none was brought
}

// ChosenState says how a customer came into a selection, or left it.
type ChosenState string

const (
	ChosenDrawn    ChosenState = "drawn"
	ChosenTookOver ChosenState = "took_over" // the next in the cell of a customer who refused
	ChosenByHand   ChosenState = "by_hand"
	ChosenRefused  ChosenState = "refused"
	ChosenRemoved  ChosenState = "removed" // by hand
)

// Chosen is a customer who is in a selection, or was.
type Chosen struct {
	SelectionRow             // with the weight as it stands
	State        ChosenState // the last thing that happened
	Stands       bool        // is to be visited
	Code         string      // why it refused
	Reason       string      // why somebody changed it by hand, or more about a refusal
	Other        string      // id of the customer that it took over from, or that took over from it
	Visit        visit.Visit // in the plan; zero where there is none
}

// Selection gives a selection as it stands, with the customers of it.
func (f *Flow) Selection(ctx context.Context, a access.Actor, id string) (SelectionView, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return SelectionView{}, err
	}
	return read(ctx, f, func(tx Tx) (SelectionView, error) {
		s, err := tx.Selections.Get(id)
		if err != nil {
			return SelectionView{}, err
		}
		stamp, err := stampOf(tx, s)
		if err != nil {
			return SelectionView{}, err
		}
		return f.selections.get(id, stamp, f.Now(), func() (SelectionView, error) {
			x, err := stateOf(tx, s, false)
			if err != nil {
				return SelectionView{}, err
			}
			return f.selectionView(tx, x)
		})
	})
}

func (f *Flow) selectionView(tx Tx, x *selectionState) (SelectionView, error) {
	s := x.selection
	v := SelectionView{Selection: s, AsOf: f.Now().UTC(), Names: map[string]string{}, Groups: groupsOf(s), Changes: x.changes, Effects: x.effects,
		Responses: sampling.Respond(x.adjusted, x.replaced), Next: nextOf(s.Strata, s.NextVisits), Precision: sampling.PrecisionOf(s.Strata)}
	_, v.Distance, v.Weighted = sampling.Lines(s.Strata, nil)
	var err error
	if s.FrameID != "" {
		if v.Frame, err = tx.Frames.Get(s.FrameID); err != nil {
			return v, err
		}
		if err := hideSeed(tx, &v.Frame); err != nil {
			return v, err
		}
	}
	if v.Draws, err = tx.Selections.ByYear(s.Year); err != nil {
		return v, err
	}
	if v.TeamList, err = teamListOf(tx, s.ID); err != nil {
		return v, err
	}
	var visits []visit.Visit
	if v.Plan, visits, err = planOf(tx, s); err != nil {
		return v, err
	}
	v.Rows = x.chosen()
	for _, c := range v.Rows {
		if c.Stands {
			v.Stands++
		}
	}
	v.Behind = v.place(visits)
	var ids []string
	for _, c := range v.Rows {
		ids = append(ids, c.CustomerID)
	}
	customers, err := customersByID(tx, ids)
	for id, c := range customers {
		v.Names[id] = c.Name
	}
	return v, err
}

// chosen lists everybody who is in the selection, or was.
func (x *selectionState) chosen() []Chosen {
	list := map[string]*Chosen{}
	add := func(id string, state ChosenState) *Chosen {
		if list[id] == nil {
			list[id] = &Chosen{SelectionRow: x.byID[id]}
		}
		list[id].State, list[id].Stands = state, state != ChosenRefused && state != ChosenRemoved
		return list[id]
	}
	weights := map[string]float64{}
	for _, r := range x.adjusted.Rows {
		weights[r.ID] = r.Weight
		if x.byID[r.ID].Taken {
			add(r.ID, ChosenDrawn)
		}
		if r.ByHand != "" {
			add(r.ID, map[sampling.Kind]ChosenState{sampling.Added: ChosenByHand, sampling.Removed: ChosenRemoved}[r.ByHand])
		}
	}
	for _, r := range x.replaced {
		gone := add(r.Refused, ChosenRefused)
		gone.Code = r.Code
		if r.By != "" {
			next := add(r.By, ChosenTookOver)
			gone.Other, next.Other = next.CustomerID, gone.CustomerID
			weights[r.By] = weights[r.Refused]
		}
	}
	out := make([]Chosen, 0, len(list))
	for id, c := range list {
		c.Weight = weights[id]
		out = append(out, *c)
	}
	for _, change := range x.changes {
		for i := range out {
			if out[i].CustomerID == change.CustomerID {
				out[i].Reason = change.Reason
			}
		}
	}
	slices.SortFunc(out, func(a, b Chosen) int { return byStratum(a.SelectionRow, b.SelectionRow) })
	return out
}

// planOf gives the plan that was made of a selection, with its visits: the
// published one, else the newest.
func planOf(tx Tx, s Selection) (visit.Plan, []visit.Visit, error) {
	plans, err := tx.Plans.ByYear(s.Year)
	if err != nil {
		return visit.Plan{}, nil, err
	}
	plans = slices.DeleteFunc(plans, func(p visit.Plan) bool { return p.SelectionID != s.ID || p.State == visit.Superseded })
	if len(plans) == 0 {
		return visit.Plan{}, nil, nil
	}
	slices.SortStableFunc(plans, func(a, b visit.Plan) int {
		live := map[visit.PlanState]int{visit.Live: 0, visit.Draft: 1}
		return cmp.Compare(live[a.State], live[b.State])
	})
	visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, PlanID: plans[0].ID})
	return plans[0], visits, err
}

// stands says whether a visit is still to take place, or took place.
func stands(v visit.Visit) bool {
	return v.State.Stands()
}

// place puts the visits of the plan beside the customers, and counts what the
// plan does not know yet: a visit to somebody who is out, and somebody who came
// in since and has no visit, unless the planner looked for a place and found none.
func (v *SelectionView) place(visits []visit.Visit) (behind int) {
	at := map[string]visit.Visit{}
	for _, x := range visits {
		if stands(x) {
			at[x.CustomerID] = x
		}
	}
	tried := map[string]bool{}
	for _, u := range v.Plan.Unassigned {
		tried[u.CustomerID] = true
	}
	for i := range v.Rows {
		c := &v.Rows[i]
		x, planned := at[c.CustomerID]
		c.Visit = x
		since := c.State != ChosenDrawn
		if v.Plan.ID != "" && since && (planned && !c.Stands && !x.State.Happened() || !planned && c.Stands && !tried[c.CustomerID]) {
			behind++
		}
	}
	return behind
}
