package flow

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/export"
	"windshield/internal/fault"
	"windshield/internal/geo"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

func aSheetInput() sheetInput {
	d := aDeckInput()
	in := sheetInput{Plan: d.Plan, Visits: d.Visits, Groups: d.Groups, People: d.People, Customers: d.Customers, Today: d.Today, Whole: true,
		Absences: map[string][]slot.Interval{"ana": {{Start: slot.MustDate("2027-07-05"), End: slot.MustDate("2027-07-09")}, {Start: slot.MustDate("2027-07-12"), End: slot.MustDate("2027-07-15")}}}}
	return in
}

// The files show the numbers of the slides.
func TestTheSheetCountsAsTheDeckDoes(t *testing.T) {
	in, deck := aSheetInput(), buildDeck(aDeckInput())
	y := in.year()
	for i, b := range deck.Slides[0].Bars {
		require.Equal(t, []any{b.Code, b.Value, b.Of}, []any{y.Groups[i].Code, y.Groups[i].Planned, y.Groups[i].Target})
	}
	require.Equal(t, deck.Footer, y.Footer)
	require.Len(t, y.Weeks, 53)
	require.Len(t, y.Visits, 3, "the list has what was declined, and says so")
	require.Equal(t, []bool{true, true, false}, []bool{y.Visits[0].Stands, y.Visits[1].Stands, y.Visits[2].Stands})
	require.Len(t, y.Rows, 2, "who visits nobody and need not is left out")
	require.Equal(t, "Ana", y.Rows[0].Name)
	chips, away, windows := 0, []int{}, []int{}
	for i, w := range y.Rows[0].Weeks {
		chips += len(w.Chips)
		if w.Away {
			away = append(away, i)
		}
		if w.Window {
			windows = append(windows, i)
		}
		require.False(t, w.Trip)
	}
	require.Equal(t, 1, chips)
	require.Equal(t, "2027-W09", y.Weeks[9].Label)
	require.Equal(t, []export.YearChip{{Code: "EN", Colour: 1, Dashed: true}}, y.Rows[0].Weeks[9].Chips)
	require.Equal(t, []int{27}, away, "four days of five are not the week")
	require.Equal(t, []int{9, 10, 11}, windows, "a week is in a window from the first day on")
	require.Equal(t, []export.YearVisit{y.Visits[0], y.Visits[2]}, []export.YearVisit{inWindow(y.Visits[0], "2027-03-01", "2027-03-20"), inWindow(y.Visits[2], "", "")})

	// Two visits far from home within three days are a trip, over the weeks it touches.
	far := in
	far.Visits = append(slices.Clone(in.Visits), deckVisit(4, "ana", "c3", "2027-03-05", "SB", visit.Proposed), deckVisit(5, "ana", "c2", "2027-03-08", "SB", visit.Proposed))
	far.People, far.Customers = maps.Clone(in.People), maps.Clone(in.Customers)
	for id, c := range far.Customers {
		c.Point = geo.Point{Lat: 48, Lon: 11}
		far.Customers[id] = c
	}
	trips := []int{}
	for i, w := range far.year().Rows[0].Weeks {
		if w.Trip {
			trips = append(trips, i)
		}
	}
	require.Equal(t, []int{9, 10}, trips)

	in.Visits[0].Slot.Date = slot.MustDate("2029-01-01") // moved by hand out of the year
	require.NotPanics(t, func() { in.year() })
	in.Visits, in.Groups, in.Plan.Horizon = nil, nil, slot.Interval{}
	require.Empty(t, in.year().Rows)
}

// inWindow gives a visit with the window that it should have.
func inWindow(v export.YearVisit, from, to string) export.YearVisit {
	v.Window = slot.Interval{}
	if from != "" {
		v.Window = slot.Interval{Start: slot.MustDate(from), End: slot.MustDate(to)}
	}
	return v
}

func TestTheNearestWindow(t *testing.T) {
	d := slot.MustDate
	first, second := slot.Interval{Start: d("2027-03-01"), End: d("2027-03-20")}, slot.Interval{Start: d("2027-05-01"), End: d("2027-05-20")}
	for day, want := range map[string]slot.Interval{"2027-01-01": first, "2027-03-20": first, "2027-04-10": first, "2027-04-11": second, "2027-05-01": second, "2028-01-01": second} {
		require.Equal(t, want, nearestWindow(d(day), []slot.Interval{second, first}), day)
	}
	require.Zero(t, nearestWindow(d("2027-01-01"), nil))
}

