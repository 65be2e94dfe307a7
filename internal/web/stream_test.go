package web_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/web"
)

// moving is a run that finds a better plan with every look of the system at it, and
// ends with the last one.
type moving struct {
	*story
	mu    sync.Mutex
	looks int
	last  int
}

func (s *moving) RunView(_ context.Context, a access.Actor, id string) (flow.RunView, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id != "r" {
		return flow.RunView{}, fault.NotFoundf("There is no such run.")
	}
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return flow.RunView{}, err
	}
	if !a.Has(a.Roles...) { // no person: the one who watches for all
		s.looks++
	}
	v := flow.RunView{Run: flow.Run{ID: "r", PlanName: "Plan\r\ndata: x", State: flow.Running, Seconds: 600, StartedAt: s.now.Add(-time.Minute), Version: 1 + s.looks}}
	for i := range s.looks + 1 {
		v.Trail = append(v.Trail, flow.Mark{Millis: int64(i) * 1000, Total: int64(5000 - i)})
	}
	if s.looks >= s.last {
		v.State, v.PlanID, v.EndedAt = flow.Done, "p", s.now
	}
	return v, nil
}

// served are the pages on a real server with so little time for other requests that a
// stream which did not take more would break.
func served(t *testing.T, s web.Story, at time.Time) (*httptest.Server, *signIn) {
	in := &signIn{}
	p, err := web.New(web.Options{Flow: s, SignIn: in, Now: func() time.Time { return at }, Every: 5 * time.Millisecond})
	require.NoError(t, err)
	e := echo.New()
	e.HTTPErrorHandler = func(err error, c echo.Context) { p.Error(c, err) }
	e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			who := access.Actor{PersonID: c.Request().Header.Get("X-Who")}
			if who.PersonID != "" && who.PersonID != "host" {
				who.Roles = append(who.Roles, "vp")
			}
			auth.SetActor(c, who)
			if c.Request().Header.Get("X-Head") != "" {
				c.SetRequest(c.Request().WithContext(web.WithHead(c.Request().Context())))
			}
			return next(c)
		}
	})
	p.Register(e)
	web := httptest.NewUnstartedServer(e)
	web.Config.ReadTimeout, web.Config.WriteTimeout = 100*time.Millisecond, 100*time.Millisecond
	web.Config.RegisterOnShutdown(p.Close)
	web.Start()
	t.Cleanup(func() { p.Close(); web.Close() })
	return web, in
}

func stream(t *testing.T, url, who, known string) *http.Response {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	r.Header.Set("X-Who", who)
	r.Header.Set("Last-Event-ID", known)
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	w, err := stay.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = w.Body.Close() })
	return w
}

// event reads the next event; none where the stream has ended.
func event(t *testing.T, in *bufio.Scanner) map[string]string {
	e := map[string]string{}
	for in.Scan() {
		if in.Text() == "" {
			if e["event"] != "" {
				return e
			}
			continue
		}
		field, value, ok := strings.Cut(in.Text(), ": ")
		require.True(t, ok, in.Text())
		e[field] += value
	}
	return e
}

func TestTheStreamOfARunGoesOnUntilItEnds(t *testing.T) {
	story := makeStory(size{executives: 3, customers: 6, visits: 5})
	s := &moving{story: story, last: 60} // 60 looks at 5 ms: three times what other requests have
	web, _ := served(t, s, story.now)
	w := stream(t, web.URL+"/plans/runs/r/events", "ann", "")
	require.Equal(t, http.StatusOK, w.StatusCode)
	require.Equal(t, "text/event-stream", w.Header.Get("Content-Type"))
	require.Empty(t, w.Header.Get("Content-Encoding"))
	in := bufio.NewScanner(w.Body)
	in.Buffer(nil, 1<<20)
	first := event(t, in)
	require.Equal(t, "run", first["event"])
	require.Contains(t, first["data"], `<b data-best>5,000</b>`)
	n, e := 1, first
	for e["event"] == "run" {
		require.NotContains(t, e["data"], "Open the draft")
		e = event(t, in)
		n++
	}
	require.Equal(t, "end", e["event"])
	require.Equal(t, "61", e["id"])
	require.Contains(t, e["data"], `href="/plans/p">Open the draft</a>`)
	require.Greater(t, n, 10, "what changes is seen as it does")
	require.Empty(t, event(t, in), "the server ends it")

	// Who comes back after the end is told so, whatever they knew.
	again := bufio.NewScanner(stream(t, web.URL+"/plans/runs/r/events", "ann", "61").Body)
	again.Buffer(nil, 1<<20)
	require.Equal(t, "end", event(t, again)["event"])
}

func TestStreamsAreFewForEachAndEndWithTheServer(t *testing.T) {
	story := makeStory(size{executives: 3, customers: 6, visits: 5})
	s := &moving{story: story, last: 1 << 30}
	web, _ := served(t, s, story.now)
	url := web.URL + "/plans/runs/r/events"
	for _, c := range []struct {
		who, url string
		status   int
	}{{"", url, http.StatusSeeOther}, {"host", url, http.StatusForbidden}, {"ann", web.URL + "/plans/runs/x/events", http.StatusNotFound}} {
		require.Equal(t, c.status, stream(t, c.url, c.who, "").StatusCode, c)
	}
	var open []*bufio.Scanner
	for range 3 {
		in := bufio.NewScanner(stream(t, url, "ann", "").Body)
		in.Buffer(nil, 1<<20)
		require.Equal(t, "run", event(t, in)["event"])
		open = append(open, in)
	}
	require.Equal(t, http.StatusTooManyRequests, stream(t, url, "ann", "").StatusCode)
	for range 5 { // who asks for the head gets it at once, and holds nothing
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		require.NoError(t, err)
		r.Header.Set("X-Who", "ann")
		r.Header.Set("X-Head", "yes")
		w, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		rest, err := io.ReadAll(w.Body)
		require.NoError(t, err)
		require.NoError(t, w.Body.Close())
		require.Equal(t, []any{http.StatusOK, "text/event-stream", ""}, []any{w.StatusCode, w.Header.Get("Content-Type"), string(rest)})
	}
	other := stream(t, url, "ben", "")
	require.Equal(t, http.StatusOK, other.StatusCode, "somebody else’s are counted apart")

	// One who leaves makes room, once the server has noticed.
	require.NoError(t, other.Body.Close())
	require.NoError(t, web.Config.Shutdown(t.Context()), "streams do not hold a server up")
	for _, in := range open {
		for len(event(t, in)) > 0 {
			continue
		}
	}
}

// An answer that goes on and on must not outlive what it was given for.
func TestAStreamEndsWithTheSessionAndTheRole(t *testing.T) {
	story := makeStory(size{executives: 3, customers: 6, visits: 5})
	for name, now := range map[string]access.Actor{
		"signed out": {}, "without the role": {PersonID: "ann", Roles: []roster.Role{roster.Host}}, "somebody else": {PersonID: "ben", Roles: []roster.Role{roster.VP}},
	} {
		s := &moving{story: story, last: 1 << 30}
		site, in := served(t, s, story.now)
		lines := bufio.NewScanner(stream(t, site.URL+"/plans/runs/r/events", "ann", "").Body)
		lines.Buffer(nil, 1<<20)
		for range 20 { // past the first heartbeat
			require.Equal(t, "run", event(t, lines)["event"], name)
		}
		in.still.Store(&now)
		last := map[string]string{}
		for e := event(t, lines); len(e) > 0; e = event(t, lines) {
			last = e
		}
		require.NotEqual(t, "end", last["event"], name)
	}
}
