package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/calsync"
	"windshield/internal/fault"
	"windshield/internal/flow"
)

// forecastModel is what publishing would do, before it is done.
type forecastModel struct {
	flow.Forecast
	Here  string // of the plan
	Key   string
	Error shownError
	// GiveUp are the visits that somebody has agreed to and that may be cancelled
	// all the same, as the plan's page asked: they go along with the form.
	GiveUp url.Values
	Typed  flow.TypedReasons // what was typed before
}

// mostReasoned is how many visits get a field of their own for a reason; the reason for
// all holds for the others.
const mostReasoned = 50

func (m forecastModel) events() int {
	return m.Totals.Creates + m.Totals.Moves + m.Totals.Changes + m.Totals.Cancels
}

func (p *Pages) forecast(c echo.Context) error { return p.showForecast(c, http.StatusOK, nil) }

// showForecast shows the forecast as it is now, with what was wrong with the form
// before. Where there can be none, the plan's page says why.
func (p *Pages) showForecast(c echo.Context, status int, refused error) error {
	a, id := auth.Actor(c), c.Param("id")
	v, err := p.Flow.Forecast(ctx(c), a, id)
	if s, yes := formError(err); err != nil && yes {
		if refused != nil {
			err = refused
		}
		return p.showPlan(c, s, err, nil)
	}
	if err != nil {
		return err
	}
	m := forecastModel{Forecast: v, Here: "/plans/" + url.PathEscape(id), Key: p.NewKey(), Error: shown(refused, "reason"), GiveUp: url.Values{}, Typed: typedReasons(c)}
	form, err := c.FormParams()
	if err != nil {
		return fault.Invalidf("The form could not be read.").Because(err)
	}
	for _, name := range []string{"broken", "give_up"} {
		m.GiveUp[name] = form[name]
	}
	return p.show(c, status, forecastPage(p.frame(c, "Publish "+v.Plan.Name), m))
}

func (p *Pages) launches(c echo.Context) error {
	a, id := auth.Actor(c), c.Param("id")
	plan, err := p.Flow.Launches(ctx(c), a, id)
	if err != nil {
		return err
	}
	return p.show(c, http.StatusOK, launchesPage(p.frame(c, "Launches"), "/plans/"+url.PathEscape(id), plan))
}

var launchStates = map[flow.LaunchState]struct{ text, class string }{
	flow.LaunchRunning: {"running", "tag live"}, flow.LaunchPaused: {"paused", "tag warn"},
	flow.LaunchStopped: {"stopped", "tag off"}, flow.LaunchDone: {"✓ all has gone", "tag ok"},
}

func (p *Pages) launch(c echo.Context) error { return p.showLaunch(c, http.StatusOK, nil) }

func (p *Pages) showLaunch(c echo.Context, status int, refused error) error {
	v, err := p.Flow.LaunchView(ctx(c), auth.Actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	f := p.frame(c, "Launch: "+v.Plan.Name)
	if v.Going() {
		f.Refresh = 5
		f.Script = p.assets.url("web/ts/run.ts")
	}
	return p.show(c, status, launchPage(f, v, shown(refused)))
}

// steer pauses, resumes or stops a launch.
func (p *Pages) steer(do func(Story, context.Context, access.Actor, string) (flow.LaunchView, error), code string) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := c.Param("id")
		_, err := do(p.Flow, ctx(c), auth.Actor(c), id)
		if status, yes := formError(err); err != nil && yes {
			return p.showLaunch(c, status, err)
		}
		if err != nil {
			return err
		}
		return back(c, "/launches/"+url.PathEscape(id), code)
	}
}

// reportModel is the newest report on the calendars.
type reportModel struct {
	flow.VerificationView
	None    bool // there was never one
	Going   bool
	Show    calsync.Standing
	Counts  []standingCount
	Mending int
	Error   shownError
}

type standingCount struct {
	Standing calsync.Standing
	N        int
}

func (p *Pages) report(c echo.Context) error { return p.showReport(c, http.StatusOK, nil) }

func (p *Pages) showReport(c echo.Context, status int, refused error) error {
	m := reportModel{Show: calsync.Standing(c.QueryParam("show")), Error: shown(refused)}
	v, err := p.Flow.Verification(ctx(c), auth.Actor(c), m.Show)
	if m.None = fault.Is(err, fault.NotFound); err != nil && !m.None {
		return err
	}
	m.VerificationView = v
	m.Going = !m.None && (v.State == flow.Queued || v.State == flow.Running)
	tally := v.Tally()
	for _, s := range calsync.Standings {
		if n := tally[s]; n > 0 {
			m.Counts = append(m.Counts, standingCount{s, n})
			if s.Mendable() {
				m.Mending += n
			}
		}
	}
	f := p.frame(c, "What the calendars hold")
	if m.Going {
		f.Refresh = 3
		f.Script = p.assets.url("web/ts/run.ts")
	}
	return p.show(c, status, reportPage(f, m))
}

func (p *Pages) startReport(c echo.Context) error {
	if _, err := p.Flow.StartVerification(ctx(c), auth.Actor(c)); err != nil {
		return err
	}
	return back(c, "/admin/calendar/report", "checking")
}

func (p *Pages) mend(c echo.Context) error {
	_, err := p.Flow.Mend(ctx(c), auth.Actor(c))
	if status, yes := formError(err); err != nil && yes {
		return p.showReport(c, status, err)
	}
	if err != nil {
		return err
	}
	return back(c, "/admin/calendar/report", "mending")
}

// standingTexts say in words how events stand.
var standingTexts = map[calsync.Standing]struct{ text, class string }{
	calsync.AsWanted: {"as wanted", "tag ok"}, calsync.Touched: {"as wanted, with people’s own texts", "tag ok"}, calsync.Waiting: {"on its way", "tag dash"},
	calsync.Lost: {"missing", "tag warn"}, calsync.Differs: {"differs", "tag warn"}, calsync.Leftover: {"cancelled, but still there", "tag warn"},
	calsync.Doubled: {"there twice", "tag warn"}, calsync.Orphan: {"nobody’s", "tag warn"}, calsync.Parked: {"refused for good", "tag warn"}, calsync.Disputed: {"needs a decision", "tag warn"},
}

// about says what is to be known of a finding beside its standing.
func about(ctx context.Context, x flow.FindingView) string {
	var parts []string
	for _, f := range x.Fields {
		parts = append(parts, string(f))
	}
	text := strings.Join(parts, ", ")
	switch {
	case len(x.Others) > 0:
		text = count(ctx, len(x.Others), "event too many", "events too many")
	case x.Problem != "" && !x.Standing.Well():
		text = strings.TrimPrefix(text+": "+x.Problem, ": ")
	}
	return text
}
