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

// Visits last three hours: 09:00 to 12:00, or 13:30 to 16:30, local time of the
// customer's place. No clock change in the tz database falls into these hours.
var wall = map[Half][2]time.Duration{
	AM: {9 * time.Hour, 12 * time.Hour},
	PM: {13*time.Hour + 30*time.Minute, 16*time.Hour + 30*time.Minute},
}

// Bounds gives the instants at which the slot starts and ends in an IANA zone.
// It fails only for an unknown zone or half.
func (s Slot) Bounds(zone string) (start, end time.Time, err error) {
	loc, err := LoadZone(zone)
	if err != nil {
		return time.Time{}, time.Time{}, err
	}
	w, ok := wall[s.Half]
	if !ok {
		return time.Time{}, time.Time{}, fmt.Errorf("expected am or pm, found %q", s.Half)
	}
	y, m, d := s.Date.Time().Date()
	at := func(o time.Duration) time.Time {
		return time.Date(y, m, d, int(o/time.Hour), int(o%time.Hour/time.Minute), 0, 0, loc).UTC()
	}
	return at(w[0]), at(w[1]), nil
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
