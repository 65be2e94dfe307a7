package httpapi

import (
	"context"

	"windshield/internal/flow"
	"windshield/internal/visit"
)

// GetInstead gives what else could be done than decline a visit.
func (a *API) GetInstead(ctx context.Context, r GetInsteadRequestObject) (GetInsteadResponseObject, error) {
	x, err := a.flow.Instead(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return GetInstead200JSONResponse{Others: list(x.Others, proposal), Times: list(x.Times, proposal), Asked: some(x.Asked.Says)}, nil
}

// AskInstead asks for a swap or another day.
func (a *API) AskInstead(ctx context.Context, r AskInsteadRequestObject) (AskInsteadResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	v, err := a.flow.AskInstead(ctx, callOf(ctx).actor, r.Id, n, planChanges(r.Body.Changes), r.Body.Reason)
	if err != nil {
		return nil, err
	}
	return AskInstead200JSONResponse{Body: visitDetail(v), Headers: AskInstead200ResponseHeaders{ETag: some(etag(v.Visit.Version))}}, nil
}

func planChanges(in []PlanChange) []flow.PlanChange {
	return list(in, func(x PlanChange) flow.PlanChange {
		return flow.PlanChange{CustomerID: x.Customer, From: planningPlace(x.From), To: planningPlace(x.To), Because: visit.Code(value(x.Because)), Reason: value(x.Reason)}
	})
}
