package sampling

import (
	"math/big"
	"slices"
)

// table is a set of cells, each with the visits due in it as value/unit, and its
// place in two trees: the nodes from the top down. Two cells under the same node
// share all nodes above it. Node numbers are the caller's; a number belongs to
// one tree and one level only.
type table struct {
	values []*big.Int
	unit   *big.Int
	first  [][]int
	second [][]int
}

// round gives each cell a whole number so that every cell, every node of either
// tree and the total end within one of what is due, and each cell's expectation
// is exactly what is due (two hierarchies: Budish, Che, Kojima, Milgrom 2013).
// below draws a whole number from 0 up to but without its argument, evenly.
//
// The table is a circulation: root, first tree, cells, second tree upside down,
// and back to the root. While some arc carries a broken number, broken arcs
// contain a cycle, because whole numbers flow in and out of no node otherwise.
// Pushing along the cycle until an arc becomes whole, forwards or backwards with
// the odds that keep the mean, ends after at most as many steps as there are
// arcs. It needs exact numbers: with rounded ones flow would leak.
func (t table) round(below func(*big.Int) *big.Int) []int {
	n := t.network()
	n.settle(func(_ []int, _ []bool, rise, fall *big.Int) bool {
		return below(new(big.Int).Add(rise, fall)).Cmp(fall) < 0
	})
	return t.whole(n)
}

// whole reads the cells of a settled network.
func (t table) whole(n *network) []int {
	out := make([]int, len(t.values))
	whole := new(big.Int)
	for c := range t.values {
		a := n.cells[c]
		whole.Sub(t.values[c], n.began[c])
		whole.Add(whole, n.arcs[a].part)
		out[c] = int(whole.Quo(whole, t.unit).Int64())
	}
	return out
}

type arc struct {
	from, to int
	part     *big.Int // the broken part of its flow, 0 up to and with the unit
	broken   bool
}

type network struct {
	unit  *big.Int
	arcs  []arc
	at    [][]int    // arcs of each node
	cells []int      // arc of each cell
	began []*big.Int // broken part of each cell at the beginning

	forwards         []bool // of push, kept because it is called often
	rise, fall, room big.Int
}

func (t table) network() *network {
	n := &network{unit: t.unit, at: make([][]int, 2)}
	up, down := map[int]int{}, map[int]int{} // node number of the caller -> arc above it
	total := n.arc(1, 0)
	for c, v := range t.values {
		part := new(big.Int).Mod(v, t.unit)
		n.began = append(n.began, part)
		n.add(total, part)
		from, to := 0, 1
		for _, name := range t.first[c] {
			a, known := up[name]
			if !known {
				a = n.arc(from, n.node())
				up[name] = a
			}
			n.add(a, part)
			from = n.arcs[a].to
		}
		for _, name := range t.second[c] {
			a, known := down[name]
			if !known {
				a = n.arc(n.node(), to)
				down[name] = a
			}
			n.add(a, part)
			to = n.arcs[a].from
		}
		a := n.arc(from, to)
		n.add(a, part)
		n.cells = append(n.cells, a)
	}
	for i := range n.arcs {
		n.arcs[i].broken = n.arcs[i].part.Sign() > 0
	}
	return n
}

func (n *network) node() int {
	n.at = append(n.at, nil)
	return len(n.at) - 1
}

func (n *network) arc(from, to int) int {
	a := len(n.arcs)
	n.arcs = append(n.arcs, arc{from: from, to: to, part: new(big.Int)})
	n.at[from], n.at[to] = append(n.at[from], a), append(n.at[to], a)
	return a
}

func (n *network) add(a int, part *big.Int) {
	p := n.arcs[a].part
	if p.Add(p, part); p.Cmp(n.unit) >= 0 {
		p.Sub(p, n.unit)
	}
}

// next finds a broken arc at a node other than the one it was reached by, or -1.
// Arcs that have become whole are dropped on the way.
func (n *network) next(node, by int) int {
	list := n.at[node]
	for i := 0; i < len(list); {
		a := list[i]
		switch {
		case !n.arcs[a].broken:
			list[i] = list[len(list)-1]
			list = list[:len(list)-1]
			n.at[node] = list
		case a == by:
			i++
		default:
			return a
		}
	}
	return -1
}

// direction decides whether a cycle of arcs is pushed forwards, by rise, or
// backwards, by fall. forwards says which arcs run along the cycle.
type direction func(cycle []int, forwards []bool, rise, fall *big.Int) bool

// settle pushes along cycles of broken arcs until none is left.
func (n *network) settle(decide direction) {
	place := make([]int, len(n.at)) // 1 + position on the path, 0 where not on it
	var nodes, path []int
	for start := range n.at {
		nodes, path = append(nodes[:0], start), path[:0]
		place[start] = 1
		for {
			here, by := nodes[len(nodes)-1], -1
			if len(path) > 0 {
				by = path[len(path)-1]
			}
			a := n.next(here, by)
			if a < 0 {
				break // only at the start: any other node on the path has a second broken arc
			}
			there := n.arcs[a].from + n.arcs[a].to - here
			path = append(path, a)
			if place[there] == 0 {
				nodes = append(nodes, there)
				place[there] = len(nodes)
				continue
			}
			begin := place[there] - 1
			n.push(there, path[begin:], decide)
			for _, v := range nodes[begin+1:] {
				place[v] = 0
			}
			nodes, path = nodes[:begin+1], path[:begin]
		}
		place[start] = 0
	}
}

// push moves flow around the cycle that starts at a node, as far as it goes in
// the direction that was decided. With odds of fall to rise for going forwards,
// every arc keeps its mean.
func (n *network) push(node int, cycle []int, decide direction) {
	forwards := slices.Grow(n.forwards[:0], len(cycle))[:len(cycle)]
	n.forwards = forwards
	rise, fall, room := n.rise.Set(n.unit), n.fall.Set(n.unit), &n.room
	for i, a := range cycle {
		p := n.arcs[a].part
		forwards[i] = n.arcs[a].from == node
		node = n.arcs[a].from + n.arcs[a].to - node
		room.Sub(n.unit, p)
		more, less := room, p
		if !forwards[i] {
			more, less = p, room
		}
		if more.Cmp(rise) < 0 {
			rise.Set(more)
		}
		if less.Cmp(fall) < 0 {
			fall.Set(less)
		}
	}
	by := rise
	if !decide(cycle, forwards, rise, fall) {
		by = fall.Neg(fall)
	}
	for i, a := range cycle {
		p := n.arcs[a].part
		if forwards[i] {
			p.Add(p, by)
		} else {
			p.Sub(p, by)
		}
		n.arcs[a].broken = p.Sign() > 0 && p.Cmp(n.unit) < 0
	}
}
