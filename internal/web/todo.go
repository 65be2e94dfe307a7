package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/notify"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Hosting are the use cases of a host's own pages: the list, the agenda and the mails.
type Hosting interface {
	Todo(ctx context.Context, a access.Actor, hostID string) (flow.TodoView, error)
	SaveAgenda(ctx context.Context, a access.Actor, visitID string, version int, in flow.AgendaInput) (flow.BriefView, error)
	CustomerMail(ctx context.Context, a access.Actor, visitID string, kind flow.MailKind) (flow.MailView, error)
	SendCustomerMail(ctx context.Context, a access.Actor, visitID string, version int, kind flow.MailKind, in flow.MailInput) (flow.MailOut, error)
}

// mayHost says who has a list of things to do, or sees those of others.
func mayHost(a access.Actor) bool {
	return access.Decide(a, access.SeeTodo, access.Subject{HostID: a.PersonID}).Allowed
}

func (p *Pages) todo(c echo.Context) error {
	v, err := p.Flow.Todo(ctx(c), auth.Actor(c), c.QueryParam("host"))
	if err != nil {
		return err
	}
	f := p.frame(c, "To do")
	if !v.Own {
		f.Title = "To do of " + v.Host.Name
	}
	f.Narrow = true
	return p.show(c, http.StatusOK, todoPage(f, v))
}

var prepNames = map[visit.Prep]string{visit.ObjectivePrep: "objective", visit.AgendaPrep: "agenda", visit.ConfirmedPrep: "confirmed", visit.BriefPrep: "brief", visit.MemoPrep: "memo"}

// prepText says where a step stands: never by its colour alone.
func prepText(ctx context.Context, s visit.PrepStep) string {
	switch {
	case s.Done:
		return "✓ " + prepNames[s.Prep]
	case s.Late > 0:
		return "▲ " + prepNames[s.Prep] + ", " + count(ctx, s.Late, "day", "days") + " late"
	}
	return prepNames[s.Prep]
}

func prepClass(s visit.PrepStep) string {
	switch {
	case s.Done:
		return "tag ok"
	case s.Late > 0:
		return "tag warn"
	}
	return "tag dash"
}

// todoText and todoLink are the next action of a visit, and where it is done.
var todoText = map[flow.TodoAction]string{flow.TodoObjective: "Agree the objective", flow.TodoAgenda: "Agree the agenda", flow.TodoAgree: "Note that it is agreed", flow.TodoConfirm: "Ask them to confirm",
	flow.TodoBrief: "Complete the brief", flow.TodoWait: "Remind them to confirm", flow.TodoRead: "Read the brief", flow.TodoDebrief: "Debrief", flow.TodoMemo: "Send the memo"}

func todoLink(visitID string, next flow.TodoAction) string {
	at := "/visits/" + url.PathEscape(visitID)
	switch next {
	case flow.TodoObjective, flow.TodoAgenda:
		return at + "/agenda"
	case flow.TodoAgree:
		return at + "#agree"
	case flow.TodoConfirm, flow.TodoWait:
		return at + "/mail?kind=confirmation"
	case flow.TodoBrief:
		return at + "/brief/edit"
	case flow.TodoDebrief:
		return at + "/debrief"
	case flow.TodoMemo:
		return at + "/memo"
	}
	return at + "/brief"
}

// todoSentence opens the list.
func todoSentence(ctx context.Context, v flow.TodoView) string {
	ready := few(ctx, v.Ready, v.Ahead) + " visits ahead are ready."
	switch {
	case todoCount(v) == 0:
		return "No visit waits for anything."
	case v.Ahead == 0:
		ready = ""
	}
	if n := len(v.Overdue); n > 0 {
		return count(ctx, n, "visit is", "visits are") + " behind. " + ready
	}
	return "Nothing is late. " + ready
}

// mostTodo is how many visits of a group stand open: what comes in half a year can wait
// behind a click.
const mostTodo = 8

