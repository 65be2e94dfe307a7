package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/roster"
)

// wheres gives the places that a problem names.
func wheres(p client.Problem) []string {
	var out []string
	for _, d := range p.Problems {
		if d.Where != nil {
			out = append(out, *d.Where)
		}
	}
	return out
}

const good = `{"year":2027,"dimensions":["region"],"visits":3}`

func TestBadInputIsNamed(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { badInput(t, build(t)) })
	t.Run("postgres", func(t *testing.T) { badInput(t, onPostgres(t)) })
}

func badInput(t *testing.T, h *house) {
	admin := h.role(roster.Administrator)
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	cases := []struct {
		name   string
		r      raw
		status int
		where  []string // all that is named
	}{
		{"no body", raw{method: "POST", path: "/selections", contentType: "application/json"}, 422, []string{"body"}},
		{"no JSON", raw{method: "POST", path: "/selections", body: "year=2027"}, 422, []string{"body"}},
		{"half a JSON", raw{method: "POST", path: "/selections", body: `{"year":2027,`}, 422, []string{"body"}},
		{"two JSONs", raw{method: "POST", path: "/selections", body: good + good}, 422, []string{"body"}},
		{"a trailing bracket", raw{method: "POST", path: "/selections", body: good + "]"}, 422, []string{"body"}},
		{"a list", raw{method: "POST", path: "/selections", body: `[1]`}, 422, []string{"body"}},
		{"null", raw{method: "POST", path: "/selections", body: `null`}, 422, []string{"body"}},
		{"wrong types", raw{method: "POST", path: "/selections", body: `{"year":"2027","dimensions":"region","visits":true,"name":7}`}, 422, []string{"/dimensions", "/name", "/visits", "/year"}},
		{"missing", raw{method: "POST", path: "/selections", body: `{}`}, 422, []string{"/dimensions", "/visits", "/year"}},
		{"nulls", raw{method: "POST", path: "/selections", body: `{"year":null,"dimensions":[null],"visits":3}`}, 422, []string{"/dimensions/0", "/year"}},
		{"unknown keys", raw{method: "POST", path: "/selections", body: `{"year":2027,"dimensions":["region"],"visits":3,"colour":1,"a/b~":2}`}, 422, []string{"/a~1b~0", "/colour"}},
		{"another case", raw{method: "POST", path: "/selections", body: `{"Year":2027,"dimensions":["region"],"visits":3,"year":2027}`}, 422, []string{"/Year"}},
		{"doubled keys", raw{method: "POST", path: "/selections", body: `{"year":2027,"dimensions":["region"],"visits":3,"visits":4}`}, 422, []string{"/visits"}},
		{"doubled by escape", raw{method: "POST", path: "/selections", body: `{"year":2027,"dimensions":["region"],"visits":3,"vi\u0073its":4}`}, 422, []string{"/visits"}},
		{"out of range", raw{method: "POST", path: "/selections", body: `{"year":1999,"dimensions":[],"visits":0}`}, 422, []string{"/dimensions", "/visits", "/year"}},
		{"huge numbers", raw{method: "POST", path: "/selections", body: `{"year":99999999999999999999999999,"dimensions":["region"],"visits":1e400}`}, 422, []string{"/visits", "/year"}},
		{"a fraction", raw{method: "POST", path: "/selections", body: `{"year":2027.5,"dimensions":["region"],"visits":3}`}, 422, []string{"/year"}},
		{"a seed over 2^53", raw{method: "POST", path: "/plan-runs", body: `{"selection":"x","seed":9007199254740993,"seconds":1}`}, 422, []string{"/seed"}},
		{"a negative seed", raw{method: "POST", path: "/plan-runs", body: `{"selection":"x","seed":-1,"seconds":1}`}, 422, []string{"/seed"}},
		{"too long", raw{method: "POST", path: "/selections", body: `{"year":2027,"dimensions":["region"],"visits":3,"name":"` + strings.Repeat("x", 101) + `"}`}, 422, []string{"/name"}},
		{"too many", raw{method: "POST", path: "/selections", body: `{"year":2027,"dimensions":["a","b","c","d","e","f","g","h","i","j","k"],"visits":3}`}, 422, []string{"/dimensions"}},
		{"repeated", raw{method: "POST", path: "/selections", body: `{"year":2027,"dimensions":["a","a"],"visits":3}`}, 422, []string{"/dimensions"}},
		{"deep nesting", raw{method: "POST", path: "/selections", body: `{"year":` + deep(40) + `}`}, 422, []string{"/year" + strings.Repeat("/0", 31)}},
		{"very deep nesting", raw{method: "POST", path: "/selections", body: deep(200_000)}, 422, nil},
		{"invalid UTF-8", raw{method: "POST", path: "/selections", body: "{\"year\":2027,\"dimensions\":[\"re\xffgion\"],\"visits\":3}"}, 422, []string{"body"}},
		{"a null character", raw{method: "POST", path: "/selections", body: `{"year":2027,"dimensions":["re\u0000gion"],"visits":3,"na\u0000me":"x"}`}, 422, []string{"/dimensions/0", "/na�me"}},
		{"UTF-16", raw{method: "POST", path: "/selections", body: "\xff\xfe{\x00}\x00"}, 422, []string{"body"}},
		{"over 1 MB", raw{method: "POST", path: "/selections", body: `{"name":"` + strings.Repeat("x", 1<<20) + `"}`}, 413, nil},
		{"no type", raw{method: "POST", path: "/selections", body: good, contentType: "text/plain"}, 415, []string{"header Content-Type"}},
		{"another charset", raw{method: "POST", path: "/selections", body: good, contentType: "application/json; charset=utf-16"}, 415, []string{"header Content-Type"}},
		{"a body where none is expected", raw{method: "POST", path: "/connections/sync", body: `{"now":true}`}, 422, []string{"body"}},

		{"no number", raw{method: "GET", path: "/customers?limit=many"}, 422, []string{"query limit"}},
		{"limit 0", raw{method: "GET", path: "/customers?limit=0"}, 422, []string{"query limit"}},
		{"limit 201", raw{method: "GET", path: "/audit?limit=201"}, 422, []string{"query limit"}},
		{"limit huge", raw{method: "GET", path: "/audit?limit=99999999999999999999"}, 422, []string{"query limit"}},
		{"limit 1e2", raw{method: "GET", path: "/audit?limit=1e2"}, 422, []string{"query limit"}},
		{"doubled limit", raw{method: "GET", path: "/audit?limit=1&limit=2"}, 422, []string{"query limit"}},
		{"empty limit", raw{method: "GET", path: "/audit?limit="}, 422, []string{"query limit"}},
		{"unknown parameter", raw{method: "GET", path: "/visits?sate=held&Limit=3"}, 422, []string{"query Limit", "query sate"}},
		{"bad state", raw{method: "GET", path: "/visits?state=held&state=done"}, 422, []string{"query state"}},
		{"bad dates", raw{method: "GET", path: "/visits?from=2027-02-30&to=01.03.2027"}, 422, []string{"query from", "query to"}},
		{"the date that is none", raw{method: "GET", path: "/visits?from=1970-01-01"}, 422, []string{"query from"}},
		{"a date far away", raw{method: "GET", path: "/visits?from=9999-12-31"}, 422, []string{"query from"}},
		{"bad cursor", raw{method: "GET", path: "/visits?after=nonsense"}, 422, []string{"after"}},
		{"another list's cursor", raw{method: "GET", path: "/visits?after=WyJjdXN0b21lcnMiLCJhIiwiYiJd"}, 422, []string{"after"}},
		{"a made-up cursor", raw{method: "GET", path: "/visits?after=WyJ2aXNpdHMiLCJ4IiwieSIsInoiXQ"}, 0, nil},
		{"a made-up cursor of the audit trail", raw{method: "GET", path: "/audit?after=WyJhdWRpdCIsIngiXQ"}, 422, nil},
		{"a huge cursor", raw{method: "GET", path: "/customers?after=" + strings.Repeat("A", 2000)}, 422, []string{"query after"}},
		{"a null in the query", raw{method: "GET", path: "/customers?search=a%00b"}, 422, []string{"query search"}},
		{"invalid UTF-8 in the query", raw{method: "GET", path: "/customers?search=%ff"}, 422, []string{"query search"}},
		{"a broken escape", raw{method: "GET", path: "/customers?search=%zz"}, 422, []string{"query"}},
		{"a semicolon", raw{method: "GET", path: "/customers?search=a;b"}, 422, []string{"query"}},
		{"a value without dimension", raw{method: "GET", path: "/customers?value=EMEA"}, 422, []string{"query value"}},
		{"a dimension twice", raw{method: "GET", path: "/customers?value=region:A&value=region:B"}, 422, []string{"query value"}},
		{"half a period", raw{method: "GET", path: "/coverage?from=2027-01-01"}, 422, []string{"query to"}},
		{"a period backwards", raw{method: "GET", path: "/coverage?from=2027-02-01&to=2027-01-01"}, 422, []string{"period"}},
		{"a year long gone", raw{method: "GET", path: "/plans?year=1066"}, 422, []string{"query year"}},
		{"a path that is no year", raw{method: "GET", path: "/years/next/plan"}, 422, []string{"path year"}},
		{"a bad country", raw{method: "GET", path: "/plans/x?country=Switzerland"}, 422, []string{"query country"}},
		{"a bad boolean", raw{method: "GET", path: "/alerts?open=maybe"}, 422, []string{"query open"}},
		{"a bad id", raw{method: "GET", path: "/visits/a.b"}, 422, []string{"path id"}},
		{"an id with a null", raw{method: "GET", path: "/visits/a%00b"}, 422, []string{"path id"}},
		{"an id in another encoding", raw{method: "GET", path: "/visits/%ff"}, 422, []string{"path id"}},
		{"a long id", raw{method: "GET", path: "/visits/" + strings.Repeat("a", 65)}, 422, []string{"path id"}},
		{"a bad kind", raw{method: "GET", path: "/imports/templates/cats"}, 422, []string{"path kind"}},
		{"nothing there", raw{method: "GET", path: "/nothing"}, 404, nil},
		{"no such visit", raw{method: "GET", path: "/visits/none"}, 404, nil},
		{"no such method", raw{method: "PUT", path: "/visits/none", body: "{}"}, 404, nil},

		{"no version", raw{method: "PATCH", path: "/people/person-ceo", body: `{"roles":["ceo"]}`}, 428, []string{"header If-Match"}},
		{"an empty version", raw{method: "PATCH", path: "/people/person-ceo", body: `{"roles":["ceo"]}`, header: map[string]string{"If-Match": ""}}, 422, []string{"header If-Match"}},
		{"a bare version", raw{method: "PATCH", path: "/people/person-ceo", body: `{"roles":["ceo"]}`, header: map[string]string{"If-Match": "1"}}, 422, []string{"header If-Match"}},
		{"a weak version", raw{method: "PATCH", path: "/people/person-ceo", body: `{"roles":["ceo"]}`, header: map[string]string{"If-Match": `W/"1"`}}, 422, []string{"header If-Match"}},
		{"any version", raw{method: "PATCH", path: "/people/person-ceo", body: `{"roles":["ceo"]}`, header: map[string]string{"If-Match": "*"}}, 422, []string{"header If-Match"}},
		{"a huge version", raw{method: "PATCH", path: "/people/person-ceo", body: `{"roles":["ceo"]}`, header: map[string]string{"If-Match": `"99999999999999999999"`}}, 422, []string{"header If-Match"}},
		{"a stale version", raw{method: "PATCH", path: "/people/person-ceo", body: `{"roles":["ceo"]}`, header: map[string]string{"If-Match": `"7"`}}, 412, nil},
		{"bad roles and version at once", raw{method: "PATCH", path: "/people/person-ceo", body: `{"roles":["king"],"name":1}`, header: map[string]string{"If-Match": "x"}}, 422, []string{"/name", "/roles/0", "header If-Match"}},
		{"an empty key", raw{method: "POST", path: "/selections", body: good, header: map[string]string{"Idempotency-Key": ""}}, 422, []string{"header Idempotency-Key"}},
		{"a long key", raw{method: "POST", path: "/selections", body: good, header: map[string]string{"Idempotency-Key": strings.Repeat("k", 201)}}, 422, []string{"header Idempotency-Key"}},
		{"a key in letters of no header", raw{method: "POST", path: "/selections", body: good, header: map[string]string{"Idempotency-Key": "schlüssel"}}, 422, []string{"header Idempotency-Key"}},

		{"held, but how?", raw{method: "POST", path: "/visits/none/outcome", body: `{"held":true}`, header: map[string]string{"If-Match": `"1"`}}, 422, []string{"/kind", "/with_host"}},
		{"an answer of another kind", raw{method: "POST", path: "/visits/none/answer", body: `{"answer":"perhaps","note":"` + strings.Repeat("x", 501) + `"}`, header: map[string]string{"If-Match": `"1"`}}, 422, []string{"/answer", "/note"}},
		{"a mapping to nowhere", raw{method: "PATCH", path: "/imports/none", body: `{"mapping":{"key":-1,"name":"B","city":99999}}`, header: map[string]string{"If-Match": `"1"`}}, 422, []string{"/mapping/city", "/mapping/key", "/mapping/name"}},
		{"no address", raw{method: "POST", path: "/session/link", body: `{"email":"nobody"}`}, 422, []string{"/email"}},
		{"a made-up token", raw{method: "POST", path: "/session", body: `{"token":"made-up"}`}, 401, nil},
		{"an ancient selection", raw{method: "POST", path: "/selections", body: `{"year":2027,"dimensions":["nonsense"],"visits":3}`}, 422, nil},
		{"no planner's limit", raw{method: "POST", path: "/plan-runs", body: `{"selection":"x"}`}, 422, []string{"seconds"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h.t = t
			c.r.path = "/api/v1" + c.r.path
			resp, p, body := h.send(admin, c.r)
			if c.status != 0 {
				require.Equal(t, c.status, resp.StatusCode, "%s", body)
			}
			require.Less(t, resp.StatusCode, 500, "%s", body)
			if c.where != nil {
				require.Equal(t, c.where, wheres(p), "%s", body)
			}
			if resp.StatusCode == 422 && c.where != nil {
				require.NotEmpty(t, p.Problems, "%s", body)
				for _, d := range p.Problems {
					require.NotNil(t, d.Expected, "%s", body)
				}
			}
			require.LessOrEqual(t, len(body), 64<<10, "an answer stays small")
		})
	}
	require.Empty(t, h.log.String(), "nothing went wrong inside")
}

