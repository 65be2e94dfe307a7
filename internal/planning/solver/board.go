package solver

import (
	"context"
	"fmt"

	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/slot"
)

// Board is a plan laid out for questions: compiled once, asked many times, by one
// goroutine at a time. Questions leave the plan as it is.
type Board struct {
	p      *planning.Problem
	m      *model
	c      *compiler // what the next board takes over
	s      *state
	plan   map[string]planning.Place // as it stands
	visits map[string]int32
	execs  map[string]int32
	byHost [][]int32 // visits that a host goes along to, assigned or not
	swept  places    // what the latest question looked at
	held   []int32   // visits that no answer moves, beside the pinned ones
}

// boardWorkers lay a plan out at the same time: a person waits. More than there are
// processors do no harm.
const boardWorkers = 4

// NewBoard lays a plan out. It takes about 0.2 s for 200 executives and 3,000
// visits; keep the board where several questions are asked of one plan. The
// errors are those of Problem.Validate, fault.Invalid with the broken rules where
// the plan is not feasible, and that of ctx where it ends.
func NewBoard(ctx context.Context, p *planning.Problem, s *planning.Solution) (*Board, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if v := planning.Check(p, s); !v.Feasible {
		return nil, fault.Invalidf("The plan breaks rules, so that nothing can be said about changes to it.").With(breaches(p, v.Violations)...)
	}
	c, err := compileAfter(ctx, p, boardWorkers, nil)
	if err != nil {
		return nil, err
	}
	return c.board(s), nil
}

// Hold lets no answer move these visits, as if they were pinned where they stand,
// until other visits are held. Visits that stand nowhere are not held.
func (b *Board) Hold(visits map[string]planning.Place) {
	for _, v := range b.held {
		b.m.visits[v].pinned = false
	}
	b.held = b.held[:0]
	for id := range visits {
		if v, ok := b.visits[id]; ok && b.s.by[v] != none && !b.m.visits[v].pinned {
			b.m.visits[v].pinned = true
			b.held = append(b.held, v)
		}
	}
}

// Change is a visit that goes from one place to another; nil is unassigned.
type Change struct {
	Visit    string
	From, To *planning.Place
}

// move is a Change in indices; exec is none where the visit is left out.
type move struct{ visit, exec, slot int32 }

// Judge prices a change made by hand (a move, a swap, a visit taken out or put
// in), all parts at once: the difference per term against the plan as it stands,
// with the total. What a Change says of From is not looked at. A change that
// breaks a rule gives fault.Conflict with the rule in words and how to mend it,
// one that means nothing (unknown ids, a visit twice) fault.Invalid.
func (b *Board) Judge(changes []Change) (planning.Cost, error) {
	moves := make([]move, 0, len(changes))
	inside := true
	for i, c := range changes {
		x, err := b.move(i, c)
		if err != nil {
			return nil, err
		}
		for _, y := range moves {
			if y.visit == x.visit {
				return nil, fault.Invalidf("Visit %s is changed twice at once.", b.p.Name(c.Visit)).With(
					fault.Detail{Where: fmt.Sprintf("/changes/%d/visit", i), Value: c.Visit, Expected: "each visit once"})
			}
		}
		inside = inside && (c.To == nil || b.p.Horizon.Contains(c.To.Date))
		moves = append(moves, x)
	}
	if inside {
		if price, ok := b.price(moves); ok {
			return price, nil
		}
	}
	places := make(map[string]planning.Place, len(b.plan)+len(changes))
	for id, at := range b.plan {
		places[id] = at
	}
	for _, c := range changes {
		if c.To == nil {
			delete(places, c.Visit)
		} else {
			places[c.Visit] = *c.To
		}
	}
	v := planning.Check(b.p, planning.NewSolution(b.p, places, nil))
	if v.Feasible {
		return nil, fmt.Errorf("the search calls a change infeasible that keeps all rules: %v", changes)
	}
	details := breaches(b.p, v.Violations)
	return nil, fault.Conflictf("%s", v.Violations[0].Reason).With(details...)
}

// move reads a Change; its slot means nothing where the date lies outside the horizon.
func (b *Board) move(i int, c Change) (move, error) {
	bad := func(field, value, expected string) (move, error) {
		return move{}, fault.Invalidf("The change cannot be read.").With(
			fault.Detail{Where: fmt.Sprintf("/changes/%d/%s", i, field), Value: fault.Short(value), Expected: expected})
	}
	v, ok := b.visits[c.Visit]
	if !ok {
		return bad("visit", c.Visit, "a visit of the plan's problem")
	}
	if c.To == nil {
		return move{v, none, none}, nil
	}
	e, ok := b.execs[c.To.Executive]
	switch {
	case !ok:
		return bad("to/executive", c.To.Executive, "an executive who visits")
	case c.To.Half != slot.AM && c.To.Half != slot.PM:
		return bad("to/half", string(c.To.Half), "am or pm")
	}
	return move{v, e, b.slotOf(*c.To)}, nil
}

func (b *Board) slotOf(at planning.Place) int32 {
	s := 2 * int32(at.Date.Sub(b.p.Horizon.Start))
	if at.Half == slot.PM {
		s++
	}
	return s
}

// price counts what moves cost together, and says whether they keep all rules.
// The plan is as before afterwards.
func (b *Board) price(moves []move) (planning.Cost, bool) {
	for _, x := range moves {
		if b.m.visits[x.visit].pinned && (x.exec != b.s.by[x.visit] || x.slot != b.s.at[x.visit]) {
			return nil, false
		}
	}
	touched := b.touched(moves)
	before := b.terms(touched, moves)
	back, ok := b.apply(moves)
	if !ok {
		return nil, false
	}
	after := b.terms(touched, moves)
	b.undo(moves, back)
	return after.Minus(before).Sum(b.p), true
}

