package gcal_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"windshield/internal/calsync"
	"windshield/internal/calsync/calsynctest"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/gcal"
	"windshield/internal/gcal/emulator"
)

// counter is an emulator with our OAuth client, in front of which people consent.
type counter struct {
	t     *testing.T
	emu   *emulator.Server
	url   string
	clock *clock
	oauth gcal.OAuth
}

func newCounter(t *testing.T) *counter {
	t.Helper()
	d := &counter{t: t, clock: &clock{now: time.Date(2027, 1, 4, 8, 0, 0, 0, time.UTC)}}
	var err error
	d.emu, err = emulator.New(emulator.Options{Now: d.clock.Now, Switches: usual(), External: []string{"customer.example"}})
	require.NoError(t, err)
	srv := httptest.NewServer(d.emu.Handler())
	t.Cleanup(srv.Close)
	t.Cleanup(srv.CloseClientConnections)
	d.url = srv.URL
	d.oauth = gcal.OAuth{ClientID: "client", ClientSecret: "hush", AuthURL: d.url + "/oauth/authorize", TokenURL: d.url + "/oauth/token",
		RevokeURL: d.url + "/oauth/revoke", RedirectURL: "http://windshield.example/oauth/google/callback", Timeout: 2 * time.Second}
	return d
}

var organises = []string{flow.ScopeEvents}

func (c *clock) turn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// answer is what the consent page sends back with the browser.
func (d *counter) answer(ask flow.ConsentAsk) url.Values {
	d.t.Helper()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := browser.Get(d.oauth.Page(ask))
	require.NoError(d.t, err)
	defer r.Body.Close()
	require.Equal(d.t, http.StatusFound, r.StatusCode)
	back, err := r.Location()
	require.NoError(d.t, err)
	require.True(d.t, strings.HasPrefix(back.String(), d.oauth.RedirectURL))
	return back.Query()
}

func (d *counter) grant(user string, scopes ...string) flow.ConsentGrant {
	d.t.Helper()
	ask := flow.ConsentAsk{State: "state-1", Verifier: strings.Repeat("v", 64), Scopes: scopes, Address: user}
	back := d.answer(ask)
	require.Equal(d.t, "state-1", back.Get("state"))
	g, err := d.oauth.Redeem(context.Background(), back.Get("code"), ask.Verifier)
	require.NoError(d.t, err)
	return g
}

// vault keeps one refresh token, as the store does.
type vault struct {
	mu    sync.Mutex
	token string
	kept  []string
	fail  error // of Keep
	after func()
}

func (v *vault) stored() *gcal.Stored {
	return &gcal.Stored{
		Load: func(context.Context) (string, error) {
			v.mu.Lock()
			defer v.mu.Unlock()
			if v.token == "" {
				return "", fault.Deniedf("The account is not connected.")
			}
			return v.token, nil
		},
		Keep: func(_ context.Context, old, fresh string) error {
			v.mu.Lock()
			defer v.mu.Unlock()
			if v.fail != nil {
				return v.fail
			}
			if v.token != old {
				return fault.Stalef("changed")
			}
			v.token, v.kept = fresh, append(v.kept, fresh)
			if v.after != nil {
				v.after()
			}
			return nil
		},
	}
}

func (d *counter) client(user string, v *vault) *gcal.Client {
	d.t.Helper()
	c, err := gcal.New(context.Background(), gcal.Config{BaseURL: d.url + "/calendar/v3/", Subject: user, Consent: v.stored(), OAuth: d.oauth, Timeout: 2 * time.Second, Epoch: 7, Now: d.clock.Now})
	require.NoError(d.t, err)
	return c
}

// delegated gives a client of the service account in a person's name.
func (d *counter) delegated(user string, now func() time.Time) *gcal.Client {
	d.t.Helper()
	key, _ := keyFile(d.t, d.url)
	c, err := gcal.New(context.Background(), gcal.Config{BaseURL: d.url + "/calendar/v3/", Subject: user, Key: key, Timeout: 2 * time.Second, Now: now})
	require.NoError(d.t, err)
	return c
}

// calls counts the requests of a method, "" for all.
func (d *counter) calls(method string) int {
	n := 0
	for _, r := range d.emu.Ledger().Requests {
		if method == "" || r.Method == method {
			n++
		}
	}
	return n
}

func (d *counter) invite(c *gcal.Client, organiser, id string, guests ...string) error {
	_, err := c.Insert(context.Background(), organiser, calsync.New{ID: id, Content: calsynctest.Content("2027-03-04", guests...)}, calsync.MailAll)
	return err
}

func fails(t *testing.T, err error, class calsync.Class, reason string) {
	t.Helper()
	var e *calsync.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, class.String(), e.Class.String(), err.Error())
	require.Equal(t, reason, e.Reason)
}

