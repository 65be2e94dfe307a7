package sampling

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/fault"
)

// allocInputs are the inputs of an allocation vector; keys that differ in case
// only are different keys there.
type allocInputs struct {
	Customers []int `json:"N"`
	S2        []int `json:"S2"`
	Small     []int `json:"s2"`
	A         []int `json:"A"`
	Lo        []int `json:"lo"`
	Hi        []int `json:"hi"`
	Visits    int   `json:"n"`
}

func solved(t testing.TB, p problem) []int {
	t.Helper()
	x, err := p.solve()
	require.NoError(t, err)
	return x
}

// variances gives N²S² as weights.
func variances(n, s2 []int) []weight {
	out := make([]weight, len(n))
	for h := range n {
		out[h] = wholeWeight(uint64(n[h]) * uint64(n[h]) * uint64(s2[h]))
	}
	return out
}

// totalVariance is the variance of an estimated total, Σ N (N−x) S²/x.
func totalVariance(n, x, s2 []int) float64 {
	v := 0.0
	for h := range n {
		v += float64(n[h]) * float64(n[h]-x[h]) * float64(s2[h]) / float64(x[h])
	}
	return v
}

func TestCochransCities(t *testing.T) {
	var v struct {
		Inputs   allocInputs
		Expected struct {
			Proportional []float64
			Optimal      []int   `json:"optimal_integer"`
			V            float64 `json:"V_total_proportional_6_18"`
			Best         float64 `json:"V_total_optimal_12_12"`
		}
	}
	vector(t, "alloc_01_cochran_cities.json", &v)
	n, s2 := v.Inputs.Customers, v.Inputs.S2
	best := solved(t, problem{variances(n, s2), []int{1, 1}, n, 24, byVariance})
	require.Equal(t, v.Expected.Optimal, best)
	share := solved(t, problem{wholes(n), []int{0, 0}, n, 24, byShare})
	for h := range share {
		require.Equal(t, v.Expected.Proportional[h], float64(share[h]))
	}
	require.InEpsilon(t, v.Expected.V, totalVariance(n, share, s2), 1e-9)
	require.InEpsilon(t, v.Expected.Best, totalVariance(n, best, s2), 1e-9)
}

func TestWrightsBox(t *testing.T) {
	var v struct {
		Inputs   allocInputs
		Expected struct {
			X     []int
			V     float64 `json:"V_total"`
			Order []int   `json:"greedy_order_of_strata_1based"`
		}
	}
	vector(t, "alloc_02_wright2017_box.json", &v)
	in := v.Inputs
	p := problem{variances(in.Customers, in.S2), in.Lo, in.Hi, in.Visits, byVariance}
	x := solved(t, p)
	require.Equal(t, v.Expected.X, x)
	require.InDelta(t, v.Expected.V, totalVariance(in.Customers, x, in.S2), 1e-6)
	var order []int
	for _, h := range p.serve(append([]int(nil), in.Lo...), 4) {
		order = append(order, h+1)
	}
	require.Equal(t, v.Expected.Order, order)
}

func TestCaribou(t *testing.T) {
	var v struct {
		Inputs   allocInputs
		Expected struct {
			X []int
			V float64 `json:"V_total_optimum"`
		}
	}
	vector(t, "alloc_05_caribou_min15pct.json", &v)
	in := v.Inputs
	x := solved(t, problem{variances(in.Customers, in.Small), in.Lo, in.Hi, in.Visits, byVariance})
	require.Equal(t, v.Expected.X, x)
	require.InEpsilon(t, v.Expected.V, totalVariance(in.Customers, x, in.Small), 1e-10)
}

func TestCascadeOfTakeAlls(t *testing.T) {
	var v struct {
		Inputs   allocInputs
		Expected struct{ X []int }
	}
	vector(t, "alloc_06_rna_cascade.json", &v)
	in := v.Inputs
	require.Equal(t, v.Expected.X, solved(t, problem{squares(in.A), in.Lo, in.Hi, in.Visits, byVariance}))
}

