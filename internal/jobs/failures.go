package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"windshield/internal/fault"
	"windshield/internal/flow"
)

// troubled is the number of failed attempts from which on a job that is still
// tried is worth a person's attention.
const troubled = 3

// Failures gives the parked jobs, and those that keep failing, newest first; at
// most 1,000 of each.
func (q *Queue) Failures(ctx context.Context) ([]flow.JobFailure, error) {
	var all []flow.JobFailure
	for _, states := range [][]rivertype.JobState{
		{rivertype.JobStateDiscarded, rivertype.JobStateCancelled},
		{rivertype.JobStateRetryable},
	} {
		list, err := q.client.JobList(ctx, river.NewJobListParams().States(states...).OrderBy(river.JobListOrderByID, river.SortOrderDesc).First(1000))
		if err != nil {
			return nil, err
		}
		for _, j := range list.Jobs {
			if j.FinalizedAt != nil || len(j.Errors) >= troubled {
				all = append(all, failure(j))
			}
		}
	}
	slices.SortStableFunc(all, func(a, b flow.JobFailure) int { return b.At.Compare(a.At) })
	return all, nil
}

// Failure gives a job that is parked or waits for its next attempt.
func (q *Queue) Failure(ctx context.Context, id int64) (flow.JobFailure, error) {
	j, err := q.client.JobGet(ctx, id)
	if errors.Is(err, river.ErrNotFound) || err == nil && (j.State == rivertype.JobStateCompleted || len(j.Errors) == 0 && j.FinalizedAt == nil) {
		return flow.JobFailure{}, fault.NotFoundf("There is no such failed job. It may have been done meanwhile.")
	}
	if err != nil {
		return flow.JobFailure{}, err
	}
	return failure(j), nil
}

// Retry makes a job due at once.
func (q *Queue) Retry(ctx context.Context, id int64) error {
	_, err := q.client.JobRetry(ctx, id)
	return told(err)
}

// Discard deletes a job that is not running.
func (q *Queue) Discard(ctx context.Context, id int64) error {
	_, err := q.client.JobDelete(ctx, id)
	return told(err)
}

// told brings what the library says of a job to what people are told.
func told(err error) error {
	switch {
	case errors.Is(err, river.ErrNotFound):
		return fault.NotFoundf("There is no such failed job. It may have been done meanwhile.")
	case errors.Is(err, rivertype.ErrJobRunning):
		return fault.Conflictf("This job is running at this moment. Look again in a minute.")
	}
	return err
}

func failure(j *rivertype.JobRow) flow.JobFailure {
	var a args
	_ = json.Unmarshal(j.EncodedArgs, &a) // a job without a key has none to show
	f := flow.JobFailure{ID: j.ID, Kind: flow.JobKind(j.Kind), Key: a.Key, Parked: j.FinalizedAt != nil, Attempts: j.Attempt, Since: j.CreatedAt.UTC()}
	if n := len(j.Errors); n > 0 {
		f.At, f.Reason = j.Errors[n-1].At.UTC(), strings.TrimPrefix(j.Errors[n-1].Error, "JobCancelError: ")
	} else if j.FinalizedAt != nil {
		f.At = j.FinalizedAt.UTC()
	}
	if !f.Parked {
		f.Next = j.ScheduledAt.UTC()
	}
	return f
}

// Idle waits until nothing is running and nothing is due. It is for tests: jobs
// that come later do not keep it waiting.
func (q *Queue) Idle(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		idle, err := q.idle(ctx)
		if err != nil || idle {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// idle asks once for all states: between two questions a job could slip from the
// one state to the other.
func (q *Queue) idle(ctx context.Context) (bool, error) {
	next, err := q.client.JobList(ctx, river.NewJobListParams().First(1).OrderBy(river.JobListOrderByScheduledAt, river.SortOrderAsc).States(unfinished...))
	if err != nil {
		return false, err
	}
	return len(next.Jobs) == 0 || next.Jobs[0].ScheduledAt.After(time.Now()), nil
}

// waiting lists the states of jobs that are due now or later.
var waiting = []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStateScheduled, rivertype.JobStateRetryable}

// Hurry makes every job due that waits for a later time, such as for its next
// attempt, and gives how many jobs are not done yet: also one whose time has come since
// somebody found that nothing was due. It is for tests, which turn the clock instead of
// waiting.
func (q *Queue) Hurry(ctx context.Context) (left int, err error) {
	list, err := q.client.JobList(ctx, river.NewJobListParams().First(10_000).States(unfinished...))
	if err != nil {
		return 0, err
	}
	for _, j := range list.Jobs {
		if j.State != rivertype.JobStateRunning && j.ScheduledAt.After(time.Now()) {
			if _, err := q.client.JobRetry(ctx, j.ID); err != nil {
				return 0, err
			}
		}
	}
	return len(list.Jobs), nil
}

// HurryKind makes the jobs of a kind due at once that wait for their next attempt, or
// were parked, and gives how many there were; at most 10,000.
func (q *Queue) HurryKind(ctx context.Context, kind flow.JobKind) (hurried int, err error) {
	states := append(slices.Clone(waiting), rivertype.JobStateDiscarded, rivertype.JobStateCancelled)
	list, err := q.client.JobList(ctx, river.NewJobListParams().First(10_000).Kinds(string(kind)).States(states...))
	if err != nil {
		return 0, err
	}
	for _, j := range list.Jobs {
		if j.FinalizedAt == nil && !j.ScheduledAt.After(time.Now()) {
			continue // it is due as it is
		}
		switch _, err := q.client.JobRetry(ctx, j.ID); {
		case errors.Is(err, river.ErrNotFound): // somebody has deleted it meanwhile
			continue
		case err != nil:
			return hurried, err
		}
		hurried++
	}
	return hurried, nil
}

// handler sees what went wrong in a job. Texts of errors may name people, so the
// log gets kinds only; the texts stay with the job.
type handler struct{ log *slog.Logger }

// HandleError logs that a job failed.
func (h handler) HandleError(ctx context.Context, j *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	last := j.Attempt >= j.MaxAttempts
	level := slog.LevelWarn
	if last {
		level = slog.LevelError
	}
	h.log.Log(ctx, level, "job failed", "job", j.ID, "kind", j.Kind, "attempt", j.Attempt, "fault", fault.KindOf(err).String(), "parked", last)
	return nil
}

// HandlePanic parks a job that has crashed too often.
func (h handler) HandlePanic(ctx context.Context, j *rivertype.JobRow, _ any, trace string) *river.ErrorHandlerResult {
	n := panics(j) + 1
	h.log.ErrorContext(ctx, "job crashed", "job", j.ID, "kind", j.Kind, "crashes", n, "parked", n >= maxPanics, "stack", trace)
	return &river.ErrorHandlerResult{SetCancelled: n >= maxPanics}
}

// quiet passes on the library's warnings, but not what it says about single
// jobs, which repeats the texts of errors.
type quiet struct{ slog.Handler }

// Enabled lets warnings and errors through.
func (h quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, l)
}

// Handle drops lines about single jobs.
func (h quiet) Handle(ctx context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "JobExecutor") {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps the handler quiet.
func (h quiet) WithAttrs(a []slog.Attr) slog.Handler { return quiet{h.Handler.WithAttrs(a)} }

// WithGroup keeps the handler quiet.
func (h quiet) WithGroup(name string) slog.Handler { return quiet{h.Handler.WithGroup(name)} }
