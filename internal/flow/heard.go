package flow

import (
	"slices"
	"strings"

	"windshield/internal/calsync"
	"windshield/internal/locale"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// loss is what a person has said about events that are gone.
type loss int

const (
	nobodyAsked loss = iota
	believed         // they are really gone
	byMistake        // they are gone, and everybody is to be invited again
	unsure           // nobody was asked, and not everywhere was looked where they may have been moved to
)

// verdictOn gives what a person has said about many events that are gone at once.
func verdictOn(c calsync.Cursor) loss {
	switch {
	case c.Believe && c.PutBack:
		return byMistake
	case c.Believe:
		return believed
	}
	return nobodyAsked
}

// observe applies what people did to one event to its visit.
func (f *Flow) observe(tx Tx, calendar string, seen calsync.Event, said loss) error {
	rows, err := tx.Calendars.OnCalendar(calendar, []string{seen.ID})
	if err != nil || len(rows) == 0 {
		return err
	}
	e := rows[0]
	changes, base := calsync.Observe(e.Base, seen)
	if sameBase(base, e.Base) && len(changes) == 0 {
		return nil
	}
	e.Base, e.Updated = base, f.Now().UTC()
	if e.State == EventConflict && len(changes) > 0 { // people may have settled it
		e.State = EventWaiting
		if err := tx.Queue.Enqueue(Job{Kind: JobApply, Key: e.VisitID}); err != nil {
			return err
		}
	}
	if err := tx.Calendars.Save(&e); err != nil {
		return err
	}
	if len(changes) == 0 {
		return nil
	}
	rules, err := policy(tx)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if err := f.heard(tx, rules, e.VisitID, c, said); err != nil {
			return err
		}
	}
	return nil
}

// heard applies one thing that people did. The visit is read again each time: the
// change before may have changed it.
func (f *Flow) heard(tx Tx, rules CalendarPolicy, visitID string, c calsync.Change, said loss) error {
	v, err := tx.Visits.Get(visitID)
	if err != nil {
		return err
	}
	if c.Kind == calsync.Restored {
		return f.putBack(tx, v)
	}
	// What people tidy away after the visit has begun says nothing about it.
	if !v.State.Live() || c.Kind != calsync.Moved && !v.Start.After(f.Now()) {
		return nil
	}
	switch c.Kind {
	case calsync.Answered:
		return f.answered(tx, v, c)
	case calsync.Moved:
		return f.moved(tx, rules, v, c)
	case calsync.Edited:
		return f.edited(tx, rules, v, c)
	case calsync.GuestAdded:
		return f.note(tx, v.ID, CalendarNote{Kind: NoteGuestAdded, Guest: c.Guest})
	case calsync.GuestRemoved:
		return f.takenOff(tx, v, c)
	case calsync.Taken:
		if err := f.note(tx, v.ID, CalendarNote{Kind: NoteTaken}); err != nil {
			return err
		}
		return f.conflict(tx, v, "entry taken over", "Somebody else organises the calendar entry now, and Windshield no longer writes to it. Invite again from here, or cancel the visit.")
	case calsync.Deleted:
		return f.deletedInCalendar(tx, rules, v, said)
	}
	return nil
}

// conflict leaves a visit as it is and shows what a person has to decide.
func (f *Flow) conflict(tx Tx, v visit.Visit, action, why string) error {
	v.Conflict = why
	if err := tx.Visits.Save(&v); err != nil {
		return err
	}
	return f.audit(tx, calendarActor, action, "visit/"+v.ID, nil)
}

var answers = map[calsync.Answer]visit.Answer{
	calsync.NeedsAction: visit.NoAnswer, calsync.Accepted: visit.Accepted, calsync.Maybe: visit.Tentative, calsync.Declined: visit.Refused,
}

// answered notes every guest's answer. The executive's is the visit's; what a host
// or a customer says is shown and says nothing about the executive.
func (f *Flow) answered(tx Tx, v visit.Visit, c calsync.Change) error {
	executive, err := tx.People.Get(v.ExecutiveID)
	if err != nil {
		return err
	}
	n := CalendarNote{Kind: NoteAnswered, Guest: c.Guest, Words: strings.TrimSpace(string(answers[c.Answer]) + " " + c.Comment)}
	ofExecutive := strings.EqualFold(c.Guest, executive.Email)
	switch {
	case c.Machine:
		n.Kind = NoteAutoDeclined
	case c.Answer == calsync.NeedsAction: // a new time asks everybody anew
		n.Kind, n.Words = NoteReset, "the time has changed"
		if ofExecutive && v.Answer == visit.NoAnswer {
			return nil // said when the visit was moved
		}
		if ofExecutive {
			n.Words = string(v.Answer) + " was said before the time changed"
		}
	}
	if err := f.note(tx, v.ID, n); err != nil || !ofExecutive {
		return err
	}
	note, err := text("comment", c.Comment, 500)
	if err != nil {
		note = string([]rune(c.Comment)[:500])
	}
	if c.Machine {
		return f.declinedByMachine(tx, v, executive, note)
	}
	answer := answers[c.Answer]
	if answer == visit.Refused && note == "" {
		note = "Declined in the calendar, without a reason."
	}
	return f.takeAnswer(tx, calendarActor, v, answer, note)
}

