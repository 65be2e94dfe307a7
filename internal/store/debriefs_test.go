package store_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/insight"
	"windshield/internal/slot"
	"windshield/internal/store"
)

// Debriefs, loops and memos come back as they went in, and of two who change the same
// one is told.
func TestDebriefsLoopsAndMemos(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		early := aVisit(t, 1, id("customer", 1), id("person", 1), "", "2027-02-10", slot.AM)
		late := aVisit(t, 2, id("customer", 1), id("person", 1), "", "2027-03-02", slot.AM)
		debrief := filled[flow.KeptDebrief](t, 31)
		loop, other := filled[flow.KeptLoop](t, 32), filled[flow.KeptLoop](t, 33)
		memo := filled[flow.KeptMemo](t, 34)
		debrief.VisitID, loop.VisitID, memo.VisitID, other.VisitID = early.ID, early.ID, early.ID, ""
		for _, c := range []*string{&debrief.CustomerID, &loop.CustomerID, &memo.CustomerID, &other.CustomerID} {
			*c = id("customer", 1)
		}
		loop.OwnerID, other.OwnerID, loop.Kind, other.Kind = id("person", 1), id("person", 2), insight.Promise, insight.CustomerAsk
		loop.Opened, loop.Confirmed, other.Opened, other.Confirmed = slot.MustDate("2027-02-10"), 0, slot.MustDate("2027-02-09"), slot.MustDate("2027-02-20")
		for _, version := range []*int{&debrief.Version, &loop.Version, &other.Version, &memo.Version} {
			*version = 0
		}
		draft := flow.KeptDebrief{Debrief: insight.Debrief{VisitID: late.ID, CustomerID: id("customer", 1), On: late.Slot.Date, Held: true}}
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.Visits.Save(early, late))
			require.NoError(t, tx.Debriefs.Save(&debrief))
			require.NoError(t, tx.Debriefs.Save(&draft))
			require.NoError(t, tx.Loops.Save(&loop, &other))
			require.NoError(t, tx.Memos.Save(&memo))
		})
		read(t, st, func(tx flow.Tx) {
			gotDebrief, err := tx.Debriefs.Get(early.ID)
			require.NoError(t, err)
			require.Equal(t, debrief, gotDebrief)
			of, err := tx.Debriefs.OfCustomer(id("customer", 1))
			require.NoError(t, err)
			require.Equal(t, []flow.KeptDebrief{debrief}, of, "a draft is nobody's business yet")
			_, err = tx.Debriefs.Get("none")
			require.True(t, fault.Is(err, fault.NotFound))
			gotMemo, err := tx.Memos.Get(early.ID)
			require.NoError(t, err)
			require.Equal(t, memo, gotMemo)
			for _, c := range []struct {
				q    flow.LoopQuery
				want []flow.KeptLoop
			}{
				{flow.LoopQuery{}, []flow.KeptLoop{other, loop}}, {flow.LoopQuery{OwnerID: id("person", 2)}, []flow.KeptLoop{other}},
				{flow.LoopQuery{CustomerID: id("customer", 1), Open: true}, []flow.KeptLoop{loop}}, {flow.LoopQuery{VisitID: early.ID}, []flow.KeptLoop{loop}},
				{flow.LoopQuery{From: slot.MustDate("2027-02-20")}, []flow.KeptLoop{other, loop}}, {flow.LoopQuery{From: slot.MustDate("2027-02-21")}, []flow.KeptLoop{loop}},
				{flow.LoopQuery{CustomerID: id("customer", 2)}, nil},
			} {
				got, err := tx.Loops.Find(c.q)
				require.NoError(t, err)
				require.ElementsMatch(t, c.want, got, "%+v", c.q)
			}
		})
		draft.Filed = true
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.Debriefs.Save(&draft))
			of, err := tx.Debriefs.OfCustomer(id("customer", 1))
			require.NoError(t, err)
			require.Equal(t, []string{late.ID, early.ID}, []string{of[0].VisitID, of[1].VisitID}, "the newest visit first")
			require.NoError(t, tx.Loops.Delete(other.ID))
			_, err = tx.Loops.Get(other.ID)
			require.True(t, fault.Is(err, fault.NotFound))
		})
		// The customer answers once, whatever we write.
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.Debriefs.SetAnswer(late.ID, flow.CustomerMet{Met: insight.No, By: "Ms Li", On: slot.MustDate("2027-03-09")}))
			require.True(t, fault.Is(tx.Debriefs.SetAnswer(late.ID, flow.CustomerMet{Met: insight.Yes}), fault.Conflict))
			got, err := tx.Debriefs.Answer(late.ID)
			require.NoError(t, err)
			require.Equal(t, flow.CustomerMet{Met: insight.No, By: "Ms Li", On: slot.MustDate("2027-03-09")}, got)
			got, err = tx.Debriefs.Answer(early.ID)
			require.NoError(t, err)
			require.Zero(t, got)
		})
		// Four write the same debrief at once: one of them is first.
		errs := race(4, func(i int) error {
			mine := draft
			return st.Write(context.Background(), func(tx flow.Tx) error { return tx.Debriefs.Save(&mine) })
		})
		require.Equal(t, 1, count(errs, isNil))
		require.Equal(t, 3, count(errs, func(err error) bool { return fault.Is(err, fault.Stale) }), "%v", errs)
		require.True(t, fault.Is(st.Write(context.Background(), func(tx flow.Tx) error {
			again := draft
			again.Version = 0
			return tx.Debriefs.Save(&again)
		}), fault.Conflict))
	})
}
