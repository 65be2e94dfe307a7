package calsync

import (
	"context"
	"slices"
)

// Save stores the base of one (visit, calendar) durably before it returns. It
// should fail where somebody else stored a newer one (compare-and-swap).
type Save func(ctx context.Context, b Base) error

// Outcome is what Apply did.
type Outcome struct {
	Did       []Action   // Insert, Adopt, Amend, Cancel, Renew in the order they happened; empty: nothing to do
	Fields    []Field    // what was changed
	Kept      []Field    // where people's edits were left standing
	Conflicts []Conflict // what a person must decide; their texts are personal data
	Incident  bool       // something that should never happen
	Reason    string     // of the last decision; no personal data
	Calls     int        // calls to the calendar

	// Event is the event as it was last read or written, nil where it was not
	// read. Call Observe with it, in one transaction with what follows from the
	// changes: after an adoption it may hold answers that no reading of the
	// calendar will bring again, and Apply reads on until Observe has seen them.
	Event *Event
}

// Bounds of one Apply. What does not settle within them is left to the next
// attempt, which comes after a pause.
const (
	maxRounds = 12
	maxWrites = 3 // of one kind
	maxMisses = 3 // "not found" answers before a confirmed event counts as gone
)

// Apply makes the calendar hold what is wanted for one (visit, calendar) and
// gives the new base, which is also the last one saved. Call it for one such
// pair at a time only.
//
// The id and the intent are saved before each write, and a write whose outcome
// is unknown is followed by a read before anything is written again, so that
// the process may die at any point and Apply be called again with the base that
// was last saved: there will be one event, and one mail per change.
//
// An error is fault.Invalid (the wish cannot be written: park it), an *Error
// (Class.Retry says whether to try again later), or that of save. Conflicts are
// no error: they stand in the Outcome, and everything that is not in conflict
// has been written.
func Apply(ctx context.Context, cal Calendar, save Save, want Want, base Base) (Base, Outcome, error) {
	if err := want.Check(); err != nil {
		return base, Outcome{}, err
	}
	a := applying{cal: cal, save: save, want: want, base: base, writes: map[Action]int{}}
	err := a.run(ctx)
	a.out.Event = a.look.Event
	return a.base, a.out, err
}

type applying struct {
	cal     Calendar
	save    Save
	want    Want
	base    Base
	look    Look
	out     Outcome
	writes  map[Action]int
	unsure  bool  // a write in this run had an unknown outcome
	lastErr error // of the last write that was not conclusive
}

func (a *applying) run(ctx context.Context) error {
	laggards := 0
	for range maxRounds {
		d := Reconcile(a.want, a.look, a.base)
		a.out.Reason = d.Reason
		a.out.Incident = a.out.Incident || d.Incident
		a.out.Kept, a.out.Conflicts = d.Kept, d.Conflicts
		var err error
		switch d.Action {
		case Nothing, Ask:
			return a.finish(ctx, d)
		case Read:
			if a.look.Done { // the answer was older than our own write
				if laggards++; laggards > 2 {
					return &Error{Class: Stale, Call: "get", Reason: "the answer lags behind our own last write"}
				}
			}
			err = a.read(ctx)
		case Adopt:
			a.out.Did = append(a.out.Did, Adopt)
			a.base = adopt(a.want, a.base, *a.look.Event)
			err = a.save(ctx, a.base)
		case Insert, Renew:
			err = a.insert(ctx, d)
		case Amend:
			err = a.amend(ctx, d)
		case Cancel:
			err = a.cancel(ctx, d)
		}
		if err != nil {
			return err
		}
	}
	if a.lastErr != nil {
		return a.lastErr
	}
	return &Error{Class: Stale, Call: "patch", Reason: "did not settle"}
}

// finish notes that nothing more is to be written.
func (a *applying) finish(ctx context.Context, d Decision) error {
	b := a.base
	if d.Action == Nothing && a.want.Version >= b.Applied {
		switch {
		case a.want.Gone:
			if b.EventID != "" && !d.Incident {
				b.Over, b.Seen.Restored = true, false
			}
		case a.look.Done && a.look.Event != nil:
			b = settle(landed(b, *a.look.Event), d.After, *a.look.Event, nil)
			b.Hash = a.want.Hash()
		}
		b.Applied, b.Intent, b.Misses = a.want.Version, nil, 0
	}
	if d.Action == Ask && b.Intent != nil && a.look.Event != nil && a.look.Event.Live() {
		// What we tried has been resolved by looking; only the conflict is left.
		b = settle(landed(b, *a.look.Event), d.After, *a.look.Event, nil)
		b.Intent, b.Misses = nil, 0
	}
	if sameBase(a.base, b) {
		return nil
	}
	a.base = b
	return a.save(ctx, b)
}

