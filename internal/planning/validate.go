package planning

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"windshield/internal/fault"
	"windshield/internal/slot"
)

// Bounds on what is planned. They are far beyond any company we can imagine and
// keep a mistaken or hostile file from taking all memory.
const (
	maxExecutives = 10_000
	maxVisits     = 60_000
	maxPairs      = 64_000_000 // visits × executives
	maxCustomers  = 2_000_000
	maxDays       = 1_100 // three years
	maxValues     = 4_000 // of all dimensions together
	maxList       = 20_000
	maxIntervals  = 4_000_000 // of everybody together
	maxID         = 200
	maxKM         = 1_000_000
	maxWeight     = 1_000_000_000_000
	maxTerm       = 1 << 58
	maxDetails    = 20 // problems named in one error
)

// Validate says what makes the problem one that cannot be planned: unknown or
// doubled ids, values out of range, pins that clash. It names up to 20 places.
// The error is of kind Invalid, or TooLarge where a bound on sizes is passed.
func (p *Problem) Validate() error {
	v := &validation{p: p}
	if err := v.sizes(); err != nil {
		return err
	}
	v.frame()
	v.calendars()
	v.executives()
	v.hosts()
	v.customers()
	v.visits()
	if len(v.found) > 0 {
		return fault.Invalidf("The problem cannot be planned as it stands.").With(v.found...)
	}
	if err := p.overflow(); err != nil {
		return err
	}
	return p.pinClashes()
}

type validation struct {
	p         *Problem
	found     []fault.Detail
	calendar  map[string]bool
	executive map[string]bool
	host      map[string]bool
	customer  map[string]bool
}

// bad notes a problem. Where is put together only when there is one, since a
// large problem has a million places.
func (v *validation) bad(where, value, expected, mend string) {
	if len(v.found) < maxDetails {
		v.found = append(v.found, fault.Detail{Where: where, Value: fault.Short(value), Expected: expected, Mend: mend})
	}
}

func at(list string, i int, field string) string {
	s := "/" + list + "/" + strconv.Itoa(i)
	if field != "" {
		s += "/" + field
	}
	return s
}

func (v *validation) sizes() error {
	p := v.p
	days := p.Horizon.Days()
	for _, s := range []struct {
		what, where, mend string
		n, atMost         int
	}{
		{"executives", "/executives", "", len(p.Executives), maxExecutives},
		{"visits", "/visits", "Plan parts of the company apart.", len(p.Visits), maxVisits},
		{"customers", "/customers", "Leave out those who are not visited.", len(p.Customers), maxCustomers},
		{"hosts", "/hosts", "Leave out those of customers who are not visited.", len(p.Hosts), maxCustomers},
		{"calendars", "/calendars", "", len(p.Calendars), maxList},
		{"days in the horizon", "/horizon", "Plan a year at a time.", days, maxDays},
		{"pairs of a visit and an executive", "/visits", "Plan parts of the company apart.",
			len(p.Visits) * min(len(p.Executives), maxExecutives), maxPairs},
		{"intervals", "/", "Join intervals that touch, and leave out those outside the horizon.", p.allIntervals(), maxIntervals},
	} {
		if s.n > s.atMost {
			return fault.New(fault.TooLarge, "The problem has %d %s; at most %d can be planned.", s.n, s.what, s.atMost).With(fault.Detail{
				Where: s.where, Value: strconv.Itoa(s.n), Expected: fmt.Sprintf("at most %d %s", s.atMost, s.what), Mend: s.mend})
		}
	}
	return nil
}

func (p *Problem) allIntervals() int {
	n := len(p.Rules.Crunch)
	for i := range p.Executives {
		n += len(p.Executives[i].Unavailable) + len(p.Executives[i].Busy)
	}
	for i := range p.Hosts {
		n += len(p.Hosts[i].Unavailable) + len(p.Hosts[i].Busy)
	}
	for i := range p.Customers {
		n += len(p.Customers[i].Windows) + len(p.Customers[i].Blackouts)
	}
	return n
}

