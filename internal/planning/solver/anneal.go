package solver

import "context"

// search improves a plan by simulated annealing.
type search struct {
	s      *state
	m      *model
	rnd    random
	ctx    context.Context
	opts   Options
	moving []int32 // visits that are not pinned

	heat  int64 // temperature: a rise of the cost by heat is taken every second time
	late  int64 // price of an overdue day now
	count int64 // moves tried
	over  bool

	plan, old []place // scratch of compound moves

	best      int64
	bestBy    []int32
	bestAt    []int32
	fresh     bool    // the best plan is the present one and has not been written down
	changed   []int32 // visits that moved since the best plan was written down
	isChanged []bool
}

// wants decides on a change: always when it lowers the cost, otherwise with a
// chance that halves with every heat.
func (a *search) wants(c change) bool {
	cost := c.fixed + int64(c.days)*a.late
	return cost <= 0 || cost <= a.rnd.halvings()*a.heat>>logBits
}

// touch must be called for each visit before it moves.
func (a *search) touch(v int32) {
	if a.fresh {
		a.keep()
	}
	if !a.isChanged[v] {
		a.isChanged[v] = true
		a.changed = append(a.changed, v)
	}
}

// keep writes the present plan down as the best one. Only what moved is copied,
// and only when the plan is left, since most bests last for a moment.
func (a *search) keep() {
	for _, v := range a.changed {
		a.bestBy[v], a.bestAt[v] = a.s.by[v], a.s.at[v]
		a.isChanged[v] = false
	}
	a.changed = a.changed[:0]
	a.fresh = false
}

// note looks whether the present plan is the best so far; call it after each move.
func (a *search) note() {
	if t := a.s.total(); t < a.best {
		a.best, a.fresh = t, true
	}
}

// poll is how many moves are tried between two looks at the context: far less
// than a millisecond.
const poll = 256

// step tries one move.
func (a *search) step() {
	a.count++
	s, r := a.s, a.rnd
	if len(s.out) > 0 && r.below(8) == 0 {
		a.tryUnassigned(s.out[r.below(len(s.out))])
		return
	}
	v := a.moving[r.below(len(a.moving))]
	if s.by[v] == none {
		a.tryUnassigned(v)
		return
	}
	var moved bool
	switch k := r.below(100); {
	case k < 18: // a neighbour's place
		u := a.neighbour(v)
		moved = u != none && a.swap(v, u)
	case k < 34: // the place of anybody whom a suitable executive visits
		u := a.visitOf(a.suitable(v))
		moved = u != none && u != v && a.swap(v, u)
	case k < 46: // next to a neighbour
		e, slot := a.besideNeighbour(v)
		moved = e != none && a.relocate(v, e, slot)
	case k < 58: // to a suitable executive
		if e := a.suitable(v); e != none {
			moved = a.relocate(v, e, a.anySlot(v))
		}
	case k < 74: // to another day
		moved = a.relocate(v, s.by[v], a.shifted(v))
	case k < 80: // push somebody away
		if u := a.other(v); u != none && u != v {
			if e := a.suitable(u); e != none {
				moved = a.push(v, u, e, a.anySlot(u))
			}
		}
	case k < 86:
		moved = a.shiftTrip(v)
	case k < 93:
		if u := a.other(v); u != none {
			moved = a.rotate(v, u, a.other(u))
		}
	default:
		moved = a.cross(v, a.other(v))
	}
	if moved {
		a.note()
	}
}

// tryUnassigned looks for a place for a visit that has none.
func (a *search) tryUnassigned(v int32) {
	r, moved := a.rnd, false
	if len(a.m.custs[a.m.visits[v].cust].any) == 0 {
		return
	}
	switch r.below(4) {
	case 0:
		e, slot := a.besideNeighbour(v)
		moved = e != none && a.relocate(v, e, slot)
	case 1, 2:
		if e := a.suitable(v); e != none {
			moved = a.relocate(v, e, a.anySlot(v))
		}
	default:
		if u := a.visitOf(a.suitable(v)); u != none {
			e := a.suitable(u)
			if r.below(4) == 0 {
				e = none
			}
			moved = a.push(v, u, e, a.anySlot(u))
		}
	}
	if moved {
		a.note()
	}
}

