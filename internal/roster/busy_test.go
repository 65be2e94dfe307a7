package roster_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/roster"
	"windshield/internal/slot"
)

func at(t testing.TB, day, wall, zone string) time.Time {
	t.Helper()
	x, err := slot.At(slot.MustDate(day), wall, zone)
	require.NoError(t, err)
	return x
}

func in(zone string) roster.ZoneOn { return func(slot.Date) string { return zone } }

func span(t testing.TB, zone, fromDay, from, toDay, to string) roster.Span {
	return roster.Span{Start: at(t, fromDay, from, zone), End: at(t, toDay, to, zone)}
}

func days(from, to string) slot.Interval {
	return slot.Interval{Start: slot.MustDate(from), End: slot.MustDate(to)}
}

func TestWhatTakesAHalfDay(t *testing.T) {
	const zone, day = "Europe/Zurich", "2027-03-04"
	on := func(from, to string) roster.Span { return span(t, zone, day, from, day, to) }
	for _, x := range []struct {
		name  string
		spans []roster.Span
		want  []string
	}{
		{"nothing", nil, nil},
		{"an hour's meeting", []roster.Span{on("09:00", "10:00")}, []string{"am"}},
		{"a meeting of exactly the least length", []roster.Span{on("15:00", "15:30")}, []string{"pm"}},
		{"a short word", []roster.Span{on("09:00", "09:25")}, nil},
		{"two short words that touch", []roster.Span{on("09:00", "09:25"), on("09:25", "09:50")}, []string{"am"}},
		{"a meeting that reaches a little into the afternoon", []roster.Span{on("11:00", "12:50")}, []string{"am"}},
		{"breakfast", []roster.Span{on("06:00", "08:00")}, nil},
		{"dinner", []roster.Span{on("18:00", "22:00")}, nil},
		{"a morning of short words", []roster.Span{on("08:00", "08:25"), on("08:30", "08:55"), on("09:00", "09:25"), on("09:30", "09:55"), on("10:00", "10:25")}, []string{"am"}},
		{"away for four hours, of which ten minutes in the afternoon", []roster.Span{on("08:40", "12:40")}, []string{"am", "pm"}},
		{"away for less", []roster.Span{on("08:41", "12:40")}, []string{"am"}},
		{"a day out of office", []roster.Span{span(t, zone, day, "00:00", "2027-03-05", "00:00")}, []string{"am", "pm"}},
		{"a week of leave", []roster.Span{span(t, zone, "2027-03-01", "00:00", "2027-03-08", "00:00")}, []string{"am", "pm"}},
		{"nothing in no time", []roster.Span{on("09:00", "09:00")}, nil},
	} {
		got, err := roster.BusyHalfDays(x.spans, days(day, day), in(zone), roster.StandardBusyRules())
		require.NoError(t, err)
		var halves []string
		for _, s := range got {
			halves = append(halves, string(s.Half))
		}
		require.Equal(t, x.want, halves, x.name)
	}
}

// The same wall time is busy on both sides of a clock change, on a leap day and at
// the edge of the year, wherever the server stands and however far the zone is.
func TestHalfDaysFollowTheWallClock(t *testing.T) {
	for _, zone := range []string{"Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Marquesas", "Asia/Kathmandu"} {
		for _, day := range []string{"2027-03-12", "2027-03-14", "2027-03-15", "2027-03-26", "2027-03-28", "2027-03-29", "2027-10-31", "2027-11-01", "2027-11-07", "2028-02-29", "2027-12-31", "2028-01-01"} {
			got, err := roster.BusyHalfDays([]roster.Span{span(t, zone, day, "17:00", day, "18:00")}, days(day, day), in(zone), roster.StandardBusyRules())
			require.NoError(t, err)
			require.Equal(t, []slot.Slot{{Date: slot.MustDate(day), Half: slot.PM}}, got, "%s %s", zone, day)
		}
	}
}

