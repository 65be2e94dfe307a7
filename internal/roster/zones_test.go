package roster

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/slot"
)

func TestMoveTo(t *testing.T) {
	day := slot.MustDate
	p := Person{}
	p.MoveTo("America/New_York", day("2027-01-01"))
	require.Equal(t, Person{Zone: "America/New_York"}, p, "nothing was before")
	p.Version = 1
	p.MoveTo("America/New_York", day("2027-02-01"))
	require.Empty(t, p.Moves, "no move")
	p.MoveTo("Asia/Tokyo", day("2027-03-01"))
	require.Equal(t, []ZoneChange{{Zone: "America/New_York"}, {day("2027-03-01"), "Asia/Tokyo"}}, p.Moves)
	p.MoveTo("Asia/Tokyo", day("2027-03-10"))
	require.Equal(t, []ZoneChange{{Zone: "America/New_York"}, {day("2027-03-10"), "Asia/Tokyo"}}, p.Moves, "it was later")
	p.MoveTo("Asia/Tokyo", day("2027-02-20"))
	require.Equal(t, day("2027-02-20"), p.LivesSince(), "it was earlier")
	p.MoveTo("Europe/Zurich", day("2027-05-01"))
	p.MoveTo("Europe/Rome", day("2027-06-01"))
	require.Len(t, p.Moves, 4)
	p.MoveTo("Europe/Rome", day("2027-04-01"))
	require.Equal(t, []ZoneChange{{Zone: "America/New_York"}, {day("2027-02-20"), "Asia/Tokyo"}, {day("2027-04-01"), "Europe/Rome"}}, p.Moves, "what lay between is overtaken")
	p.MoveTo("Asia/Tokyo", day("2027-04-01"))
	require.Equal(t, []ZoneChange{{Zone: "America/New_York"}, {day("2027-02-20"), "Asia/Tokyo"}}, p.Moves, "there was no move")
	p.MoveTo("America/New_York", day("2027-02-01"))
	require.Empty(t, p.Moves, "there never was one")
	require.Equal(t, "America/New_York", p.Zone)
	require.Zero(t, p.LivesSince())
}

// Whatever is said in whatever order: the last word holds from its day on, the days go up,
// no zone follows itself, and what was known of the days before stays.
func TestMovesStayAHistory(t *testing.T) {
	zones := []string{"UTC", "Asia/Tokyo", "Europe/Zurich"}
	rapid.Check(t, func(t *rapid.T) {
		p := Person{Zone: "UTC", Version: 1}
		for range rapid.IntRange(1, 12).Draw(t, "moves") {
			before, moves := p.Zone, append([]ZoneChange(nil), p.Moves...)
			zone, day := rapid.SampledFrom(zones).Draw(t, "zone"), slot.MustDate("2027-01-01").Add(rapid.IntRange(0, 40).Draw(t, "day"))
			p.MoveTo(zone, day)
			require.Equal(t, zone, p.Zone)
			for i, m := range p.Moves {
				require.Equal(t, i == 0, m.Day.IsZero())
				require.True(t, i == 0 || m.Day > p.Moves[i-1].Day && m.Zone != p.Moves[i-1].Zone)
			}
			if zone != before {
				for _, m := range moves {
					if m.Day < day && len(p.Moves) > 0 {
						require.Contains(t, p.Moves, m)
					}
				}
			}
		}
	})
}
