package testkit_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/calsync"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/gcal/emulator"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

// What is announced is what is done, publishing again does nothing at all, and
// what a calendar only pretended to do is found out and mended.
func TestFault27_PublishingAgainWritesAndMailsNothing(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		ctx := context.Background()
		vp := h.Small(16)
		selection := h.Select(vp, PlanYear, 8, "region")
		plan := h.Draft(vp, selection, 1, 20_000)

		seen, err := vp.ForecastPlanWithResponse(ctx, plan)
		require.NoError(t, err)
		require.NoError(t, client.Check(seen))
		f := seen.JSON200
		require.Equal(t, 8, f.Totals.Creates)
		require.Zero(t, h.Effects(), "looking does nothing")
		_, page := h.Get(h.As(VP), "/plans/"+plan+"/publish")
		shows(t, page, "Publish and invite", f.Fingerprint, f.People[0].Name)

		require.Equal(t, http.StatusPreconditionFailed, h.PublishAs(vp, plan, "0123456789abcdef").StatusCode())
		require.Zero(t, h.Effects())
		did := h.PublishAs(vp, plan, f.Fingerprint)
		require.NoError(t, client.Check(did))
		h.Settle()
		require.Equal(t, 8, h.Verified()[calsync.AsWanted])
		ledger := h.Calendar.Ledger()
		for _, p := range f.People {
			require.Equal(t, p.Invitations, ledger.Count("invite", p.Email, ""), p.Email)
		}
		require.Equal(t, Effects{Writes: 8, Mails: f.Totals.Invitations}, h.Effects())
		done, err := vp.GetLaunchWithResponse(ctx, *did.JSON200.Launch)
		require.NoError(t, err)
		require.Equal(t, client.LaunchStateDone, done.JSON200.State)
		require.Equal(t, 8, done.JSON200.Applied)

		// The second full run: once more by the API, and everything looked at again.
		before := h.Effects()
		again := h.Publish(vp, plan, "")
		require.NoError(t, client.Check(again))
		require.True(t, again.JSON200.Unchanged)
		for _, v := range h.Visits(plan) {
			require.NoError(t, h.App.Store.Write(ctx, func(tx flow.Tx) error {
				rows, err := tx.Calendars.Events(v.ID)
				require.NoError(t, err)
				rows[0].State, rows[0].Base = flow.EventWaiting, calsync.Reopen(rows[0].Base, calsync.Differs)
				require.NoError(t, tx.Calendars.Save(&rows[0]))
				return tx.Queue.Enqueue(flow.Job{Kind: flow.JobApply, Key: v.ID})
			}))
		}
		h.Drain()
		h.Tick()
		require.Equal(t, before, h.Effects(), "no write, no mail")

		// The next plan of the year moves some and cancels some: said before, and so done.
		// Some of those that move have been answered, one stands elsewhere in the calendar.
		next := h.Draft(vp, h.Select(vp, PlanYear, 6, "region"), 5, 2_000)
		var moving []visit.Visit
		for i, drafted := range h.Visits(next)[:2] {
			require.NoError(t, drafted.Place(drafted.ExecutiveID, free(h, drafted.Slot.Date.Add(7*(i+1)), drafted.ExecutiveID, drafted.HostID), drafted.Zone))
			require.NoError(t, h.App.Store.Write(ctx, func(tx flow.Tx) error { return tx.Visits.Save(&drafted) }))
			moving = append(moving, pick(h.Visits(plan, visit.Published), func(v visit.Visit) bool { return v.CustomerID == drafted.CustomerID })...)
		}
		require.Len(t, moving, 2)
		for _, v := range moving {
			require.NoError(t, h.Calendar.Respond(h.Person(v.ExecutiveID).Email, h.Event(v.ID).EventID, "tentative", ""))
		}
		yesterday := h.Clock.Now().Add(-24 * time.Hour)
		require.NoError(t, h.Calendar.Move(h.Organizer(moving[0].ID), h.Event(moving[0].ID).EventID, yesterday, yesterday.Add(time.Hour)))
		h.Tick()
		require.NotEmpty(t, h.Visit(moving[0].ID).Conflict)
		require.Equal(t, visit.Tentative, h.Visit(moving[1].ID).Answer)
		told := len(h.Calendar.Ledger().Mails)
		seen, err = vp.ForecastPlanWithResponse(ctx, next)
		require.NoError(t, err)
		require.NoError(t, client.Check(seen))
		f = seen.JSON200
		require.Positive(t, f.Totals.Cancels)
		visits := h.Visits(plan, visit.Published)
		require.NoError(t, h.Calendar.Respond(h.Person(visits[0].ExecutiveID).Email, h.Event(visits[0].ID).EventID, "tentative", ""))
		h.Tick()
		require.NoError(t, client.Check(h.PublishAs(vp, next, f.Fingerprint)), "an answer changes nothing of it")
		h.Settle()
		ledger = h.Calendar.Ledger()
		sum := map[string]int{}
		for _, m := range ledger.Mails[told:] {
			sum[m.Kind]++
		}
		require.Equal(t, []int{f.Totals.Invitations, f.Totals.Updates, f.Totals.Cancellations}, []int{sum["invite"], sum["update"], sum["cancel"]})

		// A deletion that is acknowledged and not carried out.
		stands := h.Visits(next, visit.Published)
		gone := h.Event(stands[0].ID)
		h.Calendar.Inject(emulator.Fault{Method: "events.delete", Action: emulator.FailBefore, Status: 410, Reason: "deleted"})
		_, err = h.Flow.Cancel(ctx, System, stands[0].ID, stands[0].Version, visit.ByCustomer, "It is off.")
		require.NoError(t, err)
		h.Drain()
		require.Equal(t, flow.EventApplied, h.Event(stands[0].ID).State)
		require.Equal(t, 1, h.Verified()[calsync.Leftover])
		said, err := h.VerifyCommand()
		require.True(t, fault.Is(err, fault.Conflict), "the command ends with 1: %v", err)
		require.Contains(t, string(said), `"standing": "left over"`)
		it := h.As(Admin)
		h.Post(it, "/admin/calendar/report", nil)
		h.Settle()
		_, page = h.Get(it, "/admin/calendar/report")
		shows(t, page, "cancelled, but still there", "Look again at 1 event and mend", "Not all is as wanted")
		h.Post(it, "/admin/calendar/report/mend", nil)
		h.Drain()
		require.NotContains(t, h.Verified(), calsync.Leftover)
		require.False(t, slices.ContainsFunc(h.Calendar.Live(gone.Calendar), func(v emulator.View) bool { return v.ID == gone.EventID }))
		h.Post(it, "/admin/calendar/report", nil)
		h.Settle()
		_, page = h.Get(it, "/admin/calendar/report")
		shows(t, page, "All is as wanted")
		said, err = h.VerifyCommand()
		require.NoError(t, err)
		require.Contains(t, string(said), `"well": true`)
	})
}

