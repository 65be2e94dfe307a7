package sampling

import (
	"fmt"
	"slices"
	"strings"
)

// warnings says what the reader of the selection must know, in the words of the
// page: what the allocation cannot do, and which odd input was handled by which
// rule.
func (p prepared) warnings() []string {
	var out []string
	for _, s := range p.strata {
		switch {
		case s.X == 0:
			out = append(out, fmt.Sprintf("%s %s: no visit for %s; nobody stands for them.", s.Code, s.Label, many(s.N, "customer")))
		case s.X == 1 && s.N > 1:
			out = append(out, fmt.Sprintf("%s %s: one visit for %s; no interval can be given for this group alone.", s.Code, s.Label, many(s.N, "customer")))
		}
	}
	out = append(out, p.giants()...)
	out = append(out, p.withoutRevenue()...)
	for _, dim := range p.design.Dimensions {
		out = append(out, p.oddValues(dim)...)
	}
	return out
}

// giantShare is the part of all revenue from which a single customer is named.
const giantShare = 0.05

// giants names customers that hold so much of the revenue that a draw without
// them would be another one, as long as they are not must-visits.
func (p prepared) giants() []string {
	total := 0.0
	for _, u := range p.frame.Units {
		total += float64(u.Revenue)
	}
	var out []string
	for _, u := range p.frame.Units {
		if share := portion(float64(u.Revenue), total); share >= giantShare && !u.Must {
			out = append(out, fmt.Sprintf("%s brings %.0f%% of all revenue and is drawn like any other of its group: make it a must-visit if it should be visited for certain.", u.ID, 100*share))
		}
	}
	return out
}

// withoutRevenue says how many customers count by number only, where the rule
// looks at revenue.
func (p prepared) withoutRevenue() []string {
	if r := p.design.Rule; r == Proportional || r == Equal || r == Mixed && p.design.Alpha == 1 {
		return nil
	}
	n := 0
	for _, u := range p.frame.Units {
		if u.Revenue == 0 && !u.Must {
			n++
		}
	}
	switch {
	case n == 0:
		return nil
	case n == 1:
		return []string{"1 customer has no revenue on record: it draws visits to its group by number, not by revenue."}
	}
	return []string{fmt.Sprintf("%d customers have no revenue on record: they draw visits to their group by number, not by revenue.", n)}
}

// oddValues says how many customers have no value in a dimension, or one that is
// missing from its order.
func (p prepared) oddValues(dim Dimension) []string {
	none, strange, n := 0, map[string]bool{}, 0
	for _, u := range p.frame.Units {
		v := u.Values[dim.Name]
		switch {
		case u.Must:
		case v == "":
			none++
		case len(dim.Order) > 0 && !slices.Contains(dim.Order, v):
			strange[v] = true
			n++
		}
	}
	var out []string
	if none > 0 {
		out = append(out, fmt.Sprintf("%s without %s: they count as a value of their own.", many(none, "customer"), dim.Name))
	}
	if n > 0 {
		names := make([]string, 0, len(strange))
		for v := range strange {
			names = append(names, v)
		}
		slices.Sort(names)
		shown := strings.Join(names[:min(len(names), 3)], ", ")
		if more := len(names) - 3; more > 0 {
			shown += fmt.Sprintf(" and %d more", more)
		}
		out = append(out, fmt.Sprintf("%s with a %s that is not in its stated order (%s): they come after the others.", many(n, "customer"), dim.Name, shown))
	}
	return out
}
