package sampling

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"slices"
	"sort"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestPermanentRandomNumbers(t *testing.T) {
	var v struct {
		Inputs   struct{ Seed string }
		Expected []struct {
			ID, U string
			Hex   string `json:"hmac_hex_first_8_bytes"`
		}
	}
	vector(t, "prn_01_hash.json", &v)
	require.Len(t, v.Expected, 17)
	for _, want := range v.Expected {
		u, err := strconv.ParseFloat(want.U, 64)
		require.NoError(t, err)
		require.Equal(t, math.Float64bits(u), math.Float64bits(Number(v.Inputs.Seed, want.ID).Float()), want.ID)
		b, err := hex.DecodeString(want.Hex)
		require.NoError(t, err)
		require.Equal(t, Turn(binary.BigEndian.Uint64(b)>>12)*2+1, Number(v.Inputs.Seed, want.ID))
	}
	require.Equal(t, Number("s", "Müller"), Number("s", "Mu\u0308ller"), "composed and decomposed are one customer")
}

func TestRotation(t *testing.T) {
	var v struct {
		Inputs struct {
			Sample int     `json:"n"`
			All    int     `json:"N"`
			Shift  float64 `json:"shift_per_year"`
			U      []float64
		}
		Expected []struct {
			Year   int
			Sample []int `json:"sample_1based"`
		}
	}
	vector(t, "prn_03_rotation.json", &v)
	turn := func(f float64) Turn { return Turn(math.Round(f * float64(circle))) }
	for _, want := range v.Expected {
		var start Turn
		for range want.Year {
			start = start.Plus(turn(v.Inputs.Shift))
		}
		order := make([]int, v.Inputs.All)
		for i := range order {
			order[i] = i + 1
		}
		sort.Slice(order, func(i, j int) bool {
			return turn(v.Inputs.U[order[i]-1]).From(start) < turn(v.Inputs.U[order[j]-1]).From(start)
		})
		got := order[:v.Inputs.Sample]
		slices.Sort(got)
		require.Equal(t, want.Sample, got, "year %d", want.Year)
	}
}

func TestShift(t *testing.T) {
	for _, c := range []struct {
		x, n int
		want float64
	}{{12, 50, 0.34}, {2, 10, 0.45}, {4, 10, 0.5}, {20, 50, 0.5}, {21, 50, 0.42}, {5, 5, 0}, {0, 5, 0}, {0, 0, 0}, {240, 1000, 0.34}} {
		require.InDelta(t, c.want, Shift(c.x, c.n).Float(), 1e-15, "%d of %d", c.x, c.n)
	}
}

func TestMergeVectors(t *testing.T) {
	var v struct {
		Cases []struct {
			Type      string
			Expected  []float64 `json:"expected_visits"`
			Threshold float64
			Groups    [][]int   `json:"groups_1based"`
			Log       [][][]int `json:"merge_log"`
		}
	}
	vector(t, "collapse_01.json", &v)
	require.Len(t, v.Cases, 4)
	oneBased := func(in []int) []int {
		out := make([]int, len(in))
		for i, k := range in {
			out[i] = k + 1
		}
		return out
	}
	for _, c := range v.Cases {
		sizes := make([]int, len(c.Expected))
		for i, e := range c.Expected {
			sizes[i] = int(math.Round(e * 10))
		}
		groups, log := merge(sizes, func(n int) bool { return n >= int(c.Threshold*10) }, c.Type == "ordinal")
		var gotGroups [][]int
		var gotLog [][][]int
		for _, g := range groups {
			gotGroups = append(gotGroups, oneBased(g))
		}
		for _, m := range log {
			gotLog = append(gotLog, [][]int{oneBased(m.a), oneBased(m.b)})
		}
		require.Equal(t, c.Groups, gotGroups)
		require.Equal(t, c.Log, gotLog)
	}
}

