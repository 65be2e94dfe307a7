package slot

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// The folder holds a placeholder until `make build` has made the table, so that
// the package compiles on a fresh clone.
//
//go:embed all:data
var holidayData embed.FS

// holidayTable is immutable once parsed, and the same in every process.
type holidayTable struct {
	firstYear, lastYear int
	countries           map[string]countryDays
}

type countryDays struct {
	weekend  []time.Weekday
	holidays []Date // sorted
	listed   bool   // false: we know the weekend only
}

var loadHolidays = sync.OnceValues(func() (*holidayTable, error) {
	packed, err := holidayData.ReadFile("data/holidays.json.gz")
	if err != nil {
		return nil, errors.New("the table of public holidays is missing from this build: run make build")
	}
	return parseHolidays(packed)
})

func parseHolidays(packed []byte) (*holidayTable, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("the table of public holidays is damaged: run make build: %w", err)
	}
	var raw struct {
		FirstYear int `json:"first_year"`
		LastYear  int `json:"last_year"`
		Countries map[string]struct {
			Weekend  []string `json:"weekend"`
			Holidays []Date   `json:"holidays"`
			Listed   bool     `json:"listed"`
		} `json:"countries"`
	}
	if err := json.NewDecoder(r).Decode(&raw); err != nil {
		return nil, fmt.Errorf("the table of public holidays is damaged: run make build: %w", err)
	}
	t := &holidayTable{raw.FirstYear, raw.LastYear, make(map[string]countryDays, len(raw.Countries))}
	for code, c := range raw.Countries {
		days := countryDays{holidays: c.Holidays, listed: c.Listed}
		for _, name := range c.Weekend {
			day, err := ParseWeekday(name)
			if err != nil {
				return nil, fmt.Errorf("the table of public holidays is damaged: %s: %w", code, err)
			}
			days.weekend = append(days.weekend, day)
		}
		t.countries[code] = days
	}
	return t, nil
}

var weekdayNames = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// ParseWeekday reads "mon" to "sun", as planning problems spell them.
func ParseWeekday(s string) (time.Weekday, error) {
	if i := slices.Index(weekdayNames[:], s); i >= 0 {
		return time.Weekday(i), nil
	}
	return 0, fmt.Errorf("expected one of mon, tue, wed, thu, fri, sat, sun, found %q", s)
}

// WeekdayName is the inverse of ParseWeekday.
func WeekdayName(d time.Weekday) string { return weekdayNames[d] }

// CountryCalendar gives the working calendar of a country (ISO 3166 alpha-2,
// upper case) with the public holidays of the given years, or of every year
// known where none is given. For a country whose holidays we do not know (see
// HolidaysKnown) it holds the weekend only. It fails for an unknown country, a
// year outside HolidayYears, and a build without the table. The caller owns the
// result; whoever needs it often should keep it.
func CountryCalendar(country string, years ...int) (WorkCalendar, error) {
	t, err := loadHolidays()
	if err != nil {
		return WorkCalendar{}, err
	}
	c, ok := t.countries[country]
	if !ok {
		return WorkCalendar{}, fmt.Errorf("expected a country code such as US or CH, found %q", country)
	}
	cal := WorkCalendar{ID: country, Weekend: slices.Clone(c.weekend)}
	if len(years) == 0 {
		cal.Holidays = slices.Clone(c.holidays)
		return cal, nil
	}
	sorted := slices.Clone(years)
	slices.Sort(sorted)
	for _, year := range slices.Compact(sorted) {
		if year < t.firstYear || year > t.lastYear {
			return WorkCalendar{}, fmt.Errorf("expected a year from %d to %d, for which public holidays are known, found %d", t.firstYear, t.lastYear, year)
		}
		from, _ := slices.BinarySearch(c.holidays, MakeDate(year, time.January, 1))
		to, _ := slices.BinarySearch(c.holidays, MakeDate(year+1, time.January, 1))
		cal.Holidays = append(cal.Holidays, c.holidays[from:to]...)
	}
	return cal, nil
}

// HolidaysKnown says whether the public holidays of a country are known; where
// they are not, its calendar has weekends only and people should be told.
func HolidaysKnown(country string) bool {
	t, err := loadHolidays()
	return err == nil && t.countries[country].listed
}

// HolidayYears gives the first and the last year for which holidays are known.
func HolidayYears() (first, last int, err error) {
	t, err := loadHolidays()
	if err != nil {
		return 0, 0, err
	}
	return t.firstYear, t.lastYear, nil
}
