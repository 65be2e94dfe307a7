package sampling

import (
	"slices"
	"sort"

	"golang.org/x/text/unicode/norm"

	"windshield/internal/fault"
)

// Select draws a selection from a frame. It is the same on every machine and for
// every order in which the customers were given to Freeze.
//
// Errors: fault.Conflict where the frame was changed after its freeze,
// fault.Invalid where the design asks for what cannot be, with one detail per
// problem (place, value, what was expected, how to mend it).
func Select(f Frame, d Design) (Selection, error) {
	p, err := prepare(f, d)
	if err != nil {
		return Selection{}, err
	}
	return p.draw(p.design.Seed), nil
}

// prepared is all of a selection that does not hang on the seed.
type prepared struct {
	frame  Frame
	design Design
	parts  []part
	strata []Stratum
	log    []Merge
	cells  []cell                 // without their visits
	serve  func(visits int) []int // strata (counted without the must-visits') that get that many further visits, in order
}

func prepare(f Frame, d Design) (prepared, error) {
	if !f.intact() {
		return prepared{}, fault.Conflictf("The customer list was changed after it was frozen. Freeze it again.")
	}
	p := prepared{frame: f, design: d.complete()}
	d = p.design
	if err := d.check(f); err != nil {
		return prepared{}, err
	}
	var must, rest []int
	for i, u := range f.Units {
		if u.Must {
			must = append(must, i)
		} else {
			rest = append(rest, i)
		}
	}
	p.parts, p.log = d.strata(f, rest, d.Visits-len(must))
	var err error
	if p.strata, p.serve, err = d.allocate(f, p.parts, d.Visits-len(must)); err != nil {
		return prepared{}, err
	}
	if len(must) > 0 {
		p.strata = append([]Stratum{mustStratum(f, must)}, p.strata...)
		p.parts = append([]part{{units: must}}, p.parts...)
	}
	p.cells = d.cells(f, p.parts, p.strata)
	return p, nil
}

// draw makes the selection that belongs to a seed.
func (p prepared) draw(seed string) Selection {
	s := Selection{FrameHash: p.frame.Hash, SeedCommitment: Commitment(seed), Strata: p.strata, MergeLog: p.log}
	for _, h := range p.serve(NextAsked) {
		s.NextVisits = append(s.NextVisits, p.open()[h].Code)
	}
	cells := slices.Clone(p.cells)
	if p.design.fine() {
		t, which := p.design.cellTable(cells, p.strata)
		for i, visits := range t.round(newStream(seed, "cells/v1", p.design.Year).below) {
			cells[which[i]].visits = visits
		}
	}
	s.Rows = append(p.rows(seed, cells), leftOut(p.frame)...)
	sort.Slice(s.Rows, func(i, j int) bool { return s.Rows[i].ID < s.Rows[j].ID })
	s.Warnings = p.warnings()
	return s
}

// open gives the strata without that of the must-visits.
func (p prepared) open() []Stratum {
	if len(p.strata) > 0 && p.strata[0].Must {
		return p.strata[1:]
	}
	return p.strata
}

// leftOut gives the rows of the customers that left the frame.
func leftOut(f Frame) []Row {
	out := make([]Row, len(f.Excluded))
	for i, e := range f.Excluded {
		out[i] = Row{ID: e.Unit.ID, Excluded: e.Reason, Must: e.Unit.Must}
	}
	return out
}

// allocate makes the strata with their visits, and a function that says who would
// get further ones.
func (d Design) allocate(f Frame, parts []part, visits int) ([]Stratum, func(int) []int, error) {
	sums, all := make([]moments, len(parts)), 0
	p := problem{n: visits, lo: make([]int, len(parts)), hi: make([]int, len(parts))}
	for h, part := range parts {
		sums[h] = momentsOf(f, part.units)
		all += len(part.units)
		p.hi[h] = len(part.units)
		if d.MaxPerStratum > 0 {
			p.hi[h] = min(p.hi[h], d.MaxPerStratum)
		}
		p.lo[h] = min(p.hi[h], d.MinPerStratum)
	}
	if len(parts) == 0 {
		return nil, func(int) []int { return nil }, nil
	}
	err := d.bind(p, parts)
	if err != nil {
		return nil, nil, err
	}
	if p.weights, p.by, err = d.pulls(sums); err != nil {
		return nil, nil, err
	}
	x, err := p.solve()
	if err != nil {
		return nil, nil, err
	}
	names := codes(parts)
	strata := make([]Stratum, len(parts))
	for h, part := range parts {
		strata[h] = Stratum{Code: names[h], Key: stratumKey(part.values), Label: stratumLabel(part.values), Values: part.values, N: sums[h].n, X: x[h],
			Revenue: sums[h].revenue.Int64(), Lo: p.lo[h], Hi: p.hi[h], Alone: atLeast(sums[h].n, visits, 5, all)}
		strata[h].finish(d.Turns[strata[h].Key])
	}
	return strata, func(visits int) []int { return p.serve(slices.Clone(x), visits) }, nil
}

// finish fills in what follows from visits and customers.
func (s *Stratum) finish(start Turn) {
	s.Start = start % circle
	s.Next = s.Start.Plus(Shift(s.X, s.N))
	if s.X > 0 {
		s.Pi, s.Weight = float64(s.X)/float64(s.N), float64(s.N)/float64(s.X)
	}
}

func mustStratum(f Frame, units []int) Stratum {
	n := len(units)
	return Stratum{Code: MustCode, Key: "must", Label: "Must-visits", Must: true, N: n, X: n, Lo: n, Hi: n, Pi: 1, Weight: 1, Alone: true,
		Revenue: momentsOf(f, units).revenue.Int64()}
}

// rows takes in each cell the customers whose numbers come first after the
// stratum's start.
func (p prepared) rows(seed string, cells []cell) []Row {
	f := p.frame
	rows := make([]Row, 0, len(f.Units)+len(f.Excluded))
	key := newMac(seed)
	for _, c := range cells {
		s := p.strata[c.stratum]
		type ticket struct {
			u    Turn
			unit int
		}
		tickets := make([]ticket, len(c.units))
		for i, unit := range c.units {
			tickets[i] = ticket{numberOf(key, f.Units[unit].ID), unit}
		}
		sort.Slice(tickets, func(i, j int) bool {
			a, b := tickets[i].u.From(s.Start), tickets[j].u.From(s.Start)
			return a < b || a == b && tickets[i].unit < tickets[j].unit
		})
		for rank, t := range tickets {
			rows = append(rows, Row{ID: f.Units[t.unit].ID, Stratum: s.Code, Cell: c.label, Must: s.Must, X: s.X, N: s.N,
				Due: float64(s.X*len(c.units)) / float64(s.N), InCell: c.visits, Pi: s.Pi, Weight: s.Weight, U: t.u.Float(),
				Rank: rank + 1, Taken: rank < c.visits})
		}
	}
	return rows
}

// Verify replays a selection and names the first customer whose record differs,
// "" where all agree. With it anybody who holds frame, design and seed can check
// a published draw.
func Verify(f Frame, d Design, rows []Row) (differs string, err error) {
	s, err := Select(f, d)
	if err != nil {
		return "", err
	}
	byID := make(map[string]Row, len(rows))
	for _, r := range rows {
		byID[norm.NFC.String(r.ID)] = r
	}
	for _, r := range s.Rows {
		if byID[r.ID] != r {
			return r.ID, nil
		}
		delete(byID, r.ID)
	}
	for _, r := range rows {
		if _, extra := byID[norm.NFC.String(r.ID)]; extra {
			return r.ID, nil
		}
	}
	return "", nil
}
