package web_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/planning"
)

// Every setting says in its form how it was seen. Where somebody was faster, both
// versions are shown, the form has what was typed, and sending it again is knowing.
func TestSettingsShowBothVersions(t *testing.T) {
	typed := `"><script>x</script>`
	for _, x := range []struct {
		who, page, to, fails string
		form                 url.Values
		want                 []string
	}{
		{"vp", "/admin/buying", "/admin/buying", "set buying", url.Values{"stages": {"fear | " + typed + " | early\nnew | New | late"}, "actions": {"said_so | said so | fear"}}, []string{"Stage fear", "Stage new", "Action said_so", "What stands now"}},
		{"vp", "/admin/buying", "/admin/buying/fiscal", "set fiscal", url.Values{"fiscal_start": {"4"}, "quarter_end_days": {"33"}}, []string{"April", "33", "Last days that count"}},
		{"administrator", "/admin/notices", "/admin/notices", "notice settings", url.Values{"zone": {typed}, "slack": {"breach"}}, []string{"To the company’s Slack", "breach"}},
		{"administrator", "/admin/calendar/policy", "/admin/calendar/policy", "set policy", url.Values{"move": {"ask"}, "resize": {"accept"}, "text": {"keep"}, "delete": {"cancel"}, "answer": {"carry"}}, []string{"Somebody moves a visit", "Somebody decides, with proposals"}},
		{"administrator", "/admin/calendar/busy", "/admin/calendar/busy", "set busy", url.Values{"begins": {"07:11"}, "noon": {"12:30"}, "ends": {"18:00"}, "meeting": {"30"}, "away": {"240"}, "full": {"120"}, "every": {"60"}, "fresh": {"10"}}, []string{"The day begins", "07:11"}},
		{"vp", "/admin/rules", "/admin/rules", "weights", url.Values{"do": {"save"}, string(planning.Crunch): {"1234"}}, []string{"End of the quarter", "1234", "2000"}},
		{"vp", "/admin/dimensions", "/admin/dimensions", "rename", url.Values{"dimension": {"region"}, "from": {"EMEA"}, "to": {typed}}, []string{"EMEA becomes", "the values are EMEA, emea"}},
		{"vp", "/claims", "/claims/settings", "statements", url.Values{"stale_days": {"60"}}, []string{"after 77 days now", "You wanted 60"}},
		{"vp", "/coverage", "/coverage/ladder", "ladder", url.Values{"vp_days": {"2"}, "ceo_days": {"5"}}, []string{"the VP after 4 days, the CEO after 9", "the VP after 2 days, the CEO after 5"}},
	} {
		s := makeStory(sampleSize).live()
		site := open(t, s, actors(s)[x.who])
		page := site.get(x.page)
		require.Equal(t, 200, page.Code, x.page)
		require.Contains(t, page.Body.String(), `name="seen" value="`, x.page)
		s.fail[x.fails] = fault.Stalef("Somebody changed this meanwhile.")
		w := site.post(x.to, x.form)
		require.Contains(t, []int{409, 412}, w.Code, x.to)
		sound(t, w.Body.Bytes())
		require.NotContains(t, w.Body.String(), "<script>x", x.to)
		for _, want := range append(x.want, "meanwhile") {
			require.Contains(t, w.Body.String(), want, x.to)
		}
	}
}
