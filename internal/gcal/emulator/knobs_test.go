package emulator_test

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
	"google.golang.org/api/calendar/v3"
	"google.golang.org/api/googleapi"

	"windshield/internal/gcal/emulator"
)

func TestQuota(t *testing.T) {
	w := newWorld(t, emulator.Options{Manual: true})
	w.emu.SetQuota(emulator.Quota{User: 3, Project: 5})
	get := func(user string, opts ...googleapi.CallOption) error {
		_, err := w.as(user).Colors.Get().Do(opts...)
		return err
	}
	for range 3 {
		require.NoError(t, get(office))
	}
	err := get(office)
	refused(t, err, 403, "rateLimitExceeded")
	require.Contains(t, err.(*googleapi.Error).Body, `"quota_limit":"defaultPerMinutePerUser"`)
	require.Contains(t, err.(*googleapi.Error).Body, `"status":"PERMISSION_DENIED"`)
	require.NoError(t, get(office, googleapi.QuotaUser("ann")), "another's bucket")
	require.NoError(t, get(ann))
	refused(t, get(bob), 403, "rateLimitExceeded") // the project's
	w.emu.Advance(59 * time.Second)
	refused(t, get(bob), 403, "rateLimitExceeded")
	w.emu.Advance(2 * time.Second)
	for range 3 {
		require.NoError(t, get(office), "refused calls cost nothing")
	}

	w.emu.SetQuota(emulator.Quota{Writes: 2, Status: 429, RetryAfter: 7})
	w.insert(event("abc12"))
	w.insert(event("abc13"))
	_, err = w.as(office).Events.Insert(office, event("abc14")).Do()
	refused(t, err, 429, "rateLimitExceeded")
	require.Equal(t, "7", err.(*googleapi.Error).Header.Get("Retry-After"))
	require.NoError(t, get(office), "reading goes on")
	require.Len(t, w.emu.Live(office), 2, "nothing was executed")
	w.emu.Advance(time.Minute)

	w.emu.SetQuota(emulator.Quota{User: 3, Patch: 3})
	_, err = w.as(office).Events.Patch(office, "abc12", &calendar.Event{Summary: "x"}).Do()
	require.NoError(t, err)
	refused(t, get(office), 403, "rateLimitExceeded")
	w.emu.Advance(time.Minute)

	w.emu.SetQuota(emulator.Quota{Invitations: 1, Recovery: 3 * time.Hour})
	w.insert(event("abc14", ann, buyer))
	_, err = w.as(office).Events.Insert(office, event("abc15", buyer)).Do()
	refused(t, err, 403, "quotaExceeded")
	w.insert(event("abc16", ann, bob)) // people inside do not count
	_, err = w.as(office).Events.Patch(office, "abc14", &calendar.Event{Summary: "x"}).Do()
	require.NoError(t, err, "he is invited already")
	w.emu.Advance(3 * time.Hour)
	w.insert(event("abc15", buyer))

	w.emu.SetQuota(emulator.Quota{Mails: 2})
	w.insert(event("abc17", ann, bob))
	_, err = w.as(office).Events.Patch(office, "abc17", &calendar.Event{Summary: "x"}).SendUpdates("all").Do()
	refused(t, err, 403, "quotaExceeded")
	_, err = w.as(office).Events.Patch(office, "abc17", &calendar.Event{Summary: "x"}).Do()
	require.NoError(t, err, "without mails")
}

