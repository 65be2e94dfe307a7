// Package emulator is a Google Calendar server for the demonstration and the
// tests: the Calendar API v3 and OAuth as the unmodified Google client speaks
// them, with etags, tombstones, sync tokens, a copy of each event per guest, and
// a ledger of every request and mail. Faults can be injected and people's
// actions played, from Go, over the control API, or on a page.
//
// It follows Google's documents where they speak. Where Google's behaviour is
// not known, Switches choose between the possibilities, and the engine must be
// right under each.
package emulator

import (
	"context"
	"crypto/rsa"
	"errors"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"windshield/internal/fault"
	"windshield/internal/slot"
)

// Options say how the server is set up.
type Options struct {
	Now       func() time.Time // required; all expiries depend on it
	File      string           // journal that keeps the state over restarts; "" keeps it in memory only
	External  []string         // mail domains whose people have no calendar here, such as customers'
	Anonymous string           // address as whom calls without a credential are made; "" refuses them with 401
	BaseURL   string           // where the page is mounted, for the links of events; no slash at the end
	Zone      string           // IANA zone of new calendars; "" is UTC
	Keys      Keys             // public keys of service accounts; an account without one is believed
	Switches  Switches
	// KeepRequests bounds the ledger's requests for long runs; 0 keeps all.
	KeepRequests int
	Strict       bool         // parameters and fields that Google does not know are refused, not only noted
	Manual       bool         // what happens later happens in Tick, or when the next call comes; never by itself
	Webhooks     *http.Client // sends the notices of channels; nil is one of its own
}

// Switches choose among behaviours that Google does not document, and set the
// pace of what it does later. The zero value is the likeliest set, at once.
type Switches struct {
	KeepAnswers     bool   // a new time keeps the guests' answers
	NoRevival       bool   // writing to a cancelled event gives 403 instead of bringing it back
	SilentIdentical bool   // a write that changes nothing gives no new etag and no mail
	SilentRemoval   bool   // a guest who deletes his copy has not declined
	BareTombstones  bool   // a tombstone has nothing but its id
	LooseParams     bool   // other parameters beside a sync token are not noticed
	RefusedParams   bool   // they are answered with 400 instead of 410
	CopyOnAnswer    bool   // a guest has no copy before he answers
	RenderZone      string // zone in which all times are rendered; "" is the calendar's
	MoveIfMatch     bool   // If-Match is honoured on move

	BusyDeclined    bool              // declined events count as busy
	UnansweredFree  bool              // invitations without an answer do not
	TentativeFree   bool              // nor what is tentative
	BusyUnmerged    bool              // adjacent stretches are given one by one
	MaxFreeBusyDays int               // longest range of a free/busy query; 0 is 90
	BusyError       map[string]string // calendar → reason why its free/busy cannot be had

	Propagation time.Duration // between organiser and guests, in both directions; nanoseconds in JSON, as all
	AutoDecline time.Duration // until an absence declines an invitation
	Conference  time.Duration // until a conference is there

	SyncTokenLife  time.Duration // after which a sync token answers 410; 0 never
	TombstoneLife  time.Duration // after which a cancelled event is gone and its id free; 0 never
	RaceDuplicates bool          // an id inserted again within a second is accepted, and hides the first
}

// Server is the emulator. All methods may be called at the same time.
type Server struct {
	opts Options

	mu        sync.Mutex
	during    time.Time     // set while an errand is done: the time it was due
	offset    time.Duration // by which the control API advanced the clock
	version   int64         // rises with every stored change; gives etags and sync tokens
	order     int64         // rises with every event
	epoch     int64         // sync tokens of an older epoch are expired
	calendars map[string]*calendar
	revoked   map[string]bool // grants that are not in grants: those of Token and of service accounts
	codes     map[string]grantCode
	grants    map[string]*grant
	groups    map[string][]string
	channels  map[string]*channel
	notices   []*notice
	noticed   int // notices ever made
	errands   []*errand
	push      Push
	quota     Quota
	spent     map[string][]spending
	oauth     OAuth
	dice      *rand.Rand
	timer     *time.Timer
	closed    bool

	keyOnce  sync.Once
	key      *rsa.PrivateKey // of identity tokens
	faults   []*Fault
	ledger   Ledger
	requests int // all ever noted, also those no longer kept
	journal  file
	dirty    []line
	written  int64 // writes to the journal
	broken   error // the journal could not be written

	delivering sync.Mutex // one goroutine at a time delivers notices; taken before mu
	syncing    sync.Mutex // taken before mu, never while holding it
	synced     int64      // writes that the disk holds; under syncing
}

