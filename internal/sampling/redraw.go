package sampling

import (
	"context"
	"math/rand/v2"
	"slices"
	"sort"

	"windshield/internal/fault"
)

// Reference is what the same design gives when it is drawn again and again with
// other seeds: the yardstick for the draw that was made and for a list that was
// picked by hand.
type Reference struct {
	Times   int      `json:"times"`
	Spreads []Spread `json:"spreads"` // strata first, then every dimension of the frame by name, as in Representation.Views
}

// Spread holds the distances of all re-draws from the customers in one view.
type Spread struct {
	Dimension string    `json:"dimension"` // "" for the strata
	Visited   []float64 `json:"visited"`   // total variation of whom we visit, rising
	StoodFor  []float64 `json:"stood_for"` // the same, weighted
}

// Quantiles gives the least, the 5 %, the middle, the 95 % and the largest of
// rising numbers; zeros for none.
func Quantiles(rising []float64) [5]float64 {
	if len(rising) == 0 {
		return [5]float64{}
	}
	last := float64(len(rising) - 1)
	at := func(p float64) float64 { return rising[int(p*last+0.5)] }
	return [5]float64{at(0), at(0.05), at(0.5), at(0.95), at(1)}
}

// Closer says how many of rising numbers lie below a value: re-draws that are
// nearer to the customers.
func Closer(rising []float64, value float64) int {
	return sort.Search(len(rising), func(i int) bool { return rising[i] >= value-1e-12 })
}

// Redraws draws the design again, times (1 to 10,000) over, with seeds that
// follow from the design's own, so that the answer can be repeated. It keeps
// the strata and their visits and draws cells and customers anew. Errors: those
// of Select, fault.Invalid for another number of times, and that of the context
// where it ends first.
func Redraws(ctx context.Context, f Frame, d Design, times int) (Reference, error) {
	if times < 1 || times > 10_000 {
		return Reference{}, fault.Invalidf("A design can be drawn again 1 to 10,000 times.").With(fault.Detail{Where: "times", Expected: "1 to 10000", Mend: "1000 is enough."})
	}
	p, err := prepare(f, d)
	if err != nil {
		return Reference{}, err
	}
	c, err := newComparison(f, p.draw(p.design.Seed))
	if err != nil {
		return Reference{}, err
	}
	out := Reference{Times: times, Spreads: make([]Spread, len(c.dimensions)+1)}
	for i := range out.Spreads {
		out.Spreads[i] = Spread{Visited: make([]float64, times), StoodFor: make([]float64, times)}
		if i > 0 {
			out.Spreads[i].Dimension = c.dimensions[i-1]
		}
	}
	lottery := newLottery(p, c)
	source := newStream(p.design.Seed, "redraws/v1", p.design.Year)
	for t := range times {
		if err := ctx.Err(); err != nil {
			return Reference{}, err
		}
		var key [32]byte
		copy(key[:], source.bytes(32))
		lottery.draw(rand.New(rand.NewChaCha8(key)))
		for i := range out.Spreads {
			out.Spreads[i].Visited[t], out.Spreads[i].StoodFor[t] = lottery.distance(i)
		}
	}
	for i := range out.Spreads {
		slices.Sort(out.Spreads[i].Visited)
		slices.Sort(out.Spreads[i].StoodFor)
	}
	return out, nil
}
