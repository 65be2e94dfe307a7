package httpapi_test

import (
	"net/http"
	"net/http/cookiejar"
	"testing"

	"github.com/stretchr/testify/require"
)

func jar(t testing.TB) http.CookieJar {
	j, err := cookiejar.New(nil)
	require.NoError(t, err)
	return j
}
