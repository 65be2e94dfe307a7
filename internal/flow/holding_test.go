package flow

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/planning"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Where what somebody has said yes to stands anyway, binding it finds what settling the
// plan anew would find.
func TestHoldingIsSettlingAnew(t *testing.T) {
	kept := 0
	rapid.Check(t, func(t *rapid.T) {
		number := func(lo, hi int) int { return rapid.IntRange(lo, hi).Draw(t, "number") }
		start := slot.MakeDate(2027, time.March, 1)
		p := &planning.Problem{Horizon: slot.Interval{Start: start, End: start.Add(11)}, Rules: planning.StandardRules(), Names: map[string]string{},
			Calendars: []planning.Calendar{{ID: "c", Weekend: []planning.Weekday{0, 6}}}, Hosts: []planning.Host{{ID: "h0"}, {ID: "h1"}}}
		for i := range 3 {
			e := planning.Executive{ID: fmt.Sprint("e", i), Calendar: "c", MaxPerWeek: number(1, 5), MaxPerMonth: 9, TargetVisits: 2}
			if number(0, 3) == 0 {
				e.Unavailable = []slot.Interval{{Start: start.Add(number(0, 4)), End: start.Add(number(4, 5))}}
			}
			p.Executives = append(p.Executives, e)
		}
		somewhere := func() planning.Place {
			return planning.Place{Executive: fmt.Sprint("e", number(0, 2)), Date: start.Add(number(0, 11)), Half: []slot.Half{slot.AM, slot.PM}[number(0, 1)]}
		}
		plain := &table{draft: &draft{problem: p, names: names{}, accepted: map[string]planning.Place{}, customers: map[string]roster.Customer{}}, visits: map[string]visit.Visit{},
			places: map[string]planning.Place{}, stuck: map[string]string{}}
		for i := range number(1, 9) {
			id := fmt.Sprint("v", i)
			p.Customers = append(p.Customers, planning.Customer{ID: id, Calendar: "c", Host: fmt.Sprint("h", i%2)})
			w, at := planning.Visit{ID: id, Customer: id}, somewhere()
			if number(0, 6) > 0 {
				plain.places[id] = at
			}
			switch number(0, 5) {
			case 0:
				w.Pinned = &at
			case 1:
				plain.accepted[id], w.Current = at, &at
			case 2:
				now := at
				w.Current = &now
			case 3:
				if number(0, 2) == 0 {
					plain.accepted[id] = somewhere()
				}
			}
			p.Visits = append(p.Visits, w)
		}
		plain.settle()
		var free []string
		if number(0, 3) == 0 {
			free = []string{"v0"}
		}
		short := plain.holding(free...)
		if short.solution == plain.solution {
			kept++
		}
		plain.held = false
		long := plain.holding(free...)
		require.Equal(t, long.stuck, short.stuck)
		require.Equal(t, long.solution, short.solution)
		require.Equal(t, long.problem, short.problem)
		for _, w := range p.Visits {
			require.Equal(t, planning.ReasonOf(long.problem, long.solution, w.ID), short.reason(w.ID))
			require.Equal(t, planning.ReasonOf(plain.problem, plain.solution, w.ID), plain.reason(w.ID))
		}
	})
	require.NotZero(t, kept)
}
