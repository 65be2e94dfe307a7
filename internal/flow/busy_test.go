package flow_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/gcal/emulator"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// block takes all half-days of somebody but those of some days, from January to
// the end of the year, so that a plan has little choice.
func (d *desk) block(who string, but ...slot.Date) {
	d.t.Helper()
	open := map[slot.Date]bool{}
	for _, b := range but {
		open[b] = true
	}
	from := slot.MustDate("2026-12-01")
	for day := from; day <= slot.MustDate("2028-01-05"); day++ {
		if open[day] {
			d.span(who, from, day)
			from = day.Add(1)
		}
	}
	d.span(who, from, slot.MustDate("2028-01-05"))
}

func (d *desk) span(who string, from, to slot.Date) {
	d.t.Helper()
	start, err := slot.At(from, "00:00", "Europe/Zurich")
	require.NoError(d.t, err)
	end, err := slot.At(to, "00:00", "Europe/Zurich")
	require.NoError(d.t, err)
	if start.Before(end) {
		_, err = d.emu.Block(who, "outOfOffice", start, end, "", "")
		require.NoError(d.t, err)
	}
}

// A calendar that cannot be read answers with an error and an empty list, in an
// answer that is otherwise fine. It is unknown, never free: what was known before
// still closes its half-days, and people see whose calendar was not read.
func TestFault75_WhatCannotBeReadIsUnknown(t *testing.T) {
	for _, reason := range []string{"notFound", "internalError"} {
		t.Run(reason, func(t *testing.T) {
			d := newDesk(t)
			d.company(2, 2)
			open := slot.MustDate("2027-03-04")
			d.block(d.execs[0].Email, open)
			d.settings(nil)
			require.True(t, d.readings()[d.execs[0].ID].Known())

			d.emu.SetSwitches(emulator.Switches{BusyError: map[string]string{d.execs[0].Email: reason}})
			d.pass(time.Hour)
			p := d.plan()
			r := d.readings()[d.execs[0].ID]
			require.False(t, r.Known())
			require.Equal(t, reason, r.Unknown)
			require.NotEmpty(t, r.Spans, "what was known before is not taken for free")
			require.Equal(t, d.Now().Add(-time.Hour), r.ReadAt, "and its age is told")
			require.True(t, d.readings()[d.execs[1].ID].Known(), "the other calendar of the same query is known")
			for _, v := range d.visits(p.ID) {
				note := fmt.Sprintf("The calendar of %s was not read: the visit is planned from leave and bookings only.", d.execs[0].Name)
				if v.ExecutiveID == d.execs[0].ID {
					require.Equal(t, open, v.Slot.Date)
					require.Contains(t, v.Why, note)
				} else {
					require.NotContains(t, v.Why, "was not read")
				}
			}
			view, err := d.f.Plan(context.Background(), everything, p.ID, flow.PlanFilter{})
			require.NoError(t, err)
			require.Equal(t, []string{d.execs[0].Name}, view.Unread)
			busy, err := d.f.Busy(context.Background(), everything)
			require.NoError(t, err)
			require.Equal(t, d.execs[0].ID, busy.People[0].Person.ID, "the unknown come first")
		})
	}
	t.Run("never read", func(t *testing.T) {
		d := newDesk(t)
		d.company(1, 1)
		d.emu.SetSwitches(emulator.Switches{BusyError: map[string]string{d.execs[0].Email: "notFound"}})
		d.settings(nil)
		require.True(t, d.readings()[d.execs[0].ID].ReadAt.IsZero())
		require.Equal(t, "notFound", d.readings()[d.execs[0].ID].Unknown)
		for _, v := range d.visits(d.plan().ID) {
			require.Contains(t, v.Why, "was not read", "the host's calendar is connected, the executive's is not")
		}
	})
	t.Run("the whole server fails", func(t *testing.T) {
		d := newDesk(t)
		d.company(1, 1)
		d.emu.Inject(emulator.Fault{Method: "freebusy.*", Action: emulator.FailBefore, Status: 503, Count: -1})
		d.settings(nil)
		p := d.plan()
		require.Len(t, d.visits(p.ID), 1, "a plan is made all the same")
		require.Equal(t, "", p.Assumes)
		require.NotEmpty(t, d.readings()[d.execs[0].ID].Unknown)
	})
}

