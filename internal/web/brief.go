package web

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Preparing are the use cases of the brief and of the customer's confirmation.
type Preparing interface {
	Brief(ctx context.Context, a access.Actor, visitID string) (flow.BriefView, error)
	SaveBrief(ctx context.Context, a access.Actor, visitID string, version int, in flow.BriefInput) (flow.BriefView, error)
	AddQuestion(ctx context.Context, a access.Actor, visitID, question string) (flow.BriefView, error)
	SendLink(ctx context.Context, a access.Actor, visitID string, version int, email string) (flow.VisitView, error)
	WithdrawLink(ctx context.Context, a access.Actor, visitID, linkID string) (flow.VisitView, error)
	CustomerVisit(ctx context.Context, token, remote string) (flow.CustomerPage, error)
	ConfirmAsCustomer(ctx context.Context, token, remote, print string, in flow.CustomerAnswer) (flow.CustomerPage, error)
}

type briefModel struct {
	flow.BriefView
	Error    shownError
	Clash    *clash
	Question string           // as it was typed
	Input    *flow.BriefInput // likewise, for the form
	Own      bool
}

func (p *Pages) briefFrame(c echo.Context, b flow.BriefView) frame {
	f := p.frame(c, "Brief: "+b.Customer.Name+", "+dayShort(ctx(c), b.Visit.Slot.Date))
	f.Narrow, f.Sheet = true, p.assets.url("web/css/reply.css")
	return f
}

func (p *Pages) brief(c echo.Context) error {
	b, err := p.Flow.Brief(ctx(c), auth.Actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	return p.show(c, http.StatusOK, briefPage(p.briefFrame(c, b), p.briefModelOf(c, b)))
}

// asks says whether the reader has an invitation to answer.
func (m briefModel) asks() bool {
	return m.MayAnswer && (m.Visit.Answer == visit.NoAnswer || m.Visit.Answer == "")
}

// has says whether a part of the brief is shown: who prepares it sees the empty places
// too, everybody else only what is there.
func (m briefModel) has(filled bool) bool { return filled || m.MayEdit }

// stillMissing says, to those who do not prepare the brief, what is not in it yet and who
// adds it until when; "" where it is complete, or nothing comes any more.
func (m briefModel) stillMissing(ctx context.Context) string {
	var due slot.Date
	late := 0
	for _, s := range m.Steps {
		if s.Prep == visit.BriefPrep {
			due, late = s.Due, s.Late
		}
	}
	if m.MayEdit || len(m.Missing) == 0 || due.IsZero() {
		return ""
	}
	text := "Still missing: " + inWords(m.Missing) + "."
	if len(m.Missing) == visit.MostMissing {
		text = "This brief is not prepared yet."
	}
	switch {
	case m.Host.Name == "":
		return text + " Nobody hosts this visit: the VP of Sales decides who does."
	case late > 0:
		return text + " " + m.Host.Name + " was to prepare it until " + day(ctx, due) + "."
	}
	return text + " " + m.Host.Name + " prepares it until " + day(ctx, due) + "."
}

// inWords joins what is listed: "a", "a and b", "a, b and c".
func inWords(all []string) string {
	n := len(all) - 1
	if n < 1 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:n], ", ") + " and " + all[n]
}

func (p *Pages) briefModelOf(c echo.Context, b flow.BriefView) briefModel {
	return briefModel{BriefView: b, Own: auth.Actor(c).PersonID == b.Visit.ExecutiveID}
}

