package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/planning"
	"windshield/internal/visit"
)

// compareModel is two plans side by side; before the second is chosen, the
// choice alone.
type compareModel struct {
	Plan   visit.Plan
	Others []visit.Plan // of the same year
	With   string
	*flow.Comparison
	Rows  []differenceRow // the first of them
	Rest  []differenceRow // folded away
	More  int             // differences that are not shown
	Error shownError

	MayTake bool              // the reader may change the first plan into what the second has
	All     []flow.PlanChange // that make the first plan the second; none where they are too many for one step
	Because visit.Code        // who caused it, as it was said
	Key     string
}

// asks says whether who takes a difference is asked who caused it: where people know of
// the visits.
func (m compareModel) asks() bool { return m.MayTake && m.A.State == visit.Live }

type differenceRow struct {
	Customer, CustomerID, How string
	A, B                      string
	Change                    []flow.PlanChange // that makes the first plan agree with the second
}

// mostTaken is how many differences can be taken at once: what one change of a plan may hold.
const mostTaken = 100

// firstDifferences are in sight, mostDifferences on the page at all; the API gives all.
const (
	firstDifferences = 40
	mostDifferences  = 500
)

func (p *Pages) compare(c echo.Context) error {
	return p.showCompare(c, c.QueryParam("with"), http.StatusOK, nil)
}

// take changes the first of two compared plans into what the second has, in one
// difference or in all.
func (p *Pages) take(c echo.Context) error {
	id, with, raw := c.Param("id"), c.FormValue("with"), c.FormValue("changes")
	var changes []flow.PlanChange
	err := json.Unmarshal([]byte(raw), &changes)
	if err != nil || len(changes) == 0 {
		err = fault.Invalidf("This form is not complete.").With(fault.Detail{Where: "changes", Value: fault.Short(raw), Expected: "what the page put there", Mend: "Compare once more."})
	} else {
		because := c.FormValue("because")
		for i := range changes { // each of them is meant: none makes room for another
			changes[i].Because = visit.Code(because)
		}
		_, err = p.Flow.Rearrange(ctx(c), auth.Actor(c), keyOfButton(c, raw, because), c.FormValue("into"), changes)
	}
	if err == nil {
		return c.Redirect(http.StatusSeeOther, "/plans/"+url.PathEscape(id)+"/compare?with="+url.QueryEscape(with)+"&done=taken")
	}
	status, yes := formError(err)
	if fault.Is(err, fault.Stale) {
		status, yes = http.StatusConflict, true
	}
	if yes {
		return p.showCompare(c, with, status, err)
	}
	return err
}

func (p *Pages) showCompare(c echo.Context, with string, status int, problem error) error {
	a, id := auth.Actor(c), c.Param("id")
	plans, err := p.Flow.Plans(ctx(c), a, 0)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(plans, func(x visit.Plan) bool { return x.ID == id })
	if i < 0 {
		return fault.NotFoundf("There is no such plan.")
	}
	m := compareModel{Plan: plans[i], With: with, Key: p.NewKey(), Because: visit.Code(c.FormValue("because")), Error: shown(problem, "because")}
	for _, x := range plans {
		if x.ID != id && x.Year == m.Plan.Year && x.State != visit.Superseded {
			m.Others = append(m.Others, x)
		}
	}
	// What stands comes first: the comparison then says what a draft would change.
	slices.SortStableFunc(m.Others, func(x, y visit.Plan) int { return live(y) - live(x) })
	if m.With != "" {
		first, second := id, m.With
		if slices.ContainsFunc(m.Others, func(x visit.Plan) bool { return x.ID == m.With && x.State == visit.Live }) {
			first, second = second, first
		}
		x, err := p.Flow.Compare(ctx(c), a, first, second)
		if s, yes := formError(err); err != nil && yes {
			m.Error, status = shown(err), s
		} else if err != nil {
			return err
		} else {
			m.Comparison, m.MayTake = &x, mayMove(a, x.A)
			m.rows(ctx(c))
		}
	}
	return p.show(c, status, comparePage(p.frame(c, "Compare "+m.Plan.Name), m))
}

func live(p visit.Plan) int {
	if p.State == visit.Live {
		return 1
	}
	return 0
}

