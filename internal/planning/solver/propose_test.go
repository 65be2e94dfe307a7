package solver

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/slot"
)

// requireTrue demands that a proposal is what it says: feasible, at that price,
// with its visit first and no pinned visit moved.
func requireTrue(t require.TestingT, p *planning.Problem, s *planning.Solution, visit string, x Proposal) {
	after := planning.Check(p, changed(p, s, x.Changes))
	require.Empty(t, after.Violations)
	require.Equal(t, after.Cost.Minus(planning.Check(p, s).Cost), x.Price)
	require.Equal(t, visit, x.Changes[0].Visit)
	require.NotNil(t, x.Changes[0].To)
	require.NotEmpty(t, x.Text)
	places := s.Places()
	for _, c := range x.Changes {
		for _, v := range p.Visits {
			require.False(t, v.ID == c.Visit && v.Pinned != nil, "a pinned visit moves")
		}
		from, stands := places[c.Visit]
		require.Equal(t, stands, c.From != nil)
		if stands {
			require.Equal(t, from, *c.From)
			require.NotEqual(t, from, *c.To)
		}
	}
}

func TestProposalsAreTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, s, b := anyBoard(t)
		n := rapid.IntRange(0, 12).Draw(t, "n")
		for _, v := range p.Visits {
			all, err := b.Propose(context.Background(), v.ID, n)
			runners, err2 := b.RunnersUp(context.Background(), v.ID, n)
			if v.Pinned != nil {
				require.True(t, fault.Is(err, fault.Invalid))
				require.True(t, fault.Is(err2, fault.Invalid))
				continue
			}
			require.NoError(t, err)
			require.NoError(t, err2)
			require.LessOrEqual(t, len(all), n)
			requireRanked(t, p, s, v.ID, all)
			requireRanked(t, p, s, v.ID, runners.Executives)
			requireRanked(t, p, s, v.ID, runners.Weeks)
			if at, ok := s.Places()[v.ID]; ok {
				for _, x := range runners.Weeks {
					require.Equal(t, at.Executive, x.Changes[0].To.Executive)
					require.NotEqual(t, at.Date.Monday(), x.Changes[0].To.Date.Monday())
				}
			} else {
				require.Empty(t, runners.Weeks)
			}
		}
		requireConsistent(t, b.s)
	})
}

func requireRanked(t require.TestingT, p *planning.Problem, s *planning.Solution, visit string, all []Proposal) {
	for i, x := range all {
		requireTrue(t, p, s, visit, x)
		if i > 0 {
			require.LessOrEqual(t, all[i-1].Price.Total(), x.Price.Total())
		}
	}
}

func largeBoard(t testing.TB, iterations int64) (*planning.Problem, *planning.Solution, *Board) {
	p := readInstance(t, "large-1")
	s := solve(t, p, Options{Seed: 1, Iterations: iterations})
	b, err := NewBoard(context.Background(), p, s)
	require.NoError(t, err)
	return p, s, b
}

func BenchmarkProposeOnLarge(b *testing.B) {
	p, _, board := largeBoard(b, 1_000_000)
	i := 0
	for b.Loop() {
		if i++; p.Visits[i].Pinned != nil {
			continue
		}
		_, err := board.Propose(context.Background(), p.Visits[i].ID, 10)
		require.NoError(b, err)
	}
}

func BenchmarkNewBoardOnLarge(b *testing.B) {
	p, s, _ := largeBoard(b, 1_000_000)
	for b.Loop() {
		_, err := NewBoard(context.Background(), p, s)
		require.NoError(b, err)
	}
}

// The first proposal is never dearer than a place that anybody finds by hand.
func TestNoSinglePlaceBeatsTheFirstProposal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, s, b := anyBoard(t)
		places := s.Places()
		for _, v := range p.Visits {
			if v.Pinned != nil {
				continue
			}
			all, err := b.Propose(context.Background(), v.ID, 1)
			require.NoError(t, err)
			for range 20 {
				to := planning.Place{
					Executive: rapid.SampledFrom(append(p.Executives, planning.Executive{ID: "e0"})).Draw(t, "executive").ID,
					Date:      p.Horizon.Start.Add(rapid.IntRange(0, p.Horizon.Days()-1).Draw(t, "day")),
					Half:      rapid.SampledFrom([]slot.Half{slot.AM, slot.PM}).Draw(t, "half"),
				}
				if price, err := b.Judge([]Change{{Visit: v.ID, To: &to}}); err == nil && to != places[v.ID] {
					require.NotEmpty(t, all)
					require.LessOrEqual(t, all[0].Price.Total(), price.Total())
				}
			}
		}
	})
}

// What the board thinks of an offer is what its parts cost, and nobody is asked to
// move for less than moving costs.
func TestOffersAreWorthIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, _, b := anyBoard(t)
		for v := range p.Visits {
			if p.Visits[v].Pinned != nil {
				continue
			}
			all, err := b.offers(context.Background(), int32(v))
			require.NoError(t, err)
			type week struct{ exec, week int32 }
			alone := map[week]int64{}
			for _, o := range all {
				price, fits := b.price(o.moves)
				require.True(t, fits)
				require.Equal(t, price.Total(), o.cost)
				if len(o.moves) == 1 {
					alone[week{o.moves[0].exec, b.weekOf(o.moves[0].slot)}] = o.cost
				}
			}
			for _, o := range all {
				if cost, ok := alone[week{o.moves[0].exec, b.weekOf(o.moves[0].slot)}]; ok && len(o.moves) == 2 {
					require.Less(t, o.cost+p.Weight(planning.Moved), cost)
				}
			}
		}
	})
}