// declinedByMachine keeps the visit and asks for another time: nobody has said no,
// and the same time would be declined again, however often it was asked for.
func (f *Flow) declinedByMachine(tx Tx, v visit.Visit, executive roster.Person, comment string) error {
	v.Answer, v.AnswerNote = visit.Refused, "Declined by the calendar itself, since "+executive.Name+" is away."
	if comment != "" {
		v.AnswerNote += " " + comment
	}
	return f.conflict(tx, v, "declined by a calendar", executive.Name+" is away ("+f.words(v.Slot)+"): the calendar has declined by itself. Choose another time or somebody else; nobody is asked again for this one.")
}

// answerInCalendar gives the executive's answer as the calendar was last seen to
// hold it, "" where it holds none of the executive's.
func (f *Flow) answerInCalendar(tx Tx, v visit.Visit) (visit.Answer, error) {
	events, err := tx.Calendars.Events(v.ID)
	if err != nil || len(events) == 0 {
		return "", err
	}
	executive, err := tx.People.Get(v.ExecutiveID)
	if err != nil {
		return "", err
	}
	for _, g := range events[0].Base.Seen.Guests {
		if strings.EqualFold(g.Email, executive.Email) {
			return answers[g.Answer], nil
		}
	}
	return "", nil
}

// afterWrite brings visit and calendar to one answer after a write of ours. An
// answer from before there was an event is carried there. Calendars that keep the
// answers when the time changes are followed, but for a refusal, which was about
// the time before.
func (f *Flow) afterWrite(tx Tx, visitID string, out calsync.Outcome) error {
	v, err := tx.Visits.Get(visitID)
	if err != nil || !v.State.Live() {
		return err
	}
	if v.Answer != visit.NoAnswer {
		return carryLater(tx, v)
	}
	if !slices.Contains(out.Fields, calsync.FieldTime) {
		return nil
	}
	answer, err := f.answerInCalendar(tx, v)
	if err != nil {
		return err
	}
	switch answer {
	case visit.Accepted, visit.Tentative:
		return f.takeAnswer(tx, calendarActor, v, answer, "")
	case visit.Refused:
		v.Answer, v.AnswerNote = visit.Refused, "The calendar still says no, from the time before."
		return f.conflict(tx, v, "refusal kept", "The calendar still says no, from the time before. Ask the executive, or answer here.")
	}
	return nil
}

// movable reads a new time at the customer's place; why says what is wrong with it.
func (f *Flow) movable(v visit.Visit, w calsync.When) (why string, to slot.Slot, begins, ends string) {
	if w.AllDay {
		return "to a whole day: say at what time.", v.Slot, "", ""
	}
	start, end, err := w.Instants()
	loc, zoneErr := slot.LoadZone(v.Zone)
	if err != nil || zoneErr != nil {
		return "to a time that cannot be read.", v.Slot, "", ""
	}
	to = slot.FromInstant(start, loc)
	begins, ends = start.In(loc).Format("15:04"), end.In(loc).Format("15:04")
	switch {
	case slot.DateOf(end, loc) != to.Date || ends <= begins:
		why = "it would not end on the day it begins."
	case !start.After(f.Now()):
		why = "into the past."
	}
	return why, to, begins, ends
}

// speaksAgainst says why a visit cannot stand in a half-day; "" where nothing does:
// leave, other visits, the customer's windows, the end of the plan.
func (f *Flow) speaksAgainst(tx Tx, v visit.Visit, to slot.Slot) (string, error) {
	why, err := f.taken(tx, v, to)
	if err != nil {
		return "", err
	}
	customers, err := customersOf(tx, []visit.Visit{v})
	if err != nil {
		return "", err
	}
	c := customers[v.CustomerID]
	if len(c.Windows) > 0 && !slot.In(to.Date, c.Windows) {
		why = append(why, c.Name+" is to be visited in other weeks")
	}
	if slot.In(to.Date, c.Blackouts) {
		why = append(why, c.Name+" must not be visited then")
	}
	if v.PlanID != "" {
		p, err := tx.Plans.Get(v.PlanID)
		if err != nil {
			return "", err
		}
		if p.Horizon != (slot.Interval{}) && !slot.In(to.Date, []slot.Interval{p.Horizon}) {
			why = append(why, "the plan ends before or begins later")
		}
	}
	if len(why) == 0 {
		return "", nil
	}
	return strings.Join(why, " and ") + " (" + f.words(to) + ").", nil
}

