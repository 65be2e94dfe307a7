package solver

import (
	"cmp"
	"slices"
)

const (
	partExecs  = 32  // executives of a part, about
	partEffort = 200 // moves tried per visit before the parts are divided anew, at most
	farEffort  = 600 // the same where distances are not tabled and a part is dear to make
	turnsLeast = 32  // times that a search divides the plan, at least, so that all executives meet
)

// inParts searches a plan by dividing it again and again into parts that are
// searched at the same time. A part fits into the processor's cache, which makes
// a move several times as fast as in the whole.
func (a *search) inParts(workers int) {
	const one = int64(1) << shareBits
	most := partEffort * int64(len(a.moving))
	if a.m.dist.table == nil {
		most = farEffort * int64(len(a.moving))
	}
	moves, last, step := most/8, int64(0), one/turnsLeast/8 // until it is known how long moves take
	if a.opts.Iterations > 0 {
		moves = min(most, max(1, a.opts.Iterations/turnsLeast))
	}
	for turn := uint64(0); ; turn++ {
		share := a.share()
		a.tell(a, share)
		if a.over {
			return
		}
		if a.opts.Iterations > 0 {
			moves = min(moves, a.opts.Iterations-a.count)
			step = int64(float64(moves) / float64(a.opts.Iterations) * float64(one))
		} else if turn > 0 {
			fit := int64(float64(moves) * float64(one/turnsLeast) / float64(max(1, share-last)))
			fit = min(max(1, fit), most, 8*moves)
			step = int64(float64(share-last) * float64(fit) / float64(moves))
			moves = fit
		}
		last = share
		groups := a.group(turn)
		d := a.s.divide(groups, turn)
		seed := a.rnd.source.Uint64()
		parts, tried := make([]*part, len(groups)), make([]int64, len(groups))
		atOnce(workers, len(groups), func(i int) {
			if a.ctx.Err() != nil {
				return
			}
			p := a.s.extract(d, int32(i), groups[i])
			b := newSearch(a.ctx, p.s, Options{Seed: seed + uint64(i), Spent: a.opts.Spent, Assert: a.opts.Assert})
			if b.again, b.warm, b.part = a.again, a.warm, true; len(b.moving) > 0 {
				b.work(moves*int64(len(p.visits))/int64(len(a.m.visits)), share, min(one, share+step))
			}
			parts[i], tried[i] = p, b.count
		})
		before := a.count
		for i, p := range parts {
			if p != nil {
				a.adopt(p)
				a.count += tried[i]
			}
		}
		a.settleClashes()
		if a.count == before { // a few moves dealt to many parts may be none for each
			a.count += moves
		}
		a.note()
		if a.fresh {
			a.keep()
		}
	}
}

// adopt takes over what a part has found.
func (a *search) adopt(p *part) {
	g := a.s
	var moved []place
	for i, v := range p.visits {
		e, at := p.s.by[i], p.s.at[i]
		if e != none {
			e = p.execs[e]
		}
		if e == g.by[v] && at == g.at[v] {
			continue
		}
		a.touch(v)
		if g.by[v] != none {
			g.leave(v)
		}
		if e != none {
			moved = append(moved, place{v, e, at})
		}
	}
	g.book(change{p.s.fixed, int32(p.s.overdue)}.minus(p.start))
	for _, x := range moved {
		if g.hostFree(x.visit, x.slot, none) {
			g.enter(x.visit, x.exec, x.slot)
		} else { // another part has sent the host elsewhere
			a.clashed = append(a.clashed, x)
		}
	}
}

// settleClashes finds places for the visits whose hosts two parts have claimed:
// the other half of the day, or whatever is cheapest.
func (a *search) settleClashes() {
	if len(a.clashed) == 0 {
		return
	}
	s := a.s
	s.recount()
	for _, x := range a.clashed {
		e, slot := x.exec, x.slot^1
		if !s.free(x.visit, slot, none) || !s.fits(e, none, x.visit, slot, s.seek(e, slot)) {
			e, slot = a.cheapest(x.visit, a.m.favor[a.m.visits[x.visit].cust], 1)
		}
		if e != none {
			a.touch(x.visit)
			s.assign(x.visit, e, slot)
		}
	}
	a.clashed = a.clashed[:0]
}

// group deals the executives to parts: in one turn those who live near each
// other, in the next by a direction on the globe, and then whoever.
func (a *search) group(turn uint64) [][]int32 {
	n := len(a.m.execs)
	left := make([]int32, n)
	for e := range left {
		left[e] = int32(e)
	}
	for i := n - 1; i > 0; i-- {
		j := a.rnd.below(i + 1)
		left[i], left[j] = left[j], left[i]
	}
	if turn%3 == 1 {
		w := [3]int64{}
		for i := range w {
			w[i] = int64(a.rnd.below(2001) - 1000)
		}
		key := make([]int64, n)
		for e := range key {
			p := a.m.execs[e].home
			key[e] = p[0]*w[0] + p[1]*w[1] + p[2]*w[2]
		}
		slices.SortStableFunc(left, func(x, y int32) int { return cmp.Compare(key[x], key[y]) })
	}
	count := max(2, (n+partExecs/2)/partExecs)
	count += count % 2 // both cores get as much to do
	groups := make([][]int32, 0, count)
	for len(left) > 0 {
		k := len(left) / (count - len(groups))
		if turn%3 == 0 {
			first := a.m.execs[left[0]].home
			slices.SortStableFunc(left, func(x, y int32) int {
				return cmp.Compare(onGridApart(first, a.m.execs[x].home), onGridApart(first, a.m.execs[y].home))
			})
		}
		groups = append(groups, slices.Clone(left[:k]))
		left = left[k:]
	}
	return groups
}
