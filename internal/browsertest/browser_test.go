package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// patience bounds one step in the browser. It is long: a machine may be busy.
const patience = 60 * time.Second

// openBrowser starts one headless Chromium. It ends with the test.
func openBrowser(t testing.TB) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	require.NotEmpty(t, path, "no Chromium is installed. As root: apt-get install chromium fonts-liberation")
	alloc, stop := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path), chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("font-render-hinting", "none"), chromedp.WindowSize(1440, 900),
	)
	t.Cleanup(stop)
	first, closeFirst := chromedp.NewContext(alloc)
	t.Cleanup(func() {
		// Wait for the end: the profile's folder is removed next.
		if err := chromedp.Cancel(first); err != nil {
			t.Logf("the browser did not end well: %v", err)
		}
		closeFirst()
	})
	start, cancel := context.WithTimeout(first, patience)
	defer cancel()
	// The first Run starts the browser, under the context that it should live as long as.
	require.NoError(t, chromedp.Run(first), "Chromium does not start")
	require.NoError(t, start.Err())
	return first
}

// tab is one tab with cookies of its own: one person at one computer.
type tab struct {
	t   testing.TB
	ctx context.Context

	mu     sync.Mutex
	faults []string // what went wrong since the last look
	seen   map[network.RequestID]string
}

// newTab opens a tab. It ends with the test.
func newTab(t testing.TB, browser context.Context) *tab {
	t.Helper()
	// By hand, because a tab with cookies of its own needs a window of its own.
	at := cdp.WithExecutor(browser, chromedp.FromContext(browser).Browser)
	cookies, err := target.CreateBrowserContext().Do(at)
	require.NoError(t, err)
	id, err := target.CreateTarget("about:blank").WithBrowserContextID(cookies).WithNewWindow(true).Do(at)
	require.NoError(t, err)
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithTargetID(id))
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, seen: map[network.RequestID]string{}}
	chromedp.ListenTarget(ctx, b.hear)
	require.NoError(t, chromedp.Run(ctx, log.Enable(), network.Enable()))
	return b
}

// hear takes down what a developer would see in red.
func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning || e.Type == runtime.APITypeAssert {
			text, _ := json.Marshal(e.Args)
			b.faults = append(b.faults, "console: "+string(text))
		}
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, "exception: "+e.ExceptionDetails.Error())
	case *log.EventEntryAdded:
		// A failed request is told by the network as well, where the page's own status can be left out.
		if (e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning) && e.Entry.Source != log.SourceNetwork {
			b.faults = append(b.faults, fmt.Sprintf("%s %s: %s %s", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL))
		}
	case *network.EventRequestWillBeSent:
		b.seen[e.RequestID] = e.Request.URL
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 && e.Type != network.ResourceTypeDocument {
			b.faults = append(b.faults, fmt.Sprintf("request: %d for %s", e.Response.Status, e.Response.URL))
		}
	case *network.EventLoadingFailed:
		if !e.Canceled {
			b.faults = append(b.faults, fmt.Sprintf("request: %s for %s", e.ErrorText, b.seen[e.RequestID]))
		}
	}
}

// forget starts a new list of faults.
func (b *tab) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = nil
}

// wrong gives what went wrong since forget.
func (b *tab) wrong() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.faults)
}

// do runs steps in the tab.
func (b *tab) do(t testing.TB, steps ...chromedp.Action) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	require.NoError(t, chromedp.Run(ctx, steps...))
}

// open goes to an address and gives the answer's status.
func (b *tab) open(t testing.TB, url string) int {
	t.Helper()
	return b.response(t, chromedp.Navigate(url))
}

// send does what loads another page, such as sending a form, and gives the
// status of the answer that the browser ended at.
func (b *tab) send(t testing.TB, selector string) int {
	t.Helper()
	return b.response(t, chromedp.Click(selector, chromedp.ByQuery, chromedp.NodeVisible))
}

func (b *tab) response(t testing.TB, steps ...chromedp.Action) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	r, err := chromedp.RunResponse(ctx, steps...)
	require.NoError(t, err)
	require.NotNil(t, r, "no answer")
	return int(r.Status)
}

// ask evaluates a script in the page and gives its value. It works where the
// page itself may run none.
func ask[V any](t testing.TB, b *tab, script string) V {
	t.Helper()
	var v V
	b.do(t, chromedp.Evaluate(script, &v, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return v
}

// text gives what can be read on the page.
func (b *tab) text(t testing.TB) string {
	t.Helper()
	return ask[string](t, b, `document.body.innerText`)
}

// size sets the size of the screen in CSS pixels; below 640 it is a phone.
func (b *tab) size(t testing.TB, width, height int64) {
	t.Helper()
	b.do(t, emulation.SetDeviceMetricsOverride(width, height, 1, width < 640))
}

// scheme sets what the reader prefers: "light" or "dark".
func (b *tab) scheme(t testing.TB, scheme string) {
	t.Helper()
	b.do(t, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}))
}

// axe is the checker's source. It is injected by the debugger, so that the
// page's own Content-Security-Policy stays in force.
var axe = sync.OnceValues(func() (string, error) {
	b, err := os.ReadFile("../../node_modules/axe-core/axe.min.js")
	return string(b), err
})

// audit gives axe's findings about the page as it stands. With rules, only
// these are run.
func (b *tab) audit(t testing.TB, rules ...string) []string {
	t.Helper()
	source, err := axe()
	require.NoError(t, err, "the accessibility checker is missing: run make inputs")
	if !ask[bool](t, b, `typeof axe === "object"`) {
		b.do(t, chromedp.Evaluate(source+";0", nil))
	}
	only := `{type: "tag", values: ["wcag2a","wcag2aa","wcag21a","wcag21aa","wcag22aa","best-practice"]}`
	if len(rules) > 0 {
		only = `{type: "rule", values: ["` + strings.Join(rules, `","`) + `"]}`
	}
	return ask[[]string](t, b, `axe.run(document, {resultTypes: ["violations"], runOnly: `+only+`}).then(r => r.violations.map(v =>
		v.id + ": " + v.help + v.nodes.slice(0, 3).map(n => "\n      " + n.html.slice(0, 200) + " // " + ((n.any[0] || n.all[0] || n.none[0] || {}).message || "")).join("")))`)
}
