package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/flow"
)

// heldTable is how many rows of a table are about somebody.
type heldTable struct {
	Name string
	Rows int
}

type eraseModel struct {
	flow.LookView
	Held    []heldTable
	Going   bool
	Back    link
	At      string // where forms go: /erase, /data and /look stand under it
	Whose   flow.Whose
	As      string // what will stand in place of the name
	Confirm string // what must be typed
	Typed   string
	Key     string
	Error   shownError
}

// nothing says that all was searched and nobody found: then there is nothing to erase.
func (m eraseModel) nothing() bool { return m.Rows() == 0 && m.State == flow.Done }

// tableWords says what stands in a table.
var tableWords = map[string]string{
	"people": "The person’s own row", "customers": "The customer’s contact", "visits": "Visits", "visit_steps": "History of visits", "briefs": "Briefs", "visit_links": "Links sent to the customer",
	"debriefs": "Debriefs", "objective_answers": "Answers of the customer", "loops": "Open loops", "memos": "Memos", "statements": "Statements", "claims": "Claims", "deliveries": "Mails and notices",
	"calendar_events": "Calendar entries", "calendar_notes": "What people did in calendars", "calendar_cursors": "Calendars that are read", "calendar_channels": "Calendar channels", "connections": "Calendar connections",
	"audit": "Audit trail (the fact stays)", "absences": "Absences", "zone_changes": "Time zones", "busy_readings": "Busy times", "bookings": "Booked half-days", "alerts": "Alerts", "alert_rungs": "Who was told of alerts",
	"warnings": "Warnings", "promised_visits": "Promised visits", "imports": "Imports", "import_files": "Files that nobody has confirmed (deleted)", "run_files": "Files of the planner", "runs": "Runs of the planner", "launches": "Launches", "launch_visits": "Launches",
	"selections": "Selections", "plans": "Plans", "idempotency_keys": "Repeated requests", "river_job": "Background jobs that are over (deleted)", "verifications": "Calendar reports", "login_links": "Sign-in links",
}

// heldIn says in words where rows about somebody were found.
func heldIn(found []flow.TableRows, w flow.Whose) []heldTable {
	rows := map[string]int{}
	for _, t := range found {
		name := tableWords[t.Table]
		if name == "" {
			name = strings.ReplaceAll(t.Table, "_", " ")
		}
		if t.Table == "customers" && w.PersonID != "" { // whose host the person is
			name = "Customers"
		}
		rows[name] += t.Rows
	}
	var out []heldTable
	for name, n := range rows {
		out = append(out, heldTable{name, n})
	}
	slices.SortFunc(out, func(a, b heldTable) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// whose reads whose data are meant: one of us by the path, or a contact by name and
// address.
func whose(c echo.Context) flow.Whose {
	if strings.HasPrefix(c.Request().URL.Path, "/admin/") {
		return flow.Whose{PersonID: c.Param("id")}
	}
	return flow.Whose{CustomerID: c.Param("id"), Name: strings.TrimSpace(c.FormValue("name")), Email: strings.TrimSpace(c.FormValue("email"))}
}

// under gives the path under which the pages of somebody's data stand.
func under(w flow.Whose) string {
	if w.PersonID != "" {
		return "/admin/people/" + url.PathEscape(w.PersonID)
	}
	return "/customers/" + url.PathEscape(w.CustomerID) + "/contacts"
}

// erasure shows what is held about somebody, to be given out or erased. To look for it
// takes longer than a page may: where it is not known, it is looked for meanwhile.
func (p *Pages) erasure(c echo.Context) error { return p.showErasure(c, http.StatusOK, nil) }

func (p *Pages) showErasure(c echo.Context, status int, refused error) error {
	w := whose(c)
	v, err := p.Flow.LookFor(ctx(c), auth.Actor(c), w)
	if err != nil {
		if status, yes := formError(err); yes && w.CustomerID != "" {
			return p.showContacts(c, status, err)
		}
		return err
	}
	m := eraseModel{LookView: v, Held: heldIn(v.Counts, w), Going: !v.State.Ended(), At: under(w), Whose: w, Confirm: v.Name, Typed: c.FormValue("confirm"), Key: p.NewKey(), Error: shown(refused, "confirm"), As: "a former colleague"}
	if m.Confirm == "" {
		m.Confirm = v.Email
	}
	m.Back = link{Href: m.At, Text: v.Name}
	if w.PersonID == "" {
		m.Back.Text, m.As = "Contacts", "a contact of the customer"
	}
	f := p.frame(c, "What we hold about "+m.Confirm)
	f.Narrow = true
	if m.Going && refused == nil { // what was sent and refused stays on the page
		f.Refresh = 3
		f.Script = p.assets.url("web/ts/run.ts")
	}
	return p.show(c, status, erasePage(f, m))
}

// look begins to look for what is held about somebody once more, or stops it.
func (p *Pages) look(do func(s Story, ctx context.Context, a access.Actor, w flow.Whose) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		w := whose(c)
		err := do(p.Flow, ctx(c), auth.Actor(c), w)
		if status, yes := formError(err); err != nil && yes && w.CustomerID != "" {
			return p.showContacts(c, status, err)
		}
		if err != nil {
			return err
		}
		if w.CustomerID != "" {
			return back(c, contactHref(w.CustomerID, flow.KnownContact{Name: w.Name, Email: w.Email}), "")
		}
		return back(c, under(w)+"/erase", "")
	}
}

// giveData sends everything that is held about somebody as a file.
func (p *Pages) giveData(c echo.Context) error {
	v, err := p.Flow.PersonalData(ctx(c), auth.Actor(c), whose(c))
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(map[string]any{"name": v.Name, "email": v.Email, "as_of": v.AsOf, "rows": v.Rows}, "", "  ")
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set(echo.HeaderContentDisposition, `attachment; filename="personal-data.json"`)
	return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, b)
}

// erase erases somebody, whose name was typed again.
func (p *Pages) erase(c echo.Context) error {
	w := whose(c)
	_, err := p.Flow.Erase(ctx(c), auth.Actor(c), key(c, w.Name, w.Email, c.FormValue("confirm")), w, c.FormValue("confirm"))
	if status, yes := formError(err); err != nil && yes {
		return p.showErasure(c, status, err)
	}
	if err != nil {
		return err
	}
	return back(c, under(w), "erased")
}
