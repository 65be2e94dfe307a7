package gcal

import (
	"strings"
	"time"

	"google.golang.org/api/calendar/v3"

	"windshield/internal/calsync"
	"windshield/internal/slot"
)

// newEvent gives Google's form of an event to insert. Times go out as wall time
// and zone, never as an offset that we computed.
func newEvent(n calsync.New) *calendar.Event {
	e := &calendar.Event{
		Id: n.ID, Summary: n.Title, Description: n.Description, Location: n.Location, Status: string(n.Status),
		Start: moment(n.When, n.When.Start), End: moment(n.When, n.When.End),
		Attendees: attendees(n.Guests), GuestsCanModify: n.GuestsMayMove,
		ExtendedProperties: &calendar.EventExtendedProperties{Private: n.Marks},
	}
	if n.HideGuests {
		e.GuestsCanSeeOtherGuests = new(bool)
	}
	if n.Reminders != nil {
		e.Reminders = reminders(n.Reminders)
	}
	return e
}

// patchEvent gives the fields of a patch and nothing else. It always starts from
// an empty event: a fetched one sent back would overwrite what people changed.
// The library leaves out empty values unless they are forced.
func patchEvent(p calsync.Patch) *calendar.Event {
	e := &calendar.Event{}
	for _, f := range []struct {
		value *string
		field *string
		name  string
	}{{p.Title, &e.Summary, "Summary"}, {p.Description, &e.Description, "Description"}, {p.Location, &e.Location, "Location"}} {
		switch {
		case f.value == nil:
		case *f.value == "":
			e.NullFields = append(e.NullFields, f.name)
		default:
			*f.field = *f.value
		}
	}
	if p.Status != nil {
		e.Status = string(*p.Status)
	}
	if p.When != nil {
		e.Start, e.End = moment(*p.When, p.When.Start), moment(*p.When, p.When.End)
		other := []string{"Date"}
		if p.When.AllDay {
			other = []string{"DateTime", "TimeZone"}
		}
		e.Start.NullFields, e.End.NullFields = other, other
	}
	if p.Guests != nil {
		e.Attendees = attendees(*p.Guests)
		e.ForceSendFields = append(e.ForceSendFields, "Attendees")
	}
	if p.Own != nil {
		e.Attendees, e.AttendeesOmitted = attendees([]calsync.Guest{*p.Own}), true
	}
	if p.Reminders != nil {
		e.Reminders = reminders(*p.Reminders)
	}
	if p.GuestsMayMove != nil {
		e.GuestsCanModify = *p.GuestsMayMove
		e.ForceSendFields = append(e.ForceSendFields, "GuestsCanModify")
	}
	if p.HideGuests != nil {
		see := !*p.HideGuests
		e.GuestsCanSeeOtherGuests = &see
	}
	if len(p.Marks) > 0 {
		e.ExtendedProperties = &calendar.EventExtendedProperties{Private: p.Marks}
	}
	return e
}

func moment(w calsync.When, at calsync.Wall) *calendar.EventDateTime {
	if w.AllDay {
		return &calendar.EventDateTime{Date: string(at)}
	}
	return &calendar.EventDateTime{DateTime: string(at), TimeZone: w.Zone}
}

// attendees gives whole entries: one without an answer would reset it.
func attendees(guests []calsync.Guest) []*calendar.EventAttendee {
	out := make([]*calendar.EventAttendee, 0, len(guests))
	for _, g := range guests {
		answer := g.Answer
		if answer == "" {
			answer = calsync.NeedsAction
		}
		out = append(out, &calendar.EventAttendee{Email: g.Email, DisplayName: g.Name, ResponseStatus: string(answer), Comment: g.Comment,
			Optional: g.Optional, Resource: g.Resource, AdditionalGuests: g.Plus})
	}
	return out
}

func reminders(rs []calsync.Reminder) *calendar.EventReminders {
	if rs == nil {
		return &calendar.EventReminders{UseDefault: true, NullFields: []string{"Overrides"}}
	}
	out := &calendar.EventReminders{ForceSendFields: []string{"UseDefault", "Overrides"}, Overrides: []*calendar.EventReminder{}}
	for _, r := range rs {
		out.Overrides = append(out.Overrides, &calendar.EventReminder{Method: r.Method, Minutes: r.Minutes, ForceSendFields: []string{"Minutes"}})
	}
	return out
}

// seenEvent reads Google's form; nil gives the zero event.
func seenEvent(e *calendar.Event) calsync.Event {
	if e == nil {
		return calsync.Event{}
	}
	out := calsync.Event{
		ID: e.Id, ICalUID: e.ICalUID, ETag: e.Etag, Status: calsync.Status(e.Status), Sequence: e.Sequence,
		Title: e.Summary, Description: e.Description, Location: e.Location, When: seenWhen(e.Start, e.End),
		GuestsMayMove: e.GuestsCanModify, HideGuests: e.GuestsCanSeeOtherGuests != nil && !*e.GuestsCanSeeOtherGuests, GuestsHidden: e.AttendeesOmitted, Link: e.HtmlLink,
	}
	if out.Status == "" {
		out.Status = calsync.Confirmed
	}
	if t, err := time.Parse(time.RFC3339, e.Updated); err == nil {
		out.Updated = t.UTC()
	}
	if e.Organizer != nil {
		out.Organizer, out.OrganizerSelf = strings.ToLower(e.Organizer.Email), e.Organizer.Self
	}
	for _, a := range e.Attendees {
		out.Guests = append(out.Guests, calsync.Guest{Email: a.Email, Name: a.DisplayName, Answer: calsync.Answer(a.ResponseStatus), Comment: a.Comment,
			Optional: a.Optional, Organizer: a.Organizer, Resource: a.Resource, Plus: a.AdditionalGuests})
	}
	if e.Reminders != nil && !e.Reminders.UseDefault {
		out.Reminders = []calsync.Reminder{}
		for _, r := range e.Reminders.Overrides {
			out.Reminders = append(out.Reminders, calsync.Reminder{Method: r.Method, Minutes: r.Minutes})
		}
	}
	if e.ExtendedProperties != nil {
		out.Marks = e.ExtendedProperties.Private
	}
	return out
}

// seenWhen turns instants, in whatever zone they were rendered, into wall times
// of the event's own zone; a bare tombstone has none.
func seenWhen(start, end *calendar.EventDateTime) calsync.When {
	if start == nil || end == nil {
		return calsync.When{}
	}
	if start.Date != "" {
		return calsync.When{Start: calsync.Wall(start.Date), End: calsync.Wall(end.Date), AllDay: true}
	}
	s, err1 := time.Parse(time.RFC3339, start.DateTime)
	e, err2 := time.Parse(time.RFC3339, end.DateTime)
	if err1 != nil || err2 != nil {
		return calsync.When{}
	}
	zone := start.TimeZone
	loc, err := slot.LoadZone(zone)
	if err != nil {
		zone, loc = "UTC", time.UTC
	}
	return calsync.When{Start: calsync.WallOf(s, loc), End: calsync.WallOf(e, loc), Zone: zone}
}
