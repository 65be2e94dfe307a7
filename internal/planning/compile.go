package planning

import (
	"slices"
	"strings"
	"time"

	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/slot"
)

// Draft is what a plan is made of: the people who can go, whom they shall
// visit, and how the year is shaped.
type Draft struct {
	Horizon    slot.Interval
	Rules      Rules
	Executives []Traveller
	Hosts      map[string][]slot.Interval // id -> absences
	Busy       map[string][]slot.Slot     // id of an executive or host -> half-days that something else takes
	Customers  []roster.Customer          // one visit each
	Shares     []Dimension                // the cross-section that each executive should hear
	Current    map[string]Place           // by customer id: where its visit stands in the plan that is being changed; dropped where its executive is no longer in Executives
	Pinned     map[string]Place           // by customer id: must be kept
	Excludes   map[string][]string        // by customer id: executives who have declined
	// Calendar gives the working calendar of a country.
	Calendar func(country string) (slot.WorkCalendar, error)
}

// Traveller is an executive with absences and the last counting visit.
type Traveller struct {
	roster.Person
	Absences  []slot.Interval
	LastVisit slot.Date
}

// Compile makes the planning problem of a draft. Visits and customers bear the
// customer's id, so that a solution reads back without a table. Errors are
// fault.Invalid and name the person or customer that cannot be planned with.
func Compile(d Draft) (*Problem, error) {
	p := &Problem{Format: ProblemFormat, Horizon: d.Horizon, Rules: d.Rules, Dimensions: d.Shares, Names: map[string]string{}}
	calendars := map[string]bool{}
	var bad []fault.Detail
	calendar := func(country, who string) {
		if calendars[country] {
			return
		}
		c, err := d.Calendar(country)
		if err != nil {
			bad = append(bad, fault.Detail{Where: who, Value: country, Expected: "a country whose holidays are known", Mend: "Correct the country in the import."})
			return
		}
		calendars[country] = true
		year := Calendar{ID: country, Weekend: CalendarOf(c).Weekend}
		for _, h := range c.Holidays {
			if d.Horizon.Contains(h) {
				year.Holidays = append(year.Holidays, h)
			}
		}
		p.Calendars = append(p.Calendars, year)
	}
	for _, e := range d.Executives {
		p.Names[e.ID] = e.Name
		calendar(e.Terms.Calendar, "executive "+e.Name)
		x := Executive{ID: e.ID, Calendar: e.Terms.Calendar, Lat: e.Office.Point.Lat, Lon: e.Office.Point.Lon,
			Tags: e.Terms.Tags, Unavailable: e.Absences, Busy: within(d.Horizon, d.Busy[e.ID]),
			MaxPerWeek: e.Terms.MaxPerWeek, MaxPerMonth: e.Terms.MaxPerMonth, TargetVisits: e.Terms.TargetVisits}
		if e.LastVisit < d.Horizon.Start {
			x.LastVisit = e.LastVisit
		}
		p.Executives = append(p.Executives, x)
	}
	for id, absences := range d.Hosts {
		p.Hosts = append(p.Hosts, Host{ID: id, Unavailable: absences, Busy: within(d.Horizon, d.Busy[id])})
	}
	slices.SortFunc(p.Hosts, func(a, b Host) int { return strings.Compare(a.ID, b.ID) })
	going := make(map[string]bool, len(d.Executives))
	for _, e := range d.Executives {
		going[e.ID] = true
	}
	for _, c := range d.Customers {
		p.Names[c.ID] = c.Name
		calendar(c.Country, "customer "+c.Name)
		if _, ok := d.Hosts[c.HostID]; !ok {
			bad = append(bad, fault.Detail{Where: "customer " + c.Name, Expected: "a host who goes along", Mend: "Give the account a host and select again."})
			continue
		}
		x := Customer{ID: c.ID, Calendar: c.Country, Lat: c.Point.Lat, Lon: c.Point.Lon, Host: c.HostID, Values: c.Values,
			Requires: c.Requires, Windows: c.Windows, Blackouts: c.Blackouts, MinSpacingDays: c.MinSpacingDays}
		for _, w := range c.Prefers {
			x.Prefers = append(x.Prefers, Preference{Tag: w.Tag, Points: int64(w.Points)})
		}
		p.Customers = append(p.Customers, x)
		v := Visit{ID: c.ID, Customer: c.ID}
		for _, id := range d.Excludes[c.ID] {
			if going[id] { // whoever has left is not asked anyway
				v.Excludes = append(v.Excludes, id)
			}
		}
		if at, ok := d.Current[c.ID]; ok && going[at.Executive] {
			v.Current = &at
		}
		if at, ok := d.Pinned[c.ID]; ok {
			if !going[at.Executive] {
				bad = append(bad, fault.Detail{Where: "visit to " + c.Name + " on " + at.Slot().String(), Expected: "a pinned visit's executive who still visits",
					Mend: "Take the pin away, or let the executive visit again."})
				continue
			}
			v.Pinned = &at
		}
		p.Visits = append(p.Visits, v)
	}
	if len(p.Executives) == 0 {
		bad = append(bad, fault.Detail{Where: "executives", Expected: "at least one executive who visits", Mend: "Import executives first."})
	}
	if len(bad) > 0 {
		return nil, fault.Invalidf("The year cannot be planned: %d problems.", len(bad)).With(bad[:min(len(bad), 20)]...)
	}
	return p, nil
}

// within gives the half-days that lie in an interval.
func within(span slot.Interval, slots []slot.Slot) []slot.Slot {
	var in []slot.Slot
	for _, s := range slots {
		if span.Contains(s.Date) {
			in = append(in, s)
		}
	}
	return in
}

// Shares gives the share of each value of the dimensions among the customers, in
// thousandths rounded down, values by name: what a cross-section is made of.
func Shares(dimensions []string, counts map[string]map[string]int) []Dimension {
	out := make([]Dimension, 0, len(dimensions))
	for _, name := range dimensions {
		dim := Dimension{ID: name}
		total := 0
		values := make([]string, 0, len(counts[name]))
		for v, n := range counts[name] {
			total += n
			values = append(values, v)
		}
		slices.Sort(values)
		for _, v := range values {
			dim.Values = append(dim.Values, Value{ID: v, Permille: counts[name][v] * 1000 / total})
		}
		out = append(out, dim)
	}
	return out
}

// Crunches gives the last days of each fiscal quarter that lie in a horizon, which our
// company keeps free of visits. start is the first month of the fiscal year, 0 means
// January; none are kept free where days is 0.
func Crunches(horizon slot.Interval, start time.Month, days int) []slot.Interval {
	var out []slot.Interval
	for at := horizon.Start; at <= horizon.End && days > 0; {
		end := slot.FiscalQuarter(at, start).End
		if free := (slot.Interval{Start: max(end.Add(1-days), horizon.Start), End: min(end, horizon.End)}); free.Start <= free.End {
			out = append(out, free)
		}
		at = end.Add(1)
	}
	return out
}
