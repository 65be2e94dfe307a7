package httpapi

import (
	"context"

	"windshield/internal/flow"
	"windshield/internal/planning"
	"windshield/internal/slot"
)

// ExplainVisit says why a visit stands where it does.
func (a *API) ExplainVisit(ctx context.Context, r ExplainVisitRequestObject) (ExplainVisitResponseObject, error) {
	x, err := a.flow.ExplainVisit(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return ExplainVisit200JSONResponse(explanation(x)), nil
}

// ExplainCustomer says why a customer's visit stands where it does in a plan.
func (a *API) ExplainCustomer(ctx context.Context, r ExplainCustomerRequestObject) (ExplainCustomerResponseObject, error) {
	x, err := a.flow.Explain(ctx, callOf(ctx).actor, r.Id, r.Customer, 0)
	if err != nil {
		return nil, err
	}
	return ExplainCustomer200JSONResponse(explanation(x)), nil
}

// ProposePlaces gives places for a visit.
func (a *API) ProposePlaces(ctx context.Context, r ProposePlacesRequestObject) (ProposePlacesResponseObject, error) {
	x, err := a.flow.Proposals(ctx, callOf(ctx).actor, r.Id, r.Customer, value(r.Params.Count))
	if err != nil {
		return nil, err
	}
	return ProposePlaces200JSONResponse{Items: list(x, proposal)}, nil
}

// LetIn says what would give a left-out customer a place.
func (a *API) LetIn(ctx context.Context, r LetInRequestObject) (LetInResponseObject, error) {
	x, err := a.flow.LetIn(ctx, callOf(ctx).actor, r.Id, r.Customer)
	if err != nil {
		return nil, err
	}
	return LetIn200JSONResponse{Plan: x.Plan.ID, Customer: named(x.Customer.ID, x.Customer.Name), Reason: x.Reason, Text: x.Text,
		Ways: list(x.Ways, func(w flow.WayIn) WayIn {
			return WayIn{Text: w.Text, Price: cost(w.Price), Changes: list(w.Changes, planChange), Ready: w.Ready}
		})}, nil
}

// GetAttention lists whose visits need a place.
func (a *API) GetAttention(ctx context.Context, r GetAttentionRequestObject) (GetAttentionResponseObject, error) {
	x, err := a.flow.Attention(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return GetAttention200JSONResponse{Plan: x.Plan.ID, LeftOut: list(x.LeftOut, needy), Stuck: list(x.Stuck, needy), Outside: list(x.Outside, needy)}, nil
}

// ChangePlan moves visits of a plan.
func (a *API) ChangePlan(ctx context.Context, r ChangePlanRequestObject) (ChangePlanResponseObject, error) {
	c := callOf(ctx)
	x, err := a.flow.Rearrange(ctx, c.actor, c.key(r.Params.IdempotencyKey), r.Id, planChanges(r.Body.Changes))
	if err != nil {
		return nil, err
	}
	return ChangePlan200JSONResponse(rearranged(x)), nil
}

func explanation(x flow.Explanation) Explanation {
	out := Explanation{Plan: x.Plan.ID, Customer: named(x.Customer.ID, x.Customer.Name), Visit: some(x.Visit.ID), Stands: x.Stands, Settled: x.Settled,
		Pinned: x.Pinned, Text: x.Text, Stuck: x.Stuck, Executives: list(x.Executives, proposal), Weeks: list(x.Weeks, proposal)}
	if r := x.Reason; r.Assigned {
		out.Facts = &ReasonFacts{HomeKm: r.HomeKM, LegKm: r.LegKM, Window: ReasonFactsWindow(r.Window), Crunch: r.InCrunch, Matched: texts(r.Matched),
			Lacking: texts(r.Lacking), GapBefore: r.GapBefore, GapAfter: r.GapAfter, Last: r.Last}
	}
	return out
}

func needy(x flow.Needy) Needy {
	return Needy{Customer: named(x.CustomerID, x.Customer), Visit: some(x.Visit.ID), Reason: x.Reason}
}

func proposal(x flow.Proposal) Proposal {
	return Proposal{Text: x.Text, Price: cost(x.Price), Changes: list(x.Changes, planChange), Calendars: texts(x.Calendars)}
}

func planChange(x flow.PlanChange) PlanChange {
	return PlanChange{Customer: x.CustomerID, From: somePlace(x.From), To: somePlace(x.To)}
}

func somePlace(p *planning.Place) *Place {
	if p == nil {
		return nil
	}
	return &Place{Executive: p.Executive, Date: date(p.Date), Half: Half(p.Half)}
}

func planningPlace(p *Place) *planning.Place {
	if p == nil {
		return nil
	}
	return &planning.Place{Executive: p.Executive, Date: slotDate(&p.Date), Half: slot.Half(p.Half)}
}
