package testkit_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/intake"
	"windshield/internal/sampling"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
	"windshield/sample"
)

// furnish brings the sample company in and gives the API as its VP sees it.
func furnish(t *testing.T, h *House) *client.ClientWithResponses {
	t.Helper()
	h.Found()
	for _, kind := range intake.Kinds() {
		file, err := sample.Files.ReadFile(string(kind) + ".csv")
		require.NoError(t, err)
		h.Bring(Admin, client.ImportKind(kind), string(file))
	}
	return h.API(salesVP)
}

// answered is an answer of the API with its body.
type answered interface {
	StatusCode() int
	GetBody() []byte
}

// ok gives the answer, which must have succeeded.
func ok[R answered](t *testing.T, r R, err error) R {
	t.Helper()
	require.NoError(t, err)
	require.NoError(t, client.Check(r))
	return r
}

// refused wants a status and a place that is named.
func refused[R answered](t *testing.T, status int, where string) func(r R, err error) {
	t.Helper()
	return func(r R, err error) {
		t.Helper()
		require.NoError(t, err)
		require.Equal(t, status, r.StatusCode())
		problem := client.Check(r)
		require.Error(t, problem)
		require.Contains(t, problem.Error(), where)
	}
}

func pointer[T any](v T) *T { return &v }

// The whole path of a selection: freeze, preview, draw, a second draw, refusals,
// changes by hand, the proof and the record.
func TestASelectionIsProven(t *testing.T) {
	On(t, Postgres, func(t *testing.T, h *House) {
		ctx := context.Background()
		vp := furnish(t, h)

		// Freeze: the seed is committed, and shown to nobody before the draw.
		froze, err := vp.FreezeWithResponse(ctx, nil, client.FreezeRequest{Year: PlanYear, LeaveOut: &[]client.LeaveOut{{Customer: "Devon Energy", Code: "unreachable", Note: pointer("The office moves.")}}})
		frame := ok(t, froze, err).JSON201
		require.Nil(t, frame.Seed)
		require.Len(t, frame.SeedCommitment, 64)
		require.Equal(t, map[string]int{"unreachable": 1}, frame.LeftOut)
		require.Equal(t, 499, frame.Customers)
		again, err := vp.FreezeWithResponse(ctx, nil, client.FreezeRequest{Year: PlanYear, LeaveOut: &[]client.LeaveOut{{Customer: "devon-energy", Code: "unreachable", Note: pointer("The office moves.")}}})
		require.Equal(t, frame, ok(t, again, err).JSON201, "an unchanged list is the same freeze")

		design := client.DrawRequest{Dimensions: []string{"region", "size_band"}, Visits: 120, Rule: pointer(client.DrawRequestRuleMixed), Min: pointer(2),
			Across: &[]string{"industry", "buying_stage"}}
		preview, err := vp.PreviewSelectionWithResponse(ctx, frame.Id, design)
		p := ok(t, preview, err).JSON200
		require.False(t, p.ReasonNeeded)
		visits, next := 0, 0
		for _, s := range p.Strata {
			visits += s.Visits
		}
		for _, n := range p.Next {
			next += n.Visits
		}
		require.Equal(t, 120, visits)
		require.Equal(t, 100, next)
		list, err := vp.ListSelectionsWithResponse(ctx, nil)
		require.Empty(t, ok(t, list, err).JSON200.Items, "a preview draws nobody")

		// Draw.
		drew, err := vp.DrawWithResponse(ctx, frame.Id, nil, design)
		first := ok(t, drew, err).JSON201
		require.Equal(t, 1, first.Selection.Draw)
		require.Equal(t, p.Strata, first.Selection.Strata, "the draw keeps what the preview showed")
		require.Equal(t, frame.SeedCommitment, sampling.Commitment(first.Selection.Seed))
		require.Len(t, first.Customers, 120)
		same, err := vp.DrawWithResponse(ctx, frame.Id, nil, design)
		require.Equal(t, first.Selection.Id, ok(t, same, err).JSON201.Selection.Id, "the very same draw again is the same selection")
		aSecondDraw(t, h, vp, frame.Id, design)

		replays(t, vp, first.Selection.Id)
		id := first.Selection.Id
		version := refusals(t, h, vp, first)
		byHand(t, vp, first, version)
		h.Settle()
		recount(t, vp, id)
	})
}

