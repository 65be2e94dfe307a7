package flow

import (
	"cmp"
	"fmt"
	"slices"

	"windshield/internal/coverage"
	"windshield/internal/visit"
)

// planSlides shows the plan, LinesPerSlide executives a slide.
func planSlides(lines []DeckLine, months []DeckMonth) []Slide {
	var out []Slide
	for part := range slices.Chunk(lines, LinesPerSlide) {
		visits, load := 0, make([]int, len(months))
		for _, l := range part {
			visits += l.Visits
			for _, c := range l.Chips {
				load[c.Month]++
			}
		}
		busiest := 0
		for i, n := range load {
			if n > load[busiest] {
				busiest = i
			}
		}
		s := Slide{Kind: SlidePlan, Lines: part}
		s.Title = fmt.Sprintf("%s %s %s, most of them in %s", manyOf(len(part), "executive"), verbOf(len(part), "makes", "make"), manyOf(visits, "visit"), months[busiest].Month.String())
		if len(lines) > len(part) {
			s.Note = fmt.Sprintf("%s to %s, of %s", part[0].Name, part[len(part)-1].Name, manyOf(len(lines), "executive"))
		}
		out = append(out, s)
	}
	return out
}

// openSlides asks who takes the customers whom nobody visits: those for whom no
// place was found, and those whose executive has said no.
func (in deckInput) openSlides() []Slide {
	colours := colourOf(in.Groups)
	planned, declined := map[string]bool{}, []visit.Visit{}
	for _, v := range in.Visits {
		if v.State.Stands() {
			planned[v.CustomerID] = true
		} else if v.State == visit.Declined {
			declined = append(declined, v)
		}
	}
	var all []DeckOpen
	add := func(customerID, reason string) {
		if planned[customerID] {
			return
		}
		planned[customerID] = true // once
		c := in.Strata[customerID]
		all = append(all, DeckOpen{CustomerID: customerID, Customer: cmp.Or(in.Customers[customerID].Name, customerID), Code: c, Colour: colours[c], Reason: reason})
	}
	for _, v := range declined {
		add(v.CustomerID, in.People[v.ExecutiveID].Name+" has declined.")
	}
	for _, u := range in.Plan.Unassigned {
		add(u.CustomerID, u.Reason)
	}
	title := fmt.Sprintf("Who takes these %s?", number(len(all)))
	switch len(all) {
	case 0:
		return []Slide{{Kind: SlideOpen, Title: "Every customer has somebody who comes"}}
	case 1:
		title = "Who takes this one?"
	}
	var out []Slide
	for part := range slices.Chunk(all[:min(len(all), OpenPerSlide*mostOpenSlides)], OpenPerSlide) {
		out = append(out, Slide{Kind: SlideOpen, Title: title, Open: part, More: max(0, len(all)-OpenPerSlide*mostOpenSlides)})
	}
	return out
}

// mostOpenSlides bounds how many customers are given out in a meeting: a plan with
// more left open is no plan yet.
const mostOpenSlides = 6

// yearSlides ask every executive for their yes.
func yearSlides(years []YearState) []Slide {
	yes, changed := countYears(years), 0
	for _, y := range years {
		if y.Standing == YearChanged {
			changed++
		}
	}
	title := fmt.Sprintf("%s of %s have accepted their year", number(yes), number(len(years)))
	if yes == len(years) {
		title = fmt.Sprintf("All %s have accepted their year", number(yes))
	}
	note := ""
	if changed > 0 {
		note = fmt.Sprintf("%s of them changed since.", manyOf(changed, "year"))
	}
	var out []Slide
	for part := range slices.Chunk(years, YearsPerSlide) {
		out = append(out, Slide{Kind: SlideYears, Title: title, Note: note, Years: part})
	}
	return out
}

// promiseSlide shows the plan against what was promised.
func promiseSlide(p promised) Slide {
	s := Slide{Kind: SlidePromise, Title: p.Kept.Sentence(), Note: fmt.Sprintf("Promised on %s: %s.", p.FrozenAt.Format("2 Jan 2006"), p.PlanName)}
	for _, o := range coverage.Outcomes() {
		b := DeckBar{Outcome: o, Label: outcomeWord[o], Value: p.Kept.Of(o), Of: p.Kept.Promised}
		b.fill()
		s.Bars = append(s.Bars, b)
	}
	return s
}

var outcomeWord = map[coverage.Outcome]string{
	coverage.KeptHeld: "Held as promised", coverage.MovedByUs: "Moved by us", coverage.MovedByCustomer: "Moved by customers",
	coverage.Dropped: "Dropped", coverage.KeptAhead: "Still ahead", coverage.KeptSilent: "Nobody has said",
}

func (in deckInput) claimsSlide() Slide {
	s := Slide{Kind: SlideClaims, Claims: in.Claims, Needs: in.Needs, More: in.MoreClaim}
	findings := 0
	for _, c := range in.Claims {
		if c.Finding {
			findings++
		}
	}
	switch n := len(in.Claims) + in.MoreClaim; {
	case findings == 0 && n == 1:
		s.Title = "The one claim rests on too few customers to be a finding"
	case findings == 0:
		s.Title = fmt.Sprintf("None of %s claims rests on enough customers yet", number(n))
	case findings == n:
		s.Title = fmt.Sprintf("%s on enough customers to be called %s", manyOf(n, "claim")+verbOf(n, " rests", " rest"), verbOf(n, "a finding", "findings"))
	default:
		s.Title = fmt.Sprintf("%s of %s claims %s on enough customers", number(findings), number(n), verbOf(findings, "rests", "rest"))
	}
	return s
}

// number writes a whole number with commas.
func number(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// manyOf writes "1 visit" or "1,200 visits".
func manyOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return number(n) + " " + what + "s"
}

func verbOf(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
