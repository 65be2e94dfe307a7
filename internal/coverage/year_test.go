package coverage

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/slot"
	"windshield/internal/visit"
)

func TestYear(t *testing.T) {
	plan := func(id, who, customer, stratum, date string) visit.Visit {
		v := held(id, who, customer, stratum, date)
		v.State, v.WithHost = visit.Proposed, false
		return v
	}
	gone := plan("x", "ana", "c", "EN", "2027-07-01")
	gone.State = visit.Cancelled
	r := Year(YearInput{
		Horizon: slot.Interval{Start: day("2027-01-01"), End: day("2027-12-31")},
		People:  []Person{person("ana", "Ana", "2026-12-20"), person("ben", "Ben", ""), person("cleo", "Cleo", "2027-05-05")},
		Strata:  []Group{{"EN", "Enterprise", 40, 4}, {"SB", "Small business", 160, 3}, {"MU", "Must", 2, 0}},
		Visits: []visit.Visit{
			plan("a4", "ana", "c4", "SB", "2027-04-02"), plan("a1", "ana", "c1", "EN", "2027-01-05"),
			plan("a2", "ana", "c2", "EN", "2027-01-08"), plan("a3", "ana", "c3", "SB", "2027-03-30"),
			plan("a5", "ana", "home", "SB", "2027-04-01"), gone,
			plan("b1", "ben", "c1", "EN", "2027-12-30"), plan("b2", "ben", "c1", "EN", "2027-12-31"), plan("b3", "ben", "c1", "EN", "2027-12-27"),
		},
		TravelKM: 12345,
		Near:     func(e, c string) bool { return e == "ana" && c == "home" },
	})
	require.Equal(t, []Bar{
		{"EN", "Enterprise", 40, 5, 4, 1.25, false}, {"SB", "Small business", 160, 3, 3, 1, false}, {"MU", "Must", 2, 0, 0, 1, false},
	}, r.Strata)
	require.Equal(t, 8, r.Visits)
	require.Equal(t, 7, r.Target)
	require.Equal(t, 12345, r.TravelKM)
	require.Equal(t, LongestGap{"cleo", "Cleo", 365, day("2026-12-31"), day("2027-12-31"), true}, r.LongestGap)
	require.Equal(t, 4, r.QuarterEnd)
	require.InDelta(t, 0.5, r.EndShare, 1e-9)
	require.Len(t, r.Weeks, 53)
	require.Equal(t, "2026-W53", r.Weeks[0].Label)
	require.Equal(t, "2027-W52", r.Weeks[52].Label)
	require.Equal(t, 2, r.Weeks[1].Visits)
	require.True(t, r.Weeks[13].QuarterEnd, "the week of 29 March")
	require.Equal(t, []Trip{
		{"ana", slot.Interval{Start: day("2027-01-05"), End: day("2027-01-08")}, []string{"a1", "a2"}, 1, 1},
		{"ben", slot.Interval{Start: day("2027-12-27"), End: day("2027-12-31")}, []string{"b3", "b1", "b2"}, 52, 1},
	}, r.Trips, "a night at home parts 30 March from 2 April")
}

func TestYearShortfall(t *testing.T) {
	r := Year(YearInput{Horizon: slot.Interval{Start: day("2027-01-01"), End: day("2027-01-31")}, Strata: []Group{{"EN", "Enterprise", 40, 4}}})
	require.True(t, r.Strata[0].Under)
	require.Zero(t, r.LongestGap.Days)
	require.Len(t, r.Weeks, 5)
	require.Empty(t, Year(YearInput{}).Trips)
}

func TestQuarterEnd(t *testing.T) {
	tests := []struct {
		date  string
		start time.Month
		want  bool
	}{
		{"2027-03-17", 0, false}, {"2027-03-18", 0, true}, {"2027-03-31", 0, true}, {"2027-04-01", 0, false},
		{"2027-12-31", 0, true}, {"2027-12-17", time.January, false}, {"2028-02-29", 0, false},
		{"2028-02-29", time.December, true}, {"2028-02-16", time.December, true}, {"2028-02-15", time.December, false},
		{"2027-01-18", time.February, true}, {"2027-01-31", time.February, true}, {"2027-10-31", time.February, true}, {"2027-12-31", time.February, false},
		{"2027-09-30", time.October, true}, {"2027-11-30", time.October, false},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, quarterEnd(day(tt.date), visit.Fiscal{Start: tt.start, Days: 14}), "%s %s", tt.date, tt.start)
	}
}

