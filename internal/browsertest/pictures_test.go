//go:build pictures

package browsertest

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
)

// TestPictures takes the pictures of the README into the folder that
// WINDSHIELD_PICTURES names. Where WINDSHIELD_EVERY_PICTURE names another
// folder, every page goes there as well, whole, light and dark, on a desk and on
// a phone: to look for what annoys.
func TestPictures(t *testing.T) {
	folder := os.Getenv("WINDSHIELD_PICTURES")
	require.NotEmpty(t, folder, "say where the pictures go: WINDSHIELD_PICTURES=docs/pictures")
	d := &desk{t: t, stage: setStage(t, flow.PlanInput{Seconds: 15, Seed: 1}), browser: openBrowser(t), tabs: map[string]*tab{}}
	pages := map[string]sheet{}
	for _, p := range d.sheets() {
		pages[p.name] = p
	}
	for _, x := range []struct {
		file, page string
		from       string // what is at the top of the picture; "" the page's beginning
		width      int64
	}{
		{"plan", "plan, a visit beside it", "", 1440}, {"slides", "slides", "", 1440}, {"todo", "to do", "", 1440}, {"promise", "promise", "", 1440}, {"coverage", "coverage, a year", "", 1440}, {"me", "my visits", "", 390},
		{"visit", "my visit", "", 1440}, {"proof", "selection, proof", "", 1440}, {"why", "why a visit", "", 1440}, {"import", "import, problems", "", 1440}, {"calendar", "calendars", "", 1440},
		{"forecast", "publish, forecast", "", 1440}, {"brief", "brief", "", 1440}, {"debrief", "debrief", "", 390}, {"claim", "claim", "", 1440},
	} {
		p, found := pages[x.page]
		require.True(t, found, x.page)
		b := d.goTo(t, p)
		b.size(t, x.width, 900)
		if x.from != "" {
			ask[any](t, b, `document.querySelector("`+x.from+`").scrollIntoView()`)
		}
		var shot []byte
		b.do(t, chromedp.CaptureScreenshot(&shot))
		d.keep(t, filepath.Join(folder, x.file+".png"), shot)
	}
	if folder := os.Getenv("WINDSHIELD_EVERY_PICTURE"); folder != "" {
		d.everyPage(t, folder)
	}
}

// keep writes a picture as small as can be: pages have few colours, so 256 are
// enough for the eye.
func (d *desk) keep(t *testing.T, file string, shot []byte) {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(shot))
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, few(picture)))
	require.Less(t, b.Len(), 200*kilobyte, "%s is too large for a README", file)
	require.NoError(t, os.WriteFile(file, b.Bytes(), 0o644))
}

// few paints a picture in its 256 most frequent colours, each pixel in the one
// that is nearest.
func few(picture image.Image) image.Image {
	frequent := map[color.RGBA]int{}
	size := picture.Bounds()
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			frequent[color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(frequent), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(frequent[b], frequent[a]), cmp.Compare(int(a.R)<<16|int(a.G)<<8|int(a.B), int(b.R)<<16|int(b.G)<<8|int(b.B)))
	})
	var palette color.Palette
	for _, c := range colours[:min(256, len(colours))] {
		palette = append(palette, c)
	}
	nearest := map[color.RGBA]uint8{}
	for _, c := range colours {
		nearest[c] = uint8(palette.Index(c))
	}
	out := image.NewPaletted(size, palette)
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			out.SetColorIndex(x, y, nearest[color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)])
		}
	}
	return out
}

func (d *desk) everyPage(t *testing.T, folder string) {
	require.NoError(t, os.MkdirAll(folder, 0o755))
	for _, p := range d.sheets() {
		b := d.goTo(t, p)
		for name, look := range map[string]struct {
			width  int64
			scheme string
		}{"desk": {1440, "light"}, "desk dark": {1440, "dark"}, "phone": {390, "light"}, "phone dark": {390, "dark"}} {
			b.size(t, look.width, 900)
			b.scheme(t, look.scheme)
			var shot []byte
			b.do(t, chromedp.FullScreenshot(&shot, 100))
			require.NoError(t, os.WriteFile(filepath.Join(folder, p.name+", "+name+".png"), shot, 0o644))
		}
	}
}
