package export

import (
	"fmt"
	"io"
	"slices"
)

// A3 across, in points.
const (
	a3Width  = 1191.0
	a3Height = 842.0
)

// RowsPerPage is how many executives stand on a page of the printed year, in the
// PDF and on the page for printing.
const RowsPerPage = 40

// YearPDF writes the year as a grid on A3: executives by weeks, RowsPerPage a page,
// each page with its own headings, legend and footer.
func YearPDF(w io.Writer, y Year) error {
	d := NewDocument(line(y.Title, 200), a3Width, a3Height)
	parts := slices.Collect(slices.Chunk(y.Rows, RowsPerPage))
	if len(parts) == 0 {
		parts = [][]YearRow{nil}
	}
	var last *Page
	for i, rows := range parts {
		last = d.Page()
		g := yearGrid{Page: last, Year: y}
		g.head(rows, len(y.Rows))
		g.rows(rows)
		g.foot(i+1, len(parts))
	}
	if d.Lost() {
		last.Text(gridLeft, a3Height-36, 8, true, "Some names have letters that this file cannot show. The page for printing, on the plan under Export, has them all.")
	}
	file, err := d.Bytes()
	if err != nil {
		return err
	}
	_, err = w.Write(file)
	return err
}

// Places of the grid.
const (
	gridLeft  = 36.0
	gridRight = a3Width - 36
	gridTop   = 132.0
	gridNames = 170.0
	gridRow   = 16.5
	gridTrip  = 1.8 // how thick the line of a trip is
)

// yearGrid is a page of the year.
type yearGrid struct {
	*Page
	Year
}

func (g yearGrid) week() float64 {
	return (gridRight - gridLeft - gridNames) / float64(max(1, len(g.Weeks)))
}

func (g yearGrid) x(week int) float64 { return gridLeft + gridNames + float64(week)*g.week() }

// head writes the title, the legend with what is planned, and the weeks.
func (g yearGrid) head(rows []YearRow, all int) {
	g.Text(gridLeft, 46, 18, true, clip(g.Title, 700, 18, true))
	if len(rows) > 0 && all > len(rows) {
		names := fmt.Sprintf("%s to %s, of %d executives", clip(rows[0].Name, 150, 10, false), clip(rows[len(rows)-1].Name, 150, 10, false), all)
		g.Right(gridRight, 46, 10, false, names)
	}
	x, y := gridLeft, 58.0
	for i, group := range g.Groups {
		label := clip(group.Label, 160, 8, false)
		text := fmt.Sprintf("%s %d of %d", label, group.Planned, group.Target)
		wide := 26 + Width(text, 8, false) + 14
		if x+wide > gridRight {
			if y > 80 {
				g.Text(x, y+9, 8, false, fmt.Sprintf("and %d more", len(g.Groups)-i))
				break
			}
			x, y = gridLeft, y+15
		}
		g.code(x, y, 22, 11, YearChip{Code: group.Code, Colour: group.Colour}, 7)
		g.Text(x+26, y+9, 8, false, text)
		x += wide
	}
	month := ""
	for i, week := range g.Weeks {
		if week.Crunch {
			g.Tint(g.x(i), gridTop-14, g.week(), 14+gridRow*float64(max(1, len(rows))), crunchFill)
		}
		if m := week.Monday.Time().Format("Jan"); m != month {
			month = m
			if i > 0 || len(g.Weeks) < 2 || g.Weeks[1].Monday.Time().Format("Jan") == m { // no room over one week
				g.Text(g.x(i)+1, gridTop-18, 9, true, m)
			}
		}
		g.Coloured(g.x(i)+g.week()/2, gridTop-4, 7, "4A5261", weekNumber(week.Label))
	}
	if len(rows) == 0 {
		g.Text(gridLeft, gridTop+12, 10, false, "Nobody has a visit in this plan.")
	}
}

func (g yearGrid) rows(rows []YearRow) {
	for i, r := range rows {
		y := gridTop + float64(i)*gridRow
		g.Rule(gridLeft, y, gridRight, y, 0.25)
		g.Text(gridLeft, y+11.5, 9, false, clip(r.Name, gridNames-28, 9, false))
		g.Right(gridLeft+gridNames-6, y+11.5, 9, true, fmt.Sprint(r.Visits))
		for j, cell := range r.Weeks[:min(len(r.Weeks), len(g.Weeks))] {
			x := g.x(j)
			if cell.Window {
				g.Tint(x, y+0.25, g.week(), gridRow-0.5, bandFill)
			}
			if cell.Away {
				g.Hatch(x, y+0.25, g.week(), gridRow-0.5, leaveInk)
			}
			if cell.Trip {
				g.Tint(x, y+gridRow-gridTrip-0.4, g.week(), gridTrip, tripInk)
			}
			g.chips(x, y, cell.Chips)
		}
	}
	g.Rule(gridLeft, gridTop+gridRow*float64(len(rows)), gridRight, gridTop+gridRow*float64(len(rows)), 0.25)
}

// chips shares a week among its visits, three at most one above the other, over the
// line of a trip.
func (g yearGrid) chips(x, y float64, chips []YearChip) {
	if len(chips) == 0 {
		return
	}
	shown := chips
	if len(shown) > 3 {
		shown = []YearChip{{Code: fmt.Sprintf("%d×", len(chips))}}
	}
	high := (gridRow - 2 - gridTrip) / float64(len(shown))
	for i, c := range shown {
		g.code(x+0.75, y+1+float64(i)*high, g.week()-1.5, high-0.5, c, min(7.5, high*0.95))
	}
}

func (g yearGrid) code(x, y, wide, high float64, c YearChip, size float64) {
	fill, ink := shade(c.Colour)
	g.Tint(x, y, wide, high, fill)
	text := line(c.Code, 4)
	if text == "" {
		text = "··"
	}
	g.Coloured(x+wide/2, y+high/2+size*0.36, size, ink, text)
}

// foot writes which plan this is, what the signs behind the visits mean, and the page.
func (g yearGrid) foot(n, of int) {
	const y, high = a3Height - 24, 8.0
	g.Text(gridLeft, y, 8, false, clip(g.Footer, 640, 8, false))
	x := gridRight - 40
	for _, key := range []struct {
		text string
		draw func(x float64)
	}{
		{"End of quarter", func(x float64) { g.Tint(x, y-7, 16, high, crunchFill) }},
		{"Away", func(x float64) { g.Hatch(x, y-7, 16, high, leaveInk) }},
		{"Trip", func(x float64) { g.Tint(x, y-2, 16, gridTrip, tripInk) }},
		{"Customer’s window", func(x float64) { g.Tint(x, y-7, 16, high, bandFill) }},
	} {
		x -= Width(key.text, 8, false) + 14
		g.Text(x, y, 8, false, key.text)
		x -= 20
		key.draw(x)
	}
	g.Right(gridRight, y, 8, false, fmt.Sprintf("%d / %d", n, of))
}
