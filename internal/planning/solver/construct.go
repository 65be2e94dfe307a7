package solver

import (
	"cmp"
	"slices"
)

const (
	constructExecs = 8 // executives looked at for each visit at first
	constructDays  = 3 // every how manieth day is looked at at first
)

// construct leaves each visit where it stands in the plan that is being changed,
// as far as that is still free: what people know stays where it can. Each of the
// others gets the cheapest place that is left, those with the fewest executives
// and days first. It stops when the context ends.
func (a *search) construct() {
	s, m := a.s, a.m
	order := make([]int32, 0, len(a.moving))
	for _, v := range a.moving {
		x := &m.visits[v]
		if x.nowExec == none || !s.free(v, x.nowSlot, none) || !s.fits(x.nowExec, none, v, x.nowSlot, s.seek(x.nowExec, x.nowSlot)) {
			order = append(order, v)
			continue
		}
		s.assign(v, x.nowExec, x.nowSlot)
		a.changed, a.isChanged[v] = append(a.changed, v), true
	}
	choices := func(v int32) int {
		c := m.visits[v].cust
		return len(m.favor[c]) * len(m.custs[c].any)
	}
	slices.SortStableFunc(order, func(v, w int32) int { return cmp.Compare(choices(v), choices(w)) })
	for _, v := range order {
		if a.ctx.Err() != nil {
			break
		}
		favor := m.favor[m.visits[v].cust]
		e, slot := a.cheapest(v, favor[:min(constructExecs, len(favor))], constructDays)
		if e == none {
			e, slot = a.cheapest(v, favor, 1)
		}
		if e != none {
			s.assign(v, e, slot)
			a.changed, a.isChanged[v] = append(a.changed, v), true
		}
	}
	a.best = s.total()
	a.keep()
}

// cheapest finds the cheapest free place for v with one of the executives, none
// where there is none; only each step-th open day is looked at.
func (a *search) cheapest(v int32, execs []int32, step int) (e, slot int32) {
	s := a.s
	days := s.m.custs[s.m.visits[v].cust].any
	from := a.rnd.below(step)
	e, slot = none, none
	var least int64
	for _, x := range execs {
		for i := from; i < len(days); i += step {
			for half := range int32(2) {
				t := 2*days[i] + half
				at := s.seek(x, t)
				if !s.fits(x, none, v, t, at) || !s.free(v, t, none) {
					continue
				}
				c := s.replace(x, none, v, t, at)
				if cost := c.fixed + int64(c.days)*a.late; e == none || cost < least {
					e, slot, least = x, t, cost
				}
				break // the other half of the day costs the same
			}
		}
	}
	return e, slot
}
