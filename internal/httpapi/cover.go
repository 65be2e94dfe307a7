package httpapi

import (
	"context"
	"strings"

	"windshield/internal/alert"
	"windshield/internal/coverage"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/slot"
)

// GetCoverage gives the numbers of the CEO's page.
func (a *API) GetCoverage(ctx context.Context, r GetCoverageRequestObject) (GetCoverageResponseObject, error) {
	span := slot.Interval{Start: slotDate(r.Params.From), End: slotDate(r.Params.To)}
	if span.Start.IsZero() != span.End.IsZero() {
		where := "query to"
		if span.Start.IsZero() {
			where = "query from"
		}
		return nil, invalid([]fault.Detail{{Where: where, Expected: "a date such as 2027-03-04", Mend: "Give both days of the period, or none."}})
	}
	v, err := a.flow.Coverage(ctx, callOf(ctx).actor, flow.CoverageQuery{Period: span, Whole: true})
	if err != nil {
		return nil, err
	}
	return GetCoverage200JSONResponse(coverageOf(v)), nil
}

// ListAlerts gives breaches of the 30-day clock.
func (a *API) ListAlerts(ctx context.Context, r ListAlertsRequestObject) (ListAlertsResponseObject, error) {
	alerts, err := a.flow.Alerts(ctx, callOf(ctx).actor, r.Params.Open == nil || *r.Params.Open)
	if err != nil {
		return nil, err
	}
	return ListAlerts200JSONResponse{Items: list(alerts, alertOf)}, nil
}

// GetLadder says after how many days an open alert climbs.
func (a *API) GetLadder(ctx context.Context, _ GetLadderRequestObject) (GetLadderResponseObject, error) {
	l, err := a.flow.Ladder(ctx, callOf(ctx).actor)
	if err != nil {
		return nil, err
	}
	return GetLadder200JSONResponse{VpDays: l.VPDays, CeoDays: l.CEODays}, nil
}

// SetLadder changes it.
func (a *API) SetLadder(ctx context.Context, r SetLadderRequestObject) (SetLadderResponseObject, error) {
	if err := a.flow.SetLadder(ctx, callOf(ctx).actor, alert.Ladder{VPDays: r.Body.VpDays, CEODays: r.Body.CeoDays}); err != nil {
		return nil, err
	}
	return SetLadder200JSONResponse(*r.Body), nil
}

// AnswerAlert snoozes or acknowledges an open alert.
func (a *API) AnswerAlert(ctx context.Context, r AnswerAlertRequestObject) (AnswerAlertResponseObject, error) {
	in := flow.AlertAnswer{Until: slotDate(r.Body.Until), Reason: r.Body.Reason}
	if err := a.flow.AnswerAlert(ctx, callOf(ctx).actor, r.Id, slotDate(&r.Body.Breach), in); err != nil {
		return nil, err
	}
	return AnswerAlert204Response{}, nil
}

// ListConnections gives the state of every calendar.
func (a *API) ListConnections(ctx context.Context, _ ListConnectionsRequestObject) (ListConnectionsResponseObject, error) {
	connections, err := a.flow.Connections(ctx, callOf(ctx).actor)
	if err != nil {
		return nil, err
	}
	return ListConnections200JSONResponse{Items: list(connections, func(v flow.ConnectionView) Connection {
		return Connection{Calendar: v.Address, Name: v.Name, State: ConnectionState(v.State), LastSuccess: someTime(v.LastSuccess), LastError: v.LastError,
			Wanted: v.Wanted, Applied: v.Applied, Waiting: v.Waiting, Problems: list(v.Problems, calendarEvent)}
	})}, nil
}

// SyncNow asks for all calendars to be read and written.
func (a *API) SyncNow(ctx context.Context, _ SyncNowRequestObject) (SyncNowResponseObject, error) {
	if err := a.flow.SyncNow(ctx, callOf(ctx).actor); err != nil {
		return nil, err
	}
	return SyncNow202Response{}, nil
}

