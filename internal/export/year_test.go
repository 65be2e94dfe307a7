package export_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"windshield/internal/export"
	"windshield/internal/slot"
)

// sampleYear is a year of some executives with some visits each, in which name
// stands wherever a text from outside does.
func sampleYear(executives, each int, name string) export.Year {
	monday := slot.MustDate("2027-01-04")
	y := export.Year{Title: name + " 2027", Footer: "Plan 2027, published, version 3 · seed 7 · 4 Jan 2027", Open: 2}
	for i := range 52 {
		y.Weeks = append(y.Weeks, export.YearWeek{Label: fmt.Sprintf("2027-W%02d", i+1), Monday: monday.Add(7 * i), Crunch: i%13 > 10})
	}
	codes := []string{"ST", "EN", "MM", "SB", "PS", "LA", "OT"}
	for i, c := range codes {
		y.Groups = append(y.Groups, export.YearGroup{Code: c, Label: fmt.Sprintf("%s group %d", name, i), Colour: (i + 1) % 7, Customers: 100, Target: executives*each/len(codes) + 1})
	}
	for i := range executives {
		r := export.YearRow{Name: fmt.Sprintf("%s %03d", name, i), About: name, Visits: each, Weeks: make([]export.YearCell, 52)}
		r.Weeks[30].Away = true
		for _, w := range []int{i % 50, i%50 + 1, i%50 + 2} {
			r.Weeks[w].Window = true
			r.Weeks[(w+26)%52].Trip = i%2 == 0
		}
		for j := range each {
			week, g := (i+j*52/each)%52, (i+j)%len(codes)
			r.Weeks[week].Chips = append(r.Weeks[week].Chips, export.YearChip{Code: codes[g], Colour: (g + 1) % 7, Title: name, Dashed: j%3 == 0})
			y.Groups[g].Planned++
			y.Visits = append(y.Visits, export.YearVisit{Label: fmt.Sprintf("v%d", len(y.Visits)+1), Date: monday.Add(7*week + i%5), Half: slot.AM, Begins: "09:00", Ends: "12:00", Zone: "Europe/Zurich",
				Executive: r.Name, Customer: name, City: name, Country: "CH", Code: codes[g], Group: y.Groups[g].Label, Host: name, State: "published", Stands: true, Objective: j%2 == 0,
				Window: slot.Interval{Start: monday.Add(7 * week), End: monday.Add(7*week + 3)}})
		}
		y.Rows = append(y.Rows, r)
	}
	return y
}

// runs says whether a spreadsheet would run a cell.
func runs(cell string) bool {
	return cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") || strings.HasPrefix(cell, "＝") || strings.HasPrefix(cell, "＠")
}

// turning are the characters that change the reading direction of what follows.
const turning = `[\x{202a}-\x{202e}\x{2066}-\x{2069}]`

func TestVisitsCSV(t *testing.T) {
	var b bytes.Buffer
	y := sampleYear(2, 3, `Müller, "Söhne"`)
	require.NoError(t, export.VisitsCSV(&b, y.Visits))
	require.True(t, strings.HasPrefix(b.String(), "\uFEFFVisit,Date,"), "the mark of UTF-8")
	require.Equal(t, strings.Count(b.String(), "\n"), strings.Count(b.String(), "\r\n"))
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.String(), "\uFEFF"))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 7)
	require.Equal(t, []string{"v1", "2027-01-04", "am", "09:00", "12:00", "Europe/Zurich", `Müller, "Söhne" 000`, `Müller, "Söhne"`, `Müller, "Söhne"`, "CH", "ST", `Müller, "Söhne" group 0`, `Müller, "Söhne"`, "published", "yes", "yes", "2027-01-04", "2027-01-07", "yes"}, rows[1])
	require.Equal(t, []string{"Window from", "Window to", "In window"}, rows[0][16:])
	y.Visits[0].Date, y.Visits[1].Window = slot.MustDate("2027-01-08"), slot.Interval{}
	b.Reset()
	require.NoError(t, export.VisitsCSV(&b, y.Visits))
	rows, err = csv.NewReader(strings.NewReader(strings.TrimPrefix(b.String(), "\uFEFF"))).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"2027-01-04", "2027-01-07", "no"}, rows[1][16:])
	require.Equal(t, []string{"", "", ""}, rows[2][16:], "who has no window is not outside of one")
	require.Error(t, export.VisitsCSV(broken{}, y.Visits))
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("gone") }

