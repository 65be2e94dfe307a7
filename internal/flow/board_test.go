package flow_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// What is kept of a plan is what a program says that has just started, whatever is
// written in between, and by whomever.
func TestAPlanThatIsLaidOutIsNeverOld(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t)
	d.company(3, 4)
	p := d.plan()
	d.publish(p)
	d.pass(20 * 24 * time.Hour)
	all := d.byLabel(p.ID)
	first, second, third := all[len(all)-1], all[len(all)-2], all[len(all)-3]
	kept := d.f
	same := func(t *testing.T) (needs flow.Attention) {
		t.Helper()
		anew := flow.New(flow.Deps{Store: d.st, Calendars: d, Notifier: d, Now: d.Now, BaseURL: "http://windshield.example", Env: "test"})
		for _, f := range []*flow.Flow{anew, kept} {
			got, err := f.Attention(ctx, everything, p.ID)
			require.NoError(t, err)
			if f == kept {
				require.Equal(t, needs, got)
			}
			needs = got
		}
		for _, v := range []visit.Visit{first, second, third} {
			was, err := anew.Explain(ctx, everything, p.ID, v.CustomerID, 10)
			require.NoError(t, err)
			is, err := kept.Explain(ctx, everything, p.ID, v.CustomerID, 10)
			require.NoError(t, err)
			require.Equal(t, was, is)
			ways, err := anew.Proposals(ctx, everything, p.ID, v.CustomerID, 5)
			again, err2 := kept.Proposals(ctx, everything, p.ID, v.CustomerID, 5)
			require.Equal(t, err == nil, err2 == nil)
			require.Equal(t, ways, again)
		}
		return needs
	}
	require.Empty(t, same(t).LeftOut)
	person := func(tx flow.Tx, id string) roster.Person {
		x, err := tx.People.Get(id)
		require.NoError(t, err)
		return x
	}
	// reading says that something takes six hours of the day of a visit, or of one after it.
	reading := func(v visit.Visit, later int) roster.Reading {
		begins := v.Start.AddDate(0, 0, later).Add(-time.Hour)
		return roster.Reading{PersonID: v.ExecutiveID, Calendar: "x", From: d.Now(), To: d.Now().AddDate(1, 0, 0), ReadAt: d.Now(), TriedAt: d.Now(), Spans: []roster.Span{{Start: begins, End: begins.Add(6 * time.Hour)}}}
	}
	for _, c := range []struct {
		name               string
		write              func(tx flow.Tx) error
		left, stuck, moved int
	}{
		{"nothing", func(flow.Tx) error { return nil }, 0, 0, 0},
		{"an executive falls ill", func(tx flow.Tx) error {
			return tx.People.SetAbsences(first.ExecutiveID, []roster.Absence{{PersonID: first.ExecutiveID, Interval: slot.Interval{Start: first.Slot.Date, End: first.Slot.Date}}})
		}, 0, 1, 0},
		{"and is well again", func(tx flow.Tx) error { return tx.People.SetAbsences(first.ExecutiveID, nil) }, 0, 0, 0},
		{"a calendar is read", func(tx flow.Tx) error { return tx.Busy.Keep(reading(first, 0)) }, 0, 1, 0},
		{"only what takes eight hours counts", func(tx flow.Tx) error {
			return tx.Ledger.SetSetting("busy", `{"on":true,"rules":{"begins":"08:00","noon":"12:30","ends":"18:00","meeting":28800000000000,"away":43200000000000,"full":28800000000000}}`)
		}, 0, 0, 0},
		{"the rules are the old ones", func(tx flow.Tx) error { return tx.Ledger.SetSetting("busy", "") }, 0, 1, 0},
		{"it moves to another day", func(tx flow.Tx) error { return tx.Busy.Keep(reading(first, 1)) }, 0, 0, 0},
		{"calendars are not read", func(tx flow.Tx) error { return tx.Busy.Forget() }, 0, 0, 0},
		{"somebody declines", func(tx flow.Tx) error {
			v, err := tx.Visits.Get(second.ID)
			require.NoError(t, err)
			require.NoError(t, v.Become(visit.Declined, "no time"))
			return tx.Visits.Save(&v)
		}, 1, 0, 0},
		{"a window moves", func(tx flow.Tx) error {
			c, err := tx.Customers.Get(third.CustomerID)
			require.NoError(t, err)
			c.Windows = []slot.Interval{{Start: third.Slot.Date.Add(-40), End: third.Slot.Date.Add(-30)}}
			return tx.Customers.Save(&c)
		}, 1, 0, 1},
		{"a customer gets another name", func(tx flow.Tx) error {
			c, err := tx.Customers.Get(third.CustomerID)
			require.NoError(t, err)
			c.Name = "Another name"
			return tx.Customers.Save(&c)
		}, 1, 0, 1},
		{"an executive goes less often", func(tx flow.Tx) error {
			x := person(tx, first.ExecutiveID)
			x.Terms.MaxPerWeek, x.Terms.MaxPerMonth = 1, 2
			return tx.People.Save(&x)
		}, 1, 0, 1},
		{"weights are set", func(tx flow.Tx) error { return tx.Ledger.SetSetting("weights", `{"travel_km":9}`) }, 1, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			d.write(func(tx flow.Tx) { require.NoError(t, c.write(tx)) })
			needs := same(t)
			require.Len(t, needs.LeftOut, c.left)
			require.Len(t, needs.Stuck, c.stuck)
			require.Len(t, needs.Outside, c.moved)
			d.write(func(tx flow.Tx) { require.NoError(t, tx.Ledger.SetSetting("other", c.name)) })
			require.NoError(t, kept.KeepUp(ctx))
			same(t)
		})
	}
	t.Run("the day of a visit comes", func(t *testing.T) {
		before := same(t)
		d.pass(first.Start.Sub(d.Now()) - 20*time.Hour)
		require.NoError(t, kept.KeepUp(ctx))
		require.NotEqual(t, before, same(t))
		x, err := kept.Explain(ctx, everything, p.ID, first.CustomerID, 0)
		require.NoError(t, err)
		require.True(t, x.Settled)
	})
	t.Run("who may not see it", func(t *testing.T) {
		nobody := access.Actor{PersonID: "x", Roles: []roster.Role{roster.Host}}
		_, err := kept.Attention(ctx, nobody, p.ID)
		require.True(t, fault.Is(err, fault.Denied))
		_, err = kept.Explain(ctx, nobody, p.ID, first.CustomerID, 0)
		require.True(t, fault.Is(err, fault.Denied))
	})
	t.Run("another plan takes its place", func(t *testing.T) {
		d.write(func(tx flow.Tx) {
			x, err := tx.Plans.Get(p.ID)
			require.NoError(t, err)
			x.State = visit.Superseded
			require.NoError(t, tx.Plans.Save(&x))
		})
		for range 2 {
			_, err := kept.Attention(ctx, everything, p.ID)
			require.True(t, fault.Is(err, fault.Conflict), "%v", err)
			require.NoError(t, kept.KeepUp(ctx))
		}
	})
}

