package visit

import (
	"slices"

	"windshield/internal/fault"
)

// State is where a visit stands in its life. A move is no state but an event in
// its history (Step).
type State string

const (
	Proposed  State = "proposed"  // in a draft plan; nobody has been told
	Published State = "published" // a hold: booked and in our calendars
	Agreed    State = "agreed"    // the host has agreed it with the customer
	Confirmed State = "confirmed" // ready: the customer has confirmed it; nobody of ours can
	Held      State = "held"
	Debriefed State = "debriefed" // held, and somebody has said what came of it
	NoShow    State = "no_show"   // the day came, the visit did not happen
	Declined  State = "declined"  // the executive said no; to be given to somebody else
	Cancelled State = "cancelled" // will not happen; the reason says why
)

// States lists every state in the order in which pages show them.
func States() []State {
	return []State{Proposed, Published, Agreed, Confirmed, Held, Debriefed, NoShow, Declined, Cancelled}
}

// next says which states may follow which. Held and NoShow may be corrected into
// each other, since debriefs come late and from memory. What was agreed or
// confirmed falls back when we change the visit (PlaceAt, Reopen), not by Become.
var next = map[State][]State{
	Proposed:  {Published, Cancelled},
	Published: {Agreed, Held, NoShow, Declined, Cancelled},
	Agreed:    {Confirmed, Held, NoShow, Declined, Cancelled},
	Confirmed: {Held, NoShow, Declined, Cancelled},
	Held:      {Debriefed, NoShow},
	Debriefed: {NoShow},
	NoShow:    {Held},
	Declined:  {Cancelled},
	Cancelled: {},
}

// Live says whether a visit in this state still stands in calendars and books
// its people.
func (s State) Live() bool { return s == Published || s == Agreed || s == Confirmed }

// LiveStates lists the states that are Live, for queries.
func LiveStates() []State { return []State{Published, Agreed, Confirmed} }

// Happened says whether the visit took place.
func (s State) Happened() bool { return s == Held || s == Debriefed }

// Told lists the states of visits that stand, took place or should have: those
// that people know of and that were not called off.
func Told() []State { return []State{Published, Agreed, Confirmed, Held, Debriefed, NoShow} }

// Stands says whether a visit in this state is part of what a plan promises:
// proposed, standing or held.
func (s State) Stands() bool { return s == Proposed || s.Live() || s.Happened() }

// Open says whether a visit in this state is still ahead in its plan: proposed or
// standing.
func (s State) Open() bool { return s == Proposed || s.Live() }

// Promised says whether the customer has been promised a visit in this state.
func (s State) Promised() bool { return s == Agreed || s == Confirmed }

// Become changes the state, or says which states are possible from here. reason
// is in words; a code, where somebody chose one, is set with BecauseOf.
func (v *Visit) Become(to State, reason string) error {
	if v.State == to {
		return fault.Conflictf("The visit is already %s.", to)
	}
	if !slices.Contains(next[v.State], to) {
		return fault.Conflictf("A visit that is %s cannot become %s.", v.State, to).
			With(fault.Detail{Where: "state", Value: string(to), Expected: list(next[v.State])})
	}
	from := v.State
	v.State, v.Reason, v.Code = to, reason, ""
	if !to.Live() {
		v.Asked = "" // nobody goes there any more
	}
	v.note(Step{From: from, To: to, Words: reason})
	return nil
}

// Reopen notes that we changed what the customer had confirmed: the customer has
// to be asked again. It changes nothing in other states.
func (v *Visit) Reopen(words string) {
	if v.State == Confirmed {
		v.State = Agreed
		v.note(Step{From: Confirmed, To: Agreed, Words: words})
	}
}

// BecauseOf adds the code of the reason to a visit that has just become what it is.
func (v *Visit) BecauseOf(c Code) {
	v.Code = c
	if n := len(v.Unsaved); n > 0 {
		v.Unsaved[n-1].Code = c
	}
}

func list(states []State) string {
	if len(states) == 0 {
		return "nothing: this is the end of a visit's life"
	}
	s := "one of"
	for i, t := range states {
		if i > 0 {
			s += ","
		}
		s += " " + string(t)
	}
	return s
}
