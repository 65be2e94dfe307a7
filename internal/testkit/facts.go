package testkit

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/flow"
	"windshield/internal/gcal/emulator"
	"windshield/internal/mail"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// read looks at the rows themselves.
func (h *House) look(do func(tx flow.Tx) error) {
	h.t.Helper()
	require.NoError(h.t, h.App.Store.Read(context.Background(), do))
}

// Visits gives the visits of a plan in the states named (all where none is), by
// date; of all plans where plan is "".
func (h *House) Visits(plan string, states ...visit.State) []visit.Visit {
	h.t.Helper()
	var out []visit.Visit
	h.look(func(tx flow.Tx) (err error) {
		out, _, err = tx.Visits.Find(flow.VisitQuery{Scope: access.Scope{All: true}, PlanID: plan, States: states})
		return err
	})
	return out
}

// Visit gives a visit as it stands now.
func (h *House) Visit(id string) visit.Visit {
	h.t.Helper()
	var out visit.Visit
	h.look(func(tx flow.Tx) (err error) {
		out, err = tx.Visits.Get(id)
		return err
	})
	return out
}

// Person gives somebody by id or by address.
func (h *House) Person(idOrEmail string) roster.Person {
	h.t.Helper()
	var out roster.Person
	h.look(func(tx flow.Tx) (err error) {
		if strings.Contains(idOrEmail, "@") {
			out, err = tx.People.ByEmail(idOrEmail)
		} else {
			out, err = tx.People.Get(idOrEmail)
		}
		return err
	})
	return out
}

// Bookings gives all bookings of the people named, of everybody where none is.
func (h *House) Bookings(personIDs ...string) []visit.Booking {
	h.t.Helper()
	var out []visit.Booking
	h.look(func(tx flow.Tx) (err error) {
		out, err = tx.Bookings.Between(slot.Interval{Start: slot.MakeDate(2000, 1, 1), End: slot.MakeDate(2100, 12, 31)}, personIDs...)
		return err
	})
	return out
}

// Booked says whether a person's half-day is taken.
func (h *House) Booked(personID string, s slot.Slot) bool {
	h.t.Helper()
	return slices.ContainsFunc(h.Bookings(personID), func(b visit.Booking) bool { return b.Slot == s })
}

// Event gives what Windshield believes about a visit's event.
func (h *House) Event(visitID string) flow.CalendarEvent {
	h.t.Helper()
	var out []flow.CalendarEvent
	h.look(func(tx flow.Tx) (err error) {
		out, err = tx.Calendars.Events(visitID)
		return err
	})
	require.Len(h.t, out, 1, "the desired event of visit %s", visitID)
	return out[0]
}

// InCalendar gives a visit's event as it stands in its organiser's calendar.
func (h *House) InCalendar(visitID string) emulator.View {
	h.t.Helper()
	e := h.Event(visitID)
	v, found := h.Calendar.Event(e.Calendar, e.EventID)
	require.True(h.t, found, "the event of visit %s in the calendar", visitID)
	return v
}

// Organizer gives the address in whose calendar a visit stands.
func (h *House) Organizer(visitID string) string { return h.Event(visitID).Calendar }

// Alerts gives a person's alerts, newest breach first.
func (h *House) Alerts(personID string) []flow.Alert {
	h.t.Helper()
	var all []flow.Alert
	h.look(func(tx flow.Tx) (err error) {
		all, err = tx.Alerts.List(false)
		return err
	})
	return slices.DeleteFunc(all, func(a flow.Alert) bool { return a.PersonID != personID })
}

// Inbox gives the mails that somebody got, oldest first.
func (h *House) Inbox(email string) []mail.Caught {
	return slices.DeleteFunc(h.Mails(), func(m mail.Caught) bool { return !m.IsTo(email) })
}

// Mails gives all mails, oldest first.
func (h *House) Mails() []mail.Caught { return slices.Concat(h.mails, h.Mail.Messages()) }

// MailDown ends the mail server: nobody answers at its address.
func (h *House) MailDown() {
	h.t.Helper()
	require.NoError(h.t, h.Mail.Close())
}

// MailUp starts the mail server again at its address.
func (h *House) MailUp() {
	h.t.Helper()
	h.mails = h.Mails()
	again, err := mail.NewCatcher(h.Mail.Addr(), h.Clock.Now)
	require.NoError(h.t, err)
	h.Mail = again
}

// Breaches gives the mails about the 30-day clock that somebody got.
func (h *House) Breaches(email string) []mail.Caught {
	return slices.DeleteFunc(h.Inbox(email), func(m mail.Caught) bool { return !strings.Contains(m.Text, "Your visits:") })
}

// Effects counts what the calendar server has stored for us, and mailed.
type Effects struct{ Writes, Mails int }

// Effects counts so far.
func (h *House) Effects() Effects {
	l := h.Calendar.Ledger()
	return Effects{len(l.Writes()), len(l.Mails)}
}

// SetDay turns the clock to a wall time at a place on a date, without letting
// the schedules run.
func (h *House) SetDay(d slot.Date, wall, zone string) {
	h.t.Helper()
	at, err := slot.At(d, wall, zone)
	require.NoError(h.t, err)
	h.Clock.Set(at)
}

// Until turns the clock to an instant and lets the schedules run.
func (h *House) Until(t time.Time) {
	h.t.Helper()
	h.Clock.Set(t)
	h.Tick()
}