// Who travels is where the customer is: ten in the morning at home is then the
// customer's afternoon.
func TestATravellersHalfDaysAreThoseOfThePlace(t *testing.T) {
	meeting := []roster.Span{span(t, "America/New_York", "2027-03-04", "10:00", "2027-03-04", "11:00"), span(t, "America/New_York", "2027-03-05", "10:00", "2027-03-05", "11:00")}
	got, err := roster.BusyHalfDays(meeting, days("2027-03-01", "2027-03-31"), func(d slot.Date) string {
		if d == slot.MustDate("2027-03-05") {
			return "Europe/Zurich"
		}
		return "America/New_York"
	}, roster.StandardBusyRules())
	require.NoError(t, err)
	require.Equal(t, []slot.Slot{{Date: slot.MustDate("2027-03-04"), Half: slot.AM}, {Date: slot.MustDate("2027-03-05"), Half: slot.PM}}, got)
}

func TestRulesThatMakeNoDayAreRefused(t *testing.T) {
	for _, spoil := range []func(*roster.BusyRules){
		func(r *roster.BusyRules) { r.Begins = "8:00" },
		func(r *roster.BusyRules) { r.Noon = "25:00" },
		func(r *roster.BusyRules) { r.Ends = r.Noon },
		func(r *roster.BusyRules) { r.Meeting = -time.Minute },
		func(r *roster.BusyRules) { r.Away = 30 * time.Hour },
		func(r *roster.BusyRules) { r.Full = time.Second },
	} {
		r := roster.StandardBusyRules()
		spoil(&r)
		require.Error(t, r.Check())
		_, err := roster.BusyHalfDays(nil, days("2027-03-04", "2027-03-04"), in("UTC"), r)
		require.Error(t, err)
		_, err = roster.TimeShares(roster.Reading{}, nil, days("2027-03-04", "2027-03-04"), in("UTC"), func(slot.Date) bool { return true }, r)
		require.Error(t, err)
	}
	_, err := roster.BusyHalfDays(nil, days("2027-03-04", "2027-03-04"), in("Local"), roster.StandardBusyRules())
	require.Error(t, err)
}

// Own visits are no reason against themselves, but what overlaps them is still
// seen where it sticks out.
func TestOwnVisitsAreTakenOut(t *testing.T) {
	const zone, day = "Europe/Zurich", "2027-03-04"
	on := func(from, to string) roster.Span { return span(t, zone, day, from, day, to) }
	own := []roster.Span{on("09:00", "12:00")}
	for _, x := range []struct {
		name string
		busy []roster.Span
		want []roster.Span
	}{
		{"only ours", []roster.Span{on("09:00", "12:00")}, nil},
		{"merged with a meeting after it", []roster.Span{on("09:00", "13:00")}, []roster.Span{on("12:00", "13:00")}},
		{"merged with one before it", []roster.Span{on("08:00", "12:00")}, []roster.Span{on("08:00", "09:00")}},
		{"around it", []roster.Span{on("07:00", "19:00")}, []roster.Span{on("07:00", "09:00"), on("12:00", "19:00")}},
		{"in the middle of it, where nobody can see it", []roster.Span{on("09:00", "12:00"), on("10:00", "11:00")}, nil},
		{"elsewhere, ours not yet there", []roster.Span{on("14:00", "15:00")}, []roster.Span{on("14:00", "15:00")}},
	} {
		r := roster.Reading{Spans: x.busy, Own: own}
		require.Equal(t, x.want, r.Foreign(), x.name)
	}
}

func TestOnlyACalendarThatWasReadIsKnown(t *testing.T) {
	require.False(t, roster.Reading{}.Known())
	require.False(t, roster.Reading{ReadAt: time.Now(), Unknown: "notFound"}.Known())
	require.True(t, roster.Reading{ReadAt: time.Now()}.Known())
}

