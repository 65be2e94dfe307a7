package solver

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"windshield/internal/fault"
	"windshield/internal/planning"
)

// Proposal is one way to place a visit.
type Proposal struct {
	Changes []Change      // the visit's own change first, then the other visits that move with it
	Price   planning.Cost // difference per term against the plan as it stands, with the total; below zero it gets cheaper
	Text    string        // one sentence for people: who, when, what it costs
}

// Runners are the next best places of a visit: why not somebody else, why not
// another week. In all of them no other visit moves.
type Runners struct {
	Executives []Proposal // the best place with each other executive, the cheapest first
	Weeks      []Proposal // the best place in each other week of the executive who has the visit, the cheapest first
}

// mostProposals bounds what one question may ask for.
const mostProposals = 1000

// Propose gives up to n places for a visit that may move, ranked by price: the
// best place with each executive in each week, at most half of them with one
// executive where others can go. Where another visit stands in the way and can
// go elsewhere, or another one should take over the place that is left, that
// visit's change is part of the proposal; it then saves at least the price of a
// moved visit. The present place is not among them. Errors: fault.NotFound for an
// unknown visit, fault.Invalid for a pinned one, that of ctx where it ends.
func (b *Board) Propose(ctx context.Context, visit string, n int) ([]Proposal, error) {
	v, err := b.movable(visit)
	if err != nil {
		return nil, err
	}
	offers, err := b.offers(ctx, v)
	if err != nil {
		return nil, err
	}
	return b.proposals(b.spread(offers, min(n, mostProposals))), nil
}

// RunnersUp gives up to n executives and n weeks that come next for a visit; an
// unassigned visit has no weeks. Errors as for Propose.
func (b *Board) RunnersUp(ctx context.Context, visit string, n int) (Runners, error) {
	v, err := b.movable(visit)
	if err != nil {
		return Runners{}, err
	}
	n = min(n, mostProposals)
	var executives, weeks []offer
	seen := map[int32]bool{b.s.by[v]: true}
	err = b.without(v, func(from move, gain int64) error {
		w, err := b.sweep(ctx, from, gain)
		if err != nil {
			return err
		}
		w.ranked = w.direct()
		now := from.slot >> 1
		for _, o := range w.ranked {
			to := o.moves[0]
			switch {
			case to.exec == from.exec && b.m.week[to.slot>>1] != b.m.week[now]:
				weeks = append(weeks, o)
			case !seen[to.exec]:
				seen[to.exec] = true
				executives = append(executives, o)
			}
		}
		return nil
	})
	if err != nil {
		return Runners{}, err
	}
	return Runners{b.proposals(executives[:min(n, len(executives))]), b.proposals(weeks[:min(n, len(weeks))])}, nil
}

// movable finds a visit that may move.
func (b *Board) movable(id string) (int32, error) {
	v, ok := b.visits[id]
	if !ok {
		return none, fault.NotFoundf("There is no visit %s in this plan.", fault.Short(id))
	}
	if b.m.visits[v].pinned {
		return none, fault.Invalidf("Visit %s is pinned to %s and never moves.", b.p.Name(id), b.p.Where(b.plan[id])).With(
			fault.Detail{Where: "visit " + b.p.Name(id), Expected: "a visit that is not pinned", Mend: "Take the pin away first."})
	}
	return v, nil
}

// offer is a set of moves, the visit's own first, and what it costs in all.
type offer struct {
	moves []move
	cost  int64
}

// byCost orders offers: cheap, then of few moves, then by place, so that the
// order never hangs on chance.
func byCost(a, b offer) int {
	if c := cmp.Compare(a.cost, b.cost); c != 0 { // nearly always: thousands are sorted
		return c
	}
	return cmp.Or(cmp.Compare(len(a.moves), len(b.moves)),
		cmp.Compare(a.moves[0].exec, b.moves[0].exec), cmp.Compare(a.moves[0].slot, b.moves[0].slot), cmp.Compare(a.moves[0].visit, b.moves[0].visit))
}

func (b *Board) cost(c change) int64 { return c.fixed + int64(c.days)*b.m.price.overdue }

// without takes visit v out of the plan, asks, and puts it back. The question
// learns where v stood and what taking it out costs, so that prices count from
// the plan as it stands.
func (b *Board) without(v int32, ask func(from move, gain int64) error) error {
	s := b.s
	from, gain := move{v, s.by[v], s.at[v]}, -b.m.leftOut(v)
	if from.exec != none {
		gain = b.cost(s.replace(from.exec, s.seek(from.exec, from.slot), none, none, 0))
		s.leave(v)
	}
	err := ask(from, gain)
	if from.exec != none {
		s.enter(v, from.exec, from.slot)
	}
	return err
}

