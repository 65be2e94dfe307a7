package solver

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/slot"
)

// spoils are things that no company has and that the format allows, or forbids.
var spoils = []struct {
	name  string
	spoil func(p *planning.Problem)
}{
	{"one day", func(p *planning.Problem) { p.Horizon.End = p.Horizon.Start }},
	{"three years", func(p *planning.Problem) { p.Horizon.End = p.Horizon.Start.Add(1099) }},
	{"a hundred years", func(p *planning.Problem) { p.Horizon.End = p.Horizon.Start.Add(36_525) }},
	{"backwards", func(p *planning.Problem) { p.Horizon.End = p.Horizon.Start.Add(-1) }},
	{"no working day", func(p *planning.Problem) {
		for i := range p.Calendars {
			p.Calendars[i].Weekend = []planning.Weekday{0, 1, 2, 3, 4, 5, 6, 6}
		}
	}},
	{"one holiday a thousand times", func(p *planning.Problem) {
		for range 1000 {
			p.Calendars[0].Holidays = append(p.Calendars[0].Holidays, p.Horizon.Start.Add(2))
		}
	}},
	{"a clock that never runs out", func(p *planning.Problem) { p.Rules.MaxGapDays = 36_500 }},
	{"a trip that never ends", func(p *planning.Problem) { p.Rules.StayDays = 366 }},
	{"nobody gets anywhere", func(p *planning.Problem) { p.Rules.ReachKM = make([]int, 366) }},
	{"everything is crunch", func(p *planning.Problem) {
		p.Rules.Crunch = []slot.Interval{p.Horizon, p.Horizon, {Start: slot.MustDate("1900-01-01"), End: slot.MustDate("2199-12-31")}}
	}},
	{"nothing costs anything", func(p *planning.Problem) {
		for _, t := range planning.Terms() {
			p.Weights[t] = 0
		}
	}},
	{"everything costs a fortune", func(p *planning.Problem) {
		for _, t := range planning.Terms() {
			p.Weights[t] = 1_000_000_000
		}
	}},
	{"a term costs too much", func(p *planning.Problem) { p.Weights[planning.TravelKM] = math.MaxInt64 }},
	{"a term pays", func(p *planning.Problem) { p.Weights[planning.TravelKM] = -1 }},
	{"kilometres cost what is bearable", func(p *planning.Problem) { p.Weights[planning.TravelKM] = 300_000_000_000 }},
	{"overdue days cost what is bearable", func(p *planning.Problem) { p.Weights[planning.OverdueDays] = 600_000_000_000 }},
	{"values that nobody has", func(p *planning.Problem) {
		p.Dimensions = append(p.Dimensions, planning.Dimension{ID: "more", Values: []planning.Value{{ID: "", Permille: 1}}},
			planning.Dimension{ID: "most", Values: []planning.Value{{ID: "x0", Permille: 1000}, {ID: "x1", Permille: 0}}})
	}},
	{"values that everybody has", func(p *planning.Problem) {
		p.Dimensions = []planning.Dimension{{ID: "d", Values: []planning.Value{{ID: "x"}}}}
		for i := range p.Customers {
			p.Customers[i].Values = map[string]string{"d": "x"}
		}
	}},
	{"nobody can go", func(p *planning.Problem) { p.Executives = nil }},
	{"nowhere to go", func(p *planning.Problem) { p.Visits = nil }},
	{"no customers", func(p *planning.Problem) { p.Customers = nil }},
	{"no time", func(p *planning.Problem) {
		for i := range p.Executives {
			p.Executives[i].MaxPerMonth = 0
		}
	}},
	{"all the time", func(p *planning.Problem) {
		for i := range p.Executives {
			p.Executives[i].MaxPerMonth, p.Executives[i].MaxPerWeek, p.Executives[i].TargetVisits = 1_000_000, 1_000_000, 1_000_000
		}
	}},
	{"for ever away", func(p *planning.Problem) {
		for i := range p.Executives {
			p.Executives[i].Unavailable = append(p.Executives[i].Unavailable,
				slot.Interval{Start: slot.MustDate("1900-01-01"), End: slot.MustDate("2199-12-31")})
		}
	}},
	{"a visit in 1900", func(p *planning.Problem) {
		for i := range p.Executives {
			p.Executives[i].LastVisit = slot.MustDate("1900-01-01")
		}
	}},
	{"thousands of absences", func(p *planning.Problem) {
		for i := range p.Hosts {
			for n := range 5000 {
				p.Hosts[i].Unavailable = append(p.Hosts[i].Unavailable, slot.Interval{Start: p.Horizon.Start.Add(n % 9), End: p.Horizon.Start.Add(n % 9)})
			}
		}
	}},
	{"everybody at the ends of the world", func(p *planning.Problem) {
		for i := range p.Customers {
			p.Customers[i].Lat, p.Customers[i].Lon = []float64{90, -90, 0, 0}[i%4], []float64{180, -180, 180, -180}[i%4]
		}
	}},
	{"off the Earth", func(p *planning.Problem) {
		for i := range p.Executives {
			p.Executives[i].Lat = []float64{math.NaN(), math.Inf(1), 91}[i%3]
		}
	}},
	{"the same tag twice", func(p *planning.Problem) {
		for i := range p.Customers {
			c := &p.Customers[i]
			c.Requires = append(c.Requires, c.Requires...)
			c.Prefers = append(c.Prefers, c.Prefers...)
		}
		for i := range p.Executives {
			p.Executives[i].Tags = append(p.Executives[i].Tags, p.Executives[i].Tags...)
		}
	}},
	{"a tag that nobody has", func(p *planning.Problem) {
		for i := range p.Customers {
			p.Customers[i].Requires = []string{"unheard of"}
		}
	}},
	{"priceless", func(p *planning.Problem) {
		for i := range p.Customers {
			p.Customers[i].Prefers = []planning.Preference{{Tag: "a", Points: 1_000_000}, {Tag: "", Points: 1_000_000}}
		}
	}},
	{"once in a century", func(p *planning.Problem) {
		for i := range p.Customers {
			p.Customers[i].MinSpacingDays = 36_500
		}
	}},
	{"windows long past", func(p *planning.Problem) {
		for i := range p.Customers {
			p.Customers[i].Windows = []slot.Interval{{Start: slot.MustDate("1901-01-01"), End: slot.MustDate("1902-01-01")}}
		}
	}},
	{"everybody has declined", func(p *planning.Problem) {
		for i := range p.Visits {
			for range 2 {
				for _, e := range p.Executives {
					p.Visits[i].Excludes = append(p.Visits[i].Excludes, e.ID)
				}
			}
		}
	}},
	{"stood long ago", func(p *planning.Problem) {
		for i := range p.Visits {
			if len(p.Executives) > 0 {
				p.Visits[i].Current = &planning.Place{Executive: p.Executives[0].ID, Date: slot.MustDate("1950-01-01"), Half: slot.AM}
			}
		}
	}},
	{"all in one place", func(p *planning.Problem) {
		for i := range p.Visits {
			if len(p.Executives) > 0 {
				p.Visits[i].Current = &planning.Place{Executive: p.Executives[0].ID, Date: p.Horizon.Start, Half: slot.PM}
			}
		}
	}},
	{"all pinned to one place", func(p *planning.Problem) {
		for i := range p.Visits {
			if len(p.Executives) > 0 {
				p.Visits[i].Pinned = &planning.Place{Executive: p.Executives[0].ID, Date: p.Horizon.Start, Half: slot.PM}
			}
		}
	}},
	{"many visits to one customer", func(p *planning.Problem) {
		for i := range 60 {
			if len(p.Customers) > 0 {
				p.Visits = append(p.Visits, planning.Visit{ID: fmt.Sprint("again", i), Customer: p.Customers[0].ID})
			}
		}
	}},
	{"doubles", func(p *planning.Problem) {
		p.Visits = append(p.Visits, p.Visits...)
	}},
}

