package flow

import (
	"context"
	"time"

	"windshield/internal/access"
	"windshield/internal/calsync"
)

// Quota is how much of a quota of calls was used in the last minute, by this
// process, and what holds calls back.
type Quota struct {
	Used, Limit int       // Limit 0: none is set
	PausedUntil time.Time // all calls, after a refusal for their pace; zero or past: none
	BarredUntil time.Time // invitations, after the calendar use limit
}

// PushState is how a calendar's push channel stands, in words that do not change.
type PushState string

const (
	PushOff     PushState = "off"     // nothing is announced to this installation
	PushNone    PushState = "none"    // no channel is open yet
	PushOpen    PushState = "open"    // announces changes until Expires
	PushUnsure  PushState = "unsure"  // asked for, not yet confirmed
	PushRefused PushState = "refused" // the calendar does not announce changes; Problem says why
)

// CalendarHealth is how the work with one calendar goes.
type CalendarHealth struct {
	ConnectionView
	Conflicts   int       // events about which a person has to decide
	Parked      int       // events that are refused for good
	OldestWait  time.Time // since when the oldest waiting event waits; zero: none waits
	Push        PushState
	PushExpires time.Time // zero unless open
	PushProblem string    // the server's word
	Quota       Quota
}

// Health is how the work with all calendars goes.
type Health struct {
	At        time.Time
	Calendars []CalendarHealth // worst first
	Quota     Quota            // of all accounts together
	Polled    bool             // nothing is announced here: calendars are only read at intervals
}

// Health gives how the work with every calendar goes, for the administrator and
// the metrics.
func (f *Flow) Health(ctx context.Context, a access.Actor) (Health, error) {
	connections, err := f.Connections(ctx, a)
	if err != nil {
		return Health{}, err
	}
	now := f.Now().UTC()
	h := Health{At: now, Quota: f.quota(""), Polled: f.PushURL == ""}
	err = f.Store.Read(ctx, func(tx Tx) error {
		tally, err := tx.Calendars.Tally()
		if err != nil {
			return err
		}
		oldest, err := tx.Channels.Oldest()
		if err != nil {
			return err
		}
		rows, err := tx.Channels.Of("")
		if err != nil {
			return err
		}
		channels := map[string][]calsync.Channel{}
		for _, r := range rows {
			channels[r.Calendar] = append(channels[r.Calendar], r.Channel)
		}
		h.Calendars = make([]CalendarHealth, 0, len(connections))
		for _, c := range connections {
			one := CalendarHealth{ConnectionView: c, Conflicts: tally[c.Address][EventConflict], Parked: tally[c.Address][EventParked],
				OldestWait: oldest[c.Address], Quota: f.quota(c.Address)}
			one.Push, one.PushExpires, one.PushProblem = f.pushState(channels[c.Address], now)
			h.Calendars = append(h.Calendars, one)
		}
		return nil
	})
	return h, err
}

func (f *Flow) quota(address string) Quota {
	if f.Deps.Quota == nil {
		return Quota{}
	}
	return f.Deps.Quota(address)
}

// pushState sums up a calendar's channels, oldest first.
func (f *Flow) pushState(channels []calsync.Channel, now time.Time) (state PushState, expires time.Time, problem string) {
	state = PushNone
	if f.PushURL == "" {
		state = PushOff
	}
	for _, c := range channels {
		switch {
		case c.State == calsync.ChannelOpen && c.Alive(now):
			state, expires, problem = PushOpen, c.Expires, ""
		case state == PushOpen:
		case c.State == calsync.ChannelOpening && c.Alive(now):
			state, problem = PushUnsure, ""
		case c.State == calsync.ChannelRefused && c.Next.After(now):
			state, problem = PushRefused, c.Problem
		}
	}
	return state, expires, problem
}
