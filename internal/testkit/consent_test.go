package testkit_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/flow"
	"windshield/internal/gcal/emulator"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

// Nobody acts for the domain: each host consents, one of them late. A permission
// ends, is given again, and is taken back.
func TestConsent(t *testing.T) {
	t.Parallel()
	h := New(t, SQLite) // the store's own tests say the same of both engines
	vp := h.Small(16)
	h.ByConsent(SealKey("one"), "")
	var secrets []string
	keep := func(address string) string {
		token := h.Token(address)
		require.NotContains(t, h.Connection(address).Sealed, token)
		secrets = append(secrets, token)
		return token
	}

	// What comes back from Google is looked at before anything is kept.
	unhappy := func(as, address, words string) {
		t.Helper()
		status, page, _ := h.Follow(as, address)
		require.Equal(t, http.StatusUnprocessableEntity, status, page)
		shows(t, page, words)
		require.Equal(t, flow.ConnectionState(""), h.Connection(as).State)
	}
	unhappy(Host(1), h.AskConsent(Host(1))+"&deny=1", "You did not give the permission")
	h.Calendar.SetOAuth(emulator.OAuth{Withhold: []string{flow.ScopeEvents}})
	unhappy(Host(1), h.AskConsent(Host(1)), "You did not tick everything")
	h.Calendar.SetOAuth(emulator.OAuth{AccountNamed: Host(2)})
	unhappy(Host(1), h.AskConsent(Host(1)), "You chose the account "+Host(2))
	h.Calendar.SetOAuth(emulator.OAuth{OmitRefresh: true})
	unhappy(Host(1), h.AskConsent(Host(1)), "no lasting permission")
	h.Calendar.SetOAuth(emulator.OAuth{})
	ask := h.AskConsent(Host(1))
	unhappy(Host(2), ask, "does not belong to a question of yours")
	unhappy(Host(1), strings.Replace(ask, "state=", "state=other", 1), "does not belong to a question of yours")
	unhappy(Host(1), ask, "does not belong to a question of yours") // each question is answered once, however
	h.Calendar.Inject(emulator.Fault{Method: "oauth.token", Action: emulator.FailBefore, Status: 503})
	unhappy(Host(1), h.AskConsent(Host(1)), "Google does not answer at the moment")
	h.Calendar.ClearFaults()
	status, page := h.Get(h.As(Exec(1)), flow.ConsentPath+"?error=%3Cb%3E&state=x&code=")
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.NotContains(t, page, "<b>")

	h.Calendar.SetOAuth(emulator.OAuth{Rotate: true})
	h.Connect(Host(1), Host(2), Host(3), Exec(1))
	require.Equal(t, []string{"email", flow.ScopeFreeBusy, "openid"}, h.Connection(Exec(1)).Scopes)
	first := keep(Host(1))

	// The last host is not connected: his invitations wait, and go out once he is.
	plan := h.Draft(vp, h.Select(vp, PlanYear, 12, "region"), 1, 20_000)
	require.NoError(t, client.Check(h.Publish(vp, plan, "")))
	h.Retry(2)
	require.NotEqual(t, first, keep(Host(1)), "a token that Google replaced is stored")
	_, page = h.Get(h.As(Admin), "/admin/calendar/accounts")
	shows(t, page, "not connected yet", "✓ connected")
	waiting := 0
	for _, v := range h.Visits(plan, visit.Published) {
		if h.Organizer(v.ID) == Host(4) {
			waiting++
			require.Equal(t, flow.EventWaiting, h.Event(v.ID).State)
		}
	}
	require.Positive(t, waiting)
	_, page = h.Get(h.As(Admin), "/admin/calendar")
	shows(t, page, "is not connected")
	h.Connect(Host(4))
	h.Drain()
	onceEach(t, h, plan)

	// The permission of one host ends, while others go on.
	h.Calendar.Revoke(Host(1))
	tokens := func() (n int) {
		for _, r := range h.Calendar.Ledger().Requests {
			if r.Method == "oauth.token" && r.Status != http.StatusOK {
				n++
			}
		}
		return n
	}
	refused := tokens()
	h.Tick()
	var mine []visit.Visit
	for _, v := range h.Visits(plan, visit.Published) {
		if h.Organizer(v.ID) == Host(1) {
			mine = append(mine, v)
		}
	}
	require.GreaterOrEqual(t, len(mine), 2)
	answer := func(v visit.Visit) {
		now := h.Visit(v.ID)
		status, page := h.Post(h.As(VP), "/visits/"+v.ID+"/answer", url.Values{"version": {fmt.Sprint(now.Version)}, "answer": {"declined"}, "reason": {"No time"}})
		require.Equal(t, http.StatusOK, status, page)
	}
	answer(mine[0])
	h.Retry(2)
	h.Tick()
	h.Restart()
	h.Tick()
	require.LessOrEqual(t, tokens()-refused, 2)
	require.Equal(t, flow.NeedsReconnecting, h.Connection(Host(1)).State)
	require.Empty(t, h.Connection(Host(1)).Sealed)
	require.Equal(t, flow.AccountConnected, h.Connection(Host(2)).State)
	told := func() (n int) {
		for _, m := range h.Mails() {
			if m.Subject == "A calendar needs reconnecting" {
				require.True(t, m.IsTo(Host(1)))
				require.Contains(t, m.Links(), h.URL+"/me/calendar")
				n++
			}
		}
		return n
	}
	require.Equal(t, 1, told())
	_, page = h.Get(h.As(Host(1)), "/visits")
	shows(t, page, "Your calendar needs reconnecting", "The permission has ended")
	require.True(t, h.InCalendar(mine[0].ID).Status != "cancelled", "the cancellation waits")

	// He connects again: what waited is done once.
	h.Connect(Host(1))
	h.Drain()
	require.Equal(t, "cancelled", h.InCalendar(mine[0].ID).Status)
	require.Equal(t, 1, h.Calendar.Ledger().Count("cancel", h.Person(mine[0].ExecutiveID).Email, h.Event(mine[0].ID).EventID))
	onceEach(t, h, plan)
	require.Equal(t, 1, told())
	keep(Host(1))

	// The key is changed: an hour later the old one may go.
	h.ByConsent(SealKey("two")+","+SealKey("one"), "")
	h.Sweep()
	h.ByConsent(SealKey("two"), "")
	for _, who := range []string{Host(1), Host(2), Host(3), Host(4), Exec(1)} {
		require.True(t, strings.HasPrefix(h.Connection(who).Sealed, "s1.two."))
		keep(who)
	}
	status, page = h.Post(h.As(Admin), "/admin/calendar/accounts/check", nil)
	require.Equal(t, http.StatusOK, status)
	shows(t, page, "The Calendar API answers.", "The clock of this server is right.", "works.")
	require.NotContains(t, page, "✗")

	// Disconnecting takes the permission back at Google, or says that it could not.
	status, page = h.Post(h.As(Admin), "/admin/calendar/accounts/disconnect", url.Values{"address": {Exec(1)}})
	require.Equal(t, http.StatusOK, status)
	shows(t, page, "taken back at Google")
	revoked := 0
	for _, r := range h.Calendar.Ledger().Requests {
		if r.Method == "oauth.revoke" && r.User == Exec(1) {
			revoked++
		}
	}
	require.Equal(t, 1, revoked)
	require.Empty(t, h.Connection(Exec(1)).Sealed)
	status, _ = h.Post(h.As(Host(2)), "/admin/calendar/accounts/disconnect", url.Values{"address": {Host(1)}})
	require.Equal(t, http.StatusForbidden, status)
	h.ByConsent(SealKey("two"), "http://127.0.0.1:1/revoke")
	_, page = h.Post(h.As(Host(4)), "/me/calendar/disconnect", nil)
	shows(t, page, "Google could not be told")
	require.Empty(t, h.Connection(Host(4)).Sealed)
	h.Connect(Host(4)) // all is well again for what must hold at the end
	h.Drain()

	// Nothing secret is anywhere that somebody might read.
	seen := h.Logged()
	for _, path := range []string{"/admin/calendar", "/admin/calendar/accounts", "/admin/audit", "/metrics"} {
		_, page := h.Get(h.As(Admin), path)
		seen += page
	}
	for _, m := range h.Mails() {
		seen += fmt.Sprint(m)
	}
	require.Contains(t, seen, "level=DEBUG")
	for _, s := range append(secrets, ClientSecret, "emulated-", "code-", SealKey("one"), SealKey("two")) {
		require.False(t, strings.Contains(seen, s), "a secret is shown: %.12s…", s)
	}
	h.Check()
}

