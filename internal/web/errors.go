package web

import (
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"windshield/internal/auth"
	"windshield/internal/fault"
)

// shownError is an error as the summary on a page shows it. The zero value is
// no error. fields are the names of the page's own fields, which the summary
// links to.
type shownError struct {
	Text    string
	Details []fault.Detail
	fields  map[string]bool
}

func (e shownError) is() bool { return e.Text != "" }

func (e shownError) at(field string) bool {
	for _, d := range e.Details {
		if d.Where == field {
			return true
		}
	}
	return false
}

// describedBy gives the ids of what explains a field: its hint, and its error.
func (e shownError) describedBy(field string, hint bool) string {
	var ids []string
	if hint {
		ids = append(ids, "h-"+field)
	}
	if e.at(field) {
		ids = append(ids, "e-"+field)
	}
	return strings.Join(ids, " ")
}

func shown(err error, fields ...string) shownError {
	if err == nil {
		return shownError{}
	}
	text, details := fault.Shown(err)
	e := shownError{Text: text, Details: details, fields: map[string]bool{}}
	for _, f := range fields {
		e.fields[f] = true
	}
	return e
}

func sentence(d fault.Detail) string {
	d.Where = strings.ReplaceAll(d.Where, "_", " ")
	d.Expected = strings.TrimSuffix(d.Expected, ".") // the sentence has a full stop of its own
	s := strings.TrimSpace(d.String())
	if s == "" {
		return "See above."
	}
	r := []rune(s)
	s = strings.ToUpper(string(r[0])) + string(r[1:])
	if !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "?") {
		s += "."
	}
	return s
}

// formError says whether err should be shown on the form that caused it, and
// with which status.
func formError(err error) (status int, yes bool) {
	switch fault.KindOf(err) {
	case fault.Invalid:
		return http.StatusUnprocessableEntity, true
	case fault.Conflict:
		return http.StatusConflict, true
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge, true
	case fault.TooMany:
		return http.StatusTooManyRequests, true
	}
	return 0, false
}

// failure is an error page: what happened, and what to do now.
type failure struct {
	Status  int
	Title   string
	Advice  string
	Link    link
	Problem shownError
	Typed   typedForm // of the form that was refused
}

var retryAfter = 30 * time.Second

// statuses gives what each kind of fault means to a reader.
var failures = map[fault.Kind]failure{
	fault.Invalid:   {Status: http.StatusUnprocessableEntity, Title: "This cannot be accepted as it is", Advice: "Go back, correct what is named here, and send it again. Nothing was changed."},
	fault.NotFound:  {Status: http.StatusNotFound, Title: "This page does not exist", Advice: "It may have been deleted, the address may be mistyped, or it belongs to somebody else.", Link: link{Href: "/", Text: "Go to my first page"}},
	fault.Conflict:  {Status: http.StatusConflict, Title: "This contradicts what is already there", Advice: "Nothing was changed. Look at the current state, then decide again."},
	fault.Denied:    {Status: http.StatusForbidden, Title: "You may not see or do this", Advice: "If you need it for your work, ask an administrator of Windshield for a role that may.", Link: link{Href: "/", Text: "Go to my first page"}},
	fault.Stale:     {Status: http.StatusConflict, Title: "Somebody was faster", Advice: "What you changed had been changed by somebody else since you opened it. Nothing of yours was written. Open the page again, look at the new state, and repeat your change if it is still right."},
	fault.Temporary: {Status: http.StatusServiceUnavailable, Title: "Not available for a moment", Advice: "Nothing was changed. This is expected to pass by itself: try again in half a minute."},
	fault.TooLarge:  {Status: http.StatusRequestEntityTooLarge, Title: "This is too large", Advice: "Nothing was changed. Split it, or leave out what is not needed."},
	fault.TooMany:   {Status: http.StatusTooManyRequests, Title: "Too many tries", Advice: "Wait a few minutes, then try again."},
	fault.Internal:  {Status: http.StatusInternalServerError, Title: "Something went wrong on our side", Advice: "It has been recorded. Nothing is known to be changed: look before you repeat it.", Link: link{Href: "/", Text: "Go to my first page"}},
}

// routed gives the routes of the server that an address fits, by method. Where groups of
// routes have a fallback of their own, the router itself does not know that an address is
// used with another method.
func routed(c echo.Context, address string, methods ...string) []string {
	known := map[string]bool{}
	for _, r := range c.Echo().Routes() {
		known[r.Method+" "+r.Path] = true
	}
	var out []string
	for _, m := range methods {
		found := c.Echo().NewContext(c.Request(), nil)
		if c.Echo().Router().Find(m, address, found); known[m+" "+found.Path()] {
			out = append(out, m)
		}
	}
	return out
}

// otherWay says whether a request is refused only for its method, and which ones are
// taken instead.
func otherWay(c echo.Context, he *echo.HTTPError) (taken []string) {
	if he == nil || he.Code != http.StatusMethodNotAllowed && he.Code != http.StatusNotFound {
		return nil
	}
	all := []string{http.MethodGet, http.MethodPost}
	at := c.Request().URL.EscapedPath()
	if len(routed(c, at, c.Request().Method)) > 0 {
		return nil
	}
	return routed(c, at, all...)
}

