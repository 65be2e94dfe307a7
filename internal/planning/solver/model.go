// Package solver searches for good plans. It knows indices only: compile turns a
// planning.Problem into arrays, and the result is turned back at the end. The
// search is simulated annealing over feasible plans: hard rules are never broken,
// and the cost of a move is counted from the few legs and days it touches.
//
// Everything in here is reproducible: whole numbers decide, and the random
// numbers come from a seeded PCG, so that equal input, seed and number of
// iterations give equal plans on every machine.
package solver

import "windshield/internal/geo"

// none marks an absent index: an unassigned visit, a customer without a value.
const none = -1

// model is a compiled problem. Days count from the start of the horizon, a slot
// is 2·day for the morning and 2·day+1 for the afternoon.
type model struct {
	days  int32
	stay  int32
	gap   int32
	reach []int32
	week  []int32 // by day
	month []int32 // by day
	price prices

	crunch bitset // by day

	execs  []exec
	visits []visit
	custs  []cust
	hosts  int // only those with visits
	dims   int
	values int     // of all dimensions together
	quota  []int32 // [exec × values + value]

	pairs []pair // [cust × execs + exec]
	dist  distances

	near  [][]int32 // by customer: the visits nearest to it, its own first
	favor [][]int32 // by customer: executives who may go, the cheapest first
}

// prices are the weights of the terms.
type prices struct {
	unassigned, overdue, moved, window, excess, load, crunch, mismatch, km int64
}

type exec struct {
	open      bitset  // working days on which the executive is available
	ready     []int32 // ready[d]: days before d on which the executive is not unavailable
	clock     int32   // day of the last visit before the horizon, negative
	perWeek   int32
	perMonth  int32
	target    int32
	homePoint geo.Point
}

type visit struct {
	cust     int32
	host     int32
	pinned   bool
	hasNow   bool  // has a current place, of which leaving costs
	nowExec  int32 // none where that place lies outside the horizon
	nowSlot  int32
	excluded []int32
}

type cust struct {
	open    bitset // working days of customer and host without blackouts
	wanted  bitset // open days that cost nothing extra: in a window, not in a crunch
	window  bitset // days in a window; all days where there are no windows
	good    []int32
	any     []int32
	spacing int32
	values  []int32 // by dimension, none where it counts in none
	visits  []int32
	point   geo.Point
}

// pair is what is fixed for a customer and an executive.
type pair struct {
	points int32 // of preferred tags that are lacking; none where a required one is
	home   int32 // km between home and customer
}

func (m *model) pair(c, e int32) *pair { return &m.pairs[int(c)*len(m.execs)+int(e)] }

// bitset is a set of days.
type bitset []uint64

func newBitset(n int32) bitset    { return make(bitset, (n+63)/64) }
func (b bitset) has(i int32) bool { return b[i>>6]>>(uint(i)&63)&1 != 0 }
func (b bitset) set(i int32)      { b[i>>6] |= 1 << (uint(i) & 63) }
func (b bitset) drop(i int32)     { b[i>>6] &^= 1 << (uint(i) & 63) }
func (b bitset) members(n int32) (d []int32) {
	for i := range n {
		if b.has(i) {
			d = append(d, i)
		}
	}
	return d
}

// allowed says whether tags and refusals let the executive make the visit.
func (m *model) allowed(v, e int32) bool {
	x := &m.visits[v]
	if m.pair(x.cust, e).points == none {
		return false
	}
	for _, no := range x.excluded {
		if no == e {
			return false
		}
	}
	return true
}

// leftOut is the cost of leaving a visit out.
func (m *model) leftOut(v int32) int64 {
	if m.visits[v].hasNow {
		return m.price.unassigned + m.price.moved
	}
	return m.price.unassigned
}

// fixed is the cost of a visit at a place that depends on nothing else.
func (m *model) fixed(v, e, slot int32) int64 {
	x := &m.visits[v]
	cost := m.price.mismatch * int64(m.pair(x.cust, e).points)
	if day := slot >> 1; !m.custs[x.cust].wanted.has(day) {
		if !m.custs[x.cust].window.has(day) {
			cost += m.price.window
		}
		if m.crunch.has(day) {
			cost += m.price.crunch
		}
	}
	if x.hasNow && (x.nowExec != e || x.nowSlot != slot) {
		cost += m.price.moved
	}
	return cost
}
