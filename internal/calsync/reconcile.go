package calsync

import (
	"slices"
	"strconv"
	"strings"
)

// Action is what to do about one event.
type Action string

const (
	Nothing Action = "nothing"         // the calendar holds what is wanted, or must be left alone
	Read    Action = "read"            // the event must be read before anything can be decided
	Insert  Action = "insert"          // put it there under Decision.Generation
	Adopt   Action = "adopt"           // it is there and ours, only we did not know
	Amend   Action = "amend"           // change Decision.Patch
	Cancel  Action = "cancel"          // delete it
	Renew   Action = "next generation" // the id is spent; insert under Decision.Generation
	Ask     Action = "ask"             // a person must decide: see Decision.Conflicts
)

// Field is a field that Windshield owns.
type Field string

const (
	FieldTitle       Field = "title"
	FieldDescription Field = "description"
	FieldLocation    Field = "location"
	FieldTime        Field = "time"
	FieldStatus      Field = "status"
	FieldGuests      Field = "guests"
	FieldReminders   Field = "reminders"
	FieldRights      Field = "rights" // GuestsMayMove, HideGuests
	FieldEvent       Field = "event"  // the event as a whole: deleted, or no longer ours
)

// Conflict is a point on which the calendar and the plan disagree and a person
// has to decide.
type Conflict struct {
	Field  Field
	Ours   string // for people to read; holds text of the event, so never log it
	Theirs string
	Print  string // of Theirs, for Want.Overrule
}

// Decision is what to do, and why.
type Decision struct {
	Action     Action
	Generation int        // for Insert and Renew
	Patch      Patch      // for Amend
	After      Content    // for Amend: what will be agreed once it is done
	Mail       Mail       // for Insert, Amend, Cancel
	Fields     []Field    // for Amend: what changes
	Kept       []Field    // where people's edits are left standing
	Conflicts  []Conflict // what a person must decide
	Incident   bool       // something that should never happen: tell an administrator
	Reason     string     // no personal data in it
}

// Look is the result of looking at the calendar: not read yet, absent, or there.
type Look struct {
	Done  bool // false: not read yet
	Event *Event
}

// Reconcile decides about one event. It is pure and total: the same three
// inputs give the same decision, and after the decision is carried out the next
// one is Nothing, unless people step in.
func Reconcile(want Want, look Look, base Base) Decision {
	if want.Version < base.Applied {
		return Decision{Action: Nothing, Reason: "a newer version was applied before"}
	}
	if want.Gone {
		return reconcileGone(want, look, base)
	}
	next := max(base.Generation, want.Generation, 1)
	switch {
	case base.EventID == "":
		return Decision{Action: Insert, Generation: next, Mail: mailFor(want, MailAll), Reason: "never published"}
	case base.Over && base.Intent == nil:
		return Decision{Action: Renew, Generation: max(base.Generation+1, want.Generation), Mail: mailFor(want, MailAll), Reason: "cancelled by us before, wanted again"}
	case !look.Done && base.Confirmed && base.Intent == nil && !base.Unobserved && base.Hash == want.Hash() && want.Generation <= base.Generation && len(want.Overrule) == 0:
		return Decision{Action: Nothing, Reason: "agreed before"}
	case !look.Done:
		return Decision{Action: Read, Reason: "look before writing"}
	}

	seen := look.Event
	ownDelete := base.Intent != nil && base.Intent.Op == OpDelete
	switch {
	case seen == nil && !base.Confirmed:
		return Decision{Action: Insert, Generation: next, Mail: mailFor(want, MailAll), Reason: "an earlier attempt left nothing behind"}
	case seen == nil, !seen.Live():
		if !base.Confirmed || ownDelete || base.Over || want.Generation > base.Generation {
			return Decision{Action: Renew, Generation: max(base.Generation+1, want.Generation), Mail: mailFor(want, MailAll), Reason: "the id is spent on a cancelled event"}
		}
		return Decision{Action: Ask, Conflicts: []Conflict{deleted},
			Reason: "a person deleted it; nobody is invited again without being asked"}
	case older(*seen, base):
		return Decision{Action: Read, Reason: "the answer is older than our own last write"}
	case !base.Confirmed && !ours(want, base, *seen):
		return Decision{Action: Renew, Generation: max(base.Generation+1, want.Generation), Mail: mailFor(want, MailAll), Incident: true, Reason: "the id is taken by an event that is not ours"}
	case foreign(want, base, *seen):
		return Decision{Action: Ask, Incident: true, Conflicts: []Conflict{{Field: FieldEvent, Ours: "planned", Theirs: "marked by another installation", Print: printOf("foreign")}},
			Reason: "the event bears another installation's mark"}
	case !seen.OrganizerSelf && base.Confirmed && want.Generation > base.Generation:
		return Decision{Action: Renew, Generation: want.Generation, Mail: mailFor(want, MailAll), Reason: "a person invites again, since somebody else organises the old event"}
	case !seen.OrganizerSelf:
		return Decision{Action: Ask, Conflicts: []Conflict{taken},
			Reason: "the event is no longer organised by this calendar"}
	case !base.Confirmed:
		return Decision{Action: Adopt, Reason: "it is there and bears our mark"}
	}
	return merge(want, *seen, base)
}

