package solver

import (
	"cmp"
	"slices"
)

// part is a problem of its own made of some executives and their visits, while
// all others stand still. What is shared with other parts (hosts, customers with
// several visits) is divided beforehand, so that parts can be searched at the same
// time and put together again.
type part struct {
	visits []int32 // global index by local
	execs  []int32
	s      *state
	start  change // cost before the search
}

// division says to which part each executive and visit belongs in this round.
type division struct {
	ofExec  []int32
	ofVisit []int32
	lo, hi  []int32 // by visit: days that its customer's other visits leave to it
}

// divide assigns visits to parts and settles what they share.
func (g *state) divide(parts [][]int32, turn uint64) *division {
	m := g.m
	d := &division{ofExec: make([]int32, len(m.execs)), ofVisit: make([]int32, len(m.visits)),
		lo: make([]int32, len(m.visits)), hi: make([]int32, len(m.visits))}
	for i, execs := range parts {
		for _, e := range execs {
			d.ofExec[e] = int32(i)
		}
	}
	for v := range m.visits {
		d.lo[v], d.hi[v] = 0, m.days-1
		d.ofVisit[v] = none
		if e := g.by[v]; e != none {
			d.ofVisit[v] = d.ofExec[e]
		} else if f := m.favor[m.visits[v].cust]; len(f) > 0 {
			d.ofVisit[v] = d.ofExec[f[turn%uint64(len(f))]]
		}
	}
	var standing []int32
	for c := range m.custs {
		x := &m.custs[c]
		if x.spacing == 0 || !d.divided(x) {
			continue
		}
		standing = standing[:0]
		for _, v := range x.visits {
			if g.by[v] == none {
				d.ofVisit[v] = none // waits for a round in which one part has them all
			} else {
				standing = append(standing, v)
			}
		}
		slices.SortFunc(standing, func(v, w int32) int { return cmp.Compare(g.at[v], g.at[w]) })
		for i := 1; i < len(standing); i++ {
			v, w := standing[i-1], standing[i]
			slack := g.at[w]>>1 - g.at[v]>>1 - x.spacing
			d.hi[v] = g.at[v]>>1 + slack/2
			d.lo[w] = g.at[w]>>1 - (slack - slack/2)
		}
	}
	return d
}

// extract makes a part's own model and state.
func (g *state) extract(d *division, index int32, execs []int32) *part {
	m := g.m
	p := &part{execs: execs}
	l := &model{days: m.days, stay: m.stay, gap: m.gap, reach: m.reach, week: m.week, month: m.month, weeks: m.weeks, months: m.months,
		slots: m.slots, price: m.price, crunch: m.crunch, words: m.words, dims: m.dims, values: m.values}
	localExec := make([]int32, len(m.execs))
	for e := range localExec {
		localExec[e] = none
	}
	for i, e := range execs {
		localExec[e] = int32(i)
		l.execs = append(l.execs, m.execs[e])
		l.open = append(l.open, m.openFor(e)...)
		if m.engaged != nil {
			l.engaged = append(l.engaged, m.engaged[e*m.slots/64:(e+1)*m.slots/64]...)
		}
		l.quota = append(l.quota, m.quota[int(e)*m.values:int(e+1)*m.values]...)
		for _, q := range g.year[e] {
			p.visits = append(p.visits, q.visit)
		}
	}
	for _, v := range g.out {
		if d.ofVisit[v] == index {
			p.visits = append(p.visits, v)
		}
	}
	slices.Sort(p.visits)
	localCust, localHost := map[int32]int32{}, map[int32]int32{}
	var custs, hosts []int32
	l.visits, l.excluded = make([]visit, len(p.visits)), make([][]int32, len(p.visits))
	for i, v := range p.visits {
		x := m.visits[v]
		c := &m.custs[x.cust]
		apart := d.divided(c)
		n, ok := localCust[x.cust]
		if !ok || apart {
			n = int32(len(custs))
			custs = append(custs, x.cust)
			local := cust{window: c.window, spacing: c.spacing, point: c.point}
			suits := m.suits[2*x.cust*m.words : 2*(x.cust+1)*m.words]
			l.suits = append(l.suits, suits...)
			if apart {
				local.spacing = 0
				for w := range m.words {
					keep := stretch(d.lo[v]-64*w, d.hi[v]-64*w)
					l.suits[2*n*m.words+w] &= keep
					l.suits[(2*n+1)*m.words+w] &= keep
				}
			} else {
				localCust[x.cust] = n
			}
			open := bitset(l.suits[2*n*m.words : (2*n+1)*m.words])
			local.any, local.good = c.any, c.good
			if apart {
				local.any = open.members(m.days)
				local.good = bitset(l.suits[(2*n+1)*m.words : (2*n+2)*m.words]).members(m.days)
			}
			l.custs = append(l.custs, local)
			l.valueOf = append(l.valueOf, m.valueOf[int(x.cust)*m.dims:int(x.cust+1)*m.dims]...)
		}
		l.custs[n].visits = append(l.custs[n].visits, int32(i))
		h, ok := localHost[x.host]
		if !ok {
			h = int32(len(hosts))
			localHost[x.host] = h
			hosts = append(hosts, x.host)
		}
		if x.hasNow && x.nowExec != none {
			x.nowExec = localExec[x.nowExec]
		}
		if x.hasExcluded {
			for _, e := range m.excluded[v] {
				if own := localExec[e]; own != none {
					l.excluded[i] = append(l.excluded[i], own)
				}
			}
			x.hasExcluded = len(l.excluded[i]) > 0
		}
		x.cust, x.host = n, h
		l.visits[i] = x
	}
	for i := range l.visits {
		x := &l.custs[l.visits[i].cust]
		l.visits[i].alone = len(x.visits) == 1
	}
	l.hosts = len(hosts)
	l.pairs = make([]pair, len(custs)*len(execs))
	for i, c := range custs {
		for j, e := range execs {
			l.pairs[i*len(execs)+j] = *m.pair(c, e)
		}
	}
	l.dist = m.dist.among(custs)
	l.neighboursFrom(m, p.visits)
	l.favor = make([][]int32, len(l.custs))
	l.prefer(0, len(l.custs))
	s := newState(l)
	for i, h := range hosts {
		copy(s.busy[int32(i)*m.slots/64:int32(i+1)*m.slots/64], g.busy[h*m.slots/64:(h+1)*m.slots/64])
	}
	for i, v := range p.visits {
		if e := g.by[v]; e != none {
			s.assign(int32(i), localExec[e], g.at[v])
		}
	}
	p.s, p.start = s, change{s.fixed, int32(s.overdue)}
	return p
}

// divided says whether a customer's visits are in several parts.
func (d *division) divided(c *cust) bool {
	for _, v := range c.visits {
		if d.ofVisit[v] != d.ofVisit[c.visits[0]] {
			return true
		}
	}
	return false
}
