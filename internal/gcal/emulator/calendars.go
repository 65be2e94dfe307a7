package emulator

import (
	"cmp"
	"slices"
	"strings"

	"windshield/internal/slot"
)

func (s *Server) getCalendar(c *call) *reply {
	k := c.calendar
	o := object{"kind": "calendar#calendar", "etag": etagOf(k.Changed["calendar"]), "id": k.ID, "summary": k.Summary, "timeZone": k.Zone, "dataOwner": k.Owner}
	for field, v := range map[string]string{"description": k.Description, "location": k.Location} {
		if v != "" {
			o[field] = v
		}
	}
	a := ok(o)
	a.etag = text(o["etag"])
	return a
}

func (s *Server) insertCalendar(c *call) *reply {
	if c.user == "" || s.calendar(c.user) == nil {
		return fail(403, "calendar", "notACalendarUser", "The user must be signed up for Google Calendar.")
	}
	if text(c.body["summary"]) == "" {
		return fail(400, "global", "required", "Missing title.")
	}
	s.order++
	n := &calendar{ID: "c_" + base32hex(s.order) + groupDomain, Owner: c.user, Zone: s.opts.Zone, events: map[string]*record{}}
	c.calendar = n
	return s.writeCalendar(c)
}

// writeCalendar sets what a calendar's owner may set: patch keeps what the body
// leaves out, insert and update do not.
func (s *Server) writeCalendar(c *call) *reply {
	k := c.calendar
	if bad := owned(c); bad != nil {
		return bad
	}
	n := *k
	for field, into := range map[string]*string{"summary": &n.Summary, "description": &n.Description, "location": &n.Location, "timeZone": &n.Zone} {
		v, given := c.body[field]
		if !given && c.method != "calendars.update" {
			continue
		}
		*into = text(v)
	}
	if n.Zone == "" {
		n.Zone = s.opts.Zone
	}
	if n.Summary == "" {
		return fail(400, "global", "required", "Missing title.")
	}
	if _, err := slot.LoadZone(n.Zone); err != nil {
		return invalid("Invalid time zone.")
	}
	*k = n
	s.calendars[k.ID] = k
	s.changed(k, "calendar")
	s.touch("", "calendarList")
	c.committed = true
	return s.getCalendar(c)
}

// deleteCalendar takes a secondary calendar away; clearing is for primary ones.
func (s *Server) deleteCalendar(c *call) *reply {
	if bad := owned(c); bad != nil {
		return bad
	}
	k := c.calendar
	if k.ID == k.Owner {
		return fail(403, "calendar", "forbidden", "A primary calendar cannot be deleted.")
	}
	s.clear(k)
	k.Deleted = true
	s.changed(k, "calendar")
	s.touch("", "calendarList")
	c.committed = true
	return &reply{status: 204}
}

func (s *Server) clearCalendar(c *call) *reply {
	if bad := owned(c); bad != nil {
		return bad
	}
	if c.calendar.ID != c.calendar.Owner {
		return invalid("Only a primary calendar can be cleared.")
	}
	s.clear(c.calendar)
	c.committed = true
	return &reply{status: 204}
}

// listed gives a person's own settings for a calendar in his list; false where
// it is not in his list. Being allowed to see a calendar does not list it.
func (c *calendar) listed(user string) (object, bool) {
	o, set := c.Listed[user]
	if set {
		return o, o != nil
	}
	return object{}, c.Owner == user
}

func (s *Server) listEntry(k *calendar, user string) object {
	own, _ := k.listed(user)
	o := object{"kind": "calendar#calendarListEntry", "etag": etagOf(max(k.Changed["calendar"], k.Changed["list:"+user])), "id": k.ID, "summary": k.Summary,
		"timeZone": k.Zone, "accessRole": k.role(user), "defaultReminders": []any{}, "selected": true, "colorId": "15", "dataOwner": k.Owner,
		"backgroundColor": calendarColours[14], "foregroundColor": "#1d1d1d"}
	for field, v := range own {
		o[field] = v
	}
	if k.ID == user {
		o["primary"] = true
	}
	return o
}

