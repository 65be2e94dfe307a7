package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"windshield/internal/fault"
)

// View is an event as it stands on one calendar, for tests, the page and the
// control API.
type View struct {
	Calendar    string            `json:"calendar"`
	ID          string            `json:"id"`
	ETag        string            `json:"etag"`
	Status      string            `json:"status"`
	Title       string            `json:"title"`
	Description string            `json:"description,omitempty"`
	Location    string            `json:"location,omitempty"`
	Start       time.Time         `json:"start"`
	End         time.Time         `json:"end"`
	Zone        string            `json:"zone,omitempty"`
	AllDay      bool              `json:"allDay,omitempty"`
	Organizer   string            `json:"organizer"`
	Sequence    int64             `json:"sequence"`
	MayMove     bool              `json:"mayMove,omitempty"` // guests may modify
	Guests      []GuestView       `json:"guests,omitempty"`
	Marks       map[string]string `json:"marks,omitempty"` // private properties
}

// GuestView is a line of a guest list.
type GuestView struct {
	Email   string `json:"email"`
	Name    string `json:"name,omitempty"`
	Answer  string `json:"answer"`
	Comment string `json:"comment,omitempty"`
}

// Guest gives the line of an address, the zero value where there is none.
func (v View) Guest(address string) GuestView {
	for _, g := range v.Guests {
		if fold(g.Email) == fold(address) {
			return g
		}
	}
	return GuestView{}
}

func (r *record) view() View {
	v := View{Calendar: r.Calendar, ID: r.ID, ETag: r.etag(), Status: r.Status, Title: r.text("summary"), Description: r.text("description"),
		Location: r.text("location"), Start: r.Start.At, End: r.End.At, Zone: r.Start.Zone, AllDay: r.Start.Date != "", Organizer: r.Organizer,
		Sequence: r.Sequence, MayMove: r.flag("guestsCanModify", false)}
	for _, a := range r.Attendees {
		v.Guests = append(v.Guests, GuestView{a.Email, a.DisplayName, a.ResponseStatus, a.Comment})
	}
	if m, ok := r.Private["ext.private"].(object); ok {
		v.Marks = map[string]string{}
		for k, t := range m {
			v.Marks[k] = text(t)
		}
	}
	return v
}

// Events gives all events of a calendar in the order of their creation,
// cancelled ones included.
func (s *Server) Events(calendarID string) []View {
	s.mu.Lock()
	defer s.unlock()
	c := s.calendars[fold(calendarID)]
	if c == nil {
		return nil
	}
	s.settle()
	var out []View
	for _, r := range s.sorted(c) {
		out = append(out, r.view())
	}
	return out
}

// Live gives the events of a calendar that are not cancelled.
func (s *Server) Live(calendarID string) []View {
	var out []View
	for _, v := range s.Events(calendarID) {
		if v.Status != "cancelled" {
			out = append(out, v)
		}
	}
	return out
}

// Event gives one event of a calendar; false where there never was one.
func (s *Server) Event(calendarID, id string) (View, bool) {
	s.mu.Lock()
	defer s.unlock()
	s.settle()
	if c := s.calendars[fold(calendarID)]; c != nil && c.events[id] != nil {
		return c.events[id].view(), true
	}
	return View{}, false
}

// People gives the addresses of everybody who has a calendar here, sorted.
func (s *Server) People() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, c := range s.sortedCalendars() {
		if c.ID == c.Owner {
			out = append(out, c.ID)
		}
	}
	return out
}

// deed is a person's action over the control API.
type deed struct {
	User     string         `json:"user"`
	Event    string         `json:"event"`
	Calendar string         `json:"calendar"`
	Status   string         `json:"status"`
	Comment  string         `json:"comment"`
	Start    time.Time      `json:"start"`
	End      time.Time      `json:"end"`
	Guest    string         `json:"guest"`
	Fields   map[string]any `json:"fields"`
	Role     string         `json:"role"`
	Zone     string         `json:"zone"`
	Advance  string         `json:"advance"` // a duration such as "3h"
	Kind     string         `json:"kind"`    // of an absence
	Mode     string         `json:"mode"`    // of an absence; which invitations a calendar takes
	People   []string       `json:"people"`  // contacts, or members of a group
	Hidden   bool           `json:"hidden"`
}

