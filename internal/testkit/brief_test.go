package testkit_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/roster"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

var customerLink = regexp.MustCompile(`/c/[0-9a-f]{64}`)

// lastLink gives the path of the newest link that the customer's person was sent.
func lastLink(t *testing.T, h *House) string {
	t.Helper()
	mails := h.Inbox(eva)
	require.NotEmpty(t, mails)
	path := customerLink.FindString(mails[len(mails)-1].Text)
	require.NotEmpty(t, path)
	return path
}

var printField = regexp.MustCompile(`name="print" value="([0-9a-f]+)"`)

func TestTheCustomerMakesAVisitReady(t *testing.T) {
	On(t, Postgres, func(t *testing.T, h *House) {
		ctx := context.Background()
		vp := h.Small(16)
		plan := h.Draft(vp, h.Select(vp, PlanYear, 8, "region"), 1, 2_000)
		require.NoError(t, client.Check(h.Publish(vp, plan, "")))
		h.Settle()
		v := h.Visits(plan)[5]
		host, exec := h.Person(v.HostID).Email, h.Person(v.ExecutiveID).Email
		save := func(version int, agenda ...string) *client.SaveBriefResponse {
			items := []client.AgendaItem{{At: pointer("09:30"), What: "Plant tour"}}
			for _, a := range agenda {
				items = append(items, client.AgendaItem{What: a})
			}
			r, err := h.API(host).SaveBriefWithResponse(ctx, v.ID, &client.SaveBriefParams{IfMatch: client.Match(version)}, client.BriefRequest{
				Objective: pointer("A pilot " + secret), Theirs: pointer("See how others run it"), TheirsBy: pointer("Eva Lang"), Agenda: &items,
				People:    &[]client.Attendee{{Name: "Kim " + secret}, {Name: "Eva Lang", Role: pointer("Production"), Theirs: pointer(true)}},
				Questions: &[]string{"Who decides? " + secret}, Elephants: &[]string{"The late delivery " + secret}, Asks: &[]string{"What would make it fail? " + secret}, Travel: pointer("Train 7:32 " + secret)})
			require.NoError(t, err)
			return r
		}

		// The host prepares; the executive adds a question and may do no more.
		require.NoError(t, client.Check(save(0)))
		refused[*client.SaveBriefResponse](t, http.StatusPreconditionFailed, "meanwhile")(save(0), nil)
		status, _ := h.Post(h.As(exec), "/visits/"+v.ID+"/brief", url.Values{"version": {"1"}, "objective": {"Mine"}})
		require.Equal(t, http.StatusForbidden, status)
		status, page := h.Post(h.As(exec), "/visits/"+v.ID+"/brief/questions", url.Values{"question": {"Why now? " + secret}})
		require.Equal(t, http.StatusOK, status)
		shows(t, page, "Why now?", "The late delivery", "See how others run it", "Plant tour", "Train 7:32", "Not agreed with the customer")
		another := pick(h.Visits(plan), func(w visit.Visit) bool { return w.ExecutiveID != v.ExecutiveID })[0]
		status, _ = h.Get(h.As(exec), "/visits/"+another.ID+"/brief")
		require.Equal(t, http.StatusNotFound, status)
		h.Settle()
		require.Contains(t, h.InCalendar(v.ID).Description, "/visits/"+v.ID+"/brief")
		require.Contains(t, h.InCalendar(v.ID).Description, secret)

		// Before it is agreed nobody is asked to confirm it.
		send := func() *client.SendCustomerLinkResponse {
			r, err := h.API(host).SendCustomerLinkWithResponse(ctx, v.ID, &client.SendCustomerLinkParams{IfMatch: client.Match(h.Visit(v.ID).Version)}, client.CustomerLinkRequest{Email: eva})
			require.NoError(t, err)
			h.Settle()
			return r
		}
		refused[*client.SendCustomerLinkResponse](t, http.StatusConflict, "agreed before")(send(), nil)
		agree(t, h, v, eva)
		require.NoError(t, client.Check(send()))
		first := lastLink(t, h)
		dead := func(path string) string {
			t.Helper()
			status, page := h.Get(stranger(t), path)
			require.Equal(t, http.StatusNotFound, status)
			status, same := h.Post(stranger(t), path, url.Values{"theirs": {"x"}, "print": {"0"}})
			require.Equal(t, http.StatusNotFound, status)
			require.Equal(t, page, same)
			return page
		}
		guessed := dead("/c/" + strings.Repeat("0", 64))
		require.Equal(t, guessed, dead("/c/x"))
		status, page = h.Get(stranger(t), first)
		require.Equal(t, http.StatusOK, status)
		shows(t, page, "See how others run it", "09:30 Plant tour", "Executive", h.Person(v.HostID).Phone)
		for _, never := range []string{secret, "/visits", "/plans", "Sign"} {
			require.NotContains(t, page, never)
		}

		// Who clicks twice sends one mail; who may not send anything uses up nothing.
		status, _ = h.Post(h.As(host), "/visits/"+v.ID+"/links", url.Values{"version": {strconv.Itoa(h.Visit(v.ID).Version)}, "email": {eva}})
		require.Equal(t, http.StatusOK, status)
		h.Settle()
		require.Equal(t, first, lastLink(t, h))
		for range 11 {
			status, _ = h.Post(h.As(exec), "/visits/"+v.ID+"/links", url.Values{"version": {"1"}, "email": {eva}})
			require.Equal(t, http.StatusForbidden, status)
		}
		_, err := h.Flow.Brief(ctx, access.ActorFor(roster.Person{ID: "somebody", Roles: []roster.Role{roster.Administrator}}), v.ID)
		require.True(t, fault.Is(err, fault.Denied), "who runs the program need not know what is difficult: %v", err)

		// A new link ends the one before; a withdrawn one ends.
		h.Clock.Set(h.Clock.Now().Add(time.Minute))
		second := send()
		require.NoError(t, client.Check(second))
		require.Equal(t, guessed, dead(first))
		open := slices.DeleteFunc(second.JSON200.Links, func(l client.CustomerLink) bool { return l.State != client.CustomerLinkStateOpen })
		require.Len(t, open, 1)
		gone, err := h.API(host).WithdrawCustomerLinkWithResponse(ctx, v.ID, open[0].Id)
		for _, l := range ok(t, gone, err).JSON200.Links {
			require.Equal(t, client.CustomerLinkStateWithdrawn, l.State)
		}
		require.Equal(t, guessed, dead(lastLink(t, h)))

		// We change the agenda while the customer reads: what was not seen is not confirmed.
		require.NoError(t, client.Check(send()))
		good := lastLink(t, h)
		_, page = h.Get(stranger(t), good)
		form := url.Values{"print": {printField.FindStringSubmatch(page)[1]}, "theirs": {"Less paper"}, "agenda": {"10:00 Plant tour\r\nLunch"}}
		require.NoError(t, client.Check(save(2, "Prices")))
		status, page = h.Post(stranger(t), good, form)
		require.Equal(t, http.StatusConflict, status)
		shows(t, page, "We have changed something", "Prices", "Less paper")
		require.Equal(t, visit.Agreed, h.Visit(v.ID).State)
		form.Set("print", printField.FindStringSubmatch(page)[1])
		for _, bad := range []url.Values{{"theirs": {" "}}, {"agenda": {strings.Repeat("x", 300)}}, {"agenda": {"a\x00b"}}, {"theirs": {"\xff"}}} {
			status, _ = h.Post(stranger(t), good, url.Values{"print": form["print"], "theirs": append(bad["theirs"], "x"), "agenda": bad["agenda"]})
			require.Equal(t, http.StatusUnprocessableEntity, status)
		}
		mails := len(h.Calendar.Ledger().Mails)
		status, page = h.Post(stranger(t), good, form)
		require.Equal(t, http.StatusOK, status)
		shows(t, page, "Thank you", "Less paper")
		h.Settle()
		refused[*client.SaveBriefResponse](t, http.StatusPreconditionFailed, "meanwhile")(save(3), nil)
		ready := h.Visit(v.ID)
		require.Equal(t, visit.Confirmed, ready.State)
		require.Equal(t, []any{"Less paper", []visit.AgendaItem{{At: "10:00", What: "Plant tour"}, {What: "Lunch"}}}, []any{ready.Theirs.Words, ready.Agenda})
		require.Equal(t, guessed, dead(good), "a link works once")
		hostMails := h.Inbox(host)
		require.Contains(t, hostMails[len(hostMails)-1].Subject, "has confirmed")
		require.Contains(t, hostMails[len(hostMails)-1].Text, "changed it")
		require.Contains(t, h.InCalendar(v.ID).Description, "10:00 Plant tour")
		require.Len(t, h.Calendar.Ledger().Mails, mails, "a better text is not worth a mail")
		seen := outsiders(t, h, v.ID, eva)
		require.NotContains(t, seen, secret)
		require.Contains(t, seen, "Less paper")
		_, page = h.Get(h.As(host), "/visits/"+v.ID)
		shows(t, page, "ready", "changed the objective or the agenda, and confirmed it", "the customer")

		// What is ours alone may change; what the customer confirmed asks again.
		kept := h.Visit(v.ID)
		status, _ = h.Post(h.As(exec), "/visits/"+v.ID+"/brief/questions", url.Values{"question": {"Who else?"}})
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, kept, h.Visit(v.ID))
		require.NoError(t, client.Check(save(5)))
		require.Equal(t, visit.Agreed, h.Visit(v.ID).State)

		// A link gets old.
		require.NoError(t, client.Check(send()))
		late := lastLink(t, h)
		h.Clock.Set(h.Clock.Now().Add(14 * 24 * time.Hour))
		require.Equal(t, guessed, dead(late))
		for _, m := range h.Inbox(eva) {
			require.NotContains(t, string(m.Raw), secret)
		}
		for range 10 {
			require.NoError(t, client.Check(send()))
		}
		refused[*client.SendCustomerLinkResponse](t, http.StatusTooManyRequests, "wait")(send(), nil)
		last := lastLink(t, h)
		status, _ = h.Get(stranger(t), last)
		require.Equal(t, http.StatusOK, status)
		agree(t, h, h.Visit(v.ID), "max@customer.example")
		require.Equal(t, guessed, dead(last), "who comes no more has no link")
		needless(t, h, plan)
		quiet(t, h)
	})
}

// needless: a visit without an objective a week ahead is told to the host, three days
// ahead to the VP, each once.
func needless(t *testing.T, h *House, plan string) {
	v := h.Visits(plan, visit.Published)[0]
	host := h.Person(v.HostID).Email
	asked := func(who string) (n int) {
		for _, m := range h.Inbox(who) {
			if strings.Contains(m.Text, v.ID+"/brief") && strings.Contains(m.Subject, "for?") {
				n++
			}
		}
		return n
	}
	for _, c := range []struct {
		days, host, vp int
	}{{8, 0, 0}, {7, 1, 0}, {4, 1, 0}, {3, 1, 1}, {1, 1, 1}} {
		h.SetDay(v.Slot.Date.Add(-c.days), "12:00", v.Zone)
		h.Tick()
		h.Tick()
		require.Equal(t, []int{c.host, c.vp}, []int{asked(host), asked(VP)}, "%d days before", c.days)
	}
	_, page := h.Get(h.As(host), "/visits?from="+v.Slot.Date.String())
	shows(t, page, "no objective")
}
