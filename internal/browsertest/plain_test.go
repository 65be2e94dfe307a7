package browsertest

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/sampling"
	"windshield/internal/testkit"
	"windshield/internal/visit"
)

// withoutScripts does the main job in a browser that runs no script.
func (d *desk) withoutScripts(t *testing.T) {
	plain := func(t *testing.T) *tab {
		b := newTab(t, d.browser)
		b.size(t, 1440, 900)
		b.scripts(t, false)
		return b
	}
	b := plain(t)
	t.Run("sign in by the mailed link", func(t *testing.T) {
		require.Equal(t, http.StatusOK, b.open(t, d.URL+"/plans"))
		require.False(t, ask[bool](t, b, `"sent" in document.forms[0].dataset`))
		b.do(t, chromedp.SetValue("#f-email", vpMail, chromedp.ByQuery))
		before := len(d.Mail.To(vpMail))
		require.Equal(t, http.StatusOK, b.send(t, "main form button"))
		require.Contains(t, b.text(t), "Check your mail")
		d.Settle()
		mails := d.Mail.To(vpMail)
		require.Greater(t, len(mails), before)
		link := testkit.SignInLink(mails[len(mails)-1])
		require.Equal(t, http.StatusOK, b.open(t, link))
		require.Equal(t, http.StatusOK, b.send(t, "main form button"))
		require.Equal(t, "/plans", ask[string](t, b, `location.pathname`), "to where one wanted to go")
		again := plain(t)
		require.Equal(t, http.StatusOK, again.open(t, link))
		require.Equal(t, http.StatusUnprocessableEntity, again.send(t, "main form button"), "a link works once")
		require.Contains(t, again.text(t), "no longer good")
	})
	t.Run("read the plan", func(t *testing.T) {
		require.Equal(t, http.StatusOK, b.open(t, d.URL+"/plans/"+d.draft.ID))
		// Without the script every visit is a stop of its own.
		require.Zero(t, ask[int](t, b, `document.querySelectorAll("[data-grid] a.v[tabindex]").length`))
		b.do(t, chromedp.SetValue("#f-q", "Chief Technology", chromedp.ByQuery))
		require.Equal(t, http.StatusOK, b.send(t, `main form.row[method="get"] button`))
		require.Equal(t, 1, ask[int](t, b, `document.querySelectorAll("[data-grid] [role=row]:nth-child(n+3)").length`))
	})
	t.Run("import a file", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "hosts.csv")
		require.NoError(t, os.WriteFile(file, []byte("key,name,email,city,state,country\nhost-plain,Account manager Plain,plain@northlight.example,Denver,CO,US\n"), 0o600))
		require.Equal(t, http.StatusOK, b.open(t, d.URL+"/imports/new?kind=hosts"))
		b.do(t, chromedp.SetUploadFiles("#f-file", []string{file}, chromedp.ByQuery))
		require.Equal(t, http.StatusOK, b.send(t, "main form button"))
		require.Contains(t, b.text(t), "Which column is what?")
		require.Equal(t, http.StatusOK, b.send(t, "main form button"))
		require.Contains(t, b.text(t), "What would happen")
		require.Equal(t, http.StatusOK, b.send(t, "main .btn.go"))
		require.Equal(t, http.StatusOK, b.send(t, "main form button"))
		require.Contains(t, b.text(t), "The rows are written.")
	})
	t.Run("answer a visit", func(t *testing.T) {
		e := plain(t)
		d.enter(t, e, execMail)
		require.Equal(t, http.StatusOK, e.open(t, d.URL+"/visits/"+d.open.Visit.ID))
		require.Equal(t, http.StatusOK, e.send(t, "main .btn.go"))
		require.Contains(t, e.text(t), "You accepted this visit.")
		require.Equal(t, http.StatusOK, e.open(t, d.URL+"/visits/"+d.open.Visit.ID+"/instead"))
		e.do(t, chromedp.SetValue("#f-d-reason", "The head of security goes instead.", chromedp.ByQuery))
		require.Equal(t, http.StatusOK, e.send(t, ".btn.no"))
		require.Contains(t, e.text(t), "You declined this visit.")
		v, err := d.Flow.Visit(context.Background(), testkit.System, d.open.Visit.ID)
		require.NoError(t, err)
		require.Equal(t, visit.Declined, v.Visit.State)
		require.Equal(t, "The head of security goes instead.", v.Visit.AnswerNote)
	})
	t.Run("record an outcome", func(t *testing.T) {
		h := plain(t)
		d.enter(t, h, d.host.Email)
		require.Equal(t, http.StatusOK, h.open(t, d.URL+"/visits/"+d.begun.Visit.ID))
		h.do(t, chromedp.Click(`input[name="held"][value="yes"]`, chromedp.ByQuery))
		require.Equal(t, http.StatusOK, h.send(t, `form[action$="/outcome"] button`))
		require.Contains(t, h.text(t), "It is noted that the visit was held.")
		v, err := d.Flow.Visit(context.Background(), testkit.System, d.begun.Visit.ID)
		require.NoError(t, err)
		require.True(t, v.Counts, v.WhyNot)
	})
	t.Run("draw, plan and publish", func(t *testing.T) {
		require.Equal(t, http.StatusOK, b.open(t, d.URL+"/selections/new"))
		b.do(t, chromedp.SetValue(`[name="year"]`, "2028", chromedp.ByQuery))
		require.Equal(t, http.StatusOK, b.send(t, "main form[method=post] button.go"))
		require.Contains(t, b.text(t), "The list is frozen")
		b.do(t, chromedp.SetValue(`[name="visits"]`, "30", chromedp.ByQuery), chromedp.SetValue(`[name="group2"]`, "", chromedp.ByQuery))
		require.Equal(t, http.StatusOK, b.send(t, `button[value="preview"]`))
		require.Contains(t, b.text(t), "nobody is drawn yet")
		require.Equal(t, http.StatusOK, b.send(t, `button[value="draw"]`))
		require.Contains(t, b.text(t), "The customers are drawn.")
		require.Equal(t, http.StatusOK, b.open(t, d.URL+"/plans"))
		// The newest selection stands first.
		require.Contains(t, ask[string](t, b, `document.querySelector('form[action="/plans/runs"]').parentElement.innerText`), "2028")
		b.do(t, chromedp.SetValue(`form[action="/plans/runs"] input[name="seconds"]`, "1", chromedp.ByQuery))
		require.Equal(t, http.StatusOK, b.send(t, `form[action="/plans/runs"] button`))
		d.Settle()
		run := ask[string](t, b, `location.href`)
		require.Contains(t, run, "/plans/runs/")
		require.Equal(t, http.StatusOK, b.open(t, run))
		require.Equal(t, http.StatusOK, b.send(t, "main .btn.go"))
		require.Contains(t, b.text(t), "This is a draft")
		require.Equal(t, http.StatusOK, b.send(t, "main .note .btn.go"))
		require.Contains(t, b.text(t), "Nobody has been told yet")
		b.do(t, chromedp.SetValue("#f-reason-all", "The customers have asked for these weeks.", chromedp.ByQuery))
		require.Equal(t, http.StatusOK, b.send(t, "main form[method=post] .btn.go"))
		require.Contains(t, b.text(t), "The plan is published.")
		d.Settle()
		p, err := d.Flow.LivePlan(context.Background(), testkit.System, 2028)
		require.NoError(t, err)
		require.Equal(t, visit.Live, p.State)
	})
}

