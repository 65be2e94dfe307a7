package emulator

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"windshield/internal/slot"
)

// object is a JSON object as it came in or goes out.
type object = map[string]any

// record is one event on one calendar: the organiser's own, or a guest's copy.
type record struct {
	Calendar  string
	ID        string
	ICalUID   string
	Status    string
	Created   time.Time
	Updated   time.Time
	Sequence  int64
	Version   int64 // of the last change
	Order     int64 // of creation, over all calendars
	Creator   string
	Organizer string // calendar id
	Start     moment
	End       moment
	Attendees []attendee `json:",omitempty"`
	Shared    object     `json:",omitempty"` // the same on every copy
	Private   object     `json:",omitempty"` // of this copy alone
	previous  *record    // before the last change, for stale reads
}

// attendee is a guest as the API shows him.
type attendee struct {
	Email            string `json:"email"`
	DisplayName      string `json:"displayName,omitempty"`
	ResponseStatus   string `json:"responseStatus,omitempty"`
	Comment          string `json:"comment,omitempty"`
	Optional         bool   `json:"optional,omitempty"`
	Resource         bool   `json:"resource,omitempty"`
	AdditionalGuests int64  `json:"additionalGuests,omitempty"`
}

// moment is a start or an end: an instant with the zone it was given in, or a date.
type moment struct {
	At   time.Time
	Zone string `json:",omitempty"`
	Date string `json:",omitempty"`
}

func (m moment) same(n moment) bool { return m.Date == n.Date && m.At.Equal(n.At) }

// Which fields are shared by all copies, and which belong to one.
var (
	sharedFields = []string{"summary", "description", "location", "guestsCanModify", "guestsCanInviteOthers", "guestsCanSeeOtherGuests",
		"conferenceData", "source", "eventType", "visibility", "recurrence", "attachments", "anyoneCanAddSelf"}
	privateFields = []string{"reminders", "colorId", "transparency"}
	guestRights   = []string{"guestsCanModify", "guestsCanInviteOthers", "guestsCanSeeOtherGuests", "anyoneCanAddSelf"}
)

func (r *record) etag() string { return `"` + strconv.FormatInt(3400000000000000+r.Version, 10) + `"` }

func (r *record) live() bool { return r.Status != "cancelled" }

// master says whether this is the organiser's own record.
func (r *record) master() bool { return r.Organizer == r.Calendar }

func (r *record) clone() *record {
	n := *r
	n.Attendees = slices.Clone(r.Attendees)
	n.Shared, n.Private = copyObject(r.Shared), copyObject(r.Private)
	n.previous = nil
	return &n
}

// same says whether nothing that a client can set differs.
func (r *record) same(n *record) bool {
	return r.Status == n.Status && r.Start.same(n.Start) && r.End.same(n.End) && r.Start.Zone == n.Start.Zone && r.End.Zone == n.End.Zone &&
		slices.Equal(r.Attendees, n.Attendees) && equalObjects(r.Shared, n.Shared) && equalObjects(r.Private, n.Private)
}

func equalObjects(a, b object) bool { return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b) }

func (r *record) attendee(address string) *attendee {
	for i := range r.Attendees {
		if fold(r.Attendees[i].Email) == address {
			return &r.Attendees[i]
		}
	}
	return nil
}

func (r *record) text(field string) string {
	t, _ := r.Shared[field].(string)
	return t
}

func (r *record) flag(field string, absent bool) bool {
	if b, ok := r.Shared[field].(bool); ok {
		return b
	}
	return absent
}

// copyObject copies maps at every depth; lists are never changed in place.
func copyObject(o object) object {
	n := maps.Clone(o)
	for k, v := range n {
		if m, ok := v.(object); ok {
			n[k] = copyObject(m)
		}
	}
	return n
}

