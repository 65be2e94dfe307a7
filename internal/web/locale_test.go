package web

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/alert"
	"windshield/internal/coverage"
	"windshield/internal/flow"
	"windshield/internal/locale"
	"windshield/internal/sampling"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

func readerWith(t testing.TB, zone, tag string) context.Context {
	loc, err := slot.LoadZone(zone)
	require.NoError(t, err)
	require.True(t, locale.Known(tag), tag)
	return withReader(context.Background(), reader{zone: loc, Style: locale.Of(tag)})
}

func TestAMomentIsShownWhereTheReaderIs(t *testing.T) {
	for _, c := range []struct{ at, zone, tag, shown string }{
		{"2026-11-23T10:00:00Z", "UTC", "en-GB", "Mon 23 Nov 2026, 10:00 UTC"},
		{"2026-11-23T10:00:00Z", "America/New_York", "en-US", "Mon, Nov 23, 2026, 5:00 AM New York"},
		{"2026-11-23T00:05:00Z", "Europe/Berlin", "de-DE", "Mon 23 Nov 2026, 01:05 Berlin"},
		{"2026-11-23T12:05:00Z", "Asia/Kolkata", "en-IN", "Mon 23 Nov 2026, 5:35 PM Kolkata"},
		// The clock goes forward: there is no half past two.
		{"2027-03-14T06:59:00Z", "America/New_York", "en-GB", "Sun 14 Mar 2027, 01:59 New York"},
		{"2027-03-14T07:00:00Z", "America/New_York", "en-GB", "Sun 14 Mar 2027, 03:00 New York"},
		// It goes back: half past one comes twice.
		{"2027-11-07T04:59:00Z", "America/New_York", "en-GB", "Sun 7 Nov 2027, 00:59 New York"},
		{"2027-11-07T05:30:00Z", "America/New_York", "en-GB", "Sun 7 Nov 2027, 01:30 New York (UTC-04:00)"},
		{"2027-11-07T06:30:00Z", "America/New_York", "en-US", "Sun, Nov 7, 2027, 1:30 AM New York (UTC-05:00)"},
		{"2027-11-07T07:00:00Z", "America/New_York", "en-GB", "Sun 7 Nov 2027, 02:00 New York"},
		{"2027-10-31T00:30:00Z", "Europe/Zurich", "de-CH", "Sun 31 Oct 2027, 02:30 Zurich (UTC+02:00)"},
		{"2027-04-03T14:45:00Z", "Australia/Lord_Howe", "en-GB", "Sun 4 Apr 2027, 01:45 Lord Howe (UTC+11:00)"},
		{"2027-04-03T15:29:00Z", "Australia/Lord_Howe", "en-GB", "Sun 4 Apr 2027, 01:59 Lord Howe (UTC+10:30)"},
		// Far away, on a leap day and at the edge of a year.
		{"2028-02-28T10:30:00Z", "Pacific/Kiritimati", "en-US", "Tue, Feb 29, 2028, 12:30 AM Kiritimati"},
		{"2028-03-01T10:59:00Z", "Pacific/Pago_Pago", "en-GB", "Tue 29 Feb 2028, 23:59 Pago Pago"},
		{"2026-12-31T23:30:00Z", "Asia/Tokyo", "ja-JP", "Fri, Jan 1, 2027, 08:30 Tokyo"},
		{"2027-01-01T02:59:00Z", "America/Argentina/Buenos_Aires", "es-ES", "Thu 31 Dec 2026, 23:59 Buenos Aires"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		require.NoError(t, err)
		ctx := readerWith(t, c.zone, c.tag)
		require.Equal(t, c.shown, momentText(ctx, at), c.at)
		var b strings.Builder
		require.NoError(t, moment(at.In(time.Local)).Render(ctx, &b))
		require.Equal(t, ` <time datetime="`+c.at+`">`+c.shown+`</time>`, b.String())
	}
	require.Equal(t, "never", momentText(context.Background(), time.Time{}))
	require.Equal(t, "Mon 23 Nov 2026, 10:00 UTC", momentText(context.Background(), time.Date(2026, time.November, 23, 10, 0, 0, 0, time.UTC)), "where nobody reads")
}

// The day of what was done is that of the reader’s calendar, as the moment beside it.
func TestTheDayOfAMomentIsThatOfTheReader(t *testing.T) {
	at := time.Date(2027, time.November, 19, 23, 30, 0, 0, time.UTC)
	told := []flow.ToldRung{{Rung: alert.ToVP, At: at}}
	overdue := coverage.PersonRow{Running: true, Overdue: true}
	for zone, on := range map[string]string{"UTC": "19 Nov", "Asia/Tokyo": "20 Nov", "America/New_York": "19 Nov"} {
		ctx := readerWith(t, zone, "en-GB")
		require.Contains(t, reached(ctx, told), on+".", zone)
		require.Contains(t, breachText(ctx, overdue, flow.OpenAlert{Rungs: told}, slot.MakeDate(2027, time.November, 20)), on, zone)
		require.Equal(t, "Accepted on "+on, yearText(ctx, flow.YearState{Standing: flow.YearAccepted, At: at}), zone)
	}
	require.Contains(t, reached(readerWith(t, "America/New_York", "en-US"), []flow.ToldRung{{Rung: alert.ToVP, At: time.Date(2027, time.November, 20, 2, 0, 0, 0, time.UTC)}}), "Fri, Nov 19")
}

func TestAnAgendaIsReadAsTheReaderReadsTheClock(t *testing.T) {
	var b strings.Builder
	require.NoError(t, agendaList([]visit.AgendaItem{{At: "14:05", What: "Figures"}}).Render(readerWith(t, "UTC", "en-US"), &b))
	require.Contains(t, b.String(), ">2:05 PM</b>")
}

// What a form proposes is what was drawn before, and what it takes is what was meant.
func TestNumbersOfFormsKeepTheirValue(t *testing.T) {
	earlier := flow.Selection{Design: sampling.Design{Alpha: 0.125, Q: 0.75, Dimensions: []sampling.Dimension{{Name: "region"}}}}
	form := designModel{FrameView: flow.FrameView{Earlier: []flow.Selection{earlier}}}.proposal()
	require.Equal(t, []string{"0.125", "0.75"}, []string{form.Get("alpha"), form.Get("q")})
	for typed, millions := range map[string][]int64{"1000 20000": {1000, 20000}, "2.5, 10": {2, 10}, "0.5": {0}, "1.000 20.000": nil, "1.000.000": nil, "1,000": nil} {
		cuts, bad := cutsOf(typed)
		for i := range cuts {
			cuts[i] /= 1_000_000
		}
		require.Equal(t, millions, cuts, typed)
		require.Equal(t, millions == nil, len(bad) == 1, typed)
	}
}

// Whatever the zone: two instants that look the same are less than a minute apart.
func TestAMomentIsOneInstant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom([]string{"America/New_York", "Europe/London", "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca", "Asia/Tehran", "Antarctica/Troll"}).Draw(t, "zone")
		loc, _ := slot.LoadZone(zone)
		ctx := withReader(context.Background(), reader{zone: loc})
		at := time.Unix(rapid.Int64Range(1_700_000_000, 1_950_000_000).Draw(t, "at"), 0)
		start, end := at.In(loc).ZoneBounds()
		if rapid.Bool().Draw(t, "at the change") && !end.IsZero() {
			at = end.Add(time.Duration(rapid.IntRange(-150, 150).Draw(t, "minutes")) * time.Minute)
		}
		for _, d := range []time.Duration{time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour} {
			if momentText(ctx, at) == momentText(ctx, at.Add(d)) {
				t.Fatalf("%s and %v later look the same: %s (bounds %v %v)", at.UTC(), d, momentText(ctx, at), start, end)
			}
		}
	})
}

