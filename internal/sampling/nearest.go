package sampling

import "math/big"

// nearest gives each cell a whole number like round, but of all whole tables
// that keep every node within one the nearest to what is due, by the sum of
// squares. Rounding a cell with broken part p up costs 1 − 2p more than down
// (Causey, Cox, Ernst 1985), so this is a flow of least cost: the table is
// settled by pushing every cycle to its cheaper side, and then cycles of arcs
// are turned around while that makes it cheaper still (Klein 1967). There is no
// chance in it, so a cell's expectation is not what is due. The unit must be
// below 2^42, so that costs add up in 64 bits.
func (t table) nearest() []int {
	n := t.network()
	r := residue{network: n, cost: make([]int64, len(n.arcs)), fixed: make([]bool, len(n.arcs))}
	for i, a := range n.arcs {
		r.fixed[i] = a.part.Sign() == 0
	}
	for c, a := range n.cells {
		r.cost[a] = t.unit.Int64() - 2*n.began[c].Int64()
	}
	n.settle(func(cycle []int, forwards []bool, _, _ *big.Int) bool {
		along := int64(0)
		for i, a := range cycle {
			if forwards[i] {
				along += r.cost[a]
			} else {
				along -= r.cost[a]
			}
		}
		return along <= 0
	})
	r.up = make([]bool, len(n.arcs))
	for i, a := range n.arcs {
		r.up[i] = a.part.Sign() > 0
	}
	for r.cheaper() {
	}
	for i := range n.arcs {
		if n.arcs[i].part.SetInt64(0); r.up[i] {
			n.arcs[i].part.Set(n.unit)
		}
	}
	return t.whole(n)
}

// residue is a settled network in which arcs that were broken may still change
// between their two whole neighbours.
type residue struct {
	*network
	cost  []int64 // of going up
	fixed []bool  // whole from the beginning
	up    []bool
}

// cheaper finds cycles that cost less turned around and turns them, by Bellman
// and Ford's search from all nodes at once. It looks for a cycle among the ways
// found after every pass, which is long before the search would end.
func (r *residue) cheaper() bool {
	far, by := make([]int64, len(r.at)), make([]int, len(r.at))
	for v := range by {
		by[v] = -1
	}
	for {
		moved := false
		for i, a := range r.arcs {
			if r.fixed[i] {
				continue
			}
			from, to, c := a.from, a.to, r.cost[i]
			if r.up[i] {
				from, to, c = a.to, a.from, -c
			}
			if d := far[from] + c; d < far[to] {
				far[to], by[to], moved = d, i, true
			}
		}
		if !moved {
			return false
		}
		if r.turn(by) {
			return true
		}
	}
}

// turn turns every cycle among the arcs by which nodes were reached.
func (r *residue) turn(by []int) bool {
	seen, found := make([]int, len(by)), false // by which start a node was seen
	for start := range by {
		v := start
		for by[v] >= 0 && seen[v] == 0 {
			seen[v] = start + 1
			v = r.other(by[v], v)
		}
		if by[v] < 0 || seen[v] != start+1 {
			continue
		}
		found = true
		for first := v; ; {
			i := by[v]
			r.up[i] = !r.up[i]
			if v = r.other(i, v); v == first {
				break
			}
		}
	}
	return found
}

func (n *network) other(arc, node int) int { return n.arcs[arc].from + n.arcs[arc].to - node }
