package solver

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/planning"
	"windshield/internal/slot"
)

// alter changes a problem in one way that life knows, or in none.
func alter(t *rapid.T, p *planning.Problem) *planning.Problem {
	x := *p
	x.Weights = map[planning.Term]int64{}
	for term, n := range p.Weights {
		x.Weights[term] = n
	}
	x.Rules.Crunch, x.Calendars, x.Dimensions = slices.Clone(p.Rules.Crunch), slices.Clone(p.Calendars), slices.Clone(p.Dimensions)
	x.Executives, x.Hosts, x.Customers, x.Visits = slices.Clone(p.Executives), slices.Clone(p.Hosts), slices.Clone(p.Customers), slices.Clone(p.Visits)
	number := func(lo, hi int) int { return rapid.IntRange(lo, hi).Draw(t, "number") }
	days := []slot.Interval{{Start: p.Horizon.Start.Add(number(-3, p.Horizon.Days())), End: p.Horizon.End}}
	days[0].End = min(days[0].Start.Add(number(0, 30)), slot.MakeDate(2199, 12, 31))
	c := &x.Customers[number(0, len(x.Customers)-1)]
	h := &x.Hosts[number(0, len(x.Hosts)-1)]
	if number(0, 2) == 0 && len(x.Executives) > 0 {
		e := &x.Executives[number(0, len(x.Executives)-1)]
		switch number(0, 7) {
		case 0:
			e.Lat = 3
		case 1:
			e.Tags = append(slices.Clone(e.Tags), "d")
		case 2:
			e.Unavailable = days
		case 3:
			e.Busy = []slot.Slot{{Date: p.Horizon.Start.Add(number(0, 8)), Half: slot.PM}}
		case 4:
			e.MaxPerWeek, e.TargetVisits = number(0, 5), number(0, 9)
		case 5:
			e.Calendar = x.Calendars[0].ID
		case 6: // sees a customer no longer
			for i := range x.Visits {
				x.Visits[i].Excludes = []string{e.ID}
			}
		case 7:
			x.Executives = append(x.Executives, planning.Executive{ID: "new", Calendar: x.Calendars[0].ID, MaxPerWeek: 3, MaxPerMonth: 5, Tags: e.Tags})
		}
		return &x
	}
	switch number(0, 15) {
	case 0:
		c.Lat = 3
	case 1:
		c.Windows = days
	case 2:
		c.Blackouts = days
	case 3:
		c.Requires = []string{"a"}
	case 4:
		c.Prefers = []planning.Preference{{Tag: "b", Points: 7}}
	case 5:
		c.Host, c.MinSpacingDays = h.ID, number(0, 9)
	case 6:
		h.Unavailable = days
	case 7:
		h.Busy = []slot.Slot{{Date: p.Horizon.Start.Add(number(0, 8)), Half: slot.AM}}
	case 8:
		x.Rules.Crunch = days
	case 9:
		x.Calendars[0].Holidays = []slot.Date{p.Horizon.Start.Add(number(0, 9))}
	case 10:
		x.Weights[planning.TravelKM], x.Weights[planning.Mismatch] = int64(number(0, 9)), 3
	case 11: // a day has gone by
		if x.Horizon.Start < x.Horizon.End {
			x.Horizon.Start++
		}
	case 12: // a visit has taken place, with others of its customer or without
		if len(x.Visits) > 0 {
			i := number(0, len(x.Visits)-1)
			x.Visits = slices.Delete(x.Visits, i, i+1)
		}
	case 13: // somebody else is visited
		x.Customers = append([]planning.Customer{{ID: "new", Calendar: c.Calendar, Lat: 4, Host: h.ID}}, x.Customers...)
		x.Visits = append([]planning.Visit{{ID: "new", Customer: "new"}}, x.Visits...)
	case 14:
		slices.Reverse(x.Visits)
	}
	for i := range x.Visits {
		if number(0, 9) == 0 {
			x.Visits[i].Pinned, x.Visits[i].Current = nil, x.Visits[i].Pinned
		}
	}
	return &x
}

// A board that takes over what it can of the one before is the board that is laid out
// anew, whatever has changed in between, and leaves the one before as it was.
func TestABoardThatIsRedrawnIsTheBoardAnew(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		p, s, before := anyBoard(t)
		for range 4 {
			before.Hold(s.Places()) // as questions leave it
			next := alter(t, p)
			if next.Validate() != nil { // two that are new, or pins that clash by now
				next = p
			}
			plan, err := Solve(ctx, next, Options{Seed: rapid.Uint64().Draw(t, "seed"), Iterations: 100})
			require.NoError(t, err)
			anew, err := NewBoard(ctx, next, plan)
			require.NoError(t, err)
			redrawn, err := Redraw(ctx, next, plan, before)
			require.NoError(t, err)
			require.Equal(t, anew.m, redrawn.m)
			require.Equal(t, anew.s, redrawn.s)
			require.Equal(t, anew.plan, redrawn.plan)
			require.Equal(t, anew.visits, redrawn.visits)
			require.Equal(t, anew.execs, redrawn.execs)
			require.Equal(t, anew.byHost, redrawn.byHost)
			if len(next.Visits) > 0 {
				id := rapid.SampledFrom(next.Visits).Draw(t, "asked").ID
				want, wrong := anew.Propose(ctx, id, 20)
				got, err := redrawn.Propose(ctx, id, 20)
				require.Equal(t, wrong, err)
				require.Equal(t, want, got)
			}
			before.Hold(nil)
			first, err := NewBoard(ctx, p, s)
			require.NoError(t, err)
			require.Equal(t, first.m, before.m)
			p, s, before = next, plan, redrawn
		}
	})
}

// Nothing large is made twice where nothing has changed that it hangs on.
func TestABoardThatIsRedrawnTakesOver(t *testing.T) {
	ctx := context.Background()
	p, before := smallBoard(t)
	plan := planning.NewSolution(p, before.plan, nil)
	place := func(b *Board) []any { return []any{&b.m.pairs[0], &b.m.dist.table[0], &b.m.custs[0].any[0]} }
	changed := *p
	changed.Visits = slices.Clone(p.Visits)
	changed.Visits[0].Excludes = []string{p.Executives[0].ID}
	delete(before.plan, p.Visits[0].ID)
	b, err := Redraw(ctx, &changed, planning.NewSolution(p, before.plan, nil), before)
	require.NoError(t, err)
	for i, x := range place(b) {
		require.Same(t, place(before)[i], x, i)
	}
	_, err = Redraw(ctx, &planning.Problem{}, plan, before)
	require.Error(t, err)
	done, stop := context.WithCancel(ctx)
	stop()
	_, err = Redraw(done, p, plan, nil)
	require.ErrorIs(t, err, context.Canceled)
}