// No cell of a list is run, whatever is in a name.
func TestVisitsCSVRunsNothing(t *testing.T) {
	check := func(t require.TestingT, name string) {
		var b bytes.Buffer
		y := sampleYear(1, 1, name)
		require.NoError(t, export.VisitsCSV(&b, y.Visits))
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.String(), "\uFEFF"))).ReadAll()
		require.NoError(t, err)
		require.Len(t, rows, 2)
		for _, c := range rows[1] {
			require.False(t, runs(c) && c != "+1" && c != "-1", "%q", c)
			require.NotContains(t, c, "\n")
			require.NotRegexp(t, turning, c)
			require.LessOrEqual(t, utf8.RuneCountInString(c), 1002, "long texts are cut")
		}
	}
	for _, bad := range hostile() {
		check(t, bad)
	}
	rapid.Check(t, func(t *rapid.T) { check(t, rapid.String().Draw(t, "name")) })
}

func TestYearXLSX(t *testing.T) {
	file := func(y export.Year) []byte {
		var b bytes.Buffer
		require.NoError(t, export.YearXLSX(&b, y))
		return b.Bytes()
	}
	y := sampleYear(3, 14, "Alpine")
	first := file(y)
	again := unzipped(t, file(y))
	for name, text := range unzipped(t, first) {
		if strings.HasPrefix(name, "xl/worksheets/") {
			require.Equal(t, text, again[name], "the same plan gives the same sheets")
		}
	}
	f, err := excelize.OpenReader(bytes.NewReader(first))
	require.NoError(t, err)
	defer f.Close()
	require.Equal(t, []string{"Coverage", "Plan", "Visits"}, f.GetSheetList())

	// What the formulas give is what was counted.
	for row, g := 5, 0; g < len(y.Groups); row, g = row+1, g+1 {
		formula, err := f.GetCellFormula("Coverage", fmt.Sprintf("D%d", row))
		require.NoError(t, err)
		require.Contains(t, formula, "COUNTIFS")
		n, err := f.CalcCellValue("Coverage", fmt.Sprintf("D%d", row))
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(y.Groups[g].Planned), n)
		missing, err := f.CalcCellValue("Coverage", fmt.Sprintf("G%d", row))
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(y.Groups[g].Target-y.Groups[g].Planned), missing)
	}
	total, err := f.CalcCellValue("Coverage", "D12")
	require.NoError(t, err)
	require.Equal(t, "42", total)
	parts := unzipped(t, first)
	require.Contains(t, parts["xl/charts/chart1.xml"], "<barChart>", "a chart of the program itself")
	require.Equal(t, 2, strings.Count(parts["xl/charts/chart1.xml"], "404A57"), "both axes can be read")
	require.Contains(t, parts["xl/charts/chart1.xml"], `<min val="0">`, "bars begin at nothing")
	fonts := regexp.MustCompile(`(?s)<font>.*?</font>`).FindAllString(parts["xl/styles.xml"], -1)
	require.Greater(t, len(fonts), 4)
	for _, font := range fonts {
		require.Contains(t, font, "<name ", "a font without a name is whatever a program likes")
		require.Contains(t, font, "<sz ")
	}
	require.Contains(t, parts["xl/worksheets/sheet2.xml"], `fitToWidth="1"`)
	require.Contains(t, parts["xl/worksheets/sheet2.xml"], `state="frozen"`)
	require.Contains(t, parts["xl/tables/table1.xml"], "autoFilter")
	for cell, want := range map[string]string{"Plan!D5": "ST", "Plan!E2": "Customer’s window", "Plan!K2": "Trip", "Plan!Q2": "Away", "Plan!W2": "End of quarter", "Plan!A9": "Groups and what is planned", "Plan!A10": "ST", "Plan!D10": "of 7",
		"Visits!B2": "2027-01-04", "Visits!Q2": "2027-01-04", "Visits!R2": "2027-01-07", "Visits!S2": "yes"} {
		sheet, at, _ := strings.Cut(cell, "!")
		v, err := f.GetCellValue(sheet, at)
		require.NoError(t, err)
		require.Equal(t, want, v, cell)
	}

	// Windows are filled, leave is hatched, trips are underlined, also under visits.
	look := func(cell string) (fill excelize.Fill, lines map[string]string) {
		id, err := f.GetCellStyle("Plan", cell)
		require.NoError(t, err)
		style, err := f.GetStyle(id)
		require.NoError(t, err)
		lines = map[string]string{}
		for _, b := range style.Border {
			lines[b.Type] = b.Color
		}
		return style.Fill, lines
	}
	for _, c := range []struct {
		cell, fill string
		pattern    int
		lines      map[string]string
	}{
		{"D2", "FFF3D1", 1, map[string]string{}}, {"J2", "", 0, map[string]string{"bottom": "4A5261"}}, {"P2", "8A93A1", 14, map[string]string{}},
		{"D5", "0B3C8C", 1, map[string]string{"left": "FFF3D1", "right": "FFF3D1"}}, {"E5", "FFF3D1", 1, map[string]string{}}, {"AH5", "8A93A1", 14, map[string]string{}},
		{"AD5", "0B3C8C", 1, map[string]string{"bottom": "4A5261"}},
	} {
		fill, lines := look(c.cell)
		require.Equal(t, c.lines, lines, c.cell)
		require.Equal(t, c.pattern, fill.Pattern, c.cell)
		if c.fill != "" {
			require.Equal(t, []string{c.fill}, fill.Color, c.cell)
		}
	}

	f, err = excelize.OpenReader(bytes.NewReader(file(export.Year{Title: "Nothing"})))
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

