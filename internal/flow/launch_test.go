package flow_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/store"
	"windshield/internal/visit"
)

// applies counts the jobs in the queue that write events.
func (d *desk) applies() (n int) {
	for _, j := range d.jobs {
		if j.Kind == flow.JobApply || j.Kind == flow.JobApplyNow {
			n++
		}
	}
	return n
}

func (d *desk) launch(id string) flow.LaunchView {
	d.t.Helper()
	v, err := d.f.LaunchView(d.t.Context(), everything, id)
	require.NoError(d.t, err)
	return v
}

// A job that is lost, a pause in the middle of a try and a change by hand leave a
// launch that goes on, and people who do not wait for it.
func TestALaunchIsHeldUpByNothingForGood(t *testing.T) {
	d := newDesk(t)
	d.company(2, 6)
	d.f.Budget = flow.Budget{Pilot: 4, Wave: 4, PerDay: 1000, PerHour: 1000}
	p := d.plan()
	did, err := d.f.Publish(t.Context(), everything, flow.Key{}, p.ID, p.Version, flow.PublishInput{})
	require.NoError(t, err)
	require.Equal(t, 4, d.applies())

	// The pilot's jobs are given up: every button that says go on asks for them again.
	for name, press := range map[string]func() error{
		"retry": func() error { return d.f.RetryCalendar(t.Context(), everything, office) },
		"sync":  func() error { return d.f.SyncNow(t.Context(), everything) },
	} {
		d.jobs = nil
		require.NoError(t, press(), name)
		require.GreaterOrEqual(t, d.applies(), 4, name)
	}
	first := d.jobs[slices.IndexFunc(d.jobs, func(j flow.Job) bool { return j.Kind == flow.JobApply && !d.held(did.LaunchID, j.Key) })]
	d.pass(time.Minute)
	require.NoError(t, d.f.Do(t.Context(), first))

	// Paused in the middle of a try: that is forgotten when its turn comes again.
	_, err = d.f.PauseLaunch(t.Context(), everything, did.LaunchID)
	require.NoError(t, err)
	require.Equal(t, 11, d.launch(did.LaunchID).Held)
	for id := range d.byID(p.ID) {
		d.write(func(tx flow.Tx) {
			rows, err := tx.Calendars.Events(id)
			require.NoError(t, err)
			if rows[0].State == flow.EventWaiting {
				rows[0].Tries, rows[0].Problem = 1, "Waiting: no answer."
				require.NoError(t, tx.Calendars.Save(&rows[0]))
			}
		})
	}
	d.jobs = nil
	_, err = d.f.ResumeLaunch(t.Context(), everything, did.LaunchID)
	require.NoError(t, err)
	require.Equal(t, 4, d.applies())
	require.Contains(t, d.launch(did.LaunchID).Waits, "when 4 visits on the way have been tried")

	// What was given up of a wave goes once more when somebody resumes.
	d.write(func(tx flow.Tx) {
		l, err := tx.Launches.Get(did.LaunchID)
		require.NoError(t, err)
		l.State = flow.LaunchPaused
		require.NoError(t, tx.Launches.Save(&l))
	})
	d.jobs = nil
	_, err = d.f.ResumeLaunch(t.Context(), everything, did.LaunchID)
	require.NoError(t, err)
	require.Equal(t, 4, d.applies())

	// What somebody cancels that has gone before is no part of a pause.
	d.pass(time.Minute)
	v := d.byID(p.ID)[first.Key]
	_, err = d.f.Cancel(t.Context(), everything, v.ID, v.Version, visit.ByCustomer, "It is off.")
	require.NoError(t, err)
	_, err = d.f.PauseLaunch(t.Context(), everything, did.LaunchID)
	require.NoError(t, err)
	require.False(t, d.held(did.LaunchID, v.ID))
	d.work(flow.JobApply, flow.JobApplyNow)
	require.Empty(t, d.emu.Live(office), "the one that had gone is cancelled, and no other went")

	_, err = d.f.ResumeLaunch(t.Context(), everything, did.LaunchID)
	require.NoError(t, err)
	d.work(flow.JobApply, flow.JobApplyNow)
	require.Equal(t, flow.LaunchDone, d.launch(did.LaunchID).State)
	require.Len(t, d.emu.Live(office), 11)
	for _, id := range []string{"", "nothing"} {
		_, err = d.f.Launches(t.Context(), everything, id)
		require.True(t, fault.Is(err, fault.NotFound), "%v", err)
	}
}

