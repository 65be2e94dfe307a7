package solver

import (
	"fmt"
	"slices"
	"strings"

	"windshield/internal/geo"
	"windshield/internal/planning"
	"windshield/internal/slot"
)

// relaxation loosens a rule for everybody, to see where the visit would go, and
// then narrows the change to what that place needs.
type relaxation struct {
	mend   Mend
	useful bool                     // whether loosening can change anything
	loosen func(*planning.Problem)  // on a copy whose lists are its own
	narrow func(c []Change) *narrow // nil where the place needs no such change

	// A rule with a number is loosened step by step to the least of 1 to most that
	// opens a place: set does it on the board of the loosened problem.
	most int
	set  func(b *Board, step int)
}

// narrow is the least change for one place.
type narrow struct {
	size   int // of two changes of one kind the smaller one is preferred
	who    string
	change func(*planning.Problem)
	text   string
}

// relaxations lists what can be changed for the visit, the smallest change first.
func (l *letIn) relaxations() []relaxation {
	return []relaxation{l.decline(), l.capacity(), l.tags(), l.executiveAbsence(), l.hostAbsence(), l.blackout(), l.reach(), l.spacing()}
}

func (l *letIn) decline() relaxation {
	at := int(l.board.visits[l.visit.ID])
	return relaxation{
		mend: Decline, useful: len(l.visit.Excludes) > 0,
		loosen: func(q *planning.Problem) { q.Visits[at].Excludes = nil },
		narrow: func(c []Change) *narrow {
			e := c[0].To.Executive
			if !slices.Contains(l.visit.Excludes, e) {
				return nil
			}
			return &narrow{who: e, text: "If " + l.p.Name(e) + " takes the decline back", change: func(q *planning.Problem) {
				q.Visits[at].Excludes = slices.DeleteFunc(slices.Clone(l.visit.Excludes), func(x string) bool { return x == e })
			}}
		},
	}
}

// executive finds an executive by id.
func (l *letIn) executive(id string) (int, *planning.Executive) {
	i := int(l.board.execs[id])
	return i, &l.p.Executives[i]
}

// around lists the visits that an executive has after the changes, without the
// visit that is let in.
func (l *letIn) around(e string, changes []Change) map[string]planning.Place {
	moved := map[string]planning.Place{}
	for _, q := range l.board.s.year[l.board.execs[e]] {
		id := l.p.Visits[q.visit].ID
		moved[id] = l.board.plan[id]
	}
	for _, c := range changes {
		delete(moved, c.Visit)
		if c.To != nil && c.To.Executive == e && c.Visit != l.visit.ID {
			moved[c.Visit] = *c.To
		}
	}
	return moved
}

func (l *letIn) capacity() relaxation {
	return relaxation{
		mend: Capacity, useful: len(l.p.Executives) > 0,
		loosen: func(q *planning.Problem) {
			for i := range q.Executives {
				q.Executives[i].MaxPerWeek++
				q.Executives[i].MaxPerMonth++
			}
		},
		narrow: func(c []Change) *narrow {
			to := c[0].To
			i, e := l.executive(to.Executive)
			inWeek, inMonth := 1, 1
			for _, at := range l.around(to.Executive, c) {
				if at.Date.Monday() == to.Date.Monday() {
					inWeek++
				}
				if at.Date.Year() == to.Date.Year() && at.Date.Month() == to.Date.Month() {
					inMonth++
				}
			}
			n := narrow{who: e.ID, change: func(q *planning.Problem) {
				q.Executives[i].MaxPerWeek = max(e.MaxPerWeek, inWeek)
				q.Executives[i].MaxPerMonth = max(e.MaxPerMonth, inMonth)
			}}
			var more []string
			if inWeek > e.MaxPerWeek {
				more = append(more, fmt.Sprintf("%d a week instead of %d", inWeek, e.MaxPerWeek))
			}
			if inMonth > e.MaxPerMonth {
				more = append(more, fmt.Sprintf("%d a month instead of %d", inMonth, e.MaxPerMonth))
			}
			if n.size = len(more); n.size == 0 {
				return nil
			}
			n.text = "If " + l.p.Name(e.ID) + " may make more visits, " + strings.Join(more, " and ")
			return &n
		},
	}
}

func (l *letIn) tags() relaxation {
	required := l.p.Customers[l.customer].Requires
	return relaxation{
		mend: Tags, useful: len(required) > 0 && len(l.p.Executives) > 0,
		loosen: func(q *planning.Problem) { q.Customers[l.customer].Requires = nil },
		narrow: func(c []Change) *narrow {
			i, e := l.executive(c[0].To.Executive)
			var lacks []string
			for _, t := range required {
				if !slices.Contains(e.Tags, t) && !slices.Contains(lacks, t) {
					lacks = append(lacks, t)
				}
			}
			if len(lacks) == 0 {
				return nil
			}
			return &narrow{size: len(lacks), who: e.ID, text: "If " + l.p.Name(e.ID) + " gets " + strings.Join(lacks, " and "),
				change: func(q *planning.Problem) { q.Executives[i].Tags = append(slices.Clone(e.Tags), lacks...) }}
		},
	}
}

