package solver

import (
	"context"
	"slices"

	"windshield/internal/planning"
	"windshield/internal/slot"
)

const (
	nearMost  = 16 // neighbours kept for each customer
	nearLeast = 4  // of them that must be in a part
	favorMost = 64 // executives kept for each customer
)

// compile turns a valid problem into arrays, the large ones by several workers at
// the same time, for a search. It fails only with ctx.
func compile(ctx context.Context, p *planning.Problem, workers int) (*model, error) {
	c, err := compileAfter(ctx, p, workers, nil)
	if err != nil {
		return nil, err
	}
	return c.m, c.m.favors(ctx, workers)
}

// compileAfter turns a valid problem into arrays, all but what only a search needs. What
// hangs on nothing that has changed since another problem was compiled, nil for none, is
// taken over from that.
func compileAfter(ctx context.Context, p *planning.Problem, workers int, before *compiler) (*compiler, error) {
	m := &model{
		days: int32(p.Horizon.Days()),
		stay: int32(p.Rules.StayDays),
		gap:  int32(p.Rules.MaxGapDays),
		price: prices{
			unassigned: p.Weight(planning.Unassigned), overdue: p.Weight(planning.OverdueDays),
			moved: p.Weight(planning.Moved), window: p.Weight(planning.OutOfWindow),
			excess: p.Weight(planning.Excess), load: p.Weight(planning.Load),
			crunch: p.Weight(planning.Crunch), mismatch: p.Weight(planning.Mismatch), km: p.Weight(planning.TravelKM),
		},
	}
	for _, km := range p.Rules.ReachKM {
		m.reach = append(m.reach, int32(km))
	}
	c := &compiler{p: p, m: m, workers: workers, tags: map[string]int32{}, before: before}
	c.time()
	c.executives()
	c.visits()
	c.recognise()
	if err := c.customers(ctx); err != nil {
		return nil, err
	}
	if err := c.pairs(ctx); err != nil {
		return nil, err
	}
	c.distances(ctx)
	c.before, c.has = nil, nil // else every board would keep all that were before it
	return c, ctx.Err()
}

// compiler holds the ids while they are turned into indices.
type compiler struct {
	p       *planning.Problem
	m       *model
	workers int
	works   map[string]bitset // working days by calendar
	execs   map[string]int32
	custs   []*planning.Customer // those with visits, by index
	tags    map[string]int32
	has     [][]bool          // [exec][tag]
	away    map[string]bitset // days by host

	before  *compiler // that of an earlier problem, of which things are taken over; nil for none
	was     []int32   // by customer: its index there, none where it is new
	aligned bool      // the customers are those of before, in the same order
}

// time compiles weeks, months, crunch periods and working days.
func (c *compiler) time() {
	m, start := c.m, c.p.Horizon.Start
	m.week, m.month = make([]int32, m.days), make([]int32, m.days)
	for d := range m.days {
		date := start.Add(int(d))
		m.week[d] = int32(date.Monday().Sub(start.Monday()) / 7)
		m.month[d] = int32((date.Year()-start.Year())*12 + int(date.Month()) - int(start.Month()))
	}
	m.words, m.slots = (m.days+63)/64, (2*m.days+63)/64*64
	m.weeks, m.months = m.week[m.days-1]+1, m.month[m.days-1]+1
	m.crunch = newBitset(m.days)
	c.mark(m.crunch, c.p.Rules.Crunch)
	c.works = make(map[string]bitset, len(c.p.Calendars))
	for _, calendar := range c.p.Calendars {
		open := newBitset(m.days)
		weekend := [7]bool{}
		for _, w := range calendar.Weekend {
			weekend[w] = true
		}
		for d := range m.days {
			if !weekend[start.Add(int(d)).Weekday()] {
				open.set(d)
			}
		}
		for _, h := range calendar.Holidays {
			if c.p.Horizon.Contains(h) {
				open.drop(c.day(h))
			}
		}
		c.works[calendar.ID] = open
	}
}

func (c *compiler) day(d slot.Date) int32 { return int32(d.Sub(c.p.Horizon.Start)) }

// mark sets the days of the intervals that lie in the horizon.
func (c *compiler) mark(b bitset, intervals []slot.Interval) {
	for _, i := range intervals {
		for d := max(i.Start, c.p.Horizon.Start); d <= min(i.End, c.p.Horizon.End); d++ {
			b.set(c.day(d))
		}
	}
}

// take sets the half-days of somebody that lie in the horizon.
func (c *compiler) take(b bitset, who int32, slots []slot.Slot) {
	for _, s := range slots {
		if c.p.Horizon.Contains(s.Date) {
			at := 2 * c.day(s.Date)
			if s.Half == slot.PM {
				at++
			}
			b.set(c.m.taken(who, at))
		}
	}
}