// 200 people for a year take some twenty queries of at most fifty calendars and
// eighty days, and say the same as small ones.
func TestFault76_ManyPeopleForAYearInAFewQueries(t *testing.T) {
	d := newDesk(t)
	var people []*roster.Person
	for i := range 200 {
		people = append(people, &roster.Person{ID: fmt.Sprintf("00000000-0000-4000-8000-000000000%03d", i), Key: fmt.Sprint("p", i), Name: fmt.Sprint("P", i),
			Email: fmt.Sprintf("p%d@northlight.example", i), Zone: "Europe/Zurich", Roles: []roster.Role{roster.Executive}, Terms: roster.Terms{TargetVisits: 12}})
	}
	d.write(func(tx flow.Tx) { require.NoError(t, tx.People.Save(people...)) })
	for i := 0; i < 200; i += 7 {
		d.meeting(people[i].Email, slot.MustDate("2026-11-30").Add(i), "09:00", "10:30")
		d.span(people[i].Email, slot.MustDate("2027-02-01"), slot.MustDate("2027-06-01")) // over the edge of a query
	}
	d.settings(nil)
	require.InDelta(t, 20, d.asked(), 4)
	got := d.readings()
	require.Len(t, got, 200)
	one, err := d.Open(context.Background(), office)
	require.NoError(t, err)
	for i := 0; i < 200; i += 35 {
		r := got[people[i].ID]
		require.True(t, r.Known())
		require.Equal(t, 365*24*time.Hour, r.To.Sub(d.Now().Truncate(24*time.Hour)))
		small, err := one.FreeBusy(context.Background(), []string{people[i].Email}, r.From, r.From.Add(200*24*time.Hour))
		require.NoError(t, err)
		for n, s := range small[people[i].Email].Spans {
			if s.End.Before(r.From.Add(200 * 24 * time.Hour)) {
				require.Equal(t, s.Start, r.Spans[n].Start)
				require.Equal(t, s.End, r.Spans[n].End)
			}
		}
	}

	asked := d.asked()
	d.settings(func(s *flow.BusySettings) { s.On = false })
	require.Equal(t, asked, d.asked())
	require.Empty(t, d.readings(), "nothing is kept of who is not read")
}

// Our own visits stand in the calendars that we read. They are no reason to move
// themselves, and what overlaps them is still seen.
func TestFault77_OwnVisitsAreNotInTheirOwnWay(t *testing.T) {
	d := newDesk(t)
	d.company(1, 3)
	d.settings(nil)
	first := d.plan()
	d.publish(first)
	d.work()
	before := d.visits(first.ID)
	for _, v := range before {
		require.Equal(t, flow.EventApplied, d.event(v.ID).State)
	}

	d.pass(2 * time.Hour)
	d.settings(nil)
	r := d.readings()[d.execs[0].ID]
	require.Len(t, r.Spans, 3, "the visits themselves")
	require.Empty(t, r.Foreign())
	again := d.plan()
	for id, v := range d.visits(again.ID) {
		require.Equal(t, before[id].Slot, v.Slot, "no visit moves")
		require.Equal(t, before[id].ExecutiveID, v.ExecutiveID)
		require.Empty(t, v.Conflict)
	}

	var hit visit.Visit
	for _, v := range before {
		hit = v
		break
	}
	d.meeting(d.execs[0].Email, hit.Slot.Date, clock(hit.Begins, 60), clock(hit.Ends, 90)) // reaches an hour and a half past ours
	d.settings(nil)
	require.Len(t, d.readings()[d.execs[0].ID].Foreign(), 1)
	now := d.visits(first.ID)
	require.Equal(t, "Busy in the calendar: Executive 0 has something else in this half-day.", now[hit.CustomerID].Conflict, "people decide")
	third := d.visits(d.plan().ID)
	require.Equal(t, hit.Slot, third[hit.CustomerID].Slot, "and no plan moves it behind their backs")
	require.NotEmpty(t, third[hit.CustomerID].Conflict, "but each says so")
	care, err := d.f.Attention(context.Background(), everything, first.ID)
	require.NoError(t, err)
	require.Len(t, care.Stuck, 1)
	require.Contains(t, care.Stuck[0].Reason, "executive Executive 0 is busy in the calendar in that half-day")
	offers, err := d.f.Proposals(context.Background(), everything, first.ID, hit.CustomerID, 3)
	require.NoError(t, err)
	require.NotEmpty(t, offers)
	for _, o := range offers {
		require.NotEqual(t, hit.Slot, o.Changes[0].To.Slot())
	}
	_, err = d.f.Rearrange(context.Background(), everything, flow.Key{}, first.ID, offers[0].Changes)
	require.NoError(t, err)
	d.work(flow.JobApply, flow.JobApplyNow)
	require.Empty(t, d.visits(first.ID)[hit.CustomerID].Conflict)
	require.Equal(t, flow.EventApplied, d.event(hit.ID).State)
}