// frame checks the horizon, the rules, the weights and the dimensions.
func (v *validation) frame() {
	p := v.p
	if p.Format != "" && p.Format != ProblemFormat {
		v.bad("/format", p.Format, ProblemFormat, "")
	}
	first, last := slot.MakeDate(2000, 1, 1), slot.MakeDate(2199, 12, 31)
	if h := p.Horizon; h.Start < first || h.End > last || h.End < h.Start {
		mend := ""
		if h.End < h.Start && !h.End.IsZero() {
			mend = "Exchange the two dates."
		}
		v.bad("/horizon", h.String(), "two dates from 2000 to 2199, the start not after the end", mend)
	}
	v.number("/rules/max_gap_days", int64(p.Rules.MaxGapDays), 0, 36_500)
	v.number("/rules/stay_days", int64(p.Rules.StayDays), 0, 366)
	if len(p.Rules.ReachKM) > 366 {
		v.bad("/rules/reach_km", fmt.Sprint(len(p.Rules.ReachKM), " entries"), "at most 366 entries", "")
	}
	for i, km := range p.Rules.ReachKM {
		v.number(at("rules/reach_km", i, ""), int64(km), 0, maxKM)
	}
	v.intervals("/rules/crunch", p.Rules.Crunch)
	for _, t := range slices.Sorted(maps.Keys(p.Weights)) {
		w := p.Weights[t]
		if !known(t) {
			v.bad("/weights", string(t), "one of "+termList(), "")
			continue
		}
		v.number("/weights/"+string(t), w, 0, maxWeight)
	}
	v.dimensions()
}

func (v *validation) dimensions() {
	dims, all := map[string]bool{}, 0
	for i, d := range v.p.Dimensions {
		v.id(dims, "dimensions", i, d.ID)
		values := map[string]bool{}
		for j, x := range d.Values {
			where := at("dimensions", i, "values")
			v.id(values, where[1:], j, x.ID)
			v.number(at(where[1:], j, "permille"), int64(x.Permille), 0, 1000)
		}
		all += len(d.Values)
	}
	if all > maxValues {
		v.bad("/dimensions", fmt.Sprint(all, " values"), fmt.Sprint("at most ", maxValues, " values"), "")
	}
}

func (v *validation) calendars() {
	v.calendar = make(map[string]bool, len(v.p.Calendars))
	for i, c := range v.p.Calendars {
		v.id(v.calendar, "calendars", i, c.ID)
		for j, d := range c.Weekend {
			if d < 0 || int(d) >= len(weekdays) {
				v.bad(at(at("calendars", i, "weekend")[1:], j, ""), d.String(), "a day of the week", "")
			}
		}
		if j := slices.Index(c.Holidays, 0); j >= 0 {
			v.bad(at(at("calendars", i, "holidays")[1:], j, ""), "null", "a date such as 2027-03-04", "")
		}
		v.length(at("calendars", i, "holidays"), len(c.Holidays))
	}
}

func (v *validation) executives() {
	v.executive = make(map[string]bool, len(v.p.Executives))
	for i := range v.p.Executives {
		e := &v.p.Executives[i]
		v.id(v.executive, "executives", i, e.ID)
		if !v.calendar[e.Calendar] {
			v.unknown(at("executives", i, "calendar"), e.Calendar, "calendar")
		}
		v.position("executives", i, e.Lat, e.Lon)
		v.intervalsOf("executives", i, "unavailable", e.Unavailable)
		v.slots(at("executives", i, "busy"), e.Busy)
		v.numberOf("executives", i, "max_per_week", int64(e.MaxPerWeek), 0, 1_000_000)
		v.numberOf("executives", i, "max_per_month", int64(e.MaxPerMonth), 0, 1_000_000)
		v.numberOf("executives", i, "target_visits", int64(e.TargetVisits), 0, 1_000_000)
		if !e.LastVisit.IsZero() && e.LastVisit >= v.p.Horizon.Start {
			v.bad(at("executives", i, "last_visit"), e.LastVisit.String(), "a date before the horizon, or null",
				"Put visits inside the horizon into the list of visits, pinned.")
		}
		v.length(at("executives", i, "tags"), len(e.Tags))
	}
}

