package solver

import (
	"context"
	"slices"
	"sync"

	"windshield/internal/planning"
)

// Options say how long to search and how to start.
type Options struct {
	// Seed of the random numbers.
	Seed uint64
	// Iterations is the number of moves to try; 0 means no limit. With it, and
	// without Spent, equal input gives equal plans on every machine.
	Iterations int64
	// Workers is the number of goroutines that search at the same time; fewer than
	// 2 mean one. Equal iterations give equal plans with any number.
	Workers int
	// Sketch makes the first tenth of the search a quick one of its own, so that a
	// long search that is stopped early leaves a good plan.
	Sketch bool
	// Assert makes the search count the whole cost anew after every move it makes,
	// and panic where it was wrong: for tests, as it is a thousand times slower.
	Assert bool
	// Spent says which share of the given time has passed, from 0 to 1. The
	// search cools down accordingly and ends at 1. It is called every few hundred
	// moves, never twice at the same time. The search has no clock of its own.
	Spent func() float64
	// Progress, where it is not nil, is told now and then how far the search is,
	// about a hundred times in a search with a known end. It runs in the search: it must be quick.
	Progress func(Progress)
}

// Progress is how far a search has come.
type Progress struct {
	Iterations int64
	Share      float64 // of the time or the iterations, 0 to 1
	Best       int64   // total cost of the best plan so far
	Unassigned int     // visits left out at the moment
	// Cost is the cost of the best plan by term; nil where it is the same as in the last report.
	Cost planning.Cost
	// Out are the ids of the visits that the best plan leaves out; it says something where Cost does.
	Out []string
}

// defaultIterations is how many moves per visit are tried when neither a number
// nor a share of time is given.
const defaultIterations = 3000

// Solve searches for a cheap feasible plan until ctx ends, the iterations are
// done or the time is spent, and gives the best plan found with its cost. A
// cancelled ctx is no error: the best plan so far comes back, within 100 ms once
// the problem has been checked (0.2 s for 100,000 customers). Before a visit is
// placed that is the plan of the pinned visits. Errors are those of Problem.Validate.
func Solve(ctx context.Context, p *planning.Problem, opts Options) (*planning.Solution, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	m, err := compile(ctx, p, opts.Workers)
	if err != nil {
		return pinsOnly(p), nil //nolint:nilerr // stopped before there was a model: the pins are a feasible plan
	}
	if opts.Iterations <= 0 && opts.Spent == nil {
		opts.Iterations = defaultIterations * int64(len(m.visits)+1)
	}
	s := newState(m)
	placePins(p, s)
	if spent := opts.Spent; spent != nil {
		var one sync.Mutex // whoever gives a clock need not think of several workers
		opts.Spent = func() float64 {
			one.Lock()
			defer one.Unlock()
			return spent()
		}
	}
	a := newSearch(ctx, s, opts)
	a.problem, a.again, a.warm = p, rounds(len(a.moving)), a.stands()
	a.construct()
	if m.neighbours(ctx, opts.Workers) != nil {
		return a.solution(p), nil //nolint:nilerr // stopped: what has been constructed is a plan
	}
	if len(m.execs) >= partExecs {
		a.inParts(opts.Workers)
	} else {
		a.inTwins(opts.Workers)
	}
	return a.solution(p), nil
}

// pinsOnly is the plan in which only the pinned visits stand.
func pinsOnly(p *planning.Problem) *planning.Solution {
	places := map[string]planning.Place{}
	for i := range p.Visits {
		if at := p.Visits[i].Pinned; at != nil {
			places[p.Visits[i].ID] = *at
		}
	}
	s := planning.NewSolution(p, places, nil)
	s.Cost = planning.Check(p, s).Cost
	return s
}

// placePins puts the pinned visits into the empty plan; the problem is valid, so they fit.
func placePins(p *planning.Problem, s *state) {
	execs := make(map[string]int32, len(p.Executives))
	for i := range p.Executives {
		execs[p.Executives[i].ID] = int32(i)
	}
	c := compiler{p: p, execs: execs}
	for i := range p.Visits {
		if p.Visits[i].Pinned != nil {
			e, slot := c.place(p.Visits[i].Pinned)
			s.assign(int32(i), e, slot)
		}
	}
}

// assign puts an unassigned visit at a place where it fits, and counts it.
func (s *state) assign(v, e, slot int32) {
	c := s.replace(e, none, v, slot, s.seek(e, slot))
	c.fixed -= s.m.leftOut(v)
	s.enter(v, e, slot)
	s.book(c)
}

func newSearch(ctx context.Context, s *state, opts Options) *search {
	a := &search{
		s: s, m: s.m, rnd: newRandom(opts.Seed), ctx: ctx, opts: opts, late: s.m.price.overdue, again: 1,
		bestBy: slices.Clone(s.by), bestAt: slices.Clone(s.at), best: s.total(), isChanged: make([]bool, len(s.by)),
	}
	for v := range s.m.visits {
		if !s.m.visits[v].pinned {
			a.moving = append(a.moving, int32(v))
		}
	}
	return a
}

// solution turns the best plan back into ids.
func (a *search) solution(p *planning.Problem) *planning.Solution {
	if a.fresh {
		a.keep()
	}
	places := make(map[string]planning.Place, len(p.Visits))
	for v := range p.Visits {
		if a.bestBy[v] != none {
			places[p.Visits[v].ID] = placeOf(p, a.bestBy[v], a.bestAt[v])
		}
	}
	s := planning.NewSolution(p, places, nil)
	s.Cost = a.cost(p)
	return s
}
