package solver

// entry is a visit in an executive's year.
type entry struct{ slot, visit int32 }

// state is a feasible plan with what is needed to count changes quickly.
type state struct {
	m    *model
	by   []int32   // executive of a visit, none where it is unassigned
	at   []int32   // slot of a visit, none where it is unassigned
	year [][]entry // by executive, in order of slots
	held []int32   // [exec × values + value] visits to customers with that value
	busy []bitset  // by host: slots taken

	fixed   int64 // cost without overdue days
	overdue int64 // days
	out     []int32
	outAt   []int32 // place of a visit in out, none where it is assigned
}

// change is what a move does to the cost. Overdue days are apart because the
// search prices them differently as it goes on.
type change struct {
	fixed int64
	days  int32
}

func (c change) plus(d change) change { return change{c.fixed + d.fixed, c.days + d.days} }

// total is the cost of the plan by the problem's weights.
func (s *state) total() int64 { return s.fixed + s.overdue*s.m.price.overdue }

// newState gives the empty plan.
func newState(m *model) *state {
	s := &state{
		m: m, by: make([]int32, len(m.visits)), at: make([]int32, len(m.visits)),
		year: make([][]entry, len(m.execs)), held: make([]int32, len(m.execs)*m.values),
		busy: make([]bitset, m.hosts), outAt: make([]int32, len(m.visits)),
	}
	for v := range m.visits {
		s.by[v], s.at[v] = none, none
		s.outAt[v] = int32(v)
		s.out = append(s.out, int32(v))
		s.fixed += m.leftOut(int32(v))
	}
	for h := range s.busy {
		s.busy[h] = newBitset(2 * m.days)
	}
	for e := range m.execs {
		x := &m.execs[e]
		s.year[e] = make([]entry, 0, x.target+8)
		s.fixed += m.price.load * int64(x.target)
		s.overdue += int64(m.late(x, x.clock, m.days))
	}
	return s
}

// late counts the overdue days between visits on two days: those that are more
// than the gap after the first, before the second, and not taken by absences.
func (m *model) late(x *exec, from, to int32) int32 {
	first := max(0, from+m.gap+1)
	if first >= to {
		return 0
	}
	return x.ready[to] - x.ready[first]
}

// leg counts the km between two visits that follow each other; c is none before
// the first and after the last.
func (m *model) leg(e, c1, day1, c2, day2 int32) int32 {
	if c1 == none {
		if c2 == none {
			return 0
		}
		return m.pair(c2, e).home
	}
	if c2 == none {
		return m.pair(c1, e).home
	}
	if day2-day1 <= m.stay {
		return m.dist.km(c1, c2)
	}
	return m.pair(c1, e).home + m.pair(c2, e).home
}

// seek gives the index in the executive's year at which a slot stands or would stand.
func (s *state) seek(e, slot int32) int {
	q := s.year[e]
	i := 0
	for i < len(q) && q[i].slot < slot {
		i++
	}
	return i
}

// free says whether visit v's customer and host could meet anybody at the slot,
// as if visit other (or none) were not in the plan.
func (s *state) free(v, slot, other int32) bool {
	x := &s.m.visits[v]
	c := &s.m.custs[x.cust]
	if !c.open.has(slot >> 1) {
		return false
	}
	if s.busy[x.host].has(slot) && s.at[v] != slot &&
		(other == none || s.at[other] != slot || s.m.visits[other].host != x.host) {
		return false
	}
	if c.spacing > 0 && len(c.visits) > 1 {
		day := slot >> 1
		for _, w := range c.visits {
			if w == v || w == other || s.at[w] == none {
				continue
			}
			if apart := s.at[w]>>1 - day; apart < c.spacing && -apart < c.spacing {
				return false
			}
		}
	}
	return true
}

// fits says whether executive e could make visit v at the slot, were the entry
// at index out of his year (or none) not there. at is seek(e, slot).
func (s *state) fits(e int32, out int, v, slot int32, at int) bool {
	m, q, x := s.m, s.year[e], &s.m.execs[e]
	day := slot >> 1
	if !x.open.has(day) || !m.allowed(v, e) {
		return false
	}
	if at < len(q) && q[at].slot == slot && at != out {
		return false
	}
	c := m.visits[v].cust
	week, month, reach := m.week[day], m.month[day], int32(len(m.reach))
	inWeek, inMonth := int32(1), int32(1)
	for i := at - 1; i >= 0; i-- {
		d := q[i].slot >> 1
		same := m.month[d] == month
		if !same && m.week[d] != week && day-d >= reach {
			break
		}
		if i == out {
			continue
		}
		if same {
			inMonth++
		}
		if m.week[d] == week {
			inWeek++
		}
		if day-d < reach && m.dist.km(c, m.visits[q[i].visit].cust) > m.reach[day-d] {
			return false
		}
	}
	for i := at; i < len(q); i++ {
		d := q[i].slot >> 1
		same := m.month[d] == month
		if !same && m.week[d] != week && d-day >= reach {
			break
		}
		if i == out {
			continue
		}
		if same {
			inMonth++
		}
		if m.week[d] == week {
			inWeek++
		}
		if d-day < reach && m.dist.km(c, m.visits[q[i].visit].cust) > m.reach[d-day] {
			return false
		}
	}
	return inWeek <= x.perWeek && inMonth <= x.perMonth
}