func TestFaults(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	svc := w.as(office)
	w.insert(event("abc12"))
	get := func() error { _, err := svc.Events.Get(office, "abc12").Do(); return err }
	code := func(err error) int {
		if err == nil {
			return 200
		}
		return err.(*googleapi.Error).Code
	}

	w.emu.Inject(emulator.Fault{Method: "events.get", Action: emulator.FailBefore, Answers: []int{429, 503, 404}, Count: 4})
	require.Equal(t, []int{429, 503, 404, 404, 200}, []int{code(get()), code(get()), code(get()), code(get()), code(get())})

	w.emu.ClearFaults()
	w.emu.Inject(emulator.Fault{Action: emulator.FailBefore, Probability: 0.3, Seed: 7, Count: -1})
	failed := 0
	for range 200 {
		if get() != nil {
			failed++
		}
	}
	require.InDelta(t, 60, failed, 25)

	w.emu.ClearFaults()
	w.emu.Inject(emulator.Fault{Action: emulator.FailBefore, Count: -1, From: w.now.Add(time.Hour), Until: w.now.Add(2 * time.Hour)})
	require.NoError(t, get())
	w.now = w.now.Add(time.Hour)
	require.Error(t, get())
	w.now = w.now.Add(time.Hour)
	require.NoError(t, get())

	for shape, want := range map[string]int{emulator.NoReason: 410, emulator.OtherCode: 500, emulator.Empty: 410, emulator.Detailed: 410} {
		w.emu.ClearFaults()
		w.emu.Inject(emulator.Fault{Action: emulator.FailBefore, Status: 410, Reason: "fullSyncRequired", Shape: shape})
		_, err := svc.Events.List(office).SyncToken("x").Do()
		e := err.(*googleapi.Error)
		require.Equal(t, want, e.Code, shape)
		require.Equal(t, shape == emulator.NoReason || shape == emulator.Empty, len(e.Errors) == 0, shape)
		require.Equal(t, shape == emulator.Detailed, strings.Contains(e.Body, "ErrorInfo"), shape)
	}

	w.emu.ClearFaults()
	w.emu.Inject(emulator.Fault{Action: emulator.NotYet, Seconds: 5, Count: -1})
	w.insert(event("abc13"))
	_, err := svc.Events.Get(office, "abc13").Do()
	refused(t, err, 404, "notFound")
	w.emu.Advance(5 * time.Second)
	_, err = svc.Events.Get(office, "abc13").Do()
	require.NoError(t, err)

	w.emu.ClearFaults()
	_, err = svc.Events.Patch(office, "abc12", &calendar.Event{Summary: "New"}).Do()
	require.NoError(t, err)
	w.emu.Inject(emulator.Fault{Action: emulator.Lag, Seconds: 5, Count: -1})
	old, err := svc.Events.Get(office, "abc12").Do()
	require.NoError(t, err)
	list, err := svc.Events.List(office).Do()
	require.NoError(t, err)
	require.Equal(t, []string{"Visit", "Visit"}, []string{old.Summary, list.Items[0].Summary})
	w.emu.Advance(5 * time.Second)
	list, err = svc.Events.List(office).SyncToken(list.NextSyncToken).Do()
	require.NoError(t, err)
	require.Len(t, list.Items, 1, "a lagging reading's token does not hide the change")
	require.Equal(t, "New", list.Items[0].Summary)
	fresh, err := svc.Events.Get(office, "abc12").Do()
	require.NoError(t, err)
	require.Equal(t, "New", fresh.Summary)

	w.emu.ClearFaults()
	w.emu.Inject(emulator.Fault{Method: "events.list", Action: emulator.Unfiltered})
	list, err = svc.Events.List(office).PrivateExtendedProperty("key=none").Do()
	require.NoError(t, err)
	require.Len(t, list.Items, 2)
	w.emu.Inject(emulator.Fault{Method: "events.list", Param: "pageToken", Action: emulator.Twice})
	page, err := svc.Events.List(office).MaxResults(1).Do()
	require.NoError(t, err)
	next, err := svc.Events.List(office).MaxResults(1).PageToken(page.NextPageToken).Do()
	require.NoError(t, err)
	require.Equal(t, []string{"abc12", "abc13"}, []string{next.Items[0].Id, next.Items[1].Id}, "one of the page before comes again")
	require.NotEmpty(t, next.NextSyncToken)
}

