package store

import (
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

func (s sums) Heard(q flow.HeardQuery) (flow.HeardSums, error) {
	h := flow.HeardSums{Groups: map[string]coverage.Heard{}, Weeks: map[slot.Date]coverage.Heard{}, Stages: map[string]int{}}
	counting := func() *gorm.DB {
		return s.among(s.db.Table("visits v").Where(past+" AND "+clocked+" AND v.date BETWEEN ? AND ?", day(q.Period.Start), day(q.Period.End)), "v.executive_id", q.ExecutiveIDs)
	}
	perCustomer := counting().Select("v.customer_id, count(*) AS visits").Group("v.customer_id")
	err := s.rows(s.db.Table("(?) x", perCustomer).Joins("LEFT JOIN selection_rows r ON r.selection_id = ? AND r.customer_id = x.customer_id", q.SelectionID).
		Select("coalesce(r.stratum, ''), sum(x.visits), count(*)").Group("coalesce(r.stratum, '')"), func(into func(...any) error) error {
		var code string
		var n coverage.Heard
		err := into(&code, &n.Visits, &n.Distinct)
		h.Groups[code] = n
		return err
	})
	if err != nil {
		return h, err
	}
	monday := q.Period.Start.Monday()
	week := "CAST(julianday(v.date) - julianday(?) AS INTEGER) / 7"
	if s.s.postgres {
		week = "(v.date::date - CAST(? AS date)) / 7"
	}
	perWeek := counting().Select(week+" AS week, v.customer_id", day(monday))
	err = s.rows(s.db.Table("(?) x", perWeek).Select("week, count(*), count(DISTINCT customer_id)").Group("week"), func(into func(...any) error) error {
		var w int
		var n coverage.Heard
		err := into(&w, &n.Visits, &n.Distinct)
		h.Weeks[monday.Add(7*w)] = n
		return err
	})
	if err != nil {
		return h, err
	}
	perVisit := counting().Select(stageThen + " AS stage")
	err = s.rows(s.db.Table("(?) x", perVisit).Select("stage, count(*)").Group("stage"), func(into func(...any) error) error {
		var code string
		var n int
		err := into(&code, &n)
		h.Stages[code] = n
		return err
	})
	if err != nil {
		return h, err
	}
	return h, s.counts(q, &h)
}

// counts fills the plain numbers.
func (s sums) counts(q flow.HeardQuery, h *flow.HeardSums) error {
	within := func(span slot.Interval) *gorm.DB {
		return s.among(s.db.Table("visits v").Where("v.date BETWEEN ? AND ?", day(span.Start), day(span.End)), "v.executive_id", q.ExecutiveIDs)
	}
	number := func(db *gorm.DB, into *int) error {
		var n int64
		err := s.fail(db.Count(&n).Error)
		*into += int(n)
		return err
	}
	silent := slot.Interval{Start: q.Period.Start, End: min(q.Period.End, q.Today.Add(-1))}
	for _, c := range []struct {
		db   *gorm.DB
		into *int
	}{
		{within(q.Period).Where(past + " AND NOT (" + clocked + ")"), &h.Lapses},
		{within(silent).Where(ahead), &h.Lapses},
		{s.among(s.db.Table("visits v").Where(ahead+" AND v.date >= ?", day(q.Today)), "v.executive_id", q.ExecutiveIDs), &h.Booked},
	} {
		if err := number(c.db, c.into); err != nil {
			return err
		}
	}
	for _, end := range q.Ends {
		end.Start, end.End = max(end.Start, q.Period.Start), min(end.End, q.Period.End)
		if err := number(within(end).Where(past+" AND "+clocked), &h.QuarterEnd); err != nil {
			return err
		}
	}
	return nil
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

func (s sums) Customers(q flow.GroupQuery) ([]flow.CustomerSum, error) {
	next := "coalesce((SELECT min(v.date) FROM visits v WHERE v.customer_id = r.customer_id AND " + ahead + " AND v.date >= ?), '')"
	counting := past + " AND " + clocked + " AND v.date BETWEEN ? AND ?"
	start, end := day(q.Period.Start), day(q.Period.End)
	db := s.db.Table("selection_rows r").Where("r.selection_id = ? AND r.stratum = ?", q.SelectionID, q.Stratum).Limit(q.Limit)
	if q.Unheard {
		db = db.Select("r.customer_id, 0, '', "+next, day(q.Today)).Where("r.taken AND NOT EXISTS (SELECT 1 FROM visits v WHERE v.customer_id = r.customer_id AND "+counting+")", start, end).Order("r.rank, r.customer_id")
	} else {
		heard := s.db.Table("visits v").Where(counting, start, end).Select("v.customer_id, count(*) AS n, max(v.date) AS last").Group("v.customer_id")
		db = db.Joins("JOIN (?) x ON x.customer_id = r.customer_id", heard).Select("r.customer_id, x.n, x.last, "+next, day(q.Today)).Order("x.last DESC, r.customer_id")
	}
	var out []flow.CustomerSum
	err := s.rows(db, func(into func(...any) error) error {
		var c flow.CustomerSum
		var last, next day
		err := into(&c.CustomerID, &c.Visits, &last, &next)
		c.Last, c.Next = slot.Date(last), slot.Date(next)
		out = append(out, c)
		return err
	})
	return out, err
}
