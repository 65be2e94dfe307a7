package solver

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"windshield/internal/planning"
	"windshield/internal/slot"
)

// anyProblem draws a small valid problem in which every rule and term bites now
// and then: crowded places, few days, strange weekends, tight windows, pins.
func anyProblem(t *rapid.T) *planning.Problem {
	number := func(name string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(t, name) }
	days := number("days", 1, 100)
	start := slot.MakeDate(2026, time.November, 1).Add(number("start", 0, 120))
	p := &planning.Problem{
		Format:  planning.ProblemFormat,
		Horizon: slot.Interval{Start: start, End: start.Add(days - 1)},
		Rules:   planning.Rules{MaxGapDays: number("gap", 0, 31), StayDays: number("stay", 0, 5)},
		Weights: map[planning.Term]int64{},
	}
	intervals := func(name string, most int) (all []slot.Interval) {
		for range number(name, 0, most) {
			from := start.Add(number("from", -5, days+5))
			all = append(all, slot.Interval{Start: from, End: from.Add(number("length", 0, 20))})
		}
		return all
	}
	p.Rules.ReachKM = rapid.SliceOfN(rapid.SampledFrom([]int{0, 60, 400, 4500, 20015}), 0, 4).Draw(t, "reach")
	p.Rules.Crunch = intervals("crunch", 2)
	for _, term := range rapid.SliceOfNDistinct(rapid.SampledFrom(planning.Terms()), 0, 3, rapid.ID).Draw(t, "own weights") {
		p.Weights[term] = rapid.Int64Range(0, 20_000).Draw(t, "weight")
	}
	for i := range number("calendars", 1, 2) {
		c := planning.Calendar{ID: fmt.Sprint("cal", i)}
		for _, w := range rapid.SliceOfNDistinct(rapid.IntRange(0, 6), 0, 3, rapid.ID).Draw(t, "weekend") {
			c.Weekend = append(c.Weekend, planning.Weekday(w))
		}
		for range number("holidays", 0, 4) {
			c.Holidays = append(c.Holidays, start.Add(number("holiday", -3, days+3)))
		}
		p.Calendars = append(p.Calendars, c)
	}
	for i := range number("dimensions", 0, 2) {
		d := planning.Dimension{ID: fmt.Sprint("d", i)}
		for j := range number("values", 1, 3) {
			d.Values = append(d.Values, planning.Value{ID: fmt.Sprint("x", j), Permille: number("permille", 0, 700)})
		}
		p.Dimensions = append(p.Dimensions, d)
	}
	calendar := func() string { return p.Calendars[number("calendar", 0, len(p.Calendars)-1)].ID }
	latitude := func() float64 { return rapid.SampledFrom([]float64{0, 0.3, 0.5, 4, 41, -60, 90}).Draw(t, "lat") }
	busy := func() (all []slot.Slot) {
		for range number("busy", 0, 6) {
			half := rapid.SampledFrom([]slot.Half{slot.AM, slot.PM}).Draw(t, "busy half")
			all = append(all, slot.Slot{Date: start.Add(number("busy on", -2, min(days, 8))), Half: half})
		}
		return all
	}
	tags := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 3, rapid.ID)
	for i := range number("executives", 0, 4) {
		e := planning.Executive{
			ID: fmt.Sprint("e", i), Calendar: calendar(), Lat: latitude(), Lon: latitude(), Tags: tags.Draw(t, "tags"),
			Unavailable: intervals("unavailable", 2), Busy: busy(), MaxPerWeek: number("week", 0, 5), MaxPerMonth: number("month", 0, 9),
			TargetVisits: number("target", 0, 9),
		}
		if number("seen", 0, 1) == 1 {
			e.LastVisit = start.Add(-number("ago", 1, 60))
		}
		p.Executives = append(p.Executives, e)
	}
	for i := range number("hosts", 1, 3) {
		p.Hosts = append(p.Hosts, planning.Host{ID: fmt.Sprint("h", i), Unavailable: intervals("away", 2), Busy: busy()})
	}
	for i := range number("customers", 1, 8) {
		c := planning.Customer{
			ID: fmt.Sprint("c", i), Calendar: calendar(), Lat: latitude(), Lon: latitude(),
			Host: p.Hosts[number("host", 0, len(p.Hosts)-1)].ID, Values: map[string]string{},
			Windows: intervals("windows", 2), Blackouts: intervals("blackouts", 1), MinSpacingDays: number("spacing", 0, 40),
		}
		if number("picky", 0, 3) == 0 {
			c.Requires = tags.Draw(t, "requires")
		}
		for _, tag := range tags.Draw(t, "prefers") {
			c.Prefers = append(c.Prefers, planning.Preference{Tag: tag, Points: int64(number("points", 0, 900))})
		}
		for _, d := range p.Dimensions {
			c.Values[d.ID] = fmt.Sprint("x", number("value", 0, 3)) // x3 is no listed value
		}
		p.Customers = append(p.Customers, c)
	}
	somewhere := func() *planning.Place {
		if len(p.Executives) == 0 {
			return nil
		}
		half := rapid.SampledFrom([]slot.Half{slot.AM, slot.PM}).Draw(t, "half")
		e := p.Executives[number("executive", 0, len(p.Executives)-1)].ID
		return &planning.Place{Executive: e, Date: start.Add(number("date", -1, days)), Half: half}
	}
	for i := range number("visits", 0, 20) {
		v := planning.Visit{ID: fmt.Sprint("v", i), Customer: p.Customers[number("customer", 0, len(p.Customers)-1)].ID}
		if number("declined", 0, 5) == 0 && len(p.Executives) > 0 {
			v.Excludes = []string{p.Executives[0].ID}
		}
		if number("has current", 0, 3) == 0 {
			v.Current = somewhere()
		}
		p.Visits = append(p.Visits, v)
		if number("is pinned", 0, 3) == 0 {
			pinned := &p.Visits[i]
			if pinned.Pinned = somewhere(); p.Validate() != nil { // clashes
				pinned.Pinned = nil
			}
		}
	}
	return p
}
