package bound

import (
	"cmp"
	"math"
	"slices"
)

// multipliers price what the relaxation lets go of: that each visit is made once,
// that a cross-section is not exceeded, and that loads are even. Any whole numbers
// give a valid bound.
type multipliers struct {
	visit []int64 // what making the visit is worth, at most what leaving it out costs
	value []int64 // [exec × values + value] what a visit to a customer of that value costs, from 0 to the weight of excess
	load  []int64 // [exec] what a visit costs beside, from minus to plus the weight of load
}

// year finds the cheapest year of one executive under multipliers: visits may be
// made any number of times, but not twice within three places of a trip. All else
// is as in the problem, but that hosts and the spacing between visits to one
// customer outside of a trip do not count, and that the executive may go home
// within a trip, which saves nothing.
//
// It goes over the days with the last visit of a trip and the numbers of visits in
// its week and month as the state. Between trips only the cheapest state of a day
// matters, and a trip is worth going on with only where that saves more than its
// visits cost beyond the cheapest of their days: that leaves few states.
type year struct {
	frame

	// What depends on the multipliers.
	base     []int64 // by visit: cost but for travel and the day
	single   []int64 // by day: the cheapest visit with both ways
	singleBy []int32
	saves    []int64 // by visit: the most that going on to or from it saves
	joint    []int32 // visits that may be worth joining to a trip
	index    []int32 // by visit: where it stands in joint
	bit      []int16 // by visit: its customer's bit in met, or none
	edges    [][]edge
	ahead    []int64 // [day × joint] what a visit costs beyond the cheapest of the day at least, whatever follows, or far
	row      []int64

	// The day at hand.
	cands       []candidate
	place       []int32 // by visit: its index in cands, or none
	best        best
	following   []int64 // by state: the cheapest way to be at home after a first visit that may be followed
	followingBy []int32

	// The days before. A label is a partial year that ends with a visit on a day:
	// index (node × ranks + rank) × states + state.
	nodes    []node
	ways     []way
	cost     []int64 // by label, without the way home
	before   []int32 // by label: the label before, or none
	met      []met   // by label: the customers met before in the trip
	from, to []int32 // by day: its nodes
}

// candidate is a visit that may be worth making on the day at hand.
type candidate struct {
	visit int32
	cost  int64 // but for travel
	ahead int64 // what it costs at least beyond the day's cheapest, whatever follows; not negative
}

// node holds the labels of a visit on a day.
type node struct {
	visit, day int32
	done       bool  // nothing more must come on this day
	from, to   int32 // its ways
}

// way is a label that may be worth going on from.
type way struct {
	behind int64 // how much dearer than the cheapest of its day and state
	cost   int64
	met    met
	label  int32
	state  int32
}

// edge leads from a visit to one that may follow in the same trip.
type edge struct {
	to    int32
	km    int32
	saves int64 // against going home in between
}

// ranks is the number of ways kept to a visit and state on a day.
const ranks = 3

// best holds the cheapest ways to each candidate and state, in order of cost, that
// differ in the customers they have met in the trip: a dearer one is kept only
// where a cheaper one has met somebody whom it has not.
type best struct {
	cost   []int64 // [(candidate × ranks + rank) × states + state]
	before []int32
	met    []met
}

// met is a set of customers met in a trip, as far as they have a bit.
type met [2]uint64

func (a met) in(b met) bool      { return a[0]&^b[0] == 0 && a[1]&^b[1] == 0 }
func (a met) and(b met) met      { return met{a[0] & b[0], a[1] & b[1]} }
func (a met) has(bit int16) bool { return bit != none && a[bit>>6]>>(uint(bit)&63)&1 != 0 }
func (a met) with(bit int16) met {
	if bit != none {
		a[bit>>6] |= 1 << (uint(bit) & 63)
	}
	return a
}

func (b *best) reset(n int) {
	b.cost, b.before, b.met = grown(b.cost, n), grown(b.before, n), grown(b.met, n)
	for j := range b.cost {
		b.cost[j] = far
	}
}

// offer enters a way. Where there are more than can be kept, the dearest two become
// one that costs as little as the cheaper and has met only whom both have met: that
// is no dearer than either, whatever follows.
func (b *best) offer(at, states int, cost int64, before int32, seen met) {
	end := at + ranks*states
	for ; at < end && b.cost[at] <= cost; at += states {
		if b.met[at].in(seen) {
			return
		}
	}
	last, first := end-states, seen
	for ; at < end; at += states {
		oldCost, oldBefore, oldMet := b.cost[at], b.before[at], b.met[at]
		b.cost[at], b.before[at], b.met[at] = cost, before, seen
		if oldCost >= far || first.in(oldMet) {
			return
		}
		cost, before, seen = oldCost, oldBefore, oldMet
	}
	b.met[last] = b.met[last].and(seen)
}

