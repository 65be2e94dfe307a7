package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// find gives the record that a call names.
func (s *Server) find(c *call) (*record, *reply) {
	if r := c.calendar.events[c.eid]; r != nil {
		return r, nil
	}
	return nil, notFound()
}

func (s *Server) get(c *call) *reply {
	r, bad := s.find(c)
	if bad != nil {
		return bad
	}
	if r = s.seen(c, r); r == nil {
		return notFound()
	}
	if c.header.Get("If-None-Match") == r.etag() {
		return &reply{status: http.StatusNotModified, etag: r.etag()}
	}
	return s.answer(c, r)
}

func (s *Server) answer(c *call, r *record) *reply {
	a := ok(s.show(c, r))
	a.etag = r.etag()
	return a
}

func (s *Server) insert(c *call) *reply {
	if !c.calendar.writable(c.user) {
		return fail(403, "calendar", "requiredAccessLevel", "You need to have writer access to this calendar.")
	}
	id, _ := c.body["id"].(string)
	uid, _ := c.body["iCalUID"].(string)
	if id != "" && uid != "" {
		return invalid("Only one of id and iCalUID may be given.")
	}
	if id == "" {
		id = s.newID()
	}
	if !validID(id) {
		return invalid("Invalid resource id value.")
	}
	if uid == "" {
		uid = id + "@google.com"
	}
	s.bury(c.calendar)
	if old := c.calendar.events[id]; old != nil && !(s.opts.Switches.RaceDuplicates && old.live() && s.now().Sub(old.Created) < time.Second) {
		return fail(409, "global", "duplicate", "The requested identifier already exists.")
	}
	for _, r := range c.calendar.events {
		if r.ICalUID == uid && r.ID != id {
			return fail(409, "global", "duplicate", "The requested identifier already exists.")
		}
	}
	r := s.blank(c, id, uid)
	s.conference(c, object{}, c.body)
	if bad := s.fill(r, c.body); bad != nil {
		return bad
	}
	if r.Status == "cancelled" {
		return invalid("An event cannot be inserted as cancelled.")
	}
	if c.service && len(r.Attendees) > 0 {
		return fail(403, "calendar", "forbiddenForServiceAccounts", "Service accounts cannot invite attendees without Domain-Wide Delegation of Authority.")
	}
	s.keep(r)
	c.committed = true
	s.propagate(nil, r, c.query, c.method)
	s.planConference(r)
	s.declineOld(c.calendar, r)
	return s.answer(c, r)
}

// quickAdd makes an event of a text, for the next full hour: reading times out of
// texts is not emulated.
func (s *Server) quickAdd(c *call) *reply {
	at := s.now().Truncate(time.Hour).Add(time.Hour)
	c.body = object{"summary": c.query.Get("text"), "start": object{"dateTime": at.Format(time.RFC3339)}, "end": object{"dateTime": at.Add(time.Hour).Format(time.RFC3339)}}
	return s.insert(c)
}

// bury takes tombstones away that are older than a switch lets them become; their
// ids are free again.
func (s *Server) bury(k *calendar) {
	life, before := s.opts.Switches.TombstoneLife, k.Buried
	if life <= 0 {
		return
	}
	for id, r := range k.events {
		if !r.live() && s.now().Sub(r.Updated) >= life {
			delete(k.events, id)
			k.Buried = max(k.Buried, r.Version)
			s.dirty = append(s.dirty, line{Buried: k.ID + " " + id})
		}
	}
	if k.Buried > before {
		s.dirty = append(s.dirty, line{Calendar: k})
	}
}

