// Package archtest holds the rules of the house as a test: which package may
// import which, who owns which library, what a pure package may not touch, and
// what every file owes its reader. The rules read the source, not the compiled
// packages, so they see test files, generated files and files behind build tags
// alike. Nothing but its own test imports this package.
package archtest

import (
	"cmp"
	"fmt"
	"slices"
)

// Finding is one place where the source breaks a rule.
type Finding struct {
	Path string // file, relative to the top of the module, with slashes
	Line int    // 1-based; 0 for a whole file
	Rule string // the rule's short name
	Text string // what is wrong and what to do instead
}

// String gives the finding as editors and people expect it: path:line: text.
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d: %s (%s)", f.Path, f.Line, f.Text, f.Rule)
}

// Check applies every rule to the tree and gives the findings sorted by place.
func Check(tree *Tree) []Finding {
	var all []Finding
	for _, rule := range []func(*Tree) []Finding{
		checkOrder, checkOwners, checkPure, checkEnvironment, checkRows,
		checkDocs, checkPorts, checkTests, checkStubs, checkWords,
	} {
		all = append(all, rule(tree)...)
	}
	slices.SortFunc(all, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Text, b.Text))
	})
	return slices.Compact(all)
}
