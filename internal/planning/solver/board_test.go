package solver

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/slot"
)

// anyBoard draws a problem with a plan that a short search found, or with a part of it.
func anyBoard(t *rapid.T) (*planning.Problem, *planning.Solution, *Board) {
	p := anyProblem(t)
	s, err := Solve(context.Background(), p, Options{Seed: rapid.Uint64().Draw(t, "seed"), Iterations: 300})
	require.NoError(t, err)
	places := s.Places()
	for i := range p.Visits {
		if p.Visits[i].Pinned == nil && rapid.IntRange(0, 4).Draw(t, "left out") == 0 {
			delete(places, p.Visits[i].ID)
		}
	}
	s = planning.NewSolution(p, places, nil)
	b, err := NewBoard(context.Background(), p, s)
	require.NoError(t, err)
	return p, s, b
}

// changed gives the plan after changes.
func changed(p *planning.Problem, s *planning.Solution, changes []Change) *planning.Solution {
	places := s.Places()
	for _, c := range changes {
		if c.To == nil {
			delete(places, c.Visit)
		} else {
			places[c.Visit] = *c.To
		}
	}
	return planning.NewSolution(p, places, nil)
}

// Whatever is done by hand, the board and the judge of plans say the same.
func TestJudgeAgreesWithCheck(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, s, b := anyBoard(t)
		if len(p.Visits) == 0 || len(p.Executives) == 0 {
			return
		}
		for range 30 {
			var changes []Change
			for _, v := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(p.Visits)-1), 1, 3, rapid.ID).Draw(t, "visits") {
				c := Change{Visit: p.Visits[v].ID}
				switch rapid.IntRange(0, 3).Draw(t, "kind") {
				case 0: // out
				case 1: // where another one stands
					if len(s.Assignments) > 0 {
						at := rapid.SampledFrom(s.Assignments).Draw(t, "other").Place()
						c.To = &at
					}
				default:
					c.To = &planning.Place{
						Executive: rapid.SampledFrom(p.Executives).Draw(t, "executive").ID,
						Date:      p.Horizon.Start.Add(rapid.IntRange(-1, p.Horizon.Days()).Draw(t, "day")),
						Half:      rapid.SampledFrom([]slot.Half{slot.AM, slot.PM}).Draw(t, "half"),
					}
				}
				changes = append(changes, c)
			}
			before, after := planning.Check(p, s), planning.Check(p, changed(p, s, changes))
			price, err := b.Judge(changes)
			if !after.Feasible {
				require.True(t, fault.Is(err, fault.Conflict), "%v", err)
				text, details := fault.Shown(err)
				require.Equal(t, after.Violations[0].Reason, text)
				require.NotEmpty(t, details[0].Mend)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, after.Cost.Minus(before.Cost), price)
		}
		requireConsistent(t, b.s)
	})
}

func TestJudgeRefusesWhatMeansNothing(t *testing.T) {
	p, b := smallBoard(t)
	at := planning.Place{Executive: p.Executives[0].ID, Date: p.Horizon.Start, Half: slot.AM}
	noon, nobody := at, at
	noon.Half, nobody.Executive = "noon", "nobody"
	for name, changes := range map[string][]Change{
		"unknown visit":     {{Visit: "nothing", To: &at}},
		"unknown executive": {{Visit: p.Visits[0].ID, To: &nobody}},
		"no half":           {{Visit: p.Visits[0].ID, To: &noon}},
		"twice":             {{Visit: p.Visits[0].ID}, {Visit: p.Visits[0].ID, To: &at}},
	} {
		_, err := b.Judge(changes)
		require.True(t, fault.Is(err, fault.Invalid), name)
		_, details := fault.Shown(err)
		require.Contains(t, details[0].Where, "/changes/", name)
	}
}

func TestABoardNeedsAFeasiblePlan(t *testing.T) {
	p := readInstance(t, "tiny-1")
	p.Names = map[string]string{"v1": "Hilti", "e1": "Ann Lee"}
	s := solve(t, p, Options{Seed: 1, Iterations: 10_000})
	s.Assignments[0].Date = p.Horizon.Start.Add(-3)
	_, err := NewBoard(context.Background(), p, s)
	require.True(t, fault.Is(err, fault.Invalid))
	_, details := fault.Shown(err)
	require.NotEmpty(t, details)
	require.Contains(t, details[0].Expected, "rule 2, working day")
}

// smallBoard is an instance with a plan that is not yet good.
func smallBoard(t testing.TB) (*planning.Problem, *Board) {
	p := readInstance(t, "small-1")
	b, err := NewBoard(context.Background(), p, solve(t, p, Options{Seed: 1, Iterations: 100_000}))
	require.NoError(t, err)
	return p, b
}

func BenchmarkReasonsOnLarge(b *testing.B) {
	p, s, _ := largeBoard(b, 1_000_000)
	for b.Loop() {
		require.Len(b, planning.Reasons(p, s), len(p.Visits))
	}
}

func BenchmarkCompareOnLarge(b *testing.B) {
	p, s, _ := largeBoard(b, 1_000_000)
	for b.Loop() {
		require.Empty(b, planning.Compare(p, s, s).Differences)
	}
}

func BenchmarkLetInOnLarge(b *testing.B) {
	p, s, _ := largeBoard(b, 1_000_000)
	c := &p.Customers[slices.IndexFunc(p.Customers, func(c planning.Customer) bool { return c.ID == p.Visits[2999].Customer })]
	c.Requires = []string{"a tag that nobody has"}
	s = changed(p, s, []Change{{Visit: p.Visits[2999].ID}})
	for b.Loop() {
		a, err := LetIn(context.Background(), p, s, p.Visits[2999].ID, LetInOptions{})
		require.NoError(b, err)
		require.NotEmpty(b, a.Ways)
	}
}

func BenchmarkJudgeOnLarge(b *testing.B) {
	p, s, board := largeBoard(b, 1_000_000)
	i := 0
	for b.Loop() {
		i++
		x, y := s.Assignments[i%1500], s.Assignments[1500+i%1500]
		_, err := board.Judge([]Change{{Visit: x.Visit, To: new(y.Place())}, {Visit: y.Visit, To: new(x.Place())}})
		_ = err
	}
	_ = p
}
