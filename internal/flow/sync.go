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
	"windshield/internal/alert"
	"windshield/internal/calsync"
	"windshield/internal/fault"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

var calendarActor = access.System("calendar")

// applyEvent brings the calendar event of one visit to what is wanted. It may be
// repeated, and run twice at once: who finds that somebody else has written the
// base meanwhile steps back.
func (f *Flow) applyEvent(ctx context.Context, visitID string) error {
	events, err := read(ctx, f, func(tx Tx) ([]CalendarEvent, error) { return tx.Calendars.Events(visitID) })
	if err != nil || len(events) == 0 {
		return err
	}
	e := events[0]
	if e.State == EventApplied && e.Applied >= e.Desired {
		return nil
	}
	cal, err := f.Calendars.Open(ctx, e.Calendar)
	if err != nil {
		return f.waitForHelp(ctx, e.Calendar, err)
	}
	last := e.Base
	save := func(ctx context.Context, b calsync.Base) error {
		err := f.Store.Write(ctx, func(tx Tx) error {
			return changeEvent(tx, visitID, f.Now(), func(now *CalendarEvent) error {
				if !sameBase(now.Base, last) {
					return fault.Stalef("Somebody else is at work on this event.")
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
	if out.Incident {
		f.Log.Error("calendar incident", "visit", visitID, "reason", out.Reason)
	}
	err = f.Store.Write(ctx, func(tx Tx) error {
		err := changeEvent(tx, visitID, f.Now(), func(now *CalendarEvent) error {
			if now.Want.Version != e.Want.Version {
				return nil // a newer wish has a job of its own
			}
			now.Tries++
			now.State, now.Problem = judgeApply(base, e, out, applyErr)
			return nil
		})
		if err != nil || applyErr != nil || out.Event == nil {
			return err
		}
		// What people did to it before we knew that it was there comes with no
		// reading of the calendar.
		return f.observe(tx, e.Calendar, *out.Event)
	})
	if err != nil {
		return err
	}
	return f.afterCall(ctx, e.Calendar, applyErr)
}

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
		return EventConflict, "The calendar says " + c.Theirs + ", the plan says " + c.Ours + " (" + string(c.Field) + ")."
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
		c.Calendar, c.LastTry, c.Error, c.NeedsAction = calendar, f.Now().UTC(), connectionText(why), needsAction
		return tx.Calendars.SaveCursor(&c)
	})
}

func connectionText(err error) string {
	var calErr *calsync.Error
	if errors.As(err, &calErr) {
		return "The calendar answers: " + calErr.Class.String() + " (" + calErr.Reason + ")."
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
	cal, err := f.Calendars.Open(ctx, calendar)
	if err != nil {
		return f.noteConnection(ctx, calendar, err, true) // the next poll tries again
	}
	reading := calsync.Reading{Env: f.Env, Account: calendar, Calendar: calendar, Now: f.Now().UTC()}
	pulled, pullErr := calsync.Pull(ctx, cal, reading, c.Cursor, knownEvents{f})
	if pullErr != nil {
		class := calsync.ClassOf(pullErr)
		return f.noteConnection(ctx, calendar, pullErr, class == calsync.AuthLost || class == calsync.Denied) // the next poll tries again
	}
	for range pulled.Stray {
		f.Log.Warn("an event bears our mark, but no visit of ours knows it")
	}
	err = f.Store.Write(ctx, func(tx Tx) error {
		now, err := tx.Calendars.Cursor(calendar)
		if err != nil {
			return err
		}
		if now.Version != c.Version {
			return nil // somebody else has read it meanwhile
		}
		for _, seen := range pulled.Seen {
			if err := f.observe(tx, calendar, seen); err != nil {
				return err
			}
		}
		now.Calendar, now.Cursor, now.LastTry, now.Error, now.NeedsAction = calendar, pulled.Next, reading.Now, "", false
		if pulled.Doubt == calsync.NoDoubt {
			now.LastSuccess = reading.Now
		} else {
			now.Error, now.NeedsAction = string(pulled.Doubt), pulled.Doubt == calsync.MassLoss
		}
		return tx.Calendars.SaveCursor(&now)
	})
	if fault.Is(err, fault.Stale) {
		return nil
	}
	return err
}

// observe applies what people did to one event to its visit.
func (f *Flow) observe(tx Tx, calendar string, seen calsync.Event) error {
	rows, err := tx.Calendars.OnCalendar(calendar, []string{seen.ID})
	if err != nil || len(rows) == 0 {
		return err
	}
	e := rows[0]
	changes, base := calsync.Observe(e.Base, seen)
	if sameBase(base, e.Base) && len(changes) == 0 {
		return nil
	}
	e.Base, e.Updated = base, f.Now().UTC()
	if e.State == EventConflict && len(changes) > 0 { // people may have settled it
		e.State = EventWaiting
		if err := tx.Queue.Enqueue(Job{Kind: JobApply, Key: e.VisitID}); err != nil {
			return err
		}
	}
	if err := tx.Calendars.Save(&e); err != nil {
		return err
	}
	for _, c := range changes {
		// Read again each time: the change before may have changed the visit.
		v, err := tx.Visits.Get(e.VisitID)
		if err != nil {
			return err
		}
		// What people tidy away after the visit has begun says nothing about it.
		if !v.State.Live() || c.Kind != calsync.Moved && !v.Start.After(f.Now()) {
			continue
		}
		switch c.Kind {
		case calsync.Answered:
			err = f.answered(tx, v, c)
		case calsync.Moved:
			err = f.moved(tx, v, c)
		case calsync.Deleted:
			err = f.deletedInCalendar(tx, v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var answers = map[calsync.Answer]visit.Answer{
	calsync.NeedsAction: visit.NoAnswer, calsync.Accepted: visit.Accepted, calsync.Maybe: visit.Tentative, calsync.Declined: visit.Refused,
}

func (f *Flow) answered(tx Tx, v visit.Visit, c calsync.Change) error {
	executive, err := tx.People.Get(v.ExecutiveID)
	if err != nil {
		return err
	}
	if !strings.EqualFold(c.Guest, executive.Email) {
		return nil // the host's or another guest's answer says nothing about the executive
	}
	note, err := text("comment", c.Comment, 500)
	if err != nil {
		note = string([]rune(c.Comment)[:500])
	}
	answer := answers[c.Answer]
	if answer == visit.Refused && note == "" {
		note = "Declined in the calendar, without a reason."
	}
	return f.takeAnswer(tx, calendarActor, v, answer, note)
}

// moved accepts a move that people made in the calendar where everybody is free
// then, and shows it as a conflict where not. It is never undone silently.
func (f *Flow) moved(tx Tx, v visit.Visit, c calsync.Change) error {
	from := v.Slot
	why, to, begins, ends := f.movable(v, c.When)
	if why == "" && to != from {
		var err error
		if why, err = f.busy(tx, v, to); err != nil {
			return err
		}
	}
	if why != "" {
		v.Conflict = "Moved in the calendar, but " + why
		if err := tx.Visits.Save(&v); err != nil {
			return err
		}
		return f.audit(tx, calendarActor, "move refused", "visit/"+v.ID, map[string]string{"from": from.String(), "to": to.String()})
	}
	if err := v.PlaceAt(v.ExecutiveID, to, begins, ends, v.Zone); err != nil {
		return err
	}
	v.Sign(calendarActor.PersonID, f.Now().UTC())
	v.Conflict = ""
	if to != from {
		if err := tx.Bookings.Release(v.ID); err != nil {
			return err
		}
		if err := tx.Bookings.Book(bookingsOf(v)...); err != nil {
			return err
		}
	}
	if err := tx.Visits.Save(&v); err != nil {
		return err
	}
	if err := f.want(tx, &v); err != nil {
		return err
	}
	return f.audit(tx, calendarActor, "move visit", "visit/"+v.ID, map[string]string{"from": from.String(), "to": to.String()})
}

// movable reads a new time at the customer's place; why says what is wrong with it.
func (f *Flow) movable(v visit.Visit, w calsync.When) (why string, to slot.Slot, begins, ends string) {
	if w.AllDay {
		return "to a whole day: say at what time.", v.Slot, "", ""
	}
	start, end, err := w.Instants()
	loc, zoneErr := slot.LoadZone(v.Zone)
	if err != nil || zoneErr != nil {
		return "to a time that cannot be read.", v.Slot, "", ""
	}
	to = slot.FromInstant(start, loc)
	begins, ends = start.In(loc).Format("15:04"), end.In(loc).Format("15:04")
	switch {
	case slot.DateOf(end, loc) != to.Date || ends <= begins:
		why = "it would not end on the day it begins."
	case !start.After(f.Now()):
		why = "into the past."
	}
	return why, to, begins, ends
}

// busy says who is taken in a slot by another visit or by leave; "" where nobody is.
func (f *Flow) busy(tx Tx, v visit.Visit, to slot.Slot) (string, error) {
	taken, err := tx.Bookings.Between(slot.Interval{Start: to.Date, End: to.Date}, v.ExecutiveID, v.HostID)
	if err != nil {
		return "", err
	}
	var why []string
	for _, id := range []string{v.ExecutiveID, v.HostID} {
		i := slices.IndexFunc(taken, func(b visit.Booking) bool { return b.PersonID == id && b.Slot == to && b.VisitID != v.ID })
		if i < 0 {
			continue
		}
		p, err := tx.People.Get(id)
		if err != nil {
			return "", err
		}
		if taken[i].Kind == visit.BookedLeave {
			why = append(why, p.Name+" is on leave then")
		} else {
			why = append(why, p.Name+" is booked then")
		}
	}
	if len(why) == 0 {
		return "", nil
	}
	return strings.Join(why, " and ") + " (" + f.words(to) + ").", nil
}

// words says a half-day as people do: "Fri 19 Mar, morning".
func (f *Flow) words(s slot.Slot) string {
	half := "morning"
	if s.Half == slot.PM {
		half = "afternoon"
	}
	return alert.Day(s.Date, f.today("UTC")) + ", " + half
}

// deletedInCalendar takes a deletion by the organiser as the visit's end. Nobody
// is invited again without being asked.
func (f *Flow) deletedInCalendar(tx Tx, v visit.Visit) error {
	if err := v.Become(visit.Cancelled, "Deleted in the calendar."); err != nil {
		return err
	}
	v.BecauseOf(visit.FromCalendar)
	v.Sign(calendarActor.PersonID, f.Now().UTC())
	if err := tx.Bookings.Release(v.ID); err != nil {
		return err
	}
	if err := tx.Visits.Save(&v); err != nil {
		return err
	}
	if err := f.want(tx, &v); err != nil {
		return err
	}
	return f.audit(tx, calendarActor, "cancel visit", "visit/"+v.ID, map[string]string{"reason": "deleted in the calendar"})
}

// pullAll enqueues a reading of every calendar that holds events of ours.
func (f *Flow) pullAll(ctx context.Context) error {
	return f.Store.Write(ctx, func(tx Tx) error {
		tally, err := tx.Calendars.Tally()
		if err != nil {
			return err
		}
		var jobs []Job
		for calendar := range tally {
			jobs = append(jobs, Job{Kind: JobPull, Key: calendar})
		}
		if len(jobs) == 0 {
			return nil
		}
		return tx.Queue.Enqueue(jobs...)
	})
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
		var jobs []Job
		for _, e := range waiting {
			jobs = append(jobs, Job{Kind: JobApply, Key: e.VisitID})
		}
		if len(jobs) > 0 {
			if err := tx.Queue.Enqueue(jobs...); err != nil {
				return err
			}
		}
		if err := patient(tx); err != nil {
			return err
		}
		return f.audit(tx, a, "sync now", "calendars", nil)
	})
	if err != nil {
		return err
	}
	return f.pullAll(ctx)
}

// patient ends the wait of calendars whose tokens were refused: somebody asks to
// read them now.
func patient(tx Tx) error {
	tally, err := tx.Calendars.Tally()
	if err != nil {
		return err
	}
	for calendar := range tally {
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
		c.Cursor.Believe = true
		if err := tx.Calendars.SaveCursor(&c); err != nil {
			return err
		}
		if err := tx.Queue.Enqueue(Job{Kind: JobPull, Key: calendar}); err != nil {
			return err
		}
		return f.audit(tx, a, "believe deletions", "calendars", nil)
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