// taken says who has another visit or leave in a half-day.
func (f *Flow) taken(tx Tx, v visit.Visit, to slot.Slot) ([]string, error) {
	booked, err := tx.Bookings.Between(slot.Interval{Start: to.Date, End: to.Date}, v.ExecutiveID, v.HostID)
	if err != nil {
		return nil, err
	}
	var why []string
	for _, id := range []string{v.ExecutiveID, v.HostID} {
		i := slices.IndexFunc(booked, func(b visit.Booking) bool { return b.PersonID == id && b.Slot == to && b.VisitID != v.ID })
		if i < 0 || id == v.HostID && id == v.ExecutiveID && len(why) > 0 {
			continue
		}
		p, err := tx.People.Get(id)
		if err != nil {
			return nil, err
		}
		if booked[i].Kind == visit.BookedLeave {
			why = append(why, p.Name+" is on leave then")
		} else {
			why = append(why, p.Name+" is booked then")
		}
	}
	return why, nil
}

// words says a half-day as people do: "Fri 19 Mar, morning".
func (f *Flow) words(s slot.Slot) string {
	half := "morning"
	if s.Half == slot.PM {
		half = "afternoon"
	}
	return locale.Style{}.Near(s.Date, f.today("UTC")) + ", " + half
}

// spoken gives a time as people read it, in its own zone.
func spoken(w calsync.When) string {
	s := strings.Replace(strings.TrimSuffix(string(w.Start), ":00"), "T", " ", 1)
	if w.AllDay {
		return s + ", all day"
	}
	if _, clock, ok := strings.Cut(string(w.End), "T"); ok && strings.HasPrefix(string(w.End), string(w.Start)[:10]) {
		return s + " to " + strings.TrimSuffix(clock, ":00") + " " + w.Zone
	}
	return s + " to " + strings.Replace(strings.TrimSuffix(string(w.End), ":00"), "T", " ", 1) + " " + w.Zone
}

// edited notes what people wrote into the event. It stays, or gives way once.
func (f *Flow) edited(tx Tx, rules CalendarPolicy, v visit.Visit, c calsync.Change) error {
	for _, field := range c.Fields {
		if err := f.note(tx, v.ID, CalendarNote{Kind: NoteEdited, Field: field}); err != nil {
			return err
		}
		if rules.Text != RulePushBack {
			continue
		}
		done, err := f.pushBack(tx, v, field)
		if err != nil {
			return err
		}
		if !done {
			return f.conflict(tx, v, "edit kept", "The "+string(field)+" was changed in the calendar again, after it was put back once.")
		}
	}
	return nil
}

// takenOff notes who was taken off the guest list. Nobody is put back unasked; a
// visit without its executive is for a person to decide.
func (f *Flow) takenOff(tx Tx, v visit.Visit, c calsync.Change) error {
	if err := f.note(tx, v.ID, CalendarNote{Kind: NoteGuestRemoved, Guest: c.Guest}); err != nil {
		return err
	}
	executive, err := tx.People.Get(v.ExecutiveID)
	if err != nil || !strings.EqualFold(c.Guest, executive.Email) {
		return err
	}
	return f.conflict(tx, v, "executive taken off", executive.Name+" was taken off the guest list in the calendar.")
}

