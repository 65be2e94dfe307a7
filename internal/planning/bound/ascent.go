package bound

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// ascent looks for the multipliers with the highest bound by a proximal bundle
// method: the years found so far of each executive make a model of the bound that
// is never lower than it, and the next multipliers are where that model, less a
// price for the distance from the best multipliers so far, is highest.
//
// Only the search is done in floating point. What it finds is rounded to whole
// numbers, under which the bound is counted anew.
type ascent struct {
	ctx    context.Context
	m      *model
	opts   Options
	y      planner
	center multipliers // the best so far
	best   int64       // their bound
	rounds int
	step   float64
	behind int        // proposals that have kept too little since the last that has not
	pool   [][]column // by executive
	latest [][]stop   // by executive: the year found last
	enough int64      // the bound with which the work ends
	found  func()     // told when all years have been worked out
	master master
}

// planner finds the cheapest year of an executive under multipliers, or a cost that
// no year goes below.
type planner interface {
	cheapest(e int, by *multipliers) int64
	made(tell func(at stop)) // the visits of the year found last, the latest first
}

// column is a year of an executive.
type column struct {
	cost   float64 // without multipliers
	visits []tally
	values []tally
	n      float64
	weight float64
	idle   int
	stops  []stop
}

// stop is a visit in a year, the latest first.
type stop struct{ visit, day int32 }

// tally is how often something occurs.
type tally struct {
	index int32
	times float64
}

func newAscent(ctx context.Context, m *model, y planner, opts Options) *ascent {
	a := &ascent{ctx: ctx, m: m, opts: opts, y: y, best: -far, pool: make([][]column, len(m.execs)), latest: make([][]stop, len(m.execs)), enough: far}
	a.center = newMultipliers(m)
	sum, n := 0.0, 0
	for v := range m.visits {
		c := int(m.visits[v].cust)
		low, free := m.leftOut(v), true
		for e := range m.execs {
			if m.allowed(v, e) {
				at := c*len(m.execs) + e
				free = false
				low = min(low, m.price.km*int64(m.home[at])/4+m.price.mismatch*int64(m.lacks[at]))
			}
		}
		if !m.visits[v].pinned {
			a.center.visit[v] = low
			if !free {
				sum += float64(low)
				n++
			}
		}
	}
	a.step = max(1, sum/float64(max(1, n)))
	return a
}

// refine goes on from the best multipliers with another planner, which makes dearer
// years as a rule: those in the pool promise too little for it. For each executive
// the dearer of the two counts, so that each adds to the bound as soon as it is done.
func (a *ascent) refine(y planner) {
	if a.rounds == 0 || a.ctx.Err() != nil || a.opts.Rounds > 0 && a.rounds >= a.opts.Rounds {
		return
	}
	before := make([]int64, len(a.pool))
	for e := range a.pool {
		before[e] = a.y.cheapest(e, &a.center)
		a.pool[e] = nil
	}
	a.y, a.behind = y, 0
	sum := 0.0
	for _, l := range a.center.visit {
		sum += math.Abs(float64(l))
	}
	a.step = max(1, sum/float64(4*len(a.center.visit)+1))
	for e := range a.pool {
		if a.ctx.Err() != nil {
			return
		}
		cost := y.cheapest(e, &a.center)
		a.best += max(0, cost-before[e])
		a.remember(e, cost, &a.center)
	}
	a.rounds++
	a.tell()
	a.run(0)
}

func (a *ascent) tell() {
	if a.opts.Progress != nil {
		a.opts.Progress(a.rounds, a.best)
	}
}

func newMultipliers(m *model) multipliers {
	return multipliers{visit: make([]int64, len(m.visits)), value: make([]int64, len(m.execs)*m.values), load: make([]int64, len(m.execs))}
}

