// Package jobs is the job queue: workers, schedules and retries. It is the only
// importer of the queue library. Jobs live in the store's database and are
// enqueued in the transaction that causes them; each is done at least once.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/store"
)

// Periodic is work that is due again and again.
type Periodic struct {
	Kind  flow.JobKind
	Key   string
	Every time.Duration // at least a second
}

// Options say what the queue does and how.
type Options struct {
	// Do does one job; see flow.Flow.Do for what its errors mean.
	Do       func(ctx context.Context, j flow.Job) error
	Log      *slog.Logger // nil: no log
	Periodic []Periodic   // the first is due at once

	PollOnly bool          // for connection poolers that cannot LISTEN
	Poll     time.Duration // how often to look without being told; 0: 500 ms
	Cooldown time.Duration // least time between two looks; 0: 50 ms
}

// Queue works jobs. It implements store.Enqueuer.
type Queue struct {
	store  *store.Store
	do     func(ctx context.Context, j flow.Job) error
	log    *slog.Logger
	client client
	insert func(ctx context.Context, tx store.Handle, jobs []river.InsertManyParams) error
	rescue func(ctx context.Context, p *riverdriver.JobRescueManyParams) error // on SQLite
}

// client is what the queue needs of the library's client, whose type depends on
// the engine.
type client interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
	JobList(ctx context.Context, p *river.JobListParams) (*river.JobListResult, error)
	JobGet(ctx context.Context, id int64) (*rivertype.JobRow, error)
	JobDelete(ctx context.Context, id int64) (*rivertype.JobRow, error)
	JobRetry(ctx context.Context, id int64) (*rivertype.JobRow, error)
}

var _ store.Enqueuer = (*Queue)(nil)

// How long a job may take. What takes longer is told to stop, and what belongs
// to a process that died is taken up again after rescueAfter (the planner's
// after its own time).
const (
	timeout       = 30 * time.Second
	planTimeout   = 11 * time.Minute // a run takes up to ten
	pullTimeout   = 2 * time.Minute  // a full reading has many pages
	redrawTimeout = 5 * time.Minute  // a list of 100,000 customers, a thousand times
	verifyTimeout = 10 * time.Minute // every calendar, within the pace that is allowed
	lookTimeout   = 5 * time.Minute  // every table
	rescueAfter   = 60 * time.Second
)

// Attempts of a job that fails for no known reason: some three hours.
const maxAttempts = 200

// How long finished jobs stay: failed ones until somebody has had a month to
// look, completed ones not long, since some calendars are read each minute.
const (
	keepFailed    = 30 * 24 * time.Hour
	keepCompleted = time.Hour
)

// queues says in which line a kind waits, so that none waits behind another
// that hangs.
var queues = map[flow.JobKind]string{
	flow.JobPlan:  "plan",
	flow.JobApply: "calendar",
	flow.JobCarry: "calendar",
	flow.JobPull:  "sync",
	flow.JobPoll:  "sync",
	flow.JobWatch: "sync",
	flow.JobBusy:  "sync",

	flow.JobApplyNow: "calendar_now", // however many others wait for their turn
	flow.JobDeliver:  "mail",
	flow.JobRedraw:   "draw",
	flow.JobVerify:   "report",
	flow.JobLook:     "look",
}

// workers says how many jobs of a line run at once in one process.
var workers = map[string]river.QueueConfig{
	"plan":             {MaxWorkers: 1},  // it uses all processors
	"calendar":         {MaxWorkers: 16}, // they wait for Google most of the time
	"calendar_now":     {MaxWorkers: 4},
	"sync":             {MaxWorkers: 4},
	"mail":             {MaxWorkers: 2},
	"draw":             {MaxWorkers: 1}, // it uses a processor for long, and nobody's alert waits behind it
	"report":           {MaxWorkers: 1}, // it reads every calendar there is
	"look":             {MaxWorkers: 1}, // it reads the whole database
	river.QueueDefault: {MaxWorkers: 4},
}

