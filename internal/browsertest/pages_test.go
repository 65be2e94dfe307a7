package browsertest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/testkit"
	"windshield/internal/visit"
)

// sheet is one page as one person sees it.
type sheet struct {
	name   string
	who    string // address of the reader; "" signed out
	path   string // below the root of Windshield, or a whole address
	status int    // 0 is 200
	has    string // words that show that it is this page
	// act does what leads to the state to be looked at. It gives the status of the
	// answer that was loaded, 0 where nothing was.
	act func(t *testing.T, b *tab) int
}

// unchecked sends the first form that fits without the browser's own checks, as
// an old browser would.
func unchecked(selector string, values map[string]string) func(t *testing.T, b *tab) int {
	return func(t *testing.T, b *tab) int {
		for field, value := range values {
			b.do(t, chromedp.SetValue(selector+` [name="`+field+`"]`, value, chromedp.ByQuery))
		}
		ask[any](t, b, `document.querySelector(`+"`"+selector+"`"+`).noValidate = true`)
		return b.response(t, chromedp.Evaluate(`document.querySelector(`+"`"+selector+"`"+`).requestSubmit(); null`, nil))
	}
}

// click opens or presses something that loads no page.
func click(selector string) func(t *testing.T, b *tab) int {
	return func(t *testing.T, b *tab) int {
		b.do(t, chromedp.Click(selector, chromedp.ByQuery, chromedp.NodeVisible))
		return 0
	}
}

