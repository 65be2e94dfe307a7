package sampling

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"windshield/internal/fault"
)

// Executive is one executive as the dealing sees it.
type Executive struct {
	ID       string
	Capacity int      // most visits in the year, 0 or more
	Tags     []string // languages, functions: what customers may require
	// Only limits where the executive may go: dimension -> values of customers.
	// A dimension that is not named limits nothing.
	Only map[string][]string
}

// Dealing says how drawn customers are dealt to executives.
type Dealing struct {
	Executives []Executive
	Requires   map[string][]string // customer -> tags that the executive must have
	Seed       string              // of the selection; the dealing has a stream of its own
	Year       int
	// Nearest takes the whole numbers nearest to the fair shares instead of random
	// ones around them. With 200 executives it takes a second or less, with 1,000
	// half a minute.
	Nearest bool
}

// Dealt is who visits whom.
type Dealt struct {
	Visits     []DealtVisit `json:"visits"`     // by customer
	Executives []Hand       `json:"executives"` // in the order given
	Undealt    []Undealt    `json:"undealt"`    // by customer
	Shortfalls []string     `json:"shortfalls"` // why some are undealt, in plain words
}

// DealtVisit gives a customer to an executive.
type DealtVisit struct {
	Customer  string `json:"customer"`
	Executive string `json:"executive"`
}

// Undealt is a drawn customer whom no executive can visit.
type Undealt struct {
	Customer string `json:"customer"`
	Code     string `json:"code"` // UndealtNobody or UndealtCapacity
}

// Why a drawn customer was not dealt.
const (
	UndealtNobody   = "nobody_eligible" // no executive has the tags and may go there
	UndealtCapacity = "no_capacity"     // those who could go have no visits left
)

// Hand is what one executive was dealt.
type Hand struct {
	Executive string      `json:"executive"`
	Capacity  int         `json:"capacity"`
	Due       float64     `json:"due"` // fair number of visits, given who may go where
	Visits    int         `json:"visits"`
	Shares    []HandShare `json:"shares"`   // one per stratum with a visit or something due, in the selection's order
	Dozen     Dozen       `json:"dozen"`    // against all customers, over all strata of the selection
	OfDrawn   Dozen       `json:"of_drawn"` // against the customers dealt: how even the dealing is where some groups are visited more on purpose
}

// HandShare is one executive's part of a stratum.
type HandShare struct {
	Code   string  `json:"code"`
	Due    float64 `json:"due"`
	Visits int     `json:"visits"`
}

// Deal gives the customers to be visited to executives so that each one hears a
// cross-section: due to an executive in a stratum is capacity × the stratum's
// visits / all visits, as far as tags and limits allow (raking on the allowed
// pairs), and the rounding keeps every executive, every executive's number in
// each value of the top dimension and in each stratum within one visit of what
// is due, and nobody above capacity. Inside a stratum, who is whose is random.
// What cannot be dealt is told in Undealt and Shortfalls.
//
// Errors: fault.Conflict where frame and selection do not belong together;
// fault.Invalid for an executive without ID, twice, or with a negative capacity.
func Deal(f Frame, s Selection, d Dealing) (Dealt, error) {
	if f.Hash != s.FrameHash || f.Hash == "" {
		return Dealt{}, fault.Conflictf("The selection was drawn from another customer list.")
	}
	if err := d.check(); err != nil {
		return Dealt{}, err
	}
	g := newDeck(f, s, d)
	g.allow()
	g.target()
	g.share()
	return g.dealt(), nil
}

func (d Dealing) check() error {
	var bad []fault.Detail
	seen := map[string]bool{}
	for i, e := range d.Executives {
		where := fmt.Sprintf("executive %d", i+1)
		if e.ID == "" || seen[e.ID] {
			bad = append(bad, fault.Detail{Where: where, Value: fault.Short(e.ID), Expected: "an ID of its own", Mend: "Give every executive once."})
		}
		seen[e.ID] = true
		if e.Capacity < 0 || e.Capacity > 1000 {
			bad = append(bad, fault.Detail{Where: where + ", capacity", Value: fmt.Sprint(e.Capacity), Expected: "0 to 1000 visits a year", Mend: "Correct the capacity."})
		}
	}
	if len(bad) > 0 {
		return fault.Invalidf("The visits cannot be dealt to executives.").With(bad...)
	}
	return nil
}

