package bound

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/planning"
	"windshield/internal/planning/solver"
)

func TestLowerIsNeverAboveAPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyProblem(t, 100, 4, 20)
		s, err := solver.Solve(context.Background(), p, solver.Options{Seed: 1, Iterations: 20_000})
		require.NoError(t, err)
		b, err := Lower(context.Background(), p, Options{Rounds: 30})
		require.NoError(t, err)
		require.LessOrEqual(t, b.Total, s.Cost.Total())
		for _, term := range planning.Terms() {
			require.LessOrEqual(t, b.Terms[term], s.Cost[term], term)
		}
	})
}

// Whatever the multipliers are, what is counted under them is a bound.
func TestAnyMultipliersGiveABound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyProblem(t, 100, 4, 20)
		s, err := solver.Solve(context.Background(), p, solver.Options{Seed: 1, Iterations: 5_000})
		require.NoError(t, err)
		m, err := compile(context.Background(), p)
		require.NoError(t, err)
		by := newMultipliers(m)
		for v := range by.visit {
			if !m.visits[v].pinned {
				by.visit[v] = min(rapid.Int64Range(-5_000, 60_000).Draw(t, "worth"), m.worth(v))
			}
		}
		for i := range by.value {
			by.value[i] = rapid.Int64Range(0, m.price.excess).Draw(t, "value")
		}
		for i := range by.load {
			by.load[i] = rapid.Int64Range(-m.price.load, m.price.load).Draw(t, "load")
		}
		for _, years := range []planner{newYear(m), newCoarse(m)} {
			got, ok := newAscent(context.Background(), m, years, Options{}).evaluate(&by)
			require.True(t, ok)
			require.LessOrEqual(t, got, s.Cost.Total())
		}
	})
}
