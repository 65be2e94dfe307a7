package bound

import (
	"container/heap"
	"slices"

	"windshield/internal/planning"
	"windshield/internal/slot"
)

// round makes a plan of one year of each executive, where a visit stands where it
// comes first, and keeps it if it is the best.
func (s *tree) round(years [][]stop) planning.Verdict {
	m, places := s.m, pinsOnly(s.p)
	type booking struct {
		host, day int32
		half      int8
	}
	booked := map[booking]bool{}
	seen := make([]bool, len(m.visits))
	book := func(e int, at stop, half int8) {
		seen[at.visit] = true
		booked[booking{m.custs[m.visits[at.visit].cust].host, at.day, half}] = true
		if !m.visits[at.visit].pinned {
			places[s.p.Visits[at.visit].ID] = s.placeAt(e, at.day, half)
		}
	}
	var single []func()
	for e := range years {
		for _, p := range m.execs[e].pins {
			book(e, stop{p.visit, p.day}, p.half)
		}
	}
	for e, year := range years {
		for i := len(year) - 1; i >= 0; {
			j := i - 1
			for j >= 0 && year[j].day == year[i].day {
				j--
			}
			day := year[j+1 : i+1] // the latest first
			i = j
			switch {
			case len(day) > 1 && !seen[day[1].visit] && !seen[day[0].visit]:
				book(e, day[1], morning)
				book(e, day[0], afternoon)
			case len(day) > 1 && !seen[day[1].visit]:
				book(e, day[1], morning)
			case len(day) > 1 && !seen[day[0].visit]:
				book(e, day[0], afternoon)
			case len(day) == 1 && !seen[day[0].visit]:
				seen[day[0].visit] = true
				single = append(single, func() {
					x := &m.visits[day[0].visit]
					half := morning
					if x.half != anyHalf {
						half = x.half
					} else if x.nowExec == int32(e) && x.nowDay == day[0].day {
						half = x.nowHalf
					}
					if x.half == anyHalf && booked[booking{m.custs[x.cust].host, day[0].day, half}] {
						half = morning + afternoon - half
					}
					book(e, day[0], half)
				})
			}
		}
	}
	for _, place := range single {
		place()
	}
	return s.offer(places)
}

func (s *tree) placeAt(e int, day int32, half int8) planning.Place {
	at := planning.Place{Executive: s.p.Executives[e].ID, Date: s.p.Horizon.Start.Add(int(day)), Half: slot.AM}
	if half == afternoon {
		at.Half = slot.PM
	}
	return at
}

// share is how much of a visit the weighted years of an executive hold on a day.
type share struct {
	exec, day int32
	weight    float64
}

// shares gives for each visit where the weighted years hold it, in order of
// executives and days.
func (a *ascent) shares() [][]share {
	all := make([][]share, len(a.m.visits))
	for e := range a.pool {
		for i := range a.pool[e] {
			c := &a.pool[e][i]
			if c.weight == 0 {
				continue
			}
			for _, at := range c.stops {
				j := slices.IndexFunc(all[at.visit], func(s share) bool { return s.exec == int32(e) && s.day == at.day })
				if j < 0 {
					j = len(all[at.visit])
					all[at.visit] = append(all[at.visit], share{exec: int32(e), day: at.day})
				}
				all[at.visit][j].weight += c.weight
			}
		}
	}
	for v := range all {
		slices.SortFunc(all[v], func(x, y share) int {
			if x.exec != y.exec {
				return int(x.exec - y.exec)
			}
			return int(x.day - y.day)
		})
	}
	return all
}

// split takes a part into smaller ones that hold all its plans together: by who
// makes a visit, where the weighted years share it; by its day, where they make it
// on several or where the plan made of them breaks a rule; by its half-day.
func (s *tree) split(x *part, a *ascent) {
	shares := a.shares()
	if v := s.mostShared(shares); v != none {
		s.byExecutive(x, a, v)
		return
	}
	if v, day := s.mostSpread(shares); v != none {
		early, late := x.bounds[v], x.bounds[v]
		early.last, late.first = day, day+1
		s.add(x, a, v, early)
		s.add(x, a, v, late)
		return
	}
	years := make([][]stop, len(a.pool))
	for e := range a.pool {
		most := -1.0
		for i := range a.pool[e] {
			if c := &a.pool[e][i]; c.weight > most {
				most, years[e] = c.weight, c.stops
			}
		}
	}
	for _, broken := range s.round(years).Violations {
		if s.mend(x, a, broken, years) {
			return
		}
	}
	for v := range s.m.visits {
		b := &x.bounds[v]
		switch {
		case s.m.visits[v].pinned || b.out:
		case b.only == none:
			s.byExecutive(x, a, v)
			return
		case s.around(x, a, v, years):
			return
		}
	}
	s.leaf(x)
}

