package httpapi_test

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/textproto"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/roster"
)

func TestImportStepByStep(t *testing.T) {
	ctx := context.Background()
	h := build(t)
	vp := h.role(roster.VP)

	template, err := vp.GetImportTemplateWithResponse(ctx, client.ImportKindCustomers)
	require.NoError(t, err)
	require.Equal(t, 200, template.StatusCode())
	require.True(t, strings.HasPrefix(string(template.Body), "key,name,"), "%s", template.Body)
	require.Equal(t, `attachment; filename="customers.csv"`, template.HTTPResponse.Header.Get("Content-Disposition"))

	// A header nobody knows, and a row with a problem.
	file := "key,name,Where it is,country\nc1,Alpine Instruments,Zürich,CH\nc2,Nowhere Ltd,Nowhereville,CH\n"
	contentType, body, err := client.Form(client.ImportKindCustomers, "customers.csv", strings.NewReader(file))
	require.NoError(t, err)
	up, err := vp.UploadImportWithBodyWithResponse(ctx, nil, contentType, body)
	require.NoError(t, err)
	require.NoError(t, client.Check(up))
	im := up.JSON201
	require.Equal(t, "/api/v1/imports/"+im.Id, *up.Headers201.Location)
	require.Equal(t, []string{"key", "name", "Where it is", "country"}, im.Headers)
	require.Len(t, im.Sample, 2)
	require.Equal(t, client.GuessConfidenceNone, im.Guesses[2].Confidence)

	stale, err := vp.MapImportWithResponse(ctx, im.Id, &client.MapImportParams{IfMatch: client.Match(im.Version + 5)}, client.MapImportJSONRequestBody{Mapping: im.Mapping})
	require.NoError(t, err)
	require.Equal(t, 412, stale.StatusCode())
	incomplete, err := vp.MapImportWithResponse(ctx, im.Id, &client.MapImportParams{IfMatch: client.Match(im.Version)}, client.MapImportJSONRequestBody{Mapping: client.Mapping{"key": 0, "nonsense": 77}})
	require.NoError(t, err)
	require.Equal(t, 422, incomplete.StatusCode())
	require.NotEmpty(t, incomplete.ApplicationproblemJSON422.Problems)
	mapped, err := vp.MapImportWithResponse(ctx, im.Id, &client.MapImportParams{IfMatch: client.Match(im.Version)},
		client.MapImportJSONRequestBody{Mapping: client.Mapping{"key": 0, "name": 1, "city": 2, "country": 3}})
	require.NoError(t, err)
	require.NoError(t, client.Check(mapped))
	require.False(t, mapped.JSON200.Report.Ok)
	require.Equal(t, client.ImportCounts{Rows: 2, Create: 1, Problem: 1}, mapped.JSON200.Counts)
	require.Equal(t, 3, mapped.JSON200.Report.Problems[0].Line)

	refused, err := vp.ConfirmImportWithResponse(ctx, im.Id, &client.ConfirmImportParams{IfMatch: *mapped.Headers200.ETag})
	require.NoError(t, err)
	require.Equal(t, 422, refused.StatusCode(), "whole or nothing")
	require.Contains(t, *refused.ApplicationproblemJSON422.Problems[0].Where, "row 3")
	rejected, err := vp.GetRejectedRowsWithResponse(ctx, im.Id)
	require.NoError(t, err)
	require.Equal(t, 200, rejected.StatusCode())
	require.Contains(t, string(rejected.Body), "Nowhereville")
	require.NotContains(t, string(rejected.Body), "Alpine")

	good := h.bring(vp, client.ImportKindCustomers, "key,name,city,country\nc1,Alpine Instruments,Zürich,CH\n")
	require.Equal(t, client.ImportStateConfirmed, good.State)
	got, err := vp.GetImportWithResponse(ctx, good.Id)
	require.NoError(t, err)
	require.Equal(t, 1, got.JSON200.Counts.Create)
	require.Nil(t, got.JSON200.Report, "what is done needs no check")
	twice, err := vp.ConfirmImportWithResponse(ctx, good.Id, &client.ConfirmImportParams{IfMatch: *got.Headers200.ETag})
	require.NoError(t, err)
	require.Equal(t, 409, twice.StatusCode())
}

type part struct{ name, fileName, content string }

func form(t *testing.T, parts ...part) (contentType, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		disposition := `form-data; name="` + p.name + `"`
		if p.fileName != "" {
			disposition += `; filename="` + p.fileName + `"`
		}
		out, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {disposition}})
		require.NoError(t, err)
		_, err = out.Write([]byte(p.content))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return w.FormDataContentType(), b.String()
}

