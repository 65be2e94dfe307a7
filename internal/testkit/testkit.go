// Package testkit runs the whole of Windshield in one test: the real server on
// a real port, SQLite or a real PostgreSQL, Google's client against the
// calendar emulator, a mail server on loopback, and one clock to turn. Tests
// come in through the front door: HTTP, and what people do in their calendars.
package testkit

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/app"
	"windshield/internal/config"
	"windshield/internal/flow"
	"windshield/internal/gcal/emulator"
	"windshield/internal/hook"
	"windshield/internal/jobs"
	"windshield/internal/mail"
	"windshield/internal/notify"
	"windshield/internal/seal"
	"windshield/internal/store"
	"windshield/internal/store/pgtest"
	"windshield/internal/web"
)

// Engine names a database.
type Engine string

const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// Engines lists every database on which stories must hold.
var Engines = []Engine{SQLite, Postgres}

// Each runs a story once on each database, beside all other stories: one that hangs on
// transactions, locks or what engines do with bad input.
func Each(t *testing.T, story func(t *testing.T, h *House)) {
	t.Parallel()
	for _, e := range Engines {
		t.Run(string(e), func(t *testing.T) { On(t, e, story) })
	}
}

// On runs a story on one database, beside all other stories, and checks at its end
// what must always hold. The stories of one database are dealt out evenly; what a
// database is asked in them, the store's own tests ask of both.
func On(t *testing.T, e Engine, story func(t *testing.T, h *House)) {
	t.Parallel()
	h := New(t, e)
	story(t, h)
	h.Check()
}

// Main runs the tests of a package with stories. They wait more than they work,
// so more of them run at once than there are processors.
func Main(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	pgtest.Main(m)
}

// House is a running Windshield with everything around it.
type House struct {
	t        testing.TB
	App      *app.App
	Flow     *flow.Flow
	Calendar *emulator.Server
	Mail     *mail.Catcher
	Clock    *Clock
	URL      string // how pages begin
	Side     string // root of the emulator's pages
	cfg      config.Config
	key      []byte
	browsers map[string]*http.Client // by the address of who is signed in
	mails    []mail.Caught           // of mail servers that have ended
	logged   logged
	logLevel slog.Level // from a restart on
	slack    func(url string) (notify.Notifier, error)
}

// Clock is the one clock of the house. It stands still until it is turned.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// Now gives the instant that the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Set turns the clock to an instant.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = t.UTC()
}

// Start is what the clock shows at first: a Monday in November before the year
// that stories plan.
var Start = time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)

// New starts a house on a database of its own. It ends with the test.
func New(t testing.TB, e Engine) *House {
	t.Helper()
	h := &House{t: t, Clock: &Clock{at: Start}, key: serviceKey(t), browsers: map[string]*http.Client{}}
	var err error
	h.Calendar, err = emulator.New(emulator.Options{Now: h.Clock.Now})
	require.NoError(t, err)
	side := httptest.NewServer(h.Calendar.Handler())
	t.Cleanup(side.Close)
	h.Side = side.URL
	h.Mail, err = mail.NewCatcher("127.0.0.1:0", h.Clock.Now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.Mail.Close()) })
	database := "sqlite:" + filepath.Join(t.TempDir(), "windshield.db")
	if e == Postgres {
		database = pgtest.Clone(t, "house", migrated)
	}
	h.cfg, err = config.Load(func(name string) string {
		return map[string]string{
			"WINDSHIELD_ADDR":                "127.0.0.1:0",
			"WINDSHIELD_DATABASE_URL":        database,
			"WINDSHIELD_GOOGLE_CALENDAR_URL": side.URL + "/calendar/v3/",
			"WINDSHIELD_GOOGLE_TOKEN_URL":    side.URL + "/oauth/token",
			"WINDSHIELD_SMTP_URL":            h.Mail.URL(),
			"WINDSHIELD_INVITE_CUSTOMERS":    "yes",
			// The emulator has no quota, and nobody wants to wait for Google's.
			"WINDSHIELD_GOOGLE_LIMIT_PROJECT": "0",
			"WINDSHIELD_GOOGLE_LIMIT_PERSON":  "0",
		}[name]
	}, nil)
	require.NoError(t, err)
	h.start()
	t.Cleanup(func() { h.stop() })
	// Stories that are not about it do not read when people are busy: see ReadBusy.
	require.NoError(t, h.App.Store.Write(context.Background(), func(tx flow.Tx) error { return tx.Ledger.SetSetting("busy", `{"on": false}`) }))
	return h
}

// ReadBusy lets Windshield read when people are busy, from now on and at once.
func (h *House) ReadBusy() {
	h.t.Helper()
	require.NoError(h.t, h.Flow.SetBusy(context.Background(), System, flow.StandardBusySettings(), ""))
	h.Settle()
}

// migrated prepares the template from which each test's PostgreSQL database is copied.
func migrated(ctx context.Context, url string) error {
	st, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		return err
	}
	defer st.Close()
	return st.Migrate(ctx, jobs.Migrate)
}

