// Package export writes what leaves Windshield as a file for people to hand on:
// for now one page of PDF, with the fonts that every reader has.
package export

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"strings"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// A4 in points, upright.
const (
	PageWidth  = 595.0
	PageHeight = 842.0
)

// Page is one page of PDF in the making. Places are in points from the upper
// left corner; text stands on the line that its place names. It is not safe for
// concurrent use.
type Page struct {
	title string
	body  bytes.Buffer
}

// NewPage begins a page; title is what a reader shows in its window.
func NewPage(title string) *Page { return &Page{title: title} }

// Text writes text from x to the right.
func (p *Page) Text(x, y, size float64, bold bool, text string) {
	font := "F1"
	if bold {
		font = "F2"
	}
	fmt.Fprintf(&p.body, "BT /%s %.2f Tf %.2f %.2f Td (%s) Tj ET\n", font, size, x, PageHeight-y, escaped(winAnsi(text)))
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
	fmt.Fprintf(&p.body, "%.2f w %.2f %.2f m %.2f %.2f l S\n", width, x1, PageHeight-y1, x2, PageHeight-y2)
}

// Box fills a box with a grey from 0 (black) to 1 (white); x and y name its
// upper left corner.
func (p *Page) Box(x, y, width, height, grey float64) {
	fmt.Fprintf(&p.body, "%.2f g %.2f %.2f %.2f %.2f re f 0 g\n", grey, x, PageHeight-y-height, width, height)
}

// Bytes gives the file. The same page gives the same bytes.
func (p *Page) Bytes() ([]byte, error) {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	if _, err := z.Write(p.body.Bytes()); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	font := "<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>"
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R /Lang (en) /ViewerPreferences << /DisplayDocTitle true >> >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.0f %.0f] /Resources << /Font << /F1 4 0 R /F2 5 0 R >> >> /Contents 6 0 R >>", PageWidth, PageHeight),
		fmt.Sprintf(font, "Helvetica"),
		fmt.Sprintf(font, "Helvetica-Bold"),
		fmt.Sprintf("<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream", packed.Len(), packed.String()),
		fmt.Sprintf("<< /Title (%s) /Producer (Windshield) >>", escaped(winAnsi(p.title))),
	}
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
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, len(objects), start)
	return out.Bytes(), nil
}

// winAnsi brings text to the characters that the fonts have. Accents that they
// lack fall away; what is left of other scripts is a question mark.
func winAnsi(text string) string {
	var b strings.Builder
	for _, r := range norm.NFC.String(text) {
		if c, ok := charmap.Windows1252.EncodeRune(r); ok && r >= ' ' {
			b.WriteByte(c)
			continue
		}
		known := false
		for _, part := range norm.NFKD.String(string(r)) {
			if c, ok := charmap.Windows1252.EncodeRune(part); ok && part >= ' ' {
				b.WriteByte(c)
				known = true
			}
		}
		if !known {
			b.WriteByte(map[bool]byte{true: ' ', false: '?'}[r < ' '])
		}
	}
	return b.String()
}

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
	for _, c := range []byte(winAnsi(text)) {
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
