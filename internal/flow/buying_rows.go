package flow

import (
	"time"

	"windshield/internal/slot"
	"windshield/internal/visit"
)

// KeptTurn is a customer's move to a buying stage, as it is kept. One with a visit was
// told by its debrief; the others were noted on the customer's page.
type KeptTurn struct {
	visit.Turn
	ID   string // UUID
	Says string // what the customer did, in the words of the list as it was then
	By   string // person id
	At   time.Time
}

// Turns keeps the customers' ways through their own buying. Nothing of them is
// deleted but what a debrief has told and takes back.
type Turns interface {
	// Of gives the turns of customers by customer, in the order in which they were noted.
	Of(customerIDs ...string) (map[string][]KeptTurn, error)
	// Add keeps a turn.
	Add(t KeptTurn) error
	// Tell keeps what the debrief of a visit tells, in place of what it told before, under
	// the visit's id; nil where it tells of no turn.
	Tell(visitID string, t *KeptTurn) error
	// Standing counts the customers by the stage at which their turns leave them.
	Standing() (map[string]int, error)
	// At gives customers whose turns leave them at a stage, by name.
	At(stage string, limit int) (customerIDs []string, err error)
	// Rename puts a stage in place of another one in all turns.
	Rename(from, to string) error
}

// KeptReason is why a visit was made on a day in spite of its brakes.
type KeptReason struct {
	VisitID string
	On      slot.Date
	Brakes  []visit.Brake
	Reason  string
	By      string // person id
	At      time.Time
}

// Reasons keeps why visits were made in spite of their brakes.
type Reasons interface {
	// Of gives the reasons of visits, oldest first, also those for days on which a
	// visit no longer stands.
	Of(visitIDs ...string) ([]KeptReason, error)
	// Save keeps reasons, each in place of one for the same visit and day.
	Save(reasons ...KeptReason) error
	// Standing gives the visits of a time that stand or took place on a day for which
	// a reason was given, by day, with those reasons.
	Standing(span slot.Interval) ([]visit.Visit, []KeptReason, error)
}
