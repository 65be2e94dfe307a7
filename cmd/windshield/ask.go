package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/planning/bound"
	"windshield/internal/planning/solver"
)

// planFiles are the arguments of all commands that ask about a plan.
type planFiles struct {
	Problem  string `arg:"" help:"Problem file (windshield.problem/1), .json or .json.gz."`
	Solution string `arg:"" help:"A plan of it (windshield.solution/1)."`
}

func (c planFiles) read() (*planning.Problem, *planning.Solution, error) {
	p, err := readFile(c.Problem, planning.ReadProblem)
	if err != nil {
		return nil, nil, err
	}
	s, err := readPlan(p, c.Solution)
	return p, s, err
}

// readPlan reads a solution and refuses one that is no plan of the problem.
func readPlan(p *planning.Problem, path string) (*planning.Solution, error) {
	s, err := readFile(path, planning.ReadSolution)
	if err != nil {
		return nil, err
	}
	if v := planning.Check(p, s); !v.Feasible {
		return nil, fault.Invalidf("%s is no plan of this problem, it breaks %d rules: %s. plan --check names them all.", path, len(v.Violations), v.Violations[0])
	}
	return s, nil
}

// explainCmd says why visits stand where they do.
type explainCmd struct {
	planFiles
	Visit string `arg:"" optional:"" help:"One visit, with what comes next for it; left out, all of them in a line each."`
	Count int    `short:"n" default:"3" help:"How many other executives and weeks to name for one visit."`
}

// Run explains.
func (c *explainCmd) Run() error {
	ctx, stop := untilSignal()
	defer stop()
	return c.run(ctx, os.Stdout)
}

func (c *explainCmd) run(ctx context.Context, out io.Writer) error {
	p, s, err := c.read()
	if err != nil {
		return err
	}
	places := s.Places()
	where := func(id string) string {
		if at, ok := places[id]; ok {
			return p.Where(at)
		}
		return "no place"
	}
	if c.Visit == "" {
		reasons := planning.Reasons(p, s)
		for i := range p.Visits {
			id := p.Visits[i].ID
			fmt.Fprintf(out, "%s: %s. %s\n", p.Name(id), where(id), reasons[id].Text)
		}
		return nil
	}
	b, err := solver.NewBoard(ctx, p, s)
	if err != nil {
		return err
	}
	next, err := b.RunnersUp(ctx, c.Visit, c.Count)
	if fault.Is(err, fault.NotFound) {
		return err
	}
	fmt.Fprintf(out, "%s: %s. %s\n", p.Name(c.Visit), where(c.Visit), planning.ReasonOf(p, s, c.Visit).Text)
	if err != nil {
		fmt.Fprintln(out, fault.Sentence(err)) // pinned: nothing comes next
		return nil
	}
	show(out, "Why not somebody else:", next.Executives)
	show(out, "Why not another week:", next.Weeks)
	return nil
}

// show lists proposals with what they cost more or less.
func show(out io.Writer, title string, all []solver.Proposal) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintln(out, title)
	for i, x := range all {
		fmt.Fprintf(out, "%3d. %+d: %s\n", i+1, x.Price.Total(), x.Text)
	}
}

// proposeCmd ranks places for a visit.
type proposeCmd struct {
	planFiles
	Visit string `arg:"" help:"The visit that needs another place."`
	Count int    `short:"n" default:"10" help:"How many places to rank."`
	JSON  bool   `name:"json" help:"Print the proposals as JSON, with price per term and every change."`
}

// Run proposes.
func (c *proposeCmd) Run() error {
	ctx, stop := untilSignal()
	defer stop()
	return c.run(ctx, os.Stdout)
}

func (c *proposeCmd) run(ctx context.Context, out io.Writer) error {
	p, s, err := c.read()
	if err != nil {
		return err
	}
	b, err := solver.NewBoard(ctx, p, s)
	if err != nil {
		return err
	}
	found, err := b.Propose(ctx, c.Visit, c.Count)
	if err != nil {
		return err
	}
	if c.JSON {
		return printProposals(out, found)
	}
	if len(found) == 0 {
		fmt.Fprintln(out, "No other place keeps every rule.")
	}
	show(out, fmt.Sprintf("Places for %s, the cheapest first:", p.Name(c.Visit)), found)
	return nil
}

