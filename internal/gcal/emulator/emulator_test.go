package emulator_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
	"google.golang.org/api/calendar/v3"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"

	"windshield/internal/fault"
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
	srv := httptest.NewServer(w.emu.Handler())
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

func TestConsent(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	conf := oauth2.Config{ClientID: "windshield", ClientSecret: "s", RedirectURL: "http://127.0.0.1:9/back", Scopes: []string{calendar.CalendarEventsOwnedScope},
		Endpoint: oauth2.Endpoint{AuthURL: w.url + "/oauth/authorize", TokenURL: w.url + "/oauth/token", AuthStyle: oauth2.AuthStyleInParams}}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	verifier := oauth2.GenerateVerifier()
	ask := func(more ...oauth2.AuthCodeOption) url.Values {
		resp, err := client.Get(conf.AuthCodeURL("state-1", append(more, oauth2.S256ChallengeOption(verifier), oauth2.AccessTypeOffline)...))
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, http.StatusFound, resp.StatusCode)
		u, err := resp.Location()
		require.NoError(t, err)
		require.Equal(t, "state-1", u.Query().Get("state"))
		return u.Query()
	}
	ctx := context.Background()
	_, err := conf.Exchange(ctx, ask(oauth2.SetAuthURLParam("login_hint", ann)).Get("code"), oauth2.VerifierOption("wrong"))
	require.ErrorContains(t, err, "invalid_grant")
	code := ask(oauth2.SetAuthURLParam("login_hint", ann)).Get("code")
	tok, err := conf.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	require.NoError(t, err)
	_, err = conf.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	require.ErrorContains(t, err, "invalid_grant")
	require.Equal(t, "access_denied", ask(oauth2.SetAuthURLParam("deny", "1")).Get("error"))

	_, err = w.with(tok.AccessToken).Events.Insert("primary", event("abc12")).Do()
	require.NoError(t, err)
	_, err = w.with(tok.AccessToken).Settings.Get("timezone").Do()
	refused(t, err, 403, "insufficientPermissions")
	w.now = w.now.Add(2 * time.Hour)
	_, err = w.with(tok.AccessToken).Events.Get("primary", "abc12").Do()
	refused(t, err, 401, "authError")
	fresh, err := conf.TokenSource(ctx, &oauth2.Token{RefreshToken: tok.RefreshToken}).Token()
	require.NoError(t, err)
	_, err = w.with(fresh.AccessToken).Events.Get("primary", "abc12").Do()
	require.NoError(t, err)
	resp, err := http.PostForm(w.url+"/oauth/revoke", url.Values{"token": {tok.RefreshToken}})
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, 200, resp.StatusCode)
	_, err = conf.TokenSource(ctx, &oauth2.Token{RefreshToken: tok.RefreshToken}).Token()
	require.ErrorContains(t, err, "invalid_grant")

	resp, err = client.Get(conf.AuthCodeURL("state-1"))
	require.NoError(t, err)
	page, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	require.NoError(t, err)
	require.Contains(t, string(page), "Allow access")
}

func TestTheStateOutlivesTheProcess(t *testing.T) {
	file := filepath.Join(t.TempDir(), "calendar.journal")
	w := newWorld(t, emulator.Options{File: file})
	w.insert(event("abc12", ann))
	w.insert(event("abc13"))
	require.NoError(t, w.as(office).Events.Delete(office, "abc13").Do())
	require.NoError(t, w.emu.Respond(ann, "abc12", "accepted", "Yes"))
	list, err := w.as(office).Events.List(office).Do()
	require.NoError(t, err)
	before, mails := w.emu.Events(office), w.emu.Ledger().Mails
	token := w.emu.Token(office)

	// The process is killed while it writes: the last line is torn.
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteString(`{"Event":{"Calend`)
	require.NoError(t, err)
	require.NoError(t, f.Close())

	again := newWorld(t, emulator.Options{File: file})
	require.Equal(t, before, again.emu.Events(office))
	require.Equal(t, mails, again.emu.Ledger().Mails)
	_, err = again.with(token).Events.Insert(office, event("abc13")).Do()
	refused(t, err, 409, "duplicate")
	_, err = again.with(token).Events.Patch(office, "abc12", &calendar.Event{Summary: "Later"}).Do()
	require.NoError(t, err)
	news, err := again.with(token).Events.List(office).SyncToken(list.NextSyncToken).Do()
	require.NoError(t, err)
	require.Len(t, news.Items, 1)
	require.NoError(t, again.emu.Close())

	third := newWorld(t, emulator.Options{File: file})
	v, _ := third.emu.Event(office, "abc12")
	require.Equal(t, "Later", v.Title)

	require.NoError(t, os.WriteFile(file, []byte("no journal\n"), 0o600))
	_, err = emulator.New(emulator.Options{Now: time.Now, File: file})
	require.True(t, fault.Is(err, fault.Invalid))
	_, err = emulator.New(emulator.Options{Now: time.Now, File: filepath.Join(file, "x")})
	require.True(t, fault.Is(err, fault.Invalid))
}

