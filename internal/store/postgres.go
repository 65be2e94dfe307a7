package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"windshield/internal/fault"
)

// openPostgres opens ONE pool, which gorm, the migrations and the job queue share.
func (s *Store) openPostgres(ctx context.Context, address string) error {
	s.postgres = true
	config, err := pgxpool.ParseConfig(address)
	if err != nil { // its text may repeat parts of the address
		return fault.Invalidf("The address of the Postgres database cannot be read.").With(fault.Detail{
			Where: "database URL", Expected: "postgres://USER:PASSWORD@HOST/DATABASE"})
	}
	if !strings.Contains(address, "pool_max_conns=") {
		config.MaxConns = 16
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = 5 * time.Second
	}
	set := func(name, value string) {
		if _, given := config.ConnConfig.RuntimeParams[name]; !given {
			config.ConnConfig.RuntimeParams[name] = value
		}
	}
	set("application_name", "windshield")
	set("timezone", "UTC")
	set("lock_timeout", "10s")                         // a lock held for longer is a fault that a retry may outlive
	set("idle_in_transaction_session_timeout", "5min") // a paused process must not hold its locks for ever
	config.AfterConnect = func(_ context.Context, c *pgx.Conn) error {
		c.TypeMap().RegisterType(&pgtype.Type{Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC}})
		return nil
	}
	s.turns.places = make(chan struct{}, config.MaxConns/2)
	s.turns.bulk = make(chan struct{}, max(1, config.MaxConns/2-keptPlaces))
	if s.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return fault.Invalidf("The Postgres database cannot be used.").Because(err)
	}
	if err := s.pool.Ping(ctx); err != nil {
		return fault.Temporaryf("The Postgres database does not answer; check its address, user and password.").Because(err)
	}
	s.db = stdlib.OpenDBFromPool(s.pool)
	s.readers = s.db
	if s.gorm, err = gorm.Open(postgres.New(postgres.Config{Conn: s.db}), s.gormConfig()); err != nil {
		return fault.Temporaryf("The Postgres database cannot be used.").Because(err)
	}
	return nil
}

// pgTx is a transaction that both gorm (through database/sql) and the job queue
// (through pgx) can use: the two speak over one connection.
type pgTx struct {
	*sql.Conn // gives gorm its four query methods
	tx        pgx.Tx
}

// beginPostgres takes a connection and begins on it.
func (s *Store) beginPostgres(ctx context.Context, o pgx.TxOptions) (*pgTx, error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	var raw *pgx.Conn
	err = conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return errors.New("the connection is not one of pgx")
		}
		raw = c.Conn()
		return nil
	})
	if err == nil {
		var tx pgx.Tx
		if tx, err = raw.BeginTx(ctx, o); err == nil {
			return &pgTx{conn, tx}, nil
		}
	}
	_ = conn.Close()
	return nil, err
}

// held runs do while the connection is certainly ours. Where database/sql has
// given a broken one back to the pool, do does not run: the pool may be closing
// it, or somebody else may have it.
func (t *pgTx) held(do func() error) error {
	return t.Conn.Raw(func(any) error { return do() })
}

func (t *pgTx) commit(ctx context.Context) error {
	err := t.held(func() error { return t.tx.Commit(ctx) })
	_ = t.Conn.Close() // back to the pool, which drops broken connections
	return err
}

func (t *pgTx) rollback(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	_ = t.held(func() error { return t.tx.Rollback(ctx) })
	_ = t.Conn.Close()
}
