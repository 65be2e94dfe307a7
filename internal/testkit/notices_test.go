package testkit_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/flow"
	"windshield/internal/hook"
	"windshield/internal/mail"
	"windshield/internal/slot"
	. "windshield/internal/testkit"
)

// subjects gives how many mails with these words in the subject somebody got.
func subjects(h *House, email, words string) (n int) {
	for _, m := range h.Inbox(email) {
		if strings.Contains(m.Subject, words) {
			n++
		}
	}
	return n
}

// A night with quiet hours, a mail server that is away for two days, a webhook, and who
// wants no mail: nothing is lost, nothing comes twice, and each can read why.
func TestWhoIsToldWhat(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		ctx := context.Background()
		var mu sync.Mutex
		var posted []string
		far := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			mu.Lock()
			defer mu.Unlock()
			if hook.Verify("a-secret-of-the-webhook", r.Header.Get(hook.Header), body, h.Clock.Now(), time.Hour) == nil {
				posted = append(posted, string(body))
			}
		}))
		defer far.Close()
		h.Hook(far.URL, "a-secret-of-the-webhook")
		h.Small(16) // everybody's last visit was on 15 December
		at := func(day, wall string) {
			h.SetDay(slot.MustDate(day), wall, "Europe/Zurich")
			for range 2 { // the second look has nothing to add
				h.Tick()
				h.Notices()
			}
		}

		// Executive 2 wants no mail about this, Executive 3 is told at any hour.
		choose := func(email string, in client.NoticePreferencesRequest, version string) {
			r, err := h.API(email).SetNoticePreferencesWithResponse(ctx, &client.SetNoticePreferencesParams{IfMatch: version}, in)
			ok(t, r, err)
		}
		off := []client.MailWish{{Kind: "warning", Wish: "off"}}
		choose(Exec(2), client.NoticePreferencesRequest{QuietFrom: "22:00", QuietTo: "06:00", Digest: "none", Mail: &off}, `"0"`)
		choose(Exec(3), client.NoticePreferencesRequest{Digest: "usual"}, `"0"`)
		stale, err := h.API(Exec(3)).SetNoticePreferencesWithResponse(ctx, &client.SetNoticePreferencesParams{IfMatch: `"0"`}, client.NoticePreferencesRequest{Digest: "usual"})
		refused[*client.SetNoticePreferencesResponse](t, http.StatusPreconditionFailed, "changed meanwhile")(stale, err)
		links := []client.MailWish{{Kind: "sign_in", Wish: "off"}}
		wrong, err := h.API(Exec(3)).SetNoticePreferencesWithResponse(ctx, &client.SetNoticePreferencesParams{IfMatch: `"1"`}, client.NoticePreferencesRequest{QuietFrom: "8 pm", Digest: "usual", Mail: &links})
		refused[*client.SetNoticePreferencesResponse](t, http.StatusUnprocessableEntity, "quiet_from")(wrong, err)
		status, page := h.Post(h.As(Exec(3)), "/me/notices/preferences", url.Values{"version": {"1"}, "quiet_from": {"7 o'c"}, "quiet_to": {"07:00"}, "mail.warning": {"now"}})
		require.Equal(t, http.StatusUnprocessableEntity, status)
		shows(t, page, "There is a problem", "a time such as 21:00", "7 o&#39;c")

		// The warning of 14 days comes at midnight: it waits until the night is over.
		at("2027-01-01", "00:30")
		require.Equal(t, []int{0, 0, 1, 0}, []int{subjects(h, Exec(1), "in 14 days"), subjects(h, Exec(2), "in 14 days"), subjects(h, Exec(3), "in 14 days"), subjects(h, Exec(4), "in 14 days")})
		list, err := h.API(Exec(1)).ListNoticesWithResponse(ctx, &client.ListNoticesParams{})
		first := ok(t, list, err).JSON200
		require.Equal(t, 1, first.Unread, "the page knows at once")
		require.Contains(t, first.Items[0].Ways[0].Why, "It is quiet at your place from 20:00 to 07:00")
		_, page = h.Get(h.As(Exec(2)), "/me/notices")
		shows(t, page, "1 new notice", "Not by mail. You have switched off mail about 30 days that will soon be over.")
		at("2027-01-01", "06:59")
		require.Zero(t, subjects(h, Exec(1), "in 14 days"))
		at("2027-01-01", "07:00")
		require.Equal(t, []int{1, 0, 1, 1}, []int{subjects(h, Exec(1), "in 14 days"), subjects(h, Exec(2), "in 14 days"), subjects(h, Exec(3), "in 14 days"), subjects(h, Exec(4), "in 14 days")})
		mu.Lock()
		warned := strings.Count(strings.Join(posted, "\n"), `"warning"`)
		require.NotContains(t, strings.Join(posted, "\n"), "signin", "what lets somebody in is in no webhook")
		mu.Unlock()
		require.GreaterOrEqual(t, warned, 4, "the webhook gets each notice")

		// A notice opens what it is about, and belongs to one person.
		status, _ = h.Get(h.As(Exec(2)), "/me/notices/"+first.Items[0].Id)
		require.Equal(t, http.StatusNotFound, status)
		status, page = h.Get(h.As(Exec(1)), "/me/notices/"+first.Items[0].Id)
		require.Equal(t, http.StatusOK, status)
		shows(t, page, "My visits")
		status, page = h.Post(h.As(Exec(3)), "/me/notices/read", nil)
		require.Equal(t, http.StatusOK, status)
		shows(t, page, "You have seen everything.")

		// One click ends it, without signing in and without a word of who it is.
		var m mail.Caught
		for _, x := range h.Inbox(Exec(4)) {
			if strings.Contains(x.Subject, "in 14 days") {
				m = x
			}
		}
		end := strings.Trim(m.Header.Get("List-Unsubscribe"), "<>")
		require.Equal(t, "List-Unsubscribe=One-Click", m.Header.Get("List-Unsubscribe-Post"))
		path := strings.TrimPrefix(end, h.URL)
		stranger := &http.Client{}
		status, page = h.Get(stranger, path)
		require.Equal(t, http.StatusOK, status)
		shows(t, page, "No more mail about 30 days that will soon be over?")
		require.NotContains(t, page, "Executive 4")
		for range 2 {
			status, page = h.Post(stranger, path, url.Values{"List-Unsubscribe": {"One-Click"}})
			require.Equal(t, http.StatusOK, status)
			shows(t, page, "You get no more mail about 30 days that will soon be over.")
		}
		status, _ = h.Post(stranger, "/end/"+strings.Repeat("a", 64), nil)
		require.Equal(t, http.StatusNotFound, status)
		for _, x := range h.Mails() {
			if strings.Contains(x.Subject, "Your link to Windshield") {
				require.Empty(t, x.Header.Get("List-Unsubscribe"), "nobody can switch off the way in")
			}
		}
		at("2027-01-08", "12:00")
		require.Equal(t, []int{1, 0}, []int{subjects(h, Exec(1), "in 7 days"), subjects(h, Exec(4), "in 7 days")})

		// The mail server is away for two days. The administrator sees it, and it all comes.
		h.SetDay(slot.MustDate("2027-01-15"), "08:00", "Europe/Zurich")
		admin := h.As(Admin) // the way in is by mail as well
		h.MailDown()
		at("2027-01-15", "12:00")
		h.Retry(2)
		status, page = h.Get(admin, "/admin/notices")
		require.Equal(t, http.StatusOK, status)
		shows(t, page, "does not work", "tried in vain, the oldest since")
		h.FastForward(48 * time.Hour)
		h.Retry(1)
		standing, err := h.Flow.NoticeChannels(ctx, System)
		require.NoError(t, err)
		require.True(t, standing.Channels[0].Dead())
		h.MailUp()
		status, page = h.Post(h.As(Admin), "/admin/notices/retry", nil)
		require.Equal(t, http.StatusOK, status)
		shows(t, page, "What waits is being tried now.")
		h.Settle()
		for n := 1; n <= 4; n++ {
			require.Len(t, h.Breaches(Exec(n)), 1)
		}
		_, page = h.Get(h.As(Admin), "/admin/notices")
		shows(t, page, "✓ works")
		channels, err := h.API(Admin).GetNoticeChannelsWithResponse(ctx)
		require.True(t, ok(t, channels, err).JSON200.Channels[0].Works)
		status, _ = h.Get(h.As(Exec(1)), "/admin/notices")
		require.Equal(t, http.StatusForbidden, status)
		status, _ = h.Post(h.As(Admin), "/admin/notices/test", url.Values{"channel": {"company_slack"}})
		require.Equal(t, http.StatusConflict, status)
		status, _ = h.Post(h.As(Admin), "/admin/notices/test", url.Values{"channel": {"webhook"}})
		require.Equal(t, http.StatusOK, status)
		h.Settle()
		mu.Lock()
		require.Contains(t, strings.Join(posted, "\n"), "A test from Windshield")
		mu.Unlock()
		settings := client.NoticeSettings{Zone: "Europe/Zurich", Webhook: []client.NoticeKind{"sign_in"}, Slack: []client.NoticeKind{}}
		refusal, err := h.API(Admin).SetNoticeChannelsWithResponse(ctx, settings)
		refused[*client.SetNoticeChannelsResponse](t, http.StatusUnprocessableEntity, "lets nobody in")(refusal, err)
	})
}

