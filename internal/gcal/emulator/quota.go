package emulator

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Quota says how much the server lets through. 0 is no limit.
type Quota struct {
	Project int `json:"project,omitempty"` // requests a minute of everybody together
	User    int `json:"user,omitempty"`    // requests a minute of one person: of quotaUser, else of the credential
	Writes  int `json:"writes,omitempty"`  // a minute to one calendar
	Patch   int `json:"patch,omitempty"`   // what a patch counts; 0 is 1

	Invitations int           `json:"invitations,omitempty"` // to people outside, of one organiser
	Mails       int           `json:"mails,omitempty"`       // of one organiser
	Recovery    time.Duration `json:"recovery,omitempty"`    // in which those two count; 0 is 4 hours; nanoseconds in JSON

	Status     int `json:"status,omitempty"`     // of a refusal: 403, which 0 means, or 429
	RetryAfter int `json:"retryAfter,omitempty"` // seconds; 0 sends none, as Google
}

// spending is what one bucket gave away at a time.
type spending struct {
	at     time.Time
	amount int
}

// SetQuota sets the limits, with empty buckets.
func (s *Server) SetQuota(q Quota) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quota, s.spent = q, map[string][]spending{}
}

// used gives what a bucket gave away within a window that slides.
func (s *Server) used(bucket string, window time.Duration) int {
	list := s.spent[bucket]
	old := 0
	for old < len(list) && !list[old].at.After(s.now().Add(-window)) {
		old++
	}
	s.spent[bucket] = list[old:]
	sum := 0
	for _, one := range s.spent[bucket] {
		sum += one.amount
	}
	return sum
}

func (s *Server) charge(bucket string, amount int) {
	if amount > 0 {
		s.spent[bucket] = append(s.spent[bucket], spending{s.now(), amount})
	}
}

// whom gives the person a call is counted against. A service account's calls are
// all its own, whoever it acts for, unless quotaUser says otherwise.
func (c *call) whom() string {
	if q := c.query.Get("quotaUser"); q != "" {
		return "quotaUser:" + q
	}
	if q := c.header.Get("X-Goog-Quota-User"); q != "" {
		return "quotaUser:" + q
	}
	if strings.HasSuffix(c.client, ".gserviceaccount.com") {
		return c.client
	}
	return c.user
}

// spend refuses a call for which nothing is left, before it is executed; a
// refused one costs nothing.
func (s *Server) spend(c *call) *reply {
	q := s.quota
	if q == (Quota{}) {
		return nil
	}
	cost := 1
	if c.method == "events.patch" && q.Patch > 0 {
		cost = q.Patch
	}
	write := isWrite(c.method) && c.calendar != nil
	type bucket struct {
		name, limit string
		most        int
		cost        int
	}
	buckets := []bucket{{"project", "defaultPerMinutePerProject", q.Project, cost}, {"user " + c.whom(), "defaultPerMinutePerUser", q.User, cost}}
	if write {
		buckets = append(buckets, bucket{"writes " + c.calendar.ID, "writesPerCalendar", q.Writes, 1})
	}
	for _, b := range buckets {
		if b.most > 0 && s.used(b.name, time.Minute)+b.cost > b.most {
			return s.refuse(b.limit, b.most)
		}
	}
	window := q.Recovery
	if window == 0 {
		window = 4 * time.Hour
	}
	outside, mails := 0, 0
	if write {
		outside, mails = s.burden(c)
		if q.Invitations > 0 && outside > 0 && s.used("outside "+c.calendar.ID, window)+outside > q.Invitations ||
			q.Mails > 0 && mails > 0 && s.used("mails "+c.calendar.ID, window)+mails > q.Mails {
			return fail(403, "usageLimits", "quotaExceeded", "Calendar usage limits exceeded.")
		}
		s.charge("outside "+c.calendar.ID, outside)
		s.charge("mails "+c.calendar.ID, mails)
	}
	for _, b := range buckets {
		if b.most > 0 {
			s.charge(b.name, b.cost)
		}
	}
	return nil
}

func isWrite(method string) bool {
	switch method {
	case "events.insert", "events.update", "events.patch", "events.delete", "events.move", "events.import", "events.quickAdd":
		return true
	}
	return false
}

// burden gives how many people outside a call would invite, and how many mails
// it would send.
func (s *Server) burden(c *call) (outside, mails int) {
	mode := c.query.Get("sendUpdates")
	had := c.calendar.events[c.eid]
	list, given := c.body["attendees"]
	guests := asList(list)
	if !given && had != nil {
		guests = asList(had.writable()["attendees"])
	}
	for _, v := range guests {
		o, _ := v.(object)
		email := fold(text(o["email"]))
		if email == "" || email == c.calendar.ID {
			continue
		}
		isNew := had == nil || had.attendee(email) == nil
		if isNew && s.external(email) {
			outside++
		}
		if mode == "all" || mode == "externalOnly" && s.external(email) {
			mails++
		}
	}
	return outside, mails
}

// refuse answers as Google was seen to: 403 with the reason, or 429.
func (s *Server) refuse(limit string, value int) *reply {
	status := s.quota.Status
	if status == 0 {
		status = http.StatusForbidden
	}
	a := fail(status, "usageLimits", "rateLimitExceeded", "Rate Limit Exceeded")
	e := a.body.(object)["error"].(object)
	e["details"] = []any{object{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED", "domain": "googleapis.com",
		"metadata": object{"service": "calendar-json.googleapis.com", "quota_limit": limit, "quota_limit_value": strconv.Itoa(value)}}}
	a.retry = s.quota.RetryAfter
	return a
}
