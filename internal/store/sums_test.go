package store_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/coverage"
	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/store"
	"windshield/internal/visit"
)

// past is a company with visits of every kind and state around a day, some of them
// where sums go wrong: on the edges of months, weeks and the horizon, two on a day,
// before somebody joined, after somebody left, tomorrow east of here.
type past struct {
	asOf      time.Time
	today     slot.Date
	people    []coverage.Person
	visits    []visit.Visit
	turns     map[string][]visit.Turn
	group     map[string]string // customer -> stratum
	selection string
}

var strata = []coverage.Group{{Code: "AA", Label: "A", Customers: 30, Target: 9}, {Code: "BB", Label: "B", Customers: 25, Target: 5}, {Code: "CC", Label: "C", Customers: 5, Target: 50}}

func anyPast(t testing.TB, rnd *rand.Rand, people, customers, visits int) past {
	x := past{asOf: time.Date(2027, 6, 16, 12, 30, 0, 0, time.UTC), today: slot.MustDate("2027-06-16"), turns: map[string][]visit.Turn{}, group: map[string]string{}, selection: "draw"}
	zones := []string{"Europe/Zurich", "Pacific/Kiritimati", "Pacific/Honolulu", "Asia/Tokyo"}
	for n := range people {
		p := aPerson(n, roster.Executive)
		p.Zone = zones[rnd.IntN(len(zones))]
		if rnd.IntN(3) == 0 {
			p.Terms.LastVisit = x.today.Add(-rnd.IntN(90))
		}
		if rnd.IntN(4) > 0 {
			p.Since = x.today.Add(-rnd.IntN(200))
		}
		if rnd.IntN(5) == 0 {
			p.Joined = x.today.Add(-rnd.IntN(120))
		}
		if rnd.IntN(8) == 0 {
			p.Left = x.today.Add(rnd.IntN(200) - 60)
		}
		c := coverage.Person{Person: *p, Since: p.Since}
		if rnd.IntN(5) == 0 {
			c.Absences = []slot.Interval{{Start: x.today.Add(-3), End: x.today.Add(rnd.IntN(20))}}
		}
		x.people = append(x.people, c)
	}
	for n := range customers {
		if rnd.IntN(9) > 0 {
			x.group[id("customer", n)] = strata[rnd.IntN(len(strata))].Code
		}
		for range rnd.IntN(4) {
			x.turns[id("customer", n)] = append(x.turns[id("customer", n)], visit.Turn{CustomerID: id("customer", n), Stage: visit.UsualBuying().Stages[rnd.IntN(8)].Code, On: x.today.Add(-rnd.IntN(9) * 40)})
		}
	}
	states := []visit.State{visit.Held, visit.Held, visit.Held, visit.Debriefed, visit.Published, visit.Agreed, visit.Confirmed, visit.NoShow, visit.Declined, visit.Cancelled, visit.Proposed}
	kinds := []visit.Kind{visit.AtCustomer, visit.AtCustomer, visit.AtCustomer, visit.AtCustomer, visit.Online, visit.TradeShow, visit.Conference, ""}
	for n := range visits {
		v := visit.Visit{ID: id("visit", n), CustomerID: id("customer", rnd.IntN(customers)), ExecutiveID: x.people[rnd.IntN(people)].ID, State: states[rnd.IntN(len(states))],
			Kind: kinds[rnd.IntN(len(kinds))], WithHost: rnd.IntN(5) > 0, Answer: []visit.Answer{"", visit.Accepted, visit.Refused}[rnd.IntN(3)]}
		day := x.today.Add(rnd.IntN(400) - 500)
		switch rnd.IntN(4) {
		case 0:
			day = x.today.Add(rnd.IntN(7) - 3)
		case 1:
			day = x.today.Add(rnd.IntN(260))
		}
		if rnd.IntN(2) == 0 {
			v.HostID = x.people[0].ID
		}
		require.NoError(t, v.Place(v.ExecutiveID, slot.Slot{Date: day, Half: []slot.Half{slot.AM, slot.PM}[rnd.IntN(2)]}, "Europe/Zurich"))
		x.visits = append(x.visits, v)
	}
	return x
}

