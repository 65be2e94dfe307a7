package coverage

import (
	"windshield/internal/alert"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Sums is what a database adds up of the visits of an Input, so that nobody has to
// load the past. Visits of people who are not in Input.People count for groups and
// weeks only, as in Compute.
type Sums struct {
	Before slot.Date           // the past: every visit before it is added up; see Before
	Latest []visit.Visit       // each person's latest counting visit of the past while with us; of several on a day the one with the smallest id
	Months []MonthSum          // counting visits of the past, of the twelve months of the report, while with us
	Lapsed []visit.Visit       // those of the past in these months that do not count; may be left out, then the report has none
	Near   []visit.Visit       // told of, from Before until the end of the horizon (at least of this month), and each person's first after it that would count
	Groups map[string]Heard    // of the period, by code of the customer's group; "" where it has none
	Weeks  map[slot.Date]Heard // of the period, by Monday
	Lapses int                 // visits of the period that did not count: held, not held, or standing with a day before today
	Booked int                 // visits that stand, from today on
}

// MonthSum is how often somebody was with customers in a month.
type MonthSum struct {
	PersonID string
	Month    slot.Date // its first day
	Visits   int
}

// Heard is a number of counting visits, and of the customers they were to.
type Heard struct{ Visits, Distinct int }

// Before gives the first day that is not past for everybody of an input: the
// earliest of their own days.
func Before(in Input) slot.Date {
	first := in.Today
	for _, p := range in.People {
		first = min(first, ownToday(in, p))
	}
	return first
}

// FirstMonth gives the first day of the twelve months that end with today's.
func FirstMonth(today slot.Date) slot.Date {
	m := months(today)[0]
	return slot.MakeDate(m.Year, m.Month, 1)
}

// Assemble gives what Compute gives, from sums instead of visits; in.Visits are not
// looked at. Without Lapsed the rows of people have no NotCounted.
func Assemble(in Input, s Sums) Report {
	r := start(&in)
	in.Visits = append(append(append(make([]visit.Visit, 0, len(s.Latest)+len(s.Lapsed)+len(s.Near)), s.Latest...), s.Lapsed...), s.Near...)
	people(&r, in, byPerson(in), s.Before)
	r.AddMonths(s.Months)
	r.Totals.NotCounted, r.Totals.Booked = s.Lapses, s.Booked
	known := map[string]bool{}
	for _, g := range in.Groups {
		known[g.Code] = true
	}
	perGroup, distinct := make([]int, len(in.Groups)), make([]int, len(in.Groups))
	for code, h := range s.Groups {
		r.Totals.Visits += h.Visits
		r.Totals.Distinct += h.Distinct
		if !known[code] {
			r.Totals.Ungrouped += h.Visits
		}
	}
	for i, g := range in.Groups {
		perGroup[i], distinct[i] = s.Groups[g.Code].Visits, s.Groups[g.Code].Distinct
	}
	groups(&r, in, perGroup, distinct)
	r.Weeks = weeks(in.Period, in.Today)
	for i, w := range r.Weeks {
		r.Weeks[i].Visits, r.Weeks[i].Distinct = s.Weeks[w.Monday].Visits, s.Weeks[w.Monday].Distinct
	}
	r.Sentence = sentence(r, in.Style)
	return r
}

// AddMonths adds what was counted by month to the rows of the people, once.
func (r *Report) AddMonths(sums []MonthSum) {
	column := map[slot.Date]int{}
	for i, m := range r.Months {
		column[slot.MakeDate(m.Year, m.Month, 1)] = i
	}
	at := make(map[string]int, len(r.People))
	for i, p := range r.People {
		at[p.ID] = i
	}
	for _, m := range sums {
		row, known := at[m.PersonID]
		if i, shown := column[m.Month]; known && shown {
			r.People[row].Months[i] += m.Visits
		}
	}
}

// start gives the empty report, and fills in what the input leaves open.
func start(in *Input) Report {
	if in.Horizon.IsZero() {
		in.Horizon = in.Today.Add(HorizonDays)
	}
	return Report{AsOf: in.AsOf, Today: in.Today, Period: in.Period, Months: months(in.Today)}
}

// Watch gives the clock of a person on a day of theirs.
func (p Person) Watch(today slot.Date) alert.Watch {
	return alert.Watch{PersonID: p.ID, LastVisit: p.Terms.LastVisit, Since: p.Since, Joined: p.Joined, Left: p.Left, Absences: p.Absences, Today: today}
}
