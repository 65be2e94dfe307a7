package testkit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/planning"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

func compare(t *testing.T, c *client.ClientWithResponses, a, b string) client.Comparison {
	t.Helper()
	r, err := c.ComparePlansWithResponse(context.Background(), a, b)
	require.NoError(t, err)
	require.NoError(t, client.Check(r))
	return *r.JSON200
}

func count(t *testing.T, terms []client.TermPair, term planning.Term) (a, b int64) {
	t.Helper()
	i := slices.IndexFunc(terms, func(p client.TermPair) bool { return p.Term == string(term) })
	require.GreaterOrEqual(t, i, 0)
	return terms[i].CountA, terms[i].CountB
}

// A whole replan moves only what must move, says how much that is, and leaves
// alone what people have agreed to.
func TestAReplanCountsWhatMovesAndKeepsWhatIsAccepted(t *testing.T) {
	On(t, SQLite, func(t *testing.T, h *House) {
		vp := h.Small(16)
		selection := h.Select(vp, PlanYear, 12, "region")
		plan := h.Draft(vp, selection, 1, 20_000)
		require.NoError(t, client.Check(h.Publish(vp, plan, "")))
		h.Settle()
		visits := h.Visits(plan, visit.Published)
		accepted, ill, gone := visits[2], visits[5], visits[8]
		answer(t, h, accepted, "accepted")
		answer(t, h, ill, "accepted")
		answer(t, h, gone, "declined")
		away(t, h, ill.ExecutiveID, ill.Slot.Date.String())

		second := h.Draft(vp, selection, 7, 40_000)
		for _, w := range problemOf(t, vp, second).Visits {
			switch w.ID {
			case accepted.CustomerID:
				require.Equal(t, accepted.Slot, w.Pinned.Slot(), "what is accepted is pinned")
			case gone.CustomerID:
				require.Equal(t, []string{gone.ExecutiveID}, w.Excludes)
				require.Nil(t, w.Current)
			default:
				require.Nil(t, w.Pinned)
				require.NotNil(t, w.Current)
			}
		}
		drafted := map[string]visit.Visit{}
		for _, v := range h.Visits(second) {
			drafted[v.CustomerID] = v
		}
		require.Equal(t, accepted.Slot, drafted[accepted.CustomerID].Slot, "accepted visits stay")
		require.Equal(t, accepted.ExecutiveID, drafted[accepted.CustomerID].ExecutiveID)
		require.False(t, drafted[ill.CustomerID].Slot == ill.Slot && drafted[ill.CustomerID].ExecutiveID == ill.ExecutiveID, "who is away cannot come, accepted or not")
		require.NotEqual(t, gone.ExecutiveID, drafted[gone.CustomerID].ExecutiveID)

		c := compare(t, vp, plan, second)
		_, moved := count(t, c.Terms, planning.Moved)
		live := 0
		for _, v := range h.Visits(plan, visit.Published) {
			if d := drafted[v.CustomerID]; d.Slot != v.Slot || d.ExecutiveID != v.ExecutiveID {
				live++
			}
		}
		require.Positive(t, live)
		require.Equal(t, live, c.Moved)
		require.EqualValues(t, live, moved)
		listed := map[string]client.DifferenceHow{}
		for _, d := range c.Differences {
			listed[d.Customer.Id] = d.How
			noIDs(t, d.Customer.Name)
			if d.B != nil {
				require.NotEmpty(t, d.B.Executive.Name)
			}
		}
		require.Len(t, listed, live+1)
		require.Equal(t, client.DifferenceHowAdded, listed[gone.CustomerID], "it stood with nobody any more")
		require.NotEmpty(t, c.Notes, "the published plan cannot stay as it is")

		out := h.Publish(vp, second, "")
		require.NoError(t, client.Check(out))
		h.Settle()
		require.Equal(t, live, out.JSON200.Moved, "publishing moves what the comparison said")
		require.Equal(t, visit.Accepted, h.Visit(accepted.ID).Answer)
		quiet(t, h)
	})
}

