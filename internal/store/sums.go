package store

import (
	"cmp"
	"slices"

	"gorm.io/gorm"

	"windshield/internal/coverage"
	"windshield/internal/flow"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// The conditions of the indexes made for sums, word for word: an engine uses such an
// index only where it sees that the query asks for no more.
const (
	clocked = "v.state = 'held' AND v.kind = 'onsite' AND v.with_host"
	past    = "v.state IN ('held', 'no_show')"
	ahead   = "v.state = 'published'"
	// withUs holds for visits while the executive was with us.
	withUs = "(p.joined = '' OR v.date >= p.joined) AND (p.left_on = '' OR v.date <= p.left_on)"
)

// stageThen is the customer's buying stage on the day of a visit; of two turns on a day
// the one that was noted later holds.
const stageThen = `coalesce((SELECT t.stage FROM customer_turns t WHERE t.customer_id = v.customer_id AND t.on_day <= v.date
	ORDER BY t.on_day DESC, t.noted_at DESC, t.id DESC LIMIT 1), '')`

// sums implements flow.Sums.
type sums struct{ *unit }

// among narrows a query to some people; all where ids is nil.
func (u *unit) among(db *gorm.DB, column string, ids []string) *gorm.DB {
	if ids == nil {
		return db
	}
	in, arg := u.in(column, known(ids))
	return db.Where(in, arg)
}

// rows walks over what a query gives.
func (u *unit) rows(db *gorm.DB, scan func(into func(...any) error) error) error {
	rows, err := db.Rows()
	if err != nil {
		return u.fail(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows.Scan); err != nil {
			return u.fail(err)
		}
	}
	return u.fail(rows.Err())
}

func (s sums) Latest(before slot.Date, ids []string) ([]visit.Visit, error) {
	// One look into the index per person; day and id come as one text.
	db := s.db.Table("people p").Select(`p.id, coalesce((SELECT v.date || v.id FROM visits v WHERE v.executive_id = p.id AND `+clocked+` AND v.date < ? AND `+withUs+`
		ORDER BY v.date DESC, v.id LIMIT 1), '')`, day(before))
	if ids == nil {
		db = db.Where("CAST(p.roles AS text) LIKE ?", `%"executive"%`)
	}
	var out []visit.Visit
	err := s.rows(s.among(db, "p.id", ids), func(into func(...any) error) error {
		var person, found string
		if err := into(&person, &found); err != nil || found == "" {
			return err
		}
		d, err := slot.ParseDate(found[:10])
		out = append(out, visit.Visit{ID: found[10:], ExecutiveID: person, Slot: slot.Slot{Date: d}, State: visit.Held, Kind: visit.AtCustomer, WithHost: true})
		return err
	})
	return out, err
}

func (s sums) Months(from, before slot.Date, ids []string) ([]coverage.MonthSum, error) {
	db := s.db.Table("visits v").Joins("JOIN people p ON p.id = v.executive_id").Select("v.executive_id, substr(v.date, 1, 7), count(*)").
		Where(clocked+" AND v.date >= ? AND v.date < ? AND "+withUs, day(from), day(before)).Group("v.executive_id, substr(v.date, 1, 7)")
	var out []coverage.MonthSum
	err := s.rows(s.among(db, "v.executive_id", ids), func(into func(...any) error) error {
		var m coverage.MonthSum
		var month string
		if err := into(&m.PersonID, &month, &m.Visits); err != nil {
			return err
		}
		var err error
		m.Month, err = slot.ParseDate(month + "-01")
		out = append(out, m)
		return err
	})
	return out, err
}

// glimpse is what a clock looks at of a visit.
const glimpse = "v.id, v.executive_id, v.customer_id, v.date, v.half, v.state, v.kind, v.with_host, v.answer, coalesce(v.host_id, '')"

func (s sums) glimpses(db *gorm.DB, ids []string) (out []visit.Visit, err error) {
	err = s.rows(s.among(db.Select(glimpse), "v.executive_id", ids), func(into func(...any) error) error {
		var v visit.Visit
		var on day
		if err := into(&v.ID, &v.ExecutiveID, &v.CustomerID, &on, &v.Slot.Half, &v.State, &v.Kind, &v.WithHost, &v.Answer, &v.HostID); err != nil {
			return err
		}
		v.Slot.Date = slot.Date(on)
		out = append(out, v)
		return nil
	})
	return out, err
}

func (s sums) Lapsed(from, before slot.Date, ids []string) ([]visit.Visit, error) {
	over, err := s.glimpses(s.db.Table("visits v").Joins("JOIN people p ON p.id = v.executive_id").
		Where(past+" AND v.date >= ? AND v.date < ? AND NOT ("+clocked+" AND "+withUs+")", day(from), day(before)), ids)
	if err != nil {
		return nil, err
	}
	silent, err := s.glimpses(s.db.Table("visits v").Where(ahead+" AND v.date >= ? AND v.date < ?", day(from), day(before)), ids)
	return append(over, silent...), err
}

// edge is how many days after the earliest of everybody's own days all have theirs.
const edge = 2

func (s sums) Near(from, until slot.Date, ids []string) ([]visit.Visit, error) {
	out, err := s.glimpses(s.db.Table("visits v").Where(ahead+" AND v.date BETWEEN ? AND ?", day(from), day(from.Add(edge))), ids)
	if err != nil {
		return nil, err
	}
	over, err := s.glimpses(s.db.Table("visits v").Where(past+" AND v.date BETWEEN ? AND ?", day(from), day(until)), ids)
	if err != nil {
		return nil, err
	}
	out = append(out, over...)
	// What lies ahead for everybody matters only where it would count, and beyond the
	// horizon only the first does: it is where a gap ends.
	coming := func(span string, args ...any) *gorm.DB {
		return s.among(s.db.Table("visits v").Where(ahead+" AND v.answer <> 'declined' AND v.kind = 'onsite' AND (v.with_host OR v.host_id IS NOT NULL) AND "+span, args...), "v.executive_id", ids)
	}
	for _, db := range []*gorm.DB{
		coming("v.date > ? AND v.date <= ?", day(from.Add(edge)), day(until)).Select("v.executive_id, v.date || v.half || v.id"),
		coming("v.date > ?", day(until)).Select("v.executive_id, min(v.date || v.half || v.id)").Group("v.executive_id"),
	} {
		err := s.rows(db, func(into func(...any) error) error {
			v := visit.Visit{State: visit.Published, Kind: visit.AtCustomer, WithHost: true}
			var found string
			if err := into(&v.ExecutiveID, &found); err != nil {
				return err
			}
			var err error
			v.Slot.Date, err = slot.ParseDate(found[:10])
			v.Slot.Half, v.ID = slot.Half(found[10:12]), found[12:]
			out = append(out, v)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// happened are the visits of a period that happened or should have, each on the index
// visits_past.
func (s sums) happened(q flow.HeardQuery) *gorm.DB {
	return s.among(s.db.Table("visits v").Where(past+" AND v.date BETWEEN ? AND ?", day(q.Period.Start), day(q.Period.End)), "v.executive_id", q.ExecutiveIDs)
}

// Heard walks once over the visits of the period, and adds up here what would need a
// walk each there.
func (s sums) Heard(q flow.HeardQuery) (flow.HeardSums, error) {
	h := newHearing(q)
	strata, err := s.strata(q.SelectionID)
	if err != nil {
		return h.HeardSums, err
	}
	err = s.rows(s.happened(q).Select("v.date, v.customer_id, "+clocked), func(into func(...any) error) error {
		var on, customer string
		var counts bool
		if err := into(&on, &customer, &counts); err != nil {
			return err
		}
		return h.add(on, customer, counts, strata[customer])
	})
	if err != nil {
		return h.HeardSums, err
	}
	turns := s.db.Table("customer_turns t").Where("t.customer_id IN (?)", s.happened(q).Where(clocked).Select("v.customer_id")).
		Order("t.customer_id, t.on_day, t.noted_at, t.id").Select("t.customer_id, t.on_day, t.stage")
	err = s.rows(turns, func(into func(...any) error) error {
		var customer, on, stage string
		err := into(&customer, &on, &stage)
		h.turn(customer, on, stage)
		return err
	})
	if err != nil {
		return h.HeardSums, err
	}
	h.close()
	for _, c := range []struct {
		span string
		args []any
		into *int
	}{
		{"v.date BETWEEN ? AND ?", []any{day(q.Period.Start), day(min(q.Period.End, q.Today.Add(-1)))}, &h.Lapses}, // nobody has said what came of them
		{"v.date >= ?", []any{day(q.Today)}, &h.Booked},
	} {
		var n int64
		if err := s.among(s.db.Table("visits v").Where(ahead).Where(c.span, c.args...), "v.executive_id", q.ExecutiveIDs).Count(&n).Error; err != nil {
			return h.HeardSums, s.fail(err)
		}
		*c.into += int(n)
	}
	return h.HeardSums, nil
}

// hearing adds visits up.
type hearing struct {
	flow.HeardSums
	q         flow.HeardQuery
	days      map[string]slot.Date
	customers map[string]*hearingOf
	weekly    map[slot.Date]map[*hearingOf]bool
}

// hearingOf is what is known of a customer with counting visits.
type hearingOf struct {
	stratum string
	last    slot.Date
	days    []string
	stages  []string // of the turn before each day; "" where there is none
}

func newHearing(q flow.HeardQuery) *hearing {
	return &hearing{HeardSums: flow.HeardSums{Groups: map[string]coverage.Heard{}, Customers: map[string][]flow.CustomerSum{}, Weeks: map[slot.Date]coverage.Heard{}, Stages: map[string]int{}},
		q: q, days: map[string]slot.Date{}, customers: map[string]*hearingOf{}, weekly: map[slot.Date]map[*hearingOf]bool{}}
}

func (h *hearing) add(on, customer string, counts bool, stratum string) error {
	if !counts {
		h.Lapses++
		return nil
	}
	d, known := h.days[on]
	if !known {
		var err error
		if d, err = slot.ParseDate(on); err != nil {
			return err
		}
		h.days[on] = d
	}
	c, group := h.customers[customer], h.Groups[stratum]
	if c == nil {
		c = &hearingOf{stratum: stratum}
		h.customers[customer] = c
		group.Distinct++
	}
	c.days, c.stages, c.last = append(c.days, on), append(c.stages, ""), max(c.last, d)
	group.Visits++
	h.Groups[stratum] = group
	monday := d.Monday()
	if h.weekly[monday] == nil {
		h.weekly[monday] = map[*hearingOf]bool{}
	}
	h.weekly[monday][c] = true
	week := h.Weeks[monday]
	week.Visits++
	h.Weeks[monday] = week
	if slot.In(d, h.q.Ends) {
		h.QuarterEnd++
	}
	return nil
}

// turn takes the turns of a customer in their order: of each day the last that is not
// after it holds.
func (h *hearing) turn(customer, on, stage string) {
	c := h.customers[customer]
	if c == nil {
		return
	}
	for i := range c.days {
		if on <= c.days[i] {
			c.stages[i] = stage
		}
	}
}

func (h *hearing) close() {
	for monday, customers := range h.weekly {
		week := h.Weeks[monday]
		week.Distinct = len(customers)
		h.Weeks[monday] = week
	}
	for id, c := range h.customers {
		for _, stage := range c.stages {
			h.Stages[stage]++
		}
		if c.stratum != "" {
			h.Customers[c.stratum] = append(h.Customers[c.stratum], flow.CustomerSum{CustomerID: id, Visits: len(c.days), Last: c.last})
		}
	}
	for _, group := range h.Customers {
		slices.SortFunc(group, func(a, b flow.CustomerSum) int {
			return cmp.Or(cmp.Compare(b.Last, a.Last), cmp.Compare(a.CustomerID, b.CustomerID))
		})
	}
}

func (s sums) Counted(q flow.CountedQuery) (rows []visit.Visit, all int, err error) {
	db := s.among(s.db.Table("visits v").Where(past+" AND v.date BETWEEN ? AND ?", day(q.Period.Start), day(q.Period.End)), "v.executive_id", q.ExecutiveIDs)
	if q.Lapsed {
		db = db.Where("NOT (" + clocked + ")")
	} else {
		db = db.Where(clocked)
	}
	if q.Group != "" {
		db = db.Where("EXISTS (SELECT 1 FROM selection_rows r WHERE r.selection_id = ? AND r.customer_id = v.customer_id AND r.stratum = ?)", q.SelectionID, q.Group)
	}
	if q.Staged {
		in, arg := s.in(stageThen, q.Stages)
		db = db.Where(in, arg)
	}
	if q.AtEnd {
		ends := s.db.Where("1 = 0")
		for _, e := range q.Ends {
			ends = ends.Or("v.date BETWEEN ? AND ?", day(e.Start), day(e.End))
		}
		db = db.Where(ends)
	}
	db = db.Session(&gorm.Session{})
	var n int64
	if err := db.Count(&n).Error; err != nil {
		return nil, 0, s.fail(err)
	}
	rows, err = s.glimpses(db.Order("v.date DESC, v.id").Limit(q.Limit).Offset(q.Skip), nil)
	return rows, int(n), err
}

func (s sums) Customers(q flow.GroupQuery) (heard, unheard []flow.CustomerSum, err error) {
	var drawn []string // as many as are enough, even if all who were heard come first
	err = s.db.Table("selection_rows r").Where("r.selection_id = ? AND r.stratum = ? AND r.taken", q.SelectionID, q.Stratum).Order("r.rank, r.customer_id").Limit(len(q.Heard)+q.Limit).Pluck("r.customer_id", &drawn).Error
	if err != nil {
		return nil, nil, s.fail(err)
	}
	known := make(map[string]bool, len(q.Heard))
	for _, c := range q.Heard {
		known[c.CustomerID] = true
	}
	// What was heard is remembered for others too: it is copied, not filled.
	all := slices.Clone(q.Heard[:min(q.Limit, len(q.Heard))])
	n := len(all)
	for _, id := range drawn {
		if !known[id] && len(all) < n+q.Limit {
			all = append(all, flow.CustomerSum{CustomerID: id})
		}
	}
	err = s.next(all, q.Today)
	return all[:n:n], all[n:], err
}

// next fills the first visit of each customer that stands from a day on.
func (s sums) next(all []flow.CustomerSum, from slot.Date) error {
	in, arg := s.in("v.customer_id", known(each(all, func(c flow.CustomerSum) string { return c.CustomerID })))
	first := map[string]day{}
	err := s.rows(s.db.Table("visits v").Where(ahead+" AND v.date >= ?", day(from)).Where(in, arg).Select("v.customer_id, min(v.date)").Group("v.customer_id"), func(into func(...any) error) error {
		var id string
		var on day
		err := into(&id, &on)
		first[id] = on
		return err
	})
	for i := range all {
		all[i].Next = slot.Date(first[all[i].CustomerID])
	}
	return err
}
