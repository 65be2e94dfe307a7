package testkit_test

import (
	"compress/zlib"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

// proofOf gives the numbers of the proof page and its shortfalls.
func proofOf(t *testing.T, vp *client.ClientWithResponses, id string) (p *client.Proof, missing string) {
	t.Helper()
	got, err := vp.GetProofWithResponse(context.Background(), id)
	p = ok(t, got, err).JSON200
	return p, strings.Join(p.Shortfalls, "\n")
}

// written gives what a PDF of one page shows as text.
func written(t *testing.T, pdf string) string {
	t.Helper()
	var fonts []map[string]string // letters by glyph: of the plain and of the bold font
	var lines []string
	for _, part := range strings.Split(pdf, ">>\nstream\n")[1:] {
		z, err := zlib.NewReader(strings.NewReader(part))
		require.NoError(t, err)
		b, err := io.ReadAll(z)
		require.NoError(t, err)
		if strings.Contains(string(b), "begincmap") {
			letters := map[string]string{}
			for _, m := range regexp.MustCompile(`<([0-9a-f]{4})> <([0-9a-f]{4})>\n`).FindAllStringSubmatch(string(b), -1) {
				n, err := strconv.ParseInt(m[2], 16, 32)
				require.NoError(t, err)
				letters[m[1]] = string(rune(n))
			}
			fonts = append(fonts, letters)
		}
		for _, m := range regexp.MustCompile(`BT /F([12]) .*<([0-9a-f]*)> Tj`).FindAllStringSubmatch(string(b), -1) {
			line, letters := "", fonts[m[1][0]-'1']
			for i := 0; i < len(m[2]); i += 4 {
				line += letters[m[2][i:i+4]]
			}
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, " ")
}

// Customers keep their random numbers over the years, so that whoever could draw
// for years that nobody visits, or by seeds of all sorts, could pick the outcome.
func TestNobodyRehearsesADraw(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		ctx := context.Background()
		vp := h.Small(40)
		freeze := func(in client.FreezeRequest) (*client.FreezeResponse, error) {
			return vp.FreezeWithResponse(ctx, nil, in)
		}
		for _, year := range []int{PlanYear - 2, PlanYear + 1, 2090} {
			refused[*client.FreezeResponse](t, http.StatusUnprocessableEntity, "year")(freeze(client.FreezeRequest{Year: year, Seed: pointer("liked"), Reason: pointer("Why should I not try.")}))
		}
		// A first seed that somebody types needs a reason as well.
		refused[*client.FreezeResponse](t, http.StatusConflict, "reason")(freeze(client.FreezeRequest{Year: PlanYear - 1, Seed: pointer("liked")}))
		design := client.DrawRequest{Dimensions: []string{"region"}, Visits: 8}
		draw := func(frame string, in client.DrawRequest) client.Selection {
			drew, err := vp.DrawWithResponse(ctx, frame, nil, in)
			return ok(t, drew, err).JSON201.Selection
		}
		froze, err := freeze(client.FreezeRequest{Year: PlanYear - 1, Seed: pointer("liked"), Reason: pointer("The works council drew it by lot.")})
		before := draw(ok(t, froze, err).JSON201.Id, design)
		_, missing := proofOf(t, vp, before.Id)
		require.Contains(t, missing, "Somebody chose the seed of freeze 1 of the year on 23 November 2026: The works council drew it by lot.")

		// The year after keeps that seed, and its proof says whose choice it was.
		refused[*client.FreezeResponse](t, http.StatusConflict, "reason")(freeze(client.FreezeRequest{Year: PlanYear, Seed: pointer("another")}))
		h.Clock.Set(h.Clock.Now().Add(time.Hour))
		froze, err = freeze(client.FreezeRequest{Year: PlanYear, Seed: pointer("liked")})
		frame := ok(t, froze, err).JSON201
		kept := draw(frame.Id, design)
		_, missing = proofOf(t, vp, kept.Id)
		require.Contains(t, missing, "Somebody chose the seed for draw 1 of 2026: The works council drew it by lot.")
		require.NotContains(t, missing, "different seeds")
		_, page := h.Get(h.As(Admin), "/selections/"+kept.Id+"/proof")
		shows(t, page, "before the freeze", "is the promised one", "The seed is that of 2026, kept so that customers take turns.")

		// Another seed is possible, and stands on the proof page with its reason.
		froze, err = freeze(client.FreezeRequest{Year: PlanYear, Seed: pointer("another"), Reason: pointer("The old seed was shown to a team.")})
		design.Reason = pointer("Drawn again with the new seed.")
		second := draw(ok(t, froze, err).JSON201.Id, design)
		proof, missing := proofOf(t, vp, second.Id)
		require.Equal(t, 2, proof.Freezes)
		require.Contains(t, missing, "Somebody chose the seed of freeze 2 of the year")
		require.Contains(t, missing, "The freezes of the year have 2 different seeds.")
		_, page = h.Get(h.As(Admin), "/selections/"+second.Id+"/proof")
		shows(t, page, "with the freeze: somebody chose it", "is the one that somebody chose", "seed chosen: The old seed was shown to a team.")
		require.NotContains(t, page, "is the promised one")
		// The first draw does not pass as the only one either.
		_, missing = proofOf(t, vp, kept.Id)
		require.Contains(t, missing, "This is draw 1 of the year, which has 2.")
		require.Contains(t, missing, "The old seed was shown to a team.")

		// Seeds that were promised and never drawn stay secret, whatever else was drawn.
		froze, err = freeze(client.FreezeRequest{Year: PlanYear, Seed: pointer("kept secret"), Reason: pointer("Both seeds are known by now.")})
		design.Seed, design.Reason = pointer("a third"), pointer("To see what the proof shows.")
		third := draw(ok(t, froze, err).JSON201.Id, design)
		proof, _ = proofOf(t, vp, third.Id)
		require.Nil(t, proof.Frame.Seed)
		selection, err := vp.GetSelectionWithResponse(ctx, third.Id)
		require.NotContains(t, string(ok(t, selection, err).Body), "kept secret")
		_, page = h.Get(h.As(Admin), "/admin/audit")
		shows(t, page, "The works council drew it by lot.", "The old seed was shown to a team.")
	})
}

