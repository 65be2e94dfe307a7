package shapes

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"windshield/internal/planning"
	"windshield/internal/slot"
)

// The cross-section, and how many in a thousand customers have each value. The
// region follows from the country.
var (
	segments   = values{{"enterprise", 120}, {"mid-market", 300}, {"public-sector", 120}, {"small-business", 460}}
	industries = values{{"energy", 60}, {"financial", 180}, {"healthcare", 120}, {"logistics", 85}, {"manufacturing", 240},
		{"media", 30}, {"retail", 125}, {"technology", 160}}
	stages = values{{"at-risk", 135}, {"evaluating", 165}, {"expanding", 200}, {"lapsed", 45}, {"learning", 110}, {"loyal", 345}}
)

type values []struct {
	id     string
	weight int
}

func (m *maker) value(from values) string {
	weights := make([]int, len(from))
	for i, v := range from {
		weights[i] = v.weight
	}
	return from[m.weighted(weights)].id
}

func (m *maker) customers() {
	p := m.p
	p.Customers = make([]planning.Customer, m.size.Customers)
	for i := range p.Customers {
		at := m.home()
		place := m.in(at.code)
		c := planning.Customer{
			ID: fmt.Sprint("c", i+1), Calendar: at.code, Lat: place.Lat, Lon: place.Lon,
			Values: map[string]string{"region": at.region, "segment": m.value(segments), "industry": m.value(industries),
				"buying_stage": m.value(stages)},
			MinSpacingDays: 60 + 15*m.rnd.IntN(5),
		}
		if m.permille(500) {
			c.Prefers = append(c.Prefers, planning.Preference{Tag: "function:" + pick(m, functions), Points: m.points(200, 600)})
		}
		if m.permille(400) {
			c.Prefers = append(c.Prefers, planning.Preference{Tag: "industry:" + c.Values["industry"], Points: m.points(100, 500)})
		}
		m.times(&c)
		p.Customers[i] = c
	}
}

// points draws a multiple of 50.
func (m *maker) points(lo, hi int) int64 { return int64(50 * m.between(lo/50, hi/50)) }

// times draws when the customer wants to be visited and when not.
func (m *maker) times(c *planning.Customer) {
	n := []int{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3}[m.rnd.IntN(20)]
	if m.shape == TightWindows {
		n = m.between(1, 2)
	}
	for range n {
		c.Windows = append(c.Windows, m.window())
	}
	byStart(c.Windows)
	for range []int{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2}[m.rnd.IntN(20)] {
		c.Blackouts = append(c.Blackouts, m.span(7, 28))
	}
	byStart(c.Blackouts)
}

func (m *maker) window() slot.Interval {
	if m.shape == TightWindows {
		return m.span(4, 10)
	}
	w := m.span(14, 56)
	return slot.Interval{Start: w.Start.Add(-10), End: w.End.Add(-10)}
}

// hosts gives customers that are near each other the same host.
func (m *maker) hosts() {
	order := make([]*planning.Customer, len(m.p.Customers))
	for i := range order {
		order[i] = &m.p.Customers[i]
	}
	slices.SortFunc(order, func(a, b *planning.Customer) int { // strips of a degree, from north to south
		return cmp.Or(cmp.Compare(a.Values["region"], b.Values["region"]), cmp.Compare(a.Calendar, b.Calendar),
			cmp.Compare(math.Round(a.Lon), math.Round(b.Lon)), cmp.Compare(a.Lat, b.Lat), cmp.Compare(a.ID, b.ID))
	})
	lo, hi := 3, 8
	if m.shape == FewHosts { // so many customers that about forty visits fall to each
		each := max(1, 40*m.size.Customers/m.size.Visits)
		lo, hi = each-each/10, each+each/10
	}
	for i := 0; i < len(order); {
		h := planning.Host{ID: fmt.Sprint("h", len(m.p.Hosts)+1)}
		for range m.between(1, 3) {
			length := pick(m, []int{2, 3, 5, 12})
			h.Unavailable = append(h.Unavailable, m.span(length, length))
		}
		byStart(h.Unavailable)
		m.p.Hosts = append(m.p.Hosts, h)
		for n := m.between(lo, hi); n > 0 && i < len(order); n-- {
			order[i].Host = h.ID
			i++
		}
	}
}

// dimensions counts what there is.
func (m *maker) dimensions() {
	for _, id := range []string{"region", "segment", "industry", "buying_stage"} {
		n := map[string]int{}
		for i := range m.p.Customers {
			n[m.p.Customers[i].Values[id]]++
		}
		d := planning.Dimension{ID: id}
		for value, k := range n {
			d.Values = append(d.Values, planning.Value{ID: value, Permille: (2000*k/len(m.p.Customers) + 1) / 2})
		}
		slices.SortFunc(d.Values, func(a, b planning.Value) int { return cmp.Compare(a.ID, b.ID) })
		m.p.Dimensions = append(m.p.Dimensions, d)
	}
}

// visits chooses whom to visit, like for like: customers in the order of their
// strata, one out of so many.
func (m *maker) visits() {
	order := m.rnd.Perm(len(m.p.Customers))
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := m.p.Customers[a].Values, m.p.Customers[b].Values
		return cmp.Or(cmp.Compare(x["region"], y["region"]), cmp.Compare(x["segment"], y["segment"]), cmp.Compare(x["industry"], y["industry"]))
	})
	var often []int // visits of each customer chosen
	for n := 0; n < m.size.Visits; {
		k := 1
		switch {
		case m.shape == ManyVisits:
			k = m.between(4, 6)
		case m.permille(146):
			k = []int{2, 2, 2, 3, 3, 4}[m.rnd.IntN(6)]
		}
		k = min(k, m.size.Visits-n)
		often = append(often, k)
		n += k
	}
	var wanted []string
	for i, k := range often {
		c := &m.p.Customers[order[i*len(order)/len(often)]]
		m.space(c, k)
		for range k {
			wanted = append(wanted, c.ID)
		}
	}
	m.rnd.Shuffle(len(wanted), func(i, j int) { wanted[i], wanted[j] = wanted[j], wanted[i] })
	for i, id := range wanted {
		m.p.Visits = append(m.p.Visits, planning.Visit{ID: fmt.Sprint("v", i+1), Customer: id})
	}
}

// space makes room in the customer's year for k visits.
func (m *maker) space(c *planning.Customer, k int) {
	switch {
	case m.shape == ManyVisits || k >= 4 || k > 1 && m.days < 200:
		c.MinSpacingDays = pick(m, []int{30, 45})
	case k == 3:
		c.MinSpacingDays = pick(m, []int{60, 75})
	}
	for len(c.Windows) > 0 && len(c.Windows) < k {
		c.Windows = byStart(append(c.Windows, m.window()))
	}
}