// New makes the queue on the store's database and connects it to the store. The
// tables must be there: see Migrate.
func New(st *store.Store, o Options) (*Queue, error) {
	if o.Do == nil {
		return nil, fault.New(fault.Internal, "a job queue without anything to do")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	q := &Queue{store: st, do: o.Do, log: o.Log}
	config, err := q.config(o)
	if err != nil {
		return nil, err
	}
	if e := st.Engine(); e.Postgres != nil {
		c, err := river.NewClient(riverpgxv5.New(e.Postgres), config)
		if err != nil {
			return nil, fmt.Errorf("make the job queue: %w", err)
		}
		q.client = c
		q.insert = func(ctx context.Context, tx store.Handle, jobs []river.InsertManyParams) error {
			_, err := c.InsertManyTx(ctx, tx.Postgres, jobs)
			return err
		}
	} else {
		driver := riversqlite.New(e.SQLite)
		c, err := river.NewClient(driver, config)
		if err != nil {
			return nil, fmt.Errorf("make the job queue: %w", err)
		}
		q.client = c
		q.insert = func(ctx context.Context, tx store.Handle, jobs []river.InsertManyParams) error {
			_, err := c.InsertManyTx(ctx, tx.SQLite, jobs)
			return err
		}
		q.rescue = func(ctx context.Context, p *riverdriver.JobRescueManyParams) error {
			_, err := driver.GetExecutor().JobRescueMany(ctx, p)
			return err
		}
	}
	st.SetEnqueuer(q)
	return q, nil
}

func (q *Queue) config(o Options) (*river.Config, error) {
	bundle := river.NewWorkers()
	for _, kind := range flow.JobKinds {
		river.AddWorkerArgs(bundle, args{kind: kind}, &worker{q: q})
	}
	var periodic []*river.PeriodicJob
	for _, p := range o.Periodic {
		if p.Every < time.Second {
			return nil, fault.New(fault.Internal, "the schedule of %s asks for less than a second", p.Kind)
		}
		periodic = append(periodic, river.NewPeriodicJob(river.PeriodicInterval(p.Every),
			func() (river.JobArgs, *river.InsertOpts) {
				return args{kind: p.Kind, Key: p.Key}, insertOpts(p.Kind)
			}, &river.PeriodicJobOpts{RunOnStart: true}))
	}
	config := &river.Config{
		Workers: bundle, Queues: workers, PeriodicJobs: periodic, ErrorHandler: handler{q.log}, Logger: slog.New(quiet{o.Log.Handler()}),
		JobTimeout: timeout, RescueStuckJobsAfter: rescueAfter, MaxAttempts: maxAttempts,
		CancelledJobRetentionPeriod: keepFailed, DiscardedJobRetentionPeriod: keepFailed, CompletedJobRetentionPeriod: keepCompleted,
		PollOnly: o.PollOnly, FetchPollInterval: o.Poll, FetchCooldown: o.Cooldown,
	}
	if config.FetchPollInterval == 0 {
		config.FetchPollInterval = 500 * time.Millisecond
	}
	if config.FetchCooldown == 0 {
		config.FetchCooldown = 50 * time.Millisecond
	}
	return config, nil
}

// looking lists the kinds that look at how things are now: while one is waiting
// or running for a key, another one is left out, so that they cannot pile up
// behind a calendar that hangs. What they miss they see the next time. The other
// kinds carry out something new each time, and none is ever left out.
var looking = []flow.JobKind{flow.JobPull, flow.JobPoll, flow.JobWatch, flow.JobPullAll, flow.JobAlerts, flow.JobNotices, flow.JobBusy, flow.JobSweep, flow.JobLaunch}

// unfinished lists the states of a job that is waiting or running.
var unfinished = []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
	rivertype.JobStateRetryable, rivertype.JobStateScheduled}

// Migrate makes the queue's tables; hand it to store.Migrate, which keeps
// replicas from doing so at once.
func Migrate(ctx context.Context, e store.Engine) error {
	c := &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)}
	if e.Postgres != nil {
		return migrate(ctx, riverpgxv5.New(e.Postgres), c)
	}
	return migrate(ctx, riversqlite.New(e.SQLite), c)
}

func migrate[TTx any](ctx context.Context, driver riverdriver.Driver[TTx], c *rivermigrate.Config) error {
	m, err := rivermigrate.New(driver, c)
	if err != nil {
		return err
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// Enqueue puts jobs into the queue inside a transaction of the store.
func (q *Queue) Enqueue(ctx context.Context, tx store.Handle, jobs ...flow.Job) error {
	if len(jobs) == 0 {
		return nil
	}
	params := make([]river.InsertManyParams, 0, len(jobs))
	here := map[flow.Job]bool{} // one statement cannot leave out its own doubles
	for _, j := range jobs {
		if k := (flow.Job{Kind: j.Kind, Key: j.Key}); slices.Contains(looking, j.Kind) {
			if here[k] {
				continue
			}
			here[k] = true
		}
		opts := insertOpts(j.Kind)
		if !j.At.IsZero() {
			// The job's time is on the store's clock, which a test may turn; the
			// queue's is the computer's.
			if wait := j.At.Sub(q.store.Now()); wait > 0 {
				opts.ScheduledAt = time.Now().Add(wait)
			}
		}
		params = append(params, river.InsertManyParams{Args: args{kind: j.Kind, Key: j.Key}, InsertOpts: opts})
	}
	return q.insert(ctx, tx, params)
}

func insertOpts(kind flow.JobKind) *river.InsertOpts {
	line := queues[kind]
	if line == "" {
		line = river.QueueDefault
	}
	opts := &river.InsertOpts{Queue: line}
	if slices.Contains(looking, kind) {
		opts.UniqueOpts = river.UniqueOpts{ByArgs: true, ByState: unfinished}
	}
	return opts
}

// Start begins to work jobs. The queue stops when ctx ends, or by Stop.
func (q *Queue) Start(ctx context.Context) error {
	if q.rescue != nil {
		if err := q.takeUp(ctx); err != nil {
			return fmt.Errorf("take up interrupted jobs: %w", err)
		}
	}
	if err := q.client.Start(ctx); err != nil {
		return fmt.Errorf("start the job queue: %w", err)
	}
	return nil
}

// takeUp makes jobs due that were running when the process died. An SQLite file
// has one process, so nobody else can be at them.
func (q *Queue) takeUp(ctx context.Context) error {
	for {
		list, err := q.client.JobList(ctx, river.NewJobListParams().States(rivertype.JobStateRunning).First(1000))
		if err != nil || len(list.Jobs) == 0 {
			return err
		}
		now := time.Now().UTC()
		p := &riverdriver.JobRescueManyParams{StuckHorizon: now.Add(time.Second)}
		for _, j := range list.Jobs {
			p.ID = append(p.ID, j.ID)
			p.Error = append(p.Error, attemptError(now, j.Attempt, interrupted))
			p.FinalizedAt = append(p.FinalizedAt, nil)
			p.ScheduledAt = append(p.ScheduledAt, now)
			p.State = append(p.State, string(rivertype.JobStateAvailable))
		}
		if err := q.rescue(ctx, p); err != nil {
			return err
		}
	}
}

// Stop takes up no new job and waits for the running ones. When ctx ends first,
// their contexts are cancelled; they run again later.
func (q *Queue) Stop(ctx context.Context) error {
	err := q.client.Stop(ctx)
	if err == nil || ctx.Err() == nil {
		return err
	}
	hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(err, q.client.StopAndCancel(hard))
}
