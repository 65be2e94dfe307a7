package emulator

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// syncToken binds a reader to a state of a calendar. Tokens hold all they mean,
// so that they outlive a restart.
type syncToken struct {
	User     string
	Calendar string
	Params   string
	Version  int64
	Epoch    int64
	Issued   int64 // Unix
}

// pageToken says where the next page begins.
type pageToken struct {
	User     string
	Calendar string
	Params   string
	After    string // key of the last event given
	Version  int64  // of the snapshot that the sync token of the last page will mean
	Since    int64  // version of the sync token of this reading, -1 for a full one
	Epoch    int64
}

func seal(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain structs only
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func unseal(text string, v any) bool {
	b, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil && json.Unmarshal(b, v) == nil
}

// paramsOf gives a print of the parameters that a token is bound to.
func paramsOf(q url.Values) string {
	var parts []string
	for k, vs := range q {
		switch k {
		case "pageToken", "syncToken", "alt", "prettyPrint", "key", "quotaUser", "fields", "userIp":
			continue
		}
		for _, v := range vs {
			parts = append(parts, k+"="+v)
		}
	}
	slices.Sort(parts)
	sum := sha256.Sum256([]byte(strings.Join(parts, "&")))
	return hex.EncodeToString(sum[:6])
}

var notWithSyncToken = []string{"iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin"}

// listing is a checked list request.
type listing struct {
	from, to, updatedMin time.Time
	showDeleted          bool
	byStart              bool
	limit                int
	since                int64 // -1: a full reading
	after                string
	version              int64
}

func fullSync() *reply {
	return fail(410, "calendar", "fullSyncRequired", "Sync token is no longer valid, a full sync is required.")
}

func (s *Server) parseList(c *call) (l listing, bad *reply) {
	q := c.query
	l = listing{since: -1, limit: 250, version: s.version, showDeleted: q.Get("showDeleted") == "true"}
	for k, into := range map[string]*time.Time{"timeMin": &l.from, "timeMax": &l.to, "updatedMin": &l.updatedMin} {
		if v := q.Get(k); v != "" {
			t, err := time.Parse(time.RFC3339, v)
			if err != nil {
				return l, fail(400, "global", "badRequest", "Bad Request")
			}
			*into = t
		}
	}
	if !l.from.IsZero() && !l.to.IsZero() && !l.to.After(l.from) {
		return l, fail(400, "calendar", "timeRangeEmpty", "The specified time range is empty.")
	}
	if n, err := strconv.Atoi(q.Get("maxResults")); err == nil && n > 0 {
		l.limit = min(n, 2500)
	}
	switch q.Get("orderBy") {
	case "", "updated":
	case "startTime":
		if l.byStart = q.Get("singleEvents") == "true"; !l.byStart {
			return l, fail(400, "global", "badRequest", "The requested ordering is not available for the particular query.")
		}
	}
	if !l.updatedMin.IsZero() && l.updatedMin.Before(s.now().AddDate(0, 0, -30)) {
		return l, fail(410, "calendar", "updatedMinTooLongAgo", "The requested minimum modification time lies too far in the past.")
	}
	for _, v := range slices.Concat(q["privateExtendedProperty"], q["sharedExtendedProperty"]) {
		if !strings.Contains(v, "=") {
			return l, invalid("Invalid extended property constraint.")
		}
	}
	params := paramsOf(q)
	if t := q.Get("syncToken"); t != "" {
		for _, k := range notWithSyncToken {
			if q.Has(k) {
				return l, fail(400, "global", "badRequest", "Sync token cannot be used with "+k+".")
			}
		}
		if q.Get("showDeleted") == "false" {
			return l, fail(400, "global", "badRequest", "Deleted events cannot be left out with a sync token.")
		}
		var token syncToken
		if !unseal(t, &token) || token.Calendar == "" {
			return l, invalid("Invalid sync token value.")
		}
		sw := s.opts.Switches
		expired := sw.SyncTokenLife > 0 && s.now().Unix() >= token.Issued+int64(sw.SyncTokenLife/time.Second)
		if token.User != c.user || token.Calendar != c.calendar.ID || token.Epoch < s.epoch || token.Version < c.calendar.Buried || expired {
			return l, fullSync()
		}
		if token.Params != params && sw.RefusedParams {
			return l, fail(400, "global", "badRequest", "The parameters differ from those of the initial request.")
		}
		if token.Params != params && !sw.LooseParams {
			return l, fullSync()
		}
		l.since = token.Version
	}
	if t := q.Get("pageToken"); t != "" {
		var token pageToken
		if !unseal(t, &token) || token.User != c.user || token.Calendar != c.calendar.ID || token.Params != params || token.Since != l.since {
			return l, invalid("Invalid page token value.")
		}
		if token.Epoch < s.epoch && l.since >= 0 {
			return l, fullSync()
		}
		l.after, l.version = token.After, token.Version
	} else if c.lag > 0 { // a replica's token stands for what the replica knows
		for _, r := range c.calendar.events {
			if s.now().Sub(r.Updated) < c.lag {
				l.version = min(l.version, r.Version-1)
			}
		}
	}
	return l, nil
}

func (s *Server) list(c *call) *reply {
	s.bury(c.calendar)
	l, bad := s.parseList(c)
	if bad != nil {
		return bad
	}
	if etag := s.pageTag(); c.header.Get("If-None-Match") == etag {
		return &reply{status: http.StatusNotModified, etag: etag}
	}
	items, next := []any{}, ""
	all := s.sorted(c.calendar)
	if l.byStart {
		slices.SortStableFunc(all, func(a, b *record) int { return a.Start.At.Compare(b.Start.At) })
	}
	last := l.after
	for _, r := range all {
		k := l.key(r)
		r := s.seen(c, r)
		if k <= l.after || r == nil || !s.listed(c, l, r) {
			continue
		}
		if len(items) == l.limit {
			next = seal(pageToken{c.user, c.calendar.ID, paramsOf(c.query), last, l.version, l.since, s.epoch})
			break
		}
		items, last = append(items, s.show(c, r)), k
	}
	return s.page(c, l, items, next)
}

func (s *Server) page(c *call, l listing, items []any, next string) *reply {
	etag := s.pageTag()
	o := object{"kind": "calendar#events", "etag": etag, "summary": c.calendar.Summary, "updated": s.now().Format(timeMillis),
		"timeZone": c.calendar.Zone, "accessRole": c.calendar.role(c.user), "defaultReminders": []any{}, "items": items}
	if next != "" {
		o["nextPageToken"] = next
	} else {
		o["nextSyncToken"] = seal(syncToken{c.user, c.calendar.ID, paramsOf(c.query), l.version, s.epoch, s.now().Unix()})
	}
	a := ok(o)
	a.etag = etag
	return a
}

// pageTag is the etag of lists: it changes with everything, as Google's does.
func (s *Server) pageTag() string { return `"p` + strconv.FormatInt(s.version, 10) + `"` }

// emptyList answers as if the calendar held nothing.
func (s *Server) emptyList(c *call) *reply {
	l, bad := s.parseList(c)
	if bad != nil {
		return bad
	}
	return s.page(c, l, []any{}, "")
}

// key orders events; pages continue after the last one given.
func (l listing) key(r *record) string {
	k := "o" + pad(r.Order)
	if l.byStart {
		return "s" + pad(r.Start.At.Unix()) + k
	}
	return k
}

func pad(n int64) string {
	t := strconv.FormatInt(n, 10)
	return strings.Repeat("0", max(0, 20-len(t))) + t
}

// listed says whether a record belongs into the answer.
func (s *Server) listed(c *call, l listing, r *record) bool {
	if l.since >= 0 {
		return r.Version > l.since
	}
	if !r.live() && !l.showDeleted && l.updatedMin.IsZero() {
		return false
	}
	q := c.query
	zone, _ := time.LoadLocation(c.calendar.Zone)
	from, until := r.bounds(zone)
	switch {
	case c.blind:
		return r.live() || l.showDeleted
	case !l.from.IsZero() && !until.After(l.from),
		!l.to.IsZero() && !from.Before(l.to),
		!l.updatedMin.IsZero() && r.Updated.Before(l.updatedMin),
		q.Get("iCalUID") != "" && q.Get("iCalUID") != r.ICalUID,
		q.Get("q") != "" && !strings.Contains(strings.ToLower(r.text("summary")+" "+r.text("description")+" "+r.text("location")), strings.ToLower(q.Get("q"))):
		return false
	}
	if types := q["eventTypes"]; len(types) > 0 {
		t := r.text("eventType")
		if t == "" {
			t = "default"
		}
		if !slices.Contains(types, t) {
			return false
		}
	}
	return hasProperties(r.Private, "ext.private", q["privateExtendedProperty"]) && hasProperties(r.Shared, "ext.shared", q["sharedExtendedProperty"])
}

func hasProperties(o object, field string, wanted []string) bool {
	m, _ := o[field].(object)
	for _, w := range wanted {
		k, v, _ := strings.Cut(w, "=")
		if have, isText := m[k].(string); !isText || have != v {
			return false
		}
	}
	return true
}

// sorted gives all records of a calendar in the order of their creation.
func (s *Server) sorted(c *calendar) []*record {
	all := make([]*record, 0, len(c.events))
	for _, r := range c.events {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *record) int { return cmp.Compare(a.Order, b.Order) })
	return all
}
