package solver

import (
	"context"
	"slices"

	"windshield/internal/planning"
)

// Redraw lays a plan out as NewBoard does. Where little has changed since before was laid
// out that takes a small part of the time: what executives and customers are to each other, and on which
// days customers can be met, is taken over from before for all of whom nothing has
// changed that it hangs on. Weights, pins, answers, targets, limits and who is busy or
// away when are compiled anew in any case; where executives have come or gone, moved or
// got other tags, all pairs are. before may be nil and is left as it is.
//
// The plan must be feasible: whoever asks has had it judged by planning.Check, which is not
// done again. Errors are those of Problem.Validate, and that of ctx where it ends.
func Redraw(ctx context.Context, p *planning.Problem, s *planning.Solution, before *Board) (*Board, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	var earlier *compiler
	if before != nil {
		earlier = before.c
	}
	c, err := compileAfter(ctx, p, boardWorkers, earlier)
	if err != nil {
		return nil, err
	}
	return c.board(s), nil
}

// board lays a feasible plan out.
func (c *compiler) board(s *planning.Solution) *Board {
	p, m := c.p, c.m
	b := &Board{
		p: p, m: m, c: c, s: newState(m), plan: s.Places(), visits: make(map[string]int32, len(p.Visits)),
		execs: c.execs, byHost: make([][]int32, m.hosts),
	}
	for i := range p.Visits {
		v := int32(i)
		b.visits[p.Visits[i].ID] = v
		b.byHost[m.visits[i].host] = append(b.byHost[m.visits[i].host], v)
		if at, ok := b.plan[p.Visits[i].ID]; ok {
			b.s.assign(v, b.execs[at.Executive], b.slotOf(at))
		}
	}
	return b
}

// recognise finds the customers again that the problem before has too.
func (c *compiler) recognise() {
	if c.before == nil {
		return
	}
	earlier := c.before.custs
	c.was, c.aligned = make([]int32, len(c.custs)), len(c.custs) == len(earlier)
	var index map[string]int32 // needed only where somebody has come or gone
	for i, x := range c.custs {
		if i < len(earlier) && earlier[i].ID == x.ID {
			c.was[i] = int32(i)
			continue
		}
		if index == nil {
			index = make(map[string]int32, len(earlier))
			for j, y := range earlier {
				index[y.ID] = int32(j)
			}
		}
		c.aligned, c.was[i] = false, none
		if j, ok := index[x.ID]; ok {
			c.was[i] = j
		}
	}
}

// old gives a customer as the problem before has it, nil where it does not, with its index there.
func (c *compiler) old(i int) (*planning.Customer, int32) {
	if c.before == nil || c.was[i] == none {
		return nil, none
	}
	return c.before.custs[c.was[i]], c.was[i]
}

// sameDays says whether days have the numbers and the prices that they had, so that sets
// of them still hold.
func (c *compiler) sameDays() bool {
	return c.before != nil && c.before.p.Horizon == c.p.Horizon && slices.Equal(c.before.m.crunch, c.m.crunch)
}

// opensAsBefore says whether a customer can be met on the days that it could, as far as
// hangs on the customer.
func (c *compiler) opensAsBefore(x, old *planning.Customer) bool {
	return x.Host == old.Host && x.Calendar == old.Calendar && slices.Equal(c.works[x.Calendar], c.before.works[x.Calendar]) &&
		slices.Equal(x.Blackouts, old.Blackouts) && slices.Equal(x.Windows, old.Windows)
}

// openAsBefore takes over the days of a customer.
func (c *compiler) openAsBefore(old int32) cust {
	m := c.before.m
	c.m.suits = append(c.m.suits, m.suits[2*old*m.words:2*(old+1)*m.words]...)
	x := &m.custs[old]
	return cust{window: x.window, good: x.good, any: x.any}
}

// sameExecutives says whether the executives are who they were, live where they lived and
// have the tags that they had.
func (c *compiler) sameExecutives() bool {
	return c.before != nil && slices.EqualFunc(c.p.Executives, c.before.p.Executives, func(a, b planning.Executive) bool {
		return a.ID == b.ID && a.Home() == b.Home() && slices.Equal(a.Tags, b.Tags)
	})
}

// pairsAlike says whether all executives are to a customer what they were.
func pairsAlike(x, old *planning.Customer) bool {
	return x.Place() == old.Place() && slices.Equal(x.Requires, old.Requires) && slices.Equal(x.Prefers, old.Prefers)
}

// distances measures how far customers are apart.
func (c *compiler) distances(ctx context.Context) {
	m := c.m
	for i := range m.custs {
		m.dist.places = append(m.dist.places, m.custs[i].point)
	}
	if c.before == nil {
		m.dist = newDistances(ctx, m.dist.places, c.workers, nil, nil)
		return
	}
	if earlier := &c.before.m.dist; c.aligned && slices.Equal(m.dist.places, earlier.places) {
		m.dist = *earlier
		return
	}
	was := slices.Clone(c.was)
	for i := range was {
		if old, j := c.old(i); old != nil && c.before.m.custs[j].point != m.custs[i].point {
			was[i] = none // has moved
		}
	}
	m.dist = newDistances(ctx, m.dist.places, c.workers, &c.before.m.dist, was)
}
