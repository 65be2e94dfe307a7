package httpapi

import (
	"context"

	"windshield/internal/calsync"
	"windshield/internal/flow"
)

// ForecastPlan says what publishing a draft would do.
func (a *API) ForecastPlan(ctx context.Context, r ForecastPlanRequestObject) (ForecastPlanResponseObject, error) {
	v, err := a.flow.Forecast(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return ForecastPlan200JSONResponse{Plan: v.Plan.ID, Version: v.Plan.Version, Fingerprint: v.Fingerprint, Totals: launchTotals(v.Totals), Budget: budget(v.Budget), Days: v.Days,
		People: list(v.People, func(p flow.PersonForecast) PersonForecast {
			return PersonForecast{Name: p.Name, Email: p.Email, Creates: p.Creates, Moves: p.Moves, Changes: p.Changes, Cancels: p.Cancels,
				Invitations: p.Invitations, Updates: p.Updates, Cancellations: p.Cancellations}
		}),
		Warnings: list(v.Warnings, func(w flow.ForecastWarning) ForecastWarning {
			return ForecastWarning{Visit: w.VisitID, Customer: w.Customer, Date: date(w.Day), Text: w.Text}
		}), Reasons: list(v.Reasons, needsReason)}, nil
}

func launchTotals(t flow.Totals) LaunchTotals {
	return LaunchTotals{Creates: t.Creates, Moves: t.Moves, Changes: t.Changes, Cancels: t.Cancels, Unchanged: t.Unchanged, Asks: t.Asks, Parked: t.Parked,
		Invitations: t.Invitations, Updates: t.Updates, Cancellations: t.Cancellations}
}

func budget(b flow.Budget) Budget {
	return Budget{Pilot: b.Pilot, Wave: b.Wave, PerDay: b.PerDay, PerHour: b.PerHour}
}

// ListLaunches gives the launches of a plan.
func (a *API) ListLaunches(ctx context.Context, r ListLaunchesRequestObject) (ListLaunchesResponseObject, error) {
	all, err := a.flow.Launches(ctx, callOf(ctx).actor, r.Params.Plan)
	if err != nil {
		return nil, err
	}
	return ListLaunches200JSONResponse{Items: list(all, launch)}, nil
}

// GetLaunch gives a launch as it is now.
func (a *API) GetLaunch(ctx context.Context, r GetLaunchRequestObject) (GetLaunchResponseObject, error) {
	v, err := a.flow.LaunchView(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return GetLaunch200JSONResponse(launch(v)), nil
}

// PauseLaunch lets nothing more go for now.
func (a *API) PauseLaunch(ctx context.Context, r PauseLaunchRequestObject) (PauseLaunchResponseObject, error) {
	v, err := a.flow.PauseLaunch(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return PauseLaunch200JSONResponse(launch(v)), nil
}

// ResumeLaunch lets a launch go on.
func (a *API) ResumeLaunch(ctx context.Context, r ResumeLaunchRequestObject) (ResumeLaunchResponseObject, error) {
	v, err := a.flow.ResumeLaunch(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return ResumeLaunch200JSONResponse(launch(v)), nil
}

// StopLaunch ends a launch.
func (a *API) StopLaunch(ctx context.Context, r StopLaunchRequestObject) (StopLaunchResponseObject, error) {
	v, err := a.flow.StopLaunch(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return StopLaunch200JSONResponse(launch(v)), nil
}

func launch(v flow.LaunchView) Launch {
	return Launch{Id: v.ID, Plan: v.PlanID, State: LaunchState(v.State), Reason: v.Reason, Waits: v.Waits, Wave: v.Wave, Visits: v.Visits, Applied: v.Applied,
		OnWay: v.OnWay, Held: v.Held, Parked: v.Parked, Conflicts: v.Conflicts, Totals: launchTotals(v.Totals), Budget: budget(v.Budget),
		CreatedAt: v.CreatedAt.UTC(), CreatedBy: v.CreatedBy, EndedAt: someTime(v.EndedAt),
		Organisers: list(v.Organisers, func(o flow.LaunchOrganiser) LaunchOrganiser {
			return LaunchOrganiser{Address: o.Address, Name: o.Name, Visits: o.Visits, Applied: o.Applied, OnWay: o.OnWay, Held: o.Held, Mails: o.Mails,
				Until: someTime(o.Until), Trouble: o.Trouble}
		})}
}

// VerifyCalendars asks for a report.
func (a *API) VerifyCalendars(ctx context.Context, _ VerifyCalendarsRequestObject) (VerifyCalendarsResponseObject, error) {
	if _, err := a.flow.StartVerification(ctx, callOf(ctx).actor); err != nil {
		return nil, err
	}
	return VerifyCalendars202Response{}, nil
}

// GetVerification gives the newest report.
func (a *API) GetVerification(ctx context.Context, r GetVerificationRequestObject) (GetVerificationResponseObject, error) {
	v, err := a.flow.Verification(ctx, callOf(ctx).actor, calsync.Standing(value(r.Params.Standing)))
	if err != nil {
		return nil, err
	}
	tally := map[string]int{}
	for s, n := range v.Tally() {
		tally[string(s)] = n
	}
	same := func(s string) string { return s }
	return GetVerification200JSONResponse{State: RunState(v.State), Well: v.AllWell(), Calendars: v.Calendars, Read: v.Read, Tally: tally,
		AskedAt: v.AskedAt.UTC(), AskedBy: v.AskedBy, EndedAt: someTime(v.EndedAt),
		Unread: list(v.Unread, func(u flow.Unread) Unread { return Unread{Calendar: u.Calendar, Events: u.Events, Why: u.Why} }),
		Findings: list(v.Rows, func(x flow.FindingView) Finding {
			return Finding{Standing: Standing(x.Standing), Calendar: x.Calendar, Visit: x.Visit, Event: x.EventID, Others: list(x.Others, same), Problem: x.Problem,
				Fields: list(x.Fields, func(f calsync.Field) string { return string(f) })}
		})}, nil
}

// MendCalendars looks again at what is not as wanted.
func (a *API) MendCalendars(ctx context.Context, _ MendCalendarsRequestObject) (MendCalendarsResponseObject, error) {
	n, err := a.flow.Mend(ctx, callOf(ctx).actor)
	if err != nil {
		return nil, err
	}
	return MendCalendars200JSONResponse{Events: n}, nil
}
