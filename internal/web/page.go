package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
)

// frame is what every page has around its own content.
type frame struct {
	Title    string
	Nav      []link
	Actor    access.Actor
	AsOf     time.Time
	Flash    string // what was just done; from a fixed list, never from the address
	Refresh  int    // seconds after which a page without scripts loads again; 0 never
	Narrow   bool   // for reading and forms
	Script   string // a module beside main.ts; its address
	CSS, JS  string
	Sheet    string // a style sheet beside main.css; its address
	Icon     string
	Version  string
	Demo     *DemoLinks
	SignedIn bool
	Unread   int // notices that the reader has not opened
}

type link struct {
	Href, Text string
	Current    bool
}

// done are the messages after a redirect, by the code in ?done=.
var done = map[string]string{
	"published":         "The plan is published. Invitations are on their way to the calendars.",
	"unchanged":         "This plan had been published already. Nothing was changed and nobody was told again.",
	"accepted":          "You accepted this visit.",
	"asked_instead":     "Your wish is noted. The visit stands as it is until whoever plans has decided.",
	"feed_ended":        "The address has ended: calendar programs find nothing there any more.",
	"tentative":         "Your answer is noted: perhaps.",
	"declined":          "You declined this visit. The half-day is free again and the event leaves the calendars.",
	"held":              "It is noted that the visit was held.",
	"debriefed":         "The debrief is filed.",
	"saved_draft":       "The draft is saved. Nothing follows from it until you send it.",
	"person_made":       "The person is known now. A sign-in link is sent when they ask for one.",
	"person_changed":    "It is saved. It holds from the person's next click.",
	"erased":            "It is erased. What was said and done stays, without the name.",
	"job_retried":       "The job is due now.",
	"job_discarded":     "The job is given up. The reason is in the audit trail.",
	"checked":           "The chain was walked along, entry by entry.",
	"weights":           "The next run of the planner weighs like this. Plans that are there stay as they are.",
	"renamed":           "The value has the new name with all customers that had it.",
	"memo_saved":        "The memo is saved. The customer has not seen it.",
	"memo_sent":         "The memo is on its way to the customer.",
	"asked_customer":    "The question is on its way to the customer.",
	"notices_read":      "All notices are marked as read.",
	"choices":           "Your choices are kept. They hold for what comes from now on.",
	"locale":            "It is kept. All pages write dates and numbers like this from now on.",
	"channels":          "The settings are kept. They hold for what comes from now on.",
	"notices_retried":   "What waits is being tried now.",
	"notice_tested":     "The test is on its way. This page shows whether it arrived.",
	"alert_snoozed":     "No alert is sent until then. The clock runs on.",
	"alert_seen":        "It is noted. Only a visit ends it.",
	"ladder":            "It is noted when alerts climb.",
	"loop_acknowledge":  "It is noted that the customer knows we are at it.",
	"loop_answer":       "It is noted. Now ask the customer whether this answered it.",
	"loop_confirm":      "The customer has confirmed it: it is closed.",
	"loop_reopen":       "It is open again.",
	"claimed":           "The claim is made. Put to it what customers have said.",
	"claim_changed":     "The claim is changed.",
	"statement_added":   "It is added.",
	"statement_changed": "It is noted.",
	"no_show":           "It is noted that the visit did not take place.",
	"agreed":            "It is noted what was agreed with the customer. The calendar entry is firm.",
	"cancelled":         "The visit is cancelled. The half-days are free again.",
	"prepared":          "The brief is kept.",
	"agenda":            "It is kept.",
	"agenda_agreed":     "It is noted who agreed to the agenda.",
	"reopened":          "It is kept. The customer had confirmed something else, so the visit is not ready: ask them again.",
	"mailed":            "The mail is on its way to the customer.",
	"statements":        "It is noted when statements are old.",
	"asked":             "The question is on the brief.",
	"linked":            "The link is on its way to the customer.",
	"unlinked":          "The link no longer works.",
	"undone":            "The last step is taken back.",
	"pinned":            "The visit is pinned: planning leaves it where it is.",
	"unpinned":          "The pin is gone: planning may move the visit again.",
	"imported":          "The rows are written.",
	"mapped":            "The columns are matched. Nothing has been written yet.",
	"frozen":            "The list is frozen and the seed is committed. Nobody has been drawn yet.",
	"selected":          "The customers are drawn.",
	"refused":           "The refusal is noted.",
	"added":             "The customer is in, by hand. The proof page shows it.",
	"removed":           "The customer is out, by hand. The proof page shows it.",
	"listed":            "The list is compared with the draw.",
	"connected":         "The calendar is connected. What waited for it is being written now.",
	"disconnected":      "The calendar is disconnected, and the permission taken back at Google.",
	"disconnected_here": "The calendar is disconnected and the permission deleted here. Google could not be told: take it away at myaccount.google.com/permissions as well.",
	"sync":              "All calendars are being read now. This page shows the result as it comes in.",
	"busy":              "The settings are saved. Where calendars are read, they are being read now.",
	"settled":           "It is decided. The calendars follow.",
	"buying":            "The list is saved. It holds for debriefs, pages and plans from now on.",
	"moved":             "It is noted. The customer’s way is below.",
	"policy":            "The policy is changed. It holds for what people do from now on.",
	"rearranged":        "The plan is changed. Where it is published, the calendars follow.",
	"brought":           "The solution keeps every rule. It is a draft now.",
	"taken":             "Taken. The plan is changed; where it is published, the calendars follow.",
	"year":              "The year is accepted.",
	"promised":          "It is promised. From now on the plan is compared with it.",
	"promised_already":  "Just this is promised already. Nothing was changed.",
	"thrown_away":       "The run is thrown away. Nothing of it is kept.",
	"stopping":          "The run stops and keeps the best plan it has found.",
	"paused":            "The launch is paused. What is on its way still arrives; nothing more goes.",
	"resumed":           "The launch goes on.",
	"halted":            "The launch is stopped. What is in the calendars stays there.",
	"checking":          "The calendars are being read.",
	"mending":           "These events are being looked at again. Compare in a moment.",
	"signed_out":        "You are signed out.",
}

