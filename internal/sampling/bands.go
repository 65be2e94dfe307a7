package sampling

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"

	"windshield/internal/fault"
)

// SizeBand is the name of the dimension that Bands makes out of revenues.
const SizeBand = "size_band"

// noRevenueBand holds the customers whose revenue is 0, which also stands for
// one that is not known: they are neither small nor large.
const noRevenueBand = "no revenue"

// Bands cuts customers into size bands by revenue. They take the place of a draw
// with chances in proportion to revenue: inside a stratum everybody then has one
// chance and one weight, which can be explained.
type Bands struct {
	// From has the lowest revenue of each band after the first, rising.
	From []int64 `json:"from"`
	// Names has the names of all bands from small to large, such as "under 1m",
	// "1m to 5m", "5m and more"; one more than From. Customers without revenue
	// have a band of their own before these.
	Names []string `json:"names"`
}

// MakeBands chooses the borders of n bands (1 to 9) for the revenues of a
// customer list (0: none or not known; such customers have no say). Borders are
// round numbers (1, 2 or 5 with zeros; with two digits where the revenues lie
// closer together), and of all choices of round numbers it takes the one with
// the least Σ A_h, A_h² = α (N_h/N)² + (1−α) N_h Σr²/R² with the default α:
// (Σ A_h)²/n is the variance that n visits leave when they are shared out in
// the best way (Neyman 1934; Dalenius and Hodges 1959 for cutting into strata).
// Fewer bands come out where revenues do not differ enough. It refuses
// (fault.Invalid) another n and negative revenues.
func MakeBands(revenues []int64, n int) (Bands, error) {
	if n < 1 || n > 9 {
		return Bands{}, fault.Invalidf("There cannot be that many size bands.").With(fault.Detail{
			Where: "size bands", Value: fmt.Sprint(n), Expected: "1 to 9", Mend: fmt.Sprintf("Choose %d.", DefaultBands)})
	}
	sorted := slices.Clone(revenues)
	slices.Sort(sorted)
	if len(sorted) > 0 && sorted[0] < 0 {
		return Bands{}, fault.Invalidf("A revenue is negative.").With(fault.Detail{
			Where: "revenue", Value: fmt.Sprint(sorted[0]), Expected: "0 or more", Mend: "Correct the revenue, or put 0 where it is not known."})
	}
	for len(sorted) > 0 && sorted[0] == 0 {
		sorted = sorted[1:]
	}
	groups := grouped(sorted, []int64{1, 2, 5}, 1)
	if len(groups) < n {
		groups = grouped(sorted, twoDigits(), 10)
	}
	b := Bands{}
	for _, g := range cheapest(groups, n) {
		if g > 0 {
			b.From = append(b.From, groups[g].from)
		}
	}
	b.Names = bandNames(b.From)
	return b, nil
}

// BandsAt makes bands at borders that somebody chose: the lowest revenue of each
// band after the first, 1 to 8 of them. Error: fault.Invalid where they do not
// rise from above 0.
func BandsAt(from []int64) (Bands, error) {
	wrong := len(from) < 1 || len(from) > 8
	for i, v := range from {
		wrong = wrong || v <= 0 || v > maxRevenue || i > 0 && v <= from[i-1]
	}
	if wrong {
		return Bands{}, fault.Invalidf("These cannot be the borders of size bands.").With(fault.Detail{Where: "borders of size bands", Value: fault.Short(fmt.Sprint(from)),
			Expected: "1 to 8 revenues above 0, rising", Mend: "Give the lowest revenue of each band after the first."})
	}
	return Bands{From: slices.Clone(from), Names: bandNames(from)}, nil
}

// group is the customers between two possible borders.
type group struct {
	from    int64
	n       int
	revenue *big.Int // Σ r
	squares *big.Int // Σ r²
}

// grouped counts sorted revenues between neighbouring members of the series
// steps·10^k/scale, leaving out groups without customers.
func grouped(sorted []int64, steps []int64, scale int64) []group {
	var borders []int64
	for ten := int64(1); ten <= maxRevenue; ten *= 10 {
		for _, s := range steps {
			if s > maxRevenue/ten || s*ten%scale != 0 {
				continue
			}
			if b := s * ten / scale; len(borders) == 0 || b > borders[len(borders)-1] {
				borders = append(borders, b)
			}
		}
	}
	var out []group
	at := 0
	for _, r := range sorted {
		for at < len(borders) && borders[at] <= r {
			at++
		}
		from := int64(0)
		if at > 0 {
			from = borders[at-1]
		}
		if len(out) == 0 || out[len(out)-1].from != from {
			out = append(out, group{from: from, revenue: new(big.Int), squares: new(big.Int)})
		}
		g := &out[len(out)-1]
		g.n++
		x := big.NewInt(r)
		g.revenue.Add(g.revenue, x)
		g.squares.Add(g.squares, x.Mul(x, x))
	}
	return out
}

