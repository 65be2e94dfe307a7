// Package calsynctest holds what every implementation of calsync.Calendar must
// pass, and one that lives in memory, for tests that need thousands of runs.
package calsynctest

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"windshield/internal/calsync"
)

// Memory is a calendar server in memory. It keeps the port's contract and no
// more; the emulator of Google Calendar is the faithful one.
type Memory struct {
	Self string           // the account's address: calendars of other ids are not visible
	Now  func() time.Time // nil: a clock that advances a second with each write

	// Fault, where set, is asked before each call and, with after true, once its
	// effect is stored; an error is given instead of the answer.
	Fault func(call string, after bool) error

	mu      sync.Mutex
	ticks   int64
	version int64
	events  map[string]*kept
	epoch   int
	Mails   []Sent   // every mail that would have been sent
	Writes  []string // every call that stored something: "insert", "patch", "delete"
}

// Sent is a mail that the server would have sent.
type Sent struct{ Kind, To, Event string }

type kept struct {
	calsync.Event
	version int64
}

var _ calsync.Calendar = (*Memory)(nil)

// NewMemory makes the calendar of one account.
func NewMemory(self string) *Memory { return &Memory{Self: self, events: map[string]*kept{}} }

func (m *Memory) begin(call, calendar string) error {
	if m.Fault != nil {
		if err := m.Fault(call, false); err != nil {
			return err
		}
	}
	if calendar != m.Self {
		return &calsync.Error{Class: calsync.Missing, Call: call, Status: 404, Reason: "notFound"}
	}
	return nil
}

func (m *Memory) end(call string) error {
	if m.Fault != nil {
		return m.Fault(call, true)
	}
	return nil
}

func (m *Memory) store(k *kept) {
	m.version++
	m.ticks++
	k.version, k.ETag = m.version, strconv.FormatInt(m.version, 10)
	if m.Now != nil {
		k.Updated = m.Now()
	} else {
		k.Updated = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(m.ticks) * time.Second)
	}
	m.events[k.ID] = k
}

func (k *kept) out() calsync.Event {
	e := k.Event
	e.Guests, e.Reminders, e.Marks = slices.Clone(k.Guests), slices.Clone(k.Reminders), maps.Clone(k.Marks)
	return e
}

func (m *Memory) mail(kind string, mail calsync.Mail, to []calsync.Guest, id string) {
	if mail != calsync.MailAll {
		return
	}
	for _, g := range to {
		m.Mails = append(m.Mails, Sent{kind, strings.ToLower(g.Email), id})
	}
}

// Insert implements calsync.Calendar.
func (m *Memory) Insert(_ context.Context, calendar string, n calsync.New, mail calsync.Mail) (calsync.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin("insert", calendar); err != nil {
		return calsync.Event{}, err
	}
	if m.events[n.ID] != nil {
		return calsync.Event{}, &calsync.Error{Class: calsync.Duplicate, Call: "insert", Status: 409, Reason: "duplicate"}
	}
	k := &kept{Event: calsync.Event{ID: n.ID, ICalUID: n.ID + "@memory", Status: n.Status, Title: n.Title, Description: n.Description, Location: n.Location,
		When: n.When, Guests: answered(n.Guests), Reminders: slices.Clone(n.Reminders), GuestsMayMove: n.GuestsMayMove, HideGuests: n.HideGuests, Organizer: m.Self, OrganizerSelf: true, Marks: maps.Clone(n.Marks)}}
	m.store(k)
	m.Writes = append(m.Writes, "insert")
	m.mail("invite", mail, k.Guests, k.ID)
	return k.out(), m.end("insert")
}

func answered(gs []calsync.Guest) []calsync.Guest {
	out := slices.Clone(gs)
	for i := range out {
		if out[i].Answer == "" {
			out[i].Answer = calsync.NeedsAction
		}
	}
	return out
}

