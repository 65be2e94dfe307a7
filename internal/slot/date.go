// Package slot holds dates, half-days, working calendars, holidays and time
// zones. It has no clock: whoever needs "today" receives it as an argument.
package slot

import (
	"fmt"
	"time"
)

// Date is a civil date, counted in days since 1970-01-01. The zero value means
// "no date"; it prints as "" and is null in JSON. Dates from 1900-01-01 to
// 2199-12-31 can be parsed, 1970-01-01 itself cannot.
type Date int32

// MakeDate gives the date of a year, month and day; it normalises as time.Date does.
func MakeDate(year int, month time.Month, day int) Date {
	return Date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// DateOf gives the civil date of an instant in a zone.
func DateOf(t time.Time, zone *time.Location) Date {
	y, m, d := t.In(zone).Date()
	return MakeDate(y, m, d)
}

// ParseDate reads YYYY-MM-DD. The error names the value and what was expected.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse("2006-01-02", s)
	if err != nil || t.Year() < 1900 || t.Year() > 2199 || len(s) != 10 {
		return 0, fmt.Errorf("expected a date such as 2027-03-04, found %q", s)
	}
	d := MakeDate(t.Date())
	if d == 0 {
		return 0, fmt.Errorf("expected a date of this century, found %q", s)
	}
	return d, nil
}

// MustDate is ParseDate for constants in tests and tables; it panics on bad input.
func MustDate(s string) Date {
	d, err := ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// Time gives midnight UTC of the date. Use it for formatting only, never as an instant.
func (d Date) Time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// IsZero says whether d means "no date".
func (d Date) IsZero() bool { return d == 0 }

// Add gives the date n days later (earlier where n is negative).
func (d Date) Add(n int) Date { return d + Date(n) }

// Sub gives the number of days from e to d.
func (d Date) Sub(e Date) int { return int(d) - int(e) }

// Weekday gives the day of the week.
func (d Date) Weekday() time.Weekday { return time.Weekday(((int(d)+4)%7 + 7) % 7) }

// Week gives the ISO year and week.
func (d Date) Week() (year, week int) { return d.Time().ISOWeek() }

// Monday gives the first day of the date's ISO week.
func (d Date) Monday() Date { return d.Add(-((int(d.Weekday()) + 6) % 7)) }

// Year gives the calendar year.
func (d Date) Year() int { return d.Time().Year() }

// Month gives the calendar month.
func (d Date) Month() time.Month { return d.Time().Month() }

// String gives YYYY-MM-DD, or "" for no date.
func (d Date) String() string {
	if d == 0 {
		return ""
	}
	return d.Time().Format("2006-01-02")
}

// MarshalJSON writes "YYYY-MM-DD", or null for no date.
func (d Date) MarshalJSON() ([]byte, error) {
	if d == 0 {
		return []byte("null"), nil
	}
	return []byte(`"` + d.String() + `"`), nil
}

// UnmarshalJSON reads "YYYY-MM-DD" or null.
func (d *Date) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*d = 0
		return nil
	}
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return fmt.Errorf("expected a date such as \"2027-03-04\", found %s", b)
	}
	v, err := ParseDate(string(b[1 : len(b)-1]))
	if err != nil {
		return err
	}
	*d = v
	return nil
}

// Interval is a span of dates; both ends belong to it.
type Interval struct {
	Start Date `json:"start"`
	End   Date `json:"end"`
}

// Contains says whether d lies in the interval.
func (i Interval) Contains(d Date) bool { return i.Start <= d && d <= i.End }

// Overlaps says whether the two intervals share a day.
func (i Interval) Overlaps(j Interval) bool { return i.Start <= j.End && j.Start <= i.End }

// Days gives the number of days in the interval, 0 where it is empty.
func (i Interval) Days() int {
	if i.End < i.Start {
		return 0
	}
	return i.End.Sub(i.Start) + 1
}

// String gives "2027-03-01 to 2027-03-31".
func (i Interval) String() string { return i.Start.String() + " to " + i.End.String() }

// In says whether any of the intervals contains d.
func In(d Date, intervals []Interval) bool {
	for _, i := range intervals {
		if i.Contains(d) {
			return true
		}
	}
	return false
}
