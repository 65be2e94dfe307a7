package httpapi_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/roster"
)

func key(s string) *client.IdempotencyKey { return &s }

// The same request under the same key happens once and is answered alike.
func TestRepeatedRequests(t *testing.T) {
	ctx := context.Background()
	h, vp := furnished(t)
	body := client.SelectJSONRequestBody{Year: 2027, Dimensions: []string{"region"}, Visits: 8}

	first, err := vp.SelectWithResponse(ctx, &client.SelectParams{IdempotencyKey: key("one")}, body)
	require.NoError(t, err)
	require.NoError(t, client.Check(first))
	again, err := vp.SelectWithResponse(ctx, &client.SelectParams{IdempotencyKey: key("one")}, body)
	require.NoError(t, err)
	require.Equal(t, first.JSON201, again.JSON201)
	other := body
	other.Visits = 9
	clash, err := vp.SelectWithResponse(ctx, &client.SelectParams{IdempotencyKey: key("one")}, other)
	require.NoError(t, err)
	require.Equal(t, 422, clash.StatusCode(), "%s", clash.Body)
	seconds := 1
	elsewhere, err := vp.StartPlanWithResponse(ctx, &client.StartPlanParams{IdempotencyKey: key("one")}, client.StartPlanJSONRequestBody{Selection: first.JSON201.Selection.Id, Seconds: &seconds})
	require.NoError(t, err)
	require.Equal(t, 422, elsewhere.StatusCode(), "another address is another request")
	admin := h.role(roster.Administrator)
	later := body
	why := "Another draw for the same story."
	later.Visits, later.Reason = 7, &why
	theirs, err := admin.SelectWithResponse(ctx, &client.SelectParams{IdempotencyKey: key("one")}, later)
	require.NoError(t, err)
	require.NoError(t, client.Check(theirs), "keys belong to people")
	require.NotEqual(t, first.JSON201.Selection.Id, theirs.JSON201.Selection.Id)

	failed, err := vp.SelectWithResponse(ctx, &client.SelectParams{IdempotencyKey: key("two")}, client.SelectJSONRequestBody{Year: 2027, Dimensions: []string{"colour"}, Visits: 8})
	require.NoError(t, err)
	require.Equal(t, 422, failed.StatusCode())
	mended, err := vp.SelectWithResponse(ctx, &client.SelectParams{IdempotencyKey: key("two")}, body)
	require.NoError(t, err)
	require.NoError(t, client.Check(mended), "what was refused left nothing behind")

	run, err := vp.StartPlanWithResponse(ctx, &client.StartPlanParams{IdempotencyKey: key("run")}, client.StartPlanJSONRequestBody{Selection: first.JSON201.Selection.Id, Seconds: &seconds})
	require.NoError(t, err)
	require.NoError(t, client.Check(run))
	rerun, err := vp.StartPlanWithResponse(ctx, &client.StartPlanParams{IdempotencyKey: key("run")}, client.StartPlanJSONRequestBody{Selection: first.JSON201.Selection.Id, Seconds: &seconds})
	require.NoError(t, err)
	require.Equal(t, run.JSON202.Id, rerun.JSON202.Id)
	runs, err := vp.ListPlanRunsWithResponse(ctx)
	require.NoError(t, err)
	require.Len(t, runs.JSON200.Items, 1)
}

// Uploads are compared by file, kind and name, whatever the form's boundary is.
func TestRepeatedUploads(t *testing.T) {
	ctx := context.Background()
	h := build(t)
	vp := h.role(roster.VP)
	upload := func(kind client.ImportKind, name, file string) *client.UploadImportResponse {
		contentType, body, err := client.Form(kind, name, strings.NewReader(file))
		require.NoError(t, err)
		up, err := vp.UploadImportWithBodyWithResponse(ctx, &client.UploadImportParams{IdempotencyKey: key("hosts")}, contentType, body)
		require.NoError(t, err)
		return up
	}
	first := upload(client.ImportKindHosts, "hosts.csv", hostsFile)
	require.NoError(t, client.Check(first))
	require.Equal(t, first.JSON201.Id, upload(client.ImportKindHosts, "hosts.csv", hostsFile).JSON201.Id)
	require.Equal(t, 422, upload(client.ImportKindHosts, "other.csv", hostsFile).StatusCode())
	require.Equal(t, 422, upload(client.ImportKindHosts, "hosts.csv", hostsFile+"\n").StatusCode())
	require.Equal(t, 422, upload(client.ImportKindExecutives, "hosts.csv", hostsFile).StatusCode())
	params := &client.ConfirmImportParams{IfMatch: client.Match(first.JSON201.Version), IdempotencyKey: key("confirm")}
	done, err := vp.ConfirmImportWithResponse(ctx, first.JSON201.Id, params)
	require.NoError(t, err)
	require.NoError(t, client.Check(done))
	again, err := vp.ConfirmImportWithResponse(ctx, first.JSON201.Id, params)
	require.NoError(t, err)
	require.NoError(t, client.Check(again), "a repeat is no conflict, though the version has moved on")
	require.Equal(t, done.JSON200.Version, again.JSON200.Version)
	imports, err := vp.ListImportsWithResponse(ctx)
	require.NoError(t, err)
	require.Len(t, imports.JSON200.Items, 1)
}

