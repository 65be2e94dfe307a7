package testkit_test

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

func stranger(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &http.Client{Jar: jar, Timeout: 30 * time.Second}
}

func TestSigningIn(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		h.Small(4)
		ask := func(email string) (int, string) {
			status, page := h.Post(stranger(t), "/signin", url.Values{"email": {email}})
			h.Settle()
			return status, strings.ReplaceAll(page, email, "ADDRESS")
		}
		link := func(email string) string {
			t.Helper()
			status, _ := ask(email)
			require.Equal(t, http.StatusOK, status)
			mails := h.Inbox(email)
			return strings.TrimPrefix(SignInLink(mails[len(mails)-1]), h.URL)
		}
		in := func(c *http.Client) bool {
			status, _ := h.Get(c, "/api/v1/session")
			return status == http.StatusOK
		}

		// An address that nobody has gets the same page and no mail.
		known, page := ask(Exec(1))
		unknown, other := ask("nobody@northlight.example")
		require.Equal(t, known, unknown)
		require.Equal(t, page, other)
		require.Empty(t, h.Inbox("nobody@northlight.example"))

		// A link is good once, and for twenty minutes; looking at it does not use it up.
		to := link(Exec(2))
		me, thief := stranger(t), stranger(t)
		status, _ := h.Get(me, to)
		require.Equal(t, http.StatusOK, status)
		require.False(t, in(me))
		status, _ = h.Post(me, to, nil)
		require.Equal(t, http.StatusOK, status)
		require.True(t, in(me))
		status, _ = h.Post(thief, to, nil)
		require.Equal(t, http.StatusUnprocessableEntity, status)
		require.False(t, in(thief))
		to = link(Exec(3))
		h.Clock.Set(h.Clock.Now().Add(20*time.Minute + time.Second))
		status, _ = h.Post(thief, to, nil)
		require.Equal(t, http.StatusUnprocessableEntity, status)
		require.False(t, in(thief))

		// Signing out ends the session on the server: a copied cookie is of no use.
		u, err := url.Parse(h.URL)
		require.NoError(t, err)
		copied := stranger(t)
		copied.Jar.SetCookies(u, me.Jar.Cookies(u))
		require.True(t, in(copied))
		status, _ = h.Post(me, "/signout", nil)
		require.Equal(t, http.StatusOK, status)
		require.False(t, in(copied))
		require.False(t, in(me))

		// A form on another site cannot act for somebody who is signed in.
		vp := h.As(VP)
		r, err := http.NewRequest(http.MethodPost, h.URL+"/signout", nil)
		require.NoError(t, err)
		r.Header.Set("Origin", "https://elsewhere.example")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		answer, err := vp.Do(r)
		require.NoError(t, err)
		answer.Body.Close()
		require.Equal(t, http.StatusForbidden, answer.StatusCode)
		require.True(t, in(vp))

		// A session ends when nobody has used it for a week.
		h.Clock.Set(h.Clock.Now().Add(6 * 24 * time.Hour))
		require.True(t, in(vp))
		h.Clock.Set(h.Clock.Now().Add(6 * 24 * time.Hour))
		require.True(t, in(vp))
		h.Clock.Set(h.Clock.Now().Add(7*24*time.Hour + time.Hour))
		require.False(t, in(vp))

		// One address is not flooded with mail, whoever asks.
		before := len(h.Inbox(Exec(4)))
		refused := 0
		for range 8 {
			if status, _ := ask(Exec(4)); status == http.StatusTooManyRequests {
				refused++
			}
		}
		require.Equal(t, 3, refused)
		require.Equal(t, before+5, len(h.Inbox(Exec(4))))
		h.Clock.Set(h.Clock.Now().Add(16 * time.Minute))
		status, _ = ask(Exec(4))
		require.Equal(t, http.StatusOK, status)

		// Nobody guesses tokens for long.
		h.Clock.Set(h.Clock.Now().Add(16 * time.Minute))
		guesser, tries := stranger(t), 0
		for status != http.StatusTooManyRequests {
			status, _ = h.Post(guesser, "/signin/"+strings.Repeat("0", 64), nil)
			tries++
			require.LessOrEqual(t, tries, 301)
		}
		h.Clock.Set(h.Clock.Now().Add(16 * time.Minute))
	})
}

