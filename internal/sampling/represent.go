package sampling

import (
	"maps"
	"slices"

	"windshield/internal/fault"
)

// View compares visits with customers by the strata, or by the values of one
// dimension of the customer list.
type View struct {
	Dimension string   `json:"dimension"` // "" for the strata
	Lines     []Line   `json:"lines"`     // strata in their order, values by name
	Visited   Distance `json:"visited"`   // whom we visit, against all customers
	StoodFor  Distance `json:"stood_for"` // whom they stand for, against all customers
}

// Representation says how well a set of visited customers stands for all
// customers of the frame. A planned oversample shows in Visited and must vanish
// in StoodFor.
type Representation struct {
	Visits      int     `json:"visits"`
	Deff        float64 `json:"deff"`        // Kish's design effect of the weights; 0 without visits
	Effective   float64 `json:"effective"`   // effective number of visits
	Represented float64 `json:"represented"` // share of customers for whom somebody stands, 0..1
	Revenue     float64 `json:"revenue"`     // share of all revenue that the visited customers bring
	RevenueFor  float64 `json:"revenue_for"` // revenue estimated with weights, as a share of all revenue: near 1
	Views       []View  `json:"views"`       // strata first, then every dimension of the frame by name
}

// Represent compares customers with the frame they were drawn from. made names
// the customers (those with a visit held, or a list picked by hand); nil takes
// the selection as it is. A stratum's visits share its customers as weight, so
// what was not held is carried by the others of the stratum, and a stratum
// without a visit is represented by nobody. Weights say nothing about a list
// that was not drawn: look at Visited only there.
//
// Errors: fault.Conflict where frame and selection do not belong together;
// fault.Invalid for a customer who is not in the frame.
func Represent(f Frame, s Selection, made []string) (Representation, error) {
	var set map[string]bool
	if made != nil {
		set = make(map[string]bool, len(made))
		for _, id := range made {
			set[id] = true
		}
	}
	c, err := newComparison(f, s)
	if err != nil {
		return Representation{}, err
	}
	visited := 0
	for i := range c.rows {
		if set[c.rows[i].ID] {
			visited++
		}
	}
	if visited < len(set) {
		return Representation{}, c.strangers(set)
	}
	return c.represent(weightsOf(s, set)), nil
}

// comparison is what does not change between sets of visits.
type comparison struct {
	frame      Frame
	rows       []Row // of the frame's units, in their order
	strata     []Stratum
	dimensions []string
	values     [][]string // of each dimension, sorted
	place      [][]int    // dimension, unit -> value
	total      [][]float64
	stratum    []int
	revenue    float64
}

func newComparison(f Frame, s Selection) (comparison, error) {
	if f.Hash != s.FrameHash || f.Hash == "" {
		return comparison{}, fault.Conflictf("The selection was drawn from another customer list.")
	}
	c := comparison{frame: f, strata: s.Strata, rows: make([]Row, 0, len(f.Units))}
	at, byID := map[string]int{}, make(map[string]Row, len(s.Rows))
	for h, st := range s.Strata {
		at[st.Code] = h
	}
	for _, r := range s.Rows {
		byID[r.ID] = r
	}
	for _, u := range f.Units {
		r, known := byID[u.ID]
		h, in := at[r.Stratum]
		if !known || !in {
			return comparison{}, fault.Conflictf("Customer %q is in the frozen list but in no stratum of the selection.", fault.Short(u.ID))
		}
		c.rows, c.stratum = append(c.rows, r), append(c.stratum, h)
	}
	names := map[string]bool{}
	for _, u := range f.Units {
		for d := range u.Values {
			names[d] = true
		}
		c.revenue += float64(u.Revenue)
	}
	c.dimensions = slices.Sorted(maps.Keys(names))
	for _, d := range c.dimensions {
		which := map[string]int{}
		for _, u := range f.Units {
			which[u.Values[d]] = 0
		}
		values := slices.Sorted(maps.Keys(which))
		for i, v := range values {
			which[v] = i
		}
		place, total := make([]int, len(f.Units)), make([]float64, len(values))
		for i, u := range f.Units {
			place[i] = which[u.Values[d]]
			total[place[i]]++
		}
		c.values, c.place, c.total = append(c.values, values), append(c.place, place), append(c.total, total)
	}
	return c, nil
}

func (c comparison) strangers(set map[string]bool) error {
	for _, r := range c.rows {
		delete(set, r.ID)
	}
	id := slices.Min(slices.Collect(maps.Keys(set)))
	return fault.Invalidf("%d of the customers are not in the frozen list.", len(set)).With(fault.Detail{
		Where: "customer", Value: fault.Short(id), Expected: "a customer of the frozen list", Mend: "Leave it out, or freeze the list anew."})
}

// represent measures the customers that have a weight.
func (c comparison) represent(weights map[string]float64) Representation {
	out := Representation{Views: make([]View, 0, len(c.dimensions)+1)}
	var all []float64
	visits, stood := make([]float64, len(c.strata)), make([]float64, len(c.strata))
	by := make([][2][]float64, len(c.dimensions))
	for d := range by {
		by[d] = [2][]float64{make([]float64, len(c.values[d])), make([]float64, len(c.values[d]))}
	}
	for i, r := range c.rows {
		w := weights[r.ID]
		if w == 0 {
			continue
		}
		out.Visits++
		all = append(all, w)
		visits[c.stratum[i]]++
		stood[c.stratum[i]] += w
		out.Revenue += float64(c.frame.Units[i].Revenue)
		out.RevenueFor += w * float64(c.frame.Units[i].Revenue)
		for d := range by {
			by[d][0][c.place[d][i]]++
			by[d][1][c.place[d][i]] += w
		}
	}
	out.Deff, out.Effective = Kish(all)
	out.Represented = portion(sum(all), float64(len(c.rows)))
	out.Revenue, out.RevenueFor = portion(out.Revenue, c.revenue), portion(out.RevenueFor, c.revenue)
	customers := make([]float64, len(c.strata))
	lines := make([]Line, len(c.strata))
	for h, s := range c.strata {
		customers[h] = float64(s.N)
		lines[h] = Line{Code: s.Code, Label: s.Label, Must: s.Must}
	}
	out.Views = append(out.Views, view("", lines, customers, visits, stood))
	for d, name := range c.dimensions {
		lines := make([]Line, len(c.values[d]))
		for i, v := range c.values[d] {
			lines[i] = Line{Label: label([]Value{{name, []string{v}}})}
		}
		out.Views = append(out.Views, view(name, lines, c.total[d], by[d][0], by[d][1]))
	}
	return out
}

func view(dimension string, lines []Line, customers, visits, stood []float64) View {
	n, made, weight := sum(customers), sum(visits), sum(stood)
	for i := range lines {
		lines[i].Customers, lines[i].Made = int(customers[i]), int(visits[i])
		lines[i].CustomerShare = portion(customers[i], n)
		lines[i].VisitShare = portion(visits[i], made)
		lines[i].WeightedShare = portion(stood[i], weight)
	}
	return View{Dimension: dimension, Lines: lines, Visited: Compare(customers, visits), StoodFor: Compare(customers, stood)}
}
