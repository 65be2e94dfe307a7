package solver

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/planning"
	"windshield/internal/planning/shapes"
)

func made(t testing.TB, shape shapes.Shape, name string, seed uint64) *planning.Problem {
	size, ok := shapes.SizeNamed(name)
	require.True(t, ok)
	return shapes.Make(shape, size, seed)
}

func TestEveryShapeIsPlannedSoundly(t *testing.T) {
	for _, shape := range shapes.All() {
		for name, iterations := range map[string]int64{"tiny": 20_000, "small": 60_000} {
			t.Run(string(shape)+"/"+name, func(t *testing.T) {
				for seed := range uint64(2) {
					p := made(t, shape, name, seed)
					v := requireSound(t, p, solve(t, p, Options{Seed: seed, Iterations: iterations}))
					require.LessOrEqual(t, v.Cost[planning.Unassigned], int64(len(p.Visits)/10), "there is room for nearly all")
				}
			})
		}
	}
}

// As TestEveryMoveIsCountedRight, on problems as companies have them: trips,
// months that fill up, hosts in demand, plans to be changed.
func TestEveryMoveOnEveryShapeIsCountedRight(t *testing.T) {
	for _, shape := range shapes.All() {
		t.Run(string(shape), func(t *testing.T) {
			p := made(t, shape, "tiny", 3)
			m, err := compile(context.Background(), p, 2)
			require.NoError(t, err)
			s := newState(m)
			placePins(p, s)
			a := newSearch(context.Background(), s, Options{Seed: 5})
			require.NoError(t, m.neighbours(context.Background(), 2))
			a.construct()
			for i := range 1200 {
				a.cool(int64(i+1) << (shareBits - 11))
				a.step()
				v := planning.Check(p, planning.NewSolution(p, placesOf(p, s), nil))
				require.Empty(t, v.Violations)
				require.Equal(t, v.Cost.Total(), s.total())
			}
			requireConsistent(t, s)
		})
	}
}

func placesOf(p *planning.Problem, s *state) map[string]planning.Place {
	places := map[string]planning.Place{}
	for v := range p.Visits {
		if s.by[v] != none {
			places[p.Visits[v].ID] = placeOf(p, s.by[v], s.at[v])
		}
	}
	return places
}

// endsAfter is a context that ends when it has been asked so many times.
type endsAfter struct {
	context.Context
	left  atomic.Int64
	done  chan struct{}
	ended atomic.Int64 // when, in nanoseconds
}

func newEndsAfter(calls int64) *endsAfter {
	c := &endsAfter{Context: context.Background(), done: make(chan struct{})}
	c.left.Store(calls)
	return c
}

func (c *endsAfter) Err() error {
	switch n := c.left.Add(-1); {
	case n > 0:
		return nil
	case n == 0:
		c.ended.Store(time.Now().UnixNano())
		close(c.done)
	}
	return context.Canceled
}

func (c *endsAfter) Done() <-chan struct{} { return c.done }

// Wherever a search of large is when it is stopped, it ends within 100 ms with a
// feasible plan. The best of a few attempts counts: the machine may be busy.
func TestACancelledSearchEndsAtOnce(t *testing.T) {
	p := readInstance(t, "large-1")
	for _, calls := range []int64{1, 20, 200, 3000} {
		best := time.Hour
		for range 6 {
			ctx := newEndsAfter(calls)
			s, err := Solve(ctx, p, Options{Seed: 1, Iterations: 2_000_000})
			require.NoError(t, err)
			if ended := ctx.ended.Load(); ended > 0 {
				best = min(best, time.Since(time.Unix(0, ended)))
			} else {
				best = 0 // it asked less often than that and ended by itself
			}
			require.True(t, planning.Check(p, s).Feasible)
			if best < 100*time.Millisecond {
				break
			}
		}
		t.Logf("stopped when asked for the %d. time: %v", calls, best)
		require.Less(t, best, 100*time.Millisecond, "%d", calls)
	}
}

// Few hosts with many visits, and customers with several, are what parts share.
func TestPartsShareHostsAndCustomers(t *testing.T) {
	for _, shape := range []shapes.Shape{shapes.FewHosts, shapes.ManyVisits, shapes.Replan} {
		p := made(t, shape, "medium", 4)
		for seed := range uint64(3) {
			v := requireSound(t, p, solve(t, p, Options{Seed: seed, Iterations: 150_000}))
			require.Zero(t, v.Cost[planning.Unassigned])
		}
	}
}

// A panic of a worker must reach whoever called Solve, who can tell people of it.
func TestAPanicReachesTheCaller(t *testing.T) {
	require.PanicsWithValue(t, "no clock", func() {
		_, _ = Solve(context.Background(), made(t, shapes.Standard, "medium", 1), Options{Spent: func() float64 { panic("no clock") }})
	})
	require.PanicsWithValue(t, 3, func() {
		atOnce(2, 5, func(i int) {
			if i == 3 {
				panic(i)
			}
		})
	})
}