func (c *compiler) executives() {
	m := c.m
	m.execs = make([]exec, len(c.p.Executives))
	c.execs = make(map[string]int32, len(m.execs))
	for _, d := range c.p.Dimensions {
		m.values += len(d.Values)
	}
	m.quota = make([]int32, 0, m.values*len(m.execs))
	for i := range c.p.Executives {
		e := &c.p.Executives[i]
		c.execs[e.ID] = int32(i)
		away := newBitset(m.days)
		c.mark(away, e.Unavailable)
		open := slices.Clone(c.works[e.Calendar])
		x := exec{
			ready: make([]int32, m.days+1), clock: -1, home: gridOf(vectorOf(e.Home())),
			perWeek: int32(e.MaxPerWeek), perMonth: int32(e.MaxPerMonth), target: int32(e.TargetVisits),
		}
		if !e.LastVisit.IsZero() {
			x.clock = c.day(e.LastVisit)
		}
		for d := range m.days {
			x.ready[d+1] = x.ready[d] + 1
			if away.has(d) {
				x.ready[d+1]--
				open.drop(d)
			}
		}
		if len(e.Busy) > 0 {
			if m.engaged == nil {
				m.engaged = newBitset(int32(len(m.execs)) * m.slots)
			}
			c.take(m.engaged, int32(i), e.Busy)
			for d := range m.days {
				if m.isEngaged(int32(i), 2*d) && m.isEngaged(int32(i), 2*d+1) {
					open.drop(d)
				}
			}
		}
		m.execs[i] = x
		m.open = append(m.open, open...)
		for _, d := range c.p.Dimensions {
			for _, v := range d.Values {
				m.quota = append(m.quota, int32(v.Quota(e.TargetVisits)))
			}
		}
		for _, t := range e.Tags {
			c.tag(t)
		}
	}
}

// tag gives the index of a tag.
func (c *compiler) tag(t string) int32 {
	i, ok := c.tags[t]
	if !ok {
		i = int32(len(c.tags))
		c.tags[t] = i
	}
	return i
}

// visits compiles the visits and finds their customers.
func (c *compiler) visits() {
	byID := make(map[string]int32, len(c.p.Customers))
	for i := range c.p.Customers {
		byID[c.p.Customers[i].ID] = int32(i)
	}
	index := make(map[int32]int32, len(c.p.Visits))
	for i := range c.p.Visits {
		v := &c.p.Visits[i]
		at := byID[v.Customer]
		n, ok := index[at]
		if !ok {
			n = int32(len(c.custs))
			index[at] = n
			c.custs = append(c.custs, &c.p.Customers[at])
		}
		x := visit{cust: n, pinned: v.Pinned != nil, hasExcluded: len(v.Excludes) > 0, hasNow: v.Current != nil, nowExec: none, nowSlot: none}
		if x.hasNow && c.p.Horizon.Contains(v.Current.Date) {
			x.nowExec, x.nowSlot = c.place(v.Current)
		}
		var excluded []int32
		for _, e := range v.Excludes {
			excluded = append(excluded, c.execs[e])
		}
		c.m.visits, c.m.excluded = append(c.m.visits, x), append(c.m.excluded, excluded)
	}
}

// place gives the indices of a place inside the horizon.
func (c *compiler) place(at *planning.Place) (exec, slotIndex int32) {
	slotIndex = 2 * c.day(at.Date)
	if at.Half == slot.PM {
		slotIndex++
	}
	return c.execs[at.Executive], slotIndex
}

