package solver

import (
	"cmp"
	"slices"

	"windshield/internal/planning"
	"windshield/internal/slot"
)

func placeOf(p *planning.Problem, e, at int32) planning.Place {
	half := slot.AM
	if at&1 == 1 {
		half = slot.PM
	}
	return planning.Place{Executive: p.Executives[e].ID, Date: p.Horizon.Start.Add(int(at >> 1)), Half: half}
}

// cost counts the best plan's terms anew, so that what is reported does not hang
// on the sum of millions of small changes.
func (a *search) cost(p *planning.Problem) planning.Cost {
	m := a.m
	n := make(map[planning.Term]int64, 10)
	for _, t := range planning.Terms() {
		n[t] = 0
	}
	years := make([][]entry, len(m.execs))
	for v := range m.visits {
		x, e, at := &m.visits[v], a.bestBy[v], a.bestAt[v]
		if x.hasNow && (e == none || e != x.nowExec || at != x.nowSlot) {
			n[planning.Moved]++
		}
		if e == none {
			n[planning.Unassigned]++
			continue
		}
		years[e] = append(years[e], entry{slot: at, visit: int32(v)})
		if !m.custs[x.cust].window.has(at >> 1) {
			n[planning.OutOfWindow]++
		}
		if m.crunch.has(at >> 1) {
			n[planning.Crunch]++
		}
		n[planning.Mismatch] += int64(m.pair(x.cust, e).points)
	}
	held := make([]int32, m.values)
	for i, year := range years {
		e := int32(i)
		x := &m.execs[e]
		slices.SortFunc(year, func(v, w entry) int { return cmp.Compare(v.slot, w.slot) })
		clear(held)
		from := stop{none, x.clock, 0}
		for _, q := range append(year, entry{slot: 2 * m.days, visit: none}) {
			to := stop{none, q.slot >> 1, 0}
			if q.visit != none {
				to.cust = m.visits[q.visit].cust
				to.home = m.pair(to.cust, e).home
				for _, val := range m.valueOf[int(to.cust)*m.dims : int(to.cust+1)*m.dims] {
					if val != none {
						held[val]++
					}
				}
			}
			n[planning.TravelKM] += int64(m.way(from, to))
			n[planning.OverdueDays] += int64(m.late(x, from.day, to.day))
			from = to
		}
		for val, k := range held {
			n[planning.Excess] += int64(max(0, k-m.quota[i*m.values+val]))
		}
		n[planning.Load] += int64(abs(int32(len(year)) - x.target))
	}
	return planning.Cost(n).Sum(p)
}
