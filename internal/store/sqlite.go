package store

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/libtnb/sqlite"
	"gorm.io/gorm"

	"windshield/internal/fault"
)

// openSQLite opens a file with one writing connection and a pool of readers:
// writers queue in Go, which is fair, and not in SQLite's busy loop.
func (s *Store) openSQLite(ctx context.Context, path string) error {
	if err := s.claim(path); err != nil {
		return err
	}
	// Transactions that begin for writing take the write lock at once; otherwise
	// two that read first could never both continue.
	writer := "&_txlock=immediate"
	if s.readOnly {
		writer = "&_pragma=query_only(1)"
	}
	var err error
	if s.db, err = sql.Open(sqlite.DriverName, dsn(path)+writer); err != nil {
		return cannotOpen(path, err)
	}
	s.db.SetMaxOpenConns(1)
	if s.readers, err = sql.Open(sqlite.DriverName, dsn(path)+"&_pragma=query_only(1)"); err != nil {
		return cannotOpen(path, err)
	}
	s.readers.SetMaxOpenConns(max(4, runtime.NumCPU()))
	s.readers.SetMaxIdleConns(max(4, runtime.NumCPU()))

	var verdict string
	if err := s.db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return cannotOpen(path, err)
	}
	if verdict != "ok" {
		return cannotOpen(path, errors.New(verdict))
	}
	var foreign int
	err = s.db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM sqlite_master WHERE type = 'table') > 0
		AND NOT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'goose_db_version')`).Scan(&foreign)
	if err != nil {
		return cannotOpen(path, err)
	}
	if foreign == 1 {
		return fault.Invalidf("The file %s is a database of another program.", path)
	}
	s.gorm, err = gorm.Open(sqlite.New(sqlite.Config{Conn: s.db}), s.gormConfig())
	if err != nil {
		return cannotOpen(path, err)
	}
	return nil
}

func dsn(path string) string {
	escaped := (&url.URL{Path: path}).EscapedPath()
	return "file:" + escaped + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)&_time_format=sqlite&_timezone=UTC&_texttotime=1"
}

// claim makes sure that the file can be used, by us alone.
func (s *Store) claim(path string) error {
	if i, err := os.Stat(path); err == nil && i.IsDir() {
		return fault.Invalidf("The database %s is a folder; a file is needed.", path)
	}
	if s.readOnly {
		if _, err := os.Stat(path); err != nil {
			return fault.Invalidf("The database file %s cannot be read.", path).Because(err)
		}
		return nil
	}
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fault.Invalidf("The folder %s cannot be written to (%s); the database needs it.", filepath.Dir(path), cause(err)).Because(err)
	}
	s.lock = lock
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fault.Invalidf("Another Windshield uses this database: %s.", path).Because(err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // contact data: for nobody else
	if err != nil {
		return fault.Invalidf("The database file %s cannot be written to (%s).", path, cause(err)).Because(err)
	}
	return f.Close()
}

// cause gives the operating system's reason without the path.
func cause(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

func cannotOpen(path string, err error) error {
	text := strings.TrimSpace(err.Error())
	if sqliteCode(err)&0xff == sqliteNotADatabase || sqliteCode(err)&0xff == sqliteCorrupt || sqliteCode(err) == 0 {
		return fault.Invalidf("The database file %s is damaged or not a database; restore it from a backup.", path).Because(err)
	}
	return fault.Invalidf("The database file %s cannot be used: %s.", path, text).Because(err)
}

// rollbackTimeout bounds how long a rollback may take once its request is gone.
const rollbackTimeout = 5 * time.Second
