package solver

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The judge of plans and the search for them are two readings of one text. Only
// what holds the problem may be used by both.
var (
	judgeFiles = []string{"check.go", "count.go"}

	// sharedByJudge are the functions of package planning, outside the judge's own
	// files, that the judge may call: names, places, sorting, and the sum of costs.
	sharedByJudge = []string{"Name", "Place", "Slot", "Home", "String", "time", "sortByTime", "Terms", "Sum"}

	// judged are the files of the search that hand finished plans to the judge.
	judged = []string{"solver.go", "board.go", "letin.go"}
)

func parse(t *testing.T, pattern string) map[string]*ast.File {
	paths, err := filepath.Glob(pattern)
	require.NoError(t, err)
	files := map[string]*ast.File{}
	for _, path := range paths {
		if !strings.HasSuffix(path, "_test.go") {
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			require.NoError(t, err)
			files[filepath.Base(path)] = f
		}
	}
	require.NotEmpty(t, files)
	return files
}

func TestTheJudgeStandsOnItsOwn(t *testing.T) {
	files := parse(t, "../*.go")
	elsewhere, own := map[string]bool{}, map[string]bool{}
	for name, f := range files {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				if slices.Contains(judgeFiles, name) {
					own[fn.Name.Name] = true
				} else {
					elsewhere[fn.Name.Name] = true
				}
			}
		}
	}
	for _, name := range judgeFiles {
		packages := map[string]bool{}
		for _, i := range files[name].Imports {
			path, err := strconv.Unquote(i.Path.Value)
			require.NoError(t, err)
			packages[filepath.Base(path)] = true
			require.Contains(t, []string{"cmp", "fmt", "maps", "slices", "strings", "windshield/internal/geo", "windshield/internal/slot"}, path, name)
		}
		ast.Inspect(files[name], func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			called := ""
			switch fun := call.Fun.(type) {
			case *ast.Ident:
				called = fun.Name
			case *ast.SelectorExpr:
				if x, ok := fun.X.(*ast.Ident); ok && packages[x.Name] {
					return true
				}
				called = fun.Sel.Name
			}
			if elsewhere[called] && !own[called] {
				require.Contains(t, sharedByJudge, called, "%s calls %s", name, called)
			}
			return true
		})
	}
}

func TestTheSearchDoesNotAskTheJudge(t *testing.T) {
	for name, f := range parse(t, "*.go") {
		ast.Inspect(f, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := selector.X.(*ast.Ident); ok && x.Name == "planning" && selector.Sel.Name == "Check" {
				require.Contains(t, judged, name, "only finished plans are judged")
			}
			return true
		})
	}
}
