package httpapi

import (
	"context"

	"windshield/internal/alert"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/visit"
)

// ListVisits gives a page of visits.
func (a *API) ListVisits(ctx context.Context, r ListVisitsRequestObject) (ListVisitsResponseObject, error) {
	p := r.Params
	q := flow.VisitQuery{PlanID: value(p.Plan), ExecutiveID: value(p.Executive), CustomerID: value(p.Customer), From: slotDate(p.From), To: slotDate(p.To),
		After: value(p.After), Limit: limit(p.Limit), States: list(value(p.State), func(s VisitState) visit.State { return visit.State(s) })}
	visits, next, err := a.flow.Visits(ctx, callOf(ctx).actor, q)
	if err != nil {
		return nil, err
	}
	return ListVisits200JSONResponse{Items: list(visits, visitOf), Next: some(next)}, nil
}

// GetVisit gives a visit with everybody around it.
func (a *API) GetVisit(ctx context.Context, r GetVisitRequestObject) (GetVisitResponseObject, error) {
	v, err := a.flow.Visit(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return GetVisit200JSONResponse{Body: visitDetail(v), Headers: GetVisit200ResponseHeaders{ETag: some(etag(v.Visit.Version))}}, nil
}

// AnswerVisit takes an answer.
func (a *API) AnswerVisit(ctx context.Context, r AnswerVisitRequestObject) (AnswerVisitResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	var v flow.VisitView
	if answer := visit.Answer(r.Body.Answer); answer == visit.Refused && r.Body.Code != nil {
		v, err = a.flow.Decline(ctx, callOf(ctx).actor, r.Id, n, visit.Code(*r.Body.Code), value(r.Body.Note))
	} else {
		v, err = a.flow.Answer(ctx, callOf(ctx).actor, r.Id, n, answer, value(r.Body.Note))
	}
	if err != nil {
		return nil, err
	}
	return AnswerVisit200JSONResponse{Body: visitDetail(v), Headers: AnswerVisit200ResponseHeaders{ETag: some(etag(v.Visit.Version))}}, nil
}

// AgreeVisit notes what was agreed with the customer.
func (a *API) AgreeVisit(ctx context.Context, r AgreeVisitRequestObject) (AgreeVisitResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	b := r.Body
	v, err := a.flow.Agree(ctx, callOf(ctx).actor, r.Id, n, flow.Agreed{With: b.With, On: slotDate(b.On), What: value(b.What), Kind: visit.Kind(value(b.Kind)), JoinURL: value(b.JoinUrl),
		Contacts: list(value(b.Contacts), func(c Guest) roster.Contact { return roster.Contact{Name: value(c.Name), Email: c.Email} })})
	if err != nil {
		return nil, err
	}
	return AgreeVisit200JSONResponse{Body: visitDetail(v), Headers: AgreeVisit200ResponseHeaders{ETag: some(etag(v.Visit.Version))}}, nil
}

// CancelVisit calls a visit off.
func (a *API) CancelVisit(ctx context.Context, r CancelVisitRequestObject) (CancelVisitResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	v, err := a.flow.Cancel(ctx, callOf(ctx).actor, r.Id, n, visit.Code(r.Body.Code), value(r.Body.Words))
	if err != nil {
		return nil, err
	}
	return CancelVisit200JSONResponse{Body: visitDetail(v), Headers: CancelVisit200ResponseHeaders{ETag: some(etag(v.Visit.Version))}}, nil
}

// UndoVisit takes back the last step.
func (a *API) UndoVisit(ctx context.Context, r UndoVisitRequestObject) (UndoVisitResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	v, err := a.flow.UndoVisit(ctx, callOf(ctx).actor, r.Id, n)
	if err != nil {
		return nil, err
	}
	return UndoVisit200JSONResponse{Body: visitDetail(v), Headers: UndoVisit200ResponseHeaders{ETag: some(etag(v.Visit.Version))}}, nil
}

// PinVisit pins a visit, or takes the pin away.
func (a *API) PinVisit(ctx context.Context, r PinVisitRequestObject) (PinVisitResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	v, err := a.flow.PinVisit(ctx, callOf(ctx).actor, r.Id, n, r.Body.Pinned)
	if err != nil {
		return nil, err
	}
	return PinVisit200JSONResponse{Body: visitDetail(v), Headers: PinVisit200ResponseHeaders{ETag: some(etag(v.Visit.Version))}}, nil
}

// RecordOutcome says what came of a visit.
func (a *API) RecordOutcome(ctx context.Context, r RecordOutcomeRequestObject) (RecordOutcomeResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	o := flow.Outcome{Held: r.Body.Held, Kind: visit.Kind(value(r.Body.Kind)), WithHost: value(r.Body.WithHost), Code: visit.Code(value(r.Body.Code)), Note: value(r.Body.Note)}
	if o.Held {
		var missing []fault.Detail
		if r.Body.Kind == nil {
			missing = append(missing, fault.Detail{Where: "/kind", Expected: "one of: onsite, online, trade_show, conference", Mend: "Say how the visit was held."})
		}
		if r.Body.WithHost == nil {
			missing = append(missing, fault.Detail{Where: "/with_host", Expected: "true or false", Mend: "Say whether the host was there."})
		}
		if len(missing) > 0 {
			return nil, invalid(missing)
		}
	}
	v, err := a.flow.RecordOutcome(ctx, callOf(ctx).actor, r.Id, n, o)
	if err != nil {
		return nil, err
	}
	return RecordOutcome200JSONResponse{Body: visitDetail(v), Headers: RecordOutcome200ResponseHeaders{ETag: some(etag(v.Visit.Version))}}, nil
}

// GetMine gives somebody's own visits and clock.
func (a *API) GetMine(ctx context.Context, r GetMineRequestObject) (GetMineResponseObject, error) {
	v, err := a.flow.My(ctx, callOf(ctx).actor, value(r.Params.Person))
	if err != nil {
		return nil, err
	}
	out := GetMine200JSONResponse{Executive: personRef(v.Executive), Served: list(v.Served, func(p roster.Person) PersonRef { return personRef(p) }),
		Hosting: v.Hosting, Visits: list(v.Visits, visitOf), Today: date(v.Today)}
	if !v.Hosting {
		out.Clock = clock(v.Clock)
	}
	if v.Alert != nil {
		out.Alert = breach(*v.Alert)
	}
	out.MayNote = v.MayNote
	out.Ways = list(v.Ways, wayOf)
	if v.Next != nil {
		next := visitOf(*v.Next)
		out.Next = &next
	}
	return out, nil
}

func visitOf(v flow.VisitView) Visit {
	x, c := v.Visit, v.Customer
	return Visit{Id: x.ID, Plan: some(x.PlanID), Label: x.Label,
		Customer:  CustomerRef{Id: x.CustomerID, Name: c.Name, Address: c.Address, City: c.City, Region: c.Region, Country: c.Country},
		Executive: personRef(v.Executive), Host: personRef(v.Host), Date: date(x.Slot.Date), Half: Half(x.Slot.Half), Zone: x.Zone, Begins: x.Begins, Ends: x.Ends,
		Start: x.Start.UTC(), End: x.End.UTC(), State: VisitState(x.State), Reason: x.Reason, Code: someCode(x.Code), Answer: Answer(x.Answer), AnswerNote: x.AnswerNote,
		Kind: VisitKind(x.Kind), WithHost: x.WithHost, Stratum: x.Stratum, Group: x.Group, Objective: x.Objective, Why: x.Why, Pinned: x.Pinned,
		Conflict: x.ToDecide(), Counts: v.Counts, WhyNot: v.WhyNot, MayAnswer: v.MayAnswer, MayRecord: v.MayRecord, Version: x.Version}
}

func someCode(c visit.Code) *ReasonCode { return some(ReasonCode(c)) }

func visitDetail(v flow.VisitView) VisitDetail {
	out := VisitDetail{Visit: visitOf(v), Events: list(v.Events, calendarEvent), Neighbours: list(v.Neighbours, func(x visit.Visit) Neighbour {
		return Neighbour{Id: x.ID, Date: date(x.Slot.Date), Half: Half(x.Slot.Half), State: VisitState(x.State), Customer: x.CustomerID}
	}), JoinUrl: some(v.Visit.JoinURL), MayAgree: v.MayAgree, MayCancel: v.MayCancel, MayUndo: v.MayUndo,
		Contacts: list(v.Visit.Contacts, func(c roster.Contact) Guest { return Guest{Name: some(c.Name), Email: c.Email} }), History: list(v.History, visitStep), Links: list(v.Links, customerLink)}
	if len(v.Events) > 0 {
		out.Calendar = visitCalendar(v.Calendar)
	}
	if v.Stage.Code != "" {
		out.Stage = some(buyingStage(v.Stage))
	}
	if len(v.Brakes) > 0 {
		out.Reason = &GivenReason{Brakes: brakesOf(v.Brakes), Reason: v.Because, By: v.GivenBy}
	}
	if len(v.Steps) > 0 {
		out.Steps = pointerTo(list(v.Steps, prepStep))
	}
	if g := v.Visit.Agreement; v.Visit.State.Promised() {
		out.Agreement = &VisitAgreement{With: g.With, On: date(g.On), What: g.What}
	}
	return out
}

func visitStep(s flow.StepView) VisitStep {
	out := VisitStep{At: s.At.UTC(), Who: s.Who, From: VisitState(s.From), To: VisitState(s.To), Code: someCode(s.Code), Words: s.Words, Undone: s.Undone}
	if s.Moved() {
		spot := func(executive string, x visit.Spot) *VisitSpot {
			return &VisitSpot{Executive: executive, Date: date(x.Slot.Date), Half: Half(x.Slot.Half), Begins: x.Begins, Ends: x.Ends}
		}
		out.Was, out.Is = spot(s.WasWho, s.Was), spot(s.Whom, s.Is)
	}
	return out
}

func calendarEvent(e flow.CalendarEvent) CalendarEvent {
	return CalendarEvent{Visit: e.VisitID, Calendar: e.Calendar, Event: e.EventID, State: EventState(e.State), Problem: e.Problem, Tries: e.Tries, UpdatedAt: e.Updated.UTC()}
}

func clock(s alert.Status) *Clock {
	return &Clock{Running: s.Running, Start: someDate(s.Start), Last: someDate(s.Last), LastVisit: some(s.LastID), Never: s.Never, Days: s.Days, Overdue: s.Overdue,
		DueBy: someDate(s.DueBy), Breach: someDate(s.Breach), Paused: s.Paused, Back: someDate(s.Back), Next: someDate(s.Next), NextVisit: some(s.NextID),
		Forecast: someDate(s.Forecast), Ends: someDate(s.Ends), Ledger: list(s.Ledger, func(e alert.Entry) LedgerEntry {
			return LedgerEntry{Visit: e.VisitID, Customer: e.CustomerID, Date: date(e.Date), Counts: e.Counts, WhyNot: e.WhyNot, Lapse: some(string(e.Lapse))}
		})}
}

func breach(x flow.AlertView) *Breach {
	told := list(x.Rungs, func(r flow.ToldRung) Told { return Told{Rung: string(r.Rung), At: r.At.UTC()} })
	return &Breach{Breach: date(x.Breach), LastVisit: someDate(x.LastVisit), Open: x.Open, Reason: x.Reason, RaisedAt: x.RaisedAt.UTC(), SettledAt: someTime(x.SettledAt),
		Outcome: some(string(x.Outcome)), SilentUntil: someDate(x.SilentUntil), SeenOn: someDate(x.SeenOn), Note: some(x.Note), NotedBy: some(x.NotedBy), Rungs: &told}
}
