package calsync

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// Standing is how the calendar stands against what is wanted for one visit.
type Standing string

const (
	AsWanted Standing = "as wanted"
	Touched  Standing = "edited"    // as wanted, but for texts that people changed and that are left to them
	Waiting  Standing = "waiting"   // our own work is not done yet
	Lost     Standing = "missing"   // wanted and acknowledged, but not there
	Differs  Standing = "differs"   // there, but not as wanted: Finding.Fields
	Leftover Standing = "left over" // cancelled by us and acknowledged, but still there
	Doubled  Standing = "doubled"   // more than one live event: Finding.Others
	Orphan   Standing = "orphan"    // bears our mark, but no visit of ours stands behind it here
	Parked   Standing = "parked"    // will never be accepted as it is
	Disputed Standing = "conflict"  // a person has to decide
)

// Standings lists every standing, what is well first.
var Standings = []Standing{AsWanted, Touched, Waiting, Lost, Differs, Leftover, Doubled, Orphan, Parked, Disputed}

// Well says whether nothing is to be done about an event that stands like this.
func (s Standing) Well() bool { return s == AsWanted || s == Touched }

// Mendable says whether another Apply under the normal rules may help.
func (s Standing) Mendable() bool { return s == Lost || s == Differs || s == Leftover }

// Record is what we believe about one event.
type Record struct {
	Want Want
	Base Base
	Open Standing // Waiting, Parked or Disputed where our own work is not at its end; "" where it is
}

// Finding is how one event, or one event too many, stands.
type Finding struct {
	Standing Standing `json:"standing"`
	Visit    string   `json:"visit,omitempty"` // "" for an orphan without a readable mark
	Calendar string   `json:"calendar"`
	EventID  string   `json:"event,omitempty"`
	Fields   []Field  `json:"fields,omitempty"` // what differs, or was edited
	Others   []string `json:"others,omitempty"` // ids of the events too many
}

// Verify compares what is wanted with the events of one calendar. It is pure and
// asks the same Reconcile as the engine. Cancelled visits of which nothing is
// left give no finding. events are the live events of the whole calendar;
// foreign ones are passed over.
func Verify(env, calendar string, records []Record, events []Event) []Finding {
	byID, byVisit := map[string]Event{}, map[string][]string{}
	for _, e := range events {
		if !e.Live() {
			continue
		}
		byID[e.ID] = e
		if v, ok := visitOf(env, e); ok {
			byVisit[v] = append(byVisit[v], e.ID)
		}
	}
	var out []Finding
	claimed := map[string]bool{}
	for _, r := range records {
		id := r.Base.EventID
		there := byVisit[r.Want.Visit]
		if e, ok := byID[id]; ok && !slices.Contains(there, id) && !foreign(r.Want, r.Base, e) {
			there = append(there, id) // its mark was lost
		}
		for _, x := range there {
			claimed[x] = true
		}
		f := Finding{Visit: r.Want.Visit, Calendar: calendar, EventID: id}
		switch {
		case len(there) > 1:
			f.Standing, f.Others = Doubled, slices.DeleteFunc(slices.Clone(there), func(x string) bool { return x == id })
		case r.Open != "":
			f.Standing = r.Open
		case r.Want.Gone && len(there) == 0:
			continue
		case r.Want.Gone && there[0] != id: // of a generation that we do not know: nothing of ours will delete it
			f.Standing, f.EventID = Orphan, there[0]
		case r.Want.Gone:
			f.Standing, f.EventID = Leftover, there[0]
		case len(there) == 0:
			f.Standing = Lost
		case there[0] != id:
			f.Standing, f.Others = Doubled, there // of another generation than the one that was agreed
		default:
			f.Standing, f.Fields = stand(r, byID[id])
		}
		out = append(out, f)
	}
	for _, e := range events {
		v, marked := visitOf(env, e)
		if marked && e.Live() && !claimed[e.ID] {
			out = append(out, Finding{Standing: Orphan, Visit: v, Calendar: calendar, EventID: e.ID})
			claimed[e.ID] = true // a list may bring it twice
		}
	}
	return out
}

