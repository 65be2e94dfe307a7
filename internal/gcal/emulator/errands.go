package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"time"
)

// errand is work that Google does after its answer: carrying a change to the
// guests' copies, an answer to the organiser, declining for somebody who is away,
// making a conference. Errands are in the journal, so none is lost.
type errand struct {
	N        int64
	Due      time.Time
	Kind     string // carry, answer, decline, conference
	Calendar string
	Event    string
	Gone     []string   `json:",omitempty"` // of carry: who is no longer a guest
	Guests   []attendee `json:",omitempty"` // of answer: the guest list as the guest sent it
	Done     bool       `json:",omitempty"`
}

// later puts an errand off; with no delay it is done at once.
func (s *Server) later(e errand, delay time.Duration) {
	if delay <= 0 {
		s.do(&e)
		return
	}
	s.order++
	e.N, e.Due = s.order, s.now().Add(delay)
	s.errands = append(s.errands, &e)
	s.dirty = append(s.dirty, line{Errand: &e})
}

// settle does every errand that is due, the oldest first, as if at the time when
// it was due. An errand may leave others behind.
func (s *Server) settle() {
	now := s.now()
	for {
		var next *errand
		for _, e := range s.errands {
			if !e.Due.After(now) && (next == nil || e.Due.Before(next.Due) || e.Due.Equal(next.Due) && e.N < next.N) {
				next = e
			}
		}
		if next == nil {
			return
		}
		s.errands = slices.DeleteFunc(s.errands, func(e *errand) bool { return e == next })
		next.Done = true
		s.dirty = append(s.dirty, line{Errand: next})
		s.during = next.Due
		s.do(next)
		s.during = time.Time{}
	}
}

func (s *Server) do(e *errand) {
	k := s.calendars[e.Calendar]
	if k == nil || k.events[e.Event] == nil {
		return
	}
	r := k.events[e.Event]
	switch e.Kind {
	case "carry":
		for _, a := range r.Attendees {
			if g := fold(a.Email); g != r.Organizer {
				s.carry(r, g, a.ResponseStatus != "needsAction")
			}
		}
		for _, g := range e.Gone {
			if r.attendee(g) == nil {
				s.withdraw(r, g)
			}
		}
	case "answer":
		s.answerUp(r, e.Guests, url.Values{}, "events.patch")
	case "decline":
		s.declineFor(k, r)
	case "conference":
		s.makeConference(r)
	}
}

// Tick does what is due by the server's clock: errands, then notices. With
// Options.Manual nothing of either happens without it, unless a call comes in
// later; otherwise it happens by itself.
func (s *Server) Tick() {
	s.mu.Lock()
	s.settle()
	s.unlock()
	s.deliver()
}

// kick lets what is due happen soon, outside the call that caused it. Called
// under the lock.
func (s *Server) kick() {
	if s.opts.Manual || s.closed {
		return
	}
	var next time.Time
	for _, n := range s.notices {
		if n.Outcome == "waiting" && (next.IsZero() || n.At.Before(next)) {
			next = n.At
		}
	}
	for _, e := range s.errands {
		if next.IsZero() || e.Due.Before(next) {
			next = e.Due
		}
	}
	if next.IsZero() {
		return
	}
	if s.timer != nil {
		s.timer.Stop()
	}
	s.timer = time.AfterFunc(max(0, next.Sub(s.now())), func() {
		s.Tick()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.kick()
	})
}

// away says whether an event is one during which invitations are declined by
// themselves, and the words to it.
func (r *record) away() (mode, message string) {
	if !r.live() {
		return "", ""
	}
	for _, field := range []string{"outOfOfficeProperties", "focusTimeProperties"} {
		if p, has := r.Shared[field].(object); has {
			if mode = text(p["autoDeclineMode"]); mode != "" && mode != "declineNone" {
				return mode, text(p["declineMessage"])
			}
		}
	}
	return "", ""
}

// overlaps says whether two events of a calendar take the same time.
func (s *Server) overlaps(k *calendar, a, b *record) bool {
	loc, _ := time.LoadLocation(k.Zone)
	a1, a2 := a.bounds(loc)
	b1, b2 := b.bounds(loc)
	return a1.Before(b2) && b1.Before(a2)
}