// Get implements calsync.Calendar.
func (m *Memory) Get(_ context.Context, calendar, id string) (calsync.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin("get", calendar); err != nil {
		return calsync.Event{}, err
	}
	k := m.events[id]
	if k == nil {
		return calsync.Event{}, &calsync.Error{Class: calsync.Missing, Call: "get", Status: 404, Reason: "notFound"}
	}
	return k.out(), m.end("get")
}

// Patch implements calsync.Calendar.
func (m *Memory) Patch(_ context.Context, calendar, id, etag string, p calsync.Patch, mail calsync.Mail) (calsync.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin("patch", calendar); err != nil {
		return calsync.Event{}, err
	}
	k := m.events[id]
	switch {
	case k == nil:
		return calsync.Event{}, &calsync.Error{Class: calsync.Missing, Call: "patch", Status: 404, Reason: "notFound"}
	case etag != "" && etag != k.ETag:
		return calsync.Event{}, &calsync.Error{Class: calsync.Stale, Call: "patch", Status: 412, Reason: "conditionNotMet"}
	case !k.Live():
		return calsync.Event{}, &calsync.Error{Class: calsync.Denied, Call: "patch", Status: 403, Reason: "forbidden"}
	}
	before := k.Guests
	m.change(k, p)
	m.Writes = append(m.Writes, "patch")
	var came, stayed []calsync.Guest
	for _, g := range k.Guests {
		if has(before, g.Email) {
			stayed = append(stayed, g)
		} else {
			came = append(came, g)
		}
	}
	m.mail("invite", mail, came, id)
	m.mail("update", mail, stayed, id)
	m.mail("cancel", mail, slices.DeleteFunc(slices.Clone(before), func(g calsync.Guest) bool { return has(k.Guests, g.Email) }), id)
	return k.out(), m.end("patch")
}

func has(gs []calsync.Guest, email string) bool {
	return slices.ContainsFunc(gs, func(g calsync.Guest) bool { return strings.EqualFold(g.Email, email) })
}

func (m *Memory) change(k *kept, p calsync.Patch) {
	set(&k.Title, p.Title)
	set(&k.Description, p.Description)
	set(&k.Location, p.Location)
	set(&k.Status, p.Status)
	set(&k.GuestsMayMove, p.GuestsMayMove)
	set(&k.HideGuests, p.HideGuests)
	if p.Guests != nil {
		k.Guests = answered(*p.Guests)
	}
	if p.Reminders != nil {
		k.Reminders = slices.Clone(*p.Reminders)
	}
	if p.When != nil && !p.When.Same(k.When) {
		k.When = *p.When
		k.Sequence++
		k.Guests = slices.Clone(k.Guests)
		for i := range k.Guests {
			k.Guests[i].Answer, k.Guests[i].Comment = calsync.NeedsAction, ""
		}
	}
	if len(p.Marks) > 0 {
		marks := maps.Clone(k.Marks)
		if marks == nil {
			marks = map[string]string{}
		}
		maps.Copy(marks, p.Marks)
		k.Marks = marks
	}
	m.store(k)
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// Delete implements calsync.Calendar.
func (m *Memory) Delete(_ context.Context, calendar, id, etag string, mail calsync.Mail) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin("delete", calendar); err != nil {
		return err
	}
	k := m.events[id]
	switch {
	case k == nil:
		return &calsync.Error{Class: calsync.Missing, Call: "delete", Status: 404, Reason: "notFound"}
	case !k.Live():
		return &calsync.Error{Class: calsync.Gone, Call: "delete", Status: 410, Reason: "deleted"}
	case etag != "" && etag != k.ETag:
		return &calsync.Error{Class: calsync.Stale, Call: "delete", Status: 412, Reason: "conditionNotMet"}
	}
	k.Status = calsync.Cancelled
	m.store(k)
	m.Writes = append(m.Writes, "delete")
	m.mail("cancel", mail, k.Guests, id)
	return m.end("delete")
}

