package solver

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/planning"
)

func readInstance(t testing.TB, name string) *planning.Problem {
	f, err := os.Open("../testdata/" + name + ".json.gz")
	require.NoError(t, err)
	defer f.Close()
	p, err := planning.ReadProblem(f)
	require.NoError(t, err)
	return p
}

func solve(t testing.TB, p *planning.Problem, opts Options) *planning.Solution {
	s, err := Solve(context.Background(), p, opts)
	require.NoError(t, err)
	return s
}

// requireSound demands that the independent judge agrees with the search.
func requireSound(t require.TestingT, p *planning.Problem, s *planning.Solution) planning.Verdict {
	v := planning.Check(p, s)
	require.Empty(t, v.Violations)
	require.Empty(t, v.Wrong)
	require.Len(t, s.Cost, len(planning.Terms())+1)
	return v
}

func TestSolveKeepsTheRulesOnEveryInstance(t *testing.T) {
	for name, want := range map[string]struct{ iterations, atMost int64 }{
		"tiny-1":   {1_000_000, 400_000},
		"small-1":  {500_000, 900_000},
		"medium-1": {500_000, 7_000_000},
		"large-1":  {300_000, 30_000_000},
	} {
		t.Run(name, func(t *testing.T) {
			p := readInstance(t, name)
			v := requireSound(t, p, solve(t, p, Options{Seed: 1, Iterations: want.iterations}))
			require.Zero(t, v.Cost[planning.Unassigned])
			require.LessOrEqual(t, v.Cost.Total(), want.atMost, "the search has become worse")
		})
	}
}

// The examples' solutions are cheap or show a point; a search must not be dearer.
func TestSolveIsNoDearerThanTheExamples(t *testing.T) {
	files, err := filepath.Glob("../testdata/examples/*.json")
	require.NoError(t, err)
	require.Len(t, files, 18)
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".json"), func(t *testing.T) {
			data, err := os.ReadFile(f)
			require.NoError(t, err)
			var e struct {
				Problem  json.RawMessage
				Expected struct {
					Feasible bool
					Cost     planning.Cost
				}
			}
			require.NoError(t, json.Unmarshal(data, &e))
			p, err := planning.ReadProblem(bytes.NewReader(e.Problem))
			require.NoError(t, err)
			v := requireSound(t, p, solve(t, p, Options{Seed: 1, Iterations: 50_000}))
			if e.Expected.Feasible {
				require.LessOrEqual(t, v.Cost.Total(), e.Expected.Cost.Total())
			}
		})
	}
}

func TestSolveIsSoundOnAnyProblem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyProblem(t)
		s, err := Solve(context.Background(), p, Options{Seed: rapid.Uint64().Draw(t, "seed"), Iterations: 3000})
		require.NoError(t, err)
		requireSound(t, p, s)
		for id, r := range planning.Reasons(p, s) {
			require.NotEmpty(t, r.Text, id)
		}
	})
}

// After every single move of a hot search the plan must keep the rules and cost
// what the search believes it costs.
func TestEveryMoveIsCountedRight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyProblem(t)
		if p.Validate() != nil {
			t.Fatal("the generator made an invalid problem")
		}
		m, err := compile(context.Background(), p, 2)
		require.NoError(t, err)
		s := newState(m)
		placePins(p, s)
		a := newSearch(context.Background(), s, Options{Seed: rapid.Uint64().Draw(t, "seed")})
		require.NoError(t, m.neighbours(context.Background(), 2))
		a.construct()
		if len(a.moving) == 0 || len(m.execs) == 0 {
			return
		}
		a.heat, a.late = 1_000_000, m.price.overdue/3
		for range 150 {
			before := s.total()
			a.step()
			if s.total() == before {
				continue
			}
			places := map[string]planning.Place{}
			for v := range p.Visits {
				if s.by[v] != none {
					places[p.Visits[v].ID] = placeOf(p, s.by[v], s.at[v])
				}
			}
			v := planning.Check(p, planning.NewSolution(p, places, nil))
			require.Empty(t, v.Violations)
			require.Equal(t, v.Cost.Total(), s.total())
			require.Equal(t, v.Cost[planning.OverdueDays], s.overdue)
			require.Equal(t, v.Cost[planning.Unassigned], int64(len(s.out)))
			requireConsistent(t, s)
		}
		best := requireSound(t, p, a.solution(p))
		require.Equal(t, best.Cost.Total(), a.best)
	})
}

// requireConsistent compares what the state keeps at hand with the plan.
func requireConsistent(t require.TestingT, s *state) {
	fresh := newState(s.m)
	for v := range s.by {
		if s.by[v] != none {
			fresh.enter(int32(v), s.by[v], s.at[v])
		}
	}
	require.Equal(t, fresh.busy, s.busy)
	require.Equal(t, fresh.spare, s.spare)
	require.Equal(t, fresh.weeks, s.weeks)
	require.Equal(t, fresh.months, s.months)
	require.Equal(t, fresh.year, s.year)
}