// visitOf reads our mark: whose visit the event is of, and whether it is of this
// installation and organised by this calendar. Copies at guests bear no mark.
func visitOf(env string, e Event) (visit string, marked bool) {
	if e.Marks[MarkEnv] != env {
		return "", false
	}
	if parts := strings.Split(e.Marks[MarkKey], "/"); len(parts) == 3 && parts[0] == env {
		visit = parts[1]
	}
	return visit, true
}

// left are the fields in which people's edits are left to them for good. Any
// other field that people changed is read back and becomes a change of the visit.
var left = []Field{FieldTitle, FieldDescription, FieldLocation, FieldReminders, FieldRights}

// stand compares one event that is there with what was wanted and agreed.
func stand(r Record, e Event) (Standing, []Field) {
	d := Reconcile(r.Want, Look{Done: true, Event: &e}, r.Base)
	var fields []Field
	switch d.Action {
	case Nothing:
		for _, f := range d.Kept {
			if !slices.Contains(left, f) {
				fields = append(fields, f)
			}
		}
		switch {
		case len(fields) > 0:
			return Differs, fields
		case len(d.Kept) > 0:
			return Touched, d.Kept
		}
		return AsWanted, nil
	case Amend:
		return Differs, d.Fields
	case Ask:
		for _, c := range d.Conflicts {
			fields = append(fields, c.Field)
		}
		return Disputed, fields
	case Read: // older than what the calendar acknowledged
		for _, f := range ownedFields {
			if f.of(r.Want.Content) != f.of(contentOf(e)) && (f.name != FieldReminders || r.Want.Reminders != nil) {
				fields = append(fields, f.name)
			}
		}
		return Differs, fields
	}
	return Waiting, nil
}

// mostLookedUp bounds how many events that a list lacks are looked up one by one.
const mostLookedUp = 50

// Examine reads the whole of one calendar and verifies it; it never writes. A
// list that lacks events which are there is not believed: what is missing is
// looked up, of many a sample. Errors are *Error, of class Stale where the list
// left out events that are there.
func Examine(ctx context.Context, cal Calendar, env, calendar string, records []Record) ([]Finding, error) {
	listed, err := whole(ctx, cal, calendar)
	if err != nil {
		return nil, err
	}
	var lost []string
	for _, r := range records {
		if r.Open == "" && !r.Want.Gone && !listed[r.Base.EventID].Live() {
			lost = append(lost, r.Base.EventID)
		}
	}
	sample, many := lost, len(lost) > mostLookedUp
	if many {
		sample = nil
		for i := range sampleSize {
			sample = append(sample, lost[i*len(lost)/sampleSize])
		}
	}
	for _, id := range sample {
		e, err := lookUp(ctx, cal, calendar, id)
		switch {
		case err != nil:
			return nil, err
		case e.Live() && many:
			return nil, &Error{Class: Stale, Call: "list", Reason: string(FalseList)}
		case e.Live():
			listed[id] = e
		}
	}
	events := slices.SortedFunc(maps.Values(listed), func(a, b Event) int { return strings.Compare(a.ID, b.ID) })
	return Verify(env, calendar, records, events), nil
}

// whole reads all pages of a calendar and keeps of each event the newest version.
func whole(ctx context.Context, cal Calendar, calendar string) (map[string]Event, error) {
	events := map[string]Event{}
	q := Query{}
	for range maxPages {
		page, err := cal.List(ctx, calendar, q)
		if err != nil {
			return nil, err
		}
		for _, e := range page.Events {
			if before, again := events[e.ID]; !again || !e.Updated.Before(before.Updated) {
				events[e.ID] = e
			}
		}
		if page.Next == "" {
			return events, nil
		}
		q.Page = page.Next
	}
	return nil, &Error{Class: Unknown, Call: "list", Reason: "endless pages"}
}

// Reopen gives the base with which the next Apply looks at the event again
// instead of trusting what was acknowledged. Everything else holds: what people
// deleted is still asked about, what they edited is still kept.
func Reopen(b Base, s Standing) Base {
	b.Hash = ""
	if s == Leftover {
		b.Over, b.Confirmed, b.Seen.Deleted = false, true, false
	}
	return b
}