// neighbour draws an assigned visit near to v that may move; none where luck fails.
func (a *search) neighbour(v int32) int32 {
	near := a.m.near[a.m.visits[v].cust]
	u := near[a.rnd.below(len(near))]
	if u == v || a.s.by[u] == none || a.m.visits[u].pinned {
		return none
	}
	return u
}

// other draws an assigned visit whose place could suit v; none where luck fails.
func (a *search) other(v int32) int32 {
	if a.rnd.below(2) == 0 {
		return a.neighbour(v)
	}
	return a.visitOf(a.suitable(v))
}

// suitable draws an executive for v, those who would travel least more often;
// now and then anybody. None where nobody is allowed.
func (a *search) suitable(v int32) int32 {
	favor := a.m.favor[a.m.visits[v].cust]
	if len(favor) == 0 {
		return none
	}
	return favor[a.rnd.early(len(favor))]
}

// visitOf draws a visit of an executive that may move; none where there is none.
func (a *search) visitOf(e int32) int32 {
	if e == none || len(a.s.year[e]) == 0 {
		return none
	}
	u := a.s.year[e][a.rnd.below(len(a.s.year[e]))].visit
	if a.m.visits[u].pinned {
		return none
	}
	return u
}

// besideNeighbour draws a place in a trip that passes near v.
func (a *search) besideNeighbour(v int32) (e, slot int32) {
	near := a.m.near[a.m.visits[v].cust]
	u := near[a.rnd.below(len(near))]
	if u == v || a.s.by[u] == none {
		return none, none
	}
	span := 2 * int(a.m.stay+1)
	slot = a.s.at[u] + int32(a.rnd.below(2*span+1)-span)
	if slot < 0 || slot >= 2*a.m.days {
		return none, none
	}
	return a.s.by[u], slot
}

// anySlot draws a slot on which v's customer is open, mostly one of a window.
// The customer must have an open day.
func (a *search) anySlot(v int32) int32 {
	c := &a.m.custs[a.m.visits[v].cust]
	days := c.any
	if len(c.good) > 0 && a.rnd.below(4) != 0 {
		days = c.good
	}
	x := a.rnd.below(2 * len(days))
	return 2*days[x>>1] + int32(x&1)
}

// shifted draws another slot for v, mostly not far from the present one.
func (a *search) shifted(v int32) int32 {
	if a.rnd.below(4) == 0 {
		return a.anySlot(v)
	}
	slot := a.s.at[v] + int32(a.rnd.below(57)-28)
	return min(max(slot, 0), 2*a.m.days-1)
}

// The schedule. Early on, overdue days are cheap, so that visits can pass over
// the wall that a gap of 31 days is; late in the search they cost what they cost.
const (
	heatFirst   = 1600 // km or as good as km
	heatHalving = 7    // how often the heat halves in the whole search
	lateFirst   = 8    // an overdue day costs at first 1/lateFirst of its price
	shareBits   = 20
)

// cool sets heat and price of overdue days for a share of the search that is
// done, in fixed point.
func (a *search) cool(share int64) {
	const one = int64(1) << shareBits
	steps := share * heatHalving
	whole, rest := steps>>shareBits, steps&(one-1)
	a.heat = (heatFirst << 8 >> whole) * (2*one - rest) >> (shareBits + 1 + 8)
	full := a.m.price.overdue
	a.late = min(full, full/lateFirst+full*share>>shareBits)
}

// rounds says how often a search of so many visits heats up again: a small plan
// is soon stuck, and then a new start finds more than patience. The best plan of
// all rounds counts.
func rounds(visits int) int64 {
	switch {
	case visits <= 60:
		return 8
	case visits <= 250:
		return 2
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
	a.over = share >= one || a.ctx.Err() != nil
	return share
}

// anneal searches until it is over.
func (a *search) anneal() {
	told := int64(-1)
	for {
		share := a.share()
		if part := share * 100 >> shareBits; a.opts.Progress != nil && (part > told || a.over) {
			told = part
			a.opts.Progress(Progress{a.count, float64(share) / (1 << shareBits), a.best, len(a.s.out)})
		}
		if a.over || len(a.moving) == 0 || len(a.m.execs) == 0 {
			return
		}
		a.cool(share * rounds(len(a.moving)) & (1<<shareBits - 1))
		n := int64(poll)
		if a.opts.Iterations > 0 {
			n = min(n, a.opts.Iterations-a.count)
		}
		for range n {
			a.step()
		}
	}
}
