package config

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestDefaults(t *testing.T) {
	c, err := Load(env(), nil)
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:8080", c.Addr)
	require.Equal(t, "http://127.0.0.1:8080", c.BaseURL)
	require.Equal(t, "sqlite:windshield.db", c.DatabaseURL)
	require.Equal(t, time.Minute, c.SyncInterval)
	require.False(t, c.Secure())
	require.Equal(t, []int{10_000, 600, 0}, []int{c.GoogleLimitProject, c.GoogleLimitPerson, c.GoogleLimitWrites})
	require.Empty(t, c.MetricsAddr+c.PushURL)
}

func TestCalendarsReachUsOverTLSOrFromThisMachine(t *testing.T) {
	for _, good := range []string{"https://windshield.example.com", "https://windshield.example.com/", "http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost:8080"} {
		c, err := Load(env("WINDSHIELD_PUSH_URL", good), nil)
		require.NoError(t, err, good)
		require.Equal(t, strings.TrimRight(good, "/"), c.PushURL)
	}
	for _, bad := range []string{"http://windshield.example.com", "http://10.0.0.1", "https://windshield.example.com/hook", "windshield.example.com", "ftp://localhost"} {
		_, err := Load(env("WINDSHIELD_PUSH_URL", bad), nil)
		require.True(t, fault.Is(err, fault.Invalid), bad)
	}
	_, err := Load(env("WINDSHIELD_GOOGLE_LIMIT_PERSON", "-1"), nil)
	require.True(t, fault.Is(err, fault.Invalid))
}

