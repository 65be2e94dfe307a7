// Package visit holds the visit with its states, the plan with its versions,
// and the rule of what counts for the 30-day clock.
package visit

import (
	"slices"
	"strings"
	"time"

	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/slot"
)

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
	Reason      string           // why declined, cancelled, or not held, in words
	Code        Code             // likewise, from a closed list; "" where nobody chose one
	Agreement   Agreement        // holds while the state is Agreed or Confirmed; kept afterwards as what was
	Contacts    []roster.Contact // the customer's people whom the host wants to invite, by name and address
	JoinURL     string           // where an online visit is held; "" otherwise
	Answer      Answer
	AnswerNote  string // what the executive wrote beside the answer
	Kind        Kind
	WithHost    bool
	Stratum     string // two-letter code of the group, "" before the first selection
	Group       string // its name
	Objective   string // ours, not for the customer
	Theirs      Said   // the customer's objective
	Agenda      []AgendaItem
	Why         string // why this executive, this week
	Pinned      bool
	Conflict    string // what differs and a person has to decide; "" where nothing does
	Asked       string // what the executive asks for instead, and nobody has decided; "" where nothing is
	Version     int    // rises with every change; 0 before the first save

	// Unsaved is what has happened to it since it was last saved. Become, PlaceAt and
	// Undo add to it; saving writes it into the history and empties it.
	Unsaved []Step
}

// ToDecide says what a person has to decide about the visit, in sentences; "" where
// nothing is open.
func (v Visit) ToDecide() string {
	return strings.TrimSpace(v.Conflict + " " + v.Asked)
}

// Agreement is what the host has agreed with the customer about a visit.
type Agreement struct {
	With string    // who at the customer said so
	On   slot.Date // when
	What string    // what was agreed, in words
}

// Place sets who visits when, at the half-day's usual hours.
func (v *Visit) Place(executiveID string, s slot.Slot, zone string) error {
	begins, ends := s.Half.Hours()
	return v.PlaceAt(executiveID, s, begins, ends, zone)
}

// PlaceAt sets who visits when, at hours that people have chosen: wall times of
// the customer's place, such as "10:15". A visit that stands has then moved: what
// the customer has agreed to or confirmed holds no longer as it was.
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
	before := v.Spot()
	v.ExecutiveID, v.Slot, v.Zone = executiveID, s, zone
	v.Begins, v.Ends, v.Start, v.End = begins, ends, start, end
	if now := v.Spot(); v.State.Live() && before.ExecutiveID != "" && now != before {
		from := v.State
		switch {
		case before.ExecutiveID != now.ExecutiveID || before.Slot != now.Slot:
			v.State = Published // another day or another person is to be agreed anew
			v.Asked = ""        // what was asked for instead was of the place before
		case v.State == Confirmed:
			v.State = Agreed
		}
		v.note(Step{From: from, To: v.State, Was: before, Is: now})
	}
	return nil
}
