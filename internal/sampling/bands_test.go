package sampling

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/fault"
)

func TestInclusionBySize(t *testing.T) {
	var v struct {
		Cases []struct {
			Name    string
			Sizes   []int64 `json:"z"`
			N       int
			Forced  []int    `json:"forced_1based"`
			Exact   []string `json:"pi_exact"`
			Passes  [][]int  `json:"newly_certain_per_pass"`
			Certain []int    `json:"certainty_units_1based"`
			Weights []*float64
		}
	}
	vector(t, "pps_01_certainty.json", &v)
	require.Len(t, v.Cases, 4)
	shift := func(in []int, by int) []int {
		out := make([]int, len(in))
		for i, n := range in {
			out[i] = n + by
		}
		return out
	}
	for _, c := range v.Cases {
		t.Run(c.Name, func(t *testing.T) {
			got, err := InclusionBySize(c.Sizes, c.N, shift(c.Forced, -1))
			require.NoError(t, err)
			all := new(big.Rat)
			for i, want := range c.Exact {
				require.Equal(t, want, got.Pi[i].String())
				all.Add(all, got.Pi[i])
				if c.Weights[i] == nil {
					require.Contains(t, got.Zero, i)
					continue
				}
				pi, _ := got.Pi[i].Float64()
				require.InDelta(t, *c.Weights[i], 1/pi, 1e-9)
			}
			require.Equal(t, fmt.Sprintf("%d/1", c.N), all.String())
			require.Equal(t, c.Certain, shift(got.Certain, 1))
			require.Len(t, got.Passes, len(c.Passes))
			for i, pass := range c.Passes {
				require.Equal(t, pass, shift(got.Passes[i], 1))
			}
		})
	}
	for name, bad := range map[string]error{
		"negative":   errOf(InclusionBySize([]int64{1, -1}, 1, nil)),
		"too many":   errOf(InclusionBySize([]int64{1, 0}, 2, nil)),
		"too forced": errOf(InclusionBySize([]int64{1, 1}, 1, []int{0, 1})),
	} {
		require.True(t, fault.Is(bad, fault.Invalid), name)
	}
}

func errOf[T any](_ T, err error) error { return err }

func TestGiants(t *testing.T) {
	f := frozen(t, []Unit{{ID: "giant", Revenue: 1000}, {ID: "known giant", Revenue: 5000, Must: true}, {ID: "a", Revenue: 10}, {ID: "b", Revenue: 11}, {ID: "c"}})
	require.Equal(t, []string{"giant"}, f.Giants(3))
	require.Empty(t, f.Giants(5), "one visit more than there are customers with revenue")
}

func TestBandsHaveRoundBorders(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	revenues := make([]int64, 10_000)
	for i := range revenues {
		revenues[i] = int64(math.Exp(14 + 1.5*r.NormFloat64()))
	}
	revenues[0] = 0
	for n, want := range map[int][]string{
		1: {"any revenue"},
		2: {"under 20m", "20m and more"},
		3: {"under 10m", "10m to 50m", "50m and more"},
		4: {"under 5m", "5m to 20m", "20m to 100m", "100m and more"},
	} {
		b, err := MakeBands(revenues, n)
		require.NoError(t, err)
		require.Equal(t, want, b.Names)
	}
	b, err := MakeBands(revenues, 3)
	require.NoError(t, err)
	require.Equal(t, []string{"no revenue", "under 10m", "10m to 50m", "10m to 50m", "50m and more"},
		[]string{b.Of(0), b.Of(9_999_999), b.Of(10_000_000), b.Of(49_999_999), b.Of(50_000_000)})
	require.Equal(t, Dimension{SizeBand, []string{"no revenue", "under 10m", "10m to 50m", "50m and more"}}, b.Dimension())
	unit := Unit{ID: "a", Revenue: 17_000_000, Values: map[string]string{"region": "x"}}
	require.Equal(t, map[string]string{"region": "x", SizeBand: "10m to 50m"}, b.Mark([]Unit{unit})[0].Values)
	require.Len(t, unit.Values, 1, "the caller's customers stay as they are")
}