// sheets lists every page in every state that a person meets.
func (s *stage) sheets() []sheet {
	v := func(x flow.VisitView) string { return "/visits/" + x.Visit.ID }
	event := func(x flow.VisitView) string {
		return s.Side + "/people/" + x.Executive.Email + "/events/" + x.Events[0].EventID
	}
	return []sheet{
		{name: "sign in", path: "/signin", has: "Send me a link"},
		{name: "sign in, unknown link", path: "/signin/0000", has: "Sign in"},
		{name: "sign in, used link", path: "/signin/0000", has: "no longer good", status: http.StatusUnprocessableEntity, act: func(t *testing.T, b *tab) int { return b.send(t, "main form button") }},
		{name: "sign in, no address", path: "/signin", has: "There is a problem", status: http.StatusUnprocessableEntity, act: unchecked("main form", map[string]string{"email": "no address"})},
		{name: "sign in, sent", path: "/signin", has: "Check your mail", act: unchecked("main form", map[string]string{"email": "nobody@northlight.example"})},

		{name: "plans", who: vpMail, path: "/plans", has: "Plan 2027, another try"},
		{name: "plans, wrong seconds", who: vpMail, path: "/plans", has: "There is a problem", status: http.StatusUnprocessableEntity, act: unchecked(`main form[action="/plans/runs"]`, map[string]string{"seconds": "9999"})},
		{name: "plan, published", who: vpMail, path: "/plans/" + s.live.ID, has: "Quality of the plan"},
		{name: "plan, draft", who: vpMail, path: "/plans/" + s.draft.ID, has: "This is a draft"},
		{name: "plan, filtered", who: vpMail, path: "/plans/" + s.live.ID + "?q=Chief&country=US", has: "Clear"},
		{name: "plan, nothing fits", who: vpMail, path: "/plans/" + s.live.ID + "?q=zzzz", has: "fits this filter"},
		{name: "plan, a visit beside it", who: vpMail, path: "/plans/" + s.live.ID + "?visit=" + s.later.Visit.Label, has: "The cheapest other places"},
		{name: "plan, moving a visit", who: vpMail, path: "/plans/" + s.live.ID + "?visit=" + s.later.Visit.Label + "&do=move", has: "What would it do?"},
		{name: "plan, swapping a visit", who: vpMail, path: "/plans/" + s.live.ID + "?visit=" + s.later.Visit.Label + "&do=swap", has: "Swap with"},
		{name: "plan, a quarter in groups", who: vpMail, path: "/plans/" + s.live.ID + "?zoom=quarter&from=2027-W14&by=region&sort=gap", has: "longest gap"},
		{name: "plan, unknown filter", who: vpMail, path: "/plans/" + s.live.ID + "?group=XX&zoom=month", has: "does not have", status: http.StatusUnprocessableEntity},
		{name: "plan, grid on a phone", who: vpMail, path: "/plans/" + s.live.ID + "?view=grid", has: "Quality of the plan"},
		{name: "slides", who: vpMail, path: "/plans/" + s.live.ID + "/present", has: "seed"},
		{name: "slides, the plan", who: ceoMail, path: "/plans/" + s.live.ID + "/present?slide=3", has: "make"},
		{name: "slides, who takes these", who: vpMail, path: "/plans/" + s.live.ID + "/present?slide=4", has: "Who takes"},
		{name: "slides, the years", who: vpMail, path: "/plans/" + s.live.ID + "/present?slide=5", has: "I accept my year"},
		{name: "slides, in front of an audience", who: vpMail, path: "/plans/" + s.live.ID + "/present?slide=5&kiosk=1", has: "I accept my year"},
		{name: "slides, all", who: vpMail, path: "/plans/" + s.live.ID + "/present?slide=all", has: "Back to the slides"},
		{name: "slides, files", who: vpMail, path: "/plans/" + s.live.ID + "/present", has: "PowerPoint", act: click(".menu summary")},
		{name: "plan, files", who: vpMail, path: "/plans/" + s.live.ID, has: "PowerPoint", act: click(".menu summary")},
		{name: "plan, on paper", who: ceoMail, path: "/plans/" + s.live.ID + "/print", has: "Or take the PDF"},
		{name: "slides, none such", who: vpMail, path: "/plans/" + s.live.ID + "/present?slide=x", has: "no such slide", status: http.StatusUnprocessableEntity},
		{name: "promise", who: vpMail, path: "/plans/" + s.live.ID + "/promise", has: "Freeze as the promise"},
		{name: "promise, by outcome", who: ceoMail, path: "/plans/" + s.live.ID + "/promise?outcome=ahead", has: "still ahead"},
		{name: "promise, no reason", who: vpMail, path: "/plans/" + s.draft.ID + "/promise", has: "There is a problem", status: http.StatusUnprocessableEntity, act: unchecked(`main form[action$="/promise"]`, nil)},
		{name: "publish, forecast", who: vpMail, path: "/plans/" + s.fresh.ID + "/publish", has: "Nobody has been told yet"},
		{name: "publish, overtaken", who: vpMail, path: "/plans/" + s.draft.ID + "/publish", has: "has been overtaken", status: http.StatusConflict},
		{name: "launches", who: vpMail, path: "/plans/" + s.live.ID + "/launches", has: "in the calendars"},
		{name: "launch", who: vpMail, path: "/launches/" + s.launch, has: "By organiser"},
		{name: "calendars, report", who: adminMail, path: "/admin/calendar/report", has: "What the calendars hold"},
		{name: "calendars, report, as wanted", who: adminMail, path: "/admin/calendar/report?show=as+wanted", has: "Events: as wanted"},
		{name: "run, done", who: vpMail, path: "/plans/runs/" + s.run.ID, has: "Open the draft"},
		{name: "needs a place", who: vpMail, path: "/plans/" + s.live.ID + "/attention", has: "Customers without a place"},
		{name: "why a visit", who: vpMail, path: "/plans/" + s.live.ID + "/customers/" + s.later.Customer.ID, has: "Why not somebody else"},
		{name: "why no visit", who: vpMail, path: "/plans/" + s.live.ID + "/customers/" + s.declined.Customer.ID, has: "Why it has no place"},
		{name: "why a visit that was held", who: ceoMail, path: "/plans/" + s.live.ID + "/customers/" + s.held.Customer.ID, has: "Nobody moves it any more"},
		{name: "compare, choosing", who: vpMail, path: "/plans/" + s.live.ID + "/compare", has: "With"},
		{name: "compare", who: vpMail, path: "/plans/" + s.live.ID + "/compare?with=" + s.draft.ID, has: "stand differently"},
		{name: "scenarios, choosing", who: vpMail, path: "/plans/scenarios/new?selection=" + s.selection.ID, has: "Scenario 3"},
		{name: "scenarios, wrong", who: vpMail, path: "/plans/scenarios/new?selection=" + s.selection.ID, has: "There is a problem", status: http.StatusUnprocessableEntity, act: unchecked(`main form[method=post]`, map[string]string{"max_gap-1": "999"})},
		{name: "scenarios", who: vpMail, path: "/plans/scenarios/" + s.scenarios.ID, has: "Side by side"},
		{name: "coverage", who: vpMail, path: "/coverage", has: "Who we listen to"},
		{name: "coverage, a year", who: ceoMail, path: "/coverage?period=12m", has: "Gaps ahead"},
		{name: "coverage, wrong filter", who: ceoMail, path: "/coverage?perod=12m", has: "There is a problem", status: http.StatusUnprocessableEntity},
		{name: "coverage, people", who: ceoMail, path: "/coverage/people", has: "worst first"},
		{name: "coverage, a person", who: ceoMail, path: "/coverage/people/" + s.people[execMail].ID, has: "What counted, and what did not"},
		{name: "coverage, groups", who: ceoMail, path: "/coverage/strata", has: "fall behind the plan"},
		{name: "coverage, a group", who: ceoMail, path: "/coverage/strata/" + s.selection.Strata[0].Code, has: "Drawn, and not heard"},
		{name: "coverage, gaps", who: ceoMail, path: "/coverage/gaps", has: "30 days"},
		{name: "coverage, visits", who: ceoMail, path: "/coverage/visits?executive=" + s.people[execMail].ID, has: "counting visit"},
		{name: "selections", who: vpMail, path: "/selections", has: "2027"},
		{name: "selection", who: vpMail, path: "/selections/" + s.selection.ID, has: "Drawn customers"},
		{name: "selection, proof", who: vpMail, path: "/selections/" + s.selection.ID + "/proof", has: "What this cannot show"},
		{name: "selection, proof for the CEO", who: ceoMail, path: "/selections/" + s.selection.ID + "/proof", has: "1,000 re-draws"},
		{name: "selection, refusal", who: vpMail, path: "/selections/" + s.selection.ID + "/change?kind=refused&customer=" + s.selection.Rows[0].CustomerID, has: "takes over"},
		{name: "selection, by hand", who: vpMail, path: "/selections/" + s.selection.ID + "/change?kind=added", has: "stands for nobody else"},
		{name: "selection, by hand, no reason", who: vpMail, path: "/selections/" + s.selection.ID + "/change?kind=added", has: "There is a problem", status: http.StatusUnprocessableEntity, act: unchecked("main form[method=post]", map[string]string{"customer": "Nobody at all"})},
		{name: "selection, the teams' list", who: vpMail, path: "/selections/" + s.selection.ID + "/list", has: "Brought before"},
		{name: "selection, the teams' list, no file", who: vpMail, path: "/selections/" + s.selection.ID + "/list", has: "There is a problem", status: http.StatusUnprocessableEntity, act: unchecked("main form", nil)},
		{name: "new selection", who: vpMail, path: "/selections/new", has: "Freeze the list"},
		{name: "new selection, wrong", who: vpMail, path: "/selections/new", has: "There is a problem", status: http.StatusUnprocessableEntity, act: unchecked("main form[method=post]", map[string]string{"year": "1999", "leave_out": "Acme"})},
		{name: "design", who: vpMail, path: "/selections/frames/" + s.selection.FrameID, has: "The frozen list"},
		{name: "design, preview", who: vpMail, path: "/selections/frames/" + s.selection.FrameID, has: "nobody is drawn yet", act: unchecked("main form[method=post]", map[string]string{"visits": "120"})},
		{name: "design, wrong", who: vpMail, path: "/selections/frames/" + s.selection.FrameID, has: "There is a problem", status: http.StatusUnprocessableEntity, act: unchecked("main form[method=post]", map[string]string{"visits": "9999", "alpha": "0.5"})},
		{name: "imports", who: vpMail, path: "/imports", has: "customers spring.csv"},
		{name: "new import", who: vpMail, path: "/imports/new", has: "Upload and look"},
		{name: "new import, no file", who: vpMail, path: "/imports/new", has: "There is a problem", status: http.StatusUnprocessableEntity, act: unchecked("main form", nil)},
		{name: "import, match", who: vpMail, path: "/imports/" + s.ready.ID + "/match", has: "Which column is what?"},
		{name: "import, cannot match", who: vpMail, path: "/imports/" + s.unmatched.ID + "/match", has: "accounts export.csv"},
		{name: "import, problems", who: vpMail, path: "/imports/" + s.broken.ID + "/check", has: "There is a problem"},
		{name: "import, fine", who: vpMail, path: "/imports/" + s.ready.ID + "/check", has: "Go on"},
		{name: "import, confirm", who: vpMail, path: "/imports/" + s.ready.ID + "/confirm", has: "Write these rows?"},
		{name: "import, written", who: vpMail, path: "/imports/" + s.done.ID, has: "Import another file"},
		{name: "customers", who: vpMail, path: "/customers", has: "customers in all"},
		{name: "customers, nothing fits", who: vpMail, path: "/customers?q=zzzz", has: "No customer fits"},
		{name: "customer", who: vpMail, path: "/customers/" + s.customer.ID, has: s.customer.Name},
		{name: "visit, held", who: vpMail, path: v(s.held), has: "counts"},
		{name: "visit, declined", who: vpMail, path: v(s.declined), has: "with the board"},
		{name: "visit, conflict", who: vpMail, path: v(s.conflict), has: "Somebody has to decide"},
		{name: "visit, agreed", who: vpMail, path: v(s.agreed), has: "waits for an answer"},
		{name: "visit, agreed, wrong", who: vpMail, path: v(s.agreed), has: "There is a problem", status: http.StatusUnprocessableEntity, act: unchecked(`main form[action$="/agreement"]`, map[string]string{"join_url": "nowhere", "contact_email": "eva"})},
		{name: "visit, confirmed", who: vpMail, path: v(s.confirmed), has: "confirmed by the customer"},
		{name: "brief", who: vpMail, path: v(s.confirmed) + "/brief", has: "The late delivery in May"},
		{name: "brief, nothing yet", who: execMail, path: v(s.open) + "/brief", has: "This brief is not prepared yet"},
		{name: "brief, preparing", who: vpMail, path: v(s.agreed) + "/brief/edit", has: "Ours alone"},
		{name: "brief, preparing, wrong", who: vpMail, path: v(s.agreed) + "/brief/edit", has: "There is a problem", status: http.StatusUnprocessableEntity, act: unchecked("main form[method=post]", map[string]string{"theirs_by": " ", "agenda": strings.Repeat("x", 300)})},
		{name: "customer's page", path: s.link, has: "Please confirm"},
		{name: "customer's page, nothing said", path: s.link, has: "There is a problem", status: http.StatusUnprocessableEntity, act: unchecked("main form", map[string]string{"theirs": " "})},
		{name: "claims", who: vpMail, path: "/claims", has: "A new claim"},
		{name: "claims, no words", who: vpMail, path: "/claims", has: "There is a problem", status: http.StatusUnprocessableEntity, act: unchecked(`main form[action="/claims"]`, nil)},
		{name: "claim", who: vpMail, path: "/claims", has: "What it rests on", act: unchecked(`main form[action="/claims"]`, map[string]string{"text": "Prices are hard to compare", "topic": "pricing"})},
		{name: "customer's page, no link", path: "/c/0000", has: "no longer works", status: http.StatusNotFound},
		{name: "visit, accepted", who: vpMail, path: v(s.accepted), has: "Who and where"},
		{name: "person's visits", who: vpMail, path: "/me?person=" + s.people[ceoMail].ID, has: "▲"},

		{name: "my visits", who: execMail, path: "/me", has: "Next visit"},
		{name: "my visits, overdue", who: ceoMail, path: "/me", has: "▲"},
		{name: "my visit", who: execMail, path: v(s.open), has: "Your answer"},
		{name: "my visit, declining", who: execMail, path: v(s.open) + "/instead", has: "Decline all the same"},
		{name: "calendar address", who: execMail, path: "/me/feed", has: "There is no address"},
		{name: "search", who: vpMail, path: "/search?q=head", has: "found"},
		{name: "search, nothing", who: vpMail, path: "/search?q=qqqqq", has: "Nothing here is called"},
		{name: "keys", who: execMail, path: "/shortcuts", has: "In the plan"},
		{name: "my visit, no reason", who: execMail, path: v(s.open) + "/instead", has: "There is a problem", status: http.StatusUnprocessableEntity, act: func(t *testing.T, b *tab) int {
			ask[any](t, b, `document.querySelector("#f-d-reason").form.noValidate = true`)
			return b.send(t, ".btn.no")
		}},
		{name: "my visit, somebody faster", who: execMail, path: v(s.open), has: "Somebody changed this visit meanwhile", status: http.StatusConflict, act: func(t *testing.T, b *tab) int {
			// The assistant answers while the page is open.
			now, err := s.Flow.Visit(context.Background(), testkit.System, s.open.Visit.ID)
			require.NoError(t, err)
			other := visit.Tentative
			if now.Visit.Answer == visit.Tentative {
				other = visit.NoAnswer
			}
			_, err = s.Flow.Answer(context.Background(), testkit.System, s.open.Visit.ID, now.Visit.Version, other, "")
			require.NoError(t, err)
			return b.send(t, "main .btn.go")
		}},
		{name: "not for executives", who: execMail, path: "/imports", has: "You may not see or do this", status: http.StatusForbidden},

		{name: "my customers' visits", who: s.host.Email, path: "/visits", has: "Visits to your customers"},
		{name: "my customers' visits, wrong filter", who: s.host.Email, path: "/visits?from=soon", has: "There is a problem", status: http.StatusUnprocessableEntity},
		{name: "outcome", who: s.host.Email, path: v(s.begun), has: "What came of it"},
		{name: "outcome, nothing said", who: s.host.Email, path: v(s.begun), has: "There is a problem", status: http.StatusUnprocessableEntity, act: unchecked(`form[action$="/outcome"]`, nil)},
		{name: "debrief", who: s.host.Email, path: v(s.begun) + "/debrief", has: "One thing they said"},
		{name: "debrief, nothing said", who: s.host.Email, path: v(s.begun) + "/debrief", has: "There is a problem", status: http.StatusUnprocessableEntity, act: func(t *testing.T, b *tab) int {
			ask[any](t, b, `document.querySelector("main form").noValidate = true`)
			return b.send(t, "main form .btn.go")
		}},
		{name: "debrief, filed", who: vpMail, path: v(s.debriefed) + "/debrief", has: "What came of it"},
		{name: "debrief, correcting", who: vpMail, path: v(s.debriefed) + "/debrief?edit=1", has: "Send it again to correct it"},
		{name: "debrief, too early", who: vpMail, path: v(s.agreed) + "/debrief", has: "a debrief comes after"},
		{name: "memo, sent", who: vpMail, path: v(s.debriefed) + "/memo", has: "What the customer says"},
		{name: "what is open", who: vpMail, path: "/loops", has: "the latest first"},
		{name: "to do", who: s.host.Email, path: "/todo", has: "Open with customers"},
		{name: "to do, hosts who are behind", who: vpMail, path: "/todo", has: "Hosts who are behind"},
		{name: "objectives and agenda", who: vpMail, path: v(s.agreed) + "/agenda", has: "What they want"},
		{name: "objectives and agenda, wrong", who: vpMail, path: v(s.agreed) + "/agenda", has: "There is a problem", status: http.StatusUnprocessableEntity, act: unchecked("main form[method=post]", map[string]string{"theirs": "x", "theirs_by": " ", "agenda": "23:30 Late"})},
		{name: "mail to the customer", who: vpMail, path: v(s.agreed) + "/mail?kind=objective", has: "Use my own mail program"},
		{name: "mail to the customer, nobody", who: vpMail, path: v(s.agreed) + "/mail?kind=objective", has: "There is a problem", status: http.StatusUnprocessableEntity, act: unchecked("main form[method=post]", map[string]string{"subject": " "})},
		{name: "customer's page of after the visit", path: s.after, has: "Did you get what you wanted from it?"},
		{name: "my customers", who: s.host.Email, path: "/customers", has: "Customers"},
		{name: "somebody else's visit", who: s.host.Email, path: v(s.foreign()), has: "This page does not exist", status: http.StatusNotFound},

		{name: "calendars", who: adminMail, path: "/admin/calendar", has: "Connections, worst first"},
		{name: "accounts", who: adminMail, path: "/admin/calendar/accounts", has: "Accounts, worst first"},
		{name: "accounts, checked", who: adminMail, path: "/admin/calendar/accounts", has: "What the check found", act: func(t *testing.T, b *tab) int { return b.send(t, "main .btn.go") }},
		{name: "my calendar", who: execMail, path: "/me/calendar", has: "There is nothing to do"},
		{name: "my calendar, a late answer", who: execMail, path: "/oauth/google/callback?error=access_denied&state=x", has: "is not connected", status: http.StatusUnprocessableEntity},
		{name: "busy times", who: adminMail, path: "/admin/calendar/busy", has: "Whose calendar is read"},
		{name: "busy times, wrong", who: adminMail, path: "/admin/calendar/busy", has: "There is a problem", status: http.StatusUnprocessableEntity, act: unchecked(`main form[action="/admin/calendar/busy"]`, map[string]string{"meeting": "a while", "every": "1"})},
		{name: "buying stages", who: adminMail, path: "/admin/buying", has: "Buying stages"},
		{name: "calendar policy", who: adminMail, path: "/admin/calendar/policy", has: "What people do in their calendars"},
		{name: "to decide", who: vpMail, path: "/conflicts", has: "Decide"},
		{name: "calendar health", who: adminMail, path: "/admin/calendar/health", has: "Calendar by calendar"},
		{name: "notices", who: vpMail, path: "/me/notices", has: "How you are told"},
		{name: "notices, choices", who: execMail, path: "/me/notices/preferences", has: "By the clock in"},
		{name: "notices, choices wrong", who: execMail, path: "/me/notices/preferences", has: "There is a problem", status: http.StatusUnprocessableEntity, act: unchecked(`main form[action="/me/notices/preferences"]`, map[string]string{"quiet_from": "late"})},
		{name: "channels", who: adminMail, path: "/admin/notices", has: "How notices leave"},
		{name: "audit", who: adminMail, path: "/admin/audit", has: "Audit trail"},
		{name: "administration", who: adminMail, path: "/admin", has: "What needs attention"},
		{name: "jobs", who: adminMail, path: "/admin/jobs", has: "Failed jobs"},
		{name: "dimensions", who: adminMail, path: "/admin/dimensions", has: "Rename or merge a value"},
		{name: "rules", who: adminMail, path: "/admin/rules", has: "What each thing costs"},
		{name: "rules, looking", who: vpMail, path: "/admin/rules", has: "What would change", act: unchecked(`main form[method=post]`, map[string]string{"crunch": "5000"})},
		{name: "people", who: adminMail, path: "/admin/people", has: "Somebody new"},
		{name: "people, filtered", who: adminMail, path: "/admin/people?role=host&q=zzzz", has: "Nobody fits"},
		{name: "person", who: adminMail, path: "/admin/people/" + s.people[ceoMail].ID, has: "Around this person"},
		{name: "person, leaving", who: adminMail, path: "/admin/people/" + s.people[execMail].ID, has: "their 30-day clock stops", act: unchecked("main form[method=post]", map[string]string{"left": "2027-06-30"})},
		{name: "person, wrong", who: adminMail, path: "/admin/people/" + s.people[execMail].ID, has: "There is a problem", status: http.StatusUnprocessableEntity, act: unchecked("main form[method=post]", map[string]string{"email": "nowhere", "manager": "nobody@northlight.example"})},
		{name: "person, new", who: adminMail, path: "/admin/people/new", has: "City of the office"},
		{name: "person, data", who: adminMail, path: "/admin/people/" + s.people[execMail].ID + "/erase", has: "is still with us"},
		{name: "contacts", who: adminMail, path: "/customers/" + s.customer.ID + "/contacts", has: "Somebody else"},
		{name: "contact, data", who: adminMail, path: "/customers/" + s.confirmed.Visit.CustomerID + "/contacts/erase?name=Eva+Lang", has: "Type Eva Lang"},
		{name: "nothing here", who: adminMail, path: "/nothing/here", has: "This page does not exist", status: http.StatusNotFound},

		{name: "API", who: vpMail, path: "/docs", has: "Windshield"},
		{name: "emulator", path: s.Side + "/", has: "Whose calendar?"},
		{name: "emulator, mails", path: s.Side + "/mails", has: "Mails that the calendar"},
		{name: "emulator, person", path: s.Side + "/people/" + s.accepted.Executive.Email, has: "events by date"},
		{name: "emulator, event", path: event(s.accepted), has: "Are you coming?"},
		{name: "emulator, no event", path: s.Side + "/people/" + s.accepted.Executive.Email + "/events/none", has: "no such event", status: http.StatusNotFound},
		{name: "mail catcher", path: s.mail, has: "Caught mail"},
		{name: "mail", path: s.mail + "messages/1", has: "northlight.example"},
		{name: "no mail", path: s.mail + "messages/999", has: "No such message", status: http.StatusNotFound},
	}
}

