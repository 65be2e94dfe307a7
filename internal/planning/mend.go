package planning

import (
	"fmt"
	"slices"
	"strings"

	"windshield/internal/fault"
	"windshield/internal/geo"
	"windshield/internal/slot"
)

// pinClashes names the pins that break a rule among themselves, since no plan can
// keep them all, and says how to mend that.
func (p *Problem) pinClashes() error {
	places := map[string]Place{}
	for i := range p.Visits {
		if at := p.Visits[i].Pinned; at != nil {
			places[p.Visits[i].ID] = *at
		}
	}
	if len(places) == 0 {
		return nil
	}
	j := newJudge(p, NewSolution(p, places, nil))
	j.rules()
	if len(j.found) == 0 {
		return nil
	}
	text := fmt.Sprintf("The pinned visits do not fit together: %d clashes.", len(j.found))
	if len(j.found) == 1 {
		text = "The pinned visits do not fit together."
	}
	index := make(map[string]int, len(p.Visits))
	for i := range p.Visits {
		index[p.Visits[i].ID] = i
	}
	byID := make(map[string]placed, len(j.all))
	for _, x := range j.all {
		byID[x.Visit] = x
	}
	err := fault.Invalidf("%s", text)
	for _, v := range j.found[:min(len(j.found), maxDetails)] {
		visits := make([]placed, len(v.Visits))
		for i, id := range v.Visits {
			visits[i] = byID[id]
		}
		err = err.With(fault.Detail{Where: pinPlaces(index, v.Visits), Value: v.Reason,
			Expected: "pins that keep rule " + v.Name(), Mend: j.mend(v, visits)})
	}
	return err
}

// pinPlaces gives the JSON pointers of the visits, of the first few where there are many.
func pinPlaces(index map[string]int, visits []string) string {
	numbers := make([]int, len(visits))
	for i, id := range visits {
		numbers[i] = index[id]
	}
	slices.Sort(numbers)
	var places []string
	for i, n := range numbers {
		if i == maxNamed {
			places = append(places, fmt.Sprintf("%d more", len(numbers)-i))
			break
		}
		places = append(places, at("visits", n, "pinned"))
	}
	return strings.Join(places, " and ")
}

// maxNamed bounds the visits that are named in one sentence.
const maxNamed = 8

// mend says by which small change the pins of a violation would keep its rule.
// The judge must hold nothing but pins.
func (j *judge) mend(v Violation, visits []placed) string {
	switch first, last := visits[0], visits[len(visits)-1]; v.Rule {
	case Once:
		other := "Pin one of them to another half-day"
		if first.Executive != last.Executive {
			other += fmt.Sprintf(", give %s or %s another host", j.p.Name(first.customer.ID), j.p.Name(last.customer.ID))
		}
		return other + ", or " + j.unpin(visits, 1) + "."
	case WorkingDay:
		return j.mendDay(first)
	case Tags:
		return j.mendTags(first)
	case Capacity:
		most := j.execs[first.Executive].MaxPerWeek
		if v.Limit == "max_per_month" {
			most = j.execs[first.Executive].MaxPerMonth
		}
		return fmt.Sprintf("Raise %s of %s to %d, or %s.", v.Limit, j.p.Name(first.Executive), len(visits), j.unpin(visits, len(visits)-most))
	case Reach:
		days := last.Date.Sub(first.Date)
		return fmt.Sprintf("Raise reach_km[%d] from %d to %d, or %s.", days, j.p.Rules.ReachKM[days],
			geo.Km(first.customer.Place(), last.customer.Place()), j.unpin(visits, 1))
	case Spacing:
		return fmt.Sprintf("Lower min_spacing_days of %s to %d, or %s.", j.p.Name(first.customer.ID), last.Date.Sub(first.Date), j.unpin(visits, 1))
	}
	return ""
}

// unpin says that n of the visits should lose their pin.
func (j *judge) unpin(visits []placed, n int) string {
	names := make([]string, 0, len(visits))
	for i, x := range visits {
		if i == maxNamed {
			names = append(names, fmt.Sprintf("%d more", len(visits)-i))
			break
		}
		names = append(names, j.p.Name(x.Visit))
	}
	switch {
	case n >= len(visits):
		return "unpin " + listed(names, "and")
	case len(visits) == 2:
		return "unpin " + listed(names, "or")
	}
	return fmt.Sprintf("unpin %d of %s", n, listed(names, "and"))
}

// mendDay looks for the nearest day on which everybody works.
func (j *judge) mendDay(x placed) string {
	h := j.p.Horizon
	if !h.Contains(x.Date) && len(j.closed(Place{x.Executive, max(h.Start, min(h.End, x.Date)), x.Half}, x.customer)) == 0 {
		return fmt.Sprintf("Let the horizon reach to %s, pin %s to a day in it, or unpin it.", x.Date, j.p.Name(x.Visit))
	}
	for n := 0; n <= max(x.Date.Sub(h.Start), h.End.Sub(x.Date)); n++ {
		for _, d := range []slot.Date{x.Date.Add(n), x.Date.Add(-n)} {
			if h.Contains(d) && len(j.closed(Place{x.Executive, d, x.Half}, x.customer)) == 0 {
				return fmt.Sprintf("Pin %s to %s, the nearest day on which everybody works, or unpin it.", j.p.Name(x.Visit), d)
			}
		}
	}
	return fmt.Sprintf("%s, %s and %s never work on the same day: pin %s to another executive, or unpin it.",
		j.p.Name(x.Executive), j.p.Name(x.customer.ID), j.p.Name(x.customer.Host), j.p.Name(x.Visit))
}

// mendTags says who could go instead, or what the executive should have.
func (j *judge) mendTags(x placed) string {
	var parts []string
	if lacking := lacking(j.execs[x.Executive], x.customer); len(lacking) > 0 {
		parts = append(parts, "give "+j.p.Name(x.Executive)+" "+listed(lacking, "and"))
	}
	if slices.Contains(x.visit.Excludes, x.Executive) {
		parts = append(parts, "take "+j.p.Name(x.Executive)+" out of the excludes of "+j.p.Name(x.Visit))
	}
	var able []string
	for i := range j.p.Executives {
		e := &j.p.Executives[i]
		if len(able) < 3 && len(lacking(e, x.customer)) == 0 && !slices.Contains(x.visit.Excludes, e.ID) {
			able = append(able, j.p.Name(e.ID))
		}
	}
	text := strings.Join(parts, " and ")
	if len(able) > 0 {
		text += ", pin it to " + listed(able, "or")
	}
	return strings.ToUpper(text[:1]) + text[1:] + ", or unpin " + j.p.Name(x.Visit) + "."
}

// listed writes "a, b and c".
func listed(words []string, and string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + and + " " + words[len(words)-1]
}