// aSecondDraw wants a reason, keeps it in the audit trail, and shows it.
func aSecondDraw(t *testing.T, h *House, vp *client.ClientWithResponses, frame string, design client.DrawRequest) {
	t.Helper()
	ctx := context.Background()
	design.Visits = 121
	refused[*client.DrawResponse](t, http.StatusConflict, "reason")(vp.DrawWithResponse(ctx, frame, nil, design))
	design.Reason = pointer("ok")
	refused[*client.DrawResponse](t, http.StatusConflict, "reason")(vp.DrawWithResponse(ctx, frame, nil, design))
	preview, err := vp.PreviewSelectionWithResponse(ctx, frame, design)
	require.True(t, ok(t, preview, err).JSON200.ReasonNeeded)
	design.Reason = pointer("One more executive joined the programme.")
	drew, err := vp.DrawWithResponse(ctx, frame, nil, design)
	second := ok(t, drew, err).JSON201
	require.Equal(t, 2, second.Selection.Draw)
	require.Equal(t, client.SelectionDeviationSecondDraw, second.Selection.Deviation)
	design.Seed = pointer("another seed")
	design.Reason = nil
	refused[*client.DrawResponse](t, http.StatusConflict, "reason")(vp.DrawWithResponse(ctx, frame, nil, design))
	design.Reason = pointer("The first seed was seen by an account team.")
	drew, err = vp.DrawWithResponse(ctx, frame, nil, design)
	third := ok(t, drew, err).JSON201
	require.Equal(t, client.SelectionDeviationChangedSeed, third.Selection.Deviation)
	h.Settle()
	proof, err := vp.GetProofWithResponse(ctx, third.Selection.Id)
	text := strings.Join(ok(t, proof, err).JSON200.Shortfalls, "\n")
	require.False(t, proof.JSON200.Committed)
	require.Contains(t, text, "draw 3 of the year")
	require.Contains(t, text, "another seed than the one committed")
	_, page := h.Get(h.As(Admin), "/admin/audit")
	shows(t, page, "One more executive joined the programme.", "The first seed was seen by an account team.", "committed to the seed of", "froze")
}

// replays gives the record to the pure replay, as somebody else would who has it
// as a file, and finds the smallest lie in it.
func replays(t *testing.T, vp *client.ClientWithResponses, id string) {
	t.Helper()
	r, err := vp.GetDrawRecordWithResponse(context.Background(), id)
	ok(t, r, err)
	require.Contains(t, r.HTTPResponse.Header.Get("Content-Disposition"), "draw-2027-1.json")
	same, where, err := sampling.Replay(r.Body)
	require.NoError(t, err)
	require.True(t, same, where)
	var record sampling.Record
	require.NoError(t, json.Unmarshal(r.Body, &record))
	selection, err := vp.GetSelectionWithResponse(context.Background(), id)
	s := ok(t, selection, err).JSON200.Selection
	require.Equal(t, s.RecordHash, sampling.Digest(r.Body))
	for i := range record.Draw.Rows {
		if record.Draw.Rows[i].Taken {
			record.Draw.Rows[i].Taken = false
			break
		}
	}
	same, where, err = sampling.Replay(record.Encode())
	require.NoError(t, err)
	require.False(t, same)
	require.Contains(t, where, "customer")
}

// alter does one change and gives the selection after it.
func alter(t *testing.T, vp *client.ClientWithResponses, id string, version int, body client.SelectionChangeRequest) *client.SelectionDetail {
	t.Helper()
	r, err := vp.ChangeSelectionWithResponse(context.Background(), id, &client.ChangeSelectionParams{IfMatch: client.Match(version)}, body)
	return ok(t, r, err).JSON200
}