func TestConsentGivesTheLeastThatIsNeeded(t *testing.T) {
	d := newCounter(t)
	page, err := url.Parse(d.oauth.Page(flow.ConsentAsk{State: "s", Verifier: "secret-verifier", Scopes: organises, Address: host}))
	require.NoError(t, err)
	q := page.Query()
	require.Equal(t, "openid email "+flow.ScopeEvents, q.Get("scope"))
	require.Equal(t, []string{"offline", "consent", "true", "S256", host}, []string{q.Get("access_type"), q.Get("prompt"), q.Get("include_granted_scopes"), q.Get("code_challenge_method"), q.Get("login_hint")})
	require.NotContains(t, page.String(), "secret-verifier")
	require.NotContains(t, page.String(), "hush")

	g := d.grant(host, organises...)
	require.Equal(t, host, g.Address)
	require.NotEmpty(t, g.Subject)
	require.Equal(t, []string{"email", flow.ScopeEvents, "openid"}, g.Scopes)
	more := d.grant(host, flow.ScopeFreeBusy)
	require.Contains(t, more.Scopes, flow.ScopeEvents, "what was permitted before stays permitted")
	require.Equal(t, g.Subject, more.Subject)

	// Who caught the code cannot use it without the verifier; nor twice.
	ask := flow.ConsentAsk{State: "s", Verifier: strings.Repeat("a", 64), Scopes: organises, Address: host}
	code := d.answer(ask).Get("code")
	_, err = d.oauth.Redeem(context.Background(), code, strings.Repeat("b", 64))
	fails(t, err, calsync.AuthLost, "invalid_grant")
	_, err = d.oauth.Redeem(context.Background(), code, ask.Verifier)
	fails(t, err, calsync.AuthLost, "invalid_grant")

	v := &vault{token: g.Refresh}
	c := d.client(host, v)
	require.NoError(t, d.invite(c, host, "visit00001", ann))
	require.NoError(t, d.oauth.Revoke(context.Background(), g.Refresh))
	require.NoError(t, d.oauth.Revoke(context.Background(), "no token of anybody"), "what has died is as good as revoked")
	fails(t, d.client(host, v).Check(context.Background(), host), calsync.AuthLost, "invalid_grant")
}

// One refused invitation is enough: the others are not tried.
func TestFault12_AServiceAccountWithoutDelegationInvites(t *testing.T) {
	d := newCounter(t)
	const robot = "sync@project.iam.gserviceaccount.com"
	c := d.delegated(robot, d.clock.Now)
	d.emu.Share(office, robot, "writer")
	for i := range 50 {
		fails(t, d.invite(c, office, "visit000"+string(rune('a'+i%20))+string(rune('a'+i/20)), ann), calsync.Denied, "forbiddenForServiceAccounts")
	}
	require.Equal(t, 1, d.calls("events.insert"))
}

func TestFault64_ARefusalThatMeansNever(t *testing.T) {
	for _, reason := range []string{"insufficientPermissions", "accessNotConfigured", "domainPolicy", "notACalendarUser"} {
		d := newCounter(t)
		c := d.client(host, &vault{token: d.grant(host, organises...).Refresh})
		d.emu.Inject(emulator.Fault{Method: "events.*", Action: emulator.FailBefore, Status: 403, Reason: reason, Count: -1})
		for range 5 {
			fails(t, d.invite(c, host, "visit00001", ann), calsync.Denied, reason)
		}
		require.Equal(t, 1, d.calls("events.insert"), reason)
	}
	// A scope that only free/busy lacks stops free/busy alone.
	d := newCounter(t)
	c := d.client(host, &vault{token: d.grant(host, organises...).Refresh})
	_, err := c.FreeBusy(context.Background(), []string{ann}, d.clock.Now(), d.clock.Now().AddDate(0, 0, 7))
	fails(t, err, calsync.Denied, "insufficientPermissions")
	require.NoError(t, d.invite(c, host, "visit00001", ann))
}

func TestFault65_DelegationNamesItsBuckets(t *testing.T) {
	d := newCounter(t)
	buckets := map[string]bool{}
	for _, user := range []string{host, office} {
		require.NoError(t, d.delegated(user, d.clock.Now).Check(context.Background(), user))
	}
	for _, r := range d.emu.Ledger().Requests {
		if r.Method == "events.list" {
			require.NotEmpty(t, r.QuotaUser)
			require.NotContains(t, r.QuotaUser, "@")
			buckets[r.QuotaUser] = true
		}
	}
	require.Len(t, buckets, 2)
}

