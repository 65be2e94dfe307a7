package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
)

// documents are those whose commands a newcomer follows.
var documents = []string{"../../README.md", "../../deploy/README.md"}

var block = regexp.MustCompile("(?ms)^ *```sh\n(.*?)^ *```")

// commandsIn gives the commands of a document's shell blocks, without comments.
func commandsIn(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var out []string
	for _, b := range block.FindAllStringSubmatch(string(data), -1) {
		for line := range strings.Lines(b[1]) {
			line, _, _ = strings.Cut(line, " #")
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				out = append(out, line)
			}
		}
	}
	return out
}

// TestCommandsOfTheDocuments runs what the documents tell people to type, as far
// as a command ends by itself; servers are only parsed.
func TestCommandsOfTheDocuments(t *testing.T) {
	dir := t.TempDir()
	hosts := filepath.Join(dir, "hosts.csv")
	require.NoError(t, os.WriteFile(hosts, []byte("key,name,email\nh1,Account manager North,north@example.com\n"), 0o600))
	customers := filepath.Join(dir, "customers.csv")
	require.NoError(t, os.WriteFile(customers, []byte("key,name,city,country,host\nc1,Acme,Zürich,CH,h1\n"), 0o600))
	solution := filepath.Join(dir, "solution.json")
	t.Setenv("WINDSHIELD_DATABASE_URL", "sqlite:"+filepath.Join(dir, "windshield.db"))
	require.NoError(t, run(t, "import", "hosts", hosts), "customers refer to hosts")
	require.NoError(t, run(t, "link", "vp@example.com", "--admin", "VP of Sales"), "somebody must be known before a link can be made")

	makefile, err := os.ReadFile("../../Makefile")
	require.NoError(t, err)
	ran := map[string]bool{}
	for _, document := range documents {
		for _, line := range commandsIn(t, document) {
			words := strings.Fields(line)
			switch filepath.Base(words[0]) {
			case "make":
				require.Regexp(t, `(?m)^`+words[1]+`:`, string(makefile), line)
				continue
			case "windshield":
			default:
				continue
			}
			args := words[1:]
			for i, w := range args {
				switch w {
				case "FILE":
					args[i] = customers
				case "PROBLEM.json":
					args[i] = tinyProblem
				case "SOLUTION.json":
					args[i] = solution
				case "OTHER.json":
					args[i] = filepath.Join(dir, "other.json")
				case "RECORD.json":
					args[i] = filepath.Join(dir, "record.json")
					require.NoError(t, os.WriteFile(args[i], aRecord(t), 0o600))
				case "VISIT":
					args[i] = "v1"
				case "10s":
					args[i] = "100ms"
				}
			}
			ran[args[0]] = true
			if args[0] == "serve" || args[0] == "demo" {
				_, err := kong.Must(&commands{}, kong.Exit(func(int) {})).Parse(args)
				require.NoError(t, err, line)
				continue
			}
			require.NoError(t, run(t, args...), line)
		}
	}
	for _, c := range []string{"serve", "demo", "plan", "explain", "propose", "letin", "compare", "bound", "replay", "import", "link", "migrate", "version"} {
		require.True(t, ran[c], "no document shows the command %s", c)
	}
}

// run does what main does with the arguments.
func run(t *testing.T, args ...string) error {
	t.Helper()
	var c commands
	k, err := kong.Must(&c, kong.Exit(func(int) {})).Parse(args)
	if err != nil {
		return err
	}
	return k.Run()
}

func TestMakeTargetsInTheREADME(t *testing.T) {
	var all []string
	for _, d := range documents {
		all = append(all, commandsIn(t, d)...)
	}
	require.Contains(t, all, "make run")
	require.Contains(t, all, "make test")
}

func TestPicturesOfTheREADMEAreThere(t *testing.T) {
	data, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	pictures := regexp.MustCompile(`\]\((docs/pictures/[a-z]+\.png)\)`).FindAllStringSubmatch(string(data), -1)
	require.NotEmpty(t, pictures)
	for _, p := range pictures {
		require.FileExists(t, filepath.Join("../..", p[1]))
	}
}