func TestBankiersPower(t *testing.T) {
	var v struct {
		Inputs struct {
			CV, X []float64
			Lo    int
			Hi    []int
			N     []int `json:"N"`
			M     int   `json:"n"`
		}
		Expected []struct {
			Q    float64
			X    []int
			Deff float64 `json:"kish_deff_of_weights"`
		}
	}
	vector(t, "alloc_08_bankier_power.json", &v)
	for _, want := range v.Expected {
		w := make([]weight, len(v.Inputs.X))
		for h := range w {
			cv := new(big.Float).SetPrec(precision).SetFloat64(v.Inputs.CV[h])
			w[h] = power(new(big.Float).SetPrec(precision).SetFloat64(v.Inputs.X[h]), cv.Mul(cv, cv), uint(want.Q*(1<<qDigits)))
		}
		x := solved(t, problem{w, ints(len(w), v.Inputs.Lo), v.Inputs.Hi, v.Inputs.M, byVariance})
		require.Equal(t, want.X, x, "q = %v", want.Q)
		require.InDelta(t, want.Deff, deffOf(v.Inputs.Hi, x), 1e-8)
	}
}

// deffOf is Kish's design effect of the weights N/x.
func deffOf(n, x []int) float64 {
	var weights []float64
	for h := range x {
		for range x[h] {
			weights = append(weights, float64(n[h])/float64(x[h]))
		}
	}
	deff, _ := Kish(weights)
	return deff
}

// largestRemainder is the rule that is not used, because it can take a visit
// away when there are more.
func largestRemainder(n []int, m int) []int {
	sum := 0
	for _, k := range n {
		sum += k
	}
	x, left := make([]int, len(n)), m
	for h, k := range n {
		x[h] = k * m / sum
		left -= x[h]
	}
	for ; left > 0; left-- {
		best := 0
		for h, k := range n {
			if k*m-x[h]*sum > n[best]*m-x[best]*sum {
				best = h
			}
		}
		x[best]++
	}
	return x
}

func TestRoundingRules(t *testing.T) {
	var v struct {
		Cases []struct {
			Customers []int `json:"N"`
			Visits    int   `json:"n"`
			Lo, Hi    []int
			Largest   []int `json:"largest_remainder"`
			Webster   []int `json:"webster_min_chi2"`
			Equal     []int `json:"equal_proportions_lo1"`
			Bounded   []int `json:"bounded_min_chi2"`
			Bounded2  []int `json:"bounded_2_60_min_chi2"`
		}
	}
	vector(t, "alloc_09_rounding_rules.json", &v)
	require.Len(t, v.Cases, 4)
	for _, c := range v.Cases {
		size := len(c.Customers)
		share := func(lo, hi []int) []int { return solved(t, problem{wholes(c.Customers), lo, hi, c.Visits, byShare}) }
		if c.Largest != nil {
			require.Equal(t, c.Largest, largestRemainder(c.Customers, c.Visits))
		}
		if c.Webster != nil {
			require.Equal(t, c.Webster, share(ints(size, 0), c.Customers))
		}
		if c.Equal != nil {
			require.Equal(t, c.Equal, solved(t, problem{squares(c.Customers), ints(size, 1), c.Customers, c.Visits, byVariance}))
		}
		if c.Bounded != nil {
			require.Equal(t, c.Bounded, share(c.Lo, c.Hi))
		}
		if c.Bounded2 != nil {
			require.Equal(t, c.Bounded2, share(ints(size, 2), ints(size, 60)))
		}
	}
}

func TestDegenerateAllocations(t *testing.T) {
	var v struct {
		Cases []struct {
			Name     string
			Inputs   allocInputs
			Expected struct {
				X     []int
				Error string
			}
		}
	}
	vector(t, "alloc_10_degenerate.json", &v)
	for _, c := range v.Cases {
		t.Run(c.Name, func(t *testing.T) {
			in := c.Inputs
			x, err := problem{squares(in.A), in.Lo, in.Hi, in.Visits, byVariance}.solve()
			if c.Expected.Error == "" {
				require.NoError(t, err)
				require.Equal(t, c.Expected.X, x)
				return
			}
			require.True(t, fault.Is(err, fault.Invalid))
			shown, details := fault.Shown(err)
			require.Contains(t, shown, c.Expected.Error)
			require.Len(t, details, 1)
			require.NotEmpty(t, details[0].Mend)
		})
	}
}