// plainMerge is the rule word by word, for comparison.
func plainMerge(sizes []int, least int, ordered bool) [][]int {
	var groups [][]int
	size := map[int]int{}
	for i, s := range sizes {
		groups, size[i] = append(groups, []int{i}), s
	}
	for len(groups) > 1 {
		order := make([]int, len(groups))
		for i := range order {
			order[i] = i
		}
		sort.SliceStable(order, func(i, j int) bool { return size[groups[order[i]][0]] < size[groups[order[j]][0]] })
		a, b := order[0], order[1]
		if size[groups[a][0]] >= least {
			break
		}
		if ordered {
			b = a - 1
			if a == 0 || a+1 < len(groups) && size[groups[a+1][0]] < size[groups[a-1][0]] {
				b = a + 1
			}
		}
		a, b = min(a, b), max(a, b)
		size[groups[a][0]] += size[groups[b][0]]
		groups[a] = append(groups[a], groups[b]...)
		slices.Sort(groups[a])
		groups = slices.Delete(groups, b, b+1)
	}
	return groups
}

func TestMergeIsTheRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(1, 20), 1, 30).Draw(t, "sizes")
		least, ordered := rapid.IntRange(1, 40).Draw(t, "least"), rapid.Bool().Draw(t, "ordered")
		groups, _ := merge(sizes, func(n int) bool { return n >= least }, ordered)
		require.Equal(t, plainMerge(sizes, least, ordered), groups)
	})
}

// rounding runs a table of hundredths often and checks every margin each time
// and the means at the end.
func rounding(t *testing.T, values []int64, first, second [][]int, tolerance float64) {
	tab := table{unit: big.NewInt(100), first: first, second: second}
	for _, v := range values {
		tab.values = append(tab.values, big.NewInt(v))
	}
	const draws = 20_000
	s, means := newStream("rounding", "test", 1), make([]float64, len(values))
	for range draws {
		got := tab.round(s.below)
		checkMargins(t, values, got, first, second, 100)
		for c, n := range got {
			means[c] += float64(n) / draws
		}
	}
	for c, mean := range means {
		require.InDelta(t, float64(values[c])/100, mean, tolerance, "cell %d", c)
	}
}

// checkMargins wants each cell, each node and the total between floor and
// ceiling of what is due.
func checkMargins(t require.TestingT, values []int64, got []int, first, second [][]int, unit int64) {
	due, have := map[string]int64{}, map[string]int64{}
	add := func(node string, c int) { due[node] += values[c]; have[node] += int64(got[c]) }
	for c := range values {
		add(fmt.Sprint("cell ", c), c)
		add("total", c)
		for _, n := range first[c] {
			add(fmt.Sprint("first ", n), c)
		}
		for _, n := range second[c] {
			add(fmt.Sprint("second ", n), c)
		}
	}
	for node, d := range due {
		if have[node] < d/unit || have[node] > (d+unit-1)/unit {
			require.Failf(t, "margin broken", "%s: due %d/%d, got %d", node, d, unit, have[node])
		}
	}
}

func TestTwoWayRounding(t *testing.T) {
	var v struct {
		Inputs struct{ Table [][]float64 }
	}
	vector(t, "cr_01_two_way.json", &v)
	var values []int64
	var rows, cols [][]int
	for i, row := range v.Inputs.Table {
		for j, x := range row {
			values, rows, cols = append(values, int64(math.Round(x*100))), append(rows, []int{i}), append(cols, []int{j})
		}
	}
	rounding(t, values, rows, cols, 0.015)
}

func TestTwoHierarchiesRounding(t *testing.T) {
	var v struct {
		Inputs struct {
			Cells []struct {
				Region, Segment, Industry, Stage int
				Expected                         float64
			}
		}
	}
	vector(t, "cr_03_bihierarchy.json", &v)
	require.Len(t, v.Inputs.Cells, 24)
	var values []int64
	var first, second [][]int
	for _, c := range v.Inputs.Cells {
		values = append(values, int64(math.Round(c.Expected*100)))
		first = append(first, []int{c.Region, 10 + 2*c.Region + c.Segment})
		second = append(second, []int{c.Industry, 10 + 2*c.Industry + c.Stage})
	}
	rounding(t, values, first, second, 0.015)
}