// Numbers may be written in any way that JSON has.
func TestGoodInputInOddForms(t *testing.T) {
	h, vp := furnished(t)
	for _, body := range []string{
		`{"year":2.027e3,"dimensions":["region"],"visits":3.0}`,
		` { "y\u0065ar" : 2027 , "dimensions":["region"] , "visits":3 } ` + "\n",
	} {
		resp, _, b := h.send(vp, raw{method: "POST", path: "/api/v1/selections", body: body})
		require.Equal(t, 201, resp.StatusCode, "%s", b)
	}
	resp, _, _ := h.send(vp, raw{method: "GET", path: "/api/v1/session", body: "{}"})
	require.Equal(t, 200, resp.StatusCode, "clients that always send an object are forgiven")
	resp, _, _ = h.send(vp, raw{method: "GET", path: "/api/v1/customers?search=%C3%BC%F0%9F%98%80&value=industry:Energy:Oil"})
	require.Equal(t, 200, resp.StatusCode)
}

// A page of another site can change nothing.
func TestOtherSitesAreRefused(t *testing.T) {
	h := build(t)
	vp := h.role(roster.VP)
	resp, err := vp.ClientInterface.(*client.Client).Client.Do(mustRequest(t, "POST", h.url+"/api/v1/selections", good, map[string]string{
		"Content-Type": "application/json", "Sec-Fetch-Site": "cross-site"}))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, 403, resp.StatusCode)
}

