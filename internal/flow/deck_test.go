package flow

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/coverage"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

func deckVisit(n int, executive, customer, date, stratum string, state visit.State) visit.Visit {
	return visit.Visit{ID: fmt.Sprint("v", n), CustomerID: customer, ExecutiveID: executive, Stratum: stratum, State: state, Slot: slot.Slot{Date: slot.MustDate(date), Half: slot.AM}}
}

func aDeckInput() deckInput {
	d := slot.MustDate
	window := func(from, to string) []slot.Interval { return []slot.Interval{{Start: d(from), End: d(to)}} }
	return deckInput{
		Plan:   visit.Plan{ID: "p", Year: 2027, Name: "2027", State: visit.Draft, Version: 3, Seed: 42, Horizon: slot.Interval{Start: d("2027-01-01"), End: d("2027-12-31")}, Unassigned: []visit.Unassigned{{CustomerID: "c9", Reason: "Everybody is full."}}},
		Groups: []Group{{Code: "EN", Label: "Enterprise", Colour: 1, Target: 2}, {Code: "SB", Label: "Small business", Colour: 2, Target: 40}},
		People: map[string]roster.Person{"ana": {ID: "ana", Name: "Ana", Roles: []roster.Role{roster.Executive}}, "ben": {ID: "ben", Name: "Ben", Roles: []roster.Role{roster.Executive}}, "vp": {ID: "vp", Name: "Vera"}, "gone": {ID: "gone", Name: "Gone"}},
		Customers: map[string]roster.Customer{"c1": {ID: "c1", Name: "One", Windows: window("2027-03-01", "2027-03-20")}, "c2": {ID: "c2", Name: "Two", Windows: window("2027-05-01", "2027-05-20")},
			"c3": {ID: "c3", Name: "Three"}, "c9": {ID: "c9", Name: "Nine", Windows: window("2026-12-01", "2027-01-10")}},
		Strata: map[string]string{"c1": "EN", "c2": "SB", "c3": "SB", "c9": "SB"},
		Visits: []visit.Visit{deckVisit(1, "ana", "c1", "2027-03-03", "EN", visit.Proposed), deckVisit(2, "ben", "c2", "2027-06-01", "SB", visit.Proposed), deckVisit(3, "ana", "c3", "2027-06-02", "SB", visit.Declined)},
		Today:  d("2026-11-22"),
	}
}

func slidesOf(d Deck, kind SlideKind) []Slide {
	var out []Slide
	for _, s := range d.Slides {
		if s.Kind == kind {
			out = append(out, s)
		}
	}
	return out
}

func TestDeckSaysItsMessages(t *testing.T) {
	in := aDeckInput()
	d := buildDeck(in)
	require.Equal(t, "2027, draft, version 3 · seed 42 · 22 Nov 2026", d.Footer)
	head := d.Slides[0]
	require.Equal(t, "2 % of the Small business target is planned", head.Title)
	require.Equal(t, "2 of 42 visits wanted are planned, for 2 executives. 0 of 2 groups reach their target.", head.Note)
	require.Equal(t, []string{"1 of 2", "1 of 40 (2 %)"}, []string{head.Bars[0].Text, head.Bars[1].Text})
	w := slidesOf(d, SlideWindows)[0]
	require.Equal(t, "1 of 3 customers with a window is visited inside it", w.Title)
	require.Equal(t, []string{"Q1", "Q2", "Q3", "Q4"}, []string{w.Quarters[0].Label, w.Quarters[1].Label, w.Quarters[2].Label, w.Quarters[3].Label})
	require.Len(t, w.Quarters[0].Windows, 2, "a window that began before the year is one of its first quarter")
	require.Equal(t, DeckWindow{CustomerID: "c9", Customer: "Nine", Code: "SB", Colour: 2, Span: in.Customers["c9"].Windows[0]}, w.Quarters[0].Windows[0])
	require.Equal(t, "Ana", w.Quarters[0].Windows[1].Executive)
	require.False(t, w.Quarters[1].Windows[0].Inside)
	plan := slidesOf(d, SlidePlan)
	require.Len(t, plan, 1)
	require.Equal(t, "2 executives make 2 visits, most of them in March", plan[0].Title)
	require.Equal(t, 5, plan[0].Lines[1].Chips[0].Month)
	open := slidesOf(d, SlideOpen)
	require.Equal(t, "Who takes these 2?", open[0].Title)
	require.Equal(t, []DeckOpen{{"c3", "Three", "SB", 2, "Ana has declined."}, {"c9", "Nine", "SB", 2, "Everybody is full."}}, open[0].Open)
	years := slidesOf(d, SlideYears)
	require.Equal(t, "0 of 2 have accepted their year", years[0].Title)
	require.Empty(t, slidesOf(d, SlidePromise))
	require.Empty(t, slidesOf(d, SlideClaims))
	require.Len(t, d.Months, 12)

	in.Fiscal, in.Groups = time.April, in.Groups[:1]
	in.Groups[0].Target, in.Plan.Unassigned = 1, nil
	in.Visits[2].State = visit.Cancelled
	in.Promise = &promised{FrozenPromise: FrozenPromise{PlanName: "2027"}, Kept: coverage.Kept{Promised: 4, Held: 2, MovedByUs: 1, Dropped: 1}}
	in.Claims = []DeckClaim{{Finding: true}, {}}
	d = buildDeck(in)
	require.Equal(t, "Every group gets its visits: 2 visits for 2 executives are planned", d.Slides[0].Title)
	require.Equal(t, "Q4", slidesOf(d, SlideWindows)[0].Quarters[0].Label, "the fiscal year begins in April")
	require.Equal(t, "Every customer has somebody who comes", slidesOf(d, SlideOpen)[0].Title)
	require.Equal(t, "Of 4 promised visits 2 were held as promised, 1 moved by us, 1 dropped.", slidesOf(d, SlidePromise)[0].Title)
	require.Equal(t, "1 of 2 claims rests on enough customers", slidesOf(d, SlideClaims)[0].Title)

	empty := buildDeck(deckInput{Plan: visit.Plan{Name: "2027"}})
	require.Equal(t, "No visit is planned yet", empty.Slides[0].Title)
	require.NotEmpty(t, slidesOf(empty, SlideOpen))
}

