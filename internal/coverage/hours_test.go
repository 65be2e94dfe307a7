package coverage

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/visit"
)

// at gives the instant of a minute of a week.
func at(minute int) time.Time {
	return time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(minute) * time.Minute)
}

func span(from, to int) Busy { return Busy{at(60 * from), at(60 * to)} }

func visitAt(from, to int) visit.Visit {
	return visit.Visit{State: visit.Held, Kind: visit.AtCustomer, WithHost: true, Start: at(60 * from), End: at(60 * to)}
}

func TestMeetingHours(t *testing.T) {
	online := visitAt(33, 34)
	online.Kind = visit.Online
	visits := []visit.Visit{visitAt(9, 12), online}
	busy := []Busy{span(9, 12), span(11, 13), span(14, 15), span(14, 15), span(33, 34), span(34, 46), span(50, 50), span(60, 55), span(190, 300)}
	h := MeetingHours(visits, busy, at(0), at(7*24*60))
	require.Equal(t, Hours{3 * time.Hour, 3 * time.Hour}, h)
	require.InDelta(t, 0.5, h.Share(), 1e-12)
	require.Equal(t, "3 hours with customers, 3 hours in other meetings.", h.Sentence())
	h = MeetingHours(visits, busy, at(11*60), at(14*60+30))
	require.Equal(t, Hours{time.Hour, 90 * time.Minute}, h, "only what lies within")
	require.Zero(t, MeetingHours(nil, nil, at(0), at(60)).Share())
	require.Empty(t, Hours{}.Sentence())
	require.Equal(t, "1 hour with customers, 0 hours in other meetings.", Hours{Customers: time.Hour}.Sentence())
}

// The sums are those of counting the minutes one by one.
func TestMeetingHoursByTheMinute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var visits []visit.Visit
		var busy []Busy
		customers, taken := map[int]bool{}, map[int]bool{}
		start, end := rapid.IntRange(0, 900).Draw(t, "start"), rapid.IntRange(600, 2000).Draw(t, "end")
		mark := func(m map[int]bool, from, to int) {
			for i := max(from, start); i < min(to, end); i++ {
				m[i] = true
			}
		}
		for range rapid.IntRange(0, 4).Draw(t, "visits") {
			from := rapid.IntRange(0, 2000).Draw(t, "from")
			to := from + rapid.IntRange(1, 200).Draw(t, "length")
			visits = append(visits, visit.Visit{State: visit.Held, Kind: visit.AtCustomer, WithHost: rapid.IntRange(0, 3).Draw(t, "host") > 0, Start: at(from), End: at(to)})
			if visits[len(visits)-1].WithHost {
				mark(customers, from, to)
			}
		}
		for range rapid.IntRange(0, 8).Draw(t, "busy") {
			from := rapid.IntRange(0, 2000).Draw(t, "from")
			to := from + rapid.IntRange(-10, 700).Draw(t, "length")
			busy = append(busy, Busy{at(from), at(to)})
			if to-from <= 600 {
				mark(taken, from, to)
			}
		}
		ourselves := 0
		for i := range taken {
			if !customers[i] {
				ourselves++
			}
		}
		want := Hours{time.Duration(len(customers)) * time.Minute, time.Duration(ourselves) * time.Minute}
		if got := MeetingHours(visits, busy, at(start), at(end)); got != want {
			t.Fatalf("%+v, by the minute %+v", got, want)
		}
	})
}
