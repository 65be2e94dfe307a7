package planning

// Comparison sets two plans side by side. Its sums add up: the terms' costs to
// the totals, the executives' shares and what is left out to the terms.
type Comparison struct {
	Terms       []TermPair      // in the order of Terms, the total last
	Executives  []ExecutivePair // in the order of the first problem, then those only the second has
	LeftOut     Pair[Share]     // visits that stand with nobody, and what that costs; no km and no overdue days
	Groups      []GroupPair     // by dimension and value, in the order of the first problem, then those only the second has
	Differences []Difference    // in the order of the first problem's visits, then those only the second has
}

// Pair holds what two plans have of something.
type Pair[T any] struct{ A, B T }

// TermPair compares a term. The weighted costs differ from the counts also where
// the two problems have different weights; the total has no weight of its own and
// its counts are its costs.
type TermPair struct {
	Term   Term
	Counts Pair[int64]
	Costs  Pair[int64] // counts times weights
}

// Share is what one executive has in a plan.
type Share struct {
	Visits      int
	KM          int64 // travelled
	OverdueDays int64
	Cost        int64 // all terms that hang on the executive's visits and days, weighted
}

// ExecutivePair compares an executive's shares.
type ExecutivePair struct {
	Executive string
	Pair[Share]
}

// GroupPair compares how many visits to customers with a value stand in the plans.
type GroupPair struct {
	Dimension, Value string
	Visits           Pair[int]
}

// Differs says how a visit differs between two plans.
type Differs string

// The ways in which a visit differs.
const (
	Added          Differs = "added"     // stands in the second plan only
	Dropped        Differs = "dropped"   // stands in the first plan only
	OtherExecutive Differs = "executive" // same half-day, another executive
	OtherDate      Differs = "date"      // same executive, another half-day
	OtherBoth      Differs = "both"      // another executive and another half-day
)

// Difference is a visit that stands differently in two plans.
type Difference struct {
	Visit    string
	Customer string
	How      Differs
	A, B     *Place // nil where it does not stand
}

// Compare sets two feasible plans of one valid problem side by side.
func Compare(p *Problem, a, b *Solution) Comparison { return CompareAcross(p, a, p, b) }

// CompareAcross sets two feasible plans of two valid problems side by side, such
// as scenarios of one base; visits, executives and values are matched by id.
func CompareAcross(pa *Problem, a *Solution, pb *Problem, b *Solution) Comparison {
	ja, jb := newJudge(pa, a), newJudge(pb, b)
	return Comparison{
		Terms:       compareTerms(ja, jb),
		Executives:  compareExecutives(ja, jb),
		LeftOut:     Pair[Share]{ja.leftOutShare(), jb.leftOutShare()},
		Groups:      compareGroups(ja, jb),
		Differences: compareVisits(ja, jb),
	}
}

func compareTerms(a, b *judge) []TermPair {
	ca, cb := a.cost(), b.cost()
	out := make([]TermPair, 0, len(Terms())+1)
	for _, t := range Terms() {
		out = append(out, TermPair{t, Pair[int64]{ca[t], cb[t]}, Pair[int64]{ca[t] * a.p.Weight(t), cb[t] * b.p.Weight(t)}})
	}
	total := Pair[int64]{ca.Total(), cb.Total()}
	return append(out, TermPair{Total, total, total})
}

func compareExecutives(a, b *judge) []ExecutivePair {
	var out []ExecutivePair
	for i := range a.p.Executives {
		id := a.p.Executives[i].ID
		out = append(out, ExecutivePair{id, Pair[Share]{a.share(id), b.share(id)}})
	}
	for i := range b.p.Executives {
		if id := b.p.Executives[i].ID; a.execs[id] == nil {
			out = append(out, ExecutivePair{id, Pair[Share]{B: b.share(id)}})
		}
	}
	return out
}

// share sums what hangs on one executive; nothing where the problem does not know him.
func (j *judge) share(id string) Share {
	e := j.execs[id]
	if e == nil {
		return Share{}
	}
	c := j.costOf(e)
	return Share{Visits: len(j.byExec[id]), KM: c[TravelKM], OverdueDays: c[OverdueDays], Cost: c.Total()}
}

// leftOutShare sums what hangs on visits that stand with nobody.
func (j *judge) leftOutShare() Share {
	c := Cost{}
	for i := range j.p.Visits {
		if _, ok := j.places[j.p.Visits[i].ID]; !ok {
			c[Unassigned]++
			if j.p.Visits[i].Current != nil {
				c[Moved]++
			}
		}
	}
	return Share{Visits: int(c[Unassigned]), Cost: c.Sum(j.p).Total()}
}

func compareGroups(a, b *judge) []GroupPair {
	var out []GroupPair
	seen := map[[2]string]bool{}
	na, nb := a.planned(), b.planned()
	for _, j := range []*judge{a, b} {
		for _, d := range j.p.Dimensions {
			for _, v := range d.Values {
				key := [2]string{d.ID, v.ID}
				if !seen[key] {
					seen[key] = true
					out = append(out, GroupPair{d.ID, v.ID, Pair[int]{na[key], nb[key]}})
				}
			}
		}
	}
	return out
}

// planned counts the standing visits by dimension and value of their customer.
func (j *judge) planned() map[[2]string]int {
	n := map[[2]string]int{}
	for _, x := range j.all {
		for d, v := range x.customer.Values {
			n[[2]string{d, v}]++
		}
	}
	return n
}

func compareVisits(a, b *judge) []Difference {
	var out []Difference
	known := make(map[string]bool, len(a.p.Visits))
	for i, j := range []*judge{a, b} {
		for k := range j.p.Visits {
			x := &j.p.Visits[k]
			if i == 1 && known[x.ID] {
				continue
			}
			known[x.ID] = true
			if d, differs := difference(x, a.places, b.places); differs {
				out = append(out, d)
			}
		}
	}
	return out
}

func difference(x *Visit, a, b map[string]Place) (Difference, bool) {
	d := Difference{Visit: x.ID, Customer: x.Customer}
	from, inA := a[x.ID]
	to, inB := b[x.ID]
	if inA {
		d.A = &from
	}
	if inB {
		d.B = &to
	}
	switch {
	case from == to:
		return d, false
	case !inA:
		d.How = Added
	case !inB:
		d.How = Dropped
	case from.Slot() == to.Slot():
		d.How = OtherExecutive
	case from.Executive == to.Executive:
		d.How = OtherDate
	default:
		d.How = OtherBoth
	}
	return d, true
}
