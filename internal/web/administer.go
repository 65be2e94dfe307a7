package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/planning"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// adminPath is the administrator's first page.
const adminPath = "/admin"

// Administering are the use cases of people, personal data and what keeps Windshield
// running.
type Administering interface {
	Administration(ctx context.Context, a access.Actor) (flow.Administration, error)
	Person(ctx context.Context, a access.Actor, id string) (flow.PersonView, error)
	Leaving(ctx context.Context, a access.Actor, id string, on slot.Date) (flow.Leaving, error)
	CreatePerson(ctx context.Context, a access.Actor, k flow.Key, in flow.PersonChange) (flow.PersonView, error)
	ChangePerson(ctx context.Context, a access.Actor, id string, version int, in flow.PersonChange) (flow.PersonView, error)
	Contacts(ctx context.Context, a access.Actor, customerID string) ([]flow.KnownContact, error)
	PersonalData(ctx context.Context, a access.Actor, w flow.Whose) (flow.PersonalData, error)
	LookFor(ctx context.Context, a access.Actor, w flow.Whose) (flow.LookView, error)
	LookAgain(ctx context.Context, a access.Actor, w flow.Whose) error
	StopLook(ctx context.Context, a access.Actor, w flow.Whose) error
	Erase(ctx context.Context, a access.Actor, k flow.Key, w flow.Whose, confirm string) (flow.Erased, error)
	Failures(ctx context.Context, a access.Actor) ([]flow.FailureView, error)
	RetryJob(ctx context.Context, a access.Actor, id int64) error
	DiscardJob(ctx context.Context, a access.Actor, id int64, reason string) error
	Trail(ctx context.Context, a access.Actor, q flow.EntryQuery) (rows []flow.Entry, next string, err error)
	CheckTrail(ctx context.Context, a access.Actor) (flow.TrailCheck, error)
	LastTrailCheck(ctx context.Context, a access.Actor) (flow.TrailCheck, error)
	DimensionList(ctx context.Context, a access.Actor) ([]flow.DimensionView, error)
	RenameValue(ctx context.Context, a access.Actor, k flow.Key, dimension, from, to, seen string) (int, error)
	PlanRules(ctx context.Context, a access.Actor) (flow.PlanRules, error)
	SetPlanRules(ctx context.Context, a access.Actor, weights map[planning.Term]int64, seen string) (flow.PlanRules, error)
}

func (p *Pages) admin(c echo.Context) error {
	v, err := p.Flow.Administration(ctx(c), auth.Actor(c))
	if err != nil {
		return err
	}
	f := p.frame(c, "Administration")
	f.Narrow = true
	return p.show(c, http.StatusOK, adminPage(f, v))
}

type jobsModel struct {
	Rows   []flow.FailureView
	Error  shownError
	Failed int64 // job whose form was refused
	Reason string
}

func (p *Pages) jobs(c echo.Context) error { return p.showJobs(c, http.StatusOK, jobsModel{}) }

func (p *Pages) showJobs(c echo.Context, status int, m jobsModel) error {
	var err error
	if m.Rows, err = p.Flow.Failures(ctx(c), auth.Actor(c)); err != nil {
		return err
	}
	f := p.frame(c, "Failed jobs")
	f.Narrow = true
	return p.show(c, status, jobsPage(f, m))
}

// seeToJob tries a job again, or gives it up.
func (p *Pages) seeToJob(c echo.Context) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || id < 1 {
		return fault.NotFoundf("There is no such job.")
	}
	done := "job_retried"
	if c.FormValue("do") == "discard" {
		done, err = "job_discarded", p.Flow.DiscardJob(ctx(c), auth.Actor(c), id, c.FormValue("reason"))
	} else {
		err = p.Flow.RetryJob(ctx(c), auth.Actor(c), id)
	}
	if status, yes := formError(err); err != nil && yes {
		return p.showJobs(c, status, jobsModel{Error: shown(err), Failed: id, Reason: c.FormValue("reason")})
	}
	if err != nil {
		return err
	}
	return back(c, "/admin/jobs", done)
}