func TestBandsOfOddRevenues(t *testing.T) {
	for name, c := range map[string]struct {
		revenues []int64
		names    []string
	}{
		"none":        {nil, []string{"any revenue"}},
		"all zero":    {[]int64{0, 0}, []string{"any revenue"}},
		"all alike":   {[]int64{7, 7, 7}, []string{"any revenue"}},
		"close":       {[]int64{1_010_000, 1_040_000, 1_310_000, 1_320_000, 1_780_000}, []string{"under 1.3m", "1.3m to 1.7m", "1.7m and more"}},
		"two values":  {[]int64{3, 3, 900}, []string{"under 900", "900 and more"}},
		"largest":     {[]int64{1, maxRevenue}, []string{"under 100000tn", "100000tn and more"}},
		"one giant":   {[]int64{10, 11, 12, 13, 5_000_000_000}, []string{"under 11", "11 to 5bn", "5bn and more"}},
		"four digits": {[]int64{1_500, 1_500, 2_400, 9_000}, []string{"under 2k", "2k to 5k", "5k and more"}},
	} {
		b, err := MakeBands(c.revenues, 3)
		require.NoError(t, err, name)
		require.Equal(t, c.names, b.Names, name)
	}
	for _, n := range []int{0, 10} {
		require.True(t, fault.Is(errOf(MakeBands(nil, n)), fault.Invalid))
	}
	require.True(t, fault.Is(errOf(MakeBands([]int64{1, -1}, 3)), fault.Invalid))
	for _, from := range [][]int64{nil, {0}, {5, 5}, {7, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9}} {
		require.True(t, fault.Is(errOf(BandsAt(from)), fault.Invalid), "%v", from)
	}
	b, err := BandsAt([]int64{1_000_000, 25_000_000})
	require.NoError(t, err)
	require.Equal(t, []string{"under 1m", "1m to 25m", "25m and more"}, b.Names)
}

// TestBandsAreTheBest compares with every choice of borders of the same series.
func TestBandsAreTheBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		revenues := rapid.SliceOfN(rapid.Int64Range(1, 3000), 6, 40).Draw(t, "revenues")
		n := rapid.IntRange(2, 4).Draw(t, "bands")
		b, err := MakeBands(revenues, n)
		require.NoError(t, err)
		var borders []int64
		for ten := int64(1); ten <= 1000; ten *= 10 {
			borders = append(borders, ten, 2*ten, 5*ten)
		}
		least := math.Inf(1)
		var choose func(from []int64, at int)
		choose = func(from []int64, at int) {
			if len(from) == n-1 {
				if p, full := pullOf(revenues, from); full {
					least = math.Min(least, p)
				}
				return
			}
			for i := at; i < len(borders); i++ {
				choose(append(append([]int64(nil), from...), borders[i]), i+1)
			}
		}
		choose(nil, 0)
		if math.IsInf(least, 1) {
			return // too close together for this series
		}
		got, full := pullOf(revenues, b.From)
		require.True(t, full)
		require.InDelta(t, least, got, 1e-9)
	})
}

// pullOf is Σ A_h of bands, and whether each has customers.
func pullOf(revenues, from []int64) (float64, bool) {
	n, squares, revenue := make([]float64, len(from)+1), make([]float64, len(from)+1), 0.0
	for _, r := range revenues {
		at := 0
		for at < len(from) && from[at] <= r {
			at++
		}
		n[at]++
		squares[at] += float64(r) * float64(r)
		revenue += float64(r)
	}
	p, full := 0.0, true
	for h := range n {
		full = full && n[h] > 0
		share := n[h] / float64(len(revenues))
		p += math.Sqrt(0.75*share*share + 0.25*n[h]*squares[h]/revenue/revenue)
	}
	return p, full
}