func (p *Pages) briefForm(c echo.Context) error {
	b, err := p.Flow.Brief(ctx(c), auth.Actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	if !b.MayEdit {
		return fault.Deniedf("You may not prepare this visit: it is over, or somebody else's.")
	}
	return p.show(c, http.StatusOK, briefFormPage(p.briefFrame(c, b), p.briefModelOf(c, b)))
}

func (p *Pages) saveBrief(c echo.Context) error {
	ver, err := version(c)
	if err != nil {
		return err
	}
	in := flow.BriefInput{Objective: c.FormValue("objective"), Theirs: c.FormValue("theirs"), TheirsBy: c.FormValue("theirs_by"), Travel: c.FormValue("travel"),
		Agenda: agendaOf(c.FormValue("agenda")), Questions: linesOf(c.FormValue("questions")), Elephants: linesOf(c.FormValue("elephants")), Asks: linesOf(c.FormValue("asks"))}
	in.People = append(peopleOf(c.FormValue("ours"), false), peopleOf(c.FormValue("guests"), true)...)
	if raw := c.FormValue("theirs_on"); raw != "" {
		if in.TheirsOn, err = slot.ParseDate(raw); err != nil {
			err = fault.Invalidf("This is not a date.").With(fault.Detail{Where: "theirs_on", Value: fault.Short(raw), Expected: "a date such as 2027-03-04"})
		}
	}
	a, id := auth.Actor(c), c.Param("id")
	if err == nil {
		_, err = p.Flow.SaveBrief(ctx(c), a, id, ver, in)
	}
	if err == nil {
		return back(c, "/visits/"+url.PathEscape(id)+"/brief", "prepared")
	}
	return p.briefAgain(c, err, func(m *briefModel) { m.Input = &in }, briefFormPage, "objective", "theirs", "theirs_by", "theirs_on", "agenda", "questions", "elephants", "asks", "travel")
}

func (p *Pages) addQuestion(c echo.Context) error {
	q := strings.TrimSpace(c.FormValue("question"))
	if _, err := p.Flow.AddQuestion(ctx(c), auth.Actor(c), c.Param("id"), q); err != nil {
		return p.briefAgain(c, err, func(m *briefModel) { m.Question = q }, briefPage, "question")
	}
	return back(c, "/visits/"+url.PathEscape(c.Param("id"))+"/brief", "asked")
}

// briefAgain shows the brief as it is now together with what the reader had entered.
func (p *Pages) briefAgain(c echo.Context, err error, entered func(*briefModel), page func(frame, briefModel) templ.Component, fields ...string) error {
	status, yes := formError(err)
	stale := fault.Is(err, fault.Stale)
	if !yes && !stale {
		return err
	}
	b, e := p.Flow.Brief(ctx(c), auth.Actor(c), c.Param("id"))
	if e != nil {
		return err
	}
	m := p.briefModelOf(c, b)
	entered(&m)
	if m.Error = onlyMend(err, fields...); stale {
		status = http.StatusConflict
		m.Clash = clashOf(err, saidBrief(m.entered()), saidBrief(m.kept()))
	}
	return p.show(c, status, page(p.briefFrame(c, b), m))
}

func (p *Pages) sendLink(c echo.Context) error {
	ver, err := version(c)
	if err != nil {
		return err
	}
	if _, err := p.Flow.SendLink(ctx(c), auth.Actor(c), c.Param("id"), ver, c.FormValue("email")); err != nil {
		return p.visitAgain(c, err, func(m *visitModel) { m.Stale = "a link to the customer" })
	}
	return back(c, "/visits/"+url.PathEscape(c.Param("id")), "linked")
}

func (p *Pages) withdrawLink(c echo.Context) error {
	if _, err := p.Flow.WithdrawLink(ctx(c), auth.Actor(c), c.Param("id"), c.Param("link")); err != nil {
		return p.visitAgain(c, err, func(*visitModel) {})
	}
	return back(c, "/visits/"+url.PathEscape(c.Param("id")), "unlinked")
}

type customerVisitModel struct {
	flow.CustomerPage
	Token  string
	Error  shownError
	Stale  string
	Answer flow.CustomerAnswer
}

// outsideFrame is for people who are not of us: no navigation, whoever reads.
func (p *Pages) outsideFrame(c echo.Context, title string) frame {
	// The token is in the address: nobody but we may learn it. With "no-referrer" browsers
	// would send a form without its origin, and it would be refused.
	c.Response().Header().Set("Referrer-Policy", "same-origin")
	c.Response().Header().Set("X-Robots-Tag", "noindex, nofollow")
	return frame{Title: title, CSS: p.assets.url("web/css/main.css"), JS: p.assets.url("web/ts/main.ts"), Icon: p.assets.url("web/icon.svg"), Narrow: true}
}

func (p *Pages) customerVisit(c echo.Context) error {
	v, err := p.Flow.CustomerVisit(ctx(c), c.Param("token"), c.RealIP())
	if err != nil {
		return p.noLink(c, err)
	}
	m := customerVisitModel{CustomerPage: v, Token: c.Param("token"), Answer: flow.CustomerAnswer{Theirs: v.Visit.Theirs.Words, Agenda: v.Visit.Agenda}}
	return p.show(c, http.StatusOK, customerVisitPage(p.outsideFrame(c, "Our visit"), m))
}

// noLink is the one page of every link that does not work.
func (p *Pages) noLink(c echo.Context, err error) error {
	switch fault.KindOf(err) {
	case fault.NotFound:
		return p.show(c, http.StatusNotFound, noLinkPage(p.outsideFrame(c, "This link no longer works"), false))
	case fault.TooMany:
		return p.show(c, http.StatusTooManyRequests, noLinkPage(p.outsideFrame(c, "Please wait a moment"), true))
	}
	return err
}

func (p *Pages) confirmVisit(c echo.Context) error {
	in := flow.CustomerAnswer{Theirs: strings.TrimSpace(c.FormValue("theirs")), Agenda: agendaOf(c.FormValue("agenda"))}
	v, err := p.Flow.ConfirmAsCustomer(ctx(c), c.Param("token"), c.RealIP(), c.FormValue("print"), in)
	if err == nil {
		return p.show(c, http.StatusOK, thanksPage(p.outsideFrame(c, "Thank you"), v))
	}
	status, yes := formError(err)
	stale := fault.Is(err, fault.Stale)
	if fault.KindOf(err) == fault.TooMany || !yes && !stale {
		return p.noLink(c, err)
	}
	now, e := p.Flow.CustomerVisit(ctx(c), c.Param("token"), c.RealIP())
	if e != nil {
		return p.noLink(c, e)
	}
	m := customerVisitModel{CustomerPage: now, Token: c.Param("token"), Answer: in, Error: shown(err, "theirs", "agenda")}
	if stale {
		status, m.Error, m.Stale = http.StatusConflict, shownError{}, fault.Sentence(err)
		m.Answer.Agenda = now.Visit.Agenda
	}
	return p.show(c, status, customerVisitPage(p.outsideFrame(c, "Our visit"), m))
}

var beginsWithTime = regexp.MustCompile(`^([01]?[0-9]|2[0-3])[:.]([0-5][0-9])(?:\s+|$)`)

// agendaOf reads an agenda of one point a line, each with a time in front or without.
func agendaOf(s string) []visit.AgendaItem {
	var out []visit.AgendaItem
	for _, l := range linesOf(s) {
		it := visit.AgendaItem{What: l}
		if m := beginsWithTime.FindStringSubmatch(l); m != nil {
			hour := m[1]
			if len(hour) == 1 {
				hour = "0" + hour
			}
			it = visit.AgendaItem{At: hour + ":" + m[2], What: strings.TrimSpace(l[len(m[0]):])}
		}
		out = append(out, it)
	}
	return out
}

// agendaText writes an agenda so that agendaOf reads it.
func agendaText(items []visit.AgendaItem) string {
	lines := make([]string, len(items))
	for i, it := range items {
		lines[i] = strings.TrimSpace(it.At + " " + it.What)
	}
	return strings.Join(lines, "\n")
}

func linesOf(s string) []string {
	var out []string
	for l := range strings.Lines(s) {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// peopleOf reads people of one a line: the name, a comma, the role.
func peopleOf(s string, theirs bool) []visit.Attendee {
	var out []visit.Attendee
	for _, l := range linesOf(s) {
		name, role, _ := strings.Cut(l, ",")
		out = append(out, visit.Attendee{Name: strings.TrimSpace(name), Role: strings.TrimSpace(role), Theirs: theirs})
	}
	return out
}

func peopleText(people []visit.Attendee, theirs bool) string {
	var lines []string
	for _, x := range people {
		if x.Theirs != theirs {
			continue
		}
		l := x.Name
		if x.Role != "" {
			l += ", " + x.Role
		}
		lines = append(lines, l)
	}
	return strings.Join(lines, "\n")
}

// entered gives what the form shows: what somebody has just typed, or what is kept.
func (m briefModel) entered() flow.BriefInput {
	if m.Input != nil {
		return *m.Input
	}
	return m.kept()
}

// saidBrief says field by field what is prepared.
func saidBrief(in flow.BriefInput) []choice {
	return []choice{{"What the customer wants", in.Theirs}, {"Who said so", in.TheirsBy}, {"When", dateField(in.TheirsOn)}, {"Agenda", agendaText(in.Agenda)}, {"What we want", in.Objective},
		{"Must be raised", strings.Join(in.Elephants, "; ")}, {"Ask these", strings.Join(in.Asks, "; ")}, {"Open questions", strings.Join(in.Questions, "; ")},
		{"From the customer", peopleText(in.People, true)}, {"Of us", peopleText(in.People, false)}, {"Getting there", in.Travel}}
}

// kept gives what stands, as the form enters it.
func (m briefModel) kept() flow.BriefInput {
	b := m.Brief
	in := flow.BriefInput{Objective: m.Visit.Objective, Theirs: m.Visit.Theirs.Words, TheirsBy: m.Visit.Theirs.By, TheirsOn: m.Visit.Theirs.On, Agenda: m.Visit.Agenda,
		People: b.People, Questions: b.Questions, Elephants: b.Elephants, Travel: b.Travel}
	for _, q := range b.Asks {
		if q.By == "" {
			in.Asks = append(in.Asks, q.Text)
		}
	}
	return in
}
