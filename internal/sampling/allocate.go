package sampling

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"windshield/internal/fault"
)

// problem is: share n visits out over strata, each between lo and hi, always to
// the stratum with the largest gain. Gains fall with each visit, so this is the
// true optimum over whole numbers (Fox 1966; Wright 2012), and a larger n only
// ever adds visits.
type problem struct {
	weights []weight
	lo, hi  []int
	n       int
	by      divisor
}

// check names bounds that cannot be kept.
func (p problem) check() error {
	lows, highs := 0, 0
	for h := range p.weights {
		if p.lo[h] < 0 || p.lo[h] > p.hi[h] {
			return fault.Invalidf("The visits cannot be shared out (stratum %d: minimum %d > maximum %d).", h+1, p.lo[h], p.hi[h]).With(fault.Detail{
				Where: fmt.Sprintf("stratum %d", h+1), Value: fmt.Sprintf("%d to %d", p.lo[h], p.hi[h]),
				Expected: "a minimum of 0 or more that is not above the maximum", Mend: "Lower the minimum or raise the maximum."})
		}
		lows, highs = lows+p.lo[h], highs+p.hi[h]
	}
	switch {
	case lows > p.n:
		return fault.Invalidf("The visits cannot be shared out (infeasible: sum of minimums %d > n %d).", lows, p.n).With(fault.Detail{
			Where: "minimum visits of all strata together", Value: fmt.Sprint(lows), Expected: fmt.Sprintf("at most the %d visits there are", p.n),
			Mend: "Plan more visits, lower the minimum, use fewer dimensions, or let small values of the top dimension merge."})
	case highs < p.n:
		return fault.Invalidf("The visits cannot be shared out (infeasible: sum of maximums %d < n %d).", highs, p.n).With(fault.Detail{
			Where: "maximum visits of all strata together", Value: fmt.Sprint(highs), Expected: fmt.Sprintf("at least the %d visits to be shared out", p.n),
			Mend: "Plan fewer visits or raise the maximum."})
	case tooMany(p.n):
		return fault.Invalidf("The visits cannot be shared out: there are too many.").With(fault.Detail{
			Where: "visits", Value: fmt.Sprint(p.n), Expected: fmt.Sprintf("at most %d", math.MaxInt32), Mend: "Plan fewer visits."})
	}
	return nil
}

// bind puts the bounds of single strata in place of the general ones, and names
// those that cannot be kept or that belong to no stratum.
func (d Design) bind(p problem, parts []part) error {
	var bad []fault.Detail
	found := 0
	for h, part := range parts {
		b, bound := d.Bounds[stratumKey(part.values)]
		if !bound {
			continue
		}
		found++
		where, size := "bounds of "+stratumLabel(part.values), len(part.units)
		if b.Most == 0 {
			b.Most = size
		}
		switch {
		case b.Least < 0 || b.Least > size:
			bad = append(bad, fault.Detail{Where: where + ", least", Value: fmt.Sprint(b.Least), Expected: fmt.Sprintf("0 to %d, the customers there are", size), Mend: "Lower the minimum."})
		case b.Most < b.Least:
			bad = append(bad, fault.Detail{Where: where + ", most", Value: fmt.Sprint(b.Most), Expected: fmt.Sprintf("at least the minimum %d, or 0 for no limit", b.Least), Mend: "Raise the maximum or lower the minimum."})
		}
		p.lo[h], p.hi[h] = b.Least, min(b.Most, size)
	}
	if found < len(d.Bounds) {
		known := map[string]bool{}
		for _, part := range parts {
			known[stratumKey(part.values)] = true
		}
		for _, k := range slices.Sorted(maps.Keys(d.Bounds)) {
			if !known[k] {
				bad = append(bad, fault.Detail{Where: "bounds", Value: fault.Short(k), Expected: "the key of a stratum of this selection", Mend: "Draw without bounds first to see the strata as merged."})
			}
		}
	}
	if len(bad) > 0 {
		return fault.Invalidf("The visits cannot be shared out: bounds of single strata cannot be kept.").With(bad[:min(len(bad), 100)]...)
	}
	return nil
}

