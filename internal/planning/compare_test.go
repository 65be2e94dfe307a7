package planning_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/planning"
	"windshield/internal/slot"
)

func TestCompareListsWhatDiffers(t *testing.T) {
	p := company(t, func(p *planning.Problem) {
		e2 := p.Executives[0]
		e2.ID = "e2"
		p.Executives = append(p.Executives, e2)
		p.Dimensions = []planning.Dimension{{ID: "region", Values: []planning.Value{{ID: "north", Permille: 500}, {ID: "south", Permille: 500}}}}
		for i := range p.Customers {
			p.Customers[i].Values = map[string]string{"region": []string{"north", "south", "north"}[i]}
		}
		for i, id := range []string{"4", "5", "6"} {
			p.Customers = append(p.Customers, planning.Customer{ID: "c" + id, Calendar: "x", Host: "h1", Lat: float64(-i - 1)})
			p.Visits = append(p.Visits, planning.Visit{ID: "v" + id, Customer: "c" + id})
		}
		now := at("2027-04-12")
		p.Visits[2].Current = &now
	})
	of := func(e, day string) planning.Place {
		return planning.Place{Executive: e, Date: slot.MustDate(day), Half: slot.AM}
	}
	a := planning.NewSolution(p, map[string]planning.Place{"v1": of("e1", "2027-03-04"), "v2": of("e1", "2027-03-11"),
		"v3": of("e1", "2027-04-12"), "v4": of("e1", "2027-04-20"), "v5": of("e1", "2027-04-26")}, nil)
	b := planning.NewSolution(p, map[string]planning.Place{"v1": of("e1", "2027-03-04"), "v2": of("e2", "2027-03-11"),
		"v4": of("e1", "2027-04-21"), "v5": of("e2", "2027-04-27"), "v6": of("e2", "2027-03-25")}, nil)
	x := planning.Compare(p, a, b)

	ref := func(e, day string) *planning.Place { at := of(e, day); return &at }
	require.Equal(t, []planning.Difference{
		{Visit: "v2", Customer: "c2", How: planning.OtherExecutive, A: ref("e1", "2027-03-11"), B: ref("e2", "2027-03-11")},
		{Visit: "v3", Customer: "c3", How: planning.Dropped, A: ref("e1", "2027-04-12")},
		{Visit: "v4", Customer: "c4", How: planning.OtherDate, A: ref("e1", "2027-04-20"), B: ref("e1", "2027-04-21")},
		{Visit: "v5", Customer: "c5", How: planning.OtherBoth, A: ref("e1", "2027-04-26"), B: ref("e2", "2027-04-27")},
		{Visit: "v6", Customer: "c6", How: planning.Added, B: ref("e2", "2027-03-25")},
	}, x.Differences)
	require.Equal(t, []planning.GroupPair{
		{Dimension: "region", Value: "north", Visits: planning.Pair[int]{A: 2, B: 1}},
		{Dimension: "region", Value: "south", Visits: planning.Pair[int]{A: 1, B: 1}},
	}, x.Groups)
	require.Equal(t, []string{"e1", "e2"}, []string{x.Executives[0].Executive, x.Executives[1].Executive})
	require.Equal(t, planning.Pair[int]{A: 5, B: 2}, planning.Pair[int]{A: x.Executives[0].A.Visits, B: x.Executives[0].B.Visits})
	require.Equal(t, planning.Pair[planning.Share]{A: planning.Share{Visits: 1, Cost: 1_000_000}, B: planning.Share{Visits: 1, Cost: 1_005_000}}, x.LeftOut)
	requireAddsUp(t, p, a, p, b, x)
	require.Empty(t, planning.Compare(p, a, a).Differences)
}

// requireAddsUp demands that shares add up to terms and terms to totals.
func requireAddsUp(t require.TestingT, pa *planning.Problem, a *planning.Solution, pb *planning.Problem, b *planning.Solution, x planning.Comparison) {
	ca, cb := planning.Check(pa, a).Cost, planning.Check(pb, b).Cost
	var costs planning.Pair[int64]
	for i, term := range append(planning.Terms(), planning.Total) {
		require.Equal(t, term, x.Terms[i].Term)
		require.Equal(t, planning.Pair[int64]{A: ca[term], B: cb[term]}, x.Terms[i].Counts)
		if term != planning.Total {
			costs.A += x.Terms[i].Costs.A
			costs.B += x.Terms[i].Costs.B
		}
	}
	require.Equal(t, planning.Pair[int64]{A: ca.Total(), B: cb.Total()}, costs)
	sum := x.LeftOut
	for _, e := range x.Executives {
		for _, s := range []struct{ to, from *planning.Share }{{&sum.A, &e.A}, {&sum.B, &e.B}} {
			s.to.Visits += s.from.Visits
			s.to.Cost += s.from.Cost
			s.to.KM += s.from.KM
			s.to.OverdueDays += s.from.OverdueDays
		}
	}
	require.Equal(t, planning.Share{Visits: len(pa.Visits), KM: ca[planning.TravelKM], OverdueDays: ca[planning.OverdueDays], Cost: ca.Total()}, sum.A)
	require.Equal(t, planning.Share{Visits: len(pb.Visits), KM: cb[planning.TravelKM], OverdueDays: cb[planning.OverdueDays], Cost: cb.Total()}, sum.B)
}

// Scenarios of one base differ in people, visits and weights.
func TestCompareAcrossProblems(t *testing.T) {
	pa := company(t, func(p *planning.Problem) { p.Visits = p.Visits[:2] })
	pb := company(t, func(p *planning.Problem) {
		p.Executives[0].ID = "e9"
		p.Visits = p.Visits[1:]
		p.Weights = map[planning.Term]int64{planning.TravelKM: 7}
	})
	to := func(e string) planning.Place {
		return planning.Place{Executive: e, Date: slot.MustDate("2027-03-04"), Half: slot.AM}
	}
	a := planning.NewSolution(pa, map[string]planning.Place{"v1": to("e1")}, nil)
	b := planning.NewSolution(pb, map[string]planning.Place{"v3": to("e9")}, nil)
	x := planning.CompareAcross(pa, a, pb, b)
	requireAddsUp(t, pa, a, pb, b, x)
	require.Equal(t, planning.Share{}, x.Executives[0].B)
	require.Equal(t, planning.Share{}, x.Executives[1].A)
	require.Equal(t, []planning.Differs{planning.Dropped, planning.Added}, []planning.Differs{x.Differences[0].How, x.Differences[1].How})
}