func TestEqualSeedsGiveEqualPlans(t *testing.T) {
	p := readInstance(t, "small-1")
	write := func(seed uint64) string {
		var b bytes.Buffer
		require.NoError(t, solve(t, p, Options{Seed: seed, Iterations: 100_000}).Write(&b))
		return b.String()
	}
	require.Equal(t, write(7), write(7))
	require.NotEqual(t, write(7), write(8))
}

// The number is the same on every machine. A deliberate change of the search
// changes it; nothing else may.
func TestGoldenPlan(t *testing.T) {
	s := solve(t, readInstance(t, "tiny-1"), Options{Seed: 1, Iterations: 100_000})
	require.Equal(t, int64(409_024), s.Cost.Total())
}

func TestACancelledSearchKeepsTheBest(t *testing.T) {
	p := readInstance(t, "medium-1")
	t.Run("before it starts", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		s, err := Solve(ctx, p, Options{Seed: 1})
		require.NoError(t, err)
		requireSound(t, p, s)
		require.Len(t, s.Assignments, 15) // the pins
	})
	t.Run("on the way", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		var last Progress
		told := 0
		s, err := Solve(ctx, p, Options{Seed: 1, Progress: func(x Progress) {
			last = x
			if x.Cost != nil {
				require.EqualValues(t, x.Cost[planning.Unassigned], len(x.Out))
			}
			if told++; told == 3 {
				cancel()
			}
		}})
		require.NoError(t, err)
		v := requireSound(t, p, s)
		require.Equal(t, 4, told, "after the cancellation it reports once more and ends")
		require.Equal(t, last.Best, v.Cost.Total())
		require.Less(t, last.Share, 0.1)
	})
	t.Run("by the time spent", func(t *testing.T) {
		asked := 0
		s := solve(t, p, Options{Seed: 1, Spent: func() float64 { asked++; return float64(asked) / 100 }})
		requireSound(t, p, s)
		require.GreaterOrEqual(t, asked, 100)
		require.Less(t, asked, 110, "every part asks once more")
	})
}

func TestAHostileClockDoesNoHarm(t *testing.T) {
	p := readInstance(t, "tiny-1")
	values := []float64{-5, math.NaN(), 0.2, 0.1, 1e300}
	s := solve(t, p, Options{Seed: 1, Spent: func() float64 {
		v := values[0]
		if len(values) > 1 {
			values = values[1:]
		}
		return v
	}})
	requireSound(t, p, s)
}

// Whatever the reader lets through is planned soundly.
func FuzzSolve(f *testing.F) {
	files, err := filepath.Glob("../testdata/examples/*.json")
	require.NoError(f, err)
	for _, name := range files {
		data, err := os.ReadFile(name)
		require.NoError(f, err)
		var e struct{ Problem json.RawMessage }
		require.NoError(f, json.Unmarshal(data, &e))
		f.Add([]byte(e.Problem), uint64(1))
	}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		p, err := planning.ReadProblem(bytes.NewReader(data))
		if err != nil {
			return
		}
		requireSound(t, p, solve(t, p, Options{Seed: seed, Iterations: 500}))
	})
}

func TestSolveRefusesInvalidProblems(t *testing.T) {
	_, err := Solve(context.Background(), &planning.Problem{}, Options{})
	require.Error(t, err)
}

func BenchmarkSolve(b *testing.B) {
	for _, name := range []string{"tiny-1", "small-1", "medium-1", "large-1"} {
		b.Run(name, func(b *testing.B) {
			p := readInstance(b, name)
			m, err := compile(context.Background(), p, 2)
			require.NoError(b, err)
			s := newState(m)
			placePins(p, s)
			a := newSearch(context.Background(), s, Options{Seed: 1})
			if err := m.neighbours(context.Background(), 2); err != nil {
				b.Fatal(err)
			}
			a.construct()
			a.cool(1 << (shareBits - 1))
			b.ResetTimer()
			for range b.N { // one operation is one move tried, half-way through a search
				a.step()
			}
		})
	}
}

func BenchmarkCompileLarge(b *testing.B) {
	p := readInstance(b, "large-1")
	for b.Loop() {
		_, err := compile(context.Background(), p, 2)
		require.NoError(b, err)
	}
}

// The number of workers must not show in a plan, and every move that a part or a
// twin makes is counted right.
func TestAnyNumberOfWorkersGivesTheSamePlan(t *testing.T) {
	for name, iterations := range map[string]int64{"small-1": 30_000, "medium-1": 60_000} {
		t.Run(name, func(t *testing.T) {
			p := readInstance(t, name)
			one := solve(t, p, Options{Seed: 3, Iterations: iterations, Workers: 1})
			requireSound(t, p, one)
			for _, workers := range []int{2, 5} {
				require.Equal(t, one, solve(t, p, Options{Seed: 3, Iterations: iterations, Workers: workers}))
			}
		})
	}
}

func TestASearchThatAssertsFindsNothingWrong(t *testing.T) {
	for name, iterations := range map[string]int64{"tiny-1": 20_000, "medium-1": 20_000} {
		p := readInstance(t, name)
		requireSound(t, p, solve(t, p, Options{Seed: 5, Iterations: iterations, Assert: true}))
	}
}
