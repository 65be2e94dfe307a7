package export

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// A presentation is a zip of XML parts (ECMA-376). These are the fewest with which
// programs open it: content types, relations, the presentation, one theme, one
// master, one layout, the slides, and who made it.

// emu are the units of the format: 914,400 an inch. A slide is 13.333 × 7.5 inches,
// 16:9; places below are in points, 960 × 540.
const (
	emuPerPoint = 12700
	slideWidth  = 960.0
	slideHeight = 540.0
)

// box is a place on a slide, in points from the upper left corner.
type box struct{ x, y, w, h float64 }

func (b box) xfrm(tag string) string {
	e := func(v float64) int { return int(v*emuPerPoint + 0.5) }
	return fmt.Sprintf(`<%s><a:off x="%d" y="%d"/><a:ext cx="%d" cy="%d"/></%s>`, tag, e(b.x), e(b.y), e(max(0, b.w)), e(max(0, b.h)), tag)
}

// Colours of the theme, by the name under which shapes use them: who changes the
// theme of a presentation changes all its slides.
const (
	inkColour   = "tx1"
	paperColour = "bg1"
	quietColour = "tx2"
	badColour   = "B3261E"
	lineColour  = "D9DEE5"
	trackColour = "E4E8EE"
	bandColour  = "F6F7F9"
)

// groupColours gives the fill of a group and the colour of text on it.
func groupColours(colour int) (fill, ink string) {
	if colour < 1 || colour >= len(palette) {
		return "DDE2E9", inkColour
	}
	if palette[colour].ink == "FFFFFF" {
		return fmt.Sprintf("accent%d", colour), paperColour
	}
	return fmt.Sprintf("accent%d", colour), inkColour
}

// solid fills with a colour of the theme, or with one given by its six digits.
func solid(colour string) string {
	switch {
	case colour == "":
		return "<a:noFill/>"
	case len(colour) == 6 && !strings.HasPrefix(colour, "accent"):
		return `<a:solidFill><a:srgbClr val="` + colour + `"/></a:solidFill>`
	}
	return `<a:solidFill><a:schemeClr val="` + colour + `"/></a:solidFill>`
}

// run is a piece of text in one look.
type run struct {
	text   string
	size   float64 // points
	bold   bool
	colour string
}

func (r run) xml() string {
	b := ""
	if r.bold {
		b = ` b="1"`
	}
	colour := r.colour
	if colour == "" {
		colour = inkColour
	}
	return fmt.Sprintf(`<a:r><a:rPr lang="en-GB" sz="%d"%s dirty="0">%s</a:rPr><a:t>%s</a:t></a:r>`, int(r.size*100), b, solid(colour), escapedXML(r.text))
}

// escapedXML brings text into XML: what has no place in it is taken out.
func escapedXML(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(line(s, mostCell))) // a buffer takes everything
	return b.String()
}

// slidePart is a slide in the making.
type slidePart struct {
	body strings.Builder
	id   int // of the last shape; 1 is the slide itself
}

func (s *slidePart) next() int {
	s.id++
	return s.id + 1
}

// rect draws a box. descr says in words what it stands for; "" where it is only
// for the eye.
func (s *slidePart) rect(at box, round bool, fill, border, name, descr string, texts ...run) {
	shape := "rect"
	if round {
		shape = "roundRect"
	}
	ln := "<a:ln><a:noFill/></a:ln>"
	if border != "" {
		ln = `<a:ln w="12700">` + solid(border) + `<a:prstDash val="sysDash"/></a:ln>`
	}
	n := s.next()
	about := ""
	if descr != "" {
		about = ` descr="` + escapedXML(descr) + `"`
	} else if len(texts) == 0 {
		about = ` descr=""`
	}
	paragraph := `<a:p><a:pPr algn="ctr"/>`
	for _, t := range texts {
		paragraph += t.xml()
	}
	paragraph += `<a:endParaRPr lang="en-GB" sz="800" dirty="0"/></a:p>`
	fmt.Fprintf(&s.body, `<p:sp><p:nvSpPr><p:cNvPr id="%d" name="%s %d"%s/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr>%s<a:prstGeom prst="%s"><a:avLst/></a:prstGeom>%s%s</p:spPr>`+
		`<p:txBody><a:bodyPr wrap="none" lIns="0" tIns="0" rIns="0" bIns="0" anchor="ctr"/><a:lstStyle/>%s</p:txBody></p:sp>`,
		n, escapedXML(name), n, about, at.xfrm("a:xfrm"), shape, solid(fill), ln, paragraph)
}

