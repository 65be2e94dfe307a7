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
	"windshield/internal/visit"
)

// planModel is the plan of a year as its page shows it.
type planModel struct {
	flow.PlanView
	planView
	Weeks      []coverage.WeekLoad // those shown
	Bars       []planBar
	Others     planBar // groups beyond the first six, together; no label where there are none
	Quarters   []int   // columns, from 1, in which a quarter begins
	Crunch     []span  // the last weeks of the quarters
	TodayCol   int     // 0 where today is not in the weeks shown
	Sections   []planSection
	Many       bool // more rows than the page shows: all are in groups
	Unassigned []unassignedLine
	Countries  []string
	Zoom       zoom
	Grid       bool // on a phone: the grid, not the list
	MayPublish bool
	MayChange  bool // moves, pins, takes back
	MayPeople  bool
	Drawer     *drawerModel
	Stale      *staleModel
	Key        string
	Error      shownError
}

// zoom is which weeks are shown, and where else one can go.
type zoom struct {
	Quarter        bool
	Earlier, Later string // labels of the weeks in which the quarters around begin; "" at the ends of the year
	Starts         string // label of the week with which a look at a quarter begins
}

type planBar struct {
	coverage.Bar
	Colour int
}

type unassignedLine struct {
	Reason    string
	Customers []string
}

func (p *Pages) plan(c echo.Context) error { return p.showPlan(c, http.StatusOK, nil, nil) }

// showPlan shows the plan's page in the view of the address, or for a form that was
// sent, in the one that the form came from; with what went wrong, and what two
// people did to one visit.
func (p *Pages) showPlan(c echo.Context, status int, problem error, stale *staleModel) error {
	here := "/plans/" + url.PathEscape(c.Param("id"))
	q := c.QueryParams()
	if c.Request().Method == http.MethodPost {
		q = formView(c)
	}
	view := planViewOf(here, q)
	v, err := p.Flow.Plan(ctx(c), auth.Actor(c), c.Param("id"), view.filter())
	if err != nil {
		return err
	}
	m := p.planModelOf(c, v, view)
	if m.Stale = stale; stale != nil && stale.To != nil {
		stale.Mine += " to " + m.person(stale.To.Executive) + ", " + dayShort(ctx(c), stale.To.Date) + " " + halfDay(stale.To.Half) + "."
	}
	if problem == nil {
		if problem = view.check(v.Groups, m.Countries, v.Year.Weeks); problem != nil {
			status = http.StatusUnprocessableEntity
		}
	}
	m.Error = shown(problem)
	if label := view.get("visit"); label != "" {
		if m.Drawer, err = p.drawerOf(c, m.planView, v.Plan, q); err != nil {
			return err
		}
	}
	f := p.frame(c, v.Plan.Name)
	f.Script, f.Sheet = p.assets.url("web/ts/plan.ts"), p.assets.url("web/css/year.css")
	return p.show(c, status, planPage(f, m))
}