// frame makes the frame of a page for whoever asks.
func (p *Pages) frame(c echo.Context, title string) frame {
	a := auth.Actor(c)
	f := frame{
		Title: title, Nav: nav(a, c.Request().URL.Path), Actor: a, AsOf: p.Now().UTC(),
		Flash: done[c.QueryParam("done")], CSS: p.assets.url("web/css/main.css"), JS: p.assets.url("web/ts/main.ts"),
		Icon: p.assets.url("web/icon.svg"), Version: p.Version, Demo: p.Demo, SignedIn: a.PersonID != "",
	}
	// A page is worth more than a number in its head.
	if n, err := p.Flow.UnreadNotices(ctx(c), a); err == nil {
		f.Unread = n
	}
	return f
}

// navShown is how many entries the navigation shows of somebody who has more than
// navMost; the others, of which nobody is in daily need, stand under "More".
const (
	navShown = 7
	navMost  = 8
)

// places are the entries of the navigation, those of every day first, each with who
// may go there.
var places = []struct {
	href, text string
	may        func(access.Actor) bool
}{
	{"/plans", "Plan", may(access.SeePlan)},
	{"/coverage", "Coverage", may(access.SeeCoverage)},
	{"/me", "My visits", func(a access.Actor) bool { return a.Has(roster.Executive, roster.Assistant) }},
	{"/todo", "To do", mayHost},
	{"/visits", "Visits", func(a access.Actor) bool { return a.Has(roster.Host) }},
	{"/conflicts", "To decide", func(a access.Actor) bool { return a.Has(roster.VP, roster.Host) }},
	{"/claims", "Claims", may(access.SeeClaims)},
	{"/customers", "Customers", may(access.SeeCustomers)},
	{"/loops", "Open", func(a access.Actor) bool { return a.Has(roster.VP, roster.Host) }},
	{"/selections", "Selections", may(access.SeePlan)},
	{"/imports", "Import", may(access.ImportRoster)},
	{"/admin/calendar", "Calendar", may(access.SeeConnections)},
	{adminPath, "Administration", may(access.ManagePeople)},
}

func may(action access.Action) func(access.Actor) bool {
	return func(a access.Actor) bool { return access.Decide(a, action, access.Subject{}).Allowed }
}

func nav(a access.Actor, path string) []link {
	if a.PersonID == "" {
		return nil
	}
	var out []link
	for _, e := range places {
		if e.may(a) {
			here := path == e.href || strings.HasPrefix(path, e.href+"/")
			out = append(out, link{e.href, e.text, here && !(e.href == adminPath && strings.HasPrefix(path, "/admin/calendar")) && !(e.href == "/me" && strings.HasPrefix(path, noticesPath))})
		}
	}
	return out
}

// folded parts the entries of the navigation into those that stand in the line and
// those under "More".
func folded(all []link) (line, more []link) {
	if len(all) <= navMost {
		return all, nil
	}
	return all[:navShown], all[navShown:]
}

