package testkit_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/insight"
	"windshield/internal/roster"
	"windshield/internal/sampling"
	"windshield/internal/slot"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

// BenchmarkClaims gives how long the list of claims, one claim, and what hangs on them
// take with 500 claims, 60,000 statements, as many visits that were held and 100,000
// customers: p95 is to stay under 100 ms. "said since" has one new statement before each look.
func BenchmarkClaims(b *testing.B) {
	const customers, statements, claims = 100_000, 60_000, 500
	for _, e := range Engines {
		b.Run(string(e), func(b *testing.B) {
			h := New(b, e)
			h.Found()
			ctx := context.Background()
			write := func(do func(tx flow.Tx) error) { require.NoError(b, h.App.Store.Write(ctx, do)) }
			people := []*roster.Person{{ID: "e", Key: "e", Name: "E", Email: Exec(1), Roles: []roster.Role{roster.Executive}, Zone: "UTC"}, {ID: "h", Key: "h", Name: "H", Email: Host(1), Roles: []roster.Role{roster.Host}, Zone: "UTC"}}
			write(func(tx flow.Tx) error { return tx.People.Save(people...) })
			var all []*roster.Customer
			for i := range customers {
				all = append(all, &roster.Customer{ID: fmt.Sprintf("c%06d", i), Key: fmt.Sprintf("c%06d", i), Name: fmt.Sprintf("Customer %d", i), City: "Bern", Country: "CH", Zone: "Europe/Zurich", HostID: "h",
					Values: map[string]string{"region": []string{"north", "east", "south", "west"}[i%4]}, Employees: 10 + i, Revenue: float64(i + 1)})
			}
			for some := range slices.Chunk(all, 10_000) {
				write(func(tx flow.Tx) error { return tx.Customers.Save(some...) })
			}
			frame, err := h.Flow.Freeze(ctx, System, flow.Key{}, flow.FreezeInput{Year: PlanYear, Seed: "claims", Reason: "It is measured here."})
			require.NoError(b, err)
			_, err = h.Flow.Draw(ctx, System, flow.Key{}, flow.DrawInput{FrameID: frame.ID, Reason: "It is measured here.", Design: sampling.Design{Dimensions: sampling.Named("region"), Visits: 12_000}})
			require.NoError(b, err)
			first := slot.DateOf(h.Clock.Now(), time.UTC).Add(-1400)
			for i := range claims {
				c := flow.KeptClaim{Claim: insight.Claim{ID: fmt.Sprintf("claim%03d", i), Text: fmt.Sprintf("Prices are hard to compare, case %d", i)}, MadeAt: first.Time()}
				write(func(tx flow.Tx) error { return tx.Claims.Save(&c) })
			}
			statement := func(i int) *flow.KeptStatement {
				return &flow.KeptStatement{Origin: flow.ByHand, Statement: insight.Statement{ID: fmt.Sprintf("s%06d", i), CustomerID: fmt.Sprintf("c%06d", i*7%customers), Source: insight.Said, By: "The buyer", HeardBy: "e", On: first.Add(i % 1300),
					Text: "We cannot see what it costs.", ClaimID: fmt.Sprintf("claim%03d", i%claims), Side: []insight.Side{insight.For, insight.Against, insight.For, insight.Neither}[i%4], Asked: i%3 != 0}}
			}
			for from := 0; from < statements; from += 5_000 {
				var said []*flow.KeptStatement
				var visits []*visit.Visit
				for i := from; i < from+5_000; i++ {
					said = append(said, statement(i))
					v := &visit.Visit{ID: fmt.Sprintf("v%06d", i), CustomerID: fmt.Sprintf("c%06d", i*7%customers), HostID: "h", State: visit.Held, Kind: visit.AtCustomer, WithHost: true}
					require.NoError(b, v.Place("e", slot.Slot{Date: first.Add(i % 1300), Half: slot.AM}, "UTC"))
					visits = append(visits, v)
				}
				write(func(tx flow.Tx) error {
					if err := tx.Visits.Save(visits...); err != nil {
						return err
					}
					return tx.Statements.Save(said...)
				})
			}
			vp := System
			next := statements
			for _, x := range []struct {
				name string
				do   func() error
			}{
				{"list", func() error { _, err := h.Flow.Claims(ctx, vp); return err }},
				{"one claim", func() error { _, err := h.Flow.Claim(ctx, vp, "claim007"); return err }},
				{"debrief", func() error { _, err := h.Flow.Debrief(ctx, vp, "v000007"); return err }},
				{"list, said since", func() error {
					write(func(tx flow.Tx) error { next++; return tx.Statements.Save(statement(next)) })
					_, err := h.Flow.Claims(ctx, vp)
					return err
				}},
			} {
				b.Run(x.name, func(b *testing.B) {
					began := time.Now()
					require.NoError(b, x.do())
					b.Logf("the first look took %d ms", time.Since(began).Milliseconds())
					var took []time.Duration
					for b.Loop() {
						began := time.Now()
						require.NoError(b, x.do())
						took = append(took, time.Since(began))
					}
					slices.Sort(took)
					b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
				})
			}
		})
	}
}
