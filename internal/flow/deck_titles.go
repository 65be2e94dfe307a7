package flow

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"windshield/internal/coverage"
	"windshield/internal/slot"
)

// A slide's title is one true sentence in whole numbers, which whoever listens can
// count on the slide; a share only stands beside its numbers, and only where there
// are many.

// headlineTitle says how many of the visits wanted are planned. Of a group with more
// than it wants only as many count: the rest fills no other group's gap.
func (w pen) headlineTitle(bars []DeckBar, visits, executives int) string {
	wanted, planned, short := 0, 0, []DeckBar{}
	for _, b := range bars {
		wanted, planned = wanted+b.Of, planned+min(b.Value, b.Of)
		if b.Under {
			short = append(short, b)
		}
	}
	all := w.Many(visits, "visit") + " " + verbOf(visits, "is", "are") + " planned for " + w.Many(executives, "executive")
	switch {
	case visits == 0 && wanted > 0:
		return fmt.Sprintf("None of %s is planned yet", w.Many(wanted, "wanted visit"))
	case visits == 0:
		return "No visit is planned yet"
	case len(bars) == 0:
		return all
	case len(short) == 0 && len(bars) == 1:
		return fmt.Sprintf("%s, and %s reaches its target", all, inWords(bars[0].Label))
	case len(short) == 0:
		return fmt.Sprintf("%s, and all %s groups reach their targets", all, w.number(len(bars)))
	}
	title := fmt.Sprintf("%s of %s %s planned", w.number(planned), w.Many(wanted, "wanted visit"), verbOf(planned, "is", "are"))
	worst := slices.MaxFunc(short, func(a, b DeckBar) int {
		return cmp.Or(cmp.Compare(a.Of-a.Value, b.Of-b.Value), cmp.Compare(b.Share, a.Share))
	})
	missing, there := wanted-planned, worst.Of-worst.Value
	switch {
	case len(bars) == 1:
		return title
	case missing == 1:
		return title + "; the missing one is in " + inWords(worst.Label)
	case there == missing:
		return fmt.Sprintf("%s; the missing %s are all in %s", title, w.number(missing), inWords(worst.Label))
	case 2*there > missing:
		return fmt.Sprintf("%s; %s of the missing %s are in %s", title, w.number(there), w.number(missing), inWords(worst.Label))
	}
	return fmt.Sprintf("%s; %s of %s groups fall short", title, w.number(len(short)), w.number(len(bars)))
}

