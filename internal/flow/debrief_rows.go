package flow

import (
	"time"

	"windshield/internal/insight"
	"windshield/internal/slot"
)

// KeptDebrief is a debrief as it is kept: a draft until somebody files it.
type KeptDebrief struct {
	insight.Debrief
	Filed   bool
	FiledBy string // person id; "" for a draft
	FiledAt time.Time
	SavedBy string // who wrote to it last
	SavedAt time.Time
	SaveKey string // made by the writer's side, so that a repeat of the last save changes nothing
	Version int
}

// KeptLoop is something open between a customer and us, as it is kept.
type KeptLoop struct {
	insight.Loop
	Version int
}

// KeptMemo is a memo of understanding as it is kept: a draft until it is sent.
type KeptMemo struct {
	insight.Memo
	SentBy    string // person id; "" for a draft
	ToName    string // to whom of the customer it went
	ToEmail   string
	RepliedAt time.Time // when the customer answered last; zero where never
	SavedBy   string
	SavedAt   time.Time
	Version   int
}

// Debriefs keeps what came of visits.
type Debriefs interface {
	Get(visitID string) (KeptDebrief, error)
	// OfCustomer gives those that were filed, newest visit first.
	OfCustomer(customerID string) ([]KeptDebrief, error)
	Save(d *KeptDebrief) error
	// SetAnswer keeps what the customer answers; Conflict where there is an answer.
	SetAnswer(visitID string, answer CustomerMet) error
	// Answer gives what the customer has answered, the zero value where nothing.
	Answer(visitID string) (CustomerMet, error)
}

// CustomerMet is whether the customer's objective was met, as the customer answers.
type CustomerMet struct {
	Met insight.Met // yes, partly or no
	By  string      // who of the customer
	On  slot.Date
}

// LoopQuery narrows a list of loops. Zero values do not narrow.
type LoopQuery struct {
	OwnerID    string
	CustomerID string
	VisitID    string
	Open       bool      // none that the customer has confirmed
	From       slot.Date // confirmed on or after; those not confirmed are in as well
}

// Loops keeps what is open between customers and us.
type Loops interface {
	Get(id string) (KeptLoop, error)
	// Find gives loops by the day they were opened, then id.
	Find(q LoopQuery) ([]KeptLoop, error)
	Save(loops ...*KeptLoop) error
	Delete(ids ...string) error
}

// Memos keeps the memos of understanding.
type Memos interface {
	Get(visitID string) (KeptMemo, error)
	Save(m *KeptMemo) error
}
