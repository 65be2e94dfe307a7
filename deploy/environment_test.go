package deploy_test

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// documented gives the options that windshield.env explains, with the value shown.
func documented(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile("windshield.env")
	require.NoError(t, err)
	options := map[string]string{}
	for _, hit := range regexp.MustCompile(`(?m)^#?(WINDSHIELD_[A-Z_]+)=(.*)$`).FindAllStringSubmatch(string(data), -1) {
		_, twice := options[hit[1]]
		require.False(t, twice, "%s stands there twice", hit[1])
		options[hit[1]] = hit[2]
	}
	return options
}

func TestEnvironmentFileChangesNothingByItself(t *testing.T) {
	data, err := os.ReadFile("windshield.env")
	require.NoError(t, err)
	require.NotRegexp(t, regexp.MustCompile(`(?m)^[^#\n]`), string(data), "every line is a comment until someone decides")
	// A "#" behind a value would become part of it.
	require.NotRegexp(t, regexp.MustCompile(`(?m)^#WINDSHIELD_[A-Z_]+=.*[ \t]#`), string(data))
}

// TestEnvironmentFileExplainsEveryOption compares the file with the names that the
// outside relies on.
func TestEnvironmentFileExplainsEveryOption(t *testing.T) {
	var got []string
	for name := range documented(t) {
		got = append(got, name)
	}
	slices.Sort(got)
	require.Equal(t, optionNames(), got)
}

func optionNames() []string {
	names := []string{
		"WINDSHIELD_ADDR", "WINDSHIELD_BASE_URL", "WINDSHIELD_DATABASE_URL", "WINDSHIELD_SECRET_KEYS",
		"WINDSHIELD_GOOGLE_CALENDAR_URL", "WINDSHIELD_GOOGLE_AUTH_URL", "WINDSHIELD_GOOGLE_TOKEN_URL",
		"WINDSHIELD_GOOGLE_REVOKE_URL", "WINDSHIELD_GOOGLE_CREDENTIALS", "WINDSHIELD_GOOGLE_ORGANIZER",
		"WINDSHIELD_GOOGLE_CLIENT_ID", "WINDSHIELD_GOOGLE_CLIENT_SECRET", "WINDSHIELD_SYNC_INTERVAL",
		"WINDSHIELD_SMTP_URL", "WINDSHIELD_SLACK_WEBHOOK_URL", "WINDSHIELD_TEST_CLOCK", "WINDSHIELD_UNSAFE_TEST",
	}
	slices.Sort(names)
	return names
}
