package emulator_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/api/calendar/v3"
	"google.golang.org/api/googleapi"

	"windshield/internal/gcal/emulator"
)

// The document that the emulator follows is that of the client in use: after an
// upgrade of the client this says what is new.
func TestTheDocumentIsTheClients(t *testing.T) {
	schemas := map[string]any{"Acl": calendar.Acl{}, "AclRule": calendar.AclRule{}, "Calendar": calendar.Calendar{}, "CalendarList": calendar.CalendarList{},
		"CalendarListEntry": calendar.CalendarListEntry{}, "Channel": calendar.Channel{}, "ColorDefinition": calendar.ColorDefinition{}, "Colors": calendar.Colors{},
		"ConferenceData": calendar.ConferenceData{}, "CreateConferenceRequest": calendar.CreateConferenceRequest{}, "Event": calendar.Event{},
		"EventAttendee": calendar.EventAttendee{}, "EventDateTime": calendar.EventDateTime{}, "EventReminder": calendar.EventReminder{}, "Events": calendar.Events{},
		"EventOutOfOfficeProperties": calendar.EventOutOfOfficeProperties{}, "EventFocusTimeProperties": calendar.EventFocusTimeProperties{},
		"FreeBusyCalendar": calendar.FreeBusyCalendar{}, "FreeBusyGroup": calendar.FreeBusyGroup{}, "FreeBusyRequest": calendar.FreeBusyRequest{},
		"FreeBusyResponse": calendar.FreeBusyResponse{}, "Setting": calendar.Setting{}, "Settings": calendar.Settings{}, "TimePeriod": calendar.TimePeriod{}}
	fields := emulator.Fields()
	for name, v := range schemas {
		var have []string
		typ := reflect.TypeOf(v)
		for i := range typ.NumField() {
			if tag, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ","); tag != "" && tag != "-" {
				have = append(have, tag)
			}
		}
		slices.Sort(have)
		require.Equal(t, fields[name], have, name)
	}
	svc := reflect.ValueOf(&calendar.Service{Acl: &calendar.AclService{}, CalendarList: &calendar.CalendarListService{}, Calendars: &calendar.CalendarsService{},
		Channels: &calendar.ChannelsService{}, Colors: &calendar.ColorsService{}, Events: &calendar.EventsService{}, Freebusy: &calendar.FreebusyService{},
		Settings: &calendar.SettingsService{}}).Elem()
	upper := func(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
	known := map[string]bool{}
	for _, m := range emulator.Parameters(func(string) string { return "x" }) {
		resource, verb, _ := strings.Cut(m.Name, ".")
		f := svc.FieldByName(upper(resource)).MethodByName(upper(verb))
		require.True(t, f.IsValid(), "the client has no %s", m.Name)
		known[upper(resource)+"."+upper(verb)] = true
		call := f.Type().Out(0)
		for name := range m.Query {
			_, has := call.MethodByName(upper(name))
			require.True(t, has || slices.Contains(m.Required, name), "the client's %s has no %s", m.Name, name)
		}
	}
	for i := range svc.NumField() {
		if f := svc.Field(i); f.Kind() == reflect.Pointer && strings.HasSuffix(f.Type().Elem().Name(), "Service") {
			for j := range f.NumMethod() {
				name := svc.Type().Field(i).Name + "." + f.Type().Method(j).Name
				require.True(t, known[name], "the document has no %s", name)
			}
		}
	}
}

func (w *world) raw(method, path, body string) (int, http.Header, string) {
	w.t.Helper()
	r, err := http.NewRequest(method, w.url+path, strings.NewReader(body))
	require.NoError(w.t, err)
	r.Header.Set("Authorization", "Bearer "+w.emu.Token(office))
	resp, err := http.DefaultClient.Do(r)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	return resp.StatusCode, resp.Header, string(b)
}

