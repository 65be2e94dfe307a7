package web

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/flow"
	"windshield/internal/sampling"
)

// proofModel is the proof page.
type proofModel struct {
	flow.Proof
	GroupRows []proofGroup
	Coverages []reach
	Yardstick []yardstick
	MayChange bool
	Lead      string
	Against   string // how the account teams' list compares; "" where there is none
	Limits    []string
}

// proofGroup is a group of the table of strata.
type proofGroup struct {
	sampling.Stratum
	sampling.Line // of the customers as they stand
	Colour, More  int
	Planned, Held string // visits; "–" where there is no plan or none was held
	CustomerW     int    // of a bar of 1000
	VisitW        int
	WeightedW     int
}

// reach is how far a set of visits stands for the customers.
type reach struct {
	Name    string
	R       sampling.Representation
	Visited sampling.Distance
	Stood   sampling.Distance
}

// yardstick holds one dimension of the draw against re-draws and the list.
type yardstick struct {
	Name             string
	Fixed            bool // the design leaves nothing to chance here
	Visited, Stood   histogram
	VisitedTV        float64
	StoodTV          float64
	ListTV           float64 // -1 where there is no list
	Closer           int     // re-draws that are nearer than the draw, with weights
	CloserVisited    int
	CloserThanList   int
	VisitedQ, StoodQ [5]float64
	Lines            []sampling.Line
}

// histogram is a picture of re-draws, with the draw marked and perhaps the list.
type histogram struct {
	Bars       []bar
	Mark, List int // place of the mark, -1 where there is none
}

// bar is one column of a histogram in a picture of 400 by 48.
type bar struct{ X, Y, W, H int }

const histogramBars = 40

// histogramOf draws rising numbers, with marks where they are not negative.
func histogramOf(rising []float64, mark, list float64) histogram {
	out := histogram{Mark: -1, List: -1}
	if len(rising) == 0 {
		return out
	}
	lo, hi := math.Min(rising[0], mark), math.Max(rising[len(rising)-1], mark)
	if list >= 0 {
		lo, hi = math.Min(lo, list), math.Max(hi, list)
	}
	if hi <= lo {
		hi = lo + 1e-9
	}
	place := func(x float64) int { return int(math.Round(390*(x-lo)/(hi-lo))) + 5 }
	counts := make([]int, histogramBars)
	for _, x := range rising {
		counts[min(int(float64(histogramBars)*(x-lo)/(hi-lo)), histogramBars-1)]++
	}
	most := slices.Max(counts)
	for i, n := range counts {
		if n > 0 {
			h := max(1, 44*n/most)
			out.Bars = append(out.Bars, bar{X: 5 + i*390/histogramBars, Y: 48 - h, W: 390/histogramBars - 1, H: h})
		}
	}
	out.Mark = place(mark)
	if list >= 0 {
		out.List = place(list)
	}
	return out
}

func (p *Pages) proof(c echo.Context) error {
	a := auth.Actor(c)
	v, err := p.Flow.Proof(ctx(c), a, c.Param("id"))
	if err != nil {
		return err
	}
	f := p.frame(c, "Proof: "+v.Name)
	f.AsOf = v.AsOf
	return p.show(c, http.StatusOK, proofPage(f, proofOf(ctx(c), v, may(access.MakeSelection)(a))))
}

func proofOf(ctx context.Context, v flow.Proof, mayChange bool) proofModel {
	m := proofModel{Proof: v, MayChange: mayChange, Limits: limitsOf(ctx, v)}
	m.Coverages = append(m.Coverages, coverageOf("Selected, as it stands", v.Drawn))
	if v.Planned != nil {
		m.Coverages = append(m.Coverages, coverageOf("With a place in the plan", *v.Planned))
	}
	if v.Held != nil {
		m.Coverages = append(m.Coverages, coverageOf("Held so far", *v.Held))
	}
	m.GroupRows = groupsOfProof(ctx, v)
	m.Yardstick = yardsticksOf(v)
	m.Lead, m.Against = leadOf(ctx, v), against(ctx, m.Yardstick, v.Reference.Times)
	return m
}

func coverageOf(name string, r sampling.Representation) reach {
	out := reach{Name: name, R: r}
	if len(r.Views) > 0 {
		out.Visited, out.Stood = r.Views[0].Visited, r.Views[0].StoodFor
	}
	return out
}