func TestTwoPlansSideBySide(t *testing.T) {
	On(t, SQLite, func(t *testing.T, h *House) {
		vp := h.Small(16)
		selection := h.Select(vp, PlanYear, 12, "region")
		a, b := h.Draft(vp, selection, 1, 20_000), h.Draft(vp, selection, 2, 300)
		c := compare(t, vp, a, b)
		require.Equal(t, a, c.A.Id)
		for _, x := range []struct {
			plan string
			of   func(client.TermPair) int64
			n    func(client.SharePair) (int, int64)
		}{
			{a, func(p client.TermPair) int64 { return p.CountA }, func(s client.SharePair) (int, int64) { return s.VisitsA, s.KmA }},
			{b, func(p client.TermPair) int64 { return p.CountB }, func(s client.SharePair) (int, int64) { return s.VisitsB, s.KmB }},
		} {
			got, err := vp.GetPlanWithResponse(context.Background(), x.plan, nil)
			require.NoError(t, err)
			require.NoError(t, client.Check(got))
			for _, p := range c.Terms {
				require.Equal(t, got.JSON200.Plan.Cost[p.Term], x.of(p), p.Term)
			}
			visits, km := 0, int64(0)
			for _, e := range c.Executives {
				require.NotEmpty(t, e.Executive.Name)
				v, d := x.n(e)
				visits, km = visits+v, km+d
			}
			require.Equal(t, got.JSON200.Quality.Visits, visits)
			require.Equal(t, got.JSON200.Plan.Cost["travel_km"], km, "the executives' shares add up")
		}
		strata := 0
		for _, s := range c.Strata {
			strata += s.VisitsA
		}
		require.Equal(t, len(h.Visits(a)), strata)
		back := compare(t, vp, b, a)
		require.Len(t, back.Differences, len(c.Differences))

		r, err := vp.ComparePlansWithResponse(context.Background(), a, a)
		require.NoError(t, err)
		require.Equal(t, http.StatusUnprocessableEntity, r.StatusCode())
		r, err = h.API(Exec(1)).ComparePlansWithResponse(context.Background(), a, b)
		require.NoError(t, err)
		require.Equal(t, http.StatusForbidden, r.StatusCode())
	})
}

func TestScenariosSideBySide(t *testing.T) {
	On(t, Postgres, func(t *testing.T, h *House) {
		ctx := context.Background()
		vp := h.Small(24)
		plan := h.Year(vp, 12)
		before, live := h.Effects(), h.Visits(plan)
		larger := h.Select(vp, PlanYear, 20, "region")
		iterations, one, gap, half := 20_000, -1, 20, 50
		body := client.StartScenariosJSONRequestBody{Selection: larger, Iterations: &iterations, Scenarios: []client.NamedScenario{
			{Scenario: &client.Scenario{PerWeek: &one, PerMonth: &one}},
			{Name: ptr("every three weeks"), Scenario: &client.Scenario{MaxGapDays: &gap}},
			{Scenario: &client.Scenario{TargetPercent: &half}},
			{Name: ptr("the smaller budget"), Selection: ptr(h.Visits(plan)[0].PlanID)},
		}}
		wrong, err := vp.StartScenariosWithResponse(ctx, nil, body)
		require.NoError(t, err)
		require.Equal(t, http.StatusNotFound, wrong.StatusCode(), "a plan is no selection")
		body.Scenarios[3].Selection = ptr(h.Select(vp, PlanYear, 8, "region"))
		key := "side-by-side"
		started, err := vp.StartScenariosWithResponse(ctx, &client.StartScenariosParams{IdempotencyKey: &key}, body)
		require.NoError(t, err)
		require.NoError(t, client.Check(started))
		again, err := vp.StartScenariosWithResponse(ctx, &client.StartScenariosParams{IdempotencyKey: &key}, body)
		require.NoError(t, err)
		require.Equal(t, started.JSON202.Id, again.JSON202.Id)
		h.Settle()
		set, err := vp.GetScenariosWithResponse(ctx, started.JSON202.Id)
		require.NoError(t, err)
		require.NoError(t, client.Check(set))
		columns := set.JSON200.Columns
		require.Len(t, columns, 5, "the base and four")
		for i, c := range columns {
			require.Equal(t, client.RunStateDone, c.Run.State, c.Run.Error)
			require.Equal(t, []int{20, 20, 20, 20, 8}[i], c.Wanted)
			require.Positive(t, c.Visits)
		}
		require.Empty(t, columns[0].Run.Assumes)
		require.Equal(t, "1 visit fewer a week per executive, 1 visit fewer a month per executive", columns[1].Run.Assumes)
		// Another cadence, another number: they cost something else.
		require.NotEqual(t, columns[0].Run.Cost["overdue_days"], columns[2].Run.Cost["overdue_days"])
		require.NotEqual(t, columns[0].Run.Cost["load"], columns[3].Run.Cost["load"])
		problem := func(i int) *planning.Problem { return problemOf(t, vp, *columns[i].Run.Plan) }
		require.Equal(t, problem(0).Executives[0].MaxPerWeek-1, problem(1).Executives[0].MaxPerWeek)
		require.Equal(t, 19, problem(2).Rules.MaxGapDays, "the last day for a visit is the day before")
		require.Equal(t, problem(0).Executives[0].TargetVisits/2, problem(3).Executives[0].TargetVisits)

		// What is assumed cannot be published; the published plan is as it was.
		refused := h.Publish(vp, *columns[1].Run.Plan, "")
		require.Equal(t, http.StatusConflict, refused.StatusCode())
		require.Contains(t, string(refused.Body), "assumes")
		require.Equal(t, before, h.Effects())
		require.Equal(t, live, h.Visits(plan))
		c := compare(t, vp, *columns[0].Run.Plan, *columns[1].Run.Plan)
		require.NotEmpty(t, c.Notes)
		// The base and another budget assume nothing.
		require.NoError(t, client.Check(h.Publish(vp, *columns[4].Run.Plan, "")))
		h.Settle()

		none, err := vp.StartScenariosWithResponse(ctx, nil, client.StartScenariosJSONRequestBody{Selection: larger, Iterations: &iterations, Scenarios: []client.NamedScenario{{}}})
		require.NoError(t, err)
		require.Equal(t, http.StatusUnprocessableEntity, none.StatusCode(), "no other than the base")
	})
}

