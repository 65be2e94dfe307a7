package httpapi

import (
	"context"

	"windshield/internal/flow"
	"windshield/internal/insight"
	"windshield/internal/visit"
)

// GetBrief gives what a visit is for, and what is prepared for it.
func (a *API) GetBrief(ctx context.Context, r GetBriefRequestObject) (GetBriefResponseObject, error) {
	b, err := a.flow.Brief(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return GetBrief200JSONResponse{Body: briefOf(b), Headers: GetBrief200ResponseHeaders{ETag: some(etag(b.Brief.Version))}}, nil
}

// SaveBrief keeps what is prepared.
func (a *API) SaveBrief(ctx context.Context, r SaveBriefRequestObject) (SaveBriefResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	x := r.Body
	b, err := a.flow.SaveBrief(ctx, callOf(ctx).actor, r.Id, n, flow.BriefInput{Objective: value(x.Objective), Theirs: value(x.Theirs), TheirsBy: value(x.TheirsBy), TheirsOn: slotDate(x.TheirsOn),
		Agenda: list(value(x.Agenda), agendaItem),
		People: list(value(x.People), func(p Attendee) visit.Attendee {
			return visit.Attendee{Name: p.Name, Role: value(p.Role), Theirs: value(p.Theirs)}
		}),
		Questions: value(x.Questions), Elephants: value(x.Elephants), Asks: value(x.Asks), Travel: value(x.Travel)})
	if err != nil {
		return nil, err
	}
	return SaveBrief200JSONResponse{Body: briefOf(b), Headers: SaveBrief200ResponseHeaders{ETag: some(etag(b.Brief.Version))}}, nil
}

// AddQuestion adds a question to ask on the day.
func (a *API) AddQuestion(ctx context.Context, r AddQuestionRequestObject) (AddQuestionResponseObject, error) {
	b, err := a.flow.AddQuestion(ctx, callOf(ctx).actor, r.Id, r.Body.Question)
	if err != nil {
		return nil, err
	}
	return AddQuestion200JSONResponse{Body: briefOf(b), Headers: AddQuestion200ResponseHeaders{ETag: some(etag(b.Brief.Version))}}, nil
}

// SendCustomerLink asks one of the customer's people to confirm a visit.
func (a *API) SendCustomerLink(ctx context.Context, r SendCustomerLinkRequestObject) (SendCustomerLinkResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	v, err := a.flow.SendLink(ctx, callOf(ctx).actor, r.Id, n, r.Body.Email)
	if err != nil {
		return nil, err
	}
	return SendCustomerLink200JSONResponse{Body: visitDetail(v), Headers: SendCustomerLink200ResponseHeaders{ETag: some(etag(v.Visit.Version))}}, nil
}

// WithdrawCustomerLink ends a customer's link.
func (a *API) WithdrawCustomerLink(ctx context.Context, r WithdrawCustomerLinkRequestObject) (WithdrawCustomerLinkResponseObject, error) {
	v, err := a.flow.WithdrawLink(ctx, callOf(ctx).actor, r.Id, r.Link)
	if err != nil {
		return nil, err
	}
	return WithdrawCustomerLink200JSONResponse{Body: visitDetail(v), Headers: WithdrawCustomerLink200ResponseHeaders{ETag: some(etag(v.Visit.Version))}}, nil
}

func customerLink(l flow.LinkView) CustomerLink {
	return CustomerLink{Id: l.ID, Email: l.Email, MadeAt: l.MadeAt.UTC(), Expires: l.Expires.UTC(), State: CustomerLinkState(l.Good)}
}

func agendaItem(x AgendaItem) visit.AgendaItem {
	return visit.AgendaItem{At: value(x.At), What: x.What}
}

func briefOf(b flow.BriefView) Brief {
	out := Brief{Visit: visitOf(b.VisitView), Objective: b.Visit.Objective, Travel: b.Brief.Travel, HostPhone: b.Host.Phone, Needless: b.Needless,
		MayEdit: b.MayEdit, MayAsk: b.MayAsk, Version: b.Brief.Version,
		Agenda: list(b.Visit.Agenda, func(x visit.AgendaItem) AgendaItem { return AgendaItem{At: some(x.At), What: x.What} }),
		People: list(b.Brief.People, func(p visit.Attendee) Attendee { return Attendee{Name: p.Name, Role: some(p.Role), Theirs: &p.Theirs} }),
		Asks:   list(b.Brief.Asks, func(q visit.Ask) Ask { return Ask{Text: q.Text, By: some(b.Askers[q.By])} })}
	same := func(s string) string { return s }
	out.Promised, out.Questions, out.Elephants = list(b.Promised, same), list(b.Brief.Questions, same), list(b.Brief.Elephants, same)
	out.Missing, out.Steps = list(b.Missing, same), list(b.Steps, prepStep)
	out.Proposed = list(b.Proposed, func(q insight.Question) ProposedQuestion {
		return ProposedQuestion{Text: q.Text, Why: q.Why, Claim: some(q.ClaimID), Statement: some(q.StatementID)}
	})
	if b.Brief.AgendaBy != "" {
		out.Agreed = &AgendaAgreement{By: b.Brief.AgendaBy, On: date(b.Brief.AgendaOn)}
	}
	if t := b.Visit.Theirs; t.Words != "" {
		out.Theirs = &Said{Words: t.Words, By: t.By, On: date(t.On)}
	}
	return out
}
