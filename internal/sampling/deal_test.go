package sampling

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/fault"
)

func TestRaking(t *testing.T) {
	var v struct {
		Cases []struct {
			Name     string
			Seed     [][]float64
			Rows     []float64 `json:"row_targets"`
			Cols     []float64 `json:"col_targets"`
			Fitted   [][]float64
			Feasible *bool
		}
	}
	vector(t, "ipf_01.json", &v)
	require.Len(t, v.Cases, 3)
	for _, c := range v.Cases {
		got, err := Rake(c.Seed, c.Rows, c.Cols)
		if c.Feasible != nil {
			require.True(t, fault.Is(err, fault.Invalid))
			shown, _ := fault.Shown(err)
			require.Contains(t, shown, "rows 1,2 need 10 but column 1 takes only 6")
			continue
		}
		require.NoError(t, err)
		for r := range c.Fitted {
			require.InDeltaSlice(t, c.Fitted[r], got[r], 1e-7, "%s, row %d", c.Name, r)
		}
	}
	_, err := Rake([][]float64{{1}}, []float64{1}, []float64{2})
	require.True(t, fault.Is(err, fault.Invalid))
}

// TestSpreadOverExecutives builds a selection whose strata and executives are
// those of the vector, and deals it.
func TestSpreadOverExecutives(t *testing.T) {
	var v struct {
		Inputs struct {
			Capacity []int
			Visits   []int `json:"stratum_visits"`
			Eligible [][]int
		}
		Expected struct {
			Target     [][]float64 `json:"ipf_target"`
			Assignment [][]int
			Squares    float64   `json:"sum_of_squared_deviation"`
			Variation  []float64 `json:"total_variation_per_executive"`
		}
	}
	vector(t, "exec_01_spread.json", &v)
	var units []Unit
	for h, x := range v.Inputs.Visits {
		for i := range x {
			units = append(units, Unit{ID: fmt.Sprintf("%d-%d", h, i), Values: map[string]string{"group": fmt.Sprint(h)}})
		}
	}
	f := frozen(t, units)
	s := selected(t, f, Design{Seed: "s", Visits: len(units), Dimensions: Named("group"), MergeBelow: -1})
	d := Dealing{Seed: "s", Nearest: true}
	for e, capacity := range v.Inputs.Capacity {
		x := Executive{ID: fmt.Sprint(e), Capacity: capacity, Only: map[string][]string{}}
		for h, may := range v.Inputs.Eligible[e] {
			if may == 1 {
				x.Only["group"] = append(x.Only["group"], fmt.Sprint(h))
			}
		}
		d.Executives = append(d.Executives, x)
	}
	got, err := Deal(f, s, d)
	require.NoError(t, err)
	require.Empty(t, got.Undealt)
	at := map[string]int{}
	for h, st := range s.Strata {
		at[st.Code] = h
	}
	squares := 0.0
	for e, hand := range got.Executives {
		visits, due := make([]int, len(s.Strata)), make([]float64, len(s.Strata))
		for _, share := range hand.Shares {
			visits[at[share.Code]], due[at[share.Code]] = share.Visits, share.Due
			squares += (share.Due - float64(share.Visits)) * (share.Due - float64(share.Visits))
		}
		require.InDeltaSlice(t, v.Expected.Target[e], due, 1e-6)
		require.Equal(t, v.Expected.Assignment[e], visits, "executive %d", e+1)
		require.InDelta(t, v.Expected.Variation[e], hand.Dozen.Variation, 1e-8)
		require.Equal(t, v.Inputs.Capacity[e], hand.Visits)
	}
	require.InDelta(t, v.Expected.Squares, squares, 1e-6)
}

func TestNearestRounding(t *testing.T) {
	var v struct {
		Inputs   struct{ Table [][]float64 }
		Expected struct {
			Nearest [][]int `json:"nearest_L2"`
			Squares float64 `json:"sum_of_squared_changes"`
			Valid   int     `json:"number_of_all_valid_controlled_roundings"`
		}
	}
	vector(t, "cr_01_two_way.json", &v)
	tab := table{unit: big.NewInt(100)}
	var values []int64
	for i, row := range v.Inputs.Table {
		for j, x := range row {
			values = append(values, int64(math.Round(x*100)))
			tab.values = append(tab.values, big.NewInt(values[len(values)-1]))
			tab.first, tab.second = append(tab.first, []int{i}), append(tab.second, []int{j})
		}
	}
	got := tab.nearest()
	for i, row := range v.Expected.Nearest {
		require.Equal(t, row, got[5*i:5*i+5])
	}
	require.InDelta(t, v.Expected.Squares, squaredChange(values, got, 100), 1e-9)
	valid, least := everyRounding(values, tab.first, tab.second, 100)
	require.Equal(t, v.Expected.Valid, valid)
	require.InDelta(t, v.Expected.Squares, least, 1e-9)
}