// keep writes the past into a database.
func (x past) keep(t testing.TB, st *store.Store, customers int) {
	write(t, st, func(tx flow.Tx) {
		for i := range x.people {
			require.NoError(t, tx.People.Save(&x.people[i].Person))
		}
		var rows []flow.SelectionRow
		for n := range customers {
			c := aCustomer(n, "")
			require.NoError(t, tx.Customers.Save(c))
			rows = append(rows, flow.SelectionRow{CustomerID: c.ID, Key: c.Key, Stratum: x.group[c.ID], Rank: n + 1, Taken: true})
			for i, turn := range x.turns[c.ID] {
				require.NoError(t, tx.Turns.Add(flow.KeptTurn{ID: fmt.Sprint(c.ID, "-", i), Turn: turn, At: noon.Add(time.Duration(i) * time.Minute)}))
			}
		}
		require.NoError(t, tx.Selections.Insert(flow.Selection{ID: x.selection, Year: 2027, Name: "Draw", CreatedAt: noon, Draw: 1}, rows))
		all := make([]*visit.Visit, len(x.visits))
		for i, v := range x.visits {
			all[i] = &v
		}
		require.NoError(t, tx.Visits.Save(all...))
	})
}

// sumsOf adds up in the database what an input needs.
func sumsOf(t testing.TB, tx flow.Tx, in coverage.Input, q flow.HeardQuery) (coverage.Sums, flow.HeardSums) {
	var err error
	s := coverage.Sums{Before: coverage.Before(in)}
	first := coverage.FirstMonth(in.Today)
	s.Latest, err = tx.Sums.Latest(s.Before, q.ExecutiveIDs)
	require.NoError(t, err)
	s.Months, err = tx.Sums.Months(first, s.Before, q.ExecutiveIDs)
	require.NoError(t, err)
	s.Lapsed, err = tx.Sums.Lapsed(first, s.Before, q.ExecutiveIDs)
	require.NoError(t, err)
	s.Near, err = tx.Sums.Near(s.Before, in.Horizon, q.ExecutiveIDs)
	require.NoError(t, err)
	h, err := tx.Sums.Heard(q)
	require.NoError(t, err)
	s.Groups, s.Weeks, s.Lapses, s.Booked = h.Groups, h.Weeks, h.Lapses, h.Booked
	return s, h
}

// What the database adds up is what is counted visit by visit, on both engines.
func TestSumsAreThoseOfTheVisits(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		rnd := rand.New(rand.NewPCG(7, 22))
		x := anyPast(t, rnd, 25, 60, 900)
		x.keep(t, st, 60)
		for round := range 20 {
			in := coverage.Input{AsOf: x.asOf, Today: x.today, Period: slot.Interval{Start: x.today.Add(-364), End: x.today}, People: x.people, Groups: strata}
			var ids []string
			if round > 0 { // some time, some people
				in.Today = x.today.Add(rnd.IntN(7) - 3)
				in.AsOf = x.asOf.AddDate(0, 0, in.Today.Sub(x.today))
				start := in.Today.Add(-rnd.IntN(400))
				in.Period = slot.Interval{Start: start, End: start.Add(rnd.IntN(500))}
			}
			if round%2 == 1 {
				in.People, ids = nil, []string{}
				for _, p := range x.people {
					if rnd.IntN(2) == 0 {
						in.People, ids = append(in.People, p), append(ids, p.ID)
					}
				}
			}
			chosen := map[string]bool{}
			for _, p := range in.People {
				chosen[p.ID] = true
			}
			in.Horizon = in.Today.Add(31 + rnd.IntN(120))
			for _, v := range x.visits {
				told := v.State.Live() || v.State.Happened() || v.State == visit.NoShow
				if v.Stratum = x.group[v.CustomerID]; told && chosen[v.ExecutiveID] {
					in.Visits = append(in.Visits, v)
				}
			}
			want := coverage.Compute(in)
			fiscal := visit.Fiscal{Start: 2, Days: 20}
			mix, _ := coverage.Mixes(in.Visits, x.turns, visit.UsualBuying(), fiscal, in.Period)
			read(t, st, func(tx flow.Tx) {
				in.Visits = nil
				s, h := sumsOf(t, tx, in, flow.HeardQuery{Period: in.Period, Today: in.Today, SelectionID: x.selection, ExecutiveIDs: ids, Ends: coverage.QuarterEnds(in.Period, fiscal)})
				require.Equal(t, sorted(want), sorted(coverage.Assemble(in, s)), "round %d", round)
				require.Equal(t, mix, coverage.MixOf(h.Stages, h.QuarterEnd, visit.UsualBuying()), "round %d", round)
				rowsAreTheirSums(t, tx, x, want, mix, flow.HeardQuery{Period: in.Period, Today: in.Today, SelectionID: x.selection, ExecutiveIDs: ids, Ends: coverage.QuarterEnds(in.Period, fiscal)})
			})
		}
	})
}

