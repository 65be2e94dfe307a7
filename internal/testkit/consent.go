package testkit

import (
	"context"
	"encoding/base64"
	"html"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/seal"
)

// The client under which people consent in stories.
const (
	ClientID     = "windshield-client"
	ClientSecret = "a-secret-of-the-client"
)

// ByConsent starts Windshield again without a service account: people connect
// their own calendars. It writes everything into its log from now on. change may
// change more of the configuration before.
func (h *House) ByConsent(keys string, revokeURL string) {
	h.t.Helper()
	ring, err := seal.Parse(keys)
	require.NoError(h.t, err)
	h.key, h.logLevel = nil, slog.LevelDebug
	h.cfg.GoogleClientID, h.cfg.GoogleClientSecret, h.cfg.SecretKeys = ClientID, ClientSecret, ring
	h.cfg.GoogleAuthURL, h.cfg.GoogleRevokeURL = h.Side+"/oauth/authorize", h.Side+"/oauth/revoke"
	if revokeURL != "" {
		h.cfg.GoogleRevokeURL = revokeURL
	}
	h.Restart()
}

// SealKey makes a key of a ring for stories: its id and 32 times its first letter.
func SealKey(id string) string {
	return id + ":" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(id[:1], seal.KeySize)))
}

var toGoogle = regexp.MustCompile(`href="([^"]*/oauth/authorize[^"]*)"`)

// AskConsent presses Connect on somebody's own page and gives the address at
// Google to which the page leads.
func (h *House) AskConsent(as string) string {
	h.t.Helper()
	status, page := h.Post(h.As(as), "/me/calendar/connect", nil)
	require.Equal(h.t, http.StatusOK, status, page)
	found := toGoogle.FindStringSubmatch(page)
	require.NotNil(h.t, found, page)
	return html.UnescapeString(found[1])
}

// Follow opens an address in somebody's browser, with what Google sends them back to.
func (h *House) Follow(as, address string) (status int, body string, at *url.URL) {
	h.t.Helper()
	r, err := h.As(as).Get(address)
	require.NoError(h.t, err)
	status, body = read(h, r)
	return status, body, r.Request.URL
}

// Connect connects people's own calendars.
func (h *House) Connect(people ...string) {
	h.t.Helper()
	for _, who := range people {
		status, page, at := h.Follow(who, h.AskConsent(who))
		require.Equal(h.t, http.StatusOK, status, page)
		require.Equal(h.t, "/me/calendar", at.Path, page)
	}
	h.Settle()
}

// Connection gives an account as it is stored.
func (h *House) Connection(address string) flow.Connection {
	h.t.Helper()
	var c flow.Connection
	h.look(func(tx flow.Tx) (err error) {
		c, err = tx.Connections.Get(address)
		return err
	})
	return c
}

// Token gives the refresh token of an account, opened.
func (h *House) Token(address string) string {
	h.t.Helper()
	token, err := h.Connection(address).Secret(h.cfg.SecretKeys)
	require.NoError(h.t, err)
	return token
}

// Sweep does what is done every hour.
func (h *House) Sweep() {
	h.t.Helper()
	require.NoError(h.t, h.Flow.Do(context.Background(), flow.Job{Kind: flow.JobSweep}))
}

// Logged gives all that Windshield wrote into its log so far.
func (h *House) Logged() string {
	h.logged.mu.Lock()
	defer h.logged.mu.Unlock()
	return string(slices.Clone(h.logged.text))
}
