package bound_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/planning"
	"windshield/internal/planning/bound"
	"windshield/internal/planning/solver"
)

func TestLowerIsNeverAboveAPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyProblem(t, 100, 4, 20)
		s, err := solver.Solve(context.Background(), p, solver.Options{Seed: 1, Iterations: 20_000})
		require.NoError(t, err)
		b, err := bound.Lower(context.Background(), p, bound.Options{Rounds: 30})
		require.NoError(t, err)
		require.LessOrEqual(t, b.Total, s.Cost.Total())
		for _, term := range planning.Terms() {
			require.LessOrEqual(t, b.Terms[term], s.Cost[term], term)
		}
	})
}
