package emulator

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// channel is a subscription to the changes of one resource.
type channel struct {
	ID       string
	User     string
	Client   string // the credential's client; only the same may stop it
	Resource string // "events:ADDRESS", "acl:ADDRESS", "calendarList:USER", "settings:USER"
	URI      string
	Address  string
	Token    string `json:",omitempty"`
	Expires  time.Time
	Stopped  bool `json:",omitempty"`
}

// resourceID is the opaque name of a resource, the same for every channel.
func resourceID(resource string) string {
	sum := sha256.Sum256([]byte("resource:" + resource))
	return hex.EncodeToString(sum[:12])
}

// Push says what may happen to the notices of channels. The zero value delivers
// each once, in order and at once.
type Push struct {
	Drop      float64       `json:"drop,omitempty"` // share that is lost, 0 to 1
	Seed      uint64        `json:"seed,omitempty"`
	Duplicate bool          `json:"duplicate,omitempty"`
	Reorder   bool          `json:"reorder,omitempty"`   // the last due goes out first
	Delay     time.Duration `json:"delay,omitempty"`     // of every notice but sync, in nanoseconds
	Early     bool          `json:"early,omitempty"`     // the sync notice comes before the answer to watch
	AfterStop bool          `json:"afterStop,omitempty"` // a stopped channel goes on until it expires
	MaxLife   time.Duration `json:"maxLife,omitempty"`   // of a channel, in nanoseconds; 0 is 7 days
	HTTPSOnly bool          `json:"httpsOnly,omitempty"` // as Google; off so that tests can receive over http
}

// SetPush chooses the behaviour of notices from now on.
func (s *Server) SetPush(p Push) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.push, s.dice = p, rand.New(rand.NewPCG(p.Seed, 1))
}

// Notice is one notification and what became of it.
type Notice struct {
	N        int       `json:"n"`
	At       time.Time `json:"at"` // when it was, or is to be, sent
	Channel  string    `json:"channel"`
	State    string    `json:"state"`            // sync or exists
	Number   int64     `json:"number"`           // rises, not by one
	Outcome  string    `json:"outcome"`          // waiting, delivered, failed, dropped
	Status   int       `json:"status,omitempty"` // of the receiver's last answer
	Attempts int       `json:"attempts,omitempty"`
}

const (
	channelLife      = 7 * 24 * time.Hour
	noticeAttempts   = 7
	firstNoticeRetry = time.Second
)

func (s *Server) watch(c *call) *reply {
	var resource string
	switch name, _, _ := strings.Cut(c.method, "."); name {
	case "events", "acl":
		if name == "acl" && c.calendar.role(c.user) != "owner" {
			return fail(403, "calendar", "requiredAccessLevel", "You need to have owner access to this calendar.")
		}
		resource = name + ":" + c.calendar.ID
	default:
		resource = name + ":" + c.user
	}
	id, address, token := text(c.body["id"]), text(c.body["address"]), text(c.body["token"])
	u, err := url.Parse(address)
	switch {
	case id == "":
		return fail(400, "global", "required", "Missing channel id.")
	case len(id) > 64 || strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=") != "":
		return fail(400, "global", "channelIdInvalid", "Channel id invalid.")
	case len(token) > 256:
		return invalid("The channel token is too long.")
	case text(c.body["type"]) != "web_hook":
		return fail(400, "global", "push.channelTypeNotSupported", "Unknown channel type.")
	case err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || s.push.HTTPSOnly):
		return fail(400, "global", "push.webhookUrlNotHttps", "WebHook callback must be HTTPS.")
	case s.channels[id] != nil:
		return fail(400, "global", "channelIdNotUnique", "Channel id "+id+" not unique")
	}
	most := channelLife
	if s.push.MaxLife > 0 {
		most = s.push.MaxLife
	}
	life := most
	if params, _ := c.body["params"].(object); text(params["ttl"]) != "" {
		seconds, err := strconv.ParseInt(text(params["ttl"]), 10, 32)
		if err != nil || seconds <= 0 {
			return invalid("Invalid ttl.")
		}
		life = min(life, time.Duration(seconds)*time.Second)
	}
	expires := s.now().Add(life)
	if millis := integer(c.body["expiration"]); millis != 0 {
		wanted := time.UnixMilli(millis).UTC()
		if !wanted.After(s.now()) {
			return invalid("The channel would have expired.")
		}
		if wanted.Before(expires) {
			expires = wanted
		}
	}
	ch := &channel{ID: id, User: c.user, Client: c.client, Resource: resource, URI: "https://www.googleapis.com" + c.uri + "?alt=json", Address: address, Token: token, Expires: expires}
	s.channels[id] = ch
	s.dirty = append(s.dirty, line{Channel: ch})
	c.committed = true
	s.notices = append(s.notices, &notice{Notice{N: s.noticeCount(), At: s.now(), Channel: id, State: "sync", Number: 1, Outcome: "waiting"}})
	c.early = s.push.Early
	o := object{"kind": "api#channel", "id": id, "resourceId": resourceID(resource), "resourceUri": ch.URI,
		"expiration": strconv.FormatInt(expires.UnixMilli(), 10)}
	if token != "" {
		o["token"] = token
	}
	return ok(o)
}