// class is the drawn customers of a stratum who may be visited by the same
// executives.
type class struct {
	stratum   int
	region    string // value of the top dimension, as merged
	customers []string
	requires  []string
	values    map[string]string // in the dimensions by which executives are limited
	visits    int               // of them, to be dealt
}

// deck is the dealing at work.
type deck struct {
	frame   Frame
	s       Selection
	d       Dealing
	classes []class
	may     [][]bool // executive, class
	unit    int64
	loads   []int64   // most that each executive may have, in units
	due     [][]int64 // executive, class, in units
	counts  [][]int   // executive, class
	out     Dealt
}

func newDeck(f Frame, s Selection, d Dealing) *deck {
	g := &deck{frame: f, s: s, d: d}
	limits := map[string]bool{}
	for _, e := range d.Executives {
		for dim := range e.Only {
			limits[dim] = true
		}
	}
	dims := slices.Sorted(maps.Keys(limits))
	stratum := map[string]int{}
	for h, st := range s.Strata {
		stratum[st.Code] = h
	}
	at := map[string]int{}
	drawn := make(map[string]Row, len(s.Rows))
	for _, r := range s.Rows {
		if r.Taken {
			drawn[r.ID] = r
		}
	}
	for _, u := range f.Units {
		r, taken := drawn[u.ID]
		if !taken {
			continue
		}
		h := stratum[r.Stratum]
		c := class{stratum: h, region: regionOf(s.Strata, h, u), values: map[string]string{}}
		c.requires = slices.Compact(slices.Sorted(slices.Values(d.Requires[u.ID])))
		k := []string{s.Strata[h].Code, c.region, quoted(c.requires)}
		for _, dim := range dims {
			c.values[dim] = u.Values[dim]
			k = append(k, u.Values[dim])
		}
		name := quoted(k)
		i, known := at[name]
		if !known {
			i = len(g.classes)
			at[name] = i
			g.classes = append(g.classes, c)
		}
		g.classes[i].customers = append(g.classes[i].customers, u.ID)
	}
	slices.SortStableFunc(g.classes, func(a, b class) int { return a.stratum - b.stratum })
	key, year := newMac(d.Seed), fmt.Sprint(d.Year)
	for i := range g.classes {
		c := &g.classes[i]
		order := make(map[string]string, len(c.customers))
		for _, id := range c.customers {
			order[id] = string(key.sum("deal/v1", year, id))
		}
		slices.SortFunc(c.customers, func(a, b string) int { return strings.Compare(order[a], order[b]) })
		c.visits = len(c.customers)
	}
	return g
}

// regionOf is the group of top-dimension values to which a customer belongs.
// Must-visits, whose stratum has no values, belong to the group of the strata
// that holds their own value.
func regionOf(strata []Stratum, h int, u Unit) string {
	if len(strata[h].Values) > 0 {
		return quoted(strata[h].Values[0].Values)
	}
	for _, s := range strata {
		if len(s.Values) > 0 && slices.Contains(s.Values[0].Values, u.Values[s.Values[0].Dimension]) {
			return quoted(s.Values[0].Values)
		}
	}
	return ""
}

