package flow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"windshield/internal/access"
	"windshield/internal/calsync"
	"windshield/internal/fault"
)

var calendarActor = access.System("calendar")

// applyEvent brings the calendar event of one visit to what is wanted. It may be
// repeated, and called twice at once: one waits for the other, since two who ask
// the calendar at the same time may both be told that nothing is there yet.
func (f *Flow) applyEvent(ctx context.Context, visitID string) error {
	return f.Store.Alone(ctx, "event/"+visitID, func(ctx context.Context) error { return f.applyAlone(ctx, visitID) })
}

// applyAlone is applyEvent while nobody else is at work on the event. Should that
// fail, who finds that somebody else has written the base meanwhile steps back.
func (f *Flow) applyAlone(ctx context.Context, visitID string) error {
	events, err := read(ctx, f, func(tx Tx) ([]CalendarEvent, error) { return tx.Calendars.Events(visitID) })
	if err != nil || len(events) == 0 {
		return err
	}
	e := events[0]
	if e.State == EventApplied && e.Applied >= e.Desired {
		return nil
	}
	cal, err := f.open(ctx, e.Calendar, false)
	if err != nil {
		return f.waitForHelp(ctx, e.Calendar, err)
	}
	if held, err := f.heldBack(ctx, e); err != nil || held {
		return err
	}
	last, newer := e.Base, false
	save := func(ctx context.Context, b calsync.Base) error {
		err := f.Store.Write(ctx, func(tx Tx) error {
			return changeEvent(tx, visitID, f.Now(), func(now *CalendarEvent) error {
				if !sameBase(now.Base, last) {
					return fault.Stalef("Somebody else is at work on this event.")
				}
				if b.Intent != nil && now.Want.Version != e.Want.Version {
					newer = true
					return fault.Stalef("A newer wish for this event has come before it was written.")
				}
				now.Base, now.EventID, now.Applied = b, b.EventID, max(now.Applied, b.Applied)
				return nil
			})
		})
		if err == nil {
			last = b
		}
		return err
	}
	base, out, applyErr := calsync.Apply(ctx, cal, save, e.Want, e.Base)
	if newer {
		return nil // nothing was written of the old wish, and the newer one has a job of its own
	}
	if out.Incident {
		f.Log.Error("calendar incident", "visit", visitID, "reason", out.Reason)
	}
	// How it ended is written also where the time for the job is over: what was
	// tried and not noted would hold up everything that comes after it.
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), outcomeTimeout)
	defer stop()
	err = f.Store.Write(ctx, func(tx Tx) error {
		err := changeEvent(tx, visitID, f.Now(), func(now *CalendarEvent) error {
			if now.Want.Version != e.Want.Version {
				return nil // a newer wish has a job of its own
			}
			now.Tries++
			now.State, now.Problem = judgeApply(base, e, out, applyErr)
			if now.State == EventApplied {
				now.Want.Overrule = nil // used up: the same edit made again is a new question
			}
			return nil
		})
		if err != nil || applyErr != nil || out.Event == nil {
			return err
		}
		// What people did to it before we knew that it was there comes with no
		// reading of the calendar.
		if err := f.observe(tx, e.Calendar, *out.Event, nobodyAsked); err != nil || len(out.Did) == 0 {
			return err
		}
		return f.afterWrite(tx, visitID, out)
	})
	if err != nil {
		return err
	}
	return f.afterCall(ctx, e.Calendar, applyErr)
}

// outcomeTimeout bounds how long a job that has no more time may write its outcome.
const outcomeTimeout = 10 * time.Second

// changeEvent changes the row of a visit's event.
func changeEvent(tx Tx, visitID string, now time.Time, change func(*CalendarEvent) error) error {
	rows, err := tx.Calendars.Events(visitID)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return fault.NotFoundf("There is no event for this visit.")
	}
	if err := change(&rows[0]); err != nil {
		return err
	}
	rows[0].Updated = now.UTC()
	return tx.Calendars.Save(&rows[0])
}

// sameBase compares two bases as they are stored.
func sameBase(a, b calsync.Base) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