// refusals: the next in the same cell takes over, and the plan follows when the
// year is planned again.
func refusals(t *testing.T, h *House, vp *client.ClientWithResponses, first *client.SelectionDetail) (version int) {
	t.Helper()
	ctx := context.Background()
	id := first.Selection.Id
	h.Draft(vp, id, 1, 5_000)
	var who client.Drawn // of a cell that has somebody left
	for _, c := range first.Customers {
		if !c.Must && c.Due/c.Pi > float64(c.InCell)+0.5 {
			who = c
		}
	}
	r, err := vp.ChangeSelectionWithResponse(ctx, id, &client.ChangeSelectionParams{IfMatch: client.Match(1)}, client.SelectionChangeRequest{Kind: client.SelectionChangeRequestKindRefused, Customer: who.Customer.Id})
	refused[*client.ChangeSelectionResponse](t, http.StatusUnprocessableEntity, "code")(r, err)
	after := alter(t, vp, id, 1, client.SelectionChangeRequest{Kind: client.SelectionChangeRequestKindRefused, Customer: who.Customer.Name, Code: pointer("declined"), Reason: pointer("They have no time.")})
	require.Equal(t, 2, after.Selection.Version)
	r, err = vp.ChangeSelectionWithResponse(ctx, id, &client.ChangeSelectionParams{IfMatch: client.Match(1)}, client.SelectionChangeRequest{Kind: client.SelectionChangeRequestKindRefused, Customer: who.Customer.Id, Code: pointer("declined")})
	refused[*client.ChangeSelectionResponse](t, http.StatusPreconditionFailed, "version")(r, err)
	require.Equal(t, 120, after.Standing)
	require.Equal(t, 1, after.Responses.Replaced)
	require.Equal(t, 2, after.PlanBehind, "one visit too many and one too few")
	var gone, next client.Drawn
	for _, c := range after.Customers {
		switch {
		case c.Customer.Id == who.Customer.Id:
			gone = c
		case c.State == client.DrawnStateTookOver:
			next = c
		}
	}
	require.Equal(t, client.DrawnStateRefused, gone.State)
	require.False(t, gone.Stands)
	require.Equal(t, "declined", gone.Code)
	require.Equal(t, gone.Customer, *next.Other)
	require.Equal(t, next.Customer, *gone.Other)
	require.Equal(t, gone.Cell, next.Cell)
	require.Equal(t, gone.Stratum, next.Stratum)
	require.InDelta(t, gone.Pi, next.Pi, 0)
	require.Equal(t, gone.InCell+1, next.Rank, "the next in the cell")

	h.Clock.Set(h.Clock.Now().Add(time.Hour))
	plan := h.Draft(vp, id, 1, 5_000)
	planned := map[string]bool{}
	for _, v := range h.Visits(plan, visit.Proposed) {
		planned[v.CustomerID] = true
	}
	require.False(t, planned[gone.Customer.Id])
	require.True(t, planned[next.Customer.Id])
	selection, err := vp.GetSelectionWithResponse(ctx, id)
	require.Zero(t, ok(t, selection, err).JSON200.PlanBehind)

	// A must-visit stands for itself alone: nobody takes over.
	for _, c := range first.Customers {
		if c.Must {
			after = alter(t, vp, id, 2, client.SelectionChangeRequest{Kind: client.SelectionChangeRequestKindRefused, Customer: c.Customer.Id, Code: pointer("dispute")})
			break
		}
	}
	require.Equal(t, 1, after.Responses.Missing)
	require.Less(t, after.Responses.R, 1.0)
	return after.Selection.Version
}

