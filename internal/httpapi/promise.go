package httpapi

import (
	"context"

	"windshield/internal/coverage"
	"windshield/internal/flow"
	"windshield/internal/locale"
)

// GetDeck gives the slides of a plan.
func (a *API) GetDeck(ctx context.Context, r GetDeckRequestObject) (GetDeckResponseObject, error) {
	d, err := a.flow.Deck(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return GetDeck200JSONResponse{Plan: d.Plan.ID, Version: d.Plan.Version, Footer: d.Footer, Accepted: d.Accepted, Executives: d.Executives, Slides: list(d.Slides, slide)}, nil
}

// ListAcceptances says who has accepted their year.
func (a *API) ListAcceptances(ctx context.Context, r ListAcceptancesRequestObject) (ListAcceptancesResponseObject, error) {
	v, err := a.flow.Years(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return ListAcceptances200JSONResponse{Plan: v.Plan.ID, Version: v.Plan.Version, Accepted: v.Accepted, Items: list(v.Years, yearState)}, nil
}

// AcceptYear accepts all visits of an executive in a plan.
func (a *API) AcceptYear(ctx context.Context, r AcceptYearRequestObject) (AcceptYearResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	c := callOf(ctx)
	x, err := a.flow.AcceptYear(ctx, c.actor, c.key(r.Params.IdempotencyKey), r.Id, value(r.Body.Executive), n, value(r.Body.Mark))
	if err != nil {
		return nil, err
	}
	return AcceptYear200JSONResponse{Plan: x.PlanID, Executive: x.ExecutiveID, Visits: x.Visits, Accepted: x.Accepted, Executives: x.Executives, Unchanged: x.Unchanged}, nil
}

// GetPromise says what was kept of the promise of a plan's year.
func (a *API) GetPromise(ctx context.Context, r GetPromiseRequestObject) (GetPromiseResponseObject, error) {
	v, err := a.flow.Promise(ctx, callOf(ctx).actor, r.Id, coverage.Outcome(value(r.Params.Outcome)))
	if err != nil {
		return nil, err
	}
	k := v.Kept
	out := GetPromise200JSONResponse{Id: some(v.ID), Year: v.Plan.Year, FrozenAt: someTime(v.FrozenAt), FrozenBy: some(v.By), Reason: some(v.Reason), Sentence: k.Sentence(locale.Style{}),
		Kept:   KeptCount{Promised: k.Promised, Held: k.Held, Ahead: k.Ahead, Silent: k.Silent, MovedByUs: k.MovedByUs, MovedByCustomer: k.MovedByCustomer, Dropped: k.Dropped, DroppedByCustomer: k.DroppedByCustomer},
		Before: list(v.Before, func(x flow.FrozenPromise) Named { return named(x.ID, x.PlanName) })}
	if v.ID != "" {
		out.Plan = some(named(v.PlanID, v.PlanName))
	}
	out.Items = list(v.Rows, func(x flow.PromisedNow) PromisedVisit {
		p := PromisedVisit{Visit: x.Was.VisitID, Customer: named(x.Was.CustomerID, v.Customers[x.Was.CustomerID]), Executive: named(x.Was.ExecutiveID, v.People[x.Was.ExecutiveID]),
			Date: date(x.Was.Slot.Date), Half: Half(x.Was.Slot.Half), Group: x.Was.Stratum, Outcome: Outcome(x.Outcome)}
		if x.Is.ID != "" {
			p.Now = &PromisedNow{Visit: x.Is.ID, Executive: named(x.Is.ExecutiveID, v.People[x.Is.ExecutiveID]), Date: date(x.Is.Slot.Date), Half: Half(x.Is.Slot.Half), State: VisitState(x.Is.State)}
		}
		return p
	})
	return out, nil
}

// FreezePromise freezes a plan as the promise of its year.
func (a *API) FreezePromise(ctx context.Context, r FreezePromiseRequestObject) (FreezePromiseResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	c := callOf(ctx)
	x, err := a.flow.FreezePromise(ctx, c.actor, c.key(r.Params.IdempotencyKey), r.Id, n, value(r.Body.Reason))
	if err != nil {
		return nil, pointed(err)
	}
	return FreezePromise200JSONResponse{Promise: x.PromiseID, Visits: x.Visits, Unchanged: x.Unchanged}, nil
}

func yearState(y flow.YearState) YearState {
	return YearState{Executive: named(y.ExecutiveID, y.Name), Standing: YearStanding(y.Standing), Visits: y.Visits, Quarters: y.Quarters[:], Mark: y.Mark, At: someTime(y.At), By: some(y.By)}
}

func slide(s flow.Slide) Slide {
	return Slide{Kind: SlideKind(s.Kind), Title: s.Title, Note: s.Note, More: s.More, Years: list(s.Years, yearState),
		Bars: list(s.Bars, func(b flow.DeckBar) SlideBar {
			return SlideBar{Group: some(b.Code), Outcome: some(Outcome(b.Outcome)), Label: b.Label, Value: b.Value, Of: b.Of, Text: b.Text, Under: b.Under}
		}),
		Quarters: list(s.Quarters, func(q flow.DeckQuarter) SlideQuarter {
			return SlideQuarter{Label: q.Label, Customers: q.Customers, Inside: q.Inside, More: q.More, Windows: list(q.Windows, func(w flow.DeckWindow) SlideWindow {
				return SlideWindow{Customer: named(w.CustomerID, w.Customer), Group: w.Code, First: date(w.Span.Start), Last: date(w.Span.End), Executive: some(w.Executive), Date: someDate(w.Date), Inside: w.Inside}
			})}
		}),
		Lines: list(s.Lines, func(l flow.DeckLine) SlideLine {
			return SlideLine{Executive: named(l.ExecutiveID, l.Name), Visits: list(l.Chips, func(c flow.DeckChip) SlideVisit {
				return SlideVisit{Visit: c.VisitID, Customer: c.Customer, Group: c.Code, Date: date(c.Date), State: VisitState(c.State)}
			})}
		}),
		Open: list(s.Open, func(o flow.DeckOpen) SlideOpen {
			return SlideOpen{Customer: named(o.CustomerID, o.Customer), Group: o.Code, Reason: o.Reason}
		}),
		Claims: list(s.Claims, func(c flow.DeckClaim) SlideClaim {
			return SlideClaim{Id: c.ID, Text: c.Text, Finding: c.Finding, Label: c.Label, Customers: c.Customers, Groups: c.Groups, Newest: someDate(c.Newest), Evidence: c.Evidence}
		}),
		Needs: list(s.Needs, func(n flow.DeckNeed) SlideNeed {
			return SlideNeed{Claim: n.ClaimID, Group: n.Code, Name: n.Group, Ask: n.Ask, Why: n.Why}
		}),
	}
}