func squaredChange(values []int64, got []int, unit float64) float64 {
	s := 0.0
	for c, v := range values {
		gap := float64(v)/unit - float64(got[c])
		s += gap * gap
	}
	return s
}

// everyRounding counts all roundings of a small table that keep every margin,
// and gives the least squared change.
func everyRounding(values []int64, first, second [][]int, unit int64) (valid int, least float64) {
	least = math.Inf(1)
	due, nodes := map[string]int64{}, make([][]string, len(values))
	for c := range values {
		nodes[c] = []string{"total"}
		for _, n := range first[c] {
			nodes[c] = append(nodes[c], fmt.Sprint("first ", n))
		}
		for _, n := range second[c] {
			nodes[c] = append(nodes[c], fmt.Sprint("second ", n))
		}
		for _, n := range nodes[c] {
			due[n] += values[c]
		}
	}
	names := make([]string, 0, len(due))
	for n := range due {
		names = append(names, n)
	}
	index := map[string]int{}
	for i, n := range names {
		index[n] = i
	}
	var where [][]int
	for c := range values {
		var list []int
		for _, n := range nodes[c] {
			list = append(list, index[n])
		}
		where = append(where, list)
	}
	got, have := make([]int, len(values)), make([]int64, len(names))
	for set := range 1 << len(values) {
		clear(have)
		ok := true
		for c, v := range values {
			up := int64(set >> c & 1)
			if up == 1 && v%unit == 0 {
				ok = false
				break
			}
			got[c] = int(v/unit + up)
			for _, i := range where[c] {
				have[i] += int64(got[c])
			}
		}
		for i, n := range names {
			ok = ok && have[i] >= due[n]/unit && have[i] <= (due[n]+unit-1)/unit
		}
		if ok {
			valid++
			least = math.Min(least, squaredChange(values, got, float64(unit)))
		}
	}
	return valid, least
}

func TestNearestIsTheNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.Int64Range(2, 30).Draw(t, "unit")
		tab := table{unit: big.NewInt(unit)}
		var values []int64
		for range rapid.IntRange(1, 11).Draw(t, "cells") {
			v := rapid.Int64Range(0, 2*unit).Draw(t, "value")
			a, b := rapid.IntRange(0, 5).Draw(t, "first"), rapid.IntRange(0, 5).Draw(t, "second")
			values, tab.values = append(values, v), append(tab.values, big.NewInt(v))
			tab.first, tab.second = append(tab.first, []int{a / 2, 100 + a}), append(tab.second, []int{b / 3, 100 + b})
		}
		got := tab.nearest()
		checkMargins(t, values, got, tab.first, tab.second, unit)
		_, least := everyRounding(values, tab.first, tab.second, unit)
		require.InDelta(t, least, squaredChange(values, got, float64(unit)), 1e-9)
	})
}

// TestDealing checks what must hold for every dealing.
func TestDealing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units := company(rapid.IntRange(20, 250).Draw(t, "customers"), rapid.Uint64().Draw(t, "company"))
		f, err := Freeze(units, nil)
		require.NoError(t, err)
		must := 0
		for _, u := range units {
			if u.Must {
				must++
			}
		}
		design := Design{Seed: "s", Dimensions: Named("region", "segment"), Visits: rapid.IntRange(max(5, must), len(units)).Draw(t, "visits")}
		s, err := Select(f, design)
		require.NoError(t, err)
		d := Dealing{Seed: rapid.StringN(1, 5, -1).Draw(t, "seed"), Year: 2027, Requires: map[string][]string{}, Nearest: rapid.Bool().Draw(t, "nearest")}
		tags, regions := []string{"language:de", "language:zh"}, []string{"EMEA", "Americas", "Asia", ""}
		for e := range rapid.IntRange(0, 6).Draw(t, "executives") {
			x := Executive{ID: fmt.Sprint(e), Capacity: rapid.IntRange(0, 40).Draw(t, "capacity"), Tags: rapid.SliceOfDistinct(rapid.SampledFrom(tags), rapid.ID[string]).Draw(t, "tags")}
			if rapid.Bool().Draw(t, "limited") {
				x.Only = map[string][]string{"region": rapid.SliceOfDistinct(rapid.SampledFrom(regions), rapid.ID[string]).Draw(t, "regions")}
			}
			d.Executives = append(d.Executives, x)
		}
		for _, u := range units {
			if rapid.IntRange(0, 9).Draw(t, "requires") == 0 {
				d.Requires[u.ID] = []string{rapid.SampledFrom(tags).Draw(t, "tag")}
			}
		}
		got, err := Deal(f, s, d)
		require.NoError(t, err)
		checkDealt(t, f, s, d, got)
		again, err := Deal(f, s, d)
		require.NoError(t, err)
		require.Equal(t, got, again)
	})
}