// byHand needs a reason, and says what it does to the weights.
func byHand(t *testing.T, vp *client.ClientWithResponses, first *client.SelectionDetail, version int) {
	t.Helper()
	ctx := context.Background()
	id := first.Selection.Id
	in := map[string]bool{}
	for _, c := range first.Customers {
		in[c.Customer.Id] = true
	}
	customers, err := vp.ListCustomersWithResponse(ctx, &client.ListCustomersParams{Limit: pointer(200)})
	var other client.Customer
	for _, c := range ok(t, customers, err).JSON200.Items {
		if !in[c.Id] && c.Name != "Devon Energy" {
			other = c
		}
	}
	try := func(body client.SelectionChangeRequest) (*client.ChangeSelectionResponse, error) {
		return vp.ChangeSelectionWithResponse(ctx, id, &client.ChangeSelectionParams{IfMatch: client.Match(version)}, body)
	}
	add := client.SelectionChangeRequest{Kind: client.SelectionChangeRequestKindAdded, Customer: other.Name}
	refused[*client.ChangeSelectionResponse](t, http.StatusUnprocessableEntity, "reason")(try(add))
	refused[*client.ChangeSelectionResponse](t, http.StatusUnprocessableEntity, "frozen list")(try(client.SelectionChangeRequest{Kind: client.SelectionChangeRequestKindAdded, Customer: "Devon Energy", Reason: pointer("The board wants to go.")}))
	refused[*client.ChangeSelectionResponse](t, http.StatusUnprocessableEntity, "customer")(try(client.SelectionChangeRequest{Kind: client.SelectionChangeRequestKindAdded, Customer: "Nobody at all", Reason: pointer("The board wants to go.")}))
	add.Reason = pointer("The board wants to go there.")
	after := alter(t, vp, id, version, add)
	require.Len(t, after.Effects, 1)
	e := after.Effects[0]
	require.Equal(t, 1, e.Added)
	require.Less(t, e.After, e.Before, "one customer less to stand for")
	again := add
	again.Reason = pointer("Because once was not enough.")
	version = after.Selection.Version
	refused[*client.ChangeSelectionResponse](t, http.StatusConflict, other.Name)(try(again))
	for _, c := range first.Customers {
		if !c.Must && c.Stratum == first.Customers[len(first.Customers)/2].Stratum {
			after = alter(t, vp, id, version, client.SelectionChangeRequest{Kind: client.SelectionChangeRequestKindRemoved, Customer: c.Customer.Id, Reason: pointer("A court case forbids it.")})
			break
		}
	}
	require.Len(t, after.Changes, 4)
}

// recount counts the proof's numbers anew, from the sample's file and the
// selection alone.
func recount(t *testing.T, vp *client.ClientWithResponses, id string) {
	t.Helper()
	ctx := context.Background()
	got, err := vp.GetProofWithResponse(ctx, id)
	proof := ok(t, got, err).JSON200
	detail, err := vp.GetSelectionWithResponse(ctx, id)
	s := ok(t, detail, err).JSON200
	regions := map[string]string{} // customer's name -> region
	population := map[string]float64{}
	for name, r := range customersFile(t, "region") {
		if name != "Devon Energy" {
			regions[name] = r
			population[r]++
		}
	}
	require.Len(t, regions, 499)

	size := map[string]float64{}
	for _, g := range s.Selection.Strata {
		size[g.Code] = float64(g.Customers)
	}
	stands, hand := map[string]float64{}, map[string]float64{}
	for _, c := range s.Customers {
		switch {
		case c.State == client.DrawnStateByHand, c.State == client.DrawnStateRemoved:
			hand[c.Stratum]++
		case c.Stands:
			stands[c.Stratum]++
		}
	}
	visits, weights, all := map[string]float64{}, map[string]float64{}, 0.0
	for _, c := range s.Customers {
		if !c.Stands {
			continue
		}
		w := (size[c.Stratum] - hand[c.Stratum]) / stands[c.Stratum]
		if c.State == client.DrawnStateByHand || c.Must {
			w = 1
		}
		visits[regions[c.Customer.Name]]++
		weights[regions[c.Customer.Name]] += w
		all += w
	}
	view := proof.Standing.Views[0]
	for _, v := range proof.Standing.Views {
		if v.Dimension == "region" {
			view = v
		}
	}
	require.Equal(t, "region", view.Dimension)
	require.Len(t, view.Lines, len(population))
	raw, weighted := 0.0, 0.0
	for _, l := range view.Lines {
		require.Equal(t, int(population[l.Label]), l.Customers, l.Label)
		require.Equal(t, int(visits[l.Label]), l.Visits, l.Label)
		require.InDelta(t, weights[l.Label]/all, l.WeightedShare, 1e-12)
		raw += math.Abs(visits[l.Label]/float64(proof.Standing.Visits)-population[l.Label]/499) / 2
		weighted += math.Abs(weights[l.Label]/all-population[l.Label]/499) / 2
	}
	require.InDelta(t, raw, view.Visited.TotalVariation, 1e-12)
	require.InDelta(t, weighted, view.StoodFor.TotalVariation, 1e-12)
	require.Len(t, proof.Redraws, len(proof.Standing.Views))
	for _, r := range proof.Redraws {
		require.Len(t, r.StoodFor, 5)
		require.LessOrEqual(t, r.StoodFor[0], r.StoodFor[2])
		require.LessOrEqual(t, r.Closer, 1000)
	}
	require.NotEmpty(t, proof.Shortfalls)

	// Whoever could choose among three draws may have changed the chances.
	low, high := math.Inf(1), 0.0
	for _, g := range s.Selection.Strata {
		if !g.Must {
			low = min(low, g.Pi/(1-math.Pow(1-g.Pi, 3)))
			high = max(high, 1/(g.Pi*g.Pi))
		}
	}
	require.InDelta(t, low, (*proof.WeightRange)[0], 1e-9)
	require.InDelta(t, high, (*proof.WeightRange)[1], 1e-9)

	// The deal gives everybody a visit at most more or less than the fair number.
	dealt := 0
	require.Len(t, proof.Heard, 24)
	for _, x := range proof.Heard {
		require.InDelta(t, x.Due, float64(x.Dealt), 1)
		require.GreaterOrEqual(t, x.ByChance, x.Best)
		dealt += x.Dealt
	}
	require.Equal(t, proof.Standing.Visits, dealt)
}

