package planning

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Term names a part of what a plan costs.
type Term string

// The terms, in the order in which they are shown, and the total.
const (
	Unassigned  Term = "unassigned"    // visits left out
	OverdueDays Term = "overdue_days"  // days on which an executive has seen no customer for too long
	Moved       Term = "moved"         // visits that leave the place they had
	OutOfWindow Term = "out_of_window" // visits outside the customer's windows
	Excess      Term = "excess"        // visits past an executive's cross-section
	Load        Term = "load"          // visits more or fewer than an executive's target
	Crunch      Term = "crunch"        // visits in a crunch period
	Mismatch    Term = "mismatch"      // points of preferred tags that are lacking
	TravelKM    Term = "travel_km"     // km travelled by executives
	Total       Term = "total"         // weighted sum; no term has this name
)

// Terms lists all terms in the order in which they are shown, without Total.
func Terms() []Term {
	return []Term{Unassigned, OverdueDays, Moved, OutOfWindow, Excess, Load, Crunch, Mismatch, TravelKM}
}

// DefaultWeights gives what one unit of each term costs.
func DefaultWeights() map[Term]int64 {
	return map[Term]int64{
		Unassigned: 1_000_000, OverdueDays: 10_000, Moved: 5_000, OutOfWindow: 2_000,
		Excess: 3_000, Load: 1_000, Crunch: 1_000, Mismatch: 1, TravelKM: 1,
	}
}

// Weight gives what one unit of a term costs in this problem.
func (p *Problem) Weight(t Term) int64 {
	if w, ok := p.Weights[t]; ok {
		return w
	}
	return DefaultWeights()[t]
}

// Cost holds the count of each term (not yet weighted) and the weighted Total.
// In a solution that was read, only what the file gave is in it.
type Cost map[Term]int64

// Total gives the weighted sum; lower is better.
func (c Cost) Total() int64 { return c[Total] }

// Sum sets the total from the counts and the problem's weights.
func (c Cost) Sum(p *Problem) Cost {
	c[Total] = 0
	for _, t := range Terms() {
		c[Total] += c[t] * p.Weight(t)
	}
	return c
}

// MarshalJSON writes the terms in their fixed order, the total last.
func (c Cost) MarshalJSON() ([]byte, error) {
	if c == nil {
		return []byte("null"), nil
	}
	var b bytes.Buffer
	for _, t := range append(Terms(), Total) {
		if n, ok := c[t]; ok {
			fmt.Fprintf(&b, `,%q:%d`, t, n)
		}
	}
	if b.Len() == 0 {
		return []byte("{}"), nil
	}
	b.Bytes()[0] = '{'
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON reads counts by term; a name that is no term is an error.
func (c *Cost) UnmarshalJSON(b []byte) error {
	var m map[Term]int64
	if err := json.Unmarshal(b, &m); err != nil {
		return fmt.Errorf("expected an object of whole numbers by term, found %s", b)
	}
	for t := range m {
		if t != Total && !known(t) {
			return fmt.Errorf("expected one of the terms %s and total, found %q", termList(), t)
		}
	}
	*c = m
	return nil
}

func known(t Term) bool {
	for _, u := range Terms() {
		if t == u {
			return true
		}
	}
	return false
}

func termList() string {
	var names []string
	for _, t := range Terms() {
		names = append(names, string(t))
	}
	return strings.Join(names, ", ")
}

// Table renders the counts, weights and products of a cost as aligned lines.
func (p *Problem) Table(c Cost) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "term\tcount\tweight\tcost\t")
	for _, t := range Terms() {
		weight := p.Weight(t)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t\n", t, thousands(c[t]), thousands(weight), thousands(c[t]*weight))
	}
	fmt.Fprintf(w, "%s\t\t\t%s\t\n", Total, thousands(c[Total]))
	w.Flush() // into a Builder, which cannot fail
	return b.String()
}

// thousands writes 12345678 as 12,345,678.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	from := 0
	if n < 0 {
		from = 1
	}
	for i := len(s) - 3; i > from; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Report says in lines whether the plan is feasible, what it violates, what it
// costs and which claims about that are wrong.
func (v Verdict) Report(p *Problem) string {
	var b strings.Builder
	if v.Feasible {
		b.WriteString("feasible\n")
	} else {
		fmt.Fprintf(&b, "infeasible, %d violations\n", len(v.Violations))
	}
	for _, x := range v.Violations {
		b.WriteString(x.String() + "\n")
	}
	b.WriteString(p.Table(v.Cost))
	for _, w := range v.Wrong {
		fmt.Fprintf(&b, "wrong cost: %s is %s, the solution says %s\n", w.Term, thousands(w.Right), thousands(w.Claimed))
	}
	return b.String()
}
