package solver

import "math/bits"

// hole is a stretch of an executive's year between two stops into which a visit
// can go. Within it only its own legs, gap and rules change, so that holes that
// share no stretch are counted each by itself.
type hole struct {
	exec int32
	at   int   // index in the year at which a visit of the hole stands or would stand
	out  int   // index of the entry that leaves, none where the hole is empty
	a, b stop  // around it
	gone int32 // day of the entry that leaves, or none
}

// holeAt gives the hole at an index; with taken, the entry there is to leave.
func (s *state) holeAt(e int32, at int, taken bool) hole {
	h := hole{exec: e, at: at, out: none, a: s.stopAt(e, at-1), gone: none}
	if taken {
		h.out, h.gone = at, s.year[e][at].slot>>1
		at++
	}
	h.b = s.stopAt(e, at)
	return h
}

// standing counts what the entry that leaves costs in its hole.
func (s *state) standing(h *hole) change {
	m, q := s.m, s.year[h.exec][h.out]
	return m.through(h, stop{q.cust, h.gone, q.home}).plus(change{fixed: m.fixed(q.visit, h.exec, q.slot)})
}

// through counts legs and overdue days of a stop in a hole against the empty hole.
func (m *model) through(h *hole, x stop) change {
	e := &m.execs[h.exec]
	km := m.way(h.a, x) + m.way(x, h.b) - m.way(h.a, h.b)
	late := m.late(e, h.a.day, x.day) + m.late(e, x.day, h.b.day) - m.late(e, h.a.day, h.b.day)
	return change{m.price.km * int64(km), late}
}

// spot looks for a good slot for visit v in a hole: on a trip with the visit
// before or after where that saves more than it costs, and otherwise on any day
// that keeps the clock, drawn from those that suit the customer best. other is a
// visit that leaves its place at the same time, or none. The slot is none where
// luck or the calendars leave no place; settles asks the other rules, which is left
// for the few moves whose price is right. The change is against the empty hole.
func (a *search) spot(h *hole, v, other int32) (slot int32, c change) {
	m := a.m
	x := &m.visits[v]
	pair := m.pair(x.cust, h.exec)
	if pair.points == none || x.hasExcluded && !m.allowed(v, h.exec) {
		return none, c
	}
	day := int32(none)
	if x.hasNow && x.nowExec == h.exec && a.rnd.below(2) == 0 {
		slot = x.nowSlot
		if d := slot >> 1; d >= h.a.day && d <= h.b.day && m.openFor(h.exec).has(d) && m.openAt(x.cust).has(d) {
			day = d
		}
	}
	if day == none {
		if day = a.dayIn(h, v, other, pair.home); day == none {
			return none, c
		}
		slot = 2*day + int32(a.rnd.below(2))
	}
	c = m.through(h, stop{x.cust, day, pair.home})
	c.fixed += m.fixed(v, h.exec, slot)
	return slot, c
}

// settles gives the slot at which visit v can enter a hole: the one that was
// drawn or the other half of its day; none where the rules forbid both.
func (s *state) settles(h *hole, v, other, slot int32) int32 {
	if s.enters(h, v, other, slot) {
		return slot
	}
	if s.enters(h, v, other, slot^1) && !s.m.visits[v].hasNow { // the halves of a day cost the same
		return slot ^ 1
	}
	return none
}

