package testkit_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/slot"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

// What stands in people's own calendars: an administrator lets it be read, the
// plan goes around it, and what comes up later is for people to decide.
func TestPlansGoAroundWhatStandsInPeoplesCalendars(t *testing.T) {
	On(t, SQLite, func(t *testing.T, h *House) {
		vp := h.Small(16)
		busy := h.Person(Exec(1))
		from, to := slot.MustDate("2027-02-01"), slot.MustDate("2027-07-01")
		start, err := slot.At(from, "00:00", busy.Zone)
		require.NoError(t, err)
		end, err := slot.At(to, "00:00", busy.Zone)
		require.NoError(t, err)
		_, err = h.Calendar.Block(busy.Email, "outOfOffice", start, end, "", "")
		require.NoError(t, err)

		_, page := h.Get(h.As(Admin), "/admin/calendar/busy")
		shows(t, page, "Reading is turned off")
		form := url.Values{"on": {"yes"}, "hosts": {"yes"}, "begins": {"08:00"}, "noon": {"12:30"}, "ends": {"18:00"}, "meeting": {"30"}, "away": {"240"}, "full": {"120"}, "every": {"60"}, "fresh": {"10"}}
		status, _ := h.Post(h.As(VP), "/admin/calendar/busy", form)
		require.Equal(t, http.StatusForbidden, status)
		status, _ = h.Post(h.As(Admin), "/admin/calendar/busy", form)
		require.Equal(t, http.StatusOK, status)
		h.Settle()
		_, page = h.Get(h.As(Admin), "/admin/calendar/busy")
		shows(t, page, "✓ read", busy.Name)
		_, page = h.Get(h.As(Exec(1)), "/me")
		shows(t, page, "Where the working time goes", "0 % with customers, 0 % in other appointments")

		plan := h.Year(vp, 12)
		_, page = h.Get(h.As(VP), "/plans/"+plan)
		shows(t, page, "Planned around what people's own calendars say as of <time datetime=", "Mon 23 Nov 2026, 10:00 Zurich")
		for _, v := range h.Visits(plan) {
			if v.ExecutiveID == busy.ID {
				require.False(t, slot.Interval{Start: from, End: to.Add(-1)}.Contains(v.Slot.Date), v.Slot)
			}
		}

		h.FastForward(time.Hour)
		v := h.Visits(plan, visit.Published)[4]
		_, err = h.Calendar.Block(h.Person(v.ExecutiveID).Email, "focusTime", v.Start.Add(-time.Hour), v.End, "", "")
		require.NoError(t, err)
		status, _ = h.Post(h.As(Admin), "/admin/calendar/busy/now", nil)
		require.Equal(t, http.StatusOK, status)
		h.Settle()
		_, page = h.Get(h.As(VP), "/visits/"+v.ID)
		shows(t, page, "Somebody has to decide", "Busy in the calendar: "+h.Person(v.ExecutiveID).Name+" has something else in this half-day.", `as of <time datetime="2026-11-23T10:00:00Z">Mon 23 Nov 2026, 11:00 Zurich`)
		_, page = h.Get(h.As(VP), "/plans/"+plan+"/attention")
		shows(t, page, "is busy in the calendar in that half-day")
		require.Equal(t, v.Slot, h.Visit(v.ID).Slot, "nothing moves by itself")
		offer := propose(t, vp, plan, v.CustomerID)[0]
		require.NoError(t, client.Check(change(t, vp, plan, "", offer.Changes...)))
		h.Settle()
		require.Empty(t, h.Visit(v.ID).Conflict)
		require.NotEqual(t, v.Slot, h.Visit(v.ID).Slot)

		// The next plan of the year leaves all visits where they are.
		before := map[string]slot.Slot{}
		for _, v := range h.Visits(plan, visit.LiveStates()...) {
			before[v.CustomerID] = v.Slot
		}
		h.FastForward(time.Hour)
		for _, v := range h.Visits(h.Draft(vp, h.Select(vp, PlanYear, 12, "region"), 1, 20_000)) {
			if at, stood := before[v.CustomerID]; stood {
				require.Equal(t, at, v.Slot)
			}
		}
	})
}
