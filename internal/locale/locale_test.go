package locale_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/locale"
	"windshield/internal/slot"
)

func zone(t testing.TB, name string) *time.Location {
	loc, err := slot.LoadZone(name)
	require.NoError(t, err)
	return loc
}

func TestEveryLocaleHasItsStyle(t *testing.T) {
	type written struct{ day, near, full, short, hour, whole, decimals, span string }
	d := slot.MakeDate(2027, time.November, 9)
	british := written{"Tue 9 Nov 2027", "Tue 9 Nov", "Tuesday 9 November", "9 Nov 2027", "14:05", "-1,234,567", "1,234.5", "9–20 Nov"}
	american := written{"Tue, Nov 9, 2027", "Tue, Nov 9", "Tuesday, November 9", "Nov 9, 2027", "2:05 PM", "-1,234,567", "1,234.5", "Nov 9–20"}
	as := func(w written, hour, whole, decimals string) written {
		w.hour, w.whole, w.decimals = hour, whole, decimals
		return w
	}
	points := as(british, "14:05", "-1.234.567", "1.234,5")
	spaces := as(british, "14:05", "-1\u202f234\u202f567", "1\u202f234,5")
	want := map[string]written{
		"en-GB": british, "en-US": american, "en-CA": american, "en-AU": as(british, "2:05 PM", british.whole, british.decimals),
		"en-IN": as(british, "2:05 PM", "-12,34,567", "1,234.5"), "ja-JP": as(american, "14:05", american.whole, american.decimals),
		"de-DE": points, "it-IT": points, "nl-NL": points, "es-ES": points, "pt-BR": points, "fr-FR": spaces, "pl-PL": spaces, "sv-SE": spaces,
		"de-CH": as(british, "14:05", "-1’234’567", "1’234.5"),
	}
	for _, l := range locale.Locales() {
		s := locale.Of(l.Tag)
		require.Contains(t, want, l.Tag)
		require.True(t, locale.Known(l.Tag))
		require.Equal(t, want[l.Tag], written{
			s.Day(d, "Mon 2 Jan 2006"), s.Near(d, d.Add(40)), s.Day(d, "Monday 2 January"), s.Day(d, "2 Jan 2006"), s.Stamp(d.Time().Add(14*time.Hour+5*time.Minute), "15:04"),
			s.Number(-1234567), s.Digits("1234.5"), s.Span(slot.Interval{Start: d, End: d.Add(11)}),
		}, l.Tag)
	}
	require.Len(t, locale.Locales(), len(want))
	require.Equal(t, locale.Style{}, locale.Of("en-GB"), "what has no reader")
	require.Equal(t, locale.Style{}, locale.Of("tlh"))
	require.False(t, locale.Known("tlh"))
}

func TestDaysAtTheEdgeOfAYear(t *testing.T) {
	last, first := slot.MakeDate(2026, time.December, 31), slot.MakeDate(2027, time.January, 1)
	for tag, want := range map[string][4]string{
		"en-GB": {"Thu 31 Dec", "Thu 31 Dec 2026", "Fri 1 Jan 2027", "31 Dec – 1 Jan"},
		"en-US": {"Thu, Dec 31", "Thu, Dec 31, 2026", "Fri, Jan 1, 2027", "Dec 31 – Jan 1"},
	} {
		s := locale.Of(tag)
		require.Equal(t, want, [4]string{s.Near(last, last), s.Near(last, first), s.Near(first, last), s.Span(slot.Interval{Start: last, End: first})}, tag)
	}
	require.Empty(t, locale.Style{}.Near(0, first), "no date")
	at := time.Date(2027, time.January, 1, 9, 30, 0, 0, time.UTC)
	require.Equal(t, "Thu, Dec 31, 2026, 11:30 PM Honolulu", locale.Of("en-US").Moment(at, zone(t, "Pacific/Honolulu"), "Mon 2 Jan 2006, 15:04"))
	require.Equal(t, "Fri 1 Jan 2027, 22:30 Auckland", locale.Style{}.Moment(at, zone(t, "Pacific/Auckland"), "Mon 2 Jan 2006, 15:04"))
	require.Equal(t, "Fri 1 Jan 2027, 09:30 UTC", locale.Style{}.Moment(at, nil, "Mon 2 Jan 2006, 15:04"))
	require.Equal(t, "never", locale.Style{}.Moment(time.Time{}, nil, "15:04"))
}