func newYear(m *model) *year {
	n := len(m.visits)
	y := &year{frame: newFrame(m)}
	y.base, y.saves = make([]int64, n), make([]int64, n)
	y.edges, y.place, y.index, y.bit = make([][]edge, n), make([]int32, n), make([]int32, n), make([]int16, n)
	for v := range y.place {
		y.place[v] = none
	}
	y.single, y.singleBy = make([]int64, m.days), make([]int32, m.days)
	y.from, y.to = make([]int32, m.days), make([]int32, m.days)
	return y
}

// cheapest gives the cost of the cheapest year of executive e. Its visits are
// told by made.
func (y *year) cheapest(e int, by *multipliers) int64 {
	y.begin(e)
	y.prices(by)
	y.join()
	y.lookAhead()
	y.ways = y.ways[:0]
	y.nodes, y.cost, y.before, y.met = y.nodes[:0], y.cost[:0], y.before[:0], y.met[:0]
	y.following, y.followingBy = grown(y.following, y.states), grown(y.followingBy, y.states)
	y.walk(func(d int32) {
		y.firsts(d)
		y.seconds(d)
	})
	return y.end()
}

// prices counts what each visit costs under the multipliers, and the cheapest of each day.
func (y *year) prices(by *multipliers) {
	m, e := y.m, y.exec
	for d := range y.single {
		y.single[d], y.singleBy[d] = far, none
	}
	for _, visits := range [2][]int32{y.own, y.pinned} {
		for _, v := range visits {
			y.base[v] = m.base(v, e, by)
		}
	}
	extra := m.price.extra()
	for _, v := range y.own {
		class := m.custs[m.visits[v].cust].class
		both := y.base[v] + 2*y.home[v]
		for _, d := range y.span(v) {
			if k := class[d]; k != closed {
				if cost := both + extra[k]; cost < y.single[d] {
					y.single[d], y.singleBy[d] = cost, v
				}
			}
		}
		if d, ok := y.now(v); ok {
			if cost := y.dayCost(v, d) + 2*y.home[v]; cost < y.single[d] {
				y.single[d], y.singleBy[d] = cost, v
			}
		}
	}
}

// span gives the days that can be used and on which the visit may stand.
func (y *year) span(v int32) []int32 {
	x := &y.m.visits[v]
	if x.first <= 0 && x.last >= y.m.days-1 {
		return y.days
	}
	from, _ := slices.BinarySearch(y.days, x.first)
	to, _ := slices.BinarySearch(y.days, x.last+1)
	return y.days[from:max(from, to)]
}

// may says whether the visit may stand on a day on which the executive can work.
func (y *year) may(v, d int32) bool {
	x := &y.m.visits[v]
	return x.first <= d && d <= x.last && y.m.custs[x.cust].class[d] != closed
}

// now gives the day on which the visit stands in the plan that is being changed,
// where that is with this executive and possible.
func (y *year) now(v int32) (d int32, ok bool) {
	x := &y.m.visits[v]
	return x.nowDay, x.nowExec == int32(y.exec) && y.x.open[x.nowDay] && y.may(v, x.nowDay)
}

// dayCost gives what a visit on a day costs but for travel.
func (y *year) dayCost(v, d int32) int64 {
	x := &y.m.visits[v]
	extra := y.m.price.extra()
	cost := y.base[v] + extra[y.m.custs[x.cust].class[d]]
	if x.nowExec == int32(y.exec) && x.nowDay == d && (x.half == anyHalf || x.half == x.nowHalf) {
		cost -= y.m.price.moved
	}
	return cost
}

