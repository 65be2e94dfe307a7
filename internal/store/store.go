// Package store keeps everything in one database: SQLite in a file, or
// Postgres. It implements the ports that flow declares, holds the migrations
// for both engines, and is the only importer of gorm. Rows are private; domain
// objects go in and come out.
package store

import (
	"context"
	"database/sql"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"gorm.io/gorm"

	"windshield/internal/fault"
	"windshield/internal/flow"
)

// Options are what Open needs beside the address of the database.
type Options struct {
	Now      func() time.Time // the only clock; nil: the computer's
	Log      *slog.Logger     // nil: no log
	ReadOnly bool             // an SQLite file may be read while another Windshield has it; Write is refused
}

// Store is a database. It is safe for concurrent use and implements flow.Store.
type Store struct {
	now      func() time.Time
	log      *slog.Logger
	readOnly bool

	postgres bool
	gorm     *gorm.DB      // of the writer pool
	db       *sql.DB       // writers; on Postgres all
	readers  *sql.DB       // on Postgres the same as db
	pool     *pgxpool.Pool // Postgres only
	lock     *os.File      // SQLite only
	turns    turns
	groups   strataMemory
	everyone peopleMemory

	enqueuer atomic.Pointer[Enqueuer]
}

var _ flow.Store = (*Store)(nil)

// Open opens the database at an address: "sqlite:PATH" or "postgres://…". It
// changes no table: call Migrate before the first use. The errors are Invalid
// (a wrong address, a file that cannot be used, a newer schema) or Temporary (a
// server that does not answer), with one line that is fit to be shown.
func Open(ctx context.Context, address string, o Options) (*Store, error) {
	s := &Store{now: o.Now, log: o.Log, readOnly: o.ReadOnly}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	switch {
	case strings.HasPrefix(address, "sqlite:") && len(address) > len("sqlite:"):
		err = s.openSQLite(ctx, strings.TrimPrefix(address, "sqlite:"))
	case strings.HasPrefix(address, "postgres://"), strings.HasPrefix(address, "postgresql://"):
		err = s.openPostgres(ctx, address)
	default:
		// The value is not repeated: it may hold a password.
		err = fault.Invalidf("The address of the database cannot be read.").With(fault.Detail{
			Where: "database URL", Expected: "sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE"})
	}
	if err == nil {
		err = watch(s.gorm)
	}
	if err == nil {
		err = s.notNewer(ctx)
	}
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// Close waits for nothing: stop what uses the store first. It may be called twice.
func (s *Store) Close() error {
	var first error
	keep := func(err error) {
		if first == nil {
			first = err
		}
	}
	if s.readers != nil && s.readers != s.db {
		keep(s.readers.Close())
	}
	if s.db != nil {
		keep(s.db.Close())
	}
	if s.pool != nil {
		s.pool.Close()
	}
	if s.lock != nil {
		keep(s.lock.Close()) // and so unlocks it; the file stays, since deleting it would race
		s.lock = nil
	}
	return first
}

// Ready says whether the database answers and has the schema of this program.
func (s *Store) Ready(ctx context.Context) error {
	have, err := s.version(ctx)
	if err != nil {
		return fault.Temporaryf("The database does not answer.").Because(err)
	}
	want, err := s.newest()
	if err != nil {
		return err
	}
	if have != want {
		return fault.Temporaryf("The database has schema %d, this Windshield needs %d.", have, want)
	}
	return nil
}

// Engine is the open database, for the job queue, which keeps its own tables in
// it. Exactly one field is set.
type Engine struct {
	SQLite   *sql.DB // one connection, the writer
	Postgres *pgxpool.Pool
}

// Engine gives the open database.
func (s *Store) Engine() Engine {
	if s.postgres {
		return Engine{Postgres: s.pool}
	}
	return Engine{SQLite: s.db}
}

// Handle is a running transaction, for the job queue. Exactly one field is set.
type Handle struct {
	SQLite   *sql.Tx
	Postgres pgx.Tx
}

// Enqueuer puts jobs into the queue inside a transaction, so that they exist
// only if it commits.
type Enqueuer interface {
	Enqueue(ctx context.Context, tx Handle, jobs ...flow.Job) error
}

// SetEnqueuer connects the job queue. Until then enqueueing is an error.
func (s *Store) SetEnqueuer(e Enqueuer) { s.enqueuer.Store(&e) }

// Now gives the time on the store's clock.
func (s *Store) Now() time.Time { return s.now() }
