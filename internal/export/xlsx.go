package export

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"

	"windshield/internal/slot"
)

// Names of the sheets, and of the table of visits.
const (
	sheetCoverage = "Coverage"
	sheetPlan     = "Plan"
	sheetVisits   = "Visits"
)

// typeface is the font of every cell, the one that a new workbook has.
const typeface = "Calibri"

// YearXLSX writes a plan as a workbook to argue about: what is planned of each group
// as formulas over the list of visits, with a chart; the year as a grid; the visits
// as a table with a filter.
func YearXLSX(w io.Writer, y Year) error {
	b := &book{File: excelize.NewFile(), styles: map[string]int{}}
	defer b.Close()
	b.try(b.SetSheetName("Sheet1", sheetCoverage))
	for _, name := range []string{sheetPlan, sheetVisits} {
		_, err := b.NewSheet(name)
		b.try(err)
	}
	b.try(b.SetDocProps(&excelize.DocProperties{Title: line(y.Title, 200), Description: line(y.Footer, 200), Creator: "Windshield", LastModifiedBy: "Windshield",
		Created: "2000-01-01T00:00:00Z", Modified: "2000-01-01T00:00:00Z"})) // the footer says when
	b.visits(y)
	b.coverage(y)
	b.plan(y)
	full := true
	b.try(b.SetCalcProps(&excelize.CalcPropsOptions{FullCalcOnLoad: &full}))
	if b.err != nil {
		return fmt.Errorf("export: writing the workbook: %w", b.err)
	}
	return b.Write(w)
}

// book is a workbook in the making. After the first error nothing more is done.
type book struct {
	*excelize.File
	styles map[string]int
	err    error
}

func (b *book) try(err error) {
	if b.err == nil {
		b.err = err
	}
}

// at names a cell; both from 1.
func at(col, row int) string {
	name, _ := excelize.CoordinatesToCellName(col, row) // fails outside of what a sheet holds, where setting the cell fails too
	return name
}

func (b *book) text(sheet string, col, row int, s string) {
	if s != "" {
		b.try(b.SetCellStr(sheet, at(col, row), s))
	}
}

// whole writes a number; with a formula, as what the formula gives until a program
// reckons itself.
func (b *book) whole(sheet string, col, row, n int, formula string) {
	b.try(b.SetCellInt(sheet, at(col, row), int64(n)))
	if formula != "" {
		b.try(b.SetCellFormula(sheet, at(col, row), formula))
	}
}

// look gives cells a style, which is made once.
func (b *book) look(sheet, from, to, key string, s excelize.Style) {
	if b.err != nil {
		return
	}
	id, ok := b.styles[key]
	if !ok {
		if s.Font != nil { // one without a name or size is whatever a program likes
			font := *s.Font
			font.Family = cmp.Or(font.Family, typeface)
			font.Size = cmp.Or(font.Size, 11)
			s.Font = &font
		}
		var err error
		id, err = b.NewStyle(&s)
		b.try(err)
		b.styles[key] = id
	}
	b.try(b.SetCellStyle(sheet, from, to, id))
}

func filled(rgb string) excelize.Fill {
	return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{rgb}}
}

func (b *book) bold(sheet, from, to string) {
	b.look(sheet, from, to, "bold", excelize.Style{Font: &excelize.Font{Bold: true}})
}

// onPaper makes a sheet one page wide, with its headings on every page.
func (b *book) onPaper(sheet string, paper int, y Year, headings string) {
	fit, zero, one, land := true, 0, 1, "landscape"
	b.try(b.SetSheetProps(sheet, &excelize.SheetPropsOptions{FitToPage: &fit}))
	b.try(b.SetPageLayout(sheet, &excelize.PageLayoutOptions{Size: &paper, Orientation: &land, FitToWidth: &one, FitToHeight: &zero}))
	footer := strings.ReplaceAll(line(y.Footer, 100), "&", "&&")
	b.try(b.SetHeaderFooter(sheet, &excelize.HeaderFooterOptions{OddFooter: "&L" + footer + "&R&P / &N"}))
	if headings != "" {
		b.try(b.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: sheet + "!" + headings, Scope: sheet}))
	}
}

const (
	paperA3 = 8
	paperA4 = 9
)