// writable gives what a client could have written to get this record. A patch
// is merged into it.
func (r *record) writable() object {
	o := copyObject(r.Shared)
	if o == nil {
		o = object{}
	}
	for k, v := range copyObject(r.Private) {
		o[k] = v
	}
	ext := object{}
	for _, k := range []string{"shared", "private"} {
		if v, ok := o["ext."+k]; ok {
			ext[k] = v
			delete(o, "ext."+k)
		}
	}
	if len(ext) > 0 {
		o["extendedProperties"] = ext
	}
	o["status"] = r.Status
	o["start"], o["end"] = r.Start.render(r.Start.Zone), r.End.render(r.End.Zone)
	if len(r.Attendees) > 0 {
		list := make([]any, len(r.Attendees))
		for i, a := range r.Attendees {
			list[i] = a.render()
		}
		o["attendees"] = list
	}
	return o
}

func (a attendee) render() object {
	o := object{"email": a.Email, "responseStatus": a.ResponseStatus}
	if a.DisplayName != "" {
		o["displayName"] = a.DisplayName
	}
	if a.Comment != "" {
		o["comment"] = a.Comment
	}
	if a.Optional {
		o["optional"] = true
	}
	if a.Resource {
		o["resource"] = true
	}
	if a.AdditionalGuests != 0 {
		o["additionalGuests"] = a.AdditionalGuests
	}
	return o
}

func (m moment) render(zone string) object {
	if m.Date != "" {
		return object{"date": m.Date}
	}
	loc, err := slot.LoadZone(zone)
	if err != nil {
		loc = time.UTC
	}
	o := object{"dateTime": m.At.In(loc).Format(time.RFC3339)}
	if m.Zone != "" {
		o["timeZone"] = m.Zone
	}
	return o
}

// render gives the event as the API shows it to the owner of its calendar.
// zone is that of the times.
func (s *Server) render(r *record, zone string) object {
	c := s.calendars[r.Calendar]
	if zone == "" {
		zone = c.Zone
	}
	if s.opts.Switches.RenderZone != "" {
		zone = s.opts.Switches.RenderZone
	}
	if !r.live() && (s.opts.Switches.BareTombstones || !r.master()) {
		return object{"kind": "calendar#event", "etag": r.etag(), "id": r.ID, "status": r.Status}
	}
	o := r.writable()
	o["kind"], o["etag"], o["id"], o["iCalUID"] = "calendar#event", r.etag(), r.ID, r.ICalUID
	o["created"], o["updated"] = r.Created.Format(timeMillis), r.Updated.Format(timeMillis)
	o["sequence"] = r.Sequence
	o["creator"] = person(r.Creator, r.Calendar)
	o["organizer"] = person(r.Organizer, r.Calendar)
	o["start"], o["end"] = r.Start.render(zone), r.End.render(zone)
	if s.opts.BaseURL != "" {
		o["htmlLink"] = s.opts.BaseURL + eventPath(r.Calendar, r.ID)
	}
	if _, ok := o["eventType"]; !ok {
		o["eventType"] = "default"
	}
	if _, ok := o["reminders"]; !ok {
		o["reminders"] = object{"useDefault": true}
	}
	for _, k := range []string{"guestsCanModify", "anyoneCanAddSelf"} { // defaults are left out
		if o[k] == false {
			delete(o, k)
		}
	}
	for _, k := range []string{"guestsCanInviteOthers", "guestsCanSeeOtherGuests"} {
		if o[k] == true {
			delete(o, k)
		}
	}
	if list, ok := o["attendees"].([]any); ok {
		for _, v := range list {
			a := v.(object)
			if fold(a["email"].(string)) == r.Organizer {
				a["organizer"] = true
			}
			if fold(a["email"].(string)) == r.Calendar {
				a["self"] = true
			}
		}
	}
	return o
}

const timeMillis = "2006-01-02T15:04:05.000Z"

func person(address, self string) object {
	o := object{"email": address}
	if address == self {
		o["self"] = true
	}
	return o
}

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
	for _, k := range []string{"summary", "description", "location"} {
		if _, isText := shared[k].(string); shared[k] != nil && !isText {
			return fail(400, "global", "parseError", "Parse Error")
		}
	}
	if rem, ok := private["reminders"].(object); ok {
		list, _ := rem["overrides"].([]any)
		if len(list) > 5 {
			return invalid("There can be at most 5 reminder overrides.")
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
