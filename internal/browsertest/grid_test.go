package browsertest

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/testkit"
	"windshield/internal/visit"
)

// movingByHand moves, swaps, pins and takes back visits of a draft as a VP does:
// by keys, by drag, while somebody else does the same, and without scripts.
func (d *desk) movingByHand(t *testing.T) {
	b := d.tab(t, vpMail)
	b.size(t, 1440, 900)
	b.scripts(t, true)
	address := d.URL + "/plans/" + d.fresh.ID
	load := func(t *testing.T) {
		t.Helper()
		require.Equal(t, http.StatusOK, b.open(t, address))
		b.do(t, chromedp.WaitReady(`[data-grid] a.v[tabindex="0"]`, chromedp.ByQuery))
	}
	load(t)
	v := d.movable(t)
	chip := `document.querySelector('[data-grid] a.v[href="?visit=` + v.Label + `"]')`
	said := func(t *testing.T, words string) string {
		t.Helper()
		b.do(t, chromedp.Poll(`document.querySelector("[data-say]").textContent.includes("`+words+`")`, nil))
		return ask[string](t, b, `document.querySelector("[data-say]").textContent`)
	}
	press := func(keys ...string) {
		for _, k := range keys {
			b.do(t, chromedp.KeyEvent(k))
		}
	}
	// aim presses an arrow until the place can be.
	aim := func(t *testing.T, key string) {
		t.Helper()
		for range 40 {
			press(key)
			if ask[bool](t, b, `!!document.querySelector(".aim:not(.no)")`) {
				return
			}
		}
		require.Fail(t, "no week is possible")
	}
	first := v.Spot()
	spot := func(t *testing.T) visit.Spot { t.Helper(); return d.now(t, v).Spot() }

	t.Run("keys", func(t *testing.T) {
		ask[any](t, b, chip+`.focus()`)
		press("m")
		said(t, "Arrows choose the week")
		b.do(t, chromedp.WaitReady(".cannot", chromedp.ByQuery)) // the verdict is on the grid
		aim(t, kb.ArrowRight)
		require.Regexp(t, `costs|saves`, said(t, "point"))
		press(kb.Escape)
		said(t, "stays where it is")
		require.Equal(t, first, spot(t))
		press("m")
		b.do(t, chromedp.WaitReady(".cannot", chromedp.ByQuery))
		aim(t, kb.ArrowRight)
		press(kb.Enter)
		require.Contains(t, said(t, "Last change"), "ost ") // the price after it
		require.NotEqual(t, first, spot(t))
		require.True(t, ask[bool](t, b, `document.activeElement === `+chip), "the focus goes with the visit")
		press("u")
		said(t, d.customerName(t, v))
		b.do(t, chromedp.WaitReady("form[data-redo]", chromedp.ByQuery))
		require.Equal(t, first, spot(t), "taken back")

		press("p")
		said(t, "is pinned: it stays")
		press("m")
		said(t, "Press P to take the pin away")
		press("p")
		said(t, "no longer pinned")

		press("s")
		said(t, "Enter swaps")
		press(kb.Escape)
		said(t, "Nothing is swapped")
		press("x")
		said(t, "1 visit taken")
		press(kb.Escape)
		said(t, "No visits taken")
	})
	t.Run("drag", func(t *testing.T) {
		type point struct{ X, Y, Name, Cell float64 }
		at := ask[point](t, b, `(() => { `+chip+`.scrollIntoView({block: "center", inline: "center"}); const r = `+chip+`.getBoundingClientRect();
			return {x: r.left + r.width / 2, y: r.top + r.height / 2} })()`)
		mouse := func(kind input.MouseType, x, y float64) {
			e := input.DispatchMouseEvent(kind, x, y).WithButton(input.Left).WithButtons(1)
			if kind != input.MouseMoved {
				e = e.WithClickCount(1)
			}
			b.do(t, e)
		}
		drag := func(end func()) {
			mouse(input.MousePressed, at.X, at.Y)
			mouse(input.MouseMoved, at.X+12, at.Y)
			b.do(t, chromedp.WaitReady(".v.ghost", chromedp.ByQuery), chromedp.WaitReady(".cannot", chromedp.ByQuery))
			end()
		}
		drag(func() { press(kb.Escape) })
		said(t, "stays where it is")
		mouse(input.MouseReleased, at.X+12, at.Y)
		require.Equal(t, first, spot(t), "Escape lets go")
		// To the first week that is not hatched and holds no visit.
		drag(func() {
			for x := at.X - 24; x > at.X-24*14; x -= 24 {
				mouse(input.MouseMoved, x, at.Y)
				b.do(t, chromedp.Poll(`new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`, nil))
				if ask[bool](t, b, `!!document.querySelector(".aim:not(.no)")`) {
					mouse(input.MouseReleased, x, at.Y)
					return
				}
			}
			require.Fail(t, "nowhere to drop")
		})
		said(t, "Last change")
		require.NotEqual(t, first, spot(t))
		require.Empty(t, ask[string](t, b, `location.search`), "a drag is no click")
		press("u")
		b.do(t, chromedp.WaitReady("form[data-redo]", chromedp.ByQuery))
	})
	t.Run("several", func(t *testing.T) {
		load(t)
		ask[any](t, b, chip+`.focus()`)
		press("x")
		said(t, "1 visit taken")
		b.do(t, chromedp.KeyEvent(kb.ArrowRight, chromedp.KeyModifiers(input.ModifierShift)))
		said(t, "2 visits taken")
		for by := 1; ; by++ {
			require.Less(t, by, 30, "there is a week for both")
			b.do(t, chromedp.KeyEvent(kb.ArrowRight, chromedp.KeyModifiers(input.ModifierAlt)))
			b.do(t, chromedp.Poll(`/^`+strconv.Itoa(by)+` weeks? on: .*fit/.test(document.querySelector("[data-say]").textContent)`, nil))
			require.Equal(t, first, spot(t), "a verdict moves nothing")
			if strings.Contains(said(t, "fit"), "All 2 fit") {
				require.Equal(t, 2, ask[int](t, b, `document.querySelectorAll(".aim:not(.no)").length`))
				press(kb.Enter)
				require.Contains(t, said(t, "Last change"), "ost ") // the price after it
				require.Equal(t, first.Slot.Date.Add(7*by), spot(t).Slot.Date)
				break
			}
			require.Regexp(t, `[01] of 2 fit`, said(t, "fit"))
		}
		press("u")
		b.do(t, chromedp.WaitReady("form[data-redo]", chromedp.ByQuery))
		require.Equal(t, first, spot(t), "both are back")
	})
	t.Run("somebody is faster", func(t *testing.T) {
		load(t)
		ask[any](t, b, chip+`.focus()`)
		press("m")
		b.do(t, chromedp.WaitReady(".cannot", chromedp.ByQuery))
		aim(t, kb.ArrowRight)
		now := d.now(t, v)
		other := d.elsewhere(t, now, 2)
		_, err := d.Flow.Move(context.Background(), testkit.System, flow.Key{}, d.fresh.ID, flow.Move{Visits: []flow.SeenVisit{asSeen(now)}, To: &other.To})
		require.NoError(t, err)
		b.forget()
		press(kb.Enter)
		b.do(t, chromedp.WaitReady("#stale", chromedp.ByQuery))
		text := ask[string](t, b, `document.querySelector("#plan-notes").innerText`)
		for _, want := range []string{"Somebody was faster", "You wanted", "What stands now", "Nothing was changed"} {
			require.Contains(t, text, want)
		}
		require.Empty(t, b.audit(t))
		before := spot(t)
		ask[any](t, b, `document.querySelector("#plan-notes form").requestSubmit()`)
		said(t, "Last change")
		require.NotEqual(t, before, spot(t), "mine is taken")
	})
	t.Run("without scripts", func(t *testing.T) {
		plain := newTab(t, d.browser)
		plain.size(t, 1440, 900)
		plain.scripts(t, false)
		d.enter(t, plain, vpMail)
		now := d.now(t, v)
		to := d.elsewhere(t, now, 0)
		require.Equal(t, http.StatusOK, plain.open(t, address+"?visit="+v.Label))
		require.Contains(t, plain.text(t), "Why here")
		require.Equal(t, http.StatusOK, plain.send(t, `#drawer a[href*="do=move"]`))
		plain.do(t, chromedp.SetValue("#f-executive", to.To.Executive, chromedp.ByQuery), chromedp.SetValue("#f-date", to.To.Date.String(), chromedp.ByQuery), chromedp.SetValue("#f-half", string(to.To.Half), chromedp.ByQuery))
		require.Equal(t, http.StatusOK, plain.send(t, `#drawer form[method=get] button`))
		require.Contains(t, plain.text(t), "It can go there.")
		require.Equal(t, http.StatusOK, plain.send(t, `#drawer .btn.go`))
		require.Equal(t, to.To.Date, d.now(t, v).Slot.Date)
		require.Contains(t, plain.text(t), "Undo my last change")
		require.Equal(t, http.StatusOK, plain.send(t, `form[data-undo] button`))
		require.Equal(t, now.Spot(), d.now(t, v).Spot())
		require.Equal(t, http.StatusOK, plain.send(t, `#drawer a[href*="do=swap"]`))
		require.Contains(t, plain.text(t), "Swap with")
	})
}

