package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/jobs"
	"windshield/internal/store"
	"windshield/internal/store/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func migrate(ctx context.Context, url string) error {
	st, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		return err
	}
	defer st.Close()
	return st.Migrate(ctx, jobs.Migrate)
}

// bench is a queue on a database, with a record of what was done.
type bench struct {
	t   *testing.T
	st  *store.Store
	q   *jobs.Queue
	log *bytes.Buffer

	mu   sync.Mutex
	done []flow.Job
}

// engines runs a test on both engines; do gets each job after it was recorded.
func engines(t *testing.T, o jobs.Options, do func(b *bench, ctx context.Context, j flow.Job) error, test func(t *testing.T, b *bench)) {
	t.Helper()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) { on(t, engine, o, do, test) })
	}
}

// on runs a test on one engine.
func on(t *testing.T, engine string, o jobs.Options, do func(b *bench, ctx context.Context, j flow.Job) error, test func(t *testing.T, b *bench)) {
	t.Helper()
	url := "sqlite:" + filepath.Join(t.TempDir(), "windshield.db")
	if engine == "postgres" {
		url = pgtest.Clone(t, "jobs", migrate)
	} else {
		require.NoError(t, migrate(t.Context(), url))
	}
	st, err := store.Open(t.Context(), url, store.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	b := &bench{t: t, st: st, log: &bytes.Buffer{}}
	o.Log = slog.New(slog.NewTextHandler(&locked{w: b.log}, nil))
	o.Poll, o.Cooldown = 20*time.Millisecond, 5*time.Millisecond
	o.Do = func(ctx context.Context, j flow.Job) error {
		b.mu.Lock()
		b.done = append(b.done, j)
		b.mu.Unlock()
		if do == nil {
			return nil
		}
		return do(b, ctx, j)
	}
	b.q, err = jobs.New(st, o)
	require.NoError(t, err)
	test(t, b)
}

type locked struct {
	mu sync.Mutex
	w  *bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (b *bench) start() {
	b.t.Helper()
	require.NoError(b.t, b.q.Start(context.Background()))
	b.t.Cleanup(b.stop)
}

func (b *bench) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	require.NoError(b.t, b.q.Stop(ctx))
}

func (b *bench) enqueue(all ...flow.Job) {
	b.t.Helper()
	require.NoError(b.t, b.st.Write(b.t.Context(), func(tx flow.Tx) error { return tx.Queue.Enqueue(all...) }))
}

func (b *bench) idle() {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 20*time.Second)
	defer cancel()
	require.NoError(b.t, b.q.Idle(ctx))
}

// until waits for what other goroutines bring about.
func (b *bench) until(is func() bool) {
	b.t.Helper()
	require.Eventually(b.t, is, 20*time.Second, 10*time.Millisecond)
}

func (b *bench) jobs() []flow.Job {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.done)
}

func (b *bench) failures() []flow.JobFailure {
	b.t.Helper()
	f, err := b.q.Failures(b.t.Context())
	require.NoError(b.t, err)
	return f
}

func TestJobsRunOnlyAfterCommit(t *testing.T) {
	engines(t, jobs.Options{}, nil, func(t *testing.T, b *bench) {
		b.start()
		broken := errors.New("changed my mind")
		err := b.st.Write(t.Context(), func(tx flow.Tx) error {
			require.NoError(t, tx.Queue.Enqueue(flow.Job{Kind: flow.JobApply, Key: "never"}))
			require.NoError(t, tx.Ledger.SetSetting("x", "never"))
			return broken
		})
		require.ErrorIs(t, err, broken)
		var want []flow.Job
		require.NoError(t, b.st.Write(t.Context(), func(tx flow.Tx) error {
			for i, kind := range flow.JobKinds {
				j := flow.Job{Kind: kind, Key: fmt.Sprint("key ", i)}
				want = append(want, j)
				require.NoError(t, tx.Queue.Enqueue(j))
			}
			require.Empty(t, b.jobs(), "nothing runs before the commit")
			return tx.Ledger.SetSetting("x", "committed")
		}))
		b.idle()
		require.ElementsMatch(t, want, b.jobs())
		require.Empty(t, b.failures())
	})
}

func TestAnswersComeWithinASecond(t *testing.T) {
	engines(t, jobs.Options{}, nil, func(t *testing.T, b *bench) {
		b.start()
		b.enqueue(flow.Job{Kind: flow.JobApply, Key: "warm"})
		b.idle()
		begin := time.Now()
		b.enqueue(flow.Job{Kind: flow.JobApply, Key: "measured"})
		b.idle()
		require.Less(t, time.Since(begin), time.Second)
	})
}

