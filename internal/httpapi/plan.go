package httpapi

import (
	"context"

	"windshield/internal/coverage"
	"windshield/internal/flow"
	"windshield/internal/visit"
)

// StartPlan starts the planner.
func (a *API) StartPlan(ctx context.Context, r StartPlanRequestObject) (StartPlanResponseObject, error) {
	c := callOf(ctx)
	in := flow.PlanInput{SelectionID: r.Body.Selection, Name: value(r.Body.Name), Seed: seed(r.Body.Seed),
		Seconds: value(r.Body.Seconds), Iterations: value(r.Body.Iterations), Scenario: scenario(r.Body.Scenario)}
	run, err := a.flow.StartPlan(ctx, c.actor, c.key(r.Params.IdempotencyKey), in)
	if err != nil {
		return nil, err
	}
	return StartPlan202JSONResponse{Body: planRun(run), Headers: StartPlan202ResponseHeaders{Location: some("/api/v1/plan-runs/" + run.ID)}}, nil
}

// ListPlanRuns gives the newest runs.
func (a *API) ListPlanRuns(ctx context.Context, _ ListPlanRunsRequestObject) (ListPlanRunsResponseObject, error) {
	runs, err := a.flow.Runs(ctx, callOf(ctx).actor)
	if err != nil {
		return nil, err
	}
	return ListPlanRuns200JSONResponse{Items: list(runs, planRun)}, nil
}