func reconcileGone(want Want, look Look, base Base) Decision {
	switch {
	case base.EventID == "":
		return Decision{Action: Nothing, Reason: "never published"}
	case base.Over && base.Intent == nil:
		return Decision{Action: Nothing, Reason: "cancelled before"}
	case !look.Done:
		return Decision{Action: Read, Reason: "look before cancelling"}
	case look.Event == nil:
		return Decision{Action: Nothing, Reason: "nothing there"}
	case !look.Event.Live():
		return Decision{Action: Nothing, Reason: "already cancelled"}
	case !base.Confirmed && !ours(want, base, *look.Event), foreign(want, base, *look.Event):
		return Decision{Action: Nothing, Incident: true, Reason: "the event under our id is not ours; left alone"}
	case !look.Event.OrganizerSelf:
		return Decision{Action: Ask, Conflicts: []Conflict{{Field: FieldEvent, Ours: "cancelled", Theirs: "organised by somebody else", Print: printOf("organizer")}},
			Reason: "the event is no longer organised by this calendar"}
	case base.Seen.Deleted && !revived(*look.Event, base):
		return Decision{Action: Read, Reason: "the answer is from before the deletion"}
	case (base.Seen.Deleted || base.Seen.Restored) && want.Overrule[FieldEvent] != restored.Print:
		return Decision{Action: Ask, Conflicts: []Conflict{restored}, Reason: "a person has put back what was cancelled"}
	}
	return Decision{Action: Cancel, Mail: mailFor(want, MailAll), Reason: "no longer wanted"}
}

// What people did to an event as a whole, as a point to decide.
var (
	deleted  = Conflict{Field: FieldEvent, Ours: "planned", Theirs: "deleted in the calendar", Print: printOf("deleted")}
	restored = Conflict{Field: FieldEvent, Ours: "cancelled", Theirs: "put back in the calendar", Print: printOf("restored")}
	taken    = Conflict{Field: FieldEvent, Ours: "organised by us", Theirs: "organised by somebody else", Print: printOf("organizer")}
)

// ours says whether the event bears the mark of this visit's generation.
func ours(want Want, base Base, seen Event) bool {
	return seen.Marks[MarkKey] == key(want.Env, want.Visit, base.Generation)
}

// foreign says whether a known event now bears somebody else's mark. A missing
// mark is no proof: servers and people lose private properties.
func foreign(want Want, base Base, seen Event) bool {
	k := seen.Marks[MarkKey]
	return k != "" && k != key(want.Env, want.Visit, base.Generation)
}

// older says whether seen is from before our own last write, or before what was
// looked at last: replicas lag.
func older(seen Event, base Base) bool {
	return base.Confirmed && (seen.Sequence < base.Sequence || !seen.Updated.IsZero() && seen.Updated.Before(later(base.Updated, base.Seen.Updated)))
}

func mailFor(want Want, m Mail) Mail {
	if want.Quiet {
		return MailNone
	}
	return m
}