type dimensionsModel struct {
	Rows      []flow.DimensionView
	MayRename bool
	Error     shownError
	Key       string
	Dimension string
	From, To  string
	Overtaken bool // somebody has changed the values of Dimension
	Clash     *clash
}

// valuesNow says which values a dimension has.
func valuesNow(d flow.DimensionView) string {
	var names []string
	for _, x := range d.Values[:min(len(d.Values), 12)] {
		names = append(names, orDash(x.Value))
	}
	text := "the values are " + strings.Join(names, ", ")
	if more := len(d.Values) - len(names); more > 0 {
		text += " and " + itoa(more) + " more"
	}
	return text
}

// shownValues is how many values of a dimension a page lists: a dimension with more is a
// list of names.
const shownValues = 60

func (p *Pages) dimensions(c echo.Context) error {
	return p.showDimensions(c, http.StatusOK, dimensionsModel{})
}

func (p *Pages) showDimensions(c echo.Context, status int, m dimensionsModel) error {
	a := auth.Actor(c)
	var err error
	if m.Rows, err = p.Flow.DimensionList(ctx(c), a); err != nil {
		return err
	}
	if m.Overtaken {
		m.Clash = &clash{}
		for _, d := range m.Rows {
			if d.Name == m.Dimension {
				m.Clash.Rows = []clashRow{{d.Name, orDash(m.From) + " becomes " + m.To, valuesNow(d)}}
			}
		}
	}
	m.MayRename, m.Key = may(access.ImportRoster)(a), p.NewKey()
	f := p.frame(c, "Dimensions")
	f.Narrow = true
	return p.show(c, status, dimensionsPage(f, m))
}

func (p *Pages) renameValue(c echo.Context) error {
	m := dimensionsModel{Dimension: c.FormValue("dimension"), From: c.FormValue("from"), To: c.FormValue("to")}
	_, err := p.Flow.RenameValue(ctx(c), auth.Actor(c), key(c, m.Dimension, m.From, m.To, c.FormValue("seen")), m.Dimension, m.From, m.To, c.FormValue("seen"))
	status, yes := formErrorOrStale(err)
	if fault.Is(err, fault.NotFound) {
		status, yes = http.StatusConflict, true // somebody has renamed it meanwhile
	}
	if err != nil && yes {
		m.Error, m.Overtaken = onlyMend(err), fault.Is(err, fault.Stale)
		return p.showDimensions(c, status, m)
	}
	if err != nil {
		return err
	}
	return back(c, "/admin/dimensions", "renamed")
}

// termText says what a term of the planner's cost is.
type termText struct {
	Term             planning.Term
	Title            string
	Unit             string // one of it
	More, Less       string // what a higher and a lower weight lead to
	Weight, Was      int64
	Usual            int64
	Least, Most      int64
	Count            int64 // in the plan that holds
	Cost, CostBefore int64
	Typed            string
}

