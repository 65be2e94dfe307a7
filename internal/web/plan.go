package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/coverage"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// maxColumns is how many weeks the style sheet has places for: a calendar year
// touches at most 54.
const maxColumns = 54

// planModel is the plan of a year as its page shows it.
type planModel struct {
	flow.PlanView
	Weeks      []coverage.WeekLoad
	Bars       []planBar
	Quarters   []int  // columns, from 1, in which a quarter begins
	Crunch     []span // the last weeks of the quarters
	TodayCol   int    // 0 where today is not in the year
	Lines      []planLine
	Conflicts  []conflictLine
	Unassigned []unassignedLine
	Countries  []string
	Filter     flow.PlanFilter
	Filtered   bool
	Grid       bool // on a phone: the grid, not the list
	Here       string
	Told       told
	MayPublish bool
	MayPeople  bool
	Key        string
	Error      shownError
}

// span is a run of weeks: its first column, from 1, and how many.
type span struct{ Col, N int }

func (s span) class(kind string) string {
	c := kind + " w" + strconv.Itoa(s.Col)
	if s.N > 1 {
		c += " n" + strconv.Itoa(s.N)
	}
	return c
}

type planBar struct {
	coverage.Bar
	Colour int
}

// planLine is one executive's row of the grid.
type planLine struct {
	ID, Name, About string
	Note            string // the bands and trips in words
	Class           string
	Index           int // aria-rowindex
	Bands, Leave    []span
	Trips           []span
	Chips           []chip
	Next            []flow.PlanVisit // the next three, for the phone's list
}

// chip is one visit in the grid.
type chip struct {
	Place string // class of the cell
	Col   int    // aria-colindex
	Class string
	Code  string
	Href  string
	Label string
}

type conflictLine struct {
	flow.PlanVisit
	Executive string
}

type unassignedLine struct {
	Reason    string
	Customers []string
}

// told says who hears of it when a draft is published.
type told struct{ Visits, Executives, Hosts, Answers int }

func (p *Pages) plan(c echo.Context) error {
	id := c.Param("id")
	q := c.QueryParams()
	filter := flow.PlanFilter{Search: strings.TrimSpace(q.Get("q")), Country: q.Get("country"), Groups: slices.DeleteFunc(slices.Clone(q["group"]), func(s string) bool { return s == "" })}
	v, err := p.Flow.Plan(ctx(c), auth.Actor(c), id, filter)
	if err != nil {
		return err
	}
	if label := q.Get("visit"); label != "" {
		return toLabelled(c, v, label)
	}
	m := p.planModelOf(c, v, filter)
	f := p.frame(c, v.Plan.Name)
	f.Script = p.assets.url("web/ts/plan.ts")
	return p.show(c, http.StatusOK, planPage(f, m))
}

// toLabelled leads from a chip to its visit. Chips name visits by their short
// label: 2,400 UUIDs would be most of the page's weight.
func toLabelled(c echo.Context, v flow.PlanView, label string) error {
	for _, r := range v.Rows {
		for _, x := range r.Visits {
			if x.Label == label {
				return c.Redirect(http.StatusSeeOther, "/visits/"+url.PathEscape(x.ID))
			}
		}
	}
	return fault.NotFoundf("This plan has no visit %q.", fault.Short(label))
}

func (p *Pages) planModelOf(c echo.Context, v flow.PlanView, filter flow.PlanFilter) planModel {
	a := auth.Actor(c)
	m := planModel{
		PlanView: v, Weeks: v.Year.Weeks, Filter: filter, Grid: c.QueryParam("view") == "grid", Key: p.NewKey(),
		Filtered:   filter.Search != "" || filter.Country != "" || len(filter.Groups) > 0,
		Here:       "/plans/" + url.PathEscape(v.Plan.ID),
		MayPublish: v.Plan.State == visit.Draft && may(access.PublishPlan)(a),
		MayPeople:  may(access.SeeOwnVisits)(a),
	}
	if len(m.Weeks) > maxColumns {
		m.Weeks = m.Weeks[:maxColumns]
	}
	colours := map[string]int{}
	for _, g := range v.Groups {
		colours[g.Code] = g.Colour
	}
	for _, b := range v.Year.Strata {
		m.Bars = append(m.Bars, planBar{b, colours[b.Code]})
	}
	m.marks()
	executives, hosts, countries := map[string]bool{}, map[string]bool{}, map[string]bool{}
	if filter.Country != "" {
		countries[filter.Country] = true
	}
	for i, r := range v.Rows {
		countries[r.Executive.Office.Country] = true
		m.Lines = append(m.Lines, m.line(r, i+3, colours))
		for _, x := range r.Visits {
			if x.Conflict != "" {
				m.Conflicts = append(m.Conflicts, conflictLine{x, r.Executive.Name})
			}
			if x.State == visit.Proposed {
				m.Told.Visits++
				executives[x.ExecutiveID], hosts[x.HostID] = true, true
			}
		}
	}
	delete(hosts, "")
	delete(countries, "")
	m.Told.Executives, m.Told.Hosts = len(executives), len(hosts)
	for k := range countries {
		m.Countries = append(m.Countries, k)
	}
	slices.Sort(m.Countries)
	byReason := map[string]int{}
	for _, u := range v.Plan.Unassigned {
		i, ok := byReason[u.Reason]
		if !ok {
			i = len(m.Unassigned)
			byReason[u.Reason] = i
			m.Unassigned = append(m.Unassigned, unassignedLine{Reason: u.Reason})
		}
		m.Unassigned[i].Customers = append(m.Unassigned[i].Customers, u.CustomerID)
	}
	return m
}

