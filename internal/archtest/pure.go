package archtest

import (
	"go/ast"
	"go/token"
	"strings"
)

// exception lets one pure package do one thing that the others may not.
type exception struct {
	dir    string
	what   string // an import path, or "path.Name", or "go"
	reason string
}

// exceptions is the whole list; one that is not needed any more is a finding.
var exceptions = []exception{}

// impureImports are packages that stand for the world outside, with the way to
// get by without them.
var impureImports = map[string]string{
	"net/http":     "describe what is wanted and let the HTTP edge or internal/gcal do it",
	"net":          "let an adapter talk to the network",
	"net/smtp":     "let internal/mail send",
	"database/sql": "take values; internal/store reads and writes them",
	"os":           "take an io.Reader or io.Writer",
	"os/exec":      "let an adapter start processes",
	"os/signal":    "let internal/app handle signals",
	"io/ioutil":    "take an io.Reader or io.Writer",
	"log":          "return what is worth telling",
	"log/slog":     "return what is worth telling; internal/flow logs",
	"syscall":      "let an adapter ask the system",
	"unsafe":       "write it in plain Go",
	"crypto/rand":  "take random bytes or a seed as an argument",
}

// impureNames are members of otherwise harmless packages.
var impureNames = map[string]string{
	"time.Now":       "take the instant as an argument",
	"time.Since":     "take the instant as an argument and subtract",
	"time.Until":     "take the instant as an argument and subtract",
	"time.Sleep":     "return, and let the caller decide when to go on",
	"time.After":     "take the instant as an argument",
	"time.AfterFunc": "take the instant as an argument",
	"time.Tick":      "take the instant as an argument",
	"time.NewTimer":  "take the instant as an argument",
	"time.NewTicker": "take the instant as an argument",
	"time.Local":     "take the *time.Location as an argument; the machine's zone means nothing",

	"github.com/google/uuid.New":             "take the id as an argument",
	"github.com/google/uuid.NewString":       "take the id as an argument",
	"github.com/google/uuid.NewRandom":       "take the id as an argument",
	"github.com/google/uuid.NewUUID":         "take the id as an argument",
	"github.com/google/uuid.NewV6":           "take the id as an argument",
	"github.com/google/uuid.NewV7":           "take the id as an argument",
	"github.com/google/uuid.SetRand":         "take the id as an argument",
	"path/filepath.Walk":                     "take an fs.FS",
	"path/filepath.WalkDir":                  "take an fs.FS",
	"path/filepath.Glob":                     "take an fs.FS",
	"runtime.NumCPU":                         "take the number of workers as an argument",
	"runtime.GOMAXPROCS":                     "take the number of workers as an argument",
	"context.WithTimeout":                    "take a context that ends in time",
	"context.WithDeadline":                   "take a context that ends in time",
	"context.Background":                     "take the context as an argument",
	"golang.org/x/sync/errgroup.WithContext": "do one thing after the other; only the solver runs side by side",
}

// seeded are the members of math/rand and math/rand/v2 that make a source of
// randomness from a seed, or name a type; all others draw from a global source.
var seeded = map[string]bool{
	"New": true, "NewPCG": true, "NewChaCha8": true, "NewSource": true, "NewZipf": true,
	"Rand": true, "Source": true, "Source64": true, "PCG": true, "ChaCha8": true, "Zipf": true,
}

// parallel may start goroutines.
var parallel = []string{"internal/planning/solver"}

