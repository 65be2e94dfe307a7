package emulator

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"path"
	"slices"
	"strconv"
	"time"
)

// Action is what a fault does to a request.
type Action string

const (
	FailBefore Action = "fail-before" // answer Status/Reason, nothing is stored
	FailAfter  Action = "fail-after"  // store, then answer Status/Reason
	DropBefore Action = "drop-before" // close the connection, nothing is stored
	DropAfter  Action = "drop-after"  // store, then close the connection
	Truncate   Action = "truncate"    // store, then close after Bytes bytes of the answer
	Delay      Action = "delay"       // wait before answering
	Hang       Action = "hang"        // never answer; nothing is stored
	HangAfter  Action = "hang-after"  // store, never answer
	HTML       Action = "html"        // store, then answer with a page of HTML and Status
	EmptyList  Action = "empty-list"  // a full list without any event; one of changes is left as it is
	EmptyPage  Action = "empty-page"  // a page without events before the real one
	StaleRead  Action = "stale-read"  // events.get shows the version before the last
	BumpEtag   Action = "bump-etag"   // the etag changes just before, as by the server's own work
	Run        Action = "run"         // calls Do before the request is executed; Go only
	NotYet     Action = "not-yet"     // an event younger than Seconds is not found
	Lag        Action = "lag"         // events look as they did Seconds ago, as on a replica that lags
	Unfiltered Action = "unfiltered"  // a list takes no notice of its filters
	Twice      Action = "twice"       // a page begins with the last event of the page before, or with its own last one
)

// Shapes of an error's body.
const (
	NoReason  = "no-reason"  // a code and a message only
	Empty     = "empty"      // no body
	OtherCode = "other-code" // the body's code is 500, whatever the status
	Detailed  = "detailed"   // with status and details
)

// Fault matches requests and plays an action on them. Empty fields match all;
// patterns are those of path.Match.
type Fault struct {
	Method   string `json:"method,omitempty"` // "events.insert", "events.*", "oauth.token"
	Calendar string `json:"calendar,omitempty"`
	Event    string `json:"event,omitempty"`
	User     string `json:"user,omitempty"`
	Param    string `json:"param,omitempty"` // a query parameter that must be there, such as "syncToken"
	Nth      int    `json:"nth,omitempty"`   // begins with the n-th match; 0 is the first
	Count    int    `json:"count,omitempty"` // how often; 0 is once, -1 for ever

	Probability float64   `json:"probability,omitempty"` // of playing at a match; 0 is always
	Seed        uint64    `json:"seed,omitempty"`        // of the chance
	From        time.Time `json:"from,omitzero"`         // only from then on, by the server's clock
	Until       time.Time `json:"until,omitzero"`        // only before

	Action     Action `json:"action"`
	Answers    []int  `json:"answers,omitempty"` // statuses one after another, instead of Status; the last goes on
	Shape      string `json:"shape,omitempty"`   // of the error's body; "" as Google's
	Seconds    int    `json:"seconds,omitempty"` // of NotYet and Lag
	Status     int    `json:"status,omitempty"`
	Reason     string `json:"reason,omitempty"`
	Message    string `json:"message,omitempty"`
	RetryAfter int    `json:"retryAfter,omitempty"` // seconds
	Bytes      int    `json:"bytes,omitempty"`
	Millis     int    `json:"millis,omitempty"` // of Delay
	Do         func() `json:"-"`                // may call any method of the server

	Hits   int `json:"hits,omitempty"` // matches so far
	Played int `json:"played,omitempty"`
	dice   *rand.Rand
}

// Inject adds a fault. The first that matches a request and is not used up is played.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.dice = rand.New(rand.NewPCG(f.Seed, 2))
	s.faults = append(s.faults, &f)
}

// ClearFaults takes all faults away.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Faults gives the faults with their counts.
func (s *Server) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Fault
	for _, f := range s.faults {
		out = append(out, *f)
	}
	return out
}

// hit gives the fault to play on a call, nil for none.
func (s *Server) hit(c *call) *Fault {
	for _, f := range s.faults {
		if !matches(f.Method, c.method) || !matches(f.Calendar, fold(c.cid)) || !matches(f.Event, c.eid) || !matches(f.User, c.user) ||
			f.Param != "" && !c.query.Has(f.Param) || !f.From.IsZero() && s.now().Before(f.From) || !f.Until.IsZero() && !s.now().Before(f.Until) {
			continue
		}
		if f.Hits++; f.Hits < f.Nth || f.Count >= 0 && f.Played >= max(1, f.Count) || f.Probability > 0 && f.dice.Float64() >= f.Probability {
			continue
		}
		f.Played++
		one := *f // as it is now: others may play it meanwhile
		return &one
	}
	return nil
}

