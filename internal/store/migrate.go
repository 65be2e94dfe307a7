package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"windshield/internal/fault"
)

//go:embed migrations
var migrations embed.FS

// migrationLock is the advisory lock under which one replica migrates while the
// others wait; any number that nobody else uses.
const migrationLock = 0x57696e6473686c64 // "Windshld"

// Migrate brings the schema to what this program needs, then runs more (the job
// queue's own migrations). Replicas that start together wait for each other.
func (s *Store) Migrate(ctx context.Context, more ...func(context.Context, Engine) error) error {
	if s.readOnly {
		return fault.Invalidf("The database was opened for reading only.")
	}
	unlock, err := s.lockMigrations(ctx)
	if err != nil {
		return fault.Temporaryf("The database cannot be migrated now.").Because(err)
	}
	defer unlock()
	if err := s.notNewer(ctx); err != nil { // another replica may have been quicker
		return err
	}
	p, err := s.provider()
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	for _, do := range more {
		if err := do(ctx, s.Engine()); err != nil {
			return fmt.Errorf("migrate the job queue: %w", err)
		}
	}
	return nil
}

// lockMigrations takes the advisory lock on a connection of its own. An SQLite
// file has one process, so there is nobody to wait for.
func (s *Store) lockMigrations(ctx context.Context) (unlock func(), err error) {
	if !s.postgres {
		return func() {}, nil
	}
	c, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	if _, err = c.Exec(ctx, "SET lock_timeout = 0"); err == nil {
		_, err = c.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock))
	}
	if err != nil {
		_ = c.Hijack().Close(ctx)
		return nil, err
	}
	return func() { // closing the connection unlocks, also where it is broken
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		_ = c.Hijack().Close(ctx)
	}, nil
}

func (s *Store) provider() (*goose.Provider, error) {
	dialect, folder := goose.DialectSQLite3, "migrations/sqlite"
	if s.postgres {
		dialect, folder = goose.DialectPostgres, "migrations/postgres"
	}
	sub, err := fs.Sub(migrations, folder)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, s.db, sub, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
}

// newest gives the number of our newest migration.
func (s *Store) newest() (int64, error) {
	p, err := s.provider()
	if err != nil {
		return 0, err
	}
	all := p.ListSources()
	return all[len(all)-1].Version, nil
}

// version gives the number of the newest migration in the database, 0 where
// there is none.
func (s *Store) version(ctx context.Context) (v int64, err error) {
	exists := "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'goose_db_version')"
	if s.postgres {
		exists = "SELECT to_regclass('goose_db_version') IS NOT NULL"
	}
	var there bool
	if err := s.readers.QueryRowContext(ctx, exists).Scan(&there); err != nil || !there {
		return 0, err
	}
	err = s.readers.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version").Scan(&v)
	return v, err
}

func (s *Store) notNewer(ctx context.Context) error {
	have, err := s.version(ctx)
	if err != nil {
		return fault.Temporaryf("The database does not answer.").Because(err)
	}
	want, err := s.newest()
	if err != nil {
		return err
	}
	if have > want {
		return fault.Invalidf("The database was made by a newer Windshield (schema %d, this one knows %d); install that one.", have, want)
	}
	return nil
}