// evaluate counts the bound under whole multipliers and adds the years found to
// the pool.
func (a *ascent) evaluate(by *multipliers) (bound int64, ok bool) {
	m := a.m
	total := int64(0)
	for v := range m.visits {
		switch x := &m.visits[v]; {
		case x.out:
			total += m.leftOut(v)
		case !x.pinned:
			total += by.visit[v]
		}
	}
	total += a.crowded(by, nil)
	for e := range m.execs {
		if a.ctx.Err() != nil {
			return 0, false
		}
		cost := a.y.cheapest(e, by)
		total += cost
		a.remember(e, cost, by)
		for x, q := range m.execs[e].quota {
			total -= by.value[e*m.values+x] * int64(q)
		}
		total -= by.load[e] * int64(m.execs[e].target)
	}
	if a.found != nil {
		a.found()
	}
	return total, true
}

// crowded gives what it costs at least, beyond the multipliers, that some customers
// have more visits than fit into the horizon: some must be left out. It tells which
// would be.
func (a *ascent) crowded(by *multipliers, out func(v int32)) int64 {
	m, sum := a.m, int64(0)
	for c := range m.custs {
		must := len(m.custs[c].visits) - int(m.custs[c].most)
		if must <= 0 {
			continue
		}
		var free []int32
		for _, v := range m.custs[c].visits {
			switch x := &m.visits[v]; {
			case x.out:
				must--
			case !x.in && !x.pinned:
				free = append(free, v)
			}
		}
		if must > len(free) {
			return m.most // nothing fits
		}
		slices.SortFunc(free, func(u, v int32) int {
			return cmp.Or(cmp.Compare(m.leftOut(int(u))-by.visit[u], m.leftOut(int(v))-by.visit[v]), cmp.Compare(u, v))
		})
		for _, v := range free[:max(0, must)] {
			sum += m.leftOut(int(v)) - by.visit[v]
			if out != nil {
				out(v)
			}
		}
	}
	return sum
}

// remember adds the year found last to the pool, unless it is there.
func (a *ascent) remember(e int, cost int64, by *multipliers) {
	m := a.m
	visits, values := map[int32]float64{}, map[int32]float64{}
	c := column{}
	a.y.made(func(at stop) {
		c.stops = append(c.stops, at)
		x := &m.visits[at.visit]
		if !x.pinned {
			cost += by.visit[at.visit]
			visits[at.visit]++
		}
		for _, v := range m.custs[x.cust].values {
			values[v]++
			cost -= by.value[e*m.values+int(v)]
		}
		cost -= by.load[e]
		c.n++
	})
	c.cost = float64(cost)
	c.visits, c.values = tallies(visits), tallies(values)
	a.latest[e] = c.stops
	for i := range a.pool[e] {
		o := &a.pool[e][i]
		if slices.Equal(o.visits, c.visits) && slices.Equal(o.values, c.values) && o.n == c.n {
			if c.cost < o.cost {
				o.cost, o.stops = c.cost, c.stops
			}
			o.idle = 0
			return
		}
	}
	if len(a.pool[e]) == 0 {
		c.weight = 1
	}
	a.pool[e] = append(a.pool[e], c)
}

func tallies(counts map[int32]float64) []tally {
	out := make([]tally, 0, len(counts))
	for i, n := range counts {
		out = append(out, tally{i, n})
	}
	slices.SortFunc(out, func(a, b tally) int { return int(a.index - b.index) })
	return out
}

// run climbs until ctx ends, the rounds are done, enough is reached or less than
// least, in parts of the bound, is left to gain.
func (a *ascent) run(least float64) {
	if a.rounds == 0 {
		first, ok := a.evaluate(&a.center)
		if !ok {
			return
		}
		a.best, a.rounds = first, 1
		a.tell()
	}
	idle := 0
	for (a.opts.Rounds <= 0 || a.rounds < a.opts.Rounds) && a.best < a.enough && idle <= 10 {
		at, promise := a.propose()
		hoped := promise - float64(a.best)
		if hoped < max(1, least*math.Abs(float64(a.best))) {
			if hoped < 1 {
				a.step *= 0.5
				idle++
				continue
			}
			idle += 3
		}
		got, ok := a.evaluate(&at)
		if !ok {
			return
		}
		a.rounds++
		a.judge(at, got, float64(got-a.best)/hoped)
		a.tell()
		a.forget()
	}
}

