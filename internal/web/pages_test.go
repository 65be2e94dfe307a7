package web_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/visit"
	"windshield/internal/web"
)

// site is the pages over a story, as one person sees them.
type site struct {
	story  *story
	signIn *signIn
	echo   *echo.Echo
}

func open(t testing.TB, s *story, a access.Actor) *site {
	t.Helper()
	in := &signIn{}
	p, err := web.New(web.Options{Flow: s, SignIn: in, Now: func() time.Time { return s.now }, NewKey: func() string { return "key-1" }, BaseURL: "http://127.0.0.1:8080",
		Version: "test", Demo: &web.DemoLinks{Calendar: "http://127.0.0.1:8081/", Mail: "http://127.0.0.1:8082/"}})
	require.NoError(t, err)
	e := echo.New()
	e.HTTPErrorHandler = func(err error, c echo.Context) { p.Error(c, err) }
	e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			auth.SetActor(c, a)
			// The browser checks run under the product's own policy.
			c.Response().Header().Set("Content-Security-Policy", "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'")
			return next(c)
		}
	})
	p.Register(e)
	return &site{s, in, e}
}

// actors are one person per role, by name.
func actors(s *story) map[string]access.Actor {
	who := map[string]access.Actor{"nobody": {}}
	for _, p := range s.people {
		for _, r := range p.Roles {
			if _, ok := who[string(r)]; !ok {
				who[string(r)] = access.ActorFor(p)
			}
		}
	}
	return who
}

