package coverage

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"windshield/internal/alert"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// HorizonDays is how far gaps are looked for where the input says nothing.
const HorizonDays = 90

// Compute gives the numbers of the coverage dashboard. It looks at every visit
// once, and reads nothing but its input.
func Compute(in Input) Report {
	r := Report{AsOf: in.AsOf, Today: in.Today, Period: in.Period, Months: months(in.Today)}
	if in.Horizon.IsZero() {
		in.Horizon = in.Today.Add(HorizonDays)
	}
	theirs := byPerson(in)
	people(&r, in, theirs)
	visits(&r, in)
	r.Sentence = sentence(r)
	return r
}

// byPerson groups the visits by executive, in the order of in.People.
func byPerson(in Input) [][]*visit.Visit {
	place := make(map[string]int, len(in.People))
	for i, p := range in.People {
		place[p.ID] = i
	}
	out := make([][]*visit.Visit, len(in.People))
	for i := range in.Visits {
		if at, ok := place[in.Visits[i].ExecutiveID]; ok {
			out[at] = append(out[at], &in.Visits[i])
		}
	}
	return out
}

// people fills People, Gaps and the totals about people.
func people(r *Report, in Input, theirs [][]*visit.Visit) {
	// Formatting and calendars are slow beside the rest: one look-up per day of
	// the twelve months instead of one per visit.
	first := slot.MakeDate(r.Months[0].Year, r.Months[0].Month, 1)
	column := columns(first, r.Months)
	r.People = make([]PersonRow, 0, len(in.People))
	for i, p := range in.People {
		s := alert.Clock(alert.Watch{
			PersonID: p.ID, LastVisit: p.Terms.LastVisit, Since: p.Since, Absences: p.Absences, Today: ownToday(in, p),
		}, theirs[i], in.Horizon)
		row := PersonRow{
			ID: p.ID, Name: p.Name, Function: p.Function, Running: s.Running, LastID: s.LastID, Days: s.Days, Overdue: s.Overdue,
			Never: s.Never, Paused: s.Paused, Back: s.Back, Next: s.Next, NextID: s.NextID, Forecast: s.Forecast,
		}
		if !s.Never {
			row.Last = s.Last
		}
		for _, e := range s.Ledger {
			at := e.Date.Sub(first)
			switch {
			case at < 0 || at >= len(column):
			case e.Counts:
				row.Months[column[at]]++
			default:
				row.NotCounted = append(row.NotCounted, NotCounted{e.VisitID, e.CustomerID, e.Date, e.WhyNot})
			}
		}
		r.People = append(r.People, row)
		r.Totals.add(s)
		if !s.Overdue && !s.Forecast.IsZero() {
			r.Gaps = append(r.Gaps, gap(p, s))
		}
	}
	slices.SortStableFunc(r.People, worst)
	slices.SortStableFunc(r.Gaps, func(a, b Gap) int {
		return cmp.Or(cmp.Compare(a.On, b.On), cmp.Compare(a.Name, b.Name), cmp.Compare(a.PersonID, b.PersonID))
	})
}

// ownToday gives the date where the person lives, the reader's where that is not known.
func ownToday(in Input, p Person) slot.Date {
	if in.AsOf.IsZero() {
		return in.Today
	}
	d, err := alert.Today(in.AsOf, p.Zone)
	if err != nil {
		return in.Today
	}
	return d
}

func (t *Totals) add(s alert.Status) {
	t.Executives++
	if s.Overdue {
		t.Overdue++
	}
	if s.Never {
		t.Never++
	}
	if s.Paused {
		t.OnLeave++
	}
}

// worst sorts people: overdue first, most days first, then those who have never
// been seen with a customer, those with nothing booked, and by name.
func worst(a, b PersonRow) int {
	return cmp.Or(
		no(a.Overdue)-no(b.Overdue),
		b.Days-a.Days,
		no(a.Never)-no(b.Never),
		no(a.Next.IsZero())-no(b.Next.IsZero()),
		cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.ID, b.ID),
	)
}

func no(b bool) int {
	if b {
		return 0
	}
	return 1
}

func gap(p Person, s alert.Status) Gap {
	g := Gap{PersonID: p.ID, Name: p.Name, On: s.Forecast, Ends: s.Ends, EndsID: s.EndsID}
	then := "nothing booked"
	if !g.Ends.IsZero() {
		then = "next visit " + alert.Day(g.Ends, s.Today)
	}
	g.Text = fmt.Sprintf("%s passes %d days on %s, %s.", p.Name, alert.MaxGapDays, alert.Day(g.On, s.Today), then)
	return g
}