// align says where lines of text stand.
type align string

const (
	toLeft  align = "l"
	toRight align = "r"
	centred align = "ctr"
)

// text writes paragraphs, each of some runs, into a box.
func (s *slidePart) text(at box, how align, name string, paragraphs ...[]run) {
	n := s.next()
	fmt.Fprintf(&s.body, `<p:sp><p:nvSpPr><p:cNvPr id="%d" name="%s %d"/><p:cNvSpPr txBox="1"/><p:nvPr/></p:nvSpPr><p:spPr>%s<a:prstGeom prst="rect"><a:avLst/></a:prstGeom><a:noFill/></p:spPr>`+
		`<p:txBody><a:bodyPr wrap="square" lIns="0" tIns="0" rIns="0" bIns="0" anchor="t"/><a:lstStyle/>`, n, escapedXML(name), n, at.xfrm("a:xfrm"))
	for _, p := range paragraphs {
		fmt.Fprintf(&s.body, `<a:p><a:pPr algn="%s"/>`, how)
		for _, r := range p {
			s.body.WriteString(r.xml())
		}
		s.body.WriteString(`</a:p>`)
	}
	if len(paragraphs) == 0 {
		s.body.WriteString(`<a:p/>`)
	}
	s.body.WriteString(`</p:txBody></p:sp>`)
}

// placeholder fills a place of the layout: title, footer, number of the slide.
func (s *slidePart) placeholder(kind, name, content string) {
	n := s.next()
	idx := map[string]string{"ftr": ` sz="quarter" idx="11"`, "sldNum": ` sz="quarter" idx="12"`}[kind]
	fmt.Fprintf(&s.body, `<p:sp><p:nvSpPr><p:cNvPr id="%d" name="%s %d"/><p:cNvSpPr><a:spLocks noGrp="1"/></p:cNvSpPr><p:nvPr><p:ph type="%s"%s/></p:nvPr></p:nvSpPr><p:spPr/>`+
		`<p:txBody><a:bodyPr/><a:lstStyle/><a:p>%s</a:p></p:txBody></p:sp>`, n, name, n, kind, idx, content)
}

const (
	xmlHead    = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	namespaces = `xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"`
	relType    = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
	noMove     = `<a:xfrm><a:off x="0" y="0"/><a:ext cx="0" cy="0"/><a:chOff x="0" y="0"/><a:chExt cx="0" cy="0"/></a:xfrm>`
)

// tree is the frame around the shapes of a slide, a layout or a master.
func tree(shapes string) string {
	return `<p:spTree><p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr>` + noMove + `</p:grpSpPr>` + shapes + `</p:spTree>`
}

// relation is a line of a part that says where others lie.
type relation struct{ kind, target string }