// printProposals writes one proposal a line.
func printProposals(out io.Writer, all []solver.Proposal) error {
	type change struct {
		Visit string          `json:"visit"`
		From  *planning.Place `json:"from"`
		To    *planning.Place `json:"to"`
	}
	e := json.NewEncoder(out)
	for _, x := range all {
		var changes []change
		for _, c := range x.Changes {
			changes = append(changes, change(c))
		}
		err := e.Encode(struct {
			Text    string        `json:"text"`
			Price   planning.Cost `json:"price"`
			Changes []change      `json:"changes"`
		}{x.Text, x.Price, changes})
		if err != nil {
			return err
		}
	}
	return nil
}

// letInCmd finds what would give left-out visits a place.
type letInCmd struct {
	planFiles
	Visit string `arg:"" optional:"" help:"One visit; left out, every visit without a place."`
}

// Run finds the smallest changes.
func (c *letInCmd) Run() error {
	ctx, stop := untilSignal()
	defer stop()
	return c.run(ctx, os.Stdout)
}

func (c *letInCmd) run(ctx context.Context, out io.Writer) error {
	p, s, err := c.read()
	if err != nil {
		return err
	}
	asked := []string{c.Visit}
	if c.Visit == "" {
		asked = nil
		places := s.Places()
		for i := range p.Visits {
			if _, ok := places[p.Visits[i].ID]; !ok {
				asked = append(asked, p.Visits[i].ID)
			}
		}
		if len(asked) == 0 {
			fmt.Fprintln(out, "Every visit has a place.")
		}
	}
	for _, id := range asked {
		x, err := solver.LetIn(ctx, p, s, id, solver.LetInOptions{})
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: %s\n", p.Name(id), x.Text)
		for i, w := range x.Ways {
			fmt.Fprintf(out, "%3d. %+d: %s\n", i+1, w.Price.Total(), w.Text)
		}
	}
	return nil
}

// compareCmd sets two plans side by side.
type compareCmd struct {
	Problem string `arg:"" help:"Problem file (windshield.problem/1), .json or .json.gz."`
	A       string `arg:"" help:"A plan of it."`
	B       string `arg:"" help:"Another plan of it."`
	All     bool   `help:"List every visit that stands differently, not only the first 20."`
}

// Run compares.
func (c *compareCmd) Run() error { return c.run(os.Stdout) }

