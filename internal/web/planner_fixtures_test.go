package web_test

import (
	"context"
	"fmt"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/planning"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// ---- explaining and comparing

// places gives two places of the story's year.
func (s *story) places() (a, b *planning.Place) {
	return &planning.Place{Executive: uuidOf(1, 0), Date: slot.MakeDate(2027, 7, 6), Half: slot.AM},
		&planning.Place{Executive: uuidOf(1, 1), Date: slot.MakeDate(2027, 7, 20), Half: slot.PM}
}

func (s *story) proposal(n int) flow.Proposal {
	a, b := s.places()
	return flow.Proposal{Text: s.nameOf(fmt.Sprintf("Bjorn Abara on Tue %d Jul, afternoon: 210 more km of travel, inside the customer's window.", n)),
		Price:   map[string]int64{"travel_km": int64(210 + n), "out_of_window": -1, "moved": 1, "total": int64(3210 + n)},
		Changes: []flow.PlanChange{{CustomerID: uuidOf(4, 3), From: a, To: b}}, Calendars: []string{s.nameOf("Amara Abara"), s.nameOf("Bjorn Abara")}}
}

// Explain knows the customer 3 with a visit, 1 without a place, and any other as settled.
func (s *story) Explain(_ context.Context, a access.Actor, planID, customerID string, places int) (flow.Explanation, error) {
	x := flow.Explanation{Plan: s.plan, Customer: s.cust(customerID)}
	if planID != s.plan.ID || x.Customer.ID == "" {
		return x, fault.NotFoundf("This plan has no visit to this customer.")
	}
	for _, v := range s.visits {
		if v.CustomerID == customerID {
			x.Visit = v
		}
	}
	switch customerID {
	case uuidOf(4, 1):
		x.Text = s.nameOf("Every executive who may see Castro Foods 1001 has declined this visit.")
	case uuidOf(4, 3):
		x.Stands, x.Pinned, x.Text, x.Stuck = true, true, s.nameOf("A trip of its own, 40 km from home."), s.nameOf("Amara Abara is away on Tue 6 Jul.")
		x.Reason = planning.Reason{Assigned: true, HomeKM: 40, LegKM: 40, GapBefore: 12, GapAfter: 1}
		for n := range 4 {
			x.Executives, x.Weeks = append(x.Executives, s.proposal(n)), append(x.Weeks, s.proposal(n+10))
		}
		for n := range places {
			if a.Has(roster.VP) {
				x.Places = append(x.Places, s.proposal(n))
			}
		}
	default:
		x.Stands, x.Settled, x.Text = true, true, x.Visit.Why
	}
	return x, s.failing("explain")
}

func (s *story) LetIn(_ context.Context, _ access.Actor, _, customerID string) (flow.LeftOut, error) {
	_, b := s.places()
	change := []flow.PlanChange{{CustomerID: customerID, To: b}}
	price := map[string]int64{"unassigned": -1, "travel_km": 40, "total": -999960}
	return flow.LeftOut{Plan: s.plan, Customer: s.cust(customerID), Text: s.nameOf("It would have a place with one more visit a week."), Ways: []flow.WayIn{
		{Text: s.nameOf("Amara Abara makes one more visit in the week of 19 Jul."), Price: price, Changes: change},
		{Text: s.nameOf("Another visit is left out instead."), Price: price, Changes: change, Ready: true},
	}}, s.failing("letin")
}

func (s *story) Attention(_ context.Context, _ access.Actor, planID string) (flow.Attention, error) {
	if planID != s.plan.ID {
		return flow.Attention{}, fault.NotFoundf("There is no such plan.")
	}
	x := flow.Attention{Plan: s.plan}
	for i, c := range s.customers {
		n := flow.Needy{CustomerID: c.ID, Customer: c.Name, Reason: s.nameOf("Declined: “Board week”")}
		switch {
		case i > 0 && i < 3:
			x.LeftOut = append(x.LeftOut, n)
		case i == 3:
			x.Stuck = append(x.Stuck, n)
		case i == 4:
			x.Outside = append(x.Outside, n)
		}
	}
	return x, s.failing("attention")
}

func (s *story) Rearrange(_ context.Context, _ access.Actor, k flow.Key, planID string, changes []flow.PlanChange) (flow.Rearranged, error) {
	return flow.Rearranged{PlanID: planID}, s.change("rearrange", planID, len(changes), changes[0].CustomerID, k.Key, changes[0].Because)
}

func (s *story) Compare(_ context.Context, _ access.Actor, a, b string) (flow.Comparison, error) {
	if b != uuidOf(5, 3) {
		return flow.Comparison{}, fault.Conflictf("These are plans of different years, 2027 and 2028.")
	}
	other := s.plan
	other.ID, other.Name, other.Assumes = b, s.nameOf("Plan 2027: more"), "1 visit more a week per executive"
	x := flow.Comparison{A: s.plan, B: other, Names: map[string]string{}, Moved: 2, Notes: []string{s.nameOf("Plan 2027: more is a scenario.")}}
	pair := func(a, b int64) planning.Pair[int64] { return planning.Pair[int64]{A: a, B: b} }
	for i, t := range append(planning.Terms(), planning.Total) {
		x.Terms = append(x.Terms, planning.TermPair{Term: t, Counts: pair(int64(i*900), int64(i*850)), Costs: pair(int64(i*9000), int64(i*8500))})
	}
	for _, p := range s.people {
		x.Names[p.ID] = p.Name
		if p.Has(roster.Executive) {
			x.Executives = append(x.Executives, planning.ExecutivePair{Executive: p.ID, Pair: planning.Pair[planning.Share]{A: planning.Share{Visits: 12, KM: 4100}, B: planning.Share{Visits: 12, KM: 3900, OverdueDays: 2}}})
		}
	}
	for i, g := range s.groups {
		x.Strata = append(x.Strata, flow.StratumPair{Code: g.Code, Label: g.Label, Visits: planning.Pair[int]{A: 20 + i, B: 20}})
	}
	from, to := s.places()
	for i, c := range s.customers {
		x.Names[c.ID] = c.Name
		d := planning.Difference{Visit: c.ID, Customer: c.ID, How: planning.OtherBoth, A: from, B: to}
		switch i % 3 {
		case 1:
			d.How, d.A = planning.Added, nil
		case 2:
			d.How, d.B = planning.Dropped, nil
		}
		x.Differences = append(x.Differences, d)
	}
	return x, s.failing("compare")
}

func (s *story) StartScenarios(_ context.Context, _ access.Actor, k flow.Key, in flow.ScenariosInput) (flow.ScenarioSet, error) {
	return flow.ScenarioSet{ID: uuidOf(9, 1)}, s.change("start scenarios", in.Base.SelectionID, in.Base.Seconds, in.Scenarios, k.Key)
}

func (s *story) Scenarios(context.Context, access.Actor, string) (flow.ScenarioSet, error) {
	set := flow.ScenarioSet{ID: uuidOf(9, 1), Selection: s.selectionOf()}
	for i, sc := range []flow.Scenario{{}, {PerWeek: 1, PerMonth: 2}, {MaxGapDays: 20}} {
		c := flow.ScenarioColumn{Run: s.runOf(), Selection: s.selectionOf()}
		c.Run.ID, c.Run.Scenario, c.Run.SetID, c.Run.PlanName = uuidOf(8, i+1), sc, set.ID, s.nameOf(fmt.Sprintf("2027: scenario %d", i))
		if i < 2 {
			c.Run.PlanID, c.Run.State, c.Visits, c.State = s.plan.ID, flow.Done, 230, string(visit.Draft)
			c.Run.Cost = map[string]int64{"unassigned": int64(i), "travel_km": int64(120340 - i), "total": int64(120340 + i)}
		}
		set.Columns = append(set.Columns, c)
	}
	return set, s.failing("scenarios")
}

func (s *story) RunFile(_ context.Context, _ access.Actor, _ string, kind flow.RunFile) ([]byte, error) {
	return []byte(`{"format":"windshield.` + string(kind) + `/1"}`), s.failing("file")
}

func (s *story) BringSolution(_ context.Context, _ access.Actor, k flow.Key, runID, name string, data []byte) (flow.Run, error) {
	return s.runOf(), s.change("bring", runID, name, string(data), k.Key)
}
