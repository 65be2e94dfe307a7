package solver

// The moves. Each looks whether the new plan would be feasible, counts the
// change, asks the search whether it wants it, and only then makes it.

// relocate moves an assigned or unassigned visit to a place that is not taken.
func (a *search) relocate(v, e, slot int32) bool {
	s := a.s
	if !s.free(v, slot, none) {
		return false
	}
	out := none
	from := s.by[v]
	if from == e {
		if s.at[v] == slot {
			return false
		}
		out = s.seek(e, s.at[v])
	}
	at := s.seek(e, slot)
	if !s.fits(e, out, v, slot, at) {
		return false
	}
	c := s.replace(e, out, v, slot, at)
	switch from {
	case none:
		c.fixed -= s.m.leftOut(v)
	case e:
	default:
		c = c.plus(s.replace(from, s.seek(from, s.at[v]), none, none, 0))
	}
	if !a.wants(c) {
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

// swap gives two assigned visits each other's place.
func (a *search) swap(v, u int32) bool {
	s := a.s
	e, f := s.by[v], s.by[u]
	if e == f {
		return a.swapWithin(v, u)
	}
	vAt, uAt := s.at[v], s.at[u]
	if !s.free(v, uAt, u) || !s.free(u, vAt, v) {
		return false
	}
	i, j := s.seek(e, vAt), s.seek(f, uAt)
	if !s.fits(e, i, u, vAt, i) || !s.fits(f, j, v, uAt, j) {
		return false
	}
	c := s.replace(e, i, u, vAt, i).plus(s.replace(f, j, v, uAt, j))
	if !a.wants(c) {
		return false
	}
	a.touch(v)
	a.touch(u)
	s.leave(v)
	s.leave(u)
	s.enter(v, f, uAt)
	s.enter(u, e, vAt)
	s.book(c)
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
	q[i].visit, q[j].visit = u, v
	ok := s.reaches(e, i) && s.reaches(e, j)
	c := change{fixed: m.price.km*int64(s.km(e)-before) +
		m.fixed(u, e, vAt) + m.fixed(v, e, uAt) - m.fixed(v, e, vAt) - m.fixed(u, e, uAt)}
	if !ok || !a.wants(c) {
		q[i].visit, q[j].visit = v, u
		return false
	}
	a.touch(v)
	a.touch(u)
	s.at[v], s.at[u] = uAt, vAt
	hv, hu := m.visits[v].host, m.visits[u].host
	s.busy[hv].drop(vAt)
	s.busy[hu].drop(uAt)
	s.busy[hv].set(uAt)
	s.busy[hu].set(vAt)
	s.book(c)
	return true
}

// km counts the km of an executive's year.
func (s *state) km(e int32) (sum int32) {
	c1, d1 := s.stop(e, -1)
	for i := range len(s.year[e]) + 1 {
		c2, d2 := s.stop(e, i)
		sum += s.m.leg(e, c1, d1, c2, d2)
		c1, d1 = c2, d2
	}
	return sum
}

// reaches says whether entry i is near enough to the visits around it.
func (s *state) reaches(e int32, i int) bool {
	m, q, reach := s.m, s.year[e], int32(len(s.m.reach))
	c, day := m.visits[q[i].visit].cust, q[i].slot>>1
	for k := i - 1; k >= 0 && day-q[k].slot>>1 < reach; k-- {
		if m.dist.km(c, m.visits[q[k].visit].cust) > m.reach[day-q[k].slot>>1] {
			return false
		}
	}
	for k := i + 1; k < len(q) && q[k].slot>>1-day < reach; k++ {
		if m.dist.km(c, m.visits[q[k].visit].cust) > m.reach[q[k].slot>>1-day] {
			return false
		}
	}
	return true
}

// push puts visit v at the place of u, which moves to a free place of another
// executive or leaves the plan (e is none).
func (a *search) push(v, u, e, slot int32) bool {
	s := a.s
	f, uAt, from := s.by[u], s.at[u], s.by[v]
	x, y := &s.m.visits[v], &s.m.visits[u]
	if f == e || from == f || from == e && e != none || x.cust == y.cust || x.host == y.host && slot == uAt {
		return false
	}
	if !s.free(v, uAt, u) || e != none && !s.free(u, slot, v) {
		return false
	}
	j := s.seek(f, uAt)
	if !s.fits(f, j, v, uAt, j) {
		return false
	}
	c := s.replace(f, j, v, uAt, j)
	if e == none {
		c.fixed += s.m.leftOut(u)
	} else {
		at := s.seek(e, slot)
		if !s.fits(e, none, u, slot, at) {
			return false
		}
		c = c.plus(s.replace(e, none, u, slot, at))
	}
	if from == none {
		c.fixed -= s.m.leftOut(v)
	} else {
		c = c.plus(s.replace(from, s.seek(from, s.at[v]), none, none, 0))
	}
	if !a.wants(c) {
		return false
	}
	a.touch(v)
	a.touch(u)
	s.leave(u)
	if from != none {
		s.leave(v)
	}
	s.enter(v, f, uAt)
	if e != none {
		s.enter(u, e, slot)
	}
	s.book(c)
	return true
}
