package browsertest

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/roster"
)

// groupsThatOpen works on the plan of a company that has grown: its rows are in groups
// that open by keys, by a visit that goes there, and without scripts.
func (d *desk) groupsThatOpen(t *testing.T) {
	require.NoError(t, d.App.Store.Write(context.Background(), func(tx flow.Tx) error {
		var more []*roster.Person
		for i := range 210 {
			p := d.people[execMail]
			p.ID, p.Key, p.Name, p.Email, p.Version = fmt.Sprintf("more-%03d", i), fmt.Sprintf("more-%03d", i), fmt.Sprintf("Newcomer %03d", i), fmt.Sprintf("more%d@newcomers.example", i), 0
			p.Office.Country = []string{"ZA", "ZM"}[i%2]
			more = append(more, &p)
		}
		return tx.People.Save(more...)
	}))
	b := d.tab(t, vpMail)
	b.size(t, 1440, 900)
	b.scripts(t, true)
	address := d.URL + "/plans/" + d.fresh.ID
	const (
		stop  = `[data-grid] [data-section][tabindex="0"]`
		open  = `document.querySelectorAll("[data-grid] [data-section][aria-expanded=true]").length`
		chips = `document.querySelectorAll("[data-grid] a.v").length`
		words = `document.activeElement.innerText.replace(/[▸▾]/g, "").trim()`
	)
	press := func(keys ...string) {
		for _, k := range keys {
			b.do(t, chromedp.KeyEvent(k))
		}
	}
	until := func(what string) {
		t.Helper()
		b.do(t, chromedp.Poll(what, nil))
	}
	b.forget()
	require.Equal(t, http.StatusOK, b.open(t, address))
	b.do(t, chromedp.WaitReady(stop, chromedp.ByQuery))
	require.Zero(t, ask[int](t, b, chips))
	require.Equal(t, 1, ask[int](t, b, `document.querySelectorAll("[data-grid] [data-section]:not([tabindex='-1'])").length`), "the grid is one stop")
	require.Empty(t, b.audit(t))

	b.do(t, chromedp.Focus(stop, chromedp.ByQuery))
	first := ask[string](t, b, words)
	press(kb.ArrowDown)
	require.NotEqual(t, first, ask[string](t, b, words), "the arrows go from group to group")
	press(kb.ArrowUp, kb.Enter)
	until(open + " === 1")
	require.Equal(t, first, ask[string](t, b, words), "who has opened a group stays on its heading")
	require.Contains(t, ask[string](t, b, `location.search`), "open=")
	require.Positive(t, ask[int](t, b, chips))
	f := ask[focus](t, b, focused)
	require.True(t, f.Ring && f.Shown && !f.Covered, "the focus can be seen: %+v", f)
	require.Empty(t, b.audit(t))
	press(kb.ArrowDown)
	require.True(t, ask[bool](t, b, `document.activeElement.matches("a.v")`), "the next stop is a visit of the group")
	press(kb.ArrowUp, kb.ArrowLeft)
	until(open + " === 0")
	require.Zero(t, ask[int](t, b, chips))
	require.Empty(t, ask[string](t, b, `location.search`))
	press(kb.ArrowRight)
	until(open + " === 1")
	shown := ask[int](t, b, chips)
	b.do(t, chromedp.Reload(), chromedp.WaitReady(stop, chromedp.ByQuery))
	require.Equal(t, shown, ask[int](t, b, chips), "the address keeps what is open")

	// The group of the visit that is looked at is open; one to which it is moved opens.
	v := d.movable(t)
	require.Equal(t, http.StatusOK, b.open(t, address+"?visit="+v.Label))
	b.do(t, chromedp.WaitReady("#drawer", chromedp.ByQuery))
	require.Equal(t, 1, ask[int](t, b, open))
	chip := `document.querySelector('[data-grid] a.v[href*="visit=` + v.Label + `"]')`
	ask[any](t, b, chip+`.focus()`)
	press("m")
	b.do(t, chromedp.WaitReady(".cannot", chromedp.ByQuery))
	for range 60 {
		press(kb.ArrowDown)
		b.do(t, chromedp.Poll(`!document.querySelector("[aria-busy]")`, nil))
		if ask[int](t, b, open) > 1 {
			break
		}
	}
	require.Equal(t, 2, ask[int](t, b, open), "the next group has opened")
	until(`!!document.querySelector(".aim")`)
	require.True(t, ask[bool](t, b, `(() => { const at = document.querySelector(".aim").closest("[role=row]"); return at.querySelectorAll(".cannot").length > 0 || !!at.dataset.row })()`))
	require.True(t, ask[bool](t, b, `document.activeElement === `+chip), "the visit keeps the focus")
	require.True(t, ask[bool](t, b, `!!document.querySelector("#drawer")`), "and what is beside the grid stays")
	press(kb.Escape)
	until(`document.querySelector("[data-say]").textContent.includes("stays where it is")`)
	require.Empty(t, b.wrong())

	plain := newTab(t, d.browser)
	plain.size(t, 390, 844)
	plain.scripts(t, false)
	d.enter(t, plain, vpMail)
	require.Equal(t, http.StatusOK, plain.open(t, address))
	before := strings.Count(plain.text(t), "Newcomer")
	require.Equal(t, http.StatusOK, plain.send(t, `#plan-list li:last-child [data-section]`))
	require.Greater(t, strings.Count(plain.text(t), "Newcomer"), before+50, "a link opens a group")
}
