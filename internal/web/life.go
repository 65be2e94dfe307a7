package web

import (
	"context"
	"net/url"
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

// Living are the use cases of a visit's life between its publication and its day.
type Living interface {
	Agree(ctx context.Context, a access.Actor, visitID string, version int, in flow.Agreed) (flow.VisitView, error)
	Cancel(ctx context.Context, a access.Actor, visitID string, version int, code visit.Code, words string) (flow.VisitView, error)
	Decline(ctx context.Context, a access.Actor, visitID string, version int, code visit.Code, note string) (flow.VisitView, error)
	UndoVisit(ctx context.Context, a access.Actor, visitID string, version int) (flow.VisitView, error)
}

func (p *Pages) agree(c echo.Context) error {
	ver, err := version(c)
	if err != nil {
		return err
	}
	in := flow.Agreed{With: strings.TrimSpace(c.FormValue("with")), What: strings.TrimSpace(c.FormValue("what")),
		Kind: visit.Kind(c.FormValue("kind")), JoinURL: strings.TrimSpace(c.FormValue("join_url"))}
	form, err := c.FormParams()
	if err != nil {
		return fault.Invalidf("This form cannot be read.")
	}
	names := form["contact_name"]
	for i, email := range form["contact_email"] {
		contact := roster.Contact{Email: strings.TrimSpace(email)}
		if i < len(names) {
			contact.Name = strings.TrimSpace(names[i])
		}
		if contact != (roster.Contact{}) {
			in.Contacts = append(in.Contacts, contact)
		}
	}
	if raw := c.FormValue("on"); raw != "" {
		if in.On, err = slot.ParseDate(raw); err != nil {
			err = fault.Invalidf("This is not a date.").With(fault.Detail{Where: "on", Value: fault.Short(raw), Expected: "a date such as 2027-03-04"})
		}
	}
	if err == nil {
		_, err = p.Flow.Agree(ctx(c), auth.Actor(c), c.Param("id"), ver, in)
	}
	if err != nil {
		return p.visitAgain(c, err, func(m *visitModel) {
			m.Agree, m.Stale = &in, "what was agreed with “"+in.With+"”"
		}, "with", "on", "what", "contacts", "kind", "join_url")
	}
	return back(c, "/visits/"+url.PathEscape(c.Param("id")), "agreed")
}

func (p *Pages) cancel(c echo.Context) error {
	ver, err := version(c)
	if err != nil {
		return err
	}
	code, words := visit.Code(c.FormValue("code")), strings.TrimSpace(c.FormValue("words"))
	if _, err := p.Flow.Cancel(ctx(c), auth.Actor(c), c.Param("id"), ver, code, words); err != nil {
		return p.visitAgain(c, err, func(m *visitModel) {
			m.Cancelling, m.CancelCode, m.CancelWords, m.Stale = true, code, words, "that the visit is cancelled"
		}, "words")
	}
	return back(c, "/visits/"+url.PathEscape(c.Param("id")), "cancelled")
}

func (p *Pages) undoStep(c echo.Context) error {
	ver, err := version(c)
	if err != nil {
		return err
	}
	if _, err := p.Flow.UndoVisit(ctx(c), auth.Actor(c), c.Param("id"), ver); err != nil {
		return p.visitAgain(c, err, func(m *visitModel) { m.Stale = "that the last step is taken back" })
	}
	return back(c, "/visits/"+url.PathEscape(c.Param("id")), "undone")
}

// codeNames says what the codes of reasons mean, from where we stand.
var codeNames = map[visit.Code]string{
	visit.ByCustomer: "The customer asked for it", visit.NoExecutive: "The executive cannot come", visit.NoHost: "The host cannot come",
	visit.WrongPerson: "Somebody else of us should go", visit.NoObjective: "Nobody could say what it is for", visit.NoTravel: "The way there is not possible",
	visit.PlanChanged: "The plan of the year no longer has it", visit.FromCalendar: "Somebody did it in the calendar", visit.OtherReason: "Another reason",
}

// reasonText joins the code of a reason with its words.
func reasonText(code visit.Code, words string) string {
	name := codeNames[code]
	switch {
	case name == "", words != "" && (code == visit.OtherReason || code == visit.PlanChanged || code == visit.FromCalendar):
		return words // which say it better
	case words == "":
		return name
	}
	return name + ". " + words
}

// agreed gives what the form shows: what somebody has just entered, or what stands.
func (m visitModel) agreed() flow.Agreed {
	in := flow.Agreed{Kind: m.Visit.Kind, JoinURL: m.Visit.JoinURL, Contacts: m.Visit.Contacts}
	if m.Agree != nil {
		in = *m.Agree
	} else if g := m.Visit.Agreement; m.Visit.State.Promised() {
		in.With, in.On, in.What = g.With, g.On, g.What
	}
	if k := m.Customer.Contact; len(in.Contacts) == 0 && m.Agree == nil && !m.Visit.State.Promised() {
		in.With = k.Name
		if k.Email != "" {
			in.Contacts = []roster.Contact{{Name: k.Name, Email: k.Email}}
		}
	}
	for len(in.Contacts) < 10 { // one empty row more than there are people, two at least
		in.Contacts = append(in.Contacts[:len(in.Contacts):len(in.Contacts)], roster.Contact{})
		if n := len(in.Contacts); n > 1 {
			break
		}
	}
	return in
}

// dateField gives the value of a date field.
func dateField(d slot.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

// stepText says what happened, as a sentence without its subject.
func stepText(ctx context.Context, s flow.StepView) string {
	var text string
	switch {
	case s.Undone && s.Moved():
		text = "moved it back from " + spotText(ctx, s.Was, s.WasWho) + " to " + spotText(ctx, s.Is, s.Whom)
	case s.Undone:
		text = "took back the last step"
	case s.Moved():
		text = "moved it from " + spotText(ctx, s.Was, s.WasWho) + " to " + spotText(ctx, s.Is, s.Whom)
		if s.From != s.To {
			text += "; it is to be agreed with the customer again"
		}
	default:
		text = map[visit.State]string{visit.Published: "published it", visit.Agreed: "agreed it with the customer", visit.Confirmed: "confirmed it",
			visit.Held: "noted that it was held", visit.Debriefed: "debriefed it", visit.NoShow: "noted that it did not take place",
			visit.Declined: "declined it", visit.Cancelled: "cancelled it"}[s.To]
		if s.From == visit.Confirmed && s.To == visit.Agreed {
			text = "changed it: the customer is asked again"
		}
	}
	if why := reasonText(s.Code, s.Words); why != "" {
		text += ": " + why
	}
	return text
}

func spotText(ctx context.Context, s visit.Spot, who string) string {
	return day(ctx, s.Slot.Date) + ", " + wall(ctx, s.Begins) + "–" + wall(ctx, s.Ends) + " with " + who
}

// linkText says what a customer's link is good for.
func linkText(ctx context.Context, l flow.LinkView) string {
	switch l.Good {
	case visit.LinkUsed:
		return "used on " + momentText(ctx, l.UsedAt)
	case visit.LinkWithdrawn:
		return "withdrawn"
	case visit.LinkExpired:
		return "too old"
	}
	return "waits for an answer, until " + momentText(ctx, l.Expires)
}
