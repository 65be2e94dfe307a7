package export

import (
	"io"
	"strconv"
	"strings"
	"time"
)

// Slides is a presentation: native shapes and text that can be edited and pasted
// elsewhere. Every text is plain and may hold anything.
type Slides struct {
	Title  string // of the file
	Footer string // on every slide
	Made   time.Time
	Slides []Slide
}

// Slide is one slide: its message, and one of the blocks below it.
type Slide struct {
	Title string // the message, in one sentence
	Note  string // under it; may be ""
	Bars  []SlideBar
	Lists []SlideList // side by side
	Grid  *SlideGrid
	Table *SlideTable
	More  string // what is not shown, in words; may be ""
}

// SlideBar is a bar with its numbers.
type SlideBar struct {
	Code   string // of a group; "" where it is none
	Colour int
	Label  string
	Share  float64 // of the whole track; more than 1 fills it
	Text   string
	Bad    bool
}

// SlideList is a column of entries.
type SlideList struct {
	Heading string
	Items   []SlideItem
	More    string
}

// SlideItem is an entry of a few lines, the first of them strong.
type SlideItem struct {
	Code   string
	Colour int
	Lines  []SlideLine
}

// SlideLine is a line of an entry.
type SlideLine struct {
	Text string
	Bad  bool
}

// SlideGrid is executives by months.
type SlideGrid struct {
	Columns []string
	Rows    []SlideRow
}

// SlideRow is one executive.
type SlideRow struct {
	Name  string
	Cells [][]YearChip // one for each column
}

// SlideTable is rows of text; the first column is the widest.
type SlideTable struct {
	Columns []string
	Rows    [][]string
}

// Write writes the presentation. The same slides give the same bytes.
func (p Slides) Write(w io.Writer) error {
	var parts []*slidePart
	for _, s := range p.Slides {
		x := &slidePart{}
		x.placeholder("title", "Title", `<a:r><a:rPr lang="en-GB" dirty="0"/><a:t>`+escapedXML(clip(s.Title, 888*2, 28, true))+`</a:t></a:r>`)
		top := titleBox.y + titleBox.h + 6
		if s.Note != "" {
			lines := Wrap(line(s.Note, 400), 880, 14, false)
			if len(lines) > 2 {
				lines = []string{lines[0], clip(strings.Join(lines[1:], " "), 880, 14, false)}
			}
			var paragraphs [][]run
			for _, l := range lines {
				paragraphs = append(paragraphs, []run{{text: clip(l, 888, 14, false), size: 14, colour: quietColour}})
			}
			x.text(box{36, top, 888, 17 * float64(len(lines))}, toLeft, "Note", paragraphs...)
			top += 17*float64(len(lines)) + 9
		}
		x.bars(s.Bars, top+8)
		x.lists(s.Lists, top+4)
		if s.Grid != nil {
			x.grid(*s.Grid, top)
		}
		if s.Table != nil {
			x.table(*s.Table, top+4)
		}
		if s.More != "" {
			x.text(box{36, 492, 888, 16}, toLeft, "More", []run{{text: clip(s.More, 888, 12, false), size: 12, colour: quietColour}})
		}
		x.placeholder("ftr", "Footer", `<a:pPr algn="l"/><a:r>`+smallPrint+`<a:t>`+escapedXML(clip(p.Footer, footerBox.w, 10, false))+`</a:t></a:r>`)
		x.placeholder("sldNum", "Number", `<a:pPr algn="r"/><a:fld id="{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}" type="slidenum">`+smallPrint+`<a:t>‹#›</a:t></a:fld>`)
		parts = append(parts, x)
	}
	return writePPTX(w, p.Title, p.Made, parts)
}

// smallPrint is how a footer and the number of a slide look. The master says the same,
// but not every program lets a slide inherit it.
const smallPrint = `<a:rPr lang="en-GB" sz="1000" dirty="0"><a:solidFill><a:schemeClr val="tx2"/></a:solidFill><a:latin typeface="+mn-lt"/></a:rPr>`