// mostShared gives the visit that executives, and being left out, share most evenly.
func (s *tree) mostShared(shares [][]share) int {
	best, found := 0.05, none
	for v := range shares {
		b := &s.m.visits[v].bounds
		if b.only != none || b.out || s.m.visits[v].pinned {
			continue
		}
		of := make([]float64, len(s.m.execs)+1)
		of[len(s.m.execs)] = 1
		for _, x := range shares[v] {
			of[x.exec] += x.weight
			of[len(s.m.execs)] -= x.weight
		}
		if even := 1 - slices.Max(of); even > best {
			best, found = even, v
		}
	}
	return found
}

// mostSpread gives the visit that stands on several days most evenly, and the day
// with which the earlier half ends.
func (s *tree) mostSpread(shares [][]share) (visit int, day int32) {
	best, found, at := 0.05, none, int32(0)
	for v := range shares {
		b := &s.m.visits[v].bounds
		if b.out || s.m.visits[v].pinned || len(shares[v]) < 2 {
			continue
		}
		byDay := slices.Clone(shares[v])
		slices.SortFunc(byDay, func(x, y share) int { return int(x.day - y.day) })
		all, sum := 0.0, 0.0
		for _, x := range byDay {
			all += x.weight
		}
		for i, x := range byDay[:len(byDay)-1] {
			sum += x.weight
			if even := min(sum, all-sum); byDay[i+1].day > x.day && even > best {
				best, found, at = even, v, x.day
			}
		}
	}
	return found, at
}

func (s *tree) byExecutive(x *part, a *ascent, v int) {
	b := x.bounds[v]
	for e := range s.m.execs {
		if s.m.allowed(v, e) {
			c := b
			c.only, c.in = int32(e), true
			s.add(x, a, v, c)
		}
	}
	if !b.in {
		b.out = true
		s.add(x, a, v, b)
	}
}

// mend takes a part into smaller ones in none of which the visits of a broken rule
// stand where they do. It is false where it knows none.
func (s *tree) mend(x *part, a *ascent, broken planning.Violation, years [][]stop) bool {
	var visits []int
	for v := range s.p.Visits {
		if slices.Contains(broken.Visits, s.p.Visits[v].ID) {
			visits = append(visits, v)
		}
	}
	if len(visits) == 2 && (broken.Rule == planning.Spacing || broken.Rule == planning.Reach) && s.order(x, a, visits[0], visits[1], years) {
		return true
	}
	return slices.ContainsFunc(visits, func(v int) bool { return s.around(x, a, v, years) })
}

// order takes a part in which two visits are too close into those where one comes
// well before the other.
func (s *tree) order(x *part, a *ascent, u, v int, years [][]stop) bool {
	for _, w := range []int{u, v} {
		if !x.bounds[w].in && !s.m.visits[w].pinned {
			s.byExecutive(x, a, w)
			return true
		}
	}
	days := s.separation(u, v, x.bounds[u].only == x.bounds[v].only)
	if days <= 0 {
		return false
	}
	if on := dayOf(years, u); on > dayOf(years, v) {
		u, v = v, u
	}
	b, c := x.bounds[u], x.bounds[v]
	if b.first+days > c.last || c.first+days > b.last { // the order is known
		if c.first+days <= b.last {
			u, v = v, u
			b, c = c, b
		}
		early, late := b, b
		early.last = min(b.last, max(b.first, dayOf(years, v)-days))
		late.first = early.last + 1
		if late.first > late.last {
			return false
		}
		s.add(x, a, u, early)
		s.add(x, a, u, late)
		return true
	}
	before := func(b, c bounds) (bounds, bounds) {
		b.last, c.first = min(b.last, c.last-days), max(c.first, b.first+days)
		return b, c
	}
	b1, c1 := before(b, c)
	c2, b2 := before(c, b)
	if b1 == b && c1 == c || b2 == b && c2 == c {
		return false
	}
	s.addBoth(x, a, u, b1, v, c1)
	s.addBoth(x, a, u, b2, v, c2)
	return true
}

