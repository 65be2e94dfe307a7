package emulator_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
	"google.golang.org/api/calendar/v3"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"

	"windshield/internal/gcal/emulator"
)

const (
	office = "office@vendor.example"
	ann    = "ann@vendor.example"
	bob    = "bob@vendor.example"
	buyer  = "buyer@customer.example"
)

var start = time.Date(2027, 3, 4, 9, 0, 0, 0, time.UTC)

// world is an emulator with Google's own client for anybody.
type world struct {
	t   *testing.T
	emu *emulator.Server
	url string
	now time.Time
}

func newWorld(t *testing.T, opts emulator.Options) *world {
	w := &world{t: t, now: time.Date(2027, 1, 4, 8, 0, 0, 0, time.UTC)}
	opts.Now = func() time.Time { return w.now }
	opts.External = []string{"customer.example"}
	var err error
	w.emu, err = emulator.New(opts)
	require.NoError(t, err)
	srv := httptest.NewServer(emulator.Conforming(w.emu.Handler(), func(wrong string) { t.Error("against the discovery document: " + wrong) }))
	t.Cleanup(srv.Close)
	w.url = srv.URL
	return w
}

func (w *world) as(user string) *calendar.Service { return w.with(w.emu.Token(user)) }

func (w *world) with(token string) *calendar.Service {
	w.t.Helper()
	client := oauth2.NewClient(context.Background(), oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token}))
	svc, err := calendar.NewService(context.Background(), option.WithHTTPClient(client), option.WithEndpoint(w.url+"/calendar/v3/"))
	require.NoError(w.t, err)
	return svc
}

func event(id string, guests ...string) *calendar.Event {
	e := &calendar.Event{Id: id, Summary: "Visit", Start: &calendar.EventDateTime{DateTime: start.Format(time.RFC3339)}, End: &calendar.EventDateTime{DateTime: start.Add(time.Hour).Format(time.RFC3339)}}
	for _, g := range guests {
		e.Attendees = append(e.Attendees, &calendar.EventAttendee{Email: g})
	}
	return e
}

func (w *world) insert(e *calendar.Event) *calendar.Event {
	w.t.Helper()
	out, err := w.as(office).Events.Insert(office, e).SendUpdates("all").Do()
	require.NoError(w.t, err)
	return out
}

// refused asserts status and reason of an error.
func refused(t *testing.T, err error, status int, reason string) {
	t.Helper()
	var e *googleapi.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, status, e.Code, err.Error())
	require.NotEmpty(t, e.Errors)
	require.Equal(t, reason, e.Errors[0].Reason)
}

func TestIDs(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	svc := w.as(office)
	for _, bad := range []string{"abcd", "ABCDE", "visitw", "visit-1", "visit_1"} {
		_, err := svc.Events.Insert(office, event(bad)).Do()
		refused(t, err, 400, "invalid")
	}
	e := w.insert(event("abc12"))
	require.Equal(t, "abc12@google.com", e.ICalUID)
	require.Equal(t, "confirmed", e.Status)
	require.True(t, e.Organizer.Self)
	require.True(t, e.Reminders.UseDefault)
	both := event("abc13")
	both.ICalUID = "x@y"
	_, err := svc.Events.Insert(office, both).Do()
	refused(t, err, 400, "invalid")
	_, err = svc.Events.Insert(office, event("abc12")).Do()
	refused(t, err, 409, "duplicate")
	require.NoError(t, svc.Events.Delete(office, "abc12").Do())
	_, err = svc.Events.Insert(office, event("abc12")).Do()
	refused(t, err, 409, "duplicate")
	refused(t, svc.Events.Delete(office, "abc12").Do(), 410, "deleted")
	got, err := svc.Events.Get(office, "abc12").Do()
	require.NoError(t, err)
	require.Equal(t, "cancelled", got.Status)
	require.Equal(t, "Visit", got.Summary, "the organiser's tombstone keeps its details")
	noID, err := svc.Events.Insert(office, event("")).Do()
	require.NoError(t, err)
	require.NotEmpty(t, noID.Id)
}

