package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/flow"
)

type calendarModel struct {
	Rows      []flow.ConnectionView // worst first
	Connected int
	Waiting   int
	Troubled  int // connections on which a person has to act
	Problems  int
	MaySync   bool
}

func (p *Pages) calendar(c echo.Context) error {
	a := auth.Actor(c)
	rows, err := p.Flow.Connections(ctx(c), a)
	if err != nil {
		return err
	}
	m := calendarModel{Rows: rows, MaySync: may(access.ManageConnection)(a)}
	for _, r := range m.Rows {
		switch r.State {
		case "connected":
			m.Connected++
		case "needs action":
			m.Troubled++
		}
		m.Waiting += r.Waiting
		m.Problems += len(r.Problems)
	}
	return p.show(c, http.StatusOK, calendarPage(p.frame(c, "Calendar"), m))
}

func connectionTag(state string) (text, class string) {
	switch state {
	case "connected":
		return "✓ connected", "tag ok"
	case "needs action":
		return "needs action", "tag warn"
	case "retrying":
		return "retrying by itself", "tag dash"
	}
	return state, "tag"
}

func (p *Pages) syncNow(c echo.Context) error {
	if err := p.Flow.SyncNow(ctx(c), auth.Actor(c)); err != nil {
		return err
	}
	return back(c, "/admin/calendar", "sync")
}

func (p *Pages) believe(c echo.Context) error {
	say := p.Flow.Believe
	if c.FormValue("again") == "yes" {
		say = p.Flow.PutBack
	}
	if err := say(ctx(c), auth.Actor(c), c.FormValue("calendar")); err != nil {
		return err
	}
	return back(c, "/admin/calendar", "sync")
}