// liveRun looks at a run while the planner works, with scripts and without.
func (d *desk) liveRun(t *testing.T) {
	ctx := context.Background()
	s, err := d.Flow.Select(ctx, testkit.System, flow.Key{}, flow.SelectInput{FreezeInput: flow.FreezeInput{Year: 2028, Seed: "live", Reason: "a test with a plan of its own"},
		Design: sampling.Design{Dimensions: sampling.Named("region"), Visits: 120}})
	require.NoError(t, err)
	r, err := d.Flow.StartPlan(ctx, testkit.System, flow.Key{}, flow.PlanInput{SelectionID: s.ID, Seed: 1, Seconds: 600})
	require.NoError(t, err)
	p := sheet{name: "run, going", who: vpMail, path: "/plans/runs/" + r.ID, has: "You may close this page"}
	b := d.goTo(t, p)
	b.do(t, chromedp.WaitReady("[data-best]", chromedp.ByQuery)) // comes by the script, without loading the page
	for _, finding := range b.audit(t) {
		t.Error(finding)
	}
	plain := newTab(t, d.browser)
	plain.scripts(t, false)
	d.enter(t, plain, vpMail)
	require.Equal(t, http.StatusOK, plain.open(t, d.URL+p.path))
	require.NotEmpty(t, ask[string](t, plain, `document.querySelector("meta[http-equiv=refresh]").content`), "without scripts the page loads itself")
	require.Equal(t, http.StatusOK, plain.send(t, `form[action$="/stop"] button`))
	d.Settle()
	b.do(t, chromedp.WaitReady(`#live[data-live="off"] .btn.go`, chromedp.ByQuery)) // the other page hears of it
	require.Equal(t, "The run has ended.", ask[string](t, b, `document.querySelector("[data-live-say]").textContent`))
	require.Empty(t, b.wrong())
}