var differs = map[planning.Differs]string{
	planning.Added: "added", planning.Dropped: "dropped", planning.OtherExecutive: "another executive",
	planning.OtherDate: "another half-day", planning.OtherBoth: "another executive and half-day",
}

// rows lists the differences by executive, then by date, as people argue about them.
func (m *compareModel) rows(ctx context.Context) {
	place := func(at *planning.Place) string {
		if at == nil {
			return "–"
		}
		return m.Names[at.Executive] + ", " + dayShort(ctx, at.Date) + " " + halfDay(at.Half)
	}
	first := func(d planning.Difference) planning.Place {
		if d.A != nil {
			return *d.A
		}
		return *d.B
	}
	all := slices.Clone(m.Differences)
	slices.SortStableFunc(all, func(x, y planning.Difference) int {
		a, b := first(x), first(y)
		if n := strings.Compare(m.Names[a.Executive], m.Names[b.Executive]); n != 0 {
			return n
		}
		return int(a.Date - b.Date)
	})
	m.More = max(0, len(all)-mostDifferences)
	for _, d := range all[:len(all)-m.More] {
		m.Rows = append(m.Rows, differenceRow{m.Names[d.Customer], d.Customer, differs[d.How], place(d.A), place(d.B), []flow.PlanChange{changeOf(d)}})
	}
	if len(all) <= mostTaken {
		for _, d := range all {
			m.All = append(m.All, changeOf(d))
		}
	}
	if len(m.Rows) > firstDifferences {
		m.Rows, m.Rest = m.Rows[:firstDifferences], m.Rows[firstDifferences:]
	}
}

// changeOf makes the first plan agree with the second in one visit.
func changeOf(d planning.Difference) flow.PlanChange {
	return flow.PlanChange{CustomerID: d.Customer, From: d.A, To: d.B}
}

// takingWords says who hears of it when a plan is changed.
func takingWords(s visit.PlanState) string {
	if s == visit.Live {
		return ", which is published: half-days are booked and calendars follow."
	}
	return ", a draft: nobody is told."
}

// differing says whether a number differs, so that what is the same can step back.
func differing[T comparable](a, b T) string {
	if a == b {
		return "num quiet"
	}
	return "num"
}

type scenariosModel struct {
	flow.ScenarioSet
	Going bool
	Terms []scenarioRow
}

// scenarioRow is one line of the table: a number per scenario, "" where it is not
// known yet.
type scenarioRow struct {
	Name  string
	Cells []string
	Best  []bool // the smallest of the line
}

func (p *Pages) scenarios(c echo.Context) error {
	set, err := p.Flow.Scenarios(ctx(c), auth.Actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	m := scenariosModel{ScenarioSet: set}
	for _, x := range set.Columns {
		m.Going = m.Going || x.Run.State == flow.Queued || x.Run.State == flow.Running
	}
	m.tabulate(ctx(c))
	f := p.frame(c, "Scenarios")
	if m.Going {
		f.Refresh = 3
		f.Script = p.assets.url("web/ts/run.ts")
	}
	return p.show(c, http.StatusOK, scenariosPage(f, m))
}

// tabulate fills a line per term and the total.
func (m *scenariosModel) tabulate(ctx context.Context) {
	for _, t := range append(planning.Terms(), planning.Total) {
		row := scenarioRow{Name: termName(string(t))}
		if t == planning.Total {
			row.Name = "cost in points"
		}
		least, known := int64(0), false
		for _, x := range m.Columns {
			n, ok := x.Run.Cost[string(t)]
			cell := ""
			if ok {
				cell = num(ctx, n)
				if !known || n < least {
					least, known = n, true
				}
			}
			row.Cells = append(row.Cells, cell)
		}
		differ := false
		for _, cell := range row.Cells {
			differ = differ || cell != row.Cells[0]
			row.Best = append(row.Best, known && cell == num(ctx, least))
		}
		if !differ {
			row.Best = make([]bool, len(row.Cells))
		}
		m.Terms = append(m.Terms, row)
	}
}

// newScenariosModel is the form, with what the reader had entered.
type newScenariosModel struct {
	Base       flow.Selection
	Selections []flow.Selection // of the year
	Seconds    string
	Rows       []scenarioForm
	Key        string
	Error      shownError
}

// scenarioForm is one scenario as it was typed.
type scenarioForm struct {
	N                                            int
	Name, PerWeek, PerMonth, MaxGap, Target, Sel string
}

// scenarioForms is how many scenarios the form has places for.
const scenarioForms = 3

func (p *Pages) newScenarios(c echo.Context) error {
	m := newScenariosModel{Seconds: "30"}
	for n := range scenarioForms {
		m.Rows = append(m.Rows, scenarioForm{N: n + 1})
	}
	return p.showNewScenarios(c, http.StatusOK, c.QueryParam("selection"), m)
}

func (p *Pages) showNewScenarios(c echo.Context, status int, selection string, m newScenariosModel) error {
	all, err := p.Flow.Selections(ctx(c), auth.Actor(c), 0)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(s flow.Selection) bool { return s.ID == selection })
	if i < 0 {
		return fault.NotFoundf("There is no such selection.")
	}
	m.Base, m.Key = all[i], p.NewKey()
	for _, s := range all {
		if s.Year == m.Base.Year && s.ID != m.Base.ID {
			m.Selections = append(m.Selections, s)
		}
	}
	f := p.frame(c, "Scenarios of "+m.Base.Name)
	f.Narrow = true
	return p.show(c, status, newScenariosPage(f, m))
}

