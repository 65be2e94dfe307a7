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
	"windshield/internal/visit"
)

// Claims and statements come back as they went in, and of two who change the same one
// is told.
func TestClaimsAndStatements(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		v := aVisit(t, 1, id("customer", 1), id("person", 1), "", "2027-02-10", slot.AM)
		claim, older := filled[flow.KeptClaim](t, 41), filled[flow.KeptClaim](t, 40)
		said, guess, gone := filled[flow.KeptStatement](t, 42), filled[flow.KeptStatement](t, 43), filled[flow.KeptStatement](t, 44)
		for _, s := range []*flow.KeptStatement{&said, &guess, &gone} {
			s.CustomerID, s.VisitID, s.ClaimID, s.Source, s.Origin, s.Side, s.Version = id("customer", 1), "", claim.ID, insight.Said, flow.FromDebrief, insight.For, 0
			s.Withdrawn = 0
		}
		said.VisitID, said.On = v.ID, slot.MustDate("2027-02-10")
		guess.ClaimID, guess.Source, guess.Side, guess.Origin, guess.On = "", insight.Guessed, insight.Neither, flow.ByHand, slot.MustDate("2027-02-11")
		gone.CustomerID, gone.Withdrawn, gone.On = id("customer", 2), slot.MustDate("2027-02-20"), slot.MustDate("2027-02-01")
		claim.Version, older.Version, claim.Closed = 0, 0, 0
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.Visits.Save(v))
			require.NoError(t, tx.Claims.Save(&older))
			require.NoError(t, tx.Claims.Save(&claim))
			require.NoError(t, tx.Statements.Save(&said, &guess, &gone))
			require.NoError(t, tx.Statements.Save())
		})
		read(t, st, func(tx flow.Tx) {
			got, err := tx.Claims.Get(claim.ID)
			require.NoError(t, err)
			require.Equal(t, claim, got)
			all, err := tx.Claims.All()
			require.NoError(t, err)
			require.Equal(t, []flow.KeptClaim{claim, older}, all, "the newest first")
			_, err = tx.Claims.Get("none")
			require.True(t, fault.Is(err, fault.NotFound))
			one, err := tx.Statements.Get(gone.ID)
			require.NoError(t, err)
			require.Equal(t, gone, one)
			_, err = tx.Statements.Get("none")
			require.True(t, fault.Is(err, fault.NotFound))
			for _, c := range []struct {
				q    flow.StatementQuery
				want []flow.KeptStatement
			}{
				{flow.StatementQuery{}, []flow.KeptStatement{guess, said, gone}}, {flow.StatementQuery{Limit: 1}, []flow.KeptStatement{guess}},
				{flow.StatementQuery{ClaimID: claim.ID}, []flow.KeptStatement{said, gone}}, {flow.StatementQuery{ClaimID: claim.ID, Standing: true}, []flow.KeptStatement{said}},
				{flow.StatementQuery{Claimed: true}, []flow.KeptStatement{said, gone}}, {flow.StatementQuery{Loose: true}, []flow.KeptStatement{guess}},
				{flow.StatementQuery{VisitID: v.ID}, []flow.KeptStatement{said}}, {flow.StatementQuery{CustomerID: id("customer", 2)}, []flow.KeptStatement{gone}},
				{flow.StatementQuery{CustomerID: id("customer", 2), Standing: true}, nil},
			} {
				got, err := tx.Statements.Find(c.q)
				require.NoError(t, err)
				require.Equal(t, c.want, got, "%+v", c.q)
			}
		})
		errs := race(4, func(i int) error {
			mine := said
			return st.Write(context.Background(), func(tx flow.Tx) error { return tx.Statements.Save(&mine) })
		})
		require.Equal(t, 1, count(errs, isNil))
		require.Equal(t, 3, count(errs, func(err error) bool { return fault.Is(err, fault.Stale) }), "%v", errs)
		stale := claim
		stale.Version++
		require.True(t, fault.Is(st.Write(context.Background(), func(tx flow.Tx) error { return tx.Claims.Save(&stale) }), fault.Stale))
	})
}

// What claims rest on is kept as long as nothing was said or held since: the stamps tell.
func TestSayingsAndStamps(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		v := oneVisit(t, st, "v", visit.Published)
		oneVisit(t, st, "w", visit.Held)
		var seen map[string]int64
		look := func() (said []insight.Statement, last []slot.Date) {
			read(t, st, func(tx flow.Tx) {
				var err error
				said, err = tx.Sayings.Of("c1")
				require.NoError(t, err)
				last, err = tx.Sayings.Last()
				require.NoError(t, err)
				seen, err = tx.Stamps.All()
				require.NoError(t, err)
				for _, name := range []string{"plans", "roster", "told", flow.CustomersStamp} { // no claim hangs on them
					delete(seen, name)
				}
			})
			return said, last
		}
		s := flow.KeptStatement{Origin: flow.ByHand, Statement: insight.Statement{ID: "s", CustomerID: "customer-0001", ClaimID: "c1", Source: insight.Said, By: "Li", HeardBy: "person-0001", On: slot.MustDate("2027-03-01"), Side: insight.For, Asked: true, Checked: slot.MustDate("2027-03-02")}}
		write(t, st, func(tx flow.Tx) {
			for _, id := range []string{"c1", "c2"} {
				require.NoError(t, tx.Claims.Save(&flow.KeptClaim{Claim: insight.Claim{ID: id, Text: "x"}}))
			}
			require.NoError(t, tx.Statements.Save(&s))
		})
		said, last := look()
		require.Equal(t, []insight.Statement{s.Statement}, said)
		require.Equal(t, []slot.Date{v.Slot.Date}, last, "of the visit that was held")
		require.Equal(t, map[string]int64{"c1": 1, "held": 1}, seen)
		moved := s
		moved.ClaimID = "c2"
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Statements.Save(&moved)) })
		said, _ = look()
		require.Empty(t, said)
		require.Equal(t, map[string]int64{"c1": 2, "c2": 1, "held": 1}, seen, "the claim of before is another one, too")
		require.Error(t, st.Write(t.Context(), func(tx flow.Tx) error {
			require.NoError(t, tx.Statements.Save(&moved))
			return fault.Conflictf("undone")
		}))
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Visits.Save(&v)) })
		look()
		require.EqualValues(t, []int64{1, 1}, []int64{seen["c2"], seen["held"]}, "what was undone, and what was only moved, counts nothing")
		require.NoError(t, v.Become(visit.Held, ""))
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Visits.Save(&v)) })
		look()
		require.EqualValues(t, 2, seen["held"])
	})
}