func TestEqualWithCaps(t *testing.T) {
	var v struct {
		Inputs   allocInputs
		Expected struct{ X []int }
	}
	vector(t, "alloc_13_equal_capped.json", &v)
	size := len(v.Inputs.Customers)
	w, by, err := Design{Rule: Equal}.pulls(make([]moments, size))
	require.NoError(t, err)
	require.Equal(t, v.Expected.X, solved(t, problem{w, ints(size, 0), v.Inputs.Customers, v.Inputs.Visits, by}))
}

func TestMixedAim(t *testing.T) {
	var v struct {
		Inputs struct {
			Customers  []int     `json:"N"`
			Visits     int       `json:"n"`
			Certain    []int     `json:"certainty"`
			Revenue    []int64   `json:"revenue"`
			CertainSum []int64   `json:"revenue_of_certainty"`
			CV         []float64 `json:"cv_revenue_within"`
		}
		Expected []struct {
			Alpha float64
			X     []int   `json:"x_probability_part"`
			Deff  float64 `json:"kish_deff"`
		}
	}
	vector(t, "alloc_16_mixed_default.json", &v)
	in := v.Inputs
	strata, hi, left := make([]moments, len(in.Customers)), make([]int, len(in.Customers)), in.Visits
	for h := range strata {
		hi[h] = in.Customers[h] - in.Certain[h]
		left -= in.Certain[h]
		// Revenues are scaled so that N Σr² = R² (1+cv²) stays whole.
		n, r := int64(hi[h]), (in.Revenue[h]-in.CertainSum[h])*1_000_000
		cv := int64(in.CV[h]*10 + 0.5)
		q := new(big.Int).Mul(big.NewInt(r), big.NewInt(r))
		q.Div(q.Mul(q, big.NewInt(100+cv*cv)), big.NewInt(100*n))
		strata[h] = moments{n: hi[h], revenue: big.NewInt(r), squares: q}
	}
	for _, want := range v.Expected {
		w, by, err := Design{Rule: Mixed, Alpha: want.Alpha}.pulls(strata)
		require.NoError(t, err)
		x := solved(t, problem{w, ints(len(hi), 2), hi, left, by})
		require.Equal(t, want.X, x, "alpha = %v", want.Alpha)
		require.InDelta(t, want.Deff, deffOf(hi, x), 1e-8)
	}
}

// drawProblem makes a feasible problem.
func drawProblem(t *rapid.T) problem {
	size := rapid.IntRange(1, 12).Draw(t, "strata")
	p := problem{by: rapid.SampledFrom([]divisor{byShare, byVariance}).Draw(t, "rule")}
	lows, highs := 0, 0
	for h := range size {
		p.lo = append(p.lo, rapid.IntRange(0, 4).Draw(t, "lo"))
		p.hi = append(p.hi, p.lo[h]+rapid.IntRange(0, 60).Draw(t, "room"))
		if rapid.Bool().Draw(t, "whole") {
			p.weights = append(p.weights, wholeWeight(rapid.Uint64Range(0, 12).Draw(t, "w")))
		} else {
			p.weights = append(p.weights, floatWeight(rapid.Float64Range(0, 1e9).Draw(t, "w")))
		}
		lows, highs = lows+p.lo[h], highs+p.hi[h]
	}
	p.n = rapid.IntRange(lows, highs).Draw(t, "n")
	return p
}

func TestFastStartChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		plain := append([]int(nil), p.lo...)
		left := p.n
		for _, k := range plain {
			left -= k
		}
		p.serve(plain, left)
		x, err := p.solve()
		require.NoError(t, err)
		require.Equal(t, plain, x)
	})
}

