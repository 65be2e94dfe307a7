package browsertest

import (
	"testing"

	"windshield/internal/flow"
)

// TestBrowser plays the story once and then looks at everything in one browser.
// What changes the story comes last.
func TestBrowser(t *testing.T) {
	d := &desk{t: t, stage: setStage(t, flow.PlanInput{Iterations: 1500, Seed: 1}), browser: openBrowser(t), tabs: map[string]*tab{}}
	pages := map[string]sheet{}
	t.Run("pages", func(t *testing.T) {
		for _, p := range d.sheets() {
			pages[p.name] = p
			t.Run(p.name, func(t *testing.T) { d.lookAt(t, p) })
		}
	})
	t.Run("keyboard", func(t *testing.T) {
		for _, p := range pages {
			if p.act == nil && p.status == 0 {
				t.Run(p.name, func(t *testing.T) { d.tabThrough(t, p) })
			}
		}
		t.Run("grid", d.gridKeys)
		for _, name := range []string{"sign in, no address", "new selection, wrong", "new import, no file", "my visit, no reason", "outcome, nothing said", "scenarios, wrong"} {
			t.Run(name, func(t *testing.T) { d.errorFocus(t, pages[name]) })
		}
	})
	t.Run("moving by hand", d.movingByHand)
	t.Run("slides by keys", d.slidesByKeys)
	t.Run("without scripts", d.withoutScripts)
	t.Run("a debrief on a bad network", d.badNetwork)
	t.Run("a run of the planner", d.liveRun)
	t.Run("groups that open", d.groupsThatOpen)
}