// read looks at the calendar. A confirmed event that is "not found" is only
// believed to be gone after some attempts apart in time, and while the calendar
// itself can be read: replicas lag, and lost access looks the same.
func (a *applying) read(ctx context.Context) error {
	a.out.Calls++
	e, err := a.cal.Get(ctx, a.want.Calendar, a.base.EventID)
	switch {
	case err == nil:
		a.look = Look{Done: true, Event: &e}
		return nil
	case Is(err, Gone):
		a.look = Look{Done: true, Event: &Event{ID: a.base.EventID, Status: Cancelled}}
		return nil
	case !Is(err, Missing):
		return err
	case !a.base.Confirmed:
		a.look = Look{Done: true}
		return nil
	}
	a.base.Misses++
	if a.base.Misses < maxMisses {
		if serr := a.save(ctx, a.base); serr != nil {
			return serr
		}
		return err
	}
	a.out.Calls++
	if _, lerr := a.cal.List(ctx, a.want.Calendar, Query{Limit: 1}); lerr != nil {
		if Is(lerr, Missing) {
			return lostAccess("list")
		}
		return lerr
	}
	a.look = Look{Done: true}
	return nil
}

// lostAccess is what "not found" means for a calendar as a whole. A person must
// give the access back; nothing is concluded about events.
func lostAccess(call string) error {
	return &Error{Class: Denied, Call: call, Status: 404, Reason: "the calendar is no longer visible"}
}

// insert puts the event there. The id and the content are saved first.
func (a *applying) insert(ctx context.Context, d Decision) error {
	if a.writes[Insert] >= maxWrites {
		return a.inconclusive("insert")
	}
	if a.unsure && d.Action == Insert {
		// It may have been stored all the same, and the replica that was asked may not
		// know yet: the pause before the next attempt lets it learn.
		return a.inconclusive("insert")
	}
	a.writes[Insert]++
	before := a.base
	id := EventID(a.want.Env, a.want.Visit, d.Generation)
	a.base = Base{Visit: a.want.Visit, Calendar: a.want.Calendar, Generation: d.Generation, EventID: id, Applied: before.Applied,
		Intent: &Intent{Op: OpInsert, Version: a.want.Version, Content: a.want.Content}}
	if before.EventID != id || before.Intent == nil || before.Intent.Version != a.want.Version {
		if err := a.save(ctx, a.base); err != nil {
			a.base = before
			return err
		}
	}
	a.out.Calls++
	e, err := a.cal.Insert(ctx, a.want.Calendar, New{ID: id, Content: a.want.Content,
		Marks: Marks(a.want.Env, a.want.Visit, d.Generation, a.want.Content)}, d.Mail)
	a.look = Look{}
	switch {
	case err == nil:
		a.out.Did = append(a.out.Did, d.Action)
		a.base.Confirmed = true
		a.base = settle(a.base, a.want.Content, e, allFields)
		a.base.Asked = e.Updated
		a.base.Applied, a.base.Hash, a.base.Intent = a.want.Version, a.want.Hash(), nil
		// Stop here rather than reading our own write back.
		a.look = Look{Done: true, Event: &e}
		return a.save(ctx, a.base)
	case Is(err, Duplicate), Is(err, Unknown):
		a.unsure = a.unsure || Is(err, Unknown)
		a.lastErr = err
		return ctx.Err()
	case Is(err, Missing): // there is no event yet that could be missing
		err = lostAccess("insert")
	}
	return a.refused(ctx, before, err)
}

// amend changes the fields of the decision, while the event is as it was read.
func (a *applying) amend(ctx context.Context, d Decision) error {
	if a.writes[Amend] >= maxWrites {
		return a.inconclusive("patch")
	}
	a.writes[Amend]++
	seen := *a.look.Event
	before := landed(a.base, seen)
	a.base = before
	a.base.Intent = &Intent{Op: OpPatch, Version: a.want.Version, Content: d.After}
	a.base.Hash = "" // what was agreed as a whole no longer is
	if err := a.save(ctx, a.base); err != nil {
		a.base = before
		return err
	}
	a.out.Calls++
	e, err := a.cal.Patch(ctx, a.want.Calendar, seen.ID, seen.ETag, d.Patch, d.Mail)
	a.look = Look{}
	switch {
	case err == nil:
		a.out.Did = append(a.out.Did, Amend)
		a.out.Fields = append(a.out.Fields, d.Fields...)
		a.base = settle(a.base, d.After, e, d.Fields)
		a.base.Intent = nil
		if slices.Contains(d.Fields, FieldTime) || slices.Contains(d.Fields, FieldGuests) {
			a.base.Asked = e.Updated
		}
		if len(d.Conflicts) == 0 {
			a.base.Applied, a.base.Hash = a.want.Version, a.want.Hash()
			a.want.Overrule = nil // used up; what was overruled is gone
		}
		a.look = Look{Done: true, Event: &e}
		return a.save(ctx, a.base)
	case Is(err, Stale), Is(err, Unknown), Is(err, Missing), Is(err, Gone):
		a.unsure = a.unsure || Is(err, Unknown)
		a.lastErr = err
		return ctx.Err()
	}
	return a.refused(ctx, before, err)
}

