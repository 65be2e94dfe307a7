package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/store"
	"windshield/internal/visit"
)

// Every field of every record comes back as it went in, on both engines.
func TestRoundTrips(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		person := filled[roster.Person](t, 1)
		customer := filled[roster.Customer](t, 2)
		im := filled[flow.Import](t, 3)
		selection := filled[flow.Selection](t, 4)
		row := filled[flow.SelectionRow](t, 5)
		plan := filled[visit.Plan](t, 6)
		run := filled[flow.Run](t, 7)
		v := filled[visit.Visit](t, 8)
		brief, link := filled[visit.Brief](t, 13), filled[visit.Link](t, 14)
		event := filled[flow.CalendarEvent](t, 9)
		cursor := filled[flow.CalendarCursor](t, 10)
		alert := filled[flow.Alert](t, 11)
		delivery := filled[flow.Delivery](t, 12)
		customer.HostID, v.HostID, v.ExecutiveID, alert.PersonID, delivery.PersonID = person.ID, person.ID, person.ID, person.ID, person.ID
		row.CustomerID, v.CustomerID = customer.ID, customer.ID
		selection.FrameID, selection.Version = "", 1
		plan.SelectionID, run.SelectionID = selection.ID, selection.ID
		run.PlanID, v.PlanID = plan.ID, plan.ID
		event.VisitID, brief.VisitID, link.VisitID, brief.Version = v.ID, v.ID, v.ID, 0
		im.State, plan.State, run.State, delivery.State, event.State = flow.Confirmed, visit.Live, flow.Failed, flow.Refused, flow.EventParked
		v.State, v.Answer, v.Kind = visit.NoShow, visit.Tentative, visit.TradeShow
		for _, version := range []*int{&person.Version, &customer.Version, &im.Version, &plan.Version, &run.Version, &v.Version, &event.Version, &cursor.Version, &delivery.Version} {
			*version = 0
		}
		var steps []visit.Step
		absences := []roster.Absence{{PersonID: person.ID, Interval: slot.Interval{Start: 20000, End: 20001}, Reason: "board"},
			{PersonID: person.ID, Interval: slot.Interval{Start: 20003, End: 20003}, Reason: "leave"}}
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.People.Save(&person))
			require.NoError(t, tx.People.SetAbsences(person.ID, absences))
			require.NoError(t, tx.Customers.Save(&customer))
			require.NoError(t, tx.Imports.Save(&im))
			require.NoError(t, tx.Imports.SetFile(im.ID, []byte{0, 255, 1}))
			require.NoError(t, tx.Selections.Insert(selection, []flow.SelectionRow{row}))
			require.NoError(t, tx.Plans.Save(&plan))
			require.NoError(t, tx.Runs.Save(&run))
			require.NoError(t, tx.Runs.SetFile(run.ID, flow.ProblemFile, []byte{7}))
			require.NoError(t, tx.Runs.SetFile(run.ID, flow.ProblemFile, []byte{0, 255}))
			require.NoError(t, tx.Runs.SetFile(run.ID, flow.SolutionFile, []byte{1}))
			steps = v.Unsaved
			require.NoError(t, tx.Visits.Save(&v))
			require.Empty(t, v.Unsaved, "Save empties what it has written")
			require.NoError(t, tx.Briefs.Save(&brief))
			require.NoError(t, tx.Briefs.AddLink(link))
			require.NoError(t, tx.Calendars.Save(&event))
			require.NoError(t, tx.Calendars.SaveCursor(&cursor))
			_, err := tx.Alerts.Raise(alert)
			require.NoError(t, err)
			ids, err := tx.Alerts.Deliver(delivery)
			require.NoError(t, err)
			require.Equal(t, []string{delivery.ID}, ids)
			require.NoError(t, tx.Ledger.SetSetting("name", "wert"))
		})
		require.Equal(t, 1, person.Version, "Save raises the version in the value")
		delivery.Version = 1 // Deliver takes values
		check := func(tx flow.Tx) {
			same := func(want, got any, err error) {
				t.Helper()
				require.NoError(t, err)
				require.Equal(t, want, got)
			}
			gotPerson, err := tx.People.Get(person.ID)
			same(person, gotPerson, err)
			gotPerson, err = tx.People.ByEmail(person.Email)
			same(person, gotPerson, err)
			gotAbsences, err := tx.People.Absences(person.ID)
			same(absences, gotAbsences, err)
			gotCustomer, err := tx.Customers.Get(customer.ID)
			same(customer, gotCustomer, err)
			gotImport, err := tx.Imports.Get(im.ID)
			same(im, gotImport, err)
			file, err := tx.Imports.File(im.ID)
			same([]byte{0, 255, 1}, file, err)
			gotSelection, err := tx.Selections.Get(selection.ID)
			same(selection, gotSelection, err)
			gotRows, err := tx.Selections.Rows(selection.ID, true)
			same([]flow.SelectionRow{row}, gotRows, err)
			gotPlan, err := tx.Plans.Get(plan.ID)
			same(plan, gotPlan, err)
			gotRun, err := tx.Runs.Get(run.ID)
			same(run, gotRun, err)
			gotRun, err = tx.Runs.OfPlan(plan.ID)
			same(run, gotRun, err)
			gotSet, err := tx.Runs.OfSet(run.SetID)
			same([]flow.Run{run}, gotSet, err)
			file, err = tx.Runs.File(run.ID, flow.ProblemFile)
			same([]byte{0, 255}, file, err)
			file, err = tx.Runs.File(run.ID, flow.SolutionFile)
			same([]byte{1}, file, err)
			gotVisit, err := tx.Visits.Get(v.ID)
			same(v, gotVisit, err)
			gotSteps, err := tx.Visits.History(v.ID)
			same(steps, gotSteps, err)
			gotBrief, err := tx.Briefs.Get(v.ID)
			same(brief, gotBrief, err)
			gotLink, err := tx.Briefs.ByHash(link.Hash)
			same(link, gotLink, err)
			gotLinks, err := tx.Briefs.Links(v.ID)
			same([]visit.Link{link}, gotLinks, err)
			gotEvents, err := tx.Calendars.Events(v.ID)
			same([]flow.CalendarEvent{event}, gotEvents, err)
			gotCursor, err := tx.Calendars.Cursor(cursor.Calendar)
			same(cursor, gotCursor, err)
			gotAlerts, err := tx.Alerts.List(true)
			same([]flow.Alert{alert}, gotAlerts, err)
			gotDelivery, err := tx.Alerts.Delivery(delivery.ID)
			same(delivery, gotDelivery, err)
			setting, err := tx.Ledger.Setting("name")
			same("wert", setting, err)
		}
		read(t, st, check)
		write(t, st, check)
		// The second save goes another way through the engine: over the stored row.
		write(t, st, func(tx flow.Tx) {
			person.Name, customer.Must, v.Objective, event.Applied, run.Seed, im.DoneAt = "Q", false, "", event.Applied+1, 1, time.Time{}
			require.NoError(t, tx.People.Save(&person))
			require.NoError(t, tx.Customers.Save(&customer))
			require.NoError(t, tx.Imports.Save(&im))
			require.NoError(t, tx.Plans.Save(&plan))
			require.NoError(t, tx.Runs.Save(&run))
			require.NoError(t, tx.Visits.Save(&v))
			brief.Travel = ""
			require.NoError(t, tx.Briefs.Save(&brief))
			require.NoError(t, tx.Calendars.Save(&event))
			require.NoError(t, tx.Calendars.SaveCursor(&cursor))
			require.NoError(t, tx.Alerts.SaveDelivery(&delivery))
		})
		read(t, st, check)
	})
}

