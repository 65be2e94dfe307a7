// Package export writes what leaves Windshield as a file for people to hand on:
// pages as PDF, workbooks, presentations, lists and calendars. It knows formats and
// how a page is laid out; what stands in a file its callers say.
package export

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"

	"golang.org/x/text/unicode/norm"
)

// A4 in points, upright.
const (
	PageWidth  = 595.0
	PageHeight = 842.0
)

// Document is a file of PDF with pages of one size and with the letters it needs.
// It is not safe for concurrent use.
type Document struct {
	title         string
	width, height float64
	pages         []*Page
	used          [2]map[uint16]rune // glyphs of the plain and of the bold font, with their letters
	lost          bool
}

// NewDocument begins a file; title is what a reader shows in its window, and the
// size of the pages is in points.
func NewDocument(title string, width, height float64) *Document {
	return &Document{title: title, width: width, height: height, used: [2]map[uint16]rune{{}, {}}}
}

// Page adds a page.
func (d *Document) Page() *Page {
	p := &Page{of: d}
	d.pages = append(d.pages, p)
	return p
}

// Lost says whether text was written with letters that the fonts do not have, so
// that question marks stand for them.
func (d *Document) Lost() bool { return d.lost }

// Lost says the same of the file that the page belongs to.
func (p *Page) Lost() bool { return p.of.lost }

// Page is one page of PDF in the making. Places are in points from the upper
// left corner; text stands on the line that its place names. It is not safe for
// concurrent use.
type Page struct {
	of   *Document
	body bytes.Buffer
}

// NewPage begins a file of one page, A4 upright.
func NewPage(title string) *Page { return NewDocument(title, PageWidth, PageHeight).Page() }

// Text writes text from x to the right.
func (p *Page) Text(x, y, size float64, bold bool, text string) {
	font, used, f := "F1", p.of.used[0], faceOf(bold)
	if bold {
		font, used = "F2", p.of.used[1]
	}
	fmt.Fprintf(&p.body, "BT /%s %.2f Tf %.2f %.2f Td <", font, size, x, p.of.height-y)
	for _, r := range norm.NFC.String(text) {
		shown, known := f.letters(r)
		if !known {
			p.of.lost = true
		}
		for _, c := range shown {
			g := f.glyphs[c]
			used[g] = c
			fmt.Fprintf(&p.body, "%04x", g)
		}
	}
	p.body.WriteString("> Tj ET\n")
}

// Coloured writes text in a colour of six hexadecimal digits, its middle at x.
func (p *Page) Coloured(x, y, size float64, rgb, text string) {
	fmt.Fprintf(&p.body, "%s rg\n", colourOf(rgb))
	p.Text(x-Width(text, size, true)/2, y, size, true, text)
	p.body.WriteString("0 g\n")
}

// Tint fills a box with a colour of six hexadecimal digits; x and y name its upper
// left corner.
func (p *Page) Tint(x, y, width, height float64, rgb string) {
	fmt.Fprintf(&p.body, "%s rg %.2f %.2f %.2f %.2f re f 0 g\n", colourOf(rgb), x, p.of.height-y-height, width, height)
}

// Hatch draws slanting lines in a colour over a box; x and y name its upper left
// corner.
func (p *Page) Hatch(x, y, width, height float64, rgb string) {
	const apart = 4.0
	low := p.of.height - y - height
	fmt.Fprintf(&p.body, "q %.2f %.2f %.2f %.2f re W n %s RG 0.5 w\n", x, low, width, height, colourOf(rgb))
	for at := -height; at < width; at += apart {
		fmt.Fprintf(&p.body, "%.2f %.2f m %.2f %.2f l\n", x+at, low, x+at+height, low+height)
	}
	p.body.WriteString("S Q\n")
}

// colourOf gives a colour as PDF has it; black for what is none.
func colourOf(rgb string) string {
	n, err := strconv.ParseUint(rgb, 16, 24)
	if err != nil {
		n = 0
	}
	return fmt.Sprintf("%.3f %.3f %.3f", float64(n>>16)/255, float64(n>>8&255)/255, float64(n&255)/255)
}

// Right writes text that ends at x.
func (p *Page) Right(x, y, size float64, bold bool, text string) {
	p.Text(x-Width(text, size, bold), y, size, bold, text)
}

// Paragraph writes text in lines no wider than width, the first one at y, and
// gives the place of the line after the last.
func (p *Page) Paragraph(x, y, width, size float64, bold bool, text string) (next float64) {
	for _, line := range Wrap(text, width, size, bold) {
		p.Text(x, y, size, bold, line)
		y += size * 1.3
	}
	return y
}

// Rule draws a thin line.
func (p *Page) Rule(x1, y1, x2, y2, width float64) {
	fmt.Fprintf(&p.body, "%.2f w %.2f %.2f m %.2f %.2f l S\n", width, x1, p.of.height-y1, x2, p.of.height-y2)
}

