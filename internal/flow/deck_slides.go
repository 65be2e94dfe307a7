package flow

import (
	"cmp"
	"fmt"
	"slices"

	"windshield/internal/coverage"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// planSlides shows the plan, LinesPerSlide executives a slide.
func (in deckInput) planSlides(lines []DeckLine, months []DeckMonth) []Slide {
	var out []Slide
	for part := range slices.Chunk(lines, LinesPerSlide) {
		s := Slide{Kind: SlidePlan, Lines: part, Title: in.pen.planTitle(part, months)}
		who, theirs := "", map[string]bool{}
		if len(lines) > len(part) {
			who = fmt.Sprintf("%s to %s, of %s", part[0].Name, part[len(part)-1].Name, in.pen.Many(len(lines), "executive"))
		}
		for _, l := range part {
			theirs[l.ExecutiveID] = true
		}
		s.Note = sentences(who, in.rests(func(v visit.Visit) bool { return theirs[v.ExecutiveID] }).text(in.pen, "last visit"))
		out = append(out, s)
	}
	return out
}

// rests gives what visits that stand rest on.
func (in deckInput) rests(which func(visit.Visit) bool) (b basis) {
	for _, v := range in.Visits {
		if v.State.Stands() && which(v) {
			b.add(v.CustomerID, v.Stratum, v.Slot.Date)
		}
	}
	return b
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
	visited := len(planned)
	var all []DeckOpen
	var rests basis
	add := func(customerID, reason string) {
		if planned[customerID] {
			return
		}
		planned[customerID] = true // once
		c := in.Strata[customerID]
		rests.add(customerID, c, 0)
		all = append(all, DeckOpen{CustomerID: customerID, Customer: cmp.Or(in.Customers[customerID].Name, customerID), Code: c, Colour: colours[c], Reason: reason})
	}
	slices.SortStableFunc(declined, func(a, b visit.Visit) int {
		return cmp.Or(cmp.Compare(a.Slot.Date, b.Slot.Date), cmp.Compare(a.ID, b.ID))
	})
	for _, v := range declined {
		add(v.CustomerID, in.People[v.ExecutiveID].Name+" has declined.")
	}
	for _, u := range in.Plan.Unassigned {
		add(u.CustomerID, in.pen.Again(u.Reason))
	}
	title := in.pen.openTitle(len(all), visited)
	if len(all) == 0 {
		return []Slide{{Kind: SlideOpen, Title: title}}
	}
	note := ""
	if len(all) > 1 {
		note = sentences(rests.text(in.pen, ""))
	}
	var out []Slide
	for part := range slices.Chunk(all[:min(len(all), OpenPerSlide*mostOpenSlides)], OpenPerSlide) {
		out = append(out, Slide{Kind: SlideOpen, Title: title, Note: note, Open: part, More: max(0, len(all)-OpenPerSlide*mostOpenSlides)})
	}
	return out
}

// mostOpenSlides bounds how many customers are given out in a meeting: a plan with
// more left open is no plan yet.
const mostOpenSlides = 6

// yearSlides ask every executive for their yes.
func (in deckInput) yearSlides(years []YearState) []Slide {
	changed := 0
	rests := in.rests(func(visit.Visit) bool { return true })
	rests.newest = 0
	for _, y := range years {
		if y.Standing == YearChanged {
			changed++
		}
		if !y.At.IsZero() {
			rests.newest = max(rests.newest, in.pen.on(y.At))
		}
	}
	since := ""
	if changed > 0 {
		since = fmt.Sprintf("%s %s changed since", in.pen.Many(changed, "accepted year"), verbOf(changed, "has", "have"))
	}
	var out []Slide
	for part := range slices.Chunk(years, YearsPerSlide) {
		out = append(out, Slide{Kind: SlideYears, Title: in.pen.yearsTitle(years), Note: sentences(since, rests.text(in.pen, "newest acceptance")), Years: part})
	}
	return out
}

// promiseSlide shows the plan against what was promised.
func (in deckInput) promiseSlide(p promised) Slide {
	var rests basis
	for _, r := range p.Rows {
		held := slot.Date(0)
		if r.Outcome == coverage.KeptHeld {
			held = r.Is.Slot.Date
		}
		rests.add(r.Was.CustomerID, cmp.Or(r.Is.Stratum, in.Strata[r.Was.CustomerID]), held)
	}
	s := Slide{Kind: SlidePromise, Title: in.pen.promiseTitle(p.Kept),
		Note: sentences(fmt.Sprintf("Promised on %s: %s", in.pen.Day(in.pen.on(p.FrozenAt), "2 Jan 2006"), p.PlanName), rests.text(in.pen, "newest visit held"))}
	for _, o := range coverage.Outcomes() {
		b := DeckBar{Outcome: o, Label: outcomeWord[o], Value: p.Kept.Of(o), Of: p.Kept.Promised}
		b.fill(in.pen)
		s.Bars = append(s.Bars, b)
	}
	return s
}

var outcomeWord = map[coverage.Outcome]string{
	coverage.KeptHeld: "Held as promised", coverage.MovedByUs: "Moved by us", coverage.MovedByCustomer: "Moved by customers",
	coverage.Dropped: "Dropped", coverage.KeptAhead: "Still ahead", coverage.KeptSilent: "Nobody has said",
}

func (in deckInput) claimsSlide() Slide {
	return Slide{Kind: SlideClaims, Claims: in.Claims, Needs: in.Needs, More: in.MoreClaim, Title: in.pen.claimsTitle(in.Findings, len(in.Claims)+in.MoreClaim), Note: sentences(in.Backed.text(in.pen, "newest statement"))}
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
