package solver

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// neighbours lists for each customer the visits nearest to it, its own first.
// Equally near stay in the order of their index. It fails only with ctx.
func (m *model) neighbours(ctx context.Context, workers int) error {
	m.near = make([][]int32, len(m.custs))
	return inRows(ctx, workers, len(m.custs), func(from, to int) {
		var scratch []neighbour
		for i := from; i < to; i++ {
			m.near[i], scratch = m.nearest(i, scratch)
		}
	})
}

// neighboursFrom takes a part's neighbours from the whole problem's, and looks
// for them where fewer than nearLeast are in the part. visits are the part's by
// their index in the whole, in order.
func (m *model) neighboursFrom(whole *model, visits []int32) {
	m.near = make([][]int32, len(m.custs))
	own := make([]int32, len(whole.visits))
	for v := range own {
		own[v] = none
	}
	for i, v := range visits {
		own[v] = int32(i)
	}
	var scratch []neighbour
	list := make([]int32, 0, nearMost)
	for c := range m.custs {
		list = list[:0]
		for _, v := range whole.near[whole.visits[visits[m.custs[c].visits[0]]].cust] {
			if own[v] != none {
				list = append(list, own[v])
			}
		}
		if len(list) >= nearLeast {
			m.near[c] = slices.Clone(list)
		} else {
			m.near[c], scratch = m.nearest(c, scratch)
		}
	}
}

// nearest lists the visits nearest to a customer.
func (m *model) nearest(c int, scratch []neighbour) (near []int32, _ []neighbour) {
	scratch = scratch[:0]
	most := int64(math.MaxInt64)
	see := func(o int, apart int64) {
		if apart < most {
			if scratch = keep(scratch, neighbour{int32(o), apart}); len(scratch) == nearMost {
				most = scratch[nearMost-1].apart
			}
		}
	}
	if m.dist.table != nil {
		for o, km := range m.dist.table[c*m.dist.n : (c+1)*m.dist.n] {
			see(o, int64(km))
		}
	} else {
		for o := range m.custs {
			see(o, onGridApart(m.dist.grid[c], m.dist.grid[o]))
		}
	}
	for _, n := range scratch {
		near = append(near, m.custs[n.cust].visits...)
	}
	return slices.Clip(near[:min(nearMost, len(near))]), scratch
}

// neighbour is a customer and how far away it is.
type neighbour struct {
	cust  int32
	apart int64
}

// keep inserts n, which must be near enough, into a sorted list of the nearest;
// equally near stay in the order of their index.
func keep(sorted []neighbour, n neighbour) []neighbour {
	if len(sorted) == nearMost {
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

// favors lists for each customer the executives that suit it best. It fails only with ctx.
func (m *model) favors(ctx context.Context, workers int) error {
	m.favor = make([][]int32, len(m.custs))
	return inRows(ctx, workers, len(m.custs), m.prefer)
}

// prefer lists the executives who may go to some customers, the cheapest first.
func (m *model) prefer(from, to int) {
	bids := make([]bid, 0, len(m.execs))
	for c := from; c < to; c++ {
		bids = bids[:0]
		for e := range m.execs {
			bids = m.bid(bids, int32(c), int32(e))
		}
		m.favor[c] = favored(bids)
	}
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