// With a role goes what it permits, at the next request; and hosts see what is
// theirs, on pages and through the API.
func TestWhoSeesWhat(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		ctx := context.Background()
		vp := h.Small(16)
		plan := h.Year(vp, 12)
		mine, theirs := h.Person(Host(1)), h.Person(Host(2))
		host := h.As(Host(1))
		api, err := client.New(h.URL, host)
		require.NoError(t, err)

		for _, v := range h.Visits(plan, visit.Published) {
			status, _ := h.Get(host, "/visits/"+v.ID)
			answer, err := api.GetVisitWithResponse(ctx, v.ID)
			require.NoError(t, err)
			customer, err := api.GetCustomerWithResponse(ctx, v.CustomerID)
			require.NoError(t, err)
			page, _ := h.Get(host, "/customers/"+v.CustomerID)
			if v.HostID == mine.ID {
				require.Equal(t, []int{200, 200, 200, 200}, []int{status, answer.StatusCode(), customer.StatusCode(), page})
				continue
			}
			require.Equal(t, []int{404, 404, 404, 404}, []int{status, answer.StatusCode(), customer.StatusCode(), page}, "the same as for what is not there")
			form := url.Values{"version": {strconv.Itoa(v.Version)}, "answer": {"accepted"}}
			status, _ = h.Post(host, "/visits/"+v.ID+"/answer", form)
			require.Equal(t, http.StatusNotFound, status)
		}
		visits, err := api.ListVisitsWithResponse(ctx, nil)
		require.NoError(t, err)
		require.NotEmpty(t, visits.JSON200.Items)
		for _, v := range visits.JSON200.Items {
			require.Equal(t, mine.ID, v.Host.Id)
		}
		customers, err := api.ListCustomersWithResponse(ctx, nil)
		require.NoError(t, err)
		require.Len(t, customers.JSON200.Items, 4)
		require.NotContains(t, string(customers.Body), theirs.Name)
		for _, path := range []string{"/plans", "/plans/" + plan, "/coverage", "/imports", "/selections", "/admin/calendar", "/admin/audit", "/admin/people", "/me?person=" + h.Person(Exec(1)).ID} {
			status, _ := h.Get(host, path)
			require.Contains(t, []int{http.StatusForbidden, http.StatusNotFound}, status, path)
		}

		// The VP is VP no longer.
		was := h.Person(VP)
		sales := h.As(VP)
		status, _ := h.Get(sales, "/plans/"+plan)
		require.Equal(t, http.StatusOK, status)
		status, page := h.Post(h.As(Admin), "/admin/people/"+was.ID, url.Values{"version": {strconv.Itoa(was.Version)}, "role": {"executive"}})
		require.Equal(t, http.StatusOK, status, page)
		status, _ = h.Get(sales, "/plans/"+plan)
		require.Equal(t, http.StatusForbidden, status)
		refused, err := vp.GetPlanWithResponse(ctx, plan, nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusForbidden, refused.StatusCode())

		// Nobody who is not signed in sees anything.
		nobody := stranger(t)
		nobody.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		for _, path := range []string{"/", "/plans", "/plans/" + plan, "/coverage", "/me", "/visits", "/customers", "/imports", "/selections", "/admin/people"} {
			r, err := nobody.Get(h.URL + path)
			require.NoError(t, err)
			r.Body.Close()
			require.Equal(t, http.StatusSeeOther, r.StatusCode, path)
			require.Contains(t, r.Header.Get("Location"), "/signin")
		}
	})
}
