package planning

import (
	"fmt"
	"slices"
	"strings"

	"windshield/internal/locale"
	"windshield/internal/slot"
)

// Name gives what people call an executive, a customer, a host or a visit: its
// entry in Names, or the id itself where there is none.
func (p *Problem) Name(id string) string {
	if name := p.Names[id]; name != "" {
		return name
	}
	return id
}

// Day writes a date in the style of the problem, "Thu 4 Mar", with the year where the
// horizon touches more than one.
func (p *Problem) Day(d slot.Date) string {
	if p.Horizon.Start.Year() != p.Horizon.End.Year() {
		return p.Style.Day(d, "Mon 2 Jan 2006")
	}
	return p.Style.Day(d, "Mon 2 Jan")
}

// When writes a half-day as people read it: "Thu 4 Mar, morning".
func (p *Problem) When(s slot.Slot) string {
	if s.Half == slot.PM {
		return p.Day(s.Date) + ", afternoon"
	}
	return p.Day(s.Date) + ", morning"
}

// Where writes a place as people read it: "Ann Lee on Thu 4 Mar, morning".
func (p *Problem) Where(at Place) string { return p.Name(at.Executive) + " on " + p.When(at.Slot()) }

// termWords name one and several units of a term in the comparative.
var termWords = map[Term][2]string{
	Unassigned:  {"visit left out", "visits left out"},
	OverdueDays: {"overdue day", "overdue days"},
	Moved:       {"visit moved from its known place", "visits moved from their known place"},
	OutOfWindow: {"visit outside its customer's windows", "visits outside their customers' windows"},
	Excess:      {"visit past an executive's cross-section", "visits past an executive's cross-section"},
	Load:        {"visit off the executives' targets", "visits off the executives' targets"},
	Crunch:      {"visit in a crunch period", "visits in a crunch period"},
	Mismatch:    {"point of preferred tags lacking", "points of preferred tags lacking"},
	TravelKM:    {"km of travel", "km of travel"},
}

// InWords says in a style a difference of two costs: "2 more overdue days, 210 fewer km of
// travel", what weighs most first in the order of the terms; "no difference"
// where all terms are equal.
func (c Cost) InWords(s locale.Style) string {
	var parts []string
	for _, t := range Terms() {
		n, how := c[t], "more"
		if n == 0 {
			continue
		}
		if n < 0 {
			n, how = -n, "fewer"
		}
		words := termWords[t][1]
		if n == 1 {
			words = termWords[t][0]
		}
		parts = append(parts, fmt.Sprintf("%s %s %s", s.Number(n), how, words))
	}
	if len(parts) == 0 {
		return "no difference"
	}
	return strings.Join(parts, ", ")
}

// Alike gives the terms in which all of several differences are the same, without a total;
// none of fewer than two.
func Alike(all ...Cost) Cost {
	out := Cost{}
	if len(all) < 2 {
		return out
	}
	for _, t := range Terms() {
		n := all[0][t]
		if n != 0 && !slices.ContainsFunc(all, func(c Cost) bool { return c[t] != n }) {
			out[t] = n
		}
	}
	return out
}

// Minus gives the difference c - d per term, with the total as it stands in both.
func (c Cost) Minus(d Cost) Cost {
	out := Cost{}
	for _, t := range append(Terms(), Total) {
		out[t] = c[t] - d[t]
	}
	return out
}
