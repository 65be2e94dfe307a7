package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// visitModel is a visit's page, with what the reader had entered where a form
// came back.
type visitModel struct {
	flow.VisitView
	Error    shownError
	Stale    string // what the reader sent, where somebody else was faster
	Note     string // typed reason of a refusal
	Declined bool   // the refusal's form stands open
	Outcome  *flow.Outcome
	// Where else it could stand, while somebody has to decide about it.
	Proposals   []flow.Proposal
	Asked       *flow.Ask // what the executive asked for, where nobody has decided
	ProposalKey string
	// The form that names a time, as it was entered.
	Timing                   bool
	AtDate, AtBegins, AtEnds string
	Reason                   string
	Because                  *visit.Code  // who caused it
	Agree                    *flow.Agreed // as it was entered
	// The form that cancels the visit, as it was entered.
	Cancelling  bool
	CancelCode  visit.Code
	CancelWords string
	DeclineCode visit.Code
	// Which links the reader may follow.
	MayCustomer, MayPlan, MyPage bool
	MayReplace                   bool // the customer may be noted to refuse, and the next of its cell to take over
	MayDebrief                   bool // or read the debrief that is there
	MayBrief                     bool
	MayMemo                      bool // write the memo of what was understood
	Own                          bool // the reader is the executive
}

func (p *Pages) visitModelOf(c echo.Context, v flow.VisitView) visitModel {
	a := auth.Actor(c)
	v.Neighbours = slices.DeleteFunc(slices.Clone(v.Neighbours), func(n visit.Visit) bool { return n.ID == v.Visit.ID })
	return visitModel{VisitView: v, Own: a.PersonID == v.Visit.ExecutiveID, MayCustomer: may(access.SeeCustomers)(a), MayPlan: may(access.SeePlan)(a),
		MayDebrief: v.MayRecord && access.Decide(a, access.DebriefVisit, access.Subject{ExecutiveID: v.Visit.ExecutiveID, HostID: v.Visit.HostID}).Allowed ||
			v.Visit.State == visit.Debriefed && access.Decide(a, access.ReadDebrief, access.Subject{ExecutiveID: v.Visit.ExecutiveID, HostID: v.Visit.HostID}).Allowed,
		MayBrief:   v.Visit.State != visit.Proposed && access.Decide(a, access.ReadDebrief, access.Subject{ExecutiveID: v.Visit.ExecutiveID, HostID: v.Visit.HostID}).Allowed,
		MayMemo:    v.Visit.State.Happened() && access.Decide(a, access.WriteMemo, access.Subject{ExecutiveID: v.Visit.ExecutiveID, HostID: v.Visit.HostID}).Allowed,
		MyPage:     access.Decide(a, access.SeeOwnVisits, access.Subject{ExecutiveID: v.Visit.ExecutiveID}).Allowed,
		MayReplace: may(access.MakeSelection)(a) && v.Plan.SelectionID != "" && v.Visit.State.Open()}
}

// hosts says whether the reader can do what is next about the visit.
func (m visitModel) hosts() bool { return m.MayAgree || m.MayDebrief || m.MayMemo }

// lateSteps says how many steps of a visit are overdue, and for how long: "2 steps are
// overdue, one for 12 days"; "" where none is.
func lateSteps(ctx context.Context, steps []visit.PrepStep) string {
	n := 0
	for _, s := range steps {
		if s.Late > 0 {
			n++
		}
	}
	days := count(ctx, visit.MostLate(steps), "day", "days")
	switch n {
	case 0:
		return ""
	case 1:
		return "1 step is " + days + " overdue"
	}
	return num(ctx, n) + " steps are overdue, the first of them " + days
}

func (p *Pages) visitFrame(c echo.Context, v flow.VisitView) frame {
	f := p.frame(c, v.Customer.Name+", "+dayShort(ctx(c), v.Visit.Slot.Date))
	f.Narrow = true
	return f
}