func TestTheEnvironmentWinsOverTheFile(t *testing.T) {
	file := strings.NewReader("# comment\n\nexport WINDSHIELD_ADDR=\"127.0.0.1:9000\"\nWINDSHIELD_SYNC_INTERVAL=5m\n")
	c, err := Load(env("WINDSHIELD_SYNC_INTERVAL", "30s", "WINDSHIELD_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1/32", "WINDSHIELD_BASE_URL", "https://visits.example.com/"), file)
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:9000", c.Addr)
	require.Equal(t, 30*time.Second, c.SyncInterval)
	require.Equal(t, "https://visits.example.com", c.BaseURL)
	require.True(t, c.Secure())
	require.Equal(t, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32")}, c.TrustedProxies)
}

func TestEveryProblemIsNamedAtOnce(t *testing.T) {
	_, err := Load(env("WINDSHIELD_ADDR", "8080", "WINDSHIELD_DATABASE_URL", "mysql://root:hunter2@db", "WINDSHIELD_SYNC_INTERVAL", "1s",
		"WINDSHIELD_GOOGLE_CALENDAR_URL", "http://127.0.0.1:1/calendar/v3", "WINDSHIELD_SMTP_URL", "http://mail", "WINDSHIELD_LOG_LEVEL", "loud",
		"WINDSHIELD_TRUSTED_PROXIES", "here", "WINDSHIELD_UNSAFE_TEST", "perhaps"), strings.NewReader("WINDSHIELD_TYPO=1\nnonsense\n"))
	require.True(t, fault.Is(err, fault.Invalid))
	_, details := fault.Shown(err)
	require.Len(t, details, 10)
	require.NotContains(t, err.Error(), "hunter2", "a secret must not be repeated")
}

func TestATestClockNeedsAnUnsafeTest(t *testing.T) {
	_, err := Load(env("WINDSHIELD_TEST_CLOCK", "clock.txt"), nil)
	require.ErrorContains(t, err, "WINDSHIELD_UNSAFE_TEST=1")
	_, err = Load(env("WINDSHIELD_TEST_CLOCK", "clock.txt", "WINDSHIELD_UNSAFE_TEST", "1"), nil)
	require.NoError(t, err)
	_, err = Load(env("WINDSHIELD_UNSAFE_TEST", "1", "WINDSHIELD_BASE_URL", "https://visits.example.com"), nil)
	require.ErrorContains(t, err, "https")
}

func TestTheDumpHidesSecrets(t *testing.T) {
	c, err := Load(env("WINDSHIELD_DATABASE_URL", "postgres://app:hunter2@db.example.com/windshield", "WINDSHIELD_SMTP_URL", "smtp://app:hunter2@mail.example.com:587"), nil)
	require.NoError(t, err)
	dump := strings.Join(Dump(c), "\n")
	require.NotContains(t, dump, "hunter2")
	require.Contains(t, dump, "WINDSHIELD_DATABASE_URL=postgres://db.example.com/windshield")
	require.Equal(t, len(Table()), len(Dump(c)))
}

func TestConsentNeedsAClientAndAKey(t *testing.T) {
	key := "k1:" + strings.Repeat("A", 43) + "="
	c, err := Load(env("WINDSHIELD_GOOGLE_CLIENT_ID", "id", "WINDSHIELD_GOOGLE_CLIENT_SECRET", "hush", "WINDSHIELD_SECRET_KEYS", key), nil)
	require.NoError(t, err)
	require.True(t, c.SecretKeys.Ready())
	require.NotContains(t, strings.Join(Dump(c), " "), "hush")
	require.NotContains(t, strings.Join(Dump(c), " "), "AAAA")
	for _, bad := range [][]string{
		{"WINDSHIELD_GOOGLE_CLIENT_ID", "id"},
		{"WINDSHIELD_GOOGLE_CLIENT_ID", "id", "WINDSHIELD_SECRET_KEYS", key},
		{"WINDSHIELD_GOOGLE_CLIENT_ID", "id", "WINDSHIELD_GOOGLE_CLIENT_SECRET", "hush"},
		{"WINDSHIELD_SECRET_KEYS", "k1:short-SECRET"},
	} {
		_, err := Load(env(bad...), nil)
		require.True(t, fault.Is(err, fault.Invalid), "%v", bad)
		require.NotContains(t, err.Error(), "SECRET\"")
		require.NotContains(t, err.Error(), "hush")
	}
}

func TestNoticesNeedAWholeAddressAndASecret(t *testing.T) {
	const slack, key = "https://hooks.slack.com/services/T0/B0/hush", "hush-hush-hush-hush"
	for _, to := range []string{"https://hooks.example.com/in/hush?key=hush", "http://127.0.0.1:9000/hush", "http://receiver.internal/hush", "https://10.0.0.5:8443/hush"} {
		c, err := Load(env("WINDSHIELD_SLACK_WEBHOOK_URL", slack, "WINDSHIELD_WEBHOOK_URL", to, "WINDSHIELD_WEBHOOK_SECRET", key), nil)
		require.NoError(t, err, to)
		require.Equal(t, []string{slack, to, key}, []string{c.SlackWebhookURL, c.WebhookURL, c.WebhookSecret})
		dump := strings.Join(Dump(c), "\n")
		require.NotContains(t, dump, "hush")
		require.NotContains(t, dump, "hooks.")
		require.Contains(t, dump, "WINDSHIELD_SLACK_WEBHOOK_URL=(set)\nWINDSHIELD_WEBHOOK_URL=(set)\nWINDSHIELD_WEBHOOK_SECRET=(set)")
	}
	for _, bad := range [][]string{
		{"WINDSHIELD_WEBHOOK_URL", "https://hooks.example.com/hush"},
		{"WINDSHIELD_WEBHOOK_SECRET", key},
		{"WINDSHIELD_WEBHOOK_URL", "https://hooks.example.com/hush", "WINDSHIELD_WEBHOOK_SECRET", "hush"},
		{"WINDSHIELD_WEBHOOK_URL", "ftp://hooks.example.com/hush", "WINDSHIELD_WEBHOOK_SECRET", key},
		{"WINDSHIELD_WEBHOOK_URL", "https://me:hush@hooks.example.com/", "WINDSHIELD_WEBHOOK_SECRET", key},
		{"WINDSHIELD_WEBHOOK_URL", "hush", "WINDSHIELD_WEBHOOK_SECRET", key},
		{"WINDSHIELD_SLACK_WEBHOOK_URL", "hooks.slack.com/services/hush"},
		{"WINDSHIELD_SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/hush#x"},
	} {
		_, err := Load(env(bad...), nil)
		require.True(t, fault.Is(err, fault.Invalid), "%v", bad)
		require.ErrorContains(t, err, strings.SplitN(bad[0], "_URL", 2)[0][:18])
		require.NotContains(t, err.Error(), "hush", "%v", bad)
	}
}
