package testkit_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/flow"
	"windshield/internal/slot"
	. "windshield/internal/testkit"
)

// It is New Year in Auckland and the last day of the year in Honolulu, at an hour at which
// UTC has either day. Whoever reads sees the day and the way of writing that are theirs,
// whatever the reader before has made the program remember.
func TestReadersOnBothSidesOfTheYear(t *testing.T) {
	h := New(t, SQLite)
	ctx := context.Background()
	vp := h.Small(16) // everybody's last visit was on 15 December
	plan := h.Draft(vp, h.Select(vp, PlanYear, 12, "region"), 1, 20_000)
	require.NoError(t, client.Check(h.Publish(vp, plan, "")))
	h.Settle()
	for email, as := range map[string][2]string{CEO: {"Pacific/Auckland", "en-GB"}, VP: {"Pacific/Honolulu", "en-US"}, Exec(1): {"Pacific/Auckland", "en-US"}, Exec(2): {"Pacific/Auckland", ""}, Exec(3): {"Pacific/Honolulu", "en-US"}} {
		p := h.Person(email)
		moved, err := h.API(Admin).ChangePersonWithResponse(ctx, p.ID, &client.ChangePersonParams{IfMatch: client.Match(p.Version)}, client.PersonChange{Zone: text(as[0])})
		ok(t, moved, err)
		if as[1] != "" {
			chose, err := h.API(email).SetLocaleWithResponse(ctx, client.LocaleRequest{Locale: as[1]})
			ok(t, chose, err)
		}
	}
	type seen struct{ Coverage, From, Until, Plan, Promise, Claims, Footer string }
	footer := regexp.MustCompile(`seed \d+ · ([^<]*[0-9])`)
	sees := func(email string) seen {
		a, err := h.Flow.ActorOf(ctx, h.Person(email).ID)
		require.NoError(t, err)
		cover, err := h.API(email).GetCoverageWithResponse(ctx, nil)
		c := ok(t, cover, err).JSON200
		p, err := h.Flow.Plan(ctx, a, plan, flow.PlanFilter{Open: func([]flow.PlanRow) map[string]bool { return nil }})
		require.NoError(t, err)
		promise, err := h.Flow.Promise(ctx, a, plan, "")
		require.NoError(t, err)
		claims, err := h.Flow.Claims(ctx, a)
		require.NoError(t, err)
		_, page := h.Get(h.As(email), "/plans/"+plan+"/present")
		found := footer.FindStringSubmatch(page)
		require.NotNil(t, found, page)
		return seen{c.Today.String(), c.Period.Start.String(), c.Period.End.String(), p.Today.String(), promise.Today.String(), claims.Today.String(), found[1]}
	}
	for _, at := range []time.Time{time.Date(PlanYear-1, time.December, 31, 20, 0, 0, 0, time.UTC), time.Date(PlanYear, time.January, 1, 9, 30, 0, 0, time.UTC)} {
		h.Clock.Set(at)
		for range 2 { // the second look finds what the first has left
			require.Equal(t, seen{"2026-12-31", "2026-01-01", "2026-12-31", "2026-12-31", "2026-12-31", "2026-12-31", "Dec 31, 2026"}, sees(VP), at)
			require.Equal(t, seen{"2027-01-01", "2026-01-02", "2027-01-01", "2027-01-01", "2027-01-01", "2027-01-01", "1 Jan 2027"}, sees(CEO), at)
		}
	}
	_, page := h.Get(h.As(VP), "/coverage")
	shows(t, page, "Nothing is promised for 2026 yet", "Dec 31, 2026")
	_, page = h.Get(h.As(CEO), "/coverage")
	require.NotContains(t, page, "Nothing is promised")
	shows(t, page, "Fri 1 Jan 2027")

	// What the planner says, of one plan that is laid out once.
	why := "/plans/" + plan + "/customers/" + h.Visits(plan)[0].CustomerID
	monthFirst, dayFirst := regexp.MustCompile(` on (Mon|Tue|Wed|Thu|Fri), [A-Z][a-z]{2} \d`), regexp.MustCompile(` on (Mon|Tue|Wed|Thu|Fri) \d+ [A-Z][a-z]{2}\b`)
	for range 2 {
		_, page = h.Get(h.As(VP), why)
		require.Regexp(t, monthFirst, page)
		require.NotRegexp(t, dayFirst, page)
		_, page = h.Get(h.As(CEO), why)
		require.Regexp(t, dayFirst, page)
		require.NotRegexp(t, monthFirst, page)
	}
	_, page = h.Get(h.As(VP), "/plans/"+plan)
	shows(t, page, `data-month="first"`)

	// Who lives in Auckland is fourteen days from the limit; in Honolulu it is fifteen.
	h.Clock.Set(time.Date(PlanYear-1, time.December, 31, 20, 0, 0, 0, time.UTC))
	for _, v := range h.Visits(plan) {
		if v.Slot.Date < slot.MustDate("2027-02-01") && v.State.Live() {
			_, err := h.Flow.Cancel(ctx, System, v.ID, v.Version, "other", "for the story")
			require.NoError(t, err)
		}
	}
	h.Tick()
	h.Notices()
	warned := func(email string) (texts []string) {
		for _, m := range h.Inbox(email) {
			if strings.Contains(m.Subject, "in 14 days") {
				texts = append(texts, m.Text)
			}
		}
		return texts
	}
	require.Len(t, warned(Exec(1)), 1)
	require.Contains(t, warned(Exec(1))[0], "are passed on Fri, Jan 15")
	require.Len(t, warned(Exec(2)), 1)
	require.Contains(t, warned(Exec(2))[0], "are passed on Fri 15 Jan")
	require.Empty(t, warned(Exec(3)))
}
