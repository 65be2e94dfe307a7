package browsertest

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"windshield/internal/testkit"
	"windshield/internal/visit"
)

// badNetwork writes a debrief while the network is away, loads the page anew, and sends
// it once the network is back: nothing is lost and nothing is there twice.
func (d *desk) badNetwork(t *testing.T) {
	ctx := context.Background()
	p := sheet{name: "debrief", who: d.host.Email, path: "/visits/" + d.begun.Visit.ID + "/debrief", has: "One thing they said"}
	write := func(b *tab, selector, text string) {
		ask[any](t, b, fmt.Sprintf(`(() => { const f = document.querySelector(%q); f.value = %q; f.dispatchEvent(new Event("input", {bubbles: true})); })()`, selector, text))
	}
	says := func(b *tab, text string) {
		require.True(t, ask[bool](t, b, fmt.Sprintf(`new Promise((done) => { let n = 0; const look = () => {
			if (document.querySelector("[data-saved]").textContent.includes(%q)) done(true); else if (n++ > 200) done(false); else setTimeout(look, 50) }; look() })`, text)), "%s", ask[string](t, b, `document.querySelector("[data-saved]").textContent`))
	}
	b := d.goTo(t, p)
	ask[any](t, b, `window.fetch = () => Promise.reject(new Error("away"))`)
	write(b, "#f-statement_1_text", "Written in a lift")
	says(b, "kept on this device")
	require.Equal(t, http.StatusOK, b.open(t, d.URL+p.path)) // the phone went to sleep, and the network is back
	require.Equal(t, "Written in a lift", ask[string](t, b, `document.querySelector("#f-statement_1_text").value`))
	says(b, "Draft saved.")

	// The answer to a save is lost after the server has written it.
	ask[any](t, b, `{ const real = window.fetch; window.fetch = (...a) => real(...a).then(() => { window.fetch = real; throw new Error("lost") }) }`)
	write(b, "#f-next_action", "They invite us")
	says(b, "kept on this device")
	says(b, "Draft saved.")
	kept, err := d.Flow.Debrief(ctx, testkit.System, d.begun.Visit.ID)
	require.NoError(t, err)
	require.Len(t, kept.Kept.Said, 1)
	require.Equal(t, []string{"Written in a lift", "They invite us"}, []string{kept.Kept.Said[0].Text, kept.Kept.NextAction})

	ask[any](t, b, `for (const s of ["ours", "theirs"]) document.querySelector("[name=" + s + "][value=yes]").click()`)
	write(b, "#f-next_by", d.begun.Visit.Slot.Date.Add(20).String())
	write(b, "#f-statement_1_by", "Ms Li")
	b.do(t, chromedp.WaitReady("main form .btn.go", chromedp.ByQuery))
	require.Equal(t, http.StatusOK, b.send(t, "main form .btn.go"))
	require.Contains(t, b.text(t), "What came of it")
	require.Equal(t, 0, ask[int](t, b, `Object.keys(localStorage).length`), "what the server has does not stay on the device")
	now, err := d.Flow.Visit(ctx, testkit.System, d.begun.Visit.ID)
	require.NoError(t, err)
	require.Equal(t, visit.Debriefed, now.Visit.State)
}
