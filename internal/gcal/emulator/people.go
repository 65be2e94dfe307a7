package emulator

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"windshield/internal/fault"
)

// keep stores a new record.
func (s *Server) keep(r *record) {
	s.version++
	r.Version, r.Updated = s.version, s.now()
	k := s.calendars[r.Calendar]
	k.events[r.ID] = r
	s.dirty = append(s.dirty, line{Event: r})
	s.touch(r.Calendar, "events")
}

// replace stores a change: a new etag, a new place in the change log.
func (s *Server) replace(r, n *record) {
	old := r.clone()
	*r = *n
	r.previous = old
	s.keep(r)
}

// masterOf gives the organiser's record of a copy, nil where it is not here.
func (s *Server) masterOf(r *record) *record {
	c := s.calendars[r.Organizer]
	if c == nil {
		return nil
	}
	return byUID(c, r.ICalUID)
}

func byUID(c *calendar, uid string) *record {
	for _, r := range c.events {
		if r.ICalUID == uid {
			return r
		}
	}
	return nil
}

// propagate carries the organiser's record to the guests' copies and writes the
// mails down. old is the record before, nil for a new one.
func (s *Server) propagate(old, m *record, query url.Values, cause string) {
	e := errand{Kind: "carry", Calendar: m.Calendar, Event: m.ID}
	if old != nil {
		for _, a := range old.Attendees {
			if g := fold(a.Email); g != m.Organizer && m.attendee(g) == nil {
				e.Gone = append(e.Gone, g)
			}
		}
	}
	if len(m.Attendees)+len(e.Gone) > 0 {
		s.later(e, s.opts.Switches.Propagation)
	}
	s.mails(old, m, query, cause)
}

// carry brings a guest's copy up to the organiser's record.
func (s *Server) carry(m *record, guest string, answered bool) {
	if s.external(guest) {
		return
	}
	c := s.calendar(guest)
	if c == nil {
		return
	}
	r := c.events[m.ID]
	if r != nil && r.ICalUID != m.ICalUID {
		r = byUID(c, m.ICalUID)
		if r == nil {
			return // the id is taken on that calendar by something else
		}
	}
	switch {
	case r == nil && !m.live(), r == nil && !answered && !s.admits(c, m):
		return
	case r == nil:
		s.order++
		r = &record{Calendar: guest, ID: m.ID, ICalUID: m.ICalUID, Created: s.now(), Order: s.order, Creator: m.Creator}
		s.onto(m, r)
		s.keep(r)
		s.declineNew(c, r)
		return
	}
	a := m.attendee(guest)
	if !r.live() && a != nil && a.ResponseStatus == "declined" {
		return // he took it off his calendar; it stays off
	}
	n := r.clone()
	s.onto(m, n)
	moved := !n.Start.same(r.Start) || !n.End.same(r.End) || n.live() != r.live()
	if !n.same(r) || n.Sequence != r.Sequence || n.Organizer != r.Organizer {
		s.replace(r, n)
	}
	if moved && r.live() {
		s.declineNew(c, r)
	}
}

// admits says whether an invitation comes onto a calendar before its owner
// answers.
func (s *Server) admits(c *calendar, m *record) bool {
	switch {
	case s.opts.Switches.CopyOnAnswer, c.Invitations == Respond:
		return false
	case c.Invitations != Known, domainOf(c.ID) == domainOf(m.Organizer), slices.Contains(c.Contacts, m.Organizer):
		return true
	}
	for _, r := range c.events {
		if a := r.attendee(c.ID); r.Organizer == m.Organizer && a != nil && a.ResponseStatus != "needsAction" {
			return true
		}
	}
	return false
}

// onto copies what all copies share.
func (s *Server) onto(m, r *record) {
	r.Status, r.Sequence, r.Organizer, r.Start, r.End = m.Status, m.Sequence, m.Organizer, m.Start, m.End
	r.Attendees, r.Shared = slices.Clone(m.Attendees), copyObject(m.Shared)
}

// withdraw takes the copy of somebody who is no longer a guest away.
func (s *Server) withdraw(m *record, guest string) {
	c := s.calendars[guest]
	if c == nil {
		return
	}
	if r := byUID(c, m.ICalUID); r != nil && r.live() && !r.master() {
		n := r.clone()
		n.Status = "cancelled"
		s.replace(r, n)
	}
}

// mail writes one mail down.
func (s *Server) mail(m Mail) {
	m.N, m.At = len(s.ledger.Mails)+1, s.now()
	s.ledger.Mails = append(s.ledger.Mails, m)
	s.dirty = append(s.dirty, line{Mail: &m})
}

