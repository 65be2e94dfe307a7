package jobs

import (
	"context"
	"testing"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/flow"
)

// What computes or reads for long has the time for it, and a line of its own.
func TestLongJobsHaveTimeAndALine(t *testing.T) {
	for _, kind := range flow.JobKinds {
		long := kind == flow.JobPlan || kind == flow.JobPull || kind == flow.JobPoll || kind == flow.JobRedraw || kind == flow.JobVerify || kind == flow.JobLook || kind == flow.JobBusy
		got := (&worker{}).Timeout(&river.Job[args]{JobRow: &rivertype.JobRow{Kind: string(kind)}})
		require.Equal(t, long, got > timeout, kind)
		line := insertOpts(kind).Queue
		require.Contains(t, workers, line, kind)
		if long {
			require.NotEqual(t, river.QueueDefault, line, kind)
		}
	}
}

// A server that hangs for a day must not use up a job's attempts: only what ran out
// of time for no known reason counts one.
func TestWhatHangsCountsNoAttempt(t *testing.T) {
	var snooze *river.JobSnoozeError
	hangs := fault.Temporaryf("The calendar could not be reached.").Because(context.DeadlineExceeded)
	require.ErrorAs(t, verdict(&rivertype.JobRow{}, hangs), &snooze)
	require.ErrorIs(t, verdict(&rivertype.JobRow{}, context.DeadlineExceeded), context.DeadlineExceeded)
}
