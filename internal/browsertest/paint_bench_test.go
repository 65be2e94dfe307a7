package browsertest

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"windshield/internal/testkit"
)

// BenchmarkPaint gives what a reader of the big pages waits for in a real browser, as
// fast as this machine is and with a processor four times slower: first and largest
// contentful paint, layout shift, blocking time (the parts of long tasks beyond 50 ms),
// and for the plan of 200 executives how it scrolls and answers to a key. Budgets: first
// paint 0.8 s and 1.5 s, blocking 200 ms, shift 0.1, 95 of 100 frames under 25 ms.
func BenchmarkPaint(b *testing.B) {
	h := testkit.New(b, testkit.SQLite)
	l := h.Large(testkit.Size{Customers: 20_000, Executives: 200, Years: 2, Visits: 12, Claims: 20})
	browser := openBrowser(b)
	for _, p := range []struct{ name, who, path string }{
		{"plan", testkit.VP, "/plans/" + l.Plan}, {"coverage", testkit.CEO, "/coverage"}, {"my visits", l.Executive, "/me"}, {"to do", l.Host, "/todo"}, {"claims", testkit.VP, "/claims"},
	} {
		for name, rate := range map[string]float64{"": 1, ", slow": 4} {
			b.Run(p.name+name, func(b *testing.B) {
				tab := newTab(b, browser)
				tab.size(b, 1440, 900)
				tab.lend(b, h, p.who)
				tab.do(b, emulation.SetCPUThrottlingRate(rate), chromedp.ActionFunc(observe))
				for b.Loop() {
					require.Equal(b, http.StatusOK, tab.open(b, h.URL+p.path))
				}
				for what, value := range ask[map[string]float64](b, tab, paints) {
					b.ReportMetric(value, what)
				}
				if p.name == "plan" {
					for what, value := range ask[map[string]float64](b, tab, scrolls) {
						b.ReportMetric(value, what)
					}
				}
			})
		}
	}
}

// lend gives the tab the session of somebody who is signed in.
func (b *tab) lend(t testing.TB, h *testkit.House, who string) {
	t.Helper()
	jar, ok := h.As(who).Jar.(*cookiejar.Jar)
	require.True(t, ok)
	at, err := url.Parse(h.URL)
	require.NoError(t, err)
	for _, c := range jar.Cookies(at) {
		b.do(t, network.SetCookie(c.Name, c.Value).WithURL(h.URL))
	}
}

// watch sees long tasks, paints and shifts from the first moment of every page.
const watch = `window.__seen = {lcp: 0, cls: 0, blocking: 0};
	new PerformanceObserver(l => { for (const e of l.getEntries()) __seen.lcp = e.startTime }).observe({type: "largest-contentful-paint", buffered: true});
	new PerformanceObserver(l => { for (const e of l.getEntries()) if (!e.hadRecentInput) __seen.cls += e.value }).observe({type: "layout-shift", buffered: true});
	new PerformanceObserver(l => { for (const e of l.getEntries()) __seen.blocking += Math.max(0, e.duration - 50) }).observe({type: "longtask", buffered: true});`

func observe(ctx context.Context) error {
	_, err := page.AddScriptToEvaluateOnNewDocument(watch).Do(ctx)
	return err
}

const paints = `new Promise(done => setTimeout(() => done({
	"fcp-ms": (performance.getEntriesByName("first-contentful-paint")[0] || {startTime: 0}).startTime,
	"lcp-ms": __seen.lcp, "blocking-ms": __seen.blocking, "shift": __seen.cls}), 1500))`

// scrolls takes 110 frames of scrolling sideways and down, then a key.
const scrolls = `(async () => {
	const at = document.querySelector(".tl-scroll"), frame = () => new Promise(requestAnimationFrame), took = [];
	let last = await frame();
	for (let i = 0; i < 110; i++) {
		at.scrollLeft += 12; at.scrollTop += 30;
		const now = await frame();
		took.push(now - last);
		last = now;
	}
	took.sort((a, b) => a - b);
	const grid = document.querySelector("[data-grid]"), cell = grid.querySelector('[tabindex="0"]');
	cell.focus();
	const began = performance.now();
	for (let i = 0; i < 10; i++) {
		document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight", bubbles: true}));
		await frame();
	}
	return {"p95-frame-ms": took[104], "slow-frames": took.filter(x => x > 25).length, "key-ms": (performance.now() - began) / 10};
})()`
