package browsertest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// focused describes what has the focus: its words, whether the focus can be
// seen, and whether something covers it.
const focused = `(() => {
	const e = document.activeElement;
	if (!e || e === document.body || e === document.documentElement) return {};
	const style = getComputedStyle(e), box = e.getBoundingClientRect();
	const at = document.elementFromPoint(Math.min(Math.max(box.left + box.width / 2, 1), innerWidth - 1), Math.min(Math.max(box.top + Math.min(box.height, 20) / 2, 1), innerHeight - 1));
	return {
		name: e.tagName.toLowerCase() + " " + (e.getAttribute("aria-label") || e.innerText || e.name || e.id || "").trim().slice(0, 60),
		id: e.id,
		// A field for a date or a time is several stops, and the browser draws its own ring around each.
		ring: e.matches("input[type=date], input[type=time]") || style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
		shown: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
		covered: !(at && (e === at || e.contains(at) || at.contains(e) || at.closest("label") && at.closest("label").contains(e))),
	};
})()`

type focus struct {
	Name, ID             string
	Ring, Shown, Covered bool
}

func (b *tab) press(t *testing.T, key string) focus {
	t.Helper()
	b.do(t, chromedp.KeyEvent(key))
	return ask[focus](t, b, focused)
}

// tabThrough walks a page by the tab key: first comes the way to the content,
// and wherever the focus is, it can be seen.
func (d *desk) tabThrough(t *testing.T, p sheet) {
	b := d.goTo(t, p)
	if !strings.HasPrefix(p.path, d.mail) { // few stops there, and nothing before the content
		first := b.press(t, kb.Tab)
		require.Contains(t, first.Name, "Skip", "the first stop leads to the content")
		require.True(t, first.Shown && first.Ring, "the skip link shows when it has the focus")
		b.do(t, chromedp.KeyEvent(kb.Enter))
		next := b.press(t, kb.Tab)
		require.True(t, ask[bool](t, b, `document.activeElement === document.body || document.querySelector("#main").contains(document.activeElement) ||
			!document.querySelector("#main").querySelector("a, button, input, select, textarea, summary, [tabindex='0']")`), "the skip link leads to the content, not to %s", next.Name)
	}
	seen := map[string]bool{}
	for i := 0; i < 25; i++ {
		f := b.press(t, kb.Tab)
		if f.Name == "" {
			return // the end of the page
		}
		where := fmt.Sprintf("stop %d, %s", i+1, f.Name)
		if !f.Ring {
			t.Errorf("%s: the focus cannot be seen", where)
		}
		if !f.Shown {
			t.Errorf("%s: the focus is outside of the screen", where)
		} else if f.Covered {
			t.Errorf("%s: something covers what has the focus", where)
		}
		seen[f.Name] = true
	}
	require.Greater(t, len(seen), 1, "the focus moves on")
}