func checkDealt(t require.TestingT, f Frame, s Selection, d Dealing, got Dealt) {
	execs, unit, byExec := map[string]Executive{}, map[string]Unit{}, map[string]int{}
	for _, x := range d.Executives {
		execs[x.ID] = x
	}
	for _, u := range f.Units {
		unit[u.ID] = u
	}
	seen := map[string]bool{}
	may := func(x Executive, id string) bool {
		return x.mayVisit(class{requires: d.Requires[id], values: unit[id].Values})
	}
	for _, v := range got.Visits {
		require.False(t, seen[v.Customer])
		seen[v.Customer] = true
		require.True(t, may(execs[v.Executive], v.Customer), "%v", v)
		byExec[v.Executive]++
	}
	for _, u := range got.Undealt {
		require.False(t, seen[u.Customer])
		seen[u.Customer] = true
		for _, x := range d.Executives {
			require.False(t, u.Code == UndealtNobody && x.Capacity > 0 && may(x, u.Customer))
			require.False(t, may(x, u.Customer) && byExec[x.ID] < x.Capacity, "%s could have been visited by %s", u.Customer, x.ID)
		}
	}
	require.Equal(t, len(got.Undealt) > 0, len(got.Shortfalls) > 0)
	for _, r := range s.Rows {
		require.Equal(t, r.Taken, seen[r.ID])
	}
	region := map[string]string{}
	for _, h := range s.Strata {
		if !h.Must {
			region[h.Code] = quoted(h.Values[0].Values)
		}
	}
	for _, hand := range got.Executives {
		require.LessOrEqual(t, byExec[hand.Executive], hand.Capacity)
		require.Equal(t, byExec[hand.Executive], hand.Visits)
		require.Less(t, math.Abs(hand.Due-float64(hand.Visits)), 1+1e-9)
		for _, share := range hand.Shares {
			if region[share.Code] != "" {
				require.Less(t, math.Abs(share.Due-float64(share.Visits)), 1+1e-9)
			}
		}
	}
}

// TestDealtHearsACrossSection is the point of it all: 200 executives, each
// within one visit of the fair share in every region, and much nearer to the
// customers than a random dozen.
func TestDealtHearsACrossSection(t *testing.T) {
	f := frozen(t, company(10_000, 4))
	s := selected(t, f, Design{Seed: "s", Visits: 2400, Dimensions: Named("region", "segment")})
	d := Dealing{Seed: "s", Year: 2027}
	for e := range 200 {
		d.Executives = append(d.Executives, Executive{ID: fmt.Sprintf("E%03d", e), Capacity: 12})
	}
	got, err := Deal(f, s, d)
	require.NoError(t, err)
	checkDealt(t, f, s, d, got)
	region, score := map[string]string{}, 0.0
	for _, h := range s.Strata {
		if !h.Must {
			region[h.Code] = quoted(h.Values[0].Values)
		}
	}
	for _, hand := range got.Executives {
		require.Equal(t, 12, hand.Visits)
		due, visits := map[string]float64{}, map[string]float64{}
		for _, share := range hand.Shares {
			due[region[share.Code]] += share.Due
			visits[region[share.Code]] += float64(share.Visits)
		}
		for r := range due {
			if r != "" {
				require.Less(t, math.Abs(due[r]-visits[r]), 2.0) // the must-visits' part of the region is not in it
			}
		}
		score += hand.OfDrawn.Score / 200
		require.LessOrEqual(t, hand.OfDrawn.Variation, hand.OfDrawn.ByChance+0.05, "never much worse than a random dozen")
	}
	require.Greater(t, score, 0.5)
}

