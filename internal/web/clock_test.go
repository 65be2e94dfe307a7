package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// What people type about an alert reaches the story, and what is no date comes back
// with what they typed.
func TestAnswerAnAlert(t *testing.T) {
	s := makeStory(sampleSize)
	a := actors(s)["executive"]
	form := url.Values{"person": {a.PersonID}, "breach": {"2027-02-12"}, "until": {"2027-02-20"}, "reason": {"It is agreed."}, "do": {"snooze"}}
	w := open(t, s, a).post("/me/alert", form)
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, "/me?done=alert_snoozed&person="+a.PersonID, w.Header().Get("Location"))
	for _, field := range []string{"breach", "until"} {
		bad := url.Values{}
		for k, v := range form {
			bad[k] = v
		}
		bad.Set(field, "<b>soon")
		w = open(t, s, a).post("/me/alert", bad)
		require.Equal(t, http.StatusUnprocessableEntity, w.Code)
		require.Contains(t, w.Body.String(), "There is a problem")
		require.NotContains(t, w.Body.String(), "<b>soon")
	}
	vp := actors(s)["vp"]
	w = open(t, s, vp).post("/coverage/ladder", url.Values{"vp_days": {"2"}, "ceo_days": {"9"}})
	require.Equal(t, "/coverage?done=ladder", w.Header().Get("Location"))
	w = open(t, s, vp).post("/coverage/ladder", url.Values{"vp_days": {"two"}, "ceo_days": {"9"}})
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
}