// offers collects direct places, places after an ejection and places after which
// another visit takes over, the cheapest first.
func (b *Board) offers(ctx context.Context, v int32) ([]offer, error) {
	var direct, others []offer
	err := b.without(v, func(from move, gain int64) error {
		w, err := &b.swept, error(nil)
		direct = w.ranked
		if w.visit != v || direct == nil {
			if w, err = b.sweep(ctx, from, gain); err != nil {
				return err
			}
			direct = w.direct()
		}
		w.ranked = nil // ejections use up what is closed
		others = b.ejections(w, from)
		if from.exec != none {
			others = append(others, b.takeovers(direct, from)...)
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	others = slices.DeleteFunc(others, func(o offer) bool { // two visits that each fit may want one host or be of one customer
		_, fits := b.price(o.moves)
		return !fits
	})
	slices.SortFunc(others, byCost)
	return merged(direct, others), nil
}

// merged brings two lists that are in order into one.
func merged(a, b []offer) []offer {
	all := make([]offer, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if byCost(b[0], a[0]) < 0 {
			a, b = b, a
		}
		all, a = append(all, a[0]), a[1:]
	}
	return append(append(all, a...), b...)
}

// places are what a sweep over all executives and days finds for one visit; the
// next sweep of the board takes over their memory.
type places struct {
	visit  int32
	gain   int64
	weeks  int32
	best   []offered // by executive and week: the cheapest open place
	closed []offered // places that rules close
	ranked []offer   // what direct gives, while all of this is as a question about the runners-up has left it
}

// offered is a place and the price of the visit there; exec is none where there is none.
type offered struct {
	exec, slot int32
	cost       int64
}

// weekOf numbers the weeks of the horizon from 0.
func (b *Board) weekOf(slot int32) int32 { return b.m.week[slot>>1] }

// sweep prices a visit that was taken out at every place of every executive who
// may go, besides the one it comes from. What closed places would cost were they
// open tells which are worth an ejection.
func (b *Board) sweep(ctx context.Context, from move, gain int64) (*places, error) {
	m, s, v := b.m, b.s, from.visit
	w := &b.swept
	*w = places{visit: v, gain: gain, weeks: b.weekOf(2*(m.days-1)) + 1, best: w.best, closed: w.closed[:0]}
	if w.best == nil {
		w.best = make([]offered, int32(len(m.execs))*w.weeks)
	}
	for i := range w.best {
		w.best[i].exec = none
	}
	x := &m.visits[v]
	for e := range int32(len(m.execs)) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !m.allowed(v, e) {
			continue
		}
		for _, day := range m.custs[x.cust].any {
			if !m.openFor(e).has(day) {
				continue
			}
			best := &w.best[e*w.weeks+b.weekOf(2*day)]
			cost, same := int64(0), false
			for slot := 2 * day; slot <= 2*day+1; slot++ {
				at := s.seek(e, slot)
				if !same {
					cost = gain + b.cost(s.replace(e, none, v, slot, at))
					// the other half costs the same unless the day has more visits or a place to come back to
					same = !x.hasNow && (at == len(s.year[e]) || s.year[e][at].slot>>1 != day)
				}
				if best.exec != none && cost >= best.cost || e == from.exec && slot == from.slot {
					continue
				}
				if s.free(v, slot, none) && s.fits(e, none, v, slot, at) {
					*best = offered{e, slot, cost}
				} else {
					w.closed = append(w.closed, offered{e, slot, cost})
				}
			}
		}
	}
	return w, nil
}

// direct lists the best open places, the cheapest first.
func (w *places) direct() []offer {
	moves := make([]move, 0, len(w.best)) // one piece of memory for thousands of offers
	all := make([]offer, 0, len(w.best))
	for _, o := range w.best {
		if o.exec != none {
			moves = append(moves, move{w.visit, o.exec, o.slot})
			all = append(all, offer{moves[len(moves)-1 : len(moves) : len(moves)], o.cost})
		}
	}
	slices.SortFunc(all, byCost)
	return all
}

// spread takes the n cheapest offers: one for each executive, week and number of
// moves, at most half of them with one executive while others are left.
func (b *Board) spread(offers []offer, n int) []offer {
	type key struct {
		exec, week int32
		alone      bool
	}
	seen := map[key]bool{}
	with := map[int32]int{}
	var first, later []offer
	for _, o := range offers {
		if len(first) == n { // all that follow are dearer
			break
		}
		to := o.moves[0]
		k := key{to.exec, b.weekOf(to.slot), len(o.moves) == 1}
		if seen[k] {
			continue
		}
		seen[k] = true
		if with[to.exec] < (n+1)/2 {
			with[to.exec]++
			first = append(first, o)
		} else {
			later = append(later, o)
		}
	}
	if len(first) < n {
		first = append(first, later[:min(n-len(first), len(later))]...)
	}
	first = first[:min(max(n, 0), len(first))]
	slices.SortFunc(first, byCost)
	return first
}

// proposals prices offers term by term; they fit.
func (b *Board) proposals(offers []offer) []Proposal {
	out := make([]Proposal, 0, len(offers))
	for _, o := range offers {
		price, _ := b.price(o.moves)
		x := Proposal{Changes: b.changes(o.moves), Price: price}
		x.Text = b.sentence(x)
		out = append(out, x)
	}
	return out
}

// sentence puts a proposal into words.
func (b *Board) sentence(x Proposal) string {
	to := x.Changes[0].To
	text := b.p.Where(*to) + ": " + x.Price.InWords(b.p.Style)
	switch inside, windows := b.window(x.Changes[0].Visit, *to); {
	case windows && inside:
		text += ", inside the customer's window"
	case windows && x.Price[planning.OutOfWindow] <= 0: // else the price says so
		text += ", outside the customer's windows"
	}
	return text + b.alsoMoves(x.Changes[1:]) + "."
}

// namedMoves is how many visits that also move are named in a sentence.
const namedMoves = 3

// alsoMoves says which other visits change.
func (b *Board) alsoMoves(others []Change) (text string) {
	for _, c := range others[:min(namedMoves, len(others))] {
		switch text += "; " + b.p.Name(c.Visit); {
		case c.To == nil:
			text += " is left out, now with " + b.p.Where(*c.From)
		case c.From == nil:
			text += " comes in with " + b.p.Where(*c.To)
		default:
			text += " moves from " + b.p.Where(*c.From) + " to " + b.p.Where(*c.To)
		}
	}
	if more := len(others) - namedMoves; more > 0 {
		text += fmt.Sprintf("; %d more visits move", more)
	}
	return text
}