// inWords writes the name of a group as people would say it: of "Northeast · Health
// + Banking + 2 more" it makes "Northeast (Health, Banking and 2 more)".
func inWords(label string) string {
	parts := strings.Split(label, " · ")
	for i, p := range parts {
		values := strings.Split(p, " + ")
		if n := len(values) - 1; n > 0 {
			parts[i] = strings.Join(values[:n], ", ") + " and " + values[n]
		}
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return parts[0] + " (" + strings.Join(parts[1:], "; ") + ")"
}

// planTitle says who makes how many visits, and where they crowd.
func (w pen) planTitle(lines []DeckLine, months []DeckMonth) string {
	visits, load := 0, make([]int, len(months))
	for _, l := range lines {
		visits += l.Visits
		for _, c := range l.Chips {
			load[c.Month]++
		}
	}
	who := w.Many(len(lines), "executive")
	if len(lines) == 1 {
		who = lines[0].Name
	}
	title := fmt.Sprintf("%s %s %s", who, verbOf(len(lines), "makes", "make"), w.Many(visits, "visit"))
	most, busiest := slices.Max(load), []string{}
	for i, n := range load {
		if n == most {
			busiest = append(busiest, months[i].Month.String())
		}
	}
	switch {
	case visits == 1:
		return title + ", in " + busiest[0]
	case len(busiest) == 1:
		return fmt.Sprintf("%s; the busiest month is %s with %s", title, busiest[0], w.number(most))
	}
	return fmt.Sprintf("%s, never more than %s in a month", title, w.number(most))
}

// windowsTitle says how many customers with a window are visited in one.
func (w pen) windowsTitle(inside, with int) string {
	switch {
	case with == 1:
		return "The one customer with a window is " + verbOf(inside, "", "not ") + "visited inside it"
	case inside == with:
		return fmt.Sprintf("All %s customers with a window are visited inside it", w.number(with))
	case inside == 0:
		return fmt.Sprintf("None of %s customers with a window is visited inside it yet", w.number(with))
	}
	return fmt.Sprintf("%s of %s customers with a window %s visited inside it", w.number(inside), w.number(with), verbOf(inside, "is", "are"))
}

// openTitle asks for customers whom nobody visits; of a plan that leaves none open
// it says so.
func (w pen) openTitle(open, visited int) string {
	switch {
	case open == 0 && visited == 0:
		return "No customer is in this plan yet"
	case open == 0 && visited == 1:
		return "The one customer in this plan has somebody who comes"
	case open == 0:
		return fmt.Sprintf("All %s customers in this plan have somebody who comes", w.number(visited))
	case open == 1:
		return "1 customer has nobody yet. Who takes this one?"
	}
	return fmt.Sprintf("%s customers have nobody yet. Who takes these?", w.number(open))
}

// yearsTitle says how many have accepted their year as it stands.
func (w pen) yearsTitle(years []YearState) string {
	yes, all := countYears(years), len(years)
	switch {
	case all == 1 && yes == 1:
		return years[0].Name + " has accepted the year"
	case all == 1:
		return years[0].Name + " has not accepted the year yet"
	case yes == all:
		return fmt.Sprintf("All %s executives have accepted their year", w.number(all))
	case yes == 0:
		return fmt.Sprintf("None of %s executives has accepted their year yet", w.number(all))
	}
	return fmt.Sprintf("%s of %s executives %s accepted their year", w.number(yes), w.number(all), verbOf(yes, "has", "have"))
}

// claimsTitle says how many of the open claims are findings.
func (w pen) claimsTitle(findings, all int) string {
	switch {
	case all == 1 && findings == 0:
		return "The one claim rests on too few customers to be a finding"
	case all == 1:
		return "The one claim rests on enough customers to be called a finding"
	case findings == 0:
		return fmt.Sprintf("None of %s claims rests on enough customers yet", w.number(all))
	case findings == all:
		return fmt.Sprintf("All %s claims rest on enough customers to be called findings", w.number(all))
	}
	return fmt.Sprintf("%s of %s claims %s on enough customers", w.number(findings), w.number(all), verbOf(findings, "rests", "rest"))
}

// promiseTitle says how many promised visits were held as promised, and what of the
// rest is known; all of it stands on the slide.
func (w pen) promiseTitle(k coverage.Kept) string {
	lost := k.MovedByUs + k.MovedByCustomer + k.Dropped
	switch {
	case k.Promised == 0:
		return "No visit was promised"
	case k.Ahead == k.Promised:
		return fmt.Sprintf("%s %s still ahead", w.Many(k.Promised, "promised visit"), verbOf(k.Promised, "is", "are"))
	}
	title := fmt.Sprintf("%s of %s %s held as promised", w.number(k.Held), w.Many(k.Promised, "promised visit"), verbOf(k.Held, "was", "were"))
	if lost > 0 {
		title += fmt.Sprintf(", %s %s moved or dropped", w.number(lost), verbOf(lost, "was", "were"))
	}
	if k.Ahead > 0 {
		title += fmt.Sprintf(", %s %s still ahead", w.number(k.Ahead), verbOf(k.Ahead, "is", "are"))
	}
	return title
}

// basis is what a statement rests on.
type basis struct {
	customers, groups map[string]bool
	newest            slot.Date
}

func (b *basis) add(customerID, group string, at slot.Date) {
	if b.customers == nil {
		b.customers, b.groups = map[string]bool{}, map[string]bool{}
	}
	b.customers[customerID] = true
	if group != "" {
		b.groups[group] = true
	}
	b.newest = max(b.newest, at)
}

// text writes "286 customers, 7 groups, last visit 17 Dec 2027"; newest says what the
// date is of.
func (b basis) text(w pen, newest string) string {
	s := w.Many(len(b.customers), "customer")
	if len(b.groups) > 0 {
		s += ", " + w.Many(len(b.groups), "group")
	}
	if !b.newest.IsZero() {
		s += ", " + newest + " " + w.Day(b.newest, "2 Jan 2006")
	}
	return s
}

// sentences puts sentences one after the other.
func sentences(parts ...string) string {
	var out []string
	for _, s := range parts {
		if s != "" {
			out = append(out, strings.TrimSuffix(s, ".")+".")
		}
	}
	return strings.Join(out, " ")
}
