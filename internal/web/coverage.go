package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/coverage"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/slot"
)

// periods are the choices of the coverage page, by their name in the address.
var periods = []struct {
	code, text string
	of         func(today slot.Date) slot.Interval
}{
	{"12m", "Last 12 months", func(slot.Date) slot.Interval { return slot.Interval{} }},
	{"90d", "Last 90 days", func(t slot.Date) slot.Interval { return slot.Interval{Start: t.Add(-89), End: t} }},
	{"year", "This year", func(t slot.Date) slot.Interval {
		return slot.Interval{Start: slot.MakeDate(t.Year(), time.January, 1), End: t}
	}},
	{"last-year", "Last year", func(t slot.Date) slot.Interval {
		return slot.Interval{Start: slot.MakeDate(t.Year()-1, time.January, 1), End: slot.MakeDate(t.Year()-1, time.December, 31)}
	}},
}

type coverageModel struct {
	flow.CoverageView
	Period string // code
	Groups []groupLine
	Top    int // most visits of a person in a month
	Chart  chart
	// MaySet says whether the reader says when alerts climb.
	MaySet bool
}

type groupLine struct {
	coverage.GroupRow
	Colour           int
	CustomerW, TellW int // widths of the paired bars, of 1000
}

func (p *Pages) coverage(c echo.Context) error {
	code := c.QueryParam("period")
	if code == "" {
		code = "12m"
	}
	var period slot.Interval
	known := false
	for _, x := range periods {
		if x.code == code {
			period, known = x.of(slot.DateOf(p.Now(), time.UTC)), true
		}
	}
	if !known {
		return fault.Invalidf("This period is not known.").With(fault.Detail{Where: "period", Value: fault.Short(code), Expected: "12m, 90d, year or last-year"})
	}
	v, err := p.Flow.Coverage(ctx(c), auth.Actor(c), period)
	if err != nil {
		return err
	}
	m := coverageModel{CoverageView: v, Period: code, Chart: chartOf(v.Report.Weeks), MaySet: access.Decide(auth.Actor(c), access.SetLadder, access.Subject{}).Allowed}
	colours := map[string]int{}
	for _, g := range v.Groups {
		colours[g.Code] = g.Colour
	}
	widest := 0.0
	for _, g := range v.Report.Groups {
		widest = max(widest, g.CustomerShare, g.VisitShare)
	}
	for _, g := range v.Report.Groups {
		l := groupLine{GroupRow: g, Colour: colours[g.Code]}
		if widest > 0 {
			l.CustomerW, l.TellW = int(1000*g.CustomerShare/widest), int(1000*g.VisitShare/widest)
		}
		m.Groups = append(m.Groups, l)
	}
	for _, r := range v.Report.People {
		for _, n := range r.Months {
			m.Top = max(m.Top, n)
		}
	}
	f := p.frame(c, "Coverage")
	if !v.Report.AsOf.IsZero() {
		f.AsOf = v.Report.AsOf
	}
	return p.show(c, http.StatusOK, coveragePage(f, m))
}

// chart is a line of one number per week, drawn into 640 × 160 units.
type chart struct {
	Points           string
	LastX, LastY     int
	Last             int
	Max              int
	First, LastLabel string
}

const chartW, chartH, chartTop = 560, 120, 20

func chartOf(weeks []coverage.WeekRow) chart {
	var c chart
	if len(weeks) == 0 {
		return c
	}
	for _, w := range weeks {
		c.Max = max(c.Max, w.Distinct)
	}
	var b strings.Builder
	for i, w := range weeks {
		x, y := 4, chartTop+chartH
		if len(weeks) > 1 {
			x += i * chartW / (len(weeks) - 1)
		}
		if c.Max > 0 {
			y -= w.Distinct * chartH / c.Max
		}
		fmt.Fprintf(&b, "%d,%d ", x, y)
		c.LastX, c.LastY, c.Last = x, y, w.Distinct
	}
	c.Points = strings.TrimSpace(b.String())
	c.First, c.LastLabel = weeks[0].Label, weeks[len(weeks)-1].Label
	return c
}

// told says who heard of an alert, and how that went.
func toldLine(d flow.Delivery) string {
	switch d.State {
	case flow.Sent:
		return "told by " + string(d.Channel) + " on " + moment(d.SentAt)
	case flow.Refused:
		return "could not be told by " + string(d.Channel) + ": " + d.Error
	case flow.Skipped, flow.OnHold:
		return "by " + string(d.Channel) + ": " + d.Why
	}
	return "will be told by " + string(d.Channel)
}

// inDays says how far ahead a date lies.
func inDays(d, today slot.Date) string {
	switch n := d.Sub(today); {
	case d.IsZero():
		return "none booked"
	case n == 0:
		return "today"
	case n == 1:
		return "tomorrow"
	default:
		return fmt.Sprintf("in %d d", n)
	}
}
