package app

import (
	"io"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/config"
	"windshield/internal/fault"
)

// A consent that Google renews while the command looks could not be stored.
func TestConsentsAreNotUsedBesideTheServerWhereNothingIsStored(t *testing.T) {
	cfg := config.Config{DatabaseURL: "sqlite:" + t.TempDir() + "/none.db", GoogleClientID: "client", BaseURL: "http://windshield.example"}
	err := VerifyCalendars(t.Context(), cfg, slog.New(slog.DiscardHandler), false, io.Discard)
	require.True(t, fault.Is(err, fault.Conflict), err)
	_, details := fault.Shown(err)
	require.Contains(t, details[0].Mend, "/admin/calendar/report")
}
