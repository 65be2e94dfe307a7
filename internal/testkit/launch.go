package testkit

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/app"
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
	out, err := c.PublishPlanWithResponse(context.Background(), plan, &client.PublishPlanParams{IfMatch: client.Match(1), Preview: &preview}, Reasoned)
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

// VerifyCommand does what the command "windshield calendar verify --json" does, in
// a Windshield of its own on the same database.
func (h *House) VerifyCommand() (out []byte, err error) {
	h.t.Helper()
	cfg := h.cfg
	cfg.GoogleCredentials = filepath.Join(h.t.TempDir(), "key.json")
	require.NoError(h.t, os.WriteFile(cfg.GoogleCredentials, h.key, 0o600))
	var b bytes.Buffer
	err = app.VerifyCalendars(context.Background(), cfg, slog.New(slog.DiscardHandler), true, &b)
	return b.Bytes(), err
}
