package sampling

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// coverage draws claims many times and says how often the printed interval holds
// the true share: 12 strata of very different size, allocated as the product
// does, in each stratum a share near p of the customers holds the claim.
func coverage(visits int, p float64, uneven bool, times int) (held, width float64) {
	sizes := []int{3120, 2210, 1480, 990, 760, 510, 390, 260, 150, 80, 35, 15}
	r := rand.New(rand.NewPCG(uint64(visits), uint64(p*1e6)))
	all, backing := 0, 0
	backers, customers := make([]int, len(sizes)), map[string]int{}
	for h, n := range sizes {
		share := p
		if uneven { // between half and one and a half times
			share = p * (0.5 + float64(h%3)/2)
		}
		backers[h] = int(share*float64(n) + 0.5)
		all, backing = all+n, backing+backers[h]
		customers[fmt.Sprint(h)] = n
	}
	truth := float64(backing) / float64(all)
	x, err := problem{weights: squares(sizes), lo: ints(len(sizes), 2), hi: sizes, n: visits, by: byVariance}.solve()
	if err != nil {
		panic(err)
	}
	for range times {
		var answers []Asked
		for h, n := range sizes {
			left, b := n, backers[h]
			for range x[h] { // without putting back
				backs := r.IntN(left) < b
				if left--; backs {
					b--
				}
				answers = append(answers, Asked{Stratum: fmt.Sprint(h), Weight: float64(n) / float64(x[h]), Backs: backs})
			}
		}
		s := Measure(customers, answers)
		width += (s.Interval.High - s.Interval.Low) / float64(times)
		if s.Interval.Low <= truth && truth <= s.Interval.High {
			held += 1 / float64(times)
		}
	}
	return held, width
}

// coverageCases tries sizes of selections and shares, names the cases that stay
// below 94.5 % by more than chance explains in so many draws, and gives the least
// and the mean coverage.
func coverageCases(t testing.TB, times int) (least, mean float64) {
	least = 1
	n := 0.0
	for _, visits := range []int{24, 60, 240, 2400} {
		for _, p := range []float64{0.03, 0.1, 0.4, 0.6} {
			for _, uneven := range []bool{false, true} {
				draws := times
				if visits > 240 {
					draws = times / 10
				}
				held, width := coverage(visits, p, uneven, draws)
				t.Logf("%4d visits, share %.2f, uneven %v: %.4f of %d, width %.3f", visits, p, uneven, held, draws, width)
				require.Greater(t, held, 0.945-3*math.Sqrt(0.945*0.055/float64(draws)))
				least, mean, n = min(least, held), mean+held, n+1
			}
		}
	}
	return least, mean / n
}

// TestIntervalsCover wants the 95 % intervals to hold the truth, small selections
// with two visits per stratum included.
func TestIntervalsCover(t *testing.T) {
	_, mean := coverageCases(t, 400)
	require.Greater(t, mean, 0.945)
}

// BenchmarkIntervalsCover looks closely: at least 94.5 % in every case.
func BenchmarkIntervalsCover(b *testing.B) {
	for b.Loop() {
		least, mean := coverageCases(b, 10_000)
		b.ReportMetric(100*least, "%least")
		b.ReportMetric(100*mean, "%mean")
		require.GreaterOrEqual(b, least, 0.945)
	}
}
