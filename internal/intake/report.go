package intake

import (
	"cmp"
	"encoding/csv"
	"io"
	"iter"
	"slices"
	"strings"

	"windshield/internal/fault"
)

// Action is what an import would do with a row.
type Action string

const (
	Create      Action = "create"
	Update      Action = "update"
	Unchanged   Action = "unchanged"
	HasProblems Action = "problem"
)

// Row is what a row of a file comes to.
type Row struct {
	Index    int       `json:"-"`    // in the table, from 0
	Line     int       `json:"line"` // as people see it
	Action   Action    `json:"action"`
	Key      string    `json:"key,omitempty"`
	Record   Record    `json:"record,omitempty"` // nil where there are problems
	Problems []Problem `json:"problems,omitempty"`
	Warnings []Problem `json:"warnings,omitempty"` // worth a look, but in nobody's way
}

// Problem is one thing wrong in a row.
type Problem struct {
	Line    int    `json:"line"`
	Field   string `json:"field,omitempty"`  // "" where the whole row is meant
	Column  string `json:"column,omitempty"` // header of the column
	Trouble string `json:"trouble"`          // short and without values: rows with the same trouble in the same field are mended alike
	fault.Detail
}

// Group is all rows with the same trouble in the same field.
type Group struct {
	Field   string       `json:"field,omitempty"`
	Column  string       `json:"column,omitempty"`
	Trouble string       `json:"trouble"`
	Rows    int          `json:"rows"`
	Lines   []int        `json:"lines"`            // the first ten
	Values  []ValueCount `json:"values,omitempty"` // the ten most frequent of the first thousand
	First   fault.Detail `json:"first"`
	counts  map[string]int
}

// ValueCount is a bad value and in how many rows it stands.
type ValueCount struct {
	Value string `json:"value"`
	Rows  int    `json:"rows"`
}

// Counts add up: Create + Update + Unchanged + Problem = Rows.
type Counts struct {
	Rows      int `json:"rows"`
	Create    int `json:"create"`
	Update    int `json:"update"`
	Unchanged int `json:"unchanged"`
	Problem   int `json:"problem"`
}

// MaxListed is how many problems a Report lists; all of them are counted, and
// each row can still be asked for.
const MaxListed = 1_000

// Report says what an import would do. It holds no records: Row and Changes make
// them again from the table, so that big files need little memory.
type Report struct {
	Kind         Kind      `json:"kind"`
	Counts       Counts    `json:"counts"`
	Problems     []Problem `json:"problems"`      // the first MaxListed
	ProblemTotal int       `json:"problem_total"` // of all rows; a row may have several
	Groups       []Group   `json:"groups"`        // of problems, the most rows first
	Warnings     []Group   `json:"warnings"`
	Ignored      []string  `json:"ignored,omitempty"` // headers of columns that are mapped to nothing
	Absent       []string  `json:"absent,omitempty"`  // fields without a column: stored values stay as they are

	parser  *parser
	actions []Action
}

// OK says whether the whole file can be imported.
func (r *Report) OK() bool { return r.Counts.Problem == 0 && r.Counts.Rows > 0 }

// Err is nil where OK, else an Invalid fault that names the first problems.
func (r *Report) Err() error {
	if r.OK() {
		return nil
	}
	if r.Counts.Rows == 0 {
		return fault.Invalidf("The file has no rows below its header.").With(fault.Detail{Expected: "a row for each record"})
	}
	e := fault.Invalidf("%d of %d rows cannot be imported, so nothing was.", r.Counts.Problem, r.Counts.Rows)
	for _, p := range r.Problems[:min(20, len(r.Problems))] {
		e = e.With(p.Detail)
	}
	return e
}

// Row makes a row of the table (from 0) again.
func (r *Report) Row(i int) Row { return r.parser.row(i) }

// Rows goes through n rows from a position on, for a page of the preview; only
// those with one of the given actions where any is given.
func (r *Report) Rows(from, n int, actions ...Action) iter.Seq[Row] {
	return func(yield func(Row) bool) {
		seen := 0
		for i := from; i < len(r.actions) && seen < n; i++ {
			if len(actions) > 0 && !slices.Contains(actions, r.actions[i]) {
				continue
			}
			seen++
			if !yield(r.parser.row(i)) {
				return
			}
		}
	}
}

// Changes goes through the rows to create or update, in the file's order.
func (r *Report) Changes() iter.Seq[Row] { return r.Rows(0, len(r.actions), Create, Update) }

// ReasonHeader names the column that RejectedCSV adds. Match ignores it.
const ReasonHeader = "reason"

// RejectedCSV writes the rows with problems, as they stood in the file, with a
// last column that says why. Spreadsheets show every cell and run none (see
// Neutral). The file can be mended and read again. It is UTF-8 with a byte order
// mark, since Excel would take it for another encoding without.
func RejectedCSV(w io.Writer, t *Table, r *Report) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	c.UseCRLF = true
	var keep []int // not the reasons of last time
	var line []string
	for i, h := range t.Headers {
		if !strings.EqualFold(h, ReasonHeader) {
			keep = append(keep, i)
			line = append(line, Neutral(h))
		}
	}
	c.Write(append(line, ReasonHeader))
	for row := range r.Rows(0, len(r.actions), HasProblems) {
		line = line[:0]
		for _, i := range keep {
			line = append(line, Neutral(t.Cell(row.Index, i)))
		}
		var reasons []string
		for _, p := range row.Problems {
			reasons = append(reasons, p.Sentence())
		}
		if err := c.Write(append(line, Neutral(strings.Join(reasons, " ")))); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// Sentence says what is wrong without naming the row: "City: expected a city of
// Switzerland, found "Zürch". Did you mean Zürich?"
func (p Problem) Sentence() string {
	d := p.Detail
	d.Where = p.Column
	if d.Where == "" {
		d.Where = FieldLabel(p.Field)
	}
	if d.Where == "" {
		d.Where = "Row"
	}
	s := d.String()
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

const maxGroups = 500

// tally groups troubles as rows go by.
type tally struct {
	groups []Group
	index  map[[2]string]int
}

func (t *tally) add(problems []Problem) {
	var touched []int // a row counts once in each group
	for _, p := range problems {
		key := [2]string{p.Field, p.Trouble}
		i, ok := t.index[key]
		if !ok {
			if len(t.groups) == maxGroups {
				continue
			}
			if t.index == nil {
				t.index = map[[2]string]int{}
			}
			i = len(t.groups)
			t.index[key] = i
			t.groups = append(t.groups, Group{Field: p.Field, Column: p.Column, Trouble: p.Trouble, First: p.Detail, counts: map[string]int{}})
		}
		if slices.Contains(touched, i) {
			continue
		}
		touched = append(touched, i)
		g := &t.groups[i]
		g.Rows++
		if len(g.Lines) < 10 {
			g.Lines = append(g.Lines, p.Line)
		}
		if _, ok := g.counts[p.Value]; p.Value != "" && (ok || len(g.counts) < 1000) {
			g.counts[p.Value]++
		}
	}
}

func (t *tally) result() []Group {
	for i := range t.groups {
		g := &t.groups[i]
		for v, n := range g.counts {
			g.Values = append(g.Values, ValueCount{v, n})
		}
		slices.SortFunc(g.Values, func(a, b ValueCount) int { return cmp.Or(b.Rows-a.Rows, strings.Compare(a.Value, b.Value)) })
		g.Values = slices.Clone(g.Values[:min(10, len(g.Values))])
		g.counts = nil
	}
	slices.SortStableFunc(t.groups, func(a, b Group) int { return b.Rows - a.Rows })
	return t.groups
}
