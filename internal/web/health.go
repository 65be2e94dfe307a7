package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/flow"
)

type healthModel struct {
	flow.Health
	MayRetry bool
	Real     time.Time // when pauses of calls are counted; they are real, also where a test turns the clock
}

func (p *Pages) health(c echo.Context) error {
	a := auth.Actor(c)
	h, err := p.Flow.Health(ctx(c), a)
	if err != nil {
		return err
	}
	return p.show(c, http.StatusOK, healthPage(p.frame(c, "Calendar health"), healthModel{h, may(access.ManageConnection)(a), time.Now()}))
}

func (p *Pages) retryCalendar(c echo.Context) error {
	if err := p.Flow.RetryCalendar(ctx(c), auth.Actor(c), c.FormValue("calendar")); err != nil {
		return err
	}
	return back(c, "/admin/calendar/health", "sync")
}

// waiting sums up what is not yet as wanted.
func (m healthModel) waiting() (events, conflicts, announced int, oldest time.Time) {
	for _, r := range m.Calendars {
		events += r.Waiting
		conflicts += r.Conflicts + r.Parked
		if r.Push == flow.PushOpen {
			announced++
		}
		if !r.OldestWait.IsZero() && (oldest.IsZero() || r.OldestWait.Before(oldest)) {
			oldest = r.OldestWait
		}
	}
	return events, conflicts, announced, oldest
}

// age writes how long ago something was.
func (m healthModel) age(t time.Time) string {
	switch d := m.At.Sub(t); {
	case t.IsZero():
		return "never"
	case d < time.Second:
		return "just now"
	case d < time.Hour:
		return since(d) + " ago"
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %02d min ago", int(d.Hours()), int(d.Minutes())%60)
	default:
		return fmt.Sprintf("%d days ago", int(d.Hours())/24)
	}
}

// pushText says how a calendar announces its changes, with the class of its tag.
func pushText(r flow.CalendarHealth) (text, class string) {
	switch r.Push {
	case flow.PushOpen:
		return "✓ announced", "tag ok"
	case flow.PushUnsure:
		return "not yet confirmed", "tag dash"
	case flow.PushRefused:
		return "only polled", "tag dash"
	case flow.PushOff:
		return "switched off", "tag"
	}
	return "not yet asked for", "tag dash"
}

// pushProblem says why a channel was refused.
func pushProblem(reason string) string {
	switch {
	case strings.HasPrefix(reason, "pushNotSupported"):
		return "Google announces no changes of this calendar."
	case strings.HasPrefix(reason, "push.webhookUrl"):
		return "Google does not accept our address for announcements."
	}
	return "Google says " + reason + "."
}

// quotaText writes the use of a limit.
func quotaText(ctx context.Context, q flow.Quota) string {
	if q.Limit == 0 {
		return num(ctx, q.Used)
	}
	return few(ctx, q.Used, q.Limit)
}