// clock gives a wall time so many minutes later.
func clock(wall string, minutes int) string {
	at, _ := time.Parse("15:04", wall)
	return at.Add(time.Duration(minutes) * time.Minute).Format("15:04")
}

// Somebody takes the half-day between the plan and the invitation. It is seen
// before anything is written; people decide, and the invitation follows what they
// decided.
func TestFault78_TakenBetweenPlanAndInvitation(t *testing.T) {
	setUp := func(t *testing.T) (*desk, visit.Plan, visit.Visit) {
		d := newDesk(t)
		d.company(1, 1)
		d.settings(nil)
		p := d.plan()
		d.publish(p)
		v := d.visits(p.ID)[d.customers[0].ID]
		d.pass(20 * time.Minute)
		return d, p, v
	}
	t.Run("held back until it is free again", func(t *testing.T) {
		d, p, v := setUp(t)
		d.meeting(d.execs[0].Email, v.Slot.Date, v.Begins, v.Ends)
		asked := d.asked()
		d.work(flow.JobApply, flow.JobApplyNow)
		require.Equal(t, 1, d.asked()-asked, "one day of two people in one query")
		require.Empty(t, d.emu.Live(office), "nobody was invited")
		e := d.event(v.ID)
		require.Equal(t, flow.EventConflict, e.State)
		require.Equal(t, "Busy in the calendar: Executive 0 has something else in this half-day. The invitation waits: move the visit, or pin it to invite anyway.", e.Problem)
		require.NotEmpty(t, d.visits(p.ID)[v.CustomerID].Conflict)

		for _, x := range d.emu.Live(d.execs[0].Email) {
			require.NoError(t, d.emu.DeleteAs(d.execs[0].Email, x.ID))
		}
		d.settings(nil)
		require.Empty(t, d.visits(p.ID)[v.CustomerID].Conflict)
		d.work(flow.JobApply, flow.JobApplyNow)
		require.Len(t, d.emu.Live(office), 1)
		require.Equal(t, flow.EventApplied, d.event(v.ID).State)
	})
	t.Run("held back until it is free again, whatever the visit says meanwhile", func(t *testing.T) {
		for _, meanwhile := range []string{"", "The executive asks for another day."} {
			d, p, v := setUp(t)
			d.meeting(d.execs[0].Email, v.Slot.Date, v.Begins, v.Ends)
			d.work(flow.JobApply, flow.JobApplyNow)
			d.write(func(tx flow.Tx) {
				now := d.visitOf(tx, p.ID)
				now.Conflict = meanwhile
				require.NoError(t, tx.Visits.Save(&now))
			})
			for _, x := range d.emu.Live(d.execs[0].Email) {
				require.NoError(t, d.emu.DeleteAs(d.execs[0].Email, x.ID))
			}
			d.settings(nil)
			d.work(flow.JobApply, flow.JobApplyNow)
			require.Len(t, d.emu.Live(office), 1)
			require.Equal(t, meanwhile, d.visits(p.ID)[v.CustomerID].Conflict)
		}
	})
	t.Run("moved", func(t *testing.T) {
		d, p, v := setUp(t)
		d.meeting(d.hosts[0].Email, v.Slot.Date, v.Begins, v.Ends)
		d.work(flow.JobApply, flow.JobApplyNow)
		require.Contains(t, d.visits(p.ID)[v.CustomerID].Conflict, "Host 0", "the host's calendar counts too")
		offers, err := d.f.Proposals(context.Background(), everything, p.ID, v.CustomerID, 3)
		require.NoError(t, err)
		_, err = d.f.Rearrange(context.Background(), everything, flow.Key{}, p.ID, offers[0].Changes)
		require.NoError(t, err)
		d.work(flow.JobApply, flow.JobApplyNow)
		require.Len(t, d.emu.Live(office), 1)
	})
	t.Run("pinned", func(t *testing.T) {
		d, p, v := setUp(t)
		d.meeting(d.execs[0].Email, v.Slot.Date, v.Begins, v.Ends)
		d.work(flow.JobApply, flow.JobApplyNow)
		now := d.visits(p.ID)[v.CustomerID]
		_, err := d.f.PinVisit(context.Background(), everything, v.ID, now.Version, true)
		require.NoError(t, err)
		d.work(flow.JobApply, flow.JobApplyNow)
		require.Len(t, d.emu.Live(office), 1, "somebody has decided")
	})
	t.Run("written anyway where the company wants so, and found afterwards", func(t *testing.T) {
		d, p, v := setUp(t)
		d.meeting(d.execs[0].Email, v.Slot.Date, v.Begins, clock(v.Ends, 60))
		s := flow.StandardBusySettings()
		s.WriteAnyway = true
		require.NoError(t, d.f.SetBusy(context.Background(), everything, s, ""))
		d.work(flow.JobApply, flow.JobApplyNow)
		require.Len(t, d.emu.Live(office), 1)
		d.work(flow.JobBusy)
		require.NotEmpty(t, d.visits(p.ID)[v.CustomerID].Conflict)
	})
	t.Run("a calendar that cannot be read holds nothing back", func(t *testing.T) {
		d, _, _ := setUp(t)
		d.emu.Inject(emulator.Fault{Method: "freebusy.*", Action: emulator.FailBefore, Status: 403, Reason: "forbidden", Count: -1})
		d.work(flow.JobApply, flow.JobApplyNow)
		require.Len(t, d.emu.Live(office), 1)
	})
}

