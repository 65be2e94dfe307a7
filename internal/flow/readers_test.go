package flow_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/locale"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Readers who ask at the same time about a plan that is kept share it, and each reads it in
// their own words, as if nobody else had asked.
func TestReadersOfAPlanReadTheirOwnWords(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t)
	d.company(2, 3)
	p := d.plan()
	d.publish(p)
	all := d.byLabel(p.ID)
	ill, declined := all[0], all[3]
	d.write(func(tx flow.Tx) {
		require.NoError(t, tx.People.SetAbsences(ill.ExecutiveID, []roster.Absence{{PersonID: ill.ExecutiveID, Interval: slot.Interval{Start: ill.Slot.Date, End: ill.Slot.Date}}}))
		v, err := tx.Visits.Get(declined.ID)
		require.NoError(t, err)
		require.NoError(t, v.Become(visit.Declined, "Thu 4 Mar is full"))
		require.NoError(t, tx.Visits.Save(&v))
	})
	ask := func(f *flow.Flow, tag string) string {
		a := everything
		a.Style = locale.Of(tag)
		needs, err := f.Attention(ctx, a, p.ID)
		require.NoError(t, err)
		out := fmt.Sprint(needs.Stuck, needs.LeftOut, needs.Outside)
		for _, v := range []visit.Visit{ill, declined, all[2]} {
			x, err := f.Explain(ctx, a, p.ID, v.CustomerID, 3)
			require.NoError(t, err)
			out += "\n" + x.Text + x.Stuck + fmt.Sprint(x.Executives, x.Weeks, x.Places)
		}
		in, err := f.LetIn(ctx, a, p.ID, declined.CustomerID)
		require.NoError(t, err)
		return out + "\n" + in.Reason + in.Text + fmt.Sprint(len(in.Ways))
	}
	tags := []string{"", "en-US"}
	want := map[string]string{}
	for _, tag := range tags {
		want[tag] = ask(flow.New(flow.Deps{Store: d.st, Calendars: d, Notifier: d, Now: d.Now, BaseURL: "http://windshield.example", Env: "test"}), tag)
	}
	require.NotEqual(t, want[""], want["en-US"])
	var wait sync.WaitGroup
	for begin := range 2 {
		wait.Go(func() {
			for i := range tags {
				tag := tags[(begin+i)%len(tags)]
				assert.Equal(t, want[tag], ask(d.f, tag), tag)
			}
		})
	}
	wait.Wait()
}
