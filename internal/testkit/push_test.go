package testkit_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/gcal/emulator"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

// Calendars announce their changes; what is announced is read soon, and what is
// not is read all the same. The health page and the metrics tell of it.
func TestCalendarsAnnounceTheirChanges(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		h.Announce()
		vp := h.Small(8)
		plan := h.Year(vp, 6)
		h.Drain()
		visits := h.Visits(plan, visit.Published)
		h.Tick() // opens the channels
		h.Calendar.Tick()
		h.Settle()
		calendars := map[string]bool{}
		for _, v := range visits {
			calendars[h.Organizer(v.ID)] = true
		}
		require.Len(t, h.Calendar.Channels(), len(calendars))

		announced := func(v visit.Visit, answer string) {
			t.Helper()
			require.NoError(t, h.Calendar.Respond(h.Person(v.ExecutiveID).Email, h.Event(v.ID).EventID, answer, ""))
			h.Calendar.Tick() // delivers the notices
			h.Drain()
		}
		h.Clock.Set(h.Clock.Now().Add(time.Minute))
		announced(visits[0], "accepted")
		require.Equal(t, visit.Accepted, h.Visit(visits[0].ID).Answer, "nobody polled")

		// A forged notice brings nothing but a 404.
		before := len(h.Calendar.Ledger().Requests)
		r, err := http.NewRequest(http.MethodPost, h.URL+"/calendar/notices", http.NoBody)
		require.NoError(t, err)
		for _, name := range []string{"ID", "Token"} {
			r.Header.Set("X-Goog-Channel-"+name, h.Calendar.Channels()[0])
		}
		r.Header.Set("X-Goog-Resource-ID", "x")
		r.Header.Set("X-Goog-Resource-State", "exists")
		a, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, a.Body.Close())
		require.Equal(t, http.StatusNotFound, a.StatusCode)
		h.Drain()
		require.Len(t, h.Calendar.Ledger().Requests, before)

		// Without notices the next poll finds it.
		h.Calendar.SetPush(emulator.Push{Drop: 1})
		h.Clock.Set(h.Clock.Now().Add(time.Minute))
		announced(visits[1], "accepted")
		require.NotEqual(t, visit.Accepted, h.Visit(visits[1].ID).Answer)
		h.Tick()
		require.Equal(t, visit.Accepted, h.Visit(visits[1].ID).Answer)

		// Before a week is over the channels are other ones.
		h.Calendar.SetPush(emulator.Push{})
		old := h.Calendar.Channels()
		h.FastForward(150 * time.Hour) // the old ones have some hours left
		h.Calendar.Tick()
		h.Settle()
		require.Len(t, h.Calendar.Channels(), len(calendars))
		for _, id := range old {
			require.NotContains(t, h.Calendar.Channels(), id)
		}

		administrator := h.As(Admin)
		status, page := h.Get(administrator, "/admin/calendar/health")
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, page, "Nothing waits to be written")
		require.Contains(t, page, "✓ announced")
		calendar := h.Organizer(visits[0].ID)
		status, _ = h.Post(administrator, "/admin/calendar/retry", map[string][]string{"calendar": {calendar}})
		require.Equal(t, http.StatusOK, status)
		status, _ = h.Post(administrator, "/admin/calendar/retry", map[string][]string{"calendar": {"nobody@example.com"}})
		require.Equal(t, http.StatusNotFound, status)
		status, _ = h.Post(h.As(VP), "/admin/calendar/retry", map[string][]string{"calendar": {calendar}})
		require.Equal(t, http.StatusForbidden, status)
		h.Settle()

		status, _ = h.Get(http.DefaultClient, "/metrics")
		require.Equal(t, http.StatusNotFound, status, "not where the pages are")
		m, err := http.Get("http://" + h.App.MetricsAddr() + "/metrics")
		require.NoError(t, err)
		numbers := readAll(t, m)
		for _, name := range []string{`windshield_google_calls_total{call="insert",outcome="ok"}`, `windshield_google_calls_total{call="watch",outcome="ok"}`,
			"windshield_calendar_gauges_up 1", `windshield_calendar_channels{state="open"} `, `windshield_calendar_events{state="applied"} `,
			`windshield_calendar_lag_seconds{of="reading"}`, `windshield_jobs{kind="pull",state="completed"}`, `windshield_google_quota_used{bucket="project"}`} {
			require.Contains(t, numbers, name)
		}
		for v := range calendars {
			require.NotContains(t, numbers, v)
			local, _, _ := strings.Cut(v, "@")
			require.NotContains(t, numbers, local)
		}
		require.NotContains(t, numbers, "@")
	})
}