func matches(pattern, value string) bool {
	if pattern == "" {
		return true
	}
	ok, err := path.Match(pattern, value)
	return err == nil && ok
}

func (f *Fault) reply() *reply {
	status, reason := f.Status, f.Reason
	if n := len(f.Answers); n > 0 {
		status = f.Answers[min(f.Played, n)-1]
	}
	if status == 0 {
		status = http.StatusServiceUnavailable
	}
	if reason == "" {
		reason = "backendError"
	}
	domain := "global"
	switch reason {
	case "rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded":
		domain = "usageLimits"
	case "fullSyncRequired", "forbiddenForServiceAccounts", "forbiddenForNonOrganizer":
		domain = "calendar"
	}
	message := f.Message
	if message == "" {
		message = reason
	}
	a := fail(status, domain, reason, message)
	a.retry = f.RetryAfter
	e := a.body.(object)["error"].(object)
	switch f.Shape {
	case NoReason:
		delete(e, "errors")
		a.reason = ""
	case Empty:
		a.empty = true
	case OtherCode:
		e["code"] = http.StatusInternalServerError
	case Detailed:
		e["status"] = statusNames[status]
		e["details"] = []any{object{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}}
	}
	return a
}

// play runs a call with its fault and answers.
func (s *Server) play(w http.ResponseWriter, r *http.Request, c *call, f *Fault, run func() *reply, bodyHash string) {
	name := ""
	var a *reply
	note := func(status int, reason string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.record(Request{At: s.now(), Method: c.method, User: c.user, Client: c.client,
			Calendar: fold(c.cid), Event: c.eid, IfMatch: c.header.Get("If-Match"), SendUpdates: c.query.Get("sendUpdates"),
			QuotaUser: c.query.Get("quotaUser"), BodyHash: bodyHash, Status: status, Reason: reason, Committed: c.committed, Fault: name, Unknown: c.unknown})
	}
	drop := func() {
		note(0, "")
		panic(http.ErrAbortHandler) // the server closes the connection without an answer
	}
	if f == nil {
		a = run()
		note(a.status, a.reason)
		writeReply(w, a)
		return
	}
	name = string(f.Action)
	switch f.Action {
	case FailBefore:
		a = f.reply()
	case DropBefore:
		drop()
	case Hang:
		wait(r.Context(), time.Hour)
		drop()
	case Delay:
		wait(r.Context(), time.Duration(f.Millis)*time.Millisecond)
		a = run()
	case Run:
		if f.Do != nil {
			f.Do()
		}
		a = run()
	case EmptyPage:
		a = run()
		if o, isObject := a.body.(object); isObject && a.status == 200 {
			o["items"] = []any{}
			delete(o, "nextSyncToken")
			o["nextPageToken"] = s.samePage(c)
		}
	case Twice:
		a = s.twice(c, run())
	case FailAfter:
		run()
		a = f.reply()
	case HTML:
		run()
		a = f.reply()
		a.html = true
	case DropAfter:
		run()
		drop()
	case HangAfter:
		run()
		wait(r.Context(), time.Hour)
		drop()
	case Truncate:
		a = run()
		header, b := a.encode()
		for k, v := range header {
			w.Header().Set(k, v)
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(b)))
		w.WriteHeader(a.status)
		w.Write(b[:min(f.Bytes, len(b))])
		if fl, can := w.(http.Flusher); can {
			fl.Flush()
		}
		drop()
	default:
		a = run()
	}
	note(a.status, a.reason)
	writeReply(w, a)
}

// samePage gives a page token that begins where this request began.
func (s *Server) samePage(c *call) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, bad := s.parseList(c)
	if bad != nil {
		return ""
	}
	return seal(pageToken{c.user, c.calendar.ID, paramsOf(c.query), l.after, l.version, l.since, s.epoch})
}

// twice repeats an event on a page.
func (s *Server) twice(c *call, a *reply) *reply {
	o, isObject := a.body.(object)
	items := asList(o["items"])
	if !isObject || a.status != 200 || len(items) == 0 {
		return a
	}
	again := items[len(items)-1]
	s.mu.Lock()
	defer s.mu.Unlock()
	if l, bad := s.parseList(c); bad == nil && l.after != "" {
		for _, r := range s.sorted(c.calendar) {
			if l.key(r) == l.after {
				again = s.show(c, r)
			}
		}
	}
	o["items"] = append([]any{again}, items...)
	return a
}

// bump changes an event's etag and nothing else.
func (s *Server) bump(c *call) {
	if r := c.calendar.events[c.eid]; r != nil {
		s.replace(r, r.clone())
	}
}

