package sampling

import (
	"fmt"

	"golang.org/x/text/unicode/norm"

	"windshield/internal/fault"
)

// Rule says how the visits are shared out over the strata.
type Rule string

const (
	// Proportional gives each stratum its share of customers, rounded by Webster's
	// rule: the least chi-square, and more visits never cost a stratum one.
	Proportional Rule = "proportional"
	// Mixed aims at the share of customers (Alpha) and the share of revenue
	// (1 − Alpha) at once: the least weighted sum of the two variances.
	Mixed Rule = "mixed"
	// Equal gives each stratum the same number, as far as it has customers.
	Equal Rule = "equal"
	// Neyman gives visits by the spread of revenue: the least variance of its total.
	Neyman Rule = "neyman"
	// Power gives visits by revenue to the power Q times its relative spread
	// (Bankier 1988): Q = 1 is Neyman, Q = 0 the same precision in each stratum.
	Power Rule = "power"
)

// Dimension is an attribute by which customers are put into strata.
type Dimension struct {
	Name string `json:"name"`
	// Order lists the values from low to high where that means something (size,
	// buying stage); small groups then merge with a neighbour only. Empty means
	// the values have no order. Values not listed come last, by name.
	Order []string `json:"order"`
}

// Named makes dimensions without an order of values.
func Named(names ...string) []Dimension {
	out := make([]Dimension, len(names))
	for i, n := range names {
		out[i] = Dimension{Name: n}
	}
	return out
}

// Design is what the VP chooses. The zero value of each optional field is the
// stated default.
type Design struct {
	Dimensions    []Dimension `json:"dimensions"`      // top one first; none: a single stratum
	Visits        int         `json:"visits"`          // customers to be visited, must-visits included
	Seed          string      `json:"seed"`            // committed before the freeze, published after
	Year          int         `json:"year"`            // enters the rounding of cells only, never a customer's number
	Rule          Rule        `json:"rule"`            // "": Proportional
	Alpha         float64     `json:"alpha"`           // Mixed only: weight of the share of customers, 0..1
	Q             float64     `json:"q"`               // Power only: 0..1
	MinPerStratum int         `json:"min_per_stratum"` // least visits per stratum, as far as it has customers
	MaxPerStratum int         `json:"max_per_stratum"` // most visits per stratum; 0: as many as it has customers
	MergeBelow    int         `json:"merge_below"`     // a stratum must expect this many visits, or it is merged; 0: 2; -1: never merge
	MergeTop      bool        `json:"merge_top"`       // small values of the top dimension may merge too (they always may where it is the only one)
	Within        []string    `json:"within"`          // dimensions to keep even inside each stratum, top one first
	Across        []string    `json:"across"`          // a second hierarchy to keep even across strata, top one first
	// Bounds has the least and the most visits of single strata (by Stratum.Key),
	// in place of MinPerStratum and MaxPerStratum.
	Bounds map[string]Bound `json:"bounds"`
	// Turns says where on the circle of random numbers each stratum starts (by
	// Stratum.Key), as left by last year's selection in Stratum.Next. A stratum
	// not named starts at 0.
	Turns map[string]Turn `json:"turns"`
}

// Bound is the least and the most visits of a stratum.
type Bound struct {
	Least int `json:"least"` // 0 or more, at most the stratum's customers
	Most  int `json:"most"`  // at least Least; 0: as many as it has customers
}

// Value is what a stratum has in one dimension: one value, or several merged.
type Value struct {
	Dimension string   `json:"dimension"`
	Values    []string `json:"values"` // "" is a customer without a value
}

// MustCode is the code of the stratum of must-visits.
const MustCode = "MV"

