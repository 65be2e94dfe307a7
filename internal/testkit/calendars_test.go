package testkit_test

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/calsync"
	"windshield/internal/flow"
	"windshield/internal/gcal/emulator"
	"windshield/internal/slot"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

// rules sets the calendar policy on its page; what is not named has its default.
func rules(t *testing.T, h *House, parts ...string) {
	t.Helper()
	form := url.Values{"move": {"accept"}, "resize": {"accept"}, "text": {"keep"}, "delete": {"cancel"}, "answer": {"carry"}}
	for _, p := range parts {
		name, rule, _ := strings.Cut(p, "=")
		form.Set(name, rule)
	}
	status, page := h.Post(h.As(Admin), "/admin/calendar/policy", form)
	require.Equal(t, http.StatusOK, status, page)
}

// decide settles a difference of a visit on its page, as it stands now, and gives
// the status of the answer.
func decide(t *testing.T, h *House, v visit.Visit, verdict flow.Verdict, field calsync.Field, more ...string) int {
	t.Helper()
	now, e := h.Visit(v.ID), h.Event(v.ID)
	form := url.Values{"version": {strconv.Itoa(now.Version)}, "verdict": {string(verdict)}, "field": {string(field)}}
	for _, d := range calsync.Differences(e.Want, e.Base) {
		if d.Field == field {
			form.Set("print", d.Print)
		}
	}
	for _, m := range more {
		name, value, _ := strings.Cut(m, "=")
		form.Set(name, value)
	}
	status, _ := h.Post(h.As(VP), "/visits/"+v.ID+"/settle", form)
	h.Settle()
	return status
}

// seen gives a visit with all that is known about it.
func seen(t *testing.T, h *House, visitID string) flow.VisitView {
	t.Helper()
	w, err := h.Flow.Visit(t.Context(), System, visitID)
	require.NoError(t, err)
	return w
}

func notes(t *testing.T, h *House, visitID string) (kinds []flow.NoteKind) {
	t.Helper()
	for _, n := range seen(t, h, visitID).Calendar.Notes {
		kinds = append(kinds, n.Kind)
	}
	return kinds
}

// launched lets the waves of a plan go until all of it stands in the calendars.
func launched(t *testing.T, h *House, plan string) {
	t.Helper()
	for range 50 {
		h.Settle()
		if !slices.ContainsFunc(h.Visits(plan, visit.Published), func(v visit.Visit) bool { return h.Event(v.ID).State != flow.EventApplied }) {
			return
		}
		require.NoError(t, h.App.Store.Write(t.Context(), func(tx flow.Tx) error { return tx.Queue.Enqueue(flow.Job{Kind: flow.JobLaunch}) }))
		h.FastForward(time.Minute)
	}
	require.FailNow(t, "the plan does not come into the calendars")
}

