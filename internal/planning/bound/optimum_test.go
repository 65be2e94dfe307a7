package bound

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/planning"
	"windshield/internal/planning/solver"
	"windshield/internal/slot"
)

// cheapest tries all plans.
func cheapest(p *planning.Problem) int64 {
	best := int64(-1)
	places := map[string]planning.Place{}
	var try func(v int)
	try = func(v int) {
		if v == len(p.Visits) {
			if verdict := planning.Check(p, planning.NewSolution(p, places, nil)); verdict.Feasible && (best < 0 || verdict.Cost.Total() < best) {
				best = verdict.Cost.Total()
			}
			return
		}
		id := p.Visits[v].ID
		if at := p.Visits[v].Pinned; at != nil {
			places[id] = *at
			try(v + 1)
			delete(places, id)
			return
		}
		try(v + 1)
		for i := range p.Executives {
			for d := p.Horizon.Start; d <= p.Horizon.End; d++ {
				for _, half := range []slot.Half{slot.AM, slot.PM} {
					places[id] = planning.Place{Executive: p.Executives[i].ID, Date: d, Half: half}
					try(v + 1)
				}
			}
		}
		delete(places, id)
	}
	try(0)
	return best
}

func TestOptimumIsTheCheapestOfAllPlans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyProblem(t, 6, 2, 3)
		b, err := Optimum(context.Background(), p, SearchOptions{})
		require.NoError(t, err)
		require.True(t, b.Proved)
		verdict := planning.Check(p, b.Plan)
		require.True(t, verdict.OK())
		require.Equal(t, b.Bound, verdict.Cost.Total())
		require.Equal(t, cheapest(p), b.Bound)
	})
}

func TestOptimumLiesBetweenLowerAndSolve(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyProblem(t, 60, 3, 8)
		s, err := solver.Solve(context.Background(), p, solver.Options{Seed: 1, Iterations: 20_000})
		require.NoError(t, err)
		low, err := Lower(context.Background(), p, Options{Rounds: 30})
		require.NoError(t, err)
		b, err := Optimum(context.Background(), p, SearchOptions{Nodes: 500, Known: s})
		require.NoError(t, err)
		require.True(t, planning.Check(p, b.Plan).OK())
		require.LessOrEqual(t, low.Total, b.Plan.Cost.Total())
		require.LessOrEqual(t, b.Bound, b.Plan.Cost.Total())
		require.LessOrEqual(t, b.Plan.Cost.Total(), s.Cost.Total())
		require.Equal(t, b.Proved, b.Bound == b.Plan.Cost.Total())
	})
}

func TestOptimumRefusesLargeProblems(t *testing.T) {
	_, err := Optimum(context.Background(), readInstance(t, "small-1"), SearchOptions{})
	require.ErrorContains(t, err, "up to 60 visits and 10 executives")
}

func TestOptimumOfTheTinyInstanceIsBounded(t *testing.T) {
	p := readInstance(t, "tiny-1")
	s, err := solver.Solve(context.Background(), p, solver.Options{Seed: 1, Iterations: 200_000})
	require.NoError(t, err)
	seen := 0
	b, err := Optimum(context.Background(), p, SearchOptions{Nodes: 1, Known: s, Progress: func(int, int64, int64) { seen++ }})
	require.NoError(t, err)
	require.Equal(t, 1, b.Nodes)
	require.Equal(t, 1, seen)
	require.GreaterOrEqual(t, b.Bound, int64(376_500))
	require.LessOrEqual(t, b.Bound, int64(380_106))
}

// The search finds the proved optimum of most small problems: of these 60, all but
// a few.
func TestSolveFindsTheOptimumOfSmallProblems(t *testing.T) {
	problems := rapid.Custom(func(t *rapid.T) *planning.Problem { return anyProblem(t, 60, 3, 8) })
	proved, found := 0, 0
	for seed := range 60 {
		p := problems.Example(seed)
		s, err := solver.Solve(context.Background(), p, solver.Options{Seed: 1, Iterations: 30_000})
		require.NoError(t, err)
		b, err := Optimum(context.Background(), p, SearchOptions{Nodes: 1000, Known: s})
		require.NoError(t, err)
		if b.Proved {
			proved++
			if s.Cost.Total() == b.Bound {
				found++
			}
		}
	}
	t.Logf("%d of 60 proved, of these %d found", proved, found)
	require.GreaterOrEqual(t, proved, 50)
	require.GreaterOrEqual(t, found, proved*8/10)
}