func (s *site) get(path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.echo.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func (s *site) post(path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.echo.ServeHTTP(w, r)
	return w
}

// page is an address, who opens it, and the status it answers with.
type page struct {
	path, who string
	status    int
}

// allPages lists every page; ids are those of the fixtures.
func allPages(s *story) []page {
	held, coming, conflict := "", "", ""
	for _, v := range s.visits {
		switch {
		case v.State == visit.Held && held == "":
			held = v.ID
		case v.Conflict != "" && conflict == "":
			conflict = v.ID
		case (v.State == visit.Published || v.State == visit.Proposed) && v.Start.After(s.now) && coming == "":
			coming = v.ID
		}
	}
	return []page{
		{"/signin", "nobody", 200}, {"/signin/good", "nobody", 200},
		{"/plans", "vp", 200}, {"/plans", "ceo", 200}, {"/plans/" + s.plan.ID, "vp", 200}, {"/plans/" + s.plan.ID + "?q=Amara&country=US&view=grid", "ceo", 200},
		{"/plans/" + s.plan.ID + "?q=nobody+at+all", "vp", 200}, {"/plans/none", "vp", 404}, {"/plans/runs/" + uuidOf(8, 1), "vp", 200},
		{"/plans/" + s.plan.ID + "/attention", "vp", 200}, {"/plans/" + s.plan.ID + "/customers/" + uuidOf(4, 3), "vp", 200}, {"/plans/" + s.plan.ID + "/customers/" + uuidOf(4, 1), "vp", 200},
		{"/plans/" + s.plan.ID + "/customers/" + uuidOf(4, 5), "ceo", 200}, {"/plans/" + s.plan.ID + "/customers/none", "vp", 404},
		{"/plans/" + s.plan.ID + "/compare", "vp", 200}, {"/plans/" + s.plan.ID + "/compare?with=" + uuidOf(5, 3), "vp", 200}, {"/plans/" + s.plan.ID + "/compare?with=" + uuidOf(5, 9), "ceo", 409},
		{"/plans/scenarios/new?selection=" + uuidOf(6, 1), "vp", 200}, {"/plans/scenarios/" + uuidOf(9, 1), "vp", 200},
		{"/coverage", "ceo", 200}, {"/coverage?period=90d", "vp", 200}, {"/coverage?period=junk", "ceo", 422}, {"/coverage?perod=90d", "ceo", 422}, {"/coverage?region=Mars", "ceo", 422}, {"/coverage?region=NY", "ceo", 200},
		{"/coverage/people", "ceo", 200}, {"/coverage/people?show=over&page=1", "vp", 200}, {"/coverage/people?page=x", "vp", 422}, {"/coverage/people/" + uuidOf(1, 3), "ceo", 200}, {"/coverage/people/none", "ceo", 404},
		{"/coverage/strata", "ceo", 200}, {"/coverage/strata?period=90d", "vp", 200}, {"/coverage/strata/" + s.groups[0].Code, "ceo", 200}, {"/coverage/strata/none", "ceo", 404}, {"/coverage/gaps", "ceo", 200},
		{"/coverage/weeks/2027-W14", "ceo", 200}, {"/coverage/weeks/2027-W54", "ceo", 404}, {"/coverage/weeks/soon", "ceo", 404}, {"/coverage/kept?outcome=dropped", "ceo", 303},
		{"/coverage/visits?executive=" + uuidOf(1, 3) + "&month=2027-02", "ceo", 200}, {"/coverage/visits?counts=no&page=1", "ceo", 200}, {"/coverage/visits?month=2027-13", "ceo", 422}, {"/coverage/visits?end=yes", "ceo", 422}, {"/coverage/visits?phase=early&end=1", "ceo", 200},
		{"/me", "executive", 200}, {"/me", "assistant", 200}, {"/me?person=" + uuidOf(1, 3), "ceo", 200},
		{"/visits", "host", 200}, {"/visits?from=2027-13-01&state=odd", "host", 422}, {"/visits?from=2030-01-01", "vp", 200},
		{"/visits/" + held, "executive", 200}, {"/visits/" + coming, "executive", 200}, {"/visits/" + conflict, "vp", 200}, {"/visits/none", "vp", 404}, {"/visits/" + held + "/debrief", "ceo", 200}, {"/visits/" + held + "/memo", "host", 200}, {"/loops", "host", 200}, {"/loops", "vp", 200}, {"/todo", "host", 200}, {"/todo", "vp", 200}, {"/visits/" + coming + "/agenda", "host", 200}, {"/visits/" + coming + "/mail?kind=agenda", "host", 200},
		{"/visits/" + coming + "/brief", "executive", 200}, {"/visits/" + coming + "/brief/edit", "host", 200}, {"/visits/none/brief", "vp", 404}, {"/c/good", "nobody", 200}, {"/c/guessed", "nobody", 404}, {"/c/good", "vp", 200},
		{"/customers", "vp", 200}, {"/customers?q=zzz", "vp", 200}, {"/customers/" + uuidOf(4, 3), "host", 200},
		{"/imports", "vp", 200}, {"/imports/new", "vp", 200}, {"/imports/new/match", "vp", 200}, {"/imports/matched/match", "vp", 200}, {"/imports/matched/check", "vp", 200},
		{"/imports/good/confirm", "vp", 200}, {"/imports/written", "vp", 200},
		{"/selections", "vp", 200}, {"/selections/new", "vp", 200}, {"/selections/" + uuidOf(6, 1), "vp", 200}, {"/selections/frames/" + uuidOf(9, 1), "vp", 200},
		{"/selections/" + uuidOf(6, 1) + "/proof", "vp", 200}, {"/selections/" + uuidOf(6, 1) + "/proof", "ceo", 200}, {"/selections/" + uuidOf(6, 1) + "/list", "vp", 200},
		{"/selections/" + uuidOf(6, 1) + "/change?kind=refused&customer=" + uuidOf(4, 1), "vp", 200}, {"/selections/" + uuidOf(6, 1) + "/change?kind=added", "vp", 200},
		{"/selections/" + uuidOf(6, 1) + "/change?kind=removed&customer=" + uuidOf(4, 2), "vp", 200}, {"/selections/" + uuidOf(6, 1) + "/change?kind=moved", "vp", 404}, {"/selections/" + uuidOf(6, 1) + "/change?kind=added", "ceo", 403},
		{"/me/notices", "host", 200}, {"/me/notices/preferences", "executive", 200}, {"/admin/notices", "administrator", 200}, {"/admin/calendar", "administrator", 200}, {"/admin/calendar/accounts", "administrator", 200}, {"/admin/calendar/accounts", "vp", 200}, {"/me/calendar", "host", 200}, {"/me/calendar", "executive", 200}, {"/admin/calendar/health", "administrator", 200}, {"/admin/audit", "administrator", 200}, {"/admin/people", "administrator", 200}, {"/admin/people", "vp", 403}, {"/admin", "administrator", 200}, {"/admin", "vp", 403}, {"/admin/jobs", "administrator", 200}, {"/admin/dimensions", "administrator", 200}, {"/admin/dimensions", "vp", 200}, {"/admin/rules", "vp", 200}, {"/admin/rules", "ceo", 200},
		{"/conflicts", "vp", 200}, {"/conflicts", "host", 200}, {"/admin/calendar/policy", "administrator", 200}, {"/admin/calendar/policy", "vp", 200},
		{"/nowhere", "vp", 404}, {"/?done=published", "vp", 303},
	}
}

func TestEveryPageIsSoundHTML(t *testing.T) {
	kinds := map[string]*story{
		"published": makeStory(sampleSize).live(),
		"draft":     makeStory(sampleSize).draft(),
		"empty":     makeStory(size{}),
		"hostile":   makeStory(size{executives: 3, customers: 9, visits: 200, text: hostile}).draft(),
		"hostile2":  makeStory(size{executives: 3, customers: 9, visits: 200, text: hostile}).live(),
	}
	for name, s := range kinds {
		who := actors(s)
		for _, p := range allPages(s) {
			t.Run(name+" "+p.who+" "+p.path, func(t *testing.T) {
				a := who[p.who]
				if a.PersonID == "" && p.who != "nobody" {
					a = access.Actor{PersonID: uuidOf(1, 0), Name: "Somebody", Roles: []roster.Role{roster.Role(p.who)}}
				}
				w := open(t, s, a).get(p.path)
				if name == "empty" && empty(p.path) && w.Code == 404 {
					return // nothing there to show
				}
				require.Equal(t, p.status, w.Code, w.Body.String())
				if w.Code < 300 || w.Code >= 400 {
					sound(t, w.Body.Bytes())
				}
			})
		}
	}
}

// empty says that a page is about a thing that an empty company does not have.
func empty(path string) bool {
	return path == "/c/good" || strings.HasPrefix(path, "/visits/") || strings.Contains(path, "/customers/") || strings.HasPrefix(path, "/coverage/people/") || strings.Contains(path, "/compare") || strings.Contains(path, "/scenarios/new")
}

func TestRunsInEveryState(t *testing.T) {
	for _, state := range []flow.RunState{flow.Queued, flow.Running, flow.Done, flow.Failed, flow.Cancelled} {
		s := makeStory(sampleSize)
		s.runState = state
		w := open(t, s, actors(s)["vp"]).get("/plans/runs/x")
		require.Equal(t, 200, w.Code)
		sound(t, w.Body.Bytes())
		going := state == flow.Queued || state == flow.Running
		require.Equal(t, going, strings.Contains(w.Body.String(), `http-equiv="refresh"`), state)
	}
}

// sound checks what every page must keep, whatever it shows.
func sound(t *testing.T, body []byte) {
	t.Helper()
	doc, err := html.Parse(bytes.NewReader(body))
	require.NoError(t, err)
	ids, labels, named := map[string]bool{}, map[string]bool{}, map[string]bool{}
	var controls []*html.Node
	var refs []string
	headings, mains, titles := []string{}, 0, 0
	walk(doc, func(n *html.Node) {
		if n.Type != html.ElementNode {
			return
		}
		for _, a := range n.Attr {
			require.False(t, a.Key == "style" || strings.HasPrefix(a.Key, "on"), "%s=%q on <%s>", a.Key, a.Val, n.Data)
			require.NotContains(t, a.Key, "script", "an attribute that hostile text made")
			switch a.Key {
			case "id":
				require.False(t, ids[a.Val], "id %q twice", a.Val)
				require.NotContains(t, a.Val, " ", "id with a space")
				ids[a.Val] = true
			case "for":
				labels[a.Val] = true
			case "aria-labelledby", "aria-describedby":
				refs = append(refs, strings.Fields(a.Val)...)
			case "href", "action", "src":
				low := strings.ToLower(strings.TrimSpace(a.Val))
				require.False(t, strings.HasPrefix(low, "javascript:") || strings.HasPrefix(low, "data:"), a.Val)
			}
		}
		switch n.Data {
		case "script":
			require.NotEmpty(t, attr(n, "src"), "inline script")
			require.Nil(t, n.FirstChild)
		case "style":
			require.Fail(t, "inline style")
		case "input", "select", "textarea":
			if attr(n, "type") != "hidden" {
				controls = append(controls, n)
			}
		case "h1", "h2", "h3", "h4":
			headings = append(headings, n.Data)
			require.NotEmpty(t, strings.TrimSpace(text(n)), "empty heading")
		case "main":
			mains++
		case "title":
			titles++
			require.NotEmpty(t, strings.TrimSpace(text(n)))
		case "html":
			require.Equal(t, "en", attr(n, "lang"))
		case "button":
			require.NotEmpty(t, strings.TrimSpace(text(n)), "button without a name")
		case "a":
			require.NotEmpty(t, strings.TrimSpace(text(n))+attr(n, "aria-label"), "link without a name: %s", attr(n, "href"))
			if l := attr(n, "aria-label"); l != "" {
				require.True(t, strings.HasPrefix(l, strings.TrimSpace(text(n))), "the visible text must begin the name %q", l)
			}
		case "form":
			require.Contains(t, []string{"get", "post"}, attr(n, "method"))
			require.True(t, strings.HasPrefix(attr(n, "action"), "/"), attr(n, "action"))
		}
		if n.Data == "label" {
			walk(n, func(c *html.Node) {
				if c.Data == "input" {
					named[fmt.Sprintf("%p", c)] = true
				}
			})
		}
	})
	require.Equal(t, 1, mains)
	require.Equal(t, 1, titles)
	for _, c := range controls {
		require.True(t, labels[attr(c, "id")] || named[fmt.Sprintf("%p", c)] || attr(c, "aria-label") != "", "control %q without a label", attr(c, "name"))
	}
	for _, r := range refs {
		require.True(t, ids[r], "reference to the missing id %q", r)
	}
	require.NotEmpty(t, headings)
	h1, last := 0, '1' // an error summary may stand above the h1
	for _, h := range headings {
		level := rune(h[1])
		if level == '1' {
			h1++
		} else {
			require.LessOrEqual(t, level, last+1, "heading levels jump: %v", headings)
		}
		last = level
	}
	require.Equal(t, 1, h1, "%v", headings)
}

func walk(n *html.Node, do func(*html.Node)) {
	do(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c, do)
	}
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var b strings.Builder
	walk(n, func(c *html.Node) {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	})
	return b.String()
}

