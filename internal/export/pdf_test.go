package export_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"windshield/internal/export"
)

// paper is a PDF as a reader of PDF has it.
type paper struct {
	objects map[int]string
	pages   []string          // what is drawn, with its letters instead of the numbers of glyphs
	fonts   map[string][]byte // outlines by name of the font
}

var textShown = regexp.MustCompile(`/(F\d) ([\d.]+ Tf [\d. -]+ Td) <([0-9a-f]*)> Tj`)

// readPaper reads a file through its table of places, from the end. Text is read
// as somebody does who copies it: through what the fonts say of their glyphs.
func readPaper(t require.TestingT, file []byte) paper {
	end := regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindSubmatch(file)
	require.NotNil(t, end)
	start, err := strconv.Atoi(string(end[1]))
	require.NoError(t, err)
	p := paper{objects: map[int]string{}, fonts: map[string][]byte{}}
	for i, m := range regexp.MustCompile(`(\d{10}) 00000 n `).FindAllSubmatch(file[start:], -1) {
		at, err := strconv.Atoi(string(m[1]))
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(file[at:], []byte(fmt.Sprintf("%d 0 obj\n", i+1))), "object %d", i+1)
		body, _, found := bytes.Cut(file[at:], []byte("\nendobj\n"))
		require.True(t, found)
		p.objects[i+1] = string(body)
	}
	require.True(t, bytes.HasPrefix(file[start:], []byte(fmt.Sprintf("xref\n0 %d\n", len(p.objects)+1))))
	letters := map[string]map[string]string{"F1": {}, "F2": {}}
	for _, m := range regexp.MustCompile(`/(F\d) (\d+) 0 R`).FindAllStringSubmatch(p.objects[p.after("/Kids [", 2)], -1) {
		font := p.objects[atoi(m[2])]
		require.Contains(t, font, "/Subtype /Type0")
		for _, line := range regexp.MustCompile(`<([0-9a-f]{4})> <([0-9a-f]+)>\n`).FindAllStringSubmatch(p.stream(t, p.after("/ToUnicode ", atoi(m[2]))), -1) {
			var units []uint16
			for i := 0; i < len(line[2]); i += 4 {
				n, err := strconv.ParseUint(line[2][i:i+4], 16, 16)
				require.NoError(t, err)
				units = append(units, uint16(n))
			}
			letters[m[1]][line[1]] = string(utf16.Decode(units))
		}
		about := p.after("/FontDescriptor ", p.after("/DescendantFonts [", atoi(m[2])))
		outlines := p.stream(t, p.after("/FontFile2 ", about))
		require.Contains(t, p.objects[p.after("/FontFile2 ", about)], fmt.Sprintf("/Length1 %d ", len(outlines)))
		p.fonts[m[1]] = []byte(outlines)
	}
	for _, m := range regexp.MustCompile(`(\d+) 0 R`).FindAllStringSubmatch(between(p.objects[2], "/Kids [", "]"), -1) {
		content := p.stream(t, p.after("/Contents ", atoi(m[1])))
		p.pages = append(p.pages, textShown.ReplaceAllStringFunc(content, func(s string) string {
			x, text := textShown.FindStringSubmatch(s), ""
			for i := 0; i < len(x[3]); i += 4 {
				letter, known := letters[x[1]][x[3][i:i+4]]
				require.True(t, known, "a glyph nobody can read")
				text += letter
			}
			return "/" + x[1] + " " + x[2] + " (" + text + ") Tj"
		}))
	}
	return p
}

// after gives the number of the object that an entry of another names.
func (p paper) after(entry string, of int) int {
	_, rest, _ := strings.Cut(p.objects[of], entry)
	n, _, _ := strings.Cut(rest, " ")
	return atoi(n)
}

