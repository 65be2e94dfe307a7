// Package visit holds the visit with its states, the plan with its versions,
// and the rule of what counts for the 30-day clock.
package visit

import (
	"slices"
	"time"

	"windshield/internal/fault"
	"windshield/internal/slot"
)

// State is where a visit stands in its life.
type State string

const (
	Proposed  State = "proposed"  // in a draft plan; nobody has been told
	Published State = "published" // booked and in the calendars
	Held      State = "held"
	NoShow    State = "no_show"   // the day came, the visit did not happen
	Declined  State = "declined"  // the executive said no; to be given to somebody else
	Cancelled State = "cancelled" // will not happen; the reason says why
)

// next says which states may follow which. Held and NoShow may be corrected
// into each other, since debriefs come late and from memory.
var next = map[State][]State{
	Proposed:  {Published, Cancelled},
	Published: {Held, NoShow, Declined, Cancelled},
	Held:      {NoShow},
	NoShow:    {Held},
	Declined:  {Cancelled},
	Cancelled: {},
}

// Live says whether a visit in this state still stands in calendars and books
// its people.
func (s State) Live() bool { return s == Published }

// Answer is what the executive has answered to the invitation.
type Answer string

const (
	NoAnswer  Answer = "needs_action"
	Accepted  Answer = "accepted"
	Tentative Answer = "tentative"
	Refused   Answer = "declined"
)

// ParseAnswer reads one of the four answers.
func ParseAnswer(s string) (Answer, error) {
	a := Answer(s)
	if !slices.Contains([]Answer{NoAnswer, Accepted, Tentative, Refused}, a) {
		return "", fault.Invalidf("This is not an answer.").With(fault.Detail{Where: "answer", Value: fault.Short(s), Expected: "accepted, tentative, declined or needs_action"})
	}
	return a, nil
}

// Kind is what sort of meeting it was.
type Kind string

const (
	AtCustomer Kind = "onsite" // at the customer's place
	Online     Kind = "online"
	TradeShow  Kind = "trade_show"
	Conference Kind = "conference"
)

// ParseKind reads one of the four kinds.
func ParseKind(s string) (Kind, error) {
	k := Kind(s)
	if !slices.Contains([]Kind{AtCustomer, Online, TradeShow, Conference}, k) {
		return "", fault.Invalidf("This is not a kind of visit.").With(fault.Detail{Where: "kind", Value: fault.Short(s), Expected: "onsite, online, trade_show or conference"})
	}
	return k, nil
}

// Visit is one meeting of an executive and a host with a customer in one half-day.
type Visit struct {
	ID          string // UUID
	PlanID      string // "" for visits from before Windshield
	Label       string // short name inside the plan, such as "v17"
	CustomerID  string
	ExecutiveID string
	HostID      string
	Slot        slot.Slot
	Zone        string    // of the customer's place, copied when planned
	Begins      string    // wall time at the place, "09:00"
	Ends        string    // likewise, on the same date
	Start, End  time.Time // UTC; derived from the date, the wall times and Zone
	State       State
	Reason      string // why declined, cancelled, or not held
	Answer      Answer
	AnswerNote  string // what the executive wrote beside the answer
	Kind        Kind
	WithHost    bool
	Stratum     string // two-letter code of the group, "" before the first selection
	Group       string // its name
	Objective   string
	Why         string // why this executive, this week
	Pinned      bool
	Conflict    string // what a person has to decide; "" where nothing is open
	Version     int    // rises with every change; 0 before the first save
}

// Place sets who visits when, at the half-day's usual hours.
func (v *Visit) Place(executiveID string, s slot.Slot, zone string) error {
	begins, ends := s.Half.Hours()
	return v.PlaceAt(executiveID, s, begins, ends, zone)
}

// PlaceAt sets who visits when, at hours that people have chosen: wall times of
// the customer's place, such as "10:15".
func (v *Visit) PlaceAt(executiveID string, s slot.Slot, begins, ends, zone string) error {
	start, err := slot.At(s.Date, begins, zone)
	if err != nil {
		return fault.Invalidf("The visit cannot be placed: %v.", err)
	}
	end, err := slot.At(s.Date, ends, zone)
	if err != nil {
		return fault.Invalidf("The visit cannot be placed: %v.", err)
	}
	if !end.After(start) {
		return fault.Invalidf("The visit cannot be placed: it would end (%s) before it begins (%s).", ends, begins)
	}
	v.ExecutiveID, v.Slot, v.Zone = executiveID, s, zone
	v.Begins, v.Ends, v.Start, v.End = begins, ends, start, end
	return nil
}

// Become changes the state, or says which states are possible from here.
func (v *Visit) Become(to State, reason string) error {
	if v.State == to {
		return fault.Conflictf("The visit is already %s.", to)
	}
	if !slices.Contains(next[v.State], to) {
		return fault.Conflictf("A visit that is %s cannot become %s.", v.State, to).
			With(fault.Detail{Where: "state", Value: string(to), Expected: list(next[v.State])})
	}
	v.State, v.Reason = to, reason
	return nil
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
