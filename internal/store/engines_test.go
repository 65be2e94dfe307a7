package store_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/store"
	"windshield/internal/store/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// noon is what every clock of these tests shows.
var noon = time.Date(2027, 3, 4, 12, 0, 0, 123456000, time.UTC)

// engines runs a test on both engines, each time on an empty, migrated database.
func engines(t *testing.T, test func(t *testing.T, st *store.Store)) {
	t.Helper()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			test(t, open(t, migrated(t, engine)))
		})
	}
}

// migrated gives the address of a database with our schema.
func migrated(t testing.TB, engine string) string {
	t.Helper()
	if engine == "postgres" {
		return pgtest.Clone(t, "store", migrate)
	}
	url := "sqlite:" + filepath.Join(t.TempDir(), "windshield.db")
	require.NoError(t, migrate(context.Background(), url))
	return url
}

func migrate(ctx context.Context, url string) error {
	st, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		return err
	}
	defer st.Close()
	return st.Migrate(ctx)
}

func open(t testing.TB, url string) *store.Store {
	t.Helper()
	st, err := store.Open(context.Background(), url, store.Options{Now: func() time.Time { return noon }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return st
}

// write runs do in a transaction that must commit.
func write(t testing.TB, st *store.Store, do func(tx flow.Tx)) {
	t.Helper()
	require.NoError(t, st.Write(context.Background(), func(tx flow.Tx) error { do(tx); return nil }))
}

// read runs do in a transaction for reading.
func read(t testing.TB, st *store.Store, do func(tx flow.Tx)) {
	t.Helper()
	require.NoError(t, st.Read(context.Background(), func(tx flow.Tx) error { do(tx); return nil }))
}

// race runs do n times at once and gives the errors.
func race(n int, do func(i int) error) []error {
	var wg sync.WaitGroup
	errs := make([]error, n)
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() { <-start; errs[i] = do(i) })
	}
	close(start)
	wg.Wait()
	return errs
}

// count gives how many of the errors have a property.
func count(errs []error, is func(error) bool) (n int) {
	for _, err := range errs {
		if is(err) {
			n++
		}
	}
	return n
}