// calendar is one calendar with all events that ever were in it.
type calendar struct {
	ID      string
	Owner   string
	Summary string
	Zone    string
	Hidden  bool              `json:",omitempty"` // not even free/busy is visible to others
	Deleted bool              `json:",omitempty"`
	Shared  map[string]string `json:",omitempty"` // address, "domain:" and domain, or "default" → role; "" once had one
	Listed  map[string]object `json:",omitempty"` // person → his settings for it in his list; null took it off
	Changed map[string]int64  `json:",omitempty"` // part → version of its last change
	Buried  int64             `json:",omitempty"` // version of the newest tombstone that is gone; an older sync token cannot tell of it

	Description string   `json:",omitempty"`
	Location    string   `json:",omitempty"`
	Invitations string   `json:",omitempty"` // which ones come onto it before an answer: "" all, Known, Respond
	Contacts    []string `json:",omitempty"`
	events      map[string]*record
}

// New starts a server with the state of Options.File, if there is one. It fails
// where the file cannot be read or written.
func New(opts Options) (*Server, error) {
	if opts.Now == nil {
		return nil, fault.Invalidf("The calendar emulator needs a clock.")
	}
	if opts.Zone == "" {
		opts.Zone = "UTC"
	}
	if _, err := slot.LoadZone(opts.Zone); err != nil {
		return nil, fault.Invalidf("The calendar emulator cannot start: %v.", err)
	}
	s := &Server{opts: opts, calendars: map[string]*calendar{}, revoked: map[string]bool{}, codes: map[string]grantCode{},
		grants: map[string]*grant{}, groups: map[string][]string{}, channels: map[string]*channel{}, spent: map[string][]spending{}}
	if s.opts.Webhooks == nil {
		s.opts.Webhooks = &http.Client{Timeout: 10 * time.Second}
	}
	if opts.File != "" {
		if err := s.open(opts.File); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Close ends the use of the journal. The server answers no more writes after it.
func (s *Server) Close() error {
	s.delivering.Lock() // nothing is being delivered any more
	defer s.delivering.Unlock()
	s.syncing.Lock()
	defer s.syncing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
	}
	if s.journal == nil || errors.Is(s.broken, os.ErrClosed) {
		return nil
	}
	err := errors.Join(s.journal.Sync(), s.journal.Close())
	s.broken = os.ErrClosed
	return err
}

// methods gives what answers each method of the API.
func (s *Server) methods() map[string]func(*call) *reply {
	return map[string]func(*call) *reply{
		"events.insert": s.insert, "events.import": s.importEvent, "events.list": s.list, "events.get": s.get, "events.update": s.update,
		"events.patch": s.patch, "events.delete": s.remove, "events.move": s.moveTo, "events.instances": s.instances, "events.quickAdd": s.quickAdd,
		"calendars.get": s.getCalendar, "calendars.insert": s.insertCalendar, "calendars.update": s.writeCalendar, "calendars.patch": s.writeCalendar,
		"calendars.delete": s.deleteCalendar, "calendars.clear": s.clearCalendar,
		"calendarList.list": s.calendarList, "calendarList.get": s.calendarListGet, "calendarList.insert": s.calendarListWrite,
		"calendarList.patch": s.calendarListWrite, "calendarList.update": s.calendarListWrite, "calendarList.delete": s.calendarListDelete,
		"acl.list": s.aclList, "acl.get": s.aclGet, "acl.insert": s.aclWrite, "acl.patch": s.aclWrite, "acl.update": s.aclWrite, "acl.delete": s.aclDelete,
		"settings.list": s.settingsList, "settings.get": s.settingsGet, "colors.get": s.colors, "freebusy.query": s.freeBusy,
		"events.watch": s.watch, "acl.watch": s.watch, "calendarList.watch": s.watch, "settings.watch": s.watch, "channels.stop": s.stop,
	}
}

// API gives the Calendar API under /calendar/v3/ with its batches under
// /batch/calendar/v3, and OAuth under /oauth/.
func (s *Server) API() http.Handler {
	mux := http.NewServeMux()
	for name, do := range s.methods() {
		m := discovery().method(name)
		mux.HandleFunc(m.HTTP+" /calendar/v3/"+m.Path, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, name, do) })
	}
	mux.HandleFunc("POST /batch/calendar/v3", s.batch(mux))
	mux.HandleFunc("GET /oauth/authorize", s.authorize)
	mux.HandleFunc("POST /oauth/authorize", s.authorize)
	mux.HandleFunc("POST /oauth/token", s.token)
	mux.HandleFunc("POST /oauth/revoke", s.revoke)
	mux.HandleFunc("GET /oauth/userinfo", s.userinfo)
	mux.HandleFunc("GET /oauth/certs", s.jwks)
	mux.HandleFunc("GET /.well-known/openid-configuration", s.oidcDiscovery)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		w.Header().Set("Date", s.now().Format(http.TimeFormat))
		s.mu.Unlock()
		writeReply(w, fail(http.StatusNotFound, "global", "notFound", "There is no such method."))
	})
	return mux
}

