package bound

import (
	"container/heap"
	"context"
	"slices"

	"windshield/internal/fault"
	"windshield/internal/planning"
)

// Bounds on the problems of which the optimum is looked for.
const (
	optimumVisits     = 60
	optimumExecutives = 10
)

// SearchOptions say how to look for the cheapest plan.
type SearchOptions struct {
	// Nodes is the number of parts of the problem to look at; 0 means no limit.
	Nodes int
	// Known, where it is not nil, is a feasible plan from which to start: the
	// better it is, the less is left to look at.
	Known *planning.Solution
	// Progress, where it is not nil, is told after each part how many have been
	// looked at, the bound reached and the cost of the best plan.
	Progress func(nodes int, bound, cost int64)
}

// Best is what a search for the cheapest plan has found.
type Best struct {
	Plan   *planning.Solution // feasible, with its cost
	Bound  int64              // no feasible plan is cheaper than this
	Proved bool               // no plan is cheaper than Plan: Bound is its cost
	Nodes  int                // parts of the problem looked at
}

// Optimum finds the cheapest plan of a small problem by branch and bound: it looks
// at ever smaller parts of the problem, such as those in which a given executive
// makes a visit in a given half of the year, and leaves out a part when its bound,
// found as by Lower, is not below the best plan. Where ctx ends before, or the
// nodes are done, the best plan so far and the bound reached come back. Errors
// are those of Problem.Validate, and fault.TooLarge beyond 60 visits or 10 executives.
func Optimum(ctx context.Context, p *planning.Problem, opts SearchOptions) (Best, error) {
	if err := p.Validate(); err != nil {
		return Best{}, err
	}
	if len(p.Visits) > optimumVisits || len(p.Executives) > optimumExecutives {
		return Best{}, fault.New(fault.TooLarge, "The cheapest plan is looked for with up to %d visits and %d executives; this problem has %d and %d.",
			optimumVisits, optimumExecutives, len(p.Visits), len(p.Executives))
	}
	m, err := compile(ctx, p)
	if err != nil {
		return Best{}, err
	}
	s := &tree{ctx: ctx, p: p, m: m, y: newYear(m), terms: m.terms().Sum(p).Total()}
	s.offer(pinsOnly(p))
	if opts.Known != nil {
		s.offer(opts.Known.Places())
	}
	root := &part{at: newAscent(ctx, m, s.y, Options{}).center, pool: make([][]column, len(m.execs))}
	for v := range m.visits {
		root.bounds = append(root.bounds, m.visits[v].bounds)
	}
	for e := range m.execs {
		for _, p := range m.execs[e].pins {
			root.bounds[p.visit] = bounds{only: int32(e), first: p.day, last: p.day, half: p.half}
		}
	}
	heap.Push(&s.open, root)
	for len(s.open) > 0 && ctx.Err() == nil && (opts.Nodes <= 0 || s.nodes < opts.Nodes) {
		next := heap.Pop(&s.open).(*part)
		if next.low >= s.cost() {
			s.open = nil
			break
		}
		s.nodes++
		if !s.visit(next) { // stopped half way
			heap.Push(&s.open, next)
		}
		if opts.Progress != nil {
			opts.Progress(s.nodes, s.bound(), s.cost())
		}
	}
	b := Best{Plan: s.best, Bound: s.bound(), Nodes: s.nodes}
	b.Proved = b.Bound == s.cost()
	return b, nil
}

// bound gives what no plan in the open parts, nor the best, goes below.
func (s *tree) bound() int64 {
	if len(s.open) == 0 {
		return s.cost()
	}
	return min(s.cost(), max(s.open[0].low, s.terms))
}

func pinsOnly(p *planning.Problem) map[string]planning.Place {
	places := map[string]planning.Place{}
	for i := range p.Visits {
		if at := p.Visits[i].Pinned; at != nil {
			places[p.Visits[i].ID] = *at
		}
	}
	return places
}

// tree is the search of Optimum.
type tree struct {
	ctx   context.Context
	p     *planning.Problem
	m     *model
	y     *year
	terms int64
	best  *planning.Solution
	open  parts
	nodes int
	made  int // parts
}

// part is a part of the problem: what has been decided about its visits.
type part struct {
	low    int64 // no plan in it is cheaper
	order  int
	bounds []bounds
	at     multipliers
	pool   [][]column
}

// parts is a heap, the cheapest first, and the latest of equally cheap ones.
type parts []*part

func (h parts) Len() int { return len(h) }
func (h parts) Less(i, j int) bool {
	return h[i].low < h[j].low || h[i].low == h[j].low && h[i].order > h[j].order
}
func (h parts) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push is for container/heap.
func (h *parts) Push(x any) { *h = append(*h, x.(*part)) }

// Pop is for container/heap.
func (h *parts) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

func (s *tree) cost() int64 { return s.best.Cost.Total() }

// offer keeps a plan that is feasible and cheaper than the best.
func (s *tree) offer(places map[string]planning.Place) planning.Verdict {
	plan := planning.NewSolution(s.p, places, nil)
	verdict := planning.Check(s.p, plan)
	if verdict.Feasible && (s.best == nil || verdict.Cost.Total() < s.cost()) {
		plan.Cost = verdict.Cost
		s.best = plan
	}
	return verdict
}

// roundsRoot and roundsPart are how often the years of everybody are worked out
// for the whole problem and for a part.
const (
	roundsRoot = 150
	roundsPart = 25
)

// visit bounds a part and takes it into smaller ones. It is false when ctx ends.
func (s *tree) visit(x *part) bool {
	m := s.m
	m.most = min(2*s.cost()+1, worthMost)
	for v := range m.visits {
		m.visits[v].bounds = x.bounds[v]
	}
	s.y.exec = none
	a := &ascent{ctx: s.ctx, m: m, y: s.y, best: -far, step: x.step(), pool: s.fitting(x), latest: make([][]stop, len(m.execs)), enough: s.cost()}
	a.center = multipliers{slices.Clone(x.at.visit), slices.Clone(x.at.value), slices.Clone(x.at.load)}
	for v := range a.center.visit {
		a.center.visit[v] = min(a.center.visit[v], m.worth(v))
	}
	a.opts.Rounds = roundsPart
	if s.nodes == 1 {
		a.opts.Rounds = roundsRoot
	}
	a.found = func() {
		s.round(a.latest)
		a.enough = s.cost()
	}
	a.run(0)
	if a.rounds == 0 {
		return false
	}
	x.low = max(x.low, a.best)
	if x.low >= s.cost() {
		return true
	}
	a.propose() // for the weights
	s.split(x, a)
	return true
}

func (x *part) step() float64 {
	sum := int64(0)
	for _, l := range x.at.visit {
		sum += max(l, -l)
	}
	return max(1, float64(sum)/float64(2*len(x.at.visit)+1))
}

// fitting gives the years known that keep what has been decided.
func (s *tree) fitting(x *part) [][]column {
	pool := make([][]column, len(x.pool))
	for e := range x.pool {
		for _, c := range x.pool[e] {
			if !slices.ContainsFunc(c.stops, func(at stop) bool {
				b := &x.bounds[at.visit]
				return b.out || b.only != none && int(b.only) != e || at.day < b.first || at.day > b.last
			}) {
				c.weight, c.idle = 0, 0
				pool[e] = append(pool[e], c)
			}
		}
		if len(pool[e]) > 0 {
			pool[e][0].weight = 1
		}
	}
	return pool
}