// leadOf says in one sentence what the page shows.
func leadOf(ctx context.Context, v flow.Proof) string {
	all := v.Frame.Customers
	s := fmt.Sprintf("%s of %s customers are to be visited. They were drawn by chance from all groups, so they stand for %s of the customers", num(ctx, v.Stands), num(ctx, all), percent(ctx, v.Drawn.Represented))
	if len(v.Drawn.Views) == 0 {
		return s + "."
	}
	d := v.Drawn.Views[0]
	if d.StoodFor.TotalVariation < 0.0005 {
		return s + ", and with the weights every group counts for exactly its share."
	}
	return s + fmt.Sprintf(", and with the weights %s of them would have to be elsewhere for every group to count for its share.", percent(ctx, d.StoodFor.TotalVariation))
}

func groupsOfProof(ctx context.Context, v flow.Proof) []proofGroup {
	if len(v.Drawn.Views) == 0 {
		return nil
	}
	made := func(r *sampling.Representation, i int) string {
		if r == nil || len(r.Views) == 0 || i >= len(r.Views[0].Lines) {
			return "–"
		}
		return num(ctx, r.Views[0].Lines[i].Made)
	}
	top := 0.0
	for _, l := range v.Drawn.Views[0].Lines {
		top = max(top, l.CustomerShare, l.VisitShare, l.WeightedShare)
	}
	width := func(x float64) int { return int(1000 * x / max(top, 1e-9)) }
	out := make([]proofGroup, 0, len(v.Strata))
	for i, s := range v.Strata {
		l := v.Drawn.Views[0].Lines[i]
		g := proofGroup{Stratum: s, Line: l, More: nextIn(v.Next, s.Code), Planned: made(v.Planned, i), Held: made(v.Held, i),
			CustomerW: width(l.CustomerShare), VisitW: width(l.VisitShare), WeightedW: width(l.WeightedShare)}
		for _, x := range v.Groups {
			if x.Code == s.Code {
				g.Colour = x.Colour
			}
		}
		out = append(out, g)
	}
	return out
}

func yardsticksOf(v flow.Proof) (out []yardstick) {
	for i, view := range v.Drawn.Views {
		if i == 0 && len(v.Reference.Spreads) == 0 {
			continue
		}
		y := yardstick{Name: readable(view.Dimension), VisitedTV: view.Visited.TotalVariation, StoodTV: view.StoodFor.TotalVariation, ListTV: -1, Lines: view.Lines}
		if y.Name == "" {
			y.Name = "the groups"
		}
		if v.Picked != nil && i < len(v.Picked.Representation.Views) {
			y.ListTV = v.Picked.Representation.Views[i].Visited.TotalVariation
		}
		if i < len(v.Reference.Spreads) {
			s := v.Reference.Spreads[i]
			y.VisitedQ, y.StoodQ = sampling.Quantiles(s.Visited), sampling.Quantiles(s.StoodFor)
			y.Fixed = y.StoodQ[4]-y.StoodQ[0] < 1e-9 && y.VisitedQ[4]-y.VisitedQ[0] < 1e-9
			y.Visited, y.Stood = histogramOf(s.Visited, y.VisitedTV, y.ListTV), histogramOf(s.StoodFor, y.StoodTV, -1)
			y.Closer, y.CloserVisited = sampling.Closer(s.StoodFor, y.StoodTV), sampling.Closer(s.Visited, y.VisitedTV)
			if y.ListTV >= 0 {
				y.CloserThanList = sampling.Closer(s.Visited, y.ListTV)
			}
		}
		out = append(out, y)
	}
	return out
}

// limitsOf says in plain words what the selection cannot show.
func limitsOf(ctx context.Context, v flow.Proof) []string {
	out := []string{
		"The numbers compare what the customer list holds: " + dimensionsText(v) + ". What customers think of us is not in the list. Against friendly picks only the draw itself protects, not these comparisons.",
		"Who refuses may think otherwise than who does not. Replacements keep the groups even, not the opinions.",
		"A topic that a customer did not raise is not a topic that the customer does not have.",
		"Must-visits and customers put in by hand stand for themselves alone.",
	}
	small := 0
	for _, s := range v.Strata {
		if !s.Must && s.X < 5 {
			small++
		}
	}
	if small > 0 {
		out = append(out, count(ctx, small, "group has", "groups have")+" fewer than five visits: too few to say anything of that group alone.")
	}
	if v.SeedSince > 0 {
		why := ""
		if v.SeedSince < v.Year {
			why = ", kept so that customers take turns"
		}
		out = append(out, "The seed is that of "+itoa(v.SeedSince)+why+". It has been known since then, so whoever had the list could foresee this draw.")
	}
	return append(out, "One executive’s own dozen stands for little: 6 of 12 who say a thing may be 25 % or 75 % of all.")
}

