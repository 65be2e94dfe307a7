package store

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
)

// attempts is how often a unit of work runs before its caller is told that the
// database is busy; the pauses between add up to some three seconds.
const attempts = 12

// unit is one transaction: what all ports of it share.
type unit struct {
	s      *Store
	ctx    context.Context
	db     *gorm.DB
	handle Handle
	write  bool

	undo    []func()           // puts values back as they were if the unit does not commit
	entries []flow.Entry       // audit entries, appended just before the commit
	known   map[string]string  // settings that were read, by name
	people  []roster.Person    // everybody, as a unit that only reads has seen them
	stamps  map[string]bool    // to be counted up just before the commit
	begun   map[[2]string]bool // idempotency keys that wait for their answer
	lost    error              // an error of the engine that asks for another run
	points  int                // savepoints made so far
	events  map[string]int     // versions of the calendar events that a unit which writes has read or written, by visit
}

// Write runs do in one transaction; see flow.Store.
//
// On Postgres it runs READ COMMITTED. SERIALIZABLE would make every two units
// that append to the audit chain, or look at one small table, fail each other,
// and isolation must never be the only guard anyway: unique keys refuse what
// must not be, compare-and-swap on versions refuses stale decisions, and row
// locks order what must be a line. On SQLite there is one writer at a time.
func (s *Store) Write(ctx context.Context, do func(flow.Tx) error) error {
	if s.readOnly {
		return fault.Invalidf("The database was opened for reading only.")
	}
	return s.retry(ctx, func() (bool, error) { return s.once(ctx, true, do) })
}

// Read runs do in one read-only transaction that sees one state of the
// database; see flow.Store.
func (s *Store) Read(ctx context.Context, do func(flow.Tx) error) error {
	return s.retry(ctx, func() (bool, error) { return s.once(ctx, false, do) })
}

// retry runs try until it succeeds, fails for good, or has failed too often.
func (s *Store) retry(ctx context.Context, try func() (mayRetry bool, err error)) error {
	for n := 1; ; n++ {
		mayRetry, err := try()
		if err == nil || !mayRetry {
			return err
		}
		if n == attempts {
			return fault.Temporaryf("The database is busy; please try again.").Because(err)
		}
		// Full jitter: those who lost together must not come back together.
		pause := time.NewTimer(rand.N(min(5*time.Millisecond<<n, 500*time.Millisecond)))
		select {
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		case <-pause.C:
		}
	}
}

// once runs do in one transaction. mayRetry says that the transaction certainly
// did not commit, and that running it again may help.
func (s *Store) once(ctx context.Context, write bool, do func(flow.Tx) error) (mayRetry bool, err error) {
	u := &unit{s: s, ctx: ctx, write: write, begun: map[[2]string]bool{}}
	commit, rollback, err := u.begin()
	if err != nil {
		return again(err), translate(err)
	}
	committed := false
	defer func() { // also when do panics
		if !committed {
			rollback()
			for i := len(u.undo) - 1; i >= 0; i-- {
				u.undo[i]()
			}
		}
	}()
	if err = do(u.ports()); err == nil {
		err = u.finish()
	}
	if u.lost != nil { // do may have swallowed or replaced it, and cannot know better
		return true, translate(u.lost)
	}
	if err != nil {
		return false, err
	}
	if err = commit(); err != nil {
		// Postgres says so where a commit failed for good; a broken connection
		// leaves open whether it committed, and then running again is not ours
		// to decide.
		return lostRace(err), translate(err)
	}
	committed = true
	return false, nil
}