func zipped(t testing.TB, data []byte) int {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	require.NoError(t, err)
	_, err = w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Len()
}

// bigSize is the plan for which the budgets hold.
var bigSize = size{executives: 200, customers: 2000, visits: 2400}

func TestThePlanKeepsItsBudget(t *testing.T) {
	s := makeStory(bigSize).live()
	w := open(t, s, actors(s)["vp"]).get("/plans/" + s.plan.ID)
	require.Equal(t, 200, w.Code)
	sound(t, w.Body.Bytes())
	r := httptest.NewRequest(http.MethodGet, "/plans/"+s.plan.ID, nil)
	r.Header.Set("Accept-Encoding", "br, gzip")
	z := httptest.NewRecorder()
	open(t, s, actors(s)["vp"]).echo.ServeHTTP(z, r)
	t.Logf("plan of 200 × 2,400: %d KB, as sent %d KB", w.Body.Len()>>10, z.Body.Len()>>10)
	require.Less(t, z.Body.Len(), 80<<10)
	g, err := gzip.NewReader(z.Body)
	require.NoError(t, err)
	plain, err := io.ReadAll(g)
	require.NoError(t, err)
	require.Equal(t, w.Body.String(), string(plain))
}

func TestScriptsAndStylesKeepTheirBudget(t *testing.T) {
	s := makeStory(sampleSize)
	site := open(t, s, actors(s)["vp"])
	sizes := map[string]int{}
	for _, p := range []string{"/plans/" + s.plan.ID, "/plans/runs/x", "/coverage"} {
		doc, err := html.Parse(site.get(p).Body)
		require.NoError(t, err)
		script := 0
		walk(doc, func(n *html.Node) {
			src := attr(n, "src") + attr(n, "href")
			if !strings.HasPrefix(src, "/assets/") {
				return
			}
			w := site.get(src)
			require.Equal(t, 200, w.Code, src)
			require.Contains(t, w.Header().Get("Cache-Control"), "immutable")
			size := zipped(t, w.Body.Bytes())
			switch {
			case strings.HasSuffix(src, ".css"):
				sizes["css"] = size
			case strings.HasSuffix(src, ".js"):
				script += size
			}
		})
		sizes[p] = script
		require.Less(t, script, 20<<10, p)
	}
	t.Log(sizes)
	require.Positive(t, sizes["css"])
	require.Less(t, sizes["css"], 8<<10)
}