func TestSlidesOfTheDeck(t *testing.T) {
	in := aDeckInput()
	in.Claims = []DeckClaim{{Text: "Prices are hard to compare", Evidence: "1 customer, 1 group", Label: "one data point"}}
	d := buildDeck(in)
	p := presentation(pen{}, d)
	require.Len(t, p.Slides, len(d.Slides))
	for i, s := range p.Slides {
		require.Equal(t, d.Slides[i].Title, s.Title)
		filled := len(s.Bars) + len(s.Lists)
		if s.Grid != nil || s.Table != nil {
			filled++
		}
		require.Positive(t, filled, "%s shows something", d.Slides[i].Kind)
	}
	require.Equal(t, d.Slides[0].Bars[1].Text, p.Slides[0].Bars[1].Text)
	require.Equal(t, []export.SlideLine{{Text: "Nine"}, {Text: "1 Dec – 10 Jan"}, {Text: "▲ nobody yet", Bad: true}}, p.Slides[1].Lists[0].Items[0].Lines)
	require.Equal(t, []export.SlideLine{{Text: "Two"}, {Text: "1–20 May"}, {Text: "▲ 1 Jun, outside · Ben", Bad: true}}, p.Slides[1].Lists[1].Items[0].Lines, "what matters is not cut off")
	var b bytes.Buffer
	require.NoError(t, p.Write(&b))
}

// What a calendar event says holds nothing of the customer's people or of ours alone.
func TestCalendarEventKeepsInside(t *testing.T) {
	f := &Flow{Deps: Deps{BaseURL: "https://w.example"}}
	v := visit.Visit{ID: "7d44", Version: 4, State: visit.Confirmed, Objective: "secret objective", Why: "secret why", Conflict: "secret conflict", AnswerNote: "secret note", JoinURL: "https://secret.example",
		Contacts: []roster.Contact{{Name: "secret person", Email: "secret@c.example"}}, Theirs: visit.Said{Words: "secret words"}, Agreement: visit.Agreement{With: "secret agreer", What: "secret what"},
		Start: time.Date(2027, 3, 3, 8, 0, 0, 0, time.UTC), End: time.Date(2027, 3, 3, 11, 0, 0, 0, time.UTC), Group: "Enterprise"}
	c := roster.Customer{Name: "Alpine", Address: "Seestrasse 1", City: "Zürich", Country: "CH", Contact: roster.Contact{Name: "secret contact", Email: "secret@alpine.example", Phone: "+41 secret"}}
	e := f.calendarEvent(v, c, roster.Person{Name: "Ana", Email: "secret@us.example", Phone: "secret"}, roster.Person{Name: "Hugo"})
	require.NotContains(t, fmt.Sprint(e), "secret")
	require.Equal(t, export.Event{UID: "7d44@windshield", Sequence: 4, Start: v.Start, End: v.End, Status: export.EventConfirmed, Summary: "Ana visits Alpine", Location: "Seestrasse 1, Zürich, CH",
		Description: "Executive: Ana\nHost: Hugo\nGroup: Enterprise\nState: confirmed\nhttps://w.example/visits/7d44", URL: "https://w.example/visits/7d44"}, e)
	for state, want := range map[visit.State]export.EventStatus{visit.Proposed: export.EventTentative, visit.Published: export.EventTentative, visit.Agreed: export.EventConfirmed, visit.Held: export.EventConfirmed} {
		v.State = state
		require.Equal(t, want, f.calendarEvent(v, c, roster.Person{}, roster.Person{}).Status, "%s", state)
	}
}

func TestWhoMayTakeAPlanOut(t *testing.T) {
	for _, c := range []struct {
		a    access.Actor
		want access.Scope
		no   bool
	}{
		{a: access.Actor{PersonID: "vp", Roles: []roster.Role{roster.VP}}, want: access.Scope{All: true}},
		{a: access.Actor{PersonID: "ceo", Roles: []roster.Role{roster.CEO}}, want: access.Scope{All: true}},
		{a: access.Actor{PersonID: "ana", Roles: []roster.Role{roster.Executive}}, want: access.Scope{ExecutiveIDs: []string{"ana"}}},
		{a: access.Actor{PersonID: "asa", Roles: []roster.Role{roster.Assistant}, Serves: []string{"ana", "ben"}}, want: access.Scope{ExecutiveIDs: []string{"ana", "ben"}}},
		{a: access.Actor{PersonID: "hugo", Roles: []roster.Role{roster.Host}}, want: access.Scope{HostID: "hugo"}},
		{a: access.Actor{PersonID: "asa", Roles: []roster.Role{roster.Assistant}}, no: true},
		{a: access.Actor{PersonID: "x"}, no: true},
		{a: access.Actor{}, no: true},
	} {
		got, err := ownScope(c.a)
		if c.no {
			require.True(t, fault.Is(err, fault.Denied) || fault.Is(err, fault.Unauthenticated), "%s", c.a.PersonID)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, c.want, got)
	}
}