// Whatever is done to a problem, it is planned soundly or refused with a reason.
func TestAnyProblemIsPlannedOrRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyProblem(t)
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, len(spoils)-1), 1, 3).Draw(t, "spoils") {
			t.Log(spoils[i].name)
			spoils[i].spoil(p)
		}
		requirePlannedOrRefused(t, p, rapid.Uint64().Draw(t, "seed"))
	})
}

func requirePlannedOrRefused(t require.TestingT, p *planning.Problem, seed uint64) {
	s, err := Solve(context.Background(), p, Options{Seed: seed, Iterations: 400})
	if err != nil {
		require.Contains(t, []fault.Kind{fault.Invalid, fault.TooLarge}, fault.KindOf(err))
		_, details := fault.Shown(err)
		require.NotEmpty(t, details)
		return
	}
	v := requireSound(t, p, s)
	require.GreaterOrEqual(t, v.Cost.Total(), int64(0))
	for id, r := range planning.Reasons(p, s) {
		require.NotEmpty(t, r.Text, id)
	}
}

// Each of them alone, on one problem, so that none is left to chance.
func TestEverySpoiltProblemIsPlannedOrRefused(t *testing.T) {
	for _, x := range spoils {
		t.Run(x.name, func(t *testing.T) {
			start := time.Now()
			p := readInstance(t, "tiny-1")
			x.spoil(p)
			requirePlannedOrRefused(t, p, 1)
			require.Less(t, time.Since(start), 10*time.Second)
		})
	}
}
