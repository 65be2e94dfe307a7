package flow_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/geo"
	"windshield/internal/locale"
)

// Why a visit stands where somebody has moved it is kept for everybody, whatever the style
// of who moved it: 6.310 km are six to others.
func TestWhatAMoverWritesIsKeptForEverybody(t *testing.T) {
	d := newDesk(t)
	d.company(1, 3)
	far := d.customers[0]
	d.write(func(tx flow.Tx) {
		c, err := tx.Customers.Get(far.ID)
		require.NoError(t, err)
		c.Point = geo.Point{Lat: 40.71, Lon: -74}
		require.NoError(t, tx.Customers.Save(&c))
	})
	p := d.plan()
	v := d.visits(p.ID)[far.ID]
	to := d.otherPlaces(p.ID, v, 1)[0]
	german := everything
	german.Style = locale.Of("de-DE")
	out, err := d.f.Move(context.Background(), german, flow.Key{}, p.ID, flow.Move{Visits: []flow.SeenVisit{seen(v)}, To: &to})
	require.NoError(t, err)
	require.NotEmpty(t, out.Words)
	now := d.visits(p.ID)[far.ID]
	require.Equal(t, to, where(now))
	require.Regexp(t, `[0-9],[0-9]{3} km`, now.Why)
}
