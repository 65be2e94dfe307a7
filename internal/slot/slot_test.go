package slot

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func anyDate(t *rapid.T, name string) Date {
	return Date(rapid.IntRange(int(MustDate("1900-01-01")), int(MustDate("2199-12-31"))).Draw(t, name))
}

func TestParseDate(t *testing.T) {
	for _, good := range []string{"2027-03-04", "2028-02-29", "1900-01-01", "2199-12-31", "2000-02-29"} {
		d, err := ParseDate(good)
		require.NoError(t, err)
		require.Equal(t, good, d.String())
	}
	for _, bad := range []string{"", "2027-02-29", "2100-02-29", "2027-13-01", "2027-00-10", "2027-04-31", "27-03-04", "2027-3-4",
		"03/04/27", "2027-03-04 ", " 2027-03-04", "2027-03-04T00:00:00Z", "1899-12-31", "2200-01-01", "+2027-03-04", "٢٠٢٧-٠٣-٠٤"} {
		_, err := ParseDate(bad)
		require.ErrorContains(t, err, "expected a date such as 2027-03-04", "%q", bad)
	}
	_, err := ParseDate("1970-01-01")
	require.Error(t, err, "the zero value means no date")
}

func TestDateJSON(t *testing.T) {
	var d Date
	require.NoError(t, json.Unmarshal([]byte(`"2028-02-29"`), &d))
	require.Equal(t, MustDate("2028-02-29"), d)
	require.NoError(t, json.Unmarshal([]byte(`null`), &d))
	require.True(t, d.IsZero())
	for _, bad := range []string{`"2027-02-29"`, `20270304`, `""`, `"null"`, `{}`} {
		require.Error(t, json.Unmarshal([]byte(bad), &d), bad)
	}
	b, err := json.Marshal(struct{ A, B Date }{MustDate("2027-03-04"), 0})
	require.NoError(t, err)
	require.JSONEq(t, `{"A":"2027-03-04","B":null}`, string(b))
}

func TestDateAgreesWithTheStandardLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := anyDate(t, "date")
		if d == 0 {
			return
		}
		u := d.Time()
		back, err := ParseDate(d.String())
		if err != nil || back != d {
			t.Fatalf("%s comes back as %s, %v", d, back, err)
		}
		y, w := d.Week()
		wy, ww := u.ISOWeek()
		if d.Weekday() != u.Weekday() || d.Year() != u.Year() || d.Month() != u.Month() || y != wy || w != ww {
			t.Fatalf("%s disagrees with time.Time", d)
		}
		m := d.Monday()
		if m.Weekday() != time.Monday || m > d || d.Sub(m) > 6 {
			t.Fatalf("Monday of %s is %s", d, m)
		}
		n := rapid.IntRange(-500, 500).Draw(t, "n")
		if d.Add(n).Sub(d) != n {
			t.Fatalf("%s + %d", d, n)
		}
	})
}

func TestISOWeekOverNewYear(t *testing.T) {
	for _, c := range []struct {
		date       string
		year, week int
		monday     string
	}{
		{"2026-12-31", 2026, 53, "2026-12-28"},
		{"2027-01-01", 2026, 53, "2026-12-28"},
		{"2027-01-03", 2026, 53, "2026-12-28"},
		{"2027-01-04", 2027, 1, "2027-01-04"},
		{"2024-12-30", 2025, 1, "2024-12-30"},
		{"2028-01-02", 2027, 52, "2027-12-27"},
		{"2028-02-29", 2028, 9, "2028-02-28"},
		{"1969-12-31", 1970, 1, "1969-12-29"},
	} {
		d := MustDate(c.date)
		y, w := d.Week()
		require.Equal(t, [2]int{c.year, c.week}, [2]int{y, w}, c.date)
		require.Equal(t, c.monday, d.Monday().String())
	}
}

// Visits stand at the same wall time before and after every clock change, and
// last three hours (invariant I16).
func TestBoundsKeepWallTimeOverClockChanges(t *testing.T) {
	for zone, changes := range map[string][]string{
		"America/New_York": {"2027-03-14", "2027-11-07"},
		"Europe/Zurich":    {"2027-03-28", "2027-10-31"},
		"Australia/Sydney": {"2027-04-04", "2027-10-03"},
		"America/Santiago": {"2027-04-03", "2027-09-04"}, // changes at midnight
		"Africa/Cairo":     {"2027-04-30", "2027-10-28"},
	} {
		loc, err := LoadZone(zone)
		require.NoError(t, err)
		for _, change := range changes {
			offsets := map[int]bool{}
			for n := -2; n <= 2; n++ {
				d := MustDate(change).Add(n)
				for half, want := range map[Half][2]string{AM: {"09:00", "12:00"}, PM: {"13:30", "16:30"}} {
					start, end, err := Slot{d, half}.Bounds(zone)
					require.NoError(t, err)
					require.Equal(t, want, [2]string{start.In(loc).Format("15:04"), end.In(loc).Format("15:04")}, "%s %s", zone, d)
					require.Equal(t, 3*time.Hour, end.Sub(start))
					require.Equal(t, d, DateOf(start, loc))
					_, offset := start.In(loc).Zone()
					offsets[offset] = true
				}
			}
			require.Len(t, offsets, 2, "%s has no clock change around %s", zone, change)
		}
	}
}

