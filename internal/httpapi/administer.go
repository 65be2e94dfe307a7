package httpapi

import (
	"context"

	"windshield/internal/flow"
	"windshield/internal/planning"
)

// CheckAudit walks along the audit trail.
func (a *API) CheckAudit(ctx context.Context, _ CheckAuditRequestObject) (CheckAuditResponseObject, error) {
	c, err := a.flow.CheckTrail(ctx, callOf(ctx).actor)
	if err != nil {
		return nil, err
	}
	return CheckAudit200JSONResponse{Entries: c.Entries, BrokenAt: c.BrokenAt, Sentence: c.Sentence()}, nil
}

// ListJobFailures gives the jobs that need somebody.
func (a *API) ListJobFailures(ctx context.Context, _ ListJobFailuresRequestObject) (ListJobFailuresResponseObject, error) {
	all, err := a.flow.Failures(ctx, callOf(ctx).actor)
	if err != nil {
		return nil, err
	}
	return ListJobFailures200JSONResponse{Items: list(all, func(x flow.FailureView) JobFailure {
		return JobFailure{Id: x.ID, Kind: string(x.Kind), What: x.What, About: x.Path, Parked: x.Parked, Attempts: x.Attempts, Reason: x.Reason, Loss: x.Loss,
			Since: x.Since, FailedAt: someTime(x.At), NextAt: someTime(x.Next)}
	})}, nil
}

// RetryJob tries a failed job again.
func (a *API) RetryJob(ctx context.Context, r RetryJobRequestObject) (RetryJobResponseObject, error) {
	if err := a.flow.RetryJob(ctx, callOf(ctx).actor, r.Id); err != nil {
		return nil, err
	}
	return RetryJob204Response{}, nil
}

// DiscardJob gives a failed job up.
func (a *API) DiscardJob(ctx context.Context, r DiscardJobRequestObject) (DiscardJobResponseObject, error) {
	if err := a.flow.DiscardJob(ctx, callOf(ctx).actor, r.Id, r.Body.Reason); err != nil {
		return nil, err
	}
	return DiscardJob204Response{}, nil
}

// GetPlanningWeights gives what the planner weighs.
func (a *API) GetPlanningWeights(ctx context.Context, _ GetPlanningWeightsRequestObject) (GetPlanningWeightsResponseObject, error) {
	v, err := a.flow.PlanRules(ctx, callOf(ctx).actor)
	if err != nil {
		return nil, err
	}
	return GetPlanningWeights200JSONResponse(planningWeights(v)), nil
}

// SetPlanningWeights changes what the planner weighs.
func (a *API) SetPlanningWeights(ctx context.Context, r SetPlanningWeightsRequestObject) (SetPlanningWeightsResponseObject, error) {
	weights := map[planning.Term]int64{}
	for t, w := range r.Body.Weights {
		weights[planning.Term(t)] = w
	}
	v, err := a.flow.SetPlanRules(ctx, callOf(ctx).actor, weights, value(r.Body.Version))
	if err != nil {
		return nil, err
	}
	return SetPlanningWeights200JSONResponse(planningWeights(v)), nil
}

func planningWeights(v flow.PlanRules) PlanningWeights {
	usual := planning.DefaultWeights()
	return PlanningWeights{Version: some(flow.PrintOf(v.Weights)), Items: list(planning.Terms(), func(t planning.Term) PlanningWeight {
		least, most := flow.WeightRange(t)
		w := PlanningWeight{Term: string(t), Weight: v.Weights[t], Usual: usual[t], Least: least, Most: most}
		if n, ok := v.Plan.Cost[string(t)]; ok {
			w.Count = &n
		}
		return w
	})}
}

// RenameValue renames or merges a value of a dimension.
func (a *API) RenameValue(ctx context.Context, r RenameValueRequestObject) (RenameValueResponseObject, error) {
	c := callOf(ctx)
	n, err := a.flow.RenameValue(ctx, c.actor, c.key(r.Params.IdempotencyKey), r.Body.Dimension, r.Body.From, r.Body.To, value(r.Body.Version))
	if err != nil {
		return nil, err
	}
	return RenameValue200JSONResponse{Customers: n}, nil
}
