// Package bound says how cheap a plan can be at best: a cost that no feasible plan
// goes below, and for small problems the cheapest plan itself. It shares no code
// with the search for plans, so that each can be held against the other.
package bound

import (
	"context"

	"windshield/internal/planning"
)

// Options say how long to work on a bound.
type Options struct {
	// Rounds is the number of times that the years of all executives are worked
	// out; 0 means no limit. The work also ends with its context, and when nothing
	// is left to gain.
	Rounds int
	// Progress, where it is not nil, is told the bound after each round.
	Progress func(round int, total int64)
}

// Bound is a cost that no feasible plan goes below.
type Bound struct {
	// Total is the bound on the total cost.
	Total int64
	// Terms are counts that hold for each term by itself, not weighted: no feasible plan has
	// less of that term. Most plans must pay much more; what the terms cost
	// together is in Total alone, also the cost that goes to and fro between them.
	// Their Total is their weighted sum.
	Terms planning.Cost
	// Method says in a few words how Total was found.
	Method string
	// Rounds is how many were done.
	Rounds int
}

// The methods of Bound.
const (
	ByTerms = "least count of each term" // from who may visit whom when
	ByYears = "cheapest year of each executive under prices for visits"
)

// fineMost is the number of visits up to which years are worked out visit by visit
// in the end: with 1,000 visits and 50 executives that takes some seconds a round.
const fineMost = 1000

// coarseLeast is the part of the bound that must be left to gain for coarse years
// to be worked out once more.
const coarseLeast = 0.001

// Lower finds a cost that no feasible plan goes below. It gets better until ctx
// ends, which is no error, or the rounds are done. Equal problems and rounds give
// equal bounds as long as ctx does not end. Errors are those of Problem.Validate,
// and that of ctx where it ends before there is any bound.
//
// The bound is a Lagrangian relaxation: that each visit is made once, that cross-
// sections are kept and that loads are even is paid for instead of demanded, so
// that each executive's year can be planned by itself, to optimality, by dynamic
// programming over days. The prices are whole numbers, and whatever they are, the
// sum of the cheapest years is a bound. They are improved by a bundle method.
// See Geoffrion, Lagrangean relaxation for integer programming (1974), and
// Lemaréchal, Nemirovskii, Nesterov, New variants of bundle methods (1995).
func Lower(ctx context.Context, p *planning.Problem, opts Options) (Bound, error) {
	if err := p.Validate(); err != nil {
		return Bound{}, err
	}
	m, err := compile(ctx, p)
	if err != nil {
		return Bound{}, err
	}
	b := Bound{Terms: m.terms().Sum(p), Method: ByTerms}
	b.Total = b.Terms.Total()
	a := newAscent(ctx, m, newCoarse(m), opts)
	a.run(coarseLeast)
	if len(m.visits) <= fineMost {
		a.refine(newYear(m))
	}
	b.Rounds = a.rounds
	if a.best > b.Total {
		b.Total, b.Method = a.best, ByYears
	}
	return b, nil
}
