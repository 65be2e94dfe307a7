package solver

// The moves. Each looks whether the new plan would be feasible, counts the
// change, asks the search whether it wants it, and only then makes it.

// load counts what one visit more or less does to the load of an executive.
func (s *state) load(e, by int32) int64 {
	n, target := int32(len(s.year[e])), s.m.execs[e].target
	return s.m.price.load * int64(abs(n+by-target)-abs(n-target))
}

// tally counts what leaves and enters an executive's cross-section.
func (s *state) tally(e, gone, come int32) change {
	return change{fixed: s.m.price.excess * int64(s.excess(e, gone, come))}
}

// relocate moves an assigned or unassigned visit into a hole between two visits
// of an executive, or before the first or after the last.
func (a *search) relocate(v, e int32, at int) bool {
	s, m := a.s, a.m
	from, cust := s.by[v], m.visits[v].cust
	if from == e {
		return a.retime(v, at)
	}
	h := s.holeAt(e, at, false)
	slot, c := a.spot(&h, v, none)
	if slot == none {
		return false
	}
	c = c.plus(s.tally(e, none, cust))
	c.fixed += s.load(e, 1)
	if from == none {
		c.fixed -= m.leftOut(v)
	} else {
		old := s.holeAt(from, s.seek(from, s.at[v]), true)
		c = c.minus(s.standing(&old)).plus(s.tally(from, cust, none))
		c.fixed += s.load(from, -1)
	}
	if !a.wants(c) {
		return false
	}
	if slot = s.settles(&h, v, none, slot); slot == none {
		return false
	}
	a.touch(v)
	if from != none {
		s.leave(v)
	}
	s.enter(v, e, slot)
	s.book(c)
	return true
}

// moveTo moves an assigned visit to a very slot.
func (a *search) moveTo(v, e, slot int32) bool {
	s := a.s
	out, from := none, s.by[v]
	if from == e {
		if s.at[v] == slot {
			return false
		}
		out = s.seek(e, s.at[v])
	}
	if !s.m.openFor(e).has(slot>>1) || !s.m.openAt(s.m.visits[v].cust).has(slot>>1) {
		return false
	}
	at := s.seek(e, slot)
	c := s.replace(e, out, v, slot, at)
	if from != e {
		c = c.plus(s.replace(from, s.seek(from, s.at[v]), none, none, 0))
	}
	if !a.wants(c) || !s.free(v, slot, none) || !s.fits(e, out, v, slot, at) {
		return false
	}
	a.touch(v)
	s.leave(v)
	s.enter(v, e, slot)
	s.book(c)
	return true
}

// trade gives two visits each other's very place.
func (a *search) trade(v, u int32) bool {
	s, m := a.s, a.m
	e, f := s.by[v], s.by[u]
	if e == f {
		return a.swapWithin(v, u)
	}
	vAt, uAt := s.at[v], s.at[u]
	if !m.openAt(m.visits[v].cust).has(uAt>>1) || !m.openAt(m.visits[u].cust).has(vAt>>1) {
		return false
	}
	i, j := s.seek(e, vAt), s.seek(f, uAt)
	c := s.replace(e, i, u, vAt, i).plus(s.replace(f, j, v, uAt, j))
	if !a.wants(c) || !s.free(v, uAt, u) || !s.free(u, vAt, v) || !s.fits(e, i, u, vAt, i) || !s.fits(f, j, v, uAt, j) {
		return false
	}
	a.touch(v)
	a.touch(u)
	s.vacate(e, i)
	s.vacate(f, j)
	s.settle(e, i, u, vAt)
	s.settle(f, j, v, uAt)
	s.book(c)
	return true
}

// retime moves a visit within its executive's year: to another day between its
// neighbours, or into another hole.
func (a *search) retime(v int32, at int) bool {
	s := a.s
	e := s.by[v]
	i := s.seek(e, s.at[v])
	old := s.holeAt(e, i, true)
	h := old
	if at != i && at != i+1 {
		h = s.holeAt(e, at, false)
		h.gone = old.gone
	}
	slot, c := a.spot(&h, v, none)
	if slot == none || slot == s.at[v] {
		return false
	}
	c = c.minus(s.standing(&old))
	if !a.wants(c) {
		return false
	}
	if slot = s.settles(&h, v, none, slot); slot == none || slot == s.at[v] {
		return false
	}
	a.touch(v)
	if h.out != none {
		s.vacate(e, i)
		s.settle(e, i, v, slot)
	} else {
		s.leave(v)
		s.enter(v, e, slot)
	}
	s.book(c)
	return true
}

// swap gives two assigned visits each other's hole, each on a day that suits it.
func (a *search) swap(v, u int32) bool {
	s, m := a.s, a.m
	e, f := s.by[v], s.by[u]
	i, j := s.seek(e, s.at[v]), s.seek(f, s.at[u])
	x, y := &m.visits[v], &m.visits[u]
	if e == f && i-j <= 1 && j-i <= 1 {
		return a.swapWithin(v, u)
	}
	if x.cust == y.cust {
		return false
	}
	h, k := s.holeAt(e, i, true), s.holeAt(f, j, true)
	uAt, c := a.spot(&h, u, v)
	if uAt == none {
		return false
	}
	vAt, d := a.spot(&k, v, u)
	if vAt == none {
		return false
	}
	c = c.plus(d).minus(s.standing(&h)).minus(s.standing(&k))
	if e != f {
		c = c.plus(s.tally(e, x.cust, y.cust)).plus(s.tally(f, y.cust, x.cust))
	}
	if !a.wants(c) {
		return false
	}
	if uAt = s.settles(&h, u, v, uAt); uAt == none {
		return false
	}
	if vAt = s.settles(&k, v, u, vAt); vAt == none || vAt == uAt && x.host == y.host ||
		e == f && !s.apart(e, &h, &k, x.cust, y.cust, vAt>>1, uAt>>1) {
		return false
	}
	a.touch(v)
	a.touch(u)
	s.vacate(e, i)
	s.vacate(f, j)
	s.settle(e, i, u, uAt)
	s.settle(f, j, v, vAt)
	s.book(c)
	return true
}