// visits writes the table of visits.
func (b *book) visits(y Year) {
	for i, h := range visitColumns {
		b.text(sheetVisits, i+1, 1, h)
	}
	last := max(2, len(y.Visits)+1)
	for i, v := range y.Visits {
		dates := map[string]slot.Date{"Date": v.Date, "Window from": v.Window.Start, "Window to": v.Window.End}
		for j, s := range v.cells() {
			if d, is := dates[visitColumns[j]]; is && !d.IsZero() {
				b.whole(sheetVisits, j+1, i+2, serial(d), "")
				continue
			}
			b.text(sheetVisits, j+1, i+2, s)
		}
	}
	striped := true
	b.try(b.AddTable(sheetVisits, &excelize.Table{Range: "A1:" + at(len(visitColumns), last), Name: "VisitList", StyleName: "TableStyleLight9", ShowRowStripes: &striped}))
	for i, c := range visitColumns {
		if c == "Date" || strings.HasPrefix(c, "Window") {
			b.look(sheetVisits, at(i+1, 2), at(i+1, last), "date", excelize.Style{CustomNumFmt: ptr("yyyy-mm-dd")})
		}
	}
	for i, width := range []float64{7, 11, 6, 7, 7, 20, 26, 32, 18, 9, 7, 26, 24, 14, 9, 10, 13, 11, 11} {
		col, _ := excelize.ColumnNumberToName(i + 1)
		b.try(b.SetColWidth(sheetVisits, col, col, width))
	}
	b.try(b.SetPanes(sheetVisits, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
	b.onPaper(sheetVisits, paperA4, y, "$1:$1")
}

// serial gives a date as spreadsheets count: days since the end of 1899.
func serial(d slot.Date) int { return d.Sub(slot.MakeDate(1899, 12, 30)) }

func ptr[T any](v T) *T { return &v }

// column gives the cells of a column of the table of visits, as formulas name them.
func column(y Year, name string) string {
	for i, c := range visitColumns {
		if c == name {
			col, _ := excelize.ColumnNumberToName(i + 1)
			return fmt.Sprintf("%s!$%s$2:$%s$%d", sheetVisits, col, col, max(2, len(y.Visits)+1))
		}
	}
	return ""
}

// coverage writes what is planned of each group against its target.
func (b *book) coverage(y Year) {
	const head, first = 4, 5
	b.text(sheetCoverage, 1, 1, cell(y.Title))
	b.look(sheetCoverage, "A1", "A1", "title", excelize.Style{Font: &excelize.Font{Bold: true, Size: 16}})
	b.text(sheetCoverage, 1, 2, cell(y.Footer))
	for i, h := range []string{"Code", "Group", "Customers", "Planned", "Target", "Share", "Missing"} {
		b.text(sheetCoverage, i+1, head, h)
	}
	b.bold(sheetCoverage, at(1, head), at(7, head))
	sum := YearGroup{}
	row := first
	for _, g := range y.Groups {
		b.text(sheetCoverage, 1, row, cell(g.Code))
		b.text(sheetCoverage, 2, row, cell(g.Label))
		b.whole(sheetCoverage, 3, row, g.Customers, "")
		count := fmt.Sprintf(`COUNTIFS(%s,A%d,%s,"yes")`, column(y, "Code"), row, column(y, "Planned"))
		if strings.ContainsAny(cell(g.Code), `*?~<>="`) { // which a condition reads as its own signs
			count = ""
		}
		b.whole(sheetCoverage, 4, row, g.Planned, count)
		b.whole(sheetCoverage, 5, row, g.Target, "")
		b.shares(row, g)
		fill, ink := shade(g.Colour)
		b.look(sheetCoverage, at(1, row), at(1, row), "chip"+fill, chipStyle(fill, ink))
		sum.Customers, sum.Planned, sum.Target = sum.Customers+g.Customers, sum.Planned+g.Planned, sum.Target+g.Target
		row++
	}
	if len(y.Groups) > 0 {
		b.text(sheetCoverage, 2, row, "All groups")
		for i, n := range []int{sum.Customers, sum.Planned, sum.Target} {
			col := string(rune('C' + i))
			b.whole(sheetCoverage, 3+i, row, n, fmt.Sprintf("SUM(%s%d:%s%d)", col, first, col, row-1))
		}
		b.shares(row, sum)
		b.bold(sheetCoverage, at(2, row), at(5, row))
		b.look(sheetCoverage, at(6, first), at(6, row), "share", excelize.Style{NumFmt: 9}) // 0%
		b.chart(first, row-1)
	}
	b.text(sheetCoverage, 1, row+2, "Customers without a place")
	b.whole(sheetCoverage, 4, row+2, y.Open, "")
	for i, width := range []float64{9, 32, 11, 9, 9, 9, 9} {
		col, _ := excelize.ColumnNumberToName(i + 1)
		b.try(b.SetColWidth(sheetCoverage, col, col, width))
	}
	b.onPaper(sheetCoverage, paperA4, y, "")
}

// shares writes the two formulas that follow from the numbers of a row.
func (b *book) shares(row int, g YearGroup) {
	share := 1.0
	if g.Target > 0 {
		share = float64(g.Planned) / float64(g.Target)
	}
	b.try(b.SetCellFloat(sheetCoverage, at(6, row), share, 4, 64))
	b.try(b.SetCellFormula(sheetCoverage, at(6, row), fmt.Sprintf("IF(E%d=0,1,D%d/E%d)", row, row, row)))
	b.whole(sheetCoverage, 7, row, max(0, g.Target-g.Planned), fmt.Sprintf("MAX(0,E%d-D%d)", row, row))
}

func (b *book) chart(first, last int) {
	cells := func(col string) string { return fmt.Sprintf("%s!$%s$%d:$%s$%d", sheetCoverage, col, first, col, last) }
	series := func(col, rgb string) excelize.ChartSeries {
		return excelize.ChartSeries{Name: sheetCoverage + "!$" + col + "$4", Categories: cells("B"), Values: cells(col), Fill: filled(rgb)}
	}
	zero := 0.0
	axis := excelize.Font{Family: typeface, Size: 9, Color: "404A57"} // the library's own grey is too light to read
	b.try(b.AddChart(sheetCoverage, "I4", &excelize.Chart{
		Type: excelize.Bar, Series: []excelize.ChartSeries{series("D", "1A56C4"), series("E", "8A93A1")},
		Title:     excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: "Visits planned and wanted, by group"}}},
		Dimension: excelize.ChartDimension{Width: 720, Height: uint(160 + 34*(last-first+1))},
		XAxis:     excelize.ChartAxis{ReverseOrder: true, Font: axis},
		YAxis:     excelize.ChartAxis{Font: axis, Minimum: &zero}, // bars that begin elsewhere lie
		Legend:    excelize.ChartLegend{Position: "bottom"},
		Format:    excelize.GraphicOptions{AltText: "Visits planned and wanted, by group: the numbers stand in the columns Planned and Target"},
		PlotArea:  excelize.ChartPlotArea{ShowVal: true},
	}))
	b.inOrder("xl/charts/chart1.xml")
}