func BenchmarkPlan(b *testing.B) {
	s := makeStory(bigSize).live()
	site := open(b, s, actors(s)["vp"])
	path := "/plans/" + s.plan.ID
	b.ReportAllocs()
	for b.Loop() {
		if site.get(path).Code != 200 {
			b.Fatal("not shown")
		}
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	cases := []struct {
		err    error
		status int
		says   string
	}{
		{fault.Deniedf("You may not do this: none of your roles may %s.", "see coverage"), 403, "ask an administrator"},
		{fault.NotFoundf("There is no such thing."), 404, "There is no such thing."},
		{fault.Stalef("Changed."), 409, "Somebody was faster"},
		{fault.Temporaryf("The database is restarting."), 503, "half a minute"},
		{fault.New(fault.TooMany, "Too many."), 429, "Wait a few minutes"},
		{fmt.Errorf("secret: connection string"), 500, "on our side"},
		{echo.NewHTTPError(http.StatusForbidden, "internal words"), 403, "did not come from a page"},
	}
	for _, c := range cases {
		s := makeStory(sampleSize)
		s.fail["coverage"] = c.err
		w := open(t, s, actors(s)["ceo"]).get("/coverage")
		require.Equal(t, c.status, w.Code)
		require.Contains(t, w.Body.String(), c.says)
		require.NotContains(t, w.Body.String(), "secret")
		require.NotContains(t, w.Body.String(), "internal words")
		require.Equal(t, c.status == 503 || c.status == 429, w.Header().Get("Retry-After") != "")
		sound(t, w.Body.Bytes())
	}
}

// An address of a form is no page, and no page takes what nobody made a form for: both
// say so, and where to go on.
func TestARequestOfTheWrongKindSaysWhereToGo(t *testing.T) {
	s := makeStory(sampleSize)
	p, err := web.New(web.Options{Flow: s, SignIn: &signIn{}, Now: func() time.Time { return s.now }})
	require.NoError(t, err)
	grouped := echo.New() // as the server has it
	grouped.HTTPErrorHandler = func(err error, c echo.Context) { p.Error(c, err) }
	p.Register(grouped.Group("", func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			auth.SetActor(c, actors(s)["vp"])
			return next(c)
		}
	}))
	plan := "/plans/" + s.plan.ID
	for _, c := range []struct {
		method, path string
		status       int
		says, goes   string
	}{
		{http.MethodGet, plan + "/moves", 405, "only takes what a form sends", plan},
		{http.MethodGet, plan + "/steps/x/undo", 405, "only takes what a form sends", plan},
		{http.MethodGet, "/visits/%3Cb%3E%22/answer", 405, "only takes what a form sends", "/visits/%3Cb%3E%22"},
		{http.MethodGet, "/signout", 405, "only takes what a form sends", "/"},
		{http.MethodPost, "/coverage", 405, "takes nothing that is sent to it", "/coverage"},
		{http.MethodPost, "/coverage/people/x", 405, "takes nothing that is sent to it", "/coverage/people/x"},
		{http.MethodDelete, "/visits/x", 405, "takes nothing that is sent to it", "/visits/x"},
		{http.MethodGet, "/nowhere", 404, "does not exist", "/"}, {http.MethodPost, "//evil.example/moves", 404, "does not exist", "/"}, {http.MethodGet, plan + "x", 404, "does not exist", "/"},
	} {
		for name, e := range map[string]*echo.Echo{"alone": open(t, s, actors(s)["vp"]).echo, "in a group": grouped} {
			w := httptest.NewRecorder()
			e.ServeHTTP(w, httptest.NewRequest(c.method, c.path, strings.NewReader("a=b")))
			require.Equal(t, c.status, w.Code, name+c.path)
			require.Contains(t, w.Body.String(), c.says, c.path)
			require.Contains(t, w.Body.String(), `class="btn" href="`+c.goes+`">`, c.path)
			require.Equal(t, c.status == 405, w.Header().Get("Allow") != "", c.path)
			sound(t, w.Body.Bytes())
		}
	}
}

