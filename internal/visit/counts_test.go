package visit

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryLapseSaysSomethingOfItsOwn(t *testing.T) {
	said := map[string]Lapse{"": NoLapse}
	require.Empty(t, NoLapse.Says())
	for _, l := range Lapses {
		require.NotContains(t, said, l.Says(), l)
		said[l.Says()] = l
	}
	require.Empty(t, Lapse("weather").Says())
}

func TestLapse(t *testing.T) {
	held := Visit{State: Held, Kind: AtCustomer, WithHost: true}
	for _, c := range []struct {
		change func(*Visit)
		want   Lapse
	}{
		{func(*Visit) {}, NoLapse},
		{func(v *Visit) { v.State = NoShow }, NotThere},
		{func(v *Visit) { v.State = Published }, Unconfirmed},
		{func(v *Visit) { v.State = Cancelled }, Unconfirmed},
		{func(v *Visit) { v.Kind = "" }, UnknownPlace},
		{func(v *Visit) { v.Kind = "lunch" }, UnknownPlace},
		{func(v *Visit) { v.Kind = TradeShow }, AtTradeShow},
		{func(v *Visit) { v.Kind = Conference }, AtConference},
		{func(v *Visit) { v.Kind = Online }, MetOnline},
		{func(v *Visit) { v.WithHost = false }, WithoutHost},
		{func(v *Visit) { v.WithHost, v.Kind = false, Online }, MetOnline},
	} {
		v := held
		c.change(&v)
		require.Equal(t, c.want, v.Lapse())
		counts, why := v.Counts()
		require.Equal(t, c.want == NoLapse, counts)
		require.Equal(t, c.want.Says(), why)
	}
}
