package sampling

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// cell is a finer group inside a stratum: the customers with the same values in
// the dimensions to be kept even.
type cell struct {
	stratum int
	label   string
	values  []string // of Within, then of Across
	units   []int
	visits  int
}

// fine says whether strata are cut into cells.
func (d Design) fine() bool { return len(d.Within)+len(d.Across) > 0 }

// cells cuts strata into cells. Without dimensions to keep even, and in the
// stratum of must-visits, a stratum is one cell and has its visits; those of
// finer cells are rounded later, by cellTable.
func (d Design) cells(f Frame, parts []part, strata []Stratum) []cell {
	var out []cell
	for h, p := range parts {
		if !d.fine() || strata[h].Must {
			out = append(out, cell{stratum: h, units: p.units, visits: strata[h].X})
			continue
		}
		out = append(out, d.cut(f, h, p.units)...)
	}
	return out
}

// cut puts the customers of a stratum into cells, in the order of their values.
func (d Design) cut(f Frame, stratum int, units []int) []cell {
	var out []cell
	at := map[string]int{}
	for _, i := range units {
		values := make([]string, 0, len(d.Within)+len(d.Across))
		for _, name := range d.Within {
			values = append(values, f.Units[i].Values[name])
		}
		for _, name := range d.Across {
			values = append(values, f.Units[i].Values[name])
		}
		k := quoted(values)
		c, known := at[k]
		if !known {
			c = len(out)
			at[k] = c
			out = append(out, cell{stratum: stratum, values: values, label: d.cellLabel(values)})
		}
		out[c].units = append(out[c].units, i)
	}
	slices.SortFunc(out, func(a, b cell) int { return slices.Compare(a.values, b.values) })
	labels := map[string]int{}
	for _, c := range out {
		labels[c.label]++
	}
	for i := range out {
		if labels[out[i].label] > 1 { // values that hold our own separators: the label must name one cell only
			out[i].label = quoted(out[i].values)
		}
	}
	return out
}

func (d Design) cellLabel(values []string) string {
	named := make([]Value, len(values))
	for i, v := range values {
		name := ""
		if i < len(d.Within) {
			name = d.Within[i]
		} else {
			name = d.Across[i-len(d.Within)]
		}
		named[i] = Value{name, []string{v}}
	}
	return label(named)
}

// cellTable says what is due in each cell, without those of must-visits. First
// tree: stratum, then the dimensions within; a stratum's visits are whole
// already, so they stay. Second tree: the dimensions across. The common unit is
// the least common multiple of the strata's sizes, so what is due is exact.
// which gives the cell of each entry.
func (d Design) cellTable(cells []cell, strata []Stratum) (t table, which []int) {
	unit := big.NewInt(1)
	for _, s := range strata {
		if !s.Must {
			n := big.NewInt(int64(s.N))
			unit.Mul(unit, new(big.Int).Quo(n, new(big.Int).GCD(nil, nil, unit, n)))
		}
	}
	t.unit = unit
	names := map[string]int{}
	node := func(path string) int {
		n, known := names[path]
		if !known {
			n = len(names)
			names[path] = n
		}
		return n
	}
	for i, c := range cells {
		s := strata[c.stratum]
		if s.Must {
			continue
		}
		due := new(big.Int).Quo(unit, big.NewInt(int64(s.N)))
		t.values = append(t.values, due.Mul(due, big.NewInt(int64(s.X)*int64(len(c.units)))))
		stratum := strconv.Itoa(c.stratum)
		first := []int{node("first " + stratum)}
		for k := range d.Within {
			first = append(first, node("first "+stratum+quoted(c.values[:k+1])))
		}
		var second []int
		for k := range d.Across {
			second = append(second, node("second "+quoted(c.values[len(d.Within):len(d.Within)+k+1])))
		}
		t.first, t.second = append(t.first, first), append(t.second, second)
		which = append(which, i)
	}
	return t, which
}

// quoted joins values so that no two lists look alike.
func quoted(values []string) string {
	var b strings.Builder
	for _, v := range values {
		b.WriteString(strconv.Quote(v))
	}
	return b.String()
}

// stream is a sequence of random bytes from the seed, apart from customers'
// numbers by its label: HMAC-SHA256(seed, label 0x1F year 0x1F block number).
type stream struct {
	mac   mac
	label string
	year  string
	block int
	rest  []byte
}

func newStream(seed, label string, year int) *stream {
	return &stream{mac: newMac(seed), label: label, year: strconv.Itoa(year)}
}

func (s *stream) bytes(n int) []byte {
	for len(s.rest) < n {
		s.rest = append(s.rest, s.mac.sum(s.label, s.year, strconv.Itoa(s.block))...)
		s.block++
	}
	out := s.rest[:n]
	s.rest = s.rest[n:]
	return out
}

// below draws a whole number from 0 up to but without limit, each as likely as
// any other: too large ones are drawn again.
func (s *stream) below(limit *big.Int) *big.Int {
	size := limit.BitLen()
	for {
		raw := slices.Clone(s.bytes((size + 7) / 8))
		if extra := size % 8; extra > 0 {
			raw[0] &= 1<<extra - 1
		}
		if n := new(big.Int).SetBytes(raw); n.Cmp(limit) < 0 {
			return n
		}
	}
}