func TestNobodyIsSentToSignIn(t *testing.T) {
	s := makeStory(sampleSize)
	s.fail["coverage"] = fault.New(fault.Unauthenticated, "Please sign in first.")
	site := open(t, s, access.Actor{})
	w := site.get("/coverage?period=90d")
	require.Equal(t, 303, w.Code)
	require.Equal(t, "/signin?next=%2Fcoverage%3Fperiod%3D90d", w.Header().Get("Location"))
	require.Contains(t, site.get(w.Header().Get("Location")).Header().Get("Set-Cookie"), "windshield_next=")
	for _, evil := range []string{"//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"} {
		require.Empty(t, site.get("/signin?next="+url.QueryEscape(evil)).Header().Get("Set-Cookie"), evil)
	}
}

func TestSignIn(t *testing.T) {
	s := makeStory(sampleSize)
	site := open(t, s, access.Actor{})
	w := site.post("/signin", url.Values{"email": {"not an address"}})
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), "There is a problem")
	sound(t, w.Body.Bytes())
	w = site.post("/signin", url.Values{"email": {"kim@example.com"}})
	require.Equal(t, 200, w.Code)
	require.Contains(t, w.Body.String(), "Check your mail")
	sound(t, w.Body.Bytes())

	require.Equal(t, 200, site.get("/signin/good").Code)
	require.NotContains(t, site.signIn.calls, "use good", "a mail scanner that opens the link must not use it up")
	require.Equal(t, "/", site.post("/signin/good", nil).Header().Get("Location"))
	require.Equal(t, 422, site.post("/signin/bad", nil).Code)
	require.Equal(t, 303, site.post("/signout", nil).Code)
	require.Equal(t, []string{"request kim@example.com", "use good", "use bad", "out"}, site.signIn.calls)
}

func TestEachRoleHasAHome(t *testing.T) {
	s := makeStory(sampleSize)
	for role, home := range map[string]string{"vp": "/plans", "ceo": "/coverage", "executive": "/me", "assistant": "/me", "host": "/todo", "administrator": "/admin", "nobody": "/signin"} {
		require.Equal(t, home, open(t, s, actors(s)[role]).get("/").Header().Get("Location"), role)
	}
	w := open(t, s, access.Actor{PersonID: "x", Name: "New"}).get("/")
	require.Equal(t, 403, w.Code)
	require.Contains(t, w.Body.String(), "have no role yet")
}

func TestAnswers(t *testing.T) {
	s := makeStory(sampleSize).live()
	site := open(t, s, actors(s)["executive"])
	id := ""
	for _, v := range s.visits {
		if v.State == visit.Published && v.Start.After(s.now) {
			id = v.ID
		}
	}
	w := site.post("/visits/"+id+"/answer", url.Values{"version": {"2"}, "answer": {"accepted"}})
	require.Equal(t, "/visits/"+id+"?done=accepted", w.Header().Get("Location"))
	w = site.post("/visits/"+id+"/answer", url.Values{"version": {"2"}, "answer": {"declined"}, "reason": {" "}})
	require.Equal(t, 422, w.Code, "a refusal needs a reason")
	require.Contains(t, w.Body.String(), "#f-reason")
	sound(t, w.Body.Bytes())
	w = site.post("/visits/"+id+"/answer", url.Values{"version": {"2"}, "answer": {"declined"}, "reason": {"Board week"}, "from": {"me"}, "person": {"p"}})
	require.Equal(t, "/me?done=declined&person=p", w.Header().Get("Location"))
	require.Equal(t, 422, site.post("/visits/"+id+"/answer", url.Values{"version": {"2"}, "answer": {"maybe"}}).Code)
	require.Equal(t, 422, site.post("/visits/"+id+"/answer", url.Values{"version": {"x"}, "answer": {"accepted"}}).Code)
	require.Equal(t, []string{"answer " + id + " 2 accepted", "answer " + id + " 2 declined Board week"}, s.calls)

	s.fail["answer"] = fault.Stalef("Somebody has changed this visit meanwhile.")
	w = site.post("/visits/"+id+"/answer", url.Values{"version": {"1"}, "answer": {"declined"}, "reason": {"Board <week>"}})
	require.Equal(t, 409, w.Code)
	require.Contains(t, w.Body.String(), "Somebody changed this visit meanwhile")
	require.Contains(t, w.Body.String(), "Board &lt;week&gt;", "what was typed is not lost")
	require.Contains(t, w.Body.String(), `name="version" value="2"`, "the form now stands on the newest version")
	sound(t, w.Body.Bytes())
}