// A seed that somebody typed for a draw goes on into the next year with its reason.
func TestAChosenSeedIsSaidNextYearToo(t *testing.T) {
	h := New(t, SQLite)
	ctx := context.Background()
	vp := h.Small(40)
	froze, err := vp.FreezeWithResponse(ctx, nil, client.FreezeRequest{Year: PlanYear - 1})
	frame := ok(t, froze, err).JSON201.Id
	design := client.DrawRequest{Dimensions: []string{"region"}, Visits: 8}
	drew, err := vp.DrawWithResponse(ctx, frame, nil, design)
	ok(t, drew, err)
	h.Clock.Set(h.Clock.Now().Add(time.Minute))
	design.Seed, design.Reason = pointer("typed"), pointer("The first seed leaked to a team.")
	drew, err = vp.DrawWithResponse(ctx, frame, nil, design)
	ok(t, drew, err)
	h.Clock.Set(h.Clock.Now().Add(time.Minute))
	next, err := vp.SelectWithResponse(ctx, nil, client.SelectionRequest{Year: PlanYear, Dimensions: []string{"region"}, Visits: 8})
	_, missing := proofOf(t, vp, ok(t, next, err).JSON201.Selection.Id)
	require.Contains(t, missing, "Somebody chose the seed for draw 2 of 2026: The first seed leaked to a team.")
	require.Contains(t, missing, "Customers take turns from draw 2 of 2026.")
}

// Of freezes at the same time one promises a seed; the others do not replace it.
func TestFreezesAtOnce(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		vp := h.Small(20)
		answers := make([]*client.FreezeResponse, 6)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() {
				answers[i], _ = vp.FreezeWithResponse(context.Background(), nil, client.FreezeRequest{Year: PlanYear})
			})
		}
		all.Wait()
		promises := map[string]bool{}
		for _, a := range answers {
			require.NotNil(t, a)
			require.Contains(t, []int{http.StatusCreated, http.StatusConflict}, a.StatusCode(), "%s", a.Body)
			if a.JSON201 != nil {
				promises[a.JSON201.SeedCommitment] = true
			}
		}
		require.Len(t, promises, 1)
	})
}

