package sampling

import (
	"math/big"
	"math/rand/v2"
)

// lottery draws a design quickly with any random numbers, not with the permanent
// ones: for re-draws only their distribution counts.
type lottery struct {
	prepared
	cells  []cell
	views  []lotteryView
	weight []float64 // by stratum
}

// lotteryView counts visits and weights by stratum or by value.
type lotteryView struct {
	place           []int // unit -> line
	customers       []float64
	visits, weights []float64
}

func newLottery(p prepared, c comparison) *lottery {
	l := &lottery{prepared: p, cells: make([]cell, len(p.cells)), weight: make([]float64, len(p.strata))}
	for i, x := range p.cells {
		x.units = append([]int(nil), x.units...)
		l.cells[i] = x
	}
	sizes := make([]float64, len(p.strata))
	for h, s := range p.strata {
		l.weight[h], sizes[h] = s.Weight, float64(s.N)
	}
	l.add(c.stratum, sizes)
	for d := range c.dimensions {
		l.add(c.place[d], c.total[d])
	}
	return l
}

func (l *lottery) add(place []int, customers []float64) {
	l.views = append(l.views, lotteryView{place, customers, make([]float64, len(customers)), make([]float64, len(customers))})
}

// draw takes a simple random sample in each cell, after rounding the cells'
// visits anew.
func (l *lottery) draw(r *rand.Rand) {
	if l.design.fine() {
		l.design.roundCells(l.cells, l.strata, func(limit *big.Int) *big.Int { return uniform(r, limit) })
	}
	for i := range l.views {
		clear(l.views[i].visits)
		clear(l.views[i].weights)
	}
	for _, c := range l.cells {
		w := l.weight[c.stratum]
		for k := range c.visits {
			other := k + r.IntN(len(c.units)-k)
			c.units[k], c.units[other] = c.units[other], c.units[k]
			unit := c.units[k]
			for i := range l.views {
				v := &l.views[i]
				v.visits[v.place[unit]]++
				v.weights[v.place[unit]] += w
			}
		}
	}
}

// distance gives the total variation of a view in the last draw.
func (l *lottery) distance(view int) (visited, stoodFor float64) {
	v := l.views[view]
	return Variation(v.customers, v.visits), Variation(v.customers, v.weights)
}

// uniform draws a whole number from 0 up to but without limit.
func uniform(r *rand.Rand, limit *big.Int) *big.Int {
	words := make([]big.Word, (limit.BitLen()+127)/64) // 64 digits more than needed: the bias is below 2^-64
	for i := range words {
		words[i] = big.Word(r.Uint64())
	}
	n := new(big.Int).SetBits(words)
	return n.Mod(n, limit)
}