var somewhere = rapid.SampledFrom([]string{"UTC", "Europe/Zurich", "America/New_York", "Pacific/Apia", "Pacific/Kiritimati", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"})

// epochs are days around which something happens to clocks and calendars.
var epochs = rapid.SampledFrom([]string{"2027-03-13", "2027-03-27", "2027-04-03", "2027-10-02", "2027-10-30", "2027-11-06", "2028-02-28", "2027-12-31", "2027-06-15"})

func anyRules(t *rapid.T) roster.BusyRules {
	wall := func(name string, lo, hi int) string {
		m := rapid.IntRange(lo, hi).Draw(t, name)
		return time.Unix(int64(m)*60, 0).UTC().Format("15:04")
	}
	minutes := func(name string, hi int) time.Duration {
		return time.Duration(rapid.IntRange(0, hi).Draw(t, name)) * time.Minute
	}
	return roster.BusyRules{Begins: wall("begins", 240, 600), Noon: wall("noon", 601, 800), Ends: wall("ends", 801, 1439),
		Meeting: minutes("meeting", 90), Away: minutes("away", 400), Full: minutes("full", 240)}
}

func anySpans(t *rapid.T, from time.Time, name string) (all []roster.Span) {
	for range rapid.IntRange(0, 12).Draw(t, name) {
		start := from.Add(time.Duration(rapid.IntRange(-600, 5*1440).Draw(t, "start")) * time.Minute)
		length := rapid.OneOf(rapid.IntRange(-5, 90), rapid.IntRange(0, 3000)).Draw(t, "length")
		all = append(all, roster.Span{Start: start, End: start.Add(time.Duration(length) * time.Minute)})
	}
	return all
}

func covers(spans []roster.Span, t time.Time) bool {
	for _, s := range spans {
		if !t.Before(s.Start) && t.Before(s.End) {
			return true
		}
	}
	return false
}

// Against a reference that walks minute by minute and reads the clock on the wall.
func TestHalfDaysAsAMinuteByMinuteReferenceSeesThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		home, there := somewhere.Draw(t, "home"), somewhere.Draw(t, "there")
		first := slot.MustDate(epochs.Draw(t, "day"))
		span := slot.Interval{Start: first, End: first.Add(3)}
		abroad := first.Add(rapid.IntRange(0, 6).Draw(t, "abroad"))
		zone := func(d slot.Date) string {
			if d == abroad {
				return there
			}
			return home
		}
		rules := anyRules(t)
		spans := anySpans(t, first.Time(), "spans")
		var want []slot.Slot
		for d := span.Start; d <= span.End; d++ {
			loc, err := slot.LoadZone(zone(d))
			if err != nil {
				t.Fatal(err)
			}
			var long, taken [2]time.Duration
			away := [2]bool{}
			run, runIn := time.Duration(0), [2]time.Duration{}
			end := func() {
				for h := range 2 {
					long[h] = max(long[h], runIn[h])
					away[h] = away[h] || run > 0 && run >= rules.Away && runIn[h] > 0
				}
				run, runIn = 0, [2]time.Duration{}
			}
			for m := d.Time().Add(-26 * time.Hour); m.Before(d.Time().Add(50 * time.Hour)); m = m.Add(time.Minute) {
				wall := m.In(loc).Format("15:04")
				if slot.DateOf(m, loc) != d || wall < rules.Begins || wall >= rules.Ends {
					continue
				}
				h := 0
				if wall >= rules.Noon {
					h = 1
				}
				if !covers(spans, m) {
					end()
					continue
				}
				run, runIn[h], taken[h] = run+time.Minute, runIn[h]+time.Minute, taken[h]+time.Minute
			}
			end()
			for h, half := range []slot.Half{slot.AM, slot.PM} {
				if taken[h] > 0 && (away[h] || long[h] >= rules.Meeting || taken[h] >= rules.Full) {
					want = append(want, slot.Slot{Date: d, Half: half})
				}
			}
		}
		got, err := roster.BusyHalfDays(spans, span, zone, rules)
		if err != nil {
			t.Fatal(err)
		}
		require.Equal(t, want, got)
	})
}

