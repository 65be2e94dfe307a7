package flow

import (
	"time"

	"windshield/internal/alert"
	"windshield/internal/intake"
	"windshield/internal/notify"
	"windshield/internal/slot"
)

// ImportState is where an import stands.
type ImportState string

const (
	Uploaded  ImportState = "uploaded"  // read, headers guessed, nothing checked by a person
	Confirmed ImportState = "confirmed" // written
)

// Import is a file that somebody brought, with what it would do.
type Import struct {
	ID        string // UUID
	Kind      intake.Kind
	FileName  string
	State     ImportState
	Mapping   intake.Mapping
	Counts    intake.Counts // of the last check
	CreatedAt time.Time
	CreatedBy string // person id
	DoneAt    time.Time
	Version   int
}

// RunState is where a planner's run stands.
type RunState string

const (
	Queued  RunState = "queued"
	Running RunState = "running"
	Done    RunState = "done"
	Failed  RunState = "failed"

	Cancelled RunState = "cancelled" // thrown away by somebody: there is no plan of it
)

// Ended says whether nothing more happens to it.
func (s RunState) Ended() bool { return s == Done || s == Failed || s == Cancelled }

// Run is one run of the planner, with its progress. A plan that was brought from
// outside has one too, which has ended when it begins.
type Run struct {
	ID          string // UUID
	PlanName    string
	SelectionID string
	Seed        uint64
	Seconds     int // time limit; 0 where Iterations is set, or the plan was brought
	Iterations  int
	State       RunState
	Stop        bool             // somebody asked to stop and keep the best
	Cost        map[string]int64 // by term, of the best so far
	Trail       []Mark           // how the best fell
	Bound       Bound            // what no plan of the problem can cost less than
	Scenario    Scenario         // what it assumes otherwise than our data say
	Weights     map[string]int64 // what a unit of each term cost in it; nil before it began, and for runs from before weights could be changed
	SetID       string           // the scenarios that are planned side by side with it; "" for a run alone
	Nth         int              // its place in the set, from 0
	Brought     bool             // the plan came from outside
	PlanID      string           // the draft it became
	Error       string           // for people
	CreatedAt   time.Time
	CreatedBy   string
	StartedAt   time.Time
	EndedAt     time.Time
	Version     int
}

// Mark is a point on the falling lines of a run.
type Mark struct {
	Millis int64            `json:"ms"` // since the start
	Total  int64            `json:"total"`
	Cost   map[string]int64 `json:"cost,omitempty"`   // by term; nil where the search has not said
	Groups map[string]Tally `json:"groups,omitempty"` // by code; nil where they are as in the mark before
}

// Tally counts the wanted visits of a group, and how many of them have a place.
type Tally struct {
	Placed int `json:"placed"`
	Wanted int `json:"wanted"`
}

// Bound is a cost that no plan of a problem can be below, with its parts by term
// and how it was found. The zero Bound says nothing: Method is "".
type Bound struct {
	Total  int64            `json:"total"`
	Terms  map[string]int64 `json:"terms"`
	Method string           `json:"method"`
}

// Gap says by how many per cent of the bound a cost lies above it at most; known
// is false where there is no bound, or it is nothing.
func (b Bound) Gap(total int64) (percent float64, known bool) {
	if b.Method == "" || b.Total <= 0 {
		return 0, false
	}
	return 100 * float64(total-b.Total) / float64(b.Total), true
}

// RunFile names a file that is kept with a run.
type RunFile string

const (
	ProblemFile  RunFile = "problem"  // windshield.problem/1
	SolutionFile RunFile = "solution" // windshield.solution/1
)

// Alert is one breach of the 30-day clock by one person.
type Alert struct {
	PersonID  string
	Breach    slot.Date // first day of the breach: the 31st day without a counting visit
	LastVisit slot.Date // latest counting visit before it; zero where none is known
	Open      bool
	Reason    string // why it was settled
	RaisedAt  time.Time
	SettledAt time.Time

	Outcome     alert.Outcome // how it ended; "" while it is open
	SilentUntil slot.Date     // snoozed: the first day on which it speaks again; zero where not
	SeenOn      slot.Date     // acknowledged; zero where not
	Note        string        // the reason that was typed for either
	NotedBy     string        // person who typed it
}

// ToldRung says that a rung was told of a breach.
type ToldRung struct {
	PersonID string
	Breach   slot.Date
	Rung     alert.Rung
	At       time.Time
}

// AlertNote is what somebody says to an open alert: a snooze, or that it is known.
type AlertNote struct {
	PersonID string
	Breach   slot.Date
	Until    slot.Date // snoozed until; zero where not
	Seen     slot.Date // acknowledged on; zero where not
	Note     string
	By       string // person
}

// KeptWarning is a warning of a breach to come that was given.
type KeptWarning struct {
	alert.Warned
	Times  int // how often, since it may become void and be given again
	Reason string
	At     time.Time
}

// DeliveryState is where a message to a person stands.
type DeliveryState string

const (
	OnHold  DeliveryState = "held" // it waits for a time or a digest
	ToSend  DeliveryState = "to_send"
	Sending DeliveryState = "sending"
	Sent    DeliveryState = "sent"
	Refused DeliveryState = "refused" // the channel will never take it
	Skipped DeliveryState = "skipped" // it does not go; Why says why
)

// Delivery is one message to one person by one channel. Its MessageID is fixed,
// so that a repeat after a crash can be recognised (invariant I7).
type Delivery struct {
	ID         string // UUID
	About      string // what it is about, such as "alert/PERSON/2027-02-03"
	Kind       string // which message of several about it, such as "breach"; see notify.KindOf
	Channel    notify.Channel
	PersonID   string // recipient, or on whose behalf it goes to somebody outside or to a channel of the company's
	ToAddress  string // of somebody who is not one of us; "" for the person
	ToName     string
	MessageID  string
	Subject    string
	Body       string // plain text
	State      DeliveryState
	Error      string    // last error, for people
	Why        string    // why it waits, or does not go; a sentence for the recipient
	NotBefore  time.Time // for OnHold; zero where it waits for a digest
	Digest     slot.Date // the first day whose digest may take it in; zero where it waits for none
	Path       string    // page of ours that it is about, such as "/visits/ID"; "" where there is none
	Unread     bool      // on the page channel: the person has not opened it
	Ticket     string    // the secret with which this kind of mail is ended; "" once it was sent
	TicketHash string
	Calendar   string // an iCalendar file that goes with it; "" where none does
	CreatedAt  time.Time
	SentAt     time.Time
	Version    int
}

// Link is a one-time sign-in link. Only its hash is kept.
type Link struct {
	Hash     string // hex SHA-256 of the token in the link
	PersonID string
	Expires  time.Time
}

// Entry is one line of the audit trail. Seq, Prev and Hash are set by the store.
type Entry struct {
	Seq     int64
	At      time.Time
	ActorID string
	Action  string // "publish plan"
	Subject string // "plan/UUID"
	Detail  string // JSON without personal data
	Prev    string // hash of the entry before
	Hash    string // SHA-256 over Prev and the fields
}

// Key names a request that may be repeated: same actor, key and hash have no
// second effect and give the same thing, as it stands by then. An empty Key asks for no protection.
type Key struct {
	ActorID string
	Key     string // 1..200 characters, chosen by the caller
	Hash    string // of the request's content
}