// inOrder puts the parts of a chart's series into the order in which the standard
// has them (ECMA-376, CT_BarSer): the library writes one too late and one that bars
// do not have, which strict programs take for a broken file.
func (b *book) inOrder(name string) {
	const late, stray = `<invertIfNegative val="0"></invertIfNegative>`, `<smooth val="0"></smooth>`
	part, _ := b.Pkg.Load(name)
	chart, ok := part.([]byte)
	if !ok {
		b.try(fmt.Errorf("there is no %s", name))
		return
	}
	mended := strings.NewReplacer(late, "", stray, "", "</spPr><dLbls>", "</spPr>"+late+"<dLbls>").Replace(string(chart))
	b.Pkg.Store(name, []byte(mended))
}

func chipStyle(fill, ink string) excelize.Style {
	return excelize.Style{Fill: filled(fill), Font: &excelize.Font{Bold: true, Color: ink, Size: 9}, Alignment: &excelize.Alignment{Horizontal: "center", Vertical: "center", ShrinkToFit: true}}
}

// plan writes the grid: executives by weeks, with what the signs mean above it and
// the groups below.
func (b *book) plan(y Year) {
	const fixed, head = 3, 4 // columns and rows that stay
	b.text(sheetPlan, 1, 1, cell(y.Title))
	b.look(sheetPlan, "A1", "A1", "title", excelize.Style{Font: &excelize.Font{Bold: true, Size: 16}})
	for i, h := range []string{"Executive", "Function", "Visits"} {
		b.text(sheetPlan, i+1, head, h)
	}
	b.bold(sheetPlan, at(1, head), at(fixed, head))
	grey := excelize.Style{Fill: filled("E4E8EE"), Font: &excelize.Font{Size: 9}, Alignment: &excelize.Alignment{Horizontal: "center"}}
	plain := grey
	plain.Fill = excelize.Fill{}
	b.legend(fixed+1, 2, grey)
	month := ""
	for i, w := range y.Weeks {
		col := fixed + 1 + i
		if m := w.Monday.Time().Format("Jan"); m != month {
			month = m
			b.text(sheetPlan, col, head-1, m)
		}
		b.text(sheetPlan, col, head, weekNumber(w.Label))
		if w.Crunch {
			b.look(sheetPlan, at(col, head), at(col, head), "crunch", grey)
		} else {
			b.look(sheetPlan, at(col, head), at(col, head), "week", plain)
		}
	}
	for i, r := range y.Rows {
		row := head + 1 + i
		b.text(sheetPlan, 1, row, cell(r.Name))
		b.text(sheetPlan, 2, row, cell(r.About))
		b.whole(sheetPlan, 3, row, r.Visits, "")
		for j, week := range r.Weeks {
			b.week(at(fixed+1+j, row), week)
		}
	}
	for i, g := range y.Groups {
		row := head + len(y.Rows) + 3 + i
		if i == 0 {
			b.text(sheetPlan, 1, row-1, "Groups and what is planned")
			b.bold(sheetPlan, at(1, row-1), at(1, row-1))
		}
		b.text(sheetPlan, 1, row, cell(g.Code))
		fill, ink := shade(g.Colour)
		b.look(sheetPlan, at(1, row), at(1, row), "chip"+fill, chipStyle(fill, ink))
		b.text(sheetPlan, 2, row, cell(g.Label))
		b.whole(sheetPlan, 3, row, g.Planned, "")
		b.text(sheetPlan, 4, row, fmt.Sprintf("of %d", g.Target))
	}
	last, _ := excelize.ColumnNumberToName(fixed + max(1, len(y.Weeks)))
	b.try(b.SetColWidth(sheetPlan, "A", "A", 26))
	b.try(b.SetColWidth(sheetPlan, "B", "B", 24))
	b.try(b.SetColWidth(sheetPlan, "C", "C", 7))
	b.try(b.SetColWidth(sheetPlan, "D", last, 4.3))
	b.try(b.SetPanes(sheetPlan, &excelize.Panes{Freeze: true, XSplit: 1, YSplit: head, TopLeftCell: at(2, head+1), ActivePane: "bottomRight"}))
	b.onPaper(sheetPlan, paperA3, y, fmt.Sprintf("$A:$A,%s!$1:$%d", sheetPlan, head))
}

