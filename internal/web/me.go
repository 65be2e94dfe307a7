package web

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/alert"
	"windshield/internal/auth"
	"windshield/internal/flow"
)

type myModel struct {
	flow.MyView
	Own     bool             // the reader's own page
	Account flow.AccountView // the reader's, on their own page
	Months  []myMonth
	Behind  []myMonth // the months before this one
	Ledger  []ledgerLine
	// NextAnswer says whether the reader may answer the next visit here.
	NextAnswer bool
	Form       alertForm
	// MayAcceptYear says whether the reader may accept the executive's year.
	MayAcceptYear bool
	YearKey       string
}

type myMonth struct {
	Title string
	Rows  []flow.VisitView
}

type ledgerLine struct {
	alert.Entry
	Customer string // "" where it is not among this year's visits
}

func (p *Pages) me(c echo.Context) error {
	return p.mine(c, http.StatusOK, c.QueryParam("person"), alertForm{})
}

func (p *Pages) mine(c echo.Context, status int, person string, form alertForm) error {
	a := auth.Actor(c)
	v, err := p.Flow.My(ctx(c), a, person)
	if err != nil {
		return err
	}
	m := myModel{MyView: v, Form: form, Own: v.Executive.ID == a.PersonID, YearKey: p.NewKey(), MayAcceptYear: access.Decide(a, access.AcceptYear, access.Subject{ExecutiveID: v.Executive.ID}).Allowed}
	if m.Own {
		if m.Account, err = p.ownAccount(c); err != nil {
			return err
		}
	}
	names := map[string]string{}
	for _, x := range v.Visits {
		names[x.Customer.ID] = x.Customer.Name
		title := x.Visit.Slot.Date.Time().Format("January 2006")
		if n := len(m.Months); n == 0 || m.Months[n-1].Title != title {
			m.Months = append(m.Months, myMonth{Title: title})
		}
		last := &m.Months[len(m.Months)-1]
		last.Rows = append(last.Rows, x)
	}
	// What comes is read more often than what was.
	now := v.Today.Add(1 - v.Today.Time().Day())
	for len(m.Months) > 0 && m.Months[0].Rows[0].Visit.Slot.Date < now {
		m.Behind, m.Months = append(m.Behind, m.Months[0]), m.Months[1:]
	}
	for _, e := range v.Clock.Ledger {
		m.Ledger = append(m.Ledger, ledgerLine{e, names[e.CustomerID]})
	}
	m.NextAnswer = v.Next != nil && (v.Next.MayAnswer || access.Decide(a, access.AnswerVisit, access.Subject{ExecutiveID: v.Executive.ID}).Allowed)
	f := p.frame(c, "My visits")
	if !m.Own {
		f.Title = "Visits of " + v.Executive.Name
	}
	f.Narrow = true
	return p.show(c, status, mePage(f, m))
}

// stripMonth is a month of the year at a glance.
type stripMonth struct {
	Name, Text string
	Now        bool
}

// yearStrip counts the visits of this year by month: "2 ✓" were held, "1" stands.
func (m myModel) yearStrip() []stripMonth {
	var held, ahead [13]int
	for _, x := range m.Visits {
		if d := x.Visit.Slot.Date; d.Year() == m.Today.Year() {
			switch n := d.Time().Month(); {
			case x.Visit.State.Happened():
				held[n]++
			case x.Visit.State.Live():
				ahead[n]++
			}
		}
	}
	out := make([]stripMonth, 12)
	for i := range out {
		n := time.Month(i + 1)
		out[i] = stripMonth{Name: n.String()[:3], Now: n == m.Today.Time().Month(), Text: "–"}
		switch {
		case held[n] > 0 && ahead[n] > 0:
			out[i].Text = itoa(held[n]) + " ✓ " + itoa(ahead[n])
		case held[n] > 0:
			out[i].Text = itoa(held[n]) + " ✓"
		case ahead[n] > 0:
			out[i].Text = itoa(ahead[n])
		}
	}
	return out
}