func TestPages(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	e := event("abc12", ann, buyer)
	e.Summary = `<script>alert("x")</script> & more`
	e.Start.TimeZone, e.End.TimeZone = "Europe/Zurich", "Europe/Zurich"
	w.insert(e)
	get := func(path string) string {
		resp, err := http.Get(w.url + path)
		require.NoError(t, err)
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Contains(t, resp.Header.Get("Content-Security-Policy"), "default-src 'none'")
		require.NotContains(t, string(b), "<script")
		require.Contains(t, string(b), `<html lang="en">`)
		return string(b)
	}
	post := func(form url.Values, header ...string) int {
		req, err := http.NewRequest("POST", w.url+"/people/"+ann+"/events/abc12", strings.NewReader(form.Encode()))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for i := 0; i+1 < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		resp, err := client.Do(req)
		require.NoError(t, err)
		resp.Body.Close()
		return resp.StatusCode
	}
	answer := func() string {
		v, _ := w.emu.Event(office, "abc12")
		return v.Guest(ann).Answer + "/" + v.Guest(ann).Comment
	}
	require.Contains(t, get("/"), ann)
	require.Contains(t, get("/people/"+ann), "&lt;script&gt;")
	require.Contains(t, get("/people/"+ann), "10:00–11:00", "local to the place")
	require.Contains(t, get("/people/"+ann+"/events/abc12"), "Decline")
	require.Contains(t, get("/mails"), "invite")

	require.Equal(t, 303, post(url.Values{"action": {"accepted"}}))
	require.Equal(t, "accepted/", answer())
	require.Equal(t, 303, post(url.Values{"action": {"declined"}, "comment": {"On holiday"}}))
	require.Equal(t, "declined/On holiday", answer())
	require.Equal(t, 303, post(url.Values{"action": {"tentative"}}))
	require.Equal(t, "tentative/", answer())
	require.Equal(t, 422, post(url.Values{"action": {"explode"}}))
	require.Equal(t, 422, post(url.Values{"action": {"move"}, "date": {"soon"}}))
	require.Equal(t, 403, post(url.Values{"action": {"delete"}}, "Sec-Fetch-Site", "cross-site"))

	require.Equal(t, 303, post(url.Values{"action": {"move"}, "date": {"2027-03-09"}, "half": {"pm"}}))
	v, _ := w.emu.Event(office, "abc12")
	require.True(t, v.Start.Equal(start), "only her own copy has moved")
	v, _ = w.emu.Event(ann, "abc12")
	require.Equal(t, "2027-03-09T12:30:00Z", v.Start.Format(time.RFC3339))
	_, err := w.as(office).Events.Patch(office, "abc12", &calendar.Event{GuestsCanModify: true}).Do()
	require.NoError(t, err)
	require.Equal(t, 303, post(url.Values{"action": {"move"}, "date": {"2027-03-10"}, "time": {"08:15"}}))
	v, _ = w.emu.Event(office, "abc12")
	require.Equal(t, "2027-03-10T07:15:00Z", v.Start.Format(time.RFC3339))
	require.Equal(t, time.Hour, v.End.Sub(v.Start))

	require.Equal(t, 303, post(url.Values{"action": {"delete"}}))
	require.Equal(t, "declined/", answer())
	require.Contains(t, get("/people/"+ann), "No events")
	require.Contains(t, get("/people/"+ann+"/events/abc12"), "no such event")
}

func TestControl(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	w.insert(event("abc12", ann))
	post := func(path, body string) int {
		resp, err := http.Post(w.url+"/control/"+path, "application/json", strings.NewReader(body))
		require.NoError(t, err)
		resp.Body.Close()
		return resp.StatusCode
	}
	get := func(path string, into any) {
		resp, err := http.Get(w.url + "/control/" + path)
		require.NoError(t, err)
		defer resp.Body.Close()
		require.NoError(t, json.NewDecoder(resp.Body).Decode(into))
	}
	require.Equal(t, 204, post("respond", `{"user":"ann@vendor.example","event":"abc12","status":"accepted","comment":"ok"}`))
	var events []emulator.View
	get("events?calendar="+office, &events)
	require.Equal(t, "accepted", events[0].Guest(ann).Answer)
	var l emulator.Ledger
	get("ledger", &l)
	require.Equal(t, 1, l.Count("invite", ann, "abc12"))
	require.Equal(t, 400, post("respond", `{"user":"nobody@vendor.example","event":"abc12","status":"accepted"}`))
	require.Equal(t, 400, post("respond", `{"usr":"x"}`))
	require.Equal(t, 204, post("faults", `{"method":"events.get","action":"fail-before","status":429,"reason":"rateLimitExceeded"}`))
	_, err := w.as(office).Events.Get(office, "abc12").Do()
	refused(t, err, 429, "rateLimitExceeded")
	_, err = w.as(office).Events.Get(office, "abc12").Do()
	require.NoError(t, err)
	var faults []emulator.Fault
	get("faults", &faults)
	require.Equal(t, 1, faults[0].Played)
	require.Equal(t, 204, post("clock", `{"advance":"3h"}`))
	var clock struct{ Now time.Time }
	get("clock", &clock)
	require.Equal(t, w.now.Add(3*time.Hour), clock.Now)
	require.Equal(t, 204, post("move", `{"user":"office@vendor.example","event":"abc12","start":"2027-03-09T09:00:00Z","end":"2027-03-09T10:00:00Z"}`))
	require.Equal(t, 204, post("delete", `{"user":"office@vendor.example","event":"abc12"}`))
	require.Empty(t, w.emu.Live(office))
}
