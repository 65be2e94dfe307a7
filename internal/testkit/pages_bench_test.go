package testkit_test

import (
	"encoding/json"
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
	"windshield/internal/planning"
	"windshield/internal/roster"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

var size = flag.Int("size", 100, "how many per cent of the full company the pages are measured with")

// These end the names of pages that are asked for right after something has changed of
// what they show, in the second in which nothing is laid out ahead.
const (
	afterSetting = ", changed"  // something else that plans are laid out from
	afterMove    = ", moved"    // a visit, and back again
	afterAnswer  = ", answered" // a visit by its executive, or the answer was taken back
	afterReading = ", busy"     // somebody's calendar holds something else, or no longer does
)

// changes gives what is done before a page is asked for, by the end of its name, and whose visit
// changes: one that has another place. Everybody's calendar is read from when one changes.
func changes(b *testing.B, h *House, l Large) (customer string, do map[string]func(tx flow.Tx) error) {
	var v visit.Visit
	var there planning.Place
	for _, v = range h.Visits(l.Plan, visit.Published) {
		if !v.Start.After(h.Clock.Now().AddDate(0, 1, 0)) {
			continue
		}
		found, err := h.Flow.Proposals(b.Context(), System, l.Plan, v.CustomerID, 50)
		require.NoError(b, err)
		if i := slices.IndexFunc(found, func(p flow.Proposal) bool { return len(p.Changes) == 1 }); i >= 0 {
			there = *found[i].Changes[0].To
			break
		}
	}
	require.NotZero(b, there, "there is another place for some visit")
	back := planning.Place{Executive: v.ExecutiveID, Date: v.Slot.Date, Half: v.Slot.Half}
	save := func(tx flow.Tx, change func(v *visit.Visit) error) error {
		v, err := tx.Visits.Get(v.ID)
		if err != nil {
			return err
		}
		if err := change(&v); err != nil {
			return err
		}
		return tx.Visits.Save(&v)
	}
	reading := func(p roster.Person, meetings int) roster.Reading {
		r := roster.Reading{PersonID: p.ID, Calendar: p.Email, From: h.Clock.Now(), To: h.Clock.Now().AddDate(0, 6, 0), ReadAt: h.Clock.Now(), TriedAt: h.Clock.Now()}
		for n := range meetings {
			at := r.From.Truncate(24 * time.Hour).Add(time.Duration(n*43) * time.Hour)
			r.Spans = append(r.Spans, roster.Span{Start: at, End: at.Add(time.Hour)})
		}
		return r
	}
	n := 0
	return v.CustomerID, map[string]func(tx flow.Tx) error{
		afterSetting: func(tx flow.Tx) error { return tx.Ledger.SetSetting("bench", "x") },
		afterMove: func(tx flow.Tx) error {
			return save(tx, func(v *visit.Visit) error {
				to := there
				if v.Slot != back.Slot() || v.ExecutiveID != back.Executive {
					to = back
				}
				return v.Place(to.Executive, to.Slot(), v.Zone)
			})
		},
		afterAnswer: func(tx flow.Tx) error {
			return save(tx, func(v *visit.Visit) error {
				if v.Answer != visit.Accepted {
					v.Answer = visit.Accepted
				} else {
					v.Answer = visit.NoAnswer
				}
				return nil
			})
		},
		afterReading: func(tx flow.Tx) error {
			n++
			people, err := tx.People.All()
			if err != nil {
				return err
			}
			if n > 1 {
				people = people[:1]
			} else if on, err := json.Marshal(flow.StandardBusySettings()); err != nil || tx.Ledger.SetSetting("busy", string(on)) != nil {
				return fmt.Errorf("calendars are not read: %w", err)
			}
			for _, p := range people {
				if err := tx.Busy.Keep(reading(p, 80+n%2)); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

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
			ahead, change := changes(b, h, l)
			for _, p := range []struct{ name, who, path string }{
				{"plans", VP, "/plans"}, {"plan", VP, "/plans/" + l.Plan}, {"plan, one executive", VP, "/plans/" + l.Plan + "?q=Executive+77"}, {"plan, a group open", VP, "/plans/" + l.Plan + "?open=US+MA"}, {"plan, a group of customers", VP, "/plans/" + l.Plan + "?group=" + l.Group},
				{"plan, longest gaps", VP, "/plans/" + l.Plan + "?sort=gap"}, {"plan, drawer", VP, "/plans/" + l.Plan + "/drawer?visit=" + l.AheadLabel}, {"plan, moves", VP, "/plans/" + l.Plan + "/choices?visit=" + l.AheadLabel},
				{"plan on paper", VP, "/plans/" + l.Plan + "/print"}, {"plan as slides", VP, "/plans/" + l.Plan + "/present"}, {"plan, promise", VP, "/plans/" + l.Plan + "/promise"}, {"plan, promise, by outcome", VP, "/plans/" + l.Plan + "/promise?outcome=ahead"},
				{"needs a place", VP, "/plans/" + l.Plan + "/attention"}, {"needs a place" + afterSetting, VP, "/plans/" + l.Plan + "/attention"},
				{"needs a place" + afterMove, VP, "/plans/" + l.Plan + "/attention"}, {"needs a place" + afterAnswer, VP, "/plans/" + l.Plan + "/attention"},
				{"why", VP, "/plans/" + l.Plan + "/customers/" + ahead}, {"why" + afterSetting, VP, "/plans/" + l.Plan + "/customers/" + ahead}, {"why" + afterMove, VP, "/plans/" + l.Plan + "/customers/" + ahead}, {"why" + afterAnswer, VP, "/plans/" + l.Plan + "/customers/" + ahead},
				{"needs a place" + afterReading, VP, "/plans/" + l.Plan + "/attention"}, {"why" + afterReading, VP, "/plans/" + l.Plan + "/customers/" + ahead}, {"why, of one that was held", VP, "/plans/" + l.Plan + "/customers/" + l.Customer}, {"coverage", CEO, "/coverage"},
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
				c := h.As(p.who)
				first := func(flow.Tx) error { return nil }
				for end, do := range change {
					if strings.HasSuffix(p.name, end) {
						first = do
					}
				}
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
					var worked time.Duration
					for b.Loop() {
						require.NoError(b, h.App.Store.Write(b.Context(), first))
						began, before := time.Now(), processor()
						status, _ := get(c, p.path)
						took, worked = append(took, time.Since(began)), worked+processor()-before
						require.Equal(b, http.StatusOK, status)
					}
					slices.Sort(took)
					b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
					b.ReportMetric(float64(worked.Microseconds())/1000/float64(len(took)), "cpu-ms")
					b.ReportMetric(float64(len(body))/1024, "KB")
				})
			}
		})
	}
}