// join finds the pairs of visits that may be worth making in one trip. Where a
// visit saves, with one neighbour before and one behind, no more than it costs
// beyond the cheapest visit of its day, that one can stand alone in its place.
func (y *year) join() {
	m := y.m
	beyond := make([]int64, len(m.visits)) // least cost beyond the cheapest of a day
	extra := m.price.extra()
	y.joint = append(y.joint[:0], y.pinned...)
	for _, v := range y.own {
		class := m.custs[m.visits[v].cust].class
		both := y.base[v] + 2*y.home[v]
		least := int64(far)
		for _, d := range y.span(v) {
			if k := class[d]; k != closed {
				least = min(least, both+extra[k]-y.single[d])
			}
		}
		if d, ok := y.now(v); ok {
			least = min(least, y.dayCost(v, d)+2*y.home[v]-y.single[d])
		}
		y.saves[v] = 0
		y.edges[v] = y.edges[v][:0]
		beyond[v] = least
		if least <= 4*(y.home[v]+m.price.km) { // going on saves at most the two ways home, and what is rounded
			y.joint = append(y.joint, v)
		}
	}
	for _, v := range y.pinned {
		y.saves[v] = 0
		y.edges[v] = y.edges[v][:0]
	}
	for i, v := range y.joint {
		cust := m.visits[v].cust
		for _, u := range y.joint[:i] {
			s := y.home[v] + y.home[u] - m.price.km*int64(m.km.between(cust, m.visits[u].cust))
			y.saves[v], y.saves[u] = max(y.saves[v], s), max(y.saves[u], s)
		}
	}
	n := 0
	for _, v := range y.joint {
		if beyond[v] < 2*y.saves[v] || m.visits[v].pinned {
			y.joint[n] = v
			n++
		}
	}
	y.joint = y.joint[:n]
	y.number()
	for _, v := range y.joint {
		cust := m.visits[v].cust
		edges := y.edges[v][:0]
		for _, u := range y.joint {
			if u == v {
				continue
			}
			km := m.km.between(cust, m.visits[u].cust)
			s := y.home[v] + y.home[u] - m.price.km*int64(km)
			if s > max(0, beyond[v]-y.saves[v])+max(0, beyond[u]-y.saves[u]) {
				edges = append(edges, edge{u, km, s})
			}
		}
		slices.SortFunc(edges, func(a, b edge) int { return cmp.Or(cmp.Compare(b.saves, a.saves), cmp.Compare(a.to, b.to)) })
		y.edges[v] = edges
	}
}

// number gives bits to the customers that going on to saves most: those who are met
// twice in a trip where that is not forbidden.
func (y *year) number() {
	far := slices.Clone(y.joint)
	slices.SortFunc(far, func(u, v int32) int { return cmp.Or(cmp.Compare(y.saves[v], y.saves[u]), cmp.Compare(u, v)) })
	bits := make(map[int32]int16, len(far))
	for _, v := range far {
		key := y.key(v)
		if _, ok := bits[key]; !ok && len(bits) < 128 {
			bits[key] = int16(len(bits))
		}
	}
	for v := range y.bit {
		y.bit[v] = none
	}
	for i, v := range y.joint {
		y.index[v] = int32(i)
		if bit, ok := bits[y.key(v)]; ok {
			y.bit[v] = bit
		}
	}
}

// key is equal for visits of which no two are in one trip: those to a customer where
// nobody can be on the way for so long as they must be apart. That takes a visit
// every stay_days, of which a week and a month allow only so many.
func (y *year) key(v int32) int32 {
	m := y.m
	c := m.visits[v].cust
	apart, stay := int64(m.custs[c].spacing), int64(m.stay)
	if apart == 0 {
		return int32(len(m.custs)) + v
	}
	tooMany := func(most, days int64) bool {
		return most*stay <= days && (apart+stay-1)/max(1, stay) > most*(apart/days+2)
	}
	if stay == 0 || tooMany(int64(y.x.perMonth), 28) || tooMany(int64(y.x.perWeek), 7) {
		return c
	}
	return int32(len(m.custs)) + v
}

// lookAhead finds what a visit in a trip costs beyond the cheapest of its day, less
// the most that the rest of the trip can save, from the last day to the first.
func (y *year) lookAhead() {
	n := len(y.joint)
	y.ahead = slices.Grow(y.ahead[:0], n*int(y.m.days))[:n*int(y.m.days)]
	y.row = slices.Grow(y.row[:0], n)[:n]
	for i := len(y.days) - 1; i >= 0; i-- {
		d := y.days[i]
		row := y.ahead[n*int(d):][:n]
		for j, v := range y.joint {
			row[j] = y.beyond(v, d)
			if row[j] >= 2*y.saves[v] {
				row[j] = far
				continue
			}
			if most := y.onward(v, d, y.days[i+1:]); !y.m.visits[v].pinned {
				row[j] -= most
			}
		}
		y.row = append(y.row[:0], row...)
		for j, v := range y.joint {
			if row[j] >= far || y.m.visits[v].pinned {
				continue
			}
			beyond := y.beyond(v, d)
			if most := y.sameDay(v, row); beyond-most < row[j] {
				y.row[j] = beyond - most
			}
			if y.row[j] >= y.saves[v] {
				y.row[j] = far
			}
		}
		copy(row, y.row)
	}
}