// No cell is run, and nothing breaks the file.
func TestYearXLSXRunsNothing(t *testing.T) {
	y := sampleYear(1, 1, "Alpine")
	for _, bad := range hostile() {
		y.Title = bad
		z := sampleYear(1, 2, bad)
		z.Groups[0].Code, z.Rows[0].Weeks[0].Chips[0].Code = bad, bad
		y.Groups, y.Rows, y.Visits = append(y.Groups, z.Groups[0]), append(y.Rows, z.Rows...), append(y.Visits, z.Visits...)
	}
	var b bytes.Buffer
	require.NoError(t, export.YearXLSX(&b, y))
	unzipped(t, b.Bytes())
	f, err := excelize.OpenReader(bytes.NewReader(b.Bytes()))
	require.NoError(t, err)
	defer f.Close()
	found := 0
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		require.NoError(t, err)
		for _, r := range rows {
			for _, c := range r {
				found++
				require.False(t, runs(c) && c != "+1" && c != "-1", "%s: %q", sheet, c)
				require.NotRegexp(t, turning, c)
				require.LessOrEqual(t, utf8.RuneCountInString(c), 1002, "long texts are cut")
			}
		}
	}
	require.Greater(t, found, 500)
}

func TestYearPDF(t *testing.T) {
	file := func(y export.Year) string {
		var b bytes.Buffer
		require.NoError(t, export.YearPDF(&b, y))
		return b.String()
	}
	y := sampleYear(85, 12, "Łukasz")
	first := file(y)
	require.Equal(t, first, file(y))
	require.Equal(t, 3, strings.Count(first, "/Type /Page "), "40 rows a page")
	require.Equal(t, 3, strings.Count(first, "/MediaBox [0 0 1191 842]"))
	for _, text := range readPaper(t, []byte(first)).pages {
		for _, name := range []string{"Customer’s window", "Trip", "Away", "End of quarter"} {
			require.Contains(t, text, "("+name+") Tj")
		}
		for what, colour := range map[string]string{"windows": "1.000 0.953 0.820 rg", "leave": "0.541 0.576 0.631 RG", "trips": " 1.80 re f"} {
			require.Greater(t, strings.Count(text, colour), 3, what)
		}
		require.Contains(t, text, "(Jan) Tj", "each page has its own headings")
		require.NotContains(t, text, "letters that this file cannot show")
	}
	all := readPaper(t, []byte(file(sampleYear(1, 1, "山田")))).pages
	require.Contains(t, all[len(all)-1], "letters that this file cannot show")
	require.Contains(t, readPaper(t, []byte(file(export.Year{}))).pages[0], "Nobody has a visit")
	for _, bad := range hostile() {
		for _, page := range readPaper(t, []byte(file(sampleYear(1, 2, bad)))).pages {
			require.NotRegexp(t, turning, page)
		}
	}
}
