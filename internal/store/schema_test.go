package store

import (
	"context"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm/schema"

	"windshield/internal/store/pgtest"
)

// rows lists every row type; each has a table, and every table has one.
var rows = []any{personRow{}, zoneRow{}, absenceRow{}, customerRow{}, importRow{}, importFileRow{}, selectionRow{}, drawnRow{}, frameRow{}, changeRow{}, teamListRow{}, redrawsRow{}, planRow{}, planStepRow{}, runRow{}, runFileRow{},
	visitRow{}, stepRow{}, debriefRow{}, promiseRow{}, promisedRow{}, yearRow{}, objectiveRow{}, loopRow{}, memoRow{}, claimRow{}, statementRow{}, stampRow{}, briefRow{}, visitLinkRow{}, turnRow{}, reasonRow{}, askRow{}, feedRow{}, bookingRow{}, calendarEventRow{}, calendarCursorRow{}, connectionRow{}, channelRow{}, noteRow{}, busyRow{}, alertRow{}, rungRow{}, warningRow{}, deliveryRow{}, linkRow{}, attemptRow{}, entryRow{},
	preferenceRow{}, headRow{}, keyRow{}, settingRow{}, sessionRow{}, launchRow{}, launchVisitRow{}, verificationRow{}, lookRow{}}

// The migrations and the row types agree on tables and columns, on both engines:
// a column that only one of them knows is found here and not by a customer.
func TestRowsAndMigrationsAgree(t *testing.T) {
	for engine, address := range map[string]string{"sqlite": "sqlite:" + filepath.Join(t.TempDir(), "w.db"), "postgres": pgtest.URL(t)} {
		t.Run(engine, func(t *testing.T) {
			s, err := Open(t.Context(), address, Options{})
			require.NoError(t, err)
			defer s.Close()
			require.NoError(t, s.Migrate(t.Context()))
			want := map[string][]string{}
			for _, r := range rows {
				parsed, err := schema.Parse(r, &sync.Map{}, s.gorm.NamingStrategy)
				require.NoError(t, err)
				want[parsed.Table] = parsed.DBNames
			}
			got := columns(t, s)
			require.Len(t, got, len(want))
			for table, names := range want {
				require.ElementsMatch(t, names, got[table], table)
			}
		})
	}
}

func columns(t *testing.T, s *Store) map[string][]string {
	t.Helper()
	query := `SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> 'goose_db_version'`
	if s.postgres {
		query = `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'goose_db_version'`
	}
	found, err := s.db.QueryContext(context.Background(), query)
	require.NoError(t, err)
	defer found.Close()
	all := map[string][]string{}
	for found.Next() {
		var table, column string
		require.NoError(t, found.Scan(&table, &column))
		all[table] = append(all[table], column)
	}
	require.NoError(t, found.Err())
	return all
}

// The two dialects have the same migrations with the same tables and indexes,
// but for the index that only Postgres can have.
func TestDialectsAgree(t *testing.T) {
	names := regexp.MustCompile(`(?m)^CREATE (TABLE|UNIQUE INDEX|INDEX|TRIGGER) (\w+)`)
	all := map[string]map[string][]string{}
	for _, dialect := range []string{"sqlite", "postgres"} {
		all[dialect] = map[string][]string{}
		files, err := fs.Glob(migrations, "migrations/"+dialect+"/*.sql")
		require.NoError(t, err)
		for _, f := range files {
			b, err := fs.ReadFile(migrations, f)
			require.NoError(t, err)
			for _, m := range names.FindAllStringSubmatch(string(b), -1) {
				if m[2] != "customers_dimension_values" {
					all[dialect][filepath.Base(f)] = append(all[dialect][filepath.Base(f)], m[1]+" "+m[2])
				}
			}
		}
	}
	require.NotEmpty(t, all["sqlite"])
	require.Equal(t, all["sqlite"], all["postgres"])
}

