package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"windshield/internal/auth"
	"windshield/internal/fault"
)

func (p *Pages) signInForm(c echo.Context) error {
	if next := c.QueryParam("next"); safePath(next) {
		// A mail opens in a new tab, so the wish travels in a cookie.
		c.SetCookie(&http.Cookie{Name: nextCookie, Value: url.QueryEscape(next), Path: "/signin", MaxAge: 1800,
			HttpOnly: true, Secure: strings.HasPrefix(p.BaseURL, "https://"), SameSite: http.SameSiteLaxMode})
	}
	if auth.Actor(c).PersonID != "" {
		return c.Redirect(http.StatusSeeOther, "/")
	}
	return p.show(c, http.StatusOK, signInPage(p.signInFrame(c, "Sign in"), "", shownError{}))
}

func (p *Pages) signInFrame(c echo.Context, title string) frame {
	f := p.frame(c, title)
	f.Narrow = true
	return f
}

func (p *Pages) requestLink(c echo.Context) error {
	email := strings.TrimSpace(c.FormValue("email"))
	var err error
	if at := strings.Index(email, "@"); at < 1 || at == len(email)-1 || len(email) > 254 || strings.ContainsAny(email, " \t\r\n") {
		err = fault.Invalidf("This is not a mail address.").With(fault.Detail{Where: "email", Value: fault.Short(email), Expected: "a mail address such as kim@example.com"})
	} else {
		err = p.SignIn.RequestLink(c, email)
	}
	if status, yes := formError(err); err != nil && yes {
		return p.show(c, status, signInPage(p.signInFrame(c, "Sign in"), email, shown(err, "email")))
	}
	if err != nil {
		return err
	}
	return p.show(c, http.StatusOK, checkMailPage(p.signInFrame(c, "Check your mail"), email))
}

// linkForm shows a button instead of signing in at once: mail scanners open
// links, and would use them up.
func (p *Pages) linkForm(c echo.Context) error {
	c.Response().Header().Set("Referrer-Policy", "no-referrer") // the token is in the address
	return p.show(c, http.StatusOK, linkPage(p.signInFrame(c, "Sign in"), c.Param("token")))
}

func (p *Pages) useLink(c echo.Context) error {
	if err := p.SignIn.Use(c, c.Param("token")); err != nil {
		if k := fault.KindOf(err); k == fault.NotFound || k == fault.Invalid || k == fault.Unauthenticated {
			return p.show(c, http.StatusUnprocessableEntity, linkUsedPage(p.signInFrame(c, "This link is no longer good")))
		}
		return err
	}
	to := "/"
	if ck, err := c.Cookie(nextCookie); err == nil {
		if next, err := url.QueryUnescape(ck.Value); err == nil && safePath(next) && !strings.HasPrefix(next, "/signin") {
			to = next
		}
		c.SetCookie(&http.Cookie{Name: nextCookie, Path: "/signin", MaxAge: -1})
	}
	return c.Redirect(http.StatusSeeOther, to)
}

func (p *Pages) signOut(c echo.Context) error {
	if err := p.SignIn.SignOut(c); err != nil {
		return err
	}
	return back(c, "/signin", "signed_out")
}
