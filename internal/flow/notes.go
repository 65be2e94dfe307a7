package flow

import (
	"time"

	"windshield/internal/calsync"
	"windshield/internal/visit"
)

// NoteKind says what a note about a visit's calendar entry tells.
type NoteKind string

const (
	NoteAnswered     NoteKind = "answered"      // Guest; Words is the answer, and the comment
	NoteAutoDeclined NoteKind = "auto-declined" // Guest's calendar declined by itself
	NoteReset        NoteKind = "asked again"   // Guest's answer was for another time or person
	NoteMoved        NoteKind = "moved"
	NoteResized      NoteKind = "resized"
	NoteEdited       NoteKind = "edited" // Field
	NoteGuestAdded   NoteKind = "guest added"
	NoteGuestRemoved NoteKind = "guest removed"
	NoteDeleted      NoteKind = "deleted"
	NoteRestored     NoteKind = "put back"
	NoteTaken        NoteKind = "taken over"        // by another organiser
	NoteElsewhere    NoteKind = "in other calendar" // moved to another calendar of ours
	NotePushedBack   NoteKind = "pushed back"       // Field; Words is the print of what we wrote over it
	NoteSettled      NoteKind = "settled"           // Field; a person has decided
	NoteHolds        NoteKind = "holds again"       // Guest's answer holds again, since the visit is back where it was said
	NoteCarried      NoteKind = "carried"           // an answer given here, written into Guest's own calendar
)

// CalendarNote is one thing that people did to a visit in their calendars, or
// that came of it. Its words are personal data: shown with the visit, never logged.
type CalendarNote struct {
	VisitID string
	At      time.Time
	Kind    NoteKind
	Guest   string // address
	Field   calsync.Field
	Words   string
}

// Notes keeps what was heard from calendars about visits. Nothing is ever changed.
type Notes interface {
	// Add appends notes.
	Add(notes ...CalendarNote) error
	// Of gives the newest MostNotes notes of a visit, oldest first.
	Of(visitID string) ([]CalendarNote, error)
}

// MostNotes is how many notes of a visit are looked at: some calendar programs write
// the same entry again and again, and nobody reads hundreds of lines.
const MostNotes = 200

func (f *Flow) note(tx Tx, visitID string, n CalendarNote) error {
	n.VisitID, n.At = visitID, f.Now().UTC()
	if len([]rune(n.Words)) > 500 {
		n.Words = string([]rune(n.Words)[:500])
	}
	return tx.Notes.Add(n)
}

// askAnew takes an answer back that was given for another time or by another
// person, and says so: nobody finds an own yes gone without a word.
func (f *Flow) askAnew(tx Tx, v *visit.Visit, was visit.Visit) error {
	before := v.Answer
	v.Answer, v.AnswerNote = visit.NoAnswer, ""
	if before == visit.NoAnswer || before == "" {
		return nil
	}
	p, err := tx.People.Get(was.ExecutiveID)
	if err != nil {
		return err
	}
	return f.note(tx, v.ID, CalendarNote{Kind: NoteReset, Guest: p.Email, Words: string(before) + " was said for " + f.words(was.Slot) + ", " + was.Begins})
}

// placedAnew says of a visit that was put elsewhere by us that whoever had answered
// is asked again, and that what the calendar said about the place before is settled.
func (f *Flow) placedAnew(tx Tx, v *visit.Visit, was visit.Visit) error {
	if v.Conflict != "" {
		if err := f.decideForOurs(tx, v.ID); err != nil {
			return err
		}
		v.Conflict = ""
	}
	return f.askAnew(tx, v, was)
}
