package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/insight"
	"windshield/internal/intake"
)

// Claiming are the use cases of what customers said and what rests on it.
type Claiming interface {
	Claims(ctx context.Context, a access.Actor) (flow.ClaimsView, error)
	Claim(ctx context.Context, a access.Actor, id string) (flow.ClaimView, error)
	MakeClaim(ctx context.Context, a access.Actor, k flow.Key, words, topic string) (flow.ClaimView, error)
	EditClaim(ctx context.Context, a access.Actor, id string, version int, words, topic string) (flow.ClaimView, error)
	CloseClaim(ctx context.Context, a access.Actor, id string, version int, closed bool, why string) (flow.ClaimView, error)
	Findings(ctx context.Context, a access.Actor, id string) ([]flow.ClaimRow, error)
	AddStatement(ctx context.Context, a access.Actor, in flow.StatementInput) (flow.StatementView, error)
	AttachStatement(ctx context.Context, a access.Actor, id string, version int, claimID string, side insight.Side, asked bool) (flow.StatementView, error)
	StatementSettings(ctx context.Context, a access.Actor) (flow.StatementSettings, error)
	SetStatementSettings(ctx context.Context, a access.Actor, s flow.StatementSettings, seen string) error
	StepStatement(ctx context.Context, a access.Actor, id string, version int, step flow.StatementStep, why string) (flow.StatementView, error)
}

type claimsModel struct {
	flow.ClaimsView
	Key         string // of the form for a new claim
	Text, Topic string // as they were typed
	Days        string // likewise
	Error       shownError
}

type claimModel struct {
	flow.ClaimView
	Typed flow.StatementInput // as it was typed
	Words string              // of the claim, likewise
	Topic string
	Error shownError
}

func (p *Pages) claims(c echo.Context) error { return p.claimsPage(c, http.StatusOK, nil) }

func (p *Pages) claimsPage(c echo.Context, status int, problem error) error {
	v, err := p.Flow.Claims(ctx(c), auth.Actor(c))
	if err != nil {
		return err
	}
	m := claimsModel{ClaimsView: v, Key: p.NewKey(), Error: shown(problem, "text", "topic", "stale_days"), Days: c.FormValue("stale_days")}
	if problem != nil {
		m.Text, m.Topic = c.FormValue("text"), c.FormValue("topic")
	}
	f := p.frame(c, "Claims")
	f.Narrow = true
	return p.show(c, status, claimsPage(f, m))
}

// setStatements changes after how many days what was said has to be said again.
func (p *Pages) setStatements(c echo.Context) error {
	days, bad := whole(c, "stale_days", "days", flow.LeastStaleDays, flow.MostStaleDays)
	err := error(nil)
	if len(bad) > 0 {
		err = fault.Invalidf("So many days make no sense.").With(bad...)
	} else {
		err = p.Flow.SetStatementSettings(ctx(c), auth.Actor(c), flow.StatementSettings{StaleDays: days}, c.FormValue("seen"))
	}
	if fault.Is(err, fault.Stale) {
		now, e := p.Flow.StatementSettings(ctx(c), auth.Actor(c))
		if e != nil {
			return e
		}
		return p.claimsPage(c, http.StatusConflict, fault.Stalef("Somebody changed this meanwhile: after %d days now. You wanted %d; save again to keep yours.", now.StaleDays, days))
	}
	if status, yes := formError(err); yes {
		return p.claimsPage(c, status, err)
	}
	if err != nil {
		return err
	}
	return back(c, "/claims", "statements")
}

// attachable are the claims that a list of statements offers: those that reach furthest.
// The others take statements on their own pages.
func (m claimsModel) attachable() []flow.ClaimRow { return m.Claims[:min(len(m.Claims), 30)] }

// days gives the days of the form: what was just entered, or what holds.
func (m claimsModel) days() string {
	if m.Days != "" {
		return m.Days
	}
	return itoa(m.Stale)
}

