package emulator

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// call is one request to the Calendar API.
type call struct {
	method    string
	user      string // on whose behalf
	service   bool   // a service account that acts for nobody
	calendar  *calendar
	cid, eid  string
	query     url.Values
	header    http.Header
	body      object
	committed bool // something was stored
	path      func(string) string
	uri       string   // path of the request
	client    string   // of the credential: its id, or the service account's address
	unknown   []string // parameters ("?name") and fields (".name") that Google does not know
	early     bool     // notices are to go out before the answer
	blind     bool     // filters are not seen
	lag       time.Duration
}

// reply is an answer.
type reply struct {
	status int
	etag   string
	body   any
	reason string // of a failure
	retry  int    // seconds for Retry-After; 0 for none
	html   bool   // an HTML page instead of JSON, as front ends send
	empty  bool   // no body at all
}

func ok(body any) *reply { return &reply{status: http.StatusOK, body: body} }

var statusNames = map[int]string{400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ALREADY_EXISTS",
	412: "FAILED_PRECONDITION", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}

// fail makes an answer in Google's shape of errors.
func fail(status int, domain, reason, message string) *reply {
	one := object{"domain": domain, "reason": reason, "message": message}
	if status == http.StatusPreconditionFailed {
		one["locationType"], one["location"] = "header", "If-Match"
	}
	e := object{"code": status, "message": message, "errors": []any{one}}
	if name, ok := statusNames[status]; ok && (status == 403 || status == 429) {
		e["status"] = name
	}
	return &reply{status: status, reason: reason, body: object{"error": e}}
}

func invalid(message string) *reply { return fail(400, "global", "invalid", message) }

func notFound() *reply { return fail(404, "global", "notFound", "Not Found") }

const maxBody = 1 << 20

// serve answers one API call: who is it, is there a fault to play, then the
// method itself under the lock.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, method string, do func(*call) *reply) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		writeReply(w, fail(413, "global", "uploadTooLarge", "The request is too large."))
		return
	}
	c := &call{method: method, query: r.URL.Query(), header: r.Header, cid: r.PathValue("calendarId"), eid: r.PathValue("eventId"),
		path: r.PathValue, uri: strings.TrimSuffix(r.URL.EscapedPath(), "/watch")}
	var parse *reply
	if len(bytes.TrimSpace(raw)) > 0 {
		if err := json.Unmarshal(raw, &c.body); err != nil {
			parse = fail(400, "global", "parseError", "Parse Error")
		}
	}
	if c.body == nil {
		c.body = object{}
	}
	if id, isText := c.body["id"].(string); isText && method == "events.insert" {
		c.eid = id
	}

	s.mu.Lock()
	denied := s.identify(c, r)
	f := s.hit(c)
	w.Header().Set("Date", s.now().Format(http.TimeFormat))
	s.mu.Unlock()

	run := func() *reply {
		s.mu.Lock()
		s.settle()
		a := s.run(c, f, denied, parse, do)
		s.settle()
		if !c.early {
			s.kick()
		}
		if err := s.release(); err != nil {
			return fail(500, "global", "backendError", "The emulator's journal cannot be written.")
		}
		if c.early {
			s.deliver()
		}
		return a
	}
	s.play(w, r, c, f, run, hashOf(raw))
}

// run executes the method under the lock.
func (s *Server) run(c *call, f *Fault, denied, parse *reply, do func(*call) *reply) *reply {
	if denied != nil {
		return denied
	}
	if parse != nil {
		return parse
	}
	if bad := s.checkCall(c); bad != nil {
		return bad
	}
	if c.cid != "" && !strings.HasPrefix(c.method, "calendarList") {
		if c.cid == "primary" {
			c.cid = c.user
		}
		c.calendar = s.calendar(c.cid)
		if c.calendar == nil || c.calendar.role(c.user) == "" {
			return notFound()
		}
		c.cid = c.calendar.ID
	}
	if refused := s.spend(c); refused != nil {
		return refused
	}
	if f != nil && f.Action == BumpEtag {
		s.bump(c)
	}
	if f != nil && f.Action == NotYet && s.young(c, time.Duration(f.Seconds)*time.Second) {
		return notFound()
	}
	c.blind = f != nil && f.Action == Unfiltered
	if f != nil && f.Action == Lag {
		c.lag = time.Duration(f.Seconds) * time.Second
	}
	if f != nil && f.Action == StaleRead && c.method == "events.get" {
		if r := s.staleGet(c); r != nil {
			return r
		}
	}
	var answer *reply
	switch {
	case f != nil && f.Action == EmptyList && c.method == "events.list" && !c.query.Has("syncToken"):
		answer = s.emptyList(c)
	default:
		answer = do(c)
	}
	return answer
}

// identify finds out on whose behalf a call is made.
func (s *Server) identify(c *call, r *http.Request) *reply {
	bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if bearer == "" {
		c.user = fold(s.opts.Anonymous)
		if c.user == "" {
			return fail(401, "global", "required", "Login Required.")
		}
		return nil
	}
	t, ok := readToken(bearer)
	if !ok || t.Kind != "access" || s.dead(t) {
		return fail(401, "global", "authError", "Invalid Credentials")
	}
	c.user, c.service, c.client = t.User, t.Service, t.Client
	if !scopeAllows(t.Scope, c.method) {
		return fail(403, "global", "insufficientPermissions", "Request had insufficient authentication scopes.")
	}
	return nil
}

// encode gives the headers and the bytes of an answer.
func (a *reply) encode() (header map[string]string, b []byte) {
	header = map[string]string{}
	if a.etag != "" {
		header["ETag"] = a.etag
	}
	if a.retry > 0 {
		header["Retry-After"] = strconv.Itoa(a.retry)
	}
	switch {
	case a.empty:
	case a.html:
		header["Content-Type"] = "text/html; charset=UTF-8"
		b = []byte("<html><title>Error</title><p>The server encountered an error.</p></html>")
	case a.body != nil:
		header["Content-Type"] = "application/json; charset=UTF-8"
		var err error
		if b, err = json.Marshal(a.body); err != nil {
			panic(err) // only our own maps and texts go in
		}
	}
	return header, b
}

func writeReply(w http.ResponseWriter, a *reply) {
	header, b := a.encode()
	for k, v := range header {
		w.Header().Set(k, v)
	}
	w.WriteHeader(a.status)
	w.Write(b)
}

func hashOf(raw []byte) string {
	if len(raw) == 0 {
		return ""
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}
