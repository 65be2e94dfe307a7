package planning

import (
	"fmt"
	"slices"
	"strings"

	"windshield/internal/geo"
	"windshield/internal/slot"
)

// maxTries bounds the places looked at over all visits that were left out, so
// that the answer for a hopeless problem still comes within seconds.
const maxTries = 10_000_000

// maxSteps bounds the days, tags and absences that are compared for that.
const maxSteps = 3_000_000_000

// notLooked is said of visits for which no steps were left.
const notLooked = "So many visits have no place that this one was not looked into."

// leftOut adds the reasons of the visits that have no place.
func (j *judge) leftOut(reasons map[string]Reason) {
	customers := make(map[string]*Customer, len(j.p.Customers))
	for i := range j.p.Customers {
		customers[j.p.Customers[i].ID] = &j.p.Customers[i]
	}
	tries := maxTries / max(1, len(j.p.Visits)-len(j.places))
	for i := range j.p.Visits {
		x := &j.p.Visits[i]
		if _, ok := j.places[x.ID]; ok {
			continue
		}
		r := Reason{}
		r.Rule, r.Text = j.whyNot(x, customers[x.Customer], tries)
		reasons[x.ID] = r
	}
}

// whyNot gives the first rule that leaves visit x no place, and says why.
// Readable means that no rule does.
func (j *judge) whyNot(x *Visit, c *Customer, tries int) (Rule, string) {
	if j.steps > maxSteps {
		return Readable, notLooked
	}
	able, why := j.able(x, c)
	if len(able) == 0 {
		return Tags, why
	}
	open := j.openDays(c)
	if len(open) == 0 {
		return WorkingDay, j.neverOpen(c)
	}
	tally := map[Rule]int{}
	common := false
	for _, e := range able {
		calendar := j.calendars[e.Calendar]
		j.steps += len(open) * (1 + len(e.Unavailable))
		if j.steps > maxSteps {
			return Readable, notLooked
		}
		for _, d := range open {
			if !calendar.Works(d) || slot.In(d, e.Unavailable) {
				continue
			}
			common = true
			for _, half := range []slot.Half{slot.AM, slot.PM} {
				if tries--; tries < 0 {
					return most(tally), "No free place among those looked at: " + inWords(tally) + "."
				}
				at := Place{e.ID, d, half}
				rule := j.blocked(at, c, e)
				if rule == Readable {
					return Readable, fmt.Sprintf("No rule forbids it: %s is free. Taking that place costs more than leaving the visit out, or the search ended before it was tried.", j.p.Where(at))
				}
				tally[rule]++
			}
		}
	}
	if !common {
		return WorkingDay, fmt.Sprintf("No executive who may see %s works on any of the %d days that suit the customer and host %s.", j.p.Name(c.ID), len(open), j.p.Name(c.Host))
	}
	by := " by other visits"
	if tally[WorkingDay] > 0 {
		by = ""
	}
	return most(tally), "Every place that tags and calendars allow is closed" + by + ": " + inWords(tally) + "."
}

// able lists the executives with the required tags who have not declined; where
// there is none it says why.
func (j *judge) able(x *Visit, c *Customer) (able []*Executive, why string) {
	tagged := 0
	anyone := map[string]bool{} // required tags that somebody has
	for i := range j.p.Executives {
		e := &j.p.Executives[i]
		j.steps += 1 + len(c.Requires)*(1+len(e.Tags))
		lacks := lacking(e, c)
		for _, t := range c.Requires {
			if !slices.Contains(lacks, t) {
				anyone[t] = true
			}
		}
		if len(lacks) > 0 {
			continue
		}
		tagged++
		if !slices.Contains(x.Excludes, e.ID) {
			able = append(able, e)
		}
	}
	if len(j.p.Executives) == 0 {
		return nil, "There are no executives."
	}
	if tagged > 0 {
		return able, "Every executive who may see " + j.p.Name(c.ID) + " has declined this visit."
	}
	for _, t := range c.Requires {
		if !anyone[t] {
			return nil, "No executive has tag " + t + ", which " + j.p.Name(c.ID) + " requires."
		}
	}
	return nil, "No executive has all the tags that " + j.p.Name(c.ID) + " requires: " + strings.Join(c.Requires, ", ") + "."
}

