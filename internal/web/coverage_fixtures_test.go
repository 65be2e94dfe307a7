package web_test

import (
	"context"

	"windshield/internal/access"
	"windshield/internal/alert"
	"windshield/internal/coverage"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/insight"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// coverInput is what the numbers of the story are made of.
func (s *story) coverInput(period slot.Interval) coverage.Input {
	if period.Start.IsZero() {
		period = slot.Interval{Start: s.today.Add(-364), End: s.today}
	}
	return coverage.Input{AsOf: s.now, Today: s.today, Period: period, People: s.watched(), Visits: s.visits, Groups: s.coverGroups()}
}

func (s *story) openAlerts(r coverage.Report) map[string]flow.OpenAlert {
	out := map[string]flow.OpenAlert{}
	for i, p := range r.People {
		if p.Overdue && i < 4 {
			out[p.ID] = flow.OpenAlert{Alert: flow.Alert{PersonID: p.ID, Breach: p.Last.Add(31), Open: true, RaisedAt: s.now}, Rungs: []flow.ToldRung{{PersonID: p.ID, Rung: alert.ToVP, At: s.now}}}
		}
	}
	return out
}

func (s *story) Coverage(_ context.Context, _ access.Actor, q flow.CoverageQuery) (flow.CoverageView, error) {
	if q.Region != "" && q.Region != "NY" {
		return flow.CoverageView{}, fault.Invalidf("No executive has an office in this region.").With(fault.Detail{Where: "region", Value: q.Region})
	}
	in := s.coverInput(q.Period)
	v := flow.CoverageView{Groups: s.groups, Period: in.Period, Report: coverage.Compute(in), Ladder: alert.UsualLadder(), Region: q.Region, Regions: []string{"CA", "NY", s.nameOf("WA")}, PerWeek: 6, AllClaims: 2,
		Mix: coverage.Mix{Visits: 30, Early: 12, Late: 4, Unknown: 5, QuarterEnd: 7}, Kept: coverage.Kept{Promised: 40, Held: 20, Ahead: 10, MovedByUs: 6, Dropped: 4}, Promised: flow.FrozenPromise{ID: "p", PlanID: s.plan.ID}}
	v.Open = s.openAlerts(v.Report)
	one := flow.CoverageClaim{Backing: 1, Groups: 1}
	one.Text, one.ID, one.Evidence = s.nameOf("The new portal confuses buyers"), uuidOf(9, 1), insight.Evidence{Newest: s.today.Add(-3), Grade: "anecdote"}
	many := flow.CoverageClaim{Backing: 14, Groups: 5}
	many.Text, many.ID, many.Evidence = s.nameOf("Lead time beats price"), uuidOf(9, 2), insight.Evidence{Newest: s.today.Add(-400), Grade: "broad", Denying: 2}
	v.Claims = []flow.CoverageClaim{many, one}
	return v, s.failing("coverage")
}

func (s *story) CoveragePeople(_ context.Context, _ access.Actor, q flow.PeopleQuery) (flow.CoveragePeopleView, error) {
	v := flow.CoveragePeopleView{Report: coverage.Compute(s.coverInput(slot.Interval{})), Region: q.Region, Regions: []string{"NY", "WA"}, Count: map[flow.Standing]int{flow.StandsOver: 2}, More: true}
	v.Shown, v.Open = len(v.Report.People), s.openAlerts(v.Report)
	return v, s.failing("coverage people")
}

func (s *story) CoveragePerson(_ context.Context, _ access.Actor, id string) (flow.CoveragePersonView, error) {
	p := s.person(id)
	if p.ID == "" && id != "none" && len(s.people) > 0 { // a small story has fewer people
		p = s.people[0]
	}
	if p.ID == "" || len(s.watched()) == 0 {
		return flow.CoveragePersonView{}, fault.NotFoundf("There is no such executive.")
	}
	r := coverage.Compute(s.coverInput(slot.Interval{}))
	v := flow.CoveragePersonView{Executive: p, Row: r.People[0], Months: r.Months, Others: true, Clock: alert.Status{PersonID: id, Running: true, Days: 40, Overdue: true, Last: s.today.Add(-40), Breach: s.today.Add(-9), Today: s.today},
		Ledger:   []flow.LedgerLine{{Entry: alert.Entry{VisitID: "v", Date: s.today.Add(-40), Counts: true}, Customer: s.nameOf("Acme")}, {Entry: alert.Entry{VisitID: "w", Date: s.today.Add(-50), WhyNot: visit.MetOnline.Says()}, Customer: s.nameOf("Zig")}},
		Spells:   []alert.Spell{{First: s.today.Add(-9), Last: s.today, Lasts: true}},
		Warnings: []flow.KeptWarning{{Warned: alert.Warned{PersonID: id, Ahead: 14}, Reason: s.nameOf("30 days are passed.")}},
		Ways:     []flow.Way{{Text: s.nameOf("Bring the visit forward."), Path: "/visits/v"}, {Text: s.nameOf("Visit a customer nearby.")}}, Mix: coverage.Mix{Visits: 8, Early: 2, Unknown: 3, QuarterEnd: 1}}
	open := flow.AlertView{Alert: flow.Alert{PersonID: id, Breach: s.today.Add(-9), Open: true, Note: s.nameOf("On it.")}, Person: p, NotedBy: s.nameOf("Ana")}
	v.Alert, v.Past = &open, []flow.AlertView{{Alert: flow.Alert{Breach: s.today.Add(-200), Reason: s.nameOf("The visit ended it.")}}}
	return v, s.failing("coverage person")
}

func (s *story) CoverageGroups(_ context.Context, _ access.Actor, period slot.Interval) (flow.CoverageGroupsView, error) {
	in := s.coverInput(period)
	return flow.CoverageGroupsView{Report: coverage.Compute(in), Groups: s.groups, Period: in.Period,
		Behind: []alert.Lag{{Tally: alert.Tally{Group: alert.Group{Dimension: "region", Code: "North", Label: s.nameOf("North")}, Due: 10, Held: 5}, Missing: 5, Reason: s.nameOf("North: 5 of 10 visits due were held and count.")}}}, s.failing("coverage groups")
}

func (s *story) CoverageGroup(_ context.Context, _ access.Actor, code string, period slot.Interval) (flow.CoverageGroupView, error) {
	in := s.coverInput(period)
	for _, g := range coverage.Compute(in).Groups {
		if g.Code == code {
			return flow.CoverageGroupView{GroupRow: g, Period: in.Period, Today: s.today, Total: 30,
				Heard:   []flow.GroupCustomer{{CustomerSum: flow.CustomerSum{CustomerID: "c", Visits: 2, Last: s.today.Add(-3)}, Name: s.nameOf("Acme")}},
				Unheard: []flow.GroupCustomer{{CustomerSum: flow.CustomerSum{CustomerID: "d", Next: s.today.Add(9)}, Name: s.nameOf("Zig"), City: "Bern"}}, More: true}, nil
		}
	}
	return flow.CoverageGroupView{}, fault.NotFoundf("The selection has no such group.")
}

func (s *story) CoverageRows(_ context.Context, _ access.Actor, q flow.RowsQuery) (flow.CoverageRowsView, error) {
	v := flow.CoverageRowsView{All: 120, Customers: 2, More: q.Page == 0, Period: q.Period, Today: s.today}
	if q.ExecutiveID != "" {
		v.Executive = s.person(q.ExecutiveID)
	}
	for _, x := range s.visits[:min(3, len(s.visits))] {
		v.Rows = append(v.Rows, flow.CountedVisit{Visit: x, Customer: s.nameOf("Acme"), Executive: s.nameOf("Ana"), Stage: s.nameOf("Research"), WhyNot: "the host was not there"})
	}
	return v, s.failing("coverage rows")
}

func (s *story) PromiseNow(context.Context, access.Actor) (flow.FrozenPromise, error) {
	return flow.FrozenPromise{ID: "p", PlanID: s.plan.ID}, s.failing("coverage kept")
}
