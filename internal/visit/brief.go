package visit

import (
	"time"

	"windshield/internal/slot"
)

// Said is what a customer said, in the customer's words.
type Said struct {
	Words string
	By    string    // who at the customer said so
	On    slot.Date // when
}

// AgendaItem is one point of what both sides want to go through.
type AgendaItem struct {
	At   string `json:"at"` // wall time at the place, "09:30"; "" where the order is enough
	What string `json:"what"`
}

// Attendee is somebody who takes part, and as what.
type Attendee struct {
	Name   string `json:"name"`
	Role   string `json:"role,omitempty"`
	Theirs bool   `json:"theirs,omitempty"` // from the customer
}

// Ask is a question that we want to put to the customer.
type Ask struct {
	Text string `json:"text"`
	By   string `json:"by,omitempty"` // person who added it; "" for the host who prepared the brief
}

// Brief is what we prepare for a visit and keep among ourselves. Objectives and
// agenda, which both sides know, stand with the visit.
type Brief struct {
	VisitID   string
	People    []Attendee
	Questions []string // of ours that the customer has yet to answer
	Elephants []string // difficult topics that must be raised
	Asks      []Ask    // to ask on the day
	Travel    string
	AgendaBy  string    // who at the customer agreed to the agenda as it stands; "" where nobody did
	AgendaOn  slot.Date // when
	Confirmed slot.Date // when the customer confirmed the visit as it stands; zero where not
	Version   int       // rises with every change; 0 before the first save
}

// LinkState is what a customer's link is good for.
type LinkState string

const (
	LinkOpen      LinkState = "open"
	LinkUsed      LinkState = "used"
	LinkWithdrawn LinkState = "withdrawn"
	LinkExpired   LinkState = "expired"
)

// Link lets one of the customer's people confirm a visit without an account. Only
// the hash of its secret is kept.
type Link struct {
	ID          string // UUID
	Hash        string // hex SHA-256 of the secret
	VisitID     string
	Email       string
	Name        string
	MadeAt      time.Time
	MadeBy      string // person id
	Expires     time.Time
	UsedAt      time.Time // zero: not yet
	WithdrawnAt time.Time // zero: not at all
}

// State says what the link is good for at an instant.
func (l Link) State(now time.Time) LinkState {
	switch {
	case !l.UsedAt.IsZero():
		return LinkUsed
	case !l.WithdrawnAt.IsZero():
		return LinkWithdrawn
	case !now.Before(l.Expires):
		return LinkExpired
	}
	return LinkOpen
}