// A week of digests: one a working morning for whom something is due, one a week for
// executives, one mail for all whom an assistant serves, and none where nothing is due.
// On the evening of a visit its people are asked what came of it.
func TestAWeekOfDigests(t *testing.T) {
	t.Parallel()
	h := New(t, SQLite)
	vp := h.Small(16)
	const aide = "aide@windshield.example"
	h.Bring(Admin, client.ImportKindExecutives, "key,name,email,city,country,assistant_name,assistant_email\n"+
		"e1,Executive 1,"+Exec(1)+",Zürich,CH,The Aide,"+aide+"\ne2,Executive 2,"+Exec(2)+",Zürich,CH,The Aide,"+aide+"\n")
	plan := h.Year(vp, 12)
	v := h.Visits(plan)[0]
	monday := v.Slot.Date.Monday()
	digests := func(email string) int { return subjects(h, email, "Your day") + subjects(h, email, "Your week") }
	people := []string{aide, Exec(1), Exec(2), Exec(3), Exec(4), Host(1), Host(2), Host(3), Host(4), VP, CEO, Admin}
	for n := range 7 {
		before := map[string]int{}
		for _, p := range people {
			before[p] = digests(p)
		}
		for _, wall := range []string{"06:00", "07:30", "12:00", "18:00", "23:00"} {
			h.SetDay(monday.Add(n), wall, "Europe/Zurich")
			h.Notices()
			if wall == "06:00" {
				for _, p := range people {
					require.Equal(t, before[p], digests(p), "not before the morning")
				}
			}
		}
		for _, p := range people {
			require.LessOrEqual(t, digests(p)-before[p], 1, "one a day")
			if n >= 5 {
				require.Equal(t, before[p], digests(p), "none on a weekend")
			}
		}
	}
	e, host := h.Person(v.ExecutiveID).Email, h.Person(v.HostID).Email
	require.Equal(t, 1, subjects(h, e, "Your week"))
	require.GreaterOrEqual(t, digests(host), 1)
	require.Zero(t, digests(Admin), "nothing is due for who only administers")
	require.True(t, anyMail(h.Inbox(host), "/visits/"+v.ID), "with what is next")
	if e == Exec(1) || e == Exec(2) {
		require.True(t, anyMail(h.Inbox(aide), "/visits/"+v.ID), "one link for each open invitation")
	}
	require.Equal(t, []int{1, 1}, []int{subjects(h, e, "What came of the visit"), subjects(h, host, "What came of the visit")}, "once, on the evening")
	require.True(t, anyMail(h.Inbox(e), "/visits/"+v.ID+"/debrief"))
	for _, m := range h.Inbox(host) {
		if strings.Contains(m.Subject, "Your day") {
			require.NotEmpty(t, m.HTML)
			require.NotEmpty(t, m.Header.Get("List-Unsubscribe"))
		}
	}
	seen := map[string]bool{}
	for _, m := range h.Mails() {
		require.False(t, seen[m.ID], "%s came twice", m.Subject)
		seen[m.ID] = true
	}

	// Who leaves is told nothing any more, though their week had more to say.
	kept := digests(host)
	left := h.Person(host)
	left.Left = monday.Add(7)
	require.NoError(t, h.App.Store.Write(context.Background(), func(tx flow.Tx) error { return tx.People.Save(&left) }))
	h.SetDay(monday.Add(8), "09:00", "Europe/Zurich")
	h.Notices()
	require.Equal(t, kept, digests(host))
	h.Check()
}