func TestRoundingKeepsEveryMargin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 60).Draw(t, "cells")
		unit := rapid.Int64Range(1, 1000).Draw(t, "unit")
		tab := table{unit: big.NewInt(unit)}
		var values []int64
		for range size {
			v := rapid.Int64Range(0, 3*unit).Draw(t, "value")
			a, b := rapid.IntRange(0, 11).Draw(t, "first"), rapid.IntRange(0, 11).Draw(t, "second")
			values, tab.values = append(values, v), append(tab.values, big.NewInt(v))
			tab.first = append(tab.first, []int{a / 4, 100 + a/2, 200 + a})
			tab.second = append(tab.second, []int{b / 3, 100 + b})
		}
		got := tab.round(newStream(rapid.String().Draw(t, "seed"), "test", 1).below)
		checkMargins(t, values, got, tab.first, tab.second, unit)
	})
}

// TestThreeTreesAreTooMany records why the design offers two: with three crossed
// dimensions no rounding need exist at all.
func TestThreeTreesAreTooMany(t *testing.T) {
	var v struct {
		Inputs struct {
			Cells []struct{ Region, Segment, Stage int }
		}
	}
	vector(t, "cr_02_three_margins_impossible.json", &v)
	exact, within := 0, 0
	for set := range 16 {
		margins, taken := map[[2]int]int{}, 0
		for i, c := range v.Inputs.Cells {
			n := set >> i & 1
			taken += n
			margins[[2]int{0, c.Region}] += n
			margins[[2]int{1, c.Segment}] += n
			margins[[2]int{2, c.Stage}] += n
		}
		worst := 0
		for _, m := range margins {
			worst = max(worst, m-1, 1-m)
		}
		if worst == 0 {
			exact++
		}
		if worst <= 1 && taken == 2 {
			within++
		}
	}
	require.Equal(t, 0, exact)
	require.Equal(t, 6, within)
}

// TestDrawKeepsBothTrees checks a whole selection: every value and pair of values
// across strata ends within one visit of its due.
func TestDrawKeepsBothTrees(t *testing.T) {
	f := frozen(t, company(3000, 11))
	d := Design{Seed: "s", Year: 2027, Visits: 300, Dimensions: Named("region", "segment"), Across: []string{"stage", "city"}}
	s := selected(t, f, d)
	due, got := map[string]float64{}, map[string]float64{}
	for i, r := range s.Rows {
		if r.Must {
			continue
		}
		for _, node := range []string{f.Units[i].Values["stage"], f.Units[i].Values["stage"] + "/" + f.Units[i].Values["city"]} {
			due[node] += r.Pi
			if r.Taken {
				got[node]++
			}
		}
	}
	require.Greater(t, len(due), 300)
	for node := range due {
		require.Less(t, math.Abs(got[node]-due[node]), 1+1e-9, node)
	}
}

// TestEveryoneHasTheStatedChance draws 20,000 times with different seeds:
// customers are taken as often as their inclusion probability says, cells or not,
// and weights give back the number of customers.
func TestEveryoneHasTheStatedChance(t *testing.T) {
	units := company(60, 13)
	f := frozen(t, units)
	for name, d := range map[string]Design{
		"strata": {Visits: 15, Dimensions: Named("segment")},
		"cells":  {Visits: 15, Dimensions: Named("segment"), Across: []string{"stage"}},
		"turned": {Visits: 15, Turns: map[string]Turn{"all": Number("any", "start")}},
	} {
		const draws = 20_000
		count, pi := make([]float64, len(units)), make([]float64, len(units))
		d.Seed = "any"
		p, err := prepare(f, d)
		require.NoError(t, err)
		for i := range draws {
			weight := 0.0
			for k, r := range p.draw(fmt.Sprint("seed ", i)).Rows {
				pi[k] = r.Pi
				if r.Taken {
					count[k]++
					weight += r.Weight
				}
			}
			require.InDelta(t, len(units), weight, 1e-9)
		}
		for k := range units {
			noise := math.Sqrt(pi[k]*(1-pi[k])/draws) + 1e-12
			require.Less(t, math.Abs(count[k]/draws-pi[k]), 4.5*noise, "%s, %s", name, units[k].ID)
		}
	}
}

