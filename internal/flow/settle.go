package flow

import (
	"context"
	"slices"
	"strings"

	"windshield/internal/access"
	"windshield/internal/calsync"
	"windshield/internal/fault"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Verdict is how somebody settles a point on which the calendar and the plan differ.
type Verdict string

const (
	Ours   Verdict = "ours"   // what the plan says is written into the calendar
	Theirs Verdict = "theirs" // what people made of it holds
	Again  Verdict = "again"  // everybody is invited again, by a new event
	AtTime Verdict = "time"   // the visit is held at a time that is named now
)

// Settlement settles one point. Field and Print are those of the difference that
// somebody has looked at; where the calendar has changed since, nothing happens.
type Settlement struct {
	Verdict      Verdict
	Field        calsync.Field // for Ours and Theirs
	Print        string
	Date         slot.Date // for AtTime, with wall times of the customer's place
	Begins, Ends string
	Reason       string     // where the visit is moved to a day on which it has a brake
	Because      visit.Code // who caused the move, one of visit.MoveCodes; "" is by us
}

// Settle settles a point on which the calendar and the plan differ about a visit.
// Errors: Stale where the visit or the calendar has changed since it was looked at;
// Conflict where it cannot be done, with why.
func (f *Flow) Settle(ctx context.Context, a access.Actor, visitID string, version int, s Settlement) (VisitView, error) {
	if _, err := visit.ParseMoveCode(string(s.Because)); err != nil {
		return VisitView{}, err
	}
	err := f.Store.Write(ctx, func(tx Tx) error {
		v, err := visible(tx, a, visitID)
		if err != nil {
			return err
		}
		if err := access.Require(a, access.SettleVisit, about(v)); err != nil {
			return err
		}
		if v.Version != version {
			return staleVisit(v)
		}
		if !v.Start.After(f.Now()) && s.Verdict != Ours {
			return fault.Conflictf("The visit has begun already: its calendar entry changes nothing any more.")
		}
		if err := f.settle(tx, a, v, s); err != nil {
			return err
		}
		if err := f.note(tx, v.ID, CalendarNote{Kind: NoteSettled, Field: s.Field, Words: string(s.Verdict)}); err != nil {
			return err
		}
		return f.audit(tx, a, "settle with calendar", "visit/"+v.ID, map[string]any{"verdict": s.Verdict, "field": s.Field})
	})
	if err != nil {
		return VisitView{}, err
	}
	return f.Visit(ctx, a, visitID)
}

func (f *Flow) settle(tx Tx, a access.Actor, v visit.Visit, s Settlement) error {
	events, err := tx.Calendars.Events(v.ID)
	if err != nil {
		return err
	}
	if len(events) == 0 {
		return fault.Conflictf("The visit is in no calendar.")
	}
	e := events[0]
	switch s.Verdict {
	case Again:
		return f.inviteAgain(tx, a, v, e)
	case AtTime:
		return f.settleTime(tx, a, v, s.Date, s.Begins, s.Ends, s)
	case Ours, Theirs:
	default:
		return fault.Invalidf("This settles nothing.").With(fault.Detail{Where: "verdict", Value: fault.Short(string(s.Verdict)), Expected: "ours, theirs, again or time"})
	}
	if s.Verdict == Theirs && v.State == visit.Cancelled && v.Code == visit.FromCalendar && e.Base.Seen.Deleted {
		return f.clear(tx, v) // it was deleted, and that holds
	}
	differs := calsync.Differences(e.Want, e.Base)
	i := slices.IndexFunc(differs, func(d calsync.Conflict) bool { return d.Field == s.Field })
	if i < 0 || differs[i].Print != s.Print {
		return fault.Stalef("The calendar has changed meanwhile. Look at the visit again.")
	}
	d := differs[i]
	switch {
	case d.Field == calsync.FieldEvent:
		return f.settleEvent(tx, a, v, e, d, s.Verdict)
	case s.Verdict == Ours:
		if err := f.rewrite(tx, e, func(w *calsync.Want) { overrule(w, d) }); err != nil {
			return err
		}
		return f.clear(tx, v)
	case d.Field == calsync.FieldTime:
		why, to, begins, ends := f.movable(v, e.Base.Seen.When)
		if why != "" {
			return fault.Conflictf("The visit cannot be moved like this: %s", why)
		}
		return f.settleTime(tx, a, v, to.Date, begins, ends, s)
	case d.Field == calsync.FieldGuests:
		return f.settleGuests(tx, a, v, e)
	}
	base, ok := calsync.Concede(e.Want, e.Base, d.Field, d.Print)
	if !ok {
		return fault.Stalef("The calendar has changed meanwhile. Look at the visit again.")
	}
	e.Base = base
	if err := f.rewrite(tx, e, func(*calsync.Want) {}); err != nil {
		return err
	}
	return f.clear(tx, v)
}

// clear says that nothing is left to decide.
func (f *Flow) clear(tx Tx, v visit.Visit) error {
	if v.Conflict == "" {
		return nil
	}
	v.Conflict = ""
	return tx.Visits.Save(&v)
}

// settleEvent settles what people did to the event as a whole.
func (f *Flow) settleEvent(tx Tx, a access.Actor, v visit.Visit, e CalendarEvent, d calsync.Conflict, verdict Verdict) error {
	seen := e.Base.Seen
	switch {
	case seen.Restored && verdict == Ours: // it stays cancelled
		if err := f.rewrite(tx, e, func(w *calsync.Want) { overrule(w, d) }); err != nil {
			return err
		}
		return f.clear(tx, v)
	case seen.Restored:
		return f.standsAgain(tx, a, v, "Put back in the calendar.")
	case verdict == Ours:
		return f.inviteAgain(tx, a, v, e)
	case seen.Deleted:
		return f.deletedInCalendar(tx, DefaultPolicy, v, believed)
	}
	return fault.Conflictf("Somebody else organises the calendar entry. Invite again from here, or cancel the visit.")
}

// settleGuests lets stand that people were taken off the guest list. Without its
// executive a visit is declined.
func (f *Flow) settleGuests(tx Tx, a access.Actor, v visit.Visit, e CalendarEvent) error {
	executive, err := tx.People.Get(v.ExecutiveID)
	if err != nil {
		return err
	}
	for _, g := range e.Base.Seen.Guests {
		if strings.EqualFold(g.Email, executive.Email) {
			return f.clear(tx, v)
		}
	}
	v.Conflict = ""
	return f.takeAnswer(tx, a, v, visit.Refused, "Taken off the guest list in the calendar.")
}

// settleTime moves a visit to a time that somebody names, and settles what the
// calendar says about it. A person may leave windows and the plan's horizon, but
// not book somebody twice. s says why, and who caused it.
func (f *Flow) settleTime(tx Tx, a access.Actor, v visit.Visit, date slot.Date, begins, ends string, s Settlement) error {
	if !v.State.Live() {
		return fault.Conflictf("The visit is %s. Invite again first.", v.State)
	}
	start, err := slot.At(date, begins, v.Zone)
	if err != nil {
		return fault.Invalidf("The time cannot be read.").With(fault.Detail{Where: "begins", Value: fault.Short(begins), Expected: "a time such as 09:30, at the customer's place"})
	}
	end, err := slot.At(date, ends, v.Zone)
	if err != nil || !end.After(start) {
		return fault.Invalidf("The time cannot be read.").With(fault.Detail{Where: "ends", Value: fault.Short(ends), Expected: "a time such as 11:00, after the beginning"})
	}
	if !start.After(f.Now()) {
		return fault.Invalidf("The time has passed.").With(fault.Detail{Where: "date", Value: date.String(), Expected: "a day ahead"})
	}
	loc, err := slot.LoadZone(v.Zone)
	if err != nil {
		return err
	}
	to := slot.FromInstant(start, loc)
	if to != v.Slot {
		why, err := f.taken(tx, v, to)
		if err != nil {
			return err
		}
		if len(why) > 0 {
			return fault.Conflictf("The visit cannot stand there: %s (%s).", strings.Join(why, " and "), f.words(to))
		}
	}
	if err := f.decideForOurs(tx, v.ID); err != nil {
		return err
	}
	if err := f.placeAt(tx, a, v, to, begins, ends, s.Reason, s.Because); err != nil {
		return err
	}
	// Where the visit was there already, nothing new is wanted, and still it has to
	// be written.
	events, err := tx.Calendars.Events(v.ID)
	if err != nil || len(events) == 0 || events[0].State == EventWaiting || len(events[0].Want.Overrule) == 0 {
		return err
	}
	return f.rewrite(tx, events[0], func(*calsync.Want) {})
}

// decideForOurs lets the next write of a visit's event overrule what the calendar
// was last seen to hold about its time, or make a new event where the old one is
// gone: whoever places a visit about which the calendar disagrees has decided.
func (f *Flow) decideForOurs(tx Tx, visitID string) error {
	events, err := tx.Calendars.Events(visitID)
	if err != nil || len(events) == 0 {
		return err
	}
	e, changed := events[0], false
	for _, d := range calsync.Differences(e.Want, e.Base) {
		switch {
		case d.Field == calsync.FieldTime || d.Field == calsync.FieldGuests:
			overrule(&e.Want, d)
			changed = true
		case d.Field == calsync.FieldEvent && (e.Base.Seen.Deleted || e.Base.Seen.Taken):
			e.Want.Generation = e.Base.Generation + 1
			changed = true
		}
	}
	if !changed {
		return nil
	}
	e.Updated = f.Now().UTC()
	return tx.Calendars.Save(&e)
}

// inviteAgain makes a new event for a visit whose event people have deleted, or
// somebody else organises. A visit that was cancelled by that stands again where
// everybody is still free.
func (f *Flow) inviteAgain(tx Tx, a access.Actor, v visit.Visit, e CalendarEvent) error {
	lost := e.Base.Seen.Deleted || e.Base.Seen.Taken
	if !lost || !v.State.Live() && (v.State != visit.Cancelled || v.Code != visit.FromCalendar) {
		return fault.Conflictf("There is nothing to invite to again: the calendar entry was not deleted by anybody.")
	}
	generation := e.Base.Generation + 1
	if v.State.Live() {
		if err := f.rewrite(tx, e, func(w *calsync.Want) { w.Generation = generation }); err != nil {
			return err
		}
		return f.unanswered(tx, v)
	}
	e.Want.Generation, e.Updated = max(e.Want.Generation, generation), f.Now().UTC()
	if err := tx.Calendars.Save(&e); err != nil {
		return err
	}
	return f.standsAgain(tx, a, v, "Invited again.")
}

// unanswered says of a visit to which everybody is invited again that nothing is
// left to decide, and that nobody has answered.
func (f *Flow) unanswered(tx Tx, v visit.Visit) error {
	was := v
	v.Conflict = ""
	if err := f.askAnew(tx, &v, was); err != nil {
		return err
	}
	return tx.Visits.Save(&v)
}

// standsAgain takes back a cancellation that came from the calendar.
func (f *Flow) standsAgain(tx Tx, a access.Actor, v visit.Visit, words string) error {
	if v.State == visit.Cancelled {
		why, err := f.taken(tx, v, v.Slot)
		if err != nil {
			return err
		}
		if len(why) > 0 {
			return fault.Conflictf("The visit cannot stand again: %s (%s).", strings.Join(why, " and "), f.words(v.Slot))
		}
		if err := f.alone(tx, v); err != nil {
			return err
		}
	}
	was := v
	if err := v.Restore(words); err != nil {
		return err
	}
	v.Conflict = ""
	if err := f.askAnew(tx, &v, was); err != nil {
		return err
	}
	if err := tx.Bookings.Book(bookingsOf(v)...); err != nil {
		return err
	}
	return f.saveVisit(tx, a, &v)
}

// alone refuses a second visit to a customer in one plan.
func (f *Flow) alone(tx Tx, v visit.Visit) error {
	others, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, PlanID: v.PlanID, CustomerID: v.CustomerID})
	if err != nil {
		return err
	}
	for _, o := range others {
		if o.ID != v.ID && o.State.Stands() {
			return fault.Conflictf("The customer has another visit in this plan already, on %s.", f.words(o.Slot))
		}
	}
	return nil
}
