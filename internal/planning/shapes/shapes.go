// Package shapes makes planning problems that look like those of companies, for
// tests and for measuring. Equal arguments give equal problems on every machine.
package shapes

import (
	"cmp"
	"hash/fnv"
	"math/rand/v2"
	"slices"

	"windshield/internal/planning"
	"windshield/internal/slot"
)

// Size says how much there is to plan.
type Size struct {
	Name                          string
	Executives, Visits, Customers int
}

// Sizes lists the sizes by which planners are compared, the smallest first.
func Sizes() []Size {
	return []Size{
		{"tiny", 3, 36, 40},
		{"small", 10, 150, 500},
		{"medium", 50, 750, 5_000},
		{"large", 200, 3_000, 20_000},
		{"huge", 1_000, 15_000, 100_000},
	}
}

// SizeNamed gives the size of that name, and whether there is one.
func SizeNamed(name string) (Size, bool) {
	i := slices.IndexFunc(Sizes(), func(s Size) bool { return s.Name == name })
	if i < 0 {
		return Size{}, false
	}
	return Sizes()[i], true
}

// Shape says in which way a company is peculiar.
type Shape string

// The shapes. Each differs from Standard in what its comment says only.
const (
	Standard        Shape = "standard"         // half of everything in one country, the rest all over the world
	OneOffice       Shape = "one-office"       // all executives live in one city
	ThreeContinents Shape = "three-continents" // three offices, the customers around them
	FewHosts        Shape = "few-hosts"        // each host goes along on some forty visits
	TightWindows    Shape = "tight-windows"    // every customer wants to be visited in one of a few short weeks
	LongLeaves      Shape = "long-leaves"      // executives are away for months
	SixMonths       Shape = "six-months"       // half a year, half of the visits
	Replan          Shape = "replan"           // half of the visits stand already, some of them pinned
	CrunchHeavy     Shape = "crunch-heavy"     // half of each quarter is to be kept free
	ManyVisits      Shape = "many-visits"      // customers are visited four to six times, well apart
)

// All lists the shapes.
func All() []Shape {
	return []Shape{Standard, OneOffice, ThreeContinents, FewHosts, TightWindows, LongLeaves, SixMonths, Replan, CrunchHeavy, ManyVisits}
}

// maker holds a problem while it is made.
type maker struct {
	p     *planning.Problem
	rnd   *rand.Rand
	shape Shape
	size  Size
	hq    country
	days  int
	city  map[string][]spot // of the countries that were asked for
}

// Make makes a problem of a shape and a size. It panics where the tables of
// cities and holidays are missing from the build, and for a shape not in All.
func Make(shape Shape, size Size, seed uint64) *planning.Problem {
	if !slices.Contains(All(), shape) {
		panic("there is no shape " + string(shape))
	}
	h := fnv.New64a()
	h.Write([]byte(string(shape) + "/" + size.Name))
	m := &maker{
		p:   &planning.Problem{Format: planning.ProblemFormat, Rules: planning.StandardRules(), Weights: map[planning.Term]int64{}},
		rnd: rand.New(rand.NewPCG(seed, h.Sum64())), shape: shape, size: size, city: map[string][]spot{},
	}
	m.p.Horizon = slot.Interval{Start: slot.MustDate("2027-01-01"), End: slot.MustDate("2027-12-31")}
	if shape == SixMonths {
		m.p.Horizon = slot.Interval{Start: slot.MustDate("2027-04-01"), End: slot.MustDate("2027-09-30")}
		m.size.Visits /= 2
	}
	m.days = m.p.Horizon.Days()
	m.hq = pick(m, headquarters())
	m.crunch()
	m.customers()
	m.hosts()
	m.dimensions()
	m.visits()
	m.executives()
	m.languages()
	m.calendars()
	m.stand()
	return m.p
}

// between draws a whole number, both ends included.
func (m *maker) between(lo, hi int) int { return lo + m.rnd.IntN(hi-lo+1) }

// permille is true n times in a thousand.
func (m *maker) permille(n int) bool { return m.rnd.IntN(1000) < n }

// pick draws one of the entries.
func pick[T any](m *maker, from []T) T { return from[m.rnd.IntN(len(from))] }

// weighted draws an index, each as often as its weight says.
func (m *maker) weighted(weights []int) int {
	all := 0
	for _, w := range weights {
		all += w
	}
	at := m.rnd.IntN(all)
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return len(weights) - 1
}

// day draws a day of the horizon.
func (m *maker) day() slot.Date { return m.p.Horizon.Start.Add(m.rnd.IntN(m.days)) }

// span draws an interval that begins in the horizon.
func (m *maker) span(lo, hi int) slot.Interval {
	from := m.day()
	return slot.Interval{Start: from, End: from.Add(m.between(lo, hi) - 1)}
}

// crunch closes the last days of each quarter; for CrunchHeavy the last six weeks.
func (m *maker) crunch() {
	length := 10
	if m.shape == CrunchHeavy {
		length = 45
	}
	for _, end := range []string{"2027-03-31", "2027-06-30", "2027-09-30", "2027-12-31"} {
		if d := slot.MustDate(end); m.p.Horizon.Contains(d) {
			m.p.Rules.Crunch = append(m.p.Rules.Crunch, slot.Interval{Start: d.Add(1 - length), End: d})
		}
	}
}

// byStart puts intervals in order of time, as files have them.
func byStart(intervals []slot.Interval) []slot.Interval {
	slices.SortFunc(intervals, func(a, b slot.Interval) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
	})
	return intervals
}
