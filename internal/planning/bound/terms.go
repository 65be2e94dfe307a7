package bound

import "windshield/internal/planning"

// terms counts, for each term by itself, what no feasible plan goes below. They
// follow from who may visit whom on which days, and from the pins.
func (m *model) terms() planning.Cost {
	c := planning.Cost{}
	for _, t := range planning.Terms() {
		c[t] = 0
	}
	c[planning.Unassigned] = m.leastUnassigned()
	assigned := int64(len(m.visits)) - c[planning.Unassigned]
	target, possible := int64(0), make([]bool, m.days)
	for e := range m.execs {
		x := &m.execs[e]
		target += int64(x.target)
		m.possible(e, possible)
		c[planning.OverdueDays] += m.leastOverdue(x, possible)
		counts := make([]int64, m.values)
		for _, p := range x.pins {
			at := &m.custs[m.visits[p.visit].cust]
			for _, v := range at.values {
				counts[v]++
			}
			if k := at.class[p.day]; k == outside || k == outsideCrunched {
				c[planning.OutOfWindow]++
			}
			if m.crunch[p.day] {
				c[planning.Crunch]++
			}
			c[planning.Mismatch] += int64(m.lacks[int(m.visits[p.visit].cust)*len(m.execs)+e])
		}
		for v, n := range counts {
			c[planning.Excess] += max(0, n-int64(x.quota[v]))
		}
	}
	c[planning.Load] = max(0, target-assigned)
	c[planning.Moved] = m.leastMoved()
	return c
}

// leastUnassigned counts the visits that nobody can make on any day, those that do
// not fit between others to their customer, and those for which there is no room
// in anybody's year.
func (m *model) leastUnassigned() int64 {
	left, room := int64(0), int64(0)
	for c := range m.custs {
		nobody := int64(0)
		for _, v := range m.custs[c].visits {
			if !m.placeable(int(v)) {
				nobody++
			}
		}
		left += max(nobody, int64(len(m.custs[c].visits))-int64(m.custs[c].most))
	}
	for e := range m.execs {
		room += m.room(&m.execs[e])
	}
	return max(left, int64(len(m.visits))-room)
}

// fit gives a number of visits to a customer beyond which they are too close or
// more than the host can go along with: those made as early as possible.
func (m *model) fit(c *cust) int32 {
	n, next := int32(0), int32(0)
	for d := range m.days {
		if d < next || c.class[d] == closed || !m.someone[d] {
			continue
		}
		if c.spacing == 0 {
			n += 2
		} else {
			n++
			next = d + c.spacing
		}
	}
	return n
}

// placeable says whether somebody can make the visit on some day.
func (m *model) placeable(v int) bool {
	if m.visits[v].pinned {
		return true
	}
	first, last := m.visits[v].first, m.visits[v].last
	class := m.custs[m.visits[v].cust].class
	for e := range m.execs {
		x := &m.execs[e]
		if !m.allowed(v, e) || x.perWeek == 0 || x.perMonth == 0 {
			continue
		}
		for d := first; d <= last; d++ {
			if x.open[d] && class[d] != closed {
				return true
			}
		}
	}
	return false
}

// room gives a number of visits that an executive's year cannot hold more of: by
// weeks and by months.
func (m *model) room(x *exec) int64 {
	by := func(span []int32, most int32) int64 {
		sum, in := int64(0), int64(0)
		for d := range m.days {
			if d > 0 && span[d] != span[d-1] {
				sum, in = sum+min(in, int64(most)), 0
			}
			if x.open[d] {
				in += 2
			}
		}
		return sum + min(in, int64(most))
	}
	return min(by(m.week, x.perWeek), by(m.month, x.perMonth))
}

// possible marks the days on which executive e can make some visit.
func (m *model) possible(e int, days []bool) {
	clear(days)
	x := &m.execs[e]
	if x.perWeek == 0 || x.perMonth == 0 {
		return
	}
	open := int(m.days)
	for v := range m.visits {
		if open == 0 {
			return
		}
		if m.visits[v].pinned || !m.allowed(v, e) {
			continue
		}
		class := m.custs[m.visits[v].cust].class
		for d := range days {
			if !days[d] && x.open[d] && class[d] != closed {
				days[d] = true
				open--
			}
		}
	}
	for _, p := range x.pins {
		days[p.day] = true
	}
}

// leastOverdue counts the days on which an executive is overdue who visits
// somebody on every possible day.
func (m *model) leastOverdue(x *exec, possible []bool) int64 {
	days, last := int64(0), x.clock
	for d := range m.days {
		if possible[d] {
			days += x.overdue(m, last, d)
			last = d
		}
	}
	return days + x.overdue(m, last, m.days)
}

// leastMoved counts the visits that cannot stand at their current place.
func (m *model) leastMoved() int64 {
	n := int64(0)
	for v := range m.visits {
		x := &m.visits[v]
		if !x.hasNow {
			continue
		}
		e := int(x.nowExec)
		if e == none || !m.execs[e].open[x.nowDay] || m.custs[x.cust].class[x.nowDay] == closed || !x.pinned && !m.allowed(v, e) {
			n++
		}
	}
	return n
}
