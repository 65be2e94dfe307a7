// Package app ties the knot: it makes everything that a running Windshield is
// made of, in one straight function, and starts and stops it.
package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"windshield/internal/auth"
	"windshield/internal/config"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/gcal"
	"windshield/internal/geo"
	"windshield/internal/httpapi"
	"windshield/internal/jobs"
	"windshield/internal/mail"
	"windshield/internal/notify"
	"windshield/internal/server"
	"windshield/internal/store"
	"windshield/internal/web"
)

// Options are what the environment does not say.
type Options struct {
	Log     *slog.Logger
	Version string
	Now     func() time.Time // nil: the machine's clock, or the configured test clock
	Demo    *web.DemoLinks   // shown in the footer of the demo's pages
	// GoogleKey is the key of a service account, instead of the configured file.
	GoogleKey []byte
	// OpenSlack opens the way to the Slack whose address somebody has entered; nil: over
	// the internet, to Slack alone. For tests, which reach neither.
	OpenSlack func(url string) (notify.Notifier, error)
	// Quiet starts no schedule: a test turns the clock and asks for the jobs.
	Quiet bool
}

// App is a Windshield that is ready to start.
type App struct {
	Flow  *flow.Flow
	Store *store.Store
	Queue *jobs.Queue

	cfg      config.Config
	log      *slog.Logger
	http     *http.Server
	listener net.Listener
	routes   []string
	served   chan error
	cleanups []cleanup

	metrics  *prometheus.Registry
	measured net.Listener // of the metrics; nil: they are not shown
	onStart  []func()     // run beside the server until they are stopped
	quiet    bool         // see Options
}

type cleanup struct {
	name string
	do   func(context.Context) error
}

// New makes everything, migrates the database and binds the listener, so that
// the address is known. Nothing runs before Start. Errors are one clear line.
func New(ctx context.Context, cfg config.Config, o Options) (*App, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a := &App{cfg: cfg, log: o.Log, quiet: o.Quiet, served: make(chan error, 1), metrics: prometheus.NewRegistry()}
	if err := a.make(ctx, o); err != nil {
		return nil, errors.Join(err, a.cleanUp(context.WithoutCancel(ctx)))
	}
	return a, nil
}

func (a *App) make(ctx context.Context, o Options) error {
	if err := geo.Ready(); err != nil {
		return err
	}
	if err := a.listen(); err != nil {
		return err
	}
	now, err := a.clock(o)
	if err != nil {
		return err
	}
	if err := a.openStore(ctx, now); err != nil {
		return err
	}
	if err := a.makeFlow(ctx, o, now); err != nil {
		return err
	}
	if err := a.makeQueue(o); err != nil {
		return err
	}
	if err := a.showMetrics(); err != nil {
		return err
	}
	return a.makeServer(o, now)
}

