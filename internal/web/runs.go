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
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/planning"
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
	flow.RunView
	Bars    []flow.Group // the groups in colour, and the others as one
	Going   bool
	Elapsed time.Duration
	Points  string // of the falling line, in 640 × 160 units
	First   int64
	Last    int64
	Terms   []costTerm
	Log     []improvement // the last five, newest first
	Flat    time.Duration // since the last improvement
	MayPlan bool
	Key     string
	Error   shownError
}

// improvement is a better plan that a run has found, with what is better in words.
type improvement struct {
	flow.Mark
	Words string // "" where the parts of the cost are not known
}

// betterBy says what changed from one plan to a better one, in the planner's words, and
// which group has gained most.
func (m runModel) betterBy(ctx context.Context, was, now flow.Mark) string {
	if was.Cost == nil || now.Cost == nil {
		return ""
	}
	diff := planning.Cost{}
	for _, t := range planning.Terms() {
		diff[t] = now.Cost[string(t)] - was.Cost[string(t)]
	}
	words, gained, most := diff.InWords(readerIn(ctx).Style), "", 0
	for _, g := range m.Groups {
		from, to := was.Groups[g.Code], now.Groups[g.Code]
		if n := to.Placed - from.Placed; n > most && from.Wanted > 0 {
			gained, most = fmt.Sprintf("%s %s → %s of %s", g.Label, num(ctx, from.Placed), num(ctx, to.Placed), num(ctx, to.Wanted)), n
		}
	}
	if gained != "" {
		words = strings.TrimPrefix(words+"; "+gained, "; ")
	}
	return words
}

// costTerm is a part of the cost, with how it fell.
type costTerm struct {
	Name          string
	Count, Points int64  // as counted, and weighted
	Was           int64  // the first count that is known
	Line          string // in 120 × 24 units; "" where there are no two points
}

func (p *Pages) run(c echo.Context) error {
	return p.showRun(c, http.StatusOK, nil)
}