func (p *Pages) makeClaim(c echo.Context) error {
	v, err := p.Flow.MakeClaim(ctx(c), auth.Actor(c), key(c, c.FormValue("text"), c.FormValue("topic")), c.FormValue("text"), c.FormValue("topic"))
	if status, yes := formError(err); yes {
		return p.claimsPage(c, status, err)
	}
	if err != nil {
		return err
	}
	return back(c, "/claims/"+url.PathEscape(v.ID), "claimed")
}

func (p *Pages) claim(c echo.Context) error {
	return p.claimPage(c, c.Param("id"), http.StatusOK, nil, flow.StatementInput{})
}

func (p *Pages) claimPage(c echo.Context, id string, status int, problem error, typed flow.StatementInput) error {
	v, err := p.Flow.Claim(ctx(c), auth.Actor(c), id)
	if err != nil {
		return err
	}
	m := claimModel{ClaimView: v, Typed: typed, Words: v.Text, Topic: v.KeptClaim.Topic, Error: shown(problem, "text", "by", "visit", "why", "words", "topic")}
	if problem != nil && c.Request().Form.Has("words") {
		m.Words, m.Topic = c.FormValue("words"), c.FormValue("topic")
	}
	f := p.frame(c, "Claim: "+v.Text)
	f.Narrow = true
	return p.show(c, status, claimPage(f, m))
}

// changeClaim changes the words of a claim, closes it, or opens it again.
func (p *Pages) changeClaim(c echo.Context) error {
	id := c.Param("id")
	ver, err := version(c)
	if err == nil {
		switch c.FormValue("do") {
		case "close", "open":
			_, err = p.Flow.CloseClaim(ctx(c), auth.Actor(c), id, ver, c.FormValue("do") == "close", c.FormValue("why"))
		default:
			if _, err = p.Flow.EditClaim(ctx(c), auth.Actor(c), id, ver, c.FormValue("words"), c.FormValue("topic")); fault.Is(err, fault.Invalid) {
				err = renamed(err, "text", "words")
			}
		}
	}
	return p.afterClaim(c, id, "claim_changed", err, flow.StatementInput{})
}

// renamed gives the place of a fault the name of its field on the page.
func renamed(err error, from, to string) error {
	text, details := fault.Shown(err)
	for i := range details {
		if details[i].Where == from {
			details[i].Where = to
		}
	}
	return fault.Invalidf("%s", text).With(details...)
}

func (p *Pages) afterClaim(c echo.Context, id, code string, err error, typed flow.StatementInput) error {
	if status, yes := formError(err); yes {
		return p.claimPage(c, id, status, err, typed)
	}
	if fault.Is(err, fault.Stale) {
		return p.claimPage(c, id, http.StatusConflict, err, typed)
	}
	if err != nil {
		return err
	}
	return back(c, "/claims/"+url.PathEscape(id), code)
}

func (p *Pages) addStatement(c echo.Context) error {
	in := flow.StatementInput{Source: insight.Source(c.FormValue("source")), VisitID: c.FormValue("visit"), By: c.FormValue("by"), Text: c.FormValue("text"),
		ClaimID: c.Param("id"), Side: insight.Side(c.FormValue("side")), Asked: c.FormValue("asked") != ""}
	if in.Source == insight.Guessed { // the form asks for both in one; a guess is nobody's answer
		in.By, in.Asked = "", false
	}
	var err error
	if in.VisitID == "" {
		err = fault.Invalidf("The statement cannot be kept.").With(fault.Detail{Where: "visit", Expected: "the visit at which it came up"})
	} else {
		_, err = p.Flow.AddStatement(ctx(c), auth.Actor(c), in)
	}
	return p.afterClaim(c, c.Param("id"), "statement_added", err, in)
}

