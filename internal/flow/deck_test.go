package flow

import (
	"fmt"
	"strings"
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
	require.Equal(t, "2 of 42 wanted visits are planned; 39 of the missing 40 are in Small business", head.Title)
	require.Equal(t, "2 visits for 2 executives; 0 of 2 groups reach their target. 2 customers, 2 groups, last visit 1 Jun 2027.", head.Note)
	require.Equal(t, []string{"1 of 2", "1 of 40 (2 %)"}, []string{head.Bars[0].Text, head.Bars[1].Text})
	w := slidesOf(d, SlideWindows)[0]
	require.Equal(t, "1 of 3 customers with a window is visited inside it", w.Title)
	require.Equal(t, "3 customers, 2 groups, last visit 1 Jun 2027.", w.Note)
	require.Equal(t, []string{"Q1", "Q2", "Q3", "Q4"}, []string{w.Quarters[0].Label, w.Quarters[1].Label, w.Quarters[2].Label, w.Quarters[3].Label})
	require.Len(t, w.Quarters[0].Windows, 2, "a window that began before the year is one of its first quarter")
	require.Equal(t, DeckWindow{CustomerID: "c9", Customer: "Nine", Code: "SB", Colour: 2, Span: in.Customers["c9"].Windows[0]}, w.Quarters[0].Windows[0])
	require.Equal(t, "Ana", w.Quarters[0].Windows[1].Executive)
	require.False(t, w.Quarters[1].Windows[0].Inside)
	plan := slidesOf(d, SlidePlan)
	require.Len(t, plan, 1)
	require.Equal(t, "2 executives make 2 visits, never more than 1 in a month", plan[0].Title)
	require.Equal(t, "2 customers, 2 groups, last visit 1 Jun 2027.", plan[0].Note)
	require.Equal(t, 5, plan[0].Lines[1].Chips[0].Month)
	open := slidesOf(d, SlideOpen)
	require.Equal(t, "2 customers have nobody yet. Who takes these?", open[0].Title)
	require.Equal(t, "2 customers, 1 group.", open[0].Note)
	require.Equal(t, []DeckOpen{{"c3", "Three", "SB", 2, "Ana has declined."}, {"c9", "Nine", "SB", 2, "Everybody is full."}}, open[0].Open)
	years := slidesOf(d, SlideYears)
	require.Equal(t, "None of 2 executives has accepted their year yet", years[0].Title)
	require.Empty(t, slidesOf(d, SlidePromise))
	require.Empty(t, slidesOf(d, SlideClaims))
	require.Len(t, d.Months, 12)

	in.Fiscal, in.Groups = time.April, in.Groups[:1]
	in.Groups[0].Target, in.Plan.Unassigned = 1, nil
	in.Visits[2].State = visit.Cancelled
	in.Promise = &promised{FrozenPromise: FrozenPromise{PlanName: "2027", FrozenAt: time.Date(2027, 1, 4, 9, 0, 0, 0, time.UTC)}, Kept: coverage.Kept{Promised: 4, Held: 2, MovedByUs: 1, Dropped: 1},
		Rows: []PromisedNow{{Was: PromisedVisit{CustomerID: "c1"}, Is: in.Visits[0], Outcome: coverage.KeptHeld}, {Was: PromisedVisit{CustomerID: "c2"}, Outcome: coverage.Dropped}}}
	in.Claims, in.Findings = []DeckClaim{{Finding: true}, {}}, 1
	in.Backed.add("c1", "EN", slot.MustDate("2027-05-03"))
	d = buildDeck(in)
	require.Equal(t, "2 visits are planned for 2 executives, and Enterprise reaches its target", d.Slides[0].Title)
	require.Equal(t, "Q4", slidesOf(d, SlideWindows)[0].Quarters[0].Label, "the fiscal year begins in April")
	in.Fiscal = time.February
	var quarters []string
	for _, q := range slidesOf(buildDeck(in), SlideWindows)[0].Quarters {
		quarters = append(quarters, q.Label)
	}
	require.Equal(t, []string{"Q4 to Jan", "Q1", "Q2", "Q3", "Q4 from Nov"}, quarters, "the plan begins and ends within one")
	require.Equal(t, "All 2 customers in this plan have somebody who comes", slidesOf(d, SlideOpen)[0].Title)
	require.Equal(t, "2 of 4 promised visits were held as promised, 2 were moved or dropped", slidesOf(d, SlidePromise)[0].Title)
	require.Equal(t, "Promised on 4 Jan 2027: 2027. 2 customers, 2 groups, newest visit held 3 Mar 2027.", slidesOf(d, SlidePromise)[0].Note)
	require.Equal(t, "1 of 2 claims rests on enough customers", slidesOf(d, SlideClaims)[0].Title)
	require.Equal(t, "1 customer, 1 group, newest statement 3 May 2027.", slidesOf(d, SlideClaims)[0].Note)

	empty := buildDeck(deckInput{Plan: visit.Plan{Name: "2027"}})
	require.Equal(t, "No visit is planned yet", empty.Slides[0].Title)
	require.Equal(t, "No customer is in this plan yet", slidesOf(empty, SlideOpen)[0].Title)
	require.Len(t, empty.Slides, 2, "nothing is claimed of windows, years or what customers said")
}