// Who waits for a token waits no longer than a call may take, and others do not wait.
func TestFault67_TheTokenEndpointHangs(t *testing.T) {
	d := newCounter(t)
	refresh := d.grant(host, organises...).Refresh
	other := d.client(office, &vault{token: d.grant(office, organises...).Refresh})
	require.NoError(t, other.Check(context.Background(), office))
	d.emu.Inject(emulator.Fault{Method: "oauth.token", Action: emulator.Hang, Count: -1})
	v := &vault{token: refresh}
	c, err := gcal.New(context.Background(), gcal.Config{BaseURL: d.url + "/calendar/v3/", Subject: host, Consent: v.stored(), OAuth: d.oauth, Timeout: 300 * time.Millisecond})
	require.NoError(t, err)
	var g errgroup.Group
	for range 8 {
		g.Go(func() error { return c.Check(context.Background(), host) })
	}
	require.NoError(t, other.Check(context.Background(), office))
	require.Equal(t, calsync.SlowDown, calsync.ClassOf(g.Wait()), "the call was never made: nothing is unknown")
	short, stop := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer stop()
	require.Equal(t, calsync.SlowDown, calsync.ClassOf(c.Check(short, host)), "a caller with less time does not wait for the others'")
	d.emu.ClearFaults()
	require.Eventually(t, func() bool { return c.Check(context.Background(), host) == nil }, 2*time.Second, 10*time.Millisecond)
}

func TestFault69_AnAccessTokenIsRefusedInMidRun(t *testing.T) {
	d := newCounter(t)
	c := d.client(host, &vault{token: d.grant(host, organises...).Refresh})
	require.NoError(t, c.Check(context.Background(), host))
	tokens := d.calls("oauth.token")
	d.clock.turn(2 * time.Hour) // all calls of the run are refused together
	var g errgroup.Group
	for range 8 {
		g.Go(func() error { return c.Check(context.Background(), host) })
	}
	require.NoError(t, g.Wait())
	require.Equal(t, 1, d.calls("oauth.token")-tokens, "one new token for all")

	d.emu.Inject(emulator.Fault{Method: "events.*", Action: emulator.FailBefore, Status: 401, Reason: "authError", Count: -1})
	before, tokens := d.calls("events.list"), d.calls("oauth.token")
	for range 5 {
		fails(t, c.Check(context.Background(), host), calsync.AuthLost, "authError")
	}
	require.Equal(t, 2, d.calls("events.list")-before, "tried, tried with a fresh token, then no more")
	require.Equal(t, 1, d.calls("oauth.token")-tokens)
}

func TestFault70_TheGrantIsDead(t *testing.T) {
	d := newCounter(t)
	c := d.client(host, &vault{token: d.grant(host, organises...).Refresh})
	other := d.client(office, &vault{token: d.grant(office, organises...).Refresh})
	require.NoError(t, c.Check(context.Background(), host))
	d.emu.Revoke(host)
	tokens, all := d.calls("oauth.token"), d.calls("events.list")
	var g errgroup.Group
	for range 40 {
		g.Go(func() error { return c.Check(context.Background(), host) })
	}
	require.Equal(t, calsync.AuthLost, calsync.ClassOf(g.Wait()))
	err := c.Check(context.Background(), host)
	fails(t, err, calsync.AuthLost, "invalid_grant")
	var e *calsync.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, 7, e.Epoch, "which connection it was")
	require.LessOrEqual(t, d.calls("oauth.token")-tokens, 2)
	require.LessOrEqual(t, d.calls("events.list")-all, 40)
	all = d.calls("")
	for range 20 {
		fails(t, d.invite(c, host, "visit00001", ann), calsync.AuthLost, "invalid_grant")
	}
	require.Equal(t, all, d.calls(""), "nothing is called any more")
	require.NoError(t, d.invite(other, office, "visit00002", ann), "others go on")

	v := &vault{token: d.grant(host, organises...).Refresh} // a new consent, a new client
	require.NoError(t, d.invite(d.client(host, v), host, "visit00001", ann))

	// While an app is in testing its permissions end after seven days.
	d.emu.SetOAuth(emulator.OAuth{RefreshLife: 7 * 24 * time.Hour})
	d.clock.turn(8 * 24 * time.Hour)
	fails(t, d.client(host, v).Check(context.Background(), host), calsync.AuthLost, "invalid_grant")
}

