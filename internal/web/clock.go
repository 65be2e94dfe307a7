package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/alert"
	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/slot"
)

// Warning are the use cases of what the 30-day clock leads to.
type Warning interface {
	AnswerAlert(ctx context.Context, a access.Actor, personID string, breach slot.Date, in flow.AlertAnswer) error
	Ladder(ctx context.Context, a access.Actor) (alert.Ladder, error)
	SetLadder(ctx context.Context, a access.Actor, l alert.Ladder, seen string) error
}

// answerAlert snoozes or acknowledges the open alert of a person.
func (p *Pages) answerAlert(c echo.Context) error {
	person, done := c.FormValue("person"), "alert_seen"
	in := flow.AlertAnswer{Reason: c.FormValue("reason")}
	breach, err := dateOf(c, "breach")
	if err == nil && c.FormValue("do") == "snooze" {
		done = "alert_snoozed"
		in.Until, err = dateOf(c, "until")
	}
	if err == nil {
		err = p.Flow.AnswerAlert(ctx(c), auth.Actor(c), person, breach, in)
	}
	if status, yes := formError(err); yes {
		return p.mine(c, status, person, alertForm{Error: shown(err, "until", "reason"), Until: c.FormValue("until"), Reason: in.Reason})
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/me?done="+done+"&person="+url.QueryEscape(person))
}

// dateOf reads a date that must be there.
func dateOf(c echo.Context, field string) (slot.Date, error) {
	raw := strings.TrimSpace(c.FormValue(field))
	d, err := slot.ParseDate(raw)
	if err != nil {
		return 0, fault.Invalidf("This is no date.").With(fault.Detail{Where: field, Value: fault.Short(raw), Expected: "a date such as 2027-03-04"})
	}
	return d, nil
}

// alertForm is what somebody typed about an alert, and what was wrong with it.
type alertForm struct {
	Error         shownError
	Until, Reason string
}

// setLadder changes after how many days an alert climbs.
func (p *Pages) setLadder(c echo.Context) error {
	l, err := alert.Ladder{}, error(nil)
	for field, to := range map[string]*int{"vp_days": &l.VPDays, "ceo_days": &l.CEODays} {
		if *to, err = strconv.Atoi(strings.TrimSpace(c.FormValue(field))); err != nil {
			return fault.Invalidf("This is no way to escalate.").With(fault.Detail{Where: field, Value: fault.Short(c.FormValue(field)), Expected: "1 to 60 days"})
		}
	}
	err = p.Flow.SetLadder(ctx(c), auth.Actor(c), l, c.FormValue("seen"))
	if fault.Is(err, fault.Stale) {
		now, e := p.Flow.Ladder(ctx(c), auth.Actor(c))
		if e != nil {
			return e
		}
		return fault.Stalef("Somebody changed when alerts climb meanwhile. Now they reach %s. You wanted: %s.", saidLadder(now), saidLadder(l))
	}
	if err != nil {
		return err
	}
	return back(c, "/coverage", "ladder")
}

// rungs says who was told of an alert, in words.
var rungs = map[alert.Rung]string{alert.ToPerson: "the person", alert.ToVP: "the VP of Sales", alert.ToCEO: "the CEO"}

// reached says whom an alert has reached, and when.
func reached(ctx context.Context, told []flow.ToldRung) string {
	parts := make([]string, len(told))
	for i, r := range told {
		parts[i] = rungs[r.Rung] + " on " + dayShort(ctx, dayHere(ctx, r.At))
	}
	return "Told: " + strings.Join(parts, ", ") + "."
}
