package testkit_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var tag = regexp.MustCompile(`(?s)<head>.*?</head>|<script.*?</script>|<[^>]*>`)

// shows wants texts on a page, and shows the page's text where one is missing.
func shows(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if !strings.Contains(page, s) {
			t.Errorf("the page does not show %q, but:\n%s", s, strings.Join(strings.Fields(tag.ReplaceAllString(page, " ")), " "))
		}
	}
}

func readAll(t *testing.T, r *http.Response) string {
	t.Helper()
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return string(b)
}
