package slot

import (
	"slices"
	"time"
)

// WorkCalendar holds the days on which nobody visits anybody: a country's
// weekend and its public holidays.
type WorkCalendar struct {
	ID       string         // ISO 3166 country code, such as "US"
	Weekend  []time.Weekday // usually Saturday and Sunday
	Holidays []Date         // sorted
}

// Works says whether d is a working day.
func (c WorkCalendar) Works(d Date) bool {
	if slices.Contains(c.Weekend, d.Weekday()) {
		return false
	}
	_, holiday := slices.BinarySearch(c.Holidays, d)
	return !holiday
}