// A bulk publish reads everybody again once, not two calendars before each write.
func TestABulkPublishReadsCalendarsOnce(t *testing.T) {
	d := newDesk(t)
	d.company(3, 8)
	d.settings(nil)
	p := d.plan()
	d.publish(p)
	d.pass(time.Hour)
	asked := d.asked()
	d.work(flow.JobApply, flow.JobApplyNow)
	require.Len(t, d.emu.Live(office), 24)
	require.LessOrEqual(t, d.asked()-asked, 7)
}

// The job reads when it is time, spread by a quarter of the interval.
func TestCalendarsAreReadWhenItIsTime(t *testing.T) {
	d := newDesk(t)
	d.company(1, 1)
	look := func() bool {
		before := d.asked()
		require.NoError(t, d.f.Do(context.Background(), flow.Job{Kind: flow.JobBusy}))
		return d.asked() > before
	}
	require.True(t, look(), "never read")
	require.False(t, look())
	d.pass(44 * time.Minute)
	require.False(t, look(), "not before three quarters of an hour")
	d.pass(32 * time.Minute)
	require.True(t, look(), "not after five quarters")
	require.NoError(t, d.f.ReadBusyNow(context.Background(), everything))
	before := d.asked()
	d.work(flow.JobBusy)
	require.Greater(t, d.asked(), before, "whoever asks need not wait")
}

