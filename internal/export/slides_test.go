package export_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/export"
)

// unzipped gives the parts of a file; each one of XML has to be well-formed.
func unzipped(t *testing.T, file []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	parts := map[string]string{}
	for _, f := range z.File {
		require.NotContains(t, parts, f.Name, "twice")
		r, err := f.Open()
		require.NoError(t, err)
		b, err := io.ReadAll(r)
		require.NoError(t, err)
		parts[f.Name] = string(b)
		d := xml.NewDecoder(bytes.NewReader(b))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else {
				require.NoError(t, err, f.Name)
			}
		}
	}
	return parts
}

// sampleSlides shows every block, with name wherever a text from outside stands.
func sampleSlides(executives int, name string) export.Slides {
	p := export.Slides{Title: name, Footer: name + ", version 3 · seed 7", Made: time.Date(2027, 1, 4, 9, 0, 0, 0, time.UTC)}
	item := export.SlideItem{Code: name, Colour: 2, Lines: []export.SlideLine{{Text: name}, {Text: name, Bad: true}}}
	three := export.SlideItem{Code: "EN", Colour: 1, Lines: []export.SlideLine{{Text: name}, {Text: name}, {Text: name, Bad: true}}}
	p.Slides = append(p.Slides,
		export.Slide{Title: name, Note: name, More: name, Bars: []export.SlideBar{{Code: name, Colour: 1, Label: name, Share: 0.76, Text: name, Bad: true}, {Label: name, Share: 2}, {Code: "OT"}}},
		export.Slide{Title: name, Note: strings.Repeat(name+" ", 40), Lists: []export.SlideList{{Heading: name, Items: []export.SlideItem{item, {}}, More: name}, {}, {Heading: name, Items: slices.Repeat([]export.SlideItem{three}, 7), More: name}}},
		export.Slide{Title: name, Table: &export.SlideTable{Columns: []string{"Executive", name}, Rows: [][]string{{name, name, "one too many"}, {name}}}},
		export.Slide{Title: name, Table: &export.SlideTable{}, Grid: &export.SlideGrid{}})
	for from := 0; from < executives; from += 25 {
		g := &export.SlideGrid{Columns: []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}}
		for i := from; i < min(from+25, executives); i++ {
			r := export.SlideRow{Name: name, Cells: make([][]export.YearChip, 12)}
			for j := range 12 {
				r.Cells[j] = append(r.Cells[j], export.YearChip{Code: "ST", Colour: j % 7, Title: name, Dashed: j%2 == 0, Done: j == 0})
			}
			r.Cells[3] = append(r.Cells[3], make([]export.YearChip, 6)...)
			g.Rows = append(g.Rows, r)
		}
		p.Slides = append(p.Slides, export.Slide{Title: name, Grid: g})
	}
	return p
}

// A presentation holds together: every part has a type, every relation leads
// somewhere, no two shapes of a slide have one id.
func TestSlides(t *testing.T) {
	file := func(p export.Slides) []byte {
		var b bytes.Buffer
		require.NoError(t, p.Write(&b))
		return b.Bytes()
	}
	p := sampleSlides(30, "Alpine")
	first := file(p)
	require.Equal(t, first, file(p), "the same slides give the same bytes")
	parts := unzipped(t, first)
	whole(t, parts, 6)
	require.Contains(t, parts["ppt/slides/slide1.xml"], `descr="Alpine: Alpine"`, "a bar is said in words")
	require.Contains(t, parts["ppt/slides/slide1.xml"], `schemeClr val="accent1"`, "groups have the colours of the theme")
	require.Contains(t, parts["ppt/slides/slide1.xml"], `type="slidenum"`)
	require.Contains(t, parts["ppt/slides/slide5.xml"], "<a:t>ST✓</a:t>")
	require.Contains(t, parts["ppt/slides/slide5.xml"], "<a:t>+4</a:t>", "seven in a month: three and four more")
	whole(t, unzipped(t, file(export.Slides{})), 0)
}

// No text is more than text, and none breaks the file.
func TestSlidesStayText(t *testing.T) {
	all := export.Slides{}
	for _, bad := range hostile() {
		p := sampleSlides(1, bad)
		all.Title, all.Footer, all.Slides = all.Title+p.Title, p.Footer, append(all.Slides, p.Slides...)
	}
	var b bytes.Buffer
	require.NoError(t, all.Write(&b))
	parts := unzipped(t, b.Bytes())
	whole(t, parts, 5*len(hostile()))
	for name, text := range parts {
		require.NotContains(t, text, "<script", name)
		require.NotContains(t, text, "<img", name)
		require.Less(t, len(text), 100_000, "long texts are cut")
	}
}

func whole(t *testing.T, parts map[string]string, slides int) {
	t.Helper()
	sound(t, parts, slides)
	var types struct {
		Default []struct {
			Extension string `xml:",attr"`
		}
		Override []struct {
			PartName, ContentType string `xml:",attr"`
		}
	}
	require.NoError(t, xml.Unmarshal([]byte(parts["[Content_Types].xml"]), &types))
	require.Equal(t, []string{"rels", "xml"}, []string{types.Default[0].Extension, types.Default[1].Extension})
	typed := map[string]bool{"[Content_Types].xml": true}
	for _, o := range types.Override {
		require.True(t, strings.HasPrefix(o.PartName, "/") && !typed[o.PartName[1:]], o.PartName)
		require.Contains(t, parts, strings.TrimPrefix(o.PartName, "/"))
		typed[strings.TrimPrefix(o.PartName, "/")] = true
	}
	reached, found := map[string]bool{}, 0
	for name, text := range parts {
		if strings.HasSuffix(name, ".rels") {
			var rels struct {
				Relationship []struct {
					Id, Type, Target string `xml:",attr"`
				}
			}
			require.NoError(t, xml.Unmarshal([]byte(text), &rels))
			owner := path.Join(path.Dir(path.Dir(name)), strings.TrimSuffix(path.Base(name), ".rels"))
			ids := map[string]bool{}
			for _, r := range rels.Relationship {
				target := path.Join(path.Dir(path.Dir(name)), r.Target)
				require.Contains(t, parts, target, name)
				reached[target] = true
				require.False(t, ids[r.Id], "twice")
				ids[r.Id] = true
			}
			for _, m := range regexp.MustCompile(`r:id="(\w+)"`).FindAllStringSubmatch(parts[owner], -1) {
				require.True(t, ids[m[1]], "%s uses %s", owner, m[1])
			}
			continue
		}
		require.True(t, typed[name], "%s has no type", name)
		if strings.HasPrefix(name, "ppt/slides/") {
			found++
			require.Equal(t, 1, strings.Count(text, `<p:ph type="title"/>`))
			require.Equal(t, 1, strings.Count(text, `<p:ph type="ftr"`))
			require.Equal(t, 1, strings.Count(text, `<p:ph type="sldNum"`))
		}
	}
	require.Equal(t, slides, found)
	for name := range typed {
		if name != "[Content_Types].xml" {
			require.True(t, reached[name], "nothing leads to %s", name)
		}
	}
}
