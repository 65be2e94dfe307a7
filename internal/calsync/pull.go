package calsync

import (
	"context"
	"time"
)

// Cursor is how far a calendar was read back. Store it in the transaction that
// applies what Pull found. The zero value reads everything.
type Cursor struct {
	Account string    // whose credential the token belongs to
	Params  string    // version of the query that the token belongs to
	Token   string    `json:",omitempty"`
	FullAt  time.Time // when everything was last read
	Refused int       `json:",omitempty"` // full readings forced by a refused token, one after the other
	Believe bool      `json:",omitempty"` // a person confirmed that many events are really gone; used once
}

// Known gives what we believe the calendar to hold.
type Known interface {
	// Bases gives the bases of a calendar's events with these ids; with nil ids
	// all that are confirmed and not over. Unknown ids are left out.
	Bases(ctx context.Context, calendar string, ids []string) ([]Base, error)
}

// Pulled is what was read back. For each of Seen call Observe with the base as
// it stands in the transaction.
type Pulled struct {
	Seen   []Event  // newest version of each changed event of ours; tombstones included
	Stray  []Event  // live events with this installation's mark that no base knows
	Next   Cursor   // store it together with what was applied
	Full   bool     // everything was read, not just what changed
	Doubt  Doubt    // why what vanished was not believed
	Missed []string // with Doubt: ids of the events that seem to be gone
}

// Doubt says why a reading was not believed.
type Doubt string

const (
	NoDoubt   Doubt = ""
	FalseList Doubt = "the list left out events that are there" // nothing to do; read again later
	MassLoss  Doubt = "many events are gone at once"            // a person must confirm (Cursor.Believe)
)
