package testkit_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	openapi "github.com/oapi-codegen/runtime/types"
	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/alert"
	"windshield/internal/mail"
	"windshield/internal/slot"
	. "windshield/internal/testkit"
)

// The 30-day clock from the first warning to the CEO, with those who ask it to wait, a
// correction of the past, and what the VP can do about it.
func TestTheClockThatNobodyEscapes(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		ctx := context.Background()
		h.Small(16) // everybody's last visit was on 15 December
		const aide = "aide@windshield.example"
		h.Bring(Admin, client.ImportKindExecutives, "key,name,email,city,country,assistant_name,assistant_email,left\n"+
			"e1,Executive 1,"+Exec(1)+",Zürich,CH,The Aide,"+aide+",\ne2,Executive 2,"+Exec(2)+",Zürich,CH,,,2027-01-10\n")
		require.Equal(t, slot.MustDate("2027-01-10"), h.Person(Exec(2)).Left)
		e1, e3 := h.Person(Exec(1)).ID, h.Person(Exec(3)).ID
		on := func(day string) {
			h.SetDay(slot.MustDate(day), "12:00", "Europe/Zurich")
			for range 2 { // the second look has nothing to add
				h.Tick()
			}
		}
		got := func(email, words string) (n int) {
			for _, m := range h.Inbox(email) {
				if strings.Contains(m.Subject, words) {
					n++
				}
			}
			return n
		}

		// 14 and 7 days ahead the person and the assistant are warned, once each time.
		on("2026-12-31")
		require.Zero(t, got(Exec(1), "You pass 30 days"))
		on("2027-01-01")
		require.Equal(t, []int{1, 1, 0}, []int{got(Exec(1), "in 14 days"), got(aide, "Executive 1 passes 30 days"), got(Exec(2), "You pass")}, "who leaves before passes no limit")
		on("2027-01-08")
		require.Equal(t, []int{1, 2}, []int{got(Exec(1), "in 7 days"), got(aide, "Executive 1 passes 30 days")})

		// On the day, the same; and one of them asks for some days.
		on("2027-01-15")
		require.Len(t, h.Breaches(Exec(1)), 1)
		require.Equal(t, 1, got(aide, "Executive 1 has gone"))
		require.Empty(t, h.Alerts(h.Person(Exec(2)).ID))
		mails := len(h.Inbox(Exec(2))) // who has left is let in no more
		require.NoError(t, h.Flow.RequestLink(ctx, Exec(2), "192.0.2.1"))
		h.Settle()
		require.Len(t, h.Inbox(Exec(2)), mails)
		_, err := h.Flow.ActorOf(ctx, h.Person(Exec(2)).ID)
		require.ErrorContains(t, err, "has left")
		breach := h.Alerts(e1)[0].Breach
		answer := func(as, until, reason string) (*client.AnswerAlertResponse, error) {
			in := client.AlertAnswer{Breach: openapi.Date{Time: breach.Time()}, Reason: reason}
			if until != "" {
				in.Until = &openapi.Date{Time: slot.MustDate(until).Time()}
			}
			return h.API(as).AnswerAlertWithResponse(ctx, e1, in)
		}
		refused[*client.AnswerAlertResponse](t, http.StatusForbidden, "none of your roles")(answer(Exec(3), "2027-01-20", "Not mine."))
		refused[*client.AnswerAlertResponse](t, http.StatusForbidden, "none of your roles")(answer(CEO, "", "I know."))
		refused[*client.AnswerAlertResponse](t, http.StatusUnprocessableEntity, "3 to 500 characters")(answer(aide, "2027-01-20", " a "))
		refused[*client.AnswerAlertResponse](t, http.StatusUnprocessableEntity, "2027-01-29")(answer(aide, "2027-02-20", "A long holiday."))
		r, err := answer(aide, "2027-01-20", "A visit is agreed for Monday. "+script)
		ok(t, r, err)
		form := url.Values{"person": {e3}, "breach": {breach.String()}, "do": {"snooze"}, "until": {"soon"}, "reason": {"I know it."}}
		status, page := h.Post(h.As(Exec(3)), "/me/alert", form)
		require.Equal(t, http.StatusUnprocessableEntity, status)
		shows(t, page, "There is a problem", "I know it.")
		form.Set("do", "acknowledge")
		status, page = h.Post(h.As(Exec(3)), "/me/alert", form)
		require.Equal(t, http.StatusOK, status)
		shows(t, page, "Only a visit ends it", "Acknowledged on", "I know it.", "Told: the person on")
		_, page = h.Get(h.As(aide), "/me")
		shows(t, page, "Silent until", "&lt;script&gt;")
		require.NotContains(t, page, script)

		// The VP hears after three days, of who snoozed once the silence is over; then the CEO.
		on("2027-01-18")
		require.Equal(t, []int{0, 1}, []int{got(VP, "Executive 1 has gone"), got(VP, "Executive 3 has gone")}, "an acknowledgement stops nobody")
		on("2027-01-20")
		require.Equal(t, []int{1, 1}, []int{got(VP, "Executive 1 has gone"), got(VP, "Executive 3 has gone")})
		require.True(t, anyMail(h.Inbox(VP), "A visit is agreed for Monday."), "with the reason")
		require.Zero(t, got(CEO, "Executive 3 has gone"))
		status, _ = h.Post(h.As(CEO), "/coverage/ladder", url.Values{"vp_days": {"3"}, "ceo_days": {"5"}})
		require.Equal(t, http.StatusForbidden, status)
		status, _ = h.Post(h.As(VP), "/coverage/ladder", url.Values{"vp_days": {"3"}, "ceo_days": {"2"}})
		require.Equal(t, http.StatusUnprocessableEntity, status)
		status, page = h.Post(h.As(VP), "/coverage/ladder", url.Values{"vp_days": {"3"}, "ceo_days": {"6"}})
		require.Equal(t, http.StatusOK, status)
		shows(t, page, "It is noted when alerts climb.", "VP told ")
		_, page = h.Get(h.As(CEO), "/coverage/people/"+e3)
		shows(t, page, "the VP of Sales on", "I know it.")
		on("2027-01-21")
		require.Zero(t, got(CEO, "has gone"), "the CEO reads it in the digest of the next working morning")
		on("2027-01-22")
		for range 2 {
			h.Notices()
		}
		require.Equal(t, 1, got(CEO, "Your day"))
		require.True(t, anyMail(h.Inbox(CEO), "Executive 1 has gone") && anyMail(h.Inbox(CEO), "Executive 3 has gone"))

		// There was a visit that nobody had written down: there never was a breach.
		h.Bring(Admin, client.ImportKindVisits, "executive,customer,host,date,kind,with_host\ne1,c01,h2,2027-01-10,onsite,yes\ne3,c02,h3,2027-01-11,trade_show,yes\n")
		h.Tick()
		require.Equal(t, alert.Superseded, h.Alerts(e1)[0].Outcome)
		closed := false
		list, err := h.API(CEO).ListAlertsWithResponse(ctx, &client.ListAlertsParams{Open: &closed})
		for _, a := range ok(t, list, err).JSON200.Items {
			if a.Person.Id == e1 {
				require.Contains(t, a.Reason, "The past was corrected")
			}
		}
		mine, err := h.API(Exec(3)).GetMineWithResponse(ctx, &client.GetMineParams{})
		me := ok(t, mine, err).JSON200
		require.Equal(t, "trade_show", *me.Clock.Ledger[0].Lapse)
		require.True(t, me.MayNote && me.Clock.Overdue)
		require.Len(t, *me.Alert.Rungs, 3)

		// A plan offers ways out: to who plans, on the page with the free half-days.
		vp := h.API(VP)
		plan := h.Draft(vp, h.Select(vp, PlanYear, 12, "region"), 1, 500)
		require.NoError(t, client.Check(h.Publish(vp, plan, "")))
		_, page = h.Get(h.As(VP), "/me?person="+e3)
		shows(t, page, "What would end it", "Bring the visit to", "/plans/"+plan+"/customers/")
		_, page = h.Get(h.As(Exec(3)), "/me")
		shows(t, page, "Bring the visit to")
		require.NotContains(t, page, "/plans/"+plan+"/customers/")

		// Nobody goes: groups and regions fall behind.
		h.SetDay(slot.MustDate("2027-12-20"), "12:00", "Europe/Zurich")
		coverage, err := h.API(CEO).GetCoverageWithResponse(ctx, &client.GetCoverageParams{})
		behind := ok(t, coverage, err).JSON200.Behind
		require.NotEmpty(t, behind)
		_, page = h.Get(h.As(CEO), "/coverage/strata")
		shows(t, page, "Groups that fall behind", behind[0].Reason)
		openEveryNumber(t, h)
	})
}

func anyMail(all []mail.Caught, words string) bool {
	for _, m := range all {
		if strings.Contains(m.Text, words) {
			return true
		}
	}
	return false
}