// dayIn draws a day of a hole for visit v, none where there is none.
func (a *search) dayIn(h *hole, v, other, home int32) int32 {
	m := a.m
	c := m.visits[v].cust
	from, to := max(h.a.day, 0), min(h.b.day, m.days-1)
	if h.a.cust != none && h.b.cust != none && h.b.day-h.a.day <= m.stay { // within a trip
		return a.pick(h, v, other, h.a.day+m.daysApart(h.a.cust, c), h.b.day-m.daysApart(h.b.cust, c))
	}
	// The last day that joins the trip before, and the first that joins the one after.
	left, right := from-1, to+1
	over := h.b.day - h.a.day - m.gap - 1 - m.stay
	kind, gain := 0, int64(0)
	if h.a.cust != none {
		left = min(h.a.day+m.stay, to)
		if g := a.joins(h.a, c, home, over); g > gain {
			kind, gain = 1, g
		}
	}
	if h.b.cust != none {
		right = max(h.b.day-m.stay, from)
		if g := a.joins(h.b, c, home, over); g > gain {
			kind = 2
		}
	}
	if a.rnd.below(8) == 0 {
		if kind = a.rnd.below(4); kind == 3 {
			return a.pick(h, v, other, from, to)
		}
	}
	day := int32(none)
	switch {
	case kind == 1 && left >= from:
		day = a.pick(h, v, other, h.a.day+m.daysApart(h.a.cust, c), left)
	case kind == 2 && right <= to:
		day = a.pick(h, v, other, right, h.b.day-m.daysApart(h.b.cust, c))
	}
	if day != none {
		return day
	}
	lo, hi := h.b.day-m.gap-1, h.a.day+m.gap+1
	if lo > hi {
		lo, hi = hi, lo // overdue anyway: the fewest days where both gaps are too long
	}
	if day = a.pick(h, v, other, max(lo, left+1), min(hi, right-1)); day == none && a.rnd.below(4) == 0 {
		day = a.pick(h, v, other, from, to)
	}
	return day
}

// daysApart is how many days at least must lie between visits to two customers,
// by their reach.
func (m *model) daysApart(c1, c2 int32) int32 {
	if len(m.reach) == 0 {
		return 0
	}
	km := m.dist.km(c1, c2)
	for g, most := range m.reach {
		if km <= most {
			return int32(g)
		}
	}
	return int32(len(m.reach))
}

// joins gives what a visit saves on a trip with stop x against a trip of its own,
// less the price of the days by which the clock then runs over.
func (a *search) joins(x stop, c, home, over int32) int64 {
	cost := int64(max(0, over)) * a.late
	if most := a.m.price.km * int64(2*min(x.home, home)); most <= cost {
		return 0
	}
	return a.m.price.km*int64(x.home+home-a.m.dist.km(x.cust, c)) - cost
}

// pick draws a day from lo to hi on which executive and customer can meet, one
// that the customer wants where there is one; none where there is none.
func (a *search) pick(h *hole, v, other, lo, hi int32) int32 {
	lo, hi = max(lo, 0), min(hi, a.m.days-1)
	if hi < lo {
		return none
	}
	if hi-lo > 63 {
		lo += int32(a.rnd.below(int(hi - lo - 62)))
		hi = lo + 63
	}
	s, m := a.s, a.m
	c := m.visits[v].cust
	days := m.openFor(h.exec).span(lo) & m.openAt(c).span(lo) & stretch(0, hi-lo)
	if !m.visits[v].alone && days != 0 {
		x := &m.custs[c]
		for _, w := range x.visits {
			if w != v && w != other && s.at[w] != none {
				days &^= stretch(s.at[w]>>1-x.spacing+1-lo, s.at[w]>>1+x.spacing-1-lo)
			}
		}
	}
	if days == 0 {
		return none
	}
	if set := days & m.wantedAt(c).span(lo); set != 0 {
		days = set
	}
	turn := a.rnd.below(64)
	return lo + int32((bits.TrailingZeros64(bits.RotateLeft64(days, -turn))+turn)&63)
}

// stretch gives the bits from first to last, as far as a word has them.
func stretch(first, last int32) uint64 {
	first, last = max(first, 0), min(last, 63)
	if last < first {
		return 0
	}
	return ^uint64(0) >> (63 - uint(last-first)) << uint(first)
}

// enters says whether visit v may stand at a slot of a hole: all rules but for
// tags and working days, which the draw has kept.
func (s *state) enters(h *hole, v, other, slot int32) bool {
	m, q := s.m, s.year[h.exec]
	x := &m.visits[v]
	day := slot >> 1
	if day == h.a.day && h.a.cust != none && q[h.at-1].slot >= slot {
		return false
	}
	if day == h.b.day && h.b.cust != none {
		next := h.at
		if h.out != none {
			next++
		}
		if q[next].slot <= slot {
			return false
		}
	}
	if m.isEngaged(h.exec, slot) || !s.room(h.exec, day, h.gone) || !s.reaches(h.exec, h.at, h.out, x.cust, day) {
		return false
	}
	return s.hostFree(v, slot, other) && s.spaced(v, day, other)
}
