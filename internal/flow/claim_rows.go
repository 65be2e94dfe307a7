package flow

import (
	"time"

	"windshield/internal/insight"
	"windshield/internal/slot"
)

// KeptClaim is a claim as it is kept. A closed one is no longer asked about and
// never leaves as a finding; its statements stay.
type KeptClaim struct {
	insight.Claim
	MadeBy   string // person id
	MadeAt   time.Time
	Closed   slot.Date // zero while it is open
	ClosedBy string
	Why      string // it was closed
	Version  int
}

// StatementOrigin says how a statement came in.
type StatementOrigin string

const (
	FromDebrief StatementOrigin = "debrief"
	FromMemo    StatementOrigin = "memo" // the customer's answer to a line of it
	ByHand      StatementOrigin = "hand"
)

// KeptStatement is a statement as it is kept. One that was withdrawn is ours to take
// back (it was never said, or not at this customer): it counts nowhere and stays on
// record.
type KeptStatement struct {
	insight.Statement
	Origin      StatementOrigin
	Withdrawn   slot.Date // zero while it stands
	WithdrawnBy string    // person id
	Why         string    // it was withdrawn
	Version     int
}

// Claims keeps the generalisations that people made of what customers said.
type Claims interface {
	Get(id string) (KeptClaim, error)
	// All gives the newest first, closed ones too.
	All() ([]KeptClaim, error)
	Save(c *KeptClaim) error
}

// StatementQuery narrows a list of statements. Zero values do not narrow.
type StatementQuery struct {
	ClaimID    string
	CustomerID string
	VisitID    string
	Claimed    bool // only those of some claim
	Loose      bool // only those of none
	Standing   bool // none that was withdrawn
	Limit      int  // 0: all
}

// Statements keeps what customers said and what we guess.
type Statements interface {
	Get(id string) (KeptStatement, error)
	// Find gives the newest first, then by id.
	Find(q StatementQuery) ([]KeptStatement, error)
	Save(statements ...*KeptStatement) error
}
