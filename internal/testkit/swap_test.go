package testkit_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/slot"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

// Who cannot go asks for a swap first: the visit stands until whoever plans decides,
// with one button.
func TestAskingForASwapBeforeAVisitIsLost(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		plan := h.Year(h.Small(12), 6)
		v := h.Visits(plan, visit.Published)[3]
		who := h.Person(v.ExecutiveID)
		b := h.As(who.Email)
		at := "/visits/" + v.ID
		status, page := h.Get(b, at+"/instead")
		require.Equal(t, http.StatusOK, status)
		shows(t, page, "Ask for a swap", "Somebody else goes", "Suggest another day", "Decline all the same")
		offered := regexp.MustCompile(`name="changes" value="([^"]*)"`).FindStringSubmatch(page)
		require.NotNil(t, offered, "a swap is offered")
		changes := strings.NewReplacer("&#34;", `"`, "&amp;", "&").Replace(offered[1])
		form := url.Values{"version": {strconv.Itoa(v.Version)}, "changes": {changes}, "reason": {"The board meets."}}

		status, page = h.Post(b, at+"/instead", url.Values{"version": form["version"], "changes": form["changes"], "reason": {" "}})
		require.Equal(t, http.StatusUnprocessableEntity, status)
		shows(t, page, "Please say why")
		other := Exec(1)
		if who.Email == other {
			other = Exec(2)
		}
		status, _ = h.Post(h.As(other), at+"/instead", form)
		require.Equal(t, http.StatusNotFound, status, "not for others")
		status, page = h.Post(b, at+"/instead", form)
		require.Equal(t, http.StatusOK, status, page)
		shows(t, page, "Your wish is noted")
		got := h.Visit(v.ID)
		require.Equal(t, visit.Published, got.State, "it stands")
		require.Contains(t, got.Asked, "The board meets.")
		status, _ = h.Post(b, at+"/instead", form)
		require.Equal(t, http.StatusConflict, status, "the visit has another version by now")

		_, page = h.Get(h.As(VP), at)
		shows(t, page, "The board meets.", "Do as asked")
		asked := regexp.MustCompile(`(?s)name="key" value="([^"]*-asked)"/?>\s*<input type="hidden" name="changes" value="([^"]*)"`).FindStringSubmatch(page)
		require.NotNil(t, asked)
		status, page = h.Post(h.As(VP), "/plans/"+plan+"/changes", url.Values{"key": {asked[1]}, "changes": {strings.NewReplacer("&#34;", `"`, "&amp;", "&").Replace(asked[2])}})
		require.Equal(t, http.StatusOK, status, page)
		after := h.Visit(v.ID)
		require.Empty(t, after.ToDecide())
		require.True(t, after.ExecutiveID != v.ExecutiveID || after.Slot != v.Slot, "it was done")

		// A day of one's own, and going after all.
		w := h.Visits(plan, visit.Published)[5]
		b, at = h.As(h.Person(w.ExecutiveID).Email), "/visits/"+w.ID
		day := url.Values{"version": {strconv.Itoa(w.Version)}, "date": {"2020-01-01"}, "half": {"am"}, "reason": {"Travel"}}
		status, page = h.Post(b, at+"/instead", day)
		require.Equal(t, http.StatusUnprocessableEntity, status)
		shows(t, page, "a day ahead in")
		day.Set("date", w.Slot.Date.Add(7).String())
		status, _ = h.Post(b, at+"/instead", day)
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, h.Visit(w.ID).Asked, "asks for another day")
		status, _ = h.Post(b, at+"/answer", url.Values{"version": {strconv.Itoa(h.Visit(w.ID).Version)}, "answer": {"accepted"}})
		require.Equal(t, http.StatusOK, status)
		require.Empty(t, h.Visit(w.ID).ToDecide(), "who goes asks for nothing")
	})
}

// A calendar program reads somebody's visits at a secret address, which ends when a new
// one is made.
func TestVisitsInAnotherCalendar(t *testing.T) {
	On(t, Postgres, func(t *testing.T, h *House) {
		plan := h.Year(h.Small(8), 4)
		v := h.Visits(plan, visit.Published)[0]
		who := h.Person(v.ExecutiveID)
		b := h.As(who.Email)
		address := func() string {
			status, page := h.Post(b, "/me/feed", url.Values{"do": {"renew"}})
			require.Equal(t, http.StatusOK, status)
			found := regexp.MustCompile(`/feed/[0-9a-f]+\.ics`).FindString(page)
			require.NotEmpty(t, found)
			return found
		}
		nobody := &http.Client{Timeout: 20 * time.Second}
		first := address()
		status, file := h.Get(nobody, first)
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, file, "BEGIN:VCALENDAR")
		require.Contains(t, file, v.ID)
		own := 0
		for _, x := range h.Visits(plan) {
			if x.ExecutiveID == who.ID {
				own++
			}
		}
		require.Equal(t, own, strings.Count(file, "BEGIN:VEVENT"), "one's own, and nobody else's")
		_, page := h.Get(b, "/me/feed")
		require.NotContains(t, page, strings.TrimPrefix(first, "/feed/"), "it is shown once")
		require.NotContains(t, h.Logged(), strings.TrimSuffix(strings.TrimPrefix(first, "/feed/"), ".ics"), "and never logged")

		second := address()
		status, _ = h.Get(nobody, first)
		require.Equal(t, http.StatusNotFound, status, "the old address has ended")
		status, _ = h.Post(b, "/visits/"+v.ID+"/answer", url.Values{"version": {strconv.Itoa(h.Visit(v.ID).Version)}, "answer": {"declined"}, "reason": {"Ill"}})
		require.Equal(t, http.StatusOK, status)
		_, file = h.Get(nobody, second)
		require.Contains(t, file, "STATUS:CANCELLED")
		for _, bad := range []string{"/feed/0000.ics", "/feed/x", "/feed/" + strings.Repeat("a", 5000) + ".ics"} {
			status, _ = h.Get(nobody, bad)
			require.Equal(t, http.StatusNotFound, status)
		}
		status, _ = h.Post(h.As(Admin), "/me/feed", url.Values{"do": {"renew"}})
		require.Equal(t, http.StatusNotFound, status, "who makes no visits has none")

		gone := h.Person(who.ID)
		gone.Left = slot.DateOf(h.Clock.Now(), time.UTC).Add(-3)
		require.NoError(t, h.App.Store.Write(context.Background(), func(tx flow.Tx) error { return tx.People.Save(&gone) }))
		status, _ = h.Get(nobody, second)
		require.Equal(t, http.StatusNotFound, status, "of somebody who has left")
	})
}