func TestOutcomes(t *testing.T) {
	s := makeStory(sampleSize).live()
	site := open(t, s, actors(s)["executive"])
	id := s.visits[0].ID
	w := site.post("/visits/"+id+"/outcome", url.Values{"version": {"2"}})
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), "#f-held")
	sound(t, w.Body.Bytes())
	require.Equal(t, 303, site.post("/visits/"+id+"/outcome", url.Values{"version": {"2"}, "held": {"yes"}, "kind": {"onsite"}, "with_host": {"yes"}}).Code)
	require.Equal(t, 303, site.post("/visits/"+id+"/outcome", url.Values{"version": {"2"}, "held": {"no"}, "kind": {"onsite"}, "with_host": {"no"}, "note": {"ill"}}).Code)
	require.Equal(t, []string{"outcome " + id + " 2 true onsite true", "outcome " + id + " 2 false onsite false ill"}, s.calls)
}

func TestPins(t *testing.T) {
	s := makeStory(sampleSize).draft()
	site := open(t, s, actors(s)["vp"])
	var id string
	for _, v := range s.visits {
		if s.view(v).MayPin && !v.Pinned {
			id = v.ID
		}
	}
	require.Contains(t, site.get("/visits/"+id).Body.String(), "Pin it here")
	w := site.post("/visits/"+id+"/pin", url.Values{"version": {"2"}, "pinned": {"yes"}})
	require.Equal(t, 303, w.Code)
	require.Equal(t, "/visits/"+id+"?done=pinned", w.Header().Get("Location"))
	require.Equal(t, 303, site.post("/visits/"+id+"/pin", url.Values{"version": {"2"}, "pinned": {"no"}}).Code)
	require.Equal(t, 422, site.post("/visits/"+id+"/pin", url.Values{"version": {"x"}, "pinned": {"no"}}).Code)
	require.Equal(t, []string{"pin " + id + " 2 true", "pin " + id + " 2 false"}, s.calls)
	s.fail["pin"] = fault.Stalef("Somebody has changed this visit meanwhile.")
	w = site.post("/visits/"+id+"/pin", url.Values{"version": {"1"}, "pinned": {"yes"}})
	require.Equal(t, 409, w.Code)
	sound(t, w.Body.Bytes())
}

func TestPublish(t *testing.T) {
	s := makeStory(sampleSize).draft()
	site := open(t, s, actors(s)["vp"])
	path := "/plans/" + s.plan.ID
	body := site.get(path).Body.String()
	require.Contains(t, body, "nobody has been told")
	require.Contains(t, body, "24 executives")
	w := site.post(path+"/publish", url.Values{"version": {"3"}, "key": {"k"}})
	require.Equal(t, path+"?done=published", w.Header().Get("Location"))
	require.Contains(t, site.get(path+"?done=published").Body.String(), "The plan is published.")
	require.NotContains(t, open(t, s, actors(s)["ceo"]).get(path).Body.String(), "Publish and invite")

	s.fail["publish"] = fault.Conflictf("Two visits want the same half-day.").With(fault.Detail{Where: "Amara Abara, 2027-07-01 am", Value: "v1, v7", Expected: "one visit"})
	w = site.post(path+"/publish", url.Values{"version": {"3"}})
	require.Equal(t, 409, w.Code)
	require.Contains(t, w.Body.String(), "Amara Abara, 2027-07-01 am")
	sound(t, w.Body.Bytes())
	s.fail["publish"] = fault.Stalef("Changed.")
	require.Equal(t, 409, site.post(path+"/publish", url.Values{"version": {"2"}}).Code)
}

func TestChipsLeadToVisits(t *testing.T) {
	s := makeStory(sampleSize).live()
	site := open(t, s, actors(s)["vp"])
	path := "/plans/" + s.plan.ID
	body := site.get(path + "?visit=" + s.visits[5].Label).Body.String()
	require.Contains(t, body, `href="/visits/`+s.visits[5].ID+`"`)
	require.Equal(t, 404, site.get(path+"?visit=v999999").Code)
}