func (p paper) stream(t require.TestingT, of int) string {
	head, stream, found := strings.Cut(p.objects[of], "stream\n")
	require.True(t, found)
	stream = strings.TrimSuffix(stream, "\nendstream")
	require.Contains(t, head, fmt.Sprintf("/Length %d ", len(stream)))
	z, err := zlib.NewReader(strings.NewReader(stream))
	require.NoError(t, err)
	b, err := io.ReadAll(z)
	require.NoError(t, err)
	return string(b)
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

func TestPage(t *testing.T) {
	var page *export.Page
	file := func() []byte {
		page = export.NewPage("Zürich (山)")
		page.Text(40, 50, 12, true, "Łódź, Αθήνα, Москва, Ștefan, Nguyễn: 5 % of (visits) \\ more")
		page.Right(300, 60, 9, false, "1,234")
		page.Rule(40, 70, 555, 70, 0.5)
		page.Box(40, 80, 100, 10, 0.8)
		b, err := page.Bytes()
		require.NoError(t, err)
		return b
	}
	first := file()
	require.False(t, page.Lost())
	require.Equal(t, first, file(), "the same page gives the same bytes")
	require.Less(t, len(first), 40_000, "only the letters that occur")
	p := readPaper(t, first)
	require.Contains(t, p.objects[3], "/Title <feff005a00fc007200690063006800200028"+"5c71"+"0029>")
	require.Contains(t, p.pages[0], "/F2 12.00 Tf 40.00 792.00 Td (Łódź, Αθήνα, Москва, Ștefan, Nguyen: 5 % of (visits) \\ more) Tj", "in its own letters, down to accents that are lacking")
	require.Contains(t, p.pages[0], "0.80 g 40.00 752.00 100.00 10.00 re f")

	page.Text(40, 80, 9, false, "\u202e山田 مرحبا ㈱ 😀\t①")
	require.True(t, page.Lost())
	b, err := page.Bytes()
	require.NoError(t, err)
	require.Contains(t, readPaper(t, b).pages[0], "(?? ????? ? ? 1) Tj")
}

// A font in a file has the outlines of the letters that occur, and no others.
func TestFontsAreCut(t *testing.T) {
	page := export.NewPage("")
	page.Text(40, 50, 12, false, "abc")
	b, err := page.Bytes()
	require.NoError(t, err)
	p := readPaper(t, b)
	be := binary.BigEndian
	for name, want := range map[string]int{"F1": 4, "F2": 1} { // with the one for what is missing
		font, tables := p.fonts[name], map[string][]byte{}
		for i := range int(be.Uint16(font[4:])) {
			entry := font[12+16*i:]
			at, long := be.Uint32(entry[8:]), be.Uint32(entry[12:])
			require.Zero(t, at%4)
			tables[string(entry[:4])] = font[at : at+long]
		}
		for _, tag := range []string{"cvt ", "fpgm", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "prep"} {
			require.NotEmpty(t, tables[tag], tag)
		}
		glyphs := int(be.Uint16(tables["maxp"][4:]))
		require.Len(t, tables["loca"], 4*(glyphs+1))
		require.EqualValues(t, 1, be.Uint16(tables["head"][50:]))
		filled := 0
		for g := range glyphs {
			if be.Uint32(tables["loca"][4*g+4:]) > be.Uint32(tables["loca"][4*g:]) {
				filled++
			}
		}
		require.Equal(t, want, filled, name)
		require.EqualValues(t, len(tables["glyf"]), be.Uint32(tables["loca"][4*glyphs:]))
	}
}

// Lines are no wider than asked for, and no word is lost.
func TestWrap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`([A-Za-z0-9%,.äß–]{1,12} ?){0,40}`).Draw(t, "text")
		width, bold := rapid.Float64Range(20, 400).Draw(t, "width"), rapid.Bool().Draw(t, "bold")
		lines := export.Wrap(text, width, 9, bold)
		for _, l := range lines {
			if strings.Contains(l, " ") {
				require.LessOrEqual(t, export.Width(l, 9, bold), width)
			}
		}
		require.Equal(t, strings.Join(strings.Fields(text), " "), strings.Join(lines, " "))
		cut := export.Cut(text, width, 9, bold)
		require.LessOrEqual(t, export.Width(cut, 9, bold), max(width, export.Width("…", 9, bold))+1e-9)
		if export.Width(text, 9, bold) < width-1e-9 {
			require.Equal(t, norm.NFC.String(text), cut)
		}
	})
}