func (l *letIn) executiveAbsence() relaxation {
	return relaxation{
		mend:   Absence,
		useful: slices.ContainsFunc(l.p.Executives, func(e planning.Executive) bool { return len(e.Unavailable) > 0 }),
		loosen: func(q *planning.Problem) {
			for i := range q.Executives {
				q.Executives[i].Unavailable = nil
			}
		},
		narrow: func(c []Change) *narrow {
			i, e := l.executive(c[0].To.Executive)
			return l.dayGivenUp(c[0].To.Date, e.Unavailable, e.ID, "absence",
				func(q *planning.Problem) *[]slot.Interval { return &q.Executives[i].Unavailable })
		},
	}
}

func (l *letIn) hostAbsence() relaxation {
	h := &l.p.Hosts[l.host]
	list := func(q *planning.Problem) *[]slot.Interval { return &q.Hosts[l.host].Unavailable }
	return relaxation{
		mend: Absence, useful: len(h.Unavailable) > 0,
		loosen: func(q *planning.Problem) { *list(q) = nil },
		narrow: func(c []Change) *narrow {
			return l.dayGivenUp(c[0].To.Date, h.Unavailable, h.ID, "absence", list)
		},
	}
}

func (l *letIn) blackout() relaxation {
	k := &l.p.Customers[l.customer]
	list := func(q *planning.Problem) *[]slot.Interval { return &q.Customers[l.customer].Blackouts }
	return relaxation{
		mend: Blackout, useful: len(k.Blackouts) > 0,
		loosen: func(q *planning.Problem) { *list(q) = nil },
		narrow: func(c []Change) *narrow {
			return l.dayGivenUp(c[0].To.Date, k.Blackouts, k.ID, "blackout", list)
		},
	}
}

// dayGivenUp takes one day out of somebody's intervals.
func (l *letIn) dayGivenUp(d slot.Date, from []slot.Interval, who, what string, list func(*planning.Problem) *[]slot.Interval) *narrow {
	if !slot.In(d, from) {
		return nil
	}
	return &narrow{who: who, text: "If " + l.p.Name(who) + " gives up the " + what + " on " + l.p.Day(d), change: func(q *planning.Problem) {
		var left []slot.Interval
		for _, x := range from {
			for _, part := range []slot.Interval{{Start: x.Start, End: min(x.End, d.Add(-1))}, {Start: max(x.Start, d.Add(1)), End: x.End}} {
				if part.Start <= part.End {
					left = append(left, part)
				}
			}
		}
		*list(q) = left
	}}
}

// farthestKM is farther than any two places on Earth are apart.
const farthestKM = 20_100

func (l *letIn) reach() relaxation {
	here := l.p.Customers[l.customer].Place()
	return relaxation{
		mend: Reach, useful: len(l.p.Rules.ReachKM) > 0,
		loosen: func(q *planning.Problem) {
			for i := range q.Rules.ReachKM {
				q.Rules.ReachKM[i] = max(q.Rules.ReachKM[i], farthestKM)
			}
		},
		most: farthestKM,
		set: func(b *Board, step int) {
			for i, km := range l.p.Rules.ReachKM {
				b.m.reach[i] = int32(km + step)
			}
		},
		narrow: func(c []Change) *narrow {
			wider := slices.Clone(l.p.Rules.ReachKM)
			n := narrow{change: func(q *planning.Problem) { q.Rules.ReachKM = wider }}
			for id, at := range l.around(c[0].To.Executive, c) {
				apart := max(at.Date.Sub(c[0].To.Date), c[0].To.Date.Sub(at.Date))
				if apart < len(wider) {
					wider[apart] = max(wider[apart], geo.Km(here, l.place(id)))
				}
			}
			var far []string
			for days, km := range wider {
				if was := l.p.Rules.ReachKM[days]; km > was {
					n.size += km - was
					far = append(far, fmt.Sprintf("%d km instead of %d at %d days", km, was, days))
				}
			}
			if len(far) == 0 {
				return nil
			}
			n.text = "If two visits of an executive may be " + strings.Join(far, " and ") + " apart"
			return &n
		},
	}
}

// place tells where the customer of a visit is.
func (l *letIn) place(visit string) geo.Point {
	return l.board.m.custs[l.board.m.visits[l.board.visits[visit]].cust].point
}

func (l *letIn) spacing() relaxation {
	k := &l.p.Customers[l.customer]
	return relaxation{
		mend: Spacing, useful: k.MinSpacingDays > 0,
		loosen: func(q *planning.Problem) { q.Customers[l.customer].MinSpacingDays = 0 },
		most:   k.MinSpacingDays,
		set: func(b *Board, step int) {
			b.m.custs[b.m.visits[b.visits[l.visit.ID]].cust].spacing = int32(k.MinSpacingDays - step)
		},
		narrow: func(c []Change) *narrow {
			least := k.MinSpacingDays
			for _, v := range l.board.m.custs[l.board.m.visits[l.board.visits[l.visit.ID]].cust].visits {
				id := l.p.Visits[v].ID
				at, ok := l.board.plan[id]
				for _, x := range c[1:] {
					if x.Visit == id && x.To != nil {
						at = *x.To
					}
				}
				if ok && id != l.visit.ID {
					least = min(least, max(at.Date.Sub(c[0].To.Date), c[0].To.Date.Sub(at.Date)))
				}
			}
			if least == k.MinSpacingDays {
				return nil
			}
			return &narrow{size: k.MinSpacingDays - least, who: k.ID,
				text:   fmt.Sprintf("If visits to %s may be %d days apart instead of %d", l.p.Name(k.ID), least, k.MinSpacingDays),
				change: func(q *planning.Problem) { q.Customers[l.customer].MinSpacingDays = least }}
		},
	}
}
