package solver

// twinMoves is how many moves the twins try between two looks at the clock.
const twinMoves = 4096

// inTwins searches a plan that is too small to be divided: twice at the same time
// with different luck, and the better plan counts.
func (a *search) inTwins(workers int) {
	twins := []*search{a}
	if workers > 1 || a.opts.Iterations > 0 { // equal iterations give equal plans with any number of workers
		twins = append(twins, a.twin())
	}
	total, told := int64(0), int64(-1)
	for {
		a.count = total
		share := a.share()
		if part := share * 100 >> shareBits; part > told || a.over {
			told = part
			a.tell(better(twins), share)
		}
		if a.over {
			break
		}
		moves := int64(twinMoves)
		if a.opts.Iterations > 0 {
			moves = min(moves, max(1, (a.opts.Iterations-total)/int64(len(twins))))
		}
		atOnce(workers, len(twins), func(i int) {
			twins[i].work(moves, share, share)
		})
		total += moves * int64(len(twins))
	}
	if b := better(twins); b != a {
		a.s, a.best, a.bestBy, a.bestAt = b.s, b.best, b.bestBy, b.bestAt
		a.changed, a.isChanged, a.fresh = b.changed, b.isChanged, b.fresh
	}
}

// twin gives a search of its own from the same plan.
func (a *search) twin() *search {
	if a.fresh {
		a.keep()
	}
	s := newState(a.m)
	for v, e := range a.s.by {
		if e != none {
			s.assign(int32(v), e, a.s.at[v])
		}
	}
	b := newSearch(a.ctx, s, a.opts)
	b.again, b.warm, b.rnd = a.again, a.warm, newRandom(a.rnd.source.Uint64())
	return b
}

// better gives the search with the cheaper best plan, the first where both cost the same.
func better(all []*search) *search {
	best := all[0]
	for _, b := range all[1:] {
		if b.best < best.best {
			best = b
		}
	}
	return best
}