// foreign gives a visit of another host's customer.
func (s *stage) foreign() flow.VisitView {
	for _, v := range []flow.VisitView{s.held, s.accepted, s.open, s.declined, s.conflict} {
		if v.Host.ID != s.host.ID {
			return v
		}
	}
	return flow.VisitView{}
}

// desk keeps one signed-in tab per person.
type desk struct {
	t *testing.T // of the whole suite
	*stage
	browser context.Context
	tabs    map[string]*tab
}

// tab gives the tab of a person, "" for somebody who is signed out.
func (d *desk) tab(t *testing.T, who string) *tab {
	t.Helper()
	if d.tabs[who] == nil {
		b := newTab(d.t, d.browser)
		b.size(t, 1440, 900)
		b.scheme(t, "light")
		if who != "" {
			d.enter(t, b, who)
		}
		d.tabs[who] = b
	}
	return d.tabs[who]
}

// goTo opens a page and brings it into its state.
func (d *desk) goTo(t *testing.T, p sheet) *tab {
	t.Helper()
	b := d.tab(t, p.who)
	b.size(t, 1440, 900)
	b.scheme(t, "light")
	b.forget()
	url := p.path
	if strings.HasPrefix(url, "/") {
		url = d.URL + url
	}
	status := b.open(t, url)
	if p.act != nil {
		if s := p.act(t, b); s != 0 {
			status = s
		}
	}
	want := p.status
	if want == 0 {
		want = http.StatusOK
	}
	require.Equal(t, want, status)
	require.Contains(t, b.text(t), p.has)
	return b
}

