package solver

// place is where a visit shall go.
type place struct{ visit, exec, slot int32 }

// together moves several assigned visits at once, each to a place that is free
// when all of them have left. It makes the moves to count them and takes them
// back where they are not wanted: dearer than the single moves, but any
// combination can be tried. No visit may be in plan twice.
func (a *search) together(plan []place) bool {
	s := a.s
	a.old = a.old[:0]
	var c change
	for _, p := range plan {
		a.touch(p.visit)
		e, slot := s.by[p.visit], s.at[p.visit]
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

// tripMost is the number of visits up to which a trip moves as a whole.
const tripMost = 4

// trip collects v and the visits around it on the same trip that may move.
func (a *search) trip(v int32) []place {
	s := a.s
	q := s.year[s.by[v]]
	i := s.seek(s.by[v], s.at[v])
	from, to := i, i+1
	for from > 0 && q[from].slot>>1-q[from-1].slot>>1 <= a.m.stay {
		from--
	}
	for to < len(q) && q[to].slot>>1-q[to-1].slot>>1 <= a.m.stay {
		to++
	}
	a.plan = a.plan[:0]
	for _, x := range q[from:to] {
		if len(a.plan) < tripMost && !a.m.visits[x.visit].pinned {
			a.plan = append(a.plan, place{x.visit, s.by[v], x.slot})
		}
	}
	return a.plan
}

// shiftTrip moves a trip to other days or to another executive.
func (a *search) shiftTrip(v int32) bool {
	plan := a.trip(v)
	if len(plan) < 2 {
		return false
	}
	e, days := a.s.by[v], int32(0)
	if a.rnd.below(2) == 0 {
		e = a.suitable(v)
	}
	switch a.rnd.below(3) {
	case 0:
		days = int32(a.rnd.below(15) - 7)
	case 1:
		days = a.anySlot(v)>>1 - a.s.at[v]>>1
	}
	if days == 0 && e == a.s.by[v] {
		return false
	}
	for i := range plan {
		plan[i].exec = e
		plan[i].slot += 2 * days
		if plan[i].slot < 0 || plan[i].slot >= 2*a.m.days {
			return false
		}
	}
	return a.together(plan)
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

// nearby draws a slot near another one, or one that suits v, or the very slot.
func (a *search) nearby(v, slot int32) int32 {
	switch a.rnd.below(4) {
	case 0:
		return slot
	case 1:
		return a.anySlot(v)
	}
	slot += int32(a.rnd.below(29) - 14)
	return min(max(slot, 0), 2*a.m.days-1)
}