// current is the entry of the page itself, if it is among them.
func current(links []link) (link, bool) {
	i := slices.IndexFunc(links, func(l link) bool { return l.Current })
	if i < 0 {
		return link{}, false
	}
	return links[i], true
}

// homeOf gives the page on which a person's work begins.
func homeOf(a access.Actor) string {
	switch {
	case a.Has(roster.VP):
		return "/plans"
	case a.Has(roster.CEO):
		return "/coverage"
	case a.Has(roster.Executive, roster.Assistant):
		return "/me"
	case a.Has(roster.Host):
		return "/todo"
	}
	return adminPath
}

func (p *Pages) home(c echo.Context) error {
	a := auth.Actor(c)
	if a.PersonID == "" {
		return c.Redirect(http.StatusSeeOther, "/signin")
	}
	if len(a.Roles) == 0 {
		return fault.Deniedf("You are known here, but have no role yet. Ask an administrator to give you one.")
	}
	return c.Redirect(http.StatusSeeOther, homeOf(a))
}

// show renders a page whole before the first byte leaves, so that a failure
// while rendering is a clean error page.
func (p *Pages) show(c echo.Context, status int, page templ.Component) error {
	var b bytes.Buffer
	if err := page.Render(ctx(c), &b); err != nil {
		return err
	}
	body := straight(b.Bytes())
	h := c.Response().Header()
	// Every page is about somebody; shared computers must not keep it.
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept-Encoding")
	if len(body) < 1400 || !strings.Contains(c.Request().Header.Get("Accept-Encoding"), "gzip") {
		return c.HTMLBlob(status, body)
	}
	// Pages hold no secret that an attacker could guess by their length: sessions
	// travel in cookies, and forms carry a fresh random key.
	h.Set("Content-Encoding", "gzip")
	h.Set("Content-Type", echo.MIMETextHTMLCharsetUTF8)
	c.Response().WriteHeader(status)
	z, _ := zippers.Get().(*gzip.Writer)
	defer zippers.Put(z)
	z.Reset(c.Response())
	if _, err := z.Write(body); err != nil {
		return err
	}
	return z.Close()
}

// turns are the characters that turn the direction in which all that follows is read.
const turns = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

// straight takes them out of a page: a name with one of them would turn the sentence
// around in which it stands. Hebrew and Arabic are read rightly without.
func straight(page []byte) []byte {
	for _, r := range turns { // hardly a page has one: to look for each is quicker than to walk over all runes
		if bytes.ContainsRune(page, r) {
			return bytes.Map(func(r rune) rune {
				if strings.ContainsRune(turns, r) {
					return -1
				}
				return r
			}, page)
		}
	}
	return page
}

// zippers are kept: each needs a megabyte to start with.
var zippers = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(io.Discard, 4) // a level that exists cannot fail
	return z
}}

// key names a form so that sending it twice has one effect.
func key(c echo.Context, parts ...string) flow.Key {
	h := sha256.Sum256([]byte(c.Request().URL.Path + "\x00" + strings.Join(parts, "\x00")))
	k := c.FormValue("key")
	if len(k) > 200 {
		k = k[:200]
	}
	return flow.Key{ActorID: auth.Actor(c).PersonID, Key: k, Hash: hex.EncodeToString(h[:])}
}

// keyOfButton is key for a form of many buttons, each of which does another thing: what
// one has done is no repetition for the next.
func keyOfButton(c echo.Context, parts ...string) flow.Key {
	k := key(c, parts...)
	k.Key += "-" + k.Hash[:16]
	return k
}

func back(c echo.Context, to, doneCode string) error {
	if doneCode != "" {
		to += "?done=" + url.QueryEscape(doneCode)
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// version reads the hidden field that says on which version a form is based.
func version(c echo.Context) (int, error) {
	v, err := strconv.Atoi(c.FormValue("version"))
	if err != nil || v < 0 {
		return 0, fault.Invalidf("This form is not complete.").With(fault.Detail{Where: "version", Value: fault.Short(c.FormValue("version")), Expected: "the number the page put there", Mend: "Open the page again and repeat your entry."})
	}
	return v, nil
}

// whole reads a whole number of a form between lo and hi.
func whole(c echo.Context, field, label string, lo, hi int) (int, []fault.Detail) {
	return wholeOf(c.FormValue(field), field, label, lo, hi)
}

// ctx is the context of a request; it says who reads the answer.
func ctx(c echo.Context) context.Context { return withReader(c.Request().Context(), readerOf(c)) }
