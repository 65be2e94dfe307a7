package solver

import (
	"context"
	"fmt"

	"windshield/internal/planning"
)

// search improves a plan by simulated annealing.
type search struct {
	s       *state
	m       *model
	rnd     random
	ctx     context.Context
	opts    Options
	problem *planning.Problem // what progress counts the terms of
	moving  []int32           // visits that are not pinned

	again int64 // how often the search heats up again
	part  bool  // it searches a part of a large plan
	warm  bool  // it stays near the plan that is being changed
	heat  int64 // temperature: a rise of the cost by heat is taken every second time
	late  int64 // price of an overdue day now
	count int64 // moves tried
	over  bool

	plan, old []place // scratch of compound moves
	clashed   []place // visits whose hosts two parts have claimed

	best      int64
	bestBy    []int32
	bestAt    []int32
	told      int64   // the best that progress was last told the terms of
	fresh     bool    // the best plan is the present one and has not been written down
	changed   []int32 // visits that moved since the best plan was written down
	isChanged []bool
}

// wants decides on a change: always when it lowers the cost, otherwise with a
// chance that halves with every heat.
func (a *search) wants(c change) bool {
	cost := c.fixed + int64(c.days)*a.late
	return cost <= 0 || cost <= a.rnd.halvings()*a.heat>>logBits
}

// touch must be called for each visit before it moves.
func (a *search) touch(v int32) {
	if a.fresh {
		a.keep()
	}
	if !a.isChanged[v] {
		a.isChanged[v] = true
		a.changed = append(a.changed, v)
	}
}

// keep writes the present plan down as the best one. Only what moved is copied,
// and only when the plan is left, since most bests last for a moment.
func (a *search) keep() {
	for _, v := range a.changed {
		a.bestBy[v], a.bestAt[v] = a.s.by[v], a.s.at[v]
		a.isChanged[v] = false
	}
	a.changed = a.changed[:0]
	a.fresh = false
}

// note looks whether the present plan is the best so far; call it after each move.
func (a *search) note() {
	if t := a.s.total(); t < a.best {
		a.best, a.fresh = t, true
	}
	if a.opts.Assert {
		a.s.verify()
	}
}

// verify counts the cost of the plan anew and panics where the sum of the changes
// says something else.
func (s *state) verify() {
	fixed, overdue := s.fixed, s.overdue
	if s.recount(); s.fixed != fixed || s.overdue != overdue {
		panic(fmt.Sprintf("the search believes in a cost of %d and %d overdue days, but the plan has %d and %d", fixed, overdue, s.fixed, s.overdue))
	}
}

// recount counts the cost of the plan anew.
func (s *state) recount() {
	fresh := newState(s.m)
	for v, e := range s.by {
		if e != none {
			fresh.assign(int32(v), e, s.at[v])
		}
	}
	s.fixed, s.overdue = fresh.fixed, fresh.overdue
}

// The kinds of moves, with how often each is tried. Trading whole trips is what
// builds the long ones abroad; moves by a hole are what fits a visit between two
// others in time; moves to a very slot reach what those pass over.
const (
	swapNeighbour = iota
	swapAnybody
	besideNeighbour
	toAnybody
	otherDay
	otherHole
	pushAway
	moveTrip
	turnThree
	crossOver
	tradeNeighbour
	tradeAnybody
	shiftSlot
	slotBeside
	slotAnywhere
	swapTrips
)

var shares = [...]int{
	swapNeighbour: 20, swapAnybody: 20, besideNeighbour: 6, toAnybody: 6, otherDay: 4, otherHole: 6, pushAway: 4, moveTrip: 6,
	turnThree: 4, crossOver: 4, tradeNeighbour: 10, tradeAnybody: 10, shiftSlot: 12, slotBeside: 12, slotAnywhere: 12, swapTrips: 40,
}

// kinds holds each kind as often as its share says.
var kinds = func() (all []uint8) {
	for kind, share := range shares {
		for range share {
			all = append(all, uint8(kind))
		}
	}
	return all
}()

// step tries one move.
func (a *search) step() {
	a.count++
	s, r := a.s, a.rnd
	if len(s.out) > 0 && r.below(8) == 0 {
		a.tryUnassigned(s.out[r.below(len(s.out))])
		return
	}
	v := a.moving[r.below(len(a.moving))]
	if s.by[v] == none {
		a.tryUnassigned(v)
		return
	}
	if a.try(kinds[r.below(len(kinds))], v) {
		a.note()
	}
}

// try makes a move of a kind for an assigned visit.
func (a *search) try(kind uint8, v int32) bool {
	s, r := a.s, a.rnd
	switch kind {
	case swapNeighbour:
		u := a.neighbour(v)
		return u != none && a.swap(v, u)
	case swapAnybody:
		u := a.visitOf(a.suitable(v))
		return u != none && u != v && a.swap(v, u)
	case besideNeighbour:
		u := a.neighbour(v)
		return u != none && a.relocate(v, s.by[u], s.seek(s.by[u], s.at[u])+r.below(2))
	case toAnybody:
		e := a.suitable(v)
		return e != none && a.relocate(v, e, a.anyHole(e))
	case otherDay:
		return a.retime(v, s.seek(s.by[v], s.at[v]))
	case otherHole:
		return a.retime(v, a.anyHole(s.by[v]))
	case pushAway:
		if u := a.other(v); u != none && u != v {
			e := a.suitable(u)
			return e != none && a.push(v, u, e, a.anyHole(e))
		}
	case moveTrip:
		return a.shiftTrip(v)
	case turnThree:
		u := a.other(v)
		return u != none && a.rotate(v, u, a.other(u))
	case crossOver:
		return a.cross(v, a.other(v))
	case tradeNeighbour:
		u := a.neighbour(v)
		return u != none && a.trade(v, u)
	case tradeAnybody:
		u := a.visitOf(a.suitable(v))
		return u != none && u != v && a.trade(v, u)
	case shiftSlot:
		return a.moveTo(v, s.by[v], a.shifted(v))
	case slotBeside:
		u := a.neighbour(v)
		return u != none && a.moveTo(v, s.by[u], a.near(s.at[u], 2*(a.m.stay+1)))
	case slotAnywhere:
		e := a.suitable(v)
		return e != none && a.moveTo(v, e, a.anySlot(v))
	case swapTrips:
		u := a.other(v)
		return u != none && a.tradeTrips(v, u)
	}
	return false
}

// tryUnassigned looks for a place for a visit that has none.
func (a *search) tryUnassigned(v int32) {
	s, r, moved := a.s, a.rnd, false
	switch r.below(5) {
	case 0:
		if u := a.neighbour(v); u != none {
			moved = a.relocate(v, s.by[u], s.seek(s.by[u], s.at[u])+r.below(2))
		}
	case 1, 2:
		if e := a.suitable(v); e != none {
			moved = a.relocate(v, e, a.anyHole(e))
		}
	case 3:
		moved = a.chain(v)
	default:
		if u := a.visitOf(a.suitable(v)); u != none {
			e, at := a.suitable(u), 0
			if r.below(4) == 0 {
				e = none
			} else if e != none {
				at = a.anyHole(e)
			}
			moved = a.push(v, u, e, at)
		}
	}
	if moved {
		a.note()
	}
}
