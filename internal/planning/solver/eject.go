package solver

import (
	"cmp"
	"slices"
)

// Bounds on the search for places from which another visit must move away first.
// They keep a question below 50 ms on 200 executives and 3,000 visits.
const (
	blockedMost = 400 // closed places looked at, the cheapest first
	ejectMost   = 40  // pairs of a place and a visit that moves away, the cheapest first
	refugeMost  = 4   // near executives to whom a visit that moves away may go, besides the two concerned
	fillMost    = 4   // visits that may take over the place that is left, the cheapest first
	fillDays    = 10  // how far, in days, from the place that is left
	fillPlaces  = 8   // cheapest direct places that are combined with a visit that takes over
)

// blocker is a closed place, a visit whose leaving opens it, and the price of
// both, the leaving visit standing nowhere.
type blocker struct {
	to   offered
	out  int32
	cost int64
	rank int64 // cost with a guess at what the leaving visit costs elsewhere
}

// blockers finds, for the closed places that would be cheapest, the visits of
// which one has to leave.
func (b *Board) blockers(w *places) []blocker {
	m, s, v := b.m, b.s, w.visit
	closed := w.closed[:0]
	for _, o := range w.closed {
		if best := w.best[o.exec*w.weeks+b.weekOf(o.slot)]; best.exec == none || o.cost < best.cost {
			closed = append(closed, o)
		}
	}
	slices.SortFunc(closed, func(a, b offered) int {
		return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(a.exec, b.exec), cmp.Compare(a.slot, b.slot))
	})
	var all []blocker
	for _, o := range closed[:min(blockedMost, len(closed))] {
		at := s.seek(o.exec, o.slot)
		for _, u := range b.inTheWay(v, o.exec, o.slot) {
			f, uAt := s.by[u], s.at[u]
			out := none
			if f == o.exec {
				out = s.seek(f, uAt)
			}
			if m.visits[u].pinned || !s.free(v, o.slot, u) || !s.fits(o.exec, out, v, o.slot, at) {
				continue
			}
			c := s.replace(o.exec, out, v, o.slot, at)
			if f != o.exec {
				c = c.plus(s.replace(f, s.seek(f, uAt), none, none, 0))
			}
			cost := w.gain + b.cost(c)
			all = append(all, blocker{o, u, cost, cost + 2*m.price.km*int64(m.pair(m.visits[u].cust, f).home)})
		}
	}
	slices.SortFunc(all, func(a, b blocker) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.to.exec, b.to.exec), cmp.Compare(a.to.slot, b.to.slot), cmp.Compare(a.out, b.out))
	})
	return all
}

// inTheWay lists assigned visits of which one may close a place to v: those of
// the host and the customer where they are the trouble, else those of the
// executive around that day.
func (b *Board) inTheWay(v, e, slot int32) (all []int32) {
	m, s := b.m, b.s
	x := &m.visits[v]
	if !s.free(v, slot, none) {
		for _, u := range b.byHost[x.host] {
			if u != v && (s.at[u] == slot || s.at[u] != none && m.visits[u].cust == x.cust) {
				all = append(all, u)
			}
		}
		return all
	}
	day := slot >> 1
	for _, q := range s.year[e] {
		d := q.slot >> 1
		if m.week[d] == m.week[day] || m.month[d] == m.month[day] || abs(d-day) < int32(len(m.reach)) {
			all = append(all, q.visit)
		}
	}
	return all
}

// ejections are offers in which one visit leaves for another place, so that v
// can have its place or one near it.
func (b *Board) ejections(w *places, from move) (all []offer) {
	tried := 0
	for _, k := range b.blockers(w) {
		if tried++; tried > ejectMost {
			break
		}
		best := w.best[k.to.exec*w.weeks+b.weekOf(k.to.slot)]
		u := move{k.out, b.s.by[k.out], b.s.at[k.out]}
		b.s.leave(u.visit)
		b.s.enter(w.visit, k.to.exec, k.to.slot)
		to := b.refuge(u, k.to.exec, from.exec)
		b.s.leave(w.visit)
		b.s.enter(u.visit, u.exec, u.slot)
		cost := k.cost + to.cost
		if to.exec == none || best.exec != none && cost+b.m.price.moved >= best.cost {
			continue
		}
		all = append(all, offer{[]move{{w.visit, k.to.exec, k.to.slot}, {u.visit, to.exec, to.slot}}, cost})
	}
	return all
}

