package testkit_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/locale"
	"windshield/internal/slot"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

// quiet wants nothing to be written or mailed by reading back, however often.
func quiet(t *testing.T, h *House) {
	t.Helper()
	before := h.Effects()
	h.Tick()
	h.Tick()
	require.Equal(t, before, h.Effects(), "our own echoes cause nothing")
}

// free gives a slot from a date on in which none of the people is booked.
func free(h *House, from slot.Date, people ...string) slot.Slot {
	taken := map[slot.Slot]bool{}
	for _, b := range h.Bookings(people...) {
		taken[b.Slot] = true
	}
	for s := (slot.Slot{Date: from, Half: slot.PM}); ; s.Date++ {
		if !taken[s] {
			return s
		}
	}
}

// drag moves an event in its organiser's calendar to a slot at the customer's place.
func drag(t *testing.T, h *House, v visit.Visit, to slot.Slot) {
	t.Helper()
	start, end, err := to.Bounds(v.Zone)
	require.NoError(t, err)
	require.NoError(t, h.Calendar.Move(h.Organizer(v.ID), h.Event(v.ID).EventID, start, end))
	h.Tick()
}

func TestPeopleMoveAndDeleteEvents(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		vp := h.Small(16)
		plan := h.Year(vp, 12)
		visits := h.Visits(plan, visit.Published)
		v := visits[0]
		quiet(t, h)

		// To where everybody is free: the visit moves, and what was typed stays.
		require.NoError(t, h.Calendar.Edit(h.Organizer(v.ID), h.Event(v.ID).EventID, map[string]any{"description": "Bring the demo"}))
		to := free(h, v.Slot.Date.Add(1), v.ExecutiveID, v.HostID)
		event := h.InCalendar(v.ID)
		writes, updates := h.Effects().Writes, h.Calendar.Ledger().Count("update", "", event.ID)
		drag(t, h, v, to)
		now := h.Visit(v.ID)
		require.Equal(t, to, now.Slot)
		require.Empty(t, now.Conflict)
		require.False(t, h.Booked(v.ExecutiveID, v.Slot))
		require.True(t, h.Booked(v.ExecutiveID, to))
		require.True(t, h.Booked(v.HostID, to))
		quiet(t, h)
		require.Equal(t, writes, h.Effects().Writes, "a move by people is not written back")
		require.Equal(t, updates+len(event.Guests), h.Calendar.Ledger().Count("update", "", event.ID), "one update for each guest, by the calendar itself")
		require.Equal(t, "Bring the demo", h.InCalendar(v.ID).Description)
		_, page := h.Get(h.As(VP), "/visits/"+v.ID)
		shows(t, page, "13:30–16:30")

		// To where the executive, then the host, is booked: a person decides.
		others := pick(visits, func(w visit.Visit) bool { return w.ID != v.ID && w.ExecutiveID == v.ExecutiveID })
		conflict(t, h, now, others[0].Slot, h.Person(v.ExecutiveID).Name)
		others = pick(visits, func(w visit.Visit) bool {
			return w.ID != v.ID && w.HostID == v.HostID && w.ExecutiveID != v.ExecutiveID && !h.Booked(v.ExecutiveID, w.Slot)
		})
		conflict(t, h, now, others[0].Slot, h.Person(v.HostID).Name)
		drag(t, h, now, to)
		require.Empty(t, h.Visit(v.ID).Conflict, "moved back, nothing is left to decide")
		quiet(t, h)

		// Into the past, over night: a person decides as well.
		require.NoError(t, h.Calendar.Move(h.Organizer(v.ID), h.Event(v.ID).EventID, h.Clock.Now().Add(-48*time.Hour), h.Clock.Now().Add(-47*time.Hour)))
		h.Tick()
		require.Contains(t, h.Visit(v.ID).Conflict, "into the past")
		require.NoError(t, h.Calendar.Move(h.Organizer(v.ID), h.Event(v.ID).EventID, now.Start, now.Start.Add(30*time.Hour)))
		h.Tick()
		require.Contains(t, h.Visit(v.ID).Conflict, "would not end on the day it begins")
		drag(t, h, now, to)
		require.Empty(t, h.Visit(v.ID).Conflict)

		// Deleted by the organiser: over, and nobody is invited again.
		gone := visits[1]
		require.NoError(t, h.Calendar.DeleteAs(h.Organizer(gone.ID), h.Event(gone.ID).EventID))
		writes = h.Effects().Writes
		h.Tick()
		quiet(t, h)
		require.Equal(t, visit.Cancelled, h.Visit(gone.ID).State)
		require.False(t, h.Booked(gone.ExecutiveID, gone.Slot))
		require.Equal(t, writes, h.Effects().Writes)
		require.Equal(t, "cancelled", h.InCalendar(gone.ID).Status)
		_, page = h.Get(h.As(VP), "/visits/"+gone.ID)
		shows(t, page, "cancelled", "Deleted in the calendar.")
	})
}

func conflict(t *testing.T, h *House, v visit.Visit, to slot.Slot, who string) {
	t.Helper()
	drag(t, h, v, to)
	now := h.Visit(v.ID)
	require.Equal(t, v.Slot, now.Slot, "the visit stays where it was")
	require.Contains(t, now.Conflict, who)
	require.Contains(t, now.Conflict, "booked then ("+locale.Style{}.Near(to.Date, slot.DateOf(h.Clock.Now(), time.UTC))+", ")
	require.True(t, h.Booked(v.ExecutiveID, v.Slot))
	start, _, err := to.Bounds(v.Zone)
	require.NoError(t, err)
	quiet(t, h)
	require.True(t, h.InCalendar(v.ID).Start.Equal(start), "what people did is not overwritten")
	_, page := h.Get(h.As(VP), "/visits/"+v.ID)
	shows(t, page, "Somebody has to decide", who)
}

func pick(visits []visit.Visit, which func(visit.Visit) bool) []visit.Visit {
	var out []visit.Visit
	for _, v := range visits {
		if which(v) {
			out = append(out, v)
		}
	}
	return out
}

// Somebody clears a whole calendar: nothing is concluded before a person says so.
func TestManyDeletionsAreBelievedOnlyWhenSomebodySaysSo(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		vp := h.Small(24)
		plan := h.Year(vp, 20)
		busiest, most := "", []visit.Visit(nil)
		byOrganizer := map[string][]visit.Visit{}
		for _, v := range h.Visits(plan, visit.Published) {
			o := h.Organizer(v.ID)
			byOrganizer[o] = append(byOrganizer[o], v)
			if len(byOrganizer[o]) > len(most) {
				busiest, most = o, byOrganizer[o]
			}
		}
		require.GreaterOrEqual(t, len(most), 4)
		require.NoError(t, h.Calendar.Wipe(busiest))
		h.Tick()
		h.Tick()
		require.Len(t, h.Visits(plan, visit.Cancelled), 0)
		_, page := h.Get(h.As(Admin), "/admin/calendar")
		shows(t, page, "many events are gone at once")

		status, page := h.Post(h.As(Admin), "/admin/calendar/believe", url.Values{"calendar": {busiest}})
		require.Equal(t, http.StatusOK, status, page)
		h.Settle()
		require.Len(t, h.Visits(plan, visit.Cancelled), len(most))
		status, _ = h.Post(h.As(Admin), "/admin/calendar/believe", url.Values{"calendar": {busiest}})
		require.Equal(t, http.StatusConflict, status, "nothing is in doubt any more")
		quiet(t, h)
	})
}
