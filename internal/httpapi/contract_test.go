package httpapi_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"windshield/api"
	"windshield/internal/httpapi"
)

func contract(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI())
	require.NoError(t, err)
	require.NoError(t, doc.Validate(context.Background()))
	return doc
}

// Every route has an operation and every operation a route.
func TestContractListsEveryRoute(t *testing.T) {
	a, err := httpapi.New(httpapi.Options{Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	e := echo.New()
	a.Register(e.Group("/api/v1"))
	var routes, operations []string
	for _, r := range e.Routes() {
		routes = append(routes, r.Method+" "+r.Path)
	}
	for path, item := range contract(t).Paths.Map() {
		for method := range item.Operations() {
			operations = append(operations, method+" /api/v1"+strings.NewReplacer("{", ":", "}", "").Replace(path))
		}
	}
	slices.Sort(routes)
	slices.Sort(operations)
	require.Equal(t, operations, routes)
}

// Every operation is explained, with an example of all that goes in and comes
// out, and says how it refuses.
func TestContractIsComplete(t *testing.T) {
	for path, item := range contract(t).Paths.Map() {
		for method, op := range item.Operations() {
			t.Run(method+" "+path, func(t *testing.T) {
				require.NotEmpty(t, op.Summary)
				require.Len(t, op.Tags, 1)
				for _, p := range op.Parameters {
					require.NotEmpty(t, p.Value.Description, p.Value.Name)
					fits(t, p.Value.Schema.Value, p.Value.Name)
				}
				if op.RequestBody != nil {
					for media, content := range op.RequestBody.Value.Content {
						fits(t, content.Schema.Value, media)
						if media == "application/json" {
							require.NotNil(t, content.Schema.Value.AdditionalProperties.Has, "unknown keys are refused")
							require.False(t, *content.Schema.Value.AdditionalProperties.Has)
						}
					}
				}
				refuses, succeeds := 0, 0
				for status, r := range op.Responses.Map() {
					require.NotEmpty(t, r.Value.Description)
					for media, content := range r.Value.Content {
						fits(t, content.Schema.Value, media)
						if media == "application/problem+json" {
							require.NotNil(t, content.Example)
							require.NoError(t, content.Schema.Value.VisitJSON(plainJSON(t, content.Example)), status)
						}
					}
					switch status[0] {
					case '4':
						refuses++
						require.Contains(t, r.Value.Content, "application/problem+json")
					case '2':
						succeeds++
					}
				}
				require.Positive(t, refuses)
				require.Equal(t, 1, succeeds)
				require.NotNil(t, op.Responses.Default())
				require.Equal(t, headerOf(op, "If-Match"), op.Responses.Value("428") != nil, "a change names its version")
			})
		}
	}
}

func headerOf(op *openapi3.Operation, name string) bool {
	return op.Parameters.GetByInAndName(openapi3.ParameterInHeader, name) != nil
}

// fits checks that the example made of a schema's own examples is one.
func fits(t *testing.T, s *openapi3.Schema, what string) {
	t.Helper()
	example := httpapi.Example(s)
	require.NotNil(t, example, what)
	require.NoError(t, s.VisitJSON(plainJSON(t, example)), "%s: %v", what, example)
}

func plainJSON(t *testing.T, v any) any {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	var out any
	require.NoError(t, json.Unmarshal(b, &out))
	return out
}

// Every schema is used, so that the contract carries no dead weight.
func TestContractUsesAllItsSchemas(t *testing.T) {
	text := string(api.OpenAPI())
	for _, name := range slices.Sorted(maps.Keys(contract(t).Components.Schemas)) {
		require.Contains(t, text, `"#/components/schemas/`+name+`"`)
	}
}

// The documentation shows every operation and runs nothing.
func TestDocs(t *testing.T) {
	h := build(t)
	resp, err := http.Get(h.url + "/docs")
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, 200, resp.StatusCode)
	require.Equal(t, "text/html; charset=UTF-8", resp.Header.Get("Content-Type"))
	require.Contains(t, resp.Header.Get("Content-Security-Policy"), "default-src 'self'")
	page := string(body)
	require.NotContains(t, page, "<script")
	require.NotContains(t, page, "style=")
	require.NotContains(t, page, "<style")
	require.NotContains(t, page, "http://", "nothing is fetched from elsewhere")
	require.NotContains(t, page, "ZgotmplZ")
	for path, item := range contract(t).Paths.Map() {
		for _, op := range item.Operations() {
			require.Contains(t, page, `id="`+op.OperationID+`"`)
			require.Contains(t, page, path)
		}
	}
	for _, kind := range []string{"invalid", "stale", "denied", "not_found", "internal", "too_many", "unauthenticated", "conflict", "temporary", "too_large"} {
		require.Contains(t, page, `id="`+kind+`"`, "a problem's type leads here")
	}
	for path, want := range map[string]string{"/docs/docs.css": "text/css; charset=utf-8", "/docs/openapi.yaml": "application/yaml"} {
		r, err := http.Get(h.url + path)
		require.NoError(t, err)
		b, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.NoError(t, r.Body.Close())
		require.Equal(t, 200, r.StatusCode)
		require.Equal(t, want, r.Header.Get("Content-Type"))
		require.NotEmpty(t, b)
		if path == "/docs/openapi.yaml" {
			require.Equal(t, api.OpenAPI(), b)
		}
	}
}
