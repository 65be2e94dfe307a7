package shapes

import (
	"slices"

	"windshield/internal/geo"
	"windshield/internal/planning"
	"windshield/internal/slot"
)

// stand pins one visit in fifty where all rules are kept. For Replan it first
// fills in half of a plan, as somebody would by hand, and pins more of it.
func (m *maker) stand() {
	d := newDiary(m.p)
	if m.shape != Replan {
		for range len(m.p.Visits) / 50 {
			v := &m.p.Visits[m.rnd.IntN(len(m.p.Visits))]
			if at, ok := m.free(d, v, 40); ok && v.Pinned == nil {
				d.book(v, at)
				v.Pinned = &at
			}
		}
		return
	}
	for i := range m.p.Visits {
		v := &m.p.Visits[i]
		if i%2 == 1 {
			continue
		}
		at, ok := m.free(d, v, 2000)
		if !ok {
			continue
		}
		d.book(v, at)
		v.Current = &at
		switch {
		case m.permille(150): // agreed, or held already
			v.Pinned = &planning.Place{Executive: at.Executive, Date: at.Date, Half: at.Half}
		case m.permille(30): // the executive has declined: somebody else must go
			v.Excludes = []string{at.Executive}
		}
	}
}

// free looks at so many places for a visit and gives the one with the least
// detour for the executive, if any is allowed.
func (m *maker) free(d *diary, v *planning.Visit, tries int) (planning.Place, bool) {
	c := m.customer(v.Customer)
	best, cost := planning.Place{}, -1
	for range tries {
		e := &m.p.Executives[m.rnd.IntN(len(m.p.Executives))]
		at := planning.Place{Executive: e.ID, Date: m.day(), Half: pick(m, []slot.Half{slot.AM, slot.PM})}
		if len(c.Windows) > 0 {
			w := pick(m, c.Windows)
			at.Date = w.Start.Add(m.rnd.IntN(w.Days()))
		}
		if booked := d.byExec[e.ID]; len(booked) > 0 && m.permille(700) {
			at.Date = pick(m, booked).at.Date.Add(m.between(-m.p.Rules.StayDays, m.p.Rules.StayDays))
		}
		if !d.allows(e, c, at) {
			continue
		}
		price := d.detour(e, c, at.Date)
		if len(c.Windows) > 0 && !slot.In(at.Date, c.Windows) {
			price += 2000
		}
		if cost < 0 || price < cost {
			best, cost = at, price
		}
	}
	return best, cost >= 0
}

// diary holds who is where, and knows the rules. It is slow and simple.
type diary struct {
	p         *planning.Problem
	calendars map[string]slot.WorkCalendar
	hosts     map[string]*planning.Host
	customers map[string]*planning.Customer
	byExec    map[string][]entry
	byHost    map[string][]slot.Slot
	byCust    map[string][]slot.Date
}

type entry struct {
	at    slot.Slot
	place geo.Point
}

func newDiary(p *planning.Problem) *diary {
	d := &diary{p: p, calendars: map[string]slot.WorkCalendar{}, hosts: map[string]*planning.Host{},
		customers: map[string]*planning.Customer{}, byExec: map[string][]entry{}, byHost: map[string][]slot.Slot{}, byCust: map[string][]slot.Date{}}
	for _, c := range p.Calendars {
		w := slot.WorkCalendar{ID: c.ID, Holidays: c.Holidays}
		for _, day := range c.Weekend {
			known, err := slot.ParseWeekday(day.String())
			if err != nil {
				panic(err)
			}
			w.Weekend = append(w.Weekend, known)
		}
		d.calendars[c.ID] = w
	}
	for i := range p.Hosts {
		d.hosts[p.Hosts[i].ID] = &p.Hosts[i]
	}
	for i := range p.Customers {
		d.customers[p.Customers[i].ID] = &p.Customers[i]
	}
	return d
}

func (d *diary) book(v *planning.Visit, at planning.Place) {
	c := d.customers[v.Customer]
	d.byExec[at.Executive] = append(d.byExec[at.Executive], entry{at.Slot(), c.Place()})
	d.byHost[c.Host] = append(d.byHost[c.Host], at.Slot())
	d.byCust[c.ID] = append(d.byCust[c.ID], at.Date)
}

func (d *diary) allows(e *planning.Executive, c *planning.Customer, at planning.Place) bool {
	for _, tag := range c.Requires {
		if !slices.Contains(e.Tags, tag) {
			return false
		}
	}
	if !d.p.Horizon.Contains(at.Date) || !d.calendars[e.Calendar].Works(at.Date) || !d.calendars[c.Calendar].Works(at.Date) ||
		slot.In(at.Date, e.Unavailable) || slot.In(at.Date, d.hosts[c.Host].Unavailable) || slot.In(at.Date, c.Blackouts) ||
		slices.Contains(d.byHost[c.Host], at.Slot()) {
		return false
	}
	for _, day := range d.byCust[c.ID] {
		if apart(day, at.Date) < c.MinSpacingDays {
			return false
		}
	}
	week, month := 1, 1
	for _, x := range d.byExec[e.ID] {
		if x.at.Date.Monday() == at.Date.Monday() {
			week++
		}
		if x.at.Date.Month() == at.Date.Month() && x.at.Date.Year() == at.Date.Year() {
			month++
		}
		days := apart(x.at.Date, at.Date)
		if x.at == at.Slot() || days < len(d.p.Rules.ReachKM) && geo.Km(x.place, c.Place()) > d.p.Rules.ReachKM[days] {
			return false
		}
	}
	return week <= e.MaxPerWeek && month <= e.MaxPerMonth && len(d.byExec[e.ID]) < e.TargetVisits
}

// detour gives the km of a trip of its own, or those from another visit of the
// same days. A trip soon after another is dear: it is missing when it is due.
func (d *diary) detour(e *planning.Executive, c *planning.Customer, day slot.Date) int {
	km := 2 * geo.Km(e.Home(), c.Place())
	for _, x := range d.byExec[e.ID] {
		switch days := apart(x.at.Date, day); {
		case days <= d.p.Rules.StayDays:
			return min(km, geo.Km(x.place, c.Place()))
		case days < 20:
			km += 2000
		}
	}
	return km
}

func apart(a, b slot.Date) int { return max(a.Sub(b), b.Sub(a)) }