// judgeApply says how an event stands after an attempt, in words for people.
func judgeApply(base calsync.Base, e CalendarEvent, out calsync.Outcome, err error) (EventState, string) {
	var calErr *calsync.Error
	switch {
	case err == nil && len(out.Conflicts) > 0:
		c := out.Conflicts[0]
		return EventConflict, "The calendar says " + fault.Short(c.Theirs) + ", the plan says " + fault.Short(c.Ours) + " (" + string(c.Field) + ")."
	case errors.As(err, &calErr) && strings.EqualFold(calErr.Reason, "forbiddenForNonOrganizer"):
		return EventConflict, "Somebody else organises this event: the calendar lets us change it no more."
	case err == nil && base.Applied >= e.Want.Version:
		return EventApplied, ""
	case err == nil:
		return EventConflict, out.Reason
	case fault.Is(err, fault.Invalid):
		return EventParked, fault.Sentence(err)
	case errors.As(err, &calErr) && calErr.Class == calsync.Permanent:
		return EventParked, "The calendar refuses this event for good: " + calErr.Reason + "."
	case errors.As(err, &calErr):
		return EventWaiting, "Waiting: " + calErr.Class.String() + "."
	}
	return EventWaiting, "Waiting: our own database was busy."
}

// afterCall turns the error of a call into what the queue shall do about it, and
// notes what an administrator must know.
func (f *Flow) afterCall(ctx context.Context, calendar string, err error) error {
	var calErr *calsync.Error
	if err == nil || fault.Is(err, fault.Invalid) || !errors.As(err, &calErr) {
		return err
	}
	switch calErr.Class {
	case calsync.Permanent:
		return nil // parked; the next change of the visit tries again
	case calsync.AuthLost, calsync.Denied:
		return f.waitForHelp(ctx, calendar, err)
	case calsync.SlowDown:
		return &Later{After: max(calErr.RetryAfter, 30*time.Second), Why: calErr.Class.String()}
	case calsync.UsageLimit:
		return &Later{After: max(calErr.RetryAfter, time.Hour), Why: calErr.Class.String()}
	}
	return fault.Temporaryf("The calendar could not be reached.").Because(err)
}

// waitForHelp records that a calendar needs a person's help, and asks to try
// again after a while: the help may have come.
func (f *Flow) waitForHelp(ctx context.Context, calendar string, why error) error {
	if errors.Is(why, errNotCalled) { // it was noted when it began
		return &Later{After: probeEvery, Why: "the calendar's connection needs attention"}
	}
	if err := f.noteConnection(ctx, calendar, why, true); err != nil {
		return err
	}
	return &Later{After: 10 * time.Minute, Why: "the calendar's connection needs attention"}
}

// noteConnection records why a calendar could not be reached.
func (f *Flow) noteConnection(ctx context.Context, calendar string, why error, needsAction bool) error {
	return f.untilFresh(ctx, func(tx Tx) error {
		c, err := tx.Calendars.Cursor(calendar)
		if err != nil {
			return err
		}
		account, err := tx.Connections.Get(calendar)
		if err != nil {
			return err
		}
		c.Calendar, c.LastTry, c.Error, c.NeedsAction = calendar, f.Now().UTC(), f.connectionText(why), needsAction
		if !needsAction && account.State == NeedsReconnecting {
			// A reading that began before the account was lost may fail for a reason
			// that passes; the account is lost all the same.
			c.Error, c.NeedsAction = account.Error, true
		}
		if err := tx.Calendars.SaveCursor(&c); err != nil {
			return err
		}
		return f.connectionLost(tx, calendar, why)
	})
}

func (f *Flow) connectionText(err error) string {
	kind := Consent
	if f.Google.Delegated {
		kind = Delegation
	}
	if calErr := asCalendarError(err); calErr != nil {
		return troubleOf(calErr, kind).String()
	}
	return fault.Sentence(err)
}

// knownEvents gives Pull what we believe a calendar to hold.
type knownEvents struct{ f *Flow }

func (k knownEvents) Bases(ctx context.Context, calendar string, ids []string) ([]calsync.Base, error) {
	return read(ctx, k.f, func(tx Tx) ([]calsync.Base, error) {
		events, err := tx.Calendars.OnCalendar(calendar, ids)
		if err != nil {
			return nil, err
		}
		out := make([]calsync.Base, len(events))
		for i, e := range events {
			out[i] = e.Base
		}
		return out, nil
	})
}