// TestDealingRaisesLoads: where fair numbers cannot be, limits rise in
// proportion, and executives who may do the same share by capacity.
func TestDealingRaisesLoads(t *testing.T) {
	var units []Unit
	for i := range 48 {
		units = append(units, Unit{ID: fmt.Sprintf("C%02d", i), Values: map[string]string{"region": []string{"East", "West", "West", "West"}[i%4]}})
	}
	f := frozen(t, units)
	s := selected(t, f, Design{Seed: "s", Visits: 48, Dimensions: Named("region")})
	east, west := map[string][]string{"region": {"East"}}, map[string][]string{"region": {"West"}}
	got, err := Deal(f, s, Dealing{Executives: []Executive{{ID: "a", Capacity: 10, Only: east}, {ID: "b", Capacity: 30, Only: east}, {ID: "c", Capacity: 20, Only: west}, {ID: "d", Capacity: 20}}})
	require.NoError(t, err)
	require.Empty(t, got.Undealt)
	for e, want := range []float64{3, 9, 18, 18} { // West needs 36 of c and d, so all of the East is left to a and b
		require.InDelta(t, want, got.Executives[e].Due, 1e-4)
		require.Equal(t, int(want), got.Executives[e].Visits)
	}
}

func TestDealingSaysWhatIsMissing(t *testing.T) {
	var units []Unit
	for i := range 30 {
		units = append(units, Unit{ID: fmt.Sprintf("C%02d", i), Values: map[string]string{"region": []string{"East", "West"}[i%2]}})
	}
	f := frozen(t, units)
	s := selected(t, f, Design{Seed: "s", Visits: 30, Dimensions: Named("region")})
	east := map[string][]string{"region": {"East"}}
	got, err := Deal(f, s, Dealing{Executives: []Executive{{ID: "a", Capacity: 40, Only: east}, {ID: "b", Capacity: 10}},
		Requires: map[string][]string{"C01": {"language:fi"}}})
	require.NoError(t, err)
	codes := map[string]int{}
	for _, u := range got.Undealt {
		codes[u.Code]++
	}
	require.Equal(t, map[string]int{UndealtNobody: 1, UndealtCapacity: 4}, codes)
	require.Equal(t, []string{"WE West (language:fi): no executive may visit 1 customer.",
		"WE West: 14 customers drawn, but the executives who may go there (1) have room for 10 visits."}, got.Shortfalls)
	require.Equal(t, []int{15, 10}, []int{got.Executives[0].Visits, got.Executives[1].Visits})

	got, err = Deal(f, s, Dealing{})
	require.NoError(t, err)
	require.Len(t, got.Undealt, 30)
	_, err = Deal(f, s, Dealing{Executives: []Executive{{ID: "a"}, {ID: "a"}, {ID: "b", Capacity: -1}}})
	_, details := fault.Shown(err)
	require.Len(t, details, 2)
	other := frozen(t, units[:20])
	_, err = Deal(other, s, Dealing{})
	require.True(t, fault.Is(err, fault.Conflict))
}

// TestDealingIsFair deals often: on average everybody gets in each stratum what
// is due.
func TestDealingIsFair(t *testing.T) {
	f := frozen(t, company(300, 8))
	s := selected(t, f, Design{Seed: "s", Visits: 50, Dimensions: Named("region")})
	d := Dealing{Executives: []Executive{{ID: "a", Capacity: 9}, {ID: "b", Capacity: 20, Only: map[string][]string{"region": {"EMEA", "Asia"}}}, {ID: "c", Capacity: 30}}}
	const times = 2000
	mean, due := map[string]float64{}, map[string]float64{}
	for i := range times {
		d.Seed = fmt.Sprint(i)
		got, err := Deal(f, s, d)
		require.NoError(t, err)
		for _, h := range got.Executives {
			for _, share := range h.Shares {
				k := h.Executive + " " + share.Code
				mean[k] += float64(share.Visits) / times
				due[k] = share.Due
			}
		}
	}
	for k := range due {
		require.InDelta(t, due[k], mean[k], 0.05, k)
	}
}