// twoOffices has Ann Lee in the south and Bob Ray in the north, one week long.
func twoOffices(shape func(*planning.Problem)) *planning.Problem {
	p := &planning.Problem{
		Horizon:   slot.Interval{Start: slot.MustDate("2027-03-01"), End: slot.MustDate("2027-03-07")},
		Calendars: []planning.Calendar{{ID: "x", Weekend: []planning.Weekday{0, 6}}},
		Rules:     planning.Rules{MaxGapDays: 30},
		Executives: []planning.Executive{
			{ID: "ann", Calendar: "x", MaxPerWeek: 5, MaxPerMonth: 5, TargetVisits: 1},
			{ID: "bob", Calendar: "x", Lat: 40, MaxPerWeek: 5, MaxPerMonth: 5, TargetVisits: 1},
		},
		Hosts:     []planning.Host{{ID: "h1"}, {ID: "h2"}},
		Customers: []planning.Customer{{ID: "c1", Calendar: "x", Host: "h1", Lat: 1}, {ID: "c2", Calendar: "x", Host: "h2", Lat: 2}},
		Visits:    []planning.Visit{{ID: "v1", Customer: "c1"}, {ID: "v2", Customer: "c2"}},
		Names:     map[string]string{"ann": "Ann Lee", "bob": "Bob Ray", "v1": "Hilti", "v2": "Acme"},
	}
	shape(p)
	return p
}

func propose(t *testing.T, p *planning.Problem, places map[string]planning.Place, visit string) []Proposal {
	require.NoError(t, p.Validate())
	s := planning.NewSolution(p, places, nil)
	b, err := NewBoard(context.Background(), p, s)
	require.NoError(t, err)
	all, err := b.Propose(context.Background(), visit, 5)
	require.NoError(t, err)
	for _, x := range all {
		requireTrue(t, p, s, visit, x)
	}
	return all
}

func on(executive, day string, half slot.Half) planning.Place {
	return planning.Place{Executive: executive, Date: slot.MustDate(day), Half: half}
}

func TestAVisitInTheWayMovesAlong(t *testing.T) {
	wednesday := []slot.Interval{{Start: slot.MustDate("2027-03-03"), End: slot.MustDate("2027-03-03")}}
	p := twoOffices(func(p *planning.Problem) {
		p.Customers[0].Windows = wednesday
		p.Customers[0].Blackouts = []slot.Interval{{Start: slot.MustDate("2027-03-01"), End: slot.MustDate("2027-03-02")}, {Start: slot.MustDate("2027-03-04"), End: slot.MustDate("2027-03-07")}}
		p.Rules.ReachKM = []int{60}
		p.Visits[0].Excludes = []string{"bob"}
	})
	all := propose(t, p, map[string]planning.Place{"v2": on("ann", "2027-03-03", slot.AM)}, "v1")
	require.Len(t, all, 1)
	require.Equal(t, "Ann Lee on Wed 3 Mar, morning: 1 fewer visit left out, 1 more visit off the executives' targets, 222 more km of travel, "+
		"inside the customer's window; Acme moves from Ann Lee on Wed 3 Mar, morning to Ann Lee on Mon 1 Mar, morning.", all[0].Text)
}

// Ann Lee declines Hilti, and Bob Ray could go on Friday; but then her clock runs
// out, unless his other visit becomes hers.
func TestSomebodyElsesVisitTakesOver(t *testing.T) {
	p := twoOffices(func(p *planning.Problem) {
		p.Rules.MaxGapDays = 2
		p.Executives[1].Unavailable = []slot.Interval{{Start: slot.MustDate("2027-03-03"), End: slot.MustDate("2027-03-03")}, {Start: slot.MustDate("2027-03-06"), End: slot.MustDate("2027-03-07")}}
		p.Customers[0].Blackouts = []slot.Interval{{Start: slot.MustDate("2027-03-01"), End: slot.MustDate("2027-03-02")}, {Start: slot.MustDate("2027-03-04"), End: slot.MustDate("2027-03-04")}}
	})
	places := map[string]planning.Place{"v1": on("ann", "2027-03-03", slot.AM), "v2": on("bob", "2027-03-02", slot.AM)}
	var texts []string
	for _, x := range propose(t, p, places, "v1") {
		texts = append(texts, x.Text)
	}
	require.Contains(t, texts, "Bob Ray on Fri 5 Mar, morning: 2 more overdue days, 2 more visits off the executives' targets, 8,452 more km of travel.")
	require.Contains(t, texts, "Bob Ray on Fri 5 Mar, morning: 446 more km of travel; "+
		"Acme moves from Bob Ray on Tue 2 Mar, morning to Ann Lee on Wed 3 Mar, morning.")
}

func TestPinnedAndUnknownVisitsHaveNoProposals(t *testing.T) {
	p := twoOffices(func(p *planning.Problem) {
		at := on("ann", "2027-03-03", slot.AM)
		p.Visits[0].Pinned = &at
	})
	b, err := NewBoard(context.Background(), p, planning.NewSolution(p, map[string]planning.Place{"v1": *p.Visits[0].Pinned}, nil))
	require.NoError(t, err)
	_, err = b.Propose(context.Background(), "v1", 3)
	require.True(t, fault.Is(err, fault.Invalid))
	require.EqualError(t, err, "Visit Hilti is pinned to Ann Lee on Wed 3 Mar, morning and never moves.; visit Hilti: expected a visit that is not pinned. Take the pin away first.")
	_, err = b.Propose(context.Background(), "v7", 3)
	require.True(t, fault.Is(err, fault.NotFound))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = b.Propose(ctx, "v2", 3)
	require.ErrorIs(t, err, context.Canceled)
	_, err = b.RunnersUp(ctx, "v2", 3)
	require.ErrorIs(t, err, context.Canceled)
}