func TestFormsKeepWhatWasTyped(t *testing.T) {
	s := makeStory(sampleSize)
	site := open(t, s, actors(s)["vp"])
	w := site.post("/selections/frames", url.Values{"year": {"1999"}, "bands": {"own"}, "cuts": {"many"}, "must": {"Muster AG"}, "leave_out": {"Acme"}})
	require.Equal(t, 422, w.Code)
	for _, want := range []string{"#f-year", "#f-cuts", "#f-leave_out", `value="many"`, "Muster AG</textarea>"} {
		require.Contains(t, w.Body.String(), want)
	}
	sound(t, w.Body.Bytes())
	w = site.post("/selections/frames", url.Values{"year": {"2027"}, "bands": {"own"}, "cuts": {"500 2000.5"}, "leave_out": {"Acme; unreachable; far; away\n"}, "key": {"k0"}})
	require.Equal(t, "/selections/frames/"+uuidOf(9, 1)+"?done=frozen", w.Header().Get("Location"))

	design := "/selections/frames/" + uuidOf(9, 1)
	w = site.post(design, url.Values{"visits": {"many"}, "alpha": {"2"}, "min": {"-1"}, "q": {"0.5"}, "max": {"0"}, "merge_below": {"2"}, "name": {"My year"}, "bound_key": {"x"}, "bound_least": {"a"}, "bound_most": {""}})
	require.Equal(t, 422, w.Code)
	for _, want := range []string{"#f-visits", "#f-dimensions", "#f-alpha", "#f-min", "#f-bounds", `value="many"`, `value="My year"`} {
		require.Contains(t, w.Body.String(), want)
	}
	sound(t, w.Body.Bytes())
	form := url.Values{"visits": {"200"}, "rule": {"mixed"}, "alpha": {"0.75"}, "q": {"0.5"}, "min": {"2"}, "max": {"0"}, "merge_below": {"2"}, "group1": {"region"}, "across1": {"industry"}, "do": {"preview"}, "key": {"k1"}}
	w = site.post(design, form)
	require.Equal(t, 200, w.Code)
	require.Contains(t, w.Body.String(), "nobody is drawn yet")
	sound(t, w.Body.Bytes())
	form.Set("do", "draw")
	s.fail["draw"] = fault.Conflictf("Drawn already.").With(fault.Detail{Where: "reason", Expected: "a sentence"})
	w = site.post(design, form)
	require.Equal(t, 409, w.Code)
	require.Contains(t, w.Body.String(), "#f-reason")
	sound(t, w.Body.Bytes())
	delete(s.fail, "draw")
	form.Set("reason", "Somebody joined.")
	w = site.post(design, form)
	require.Equal(t, "/selections/"+uuidOf(6, 1)+"?done=selected", w.Header().Get("Location"))

	change := "/selections/" + uuidOf(6, 1) + "/change"
	s.fail["change selection"] = fault.Invalidf("A refusal needs a coded reason.").With(fault.Detail{Where: "code", Expected: "a code"})
	w = site.post(change, url.Values{"kind": {"refused"}, "version": {"3"}, "customer": {s.visits[0].CustomerID}, "reason": {"no time at all"}})
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), "no time at all</textarea>")
	sound(t, w.Body.Bytes())
	delete(s.fail, "change selection")
	w = site.post(change, url.Values{"kind": {"refused"}, "version": {"3"}, "customer": {"c"}, "code": {"declined"}, "key": {"k3"}})
	require.Equal(t, "/selections/"+uuidOf(6, 1)+"?done=refused", w.Header().Get("Location"))

	w = site.post("/plans/runs", url.Values{"selection": {uuidOf(6, 1)}, "seconds": {"0"}, "seed": {"1"}})
	require.Equal(t, 422, w.Code)
	sound(t, w.Body.Bytes())
	w = site.post("/plans/runs", url.Values{"selection": {uuidOf(6, 1)}, "seconds": {"10"}, "seed": {"7"}, "key": {"k2"}})
	require.Equal(t, "/plans/runs/"+uuidOf(8, 1), w.Header().Get("Location"))
	require.Equal(t, 303, site.post("/plans/runs/x/stop", nil).Code)
	require.Equal(t, []string{"freeze 2027 0 [500000000 2000500000] [] [{Acme unreachable far; away}] k0", "preview 200 [region]",
		"draw 200 [region] mixed Somebody joined. k1", "change selection 3 refused c declined  k3", "start plan " + uuidOf(6, 1) + " 10 7 k2", "stop run x"}, s.calls)
}

