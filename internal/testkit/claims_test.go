package testkit_test

import (
	"context"
	"encoding/csv"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

// What customers said becomes a claim: from the debrief, by hand, and by guessing; first
// one data point, then a finding, and weak again once somebody takes it back.
func TestWhatCustomersBack(t *testing.T) {
	h := New(t, SQLite) // the store's own tests say the same of both engines
	ctx := context.Background()
	vp := h.Small(16)
	plan := h.Draft(vp, h.Select(vp, PlanYear, 14, "region"), 1, 500)
	require.NoError(t, client.Check(h.Publish(vp, plan, "")))
	h.Settle()
	visits := h.Visits(plan)
	first, last := visits[0], visits[len(visits)-1]
	host, exec := h.Person(first.HostID).Email, h.Person(first.ExecutiveID).Email

	// A debrief's statements come in with it, and follow it.
	h.Until(first.End.Add(time.Hour))
	vp = h.API(VP)
	page := "/visits/" + first.ID + "/debrief"
	form := debriefed(0, "k1", "file")
	form.Set("next_by", first.Slot.Date.Add(20).String())
	form["promise_by"] = []string{"", ""}
	status, _ := h.Post(h.As(exec), page, form)
	require.Equal(t, http.StatusOK, status)
	_, body := h.Get(h.As(VP), "/claims")
	shows(t, body, "Nobody has claimed anything yet", "We want one price list.", "our guess", "Their CFO is against it")
	require.NotContains(t, body, script)
	for _, who := range []string{host, exec} {
		status, _ = h.Get(h.As(who), "/claims")
		require.Equal(t, http.StatusForbidden, status)
	}

	made, err := vp.MakeClaimWithResponse(ctx, nil, client.ClaimRequest{Text: "  Customers want\n one price list ", Topic: pointer("pricing")})
	claim := ok(t, made, err).JSON201.Claim
	require.Equal(t, []any{"Customers want one price list", "D", false}, []any{claim.Text, string(claim.Grade), claim.Finding})
	refused[*client.MakeClaimResponse](t, http.StatusForbidden, "")(h.API(CEO).MakeClaimWithResponse(ctx, nil, client.ClaimRequest{Text: "Mine"}))
	refused[*client.MakeClaimResponse](t, http.StatusUnprocessableEntity, "")(vp.MakeClaimWithResponse(ctx, nil, client.ClaimRequest{Text: " "}))

	get := func() *client.ClaimDetail {
		r, err := vp.GetClaimWithResponse(ctx, claim.Id)
		return ok(t, r, err).JSON200
	}
	// On the page the VP puts what was said to the claim.
	_, body = h.Get(h.As(VP), "/claims")
	id := between(t, body[strings.Index(body, "We want one price list."):], `action="/statements/`, `"`)
	status, body = h.Post(h.As(VP), "/statements/"+id, url.Values{"version": {"1"}, "claim": {claim.Id}, "side": {"for"}, "asked": {"yes"}, "from": {"/claims/" + claim.Id}})
	require.Equal(t, http.StatusOK, status)
	shows(t, body, "one data point, not a finding", "Whom to ask next", "1 of 1")
	require.Equal(t, 1, get().Claim.Backing)

	// The next customer's brief asks; nothing that others said stands there.
	brief := h.As(h.Person(last.HostID).Email)
	_, body = h.Get(brief, "/visits/"+last.ID+"/brief")
	shows(t, body, "Could be asked as well", "How do you see this?", "Customers want one price list")
	require.NotContains(t, body, "We want one price list.")

	// Below the minimum it does not leave the house, by any door.
	refused[*client.ListFindingsResponse](t, http.StatusConflict, "cannot be exported as a finding")(vp.ListFindingsWithResponse(ctx, &client.ListFindingsParams{Claim: &claim.Id}))
	status, body = h.Get(h.As(VP), "/claims/"+claim.Id+"/finding.csv")
	require.Equal(t, http.StatusConflict, status)
	shows(t, body, "cannot be exported as a finding")
	_, body = h.Get(h.As(CEO), "/claims/findings.csv")
	require.Len(t, lines(t, body), 1, "the head alone")

	// A guess backs nothing, whoever makes it and however it is entered.
	say := func(as string, in client.StatementRequest) (*client.AddStatementResponse, error) {
		return h.API(as).AddStatementWithResponse(ctx, in)
	}
	guess, err := say(VP, client.StatementRequest{Source: "guessed", Customer: &last.CustomerID, Text: pointer("They surely want it"), Claim: &claim.Id, Side: pointer(client.StatementRequestSideFor)})
	ok(t, guess, err)
	refused[*client.AddStatementResponse](t, http.StatusUnprocessableEntity, "")(say(VP, client.StatementRequest{Source: "guessed", Customer: &last.CustomerID, By: pointer("Ms Li"), Text: pointer("x")}))
	refused[*client.AddStatementResponse](t, http.StatusUnprocessableEntity, "")(say(VP, client.StatementRequest{Source: "said", Customer: &last.CustomerID, By: pointer("Ms Li"), Text: pointer("x")}))
	refused[*client.AddStatementResponse](t, http.StatusConflict, "")(say(VP, client.StatementRequest{Source: "said", Visit: &last.ID, By: pointer("Ms Li"), Text: pointer("x")}))
	other := pick(visits, func(x visit.Visit) bool { return x.HostID != first.HostID })[0]
	refused[*client.AddStatementResponse](t, http.StatusNotFound, "no such")(say(host, client.StatementRequest{Source: "said", Visit: &other.ID, By: pointer("Ms Li"), Text: pointer("x")}))
	refused[*client.AddStatementResponse](t, http.StatusNotFound, "no such")(say(host, client.StatementRequest{Source: "guessed", Customer: &other.CustomerID, Text: pointer("x")}))
	require.Equal(t, 1, get().Claim.Backing)

	// At the end of the year twelve others were asked, and eight back it.
	h.Until(last.End.Add(time.Hour))
	vp = h.API(VP)
	for i, v := range visits[1:13] {
		r, err := vp.RecordOutcomeWithResponse(ctx, v.ID, &client.RecordOutcomeParams{IfMatch: client.Match(h.Visit(v.ID).Version)}, client.OutcomeRequest{Held: true, Kind: pointer(client.VisitKind("onsite")), WithHost: pointer(true)})
		ok(t, r, err)
		side := client.StatementRequestSideFor
		if i >= 8 {
			side = client.StatementRequestSideAgainst
		}
		s, err := say(VP, client.StatementRequest{Source: "said", Visit: &v.ID, By: pointer("Ms Li"), Text: pointer(`=cmd|'/C calc'!A1`), Claim: &claim.Id, Side: &side, Asked: pointer(true)})
		ok(t, s, err)
	}
	now := get()
	require.Equal(t, []any{13, 9, 4, true, ""}, []any{now.Claim.Asked, now.Claim.Backing, now.Claim.Denying, now.Claim.Finding, now.Claim.Label})
	require.Len(t, now.Voices, 13)
	edit, err := vp.EditClaimWithResponse(ctx, claim.Id, &client.EditClaimParams{IfMatch: client.Match(now.Claim.Version)}, client.ClaimRequest{Text: "Customers want two price lists"})
	refused[*client.EditClaimResponse](t, http.StatusConflict, "other words into their mouths")(edit, err)
	_, body = h.Get(h.As(CEO), "/claims/findings.csv")
	rows := lines(t, body)
	require.Len(t, rows, 2)
	require.Equal(t, []string{"Customers want one price list", "13", "9"}, []string{rows[1][0], rows[1][4], rows[1][5]})

	// A colleague contradicts, and the debrief drops what it said: both cost a backer.
	mr, err := say(VP, client.StatementRequest{Source: "said", Visit: &visits[1].ID, By: pointer("Mr Wu"), Text: pointer("One list is enough chaos"), Claim: &claim.Id, Side: pointer(client.StatementRequestSideAgainst), Asked: pointer(true)})
	ok(t, mr, err)
	form = debriefed(1, "k2", "file")
	form.Set("next_by", first.Slot.Date.Add(20).String())
	form["promise_by"] = []string{"", ""}
	form["said_text"] = []string{"", ""}
	status, _ = h.Post(h.As(exec), page, form)
	require.Equal(t, http.StatusOK, status)
	now = get()
	require.Equal(t, []int{12, 7}, []int{now.Claim.Asked, now.Claim.Backing})
	require.Len(t, now.Contradictions, 1)
	_, body = h.Get(h.As(CEO), "/claims/"+claim.Id)
	shows(t, body, "What speaks against each other", "Mr Wu", "withdrawn", "To be said again")
	require.NotContains(t, body, "Add what somebody said", "the CEO reads")

	// The host withdraws and re-validates at own customers; of two one is told.
	var mine client.Statement
	for _, s := range now.Statements {
		if s.Withdrawn == nil && s.Source == "said" && s.Visit != nil && h.Visit(*s.Visit).HostID == first.HostID {
			mine = s
		}
	}
	step := func(as string, version int, what client.StatementStepRequestStep, why string) (*client.StepStatementResponse, error) {
		return h.API(as).StepStatementWithResponse(ctx, mine.Id, &client.StepStatementParams{IfMatch: client.Match(version)}, client.StatementStepRequest{Step: what, Why: &why})
	}
	refused[*client.StepStatementResponse](t, http.StatusNotFound, "no such")(step(h.Person(other.HostID).Email, mine.Version, "holds", ""))
	held, err := step(host, mine.Version, "holds", "")
	require.NotNil(t, ok(t, held, err).JSON200.Checked)
	refused[*client.StepStatementResponse](t, http.StatusPreconditionFailed, "meanwhile")(step(host, mine.Version, "over", ""))
	refused[*client.StepStatementResponse](t, http.StatusUnprocessableEntity, "why")(step(host, mine.Version+1, "withdraw", " "))
	gone, err := step(VP, mine.Version+1, "withdraw", "It was somebody else")
	ok(t, gone, err)
	refused[*client.StepStatementResponse](t, http.StatusConflict, "was withdrawn")(step(host, mine.Version+2, "holds", ""))
	require.Equal(t, 11, get().Claim.Asked)

	// A closed claim is asked about no more, and is no finding.
	status, _ = h.Post(h.As(VP), "/claims/"+claim.Id, url.Values{"version": {strconv.Itoa(claim.Version)}, "do": {"close"}, "why": {"The new list settled it"}})
	require.Equal(t, http.StatusOK, status)
	refused[*client.ListFindingsResponse](t, http.StatusConflict, "was closed")(vp.ListFindingsWithResponse(ctx, &client.ListFindingsParams{Claim: &claim.Id}))
	list, err := vp.ListClaimsWithResponse(ctx)
	require.Len(t, ok(t, list, err).JSON200.Closed, 1)
}

// lines reads a file for spreadsheets, in which no cell begins like a formula.
func lines(t *testing.T, body string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	require.NoError(t, err)
	for _, row := range rows {
		for _, cell := range row {
			require.False(t, strings.HasPrefix(cell, "="), cell)
		}
	}
	return rows
}

// between gives what stands between two texts, where they appear first.
func between(t *testing.T, s, left, right string) string {
	t.Helper()
	_, rest, found := strings.Cut(s, left)
	require.True(t, found, left)
	out, _, _ := strings.Cut(rest, right)
	return out
}