func (s *Server) calendarList(c *call) *reply {
	s.calendar(c.user)
	var all []entry
	for _, k := range s.sortedCalendars() {
		own, isListed := k.listed(c.user)
		_, was := k.Listed[c.user]
		gone := !isListed || k.role(c.user) == "" || k.Deleted
		if gone && !was && k.Owner != c.user || own["hidden"] == true && c.query.Get("showHidden") != "true" ||
			rank(k.role(c.user)) < rank(c.query.Get("minAccessRole")) {
			continue
		}
		all = append(all, entry{version: max(k.Changed["calendar"], k.Changed["list:"+c.user]), gone: gone, body: s.listEntry(k, c.user)})
	}
	return s.entries(c, "calendar#calendarList", all)
}

// inList gives the calendar that a call on the list of calendars names.
func (s *Server) inList(c *call, id string) (*calendar, *reply) {
	if id == "primary" {
		id = c.user
	}
	k := s.calendar(id)
	if k == nil || k.role(c.user) == "" {
		return nil, notFound()
	}
	return k, nil
}

func (s *Server) calendarListGet(c *call) *reply {
	k, bad := s.inList(c, c.cid)
	if bad != nil {
		return bad
	}
	if _, isListed := k.listed(c.user); !isListed {
		return notFound()
	}
	return ok(s.listEntry(k, c.user))
}

func (s *Server) calendarListWrite(c *call) *reply {
	id := c.cid
	if c.method == "calendarList.insert" {
		id = text(c.body["id"])
	}
	k, bad := s.inList(c, id)
	if bad != nil {
		return bad
	}
	own, isListed := k.listed(c.user)
	if !isListed && c.method != "calendarList.insert" {
		return notFound()
	}
	next := object{}
	if c.method == "calendarList.patch" {
		next = copyObject(own)
	}
	for _, field := range []string{"colorId", "backgroundColor", "foregroundColor", "hidden", "selected", "summaryOverride", "defaultReminders", "notificationSettings"} {
		if v, given := c.body[field]; given {
			next[field] = v
		}
	}
	if id, given := next["colorId"]; given && !isColour(text(id), calendarColours) {
		return invalid("Invalid colour.")
	}
	s.enlist(k, c.user, next)
	c.committed = true
	return ok(s.listEntry(k, c.user))
}

func (s *Server) enlist(k *calendar, user string, own object) {
	if k.Listed == nil {
		k.Listed = map[string]object{}
	}
	k.Listed[user] = own
	s.changed(k, "list:"+user)
	s.touch(user, "calendarList")
}

func (s *Server) calendarListDelete(c *call) *reply {
	k, bad := s.inList(c, c.cid)
	if bad != nil {
		return bad
	}
	if _, isListed := k.listed(c.user); !isListed {
		return notFound()
	}
	if k.ID == c.user {
		return fail(403, "calendar", "forbidden", "One's own calendar stays in the list.")
	}
	s.enlist(k, c.user, nil)
	c.committed = true
	return &reply{status: 204}
}

func (s *Server) sortedCalendars() []*calendar {
	var out []*calendar
	for _, k := range s.calendars {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b *calendar) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// Hide makes a person's calendar invisible to others, free/busy included.
func (s *Server) Hide(calendarID string, hidden bool) {
	s.mu.Lock()
	defer s.unlock()
	if c := s.calendar(calendarID); c != nil {
		c.Hidden = hidden
		s.dirty = append(s.dirty, line{Calendar: c})
	}
}

func text(v any) string {
	t, _ := v.(string)
	return t
}

func domainOf(address string) string {
	_, domain, _ := strings.Cut(fold(address), "@")
	return domain
}