// importEvent adds a private copy of an event organised elsewhere. A second
// import under the same iCalUID changes the first.
func (s *Server) importEvent(c *call) *reply {
	if !c.calendar.writable(c.user) {
		return fail(403, "calendar", "requiredAccessLevel", "You need to have writer access to this calendar.")
	}
	uid, _ := c.body["iCalUID"].(string)
	if uid == "" {
		return fail(400, "global", "required", "Missing iCalUID.")
	}
	if kind := text(c.body["eventType"]); kind != "" && kind != "default" {
		return fail(400, "calendar", "eventTypeRestriction", "Only default events can be imported.")
	}
	r := byUID(c.calendar, uid)
	if r == nil {
		r = s.blank(c, s.newID(), uid)
	}
	n := r.clone()
	if bad := s.fill(n, c.body); bad != nil {
		return bad
	}
	if o, isObject := c.body["organizer"].(object); isObject {
		if e, _ := o["email"].(string); e != "" {
			n.Organizer = fold(e)
		}
	}
	s.replace(r, n)
	c.committed = true
	return s.answer(c, r)
}

func (s *Server) blank(c *call, id, uid string) *record {
	s.order++
	return &record{Calendar: c.calendar.ID, ID: id, ICalUID: uid, Created: s.now(), Order: s.order, Creator: c.user, Organizer: c.calendar.ID}
}

func (s *Server) update(c *call) *reply {
	r, bad := s.find(c)
	if bad != nil {
		return bad
	}
	return s.write(c, r, copyObject(c.body), c.body)
}

func (s *Server) patch(c *call) *reply {
	r, bad := s.find(c)
	if bad != nil {
		return bad
	}
	merged := mergePatch(r.writable(), c.body)
	if c.body["attendeesOmitted"] == true { // only one's own line is meant
		merged = mergePatch(r.writable(), c.body)
		merged["attendees"] = s.ownLine(r, c.user, c.body["attendees"])
	}
	return s.write(c, r, merged, c.body)
}

// ownLine gives the stored guest list with the caller's own line from a cut one.
func (s *Server) ownLine(r *record, user string, sent any) []any {
	list, _ := r.writable()["attendees"].([]any)
	for _, v := range asList(sent) {
		o, _ := v.(object)
		email, _ := o["email"].(string)
		for i, have := range list {
			if h := have.(object); fold(email) == user && fold(h["email"].(string)) == user {
				list[i] = mergePatch(copyObject(h), o)
			}
		}
	}
	return list
}

func asList(v any) []any {
	l, _ := v.([]any)
	return l
}

// precondition checks If-Match.
func precondition(c *call, r *record) *reply {
	if m := c.header.Get("If-Match"); m != "" && m != "*" && m != r.etag() {
		return fail(412, "global", "conditionNotMet", "Precondition Failed")
	}
	return nil
}

// write replaces the fields of a record by a whole object, for update and patch.
func (s *Server) write(c *call, r *record, whole, sent object) *reply {
	if !c.calendar.writable(c.user) {
		return fail(403, "calendar", "requiredAccessLevel", "You need to have writer access to this calendar.")
	}
	if bad := precondition(c, r); bad != nil {
		return bad
	}
	if !r.live() && s.opts.Switches.NoRevival {
		return fail(403, "global", "forbidden", "Forbidden")
	}
	if !r.live() && sent["status"] == nil {
		whole["status"] = "confirmed"
	}
	sequence, given := sent["sequence"].(float64)
	if (given || c.method == "events.update") && int64(sequence) < r.Sequence {
		return invalid("Invalid sequence value. The specified sequence number is below the current sequence number of the resource. Re-fetch the resource and use its sequence number on the following request.")
	}
	n := r.clone()
	s.conference(c, r.Shared, whole)
	if bad := s.fill(n, whole); bad != nil {
		return bad
	}
	if c.service && len(n.Attendees) > len(r.Attendees) {
		return fail(403, "calendar", "forbiddenForServiceAccounts", "Service accounts cannot invite attendees without Domain-Wide Delegation of Authority.")
	}
	if given {
		n.Sequence = int64(sequence)
	}
	if !n.live() {
		return s.cancel(c, r)
	}
	if bad := s.edit(c, r, n); bad != nil {
		return bad
	}
	s.planConference(r)
	s.declineOld(c.calendar, r)
	return s.answer(c, r)
}