// apart says whether two visits that change holes of one year leave each other
// room: week, month and reach, which each hole has looked at by itself only.
func (s *state) apart(e int32, h, k *hole, v, u, vDay, uDay int32) bool {
	m, x := s.m, &s.m.execs[e]
	if d := abs(vDay - uDay); d < int32(len(m.reach)) && m.dist.km(v, u) > m.reach[d] {
		return false
	}
	if month := m.month[vDay]; month == m.month[uDay] {
		n := s.months[e*m.months+month] + 2
		if m.month[h.gone] == month {
			n--
		}
		if m.month[k.gone] == month {
			n--
		}
		if n > x.perMonth {
			return false
		}
	}
	if week := m.week[vDay]; week == m.week[uDay] {
		n := s.weeks[e*m.weeks+week] + 2
		if m.week[h.gone] == week {
			n--
		}
		if m.week[k.gone] == week {
			n--
		}
		if n > x.perWeek {
			return false
		}
	}
	return true
}

// swapWithin exchanges the slots of two visits of one executive. Both change at
// once, so that the year is counted as a whole: it is short.
func (a *search) swapWithin(v, u int32) bool {
	s := a.s
	e, vAt, uAt := s.by[v], s.at[v], s.at[u]
	if !s.free(v, uAt, u) || !s.free(u, vAt, v) {
		return false
	}
	i, j := s.seek(e, vAt), s.seek(e, uAt)
	q, m := s.year[e], s.m
	before := s.km(e)
	qi, qj := q[i], q[j]
	q[i].visit, q[i].cust, q[i].home = qj.visit, qj.cust, qj.home
	q[j].visit, q[j].cust, q[j].home = qi.visit, qi.cust, qi.home
	ok := s.reaches(e, i, i, q[i].cust, vAt>>1) && s.reaches(e, j, j, q[j].cust, uAt>>1)
	c := change{fixed: m.price.km*int64(s.km(e)-before) +
		m.fixed(u, e, vAt) + m.fixed(v, e, uAt) - m.fixed(v, e, vAt) - m.fixed(u, e, uAt)}
	if !ok || !a.wants(c) {
		q[i], q[j] = qi, qj
		return false
	}
	a.touch(v)
	a.touch(u)
	s.at[v], s.at[u] = uAt, vAt
	hv, hu := m.visits[v].host, m.visits[u].host
	s.busy.drop(m.taken(hv, vAt))
	s.busy.drop(m.taken(hu, uAt))
	s.busy.set(m.taken(hv, uAt))
	s.busy.set(m.taken(hu, vAt))
	s.book(c)
	return true
}

// km counts the km of an executive's year.
func (s *state) km(e int32) (sum int32) {
	a := s.stopAt(e, -1)
	for i := range len(s.year[e]) + 1 {
		b := s.stopAt(e, i)
		sum += s.m.way(a, b)
		a = b
	}
	return sum
}

// push puts visit v into the hole of u, which goes into a hole of another
// executive or leaves the plan (e is none).
func (a *search) push(v, u, e int32, at int) bool {
	s, m := a.s, a.m
	f, from := s.by[u], s.by[v]
	x, y := &m.visits[v], &m.visits[u]
	if f == e || from == f || from == e && e != none || x.cust == y.cust {
		return false
	}
	j := s.seek(f, s.at[u])
	k := s.holeAt(f, j, true)
	vAt, c := a.spot(&k, v, u)
	if vAt == none {
		return false
	}
	c = c.minus(s.standing(&k)).plus(s.tally(f, y.cust, x.cust))
	uAt := int32(none)
	var h hole
	if e == none {
		c.fixed += m.leftOut(u)
	} else {
		h = s.holeAt(e, at, false)
		var d change
		if uAt, d = a.spot(&h, u, v); uAt == none {
			return false
		}
		c = c.plus(d).plus(s.tally(e, none, y.cust))
		c.fixed += s.load(e, 1)
	}
	if from == none {
		c.fixed -= m.leftOut(v)
	} else {
		old := s.holeAt(from, s.seek(from, s.at[v]), true)
		c = c.minus(s.standing(&old)).plus(s.tally(from, x.cust, none))
		c.fixed += s.load(from, -1)
	}
	if !a.wants(c) {
		return false
	}
	if vAt = s.settles(&k, v, u, vAt); vAt == none {
		return false
	}
	if e != none {
		if uAt = s.settles(&h, u, v, uAt); uAt == none || uAt == vAt && x.host == y.host {
			return false
		}
	}
	a.touch(v)
	a.touch(u)
	s.leave(u)
	if from != none {
		s.leave(v)
	}
	s.enter(v, f, vAt)
	if e != none {
		s.enter(u, e, uAt)
	}
	s.book(c)
	return true
}