// allow finds who may visit whom and takes out what cannot be dealt.
func (g *deck) allow() {
	g.may = make([][]bool, len(g.d.Executives))
	for e, x := range g.d.Executives {
		g.may[e] = make([]bool, len(g.classes))
		for c, k := range g.classes {
			g.may[e][c] = x.Capacity > 0 && x.mayVisit(k)
		}
	}
	for c := range g.classes {
		if !slices.ContainsFunc(g.may, func(row []bool) bool { return row[c] }) {
			g.leave(c, len(g.classes[c].customers), UndealtNobody)
			g.out.Shortfalls = append(g.out.Shortfalls, fmt.Sprintf("%s: no executive may visit %s.", g.name(c), many(len(g.classes[c].customers), "customer")))
		}
	}
	rows, cols := make([]int64, len(g.d.Executives)), make([]int64, len(g.classes))
	for e, x := range g.d.Executives {
		rows[e] = int64(x.Capacity)
	}
	for c, k := range g.classes {
		cols[c] = int64(k.visits)
	}
	t := newTransport(rows, cols, g.open)
	t.fill()
	if t.missing() == 0 {
		return
	}
	who, what := t.lack()
	want, have := int64(0), int64(0)
	for _, c := range what {
		want += cols[c]
	}
	for _, e := range who {
		have += rows[e]
	}
	g.out.Shortfalls = append(g.out.Shortfalls, fmt.Sprintf("%s: %s drawn, but the executives who may go there (%d) have room for %s.",
		g.names(what), many(int(want), "customer"), len(who), many(int(have), "visit")))
	for c, missing := range t.cols {
		g.leave(c, int(missing), UndealtCapacity)
	}
}

func (g *deck) open(e, c int) bool { return g.may[e][c] }

func (x Executive) mayVisit(k class) bool {
	for _, tag := range k.requires {
		if !slices.Contains(x.Tags, tag) {
			return false
		}
	}
	for dim, values := range x.Only {
		if !slices.Contains(values, k.values[dim]) {
			return false
		}
	}
	return true
}

// leave takes the last customers of a class out of the dealing.
func (g *deck) leave(c, n int, code string) {
	k := &g.classes[c]
	k.visits -= n
	for _, id := range k.customers[k.visits : k.visits+n] {
		g.out.Undealt = append(g.out.Undealt, Undealt{id, code})
	}
}

func many(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (g *deck) name(c int) string {
	k := g.classes[c]
	s := g.s.Strata[k.stratum]
	if len(k.requires) == 0 {
		return s.Code + " " + s.Label
	}
	return s.Code + " " + s.Label + " (" + strings.Join(k.requires, ", ") + ")"
}

func (g *deck) names(classes []int) string {
	var out []string
	for _, c := range classes[:min(len(classes), 5)] {
		out = append(out, g.name(c))
	}
	if more := len(classes) - len(out); more > 0 {
		out = append(out, fmt.Sprintf("%d more", more))
	}
	return strings.Join(out, "; ")
}

// dealt hands the customers out.
func (g *deck) dealt() Dealt {
	out := g.out
	customers, drawn := make([]int, len(g.s.Strata)), make([]int, len(g.s.Strata))
	for h, s := range g.s.Strata {
		customers[h] = s.N
	}
	for _, k := range g.classes {
		drawn[k.stratum] += k.visits
	}
	at := make([]int, len(g.classes))
	for e, x := range g.d.Executives {
		hand := Hand{Executive: x.ID, Capacity: x.Capacity}
		due, visits := make([]float64, len(g.s.Strata)), make([]int, len(g.s.Strata))
		for c, k := range g.classes {
			n := g.counts[e][c]
			for _, id := range k.customers[at[c] : at[c]+n] {
				out.Visits = append(out.Visits, DealtVisit{id, x.ID})
			}
			at[c] += n
			visits[k.stratum] += n
			hand.Visits += n
			due[k.stratum] += float64(g.due[e][c]) / float64(g.unit)
		}
		for h, s := range g.s.Strata {
			hand.Due += due[h]
			if visits[h] > 0 || due[h] > 0 {
				hand.Shares = append(hand.Shares, HandShare{s.Code, due[h], visits[h]})
			}
		}
		hand.Dozen, hand.OfDrawn = Hear(visits, customers), Hear(visits, drawn)
		out.Executives = append(out.Executives, hand)
	}
	slices.SortFunc(out.Visits, func(a, b DealtVisit) int { return strings.Compare(a.Customer, b.Customer) })
	slices.SortFunc(out.Undealt, func(a, b Undealt) int { return strings.Compare(a.Customer, b.Customer) })
	return out
}
