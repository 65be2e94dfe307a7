package web_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/flow"
)

// accountOf gives an account in a state; its address and trouble may be hostile.
func (s *story) accountOf(state flow.ConnectionState) flow.AccountView {
	v := flow.AccountView{Connection: flow.Connection{Address: s.nameOf("ann@vendor.example"), PersonID: uuidOf(1, 1), Kind: flow.Consent, State: state, Since: s.now.Add(-time.Hour)},
		Name: s.nameOf("Ann Lee"), Needs: []string{flow.ScopeEvents, flow.ScopeFreeBusy}, Own: true, MayBegin: true}
	if state == flow.NeedsReconnecting {
		v.Error, v.Waiting = s.nameOf("The permission has ended. Connect the account again."), 3
	}
	v.MayEnd = state == flow.AccountConnected
	return v
}

func (s *story) Accounts(context.Context, access.Actor) ([]flow.AccountView, error) {
	domain := s.accountOf(flow.NeedsReconnecting)
	domain.Kind, domain.MayBegin, domain.MayRetry = flow.Delegation, false, true
	out := []flow.AccountView{s.accountOf(flow.NeedsReconnecting), domain, s.accountOf(""), s.accountOf(flow.Disconnected), s.accountOf(flow.AccountConnected)}
	if len(s.people) == 0 {
		out = nil
	}
	return out, s.failing("accounts")
}

func (s *story) MyAccount(_ context.Context, a access.Actor) (flow.AccountView, error) {
	if err := s.failing("my account"); err != nil {
		return flow.AccountView{}, err
	}
	return s.accountOf(s.account), access.Require(a, access.ConnectCalendar, access.Subject{PersonID: a.PersonID})
}

func (s *story) BeginConnect(_ context.Context, _ access.Actor, address string) (flow.ConsentStart, error) {
	return flow.ConsentStart{Page: "https://accounts.example/auth?state=s1", Keep: "kept", Address: s.nameOf("ann@vendor.example"), Scopes: []string{flow.ScopeEvents}}, s.change("begin", address)
}

func (s *story) FinishConnect(_ context.Context, a access.Actor, in flow.ConsentAnswer) (flow.Connection, error) {
	return flow.Connection{PersonID: a.PersonID}, s.change("finish", in.Keep, in.State, in.Code, in.Error)
}

func (s *story) Disconnect(_ context.Context, _ access.Actor, address string) (bool, error) {
	return address == "", s.change("disconnect", address)
}

func (s *story) RetryConnection(_ context.Context, _ access.Actor, address string) error {
	return s.change("retry account", address)
}

func (s *story) CheckSetup(_ context.Context, a access.Actor, most int) ([]flow.Finding, error) {
	if err := access.Require(a, access.ManageConnection, access.Subject{}); err != nil {
		return nil, err
	}
	return []flow.Finding{{Good: true, What: "The Calendar API answers."}, {What: s.nameOf("The clock is wrong."), Mend: "Set it."}}, s.change("check", most)
}

func (s *signIn) Keep(_ echo.Context, name, value string) {
	if s.kept == nil {
		s.kept = map[string]string{}
	}
	s.kept[name] = value
}

func (s *signIn) Take(_ echo.Context, name string) string {
	v := s.kept[name]
	delete(s.kept, name)
	return v
}

func TestConnectingOnesOwnCalendar(t *testing.T) {
	s := makeStory(sampleSize)
	site := open(t, s, actors(s)["host"])
	require.Contains(t, site.get("/me/calendar").Body.String(), "Connect my calendar")
	require.Contains(t, site.get("/visits").Body.String(), "Connect my calendar")

	w := site.post("/me/calendar/connect", nil)
	require.Equal(t, 200, w.Code)
	require.Contains(t, w.Body.String(), `href="https://accounts.example/auth?state=s1"`)
	sound(t, w.Body.Bytes())
	require.Equal(t, "kept", site.signIn.kept["consent"])
	w = site.get("/oauth/google/callback?state=s1&code=c1")
	require.Equal(t, "/me/calendar?done=connected", w.Header().Get("Location"))
	require.Empty(t, site.signIn.kept, "what was asked is answered once")

	s.account = flow.AccountConnected
	require.Contains(t, site.get("/me/calendar").Body.String(), "Disconnect")
	require.Equal(t, "/me/calendar?done=disconnected", site.post("/me/calendar/disconnect", nil).Header().Get("Location"))
	s.account = flow.NeedsReconnecting
	for _, path := range []string{"/me/calendar", "/visits"} {
		w = site.get(path)
		require.Contains(t, w.Body.String(), "Reconnect my calendar")
		require.Contains(t, w.Body.String(), "The permission has ended")
		sound(t, w.Body.Bytes())
	}
	require.Equal(t, []string{"begin", "finish kept s1 c1", "disconnect"}, s.calls)
}

// Whatever Google or somebody else sends to the callback, the answer is a page in
// words and never a failure of ours.
func TestAnswersFromGoogleAreShownKindly(t *testing.T) {
	for _, err := range []error{fault.Invalidf("You did not give the permission."), fault.Temporaryf("Google does not answer."), fault.Deniedf("Not yours."), fault.Conflictf("Taken.")} {
		s := makeStory(sampleSize)
		s.fail = map[string]error{"finish": err}
		site := open(t, s, actors(s)["host"])
		w := site.get("/oauth/google/callback?error=access_denied&state=%00%ff<script>")
		require.Equal(t, 422, w.Code)
		text, _ := fault.Shown(err)
		require.Contains(t, w.Body.String(), text)
		require.Equal(t, "no-referrer", w.Header().Get("Referrer-Policy"))
		sound(t, w.Body.Bytes())
	}
	s := makeStory(sampleSize)
	w := open(t, s, access.Actor{}).get("/oauth/google/callback?code=c")
	require.Equal(t, "/signin?next=/me/calendar", w.Header().Get("Location"))
	require.Empty(t, s.calls)
}

func TestAccountsOfAll(t *testing.T) {
	s := makeStory(sampleSize)
	site := open(t, s, actors(s)["administrator"])
	page := site.get("/admin/calendar/accounts").Body.String()
	for _, words := range []string{"2 accounts need reconnecting", "not connected yet", "Try again", "Disconnect", "Check the set-up"} {
		require.Contains(t, page, words)
	}
	w := site.post("/admin/calendar/accounts/check", nil)
	require.Contains(t, w.Body.String(), "The clock is wrong.")
	require.Contains(t, w.Body.String(), "Set it.")
	sound(t, w.Body.Bytes())
	address := url.Values{"address": {"visits@vendor.example"}}
	require.Equal(t, 200, site.post("/admin/calendar/accounts/connect", address).Code)
	require.Equal(t, "/admin/calendar/accounts?done=disconnected_here", site.post("/admin/calendar/accounts/disconnect", address).Header().Get("Location"))
	require.Equal(t, 303, site.post("/admin/calendar/accounts/retry", address).Code)
	require.Equal(t, []string{"check 2", "begin visits@vendor.example", "disconnect visits@vendor.example", "retry account visits@vendor.example"}, s.calls)
	require.Equal(t, 403, open(t, s, actors(s)["vp"]).post("/admin/calendar/accounts/check", nil).Code)
}