// rational is the gain after k visits as an exact fraction; ok is false where it
// has no limit.
func (p problem) rational(h, k int) (*big.Rat, bool) {
	w := p.weights[h]
	r := new(big.Rat).SetInt(new(big.Int).SetUint64(w.mant))
	two := new(big.Int).Lsh(big.NewInt(1), uint(max(w.exp, -w.exp)))
	if w.exp < 0 {
		r.Quo(r, new(big.Rat).SetInt(two))
	} else {
		r.Mul(r, new(big.Rat).SetInt(two))
	}
	d := p.by.at(k)
	if w.mant == 0 {
		return r, true
	}
	if d == 0 {
		return r, false
	}
	return r.Quo(r, new(big.Rat).SetInt64(int64(d))), true
}

func TestNoExchangeHelps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		x, err := p.solve()
		require.NoError(t, err)
		sum := 0
		for to := range x {
			sum += x[to]
			require.True(t, p.lo[to] <= x[to] && x[to] <= p.hi[to])
			for from := range x {
				if from == to || x[to] == p.hi[to] || x[from] == p.lo[from] {
					continue
				}
				won, finite := p.rational(to, x[to])
				lost, bounded := p.rational(from, x[from]-1)
				if finite == bounded {
					require.LessOrEqual(t, won.Cmp(lost), 0)
				} else {
					require.True(t, finite)
				}
			}
		}
		require.Equal(t, p.n, sum)
	})
}

func TestMoreVisitsTakeNoneAway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		x, err := p.solve()
		require.NoError(t, err)
		more := append([]int(nil), x...)
		served := p.serve(more, 1)
		p.n += len(served)
		y, err := p.solve()
		require.NoError(t, err)
		require.Equal(t, more, y)
	})
}

func TestLargestRemainderWouldTakeOneAway(t *testing.T) {
	require.Equal(t, 2, largestRemainder([]int{6, 6, 2}, 10)[2])
	require.Equal(t, 1, largestRemainder([]int{6, 6, 2}, 11)[2])
}

func TestExactComparison(t *testing.T) {
	big1 := weight{1<<64 - 1, 0}
	require.Equal(t, 0, compareProducts(big1, 6, weight{1<<64 - 1, 1}, 3))
	require.Equal(t, 1, compareProducts(big1, 1<<62, weight{1<<64 - 2, 0}, 1<<62))
	require.Equal(t, -1, compareProducts(weight{}, 5, weight{1, -900}, 1))
	require.Equal(t, 0, compareProducts(weight{}, 5, weight{}, 1))
	require.Equal(t, 1, compareProducts(weight{1, 200}, 1, weight{1 << 63, 100}, 1<<30))
}

// BenchmarkAllocateMixed is the default rule from the revenues on: 100,000 strata
// and 1.5 million visits.
func BenchmarkAllocateMixed(b *testing.B) {
	const size, visits = 100_000, 1_500_000
	r := rand.New(rand.NewPCG(1, 1))
	strata, hi := make([]moments, size), make([]int, size)
	for h := range strata {
		n, mean := 20+r.IntN(500), int64(1e6*r.ExpFloat64())
		revenue := big.NewInt(mean * int64(n))
		squares := new(big.Int).Mul(revenue, big.NewInt(3*mean))
		strata[h], hi[h] = moments{n, revenue, squares}, n
	}
	d := Defaults()
	for b.Loop() {
		weights, by, err := d.pulls(strata)
		require.NoError(b, err)
		_, err = problem{weights, ints(size, d.MinPerStratum), hi, visits, by}.solve()
		require.NoError(b, err)
	}
}

func BenchmarkAllocate(b *testing.B) {
	const size, visits = 100_000, 1_500_000
	p := problem{lo: ints(size, 2), hi: ints(size, 1<<20), n: visits, by: byVariance, weights: make([]weight, size)}
	state := uint64(1)
	for h := range p.weights {
		state = state*6364136223846793005 + 1442695040888963407
		p.weights[h] = wholeWeight((state >> 44) * (state >> 44))
	}
	for b.Loop() {
		if _, err := p.solve(); err != nil {
			b.Fatal(err)
		}
	}
}