func TestSwitchesOfTokensAndTombstones(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	svc := w.as(office)
	full, err := svc.Events.List(office).SingleEvents(true).Do()
	require.NoError(t, err)
	again := func(single bool) error {
		_, err := svc.Events.List(office).SingleEvents(single).SyncToken(full.NextSyncToken).Do()
		return err
	}
	refused(t, again(false), 410, "fullSyncRequired")
	w.emu.SetSwitches(emulator.Switches{RefusedParams: true})
	refused(t, again(false), 400, "badRequest")
	w.emu.SetSwitches(emulator.Switches{LooseParams: true, SyncTokenLife: time.Hour})
	require.NoError(t, again(false))
	w.emu.Advance(time.Hour)
	refused(t, again(true), 410, "fullSyncRequired")
	_, err = svc.Events.List(office).UpdatedMin(w.now.AddDate(0, -2, 0).Format(time.RFC3339)).Do()
	refused(t, err, 410, "updatedMinTooLongAgo")

	w.emu.SetSwitches(emulator.Switches{TombstoneLife: 24 * time.Hour})
	w.insert(event("abc12"))
	require.NoError(t, svc.Events.Delete(office, "abc12").Do())
	_, err = svc.Events.Insert(office, event("abc12")).Do()
	refused(t, err, 409, "duplicate")
	full, err = svc.Events.List(office).SingleEvents(true).Do()
	require.NoError(t, err)
	w.insert(event("abc13"))
	require.NoError(t, svc.Events.Delete(office, "abc13").Do())
	w.emu.Advance(24 * time.Hour)
	refused(t, again(true), 410, "fullSyncRequired") // it could not tell of a deletion any more
	full, err = svc.Events.List(office).SingleEvents(true).Do()
	require.NoError(t, err)
	require.NoError(t, again(true))
	w.insert(event("abc12")) // the id is free again
	require.Len(t, w.emu.Live(office), 1)

	w.emu.SetSwitches(emulator.Switches{RaceDuplicates: true})
	w.insert(event("abc12", ann))
	w.insert(event("abc12", ann))
	require.Equal(t, 2, w.emu.Ledger().Count("invite", ann, "abc12"))
	require.Len(t, w.emu.Audit(), 1, "which the audit finds")
	w.emu.Advance(time.Second)
	_, err = svc.Events.Insert(office, event("abc12")).Do()
	refused(t, err, 409, "duplicate")

	second, err := svc.Calendars.Insert(&calendar.Calendar{Summary: "Second"}).Do()
	require.NoError(t, err)
	w.emu.SetSwitches(emulator.Switches{MoveIfMatch: true})
	move := svc.Events.Move(office, "abc12", second.Id)
	move.Header().Set("If-Match", `"old"`)
	_, err = move.Do()
	refused(t, err, 412, "conditionNotMet")
	require.NoError(t, w.emu.MoveTo(office, "abc12", second.Id))
	require.Len(t, w.emu.Live(second.Id), 1)
}

// consentFlow plays a browser and a client.
type consentFlow struct {
	w    *world
	conf oauth2.Config
}

func newConsent(w *world, scopes ...string) consentFlow {
	return consentFlow{w, oauth2.Config{ClientID: "windshield", RedirectURL: "http://127.0.0.1:9/back", Scopes: scopes,
		Endpoint: oauth2.Endpoint{AuthURL: w.url + "/oauth/authorize", TokenURL: w.url + "/oauth/token", AuthStyle: oauth2.AuthStyleInParams}}}
}

func (f consentFlow) allow(opts ...oauth2.AuthCodeOption) *oauth2.Token {
	f.w.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(f.conf.AuthCodeURL("s", append([]oauth2.AuthCodeOption{oauth2.AccessTypeOffline, oauth2.SetAuthURLParam("login_hint", ann)}, opts...)...))
	require.NoError(f.w.t, err)
	resp.Body.Close()
	u, err := resp.Location()
	require.NoError(f.w.t, err)
	tok, err := f.conf.Exchange(context.Background(), u.Query().Get("code"))
	require.NoError(f.w.t, err)
	return tok
}

func (f consentFlow) refresh(refresh string) (*oauth2.Token, error) {
	return f.conf.TokenSource(context.Background(), &oauth2.Token{RefreshToken: refresh}).Token()
}

