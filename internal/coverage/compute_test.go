package coverage

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

func day(s string) slot.Date { return slot.MustDate(s) }

func person(id, name, last string) Person {
	p := Person{Person: roster.Person{ID: id, Name: name, Function: "Chief of " + name, Zone: "Europe/Zurich"}, Since: day("2026-01-01")}
	if last != "" {
		p.Terms.LastVisit = day(last)
	}
	return p
}

func held(id, who, customer, stratum, date string) visit.Visit {
	return visit.Visit{ID: id, ExecutiveID: who, CustomerID: customer, Stratum: stratum, HostID: "h", WithHost: true,
		Slot: slot.Slot{Date: day(date), Half: slot.AM}, State: visit.Held, Kind: visit.AtCustomer}
}

func booked(id, who, date string) visit.Visit {
	v := held(id, who, "c-"+id, "", date)
	v.State, v.WithHost = visit.Published, false
	return v
}

func TestCompute(t *testing.T) {
	fair := held("v5", "ana", "c3", "EN", "2026-11-10")
	fair.Kind = visit.TradeShow
	declined := held("v9", "ana", "c3", "EN", "2026-11-11")
	declined.State = visit.Declined
	forgotten := booked("v6", "ben", "2026-11-12")
	leave := person("dora", "Dora", "2026-09-01")
	leave.Absences = []slot.Interval{{Start: day("2026-11-01"), End: day("2026-12-31")}}
	in := Input{
		AsOf: time.Date(2026, 11, 19, 9, 0, 0, 0, time.UTC), Today: day("2026-11-19"),
		Period: slot.Interval{Start: day("2026-10-26"), End: day("2027-10-25")},
		People: []Person{person("ana", "Ana", ""), person("ben", "Ben", "2026-11-03"), leave, person("eva", "Eva", "")},
		Groups: []Group{{"EN", "Enterprise", 40, 10}, {"SB", "Small business", 160, 30}},
		Visits: []visit.Visit{
			held("v1", "ana", "c1", "EN", "2026-10-27"), held("v2", "ana", "c1", "EN", "2026-10-28"),
			held("v3", "ana", "c2", "SB", "2026-11-02"), held("v4", "ana", "c1", "", "2026-11-16"),
			fair, forgotten, declined,
			held("v7", "ana", "c9", "", "2026-11-17"),   // to a customer of no known group
			held("v8", "ana", "c1", "EN", "2026-01-05"), // before the period
			booked("v10", "ben", "2027-01-12"), booked("v11", "ben", "2026-11-19"),
		},
	}
	r := Compute(in)

	require.Equal(t, "2 of 4 executives have not seen a customer for more than 30 days. 4 counting visits are too few to say which customers are left out.",
		r.Sentence)
	require.Len(t, r.People, 4)
	names := []string{}
	for _, p := range r.People {
		names = append(names, p.Name)
	}
	require.Equal(t, []string{"Eva", "Dora", "Ben", "Ana"}, names, "worst first")

	eva, dora, ben, ana := r.People[0], r.People[1], r.People[2], r.People[3]
	require.True(t, eva.Never && eva.Overdue)
	require.Equal(t, 322, eva.Days)
	require.True(t, eva.Last.IsZero())
	require.True(t, dora.Paused)
	require.Equal(t, day("2027-01-01"), dora.Back)
	require.Equal(t, 16, ben.Days)
	require.Equal(t, day("2026-11-19"), ben.Next)
	require.Equal(t, []NotCounted{{"v6", "c-v6", day("2026-11-12"), "nobody has confirmed that the visit was held"}}, ben.NotCounted)
	require.Equal(t, "v7", ana.LastID)
	require.Equal(t, [12]int{0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3}, ana.Months)
	require.Equal(t, "Jan 2026", r.Months[1].Label)
	require.Equal(t, "Nov", r.Months[11].Label)
	require.Equal(t, []NotCounted{{"v5", "c3", day("2026-11-10"), "a trade show is not the customer's place"}}, ana.NotCounted)

	require.Equal(t, []GroupRow{
		{Code: "EN", Label: "Enterprise", Customers: 40, CustomerShare: 0.2, Visits: 3, VisitShare: 0.75, Distinct: 1, Target: 10},
		{Code: "SB", Label: "Small business", Customers: 160, CustomerShare: 0.8, Visits: 1, VisitShare: 0.25, Distinct: 1, Target: 30},
	}, r.Groups)

	require.Equal(t, []WeekRow{
		{2026, 44, "2026-W44", day("2026-10-26"), 2, 1},
		{2026, 45, "2026-W45", day("2026-11-02"), 1, 1},
		{2026, 46, "2026-W46", day("2026-11-09"), 0, 0},
		{2026, 47, "2026-W47", day("2026-11-16"), 2, 2},
	}, r.Weeks)

	require.Equal(t, []Gap{
		{PersonID: "ana", Name: "Ana", On: day("2026-12-18"), Text: "Ana passes 30 days on Fri 18 Dec, nothing booked."},
		{PersonID: "ben", Name: "Ben", On: day("2026-12-20"), Ends: day("2027-01-12"), EndsID: "v10", Text: "Ben passes 30 days on Sun 20 Dec, next visit Tue 12 Jan 2027."},
	}, r.Gaps)
	require.Equal(t, Totals{Executives: 4, Overdue: 2, Never: 1, OnLeave: 1, Customers: 200, Visits: 5, NotCounted: 2, Distinct: 3, Ungrouped: 1, Booked: 2}, r.Totals)
}

