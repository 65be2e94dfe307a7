package testkit_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

// BenchmarkVerdict gives how long somebody who moves visits of 200 executives × 2,400
// visits waits for the verdict, from the request to the last byte: under 300 ms. Asked
// anew is with a plan in which a pin has just changed, so that it is laid out once more.
func BenchmarkVerdict(b *testing.B) {
	for _, e := range Engines {
		b.Run(string(e), func(b *testing.B) {
			h := New(b, e)
			l := h.Large(Size{Customers: 20_000, Executives: 200, Years: 1, Visits: 12, Claims: 8})
			several := url.Values{"weeks": {"1"}}
			other := ""
			for _, v := range h.Visits(l.Plan, visit.Published) {
				if v.Label != "" && !v.Pinned && len(several["visit"]) < 11 && v.Start.After(h.Clock.Now().AddDate(0, 0, 14)) {
					other = v.ID
					several.Add("visit", v.Label+"@"+v.ExecutiveID+"@"+v.Slot.Date.String()+"@"+string(v.Slot.Half))
				}
			}
			require.Len(b, several["visit"], 11)
			several["visit"] = several["visit"][:10] // the last is pinned and let go
			vp, at := h.As(VP), "/plans/"+l.Plan
			one, _, _ := strings.Cut(several["visit"][0], "@")
			for _, x := range []struct {
				name, path string
				anew       bool
			}{
				{"one visit", at + "/choices?visit=" + one, false}, {"one visit, asked anew", at + "/choices?visit=" + one, true},
				{"ten visits", at + "/together?" + several.Encode(), false}, {"ten visits, asked anew", at + "/together?" + several.Encode(), true},
			} {
				b.Run(x.name, func(b *testing.B) {
					status, body := h.Get(vp, x.path) // warm
					require.Equal(b, http.StatusOK, status, body)
					require.NotContains(b, body, `"no":`)
					var took []time.Duration
					for b.Loop() {
						if x.anew {
							v := h.Visit(other)
							_, err := h.Flow.PinVisit(b.Context(), System, other, v.Version, !v.Pinned)
							require.NoError(b, err)
						}
						began := time.Now()
						status, _ := h.Get(vp, x.path)
						took = append(took, time.Since(began))
						require.Equal(b, http.StatusOK, status)
					}
					slices.Sort(took)
					b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
				})
			}
		})
	}
}
