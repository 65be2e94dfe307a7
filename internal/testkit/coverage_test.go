package testkit_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	. "windshield/internal/testkit"
)

// numbers are the links of the CEO's page that open rows.
var numbers = regexp.MustCompile(`href="(/coverage/[^"#]+)`)

// openEveryNumber opens what is behind each number of the CEO's page, as the CEO, and
// shows who else may.
func openEveryNumber(t *testing.T, h *House) {
	t.Helper()
	ctx := context.Background()
	ceo, host := h.As(CEO), h.As(Host(1))
	seen := map[string]bool{}
	for _, from := range []string{"/coverage", "/coverage/people", "/coverage/gaps", "/coverage/strata"} {
		status, page := h.Get(ceo, from)
		require.Equal(t, http.StatusOK, status)
		for _, m := range numbers.FindAllStringSubmatch(page, -1) {
			path := strings.ReplaceAll(m[1], "&amp;", "&")
			if kind := regexp.MustCompile(`[0-9a-f-]{30,}|W[0-9]+|=[^&]*`).ReplaceAllString(path, "*"); seen[kind] {
				continue // another of its kind was opened
			} else {
				seen[kind] = true
			}
			status, _ := h.Get(ceo, path)
			require.Equal(t, http.StatusOK, status, path)
			status, _ = h.Get(host, path)
			require.Equal(t, http.StatusForbidden, status, path)
		}
	}
	require.Greater(t, len(seen), 8)
	e1, e2 := h.Person(Exec(1)).ID, h.Person(Exec(2)).ID
	for _, x := range []struct {
		who, path string
		status    int
	}{
		{Exec(1), "/coverage/people/" + e1, http.StatusOK}, {Exec(1), "/coverage/people/" + e2, http.StatusForbidden}, {Exec(1), "/coverage/visits?executive=" + e1, http.StatusOK},
		{Exec(1), "/coverage/visits?executive=" + e2, http.StatusForbidden}, {Exec(1), "/coverage/visits", http.StatusForbidden}, {Exec(1), "/coverage", http.StatusForbidden},
		{CEO, "/coverage?region=Mars", http.StatusUnprocessableEntity}, {CEO, "/coverage?perod=90d", http.StatusUnprocessableEntity}, {CEO, "/coverage/strata/none", http.StatusNotFound},
	} {
		status, page := h.Get(h.As(x.who), x.path)
		require.Equal(t, x.status, status, x.who+" "+x.path)
		if status == http.StatusUnprocessableEntity {
			shows(t, page, "There is a problem", "Days since the last visit")
		}
	}
	api := h.API(CEO)
	person, err := api.GetPersonCoverageWithResponse(ctx, e1)
	require.Equal(t, e1, ok(t, person, err).JSON200.Executive.Id)
	all, err := api.GetCoverageWithResponse(ctx, nil)
	report := ok(t, all, err).JSON200
	visits, err := api.ListCountedVisitsWithResponse(ctx, nil)
	require.Equal(t, report.Totals.Visits, ok(t, visits, err).JSON200.All)
	require.Equal(t, report.Totals.Visits, report.Mix.Visits)
	gaps, err := api.ListGapsWithResponse(ctx, nil)
	require.Len(t, ok(t, gaps, err).JSON200.Items, len(report.Gaps))
	group, err := api.GetStratumCoverageWithResponse(ctx, report.Groups[0].Code, nil)
	require.Equal(t, report.Groups[0], ok(t, group, err).JSON200.Group)
	lapsed := true
	over, err := api.ListCountedVisitsWithResponse(ctx, &client.ListCountedVisitsParams{Lapsed: &lapsed})
	require.LessOrEqual(t, ok(t, over, err).JSON200.All, report.Totals.NotCounted)
}