// wider gives what is wider than the screen, "" where the page does not scroll
// sideways.
const wider = `(() => {
	const room = document.documentElement.clientWidth;
	if (document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollWidth <= room) return "";
	const clipped = (e) => { for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) if (getComputedStyle(p).overflowX !== "visible") return true; return false };
	const out = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > room + 0.5 && !clipped(e));
	return document.documentElement.scrollWidth + " px: " + out.slice(0, 4).map((e) => e.outerHTML.slice(0, 120)).join(" | ");
})()`

// small gives the controls that are smaller than least CSS pixels in a
// direction. Links in running text are exempt, as in WCAG 2.5.8; a tick counts
// with its label.
const small = `((least) => [...document.querySelectorAll("button, select, textarea, summary, input:not([type=hidden]), .btn, nav a, a.v, [role=button]")].filter((e) => {
	const box = (e.matches("input[type=checkbox], input[type=radio]") && e.closest("label") || e).getBoundingClientRect();
	return e.checkVisibility({visibilityProperty: true}) && box.width > 0 && (box.width < least - 0.1 || box.height < least - 0.1);
}).slice(0, 5).map((e) => { const b = e.getBoundingClientRect(); return Math.round(b.width) + "x" + Math.round(b.height) + " " + e.outerHTML.slice(0, 120) }))`