// clip brings text to one line that fits: of very long ones the rest is not even
// measured.
func clip(s string, width, size float64, bold bool) string {
	return Cut(line(s, 400), width, size, bold)
}

// slideBottom is where the content of a slide ends.
const slideBottom = 488.0

// code draws the two letters of a group on its colour.
func (s *slidePart) code(at box, size float64, code string, colour int, descr string) {
	fill, ink := groupColours(colour)
	if line(code, 4) == "" {
		code = "··"
	}
	s.rect(at, true, fill, "", "Group", descr, run{line(code, 4), size, true, ink})
}

func (s *slidePart) bars(bars []SlideBar, top float64) {
	if len(bars) == 0 {
		return
	}
	step := min(44, (slideBottom-top)/float64(len(bars)))
	high := step * 0.6
	for i, b := range bars {
		y, x := top+float64(i)*step, 36.0
		if b.Code != "" {
			s.code(box{x, y + (high-18)/2, 28, 18}, 12, b.Code, b.Colour, "")
			x += 36
		}
		s.text(box{x, y + (high-20)/2, 250 - x + 36, 20}, toLeft, "Label", []run{{text: clip(b.Label, 250-x+30, 16, false), size: 16}})
		fill, _ := groupColours(b.Colour)
		switch {
		case b.Code == "":
			fill = "4F93D8"
		case b.Colour == 0: // their grey is that of the track
			fill = "8A93A1"
		}
		track := box{296, y, 420, high}
		s.rect(track, false, trackColour, "", "Track", "")
		if b.Share > 0 {
			track.w *= min(1, b.Share)
			s.rect(track, false, fill, "", "Bar", b.Label+": "+b.Text)
		}
		words := []run{{text: clip(b.Text, 180, 16, true), size: 16, bold: true}}
		if b.Bad {
			words = append(words, run{text: " ▼", size: 14, bold: true, colour: badColour})
		}
		s.text(box{728, y + (high-20)/2, 196, 20}, toLeft, "Value", words)
	}
}

func (s *slidePart) lists(lists []SlideList, top float64) {
	if len(lists) == 0 {
		return
	}
	const gap = 18.0
	width := (888 - gap*float64(len(lists)-1)) / float64(len(lists))
	// Long lists become smaller together, so that none runs into the footer.
	tallest := 1.0
	for _, l := range lists {
		tallest = max(tallest, l.height())
	}
	scale := min(1, (slideBottom-top)/tallest)
	for i, l := range lists {
		x, y := 36+float64(i)*(width+gap), top
		if l.Heading != "" {
			s.text(box{x, y, width, 22 * scale}, toLeft, "Heading", []run{{text: clip(l.Heading, width, 16*scale, true), size: 16 * scale, bold: true}})
			s.rect(box{x, y + 23*scale, width, 1.5}, false, "8A93A1", "", "Line", "")
			y += listHeading * scale
		}
		for _, item := range l.Items {
			indent := 0.0
			if item.Code != "" {
				s.code(box{x, y + scale, 24 * scale, 15 * scale}, 10*scale, item.Code, item.Colour, "")
				indent = 30 * scale
			}
			var lines [][]run
			for j, t := range item.Lines {
				r := run{size: 12 * scale, colour: quietColour}
				if j == 0 {
					r = run{size: 14 * scale, bold: true}
				}
				if t.Bad {
					r.colour = badColour
				}
				r.text = clip(t.Text, width-indent, r.size, r.bold)
				lines = append(lines, []run{r})
			}
			s.text(box{x + indent, y, width - indent, (item.height() - 8) * scale}, toLeft, "Entry", lines...)
			y += item.height() * scale
		}
		if l.More != "" {
			s.text(box{x, y, width, listMore * scale}, toLeft, "More", []run{{text: clip(l.More, width, 12*scale, false), size: 12 * scale, colour: quietColour}})
		}
	}
}

// Heights of what stands above and below the entries of a list, in points.
const (
	listHeading = 32.0
	listMore    = 16.0
)

