package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"windshield/internal/auth"
)

// typedForm is what somebody had typed into a form that could not be taken: the session
// had ended, or somebody else was faster. It is shown so that nothing is lost, and
// where sending it once more can help, it can be sent once more.
type typedForm struct {
	Action string
	Fields []typedField
	Again  bool // can be sent as it stands
}

type typedField struct {
	Name, Label, Value string
	Hidden             bool // the page's own, not typed by anybody
}

// mostTyped bounds what an error page gives back, in bytes.
const mostTyped = 1 << 20

// ownFields are those that pages put into forms themselves.
var ownFields = []string{"key", "version", "plan_version", "fingerprint", "preview"}

// typedIn gives what the form of a request held; the zero value where it held nothing
// that somebody would miss. Files cannot be given back: browsers do not allow it.
func typedIn(c echo.Context, again bool) typedForm {
	r := c.Request()
	if r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get(echo.HeaderContentType), echo.MIMEApplicationForm) {
		return typedForm{}
	}
	if err := r.ParseForm(); err != nil {
		return typedForm{}
	}
	t := typedForm{Action: r.URL.RequestURI(), Again: again}
	if !safePath(t.Action) || !typedSize(r.PostForm) {
		return typedForm{}
	}
	names := make([]string, 0, len(r.PostForm))
	for name := range r.PostForm {
		names = append(names, name)
	}
	slices.Sort(names)
	seen := false
	for _, name := range names {
		for _, value := range r.PostForm[name] {
			own := slices.Contains(ownFields, name)
			seen = seen || !own && strings.TrimSpace(value) != ""
			t.Fields = append(t.Fields, typedField{Name: name, Label: readable(name), Value: value, Hidden: own})
		}
	}
	if !seen {
		return typedForm{}
	}
	return t
}

func typedSize(form url.Values) bool {
	n := 0
	for name, values := range form {
		for _, v := range values {
			n += len(name) + len(v)
			if !utf8.ValidString(v) {
				return false
			}
		}
	}
	return n <= mostTyped
}

// sessionOver answers a form that was sent after its session had ended: sign in on
// another tab, then send what stands here again. Nothing of it is kept by the server.
func (p *Pages) sessionOver(c echo.Context) bool {
	if auth.Actor(c).PersonID != "" {
		return false
	}
	t := typedIn(c, true)
	if len(t.Fields) == 0 {
		return false
	}
	f := p.signInFrame(c, "Your session has ended")
	return p.show(c, http.StatusUnauthorized, sessionOverPage(f, t)) == nil
}