func checkPure(t *Tree) []Finding {
	var found []Finding
	used := map[exception]bool{}
	globals := packageVars(t)
	for _, f := range t.Go {
		if !pure(f.Dir) || f.Test {
			continue
		}
		report := func(pos token.Pos, what, instead string) {
			for _, e := range t.exceptions {
				if e.dir == f.Dir && e.what == what {
					used[e] = true
					return
				}
			}
			found = append(found, t.at(f, pos, "pure", "%s is pure and may not use %s: %s", f.Dir, what, instead))
		}
		f.imports(func(spec *ast.ImportSpec, target string) {
			if instead, bad := impureImports[target]; bad {
				report(spec.Pos(), target, instead)
			} else if strings.HasPrefix(target, "net/http/") {
				report(spec.Pos(), target, impureImports["net/http"])
			}
		})
		ast.Inspect(f.AST, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				target, name := f.member(n)
				if instead, bad := impureNames[target+"."+name]; bad {
					report(n.Pos(), target+"."+name, instead)
				}
				if (target == "math/rand" || target == "math/rand/v2") && !seeded[name] {
					report(n.Pos(), target+"."+name, "take a *rand.Rand or a seed as an argument")
				}
			case *ast.GoStmt:
				if !inside(f.Dir, parallel) {
					report(n.Pos(), "go", "do one thing after the other; only the solver runs side by side")
				}
			case *ast.FuncDecl:
				if n.Body != nil && !(n.Recv == nil && n.Name.Name == "init") {
					writesToGlobals(n.Body, globals[f.Dir], report)
				}
			}
			return true
		})
	}
	for _, e := range t.exceptions {
		switch {
		case e.reason == "":
			found = append(found, Finding{Path: "internal/archtest/pure.go", Rule: "pure", Text: "the exception for " + e.dir + " and " + e.what + " needs a reason"})
		case !used[e]:
			found = append(found, Finding{Path: "internal/archtest/pure.go", Rule: "pure", Text: "the exception for " + e.dir + " and " + e.what + " is not needed any more: remove it"})
		}
	}
	return found
}

// packageVars gives the names of the package-level variables by folder.
func packageVars(t *Tree) map[string]map[string]bool {
	vars := map[string]map[string]bool{}
	for _, f := range t.Go {
		if f.Test {
			continue
		}
		for _, decl := range f.AST.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.VAR {
				continue
			}
			for _, spec := range gen.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					if vars[f.Dir] == nil {
						vars[f.Dir] = map[string]bool{}
					}
					vars[f.Dir][name.Name] = true
				}
			}
		}
	}
	return vars
}

// writesToGlobals reports assignments to package-level variables and to what hangs
// on them. The parser links a name to its declaration when that stands in the same
// file: a link to something local means another variable of the same name.
func writesToGlobals(body *ast.BlockStmt, globals map[string]bool, report func(token.Pos, string, string)) {
	judge := func(e ast.Expr) {
		id := root(e)
		if id == nil || !globals[id.Name] {
			return
		}
		if id.Obj != nil {
			// Declared in this file: at the top level only if nothing in this body declares it.
			if decl, ok := id.Obj.Decl.(ast.Node); ok && decl.Pos() >= body.Pos() && decl.End() <= body.End() {
				return
			}
			if _, isVar := id.Obj.Decl.(*ast.ValueSpec); !isVar {
				return // a parameter or a receiver
			}
		}
		report(e.Pos(), "the global variable "+id.Name+" for writing", "keep the state in a value that the caller holds")
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, e := range n.Lhs {
					judge(e)
				}
			}
		case *ast.IncDecStmt:
			judge(n.X)
		}
		return true
	})
}

// root gives the name that an assignable expression starts from: x in x.a[3].b.
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// environmentReaders may ask the environment; all others take options as arguments.
var environmentReaders = []string{"cmd/windshield", "internal/config"}

func checkEnvironment(t *Tree) []Finding {
	var found []Finding
	for _, f := range t.Go {
		if f.Test || inside(f.Dir, environmentReaders) || forTests(f.Dir) || strings.HasPrefix(f.Dir, "tools") {
			continue
		}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			if target, name := f.member(n); target == "os" && (name == "Getenv" || name == "LookupEnv" || name == "Environ") {
				found = append(found, t.at(f, n.Pos(), "environment", "os.%s outside of cmd/windshield: take the option as an argument and add it to the table of internal/config", name))
			}
			return true
		})
	}
	return found
}
