package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// stage is one FROM of a container file with its instructions.
type stage struct {
	base, name   string
	instructions []instruction
}

type instruction struct {
	word  string   // upper case
	flags []string // --from=…, --chown=…
	args  string
}

func (s stage) all(word string) []instruction {
	var found []instruction
	for _, in := range s.instructions {
		if in.word == word {
			found = append(found, in)
		}
	}
	return found
}

// readContainerfile understands what ours uses: comments, continued lines, flags.
func readContainerfile(t *testing.T, text string) []stage {
	t.Helper()
	var stages []stage
	text = regexp.MustCompile(`(?m)^\s*#.*\n`).ReplaceAllString(text, "")
	text = strings.ReplaceAll(text, "\\\n", " ")
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		in := instruction{word: strings.ToUpper(words[0])}
		rest := words[1:]
		for len(rest) > 0 && strings.HasPrefix(rest[0], "--") {
			in.flags = append(in.flags, rest[0])
			rest = rest[1:]
		}
		in.args = strings.Join(rest, " ")
		if in.word == "FROM" {
			s := stage{base: rest[0]}
			if len(rest) == 3 {
				require.Equal(t, "AS", strings.ToUpper(rest[1]))
				s.name = rest[2]
			}
			stages = append(stages, s)
			continue
		}
		require.NotEmpty(t, stages, "%s before the first FROM", in.word)
		last := &stages[len(stages)-1]
		last.instructions = append(last.instructions, in)
	}
	return stages
}

func containerfile(t *testing.T) []stage {
	t.Helper()
	data, err := os.ReadFile("Containerfile")
	require.NoError(t, err)
	stages := readContainerfile(t, string(data))
	require.NotEmpty(t, stages)
	return stages
}

func TestImageIsSmallAndNotRoot(t *testing.T) {
	stages := containerfile(t)
	last := stages[len(stages)-1]
	require.Equal(t, "scratch", last.base)

	users := last.all("USER")
	require.Len(t, users, 1)
	require.Regexp(t, `^[1-9]\d*:[1-9]\d*$`, users[0].args, "a number: scratch has no names, and orchestrators check for 0")
	require.Empty(t, last.all("RUN"), "there is no shell in the image")
	require.Equal(t, `["/windshield"]`, last.all("ENTRYPOINT")[0].args)
	require.Equal(t, `["serve"]`, last.all("CMD")[0].args)
	require.Equal(t, "8080", last.all("EXPOSE")[0].args)
	require.Equal(t, "WINDSHIELD_ADDR=0.0.0.0:8080", last.all("ENV")[0].args)

	copies := ""
	for _, in := range last.all("COPY") {
		copies += in.args + "\n"
	}
	require.Contains(t, copies, "ca-certificates.crt", "without certificates no call to Google succeeds")
	require.Contains(t, copies, "/tmp", "large workbooks are unpacked there")
}

func TestImageIsBuiltFromWhatIsThere(t *testing.T) {
	known := map[string]bool{}
	for _, s := range containerfile(t) {
		for _, in := range s.all("COPY") {
			words := strings.Fields(in.args)
			require.GreaterOrEqual(t, len(words), 2, in.args)
			from := ""
			for _, flag := range in.flags {
				if name, ok := strings.CutPrefix(flag, "--from="); ok {
					from = name
				}
			}
			if from != "" {
				require.True(t, known[from], "COPY --from=%s: no such earlier stage", from)
				continue
			}
			for _, source := range words[:len(words)-1] {
				_, err := os.Stat(filepath.Join("..", source))
				require.NoError(t, err, "COPY %s", source)
				require.False(t, ignored(t, source), "%s is left out by .dockerignore", source)
			}
		}
		known[s.name] = true
	}
}

// Every folder that the program is built from must be copied; a new one is
// forgotten easily, for the build on a developer's machine does not notice.
func TestImageIsBuiltFromAllThatIsNeeded(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "-f", "{{if and .Module .Module.Main}}{{.ImportPath}}{{end}}", "./cmd/windshield")
	list.Dir = ".."
	out, err := list.CombinedOutput()
	require.NoError(t, err, string(out))
	copied := map[string]bool{}
	for _, s := range containerfile(t) {
		for _, in := range s.all("COPY") {
			folder, _, _ := strings.Cut(in.args, "/")
			copied[folder] = true
		}
	}
	for _, pkg := range strings.Fields(string(out)) {
		folder, _, _ := strings.Cut(strings.TrimPrefix(pkg, "windshield/"), "/")
		require.True(t, copied[folder], "the program needs %s: add COPY %s/ %s/ to the Containerfile", pkg, folder, folder)
	}
}

// ignored says whether .dockerignore leaves out the path as a whole.
func ignored(t *testing.T, source string) bool {
	t.Helper()
	data, err := os.ReadFile("../.dockerignore")
	require.NoError(t, err)
	return slices.Contains(strings.Fields(string(data)), strings.TrimSuffix(source, "/"))
}

func TestImageUsesTheProjectsVersions(t *testing.T) {
	mod, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	goVersion := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(mod))
	require.NotNil(t, goVersion)
	pkg, err := os.ReadFile("../package.json")
	require.NoError(t, err)
	nodeVersion := regexp.MustCompile(`"node":\s*">=(\d+)"`).FindStringSubmatch(string(pkg))
	require.NotNil(t, nodeVersion)

	var bases []string
	for _, s := range containerfile(t) {
		bases = append(bases, s.base)
	}
	require.Contains(t, bases, "golang:"+goVersion[1]+"-bookworm")
	require.Contains(t, bases, "node:"+nodeVersion[1]+"-bookworm-slim")
}

func TestImageIsBuiltAsMakeBuildsIt(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	require.NoError(t, err)
	line := regexp.MustCompile(`CGO_ENABLED=0 go build .*`).FindString(string(makefile))
	require.NotEmpty(t, line)
	want := strings.NewReplacer("$(VERSION)", "${VERSION}", "bin/windshield", "/out/windshield").Replace(line)
	var runs string
	for _, s := range containerfile(t) {
		for _, in := range s.all("RUN") {
			runs += in.args + "\n"
		}
	}
	require.Contains(t, runs, want)
	require.Contains(t, runs, "npm ci --ignore-scripts --no-audit --no-fund")
}
