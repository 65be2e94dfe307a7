package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/auth"
	"windshield/internal/calsync"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/httpapi"
	"windshield/internal/notify"
	"windshield/internal/roster"
	"windshield/internal/server"
	"windshield/internal/store"
	"windshield/internal/store/pgtest"
)

// house is Windshield with its real database, use cases, sessions and server.
// Only the calendar and the mail server stand in, and the queue is worked off by
// hand so that a test decides when.
type house struct {
	t    testing.TB
	flow *flow.Flow
	api  *httpapi.API
	url  string
	log  *bytes.Buffer

	sessions *auth.Sessions
	pages    *echo.Group

	mu    sync.Mutex
	now   time.Time
	jobs  []flow.Job
	mails []notify.Message
}

func (h *house) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) setNow(date string) {
	t, err := time.Parse(time.RFC3339, date)
	require.NoError(h.t, err)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = t
}

// Enqueue remembers jobs. One that is enqueued in a transaction which does not
// commit finds nothing to do later.
func (h *house) Enqueue(_ context.Context, _ store.Handle, jobs ...flow.Job) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.jobs = append(h.jobs, jobs...)
	return nil
}

// work does the jobs of one kind and drops the others.
func (h *house) work(kind flow.JobKind) {
	h.t.Helper()
	h.mu.Lock()
	jobs := h.jobs
	h.jobs = nil
	h.mu.Unlock()
	for _, j := range jobs {
		if j.Kind == kind {
			require.NoError(h.t, h.flow.Do(context.Background(), j))
		}
	}
}

// Send is the mail server.
func (h *house) Send(_ context.Context, m notify.Message) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mails = append(h.mails, m)
	return nil
}

// away is a calendar that does not answer.
type away struct{}

func (away) Open(context.Context, string) (calsync.Calendar, error) {
	return nil, fault.Temporaryf("The calendar does not answer.")
}
func (away) Organizer(string) string { return "visits@vendor.example" }

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

func TestMain(m *testing.M) { pgtest.Main(m) }

// build makes a house with one person for each role, on SQLite.
func build(t testing.TB) *house {
	t.Helper()
	return buildOn(t, "sqlite:"+filepath.Join(t.TempDir(), "windshield.db"))
}

// onPostgres makes one on Postgres.
func onPostgres(t testing.TB) *house {
	t.Helper()
	return buildOn(t, pgtest.URL(t))
}