func dayOf(years [][]stop, v int) int32 {
	for _, year := range years {
		for _, at := range year {
			if int(at.visit) == v {
				return at.day
			}
		}
	}
	return 0
}

// separation gives how many days two visits that are made must be apart at least.
func (s *tree) separation(u, v int, sameExecutive bool) int32 {
	m := s.m
	days := int32(0)
	if m.visits[u].cust == m.visits[v].cust {
		days = m.custs[m.visits[u].cust].spacing
	}
	if sameExecutive {
		km := m.km.between(m.visits[u].cust, m.visits[v].cust)
		for int(days) < len(m.reach) && km > m.reach[days] {
			days++
		}
	}
	return days
}

// around decides about the day on which a visit stands, or about its half-day
// where it has only one day. It is false where nothing is left to decide.
func (s *tree) around(x *part, a *ascent, v int, years [][]stop) bool {
	b := x.bounds[v]
	switch {
	case s.m.visits[v].pinned || b.out:
		return false
	case b.first < b.last:
		day := min(max(b.first, dayOf(years, v)), b.last)
		early, on, late := b, b, b
		early.last, on.first, on.last, late.first = day-1, day, day, day+1
		s.add(x, a, v, early)
		s.add(x, a, v, on)
		s.add(x, a, v, late)
	case b.half == anyHalf:
		am, pm := b, b
		am.half, pm.half = morning, afternoon
		s.add(x, a, v, am)
		s.add(x, a, v, pm)
	default:
		return false
	}
	return true
}

// add enters the part in which visit v is bounded more closely.
func (s *tree) add(x *part, a *ascent, v int, b bounds) { s.addBoth(x, a, v, b, v, b) }

// addBoth enters the part in which two visits are, unless no plan is in it.
func (s *tree) addBoth(x *part, a *ascent, u int, b bounds, v int, c bounds) {
	child := &part{low: x.low, bounds: slices.Clone(x.bounds), at: a.center, pool: a.pool}
	child.bounds[u], child.bounds[v] = b, c
	if s.tighten(child.bounds) {
		s.made++
		child.order = s.made
		heap.Push(&s.open, child)
	}
}

// tighten takes from the bounds of each visit that must be made the days that the
// others forbid. It is false where no day is left.
func (s *tree) tighten(all []bounds) bool {
	for changed := true; changed; {
		changed = false
		for v := range all {
			b := &all[v]
			if b.first > b.last || b.out && b.in {
				return false
			}
			if !b.in {
				continue
			}
			for u := range all {
				c := &all[u]
				if u == v || !c.in && !s.m.visits[u].pinned {
					continue
				}
				if s.m.visits[u].cust != s.m.visits[v].cust && c.only != b.only {
					continue
				}
				days := s.separation(u, v, c.only == b.only)
				if days == 0 {
					continue
				}
				if c.last-days < b.first && b.first < c.first+days {
					b.first, changed = c.first+days, true
				}
				if c.first+days > b.last && b.last > c.last-days {
					b.last, changed = c.last-days, true
				}
				if b.first > b.last {
					return false
				}
			}
			if !s.somewhere(v, *b) {
				return false
			}
		}
	}
	return true
}

// somewhere says whether the visit can be made under bounds.
func (s *tree) somewhere(v int, b bounds) bool {
	old := s.m.visits[v].bounds
	s.m.visits[v].bounds = b
	ok := s.m.placeable(v)
	s.m.visits[v].bounds = old
	return ok
}

// leaf judges a part in which everything has been decided.
func (s *tree) leaf(x *part) {
	places := pinsOnly(s.p)
	for v := range x.bounds {
		if b := &x.bounds[v]; !b.out && !s.m.visits[v].pinned {
			places[s.p.Visits[v].ID] = s.placeAt(int(b.only), b.first, b.half)
		}
	}
	s.offer(places)
}
