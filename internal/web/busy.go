package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
)

const busyPath = "/admin/calendar/busy"

type busyModel struct {
	flow.BusyView
	Typed     map[string]string // what stands in the fields
	Error     shownError
	Seen      string // print of the settings that stand
	Clash     *clash
	MayChange bool
}

// busyFields are the fields of the form in which the settings stand.
var busyFields = []string{"begins", "noon", "ends", "meeting", "away", "full", "every", "fresh"}

// busyTyped writes settings as the form shows them, lengths of time in minutes.
func busyTyped(s flow.BusySettings) map[string]string {
	minutes := func(d time.Duration) string { return strconv.Itoa(int(d / time.Minute)) }
	return map[string]string{"begins": s.Rules.Begins, "noon": s.Rules.Noon, "ends": s.Rules.Ends, "meeting": minutes(s.Rules.Meeting), "away": minutes(s.Rules.Away),
		"full": minutes(s.Rules.Full), "every": minutes(s.Every), "fresh": minutes(s.Fresh)}
}

func (p *Pages) busy(c echo.Context) error { return p.showBusy(c, http.StatusOK, nil, nil) }

// showBusy shows the page, after a refusal with what was typed.
func (p *Pages) showBusy(c echo.Context, status int, typed *flow.BusySettings, refused error) error {
	a := auth.Actor(c)
	v, err := p.Flow.Busy(ctx(c), a)
	if err != nil {
		return err
	}
	m := busyModel{BusyView: v, MayChange: may(access.ManageConnection)(a), Error: onlyMend(refused, busyFields...), Typed: busyTyped(v.Settings), Seen: flow.PrintOf(v.Settings)}
	if typed != nil {
		m.Clash = clashOf(refused, saidBusy(*typed), saidBusy(v.Settings))
		m.Settings, m.Typed = *typed, map[string]string{}
		for _, name := range busyFields {
			m.Typed[name] = c.FormValue(name)
		}
	}
	return p.show(c, status, busyPage(p.frame(c, "When people are busy"), m))
}

func (p *Pages) setBusy(c echo.Context) error {
	var bad []fault.Detail
	minutes := func(name string) time.Duration {
		n, err := strconv.Atoi(strings.TrimSpace(c.FormValue(name)))
		if err != nil || n < 0 || n > 1440 {
			bad = append(bad, fault.Detail{Where: name, Value: fault.Short(c.FormValue(name)), Expected: "minutes, 0 to 1440"})
		}
		return time.Duration(n) * time.Minute
	}
	wall := func(name string) string { return strings.TrimSpace(c.FormValue(name)) }
	s := flow.BusySettings{On: c.FormValue("on") == "yes", Hosts: c.FormValue("hosts") == "yes", WriteAnyway: c.FormValue("write_anyway") == "yes",
		Rules: roster.BusyRules{Begins: wall("begins"), Noon: wall("noon"), Ends: wall("ends"), Meeting: minutes("meeting"), Away: minutes("away"), Full: minutes("full")},
		Every: minutes("every"), Fresh: minutes("fresh")}
	var err error
	if len(bad) > 0 {
		err = fault.Invalidf("Some of these are no lengths of time.").With(bad...)
	} else {
		err = p.Flow.SetBusy(ctx(c), auth.Actor(c), s, c.FormValue("seen"))
	}
	if status, yes := formErrorOrStale(err); err != nil && yes {
		return p.showBusy(c, status, &s, err)
	}
	if err != nil {
		return err
	}
	return back(c, busyPath, "busy")
}

func (p *Pages) readBusy(c echo.Context) error {
	if err := p.Flow.ReadBusyNow(ctx(c), auth.Actor(c)); err != nil {
		return err
	}
	return back(c, busyPath, "sync")
}

// busyState says how far somebody's calendar is known.
func busyState(r roster.Reading) (text, class string) {
	switch {
	case r.Known():
		return "✓ read", "tag ok"
	case r.TriedAt.IsZero():
		return "not read yet", "tag dash"
	case r.ReadAt.IsZero():
		return "not connected", "tag warn"
	}
	return "not read since", "tag warn"
}

// busyReason says why a calendar could not be read, in words for people.
func busyReason(r roster.Reading) string {
	switch r.Unknown {
	case "":
		return ""
	case "notFound":
		return "The calendar is not shared with the account that reads, or does not exist."
	case "not connected":
		return "No account may read this calendar."
	}
	return "The calendar answers: " + r.Unknown + "."
}

// shareLine says how a month's working hours went by.
func shareLine(ctx context.Context, s roster.TimeShare) string {
	work := max(s.Work, time.Minute)
	part := func(d time.Duration) string { return percent(ctx, float64(d)/float64(work)) }
	return part(s.Visits) + " with customers, " + part(s.Others()) + " in other appointments"
}