// promiseText says what the promise of the seed is worth: one that is made with the
// freeze binds only what comes after.
func promiseText(m proofModel) string {
	switch {
	case m.Frame.SeededAt.Before(m.Frame.FrozenAt) && m.Frame.Reason == "":
		return "before the freeze"
	case m.Frame.Reason != "":
		return "with the freeze: somebody chose it"
	case m.CreatedAt.After(m.Frame.FrozenAt):
		return "with the freeze, before the draw: made by chance"
	}
	return "in the same act as freeze and draw: made by chance"
}

// mustText counts and names the must-visits, at most so many of them.
func mustText(ctx context.Context, m proofModel, most int) string {
	s := num(ctx, m.Content.Must)
	if n := min(most, len(m.Content.Musts)); n > 0 {
		s += ": " + strings.Join(m.Content.Musts[:n], ", ")
		if more := m.Content.Must - n; more > 0 {
			s += " and " + num(ctx, more) + " more"
		}
	}
	return s
}

func dimensionsText(v flow.Proof) string {
	var names []string
	for _, x := range v.Drawn.Views {
		if x.Dimension != "" {
			names = append(names, readable(x.Dimension))
		}
	}
	switch len(names) {
	case 0:
		return "revenue"
	case 1:
		return names[0] + " and revenue"
	}
	s := ""
	for _, n := range names {
		s += n + ", "
	}
	return s + "revenue"
}

// drawRecord sends the record with which anybody can repeat the draw.
func (p *Pages) drawRecord(c echo.Context) error {
	s, data, err := p.Flow.DrawRecord(ctx(c), auth.Actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", flow.RecordName(s)))
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, "application/json", data)
}

type teamListModel struct {
	flow.SelectionView
	Key   string
	Error shownError
}

func (p *Pages) teamListForm(c echo.Context) error { return p.showTeamList(c, http.StatusOK, nil) }

func (p *Pages) showTeamList(c echo.Context, status int, problem error) error {
	if err := access.Require(auth.Actor(c), access.MakeSelection, access.Subject{}); err != nil {
		return err
	}
	v, err := p.Flow.Selection(ctx(c), auth.Actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	m := teamListModel{SelectionView: v, Key: p.NewKey(), Error: shown(problem, "file")}
	return p.show(c, status, teamListPage(p.narrow(c, "The account teams’ list"), m))
}

func (p *Pages) bringTeamList(c echo.Context) error {
	if err := access.Require(auth.Actor(c), access.MakeSelection, access.Subject{}); err != nil {
		return err
	}
	name, data, err := uploaded(c)
	if err == nil {
		_, err = p.Flow.BringTeamList(ctx(c), auth.Actor(c), key(c, name, string(data)), c.Param("id"), name, data)
	}
	if status, yes := formError(err); err != nil && yes {
		return p.showTeamList(c, status, err)
	}
	if err != nil {
		return err
	}
	return back(c, "/selections/"+url.PathEscape(c.Param("id"))+"/proof", "listed")
}

// against says in one sentence how the account teams' list compares with the
// draw, where chance had a say: in the dimension in which it is farthest off.
func against(ctx context.Context, all []yardstick, times int) string {
	var worst *yardstick
	for i, y := range all {
		if y.ListTV >= 0 && !y.Fixed && times > 0 && (worst == nil || y.ListTV > worst.ListTV) {
			worst = &all[i]
		}
	}
	if worst == nil {
		return ""
	}
	s := fmt.Sprintf("By %s the list of the account teams is %s off all customers, this selection %s", worst.Name, off(ctx, worst.ListTV), off(ctx, worst.VisitedTV))
	return s + fmt.Sprintf("; %s of %s re-draws by chance are nearer than the list.", num(ctx, worst.CloserThanList), num(ctx, times))
}

// readable gives the name of a dimension as people write it.
func readable(dimension string) string { return strings.ReplaceAll(dimension, "_", " ") }

// off writes a total variation: the share of visits that would have to be
// elsewhere. What is only a rounding error of the computer is nothing.
func off(ctx context.Context, x float64) string {
	if x < 1e-9 {
		return "0 %"
	}
	return percent(ctx, x)
}

// between writes the range in which nine of ten re-draws lie.
func (y yardstick) between(ctx context.Context, q [5]float64, times int) string {
	if times == 0 || y.Fixed {
		return "–"
	}
	return off(ctx, q[1]) + " to " + off(ctx, q[3])
}

// rank says how many of the re-draws are nearer to the customers.
func (y yardstick) rank(ctx context.Context, closer, times int) string {
	if times == 0 || y.Fixed {
		return "–"
	}
	return num(ctx, closer) + " of " + num(ctx, times)
}

func kindText(k flow.ChangeKind) string {
	return map[flow.ChangeKind]string{flow.ChangeRefused: "refused", flow.ChangeAdded: "put in by hand", flow.ChangeRemoved: "taken out by hand"}[k]
}