func mustRequest(t *testing.T, method, url, body string, header map[string]string) *http.Request {
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	require.NoError(t, err)
	for k, v := range header {
		r.Header.Set(k, v)
	}
	return r
}

// Who is not signed in learns nothing, not even what a good request looks like.
func TestNobodyIsTurnedAwayFirst(t *testing.T) {
	h := build(t)
	open := map[string]bool{"POST /session": true, "POST /session/link": true}
	for path, item := range contract(t).Paths.Map() {
		for method := range item.Operations() {
			if open[method+" "+path] {
				continue
			}
			at := "/api/v1" + strings.NewReplacer("{id}", "x", "{kind}", "nonsense", "{year}", "x").Replace(path)
			resp, p, _ := h.send(nil, raw{method: method, path: at, body: "nonsense"})
			require.Equal(t, 401, resp.StatusCode, "%s %s", method, path)
			require.Empty(t, p.Problems)
		}
	}
}

// What each role may call; everybody may ask who they are.
func TestRoles(t *testing.T) {
	h, _, planID := published(t)
	const yes, no, none = 200, 403, 404
	roles := []struct {
		email string
		want  map[string]int
	}{
		{"administrator@vendor.example", map[string]int{"/people": yes, "/audit": yes, "/connections": yes, "/customers": yes, "/plans": yes, "/imports": yes, "/coverage": yes}},
		{"vp@vendor.example", map[string]int{"/people": yes, "/audit": no, "/connections": yes, "/customers": yes, "/plans": yes, "/imports": yes, "/coverage": yes, "/alerts": yes, "/dimensions": yes}},
		{"ceo@vendor.example", map[string]int{"/people": no, "/audit": no, "/connections": no, "/customers": yes, "/plans": yes, "/imports": no, "/coverage": yes, "/alerts": yes, "/plans/" + planID: yes}},
		{executive, map[string]int{"/people": no, "/audit": no, "/connections": no, "/customers": no, "/plans": no, "/imports": no, "/coverage": no, "/alerts": no, "/me": yes, "/visits": yes, "/plans/" + planID: no, "/plan-runs": no, "/selections": no}},
		{"north@vendor.example", map[string]int{"/people": no, "/audit": no, "/customers": yes, "/plans": no, "/imports": no, "/coverage": no, "/me": yes, "/visits": yes}},
		{"assistant@vendor.example", map[string]int{"/people": no, "/customers": no, "/plans": no, "/me": none, "/visits": yes, "/coverage": no}},
	}
	for _, r := range roles {
		c := h.as(r.email)
		for path, want := range r.want {
			resp, _, body := h.send(c, raw{method: "GET", path: "/api/v1" + path})
			require.Equal(t, want, resp.StatusCode, "%s %s: %s", r.email, path, body)
		}
	}
	host := h.as("north@vendor.example")
	seen, err := host.ListCustomersWithResponse(context.Background(), nil)
	require.NoError(t, err)
	require.Len(t, seen.JSON200.Items, 12)
	vp := h.role(roster.VP)
	all, err := vp.ListCustomersWithResponse(context.Background(), nil)
	require.NoError(t, err)
	for _, c := range all.JSON200.Items {
		want := 404
		if c.Host.Name == "Account Manager North" {
			want = 200
		}
		resp, _, _ := h.send(host, raw{method: "GET", path: "/api/v1/customers/" + c.Id})
		require.Equal(t, want, resp.StatusCode, "a host sees own customers only")
	}
	for _, r := range []raw{
		{method: "POST", path: "/plans/" + planID + "/publish", header: map[string]string{"If-Match": `"2"`}},
		{method: "POST", path: "/selections", body: good},
		{method: "POST", path: "/plan-runs", body: `{"selection":"x","seconds":1}`},
		{method: "POST", path: "/connections/sync"},
		{method: "PATCH", path: "/people/person-ceo", body: `{"roles":["administrator"]}`, header: map[string]string{"If-Match": `"1"`}},
	} {
		r.path = "/api/v1" + r.path
		resp, _, body := h.send(host, r)
		require.Equal(t, 403, resp.StatusCode, "%s %s: %s", r.method, r.path, body)
	}
	for i, path := range []string{"/visits/none", "/customers/none", "/plans/none", "/plan-runs/none", "/selections/none", "/imports/none", "/imports/none/rejected.csv", "/me?person=none", "/years/2030/plan"} {
		resp, p, body := h.send(vp, raw{method: "GET", path: "/api/v1" + path})
		require.Equal(t, 404, resp.StatusCode, "%s: %s", path, body)
		require.Equal(t, client.ProblemKindNotFound, p.Kind, fmt.Sprint(i))
	}
	require.Empty(t, h.log.String(), "nothing went wrong inside")
}
