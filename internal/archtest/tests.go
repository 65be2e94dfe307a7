package archtest

import (
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"strings"
)

// checkTests refuses what makes a test say less than it seems to.
func checkTests(t *Tree) []Finding {
	var found []Finding
	for _, f := range t.Go {
		if !f.Test && !forTests(f.Dir) {
			continue
		}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			target, name := f.member(sel)
			switch {
			case target == "time" && name == "Sleep":
				found = append(found, t.at(f, call.Pos(), "test", "time.Sleep in a test: turn the injected clock, or wait for the event itself with a deadline"))
			case target == "testing" && name == "Short":
				found = append(found, t.at(f, call.Pos(), "test", "testing.Short in a test: every test always runs; make it fast instead"))
			case target == "" && (sel.Sel.Name == "Skip" || sel.Sel.Name == "Skipf" || sel.Sel.Name == "SkipNow") && isTester(sel.X):
				found = append(found, t.at(f, call.Pos(), "test", "%s in a test: a missing engine or file is a failure; for unwanted random input narrow the generator", sel.Sel.Name))
			}
			return true
		})
	}
	return found
}

// isTester says whether the expression is a *testing.T or the like, by its usual
// names or by its declared type.
func isTester(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	if !ok {
		return false
	}
	switch id.Name {
	case "t", "tb", "b", "f", "rt", "tt", "T":
		return true
	}
	if id.Obj == nil {
		return false
	}
	field, ok := id.Obj.Decl.(*ast.Field)
	if !ok {
		return false
	}
	typ := field.Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	sel, ok := typ.(*ast.SelectorExpr)
	return ok && (sel.Sel.Name == "T" || sel.Sel.Name == "B" || sel.Sel.Name == "F" || sel.Sel.Name == "TB")
}

var stub = regexp.MustCompile(`(?i)^\W*(not (yet )?implemented|unimplemented|implement me)`)

// checkStubs refuses code that admits to be missing.
func checkStubs(t *Tree) []Finding {
	var found []Finding
	for _, f := range t.Go {
		if f.Generated || f.Dir == "internal/archtest" {
			continue
		}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			if text, err := strconv.Unquote(lit.Value); err == nil && stub.MatchString(strings.TrimSpace(text)) {
				found = append(found, t.at(f, lit.Pos(), "stub", "%q: write it, or leave the door to it out", text))
			}
			return true
		})
	}
	return found
}