func (p *Pages) visit(c echo.Context) error {
	v, err := p.Flow.Visit(ctx(c), auth.Actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	m := p.visitModelOf(c, v)
	m.Declined = c.QueryParam("decline") != ""
	p.propose(c, &m)
	return p.show(c, http.StatusOK, visitPage(p.visitFrame(c, v), m))
}

func (p *Pages) answer(c echo.Context) error {
	id, a := c.Param("id"), auth.Actor(c)
	ver, err := version(c)
	if err != nil {
		return err
	}
	answer := visit.Answer(c.FormValue("answer"))
	note := strings.TrimSpace(c.FormValue("reason"))
	if answer == visit.Refused && note == "" {
		err = fault.Invalidf("Please say why, so that somebody else can be asked.").With(fault.Detail{Where: "reason", Expected: "a reason, in a few words"})
	} else if answer, err = visit.ParseAnswer(string(answer)); err == nil {
		if code := c.FormValue("code"); answer == visit.Refused && code != "" {
			_, err = p.Flow.Decline(ctx(c), a, id, ver, visit.Code(code), note)
		} else {
			_, err = p.Flow.Answer(ctx(c), a, id, ver, answer, note)
		}
	}
	if err != nil {
		return p.visitAgain(c, err, func(m *visitModel) {
			m.Note, m.Declined, m.DeclineCode = note, answer == visit.Refused, visit.Code(c.FormValue("code"))
			m.Stale = "your answer “" + answerNames[answer] + "”"
			if note != "" {
				m.Stale += " with the reason “" + note + "”"
			}
		}, "reason")
	}
	to := "/visits/" + url.PathEscape(id)
	if c.FormValue("from") == "me" {
		return c.Redirect(http.StatusSeeOther, "/me?"+url.Values{"person": {c.FormValue("person")}, "done": {string(answer)}}.Encode())
	}
	if c.FormValue("from") == "brief" {
		to += "/brief"
	}
	return back(c, to, string(answer))
}

var answerNames = map[visit.Answer]string{visit.NoAnswer: "none", visit.Accepted: "accept", visit.Tentative: "perhaps", visit.Refused: "decline"}

func (p *Pages) outcome(c echo.Context) error {
	id := c.Param("id")
	ver, err := version(c)
	if err != nil {
		return err
	}
	o := flow.Outcome{Held: c.FormValue("held") == "yes", Kind: visit.Kind(c.FormValue("kind")), WithHost: c.FormValue("with_host") == "yes", Code: visit.Code(c.FormValue("code")), Note: strings.TrimSpace(c.FormValue("note"))}
	switch {
	case c.FormValue("held") != "yes" && c.FormValue("held") != "no":
		err = fault.Invalidf("Please say whether the visit took place.").With(fault.Detail{Where: "held", Expected: "yes or no"})
	case o.Held:
		o.Kind, err = visit.ParseKind(string(o.Kind))
	}
	if err == nil {
		_, err = p.Flow.RecordOutcome(ctx(c), auth.Actor(c), id, ver, o)
	}
	if err != nil {
		return p.visitAgain(c, err, func(m *visitModel) {
			m.Outcome = &o
			m.Stale = "that the visit was held"
			if !o.Held {
				m.Stale = "that the visit did not take place"
			}
		}, "held", "kind", "note")
	}
	code := "held"
	if !o.Held {
		code = "no_show"
	}
	return back(c, "/visits/"+url.PathEscape(id), code)
}

// pin pins a visit, or takes the pin away.
func (p *Pages) pin(c echo.Context) error {
	ver, err := version(c)
	if err != nil {
		return err
	}
	pinned := c.FormValue("pinned") == "yes"
	if _, err = p.Flow.PinVisit(ctx(c), auth.Actor(c), c.Param("id"), ver, pinned); err != nil {
		return p.visitAgain(c, err, func(m *visitModel) { m.Stale = "a change of the pin" })
	}
	code := "unpinned"
	if pinned {
		code = "pinned"
	}
	return back(c, "/visits/"+url.PathEscape(c.Param("id")), code)
}

// visitAgain shows the visit as it is now together with what the reader had
// entered, where the form can be mended or somebody else was faster.
func (p *Pages) visitAgain(c echo.Context, err error, entered func(*visitModel), fields ...string) error {
	status, yes := formError(err)
	stale := fault.Is(err, fault.Stale)
	if !yes && !stale {
		return err
	}
	v, e := p.Flow.Visit(ctx(c), auth.Actor(c), c.Param("id"))
	if e != nil {
		return err
	}
	m := p.visitModelOf(c, v)
	entered(&m)
	if stale {
		status = http.StatusConflict
	} else {
		m.Stale = ""
		m.Error = shown(err, fields...)
	}
	return p.show(c, status, visitPage(p.visitFrame(c, v), m))
}

// pageSize is how many visits a list shows at once.
const pageSize = 50

type visitsModel struct {
	Rows     []flow.VisitView
	Next     string // address of the next page
	From, To string
	State    string
	Host     bool             // the reader sees the visits of own customers only
	Account  flow.AccountView // the reader's, where they host
	Open     string           // sums up what is open with customers, where they host
	Filtered bool
	Error    shownError
}

func (p *Pages) visits(c echo.Context) error {
	a := auth.Actor(c)
	m := visitsModel{From: c.QueryParam("from"), To: c.QueryParam("to"), State: c.QueryParam("state"), Host: !access.Visits(a).All && a.Has(roster.Host)}
	q := flow.VisitQuery{ExecutiveID: c.QueryParam("executive"), CustomerID: c.QueryParam("customer"), After: c.QueryParam("after"), Limit: pageSize}
	var bad []fault.Detail
	dates := []struct {
		field, raw string
		to         *slot.Date
	}{{"from", m.From, &q.From}, {"to", m.To, &q.To}}
	for _, d := range dates {
		if d.raw == "" {
			continue
		}
		v, err := slot.ParseDate(d.raw)
		if err != nil {
			bad = append(bad, fault.Detail{Where: d.field, Value: fault.Short(d.raw), Expected: "a date such as 2027-03-04"})
		}
		*d.to = v
	}
	if m.State != "" {
		if _, ok := stateNames[visit.State(m.State)]; !ok {
			bad = append(bad, fault.Detail{Where: "state", Value: fault.Short(m.State), Expected: "one of the states in the list"})
		}
		q.States = []visit.State{visit.State(m.State)}
	}
	m.Filtered = m.From != "" || m.To != "" || m.State != "" || q.ExecutiveID != "" || q.CustomerID != ""
	f := p.frame(c, "Visits")
	if len(bad) > 0 {
		// The summary names what was typed; a date field cannot hold what is no date.
		if q.From == 0 {
			m.From = ""
		}
		if q.To == 0 {
			m.To = ""
		}
		m.Error = shown(fault.Invalidf("The filter cannot be used as it is.").With(bad...), "from", "to", "state")
		return p.show(c, http.StatusUnprocessableEntity, visitsPage(f, m))
	}
	rows, next, err := p.Flow.Visits(ctx(c), a, q)
	if err != nil {
		return err
	}
	m.Rows = rows
	if m.Host {
		if m.Account, err = p.ownAccount(c); err != nil {
			return err
		}
		loops, err := p.Flow.OpenLoops(ctx(c), a, "")
		if err != nil {
			return err
		}
		m.Open = loops.Sentence
	}
	if next != "" {
		u := c.QueryParams()
		u.Set("after", next)
		u.Del("done")
		m.Next = "/visits?" + u.Encode()
	}
	return p.show(c, http.StatusOK, visitsPage(f, m))
}

var stateNames = map[visit.State]string{
	visit.Proposed: "proposed", visit.Published: "published", visit.Agreed: "agreed with the customer", visit.Confirmed: "confirmed by the customer",
	visit.Held: "held", visit.Debriefed: "debriefed", visit.NoShow: "did not take place",
	visit.Declined: "declined", visit.Cancelled: "cancelled",
}

var stateOrder = visit.States()

var kindOrder = []visit.Kind{visit.AtCustomer, visit.Online, visit.TradeShow, visit.Conference}