// judge moves the centre to multipliers that have kept enough of what they promised,
// and chooses how far the next may go.
func (a *ascent) judge(at multipliers, got int64, kept float64) {
	if got > a.best {
		a.best, a.center = got, at
	}
	if kept > 0.05 {
		a.behind = 0
		if kept > 0.15 {
			a.step = min(a.step*1.5, worthMost)
		}
		if kept > 0.5 {
			a.step = min(a.step*2, worthMost)
		}
		return
	}
	if a.behind++; a.behind%2 == 0 {
		a.step *= 0.7
	}
}

// forget drops years that have long had no weight.
func (a *ascent) forget() {
	for e := range a.pool {
		if len(a.pool[e]) < 40 {
			continue
		}
		a.pool[e] = slices.DeleteFunc(a.pool[e], func(c column) bool { return c.weight == 0 && c.idle > 20 })
	}
}

// worthMost keeps multipliers so small that no sum of them overflows.
const worthMost = 1 << 44

// sweeps is how often at most weight is moved between the years of everybody for
// one proposal.
const sweeps = 200

// master is the model of the bound at the multipliers at hand.
type master struct {
	visit, value, load []float64 // multipliers
	over, excess, most []float64 // how far the weighted years miss the constraints
}

// propose gives the next multipliers, and the model's value there.
func (a *ascent) propose() (multipliers, float64) {
	m := a.m
	s := &a.master
	s.over = make([]float64, len(m.visits))
	s.excess = make([]float64, len(m.execs)*m.values)
	s.most = make([]float64, len(m.execs))
	s.visit = make([]float64, len(s.over))
	s.value = make([]float64, len(s.excess))
	s.load = make([]float64, len(s.most))
	for v := range s.over {
		s.over[v] = 1
	}
	a.crowded(&a.center, func(v int32) { s.over[v] = 0 })
	for e := range a.pool {
		s.most[e] = -float64(m.execs[e].target)
		for x, q := range m.execs[e].quota {
			s.excess[e*m.values+x] = -float64(q)
		}
		for i := range a.pool[e] {
			if c := &a.pool[e][i]; c.weight > 0 {
				a.shift(e, c, c.weight)
			}
		}
	}
	for v := range s.visit {
		a.priceVisit(v)
	}
	for e := range a.pool {
		for x := range m.values {
			a.priceValue(e*m.values + x)
		}
		a.priceLoad(e)
	}
	for range sweeps {
		worst := 0.0
		for e := range a.pool {
			for i := range 8 {
				dearer := a.balance(e)
				if i == 0 {
					worst = max(worst, dearer)
				}
				if dearer < 0.5 {
					break
				}
			}
		}
		if worst < 0.5 {
			break
		}
	}
	for e := range a.pool {
		for i := range a.pool[e] {
			c := &a.pool[e][i]
			if c.weight > 1e-9 {
				c.idle = 0
			} else {
				c.idle++
			}
		}
	}
	at := newMultipliers(m)
	promise := 0.0
	for v, l := range s.visit {
		switch x := &m.visits[v]; {
		case x.out:
			promise += float64(m.leftOut(v))
		case !x.pinned:
			at.visit[v] = int64(math.Round(l))
			promise += float64(at.visit[v])
		}
	}
	for i, l := range s.value {
		at.value[i] = int64(math.Round(l))
		s.value[i] = float64(at.value[i])
	}
	for i, l := range s.load {
		at.load[i] = int64(math.Round(l))
		s.load[i] = float64(at.load[i])
	}
	for v := range s.visit {
		s.visit[v] = float64(at.visit[v])
	}
	promise += float64(a.crowded(&at, nil))
	for e := range a.pool {
		least := math.Inf(1)
		for i := range a.pool[e] {
			least = min(least, a.reduced(e, &a.pool[e][i]))
		}
		promise += least
		for x, q := range m.execs[e].quota {
			promise -= s.value[e*m.values+x] * float64(q)
		}
		promise -= s.load[e] * float64(m.execs[e].target)
	}
	return at, promise
}