// todoDay leaves the year out where it is this one.
func todoDay(ctx context.Context, d, today slot.Date) string {
	if d.Year() == today.Year() {
		return dayShort(ctx, d)
	}
	return day(ctx, d)
}

// matters says whether a step is worth showing: what was not done before a visit that is
// over cannot be made up for.
func matters(s visit.PrepStep) bool {
	return s.Done || !s.Due.IsZero() || s.Prep == visit.MemoPrep
}

// ---- agenda

type agendaModel struct {
	flow.BriefView
	Entered  flow.AgendaInput
	Contact  string // who most likely agreed
	Minutes  []int
	Fault    string // what is wrong with the times as they are kept
	Stale    bool
	Error    shownError
	Writable bool // a mail can go to the customer
	Today    slot.Date
}

func (p *Pages) agenda(c echo.Context) error {
	b, err := p.Flow.Brief(ctx(c), auth.Actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	return p.showAgenda(c, http.StatusOK, b, nil, nil)
}

func (p *Pages) showAgenda(c echo.Context, status int, b flow.BriefView, typed *flow.AgendaInput, problem error) error {
	m := agendaModel{BriefView: b, Contact: cmp.Or(b.Brief.AgendaBy, b.Visit.Theirs.By, b.Customer.Contact.Name), Minutes: visit.AgendaMinutes(b.Visit.Agenda, b.Visit.Ends), Today: slot.DateOf(p.Now(), time.UTC)}
	if len(b.Visit.Contacts) > 0 {
		m.Contact = cmp.Or(b.Brief.AgendaBy, b.Visit.Contacts[0].Name, m.Contact)
	}
	if loc, err := slot.LoadZone(b.Visit.Zone); err == nil {
		m.Today = slot.DateOf(p.Now(), loc)
	}
	m.Entered = flow.AgendaInput{Objective: b.Visit.Objective, Theirs: b.Visit.Theirs.Words, TheirsBy: b.Visit.Theirs.By, TheirsOn: b.Visit.Theirs.On, Agenda: b.Visit.Agenda, AgreedBy: m.Contact, AgreedOn: m.Today}
	if typed != nil {
		m.Entered = *typed
	}
	if at, expected := visit.AgendaFault(b.Visit.Agenda, b.Visit.Begins, b.Visit.Ends); expected != "" {
		m.Fault = "“" + b.Visit.Agenda[at].At + " " + b.Visit.Agenda[at].What + "” does not fit: it needs " + expected + "."
	}
	if m.Stale = fault.Is(problem, fault.Stale); !m.Stale {
		m.Error = shown(problem, "objective", "theirs", "theirs_by", "theirs_on", "agenda", "agreed_by", "agreed_on")
	}
	return p.show(c, status, agendaPage(p.frame(c, "Agenda: "+b.Customer.Name+", "+dayShort(ctx(c), b.Visit.Slot.Date)), m))
}

func (p *Pages) saveAgenda(c echo.Context) error {
	ver, err := version(c)
	if err != nil {
		return err
	}
	in := flow.AgendaInput{Objective: c.FormValue("objective"), Theirs: c.FormValue("theirs"), TheirsBy: c.FormValue("theirs_by"), Agenda: agendaOf(c.FormValue("agenda")),
		Agree: c.FormValue("do") == "agree", AgreedBy: c.FormValue("agreed_by")}
	var bad []fault.Detail
	for where, d := range map[string]*slot.Date{"theirs_on": &in.TheirsOn, "agreed_on": &in.AgreedOn} {
		raw := strings.TrimSpace(c.FormValue(where))
		if raw == "" {
			continue
		}
		if *d, err = slot.ParseDate(raw); err != nil {
			bad = append(bad, fault.Detail{Where: where, Value: fault.Short(raw), Expected: "a date such as 2027-03-04"})
		}
	}
	a, id := auth.Actor(c), c.Param("id")
	if err = nil; len(bad) > 0 {
		err = fault.Invalidf("This is not a date.").With(bad...)
	}
	was, e := p.Flow.Brief(ctx(c), a, id)
	if e != nil {
		return e
	}
	var b flow.BriefView
	if err == nil {
		b, err = p.Flow.SaveAgenda(ctx(c), a, id, ver, in)
	}
	if err == nil {
		code := "agenda"
		switch {
		case was.Visit.State == visit.Confirmed && b.Visit.State != visit.Confirmed:
			code = "reopened"
		case in.Agree:
			code = "agenda_agreed"
		}
		return back(c, "/visits/"+url.PathEscape(id)+"/agenda", code)
	}
	status, yes := formError(err)
	if fault.Is(err, fault.Stale) {
		status, yes = http.StatusConflict, true
	}
	if !yes {
		return err
	}
	return p.showAgenda(c, status, was, &in, err)
}

// ---- mails

type mailModel struct {
	flow.MailView
	To      string // as entered
	Error   shownError
	Stale   bool
	Done    *flow.MailOut // complete, for the host's own mail program
	MailTo  string
	Preview []string // the lines of the memo
}

var mailTitles = map[flow.MailKind]string{flow.ObjectiveMail: "Ask for their objective", flow.AgendaMail: "Propose the agenda", flow.ConfirmMail: "Ask them to confirm", flow.ThanksMail: "Thank them, with the memo"}

// mailLead says what comes of a mail.
var mailLead = map[flow.MailKind]string{flow.ObjectiveMail: "Until it comes from the customer’s mouth, it is a guess.", flow.AgendaMail: "Note their answer on the agenda page: who agreed, and when.",
	flow.ConfirmMail: "The link needs no account, shows this visit and nothing else, and works once. Only the customer can make a visit ready.", flow.ThanksMail: "They answer line by line under their link. Once it is sent, the words of the memo stay."}

func (p *Pages) mailForm(c echo.Context) error {
	v, err := p.Flow.CustomerMail(ctx(c), auth.Actor(c), c.Param("id"), flow.MailKind(c.QueryParam("kind")))
	if err != nil {
		return err
	}
	return p.showMail(c, http.StatusOK, mailModel{MailView: v})
}

func (p *Pages) showMail(c echo.Context, status int, m mailModel) error {
	for _, l := range m.Memo.Lines {
		m.Preview = append(m.Preview, l.Text)
	}
	f := p.frame(c, mailTitles[m.Kind]+": "+m.Customer.Name)
	f.Narrow = true
	if m.Done != nil {
		f.Script = p.assets.url("web/ts/copy.ts")
	}
	return p.show(c, status, mailPage(f, m))
}

func (p *Pages) sendMail(c echo.Context) error {
	ver, err := version(c)
	if err != nil {
		return err
	}
	id, kind := c.Param("id"), flow.MailKind(c.FormValue("kind"))
	in := flow.MailInput{To: c.FormValue("to"), Subject: c.FormValue("subject"), Text: c.FormValue("text"), Own: c.FormValue("do") == "own"}
	draft, e := p.Flow.CustomerMail(ctx(c), auth.Actor(c), id, kind)
	if e != nil {
		return e
	}
	out, err := p.Flow.SendCustomerMail(ctx(c), auth.Actor(c), id, ver, kind, in)
	if err == nil && !in.Own {
		to := "/agenda"
		switch kind {
		case flow.ConfirmMail:
			to = ""
		case flow.ThanksMail:
			to = "/memo"
		}
		return back(c, "/visits/"+url.PathEscape(id)+to, "mailed")
	}
	m := mailModel{MailView: draft, To: in.To}
	m.Subject, m.Text = in.Subject, in.Text
	if err == nil {
		m.Done, m.MailTo = &out, notify.MailTo(out.To, out.Subject, out.Text)
		return p.showMail(c, http.StatusOK, m)
	}
	status, yes := formError(err)
	if m.Stale = fault.Is(err, fault.Stale); m.Stale {
		status, yes = http.StatusConflict, true
	} else {
		m.Error = shown(err, "email", "subject", "text")
	}
	if !yes {
		return err
	}
	return p.showMail(c, status, m)
}