func relations(all ...relation) string {
	var b strings.Builder
	b.WriteString(xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
	for i, r := range all {
		kind := relType + r.kind
		if r.kind == "core" {
			kind = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
		}
		fmt.Fprintf(&b, `<Relationship Id="rId%d" Type="%s" Target="%s"/>`, i+1, kind, r.target)
	}
	b.WriteString(`</Relationships>`)
	return b.String()
}

// part is a file of the presentation with its type.
type part struct{ name, kind, text string }

const mlType = "application/vnd.openxmlformats-officedocument.presentationml."

// writePPTX puts the parts together. The same slides give the same bytes.
func writePPTX(w io.Writer, title string, made time.Time, slides []*slidePart) error {
	parts := []part{
		{"ppt/presentation.xml", mlType + "presentation.main+xml", presentationXML(len(slides))},
		{"ppt/slideMasters/slideMaster1.xml", mlType + "slideMaster+xml", masterXML()},
		{"ppt/slideLayouts/slideLayout1.xml", mlType + "slideLayout+xml", layoutXML()},
		{"ppt/theme/theme1.xml", "application/vnd.openxmlformats-officedocument.theme+xml", themeXML()},
		{"docProps/core.xml", "application/vnd.openxmlformats-package.core-properties+xml", coreXML(title, made)},
	}
	rels := []part{
		{name: "_rels/.rels", text: relations(relation{"officeDocument", "ppt/presentation.xml"}, relation{"core", "docProps/core.xml"})},
		{name: "ppt/slideMasters/_rels/slideMaster1.xml.rels", text: relations(relation{"slideLayout", "../slideLayouts/slideLayout1.xml"}, relation{"theme", "../theme/theme1.xml"})},
		{name: "ppt/slideLayouts/_rels/slideLayout1.xml.rels", text: relations(relation{"slideMaster", "../slideMasters/slideMaster1.xml"})},
	}
	all := []relation{{"slideMaster", "slideMasters/slideMaster1.xml"}, {"theme", "theme/theme1.xml"}}
	for i, s := range slides {
		name := fmt.Sprintf("slide%d.xml", i+1)
		all = append(all, relation{"slide", "slides/" + name})
		parts = append(parts, part{"ppt/slides/" + name, mlType + "slide+xml",
			xmlHead + `<p:sld ` + namespaces + `><p:cSld>` + tree(s.body.String()) + `</p:cSld><p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr></p:sld>`})
		rels = append(rels, part{name: "ppt/slides/_rels/" + name + ".rels", text: relations(relation{"slideLayout", "../slideLayouts/slideLayout1.xml"})})
	}
	rels = append(rels, part{name: "ppt/_rels/presentation.xml.rels", text: relations(all...)})

	var types strings.Builder
	types.WriteString(xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>`)
	for _, p := range parts {
		fmt.Fprintf(&types, `<Override PartName="/%s" ContentType="%s"/>`, p.name, p.kind)
	}
	types.WriteString(`</Types>`)

	z := zip.NewWriter(w)
	for _, p := range append(append([]part{{name: "[Content_Types].xml", text: types.String()}}, rels...), parts...) {
		f, err := z.CreateHeader(&zip.FileHeader{Name: p.name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			return err
		}
		if _, err := io.WriteString(f, p.text); err != nil {
			return err
		}
	}
	return z.Close()
}

// presentationXML lists the slides: their relations follow those of master and theme.
func presentationXML(slides int) string {
	var b strings.Builder
	b.WriteString(xmlHead + `<p:presentation ` + namespaces + ` saveSubsetFonts="1"><p:sldMasterIdLst><p:sldMasterId id="2147483648" r:id="rId1"/></p:sldMasterIdLst>`)
	if slides > 0 {
		b.WriteString(`<p:sldIdLst>`)
		for i := range slides {
			fmt.Fprintf(&b, `<p:sldId id="%d" r:id="rId%d"/>`, 256+i, 3+i)
		}
		b.WriteString(`</p:sldIdLst>`)
	}
	fmt.Fprintf(&b, `<p:sldSz cx="%d" cy="%d"/><p:notesSz cx="6858000" cy="9144000"/></p:presentation>`, int(slideWidth*emuPerPoint), int(slideHeight*emuPerPoint))
	return b.String()
}

func coreXML(title string, made time.Time) string {
	if made.IsZero() {
		made = time.Unix(0, 0) // programs refuse the year 1
	}
	at := made.UTC().Format(time.RFC3339)
	return xmlHead + `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
		`<dc:title>` + escapedXML(title) + `</dc:title><dc:creator>Windshield</dc:creator><dcterms:created xsi:type="dcterms:W3CDTF">` + at + `</dcterms:created><dcterms:modified xsi:type="dcterms:W3CDTF">` + at + `</dcterms:modified></cp:coreProperties>`
}