// Stratum is a reporting group with its own number of visits.
type Stratum struct {
	Code    string  `json:"code"`  // two letters, unique in the selection (three beyond 675 strata)
	Key     string  `json:"key"`   // names the same group over the years
	Label   string  `json:"label"` // for people, such as "EMEA · Retail"
	Must    bool    `json:"must"`  // the take-all stratum of must-visits
	Values  []Value `json:"values"`
	N       int     `json:"n"`       // customers
	X       int     `json:"x"`       // visits
	Revenue int64   `json:"revenue"` // of its customers
	Lo      int     `json:"lo"`      // bounds that the allocation obeyed
	Hi      int     `json:"hi"`
	Pi      float64 `json:"pi"`     // X/N: every customer's chance to be taken
	Weight  float64 `json:"weight"` // N/X: how many customers a visited one stands for; 0 where X is 0
	Alone   bool    `json:"alone"`  // large enough (5 expected visits) to be reported alone
	Start   Turn    `json:"start"`  // where the draw began
	Next    Turn    `json:"next"`   // where next year's draw begins
}

// Merge is one line of the merge log.
type Merge struct {
	Under    string   `json:"under"`     // the groups above, "" at the top
	Dim      string   `json:"dimension"` // whose values were merged
	A        []string `json:"a"`
	B        []string `json:"b"`
	SizeA    int      `json:"size_a"` // customers
	SizeB    int      `json:"size_b"`
	Expected string   `json:"expected"` // visits that the two expect together, as a fraction
}

// Row is the record of one customer: with the frame, the design and the seed it
// can be recomputed by anybody.
type Row struct {
	ID       string  `json:"id"`
	Excluded string  `json:"excluded"` // coded reason; "" where in the frame
	Stratum  string  `json:"stratum"`  // code; "" where excluded
	Cell     string  `json:"cell"`     // finer group inside the stratum, "" where the stratum is one cell
	Must     bool    `json:"must"`
	X        int     `json:"x"`       // of its stratum: visits
	N        int     `json:"n"`       // of its stratum: customers
	Due      float64 `json:"due"`     // visits due in its cell, X·(customers in the cell)/N
	InCell   int     `json:"in_cell"` // visits that the rounding gave its cell
	Pi       float64 `json:"pi"`      // inclusion probability, 0..1
	Weight   float64 `json:"weight"`  // 1/Pi; 0 where Pi is 0: nobody stands for this customer
	U        float64 `json:"u"`       // permanent random number, 0..1
	Rank     int     `json:"rank"`    // in its cell, from 1, in the order of replacement
	Taken    bool    `json:"taken"`   // to be visited
	ByHand   Kind    `json:"by_hand"` // Added or Removed where Adjust changed what was drawn, else ""
}

// Selection is whom to visit, with everything needed to replay the draw.
type Selection struct {
	FrameHash      string    `json:"frame_hash"`
	SeedCommitment string    `json:"seed_commitment"` // SHA-256 of the seed in hexadecimal: publish it before the freeze
	Strata         []Stratum `json:"strata"`
	Rows           []Row     `json:"rows"` // by ID, the excluded ones too
	MergeLog       []Merge   `json:"merge_log"`
	NextVisits     []string  `json:"next_visits"` // codes of the strata that would get the next 100 visits, in order
	Warnings       []string  `json:"warnings"`    // what the reader of the selection must know, in plain words
}

// complete fills in the defaults and brings names to the form that Freeze gives.
func (d Design) complete() Design {
	if d.Rule == "" {
		d.Rule = Proportional
	}
	if d.MergeBelow == 0 {
		d.MergeBelow = 2
	}
	dims := make([]Dimension, len(d.Dimensions))
	for i, dim := range d.Dimensions {
		dims[i] = Dimension{Name: norm.NFC.String(dim.Name), Order: composedAll(dim.Order)}
	}
	d.Dimensions, d.Within, d.Across = dims, composedAll(d.Within), composedAll(d.Across)
	return d
}

func composedAll(in []string) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = norm.NFC.String(s)
	}
	return out
}