// pullCalendar reads back what people did in one calendar.
func (f *Flow) pullCalendar(ctx context.Context, calendar string) error {
	c, err := read(ctx, f, func(tx Tx) (CalendarCursor, error) { return tx.Calendars.Cursor(calendar) })
	if err != nil {
		return err
	}
	cal, err := f.open(ctx, calendar, true)
	if errors.Is(err, errNotCalled) {
		return nil // it was noted when it began
	}
	if err != nil {
		return f.noteConnection(ctx, calendar, err, true) // the next poll tries again
	}
	reading := calsync.Reading{Env: f.Env, Account: calendar, Calendar: calendar, Now: f.Now().UTC()}
	pulled, pullErr := calsync.Pull(ctx, cal, reading, c.Cursor, knownEvents{f})
	if pullErr != nil {
		class := calsync.ClassOf(pullErr)
		return f.noteConnection(ctx, calendar, pullErr, class == calsync.AuthLost || class == calsync.Denied) // the next poll tries again
	}
	elsewhere, unsureOf, err := f.lookElsewhere(ctx, calendar, pulled.Seen)
	if err != nil {
		return err
	}
	overtaken := false
	err = f.Store.Write(ctx, func(tx Tx) error {
		overtaken = false
		now, err := tx.Calendars.Cursor(calendar)
		if err != nil {
			return err
		}
		if now.Version != c.Version {
			overtaken = true
			return nil
		}
		for _, seen := range pulled.Seen {
			if there, ok := elsewhere[seen.ID]; ok {
				err = f.followEvent(tx, calendar, there)
			} else {
				said := verdictOn(c.Cursor)
				if said == nobodyAsked && unsureOf[seen.ID] {
					said = unsure
				}
				err = f.observe(tx, calendar, seen, said)
			}
			if err != nil {
				return err
			}
		}
		for _, seen := range pulled.Stray {
			if err := f.stray(tx, calendar, seen); err != nil {
				return err
			}
		}
		now.Calendar, now.Cursor, now.LastTry, now.Error, now.NeedsAction = calendar, pulled.Next, reading.Now, "", false
		if pulled.Doubt == calsync.NoDoubt {
			now.LastSuccess = reading.Now
		} else {
			now.Error, now.NeedsAction = string(pulled.Doubt), pulled.Doubt == calsync.MassLoss
		}
		if err := tx.Calendars.SaveCursor(&now); err != nil {
			return err
		}
		if verdictOn(c.Cursor) == byMistake { // now that nothing is in doubt any more
			if err := f.inviteAll(tx, calendar, pulled.Seen); err != nil {
				return err
			}
		}
		return f.connectionBack(tx, calendar)
	})
	if overtaken || fault.Is(err, fault.Stale) {
		// Somebody has read it meanwhile, or decided something about it and asked for a
		// reading, which this one, still under way, stood in for.
		return &Later{After: time.Second, Why: "the calendar was read or decided about meanwhile"}
	}
	if err != nil {
		return err
	}
	return f.readAgain(ctx, calendar, reading.Now)
}

// SyncNow asks for all calendars to be read, and waiting events to be written, at once.
func (f *Flow) SyncNow(ctx context.Context, a access.Actor) error {
	if err := access.Require(a, access.ManageConnection, access.Subject{}); err != nil {
		return err
	}
	err := f.untilFresh(ctx, func(tx Tx) error {
		waiting, err := tx.Calendars.Problems()
		if err != nil {
			return err
		}
		var ids []string
		for _, e := range waiting {
			if e.State != EventWaiting {
				ids = append(ids, e.VisitID)
			}
		}
		tally, err := tx.Calendars.Tally()
		if err != nil {
			return err
		}
		for calendar := range tally { // also what was never tried: its job may have been given up
			more, err := tx.Connections.Waiting(calendar)
			if err != nil {
				return err
			}
			ids = append(ids, more...)
		}
		if err := enqueueApplies(tx, ids); err != nil {
			return err
		}
		if err := patient(tx); err != nil {
			return err
		}
		if err := impatient(tx); err != nil {
			return err
		}
		return f.audit(tx, a, "sync now", "calendars", nil)
	})
	if err != nil {
		return err
	}
	return f.pullAll(ctx, 0)
}