// staleGet shows an event as it was before its last change.
func (s *Server) staleGet(c *call) *reply {
	r := c.calendar.events[c.eid]
	if r == nil || r.previous == nil {
		return nil
	}
	return s.answer(c, r.previous)
}

// seen gives an event as the caller gets to see it: as it is, or as it was when
// a replica that lags knew it last, nil where it did not. Only one change back is
// kept.
func (s *Server) seen(c *call, r *record) *record {
	if c.lag > 0 && s.now().Sub(r.Updated) < c.lag {
		return r.previous
	}
	return r
}

// young says whether a call names an event that a lagging replica lacks.
func (s *Server) young(c *call, age time.Duration) bool {
	if c.calendar == nil || c.eid == "" || c.method == "events.insert" {
		return false
	}
	r := c.calendar.events[c.eid]
	return r != nil && s.now().Sub(r.Created) < age
}

// Request is one request in the ledger. Method "people" is an action on the page
// or by a Go method; Status 0 means that no answer was given.
type Request struct {
	N           int       `json:"n"`
	At          time.Time `json:"at"`
	Method      string    `json:"method"`
	User        string    `json:"user,omitempty"`
	Client      string    `json:"client,omitempty"` // of the credential
	Calendar    string    `json:"calendar,omitempty"`
	Event       string    `json:"event,omitempty"`
	IfMatch     string    `json:"ifMatch,omitempty"`
	SendUpdates string    `json:"sendUpdates,omitempty"`
	QuotaUser   string    `json:"quotaUser,omitempty"`
	BodyHash    string    `json:"bodyHash,omitempty"`
	Status      int       `json:"status"`
	Reason      string    `json:"reason,omitempty"`
	Committed   bool      `json:"committed,omitempty"`
	Fault       string    `json:"fault,omitempty"`
	Unknown     []string  `json:"unknown,omitempty"` // parameters ("?name") and fields (".name") that Google does not know
}

// Mail is one mail that the calendar server would have sent.
type Mail struct {
	N        int       `json:"n"`
	At       time.Time `json:"at"`
	Kind     string    `json:"kind"` // invite, update, cancel, reply, share
	From     string    `json:"from"`
	To       string    `json:"to"`
	Calendar string    `json:"calendar"`
	Event    string    `json:"event"`
	Title    string    `json:"title,omitempty"`
	Cause    string    `json:"cause"`             // the method that caused it
	Content  string    `json:"content,omitempty"` // print of what it says
}

// Deed is an action over the control API.
type Deed struct {
	At   time.Time       `json:"at"`
	Name string          `json:"name"`
	Body json.RawMessage `json:"body,omitempty"`
}

// Ledger is all that happened, in order. Requests are those since the start (the
// newest ones, where Options.KeepRequests says so);
// mails outlive a restart where there is a journal.
type Ledger struct {
	Requests []Request `json:"requests"`
	Mails    []Mail    `json:"mails"`
	Notices  []Notice  `json:"notices"`
	Deeds    []Deed    `json:"deeds"`
}

// record adds a request to the ledger. Where only the newest are kept, the older
// half goes at once, so that it costs nothing on average.
func (s *Server) record(r Request) {
	s.requests++
	r.N = s.requests
	if most := s.opts.KeepRequests; most > 0 && len(s.ledger.Requests) >= most {
		s.ledger.Requests = append(s.ledger.Requests[:0], s.ledger.Requests[most/2:]...)
	}
	s.ledger.Requests = append(s.ledger.Requests, r)
}

// Ledger gives a copy of the ledger.
func (s *Server) Ledger() Ledger {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := Ledger{Requests: slices.Clone(s.ledger.Requests), Mails: slices.Clone(s.ledger.Mails), Deeds: slices.Clone(s.ledger.Deeds)}
	for _, n := range s.notices {
		l.Notices = append(l.Notices, n.Notice)
	}
	return l
}

// Writes gives the requests that stored something through the API.
func (l Ledger) Writes() []Request {
	var out []Request
	for _, r := range l.Requests {
		if r.Committed && r.Method != "people" && r.Method != AutoDeclined {
			out = append(out, r)
		}
	}
	return out
}

// Count gives the number of mails of a kind ("" for any) to an address ("" for
// anybody) about an event ("" for any).
func (l Ledger) Count(kind, to, event string) int {
	n := 0
	for _, m := range l.Mails {
		if (kind == "" || m.Kind == kind) && (to == "" || m.To == fold(to)) && (event == "" || m.Event == event) {
			n++
		}
	}
	return n
}
