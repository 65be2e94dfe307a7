package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// event is one line of go test's JSON output; see "go doc test2json".
type event struct {
	Action      string
	Package     string
	ImportPath  string // of build-output and build-fail
	Test        string
	Elapsed     float64 // seconds
	Output      string
	FailedBuild string // of a package that failed because this one did not build
}

// key names a test within the run; Test is empty for the package itself.
type key struct{ Package, Test string }

// summary follows a run. It holds output only of what has not passed yet.
type summary struct {
	out                     io.Writer
	passed, failed, skipped int
	pending                 map[key][]string
	build                   map[string][]string // compiler output by package
	failures                map[string]int      // failed tests by package
}

func newSummary(out io.Writer) *summary {
	return &summary{out: out, pending: map[key][]string{}, build: map[string][]string{}, failures: map[string]int{}}
}

// read takes the whole stream. Lines that are not JSON are shown as they are: go
// prints such lines when it fails before any test starts.
func (s *summary) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if text := strings.TrimRight(line, "\r\n"); text != "" {
			var e event
			if text[0] != '{' || json.Unmarshal([]byte(text), &e) != nil {
				fmt.Fprintln(s.out, text)
			} else {
				s.take(e)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *summary) take(e event) {
	k := key{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		s.build[e.ImportPath] = append(s.build[e.ImportPath], e.Output)
	case "output":
		s.pending[k] = append(s.pending[k], e.Output)
	case "pass", "skip", "fail":
		if e.Test != "" {
			s.endTest(k, e)
		} else {
			s.endPackage(k, e)
		}
	}
}

func (s *summary) endTest(k key, e event) {
	switch e.Action {
	case "pass":
		s.passed++
	case "skip":
		s.skipped++
	case "fail":
		s.failed++
		s.failures[k.Package]++
		fmt.Fprintf(s.out, "FAIL  %s %s (%.2fs)\n", k.Package, k.Test, e.Elapsed)
		s.print(k)
	}
	delete(s.pending, k)
}

func (s *summary) endPackage(k key, e event) {
	switch {
	case e.Action == "fail":
		fmt.Fprintf(s.out, "FAIL  %s (%.1fs)\n", k.Package, e.Elapsed)
		for _, line := range s.build[e.FailedBuild] {
			fmt.Fprint(s.out, "      ", line)
		}
		// A package that fails without a failed test did not build, ran out of
		// time, crashed, or its TestMain failed: that is one failure of its own,
		// and the tests that were under way say where it happened.
		if s.failures[k.Package] == 0 {
			s.failed++
			s.printPackage(k.Package)
		} else {
			s.print(k)
		}
	case e.Action == "skip":
		// No test files: not worth a line.
	default:
		fmt.Fprintf(s.out, "ok    %s (%.1fs)\n", k.Package, e.Elapsed)
	}
	for p := range s.pending {
		if p.Package == k.Package {
			delete(s.pending, p)
		}
	}
	delete(s.build, e.FailedBuild)
}

// print shows what one test, or a package outside of its tests, wrote.
func (s *summary) print(k key) {
	for _, line := range s.pending[k] {
		text := strings.TrimLeft(line, " ")
		if strings.HasPrefix(text, "=== ") || strings.HasPrefix(text, "--- ") || text == "FAIL\n" || strings.HasPrefix(text, "FAIL\t") {
			continue // said already
		}
		fmt.Fprint(s.out, "      ", line)
	}
}

// printPackage shows everything of a package that is still unexplained.
func (s *summary) printPackage(name string) {
	var keys []key
	for k := range s.pending {
		if k.Package == name {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b key) int { return strings.Compare(a.Test, b.Test) })
	for _, k := range keys {
		if k.Test != "" {
			fmt.Fprintf(s.out, "      unfinished: %s\n", k.Test)
		}
		s.print(k)
	}
}