func (h *House) start() {
	h.t.Helper()
	a, err := app.New(context.Background(), h.cfg, app.Options{Log: slog.New(slog.NewTextHandler(logTo{h.t, &h.logged}, &slog.HandlerOptions{Level: h.logLevel})), Version: "test", Now: h.Clock.Now,
		GoogleKey: h.key, Quiet: true, OpenSlack: h.slack, Demo: &web.DemoLinks{Calendar: h.Side + "/"}})
	require.NoError(h.t, err)
	require.NoError(h.t, a.Start(context.Background()))
	h.App, h.Flow, h.URL = a, a.Flow, a.BaseURL()
	h.cfg.Addr, h.cfg.BaseURL = a.Addr(), a.BaseURL() // the same after a restart
}

func (h *House) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	require.NoError(h.t, h.App.Stop(ctx))
}

// Restart stops Windshield and starts it again on the same database.
func (h *House) Restart() {
	h.t.Helper()
	h.stop()
	h.start()
}

// Announce lets calendars announce their changes, and shows metrics, from a restart
// on.
func (h *House) Announce() {
	h.t.Helper()
	h.cfg.PushURL, h.cfg.MetricsAddr = h.URL, "127.0.0.1:0"
	h.Restart()
}

// Hook lets notices be posted to a webhook, from a restart on.
func (h *House) Hook(url, secret string) {
	h.t.Helper()
	h.cfg.WebhookURL, h.cfg.WebhookSecret = url, secret
	h.Restart()
}

// Slack lets notices go to the company's Slack at a path of a server, and to the Slack of
// whoever enters an address of Slack, at another one, from a restart on.
func (h *House) Slack(server, company, own string) {
	h.t.Helper()
	ring, err := seal.Parse(SealKey("s1"))
	require.NoError(h.t, err)
	h.cfg.SlackWebhookURL, h.cfg.SecretKeys = server+company, ring
	h.slack = func(url string) (notify.Notifier, error) {
		if _, err := hook.NewSlack(url, hook.Options{Now: h.Clock.Now}); err != nil {
			return nil, err
		}
		return hook.NewSlack(server+own, hook.Options{AllowPrivate: true, BaseURL: h.URL, Now: h.Clock.Now})
	}
	h.Restart()
}

// System is an actor who may do anything, for setting the stage.
var System = access.System("test")

// Settle waits until every job that is due has been done.
func (h *House) Settle() {
	h.t.Helper()
	h.settled(time.Minute)
}

func (h *House) settled(within time.Duration) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	require.NoError(h.t, h.App.Queue.Idle(ctx))
}

// Tick does what the schedules would do now: reads all calendars, looks at all
// clocks, and waits until what follows from it is done.
func (h *House) Tick() {
	h.t.Helper()
	err := h.App.Store.Write(context.Background(), func(tx flow.Tx) error {
		return tx.Queue.Enqueue(flow.Job{Kind: flow.JobPullAll}, flow.Job{Kind: flow.JobAlerts}, flow.Job{Kind: flow.JobLaunch})
	})
	require.NoError(h.t, err)
	h.Settle()
}

// Notices does what the schedule of notices would do now: lets go what waited, writes
// digests and the mails of an evening, and waits until they are sent. Tick leaves it out:
// stories that are not about them need no digests.
func (h *House) Notices() {
	h.t.Helper()
	err := h.App.Store.Write(context.Background(), func(tx flow.Tx) error { return tx.Queue.Enqueue(flow.Job{Kind: flow.JobNotices}) })
	require.NoError(h.t, err)
	h.Settle()
}

// FastForward turns the clock and lets the schedules run.
func (h *House) FastForward(d time.Duration) {
	h.t.Helper()
	h.Clock.Set(h.Clock.Now().Add(d))
	h.Tick()
}

// Browser gives an HTTP client that keeps cookies and follows redirects, signed
// in by the link that is mailed to the address.
func (h *House) Browser(email string) *http.Client {
	h.t.Helper()
	return h.signIn(email)
}

// serviceKey makes the key file of a service account. One serves all tests of a
// binary: making it is slow.
var serviceKey = func() func(t testing.TB) []byte {
	key := sync.OnceValues(func() ([]byte, error) {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		der, err := x509.MarshalPKCS8PrivateKey(k)
		if err != nil {
			return nil, err
		}
		return json.Marshal(map[string]string{"type": "service_account", "private_key_id": "test", "client_email": "windshield@test.example",
			"client_id": "1", "token_uri": "https://unused.invalid/token",
			"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))})
	})
	return func(t testing.TB) []byte {
		b, err := key()
		require.NoError(t, err)
		return b
	}
}()

// logTo sends the log of Windshield to the test's, which shows it on failure.
type logTo struct {
	t    testing.TB
	kept *logged
}

func (l logTo) Write(b []byte) (int, error) {
	l.t.Logf("%s", b)
	l.kept.mu.Lock()
	defer l.kept.mu.Unlock()
	l.kept.text = append(l.kept.text, b...)
	return len(b), nil
}

// logged is all that Windshield wrote into its log.
type logged struct {
	mu   sync.Mutex
	text []byte
}
