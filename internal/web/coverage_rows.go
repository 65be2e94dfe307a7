package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/alert"
	"windshield/internal/auth"
	"windshield/internal/coverage"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/slot"
)

// toldShort names the rungs where there is little room.
var toldShort = map[alert.Rung]string{alert.ToPerson: "person", alert.ToVP: "VP", alert.ToCEO: "CEO"}

// rowsPage is how many rows flow gives at once.
const rowsPage = 100

// standingText says how many people stand so.
func standingText(ctx context.Context, s flow.Standing, n int) string {
	switch s {
	case flow.StandsOver:
		return num(ctx, n) + " over 30 days"
	case flow.StandsSoon:
		return num(ctx, n) + " pass 30 days within 14 days"
	case flow.StandsNever:
		return num(ctx, n) + " without a counting visit yet"
	case flow.StandsAway:
		return num(ctx, n) + " away today"
	}
	return num(ctx, n) + " fine"
}

// backedBy says what stands behind a claim, and what it is not.
func backedBy(ctx context.Context, c flow.CoverageClaim, today slot.Date) string {
	out := count(ctx, c.Backing, "customer", "customers") + " in " + count(ctx, c.Groups, "group", "groups")
	if c.Groups == 0 {
		out = count(ctx, c.Backing, "customer", "customers")
	}
	if n := c.Evidence.Denying; n > 0 {
		out += ", " + num(ctx, n) + " against"
	}
	if !c.Evidence.Newest.IsZero() {
		out += ", newest " + soonDay(ctx, c.Evidence.Newest, today)
	}
	switch {
	case c.Evidence.Exportable():
	case c.Backing == 1:
		out += " · one data point, not a finding"
	default:
		out += " · too few for a finding"
	}
	return out
}

// capital writes the first letter large.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// pathPart makes one part of a path from a text.
func pathPart(s string) string { return url.PathEscape(s) }

// keptText says how many of the promised visits came to what; those held are compared
// with those that were due.
func keptText(ctx context.Context, k coverage.Kept, o coverage.Outcome) string {
	if o != coverage.KeptHeld {
		return num(ctx, k.Of(o))
	}
	due := k.Promised - k.Ahead
	if due < coverage.FewCases {
		return few(ctx, k.Held, due) + " due"
	}
	return percent(ctx, k.Share()) + " of " + num(ctx, due) + " due"
}

type mixLine struct{ Name, Text, Field, Value string }

