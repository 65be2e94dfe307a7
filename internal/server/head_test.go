package server

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"
)

func TestHEADIsAnsweredAsGETWithoutABody(t *testing.T) {
	e := echo.New()
	e.GET("/healthz", func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") })
	s := httptest.NewServer(headAsGet(e))
	defer s.Close()
	r, err := s.Client().Head(s.URL + "/healthz")
	require.NoError(t, err)
	defer r.Body.Close()
	require.Equal(t, http.StatusOK, r.StatusCode)
	require.Empty(t, must(r))
}

func must(r *http.Response) []byte {
	b := make([]byte, 10)
	n, _ := r.Body.Read(b)
	return b[:n]
}
