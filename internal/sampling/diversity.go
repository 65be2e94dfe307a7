package sampling

import (
	"math"
	"slices"
)

// Dozen says how good a cross-section one executive hears.
type Dozen struct {
	Visits         int     `json:"visits"`
	Strata         int     `json:"strata"`           // different strata heard
	StrataByChance float64 `json:"strata_by_chance"` // expected of as many random customers (Hurlbert 1971)
	Simpson        float64 `json:"simpson"`          // Σ p², p the share of visits in a stratum
	Unbiased       float64 `json:"unbiased"`         // Gini–Simpson without bias: 1 − Σ x(x−1)/(m(m−1)); 0 for one visit
	Shannon        float64 `json:"shannon"`          // −Σ p ln p, in nats
	Evenness       float64 `json:"evenness"`         // Shannon over ln of the number of strata (Pielou)
	Variation      float64 `json:"variation"`        // total variation from the customers
	ByChance       float64 `json:"by_chance"`        // the same, expected of as many random customers
	Least          float64 `json:"least"`            // the same, the best possible with as many visits
	Best           []int   `json:"best"`             // visits by stratum of that best set
	Score          float64 `json:"score"`            // 0 = as a random dozen, 1 = the best possible, below 0 = worse than random
}

// Hear measures an executive's visits per stratum against all customers per
// stratum. Total variation is the number to show: diversity alone would reward
// equal numbers rather than a cross-section. Both lists have one entry per
// stratum; visits at most customers.
func Hear(visits, customers []int) Dozen {
	d := Dozen{Best: make([]int, len(visits))}
	all := 0
	for h, n := range customers {
		all += n
		d.Visits += visits[h]
	}
	m := d.Visits
	if m == 0 || all == 0 {
		return d
	}
	d.Best = bestDozen(customers, all, m)
	pairs := 0
	for h, n := range customers {
		x, share := visits[h], float64(n)/float64(all)
		p := float64(x) / float64(m)
		pairs += x * (x - 1)
		d.Simpson += p * p
		if x > 0 {
			d.Strata++
			d.Shannon -= p * math.Log(p)
		}
		d.StrataByChance += 1 - math.Exp(chooseLog(all-n, m)-chooseLog(all, m))
		d.Variation += math.Abs(p-share) / 2
		d.Least += math.Abs(float64(d.Best[h])/float64(m)-share) / 2
		for k := max(0, m-(all-n)); k <= min(m, n); k++ { // hypergeometric: k of the random dozen are in the stratum
			odds := math.Exp(chooseLog(n, k) + chooseLog(all-n, m-k) - chooseLog(all, m))
			d.ByChance += odds * math.Abs(float64(k)/float64(m)-share) / 2
		}
	}
	if m > 1 {
		d.Unbiased = 1 - float64(pairs)/float64(m*(m-1))
	}
	if len(customers) > 1 {
		d.Evenness = d.Shannon / math.Log(float64(len(customers)))
	}
	d.Score = portion(d.ByChance-d.Variation, d.ByChance-d.Least)
	return d
}

// bestDozen gives the m visits with the least total variation: each stratum the
// whole part of what is due, then one more to the largest remainders.
func bestDozen(customers []int, all, m int) []int {
	out, order, left := make([]int, len(customers)), make([]int, len(customers)), m
	for h, n := range customers {
		out[h], order[h] = m*n/all, h
		left -= out[h]
	}
	slices.SortStableFunc(order, func(a, b int) int { return m*customers[b]%all - m*customers[a]%all })
	for _, h := range order[:left] {
		out[h]++
	}
	return out
}