func TestHowTokensLiveAndDie(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	f := newConsent(w, calendar.CalendarEventsOwnedScope, calendar.CalendarFreebusyScope)
	dead := func(refresh string) {
		t.Helper()
		_, err := f.refresh(refresh)
		require.ErrorContains(t, err, "invalid_grant")
	}
	first := f.allow()
	require.NotEmpty(t, first.RefreshToken)
	require.Empty(t, f.allow().RefreshToken, "only at the first consent")
	again := f.allow(oauth2.ApprovalForce)
	require.NotEmpty(t, again.RefreshToken)
	require.Empty(t, f.allow(oauth2.ApprovalForce, oauth2.SetAuthURLParam("access_type", "online")).RefreshToken)

	w.emu.SetOAuth(emulator.OAuth{Rotate: true, AccessLife: 5 * time.Minute})
	next, err := f.refresh(again.RefreshToken)
	require.NoError(t, err)
	require.NotEqual(t, again.RefreshToken, next.RefreshToken)
	require.EqualValues(t, 300, next.ExpiresIn)
	dead(again.RefreshToken)
	_, err = f.refresh(next.RefreshToken)
	require.NoError(t, err)

	w.emu.SetOAuth(emulator.OAuth{OmitRefresh: true})
	require.Empty(t, f.allow(oauth2.ApprovalForce).RefreshToken)
	w.emu.SetOAuth(emulator.OAuth{Withhold: []string{calendar.CalendarFreebusyScope}})
	partly := f.allow()
	require.Equal(t, calendar.CalendarEventsOwnedScope, partly.Extra("scope"))
	_, err = w.with(partly.AccessToken).Freebusy.Query(&calendar.FreeBusyRequest{}).Do()
	refused(t, err, 403, "insufficientPermissions")
	more := newConsent(w, calendar.CalendarReadonlyScope).allow(oauth2.SetAuthURLParam("include_granted_scopes", "true"))
	require.Contains(t, more.Extra("scope"), calendar.CalendarEventsOwnedScope)

	w.emu.SetOAuth(emulator.OAuth{AccountNamed: bob})
	_, err = w.with(f.allow().AccessToken).Events.Insert("primary", event("abc12")).Do()
	require.NoError(t, err)
	require.Len(t, w.emu.Live(bob), 1, "another account than was asked for")

	w.emu.SetOAuth(emulator.OAuth{MostTokens: 2})
	one, two, three := f.allow(oauth2.ApprovalForce), f.allow(oauth2.ApprovalForce), f.allow(oauth2.ApprovalForce)
	dead(one.RefreshToken)
	for _, tok := range []*oauth2.Token{two, three} {
		_, err = f.refresh(tok.RefreshToken)
		require.NoError(t, err)
	}
	w.emu.SetOAuth(emulator.OAuth{RefreshLife: 7 * 24 * time.Hour})
	w.emu.Advance(6 * 24 * time.Hour)
	_, err = f.refresh(three.RefreshToken)
	require.NoError(t, err)
	w.emu.Advance(24 * time.Hour)
	dead(three.RefreshToken)
	w.emu.SetOAuth(emulator.OAuth{})
	_, err = f.refresh(three.RefreshToken)
	require.NoError(t, err)
	w.emu.Advance(183 * 24 * time.Hour)
	dead(three.RefreshToken) // nobody used it for half a year
	last := f.allow(oauth2.ApprovalForce)
	w.emu.Revoke(ann)
	dead(last.RefreshToken)
	_, err = w.with(last.AccessToken).Colors.Get().Do()
	refused(t, err, 401, "authError")
}

func TestServiceAccounts(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	claim := func(sub string, iat time.Time) (int, map[string]any) {
		c := fmt.Sprintf(`{"iss":"robot@project.iam.gserviceaccount.com","sub":%q,"scope":%q,"iat":%d,"exp":%d}`, sub, calendar.CalendarEventsOwnedScope, iat.Unix(), iat.Add(time.Hour).Unix())
		jwt := "e30." + base64.RawURLEncoding.EncodeToString([]byte(c)) + ".x"
		resp, err := http.PostForm(w.url+"/oauth/token", url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {jwt}})
		require.NoError(t, err)
		defer resp.Body.Close()
		var o map[string]any
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&o))
		return resp.StatusCode, o
	}
	status, o := claim(office, w.now.Add(time.Hour))
	require.Equal(t, 200, status, "the clock is not looked at")
	svc := w.with(o["access_token"].(string))
	w.emu.SetQuota(emulator.Quota{User: 1})
	_, err := svc.Events.Insert("primary", event("abc12")).Do()
	require.NoError(t, err)
	require.Len(t, w.emu.Audit(), 1, "without quotaUser")
	_, other := claim(ann, w.now)
	_, err = w.with(other["access_token"].(string)).Events.List("primary").Do()
	refused(t, err, 403, "rateLimitExceeded") // one bucket for all it acts for
	_, err = w.with(other["access_token"].(string)).Events.List("primary").Do(googleapi.QuotaUser("ann"))
	require.NoError(t, err)

	w.emu.SetOAuth(emulator.OAuth{CheckClock: true})
	status, o = claim(office, w.now.Add(10*time.Minute))
	require.Equal(t, 400, status)
	require.Equal(t, "invalid_grant", o["error"])
	w.emu.SetOAuth(emulator.OAuth{CheckClock: true, Skew: 10 * time.Minute})
	status, _ = claim(office, w.now.Add(10*time.Minute))
	require.Equal(t, 200, status)
	w.emu.SetOAuth(emulator.OAuth{Undelegated: []string{calendar.CalendarEventsOwnedScope}})
	status, o = claim(office, w.now)
	require.Equal(t, 401, status)
	require.Equal(t, "unauthorized_client", o["error"])
}

