package emulator_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/api/calendar/v3"

	"windshield/internal/gcal/emulator"
)

func (w *world) answer(calendarID, id, guest string) string {
	v, _ := w.emu.Event(calendarID, id)
	return v.Guest(guest).Answer
}

func TestChangesTravel(t *testing.T) {
	file := filepath.Join(t.TempDir(), "journal")
	sw := emulator.Switches{Propagation: 30 * time.Second}
	w := newWorld(t, emulator.Options{Manual: true, File: file, Switches: sw})
	w.insert(event("abc12", ann, bob))
	_, err := w.as(ann).Events.Get("primary", "abc12").Do()
	refused(t, err, 404, "notFound") // not yet on her calendar
	w.emu.Advance(30 * time.Second)
	_, err = w.as(ann).Events.Get("primary", "abc12").Do()
	require.NoError(t, err)

	require.NoError(t, w.emu.Respond(ann, "abc12", "accepted", "Yes"))
	require.Equal(t, "accepted", w.answer(ann, "abc12", ann), "on her own copy at once")
	require.Equal(t, "needsAction", w.answer(office, "abc12", ann))
	require.NoError(t, w.emu.Close())

	// What is on its way is not lost when the process ends.
	again := newWorld(t, emulator.Options{Manual: true, File: file, Switches: sw})
	again.now = w.now.Add(time.Minute)
	require.Equal(t, "accepted", again.answer(office, "abc12", ann))
	again.now = again.now.Add(time.Minute)
	require.Equal(t, "accepted", again.answer(bob, "abc12", ann))
	again.now = again.now.Add(time.Minute)
	require.Empty(t, again.emu.Audit())

	_, err = again.as(office).Events.Patch(office, "abc12", &calendar.Event{Attendees: []*calendar.EventAttendee{{Email: ann, ResponseStatus: "accepted"}}}).Do()
	require.NoError(t, err)
	require.Len(t, again.emu.Live(bob), 1, "he does not know yet")
	require.NoError(t, again.emu.Respond(ann, "abc12", "tentative", ""), "nor does she")
	again.emu.Advance(time.Minute)
	require.Empty(t, again.emu.Live(bob))
	again.emu.Advance(time.Minute)
	v, _ := again.emu.Event(office, "abc12")
	require.Len(t, v.Guests, 1, "her answer does not bring him back")
	require.Equal(t, "tentative", v.Guest(ann).Answer)
	require.NoError(t, again.as(office).Events.Delete(office, "abc12").Do())
	require.Len(t, again.emu.Live(ann), 1)
	again.emu.Advance(time.Minute)
	require.Empty(t, again.emu.Live(ann))
}

func TestChangesTravelByThemselves(t *testing.T) {
	w := newWorld(t, emulator.Options{Switches: emulator.Switches{Propagation: time.Hour}})
	r := newReceiver(t)
	w.insert(event("abc12", ann))
	_, err := w.watch(ann, "one", r)
	require.NoError(t, err)
	<-r.came
	w.emu.Advance(time.Hour) // no call comes in any more
	<-r.came
	require.Equal(t, "sync exists", r.states("one"))
}

