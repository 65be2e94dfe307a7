package httpapi

import (
	"context"

	"windshield/internal/flow"
	"windshield/internal/planning"
	"windshield/internal/visit"
)

// ComparePlans sets two plans side by side.
func (a *API) ComparePlans(ctx context.Context, r ComparePlansRequestObject) (ComparePlansResponseObject, error) {
	x, err := a.flow.Compare(ctx, callOf(ctx).actor, r.Id, r.Other)
	if err != nil {
		return nil, err
	}
	return ComparePlans200JSONResponse(comparison(x)), nil
}

func comparison(x flow.Comparison) Comparison {
	name := func(id string) Named { return named(id, x.Names[id]) }
	place := func(p *planning.Place) *NamedPlace {
		if p == nil {
			return nil
		}
		return &NamedPlace{Executive: name(p.Executive), Date: date(p.Date), Half: Half(p.Half)}
	}
	return Comparison{A: planRef(x.A), B: planRef(x.B), Moved: x.Moved, Notes: texts(x.Notes), LeftOut: []int{x.LeftOut.A.Visits, x.LeftOut.B.Visits},
		Terms: list(x.Terms, func(t planning.TermPair) TermPair {
			return TermPair{Term: string(t.Term), CountA: t.Counts.A, CountB: t.Counts.B, CostA: t.Costs.A, CostB: t.Costs.B}
		}),
		Executives: list(x.Executives, func(e planning.ExecutivePair) SharePair {
			return SharePair{Executive: name(e.Executive), VisitsA: e.A.Visits, VisitsB: e.B.Visits, KmA: e.A.KM, KmB: e.B.KM,
				OverdueA: e.A.OverdueDays, OverdueB: e.B.OverdueDays, CostA: e.A.Cost, CostB: e.B.Cost}
		}),
		Strata: list(x.Strata, func(s flow.StratumPair) CountPair {
			return CountPair{Code: s.Code, Name: s.Label, VisitsA: s.Visits.A, VisitsB: s.Visits.B}
		}),
		Values: list(x.Groups, func(g planning.GroupPair) CountPair {
			return CountPair{Code: g.Dimension, Name: g.Value, VisitsA: g.Visits.A, VisitsB: g.Visits.B}
		}),
		Differences: list(x.Differences, func(d planning.Difference) Difference {
			return Difference{Customer: name(d.Customer), How: DifferenceHow(d.How), A: place(d.A), B: place(d.B)}
		})}
}

func planRef(p visit.Plan) PlanRef { return PlanRef{Id: p.ID, Name: p.Name, State: PlanState(p.State)} }

// StartScenarios plans several scenarios side by side.
func (a *API) StartScenarios(ctx context.Context, r StartScenariosRequestObject) (StartScenariosResponseObject, error) {
	c := callOf(ctx)
	in := flow.ScenariosInput{Base: flow.PlanInput{SelectionID: r.Body.Selection, Seed: seed(r.Body.Seed), Seconds: value(r.Body.Seconds), Iterations: value(r.Body.Iterations)},
		Scenarios: list(r.Body.Scenarios, func(s NamedScenario) flow.ScenarioInput {
			return flow.ScenarioInput{Name: value(s.Name), SelectionID: value(s.Selection), Scenario: scenario(s.Scenario)}
		})}
	set, err := a.flow.StartScenarios(ctx, c.actor, c.key(r.Params.IdempotencyKey), in)
	if err != nil {
		return nil, err
	}
	return StartScenarios202JSONResponse{Body: scenarioSet(set), Headers: StartScenarios202ResponseHeaders{Location: some("/api/v1/scenarios/" + set.ID)}}, nil
}

// GetScenarios gives scenarios side by side.
func (a *API) GetScenarios(ctx context.Context, r GetScenariosRequestObject) (GetScenariosResponseObject, error) {
	set, err := a.flow.Scenarios(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return GetScenarios200JSONResponse(scenarioSet(set)), nil
}

func scenarioSet(s flow.ScenarioSet) ScenarioSet {
	return ScenarioSet{Id: s.ID, Columns: list(s.Columns, func(c flow.ScenarioColumn) ScenarioColumn {
		return ScenarioColumn{Run: planRun(c.Run), Visits: c.Visits, Wanted: c.Selection.Visits, Moved: c.LiveMoved}
	})}
}

func scenario(s *Scenario) flow.Scenario {
	if s == nil {
		return flow.Scenario{}
	}
	return flow.Scenario{PerWeek: value(s.PerWeek), PerMonth: value(s.PerMonth), MaxGapDays: value(s.MaxGapDays), Target: value(s.TargetPercent)}
}

// GetRunProblem gives a run's problem as a file.
func (a *API) GetRunProblem(ctx context.Context, r GetRunProblemRequestObject) (GetRunProblemResponseObject, error) {
	data, err := a.flow.RunFile(ctx, callOf(ctx).actor, r.Id, flow.ProblemFile)
	if err != nil {
		return nil, err
	}
	return GetRunProblem200JSONResponse{Body: data, Headers: GetRunProblem200ResponseHeaders{ContentDisposition: some(`attachment; filename="problem.json"`)}}, nil
}

// GetRunSolution gives a run's solution as a file.
func (a *API) GetRunSolution(ctx context.Context, r GetRunSolutionRequestObject) (GetRunSolutionResponseObject, error) {
	data, err := a.flow.RunFile(ctx, callOf(ctx).actor, r.Id, flow.SolutionFile)
	if err != nil {
		return nil, err
	}
	return GetRunSolution200JSONResponse{Body: data, Headers: GetRunSolution200ResponseHeaders{ContentDisposition: some(`attachment; filename="solution.json"`)}}, nil
}

// BringSolution takes a solution that was made outside.
func (a *API) BringSolution(ctx context.Context, r BringSolutionRequestObject) (BringSolutionResponseObject, error) {
	c := callOf(ctx)
	run, err := a.flow.BringSolution(ctx, c.actor, c.key(r.Params.IdempotencyKey), r.Id, value(r.Params.Name), *r.Body)
	if err != nil {
		return nil, err
	}
	return BringSolution201JSONResponse{Body: planRun(run), Headers: BringSolution201ResponseHeaders{Location: some("/api/v1/plan-runs/" + run.ID)}}, nil
}
