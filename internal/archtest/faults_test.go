package archtest

import (
	"fmt"
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// faults is how many faults of calendars are known.
const faults = 86

var (
	faultRow  = regexp.MustCompile(`^\| *(\d+) *\|`)
	faultTest = regexp.MustCompile("`(?:([\\w/]+)\\.)?(Test\\w+)`")
	faultName = regexp.MustCompile(`^TestFault(\d+)_[A-Z]`)
)

// unproved gives what is wrong with a table of faults: numbers that are missing or
// doubled, rows without a test, tests that are not there or belong to another
// number, and tests of faults that no row names. tests are those of the tree, by
// folder below internal and name.
func unproved(table string, tests map[string]bool) (wrong []string) {
	rows, named := map[int]int{}, map[string]bool{}
	for line := range strings.Lines(table) {
		m := faultRow.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		number, _ := strconv.Atoi(m[1])
		rows[number]++
		hits := faultTest.FindAllStringSubmatch(line, -1)
		proofs := 0
		for _, hit := range hits {
			test := hit[1] + "." + hit[2]
			named[test] = true
			if !tests[test] {
				wrong = append(wrong, fmt.Sprintf("fault %d: there is no %s", number, test))
			}
			if of := faultName.FindStringSubmatch(hit[2]); of != nil {
				if proofs++; of[1] != fmt.Sprintf("%02d", number) {
					wrong = append(wrong, fmt.Sprintf("fault %d: %s is of another", number, test))
				}
			}
		}
		if proofs == 0 {
			wrong = append(wrong, fmt.Sprintf("fault %d has no test of its own", number))
		}
	}
	for n := 1; n <= faults; n++ {
		if rows[n] != 1 {
			wrong = append(wrong, fmt.Sprintf("fault %d has %d rows", n, rows[n]))
		}
	}
	if len(rows) > faults {
		wrong = append(wrong, "there are more faults than are known here")
	}
	for test := range tests {
		if _, name, _ := strings.Cut(test, "."); faultName.MatchString(name) && !named[test] {
			wrong = append(wrong, test+" stands in no row")
		}
	}
	return wrong
}

func TestEveryFaultOfACalendarHasItsTest(t *testing.T) {
	table, err := os.ReadFile(filepath.Join("..", "gcal", "FAULTS.md"))
	require.NoError(t, err)
	tree, err := Load(filepath.Join("..", ".."), "windshield")
	require.NoError(t, err)
	tests := map[string]bool{}
	for _, f := range tree.Go {
		for _, d := range f.AST.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && f.Test && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") {
				tests[strings.TrimPrefix(f.Dir, "internal/")+"."+fn.Name.Name] = true
			}
		}
	}
	for _, w := range unproved(string(table), tests) {
		t.Error(w)
	}
}

func TestTheTableOfFaultsIsRead(t *testing.T) {
	var whole strings.Builder
	tests := map[string]bool{}
	for n := 1; n <= faults; n++ {
		fmt.Fprintf(&whole, "| %d | fault | does | `gcal.TestFault%02d_Words` |\n", n, n)
		tests[fmt.Sprintf("gcal.TestFault%02d_Words", n)] = true
	}
	require.Empty(t, unproved(whole.String(), tests))
	for _, c := range []struct{ was, is, says string }{
		{"| 7 |", "| 8 |", "fault 7 has 0 rows"},
		{"| 7 |", "| 8 |", "fault 8 has 2 rows"},
		{"| `gcal.TestFault07_Words` |", "| |", "fault 7 has no test of its own"},
		{"TestFault07_Words", "TestFault07_Others", "fault 7: there is no gcal.TestFault07_Others"},
		{"TestFault07_Words", "TestFault07_Others", "gcal.TestFault07_Words stands in no row"},
		{"TestFault07_Words", "TestFault08_Words", "fault 7: gcal.TestFault08_Words is of another"},
	} {
		require.Contains(t, unproved(strings.ReplaceAll(whole.String(), c.was, c.is), tests), c.says)
	}
}