// cut gives texts that are cut off without a mark that they go on.
const cut = `[...document.querySelectorAll("h1, h2, h3, th, td, dd, p, label, .btn, .tag, .sw, a.v, nav a")].filter((e) =>
	e.checkVisibility() && !e.closest(".vh") && e.clientWidth > 0 && getComputedStyle(e).overflowX !== "visible" && getComputedStyle(e).overflowX !== "auto" &&
	getComputedStyle(e).textOverflow !== "ellipsis" && e.scrollWidth > e.clientWidth + 1).slice(0, 5).map((e) => e.outerHTML.slice(0, 160))`

// colours are the rules whose answer can differ between light and dark.
var colours = []string{"color-contrast", "link-in-text-block"}

// layouts are those whose answer can differ between a desk and a phone.
var layouts = append([]string{"target-size", "scrollable-region-focusable"}, colours...)

// lookAt checks a page on a desk and on a phone, light and dark.
func (d *desk) lookAt(t *testing.T, p sheet) {
	b := d.goTo(t, p)
	if p.act == nil && strings.HasPrefix(p.path, "/") {
		d.heavy(t, b, p)
	}
	for _, width := range []int64{1440, 390} {
		b.size(t, width, 900)
		for _, scheme := range []string{"light", "dark"} {
			b.scheme(t, scheme)
			var rules []string
			switch {
			case scheme == "dark":
				rules = colours
			case width < 640:
				rules = layouts
			}
			for _, finding := range b.audit(t, rules...) {
				t.Errorf("%d px, %s: %s", width, scheme, finding)
			}
		}
	}
	for _, width := range []int64{1440, 390, 320} {
		b.size(t, width, 900)
		if found := ask[string](t, b, wider); found != "" {
			t.Errorf("%d px: the page scrolls sideways, %s", width, found)
		}
		for _, found := range ask[[]string](t, b, fmt.Sprintf("%s(%d)", small, 24)) {
			t.Errorf("%d px: too small to hit: %s", width, found)
		}
		for _, found := range ask[[]string](t, b, cut) {
			t.Errorf("%d px: text is cut off: %s", width, found)
		}
	}
	wrong := b.wrong()
	slices.Sort(wrong)
	for _, w := range slices.Compact(wrong) {
		t.Error(w)
	}
}

// scripts switches the page's own scripts on or off, from the next page on.
func (b *tab) scripts(t *testing.T, on bool) {
	t.Helper()
	b.do(t, emulation.SetScriptExecutionDisabled(!on))
}
