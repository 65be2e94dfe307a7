package jobs_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/jobs"
)

// However many events of a plan wait for their turn with Google, the one that
// somebody waits for is written at once.
func TestWhatSomebodyWaitsForPassesTheBulk(t *testing.T) {
	do := func(_ *bench, ctx context.Context, j flow.Job) error {
		if j.Kind == flow.JobApply {
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}
	engines(t, jobs.Options{}, do, func(t *testing.T, b *bench) {
		require.NoError(t, b.q.Start(context.Background()))
		var bulk []flow.Job
		for i := range 300 {
			bulk = append(bulk, flow.Job{Kind: flow.JobApply, Key: fmt.Sprint(i)})
		}
		b.enqueue(bulk...)
		counted := func() map[string]int {
			counts, err := b.q.Counts(context.Background())
			require.NoError(t, err)
			n := map[string]int{}
			for _, c := range counts {
				if c.Kind == flow.JobApply {
					n[c.State] += c.N
				}
			}
			return n
		}
		b.until(func() bool { return counted()["running"] == 16 })
		require.Equal(t, 300-16, counted()["available"])
		now := flow.Job{Kind: flow.JobApplyNow, Key: "now"}
		b.enqueue(now)
		b.until(func() bool { return slices.Contains(b.jobs(), now) })

		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		require.Error(t, b.q.Stop(ctx))
	})
}
