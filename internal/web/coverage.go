package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
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

// Covering are the use cases of the CEO's page and of what is behind its numbers.
type Covering interface {
	Coverage(ctx context.Context, a access.Actor, q flow.CoverageQuery) (flow.CoverageView, error)
	CoveragePeople(ctx context.Context, a access.Actor, q flow.PeopleQuery) (flow.CoveragePeopleView, error)
	CoveragePerson(ctx context.Context, a access.Actor, id string) (flow.CoveragePersonView, error)
	CoverageGroup(ctx context.Context, a access.Actor, code string, period slot.Interval) (flow.CoverageGroupView, error)
	CoverageGroups(ctx context.Context, a access.Actor, period slot.Interval) (flow.CoverageGroupsView, error)
	CoverageRows(ctx context.Context, a access.Actor, q flow.RowsQuery) (flow.CoverageRowsView, error)
	PromiseNow(ctx context.Context, a access.Actor) (flow.FrozenPromise, error)
}

// What the CEO's page has room for.
const (
	peopleShown = 10
	groupsShown = 7
	gapsShown   = 5
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

// coverFilter is what the address says about period and region.
type coverFilter struct {
	Period, Region string // as in the address; Period is never ""
	span           slot.Interval
	Error          shownError // filters that are not known, by name
}

// filter reads the filters. others are those that the page knows beside period and region.
func (p *Pages) filter(c echo.Context, others ...string) coverFilter {
	f := coverFilter{Period: c.QueryParam("period"), Region: c.QueryParam("region")}
	var bad []fault.Detail
	if f.Period == "" {
		f.Period = "12m"
	}
	at := slices.IndexFunc(periods, func(x struct {
		code, text string
		of         func(today slot.Date) slot.Interval
	}) bool {
		return x.code == f.Period
	})
	if at < 0 {
		bad = append(bad, fault.Detail{Where: "period", Value: fault.Short(f.Period), Expected: "12m, 90d, year or last-year"})
		f.Period, at = "12m", 0
	}
	f.span = periods[at].of(dayHere(ctx(c), p.Now()))
	for name := range c.QueryParams() {
		if name != "period" && name != "region" && name != "done" && !slices.Contains(others, name) {
			bad = append(bad, fault.Detail{Where: fault.Short(name), Value: fault.Short(c.QueryParam(name)), Expected: "only the filters that this page has: " + strings.Join(append([]string{"period", "region"}, others...), ", ")})
		}
	}
	slices.SortFunc(bad, func(a, b fault.Detail) int { return strings.Compare(a.Where, b.Where) })
	if len(bad) > 0 {
		f.Error = shown(fault.Invalidf("A filter in the address is not known. The page is shown without it.").With(bad...), "period", "region")
	}
	return f
}

// query gives the address's query with the filters, and more pairs of names and values.
func (f coverFilter) query(more ...string) string {
	q := url.Values{}
	if f.Period != "12m" {
		q.Set("period", f.Period)
	}
	if f.Region != "" {
		q.Set("region", f.Region)
	}
	for i := 0; i+1 < len(more); i += 2 {
		if more[i+1] != "" {
			q.Set(more[i], more[i+1])
		}
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

func (f coverFilter) status() int {
	if f.Error.is() {
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

// unregioned drops a region that nobody has an office in, and says so.
func (f *coverFilter) unregioned(err error) bool {
	text, details := fault.Shown(err)
	if f.Region == "" || !fault.Is(err, fault.Invalid) || len(details) != 1 || details[0].Where != "region" {
		return false
	}
	f.Error, f.Region = shown(fault.Invalidf("%s The page is shown for all regions.", text).With(append(f.Error.Details, details...)...), "period", "region"), ""
	return true
}

type coverageModel struct {
	flow.CoverageView
	coverFilter
	About, Whom string // the two halves of the sentence
	People      []coverage.PersonRow
	Count       map[flow.Standing]int
	Groups      []groupLine
	MoreGroups  int
	Top         int // most visits of a person in a month
	Chart       chart
	Few         bool // too few visits for percentages
	// MaySet says whether the reader says when alerts climb.
	MaySet bool
}

type groupLine struct {
	coverage.GroupRow
	Colour           int
	CustomerW, TellW int // widths of the paired bars, of 1000
}

func (p *Pages) coverage(c echo.Context) error {
	m := coverageModel{coverFilter: p.filter(c)}
	read := func() (err error) {
		m.CoverageView, err = p.Flow.Coverage(ctx(c), auth.Actor(c), flow.CoverageQuery{Period: m.span, Region: m.coverFilter.Region, Months: peopleShown})
		return err
	}
	err := read()
	if m.unregioned(err) {
		err = read()
	}
	if err != nil {
		return err
	}
	m.MaySet = access.Decide(auth.Actor(c), access.SetLadder, access.Subject{}).Allowed
	m.About, m.Whom = m.Report.Sentences(readerOf(c).Style)
	m.People, m.Count = m.Report.People[:min(peopleShown, len(m.Report.People))], map[flow.Standing]int{}
	for _, r := range m.Report.People {
		for _, s := range flow.Standings {
			if flow.Stands(r, s, m.Report.Today) {
				m.Count[s]++
			}
		}
	}
	m.Top = topMonth(m.People)
	m.Chart = chartOf(ctx(c), m.Report.Weeks, m.PerWeek, m.Report.Today)
	m.Few = m.Report.Totals.Visits-m.Report.Totals.Ungrouped < coverage.FewCases
	all := groupLines(m.Report.Groups, m.CoverageView.Groups)
	// Who is heard least for its size first.
	slices.SortStableFunc(all, func(a, b groupLine) int {
		return cmp.Or(before(a.Under, b.Under), cmp.Compare(a.VisitShare-a.CustomerShare, b.VisitShare-b.CustomerShare))
	})
	m.MoreGroups = max(0, len(all)-groupsShown)
	if m.MoreGroups == 1 { // its own row takes no more room than to say that there is one
		m.MoreGroups = 0
	}
	m.Groups = all[:len(all)-m.MoreGroups]
	f := p.covered(c, "Coverage")
	f.AsOf = m.Report.AsOf
	return p.show(c, m.status(), coveragePage(f, m))
}

// before sorts what is so before what is not.
func before(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// covered is the frame of the pages about coverage, which have a style sheet of their own.
func (p *Pages) covered(c echo.Context, title string) frame {
	f := p.frame(c, title)
	f.Sheet = p.assets.url("web/css/coverage.css")
	return f
}

func topMonth(people []coverage.PersonRow) int {
	top := 0
	for _, r := range people {
		for _, n := range r.Months {
			top = max(top, n)
		}
	}
	return top
}

// groupLines brings the bars of all groups to one scale.
func groupLines(rows []coverage.GroupRow, groups []flow.Group) []groupLine {
	colours := map[string]int{}
	for _, g := range groups {
		colours[g.Code] = g.Colour
	}
	widest := 0.0
	for _, g := range rows {
		widest = max(widest, g.CustomerShare, g.VisitShare)
	}
	out := make([]groupLine, 0, len(rows))
	for _, g := range rows {
		l := groupLine{GroupRow: g, Colour: colours[g.Code]}
		if widest > 0 {
			l.CustomerW, l.TellW = int(1000*g.CustomerShare/widest), int(1000*g.VisitShare/widest)
		}
		out = append(out, l)
	}
	return out
}

// monthText names a month of the report with its year: it stands alone.
func monthText(m coverage.Month) string { return fmt.Sprintf("%s %d", m.Month, m.Year) }

// yearShort writes a year in the width of a narrow column: ’27.
func yearShort(y int) string { return fmt.Sprintf("’%02d", y%100) }

// monthQuery opens the visits of a person in a month of the report.
func monthQuery(person string, m coverage.Month) string {
	return "?executive=" + url.QueryEscape(person) + fmt.Sprintf("&month=%04d-%02d", m.Year, int(m.Month))
}

// breachText says in a few words what a row is about: who was told and when, or when 30
// days are passed as things are booked.
func breachText(ctx context.Context, r coverage.PersonRow, o flow.OpenAlert, today slot.Date) string {
	away := ""
	if r.Paused {
		away = ", away"
	}
	switch {
	case !r.Running:
		return "clock not started" + away
	case r.Overdue && len(o.Rungs) > 0:
		last := o.Rungs[len(o.Rungs)-1]
		return toldShort[last.Rung] + " told " + dayShort(ctx, dayHere(ctx, last.At)) + away
	case r.Overdue:
		return "nobody told yet" + away
	case r.Paused:
		return "away to " + soonDay(ctx, r.Back.Add(-1), today)
	case !r.Forecast.IsZero():
		return "passes " + soonDay(ctx, r.Forecast, today)
	}
	return ""
}

// soonDay leaves the year out where it is today's.
func soonDay(ctx context.Context, d, today slot.Date) string {
	if d.Year() == today.Year() {
		return dayShort(ctx, d)
	}
	return day(ctx, d)
}

// chart is a line of one number per week with a target, drawn into 560 × 96 units.
type chart struct {
	Points           string
	LastX, LastY     int
	Last, Max        int
	GoalY            int
	Goal             string // "" where there is none
	First, LastLabel string
	AtMost           coverage.WeekRow
	Running          coverage.WeekRow // the week that is not over; zero where there is none
}

const chartW, chartH, chartTop = 440, 66, 8

// chartOf draws the weeks that are over: one that is not always looks like a fall.
func chartOf(ctx context.Context, weeks []coverage.WeekRow, goal float64, today slot.Date) chart {
	var c chart
	if n := len(weeks); n > 1 && weeks[n-1].Monday.Add(6) >= today {
		c.Running, weeks = weeks[n-1], weeks[:n-1]
	}
	if len(weeks) == 0 {
		return c
	}
	for _, w := range weeks {
		if w.Distinct > c.Max {
			c.Max, c.AtMost = w.Distinct, w
		}
	}
	scale := max(float64(c.Max), goal)
	height := func(n float64) int {
		if scale == 0 {
			return chartTop + chartH
		}
		return chartTop + chartH - int(n*chartH/scale)
	}
	var b strings.Builder
	for i, w := range weeks {
		x := 4
		if len(weeks) > 1 {
			x += i * chartW / (len(weeks) - 1)
		}
		y := height(float64(w.Distinct))
		fmt.Fprintf(&b, "%d,%d ", x, y)
		c.LastX, c.LastY, c.Last = x, y, w.Distinct
	}
	c.Points = strings.TrimSpace(b.String())
	first, last := weeks[0].Monday, weeks[len(weeks)-1].Monday
	c.First, c.LastLabel = dayShort(ctx, first), dayShort(ctx, last)
	if first.Year() != last.Year() { // 17 Nov to 9 Nov is no time
		c.First, c.LastLabel = day(ctx, first), day(ctx, last)
	}
	if goal > 0 {
		c.GoalY = height(goal)
		c.Goal = readerIn(ctx).Digits(strings.TrimSuffix(plainFixed(goal, 1), ".0"))
	}
	return c
}

// GoalTextY keeps the label of the target off the label of the last week.
func (c chart) GoalTextY() int {
	switch d := c.GoalY - c.LastY; {
	case d >= 0 && d < 14:
		return c.LastY + 18
	case d < 0 && d > -14:
		return c.LastY - 10
	}
	return c.GoalY + 4
}

// parts says "3 of 12 visits" under 20 cases and "6 % of visits" above.
func parts(ctx context.Context, part, whole int, share float64, of string) string {
	if whole < coverage.FewCases {
		return few(ctx, part, whole) + " " + of
	}
	return percent(ctx, share) + " of " + of
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
