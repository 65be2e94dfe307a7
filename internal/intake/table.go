package intake

import (
	"bufio"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"

	"windshield/internal/fault"
)

// Limits of a file. Each has its own error that names it.
const (
	MaxFileBytes = 50 << 20
	MaxRows      = 250_000
	MaxColumns   = 200
	MaxCellBytes = 32 << 10
)

// Table is a file as rows of text, before anything is made of it. It is
// immutable. Rows without any text are not kept.
type Table struct {
	Headers   []string // trimmed; "" where a column has none
	Format    string   // "csv" or "xlsx"
	Encoding  string   // of a CSV file: "utf-8", "utf-16le", "utf-16be" or "windows-1252"
	Separator rune     // of a CSV file
	Sheet     string   // of an XLSX file: the sheet that was read
	Sheets    []string // of an XLSX file: every sheet

	text     []string // one string per row: its cells one after the other
	first    []uint32 // per row: where its cells begin in ends; one more at the end
	ends     []uint32 // per cell: where it ends in its row's text
	lines    []uint32 // per row: its number as a spreadsheet or an editor shows it
	date1904 bool     // serial numbers of dates count from 1904
}

// Len gives the number of rows below the header.
func (t *Table) Len() int { return len(t.text) }

// Line gives the number of a row (0 = the first below the header) as people see
// it: the line of a CSV file on which it begins, the row of a spreadsheet.
func (t *Table) Line(row int) int { return int(t.lines[row]) }

// Width gives the number of cells in a row; it may differ from the header's.
func (t *Table) Width(row int) int { return int(t.first[row+1] - t.first[row]) }

// Cell gives the text of a cell as it stands in the file, "" past the row's end.
func (t *Table) Cell(row, column int) string {
	if column < 0 || column >= t.Width(row) {
		return ""
	}
	i := t.first[row] + uint32(column)
	start := uint32(0)
	if column > 0 {
		start = t.ends[i-1]
	}
	return t.text[row][start:t.ends[i]]
}

// Row gives the cells of a row.
func (t *Table) Row(row int) []string {
	cells := make([]string, t.Width(row))
	for i := range cells {
		cells[i] = t.Cell(row, i)
	}
	return cells
}

// Rows goes through the first n rows, for a preview.
func (t *Table) Rows(n int) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		for i := range min(n, t.Len()) {
			if !yield(t.Row(i)) {
				return
			}
		}
	}
}

// add appends a row; a row without text is left out.
func (t *Table) add(line int, cells []string) error {
	width := len(cells)
	empty := true
	size := 0
	for i, c := range cells {
		if len(c) > MaxCellBytes {
			return fault.New(fault.TooLarge, "A cell is too long.").With(fault.Detail{
				Where: where(line, columnName(t.Headers, i)), Value: fault.Short(c),
				Expected: "at most 32,768 bytes in a cell", Mend: "Shorten the cell. A missing closing quote can make one cell of many rows."})
		}
		if strings.IndexByte(c, 0) >= 0 {
			return fault.Invalidf("The file holds zero bytes, which no text has.").With(fault.Detail{
				Where: where(line, columnName(t.Headers, i)), Expected: "text", Mend: "Save the file as CSV (UTF-8) or XLSX and try again."})
		}
		empty = empty && strings.TrimSpace(c) == ""
		size += len(c)
	}
	if width > MaxColumns {
		return tooManyColumns(line)
	}
	if empty {
		return nil
	}
	if len(t.text) == MaxRows {
		return fault.New(fault.TooLarge, "The file has too many rows.").With(fault.Detail{
			Where: where(line, ""), Expected: "at most 250,000 rows", Mend: "Split the file and import the parts one after the other."})
	}
	var b strings.Builder
	b.Grow(size)
	for _, c := range cells {
		b.WriteString(c)
		t.ends = append(t.ends, uint32(b.Len()))
	}
	t.text = append(t.text, b.String())
	t.first = append(t.first, uint32(len(t.ends)))
	t.lines = append(t.lines, uint32(line))
	return nil
}

func tooManyColumns(line int) error {
	return fault.New(fault.TooLarge, "The file has too many columns.").With(fault.Detail{
		Where: where(line, ""), Expected: "at most 200 columns", Mend: "Remove the columns that are not to be imported."})
}

// setHeaders takes the first row with text as the header.
func (t *Table) setHeaders(line int, cells []string) error {
	for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1] // spreadsheets leave empty columns behind
	}
	if len(cells) > MaxColumns {
		return tooManyColumns(line)
	}
	t.first = []uint32{0}
	for _, c := range cells {
		if len(c) > MaxCellBytes || strings.IndexByte(c, 0) >= 0 {
			return fault.Invalidf("The first row does not look like column names.").With(fault.Detail{
				Where: where(line, ""), Value: fault.Short(strings.ReplaceAll(c, "\x00", "�")), Expected: "short column names", Mend: "Put the names of the columns into the first row."})
		}
		t.Headers = append(t.Headers, strings.TrimSpace(strings.Clone(c)))
	}
	return nil
}

// Options say how to read a file.
type Options struct {
	Sheet     string // of an XLSX file; "" = the first
	Separator rune   // of a CSV file; 0 = found out from the file
}

const peekBytes = 64 << 10

// Read reads a CSV or XLSX file, told apart by its first bytes. Errors are of
// kind TooLarge where a limit is passed, else Invalid.
func Read(r io.Reader, o Options) (*Table, error) {
	in := bufio.NewReaderSize(&limited{in: r, left: MaxFileBytes}, peekBytes)
	head, err := in.Peek(8)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, unreadable(err)
	}
	is := func(prefixes ...string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(string(head), p) })
	}
	var t *Table
	switch {
	case is("PK\x03\x04", "PK\x05\x06"):
		var data []byte
		if data, err = io.ReadAll(in); err != nil {
			return nil, unreadable(err)
		}
		t, err = readXLSX(data, o)
	case is("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
		err = fault.Invalidf("This is an old Excel file (.xls), or one with a password.").With(fault.Detail{
			Expected: "CSV or XLSX", Mend: "Save it as XLSX without a password, or as CSV."})
	case is("%PDF", "\x89PNG", "\xff\xd8\xff", "\x1f\x8b", "7z\xbc\xaf", "Rar!"):
		err = fault.Invalidf("This is no table.").With(fault.Detail{Expected: "CSV or XLSX", Mend: "Save the table as CSV (UTF-8) or XLSX and try again."})
	default:
		t, err = readCSV(in, o)
	}
	if err != nil {
		return nil, err
	}
	if len(t.Headers) == 0 {
		return nil, fault.Invalidf("The file is empty.").With(fault.Detail{
			Expected: "column names in the first row and a row for each record", Mend: "Start from the template."})
	}
	return t, nil
}

func unreadable(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return f
	}
	return fault.Invalidf("The file could not be read to its end.").Because(err)
}

// limited fails where a file goes past MaxFileBytes.
type limited struct {
	in   io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.in.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, fault.New(fault.TooLarge, "The file is too large.").With(fault.Detail{
			Expected: "at most 50 MB", Mend: "Split the file and import the parts one after the other."})
	}
	return n, err
}