func (a *App) listen() (err error) {
	if a.listener, err = net.Listen("tcp", a.cfg.Addr); err != nil {
		return fault.Conflictf("Windshield cannot listen on %s: the port is taken or not ours. Choose another with WINDSHIELD_ADDR (demo: --addr).", a.cfg.Addr).Because(err)
	}
	if a.cfg.BaseURL == "http://"+a.cfg.Addr { // port 0 means any free one
		a.cfg.BaseURL = "http://" + a.Addr()
	}
	a.onStop("listener", func(context.Context) error {
		if err := a.listener.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	return nil
}

func (a *App) openStore(ctx context.Context, now func() time.Time) error {
	st, err := store.Open(ctx, a.cfg.DatabaseURL, store.Options{Now: now, Log: a.log})
	if err != nil {
		return err
	}
	a.Store = st
	a.onStop("database", func(context.Context) error { return st.Close() })
	return st.Migrate(ctx, jobs.Migrate)
}

func (a *App) makeFlow(ctx context.Context, o Options, now func() time.Time) error {
	env, err := environment(ctx, a.Store)
	if err != nil {
		return err
	}
	a.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	// Google counts by its own clock, and waits are real: a test's clock has no part in it.
	limiter := gcal.NewLimiter(gcal.Limits{Project: a.cfg.GoogleLimitProject, Person: a.cfg.GoogleLimitPerson, Calendar: a.cfg.GoogleLimitWrites}, time.Now, gcal.Sleep)
	calendars, err := newCalendars(a.cfg, o.GoogleKey, a.Store, now, limiter, newMeter(a.metrics))
	if err != nil {
		return err
	}
	deps := flow.Deps{Store: a.Store, Calendars: calendars, Google: calendars.google(), Notifier: noMail{}, Now: now, BaseURL: a.cfg.BaseURL, Env: env, InviteCustomers: a.cfg.InviteCustomers, Log: a.log}
	deps.Quota = quota(limiter)
	if a.cfg.PushURL != "" {
		deps.PushURL = a.cfg.PushURL + server.NoticePath
	}
	if !o.Quiet {
		deps.PollEvery = a.cfg.SyncInterval
	}
	if a.cfg.SMTPURL != "" {
		if deps.Notifier, err = mail.NewSMTP(mail.Options{URL: a.cfg.SMTPURL, From: a.cfg.MailFrom, Now: now}); err != nil {
			return err
		}
	}
	if deps.Hooks, err = hooks(a.cfg, now, o.OpenSlack); err != nil {
		return err
	}
	deps.Budget, deps.MailSet = a.cfg.Launch, a.cfg.SMTPURL != ""
	// The queue is made after the story that it works for.
	deps.Hurry = func(ctx context.Context, kind flow.JobKind) (int, error) { return a.Queue.HurryKind(ctx, kind) }
	a.Flow = flow.New(deps)
	return nil
}

// environment gives the name of this installation in the marks of its events.
// It lives in the database, so that a restored backup keeps it.
func environment(ctx context.Context, st *store.Store) (env string, err error) {
	const name = "environment"
	err = st.Read(ctx, func(tx flow.Tx) error {
		env, err = tx.Ledger.Setting(name)
		return err
	})
	if err != nil || env != "" {
		return env, err
	}
	err = st.Write(ctx, func(tx flow.Tx) error {
		if env, err = tx.Ledger.Setting(name); err != nil || env != "" {
			return err
		}
		env = uuid.NewString()[:8]
		return tx.Ledger.SetSetting(name, env)
	})
	return env, err
}

func (a *App) makeQueue(o Options) error {
	periodic := []jobs.Periodic{
		{Kind: flow.JobPullAll, Every: a.cfg.SyncInterval},
		{Kind: flow.JobAlerts, Every: time.Minute},
		{Kind: flow.JobNotices, Every: time.Minute},
		{Kind: flow.JobBusy, Every: 5 * time.Minute}, // looks whether it is time
		{Kind: flow.JobSweep, Every: time.Hour},
		{Kind: flow.JobLaunch, Every: 30 * time.Second},
	}
	options := jobs.Options{Do: a.Flow.Do, Log: a.log, Periodic: periodic}
	if o.Quiet {
		options.Periodic, options.Cooldown = nil, 5*time.Millisecond
	}
	q, err := jobs.New(a.Store, options)
	if err != nil {
		return err
	}
	a.Queue, a.Flow.Office = q, q
	return nil
}

func (a *App) makeServer(o Options, now func() time.Time) error {
	sessions := auth.NewSessions(sessions{a.Store.Sessions(), now}, a.Flow, a.cfg.Secure())
	pages, err := web.New(web.Options{Flow: a.Flow, SignIn: sessions, BaseURL: a.cfg.BaseURL, Now: now, Demo: o.Demo, Version: o.Version, Log: a.log})
	if err != nil {
		return fault.New(fault.Invalid, "%v", err)
	}
	api, err := httpapi.New(httpapi.Options{Flow: a.Flow, Sessions: sessions, Log: a.log})
	if err != nil {
		return err
	}
	e, apiGroup, pageGroup := server.New(server.Options{Log: a.log, Secure: a.cfg.Secure(), Proxies: a.cfg.TrustedProxies,
		Session: sessions.Middleware(), APIError: httpapi.Error, PageError: pages.Error, Ready: a.Store.Ready, Metrics: a.metrics, Notice: a.Flow.Notice})
	api.Register(apiGroup)
	api.Docs(pageGroup)
	pages.Register(pageGroup)
	a.http = server.HTTP(e, a.log)
	a.http.RegisterOnShutdown(pages.Close) // it waits for answers, and streams go on and on
	for _, r := range e.Routes() {
		a.routes = append(a.routes, r.Method+" "+r.Path)
	}
	return nil
}

// Routes gives every route of the server, such as "GET /visits/:id".
func (a *App) Routes() []string { return slices.Sorted(slices.Values(a.routes)) }

// Addr gives the address on which the server listens.
func (a *App) Addr() string { return a.listener.Addr().String() }

// BaseURL gives how links to this Windshield begin.
func (a *App) BaseURL() string { return a.cfg.BaseURL }

// Start begins to work the queue and to answer requests.
func (a *App) Start(ctx context.Context) error {
	if err := a.Queue.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	a.onStop("queue", a.Queue.Stop)
	for _, run := range a.onStart {
		go run()
	}
	if !a.quiet {
		a.keepUp(ctx)
	}
	go func() { a.served <- a.http.Serve(a.listener) }()
	a.onStop("server", a.http.Shutdown)
	return nil
}

// Stop ends requests and jobs in good order, the youngest part first, and
// closes the database. It returns the first error.
func (a *App) Stop(ctx context.Context) error { return a.cleanUp(ctx) }

// Run starts, waits for the context to end or the server to fail, and stops.
func (a *App) Run(ctx context.Context) error {
	err := a.Start(ctx)
	if err == nil {
		a.log.Info("windshield is ready", "url", a.cfg.BaseURL, "listening", a.Addr())
		select {
		case <-ctx.Done():
		case err = <-a.served:
		}
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	return errors.Join(err, a.Stop(stopping))
}

func (a *App) onStop(name string, do func(context.Context) error) {
	a.cleanups = append(a.cleanups, cleanup{name, do})
}

func (a *App) cleanUp(ctx context.Context) (first error) {
	for i := len(a.cleanups) - 1; i >= 0; i-- {
		c := a.cleanups[i]
		if err := c.do(ctx); err != nil {
			a.log.Error("could not stop in good order", "part", c.name, "error", err)
			if first == nil {
				first = err
			}
		}
	}
	a.cleanups = nil
	return first
}

// clock gives the one clock of this Windshield.
func (a *App) clock(o Options) (func() time.Time, error) {
	if o.Now != nil {
		return o.Now, nil
	}
	if a.cfg.TestClock == "" {
		return time.Now, nil
	}
	c, err := startTestClock(a.cfg.TestClock, a.log)
	if err != nil {
		return nil, err
	}
	a.onStop("test clock", func(context.Context) error { c.stop(); return nil })
	return c.now, nil
}

// readFile reads a file that an option names.
func readFile(option, path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.Invalidf("A file that the configuration names cannot be read.").Because(err).With(fault.Detail{Where: option, Value: fault.Short(path), Expected: "a file that this user can read"})
	}
	return b, nil
}
