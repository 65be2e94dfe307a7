package browsertest

import (
	"path"
	"strings"
	"testing"
)

const kilobyte = 1024

// weight is what a page cost to load, in bytes as they went over the wire.
type weight struct {
	HTML, CSS, JS, Other int
	Paint                float64 // of the first contents, in milliseconds after the start
	Plain                bool    // something came uncompressed
}

const weigh = `(async () => {
	// The first paint is told later than the page is loaded, and not at all where nobody sees the window.
	await new Promise((done) => { new PerformanceObserver(done).observe({type: "paint", buffered: true}); setTimeout(done, 300) });
	const w = {html: performance.getEntriesByType("navigation")[0].encodedBodySize, css: 0, js: 0, other: 0, plain: false,
		paint: (performance.getEntriesByName("first-contentful-paint")[0] || {startTime: 0}).startTime};
	for (const r of performance.getEntriesByType("resource")) {
		const kind = r.name.endsWith(".css") ? "css" : r.name.endsWith(".js") ? "js" : "other";
		w[kind] += r.encodedBodySize;
		if (kind !== "other" && r.decodedBodySize > 1400 && r.encodedBodySize >= r.decodedBodySize) w.plain = true;
	}
	return w;
})()`

// budgets holds every page of Windshield to what it may weigh.
func (d *desk) budgets(t *testing.T) {
	for _, p := range d.sheets() {
		if !strings.HasPrefix(p.path, "/") || p.act != nil {
			continue
		}
		b := d.goTo(t, p)
		w := ask[weight](t, b, weigh)
		t.Logf("%-36s HTML %6d  CSS %5d  JS %5d  other %5d  first paint %4.0f ms", p.name, w.HTML, w.CSS, w.JS, w.Other, w.Paint)
		most := 20 * kilobyte
		if path.Dir(p.path) == "/plans" {
			most = 30 * kilobyte
		}
		if w.CSS > 8*kilobyte {
			t.Errorf("%s: %d bytes of CSS, more than 8 KB", p.name, w.CSS)
		}
		if w.JS > most {
			t.Errorf("%s: %d bytes of JavaScript, more than %d", p.name, w.JS, most)
		}
		if w.HTML > 80*kilobyte {
			t.Errorf("%s: %d bytes of HTML, more than 80 KB", p.name, w.HTML)
		}
		if w.HTML == 0 || w.CSS == 0 {
			t.Errorf("%s: nothing was weighed", p.name)
		}
		if w.Plain {
			t.Errorf("%s: a style or script came uncompressed", p.name)
		}
	}
}