// Every parameter of every method is held against the document, before the call
// has an effect.
func TestParametersAreThoseOfTheDocument(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	w.insert(event("abc12"))
	_, left := w.emu.Methods()
	require.Equal(t, []string{"calendars.transferOwnership"}, left, "what of the document is not answered")
	good := map[string]string{"calendarId": office, "eventId": "abc12", "ruleId": "user:" + office, "setting": "timezone"}
	checked := 0
	for _, m := range emulator.Parameters(func(name string) string { return url.PathEscape(good[name]) }) {
		if slices.Contains(left, m.Name) {
			status, _, _ := w.raw(m.HTTP, m.Path, "")
			require.Equal(t, 404, status, m.Name)
			continue
		}
		for _, name := range m.Required {
			status, _, body := w.raw(m.HTTP, m.Path, "")
			require.Equal(t, 400, status, m.Name)
			require.Contains(t, body, `"reason":"required"`, m.Name)
			require.Contains(t, body, `"location":"`+name+`"`, m.Name)
		}
		if len(m.Required) > 0 {
			continue
		}
		for name, bad := range m.Query {
			if bad == "" {
				continue
			}
			status, _, body := w.raw(m.HTTP, m.Path+"?"+name+"="+bad, "")
			require.Equal(t, 400, status, "%s %s", m.Name, name)
			require.Contains(t, body, `"reason":"invalidParameter"`, "%s %s", m.Name, name)
			require.Contains(t, body, `"location":"`+name+`"`, "%s %s", m.Name, name)
			checked++
		}
		if m.Body {
			status, _, body := w.raw(m.HTTP, m.Path, `{"kind":{"no":"text"}}`)
			if m.Name == "freebusy.query" {
				status, _, body = w.raw(m.HTTP, m.Path, `{"timeMin":7}`)
			}
			require.Equal(t, 400, status, m.Name)
			require.Contains(t, body, "parseError", m.Name)
			status, _, _ = w.raw(m.HTTP, m.Path, `not JSON`)
			require.Equal(t, 400, status, m.Name)
		}
	}
	require.Greater(t, checked, 50)
	require.Len(t, w.emu.Ledger().Writes(), 1, "nothing had an effect")
	status, _, _ := w.raw("GET", "/calendar/v3/calendars/"+office+"/nothing", "")
	require.Equal(t, 404, status)
}

func TestWhatGoogleDoesNotKnowIsNotedAndRefusedWhenStrict(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	const path = "/calendar/v3/calendars/" + office + "/events"
	const body = `{"id":"abc12","titel":"x","start":{"date":"2027-01-04","place":"y"},"end":{"date":"2027-01-05"},"extendedProperties":{"private":{"free":"z"}}}`
	status, _, answer := w.raw("POST", path+"?sendMails=all&quotaUser=x&alt=json", body)
	require.Equal(t, 200, status)
	require.NotContains(t, answer, "titel")
	require.NotContains(t, answer, "place")
	require.Contains(t, answer, "free")
	require.Equal(t, []string{".start.place", ".titel", "?sendMails"}, w.emu.Ledger().Requests[0].Unknown)

	strict := newWorld(t, emulator.Options{Strict: true})
	status, _, answer = strict.raw("POST", path+"?sendMails=all", body)
	require.Equal(t, 400, status)
	require.Contains(t, answer, ".titel")
	require.Empty(t, strict.emu.Events(office))
	strict.insert(event("abc12", ann)) // what the client sends is all known
}

