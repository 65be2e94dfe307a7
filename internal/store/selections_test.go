package store_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/store"
)

// frame gives a frozen list with every field filled.
func aFrame(t *testing.T, seed int) flow.Frame {
	f := filled[flow.Frame](t, seed)
	f.Hash, f.SeedCommitment = strings.Repeat("a", 64), strings.Repeat("b", 64)
	return f
}

// Frames, changes and yardsticks come back as they went in.
func TestWhatIsKeptOfADraw(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		f, older := aFrame(t, 1), aFrame(t, 2)
		older.Year, older.FrozenAt = f.Year, f.FrozenAt.AddDate(0, 0, -1)
		older.SeededAt, older.N = older.FrozenAt, f.N-1
		s := filled[flow.Selection](t, 3)
		s.FrameID, s.Version = f.ID, 1
		who, next := filled[roster.Customer](t, 4), filled[roster.Customer](t, 5)
		who.HostID, next.HostID, who.Version, next.Version = "", "", 0, 0
		refused := filled[flow.SelectionChange](t, 6)
		refused.SelectionID, refused.N, refused.Kind, refused.CustomerID, refused.ReplacementID = s.ID, 1, flow.ChangeRefused, who.ID, next.ID
		added := flow.SelectionChange{SelectionID: s.ID, N: 2, Kind: flow.ChangeAdded, CustomerID: next.ID, Reason: "because of the board", At: noon, By: "somebody"}
		list := filled[flow.TeamList](t, 7)
		list.SelectionID = s.ID
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.Customers.Save(&who, &next))
			require.NoError(t, tx.Frames.Insert(older, []byte("older")))
			require.NoError(t, tx.Frames.Insert(f, []byte{0, 255, 1}))
			require.NoError(t, tx.Selections.Insert(s, nil))
			require.NoError(t, tx.Selections.Change(&s, refused))
			require.NoError(t, tx.Selections.Change(&s, added))
			require.NoError(t, tx.Yardsticks.SetTeamList(flow.TeamList{SelectionID: s.ID, BroughtAt: noon}))
			require.NoError(t, tx.Yardsticks.SetTeamList(list))
			require.NoError(t, tx.Yardsticks.SetRedraws(s.ID, []byte("one")))
			require.NoError(t, tx.Yardsticks.SetRedraws(s.ID, []byte{7, 0}))
		})
		require.Equal(t, 3, s.Version)
		twin := aFrame(t, 8)
		twin.Year, twin.N = f.Year, f.N
		err := st.Write(t.Context(), func(tx flow.Tx) error { return tx.Frames.Insert(twin, []byte{1}) })
		require.True(t, fault.Is(err, fault.Conflict), "two freezes of a year cannot both be the first: %v", err)
		require.Contains(t, err.Error(), "froze the list of this year meanwhile")
		read(t, st, func(tx flow.Tx) {
			same := func(want, got any, err error) {
				t.Helper()
				require.NoError(t, err)
				require.Equal(t, want, got)
			}
			got, err := tx.Frames.Get(f.ID)
			same(f, got, err)
			frames, err := tx.Frames.ByYear(f.Year)
			same([]flow.Frame{f, older}, frames, err)
			content, err := tx.Frames.Content(f.ID)
			same([]byte{0, 255, 1}, content, err)
			selection, err := tx.Selections.Get(s.ID)
			same(s, selection, err)
			changes, err := tx.Selections.Changes(s.ID)
			same([]flow.SelectionChange{refused, added}, changes, err)
			gotList, err := tx.Yardsticks.TeamList(s.ID)
			same(list, gotList, err)
			redraws, err := tx.Yardsticks.Redraws(s.ID)
			same([]byte{7, 0}, redraws, err)
			for _, err := range []error{
				second(tx.Frames.Get("x")), second(tx.Frames.Content("x")), second(tx.Yardsticks.TeamList("x")), second(tx.Yardsticks.Redraws("x")),
			} {
				require.True(t, fault.Is(err, fault.NotFound), "%v", err)
			}
		})
	})
}

func second[T any](_ T, err error) error { return err }

// A year has one draw of each number, and a selection one change of each
// version, however many try at once.
func TestDrawsAndChangesDoNotRace(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		names := []string{"a", "b", "c", "d"}
		insert := func(i int) error {
			return st.Write(context.Background(), func(tx flow.Tx) error {
				return tx.Selections.Insert(flow.Selection{ID: names[i], Year: 2027, Draw: 1}, nil)
			})
		}
		errs := race(len(names), insert)
		require.Equal(t, 1, count(errs, func(err error) bool { return err == nil }))
		require.Equal(t, 3, count(errs, func(err error) bool {
			return fault.Is(err, fault.Conflict) && strings.Contains(err.Error(), "drawn meanwhile")
		}), "%v", errs)

		var s flow.Selection
		customer := aCustomer(1, "")
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.Customers.Save(customer))
			all, err := tx.Selections.ByYear(2027)
			require.NoError(t, err)
			s = all[0]
		})
		errs = race(4, func(int) error {
			mine := s
			return st.Write(context.Background(), func(tx flow.Tx) error {
				return tx.Selections.Change(&mine, flow.SelectionChange{SelectionID: s.ID, N: 1, Kind: flow.ChangeAdded, CustomerID: customer.ID, Reason: "a customer for a visit", At: noon})
			})
		})
		require.Equal(t, 1, count(errs, func(err error) bool { return err == nil }))
		require.Equal(t, 3, count(errs, func(err error) bool { return fault.Is(err, fault.Stale) }), "%v", errs)
	})
}

// What must never be is refused by the database itself.
func TestChangesThatMustNotBe(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		customer := aCustomer(1, "")
		s := flow.Selection{ID: "s", Year: 2027, Draw: 1}
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.Customers.Save(customer))
			require.NoError(t, tx.Selections.Insert(s, nil))
		})
		s.Version = 1
		for name, c := range map[string]flow.SelectionChange{
			"by hand without a reason":        {Kind: flow.ChangeRemoved},
			"a refusal without a code":        {Kind: flow.ChangeRefused},
			"a code without a refusal":        {Kind: flow.ChangeAdded, Reason: "a good one", Code: "declined"},
			"a replacement without a refusal": {Kind: flow.ChangeAdded, Reason: "a good one", ReplacementID: customer.ID},
			"another kind":                    {Kind: "moved", Reason: "a good one"},
		} {
			c.SelectionID, c.N, c.CustomerID, c.At = s.ID, 1, customer.ID, noon
			mine := s
			err := st.Write(context.Background(), func(tx flow.Tx) error { return tx.Selections.Change(&mine, c) })
			require.True(t, fault.Is(err, fault.Invalid), "%s: %v", name, err)
			require.Equal(t, 1, mine.Version, name)
		}
	})
}
