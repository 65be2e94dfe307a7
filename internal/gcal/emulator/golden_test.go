package emulator_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/gcal/emulator"
)

// Requests and answers as Google documents them, each with the page under
// developers.google.com/workspace/calendar/api or the part of the discovery
// document that says so. What is not documented is not here but a switch.
func TestGoldenAnswers(t *testing.T) {
	const events = "/calendar/v3/calendars/primary/events"
	const times = `"start":{"dateTime":"2027-03-04T09:00:00Z"},"end":{"dateTime":"2027-03-04T10:00:00Z"}`
	for _, g := range []struct {
		source, ask, body, header string
		status                    int
		holds                     []string
	}{
		{"v3/reference/events/insert", "POST " + events, `{"id":"fresh1",` + times + `}`, "", 200, []string{`"id":"fresh1"`, `"status":"confirmed"`, `"useDefault":true`}},
		{"discovery Event.id: unique per calendar", "POST " + events, `{"id":"abc12",` + times + `}`, "", 409, []string{`"reason":"duplicate"`}},
		{"guides/errors 409; deleted events keep their id", "POST " + events, `{"id":"gone1",` + times + `}`, "", 409, []string{`"reason":"duplicate"`}},
		{"discovery Event.id: a-v and 0-9, 5 to 1024", "POST " + events, `{"id":"wxyz1",` + times + `}`, "", 400, nil},
		{"discovery Event.iCalUID: only one of the two", "POST " + events, `{"id":"fresh2","iCalUID":"x@y",` + times + `}`, "", 400, nil},
		{"guides/errors 400 required", "POST " + events, `{"id":"fresh2"}`, "", 400, []string{`"reason":"required"`}},
		{"guides/errors 400 timeRangeEmpty", "POST " + events, `{"start":{"date":"2027-03-04"},"end":{"date":"2027-03-04"}}`, "", 400, []string{`"reason":"timeRangeEmpty"`}},
		{"guides/errors 404", "GET " + events + "/nothing", "", "", 404, []string{`"reason":"notFound"`}},
		{"concepts/events-calendars: deleted ones are cancelled", "GET " + events + "/gone1", "", "", 200, []string{`"status":"cancelled"`}},
		{"guides/errors 410 deleted", "DELETE " + events + "/gone1", "", "", 410, []string{`"reason":"deleted"`}},
		{"v3/reference/events/delete: empty on success", "DELETE " + events + "/abc12", "", "", 204, nil},
		{"guides/version-resources: If-Match", "PATCH " + events + "/abc12", `{"summary":"x"}`, `If-Match: "old"`, 412, []string{`"reason":"conditionNotMet"`, `"location":"If-Match"`}},
		{"guides/version-resources: If-Match on delete", "DELETE " + events + "/abc12", "", `If-Match: "old"`, 412, []string{`"reason":"conditionNotMet"`}},
		{"v3/reference/events/patch: arrays replace", "PATCH " + events + "/abc12", `{"attendees":[{"email":"bob@vendor.example"}]}`, "", 200, []string{`bob@vendor.example`, `"responseStatus":"needsAction"`}},
		{"guides/errors 400: a patch of another kind", "PATCH " + events + "/abc12", `{"attendees":{}}`, "", 400, []string{`"reason":"parseError"`}},
		{"v3/reference/events/update: sequence", "PUT " + events + "/moved1", `{` + times + `}`, "", 400, []string{`Invalid sequence value`}},
		{"guides/errors 403 forbiddenForNonOrganizer", "PATCH " + events + "/theirs1", `{"guestsCanModify":true}`, "", 403, []string{`"reason":"forbiddenForNonOrganizer"`, `"domain":"calendar"`}},
		{"v3/reference/events/move: destination is required", "POST " + events + "/abc12/move", "", "", 400, []string{`"reason":"required"`}},
		{"v3/reference/events/list: orderBy startTime", "GET " + events + "?orderBy=startTime", "", "", 400, nil},
		{"v3/reference/events/list: maxResults", "GET " + events + "?maxResults=1", "", "", 200, []string{`"nextPageToken"`}},
		{"v3/reference/events/list: the last page", "GET " + events, "", "", 200, []string{`"nextSyncToken"`, `"accessRole":"owner"`}},
		{"guides/sync: not together with a sync token", "GET " + events + "?syncToken=x&timeMin=2027-01-01T00:00:00Z", "", "", 400, nil},
		{"guides/extended-properties", "GET " + events + "?privateExtendedProperty=key%3Dvalue", "", "", 200, []string{`"items":[]`}},
		{"v3/reference/freebusy/query", "POST /calendar/v3/freeBusy", `{"timeMin":"2027-03-04T00:00:00Z","timeMax":"2027-03-05T00:00:00Z","items":[{"id":"primary"},{"id":"no@group.calendar.google.com"}]}`, "", 200,
			[]string{`"start":"2027-03-04T09:00:00Z"`, `"reason":"notFound"`}},
		{"guides/errors 400 required", "POST /calendar/v3/freeBusy", `{"items":[]}`, "", 400, []string{`"reason":"required"`}},
		{"discovery settings.get", "GET /calendar/v3/users/me/settings/timezone", "", "", 200, []string{`"value":"UTC"`}},
		{"discovery colors.get", "GET /calendar/v3/colors", "", "", 200, []string{`"kind":"calendar#colors"`}},
		{"discovery calendarList.get", "GET /calendar/v3/users/me/calendarList/primary", "", "", 200, []string{`"primary":true`, `"accessRole":"owner"`}},
		{"guides/push: type web_hook", "POST " + events + "/watch", `{"id":"c1","type":"mail","address":"https://x.example/"}`, "", 400, nil},
		{"guides/push: an id is unique", "POST " + events + "/watch", `{"id":"taken","type":"web_hook","address":"https://x.example/"}`, "", 400, []string{`"reason":"channelIdNotUnique"`}},
		{"guides/push; discovery Channel.expiration is a string", "POST " + events + "/watch", `{"id":"c1","type":"web_hook","address":"https://x.example/"}`, "", 200, []string{`"expiration":"1799654400000"`, `"kind":"api#channel"`}},
		{"guides/errors 401", "GET " + events, "", "Authorization: Bearer wrong", 401, []string{`"reason":"authError"`}},
	} {
		w := newWorld(t, emulator.Options{Manual: true})
		w.insert(event("abc12", ann))
		w.insert(event("moved1"))
		w.insert(event("gone1"))
		require.NoError(t, w.emu.Move(office, "moved1", start.AddDate(0, 0, 1), start.AddDate(0, 0, 2)))
		require.NoError(t, w.as(office).Events.Delete(office, "gone1").Do())
		_, err := w.as(ann).Events.Insert("primary", event("theirs1", office)).Do()
		require.NoError(t, err)
		_, err = w.watch(office, "taken", &receiver{url: "http://127.0.0.1:9/hook"})
		require.NoError(t, err)

		method, path, _ := strings.Cut(g.ask, " ")
		r, err := http.NewRequest(method, w.url+path, strings.NewReader(g.body))
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+w.emu.Token(office))
		if name, value, given := strings.Cut(g.header, ": "); given {
			r.Header.Set(name, value)
		}
		resp, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		require.NoError(t, err)
		require.Equal(t, g.status, resp.StatusCode, "%s (%s): %s", g.ask, g.source, b)
		for _, part := range g.holds {
			require.Contains(t, string(b), part, "%s (%s)", g.ask, g.source)
		}
	}
}
