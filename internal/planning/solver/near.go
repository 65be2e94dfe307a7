package solver

import (
	"cmp"
	"slices"
)

// neighbours lists for each customer the visits nearest to it, its own first,
// and the executives who may go, the cheapest first. Equally near stay in the
// order of their index.
func (m *model) neighbours() {
	m.near = make([][]int32, len(m.custs))
	nearest := make([]neighbour, 0, nearMost)
	for i := range m.custs {
		nearest = nearest[:0]
		if m.dist.table != nil {
			for j, km := range m.dist.table[i*m.dist.n : (i+1)*m.dist.n] {
				nearest = keep(nearest, neighbour{int32(j), int64(km)})
			}
		} else {
			for j := range m.custs {
				nearest = keep(nearest, neighbour{int32(j), onGridApart(m.dist.grid[i], m.dist.grid[j])})
			}
		}
		for _, n := range nearest {
			m.near[i] = append(m.near[i], m.custs[n.cust].visits...)
		}
		if len(m.near[i]) > nearMost {
			m.near[i] = slices.Clip(m.near[i][:nearMost])
		}
	}
	if m.favor == nil {
		m.favor = make([][]int32, len(m.custs))
		offers := make([]bid, 0, len(m.execs))
		for c := range m.custs {
			offers = offers[:0]
			for e := range m.execs {
				offers = m.bid(offers, int32(c), int32(e))
			}
			m.favor[c] = favored(offers)
		}
	}
}

// neighbour is a customer and how far away it is.
type neighbour struct {
	cust  int32
	apart int64
}

// keep inserts n into a sorted list of the nearest; equally near stay in the order of their index.
func keep(sorted []neighbour, n neighbour) []neighbour {
	if len(sorted) == nearMost {
		if n.apart >= sorted[nearMost-1].apart {
			return sorted
		}
		sorted = sorted[:nearMost-1]
	}
	at := len(sorted)
	for at > 0 && sorted[at-1].apart > n.apart {
		at--
	}
	return slices.Insert(sorted, at, n)
}

// bid is what an executive's visit to a customer costs by itself.
type bid struct {
	exec int32
	cost int64
}

// bid appends executive e's bid for customer c where the tags allow it.
func (m *model) bid(offers []bid, c, e int32) []bid {
	x := m.pair(c, e)
	if x.points == none {
		return offers
	}
	return append(offers, bid{e, m.price.km*int64(2*x.home) + m.price.mismatch*int64(x.points)})
}

// favored lists the executives with the cheapest offers.
func favored(offers []bid) []int32 {
	slices.SortFunc(offers, func(a, b bid) int { return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(a.exec, b.exec)) })
	list := make([]int32, 0, min(favorMost, len(offers)))
	for _, o := range offers[:cap(list)] {
		list = append(list, o.exec)
	}
	return list
}