func (v *validation) hosts() {
	v.host = make(map[string]bool, len(v.p.Hosts))
	for i := range v.p.Hosts {
		v.id(v.host, "hosts", i, v.p.Hosts[i].ID)
		v.intervalsOf("hosts", i, "unavailable", v.p.Hosts[i].Unavailable)
		v.slots(at("hosts", i, "busy"), v.p.Hosts[i].Busy)
	}
}

func (v *validation) customers() {
	v.customer = make(map[string]bool, len(v.p.Customers))
	for i := range v.p.Customers {
		c := &v.p.Customers[i]
		v.id(v.customer, "customers", i, c.ID)
		if !v.calendar[c.Calendar] {
			v.unknown(at("customers", i, "calendar"), c.Calendar, "calendar")
		}
		if !v.host[c.Host] {
			v.unknown(at("customers", i, "host"), c.Host, "host")
		}
		v.position("customers", i, c.Lat, c.Lon)
		v.intervalsOf("customers", i, "windows", c.Windows)
		v.intervalsOf("customers", i, "blackouts", c.Blackouts)
		v.numberOf("customers", i, "min_spacing_days", int64(c.MinSpacingDays), 0, 36_500)
		for j := range c.Prefers {
			if n := c.Prefers[j].Points; n < 0 || n > 1_000_000 {
				v.number(at(at("customers", i, "prefers")[1:], j, "points"), n, 0, 1_000_000)
			}
		}
		if len(c.Prefers) > 1000 || len(c.Requires) > 1000 {
			v.bad(at("customers", i, ""), c.ID, "at most 1000 required and preferred tags", "")
		}
	}
}

func (v *validation) visits() {
	seen := make(map[string]bool, len(v.p.Visits))
	for i := range v.p.Visits {
		x := &v.p.Visits[i]
		v.id(seen, "visits", i, x.ID)
		if !v.customer[x.Customer] {
			v.unknown(at("visits", i, "customer"), x.Customer, "customer")
		}
		for j, e := range x.Excludes {
			if !v.executive[e] {
				v.unknown(at(at("visits", i, "excludes")[1:], j, ""), e, "executive")
			}
		}
		v.length(at("visits", i, "excludes"), len(x.Excludes))
		v.place(i, "pinned", x.Pinned)
		v.place(i, "current", x.Current)
	}
}

func (v *validation) place(i int, field string, at *Place) {
	if at == nil {
		return
	}
	where := "/visits/" + strconv.Itoa(i) + "/" + field
	if !v.executive[at.Executive] {
		v.unknown(where+"/executive", at.Executive, "executive")
	}
	if at.Date.IsZero() {
		v.bad(where+"/date", "", "a date such as 2027-03-04", "")
	}
	if at.Half != slot.AM && at.Half != slot.PM {
		v.bad(where+"/half", string(at.Half), "am or pm", "")
	}
}

// unknown notes an id that stands in no list, and one that differs in case only.
func (v *validation) unknown(where, id, kind string) {
	if len(v.found) >= maxDetails {
		return
	}
	article, list := "a ", map[string]map[string]bool{"calendar": v.calendar, "host": v.host, "customer": v.customer, "executive": v.executive}[kind]
	if kind == "executive" {
		article = "an "
	}
	mend := "Add it to the list of " + kind + "s."
	for known := range list {
		if strings.EqualFold(strings.TrimSpace(id), known) {
			mend = "Write " + known + "."
		}
	}
	v.bad(where, id, "the id of "+article+kind, mend)
}

