package sampling

import (
	"math"
	"slices"

	"windshield/internal/fault"
)

// Growth says how a stratum would grow with more visits.
type Growth struct {
	Code   string `json:"code"`
	Label  string `json:"label"`
	N      int    `json:"n"`      // customers
	Visits int    `json:"visits"` // now
	More   int    `json:"more"`   // of the further visits
}

// Precision says what the shares of visits allow to estimate.
type Precision struct {
	Deff      float64 `json:"deff"`      // Kish's design effect of the weights
	Effective float64 `json:"effective"` // effective number of visits
	Error     float64 `json:"error"`     // standard error of a share of customers that is one half, 0..1
	Covered   float64 `json:"covered"`   // share of customers in a stratum with a visit
}

// PrecisionOf computes the precision of an allocation. Standard error: square
// root of Σ W_h² (1 − x_h/N_h) ¼ / x_h over strata with visits, W_h = N_h/N
// (Cochran 1977, §5.4, with p(1−p) = ¼). Nothing is said for strata without.
func PrecisionOf(strata []Stratum) Precision {
	var p Precision
	n, covered, weights, squares, visits := 0.0, 0.0, 0.0, 0.0, 0.0
	for _, s := range strata {
		n += float64(s.N)
		if s.X > 0 {
			covered += float64(s.N)
		}
	}
	for _, s := range strata {
		if s.X == 0 {
			continue
		}
		x, size := float64(s.X), float64(s.N)
		share := size / covered
		p.Error += share * share * (1 - x/size) / 4 / x
		visits, weights, squares = visits+x, weights+size, squares+size*size/x
	}
	if squares > 0 {
		p.Effective = weights * weights / squares
		p.Deff = visits / p.Effective
	}
	p.Error, p.Covered = math.Sqrt(p.Error), portion(covered, n)
	return p
}

// More answers "where would 100 more visits go": the strata that would get the
// next visits (1 or more; as many as there are customers left), those with most
// first, and the precision before and after. The answer is exact, for visits
// are given out one by one to where they gain most. Errors: those of Select.
func More(f Frame, d Design, visits int) (growth []Growth, before, after Precision, err error) {
	if visits < 1 || tooMany(visits) {
		return nil, before, after, fault.Invalidf("Ask about one more visit or several.").With(fault.Detail{Where: "visits", Expected: "1 or more"})
	}
	p, err := prepare(f, d)
	if err != nil {
		return nil, before, after, err
	}
	growth, grown := p.more(visits)
	return growth, PrecisionOf(p.strata), PrecisionOf(grown), nil
}

// more gives the strata that would grow, and all strata as they would be.
func (p prepared) more(visits int) ([]Growth, []Stratum) {
	grown := slices.Clone(p.strata)
	open := grown[len(p.strata)-len(p.open()):]
	var out []Growth
	at := map[int]int{}
	for _, h := range p.serve(visits) {
		i, known := at[h]
		if !known {
			i = len(out)
			at[h] = i
			out = append(out, Growth{Code: open[h].Code, Label: open[h].Label, N: open[h].N, Visits: open[h].X})
		}
		out[i].More++
		open[h].X++
	}
	slices.SortStableFunc(out, func(a, b Growth) int { return b.More - a.More })
	return out, grown
}
