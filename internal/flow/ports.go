// Package flow tells the story: one file per step, from the import to the CEO's
// page. Transactions, permissions, the clock and the queue meet the pure steps
// only here. Every use case takes the actor first and asks access.
package flow

import (
	"context"
	"time"

	"windshield/internal/access"
	"windshield/internal/alert"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Store runs units of work on the database.
type Store interface {
	// Write runs do in one transaction that may change rows, and commits where
	// do returns nil. On a serialization failure or deadlock the whole of do
	// runs again, so do decides on what it reads inside and has no effects
	// outside. Jobs enqueued through Tx.Queue exist only if it commits.
	Write(ctx context.Context, do func(Tx) error) error
	// Read runs do in one read-only transaction with a stable view.
	Read(ctx context.Context, do func(Tx) error) error
	// Alone runs do, which is no transaction, while nobody else runs anything alone
	// under the same key, in this process or in another one on the database. It
	// waits for its turn until ctx ends. Who dies gives the turn back.
	Alone(ctx context.Context, key string, do func(ctx context.Context) error) error
}

// Tx gives the ports of one transaction. They must not be kept after it.
//
// All ports: a missing row is a fault of kind NotFound; a Save whose Version is
// not the stored one is Stale; a broken unique rule is Conflict. Save raises
// the version in the database, and in the value where it is passed by pointer.
type Tx struct {
	People      People
	Customers   Customers
	Imports     Imports
	Selections  Selections
	Frames      Frames
	Yardsticks  Yardsticks
	Plans       Plans
	PlanSteps   PlanSteps
	Runs        Runs
	Visits      Visits
	Briefs      Briefs
	Preps       Preps
	Asks        Asks
	Feeds       Feeds
	Debriefs    Debriefs
	Promises    Promises
	Loops       Loops
	Memos       Memos
	Sums        Sums
	Claims      Claims
	Statements  Statements
	Sayings     Sayings
	Stamps      Stamps
	Turns       Turns
	Reasons     Reasons
	Bookings    Bookings
	Calendars   Calendars
	Channels    Channels
	Notes       Notes
	Connections Connections
	Busy        BusyTimes
	Alerts      Alerts
	Clocks      Clocks
	Notices     Notices
	Outbox      Outbox
	Accounts    Accounts
	Ledger      Ledger
	Queue       Queue
	Personal    Personal
	Looks       Looks

	Launches      Launches
	Verifications Verifications
}

// People holds executives, assistants, hosts and the rest of our company.
type People interface {
	// All gives everybody, by name then id.
	All() ([]roster.Person, error)
	Get(id string) (roster.Person, error)
	// ByEmail expects a normalised address.
	ByEmail(email string) (roster.Person, error)
	// Administrators gives those with the role, who have left too, and lets no other
	// transaction that asks for them go on before this one has ended.
	Administrators() ([]roster.Person, error)
	// Save inserts (Version 0) or changes people, whole or none, with where they lived when.
	Save(people ...*roster.Person) error
	// Absences gives those of the people named, of all where none is named, by start.
	Absences(personIDs ...string) ([]roster.Absence, error)
	// SetAbsences replaces a person's absences.
	SetAbsences(personID string, absences []roster.Absence) error
}

// CustomerQuery narrows a list of customers. Zero values do not narrow.
type CustomerQuery struct {
	Scope  access.Scope
	Search string            // part of the name, any case
	Values map[string]string // dimension -> value
	Stage  []string          // where it stands in its own buying: the stage's code, and how imports write it; by the latest turn, else by the import
	After  string            // cursor of the previous page
	Limit  int               // 1..1000
}

// Customers holds whom we visit.
type Customers interface {
	Get(id string) (roster.Customer, error)
	// ByIDs gives those that exist, in no order.
	ByIDs(ids ...string) ([]roster.Customer, error)
	// Page gives one page by name then id, and the next cursor, "" at the end.
	Page(q CustomerQuery) (rows []roster.Customer, next string, err error)
	// Each calls do for every customer by key, without holding all in memory.
	Each(do func(roster.Customer) error) error
	Count() (int, error)
	// Values gives the dimensions with how many customers have each value.
	Values() (map[string]map[string]int, error)
	// Save inserts (Version 0) or changes customers in bulk, whole or none.
	Save(customers ...*roster.Customer) error
}

// Imports keeps files that people brought until they are confirmed.
type Imports interface {
	Get(id string) (Import, error)
	// Recent gives the newest first, without files and rows.
	Recent(limit int) ([]Import, error)
	Save(im *Import) error
	File(id string) ([]byte, error)
	SetFile(id string, data []byte) error
}

// Selections keeps whom to visit and why. What the draw gave never changes; what
// people did afterwards is added to it.
type Selections interface {
	// Insert keeps a draw; Conflict where the year has a draw of this number.
	Insert(s Selection, rows []SelectionRow) error
	Get(id string) (Selection, error)
	// ByYear gives the newest first; those of all years where year is 0.
	ByYear(year int) ([]Selection, error)
	// Rows gives the rows of a selection by stratum, cell and rank; onlyTaken
	// leaves out the customers that were not drawn.
	Rows(id string, onlyTaken bool) ([]SelectionRow, error)
	// Change adds a change to a selection whose version is the stored one.
	Change(s *Selection, c SelectionChange) error
	// Changes gives the changes in order.
	Changes(id string) ([]SelectionChange, error)
}

// Frames keeps the frozen customer lists.
type Frames interface {
	Insert(f Frame, content []byte) error
	Get(id string) (Frame, error)
	// ByYear gives the newest first.
	ByYear(year int) ([]Frame, error)
	Content(id string) ([]byte, error)
}

// Yardsticks keeps what a selection is compared with.
type Yardsticks interface {
	// TeamList gives the list of customers that the account teams would have picked.
	TeamList(selectionID string) (TeamList, error)
	// SetTeamList keeps it, in place of the one before.
	SetTeamList(l TeamList) error
	// Redraws gives how the design comes out when it is drawn again and again.
	Redraws(selectionID string) ([]byte, error)
	SetRedraws(selectionID string, content []byte) error
}

// Plans keeps the versions of the years.
type Plans interface {
	Get(id string) (visit.Plan, error)
	// ByYear gives the plans of a year, newest first; of all years where year is 0.
	ByYear(year int) ([]visit.Plan, error)
	Save(p *visit.Plan) error
}

// PlanSteps keeps what people changed in plans by hand.
type PlanSteps interface {
	// Add appends a step to its plan and sets its number. Nobody else adds one to the
	// same plan before this transaction has ended.
	Add(s *PlanStep) error
	Get(id string) (PlanStep, error)
	// Recent gives the newest first.
	Recent(planID string, limit int) ([]PlanStep, error)
	// Rewrite keeps what is said of a step's changes now; only who caused them changes.
	Rewrite(s PlanStep) error
	// Undone marks a step as taken back by another one; Stale where it is already.
	Undone(id, by string) error
}

// Runs keeps the runs of the planner with their files.
type Runs interface {
	Get(id string) (Run, error)
	// OfPlan gives the run that became a plan.
	OfPlan(planID string) (Run, error)
	// OfSet gives the runs of a set of scenarios in the order in which they were made.
	OfSet(setID string) ([]Run, error)
	// Newest gives the newest first, without their trails.
	Newest(limit int) ([]Run, error)
	Save(r *Run) error
	File(runID string, kind RunFile) ([]byte, error)
	// SetFile keeps a file with a run, in place of the one of its kind before.
	SetFile(runID string, kind RunFile, data []byte) error
}

// VisitQuery narrows a list of visits. Zero values do not narrow.
type VisitQuery struct {
	Scope       access.Scope
	PlanID      string
	ExecutiveID string
	CustomerID  string
	// ExecutiveIDs are the only ones whose visits are wanted; nil: everybody's.
	ExecutiveIDs []string
	States       []visit.State
	From, To     slot.Date // both inclusive
	ToDecide     bool      // only those about which a person has to decide, by what stands in the visit itself
	IDs          []string  // only these; nil: all
	After        string    // cursor of the previous page
	Limit        int       // 0: all
	Newest       bool      // newest first, without a cursor
	// Bare reads only who, whom, when with the zone and the first instant, the state with
	// its code and reason, answer, with whom it was agreed, group, label and what is to be
	// decided: for whole years, of which most fields would be read for nothing. Such visits
	// are not for saving.
	Bare bool
}

// Visits keeps the visits of all plans, and those from before Windshield.
type Visits interface {
	Get(id string) (visit.Visit, error)
	// Find gives visits by date, half and id, and the next cursor, "" at the end.
	Find(q VisitQuery) (rows []visit.Visit, next string, err error)
	// Save inserts (Version 0) or changes visits, whole or none, and writes what
	// happened to them (Unsaved) into their histories.
	Save(visits ...*visit.Visit) error
	// History gives what happened to a visit, oldest first.
	History(id string) ([]visit.Step, error)
	// Moves gives the steps by which the visits named were moved, oldest first, by visit.
	Moves(ids ...string) (map[string][]visit.Step, error)
	// SayWhy changes the code of a visit's newest move; Stale where that was not made at
	// the time named.
	SayWhy(id string, at time.Time, code visit.Code) error
	// Discard deletes visits that nobody was ever told of; Conflict for others.
	Discard(ids ...string) error
}

// Briefs keeps what we prepare for visits, and the links of customers.
type Briefs interface {
	// Get gives the brief of a visit; an empty one of version 0 where none was made.
	Get(visitID string) (visit.Brief, error)
	Save(b *visit.Brief) error
	// AddLink keeps a new link; its hash is unique.
	AddLink(l visit.Link) error
	// Links gives the links of a visit, newest first.
	Links(visitID string) ([]visit.Link, error)
	// ByHash gives the link with this hash, whatever its state.
	ByHash(hash string) (visit.Link, error)
	// UseLink marks the link as used if it is neither used, withdrawn nor expired;
	// NotFound otherwise. Of several racers one succeeds.
	UseLink(id string, now time.Time) error
	// WithdrawLinks ends the link named, used or not, since a used one of after a visit
	// still shows the memo; or the open ones of a visit where none is named.
	WithdrawLinks(visitID, linkID string, now time.Time) error
}

// Bookings refuses a second visit of a person in one half-day (invariant I4).
type Bookings interface {
	// Book takes half-days. A taken one is a Conflict that names person and slot;
	// leave does not stop a visit that is booked already, and the other way round
	// it is refused.
	Book(bookings ...visit.Booking) error
	// Release frees the half-days of visits.
	Release(visitIDs ...string) error
	// Between gives the bookings of the people named (of all where none is) in
	// the interval.
	Between(span slot.Interval, personIDs ...string) ([]visit.Booking, error)
	// OfOtherYears gives the bookings in the interval for visits of another year's plans,
	// and for those of no plan.
	OfOtherYears(year int, span slot.Interval) ([]visit.Booking, error)
}

// Alerts keeps breaches of the 30-day clock and who was told of them.
type Alerts interface {
	// Raise inserts an alert, unless one exists for the person and the first day
	// of the breach; raised says whether it was new. One that was settled is opened
	// again, which is not new: nobody is told of a breach twice.
	Raise(a Alert) (raised bool, err error)
	// Settle closes the open alert of a person and breach, and says how it ended.
	Settle(personID string, breach slot.Date, outcome alert.Outcome, reason string, at time.Time) error
	// List gives alerts, newest breach first; only open ones where openOnly.
	List(openOnly bool) ([]Alert, error)
	// Deliver inserts deliveries, ignoring those that exist for the same subject,
	// recipient, channel and kind, and gives the ids of the new ones.
	Deliver(ds ...Delivery) (newIDs []string, err error)
	Delivery(id string) (Delivery, error)
	// Deliveries gives what was sent about the subjects named, oldest first.
	Deliveries(about ...string) ([]Delivery, error)
	SaveDelivery(d *Delivery) error
}

// Clocks keeps whom the 30-day clock has spoken to, and what they said.
type Clocks interface {
	// Climb notes that a rung is told of a breach; fresh says whether it was not told
	// before. Of several racers one is.
	Climb(r ToldRung) (fresh bool, err error)
	// Told gives the rungs that were told of the open alerts, in the order in which they were.
	Told() ([]ToldRung, error)
	// Note keeps what somebody said to an open alert, in place of what was said before.
	Note(n AlertNote) error
	// Warnings gives those that are not void, by breach.
	Warnings() ([]KeptWarning, error)
	// Warn keeps a warning and gives how often it was given by now: 1 the first time,
	// more where it had become void, 0 where it stands already.
	Warn(w KeptWarning) (times int, err error)
	// Void marks warnings of breaches that moved away.
	Void(all ...alert.Warned) error
}

// Accounts keeps sign-in links and counts attempts.
type Accounts interface {
	SaveLink(l Link) error
	// UseLink marks the unused, unexpired link with this hash as used and gives
	// its person; NotFound otherwise. A link is used at most once, also by racers.
	UseLink(hash string, now time.Time) (personID string, err error)
	// Attempt records a sign-in attempt and gives how many were made for the
	// subject since.
	Attempt(subject string, now, since time.Time) (int, error)
	// Sweep deletes links and attempts from before.
	Sweep(before time.Time) error
	// ChooseLocale keeps how a person reads dates and numbers; People.Save writes that of
	// new people only. Nobody's form gets old by it, and no plan: the person has the
	// version of before.
	ChooseLocale(personID, tag string) error
}

// EntryQuery narrows the audit trail. Zero values do not narrow.
type EntryQuery struct {
	ActorID  string
	Kind     string    // what the subject begins with before its slash, such as "visit"
	Subject  string    // the whole of it
	From, To time.Time // To is not in it
	After    string    // cursor of the previous page
	Limit    int       // 0: 50
}

// Ledger keeps the audit trail, answers to repeated requests, and settings.
type Ledger interface {
	// Audit appends an entry to the hash chain.
	Audit(e Entry) error
	// Entries gives the newest first, and the next cursor, "" at the end.
	Entries(q EntryQuery) (rows []Entry, next string, err error)
	// Verify walks the chain and gives how many entries it has, and the number of the
	// first broken one, 0 where all holds. An entry that was blanked holds where the
	// newest EraseAction after it names what it hashes to.
	Verify() (entries, brokenAt int64, err error)
	// Begin claims an idempotency key. A finished request gives its answer and
	// done; another hash under the key is Invalid; a running one is Conflict.
	Begin(k Key) (answer []byte, done bool, err error)
	// Finish stores the answer of a request begun in this transaction.
	Finish(k Key, answer []byte) error
	Setting(name string) (value string, err error) // "" where never set
	// SetSetting writes over what Setting gave in this transaction; Stale where somebody
	// else has written meanwhile. What was not read is written over as it is.
	SetSetting(name, value string) error
}

// Queue enqueues jobs in the transaction that causes them.
type Queue interface {
	Enqueue(jobs ...Job) error
}
