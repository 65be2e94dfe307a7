package flow_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
)

// Of two looks for the same that two readers began at once, the one that is shown is made:
// to read the whole database twice helps nobody.
func TestOneOfTwoLooksIsMade(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t)
	d.company(1, 1)
	older := flow.Look{ID: "a", PersonID: d.execs[0].ID, State: flow.Queued, AskedAt: d.Now(), AskedBy: "x"}
	newer := older
	newer.ID, newer.AskedAt = "b", older.AskedAt.Add(time.Millisecond)
	d.write(func(tx flow.Tx) {
		require.NoError(t, tx.Looks.Save(&older))
		require.NoError(t, tx.Looks.Save(&newer))
	})
	for id, want := range map[string]flow.RunState{"a": flow.Queued, "b": flow.Done} {
		require.NoError(t, d.f.Do(ctx, flow.Job{Kind: flow.JobLook, Key: id}))
		d.write(func(tx flow.Tx) {
			l, err := tx.Looks.Get(id)
			require.NoError(t, err)
			require.Equal(t, want, l.State, id)
		})
	}
}