func (c *compareCmd) run(out io.Writer) error {
	p, err := readFile(c.Problem, planning.ReadProblem)
	if err != nil {
		return err
	}
	a, err := readPlan(p, c.A)
	if err != nil {
		return err
	}
	b, err := readPlan(p, c.B)
	if err != nil {
		return err
	}
	x := planning.Compare(p, a, b)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "term\tA\tB\tcost of B - A\t")
	for _, t := range x.Terms {
		fmt.Fprintf(w, "%s\t%d\t%d\t%+d\t\n", t.Term, t.Counts.A, t.Counts.B, t.Costs.B-t.Costs.A)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w, "\nexecutive\tcost in A\tcost in B\tB - A\t")
	for _, e := range x.Executives {
		if e.A != e.B {
			fmt.Fprintf(w, "%s\t%d\t%d\t%+d\t\n", p.Name(e.Executive), e.A.Cost, e.B.Cost, e.B.Cost-e.A.Cost)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%d visits stand differently.\n", len(x.Differences))
	where := func(at *planning.Place) string {
		if at == nil {
			return "no place"
		}
		return p.Where(*at)
	}
	for i, d := range x.Differences {
		if i == 20 && !c.All {
			fmt.Fprintf(out, "… and %d more; --all lists them.\n", len(x.Differences)-20)
			break
		}
		fmt.Fprintf(out, "%s: %s -> %s\n", p.Name(d.Visit), where(d.A), where(d.B))
	}
	return nil
}

// boundCmd says what no plan can cost less than.
type boundCmd struct {
	Problem string        `arg:"" help:"Problem file (windshield.problem/1), .json or .json.gz."`
	Limit   time.Duration `default:"60s" help:"How long to work on it; longer gives a better bound."`
}

// Run bounds. An interrupt ends the work and keeps the best bound so far.
func (c *boundCmd) Run() error {
	ctx, stop := untilSignal()
	defer stop()
	return c.run(ctx, os.Stdout)
}

func (c *boundCmd) run(ctx context.Context, out io.Writer) error {
	if c.Limit <= 0 {
		return fault.Invalidf("--limit must be positive.")
	}
	p, err := readFile(c.Problem, planning.ReadProblem)
	if err != nil {
		return err
	}
	text, err := boundText(ctx, p, c.Limit, nil)
	if err == nil {
		_, err = io.WriteString(out, text)
	}
	return err
}

// boundText says what no plan of a problem can cost less than, and how far a
// plan's cost lies above it at most; cost nil is no plan.
func boundText(ctx context.Context, p *planning.Problem, limit time.Duration, cost planning.Cost) (string, error) {
	work, stop := context.WithTimeout(ctx, limit)
	defer stop()
	b, err := bound.Lower(work, p, bound.Options{})
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return fmt.Sprintf("No bound on the best plan was found within %s.\n", limit), nil
	}
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("No plan costs less than %d (%s).\n", b.Total, b.Method)
	if cost != nil && b.Total > 0 {
		text += fmt.Sprintf("This one is at most %.1f %% above the best possible.\n", 100*float64(cost.Total()-b.Total)/float64(b.Total))
	}
	return text, nil
}

// The forms in which plan tells how far it is.
const (
	progressAuto = "auto" // text on a terminal, nothing elsewhere
	progressText = "text"
	progressJSON = "json"
	progressNone = "none"
)

// teller gives the planner's progress function in a form, and what ends it.
func teller(form string, out io.Writer, terminal bool, left func() time.Duration) (tell func(solver.Progress), done func()) {
	if form == progressAuto {
		form = progressNone
		if terminal {
			form = progressText
		}
	}
	var cost planning.Cost // of the best, as it was last told
	switch form {
	case progressText:
		return func(x solver.Progress) {
			if x.Cost != nil {
				cost = x.Cost
			}
			x.Cost = cost
			fmt.Fprintf(out, "\r%s\x1b[K", liveLine(x, left()))
		}, func() { fmt.Fprint(out, "\r\x1b[K") }
	case progressJSON:
		e := json.NewEncoder(out)
		return func(x solver.Progress) {
			look := map[string]any{"iterations": x.Iterations, "share": x.Share, "best": x.Best, "unassigned": x.Unassigned}
			if x.Cost != nil {
				look["cost"] = x.Cost
			}
			_ = e.Encode(look) // nobody hears it: the plan matters more
		}, func() {}
	}
	return func(solver.Progress) {}, func() {}
}

// liveLine is one look at a search, with the terms that cost something:
// "12345678 points, 3 left out, 7 s left: overdue_days 12, travel_km 345678".
func liveLine(x solver.Progress, left time.Duration) string {
	parts := []string{fmt.Sprintf("%d points", x.Best), fmt.Sprintf("%d left out", x.Unassigned)}
	if left > 0 {
		parts = append(parts, fmt.Sprintf("%.0f s left", left.Seconds()))
	} else {
		parts = append(parts, fmt.Sprintf("%.0f %%", 100*x.Share))
	}
	var terms []string
	for _, t := range planning.Terms() {
		if n := x.Cost[t]; n != 0 && t != planning.Unassigned {
			terms = append(terms, fmt.Sprintf("%s %d", t, n))
		}
	}
	line := strings.Join(parts, ", ")
	if len(terms) > 0 {
		line += ": " + strings.Join(terms, ", ")
	}
	return line
}

// isTerminal says whether somebody watches what is written to a file.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