func buildOn(t testing.TB, database string) *house {
	t.Helper()
	ctx := context.Background()
	h := &house{t: t, log: &bytes.Buffer{}}
	h.setNow("2026-12-01T09:00:00Z")
	// Sessions end by the computer's clock, whatever year the story is in.
	st, err := store.Open(ctx, database, store.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	require.NoError(t, st.Migrate(ctx))
	st.SetEnqueuer(h)
	h.flow = flow.New(flow.Deps{Store: st, Calendars: away{}, Notifier: h, Now: h.Now, BaseURL: "http://windshield.example", Env: "test"})
	sessions := auth.NewSessions(st.Sessions(), h.flow, false)
	api, err := httpapi.New(httpapi.Options{Flow: h.flow, Sessions: sessions})
	require.NoError(t, err)
	h.api = api
	log := slog.New(slog.NewTextHandler(&lockedWriter{w: h.log}, &slog.HandlerOptions{Level: slog.LevelError}))
	e, group, pages := server.New(server.Options{Log: log, Session: sessions.Middleware(), APIError: httpapi.Error, PageError: httpapi.Error,
		Ready: st.Ready, Metrics: prometheus.NewRegistry()})
	h.sessions, h.pages = sessions, pages
	api.Register(group)
	api.Docs(pages)
	srv := httptest.NewServer(h.keepsContract(e))
	t.Cleanup(srv.Close)
	h.url = srv.URL
	require.NoError(t, st.Write(ctx, func(tx flow.Tx) error {
		for _, r := range []roster.Role{roster.Administrator, roster.VP, roster.CEO, roster.Assistant} {
			p := roster.Person{ID: "person-" + string(r), Key: string(r), Name: "The " + string(r), Email: string(r) + "@vendor.example", Zone: "Europe/Zurich", Roles: []roster.Role{r}}
			if r == roster.Administrator {
				p.Roles = append(p.Roles, roster.VP)
			}
			if err := tx.People.Save(&p); err != nil {
				return err
			}
		}
		return nil
	}))
	return h
}

// as gives a client on which somebody is signed in through a mailed link.
func (h *house) as(email string) *client.ClientWithResponses {
	h.t.Helper()
	c, err := client.New(h.url, &http.Client{Jar: jar(h.t), Timeout: time.Minute})
	require.NoError(h.t, err)
	asked, err := c.RequestLinkWithResponse(context.Background(), client.RequestLinkJSONRequestBody{Email: email})
	require.NoError(h.t, err)
	require.NoError(h.t, client.Check(asked))
	h.work(flow.JobDeliver)
	h.mu.Lock()
	text := h.mails[len(h.mails)-1].Text
	h.now = h.now.Add(16 * time.Minute) // sign-ins are throttled
	h.mu.Unlock()
	_, rest, found := strings.Cut(text, "/signin/")
	require.True(h.t, found, text)
	in, err := c.SignInWithResponse(context.Background(), client.SignInJSONRequestBody{Token: strings.Fields(rest)[0]})
	require.NoError(h.t, err)
	require.NoError(h.t, client.Check(in))
	return c
}

// role signs in the person with a role.
func (h *house) role(r roster.Role) *client.ClientWithResponses {
	return h.as(string(r) + "@vendor.example")
}

// bring imports a file whole.
func (h *house) bring(c *client.ClientWithResponses, kind client.ImportKind, file string) *client.ImportDetail {
	h.t.Helper()
	ctx := context.Background()
	contentType, body, err := client.Form(kind, string(kind)+".csv", strings.NewReader(file))
	require.NoError(h.t, err)
	up, err := c.UploadImportWithBodyWithResponse(ctx, nil, contentType, body)
	require.NoError(h.t, err)
	require.NoError(h.t, client.Check(up))
	require.NotNil(h.t, up.JSON201.Report)
	require.True(h.t, up.JSON201.Report.Ok, "%s", up.Body)
	done, err := c.ConfirmImportWithResponse(ctx, up.JSON201.Id, &client.ConfirmImportParams{IfMatch: client.Match(up.JSON201.Version)})
	require.NoError(h.t, err)
	require.NoError(h.t, client.Check(done))
	return done.JSON200
}

const (
	hostsFile = "key,name,email,city,country\nh1,Account Manager North,north@vendor.example,Zürich,CH\nh2,Account Manager South,south@vendor.example,Milano,IT\n"
	executive = "e1@vendor.example"
)

func executivesFile() string {
	var b strings.Builder
	b.WriteString("key,name,email,function,city,country,max_per_week,max_per_month,target_visits,last_visit\n")
	for i := 1; i <= 3; i++ {
		fmt.Fprintf(&b, "e%d,Executive %d,e%d@vendor.example,Marketing,Zürich,CH,3,10,10,2026-11-20\n", i, i, i)
	}
	return b.String()
}

func customersFile() string {
	var b strings.Builder
	b.WriteString("key,name,city,country,host,region,industry\n")
	cities := []string{"Zürich,CH", "Basel,CH", "Milano,IT", "München,DE"}
	for i := range 24 {
		fmt.Fprintf(&b, "c%02d,Customer %02d,%s,h%d,%s,%s\n", i, i, cities[i%4], i%2+1, []string{"North", "South"}[i%2], []string{"Energy", "Retail", "Banks"}[i%3])
	}
	return b.String()
}

// furnished is a house with hosts, executives and customers, and its VP.
func furnished(t testing.TB) (*house, *client.ClientWithResponses) {
	t.Helper()
	h := build(t)
	vp := h.role(roster.VP)
	h.bring(vp, client.ImportKindHosts, hostsFile)
	h.bring(vp, client.ImportKindExecutives, executivesFile())
	h.bring(vp, client.ImportKindCustomers, customersFile())
	return h, vp
}

// published is a furnished house with a selection and its published plan.
func published(t testing.TB) (h *house, vp *client.ClientWithResponses, planID string) {
	t.Helper()
	ctx := context.Background()
	h, vp = furnished(t)
	seed, reason := "test", "The same plan for every test."
	s, err := vp.SelectWithResponse(ctx, nil, client.SelectJSONRequestBody{Year: 2027, Dimensions: []string{"region"}, Visits: 12, Seed: &seed, Reason: &reason})
	require.NoError(t, err)
	require.NoError(t, client.Check(s))
	run := h.plan(vp, s.JSON201.Selection.Id)
	out, err := vp.PublishPlanWithResponse(ctx, *run.Plan, &client.PublishPlanParams{IfMatch: client.Match(1)}, reasoned)
	require.NoError(t, err)
	require.NoError(t, client.Check(out))
	return h, vp, *run.Plan
}

// plan runs the planner to its end.
func (h *house) plan(vp *client.ClientWithResponses, selection string) *client.PlanRun {
	h.t.Helper()
	ctx := context.Background()
	iterations := 2000
	started, err := vp.StartPlanWithResponse(ctx, nil, client.StartPlanJSONRequestBody{Selection: selection, Iterations: &iterations})
	require.NoError(h.t, err)
	require.NoError(h.t, client.Check(started))
	h.work(flow.JobPlan)
	run, err := vp.GetPlanRunWithResponse(ctx, started.JSON202.Id)
	require.NoError(h.t, err)
	require.NoError(h.t, client.Check(run))
	require.Equal(h.t, client.RunStateDone, run.JSON200.State, run.JSON200.Error)
	return run.JSON200
}

// raw is one hand-made request, with the session of a client.
type raw struct {
	method, path, body, contentType string
	header                          map[string]string
}

// send sends a hand-made request and gives the answer with its problem, if any.
func (h *house) send(c *client.ClientWithResponses, r raw) (*http.Response, client.Problem, []byte) {
	h.t.Helper()
	req, err := http.NewRequest(r.method, h.url+r.path, strings.NewReader(r.body))
	require.NoError(h.t, err)
	if r.contentType != "" {
		req.Header.Set("Content-Type", r.contentType)
	} else if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range r.header {
		req.Header.Set(k, v)
	}
	doer := http.DefaultClient
	if c != nil {
		doer = c.ClientInterface.(*client.Client).Client.(*http.Client)
	}
	resp, err := doer.Do(req)
	require.NoError(h.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(h.t, err)
	var p client.Problem
	if resp.StatusCode >= 400 {
		require.Equal(h.t, "application/problem+json", resp.Header.Get("Content-Type"), "%s %s: %s", r.method, r.path, body)
		require.NoError(h.t, json.Unmarshal(body, &p), "%s", body)
		require.Equal(h.t, resp.StatusCode, p.Status)
		require.NotEmpty(h.t, p.Detail)
		require.NotEmpty(h.t, p.Title)
		require.Equal(h.t, "/docs#"+string(p.Kind), p.Type)
	}
	return resp, p, body
}

var because = "The customer asked for this week."

// reasoned is the body of a publication with one reason for all visits that need one.
var reasoned = client.PublishPlanJSONRequestBody{Reason: &because}