// replace counts what it does to the cost of executive e when the entry at
// index out (or none) leaves his year and visit in (or none) enters at the slot.
// at is seek(e, slot). The costs of being unassigned are not in it.
func (s *state) replace(e int32, out int, in, slot int32, at int) change {
	m, q, x := s.m, s.year[e], &s.m.execs[e]
	var km, days int32
	var fixed int64
	gone, come := int32(none), int32(none) // customers
	n := int32(len(q))
	if out != none {
		v, day := q[out].visit, q[out].slot>>1
		gone = m.visits[v].cust
		c1, d1 := s.stop(e, out-1)
		c2, d2 := s.stop(e, out+1)
		km += m.leg(e, c1, d1, c2, d2) - m.leg(e, c1, d1, gone, day) - m.leg(e, gone, day, c2, d2)
		days += m.late(x, d1, d2) - m.late(x, d1, day) - m.late(x, day, d2)
		fixed -= m.fixed(v, e, q[out].slot)
		fixed += m.price.load * int64(abs(n-1-x.target)-abs(n-x.target))
		n--
	}
	if in != none {
		come = m.visits[in].cust
		day := slot >> 1
		before, after := at-1, at
		if out != none && before == out {
			before--
		}
		if out != none && after == out {
			after++
		}
		c1, d1 := s.stop(e, before)
		c2, d2 := s.stop(e, after)
		km += m.leg(e, c1, d1, come, day) + m.leg(e, come, day, c2, d2) - m.leg(e, c1, d1, c2, d2)
		days += m.late(x, d1, day) + m.late(x, day, d2) - m.late(x, d1, d2)
		fixed += m.fixed(in, e, slot)
		fixed += m.price.load * int64(abs(n+1-x.target)-abs(n-x.target))
	}
	fixed += m.price.km*int64(km) + m.price.excess*int64(s.excess(e, gone, come))
	return change{fixed, days}
}

// stop gives customer and day of an entry; before the first and after the last
// there is no customer, and the clock's start and the end of the horizon.
func (s *state) stop(e int32, i int) (c, day int32) {
	q := s.year[e]
	if i < 0 {
		return none, s.m.execs[e].clock
	}
	if i >= len(q) {
		return none, s.m.days
	}
	return s.m.visits[q[i].visit].cust, q[i].slot >> 1
}

// excess counts how the visits past executive e's cross-section change when a
// customer (or none) leaves his year and another (or none) enters.
func (s *state) excess(e, gone, come int32) (change int32) {
	m := s.m
	at := int(e) * m.values
	for d := range m.dims {
		out, in := int32(none), int32(none)
		if gone != none {
			out = m.custs[gone].values[d]
		}
		if come != none {
			in = m.custs[come].values[d]
		}
		if out == in {
			continue
		}
		if out != none && s.held[at+int(out)] > m.quota[at+int(out)] {
			change--
		}
		if in != none && s.held[at+int(in)] >= m.quota[at+int(in)] {
			change++
		}
	}
	return change
}

func abs(n int32) int32 { return max(n, -n) }

// enter puts an unassigned visit into the plan. It does not count the cost.
func (s *state) enter(v, e, slot int32) {
	q := append(s.year[e], entry{})
	i := len(q) - 1
	for ; i > 0 && q[i-1].slot > slot; i-- {
		q[i] = q[i-1]
	}
	q[i] = entry{slot, v}
	s.year[e] = q
	s.by[v], s.at[v] = e, slot
	s.busy[s.m.visits[v].host].set(slot)
	s.hold(v, e, 1)
	last := s.out[len(s.out)-1]
	s.out[s.outAt[v]], s.outAt[last] = last, s.outAt[v]
	s.out, s.outAt[v] = s.out[:len(s.out)-1], none
}

// leave takes a visit out of the plan. It does not count the cost.
func (s *state) leave(v int32) {
	e, slot := s.by[v], s.at[v]
	q := s.year[e]
	i := s.seek(e, slot)
	s.year[e] = append(q[:i], q[i+1:]...)
	s.by[v], s.at[v] = none, none
	s.busy[s.m.visits[v].host].drop(slot)
	s.hold(v, e, -1)
	s.outAt[v] = int32(len(s.out))
	s.out = append(s.out, v)
}

func (s *state) hold(v, e, by int32) {
	at := int(e) * s.m.values
	for _, x := range s.m.custs[s.m.visits[v].cust].values {
		if x != none {
			s.held[at+int(x)] += by
		}
	}
}

// book counts a change that has been made.
func (s *state) book(c change) {
	s.fixed += c.fixed
	s.overdue += int64(c.days)
}