func TestErrorsDecideWhatComesNext(t *testing.T) {
	secret := "anna@example.com"
	var mu sync.Mutex
	tries := map[string]int{}
	do := func(b *bench, _ context.Context, j flow.Job) error {
		mu.Lock()
		defer mu.Unlock()
		tries[b.t.Name()+j.Key]++
		n := tries[b.t.Name()+j.Key]
		switch j.Key {
		case "invalid":
			return fault.Invalidf("This address is wrong: %s", secret)
		case "missing":
			return fmt.Errorf("look: %w", fault.NotFoundf("There is no such visit."))
		case "internal", "stale":
			if n < 2 {
				return map[string]error{"internal": errors.New(secret), "stale": fault.Stalef("changed")}[j.Key]
			}
		case "temporary":
			if n < 2 {
				return fault.Temporaryf("Google is down.")
			}
		case "later":
			if n < 3 {
				return &flow.Later{After: time.Millisecond, Why: "slow down"}
			}
		case "much later":
			return &flow.Later{After: time.Hour, Why: "slow down"}
		}
		return nil
	}
	engines(t, jobs.Options{}, do, func(t *testing.T, b *bench) {
		b.start()
		want := map[string]int{"fine": 1, "invalid": 1, "missing": 1, "internal": 2, "stale": 2, "temporary": 2, "later": 3, "much later": 1}
		for key := range want {
			b.enqueue(flow.Job{Kind: flow.JobDeliver, Key: key})
		}
		b.until(func() bool {
			got := map[string]int{}
			for _, j := range b.jobs() {
				got[j.Key]++
			}
			for key, n := range want {
				if got[key] != n {
					return false
				}
			}
			return true
		})
		b.idle()
		failed := b.failures()
		require.Len(t, failed, 2)
		for _, f := range failed {
			require.True(t, f.Parked)
			require.Equal(t, flow.JobDeliver, f.Kind)
			require.Equal(t, 1, f.Attempts)
			require.WithinDuration(t, time.Now(), f.At, time.Minute)
			require.Contains(t, map[string]string{"invalid": "This address is wrong: " + secret, "missing": "look: There is no such visit."}[f.Key], f.Reason)
			require.NotEmpty(t, f.Reason)
		}
		b.stop()
		require.NotContains(t, b.log.String(), secret, "no personal data in the log")
		require.Contains(t, b.log.String(), "fault=invalid")
	})
}

func TestCrashesAreCountedAndParked(t *testing.T) {
	do := func(_ *bench, _ context.Context, j flow.Job) error {
		if j.Key == "bad" {
			panic("secret of somebody")
		}
		return nil
	}
	engines(t, jobs.Options{}, do, func(t *testing.T, b *bench) {
		b.start()
		b.enqueue(flow.Job{Kind: flow.JobApply, Key: "bad"}, flow.Job{Kind: flow.JobApply, Key: "good"})
		b.until(func() bool { f := b.failures(); return len(f) == 1 && f[0].Parked })
		b.idle()
		require.Equal(t, "bad", b.failures()[0].Key)
		runs := map[string]int{}
		for _, j := range b.jobs() {
			runs[j.Key]++
		}
		require.Equal(t, map[string]int{"bad": 3, "good": 1}, runs)
		b.stop()
		require.NotContains(t, b.log.String(), "secret of somebody")
	})
}

func TestAJobIsNotEarly(t *testing.T) {
	engines(t, jobs.Options{}, nil, func(t *testing.T, b *bench) {
		b.start()
		b.enqueue(flow.Job{Kind: flow.JobDeliver, Key: "tomorrow", At: time.Now().Add(24 * time.Hour)},
			flow.Job{Kind: flow.JobDeliver, Key: "past", At: time.Now().Add(-time.Hour)})
		b.idle()
		require.Equal(t, []flow.Job{{Kind: flow.JobDeliver, Key: "past"}}, b.jobs())
	})
}

func TestPeriodicJobs(t *testing.T) {
	o := jobs.Options{Periodic: []jobs.Periodic{{Kind: flow.JobPullAll, Every: time.Second}, {Kind: flow.JobSweep, Every: time.Hour}}}
	engines(t, o, nil, func(t *testing.T, b *bench) {
		b.start()
		kinds := func() map[flow.JobKind]int {
			n := map[flow.JobKind]int{}
			for _, j := range b.jobs() {
				n[j.Kind]++
			}
			return n
		}
		b.until(func() bool { n := kinds(); return n[flow.JobPullAll] >= 3 && n[flow.JobSweep] == 1 })
		b.stop()
		require.Equal(t, 1, kinds()[flow.JobSweep])
	})
}

func TestPeriodicJobsDoNotPileUp(t *testing.T) {
	release := make(chan struct{})
	var once sync.Once
	do := func(_ *bench, ctx context.Context, j flow.Job) error {
		if j.Kind == flow.JobPullAll {
			select {
			case <-release:
			case <-ctx.Done():
			}
		}
		return nil
	}
	o := jobs.Options{Periodic: []jobs.Periodic{{Kind: flow.JobPullAll, Every: time.Second}, {Kind: flow.JobAlerts, Every: time.Second}}}
	engines(t, o, do, func(t *testing.T, b *bench) {
		release, once = make(chan struct{}), sync.Once{}
		t.Cleanup(func() { once.Do(func() { close(release) }) })
		b.start()
		count := func(kind flow.JobKind) (n int) {
			for _, j := range b.jobs() {
				if j.Kind == kind {
					n++
				}
			}
			return n
		}
		b.until(func() bool { return count(flow.JobAlerts) >= 4 })
		require.Equal(t, 1, count(flow.JobPullAll), "the first still runs")
		once.Do(func() { close(release) })
	})
}