// beyond gives what the visit costs more than the cheapest of the day, with both ways; far where it cannot be made.
func (y *year) beyond(v, d int32) int64 {
	x := &y.m.visits[v]
	if x.pinned {
		for _, p := range y.x.pins {
			if p.visit == v && p.day == d {
				return math.MinInt32
			}
		}
		return far
	}
	if !y.may(v, d) {
		return far
	}
	return y.dayCost(v, d) + 2*y.home[v] - y.single[d]
}

// onward gives the most that going on from a visit on day d saves.
func (y *year) onward(v, d int32, days []int32) int64 {
	n, most := len(y.joint), int64(0)
	c := y.m.visits[v].cust
	for _, g := range y.edges[v] {
		if g.saves <= most {
			break
		}
		for _, next := range days {
			gap := next - d
			if gap > y.m.stay {
				break
			}
			ahead := y.ahead[n*int(next)+int(y.index[g.to])]
			if ahead >= far || int(gap) < len(y.m.reach) && g.km > y.m.reach[gap] || gap < y.m.custs[c].spacing && y.m.visits[g.to].cust == c {
				continue
			}
			most = max(most, g.saves-max(0, ahead))
		}
	}
	return most
}

// sameDay gives the most that going on to a second visit of the same day saves.
func (y *year) sameDay(v int32, row []int64) int64 {
	most := int64(0)
	c := y.m.visits[v].cust
	for _, g := range y.edges[v] {
		if g.saves <= most {
			break
		}
		ahead := row[y.index[g.to]]
		if ahead >= far || len(y.m.reach) > 0 && g.km > y.m.reach[0] || y.m.custs[c].spacing > 0 && y.m.visits[g.to].cust == c {
			continue
		}
		most = max(most, g.saves-max(0, ahead))
	}
	return most
}

// candidates lists the visits that may be worth making on day d: the cheapest
// alone, and those that trips may make cheaper.
func (y *year) candidates(d int32) {
	y.clear()
	if alone := y.singleBy[d]; alone != none {
		y.add(alone, d, 0)
	}
	for i, ahead := range y.ahead[len(y.joint)*int(d):][:len(y.joint)] {
		if v := y.joint[i]; ahead < far && v != y.singleBy[d] && !y.m.visits[v].pinned {
			y.add(v, d, max(0, ahead))
		}
	}
}

func (y *year) clear() {
	for _, c := range y.cands {
		y.place[c.visit] = none
	}
	y.cands = y.cands[:0]
}

func (y *year) add(v, d int32, ahead int64) {
	y.place[v] = int32(len(y.cands))
	y.cands = append(y.cands, candidate{v, y.dayCost(v, d), ahead})
}

// firsts finds the cheapest ways to a first visit on day d.
func (y *year) firsts(d int32) {
	switch {
	case y.am != none:
		y.clear()
		y.add(y.am, d, 0)
	case y.pm != none:
		y.candidates(d)
		y.add(y.pm, d, 0)
	default:
		y.candidates(d)
	}
	y.best.reset(len(y.cands) * ranks * y.states)
	for s, opening := range y.opening {
		if opening < far {
			for k, c := range y.cands {
				y.best.offer(k*ranks*y.states+s, y.states, opening+y.home[c.visit]+c.cost, y.openFrom[s], met{})
			}
		}
	}
	for last := max(0, y.lastPin, d-y.m.stay); last < d; last++ {
		if y.x.open[last] {
			y.goOn(last, d)
		}
	}
	y.from[d] = int32(len(y.nodes))
	y.keep(d)
	y.settle(d)
}

// seconds adds the second visits of day d.
func (y *year) seconds(d int32) {
	switch {
	case y.pm != none:
		y.clear()
		y.add(y.pm, d, 0)
	case y.am != none:
		y.candidates(d)
	}
	y.best.reset(len(y.cands) * ranks * y.states)
	some := false
	for s, t := range y.next[3] {
		if t == none || y.following[s] >= far {
			continue
		}
		some = true
		for k, c := range y.cands {
			y.best.offer(k*ranks*y.states+int(t), y.states, y.following[s]+y.home[c.visit]+c.cost, y.followingBy[s], met{})
		}
	}
	if some {
		y.goOn(d, d)
		y.ways = y.ways[:y.nodes[y.from[d]].from]
		y.keep(d)
		y.settle(d)
	}
}