func (p *Pages) planModelOf(c echo.Context, v flow.PlanView, view planView) planModel {
	a := auth.Actor(c)
	m := planModel{
		PlanView: v, planView: view, Grid: view.get("view") == "grid", Key: p.NewKey(),
		MayPublish: v.Plan.State == visit.Draft && may(access.PublishPlan)(a),
		MayChange:  mayMove(a, v.Plan),
		MayPeople:  may(access.SeeOwnVisits)(a),
	}
	m.choose()
	colours := map[string]int{}
	for _, g := range v.Groups {
		colours[g.Code] = g.Colour
	}
	m.bars(colours)
	m.marks()
	m.arrange(ctx(c), colours)
	m.Countries = slices.Sorted(slices.Values(v.Countries))
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

// mayMove says whether somebody may change a plan by hand.
func mayMove(a access.Actor, p visit.Plan) bool {
	switch p.State {
	case visit.Draft:
		return may(access.MakePlan)(a)
	case visit.Live:
		return may(access.MakePlan)(a) && may(access.PublishPlan)(a)
	}
	return false
}

// mostNamed is how many of a kind are listed before the rest is only counted.
const mostNamed = 50

// mostBars is how many groups have a bar of their own in the strip.
const mostBars = 6

// bars chooses the groups with a bar of their own: the coloured ones, which are the
// largest, in the plan's order; the rest are summed.
func (m *planModel) bars(colours map[string]int) {
	for _, b := range m.Year.Strata {
		if colours[b.Code] > 0 && len(m.Bars) < mostBars {
			m.Bars = append(m.Bars, planBar{b, colours[b.Code]})
			continue
		}
		m.Others.Label = "others"
		m.Others.Customers += b.Customers
		m.Others.Planned += b.Planned
		m.Others.Target += b.Target
	}
	if m.Others.Share = 1; m.Others.Target > 0 {
		m.Others.Share = float64(m.Others.Planned) / float64(m.Others.Target)
	}
	m.Others.Under = m.Others.Planned < m.Others.Target
}

// allBars gives every group, for the table below the grid.
func (m planModel) allBars() []planBar {
	out := make([]planBar, 0, len(m.Year.Strata))
	for _, b := range m.Year.Strata {
		out = append(out, planBar{b, m.colour(b.Code)})
	}
	return out
}

// evenShare is the share of a year that lies in the last days of a quarter: what visits
// there would be if nobody cared.
func (m planModel) evenShare() float64 { return 4 * float64(m.Fiscal.Days) / 365 }

// last gives the newest change of the plan; nil where there is none.
func (m planModel) last() *flow.PlanStepView {
	if len(m.Steps) == 0 {
		return nil
	}
	return &m.Steps[0]
}

// mineAgain gives the newest change of the reader that can be taken back, and one
// that was taken back last and can be made again; "" where there is none.
func (m planModel) mineAgain() (undo, redo string) {
	for _, s := range m.Steps {
		if !s.Mine || !s.MayRun {
			continue
		}
		if s.Undoes != "" {
			if undo == "" && redo == "" {
				redo = s.ID
			}
			continue
		}
		if undo == "" {
			undo = s.ID
		}
	}
	return undo, redo
}

// visitHref leads from a plan's page to a visit. Chips name visits by their short
// label: 2,400 UUIDs would be most of the page's weight.
func (m planModel) visitHref(v visit.Visit) string {
	switch {
	case v.Label == "":
		return "/visits/" + url.PathEscape(v.ID)
	case len(m.Q) == 0 || len(m.Q) == 1 && m.get("visit") != "":
		return "?visit=" + url.QueryEscape(v.Label)
	}
	return m.with("visit", v.Label)
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

// typedReasons reads the reason for all visits, and those for single ones.
func typedReasons(c echo.Context) flow.TypedReasons {
	out := flow.TypedReasons{All: c.FormValue("reason"), Each: map[string]string{}}
	form, err := c.FormParams()
	if err != nil {
		return out
	}
	for name, values := range form {
		if id, ok := strings.CutPrefix(name, "reason."); ok && len(values) > 0 {
			out.Each[id] = values[0]
		}
	}
	return out
}

func (p *Pages) publish(c echo.Context) error {
	id := c.Param("id")
	ver, err := version(c)
	if err != nil {
		return err
	}
	a, in := auth.Actor(c), flow.PublishInput{Preview: c.FormValue("preview"), GiveUp: givenUp(c), Reasons: typedReasons(c)}
	did, err := p.Flow.Publish(ctx(c), a, key(c, append(slices.Clone(in.GiveUp), itoa(ver), in.Preview, in.Reasons.All)...), id, ver, in)
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

// person names an executive of the plan.
func (m planModel) person(id string) string {
	for _, x := range m.People {
		if x.ID == id {
			return x.Name
		}
	}
	return "somebody who visits nobody in this plan"
}

func (m planModel) customerName(id string) string {
	if n := m.Customers[id]; n != "" {
		return n
	}
	return "customer " + id
}