// merge is a three-way merge over the owned fields: what we want × what is
// there × what we last wrote. A field that only we changed is written, one that
// only people changed is kept, one that both changed is a conflict.
func merge(want Want, seen Event, base Base) Decision {
	base = landed(base, seen)
	d := Decision{Action: Nothing, After: base.Agreed, Mail: MailNone, Reason: "the calendar holds what is wanted"}
	mailed, joins, theirs := false, outsidersJoin(want, seen, base), false
	for _, f := range ownedFields {
		w, s, a, st := f.of(want.Content), f.of(contentOf(seen)), f.of(base.Agreed), f.of(base.Stored)
		if f.name == FieldReminders && want.Reminders == nil {
			continue
		}
		localChange, remoteChange := w != a, s != st && s != a
		switch {
		case s == w: // they agree, whoever changed what
			f.set(&d.After, want.Content)
		case !localChange && !remoteChange:
		case !localChange && want.Overrule[f.name] != printOf(s) && !(joins && f.read):
			d.Kept = append(d.Kept, f.name)
		case remoteChange && want.Overrule[f.name] != printOf(s):
			theirs = theirs || f.read
			d.Conflicts = append(d.Conflicts, Conflict{Field: f.name, Ours: w, Theirs: s, Print: printOf(s)})
		default:
			f.write(&d.Patch, want.Content)
			f.set(&d.After, want.Content)
			d.Fields = append(d.Fields, f.name)
			mailed = mailed || f.mails
		}
	}
	if joins && theirs {
		// What our own people wrote into the event they wrote among themselves. Before
		// somebody has decided that it may be read outside, nobody from there comes.
		want.Guests = withoutNew(want.Guests, base)
	}
	if guests, changed, kept := mergeGuests(want, seen, base); changed && seen.GuestsHidden {
		d.Conflicts = append(d.Conflicts, Conflict{Field: FieldGuests, Ours: "a longer guest list", Theirs: "a guest list cut by the calendar", Print: printOf("hidden")})
	} else {
		if changed {
			d.Patch.Guests, mailed = &guests, true
			d.Fields = append(d.Fields, FieldGuests)
		}
		if kept {
			d.Kept = append(d.Kept, FieldGuests)
		}
		d.After.Guests = want.Guests
	}
	if len(d.Fields) > 0 {
		d.Action, d.Reason = Amend, "changed by us: "+joinFields(d.Fields)
		if mailed {
			d.Mail = mailFor(want, MailAll)
		}
		d.Patch.Marks = Marks(want.Env, want.Visit, base.Generation, d.After)
	}
	if len(d.Kept) > 0 {
		d.Reason += "; kept as people left it: " + joinFields(d.Kept)
	}
	if len(d.Conflicts) > 0 {
		if d.Action == Nothing {
			d.Action = Ask
		}
		names := make([]Field, len(d.Conflicts))
		for i, c := range d.Conflicts {
			names[i] = c.Field
		}
		d.Reason += "; changed by both sides: " + joinFields(names)
	}
	return d
}

// landed resolves a patch whose outcome was unknown: where the event holds what
// the intent wanted, that is agreed now. Without this a plan that changes again
// before the retry would take our own write for a person's edit.
func landed(b Base, seen Event) Base {
	if b.Intent == nil || b.Intent.Op != OpPatch {
		return b
	}
	now, intended := contentOf(seen), b.Intent.Content
	for _, f := range ownedFields {
		if f.of(now) == f.of(intended) && f.of(intended) != f.of(b.Agreed) {
			f.set(&b.Agreed, intended)
			b = stored(b, f, now)
		}
	}
	there, asked, before := addresses(seen.Guests), addresses(intended.Guests), addresses(b.Agreed.Guests)
	var agreed []Guest
	for _, g := range b.Agreed.Guests {
		if a := fold(g.Email); asked[a] || there[a] {
			agreed = append(agreed, g)
		}
	}
	for _, g := range intended.Guests {
		if a := fold(g.Email); !before[a] && there[a] {
			agreed = append(agreed, g)
		}
	}
	b.Seen.Guests = invitedGuests(b.Seen.Guests, b.Agreed.Guests, agreed)
	b.Agreed.Guests = agreed
	return b
}

// stored notes how the server holds a field after our own write, and that this
// is no news.
func stored(b Base, f owned, now Content) Base {
	f.set(&b.Stored, now)
	switch f.name {
	case FieldTitle:
		b.Seen.Title = now.Title
	case FieldDescription:
		b.Seen.Description = now.Description
	case FieldLocation:
		b.Seen.Location = now.Location
	case FieldTime:
		b.Seen.When = now.When
	}
	return b
}

// mergeGuests gives the guest list to write. Everybody who is there stays with
// the answer given, people we never invited included; only those go whom we
// invited and no longer want, and only those come whom we newly want. Somebody
// whom a person took off the list is not put back.
func mergeGuests(want Want, seen Event, base Base) (list []Guest, changed, kept bool) {
	wanted, invited := addresses(want.Guests), addresses(base.Agreed.Guests)
	there := addresses(seen.Guests)
	for _, g := range seen.Guests {
		if a := fold(g.Email); invited[a] && !wanted[a] {
			changed = true
			continue
		}
		if g.Answer == "" {
			g.Answer = NeedsAction
		}
		list = append(list, g)
	}
	if outsidersJoin(want, seen, base) {
		// Whatever our own people wrote beside their answers they wrote among
		// themselves: the first outsider must not read it.
		for i := range list {
			list[i].Comment = ""
		}
	}
	overruled := want.Overrule[FieldGuests] == printOf(guestsText(seen.Guests))
	for _, g := range want.Guests {
		a := fold(g.Email)
		switch {
		case there[a]:
		case invited[a] && !overruled:
			kept = true
		default:
			list = append(list, Guest{Email: g.Email, Name: g.Name, Optional: g.Optional, Outside: g.Outside, Answer: NeedsAction})
			changed = true
		}
	}
	return list, changed, kept
}