func (d *desk) held(launch, visitID string) bool {
	d.t.Helper()
	held := false
	d.write(func(tx flow.Tx) {
		rows, err := tx.Launches.Visits(flow.LaunchQuery{LaunchID: launch, VisitIDs: []string{visitID}})
		require.NoError(d.t, err)
		held = rows[0].Wave == 0
	})
	return held
}

func (d *desk) byID(planID string) map[string]visit.Visit {
	d.t.Helper()
	out := map[string]visit.Visit{}
	for _, v := range d.visits(planID) {
		out[v.ID] = v
	}
	return out
}

// A calendar that was wiped is filled again as a plan is published: by waves.
func TestManyInvitationsAtOnceGoByALaunch(t *testing.T) {
	d := newDesk(t)
	d.company(2, 6)
	p := d.plan()
	d.publish(p)
	d.work(flow.JobApply)
	d.work(flow.JobPull)
	d.jobs = nil
	d.f.Budget = flow.Budget{Pilot: 4, Wave: 4, PerDay: 1000, PerHour: 1000}
	require.NoError(t, d.f.Do(t.Context(), flow.Job{Kind: flow.JobPull, Key: office}))

	require.NoError(t, d.emu.Wipe(office))
	require.NoError(t, d.f.Do(t.Context(), flow.Job{Kind: flow.JobPull, Key: office}))
	require.NoError(t, d.f.PutBack(t.Context(), everything, office))
	d.work(flow.JobPull)
	require.Equal(t, 4, d.applies())
	d.work()
	require.Len(t, d.emu.Live(office), 12)

	// So is what a report finds missing.
	require.NoError(t, d.emu.Wipe(office))
	_, err := d.f.StartVerification(t.Context(), everything)
	require.NoError(t, err)
	d.work()
	n, err := d.f.Mend(t.Context(), everything)
	require.NoError(t, err)
	require.Equal(t, 12, n)
	require.Equal(t, 4, d.applies())
}

// failing refuses the first write.
type failing struct {
	*store.Store
	failed bool
}

func (s *failing) Write(ctx context.Context, do func(flow.Tx) error) error {
	if !s.failed {
		s.failed = true
		return errors.New("the disk is full")
	}
	return s.Store.Write(ctx, do)
}

func TestALaunchThatFailsStopsNoOther(t *testing.T) {
	d := newDesk(t)
	d.company(1, 1)
	p := d.plan()
	d.write(func(tx flow.Tx) {
		for _, id := range []string{"00000000-0000-4000-8000-0000000009aa", "00000000-0000-4000-8000-0000000009bb"} {
			require.NoError(t, tx.Launches.Save(&flow.Launch{ID: id, PlanID: p.ID, State: flow.LaunchRunning, CreatedAt: d.Now()}))
		}
	})
	f := flow.New(flow.Deps{Store: &failing{Store: d.st}, Calendars: d, Notifier: d, Now: d.Now, BaseURL: "http://windshield.example", Env: "test"})
	require.ErrorContains(t, f.Do(t.Context(), flow.Job{Kind: flow.JobLaunch}), "the disk is full")
	running := 0
	for _, id := range []string{"00000000-0000-4000-8000-0000000009aa", "00000000-0000-4000-8000-0000000009bb"} {
		if d.launch(id).State == flow.LaunchRunning {
			running++
		}
	}
	require.Equal(t, 1, running)
}
