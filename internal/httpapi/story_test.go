package httpapi_test

import (
	"context"
	"testing"
	"time"

	openapi_types "github.com/oapi-codegen/runtime/types"
	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/flow"
	"windshield/internal/roster"
)

// The year, told through the client alone: every operation is called once.
func TestStory(t *testing.T) {
	ctx := context.Background()
	h, vp, planID := published(t)

	who, err := vp.WhoAmIWithResponse(ctx)
	require.NoError(t, err)
	require.Equal(t, "The vp", who.JSON200.Person.Name)
	require.Equal(t, []client.Role{client.RoleVp}, who.JSON200.Roles)

	imports, err := vp.ListImportsWithResponse(ctx)
	require.NoError(t, err)
	require.Len(t, imports.JSON200.Items, 3)

	limit := 10
	customers, err := vp.ListCustomersWithResponse(ctx, &client.ListCustomersParams{Limit: &limit, Value: &[]string{"region:North"}})
	require.NoError(t, err)
	require.NoError(t, client.Check(customers))
	require.Len(t, customers.JSON200.Items, 10)
	require.Equal(t, 24, customers.JSON200.Total)
	require.NotNil(t, customers.JSON200.Next)
	rest, err := vp.ListCustomersWithResponse(ctx, &client.ListCustomersParams{Limit: &limit, Value: &[]string{"region:North"}, After: customers.JSON200.Next})
	require.NoError(t, err)
	require.Len(t, rest.JSON200.Items, 2)
	require.Nil(t, rest.JSON200.Next)
	one, err := vp.GetCustomerWithResponse(ctx, customers.JSON200.Items[0].Id)
	require.NoError(t, err)
	require.Equal(t, customers.JSON200.Items[0].Name, one.JSON200.Customer.Name)
	require.Equal(t, "Account Manager North", one.JSON200.Customer.Host.Name)
	require.Equal(t, `"1"`, *one.Headers200.ETag)

	dimensions, err := vp.ListDimensionsWithResponse(ctx)
	require.NoError(t, err)
	require.Equal(t, map[string]int{"North": 12, "South": 12}, dimensions.JSON200.Items[1].Values)

	year := 2027
	selections, err := vp.ListSelectionsWithResponse(ctx, &client.ListSelectionsParams{Year: &year})
	require.NoError(t, err)
	require.Len(t, selections.JSON200.Items, 1)
	selection, err := vp.GetSelectionWithResponse(ctx, selections.JSON200.Items[0].Id)
	require.NoError(t, err)
	require.Len(t, selection.JSON200.Customers, 12)
	require.Equal(t, "test", selection.JSON200.Selection.Seed)
	require.Equal(t, 2, selection.JSON200.Distance.Covered)

	runs, err := vp.ListPlanRunsWithResponse(ctx)
	require.NoError(t, err)
	require.Len(t, runs.JSON200.Items, 1)
	stopped, err := vp.StopPlanWithResponse(ctx, runs.JSON200.Items[0].Id)
	require.NoError(t, err)
	require.Equal(t, client.RunStateDone, stopped.JSON202.State, "a run that has ended stays as it is")

	plans, err := vp.ListPlansWithResponse(ctx, &client.ListPlansParams{Year: &year})
	require.NoError(t, err)
	require.Equal(t, client.PlanStatePublished, plans.JSON200.Items[0].State)
	plan, err := vp.GetPlanWithResponse(ctx, planID, nil)
	require.NoError(t, err)
	require.Len(t, plan.JSON200.Rows, 3)
	require.Equal(t, 12, plan.JSON200.Quality.Visits+len(plan.JSON200.Plan.Unassigned))
	live, err := vp.GetPublishedPlanWithResponse(ctx, 2027, nil)
	require.NoError(t, err)
	require.Equal(t, planID, live.JSON200.Plan.Id)
	again, err := vp.PublishPlanWithResponse(ctx, planID, &client.PublishPlanParams{IfMatch: *live.Headers200.ETag}, reasoned)
	require.NoError(t, err)
	require.True(t, again.JSON200.Unchanged)

	published := []client.VisitState{client.VisitStatePublished}
	from := openapi_types.Date{Time: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}
	visits, err := vp.ListVisitsWithResponse(ctx, &client.ListVisitsParams{Plan: &planID, State: &published, From: &from})
	require.NoError(t, err)
	require.NoError(t, client.Check(visits))
	require.NotEmpty(t, visits.JSON200.Items)
	first := visits.JSON200.Items[0]
	got, err := vp.GetVisitWithResponse(ctx, first.Id)
	require.NoError(t, err)
	require.Len(t, got.JSON200.Events, 1)
	require.Equal(t, client.EventStateWaiting, got.JSON200.Events[0].State)

	// The executive says yes, the day comes, and it is held.
	exec := h.as("e" + first.Executive.Name[len("Executive "):] + "@vendor.example")
	mine, err := exec.GetMineWithResponse(ctx, nil)
	require.NoError(t, err)
	require.NoError(t, client.Check(mine))
	require.Equal(t, first.Executive.Id, mine.JSON200.Executive.Id)
	require.NotNil(t, mine.JSON200.Next)
	require.True(t, mine.JSON200.Clock.Running)
	answered, err := exec.AnswerVisitWithResponse(ctx, first.Id, &client.AnswerVisitParams{IfMatch: *got.Headers200.ETag}, client.AnswerVisitJSONRequestBody{Answer: client.AnswerAccepted})
	require.NoError(t, err)
	require.NoError(t, client.Check(answered))
	require.Equal(t, client.AnswerAccepted, answered.JSON200.Visit.Answer)
	h.setNow(first.End.Add(time.Hour).Format(time.RFC3339))
	kind, with := client.VisitKindOnsite, true
	held, err := exec.RecordOutcomeWithResponse(ctx, first.Id, &client.RecordOutcomeParams{IfMatch: *answered.Headers200.ETag},
		client.RecordOutcomeJSONRequestBody{Held: true, Kind: &kind, WithHost: &with})
	require.NoError(t, err)
	require.NoError(t, client.Check(held))
	require.True(t, held.JSON200.Visit.Counts)

	// Nobody else has visited anybody for long.
	h.setNow(first.End.AddDate(0, 0, 40).Format(time.RFC3339))
	require.NoError(t, h.flow.Do(ctx, flow.Job{Kind: flow.JobAlerts}))
	vp = h.role(roster.VP)
	alerts, err := vp.ListAlertsWithResponse(ctx, nil)
	require.NoError(t, err)
	require.NotEmpty(t, alerts.JSON200.Items)
	require.Len(t, alerts.JSON200.Items[0].Deliveries, 1)
	coverage, err := vp.GetCoverageWithResponse(ctx, nil)
	require.NoError(t, err)
	require.NoError(t, client.Check(coverage))
	require.Equal(t, 3, coverage.JSON200.Totals.Executives)
	require.Equal(t, 1, coverage.JSON200.Totals.Visits)
	require.Len(t, coverage.JSON200.Months, 12)
	require.Len(t, coverage.JSON200.Alerts, len(alerts.JSON200.Items))

	admin := h.role(roster.Administrator)
	people, err := admin.ListPeopleWithResponse(ctx)
	require.NoError(t, err)
	require.Len(t, people.JSON200.Items, 4+3+2)
	ceo := people.JSON200.Items[0]
	for _, p := range people.JSON200.Items {
		if p.Id == "person-ceo" {
			ceo = p
		}
	}
	changed, err := admin.ChangePersonWithResponse(ctx, ceo.Id, &client.ChangePersonParams{IfMatch: client.Match(ceo.Version)},
		client.ChangePersonJSONRequestBody{Roles: &[]client.Role{client.RoleCeo, client.RoleExecutive}})
	require.NoError(t, err)
	require.NoError(t, client.Check(changed))
	require.Equal(t, []client.Role{client.RoleCeo, client.RoleExecutive}, changed.JSON200.Person.Roles)
	require.Equal(t, client.Match(ceo.Version+1), *changed.Headers200.ETag)
	connections, err := admin.ListConnectionsWithResponse(ctx)
	require.NoError(t, err)
	require.Equal(t, "visits@vendor.example", connections.JSON200.Items[0].Calendar)
	busy, err := admin.GetBusyTimesWithResponse(ctx)
	require.NoError(t, err)
	require.NoError(t, client.Check(busy))
	require.NotEmpty(t, busy.JSON200.People)
	settings := busy.JSON200.Settings
	settings.Hosts, settings.EveryMinutes = false, 45
	set, err := admin.SetBusyTimesWithResponse(ctx, settings)
	require.NoError(t, err)
	require.NoError(t, client.Check(set))
	require.NotEqual(t, settings.Version, set.JSON200.Settings.Version)
	settings.Version = set.JSON200.Settings.Version
	require.Equal(t, settings, set.JSON200.Settings)
	slower := busy.JSON200.Settings
	slower.EveryMinutes = 50
	stale, err := admin.SetBusyTimesWithResponse(ctx, slower)
	require.NoError(t, err)
	require.Equal(t, 412, stale.StatusCode(), "somebody was faster")
	require.Less(t, len(set.JSON200.People), len(busy.JSON200.People))
	settings.Noon = "07:00"
	refused, err := admin.SetBusyTimesWithResponse(ctx, settings)
	require.NoError(t, err)
	require.Equal(t, 422, refused.StatusCode())
	sync, err := admin.SyncNowWithResponse(ctx)
	require.NoError(t, err)
	require.Equal(t, 202, sync.StatusCode())
	audit, err := admin.ListAuditWithResponse(ctx, &client.ListAuditParams{Limit: &limit})
	require.NoError(t, err)
	require.Len(t, audit.JSON200.Items, 10)
	older, err := admin.ListAuditWithResponse(ctx, &client.ListAuditParams{Limit: &limit, After: audit.JSON200.Next})
	require.NoError(t, err)
	require.Equal(t, older.JSON200.Items[0].Hash, audit.JSON200.Items[9].Prev, "the pages join")

	out, err := admin.SignOutWithResponse(ctx)
	require.NoError(t, err)
	require.Equal(t, 204, out.StatusCode())
	gone, err := admin.WhoAmIWithResponse(ctx)
	require.NoError(t, err)
	require.Equal(t, 401, gone.StatusCode())
	require.Empty(t, h.log.String(), "nothing went wrong inside")
}
