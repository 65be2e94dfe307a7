package store_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/alert"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/slot"
	"windshield/internal/store"
)

// A rung is told once, a warning stands once until it is void, and what people said to
// an alert stays with it when it is settled and comes back.
func TestClocks(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		breach := slot.MustDate("2027-02-03")
		a := flow.Alert{PersonID: id("person", 1), Breach: breach, LastVisit: breach.Add(-31), Open: true, RaisedAt: noon}
		rung := flow.ToldRung{PersonID: a.PersonID, Breach: breach, Rung: alert.ToVP, At: noon}
		w := flow.KeptWarning{Warned: alert.Warned{PersonID: id("person", 2), Breach: breach, Ahead: 14}, Reason: "soon", At: noon}
		write(t, st, func(tx flow.Tx) {
			_, err := tx.Alerts.Raise(a)
			require.NoError(t, err)
		})
		fresh, times := make([]bool, 6), make([]int, 6)
		errs := race(6, func(i int) error {
			return st.Write(context.Background(), func(tx flow.Tx) (err error) {
				if fresh[i], err = tx.Clocks.Climb(rung); err != nil {
					return err
				}
				times[i], err = tx.Clocks.Warn(w)
				return err
			})
		})
		require.Equal(t, 6, count(errs, isNil), "%v", errs)
		told, given := 0, 0
		for i := range fresh {
			if fresh[i] {
				told++
			}
			given += times[i]
		}
		require.Equal(t, []int{1, 1}, []int{told, given}, "one of the racers tells")
		note := flow.AlertNote{PersonID: a.PersonID, Breach: breach, Until: breach.Add(9), Seen: breach.Add(1), Note: "Zürich", By: id("person", 3)}
		write(t, st, func(tx flow.Tx) {
			got, err := tx.Clocks.Told()
			require.NoError(t, err)
			require.Equal(t, []flow.ToldRung{rung}, got)
			kept, err := tx.Clocks.Warnings()
			require.NoError(t, err)
			first := w
			first.Times = 1
			require.Equal(t, []flow.KeptWarning{first}, kept)
			require.NoError(t, tx.Clocks.Void(w.Warned))
			kept, err = tx.Clocks.Warnings()
			require.NoError(t, err)
			require.Empty(t, kept)
			n, err := tx.Clocks.Warn(w)
			require.NoError(t, err)
			require.Equal(t, 2, n, "given again after it was void")

			require.NoError(t, tx.Clocks.Note(note))
			require.NoError(t, tx.Alerts.Settle(a.PersonID, breach, alert.Superseded, "corrected", noon))
			require.True(t, fault.Is(tx.Clocks.Note(note), fault.NotFound), "it is settled")
			got, err = tx.Clocks.Told()
			require.NoError(t, err)
			require.Empty(t, got, "only of open alerts")
			all, err := tx.Alerts.List(false)
			require.NoError(t, err)
			require.Equal(t, alert.Superseded, all[0].Outcome)
			_, err = tx.Alerts.Raise(a)
			require.NoError(t, err)
			all, err = tx.Alerts.List(true)
			require.NoError(t, err)
			again := a
			again.SilentUntil, again.SeenOn, again.Note, again.NotedBy = note.Until, note.Seen, note.Note, note.By
			require.Equal(t, []flow.Alert{again}, all)
			got, err = tx.Clocks.Told()
			require.NoError(t, err)
			require.Equal(t, []flow.ToldRung{rung}, got, "told already when it comes back")
		})
	})
}