// check names everything that is wrong with a completed design.
func (d Design) check(f Frame) error {
	var bad []fault.Detail
	wrong := func(where, value, expected, mend string) {
		bad = append(bad, fault.Detail{Where: where, Value: fault.Short(value), Expected: expected, Mend: mend})
	}
	if d.Seed == "" {
		wrong("seed", "", "a text that nobody could have chosen to suit", "Take it from a public draw, or let it be generated.")
	}
	must := 0
	for _, u := range f.Units {
		if u.Must {
			must++
		}
	}
	switch {
	case d.Visits < 1 || tooMany(d.Visits):
		wrong("visits", fmt.Sprint(d.Visits), "1 or more", "Say how many customers are to be visited.")
	case d.Visits > len(f.Units):
		wrong("visits", fmt.Sprint(d.Visits), fmt.Sprintf("at most %d, the customers in the frame", len(f.Units)),
			"Plan fewer visits: a customer is selected once, however often it is visited.")
	case d.Visits < must:
		wrong("visits", fmt.Sprint(d.Visits), fmt.Sprintf("at least %d, the must-visits", must), "Plan more visits or take the mark off some must-visits.")
	}
	switch d.Rule {
	case Proportional, Mixed, Equal, Neyman, Power:
	default:
		wrong("rule", string(d.Rule), "proportional, mixed, equal, neyman or power", "Choose one of them.")
	}
	if !(d.Alpha >= 0 && d.Alpha <= 1) {
		wrong("alpha", fmt.Sprint(d.Alpha), "a number from 0 to 1", "1 looks at customers only, 0 at revenue only; 0.75 is a good start.")
	}
	if !(d.Q >= 0 && d.Q <= 1) {
		wrong("q", fmt.Sprint(d.Q), "a number from 0 to 1", "1 is Neyman's rule, 0 aims at equal precision.")
	}
	if d.MinPerStratum < 0 {
		wrong("minimum per stratum", fmt.Sprint(d.MinPerStratum), "0 or more", "Use 2 to be able to give an interval for each stratum.")
	}
	if d.MaxPerStratum < 0 || d.MaxPerStratum > 0 && d.MaxPerStratum < d.MinPerStratum {
		wrong("maximum per stratum", fmt.Sprint(d.MaxPerStratum), fmt.Sprintf("at least the minimum %d, or 0 for no limit", d.MinPerStratum), "Raise the maximum or lower the minimum.")
	}
	if d.MergeBelow < -1 {
		wrong("merge below", fmt.Sprint(d.MergeBelow), "-1 (never), 0 (the default of 2) or more", "Use 2.")
	}
	bad = append(bad, d.checkDimensions(f)...)
	if len(bad) == 0 {
		return nil
	}
	return fault.Invalidf("This selection cannot be drawn.").With(bad...)
}

// checkDimensions wants every dimension known to the frame and named once in
// each list. One that strata are made of may be kept even within them as well:
// merged values then still get their share.
func (d Design) checkDimensions(f Frame) []fault.Detail {
	var bad []fault.Detail
	known := map[string]bool{}
	for _, u := range f.Units {
		for k := range u.Values {
			known[k] = true
		}
	}
	one := func(where, name string, seen map[string]bool) {
		if !known[name] {
			bad = append(bad, fault.Detail{Where: where, Value: fault.Short(name), Expected: "a dimension in which some customer has a value",
				Mend: "Choose another one, or import its values first."})
		} else if seen[name] {
			bad = append(bad, fault.Detail{Where: where, Value: fault.Short(name), Expected: "each dimension once", Mend: "Remove the repetition."})
		}
		seen[name] = true
	}
	strata, first, second := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i, dim := range d.Dimensions {
		one(fmt.Sprintf("dimension %d", i+1), dim.Name, strata)
		values := map[string]bool{}
		for _, v := range dim.Order {
			if values[v] {
				bad = append(bad, fault.Detail{Where: "order of " + dim.Name, Value: fault.Short(v), Expected: "each value once", Mend: "Remove the repetition."})
			}
			values[v] = true
		}
	}
	for i, name := range d.Within {
		one(fmt.Sprintf("dimension %d within strata", i+1), name, first)
	}
	for i, name := range d.Across {
		one(fmt.Sprintf("dimension %d across strata", i+1), name, second)
	}
	return bad
}