// customersFile gives a column of the sample's customers by name.
func customersFile(t *testing.T, column string) map[string]string {
	t.Helper()
	file, err := sample.Files.ReadFile("customers.csv")
	require.NoError(t, err)
	r := csv.NewReader(strings.NewReader(string(file)))
	header, err := r.Read()
	require.NoError(t, err)
	at := map[string]int{}
	for i, h := range header {
		at[h] = i
	}
	out := map[string]string{}
	for {
		row, err := r.Read()
		if err == io.EOF {
			return out
		}
		require.NoError(t, err)
		out[row[at["name"]]] = row[at[column]]
	}
}

// One customer with most of the revenue is no accident of chance: the preview
// says so, as long as chance decides about it.
func TestAGiantAmongTheCustomers(t *testing.T) {
	On(t, Postgres, func(t *testing.T, h *House) {
		ctx := context.Background()
		vp := h.Small(4)
		var b strings.Builder
		b.WriteString("key,name,city,country,host,region,revenue\n")
		for i := range 40 {
			revenue := "1"
			if i == 7 {
				revenue = "100000"
			}
			b.WriteString("g" + strconv.Itoa(i) + ",Giant or not " + strconv.Itoa(i) + ",Zürich,CH,h1,North," + revenue + "\n")
		}
		h.Bring(Admin, client.ImportKindCustomers, b.String())
		preview := func(in client.FreezeRequest) string {
			froze, err := vp.FreezeWithResponse(ctx, nil, in)
			p, err2 := vp.PreviewSelectionWithResponse(ctx, ok(t, froze, err).JSON201.Id, client.DrawRequest{Dimensions: []string{"region"}, Visits: 8})
			return strings.Join(ok(t, p, err2).JSON200.Warnings, "\n")
		}
		require.Contains(t, preview(client.FreezeRequest{Year: PlanYear}), "So large that chance should perhaps not decide about them: Giant or not 7.")
		require.NotContains(t, preview(client.FreezeRequest{Year: PlanYear, Must: &[]string{"Giant or not 7"}}), "So large")
	})
}

// The list of the account teams is compared with the draw, and nothing else.
func TestTheAccountTeamsList(t *testing.T) {
	On(t, SQLite, func(t *testing.T, h *House) {
		ctx := context.Background()
		vp := h.Small(40)
		id := h.Select(vp, PlanYear, 10, "region")
		h.Settle()
		before, err := vp.GetSelectionWithResponse(ctx, id)
		wish := []string{"Customer 00", "customer 00", "c02", "Customer 04", "Customer 06", "Customer 08", "Nobody & Sons"}
		r, err2 := vp.BringTeamListWithResponse(ctx, id, nil, client.TeamListRequest{Name: pointer("wishes.csv"), Customers: wish})
		require.NoError(t, err2)
		require.Equal(t, ok(t, before, err).JSON200, ok(t, r, nil).JSON200, "it changes nothing of the selection")
		refused[*client.BringTeamListResponse](t, http.StatusUnprocessableEntity, "file")(vp.BringTeamListWithResponse(ctx, id, nil, client.TeamListRequest{Customers: []string{"Nobody & Sons"}}))
		got, err := vp.GetProofWithResponse(ctx, id)
		list := ok(t, got, err).JSON200.TeamList
		require.Equal(t, 5, list.Known, "each customer once")
		require.Equal(t, []string{"line 8: Nobody & Sons"}, list.Unknown)
		require.InDelta(t, 5*10/40.0, list.ByChance, 1e-9)
		for i, v := range list.Representation.Views {
			if v.Dimension == "region" {
				require.InDelta(t, 0.5, v.Visited.TotalVariation, 1e-12, "all in the North, where half of the customers are")
				require.Equal(t, 1000, *got.JSON200.Redraws[i].CloserThanList)
			}
		}
	})
}

