package export

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"sync"
	"unicode/utf16"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
)

// The fonts of a PDF stand in the file itself, so that names look the same
// everywhere and in more letters than every reader has: those of Europe, Greek and
// Cyrillic (WGL4). Of a font only the letters that occur are put in.
var (
	regularFace = sync.OnceValue(func() *face { return readFace("GoRegular", goregular.TTF) })
	boldFace    = sync.OnceValue(func() *face { return readFace("GoBold", gobold.TTF) })
)

func faceOf(bold bool) *face {
	if bold {
		return boldFace()
	}
	return regularFace()
}

// face is a TrueType font. It is not changed once it is read.
type face struct {
	name     string
	tables   map[string][]byte
	glyphs   map[rune]uint16
	count    int               // glyphs
	perEm    float64           // units of the font
	advances []byte            // table hmtx: advance and bearing of each glyph, then bearings
	widths   int               // glyphs that have an advance of their own
	own      map[uint16][]byte // outlines that take the place of the font's
}

// readFace reads a font that comes with the program: one that is broken is found by
// the first test, so nothing here doubts it.
func readFace(name string, data []byte) *face {
	be := binary.BigEndian
	f := &face{name: name, tables: map[string][]byte{}, glyphs: map[rune]uint16{}}
	for i := range int(be.Uint16(data[4:])) {
		entry := data[12+16*i:]
		at := be.Uint32(entry[8:])
		f.tables[string(entry[:4])] = data[at : at+be.Uint32(entry[12:])]
	}
	f.perEm = float64(be.Uint16(f.tables["head"][18:]))
	f.count = int(be.Uint16(f.tables["maxp"][4:]))
	f.advances, f.widths = f.tables["hmtx"], int(be.Uint16(f.tables["hhea"][34:]))
	cmap := f.tables["cmap"]
	for i := range int(be.Uint16(cmap[2:])) {
		entry := cmap[4+8*i:]
		if sub := cmap[be.Uint32(entry[4:]):]; be.Uint16(entry) == 3 && be.Uint16(sub) == 4 {
			f.readGlyphs(sub)
		}
	}
	// These fonts are made for code: their zero has a stroke, in whose place they have
	// a plain one; their hyphen is as wide as a minus, and their dot in the middle hangs
	// high. The thickness is that of the font's own hyphen.
	if plain, ok := f.named("zero.empty"); ok {
		f.glyphs['0'] = plain
	}
	low, high := f.height(f.glyphs['-'])
	f.advances, f.own = slices.Clone(f.advances), map[uint16][]byte{}
	f.bar('-', 80, 600, low, high, 680)
	f.bar('·', 150, 150+(high-low)*3/2, low-(high-low)/4, high+(high-low)/4, 547)
	return f
}

// height gives between which heights a glyph lies, in units of the font.
func (f *face) height(glyph uint16) (low, high int) {
	outline := f.outline(int(glyph))
	return int(int16(binary.BigEndian.Uint16(outline[4:]))), int(int16(binary.BigEndian.Uint16(outline[8:])))
}

// bar makes a letter a box, in units of the font.
func (f *face) bar(letter rune, left, right, low, high, advance int) {
	g := f.glyphs[letter]
	var o []byte
	for _, n := range []int{1, left, low, right, high, 3, 0} { // contours, bounds, last point, no instructions
		o = binary.BigEndian.AppendUint16(o, uint16(n))
	}
	o = append(o, 1, 1, 1, 1) // four points on the line, their places as whole steps
	for _, step := range []int{left, 0, right - left, 0, low, high - low, 0, low - high} {
		o = binary.BigEndian.AppendUint16(o, uint16(step))
	}
	f.own[g] = o
	binary.BigEndian.PutUint16(f.advances[4*int(g):], uint16(advance))
	binary.BigEndian.PutUint16(f.advances[4*int(g)+2:], uint16(left))
}

// outline gives the outline of a glyph as the font has it.
func (f *face) outline(glyph int) []byte {
	if own, is := f.own[uint16(glyph)]; is {
		return own
	}
	be, loca := binary.BigEndian, f.tables["loca"]
	if be.Uint16(f.tables["head"][50:]) == 1 {
		return f.tables["glyf"][be.Uint32(loca[4*glyph:]):be.Uint32(loca[4*glyph+4:])]
	}
	return f.tables["glyf"][2*int(be.Uint16(loca[2*glyph:])) : 2*int(be.Uint16(loca[2*glyph+2:]))]
}

// named finds a glyph by its name: a table post of version 2, whose own names come
// after the 258 that every font has.
func (f *face) named(name string) (glyph uint16, ok bool) {
	const usual = 258
	post := f.tables["post"]
	names, wanted := post[34+2*f.count:], -1
	for i := usual; len(names) > 0; i++ {
		n := int(names[0])
		if string(names[1:1+n]) == name {
			wanted = i
		}
		names = names[1+n:]
	}
	for g := range f.count {
		if int(binary.BigEndian.Uint16(post[34+2*g:])) == wanted {
			return uint16(g), true
		}
	}
	return 0, false
}

// readGlyphs reads which glyph stands for which letter: a table of format 4.
func (f *face) readGlyphs(sub []byte) {
	u16 := func(at int) int { return int(binary.BigEndian.Uint16(sub[at:])) }
	twice := u16(6) // twice the number of segments
	for s := 0; s < twice; s += 2 {
		last, first, delta, offset := u16(14+s), u16(16+twice+s), u16(16+2*twice+s), u16(16+3*twice+s)
		for c := first; c <= last && c != 0xFFFF; c++ {
			glyph := c
			if offset != 0 {
				if glyph = u16(16 + 3*twice + s + offset + 2*(c-first)); glyph == 0 {
					continue
				}
			}
			if glyph = (glyph + delta) & 0xFFFF; glyph != 0 {
				f.glyphs[rune(c)] = uint16(glyph)
			}
		}
	}
}

