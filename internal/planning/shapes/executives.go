package shapes

import (
	"fmt"
	"slices"

	"windshield/internal/geo"
	"windshield/internal/planning"
	"windshield/internal/slot"
)

var functions = []string{"sales", "product", "marketing", "service", "engineering", "finance", "enablement"}

// office is where executives live.
type office struct {
	country country
	point   geo.Point
}

// offices gives each executive one: a good half at headquarters, the others
// abroad, more in the first offices than in the last.
func (m *maker) offices() []office {
	at := func(c country, rank int) office { return office{c, m.cities(c.code)[rank].point} }
	hq, second := at(m.hq, 0), at(m.hq, 1)
	all := make([]office, m.size.Executives)
	three := []office{at(named("US"), 0), at(named("DE"), 0), at(named("JP"), 0)}
	var abroad []office
	var weights []int
	root := 1
	for root*root < m.size.Executives {
		root++
	}
	for i := range root + 2 {
		c := countries[m.rnd.IntN(len(countries))]
		abroad, weights = append(abroad, at(c, 0)), append(weights, 1000/(i+1))
	}
	for i := range all {
		switch {
		case m.shape == ThreeContinents:
			all[i] = three[i%3]
		case m.shape == OneOffice || m.permille(450):
			all[i] = hq
		case m.permille(250):
			all[i] = second
		default:
			all[i] = abroad[m.weighted(weights)]
		}
	}
	return all
}

func (m *maker) executives() {
	targets := m.targets()
	for i, at := range m.offices() {
		home := m.near(at.point, 800)
		e := planning.Executive{
			ID: fmt.Sprint("e", i+1), Calendar: at.country.code, Lat: home.Lat, Lon: home.Lon,
			Tags: m.tags(i, at.country), Unavailable: m.leaves(), TargetVisits: targets[i],
			MaxPerWeek:  pick(m, []int{2, 2, 2, 3}),
			MaxPerMonth: pick(m, []int{2, 3, 3, 3, 3, 3, 4, 4, 4, 4}),
		}
		if e.TargetVisits >= 11*m.days/183 { // two a month would not do
			e.MaxPerMonth = max(3, e.MaxPerMonth)
		}
		if !m.permille(75) {
			ago := m.between(3, 44) * m.between(3, 44) / 44 // short ones are likelier
			e.LastVisit = m.p.Horizon.Start.Add(-max(3, ago))
		}
		m.p.Executives = append(m.p.Executives, e)
	}
}

// targets shares out the visits, a third more to some than to others.
func (m *maker) targets() []int {
	shares := make([]int, m.size.Executives)
	all := 0
	for i := range shares {
		shares[i] = m.between(12, 18)
		all += shares[i]
	}
	targets, sum, given := make([]int, len(shares)), 0, 0
	for i, s := range shares { // rounded so that nothing is lost
		sum += s
		targets[i] = m.size.Visits*sum/all - given
		given += targets[i]
	}
	return targets
}

// tags says what the executive does, speaks and knows. English comes first.
func (m *maker) tags(i int, at country) []string {
	function := pick(m, functions)
	if i == 0 {
		function = "ceo"
	}
	tags := []string{"function:" + function, "language:en"}
	add := func(tag string) {
		if !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	if at.code == m.hq.code || m.permille(900) {
		add("language:" + at.language)
	}
	for range m.between(0, 2) {
		add("language:" + pick(m, countries).language)
	}
	for range pick(m, []int{1, 1, 1, 2, 2, 2, 2, 2, 3}) {
		add("industry:" + m.value(industries))
	}
	for range m.between(0, 3) { // sponsors are executives whom a customer knows
		customer := m.customer(pick(m, m.p.Visits).Customer)
		add("sponsor:" + customer.ID)
		customer.Prefers = append(customer.Prefers, planning.Preference{Tag: "sponsor:" + customer.ID, Points: m.points(500, 800)})
	}
	return tags
}

// customer finds a customer of ours, whose ids are numbers from 1.
func (m *maker) customer(id string) *planning.Customer {
	n := 0
	for _, digit := range id[1:] {
		n = 10*n + int(digit-'0')
	}
	return &m.p.Customers[n-1]
}

// leaves draws holidays, single days, and the days of the results, on which
// nobody travels.
func (m *maker) leaves() (all []slot.Interval) {
	for _, s := range []string{"2027-02-10", "2027-05-05", "2027-08-11", "2027-11-10"} {
		if d := slot.MustDate(s); m.p.Horizon.Contains(d) {
			all = append(all, slot.Interval{Start: d, End: d})
		}
	}
	for range m.between(0, 6) * m.days / 365 {
		all = append(all, m.span(1, 1))
	}
	for range (pick(m, []int{1, 2, 2, 2, 3, 3, 3, 3, 4}) * m.days) / 365 {
		from := m.day().Monday()
		all = append(all, slot.Interval{Start: from, End: from.Add(7*pick(m, []int{1, 1, 1, 2, 2, 2, 3}) - 1)})
	}
	if m.shape == LongLeaves {
		for range m.between(1, 2) {
			all = append(all, m.span(40, 90))
		}
	}
	return byStart(all)
}

// languages lets customers wish for their language, or demand it where an
// executive speaks it.
func (m *maker) languages() {
	spoken := map[string]bool{}
	for _, e := range m.p.Executives {
		for _, t := range e.Tags {
			spoken[t] = true
		}
	}
	for i := range m.p.Customers {
		c := &m.p.Customers[i]
		language := "language:" + named(c.Calendar).language
		switch {
		case language == "language:en":
		case m.permille(50) && spoken[language]:
			c.Requires = append(c.Requires, language)
		case m.permille(600):
			c.Prefers = append(c.Prefers, planning.Preference{Tag: language, Points: m.points(300, 800)})
		}
	}
}

// calendars takes in those of the countries in which somebody lives.
func (m *maker) calendars() {
	used := map[string]bool{}
	for i := range m.p.Customers {
		used[m.p.Customers[i].Calendar] = true
	}
	for i := range m.p.Executives {
		used[m.p.Executives[i].Calendar] = true
	}
	for _, c := range countries {
		if used[c.code] {
			calendar, err := slot.CountryCalendar(c.code, m.p.Horizon.Start.Year())
			if err != nil {
				panic(err)
			}
			m.p.Calendars = append(m.p.Calendars, planning.CalendarOf(calendar))
		}
	}
}