// TestRepeatsAreRare compares a year's draw with the next: the shift of a tenth
// beyond the share visited leaves the stated number of repeats, where draws that
// know nothing of each other repeat far more.
func TestRepeatsAreRare(t *testing.T) {
	for _, c := range []struct {
		n, x    int
		repeats float64
	}{{50, 12, 0.087}, {10, 2, 0.03}, {50, 30, 10}} {
		const draws = 10_000
		again := 0.0
		for i := range draws {
			seed := fmt.Sprint(i)
			order := func(start Turn) []int {
				at := make([]int, c.n)
				u := make([]Turn, c.n)
				for k := range at {
					at[k], u[k] = k, Number(seed, fmt.Sprint(k)).From(start)
				}
				sort.Slice(at, func(i, j int) bool { return u[at[i]] < u[at[j]] })
				return at[:c.x]
			}
			first := order(0)
			for _, k := range order(Shift(c.x, c.n)) {
				if slices.Contains(first, k) {
					again += 1.0 / draws
				}
			}
		}
		if c.repeats < 1 {
			require.InDelta(t, c.repeats, again, 0.02, "%d of %d", c.x, c.n)
		} else {
			require.InDelta(t, c.repeats, again, 1.5, "%d of %d: 2f−1 at least", c.x, c.n)
		}
	}
}

// TestCellsHaveNamesOfTheirOwn: replacements go by the cell's name, so two cells
// may not share one, whatever the values hold.
func TestCellsHaveNamesOfTheirOwn(t *testing.T) {
	var units []Unit
	for i, v := range [][2]string{{"a · b", "c"}, {"a", "b · c"}, {"", "x"}, {"no one", "x"}} {
		for k := range 5 {
			units = append(units, Unit{ID: fmt.Sprint(i, "-", k), Values: map[string]string{"one": v[0], "two": v[1]}})
		}
	}
	f := frozen(t, units)
	of := map[string]string{}
	for _, r := range selected(t, f, Design{Seed: "s", Visits: 8, Across: []string{"one", "two"}}).Rows {
		group := r.ID[:1]
		require.True(t, of[r.Cell] == "" || of[r.Cell] == group, "%s has customers of two cells", r.Cell)
		of[r.Cell] = group
	}
	require.Len(t, of, 4)
}

func TestCodes(t *testing.T) {
	one := func(values ...string) part {
		p := part{}
		for i, v := range values {
			p.values = append(p.values, Value{fmt.Sprint("dim", i), []string{v}})
		}
		return p
	}
	require.Equal(t, []string{"ST", "SO", "SR", "OS", "NO", "PS", "AA", "EB", "ER"}, codes([]part{
		one("Strategic"), one("Software"), one("Strategic"), one("Österreich"), one("Nordrhein"), one("Public Sector"), one("日本"),
		one("EMEA", "Banking"), one("EMEA", "Retail")}))
	var many []part
	for i := range 2000 {
		many = append(many, one(fmt.Sprint("Same ", i)))
	}
	seen := map[string]bool{MustCode: true}
	for i, c := range codes(many) {
		require.False(t, seen[c])
		require.True(t, len(c) == 2 || i >= 675 && len(c) == 3)
		seen[c] = true
	}
}

func TestManyValuesMerge(t *testing.T) {
	var units []Unit
	for i := range 20_000 {
		units = append(units, Unit{ID: fmt.Sprint(i), Values: map[string]string{"city": fmt.Sprint(i % 10_000)}})
	}
	f := frozen(t, units)
	d := Design{Seed: "s", Visits: 200, Dimensions: Named("city")}
	s := selected(t, f, d)
	consistent(t, f, d, s)
	require.LessOrEqual(t, len(s.Strata), 100)
	require.NotEmpty(t, s.MergeLines())
}
