package bound

import (
	"context"
	"math"

	"windshield/internal/geo"
	"windshield/internal/planning"
	"windshield/internal/slot"
)

// none marks an absent index.
const none = -1

// model is a problem turned into indices, as far as the bounds look at it. Days
// count from the start of the horizon. Distances are never longer than those of
// the problem, so that whatever is proved with them holds.
type model struct {
	days    int32
	stay    int32
	gap     int32
	reach   []int32 // km by days between two visits
	week    []int32 // by day
	month   []int32 // by day
	crunch  []bool  // by day
	someone []bool  // by day: some executive works
	price   prices
	most    int64 // what a visit is worth that must not be left out

	execs  []exec
	visits []visit
	custs  []cust
	values int // of all dimensions together

	lacks []int32  // [cust × execs + exec] points of preferred tags that are lacking; none where a required one is
	home  []uint16 // [cust × execs + exec] km
	km    legs
}

// prices are the weights of the terms.
type prices struct {
	unassigned, overdue, moved, window, excess, load, crunch, mismatch, km int64
}

type exec struct {
	open     []bool  // by day: working days on which the executive is available
	ready    []int32 // ready[d]: days before d on which the executive is not unavailable
	clock    int32   // day of the last visit before the horizon, negative
	perWeek  int32
	perMonth int32
	target   int32
	quota    []int32 // by value
	pins     []pin   // in order of time
}

// pin is a half-day of an executive at which a visit must stand.
type pin struct {
	day   int32
	half  int8
	visit int32
}

type visit struct {
	cust     int32
	pinned   bool
	hasNow   bool  // has a current place, of which leaving costs
	nowExec  int32 // none where that place lies outside the horizon
	nowDay   int32
	nowHalf  int8
	excluded []int32
	bounds
}

// bounds are what an exact search has decided about a visit.
type bounds struct {
	out, in     bool  // left out, or not
	only        int32 // the executive, or none
	first, last int32 // days
	half        int8
}

// Halves of a day.
const (
	anyHalf int8 = iota
	morning
	afternoon
)

type cust struct {
	class   []uint8 // by day: closed, or what a visit costs beside travel
	values  []int32 // those listed in a dimension
	spacing int32
	host    int32
	visits  []int32
	most    int32 // visits that fit into the horizon
	point   geo.Point
}

// What a day costs a customer.
const (
	closed uint8 = iota
	wanted
	outside         // of all windows
	crunched        // in a crunch period
	outsideCrunched // both
	classes
)

// extra gives what a visit costs more on a day of a class.
func (p *prices) extra() [classes]int64 {
	return [classes]int64{outside: p.window, crunched: p.crunch, outsideCrunched: p.window + p.crunch}
}

// worth is the most that the multiplier of a visit can be: what leaving it out costs.
func (m *model) worth(v int) int64 {
	if m.visits[v].in {
		return m.most
	}
	return m.leftOut(v)
}

// leftOut is the cost of leaving a visit out.
func (m *model) leftOut(v int) int64 {
	if m.visits[v].hasNow {
		return m.price.unassigned + m.price.moved
	}
	return m.price.unassigned
}

// allowed says whether tags and refusals let the executive make the visit.
func (m *model) allowed(v, e int) bool {
	x := &m.visits[v]
	if x.out || x.only != none && int(x.only) != e || m.lacks[int(x.cust)*len(m.execs)+e] == none {
		return false
	}
	for _, no := range x.excluded {
		if int(no) == e {
			return false
		}
	}
	return true
}

// overdue counts the days between two visits, or up to the end of the horizon,
// on which the executive is overdue.
func (x *exec) overdue(m *model, last, next int32) int64 {
	from := max(0, last+m.gap+1)
	if from >= next {
		return 0
	}
	return int64(x.ready[next] - x.ready[from])
}