// GetPlanRun gives a run with its progress.
func (a *API) GetPlanRun(ctx context.Context, r GetPlanRunRequestObject) (GetPlanRunResponseObject, error) {
	run, err := a.flow.Run(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return GetPlanRun200JSONResponse(planRun(run)), nil
}

// StopPlan asks a run to stop.
func (a *API) StopPlan(ctx context.Context, r StopPlanRequestObject) (StopPlanResponseObject, error) {
	run, err := a.flow.StopRun(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return StopPlan202JSONResponse(planRun(run)), nil
}

// CancelPlan throws a run away.
func (a *API) CancelPlan(ctx context.Context, r CancelPlanRequestObject) (CancelPlanResponseObject, error) {
	run, err := a.flow.CancelRun(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return CancelPlan200JSONResponse(planRun(run)), nil
}

// ListPlans gives plans, newest first.
func (a *API) ListPlans(ctx context.Context, r ListPlansRequestObject) (ListPlansResponseObject, error) {
	plans, err := a.flow.Plans(ctx, callOf(ctx).actor, value(r.Params.Year))
	if err != nil {
		return nil, err
	}
	return ListPlans200JSONResponse{Items: list(plans, func(p visit.Plan) Plan { return plan(p, nil) })}, nil
}

// GetPlan gives a plan with everybody's year.
func (a *API) GetPlan(ctx context.Context, r GetPlanRequestObject) (GetPlanResponseObject, error) {
	v, err := a.flow.Plan(ctx, callOf(ctx).actor, r.Id, planFilter(r.Params.Search, r.Params.Country, r.Params.Group))
	if err != nil {
		return nil, err
	}
	return GetPlan200JSONResponse{Body: planDetail(v), Headers: GetPlan200ResponseHeaders{ETag: some(etag(v.Plan.Version))}}, nil
}

// GetPublishedPlan gives the published plan of a year.
func (a *API) GetPublishedPlan(ctx context.Context, r GetPublishedPlanRequestObject) (GetPublishedPlanResponseObject, error) {
	who := callOf(ctx).actor
	p, err := a.flow.LivePlan(ctx, who, r.Year)
	if err != nil {
		return nil, err
	}
	v, err := a.flow.Plan(ctx, who, p.ID, planFilter(r.Params.Search, r.Params.Country, r.Params.Group))
	if err != nil {
		return nil, err
	}
	return GetPublishedPlan200JSONResponse{Body: planDetail(v), Headers: GetPublishedPlan200ResponseHeaders{ETag: some(etag(v.Plan.Version))}}, nil
}

func planFilter(search *PlanSearch, country *PlanCountry, group *PlanGroup) flow.PlanFilter {
	return flow.PlanFilter{Search: value(search), Country: value(country), Groups: value(group)}
}

// PublishPlan makes a draft the plan of its year.
func (a *API) PublishPlan(ctx context.Context, r PublishPlanRequestObject) (PublishPlanResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	c, in := callOf(ctx), flow.PublishInput{Preview: value(r.Params.Preview), GiveUp: value(r.Params.GiveUp)}
	if r.Body != nil {
		in.Reasons = flow.TypedReasons{All: value(r.Body.Reason), Each: value(r.Body.Reasons)}
	}
	p, err := a.flow.Publish(ctx, c.actor, c.key(r.Params.IdempotencyKey), r.Id, n, in)
	if err != nil {
		return nil, err
	}
	return PublishPlan200JSONResponse{Plan: p.PlanID, Visits: p.Visits, New: p.New, Moved: p.Moved, Cancelled: p.Cancelled, Unchanged: p.Unchanged, Launch: some(p.LaunchID)}, nil
}

// seed reads a seed, which is not negative, says the contract.
func seed(n *int64) uint64 {
	if n == nil {
		return 1
	}
	return uint64(*n)
}

func planRun(r flow.Run) PlanRun {
	sc := r.Scenario
	out := PlanRun{Id: r.ID, PlanName: r.PlanName, Selection: r.SelectionID, Seed: r.Seed, Seconds: some(r.Seconds), Iterations: some(r.Iterations),
		State: RunState(r.State), Stop: r.Stop, Cost: cost(r.Cost), Plan: some(r.PlanID), Error: r.Error, CreatedAt: r.CreatedAt.UTC(),
		CreatedBy: r.CreatedBy, StartedAt: someTime(r.StartedAt), EndedAt: someTime(r.EndedAt), Version: r.Version,
		Scenario: Scenario{PerWeek: some(sc.PerWeek), PerMonth: some(sc.PerMonth), MaxGapDays: some(sc.MaxGapDays), TargetPercent: some(sc.Target)},
		Assumes:  sc.String(), Set: some(r.SetID), Brought: r.Brought,
		Trail: list(r.Trail, func(m flow.Mark) Mark {
			out := Mark{Ms: m.Millis, Total: m.Total}
			if m.Cost != nil {
				c := cost(m.Cost)
				out.Cost = &c
			}
			if m.Groups != nil {
				groups := map[string]Tally{}
				for code, t := range m.Groups {
					groups[code] = Tally{Placed: t.Placed, Wanted: t.Wanted}
				}
				out.Groups = &groups
			}
			return out
		})}
	if r.Weights != nil {
		w := cost(r.Weights)
		out.Weights = &w
	}
	if b := r.Bound; b.Method != "" {
		out.Bound = &Bound{Total: b.Total, Terms: cost(b.Terms), Method: b.Method}
		if gap, known := b.Gap(r.Cost["total"]); known && r.Cost != nil {
			out.Bound.GapPercent = &gap
		}
	}
	return out
}

func cost(in map[string]int64) Cost {
	if in == nil {
		return Cost{}
	}
	return in
}

func plan(p visit.Plan, names map[string]string) Plan {
	return Plan{Id: p.ID, Year: p.Year, Name: p.Name, State: PlanState(p.State), Selection: p.SelectionID, Horizon: period(p.Horizon), Seed: p.Seed,
		Cost: cost(p.Cost), CreatedAt: p.CreatedAt.UTC(), CreatedBy: p.CreatedBy, PublishedAt: someTime(p.PublishedAt), Assumes: p.Assumes, Version: p.Version,
		Unassigned: list(p.Unassigned, func(u visit.Unassigned) Unassigned {
			return Unassigned{Customer: named(u.CustomerID, names[u.CustomerID]), Reason: u.Reason}
		})}
}

func planDetail(v flow.PlanView) PlanDetail {
	return PlanDetail{Plan: plan(v.Plan, v.Customers), Quality: quality(v.Year), Groups: groups(v.Groups), Today: date(v.Today),
		Rows: list(v.Rows, func(r flow.PlanRow) PlanRow {
			return PlanRow{Executive: personRef(r.Executive), Absences: periods(r.Absences), Windows: periods(r.Windows), Trips: periods(r.Trips),
				Visits: list(r.Visits, planVisit)}
		})}
}

func planVisit(v flow.PlanVisit) PlanVisit {
	return PlanVisit{Id: v.ID, Label: v.Label, Customer: named(v.CustomerID, v.Customer), Host: named(v.HostID, v.Host), Date: date(v.Slot.Date),
		Half: Half(v.Slot.Half), State: VisitState(v.State), Answer: Answer(v.Answer), Stratum: v.Stratum, Pinned: v.Pinned, InWindow: v.InWindow,
		Why: v.Why, Conflict: v.ToDecide(), Version: v.Version}
}

func quality(y coverage.YearReport) Quality {
	g, in := y.LongestGap, y.InYear
	return Quality{Visits: y.Visits, Target: y.Target, TravelKm: y.TravelKM, QuarterEnd: y.QuarterEnd, QuarterEndShare: y.EndShare,
		LongestGap:       LongestGap{Person: named(g.PersonID, g.Name), Days: g.Days, From: someDate(g.From), To: someDate(g.To), Over: g.Over},
		LongestGapInYear: &LongestGap{Person: named(in.PersonID, in.Name), Days: in.Days, From: someDate(in.From), To: someDate(in.To), Over: in.Over},
		Weeks: list(y.Weeks, func(w coverage.WeekLoad) WeekLoad {
			return WeekLoad{Week: w.Label, Monday: date(w.Monday), Visits: w.Visits, QuarterEnd: w.QuarterEnd}
		})}
}
