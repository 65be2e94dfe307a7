package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/app"
	"windshield/internal/config"
)

// clock is turned by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) turn(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(by)
}

// signedIn starts a Windshield and gives the cookie of somebody who is signed in.
func signedIn(t *testing.T, c *clock) (addr string, cookie *http.Cookie) {
	t.Helper()
	env := map[string]string{"WINDSHIELD_ADDR": "127.0.0.1:0", "WINDSHIELD_DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "windshield.db")}
	cfg, err := config.Load(func(name string) string { return env[name] }, nil)
	require.NoError(t, err)
	link, err := app.Link(t.Context(), cfg, nil, "boss@northlight.example", "The Boss")
	require.NoError(t, err)
	c.at = time.Now()
	a, err := app.New(t.Context(), cfg, app.Options{Now: c.now, Quiet: true})
	require.NoError(t, err)
	require.NoError(t, a.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, a.Stop(context.Background())) })
	body, err := json.Marshal(map[string]string{"token": link[strings.LastIndex(link, "/")+1:]})
	require.NoError(t, err)
	answer, err := http.Post("http://"+a.Addr()+"/api/v1/session", "application/json", bytes.NewReader(body))
	require.NoError(t, err)
	answer.Body.Close()
	require.Equal(t, http.StatusNoContent, answer.StatusCode)
	require.Len(t, answer.Cookies(), 1)
	return a.Addr(), answer.Cookies()[0]
}

func ask(t *testing.T, method, addr string, cookie *http.Cookie) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+addr+"/api/v1/session", nil)
	require.NoError(t, err)
	r.AddCookie(cookie)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Empty(t, answer.Cookies(), "reading writes nothing")
	return answer.StatusCode
}

func TestReadingWritesNoSession(t *testing.T) {
	var c clock
	addr, cookie := signedIn(t, &c)
	require.Equal(t, http.StatusOK, ask(t, http.MethodGet, addr, cookie))
	c.turn(13 * 24 * time.Hour)
	require.Equal(t, http.StatusOK, ask(t, http.MethodGet, addr, cookie))
	c.turn(2 * 24 * time.Hour)
	require.Equal(t, http.StatusUnauthorized, ask(t, http.MethodGet, addr, cookie), "two weeks have passed, used or not")
}

// A request that began before the sign-out ends after it.
func TestSignedOutIsSignedOut(t *testing.T) {
	var c clock
	addr, cookie := signedIn(t, &c)
	slow, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	require.NoError(t, err)
	defer slow.Close()
	require.NoError(t, slow.SetDeadline(time.Now().Add(20*time.Second)))
	// The server says 100 Continue when it begins to read the body: the session
	// has been loaded then.
	_, err = fmt.Fprintf(slow, "POST /api/v1/selections HTTP/1.1\r\nHost: %s\r\nCookie: %s=%s\r\nContent-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n", addr, cookie.Name, cookie.Value)
	require.NoError(t, err)
	begun := make([]byte, len("HTTP/1.1 100"))
	_, err = io.ReadFull(slow, begun)
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 100", string(begun))

	r, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, "http://"+addr+"/api/v1/session", nil)
	require.NoError(t, err)
	r.AddCookie(cookie)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	answer.Body.Close()
	require.Equal(t, http.StatusNoContent, answer.StatusCode)

	_, err = slow.Write([]byte("{}"))
	require.NoError(t, err)
	_, err = io.ReadAll(slow)
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, ask(t, http.MethodGet, addr, cookie))
}
