package bound

import "math"

// coarse finds a cost that no year of an executive goes below in a small part of
// the time that year takes. It looks at areas instead of visits: a leg within a
// trip is as long as the two areas are apart at least, and a visit may follow
// itself. Ways home are those of the visits.
type coarse struct {
	frame
	area  []int32   // by customer
	areas int       // number of them
	apart [][]int64 // by two areas: the least km, or none where one visit cannot follow another

	// What depends on the executive and the multipliers.
	base     []int64
	beyond   []int64 // by area: the most that going on from it can save
	longest  []int64 // by area: the longest way home, or -far where there is no visit
	within   []int64 // [day × areas + area] the cheapest visit without ways
	withinBy []int32
	edge     []int64 // the same with one way home
	edgeBy   []int32
	single   []int64 // by day: the cheapest visit with both ways
	singleBy []int32

	// Labels: [day × areas × states + area × states + state] the cheapest that goes
	// on after a visit in an area.
	cost     []int64
	at       []int32 // its entry in entries
	came     []int64 // the same on the day at hand, for the first visit or the second
	cameBy   []int32
	arrive   []int64 // [area × states + state] the cheapest way to an area on the day at hand
	arriveBy []int32
	entries  []entry
}

// entry is a visit of a label.
type entry struct {
	stop
	before int32 // the entry before, or none
}

// areaMost is the number of areas.
const areaMost = 32

func newCoarse(m *model) *coarse {
	y := &coarse{frame: newFrame(m)}
	y.divide()
	d := int(m.days)
	y.base, y.beyond, y.longest = make([]int64, len(m.visits)), make([]int64, y.areas), make([]int64, y.areas)
	y.within, y.edge, y.single = make([]int64, d*y.areas), make([]int64, d*y.areas), make([]int64, d)
	y.withinBy, y.edgeBy, y.singleBy = make([]int32, d*y.areas), make([]int32, d*y.areas), make([]int32, d)
	return y
}

// divide makes areas: each centre is the customer farthest from those before.
func (y *coarse) divide() {
	m := y.m
	points := m.km.points
	y.area = make([]int32, len(points))
	to := make([]int32, len(points))
	for i := range to {
		to[i] = math.MaxInt32
	}
	var centres []vector
	for centre := 0; len(centres) < min(areaMost, len(points)); {
		c := int32(len(centres))
		centres = append(centres, points[centre])
		far := int32(0)
		for i := range points {
			if km := kmBelow(points[i], points[centre]); km < to[i] {
				to[i], y.area[i] = km, c
			}
		}
		for i := range points {
			if to[i] > far {
				far, centre = to[i], i
			}
		}
		if far == 0 {
			break
		}
	}
	y.areas = len(centres)
	radius := make([]int32, y.areas)
	for i, a := range y.area {
		radius[a] = max(radius[a], to[i]+1)
	}
	for a := range y.areas {
		row := make([]int64, y.areas)
		for b := range y.areas {
			if a != b {
				row[b] = int64(max(0, kmBelow(centres[a], centres[b])-radius[a]-radius[b]-2))
			}
		}
		y.apart = append(y.apart, row)
	}
	if m.km.table == nil {
		return
	}
	for a := range y.apart {
		for b := range y.apart[a] {
			y.apart[a][b] = none
		}
	}
	least := func(a, b, km int64) {
		if y.apart[a][b] == none || km < y.apart[a][b] {
			y.apart[a][b] = km
		}
	}
	for i := range points {
		if m.custs[i].spacing <= m.stay {
			least(int64(y.area[i]), int64(y.area[i]), 0)
		}
		for j := range points {
			if i != j {
				least(int64(y.area[i]), int64(y.area[j]), int64(m.km.between(int32(i), int32(j))))
			}
		}
	}
}

// cheapest gives a cost that no year of executive e goes below. The visits of the
// year that has it are told by made.
func (y *coarse) cheapest(e int, by *multipliers) int64 {
	y.begin(e)
	y.prices(by)
	n := y.areas * y.states
	y.cost, y.at = grown(y.cost, int(y.m.days)*n), grown(y.at, int(y.m.days)*n)
	y.came, y.cameBy = grown(y.came, n), grown(y.cameBy, n)
	y.arrive, y.arriveBy = grown(y.arrive, n), grown(y.arriveBy, n)
	y.entries = y.entries[:0]
	y.walk(y.day)
	return y.end()
}

