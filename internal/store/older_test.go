package store_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/store/pgtest"
)

// older brings an empty database to the schema of an older program, and gives it as
// that program left it, with the rows that do adds.
func older(t *testing.T, engine string, version int64, do func(exec func(statement string))) (url string) {
	t.Helper()
	driver, dialect, path := "sqlite", goose.DialectSQLite3, filepath.Join(t.TempDir(), "older.db")
	url = "sqlite:" + path
	if engine == "postgres" {
		url = pgtest.URL(t)
		driver, dialect, path = "pgx", goose.DialectPostgres, url
	}
	db, err := sql.Open(driver, path)
	require.NoError(t, err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	p, err := goose.NewProvider(dialect, db, os.DirFS("migrations/"+engine), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	require.NoError(t, err)
	_, err = p.UpTo(t.Context(), version)
	require.NoError(t, err)
	if engine == "postgres" { // rows for one question need not have all others around them
		_, err := db.Exec("SET session_replication_role = replica")
		require.NoError(t, err)
	}
	do(func(statement string) {
		t.Helper()
		_, err := db.Exec(statement)
		require.NoError(t, err, statement)
	})
	return url
}

// What executives asked for stood in the place of what differs until schema 27: it is
// parted from that where it still says what was asked for, and nowhere else.
func TestAsksArePartedFromConflicts(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			const asked, busy = "Ana asks for another time: it''s Oslo that week.", "Busy in the calendar: Ana is taken."
			says := strings.ReplaceAll(asked, "''", "'")
			type row struct{ conflict, ask, wantConflict, wantAsked string }
			rows := map[string]row{
				"asked":                {asked, asked, "", says},
				"settled":              {"", asked, "", ""},
				"something else since": {busy, asked, busy, ""},
				"more since":           {busy + " " + asked, asked, busy + " " + says, ""},
				"never asked":          {busy, "", busy, ""},
				"asked by another":     {asked, "-", says, ""}, // the same words, and no such wish: not ours to judge
				"quiet":                {"", "", "", ""},
			}
			url := older(t, engine, 26, func(exec func(string)) {
				for name, r := range rows {
					exec(`INSERT INTO visits (id, label, customer_id, executive_id, date, half, zone, begins, ends, start_at, end_at, state, reason, answer, answer_note,
						kind, with_host, stratum, group_name, objective, why, pinned, conflict, version)
						VALUES ('` + name + `', 'v1', 'c', 'e', '2027-03-10', 'am', 'Europe/Zurich', '09:00', '12:00', '2027-03-10T08:00:00.000000Z', '2027-03-10T11:00:00.000000Z',
						'published', '', 'needs_action', '', 'onsite', false, 'AA', 'west', '', '', false, '` + r.conflict + `', 3)`)
					if r.ask != "" {
						exec(`INSERT INTO visit_asks (visit_id, by_id, at, changes, says) VALUES ('` + name + `', 'e', '2027-01-10T08:00:00.000000Z', '[]', '` + r.ask + `')`)
					}
				}
				exec(`INSERT INTO plan_steps (id, plan_id, n, at, by_id, changes, price, words) VALUES ('s', 'p', 1, '2027-01-10T08:00:00.000000Z', 'e', '[]', '{}', 'nothing')`)
			})
			require.NoError(t, migrate(t.Context(), url))
			st := open(t, url)
			require.NoError(t, st.Ready(t.Context()))
			read(t, st, func(tx flow.Tx) {
				for name, r := range rows {
					v, err := tx.Visits.Get(name)
					require.NoError(t, err)
					require.Equal(t, []any{r.wantConflict, r.wantAsked, 3}, []any{v.Conflict, v.Asked, v.Version}, name)
				}
				s, err := tx.PlanSteps.Get("s")
				require.NoError(t, err)
				require.Empty(t, s.Was, "steps of before have nothing to give back but the places")
			})
		})
	}
}