func TestBadUploads(t *testing.T) {
	h := build(t)
	vp := h.role(roster.VP)
	kind, file := part{"kind", "", "customers"}, part{"file", "c.csv", "key,name\n"}
	cases := []struct {
		name   string
		parts  []part
		status int
		where  []string
	}{
		{"nothing", nil, 422, []string{"/file", "/kind"}},
		{"no file", []part{kind}, 422, []string{"/file"}},
		{"no kind", []part{file}, 422, []string{"/kind"}},
		{"a bad kind", []part{{"kind", "", "cats\x00"}, file}, 422, []string{"/kind"}},
		{"an endless kind", []part{{"kind", "", strings.Repeat("x", 5000)}, file}, 422, []string{"/kind"}},
		{"two kinds", []part{kind, kind, file}, 422, []string{"/kind"}},
		{"two files", []part{kind, file, file}, 422, []string{"/file"}},
		{"something else", []part{kind, file, {"note", "", "x"}}, 422, []string{"/note"}},
		{"no file name", []part{kind, {"file", "", "key\n"}}, 422, []string{"/file"}},
		{"a bad file name", []part{kind, {"file", "c\xff.csv", "key\n"}}, 422, []string{"/file"}},
		{"an endless file name", []part{kind, {"file", strings.Repeat("x", 300), "key\n"}}, 422, []string{"/file"}},
		{"an empty file", []part{kind, {"file", "c.csv", ""}}, 422, []string{"/file"}},
		{"nulls", []part{kind, {"file", "c.csv", "\x00\x01\x02\x00"}}, 422, nil},
		{"no workbook", []part{kind, {"file", "c.xlsx", "PK\x03\x04 but nothing more"}}, 422, nil},
		{"too large", []part{kind, {"file", "c.csv", strings.Repeat("x", 50_000_001)}}, 413, []string{"/file"}},
		{"far too large", []part{kind, {"file", "c.csv", strings.Repeat("x", 52_000_000)}}, 413, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h.t = t
			contentType, body := form(t, c.parts...)
			resp, p, b := h.send(vp, raw{method: "POST", path: "/api/v1/imports", body: body, contentType: contentType})
			require.Equal(t, c.status, resp.StatusCode, "%s", b)
			if c.where != nil {
				require.Equal(t, c.where, wheres(p), "%s", b)
			}
		})
	}
	contentType, body := form(t, kind, file)
	for name, r := range map[string]raw{
		"cut off":     {contentType: contentType, body: body[:len(body)-30]},
		"no boundary": {contentType: "multipart/form-data", body: body},
		"garbage":     {contentType: contentType, body: "garbage"},
		"JSON":        {contentType: "application/json", body: "{}"},
	} {
		r.method, r.path = "POST", "/api/v1/imports"
		resp, _, b := h.send(vp, r)
		require.Contains(t, []int{415, 422}, resp.StatusCode, "%s: %s", name, b)
	}
	ceo := h.role(roster.CEO)
	resp, _, _ := h.send(ceo, raw{method: "POST", path: "/api/v1/imports", body: body, contentType: contentType})
	require.Equal(t, 403, resp.StatusCode)
	require.Empty(t, h.log.String(), "nothing went wrong inside")
}

// Who comes while others fill all places is asked to come again, and may.
func TestTooManyUploadsAtOnce(t *testing.T) {
	h := build(t)
	vp := h.role(roster.VP)
	contentType, body := form(t, part{"kind", "", "hosts"}, part{"file", "hosts.csv", hostsFile})
	upload := raw{method: "POST", path: "/api/v1/imports", body: body, contentType: contentType}
	leave := h.api.TakeAllPlaces()
	resp, p, _ := h.send(vp, upload)
	require.Equal(t, 503, resp.StatusCode)
	require.Equal(t, client.ProblemKindTemporary, p.Kind)
	require.NotEmpty(t, resp.Header.Get("Retry-After"))
	leave()
	for range 5 { // nobody keeps a place, whatever becomes of the file
		resp, _, _ = h.send(vp, upload)
		require.Equal(t, 201, resp.StatusCode)
		resp, _, _ = h.send(vp, raw{method: "POST", path: "/api/v1/imports", body: "garbage", contentType: contentType})
		require.Equal(t, 422, resp.StatusCode)
	}
}
