package deploy_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"windshield/internal/config"
	"windshield/internal/gcal"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// compose is the part of a compose file that the tests look at.
type compose struct {
	Services map[string]struct {
		Image       string
		Build       struct{ Context, Dockerfile string }
		EnvFile     []string `yaml:"env_file"`
		Environment map[string]string
		DependsOn   any `yaml:"depends_on"`
		Healthcheck *struct{ Test []string }
		Ports       []string
		Volumes     []string
		Configs     []struct{ Source, Target string }
		ReadOnly    bool     `yaml:"read_only"`
		CapDrop     []string `yaml:"cap_drop"`
	}
	Volumes  map[string]any
	Networks map[string]struct {
		IPAM struct{ Config []struct{ Subnet string } }
	}
	Configs map[string]struct{ Content string }
}

func readCompose(t *testing.T) (compose, string) {
	t.Helper()
	data, err := os.ReadFile("compose.yaml")
	require.NoError(t, err)
	var c compose
	require.NoError(t, yaml.Unmarshal(data, &c))
	return c, string(data)
}

func TestComposeRunsTwoCopiesOnOneDatabase(t *testing.T) {
	c, _ := readCompose(t)
	options := documented(t)
	var copies []string
	for name, s := range c.Services {
		if s.Image != "windshield" {
			continue
		}
		copies = append(copies, name)
		require.Equal(t, "deploy/Containerfile", s.Build.Dockerfile)
		require.Equal(t, "..", s.Build.Context)
		require.Equal(t, []string{"windshield.local.env"}, s.EnvFile)
		// Two copies, each with a limiter of its own, below one quota.
		require.Equal(t, strconv.Itoa(gcal.GoogleLimits.Project/2), s.Environment["WINDSHIELD_GOOGLE_LIMIT_PROJECT"])
		require.Equal(t, strconv.Itoa(gcal.GoogleLimits.Person/2), s.Environment["WINDSHIELD_GOOGLE_LIMIT_PERSON"])
		for key := range s.Environment {
			require.Contains(t, options, key, "%s sets an option that does not exist", name)
		}
		require.Contains(t, s.Environment["WINDSHIELD_DATABASE_URL"], "@db:5432/")
		require.Equal(t, map[string]any{"db": map[string]any{"condition": "service_healthy"}}, s.DependsOn)
		require.Equal(t, c.Networks["default"].IPAM.Config[0].Subnet, s.Environment["WINDSHIELD_TRUSTED_PROXIES"])
		_, err := config.Load(func(name string) string {
			return strings.ReplaceAll(s.Environment[name], "${POSTGRES_PASSWORD:?put it into .env}", "x")
		}, nil)
		require.NoError(t, err, "the program refuses what %s sets", name)
		require.Empty(t, s.Ports, "people come through the proxy")
		require.True(t, s.ReadOnly)
		require.Equal(t, []string{"ALL"}, s.CapDrop)
	}
	require.Len(t, copies, 2)

	db := c.Services["db"]
	require.Equal(t, "postgres:15", db.Image, "the version that the tests run on")
	require.NotNil(t, db.Healthcheck, "depends_on waits for it")
	require.Equal(t, []string{"CMD", "pg_isready"}, db.Healthcheck.Test[:2])
	volume, _, _ := strings.Cut(db.Volumes[0], ":")
	require.Contains(t, c.Volumes, volume)

	proxy := c.Services["proxy"]
	for _, port := range proxy.Ports {
		require.True(t, strings.HasPrefix(port, "127.0.0.1:"), "opening it to the world is a decision of whoever deploys")
	}
	content := c.Configs[proxy.Configs[0].Source].Content
	for _, name := range copies {
		require.Contains(t, content, name+":8080")
	}
	require.Contains(t, content, "health_uri /readyz")
}

func TestComposeHoldsNoSecret(t *testing.T) {
	_, text := readCompose(t)
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	ignore, err := os.ReadFile(".gitignore")
	require.NoError(t, err)
	for _, hit := range regexp.MustCompile(`PASSWORD[^\n]*`).FindAllString(text, -1) {
		if strings.Contains(hit, ": ") {
			require.Contains(t, hit, "${POSTGRES_PASSWORD:?", "the password comes from .env")
		}
	}
	for _, variable := range regexp.MustCompile(`\$\{([A-Z_]+)`).FindAllStringSubmatch(text, -1) {
		require.Contains(t, string(readme), variable[1]+"=", "the README says how to make it")
	}
	require.Contains(t, string(ignore), "/.env\n")
	require.Contains(t, string(ignore), "/windshield.local.env\n")
}
