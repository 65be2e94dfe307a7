package slot

import (
	"fmt"
	"time"
)

// Half is a half of a working day, the unit in which people are booked.
type Half string

const (
	AM Half = "am"
	PM Half = "pm"
)

// ParseHalf reads "am" or "pm".
func ParseHalf(s string) (Half, error) {
	if s == string(AM) || s == string(PM) {
		return Half(s), nil
	}
	return "", fmt.Errorf("expected am or pm, found %q", s)
}

// Slot is a half of a date. It is local to the customer's place: the instant
// follows from it and the place's zone, never the other way round, so that a
// clock change or new zone data cannot move a visit (invariant I16).
type Slot struct {
	Date Date `json:"date"`
	Half Half `json:"half"`
}

// String gives "2027-03-04 am".
func (s Slot) String() string { return s.Date.String() + " " + string(s.Half) }

// Before says whether s lies earlier than t.
func (s Slot) Before(t Slot) bool {
	return s.Date < t.Date || s.Date == t.Date && s.Half == AM && t.Half == PM
}

// Hours gives the wall times at which visits in this half of the day usually
// begin and end. No clock change in the tz database falls into these hours.
func (h Half) Hours() (begins, ends string) {
	if h == PM {
		return "13:30", "16:30"
	}
	return "09:00", "12:00"
}

// At gives the instant (UTC) at which the clock at a place shows a wall time
// such as "09:00" on a date. A time that a clock change skips is taken an hour
// later, one that it repeats the first time. It fails for a wall time or zone
// that is none.
func At(d Date, wall, zone string) (time.Time, error) {
	loc, err := LoadZone(zone)
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.ParseInLocation("2006-01-02 15:04", d.String()+" "+wall, loc)
	if err != nil {
		return time.Time{}, fmt.Errorf("expected a date and a time such as 2027-03-04 09:00, found %q", d.String()+" "+wall)
	}
	return t.UTC(), nil
}

// Bounds gives the instants at which the half-day's usual hours start and end in
// an IANA zone. It fails only for an unknown zone or half.
func (s Slot) Bounds(zone string) (start, end time.Time, err error) {
	if _, err := ParseHalf(string(s.Half)); err != nil {
		return time.Time{}, time.Time{}, err
	}
	begins, ends := s.Half.Hours()
	if start, err = At(s.Date, begins, zone); err != nil {
		return time.Time{}, time.Time{}, err
	}
	end, err = At(s.Date, ends, zone)
	return start, end, err
}

// FromInstant gives the slot in which an instant lies at a place: before 12:30
// local time it is the morning.
func FromInstant(t time.Time, zone *time.Location) Slot {
	l := t.In(zone)
	h := AM
	if l.Hour() > 12 || l.Hour() == 12 && l.Minute() >= 30 {
		h = PM
	}
	return Slot{DateOf(t, zone), h}
}