func twoDigits() []int64 {
	var out []int64
	for d := int64(10); d < 100; d++ {
		out = append(out, d)
	}
	return out
}

// cheapest gives the first groups of at most n bands with the least Σ A_h, by
// dynamic programming. Products are rounded by themselves, so that every machine
// chooses the same borders.
func cheapest(groups []group, n int) []int {
	size := len(groups)
	n = min(n, size)
	if n == 0 {
		return nil
	}
	customers, total := 0, new(big.Int)
	counts, squares := make([]int, size+1), make([]*big.Int, size+1)
	squares[0] = new(big.Int)
	for i, g := range groups {
		customers += g.n
		counts[i+1] = counts[i] + g.n
		squares[i+1] = new(big.Int).Add(squares[i], g.squares)
		total.Add(total, g.revenue)
	}
	total.Mul(total, total) // R²
	alpha := Defaults().Alpha
	pull := func(i, j int) float64 { // A of the band of groups i up to but without j
		c := float64(counts[j] - counts[i])
		s := new(big.Int).Sub(squares[j], squares[i])
		r, _ := new(big.Rat).SetFrac(s.Mul(s, big.NewInt(int64(counts[j]-counts[i]))), total).Float64()
		share := c / float64(customers)
		byCustomers := float64(share * share)
		return math.Sqrt(float64(alpha*byCustomers) + float64((1-alpha)*r))
	}
	best, cut := make([][]float64, n+1), make([][]int, n+1)
	for b := range best {
		best[b], cut[b] = make([]float64, size+1), make([]int, size+1)
		for j := range best[b] {
			best[b][j] = math.Inf(1)
		}
	}
	best[0][0] = 0
	for b := 1; b <= n; b++ {
		for j := b; j <= size; j++ {
			for i := b - 1; i < j; i++ {
				if math.IsInf(best[b-1][i], 1) {
					continue
				}
				if v := best[b-1][i] + pull(i, j); v < best[b][j] {
					best[b][j], cut[b][j] = v, i
				}
			}
		}
	}
	out := make([]int, n)
	for b, j := n, size; b > 0; b-- {
		j = cut[b][j]
		out[b-1] = j
	}
	return out
}

func bandNames(from []int64) []string {
	if len(from) == 0 {
		return []string{"any revenue"}
	}
	out := []string{"under " + money(from[0])}
	for i := 1; i < len(from); i++ {
		out = append(out, money(from[i-1])+" to "+money(from[i]))
	}
	return append(out, money(from[len(from)-1])+" and more")
}

// money writes a round amount shortly: 500k, 1.2m, 5bn.
func money(n int64) string {
	for _, u := range []struct {
		size int64
		name string
	}{{1e12, "tn"}, {1e9, "bn"}, {1e6, "m"}, {1e3, "k"}} {
		if n >= u.size {
			return strconv.FormatFloat(float64(n)/float64(u.size), 'f', -1, 64) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}

// Of names the band of a revenue.
func (b Bands) Of(revenue int64) string {
	if revenue <= 0 || len(b.Names) == 0 {
		return noRevenueBand
	}
	at := 0
	for at < len(b.From) && b.From[at] <= revenue {
		at++
	}
	return b.Names[at]
}

// Dimension gives the bands as a dimension with its order, so that a small band
// merges with a neighbour only.
func (b Bands) Dimension() Dimension {
	return Dimension{Name: SizeBand, Order: append([]string{noRevenueBand}, b.Names...)}
}

// Mark gives copies of the customers with their band as the value of SizeBand.
// Call it before Freeze: the band is part of the frame and of its hash.
func (b Bands) Mark(units []Unit) []Unit {
	out := slices.Clone(units)
	for i, u := range out {
		values := make(map[string]string, len(u.Values)+1)
		for k, v := range u.Values {
			values[k] = v
		}
		values[SizeBand] = b.Of(u.Revenue)
		out[i].Values = values
	}
	return out
}
