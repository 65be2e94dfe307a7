package testkit_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/slot"
	. "windshield/internal/testkit"
)

// Somebody enters an address of their own Slack, and an administrator's goes for the
// company: notices come there once, after the quiet hours, without the addresses ever being
// shown. Slack that is away gets everything later; an address that is forgotten nothing.
func TestNoticesInSlack(t *testing.T) {
	t.Parallel()
	h := New(t, SQLite)
	var mu sync.Mutex
	posted, away := map[string][]string{}, false
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		if away {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		posted[r.URL.Path] = append(posted[r.URL.Path], string(body))
		_, _ = io.WriteString(w, "ok")
	}))
	defer far.Close()
	got := func(path, words string) (n int) {
		mu.Lock()
		defer mu.Unlock()
		for _, x := range posted[path] {
			if strings.Contains(x, words) {
				n++
			}
		}
		return n
	}
	h.Slack(far.URL, "/company", "/own")
	h.Small(16) // everybody's last visit was on 15 December
	at := func(day, wall string) {
		h.SetDay(slot.MustDate(day), wall, "Europe/Zurich")
		for range 2 {
			h.Tick()
			h.Notices()
		}
	}

	// Only an address of Slack is taken; it is never shown again.
	const address = "https://hooks.slack.com/services/T0/B0/hush"
	choose := func(version string, more url.Values) (int, string) {
		form := url.Values{"version": {version}, "quiet_from": {"20:00"}, "quiet_to": {"07:00"}, "digest": {"none"}}
		for k, v := range more {
			form[k] = v
		}
		return h.Post(h.As(Exec(1)), "/me/notices/preferences", form)
	}
	for _, bad := range []string{"https://evil.example/services/T0/B0/x", "http://hooks.slack.com/services/T0", far.URL + "/own", "<b>"} {
		status, page := choose("0", url.Values{"slack_url": {bad}})
		require.Equal(t, http.StatusUnprocessableEntity, status, bad)
		shows(t, page, "There is a problem", "https://hooks.slack.com/")
	}
	status, page := choose("0", url.Values{"slack_url": {address}})
	require.Equal(t, http.StatusOK, status)
	shows(t, page, "One is kept, sealed.")
	require.NotContains(t, page, "hush")

	// A warning of the night waits for the morning, in Slack as by mail.
	at("2027-01-01", "00:30")
	require.Zero(t, got("/own", "14 days"))
	at("2027-01-01", "07:00")
	require.Equal(t, []int{1, 1}, []int{got("/own", "14 days"), subjects(h, Exec(1), "in 14 days")})
	require.Zero(t, got("/own", Exec(2)), "nothing of others")
	require.Zero(t, got("/company", "14 days"), "what is no alert is nobody else's")

	// The company hears of a breach once it climbs. Slack is away meanwhile.
	mu.Lock()
	away = true
	mu.Unlock()
	at("2027-01-15", "12:00")
	h.Retry(2)
	require.Zero(t, got("/own", "Your visits:"))
	status, page = h.Get(h.As(Admin), "/admin/notices")
	require.Equal(t, http.StatusOK, status)
	shows(t, page, "does not work")
	require.NotContains(t, page, "hush")
	mu.Lock()
	away = false
	mu.Unlock()
	status, _ = h.Post(h.As(Admin), "/admin/notices/retry", nil)
	require.Equal(t, http.StatusOK, status)
	h.Drain()
	require.Len(t, h.Breaches(Exec(1)), 1)
	require.Equal(t, 1, got("/own", "Your visits:"), "late, and once")
	at("2027-01-29", "12:00")
	h.Drain()
	require.Positive(t, got("/company", "Executive 1"))
	company := got("/company", "Executive 1")
	status, _ = h.Post(h.As(Admin), "/admin/notices/test", url.Values{"channel": {"company_slack"}})
	require.Equal(t, http.StatusOK, status)
	h.Settle()
	require.Equal(t, 1, got("/company", "A test from Windshield"))

	// Forgotten is forgotten.
	status, page = choose("1", url.Values{"end_slack": {"yes"}})
	require.Equal(t, http.StatusOK, status)
	shows(t, page, "It begins with https://hooks.slack.com/")
	own := got("/own", "")
	at("2027-02-15", "12:00")
	h.Drain()
	require.Equal(t, own, got("/own", ""))
	require.GreaterOrEqual(t, got("/company", "Executive 1"), company)
	h.Check()
}