// month names the month that begins in a week's column, for the first column
// the one that most of it lies in; "" elsewhere.
func (m *planModel) month(i int) string {
	monday := m.Weeks[i].Monday
	if i == 0 {
		return monday.Add(6).Time().Format("Jan")
	}
	if sunday := monday.Add(6); sunday.Month() != monday.Add(-1).Month() {
		return sunday.Time().Format("Jan")
	}
	return ""
}

// marks finds the columns of the quarters, their ends, and today.
func (m *planModel) marks() {
	for i, w := range m.Weeks {
		for d := w.Monday; d < w.Monday.Add(7); d++ {
			if d.Time().Day() == 1 && (d.Month()-1)%3 == 0 && (i > 0 || d == w.Monday) {
				m.Quarters = append(m.Quarters, i+1)
			}
			if d == m.Today {
				m.TodayCol = i + 1
			}
		}
		if !w.QuarterEnd {
			continue
		}
		if n := len(m.Crunch); n > 0 && m.Crunch[n-1].Col+m.Crunch[n-1].N == i+1 {
			m.Crunch[n-1].N++
		} else {
			m.Crunch = append(m.Crunch, span{i + 1, 1})
		}
	}
}

// column gives the column of a date, from 1; 0 where it lies outside.
func (m *planModel) column(d slot.Date) int {
	if len(m.Weeks) == 0 || d < m.Weeks[0].Monday {
		return 0
	}
	if i := d.Sub(m.Weeks[0].Monday) / 7; i < len(m.Weeks) {
		return i + 1
	}
	return 0
}