func (v *validation) id(seen map[string]bool, list string, i int, id string) {
	switch {
	case id == "" || len(id) > maxID || !utf8.ValidString(id):
		v.bad(at(list, i, "id"), id, fmt.Sprintf("an id of 1 to %d bytes", maxID), "")
	case seen[id]:
		v.bad(at(list, i, "id"), id, "an id that is not used twice", "Give each entry an id of its own.")
	default:
		seen[id] = true
	}
}

func (v *validation) number(where string, n, lo, hi int64) {
	if n < lo || n > hi {
		v.bad(where, strconv.FormatInt(n, 10), fmt.Sprintf("a whole number from %d to %d", lo, hi), "")
	}
}

func (v *validation) numberOf(list string, i int, field string, n, lo, hi int64) {
	if n < lo || n > hi {
		v.number(at(list, i, field), n, lo, hi)
	}
}

func (v *validation) length(where string, n int) {
	if n > maxList {
		v.bad(where, fmt.Sprint(n, " entries"), fmt.Sprint("at most ", maxList, " entries"), "")
	}
}

func (v *validation) position(list string, i int, lat, lon float64) {
	if !(lat >= -90 && lat <= 90) { // so written that NaN is refused as well
		v.bad(at(list, i, "lat"), fmt.Sprint(lat), "degrees from -90 to 90", "")
	}
	if !(lon >= -180 && lon <= 180) {
		v.bad(at(list, i, "lon"), fmt.Sprint(lon), "degrees from -180 to 180", "")
	}
}

func (v *validation) intervalsOf(list string, i int, field string, intervals []slot.Interval) {
	for _, x := range intervals {
		if x.Start.IsZero() || x.End.IsZero() || x.End < x.Start {
			v.intervals(at(list, i, field), intervals)
			return
		}
	}
	if len(intervals) > maxList {
		v.length(at(list, i, field), len(intervals))
	}
}

func (v *validation) slots(where string, slots []slot.Slot) {
	v.length(where, len(slots))
	for i, x := range slots {
		if x.Date.IsZero() || x.Half != slot.AM && x.Half != slot.PM {
			v.bad(where+"/"+strconv.Itoa(i), x.String(), "a date and a half, am or pm", "")
		}
	}
}

func (v *validation) intervals(where string, intervals []slot.Interval) {
	v.length(where, len(intervals))
	for i, x := range intervals {
		place := where + "/" + strconv.Itoa(i)
		switch {
		case x.Start.IsZero() || x.End.IsZero():
			v.bad(place, x.String(), "a start and an end, both dates", "")
		case x.End < x.Start:
			v.bad(place, x.String(), "an end that is not before the start", "Exchange the two dates.")
		}
	}
}

// overflow refuses weights with which a term of the worst plan would cost more
// than maxTerm, so that the sum of all stays below 2^62 and never wraps round.
func (p *Problem) overflow() error {
	visits, execs := uint64(len(p.Visits)), uint64(len(p.Executives))
	var target, points uint64
	for i := range p.Executives {
		target += uint64(p.Executives[i].TargetVisits)
	}
	for i := range p.Customers {
		var sum uint64
		for _, x := range p.Customers[i].Prefers {
			sum += uint64(x.Points)
		}
		points = max(points, sum)
	}
	most := map[Term]uint64{
		Unassigned: visits, OverdueDays: execs * uint64(p.Horizon.Days()), Moved: visits, OutOfWindow: visits,
		Excess: visits * uint64(len(p.Dimensions)), Load: visits + target, Crunch: visits,
		Mismatch: visits * points, TravelKM: (visits*2 + 1) * 20_100,
	}
	for _, t := range Terms() {
		if hi, lo := bits.Mul64(most[t], uint64(p.Weight(t))); hi != 0 || lo > maxTerm {
			return fault.Invalidf("The weights are too large.").With(fault.Detail{Where: "/weights/" + string(t),
				Value:    strconv.FormatInt(p.Weight(t), 10),
				Expected: fmt.Sprintf("at most %d, so that costs can be counted", maxTerm/most[t]),
				Mend:     "Divide all weights by the same number: plans compare as before."})
		}
	}
	return nil
}