func (a *ascent) shift(e int, c *column, by float64) {
	s := &a.master
	for _, t := range c.visits {
		s.over[t.index] -= float64(by * t.times)
	}
	for _, t := range c.values {
		s.excess[e*a.m.values+int(t.index)] += float64(by * t.times)
	}
	s.most[e] += float64(by * c.n)
}

func (a *ascent) reprice(e int, c *column) {
	for _, t := range c.visits {
		a.priceVisit(int(t.index))
	}
	for _, t := range c.values {
		a.priceValue(e*a.m.values + int(t.index))
	}
	a.priceLoad(e)
}

func (a *ascent) priceVisit(v int) {
	a.master.visit[v] = min(max(-worthMost, float64(a.center.visit[v])+float64(a.step*a.master.over[v])), float64(a.m.worth(v)))
}

func (a *ascent) priceValue(i int) {
	a.master.value[i] = min(max(0, float64(a.center.value[i])+float64(a.step*a.master.excess[i])), float64(a.m.price.excess))
}

func (a *ascent) priceLoad(e int) {
	w := float64(a.m.price.load)
	a.master.load[e] = min(max(-w, float64(a.center.load[e])+float64(a.step*a.master.most[e])), w)
}

// reduced gives the cost of a year under the multipliers at hand.
func (a *ascent) reduced(e int, c *column) float64 {
	s := &a.master
	cost := c.cost + float64(s.load[e]*c.n)
	for _, t := range c.visits {
		cost -= float64(s.visit[t.index] * t.times)
	}
	row := s.value[e*a.m.values:]
	for _, t := range c.values {
		cost += float64(row[t.index] * t.times)
	}
	return cost
}

// balance moves weight from an executive's dearest year to the cheapest, and
// gives how much dearer it was.
func (a *ascent) balance(e int) float64 {
	pool := a.pool[e]
	low, high := -1, -1
	var least, most float64
	for i := range pool {
		cost := a.reduced(e, &pool[i])
		if low < 0 || cost < least {
			low, least = i, cost
		}
		if pool[i].weight > 0 && (high < 0 || cost > most) {
			high, most = i, cost
		}
	}
	if low < 0 || low == high || most <= least {
		return 0
	}
	by := min(pool[high].weight, (most-least)/(a.step*apart(&pool[low], &pool[high])))
	pool[low].weight += by
	pool[high].weight -= by
	if pool[high].weight < 1e-9 {
		by += pool[high].weight
		pool[low].weight += pool[high].weight
		pool[high].weight = 0
	}
	a.shift(e, &pool[low], by)
	a.shift(e, &pool[high], -by)
	a.reprice(e, &pool[low])
	a.reprice(e, &pool[high])
	return most - least
}

// apart gives the square of the distance of two years.
func apart(a, b *column) float64 {
	d := (a.n - b.n) * (a.n - b.n)
	sum := func(x, y []tally) {
		for len(x) > 0 || len(y) > 0 {
			switch {
			case len(y) == 0 || len(x) > 0 && x[0].index < y[0].index:
				d += float64(x[0].times * x[0].times)
				x = x[1:]
			case len(x) == 0 || y[0].index < x[0].index:
				d += float64(y[0].times * y[0].times)
				y = y[1:]
			default:
				d += float64((x[0].times - y[0].times) * (x[0].times - y[0].times))
				x, y = x[1:], y[1:]
			}
		}
	}
	sum(a.visits, b.visits)
	sum(a.values, b.values)
	return max(d, 1)
}