// changeStatement attaches a statement, or takes a step with it, and goes back to where
// that was done.
func (p *Pages) changeStatement(c echo.Context) error {
	ver, err := version(c)
	if err == nil {
		switch step := flow.StatementStep(c.FormValue("step")); step {
		case "":
			_, err = p.Flow.AttachStatement(ctx(c), auth.Actor(c), c.Param("id"), ver, c.FormValue("claim"), insight.Side(c.FormValue("side")), c.FormValue("asked") != "")
		default:
			_, err = p.Flow.StepStatement(ctx(c), auth.Actor(c), c.Param("id"), ver, step, c.FormValue("why"))
		}
	}
	if id, on := strings.CutPrefix(c.FormValue("from"), "/claims/"); on && id != "" && !strings.Contains(id, "/") {
		return p.afterClaim(c, id, "statement_changed", err, flow.StatementInput{})
	}
	status, yes := formError(err)
	if fault.Is(err, fault.Stale) {
		status, yes = http.StatusConflict, true
	}
	if yes {
		return p.claimsPage(c, status, err)
	}
	if err != nil {
		return err
	}
	return back(c, "/claims", "statement_changed")
}

// findings gives what reaches far enough as a file for spreadsheets: one claim, or all.
func (p *Pages) findings(c echo.Context) error {
	rows, err := p.Flow.Findings(ctx(c), auth.Actor(c), c.Param("id"))
	if status, yes := formError(err); yes && c.Param("id") != "" {
		return p.claimPage(c, c.Param("id"), status, err, flow.StatementInput{})
	}
	if err != nil {
		return err
	}
	var b bytes.Buffer // whole first, so that a failure is an error page and not half a file
	w := csv.NewWriter(&b)
	lines := [][]string{{"claim", "topic", "what may be said", "grade", "customers asked", "customers backing", "customers denying", "groups asked", "groups backing", "groups", "share", "low", "high", "newest"}}
	for _, r := range rows {
		e := r.Evidence
		lines = append(lines, []string{r.Text, r.Topic, e.Sentence, insight.Letter(e.Grade), itoa(e.Asked), itoa(e.Backing), itoa(e.Denying), itoa(e.Share.StrataAsked), itoa(e.Share.StrataBacking), itoa(e.Share.StrataAll),
			plainFixed(e.Share.Weighted, 3), plainFixed(e.Share.Interval.Low, 3), plainFixed(e.Share.Interval.High, 3), e.Newest.String()})
	}
	for _, line := range lines {
		for i := range line {
			line[i] = intake.Neutral(line[i])
		}
		if err := w.Write(line); err != nil {
			return err
		}
	}
	w.Flush()
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="findings.csv"`)
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", b.Bytes())
}

var sideNames = map[insight.Side]string{insight.For: "backs it", insight.Against: "denies it", insight.Neither: "neither"}

var sideOrder = []insight.Side{insight.For, insight.Against, insight.Neither}

var positionNames = map[insight.Position]string{insight.Backs: "backs it", insight.Denies: "denies it", insight.Divided: "its people contradict each other", insight.Open: "asked, no clear answer"}

// claimTag names how far a claim reaches.
func claimTag(e insight.Evidence) (class, text string) {
	if l := e.Label(); l != "" {
		return "tag dash", l
	}
	return "tag ok", "grade " + insight.Letter(e.Grade)
}

// interval says between what shares of all customers the truth may lie.
func interval(ctx context.Context, e insight.Evidence) string {
	if e.Share.Asked == 0 {
		return "no share: nobody of the selection was asked"
	}
	return percent(ctx, e.Share.Interval.Low) + " to " + percent(ctx, e.Share.Interval.High) + " of all customers"
}

// restsOn sums up in one line whom a claim rests on.
func restsOn(ctx context.Context, e insight.Evidence) string {
	s := few(ctx, e.Backing, e.Asked) + " asked back it"
	if e.Asked == 0 {
		s = "nobody was asked"
	}
	if e.Raised > 0 {
		s += ", " + num(ctx, e.Raised) + " raised it unasked"
	}
	s += " · " + few(ctx, e.Share.StrataBacking, e.Share.StrataAll) + " groups"
	if !e.Newest.IsZero() {
		s += " · newest " + day(ctx, e.Newest)
	}
	return s
}

func statementTag(s flow.StatementView) (class, text string) {
	switch {
	case !s.Withdrawn.IsZero():
		return "tag off", "withdrawn"
	case s.Source == insight.Guessed:
		return "tag dash", "our guess"
	case !s.Over.IsZero():
		return "tag", "holds no more"
	case s.Stale:
		return "tag", "ask again"
	}
	return "tag ok", "said"
}
