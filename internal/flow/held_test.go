package flow_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/flow"
	"windshield/internal/notify"
	"windshield/internal/roster"
)

// What waits for the end of quiet hours follows them: it goes once they are over as they
// are now, at once where there are none any more, and not at all where its reader has
// switched it off.
func TestWhatIsHeldFollowsTheHours(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t)
	d.company(1, 1)
	ana := d.execs[0]
	who := access.Actor{PersonID: ana.ID, Roles: []roster.Role{roster.Executive}}
	zurich, err := time.LoadLocation(ana.Zone)
	require.NoError(t, err)
	at := func(day int, wall string) time.Time {
		x, err := time.ParseInLocation("15:04", wall, zurich)
		require.NoError(t, err)
		return time.Date(2026, time.December, day, x.Hour(), x.Minute(), 0, 0, zurich).UTC()
	}
	until := func(to time.Time) { d.pass(to.Sub(d.Now())) }
	version := 0
	choose := func(from, to string, off ...notify.Kind) {
		t.Helper()
		p := notify.Preference{QuietFrom: from, QuietTo: to, Digest: notify.None, Mail: map[notify.Kind]notify.Wish{}}
		for _, k := range off {
			p.Mail[k] = notify.Off
		}
		w, err := d.f.SetNoticePreferences(ctx, who, version, flow.PreferenceInput{Preference: p})
		require.NoError(t, err)
		version = w.Version
	}
	held := func(id string) flow.Delivery {
		t.Helper()
		var x flow.Delivery
		d.write(func(tx flow.Tx) {
			x, err = tx.Alerts.Delivery(id)
			require.NoError(t, err)
		})
		return x
	}
	hold := func(id string, to time.Time) {
		d.write(func(tx flow.Tx) {
			_, err := tx.Alerts.Deliver(flow.Delivery{ID: id, About: "warning/" + id, Kind: "warning", Channel: notify.Mail, PersonID: ana.ID, MessageID: id + "@x", Subject: "s", Body: "b",
				State: flow.OnHold, NotBefore: to, Why: "It is quiet.", CreatedAt: d.Now()})
			require.NoError(t, err)
		})
	}
	look := func() {
		t.Helper()
		require.NoError(t, d.f.Do(ctx, flow.Job{Kind: flow.JobNotices}))
	}
	until(at(1, "23:00"))
	choose("22:00", "06:00")
	hold("00000000-0000-4000-8000-000000000d01", at(2, "06:00"))
	first := "00000000-0000-4000-8000-000000000d01"
	choose("22:00", "08:30")
	require.Equal(t, []any{flow.OnHold, at(2, "08:30")}, []any{held(first).State, held(first).NotBefore})
	require.Contains(t, held(first).Why, "from 22:00 to 08:30")
	until(at(2, "06:00"))
	look()
	require.Equal(t, flow.OnHold, held(first).State)
	until(at(2, "08:30"))
	look()
	require.Equal(t, flow.ToSend, held(first).State)

	// No quiet hours any more: it goes at once. Whoever moves to where it is still night waits on.
	until(at(2, "23:00"))
	second, third := "00000000-0000-4000-8000-000000000d02", "00000000-0000-4000-8000-000000000d03"
	hold(second, at(3, "08:30"))
	choose("", "")
	require.Equal(t, flow.ToSend, held(second).State)
	choose("22:00", "06:00")
	hold(third, at(3, "06:00"))
	d.write(func(tx flow.Tx) {
		p, err := tx.People.Get(ana.ID)
		require.NoError(t, err)
		p.Zone = "America/New_York"
		require.NoError(t, tx.People.Save(&p))
	})
	until(at(3, "06:00"))
	look()
	require.Equal(t, []any{flow.OnHold, at(3, "12:00")}, []any{held(third).State, held(third).NotBefore})
	choose("22:00", "06:00", notify.Warned)
	require.Equal(t, flow.Skipped, held(third).State)
}