var termTexts = []termText{
	{Term: planning.Unassigned, Title: "Visits left out", Unit: "a customer who is not visited", More: "more customers are visited, at the price of everything else", Less: "customers are left out where a visit would cost much"},
	{Term: planning.OverdueDays, Title: "Days overdue", Unit: "a day on which an executive has seen no customer for more than 30 days", More: "visits are spread more evenly over the year, with more travel", Less: "trips are bundled, with longer gaps between them"},
	{Term: planning.Moved, Title: "Visits moved", Unit: "a visit that leaves the place it had in the plan before", More: "people keep the dates they know", Less: "a new plan changes more"},
	{Term: planning.Excess, Title: "One-sided visits", Unit: "a visit past an executive’s cross-section of customers", More: "everybody hears customers of every group", Less: "executives see those who are near"},
	{Term: planning.OutOfWindow, Title: "Outside the customer’s window", Unit: "a visit when it does not suit the customer", More: "customers’ windows are kept", Less: "windows give way to travel and load"},
	{Term: planning.Load, Title: "Uneven load", Unit: "a visit more or fewer than an executive’s target", More: "everybody comes closer to their number", Less: "who lives near customers goes more often"},
	{Term: planning.Crunch, Title: "End of the quarter", Unit: "a visit in a crunch period", More: "the last days of a quarter stay free", Less: "the last days of a quarter are used like others"},
	{Term: planning.Mismatch, Title: "Missing what the customer prefers", Unit: "a point of a preferred tag that the executive lacks", More: "customers meet whom they prefer", Less: "preferences give way"},
	{Term: planning.TravelKM, Title: "Travel", Unit: "a kilometre travelled", More: "shorter trips, with more lying outside windows", Less: "executives travel further"},
}

type rulesModel struct {
	Terms     []termText
	Plan      visit.Plan
	MayChange bool
	Preview   bool // the weights are typed and not yet saved
	Changed   int  // how many of them differ
	Total     int64
	Before    int64
	Seen      string // print of the weights that stand
	Clash     *clash
	Error     shownError
}

func (p *Pages) rules(c echo.Context) error { return p.showRules(c, http.StatusOK, nil, nil) }

func (p *Pages) showRules(c echo.Context, status int, typed map[planning.Term]string, refused error) error {
	v, err := p.Flow.PlanRules(ctx(c), auth.Actor(c))
	if err != nil {
		return err
	}
	m := rulesModel{Plan: v.Plan, MayChange: v.MayChange, Preview: typed != nil && refused == nil}
	var fields []string
	for _, t := range termTexts {
		t.Weight, t.Was, t.Usual = v.Weights[t.Term], v.Weights[t.Term], planning.DefaultWeights()[t.Term]
		t.Least, t.Most = flow.WeightRange(t.Term)
		t.Count, t.Typed = v.Plan.Cost[string(t.Term)], strconv.FormatInt(t.Weight, 10)
		if s, there := typed[t.Term]; there {
			if t.Typed = s; refused == nil {
				t.Weight, _ = strconv.ParseInt(s, 10, 64) // it was read before
			}
		}
		if t.Weight != t.Was {
			m.Changed++
		}
		t.Cost, t.CostBefore = t.Count*t.Weight, t.Count*t.Was
		m.Total, m.Before = m.Total+t.Cost, m.Before+t.CostBefore
		m.Terms = append(m.Terms, t)
		fields = append(fields, string(t.Term))
	}
	m.Preview = m.Preview && m.Changed > 0
	m.Error, m.Seen = onlyMend(refused, fields...), flow.PrintOf(v.Weights)
	if fault.Is(refused, fault.Stale) {
		var mine, now []choice
		for _, t := range m.Terms {
			mine, now = append(mine, choice{t.Title, t.Typed}), append(now, choice{t.Title, strconv.FormatInt(t.Was, 10)})
		}
		m.Clash = clashOf(refused, mine, now)
	}
	f := p.frame(c, "Rules and weights")
	f.Narrow = true
	return p.show(c, status, rulesPage(f, m))
}