// List implements calsync.Calendar.
func (m *Memory) List(_ context.Context, calendar string, q calsync.Query) (calsync.Page, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin("list", calendar); err != nil {
		return calsync.Page{}, err
	}
	since := int64(-1)
	if q.Token != "" {
		e, v, _ := strings.Cut(q.Token, ".")
		epoch, _ := strconv.Atoi(e)
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || epoch != m.epoch {
			return calsync.Page{}, &calsync.Error{Class: calsync.TokenInvalid, Call: "list", Status: 410, Reason: "fullSyncRequired"}
		}
		since = n
	}
	var ids []string
	for id, k := range m.events {
		if since < 0 && k.Live() || since >= 0 && k.version > since {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	snapshot, after, _ := strings.Cut(q.Page, ".")
	if q.Page == "" {
		snapshot = strconv.FormatInt(m.version, 10)
	}
	var p calsync.Page
	for _, id := range ids {
		if q.Page != "" && id <= after {
			continue
		}
		if q.Limit > 0 && len(p.Events) == q.Limit {
			p.Next = snapshot + "." + p.Events[len(p.Events)-1].ID
			return p, m.end("list")
		}
		p.Events = append(p.Events, m.events[id].out())
	}
	p.Token = strconv.Itoa(m.epoch) + "." + snapshot
	return p, m.end("list")
}

// FreeBusy implements calsync.Calendar: only the account's own calendar is known.
func (m *Memory) FreeBusy(_ context.Context, calendars []string, from, to time.Time) (map[string]calsync.Busy, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin("freebusy", m.Self); err != nil {
		return nil, err
	}
	out := map[string]calsync.Busy{}
	for _, c := range calendars {
		if c != m.Self {
			out[c] = calsync.Busy{Unknown: "notFound"}
			continue
		}
		var spans []calsync.Span
		for _, k := range m.events {
			s, e, err := k.When.Instants()
			if err == nil && k.Live() && s.Before(to) && e.After(from) {
				spans = append(spans, calsync.Span{Start: s, End: e})
			}
		}
		slices.SortFunc(spans, func(a, b calsync.Span) int { return a.Start.Compare(b.Start) })
		var merged []calsync.Span
		for _, s := range spans {
			if n := len(merged); n > 0 && !s.Start.After(merged[n-1].End) {
				if s.End.After(merged[n-1].End) {
					merged[n-1].End = s.End
				}
				continue
			}
			merged = append(merged, s)
		}
		out[c] = calsync.Busy{Spans: merged}
	}
	return out, m.end("freebusy")
}

// Person plays somebody changing an event by hand; false where it is not live.
func (m *Memory) Person(id string, p calsync.Patch) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.events[id]
	if k == nil || !k.Live() {
		return false
	}
	m.change(k, p)
	return true
}

// Answer plays a guest's answer.
func (m *Memory) Answer(id, guest string, a calsync.Answer, comment string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k := m.events[id]; k != nil {
		k.Guests = slices.Clone(k.Guests)
		for i := range k.Guests {
			if strings.EqualFold(k.Guests[i].Email, guest) {
				k.Guests[i].Answer, k.Guests[i].Comment = a, comment
			}
		}
		m.store(k)
	}
}

// Remove plays a person deleting an event.
func (m *Memory) Remove(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k := m.events[id]; k != nil && k.Live() {
		k.Status = calsync.Cancelled
		m.store(k)
	}
}

// ExpireTokens makes every sync token handed out invalid.
func (m *Memory) ExpireTokens() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.epoch++
}

// Live gives the live events, sorted by id.
func (m *Memory) Live() []calsync.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []calsync.Event
	for _, k := range m.events {
		if k.Live() {
			out = append(out, k.out())
		}
	}
	slices.SortFunc(out, func(a, b calsync.Event) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// Count gives the number of mails of a kind to a guest.
func (m *Memory) Count(kind, to string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, s := range m.Mails {
		if s.Kind == kind && s.To == strings.ToLower(to) {
			n++
		}
	}
	return n
}
