package solver

import (
	"context"
	"sync"
	"sync/atomic"
)

// The schedule. Early on, overdue days are cheap, so that visits can pass over
// the wall that a gap of 31 days is; late in the search they cost what they cost.
const (
	heatFirst   = 1600 // km or as good as km
	heatWarm    = 800  // where a plan stands already that people know
	heatHalving = 7    // how often the heat halves in the whole search
	lateFirst   = 8    // an overdue day costs at first 1/lateFirst of its price
	shareBits   = 20
	sketchShare = 10 // the first search of a sketch takes 1/sketchShare
)

// poll is how many moves are tried between two looks at the context: far less
// than a millisecond.
const poll = 256

// cool sets heat and price of overdue days for a share of the search that is
// done, in fixed point.
func (a *search) cool(share int64) {
	const one = int64(1) << shareBits
	share = a.phase(share)
	first, full := int64(heatFirst), a.m.price.overdue
	a.late = min(full, full/lateFirst+full*share>>shareBits)
	if a.warm {
		first, a.late = heatWarm, full
	}
	steps := share * heatHalving
	whole, rest := steps>>shareBits, steps&(one-1)
	a.heat = (first << 8 >> whole) * (2*one - rest) >> (shareBits + 1 + 8)
}

// phase gives the share of the present anneal that is done. A sketch anneals
// quickly first, so that a search that is stopped early leaves a good plan, and a
// small plan is annealed several times.
func (a *search) phase(share int64) int64 {
	const one = int64(1) << shareBits
	if a.opts.Sketch {
		if share < one/sketchShare {
			return share * sketchShare
		}
		share = (share - one/sketchShare) * sketchShare / (sketchShare - 1)
	}
	return min(share, one-1) * a.again & (one - 1)
}

// stands says whether most visits that may move have a place in the plan that is
// being changed.
func (a *search) stands() bool {
	n := 0
	for _, v := range a.moving {
		if a.m.visits[v].hasNow {
			n++
		}
	}
	return 2*n > len(a.moving)
}

// rounds says how often a search of so many visits heats up again: a small plan
// is soon stuck, and then a new start finds more than patience. The best plan of
// all rounds counts.
func rounds(visits int) int64 {
	if visits <= 60 {
		return 8
	}
	return 1
}

// share gives the part of the search that is done in fixed point, and looks
// whether it is over.
func (a *search) share() (share int64) {
	const one = int64(1) << shareBits
	if a.opts.Spent != nil {
		if spent := a.opts.Spent(); spent > 0 { // false also for what is no number
			share = int64(min(1, spent) * float64(one))
		}
	}
	if a.opts.Iterations > 0 {
		share = max(share, min(one, int64(float64(a.count)/float64(a.opts.Iterations)*float64(one))))
	}
	a.over = share >= one || a.ctx.Err() != nil || len(a.moving) == 0 || len(a.m.execs) == 0
	return share
}

// work tries a number of moves, fewer where the search is over before, while the
// search as a whole goes from one share to another.
func (a *search) work(moves, from, to int64) {
	for a.count = 0; a.count < moves; {
		if a.ctx.Err() != nil || a.opts.Spent != nil && a.opts.Spent() >= 1 {
			return
		}
		a.cool(from + int64(float64(to-from)*float64(a.count)/float64(moves)))
		for range min(poll, moves-a.count) {
			a.step()
		}
	}
}

// tell reports how far the search is. best is itself, or the twin with the better plan.
func (a *search) tell(best *search, share int64) {
	if a.opts.Progress == nil {
		return
	}
	p := Progress{Iterations: a.count, Share: float64(share) / (1 << shareBits), Best: best.best, Unassigned: len(best.s.out)}
	if best.best != a.told {
		a.told = best.best
		if best.fresh {
			best.keep()
		}
		p.Cost = best.cost(a.problem)
		for v, by := range best.bestBy {
			if by == none {
				p.Out = append(p.Out, a.problem.Visits[v].ID)
			}
		}
	}
	a.opts.Progress(p)
}

// rowsAtOnce is how many rows of a table are filled between two looks at the context.
const rowsAtOnce = 64

// inRows fills a table of n rows, some at a time, on so many workers. Each row must
// be filled by itself alone. It fails only with ctx.
func inRows(ctx context.Context, workers, n int, fill func(from, to int)) error {
	atOnce(workers, (n+rowsAtOnce-1)/rowsAtOnce, func(i int) {
		if ctx.Err() == nil {
			fill(i*rowsAtOnce, min(n, (i+1)*rowsAtOnce))
		}
	})
	return ctx.Err()
}

// atOnce runs n pieces of work on so many workers. Which worker does a piece
// does not matter: none sees what another does. Where one panics, the caller
// does, who may recover, when all have ended.
func atOnce(workers, n int, do func(int)) {
	if workers = min(workers, n); workers <= 1 {
		for i := range n {
			do(i)
		}
		return
	}
	var next atomic.Int32
	var wg sync.WaitGroup
	var broken atomic.Pointer[any]
	for range workers {
		wg.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					broken.Store(&r)
				}
			}()
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				do(i)
			}
		})
	}
	wg.Wait()
	if r := broken.Load(); r != nil {
		panic(*r)
	}
}
