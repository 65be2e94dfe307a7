package web

import (
	"context"
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
)

// Connecting are the use cases of Google accounts and what permits us to use them.
type Connecting interface {
	Accounts(ctx context.Context, a access.Actor) ([]flow.AccountView, error)
	MyAccount(ctx context.Context, a access.Actor) (flow.AccountView, error)
	BeginConnect(ctx context.Context, a access.Actor, address string) (flow.ConsentStart, error)
	FinishConnect(ctx context.Context, a access.Actor, in flow.ConsentAnswer) (flow.Connection, error)
	Disconnect(ctx context.Context, a access.Actor, address string) (told bool, err error)
	RetryConnection(ctx context.Context, a access.Actor, address string) error
	CheckSetup(ctx context.Context, a access.Actor, most int) ([]flow.Finding, error)
}

// The pages on which accounts are connected.
const (
	myCalendarPath = "/me/calendar"
	accountsPath   = "/admin/calendar/accounts"
)

// consentKey is where a session keeps what it asked at Google's consent page.
const consentKey = "consent"

// checkedAtOnce is how many accounts the page tries: somebody waits for it. The
// command line tries all.
const checkedAtOnce = 2

func (p *Pages) myCalendar(c echo.Context) error {
	v, err := p.Flow.MyAccount(ctx(c), auth.Actor(c))
	if err != nil {
		return err
	}
	f := p.frame(c, "My calendar")
	f.Narrow = true
	return p.show(c, http.StatusOK, myCalendarPage(f, v))
}

// ownAccount gives the reader's account where Windshield needs one, for a notice.
func (p *Pages) ownAccount(c echo.Context) (flow.AccountView, error) {
	v, err := p.Flow.MyAccount(ctx(c), auth.Actor(c))
	if k := fault.KindOf(err); err != nil && (k == fault.Denied || k == fault.NotFound) {
		return flow.AccountView{}, nil
	}
	return v, err
}

type accountsModel struct {
	Rows    []flow.AccountView // who needs somebody first
	Broken  int
	Manages bool
	Checked []flow.Finding // nil where nobody asked
}

func (p *Pages) accounts(c echo.Context) error { return p.showAccounts(c, nil) }

func (p *Pages) checkSetup(c echo.Context) error {
	found, err := p.Flow.CheckSetup(ctx(c), auth.Actor(c), checkedAtOnce)
	if err != nil {
		return err
	}
	return p.showAccounts(c, found)
}

func (p *Pages) showAccounts(c echo.Context, checked []flow.Finding) error {
	a := auth.Actor(c)
	rows, err := p.Flow.Accounts(ctx(c), a)
	if err != nil {
		return err
	}
	m := accountsModel{Rows: rows, Manages: may(access.ManageConnection)(a), Checked: checked}
	for _, r := range rows {
		if r.State == flow.NeedsReconnecting {
			m.Broken++
		}
	}
	return p.show(c, http.StatusOK, accountsPage(p.frame(c, "Google accounts"), m))
}

func accountTag(v flow.AccountView) (text, class string) {
	switch v.State {
	case flow.AccountConnected:
		return "✓ connected", "tag ok"
	case flow.NeedsReconnecting:
		return "needs reconnecting", "tag warn"
	case flow.Disconnected:
		return "disconnected", "tag"
	}
	return "not connected yet", "tag dash"
}

func (p *Pages) connectMine(c echo.Context) error { return p.connect(c, "", myCalendarPath) }

func (p *Pages) connectAccount(c echo.Context) error {
	return p.connect(c, c.FormValue("address"), accountsPath)
}

// connect shows a page with a link to Google. A redirect would not do: a page of
// ours may send its forms to nobody else, not by a detour either.
func (p *Pages) connect(c echo.Context, address, from string) error {
	start, err := p.Flow.BeginConnect(ctx(c), auth.Actor(c), address)
	if err != nil {
		return err
	}
	p.SignIn.Keep(c, consentKey, start.Keep)
	f := p.frame(c, "Continue at Google")
	f.Narrow = true
	return p.show(c, http.StatusOK, consentPage(f, start, from))
}

// consentAnswer is where Google sends people back to. Whatever Google says is
// shown kindly: nothing that comes from there is a failure of ours.
func (p *Pages) consentAnswer(c echo.Context) error {
	c.Response().Header().Set("Referrer-Policy", "no-referrer") // the code is in the address
	a := auth.Actor(c)
	if a.PersonID == "" { // not back to here: the answer belongs to a session that has ended
		return c.Redirect(http.StatusSeeOther, "/signin?next="+myCalendarPath)
	}
	in := flow.ConsentAnswer{Keep: p.SignIn.Take(c, consentKey), State: c.QueryParam("state"), Code: c.QueryParam("code"), Error: c.QueryParam("error")}
	con, err := p.Flow.FinishConnect(ctx(c), a, in)
	if err == nil && con.PersonID == a.PersonID {
		return back(c, myCalendarPath, "connected")
	}
	if err == nil {
		return back(c, accountsPath, "connected")
	}
	if fault.Is(err, fault.Internal) {
		return err
	}
	from := myCalendarPath
	if may(access.ManageConnection)(a) {
		from = accountsPath
	}
	f := p.frame(c, "Not connected")
	f.Narrow = true
	return p.show(c, http.StatusUnprocessableEntity, notConnectedPage(f, shown(err), from))
}

func (p *Pages) disconnectMine(c echo.Context) error { return p.disconnect(c, "", myCalendarPath) }

func (p *Pages) disconnectAccount(c echo.Context) error {
	return p.disconnect(c, c.FormValue("address"), accountsPath)
}

func (p *Pages) disconnect(c echo.Context, address, to string) error {
	told, err := p.Flow.Disconnect(ctx(c), auth.Actor(c), address)
	if err != nil {
		return err
	}
	if !told {
		return back(c, to, "disconnected_here")
	}
	return back(c, to, "disconnected")
}

func (p *Pages) retryAccount(c echo.Context) error {
	if err := p.Flow.RetryConnection(ctx(c), auth.Actor(c), c.FormValue("address")); err != nil {
		return err
	}
	return back(c, accountsPath, "sync")
}

// outside gives an address at Google. It comes from the configuration, never from
// a request.
func outside(address string) templ.SafeURL { return templ.SafeURL(address) }