// What cannot be drawn is refused with the choice that is wrong.
func TestSelectionsThatCannotBe(t *testing.T) {
	On(t, SQLite, func(t *testing.T, h *House) {
		ctx := context.Background()
		vp := h.Small(40)
		froze, err := vp.FreezeWithResponse(ctx, nil, client.FreezeRequest{Year: PlanYear})
		frame := ok(t, froze, err).JSON201.Id
		for name, x := range map[string]struct {
			body  client.DrawRequest
			where string
		}{
			"more visits than customers": {client.DrawRequest{Dimensions: []string{"region"}, Visits: 41}, "visits"},
			"an unknown dimension":       {client.DrawRequest{Dimensions: []string{"colour"}, Visits: 8}, "dimensions"},
			"an impossible minimum":      {client.DrawRequest{Dimensions: []string{"region"}, Visits: 8, Min: pointer(6)}, "min"},
			"an impossible maximum":      {client.DrawRequest{Dimensions: []string{"region"}, Visits: 8, Max: pointer(3)}, "max"},
			"alpha beyond one":           {client.DrawRequest{Dimensions: []string{"region"}, Visits: 8, Alpha: pointer(1.5)}, "alpha"},
			"another rule":               {client.DrawRequest{Dimensions: []string{"region"}, Visits: 8, Rule: pointer(client.DrawRequestRule("best"))}, "rule"},
			"an order with a repetition": {client.DrawRequest{Dimensions: []string{"region"}, Visits: 8, Orders: &map[string][]string{"region": {"North", "North"}}}, "order"},
			"a bound for nobody":         {client.DrawRequest{Dimensions: []string{"region"}, Visits: 8, Bounds: &[]client.GroupBound{{Key: "nobody", Least: pointer(1)}}}, "bounds"},
		} {
			t.Run(name, func(t *testing.T) {
				refused[*client.PreviewSelectionResponse](t, http.StatusUnprocessableEntity, x.where)(vp.PreviewSelectionWithResponse(ctx, frame, x.body))
				refused[*client.DrawResponse](t, http.StatusUnprocessableEntity, x.where)(vp.DrawWithResponse(ctx, frame, nil, x.body))
			})
		}
		for name, x := range map[string]struct {
			body  client.FreezeRequest
			where string
		}{
			"a must-visit that nobody knows": {client.FreezeRequest{Year: PlanYear, Must: &[]string{"Nobody"}}, "must"},
			"somebody left out twice":        {client.FreezeRequest{Year: PlanYear, LeaveOut: &[]client.LeaveOut{{Customer: "c01", Code: "refused"}, {Customer: "C01", Code: "refused"}}}, "leave_out"},
			"cuts that fall":                 {client.FreezeRequest{Year: PlanYear, Cuts: &[]int64{5, 3}}, "cuts"},
		} {
			t.Run(name, func(t *testing.T) {
				refused[*client.FreezeResponse](t, http.StatusUnprocessableEntity, x.where)(vp.FreezeWithResponse(ctx, nil, x.body))
			})
		}
		// The seed of a year stays, unless somebody says why.
		refused[*client.FreezeResponse](t, http.StatusConflict, "reason")(vp.FreezeWithResponse(ctx, nil, client.FreezeRequest{Year: PlanYear, Seed: pointer("mine")}))
		refused[*client.FreezeResponse](t, http.StatusForbidden, "")(h.API(CEO).FreezeWithResponse(ctx, nil, client.FreezeRequest{Year: PlanYear}))
	})
}