// Taking out and sharing, against a reference that looks at each minute.
func TestSharesAsAMinuteByMinuteReferenceSeesThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		home := somewhere.Draw(t, "home")
		first := slot.MustDate(epochs.Draw(t, "day"))
		span := slot.Interval{Start: first, End: first.Add(3)}
		rules := anyRules(t)
		r := roster.Reading{Spans: anySpans(t, first.Time(), "busy"), Own: anySpans(t, first.Time(), "own"),
			From: first.Time().Add(time.Duration(rapid.IntRange(-48, 24).Draw(t, "from")) * time.Hour), To: first.Time().Add(time.Duration(rapid.IntRange(48, 200).Draw(t, "to")) * time.Hour)}
		visits := anySpans(t, first.Time(), "visits")
		foreign := r.Foreign()
		for m := first.Time().Add(-20 * time.Hour); m.Before(first.Time().Add(150 * time.Hour)); m = m.Add(7 * time.Minute) {
			require.Equal(t, covers(r.Spans, m) && !covers(r.Own, m), covers(foreign, m), m)
		}
		closed := first.Add(rapid.IntRange(0, 3).Draw(t, "closed"))
		works := func(d slot.Date) bool { return d != closed }
		loc, err := slot.LoadZone(home)
		if err != nil {
			t.Fatal(err)
		}
		var want []roster.TimeShare
		for d := span.Start; d <= span.End; d++ {
			if !works(d) {
				continue
			}
			day, known := roster.TimeShare{Month: slot.MakeDate(d.Year(), d.Month(), 1)}, true
			for m := d.Time().Add(-26 * time.Hour); m.Before(d.Time().Add(50 * time.Hour)); m = m.Add(time.Minute) {
				wall := m.In(loc).Format("15:04")
				if slot.DateOf(m, loc) != d || wall < rules.Begins || wall >= rules.Ends {
					continue
				}
				known = known && !m.Before(r.From) && m.Before(r.To)
				day.Work += time.Minute
				if covers(visits, m) {
					day.Visits += time.Minute
				}
				if covers(visits, m) || covers(foreign, m) {
					day.Taken += time.Minute
				}
			}
			if !known {
				continue
			}
			if n := len(want); n > 0 && want[n-1].Month == day.Month {
				want[n-1].Work, want[n-1].Taken, want[n-1].Visits = want[n-1].Work+day.Work, want[n-1].Taken+day.Taken, want[n-1].Visits+day.Visits
			} else {
				want = append(want, day)
			}
		}
		got, err := roster.TimeShares(r, visits, span, in(home), works, rules)
		if err != nil {
			t.Fatal(err)
		}
		require.Equal(t, want, got)
		for _, s := range got {
			require.GreaterOrEqual(t, s.Others(), time.Duration(0))
			require.LessOrEqual(t, s.Taken, s.Work)
		}
	})
}

// A part that is read again takes the place of what was known of it, and of nothing else.
func TestAPartOfAReadingIsReadAgain(t *testing.T) {
	const zone, day = "UTC", "2027-03-04"
	on := func(from, to string) roster.Span { return span(t, zone, day, from, day, to) }
	r := roster.Reading{From: at(t, day, "00:00", zone), To: at(t, day, "23:00", zone), ReadAt: at(t, day, "00:00", zone),
		Spans: []roster.Span{on("01:00", "05:00"), on("07:00", "12:00")}, Own: []roster.Span{on("03:00", "04:30"), on("10:00", "11:00")}}
	from, to := at(t, day, "04:00", zone), at(t, day, "08:00", zone)
	require.True(t, r.Knows(from, to))
	require.False(t, r.Knows(from, at(t, day, "23:01", zone)))
	require.False(t, roster.Reading{From: r.From, To: r.To}.Knows(from, to), "it was never read")
	got := r.Renewed(from, to, []roster.Span{on("02:00", "04:30"), on("07:30", "09:00")}, []roster.Span{on("07:30", "07:45")})
	require.Equal(t, []roster.Span{on("01:00", "04:30"), on("07:30", "12:00")}, got.Spans)
	require.Equal(t, []roster.Span{on("03:00", "04:00"), on("07:30", "07:45"), on("10:00", "11:00")}, got.Own)
	require.Equal(t, r.ReadAt, got.ReadAt)
}
