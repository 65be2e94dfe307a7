package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/insight"
)

// Closing are the use cases of what is open between customers and us.
type Closing interface {
	OpenLoops(ctx context.Context, a access.Actor, ownerID string) (flow.LoopsView, error)
	StepLoop(ctx context.Context, a access.Actor, id string, version int, step flow.LoopStep, by string) (flow.LoopView, error)
}

type loopsModel struct {
	flow.LoopsView
	Error shownError
}

func (p *Pages) loops(c echo.Context) error { return p.loopsPage(c, http.StatusOK, shownError{}) }

func (p *Pages) loopsPage(c echo.Context, status int, e shownError) error {
	v, err := p.Flow.OpenLoops(ctx(c), auth.Actor(c), c.QueryParam("owner"))
	if err != nil {
		return err
	}
	f := p.frame(c, "What is open")
	f.Narrow = true
	return p.show(c, status, openPage(f, loopsModel{v, e}))
}

// stepLoop takes a step with something open, and goes back to where it was taken.
func (p *Pages) stepLoop(c echo.Context) error {
	ver, err := version(c)
	if err == nil {
		_, err = p.Flow.StepLoop(ctx(c), auth.Actor(c), c.Param("id"), ver, flow.LoopStep(c.FormValue("step")), strings.TrimSpace(c.FormValue("by")))
	}
	if status, yes := formError(err); yes {
		return p.loopsPage(c, status, shown(err))
	}
	if fault.Is(err, fault.Stale) {
		return p.loopsPage(c, http.StatusConflict, shown(err))
	}
	if err != nil {
		return err
	}
	to := c.FormValue("from")
	if !safePath(to) {
		to = "/loops"
	}
	return back(c, to, "loop_"+c.FormValue("step"))
}

var loopKinds = map[insight.LoopKind]string{insight.Information: "We send", insight.CustomerAsk: "They asked", insight.Promise: "We promised"}

var loopStates = map[insight.LoopState]string{insight.LoopOpen: "open", insight.LoopAcknowledged: "they know we are at it", insight.LoopAnswered: "answered, not confirmed",
	insight.LoopClosed: "✓ confirmed by the customer"}

func loopClass(l flow.LoopView) string {
	switch {
	case l.Late > 0:
		return "tag warn"
	case l.State() == insight.LoopClosed:
		return "tag ok"
	}
	return "tag"
}

func loopText(ctx context.Context, l flow.LoopView) string {
	if l.Late > 0 {
		return "▲ " + count(ctx, l.Late, "day", "days") + " late"
	}
	return loopStates[l.State()]
}
