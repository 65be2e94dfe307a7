package visit

import (
	"slices"
	"time"

	"windshield/internal/fault"
	"windshield/internal/slot"
)

// Code says why a visit was declined, cancelled or not held, from a closed list:
// words alone cannot be counted.
type Code string

const (
	ByCustomer   Code = "customer"     // the customer asked for it
	NoExecutive  Code = "executive"    // the executive cannot come
	NoHost       Code = "host"         // the host cannot come
	WrongPerson  Code = "wrong_person" // somebody else of us should go
	NoObjective  Code = "no_objective" // nobody could say what it is for
	NoTravel     Code = "travel"       // the way there is not possible
	PlanChanged  Code = "plan_changed" // the plan of the year no longer has it
	FromCalendar Code = "calendar"     // somebody deleted or declined the calendar entry
	OtherReason  Code = "other"
)

// Codes lists the codes that people may choose for a state; empty for a state that
// needs none.
func Codes(to State) []Code {
	switch to {
	case Declined:
		return []Code{NoExecutive, WrongPerson, NoObjective, NoTravel, OtherReason}
	case Cancelled:
		return []Code{ByCustomer, NoExecutive, NoHost, NoObjective, NoTravel, OtherReason}
	case NoShow:
		return []Code{ByCustomer, NoExecutive, NoHost, NoTravel, OtherReason}
	}
	return nil
}

// MoveCodes lists the codes that people may choose for a move: who caused it, so
// that a plan can later be compared with what was promised.
func MoveCodes() []Code {
	return []Code{ByCustomer, NoExecutive, NoHost, WrongPerson, NoTravel, OtherReason}
}

// ParseMoveCode reads a code that somebody chose for a move; "" is none.
func ParseMoveCode(s string) (Code, error) {
	if s == "" {
		return "", nil
	}
	return parseCode(MoveCodes(), s)
}

// ParseCode reads a code that somebody chose for a state.
func ParseCode(to State, s string) (Code, error) {
	return parseCode(Codes(to), s)
}

func parseCode(codes []Code, s string) (Code, error) {
	if c := Code(s); slices.Contains(codes, c) {
		return c, nil
	}
	expected := "one of"
	for i, c := range codes {
		if i > 0 {
			expected += ","
		}
		expected += " " + string(c)
	}
	return "", fault.Invalidf("Please choose a reason from the list.").With(fault.Detail{Where: "code", Value: fault.Short(s), Expected: expected})
}

// Spot is with whom and when a visit is, at the wall time of the customer's place.
type Spot struct {
	ExecutiveID  string
	Slot         slot.Slot
	Begins, Ends string
}

// Spot gives with whom and when the visit is.
func (v Visit) Spot() Spot { return Spot{v.ExecutiveID, v.Slot, v.Begins, v.Ends} }

// Step is one thing that happened to a visit: a change of its state, a move, or
// both.
type Step struct {
	At       time.Time
	By       string // id of the person, or of the part of the system; "" where nobody noted it
	From, To State
	Code     Code
	Words    string
	Was, Is  Spot // where it was and is, for a move; zero otherwise
	Undone   bool // it takes back the step before it
}

// Moved says whether the visit got another time or another executive.
func (s Step) Moved() bool { return s.Was != s.Is }

// note adds a step to what has happened. Drafts have no history: nobody is told
// of them.
func (v *Visit) note(s Step) { v.Unsaved = append(slices.Clip(v.Unsaved), s) }

// MovedBecause adds the code of the reason to the move that has just been made; it
// changes nothing where the last thing that happened is no move. The visit's own
// code stays: it is about its state.
func (v *Visit) MovedBecause(c Code) {
	if n := len(v.Unsaved); n > 0 && v.Unsaved[n-1].Moved() {
		v.Unsaved[n-1].Code = c
	}
}

// MovedBack notes that the move that has just been made takes the one before it back:
// whoever caused that one has not moved the visit. It changes nothing where the last
// thing that happened is no move.
func (v *Visit) MovedBack() {
	if n := len(v.Unsaved); n > 0 && v.Unsaved[n-1].Moved() {
		v.Unsaved[n-1].Undone = true
	}
}

// Sign writes who did what has happened to a visit since it was last saved, and when.
func (v *Visit) Sign(by string, at time.Time) {
	for i := range v.Unsaved {
		if v.Unsaved[i].At.IsZero() {
			v.Unsaved[i].By, v.Unsaved[i].At = by, at
		}
	}
}

// Undo takes back the last step of a visit's history. What we take back never makes
// a visit ready: only the customer does. Whether anything has left the house since
// is for the caller to know. Errors: Conflict where the step cannot be taken back.
func (v *Visit) Undo(last Step) error {
	switch {
	case last.Undone:
		return fault.Conflictf("The last step was taken back already.")
	case last.From == Proposed:
		return fault.Conflictf("A publishing is not undone visit by visit. Cancel the visit instead.")
	case last.To == Confirmed:
		return fault.Conflictf("The customer has confirmed the visit; that is not ours to take back.")
	case last.To != v.State || last.Moved() && last.Is != v.Spot():
		return fault.Conflictf("The visit no longer stands where its last step brought it.")
	}
	// The place first, while the visit does not stand: putting it back is no move.
	from, back := v.State, last.From
	if last.Moved() {
		v.State, v.Asked = Proposed, ""
		if err := v.PlaceAt(last.Was.ExecutiveID, last.Was.Slot, last.Was.Begins, last.Was.Ends, v.Zone); err != nil {
			v.State = from
			return err
		}
	}
	if back == Confirmed {
		back = Agreed
	}
	v.State, v.Reason, v.Code = back, "", ""
	if from == Declined {
		v.Answer, v.AnswerNote = NoAnswer, ""
	}
	v.note(Step{From: from, To: back, Was: last.Is, Is: last.Was, Undone: true})
	return nil
}
