package browsertest

import (
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// slidesByKeys walks the slides as somebody does who stands in front of people: by
// keys, in place, back by the browser's own way, and accepts a year from a slide.
func (d *desk) slidesByKeys(t *testing.T) {
	b := d.tab(t, vpMail)
	b.size(t, 1440, 810)
	here := d.URL + "/plans/" + d.live.ID + "/present"
	require.Equal(t, http.StatusOK, b.open(t, here))
	b.do(t, chromedp.Evaluate(`window.same = true`, nil))
	at := func(slide, key string) {
		t.Helper()
		if key != "" {
			b.do(t, chromedp.KeyEvent(key))
		}
		require.Eventually(t, func() bool {
			return ask[string](t, b, `(document.querySelector(".slide footer span:last-child") || {}).textContent || ""`)[:1] == slide
		}, patience, 20*time.Millisecond, "slide %s after %q", slide, key)
		require.True(t, ask[bool](t, b, `window.same === true`), "no page was loaded: a browser leaves full screen when one is")
	}
	at("1", "")
	at("2", kb.ArrowRight)
	at("3", " ")
	at("2", kb.ArrowLeft)
	require.Contains(t, ask[string](t, b, `location.search`), "slide=2")
	at("1", kb.Home)
	b.do(t, chromedp.Evaluate(`history.back()`, nil))
	at("2", "")
	b.do(t, chromedp.KeyEvent(kb.End))
	require.Eventually(t, func() bool {
		return ask[bool](t, b, `(() => { const s = document.querySelector(".slide footer span:last-child").textContent.split(" / "); return s[0] === s[1] })()`)
	}, patience, 20*time.Millisecond)
	b.do(t, chromedp.KeyEvent("f"))
	require.Eventually(t, func() bool { return ask[bool](t, b, `!!document.querySelector("main.kiosk")`) }, patience, 20*time.Millisecond)
	require.Zero(t, ask[int](t, b, `document.querySelectorAll(".slide a").length`), "nothing leads away in front of an audience")
	small := ask[float64](t, b, `Math.min(...[...document.querySelectorAll(".slide *")].filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())).map(e => parseFloat(getComputedStyle(e).fontSize)))`)
	require.GreaterOrEqual(t, small, 18.0, "readable from four metres")

	require.Equal(t, http.StatusOK, b.open(t, here+"?slide=5&kiosk=1"))
	b.do(t, chromedp.Evaluate(`window.same = true`, nil))
	open := ask[int](t, b, `document.querySelectorAll(".years button").length`)
	require.Positive(t, open)
	b.do(t, chromedp.Click(".years button", chromedp.ByQuery, chromedp.NodeVisible))
	require.Eventually(t, func() bool { return ask[int](t, b, `document.querySelectorAll(".years button").length`) == open-1 }, patience, 20*time.Millisecond)
	at("5", "")
	require.True(t, ask[bool](t, b, `!!document.querySelector("main.kiosk")`), "and it comes back to the slide as it was shown")
}
