package flow

import (
	"fmt"
	"strings"

	"windshield/internal/coverage"
	"windshield/internal/locale"
	"windshield/internal/planning"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// priceInWords says what changes would do, in the order in which people ask:
// "coverage Enterprise −1, longest gap of Ana 34 → 41 d, travel +120 km, cost +1,234".
func (t *table) priceInWords(changes []PlanChange, price planning.Cost) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	before, after := t.years(changes)
	for i, b := range before.Strata {
		if n := after.Strata[i].Planned - b.Planned; n != 0 {
			add("coverage %s %s", b.Label, plusMinus(t.problem.Style, int64(n)))
		}
	}
	if a, b := before.LongestGap, after.LongestGap; a.Days != b.Days {
		if a.Name == b.Name {
			add("longest gap of %s %d → %d d", b.Name, a.Days, b.Days)
		} else {
			add("longest gap %d d (%s) → %d d (%s)", a.Days, a.Name, b.Days, b.Name)
		}
	}
	for _, x := range []struct {
		term  planning.Term
		words string
	}{{planning.OverdueDays, "days past the limit %s"}, {planning.OutOfWindow, "outside of the customer’s window %s"}, {planning.Crunch, "at the end of a quarter %s"},
		{planning.TravelKM, "travel %s km"},
		{planning.Moved, "moved from where people know it %s"}} {
		if n := price[x.term]; n != 0 {
			add(x.words, plusMinus(t.problem.Style, n))
		}
	}
	add("cost %s", plusMinus(t.problem.Style, price.Total()))
	return strings.Join(parts, ", ")
}

// years gives the reports of the years of those whom changes touch, before and
// after: their longest gap together, and how many visits of each group stand.
func (t *table) years(changes []PlanChange) (before, after coverage.YearReport) {
	touched := map[string]bool{}
	moved := map[string]PlanChange{}
	for _, c := range changes {
		moved[c.CustomerID] = c
		for _, at := range []*planning.Place{c.From, c.To} {
			if at != nil {
				touched[at.Executive] = true
			}
		}
	}
	in := coverage.YearInput{Horizon: yearOf(t.plan.Year)}
	for _, p := range t.people {
		if touched[p.ID] && p.Has(roster.Executive) {
			in.People = append(in.People, coverage.Person{Person: p})
		}
	}
	for _, s := range t.selection.Strata {
		in.Strata = append(in.Strata, coverage.Group{Code: s.Code, Label: s.Label})
	}
	out := in
	for _, v := range t.visits {
		in.Visits = append(in.Visits, v)
		if c, ok := moved[v.CustomerID]; ok {
			v = stoodAt(v, c.To)
			delete(moved, v.CustomerID)
		}
		out.Visits = append(out.Visits, v)
	}
	for id, c := range moved { // had no visit at all
		if c.To != nil {
			v := visit.Visit{CustomerID: id, Kind: visit.AtCustomer, Stratum: t.rows[id].Stratum}
			out.Visits = append(out.Visits, stoodAt(v, c.To))
		}
	}
	return coverage.Year(in), coverage.Year(out)
}

// stoodAt gives a visit as if it stood at a place; nowhere where to is nil.
func stoodAt(v visit.Visit, to *planning.Place) visit.Visit {
	if v.State = visit.Cancelled; to != nil {
		v.State, v.ExecutiveID, v.Slot = visit.Proposed, to.Executive, slot.Slot{Date: to.Date, Half: to.Half}
	}
	return v
}

// plusMinus writes a difference with its sign.
func plusMinus(s locale.Style, n int64) string {
	sign := "+"
	if n < 0 {
		sign, n = "−", -n
	}
	return sign + s.Number(n)
}
