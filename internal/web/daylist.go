package web

import (
	"context"
	"strings"
	"time"

	"windshield/internal/slot"
)

// dayList is how the instants of a list are written: its head names the newest day and
// the city whose clock they are read from, so that rows name a day only where it is
// another one. The zero list is one in which nothing has happened yet.
type dayList struct {
	Day  slot.Date
	Head string // what the column's heading adds to its name
}

// dayListOf finds the newest day of a list, where its reader is; what never was does not
// count.
func dayListOf[Row any](ctx context.Context, rows []Row, at func(Row) time.Time) dayList {
	var newest time.Time
	for _, r := range rows {
		if t := at(r); t.After(newest) {
			newest = t
		}
	}
	if newest.IsZero() {
		return dayList{}
	}
	return dayList{Day: dayHere(ctx, newest), Head: momentAs(ctx, newest, "Mon 2 Jan 2006")}
}

// row writes an instant under that heading.
func (l dayList) row(ctx context.Context, t time.Time) string {
	layout := "15:04"
	switch d := dayHere(ctx, t); {
	case d == l.Day:
	case d.Year() == l.Day.Year():
		layout = "Mon 2 Jan, 15:04"
	default:
		layout = "Mon 2 Jan 2006, 15:04"
	}
	s := stamp(ctx, t.In(readerIn(ctx).location()), layout)
	if _, apart, twice := strings.Cut(momentAs(ctx, t, layout), " (UTC"); twice { // an hour that the clock shows two times
		s += " (UTC" + apart
	}
	return s
}