// gridKeys walks the grid of the year by its keys.
func (d *desk) gridKeys(t *testing.T) {
	b := d.tab(t, vpMail)
	b.size(t, 1440, 900)
	require.Equal(t, http.StatusOK, b.open(t, d.URL+"/plans/"+d.live.ID))
	b.do(t, chromedp.WaitReady(`[data-grid] a.v[tabindex="0"]`, chromedp.ByQuery))
	require.Equal(t, 1, ask[int](t, b, `document.querySelectorAll("[data-grid] a.v:not([tabindex='-1'])").length`), "the grid is one stop")

	type place struct {
		Row, Column int
		Href        string
	}
	const at = `(() => { const e = document.activeElement, c = e.closest("[role=gridcell]"), r = e.closest("[role=row]");
		return c && r ? {row: +r.getAttribute("aria-rowindex"), column: +c.getAttribute("aria-colindex"), href: e.getAttribute("href")} : {} })()`
	walk := func(key string) place {
		b.do(t, chromedp.KeyEvent(key))
		f := ask[focus](t, b, focused)
		require.True(t, f.Ring && f.Shown && !f.Covered, "after %q the focus can be seen: %+v", key, f)
		return ask[place](t, b, at)
	}
	// Tab from the filter leads into the grid, and a second one out of it.
	b.do(t, chromedp.Focus(".tl-scroll, [data-grid] a.v[tabindex='0']", chromedp.ByQuery))
	b.do(t, chromedp.Focus("[data-grid] a.v[tabindex='0']", chromedp.ByQuery))
	start := ask[place](t, b, at)
	require.Equal(t, 3, start.Row, "the first visit of the first executive")
	right := walk(kb.ArrowRight)
	require.Equal(t, start.Row, right.Row)
	require.GreaterOrEqual(t, right.Column, start.Column)
	require.NotEqual(t, start.Href, right.Href)
	require.Equal(t, start, walk(kb.ArrowLeft))
	require.Equal(t, start, walk(kb.ArrowLeft), "there is nothing further left")
	end := walk(kb.End)
	require.Equal(t, start.Row, end.Row)
	require.Greater(t, end.Column, right.Column)
	require.Equal(t, end, walk(kb.ArrowRight), "there is nothing further right")
	require.Equal(t, start, walk(kb.Home))
	down := walk(kb.ArrowDown)
	require.Equal(t, start.Row+1, down.Row)
	require.Equal(t, start.Row, walk(kb.ArrowUp).Row)
	require.Equal(t, start.Row+10, walk(kb.PageDown).Row)
	last := walk(kb.End)
	b.do(t, chromedp.KeyEvent(kb.Tab))
	require.Empty(t, ask[place](t, b, at), "one more tab leads out of the grid")
	require.Equal(t, 1, ask[int](t, b, `document.querySelectorAll("[data-grid] a.v:not([tabindex='-1'])").length`))
	b.do(t, chromedp.Focus(`[data-grid] a.v[tabindex="0"]`, chromedp.ByQuery))
	require.Equal(t, last, ask[place](t, b, at), "the grid remembers where one was")
	label := ask[string](t, b, `document.activeElement.getAttribute("aria-label")`)
	b.do(t, chromedp.KeyEvent(kb.Enter), chromedp.WaitReady("#drawer", chromedp.ByQuery))
	require.Equal(t, "drawer", ask[string](t, b, `document.activeElement.id`), "Enter opens the visit beside the grid")
	require.Equal(t, strings.TrimPrefix(last.Href, "?"), strings.TrimPrefix(ask[string](t, b, `location.search`), "?"), "the drawer is an address")
	require.Contains(t, label, ask[string](t, b, `document.querySelector("#drawer-name a").innerText`))
	b.do(t, chromedp.KeyEvent(kb.Escape))
	require.Equal(t, last, ask[place](t, b, at), "Escape leads back to the visit")
	require.Empty(t, ask[string](t, b, `location.search`))
}

// errorFocus checks that a form's problems are met first, and lead to the field.
func (d *desk) errorFocus(t *testing.T, p sheet) {
	b := d.goTo(t, p)
	require.Equal(t, "problem", ask[string](t, b, `document.activeElement.getAttribute("aria-labelledby")`), "the summary has the focus")
	f := b.press(t, kb.Tab)
	require.True(t, strings.HasPrefix(f.Name, "a "), "the first stop is the first problem's link: %s", f.Name)
	target := ask[string](t, b, `document.activeElement.getAttribute("href")`)
	// By click: the debugger's Enter would also reach the field and send its form.
	ask[any](t, b, `document.activeElement.click()`)
	require.True(t, ask[bool](t, b, `new Promise((done) => { let n = 0; (function look() {
		const there = document.querySelector("`+target+`").contains(document.activeElement);
		if (there || ++n > 100) done(there); else setTimeout(look, 20);
	})() })`), "it leads to %s", target)
}