// made tells the visits of the year that was found last, the latest first.
func (y *coarse) made(tell func(at stop)) {
	for at := y.last; at != none; at = y.entries[at].before {
		tell(y.entries[at].stop)
	}
}

// prices finds the cheapest visits of each day.
func (y *coarse) prices(by *multipliers) {
	m, e := y.m, y.exec
	for i := range y.edge {
		y.edge[i], y.within[i] = far, far
	}
	for i := range y.single {
		y.single[i] = far
	}
	for i := range y.longest {
		y.longest[i] = -far
	}
	for _, p := range y.pinned {
		y.base[p] = m.base(p, e, by)
		area := y.area[m.visits[p].cust]
		y.longest[area] = max(y.longest[area], y.home[p])
	}
	extra := m.price.extra()
	for _, v := range y.own {
		x := &m.visits[v]
		y.base[v] = m.base(v, e, by)
		area := int(y.area[x.cust])
		y.longest[area] = max(y.longest[area], y.home[v])
		class := m.custs[x.cust].class
		for _, d := range y.days {
			if k := class[d]; k != closed {
				y.enter(v, area, d, y.base[v]+extra[k])
			}
		}
		if d := x.nowDay; x.nowExec == int32(e) && y.x.open[d] && class[d] != closed {
			y.enter(v, area, d, y.base[v]+extra[class[d]]-m.price.moved)
		}
	}
	for a := range y.beyond {
		y.beyond[a] = -far
		for b, km := range y.apart[a] {
			if km != none {
				y.beyond[a] = max(y.beyond[a], y.longest[b]-m.price.km*km)
			}
		}
	}
}

// enter compares a visit with the cheapest of a day.
func (y *coarse) enter(v int32, area int, d int32, cost int64) {
	at := int(d)*y.areas + area
	if cost < y.within[at] {
		y.within[at], y.withinBy[at] = cost, v
	}
	cost += y.home[v]
	if cost < y.edge[at] {
		y.edge[at], y.edgeBy[at] = cost, v
	}
	if cost += y.home[v]; cost < y.single[d] {
		y.single[d], y.singleBy[d] = cost, v
	}
}

// day finds the cheapest ways to visits on day d.
func (y *coarse) day(d int32) {
	n := y.areas * y.states
	closing := y.closing[int(d)*y.states:][:y.states]
	for s := range closing {
		closing[s] = far
	}
	row := y.cost[int(d)*n:][:n]
	for i := range row {
		row[i], y.arrive[i] = far, far
	}
	for last := max(0, y.lastPin, d-y.m.stay); last < d; last++ {
		if y.x.open[last] {
			y.goOn(last, d, y.cost[int(last)*n:][:n], y.at[int(last)*n:][:n])
		}
	}
	if y.am != none || y.pm != none {
		y.onPins(d)
	} else {
		y.onAny(d)
	}
	y.closeMin[d], y.closeMinBy[d] = far, none
	for s, cost := range closing {
		if cost < y.closeMin[d] {
			y.closeMin[d], y.closeMinBy[d] = cost, y.closeBy[int(d)*y.states+s]
		}
		for a := range y.areas { // what going home and out again is no dearer than
			if i := a*y.states + s; row[i]-cost >= y.beyond[a] {
				row[i] = far
			}
		}
	}
}

// goOn finds the cheapest ways to each area from the labels of a day.
func (y *coarse) goOn(last, d int32, row []int64, at []int32) {
	m, gap := y.m, d-last
	reach := int64(math.MaxInt32)
	if int(gap) < len(m.reach) {
		reach = int64(m.reach[gap])
	}
	next := y.after(last, d)
	late := m.price.overdue * y.x.overdue(m, last, d) // where gaps may be shorter than stays
	for a := range y.areas {
		for s, cost := range row[a*y.states:][:y.states] {
			t := next[s]
			if cost >= far || t == none {
				continue
			}
			for b, km := range y.apart[a] {
				if to := b*y.states + int(t); km != none && km <= reach && cost+late+m.price.km*km < y.arrive[to] {
					y.arrive[to], y.arriveBy[to] = cost+late+m.price.km*km, at[a*y.states+s]
				}
			}
		}
	}
}

