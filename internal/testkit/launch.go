package testkit

import (
	"context"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/calsync"
	"windshield/internal/flow"
)

// Budget sets how fast launches go, from a restart on.
func (h *House) Budget(b flow.Budget) {
	h.t.Helper()
	h.cfg.Launch = b
	h.Restart()
}

// PublishAs publishes a draft whose forecast somebody has seen.
func (h *House) PublishAs(c *client.ClientWithResponses, plan, preview string) *client.PublishPlanResponse {
	h.t.Helper()
	out, err := c.PublishPlanWithResponse(context.Background(), plan, &client.PublishPlanParams{IfMatch: client.Match(1), Preview: &preview})
	require.NoError(h.t, err)
	return out
}

// Verified compares all calendars with what is wanted and counts the findings.
func (h *House) Verified() map[calsync.Standing]int {
	h.t.Helper()
	v, err := h.Flow.Verify(context.Background(), System)
	require.NoError(h.t, err)
	require.Empty(h.t, v.Unread)
	return v.Tally()
}