func TestImportWizard(t *testing.T) {
	s := makeStory(sampleSize)
	site := open(t, s, actors(s)["vp"])
	w := site.post("/imports", url.Values{"kind": {"customers"}})
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), "#f-file")
	sound(t, w.Body.Bytes())

	require.Equal(t, "/imports/new/match", site.get("/imports/new/check").Header().Get("Location"), "the columns come first")
	w = site.post("/imports/new/match", url.Values{"version": {"1"}, "column-0": {"name"}, "column-1": {"name"}})
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), "every field once")
	sound(t, w.Body.Bytes())
	w = site.post("/imports/new/match", url.Values{"version": {"1"}, "column-0": {"name"}, "column-3": {"dimension"}})
	require.Equal(t, "/imports/new/check?done=mapped", w.Header().Get("Location"))
	s.fail["map import"] = fault.Stalef("Changed.")
	w = site.post("/imports/new/match", url.Values{"version": {"1"}})
	require.Equal(t, 409, w.Code)
	require.Contains(t, w.Body.String(), "Somebody changed this import meanwhile")

	require.Contains(t, site.get("/imports/matched/check").Body.String(), "There is a problem")
	w = site.get("/imports/matched/rejected.csv")
	require.Equal(t, 200, w.Code)
	require.Contains(t, w.Header().Get("Content-Disposition"), "rejected.csv")
	require.Contains(t, w.Body.String(), "reason")

	require.Equal(t, "/imports/good?done=imported", site.post("/imports/good/confirm", url.Values{"version": {"1"}, "key": {"k"}}).Header().Get("Location"))
	require.Equal(t, "/imports/written", site.get("/imports/written/confirm").Header().Get("Location"))
	for _, k := range []string{"hosts", "executives", "customers", "visits"} {
		require.Equal(t, 200, site.get("/imports/template/"+k+".csv").Code, k)
	}
	require.Equal(t, 404, site.get("/imports/template/other.csv").Code)
	require.Equal(t, []string{"map import new 1 2", "confirm import good 1 k"}, s.calls)
}

func TestRolesAndSync(t *testing.T) {
	s := makeStory(sampleSize)
	site := open(t, s, actors(s)["administrator"])
	to := "/admin/people/" + uuidOf(3, 2)
	require.Equal(t, 303, site.post(to, url.Values{"version": {"4"}, "role": {"vp", "executive"}}).Code)
	require.Equal(t, 303, site.post("/admin/calendar/sync", nil).Code)
	require.Equal(t, 303, site.post("/admin/calendar/retry", url.Values{"calendar": {"ok@example.com"}}).Code)
	require.Equal(t, []string{"change person " + uuidOf(3, 2) + " 4 false false false [vp executive]", "sync", "retry ok@example.com"}, s.calls)
	s.fail["change person"] = fault.Conflictf("Somebody has to be administrator.")
	w := site.post(to, url.Values{"version": {"1"}})
	require.Equal(t, 409, w.Code)
	require.Contains(t, w.Body.String(), "Somebody has to be administrator.")
	sound(t, w.Body.Bytes())
	s.fail["change person"] = fault.Stalef("x")
	require.Equal(t, 409, site.post(to, url.Values{"version": {"1"}}).Code)
}

func TestNavigationFollowsTheRoles(t *testing.T) {
	s := makeStory(sampleSize)
	for role, want := range map[string][]string{
		"vp":        {"/plans", "/coverage", "/todo", "/conflicts", "/claims", "/customers", "/loops", "/selections", "/imports", "/admin/calendar"},
		"ceo":       {"/plans", "/coverage", "/claims", "/customers", "/selections"},
		"executive": {"/me"}, "assistant": {"/me"}, "host": {"/todo", "/visits", "/conflicts", "/customers", "/loops"},
		"administrator": {"/plans", "/customers", "/selections", "/imports", "/admin/calendar", "/admin"},
	} {
		doc, err := html.Parse(open(t, s, actors(s)[role]).get("/nowhere").Body)
		require.NoError(t, err)
		var got []string
		var menus int
		walk(doc, func(n *html.Node) {
			if n.Data == "nav" {
				walk(n, func(c *html.Node) {
					switch c.Data {
					case "a":
						got = append(got, attr(c, "href"))
					case "details":
						menus++
					}
				})
			}
		})
		require.Equal(t, want, got, role)
		require.Equal(t, len(want) > 8, menus == 1, "%s: only who has many entries has some of them in a menu", role)
	}
}

// The proof fits on one page, whatever it holds, and the record comes as it is.
func TestProofAsFiles(t *testing.T) {
	for name, z := range map[string]size{"sample": sampleSize, "hostile": {executives: 9, customers: 90, visits: 60, text: hostile}} {
		s := makeStory(z)
		site := open(t, s, actors(s)["vp"])
		w := site.get("/selections/" + uuidOf(6, 1) + "/proof.pdf")
		require.Equal(t, 200, w.Code, name)
		require.Equal(t, "application/pdf", w.Header().Get("Content-Type"))
		require.True(t, strings.HasPrefix(w.Body.String(), "%PDF-1.4"), name)
		require.Equal(t, 1, strings.Count(w.Body.String(), "/Type /Page "), name)
		w = site.get("/selections/" + uuidOf(6, 1) + "/draw.json")
		require.Equal(t, "{\"format\":\"windshield.draw/1\"}\n", w.Body.String())
		require.Equal(t, `attachment; filename="draw-2027-2.json"`, w.Header().Get("Content-Disposition"))
	}
}