// onAny makes the labels of a day without pins, with a first visit and a second.
func (y *coarse) onAny(d int32) {
	n := y.areas * y.states
	row, at := y.cost[int(d)*n:][:n], y.at[int(d)*n:][:n]
	for s, opening := range y.opening {
		if opening < far && y.single[d] < far {
			y.goHome(d, s, opening+y.single[d], y.singleBy[d], y.openFrom[s])
		}
	}
	for i := range row {
		y.label(d, i, row, at, true)
	}
	copy(y.came, row)
	copy(y.cameBy, at)
	for i := range y.arrive {
		y.arrive[i] = far
	}
	y.goOn(d, d, y.came, y.cameBy)
	for i := range row {
		y.label(d, i, row, at, false)
	}
}

// label finds the cheapest visit in an area and state, and the cheapest with which
// a trip ends there.
func (y *coarse) label(d int32, i int, row []int64, at []int32, first bool) {
	a, s := i/y.states, i%y.states
	day := int(d)*y.areas + a
	if y.within[day] >= far {
		return
	}
	if y.arrive[i] < far {
		if cost := y.arrive[i] + y.within[day]; cost < row[i] {
			row[i], at[i] = cost, y.add(d, y.withinBy[day], y.arriveBy[i])
		}
		y.goHome(d, s, y.arrive[i]+y.edge[day], y.edgeBy[day], y.arriveBy[i])
	}
	if first && y.opening[s] < far {
		if cost := y.opening[s] + y.edge[day]; cost < row[i] {
			row[i], at[i] = cost, y.add(d, y.edgeBy[day], y.openFrom[s])
		}
	}
}

func (y *coarse) add(d, v, before int32) int32 {
	y.entries = append(y.entries, entry{stop{v, d}, before})
	return int32(len(y.entries) - 1)
}

// goHome enters a way to be at home after day d with v as the last visit.
func (y *coarse) goHome(d int32, s int, cost int64, v, before int32) {
	if i := int(d)*y.states + s; cost < y.closing[i] {
		y.closing[i], y.closeBy[i] = cost, y.add(d, v, before)
	}
}

// onPins makes the labels of a day with pins. The way is by the first of them; the
// other, or another visit, comes without any, which is at most rounding too cheap.
func (y *coarse) onPins(d int32) {
	m, n := y.m, y.areas*y.states
	row, at := y.cost[int(d)*n:][:n], y.at[int(d)*n:][:n]
	v, other, must := y.am, y.pm, y.am != none && y.pm != none
	more := int64(far)
	switch {
	case must:
		more = y.pinCost(y.pm, d)
	default:
		v = max(y.am, y.pm)
		for a := range y.areas {
			if cost := y.within[int(d)*y.areas+a]; cost < more {
				more, other = cost, y.withinBy[int(d)*y.areas+a]
			}
		}
	}
	more -= 2 * m.price.km // rounding
	area, cost := int(y.area[m.visits[v].cust]), y.pinCost(v, d)
	enter := func(s int, label, closing int64, before, visit int32) {
		entry := y.add(d, visit, before)
		if i := area*y.states + s; label < row[i] {
			row[i], at[i] = label, entry
		}
		if i := int(d)*y.states + s; closing < y.closing[i] {
			y.closing[i], y.closeBy[i] = closing, entry
		}
	}
	for s := range y.states {
		for _, from := range []struct {
			cost int64
			by   int32
		}{{y.opening[s] + y.home[v], y.openFrom[s]}, {y.arrive[area*y.states+s], y.arriveBy[area*y.states+s]}} {
			if from.cost >= far {
				continue
			}
			label := from.cost + cost
			if !must {
				enter(s, label, label+y.home[v], from.by, v)
			}
			if t := y.next[3][s]; t != none && more < far/2 {
				enter(int(t), label+more, label+more+y.home[v], y.add(d, v, from.by), other)
			}
		}
	}
}

// pinCost gives what a pinned visit costs on its day, but for travel.
func (y *coarse) pinCost(v, d int32) int64 {
	x := &y.m.visits[v]
	extra := y.m.price.extra()
	cost := y.base[v] + extra[y.m.custs[x.cust].class[d]]
	if x.nowExec == int32(y.exec) && x.nowDay == d {
		cost -= y.m.price.moved
	}
	return cost
}
