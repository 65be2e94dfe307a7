package bound_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"windshield/internal/planning"
	"windshield/internal/planning/bound"
	"windshield/internal/planning/solver"
)

func TestDbg(t *testing.T) {
	i := 0
	rapid.Check(t, func(t *rapid.T) {
		p := anyProblem(t, 60, 3, 8)
		s, _ := solver.Solve(context.Background(), p, solver.Options{Seed: 1, Iterations: 20_000})
		low, _ := bound.Lower(context.Background(), p, bound.Options{Rounds: 60})
		t0 := time.Now()
		b, _ := bound.Optimum(context.Background(), p, bound.SearchOptions{Nodes: 3000, Known: s})
		i++
		fmt.Println(i, len(p.Visits), len(p.Executives), p.Horizon.Days(), "low", low.Total, low.Rounds, "bound", b.Bound, b.Plan.Cost.Total(), "solve", s.Cost.Total(), b.Proved, b.Nodes, time.Since(t0), p.Weights, b.Plan.Cost)
	})
}

func TestTiny(t *testing.T) {
	f, _ := os.Open("../testdata/tiny-1.json.gz")
	p, _ := planning.ReadProblem(f)
	sf, _ := os.Open(os.Getenv("KNOWN"))
	known, err := planning.ReadSolution(sf)
	if err != nil {
		t.Fatal(err)
	}
	t0 := time.Now()
	ctx, c := context.WithTimeout(context.Background(), 40*time.Minute)
	defer c()
	b, _ := bound.Optimum(ctx, p, bound.SearchOptions{Known: known, Progress: func(n int, b, c int64) {
		if n&(n-1) == 0 || n%500 == 0 {
			fmt.Println(n, b, c, time.Since(t0))
		}
	}})
	fmt.Println(b.Bound, b.Plan.Cost, b.Proved, b.Nodes)
}
