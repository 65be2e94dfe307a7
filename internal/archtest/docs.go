package archtest

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// checkDocs wants a comment on every package and on every exported name of our
// own code: what it is, units, ranges, errors, who may call. Fields and the methods
// of an interface are covered by their type's comment.
func checkDocs(t *Tree) []Finding {
	var found []Finding
	explained, first := map[string]bool{}, map[string]*File{}
	enums := documentedTypes(t)
	for _, f := range t.Go {
		if f.Test || !strings.HasPrefix(f.Dir, "internal/") {
			continue
		}
		if first[f.Dir] == nil || first[f.Dir].Generated {
			first[f.Dir] = f
		}
		if f.Generated {
			continue
		}
		if f.AST.Doc != nil && strings.HasPrefix(f.AST.Doc.Text(), "Package "+f.AST.Name.Name+" ") {
			explained[f.Dir] = true
		}
		for _, decl := range f.AST.Decls {
			found = append(found, t.undocumented(f, decl, enums[f.Dir])...)
		}
	}
	for dir, f := range first {
		if !explained[dir] {
			found = append(found, t.at(f, f.AST.Name.Pos(), "package comment",
				"package %s has no comment that begins \"Package %s \": say in one of its files what lives here and what does not", dir, f.AST.Name.Name))
		}
	}
	return found
}

// documentedTypes gives the names of the types with a comment, by folder.
func documentedTypes(t *Tree) map[string]map[string]bool {
	types := map[string]map[string]bool{}
	for _, f := range t.Go {
		for _, decl := range f.AST.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.TYPE {
				continue
			}
			for _, spec := range gen.Specs {
				if s := spec.(*ast.TypeSpec); s.Doc != nil || s.Comment != nil || gen.Doc != nil {
					if types[f.Dir] == nil {
						types[f.Dir] = map[string]bool{}
					}
					types[f.Dir][s.Name.Name] = true
				}
			}
		}
	}
	return types
}

func (t *Tree) undocumented(f *File, decl ast.Decl, enums map[string]bool) []Finding {
	var found []Finding
	missing := func(pos token.Pos, name string) {
		found = append(found, t.at(f, pos, "doc comment", "exported %s has no comment: say what it is for, its units, ranges and errors", name))
	}
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && receiverExported(d) {
			missing(d.Pos(), d.Name.Name)
		}
	case *ast.GenDecl:
		enum := false // of a const block: the current value is one of a documented type
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if !s.Name.IsExported() {
					continue
				}
				if s.Doc == nil && s.Comment == nil && (d.Doc == nil || d.Lparen.IsValid()) {
					missing(s.Pos(), s.Name.Name)
				}
			case *ast.ValueSpec:
				if id, ok := s.Type.(*ast.Ident); ok && d.Tok == token.CONST {
					enum = enums[id.Name]
				} else if s.Type != nil || len(s.Values) > 0 {
					enum = false
				}
				// One comment over a block of values speaks for all of them, and the
				// comment of an enumeration's type for the names in it.
				if s.Doc != nil || s.Comment != nil || d.Doc != nil || enum {
					continue
				}
				for _, name := range s.Names {
					if name.IsExported() {
						missing(name.Pos(), name.Name)
					}
				}
			}
		}
	}
	return found
}

// receiverExported is true for functions and for methods of exported types.
func receiverExported(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	e := d.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}

// portPackages declare the ports that adapters implement.
var portPackages = []string{"internal/calsync", "internal/notify", "internal/flow"}

// maxPortMethods keeps ports small enough for a second implementation in the tests.
const maxPortMethods = 7

func checkPorts(t *Tree) []Finding {
	var found []Finding
	for _, f := range t.Go {
		if f.Test || f.Generated || !inside(f.Dir, portPackages) {
			continue
		}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if face, ok := spec.Type.(*ast.InterfaceType); ok && face.Methods.NumFields() > maxPortMethods {
				found = append(found, t.at(f, spec.Pos(), "port", "%s has %d methods, at most %d: split it by who needs what", spec.Name.Name, face.Methods.NumFields(), maxPortMethods))
			}
			return true
		})
	}
	return found
}

// checkRows keeps the mapping to tables where the tables are.
func checkRows(t *Tree) []Finding {
	var found []Finding
	for _, f := range t.Go {
		if f.Dir == "internal/store" {
			continue
		}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			if field, ok := n.(*ast.Field); ok && field.Tag != nil && slices.Contains(tagKeys(field.Tag.Value), "gorm") {
				found = append(found, t.at(f, field.Tag.Pos(), "rows", "a gorm tag outside of internal/store: make a row type there and convert"))
			}
			return true
		})
	}
	return found
}

// tagKeys gives the keys of a struct tag such as `json:"a" gorm:"b"`.
func tagKeys(tag string) []string {
	var keys []string
	for part := range strings.FieldsSeq(strings.Trim(tag, "`")) {
		if key, _, ok := strings.Cut(part, ":\""); ok {
			keys = append(keys, key)
		}
	}
	return keys
}
