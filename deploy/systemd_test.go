package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// unit reads windshield.service into section -> key -> values.
func unit(t *testing.T) (map[string]map[string][]string, string) {
	t.Helper()
	data, err := os.ReadFile("windshield.service")
	require.NoError(t, err)
	sections := map[string]map[string][]string{}
	section := ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			section = strings.Trim(line, "[]")
			sections[section] = map[string][]string{}
		default:
			key, value, ok := strings.Cut(line, "=")
			require.True(t, ok, line)
			require.NotEmpty(t, section, line)
			sections[section][key] = append(sections[section][key], value)
		}
	}
	return sections, string(data)
}

func TestServiceRunsWithoutPrivileges(t *testing.T) {
	sections, _ := unit(t)
	service := sections["Service"]
	for key, value := range map[string]string{
		"ExecStart":               "/usr/local/bin/windshield serve",
		"EnvironmentFile":         "/etc/windshield/windshield.env",
		"DynamicUser":             "yes",
		"StateDirectory":          "windshield",
		"StateDirectoryMode":      "0700",
		"WorkingDirectory":        "/var/lib/windshield", // where the default SQLite file goes
		"ProtectSystem":           "strict",
		"ProtectHome":             "yes",
		"NoNewPrivileges":         "yes",
		"CapabilityBoundingSet":   "",
		"MemoryDenyWriteExecute":  "yes",
		"RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
		"Restart":                 "on-failure",
	} {
		require.Equal(t, []string{value}, service[key], key)
	}
	require.Equal(t, []string{"multi-user.target"}, sections["Install"]["WantedBy"])
}

// Where systemd is at hand it judges the unit itself; the test above does not
// depend on it.
func TestSystemdAcceptsTheService(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Log("systemd-analyze is not here; only the keys were checked")
		return
	}
	_, text := unit(t)
	// It wants the program to exist.
	file := filepath.Join(t.TempDir(), "windshield.service")
	text = strings.Replace(text, "=/usr/local/bin/windshield", "=/bin/true", 1)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	out, err := exec.Command(analyze, "verify", "--man=no", file).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Empty(t, strings.TrimSpace(string(out)))
}
