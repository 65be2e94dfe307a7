package httpapi

import (
	"context"
	"time"

	"windshield/internal/flow"
	"windshield/internal/roster"
)

// GetBusyTimes gives how people's own calendars are read, and whose is known.
func (a *API) GetBusyTimes(ctx context.Context, _ GetBusyTimesRequestObject) (GetBusyTimesResponseObject, error) {
	v, err := a.flow.Busy(ctx, callOf(ctx).actor)
	if err != nil {
		return nil, err
	}
	return GetBusyTimes200JSONResponse(busyTimes(v)), nil
}

// SetBusyTimes changes it.
func (a *API) SetBusyTimes(ctx context.Context, r SetBusyTimesRequestObject) (SetBusyTimesResponseObject, error) {
	b := r.Body
	minutes := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	s := flow.BusySettings{On: b.On, Hosts: b.Hosts, WriteAnyway: b.WriteAnyway, Every: minutes(b.EveryMinutes), Fresh: minutes(b.FreshMinutes),
		Rules: roster.BusyRules{Begins: b.Begins, Noon: b.Noon, Ends: b.Ends, Meeting: minutes(b.MeetingMinutes), Away: minutes(b.AwayMinutes), Full: minutes(b.FullMinutes)}}
	if err := a.flow.SetBusy(ctx, callOf(ctx).actor, s, value(b.Version)); err != nil {
		return nil, err
	}
	v, err := a.flow.Busy(ctx, callOf(ctx).actor)
	if err != nil {
		return nil, err
	}
	return SetBusyTimes200JSONResponse(busyTimes(v)), nil
}

func busyTimes(v flow.BusyView) BusyTimes {
	minutes := func(d time.Duration) int { return int(d / time.Minute) }
	s := v.Settings
	return BusyTimes{
		Settings: BusySettings{Version: some(flow.PrintOf(s)), On: s.On, Hosts: s.Hosts, WriteAnyway: s.WriteAnyway, Begins: s.Rules.Begins, Noon: s.Rules.Noon, Ends: s.Rules.Ends,
			MeetingMinutes: minutes(s.Rules.Meeting), AwayMinutes: minutes(s.Rules.Away), FullMinutes: minutes(s.Rules.Full), EveryMinutes: minutes(s.Every), FreshMinutes: minutes(s.Fresh)},
		People: list(v.People, func(p flow.BusyPerson) BusyReading {
			return BusyReading{Person: p.Person.ID, Name: p.Person.Name, Calendar: p.Person.Email, ReadAt: someTime(p.Reading.ReadAt), TriedAt: someTime(p.Reading.TriedAt), Unknown: p.Reading.Unknown}
		}),
	}
}
