package solver_test

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/planning"
	"windshield/internal/planning/solver"
)

func readInstance(t testing.TB, name string) *planning.Problem {
	f, err := os.Open("../testdata/" + name + ".json.gz")
	require.NoError(t, err)
	defer f.Close()
	p, err := planning.ReadProblem(f)
	require.NoError(t, err)
	return p
}

func TestSolveKeepsTheRulesOnEveryInstance(t *testing.T) {
	for name, iterations := range map[string]int64{"tiny-1": 300_000, "small-1": 300_000, "medium-1": 300_000, "large-1": 100_000} {
		t.Run(name, func(t *testing.T) {
			p := readInstance(t, name)
			s, err := solver.Solve(context.Background(), p, solver.Options{Seed: 1, Iterations: iterations})
			require.NoError(t, err)
			v := planning.Check(p, s)
			require.True(t, v.OK(), "%v %v", v.Violations, v.Wrong)
			require.Zero(t, v.Cost[planning.Unassigned])
		})
	}
}
