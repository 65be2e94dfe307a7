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
	table  table // of the cells, coarser
	which  []int // cell of each entry of the table
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
	if p.design.fine() {
		l.table, l.which = p.design.cellTable(l.cells, p.strata)
		l.table = l.table.coarse(func(entry int) int { return l.cells[l.which[entry]].stratum })
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
		limit := new(big.Int)
		for i, visits := range l.table.round(func(n *big.Int) *big.Int { return limit.SetUint64(r.Uint64N(n.Uint64())) }) {
			l.cells[l.which[i]].visits = visits
		}
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

// coarse gives the table in units of 2^-40: fast, and off by less than can be
// seen in any number of re-draws. Groups whose sum is whole keep it.
func (t table) coarse(group func(entry int) int) table {
	const digits = 40
	out := table{unit: big.NewInt(1 << digits), first: t.first, second: t.second, values: make([]*big.Int, len(t.values))}
	exact, rounded, last := map[int]*big.Int{}, map[int]*big.Int{}, map[int]int{}
	for i, v := range t.values {
		out.values[i] = new(big.Int).Lsh(v, digits)
		out.values[i].Quo(out.values[i], t.unit)
		g := group(i)
		if exact[g] == nil {
			exact[g], rounded[g] = new(big.Int), new(big.Int)
		}
		exact[g].Add(exact[g], v)
		rounded[g].Add(rounded[g], out.values[i])
		if v.Sign() > 0 {
			last[g] = i
		}
	}
	for g, i := range last {
		whole := new(big.Int).Lsh(exact[g], digits)
		whole.Quo(whole, t.unit)
		out.values[i].Add(out.values[i], whole.Sub(whole, rounded[g]))
	}
	return out
}
