//go:build look

// This file is for people who change pages: it opens every page of the fixtures
// in a headless Chromium, takes pictures, and lists what axe finds and what is
// wider than the screen.
//
//	LOOK=/some/folder go test -tags look -run TestLook ./internal/web
package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/roster"
)

const axeRun = `axe.run(document, {resultTypes: ["violations"], runOnly: ["wcag2a","wcag2aa","wcag21a","wcag21aa","wcag22aa","best-practice"]}).then(r => JSON.stringify(r.violations.map(v => v.id + ": " + v.help + " | " + v.nodes.slice(0,3).map(n => n.html.slice(0,160) + " // " + (n.any[0]||n.all[0]||n.none[0]||{}).message).join(" | "))))`

func TestLook(t *testing.T) {
	folder := os.Getenv("LOOK")
	require.NotEmpty(t, folder, "set LOOK to a folder for the pictures")
	require.NoError(t, os.MkdirAll(folder, 0o755))
	axe, err := os.ReadFile("../../node_modules/axe-core/axe.min.js")
	require.NoError(t, err)

	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.Flag("disable-dev-shm-usage", true))
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	defer stop()
	tab, closeTab := chromedp.NewContext(alloc)
	defer closeTab()
	console := []string{}
	chromedp.ListenTarget(tab, func(ev any) {
		switch e := ev.(type) {
		case *runtime.EventConsoleAPICalled:
			if e.Type == "error" {
				console = append(console, fmt.Sprint(e.Args))
			}
		case *log.EventEntryAdded:
			if e.Entry.Level == "error" && !strings.Contains(e.Entry.Text, "Failed to load resource") {
				console = append(console, e.Entry.Text)
			}
		}
	})
	require.NoError(t, chromedp.Run(tab, log.Enable()))

	only := regexp.MustCompile(os.Getenv("ONLY"))
	stories := map[string]*story{"live": makeStory(sampleSize).live(), "draft": makeStory(sampleSize).draft(), "empty": makeStory(size{})}
	if os.Getenv("BIG") != "" {
		stories = map[string]*story{"big": makeStory(bigSize).live()}
	}
	for name, s := range stories {
		who := actors(s)
		servers := map[string]*httptest.Server{}
		for _, p := range allPages(s) {
			if p.status == 303 || !only.MatchString(name+" "+p.who+" "+p.path) || name == "empty" && strings.HasPrefix(p.path, "/visits/") {
				continue
			}
			a := who[p.who]
			if a.PersonID == "" && p.who != "nobody" {
				a = access.Actor{PersonID: uuidOf(1, 0), Name: "Somebody", Roles: []roster.Role{roster.Role(p.who)}}
			}
			if servers[p.who] == nil {
				servers[p.who] = httptest.NewServer(open(t, s, a).echo)
				defer servers[p.who].Close()
			}
			for _, scheme := range []string{"light", "dark"} {
				for _, width := range []int64{1440, 390, 320} {
					if width == 320 && scheme == "dark" {
						continue
					}
					var found string
					var sizes []int64
					var png []byte
					ctx, cancel := context.WithTimeout(tab, 60*time.Second)
					console = console[:0]
					actions := []chromedp.Action{
						emulation.SetDeviceMetricsOverride(width, 900, 1, width < 500),
						emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
						chromedp.Navigate(servers[p.who].URL + p.path),
						chromedp.Evaluate(`[document.documentElement.scrollWidth, innerWidth]`, &sizes),
						chromedp.Evaluate(string(axe)+";0", nil),
						chromedp.Evaluate(axeRun, &found, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }),
					}
					if width != 320 {
						actions = append(actions, chromedp.FullScreenshot(&png, 100))
					}
					require.NoError(t, chromedp.Run(ctx, actions...), p.path)
					cancel()
					var violations []string
					require.NoError(t, json.Unmarshal([]byte(found), &violations))
					at := fmt.Sprintf("%s %s %s %s %d", name, p.who, p.path, scheme, width)
					for _, v := range violations {
						t.Errorf("%s: %s", at, v)
					}
					if sizes[0] > sizes[1] {
						t.Errorf("%s: %d wide on a screen of %d", at, sizes[0], sizes[1])
					}
					for _, line := range console {
						t.Errorf("%s: console: %s", at, line)
					}
					if png != nil {
						file := regexp.MustCompile(`[^a-zA-Z0-9]+`).ReplaceAllString(fmt.Sprintf("%s %s %s %d %s", p.path, name, p.who, width, scheme), "-")
						require.NoError(t, os.WriteFile(filepath.Join(folder, strings.Trim(file, "-")+".png"), png, 0o644))
					}
				}
			}
		}
	}
}

// TestGridKeys walks the grid of the year by its keys.
func TestGridKeys(t *testing.T) {
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.Flag("disable-dev-shm-usage", true))
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	defer stop()
	tab, closeTab := chromedp.NewContext(alloc)
	defer closeTab()
	s := makeStory(sampleSize).live()
	server := httptest.NewServer(open(t, s, actors(s)["vp"]).echo)
	defer server.Close()

	const at = `document.activeElement.getAttribute("href") + " " + document.activeElement.closest("[role=row]").getAttribute("aria-rowindex")`
	stops := 0
	require.NoError(t, chromedp.Run(tab, chromedp.Navigate(server.URL+"/plans/"+s.plan.ID), chromedp.WaitReady("[data-grid] a.v[tabindex='0']"),
		chromedp.Evaluate(`document.querySelectorAll("[data-grid] a.v:not([tabindex='-1'])").length`, &stops),
		chromedp.Focus("[data-grid] a.v[tabindex='0']")))
	require.Equal(t, 1, stops, "the grid is one tab stop")
	seen := []string{}
	for _, k := range []string{"", kb.ArrowRight, kb.ArrowDown, kb.End, kb.Home, kb.ArrowUp, kb.ArrowUp} {
		where := ""
		if k != "" {
			require.NoError(t, chromedp.Run(tab, chromedp.KeyEvent(k)))
		}
		require.NoError(t, chromedp.Run(tab, chromedp.Evaluate(at, &where)))
		seen = append(seen, where)
	}
	t.Log(seen)
	require.Regexp(t, `^\?visit=v\d+ 3$`, seen[0])
	require.NotEqual(t, seen[0], seen[1])
	for i, row := range []string{" 3", " 3", " 4", " 4", " 4", " 3", " 3"} {
		require.Contains(t, seen[i]+"$", row+"$", i)
	}
	address := ""
	require.NoError(t, chromedp.Run(tab, chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible("#facts"), chromedp.Location(&address)))
	require.Contains(t, address, "/visits/")
}
