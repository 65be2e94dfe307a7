package export_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// element is a part of a presentation as a tree, names with the prefix of its
// namespace as the standard writes it.
type element struct {
	name     string
	attrs    map[string]string
	children []*element
	text     string
}

var prefixes = map[string]string{
	"http://schemas.openxmlformats.org/drawingml/2006/main":               "a:",
	"http://schemas.openxmlformats.org/presentationml/2006/main":          "p:",
	"http://schemas.openxmlformats.org/officeDocument/2006/relationships": "r:",
}

func parsed(t require.TestingT, text string) *element {
	root := &element{}
	open := []*element{root}
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		token, err := d.Token()
		if err == io.EOF {
			return root.children[0]
		}
		require.NoError(t, err) // also for characters that XML does not know
		last := open[len(open)-1]
		switch x := token.(type) {
		case xml.StartElement:
			e := &element{name: prefixes[x.Name.Space] + x.Name.Local, attrs: map[string]string{}}
			for _, a := range x.Attr {
				e.attrs[prefixes[a.Name.Space]+a.Name.Local] = a.Value
			}
			last.children, open = append(last.children, e), append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			last.text += string(x)
		}
	}
}

func (e *element) walk(visit func(e *element, path string)) { e.walkFrom("", visit) }

func (e *element) walkFrom(path string, visit func(*element, string)) {
	path += "/" + e.name
	visit(e, path)
	for _, c := range e.children {
		c.walkFrom(path, visit)
	}
}

// all gives the elements of a name.
func (e *element) all(name string) (found []*element) {
	e.walk(func(x *element, _ string) {
		if x.name == name {
			found = append(found, x)
		}
	})
	return found
}

// sequences are the elements whose children the standard (ECMA-376, transitional)
// puts into an order: PowerPoint offers to repair a file with another one. A name
// with a plus has to be there.
var sequences = map[string]string{
	"p:presentation":  "p:sldMasterIdLst+ p:notesMasterIdLst p:handoutMasterIdLst p:sldIdLst p:sldSz+ p:notesSz+ p:defaultTextStyle",
	"p:sldMaster":     "p:cSld+ p:clrMap+ p:sldLayoutIdLst+ p:transition p:timing p:hf p:txStyles+",
	"p:sldLayout":     "p:cSld+ p:clrMapOvr+ p:transition p:timing p:hf",
	"p:sld":           "p:cSld+ p:clrMapOvr+ p:transition p:timing",
	"p:cSld":          "p:bg p:spTree+",
	"p:spTree":        "p:nvGrpSpPr+ p:grpSpPr+ p:sp",
	"p:nvGrpSpPr":     "p:cNvPr+ p:cNvGrpSpPr+ p:nvPr+",
	"p:sp":            "p:nvSpPr+ p:spPr+ p:style p:txBody+",
	"p:nvSpPr":        "p:cNvPr+ p:cNvSpPr+ p:nvPr+",
	"p:spPr":          "a:xfrm a:prstGeom a:noFill a:solidFill a:ln",
	"p:txBody":        "a:bodyPr+ a:lstStyle a:p+",
	"p:txStyles":      "p:titleStyle+ p:bodyStyle+ p:otherStyle+",
	"a:xfrm":          "a:off+ a:ext+ a:chOff a:chExt",
	"a:prstGeom":      "a:avLst",
	"a:ln":            "a:noFill a:solidFill a:prstDash",
	"a:p":             "a:pPr a:r a:fld a:endParaRPr",
	"a:r":             "a:rPr a:t+",
	"a:fld":           "a:rPr a:pPr a:t+",
	"a:rPr":           "a:ln a:solidFill a:latin a:ea a:cs",
	"a:theme":         "a:themeElements+ a:objectDefaults a:extraClrSchemeLst",
	"a:themeElements": "a:clrScheme+ a:fontScheme+ a:fmtScheme+",
	"a:clrScheme":     "a:dk1+ a:lt1+ a:dk2+ a:lt2+ a:accent1+ a:accent2+ a:accent3+ a:accent4+ a:accent5+ a:accent6+ a:hlink+ a:folHlink+",
	"a:fontScheme":    "a:majorFont+ a:minorFont+",
	"a:majorFont":     "a:latin+ a:ea+ a:cs+",
	"a:minorFont":     "a:latin+ a:ea+ a:cs+",
	"a:fmtScheme":     "a:fillStyleLst+ a:lnStyleLst+ a:effectStyleLst+ a:bgFillStyleLst+",
}

// inSequence checks the order of children all over a part.
func inSequence(t require.TestingT, part string, root *element) {
	root.walk(func(e *element, path string) {
		want, known := sequences[e.name]
		if !known {
			return
		}
		at := 0
		names := strings.Fields(want)
		for _, c := range e.children {
			next := slices.IndexFunc(names[at:], func(n string) bool { return strings.TrimSuffix(n, "+") == c.name })
			require.GreaterOrEqual(t, next, 0, "%s: %s does not belong at this place of %s", part, c.name, path)
			at += next
		}
		for _, n := range names {
			if name, must := strings.CutSuffix(n, "+"); must {
				require.True(t, slices.ContainsFunc(e.children, func(c *element) bool { return c.name == name }), "%s: %s has no %s", part, path, name)
			}
		}
	})
}

