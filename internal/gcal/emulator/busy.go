package emulator

import (
	"slices"
	"time"
)

// Most calendars and members of a group in one query, as Google documents.
const (
	maxBusyCalendars = 50
	maxBusyMembers   = 100
)

func (s *Server) freeBusy(c *call) *reply {
	if c.body["timeMin"] == nil || c.body["timeMax"] == nil {
		return fail(400, "global", "required", "Missing timeMin or timeMax.")
	}
	from, err1 := time.Parse(time.RFC3339, text(c.body["timeMin"]))
	to, err2 := time.Parse(time.RFC3339, text(c.body["timeMax"]))
	longest := s.opts.Switches.MaxFreeBusyDays
	if longest == 0 {
		longest = 90
	}
	zone, err3 := time.LoadLocation(text(c.body["timeZone"]))
	calendars, ok1 := bound(c.body["calendarExpansionMax"], maxBusyCalendars)
	members, ok2 := bound(c.body["groupExpansionMax"], maxBusyMembers)
	switch {
	case err1 != nil || err2 != nil:
		return fail(400, "global", "badRequest", "Bad Request")
	case err3 != nil:
		return invalid("Invalid time zone.")
	case !ok1 || !ok2:
		return invalid("Invalid expansion limit.")
	case !to.After(from):
		return fail(400, "calendar", "timeRangeEmpty", "The specified time range is empty.")
	case to.Sub(from) > time.Duration(longest)*24*time.Hour:
		return fail(400, "calendar", "timeRangeTooLong", "The requested time range is too long.")
	}
	out, groups, n := object{}, object{}, 0
	one := func(shown string) {
		id := shown
		if id == "primary" {
			id = c.user
		}
		if _, twice := out[shown]; twice {
			return
		}
		k := s.calendar(id)
		switch n++; {
		case n > calendars:
			out[shown] = busyError("tooManyCalendarsRequested")
		case k == nil, k.Hidden && k.role(c.user) == "":
			out[shown] = busyError("notFound")
		case s.opts.Switches.BusyError[fold(id)] != "":
			out[shown] = busyError(s.opts.Switches.BusyError[fold(id)])
		default:
			out[shown] = object{"busy": s.busy(k, from, to, zone)}
		}
	}
	for _, v := range asList(c.body["items"]) {
		o, _ := v.(object)
		id := text(o["id"])
		group, isGroup := s.groups[fold(id)]
		switch {
		case !isGroup:
			one(id)
		case len(group) > members:
			groups[id] = object{"errors": []any{object{"domain": "global", "reason": "groupTooBig"}}}
		default:
			names := []any{}
			for _, member := range group {
				one(member)
				names = append(names, member)
			}
			groups[id] = object{"calendars": names}
		}
	}
	o := object{"kind": "calendar#freeBusy", "timeMin": from.UTC().Format(timeMillis), "timeMax": to.UTC().Format(timeMillis), "calendars": out}
	if len(groups) > 0 {
		o["groups"] = groups
	}
	return ok(o)
}

// bound reads a limit; false where it is above what Google allows.
func bound(v any, most int) (int, bool) {
	f, given := v.(float64)
	if !given {
		return most, true
	}
	return int(f), f >= 1 && int(f) <= most
}

func busyError(reason string) object {
	return object{"errors": []any{object{"domain": "global", "reason": reason}}, "busy": []any{}}
}

// isBusy says whether an event takes its owner's time.
func (s *Server) isBusy(k *calendar, r *record) bool {
	if !r.live() || r.Private["transparency"] == "transparent" || r.text("eventType") == "workingLocation" {
		return false
	}
	sw := s.opts.Switches
	if sw.TentativeFree && r.Status == "tentative" {
		return false
	}
	if a := r.attendee(k.ID); a != nil && !r.master() {
		switch a.ResponseStatus {
		case "declined":
			return sw.BusyDeclined
		case "needsAction":
			return !sw.UnansweredFree
		case "tentative":
			return !sw.TentativeFree
		}
	}
	return true
}

// busy gives the stretches in which a calendar is busy, merged unless a switch
// says otherwise.
func (s *Server) busy(k *calendar, from, to time.Time, shown *time.Location) []any {
	type span struct{ a, b time.Time }
	var spans []span
	loc, _ := time.LoadLocation(k.Zone)
	for _, r := range k.events {
		if !s.isBusy(k, r) {
			continue
		}
		a, b := r.bounds(loc)
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
		for i++; !s.opts.Switches.BusyUnmerged && i < len(spans) && !spans[i].a.After(b); i++ {
			if spans[i].b.After(b) {
				b = spans[i].b
			}
		}
		out = append(out, object{"start": a.In(shown).Format(time.RFC3339), "end": b.In(shown).Format(time.RFC3339)})
	}
	return out
}

// bounds gives the instants of an event; an all-day one lasts from midnight to
// midnight of the calendar's zone.
func (r *record) bounds(loc *time.Location) (a, b time.Time) {
	a, b = r.Start.At, r.End.At
	if r.Start.Date != "" && loc != nil {
		a, b = inZone(a, loc), inZone(b, loc)
	}
	return a, b
}

func inZone(t time.Time, loc *time.Location) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, loc)
}

// SetGroup makes an address a group of people, for free/busy queries. No members
// takes it away. Groups do not outlive the process.
func (s *Server) SetGroup(address string, members ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.groups, fold(address))
	if len(members) > 0 {
		s.groups[fold(address)] = members
	}
}
