package web

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/coverage"
	"windshield/internal/flow"
	"windshield/internal/slot"
)

// A gap from before the year is told apart from those that the plan can mend.
func TestTwoLongestGaps(t *testing.T) {
	year := slot.Interval{Start: slot.MakeDate(2027, 1, 1), End: slot.MakeDate(2027, 12, 31)}
	m := planModel{planView: planView{Q: url.Values{}, Here: "/plans/p"}}
	m.Plan.Horizon = year
	m.Year.LongestGap = coverage.LongestGap{Name: "Ana <b>", Days: 112, From: slot.MakeDate(2026, 9, 14), Over: true}
	m.Year.InYear = coverage.LongestGap{Name: "Ben", Days: 29, From: slot.MakeDate(2027, 3, 1)}
	shown := func() string {
		var b strings.Builder
		require.NoError(t, qualityStrip(m).Render(context.Background(), &b))
		return b.String()
	}
	require.Contains(t, shown(), `href="/plans/p?sort=gap"><b>29 d</b> Ben`)
	require.Contains(t, shown(), `href="/plans/p?sort=since">112 d inherited</a>`)
	m.Year.LongestGap.From = year.Start.Add(-1) // nobody knows of a visit before it
	require.NotContains(t, shown(), "inherited")
	rows := []flow.PlanRow{{Gap: m.Year.LongestGap, InYear: coverage.LongestGap{Days: 3}}, {Gap: coverage.LongestGap{Days: 50}, InYear: coverage.LongestGap{Days: 50}}}
	for sort, first := range map[string]int{"gap": 1, "since": 0} {
		parts, _ := planView{Q: url.Values{"sort": {sort}}}.partsOf(rows)
		require.Equal(t, first, parts[0].Rows[0], sort)
	}
}