// spans turns dates into runs of weeks, cut to the year, joined where they touch.
func (m *planModel) spans(in []slot.Interval) []span {
	if len(m.Weeks) == 0 || len(in) == 0 {
		return nil
	}
	first, last := m.Weeks[0].Monday, m.Weeks[len(m.Weeks)-1].Monday.Add(6)
	var out []span
	for _, i := range in {
		if i.End < first || i.Start > last || i.End < i.Start {
			continue
		}
		a, b := m.column(max(i.Start, first)), m.column(min(i.End, last))
		out = append(out, span{a, b - a + 1})
	}
	slices.SortFunc(out, func(a, b span) int { return a.Col - b.Col })
	joined := out[:0]
	for _, s := range out {
		if n := len(joined); n > 0 && s.Col <= joined[n-1].Col+joined[n-1].N {
			joined[n-1].N = max(joined[n-1].N, s.Col+s.N-joined[n-1].Col)
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

func (m *planModel) line(r flow.PlanRow, index int, colours map[string]int) planLine {
	l := planLine{
		ID: r.Executive.ID, Name: r.Executive.Name, Index: index, Class: "tl-row",
		Bands: m.spans(r.Windows), Leave: m.spans(r.Absences), Trips: m.spans(r.Trips),
		Chips: make([]chip, 0, len(r.Visits)),
	}
	l.About = function(r.Executive.Name, r.Executive.Function)
	if cc := r.Executive.Office.Country; cc != "" {
		l.About = strings.TrimPrefix(l.About+" · "+cc, " · ")
	}
	l.Note = count(len(r.Visits), "visit", "visits")
	if n := len(r.Trips); n > 0 {
		l.Note += ", " + count(n, "trip", "trips")
	}
	if n := len(l.Leave); n > 0 {
		l.Note += ", away " + count(n, "time", "times")
	}
	tall, inWeek, before := 1, 0, 0
	for _, x := range r.Visits {
		if x.Slot.Date >= m.Today && len(l.Next) < 3 && x.State.Open() {
			l.Next = append(l.Next, x)
		}
		col := m.column(x.Slot.Date)
		if col == 0 {
			continue
		}
		if inWeek++; col != before {
			inWeek, before = 1, col
		}
		y := min(inWeek, 14) // no executive visits more often: a week has 14 half-days
		tall = max(tall, y)
		l.Chips = append(l.Chips, m.chip(x, col, y, colours[x.Stratum]))
	}
	if tall > 1 {
		l.Class += " k" + strconv.Itoa(tall)
	}
	return l
}

func (m *planModel) chip(x flow.PlanVisit, col, y, colour int) chip {
	c := chip{Place: "c w" + strconv.Itoa(col), Col: col + 1, Code: x.Stratum, Class: "v " + colourClass(colour)}
	if y > 1 {
		c.Place += " y" + strconv.Itoa(y)
	}
	if c.Code == "" {
		c.Code = "··"
	}
	switch x.State {
	case visit.Proposed:
		c.Class += " pr"
	case visit.Held, visit.Debriefed:
		c.Class += " he"
	case visit.Declined, visit.Cancelled, visit.NoShow:
		c.Class += " de"
	}
	c.Label = c.Code + ", " + x.Customer + ", " + dayShort(x.Slot.Date) + " " + halfDay(x.Slot.Half) + ", " + statusText(x.Visit)
	if x.InWindow {
		c.Label += ", in its window"
	}
	if x.Pinned {
		c.Class += " pi"
		c.Label += ", pinned"
	}
	if x.Conflict != "" {
		c.Class += " co"
		c.Label += ", needs a decision"
	}
	c.Href = visitHref(x.Visit)
	return c
}

// visitHref leads from a plan's page to a visit, see toLabelled.
func visitHref(v visit.Visit) string {
	if v.Label == "" {
		return "/visits/" + url.PathEscape(v.ID)
	}
	return "?visit=" + url.QueryEscape(v.Label)
}

// givenUp gives the visits that somebody has agreed to, and that the publisher has
// said may be cancelled all the same.
func givenUp(c echo.Context) []string {
	form, err := c.FormParams()
	if err != nil || form.Get("give_up") != "yes" {
		return nil
	}
	return slices.Clone(form["broken"])
}

func (p *Pages) publish(c echo.Context) error {
	id := c.Param("id")
	ver, err := version(c)
	if err != nil {
		return err
	}
	a, gone := auth.Actor(c), givenUp(c)
	did, err := p.Flow.Publish(ctx(c), a, key(c, append(gone, itoa(ver), c.FormValue("preview"))...), id, ver, c.FormValue("preview"), gone...)
	if fault.Is(err, fault.Stale) { // what it would do now is on the page, with what has changed
		return p.showForecast(c, http.StatusConflict, err)
	}
	if status, yes := formError(err); err != nil && yes {
		return p.showForecast(c, status, err)
	}
	if err != nil {
		return err
	}
	code := "published"
	if did.Unchanged {
		code = "unchanged"
	}
	if did.LaunchID != "" {
		return back(c, "/launches/"+url.PathEscape(did.LaunchID), code)
	}
	return back(c, "/plans/"+url.PathEscape(id), code)
}

// bullet gives the numbers of a bullet bar: 1000 units are the whole track.
type bullet struct{ Width, Mark int }

func bulletOf(share float64) bullet {
	const whole = 1.3 // room for what goes beyond the target
	scale := max(whole, share)
	return bullet{int(1000 * share / scale), int(1000 / scale)}
}

// heat gives the class of a number in a heat table.
func heat(n, top int) string {
	if n <= 0 {
		return ""
	}
	if top <= 4 {
		return "h" + strconv.Itoa(min(n, 4))
	}
	return "h" + strconv.Itoa(min(4, 1+(n-1)*4/top))
}

func (m planModel) busiest() int {
	top := 0
	for _, w := range m.Weeks {
		top = max(top, w.Visits)
	}
	return top
}

// query gives the page's address with another view, keeping the filter.
func (m planModel) query(view string) string {
	q := url.Values{}
	if m.Filter.Search != "" {
		q.Set("q", m.Filter.Search)
	}
	if m.Filter.Country != "" {
		q.Set("country", m.Filter.Country)
	}
	for _, g := range m.Filter.Groups {
		q.Add("group", g)
	}
	if view != "" {
		q.Set("view", view)
	}
	if len(q) == 0 {
		return m.Here
	}
	return m.Here + "?" + q.Encode()
}

var planStates = map[visit.PlanState]struct{ text, class string }{
	visit.Draft: {"Draft", "tag dash"}, visit.Live: {"Published", "tag live"}, visit.Superseded: {"Superseded", "tag off"},
}

func (m planModel) colour(code string) int {
	for _, g := range m.Groups {
		if g.Code == code {
			return g.Colour
		}
	}
	return 0
}

func (m planModel) customerName(id string) string {
	if n := m.Customers[id]; n != "" {
		return n
	}
	return "customer " + id
}
