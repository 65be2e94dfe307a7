package httpapi

import (
	"context"
	"time"

	"windshield/internal/flow"
	"windshield/internal/notify"
	"windshield/internal/roster"
	"windshield/internal/visit"
)

// GetTodo gives what a host has to do.
func (a *API) GetTodo(ctx context.Context, r GetTodoRequestObject) (GetTodoResponseObject, error) {
	v, err := a.flow.Todo(ctx, callOf(ctx).actor, value(r.Params.Host))
	if err != nil {
		return nil, err
	}
	return GetTodo200JSONResponse{Host: personRef(v.Host), Overdue: list(v.Overdue, todoVisit), ThisWeek: list(v.ThisWeek, todoVisit), NextTwoWeeks: list(v.NextTwo, todoVisit), Later: list(v.Later, todoVisit),
		Ready: v.Ready, Loops: list(v.Loops, loopOf), Today: date(v.Today),
		LateHosts: list(v.Hosts, func(h flow.LateHost) LateHost {
			return LateHost{Host: personRef(h.Host), Visits: h.Visits, Steps: h.Steps, Late: h.Late}
		})}, nil
}

func todoVisit(r flow.TodoRow) TodoVisit {
	return TodoVisit{Visit: r.VisitID, Customer: r.Customer.Name, Executive: personRef(r.Executive), Date: date(r.Slot.Date), Half: Half(r.Slot.Half), State: VisitState(r.State),
		Steps: list(r.Steps, prepStep), Late: r.Late, Next: TodoVisitNext(r.Next)}
}

func prepStep(s visit.PrepStep) PrepStep {
	return PrepStep{Step: PrepStepStep(s.Prep), Done: s.Done, Due: someDate(s.Due), Late: s.Late}
}

// SaveAgenda keeps objectives and agenda.
func (a *API) SaveAgenda(ctx context.Context, r SaveAgendaRequestObject) (SaveAgendaResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	x := r.Body
	b, err := a.flow.SaveAgenda(ctx, callOf(ctx).actor, r.Id, n, flow.AgendaInput{Objective: value(x.Objective), Theirs: value(x.Theirs), TheirsBy: value(x.TheirsBy), TheirsOn: slotDate(x.TheirsOn),
		Agenda: list(value(x.Agenda), agendaItem), Agree: x.AgreedBy != nil, AgreedBy: value(x.AgreedBy), AgreedOn: slotDate(x.AgreedOn)})
	if err != nil {
		return nil, pointed(err)
	}
	return SaveAgenda200JSONResponse{Body: briefOf(b), Headers: SaveAgenda200ResponseHeaders{ETag: some(etag(b.Brief.Version))}}, nil
}

// GetCustomerMail drafts a mail to the customer.
func (a *API) GetCustomerMail(ctx context.Context, r GetCustomerMailRequestObject) (GetCustomerMailResponseObject, error) {
	v, err := a.flow.CustomerMail(ctx, callOf(ctx).actor, r.Id, flow.MailKind(r.Kind))
	if err != nil {
		return nil, err
	}
	return GetCustomerMail200JSONResponse{Headers: GetCustomerMail200ResponseHeaders{ETag: some(etag(v.SendVersion()))},
		Body: CustomerMail{Kind: string(v.Kind), Subject: v.Subject, Text: v.Text, Again: v.Again,
			To:   list(v.To, func(c roster.Contact) Guest { return Guest{Name: some(c.Name), Email: c.Email} }),
			Sent: list(v.Sent, func(s flow.SentMail) time.Time { return s.CreatedAt.UTC() })}}, nil
}

// SendCustomerMail sends a mail to the customer, or completes it for the host to send.
func (a *API) SendCustomerMail(ctx context.Context, r SendCustomerMailRequestObject) (SendCustomerMailResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	m, err := a.flow.SendCustomerMail(ctx, callOf(ctx).actor, r.Id, n, flow.MailKind(r.Kind), flow.MailInput{To: r.Body.To, Subject: r.Body.Subject, Text: r.Body.Text, Own: value(r.Body.Own)})
	if err != nil {
		return nil, pointed(err)
	}
	out := SentCustomerMail{To: m.To, Subject: m.Subject, Text: m.Text, Own: m.Own}
	if m.Own {
		out.Mailto = notify.MailTo(m.To, m.Subject, m.Text)
	}
	return SendCustomerMail200JSONResponse(out), nil
}

// GetStatementSettings gives after how many days a statement is old.
func (a *API) GetStatementSettings(ctx context.Context, _ GetStatementSettingsRequestObject) (GetStatementSettingsResponseObject, error) {
	s, err := a.flow.StatementSettings(ctx, callOf(ctx).actor)
	if err != nil {
		return nil, err
	}
	return GetStatementSettings200JSONResponse{Version: some(flow.PrintOf(s)), StaleDays: s.StaleDays}, nil
}

// SetStatementSettings changes it.
func (a *API) SetStatementSettings(ctx context.Context, r SetStatementSettingsRequestObject) (SetStatementSettingsResponseObject, error) {
	s := flow.StatementSettings{StaleDays: r.Body.StaleDays}
	if err := a.flow.SetStatementSettings(ctx, callOf(ctx).actor, s, value(r.Body.Version)); err != nil {
		return nil, pointed(err)
	}
	return SetStatementSettings200JSONResponse{Version: some(flow.PrintOf(s)), StaleDays: s.StaleDays}, nil
}
