package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/store"
	"windshield/internal/store/pgtest"
)

// What cannot be opened says so in one line that names the place.
func TestWhatCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.db")
	require.NoError(t, os.WriteFile(broken, []byte(strings.Repeat("not a database ", 1000)), 0o600))
	torn := filepath.Join(dir, "torn.db")
	require.NoError(t, migrate(t.Context(), "sqlite:"+torn))
	data, err := os.ReadFile(torn)
	require.NoError(t, err)
	copy(data[8192:], bytes.Repeat([]byte{0xff}, 30000))
	require.NoError(t, os.WriteFile(torn, data, 0o600))
	foreign := filepath.Join(dir, "foreign.db")
	lite(t, foreign, "CREATE TABLE songs (title TEXT)")
	newer := filepath.Join(dir, "newer.db")
	require.NoError(t, migrate(t.Context(), "sqlite:"+newer))
	lite(t, newer, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)")
	used := filepath.Join(dir, "used.db")
	open(t, "sqlite:"+used)
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))

	for address, want := range map[string]string{
		"":                                "The address of the database cannot be read.",
		"mysql://root:secret@db":          "The address of the database cannot be read.",
		"sqlite:":                         "The address of the database cannot be read.",
		"postgres://u:secret@h:x/db":      "The address of the Postgres database cannot be read.",
		"sqlite:" + dir:                   "is a folder; a file is needed.",
		"sqlite:" + dir + "/missing/w.db": "cannot be written to (no such file or directory); the database needs it.",
		"sqlite:" + file + "/w.db":        "cannot be written to (not a directory); the database needs it.",
		"sqlite:" + broken:                "is damaged or not a database; restore it from a backup.",
		"sqlite:" + torn:                  "is damaged or not a database; restore it from a backup.",
		"sqlite:" + foreign:               "is a database of another program.",
		"sqlite:" + newer:                 "The database was made by a newer Windshield (schema 99, this one knows " + newest(t) + "); install that one.",
		"sqlite:" + used:                  "Another Windshield uses this database: " + used + ".",
	} {
		st, err := store.Open(t.Context(), address, store.Options{})
		require.Nil(t, st, address)
		require.True(t, fault.Is(err, fault.Invalid), "%s: %v", address, err)
		text, details := fault.Shown(err)
		require.Contains(t, text, want)
		require.NotContains(t, text, "\n")
		for _, d := range details {
			text += d.String()
		}
		require.NotContains(t, text, "secret")
	}
	_, err = store.Open(t.Context(), "postgres://u:secret@localhost:1/db?sslmode=disable", store.Options{})
	require.True(t, fault.Is(err, fault.Temporary))
	text, _ := fault.Shown(err)
	require.NotContains(t, text, "secret")
}

// newest gives the number of the newest migration, as its file is named.
func newest(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("migrations/sqlite/*.sql")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	number, _, _ := strings.Cut(filepath.Base(slices.Max(files)), "_")
	return strings.TrimLeft(number, "0")
}

// lite runs SQL on a file without the store.
func lite(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Exec(statement)
	require.NoError(t, err)
}

func TestPathsWithAnyCharacters(t *testing.T) {
	for _, name := range []string{"a b.db", "what?.db", "50%41.db", "#1&x=y.db", "Zürich.db"} {
		path := filepath.Join(t.TempDir(), name)
		st := open(t, "sqlite:"+path)
		require.NoError(t, st.Migrate(t.Context()))
		i, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), i.Mode().Perm(), "it holds addresses of people")
	}
}

func TestMigrateAndReady(t *testing.T) {
	for name, url := range map[string]string{"sqlite": "sqlite:" + filepath.Join(t.TempDir(), "w.db"), "postgres": pgtest.URL(t)} {
		t.Run(name, func(t *testing.T) {
			st := open(t, url)
			err := st.Ready(t.Context())
			require.True(t, fault.Is(err, fault.Temporary))
			require.ErrorContains(t, err, "The database has schema 0, this Windshield needs "+newest(t)+".")
			ran := 0
			for range 2 {
				require.NoError(t, st.Migrate(t.Context(), func(_ context.Context, e store.Engine) error {
					require.True(t, (e.Postgres == nil) != (e.SQLite == nil))
					ran++
					return nil
				}))
			}
			require.Equal(t, 2, ran)
			require.NoError(t, st.Ready(t.Context()))
			require.NoError(t, st.Close())
			require.Error(t, st.Ready(t.Context()))
			require.NoError(t, st.Close())
		})
	}
}

// Replicas that start together on an empty database all come up.
func TestReplicasMigrateOneAfterTheOther(t *testing.T) {
	url := pgtest.URL(t)
	errs := race(6, func(int) error { return migrate(context.Background(), url) })
	require.Equal(t, 6, count(errs, isNil), "%v", errs)
}

func TestReadOnly(t *testing.T) {
	url := migrated(t, "sqlite")
	st := open(t, url)
	company(t, st)
	other, err := store.Open(t.Context(), url, store.Options{ReadOnly: true})
	require.NoError(t, err, "beside the one that has the file")
	defer other.Close()
	read(t, other, func(tx flow.Tx) {
		n, err := tx.Customers.Count()
		require.NoError(t, err)
		require.Equal(t, 6, n)
	})
	require.Error(t, other.Write(t.Context(), func(flow.Tx) error { return nil }))
	require.Error(t, other.Migrate(t.Context()))
	require.Error(t, other.Sessions().Commit("x", nil, noon))
	_, err = store.Open(t.Context(), url+".missing", store.Options{ReadOnly: true})
	require.True(t, fault.Is(err, fault.Invalid))
}

// What was committed is there for the next process, whatever became of this one.
func TestCommittedIsKept(t *testing.T) {
	url := migrated(t, "sqlite")
	st := open(t, url)
	company(t, st)
	path := strings.TrimPrefix(url, "sqlite:")
	copied := filepath.Join(t.TempDir(), "copy.db")
	for _, suffix := range []string{"", "-wal"} { // as a crash leaves them
		data, err := os.ReadFile(path + suffix)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(copied+suffix, data, 0o600))
	}
	read(t, open(t, "sqlite:"+copied), func(tx flow.Tx) {
		n, err := tx.Customers.Count()
		require.NoError(t, err)
		require.Equal(t, 6, n)
	})
}

// Neither errors nor slow statements bring personal data into the log.
func TestTheLogHasNoPersonalData(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		var log bytes.Buffer
		st, err := store.Open(t.Context(), migrated(t, engine), store.Options{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
		require.NoError(t, err)
		err = st.Write(t.Context(), func(tx flow.Tx) error {
			p, q := aPerson(1), aPerson(2)
			q.Email = p.Email
			return tx.People.Save(p, q)
		})
		require.True(t, isConflict(err))
		require.NoError(t, st.Close())
		require.Empty(t, log.String())
		require.NotContains(t, err.Error(), "example.com")
	}
}
