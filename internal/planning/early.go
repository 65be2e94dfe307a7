package planning

import (
	"slices"

	"windshield/internal/slot"
)

// EarlierFirst lets the executives' visits to some customers stand earlier in the year
// where that costs nothing: within an executive's visits it exchanges the dates of one of
// them and of an earlier one to somebody else, as long as the plan keeps every rule and
// costs no more. It changes s, whose claimed cost then holds no longer, and gives how many
// exchanges it made. s must be feasible. It is not part of the cost, so that plans can
// still be compared by what the problem says alone.
func EarlierFirst(p *Problem, s *Solution, first map[string]bool) (exchanges int) {
	x := exchanger{p: p, s: s, visits: map[string]*Visit{}, customers: map[string]*Customer{}, visitsOf: map[string]int{}}
	for i := range p.Customers {
		x.customers[p.Customers[i].ID] = &p.Customers[i]
	}
	for i := range p.Visits {
		x.visits[p.Visits[i].ID] = &p.Visits[i]
		x.visitsOf[p.Visits[i].Customer]++
	}
	own := map[string][]int{} // by executive: places in s.Assignments
	for i, a := range s.Assignments {
		own[a.Executive] = append(own[a.Executive], i)
	}
	for i := range p.Executives {
		exchanges += x.arrange(&p.Executives[i], own[p.Executives[i].ID], first)
	}
	return exchanges
}

type exchanger struct {
	p         *Problem
	s         *Solution
	visits    map[string]*Visit
	customers map[string]*Customer
	visitsOf  map[string]int // by customer
}

func (x *exchanger) customer(i int) *Customer {
	return x.customers[x.visits[x.s.Assignments[i].Visit].Customer]
}

// free says whether the visit of an assignment may change its date here: it is not
// pinned, and its customer has no other one from which it must keep away.
func (x *exchanger) free(i int) bool {
	v := x.visits[x.s.Assignments[i].Visit]
	return v.Pinned == nil && x.visitsOf[v.Customer] == 1
}

// arrange exchanges dates within one executive's visits.
func (x *exchanger) arrange(e *Executive, own []int, first map[string]bool) (exchanges int) {
	if !slices.ContainsFunc(own, func(i int) bool { return first[x.customer(i).ID] }) {
		return 0
	}
	at := func(i int) slot.Slot { return x.s.Assignments[i].Place().Slot() }
	sub := x.alone(e, own)
	cost := x.cost(sub, own)
	for later := range own {
		j := own[later]
		if !first[x.customer(j).ID] || !x.free(j) {
			continue
		}
		// The earliest possible exchange is tried first: it brings the visit forward most.
		others := slices.Clone(own)
		slices.SortFunc(others, func(a, b int) int {
			switch {
			case at(a).Before(at(b)):
				return -1
			case at(b).Before(at(a)):
				return 1
			}
			return a - b
		})
		for _, i := range others {
			if !at(i).Before(at(j)) {
				break
			}
			if first[x.customer(i).ID] || !x.free(i) {
				continue
			}
			x.swap(i, j)
			if c := x.cost(sub, own); c >= 0 && c <= cost {
				cost = c
				exchanges++
				break
			}
			x.swap(i, j)
		}
	}
	return exchanges
}

func (x *exchanger) swap(i, j int) {
	a, b := &x.s.Assignments[i], &x.s.Assignments[j]
	a.Date, a.Half, b.Date, b.Half = b.Date, b.Half, a.Date, a.Half
}

// alone gives the problem of one executive: every term of the cost is a sum over
// executives, and what the others take of the hosts' time is busy.
func (x *exchanger) alone(e *Executive, own []int) *Problem {
	sub := *x.p
	sub.Executives, sub.Customers, sub.Visits, sub.Hosts = []Executive{*e}, nil, nil, nil
	mine, hosts, calendars := map[int]bool{}, map[string]bool{}, map[string]bool{e.Calendar: true}
	for _, i := range own {
		c := x.customer(i)
		mine[i], hosts[c.Host], calendars[c.Calendar] = true, true, true
		if !slices.ContainsFunc(sub.Customers, func(k Customer) bool { return k.ID == c.ID }) {
			sub.Customers = append(sub.Customers, *c)
		}
		sub.Visits = append(sub.Visits, *x.visits[x.s.Assignments[i].Visit])
	}
	sub.Calendars = slices.DeleteFunc(slices.Clone(x.p.Calendars), func(c Calendar) bool { return !calendars[c.ID] })
	taken := map[string][]slot.Slot{}
	for i, a := range x.s.Assignments {
		if h := x.customer(i).Host; !mine[i] && hosts[h] {
			taken[h] = append(taken[h], a.Place().Slot())
		}
	}
	for _, h := range x.p.Hosts {
		if hosts[h.ID] {
			h.Busy = append(slices.Clone(h.Busy), taken[h.ID]...)
			sub.Hosts = append(sub.Hosts, h)
		}
	}
	return &sub
}

// cost gives what the executive's visits cost, -1 where they break a rule.
func (x *exchanger) cost(sub *Problem, own []int) int64 {
	s := Solution{Format: SolutionFormat}
	for _, i := range own {
		s.Assignments = append(s.Assignments, x.s.Assignments[i])
	}
	v := Check(sub, &s)
	if !v.Feasible {
		return -1
	}
	return v.Cost.Total()
}