// height gives how much room an entry wants, in points.
func (i SlideItem) height() float64 { return 8 + 1.2*(14+12*float64(max(0, len(i.Lines)-1))) }

// height gives how much room a list wants, in points.
func (l SlideList) height() float64 {
	h := 0.0
	if l.Heading != "" {
		h += listHeading
	}
	for _, i := range l.Items {
		h += i.height()
	}
	if l.More != "" {
		h += listMore
	}
	return h
}

// mostInMonth is how many visits of one executive stand in a month; the rest is
// counted.
const mostInMonth = 4

func (s *slidePart) grid(g SlideGrid, top float64) {
	if len(g.Rows) == 0 || len(g.Columns) == 0 {
		return
	}
	const names = 150.0
	wide := (888 - names) / float64(len(g.Columns))
	for i, c := range g.Columns {
		s.text(box{36 + names + float64(i)*wide + 2, top, wide - 2, 14}, toLeft, "Month", []run{{text: clip(c, wide, 10, false), size: 10, colour: quietColour}})
	}
	top += 16
	step := min(18, (slideBottom-top)/float64(len(g.Rows)))
	for i, r := range g.Rows {
		y := top + float64(i)*step
		if i%2 == 0 {
			s.rect(box{36, y, 888, step}, false, bandColour, "", "Row", "")
		}
		s.text(box{38, y + (step-12)/2, names - 6, 12}, toLeft, "Name", []run{{text: clip(r.Name, names-6, 10, false), size: 10}})
		for j, chips := range r.Cells {
			if j >= len(g.Columns) {
				break
			}
			x := 36 + names + float64(j)*wide + 1
			shown := chips[:min(len(chips), mostInMonth)]
			places := max(3, len(shown))
			if len(chips) > len(shown) {
				shown = shown[:mostInMonth-1]
			}
			each := (wide - 2) / float64(places)
			for k, c := range shown {
				s.chip(box{x + float64(k)*each, y + 1.5, each - 1, step - 3}, c)
			}
			if rest := len(chips) - len(shown); rest > 0 {
				s.text(box{x + float64(len(shown))*each, y + (step-10)/2, each, 10}, toLeft, "More", []run{{text: plus(rest), size: 8}})
			}
		}
	}
	for j := range g.Columns {
		s.rect(box{36 + names + float64(j)*wide - 0.5, top, 0.5, step * float64(len(g.Rows))}, false, lineColour, "", "Line", "")
	}
}

// chip draws a visit.
func (s *slidePart) chip(at box, c YearChip) {
	fill, ink := groupColours(c.Colour)
	border := ""
	if c.Dashed {
		border = quietColour
	}
	s.rect(at, true, fill, border, "Visit", c.Title, run{mark(c), 7.5, true, ink})
}

func (s *slidePart) table(t SlideTable, top float64) {
	if len(t.Columns) == 0 {
		return
	}
	first := 888 * 0.3
	width := (888 - first) / float64(max(1, len(t.Columns)-1))
	at := func(i int) (x, w float64) {
		if i == 0 {
			return 36, first
		}
		return 36 + first + float64(i-1)*width, width
	}
	row := func(y float64, cells []string, size float64, colour string) {
		for i, c := range cells[:min(len(cells), len(t.Columns))] {
			x, w := at(i)
			s.text(box{x, y, w - 8, size * 1.3}, toLeft, "Cell", []run{{text: clip(c, w-8, size, false), size: size, colour: colour}})
		}
	}
	row(top, t.Columns, 12, quietColour)
	top += 22
	step := min(30, (slideBottom-top)/float64(max(1, len(t.Rows))))
	for i, r := range t.Rows {
		y := top + float64(i)*step
		s.rect(box{36, y - 3, 888, 0.75}, false, lineColour, "", "Line", "")
		row(y+(step-20)/2, r, 14, "")
	}
}

func plus(n int) string { return "+" + strconv.Itoa(n) }