func TestBadEvents(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	at := func(s string) *calendar.EventDateTime { return &calendar.EventDateTime{DateTime: s} }
	for name, c := range map[string]struct {
		edit   func(e *calendar.Event)
		reason string
	}{
		"no end":       {func(e *calendar.Event) { e.End = nil }, "required"},
		"empty":        {func(e *calendar.Event) { e.End = e.Start }, "timeRangeEmpty"},
		"no offset":    {func(e *calendar.Event) { e.Start = at("2027-03-04T09:00:00") }, "required"},
		"unknown zone": {func(e *calendar.Event) { e.Start.TimeZone = "Europe/Atlantis" }, "invalid"},
		"mixed":        {func(e *calendar.Event) { e.Start = &calendar.EventDateTime{Date: "2027-03-04"} }, "invalid"},
		"bad guest":    {func(e *calendar.Event) { e.Attendees = []*calendar.EventAttendee{{Email: "nobody"}} }, "invalid"},
		"long text":    {func(e *calendar.Event) { e.Description = strings.Repeat("x", 8193) }, "invalid"},
		"bad status":   {func(e *calendar.Event) { e.Status = "perhaps" }, "invalid"},
		"long mark name": {func(e *calendar.Event) {
			e.ExtendedProperties = &calendar.EventExtendedProperties{Private: map[string]string{strings.Repeat("k", 45): "v"}}
		}, "invalid"},
	} {
		e := event("abc12")
		c.edit(e)
		_, err := w.as(office).Events.Insert(office, e).Do()
		var api *googleapi.Error
		require.ErrorAs(t, err, &api, name)
		require.Equal(t, 400, api.Code, name)
		require.Equal(t, c.reason, api.Errors[0].Reason, name)
	}
	require.Empty(t, w.emu.Events(office))
}

func TestETagsAndSequence(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	svc := w.as(office)
	e := w.insert(event("abc12", ann))
	patch := svc.Events.Patch(office, "abc12", &calendar.Event{Summary: "Other"})
	patch.Header().Set("If-Match", e.Etag)
	p, err := patch.Do()
	require.NoError(t, err)
	require.NotEqual(t, e.Etag, p.Etag)
	patch = svc.Events.Patch(office, "abc12", &calendar.Event{Summary: "Third"})
	patch.Header().Set("If-Match", e.Etag)
	_, err = patch.Do()
	refused(t, err, 412, "conditionNotMet")
	_, err = svc.Events.Get(office, "abc12").IfNoneMatch(p.Etag).Do()
	require.True(t, googleapi.IsNotModified(err))

	moved, err := svc.Events.Patch(office, "abc12", &calendar.Event{Start: &calendar.EventDateTime{DateTime: "2027-03-05T09:00:00", TimeZone: "Europe/Zurich"},
		End: &calendar.EventDateTime{DateTime: "2027-03-05T10:00:00", TimeZone: "Europe/Zurich"}}).Do()
	require.NoError(t, err)
	require.Equal(t, int64(1), moved.Sequence)
	require.Equal(t, "2027-03-05T08:00:00Z", moved.Start.DateTime, "in the calendar's zone")
	require.Equal(t, "Europe/Zurich", moved.Start.TimeZone)
	whole := event("")
	_, err = svc.Events.Update(office, "abc12", whole).Do()
	refused(t, err, 400, "invalid")
	whole.Sequence = moved.Sequence
	put, err := svc.Events.Update(office, "abc12", whole).Do()
	require.NoError(t, err)
	require.Empty(t, put.Attendees, "update replaces everything")
	require.Greater(t, put.Sequence, moved.Sequence)
}