// Every title is true of the numbers on its slide, down to one, and without a percent
// sign.
func TestTitles(t *testing.T) {
	bar := func(label string, value, of int) DeckBar {
		b := DeckBar{Label: label, Value: value, Of: of, Under: value < of}
		b.fill(pen{})
		return b
	}
	for want, got := range map[string]string{
		"No visit is planned yet":                                                                       pen{}.headlineTitle(nil, 0, 0),
		"None of 8 wanted visits is planned yet":                                                        pen{}.headlineTitle([]DeckBar{bar("A", 0, 8)}, 0, 0),
		"1 visit is planned for 1 executive":                                                            pen{}.headlineTitle(nil, 1, 1),
		"7 of 8 wanted visits are planned":                                                              pen{}.headlineTitle([]DeckBar{bar("A", 7, 8)}, 7, 2),
		"9 visits are planned for 2 executives, and A reaches its target":                               pen{}.headlineTitle([]DeckBar{bar("A", 9, 8)}, 9, 2),
		"20 visits are planned for 2 executives, and all 2 groups reach their targets":                  pen{}.headlineTitle([]DeckBar{bar("A", 12, 8), bar("B", 8, 8)}, 20, 2),
		"286 of 288 wanted visits are planned; the missing 2 are all in A (x)":                          pen{}.headlineTitle([]DeckBar{bar("A · x", 24, 26), bar("B", 300, 262)}, 324, 24),
		"287 of 288 wanted visits are planned; the missing one is in B":                                 pen{}.headlineTitle([]DeckBar{bar("A", 26, 26), bar("B", 261, 262)}, 287, 24),
		"1 of 40 wanted visits is planned; 30 of the missing 39 are in B":                               pen{}.headlineTitle([]DeckBar{bar("A", 1, 10), bar("B", 0, 30)}, 1, 1),
		"36 of 40 wanted visits are planned; 2 of 2 groups fall short":                                  pen{}.headlineTitle([]DeckBar{bar("A", 8, 10), bar("B", 28, 30)}, 36, 1),
		"The one customer with a window is visited inside it":                                           pen{}.windowsTitle(1, 1),
		"The one customer with a window is not visited inside it":                                       pen{}.windowsTitle(0, 1),
		"None of 5 customers with a window is visited inside it yet":                                    pen{}.windowsTitle(0, 5),
		"All 5 customers with a window are visited inside it":                                           pen{}.windowsTitle(5, 5),
		"3 of 5 customers with a window are visited inside it":                                          pen{}.windowsTitle(3, 5),
		"No customer is in this plan yet":                                                               pen{}.openTitle(0, 0),
		"The one customer in this plan has somebody who comes":                                          pen{}.openTitle(0, 1),
		"All 9 customers in this plan have somebody who comes":                                          pen{}.openTitle(0, 9),
		"1 customer has nobody yet. Who takes this one?":                                                pen{}.openTitle(1, 9),
		"1,200 customers have nobody yet. Who takes these?":                                             pen{}.openTitle(1200, 9),
		"Ana has not accepted the year yet":                                                             pen{}.yearsTitle([]YearState{{Name: "Ana"}}),
		"Ana has accepted the year":                                                                     pen{}.yearsTitle([]YearState{{Name: "Ana", Standing: YearAccepted}}),
		"1 of 2 executives has accepted their year":                                                     pen{}.yearsTitle([]YearState{{}, {Standing: YearAccepted}}),
		"All 2 executives have accepted their year":                                                     pen{}.yearsTitle([]YearState{{Standing: YearAccepted}, {Standing: YearAccepted}}),
		"The one claim rests on too few customers to be a finding":                                      pen{}.claimsTitle(0, 1),
		"The one claim rests on enough customers to be called a finding":                                pen{}.claimsTitle(1, 1),
		"None of 3 claims rests on enough customers yet":                                                pen{}.claimsTitle(0, 3),
		"All 3 claims rest on enough customers to be called findings":                                   pen{}.claimsTitle(3, 3),
		"2 of 3 claims rest on enough customers":                                                        pen{}.claimsTitle(2, 3),
		"No visit was promised":                                                                         pen{}.promiseTitle(coverage.Kept{}),
		"12 promised visits are still ahead":                                                            pen{}.promiseTitle(coverage.Kept{Promised: 12, Ahead: 12}),
		"43 of 288 promised visits were held as promised, 3 were moved or dropped, 239 are still ahead": pen{}.promiseTitle(coverage.Kept{Promised: 288, Held: 43, Dropped: 2, MovedByUs: 1, Ahead: 239, Silent: 3}),
		"1 of 2 promised visits was held as promised":                                                   pen{}.promiseTitle(coverage.Kept{Promised: 2, Held: 1, Silent: 1}),
		"Northeast": inWords("Northeast"),
		"Northeast (Health, Banking and 2 more; large and small)": inWords("Northeast · Health + Banking + 2 more · large + small"),
	} {
		require.Equal(t, want, got)
	}
	months := deckMonths(slot.Interval{Start: slot.MustDate("2027-01-01"), End: slot.MustDate("2027-12-31")})
	line := func(name string, at ...int) DeckLine {
		l := DeckLine{Name: name, Visits: len(at)}
		for _, m := range at {
			l.Chips = append(l.Chips, DeckChip{Month: m})
		}
		return l
	}
	require.Equal(t, "Ana makes 1 visit, in March", pen{}.planTitle([]DeckLine{line("Ana", 2)}, months))
	require.Equal(t, "Ana makes 3 visits; the busiest month is March with 2", pen{}.planTitle([]DeckLine{line("Ana", 2, 3, 2)}, months))
	require.Equal(t, "2 executives make 4 visits, never more than 2 in a month", pen{}.planTitle([]DeckLine{line("Ana", 2, 2), line("Ben", 5, 5)}, months))
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
			if strings.Contains(s.Title+s.Note, "%") {
				t.Fatalf("a share without its numbers: %s %s", s.Title, s.Note)
			}
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
