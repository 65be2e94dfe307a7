package web

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/coverage"
	"windshield/internal/flow"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// The ends of the line of weeks name their years where these differ.
func TestWeeksOfTwoYearsNameThem(t *testing.T) {
	ctx := readerWith(t, "UTC", "en-US")
	weeks := func(from slot.Date, n int) (out []coverage.WeekRow) {
		for i := range n {
			out = append(out, coverage.WeekRow{Monday: from.Add(7 * i)})
		}
		return out
	}
	c := chartOf(ctx, weeks(slot.MakeDate(2025, 11, 17), 52), 6, slot.MakeDate(2026, 11, 22))
	require.Equal(t, []string{"Mon, Nov 17, 2025", "Mon, Nov 9, 2026"}, []string{c.First, c.LastLabel})
	c = chartOf(ctx, weeks(slot.MakeDate(2026, 8, 31), 12), 6, slot.MakeDate(2026, 11, 22))
	require.Equal(t, []string{"Mon, Aug 31", "Mon, Nov 9"}, []string{c.First, c.LastLabel})
}

// Under a name there is little room: the day since when somebody waits must stand in it.
func TestAGapFromBeforeTheYearIsShort(t *testing.T) {
	var m planModel
	m.Q = map[string][]string{"sort": {"since"}}
	m.Plan.Horizon = slot.Interval{Start: slot.MakeDate(2027, 1, 1), End: slot.MakeDate(2027, 12, 31)}
	row := flow.PlanRow{Gap: coverage.LongestGap{Days: 112, From: slot.MakeDate(2026, 9, 14), Over: true}}
	require.Equal(t, "▲ 112 d since Sep 14, 2026", m.line(readerWith(t, "UTC", "en-US"), row, 0, nil).About)
	row.Gap.From = slot.MakeDate(2027, 2, 1)
	require.Equal(t, "▲ longest gap 112 days", m.line(readerWith(t, "UTC", "en-US"), row, 0, nil).About)
}

// A colleague is no contact of the customers that they host.
func TestRowsOfAHostAreOfCustomers(t *testing.T) {
	found := []flow.TableRows{{Table: "customers", Rows: 15}}
	require.Equal(t, []heldTable{{"Customers", 15}}, heldIn(found, flow.Whose{PersonID: "p"}))
	require.Equal(t, []heldTable{{"The customer’s contact", 15}}, heldIn(found, flow.Whose{CustomerID: "c"}))
}

// What somebody has to decide is kept for everybody, and read as each writes dates.
func TestWhatIsToDecideIsSaidAsItsReaderWritesDates(t *testing.T) {
	ctx := readerWith(t, "UTC", "en-US")
	shown := func(c interface {
		Render(context.Context, io.Writer) error
	}) string {
		var b strings.Builder
		require.NoError(t, c.Render(ctx, &b))
		return b.String()
	}
	v := visit.Visit{ID: "v", State: visit.Published, Conflict: "It was moved to Tue 2 Feb 2027.", Asked: "Ana cannot come and asks for another day, Mon 1 Mar morning: “Fri 5 Mar is <full>”"}
	moved, asks := "It was moved to Tue, Feb 2, 2027.", "another day, Mon, Mar 1 morning: “Fri 5 Mar is &lt;full&gt;”"

	var m planModel
	m.Conflicts = []flow.PlanConflict{{PlanVisit: flow.PlanVisit{Visit: v}, Executive: "Ana"}}
	var one visitModel
	one.Visit = v
	all := conflictsModel{Rows: []flow.ConflictView{{VisitView: flow.VisitView{Visit: v}}}}
	for name, page := range map[string]string{"plan": shown(conflictsCard(m)), "visit": shown(decideCard(one)), "list": shown(conflictsPage(frame{}, all))} {
		require.Contains(t, page, moved, name)
		require.Contains(t, page, asks, name)
	}
}

// Where nothing is held there is nothing to erase; where the search was stopped nobody
// knows.
func TestNothingIsErasedWhereNothingIsHeld(t *testing.T) {
	var m eraseModel
	m.Name, m.Confirm, m.Whose = "Ana", "Ana", flow.Whose{CustomerID: "c", Name: "Ana"}
	for state, offered := range map[flow.RunState]bool{flow.Done: false, flow.Cancelled: true} {
		m.State = state
		var b strings.Builder
		require.NoError(t, erasePage(frame{}, m).Render(context.Background(), &b))
		require.Equal(t, offered, strings.Contains(b.String(), "Erase for good"), state)
		require.Equal(t, !offered, strings.Contains(b.String(), "Nothing names this person."), state)
	}
}
