package httpapi

import (
	"context"
	"time"

	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// GetBuying gives the stages of customers' buying, and when our quarters end.
func (a *API) GetBuying(ctx context.Context, _ GetBuyingRequestObject) (GetBuyingResponseObject, error) {
	out, err := a.buying(ctx)
	return GetBuying200JSONResponse(out), err
}

// SetBuying changes the stages.
func (a *API) SetBuying(ctx context.Context, r SetBuyingRequestObject) (SetBuyingResponseObject, error) {
	in := visit.Buying{
		Stages: list(r.Body.Stages, func(s BuyingStage) visit.Stage {
			return visit.Stage{Code: s.Code, Name: s.Name, Phase: visit.Phase(s.Phase)}
		}),
		Actions: list(r.Body.Actions, func(x BuyingAction) visit.Action { return visit.Action{Code: x.Code, Says: x.Says, Stage: x.Stage} }),
	}
	if err := a.flow.SetBuying(ctx, callOf(ctx).actor, in, value(r.Body.Moved), value(r.Body.Version)); err != nil {
		return nil, err
	}
	out, err := a.buying(ctx)
	return SetBuying200JSONResponse(out), err
}

// SetFiscalYear says when our quarters end.
func (a *API) SetFiscalYear(ctx context.Context, r SetFiscalYearRequestObject) (SetFiscalYearResponseObject, error) {
	in := visit.Fiscal{Start: time.Month(r.Body.StartMonth), Days: r.Body.QuarterEndDays}
	if err := a.flow.SetFiscal(ctx, callOf(ctx).actor, in, value(r.Body.Version)); err != nil {
		return nil, err
	}
	out, err := a.buying(ctx)
	return SetFiscalYear200JSONResponse(out), err
}

func (a *API) buying(ctx context.Context) (Buying, error) {
	v, err := a.flow.Buying(ctx, callOf(ctx).actor)
	out := Buying{Version: some(flow.PrintOf(v.Buying)), MayChange: v.MayChange, FiscalYear: FiscalYear{Version: some(flow.PrintOf(v.Fiscal)), StartMonth: max(1, int(v.Fiscal.Start)), QuarterEndDays: v.Fiscal.Days},
		Stages:  list(v.Stages, buyingStage),
		Actions: list(v.Actions, func(x visit.Action) BuyingAction { return BuyingAction{Code: x.Code, Says: x.Says, Stage: x.Stage} })}
	if v.Standing != nil {
		out.Standing = &v.Standing
	}
	return out, err
}

func buyingStage(s visit.Stage) BuyingStage {
	return BuyingStage{Code: s.Code, Name: s.Name, Phase: BuyingStagePhase(s.Phase)}
}

// NoteCustomerAction notes what a customer did.
func (a *API) NoteCustomerAction(ctx context.Context, r NoteCustomerActionRequestObject) (NoteCustomerActionResponseObject, error) {
	c := callOf(ctx)
	v, err := a.flow.MoveCustomer(ctx, c.actor, c.key(r.Params.IdempotencyKey), r.Id, flow.MoveInput{Action: r.Body.Action, On: slotDate(r.Body.On)})
	if err != nil {
		return nil, err
	}
	return NoteCustomerAction200JSONResponse(customerWay(v.Way)), nil
}

func customerWay(w flow.WayView) CustomerWay {
	out := CustomerWay{Imported: w.Imported, Since: someDate(w.Since), MayMove: w.MayMove, Turns: list(w.Turns, func(t flow.TurnView) CustomerTurn {
		return CustomerTurn{Stage: t.Stage, StageName: t.StageName, Action: t.Action, Says: t.Says, On: date(t.On), Visit: some(t.VisitID), Who: t.Who, At: t.At.UTC()}
	})}
	if w.Stage.Code != "" {
		out.Stage = some(buyingStage(w.Stage))
	}
	return out
}

func brakesOf(in []visit.Brake) []Brake {
	return list(in, func(b visit.Brake) Brake { return Brake(b) })
}

func needsReason(n flow.NeedsReason) NeedsReason {
	return NeedsReason{Visit: n.VisitID, Customer: n.Customer, Executive: n.Executive, Date: date(n.Slot.Date), Half: Half(n.Slot.Half), Brakes: brakesOf(n.Brakes)}
}

// between reads a period of which both days are given, or none.
func between(from, to slot.Date) (slot.Interval, error) {
	if from.IsZero() == to.IsZero() {
		return slot.Interval{Start: from, End: to}, nil
	}
	where := "query to"
	if from.IsZero() {
		where = "query from"
	}
	return slot.Interval{}, invalid([]fault.Detail{{Where: where, Expected: "a date such as 2027-03-04", Mend: "Give both days of the period, or none."}})
}

// GetVisitMix says when in the customers' buying executives come.
func (a *API) GetVisitMix(ctx context.Context, r GetVisitMixRequestObject) (GetVisitMixResponseObject, error) {
	span, err := between(slotDate(r.Params.From), slotDate(r.Params.To))
	if err != nil {
		return nil, err
	}
	v, err := a.flow.Mixes(ctx, callOf(ctx).actor, span)
	if err != nil {
		return nil, err
	}
	return GetVisitMix200JSONResponse{Period: period(v.Period), All: visitMix(v.All), Executives: list(v.Each, visitMix)}, nil
}

func visitMix(v flow.MixView) VisitMix {
	m := v.Mix
	out := VisitMix{Visits: m.Visits, Early: m.Early, Middle: m.Middle, Late: m.Late, Settled: m.Settled, Unknown: m.Unknown, QuarterEnd: m.QuarterEnd}
	if m.ExecutiveID != "" {
		out.Executive = some(named(m.ExecutiveID, v.Name))
	}
	return out
}

// GetBrakes gives the visits for which a reason was typed.
func (a *API) GetBrakes(ctx context.Context, r GetBrakesRequestObject) (GetBrakesResponseObject, error) {
	span, err := between(slotDate(r.Params.From), slotDate(r.Params.To))
	if err != nil {
		return nil, err
	}
	v, err := a.flow.BrakeCounts(ctx, callOf(ctx).actor, span)
	if err != nil {
		return nil, err
	}
	return GetBrakes200JSONResponse{Period: period(v.Period),
		Counts: list(v.Counts, func(c flow.BrakeCountView) BrakeCount {
			return BrakeCount{Executive: named(c.ExecutiveID, c.Name), Late: c.Late, QuarterEnd: c.QuarterEnd, Visits: c.Visits}
		}),
		Visits: list(v.Visits, func(x flow.BrakedView) BrakedVisit {
			return BrakedVisit{Visit: x.Visit.ID, Customer: x.Customer, Executive: x.Executive, Date: date(x.Visit.Slot.Date), Half: Half(x.Visit.Slot.Half),
				State: VisitState(x.Visit.State), Brakes: brakesOf(x.Brakes), Reason: x.Reason, By: x.Who, At: x.At.UTC()}
		})}, nil
}
