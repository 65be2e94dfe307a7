package app

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/config"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/seal"
	"windshield/internal/store"
)

// What is connected, replaced or disconnected on one replica holds on the others
// at their next call; a token that Google replaces is kept by one of them only.
func TestConnectionsHoldOnAllReplicas(t *testing.T) {
	ctx := context.Background()
	key := "k:" + strings.Repeat("A", 43)
	ring, err := seal.Parse(key)
	require.NoError(t, err)
	st, err := store.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "w.db"), store.Options{Now: time.Now})
	require.NoError(t, err)
	defer st.Close()
	require.NoError(t, st.Migrate(ctx))
	cfg := config.Config{BaseURL: "http://windshield.example", GoogleClientID: "id", GoogleClientSecret: "hush", SecretKeys: ring}
	one, two := replica(t, cfg, st), replica(t, cfg, st)

	const ann = "ann@vendor.example"
	_, err = one.Open(ctx, ann)
	require.True(t, fault.Is(err, fault.Denied))
	require.ErrorContains(t, err, "http://windshield.example/me/calendar")

	change := func(do func(c *flow.Connection)) {
		t.Helper()
		require.NoError(t, st.Write(ctx, func(tx flow.Tx) error {
			c, err := tx.Connections.Get(ann)
			if err != nil {
				return err
			}
			do(&c)
			return tx.Connections.Save(&c)
		}))
	}
	change(func(c *flow.Connection) {
		c.Kind, c.State, c.Epoch = flow.Consent, flow.AccountConnected, 1
		require.NoError(t, c.Keep(ring, "refresh-1"))
	})
	first, err := one.Open(ctx, ann)
	require.NoError(t, err)
	again, err := one.Open(ctx, ann)
	require.NoError(t, err)
	require.Same(t, first, again)

	con, err := one.connection(ctx, ann)
	require.NoError(t, err)
	a, b := one.stored(con), two.stored(con)
	require.NoError(t, a.Keep(ctx, "refresh-1", "refresh-2"))
	require.True(t, fault.Is(b.Keep(ctx, "refresh-1", "refresh-3"), fault.Stale))
	token, err := b.Load(ctx)
	require.NoError(t, err)
	require.Equal(t, "refresh-2", token)
	kept, err := one.Open(ctx, ann)
	require.NoError(t, err)
	require.Same(t, first, kept, "a replaced token is no reason for a new client")

	change(func(c *flow.Connection) { c.Epoch++ }) // connected again, on the other replica
	fresh, err := one.Open(ctx, ann)
	require.NoError(t, err)
	require.NotSame(t, first, fresh)
	change(func(c *flow.Connection) { c.State, c.Sealed, c.Epoch = flow.Disconnected, "", c.Epoch+1 })
	_, err = one.Open(ctx, ann)
	require.True(t, fault.Is(err, fault.Denied))
	_, err = a.Load(ctx)
	require.True(t, fault.Is(err, fault.Denied))

	// A key that is gone is said as what it is, and mended by putting it back.
	change(func(c *flow.Connection) {
		c.State, c.Epoch = flow.AccountConnected, c.Epoch+1
		require.NoError(t, c.Keep(ring, "refresh-4"))
	})
	cfg.SecretKeys, err = seal.Parse("other:" + strings.Repeat("B", 43))
	require.NoError(t, err)
	_, err = replica(t, cfg, st).Open(ctx, ann)
	require.ErrorContains(t, err, "its key is gone")
	_, err = one.Open(ctx, ann)
	require.NoError(t, err)
}

func replica(t *testing.T, cfg config.Config, st *store.Store) *calendars {
	t.Helper()
	c, err := newCalendars(cfg, nil, st, time.Now, nil, nil)
	require.NoError(t, err)
	return c
}