// Control gives the control API under /control/. It is for tests and has no
// password: mount it on loopback only.
//
//	GET  ledger, people, events?calendar=ADDRESS, clock, channels, audit
//	GET, POST, DELETE faults    (a Fault as JSON)
//	POST switches, push, quota, oauth (Switches, Push, Quota, OAuth as JSON)
//	POST respond, move, move-to, delete, edit, add-guest, remove-guest, block,
//	     wipe, share, hide, invitations, group, zone, revoke, regrant,
//	     expire-sync-tokens, clock, tick
func (s *Server) Control() http.Handler {
	mux := http.NewServeMux()
	get := func(name string, f func(r *http.Request) any) {
		mux.HandleFunc("GET /control/"+name, func(w http.ResponseWriter, r *http.Request) { writeReply(w, ok(f(r))) })
	}
	get("ledger", func(*http.Request) any { return s.Ledger() })
	get("people", func(*http.Request) any { return s.People() })
	get("events", func(r *http.Request) any { return s.Events(r.FormValue("calendar")) })
	get("channels", func(*http.Request) any { return s.Channels() })
	get("audit", func(*http.Request) any { return s.Audit() })
	get("faults", func(*http.Request) any { return s.Faults() })
	get("clock", func(*http.Request) any {
		s.mu.Lock()
		defer s.mu.Unlock()
		return object{"now": s.now()}
	})
	mux.HandleFunc("DELETE /control/faults", func(w http.ResponseWriter, r *http.Request) {
		s.ClearFaults()
		w.WriteHeader(http.StatusNoContent)
	})
	post(s, mux, "faults", func(f Fault) error { s.Inject(f); return nil })
	post(s, mux, "switches", func(sw Switches) error { s.SetSwitches(sw); return nil })
	post(s, mux, "push", func(p Push) error { s.SetPush(p); return nil })
	post(s, mux, "quota", func(q Quota) error { s.SetQuota(q); return nil })
	post(s, mux, "oauth", func(o OAuth) error { s.SetOAuth(o); return nil })
	for name, f := range map[string]func(d deed) error{
		"respond":      func(d deed) error { return s.Respond(d.User, d.Event, d.Status, d.Comment) },
		"move":         func(d deed) error { return s.Move(d.User, d.Event, d.Start, d.End) },
		"delete":       func(d deed) error { return s.DeleteAs(d.User, d.Event) },
		"edit":         func(d deed) error { return s.Edit(d.User, d.Event, d.Fields) },
		"add-guest":    func(d deed) error { return s.AddGuest(d.User, d.Event, d.Guest) },
		"remove-guest": func(d deed) error { return s.RemoveGuest(d.User, d.Event, d.Guest) },
		"move-to":      func(d deed) error { return s.MoveTo(d.User, d.Event, d.Calendar) },
		"block": func(d deed) error {
			_, err := s.Block(d.User, d.Kind, d.Start, d.End, d.Mode, d.Comment)
			return err
		},
		"hide":        func(d deed) error { s.Hide(d.Calendar, d.Hidden); return nil },
		"invitations": func(d deed) error { s.SetInvitations(d.Calendar, d.Mode, d.People...); return nil },
		"group":       func(d deed) error { s.SetGroup(d.User, d.People...); return nil },
		"tick":        func(deed) error { s.Tick(); return nil },
		"wipe":        func(d deed) error { return s.Wipe(d.Calendar) },
		"share":       func(d deed) error { s.Share(d.Calendar, d.User, d.Role); return nil },
		"zone":        func(d deed) error { s.SetZone(d.Calendar, d.Zone); return nil },
		"revoke":      func(d deed) error { s.Revoke(d.User); return nil },
		"regrant":     func(d deed) error { s.Regrant(d.User); return nil },
		"clock": func(d deed) error {
			by, err := time.ParseDuration(d.Advance)
			if err != nil || by < 0 {
				return fault.Invalidf("The clock can only be advanced by a duration such as 3h.")
			}
			s.Advance(by)
			return nil
		},
		"expire-sync-tokens": func(deed) error { s.ExpireSyncTokens(); return nil },
	} {
		post(s, mux, name, f)
	}
	return http.NewCrossOriginProtection().Handler(mux)
}

// post mounts an action that takes a JSON body, and notes it in the ledger.
func post[T any](s *Server, mux *http.ServeMux, name string, f func(T) error) {
	mux.HandleFunc("POST /control/"+name, func(w http.ResponseWriter, r *http.Request) {
		var in T
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			writeReply(w, fail(413, "control", "invalid", "The body is too large."))
			return
		}
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&in); err != nil && !errors.Is(err, io.EOF) {
			writeReply(w, fail(400, "control", "invalid", "The body cannot be read: "+err.Error()))
			return
		}
		if err := f(in); err != nil {
			t, _ := fault.Shown(err)
			writeReply(w, fail(400, "control", fault.KindOf(err).String(), t))
			return
		}
		s.mu.Lock()
		d := Deed{At: s.now(), Name: name}
		if json.Valid(raw) {
			d.Body = raw
		}
		s.ledger.Deeds = append(s.ledger.Deeds, d)
		s.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	})
}
