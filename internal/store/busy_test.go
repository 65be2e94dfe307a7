package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/store"
)

// A reading comes back as it went in, a later one takes its place, and one that was
// tried before it does not come back over it.
func TestReadingsOfBusyTimes(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		ada, bob := filled[roster.Person](t, 1), filled[roster.Person](t, 2)
		ada.Version, bob.Version = 0, 0
		hour := func(n int) time.Time { return noon.Truncate(time.Hour).Add(time.Duration(n) * time.Hour) }
		r := roster.Reading{PersonID: ada.ID, Calendar: ada.Email, From: hour(-100), To: hour(1000),
			Spans: []roster.Span{{Start: hour(1), End: hour(2)}, {Start: hour(3), End: hour(9)}}, Own: []roster.Span{{Start: hour(4), End: hour(5)}},
			ReadAt: noon, TriedAt: noon.Add(time.Minute), Unknown: "notFound"}
		never := roster.Reading{PersonID: bob.ID, Calendar: bob.Email, TriedAt: noon, Unknown: "no answer"}
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.People.Save(&ada, &bob))
			require.NoError(t, tx.Busy.Keep(never, r))
		})
		late := r
		late.TriedAt, late.Spans = noon.Add(-time.Minute), nil
		next := never
		next.TriedAt, next.ReadAt, next.Unknown = noon.Add(time.Hour), noon.Add(time.Hour), ""
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Busy.Keep(late, next)) })
		read(t, st, func(tx flow.Tx) {
			got, err := tx.Busy.Readings(ada.ID)
			require.NoError(t, err)
			require.Equal(t, []roster.Reading{r}, got)
			got, err = tx.Busy.Readings()
			require.NoError(t, err)
			require.ElementsMatch(t, []roster.Reading{r, next}, got)
		})
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Busy.Forget(bob.ID)) })
		read(t, st, func(tx flow.Tx) {
			got, err := tx.Busy.Readings()
			require.NoError(t, err)
			require.Equal(t, []roster.Reading{next}, got)
		})
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.Busy.Forget()) })
		read(t, st, func(tx flow.Tx) {
			got, err := tx.Busy.Readings()
			require.NoError(t, err)
			require.Empty(t, got)
		})
	})
}
