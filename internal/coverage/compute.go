package coverage

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"windshield/internal/alert"
	"windshield/internal/locale"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// HorizonDays is how far gaps are looked for where the input says nothing.
const HorizonDays = 90

// Compute gives the numbers of the coverage dashboard. It looks at every visit
// once, and reads nothing but its input.
func Compute(in Input) Report {
	r := start(&in)
	people(&r, in, byPerson(in), 0)
	visits(&r, in)
	r.Sentence = sentence(r, in.Style)
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

// people fills People, Gaps and the totals about people. Counting visits before a day
// are left out of the months.
func people(r *Report, in Input, theirs [][]*visit.Visit, before slot.Date) {
	// Formatting and calendars are slow beside the rest: one look-up per day of
	// the twelve months instead of one per visit.
	first := slot.MakeDate(r.Months[0].Year, r.Months[0].Month, 1)
	column := columns(first, r.Months)
	r.People = make([]PersonRow, 0, len(in.People))
	for i, p := range in.People {
		s := alert.Clock(p.Watch(ownToday(in, p)), theirs[i], in.Horizon)
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
			case e.Counts && e.Date < before:
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
	d, err := alert.Today(in.AsOf, alert.ZoneOf(p.Person, in.AsOf))
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
		then = "next visit " + locale.Style{}.Near(g.Ends, s.Today)
	}
	g.Text = fmt.Sprintf("%s passes %d days on %s, %s.", p.Name, alert.MaxGapDays, locale.Style{}.Near(g.On, s.Today), then)
	return g
}

// visits fills Groups, Weeks and the totals about visits.
func visits(r *Report, in Input) {
	customers, who := homes(in)
	monday := in.Period.Start.Monday()
	r.Weeks = weeks(in.Period, in.Today)
	var heard []uint64 // week and customer of each counting visit
	perGroup := make([]int, len(in.Groups))
	distinct := make([]int, len(in.Groups))
	for i := range in.Visits {
		v := &in.Visits[i]
		if v.State.Live() && v.Slot.Date >= in.Today {
			r.Totals.Booked++
			continue
		}
		if in.Period.Start.IsZero() || !in.Period.Contains(v.Slot.Date) {
			continue
		}
		if counts, _ := v.Counts(); !counts {
			if v.State.Happened() || v.State == visit.NoShow || v.State.Live() {
				r.Totals.NotCounted++
			}
			continue
		}
		c := &customers[who[i]]
		r.Totals.Visits++
		if !c.heard {
			r.Totals.Distinct++
		}
		if c.group < 0 {
			r.Totals.Ungrouped++
		} else {
			perGroup[c.group]++
			if !c.heard {
				distinct[c.group]++
			}
		}
		c.heard = true
		if w := v.Slot.Date.Sub(monday) / 7; w < len(r.Weeks) { // else held tomorrow, east of here: its week has not begun
			r.Weeks[w].Visits++
			heard = append(heard, uint64(w)<<32|uint64(who[i]))
		}
	}
	slices.Sort(heard)
	for _, h := range slices.Compact(heard) {
		r.Weeks[h>>32].Distinct++
	}
	groups(r, in, perGroup, distinct)
}

// groups fills Groups from the numbers of each, in the order of in.Groups.
func groups(r *Report, in Input, perGroup, distinct []int) {
	for _, g := range in.Groups {
		r.Totals.Customers += g.Customers
	}
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

// customer is what the visits tell of a customer.
type customer struct {
	group int       // index in Input.Groups, -1 where none is known
	named slot.Date // date of the visit that names the group
	heard bool
}

// homes gives the customers of the visits, and which one each visit is to. The
// group of a customer is that of the latest of its visits that names one: groups
// are drawn anew every year, and visits from before the first selection name none.
func homes(in Input) (customers []customer, who []int) {
	groupAt := make(map[string]int, len(in.Groups)) // code -> index
	for i, g := range in.Groups {
		groupAt[g.Code] = i
	}
	at := make(map[string]int, len(in.Visits)/2) // id -> index
	who = make([]int, len(in.Visits))
	for i := range in.Visits {
		v := &in.Visits[i]
		n, known := at[v.CustomerID]
		if !known {
			n = len(customers)
			at[v.CustomerID] = n
			customers = append(customers, customer{group: -1})
		}
		who[i] = n
		c := &customers[n]
		if g, ok := groupAt[v.Stratum]; ok && (c.group < 0 || v.Slot.Date > c.named || v.Slot.Date == c.named && g < c.group) {
			c.group, c.named = g, v.Slot.Date
		}
	}
	return customers, who
}

// weeks gives the empty ISO weeks of the period, up to today's.
func weeks(period slot.Interval, today slot.Date) []WeekRow {
	var out []WeekRow
	if period.Start.IsZero() || period.End.IsZero() {
		return nil
	}
	for m := period.Start.Monday(); m <= min(period.End, today); m = m.Add(7) {
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