func TestGuestsGetCopiesAndAnswersComeBack(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	w.insert(event("abc12", ann, bob, buyer))
	copyOf, err := w.as(ann).Events.Get("primary", "abc12").Do()
	require.NoError(t, err)
	require.Equal(t, office, copyOf.Organizer.Email)
	require.False(t, copyOf.Organizer.Self)
	require.True(t, copyOf.Attendees[0].Self)

	// Ann answers through the API on her own copy.
	copyOf.Attendees[0].ResponseStatus = "accepted"
	_, err = w.as(ann).Events.Patch("primary", "abc12", &calendar.Event{Attendees: copyOf.Attendees}).Do()
	require.NoError(t, err)
	require.NoError(t, w.emu.Respond(buyer, "abc12", "declined", "No time"))
	for _, c := range []string{office, bob} {
		v, ok := w.emu.Event(c, "abc12")
		require.True(t, ok)
		require.Equal(t, "accepted", v.Guest(ann).Answer)
		require.Equal(t, "No time", v.Guest(buyer).Comment)
	}
	require.Equal(t, 1, w.emu.Ledger().Count("reply", office, ""))

	t.Run("shared fields stay on the copy", func(t *testing.T) {
		_, err := w.as(ann).Events.Patch("primary", "abc12", &calendar.Event{Location: "Elsewhere"}).Do()
		require.NoError(t, err)
		v, _ := w.emu.Event(office, "abc12")
		require.Empty(t, v.Location)
		no := false
		_, err = w.as(ann).Events.Patch("primary", "abc12", &calendar.Event{GuestsCanInviteOthers: &no}).Do()
		refused(t, err, 403, "forbiddenForNonOrganizer")
	})
	t.Run("guests without an answer are reset", func(t *testing.T) {
		e, err := w.as(office).Events.Patch(office, "abc12", &calendar.Event{Attendees: []*calendar.EventAttendee{{Email: ann}, {Email: buyer, ResponseStatus: "declined"}}}).SendUpdates("all").Do()
		require.NoError(t, err)
		require.Equal(t, "needsAction", e.Attendees[0].ResponseStatus)
		require.Equal(t, "declined", e.Attendees[1].ResponseStatus)
		v, _ := w.emu.Event(bob, "abc12")
		require.Equal(t, "cancelled", v.Status)
		require.Equal(t, 1, w.emu.Ledger().Count("cancel", bob, ""))
	})
	t.Run("a new time resets answers, or not", func(t *testing.T) {
		require.NoError(t, w.emu.Respond(ann, "abc12", "accepted", ""))
		require.NoError(t, w.emu.Move(office, "abc12", start.Add(24*time.Hour), start.Add(25*time.Hour)))
		v, _ := w.emu.Event(office, "abc12")
		require.Equal(t, "needsAction", v.Guest(ann).Answer)
		w.emu.SetSwitches(emulator.Switches{KeepAnswers: true})
		require.NoError(t, w.emu.Respond(ann, "abc12", "accepted", ""))
		require.NoError(t, w.emu.Move(office, "abc12", start, start.Add(time.Hour)))
		v, _ = w.emu.Event(office, "abc12")
		require.Equal(t, "accepted", v.Guest(ann).Answer)
	})
	t.Run("a guest's deletion is his alone", func(t *testing.T) {
		require.NoError(t, w.as(ann).Events.Delete("primary", "abc12").Do())
		v, _ := w.emu.Event(office, "abc12")
		require.Equal(t, "confirmed", v.Status)
		require.Equal(t, "declined", v.Guest(ann).Answer)
	})
	t.Run("the organiser's cancels all", func(t *testing.T) {
		require.NoError(t, w.as(office).Events.Delete(office, "abc12").Do())
		require.Empty(t, w.emu.Live(ann))
		require.Empty(t, w.emu.Live(bob))
	})
}

