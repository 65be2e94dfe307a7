package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/store"
)

func TestConnections(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		person := filled[roster.Person](t, 1)
		person.Version = 0
		c := filled[flow.Connection](t, 2)
		c.Address, c.PersonID, c.Kind, c.State, c.Sealed, c.Version = "ann@example.com", person.ID, flow.Consent, flow.AccountConnected, "s1.k1.AAAA", 0
		c.Scopes = []string{"a", "b"}
		robot := flow.Connection{Address: "visits@example.com", Kind: flow.Delegation, State: flow.NeedsReconnecting, Since: noon, Tried: noon}
		write(t, st, func(tx flow.Tx) {
			none, err := tx.Connections.Get("nobody@example.com")
			require.NoError(t, err)
			require.Equal(t, flow.Connection{Address: "nobody@example.com"}, none)
			require.NoError(t, tx.People.Save(&person))
			require.NoError(t, tx.Connections.Save(&c))
			require.NoError(t, tx.Connections.Save(&robot))
		})
		write(t, st, func(tx flow.Tx) {
			got, err := tx.Connections.Get(c.Address)
			require.NoError(t, err)
			require.Equal(t, c, got)
			all, err := tx.Connections.All()
			require.NoError(t, err)
			require.Len(t, all, 2)
			require.Equal(t, "", all[1].PersonID)
			waiting, err := tx.Connections.Waiting(c.Address)
			require.NoError(t, err)
			require.Empty(t, waiting)

			stale := c
			stale.Version = 7
			require.True(t, fault.Is(tx.Connections.Save(&stale), fault.Stale))
			// The database itself keeps no token where none may be, and none in clear.
			for _, spoil := range []func(*flow.Connection){
				func(c *flow.Connection) { c.Sealed = "1//in-clear" },
				func(c *flow.Connection) { c.Sealed = "" },
				func(c *flow.Connection) { c.State = flow.Disconnected },
				func(c *flow.Connection) { c.State = "odd" },
			} {
				bad := c
				spoil(&bad)
				require.True(t, fault.Is(tx.Connections.Save(&bad), fault.Invalid))
			}
			c.State, c.Sealed = flow.Disconnected, ""
			require.NoError(t, tx.Connections.Save(&c))
		})
	})
}