// notThisWay is for an address that exists and takes other requests: one of a form that
// was opened as a page, or of a page to which something was sent.
func notThisWay(c echo.Context, taken []string) failure {
	c.Response().Header().Set(echo.HeaderAllow, strings.Join(taken, ", "))
	f := failure{Status: http.StatusMethodNotAllowed, Title: "This address only takes what a form sends", Link: link{Href: "/", Text: "Go to my first page"},
		Advice: "Nothing was changed. The address of a form that was sent is no page: open the page with the form, and send it from there."}
	if taken[0] == http.MethodGet {
		f.Title, f.Advice = "This address takes nothing that is sent to it", "Nothing was changed. Open the page anew: an older version of it may have sent this."
		if at := c.Request().URL.EscapedPath(); safePath(at) {
			f.Link = link{Href: at, Text: "Open the page"}
		}
		return f
	}
	for at := path.Dir(c.Request().URL.EscapedPath()); len(at) > 1; at = path.Dir(at) {
		if safePath(at) && len(routed(c, at, http.MethodGet)) > 0 {
			f.Link = link{Href: at, Text: "Open the page it belongs to"}
			break
		}
	}
	return f
}

// Error answers with an error page. It is for the server's error handler; what a
// form can show itself never comes here.
func (p *Pages) Error(c echo.Context, err error) {
	if c.Response().Committed {
		return
	}
	var he *echo.HTTPError
	if errors.As(err, &he) {
		err = fromHTTP(he)
	}
	kind := fault.KindOf(err)
	if kind == fault.Unauthenticated {
		if !p.sessionOver(c) {
			p.toSignIn(c)
		}
		return
	}
	f, ok := failures[kind]
	if !ok {
		f = failures[fault.Internal]
	}
	taken := otherWay(c, he)
	if len(taken) > 0 {
		f = notThisWay(c, taken)
	}
	if f.Status == http.StatusInternalServerError {
		p.Log.Error("page failed", "path", c.Path(), "error", err)
	}
	f.Problem = shown(err)
	if kind == fault.Internal || len(taken) > 0 {
		f.Problem = shownError{} // the title says it all
	}
	if f.Status == http.StatusServiceUnavailable || f.Status == http.StatusTooManyRequests {
		c.Response().Header().Set("Retry-After", itoa(int(retryAfter/time.Second)))
	}
	if kind == fault.Stale || kind == fault.Conflict || kind == fault.Temporary || kind == fault.TooMany {
		f.Typed = typedIn(c, kind == fault.Temporary || kind == fault.TooMany)
	}
	if f.Link.Href == "" {
		f.Link = link{Href: here(c), Text: "Open the page again"}
	}
	fr := p.frame(c, f.Title)
	fr.Narrow = true
	if c.Request().Method == http.MethodHead {
		_ = c.NoContent(f.Status)
		return
	}
	if e := p.show(c, f.Status, failurePage(fr, f)); e != nil {
		p.Log.Error("error page failed", "path", c.Path(), "error", e)
		_ = c.String(http.StatusInternalServerError, "Something went wrong on our side. It has been recorded.")
	}
}

// here gives the page that a failed request belongs to: for a form the page
// that held it, since the form's own address cannot be opened.
func here(c echo.Context) string {
	u := c.Request().URL
	if c.Request().Method != http.MethodPost {
		return u.RequestURI()
	}
	if ref, err := url.Parse(c.Request().Referer()); err == nil && ref.Host == c.Request().Host && safePath(ref.RequestURI()) {
		return ref.RequestURI()
	}
	return "/"
}

// safePath says whether a path stays on this site: browsers read // and /\ as
// the name of another one.
func safePath(s string) bool {
	return strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//") && !strings.ContainsAny(s, "\\\r\n\t")
}

// fromHTTP translates what the router and middleware say.
func fromHTTP(he *echo.HTTPError) error {
	switch he.Code {
	case http.StatusNotFound:
		return fault.NotFoundf("There is nothing at this address.")
	case http.StatusMethodNotAllowed:
		return fault.NotFoundf("The address exists, but not for a request of this kind.")
	case http.StatusForbidden:
		return fault.Deniedf("The request did not come from a page of Windshield.")
	case http.StatusUnauthorized:
		return fault.New(fault.Unauthenticated, "Please sign in first.")
	case http.StatusRequestEntityTooLarge:
		return fault.New(fault.TooLarge, "What was sent is larger than Windshield accepts.")
	case http.StatusTooManyRequests:
		return fault.New(fault.TooMany, "There were too many requests in a short time.")
	case http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusRequestTimeout:
		return fault.Temporaryf("Windshield did not answer in time.")
	case http.StatusBadRequest, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return fault.Invalidf("The request could not be read.")
	}
	return he
}

// nextCookie remembers where somebody wanted to go before signing in.
const nextCookie = "windshield_next"

func (p *Pages) toSignIn(c echo.Context) {
	if auth.Actor(c).PersonID != "" {
		_ = c.Redirect(http.StatusSeeOther, "/")
		return
	}
	to := "/signin"
	if u := c.Request().URL.RequestURI(); c.Request().Method == http.MethodGet && safePath(u) && u != "/" {
		to += "?next=" + url.QueryEscape(u)
	}
	_ = c.Redirect(http.StatusSeeOther, to)
}