func TestNumbersAndDatesAsTheReaderWritesThem(t *testing.T) {
	type written struct{ day, short, hour, whole, decimals, share string }
	d := slot.MakeDate(2027, time.November, 19)
	for tag, want := range map[string]written{
		"en-GB": {"Fri 19 Nov 2027", "Fri 19 Nov", "14:05", "-1,234,567", "1,234.5", "2.1 %"},
		"en-US": {"Fri, Nov 19, 2027", "Fri, Nov 19", "2:05 PM", "-1,234,567", "1,234.5", "2.1 %"},
		"en-IN": {"Fri 19 Nov 2027", "Fri 19 Nov", "2:05 PM", "-12,34,567", "1,234.5", "2.1 %"},
		"de-DE": {"Fri 19 Nov 2027", "Fri 19 Nov", "14:05", "-1.234.567", "1.234,5", "2,1 %"},
		"de-CH": {"Fri 19 Nov 2027", "Fri 19 Nov", "14:05", "-1’234’567", "1’234.5", "2.1 %"},
		"fr-FR": {"Fri 19 Nov 2027", "Fri 19 Nov", "14:05", "-1\u202f234\u202f567", "1\u202f234,5", "2,1 %"},
	} {
		ctx := readerWith(t, "UTC", tag)
		require.Equal(t, want, written{day(ctx, d), dayShort(ctx, d), wall(ctx, "14:05"), num(ctx, -1234567), fixed(ctx, 1234.5, 1), percent(ctx, 0.021)}, tag)
	}
	us := readerWith(t, "UTC", "en-US")
	require.Equal(t, "November 19, 2027", stamp(us, d.Time(), "2 January 2006"))
	require.Equal(t, "Feb 28 – Mar 12", spanShort(us, slot.Interval{Start: slot.MakeDate(2027, 2, 28), End: slot.MakeDate(2027, 3, 12)}))
	require.Equal(t, "Mar 3–20", spanShort(us, slot.Interval{Start: slot.MakeDate(2027, 3, 3), End: slot.MakeDate(2027, 3, 20)}))
	require.Equal(t, "morning", wall(us, "morning"))
	for _, few := range []int{0, 1, 999, 1000, 100_000} {
		require.Equal(t, map[int]string{0: "0", 1: "1", 999: "999", 1000: "1,000", 100_000: "1,00,000"}[few], num(readerWith(t, "UTC", "en-IN"), few))
	}
	require.Equal(t, "under 0,01 %", percent(readerWith(t, "UTC", "de-DE"), 0.00001))
}