// compile turns a valid problem into a model. It fails only with ctx.
func compile(ctx context.Context, p *planning.Problem) (*model, error) {
	m := &model{
		days: int32(p.Horizon.Days()), stay: int32(p.Rules.StayDays), gap: int32(p.Rules.MaxGapDays),
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
	c := &compiler{p: p, m: m}
	c.time()
	c.executives()
	c.visitsAndCustomers()
	return m, c.pairs(ctx)
}

// compiler holds the ids while they are turned into indices.
type compiler struct {
	p     *planning.Problem
	m     *model
	works map[string][]bool // working days by calendar
	execs map[string]int32
	custs []*planning.Customer // those with visits, by index
}

func (c *compiler) day(d slot.Date) int32 { return int32(d.Sub(c.p.Horizon.Start)) }

func (c *compiler) time() {
	m, start := c.m, c.p.Horizon.Start
	m.week, m.month = make([]int32, m.days), make([]int32, m.days)
	for d := range m.days {
		date := start.Add(int(d))
		m.week[d] = int32(date.Monday())
		m.month[d] = int32(date.Year()*12 + int(date.Month()))
	}
	m.crunch = c.covered(c.p.Rules.Crunch)
	c.works = make(map[string][]bool, len(c.p.Calendars))
	for _, calendar := range c.p.Calendars {
		open, weekend := make([]bool, m.days), [7]bool{}
		for _, w := range calendar.Weekend {
			weekend[w] = true
		}
		for d := range m.days {
			open[d] = !weekend[start.Add(int(d)).Weekday()]
		}
		for _, h := range calendar.Holidays {
			if c.p.Horizon.Contains(h) {
				open[c.day(h)] = false
			}
		}
		c.works[calendar.ID] = open
	}
}

// covered marks the days of the horizon that lie in an interval.
func (c *compiler) covered(intervals []slot.Interval) []bool {
	in := make([]bool, c.m.days)
	for _, i := range intervals {
		for d := max(i.Start, c.p.Horizon.Start); d <= min(i.End, c.p.Horizon.End); d++ {
			in[c.day(d)] = true
		}
	}
	return in
}

func (c *compiler) executives() {
	m := c.m
	m.execs, m.someone = make([]exec, len(c.p.Executives)), make([]bool, m.days)
	c.execs = make(map[string]int32, len(m.execs))
	for i := range c.p.Executives {
		e := &c.p.Executives[i]
		c.execs[e.ID] = int32(i)
		x := exec{
			open: make([]bool, m.days), ready: make([]int32, m.days+1), clock: -1,
			perWeek: int32(e.MaxPerWeek), perMonth: int32(e.MaxPerMonth), target: int32(e.TargetVisits),
		}
		if !e.LastVisit.IsZero() {
			x.clock = c.day(e.LastVisit)
		}
		away := c.covered(e.Unavailable)
		for d := range m.days {
			x.open[d] = c.works[e.Calendar][d] && !away[d]
			x.ready[d+1] = x.ready[d]
			if !away[d] {
				x.ready[d+1]++
			}
		}
		for _, d := range c.p.Dimensions {
			for _, v := range d.Values {
				x.quota = append(x.quota, int32(v.Quota(e.TargetVisits)))
			}
		}
		for d, open := range x.open {
			m.someone[d] = m.someone[d] || open
		}
		m.values = len(x.quota)
		m.execs[i] = x
	}
}

func (c *compiler) visitsAndCustomers() {
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
		x := visit{cust: n, pinned: v.Pinned != nil, hasNow: v.Current != nil, nowExec: none, nowDay: none,
			bounds: bounds{only: none, last: c.m.days - 1}}
		if x.hasNow && c.p.Horizon.Contains(v.Current.Date) {
			x.nowExec, x.nowDay, x.nowHalf = c.execs[v.Current.Executive], c.day(v.Current.Date), half(v.Current)
		}
		for _, e := range v.Excludes {
			x.excluded = append(x.excluded, c.execs[e])
		}
		c.m.visits = append(c.m.visits, x)
		if v.Pinned != nil {
			c.pin(int32(i), v.Pinned)
		}
	}
	c.customers()
}

func half(at *planning.Place) int8 {
	if at.Half == slot.PM {
		return afternoon
	}
	return morning
}

// pin books a pinned visit's half-day with its executive, in order of time.
func (c *compiler) pin(v int32, at *planning.Place) {
	x := &c.m.execs[c.execs[at.Executive]]
	x.pins = append(x.pins, pin{c.day(at.Date), half(at), v})
	for i := len(x.pins) - 1; i > 0 && before(x.pins[i], x.pins[i-1]); i-- {
		x.pins[i], x.pins[i-1] = x.pins[i-1], x.pins[i]
	}
}

func before(a, b pin) bool { return a.day < b.day || a.day == b.day && a.half < b.half }

func (c *compiler) customers() {
	m := c.m
	hosts := make(map[string]int32, len(c.p.Hosts))
	for i := range c.p.Hosts {
		hosts[c.p.Hosts[i].ID] = int32(i)
	}
	next := int32(0)
	valueIndex := make([]map[string]int32, len(c.p.Dimensions))
	for i, d := range c.p.Dimensions {
		valueIndex[i] = make(map[string]int32, len(d.Values))
		for _, v := range d.Values {
			valueIndex[i][v.ID] = next
			next++
		}
	}
	m.custs = make([]cust, len(c.custs))
	for i, from := range c.custs {
		to := cust{class: make([]uint8, m.days), spacing: int32(from.MinSpacingDays), host: hosts[from.Host], point: from.Place()}
		black, away, in := c.covered(from.Blackouts), c.covered(c.p.Hosts[to.host].Unavailable), c.covered(from.Windows)
		for d := range m.days {
			if !c.works[from.Calendar][d] || black[d] || away[d] {
				continue
			}
			to.class[d] = wanted
			if len(from.Windows) > 0 && !in[d] {
				to.class[d] = outside
			}
			if m.crunch[d] {
				to.class[d] += crunched - wanted
			}
		}
		for j, d := range c.p.Dimensions {
			if v, ok := valueIndex[j][from.Values[d.ID]]; ok {
				to.values = append(to.values, v)
			}
		}
		to.most = m.fit(&to)
		m.custs[i] = to
	}
	for v := range m.visits {
		at := &m.custs[m.visits[v].cust]
		at.visits = append(at.visits, int32(v))
	}
}

