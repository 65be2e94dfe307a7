package sampling

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// part is a stratum in the making.
type part struct {
	values []Value
	units  []int // indices into Frame.Units
}

// strata puts the customers that are not must-visits into strata: by the top
// dimension first, then inside each group by the next. A group that expects too
// few visits merges with another one under the same roof, so never across the
// top dimension unless the design says so or there is no other.
func (d Design) strata(f Frame, units []int, visits int) ([]part, []Merge) {
	s := splitter{design: d, frame: f, visits: visits, all: len(units)}
	if len(units) > 0 {
		s.split(units, nil)
	}
	return s.parts, s.log
}

type splitter struct {
	design      Design
	frame       Frame
	visits, all int
	parts       []part
	log         []Merge
}

func (s *splitter) split(units []int, above []Value) {
	level := len(above)
	if level == len(s.design.Dimensions) {
		s.parts = append(s.parts, part{above, units})
		return
	}
	dim := s.design.Dimensions[level]
	byValue := map[string][]int{}
	for _, i := range units {
		v := s.frame.Units[i].Values[dim.Name]
		byValue[v] = append(byValue[v], i)
	}
	names := inOrder(byValue, dim.Order)
	sizes := make([]int, len(names))
	for i, v := range names {
		sizes[i] = len(byValue[v])
	}
	enough := func(size int) bool { return s.expects(size, s.design.MergeBelow) }
	if s.design.MergeBelow < 0 || level == 0 && len(s.design.Dimensions) > 1 && !s.design.MergeTop {
		enough = func(int) bool { return true }
	}
	groups, log := merge(sizes, enough, len(dim.Order) > 0)
	for _, m := range log {
		s.log = append(s.log, Merge{Under: label(above), Dim: dim.Name, A: pick(names, m.a), B: pick(names, m.b), SizeA: m.sizeA, SizeB: m.sizeB,
			Expected: fmt.Sprintf("%d·%d/%d", s.visits, m.sizeA+m.sizeB, s.all)})
	}
	for _, g := range groups {
		var inside []int
		for _, v := range g {
			inside = append(inside, byValue[names[v]]...)
		}
		slices.Sort(inside)
		s.split(inside, append(slices.Clone(above), Value{dim.Name, pick(names, g)}))
	}
}

// expects says whether that many customers expect the visits: size·n/N ≥ least.
func (s *splitter) expects(size, least int) bool {
	return least <= 0 || atLeast(size, s.visits, least, s.all)
}

// atLeast says whether a·b ≥ c·d, exactly.
func atLeast(a, b, c, d int) bool {
	h1, l1 := bits.Mul64(uint64(a), uint64(b))
	h2, l2 := bits.Mul64(uint64(c), uint64(d))
	return h1 > h2 || h1 == h2 && l1 >= l2
}

// inOrder lists the values: those with a stated order first, others by name,
// customers without a value last.
func inOrder(byValue map[string][]int, order []string) []string {
	place := make(map[string]int, len(order))
	for i, v := range order {
		place[v] = i + 1
	}
	rank := func(v string) int {
		switch {
		case place[v] > 0:
			return place[v]
		case v == "":
			return len(order) + 2
		}
		return len(order) + 1
	}
	names := make([]string, 0, len(byValue))
	for v := range byValue {
		names = append(names, v)
	}
	slices.SortFunc(names, func(a, b string) int {
		if r := rank(a) - rank(b); r != 0 {
			return r
		}
		return strings.Compare(a, b)
	})
	return names
}

func pick(names []string, which []int) []string {
	out := make([]string, len(which))
	for i, w := range which {
		out[i] = names[w]
	}
	return out
}

// label names a group for people.
func label(values []Value) string {
	parts := make([]string, len(values))
	for i, v := range values {
		shown := make([]string, 0, 3)
		for _, name := range v.Values[:min(len(v.Values), 3)] {
			if name == "" {
				name = "no " + v.Dimension
			}
			shown = append(shown, name)
		}
		parts[i] = strings.Join(shown, " + ")
		if more := len(v.Values) - len(shown); more > 0 {
			parts[i] += fmt.Sprintf(" + %d more", more)
		}
	}
	return strings.Join(parts, " · ")
}

// stratumKey and stratumLabel name a stratum, also where all customers are one.
func stratumKey(values []Value) string {
	if len(values) == 0 {
		return "all"
	}
	return key(values)
}

func stratumLabel(values []Value) string {
	if len(values) == 0 {
		return "All customers"
	}
	return label(values)
}

// key names a group beyond doubt, for finding the same one next year.
func key(values []Value) string {
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteByte(';')
		}
		b.WriteString(strconv.Quote(v.Dimension) + "=")
		for j, name := range v.Values {
			if j > 0 {
				b.WriteByte('|')
			}
			b.WriteString(strconv.Quote(name))
		}
	}
	return b.String()
}

// String gives the line of the log for people.
func (m Merge) String() string {
	under := ""
	if m.Under != "" {
		under = m.Under + ": "
	}
	name := func(values []string) string { return label([]Value{{m.Dim, values}}) }
	return fmt.Sprintf("%s%s %q (%d customers) and %q (%d customers) merged; together they expect %s visits", under, m.Dim,
		name(m.A), m.SizeA, name(m.B), m.SizeB, m.Expected)
}

// MergeLines gives the merge log for people.
func (s Selection) MergeLines() []string {
	out := make([]string, len(s.MergeLog))
	for i, m := range s.MergeLog {
		out[i] = m.String()
	}
	return out
}
