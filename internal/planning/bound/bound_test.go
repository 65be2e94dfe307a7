package bound

import (
	"context"
	"os"
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

func readInstance(t testing.TB, name string) *planning.Problem {
	f, err := os.Open("../testdata/" + name + ".json.gz")
	require.NoError(t, err)
	defer f.Close()
	p, err := planning.ReadProblem(f)
	require.NoError(t, err)
	return p
}

// The best plans known cost 380,106 and 647,748.
func TestLowerComesCloseToTheInstances(t *testing.T) {
	for name, want := range map[string]struct {
		rounds           int
		atLeast, cheaper int64
	}{
		"tiny-1":  {100, 375_500, 380_106},
		"small-1": {50, 510_000, 647_748},
	} {
		p := readInstance(t, name)
		b, err := Lower(context.Background(), p, Options{Rounds: want.rounds})
		require.NoError(t, err)
		require.GreaterOrEqual(t, b.Total, want.atLeast, name)
		require.LessOrEqual(t, b.Total, want.cheaper, name)
		require.Equal(t, ByYears, b.Method)
		require.Equal(t, want.rounds, b.Rounds)
	}
}

func TestLowerIsTheSameEachTime(t *testing.T) {
	p := readInstance(t, "tiny-1")
	first, err := Lower(context.Background(), p, Options{Rounds: 40})
	require.NoError(t, err)
	second, err := Lower(context.Background(), p, Options{Rounds: 40})
	require.NoError(t, err)
	require.Equal(t, first, second)
}

func TestLowerEndsWithItsContext(t *testing.T) {
	p := readInstance(t, "tiny-1")
	ctx, cancel := context.WithCancel(context.Background())
	b, err := Lower(ctx, p, Options{Progress: func(round int, _ int64) {
		if round == 20 {
			cancel()
		}
	}})
	require.NoError(t, err)
	require.Equal(t, 20, b.Rounds)
	require.Positive(t, b.Total)
	_, err = Lower(ctx, p, Options{})
	require.ErrorIs(t, err, context.Canceled, "there is no bound yet")
}

func TestLowerRefusesWhatCannotBePlanned(t *testing.T) {
	p := readInstance(t, "tiny-1")
	p.Visits[0].Customer = "nobody"
	_, err := Lower(context.Background(), p, Options{})
	require.ErrorContains(t, err, "cannot be planned")
}
