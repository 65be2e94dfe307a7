package sampling

import "math/big"

// nearest gives each cell a whole number like round, but of all whole tables
// that keep every node within one the nearest to what is due, by the sum of
// squares. Rounding a cell with broken part p up costs 1 − 2p more than down
// (Causey, Cox, Ernst 1985), so this is a flow of least cost. It starts from any
// rounding and turns cycles of arcs around while that makes it cheaper (Klein
// 1967). No randomness: ties go to the first found.
func (t table) nearest() []int {
	n := t.network()
	part := make([]*big.Int, len(n.arcs))
	for i, a := range n.arcs {
		part[i] = new(big.Int).Set(a.part)
	}
	n.settle(func(limit *big.Int) *big.Int { return new(big.Int) })
	cost := make([]*big.Int, len(n.arcs))
	for i := range cost {
		cost[i] = new(big.Int)
	}
	for _, a := range n.cells {
		cost[a].Sub(t.unit, part[a])
		cost[a].Sub(cost[a], part[a])
	}
	for n.cheaper(part, cost) {
	}
	return t.whole(n)
}

// cheaper finds a cycle of arcs that can be turned around at a gain and turns
// it, by Bellman and Ford's search from all nodes at once.
func (n *network) cheaper(began, cost []*big.Int) bool {
	far, by := make([]*big.Int, len(n.at)), make([]int, len(n.at))
	for v := range far {
		far[v], by[v] = new(big.Int), -1
	}
	last := -1
	for range n.at {
		last = -1
		for i, a := range n.arcs {
			if began[i].Sign() == 0 {
				continue // whole from the beginning: it stays
			}
			from, to, c := a.from, a.to, cost[i]
			if a.part.Sign() > 0 { // up already: it can only come down
				from, to, c = a.to, a.from, new(big.Int).Neg(cost[i])
			}
			if d := new(big.Int).Add(far[from], c); d.Cmp(far[to]) < 0 {
				far[to], by[to], last = d, i, to
			}
		}
		if last < 0 {
			return false
		}
	}
	for range n.at { // walk back until surely inside of the cycle
		last = n.other(by[last], last)
	}
	for v := last; ; {
		i := by[v]
		v = n.other(i, v)
		if n.arcs[i].part.Sign() > 0 {
			n.arcs[i].part.SetInt64(0)
		} else {
			n.arcs[i].part.Set(n.unit)
		}
		if v == last {
			return true
		}
	}
}

func (n *network) other(arc, node int) int { return n.arcs[arc].from + n.arcs[arc].to - node }
