package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/visit"
)

type plansModel struct {
	Years      []yearPlans
	Runs       []flow.Run
	Selections []flow.Selection
	MayPlan    bool
	MaySelect  bool
	Key        string
	Error      shownError
	Failed     string // selection whose form was refused
	Seconds    string
	Seed       string
}

type yearPlans struct {
	Year  int
	Plans []visit.Plan
}

func (p *Pages) plans(c echo.Context) error {
	m, err := p.plansModelOf(c)
	if err != nil {
		return err
	}
	return p.show(c, http.StatusOK, plansPage(p.frame(c, "Plans"), m))
}

func (p *Pages) plansModelOf(c echo.Context) (plansModel, error) {
	a := auth.Actor(c)
	m := plansModel{MayPlan: may(access.MakePlan)(a), MaySelect: may(access.MakeSelection)(a), Key: p.NewKey(), Seconds: "30", Seed: "1"}
	plans, err := p.Flow.Plans(ctx(c), a, 0)
	if err != nil {
		return m, err
	}
	byYear := map[int]int{}
	for _, x := range plans {
		i, ok := byYear[x.Year]
		if !ok {
			i = len(m.Years)
			byYear[x.Year] = i
			m.Years = append(m.Years, yearPlans{Year: x.Year})
		}
		m.Years[i].Plans = append(m.Years[i].Plans, x)
	}
	slices.SortStableFunc(m.Years, func(a, b yearPlans) int { return b.Year - a.Year })
	if m.MayPlan {
		if m.Runs, err = p.Flow.Runs(ctx(c), a); err != nil {
			return m, err
		}
	}
	if m.MaySelect {
		if m.Selections, err = p.Flow.Selections(ctx(c), a, 0); err != nil {
			return m, err
		}
	}
	return m, nil
}

func (p *Pages) startRun(c echo.Context) error {
	in := flow.PlanInput{SelectionID: c.FormValue("selection"), Name: strings.TrimSpace(c.FormValue("name"))}
	seconds, bad := whole(c, "seconds", "the time", 1, 600)
	seed, more := whole(c, "seed", "the seed", 0, 1<<53)
	in.Seconds, in.Seed = seconds, uint64(seed)
	var err error
	var run flow.Run
	if bad = append(bad, more...); len(bad) > 0 {
		err = fault.Invalidf("The planner was not started.").With(bad...)
	} else {
		run, err = p.Flow.StartPlan(ctx(c), auth.Actor(c), key(c, in.SelectionID, in.Name, c.FormValue("seconds"), c.FormValue("seed")), in)
	}
	if status, yes := formError(err); err != nil && yes {
		m, e := p.plansModelOf(c)
		if e != nil {
			return err
		}
		m.Error, m.Failed, m.Seconds, m.Seed = shown(err), in.SelectionID, c.FormValue("seconds"), c.FormValue("seed")
		return p.show(c, status, plansPage(p.frame(c, "Plans"), m))
	}
	if err != nil {
		return err
	}
	return back(c, "/plans/runs/"+url.PathEscape(run.ID), "")
}

// runModel is a run's page.
type runModel struct {
	flow.Run
	Going   bool
	Elapsed time.Duration
	Points  string // of the falling line, in 640 × 160 units
	First   int64
	Last    int64
	Terms   []costTerm
	Log     []flow.Mark // the last five improvements, newest first
	Still   string      // whether it still improves, in words
}

type costTerm struct {
	Name   string
	Points int64
}

func (p *Pages) run(c echo.Context) error {
	r, err := p.Flow.Run(ctx(c), auth.Actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	m := runModel{Run: r, Going: r.State == flow.Queued || r.State == flow.Running}
	end := r.EndedAt
	if end.IsZero() {
		end = p.Now()
	}
	if !r.StartedAt.IsZero() {
		m.Elapsed = max(0, end.Sub(r.StartedAt))
	}
	m.draw()
	for k, v := range r.Cost {
		if k != "total" {
			m.Terms = append(m.Terms, costTerm{termName(k), v})
		}
	}
	slices.SortFunc(m.Terms, func(a, b costTerm) int { return strings.Compare(a.Name, b.Name) })
	f := p.frame(c, "Planning: "+r.PlanName)
	f.Narrow = true
	if m.Going {
		f.Refresh = 3
		f.Script = p.assets.url("web/ts/run.ts")
	}
	return p.show(c, http.StatusOK, runPage(f, m))
}

// draw turns the trail into the falling line: a staircase, since the best total
// holds until a better one is found.
func (m *runModel) draw() {
	t := m.Trail
	if len(t) == 0 {
		return
	}
	m.First, m.Last = t[0].Total, t[len(t)-1].Total
	for i := len(t) - 1; i >= 0 && len(m.Log) < 5; i-- {
		m.Log = append(m.Log, t[i])
	}
	end := max(t[len(t)-1].Millis, m.Elapsed.Milliseconds(), 1)
	high, low := m.First, m.Last
	for _, x := range t {
		high, low = max(high, x.Total), min(low, x.Total)
	}
	y := func(total int64) int64 {
		if high == low {
			return 80
		}
		return 20 + (high-total)*120/(high-low)
	}
	var b strings.Builder
	for i, x := range t {
		if i > 0 {
			fmt.Fprintf(&b, "%d,%d ", x.Millis*600/end, y(t[i-1].Total))
		}
		fmt.Fprintf(&b, "%d,%d ", x.Millis*600/end, y(x.Total))
	}
	fmt.Fprintf(&b, "600,%d", y(m.Last))
	m.Points = b.String()
	flat := m.Elapsed - time.Duration(t[len(t)-1].Millis)*time.Millisecond
	m.Still = "still improving"
	if flat > 5*time.Second {
		m.Still = "no better plan for " + since(flat)
	}
}

func (p *Pages) stopRun(c echo.Context) error {
	id := c.Param("id")
	if _, err := p.Flow.StopRun(ctx(c), auth.Actor(c), id); err != nil {
		return err
	}
	return back(c, "/plans/runs/"+url.PathEscape(id), "stopping")
}

var runStates = map[flow.RunState]struct{ text, class string }{
	flow.Queued: {"waiting", "tag dash"}, flow.Running: {"running", "tag live"}, flow.Done: {"✓ done", "tag ok"}, flow.Failed: {"failed", "tag warn"},
}

// termNames say in words what the planner counts.
var termNames = map[string]string{
	"unassigned": "wanted visits without a place", "overdue_days": "days over 30 without a visit", "excess": "visits past a person’s cross-section",
	"out_of_window": "visits outside of the customer’s window", "crunch": "visits at the end of a quarter", "travel_km": "kilometres of travel",
	"mismatch": "points of what customers prefer and the executive lacks", "load": "visits more or fewer than a person’s target", "moved": "visits moved from the published plan",
}

func termName(term string) string {
	if n := termNames[term]; n != "" {
		return n
	}
	return strings.ReplaceAll(term, "_", " ")
}