func TestAbsencesDeclineByThemselves(t *testing.T) {
	w := newWorld(t, emulator.Options{Manual: true, Switches: emulator.Switches{AutoDecline: 5 * time.Second}})
	later := start.AddDate(0, 0, 7)
	w.insert(event("before", ann))
	id, err := w.emu.Block(ann, "outOfOffice", start.Add(-time.Hour), start.Add(3*time.Hour), "declineOnlyNewConflictingInvitations", "Skiing")
	require.NoError(t, err)
	w.emu.Advance(time.Minute)
	require.Equal(t, "needsAction", w.answer(office, "before", ann), "only new ones")
	e, err := w.insertAt("after1", start, ann, bob)
	require.NoError(t, err)
	require.Equal(t, "needsAction", e.Attendees[0].ResponseStatus, "not yet in the answer")
	w.emu.Advance(5 * time.Second)
	require.Equal(t, "declined", w.answer(office, "after1", ann))
	require.Equal(t, "needsAction", w.answer(office, "after1", bob))
	v, _ := w.emu.Event(office, "after1")
	require.Equal(t, "Skiing", v.Guest(ann).Comment)
	require.Equal(t, 1, w.emu.Ledger().Count("reply", office, "after1"))

	// A visit that is moved into the absence is declined as well.
	_, err = w.insertAt("after2", later, ann)
	require.NoError(t, err)
	w.emu.Advance(time.Minute)
	require.Equal(t, "needsAction", w.answer(office, "after2", ann))
	require.NoError(t, w.emu.Move(office, "after2", start, start.Add(time.Hour)))
	w.emu.Advance(time.Minute)
	require.Equal(t, "declined", w.answer(office, "after2", ann))

	// All conflicting ones: those that are there too. Through the API this time.
	_, err = w.as(bob).Events.Insert("primary", &calendar.Event{EventType: "focusTime", Start: &calendar.EventDateTime{DateTime: start.Format(time.RFC3339)},
		End:                 &calendar.EventDateTime{DateTime: start.Add(time.Hour).Format(time.RFC3339)},
		FocusTimeProperties: &calendar.EventFocusTimeProperties{AutoDeclineMode: "declineAllConflictingInvitations", DeclineMessage: "Focus"}}).Do()
	require.NoError(t, err)
	w.emu.Advance(time.Minute)
	require.Equal(t, "declined", w.answer(office, "after1", bob))
	require.Empty(t, w.emu.Audit())

	absence, err := w.as(ann).Events.Get("primary", id).Do()
	require.NoError(t, err)
	require.Equal(t, "unknownorganizer@calendar.google.com", absence.Organizer.Email)
	only, err := w.as(ann).Events.List("primary").EventTypes("outOfOffice", "focusTime").Do()
	require.NoError(t, err)
	require.Len(t, only.Items, 1)
}

func (w *world) insertAt(id string, at time.Time, guests ...string) (*calendar.Event, error) {
	e := event(id, guests...)
	e.Start.DateTime, e.End.DateTime = at.Format(time.RFC3339), at.Add(time.Hour).Format(time.RFC3339)
	return w.as(office).Events.Insert(office, e).SendUpdates("all").Do()
}

func TestKindsOfEvents(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	second, err := w.as(office).Calendars.Insert(&calendar.Calendar{Summary: "Second"}).Do()
	require.NoError(t, err)
	home := func() *calendar.Event {
		e := event("abc12")
		e.EventType, e.Visibility, e.Transparency = "workingLocation", "public", "transparent"
		e.WorkingLocationProperties = &calendar.EventWorkingLocationProperties{Type: "homeOffice", HomeOffice: map[string]any{}}
		return e
	}
	for name, c := range map[string]struct {
		calendar string
		edit     func(*calendar.Event)
	}{
		"secondary calendar": {second.Id, func(*calendar.Event) {}},
		"guests":             {office, func(e *calendar.Event) { e.Attendees = []*calendar.EventAttendee{{Email: ann}} }},
		"opaque":             {office, func(e *calendar.Event) { e.Transparency = "opaque" }},
		"all-day absence": {office, func(e *calendar.Event) {
			e.EventType, e.Start, e.End = "outOfOffice", &calendar.EventDateTime{Date: "2027-03-04"}, &calendar.EventDateTime{Date: "2027-03-05"}
		}},
		"from mail": {office, func(e *calendar.Event) { e.EventType = "fromGmail" }},
	} {
		e := home()
		c.edit(e)
		_, err := w.as(office).Events.Insert(c.calendar, e).Do()
		require.Error(t, err, name)
		refused(t, err, 400, "eventTypeRestriction")
	}
	_, err = w.as(office).Events.Insert(office, home()).Do()
	require.NoError(t, err)
	_, err = w.as(office).Events.Patch(office, "abc12", &calendar.Event{EventType: "default"}).Do()
	refused(t, err, 400, "invalid")
	_, err = w.as(office).Events.Move(office, "abc12", second.Id).Do()
	refused(t, err, 400, "eventTypeRestriction")
	for field, e := range map[string]*calendar.Event{"colour": {ColorId: "12"}, "visibility": {Visibility: "secret"}, "reminder": {Reminders: &calendar.EventReminders{
		Overrides: []*calendar.EventReminder{{Method: "popup", Minutes: 40321}}, ForceSendFields: []string{"UseDefault"}}}} {
		w.emu.SetSwitches(emulator.Switches{})
		_, err := w.as(office).Events.Patch(office, "abc12", e).Do()
		refused(t, err, 400, "invalid")
		require.NotEmpty(t, field)
	}
}

