package archtest

import (
	"go/ast"
	"path"
	"slices"
	"strings"
)

// order is the order of the packages: one imports only what stands in a row above
// its own. Packages in one row do not import each other. A new package is added
// here, and the reason for it goes into a record in internal/adr.
var order = [][]string{
	{"internal/fault"},
	{"internal/slot"},
	{"internal/locale"},
	{"internal/geo"},
	{"internal/roster"},
	{"internal/visit"},
	{"internal/access"},
	{"internal/intake"},
	{"internal/sampling"},
	{"internal/planning"},
	{"internal/planning/shapes"}, // makes problems for tests and measurements
	{"internal/planning/solver"}, // compiles planning's problem to indices, then knows only those
	{"internal/planning/bound"},  // how cheap a plan can be; only its tests know the search
	{"internal/calsync"},
	{"internal/alert"},
	{"internal/notify"},
	{"internal/insight"},
	{"internal/coverage"},
	{"internal/export"},
	{"internal/seal"}, // secrets that the story keeps; not pure, since every seal is another
	{"internal/flow"},
	{"internal/store"},
	{"internal/store/pgtest"},
	{"internal/gcal"},
	{"internal/gcal/emulator"},
	{"internal/mail", "internal/hook"}, // the channels: each implements the port of notify and knows its own far end alone
	{"internal/jobs"},
	{"api", "api/client", "sample"},
	{"internal/auth"},
	{"internal/httpapi", "internal/web"},
	{"internal/server"},
	{"internal/config"},
	{"internal/app"},
	{"internal/demo"},
	{"internal/testkit"},
	{"internal/archtest", "internal/browsertest", "deploy"},
	{"cmd/windshield"},
}

// firstImpure ends the pure steps: what stands above it in the order is pure.
const firstImpure = "internal/export"

// testOnly are packages that only test files may import.
var testOnly = []string{"internal/planning/shapes", "internal/store/pgtest", "internal/testkit", "internal/browsertest"}

// rowOf gives the place of a package in the order, or -1. A conformance suite stands
// right below the package whose port it is for.
func rowOf(dir string) int {
	place := func(dir string) int {
		return slices.IndexFunc(order, func(row []string) bool { return slices.Contains(row, dir) })
	}
	if parent, ok := suiteFor(dir); ok && place(dir) < 0 {
		if row := place(parent); row >= 0 {
			return 2*row + 1
		}
		return -1
	}
	if row := place(dir); row >= 0 {
		return 2 * row
	}
	return -1
}

// suiteFor recognises a conformance suite by its name, as the standard library has
// testing/fstest and net/http/httptest: internal/notify/notifytest is for the port
// of internal/notify. Only tests may import it.
func suiteFor(dir string) (parent string, ok bool) {
	parent = path.Dir(dir)
	return parent, path.Base(dir) == path.Base(parent)+"test"
}

// suiteOfOwn is true when suite is the conformance suite of dir's own port.
func suiteOfOwn(dir, suite string) bool {
	parent, ok := suiteFor(suite)
	return ok && parent == dir
}

// forTests says whether a package exists for tests alone.
func forTests(dir string) bool {
	_, suite := suiteFor(dir)
	return suite || inside(dir, testOnly)
}

// pure says whether the package is one of the pure steps.
func pure(dir string) bool {
	row := rowOf(dir)
	return row >= 0 && row < rowOf(firstImpure) && !forTests(dir)
}

func checkOrder(t *Tree) []Finding {
	var found []Finding
	unknown := map[string]bool{}
	for _, f := range t.Go {
		if strings.HasPrefix(f.Dir, "tools") { // a module of its own
			continue
		}
		row := rowOf(f.Dir)
		if row < 0 {
			if !unknown[f.Dir] {
				found = append(found, t.at(f, f.AST.Name.Pos(), "order",
					"package %s has no place yet: add it to the order in internal/archtest/order.go and say why in a record in internal/adr", f.Dir))
			}
			unknown[f.Dir] = true
			continue
		}
		f.imports(func(spec *ast.ImportSpec, target string) {
			if finding, bad := t.judgeImport(f, row, spec, target); bad {
				found = append(found, finding)
			}
		})
	}
	return found
}

// judgeImport decides about one import of a package of our own.
func (t *Tree) judgeImport(f *File, row int, spec *ast.ImportSpec, target string) (Finding, bool) {
	dir, ours := strings.CutPrefix(target, t.Module+"/")
	if !ours || dir == f.Dir {
		return Finding{}, false
	}
	to := rowOf(dir)
	switch {
	case to < 0:
		return Finding{}, false // reported where that package lies
	case forTests(dir) && !f.Test && !forTests(f.Dir):
		return t.at(f, spec.Pos(), "order", "%s is for tests: import it in a _test.go file, or move what is needed into the product", dir), true
	case to < row:
		return Finding{}, false
	case f.Test && suiteOfOwn(f.Dir, dir):
		return Finding{}, false
	case f.Test && !pure(f.Dir) && dir != "cmd/windshield":
		// The tests of adapters and use cases run on the real engines and on the
		// whole app; those of the pure steps stay as pure as the steps.
		return Finding{}, false
	default:
		return t.at(f, spec.Pos(), "order",
			"%s may not import %s, which stands beside or below it: declare a port in %s and let %s implement it, or move the shared part up", f.Dir, dir, f.Dir, dir), true
	}
}