// openDays lists the days on which customer and host can meet somebody.
func (j *judge) openDays(c *Customer) (open []slot.Date) {
	calendar, host := j.calendars[c.Calendar], j.hosts[c.Host]
	j.steps += j.p.Horizon.Days() * (1 + len(host.Unavailable) + len(c.Blackouts))
	for d := j.p.Horizon.Start; d <= j.p.Horizon.End; d++ {
		if calendar.Works(d) && !slot.In(d, host.Unavailable) && !slot.In(d, c.Blackouts) {
			open = append(open, d)
		}
	}
	return open
}

// neverOpen says what closes every working day of the customer.
func (j *judge) neverOpen(c *Customer) string {
	host, black, works := true, true, false
	for d := j.p.Horizon.Start; d <= j.p.Horizon.End; d++ {
		if j.calendars[c.Calendar].Works(d) {
			works = true
			host = host && slot.In(d, j.hosts[c.Host].Unavailable)
			black = black && slot.In(d, c.Blackouts)
		}
	}
	switch {
	case !works:
		return "Calendar " + c.Calendar + " of " + j.p.Name(c.ID) + " has no working day in the horizon."
	case host:
		return "Host " + j.p.Name(c.Host) + " is away on all working days."
	case black:
		return "Customer " + j.p.Name(c.ID) + " has blackouts on all working days."
	}
	return "Host " + j.p.Name(c.Host) + " is away on all working days that the blackouts of " + j.p.Name(c.ID) + " leave."
}

// blocked gives the first rule by which other visits, or what else stands in the
// calendars, close a place; Readable where none does.
func (j *judge) blocked(at Place, c *Customer, e *Executive) Rule {
	if s := at.Slot(); j.busy[e.ID][s] || j.hostBusy[c.Host][s] {
		return WorkingDay
	}
	inWeek, inMonth := 1, 1
	rule := Readable
	for _, x := range j.byExec[e.ID] {
		if x.Date == at.Date && x.Half == at.Half {
			return Once
		}
		if x.Date.Monday() == at.Date.Monday() {
			inWeek++
		}
		if x.Date.Year() == at.Date.Year() && x.Date.Month() == at.Date.Month() {
			inMonth++
		}
		apart := max(x.Date.Sub(at.Date), at.Date.Sub(x.Date))
		if apart < len(j.p.Rules.ReachKM) && geo.Km(x.customer.Place(), c.Place()) > j.p.Rules.ReachKM[apart] {
			rule = Reach
		}
	}
	for _, x := range j.byHost[c.Host] {
		if x.Date == at.Date && x.Half == at.Half {
			return Once
		}
	}
	if inWeek > e.MaxPerWeek || inMonth > e.MaxPerMonth {
		return Capacity
	}
	for _, x := range j.byCust[c.ID] {
		if max(x.Date.Sub(at.Date), at.Date.Sub(x.Date)) < c.MinSpacingDays {
			return Spacing
		}
	}
	return rule
}

// most gives the rule that closed most places.
func most(tally map[Rule]int) Rule {
	best := Once
	for r := Once; r <= Pinned; r++ {
		if tally[r] > tally[best] {
			best = r
		}
	}
	return best
}

// inWords says how many places each rule closed.
func inWords(tally map[Rule]int) string {
	words := map[Rule]string{WorkingDay: "the executive or the host is busy in the calendar", Once: "the executive or the host has another visit", Capacity: "the week or the month is full",
		Reach: "too far from the executive's other visits", Spacing: "too near in time to another visit to this customer"}
	var parts []string
	for r := Once; r <= Pinned; r++ {
		if tally[r] > 0 {
			parts = append(parts, fmt.Sprintf("%s (%d half-days)", words[r], tally[r]))
		}
	}
	return strings.Join(parts, ", ")
}