// replied notes the mail by which the organiser learns of an answer.
func (s *Server) replied(c *call, r *record) {
	if m := s.masterOf(r); m != nil {
		s.mail(Mail{Kind: "reply", From: c.user, To: m.Organizer, Calendar: m.Calendar, Event: m.ID, Title: m.text("summary"), Cause: c.method})
	}
}

// mails writes down who would get which mail about a change.
func (s *Server) mails(old, m *record, query url.Values, cause string) {
	mode := query.Get("sendUpdates")
	if mode == "" && query.Get("sendNotifications") == "true" {
		mode = "all"
	}
	if mode != "all" && mode != "externalOnly" {
		return
	}
	send := func(kind, to string) {
		if to = fold(to); to == m.Organizer || mode == "externalOnly" && !s.external(to) {
			return
		}
		s.mail(Mail{Kind: kind, From: m.Organizer, To: to, Calendar: m.Calendar, Event: m.ID, Title: m.text("summary"), Cause: cause, Content: m.print()})
	}
	if !m.live() {
		if old != nil && old.live() {
			for _, a := range m.Attendees {
				send("cancel", a.Email)
			}
		}
		return
	}
	onlyAnswers := old != nil && answersOnly(old, m)
	for _, a := range m.Attendees {
		switch {
		case old == nil || !old.live() || old.attendee(fold(a.Email)) == nil:
			send("invite", a.Email)
		case !onlyAnswers:
			send("update", a.Email)
		}
	}
	if old != nil {
		for _, a := range old.Attendees {
			if m.attendee(fold(a.Email)) == nil {
				send("cancel", a.Email)
			}
		}
	}
}

// answersOnly says whether nothing but guests' answers differs; the others get
// no mail about that.
func answersOnly(a, b *record) bool {
	x, y := a.clone(), b.clone()
	if slices.Equal(x.Attendees, y.Attendees) {
		return false
	}
	if len(x.Attendees) != len(y.Attendees) {
		return false
	}
	for i := range x.Attendees {
		x.Attendees[i].ResponseStatus, x.Attendees[i].Comment, x.Attendees[i].AdditionalGuests = "", "", 0
		y.Attendees[i].ResponseStatus, y.Attendees[i].Comment, y.Attendees[i].AdditionalGuests = "", "", 0
	}
	return x.same(y)
}

// act plays a person's action as if made in the calendar's own pages: mails go
// to everybody.
func (s *Server) act(user, eventID string, do func(c *call, r *record) *reply) (err error) {
	s.mu.Lock()
	defer func() { err = errors.Join(err, s.release()) }()
	user = fold(user)
	c := &call{method: "people", user: user, query: url.Values{"sendUpdates": {"all"}}, header: http.Header{}}
	s.settle()
	c.calendar = s.calendar(user)
	var r *record
	if c.calendar != nil {
		r = c.calendar.events[eventID]
	}
	if r == nil { // somebody outside, or whose copy is not there yet: by the organiser's record
		for _, cal := range s.calendars {
			if m := cal.events[eventID]; m != nil && m.master() && m.live() && m.attendee(user) != nil {
				r, c.calendar = m, cal
			}
		}
	}
	if r == nil {
		return fault.NotFoundf("There is no such event in this person's calendar.")
	}
	if !r.live() {
		return fault.Conflictf("The event has been cancelled.")
	}
	if bad := do(c, r); bad != nil && bad.status >= 400 {
		return fault.Invalidf("The calendar refused: %s.", bad.reason)
	}
	s.record(Request{At: s.now(), Method: "people", User: user, Calendar: r.Calendar, Event: r.ID, Status: 200, Committed: true})
	s.settle()
	s.kick()
	return nil
}

// Respond plays a person's answer: "accepted", "declined", "tentative" or
// "needsAction", with a comment. People outside answer by mail.
func (s *Server) Respond(user, eventID, status, comment string) error {
	return s.act(user, eventID, func(c *call, r *record) *reply {
		n := r.clone()
		a := n.attendee(c.user)
		if a == nil {
			return invalid("not a guest")
		}
		switch status {
		case "accepted", "declined", "tentative", "needsAction":
		default:
			return invalid("unknown answer")
		}
		a.ResponseStatus, a.Comment = status, comment
		if err := s.edit(c, r, n); err != nil {
			return err
		}
		if m := s.masterOf(r); m != nil && r == m {
			s.carry(m, c.user, true) // a first answer makes the copy
		}
		s.replied(c, r)
		return nil
	})
}

