package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/planning"
	"windshield/internal/slot"
	"windshield/internal/store"
	"windshield/internal/visit"
)

// Steps count on within their plan, come back as they were, and are taken back once.
func TestPlanSteps(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		ctx := context.Background()
		year := slot.Interval{Start: slot.MakeDate(2027, 1, 1), End: slot.MakeDate(2027, 12, 31)}
		a := visit.Plan{ID: "00000000-0000-4000-8000-00000000b001", Year: 2027, Name: "A", State: visit.Draft, Horizon: year}
		b := visit.Plan{ID: "00000000-0000-4000-8000-00000000b002", Year: 2027, Name: "B", State: visit.Draft, Horizon: year}
		from := planning.Place{Executive: "e", Date: slot.MakeDate(2027, 3, 4), Half: slot.AM}
		step := func(id, plan string) flow.PlanStep {
			return flow.PlanStep{ID: id, PlanID: plan, At: time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC), By: "ana", Words: "cost +1",
				Changes: []flow.PlanChange{{CustomerID: "c", From: &from}}, Price: map[string]int64{"total": 1},
				Was: []flow.WasVisit{{CustomerID: "c", VisitID: "v", Label: "v1", Begins: "10:15", Ends: "11:30", Answer: visit.Accepted}}}
		}
		x, y, z := step("s1", a.ID), step("s2", a.ID), step("s3", b.ID)
		require.NoError(t, st.Write(ctx, func(tx flow.Tx) error {
			for _, p := range []*visit.Plan{&a, &b} {
				require.NoError(t, tx.Plans.Save(p))
			}
			for _, s := range []*flow.PlanStep{&x, &y, &z} {
				require.NoError(t, tx.PlanSteps.Add(s))
			}
			return nil
		}))
		require.Equal(t, []int{1, 2, 1}, []int{x.N, y.N, z.N})
		require.NoError(t, st.Write(ctx, func(tx flow.Tx) error {
			require.NoError(t, tx.PlanSteps.Undone(x.ID, y.ID))
			require.True(t, fault.Is(tx.PlanSteps.Undone(x.ID, z.ID), fault.Stale), "once")
			return nil
		}))
		x.UndoneBy = y.ID
		y.Changes[0].Because = visit.ByCustomer
		require.NoError(t, st.Write(ctx, func(tx flow.Tx) error { return tx.PlanSteps.Rewrite(y) }))
		require.NoError(t, st.Read(ctx, func(tx flow.Tx) error {
			got, err := tx.PlanSteps.Recent(a.ID, 10)
			require.NoError(t, err)
			require.Equal(t, []flow.PlanStep{y, x}, got)
			one, err := tx.PlanSteps.Get("s3")
			require.NoError(t, err)
			require.Equal(t, z, one)
			_, err = tx.PlanSteps.Get("none")
			require.True(t, fault.Is(err, fault.NotFound))
			return nil
		}))
	})
}
