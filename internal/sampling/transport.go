package sampling

// transport sends whole amounts from rows to columns over the open cells: rows
// hold what is left to send, columns what is left to receive.
type transport struct {
	rows, cols []int64
	open       func(row, col int) bool
	flow       [][]int64
}

func newTransport(rows, cols []int64, open func(row, col int) bool) *transport {
	t := &transport{rows: append([]int64(nil), rows...), cols: append([]int64(nil), cols...), open: open, flow: make([][]int64, len(rows))}
	for r := range t.flow {
		t.flow[r] = make([]int64, len(cols))
	}
	return t
}

// fill sends as much as can be sent (a maximum flow), first directly and then by
// shortest ways through what was sent before (Edmonds and Karp 1972).
func (t *transport) fill() {
	for r := range t.rows {
		for c := range t.cols {
			if by := min(t.rows[r], t.cols[c]); by > 0 && t.open(r, c) {
				t.send(r, c, by)
				t.rows[r] -= by
				t.cols[c] -= by
			}
		}
	}
	for t.reroute() {
	}
}

func (t *transport) send(r, c int, by int64) { t.flow[r][c] += by }

// reroute finds a way from a row with something left to a column with something
// missing and sends along it.
func (t *transport) reroute() bool {
	rowBy, colBy := ints32(len(t.rows)), ints32(len(t.cols)) // how each was reached: -1 not, -2 start
	var queue []int                                          // rows, then columns after len(rows)
	for r, left := range t.rows {
		if left > 0 {
			rowBy[r] = -2
			queue = append(queue, r)
		}
	}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		if at < len(t.rows) {
			for c := range t.cols {
				if colBy[c] != -1 || !t.open(at, c) {
					continue
				}
				colBy[c] = at
				if t.cols[c] > 0 {
					t.along(rowBy, colBy, c)
					return true
				}
				queue = append(queue, len(t.rows)+c)
			}
			continue
		}
		c := at - len(t.rows)
		for r := range t.rows {
			if rowBy[r] == -1 && t.flow[r][c] > 0 {
				rowBy[r] = c
				queue = append(queue, r)
			}
		}
	}
	return false
}

func ints32(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = -1
	}
	return out
}

// along sends as much as fits along the way that ends in a column.
func (t *transport) along(rowBy, colBy []int, end int) {
	by := t.cols[end]
	for c := end; ; {
		r := colBy[c]
		if rowBy[r] == -2 {
			by = min(by, t.rows[r])
			break
		}
		c = rowBy[r]
		by = min(by, t.flow[r][c])
	}
	t.cols[end] -= by
	for c := end; ; {
		r := colBy[c]
		t.flow[r][c] += by
		if rowBy[r] == -2 {
			t.rows[r] -= by
			return
		}
		c = rowBy[r]
		t.flow[r][c] -= by
	}
}

// lack names a set of columns that want more than all rows open to them hold,
// and those rows (Hall's condition), after fill; nothing where all is sent.
func (t *transport) lack() (rows, cols []int) {
	inRow, inCol := make([]bool, len(t.rows)), make([]bool, len(t.cols))
	var queue []int
	for c, missing := range t.cols {
		if missing > 0 {
			inCol[c] = true
			queue = append(queue, c)
		}
	}
	for len(queue) > 0 {
		c := queue[0]
		queue = queue[1:]
		for r := range t.rows {
			if inRow[r] || !t.open(r, c) {
				continue
			}
			inRow[r] = true
			for other := range t.cols {
				if !inCol[other] && t.flow[r][other] > 0 {
					inCol[other] = true
					queue = append(queue, other)
				}
			}
		}
	}
	for r, in := range inRow {
		if in {
			rows = append(rows, r)
		}
	}
	for c, in := range inCol {
		if in {
			cols = append(cols, c)
		}
	}
	return rows, cols
}

// missing is what the columns still want.
func (t *transport) missing() int64 {
	n := int64(0)
	for _, c := range t.cols {
		n += c
	}
	return n
}
