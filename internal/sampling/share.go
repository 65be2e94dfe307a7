package sampling

import "math/big"

// shareDigits is the number of binary digits of what is due to an executive.
const shareDigits = 20

// target says what is due to each executive in each class. Fair is a number of
// visits in proportion to capacity; where eligibility forbids that, everybody's
// limit is raised in proportion until the visits can be dealt, and nobody is due
// more than that.
func (g *deck) target() {
	capacity, visits := int64(0), int64(0)
	for _, x := range g.d.Executives {
		capacity += int64(x.Capacity)
	}
	for _, k := range g.classes {
		visits += int64(k.visits)
	}
	g.unit = max(capacity, 1) << shareDigits
	cols := make([]int64, len(g.classes))
	for c, k := range g.classes {
		cols[c] = int64(k.visits) * g.unit
	}
	// A limit of l/2^shareDigits of the capacity: fair is visits/capacity.
	limits := func(l int64) []int64 {
		rows := make([]int64, len(g.d.Executives))
		for e, x := range g.d.Executives {
			rows[e] = int64(x.Capacity) * l
		}
		return rows
	}
	fits := func(l int64) bool {
		t := newTransport(limits(l), cols, g.open)
		t.fill()
		return t.missing() == 0
	}
	low, high := visits<<shareDigits, capacity<<shareDigits
	if capacity > 0 && fits(low) {
		high = low
	}
	for high-low > 1 {
		if mid := low + (high-low)/2; fits(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	g.loads = limits(high)
	g.due = g.rake(cols)
}

// rake fits shares in proportion to capacity to the loads and the classes, and
// makes them exact in units.
func (g *deck) rake(cols []int64) [][]int64 {
	fit := newFit(len(g.loads), len(cols))
	for e, x := range g.d.Executives {
		fit.rows[e] = float64(g.loads[e]) / float64(g.unit)
		for c := range cols {
			if g.may[e][c] {
				fit.cells[e][c] = float64(x.Capacity)
			}
		}
	}
	for c := range cols {
		fit.cols[c] = float64(cols[c]) / float64(g.unit)
	}
	fit.run()
	t := newTransport(g.loads, cols, g.open)
	for e := range g.loads {
		for c := range cols {
			// A hair below, so that no margin is passed before it is filled exactly.
			by := min(int64(fit.cells[e][c]*float64(g.unit)*(1-1e-9)), t.rows[e], t.cols[c])
			t.send(e, c, by)
			t.rows[e] -= by
			t.cols[c] -= by
		}
	}
	t.fill()
	return t.flow
}

// share rounds what is due. First tree: executive, executive and region,
// executive and stratum. Second: region, stratum, class, which are whole.
func (g *deck) share() {
	t := table{unit: big.NewInt(g.unit)}
	names := map[[3]int]int{}
	node := func(a, b, c int) int {
		k := [3]int{a, b, c}
		n, known := names[k]
		if !known {
			n = len(names)
			names[k] = n
		}
		return n
	}
	regions := map[string]int{}
	var at [][2]int
	for c, k := range g.classes {
		r, known := regions[k.region]
		if !known {
			r = len(regions)
			regions[k.region] = r
		}
		group := k.stratum*(len(g.classes)+1) + r // must-visits of one region are a stratum of their own here
		for e := range g.d.Executives {
			if g.due[e][c] == 0 {
				continue
			}
			t.values = append(t.values, big.NewInt(g.due[e][c]))
			t.first = append(t.first, []int{node(e, -1, 0), node(e, r, 1), node(e, group, 2)})
			t.second = append(t.second, []int{node(-1, r, 3), node(-1, group, 4), node(-1, c, 5)})
			at = append(at, [2]int{e, c})
		}
	}
	var whole []int
	if g.d.Nearest {
		whole = t.nearest()
	} else {
		whole = t.round(newStream(g.d.Seed, "deal/v1", g.d.Year).below)
	}
	g.counts = make([][]int, len(g.d.Executives))
	for e := range g.counts {
		g.counts[e] = make([]int, len(g.classes))
	}
	for i, n := range whole {
		g.counts[at[i][0]][at[i][1]] = n
	}
}