// solve gives the visits of each stratum.
func (p problem) solve() ([]int, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	hi := make([]int, len(p.hi)) // no stratum can get more than all, which keeps products in bounds
	for h := range hi {
		hi[h] = min(p.hi[h], p.n)
	}
	p.hi = hi
	x := p.start()
	left := p.n
	for _, k := range x {
		left -= k
	}
	p.serve(x, left)
	return x, nil
}

// serve gives m more visits to x, or as many as there is room for, one at a
// time, and returns the strata in the order in which they were served.
func (p problem) serve(x []int, m int) []int {
	var q queue
	for h := range x {
		if x[h] < p.hi[h] {
			q = append(q, p.by.gain(p.weights[h], x[h], h))
		}
	}
	q.order()
	order := make([]int, 0, min(m, 1<<16))
	for ; m > 0 && len(q) > 0; m-- {
		h := q[0].h
		x[h]++
		order = append(order, h)
		if x[h] < p.hi[h] {
			q[0] = p.by.gain(p.weights[h], x[h], h)
		} else {
			q[0] = q[len(q)-1]
			q = q[:len(q)-1]
		}
		q.down(0)
	}
	return order
}

// start gives a safe beginning for serve: every visit whose gain is above some
// limit, with the limit sought so that few visits remain. Serving goes by
// falling gain, so all visits above a limit are served before any other: the
// shortcut cannot change the answer, whatever limit it finds.
func (p problem) start() []int {
	x := append([]int(nil), p.lo...)
	left := p.n
	for _, k := range x {
		left -= k
	}
	if left <= 2*len(x) {
		return x
	}
	high := p.guess()
	if !(high > 0) || math.IsInf(high, 1) {
		return x
	}
	low, found := 0.0, p.above(high, x, nil)
	for tries := 0; found > left; tries++ {
		if tries == 100 {
			return x
		}
		low, high = high, high*2
		found = p.above(high, x, nil)
	}
	for tries := 0; low == 0 && tries < 100; tries++ {
		if n := p.above(high/2, x, nil); n > left {
			low = high / 2
		} else {
			high, found = high/2, n
		}
	}
	for tries := 0; low > 0 && tries < 60 && left-found > len(x)/8; tries++ {
		mid := low + (high-low)/2
		if n := p.above(mid, x, nil); n > left {
			low = mid
		} else {
			high, found = mid, n
		}
	}
	p.above(high, x, x)
	return x
}

// guess is the limit that fits where no bound matters.
func (p problem) guess() float64 {
	sum := 0.0
	for _, w := range p.weights {
		if p.by == byShare {
			sum += w.float() / 2
		} else {
			sum += math.Sqrt(w.float())
		}
	}
	if p.by == byShare {
		return sum / float64(p.n)
	}
	return sum / float64(p.n) * (sum / float64(p.n))
}

// above counts the visits beyond x whose gain is above a limit, and adds them to
// into unless that is nil (into may be x).
func (p problem) above(limit float64, x, into []int) int {
	total, bar := 0, floatWeight(limit)
	for h, w := range p.weights {
		if w.mant == 0 || x[h] == p.hi[h] {
			continue
		}
		guess := (w.float()/limit-1)/2 + 1
		if p.by == byVariance {
			guess = (1+math.Sqrt(1+4*w.float()/limit))/2 + 1
		}
		k := p.hi[h]
		if guess < float64(k) {
			k = max(int(guess), x[h])
		}
		for k < p.hi[h] && p.exceeds(w, k, bar) {
			k++
		}
		for k > x[h] && !p.exceeds(w, k-1, bar) {
			k--
		}
		total += k - x[h]
		if into != nil {
			into[h] = k
		}
	}
	return total
}

// exceeds says exactly whether the visit after k gains more than the bar.
func (p problem) exceeds(w weight, k int, bar weight) bool {
	d := p.by.at(k)
	return d == 0 || compareProducts(w, 1, bar, d) > 0
}

// queue is a binary heap of gains, the one to be served first on top.
type queue []gain

func (q queue) order() {
	for i := len(q)/2 - 1; i >= 0; i-- {
		q.down(i)
	}
}

func (q queue) down(i int) {
	for {
		c := 2*i + 1
		if c >= len(q) {
			return
		}
		if c+1 < len(q) && q[c+1].before(q[c]) {
			c++
		}
		if !q[c].before(q[i]) {
			return
		}
		q[i], q[c] = q[c], q[i]
		i = c
	}
}