// pairs compiles what is fixed between customers and executives, and the legs.
func (c *compiler) pairs(ctx context.Context) error {
	m := c.m
	tags := map[string]int32{}
	for i := range c.p.Executives {
		for _, t := range c.p.Executives[i].Tags {
			if _, ok := tags[t]; !ok {
				tags[t] = int32(len(tags))
			}
		}
	}
	has, homes := make([][]bool, len(m.execs)), make([]vector, len(m.execs))
	for i := range m.execs {
		homes[i] = vectorOf(c.p.Executives[i].Home())
		has[i] = make([]bool, len(tags))
		for _, t := range c.p.Executives[i].Tags {
			has[i][tags[t]] = true
		}
	}
	m.lacks = make([]int32, len(m.custs)*len(m.execs))
	m.home = make([]uint16, len(m.lacks))
	for i, from := range c.custs {
		if i&63 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		point, exact := vectorOf(m.custs[i].point), len(m.custs) <= exactMost
		for e := range m.execs {
			at := i*len(m.execs) + e
			if exact {
				m.home[at] = uint16(geo.Km(m.custs[i].point, c.p.Executives[e].Home()))
			} else {
				m.home[at] = uint16(kmBelow(point, homes[e]))
			}
			m.lacks[at] = lacking(from, has[e], tags)
		}
	}
	m.km = newLegs(m.custs)
	return nil
}

// lacking sums the points of preferred tags that are not in has; none where a
// required tag is not.
func lacking(from *planning.Customer, has []bool, tags map[string]int32) int32 {
	for _, t := range from.Requires {
		if i, ok := tags[t]; !ok || !has[i] {
			return none
		}
	}
	sum := int64(0)
	for _, want := range from.Prefers {
		if i, ok := tags[want.Tag]; !ok || !has[i] {
			sum += want.Points
		}
	}
	return int32(sum) // at most 1000 tags of 10^6 points: fits
}

// legs gives km between customers.
type legs struct {
	points []vector
	table  []uint16 // [a × n + b], nil where there are too many
}

// exactMost is the number of customers up to which distances are those of the
// problem; beyond, they are never longer.
const exactMost = 400

// tableMost is the number of customers up to which all legs are tabled, in 32 MB.
const tableMost = 4000

func newLegs(custs []cust) legs {
	l := legs{points: make([]vector, len(custs))}
	for i := range custs {
		l.points[i] = vectorOf(custs[i].point)
	}
	if n := len(custs); n <= tableMost {
		l.table = make([]uint16, n*n)
		for i := range n {
			for j := range i {
				km := uint16(kmBelow(l.points[i], l.points[j]))
				if n <= exactMost {
					km = uint16(geo.Km(custs[i].point, custs[j].point))
				}
				l.table[i*n+j], l.table[j*n+i] = km, km
			}
		}
	}
	return l
}

func (l *legs) between(a, b int32) int32 {
	if l.table != nil {
		return int32(l.table[int(a)*len(l.points)+int(b)])
	}
	return kmBelow(l.points[a], l.points[b])
}

type vector struct{ x, y, z float64 }

// vectorOf gives the place on the unit sphere.
func vectorOf(p geo.Point) vector {
	lat, lon := p.Lat*math.Pi/180, p.Lon*math.Pi/180
	return vector{math.Cos(lat) * math.Cos(lon), math.Cos(lat) * math.Sin(lon), math.Sin(lat)}
}

// kmBelow gives geo.Km or, where that lies within 10 m of the next whole number,
// perhaps one less: both formulas are good to about 0.1 m, so it is never more.
// It takes a fifth of the time.
func kmBelow(a, b vector) int32 {
	x, y, z := a.x-b.x, a.y-b.y, a.z-b.z
	half := math.Sqrt(float64(x*x)+float64(y*y)+float64(z*z)) / 2
	return int32(max(0, math.Floor(2*geo.EarthRadiusKM*math.Asin(min(1, half))+0.49)))
}