func TestTheReadersHourStandsBesideThatOfThePlace(t *testing.T) {
	v := visit.Visit{Zone: "Asia/Tokyo", Slot: slot.Slot{Date: slot.MakeDate(2027, 11, 19), Half: slot.AM},
		Start: time.Date(2027, 11, 19, 1, 0, 0, 0, time.UTC), End: time.Date(2027, 11, 19, 3, 0, 0, 0, time.UTC)}
	for zone, want := range map[string]string{
		"Europe/Zurich":    "10:00–12:00, Tokyo time · 02:00–04:00 your time",
		"America/New_York": "10:00–12:00, Tokyo time · Thu 18 Nov, 20:00–22:00 your time",
		"UTC":              "10:00–12:00, Tokyo time · 01:00–03:00 UTC", // who has been admitted and has not said where they live
		"Asia/Tokyo":       "10:00–12:00, Tokyo time",
		"Asia/Seoul":       "10:00–12:00, Tokyo time", // another zone with the same clock
	} {
		require.Equal(t, want, hoursHere(readerWith(t, zone, "en-GB"), v), zone)
	}
	require.Equal(t, "10:00 AM–12:00 PM, Tokyo time · 2:00 AM–4:00 AM your time", hoursHere(readerWith(t, "Europe/Zurich", "en-US"), v))
	require.Equal(t, "10:00–12:00, Tokyo time", hoursHere(context.Background(), v), "a customer without an account")
	v.Start = time.Time{}
	require.Equal(t, "morning", hoursHere(readerWith(t, "Europe/Zurich", "en-GB"), v))
}