func TestBoundsInUnusualZones(t *testing.T) {
	for _, c := range []struct{ zone, start string }{
		{"Asia/Kathmandu", "2028-02-29T03:15:00Z"},     // +05:45
		{"Pacific/Kiritimati", "2028-02-28T19:00:00Z"}, // +14
		{"Pacific/Pago_Pago", "2028-02-29T20:00:00Z"},  // -11
		{"Australia/Eucla", "2028-02-29T00:15:00Z"},    // +08:45
	} {
		start, _, err := Slot{MustDate("2028-02-29"), AM}.Bounds(c.zone)
		require.NoError(t, err)
		require.Equal(t, c.start, start.Format(time.RFC3339), c.zone)
	}
}

func TestBoundsRefuses(t *testing.T) {
	for _, zone := range []string{"", "Local", "Mars/Olympus", "../etc/passwd"} {
		_, _, err := Slot{MustDate("2027-03-04"), AM}.Bounds(zone)
		require.ErrorContains(t, err, "expected an IANA time zone such as Europe/Zurich")
	}
	_, _, err := Slot{MustDate("2027-03-04"), "noon"}.Bounds("UTC")
	require.ErrorContains(t, err, `expected am or pm, found "noon"`)
}

func TestSlotComesBackFromItsInstants(t *testing.T) {
	zones := []string{"America/New_York", "Europe/Zurich", "Asia/Kathmandu", "Pacific/Kiritimati", "Australia/Lord_Howe", "America/St_Johns"}
	rapid.Check(t, func(t *rapid.T) {
		s := Slot{MustDate("2025-01-01").Add(rapid.IntRange(0, 4000).Draw(t, "day")), rapid.SampledFrom([]Half{AM, PM}).Draw(t, "half")}
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		start, end, err := s.Bounds(zone)
		if err != nil {
			t.Fatal(err)
		}
		loc, _ := LoadZone(zone)
		if FromInstant(start, loc) != s || FromInstant(end.Add(-time.Minute), loc) != s {
			t.Fatalf("%s in %s comes back as %s", s, zone, FromInstant(start, loc))
		}
	})
}

func TestSlotOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(n string) Slot {
			return Slot{MustDate("2027-01-01").Add(rapid.IntRange(0, 2).Draw(t, n)), rapid.SampledFrom([]Half{AM, PM}).Draw(t, n+"h")}
		}
		a, b := draw("a"), draw("b")
		if n := btoi(a.Before(b)) + btoi(b.Before(a)) + btoi(a == b); n != 1 {
			t.Fatalf("%s and %s: %d of <, >, = hold", a, b, n)
		}
	})
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestParseHalf(t *testing.T) {
	for _, s := range []string{"am", "pm"} {
		h, err := ParseHalf(s)
		require.NoError(t, err)
		require.Equal(t, s, string(h))
	}
	for _, s := range []string{"", "AM", "morning"} {
		_, err := ParseHalf(s)
		require.Error(t, err)
	}
}

func TestIntervals(t *testing.T) {
	i := Interval{MustDate("2028-02-28"), MustDate("2028-03-01")}
	require.Equal(t, 3, i.Days(), "a leap day counts")
	require.Equal(t, "2028-02-28 to 2028-03-01", i.String())
	require.Equal(t, 0, Interval{i.End, i.Start}.Days())
	require.True(t, In(MustDate("2028-02-29"), []Interval{{}, i}))
	require.False(t, In(MustDate("2028-03-02"), []Interval{i}))
	rapid.Check(t, func(t *rapid.T) {
		draw := func(n string) Interval {
			s := MustDate("2027-01-01").Add(rapid.IntRange(0, 20).Draw(t, n))
			return Interval{s, s.Add(rapid.IntRange(0, 10).Draw(t, n+"len"))}
		}
		a, b := draw("a"), draw("b")
		shared := false
		for d := a.Start; d <= a.End; d++ {
			shared = shared || b.Contains(d)
		}
		if a.Overlaps(b) != shared || b.Overlaps(a) != shared {
			t.Fatalf("%s and %s: overlap %v", a, b, shared)
		}
	})
}
