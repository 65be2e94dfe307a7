package testkit_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

// Everybody finds what they may open, and nothing else.
func TestFindingThingsByName(t *testing.T) {
	t.Parallel()
	h := New(t, SQLite)
	c := h.Small(12)
	plan := h.Draft(c, h.Select(c, PlanYear, 4, "region"), 1, 1000)
	found := func(who, q string) string {
		status, page := h.Get(h.As(who), "/search?part=1&q="+url.QueryEscape(q))
		require.Equal(t, http.StatusOK, status)
		return page
	}
	shows(t, found(VP, "customer 0"), "8 found", `href="/customers/`, "Customer 00", "All customers that are called so")
	shows(t, found(VP, "2 executive"), "Executive 2", "/coverage/people/")
	shows(t, found(VP, "plan"), "/plans/"+plan, `href="/plans"`)
	shows(t, found(Host(1), "customer"), "Customer 00", "Customer 04")
	require.NotContains(t, found(Host(1), "customer"), "Customer 01", "somebody else's account")
	require.NotContains(t, found(Host(1), "executive"), "Executive 2")
	shows(t, found(Exec(1), "customer"), "Nothing here is called")
	shows(t, found(VP, "x"), "Two letters are enough")
	shows(t, found(VP, "<script>alert(1)</script>"), "&lt;script&gt;")
	status, _ := h.Get(h.As(VP), "/search?q="+strings.Repeat("x", 101))
	require.Equal(t, http.StatusUnprocessableEntity, status)
	status, page := h.Get(h.As(Host(1)), "/search?q=customer+04")
	require.Equal(t, http.StatusOK, status)
	shows(t, page, "1 found", "Search")
	status, page = h.Get(h.As(Host(1)), "/shortcuts")
	require.Equal(t, http.StatusOK, status)
	shows(t, page, "Ctrl K")
}

// Who was signed out while writing loses nothing: the page gives it back, and takes it
// after signing in on another tab.
func TestALostSessionKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	h := New(t, SQLite)
	h.Year(h.Small(8), 4)
	v := h.Visits("", visit.Published)[0]
	who := h.Person(v.ExecutiveID).Email
	tab := h.Browser(who)
	status, _ := h.Post(tab, "/signout", nil)
	require.Equal(t, http.StatusOK, status)
	form := url.Values{"version": {"2"}, "key": {"k1"}, "answer": {"declined"}, "reason": {"Ours is <b>ill</b>,\nask the CFO"}}
	status, page := h.Post(tab, "/visits/"+v.ID+"/answer", form)
	require.Equal(t, http.StatusUnauthorized, status)
	shows(t, page, "Your session has ended", "Ours is &lt;b&gt;ill&lt;/b&gt;,", "Send it again", `name="key" value="k1"`)
	require.Equal(t, visit.Published, h.Visit(v.ID).State, "nothing was changed")

	form.Set("version", strconv.Itoa(h.Visit(v.ID).Version))
	status, _ = h.Post(h.Browser(who), "/visits/"+v.ID+"/answer", form)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, visit.Declined, h.Visit(v.ID).State)
}