// The faults of reading back that need the whole house: what becomes of what
// people do in their calendars.
func TestFaultsOfReadingBackAtHome(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		vp := h.Small(32)
		draft := h.Draft(vp, h.Select(vp, PlanYear, 20, "region"), 1, 20_000)
		shy := h.Person(h.Visits(draft)[0].ExecutiveID) // whose calendar shows only what was answered
		h.Calendar.SetInvitations(shy.Email, emulator.Respond)
		require.NoError(t, client.Check(h.Publish(vp, draft, "")))
		launched(t, h, draft)
		h.FastForward(time.Hour)
		visits := h.Visits(draft, visit.Published)
		next := func(which func(visit.Visit) bool) visit.Visit {
			i := slices.IndexFunc(visits, func(v visit.Visit) bool { return v.ExecutiveID != shy.ID && (which == nil || which(v)) })
			require.GreaterOrEqual(t, i, 0)
			v := visits[i]
			visits = slices.Delete(visits, i, i+1)
			return v
		}
		id := func(v visit.Visit) string { return h.Event(v.ID).EventID }
		exec := func(v visit.Visit) string { return h.Person(v.ExecutiveID).Email }
		page := func(path string) string {
			status, body := h.Get(h.As(VP), path)
			require.Equal(t, http.StatusOK, status, body)
			return body
		}

		t.Run("Fault45_TheCopyNeverAppears", func(t *testing.T) {
			v := visits[slices.IndexFunc(visits, func(v visit.Visit) bool { return v.ExecutiveID == shy.ID })]
			now := h.Visit(v.ID)
			require.Equal(t, visit.NoAnswer, now.Answer)
			require.Empty(t, now.Conflict, "a missing copy is no answer and no alarm")
			// An answer on our page counts, cannot be carried there, and the page says so.
			status, body := h.Post(h.As(VP), "/visits/"+v.ID+"/answer", url.Values{"version": {strconv.Itoa(now.Version)}, "answer": {"accepted"}})
			require.Equal(t, http.StatusOK, status, body)
			h.Tick()
			require.Equal(t, visit.Accepted, h.Visit(v.ID).Answer)
			shows(t, page("/visits/"+v.ID), "The calendar says: no answer yet")
		})

		t.Run("AnAnswerGivenHereGoesIntoTheCalendar", func(t *testing.T) {
			v, before := next(nil), h.Effects().Mails
			status, body := h.Post(h.As(VP), "/visits/"+v.ID+"/answer", url.Values{"version": {strconv.Itoa(v.Version)}, "answer": {"accepted"}})
			require.Equal(t, http.StatusOK, status, body)
			h.Tick()
			require.Equal(t, "accepted", h.InCalendar(v.ID).Guest(exec(v)).Answer, "written into the executive's copy, carried by the calendar")
			require.Equal(t, before, h.Effects().Mails)
			require.Equal(t, visit.Accepted, h.Visit(v.ID).Answer)
			require.Contains(t, notes(t, h, v.ID), flow.NoteCarried)
			quiet(t, h)

			// A move of ours asks again, and says so.
			at := h.Visit(v.ID)
			to := free(h, at.Slot.Date.Add(1), at.ExecutiveID, at.HostID)
			require.Equal(t, http.StatusOK, decide(t, h, v, flow.AtTime, "", "date="+to.Date.String(), "begins=14:00", "ends=15:00"))
			h.Tick()
			require.Equal(t, visit.NoAnswer, h.Visit(v.ID).Answer)
			require.Contains(t, notes(t, h, v.ID), flow.NoteReset)
			shows(t, page("/visits/"+v.ID), "is asked again", "14:00–15:00")
			quiet(t, h)
		})

		t.Run("Fault18_AnswersKeptOverAMove", func(t *testing.T) {
			h.Calendar.SetSwitches(emulator.Switches{KeepAnswers: true})
			defer h.Calendar.SetSwitches(emulator.Switches{})
			v := next(nil)
			require.NoError(t, h.Calendar.Respond(exec(v), id(v), "accepted", ""))
			h.Tick()
			to := free(h, v.Slot.Date.Add(1), v.ExecutiveID, v.HostID)
			require.Equal(t, http.StatusOK, decide(t, h, v, flow.AtTime, "", "date="+to.Date.String(), "begins=13:00", "ends=15:00"))
			h.Tick()
			require.Equal(t, visit.Accepted, h.Visit(v.ID).Answer, "what the calendar keeps holds")
			quiet(t, h)
		})

		t.Run("Fault41_MovedByAPerson", func(t *testing.T) {
			rules(t, h, "move=push_back")
			v := next(nil)
			to := free(h, v.Slot.Date.Add(1), v.ExecutiveID, v.HostID)
			writes := h.Effects().Writes
			drag(t, h, v, to)
			h.Tick()
			require.True(t, h.InCalendar(v.ID).Start.Equal(v.Start), "put back")
			require.Equal(t, writes+1, h.Effects().Writes)
			require.Empty(t, h.Visit(v.ID).Conflict)
			drag(t, h, v, to)
			h.Tick()
			require.Equal(t, writes+1, h.Effects().Writes, "once, never a loop")
			require.Contains(t, h.Visit(v.ID).Conflict, "put back once already")
			decisionsAreTold(t, h, v)
			list := page("/conflicts")
			shows(t, list, seen(t, h, v.ID).Customer.Name, "Take this place")
			shows(t, page("/visits/"+v.ID), "Keep ours", "Take theirs", "Take this place")

			require.Equal(t, http.StatusConflict, decide(t, h, v, flow.Ours, calsync.FieldTime, "print=another"))
			require.Equal(t, http.StatusOK, decide(t, h, v, flow.Ours, calsync.FieldTime))
			require.True(t, h.InCalendar(v.ID).Start.Equal(v.Start))
			quiet(t, h)

			rules(t, h, "move=ask")
			drag(t, h, v, to)
			require.Contains(t, h.Visit(v.ID).Conflict, "somebody has to say")
			require.Equal(t, http.StatusOK, decide(t, h, v, flow.Theirs, calsync.FieldTime))
			require.Equal(t, to, h.Visit(v.ID).Slot)
			require.Empty(t, h.Visit(v.ID).Conflict)
			rules(t, h)
			quiet(t, h)

			// A meeting made shorter: the visit follows. Text and guests of people stay.
			now := h.Visit(v.ID)
			require.NoError(t, h.Calendar.Move(h.Organizer(v.ID), id(v), now.Start, now.Start.Add(time.Hour)))
			require.NoError(t, h.Calendar.Edit(h.Organizer(v.ID), id(v), map[string]any{"summary": "Visit, with demo"}))
			require.NoError(t, h.Calendar.AddGuest(h.Organizer(v.ID), id(v), "deputy@northlight.example"))
			h.Tick()
			require.True(t, h.Visit(v.ID).End.Equal(now.Start.Add(time.Hour)))
			require.Subset(t, notes(t, h, v.ID), []flow.NoteKind{flow.NoteResized, flow.NoteEdited, flow.NoteGuestAdded})
			shows(t, page("/visits/"+v.ID), "deputy@northlight.example", "added in the calendar", "Visit, with demo", "Changed in the calendar")
			require.Equal(t, http.StatusOK, decide(t, h, v, flow.Ours, calsync.FieldTitle))
			require.Equal(t, h.Event(v.ID).Want.Title, h.InCalendar(v.ID).Title)
			require.NotEmpty(t, h.InCalendar(v.ID).Guest("deputy@northlight.example").Email)
			quiet(t, h)
		})

		t.Run("Fault81_TurnedIntoAWholeDay", func(t *testing.T) {
			v := next(nil)
			day := v.Slot.Date
			require.NoError(t, h.Calendar.Edit(h.Organizer(v.ID), id(v), map[string]any{
				"start": map[string]any{"date": day.String(), "dateTime": nil, "timeZone": nil}, "end": map[string]any{"date": day.Add(1).String(), "dateTime": nil, "timeZone": nil}}))
			h.Tick()
			now := h.Visit(v.ID)
			require.Equal(t, v.Start, now.Start, "the visit stays")
			require.Contains(t, now.Conflict, "say at what time")
			quiet(t, h)
			require.Equal(t, http.StatusUnprocessableEntity, decide(t, h, v, flow.AtTime, "", "date="+day.String(), "begins=15:00", "ends=14:00"))
			begins, ends := "09:30", "11:00"
			if v.Slot.Half == slot.PM {
				begins, ends = "13:30", "15:00"
			}
			require.Equal(t, http.StatusOK, decide(t, h, v, flow.AtTime, "", "date="+day.String(), "begins="+begins, "ends="+ends))
			now = h.Visit(v.ID)
			require.Equal(t, begins, now.Begins)
			require.Empty(t, now.Conflict)
			require.True(t, h.InCalendar(v.ID).Start.Equal(now.Start))
			quiet(t, h)
		})

		t.Run("Fault42_DeletedByAPerson", func(t *testing.T) {
			v := next(nil)
			require.NoError(t, h.Calendar.DeleteAs(h.Organizer(v.ID), id(v)))
			h.Tick()
			quiet(t, h)
			require.Equal(t, visit.Cancelled, h.Visit(v.ID).State)
			shows(t, page("/conflicts"), seen(t, h, v.ID).Customer.Name)
			shows(t, page("/visits/"+v.ID), "Invite again")
			require.Equal(t, http.StatusOK, decide(t, h, v, flow.Again, ""))
			require.Equal(t, visit.Published, h.Visit(v.ID).State)
			require.True(t, h.Booked(v.ExecutiveID, v.Slot))
			require.Equal(t, calsync.EventID(h.Event(v.ID).Want.Env, v.ID, 2), h.InCalendar(v.ID).ID, "the next generation")
			require.Equal(t, 1, h.Calendar.Ledger().Count("invite", exec(v), h.InCalendar(v.ID).ID))
			quiet(t, h)
			require.Equal(t, http.StatusConflict, decide(t, h, v, flow.Again, ""), "nothing is deleted any more")

			rules(t, h, "delete=ask")
			require.NoError(t, h.Calendar.DeleteAs(h.Organizer(v.ID), id(v)))
			h.Tick()
			require.Equal(t, visit.Published, h.Visit(v.ID).State)
			require.True(t, h.Booked(v.ExecutiveID, v.Slot), "kept until somebody decides")
			quiet(t, h)
			require.Equal(t, http.StatusOK, decide(t, h, v, flow.Theirs, calsync.FieldEvent))
			require.Equal(t, visit.Cancelled, h.Visit(v.ID).State)
			require.Empty(t, h.Visit(v.ID).Conflict)
			rules(t, h)
			quiet(t, h)
		})

		t.Run("Fault43_MovedToAnotherCalendar", func(t *testing.T) {
			v := next(nil)
			from := h.Organizer(v.ID)
			to := Host(1)
			if to == from {
				to = Host(2)
			}
			h.Calendar.Share(to, from, "writer")
			require.NoError(t, h.Calendar.MoveTo(from, id(v), to))
			h.Tick()
			h.Tick()
			require.Equal(t, to, h.Organizer(v.ID), "followed to a calendar that we read")
			require.Equal(t, visit.Published, h.Visit(v.ID).State)
			quiet(t, h)

			v = next(nil)
			from = h.Organizer(v.ID)
			h.Calendar.Share("private@elsewhere.example", from, "writer")
			require.NoError(t, h.Calendar.MoveTo(from, id(v), "private@elsewhere.example"))
			h.Tick()
			require.Equal(t, visit.Cancelled, h.Visit(v.ID).State, "to one that we do not read: gone, for us")
			require.Contains(t, h.Visit(v.ID).Conflict, "Nobody has been invited again")
			require.NoError(t, h.Calendar.Wipe("private@elsewhere.example"))
			quiet(t, h)
		})

		t.Run("Fault44_AnswersOfEveryKind", func(t *testing.T) {
			v := next(nil)
			require.NoError(t, h.Calendar.AddGuest(h.Organizer(v.ID), id(v), "deputy@northlight.example"))
			require.NoError(t, h.Calendar.Respond("deputy@northlight.example", id(v), "declined", "Not my customer"))
			require.NoError(t, h.Calendar.Respond(exec(v), id(v), "tentative", "Perhaps"))
			h.Tick()
			require.Equal(t, visit.Tentative, h.Visit(v.ID).Answer, "the executive's answer is the visit's")
			shows(t, page("/visits/"+v.ID), "Not my customer", "Perhaps")
			require.NoError(t, h.Calendar.Respond(exec(v), id(v), "declined", "I am in the jury"))
			h.Tick()
			require.Equal(t, visit.Declined, h.Visit(v.ID).State)
			quiet(t, h)
		})

		t.Run("Fault46_DeclinedByAnAbsence", func(t *testing.T) {
			v := next(func(v visit.Visit) bool { return v.Slot.Date > slot.MustDate("2027-03-01") })
			_, err := h.Calendar.Block(exec(v), "outOfOffice", v.Start.Add(-time.Hour), v.End.Add(time.Hour), "declineAllConflictingInvitations", "Declined because I am out of office")
			require.NoError(t, err)
			h.FastForward(time.Minute)
			now := h.Visit(v.ID)
			require.Equal(t, visit.Published, now.State)
			require.Contains(t, now.Conflict, "has declined by itself")
			require.Equal(t, visit.Refused, now.Answer)
			invited := h.Calendar.Ledger().Count("invite", exec(v), "")
			quiet(t, h)
			require.Equal(t, invited, h.Calendar.Ledger().Count("invite", exec(v), ""), "not asked again")
			shows(t, page("/visits/"+v.ID), "has declined by itself", "Take this place")

			found, err := vp.ListConflictsWithResponse(t.Context())
			require.NoError(t, err)
			require.NoError(t, client.Check(found))
			i := slices.IndexFunc(found.JSON200.Items, func(c client.VisitConflict) bool { return c.Visit.Id == v.ID })
			require.GreaterOrEqual(t, i, 0)
			other := slices.IndexFunc(found.JSON200.Items[i].Proposals, func(p client.Proposal) bool {
				return len(p.Changes) == 1 && p.Changes[0].To != nil && p.Changes[0].To.Date.String() != v.Slot.Date.String()
			})
			require.GreaterOrEqual(t, other, 0, "%+v", found.JSON200.Items[i].Proposals)
			done, err := vp.ChangePlanWithResponse(t.Context(), draft, nil, client.ChangePlanJSONRequestBody{Changes: found.JSON200.Items[i].Proposals[other].Changes})
			require.NoError(t, err)
			require.NoError(t, client.Check(done))
			h.Settle()
			now = h.Visit(v.ID)
			require.Empty(t, now.Conflict)
			require.NotEqual(t, v.Slot, now.Slot)
			require.Equal(t, visit.NoAnswer, now.Answer)
			require.True(t, h.InCalendar(v.ID).Start.Equal(now.Start))
			quiet(t, h)
		})

		t.Run("Fault74_AccessWithdrawn", func(t *testing.T) {
			v := next(nil)
			standing := len(h.Visits(draft, visit.Published))
			for _, status := range []int{403, 404} {
				h.Calendar.Inject(emulator.Fault{Method: "events.*", Calendar: h.Organizer(v.ID), Action: emulator.FailBefore, Status: status, Reason: map[int]string{403: "forbidden", 404: "notFound"}[status], Count: -1})
				h.FastForward(15 * time.Minute)
				h.Tick()
				require.Len(t, h.Visits(draft, visit.Published), standing, "no visit is cancelled for that")
				_, body := h.Get(h.As(Admin), "/admin/calendar")
				shows(t, body, "needs action")
				h.Calendar.ClearFaults()
				h.FastForward(15 * time.Minute)
			}
			_, body := h.Get(h.As(Admin), "/admin/calendar")
			require.NotContains(t, body, "needs action")
			quiet(t, h)
		})

		t.Run("Fault84_WipedByMistake", func(t *testing.T) {
			by := map[string][]visit.Visit{}
			busiest := ""
			for _, v := range h.Visits(draft, visit.Published) {
				o := h.Organizer(v.ID)
				if by[o] = append(by[o], v); len(by[o]) > len(by[busiest]) {
					busiest = o
				}
			}
			require.GreaterOrEqual(t, len(by[busiest]), 4)
			require.NoError(t, h.Calendar.Wipe(busiest))
			h.Tick()
			status, body := h.Post(h.As(Admin), "/admin/calendar/believe", url.Values{"calendar": {busiest}, "again": {"yes"}})
			require.Equal(t, http.StatusOK, status, body)
			h.Settle()
			for _, v := range by[busiest] {
				require.Equal(t, visit.Published, h.Visit(v.ID).State)
				e := h.InCalendar(v.ID)
				require.NotEqual(t, "cancelled", e.Status)
				require.Equal(t, 1, h.Calendar.Ledger().Count("invite", exec(v), e.ID))
			}
			quiet(t, h)
		})
	})
}