// legend shows what lies behind visits, each sign in a cell with its name after it.
func (b *book) legend(col, row int, crunch excelize.Style) {
	for i, key := range []struct {
		name string
		cell YearCell
	}{{"Customer’s window", YearCell{Window: true}}, {"Trip", YearCell{Trip: true}}, {"Away", YearCell{Away: true}}} {
		b.week(at(col+6*i, row), key.cell)
		b.text(sheetPlan, col+6*i+1, row, key.name)
	}
	b.look(sheetPlan, at(col+18, row), at(col+18, row), "crunch", crunch)
	b.text(sheetPlan, col+19, row, "End of quarter")
}

// week writes the visits of one executive in one week into a cell: what lies behind
// them is filling, and a trip the line below.
func (b *book) week(where string, w YearCell) {
	key, style := "", excelize.Style{}
	switch {
	case len(w.Chips) > 0:
		codes := make([]string, len(w.Chips))
		for i, c := range w.Chips {
			codes[i] = mark(c)
		}
		b.try(b.SetCellStr(sheetPlan, where, cell(strings.Join(codes, " "))))
		fill, ink := shade(w.Chips[0].Colour)
		key, style = "chip"+fill, chipStyle(fill, ink)
		if w.Window { // which the visit hides: it shows on both sides
			key += " window"
			style.Border = []excelize.Border{{Type: "left", Style: thickLine, Color: bandFill}, {Type: "right", Style: thickLine, Color: bandFill}}
		}
	case w.Away:
		key, style.Fill = "away", excelize.Fill{Type: "pattern", Pattern: lightUp, Color: []string{leaveInk}}
	case w.Window:
		key, style.Fill = "window", filled(bandFill)
	}
	if w.Trip {
		key += " trip"
		style.Border = append(style.Border, excelize.Border{Type: "bottom", Style: thickLine, Color: tripInk})
	}
	if key != "" {
		b.look(sheetPlan, where, where, key, style)
	}
}

// Kinds of filling and of lines, by the numbers under which the library has them.
const (
	lightUp   = 14
	thickLine = 5
)

// mark gives the letters of a chip.
func mark(c YearChip) string {
	s := line(c.Code, 4)
	if s == "" {
		s = "··"
	}
	if c.Done {
		s += "✓"
	}
	return s
}

// weekNumber gives "14" of "2027-W14".
func weekNumber(label string) string {
	if _, n, found := strings.Cut(label, "-W"); found {
		return n
	}
	return label
}
