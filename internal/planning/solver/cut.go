package solver

import (
	"cmp"
	"slices"

	"windshield/internal/geo"
	"windshield/internal/planning"
)

// withinMost is with how many executives changes are tried. All of 200 would take ten times as long, and a visit that
// needs a favour will not ask it of the farthest.
const withinMost = 64

// cutOut chooses the executives with whom changes are tried: so many of those who
// declined the visit and of the others, the nearest first, and those who visit its
// customer or with its host, since their half-days and dates count. Wherever the visit fits inside the
// cut it fits in the whole, at the same price; of another visit that moves along,
// host and customer may be seen outside, which the judge finds out.
func (l *letIn) cutOut(most int) {
	b := l.board
	l.within = map[string]bool{}
	for _, v := range b.byHost[b.m.visits[b.visits[l.visit.ID]].host] {
		if at, ok := b.plan[l.p.Visits[v].ID]; ok {
			l.within[at.Executive] = true
		}
	}
	type home struct {
		id string
		km int
	}
	here := l.p.Customers[l.customer].Place()
	var declined, others []home
	for i := range l.p.Executives {
		e := &l.p.Executives[i]
		if h := (home{e.ID, geo.Km(here, e.Home())}); slices.Contains(l.visit.Excludes, e.ID) {
			declined = append(declined, h)
		} else {
			others = append(others, h)
		}
	}
	for _, near := range [][]home{declined, others} {
		slices.SortStableFunc(near, func(a, b home) int { return cmp.Compare(a.km, b.km) })
		for _, h := range near[:min(most, len(near))] {
			l.within[h.id] = true
		}
	}
	l.part = &planning.Solution{}
	for _, a := range l.s.Assignments {
		if l.within[a.Executive] {
			l.part.Assignments = append(l.part.Assignments, a)
		}
	}
}

// cut leaves the chosen executives, their visits, and the visit that is to be
// let in.
func (l *letIn) cut(q *planning.Problem) *planning.Problem {
	q.Executives = slices.DeleteFunc(q.Executives, func(e planning.Executive) bool { return !l.within[e.ID] })
	q.Visits = slices.DeleteFunc(q.Visits, func(x planning.Visit) bool {
		at, stands := l.board.plan[x.ID]
		return x.ID != l.visit.ID && !(stands && l.within[at.Executive])
	})
	wanted := map[string]bool{}
	for i := range q.Visits {
		x := &q.Visits[i]
		wanted[x.Customer] = true
		x.Excludes = slices.DeleteFunc(slices.Clone(x.Excludes), func(e string) bool { return !l.within[e] })
		if x.Current != nil && !l.within[x.Current.Executive] { // wherever it stands here, it has moved
			x.Current = &planning.Place{Executive: q.Executives[0].ID, Date: q.Horizon.Start.Add(-1), Half: x.Current.Half}
		}
	}
	q.Customers = slices.DeleteFunc(q.Customers, func(c planning.Customer) bool { return !wanted[c.ID] })
	return q
}
