package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"windshield/internal/fault"
	"windshield/internal/flow"
)

// args is a job as the queue stores it; the kind has a column of its own.
type args struct {
	kind flow.JobKind
	Key  string `json:"key"`
}

// Kind names the kind of job.
func (a args) Kind() string { return string(a.kind) }

// worker does the jobs of one kind.
type worker struct {
	river.WorkerDefaults[args]
	q *Queue
}

// Timeout gives how long a job may take.
func (w *worker) Timeout(j *river.Job[args]) time.Duration {
	switch flow.JobKind(j.Kind) {
	case flow.JobPlan:
		return planTimeout
	case flow.JobPull, flow.JobPoll, flow.JobBusy:
		return pullTimeout
	case flow.JobRedraw:
		return redrawTimeout
	case flow.JobVerify:
		return verifyTimeout
	case flow.JobLook:
		return lookTimeout
	}
	return timeout
}

// Work does a job and says in the queue's words what its error means.
func (w *worker) Work(ctx context.Context, j *river.Job[args]) error {
	if n := deaths(j.JobRow); n >= maxDeaths {
		return w.park(ctx, j.JobRow, fault.New(fault.Internal, "The process ended %d times while it did this job.", n))
	}
	err := w.q.do(ctx, flow.Job{Kind: flow.JobKind(j.Kind), Key: j.Args.Key})
	if hopeless(err) {
		return w.park(ctx, j.JobRow, err)
	}
	return verdict(j.JobRow, err)
}

// park ends a job and keeps the reason with it.
func (w *worker) park(ctx context.Context, j *rivertype.JobRow, why error) error {
	w.q.log.ErrorContext(ctx, "job parked", "job", j.ID, "kind", j.Kind, "attempt", j.Attempt, "fault", fault.KindOf(why).String())
	return river.JobCancel(why)
}

// hopeless says that the same again would end the same.
func hopeless(err error) bool {
	var later *flow.Later
	if err == nil || errors.As(err, &later) {
		return false
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.NotFound, fault.Conflict, fault.Denied, fault.Unauthenticated, fault.TooLarge:
		return true
	}
	return false
}

// NextRetry gives when a job that failed runs again.
func (w *worker) NextRetry(j *river.Job[args]) time.Time {
	return time.Now().UTC().Add(backoff(j.Attempt))
}

// verdict decides what comes after an error that may pass.
func verdict(j *rivertype.JobRow, err error) error {
	var later *flow.Later
	switch {
	case err == nil:
		return nil
	case errors.As(err, &later):
		return river.JobSnooze(max(later.After, 0))
	}
	if k := fault.KindOf(err); k == fault.Temporary || k == fault.TooMany {
		// It passes by itself, however long that takes: no attempt is counted, also
		// where a server that hangs has used up the job's time.
		return river.JobSnooze(backoff(snoozes(j) + 1))
	}
	return err
}

// maxBackoff is short: when a fault ends, the backlog should drain soon.
const maxBackoff = time.Minute

// backoff doubles from a second and is spread by half, so that what failed
// together does not come back together.
func backoff(attempt int) time.Duration {
	d := maxBackoff
	if attempt < 7 {
		d = min(time.Second<<max(attempt-1, 0), maxBackoff)
	}
	return d/2 + rand.N(d/2)
}

// snoozes gives how often a job has asked to come back later.
func snoozes(j *rivertype.JobRow) int {
	var m struct {
		Snoozes int `json:"snoozes"`
	}
	if err := json.Unmarshal(j.Metadata, &m); err != nil {
		return 0
	}
	return m.Snoozes
}

// A job that panics three times is parked. One during which the process ended
// gets more chances: most processes are ended by people, not by jobs.
const (
	maxPanics = 3
	maxDeaths = 10
)

// interrupted is the error of an attempt during which the process ended.
const interrupted = "the process ended"

func panics(j *rivertype.JobRow) (n int) {
	for _, e := range j.Errors {
		if e.Trace != "" {
			n++
		}
	}
	return n
}

func deaths(j *rivertype.JobRow) (n int) {
	for _, e := range j.Errors {
		if e.Trace == "" && (e.Error == interrupted || strings.HasPrefix(e.Error, "Stuck job rescued")) {
			n++
		}
	}
	return n
}

func attemptError(at time.Time, attempt int, text string) []byte {
	b, _ := json.Marshal(rivertype.AttemptError{At: at, Attempt: attempt, Error: text})
	return b
}
