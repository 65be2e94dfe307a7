package emulator

import (
	"slices"
	"strings"
	"time"

	"windshield/internal/slot"
)

// fill sets a record's fields from a whole writable object, as insert and update
// get it, and as a patch becomes after merging.
func (s *Server) fill(r *record, o object) *reply {
	zone := s.calendars[r.Calendar].Zone
	start, bad := parseMoment(o["start"], zone, "start")
	if bad != nil {
		return bad
	}
	end, bad := parseMoment(o["end"], zone, "end")
	if bad != nil {
		return bad
	}
	if (start.Date == "") != (end.Date == "") {
		return invalid("Start and end times must either both be date or both be dateTime.")
	}
	if !end.At.After(start.At) {
		return fail(400, "calendar", "timeRangeEmpty", "The specified time range is empty.")
	}
	r.Start, r.End = start, end
	switch st, _ := o["status"].(string); st {
	case "":
		r.Status = "confirmed"
	case "confirmed", "tentative", "cancelled":
		r.Status = st
	default:
		return invalid("Invalid value for: status")
	}
	if r.Attendees, bad = parseAttendees(o["attendees"]); bad != nil {
		return bad
	}
	shared, private := object{}, object{}
	for _, k := range sharedFields {
		if v, ok := o[k]; ok && v != nil && v != "" {
			shared[k] = v
		}
	}
	for _, k := range privateFields {
		if v, ok := o[k]; ok && v != nil && v != "" {
			private[k] = v
		}
	}
	if d, ok := shared["description"].(string); ok && len([]rune(d)) > 8192 {
		return invalid("The description exceeds the allowed size limit.")
	}
	if bad := checkKinds(r, shared, private); bad != nil {
		return bad
	}
	if rem, ok := private["reminders"].(object); ok {
		list, _ := rem["overrides"].([]any)
		if len(list) > 5 {
			return invalid("There can be at most 5 reminder overrides.")
		}
		for _, v := range list {
			one, _ := v.(object)
			minutes, isNumber := one["minutes"].(float64)
			if way := text(one["method"]); !isNumber || minutes < 0 || minutes > 40320 || way != "email" && way != "popup" {
				return invalid("Invalid reminder.")
			}
		}
		if rem["useDefault"] == true && len(list) > 0 {
			return fail(400, "calendar", "cannotUseDefaultRemindersAndSpecifyOverride", "Cannot specify both default reminders and overrides at the same time.")
		}
		if len(list) == 0 && rem["useDefault"] == true {
			delete(private, "reminders")
		}
	}
	if ext, ok := o["extendedProperties"].(object); ok {
		n := 0
		for kind, into := range map[string]object{"shared": shared, "private": private} {
			m, ok := ext[kind].(object)
			if !ok || len(m) == 0 {
				continue
			}
			for k, v := range m {
				t, isText := v.(string)
				if n++; !isText || len(k) > 44 || len(t) > 1024 || n > 300 {
					return invalid("Invalid extended property.")
				}
			}
			into["ext."+kind] = m
		}
	}
	r.Shared, r.Private = shared, private
	return nil
}

// checkKinds holds an event against the rules of its kind, which never changes.
func checkKinds(r *record, shared, private object) *reply {
	kind := text(shared["eventType"])
	if kind == "" {
		kind = "default"
	}
	if was := r.text("eventType"); r.Version > 0 && kind != was && (kind != "default" || was != "") {
		return invalid("The event type cannot be changed.")
	}
	for field, choices := range map[string]string{"visibility": "default public private confidential", "transparency": "opaque transparent"} {
		v := text(shared[field]) + text(private[field])
		if v != "" && !slices.Contains(strings.Fields(choices), v) {
			return invalid("Invalid value for: " + field)
		}
	}
	if id, given := private["colorId"]; given && !isColour(text(id), eventColours) {
		return invalid("Invalid colour.")
	}
	switch kind {
	case "default":
		return nil
	case "outOfOffice", "focusTime", "workingLocation":
	default:
		return fail(400, "calendar", "eventTypeRestriction", "Events of the type "+kind+" cannot be made.")
	}
	switch {
	case strings.HasSuffix(r.Calendar, groupDomain):
		return fail(400, "calendar", "eventTypeRestriction", "Events of the type "+kind+" can only be created on primary calendars.")
	case len(r.Attendees) > 0:
		return fail(400, "calendar", "eventTypeRestriction", "Events of the type "+kind+" cannot have attendees.")
	case kind != "workingLocation" && r.Start.Date != "":
		return fail(400, "calendar", "eventTypeRestriction", "Events of the type "+kind+" cannot be all-day events.")
	case kind == "workingLocation" && (shared["visibility"] != "public" || private["transparency"] != "transparent"):
		return fail(400, "calendar", "eventTypeRestriction", "A working location event must be public and transparent.")
	}
	for _, field := range []string{"outOfOfficeProperties", "focusTimeProperties"} {
		if p, has := shared[field].(object); has {
			if field != kind+"Properties" {
				return invalid("The properties do not belong to the event type.")
			}
			if mode := text(p["autoDeclineMode"]); mode != "" && !slices.Contains([]string{"declineNone", "declineAllConflictingInvitations", "declineOnlyNewConflictingInvitations"}, mode) {
				return invalid("Invalid auto decline mode.")
			}
		}
	}
	return nil
}