func asSeen(v visit.Visit) flow.SeenVisit {
	return flow.SeenVisit{Visit: v.Label, Executive: v.ExecutiveID, Date: v.Slot.Date, Half: v.Slot.Half}
}

// movable gives a visit of the draft that has somewhere else to go.
func (d *desk) movable(t *testing.T) visit.Visit {
	t.Helper()
	rows, _, err := d.Flow.Visits(context.Background(), testkit.System, flow.VisitQuery{PlanID: d.fresh.ID, States: []visit.State{visit.Proposed}})
	require.NoError(t, err)
	for _, r := range rows {
		if v := r.Visit; v.Slot.Date.Month() >= 6 && v.Slot.Date.Month() <= 9 && !v.Pinned {
			if x, err := d.Flow.PlaceOf(context.Background(), testkit.System, d.fresh.ID, v.Label, false); err == nil && x.MayMove && len(x.Best) > 2 {
				return v
			}
		}
	}
	require.Fail(t, "no visit can move")
	return visit.Visit{}
}

func (d *desk) now(t *testing.T, v visit.Visit) visit.Visit {
	t.Helper()
	now, err := d.Flow.Visit(context.Background(), testkit.System, v.ID)
	require.NoError(t, err)
	return now.Visit
}

func (d *desk) customerName(t *testing.T, v visit.Visit) string {
	t.Helper()
	now, err := d.Flow.Visit(context.Background(), testkit.System, v.ID)
	require.NoError(t, err)
	return strings.Split(now.Customer.Name, "\"")[0]
}

// elsewhere gives the n-th best other place of a visit.
func (d *desk) elsewhere(t *testing.T, v visit.Visit, n int) flow.Option {
	t.Helper()
	x, err := d.Flow.PlaceOf(context.Background(), testkit.System, v.PlanID, v.Label, false)
	require.NoError(t, err)
	require.Greater(t, len(x.Best), n)
	return x.Best[n]
}