func TestYearsAreAcceptedAsTheyStand(t *testing.T) {
	in := aDeckInput()
	n, mark := markOf([]visit.Visit{in.Visits[0]})
	require.Equal(t, 1, n)
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	in.Accepted = map[string]YearAcceptance{"ana": {PlanID: "p", ExecutiveID: "ana", Mark: mark, By: "vp", At: at}, "ben": {PlanID: "other", ExecutiveID: "ben", Mark: "of other visits", By: "ben", At: at}, "gone": {PlanID: "p"}}
	years := yearStates(in.Plan, in.Visits, in.People, in.Accepted)
	require.Len(t, years, 2, "who is no executive any more accepts nothing")
	require.Equal(t, YearState{ExecutiveID: "ana", Name: "Ana", Standing: YearAccepted, Visits: 1, Quarters: [4]int{1}, Mark: mark, At: at, By: "Vera"}, years[0])
	require.Equal(t, YearChanged, years[1].Standing)
	require.Equal(t, [4]int{0, 1}, years[1].Quarters)
	require.Equal(t, 1, countYears(years))
	in.Visits[0].Slot.Half = slot.PM
	require.Equal(t, YearChanged, yearStates(in.Plan, in.Visits, in.People, in.Accepted)[0].Standing)
	in.Visits[0].State = visit.Cancelled
	years = yearStates(in.Plan, in.Visits, in.People, in.Accepted)
	require.Equal(t, []any{YearChanged, 0}, []any{years[0].Standing, years[0].Visits}, "all of it is gone, and that is a change")
}

// Whatever the plan, every executive with visits is on exactly one slide with the
// plan and one with the years, every open customer on one, and no slide holds more
// than can be read.
func TestDeckLosesNobody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := aDeckInput()
		in.Visits, in.Plan.Unassigned, in.People, in.Customers = nil, nil, map[string]roster.Person{}, map[string]roster.Customer{}
		executives, groups := rapid.IntRange(0, 60).Draw(t, "executives"), rapid.IntRange(0, 14).Draw(t, "groups")
		in.Groups = nil
		for g := range groups {
			in.Groups = append(in.Groups, Group{Code: fmt.Sprintf("G%d", g), Label: fmt.Sprint("Group ", g), Target: rapid.IntRange(0, 30).Draw(t, "target")})
		}
		visits := 0
		for e := range executives {
			id := fmt.Sprint("e", e)
			in.People[id] = roster.Person{ID: id, Name: "Same name", Roles: []roster.Role{roster.Executive}}
			for range rapid.IntRange(1, 3).Draw(t, "visits") {
				visits++
				customer := fmt.Sprint("c", visits)
				in.Customers[customer] = roster.Customer{ID: customer, Name: customer, Windows: []slot.Interval{{Start: slot.MustDate("2027-02-01").Add(visits), End: slot.MustDate("2027-03-01").Add(visits)}}}
				in.Visits = append(in.Visits, deckVisit(visits, id, customer, slot.MustDate("2027-01-01").Add(rapid.IntRange(0, 364).Draw(t, "day")).String(), fmt.Sprint("G", visits%15), visit.Proposed))
			}
		}
		open := rapid.IntRange(0, OpenPerSlide*mostOpenSlides+3).Draw(t, "open")
		for i := range open {
			in.Plan.Unassigned = append(in.Plan.Unassigned, visit.Unassigned{CustomerID: fmt.Sprint("u", i), Reason: "Full."})
		}
		d := buildDeck(in)
		lines, years, asked, chips := map[string]int{}, map[string]int{}, 0, 0
		for _, s := range d.Slides {
			if s.Title == "" || len(s.Bars) > BarsPerSlide || len(s.Lines) > LinesPerSlide || len(s.Open) > OpenPerSlide || len(s.Years) > YearsPerSlide {
				t.Fatalf("a slide that nobody can read: %+v", s)
			}
			for _, q := range s.Quarters {
				if len(q.Windows) > WindowsPerSlide || len(q.Windows)+q.More != q.Customers {
					t.Fatalf("a quarter has %d of %d windows and %d more", len(q.Windows), q.Customers, q.More)
				}
			}
			for _, l := range s.Lines {
				lines[l.ExecutiveID]++
				chips += len(l.Chips)
			}
			for _, y := range s.Years {
				years[y.ExecutiveID]++
			}
			asked += len(s.Open)
		}
		for e := range executives {
			if id := fmt.Sprint("e", e); lines[id] != 1 || years[id] != 1 {
				t.Fatalf("%s is on %d and %d slides", id, lines[id], years[id])
			}
		}
		if chips != visits || asked != min(open, OpenPerSlide*mostOpenSlides) || d.Executives != executives {
			t.Fatalf("%d of %d visits, %d of %d open, %d executives", chips, visits, asked, open, d.Executives)
		}
	})
}
