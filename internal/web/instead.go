package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"windshield/internal/auth"
	"windshield/internal/export"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/planning"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// insteadModel is the page on which somebody who cannot go sees what else could be
// done, before the visit is lost.
type insteadModel struct {
	flow.Instead
	From, Person string // where to go back to
	Reason       string
	Date         string
	Half         slot.Half
	Error        shownError
	Stale        string
}

func (p *Pages) instead(c echo.Context) error {
	m := insteadModel{From: c.QueryParam("from"), Person: c.QueryParam("person")}
	return p.showInstead(c, http.StatusOK, m)
}

func (p *Pages) showInstead(c echo.Context, status int, m insteadModel) error {
	x, err := p.Flow.Instead(ctx(c), auth.Actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	m.Instead = x
	return p.show(c, status, insteadPage(p.visitFrame(c, x.Visit), m))
}

// askInstead asks for a proposal (changes) or for a day of one's own (date, half).
func (p *Pages) askInstead(c echo.Context) error {
	ver, err := version(c)
	if err != nil {
		return err
	}
	m := insteadModel{From: c.FormValue("from"), Person: c.FormValue("person"), Reason: strings.TrimSpace(c.FormValue("reason")), Date: c.FormValue("date"), Half: slot.Half(c.FormValue("half"))}
	v, err := p.Flow.Visit(ctx(c), auth.Actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	changes, err := askedFor(c, v.Visit)
	if err == nil {
		_, err = p.Flow.AskInstead(ctx(c), auth.Actor(c), v.Visit.ID, ver, changes, m.Reason)
	}
	if err != nil {
		status, yes := formError(err)
		if fault.Is(err, fault.Stale) {
			status, yes, m.Stale = http.StatusConflict, true, fault.Sentence(err)
		}
		if !yes {
			return err
		}
		if m.Stale == "" {
			m.Error = shown(err, "reason", "date")
		}
		return p.showInstead(c, status, m)
	}
	if m.From == "me" {
		return c.Redirect(http.StatusSeeOther, "/me?"+url.Values{"person": {m.Person}, "done": {"asked_instead"}}.Encode())
	}
	return back(c, "/visits/"+url.PathEscape(v.Visit.ID), "asked_instead")
}

func askedFor(c echo.Context, v visit.Visit) ([]flow.PlanChange, error) {
	if raw := c.FormValue("changes"); raw != "" {
		var changes []flow.PlanChange
		if err := json.Unmarshal([]byte(raw), &changes); err != nil {
			return nil, fault.Invalidf("This proposal cannot be read.").With(fault.Detail{Where: "changes", Value: fault.Short(raw), Expected: "a proposal of the page", Mend: "Open the page again."})
		}
		return changes, nil
	}
	day, err := slot.ParseDate(c.FormValue("date"))
	if err != nil {
		return nil, fault.Invalidf("Please name a day.").With(fault.Detail{Where: "date", Value: fault.Short(c.FormValue("date")), Expected: "a date such as 2027-03-04"})
	}
	stands := planning.Place{Executive: v.ExecutiveID, Date: v.Slot.Date, Half: v.Slot.Half}
	to := planning.Place{Executive: v.ExecutiveID, Date: day, Half: slot.Half(c.FormValue("half"))}
	return []flow.PlanChange{{CustomerID: v.CustomerID, From: &stands, To: &to}}, nil
}

// feed answers calendar programs. They have no session: who knows the address may
// read, so it is long, can be renewed, and every answer says that nobody keeps it.
func (p *Pages) feed(c echo.Context) error {
	secret, ok := strings.CutSuffix(c.Param("file"), ".ics")
	if !ok {
		return fault.NotFoundf("There is no calendar at this address.")
	}
	cal, err := p.Flow.ReadFeed(ctx(c), secret)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "private, no-store")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Referrer-Policy", "no-referrer")
	return c.Blob(http.StatusOK, export.CalendarType, cal.Bytes())
}

// renewFeed shows the new address this once.
func (p *Pages) renewFeed(c echo.Context) error {
	a := auth.Actor(c)
	if c.FormValue("do") == "end" {
		if err := p.Flow.EndFeed(ctx(c), a); err != nil {
			return err
		}
		return back(c, "/me/feed", "feed_ended")
	}
	address, err := p.Flow.RenewFeed(ctx(c), a)
	if err != nil {
		return err
	}
	return p.showFeed(c, address)
}

func (p *Pages) myFeed(c echo.Context) error { return p.showFeed(c, "") }

func (p *Pages) showFeed(c echo.Context, address string) error {
	since, err := p.Flow.MyFeed(ctx(c), auth.Actor(c))
	if err != nil {
		return err
	}
	return p.show(c, http.StatusOK, feedPage(p.narrow(c, "Calendar address"), since, address))
}

func declineError(e shownError) string {
	if e.at("reason") {
		return "e-reason"
	}
	return ""
}

func fromQuery(from, person string) string {
	if from == "" {
		return ""
	}
	return "?" + url.Values{"from": {from}, "person": {person}}.Encode()
}
