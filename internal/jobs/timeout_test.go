package jobs

import (
	"testing"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
)

// What computes or reads for long has the time for it, and a line of its own.
func TestLongJobsHaveTimeAndALine(t *testing.T) {
	for _, kind := range flow.JobKinds {
		long := kind == flow.JobPlan || kind == flow.JobPull || kind == flow.JobPoll || kind == flow.JobRedraw || kind == flow.JobVerify || kind == flow.JobBusy
		got := (&worker{}).Timeout(&river.Job[args]{JobRow: &rivertype.JobRow{Kind: string(kind)}})
		require.Equal(t, long, got > timeout, kind)
		line := insertOpts(kind).Queue
		require.Contains(t, workers, line, kind)
		if long {
			require.NotEqual(t, river.QueueDefault, line, kind)
		}
	}
}
