package jobs_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/jobs"
)

// A job that was running when the process died is taken up at the next start.
// An SQLite file has one process, so that needs no waiting.
func TestInterruptedJobsAreTakenUpAtOnce(t *testing.T) {
	on(t, "sqlite", jobs.Options{}, nil, func(t *testing.T, b *bench) {
		b.enqueue(flow.Job{Kind: flow.JobPlan, Key: "run"})
		died(t, b, 1)
		b.start()
		b.until(func() bool { return len(b.jobs()) == 1 })
		b.idle()
		require.Empty(t, b.failures())
	})
}

// A job during which the process ends again and again is parked.
func TestAJobThatEndsTheProcessIsParked(t *testing.T) {
	on(t, "sqlite", jobs.Options{}, nil, func(t *testing.T, b *bench) {
		b.enqueue(flow.Job{Kind: flow.JobApply, Key: "poison"})
		died(t, b, 10)
		b.start()
		b.until(func() bool { return len(b.failures()) == 1 })
		require.Empty(t, b.jobs())
		f := b.failures()[0]
		require.True(t, f.Parked)
		require.Equal(t, "The process ended 10 times while it did this job.", f.Reason)
	})
}

// died leaves all jobs as they are found when the process was killed for the
// n-th time.
func died(t *testing.T, b *bench, n int) {
	t.Helper()
	before := slices.Repeat([]rivertype.AttemptError{{At: time.Now(), Attempt: 1, Error: "the process ended"}}, n-1)
	errs, err := json.Marshal(before)
	require.NoError(t, err)
	_, err = b.st.Engine().SQLite.ExecContext(t.Context(), `UPDATE river_job SET state = 'running', attempt = ?,
		attempted_at = datetime('now', '-1 second', 'subsec'), attempted_by = jsonb('["dead"]'), errors = jsonb(?)`, n, string(errs))
	require.NoError(t, err)
}