// Handler gives everything on one port: the API, the control API, and the page
// at the root. Only for loopback: the control API has no password.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	api := s.API()
	mux.Handle("/calendar/v3/", api)
	mux.Handle("/batch/", api)
	mux.Handle("/oauth/", api)
	mux.Handle("/.well-known/", api)
	mux.Handle("/control/", s.Control())
	mux.Handle("/", s.Page())
	return mux
}

// Advance turns the server's clock forward and does what is due by then.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	s.offset += d
	s.mu.Unlock()
	s.Tick()
}

// SetSwitches chooses other behaviours from now on.
func (s *Server) SetSwitches(sw Switches) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opts.Switches = sw
}

// ExpireSyncTokens makes every sync token handed out so far answer 410.
func (s *Server) ExpireSyncTokens() {
	s.mu.Lock()
	defer s.unlock()
	s.epoch++
	s.dirty = append(s.dirty, line{Epoch: s.epoch})
}

// Share lets a person use another's calendar: role is one of "freeBusyReader",
// "reader", "writerWithoutPrivateAccess", "writer", "owner", or "" for no longer.
func (s *Server) Share(calendarID, address, role string) {
	s.mu.Lock()
	defer s.unlock()
	if c := s.calendar(calendarID); c != nil && rank(role) >= 0 {
		s.allow(c, fold(address), role)
		s.kick()
	}
}

// Ways in which invitations come onto a person's calendar before he answers.
const (
	Known   = "known"   // from those he knows: of his domain, in his contacts, answered before
	Respond = "respond" // never: only his answer makes the copy
)

// SetInvitations chooses which invitations come onto a person's calendar before
// he answers: "" all, Known or Respond. contacts are those whom he knows.
func (s *Server) SetInvitations(calendarID, which string, contacts ...string) {
	s.mu.Lock()
	defer s.unlock()
	if c := s.calendar(calendarID); c != nil {
		c.Invitations, c.Contacts = which, contacts
		s.dirty = append(s.dirty, line{Calendar: c})
	}
}

// SetZone changes the zone of a person's calendar. Unknown zones are ignored.
func (s *Server) SetZone(calendarID, zone string) {
	if _, err := slot.LoadZone(zone); err != nil {
		return
	}
	s.mu.Lock()
	defer s.unlock()
	if c := s.calendar(calendarID); c != nil {
		c.Zone = zone
		s.changed(c, "calendar")
		s.changed(c, "settings")
		s.touch(c.Owner, "settings")
		s.kick()
	}
}

// now gives the server's time in the precision that Google shows.
func (s *Server) now() time.Time {
	if !s.during.IsZero() {
		return s.during
	}
	return s.opts.Now().Add(s.offset).UTC().Truncate(time.Millisecond)
}

func fold(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

// external says whether an address belongs to nobody here.
func (s *Server) external(address string) bool {
	_, domain, ok := strings.Cut(fold(address), "@")
	if !ok || domain == "" || strings.HasSuffix(domain, ".gserviceaccount.com") {
		return true
	}
	for _, d := range s.opts.External {
		if domain == fold(d) {
			return true
		}
	}
	return false
}

const groupDomain = "@group.calendar.google.com"

// calendar gives a calendar by its id. A person's own is made at first sight;
// nil where there is none and can be none.
func (s *Server) calendar(id string) *calendar {
	id = fold(id)
	if c, ok := s.calendars[id]; ok {
		if c.Deleted {
			return nil
		}
		return c
	}
	if s.external(id) || strings.HasSuffix(id, groupDomain) {
		return nil
	}
	c := &calendar{ID: id, Owner: id, Summary: id, Zone: s.opts.Zone, events: map[string]*record{}}
	s.calendars[id] = c
	s.dirty = append(s.dirty, line{Calendar: c})
	return c
}

// wait pauses for d or until the caller has gone.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