// patient ends the wait of calendars whose tokens or channels were refused:
// somebody asks to read them now.
func patient(tx Tx) error {
	tally, err := tx.Calendars.Tally()
	if err != nil {
		return err
	}
	for calendar := range tally {
		if err := willingly(tx, calendar); err != nil {
			return err
		}
		c, err := tx.Calendars.Cursor(calendar)
		if err != nil {
			return err
		}
		if c.Cursor.Refused == 0 {
			continue
		}
		c.Cursor.Refused = 0
		if err := tx.Calendars.SaveCursor(&c); err != nil {
			return err
		}
	}
	return nil
}

// Believe says that the many events which are gone from a calendar at once are
// really gone: what a person confirms before the visits behind them are
// cancelled. Conflict where nothing is in doubt.
func (f *Flow) Believe(ctx context.Context, a access.Actor, calendar string) error {
	return f.believe(ctx, a, calendar, false)
}

// PutBack says that the many events which are gone from a calendar at once are gone
// by mistake: the visits stand, and everybody is invited again. Conflict where
// nothing is in doubt.
func (f *Flow) PutBack(ctx context.Context, a access.Actor, calendar string) error {
	return f.believe(ctx, a, calendar, true)
}

func (f *Flow) believe(ctx context.Context, a access.Actor, calendar string, putBack bool) error {
	if err := access.Require(a, access.ManageConnection, access.Subject{}); err != nil {
		return err
	}
	return f.untilFresh(ctx, func(tx Tx) error {
		c, err := tx.Calendars.Cursor(calendar)
		if err != nil {
			return err
		}
		if c.Error != string(calsync.MassLoss) {
			return fault.Conflictf("Nothing is in doubt in this calendar.")
		}
		c.Cursor.Believe, c.Cursor.PutBack = true, putBack
		if err := tx.Calendars.SaveCursor(&c); err != nil {
			return err
		}
		if err := tx.Queue.Enqueue(Job{Kind: JobPull, Key: calendar}); err != nil {
			return err
		}
		return f.audit(tx, a, "believe deletions", "calendars", map[string]bool{"invite_again": putBack})
	})
}

// Connections gives the state of every calendar, worst first.
func (f *Flow) Connections(ctx context.Context, a access.Actor) ([]ConnectionView, error) {
	if err := access.Require(a, access.SeeConnections, access.Subject{}); err != nil {
		return nil, err
	}
	return read(ctx, f, func(tx Tx) ([]ConnectionView, error) {
		tally, err := tx.Calendars.Tally()
		if err != nil {
			return nil, err
		}
		people, err := tx.People.All()
		if err != nil {
			return nil, err
		}
		names := map[string]string{}
		for _, p := range people {
			names[p.Email] = p.Name
		}
		problems, err := tx.Calendars.Problems()
		if err != nil {
			return nil, err
		}
		byCalendar := map[string][]CalendarEvent{}
		for _, e := range problems {
			byCalendar[e.Calendar] = append(byCalendar[e.Calendar], e)
		}
		var out []ConnectionView
		for calendar, states := range tally {
			c, err := tx.Calendars.Cursor(calendar)
			if err != nil {
				return nil, err
			}
			v := ConnectionView{Address: calendar, Name: names[calendar], LastSuccess: c.LastSuccess, LastError: c.Error,
				Applied: states[EventApplied], Waiting: states[EventWaiting], Problems: byCalendar[calendar], Doubted: c.Error == string(calsync.MassLoss)}
			for _, n := range states {
				v.Wanted += n
			}
			switch {
			case c.NeedsAction:
				v.State = NeedsAction
			case c.Error != "":
				v.State = Retrying
			case c.LastSuccess.IsZero():
				v.State = NeverConnected
			default:
				v.State = Connected
			}
			out = append(out, v)
		}
		slices.SortFunc(out, func(x, y ConnectionView) int {
			if d := badness[y.State] - badness[x.State]; d != 0 {
				return d
			}
			if d := len(y.Problems) - len(x.Problems); d != 0 {
				return d
			}
			return strings.Compare(x.Address, y.Address)
		})
		return out, nil
	})
}

// The states of a calendar's connection.
const (
	Connected      = "connected"
	NeverConnected = "never connected"
	Retrying       = "retrying"
	NeedsAction    = "needs action"
)

var badness = map[string]int{NeedsAction: 3, Retrying: 2, NeverConnected: 1}