// Move plays a person dragging an event to another time. A guest who may not
// modify the event moves only his own copy.
func (s *Server) Move(user, eventID string, start, end time.Time) error {
	return s.act(user, eventID, func(c *call, r *record) *reply {
		if !end.After(start) {
			return invalid("timeRangeEmpty")
		}
		n := r.clone()
		zone := r.Start.Zone
		if zone == "" {
			zone = c.calendar.Zone
		}
		n.Start, n.End = moment{At: start.UTC(), Zone: zone}, moment{At: end.UTC(), Zone: zone}
		return s.edit(c, r, n)
	})
}

// DeleteAs plays a person deleting an event from his calendar: the organiser
// cancels it for all, a guest takes off his copy.
func (s *Server) DeleteAs(user, eventID string) error {
	return s.act(user, eventID, func(c *call, r *record) *reply {
		if c.calendar.ID != c.user {
			return invalid("no copy of one's own")
		}
		return s.cancel(c, r)
	})
}

// Edit plays a person changing an event: fields in the form of a JSON patch of
// the API, such as {"description": "Bring the demo"}.
func (s *Server) Edit(user, eventID string, fields map[string]any) error {
	return s.act(user, eventID, func(c *call, r *record) *reply {
		n := r.clone()
		if bad := s.fill(n, mergePatch(r.writable(), fields)); bad != nil {
			return bad
		}
		return s.edit(c, r, n)
	})
}

// AddGuest plays a person forwarding an event to somebody.
func (s *Server) AddGuest(user, eventID, guest string) error {
	return s.act(user, eventID, func(c *call, r *record) *reply {
		n := r.clone()
		if n.attendee(fold(guest)) == nil {
			n.Attendees = append(n.Attendees, attendee{Email: guest, ResponseStatus: "needsAction"})
		}
		return s.edit(c, r, n)
	})
}

// RemoveGuest plays the organiser taking somebody off the guest list.
func (s *Server) RemoveGuest(user, eventID, guest string) error {
	return s.act(user, eventID, func(c *call, r *record) *reply {
		n := r.clone()
		n.Attendees = slices.DeleteFunc(n.Attendees, func(a attendee) bool { return fold(a.Email) == fold(guest) })
		return s.edit(c, r, n)
	})
}

// Wipe deletes every event of a calendar without mails, as an owner could.
func (s *Server) Wipe(calendarID string) (err error) {
	s.mu.Lock()
	defer func() { err = errors.Join(err, s.release()) }()
	c := s.calendar(calendarID)
	if c == nil {
		return fault.NotFoundf("There is no such calendar.")
	}
	s.clear(c)
	s.kick()
	return nil
}

// clear deletes every event of a calendar without mails.
func (s *Server) clear(c *calendar) {
	for _, r := range s.sorted(c) {
		if r.live() {
			s.cancel(&call{method: "people", user: c.Owner, calendar: c, query: url.Values{}, header: http.Header{}}, r)
		}
	}
}

// MoveTo plays the organiser moving an event to another of his calendars.
func (s *Server) MoveTo(user, eventID, calendarID string) error {
	return s.act(user, eventID, func(c *call, r *record) *reply {
		c.eid = eventID
		c.query.Set("destination", calendarID)
		return s.moveTo(c)
	})
}

// Block plays a person putting an absence into his calendar: kind is
// "outOfOffice" or "focusTime"; mode says what becomes of invitations in that
// time, as the API's autoDeclineMode, "" for nothing. It gives the event's id.
func (s *Server) Block(user, kind string, start, end time.Time, mode, message string) (id string, err error) {
	s.mu.Lock()
	defer func() { err = errors.Join(err, s.release()) }()
	s.settle()
	user = fold(user)
	k := s.calendar(user)
	if k == nil {
		return "", fault.NotFoundf("There is no such person here.")
	}
	if kind != "outOfOffice" && kind != "focusTime" {
		return "", fault.Invalidf("An absence is outOfOffice or focusTime.")
	}
	properties := object{"declineMessage": message}
	if mode != "" {
		properties["autoDeclineMode"] = mode
	}
	c := &call{method: "people", user: user, calendar: k, query: url.Values{}, header: http.Header{}, body: object{"eventType": kind, "summary": "Away",
		"start": object{"dateTime": start.Format(time.RFC3339)}, "end": object{"dateTime": end.Format(time.RFC3339)}, kind + "Properties": properties}}
	a := s.insert(c)
	if a.status >= 400 {
		return "", fault.Invalidf("The calendar refused: %s.", a.reason)
	}
	s.settle()
	s.kick()
	return text(a.body.(object)["id"]), nil
}
