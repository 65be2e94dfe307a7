package intake

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"windshield/internal/fault"
)

// What a workbook may hold once unpacked. A real one of 250,000 rows and 20
// columns needs about half of it; a bomb declares, or turns out to be, more.
const (
	maxUnpacked      = 300 << 20
	maxUnpackedOther = 32 << 20 // any part other than sheets, texts and pictures
	maxParts         = 2_000
	maxSheetRow      = 1 << 20 // of any spreadsheet program
	inMemory         = 8 << 20 // bigger parts are read from a temporary file
	formulaSearch    = 8 << 20 // sheets up to this size are searched for formulas without a value
)

func readXLSX(data []byte, o Options) (t *Table, err error) {
	// The library meets files of any origin here; what it cannot bear is the
	// file's fault, and must not take the process down.
	defer func() {
		if p := recover(); p != nil {
			t, err = nil, brokenWorkbook(nil)
		}
	}()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, brokenWorkbook(err)
	}
	if err := checkParts(z); err != nil {
		return nil, err
	}
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: inMemory})
	if err != nil {
		return nil, brokenWorkbook(err)
	}
	defer f.Close()
	t = &Table{Format: "xlsx", Sheets: f.GetSheetList()}
	if len(t.Sheets) == 0 {
		return nil, brokenWorkbook(nil)
	}
	t.Sheet = t.Sheets[0]
	if o.Sheet != "" {
		i := slices.IndexFunc(t.Sheets, func(s string) bool { return strings.EqualFold(s, strings.TrimSpace(o.Sheet)) })
		if i < 0 {
			return nil, fault.Invalidf("The workbook has no such sheet.").With(fault.Detail{
				Where: "sheet", Value: fault.Short(o.Sheet), Expected: "one of " + fault.Short(strings.Join(t.Sheets, ", "))})
		}
		t.Sheet = t.Sheets[i]
	}
	if props, err := f.GetWorkbookProps(); err == nil && props.Date1904 != nil {
		t.date1904 = *props.Date1904
	}
	searchFormulas := hasFormulas(z)
	rows, err := f.Rows(t.Sheet)
	if err != nil {
		return nil, brokenWorkbook(err)
	}
	defer rows.Close()
	for line := 1; rows.Next(); line++ {
		if line > maxSheetRow {
			return nil, brokenWorkbook(nil)
		}
		cells, err := rows.Columns()
		if err != nil {
			return nil, brokenWorkbook(err)
		}
		if searchFormulas && len(cells) <= MaxColumns {
			for i, c := range cells {
				if c == "" {
					cells[i] = formulaText(f, t.Sheet, i+1, line)
				}
			}
		}
		if len(t.Headers) == 0 {
			if strings.TrimSpace(strings.Join(cells, "")) != "" {
				if err := t.setHeaders(line, cells); err != nil {
					return nil, err
				}
			}
			continue
		}
		// A spreadsheet leaves out empty cells at a row's end: no ragged rows.
		for len(cells) > len(t.Headers) && strings.TrimSpace(cells[len(cells)-1]) == "" {
			cells = cells[:len(cells)-1]
		}
		for len(cells) < len(t.Headers) {
			cells = append(cells, "")
		}
		if err := t.add(line, cells); err != nil {
			return nil, err
		}
	}
	if err := rows.Error(); err != nil {
		return nil, brokenWorkbook(err)
	}
	return t, nil
}

func brokenWorkbook(cause error) error {
	e := fault.Invalidf("This workbook cannot be read.").With(fault.Detail{
		Expected: "an XLSX file as spreadsheet programs write it, without a password", Mend: "Open it in a spreadsheet program, save it as XLSX or CSV, and try again."})
	if cause != nil {
		return e.Because(cause)
	}
	return e
}

// checkParts refuses bombs before anything is unpacked. The sizes are those that
// the file declares; the zip reader stops where a part turns out longer.
func checkParts(z *zip.Reader) error {
	bomb := func(part, expected string) error {
		return fault.New(fault.TooLarge, "The workbook is too large when unpacked.").With(fault.Detail{
			Where: fault.Short(part), Expected: expected, Mend: "Save the sheet as CSV, or remove pictures and other sheets."})
	}
	if len(z.File) > maxParts {
		return bomb("", "at most 2,000 parts")
	}
	total := uint64(0)
	workbook := false
	for _, part := range z.File {
		size := part.UncompressedSize64
		if total += size; size > maxUnpacked || total > maxUnpacked {
			return bomb(part.Name, "at most 300 MB")
		}
		name := strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(part.Name, `\`, "/"), "/"))
		workbook = workbook || strings.HasPrefix(name, "xl/workbook")
		big := strings.HasPrefix(name, "xl/worksheets/") || strings.HasPrefix(name, "xl/media/") || name == "xl/sharedstrings.xml"
		if !big && size > maxUnpackedOther {
			return bomb(part.Name, "at most 32 MB")
		}
	}
	if !workbook {
		return brokenWorkbook(errors.New("no workbook part"))
	}
	return nil
}

// hasFormulas says whether any sheet small enough to be searched has formulas.
func hasFormulas(z *zip.Reader) bool {
	for _, part := range z.File {
		if path.Dir(strings.ToLower(part.Name)) != "xl/worksheets" {
			continue
		}
		if part.UncompressedSize64 > formulaSearch {
			return false
		}
		r, err := part.Open()
		if err != nil {
			return false
		}
		text, err := io.ReadAll(io.LimitReader(r, formulaSearch))
		r.Close()
		if err == nil && (bytes.Contains(text, []byte("<f>")) || bytes.Contains(text, []byte("<f "))) {
			return true
		}
	}
	return false
}

// formulaText gives a formula that carries no value as the text that it is: we
// never evaluate anything, and losing it silently would be worse.
func formulaText(f *excelize.File, sheet string, column, line int) string {
	cell, err := excelize.CoordinatesToCellName(column, line)
	if err != nil {
		return ""
	}
	formula, err := f.GetCellFormula(sheet, cell)
	if err != nil || formula == "" {
		return ""
	}
	return "=" + strings.TrimPrefix(formula, "=")
}