func TestFault71_TheTokenEndpointIsIll(t *testing.T) {
	d := newCounter(t)
	c := d.client(host, &vault{token: d.grant(host, organises...).Refresh})
	for _, f := range []emulator.Fault{
		{Action: emulator.FailBefore, Status: 500}, {Action: emulator.FailBefore, Status: 503, RetryAfter: 9}, {Action: emulator.FailBefore, Status: 429, Reason: "rate_limit_exceeded"},
		{Action: emulator.HTML, Status: 502}, {Action: emulator.DropBefore}, {Action: emulator.Truncate, Bytes: 10},
	} {
		f.Method = "oauth.token"
		d.emu.Inject(f)
		require.Equal(t, calsync.SlowDown.String(), calsync.ClassOf(c.Check(context.Background(), host)).String(), "%+v", f)
		d.emu.ClearFaults()
	}
	require.NoError(t, c.Check(context.Background(), host), "the grant was never given up")
}

func TestFault72_TheRefreshTokenIsReplaced(t *testing.T) {
	d := newCounter(t)
	d.emu.SetOAuth(emulator.OAuth{Rotate: true})
	first := d.grant(host, organises...).Refresh
	v := &vault{token: first}
	v.after = func() { require.Zero(t, d.calls("events.list"), "stored before the access token is used") }
	require.NoError(t, d.client(host, v).Check(context.Background(), host))
	v.after = nil
	require.Len(t, v.kept, 1)
	require.NotEqual(t, first, v.token)

	// The process dies right after it stored the new one: the next one knows it.
	require.NoError(t, d.client(host, v).Check(context.Background(), host))
	require.Len(t, v.kept, 2)

	// While it cannot be stored, nothing is done with it; and it is not lost.
	calls := d.calls("events.list")
	v.fail = fault.Temporaryf("busy")
	c := d.client(host, v)
	for range 3 {
		require.Equal(t, calsync.SlowDown, calsync.ClassOf(c.Check(context.Background(), host)))
	}
	require.Equal(t, calls, d.calls("events.list"))
	v.fail = nil
	require.NoError(t, c.Check(context.Background(), host))
	require.Len(t, v.kept, 4)

	// Another process was faster and stored what it got: that one is used.
	stale := v.token
	require.NoError(t, d.client(host, v).Check(context.Background(), host))
	fresh := v.token
	v.mu.Lock()
	v.token = stale
	v.mu.Unlock()
	looks := 0
	racing := v.stored()
	load := racing.Load
	racing.Load = func(ctx context.Context) (string, error) {
		if looks++; looks == 2 {
			v.mu.Lock()
			v.token = fresh
			v.mu.Unlock()
		}
		return load(ctx)
	}
	slow, err := gcal.New(context.Background(), gcal.Config{BaseURL: d.url + "/calendar/v3/", Subject: host, Consent: racing, OAuth: d.oauth, Timeout: 2 * time.Second})
	require.NoError(t, err)
	require.NoError(t, slow.Check(context.Background(), host))
}

// What comes back may be less than was asked, of somebody else, or not lasting: it
// is said as it is, so that it can be looked at before anything is kept.
func TestFault73_LessIsPermittedOrAnotherAnswers(t *testing.T) {
	d := newCounter(t)
	d.emu.SetOAuth(emulator.OAuth{Withhold: []string{flow.ScopeEvents}})
	require.NotContains(t, d.grant(host, flow.ScopeEvents, flow.ScopeFreeBusy).Scopes, flow.ScopeEvents)
	d.emu.SetOAuth(emulator.OAuth{AccountNamed: office})
	g := d.grant(host, organises...)
	require.Equal(t, office, g.Address)
	d.emu.SetOAuth(emulator.OAuth{OmitRefresh: true})
	require.Empty(t, d.grant(host, organises...).Refresh)
}

func TestFault82_TheServersClockIsWrong(t *testing.T) {
	for _, skew := range []time.Duration{10 * time.Minute, -10 * time.Minute} {
		d := newCounter(t)
		d.emu.SetOAuth(emulator.OAuth{CheckClock: true})
		// The claim bears the machine's time, which the emulator's clock is far from.
		off := func() time.Time { return d.clock.Now().Add(-skew) }
		fails(t, d.delegated(host, off).Check(context.Background(), host), calsync.Denied, gcal.ReasonClock)
		s := gcal.Survey(context.Background(), d.url+"/calendar/v3/", nil, off)
		require.True(t, s.Reached && s.Calendar && s.Dated, "%+v", s)
		require.InDelta(t, skew.Seconds(), s.Ahead.Seconds(), 2)
		// With a right clock the same refusal means that the subject is not known.
		fails(t, d.delegated(host, d.clock.Now).Check(context.Background(), host), calsync.AuthLost, "invalid_grant")
	}
	d := newCounter(t)
	require.Equal(t, "server not reached", gcal.Survey(context.Background(), "http://127.0.0.1:1/calendar/v3/", nil, d.clock.Now).Reason)
	s := gcal.Survey(context.Background(), d.url+"/people/", nil, d.clock.Now)
	require.True(t, s.Reached)
	require.False(t, s.Calendar)
}