// Each person's own date decides, not the reader's.
func TestEachPersonsOwnToday(t *testing.T) {
	tokyo, honolulu, nowhere := person("t", "T", "2027-03-01"), person("h", "H", "2027-03-01"), person("n", "N", "2027-03-01")
	tokyo.Zone, honolulu.Zone, nowhere.Zone = "Asia/Tokyo", "Pacific/Honolulu", ""
	r := Compute(Input{AsOf: time.Date(2027, 3, 31, 20, 0, 0, 0, time.UTC), Today: day("2027-03-31"),
		Period: slot.Interval{Start: day("2027-01-01"), End: day("2027-12-31")}, People: []Person{honolulu, nowhere, tokyo}})
	require.Equal(t, "T", r.People[0].Name)
	require.True(t, r.People[0].Overdue)
	require.False(t, r.People[1].Overdue)
	require.False(t, r.People[2].Overdue)
}

func TestEmptyInput(t *testing.T) {
	r := Compute(Input{Today: day("2027-02-28")})
	require.Equal(t, "There are no executives yet.", r.Sentence)
	require.Empty(t, r.Weeks)
	require.Len(t, r.Months, 12)
}

// Sums add up and nobody is lost, whatever the input.
func TestSumsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := company(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)), rapid.IntRange(0, 12).Draw(t, "people"),
			rapid.IntRange(0, 60).Draw(t, "customers"), rapid.IntRange(0, 15).Draw(t, "visits per person"))
		r := Compute(in)
		if len(r.People) != len(in.People) || r.Totals.Executives != len(in.People) {
			t.Fatalf("%d people, %d rows", len(in.People), len(r.People))
		}
		counting, distinct := 0, map[string]bool{}
		for _, v := range in.Visits {
			if yes, _ := v.Counts(); yes && in.Period.Contains(v.Slot.Date) {
				counting++
				distinct[v.CustomerID] = true
			}
		}
		grouped, weekly, people := 0, 0, 0
		for _, g := range r.Groups {
			grouped += g.Visits
			if g.Distinct > g.Visits || g.Under && float64(g.Visits) >= g.CustomerShare*float64(r.Totals.Visits) {
				t.Fatalf("impossible group %+v", g)
			}
		}
		for _, w := range r.Weeks {
			weekly += w.Visits
			if w.Distinct > w.Visits || w.Visits > 0 && w.Distinct == 0 {
				t.Fatalf("impossible week %+v", w)
			}
		}
		for i, p := range r.People {
			if p.Overdue {
				people++
			}
			if p.Overdue != (p.Days > 30) || i > 0 && p.Overdue && !r.People[i-1].Overdue || i > 0 && p.Overdue && r.People[i-1].Days < p.Days {
				t.Fatalf("order or clock is wrong at %+v", p)
			}
		}
		if r.Totals.Visits != counting || r.Totals.Distinct != len(distinct) || grouped+r.Totals.Ungrouped != counting || weekly != counting || people != r.Totals.Overdue {
			t.Fatalf("sums: %+v, counted %d, grouped %d, weekly %d, overdue %d", r.Totals, counting, grouped, weekly, people)
		}
		if s := r.Sentence; s == "" || s[len(s)-1] != '.' {
			t.Fatalf("no sentence: %q", s)
		}
	})
}

