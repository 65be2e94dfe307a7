package testkit

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
)

// Found makes the first administrator, as the command line does.
func (h *House) Found() {
	h.t.Helper()
	_, err := h.Flow.Admit(context.Background(), System, Admin, "The Administrator")
	require.NoError(h.t, err)
}

// API gives the generated client, signed in as the person with this address by a
// mailed link. While the session lasts the same client is given again.
func (h *House) API(email string) *client.ClientWithResponses {
	h.t.Helper()
	c, err := client.New(h.URL, h.As(email))
	require.NoError(h.t, err)
	return c
}

// As gives a browser in which the person is signed in: the one of before, where
// its session still lasts.
func (h *House) As(email string) *http.Client {
	h.t.Helper()
	b := h.browsers[email]
	if b != nil {
		if status, _ := h.Get(b, "/api/v1/session"); status == http.StatusOK {
			return b
		}
	}
	b = h.Browser(email)
	h.browsers[email] = b
	return b
}

// Bring imports a file whole through the API.
func (h *House) Bring(as string, kind client.ImportKind, file string) *client.ImportDetail {
	h.t.Helper()
	ctx, c := context.Background(), h.API(as)
	contentType, body, err := client.Form(kind, string(kind)+".csv", strings.NewReader(file))
	require.NoError(h.t, err)
	up, err := c.UploadImportWithBodyWithResponse(ctx, nil, contentType, body)
	require.NoError(h.t, err)
	require.NoError(h.t, client.Check(up))
	require.NotNil(h.t, up.JSON201.Report, "%s", up.Body)
	require.True(h.t, up.JSON201.Report.Ok, "%s", up.Body)
	done, err := c.ConfirmImportWithResponse(ctx, up.JSON201.Id, &client.ConfirmImportParams{IfMatch: client.Match(up.JSON201.Version)})
	require.NoError(h.t, err)
	require.NoError(h.t, client.Check(done))
	return done.JSON200
}

// PlanYear is the year that stories plan.
const PlanYear = 2027

// Select draws customers through the API and gives the selection's id.
func (h *House) Select(c *client.ClientWithResponses, year, visits int, dimensions ...string) string {
	h.t.Helper()
	seed, reason := "a story", "The story goes on with another draw."
	s, err := c.SelectWithResponse(context.Background(), nil, client.SelectJSONRequestBody{Year: year, Dimensions: dimensions, Visits: visits, Seed: &seed, Reason: &reason})
	require.NoError(h.t, err)
	require.NoError(h.t, client.Check(s))
	return s.JSON201.Selection.Id
}

// Draft plans a selection by a number of steps, so that every run finds the same
// plan, and gives the draft's id.
func (h *House) Draft(c *client.ClientWithResponses, selection string, seed int64, iterations int) string {
	h.t.Helper()
	ctx := context.Background()
	run, err := c.StartPlanWithResponse(ctx, nil, client.StartPlanJSONRequestBody{Selection: selection, Seed: &seed, Iterations: &iterations})
	require.NoError(h.t, err)
	require.NoError(h.t, client.Check(run))
	h.Settle()
	done, err := c.GetPlanRunWithResponse(ctx, run.JSON202.Id)
	require.NoError(h.t, err)
	require.NoError(h.t, client.Check(done))
	require.Equal(h.t, client.RunStateDone, done.JSON200.State, "%s", done.Body)
	return *done.JSON200.Plan
}

var because = "The customer asked for this week."

// Reasoned is the body of a publication with one reason for all visits that need one.
var Reasoned = client.PublishPlanJSONRequestBody{Reason: &because}

// Publish publishes a draft that nobody has changed, without waiting for what
// follows from it.
func (h *House) Publish(c *client.ClientWithResponses, plan, key string) *client.PublishPlanResponse {
	h.t.Helper()
	params := &client.PublishPlanParams{IfMatch: client.Match(1)}
	if key != "" {
		params.IdempotencyKey = &key
	}
	out, err := c.PublishPlanWithResponse(context.Background(), plan, params, Reasoned)
	require.NoError(h.t, err)
	return out
}

// Year plans and publishes a year of the small company and waits until it stands
// in the calendars.
func (h *House) Year(c *client.ClientWithResponses, visits int) (plan string) {
	h.t.Helper()
	plan = h.Draft(c, h.Select(c, PlanYear, visits, "region"), 1, 20_000)
	require.NoError(h.t, client.Check(h.Publish(c, plan, "")))
	h.Settle()
	return plan
}

// Drain works until no job is left, due or not: what waits for a later attempt
// is tried at once, again and again. It fails where the backlog does not end.
func (h *House) Drain() {
	h.t.Helper()
	for range 100 {
		h.Settle()
		if h.hurry() == 0 {
			return
		}
	}
	failures, err := h.App.Queue.Failures(context.Background())
	require.NoError(h.t, err)
	require.FailNow(h.t, "the backlog does not drain", "%+v", failures)
}

// Retry lets everything that waits for a later attempt try so many times more.
func (h *House) Retry(times int) {
	h.t.Helper()
	for range times {
		h.Settle()
		h.hurry()
	}
	h.Settle()
}

func (h *House) hurry() int {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	n, err := h.App.Queue.Hurry(ctx)
	require.NoError(h.t, err)
	return n
}