// setRules shows first what would change, and saves where that was seen.
func (p *Pages) setRules(c echo.Context) error {
	if err := access.Require(auth.Actor(c), access.SetPlanRules, access.Subject{}); err != nil {
		return err
	}
	typed, weights := map[planning.Term]string{}, map[planning.Term]int64{}
	var bad []fault.Detail
	for _, t := range termTexts {
		raw := strings.ReplaceAll(strings.TrimSpace(c.FormValue(string(t.Term))), ",", "")
		if raw == "" {
			continue
		}
		typed[t.Term] = raw
		least, most := flow.WeightRange(t.Term)
		n, err := strconv.ParseInt(raw, 10, 64)
		if err != nil || n < least || n > most {
			bad = append(bad, fault.Detail{Where: string(t.Term), Value: fault.Short(raw), Expected: "a whole number from " + strconv.FormatInt(least, 10) + " to " + strconv.FormatInt(most, 10)})
		}
		weights[t.Term] = n
	}
	if len(bad) > 0 {
		return p.showRules(c, http.StatusUnprocessableEntity, typed, fault.Invalidf("The planner cannot weigh like this.").With(bad...))
	}
	if c.FormValue("do") != "save" {
		return p.showRules(c, http.StatusOK, typed, nil)
	}
	_, err := p.Flow.SetPlanRules(ctx(c), auth.Actor(c), weights, c.FormValue("seen"))
	if status, yes := formErrorOrStale(err); err != nil && yes {
		return p.showRules(c, status, typed, err)
	}
	if err != nil {
		return err
	}
	return back(c, "/admin/rules", "weights")
}

type auditModel struct {
	Lines    []auditLine
	Next     string
	Older    bool // not the first page
	Filtered bool
	Actor    string // name of whose entries are shown
	ActorID  string
	About    string
	From, To string
	People   []pair // id and name
	Check    flow.TrailCheck
	Error    shownError
}

func (p *Pages) audit(c echo.Context) error {
	a := auth.Actor(c)
	m := auditModel{ActorID: c.QueryParam("actor"), About: c.QueryParam("about"), From: c.QueryParam("from"), To: c.QueryParam("to"), Older: c.QueryParam("after") != ""}
	q := flow.EntryQuery{ActorID: m.ActorID, After: c.QueryParam("after"), Limit: 50}
	if strings.Contains(m.About, "/") {
		q.Subject = m.About
	} else {
		q.Kind = m.About
	}
	if m.About != "" && q.Subject == "" && kindWords[m.About] == "" {
		return fault.Invalidf("This filter is not known.").With(fault.Detail{Where: "about", Value: fault.Short(m.About), Expected: "a kind of thing that the page offers"})
	}
	var err error
	day := func(field, s string, plus int) (t time.Time) {
		if s == "" {
			return t
		}
		d, bad := slot.ParseDate(s)
		if bad != nil {
			err = fault.Invalidf("This day cannot be read.").With(fault.Detail{Where: field, Value: fault.Short(s), Expected: "a date such as 2027-03-04"})
			return t
		}
		// From midnight to midnight where the reader is, as the entries are shown.
		y, month, n := d.Add(plus).Time().Date()
		return time.Date(y, month, n, 0, 0, 0, 0, readerOf(c).location()).UTC()
	}
	q.From, q.To = day("from", m.From, 0), day("to", m.To, 1)
	if err != nil {
		return err
	}
	rows, next, err := p.Flow.Trail(ctx(c), a, q)
	if err != nil {
		return err
	}
	if m.Check, err = p.Flow.LastTrailCheck(ctx(c), a); err != nil {
		return err
	}
	people, err := p.Flow.People(ctx(c), a)
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, x := range people {
		names[x.ID] = x.Name
	}
	for _, e := range rows {
		m.Lines = append(m.Lines, lineOf(ctx(c), e, names))
	}
	m.Actor = whoActed(m.ActorID, names)
	m.Filtered = m.ActorID+m.About+m.From+m.To != ""
	if next != "" {
		u := c.QueryParams()
		u.Set("after", next)
		u.Del("done")
		m.Next = "/admin/audit?" + u.Encode()
	}
	return p.show(c, http.StatusOK, auditPage(p.frame(c, "Audit trail"), m))
}

func (p *Pages) checkAudit(c echo.Context) error {
	if _, err := p.Flow.CheckTrail(ctx(c), auth.Actor(c)); err != nil {
		return err
	}
	return back(c, "/admin/audit", "checked")
}

// auditHref narrows the trail.
func auditHref(field, value string) string {
	return "/admin/audit?" + url.Values{field: {value}}.Encode()
}