func (u *unit) begin() (commit func() error, rollback func(), err error) {
	session := u.s.gorm.Session(&gorm.Session{NewDB: true, Context: context.WithValue(u.ctx, unitKey{}, u), SkipDefaultTransaction: true})
	u.db = session
	if u.s.postgres {
		o := pgx.TxOptions{IsoLevel: pgx.ReadCommitted}
		if !u.write {
			o = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
		}
		t, err := u.s.beginPostgres(u.ctx, o)
		if err != nil {
			return nil, nil, err
		}
		session.Statement.ConnPool = t
		u.handle = Handle{Postgres: t.tx}
		return func() error { return t.commit(u.ctx) }, func() { t.rollback(u.ctx) }, nil
	}
	pool, o := u.s.db, (*sql.TxOptions)(nil)
	if !u.write {
		pool, o = u.s.readers, &sql.TxOptions{ReadOnly: true}
	}
	t, err := pool.BeginTx(u.ctx, o)
	if err != nil {
		return nil, nil, err
	}
	session.Statement.ConnPool = t
	u.handle = Handle{SQLite: t}
	return t.Commit, func() { _ = t.Rollback() }, nil
}

// finish does what belongs to the end of a unit of work.
func (u *unit) finish() error {
	for k := range u.begun {
		return fmt.Errorf("the request of %s under an idempotency key has no answer stored", k[0])
	}
	if err := u.countStamps(); err != nil {
		return err
	}
	return u.appendAudit()
}

// fail notes an error of the engine and gives it as a fault.
func (u *unit) fail(err error) error {
	if err != nil && u.lost == nil && again(err) {
		u.lost = err
	}
	return translate(err)
}

// one is fail with a better text for what is missing.
func (u *unit) one(err error, noun string) error {
	err = u.fail(err)
	if fault.Is(err, fault.NotFound) {
		return fault.NotFoundf("There is no such %s.", noun)
	}
	return err
}

// atomic runs do whole or not at all inside the transaction, so that the caller
// may go on after a refusal, on both engines alike.
func (u *unit) atomic(do func() error) error {
	if !u.write {
		return fault.New(fault.Internal, "a change in a transaction for reading")
	}
	u.points++
	name := fmt.Sprintf("p%d", u.points)
	if err := u.db.Exec("SAVEPOINT " + name).Error; err != nil {
		return u.fail(err)
	}
	undo := len(u.undo)
	if err := do(); err != nil {
		err = u.fail(err)
		for i := len(u.undo) - 1; i >= undo; i-- {
			u.undo[i]()
		}
		u.undo = u.undo[:undo]
		if u.lost == nil {
			if back := u.db.Exec("ROLLBACK TO SAVEPOINT " + name).Error; back != nil {
				u.lost = back // nothing of this transaction may stand
			}
		}
		return err
	}
	return u.fail(u.db.Exec("RELEASE SAVEPOINT " + name).Error)
}

func (u *unit) ports() flow.Tx {
	return flow.Tx{
		People: people{u}, Customers: customers{u}, Imports: imports{u}, Selections: selections{u}, Frames: frames{u}, Yardsticks: yardsticks{u},
		Plans: plans{u}, PlanSteps: planSteps{u}, Runs: runs{u}, Visits: visits{u}, Debriefs: debriefs{u}, Promises: promises{u}, Loops: loops{u}, Memos: memos{u}, Claims: claims{u}, Sums: sums{u}, Statements: statements{u}, Sayings: sayings{u}, Stamps: stamps{u}, Turns: buyingTurns{u}, Reasons: reasons{u}, Briefs: briefs{u}, Preps: preps{u}, Asks: asks{u}, Feeds: feeds{u}, Clocks: clocks{u}, Bookings: bookings{u}, Calendars: calendars{u}, Connections: connections{u}, Channels: channels{u}, Notes: notes{u}, Busy: busyTimes{u},
		Alerts: alerts{u}, Notices: notices{u}, Outbox: outbox{u}, Accounts: accounts{u}, Ledger: ledger{u}, Queue: queue{u}, Personal: personal{u},
		Looks: looks{u}, Launches: launches{u}, Verifications: verifications{u},
	}
}

// queue enqueues jobs in the transaction.
type queue struct{ *unit }

func (q queue) Enqueue(jobs ...flow.Job) error {
	e := q.s.enqueuer.Load()
	if e == nil {
		return fault.New(fault.Internal, "no job queue is connected to the store")
	}
	return q.atomic(func() error { return (*e).Enqueue(q.ctx, q.handle, jobs...) })
}
