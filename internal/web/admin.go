package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
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

type auditModel struct {
	Rows  []flow.Entry
	Names map[string]string
	Next  string
	Older bool // not the first page
}

func (p *Pages) audit(c echo.Context) error {
	a := auth.Actor(c)
	after := c.QueryParam("after")
	rows, next, err := p.Flow.Trail(ctx(c), a, after, 50)
	if err != nil {
		return err
	}
	m := auditModel{Rows: rows, Names: map[string]string{}, Older: after != ""}
	people, err := p.Flow.People(ctx(c), a)
	if err != nil {
		return err
	}
	for _, x := range people {
		m.Names[x.ID] = x.Name
	}
	if next != "" {
		m.Next = "/admin/audit?after=" + url.QueryEscape(next)
	}
	return p.show(c, http.StatusOK, auditPage(p.frame(c, "Audit trail"), m))
}

// who gives the actor of an entry: a person, or a part of the system.
func (m auditModel) who(id string) string {
	if n := m.Names[id]; n != "" {
		return n
	}
	if n, ok := strings.CutPrefix(id, "system:"); ok {
		return "Windshield (" + n + ")"
	}
	return id
}

// subjectHref leads to what an entry is about, "" where it has no page.
func subjectHref(subject string) string {
	kind, id, _ := strings.Cut(subject, "/")
	switch kind {
	case "plan", "visit", "selection", "import", "customer":
		return "/" + kind + "s/" + url.PathEscape(id)
	case "run":
		return "/plans/runs/" + url.PathEscape(id)
	}
	return ""
}

type peopleModel struct {
	Rows   []roster.Person
	Search string
	Error  shownError
	Failed string            // person whose form was refused
	emails map[string]string // of everybody, by id
}

// managerOf gives the address of whom somebody reports to.
func (m peopleModel) managerOf(x roster.Person) string { return m.emails[x.ManagerID] }

func (p *Pages) people(c echo.Context) error { return p.showPeople(c, http.StatusOK, nil, "") }

func (p *Pages) showPeople(c echo.Context, status int, refused error, failed string) error {
	a := auth.Actor(c)
	if err := access.Require(a, access.ManagePeople, access.Subject{}); err != nil {
		return err
	}
	rows, err := p.Flow.People(ctx(c), a)
	if err != nil {
		return err
	}
	m := peopleModel{Search: strings.TrimSpace(c.QueryParam("q")), Error: shown(refused), Failed: failed, emails: map[string]string{}}
	for _, r := range rows {
		m.emails[r.ID] = r.Email
		if m.Search == "" || strings.Contains(strings.ToLower(r.Name+" "+r.Email+" "+r.Function), strings.ToLower(m.Search)) {
			m.Rows = append(m.Rows, r)
		}
	}
	return p.show(c, status, peoplePage(p.frame(c, "People and roles"), m))
}

func (p *Pages) setRoles(c echo.Context) error {
	id := c.Param("id")
	ver, err := version(c)
	if err != nil {
		return err
	}
	form, err := c.FormParams()
	if err != nil {
		return fault.Invalidf("The form could not be read.").Because(err)
	}
	var roles []roster.Role
	for _, r := range form["role"] {
		roles = append(roles, roster.Role(r))
	}
	_, err = p.Flow.SetRoles(ctx(c), auth.Actor(c), id, ver, roles)
	if fault.Is(err, fault.Stale) {
		return p.showPeople(c, http.StatusConflict, fault.Stalef("Somebody changed this person meanwhile. Nothing of yours was written: the list below is how it stands now."), id)
	}
	if status, yes := formError(err); err != nil && yes {
		return p.showPeople(c, status, err, id)
	}
	if err != nil {
		return err
	}
	return back(c, "/admin/people", "roles")
}

// setManager says to whom somebody reports.
func (p *Pages) setManager(c echo.Context) error {
	id := c.Param("id")
	ver, err := version(c)
	if err != nil {
		return err
	}
	err = p.Flow.SetManager(ctx(c), auth.Actor(c), id, ver, c.FormValue("manager"))
	if fault.Is(err, fault.Stale) {
		return p.showPeople(c, http.StatusConflict, err, id)
	}
	if status, yes := formError(err); err != nil && yes {
		return p.showPeople(c, status, err, id)
	}
	if err != nil {
		return err
	}
	return back(c, "/admin/people", "manager")
}
