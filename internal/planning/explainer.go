package planning

import "slices"

// Explainer says why visits of a plan stand where they do, one by one. To lay a plan out
// for that takes longer than to answer, so whoever asks more than once keeps it. It is for
// one goroutine at a time, and for as long as neither problem nor plan change.
type Explainer struct {
	p    *Problem
	s    *Solution
	j    *judge
	near *nearness // nil until a visit that stands is asked about
}

// Examine judges a plan as Check does, and gives what explains it. The explanations mean
// nothing where the plan is not feasible.
func Examine(p *Problem, s *Solution) (Verdict, *Explainer) {
	j := newJudge(p, s)
	return j.verdict(s), &Explainer{p: p, s: s, j: j}
}

// Explains says whether this is the explainer of a plan.
func (x *Explainer) Explains(p *Problem, s *Solution) bool { return x != nil && x.p == p && x.s == s }

// Of explains one visit as Reasons does; an unknown visit has the zero Reason.
func (x *Explainer) Of(visit string) Reason {
	j := x.j
	j.steps = 0
	if at, ok := j.places[visit]; ok {
		if x.near == nil {
			x.near = newNearness(x.p)
		}
		visits := j.byExec[at.Executive]
		return j.assigned(x.near, visits, slices.IndexFunc(visits, func(y placed) bool { return y.Visit == visit }))
	}
	for i := range x.p.Visits {
		y := &x.p.Visits[i]
		if y.ID != visit {
			continue
		}
		c := slices.IndexFunc(x.p.Customers, func(c Customer) bool { return c.ID == y.Customer })
		rule, text := j.whyNot(y, &x.p.Customers[c], maxTries)
		return Reason{Rule: rule, Text: text}
	}
	return Reason{}
}