// integer reads a 64-bit number, which the API writes as a string.
func integer(v any) int64 {
	switch v := v.(type) {
	case string:
		n, _ := strconv.ParseInt(v, 10, 64)
		return n
	case float64:
		return int64(v)
	}
	return 0
}

// stop ends a channel. One that has been stopped can be stopped again; one that
// was never there, or is another's, is not found.
func (s *Server) stop(c *call) *reply {
	ch := s.channels[text(c.body["id"])]
	switch {
	case text(c.body["id"]) == "" || text(c.body["resourceId"]) == "":
		return fail(400, "global", "required", "Missing channel id or resource id.")
	case ch == nil, resourceID(ch.Resource) != text(c.body["resourceId"]), ch.Client != c.client, ch.User != c.user && !strings.HasSuffix(ch.Client, ".gserviceaccount.com"),
		!ch.Expires.After(s.now()):
		return fail(404, "global", "notFound", "Channel '"+text(c.body["id"])+"' not found for project")
	}
	ch.Stopped = true
	s.dirty = append(s.dirty, line{Channel: ch})
	c.committed = true
	return &reply{status: 204}
}

// notice is one in the ledger, still to be delivered or done with.
type notice struct{ Notice }

func (s *Server) noticeCount() int {
	s.noticed++
	return s.noticed
}

// touch makes the notices of a change: to a calendar's events or sharing, or to
// a person's list or settings ("" for everybody's).
func (s *Server) touch(of, kind string) {
	for _, id := range sortedKeys(s.channels) {
		ch := s.channels[id]
		k, whose, _ := strings.Cut(ch.Resource, ":")
		if k != kind || of != "" && whose != of || !ch.Expires.After(s.now()) || ch.Stopped && !s.push.AfterStop {
			continue
		}
		n := Notice{At: s.now().Add(s.push.Delay), Channel: id, State: "exists", Number: s.version + 1, Outcome: "waiting"}
		if s.push.Drop > 0 && s.dice.Float64() < s.push.Drop {
			n.Outcome = "dropped"
		}
		copies := 1
		if s.push.Duplicate {
			copies = 2
		}
		for range copies {
			n.N = s.noticeCount()
			s.notices = append(s.notices, &notice{n})
		}
	}
	if most := s.opts.KeepRequests; most > 0 && len(s.notices) > 2*most { // only what is done with may go
		s.notices = slices.DeleteFunc(s.notices, func(n *notice) bool { return n.Outcome != "waiting" })
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// due takes the next notice that can be sent now, with its channel; nil for none.
func (s *Server) due() (*notice, *channel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var best *notice
	for _, n := range s.notices {
		if n.Outcome != "waiting" || n.At.After(s.now()) {
			continue
		}
		if best == nil || s.push.Reorder && n.State != "sync" {
			best = n
		}
	}
	if best == nil {
		return nil, nil
	}
	best.Outcome = "sending"
	ch := *s.channels[best.Channel]
	return best, &ch
}

// deliver sends every notice that is due. One goroutine does it at a time.
func (s *Server) deliver() {
	s.delivering.Lock()
	defer s.delivering.Unlock()
	for {
		n, ch := s.due()
		if n == nil {
			return
		}
		status := s.send(n.Notice, ch)
		s.mu.Lock()
		n.Attempts, n.Status = n.Attempts+1, status
		switch {
		case status == 200 || status == 201 || status == 202 || status == 204 || status == 102:
			n.Outcome = "delivered"
		case (status == 500 || status == 502 || status == 503 || status == 504) && n.Attempts < noticeAttempts:
			n.Outcome, n.At = "waiting", s.now().Add(firstNoticeRetry<<(n.Attempts-1))
		default:
			n.Outcome = "failed"
		}
		s.mu.Unlock()
	}
}

// send makes the request of one notice; it has no body. 0 is no answer.
func (s *Server) send(n Notice, ch *channel) int {
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, ch.Address, bytes.NewReader(nil))
	if err != nil {
		return 0
	}
	for name, v := range map[string]string{"X-Goog-Channel-ID": ch.ID, "X-Goog-Message-Number": strconv.FormatInt(n.Number, 10),
		"X-Goog-Resource-ID": resourceID(ch.Resource), "X-Goog-Resource-State": n.State, "X-Goog-Resource-URI": ch.URI,
		"X-Goog-Channel-Expiration": ch.Expires.Format(http.TimeFormat), "User-Agent": "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)"} {
		r.Header.Set(name, v)
	}
	if ch.Token != "" {
		r.Header.Set("X-Goog-Channel-Token", ch.Token)
	}
	resp, err := s.opts.Webhooks.Do(r)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// Channels gives the ids of the channels that are neither stopped nor expired.
func (s *Server) Channels() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, id := range sortedKeys(s.channels) {
		if ch := s.channels[id]; !ch.Stopped && ch.Expires.After(s.now()) {
			out = append(out, id)
		}
	}
	return out
}