// sound checks what PowerPoint demands beyond well-formed parts that lead to each
// other.
func sound(t require.TestingT, parts map[string]string, slides int) {
	for name, text := range parts {
		if !strings.HasPrefix(name, "ppt/") || strings.HasSuffix(name, ".rels") {
			continue
		}
		root := parsed(t, text)
		inSequence(t, name, root)
		ids := map[string]bool{}
		for _, s := range root.all("p:cNvPr") {
			require.False(t, ids[s.attrs["id"]], "%s: two shapes %s", name, s.attrs["id"])
			require.Positive(t, atoi(s.attrs["id"]), name)
			ids[s.attrs["id"]] = true
		}
		for _, x := range root.all("a:ext") {
			require.GreaterOrEqual(t, atoi(x.attrs["cx"]), 0, name)
			require.GreaterOrEqual(t, atoi(x.attrs["cy"]), 0, name)
		}
		for _, x := range root.all("a:xfrm") {
			at, size := x.children[0].attrs, x.children[1].attrs
			require.LessOrEqual(t, atoi(at["x"])+atoi(size["cx"]), 12_192_000, "%s: beside the slide", name)
			require.LessOrEqual(t, atoi(at["y"])+atoi(size["cy"]), 6_858_000, "%s: below the slide", name)
		}
		for _, x := range root.all("a:rPr") {
			if size, is := x.attrs["sz"]; is {
				require.GreaterOrEqual(t, atoi(size), 100, name) // ST_TextFontSize
				require.LessOrEqual(t, atoi(size), 400_000, name)
			}
		}
		for _, x := range root.all("a:srgbClr") {
			require.Regexp(t, `^[0-9A-F]{6}$`, x.attrs["val"], name)
		}
		for _, x := range root.all("a:t") {
			require.NotRegexp(t, `[\x00-\x1f\x{2028}\x{2029}\x{202a}-\x{202e}\x{fffe}\x{ffff}]`, x.text, name)
		}
	}
	show := parsed(t, parts["ppt/presentation.xml"])
	master := parsed(t, parts["ppt/slideMasters/slideMaster1.xml"])
	used := map[string]bool{}
	for _, x := range append(show.all("p:sldMasterId"), master.all("p:sldLayoutId")...) {
		require.GreaterOrEqual(t, atoi(x.attrs["id"]), 1<<31, "masters and layouts count from there")
		require.False(t, used[x.attrs["id"]], "over both of them")
		used[x.attrs["id"]] = true
	}
	require.Len(t, used, 2)
	numbers := show.all("p:sldId")
	require.Len(t, numbers, slides)
	for _, x := range numbers {
		require.GreaterOrEqual(t, atoi(x.attrs["id"]), 256)
		require.Less(t, atoi(x.attrs["id"]), 1<<31)
		require.False(t, used[x.attrs["id"]])
		used[x.attrs["id"]] = true
		require.Contains(t, relationTo(t, parts["ppt/_rels/presentation.xml.rels"], x.attrs["r:id"]), "/slide ")
	}
	require.Contains(t, relationTo(t, parts["ppt/slideMasters/_rels/slideMaster1.xml.rels"], master.all("p:sldLayoutId")[0].attrs["r:id"]), "/slideLayout ")
	places := map[string]bool{}
	for _, x := range parsed(t, parts["ppt/slideLayouts/slideLayout1.xml"]).all("p:ph") {
		places[x.attrs["type"]+" "+x.attrs["idx"]] = true
	}
	for i := range slides {
		for _, x := range parsed(t, parts[fmt.Sprintf("ppt/slides/slide%d.xml", i+1)]).all("p:ph") {
			require.True(t, places[x.attrs["type"]+" "+x.attrs["idx"]], "a place that the layout has")
		}
		require.Equal(t, 1, strings.Count(parts[fmt.Sprintf("ppt/slides/_rels/slide%d.xml.rels", i+1)], `/slideLayout"`))
	}
	theme := parsed(t, parts["ppt/theme/theme1.xml"])
	for _, list := range []string{"a:fillStyleLst", "a:lnStyleLst", "a:effectStyleLst", "a:bgFillStyleLst"} {
		require.Len(t, theme.all(list)[0].children, 3, list)
	}
	require.NotContains(t, parts["docProps/core.xml"], "0001-01-01", "programs refuse the year 1")
}

// relationTo gives the type of a relation and where it leads.
func relationTo(t require.TestingT, rels, id string) string {
	for _, r := range parsed(t, rels).all("Relationship") {
		if r.attrs["Id"] == id {
			return r.attrs["Type"] + " " + r.attrs["Target"]
		}
	}
	require.Fail(t, "there is no relation "+id)
	return ""
}

// The check finds what generators get wrong.
func TestUnsoundSlidesAreFound(t *testing.T) {
	for _, x := range []string{
		`<p:sp xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"><p:spPr/><p:nvSpPr/><p:txBody/></p:sp>`,
		`<a:r xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:rPr/></a:r>`,
		`<a:p xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:endParaRPr/><a:r><a:t/></a:r></a:p>`,
	} {
		f := &failing{}
		func() {
			defer func() { _ = recover() }()
			inSequence(f, "x", parsed(t, x))
		}()
		require.True(t, f.failed, x)
	}
}

type failing struct{ failed bool }

func (f *failing) Errorf(string, ...any) { f.failed = true }
func (f *failing) FailNow()              { panic("stop") }
