package testkit_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/slot"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

// big is a draft of 3,000 visits of 250 executives with 40 hosts.
func big(b *testing.B, h *House) string {
	b.Helper()
	first, err := slot.ParseDate("2027-01-04")
	require.NoError(b, err)
	p := visit.Plan{ID: "big", Year: 2027, Name: "Plan 2027", State: visit.Draft, Horizon: slot.Interval{Start: first, End: first.Add(360)}, CreatedAt: h.Clock.Now()}
	err = h.App.Store.Write(context.Background(), func(tx flow.Tx) error {
		var people []*roster.Person
		for i := range 290 {
			role := roster.Executive
			if i >= 250 {
				role = roster.Host
			}
			people = append(people, &roster.Person{ID: fmt.Sprintf("p%03d", i), Key: fmt.Sprintf("p%03d", i), Name: fmt.Sprintf("Person %d", i), Email: fmt.Sprintf("p%03d@northlight.example", i),
				Roles: []roster.Role{role}, Zone: "Europe/Zurich"})
		}
		if err := tx.People.Save(people...); err != nil {
			return err
		}
		var customers []*roster.Customer
		var visits []*visit.Visit
		for i := range 3000 {
			customers = append(customers, &roster.Customer{ID: fmt.Sprintf("c%04d", i), Key: fmt.Sprintf("c%04d", i), Name: fmt.Sprintf("Customer %d", i), City: "Zürich", Country: "CH", Zone: "Europe/Zurich", HostID: fmt.Sprintf("p%03d", 250+i%40)})
			v := &visit.Visit{ID: fmt.Sprintf("v%04d", i), PlanID: p.ID, Label: fmt.Sprintf("v%d", i), CustomerID: customers[i].ID, HostID: customers[i].HostID, State: visit.Proposed, Answer: visit.NoAnswer, Kind: visit.AtCustomer}
			half := []slot.Half{slot.AM, slot.PM}[i%2]
			if err := v.Place(fmt.Sprintf("p%03d", i%250), slot.Slot{Date: first.Add(i / 9), Half: half}, "Europe/Zurich"); err != nil {
				return err
			}
			visits = append(visits, v)
		}
		if err := tx.Customers.Save(customers...); err != nil {
			return err
		}
		if err := tx.Plans.Save(&p); err != nil {
			return err
		}
		return tx.Visits.Save(visits...)
	})
	require.NoError(b, err)
	return p.ID
}

// The page on which somebody sees who is told, before 3,000 visits are published.
func BenchmarkForecast(b *testing.B) {
	h := New(b, SQLite)
	plan := big(b, h)
	b.Run("use case", func(b *testing.B) {
		for b.Loop() {
			f, err := h.Flow.Forecast(context.Background(), System, plan)
			require.NoError(b, err)
			require.Equal(b, 3000, f.Totals.Creates)
		}
	})
	h.Found()
	admin := h.As(Admin)
	b.Run("page", func(b *testing.B) {
		for b.Loop() {
			status, _ := h.Get(admin, "/plans/"+plan+"/publish")
			require.Equal(b, http.StatusOK, status)
		}
	})
}
