package sampling

import (
	"fmt"
	"math"
	"strings"

	"windshield/internal/fault"
)

// Rake scales the rows and columns of a table in turn until its margins are met
// (iterative proportional fitting, Deming and Stephan 1940). Zeros stay zero and
// the odds between the other cells are kept (Ireland and Kullback 1968). It asks
// first, by a maximum flow, whether a table with these margins exists on the
// cells above 0, for otherwise it would never end. Error: fault.Invalid, naming
// the rows or columns that want more than they can get.
func Rake(table [][]float64, rows, cols []float64) ([][]float64, error) {
	f := newFit(len(rows), len(cols))
	copy(f.rows, rows)
	copy(f.cols, cols)
	for r := range f.cells {
		copy(f.cells[r], table[r])
	}
	if err := f.possible(); err != nil {
		return nil, err
	}
	f.run()
	return f.cells, nil
}

// fit is a table on its way to its margins.
type fit struct {
	cells      [][]float64
	rows, cols []float64
}

func newFit(rows, cols int) *fit {
	f := &fit{cells: make([][]float64, rows), rows: make([]float64, rows), cols: make([]float64, cols)}
	for r := range f.cells {
		f.cells[r] = make([]float64, cols)
	}
	return f
}

// fitRounds bounds the work where margins can only be met in the limit.
const fitRounds = 2000

// run scales rows and columns in turn until the cells stand still. Where both
// margins cannot be met, the columns are, and the rows come as near as can be:
// with the least Σ p ln(p/row), p the sum that a row ends with (Csiszár and
// Tusnády 1984), which is the fairest sharing of what the rows are wanted for
// (Fujishige 1980).
func (f *fit) run() {
	still := 1e-13 * sum(f.cols)
	scaled := make([]float64, len(f.rows))
	for range fitRounds {
		for r, row := range f.cells {
			scaled[r] = 1
			if have := sum(row); have > 0 {
				scaled[r] = f.rows[r] / have
			}
			for c := range row {
				row[c] = float64(row[c] * scaled[r]) // rounded by itself, so that every machine fits alike
			}
		}
		moved := 0.0
		for c := range f.cols {
			have := 0.0
			for r := range f.cells {
				have += f.cells[r][c]
			}
			if have == 0 {
				continue
			}
			by := f.cols[c] / have
			for r := range f.cells {
				f.cells[r][c] = float64(f.cells[r][c] * by)
				moved = math.Max(moved, f.cells[r][c]*math.Abs(float64(by*scaled[r])-1))
			}
		}
		if moved <= still {
			return
		}
	}
}

// possible says whether the margins can be met on the cells above 0.
func (f *fit) possible() error {
	const unit = 1 << 30
	if math.Abs(sum(f.rows)-sum(f.cols)) > 1e-6 {
		return fault.Invalidf("The margins cannot be met: the rows want %g in all and the columns %g.", sum(f.rows), sum(f.cols)).With(
			fault.Detail{Where: "margins", Expected: "the same sum of rows and of columns"})
	}
	rows, cols := make([]int64, len(f.rows)), make([]int64, len(f.cols))
	for r, v := range f.rows {
		rows[r] = int64(math.Round(v * unit))
	}
	for c, v := range f.cols {
		cols[c] = int64(math.Round(v * unit))
	}
	// Seen from the columns, so that the lack is named by rows.
	t := newTransport(cols, rows, func(c, r int) bool { return f.cells[r][c] > 0 })
	t.fill()
	if t.missing() <= int64(len(rows)+len(cols)) {
		return nil
	}
	few, many := t.lack()
	want, have := 0.0, 0.0
	for _, r := range many {
		want += f.rows[r]
	}
	for _, c := range few {
		have += f.cols[c]
	}
	return fault.Invalidf("The margins cannot be met on the allowed cells (%s %g but %s only %g).",
		numbered("row", "need", many), want, numbered("column", "take", few), have).With(fault.Detail{
		Where: numbered("row", "need", many), Value: fmt.Sprint(want), Expected: fmt.Sprintf("at most %g", have), Mend: "Allow more cells, or change the margins."})
}

// numbered lists indices from 1 with a verb: "row 3 needs", "rows 1,2 need".
func numbered(what, does string, which []int) string {
	if len(which) == 1 {
		does += "s"
	} else {
		what += "s"
	}
	var out []string
	for _, i := range which {
		out = append(out, fmt.Sprint(i+1))
	}
	return what + " " + strings.Join(out, ",") + " " + does
}
