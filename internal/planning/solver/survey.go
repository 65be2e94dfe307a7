package solver

import (
	"context"

	"windshield/internal/planning"
	"windshield/internal/slot"
)

// Survey is what every place of a plan means for one visit: what a person sees
// before letting go of it.
type Survey struct {
	From   *planning.Place // where the visit stands; nil where it stands nowhere
	Monday slot.Date       // of the first week
	Weeks  int
	Cells  [][]Cell // by executive in the problem's order, then by week
	Trades []Trade  // with every other visit that stands, in the problem's order; none where this one stands nowhere
}

// Cell is one executive's week.
type Cell struct {
	Open  bool
	Place planning.Place // the cheapest half-day that keeps every rule, where Open
	Price int64          // difference of the plan's total with the visit there
	Rule  planning.Rule  // which closes the week where it is not Open
	Why   string         // the same in words, about the executive
}

// Trade is two visits that exchange their places.
type Trade struct {
	Visit string // the other one
	Open  bool
	Price int64
	Rule  planning.Rule
	Why   string
}

// What closes a place, in words that follow the executive's name.
const (
	lacksTags = "may not go: a tag that the customer requires is lacking, or the visit was declined"
	isAway    = "is away or busy"
	notTheirs = "could go, but the customer or the host could not"
	hasVisit  = "has another visit there"
	hostTaken = "could go, but the host is with somebody else"
	isFull    = "has as many visits that week or month as may be"
	tooFar    = "would be too far from the visits around it"
	tooNear   = "could go, but another visit to this customer is too near in time"
	isPinned  = "keeps that visit: it is pinned"
	isHere    = "has it there already, and nowhere else that week"
)

// Survey says what every week of every executive means for a visit, and every
// exchange with another one. It takes some ten milliseconds for 200 executives
// and 2,400 visits. Errors are those of Propose.
func (b *Board) Survey(ctx context.Context, visit string) (Survey, error) {
	v, err := b.movable(visit)
	if err != nil {
		return Survey{}, err
	}
	out := Survey{Monday: b.p.Horizon.Start.Monday(), Weeks: int(b.weekOf(2*(b.m.days-1))) + 1, Cells: make([][]Cell, len(b.m.execs))}
	if at, ok := b.plan[visit]; ok {
		out.From = &at
	}
	err = b.without(v, func(from move, gain int64) error {
		w, err := b.sweep(ctx, from, gain)
		if err != nil {
			return err
		}
		all := make([]Cell, len(out.Cells)*out.Weeks)
		for e := range out.Cells {
			out.Cells[e] = all[e*out.Weeks : (e+1)*out.Weeks]
			for week := range out.Cells[e] {
				c := &out.Cells[e][week]
				if o := w.best[int32(e)*w.weeks+int32(week)]; o.exec != none {
					c.Open, c.Place, c.Price = true, placeOf(b.p, o.exec, o.slot), o.cost
				} else {
					c.Rule, c.Why = b.closedBy(v, int32(e), int32(week))
				}
			}
		}
		return nil
	})
	if err != nil || out.From == nil {
		return out, err
	}
	for w := range b.m.visits {
		if w := int32(w); w != v && b.s.by[w] != none {
			out.Trades = append(out.Trades, b.trade(v, w))
		}
		if w&255 == 0 && ctx.Err() != nil {
			return out, ctx.Err()
		}
	}
	return out, nil
}

// closedBy gives what closes an executive's week for a visit that was taken out:
// what leaves the place for most half-days but those on which nobody works, since
// that says what could be done about it.
func (b *Board) closedBy(v, e, week int32) (planning.Rule, string) {
	if !b.m.allowed(v, e) {
		return planning.Tags, lacksTags
	}
	first := week*7 - int32(b.p.Horizon.Start.Sub(b.p.Horizon.Start.Monday()))
	tally := map[string]int{}
	rule := map[string]planning.Rule{}
	for day := max(first, 0); day < min(first+7, b.m.days); day++ {
		for at := 2 * day; at <= 2*day+1; at++ {
			r, why := b.obstacle(v, e, at)
			tally[why]++
			rule[why] = r
		}
	}
	if tally[""] > 0 { // only where it stands now was left out of what is priced
		return planning.Readable, isHere
	}
	best := isAway
	if tally[notTheirs] > tally[isAway] {
		best = notTheirs
	}
	most := 0
	for _, why := range []string{hasVisit, hostTaken, isFull, tooFar, tooNear} {
		if tally[why] > most {
			best, most = why, tally[why]
		}
	}
	if most == 0 {
		return planning.WorkingDay, best
	}
	return rule[best], best
}

// obstacle gives the first rule that closes one half-day for a visit that is not
// in the plan; "" where none does.
func (b *Board) obstacle(v, e, at int32) (planning.Rule, string) {
	m, s := b.m, b.s
	day, x := at>>1, &m.visits[v]
	i := s.seek(e, at)
	switch {
	case !m.allowed(v, e):
		return planning.Tags, lacksTags
	case !m.openFor(e).has(day) || m.isEngaged(e, at):
		return planning.WorkingDay, isAway
	case !m.openAt(x.cust).has(day) || m.waits != nil && m.waits.has(m.taken(x.host, at)):
		return planning.WorkingDay, notTheirs
	case i < len(s.year[e]) && s.year[e][i].slot == at:
		return planning.Once, hasVisit
	case !s.hostFree(v, at, none):
		return planning.Once, hostTaken
	case !s.spaced(v, day, none):
		return planning.Spacing, tooNear
	case !s.room(e, day, none):
		return planning.Capacity, isFull
	case !s.reaches(e, i, none, x.cust, day):
		return planning.Reach, tooFar
	}
	return planning.Readable, ""
}

// trade says what it would do if two visits that stand exchanged their places.
func (b *Board) trade(v, w int32) Trade {
	s := b.s
	t := Trade{Visit: b.p.Visits[w].ID}
	moves := []move{{v, s.by[w], s.at[w]}, {w, s.by[v], s.at[v]}}
	if b.m.visits[w].pinned {
		t.Rule, t.Why = planning.Pinned, isPinned
		return t
	}
	if price, ok := b.price(moves); ok {
		t.Open, t.Price = true, price.Total()
		return t
	}
	back := []move{{v, s.by[v], s.at[v]}, {w, s.by[w], s.at[w]}}
	s.leave(v)
	s.leave(w)
	if t.Rule, t.Why = b.obstacle(v, moves[0].exec, moves[0].slot); t.Why == "" {
		s.enter(v, moves[0].exec, moves[0].slot)
		t.Rule, t.Why = b.obstacle(w, moves[1].exec, moves[1].slot)
		s.leave(v)
	}
	b.undo(nil, back)
	return t
}