// advance gives how far a glyph moves the pen, in thousandths of the size.
func (f *face) advance(glyph uint16) float64 {
	at := min(int(glyph), f.widths-1)
	return float64(binary.BigEndian.Uint16(f.advances[4*at:])) * 1000 / f.perEm
}

// scaled gives a signed number of a table in thousandths of the size.
func (f *face) scaled(table string, at int) int {
	return int(float64(int16(binary.BigEndian.Uint16(f.tables[table][at:]))) * 1000 / f.perEm)
}

// subset gives the font with the outlines of these glyphs alone. Glyphs keep their
// numbers. None of the fonts builds letters out of other letters, so that no glyph
// needs another.
func (f *face) subset(used map[uint16]rune) []byte {
	be := binary.BigEndian
	var glyf, loca []byte
	for g := range f.count {
		loca = be.AppendUint32(loca, uint32(len(glyf)))
		if _, is := used[uint16(g)]; is || g == 0 { // the first one stands for what is missing
			glyf = append(glyf, f.outline(g)...)
			for len(glyf)%4 != 0 {
				glyf = append(glyf, 0)
			}
		}
	}
	loca = be.AppendUint32(loca, uint32(len(glyf)))
	head := slices.Clone(f.tables["head"])
	be.PutUint32(head[8:], 0)  // the sum over the file, which no reader of PDF checks
	be.PutUint16(head[50:], 1) // places as whole numbers of 32 bits
	tables := []struct {
		tag  string
		data []byte
	}{ // what PDF asks for (ISO 32000-1, 9.9), by name
		{"cvt ", f.tables["cvt "]}, {"fpgm", f.tables["fpgm"]}, {"glyf", glyf}, {"head", head}, {"hhea", f.tables["hhea"]},
		{"hmtx", f.advances}, {"loca", loca}, {"maxp", f.tables["maxp"]}, {"prep", f.tables["prep"]},
	}
	const most = 8 // the largest power of two among the tables
	out := be.AppendUint32(nil, 0x00010000)
	for _, n := range []int{len(tables), most * 16, 3, (len(tables) - most) * 16} {
		out = be.AppendUint16(out, uint16(n))
	}
	at := len(out) + 16*len(tables)
	var body []byte
	for _, t := range tables {
		sum, padded := uint32(0), append(slices.Clone(t.data), make([]byte, -len(t.data)&3)...)
		for i := 0; i < len(padded); i += 4 {
			sum += be.Uint32(padded[i:])
		}
		out = append(out, t.tag...)
		for _, n := range []int{int(sum), at + len(body), len(t.data)} {
			out = be.AppendUint32(out, uint32(n))
		}
		body = append(body, padded...)
	}
	return append(out, body...)
}

// objects gives the five objects of a font in a PDF, the first of them to have the
// number first: the font, its widths, its measures, its outlines, and which letters
// its glyphs are, so that text can be searched and copied.
func (f *face) objects(first int, used map[uint16]rune) ([]string, error) {
	glyphs := make([]uint16, 0, len(used))
	var key bytes.Buffer
	for g := range used {
		glyphs = append(glyphs, g)
	}
	slices.Sort(glyphs)
	var widths, letters strings.Builder
	for i, g := range glyphs {
		fmt.Fprintf(&key, "%d ", g)
		fmt.Fprintf(&widths, "%d [%.0f] ", g, f.advance(g))
		if i%100 == 0 { // no more stand in one block
			if i > 0 {
				letters.WriteString("endbfchar\n")
			}
			fmt.Fprintf(&letters, "%d beginbfchar\n", min(100, len(glyphs)-i))
		}
		fmt.Fprintf(&letters, "<%04x> <", g)
		for _, u := range utf16.Encode([]rune{used[g]}) {
			fmt.Fprintf(&letters, "%04x", u)
		}
		letters.WriteString(">\n")
	}
	if len(glyphs) > 0 {
		letters.WriteString("endbfchar\n")
	}
	// Six letters before the name say that this is a part of the font, and which.
	tag, n := make([]byte, 6), crc32.ChecksumIEEE(key.Bytes())
	for i := range tag {
		tag[i], n = 'A'+byte(n%26), n/26
	}
	name := string(tag) + "+" + f.name
	box := fmt.Sprintf("%d %d %d %d", f.scaled("head", 36), f.scaled("head", 38), f.scaled("head", 40), f.scaled("head", 42))
	stem := 85 // as far as readers need it: how thick the letters are
	if f.name == "GoBold" {
		stem = 140
	}
	outlines := f.subset(used)
	file, err := packed(outlines, fmt.Sprintf(" /Length1 %d", len(outlines)))
	if err != nil {
		return nil, err
	}
	known, err := packed([]byte("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"+
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n"+letters.String()+
		"endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"), "")
	if err != nil {
		return nil, err
	}
	return []string{
		fmt.Sprintf("<< /Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [%d 0 R] /ToUnicode %d 0 R >>", name, first+1, first+4),
		fmt.Sprintf("<< /Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor %d 0 R /CIDToGIDMap /Identity /DW 1000 /W [%s] >>", name, first+2, widths.String()),
		fmt.Sprintf("<< /Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [%s] /ItalicAngle 0 /Ascent %d /Descent %d /CapHeight %d /StemV %d /FontFile2 %d 0 R >>",
			name, box, f.scaled("hhea", 4), f.scaled("hhea", 6), f.scaled("OS/2", 88), stem, first+3),
		file, known,
	}, nil
}