func TestMails(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	svc := w.as(office)
	_, err := svc.Events.Insert(office, event("abc12", ann, buyer)).Do()
	require.NoError(t, err)
	require.Empty(t, w.emu.Ledger().Mails, "nobody is told by default")
	_, err = svc.Events.Patch(office, "abc12", &calendar.Event{Summary: "Other"}).SendUpdates("externalOnly").Do()
	require.NoError(t, err)
	require.Equal(t, 1, len(w.emu.Ledger().Mails))
	require.Equal(t, 1, w.emu.Ledger().Count("update", buyer, "abc12"))
	_, err = svc.Events.Patch(office, "abc12", &calendar.Event{Summary: "Other"}).SendUpdates("all").Do()
	require.NoError(t, err)
	require.Equal(t, 1, w.emu.Ledger().Count("update", ann, ""), "the same again mails again")
	w.emu.SetSwitches(emulator.Switches{SilentIdentical: true})
	_, err = svc.Events.Patch(office, "abc12", &calendar.Event{Summary: "Other"}).SendUpdates("all").Do()
	require.NoError(t, err)
	require.Equal(t, 1, w.emu.Ledger().Count("update", ann, ""))
	require.NoError(t, svc.Events.Delete(office, "abc12").SendUpdates("all").Do())
	require.Equal(t, 1, w.emu.Ledger().Count("cancel", ann, ""))
	require.Equal(t, 1, w.emu.Ledger().Count("cancel", buyer, ""))
}

func TestListing(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	svc := w.as(office)
	for i, id := range []string{"event1", "event2", "event3"} {
		e := event(id)
		day := start.AddDate(0, 0, 3-i)
		e.Start.DateTime, e.End.DateTime = day.Format(time.RFC3339), day.Add(time.Hour).Format(time.RFC3339)
		e.ExtendedProperties = &calendar.EventExtendedProperties{Private: map[string]string{"key": id}}
		w.insert(e)
	}
	ids := func(l *calendar.Events, err error) string {
		require.NoError(t, err)
		var out []string
		for _, e := range l.Items {
			out = append(out, e.Id)
		}
		return strings.Join(out, " ")
	}
	require.Equal(t, "event1 event2 event3", ids(svc.Events.List(office).Do()))
	require.Equal(t, "event3 event2 event1", ids(svc.Events.List(office).SingleEvents(true).OrderBy("startTime").Do()))
	require.Equal(t, "event2", ids(svc.Events.List(office).PrivateExtendedProperty("key=event2").Do()))
	require.Equal(t, "event3", ids(svc.Events.List(office).ICalUID("event3@google.com").Do()))
	day3 := start.AddDate(0, 0, 3)
	require.Equal(t, "event2 event3", ids(svc.Events.List(office).TimeMax(day3.Format(time.RFC3339)).Do()), "the end of the window does not belong to it")
	require.Equal(t, "", ids(svc.Events.List(office).TimeMin(day3.Add(time.Hour).Format(time.RFC3339)).Do()), "nor does its start")
	_, err := svc.Events.List(office).OrderBy("startTime").Do()
	refused(t, err, 400, "badRequest")

	require.NoError(t, svc.Events.Delete(office, "event1").Do())
	require.Equal(t, "event2 event3", ids(svc.Events.List(office).Do()))
	require.Equal(t, "event1 event2 event3", ids(svc.Events.List(office).ShowDeleted(true).Do()))

	full, err := svc.Events.List(office).SingleEvents(true).Do()
	require.NoError(t, err)
	token := full.NextSyncToken
	_, err = svc.Events.List(office).SingleEvents(true).SyncToken(token).TimeMin(start.Format(time.RFC3339)).Do()
	refused(t, err, 400, "badRequest")
	_, err = svc.Events.List(office).SyncToken(token).Do()
	refused(t, err, 410, "fullSyncRequired")
	_, err = w.as(ann).Events.List(ann).SingleEvents(true).SyncToken(token).Do()
	refused(t, err, 410, "fullSyncRequired")
	_, err = svc.Events.List(office).SingleEvents(true).SyncToken("what").Do()
	refused(t, err, 400, "invalid")
	require.NoError(t, svc.Events.Delete(office, "event2").Do())
	require.Equal(t, "event2", ids(svc.Events.List(office).SingleEvents(true).SyncToken(token).Do()))
	w.emu.ExpireSyncTokens()
	_, err = svc.Events.List(office).SingleEvents(true).SyncToken(token).Do()
	refused(t, err, 410, "fullSyncRequired")

	// A change between two pages comes again with the next reading.
	page, err := svc.Events.List(office).ShowDeleted(true).MaxResults(2).Do()
	require.NoError(t, err)
	require.Empty(t, page.NextSyncToken)
	require.NoError(t, svc.Events.Delete(office, "event3").Do())
	last, err := svc.Events.List(office).ShowDeleted(true).MaxResults(2).PageToken(page.NextPageToken).Do()
	require.NoError(t, err)
	require.Len(t, last.Items, 1)
	require.Equal(t, "event3", ids(svc.Events.List(office).ShowDeleted(true).MaxResults(2).SyncToken(last.NextSyncToken).Do()))
}