// Looking at a calendar twice at once is of no use; carrying out two wishes is.
func TestOnlyLookingIsLeftOut(t *testing.T) {
	engines(t, jobs.Options{}, nil, func(t *testing.T, b *bench) {
		var want []flow.Job
		for _, kind := range flow.JobKinds {
			for range 3 {
				b.enqueue(flow.Job{Kind: kind, Key: "k"}, flow.Job{Kind: kind, Key: "k"})
			}
			n := 6
			switch kind {
			case flow.JobPull, flow.JobPoll, flow.JobWatch, flow.JobPullAll, flow.JobAlerts, flow.JobNotices, flow.JobBusy, flow.JobSweep, flow.JobLaunch:
				n = 1
			}
			want = append(want, slices.Repeat([]flow.Job{{Kind: kind, Key: "k"}}, n)...)
		}
		b.enqueue(flow.Job{Kind: flow.JobPull, Key: "another"})
		want = append(want, flow.Job{Kind: flow.JobPull, Key: "another"})
		b.start()
		b.idle()
		require.ElementsMatch(t, want, b.jobs())
		b.enqueue(flow.Job{Kind: flow.JobPull, Key: "k"})
		b.idle()
		require.Len(t, b.jobs(), len(want)+1, "once it is done it may be done again")
	})
}

func TestStopWaitsForTheRunningJob(t *testing.T) {
	begun, release := make(chan struct{}, 2), make(chan struct{})
	finished := make(chan struct{}, 2)
	do := func(*bench, context.Context, flow.Job) error {
		begun <- struct{}{}
		<-release
		finished <- struct{}{}
		return nil
	}
	engines(t, jobs.Options{}, do, func(t *testing.T, b *bench) {
		release = make(chan struct{})
		b.start()
		b.enqueue(flow.Job{Kind: flow.JobApply, Key: "long"})
		<-begun
		stopped := make(chan struct{})
		go func() { b.stop(); close(stopped) }()
		close(release)
		<-stopped
		require.Len(t, finished, 1, "Stop waited")
		<-finished
		require.Empty(t, b.failures())
	})
}

// A job that does not end when it is told to stop is cut off, and runs again.
func TestStopCutsOffWhatHangs(t *testing.T) {
	begun := make(chan struct{}, 4)
	do := func(_ *bench, ctx context.Context, _ flow.Job) error {
		begun <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}
	engines(t, jobs.Options{}, do, func(t *testing.T, b *bench) {
		require.NoError(t, b.q.Start(context.Background()))
		b.enqueue(flow.Job{Kind: flow.JobApply, Key: "hangs"})
		<-begun
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, b.q.Stop(ctx), context.DeadlineExceeded)
		require.Empty(t, b.failures(), "it is tried again")
	})
}

// One kind that hangs keeps no other kind waiting.
func TestLinesAreSeparate(t *testing.T) {
	do := func(_ *bench, ctx context.Context, j flow.Job) error {
		if j.Kind == flow.JobPull || j.Kind == flow.JobPlan || j.Kind == flow.JobRedraw {
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}
	engines(t, jobs.Options{}, do, func(t *testing.T, b *bench) {
		require.NoError(t, b.q.Start(context.Background()))
		for i := range 20 {
			b.enqueue(flow.Job{Kind: flow.JobPull, Key: fmt.Sprint(i)}, flow.Job{Kind: flow.JobPlan, Key: fmt.Sprint(i)}, flow.Job{Kind: flow.JobRedraw, Key: fmt.Sprint(i)})
		}
		quick := []flow.Job{{Kind: flow.JobApply, Key: "a"}, {Kind: flow.JobDeliver, Key: "d"}, {Kind: flow.JobAlerts}}
		b.enqueue(quick...)
		b.until(func() bool {
			done := b.jobs()
			return !slices.ContainsFunc(quick, func(j flow.Job) bool { return !slices.Contains(done, j) })
		})
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		require.Error(t, b.q.Stop(ctx))
	})
}

func TestWrongOptions(t *testing.T) {
	st, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "windshield.db"), store.Options{})
	require.NoError(t, err)
	defer st.Close()
	_, err = jobs.New(st, jobs.Options{})
	require.Error(t, err)
	_, err = jobs.New(st, jobs.Options{Do: func(context.Context, flow.Job) error { return nil }, Periodic: []jobs.Periodic{{Kind: flow.JobSweep}}})
	require.Error(t, err)
	err = st.Write(t.Context(), func(tx flow.Tx) error { return tx.Queue.Enqueue(flow.Job{Kind: flow.JobSweep}) })
	require.ErrorContains(t, err, "no job queue")
}
