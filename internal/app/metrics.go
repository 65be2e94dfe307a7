package app

import (
	"context"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/gcal"
	"windshield/internal/jobs"
	"windshield/internal/server"
)

// meter counts the calls to Google. No label names a person or an account.
type meter struct {
	calls  *prometheus.CounterVec
	took   *prometheus.HistogramVec
	waited prometheus.Histogram
}

var _ gcal.Meter = (*meter)(nil)

func newMeter(r prometheus.Registerer) *meter {
	m := &meter{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "windshield_google_calls_total",
			Help: "Calls to the Calendar API by what they do and how they ended."}, []string{"call", "outcome"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "windshield_google_call_seconds",
			Help: "Time until a call to the Calendar API was answered.", Buckets: []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}}, []string{"call"}),
		waited: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "windshield_google_wait_seconds",
			Help: "Time for which a call was held back for its pace.", Buckets: []float64{0.01, 0.1, 0.5, 1, 5, 15, 30, 60}}),
	}
	r.MustRegister(m.calls, m.took, m.waited)
	return m
}

// Called implements gcal.Meter.
func (m *meter) Called(call, outcome string, took time.Duration) {
	m.calls.WithLabelValues(call, outcome).Inc()
	m.took.WithLabelValues(call).Observe(took.Seconds())
}

// Waited implements gcal.Meter.
func (m *meter) Waited(d time.Duration) { m.waited.Observe(d.Seconds()) }

// gauges are read from the database when somebody looks at the metrics.
type gauges struct {
	health func(ctx context.Context) (flow.Health, error)
	counts func(ctx context.Context) ([]jobs.Count, error)
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("windshield_"+name, help, labels, nil)
}

var (
	descUp        = desc("calendar_gauges_up", "1 where the gauges of calendars and jobs could be read from the database.")
	descJobs      = desc("jobs", "Jobs in the queue by kind and state; finished ones stay for a while.", "kind", "state")
	descEvents    = desc("calendar_events", "Events by how they stand against what is wanted.", "state")
	descConn      = desc("calendar_connections", "Calendars by the state of their connection.", "state")
	descChannels  = desc("calendar_channels", "Calendars by the state of their push channel.", "state")
	descLag       = desc("calendar_lag_seconds", "Age of the oldest change that waits to be written, and of the reading that is longest ago.", "of")
	descQuota     = desc("google_quota_used", "Requests of this process in the last minute, of everybody and of the busiest person.", "bucket")
	descQuotaMost = desc("google_quota_limit", "Requests a minute that this process may make; 0 is no limit.", "bucket")
	descBarred    = desc("google_accounts_barred", "Accounts that may invite nobody for now, after the calendar use limit.")
)

// Describe implements prometheus.Collector.
func (g gauges) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descUp, descJobs, descEvents, descConn, descChannels, descLag, descQuota, descQuotaMost, descBarred} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (g gauges) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	say := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	h, err := g.health(ctx)
	counts, countErr := g.counts(ctx)
	if err != nil || countErr != nil {
		say(descUp, 0)
		return
	}
	say(descUp, 1)
	for _, c := range counts {
		say(descJobs, float64(c.N), string(c.Kind), c.State)
	}
	events := map[flow.EventState]int{flow.EventApplied: 0, flow.EventWaiting: 0, flow.EventParked: 0, flow.EventConflict: 0}
	states := map[string]int{flow.Connected: 0, flow.NeverConnected: 0, flow.Retrying: 0, flow.NeedsAction: 0}
	channels := map[flow.PushState]int{flow.PushOff: 0, flow.PushNone: 0, flow.PushOpen: 0, flow.PushUnsure: 0, flow.PushRefused: 0}
	busiest, limit, barred := 0, 0, 0
	lag := map[string]time.Duration{"writing": 0, "reading": 0}
	for _, c := range h.Calendars {
		events[flow.EventApplied] += c.Applied
		events[flow.EventWaiting] += c.Waiting
		events[flow.EventParked] += c.Parked
		events[flow.EventConflict] += c.Conflicts
		states[c.State]++
		channels[c.Push]++
		busiest, limit = max(busiest, c.Quota.Used), c.Quota.Limit
		if c.Quota.BarredUntil.After(time.Now()) {
			barred++
		}
		if !c.OldestWait.IsZero() {
			lag["writing"] = max(lag["writing"], h.At.Sub(c.OldestWait))
		}
		if !c.LastSuccess.IsZero() {
			lag["reading"] = max(lag["reading"], h.At.Sub(c.LastSuccess))
		}
	}
	for state, n := range events {
		say(descEvents, float64(n), string(state))
	}
	for state, n := range states {
		say(descConn, float64(n), state)
	}
	for state, n := range channels {
		say(descChannels, float64(n), string(state))
	}
	for of, d := range lag {
		say(descLag, d.Seconds(), of)
	}
	say(descQuota, float64(h.Quota.Used), "project")
	say(descQuota, float64(busiest), "person")
	say(descQuotaMost, float64(h.Quota.Limit), "project")
	say(descQuotaMost, float64(limit), "person")
	say(descBarred, float64(barred))
}

// metricsActor may see connections, and nobody's name leaves with the numbers.
var metricsActor = access.System("metrics")

// showMetrics makes the server of the metrics, where one is wanted.
func (a *App) showMetrics() error {
	a.metrics.MustRegister(gauges{counts: a.Queue.Counts, health: func(ctx context.Context) (flow.Health, error) { return a.Flow.Health(ctx, metricsActor) }})
	if a.cfg.MetricsAddr == "" {
		return nil
	}
	l, err := net.Listen("tcp", a.cfg.MetricsAddr)
	if err != nil {
		return fault.Conflictf("The metrics cannot be shown on %s: the port is taken or not ours. Choose another with WINDSHIELD_METRICS_ADDR.", a.cfg.MetricsAddr).Because(err)
	}
	a.measured = l
	s := server.MetricsHTTP(a.metrics, a.log)
	a.onStop("metrics", func(ctx context.Context) error {
		err := s.Shutdown(ctx)
		_ = l.Close() // for where it was never started
		return err
	})
	a.onStart = append(a.onStart, func() { _ = s.Serve(l) }) // ends with Shutdown; the pages go on without it
	return nil
}

// MetricsAddr gives the address of the metrics, "" where there is none.
func (a *App) MetricsAddr() string {
	if a.measured == nil {
		return ""
	}
	return a.measured.Addr().String()
}

// quota gives flow the use of the limits.
func quota(l *gcal.Limiter) func(address string) flow.Quota {
	return func(address string) flow.Quota {
		u := l.ProjectUse()
		if address != "" {
			u = l.PersonUse(address)
		}
		return flow.Quota{Used: u.Used, Limit: u.Limit, PausedUntil: u.PausedUntil, BarredUntil: u.BarredUntil}
	}
}
