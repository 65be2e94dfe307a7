package solver

// entry is a visit in an executive's year, with what its neighbours ask of it.
type entry struct {
	slot, visit int32
	cust        int32
	home        int32 // km between the customer and the executive's home
}

// state is a feasible plan with what is needed to count changes quickly.
type state struct {
	m      *model
	by     []int32   // executive of a visit, none where it is unassigned
	at     []int32   // slot of a visit, none where it is unassigned
	year   [][]entry // by executive, in order of slots
	spare  []int32   // [exec × values + value] visits to customers with that value until the cross-section is full, negative past it
	weeks  []int32   // [exec × weeks + week] visits
	months []int32   // [exec × months + month] visits
	busy   bitset    // [host × slots + slot] taken, by a visit or something else

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

func (c change) plus(d change) change  { return change{c.fixed + d.fixed, c.days + d.days} }
func (c change) minus(d change) change { return change{c.fixed - d.fixed, c.days - d.days} }

// total is the cost of the plan by the problem's weights.
func (s *state) total() int64 { return s.fixed + s.overdue*s.m.price.overdue }

// newState gives the empty plan.
func newState(m *model) *state {
	s := &state{
		m: m, by: make([]int32, len(m.visits)), at: make([]int32, len(m.visits)),
		year: make([][]entry, len(m.execs)), spare: append([]int32(nil), m.quota...),
		weeks: make([]int32, len(m.execs)*int(m.weeks)), months: make([]int32, len(m.execs)*int(m.months)),
		busy: newBitset(int32(m.hosts) * m.slots), outAt: make([]int32, len(m.visits)),
	}
	copy(s.busy, m.waits)
	for v := range m.visits {
		s.by[v], s.at[v] = none, none
		s.outAt[v] = int32(v)
		s.out = append(s.out, int32(v))
		s.fixed += m.leftOut(int32(v))
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

// stop is where an executive comes from or goes to: a visit, or the start or the
// end of the clock, which have no customer.
type stop struct{ cust, day, home int32 }

// way counts the km between two stops that follow each other.
func (m *model) way(a, b stop) int32 {
	if a.cust != none && b.cust != none && b.day-a.day <= m.stay {
		return m.dist.km(a.cust, b.cust)
	}
	return a.home + b.home
}

// stopAt gives an entry as a stop; before the first and after the last it is the
// clock's start and the end of the horizon.
func (s *state) stopAt(e int32, i int) stop {
	q := s.year[e]
	if i < 0 {
		return stop{none, s.m.execs[e].clock, 0}
	}
	if i >= len(q) {
		return stop{none, s.m.days, 0}
	}
	return stop{q[i].cust, q[i].slot >> 1, q[i].home}
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
	return s.m.openAt(x.cust).has(slot>>1) && s.hostFree(v, slot, other) && s.spaced(v, slot>>1, other)
}

// hostFree says whether visit v's host could be at a slot, as if visit other (or
// none) were not in the plan.
func (s *state) hostFree(v, slot, other int32) bool {
	host := s.m.visits[v].host
	return !s.busy.has(s.m.taken(host, slot)) || s.at[v] == slot ||
		other != none && s.at[other] == slot && s.m.visits[other].host == host
}

// taken is the place of somebody's slot in a set of their half-days.
func (m *model) taken(who, slot int32) int32 { return who*m.slots + slot }

// spaced says whether a day is far enough from the other visits to v's customer,
// as if visit other (or none) were not in the plan.
func (s *state) spaced(v, day, other int32) bool {
	if s.m.visits[v].alone {
		return true
	}
	c := &s.m.custs[s.m.visits[v].cust]
	for _, w := range c.visits {
		if w == v || w == other || s.at[w] == none {
			continue
		}
		if apart := s.at[w]>>1 - day; apart < c.spacing && -apart < c.spacing {
			return false
		}
	}
	return true
}

// fits says whether executive e could make visit v at the slot, were the entry
// at index out of his year (or none) not there. at is seek(e, slot).
func (s *state) fits(e int32, out int, v, slot int32, at int) bool {
	m, q := s.m, s.year[e]
	day := slot >> 1
	if !m.openFor(e).has(day) || m.isEngaged(e, slot) || !m.allowed(v, e) {
		return false
	}
	if at < len(q) && q[at].slot == slot && at != out {
		return false
	}
	gone := int32(none)
	if out != none {
		gone = q[out].slot >> 1
	}
	return s.room(e, day, gone) && s.reaches(e, at, out, m.visits[v].cust, day)
}

// room says whether the week and the month of a day take one more visit of
// executive e when the one on day gone (or none) has left.
func (s *state) room(e, day, gone int32) bool {
	m, x := s.m, &s.m.execs[e]
	week, month := m.week[day], m.month[day]
	inWeek, inMonth := s.weeks[e*m.weeks+week], s.months[e*m.months+month]
	if gone != none {
		if m.week[gone] == week {
			inWeek--
		}
		if m.month[gone] == month {
			inMonth--
		}
	}
	return inWeek < x.perWeek && inMonth < x.perMonth
}

// reaches says whether customer c on a day is near enough to the visits of
// executive e around index at, the one at index out (or none) apart.
func (s *state) reaches(e int32, at, out int, c, day int32) bool {
	m, q, reach := s.m, s.year[e], int32(len(s.m.reach))
	for i := at - 1; i >= 0; i-- {
		d := day - q[i].slot>>1
		if d >= reach {
			break
		}
		if i != out && m.dist.km(c, q[i].cust) > m.reach[d] {
			return false
		}
	}
	for i := at; i < len(q); i++ {
		d := q[i].slot>>1 - day
		if d >= reach {
			break
		}
		if i != out && m.dist.km(c, q[i].cust) > m.reach[d] {
			return false
		}
	}
	return true
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
		here := s.stopAt(e, out)
		gone = here.cust
		a, b := s.stopAt(e, out-1), s.stopAt(e, out+1)
		km += m.way(a, b) - m.way(a, here) - m.way(here, b)
		days += m.late(x, a.day, b.day) - m.late(x, a.day, here.day) - m.late(x, here.day, b.day)
		fixed -= m.fixed(q[out].visit, e, q[out].slot)
		fixed += m.price.load * int64(abs(n-1-x.target)-abs(n-x.target))
		n--
	}
	if in != none {
		come = m.visits[in].cust
		here := stop{come, slot >> 1, m.pair(come, e).home}
		before, after := at-1, at
		if out != none && before == out {
			before--
		}
		if out != none && after == out {
			after++
		}
		a, b := s.stopAt(e, before), s.stopAt(e, after)
		km += m.way(a, here) + m.way(here, b) - m.way(a, b)
		days += m.late(x, a.day, here.day) + m.late(x, here.day, b.day) - m.late(x, a.day, b.day)
		fixed += m.fixed(in, e, slot)
		fixed += m.price.load * int64(abs(n+1-x.target)-abs(n-x.target))
	}
	fixed += m.price.km*int64(km) + m.price.excess*int64(s.excess(e, gone, come))
	return change{fixed, days}
}

// excess counts how the visits past executive e's cross-section change when a
// customer (or none) leaves his year and another (or none) enters.
func (s *state) excess(e, gone, come int32) (change int32) {
	m := s.m
	spare := s.spare[int(e)*m.values : int(e+1)*m.values]
	for d := range m.dims {
		out, in := int32(none), int32(none)
		if gone != none {
			out = m.valueOf[int(gone)*m.dims+d]
		}
		if come != none {
			in = m.valueOf[int(come)*m.dims+d]
		}
		if out == in {
			continue
		}
		if out != none && spare[out] < 0 {
			change--
		}
		if in != none && spare[in] <= 0 {
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
	s.year[e] = q
	s.settle(e, i, v, slot)
	last := s.out[len(s.out)-1]
	s.out[s.outAt[v]], s.outAt[last] = last, s.outAt[v]
	s.out, s.outAt[v] = s.out[:len(s.out)-1], none
}

// leave takes a visit out of the plan. It does not count the cost.
func (s *state) leave(v int32) {
	e := s.by[v]
	i := s.seek(e, s.at[v])
	s.vacate(e, i)
	q := s.year[e]
	s.year[e] = append(q[:i], q[i+1:]...)
	s.by[v], s.at[v] = none, none
	s.outAt[v] = int32(len(s.out))
	s.out = append(s.out, v)
}

// settle makes the entry at index i of executive e's year that of visit v.
func (s *state) settle(e int32, i int, v, slot int32) {
	c := s.m.visits[v].cust
	s.year[e][i] = entry{slot, v, c, s.m.pair(c, e).home}
	s.by[v], s.at[v] = e, slot
	s.busy.set(s.m.taken(s.m.visits[v].host, slot))
	s.hold(e, c, slot>>1, 1)
}

// vacate undoes settle but for the visit's own place, which the next settle
// overwrites.
func (s *state) vacate(e int32, i int) {
	q := s.year[e][i]
	s.busy.drop(s.m.taken(s.m.visits[q.visit].host, q.slot))
	s.hold(e, q.cust, q.slot>>1, -1)
}

// hold counts a visit to customer c on a day in or out of executive e's year.
func (s *state) hold(e, c, day, by int32) {
	m := s.m
	s.weeks[e*m.weeks+m.week[day]] += by
	s.months[e*m.months+m.month[day]] += by
	spare := s.spare[int(e)*m.values : int(e+1)*m.values]
	for _, x := range m.valueOf[int(c)*m.dims : int(c+1)*m.dims] {
		if x != none {
			spare[x] -= by
		}
	}
}

// book counts a change that has been made.
func (s *state) book(c change) {
	s.fixed += c.fixed
	s.overdue += int64(c.days)
}