func (p *Pages) showRun(c echo.Context, status int, problem error) error {
	v, err := p.Flow.RunView(ctx(c), auth.Actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	m := p.runModelOf(c, v)
	m.Error = shown(problem, "file")
	f := p.frame(c, "Planning: "+v.PlanName)
	f.Narrow = true
	if m.Going {
		f.Refresh = 3
		f.Script = p.assets.url("web/ts/run.ts")
	}
	return p.show(c, status, runPage(f, m))
}

// runModelOf draws what a run has come to, for whoever asks.
func (p *Pages) runModelOf(c echo.Context, v flow.RunView) runModel {
	m := runModel{RunView: v, Going: !v.State.Ended(), MayPlan: may(access.MakePlan)(auth.Actor(c)), Key: p.NewKey()}
	end := v.EndedAt
	if end.IsZero() {
		end = p.Now()
	}
	if !v.StartedAt.IsZero() {
		m.Elapsed = max(0, end.Sub(v.StartedAt))
	}
	if n := len(v.Trail); n > 0 { // which a stopwatch has measured, in another process
		m.Elapsed = max(m.Elapsed, time.Duration(v.Trail[n-1].Millis)*time.Millisecond)
	}
	m.draw(ctx(c))
	m.drawTerms()
	m.drawGroups()
	return m
}

// drawGroups gives each of the six largest groups a bar, and the others one together.
func (m *runModel) drawGroups() {
	others := flow.Group{Code: "··", Label: "other groups"}
	for _, g := range m.Groups {
		if g.Colour > 0 {
			m.Bars = append(m.Bars, g)
			continue
		}
		others.Planned, others.Target = others.Planned+g.Planned, others.Target+g.Target
	}
	if others.Target > 0 {
		m.Bars = append(m.Bars, others)
	}
}

// placedShare is a bar whose whole track is the target.
func placedShare(g flow.Group) bullet {
	return bullet{1000 * g.Planned / max(1, g.Target), 1000}
}

// drawTerms gives every term its own falling line, in the order of the planner.
func (m *runModel) drawTerms() {
	end := max(m.Elapsed.Milliseconds(), 1)
	for _, x := range m.Trail {
		end = max(end, x.Millis)
	}
	weights := planning.DefaultWeights()
	for _, term := range planning.Terms() {
		now, known := m.Cost[string(term)]
		if !known {
			continue
		}
		t := costTerm{Name: termName(string(term)), Count: now, Points: now * cmp.Or(m.Weights[string(term)], weights[term]), Was: now}
		var marks []flow.Mark
		for _, x := range m.Trail {
			if n, said := x.Cost[string(term)]; said {
				marks = append(marks, flow.Mark{Millis: x.Millis, Total: n})
			}
		}
		if len(marks) > 0 {
			t.Was = marks[0].Total
		}
		if len(marks) > 1 {
			t.Line = staircase(marks, end, 120, 3, 21)
		}
		m.Terms = append(m.Terms, t)
	}
}

// staircase draws marks as a line that holds until the next: x from 0 to wide, y
// from high (the greatest value) to low.
func staircase(marks []flow.Mark, end int64, wide, high, low int64) string {
	top, bottom := marks[0].Total, marks[0].Total
	for _, x := range marks {
		top, bottom = max(top, x.Total), min(bottom, x.Total)
	}
	y := func(n int64) int64 {
		if top == bottom {
			return low
		}
		return high + (top-n)*(low-high)/(top-bottom)
	}
	var b strings.Builder
	for i, x := range marks {
		if i > 0 {
			fmt.Fprintf(&b, "%d,%d ", x.Millis*wide/end, y(marks[i-1].Total))
		}
		fmt.Fprintf(&b, "%d,%d ", x.Millis*wide/end, y(x.Total))
	}
	fmt.Fprintf(&b, "%d,%d", wide, y(marks[len(marks)-1].Total))
	return b.String()
}

// gap says how far from the best possible the plan is at most.
func (m runModel) gap(ctx context.Context) string {
	percent, known := m.Bound.Gap(m.Last)
	switch {
	case !known:
		return ""
	case m.Last <= m.Bound.Total:
		return "the best possible"
	case percent < 0.05:
		return "within 0.05 % of the best possible"
	case percent < 10:
		return "at most " + fixed(ctx, percent, 1) + " % above the best possible"
	case percent < 100:
		return "at most " + fixed(ctx, percent, 0) + " % above the best possible"
	}
	return "" // so rough a bound says nothing about the plan
}

// draw turns the trail into the falling line: a staircase, since the best total
// holds until a better one is found.
func (m *runModel) draw(ctx context.Context) {
	t := slices.Clone(m.Trail)
	if len(t) == 0 {
		return
	}
	for i := 1; i < len(t); i++ {
		if t[i].Groups == nil {
			t[i].Groups = t[i-1].Groups
		}
	}
	m.First, m.Last = t[0].Total, t[len(t)-1].Total
	better := 0 // where the newest improvement stands
	for i := len(t) - 1; i >= 0 && len(m.Log) < 5; i-- {
		x := improvement{Mark: t[i]}
		if i > 0 {
			if t[i].Total >= t[i-1].Total {
				continue
			}
			x.Words = m.betterBy(ctx, t[i-1], t[i])
		}
		if m.Log = append(m.Log, x); len(m.Log) == 1 {
			better = i
		}
	}
	end := max(t[len(t)-1].Millis, m.Elapsed.Milliseconds(), 1)
	m.Points = staircase(t, end, 600, 20, 140)
	m.Flat = max(0, m.Elapsed-time.Duration(t[better].Millis)*time.Millisecond)
}

func (p *Pages) stopRun(c echo.Context) error {
	id := c.Param("id")
	if _, err := p.Flow.StopRun(ctx(c), auth.Actor(c), id); err != nil {
		return err
	}
	return back(c, "/plans/runs/"+url.PathEscape(id), "stopping")
}

func (p *Pages) cancelRun(c echo.Context) error {
	id := c.Param("id")
	r, err := p.Flow.CancelRun(ctx(c), auth.Actor(c), id)
	if err != nil {
		return err
	}
	if r.State != flow.Cancelled { // it had ended before: the page shows with what
		return back(c, "/plans/runs/"+url.PathEscape(id), "")
	}
	return back(c, "/plans/runs/"+url.PathEscape(id), "thrown_away")
}

var runStates = map[flow.RunState]struct{ text, class string }{
	flow.Queued: {"waiting", "tag dash"}, flow.Running: {"running", "tag live"}, flow.Done: {"✓ done", "tag ok"}, flow.Failed: {"failed", "tag warn"},
	flow.Cancelled: {"cancelled", "tag off"},
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

// runFile gives a run's problem or solution to be kept.
func (p *Pages) runFile(kind flow.RunFile) echo.HandlerFunc {
	return func(c echo.Context) error {
		data, err := p.Flow.RunFile(ctx(c), auth.Actor(c), c.Param("id"), kind)
		if err != nil {
			return err
		}
		c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="windshield-`+string(kind)+`.json"`)
		c.Response().Header().Set("Cache-Control", "no-store")
		return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, data)
	}
}

// bringSolution takes a solution that was made outside.
func (p *Pages) bringSolution(c echo.Context) error {
	// Before anything is read: nobody else's megabytes are worth the memory.
	if err := access.Require(auth.Actor(c), access.MakePlan, access.Subject{}); err != nil {
		return err
	}
	name, data, err := uploaded(c)
	if fault.Is(err, fault.Invalid) {
		err = fault.Invalidf("No file was sent.").With(fault.Detail{Where: "file", Expected: "a solution file, windshield.solution/1"})
	}
	var run flow.Run
	if err == nil {
		run, err = p.Flow.BringSolution(ctx(c), auth.Actor(c), key(c, name, string(data)), c.Param("id"), strings.TrimSuffix(name, ".json"), data)
	}
	if status, yes := formError(err); err != nil && yes {
		return p.showRun(c, status, err)
	}
	if err != nil {
		return err
	}
	return back(c, "/plans/runs/"+url.PathEscape(run.ID), "brought")
}
