package web

import (
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/coverage"
	"windshield/internal/flow"
	"windshield/internal/slot"
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
