package jobs_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/jobs"
)

// A job that was running when the process died is taken up at the next start.
// An SQLite file has one process, so that needs no waiting.
func TestInterruptedJobsAreTakenUpAtOnce(t *testing.T) {
	engines(t, jobs.Options{}, nil, func(t *testing.T, b *bench) {
		if b.st.Engine().SQLite == nil {
			return // with several processes only time tells; the queue's own rescuer does it after a minute
		}
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
	engines(t, jobs.Options{}, nil, func(t *testing.T, b *bench) {
		if b.st.Engine().SQLite == nil {
			return
		}
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
	_, err := b.st.Engine().SQLite.ExecContext(context.Background(), `UPDATE river_job SET state = 'running', attempt = ?,
		attempted_at = datetime('now', '-1 second', 'subsec'), attempted_by = jsonb('["dead"]'),
		errors = (SELECT jsonb_group_array(json_object('at', '2027-03-04T09:00:00Z', 'attempt', value, 'error', 'the process ended', 'trace', ''))
			FROM generate_series(1, ?))`, n, n-1)
	require.NoError(t, err)
}
