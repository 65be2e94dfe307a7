package testkit_test

import (
	"regexp"
	"strings"
	"testing"
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
