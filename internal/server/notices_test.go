package server_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/calsync"
	"windshield/internal/roster"
	"windshield/internal/server"
)

// known hears channel "ours" only.
func known(ctx context.Context, n calsync.Notice) (bool, error) {
	if n.Channel == "ill" {
		return false, errors.New("the database is busy")
	}
	_, bounded := ctx.Deadline()
	return n.Channel == "ours" && n.Token == "t" && n.Resource == "r" && n.State == "exists" && bounded, nil
}

func TestNoticesAreAnsweredAtOnceAndNeverAsOurFault(t *testing.T) {
	h := house(roster.Role(""), nil)
	ask := func(channel string, body int, edit func(*http.Request)) int {
		r := httptest.NewRequest(http.MethodPost, server.NoticePath, bytes.NewReader(make([]byte, body)))
		r.Header.Set("X-Goog-Channel-ID", channel)
		r.Header.Set("X-Goog-Channel-Token", "t")
		r.Header.Set("X-Goog-Resource-ID", "r")
		r.Header.Set("X-Goog-Resource-State", "exists")
		if edit != nil {
			edit(r)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Empty(t, w.Header().Get("Set-Cookie"))
		return w.Code
	}
	require.Equal(t, http.StatusNoContent, ask("ours", 0, nil))
	require.Equal(t, http.StatusNoContent, ask("ours", 0, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }), "there is no session to misuse")
	require.Equal(t, http.StatusNotFound, ask("other", 0, nil))
	require.Equal(t, http.StatusNotFound, ask("", 0, nil))
	require.Equal(t, http.StatusNoContent, ask("ill", 0, nil), "the next reading makes it good")
	require.Equal(t, http.StatusRequestEntityTooLarge, ask("ours", 4000, nil))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	require.Equal(t, http.StatusNotFound, w.Code, "the metrics are not shown where the pages are")
}