// edit stores a change by whoever may make it, and carries it to the others.
func (s *Server) edit(c *call, r, n *record) *reply {
	if !r.master() {
		return s.editCopy(c, r, n)
	}
	old := r.clone()
	if s.opts.Switches.SilentIdentical && r.same(n) {
		return nil
	}
	s.timeRules(r, n, "")
	s.replace(r, n)
	c.committed = true
	s.propagate(old, r, c.query, c.method)
	return nil
}

// timeRules raises the sequence and resets the answers where the time changes.
func (s *Server) timeRules(old, n *record, mover string) {
	if old.Start.same(n.Start) && old.End.same(n.End) {
		return
	}
	n.Sequence = max(n.Sequence, old.Sequence+1)
	if s.opts.Switches.KeepAnswers {
		return
	}
	for i := range n.Attendees {
		a := &n.Attendees[i]
		if e := fold(a.Email); e != n.Organizer && e != mover && !a.Resource {
			a.ResponseStatus, a.Comment = "needsAction", ""
		}
	}
}

// editCopy is a guest's edit: his answer goes to the organiser; what is shared
// stays on his copy, unless guests may modify the event.
func (s *Server) editCopy(c *call, r, n *record) *reply {
	for _, k := range guestRights {
		if n.flag(k, k != "guestsCanModify" && k != "anyoneCanAddSelf") != r.flag(k, k != "guestsCanModify" && k != "anyoneCanAddSelf") {
			return fail(403, "calendar", "forbiddenForNonOrganizer", "Shared properties can only be changed by the organizer of the event.")
		}
	}
	m := s.masterOf(r)
	// What goes to the organiser is his own line and whom he adds, not the rest of
	// a list that may be older than the organiser's.
	guests := slices.DeleteFunc(slices.Clone(n.Attendees), func(a attendee) bool {
		e := fold(a.Email)
		return e != r.Calendar && r.attendee(e) != nil
	})
	if m != nil {
		n.Attendees = r.clone().Attendees
	}
	s.replace(r, n)
	c.committed = true
	if m == nil {
		return nil
	}
	if s.opts.Switches.Propagation > 0 { // his own line is on his copy at once
		if a := r.attendee(r.Calendar); a != nil {
			for _, g := range guests {
				if fold(g.Email) == r.Calendar {
					*a = g
				}
			}
		}
		s.later(errand{Kind: "answer", Calendar: r.Calendar, Event: r.ID, Guests: guests}, s.opts.Switches.Propagation)
		return nil
	}
	s.answerUp(r, guests, c.query, c.method)
	return nil
}

// answerUp brings to the organiser what a guest's copy may change there: the
// guest's own line, guests he added, and all that is shared where guests may
// modify the event.
func (s *Server) answerUp(r *record, guests []attendee, query url.Values, method string) {
	m := s.masterOf(r)
	if m == nil || !m.live() {
		return
	}
	old, next := m.clone(), m.clone()
	n := r
	if m.flag("guestsCanModify", false) {
		next.Start, next.End = n.Start, n.End
		rights := object{}
		for _, k := range guestRights {
			if v, has := m.Shared[k]; has {
				rights[k] = v
			}
		}
		next.Shared = copyObject(n.Shared)
		for k, v := range rights {
			next.Shared[k] = v
		}
		s.timeRules(m, next, r.Calendar)
	}
	for _, g := range guests {
		mine := fold(g.Email) == r.Calendar
		have := next.attendee(fold(g.Email))
		switch {
		case have != nil && mine:
			have.ResponseStatus, have.Comment, have.AdditionalGuests = g.ResponseStatus, g.Comment, g.AdditionalGuests
		case have == nil && m.flag("guestsCanInviteOthers", true):
			g.ResponseStatus = "needsAction"
			next.Attendees = append(next.Attendees, g)
		}
	}
	if m.same(next) {
		return
	}
	s.replace(m, next)
	s.propagate(old, m, query, method)
}

