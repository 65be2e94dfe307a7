package testkit_test

import (
	"flag"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	. "windshield/internal/testkit"
)

var size = flag.Int("size", 100, "how many per cent of the full company the pages are measured with")

// changed ends the names of pages that are asked for right after something has changed
// of what they show.
const changed = ", changed"

// processor gives how much time processors have spent on this process, SQLite included:
// what the machine does besides hardly changes it.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkPages gives how long the server takes for every main page of the company
// for which the budgets are set: p95 is to stay under 100 ms.
func BenchmarkPages(b *testing.B) {
	for _, e := range Engines {
		b.Run(string(e), func(b *testing.B) {
			h := New(b, e)
			s := Full
			s.Customers, s.Executives, s.Claims = s.Customers**size/100, s.Executives**size/100, s.Claims**size/100
			began := time.Now()
			l := h.Large(s)
			b.Logf("the company stands after %.0f s", time.Since(began).Seconds())
			for _, p := range []struct{ name, who, path string }{
				{"plans", VP, "/plans"}, {"plan", VP, "/plans/" + l.Plan}, {"plan, one executive", VP, "/plans/" + l.Plan + "?q=Executive+77"}, {"plan, a group open", VP, "/plans/" + l.Plan + "?open=US+MA"}, {"plan, a group of customers", VP, "/plans/" + l.Plan + "?group=" + l.Group},
				{"plan, longest gaps", VP, "/plans/" + l.Plan + "?sort=gap"}, {"plan, drawer", VP, "/plans/" + l.Plan + "/drawer?visit=" + l.AheadLabel}, {"plan, moves", VP, "/plans/" + l.Plan + "/choices?visit=" + l.AheadLabel},
				{"plan on paper", VP, "/plans/" + l.Plan + "/print"}, {"plan as slides", VP, "/plans/" + l.Plan + "/present"}, {"plan, promise", VP, "/plans/" + l.Plan + "/promise"}, {"plan, promise, by outcome", VP, "/plans/" + l.Plan + "/promise?outcome=ahead"},
				{"needs a place", VP, "/plans/" + l.Plan + "/attention"}, {"needs a place" + changed, VP, "/plans/" + l.Plan + "/attention"},
				{"why" + changed, VP, "/plans/" + l.Plan + "/customers/" + l.Customer}, {"why", VP, "/plans/" + l.Plan + "/customers/" + l.Customer}, {"coverage", CEO, "/coverage"},
				{"customers", VP, "/customers"}, {"customers, found", VP, "/customers?q=77"}, {"customer", VP, "/customers/" + l.Customer},
				{"visits", VP, "/visits"}, {"visit", VP, "/visits/" + l.Ahead}, {"visit, held", VP, "/visits/" + l.Visit}, {"brief", VP, "/visits/" + l.Ahead + "/brief"}, {"debrief", VP, "/visits/" + l.Visit + "/debrief"},
				{"selections", VP, "/selections"}, {"selection", VP, "/selections/" + l.Selection}, {"proof", VP, "/selections/" + l.Selection + "/proof"},
				{"claims", VP, "/claims"}, {"claim", VP, "/claims/" + l.Claim}, {"conflicts", VP, "/conflicts"}, {"loops", VP, "/loops"}, {"imports", VP, "/imports"},
				{"my visits", l.Executive, "/me"}, {"my notices", l.Executive, "/me/notices"}, {"who instead", l.AheadExecutive, "/visits/" + l.Ahead + "/instead"}, {"visits of an executive", l.Executive, "/visits"}, {"visits of a host", l.Host, "/visits"}, {"loops of a host", l.Host, "/loops"},
				{"customers of a host", l.Host, "/customers"}, {"customer of a host", l.Host, "/customers/" + l.Customer},
				{"people heard", CEO, "/coverage/people"}, {"person heard", CEO, "/coverage/people/" + l.Who}, {"groups heard", CEO, "/coverage/strata"}, {"group heard", CEO, "/coverage/strata/" + l.Group}, {"gaps ahead", CEO, "/coverage/gaps"},
				{"week heard", CEO, fmt.Sprintf("/coverage/weeks/%d-W23", PlanYear)}, {"visits heard", CEO, "/coverage/visits"}, {"visits that do not count", CEO, "/coverage/visits?counts=no"},
				{"to do", l.Host, "/todo"}, {"found", VP, "/search?q=Customer+77"}, {"found among people", VP, "/search?q=Executive+7"}, {"agenda", VP, "/visits/" + l.Ahead + "/agenda"}, {"memo", VP, "/visits/" + l.Visit + "/memo"},
				{"contacts", Admin, "/customers/" + l.Customer + "/contacts"}, {"list of a selection", VP, "/selections/" + l.Selection + "/list"}, {"change of a selection", VP, "/selections/" + l.Selection + "/change?kind=added"},
				{"administration", Admin, "/admin"}, {"jobs", Admin, "/admin/jobs"}, {"dimensions", Admin, "/admin/dimensions"}, {"rules", Admin, "/admin/rules"}, {"person", Admin, "/admin/people/" + l.Who}, {"notices", Admin, "/admin/notices"}, {"buying", Admin, "/admin/buying"},
				{"erasing a person", Admin, "/admin/people/" + l.Who + "/erase"}, {"erasing a contact", Admin, "/customers/" + l.Customer + "/contacts/erase?email=contact1@customer.example"},
				{"people", Admin, "/admin/people"}, {"audit", Admin, "/admin/audit"}, {"calendar", Admin, "/admin/calendar"}, {"health", Admin, "/admin/calendar/health"}, {"accounts", Admin, "/admin/calendar/accounts"},
			} {
				c, changes := h.As(p.who), strings.HasSuffix(p.name, changed)
				b.Run(p.name, func(b *testing.B) {
					get := h.Get
					if strings.Contains(p.path, "/drawer?") { // a script asks for a part of the page
						get = h.GetPart
					}
					status, body := get(c, p.path) // warm
					if status != http.StatusOK {
						b.Fatalf("%d: %.300s", status, body)
					}
					var took []time.Duration
					busy := processor()
					for b.Loop() {
						if changes {
							require.NoError(b, h.App.Store.Write(b.Context(), func(tx flow.Tx) error { return tx.Ledger.SetSetting("bench", "x") }))
						}
						began := time.Now()
						status, _ := get(c, p.path)
						took = append(took, time.Since(began))
						require.Equal(b, http.StatusOK, status)
					}
					slices.Sort(took)
					b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
					b.ReportMetric(float64((processor()-busy).Microseconds())/1000/float64(len(took)), "cpu-ms")
					b.ReportMetric(float64(len(body))/1024, "KB")
				})
			}
		})
	}
}