// What people did by hand is said, must-visits are named, and who was selected
// and visited stays so, whatever is noted later.
func TestTheProofSaysWhatPeopleDid(t *testing.T) {
	On(t, Postgres, func(t *testing.T, h *House) {
		ctx := context.Background()
		vp := h.Small(40)
		froze, err := vp.FreezeWithResponse(ctx, nil, client.FreezeRequest{Year: PlanYear, Must: &[]string{"Customer 07", "c12"}})
		drew, err2 := vp.DrawWithResponse(ctx, ok(t, froze, err).JSON201.Id, nil, client.DrawRequest{Dimensions: []string{"region"}, Visits: 12})
		drawn := ok(t, drew, err2).JSON201
		id := drawn.Selection.Id
		proof, missing := proofOf(t, vp, id)
		require.Equal(t, []string{"Customer 07", "Customer 12"}, proof.MustVisits)
		require.NotContains(t, missing, "by hand")
		_, page := h.Get(h.As(Admin), "/selections/"+id+"/proof")
		shows(t, page, "2: Customer 07, Customer 12")
		_, sheet := h.Get(h.As(Admin), "/selections/"+id+"/proof.pdf")
		require.Contains(t, written(t, sheet), "Must-visits: 2: Customer 07, Customer 12.")
		_, audit := h.Get(h.As(Admin), "/admin/audit")
		shows(t, audit, "Customer 07", "c12")

		in := map[string]bool{}
		for _, c := range drawn.Customers {
			in[c.Customer.Name] = true
		}
		other := 0
		for in["Customer "+strconv.Itoa(10+other)] {
			other++
		}
		alter(t, vp, id, 1, client.SelectionChangeRequest{Kind: client.SelectionChangeRequestKindAdded, Customer: "Customer " + strconv.Itoa(10+other), Reason: pointer("The board wants to go there.")})
		_, missing = proofOf(t, vp, id)
		require.Contains(t, missing, "1 put in by hand, not by chance.")
		_, page = h.Get(h.As(Admin), "/selections/"+id+"/proof")
		require.NotContains(t, page, "nothing was changed by hand")

		alter(t, vp, id, 2, client.SelectionChangeRequest{Kind: client.SelectionChangeRequestKindRemoved, Customer: "Customer " + strconv.Itoa(10+other), Reason: pointer("The board does not want to go.")})
		_, missing = proofOf(t, vp, id)
		require.Contains(t, missing, "changed by hand, and back again.")

		// One is visited, and then noted as refusing.
		plan := h.Draft(vp, id, 1, 20_000)
		require.NoError(t, client.Check(h.Publish(vp, plan, "")))
		h.Settle()
		first := h.Visits(plan, visit.Published)[0]
		h.Until(first.End.Add(time.Hour))
		record(t, h, h.Person(first.HostID).Email, first.ID, visit.AtCustomer, true)
		vp = h.API(VP)
		alter(t, vp, id, 3, client.SelectionChangeRequest{Kind: client.SelectionChangeRequestKindRefused, Customer: first.CustomerID, Code: pointer("declined")})
		proof, missing = proofOf(t, vp, id)
		require.NotNil(t, proof.Held)
		require.Equal(t, 1, proof.Held.Visits)
		require.NotContains(t, missing, "without having been selected")
	})
}

// However long the list of the account teams is, its strangers are counted.
func TestManyStrangersAreCounted(t *testing.T) {
	h := New(t, SQLite)
	vp := h.Small(20)
	id := h.Select(vp, PlanYear, 6, "region")
	wish := []string{"Customer 00"}
	for i := range 250 {
		wish = append(wish, "Stranger "+strconv.Itoa(i))
	}
	r, err := vp.BringTeamListWithResponse(context.Background(), id, nil, client.TeamListRequest{Name: pointer("wishes"), Customers: wish})
	ok(t, r, err)
	proof, _ := proofOf(t, vp, id)
	require.Equal(t, 250, proof.TeamList.UnknownLines)
	require.Len(t, proof.TeamList.Unknown, 200)
	_, page := h.Get(h.As(Admin), "/selections/"+id+"/list")
	shows(t, page, "250 lines name no customer", "and 50 more")
}

// Whoever is dealt no visit is not planned for a full year's.
func TestWhoIsDealtNothingIsAskedForTheLeast(t *testing.T) {
	h := New(t, SQLite)
	vp := h.Small(20)
	ctx, iterations := context.Background(), 500
	run, err := vp.StartPlanWithResponse(ctx, nil, client.StartPlanJSONRequestBody{Selection: h.Select(vp, PlanYear, 2, "region"), Iterations: &iterations})
	id := ok(t, run, err).JSON202.Id
	h.Settle()
	file, err := vp.GetRunProblemWithResponse(ctx, id)
	var problem struct {
		Executives []struct {
			Target int `json:"target_visits"`
		} `json:"executives"`
	}
	require.NoError(t, json.Unmarshal(ok(t, file, err).Body, &problem))
	require.Len(t, problem.Executives, 4)
	for _, e := range problem.Executives {
		require.Equal(t, 1, e.Target, "two visits among four executives")
	}
}
