package flow

import (
	"windshield/internal/access"
	"windshield/internal/calsync"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// moved takes over a new time where the policy says so and everybody can; where
// not, somebody decides. It is never undone silently, and never twice.
func (f *Flow) moved(tx Tx, rules CalendarPolicy, v visit.Visit, c calsync.Change) error {
	rule, n := rules.Move, CalendarNote{Kind: NoteMoved, Words: spoken(c.When)}
	if c.Resized() {
		rule, n.Kind = rules.Resize, NoteResized
	}
	if err := f.note(tx, v.ID, n); err != nil {
		return err
	}
	why, to, begins, ends := f.movable(v, c.When)
	back := why == "" && to == v.Slot && begins == v.Begins && ends == v.Ends
	if why == "" && !back {
		var err error
		switch {
		case rule == RulePushBack:
			var done bool
			if done, err = f.pushBack(tx, v, calsync.FieldTime); done || err != nil {
				return err
			}
			why = "it was put back once already: " + f.words(to) + ", " + begins + " to " + ends + "."
		case rule == RuleAsk:
			why = "somebody has to say whether that is right: " + f.words(to) + ", " + begins + " to " + ends + "."
		case to != v.Slot:
			if why, err = f.speaksAgainst(tx, v, to); why == "" && err == nil {
				why, err = f.unjustified(tx, v, to)
			}
		}
		if err != nil {
			return err
		}
	}
	if why != "" {
		v.Conflict = "Moved in the calendar, but " + why
		if err := tx.Visits.Save(&v); err != nil {
			return err
		}
		return f.audit(tx, calendarActor, "move refused", "visit/"+v.ID, map[string]string{"from": v.Slot.String(), "to": to.String()})
	}
	return f.placeAt(tx, calendarActor, v, to, begins, ends, "", "")
}

// placeAt moves a visit to a time that people have chosen. because is who caused it.
func (f *Flow) placeAt(tx Tx, by access.Actor, v visit.Visit, to slot.Slot, begins, ends, reason string, because visit.Code) error {
	was := v
	if err := v.PlaceAt(v.ExecutiveID, to, begins, ends, v.Zone); err != nil {
		return err
	}
	v.Conflict = ""
	if because != "" {
		v.MovedBecause(because)
	}
	if to != was.Slot {
		if err := tx.Bookings.Release(v.ID); err != nil {
			return err
		}
		if err := tx.Bookings.Book(bookingsOf(v)...); err != nil {
			return err
		}
	}
	if v.Spot() != was.Spot() {
		kept, err := f.answerInCalendar(tx, v)
		if err != nil {
			return err
		}
		if kept != was.Answer {
			if err := f.askAnew(tx, &v, was); err != nil {
				return err
			}
		}
	}
	if err := f.saveVisit(tx, by, &v); err != nil {
		return err
	}
	if to != was.Slot {
		if err := f.justify(tx, by, TypedReasons{All: reason}, &v); err != nil {
			return err
		}
	}
	return f.audit(tx, by, "move visit", "visit/"+v.ID, map[string]string{"from": was.Slot.String(), "to": to.String()})
}
