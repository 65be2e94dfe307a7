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
