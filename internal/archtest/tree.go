package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// Tree is the source of a module as the rules see it.
type Tree struct {
	Module string // the module's path, such as "windshield"
	Fset   *token.FileSet
	Go     []*File // every Go file outside of testdata
	Texts  []Text  // every text file that is not left out, Go files included

	exceptions []exception
}

// File is one parsed Go file.
type File struct {
	Path      string // relative to the top, with slashes
	Dir       string // the package's folder, such as "internal/slot"; "." at the top
	Test      bool   // a _test.go file
	External  bool   // of a package NAME_test
	Generated bool
	AST       *ast.File
	names     map[string]string // import path by the name used in this file
}

// Text is one text file.
type Text struct {
	Path string
	Data []byte
}

// leftOut are the folders that git does not hold, and the rules' own samples of bad
// code, as paths from the top.
var leftOut = map[string]bool{
	".git": true, "node_modules": true, "bin": true, "build": true, "data": true,
	"internal/web/dist": true, "internal/geo/data": true, "internal/slot/data": true,
	"internal/archtest/testdata": true,
}

// Load reads the module whose top folder is root.
func Load(root, module string) (*Tree, error) {
	tree := &Tree{Module: module, Fset: token.NewFileSet(), exceptions: exceptions}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if entry.IsDir() {
			if leftOut[rel] {
				return fs.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if bytes.IndexByte(data[:min(len(data), 8000)], 0) >= 0 {
			return nil // not text
		}
		tree.Texts = append(tree.Texts, Text{Path: rel, Data: data})
		if !strings.HasSuffix(rel, ".go") || hasFolder(rel, "testdata") {
			return nil
		}
		file, err := parse(tree.Fset, rel, data)
		if err != nil {
			return err
		}
		tree.Go = append(tree.Go, file)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(tree.Go) == 0 {
		return nil, fmt.Errorf("no Go files under %s", root)
	}
	return tree, nil
}

func parse(fset *token.FileSet, rel string, data []byte) (*File, error) {
	syntax, err := parser.ParseFile(fset, rel, data, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	f := &File{
		Path:      rel,
		Dir:       path.Dir(rel),
		Test:      strings.HasSuffix(rel, "_test.go"),
		External:  strings.HasSuffix(rel, "_test.go") && strings.HasSuffix(syntax.Name.Name, "_test"),
		Generated: ast.IsGenerated(syntax),
		AST:       syntax,
		names:     map[string]string{},
	}
	for _, spec := range syntax.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		name := path.Base(target)
		if spec.Name != nil {
			name = spec.Name.Name
		} else if isVersion(name) {
			name = path.Base(path.Dir(target))
		}
		f.names[name] = target
	}
	return f, nil
}

// isVersion tells the last element of an import path that is no package name: v2, v12.
func isVersion(name string) bool {
	_, err := strconv.Atoi(strings.TrimPrefix(name, "v"))
	return strings.HasPrefix(name, "v") && err == nil
}

func hasFolder(rel, folder string) bool {
	for part := range strings.SplitSeq(path.Dir(rel), "/") {
		if part == folder {
			return true
		}
	}
	return false
}

// at makes a finding at a place in a Go file.
func (t *Tree) at(f *File, pos token.Pos, rule, format string, args ...any) Finding {
	return Finding{Path: f.Path, Line: t.Fset.Position(pos).Line, Rule: rule, Text: fmt.Sprintf(format, args...)}
}

// imports calls yield for each import of the file with its unquoted path.
func (f *File) imports(yield func(spec *ast.ImportSpec, target string)) {
	for _, spec := range f.AST.Imports {
		if target, err := strconv.Unquote(spec.Path.Value); err == nil {
			yield(spec, target)
		}
	}
}

// member gives the import path and the name of a selector such as time.Now, or
// two empty strings if the left side is not an imported package.
func (f *File) member(e ast.Node) (target, name string) {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	id, ok := sel.X.(*ast.Ident)
	if !ok || id.Obj != nil { // Obj is set when the name is declared in this file: not the import
		return "", ""
	}
	return f.names[id.Name], sel.Sel.Name
}

// inside says whether dir is one of the given folders.
func inside(dir string, folders []string) bool {
	for _, folder := range folders {
		if dir == folder {
			return true
		}
	}
	return false
}