// Where two clash, whoever somebody has said yes to stays, and nobody else's yes is moved
// for a proposal.
func TestAYesStaysWhereItIs(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t)
	d.company(1, 5)
	p := d.plan()
	d.publish(p)
	all := d.byLabel(p.ID)
	late, soon := all[len(all)-1], all[0]
	d.write(func(tx flow.Tx) {
		for _, x := range all {
			v, err := tx.Visits.Get(x.ID)
			require.NoError(t, err)
			if v.ID == soon.ID { // on the same half-day as late
				require.NoError(t, tx.Bookings.Release(v.ID))
				require.NoError(t, v.Place(late.ExecutiveID, late.Slot, v.Zone))
			} else {
				v.Answer = visit.Accepted
			}
			require.NoError(t, tx.Visits.Save(&v))
		}
	})
	needs, err := d.f.Attention(ctx, everything, p.ID)
	require.NoError(t, err)
	require.Len(t, needs.Stuck, 1)
	require.Equal(t, soon.CustomerID, needs.Stuck[0].CustomerID)
	for id, stuck := range map[string]bool{soon.CustomerID: true, late.CustomerID: false} {
		x, err := d.f.Explain(ctx, everything, p.ID, id, 50)
		require.NoError(t, err)
		require.Equal(t, stuck, x.Stuck != "", id)
		for _, y := range x.Places {
			require.Len(t, y.Changes, 1, "the others have said yes")
		}
		require.NotEmpty(t, x.Places)
	}
	c, err := d.f.Choices(ctx, everything, p.ID, late.Label)
	require.NoError(t, err)
	open := 0
	for _, y := range c.ByLabel {
		if y.Open {
			open++
		}
	}
	require.NotZero(t, open, "who plans by hand may trade it, and is asked")
}
