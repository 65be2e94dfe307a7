package web

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/coverage"
	"windshield/internal/flow"
	"windshield/internal/visit"
)

// The day and the city stand in the head of a list; a row says what differs.
func TestAListSaysTheDayOnce(t *testing.T) {
	at := func(s string) time.Time {
		x, err := time.Parse(time.RFC3339, s)
		require.NoError(t, err)
		return x
	}
	same := func(x time.Time) time.Time { return x }
	ctx := readerWith(t, "America/New_York", "en-US")
	rows := []time.Time{{}, at("2027-11-07T14:05:00Z"), at("2027-11-07T03:30:00Z"), at("2026-12-31T23:30:00Z"), at("2027-11-07T06:30:00Z")}
	l := dayListOf(ctx, rows, same)
	require.Equal(t, "Sun, Nov 7, 2027 New York", l.Head)
	require.Equal(t, "9:05 AM", l.row(ctx, rows[1]))
	require.Equal(t, "Sat, Nov 6, 11:30 PM", l.row(ctx, rows[2]), "yesterday, where the reader is")
	require.Equal(t, "Thu, Dec 31, 2026, 6:30 PM", l.row(ctx, rows[3]))
	require.Equal(t, "1:30 AM (UTC-05:00)", l.row(ctx, rows[4]), "the clock shows this hour twice")
	var b strings.Builder
	require.NoError(t, dayHead("Last success", l).Render(ctx, &b))
	require.NoError(t, dayRow(rows[0], l).Render(ctx, &b))
	require.NoError(t, dayRow(rows[1], l).Render(ctx, &b))
	require.Equal(t, `<th scope="col">Last success <br><small>Sun, Nov 7, 2027 New York</small></th><td class="now">never</td><td class="now"><time datetime="2027-11-07T14:05:00Z">9:05 AM</time></td>`, b.String())
	b.Reset()
	require.NoError(t, dayHead("Since", dayListOf(ctx, []time.Time{{}}, same)).Render(ctx, &b))
	require.Equal(t, `<th scope="col">Since </th>`, b.String(), "nothing has happened yet")
}

func TestAMonthTakesTwoLinesAtMost(t *testing.T) {
	for month, head := range map[time.Month]string{time.January: "Jan <br>’07", time.September: "Sep "} {
		var b strings.Builder
		require.NoError(t, monthHead(coverage.Month{Year: 2107, Month: month}).Render(context.Background(), &b))
		require.Equal(t, `<th scope="col" class="m">`+head+`</th>`, b.String())
	}
	require.Equal(t, "September 2107", monthText(coverage.Month{Year: 2107, Month: time.September}))
}

// What stands in a field of its own is not said again, and what is said only there stays.
func TestTheStageOfACustomerStandsThereOnce(t *testing.T) {
	b := visit.UsualBuying()
	in := func(said string) []pair { return []pair{{flow.StageDimension, said}, {"region", "AMER"}} }
	require.Equal(t, []pair{{"region", "AMER"}}, besideStage(in("RESEARCH"), b, b.Stages[0]))
	require.Equal(t, []pair{{"region", "AMER"}}, besideStage(in(b.Stages[1].Name), b, b.Stages[0]))
	require.Equal(t, in("a word of theirs"), besideStage(in("a word of theirs"), b, b.Stages[0]))
	require.Equal(t, in("research"), besideStage(in("research"), b, visit.Stage{}), "the stage stands nowhere else")
}
