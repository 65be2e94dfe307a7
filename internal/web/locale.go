package web

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"windshield/internal/auth"
	"windshield/internal/locale"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// reader is for whom a page is written. The zero reader is nobody in particular, for
// whom instants are in UTC.
type reader struct {
	zone *time.Location // nil: UTC
	locale.Style
}

type readerKey struct{}

// withReader says in a context who reads what is written with it.
func withReader(parent context.Context, r reader) context.Context {
	return context.WithValue(parent, readerKey{}, r)
}

func readerIn(ctx context.Context) reader {
	r, _ := ctx.Value(readerKey{}).(reader)
	return r
}

// readerOf gives the reader of a request: a person's own choice stands before that of
// the browser.
func readerOf(c echo.Context) reader {
	if r, ok := c.Get("reader").(reader); ok {
		return r
	}
	a, r := auth.Actor(c), reader{}
	if a.Zone != "" {
		if loc, err := slot.LoadZone(a.Zone); err == nil {
			r.zone = loc
		}
	}
	if r.Style = locale.Of(a.Locale); !locale.Known(a.Locale) {
		r.Style = locale.Browser(c.Request().Header.Get("Accept-Language"))
	}
	c.Set("reader", r)
	return r
}

func (r reader) location() *time.Location {
	if r.zone == nil {
		return time.UTC
	}
	return r.zone
}

// stamp writes a time as the reader does, by a layout such as "Mon 2 Jan, 15:04".
func stamp(ctx context.Context, t time.Time, layout string) string {
	return readerIn(ctx).Stamp(t, layout)
}

// momentText writes an instant in the reader's zone, which is named; no instant is
// "never". Pages show moment, which also tells programs which instant it is.
func momentText(ctx context.Context, t time.Time) string {
	return momentAs(ctx, t, "Mon 2 Jan 2006, 15:04")
}

func momentAs(ctx context.Context, t time.Time, layout string) string {
	r := readerIn(ctx)
	return r.Moment(t, r.zone, layout)
}

// again writes a sentence that was kept for everybody as the reader writes dates and numbers.
func again(ctx context.Context, kept string) string { return readerIn(ctx).Again(kept) }

// dayHere gives the day on which an instant falls where the reader is.
func dayHere(ctx context.Context, t time.Time) slot.Date {
	return slot.DateOf(t, readerIn(ctx).location())
}

// wall writes a time of day that is given as 15:04; what is none stays as it is.
func wall(ctx context.Context, hhmm string) string {
	t, err := time.Parse("15:04", hhmm)
	if err != nil {
		return hhmm
	}
	return stamp(ctx, t, "15:04")
}

// num groups the digits of a number: 84,000.
func num[T ~int | ~int64 | ~uint64](ctx context.Context, n T) string {
	return readerIn(ctx).Digits(fmt.Sprintf("%d", n))
}

// fixed writes a number with so many decimals.
func fixed(ctx context.Context, x float64, decimals int) string {
	return readerIn(ctx).Digits(plainFixed(x, decimals))
}

// plainFixed is fixed for programs and form fields; -1 decimals are as many as it takes.
func plainFixed(x float64, decimals int) string { return strconv.FormatFloat(x, 'f', decimals, 64) }

// percent writes a share without needless digits: 84 %, 2.1 %, 0.04 %.
func percent(ctx context.Context, x float64) string {
	p := x * 100
	switch {
	case p == 0 || p >= 9.95:
		return fixed(ctx, math.Round(p), 0) + " %"
	case p >= 0.95:
		return readerIn(ctx).Digits(strings.TrimSuffix(plainFixed(p, 1), ".0")) + " %"
	case p >= 0.01:
		return fixed(ctx, p, 2) + " %"
	}
	return "under " + fixed(ctx, 0.01, 2) + " %"
}

// few says "3 of 10" where a percentage would feign precision.
func few(ctx context.Context, part, whole int) string {
	return num(ctx, part) + " of " + num(ctx, whole)
}

// count writes a number with its noun: 1 visit, 12 visits.
func count(ctx context.Context, n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return num(ctx, n) + " " + many
}

// day writes a date in full, "Thu 19 Nov 2027"; no date is a dash.
func day(ctx context.Context, d slot.Date) string {
	if d.IsZero() {
		return "–"
	}
	return stamp(ctx, d.Time(), "Mon 2 Jan 2006")
}

// dayShort leaves the year out where it is clear.
func dayShort(ctx context.Context, d slot.Date) string {
	if d.IsZero() {
		return "–"
	}
	return stamp(ctx, d.Time(), "Mon 2 Jan")
}

// hours writes the local time of a visit with the zone of its place. The zone
// is named: an abbreviation such as CST means three different things.
func hours(ctx context.Context, v visit.Visit) string {
	loc, err := slot.LoadZone(v.Zone)
	if err != nil || v.Start.IsZero() {
		return halfDay(v.Slot.Half)
	}
	return stamp(ctx, v.Start.In(loc), "15:04") + "–" + stamp(ctx, v.End.In(loc), "15:04") + ", " + zone(v.Zone)
}

// hoursHere is hours with those of the reader beside them, where the clock shows others:
// "10:00–12:00, Tokyo time · Wed 18 Nov, 20:00–22:00 your time".
func hoursHere(ctx context.Context, v visit.Visit) string {
	s, r := hours(ctx, v), readerIn(ctx)
	loc, err := slot.LoadZone(v.Zone)
	if err != nil || v.Start.IsZero() || r.zone == nil {
		return s
	}
	start, end := v.Start.In(r.zone), v.End.In(r.zone)
	if stamp(ctx, start, time.DateTime) == stamp(ctx, v.Start.In(loc), time.DateTime) && stamp(ctx, end, time.DateTime) == stamp(ctx, v.End.In(loc), time.DateTime) {
		return s
	}
	layout := "15:04"
	if slot.DateOf(v.Start, r.zone) != slot.DateOf(v.Start, loc) {
		layout = "Mon 2 Jan, 15:04"
	}
	whose := " your time"
	if r.zone.String() == "UTC" { // in which nobody lives: nobody has said where they do
		whose = " UTC"
	}
	return s + " · " + stamp(ctx, start, layout) + "–" + stamp(ctx, end, "15:04") + whose
}

// localeSample shows what somebody chooses.
func localeSample(tag string) string {
	s, afternoon := locale.Of(tag), time.Date(2027, time.November, 19, 14, 5, 0, 0, time.UTC)
	return s.Stamp(afternoon, "Mon 2 Jan, 15:04") + ", " + s.Digits("1234.5")
}
