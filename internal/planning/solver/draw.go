package solver

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

// anyHole draws a hole of an executive's year.
func (a *search) anyHole(e int32) int { return a.rnd.below(len(a.s.year[e]) + 1) }

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

// near draws a slot at most so many slots from another.
func (a *search) near(slot, span int32) int32 {
	slot += int32(a.rnd.below(2*int(span)+1)) - span
	return min(max(slot, 0), 2*a.m.days-1)
}

// shifted draws another slot for v, mostly not far from the present one.
func (a *search) shifted(v int32) int32 {
	if a.rnd.below(4) == 0 {
		return a.anySlot(v)
	}
	return a.near(a.s.at[v], 28)
}

// nearby draws a slot near another one, or one that suits v, or the very slot.
func (a *search) nearby(v, slot int32) int32 {
	switch a.rnd.below(4) {
	case 0:
		return slot
	case 1:
		return a.anySlot(v)
	}
	return a.near(slot, 14)
}