// declineNew declines an invitation that has come in, or to a new time, while
// its guest is away.
func (s *Server) declineNew(k *calendar, r *record) {
	for _, e := range s.sorted(k) {
		if mode, _ := e.away(); mode != "" && e.ID != r.ID && s.overlaps(k, e, r) {
			s.later(errand{Kind: "decline", Calendar: k.ID, Event: r.ID}, max(s.opts.Switches.AutoDecline, time.Millisecond))
			return
		}
	}
}

// declineOld declines the invitations that were there before their guest noted
// his absence, where he wants that.
func (s *Server) declineOld(k *calendar, absence *record) {
	if mode, _ := absence.away(); mode != "declineAllConflictingInvitations" {
		return
	}
	for _, r := range s.sorted(k) {
		if r.live() && !r.master() && r.attendee(k.ID) != nil && s.overlaps(k, absence, r) {
			s.later(errand{Kind: "decline", Calendar: k.ID, Event: r.ID}, max(s.opts.Switches.AutoDecline, time.Millisecond))
		}
	}
}

func (s *Server) declineFor(k *calendar, r *record) {
	mine := r.attendee(k.ID)
	if mine == nil || !r.live() || mine.ResponseStatus == "declined" {
		return
	}
	for _, e := range s.sorted(k) {
		mode, message := e.away()
		if mode == "" || !s.overlaps(k, e, r) {
			continue
		}
		n := r.clone()
		a := n.attendee(k.ID)
		a.ResponseStatus, a.Comment = "declined", message
		c := &call{method: AutoDeclined, user: k.ID, calendar: k, query: url.Values{}, header: http.Header{}}
		s.editCopy(c, r, n)
		s.replied(c, r)
		s.record(Request{At: s.now(), Method: AutoDeclined, User: k.ID, Calendar: k.ID, Event: r.ID, Status: 200, Committed: true})
		return
	}
}

// AutoDeclined is the method under which the ledger shows that an absence
// declined an invitation.
const AutoDeclined = "auto-decline"

// conference gives the conference data that a write leaves: those stored, unless
// the caller says that it knows conferences.
func (s *Server) conference(c *call, stored object, whole object) {
	if c.query.Get("conferenceDataVersion") != "1" {
		delete(whole, "conferenceData")
		if v, has := stored["conferenceData"]; has {
			whole["conferenceData"] = v
		}
		return
	}
	o, _ := whole["conferenceData"].(object)
	request, asked := o["createRequest"].(object)
	if !asked {
		return
	}
	if old, has := stored["conferenceData"].(object); has { // the same request again is ignored
		if was, _ := old["createRequest"].(object); was != nil && was["requestId"] == request["requestId"] {
			whole["conferenceData"] = old
			return
		}
	}
	request = copyObject(request)
	request["status"] = object{"statusCode": "pending"}
	whole["conferenceData"] = object{"createRequest": request}
}

// plan puts off the making of a conference that was asked for.
func (s *Server) planConference(r *record) {
	o, _ := r.Shared["conferenceData"].(object)
	request, _ := o["createRequest"].(object)
	if status, _ := request["status"].(object); status["statusCode"] == "pending" {
		s.later(errand{Kind: "conference", Calendar: r.Calendar, Event: r.ID}, max(s.opts.Switches.Conference, time.Millisecond))
	}
}

func (s *Server) makeConference(r *record) {
	o, _ := r.Shared["conferenceData"].(object)
	request, asked := o["createRequest"].(object)
	if !asked || !r.live() {
		return
	}
	n := r.clone()
	request = copyObject(request)
	request["status"] = object{"statusCode": "success"}
	name := "emu-" + base32hex(r.Order)[6:]
	uri := "https://meet.google.com/" + name
	n.Shared["conferenceData"] = object{"createRequest": request, "conferenceId": name,
		"conferenceSolution": object{"key": object{"type": "hangoutsMeet"}, "name": "Google Meet"},
		"entryPoints":        []any{object{"entryPointType": "video", "uri": uri, "label": "meet.google.com/" + name}}}
	n.Shared["hangoutLink"] = uri
	old := r.clone()
	s.replace(r, n)
	s.propagate(old, r, url.Values{}, "conference")
}