// Every method, by the real client over HTTP. newWorld holds each answer against
// the document.
func TestEveryMethodByTheRealClient(t *testing.T) {
	w := newWorld(t, emulator.Options{Zone: "Europe/Zurich", Manual: true, Strict: true})
	hook := newReceiver(t)
	svc := w.as(office)
	must := func(err error) {
		t.Helper()
		require.NoError(t, err)
	}
	at := start.Format(time.RFC3339)

	cal, err := svc.Calendars.Insert(&calendar.Calendar{Summary: "Visits"}).Do()
	must(err)
	_, err = svc.Calendars.Patch(cal.Id, &calendar.Calendar{Description: "All visits"}).Do()
	must(err)
	got, err := svc.Calendars.Get(cal.Id).Do()
	must(err)
	require.Equal(t, "All visits", got.Description)
	require.Equal(t, office, got.DataOwner)
	_, err = svc.Calendars.Update(cal.Id, &calendar.Calendar{Summary: "Trips", TimeZone: "Asia/Tokyo"}).Do()
	must(err)

	rule, err := svc.Acl.Insert(cal.Id, &calendar.AclRule{Role: "reader", Scope: &calendar.AclRuleScope{Type: "user", Value: ann}}).Do()
	must(err)
	require.Equal(t, "user:"+ann, rule.Id)
	_, err = svc.Acl.Get(cal.Id, rule.Id).Do()
	must(err)
	_, err = svc.Acl.Patch(cal.Id, rule.Id, &calendar.AclRule{Role: "writer"}).SendNotifications(false).Do()
	must(err)
	_, err = svc.Acl.Update(cal.Id, rule.Id, &calendar.AclRule{Role: "freeBusyReader"}).Do()
	must(err)
	rules, err := svc.Acl.List(cal.Id).Do()
	must(err)
	require.Len(t, rules.Items, 2)
	require.Equal(t, 1, w.emu.Ledger().Count("share", ann, ""))

	theirs := w.as(ann)
	_, err = theirs.CalendarList.Get(cal.Id).Do()
	refused(t, err, 404, "notFound") // sharing does not list it
	_, err = theirs.CalendarList.Insert(&calendar.CalendarListEntry{Id: cal.Id}).Do()
	must(err)
	_, err = theirs.CalendarList.Patch(cal.Id, &calendar.CalendarListEntry{SummaryOverride: "Office trips"}).Do()
	must(err)
	line, err := theirs.CalendarList.Get(cal.Id).Do()
	must(err)
	require.Equal(t, "Office trips", line.SummaryOverride)
	require.Equal(t, "freeBusyReader", line.AccessRole)
	lines, err := theirs.CalendarList.List().Do()
	must(err)
	require.Len(t, lines.Items, 2)
	_, err = theirs.CalendarList.Update(cal.Id, &calendar.CalendarListEntry{Hidden: true}).Do()
	must(err)
	lines, err = theirs.CalendarList.List().Do()
	must(err)
	require.Len(t, lines.Items, 1)
	must(theirs.CalendarList.Delete(cal.Id).Do())
	news, err := theirs.CalendarList.List().ShowHidden(true).SyncToken(lines.NextSyncToken).Do()
	must(err)
	require.True(t, news.Items[0].Deleted)

	channel := func(id string) *calendar.Channel {
		return &calendar.Channel{Id: id, Type: "web_hook", Address: hook.url, Token: "secret"}
	}
	ch, err := svc.Events.Watch(cal.Id, channel("events-1")).Do()
	must(err)
	require.Equal(t, w.now.Add(7*24*time.Hour).UnixMilli(), ch.Expiration)
	_, err = svc.Acl.Watch(cal.Id, channel("acl-1")).Do()
	must(err)
	_, err = svc.CalendarList.Watch(channel("list-1")).Do()
	must(err)
	_, err = svc.Settings.Watch(channel("settings-1")).Do()
	must(err)

	e, err := svc.Events.Insert(cal.Id, event("abc12", ann, bob)).SendUpdates("none").ConferenceDataVersion(0).MaxAttendees(1).Do()
	must(err)
	require.True(t, e.AttendeesOmitted)
	_, err = svc.Events.Get(cal.Id, "abc12").TimeZone("UTC").Do()
	must(err)
	_, err = svc.Events.Patch(cal.Id, "abc12", &calendar.Event{Summary: "Trip"}).Do()
	must(err)
	put := event("", ann)
	put.Summary = "Whole"
	_, err = svc.Events.Update(cal.Id, "abc12", put).Do()
	must(err)
	one, err := svc.Events.Instances(cal.Id, "abc12").Do()
	must(err)
	require.Len(t, one.Items, 1)
	_, err = svc.Events.QuickAdd(cal.Id, "Lunch with Ann").Do()
	must(err)
	_, err = svc.Events.Import(cal.Id, &calendar.Event{ICalUID: "1@elsewhere", Start: &calendar.EventDateTime{DateTime: at}, End: &calendar.EventDateTime{DateTime: start.Add(time.Hour).Format(time.RFC3339)}}).Do()
	must(err)
	all, err := svc.Events.List(cal.Id).MaxResults(2).Do()
	must(err)
	require.Len(t, all.Items, 2)
	require.NotEmpty(t, all.NextPageToken)
	_, err = svc.Events.Move(cal.Id, "abc12", office).Do()
	must(err)
	must(svc.Events.Delete(office, "abc12").Do())

	w.emu.Tick()
	require.Contains(t, hook.states("events-1"), "exists")
	must(svc.Channels.Stop(&calendar.Channel{Id: ch.Id, ResourceId: ch.ResourceId}).Do())

	busy, err := svc.Freebusy.Query(&calendar.FreeBusyRequest{TimeMin: at, TimeMax: start.AddDate(0, 0, 1).Format(time.RFC3339), Items: []*calendar.FreeBusyRequestItem{{Id: cal.Id}}}).Do()
	must(err)
	require.Len(t, busy.Calendars[cal.Id].Busy, 1)
	colours, err := svc.Colors.Get().Do()
	must(err)
	require.Len(t, colours.Event, 11)
	require.Len(t, colours.Calendar, 24)
	zone, err := svc.Settings.Get("timezone").Do()
	must(err)
	require.Equal(t, "Europe/Zurich", zone.Value)
	settings, err := svc.Settings.List().MaxResults(3).Do()
	must(err)
	require.Len(t, settings.Items, 3)
	require.NotEmpty(t, settings.NextPageToken)

	must(svc.Acl.Delete(cal.Id, rule.Id).Do())
	must(svc.Calendars.Delete(cal.Id).Do())
	_, err = svc.Calendars.Get(cal.Id).Do()
	refused(t, err, 404, "notFound")
	must(svc.Calendars.Clear(office).Do())

	done := map[string]bool{}
	for _, r := range w.emu.Ledger().Requests {
		if r.Status/100 == 2 {
			done[r.Method] = true
		}
		require.Empty(t, r.Unknown, r.Method)
	}
	answered, _ := w.emu.Methods()
	for _, m := range answered {
		require.True(t, done[m], "%s was not tried", m)
	}
}