// visits fills Groups, Weeks and the totals about visits.
func visits(r *Report, in Input) {
	groupAt := make(map[string]int, len(in.Groups)) // code -> index
	for i, g := range in.Groups {
		groupAt[g.Code] = i
		r.Totals.Customers += g.Customers
	}
	home := homes(in, groupAt)

	monday := in.Period.Start.Monday()
	r.Weeks = weeks(in.Period, in.Today)
	type heard struct{ week, customer int }
	customerAt := map[string]int{} // id -> number, so that the sets below hold integers
	seen := map[heard]bool{}
	perGroup := make([]int, len(in.Groups))
	distinct := make([]int, len(in.Groups))
	for i := range in.Visits {
		v := &in.Visits[i]
		if v.State.Live() && v.Slot.Date >= in.Today {
			r.Totals.Booked++
		}
		if !in.Period.Contains(v.Slot.Date) || v.State == visit.Published && v.Slot.Date >= in.Today {
			continue
		}
		counts, _ := v.Counts()
		if !counts {
			if v.State == visit.Held || v.State == visit.NoShow || v.State == visit.Published {
				r.Totals.NotCounted++
			}
			continue
		}
		r.Totals.Visits++
		customer, known := customerAt[v.CustomerID]
		if !known {
			customer = len(customerAt)
			customerAt[v.CustomerID] = customer
		}
		g, grouped := home[v.CustomerID]
		if !grouped {
			r.Totals.Ungrouped++
		} else {
			perGroup[g]++
			if !known {
				distinct[g]++
			}
		}
		w := v.Slot.Date.Sub(monday) / 7
		if w >= len(r.Weeks) {
			continue // held tomorrow, east of here: its week has not begun
		}
		r.Weeks[w].Visits++
		if h := (heard{w, customer}); !seen[h] {
			seen[h] = true
			r.Weeks[w].Distinct++
		}
	}
	r.Totals.Distinct = len(customerAt)
	grouped := r.Totals.Visits - r.Totals.Ungrouped
	for i, g := range in.Groups {
		row := GroupRow{
			Code: g.Code, Label: g.Label, Customers: g.Customers, CustomerShare: share(g.Customers, r.Totals.Customers),
			Visits: perGroup[i], VisitShare: share(perGroup[i], grouped), Distinct: distinct[i], Target: g.Target,
		}
		row.Under = Under(row.Visits, grouped, row.CustomerShare)
		r.Groups = append(r.Groups, row)
	}
}

// homes gives the group of each customer, from the latest of its visits that
// names one: groups are drawn anew every year, and visits from before the first
// selection name none.
func homes(in Input, groupAt map[string]int) map[string]int {
	type home struct {
		group int
		date  slot.Date
	}
	latest := map[string]home{}
	for i := range in.Visits {
		v := &in.Visits[i]
		g, ok := groupAt[v.Stratum]
		if !ok {
			continue
		}
		if h, known := latest[v.CustomerID]; !known || v.Slot.Date > h.date || v.Slot.Date == h.date && g < h.group {
			latest[v.CustomerID] = home{g, v.Slot.Date}
		}
	}
	out := make(map[string]int, len(latest))
	for id, h := range latest {
		out[id] = h.group
	}
	return out
}

// weeks gives the empty ISO weeks of the period, up to today's.
func weeks(period slot.Interval, today slot.Date) []WeekRow {
	var out []WeekRow
	for m := period.Start.Monday(); m <= min(period.End, today) && period.Days() > 0; m = m.Add(7) {
		w := WeekRow{Monday: m, Label: weekLabel(m)}
		w.Year, w.Week = m.Week()
		out = append(out, w)
	}
	return out
}

// months gives the twelve months that end with today's.
func months(today slot.Date) []Month {
	out := make([]Month, 12)
	for i := range out {
		d := slot.MakeDate(today.Year(), today.Month()+time.Month(i-11), 1)
		out[i] = Month{Year: d.Year(), Month: d.Month(), Label: d.Time().Format("Jan")}
		if d.Month() == time.January {
			out[i].Label = d.Time().Format("Jan 2006")
		}
	}
	return out
}

// columns gives the month's position for every day from first to the end of the
// last month.
func columns(first slot.Date, months []Month) []int {
	var out []int
	for i, m := range months {
		next := slot.MakeDate(m.Year, m.Month+1, 1)
		for d := first.Add(len(out)); d < next; d++ {
			out = append(out, i)
		}
	}
	return out
}
