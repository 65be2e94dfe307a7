package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNoticePages(t *testing.T) {
	s := makeStory(sampleSize)
	site := open(t, s, actors(s)["executive"])
	page := site.get("/me/notices").Body.String()
	for _, words := range []string{"2 new notices", "Not yet by mail. It is quiet at your place", "Not by Slack. Slack does not know this address.", "You have switched off mail", "it is tried again. The mail server is away.", "Older notices"} {
		require.Contains(t, page, words)
	}
	require.Contains(t, site.get("/me/notices?after=x").Body.String(), "There are no older ones.")
	require.Equal(t, "/me", site.get("/me/notices/"+uuidOf(40, 1)).Header().Get("Location"))
	require.Equal(t, "/me/notices", site.get("/me/notices/"+uuidOf(40, 2)).Header().Get("Location"), "of what has no page")
	require.Equal(t, "/me/notices?done=notices_read", site.post("/me/notices/read", nil).Header().Get("Location"))

	page = site.get("/me/notices/preferences").Body.String()
	require.Contains(t, page, "By the clock in Europe/Zurich")
	require.NotContains(t, page, "links to sign in", "what lets somebody in cannot be switched off")
	form := url.Values{"version": {"3"}, "quiet_from": {"9.30"}, "quiet_to": {"17:00"}, "digest": {"weekly"}, "mail.warning": {"off"}, "mail.breach": {""}, "mail.sign_in": {"off"}, "slack_shown": {"breach", "warning", "breach_assistant"}, "slack": {"breach", "warning"}}
	require.Equal(t, "/me/notices/preferences?done=choices", site.post("/me/notices/preferences", form).Header().Get("Location"))
	require.Contains(t, s.calls[len(s.calls)-1], "choose notices 3 09:30 17:00 weekly map[warning:off] [breach_assistant]")
	form.Set("quiet_from", `"><script>`)
	w := site.post("/me/notices/preferences", form)
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Contains(t, w.Body.String(), "There is a problem")
	require.NotContains(t, w.Body.String(), `"><script>`)
	form.Del("version")
	require.Equal(t, http.StatusUnprocessableEntity, site.post("/me/notices/preferences", form).Code)
}

func TestDatesAreWrittenAsTheReaderChooses(t *testing.T) {
	s := makeStory(sampleSize)
	actor := actors(s)["executive"]
	actor.Zone, actor.Locale = "America/New_York", "en-US"
	site := open(t, s, actor)
	page := site.get("/me/notices/preferences").Body.String()
	require.Contains(t, page, "Germany: Fri 19 Nov, 14:05, 1.234,5</option>")
	require.Contains(t, page, "New York")
	require.Regexp(t, `As of <time datetime="[0-9T:-]+Z">[A-Z][a-z]{2}, [A-Z][a-z]{2} \d+, \d{4}, \d+:\d\d [AP]M New York</time>`, page)
	require.Equal(t, "/me/notices/preferences?done=locale", site.post("/me/locale", url.Values{"locale": {"de-CH"}}).Header().Get("Location"))
	require.Equal(t, "locale de-CH", s.calls[len(s.calls)-1])
	w := site.post("/me/locale", url.Values{"locale": {"de"}})
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Contains(t, w.Body.String(), "#f-locale")
}

func TestEndingMailWithoutSigningIn(t *testing.T) {
	s := makeStory(sampleSize)
	site := open(t, s, actors(s)["nobody"])
	require.Contains(t, site.get("/end/"+goodTicket).Body.String(), "No more mail about 30 days that will soon be over?")
	w := site.post("/end/"+goodTicket, url.Values{"List-Unsubscribe": {"One-Click"}})
	require.Equal(t, http.StatusOK, w.Code, "mail programs follow no redirect")
	require.Contains(t, w.Body.String(), "You get no more mail")
	require.Equal(t, http.StatusNotFound, site.get("/end/guessed").Code)
	require.Equal(t, http.StatusNotFound, site.post("/end/guessed", nil).Code)
}

func TestChannelsPage(t *testing.T) {
	s := makeStory(sampleSize)
	site := open(t, s, actors(s)["administrator"])
	page := site.get("/admin/notices").Body.String()
	for _, words := range []string{"✗ does not work", "3 messages have been tried in vain", "not set up", "✓ works", "The address does not exist."} {
		require.Contains(t, page, words)
	}
	require.Equal(t, "/admin/notices?done=channels", site.post("/admin/notices", url.Values{"zone": {"Europe/Zurich"}, "webhook": {"warning"}, "slack": {"breach_vp"}}).Header().Get("Location"))
	require.Equal(t, "notice settings Europe/Zurich [warning] [breach_vp]", s.calls[len(s.calls)-1])
	w := site.post("/admin/notices", url.Values{"zone": {"nowhere"}})
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Contains(t, w.Body.String(), "a zone such as Europe/Zurich")
	require.Equal(t, "/admin/notices?done=notices_retried", site.post("/admin/notices/retry", nil).Header().Get("Location"))
	require.Equal(t, "/admin/notices?done=notice_tested", site.post("/admin/notices/test", url.Values{"channel": {"mail"}}).Header().Get("Location"))
}