// rowsAreTheirSums opens every number, and finds as many rows as it says.
func rowsAreTheirSums(t *testing.T, tx flow.Tx, x past, r coverage.Report, mix coverage.Mix, h flow.HeardQuery) {
	count := func(q flow.CountedQuery) int {
		q.HeardQuery, q.Limit = h, 7
		rows, all, err := tx.Sums.Counted(q)
		require.NoError(t, err)
		require.Len(t, rows, min(7, all))
		q.Skip = 7
		next, _, err := tx.Sums.Counted(q)
		require.NoError(t, err)
		require.Len(t, next, max(0, min(7, all-7)))
		return all
	}
	require.Equal(t, r.Totals.Visits, count(flow.CountedQuery{}))
	require.Equal(t, mix.QuarterEnd, count(flow.CountedQuery{AtEnd: true}))
	require.Equal(t, mix.Unknown, count(flow.CountedQuery{Staged: true, Stages: []string{""}}))
	require.Equal(t, mix.Late, count(flow.CountedQuery{Staged: true, Stages: []string{"fear", "commitment"}}))
	sums, err := tx.Sums.Heard(h)
	require.NoError(t, err)
	for _, g := range r.Groups {
		require.Equal(t, g.Visits, count(flow.CountedQuery{Group: g.Code}))
		if h.ExecutiveIDs != nil {
			continue // customers are counted whoever came
		}
		heard, unheard, err := tx.Sums.Customers(flow.GroupQuery{SelectionID: x.selection, Stratum: g.Code, Heard: sums.Customers[g.Code], Today: h.Today, Limit: 1000})
		require.NoError(t, err)
		require.Len(t, heard, g.Distinct)
		visits := 0
		for i, c := range heard {
			visits += c.Visits
			require.True(t, h.Period.Contains(c.Last))
			require.True(t, i == 0 || heard[i-1].Last >= c.Last, "the latest first")
			require.True(t, sums.Customers[g.Code][i].Next.IsZero(), "what is remembered stays as it is")
		}
		require.Equal(t, g.Visits, visits)
		inGroup := 0
		for _, code := range x.group {
			if code == g.Code {
				inGroup++
			}
		}
		require.Len(t, unheard, inGroup-g.Distinct)
	}
}

// sorted brings what has no order of its own into one.
func sorted(r coverage.Report) coverage.Report {
	for i := range r.People {
		list := r.People[i].NotCounted
		for a := range list {
			for b := range a {
				if list[a].Date == list[b].Date && list[a].VisitID < list[b].VisitID {
					list[a], list[b] = list[b], list[a]
				}
			}
		}
	}
	return r
}