// How the working hours went by: visits that were held against everything else.
func TestTheShareOfWorkingTime(t *testing.T) {
	d := newDesk(t)
	d.company(1, 1)
	day := slot.MustDate("2026-11-19") // a Thursday
	d.meeting(d.execs[0].Email, day, "08:00", "10:00")
	d.meeting(d.execs[0].Email, day.Add(1), "07:00", "09:00")
	v := visit.Visit{ID: "00000000-0000-4000-8000-000000000777", CustomerID: d.customers[0].ID, HostID: d.hosts[0].ID, State: visit.Held, Kind: visit.AtCustomer, WithHost: true}
	require.NoError(t, v.Place(d.execs[0].ID, slot.Slot{Date: day, Half: slot.PM}, "Europe/Zurich"))
	d.write(func(tx flow.Tx) { require.NoError(t, tx.Visits.Save(&v)) })
	my := func() flow.MyView {
		m, err := d.f.My(context.Background(), everything, d.execs[0].ID)
		require.NoError(t, err)
		return m
	}
	require.Empty(t, my().Shares, "not connected")
	d.settings(nil)
	m := my()
	require.Equal(t, d.Now(), m.SharesAt)
	last := m.Shares[len(m.Shares)-1]
	require.Equal(t, slot.MustDate("2026-11-01"), last.Month)
	require.Equal(t, 3*time.Hour, last.Visits)
	require.Equal(t, 3*time.Hour, last.Others())
	require.Equal(t, 150*time.Hour, last.Work, "15 working days until yesterday")
}

// What an administrator may not set is refused with its place.
func TestBusySettingsAreChecked(t *testing.T) {
	d := newDesk(t)
	for _, spoil := range []func(*flow.BusySettings){
		func(s *flow.BusySettings) { s.Every = time.Minute },
		func(s *flow.BusySettings) { s.Fresh = 0 },
		func(s *flow.BusySettings) { s.Rules.Noon = "noon" },
	} {
		s := flow.StandardBusySettings()
		spoil(&s)
		require.Error(t, d.f.SetBusy(context.Background(), everything, s, ""))
	}
}

// permitted notes that somebody has permitted to see when they are busy.
func (d *desk) permitted(address string) {
	d.t.Helper()
	d.write(func(tx flow.Tx) {
		require.NoError(d.t, tx.Connections.Save(&flow.Connection{Address: address, Kind: flow.Consent, State: flow.AccountConnected, Scopes: []string{flow.ScopeFreeBusy}, Sealed: "s1.sealed", Since: d.Now()}))
	})
}

// through counts by account the queries for free/busy so far.
func (d *desk) through() map[string]bool {
	out := map[string]bool{}
	for _, r := range d.emu.Ledger().Requests {
		if r.Method == "freebusy.query" {
			out[r.User] = true
		}
	}
	return out
}

// Whoever has consented is read with the own permission, everybody else through
// the organiser, or where hosts organise through an account of their domain.
func TestWithWhoseAccessCalendarsAreRead(t *testing.T) {
	d := newDesk(t)
	d.company(2, 1)
	d.permitted(d.execs[1].Email)
	d.settings(nil)
	require.Equal(t, map[string]bool{office: true, d.execs[1].Email: true}, d.through())

	d = newDesk(t)
	d.own = true
	d.company(2, 1)
	d.settings(nil)
	require.Equal(t, map[string]bool{d.execs[0].Email: true}, d.through())
	d.emu.Revoke(d.execs[0].Email)
	d.pass(2 * time.Hour)
	require.NoError(t, d.f.Do(context.Background(), flow.Job{Kind: flow.JobBusy}))
	require.True(t, d.through()[d.execs[1].Email], "where one account is refused, the next reads")
	require.True(t, d.readings()[d.hosts[1].ID].Known())
}

// An executive's permission to see when they are busy ends: that is noticed and told,
// since nothing else ever calls that account.
func TestAnExecutivesPermissionThatEndsIsNoticed(t *testing.T) {
	d := newDesk(t)
	d.company(2, 1)
	d.permitted(d.execs[1].Email)
	d.write(func(tx flow.Tx) {
		c, err := tx.Connections.Get(d.execs[1].Email)
		require.NoError(t, err)
		c.PersonID = d.execs[1].ID
		require.NoError(t, tx.Connections.Save(&c))
	})
	d.settings(nil)
	d.emu.Revoke(d.execs[1].Email)
	d.settings(nil)
	d.write(func(tx flow.Tx) {
		c, err := tx.Connections.Get(d.execs[1].Email)
		require.NoError(t, err)
		require.Equal(t, flow.NeedsReconnecting, c.State)
	})
	require.True(t, slices.ContainsFunc(d.jobs, func(j flow.Job) bool { return j.Kind == flow.JobDeliver }), "the owner gets a mail")
}