func TestMessages(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	w.insert(event("abc12"))
	const path = "/calendar/v3/calendars/" + office + "/events"
	_, header, body := w.raw("GET", path+"/abc12", "")
	require.Equal(t, "Mon, 04 Jan 2027 08:00:00 GMT", header.Get("Date"), "by the server's own clock")
	require.Contains(t, body, `"etag":"\`+strings.TrimSuffix(header.Get("ETag"), `"`)+`\""`)
	for _, left := range []string{"visibility", "transparency", "guestsCanModify", "guestsCanInviteOthers", "attendeesOmitted"} {
		require.NotContains(t, body, left, "what is as usual is left out")
	}
	status, header, body := w.raw("DELETE", path+"/abc12", "")
	require.Equal(t, 204, status)
	require.Empty(t, body)
	require.NotEmpty(t, header.Get("Date"))
	list, err := w.as(office).Events.List(office).Do()
	require.NoError(t, err)
	_, err = w.as(office).Events.List(office).IfNoneMatch(list.Etag).Do()
	require.True(t, googleapi.IsNotModified(err))
}

func TestBatch(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	w.insert(event("abc12"))
	send := func(n int, request func(i int) string) (int, map[string]*http.Response) {
		var body bytes.Buffer
		parts := multipart.NewWriter(&body)
		for i := range n {
			p, err := parts.CreatePart(textproto.MIMEHeader{"Content-Type": {"application/http"}, "Content-Id": {fmt.Sprintf("<item-%d>", i)}})
			require.NoError(t, err)
			io.WriteString(p, request(i))
		}
		require.NoError(t, parts.Close())
		r, err := http.NewRequest("POST", w.url+"/batch/calendar/v3", &body)
		require.NoError(t, err)
		r.Header.Set("Content-Type", "multipart/mixed; boundary="+parts.Boundary())
		r.Header.Set("Authorization", "Bearer "+w.emu.Token(office))
		resp, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer resp.Body.Close()
		_, params, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
		out := map[string]*http.Response{}
		in := multipart.NewReader(resp.Body, params["boundary"])
		for resp.StatusCode == 200 {
			p, err := in.NextPart()
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
			inner, err := http.ReadResponse(bufio.NewReader(p), nil)
			require.NoError(t, err)
			out[p.Header.Get("Content-Id")] = inner
		}
		return resp.StatusCode, out
	}
	status, answers := send(2, func(i int) string {
		return fmt.Sprintf("GET /calendar/v3/calendars/primary/events/abc1%d HTTP/1.1\r\nHost: x\r\n\r\n", 2+i)
	})
	require.Equal(t, 200, status)
	require.Equal(t, 200, answers["<response-item-0>"].StatusCode)
	require.Equal(t, 404, answers["<response-item-1>"].StatusCode, "inner answers differ")
	require.Len(t, w.emu.Ledger().Requests, 3, "each counts")
	status, _ = send(1001, func(int) string { return "GET /calendar/v3/colors HTTP/1.1\r\nHost: x\r\n\r\n" })
	require.Equal(t, 400, status)
	status, _ = send(1, func(int) string { return "GET /control/ledger HTTP/1.1\r\nHost: x\r\n\r\n" })
	require.Equal(t, 400, status)
	status, _, _ = w.raw("POST", "/batch/calendar/v3", "x")
	require.Equal(t, 400, status)
}