// Waves go within a budget, stop at Google's limit for hours and go on by
// themselves; people pause, change, continue and stop; each is told once.
func TestFault11_WavesGoOnAfterTheCalendarUseLimit(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		ctx := context.Background()
		vp := h.Small(24)
		h.Budget(flow.Budget{Pilot: 4, Wave: 3, PerDay: 4, PerHour: 100})
		plan := h.Draft(vp, h.Select(vp, PlanYear, 20, "region"), 1, 20_000)
		h.Calendar.Inject(emulator.Fault{Method: "events.insert", Nth: 7, Count: -1, Until: h.Clock.Now().Add(3 * time.Hour), Action: emulator.FailBefore, Status: 403, Reason: "quotaExceeded"})
		did := h.Publish(vp, plan, "")
		require.NoError(t, client.Check(did))
		launch := *did.JSON200.Launch
		get := func() *client.Launch {
			l, err := vp.GetLaunchWithResponse(ctx, launch)
			require.NoError(t, err)
			require.NoError(t, client.Check(l))
			return l.JSON200
		}
		h.Settle()
		l := get()
		require.Equal(t, 6, l.Applied, "six were let through")
		require.Equal(t, client.LaunchStateRunning, l.State)
		require.Positive(t, l.Held, "what would only be refused is held back")
		require.NotEmpty(t, l.Waits)
		require.True(t, slices.ContainsFunc(l.Organisers, func(o client.LaunchOrganiser) bool { return o.Trouble != "" }))
		_, page := h.Get(h.As(VP), "/launches/"+launch)
		shows(t, page, "6 of 20 in the calendars", "calendar use limit", "Pause")
		quietly := h.Effects()
		h.FastForward(time.Hour)
		require.Equal(t, quietly, h.Effects())

		// Paused: the limit is over, and still nothing more goes.
		paused, err := vp.PauseLaunchWithResponse(ctx, launch)
		require.NoError(t, err)
		require.NoError(t, client.Check(paused))
		h.Restart() // forgets how long it wanted to wait, as the hours would
		h.Clock.Set(h.Clock.Now().Add(4 * time.Hour))
		h.Drain()
		h.Tick()
		l = get()
		require.Equal(t, client.LaunchStatePaused, l.State)
		require.Zero(t, l.OnWay, "what had been tried has gone")
		require.Positive(t, l.Held)

		// One visit that a person changes does not wait, and stays what the person made of it.
		held := func() (out []visit.Visit) {
			for _, v := range h.Visits(plan, visit.Published) {
				if h.Event(v.ID).State == flow.EventWaiting {
					out = append(out, v)
				}
			}
			return out
		}
		waiting := held()
		require.Len(t, waiting, l.Held)
		off := waiting[0]
		_, err = h.Flow.Cancel(ctx, System, off.ID, off.Version, visit.ByCustomer, "It is off.")
		require.NoError(t, err)
		agreed := waiting[1]
		_, err = h.Flow.Agree(ctx, System, agreed.ID, agreed.Version, flow.Agreed{With: "Their CEO", What: "The visit", Kind: visit.AtCustomer})
		require.NoError(t, err)
		h.Drain()
		require.Equal(t, flow.EventApplied, h.Event(agreed.ID).State)
		require.Equal(t, "confirmed", h.InCalendar(agreed.ID).Status)
		require.Empty(t, h.Event(off.ID).Base.EventID, "nobody was ever told")
		require.Len(t, held(), l.Held-2)

		// It goes on, within the day's mails: four of each organiser within 24 hours.
		resumed, err := vp.ResumeLaunchWithResponse(ctx, launch)
		require.NoError(t, err)
		require.NoError(t, client.Check(resumed))
		h.Drain()
		l = get()
		require.Positive(t, l.Held, "the day's mails are spent")
		require.True(t, slices.ContainsFunc(l.Organisers, func(o client.LaunchOrganiser) bool { return o.Until != nil }))
		mails := map[string]int{}
		for _, m := range h.Calendar.Ledger().Mails {
			if m.At.After(h.Clock.Now().Add(-24 * time.Hour)) {
				mails[m.From]++
			}
		}
		for who, n := range mails {
			require.LessOrEqual(t, n, 4+1, "%s: the one agreed by hand did not wait", who)
		}

		// Stopped: what is not done is listed, and continued the next days.
		stopped, err := vp.StopLaunchWithResponse(ctx, launch)
		require.NoError(t, err)
		require.NoError(t, client.Check(stopped))
		h.FastForward(25 * time.Hour)
		require.Len(t, held(), l.Held)
		_, page = h.Get(h.As(VP), "/launches/"+launch)
		shows(t, page, "Not in the calendars yet", "held back", "Continue")
		require.Equal(t, l.Held, h.Verified()[calsync.Waiting])
		resumed, err = vp.ResumeLaunchWithResponse(ctx, launch)
		require.NoError(t, err)
		require.NoError(t, client.Check(resumed))
		for range 4 {
			h.Drain()
			h.FastForward(25 * time.Hour)
		}
		h.Drain()
		l = get()
		require.Equal(t, client.LaunchStateDone, l.State)
		require.Equal(t, 20, l.Applied)
		ledger := h.Calendar.Ledger()
		for _, v := range h.Visits(plan, visit.Published, visit.Agreed) {
			require.Equal(t, 1, ledger.Count("invite", h.Person(v.ExecutiveID).Email, h.Event(v.ID).EventID))
		}
		tally := h.Verified()
		require.Equal(t, map[calsync.Standing]int{calsync.AsWanted: 19}, tally)
	})
}
