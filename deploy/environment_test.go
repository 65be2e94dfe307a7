package deploy_test

import (
	"os"
	"regexp"
	"testing"

	"windshield/internal/config"

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

// TestEnvironmentFileExplainsEveryOption compares the file with the table that the
// program itself works by: the same options, shown with their defaults.
func TestEnvironmentFileExplainsEveryOption(t *testing.T) {
	shown := documented(t)
	for _, option := range config.Table() {
		value, ok := shown[option.Name]
		require.True(t, ok, "%s is an option: explain it in deploy/windshield.env", option.Name)
		require.Equal(t, option.Default, value, "deploy/windshield.env shows another default of %s", option.Name)
		delete(shown, option.Name)
	}
	require.Empty(t, shown, "deploy/windshield.env explains what is no option")
}
