package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/notify"
	"windshield/internal/slot"
	"windshield/internal/store"
)

// What waits, what is read, what is ended by its ticket and how channels stand.
func TestNotices(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		me, other := id("person", 1), id("person", 2)
		d := func(n int, person string, channel notify.Channel, state flow.DeliveryState) flow.Delivery {
			return flow.Delivery{ID: id("delivery", n), About: fmt.Sprintf("visit/%d", n), Kind: "confirmed", Channel: channel, PersonID: person, MessageID: fmt.Sprintf("%d@x.example", n),
				Subject: "s", Body: "b\n", State: state, CreatedAt: noon.Add(time.Duration(n) * time.Second)}
		}
		later := d(1, me, notify.Mail, flow.OnHold)
		later.NotBefore, later.Why, later.Ticket, later.TicketHash, later.Calendar, later.Path = noon.Add(time.Hour), "quiet", "t", "h", "BEGIN", "/visits/1"
		digest := d(2, me, notify.Mail, flow.OnHold)
		digest.Digest = slot.MustDate("2027-03-05")
		failing := d(3, other, notify.Mail, flow.Sending)
		failing.Error = "The mail server is away."
		refused := d(4, other, notify.Webhook, flow.Refused)
		refused.Error = "no"
		sent := d(5, other, notify.Mail, flow.Sent)
		sent.SentAt = noon
		all := []flow.Delivery{later, digest, failing, refused, sent}
		for n := 10; n < 15; n++ {
			p := d(n, me, notify.Page, flow.Sent)
			p.Unread, p.SentAt = true, noon
			all = append(all, p)
		}
		write(t, st, func(tx flow.Tx) {
			ids, err := tx.Alerts.Deliver(all...)
			require.NoError(t, err)
			require.Len(t, ids, len(all))
			got, err := tx.Alerts.Delivery(later.ID)
			require.NoError(t, err)
			later.Version = 1
			require.Equal(t, later, got, "whole")

			due, err := tx.Outbox.Due(noon.Add(59*time.Minute), "", 10)
			require.NoError(t, err)
			require.Empty(t, due, "neither before its time nor what waits for a digest")
			for of, want := range map[string][]flow.Delivery{"": {later}, me: {later}, "another": nil} {
				due, err = tx.Outbox.Due(noon.Add(time.Hour), of, 10)
				require.NoError(t, err)
				require.Equal(t, want, due, of)
			}
			held, err := tx.Outbox.Gathering()
			require.NoError(t, err)
			require.Equal(t, digest.ID, held[0].ID)
			require.Len(t, held, 1)

			made, err := tx.Outbox.Made("visit/1", "visit/99")
			require.NoError(t, err)
			require.Equal(t, []flow.Told{{About: "visit/1", PersonID: me, Kind: "confirmed"}}, made)
			waiting, err := tx.Outbox.Refused(5)
			require.NoError(t, err)
			require.Equal(t, refused.ID, waiting[0].ID)

			standing, err := tx.Outbox.Standing(noon.Add(-time.Hour))
			require.NoError(t, err)
			require.Equal(t, flow.ChannelStanding{Channel: notify.Mail, Held: 2, Waiting: 1, Failing: 1, Oldest: failing.CreatedAt, Error: failing.Error, Sent: 1, LastSent: noon}, standing[0])
			require.True(t, standing[0].Dead())
			require.Equal(t, 1, standing[4].Refused)

			moved, err := tx.Outbox.Move(flow.ToSend, "", later.ID, digest.ID, failing.ID)
			require.NoError(t, err)
			require.Equal(t, []string{later.ID, digest.ID}, moved, "only what is held")
			moved, err = tx.Outbox.Move(flow.Skipped, "too late", later.ID)
			require.NoError(t, err)
			require.Empty(t, moved)
			got, err = tx.Alerts.Delivery(later.ID)
			require.NoError(t, err)
			require.Equal(t, []any{flow.ToSend, "t", 2}, []any{got.State, got.Ticket, got.Version})
			require.NoError(t, tx.Alerts.SaveDelivery(&got), "with the version that it has by now")

			byTicket, err := tx.Notices.ByTicket("h")
			require.NoError(t, err)
			require.Equal(t, later.ID, byTicket.ID)
			for _, hash := range []string{"", "none"} {
				_, err = tx.Notices.ByTicket(hash)
				require.True(t, fault.Is(err, fault.NotFound), hash)
			}
		})
		write(t, st, func(tx flow.Tx) {
			n, err := tx.Notices.Unread(me)
			require.NoError(t, err)
			require.Equal(t, 5, n)
			var seen []string
			for after := ""; ; {
				rows, next, err := tx.Notices.Page(me, after, 2)
				require.NoError(t, err)
				for _, r := range rows {
					seen = append(seen, r.ID)
				}
				if after = next; next == "" {
					break
				}
			}
			require.Equal(t, []string{id("delivery", 14), id("delivery", 13), id("delivery", 12), id("delivery", 11), id("delivery", 10)}, seen)
			for _, bad := range []string{"x", "WyJub3RpY2VzIiwieCIsInkiXQ"} {
				_, _, err = tx.Notices.Page(me, bad, 2)
				require.True(t, fault.Is(err, fault.Invalid), bad)
			}
			_, err = tx.Notices.Notice(other, id("delivery", 12))
			require.True(t, fault.Is(err, fault.NotFound), "somebody else's")
			require.NoError(t, tx.Notices.Read(other, id("delivery", 12)))
			require.NoError(t, tx.Notices.Read(me, id("delivery", 13)))
			n, err = tx.Notices.Unread(me)
			require.NoError(t, err)
			require.Equal(t, 4, n)
			require.NoError(t, tx.Notices.Read(me))
			n, err = tx.Notices.Unread(me)
			require.NoError(t, err)
			require.Zero(t, n)
		})
		kept := flow.KeptPreference{PersonID: me, Preference: notify.UsualPreference(), Sealed: "s1.k.x"}
		kept.Mail = map[notify.Kind]notify.Wish{notify.Warned: notify.Off}
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.Notices.SavePreference(&kept))
			rows, err := tx.Notices.Preferences(other)
			require.NoError(t, err)
			require.Empty(t, rows)
			rows, err = tx.Notices.Preferences()
			require.NoError(t, err)
			require.Equal(t, []flow.KeptPreference{kept}, rows)
			stale := kept
			stale.Version = 7
			require.True(t, fault.Is(tx.Notices.SavePreference(&stale), fault.Stale))
		})
	})
}
