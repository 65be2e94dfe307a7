package emulator

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
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
		"conferenceData", "hangoutLink", "source", "eventType", "visibility", "recurrence", "attachments", "anyoneCanAddSelf",
		"outOfOfficeProperties", "focusTimeProperties", "workingLocationProperties"}
	privateFields = []string{"reminders", "colorId", "transparency", "eventLabelId"}
	guestRights   = []string{"guestsCanModify", "guestsCanInviteOthers", "guestsCanSeeOtherGuests", "anyoneCanAddSelf"}
)

func (r *record) etag() string { return etagOf(r.Version) }

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
	if r.text("eventType") == "outOfOffice" { // since 2021 Google names nobody there
		o["organizer"] = object{"email": "unknownorganizer@calendar.google.com"}
	}
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
	if o["visibility"] == "default" {
		delete(o, "visibility")
	}
	if o["transparency"] == "opaque" {
		delete(o, "transparency")
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

// show gives an event as an answer to a call: with the times and as many guests
// as asked for, and as much as the caller may see.
func (s *Server) show(c *call, r *record) object {
	o := s.render(r, c.query.Get("timeZone"))
	role := c.calendar.role(c.user)
	hidden := r.text("visibility") == "private" || r.text("visibility") == "confidential"
	if r.live() && (role == "freeBusyReader" || hidden && rank(role) < rank("writer")) {
		m := object{}
		for _, k := range []string{"kind", "etag", "id", "status", "iCalUID", "start", "end", "created", "updated", "eventType", "transparency"} {
			if v, has := o[k]; has {
				m[k] = v
			}
		}
		m["visibility"] = "private"
		return m
	}
	list, _ := o["attendees"].([]any)
	if most, err := strconv.Atoi(c.query.Get("maxAttendees")); err == nil && len(list) > most {
		own := []any{}
		for _, v := range list {
			if v.(object)["self"] == true {
				own = append(own, v)
			}
		}
		o["attendees"], o["attendeesOmitted"] = own, true
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