func (a *applying) cancel(ctx context.Context, d Decision) error {
	if a.writes[Cancel] >= maxWrites {
		return a.inconclusive("delete")
	}
	a.writes[Cancel]++
	before, seen := a.base, *a.look.Event
	a.base.Intent = &Intent{Op: OpDelete, Version: a.want.Version}
	if err := a.save(ctx, a.base); err != nil {
		a.base = before
		return err
	}
	a.out.Calls++
	err := a.cal.Delete(ctx, a.want.Calendar, seen.ID, seen.ETag, d.Mail)
	a.look = Look{}
	switch {
	case err == nil, Is(err, Gone):
		a.out.Did = append(a.out.Did, Cancel)
		a.look = Look{Done: true, Event: &Event{ID: seen.ID, Status: Cancelled}}
		return nil // finish notes it
	case Is(err, Stale), Is(err, Unknown), Is(err, Missing):
		a.unsure = a.unsure || Is(err, Unknown)
		a.lastErr = err
		return ctx.Err()
	}
	return a.refused(ctx, before, err)
}

// refused takes the intent back after a definite no, so that the next attempt
// need not read first; unless an earlier write of this run may have happened.
func (a *applying) refused(ctx context.Context, before Base, err error) error {
	if !a.unsure {
		a.base = before
		if serr := a.save(ctx, a.base); serr != nil {
			return serr
		}
	}
	return err
}

func (a *applying) inconclusive(call string) error {
	if a.lastErr != nil {
		return a.lastErr
	}
	return &Error{Class: Unknown, Call: call, Reason: "did not settle"}
}

var allFields = []Field{FieldTitle, FieldDescription, FieldLocation, FieldTime, FieldStatus, FieldGuests, FieldReminders, FieldRights}

// settle notes what the calendar holds after a write, or after a look that
// found everything in place. after is what is agreed; wrote names the fields
// that were just written. People's edits and answers that have not been told
// yet stay untold: Observe finds them later.
func settle(b Base, after Content, there Event, wrote []Field) Base {
	now := contentOf(there)
	for _, f := range ownedFields {
		if slices.Contains(wrote, f.name) || f.of(now) == f.of(after) {
			b = stored(b, f, now)
		}
	}
	b.Seen.Guests = invitedGuests(b.Seen.Guests, b.Agreed.Guests, after.Guests)
	b.Agreed = after
	b.ETag, b.Updated, b.Sequence, b.Seen.Restored = there.ETag, there.Updated, there.Sequence, false
	if there.ICalUID != "" {
		b.ICalUID = there.ICalUID
	}
	return b
}

// invitedGuests brings the remembered guests up to our own write: who was
// invited is remembered as unanswered, who was taken off is forgotten.
func invitedGuests(seen, was, is []Guest) []Guest {
	before, after, there := addresses(was), addresses(is), addresses(seen)
	var out []Guest
	for _, g := range seen {
		if a := fold(g.Email); !before[a] || after[a] {
			out = append(out, g)
		}
	}
	for _, g := range is {
		if a := fold(g.Email); !there[a] && !before[a] {
			out = append(out, Guest{Email: g.Email, Name: g.Name, Optional: g.Optional, Answer: NeedsAction})
		}
	}
	return out
}

// adopt takes over an event that is ours although we did not know that it had
// been written: a lost reply, or a database restored from a backup. Where nobody
// touched the event since we wrote it (the mark holds the print of what we
// wrote), everything that differs from the wish is ours to change. Otherwise
// what differs counts as people's edits.
func adopt(want Want, base Base, seen Event) Base {
	agreed := contentOf(seen)
	agreed.Guests = nil
	for _, g := range seen.Guests {
		if !g.Organizer {
			agreed.Guests = append(agreed.Guests, g)
		}
	}
	if seen.Marks[MarkHash] != agreed.Hash() {
		agreed = want.Content
		if base.Intent != nil && base.Intent.Op == OpInsert {
			agreed = base.Intent.Content
		}
	}
	b := Base{Visit: want.Visit, Calendar: want.Calendar, Generation: base.Generation, EventID: seen.ID, Confirmed: true, Applied: base.Applied, Unobserved: true,
		ETag: seen.ETag, ICalUID: seen.ICalUID, Updated: seen.Updated, Sequence: seen.Sequence, Agreed: agreed, Stored: agreed}
	b.Seen = Seen{Title: agreed.Title, Description: agreed.Description, Location: agreed.Location, When: agreed.When}
	for _, g := range agreed.Guests {
		b.Seen.Guests = append(b.Seen.Guests, Guest{Email: g.Email, Name: g.Name, Optional: g.Optional, Answer: NeedsAction})
	}
	return b
}

func sameBase(a, b Base) bool {
	return a.Applied == b.Applied && a.Hash == b.Hash && a.Over == b.Over && a.Intent == b.Intent && a.Misses == b.Misses &&
		a.Unobserved == b.Unobserved && a.ETag == b.ETag && a.Confirmed == b.Confirmed && a.Generation == b.Generation
}