func TestOneHeard(t *testing.T) {
	var v struct {
		Inputs struct {
			Visits    []int `json:"visits_by_stratum"`
			Customers []int `json:"population_by_stratum"`
		}
		Expected struct {
			Strata    int     `json:"distinct_strata"`
			Simpson   float64 `json:"simpson_concentration"`
			Gini      float64 `json:"gini_simpson"`
			Unbiased  float64 `json:"gini_simpson_unbiased"`
			Inverse   float64 `json:"inverse_simpson_hill2"`
			Shannon   float64 `json:"shannon_nats"`
			Hill1     float64 `json:"hill1_exp_shannon"`
			Evenness  float64 `json:"pielou_evenness_over_all_12"`
			ByChance  float64 `json:"expected_distinct_strata_for_12_random_customers"`
			Variation float64 `json:"total_variation_to_population"`
			Random    float64 `json:"expected_total_variation_of_12_random_customers"`
			Least     float64 `json:"smallest_total_variation_possible_with_12_visits"`
			Best      []int   `json:"visits_of_that_best_set"`
			Score     float64 `json:"cross_section_score"`
		}
	}
	vector(t, "div_01_executive.json", &v)
	d, want := Hear(v.Inputs.Visits, v.Inputs.Customers), v.Expected
	require.Equal(t, want.Strata, d.Strata)
	require.Equal(t, want.Best, d.Best)
	for name, c := range map[string][2]float64{"simpson": {want.Simpson, d.Simpson}, "gini": {want.Gini, 1 - d.Simpson}, "unbiased": {want.Unbiased, d.Unbiased},
		"hill 2": {want.Inverse, 1 / d.Simpson}, "shannon": {want.Shannon, d.Shannon}, "hill 1": {want.Hill1, math.Exp(d.Shannon)},
		"evenness": {want.Evenness, d.Evenness}, "by chance": {want.ByChance, d.StrataByChance}, "variation": {want.Variation, d.Variation},
		"random": {want.Random, d.ByChance}, "least": {want.Least, d.Least}, "score": {want.Score, d.Score}} {
		require.InDelta(t, c[0], c[1], 1e-9, name)
	}
	require.Zero(t, Hear([]int{0, 0}, []int{3, 4}).Score)
}

// TestBestDozen compares with every way to spread a few visits.
func TestBestDozen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		customers := rapid.SliceOfN(rapid.IntRange(0, 9), 2, 4).Draw(t, "customers")
		all := 0
		for _, n := range customers {
			all += n
		}
		if all == 0 {
			return
		}
		m := rapid.IntRange(1, min(all, 7)).Draw(t, "visits")
		least := math.Inf(1)
		var spread func(visits []int, left int)
		spread = func(visits []int, left int) {
			if len(visits) == len(customers) {
				if left == 0 {
					least = math.Min(least, Hear(visits, customers).Variation)
				}
				return
			}
			for k := 0; k <= min(left, customers[len(visits)]); k++ {
				spread(append(slices.Clone(visits), k), left-k)
			}
		}
		spread(nil, m)
		best := bestDozen(customers, all, m)
		require.InDelta(t, least, Hear(best, customers).Least, 1e-12)
		for h := range best {
			require.LessOrEqual(t, best[h], customers[h])
		}
	})
}

func BenchmarkDeal(b *testing.B) {
	for _, c := range []struct{ customers, visits, executives int }{{10_000, 2_400, 200}, {100_000, 15_000, 1_000}} {
		f := frozen(b, company(c.customers, 4))
		s := selected(b, f, Design{Seed: "s", Visits: c.visits, Dimensions: Named("region", "segment", "stage")})
		d := Dealing{Seed: "s", Year: 2027, Requires: map[string][]string{}}
		for e := range c.executives {
			x := Executive{ID: fmt.Sprintf("E%04d", e), Capacity: c.visits/c.executives + e%4}
			if e%3 == 0 {
				x.Tags = []string{"language:de"}
			}
			if e%5 == 0 {
				x.Only = map[string][]string{"region": {"EMEA", "Asia"}}
			}
			d.Executives = append(d.Executives, x)
		}
		for i, u := range f.Units {
			if i%10 == 0 {
				d.Requires[u.ID] = []string{"language:de"}
			}
		}
		for _, d.Nearest = range []bool{false, true} {
			b.Run(fmt.Sprintf("%d visits, nearest %v", c.visits, d.Nearest), func(b *testing.B) {
				for b.Loop() {
					if _, err := Deal(f, s, d); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