// No column of a unique key may be NULL: two NULLs are never the same.
func TestNoKeyColumnIsNullable(t *testing.T) {
	s, err := Open(t.Context(), pgtest.URL(t), Options{})
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.Migrate(t.Context()))
	var nullable []string
	require.NoError(t, s.gorm.Raw(`SELECT c.relname || '.' || a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey)
		JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE i.indisunique AND NOT a.attnotnull AND n.nspname = 'public'`).Scan(&nullable).Error)
	require.Empty(t, nullable)
}

// Freezes from before they were numbered get their numbers in the order in which
// they were made, year by year.
func TestOldFreezesAreNumbered(t *testing.T) {
	for engine, address := range map[string]string{"sqlite": "sqlite:" + filepath.Join(t.TempDir(), "w.db"), "postgres": pgtest.URL(t)} {
		t.Run(engine, func(t *testing.T) {
			s, err := Open(t.Context(), address, Options{})
			require.NoError(t, err)
			defer s.Close()
			p, err := s.provider()
			require.NoError(t, err)
			_, err = p.UpTo(t.Context(), 3)
			require.NoError(t, err)
			hash := strings.Repeat("a", 64)
			for id, x := range map[string]struct{ year, at string }{"a": {"2027", "2026-11-02T00:00:00.000000Z"}, "b": {"2027", "2026-11-01T00:00:00.000000Z"},
				"c": {"2028", "2026-11-03T00:00:00.000000Z"}, "d": {"2027", "2026-11-02T00:00:00.000000Z"}} {
				require.NoError(t, s.gorm.Exec(`INSERT INTO frames (id, year, hash, seed, seed_commitment, seeded_at, customers, must, left_out, reason, content, frozen_at, frozen_by)
					VALUES (?, `+x.year+`, ?, 's', ?, ?, 0, 0, '{}', '', ?, ?, '')`, id, hash, hash, x.at, []byte{1}, x.at).Error)
			}
			_, err = p.Up(t.Context())
			require.NoError(t, err)
			var got []frameRow
			require.NoError(t, s.gorm.Omit("content").Find(&got).Error)
			numbers := map[string]int{}
			for _, g := range got {
				numbers[g.ID] = g.Nth
			}
			require.Equal(t, map[string]int{"b": 1, "a": 2, "d": 3, "c": 1}, numbers)
		})
	}
}

// Selections from before draws were numbered get their numbers in the order in
// which they were made, year by year.
func TestOldSelectionsAreNumbered(t *testing.T) {
	for engine, address := range map[string]string{"sqlite": "sqlite:" + filepath.Join(t.TempDir(), "w.db"), "postgres": pgtest.URL(t)} {
		t.Run(engine, func(t *testing.T) {
			s, err := Open(t.Context(), address, Options{})
			require.NoError(t, err)
			defer s.Close()
			p, err := s.provider()
			require.NoError(t, err)
			_, err = p.UpTo(t.Context(), 2)
			require.NoError(t, err)
			for id, x := range map[string]struct{ year, at string }{"a": {"2027", "2026-11-02T00:00:00.000000Z"}, "b": {"2027", "2026-11-01T00:00:00.000000Z"},
				"c": {"2028", "2026-11-03T00:00:00.000000Z"}, "d": {"2027", "2026-11-02T00:00:00.000000Z"}} {
				require.NoError(t, s.gorm.Exec(`INSERT INTO selections (id, year, name, dimensions, visits, seed, frame_hash, seed_commitment, strata, merge_log, warnings, created_at, created_by)
					VALUES (?, `+x.year+`, '', '[]', 1, 'x', '', '', '[]', '[]', '[]', ?, '')`, id, x.at).Error)
			}
			_, err = p.Up(t.Context())
			require.NoError(t, err)
			var got []struct {
				ID   string
				Draw int
			}
			require.NoError(t, s.gorm.Raw(`SELECT id, draw FROM selections ORDER BY id`).Scan(&got).Error)
			draws := map[string]int{}
			for _, g := range got {
				draws[g.ID] = g.Draw
			}
			require.Equal(t, map[string]int{"b": 1, "a": 2, "d": 3, "c": 1}, draws)
		})
	}
}