// ListAudit gives a page of the audit trail.
func (a *API) ListAudit(ctx context.Context, r ListAuditRequestObject) (ListAuditResponseObject, error) {
	q := flow.EntryQuery{ActorID: value(r.Params.Actor), After: value(r.Params.After), Limit: limit(r.Params.Limit)}
	if about := value(r.Params.About); strings.Contains(about, "/") {
		q.Subject = about
	} else {
		q.Kind = about
	}
	if r.Params.From != nil {
		q.From = r.Params.From.Time
	}
	if r.Params.To != nil {
		q.To = r.Params.To.AddDate(0, 0, 1)
	}
	entries, next, err := a.flow.Trail(ctx, callOf(ctx).actor, q)
	if err != nil {
		return nil, err
	}
	return ListAudit200JSONResponse{Next: some(next), Items: list(entries, func(e flow.Entry) AuditEntry {
		return AuditEntry{Seq: e.Seq, At: e.At.UTC(), Actor: e.ActorID, Action: e.Action, Subject: e.Subject, Detail: e.Detail, Prev: e.Prev, Hash: e.Hash}
	})}, nil
}

func alertOf(v flow.AlertView) Alert {
	b := breach(v)
	who := personRef(v.Person)
	who.Id = v.PersonID // also of somebody who has left the company
	return Alert{Person: who, Breach: b.Breach, LastVisit: b.LastVisit, Open: b.Open, Reason: b.Reason, RaisedAt: b.RaisedAt, SettledAt: b.SettledAt,
		Outcome: b.Outcome, SilentUntil: b.SilentUntil, SeenOn: b.SeenOn, Note: b.Note, NotedBy: b.NotedBy, Rungs: b.Rungs,
		Deliveries: list(v.Deliveries, func(d flow.Delivery) Delivery {
			return Delivery{Id: d.ID, Kind: d.Kind, Channel: string(d.Channel), Person: d.PersonID, MessageId: d.MessageID, Subject: d.Subject,
				State: DeliveryState(d.State), Error: d.Error, CreatedAt: d.CreatedAt.UTC(), SentAt: someTime(d.SentAt)}
		})}
}

func coverageOf(v flow.CoverageView) Coverage {
	r := v.Report
	t := r.Totals
	return Coverage{AsOf: r.AsOf.UTC(), Today: date(r.Today), Period: period(v.Period), Sentence: r.Sentence, Strata: groups(v.Groups), Alerts: list(v.Alerts, alertOf),
		Behind: list(v.Behind, func(l alert.Lag) Lag {
			return Lag{Dimension: l.Dimension, Code: l.Code, Label: l.Label, Target: l.Target, Due: l.Due, Held: l.Held, Booked: l.Booked, Missing: l.Missing, Short: l.Short, Reason: l.Reason}
		}),
		Months: list(r.Months, func(m coverage.Month) Month { return Month{Year: m.Year, Month: int(m.Month), Label: m.Label} }),
		People: list(r.People, personCoverage),
		Groups: list(r.Groups, func(g coverage.GroupRow) GroupCoverage {
			return GroupCoverage{Code: g.Code, Label: g.Label, Customers: g.Customers, CustomerShare: g.CustomerShare, Visits: g.Visits, VisitShare: g.VisitShare,
				Distinct: g.Distinct, Target: g.Target, Under: g.Under}
		}),
		Weeks: list(r.Weeks, func(w coverage.WeekRow) WeekCoverage {
			return WeekCoverage{Week: w.Label, Monday: date(w.Monday), Visits: w.Visits, Distinct: w.Distinct}
		}),
		Gaps: list(r.Gaps, func(g coverage.Gap) Gap {
			return Gap{Person: named(g.PersonID, g.Name), On: date(g.On), Ends: someDate(g.Ends), Text: g.Text}
		}),
		Totals: Totals{Executives: t.Executives, Overdue: t.Overdue, Never: t.Never, OnLeave: t.OnLeave, Customers: t.Customers, Visits: t.Visits,
			NotCounted: t.NotCounted, Distinct: t.Distinct, Ungrouped: t.Ungrouped, Booked: t.Booked}}
}

func personCoverage(p coverage.PersonRow) PersonCoverage {
	return PersonCoverage{Id: p.ID, Name: p.Name, Function: p.Function, Running: p.Running, Last: someDate(p.Last), LastVisit: some(p.LastID), Days: p.Days,
		Overdue: p.Overdue, Never: p.Never, Paused: p.Paused, Back: someDate(p.Back), Months: p.Months[:], Next: someDate(p.Next), NextVisit: some(p.NextID),
		Forecast: someDate(p.Forecast), NotCounted: list(p.NotCounted, func(n coverage.NotCounted) NotCounted {
			return NotCounted{Visit: n.VisitID, Customer: n.CustomerID, Date: date(n.Date), Why: n.Why}
		})}
}