// What holds nothing comes back holding nothing: nil, zero, "".
func TestEmptyRoundTrips(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		person := roster.Person{ID: "p", Roles: []roster.Role{}, Terms: roster.Terms{Tags: []string{}}}
		customer := roster.Customer{ID: "c", Key: "c", Values: map[string]string{}, Windows: []slot.Interval{}}
		plan := visit.Plan{ID: "plan", State: visit.Draft}
		run := flow.Run{ID: "run", State: flow.Queued}
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.People.Save(&person))
			require.NoError(t, tx.Customers.Save(&customer))
			require.NoError(t, tx.Plans.Save(&plan))
			require.NoError(t, tx.Runs.Save(&run))
			require.NoError(t, tx.Selections.Insert(flow.Selection{ID: "s"}, nil))
		})
		read(t, st, func(tx flow.Tx) {
			p, err := tx.People.Get("p")
			require.NoError(t, err)
			require.Equal(t, roster.Person{ID: "p", Version: 1}, p)
			c, err := tx.Customers.Get("c")
			require.NoError(t, err)
			require.Equal(t, roster.Customer{ID: "c", Key: "c", Version: 1}, c)
			pl, err := tx.Plans.Get("plan")
			require.NoError(t, err)
			require.Equal(t, visit.Plan{ID: "plan", State: visit.Draft, Version: 1}, pl)
			r, err := tx.Runs.Get("run")
			require.NoError(t, err)
			require.Equal(t, flow.Run{ID: "run", State: flow.Queued, Version: 1}, r)
			s, err := tx.Selections.Get("s")
			require.NoError(t, err)
			require.Equal(t, flow.Selection{ID: "s", Version: 1}, s)
			rows, err := tx.Selections.Rows("s", false)
			require.NoError(t, err)
			require.Nil(t, rows)
			cursor, err := tx.Calendars.Cursor("never")
			require.NoError(t, err)
			require.Equal(t, flow.CalendarCursor{Calendar: "never"}, cursor)
			value, err := tx.Ledger.Setting("never")
			require.NoError(t, err)
			require.Empty(t, value)
		})
	})
}
