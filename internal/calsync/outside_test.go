package calsync_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/calsync"
	"windshield/internal/calsync/calsynctest"
)

// What our own people wrote into an event is not shown to the first guest from outside:
// comments go, and texts wait for somebody's decision.
func TestOutsidersReadNothingOfOurs(t *testing.T) {
	const eva, secret = "eva@customer.example", "xyzzy"
	text := "Not them again " + secret
	for name, c := range map[string]struct {
		edit  calsync.Patch
		field calsync.Field
	}{
		"nothing":     {},
		"title":       {calsync.Patch{Title: &text}, calsync.FieldTitle},
		"description": {calsync.Patch{Description: &text}, calsync.FieldDescription},
		"location":    {calsync.Patch{Location: &text}, calsync.FieldLocation},
	} {
		t.Run(name, func(t *testing.T) {
			m := calsynctest.NewMemory(office)
			want, base := wish(), calsync.Base{}
			save := func(_ context.Context, b calsync.Base) error { base = b; return nil }
			apply := func() calsync.Outcome {
				_, out, err := calsync.Apply(context.Background(), m, save, want, base)
				require.NoError(t, err)
				return out
			}
			apply()
			guests := m.Live()[0].Guests
			guests[0].Answer, guests[0].Comment = calsync.Accepted, text
			edit := c.edit
			edit.Guests = &guests
			m.Person(m.Live()[0].ID, edit)
			_, base = calsync.Observe(base, m.Live()[0])

			want.Version++
			want.Description, want.HideGuests = "For everybody", true
			want.Guests = append(want.Guests, calsync.Guest{Email: eva, Outside: true})
			out := apply()
			there := func() map[string]calsync.Guest {
				all := map[string]calsync.Guest{}
				for _, g := range m.Live()[0].Guests {
					all[g.Email] = g
				}
				return all
			}
			if c.field != "" {
				require.Len(t, out.Conflicts, 1)
				require.Equal(t, c.field, out.Conflicts[0].Field)
				require.NotContains(t, there(), eva, "nobody comes before somebody has decided")
				require.Equal(t, text, there()[ann].Comment)
				want.Version++
				want.Overrule = map[calsync.Field]string{c.field: out.Conflicts[0].Print}
				out = apply()
			}
			require.Empty(t, out.Conflicts)
			require.Contains(t, there(), eva)
			require.Equal(t, calsync.Accepted, there()[ann].Answer)
			whole, err := json.Marshal(m.Live()[0])
			require.NoError(t, err)
			require.NotContains(t, string(whole), secret)
			changes, after := calsync.Observe(base, m.Live()[0])
			require.Empty(t, changes, "our own write is no news")
			base = after

			// From then on they write what the others may read.
			guests = m.Live()[0].Guests
			for i := range guests {
				if guests[i].Email == ann {
					guests[i].Comment = "See you there"
				}
			}
			m.Person(m.Live()[0].ID, calsync.Patch{Guests: &guests})
			want.Version++
			want.Location = "Gate 2"
			apply()
			require.Equal(t, "See you there", there()[ann].Comment)
		})
	}
}