// Every hour of the nights in which clocks change is told apart from the others, and the
// distance from UTC stands there only where it is needed.
func TestMomentsWhereClocksChange(t *testing.T) {
	for _, c := range []struct{ at, zone, shown string }{
		{"2027-03-28T00:59:00Z", "Europe/Berlin", "Sun 28 Mar, 01:59 Berlin"}, // forward: there is no half past two
		{"2027-03-28T01:00:00Z", "Europe/Berlin", "Sun 28 Mar, 03:00 Berlin"},
		{"2027-10-30T23:59:00Z", "Europe/Berlin", "Sun 31 Oct, 01:59 Berlin"}, // back: half past two comes twice
		{"2027-10-31T00:30:00Z", "Europe/Berlin", "Sun 31 Oct, 02:30 Berlin (UTC+02:00)"},
		{"2027-10-31T01:30:00Z", "Europe/Berlin", "Sun 31 Oct, 02:30 Berlin (UTC+01:00)"},
		{"2027-10-31T02:00:00Z", "Europe/Berlin", "Sun 31 Oct, 03:00 Berlin"},
		{"2027-04-03T14:30:00Z", "Pacific/Auckland", "Sun 4 Apr, 02:30 Auckland (UTC+12:00)"}, // where autumn is in April
		{"2027-04-03T13:30:00Z", "Pacific/Auckland", "Sun 4 Apr, 02:30 Auckland (UTC+13:00)"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		require.NoError(t, err)
		require.Equal(t, c.shown, locale.Style{}.Moment(at, zone(t, c.zone), "Mon 2 Jan, 15:04"), c.at)
	}
}

func TestTheBrowserSaysHowDatesAreWritten(t *testing.T) {
	for header, tag := range map[string]string{
		"": "en-GB", "en-US,en;q=0.9": "en-US", "en": "en-US", "de-AT,de;q=0.8,en;q=0.5": "de-DE", "de-CH": "de-CH", "fr": "fr-FR", "fr-CA;q=0.1, en-GB": "en-GB",
		"xx": "en-GB", "*": "en-GB", "not a language; q=": "en-GB", strings.Repeat("en-US,", 100): "en-GB", "\x00\xff": "en-GB", "en-AU": "en-AU", "es-MX": "es-ES", "zh-CN": "en-GB",
	} {
		require.Equal(t, locale.Of(tag), locale.Browser(header), "%q", header)
	}
}

// What is grouped can be read back: no digit is lost, added or moved.
func TestDigitsKeepTheNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		l := rapid.SampledFrom(locale.Locales()).Draw(t, "locale")
		written := locale.Of(l.Tag).Number(n)
		plain := strings.NewReplacer(",", "", ".", "", "’", "", "\u202f", "").Replace(written)
		if plain != strconv.FormatInt(n, 10) {
			t.Fatalf("%s writes %d as %q", l.Tag, n, written)
		}
	})
	require.Equal(t, "1 visit", locale.Style{}.Many(1, "visit"))
	require.Equal(t, "1.200 visits", locale.Of("de-DE").Many(1200, "visit"))
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 100_000: "1,00,000"} {
		require.Equal(t, want, locale.Of("en-IN").Number(n))
	}
}

func TestWhatWasKeptIsWrittenAgain(t *testing.T) {
	for kept, want := range map[string][2]string{
		"The last counting visit was on Thu 29 Feb, more than 30 days ago.":                    {"The last counting visit was on Thu, Feb 29, more than 30 days ago.", "The last counting visit was on Thu 29 Feb, more than 30 days ago."},
		"after Thu 31 Dec the next is on Fri 1 Jan 2027.":                                      {"after Thu, Dec 31 the next is on Fri, Jan 1, 2027.", "after Thu 31 Dec the next is on Fri 1 Jan 2027."},
		"travel −1,234 km, cost +12,345; 1,000 Lakes Ltd moves":                                {"travel −1,234 km, cost +12,345; 1,000 Lakes Ltd moves", "travel −1.234 km, cost +12.345; 1,000 Lakes Ltd moves"},
		"A trip of its own, 1,208 km from home.":                                               {"A trip of its own, 1,208 km from home.", "A trip of its own, 1.208 km from home."},
		"Ann asks for another day, Fri 5 Mar, morning: “Not Thu 4 Mar, 1,200 km is ”too” far”": {"Ann asks for another day, Fri, Mar 5, morning: “Not Thu 4 Mar, 1,200 km is ”too” far”", "Ann asks for another day, Fri 5 Mar, morning: “Not Thu 4 Mar, 1,200 km is ”too” far”"},
		"Tue 4 March and Wed 1 Apr 20271 are not ours":                                         {"Tue 4 March and Wed, Apr 1 20271 are not ours", "Tue 4 March and Wed 1 Apr 20271 are not ours"},
		"Sun 31 Feb and Mon 99 Jan are no days":                                                {"Sun 31 Feb and Mon 99 Jan are no days", "Sun 31 Feb and Mon 99 Jan are no days"},
	} {
		require.Equal(t, want, [2]string{locale.Of("en-US").Again(kept), locale.Of("de-DE").Again(kept)})
		require.Equal(t, kept, locale.Style{}.Again(kept))
	}
}