// touched lists the executives from whom or to whom visits move, each once.
func (b *Board) touched(moves []move) (execs []int32) {
	add := func(e int32) {
		for _, x := range execs {
			if x == e {
				return
			}
		}
		if e != none {
			execs = append(execs, e)
		}
	}
	for _, x := range moves {
		add(b.s.by[x.visit])
		add(x.exec)
	}
	return execs
}

// apply makes moves and gives those that undo them; where a rule forbids them
// nothing is changed. Every rule is about a visit or a pair of visits or counts
// visits, so that putting them in one after the other finds every breach.
func (b *Board) apply(moves []move) (back []move, ok bool) {
	s := b.s
	for _, x := range moves {
		back = append(back, move{x.visit, s.by[x.visit], s.at[x.visit]})
		if s.by[x.visit] != none {
			s.leave(x.visit)
		}
	}
	for i, x := range moves {
		if x.exec == none {
			continue
		}
		if !s.free(x.visit, x.slot, none) || !s.fits(x.exec, none, x.visit, x.slot, s.seek(x.exec, x.slot)) {
			b.undo(moves[:i], back)
			return nil, false
		}
		s.enter(x.visit, x.exec, x.slot)
	}
	return back, true
}

// undo takes out the moves that were made and puts everything back.
func (b *Board) undo(made, back []move) {
	for _, x := range made {
		if b.s.by[x.visit] != none {
			b.s.leave(x.visit)
		}
	}
	for _, x := range back {
		if x.exec != none {
			b.s.enter(x.visit, x.exec, x.slot)
		}
	}
}

// terms counts what hangs on some executives' years and on the moved visits.
func (b *Board) terms(execs []int32, moves []move) planning.Cost {
	n := planning.Cost{}
	for _, e := range execs {
		b.year(e, n)
	}
	for _, x := range moves {
		if b.s.by[x.visit] == none {
			n[planning.Unassigned]++
			if b.m.visits[x.visit].hasNow {
				n[planning.Moved]++
			}
		}
	}
	return n
}

// year adds the counts of an executive's year.
func (b *Board) year(e int32, n planning.Cost) {
	m, s := b.m, b.s
	x := &m.execs[e]
	from := s.stopAt(e, -1)
	for i := range len(s.year[e]) + 1 {
		to := s.stopAt(e, i)
		n[planning.TravelKM] += int64(m.way(from, to))
		n[planning.OverdueDays] += int64(m.late(x, from.day, to.day))
		from = to
	}
	for _, q := range s.year[e] {
		v := &m.visits[q.visit]
		if v.hasNow && (v.nowExec != e || v.nowSlot != q.slot) {
			n[planning.Moved]++
		}
		if !m.custs[v.cust].window.has(q.slot >> 1) {
			n[planning.OutOfWindow]++
		}
		if m.crunch.has(q.slot >> 1) {
			n[planning.Crunch]++
		}
		n[planning.Mismatch] += int64(m.pair(v.cust, e).points)
	}
	n[planning.Load] += int64(abs(int32(len(s.year[e])) - x.target))
	at := int(e) * m.values
	for val := range m.values {
		n[planning.Excess] += int64(max(0, -s.spare[at+val]))
	}
}

// changes turns moves into ids.
func (b *Board) changes(moves []move) []Change {
	out := make([]Change, 0, len(moves))
	for _, x := range moves {
		c := Change{Visit: b.p.Visits[x.visit].ID}
		if from, ok := b.plan[c.Visit]; ok {
			c.From = &from
		}
		if x.exec != none {
			to := placeOf(b.p, x.exec, x.slot)
			c.To = &to
		}
		out = append(out, c)
	}
	return out
}

// mostBreaches is how many broken rules one error names.
const mostBreaches = 20

// mends says what helps against a broken rule.
var mends = map[planning.Rule]string{
	planning.Once:       "Take the other half of the day or another day, or move the visit that stands there.",
	planning.WorkingDay: "Choose a day of the horizon on which executive, host and customer all work.",
	planning.Tags:       "Choose an executive with these tags who has not declined the visit.",
	planning.Capacity:   "Move one of these visits out of that week or month, or raise the executive's limit.",
	planning.Reach:      "Leave more days between the two visits, or choose another executive.",
	planning.Spacing:    "Choose a date farther from the other visit to this customer.",
	planning.Pinned:     "Take the pin away first.",
}

// breaches turns violations into details for people.
func breaches(p *planning.Problem, violations []planning.Violation) []fault.Detail {
	var out []fault.Detail
	for _, v := range violations[:min(len(violations), mostBreaches)] {
		where := ""
		for i, id := range v.Visits {
			if i > 0 {
				where += " and "
			}
			where += p.Name(id)
		}
		if where != "" {
			where = "visit " + where
		}
		out = append(out, fault.Detail{Where: where, Value: v.Reason, Expected: fmt.Sprintf("a plan that keeps rule %d, %s", int(v.Rule), v.Rule), Mend: mends[v.Rule]})
	}
	return out
}

// window says whether a place lies in a window of the visit's customer, and
// whether the customer has any.
func (b *Board) window(visit string, at planning.Place) (inside, windows bool) {
	cust := &b.m.custs[b.m.visits[b.visits[visit]].cust]
	for day := range b.m.days {
		windows = windows || !cust.window.has(day)
	}
	return cust.window.has(b.slotOf(at) >> 1), windows
}
