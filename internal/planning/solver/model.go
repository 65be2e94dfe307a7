// Package solver searches for good plans. It knows indices only: compile turns a
// planning.Problem into arrays, and the result is turned back at the end. The
// search is simulated annealing over feasible plans: hard rules are never broken,
// and the cost of a move is counted from the few legs and days it touches. A
// large plan is divided again and again into parts of some executives each, which
// are searched at the same time; a small one is searched twice at the same time.
//
// Everything in here is reproducible: whole numbers decide, and the random
// numbers come from a seeded PCG, so that equal input, seed and number of
// iterations give equal plans on every machine and with any number of workers.
package solver

import "windshield/internal/geo"

// none marks an absent index: an unassigned visit, a customer without a value.
const none = -1

// model is a compiled problem. Days count from the start of the horizon, a slot
// is 2·day for the morning and 2·day+1 for the afternoon.
type model struct {
	days   int32
	stay   int32
	gap    int32
	reach  []int32
	week   []int32 // by day, counted from 0
	month  []int32 // by day, counted from 0
	weeks  int32   // in the horizon, begun ones too
	months int32
	slots  int32 // kept for each executive and host: two a day, rounded up to whole words
	price  prices

	crunch bitset // by day

	execs    []exec
	visits   []visit
	custs    []cust
	words    int32     // of a set of days
	open     []uint64  // [exec × words] working days on which the executive is available
	engaged  bitset    // [exec × slots + slot] half-days that something else takes; nil where nobody has any
	waits    bitset    // [host × slots + slot] the same for hosts
	suits    []uint64  // [cust × 2·words] days on which customer and host can meet, and those of them that cost nothing extra
	excluded [][]int32 // by visit: executives who have declined
	hosts    int       // only those with visits
	dims     int
	values   int     // of all dimensions together
	quota    []int32 // [exec × values + value]
	valueOf  []int32 // [cust × dims + dimension], none where it counts in none

	pairs []pair // [cust × execs + exec]
	dist  distances

	near  [][]int32 // by customer: the visits nearest to it, its own first; of a search only
	favor [][]int32 // by customer: executives who may go, the cheapest first; of a search only
}

// prices are the weights of the terms.
type prices struct {
	unassigned, overdue, moved, window, excess, load, crunch, mismatch, km int64
}

type exec struct {
	ready    []int32 // ready[d]: days before d on which the executive is not unavailable
	clock    int32   // day of the last visit before the horizon, negative
	perWeek  int32
	perMonth int32
	target   int32
	home     gridPoint
}

type visit struct {
	cust        int32
	host        int32
	alone       bool // no spacing to keep
	pinned      bool
	hasExcluded bool
	hasNow      bool  // has a current place, of which leaving costs
	nowExec     int32 // none where that place lies outside the horizon
	nowSlot     int32
}

type cust struct {
	window  bitset // days in a window; all days where there are no windows
	good    []int32
	any     []int32
	spacing int32
	visits  []int32
	point   geo.Point
}

// pair is what is fixed for a customer and an executive.
type pair struct {
	points int32 // of preferred tags that are lacking; none where a required one is
	home   int32 // km between home and customer
}

// openFor gives the days on which the executive is available.
func (m *model) openFor(e int32) bitset { return m.open[e*m.words : (e+1)*m.words] }

// isEngaged says whether something else takes a half-day of the executive.
func (m *model) isEngaged(e, slot int32) bool {
	return m.engaged != nil && m.engaged.has(m.taken(e, slot))
}

// openAt gives the working days of customer and host without blackouts.
func (m *model) openAt(c int32) bitset { return m.suits[2*c*m.words : (2*c+1)*m.words] }

// wantedAt gives the open days that cost nothing extra: in a window, not in a crunch.
func (m *model) wantedAt(c int32) bitset { return m.suits[(2*c+1)*m.words : (2*c+2)*m.words] }

func (m *model) pair(c, e int32) *pair { return &m.pairs[int(c)*len(m.execs)+int(e)] }

// bitset is a set of days.
type bitset []uint64

// span gives up to 64 days from a day on as the bits of a word.
func (b bitset) span(from int32) uint64 {
	i, shift := int(from>>6), uint(from)&63
	w := b[i] >> shift
	if shift > 0 && i+1 < len(b) {
		w |= b[i+1] << (64 - shift)
	}
	return w
}

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
	if !x.hasExcluded {
		return true
	}
	for _, no := range m.excluded[v] {
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
	if day := slot >> 1; !m.wantedAt(x.cust).has(day) {
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
