package store_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/slot"
	"windshield/internal/store"
	"windshield/internal/visit"
)

// oneVisit keeps a visit with all that it stands on.
func oneVisit(t *testing.T, st *store.Store, id string, state visit.State) visit.Visit {
	v := *aVisit(t, 1, "customer-0001", "person-0001", "person-0003", "2027-03-04", slot.AM)
	v.ID, v.State = id, state
	write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Visits.Save(&v)) })
	return v
}

// Of several who use a link at once one succeeds; a used, withdrawn or old one is
// as good as none.
func TestACustomersLinkWorksOnce(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		oneVisit(t, st, "v", visit.Agreed)
		at := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
		add := func(id string) {
			write(t, st, func(tx flow.Tx) {
				require.NoError(t, tx.Briefs.AddLink(visit.Link{ID: id, Hash: "h" + id, VisitID: "v", MadeAt: at, Expires: at.Add(time.Hour)}))
			})
		}
		use := func(id string, now time.Time) error {
			return st.Write(t.Context(), func(tx flow.Tx) error { return tx.Briefs.UseLink(id, now) })
		}
		for _, id := range []string{"a", "b", "c", "d"} {
			add(id)
		}
		var all sync.WaitGroup
		var won atomic.Int32
		for range 8 {
			all.Go(func() {
				if use("a", at) == nil {
					won.Add(1)
				}
			})
		}
		all.Wait()
		require.EqualValues(t, 1, won.Load())
		require.True(t, fault.Is(use("b", at.Add(time.Hour)), fault.NotFound), "too old")
		require.True(t, fault.Is(use("none", at), fault.NotFound))
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Briefs.WithdrawLinks("v", "b", at)) })
		require.True(t, fault.Is(use("b", at), fault.NotFound), "withdrawn")
		require.NoError(t, use("c", at))
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Briefs.WithdrawLinks("v", "", at)) })
		require.True(t, fault.Is(use("d", at), fault.NotFound), "all were withdrawn")
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Briefs.WithdrawLinks("v", "c", at)) })
		read(t, st, func(tx flow.Tx) {
			links, err := tx.Briefs.Links("v")
			require.NoError(t, err)
			for _, l := range links {
				require.Equal(t, l.ID == "a", l.WithdrawnAt.IsZero(), "a used link ends when it is named: %s", l.ID)
			}
			states := map[string]visit.LinkState{}
			for _, l := range links {
				states[l.ID] = l.State(at)
			}
			require.Equal(t, map[string]visit.LinkState{"a": visit.LinkUsed, "b": visit.LinkWithdrawn, "c": visit.LinkUsed, "d": visit.LinkWithdrawn}, states)
			_, err = tx.Briefs.ByHash("hnone")
			require.True(t, fault.Is(err, fault.NotFound))
			none, err := tx.Briefs.Get("v")
			require.NoError(t, err)
			require.Equal(t, visit.Brief{VisitID: "v"}, none)
		})
	})
}

// The finer states are found as what they are, in queries too, and a history grows
// at its end.
func TestStatesAndHistories(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		for i, s := range visit.States() {
			v := oneVisit(t, st, string(rune('a'+i)), s)
			read(t, st, func(tx flow.Tx) {
				got, err := tx.Visits.Get(v.ID)
				require.NoError(t, err)
				require.Equal(t, v, got)
				found, _, err := tx.Visits.Find(flow.VisitQuery{Scope: access.Scope{All: true}, States: []visit.State{s}})
				require.NoError(t, err)
				require.Equal(t, []visit.Visit{v}, found)
			})
		}
		v := oneVisit(t, st, "z", visit.Published)
		at := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
		require.NoError(t, v.Become(visit.Agreed, "with Eva"))
		v.Sign("p", at)
		v.Reopen("nothing, since nobody has confirmed")
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Visits.Save(&v)) })
		require.NoError(t, v.Become(visit.Cancelled, "ill"))
		v.BecauseOf(visit.ByCustomer)
		stale := v
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Visits.Save(&v)) })
		err := st.Write(t.Context(), func(tx flow.Tx) error { return tx.Visits.Save(&stale) })
		require.True(t, fault.Is(err, fault.Stale))
		require.Len(t, stale.Unsaved, 1, "what was not written is still to be written")
		read(t, st, func(tx flow.Tx) {
			steps, err := tx.Visits.History("z")
			require.NoError(t, err)
			require.Len(t, steps, 2)
			require.Equal(t, visit.Step{At: at, By: "p", From: visit.Published, To: visit.Agreed, Words: "with Eva"}, steps[0])
			require.False(t, steps[1].At.IsZero(), "who does not sign is dated all the same")
			require.Equal(t, []any{visit.Cancelled, visit.ByCustomer, ""}, []any{steps[1].To, steps[1].Code, steps[1].By})
		})
	})
}