// refuge finds the cheapest place for a visit that had to leave: with its own
// executive, with the two executives concerned, or with one near the customer.
// It is not the place it left.
func (b *Board) refuge(u move, concerned ...int32) offered {
	m := b.m
	execs := []int32{u.exec}
	for _, e := range concerned {
		if e != none && !slices.Contains(execs, e) {
			execs = append(execs, e)
		}
	}
	c := m.visits[u.visit].cust
	var near []offered
	for e := range int32(len(m.execs)) {
		if m.allowed(u.visit, e) && !slices.Contains(execs, e) {
			near = append(near, offered{exec: e, cost: int64(m.pair(c, e).home)})
		}
	}
	slices.SortFunc(near, func(a, b offered) int { return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(a.exec, b.exec)) })
	for _, o := range near[:min(refugeMost, len(near))] {
		execs = append(execs, o.exec)
	}
	best := offered{exec: none}
	for _, e := range execs {
		if o := b.cheapest(u.visit, e, m.custs[c].any, u); o.exec != none && (best.exec == none || o.cost < best.cost) {
			best = o
		}
	}
	return best
}

// cheapest finds the cheapest open place for an unassigned visit with one
// executive on some days, besides the place not.
func (b *Board) cheapest(v, e int32, days []int32, not move) offered {
	m, s := b.m, b.s
	best := offered{exec: none}
	if !m.allowed(v, e) {
		return best
	}
	for _, day := range days {
		if !m.openFor(e).has(day) {
			continue
		}
		for slot := 2 * day; slot <= 2*day+1; slot++ {
			if e == not.exec && slot == not.slot {
				continue
			}
			at := s.seek(e, slot)
			cost := b.cost(s.replace(e, none, v, slot, at))
			if best.exec != none && cost >= best.cost || !s.free(v, slot, none) || !s.fits(e, none, v, slot, at) {
				continue
			}
			best = offered{e, slot, cost}
		}
	}
	return best
}

// takeovers are offers in which v goes to somebody else and another visit takes
// over near the place that v leaves, which keeps the clock of v's executive.
func (b *Board) takeovers(direct []offer, from move) (all []offer) {
	var others []offer // each a single move
	for e := range int32(len(b.m.execs)) {
		if e != from.exec {
			others = append(others, b.fills(e, from)...)
		}
	}
	slices.SortFunc(others, byCost)
	for _, o := range direct[:min(fillPlaces, len(direct))] {
		to := o.moves[0]
		if to.exec == from.exec {
			continue
		}
		for _, f := range others[:min(fillMost, len(others))] {
			if b.s.by[f.moves[0].visit] != to.exec { // else the two prices do not add up
				all = append(all, offer{[]move{to, f.moves[0]}, o.cost + f.cost})
			}
		}
		b.s.enter(to.visit, to.exec, to.slot)
		for _, f := range b.fills(to.exec, from) {
			if f.moves[0].visit != to.visit {
				all = append(all, offer{[]move{to, f.moves[0]}, o.cost + f.cost})
			}
		}
		b.s.leave(to.visit)
	}
	return all
}

// fills lists visits of one executive that would save more than the price of a
// moved visit near the place that was left, each at its best place there.
func (b *Board) fills(e int32, left move) (all []offer) {
	m, s := b.m, b.s
	day := left.slot >> 1
	for _, q := range slices.Clone(s.year[e]) {
		if m.visits[q.visit].pinned || !m.allowed(q.visit, left.exec) {
			continue
		}
		gone := b.cost(s.replace(e, s.seek(e, q.slot), none, none, 0))
		days := m.custs[m.visits[q.visit].cust].any
		lo, _ := slices.BinarySearch(days, day-fillDays)
		hi, _ := slices.BinarySearch(days, day+fillDays+1)
		if o := b.cheapestNow(q.visit, left.exec, days[lo:hi]); o.exec != none && gone+o.cost < -m.price.moved {
			all = append(all, offer{[]move{{q.visit, o.exec, o.slot}}, gone + o.cost})
		}
	}
	return all
}

// cheapestNow is cheapest for an assigned visit, were it taken out.
func (b *Board) cheapestNow(w, e int32, days []int32) offered {
	from := move{w, b.s.by[w], b.s.at[w]}
	b.s.leave(w)
	o := b.cheapest(w, e, days, from)
	b.s.enter(w, from.exec, from.slot)
	return o
}