func (s *Server) remove(c *call) *reply {
	r, bad := s.find(c)
	if bad != nil {
		return bad
	}
	if !c.calendar.writable(c.user) {
		return fail(403, "calendar", "requiredAccessLevel", "You need to have writer access to this calendar.")
	}
	if !r.live() {
		return fail(410, "global", "deleted", "Resource has been deleted")
	}
	if bad := precondition(c, r); bad != nil {
		return bad
	}
	s.cancel(c, r)
	return &reply{status: http.StatusNoContent}
}

// cancel deletes an event as the owner of the calendar it stands on.
func (s *Server) cancel(c *call, r *record) *reply {
	old, n := r.clone(), r.clone()
	n.Status = "cancelled"
	s.replace(r, n)
	c.committed = true
	if r.master() {
		s.propagate(old, r, c.query, c.method)
	} else if m := s.masterOf(r); m != nil && m.live() && !s.opts.Switches.SilentRemoval {
		if a := m.attendee(r.Calendar); a != nil && a.ResponseStatus != "declined" {
			before, next := m.clone(), m.clone()
			next.attendee(r.Calendar).ResponseStatus = "declined"
			s.replace(m, next)
			s.propagate(before, m, c.query, c.method)
		}
	}
	return s.answer(c, r)
}

// moveTo changes the organiser: the event leaves a stub behind.
func (s *Server) moveTo(c *call) *reply {
	r, bad := s.find(c)
	if bad != nil {
		return bad
	}
	to := s.calendar(c.query.Get("destination"))
	if to == nil || to.role(c.user) == "" {
		return notFound()
	}
	if s.opts.Switches.MoveIfMatch {
		if bad := precondition(c, r); bad != nil {
			return bad
		}
	}
	if kind := r.text("eventType"); kind != "" && kind != "default" {
		return fail(400, "calendar", "eventTypeRestriction", "Only default events can be moved.")
	}
	if !r.master() || !r.live() {
		return fail(403, "calendar", "cannotChangeOrganizer", "The organizer cannot be changed.")
	}
	if !c.calendar.writable(c.user) || !to.writable(c.user) {
		return fail(403, "calendar", "requiredAccessLevel", "You need to have writer access to this calendar.")
	}
	if e := to.events[r.ID]; e != nil && e.ICalUID != r.ICalUID {
		return fail(409, "global", "duplicate", "The requested identifier already exists.")
	}
	n := r.clone()
	s.order++
	n.Calendar, n.Organizer, n.Order = to.ID, to.ID, s.order
	stub := r.clone()
	stub.Status, stub.Organizer = "cancelled", to.ID
	s.replace(r, stub)
	s.keep(n)
	c.committed = true
	s.propagate(n.clone(), n, c.query, c.method)
	c.calendar = to
	return s.answer(c, n)
}

func (s *Server) instances(c *call) *reply {
	r, bad := s.find(c)
	if bad != nil {
		return bad
	}
	items := []any{}
	if r.live() || c.query.Get("showDeleted") == "true" {
		items = append(items, s.show(c, r))
	}
	return ok(object{"kind": "calendar#events", "etag": etagOf(s.version), "summary": c.calendar.Summary, "updated": s.now().Format(timeMillis), "timeZone": c.calendar.Zone,
		"accessRole": c.calendar.role(c.user), "defaultReminders": []any{}, "items": items})
}

func validID(id string) bool {
	return len(id) >= 5 && len(id) <= 1024 && strings.Trim(id, "0123456789abcdefghijklmnopqrstuv") == ""
}

// newID gives an id for an event that came without one.
func (s *Server) newID() string {
	s.order++
	return "emu" + base32hex(s.order) + "event"
}

func base32hex(n int64) string {
	const digits = "0123456789abcdefghijklmnopqrstuv"
	b := make([]byte, 10)
	for i := range b {
		b[len(b)-1-i] = digits[n&31]
		n >>= 5
	}
	return string(b)
}