func (p *Pages) startScenarios(c echo.Context) error {
	m := newScenariosModel{Seconds: c.FormValue("seconds")}
	in := flow.ScenariosInput{Base: flow.PlanInput{SelectionID: c.FormValue("selection"), Seed: 1}}
	var bad []fault.Detail
	in.Base.Seconds, bad = whole(c, "seconds", "the time", 1, 600)
	parts := []string{in.Base.SelectionID, m.Seconds}
	for n := 1; n <= scenarioForms; n++ {
		field := func(name string) string { return strings.TrimSpace(c.FormValue(name + "-" + itoa(n))) }
		row := scenarioForm{n, field("name"), field("per_week"), field("per_month"), field("max_gap"), field("target"), field("selection")}
		m.Rows = append(m.Rows, row)
		parts = append(parts, row.Name, row.PerWeek, row.PerMonth, row.MaxGap, row.Target, row.Sel)
		s := flow.ScenarioInput{Name: row.Name, SelectionID: row.Sel}
		for _, x := range []struct {
			field, typed, label string
			lo, hi              int
			to                  *int
		}{
			{"per_week", row.PerWeek, "visits more a week", -10, 10, &s.Scenario.PerWeek},
			{"per_month", row.PerMonth, "visits more a month", -10, 10, &s.Scenario.PerMonth},
			{"max_gap", row.MaxGap, "days between visits", 2, 365, &s.Scenario.MaxGapDays},
			{"target", row.Target, "per cent of the targets", 10, 300, &s.Scenario.Target},
		} {
			if x.typed == "" {
				continue
			}
			var more []fault.Detail
			*x.to, more = whole(c, x.field+"-"+itoa(n), x.label, x.lo, x.hi)
			bad = append(bad, more...)
		}
		if s != (flow.ScenarioInput{}) {
			in.Scenarios = append(in.Scenarios, s)
		}
	}
	var set flow.ScenarioSet
	var err error
	if len(bad) > 0 {
		err = fault.Invalidf("The scenarios were not started.").With(bad...)
	} else {
		set, err = p.Flow.StartScenarios(ctx(c), auth.Actor(c), key(c, parts...), in)
	}
	if status, yes := formError(err); err != nil && yes {
		m.Error = shown(err, scenarioFields()...)
		return p.showNewScenarios(c, status, in.Base.SelectionID, m)
	}
	if err != nil {
		return err
	}
	return back(c, "/plans/scenarios/"+url.PathEscape(set.ID), "")
}

// scenarioFields lists the names of the form's fields.
func scenarioFields() []string {
	out := []string{"seconds"}
	for n := 1; n <= scenarioForms; n++ {
		for _, f := range []string{"per_week", "per_month", "max_gap", "target"} {
			out = append(out, f+"-"+itoa(n))
		}
	}
	return out
}