func TestOpenIDConnect(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	tok := newConsent(w, "openid", "email").allow(oauth2.SetAuthURLParam("nonce", "n1"))
	var conf, keys map[string]any
	get := func(url string, into any) {
		resp, err := http.Get(url)
		require.NoError(t, err)
		defer resp.Body.Close()
		require.NoError(t, json.NewDecoder(resp.Body).Decode(into))
	}
	get(w.url+"/.well-known/openid-configuration", &conf)
	require.Equal(t, w.url, conf["issuer"])
	get(conf["jwks_uri"].(string), &keys)
	key := keys["keys"].([]any)[0].(map[string]any)
	number := func(name string) *big.Int {
		b, err := base64.RawURLEncoding.DecodeString(key[name].(string))
		require.NoError(t, err)
		return new(big.Int).SetBytes(b)
	}
	parts := strings.Split(tok.Extra("id_token").(string), ".")
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	require.NoError(t, err)
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	require.NoError(t, rsa.VerifyPKCS1v15(&rsa.PublicKey{N: number("n"), E: int(number("e").Int64())}, crypto.SHA256, sum[:], sig))
	var claims map[string]any
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &claims))
	require.Equal(t, []any{w.url, "windshield", ann, "n1"}, []any{claims["iss"], claims["aud"], claims["email"], claims["nonce"]})
}

func TestAudit(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	svc := w.as(office)
	w.insert(event("abc12", ann, buyer))
	_, err := svc.Events.Patch(office, "abc12", &calendar.Event{Summary: "Other"}).SendUpdates("all").Do()
	require.NoError(t, err)
	require.NoError(t, w.emu.Respond(ann, "abc12", "accepted", ""))
	require.Empty(t, w.emu.Audit())
	_, err = svc.Events.Patch(office, "abc12", &calendar.Event{Summary: "Other"}).SendUpdates("all").Do()
	require.NoError(t, err)
	require.Len(t, w.emu.Audit(), 2, "both are told what they know")
	require.NoError(t, svc.Events.Delete(office, "abc12").SendUpdates("all").Do())
	require.Len(t, w.emu.Audit(), 2)
	_, err = svc.Events.Patch(office, "abc12", &calendar.Event{Status: "confirmed"}).SendUpdates("all").Do()
	require.NoError(t, err)
	require.Len(t, w.emu.Audit(), 2, "invited again after a cancellation")
}

func TestControlOfKnobs(t *testing.T) {
	w := newWorld(t, emulator.Options{Manual: true})
	post := func(path, body string) int {
		resp, err := http.Post(w.url+"/control/"+path, "application/json", strings.NewReader(body))
		require.NoError(t, err)
		resp.Body.Close()
		return resp.StatusCode
	}
	require.Equal(t, 204, post("quota", `{"user":1}`))
	require.Equal(t, 204, post("push", `{"httpsOnly":true}`))
	require.Equal(t, 204, post("oauth", `{"rotate":true}`))
	require.Equal(t, 204, post("switches", `{"Propagation":30000000000,"BusyError":{"x@y.example":"internalError"}}`))
	require.Equal(t, 204, post("block", `{"user":"ann@vendor.example","kind":"outOfOffice","start":"2027-03-04T08:00:00Z","end":"2027-03-04T18:00:00Z","mode":"declineAllConflictingInvitations","comment":"Away"}`))
	require.Equal(t, 400, post("block", `{"user":"ann@vendor.example","kind":"party"}`))
	require.Equal(t, 204, post("invitations", `{"calendar":"bob@vendor.example","mode":"known","people":["office@vendor.example"]}`))
	require.Equal(t, 204, post("group", `{"user":"all@vendor.example","people":["ann@vendor.example"]}`))
	require.Equal(t, 204, post("hide", `{"calendar":"bob@vendor.example","hidden":true}`))
	w.insert(event("abc12", ann, bob))
	require.Equal(t, 204, post("clock", `{"advance":"5m"}`))
	require.Equal(t, 204, post("tick", ``))
	require.Equal(t, 204, post("clock", `{"advance":"5m"}`))
	require.Equal(t, "declined", w.answer(office, "abc12", ann))
	require.Equal(t, 400, post("move-to", `{"user":"office@vendor.example","event":"abc12","calendar":"nowhere@group.calendar.google.com"}`))
	resp, err := http.Get(w.url + "/control/audit")
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, 200, resp.StatusCode)
	deeds := w.emu.Ledger().Deeds
	require.Equal(t, "quota", deeds[0].Name)
	require.JSONEq(t, `{"user":1}`, string(deeds[0].Body))
}
