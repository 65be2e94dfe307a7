package solver

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/planning"
)

// On any two plans of any problem the shares add up to the terms, the terms to
// the totals, and taking all differences turns one plan into the other.
func TestComparisonsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, a, _ := anyBoard(t)
		places := a.Places()
		b, err := Solve(context.Background(), p, Options{Seed: 99, Iterations: 300})
		require.NoError(t, err)
		x := planning.Compare(p, a, b)
		ca, cb := planning.Check(p, a).Cost, planning.Check(p, b).Cost
		sumA, sumB := x.LeftOut.A, x.LeftOut.B
		for _, e := range x.Executives {
			sumA.Visits, sumA.KM, sumA.OverdueDays, sumA.Cost = sumA.Visits+e.A.Visits, sumA.KM+e.A.KM, sumA.OverdueDays+e.A.OverdueDays, sumA.Cost+e.A.Cost
			sumB.Visits, sumB.KM, sumB.OverdueDays, sumB.Cost = sumB.Visits+e.B.Visits, sumB.KM+e.B.KM, sumB.OverdueDays+e.B.OverdueDays, sumB.Cost+e.B.Cost
		}
		require.Equal(t, planning.Share{Visits: len(p.Visits), KM: ca[planning.TravelKM], OverdueDays: ca[planning.OverdueDays], Cost: ca.Total()}, sumA)
		require.Equal(t, planning.Share{Visits: len(p.Visits), KM: cb[planning.TravelKM], OverdueDays: cb[planning.OverdueDays], Cost: cb.Total()}, sumB)
		for _, y := range x.Terms {
			require.Equal(t, planning.Pair[int64]{A: ca[y.Term], B: cb[y.Term]}, y.Counts)
		}
		for _, d := range x.Differences {
			at, stood := places[d.Visit]
			require.Equal(t, stood, d.A != nil)
			if stood {
				require.Equal(t, at, *d.A)
			}
			if delete(places, d.Visit); d.B != nil {
				places[d.Visit] = *d.B
			}
		}
		require.Equal(t, b.Places(), places)
	})
}
