package archtest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheHouseKeepsItsRules is the test that all the others here are for.
func TestTheHouseKeepsItsRules(t *testing.T) {
	tree, err := Load(filepath.Join("..", ".."), "windshield")
	require.NoError(t, err)
	for _, finding := range Check(tree) {
		t.Error(finding)
	}
}

// TestTheRulesSeeTheirViolations runs the rules over a tree in which every bad
// line says which rule it breaks, and wants exactly these findings.
func TestTheRulesSeeTheirViolations(t *testing.T) {
	root := filepath.Join("testdata", "tree")
	tree, err := Load(root, "windshield")
	require.NoError(t, err)
	tree.exceptions = []exception{{dir: "internal/alert", what: "time.Local", reason: "to show that an exception works"}}

	var got []string
	for _, f := range Check(tree) {
		require.NotEmpty(t, f.Text)
		got = append(got, fmt.Sprintf("%s:%d %s", f.Path, f.Line, f.Rule))
	}
	require.Equal(t, wanted(t, root), got)
}

var want = regexp.MustCompile(`// want(?:\+(\d))? "([^"]+)"`)

func wanted(t *testing.T, root string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(root, func(name string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		for number, line := range strings.Split(string(data), "\n") {
			for _, hit := range want.FindAllStringSubmatch(line, -1) {
				// +N: so many lines further down, where a comment would change the case.
				further, _ := strconv.Atoi(hit[1])
				all = append(all, fmt.Sprintf("%s:%04d %s", filepath.ToSlash(rel), number+1+further, hit[2]))
			}
		}
		return nil
	})
	require.NoError(t, err)
	slices.Sort(all) // by path and line, as Check sorts; then without the padding
	for i, w := range all {
		all[i] = regexp.MustCompile(`:0+`).ReplaceAllString(w, ":")
	}
	return all
}

func TestExceptionsNeedAReasonAndAUse(t *testing.T) {
	tree, err := Load(filepath.Join("testdata", "tree"), "windshield")
	require.NoError(t, err)
	tree.exceptions = []exception{
		{dir: "internal/alert", what: "time.Local"},
		{dir: "internal/alert", what: "time.Now", reason: "nobody uses this"},
	}
	var texts []string
	for _, f := range checkPure(tree) {
		if f.Path == "internal/archtest/pure.go" {
			texts = append(texts, f.Text)
		}
	}
	require.Len(t, texts, 2)
	require.Contains(t, texts[0], "needs a reason")
	require.Contains(t, texts[1], "not needed any more")
}

// The words are put together here as they are in words.go: this file is read too.
func TestWords(t *testing.T) {
	cases := []struct {
		line string
		hit  bool
	}{
		{"// TO" + "DO: later", true},
		{"fix me, to do, todo", false},
		{"see ../sha" + "red/design.md", true},
		{"the shared pool", false},
		{`open("/wo` + `rk/main/x")`, true},
		{"cd /wo" + "rk", true},
		{"/wo" + "rkers and net/wo" + "rk and a/wo" + "rk/b", false},
		{"https://regis" + "try.npmjs.org/x", true},
	}
	for _, c := range cases {
		tree := &Tree{Texts: []Text{{Path: "x.md", Data: []byte("first\n" + c.line + "\n")}}}
		found := checkWords(tree)
		if c.hit {
			require.Len(t, found, 1, c.line)
			require.Equal(t, 2, found[0].Line)
		} else {
			require.Empty(t, found, c.line)
		}
	}
}

func TestOrderNamesEachPackageOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range order {
		for _, dir := range row {
			require.False(t, seen[dir], dir)
			seen[dir] = true
		}
	}
	require.True(t, pure("internal/fault"))
	require.True(t, pure("internal/coverage"))
	require.False(t, pure("internal/flow"))
	require.False(t, pure("internal/nowhere"))
	require.GreaterOrEqual(t, rowOf(firstImpure), 0)
}
