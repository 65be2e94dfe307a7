package emulator

import (
	"cmp"
	"slices"
	"time"
)

func (s *Server) getCalendar(c *call) *reply {
	return ok(object{"kind": "calendar#calendar", "etag": `"c1"`, "id": c.calendar.ID, "summary": c.calendar.Summary, "timeZone": c.calendar.Zone})
}

func (s *Server) insertCalendar(c *call) *reply {
	summary, _ := c.body["summary"].(string)
	if summary == "" {
		return fail(400, "global", "required", "Missing title.")
	}
	s.order++
	n := &calendar{ID: "c_" + base32hex(s.order) + groupDomain, Owner: c.user, Summary: summary, Zone: s.opts.Zone, events: map[string]*record{}}
	s.calendars[n.ID] = n
	s.dirty = append(s.dirty, line{Calendar: n})
	c.committed, c.calendar = true, n
	return s.getCalendar(c)
}

func (s *Server) listEntry(c *calendar, user string) object {
	o := object{"kind": "calendar#calendarListEntry", "etag": `"c1"`, "id": c.ID, "summary": c.Summary, "timeZone": c.Zone,
		"accessRole": c.role(user), "defaultReminders": []any{}}
	if c.ID == user {
		o["primary"] = true
	}
	return o
}

func (s *Server) calendarList(c *call) *reply {
	s.calendar(c.user)
	items := []any{}
	for _, k := range s.sortedCalendars() {
		if k.Owner == c.user || k.Shared[c.user] != "" {
			items = append(items, s.listEntry(k, c.user))
		}
	}
	return ok(object{"kind": "calendar#calendarList", "etag": `"l1"`, "items": items, "nextSyncToken": seal(s.version)})
}

func (s *Server) calendarListGet(c *call) *reply {
	if c.cid == "primary" {
		c.cid = c.user
	}
	k := s.calendar(c.cid)
	if k == nil || k.role(c.user) == "" {
		return notFound()
	}
	return ok(s.listEntry(k, c.user))
}

func (s *Server) sortedCalendars() []*calendar {
	var out []*calendar
	for _, k := range s.calendars {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b *calendar) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

func (s *Server) setting(c *call) *reply {
	if c.path("setting") != "timezone" {
		return notFound()
	}
	k := s.calendar(c.user)
	if k == nil {
		return notFound()
	}
	return ok(object{"kind": "calendar#setting", "etag": `"s1"`, "id": "timezone", "value": k.Zone})
}

func (s *Server) freeBusy(c *call) *reply {
	from, err1 := time.Parse(time.RFC3339, text(c.body["timeMin"]))
	to, err2 := time.Parse(time.RFC3339, text(c.body["timeMax"]))
	longest := s.opts.Switches.MaxFreeBusyDays
	if longest == 0 {
		longest = 90
	}
	switch {
	case err1 != nil || err2 != nil:
		return fail(400, "global", "required", "Missing or wrong timeMin or timeMax.")
	case !to.After(from):
		return fail(400, "calendar", "timeRangeEmpty", "The specified time range is empty.")
	case to.Sub(from) > time.Duration(longest)*24*time.Hour:
		return fail(400, "calendar", "timeRangeTooLong", "The requested time range is too long.")
	}
	out := object{}
	for i, v := range asList(c.body["items"]) {
		o, _ := v.(object)
		id := text(o["id"])
		shown := id
		if id == "primary" {
			id = c.user
		}
		k := s.calendar(id)
		switch {
		case i >= 50:
			out[shown] = busyError("tooManyCalendarsRequested")
		case k == nil, k.Hidden && k.role(c.user) == "":
			out[shown] = busyError("notFound")
		default:
			out[shown] = object{"busy": s.busy(k, from, to)}
		}
	}
	return ok(object{"kind": "calendar#freeBusy", "timeMin": from.UTC().Format(time.RFC3339), "timeMax": to.UTC().Format(time.RFC3339), "calendars": out})
}

func busyError(reason string) object {
	return object{"errors": []any{object{"domain": "global", "reason": reason}}, "busy": []any{}}
}

func text(v any) string {
	t, _ := v.(string)
	return t
}

// busy gives the merged stretches in which a calendar is busy.
func (s *Server) busy(k *calendar, from, to time.Time) []any {
	type span struct{ a, b time.Time }
	var spans []span
	loc, _ := time.LoadLocation(k.Zone)
	for _, r := range k.events {
		if !r.live() || r.Private["transparency"] == "transparent" {
			continue
		}
		if a := r.attendee(k.ID); a != nil && a.ResponseStatus == "declined" && !s.opts.Switches.BusyDeclined {
			continue
		}
		a, b := r.Start.At, r.End.At
		if r.Start.Date != "" && loc != nil { // all-day: midnight of the calendar's zone
			a, b = inZone(a, loc), inZone(b, loc)
		}
		if a.Before(from) {
			a = from
		}
		if b.After(to) {
			b = to
		}
		if b.After(a) {
			spans = append(spans, span{a, b})
		}
	}
	slices.SortFunc(spans, func(x, y span) int { return x.a.Compare(y.a) })
	out := []any{}
	for i := 0; i < len(spans); {
		a, b := spans[i].a, spans[i].b
		for i++; i < len(spans) && !spans[i].a.After(b); i++ {
			if spans[i].b.After(b) {
				b = spans[i].b
			}
		}
		out = append(out, object{"start": a.UTC().Format(time.RFC3339), "end": b.UTC().Format(time.RFC3339)})
	}
	return out
}

func inZone(t time.Time, loc *time.Location) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, loc)
}

// Hide makes a person's calendar invisible to others, free/busy included.
func (s *Server) Hide(calendarID string, hidden bool) {
	s.mu.Lock()
	defer s.release()
	if c := s.calendar(calendarID); c != nil {
		c.Hidden = hidden
		s.dirty = append(s.dirty, line{Calendar: c})
	}
}

// scopeAllows says whether a token's scopes cover a method. No scope at all, as
// of a token made by Token, covers everything.
func scopeAllows(scope, method string) bool {
	if scope == "" {
		return true
	}
	const base = "https://www.googleapis.com/auth/calendar"
	need := []string{base}
	switch method {
	case "events.list", "events.get", "events.instances":
		need = append(need, base+".readonly", base+".events", base+".events.readonly", base+".events.owned", base+".events.owned.readonly", base+".app.created")
	case "freebusy.query":
		need = append(need, base+".readonly", base+".freebusy", base+".events.freebusy")
	case "calendars.get", "calendars.insert":
		need = append(need, base+".calendars", base+".app.created", base+".readonly", base+".calendars.readonly")
	case "calendarList.list", "calendarList.get":
		need = append(need, base+".readonly", base+".calendarlist", base+".calendarlist.readonly")
	case "settings.get":
		need = append(need, base+".readonly", base+".settings.readonly")
	default:
		need = append(need, base+".events", base+".events.owned", base+".app.created")
	}
	for _, have := range splitScope(scope) {
		if slices.Contains(need, have) {
			return true
		}
	}
	return false
}
