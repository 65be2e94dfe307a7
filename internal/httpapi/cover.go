package httpapi

import (
	"context"
	"strings"

	openapi_types "github.com/oapi-codegen/runtime/types"

	"windshield/internal/alert"
	"windshield/internal/coverage"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/slot"
)

// GetCoverage gives the numbers of the CEO's page.
func (a *API) GetCoverage(ctx context.Context, r GetCoverageRequestObject) (GetCoverageResponseObject, error) {
	span, err := spanOf(r.Params.From, r.Params.To)
	if err != nil {
		return nil, err
	}
	v, err := a.flow.Coverage(ctx, callOf(ctx).actor, flow.CoverageQuery{Period: span, Region: value(r.Params.Region), Whole: true})
	if err != nil {
		return nil, err
	}
	return GetCoverage200JSONResponse(coverageOf(v)), nil
}

// spanOf reads a period of which both days are given, or none.
func spanOf(from, to *openapi_types.Date) (slot.Interval, error) {
	span := slot.Interval{Start: slotDate(from), End: slotDate(to)}
	if span.Start.IsZero() == span.End.IsZero() {
		return span, nil
	}
	where := "query to"
	if span.Start.IsZero() {
		where = "query from"
	}
	return span, invalid([]fault.Detail{{Where: where, Expected: "a date such as 2027-03-04", Mend: "Give both days of the period, or none."}})
}

// GetPersonCoverage gives what is behind somebody's clock.
func (a *API) GetPersonCoverage(ctx context.Context, r GetPersonCoverageRequestObject) (GetPersonCoverageResponseObject, error) {
	v, err := a.flow.CoveragePerson(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	out := PersonClock{Executive: personRef(v.Executive), Clock: *clock(v.Clock), Months: list(v.Months, monthOf), Counts: v.Row.Months[:], Mix: mixOf(v.Mix), Ways: list(v.Ways, wayOf),
		Spells: list(v.Spells, func(s alert.Spell) Spell {
			return Spell{First: date(s.First), Last: date(s.Last), Lasts: s.Lasts, Days: s.Days()}
		}),
		Leave: list(v.Absences, func(x roster.Absence) Period { return period(x.Interval) }),
		Past:  list(v.Past, func(x flow.AlertView) Breach { return *breach(x) }),
		Warnings: list(v.Warnings, func(w flow.KeptWarning) ClockWarning {
			return ClockWarning{Breach: date(w.Breach), Ahead: w.Ahead, Reason: w.Reason}
		})}
	if v.Alert != nil {
		out.Alert = breach(*v.Alert)
	}
	return GetPersonCoverage200JSONResponse(out), nil
}

// GetStratumCoverage gives who of a group was heard.
func (a *API) GetStratumCoverage(ctx context.Context, r GetStratumCoverageRequestObject) (GetStratumCoverageResponseObject, error) {
	span, err := spanOf(r.Params.From, r.Params.To)
	if err != nil {
		return nil, err
	}
	v, err := a.flow.CoverageGroup(ctx, callOf(ctx).actor, r.Code, span)
	if err != nil {
		return nil, err
	}
	who := func(c flow.GroupCustomer) HeardCustomer {
		return HeardCustomer{Customer: named(c.CustomerID, c.Name), Visits: c.Visits, Last: someDate(c.Last), Next: someDate(c.Next)}
	}
	return GetStratumCoverage200JSONResponse{Group: groupOf(v.GroupRow), Period: period(v.Period), Heard: list(v.Heard, who), Unheard: list(v.Unheard, who), More: v.More}, nil
}

// ListGaps gives who will pass 30 days.
func (a *API) ListGaps(ctx context.Context, r ListGapsRequestObject) (ListGapsResponseObject, error) {
	v, err := a.flow.CoveragePeople(ctx, callOf(ctx).actor, flow.PeopleQuery{Region: value(r.Params.Region)})
	if err != nil {
		return nil, err
	}
	return ListGaps200JSONResponse{Items: list(v.Report.Gaps, gapOf)}, nil
}

// ListCountedVisits gives the visits behind a number.
func (a *API) ListCountedVisits(ctx context.Context, r ListCountedVisitsRequestObject) (ListCountedVisitsResponseObject, error) {
	span, err := spanOf(r.Params.From, r.Params.To)
	if err != nil {
		return nil, err
	}
	v, err := a.flow.CoverageRows(ctx, callOf(ctx).actor, flow.RowsQuery{Period: span, Region: value(r.Params.Region), ExecutiveID: value(r.Params.Executive), Group: value(r.Params.Group),
		Phase: string(value(r.Params.Phase)), AtEnd: value(r.Params.QuarterEnd), Lapsed: value(r.Params.Lapsed), Page: value(r.Params.Page)})
	if err != nil {
		return nil, err
	}
	return ListCountedVisits200JSONResponse{All: v.All, More: v.More, Items: list(v.Rows, func(x flow.CountedVisit) CountedVisit {
		return CountedVisit{Id: x.ID, Date: date(x.Slot.Date), Customer: named(x.CustomerID, x.Customer), Executive: named(x.ExecutiveID, x.Executive), Stage: x.Stage, WhyNot: x.WhyNot}
	})}, nil
}

func wayOf(w flow.Way) Way {
	return Way{Text: w.Text, Page: some(w.Path), Customer: some(w.CustomerID)}
}

func monthOf(m coverage.Month) Month {
	return Month{Year: m.Year, Month: int(m.Month), Label: m.Label}
}

func mixOf(m coverage.Mix) Mix {
	return Mix{Visits: m.Visits, Early: m.Early, Middle: m.Middle, Late: m.Late, Settled: m.Settled, Unknown: m.Unknown, QuarterEnd: m.QuarterEnd}
}

func groupOf(g coverage.GroupRow) GroupCoverage {
	return GroupCoverage{Code: g.Code, Label: g.Label, Customers: g.Customers, CustomerShare: g.CustomerShare, Visits: g.Visits, VisitShare: g.VisitShare,
		Distinct: g.Distinct, Target: g.Target, Under: g.Under}
}

func gapOf(g coverage.Gap) Gap {
	return Gap{Person: named(g.PersonID, g.Name), On: date(g.On), Ends: someDate(g.Ends), Text: g.Text}
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
	return GetLadder200JSONResponse{Version: some(flow.PrintOf(l)), VpDays: l.VPDays, CeoDays: l.CEODays}, nil
}

// SetLadder changes it.
func (a *API) SetLadder(ctx context.Context, r SetLadderRequestObject) (SetLadderResponseObject, error) {
	l := alert.Ladder{VPDays: r.Body.VpDays, CEODays: r.Body.CeoDays}
	if err := a.flow.SetLadder(ctx, callOf(ctx).actor, l, value(r.Body.Version)); err != nil {
		return nil, err
	}
	return SetLadder200JSONResponse{Version: some(flow.PrintOf(l)), VpDays: l.VPDays, CeoDays: l.CEODays}, nil
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
		Months: list(r.Months, monthOf), Regions: texts(v.Regions), Mix: mixOf(v.Mix),
		People: list(r.People, personCoverage),
		Groups: list(r.Groups, groupOf),
		Weeks: list(r.Weeks, func(w coverage.WeekRow) WeekCoverage {
			return WeekCoverage{Week: w.Label, Monday: date(w.Monday), Visits: w.Visits, Distinct: w.Distinct}
		}),
		Gaps: list(r.Gaps, gapOf),
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