func TestConferences(t *testing.T) {
	w := newWorld(t, emulator.Options{Manual: true, Switches: emulator.Switches{Conference: 30 * time.Second}})
	svc := w.as(office)
	with := func(request string) *calendar.Event {
		return &calendar.Event{ConferenceData: &calendar.ConferenceData{CreateRequest: &calendar.CreateConferenceRequest{RequestId: request}}}
	}
	e := w.insert(event("abc12", ann))
	e, err := svc.Events.Patch(office, e.Id, with("r1")).Do()
	require.NoError(t, err)
	require.Nil(t, e.ConferenceData, "without a version it is not seen")
	e, err = svc.Events.Patch(office, e.Id, with("r1")).ConferenceDataVersion(1).Do()
	require.NoError(t, err)
	require.Equal(t, "pending", e.ConferenceData.CreateRequest.Status.StatusCode)
	w.emu.Advance(30 * time.Second)
	done, err := svc.Events.Get(office, e.Id).Do()
	require.NoError(t, err)
	require.Equal(t, "success", done.ConferenceData.CreateRequest.Status.StatusCode)
	require.NotEmpty(t, done.HangoutLink)
	require.NotEqual(t, e.Etag, done.Etag, "the server's own work changes the etag")
	same, err := svc.Events.Patch(office, e.Id, with("r1")).ConferenceDataVersion(1).Do()
	require.NoError(t, err)
	require.Equal(t, done.ConferenceData.ConferenceId, same.ConferenceData.ConferenceId, "the same request makes one conference")
	plain, err := svc.Events.Patch(office, e.Id, &calendar.Event{Summary: "Other"}).Do()
	require.NoError(t, err)
	require.Equal(t, done.ConferenceData.ConferenceId, plain.ConferenceData.ConferenceId)
}

func TestWhichInvitationsComeOntoACalendar(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	const partner = "pat@partner.example"
	w.emu.SetInvitations(ann, emulator.Respond)
	w.emu.SetInvitations(partner, emulator.Known)
	w.insert(event("abc12", ann, bob, partner))
	require.Empty(t, w.emu.Live(ann))
	require.Empty(t, w.emu.Live(partner), "of another domain, and never met")
	require.Len(t, w.emu.Live(bob), 1)
	require.NoError(t, w.emu.Respond(ann, "abc12", "accepted", ""))
	require.NoError(t, w.emu.Respond(partner, "abc12", "declined", ""))
	require.Len(t, w.emu.Live(ann), 1)
	w.insert(event("abc13", ann, partner))
	require.Len(t, w.emu.Live(ann), 1, "each time anew")
	require.Len(t, w.emu.Live(partner), 2, "now he knows the organiser")
	w.emu.SetInvitations("sam@partner.example", emulator.Known, office)
	w.insert(event("abc14", "sam@partner.example"))
	require.Len(t, w.emu.Live("sam@partner.example"), 1, "a contact")
}

