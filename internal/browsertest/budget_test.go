package browsertest

import (
	"path"
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

// heavy holds a page as it was just loaded to what it may weigh.
func (d *desk) heavy(t *testing.T, b *tab, p sheet) {
	w := ask[weight](t, b, weigh)
	t.Logf("HTML %d  CSS %d  JS %d  other %d bytes, first paint after %.0f ms", w.HTML, w.CSS, w.JS, w.Other, w.Paint)
	most := 20 * kilobyte
	if path.Dir(p.path) == "/plans" {
		most = 30 * kilobyte
	}
	if w.CSS > 8*kilobyte {
		t.Errorf("%d bytes of CSS, more than 8 KB", w.CSS)
	}
	if w.JS > most {
		t.Errorf("%d bytes of JavaScript, more than %d", w.JS, most)
	}
	if w.HTML > 80*kilobyte {
		t.Errorf("%d bytes of HTML, more than 80 KB", w.HTML)
	}
	if w.HTML == 0 || w.CSS == 0 {
		t.Error("nothing was weighed")
	}
	if w.Plain {
		t.Error("a style or script came uncompressed")
	}
}
