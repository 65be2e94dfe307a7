package flow

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"runtime"
	"time"

	"github.com/google/uuid"

	"windshield/internal/calsync"
	"windshield/internal/notify"
	"windshield/internal/seal"
)

// Deps is what the story needs from outside. All fields are required but those
// whose comment says what nil means, and Log.
type Deps struct {
	Store     Store
	Calendars Opener
	Google    Google
	Notifier  notify.Notifier
	// Hooks are the ways besides mail by which notices leave.
	Hooks Hooks
	// MailSet says that a mail server is configured.
	MailSet bool
	// Hurry makes the jobs of a kind due that wait for their next try; nil: they come when they come.
	Hurry     func(ctx context.Context, kind JobKind) (jobs int, err error)
	Office    Office                                // where failed jobs are seen to; nil where no queue runs
	Now       func() time.Time                      // the only clock
	NewID     func() string                         // UUIDs; nil: random
	Token     func() string                         // secrets for links; nil: 256 random bits in hex
	Stopwatch func() (elapsed func() time.Duration) // starts measuring real time; nil: the machine's
	Workers   int                                   // that search for a plan at the same time; 0: one a processor
	PushURL   string                                // where calendars announce changes; "": nowhere, they are only read at intervals
	PollEvery time.Duration                         // the interval over which the readings of all calendars are spread; 0: all at once
	Quota     func(address string) Quota            // how much of an account's quota is used, of all accounts' for ""; nil: not known
	BaseURL   string                                // how links in mails and invitations begin, without a slash at the end
	Env       string                                // names this installation in the marks of its calendar events
	Budget    Budget                                // how fast many changes go to the calendars; what is 0 takes DefaultBudget's
	// InviteCustomers permits that the customer's people become guests of a visit
	// that the host has agreed with them.
	InviteCustomers bool
	Log             *slog.Logger
}

// Google is how this installation may use Google accounts. The zero value has no way.
type Google struct {
	Delegated bool                             // a service account acts for everybody of the domain
	Account   string                           // address that organises visits; "" is none
	Consents  Consenting                       // where people permit the use of their calendars; nil: they cannot
	Keys      *seal.Ring                       // seals what they permit
	Survey    func(ctx context.Context) Survey // looks at the API without any account
	// Try opens an account's calendar anew, without anything that is remembered of it;
	// for the set-up check. nil: as Calendars opens it.
	Try func(ctx context.Context, address string) (calsync.Calendar, error)
}

// Survey is what can be seen of the Calendar API from outside.
type Survey struct {
	Reached  bool // something answered
	Calendar bool // and it was a Calendar API
	Reason   string
	Ahead    time.Duration // its clock before ours
	Dated    bool          // the answer bore a date
}

// Opener gives the calendar of an organiser, ready to be called.
type Opener interface {
	// Open gives the port to the calendar at an address. The error says what is
	// missing in words for an administrator.
	Open(ctx context.Context, address string) (calsync.Calendar, error)
	// Organizer gives the address whose calendar holds the events of a host's
	// visits: the configured account, or the host's own.
	Organizer(hostEmail string) string
}

// Flow holds the use cases. It is safe for concurrent use.
type Flow struct {
	Deps
	importing chan struct{}         // a place for each file that may be worked on
	thinking  chan struct{}         // a place for each question about a plan
	reading   chan struct{}         // the place of whoever reads when people are busy
	boards    kept[*laid]           // plans that people ask about
	plans     kept[planYear]        // the visits of plans that people look at
	frozen    kept[[]PromisedVisit] // the visits of promises
	claims    kept[claimMemory]     // what claims rest on, all in one place

	selections kept[SelectionView]
	proofs     kept[Proof]
	compared   kept[comparedPromise]           // by year
	heardSums  kept[HeardSums]                 // by the question
	decks      kept[Deck]                      // by id of the plan, whether claims are in it, day and style
	paces      kept[pacing]                    // by id of the plan
	values     kept[map[string]map[string]int] // of customers, by dimension
}

// New makes the use cases.
func New(d Deps) *Flow {
	if d.NewID == nil {
		d.NewID = uuid.NewString
	}
	if d.Token == nil {
		d.Token = func() string {
			var b [32]byte
			_, _ = rand.Read(b[:]) // never fails, says crypto/rand
			return hex.EncodeToString(b[:])
		}
	}
	if d.Stopwatch == nil {
		d.Stopwatch = func() func() time.Duration {
			began := time.Now()
			return func() time.Duration { return time.Since(began) }
		}
	}
	if d.Workers == 0 {
		d.Workers = runtime.GOMAXPROCS(0)
	}
	if d.Office == nil {
		d.Office = closed{}
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return &Flow{Deps: d, importing: make(chan struct{}, importsAtOnce), thinking: make(chan struct{}, thinkers), reading: make(chan struct{}, 1), boards: kept[*laid]{most: boardsKept}, plans: kept[planYear]{most: plansKept}, frozen: kept[[]PromisedVisit]{exact: true, most: plansKept}, values: kept[map[string]map[string]int]{exact: true}, compared: kept[comparedPromise]{exact: true, most: plansKept}, decks: kept[Deck]{exact: true}, heardSums: kept[HeardSums]{exact: true}}
}
