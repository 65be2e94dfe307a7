package testkit_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	. "windshield/internal/testkit"
)

// nasty is what nobody means well with.
var nasty = map[string]string{
	"nothing":       "",
	"NUL":           "a\x00b",
	"invalid UTF-8": "\xff\xfe\xc0\xaf",
	"100 kB":        strings.Repeat("a", 100_000),
	"negative":      "-1",
	"huge":          "99999999999999999999999",
	"float":         "1e309",
	"no date":       "2027-02-30",
	"path":          "../../../../etc/passwd",
	"SQL":           "'; drop table visits; --",
	"HTML":          `"><script>alert(1)</script>`,
	"RTL":           "\u202egnp.exe\u202c",
	"lines":         "a\r\nSet-Cookie: x=y",
}

// fields are those of all forms and addresses.
var fields = []string{"answer", "reason", "held", "kind", "with_host", "note", "from", "to", "state", "after", "executive", "customer", "person", "period",
	"selection", "name", "seconds", "seed", "year", "visits", "dimensions", "role", "q", "country", "group", "visit", "view", "email", "next", "done", "key",
	"changes", "with", "per_week-1", "max_gap-1", "target-1", "selection-1", "count", "column-0", "column-1", "limit", "value", "search", "open", "plan"}

// start lets each database begin with other values.
var start atomic.Int64

// Whatever is sent to whichever route, the answer is never an error of ours, and
// what was sent never becomes part of a page as it is.
func TestNoInputIsTooBad(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		vp := h.Small(8)
		plan := h.Year(vp, 6)
		c := h.As(Admin)
		c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		visits := h.Visits(plan)
		var imports []flow.Import
		var selections []flow.Selection
		var run flow.Run
		require.NoError(t, h.App.Store.Read(t.Context(), func(tx flow.Tx) (err error) {
			if imports, err = tx.Imports.Recent(1); err != nil {
				return err
			}
			if run, err = tx.Runs.OfPlan(plan); err != nil {
				return err
			}
			selections, err = tx.Selections.ByYear(0)
			return err
		}))
		real := map[string]string{"plans": plan, "visits": visits[0].ID, "customers": visits[0].CustomerID, "people": h.Person(CEO).ID,
			"imports": imports[0].ID, "selections": selections[0].ID, "plan-runs": run.ID, "runs": run.ID, "comparison": plan, "frames": selections[0].FrameID}
		send := func(what, method, path string, body string, kind string) {
			t.Helper()
			r, err := http.NewRequest(method, h.URL+path, strings.NewReader(body))
			require.NoError(t, err, path)
			if kind != "" {
				r.Header.Set("Content-Type", kind)
				r.Header.Set("If-Match", `"1"`)
			}
			answer, err := c.Do(r)
			require.NoError(t, err, "%s: %s %s", what, method, path[:min(len(path), 200)])
			page := readAll(t, answer)
			if answer.StatusCode >= 500 {
				t.Errorf("%s: %s %s gives %d: %s", what, method, path[:min(len(path), 200)], answer.StatusCode, page[:min(len(page), 500)])
			}
			if strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") && strings.Contains(page, "<script>alert(1)") {
				t.Errorf("%s: %s %s writes what was sent into the page", what, method, path)
			}
			if strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") && strings.ContainsRune(page, '\u202e') {
				t.Errorf("%s: %s %s turns around what follows on the page", what, method, path)
			}
			if answer.Header.Get("Set-Cookie") == "x=y" {
				t.Errorf("%s: %s %s writes what was sent into the header", what, method, path)
			}
		}
		walked, turn, names := 0, int(start.Add(2)), slices.Sorted(maps.Keys(nasty))
		for _, route := range h.App.Routes() {
			method, path, _ := strings.Cut(route, " ")
			if strings.Contains(path, "*") || strings.HasSuffix(path, "/signout") || strings.HasSuffix(path, "/session") && method == http.MethodDelete {
				continue // would end the walk
			}
			walked++
			for range 2 { // each route gets other values than the one before, and on each database others
				turn++
				what := names[turn%len(names)]
				v := nasty[what]
				inPath := v
				if len(v) > 1000 || v == "" {
					inPath = "x"
				}
				query, form := url.Values{}, url.Values{"version": {[]string{"1", v}[turn%2]}}
				for _, f := range fields {
					form.Set(f, v)
					if len(v) < 1000 {
						query.Set(f, v)
					}
				}
				one := fields[turn%len(fields)] // a page might refuse the first field and never look at the others
				for i, at := range []string{fill(path, url.PathEscape(inPath)), known(path, real)} {
					switch {
					case method == http.MethodGet || method == http.MethodHead:
						send(what, method, at+"?"+query.Encode(), "", "")
						if i == 1 && len(v) < 1000 {
							send(what, method, at+"?"+url.Values{one: {v}}.Encode(), "", "")
						}
					case strings.HasPrefix(path, "/api/"):
						bodies := []string{fmt.Sprintf("{%q:%q}", v, v), v, fmt.Sprintf("{%q:%q}", one, v)}
						send(what, method, at, bodies[turn%3], []string{"application/json", "multipart/form-data; boundary=x"}[turn%2])
					case turn%5 == 0:
						send(what, method, at, v, "multipart/form-data; boundary=x")
					default:
						send(what, method, at, form.Encode(), "application/x-www-form-urlencoded")
					}
				}
			}
		}
		require.Greater(t, walked, 60)
		c.CheckRedirect = nil
		status, _ := h.Get(c, "/api/v1/session")
		require.Equal(t, http.StatusOK, status, "the walk was that of somebody who may do all")
		status, _ = h.Get(h.As(VP), "/plans/"+plan)
		require.Equal(t, http.StatusOK, status, "all is as it was")
		require.Len(t, h.Visits(plan), len(visits))
	})
}

// known puts the id of something that is really there in the place of each parameter.
func known(path string, real map[string]string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if !strings.HasPrefix(p, ":") {
			continue
		}
		if parts[i] = real[parts[i-1]]; parts[i] == "" {
			parts[i] = "x"
		}
	}
	return strings.Join(parts, "/")
}

// fill puts a value in the place of each parameter.
func fill(path, v string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if strings.HasPrefix(p, ":") {
			parts[i] = v
		}
	}
	return strings.Join(parts, "/")
}