// company makes a random company of five years.
func company(rnd *rand.Rand, people, customers, visitsEach int) Input {
	in := Input{AsOf: time.Date(2031, 6, 30, 12, 0, 0, 0, time.UTC), Today: day("2031-06-30"),
		Period: slot.Interval{Start: day("2030-07-01"), End: day("2031-06-30")}}
	for g := range 12 {
		in.Groups = append(in.Groups, Group{Code: fmt.Sprintf("%c%c", 'A'+g, 'X'), Label: fmt.Sprintf("Group %d", g), Customers: 1 + rnd.IntN(1+customers)})
	}
	uuid := func() string { return fmt.Sprintf("%016x-%016x", rnd.Uint64(), rnd.Uint64()) }
	ids := make([]string, customers)
	for i := range ids {
		ids[i] = uuid()
	}
	zones := []string{"Europe/Zurich", "America/New_York", "Asia/Tokyo", "Australia/Sydney"}
	for i := range people {
		p := Person{Person: roster.Person{ID: uuid(), Name: fmt.Sprintf("Person %d", i), Zone: zones[i%4]}, Since: day("2026-07-01")}
		in.People = append(in.People, p)
		for range visitsEach {
			if customers == 0 {
				break
			}
			c := rnd.IntN(customers)
			v := visit.Visit{ID: uuid(), CustomerID: ids[c], ExecutiveID: p.ID, HostID: "h", WithHost: rnd.IntN(20) > 0, Kind: visit.AtCustomer,
				Slot: slot.Slot{Date: in.Today.Add(-rnd.IntN(5 * 365)), Half: slot.PM}, State: visit.Held}
			if rnd.IntN(10) > 0 {
				v.Stratum = in.Groups[c%len(in.Groups)].Code
			}
			switch rnd.IntN(20) {
			case 0:
				v.Kind = visit.Online
			case 1:
				v.State = visit.NoShow
			case 2:
				v.State, v.Slot.Date = visit.Published, in.Today.Add(rnd.IntN(200))
			}
			in.Visits = append(in.Visits, v)
		}
	}
	rnd.Shuffle(len(in.Visits), func(i, j int) { in.Visits[i], in.Visits[j] = in.Visits[j], in.Visits[i] })
	return in
}

// 1,000 executives, five years of visits: 120,000 visits to 100,000 customers.
func large() Input { return company(rand.New(rand.NewPCG(1, 2)), 1000, 100_000, 120) }

func BenchmarkCompute(b *testing.B) {
	in := large()
	b.ReportAllocs()
	for b.Loop() {
		Compute(in)
	}
}

func BenchmarkYear(b *testing.B) {
	in := large()
	y := YearInput{Horizon: in.Period, People: in.People, Visits: in.Visits, Strata: in.Groups}
	b.ReportAllocs()
	for b.Loop() {
		Year(y)
	}
}