// problemOf gives the problem that a plan was made for, as its run's file has it.
func problemOf(t *testing.T, c *client.ClientWithResponses, plan string) *planning.Problem {
	t.Helper()
	ctx := context.Background()
	runs, err := c.ListPlanRunsWithResponse(ctx)
	require.NoError(t, err)
	require.NoError(t, client.Check(runs))
	for _, r := range runs.JSON200.Items {
		if r.Plan == nil || *r.Plan != plan {
			continue
		}
		file, err := c.GetRunProblemWithResponse(ctx, r.Id)
		require.NoError(t, err)
		require.NoError(t, client.Check(file))
		p, err := planning.ReadProblem(bytes.NewReader(file.Body))
		require.NoError(t, err)
		return p
	}
	require.FailNow(t, "no run became this plan")
	return nil
}

func ptr[T any](v T) *T { return &v }

func TestAPlanIsArguedAboutOutside(t *testing.T) {
	On(t, SQLite, func(t *testing.T, h *House) {
		ctx := context.Background()
		vp := h.Small(16)
		iterations := 20_000
		run, err := vp.StartPlanWithResponse(ctx, nil, client.StartPlanJSONRequestBody{Selection: h.Select(vp, PlanYear, 12, "region"), Iterations: &iterations})
		require.NoError(t, err)
		require.NoError(t, client.Check(run))
		id := run.JSON202.Id
		early, err := vp.GetRunSolutionWithResponse(ctx, "nowhere")
		require.NoError(t, err)
		require.Equal(t, http.StatusNotFound, early.StatusCode())
		h.Settle()
		problem, err := vp.GetRunProblemWithResponse(ctx, id)
		require.NoError(t, err)
		require.NoError(t, client.Check(problem))
		require.Contains(t, problem.HTTPResponse.Header.Get("Content-Disposition"), "problem.json")
		solution, err := vp.GetRunSolutionWithResponse(ctx, id)
		require.NoError(t, err)
		require.NoError(t, client.Check(solution))
		require.NotContains(t, string(problem.Body), "Customer 0", "files tell no names")
		p, err := planning.ReadProblem(bytes.NewReader(problem.Body))
		require.NoError(t, err)
		s, err := planning.ReadSolution(bytes.NewReader(solution.Body))
		require.NoError(t, err)
		require.True(t, planning.Check(p, s).OK())

		bring := func(s *planning.Solution) *client.BringSolutionResponse {
			b, err := json.Marshal(s)
			require.NoError(t, err)
			r, err := vp.BringSolutionWithBodyWithResponse(ctx, id, nil, "application/json", bytes.NewReader(b))
			require.NoError(t, err)
			return r
		}
		// Somebody found that one visit is not worth it.
		fewer := *s
		fewer.Assignments, fewer.Cost = s.Assignments[1:], nil
		brought := bring(&fewer)
		require.NoError(t, client.Check(brought))
		require.True(t, brought.JSON201.Brought)
		plan := *brought.JSON201.Plan
		require.Len(t, h.Visits(plan), len(s.Assignments)-1)
		require.EqualValues(t, 1, brought.JSON201.Cost["unassigned"])
		out, err := vp.GetRunSolutionWithResponse(ctx, brought.JSON201.Id)
		require.NoError(t, err)
		require.NoError(t, client.Check(out))
		round, err := planning.ReadSolution(bytes.NewReader(out.Body))
		require.NoError(t, err)
		require.Equal(t, fewer.Assignments, round.Assignments)
		require.NoError(t, client.Check(h.Publish(vp, plan, "")))
		h.Settle()

		// Files of large companies are larger than other requests may be.
		large, err := vp.BringSolutionWithBodyWithResponse(ctx, id, nil, "application/json", bytes.NewReader(append(bytes.Repeat([]byte(" "), 2_000_000), solution.Body...)))
		require.NoError(t, err)
		require.NoError(t, client.Check(large))

		// Broken ones are refused with what is wrong, and leave nothing.
		before := h.Visits("")
		broken := *s
		broken.Assignments = slices.Clone(s.Assignments)
		broken.Assignments[1].Executive, broken.Assignments[1].Date, broken.Assignments[1].Half = s.Assignments[0].Executive, s.Assignments[0].Date, s.Assignments[0].Half
		broken.Assignments[2].Executive = "e0"
		refused := bring(&broken)
		require.Equal(t, http.StatusUnprocessableEntity, refused.StatusCode(), "%s", refused.Body)
		require.Contains(t, string(refused.Body), "rule once")
		require.Contains(t, string(refused.Body), "e0")
		cheap := *s
		cheap.Cost = planning.Cost{planning.Total: 1}
		refused = bring(&cheap)
		require.Equal(t, http.StatusUnprocessableEntity, refused.StatusCode())
		require.Contains(t, string(refused.Body), "/cost/total")
		r, err := vp.BringSolutionWithBodyWithResponse(ctx, id, nil, "application/json", bytes.NewReader([]byte(`{"format":"windshield.solution/1","assignments":[{"visit":7}]}`)))
		require.NoError(t, err)
		require.Equal(t, http.StatusUnprocessableEntity, r.StatusCode())
		require.Equal(t, before, h.Visits(""))
	})
}

