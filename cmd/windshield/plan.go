package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/planning/solver"
)

// defaultLimit is how long a plan is searched for where nothing else is asked for.
const defaultLimit = 10 * time.Second

// PlanCmd plans a problem file, or judges a solution.
type PlanCmd struct {
	Problem    string        `arg:"" help:"Problem file (windshield.problem/1), .json or .json.gz."`
	Solution   string        `arg:"" optional:"" help:"With --check: the solution to judge."`
	Output     string        `short:"o" default:"-" help:"Where to write the solution; - is the standard output."`
	Limit      time.Duration `help:"How long to search, reading included (10s where --iterations is not given either)."`
	Iterations int64         `help:"How many moves to try. Without --limit, the same number and seed give the same plan on every machine."`
	Seed       uint64        `default:"1" help:"Seed of the search's random numbers."`
	Workers    int           `help:"How many processors to use at most; 0 means all. It does not change the plan that --iterations give."`
	Assert     bool          `help:"Count the whole cost anew after every move, and break off where the search was wrong: to find faults in it, at a thousandth of its speed."`
	Bound      bool          `help:"Say also what no plan can cost less than; takes a fifth of the limit more, at least a second."`
	Progress   string        `default:"auto" enum:"auto,text,json,none" help:"How to tell on the standard error how far the search is: a live line (text), a JSON object a line (json), nothing (none), or a live line on a terminal only (auto)."`
	Check      bool          `help:"Judge SOLUTION instead of planning: exit status 0 where it is feasible and its costs are right."`
}

// Run plans or judges. An interrupt ends the search and keeps the best plan so
// far; a second one ends the program.
func (c *PlanCmd) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return c.run(ctx, os.Stdout, os.Stderr)
}

func (c *PlanCmd) run(ctx context.Context, stdout, stderr io.Writer) error {
	start := time.Now()
	if err := c.consistent(); err != nil {
		return err
	}
	p, err := readFile(c.Problem, planning.ReadProblem)
	if err != nil {
		return err
	}
	if c.Check {
		return c.judge(p, stdout)
	}
	var tried int64
	tell, told := teller(c.Progress, stderr, isTerminal(stderr), func() time.Duration { return c.Limit - time.Since(start) })
	opts := solver.Options{Seed: c.Seed, Iterations: c.Iterations, Workers: c.workers(), Assert: c.Assert, Sketch: c.Limit >= time.Minute, Progress: func(x solver.Progress) {
		tried = x.Iterations
		tell(x)
	}}
	searching := ctx
	if c.Limit > 0 {
		timed, cancel := context.WithDeadline(ctx, start.Add(c.Limit))
		defer cancel()
		searching = timed
		opts.Spent = func() float64 { return float64(time.Since(start)) / float64(c.Limit) }
	}
	s, err := solver.Solve(searching, p, opts)
	told()
	if err != nil {
		return err
	}
	report := stderr
	if c.Output == "-" {
		err = s.Write(stdout)
	} else {
		report = stdout
		err = writeSolution(c.Output, s)
	}
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		fmt.Fprintln(stderr, "Stopped early; this is the best plan so far.")
	}
	if _, err = fmt.Fprintf(report, "%d of %d visits have a place. %d moves tried.\n%s", len(s.Assignments), len(p.Visits), tried, p.Table(s.Cost)); err != nil || !c.Bound {
		return err
	}
	text, err := boundText(context.WithoutCancel(ctx), p, max(time.Second, c.Limit/5), s.Cost)
	if err == nil {
		_, err = io.WriteString(report, text)
	}
	return err
}

// workers is how many processors the search uses.
func (c *PlanCmd) workers() int {
	if c.Workers > 0 {
		return c.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// consistent refuses arguments that contradict each other, before a search is
// made whose result could not be kept.
func (c *PlanCmd) consistent() error {
	switch {
	case c.Check && c.Solution == "":
		return fault.Invalidf("--check needs a problem file and a solution file.")
	case !c.Check && c.Solution != "":
		return fault.Invalidf("A second file makes sense with --check only. To write a plan to %s, use -o %s.", c.Solution, c.Solution)
	case c.Limit < 0 || c.Iterations < 0 || c.Workers < 0:
		return fault.Invalidf("--limit, --iterations and --workers must be positive.")
	}
	if c.Limit == 0 && c.Iterations == 0 {
		c.Limit = defaultLimit
	}
	if c.Output != "-" {
		if info, err := os.Stat(filepath.Dir(c.Output)); err != nil || !info.IsDir() {
			return fault.Invalidf("There is no folder %s to write %s into.", filepath.Dir(c.Output), c.Output)
		}
	}
	return nil
}

// judge prints what Check says; a plan that is not in order is an error.
func (c *PlanCmd) judge(p *planning.Problem, stdout io.Writer) error {
	s, err := readFile(c.Solution, planning.ReadSolution)
	if err != nil {
		return err
	}
	v := planning.Check(p, s)
	if _, err := io.WriteString(stdout, v.Report(p)); err != nil {
		return err
	}
	switch {
	case !v.Feasible:
		return fault.Invalidf("%s is infeasible.", c.Solution)
	case len(v.Wrong) > 0:
		return fault.Invalidf("%s is feasible, but the costs it states are wrong.", c.Solution)
	}
	return nil
}
