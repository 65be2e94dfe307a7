package httpapi_test

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"testing"

	"windshield/internal/roster"
)

// Whatever comes, the answer is one of the contract and never an error of ours.
func FuzzRequest(f *testing.F) {
	h := build(f)
	admin := h.role(roster.Administrator)
	type operation struct{ method, path, media string }
	var all []operation
	for path, item := range contract(f).Paths.Map() {
		for method, op := range item.Operations() {
			o := operation{method: method, path: path}
			if op.RequestBody != nil {
				for o.media = range op.RequestBody.Value.Content {
				}
			}
			if !strings.HasPrefix(path, "/session") { // signing out would end the test, asking for links is throttled
				all = append(all, o)
			}
		}
	}
	slices.SortFunc(all, func(a, b operation) int {
		return cmp.Or(strings.Compare(a.path, b.path), strings.Compare(a.method, b.method))
	})
	for i := range all {
		f.Add(uint8(i), "none", "", "", `"1"`, "")
		f.Add(uint8(i), "person-ceo", "limit=200&after=WyJ2aXNpdHMiLCIyMDI3LTAxLTAxIiwiYW0iLCJ4Il0", `{"roles":["ceo"],"mapping":{"key":0},"answer":"accepted","held":false}`, `"0"`, "k")
		f.Add(uint8(i), "%ff/..%2f", "year=2027&state=held&state=x&value=a:b:c&from=0000-00-00", "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n\x00\r\n--b--", "W/\"1\"", "ü")
		f.Add(uint8(i), "2027", "search=%00", `{"year":1e308,"dimensions":[{}],"visits":-0,"seed":"\ud800","selection":"\u0000"}`, "*", strings.Repeat("k", 300))
	}
	f.Fuzz(func(t *testing.T, n uint8, id, query, body, match, key string) {
		h.t = t
		op := all[int(n)%len(all)]
		path := "/api/v1" + strings.NewReplacer("{id}", id, "{kind}", id, "{year}", id).Replace(op.path)
		if query != "" {
			path += "?" + query
		}
		r := raw{method: op.method, path: path, body: body, contentType: op.media, header: map[string]string{"If-Match": match}}
		if r.contentType == "multipart/form-data" {
			r.contentType += "; boundary=b"
		}
		if key != "" {
			r.header["Idempotency-Key"] = key
		}
		if _, err := http.NewRequest(r.method, h.url+r.path, nil); err != nil || !sendable(match) || !sendable(key) ||
			strings.ContainsFunc(r.path, func(r rune) bool { return r <= 0x20 || r >= 0x7f }) {
			return // no client can send this
		}
		resp, _, answer := h.send(admin, r)
		if resp.StatusCode >= 500 {
			t.Errorf("%s %s answers %d: %s\n%s", r.method, r.path, resp.StatusCode, answer, h.log)
		}
	})
}

// sendable says whether a text can be the value of a header.
func sendable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 && r != '\t' || r == 0x7f })
}