func TestStoppingKeepsTheBest(t *testing.T) {
	On(t, SQLite, func(t *testing.T, h *House) {
		ctx := context.Background()
		vp := h.Small(24)
		seconds := 600
		run, err := vp.StartPlanWithResponse(ctx, nil, client.StartPlanJSONRequestBody{Selection: h.Select(vp, PlanYear, 20, "region"), Seconds: &seconds})
		require.NoError(t, err)
		require.NoError(t, client.Check(run))
		look := func() *client.PlanRun {
			r, err := vp.GetPlanRunWithResponse(ctx, run.JSON202.Id)
			require.NoError(t, err)
			require.NoError(t, client.Check(r))
			return r.JSON200
		}
		require.Eventually(t, func() bool { n := len(look().Trail); return n > 0 && look().Trail[n-1].Cost != nil }, 30*time.Second, 50*time.Millisecond)
		first := look().Trail[0]
		require.Equal(t, first.Total, (*first.Cost)["total"], "by term it is the same")
		_, page := h.Get(h.As(VP), "/plans/runs/"+run.JSON202.Id)
		shows(t, page, "Stop and keep the best", "Cancel, keep nothing", "Wanted visits with a place", "What the cost is made of", "kilometres of travel")
		require.NotEmpty(t, *first.Groups)
		stopped, err := vp.StopPlanWithResponse(ctx, run.JSON202.Id)
		require.NoError(t, err)
		require.NoError(t, client.Check(stopped))
		h.Settle()
		done := look()
		require.Equal(t, client.RunStateDone, done.State, done.Error)
		require.LessOrEqual(t, done.EndedAt.Sub(*done.StartedAt), time.Minute)
		require.NotNil(t, done.Plan)
		last := done.Trail[len(done.Trail)-1]
		require.Equal(t, done.Cost["total"], last.Total)
		require.NotNil(t, last.Cost, "by term")
		require.NotNil(t, done.Bound)
		require.LessOrEqual(t, done.Bound.Total, last.Total, "no plan is cheaper than the bound")
		placed, wanted := 0, 0
		for _, g := range *last.Groups {
			placed, wanted = placed+g.Placed, wanted+g.Wanted
		}
		require.Equal(t, []int64{20, done.Cost["unassigned"]}, []int64{int64(wanted), int64(wanted - placed)})

		// Of one that is cancelled nothing is kept.
		plans := func() int {
			r, err := vp.ListPlansWithResponse(ctx, nil)
			return len(ok(t, r, err).JSON200.Items)
		}
		before := plans()
		run, err = vp.StartPlanWithResponse(ctx, nil, client.StartPlanJSONRequestBody{Selection: done.Selection, Seconds: &seconds})
		require.NoError(t, client.Check(run), err)
		_, page = h.Post(h.As(VP), "/plans/runs/"+run.JSON202.Id+"/cancel", nil)
		shows(t, page, "Nothing of it was kept")
		require.NotContains(t, page, "Stop and keep the best")
		h.Settle()
		again, err := vp.CancelPlanWithResponse(ctx, run.JSON202.Id)
		require.Equal(t, client.RunStateCancelled, ok(t, again, err).JSON200.State)
		require.Equal(t, before, plans())
		kept, err := vp.CancelPlanWithResponse(ctx, done.Id)
		require.Equal(t, client.RunStateDone, ok(t, kept, err).JSON200.State, "a plan that is there stays")
	})
}