func TestFreeBusyUnderItsSwitches(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	_, err := w.insertAt("abc12", start, ann)
	require.NoError(t, err)
	_, err = w.insertAt("abc13", start.Add(time.Hour), ann)
	require.NoError(t, err)
	busy := func(ids ...string) *calendar.FreeBusyResponse {
		q := &calendar.FreeBusyRequest{TimeMin: start.Add(-time.Hour).Format(time.RFC3339), TimeMax: start.Add(5 * time.Hour).Format(time.RFC3339), TimeZone: "Asia/Tokyo"}
		for _, id := range ids {
			q.Items = append(q.Items, &calendar.FreeBusyRequestItem{Id: id})
		}
		out, err := w.as(office).Freebusy.Query(q).Do()
		require.NoError(t, err)
		return out
	}
	got := busy(ann).Calendars[ann].Busy
	require.Len(t, got, 1, "adjacent ones are one")
	require.Equal(t, "2027-03-04T18:00:00+09:00", got[0].Start, "in the zone asked for")
	w.emu.SetSwitches(emulator.Switches{BusyUnmerged: true})
	require.Len(t, busy(ann).Calendars[ann].Busy, 2)
	w.emu.SetSwitches(emulator.Switches{UnansweredFree: true})
	require.Empty(t, busy(ann).Calendars[ann].Busy)
	require.NoError(t, w.emu.Respond(ann, "abc12", "tentative", ""))
	require.Len(t, busy(ann).Calendars[ann].Busy, 1)
	w.emu.SetSwitches(emulator.Switches{UnansweredFree: true, TentativeFree: true})
	require.Empty(t, busy(ann).Calendars[ann].Busy)
	w.emu.SetSwitches(emulator.Switches{BusyError: map[string]string{ann: "internalError"}})
	require.Equal(t, "internalError", busy(ann).Calendars[ann].Errors[0].Reason)
	require.Empty(t, busy(ann).Calendars[ann].Busy)

	w.emu.SetSwitches(emulator.Switches{})
	w.emu.SetGroup("sales@vendor.example", ann, bob)
	g := busy("sales@vendor.example")
	require.Equal(t, []string{ann, bob}, g.Groups["sales@vendor.example"].Calendars)
	require.Len(t, g.Calendars[ann].Busy, 1)
	var many []string
	for range 101 {
		many = append(many, bob)
	}
	w.emu.SetGroup("all@vendor.example", many...)
	require.Equal(t, "groupTooBig", busy("all@vendor.example").Groups["all@vendor.example"].Errors[0].Reason)
	many = many[:0]
	for i := range 51 {
		many = append(many, string(rune('a'+i%26))+string(rune('a'+i/26))+"@vendor.example")
	}
	tooMany := 0
	for _, c := range busy(many...).Calendars {
		if len(c.Errors) > 0 {
			require.Equal(t, "tooManyCalendarsRequested", c.Errors[0].Reason)
			tooMany++
		}
	}
	require.Equal(t, 1, tooMany)
	_, err = w.as(office).Freebusy.Query(&calendar.FreeBusyRequest{TimeMin: start.Format(time.RFC3339), TimeMax: start.Add(time.Hour).Format(time.RFC3339), CalendarExpansionMax: 51}).Do()
	refused(t, err, 400, "invalid")
}

func TestWhatIsHiddenFromReaders(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	e := event("abc12")
	e.Visibility, e.Location = "private", "Head office"
	w.insert(e)
	w.insert(event("abc13"))
	w.emu.Share(office, "domain:vendor.example", "freeBusyReader")
	see := func(id string) *calendar.Event {
		e, err := w.as(ann).Events.Get(office, id).Do()
		require.NoError(t, err)
		return e
	}
	require.Empty(t, see("abc13").Summary, "only that there is something")
	require.NotNil(t, see("abc13").Start)
	w.emu.Share(office, ann, "reader")
	require.Equal(t, "Visit", see("abc13").Summary)
	require.Empty(t, see("abc12").Location, "what is private stays so")
	w.emu.Share(office, ann, "writer")
	require.Equal(t, "Head office", see("abc12").Location)
	list, err := w.as(bob).Events.List(office).Do()
	require.NoError(t, err)
	require.Equal(t, "freeBusyReader", list.AccessRole)
}