// Weeks hold every visit of the horizon, trips hold together, and gaps are real.
func TestYearAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := day("2026-01-01").Add(rapid.IntRange(0, 1500).Draw(t, "start"))
		in := YearInput{Horizon: slot.Interval{Start: start, End: start.Add(rapid.IntRange(0, 400).Draw(t, "days"))},
			People: []Person{person("ana", "Ana", ""), person("ben", "Ben", "")}, Strata: []Group{{"EN", "Enterprise", 1, 1}}}
		for range rapid.IntRange(0, 40).Draw(t, "visits") {
			in.Visits = append(in.Visits, held("v", rapid.SampledFrom([]string{"ana", "ben"}).Draw(t, "who"), "c", "EN",
				start.Add(rapid.IntRange(0, in.Horizon.Days()-1).Draw(t, "day")).String()))
		}
		r := Year(in)
		sum := 0
		for i, w := range r.Weeks {
			sum += w.Visits
			if i > 0 && w.Monday.Sub(r.Weeks[i-1].Monday) != 7 {
				t.Fatalf("weeks are not in a row: %v", r.Weeks)
			}
		}
		if sum != len(in.Visits) || r.Visits != sum || r.Strata[0].Planned != sum {
			t.Fatalf("%d visits, %d in weeks, %d in all", len(in.Visits), sum, r.Visits)
		}
		for _, tr := range r.Trips {
			if len(tr.VisitIDs) < 2 || !r.Weeks[tr.Column].overlaps(tr.Start) || !r.Weeks[tr.Column+tr.Columns-1].overlaps(tr.End) {
				t.Fatalf("trip %+v does not lie in its weeks", tr)
			}
		}
		if g := r.LongestGap; g.To.Sub(g.From) != g.Days {
			t.Fatalf("gap %+v", g)
		}
	})
}

func (w WeekLoad) overlaps(d slot.Date) bool { return d >= w.Monday && d < w.Monday.Add(7) }

// A gap that began before the year can only be shortened by its plan: what the plan can
// mend is counted from the year's start.
func TestAGapThatBeganBeforeTheYear(t *testing.T) {
	person := func(id, last string) Person {
		p := Person{}
		p.ID, p.Name = id, id
		if last != "" {
			p.Terms.LastVisit = day(last)
		}
		return p
	}
	at := func(who, on string) visit.Visit {
		return visit.Visit{ExecutiveID: who, CustomerID: who + on, Kind: visit.AtCustomer, State: visit.Proposed, Slot: slot.Slot{Date: day(on), Half: slot.AM}}
	}
	r := Year(YearInput{Horizon: slot.Interval{Start: day("2027-01-01"), End: day("2027-03-31")}, People: []Person{person("ana", "2026-09-14"), person("ben", "2026-12-31"), person("cleo", "")},
		Visits: []visit.Visit{at("ana", "2027-01-04"), at("ana", "2027-02-10"), at("ana", "2027-03-15"), at("ben", "2027-02-20"), at("cleo", "2027-02-14")}})
	require.Equal(t, LongestGap{"ana", "ana", 112, day("2026-09-14"), day("2027-01-04"), true}, r.LongestGap)
	require.Equal(t, LongestGap{"ben", "ben", 51, day("2026-12-31"), day("2027-02-20"), true}, r.InYear)
	require.Equal(t, LongestGap{"ana", "ana", 37, day("2027-01-04"), day("2027-02-10"), true}, r.People[0].InYear)
	require.Equal(t, r.People[1].Gap, r.People[1].InYear, "a visit on the last day of December leaves nothing behind")
	require.Equal(t, 45, r.People[2].InYear.Days)
}