// Racers under one key make one selection; who loses is told the same or to wait.
func TestRacersUnderOneKey(t *testing.T) {
	ctx := context.Background()
	_, vp := furnished(t)
	body := client.SelectJSONRequestBody{Year: 2027, Dimensions: []string{"region"}, Visits: 8}
	var wg sync.WaitGroup
	answers := make([]*client.SelectResponse, 8)
	for i := range answers {
		wg.Go(func() {
			answers[i], _ = vp.SelectWithResponse(ctx, &client.SelectParams{IdempotencyKey: key("race")}, body)
		})
	}
	wg.Wait()
	ids := map[string]bool{}
	for _, a := range answers {
		require.NotNil(t, a)
		require.Contains(t, []int{201, 409}, a.StatusCode(), "%s", a.Body)
		if a.JSON201 != nil {
			ids[a.JSON201.Selection.Id] = true
		}
	}
	require.Len(t, ids, 1)
	list, err := vp.ListSelectionsWithResponse(ctx, nil)
	require.NoError(t, err)
	require.Len(t, list.JSON200.Items, 1)
}

// Publishing twice is safe with and without a key, and stale versions are told.
func TestRepeatedPublications(t *testing.T) {
	ctx := context.Background()
	h, vp := furnished(t)
	s, err := vp.SelectWithResponse(ctx, nil, client.SelectJSONRequestBody{Year: 2027, Dimensions: []string{"region"}, Visits: 6})
	require.NoError(t, err)
	require.NoError(t, client.Check(s))
	plan := *h.plan(vp, s.JSON201.Selection.Id).Plan
	stale, err := vp.PublishPlanWithResponse(ctx, plan, &client.PublishPlanParams{IfMatch: client.Match(9)}, reasoned)
	require.NoError(t, err)
	require.Equal(t, 412, stale.StatusCode())
	params := &client.PublishPlanParams{IfMatch: client.Match(1), IdempotencyKey: key("publish")}
	first, err := vp.PublishPlanWithResponse(ctx, plan, params, reasoned)
	require.NoError(t, err)
	require.NoError(t, client.Check(first))
	require.Positive(t, first.JSON200.New)
	again, err := vp.PublishPlanWithResponse(ctx, plan, params, reasoned)
	require.NoError(t, err)
	require.Equal(t, first.JSON200, again.JSON200, "the stored answer")
	visits, err := vp.ListVisitsWithResponse(ctx, nil)
	require.NoError(t, err)
	require.Len(t, visits.JSON200.Items, first.JSON200.Visits)

	v := visits.JSON200.Items[0]
	refusal := client.AnswerVisitJSONRequestBody{Answer: client.AnswerDeclined}
	silent, err := vp.AnswerVisitWithResponse(ctx, v.Id, &client.AnswerVisitParams{IfMatch: client.Match(v.Version)}, refusal)
	require.NoError(t, err)
	require.Equal(t, 422, silent.StatusCode(), "a refusal needs a note")
	note := "On leave."
	refusal.Note = &note
	no, err := vp.AnswerVisitWithResponse(ctx, v.Id, &client.AnswerVisitParams{IfMatch: client.Match(v.Version)}, refusal)
	require.NoError(t, err)
	require.NoError(t, client.Check(no))
	require.Equal(t, client.VisitStateDeclined, no.JSON200.Visit.State)
	late, err := vp.AnswerVisitWithResponse(ctx, v.Id, &client.AnswerVisitParams{IfMatch: client.Match(v.Version)}, refusal)
	require.NoError(t, err)
	require.Equal(t, 412, late.StatusCode())
	early, err := vp.RecordOutcomeWithResponse(ctx, visits.JSON200.Items[1].Id, &client.RecordOutcomeParams{IfMatch: client.Match(visits.JSON200.Items[1].Version)}, client.RecordOutcomeJSONRequestBody{})
	require.NoError(t, err)
	require.Equal(t, 409, early.StatusCode(), "it has not begun")
}
