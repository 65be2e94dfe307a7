package flow

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/slot"
)

func TestNextWave(t *testing.T) {
	some := func(n int, edit func(i int, v *LaunchVisit)) []LaunchVisit {
		out := make([]LaunchVisit, n)
		for i := range out {
			out[i] = LaunchVisit{VisitID: fmt.Sprintf("v%02d", i), Calendar: "h@x", Day: slot.Date(i), Mails: 2, State: EventWaiting}
			if edit != nil {
				edit(i, &out[i])
			}
		}
		return out
	}
	went := func(wave int, state EventState, tries int) func(i int, v *LaunchVisit) {
		return func(i int, v *LaunchVisit) {
			if i < 10 {
				v.Wave, v.State, v.Tries = wave, state, tries
			}
		}
	}
	in := func(visits []LaunchVisit, wave int, edit func(*waveInput)) waveInput {
		x := waveInput{launch: Launch{State: LaunchRunning, Wave: wave, Budget: Budget{Pilot: 10, Wave: 4, PerDay: 100, PerHour: 50}}, visits: visits,
			day: map[string]int{}, hour: map[string]int{}, troubled: map[string]bool{}}
		if edit != nil {
			edit(&x)
		}
		return x
	}
	for name, c := range map[string]struct {
		in    waveInput
		n     int
		first string
		done  bool
		pause bool
		wait  string
	}{
		"the pilot first":                                    {in(some(20, nil), 0, nil), 10, "v00", false, false, ""},
		"then the waves":                                     {in(some(20, went(1, EventApplied, 1)), 1, nil), 4, "v10", false, false, ""},
		"not before it was tried":                            {in(some(20, went(1, EventWaiting, 0)), 1, nil), 0, "", false, false, "when 10 visits on the way"},
		"a pilot that is stuck":                              {in(some(20, went(1, EventWaiting, 2)), 1, nil), 0, "", false, false, "pilot wave waits for 10 visits"},
		"a pilot that is stuck, and somebody has seen it":    {in(some(20, went(1, EventWaiting, 2)), 1, func(x *waveInput) { x.launch.Judged = 1 }), 4, "v10", false, false, ""},
		"a later wave that is stuck, and was seen":           {in(some(20, went(2, EventWaiting, 1)), 2, func(x *waveInput) { x.launch.Judged = 2 }), 4, "v10", false, false, ""},
		"seen, but the calendar is still in trouble":         {in(some(20, went(2, EventWaiting, 1)), 2, func(x *waveInput) { x.launch.Judged, x.troubled["h@x"] = 2, true }), 0, "", false, false, "wait for calendars in trouble"},
		"a pilot that was refused":                           {in(some(20, went(1, EventParked, 1)), 1, nil), 0, "", false, true, ""},
		"and somebody has seen it":                           {in(some(20, went(1, EventParked, 1)), 1, func(x *waveInput) { x.launch.Judged = 1 }), 4, "v10", false, false, ""},
		"a later wave that is stuck holds back its calendar": {in(some(20, went(2, EventWaiting, 1)), 2, nil), 0, "", false, false, "10 visits wait for calendars in trouble"},
		"but no other": {in(some(20, func(i int, v *LaunchVisit) {
			went(2, EventWaiting, 1)(i, v)
			if i == 12 {
				v.Calendar = "other@x"
			}
		}), 2, nil), 1, "v12", false, false, ""},
		"a calendar that needs somebody does not count as untried": {in(some(20, went(2, EventWaiting, 0)), 2, func(x *waveInput) { x.troubled["h@x"] = true }), 0, "", false, false, "wait for calendars in trouble"},
		"the budget of the hour":                                   {in(some(20, nil), 0, func(x *waveInput) { x.hour["h@x"] = 45 }), 2, "v00", false, false, ""},
		"the budget of the day":                                    {in(some(20, nil), 0, func(x *waveInput) { x.day["h@x"] = 100 }), 0, "", false, false, "20 visits wait for the mail budget"},
		"one goes, whatever it mails":                              {in(some(1, func(_ int, v *LaunchVisit) { v.Mails = 400 }), 0, nil), 1, "v00", false, false, ""},
		"what mails nobody needs no budget": {in(some(20, func(i int, v *LaunchVisit) {
			if i == 15 {
				v.Mails = 0
			}
		}), 0, func(x *waveInput) { x.day["h@x"] = 100 }), 1, "v15", false, false, ""},
		"all has gone":                  {in(some(10, went(1, EventApplied, 1)), 1, nil), 0, "", true, false, ""},
		"the last ones are on the way":  {in(some(10, went(1, EventWaiting, 1)), 1, nil), 0, "", false, false, ""},
		"held back, yet done by itself": {in(some(3, func(_ int, v *LaunchVisit) { v.State = EventApplied }), 1, nil), 0, "", true, false, ""},
		"a few refusals are no reason": {in(some(20, func(i int, v *LaunchVisit) {
			went(1, EventApplied, 1)(i, v)
			if i < 2 {
				v.State = EventParked
			}
		}), 1, nil), 4, "v10", false, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := nextWave(c.in)
			require.Len(t, w.visits, c.n, "%+v", w)
			if c.n > 0 {
				require.Equal(t, c.first, w.visits[0])
			}
			require.Equal(t, c.done, w.done)
			require.Equal(t, c.pause, w.pause != "")
			require.Contains(t, w.wait, c.wait)
		})
	}
}

