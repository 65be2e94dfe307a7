package httpapi

import (
	"context"

	"windshield/internal/calsync"
	"windshield/internal/flow"
	"windshield/internal/visit"
)

// SettleVisit settles a point on which the calendar and the plan differ.
func (a *API) SettleVisit(ctx context.Context, r SettleVisitRequestObject) (SettleVisitResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	b := r.Body
	v, err := a.flow.Settle(ctx, callOf(ctx).actor, r.Id, n, flow.Settlement{Verdict: flow.Verdict(b.Verdict), Field: calsync.Field(value(b.Field)), Print: value(b.Print),
		Date: slotDate(b.Date), Begins: value(b.Begins), Ends: value(b.Ends), Reason: value(b.Reason), Because: visit.Code(value(b.Because))})
	if err != nil {
		return nil, err
	}
	return SettleVisit200JSONResponse{Body: visitDetail(v), Headers: SettleVisit200ResponseHeaders{ETag: some(etag(v.Visit.Version))}}, nil
}

// ListConflicts gives the visits about which somebody has to decide.
func (a *API) ListConflicts(ctx context.Context, _ ListConflictsRequestObject) (ListConflictsResponseObject, error) {
	rows, err := a.flow.Conflicts(ctx, callOf(ctx).actor)
	if err != nil {
		return nil, err
	}
	return ListConflicts200JSONResponse{Items: list(rows, func(c flow.ConflictView) VisitConflict {
		return VisitConflict{Visit: visitOf(c.VisitView), Differences: list(c.Differences, calendarDifference), Proposals: list(c.Proposals, proposal)}
	})}, nil
}

// GetCalendarPolicy gives what becomes of what people do in their calendars.
func (a *API) GetCalendarPolicy(ctx context.Context, _ GetCalendarPolicyRequestObject) (GetCalendarPolicyResponseObject, error) {
	p, err := a.flow.Policy(ctx, callOf(ctx).actor)
	if err != nil {
		return nil, err
	}
	return GetCalendarPolicy200JSONResponse(calendarPolicy(p)), nil
}

// SetCalendarPolicy changes it.
func (a *API) SetCalendarPolicy(ctx context.Context, r SetCalendarPolicyRequestObject) (SetCalendarPolicyResponseObject, error) {
	b := r.Body
	p := flow.CalendarPolicy{Move: flow.Rule(b.Move), Resize: flow.Rule(b.Resize), Text: flow.Rule(b.Text), Delete: flow.Rule(b.Delete), Answer: flow.Rule(b.Answer)}
	if err := a.flow.SetPolicy(ctx, callOf(ctx).actor, p, value(b.Version)); err != nil {
		return nil, err
	}
	return SetCalendarPolicy200JSONResponse(calendarPolicy(p)), nil
}

func calendarPolicy(p flow.CalendarPolicy) CalendarPolicy {
	return CalendarPolicy{Version: some(flow.PrintOf(p)), Move: CalendarPolicyMove(p.Move), Resize: CalendarPolicyResize(p.Resize), Text: CalendarPolicyText(p.Text),
		Delete: CalendarPolicyDelete(p.Delete), Answer: CalendarPolicyAnswer(p.Answer)}
}

func calendarDifference(d calsync.Conflict) CalendarDifference {
	return CalendarDifference{Field: string(d.Field), Ours: d.Ours, Theirs: d.Theirs, Print: d.Print}
}

func visitCalendar(v flow.CalendarView) *VisitCalendar {
	out := &VisitCalendar{Differences: list(v.Differences, calendarDifference), MaySettle: v.MaySettle, MayInvite: v.MayInvite,
		Guests: list(v.Guests, func(g flow.GuestView) EventGuest {
			return EventGuest{Name: g.Name, Email: g.Email, Answer: Answer(g.Answer), Words: g.Words, Ours: g.Ours}
		}),
		Notes: list(v.Notes, func(n flow.CalendarNote) CalendarNote {
			return CalendarNote{At: n.At.UTC(), Kind: string(n.Kind), Guest: n.Guest, Field: string(n.Field), Words: n.Words}
		})}
	if v.Uncarried {
		out.AnswerThere = some(Answer(v.InCalendar))
	}
	return out
}
