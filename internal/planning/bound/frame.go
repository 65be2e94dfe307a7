package bound

import (
	"math"
	"slices"
)

// far is more than any plan costs and may still be added to.
const far = math.MaxInt64 / 4

// Counts of visits a week and a month are followed up to these limits; a higher
// limit is dropped, which can only make a year cheaper.
const (
	monthMost = 8
	weekMost  = 8
)

// frame is what the ways of finding the cheapest year of an executive have in
// common: the days that can be used, the numbers of visits in a week and a month,
// and the times between trips. A label, of which it knows only the index, is a
// partial year that ends with a visit.
type frame struct {
	m      *model
	exec   int
	x      *exec
	states int       // numbers of visits in week and month
	next   [4][]int8 // by same week + 2·same month: the state after one more visit, or none
	own    []int32   // visits that may be made and are not pinned
	pinned []int32   // visits that are pinned to the executive
	home   []int64   // by visit: cost of the way home
	days   []int32   // that can be used

	lastPin    int32   // the last day with a pin before the day at hand, or none
	am, pm     int32   // visits pinned on the day at hand, or none
	opening    []int64 // by state: the cheapest way to set out on the day at hand
	openFrom   []int32 // by state: the label before that
	closing    []int64 // [day × states + state] the cheapest way to be at home after that day
	closeBy    []int32 // its label
	closeMin   []int64 // by day, over all states
	closeMinBy []int32
	last       int32 // the last label of the cheapest year, or none
}

func newFrame(m *model) frame {
	return frame{m: m, exec: none, home: make([]int64, len(m.visits)),
		closeMin: make([]int64, m.days), closeMinBy: make([]int32, m.days)}
}

func grown[T any](s []T, n int) []T { return slices.Grow(s[:0], n)[:n] }

// begin prepares what depends on the executive alone.
func (y *frame) begin(e int) {
	m := y.m
	if y.exec == e {
		return
	}
	y.exec, y.x = e, &m.execs[e]
	weeks, months := y.x.perWeek, y.x.perMonth
	if weeks > weekMost || weeks >= int32(len(m.visits)) {
		weeks = 0 // no limit
	}
	if months > monthMost || months >= int32(len(m.visits)) {
		months = 0
	}
	y.transitions(max(1, weeks), max(1, months), weeks == 0, months == 0)
	y.days = y.days[:0]
	if y.x.perWeek > 0 && y.x.perMonth > 0 {
		for d := range m.days {
			if y.x.open[d] {
				y.days = append(y.days, d)
			}
		}
	}
	y.own, y.pinned = y.own[:0], y.pinned[:0]
	for v := range m.visits {
		y.home[v] = m.price.km * int64(m.home[int(m.visits[v].cust)*len(m.execs)+e])
		if !m.visits[v].pinned && m.allowed(v, e) {
			y.own = append(y.own, int32(v))
		}
	}
	for _, p := range y.x.pins {
		y.pinned = append(y.pinned, p.visit)
	}
	y.closing, y.closeBy = grown(y.closing, int(m.days)*y.states), grown(y.closeBy, int(m.days)*y.states)
	y.opening, y.openFrom = grown(y.opening, y.states), grown(y.openFrom, y.states)
}

// transitions tables the state after one more visit. State 0 is the first visit
// of a week and a month.
func (y *frame) transitions(weeks, months int32, anyWeek, anyMonth bool) {
	y.states = int(weeks * months)
	for same := range y.next {
		y.next[same] = y.next[same][:0]
		for s := range int32(y.states) {
			w, n := s%weeks, s/weeks
			switch {
			case same&1 == 0:
				w = 0
			case !anyWeek:
				w++
			}
			switch {
			case same&2 == 0:
				n = 0
			case !anyMonth:
				n++
			}
			if w < weeks && n < months {
				y.next[same] = append(y.next[same], int8(n*weeks+w))
			} else {
				y.next[same] = append(y.next[same], none)
			}
		}
	}
}

// after gives the states after one more visit, when the last was on day a and it is on day b.
func (y *frame) after(a, b int32) []int8 {
	same := 0
	if y.m.week[a] == y.m.week[b] {
		same++
	}
	if y.m.month[a] == y.m.month[b] {
		same += 2
	}
	return y.next[same]
}

// walk goes over the days with the pins and the ways to set out on each.
func (y *frame) walk(day func(d int32)) {
	pin := 0
	y.lastPin = none
	for _, d := range y.days {
		y.am, y.pm = none, none
		for ; pin < len(y.x.pins) && y.x.pins[pin].day == d; pin++ {
			if y.x.pins[pin].half == morning {
				y.am = y.x.pins[pin].visit
			} else {
				y.pm = y.x.pins[pin].visit
			}
		}
		y.open(d)
		day(d)
		if y.am != none || y.pm != none {
			y.lastPin = d
		}
	}
}

// open finds the cheapest ways to set out from home on day d.
func (y *frame) open(d int32) {
	m := y.m
	for s := range y.opening {
		y.opening[s], y.openFrom[s] = far, none
	}
	if y.lastPin == none {
		y.opening[0] = m.price.overdue * y.x.overdue(m, y.x.clock, d)
	}
	for _, last := range y.days {
		if last >= d {
			break
		}
		if last < y.lastPin || y.closeMin[last] >= far {
			continue
		}
		late := m.price.overdue * y.x.overdue(m, last, d)
		if m.week[last] != m.week[d] && m.month[last] != m.month[d] {
			if cost := y.closeMin[last] + late; cost < y.opening[0] {
				y.opening[0], y.openFrom[0] = cost, y.closeMinBy[last]
			}
			continue
		}
		next := y.after(last, d)
		for s, closing := range y.closing[int(last)*y.states:][:y.states] {
			if t := next[s]; t != none && closing+late < y.opening[t] {
				y.opening[t], y.openFrom[t] = closing+late, y.closeBy[int(last)*y.states+s]
			}
		}
	}
}

// end gives the cheapest year over all last visits.
func (y *frame) end() int64 {
	m := y.m
	cost := int64(far)
	y.last = none
	if y.lastPin == none {
		cost = m.price.overdue * y.x.overdue(m, y.x.clock, m.days)
	}
	for _, d := range y.days {
		if d < y.lastPin || y.closeMin[d] >= far {
			continue
		}
		if c := y.closeMin[d] + m.price.overdue*y.x.overdue(m, d, m.days); c < cost {
			cost, y.last = c, y.closeMinBy[d]
		}
	}
	return cost
}

// base gives what a visit of an executive costs but for travel and the day.
func (m *model) base(v int32, e int, by *multipliers) int64 {
	x := &m.visits[v]
	cost := by.load[e] + m.price.mismatch*int64(m.lacks[int(x.cust)*len(m.execs)+e])
	if !x.pinned {
		cost -= by.visit[v]
	}
	if x.hasNow {
		cost += m.price.moved
	}
	for _, value := range m.custs[x.cust].values {
		cost += by.value[e*m.values+int(value)]
	}
	return cost
}