// Box fills a box with a grey from 0 (black) to 1 (white); x and y name its
// upper left corner.
func (p *Page) Box(x, y, width, height, grey float64) {
	fmt.Fprintf(&p.body, "%.2f g %.2f %.2f %.2f %.2f re f 0 g\n", grey, x, p.of.height-y-height, width, height)
}

// Bytes gives the file that the page belongs to.
func (p *Page) Bytes() ([]byte, error) { return p.of.Bytes() }

// Bytes gives the file. The same pages give the same bytes.
func (d *Document) Bytes() ([]byte, error) {
	// Catalog, tree of pages, title; the two fonts; then two objects for each page.
	objects := []string{"<< /Type /Catalog /Pages 2 0 R /Lang (en) /ViewerPreferences << /DisplayDocTitle true >> >>", "",
		fmt.Sprintf("<< /Title %s /Producer (Windshield) >>", infoText(d.title))}
	var fonts [2]int
	for i, bold := range []bool{false, true} {
		fonts[i] = len(objects) + 1
		font, err := faceOf(bold).objects(fonts[i], d.used[i])
		if err != nil {
			return nil, err
		}
		objects = append(objects, font...)
	}
	var kids []string
	for _, p := range d.pages {
		stream, err := packed(p.body.Bytes(), "")
		if err != nil {
			return nil, err
		}
		at := len(objects) + 1
		kids = append(kids, fmt.Sprintf("%d 0 R", at))
		objects = append(objects, fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.0f %.0f] /Resources << /Font << /F1 %d 0 R /F2 %d 0 R >> >> /Contents %d 0 R >>",
			d.width, d.height, fonts[0], fonts[1], at+1), stream)
	}
	objects[1] = fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Join(kids, " "), len(kids))
	var out bytes.Buffer
	out.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	places := make([]int, len(objects))
	for i, o := range objects {
		places[i] = out.Len()
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, at := range places {
		fmt.Fprintf(&out, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R /Info 3 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return out.Bytes(), nil
}

// packed makes a stream of data; more are further entries of its dictionary.
func packed(data []byte, more string) (string, error) {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return fmt.Sprintf("<< /Length %d /Filter /FlateDecode%s >>\nstream\n%s\nendstream", b.Len(), more, b.String()), nil
}

// infoText writes text that stands outside of pages, in all letters there are.
func infoText(text string) string {
	var b strings.Builder
	b.WriteString("<feff")
	for _, u := range utf16.Encode([]rune(text)) {
		fmt.Fprintf(&b, "%04x", u)
	}
	return b.String() + ">"
}

// letters brings a letter to those that the font has. Accents that it lacks fall
// away, and so do signs that only say how to write others; for what is left stands
// a question mark, and known is false.
func (f *face) letters(r rune) (shown []rune, known bool) {
	if f.glyphs[r] != 0 {
		return []rune{r}, true
	}
	if unicode.IsControl(r) {
		return []rune{' '}, true
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return nil, true
	}
	for _, part := range norm.NFKD.String(string(r)) {
		if part == '‐' { // what is left of the hyphen at which no line breaks
			part = '-'
		}
		switch {
		case f.glyphs[part] != 0:
			shown = append(shown, part)
		case !unicode.Is(unicode.Mn, part):
			return []rune{'?'}, false
		}
	}
	if len(shown) == 0 {
		return []rune{'?'}, false
	}
	return shown, true
}

// wide gives how wide a letter is, in thousandths of the size. What the font lacks
// counts as wide as the widest scripts are, since other formats than PDF show it.
func (f *face) wide(r rune) float64 {
	if g := f.glyphs[r]; g != 0 {
		return f.advance(g)
	}
	shown, known := f.letters(r)
	if !known {
		return 1000
	}
	sum := 0.0
	for _, c := range shown {
		sum += f.advance(f.glyphs[c])
	}
	return sum
}

// Width gives how wide text is, in points.
func Width(text string, size float64, bold bool) float64 {
	f, sum := faceOf(bold), 0.0
	for _, r := range norm.NFC.String(text) {
		sum += f.wide(r)
	}
	return sum * size / 1000
}

// Wrap breaks text into lines no wider than width. A word that is wider stands
// alone on its line.
func Wrap(text string, width, size float64, bold bool) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		longer := strings.TrimSpace(line + " " + word)
		if line != "" && Width(longer, size, bold) > width {
			lines = append(lines, line)
			longer = word
		}
		line = longer
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// Cut shortens text to a width, with a mark that it goes on.
func Cut(text string, width, size float64, bold bool) string {
	f, sum, fits := faceOf(bold), 0.0, 0
	text = norm.NFC.String(text)
	most := width * 1000 / size
	for i, r := range text {
		if sum <= most-f.wide('…') {
			fits = i // up to here there is room for the mark as well
		}
		if sum += f.wide(r); sum > most {
			return strings.TrimSpace(text[:fits]) + "…"
		}
	}
	return text
}
