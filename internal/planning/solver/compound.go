package solver

import (
	"math/bits"
	"slices"
)

// place is where a visit shall go.
type place struct{ visit, exec, slot int32 }

// together moves several visits at once, each to a place that is free when all of
// them have left. It makes the moves to count them and takes them back where they
// are not wanted: dearer than the single moves, but any combination can be tried.
// No visit may be in plan twice; only the first may be unassigned.
func (a *search) together(plan []place) bool {
	s := a.s
	a.old = a.old[:0]
	var c change
	for _, p := range plan {
		a.touch(p.visit)
		e, slot := s.by[p.visit], s.at[p.visit]
		if e == none {
			c.fixed -= s.m.leftOut(p.visit)
			continue
		}
		a.old = append(a.old, place{p.visit, e, slot})
		c = c.plus(s.replace(e, s.seek(e, slot), none, none, 0))
		s.leave(p.visit)
	}
	done := 0
	for _, p := range plan {
		at := s.seek(p.exec, p.slot)
		if !s.free(p.visit, p.slot, none) || !s.fits(p.exec, none, p.visit, p.slot, at) {
			break
		}
		c = c.plus(s.replace(p.exec, none, p.visit, p.slot, at))
		s.enter(p.visit, p.exec, p.slot)
		done++
	}
	if done == len(plan) && a.wants(c) {
		s.book(c)
		return true
	}
	for _, p := range plan[:done] {
		s.leave(p.visit)
	}
	for _, p := range a.old {
		s.enter(p.visit, p.exec, p.slot)
	}
	return false
}

// chain puts an unassigned visit at the place of another, which takes the place
// of a third or goes elsewhere.
func (a *search) chain(v int32) bool {
	s := a.s
	u := a.visitOf(a.suitable(v))
	if u == none {
		return false
	}
	a.plan = append(a.plan[:0], place{v, s.by[u], s.at[u]})
	if w := a.visitOf(a.suitable(u)); w != none && w != u && a.rnd.below(2) == 0 {
		a.plan = append(a.plan, place{u, s.by[w], s.at[w]})
		u = w
	}
	e := a.suitable(u)
	if e == none {
		return false
	}
	a.plan = append(a.plan, place{u, e, a.anySlot(u)})
	return a.together(a.plan)
}

// tripMost is the number of visits up to which a trip moves as a whole.
const tripMost = 8

// trip appends the visits on the same trip as v that may move, in order.
func (a *search) trip(plan []place, v int32) []place {
	s := a.s
	e := s.by[v]
	q := s.year[e]
	i := s.seek(e, s.at[v])
	from, to := i, i+1
	for from > 0 && q[from].slot>>1-q[from-1].slot>>1 <= a.m.stay {
		from--
	}
	for to < len(q) && q[to].slot>>1-q[to-1].slot>>1 <= a.m.stay {
		to++
	}
	for _, x := range q[from:min(to, from+tripMost)] {
		if !a.m.visits[x.visit].pinned {
			plan = append(plan, place{x.visit, e, x.slot})
		}
	}
	return plan
}

// shiftTrip moves a trip to other days or to another executive, in its order or
// turned round.
func (a *search) shiftTrip(v int32) bool {
	a.plan = a.trip(a.plan[:0], v)
	if len(a.plan) < 2 {
		return false
	}
	e, first := a.s.by[v], a.s.at[a.plan[0].visit]>>1
	if a.rnd.below(3) == 0 {
		if e = a.suitable(v); e == none {
			return false
		}
	}
	if a.rnd.below(2) == 0 {
		first += int32(a.rnd.below(21) - 10)
	} else {
		first = a.anySlot(v) >> 1
	}
	if a.rnd.below(4) == 0 {
		slices.Reverse(a.plan)
	}
	return a.lay(a.plan, e, first) && a.together(a.plan)
}

// tradeTrips gives the trips of two visits of different executives, or of one, to each other.
func (a *search) tradeTrips(v, u int32) bool {
	a.plan = a.trip(a.plan[:0], v)
	n := len(a.plan)
	a.plan = a.trip(a.plan, u)
	s := a.s
	if n == 0 || n == len(a.plan) || a.plan[0].visit == a.plan[n].visit {
		return false
	}
	if a.part && n == 1 && len(a.plan) == 2 {
		return a.trade(v, u) // nearly the same and much cheaper, where there is much to try
	}
	e, f := s.by[v], s.by[u]
	i, j := a.plan[0].slot>>1, a.plan[n].slot>>1
	return a.lay(a.plan[:n], f, j) && a.lay(a.plan[n:], e, i) && a.together(a.plan)
}

// lay draws days for the visits of a plan as one trip of executive e that begins
// on a day or soon after, and says whether there are any.
func (a *search) lay(plan []place, e, first int32) bool {
	m := a.m
	lo, hi := first, first+2
	for i := range plan {
		c := m.visits[plan[i].visit].cust
		if m.pair(c, e).points == none {
			return false
		}
		if i > 0 {
			before := plan[i-1].slot >> 1
			lo, hi = before+m.daysApart(m.visits[plan[i-1].visit].cust, c), before+m.stay
		}
		if lo = max(lo, 0); lo >= m.days || hi < lo {
			return false
		}
		days := m.openFor(e).span(lo) & m.openAt(c).span(lo) & stretch(0, min(hi, m.days-1)-lo)
		if days == 0 {
			return false
		}
		if set := days & m.wantedAt(c).span(lo); set != 0 {
			days = set
		}
		if more := days & (days - 1); more != 0 && a.rnd.below(2) == 0 {
			days = more
		}
		slot := 2 * (lo + int32(bits.TrailingZeros64(days)))
		if i > 0 && slot <= plan[i-1].slot {
			if slot |= 1; slot <= plan[i-1].slot {
				return false
			}
		}
		plan[i].exec, plan[i].slot = e, slot
	}
	return true
}

// rotate moves v to the place of u, u to that of w, and w to that of v.
func (a *search) rotate(v, u, w int32) bool {
	s := a.s
	if u == none || w == none || v == u || u == w || v == w {
		return false
	}
	a.plan = append(a.plan[:0], place{v, s.by[u], s.at[u]}, place{u, s.by[w], s.at[w]}, place{w, s.by[v], s.at[v]})
	return a.together(a.plan)
}

// cross gives v to the executive of u and u to that of v, each near the place of
// the other or on a day that suits it.
func (a *search) cross(v, u int32) bool {
	s := a.s
	if u == none || u == v {
		return false
	}
	a.plan = append(a.plan[:0], place{v, s.by[u], a.nearby(v, s.at[u])}, place{u, s.by[v], a.nearby(u, s.at[v])})
	return a.together(a.plan)
}
