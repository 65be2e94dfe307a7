package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
	"modernc.org/sqlite"

	"windshield/internal/fault"
)

// Result codes of SQLite: https://www.sqlite.org/rescode.html
const (
	sqliteBusy         = 5
	sqliteLocked       = 6
	sqliteIO           = 10
	sqliteCorrupt      = 11
	sqliteFull         = 13
	sqliteNotADatabase = 26
	sqliteCheck        = 275
	sqliteForeignKey   = 787
	sqliteNotNull      = 1299
	sqlitePrimaryKey   = 1555
	sqliteTrigger      = 1811
	sqliteUnique       = 2067
	sqliteDatatype     = 3091
)

// rules says what it means when a unique rule is broken. The names are those of
// Postgres' indexes and of SQLite's columns.
var rules = map[string]string{
	"people_key":                     "Another person has this key.",
	"people_email":                   "Another person has this address.",
	"people_pkey":                    "This person exists already.",
	"customers_key":                  "Another customer has this key.",
	"customers_pkey":                 "This customer exists already.",
	"imports_pkey":                   "This import exists already.",
	"selections_pkey":                "This selection exists already.",
	"selection_rows_pkey":            "A customer is twice in the selection.",
	"selections_draw":                "This year has been drawn meanwhile; look at that draw first.",
	"selection_changes_pkey":         "Somebody changed the selection meanwhile; look at it again.",
	"frames_pkey":                    "This list was frozen already.",
	"frames_nth":                     "Somebody froze the list of this year meanwhile; look at that freeze first.",
	"plans_pkey":                     "This plan exists already.",
	"plans_published":                "Another plan of this year is published.",
	"runs_pkey":                      "This run exists already.",
	"visits_pkey":                    "This visit exists already.",
	"calendar_events_pkey":           "The visit has a calendar event already.",
	"calendar_events_event":          "Another visit has this calendar event.",
	"connections_pkey":               "This account is being connected already.",
	"calendar_cursors_pkey":          "This calendar is being read already.",
	"calendar_channels_pkey":         "This calendar channel exists already.",
	"deliveries_pkey":                "This message exists already.",
	"login_links_pkey":               "This link exists already.",
	"people.key":                     "people_key",
	"people.email":                   "people_email",
	"people.id":                      "people_pkey",
	"customers.key":                  "customers_key",
	"customers.id":                   "customers_pkey",
	"imports.id":                     "imports_pkey",
	"selections.id":                  "selections_pkey",
	"selection_rows.selection_id":    "selection_rows_pkey",
	"selections.year":                "selections_draw",
	"selection_changes.selection_id": "selection_changes_pkey",
	"frames.id":                      "frames_pkey",
	"frames.year":                    "frames_nth",
	"plans.id":                       "plans_pkey",
	"plans.year":                     "plans_published",
	"runs.id":                        "runs_pkey",
	"visits.id":                      "visits_pkey",
	"calendar_events.visit_id":       "calendar_events_pkey",
	"calendar_events.calendar":       "calendar_events_event",
	"connections.address":            "connections_pkey",
	"calendar_cursors.calendar":      "calendar_cursors_pkey",
	"calendar_channels.id":           "calendar_channels_pkey",
	"deliveries.id":                  "deliveries_pkey",
	"login_links.hash":               "login_links_pkey",
}

// translate gives an error of an engine as a fault. The engine's own words stay
// in the chain, for logs and for the decision to run a transaction again.
func translate(err error) error {
	var already *fault.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &already):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, gorm.ErrRecordNotFound), errors.Is(err, sql.ErrNoRows), errors.Is(err, pgx.ErrNoRows):
		return fault.NotFoundf("There is no such thing.").Because(err)
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return translatePostgres(pg, err)
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return translateSQLite(lite, err)
	}
	if again(err) {
		return fault.Temporaryf("The database does not answer; please try again.").Because(err)
	}
	return fmt.Errorf("database: %w", err)
}

func translatePostgres(pg *pgconn.PgError, err error) error {
	switch {
	case pg.Code == "23505":
		return broken(pg.ConstraintName, err)
	case pg.Code == "23503":
		return dangling(err)
	case pg.Code == "23514" && pg.ConstraintName == "calendar_events_applied":
		return behind(err)
	case pg.Code == "23514", pg.Code == "23502":
		return fault.Invalidf("The database refuses a value that must never be.").Because(err)
	case pg.Code == "22021", pg.Code == "22P05":
		return fault.Invalidf("A text holds characters that cannot be stored.").Because(err)
	case pg.Code == "54000":
		return fault.Invalidf("A text is too long.").Because(err)
	case again(err), strings.HasPrefix(pg.Code, "53"), strings.HasPrefix(pg.Code, "57P"), pg.Code == "25P03":
		return fault.Temporaryf("The database is busy; please try again.").Because(err)
	}
	return fmt.Errorf("database: %w", err)
}

func translateSQLite(lite *sqlite.Error, err error) error {
	switch code := lite.Code(); {
	case code == sqliteUnique, code == sqlitePrimaryKey:
		// "constraint failed: UNIQUE constraint failed: people.key (2067)"
		_, columns, _ := strings.Cut(lite.Error(), "UNIQUE constraint failed: ")
		first, _, _ := strings.Cut(columns, ",")
		first, _, _ = strings.Cut(first, " ")
		return broken(rules[first], err)
	case code == sqliteForeignKey:
		return dangling(err)
	case code == sqliteTrigger:
		return behind(err)
	case code == sqliteCheck, code == sqliteNotNull, code == sqliteDatatype:
		return fault.Invalidf("The database refuses a value that must never be.").Because(err)
	case again(err), code&0xff == sqliteFull, code&0xff == sqliteIO:
		return fault.Temporaryf("The database is busy or its disk is full; please try again.").Because(err)
	}
	return fmt.Errorf("database: %w", err)
}

func broken(rule string, err error) error {
	text, known := rules[rule]
	if !known {
		text = "This contradicts what is stored."
	}
	return fault.Conflictf("%s", text).Because(err)
}

func dangling(err error) error {
	return fault.Invalidf("This refers to something that does not exist.").Because(err)
}

func behind(err error) error {
	return fault.Stalef("The calendar was brought to a newer version meanwhile.").Because(err)
}

func sqliteCode(err error) int {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code()
	}
	return 0
}

// again says whether a transaction that ended with err, and did not reach its
// commit, may succeed if the whole of it runs once more: it lost against another
// one, or its connection broke.
func again(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300":
			return true // serialization, deadlock, lock timeout, restarts, too many connections
		}
		return strings.HasPrefix(pg.Code, "08")
	}
	if code := sqliteCode(err) & 0xff; code == sqliteBusy || code == sqliteLocked {
		return true
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		strings.Contains(err.Error(), "conn closed")
}

// lostRace says whether an engine refused a commit for good because of other
// transactions.
func lostRace(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "40001" || pg.Code == "40P01"
	}
	code := sqliteCode(err) & 0xff
	return code == sqliteBusy || code == sqliteLocked
}
