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

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// A4 in points, upright.
const (
	PageWidth  = 595.0
	PageHeight = 842.0
)

// Document is a file of PDF with pages of one size, in the fonts that every reader
// has. It is not safe for concurrent use.
type Document struct {
	title         string
	width, height float64
	pages         []*Page
	lost          bool
}

// NewDocument begins a file; title is what a reader shows in its window, and the
// size of the pages is in points.
func NewDocument(title string, width, height float64) *Document {
	return &Document{title: title, width: width, height: height}
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
	font := "F1"
	if bold {
		font = "F2"
	}
	shown, lost := winAnsi(text)
	p.of.lost = p.of.lost || lost
	fmt.Fprintf(&p.body, "BT /%s %.2f Tf %.2f %.2f Td (%s) Tj ET\n", font, size, x, p.of.height-y, escaped(shown))
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
	font := "<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>"
	title, _ := winAnsi(d.title)
	// Catalog, tree of pages, first page, fonts, what is on the first page, title;
	// then two objects for each further page.
	objects := []string{"<< /Type /Catalog /Pages 2 0 R /Lang (en) /ViewerPreferences << /DisplayDocTitle true >> >>", "", "",
		fmt.Sprintf(font, "Helvetica"), fmt.Sprintf(font, "Helvetica-Bold"), "", fmt.Sprintf("<< /Title (%s) /Producer (Windshield) >>", escaped(title))}
	var kids []string
	for i, p := range d.pages {
		at, content := 3, 6
		if i > 0 {
			objects = append(objects, "", "")
			at, content = len(objects)-1, len(objects)
		}
		stream, err := p.stream()
		if err != nil {
			return nil, err
		}
		kids = append(kids, fmt.Sprintf("%d 0 R", at))
		objects[at-1] = fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.0f %.0f] /Resources << /Font << /F1 4 0 R /F2 5 0 R >> >> /Contents %d 0 R >>", d.width, d.height, content)
		objects[content-1] = stream
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
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R /Info 7 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return out.Bytes(), nil
}

// stream packs what was drawn.
func (p *Page) stream() (string, error) {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	if _, err := z.Write(p.body.Bytes()); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return fmt.Sprintf("<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream", packed.Len(), packed.String()), nil
}

// winAnsi brings text to the characters that the fonts have. Accents that they
// lack fall away; what is left of other scripts is a question mark, and lost.
func winAnsi(text string) (out string, lost bool) {
	var b strings.Builder
	for _, r := range norm.NFC.String(text) {
		if c, ok := charmap.Windows1252.EncodeRune(r); ok && r >= ' ' {
			b.WriteByte(c)
			continue
		}
		known := false
		if plain, ok := strokes[r]; ok {
			b.WriteByte(plain)
			continue
		}
		for _, part := range norm.NFKD.String(string(r)) {
			if c, ok := charmap.Windows1252.EncodeRune(part); ok && part >= ' ' {
				b.WriteByte(c)
				known = true
			}
		}
		if !known {
			b.WriteByte(map[bool]byte{true: ' ', false: '?'}[r < ' '])
			lost = lost || r >= ' '
		}
	}
	return b.String(), lost
}

// strokes are letters of European names that are no letter with an accent on it.
var strokes = map[rune]byte{'Ł': 'L', 'ł': 'l', 'Đ': 'D', 'đ': 'd', 'ı': 'i', 'Ħ': 'H', 'ħ': 'h', 'Ŧ': 'T', 'ŧ': 't', 'ŋ': 'n', 'ĸ': 'k', '‑': '-'}

var escapes = strings.NewReplacer(`\`, `\\`, `(`, `\(`, `)`, `\)`, "\r", `\r`, "\n", `\n`)

func escaped(s string) string { return escapes.Replace(s) }

// widths are those of Helvetica for the characters from space to tilde, in
// thousandths of the size.
var widths = [...]int{278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556, 556, 556,
	278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944,
	667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556,
	500, 722, 500, 500, 500, 334, 260, 334, 584}

// Width gives how wide text is, in points; of letters with accents and of bold
// ones nearly.
func Width(text string, size float64, bold bool) float64 {
	sum := 0
	shown, _ := winAnsi(text)
	for _, c := range []byte(shown) {
		if i := int(c) - ' '; i >= 0 && i < len(widths) {
			sum += widths[i]
		} else {
			sum += 556
		}
	}
	w := float64(sum) * size / 1000
	if bold {
		w *= 1.06
	}
	return w
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
	if Width(text, size, bold) <= width {
		return text
	}
	r := []rune(text)
	for len(r) > 0 && Width(string(r)+"…", size, bold) > width {
		r = r[:len(r)-1]
	}
	return string(r) + "…"
}
