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
	"errors"
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
}

// Switches choose among behaviours that Google does not document. The zero
// value is the likeliest set.
type Switches struct {
	KeepAnswers     bool   // a new time keeps the guests' answers
	NoRevival       bool   // writing to a cancelled event gives 403 instead of bringing it back
	SilentIdentical bool   // a write that changes nothing gives no new etag and no mail
	SilentRemoval   bool   // a guest who deletes his copy has not declined
	BareTombstones  bool   // a tombstone has nothing but its id
	LooseParams     bool   // other parameters beside a sync token are not noticed
	CopyOnAnswer    bool   // a guest has no copy before he answers
	RenderZone      string // zone in which all times are rendered; "" is the calendar's
	BusyDeclined    bool   // declined events count as busy
	MaxFreeBusyDays int    // longest range of a free/busy query; 0 is 90
}

// Server is the emulator. All methods may be called at the same time.
type Server struct {
	opts Options

	mu        sync.Mutex
	offset    time.Duration // by which the control API advanced the clock
	version   int64         // rises with every stored change; gives etags and sync tokens
	order     int64         // rises with every event
	epoch     int64         // sync tokens of an older epoch are expired
	calendars map[string]*calendar
	revoked   map[string]bool // grants
	codes     map[string]grantCode
	grants    int64
	faults    []*Fault
	ledger    Ledger
	requests  int // all ever noted, also those no longer kept
	journal   file
	dirty     []line
	written   int64 // writes to the journal
	broken    error // the journal could not be written

	syncing sync.Mutex // taken before mu, never while holding it
	synced  int64      // writes that the disk holds; under syncing
}

// calendar is one calendar with all events that ever were in it.
type calendar struct {
	ID      string
	Owner   string
	Summary string
	Zone    string
	Hidden  bool              `json:",omitempty"` // not even free/busy is visible to others
	Shared  map[string]string `json:",omitempty"` // address → reader, writer or owner
	events  map[string]*record
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
	s := &Server{opts: opts, calendars: map[string]*calendar{}, revoked: map[string]bool{}, codes: map[string]grantCode{}}
	if opts.File != "" {
		if err := s.open(opts.File); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Close ends the use of the journal. The server answers no more writes after it.
func (s *Server) Close() error {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal == nil || errors.Is(s.broken, os.ErrClosed) {
		return nil
	}
	err := errors.Join(s.journal.Sync(), s.journal.Close())
	s.broken = os.ErrClosed
	return err
}

// API gives the Calendar API under /calendar/v3/ and OAuth under /oauth/.
func (s *Server) API() http.Handler {
	mux := http.NewServeMux()
	const v3 = "/calendar/v3"
	for pattern, h := range map[string]struct {
		method string
		do     func(*call) *reply
	}{
		"POST " + v3 + "/calendars/{cid}/events":                {"events.insert", s.insert},
		"POST " + v3 + "/calendars/{cid}/events/import":         {"events.import", s.importEvent},
		"GET " + v3 + "/calendars/{cid}/events":                 {"events.list", s.list},
		"GET " + v3 + "/calendars/{cid}/events/{eid}":           {"events.get", s.get},
		"PUT " + v3 + "/calendars/{cid}/events/{eid}":           {"events.update", s.update},
		"PATCH " + v3 + "/calendars/{cid}/events/{eid}":         {"events.patch", s.patch},
		"DELETE " + v3 + "/calendars/{cid}/events/{eid}":        {"events.delete", s.remove},
		"POST " + v3 + "/calendars/{cid}/events/{eid}/move":     {"events.move", s.moveTo},
		"GET " + v3 + "/calendars/{cid}/events/{eid}/instances": {"events.instances", s.instances},
		"GET " + v3 + "/calendars/{cid}":                        {"calendars.get", s.getCalendar},
		"POST " + v3 + "/calendars":                             {"calendars.insert", s.insertCalendar},
		"GET " + v3 + "/users/me/calendarList":                  {"calendarList.list", s.calendarList},
		"GET " + v3 + "/users/me/calendarList/{cid}":            {"calendarList.get", s.calendarListGet},
		"GET " + v3 + "/users/me/settings/{setting}":            {"settings.get", s.setting},
		"POST " + v3 + "/freeBusy":                              {"freebusy.query", s.freeBusy},
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, h.method, h.do) })
	}
	mux.HandleFunc("GET /oauth/authorize", s.authorize)
	mux.HandleFunc("POST /oauth/authorize", s.authorize)
	mux.HandleFunc("POST /oauth/token", s.token)
	mux.HandleFunc("POST /oauth/revoke", s.revoke)
	mux.HandleFunc("GET /oauth/userinfo", s.userinfo)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
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
	mux.Handle("/oauth/", api)
	mux.Handle("/control/", s.Control())
	mux.Handle("/", s.Page())
	return mux
}

// Advance turns the server's clock forward.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset += d
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
	defer s.release()
	s.epoch++
	s.dirty = append(s.dirty, line{Epoch: s.epoch})
}

// Share lets a person use another's calendar: role is "reader", "writer",
// "owner", or "" for no longer.
func (s *Server) Share(calendarID, address, role string) {
	s.mu.Lock()
	defer s.release()
	c := s.calendar(calendarID)
	if c == nil {
		return
	}
	if c.Shared == nil {
		c.Shared = map[string]string{}
	}
	c.Shared[fold(address)] = role
	s.dirty = append(s.dirty, line{Calendar: c})
}

// SetZone changes the zone of a person's calendar. Unknown zones are ignored.
func (s *Server) SetZone(calendarID, zone string) {
	if _, err := slot.LoadZone(zone); err != nil {
		return
	}
	s.mu.Lock()
	defer s.release()
	if c := s.calendar(calendarID); c != nil {
		c.Zone = zone
		s.dirty = append(s.dirty, line{Calendar: c})
	}
}

// now gives the server's time in the precision that Google shows.
func (s *Server) now() time.Time { return s.opts.Now().Add(s.offset).UTC().Truncate(time.Millisecond) }

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

// role says what an address may do with a calendar: owner, writer, reader or "".
func (c *calendar) role(address string) string {
	if address == c.Owner {
		return "owner"
	}
	return c.Shared[address]
}

func (c *calendar) writable(address string) bool {
	r := c.role(address)
	return r == "owner" || r == "writer"
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