func (c *compiler) customers(ctx context.Context) error {
	m := c.m
	hosts := make(map[string]*planning.Host, len(c.p.Hosts))
	for i := range c.p.Hosts {
		hosts[c.p.Hosts[i].ID] = &c.p.Hosts[i]
	}
	hostIndex, hostAway, asBefore := map[string]int32{}, []bitset{}, []bool{}
	c.away = make(map[string]bitset, len(c.p.Hosts))
	sameDays := c.sameDays()
	m.dims = len(c.p.Dimensions)
	valueIndex := make([]map[string]int32, m.dims)
	next := int32(0)
	for i, d := range c.p.Dimensions {
		valueIndex[i] = map[string]int32{}
		for _, v := range d.Values {
			valueIndex[i][v.ID] = next
			next++
		}
	}
	m.custs = make([]cust, len(c.custs))
	m.suits = make([]uint64, 0, 2*len(c.custs)*int(m.words))
	hostOf := make([]int32, len(c.custs))
	for i, from := range c.custs {
		if i&255 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		h, ok := hostIndex[from.Host]
		if !ok {
			h = int32(len(hostAway))
			hostIndex[from.Host] = h
			away := newBitset(m.days)
			c.mark(away, hosts[from.Host].Unavailable)
			hostAway, c.away[from.Host] = append(hostAway, away), away
			asBefore = append(asBefore, sameDays && slices.Equal(away, c.before.away[from.Host]))
		}
		hostOf[i] = h
		if old, at := c.old(i); old != nil && asBefore[h] && c.opensAsBefore(from, old) {
			m.custs[i] = c.openAsBefore(at)
		} else {
			m.custs[i] = c.customer(from, hostAway[h])
		}
		m.custs[i].spacing, m.custs[i].point = int32(from.MinSpacingDays), from.Place()
		for d := range c.p.Dimensions {
			if v, ok := valueIndex[d][from.Values[c.p.Dimensions[d].ID]]; ok {
				m.valueOf = append(m.valueOf, v)
			} else {
				m.valueOf = append(m.valueOf, none)
			}
		}
	}
	m.hosts = len(hostAway)
	for id, h := range hostIndex {
		if taken := hosts[id].Busy; len(taken) > 0 {
			if m.waits == nil {
				m.waits = newBitset(int32(m.hosts) * m.slots)
			}
			c.take(m.waits, h, taken)
		}
	}
	for i := range m.visits {
		v := &m.visits[i]
		v.host = hostOf[v.cust]
		m.custs[v.cust].visits = append(m.custs[v.cust].visits, int32(i))
	}
	for i := range m.visits {
		x := &m.custs[m.visits[i].cust]
		m.visits[i].alone = len(x.visits) == 1
	}
	return nil
}

// customer compiles the days of a customer whose host is away on some.
func (c *compiler) customer(from *planning.Customer, hostAway bitset) cust {
	m := c.m
	open, wanted := slices.Clone(c.works[from.Calendar]), newBitset(m.days)
	to := cust{window: newBitset(m.days)}
	black := newBitset(m.days)
	c.mark(black, from.Blackouts)
	c.mark(to.window, from.Windows)
	for w := range open {
		open[w] &^= black[w] | hostAway[w]
		if len(from.Windows) == 0 {
			to.window[w] = ^uint64(0)
		}
		wanted[w] = open[w] & to.window[w] &^ m.crunch[w]
	}
	m.suits = append(append(m.suits, open...), wanted...)
	to.any = open.members(m.days)
	for _, d := range to.any {
		if wanted.has(d) {
			to.good = append(to.good, d)
		}
	}
	return to
}

// pairs compiles what is fixed between customers and executives.
func (c *compiler) pairs(ctx context.Context) error {
	m := c.m
	same := c.sameExecutives()
	if same && c.aligned && slices.EqualFunc(c.custs, c.before.custs, pairsAlike) {
		m.pairs = c.before.m.pairs
		return nil
	}
	c.has = make([][]bool, len(m.execs))
	homes := make([]vector, len(m.execs))
	for i := range m.execs {
		homes[i] = vectorOf(c.p.Executives[i].Home())
		c.has[i] = make([]bool, len(c.tags))
		for _, t := range c.p.Executives[i].Tags {
			c.has[i][c.tags[t]] = true
		}
	}
	m.pairs = make([]pair, len(m.custs)*len(m.execs))
	return inRows(ctx, c.workers, len(m.custs), func(from, to int) {
		for i := from; i < to; i++ {
			if old, at := c.old(i); same && old != nil && pairsAlike(c.custs[i], old) {
				copy(m.pairs[i*len(m.execs):(i+1)*len(m.execs)], c.before.m.pairs[int(at)*len(m.execs):])
				continue
			}
			at, where := vectorOf(m.custs[i].point), m.custs[i].point
			for e := range m.execs {
				x := m.pair(int32(i), int32(e))
				x.home = chordKM(homes[e], at, c.p.Executives[e].Home(), where)
				x.points = c.points(c.custs[i], e)
			}
		}
	})
}

// points sums the preferred tags that executive e lacks; none where a required one is lacking.
func (c *compiler) points(from *planning.Customer, e int) int32 {
	for _, t := range from.Requires {
		if i, ok := c.tags[t]; !ok || !c.has[e][i] {
			return none
		}
	}
	sum := int64(0)
	for _, want := range from.Prefers {
		if i, ok := c.tags[want.Tag]; !ok || !c.has[e][i] {
			sum += want.Points
		}
	}
	return int32(sum) // at most 1000 tags of 10^6 points: fits
}
