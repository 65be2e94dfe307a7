package sampling

import (
	"fmt"
	"math/big"

	"windshield/internal/fault"
)

// BySize is a draw with chances in proportion to size.
type BySize struct {
	Pi      []*big.Rat // inclusion probability of each customer, exact
	Certain []int      // indices of those taken with certainty, the forced ones too, rising
	Passes  [][]int    // indices that each pass found to be certain; the last found none
	Zero    []int      // indices without size, whom nobody would represent
}

// InclusionBySize gives inclusion probabilities in proportion to size, for n
// visits of which the forced customers have one each. Every customer with
// left·size ≥ the sum of the remaining sizes becomes certain, and the rest is
// looked at again (Särndal, Swensson, Wretman 1992, §3.6). No design draws in
// this way, for a weight per customer cannot be explained and the spread of
// weights costs precision; it tells which customers are giants. Errors:
// fault.Invalid for negative sizes or more visits than can be given out.
func InclusionBySize(sizes []int64, n int, forced []int) (BySize, error) {
	out := BySize{Pi: make([]*big.Rat, len(sizes))}
	certain := make([]bool, len(sizes))
	for _, i := range forced {
		certain[i] = true
	}
	rest, left, open := new(big.Int), int64(n), 0
	for i, z := range sizes {
		if z < 0 {
			return BySize{}, fault.Invalidf("A size is negative.").With(fault.Detail{Where: fmt.Sprintf("customer %d", i+1), Value: fmt.Sprint(z), Expected: "0 or more", Mend: "Correct it."})
		}
		switch {
		case certain[i]:
			left--
		case z == 0:
			out.Zero = append(out.Zero, i)
		default:
			rest.Add(rest, big.NewInt(z))
			open++
		}
	}
	if left < 0 || left > int64(open) {
		return BySize{}, fault.Invalidf("That many visits cannot be given out by size.").With(fault.Detail{Where: "visits", Value: fmt.Sprint(n),
			Expected: fmt.Sprintf("%d to %d", int64(n)-left, int64(n)-left+int64(open)), Mend: "Change the number of visits."})
	}
	product := new(big.Int)
	for {
		var found []int
		for i, z := range sizes {
			if !certain[i] && z > 0 && product.Mul(big.NewInt(z), big.NewInt(left)).Cmp(rest) >= 0 {
				found = append(found, i)
			}
		}
		out.Passes = append(out.Passes, found)
		if len(found) == 0 {
			break
		}
		for _, i := range found {
			certain[i] = true
			left--
			rest.Sub(rest, big.NewInt(sizes[i]))
		}
	}
	for i, z := range sizes {
		switch {
		case certain[i]:
			out.Pi[i] = big.NewRat(1, 1)
			out.Certain = append(out.Certain, i)
		case z == 0:
			out.Pi[i] = new(big.Rat)
		default:
			out.Pi[i] = new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(z), big.NewInt(left)), rest)
		}
	}
	return out, nil
}

// Giants gives the customers so large that a draw of n visits in proportion to
// revenue would take them for certain, without the must-visits, by ID: whoever
// marks must-visits should look at these first.
func (f Frame) Giants(n int) []string {
	sizes, forced := make([]int64, len(f.Units)), []int(nil)
	for i, u := range f.Units {
		sizes[i] = u.Revenue
		if u.Must {
			forced = append(forced, i)
		}
	}
	by, err := InclusionBySize(sizes, n, forced)
	if err != nil {
		return nil // more visits than customers with revenue: everybody is a giant, or nobody
	}
	var out []string
	for _, i := range by.Certain {
		if !f.Units[i].Must {
			out = append(out, f.Units[i].ID)
		}
	}
	return out
}
