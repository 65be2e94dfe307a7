package server_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/httpapi"
	"windshield/internal/roster"
	"windshield/internal/server"
)

// house gives a server whose asker has a role, and its page for uploads.
func house(role roster.Role, upload echo.HandlerFunc) http.Handler {
	return houseWith(prometheus.NewRegistry(), role, upload)
}

func houseWith(metrics *prometheus.Registry, role roster.Role, upload echo.HandlerFunc) http.Handler {
	answer := func(c echo.Context, err error) { _ = c.String(httpapi.Status(err), err.Error()) }
	e, _, pages := server.New(server.Options{
		Log: slog.New(slog.DiscardHandler), APIError: answer, PageError: answer, Metrics: metrics, Notice: known,
		Ready: func(context.Context) error { return nil },
		Session: func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c echo.Context) error {
				if role != "" {
					auth.SetActor(c, access.ActorFor(roster.Person{ID: "somebody", Roles: []roster.Role{role}}))
				}
				c.SetRequest(c.Request().WithContext(c.Request().Context())) // as session managers do
				return next(c)
			}
		},
	})
	pages.POST("/imports", upload)
	pages.POST("/selections/:id/list", upload)
	return e
}

func send(t *testing.T, h http.Handler, size int) int {
	t.Helper()
	return sendTo(t, h, "/imports", size)
}

func sendTo(t *testing.T, h http.Handler, path string, size int) int {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	w, err := form.CreateFormFile("file", "customers.csv")
	require.NoError(t, err)
	_, err = w.Write(make([]byte, size))
	require.NoError(t, err)
	require.NoError(t, form.Close())
	r := httptest.NewRequest(http.MethodPost, path, &b)
	r.Header.Set("Content-Type", form.FormDataContentType())
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	return answer.Code
}

func TestFilesAreReadOnlyOfThoseWhoMayImport(t *testing.T) {
	for role, want := range map[roster.Role]int{"": http.StatusUnauthorized, roster.Host: http.StatusForbidden, roster.VP: http.StatusOK} {
		read := false
		h := house(role, func(c echo.Context) error {
			read = true
			_, err := c.FormFile("file")
			require.NoError(t, err)
			return c.NoContent(http.StatusOK)
		})
		require.Equal(t, want, send(t, h, 100), "role %q", role)
		require.Equal(t, role == roster.VP, read, "role %q", role)
	}
}

// The list of the account teams may have 5 MB, not 50.
func TestAListOfTheAccountTeamsComesIn(t *testing.T) {
	read := func(c echo.Context) error {
		if _, err := c.FormFile("file"); err != nil {
			return err
		}
		return c.NoContent(http.StatusOK)
	}
	list := "/selections/s/list"
	require.Equal(t, http.StatusOK, sendTo(t, house(roster.VP, read), list, 5_000_000))
	require.Equal(t, http.StatusRequestEntityTooLarge, sendTo(t, house(roster.VP, read), list, 7_000_000))
	require.Equal(t, http.StatusForbidden, sendTo(t, house(roster.Host, read), list, 100))
}

func TestFewFormsWithFilesAreReadAtOnce(t *testing.T) {
	const more = 10
	entered, leave := make(chan struct{}, more), make(chan struct{})
	h := house(roster.VP, func(c echo.Context) error {
		entered <- struct{}{}
		<-leave
		return c.NoContent(http.StatusOK)
	})
	codes := make(chan int, more)
	for range more {
		go func() { codes <- send(t, h, 100) }()
	}
	within, refused := 0, 0
	for within+refused < more {
		select {
		case <-entered:
			within++
		case code := <-codes:
			require.Equal(t, http.StatusServiceUnavailable, code)
			refused++
		}
	}
	close(leave)
	require.Equal(t, 4, within)
	for range within {
		require.Equal(t, http.StatusOK, <-codes)
	}
	require.Equal(t, http.StatusOK, send(t, h, 100), "there is room again")
}

func TestNoFileOfAFormStays(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	h := house(roster.VP, func(c echo.Context) error {
		_, err := c.FormFile("file")
		require.NoError(t, err)
		files, err := os.ReadDir(os.TempDir())
		require.NoError(t, err)
		require.Len(t, files, 1, "so large a file does not stay in memory")
		return c.NoContent(http.StatusOK)
	})
	require.Equal(t, http.StatusOK, send(t, h, 34<<20))
	files, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	require.Empty(t, files)
}

// Who asks chooses host and method: neither may make the metrics grow.
func TestMetricsStayFew(t *testing.T) {
	metrics := prometheus.NewRegistry()
	h := houseWith(metrics, "", nil)
	lines := func() int {
		answer := httptest.NewRecorder()
		server.MetricsHTTP(metrics, slog.New(slog.DiscardHandler)).Handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		return bytes.Count(answer.Body.Bytes(), []byte("\n"))
	}
	ask := func(method, host string) {
		r := httptest.NewRequest(method, "/healthz", nil)
		r.Host = host
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	ask(http.MethodGet, "a.example")
	ask("FIRST", "a.example")
	lines()
	before := lines()
	for i := range 50 {
		ask(http.MethodGet, fmt.Sprintf("h%d.example", i))
		ask(fmt.Sprintf("M%d", i), "a.example")
	}
	require.Equal(t, before, lines())
}