// The check says in words what is missing, one step after another.
func TestSetupCheck(t *testing.T) {
	t.Parallel()
	h := New(t, SQLite)
	h.Small(4)
	check := func() string {
		status, page := h.Post(h.As(Admin), "/admin/calendar/accounts/check", nil)
		require.Equal(t, http.StatusOK, status)
		return page
	}
	shows(t, check(), "The Calendar API answers.", "A service account acts for", "The account "+Host(1)+" works.", "2 more accounts were not tried.")
	for _, e := range h.Calendar.Events(Host(1)) {
		require.Equal(t, "cancelled", e.Status, "the trial is deleted")
	}
	require.Empty(t, h.Calendar.Ledger().Mails)
	for _, c := range []struct {
		fault emulator.Fault
		words []string
	}{
		{emulator.Fault{Method: "events.list", Status: 403, Reason: "accessNotConfigured"}, []string{"API is not enabled", "press Enable"}},
		{emulator.Fault{Method: "events.list", Status: 403, Reason: "insufficientPermissions"}, []string{"has not authorised the service account", flow.ScopeFreeBusy}},
		{emulator.Fault{Method: "oauth.token", Status: 401, Reason: "unauthorized_client"}, []string{"Domain-wide delegation"}},
		{emulator.Fault{Method: "oauth.token", Status: 400, Reason: "invalid_grant"}, []string{"does not know this address"}},
		{emulator.Fault{Method: "events.insert", Status: 403, Reason: "forbiddenForServiceAccounts"}, []string{"cannot invite anybody"}},
	} {
		h.Restart() // with no access token from before
		c.fault.Action, c.fault.Count = emulator.FailBefore, -1
		h.Calendar.Inject(c.fault)
		page := check()
		shows(t, page, append(c.words, "does not work")...)
		h.Calendar.ClearFaults()
	}
}