// mixLines are the shares of when we come: in the customers' buying, and in our quarter.
func mixLines(ctx context.Context, m coverage.Mix) []mixLine {
	known := m.Visits - m.Unknown
	line := func(name string, n int, phase string) mixLine {
		return mixLine{name, parts(ctx, n, known, share(n, known), "visits with a known stage"), "phase", phase}
	}
	var out []mixLine
	if known > 0 {
		out = append(out, line("Early, needs are formed", m.Early, "early"), line("Late, about to decide", m.Late, "late"))
	}
	if m.Unknown > 0 {
		out = append(out, mixLine{"Stage not known", num(ctx, m.Unknown) + " of " + num(ctx, m.Visits), "phase", "unknown"})
	}
	return append(out, mixLine{"At our quarter’s end", parts(ctx, m.QuarterEnd, m.Visits, m.EndShare(), "visits"), "end", "1"})
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// peopleQuery is the query of the list of people who stand so.
func (m coverageModel) peopleQuery(s flow.Standing) string {
	return coverFilter{Period: "12m", Region: m.coverFilter.Region}.query("show", string(s))
}

// pageOf reads the number of a page, 0 where there is none.
func pageOf(c echo.Context) (int, error) {
	raw := c.QueryParam("page")
	if raw == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(raw)
	if err != nil || n < 0 || n > 10_000 {
		return 0, fault.Invalidf("There is no such page.").With(fault.Detail{Where: "page", Value: fault.Short(raw), Expected: "a number from 0"})
	}
	return n, nil
}

// turn gives the addresses of the pages before and after.
func turn(c echo.Context, page int, more bool) (prev, next string) {
	to := func(n int) string {
		u := c.QueryParams()
		u.Del("page")
		if n > 0 {
			u.Set("page", itoa(n))
		}
		if len(u) == 0 {
			return c.Request().URL.Path
		}
		return c.Request().URL.Path + "?" + u.Encode()
	}
	if page > 0 {
		prev = to(page - 1)
	}
	if more {
		next = to(page + 1)
	}
	return prev, next
}

type coverPeopleModel struct {
	flow.CoveragePeopleView
	coverFilter
	Show       flow.Standing
	Title      string
	Top        int
	From, To   int // of the gaps shown
	Prev, Next string
}

func (p *Pages) coverPeople(c echo.Context, q flow.PeopleQuery) (coverPeopleModel, error) {
	m := coverPeopleModel{coverFilter: p.filter(c, "show", "page"), Show: q.Show}
	var err error
	q.Region = m.coverFilter.Region
	if m.CoveragePeopleView, err = p.Flow.CoveragePeople(ctx(c), auth.Actor(c), q); m.unregioned(err) {
		q.Region = ""
		m.CoveragePeopleView, err = p.Flow.CoveragePeople(ctx(c), auth.Actor(c), q)
	}
	m.Top = topMonth(m.Report.People)
	return m, err
}

func (p *Pages) coveragePeople(c echo.Context) error {
	page, err := pageOf(c)
	if err != nil {
		return err
	}
	m, err := p.coverPeople(c, flow.PeopleQuery{Show: flow.Standing(c.QueryParam("show")), Page: page})
	if err != nil {
		return err
	}
	m.Prev, m.Next = turn(c, page, m.More)
	m.Title = fmt.Sprintf("%s, worst first", count(ctx(c), m.Shown, "executive", "executives"))
	if m.Show != "" {
		m.Title = few(ctx(c), m.Shown, m.Report.Totals.Executives) + " executives: " + strings.TrimPrefix(standingText(ctx(c), m.Show, m.Shown), num(ctx(c), m.Shown)+" ")
	}
	return p.show(c, m.status(), coveragePeoplePage(p.covered(c, "Executives"), m))
}

func (p *Pages) coverageGaps(c echo.Context) error {
	page, err := pageOf(c)
	if err != nil {
		return err
	}
	m, err := p.coverPeople(c, flow.PeopleQuery{})
	if err != nil {
		return err
	}
	all := len(m.Report.Gaps)
	m.From = min(page*rowsPage, all)
	m.To = min(m.From+rowsPage, all)
	m.Prev, m.Next = turn(c, page, m.To < all)
	if m.Title = fmt.Sprintf("%s will pass 30 days by %s, as things are booked", few(ctx(c), all, m.Report.Totals.Executives), soonDay(ctx(c), m.Report.Today.Add(coverage.HorizonDays), m.Report.Today)); all == 0 {
		m.Title = "Gaps ahead"
	}
	return p.show(c, m.status(), coverageGapsPage(p.covered(c, "Gaps ahead"), m))
}

type coverGroupsModel struct {
	flow.CoverageGroupsView
	coverFilter
	Lines []groupLine
}

func (p *Pages) coverageGroups(c echo.Context) error {
	m := coverGroupsModel{coverFilter: p.filter(c)}
	var err error
	if m.CoverageGroupsView, err = p.Flow.CoverageGroups(ctx(c), auth.Actor(c), m.span); err != nil {
		return err
	}
	m.Lines = groupLines(m.Report.Groups, m.Groups)
	return p.show(c, m.status(), coverageStrataPage(p.covered(c, "Groups"), m))
}

type coverGroupModel struct {
	flow.CoverageGroupView
	coverFilter
}

func (p *Pages) coverageGroup(c echo.Context) error {
	m := coverGroupModel{coverFilter: p.filter(c)}
	var err error
	if m.CoverageGroupView, err = p.Flow.CoverageGroup(ctx(c), auth.Actor(c), c.Param("code"), m.span); err != nil {
		return err
	}
	return p.show(c, m.status(), coverageStratumPage(p.covered(c, m.Label), m))
}

type coverRowsModel struct {
	flow.CoverageRowsView
	coverFilter
	Title, Said string
	Lapsed      bool
	MayBack     bool
	Prev, Next  string
}

var (
	monthLike = regexp.MustCompile(`^(20[0-9]{2}|19[0-9]{2})-(0[1-9]|1[0-2])$`)
	weekLike  = regexp.MustCompile(`^(20[0-9]{2})-W([0-5][0-9])$`)
)

// coverageVisits opens the visits behind a number.
func (p *Pages) coverageVisits(c echo.Context) error {
	f := p.filter(c, "executive", "month", "group", "phase", "end", "counts", "page")
	q := flow.RowsQuery{ExecutiveID: c.QueryParam("executive"), Region: f.Region, Period: f.span, Group: c.QueryParam("group"), Phase: c.QueryParam("phase")}
	var bad []fault.Detail
	for _, x := range []struct {
		field, only string
		to          *bool
	}{{"end", "1", &q.AtEnd}, {"counts", "no", &q.Lapsed}} {
		switch v := c.QueryParam(x.field); v {
		case "":
		case x.only:
			*x.to = true
		default:
			bad = append(bad, fault.Detail{Where: x.field, Value: fault.Short(v), Expected: x.only})
		}
	}
	when := periodText(f.Period)
	if month := c.QueryParam("month"); month != "" {
		first, err := slot.ParseDate(month + "-01")
		if err != nil || !monthLike.MatchString(month) {
			bad = append(bad, fault.Detail{Where: "month", Value: fault.Short(month), Expected: "a month such as 2027-03"})
		}
		q.Period = slot.Interval{Start: first, End: slot.MakeDate(first.Year(), first.Month()+1, 0)}
		when = first.Time().Format("January 2006")
	}
	if len(bad) > 0 {
		return fault.Invalidf("No visit is counted like this.").With(bad...)
	}
	return p.coverRows(c, f, q, when)
}

func periodText(code string) string {
	for _, x := range periods {
		if x.code == code {
			return strings.ToLower(x.text[:1]) + x.text[1:]
		}
	}
	return ""
}

// coverageWeek opens the visits of a week.
func (p *Pages) coverageWeek(c echo.Context) error {
	m := weekLike.FindStringSubmatch(c.Param("week"))
	if m == nil {
		return fault.NotFoundf("There is no such week.")
	}
	year, _ := strconv.Atoi(m[1])
	week, _ := strconv.Atoi(m[2])
	monday := slot.MakeDate(year, time.January, 4).Monday().Add(7 * (week - 1)) // the 4th is always in the first week
	if y, w := monday.Week(); y != year || w != week {
		return fault.NotFoundf("There is no such week.")
	}
	f := p.filter(c, "page")
	q := flow.RowsQuery{Region: f.Region, Period: slot.Interval{Start: monday, End: monday.Add(6)}}
	return p.coverRows(c, f, q, "the week of "+day(ctx(c), monday))
}

func (p *Pages) coverRows(c echo.Context, f coverFilter, q flow.RowsQuery, when string) error {
	var err error
	if q.Page, err = pageOf(c); err != nil {
		return err
	}
	a := auth.Actor(c)
	m := coverRowsModel{coverFilter: f, Lapsed: q.Lapsed, MayBack: access.Decide(a, access.SeeCoverage, access.Subject{}).Allowed}
	if m.CoverageRowsView, err = p.Flow.CoverageRows(ctx(c), a, q); m.unregioned(err) {
		q.Region = ""
		m.CoverageRowsView, err = p.Flow.CoverageRows(ctx(c), a, q)
	}
	if err != nil {
		return err
	}
	m.Prev, m.Next = turn(c, q.Page, m.More)
	what := count(ctx(c), m.All, "counting visit", "counting visits")
	if q.Lapsed {
		what = count(ctx(c), m.All, "visit that did not count", "visits that did not count")
	}
	if m.Executive.ID != "" {
		what += " of " + m.Executive.Name
	}
	if m.Group.Code != "" {
		what += " to " + m.Group.Label
	}
	if q.Phase != "" {
		what += map[string]string{"early": ", early in the customer’s buying", "middle": ", while the customer compared", "late": ", late in the customer’s buying",
			"settled": ", after the customer had decided", "unknown": ", the customer’s stage not known"}[q.Phase]
	}
	if q.AtEnd {
		what += ", at our quarter’s end"
	}
	m.Title = capital(what) + ", " + when
	m.Said = "To " + count(ctx(c), m.Customers, "customer", "customers") + "."
	if m.More || q.Page > 0 {
		m.Said = "Rows " + num(ctx(c), q.Page*rowsPage+1) + " to " + num(ctx(c), q.Page*rowsPage+len(m.Rows)) + ", the latest first."
	}
	return p.show(c, m.status(), coverageRowsPage(p.covered(c, "Visits"), m))
}

// coverageKept leads to what became of the promise of this year.
func (p *Pages) coverageKept(c echo.Context) error {
	now, err := p.Flow.PromiseNow(ctx(c), auth.Actor(c))
	if err != nil {
		return err
	}
	if now.ID == "" {
		return fault.NotFoundf("Nothing is promised for this year yet.")
	}
	to := "/plans/" + pathPart(now.PlanID) + "/promise"
	if o := c.QueryParam("outcome"); o != "" {
		to += "?outcome=" + url.QueryEscape(o) + "#kept"
	}
	return c.Redirect(http.StatusSeeOther, to)
}

type coverPersonModel struct {
	flow.CoveragePersonView
	Top int
}

func (p *Pages) coveragePerson(c echo.Context) error {
	v, err := p.Flow.CoveragePerson(ctx(c), auth.Actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	m := coverPersonModel{CoveragePersonView: v, Top: topMonth([]coverage.PersonRow{v.Row})}
	return p.show(c, http.StatusOK, coveragePersonPage(p.covered(c, v.Executive.Name), m))
}

// What the page of a person has room for.
const (
	ledgerShown = 40
	spellsShown = 12
)

// aheadText says what comes, as things are booked.
func aheadText(ctx context.Context, m coverPersonModel) string {
	s := m.Clock
	next := "Nothing is booked."
	if !s.Next.IsZero() {
		next = "The next visit is booked for " + day(ctx, s.Next) + "."
	}
	switch {
	case s.Overdue:
		return "More than 30 days since " + day(ctx, s.Breach) + ". " + next
	case s.Forecast.IsZero():
		return next + " With what is booked, 30 days are not passed in the coming weeks."
	}
	return next + " With what is booked, 30 days are passed on " + day(ctx, s.Forecast) + "."
}