// deletedInCalendar takes a deletion by the organiser as the visit's end, or keeps
// the half-day until somebody decides. Nobody is invited again without being asked.
func (f *Flow) deletedInCalendar(tx Tx, rules CalendarPolicy, v visit.Visit, said loss) error {
	if err := f.note(tx, v.ID, CalendarNote{Kind: NoteDeleted}); err != nil {
		return err
	}
	if said == byMistake {
		events, err := tx.Calendars.Events(v.ID)
		if err != nil || len(events) == 0 {
			return err
		}
		// Stored only: those of the whole calendar go together, by inviteAll.
		if err := tx.Calendars.Save(f.wantAgain(events[0], func(w *calsync.Want) { w.Generation = events[0].Base.Generation + 1 })); err != nil {
			return err
		}
		return f.unanswered(tx, v)
	}
	if said == unsure {
		return f.conflict(tx, v, "deletion noticed", "Gone from the calendar, and perhaps moved to another one that could not be read. The half-day is kept until somebody decides; nobody has been invited again.")
	}
	if rules.Delete == RuleAsk && said == nobodyAsked {
		return f.conflict(tx, v, "deletion noticed", "Deleted in the calendar. The half-day is kept until somebody decides; nobody has been invited again.")
	}
	if err := v.Become(visit.Cancelled, "Deleted in the calendar."); err != nil {
		return err
	}
	v.BecauseOf(visit.FromCalendar)
	v.Conflict = ""
	if said == nobodyAsked {
		v.Conflict = "Deleted in the calendar. Nobody has been invited again; say so if somebody should be."
	}
	if err := tx.Bookings.Release(v.ID); err != nil {
		return err
	}
	if err := f.saveVisit(tx, calendarActor, &v); err != nil {
		return err
	}
	return f.audit(tx, calendarActor, "cancel visit", "visit/"+v.ID, map[string]string{"reason": "deleted in the calendar"})
}

// putBack notes that a cancelled event stands in the calendar again. A visit that
// stands needs nothing more; for one that does not, a person decides.
func (f *Flow) putBack(tx Tx, v visit.Visit) error {
	if err := f.note(tx, v.ID, CalendarNote{Kind: NoteRestored}); err != nil {
		return err
	}
	if v.State.Live() {
		if v.Conflict == "" {
			return nil
		}
		return f.conflict(tx, v, "entry put back", "")
	}
	if !v.Start.After(f.Now()) {
		return nil
	}
	return f.conflict(tx, v, "entry put back", "The visit is "+string(v.State)+", but somebody has put its calendar entry back.")
}

// pushBack writes what we had over what people made of a field: once. done is
// false where that has been done before; then a person decides.
func (f *Flow) pushBack(tx Tx, v visit.Visit, field calsync.Field) (done bool, err error) {
	events, err := tx.Calendars.Events(v.ID)
	if err != nil || len(events) == 0 {
		return false, err
	}
	differs := calsync.Differences(events[0].Want, events[0].Base)
	i := slices.IndexFunc(differs, func(d calsync.Conflict) bool { return d.Field == field })
	if i < 0 {
		return true, nil
	}
	ours := hash(differs[i].Ours)
	notes, err := tx.Notes.Of(v.ID)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(notes, func(n CalendarNote) bool {
		return n.Kind == NotePushedBack && n.Field == field && n.Words == ours
	}) {
		return false, nil
	}
	if err := f.note(tx, v.ID, CalendarNote{Kind: NotePushedBack, Field: field, Words: ours}); err != nil {
		return false, err
	}
	return true, f.rewrite(tx, events[0], func(w *calsync.Want) { overrule(w, differs[i]) })
}

// overrule decides for ours, as long as the calendar holds what was seen.
func overrule(w *calsync.Want, d calsync.Conflict) {
	all := map[calsync.Field]string{d.Field: d.Print}
	for field, print := range w.Overrule {
		if field != d.Field {
			all[field] = print
		}
	}
	w.Overrule = all
}

// rewrite changes what is wanted of an event beside its content, and lets it be
// written.
func (f *Flow) rewrite(tx Tx, e CalendarEvent, change func(*calsync.Want)) error {
	return f.ask(tx, []*CalendarEvent{f.wantAgain(e, change)})
}

// wantAgain gives an event of which something else is wanted from now on.
func (f *Flow) wantAgain(e CalendarEvent, change func(*calsync.Want)) *CalendarEvent {
	change(&e.Want)
	e.Desired++
	e.Want.Version = e.Desired
	e.State, e.Problem, e.Tries, e.Updated = EventWaiting, "", 0, f.Now().UTC()
	e.WantedAt = e.Updated
	return &e
}

// inviteAll lets the new invitations go that a person wants in place of the many
// events which were gone from a calendar at once: as many are mailed as by a plan.
func (f *Flow) inviteAll(tx Tx, calendar string, gone []calsync.Event) error {
	ids := make([]string, len(gone))
	for i, e := range gone {
		ids[i] = e.ID
	}
	rows, err := tx.Calendars.OnCalendar(calendar, ids)
	if err != nil {
		return err
	}
	var events []*CalendarEvent
	for i := range rows {
		if e := &rows[i]; e.State == EventWaiting && !e.Want.Gone && e.Base.Seen.Deleted && e.Want.Generation > e.Base.Generation {
			events = append(events, e)
		}
	}
	return f.pushEvents(tx, calendarActor, events)
}
