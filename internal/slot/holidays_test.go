package slot

import (
	"bytes"
	"compress/gzip"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestCountryCalendar(t *testing.T) {
	cases := []struct {
		country string
		works   string // days that are worked
		closed  string
	}{
		{"US", "2027-07-06", "2027-07-05"}, // Independence Day falls on a Sunday
		{"US", "2027-11-26", "2027-11-25"}, // the day after Thanksgiving is no public holiday
		{"CH", "2028-02-29", "2027-01-01"},
		{"CH", "2027-05-07", "2027-05-06"}, // Ascension
		{"DE", "2027-03-30", "2027-03-29"}, // Easter Monday
		{"SA", "2027-01-03", "2027-01-01"}, // Sunday is worked, Friday is not
		{"AE", "2027-01-08", "2027-01-09"}, // Friday is worked since 2022
		{"IL", "2027-01-10", "2027-01-08"},
		{"IR", "2027-01-09", "2027-01-08"},
		{"JP", "2027-02-12", "2027-02-11"},
		{"KW", "2027-01-10", "2027-01-09"}, // holidays not known, weekend known
	}
	for _, c := range cases {
		cal, err := CountryCalendar(c.country)
		require.NoError(t, err)
		require.True(t, cal.Works(MustDate(c.works)), "%s %s", c.country, c.works)
		require.False(t, cal.Works(MustDate(c.closed)), "%s %s", c.country, c.closed)
	}
}

func TestCountryCalendarOfChosenYears(t *testing.T) {
	all, err := CountryCalendar("US")
	require.NoError(t, err)
	two, err := CountryCalendar("US", 2028, 2027, 2027)
	require.NoError(t, err)
	var want []Date
	for _, d := range all.Holidays {
		if d.Year() == 2027 || d.Year() == 2028 {
			want = append(want, d)
		}
	}
	require.Equal(t, want, two.Holidays)
	first, last, err := HolidayYears()
	require.NoError(t, err)
	require.Equal(t, []int{2025, 2035}, []int{first, last})
}

func TestCountryCalendarRefuses(t *testing.T) {
	_, err := CountryCalendar("ZZ")
	require.ErrorContains(t, err, `expected a country code such as US or CH, found "ZZ"`)
	_, err = CountryCalendar("us")
	require.Error(t, err)
	_, err = CountryCalendar("US", 2036)
	require.ErrorContains(t, err, "from 2025 to 2035")
	require.False(t, HolidaysKnown("KW"))
	require.True(t, HolidaysKnown("US"))
}

func TestHolidayTableIsWhole(t *testing.T) {
	table, err := loadHolidays()
	require.NoError(t, err)
	listed := 0
	for code, c := range table.countries {
		require.Len(t, code, 2)
		require.NotEmpty(t, c.weekend, code)
		require.True(t, slices.IsSorted(c.holidays), code)
		if !c.listed {
			require.Empty(t, c.holidays, code)
			continue
		}
		listed++
		for year := table.firstYear; year <= table.lastYear; year++ {
			require.True(t, slices.ContainsFunc(c.holidays, func(d Date) bool { return d.Year() == year }), "%s has no holiday in %d", code, year)
		}
	}
	require.Equal(t, 207, listed)
}

func TestCalendarBelongsToTheCaller(t *testing.T) {
	a, err := CountryCalendar("US")
	require.NoError(t, err)
	a.Holidays[0], a.Weekend[0] = 0, time.Monday
	b, err := CountryCalendar("US")
	require.NoError(t, err)
	require.NotEqual(t, a.Holidays[0], b.Holidays[0])
	require.Equal(t, time.Saturday, b.Weekend[0])
}

func TestDamagedHolidayTable(t *testing.T) {
	pack := func(s string) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write([]byte(s))
		w.Close()
		return b.Bytes()
	}
	for _, data := range [][]byte{nil, []byte("junk"), pack("{"), pack(`{"countries":{"US":{"weekend":["saturday"]}}}`)} {
		_, err := parseHolidays(data)
		require.ErrorContains(t, err, "damaged")
	}
}

func TestWeekdayNames(t *testing.T) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		got, err := ParseWeekday(WeekdayName(d))
		require.NoError(t, err)
		require.Equal(t, d, got)
	}
}

func TestWorksAgreesWithItsParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		country := rapid.SampledFrom([]string{"US", "CH", "SA", "IR", "BN", "NP", "IN"}).Draw(t, "country")
		d := MakeDate(2025, 1, 1).Add(rapid.IntRange(0, 4016).Draw(t, "day"))
		cal, err := CountryCalendar(country, d.Year())
		if err != nil {
			t.Fatal(err)
		}
		want := !slices.Contains(cal.Weekend, d.Weekday()) && !slices.Contains(cal.Holidays, d)
		if cal.Works(d) != want {
			t.Fatalf("%s %s: Works says %v", country, d, cal.Works(d))
		}
	})
}