// Whatever happens to the visits, a launch comes to its end, no organiser sends
// more than the budget in any stretch of time, nothing goes twice, and of one
// organiser nothing overtakes what is nearer.
func TestLaunchesKeepTheirBudgetAndEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := Launch{State: LaunchRunning, Budget: Budget{Pilot: rapid.IntRange(1, 10).Draw(t, "pilot"), Wave: rapid.IntRange(1, 20).Draw(t, "wave"),
			PerDay: rapid.IntRange(4, 30).Draw(t, "day"), PerHour: rapid.IntRange(4, 15).Draw(t, "hour")}}
		now := time.Date(2027, 1, 4, 9, 0, 0, 0, time.UTC)
		var all []LaunchVisit
		for i := range rapid.IntRange(0, 60).Draw(t, "visits") {
			all = append(all, LaunchVisit{VisitID: fmt.Sprintf("v%02d", i), Day: slot.Date(i), Calendar: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "calendar"),
				Mails: rapid.IntRange(0, 4).Draw(t, "mails"), State: EventWaiting})
		}
		spent := func(calendar string, span time.Duration) (n int) {
			for _, v := range all {
				if v.Calendar == calendar && v.Wave > 0 && v.Released.After(now.Add(-span)) {
					n += v.Mails
				}
			}
			return n
		}
		for round := 0; ; round++ {
			require.Less(t, round, 2000, "it does not end")
			in := waveInput{launch: l, visits: all, day: map[string]int{}, hour: map[string]int{}, troubled: map[string]bool{}}
			for _, c := range []string{"a", "b", "c"} {
				in.day[c], in.hour[c] = spent(c, 24*time.Hour), spent(c, time.Hour)
			}
			w := nextWave(in)
			if w.done {
				break
			}
			if w.pause != "" {
				l.Judged = l.Wave // somebody looks at it and goes on
				continue
			}
			if len(w.visits) > 0 {
				l.Wave++
			}
			mailing := map[string]bool{} // held back with mails, by calendar
			for i := range all {
				v := &all[i]
				if !v.held() {
					continue
				}
				if !slices.Contains(w.visits, v.VisitID) {
					mailing[v.Calendar] = mailing[v.Calendar] || v.Mails > 0
					continue
				}
				require.False(t, v.Mails > 0 && mailing[v.Calendar], "%s overtakes", v.VisitID)
				v.Wave, v.Released = l.Wave, now
			}
			for _, c := range []string{"a", "b", "c"} {
				require.LessOrEqual(t, spent(c, 24*time.Hour), l.Budget.PerDay)
				require.LessOrEqual(t, spent(c, time.Hour), l.Budget.PerHour)
				if len(w.visits) == 0 && w.wait != "" {
					if at := freeAt(all, c, l.Budget, now); !at.IsZero() {
						require.True(t, at.After(now) && !at.After(now.Add(24*time.Hour)))
					}
				}
			}
			for i := range all { // some are tried, some of them succeed
				if v := &all[i]; v.Wave > 0 && v.State == EventWaiting && rapid.IntRange(0, 3).Draw(t, "tried") > 0 {
					v.Tries++
					v.State = rapid.SampledFrom([]EventState{EventApplied, EventApplied, EventApplied, EventParked, EventConflict, EventWaiting}).Draw(t, "becomes")
				}
			}
			now = now.Add(20 * time.Minute)
		}
		for _, v := range all {
			require.True(t, v.Wave > 0 && v.State != EventWaiting)
		}
	})
}