func parseMoment(v any, zone, field string) (moment, *reply) {
	o, ok := v.(object)
	if !ok {
		return moment{}, fail(400, "global", "required", "Missing "+field+" time.")
	}
	date, _ := o["date"].(string)
	at, _ := o["dateTime"].(string)
	name, _ := o["timeZone"].(string)
	switch {
	case date != "" && at != "" || date == "" && at == "":
		return moment{}, invalid("Invalid start or end time.")
	case date != "":
		t, err := time.Parse("2006-01-02", date)
		if err != nil {
			return moment{}, invalid("Invalid value for: " + field)
		}
		return moment{At: t, Date: date}, nil
	}
	if name != "" {
		zone = name
	}
	loc, err := slot.LoadZone(zone)
	if err != nil {
		return moment{}, invalid("Invalid time zone definition for " + field + " time.")
	}
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		if name == "" {
			return moment{}, fail(400, "global", "required", "Missing time zone definition for "+field+" time.")
		}
		if t, err = time.ParseInLocation("2006-01-02T15:04:05", at, loc); err != nil {
			return moment{}, invalid("Invalid value for: " + field)
		}
	}
	return moment{At: t.UTC(), Zone: zone}, nil
}

func parseAttendees(v any) ([]attendee, *reply) {
	if v == nil {
		return nil, nil
	}
	list, ok := v.([]any)
	if !ok {
		return nil, fail(400, "global", "parseError", "Parse Error")
	}
	var out []attendee
	seen := map[string]bool{}
	for _, v := range list {
		o, ok := v.(object)
		if !ok {
			return nil, fail(400, "global", "parseError", "Parse Error")
		}
		a := attendee{}
		a.Email, _ = o["email"].(string)
		a.DisplayName, _ = o["displayName"].(string)
		a.Comment, _ = o["comment"].(string)
		a.ResponseStatus, _ = o["responseStatus"].(string)
		a.Optional, _ = o["optional"].(bool)
		a.Resource, _ = o["resource"].(bool)
		switch n := o["additionalGuests"].(type) {
		case float64:
			a.AdditionalGuests = int64(n)
		case int64:
			a.AdditionalGuests = n
		}
		local, domain, at := strings.Cut(a.Email, "@")
		if !at || local == "" || !strings.Contains(domain, ".") || strings.ContainsAny(a.Email, " \t\r\n<>,") {
			return nil, invalid("Invalid attendee email.")
		}
		switch a.ResponseStatus {
		case "":
			a.ResponseStatus = "needsAction"
		case "needsAction", "declined", "tentative", "accepted":
		default:
			return nil, invalid("Invalid value for: responseStatus")
		}
		if key := fold(a.Email); !seen[key] {
			seen[key] = true
			out = append(out, a)
		}
	}
	if len(out) > 200 {
		return nil, fail(400, "calendar", "invalid", "Too many attendees.")
	}
	return out, nil
}

// mergePatch merges a patch into an object: maps merge, lists and values
// replace, null removes.
func mergePatch(o, patch object) object {
	for k, v := range patch {
		switch v := v.(type) {
		case nil:
			delete(o, k)
		case object:
			sub, ok := o[k].(object)
			if !ok {
				sub = object{}
			}
			o[k] = mergePatch(copyObject(sub), v)
		default:
			o[k] = v
		}
	}
	return o
}