// outsidersJoin says whether the first guests from outside are to be added now.
func outsidersJoin(want Want, seen Event, base Base) bool {
	there := addresses(seen.Guests)
	return slices.ContainsFunc(want.Guests, func(g Guest) bool { return g.Outside && !there[fold(g.Email)] }) &&
		!slices.ContainsFunc(base.Agreed.Guests, func(g Guest) bool { return g.Outside })
}

// withoutNew leaves out the guests from outside who were not invited before.
func withoutNew(guests []Guest, base Base) []Guest {
	invited := addresses(base.Agreed.Guests)
	return slices.DeleteFunc(slices.Clone(guests), func(g Guest) bool { return g.Outside && !invited[fold(g.Email)] })
}

func addresses(gs []Guest) map[string]bool {
	m := make(map[string]bool, len(gs))
	for _, g := range gs {
		m[fold(g.Email)] = true
	}
	return m
}

// guestsText leaves out the organiser and rooms, as what people are told does.
func guestsText(gs []Guest) string {
	var as []string
	for _, g := range gs {
		if !g.Organizer && !g.Resource {
			as = append(as, fold(g.Email))
		}
	}
	slices.Sort(as)
	return strings.Join(as, " ")
}

// owned describes a field to the merge: how to compare it as text, how to carry
// it over, whether people get a mail when it changes.
type owned struct {
	name  Field
	mails bool
	read  bool // people write words of their own into it, and guests read them
	of    func(Content) string
	set   func(to *Content, from Content)
	write func(p *Patch, c Content)
}

// Time and place decide where people must be, and a hold that becomes firm is
// news; a better wording of the text is not worth a mail to everybody.
var ownedFields = []owned{
	{FieldTitle, false, true, func(c Content) string { return c.Title },
		func(to *Content, from Content) { to.Title = from.Title },
		func(p *Patch, c Content) { p.Title = &c.Title }},
	{FieldDescription, false, true, func(c Content) string { return c.Description },
		func(to *Content, from Content) { to.Description = from.Description },
		func(p *Patch, c Content) { p.Description = &c.Description }},
	{FieldLocation, true, true, func(c Content) string { return c.Location },
		func(to *Content, from Content) { to.Location = from.Location },
		func(p *Patch, c Content) { p.Location = &c.Location }},
	{FieldTime, true, false, func(c Content) string { return c.When.text() },
		func(to *Content, from Content) { to.When = from.When },
		func(p *Patch, c Content) { p.When = &c.When }},
	{FieldStatus, true, false, func(c Content) string { return string(c.Status) },
		func(to *Content, from Content) { to.Status = from.Status },
		func(p *Patch, c Content) { p.Status = &c.Status }},
	{FieldReminders, false, false, func(c Content) string { return remindersText(c.Reminders) },
		func(to *Content, from Content) { to.Reminders = from.Reminders },
		func(p *Patch, c Content) { p.Reminders = &c.Reminders }},
	{FieldRights, false, false, func(c Content) string {
		return "may move: " + strconv.FormatBool(c.GuestsMayMove) + ", see each other: " + strconv.FormatBool(!c.HideGuests)
	},
		func(to *Content, from Content) { to.GuestsMayMove, to.HideGuests = from.GuestsMayMove, from.HideGuests },
		func(p *Patch, c Content) { p.GuestsMayMove, p.HideGuests = &c.GuestsMayMove, &c.HideGuests }},
}

// text renders a time so that equal stretches give equal texts.
func (w When) text() string {
	if w.AllDay {
		return "all day " + string(w.Start) + " to " + string(w.End)
	}
	s, e, err := w.Instants()
	if err != nil {
		return string(w.Start) + " to " + string(w.End) + " " + w.Zone
	}
	return s.Format("2006-01-02T15:04:05Z") + " to " + e.Format("2006-01-02T15:04:05Z")
}

func remindersText(rs []Reminder) string {
	if rs == nil {
		return "default"
	}
	var b strings.Builder
	for _, r := range sortedReminders(rs) {
		b.WriteString(r.Method + " " + strconv.FormatInt(r.Minutes, 10) + ";")
	}
	return b.String()
}

func contentOf(e Event) Content {
	return Content{Title: e.Title, Description: e.Description, Location: e.Location, When: e.When, Status: e.Status,
		Guests: e.Guests, Reminders: e.Reminders, GuestsMayMove: e.GuestsMayMove, HideGuests: e.HideGuests}
}

func joinFields(fs []Field) string {
	names := make([]string, len(fs))
	for i, f := range fs {
		names[i] = string(f)
	}
	return strings.Join(names, ", ")
}
