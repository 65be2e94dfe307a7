package emulator_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
	"google.golang.org/api/calendar/v3"

	"windshield/internal/fault"
	"windshield/internal/gcal/emulator"
)

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

	away := func(date string) int {
		resp, err := http.PostForm(w.url+"/people/"+ann, url.Values{"action": {"outOfOffice"}, "date": {date}, "half": {"am"}, "mode": {"declineAllConflictingInvitations"}, "comment": {"Skiing"}})
		require.NoError(t, err)
		resp.Body.Close()
		return resp.StatusCode
	}
	require.Equal(t, 422, away("soon"))
	w.insert(event("abc13", ann))
	require.Equal(t, 200, away("2027-03-04"), "after the redirect")
	w.now = w.now.Add(time.Second)
	v, _ = w.emu.Event(office, "abc13")
	require.Equal(t, "declined", v.Guest(ann).Answer)
	require.Equal(t, "Skiing", v.Guest(ann).Comment)
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