func TestWhoMay(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	w.insert(event("abc12"))
	_, err := w.as(ann).Events.Get(office, "abc12").Do()
	refused(t, err, 404, "notFound")
	w.emu.Share(office, ann, "reader")
	_, err = w.as(ann).Events.Get(office, "abc12").Do()
	require.NoError(t, err)
	refused(t, w.as(ann).Events.Delete(office, "abc12").Do(), 403, "requiredAccessLevel")
	_, err = w.with("").Events.Get(office, "abc12").Do()
	refused(t, err, 401, "authError")
	w.emu.Revoke(office)
	_, err = w.as(office).Events.Get(office, "abc12").Do()
	refused(t, err, 401, "authError")
	_, err = w.as(ann).Events.Get(buyer, "abc12").Do()
	refused(t, err, 404, "notFound")
}

func TestCalendars(t *testing.T) {
	w := newWorld(t, emulator.Options{Zone: "Europe/Zurich"})
	svc := w.as(office)
	c, err := svc.Calendars.Insert(&calendar.Calendar{Summary: "Visits"}).Do()
	require.NoError(t, err)
	list, err := svc.CalendarList.List().Do()
	require.NoError(t, err)
	require.Len(t, list.Items, 2)
	got, err := svc.Calendars.Get(c.Id).Do()
	require.NoError(t, err)
	require.Equal(t, "Visits", got.Summary)
	zone, err := svc.Settings.Get("timezone").Do()
	require.NoError(t, err)
	require.Equal(t, "Europe/Zurich", zone.Value)
	e, err := svc.Events.Insert(c.Id, event("abc12", ann)).Do()
	require.NoError(t, err)
	require.True(t, e.Organizer.Self)
	moved, err := svc.Events.Move(c.Id, "abc12", office).Do()
	require.NoError(t, err)
	require.Equal(t, office, moved.Organizer.Email)
	stub, err := svc.Events.Get(c.Id, "abc12").Do()
	require.NoError(t, err)
	require.Equal(t, "cancelled", stub.Status)
	require.Empty(t, stub.Summary)
	require.Len(t, w.emu.Live(ann), 1)

	busy, err := svc.Freebusy.Query(&calendar.FreeBusyRequest{TimeMin: start.Format(time.RFC3339), TimeMax: start.AddDate(0, 0, 89).Format(time.RFC3339),
		Items: []*calendar.FreeBusyRequestItem{{Id: ann}, {Id: buyer}}}).Do()
	require.NoError(t, err)
	require.Len(t, busy.Calendars[ann].Busy, 1)
	require.Equal(t, "notFound", busy.Calendars[buyer].Errors[0].Reason)
	_, err = svc.Freebusy.Query(&calendar.FreeBusyRequest{TimeMin: start.Format(time.RFC3339), TimeMax: start.AddDate(0, 0, 91).Format(time.RFC3339)}).Do()
	refused(t, err, 400, "timeRangeTooLong")
	imported, err := w.as(ann).Events.Import("primary", &calendar.Event{ICalUID: "x@elsewhere", Summary: "Holiday", Start: &calendar.EventDateTime{Date: "2027-05-01"}, End: &calendar.EventDateTime{Date: "2027-05-02"}}).Do()
	require.NoError(t, err)
	require.Equal(t, "2027-05-01", imported.Start.Date)
}