// goOn extends the labels of a day by the candidates of day d, without going home
// in between, where that may save more than is lost.
func (y *year) goOn(last, d int32) {
	m, gap := y.m, d-last
	reach := int32(math.MaxInt32)
	if int(gap) < len(m.reach) {
		reach = m.reach[gap]
	}
	next := y.after(last, d)
	late := m.price.overdue * y.x.overdue(m, last, d) // where gaps may be shorter than stays
	for at := y.from[last]; at < y.to[last]; at++ {
		n := &y.nodes[at]
		ways := y.ways[n.from:n.to]
		if len(ways) == 0 || gap > 0 && !n.done || gap == 0 && (n.visit == y.pm || m.visits[n.visit].half == afternoon) {
			continue
		}
		bit := y.bit[n.visit]
		apart := gap >= m.custs[m.visits[n.visit].cust].spacing
		for _, g := range y.edges[n.visit] {
			if g.saves <= ways[0].behind {
				break
			}
			k := y.place[g.to]
			if k == none || g.km > reach || gap == 0 && m.visits[g.to].half == morning || !apart && m.visits[g.to].cust == m.visits[n.visit].cust {
				continue
			}
			c, to := &y.cands[k], y.bit[g.to]
			most, cost := g.saves-c.ahead, m.price.km*int64(g.km)+c.cost+late
			for i := range ways {
				w := &ways[i]
				if w.behind >= most {
					break
				}
				if t := next[w.state]; t != none && !w.met.has(to) {
					y.best.offer(int(k)*ranks*y.states+int(t), y.states, w.cost+cost, w.label, w.met.with(bit))
				}
			}
		}
	}
}

// savesFrom gives the most that going on from a visit can save.
func (y *year) savesFrom(v int32) int64 {
	if len(y.edges[v]) == 0 {
		return 0
	}
	return y.edges[v][0].saves
}

// keep turns the ways to the candidates into nodes, but for those that are so far
// behind that nothing can be worth following. Where a visit is pinned to the
// afternoon, no other ends the day.
func (y *year) keep(d int32) {
	for k := range y.cands {
		v := y.cands[k].visit
		from := k * ranks * y.states
		some := false
		for _, cost := range y.best.cost[from : from+y.states] {
			some = some || cost < far
		}
		if !some {
			continue
		}
		y.nodes = append(y.nodes, node{visit: v, day: d, done: y.pm == none || v == y.pm})
		y.cost = append(y.cost, y.best.cost[from:from+ranks*y.states]...)
		y.before = append(y.before, y.best.before[from:from+ranks*y.states]...)
		y.met = append(y.met, y.best.met[from:from+ranks*y.states]...)
	}
	y.to[d] = int32(len(y.nodes))
}

// settle finds the cheapest ways to be at home after day d, from its labels.
func (y *year) settle(d int32) {
	closing, by := y.closing[int(d)*y.states:][:y.states], y.closeBy[int(d)*y.states:][:y.states]
	for s := range closing {
		closing[s], by[s] = far, none
		y.following[s], y.followingBy[s] = far, none
	}
	for at := y.from[d]; at < y.to[d]; at++ {
		n := &y.nodes[at]
		first := int(at) * ranks * y.states
		for s, cost := range y.cost[first : first+y.states] {
			if cost >= far {
				continue
			}
			cost += y.home[n.visit]
			if n.done && cost < closing[s] {
				closing[s], by[s] = cost, int32(first+s)
			}
			if n.visit != y.pm && cost < y.following[s] {
				y.following[s], y.followingBy[s] = cost, int32(first+s)
			}
		}
	}
	for at := y.from[d]; at < y.to[d]; at++ {
		n := &y.nodes[at]
		n.from = int32(len(y.ways))
		most := y.savesFrom(n.visit)
		for i := int(at) * ranks * y.states; i < (int(at)+1)*ranks*y.states; i++ {
			if y.cost[i] >= far {
				continue
			}
			s := i % y.states
			behind := y.cost[i] + y.home[n.visit] - closing[s]
			if !n.done {
				behind = y.cost[i] + y.home[n.visit] - y.following[s]
			}
			if behind < most {
				y.ways = append(y.ways, way{behind, y.cost[i], y.met[i], int32(i), int32(s)})
			}
		}
		n.to = int32(len(y.ways))
		slices.SortFunc(y.ways[n.from:n.to], func(a, b way) int { return cmp.Or(cmp.Compare(a.behind, b.behind), cmp.Compare(a.label, b.label)) })
	}
	y.closeMin[d], y.closeMinBy[d] = far, none
	for s := range closing {
		if closing[s] < y.closeMin[d] {
			y.closeMin[d], y.closeMinBy[d] = closing[s], by[s]
		}
	}
}

// made tells the visits of the year that was found last, the latest first.
func (y *year) made(tell func(at stop)) {
	for at := y.last; at != none; at = y.before[at] {
		n := &y.nodes[int(at)/(ranks*y.states)]
		tell(stop{n.visit, n.day})
	}
}
