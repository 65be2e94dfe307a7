package flow

import (
	"maps"
	"math"
	"slices"

	"windshield/internal/roster"
	"windshield/internal/sampling"
	"windshield/internal/visit"
)

// A draw may prefer customers at early stages only in ways that leave it a probability
// sample: early strata get more of the visits, every customer of a stratum has the same
// known chance, and weights make up for it. Nobody is preferred inside a stratum, nor
// among those who take over from a customer who refused.

// earlyMore is how many per cent more visits early strata get than they would have.
const earlyMore = 25

// frozenStages are the stages at which customers stand when a list is frozen, as what
// they did shows.
type frozenStages map[string]string // by customer id

func (f *Flow) freezeStages(tx Tx) (frozenStages, error) {
	standing, err := tx.Turns.Standing()
	if err != nil {
		return nil, err
	}
	out := frozenStages{}
	for stage := range standing {
		ids, err := tx.Turns.At(stage, math.MaxInt32)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			out[id] = stage
		}
	}
	return out, nil
}

// in gives the values of a customer with its stage: what it did says more than what the
// company's own list said.
func (s frozenStages) in(c roster.Customer) map[string]string {
	stage, known := s[c.ID]
	if !known {
		return c.Values
	}
	values := maps.Clone(c.Values)
	if values == nil {
		values = map[string]string{}
	}
	values[StageDimension] = stage
	return values
}

// preferEarly gives the strata of early stages more visits, by their bounds: up to a
// quarter more than the design would give them, and never more than half of what the
// others can spare. It does nothing where strata are not made of stages, or where
// somebody has set bounds.
func preferEarly(content sampling.Frame, d sampling.Design, b visit.Buying) (sampling.Design, error) {
	if len(d.Bounds) > 0 || !slices.ContainsFunc(d.Dimensions, func(x sampling.Dimension) bool { return x.Name == StageDimension }) {
		return d, nil
	}
	drawn, err := sampling.Select(content, d)
	if err != nil {
		return d, err
	}
	early, spare := 0, 0
	for _, s := range drawn.Strata {
		switch {
		case s.Must:
		case isEarly(s, b):
			early += s.X
		default:
			spare += s.X - s.Lo
		}
	}
	more := min(early*earlyMore/100, spare/2)
	if early == 0 || more == 0 {
		return d, nil
	}
	d.Bounds = map[string]sampling.Bound{}
	for _, s := range drawn.Strata {
		if s.Must {
			continue
		}
		bound := sampling.Bound{Least: s.Lo, Most: s.Hi}
		if isEarly(s, b) {
			bound.Least = max(s.Lo, min(s.Hi, s.X+s.X*more/early))
		}
		d.Bounds[s.Key] = bound
	}
	return d, nil
}

// isEarly says whether all customers of a stratum are at early stages.
func isEarly(s sampling.Stratum, b visit.Buying) bool {
	for _, v := range s.Values {
		if v.Dimension == StageDimension {
			return len(v.Values) > 0 && !slices.ContainsFunc(v.Values, func(code string) bool {
				stage, _ := b.Stage(code)
				return stage.Phase != visit.Early
			})
		}
	}
	return false
}

// EarlyPreferred says whether a design may have given early stages more visits.
func EarlyPreferred(d sampling.Design) bool {
	return len(d.Bounds) > 0 && slices.ContainsFunc(d.Dimensions, func(x sampling.Dimension) bool { return x.Name == StageDimension })
}
