package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestSummaryTellsWhatFailedAndCounts(t *testing.T) {
	cases := []struct {
		name                    string
		stream                  []string
		passed, failed, skipped int
		shows, hides            []string
	}{{
		name: "a passing test is silent, a failing one shows its output",
		stream: []string{
			`{"Action":"output","Package":"p","Test":"TestGood","Output":"chatter\n"}`,
			`{"Action":"pass","Package":"p","Test":"TestGood"}`,
			`{"Action":"output","Package":"p","Test":"TestBad","Output":"=== RUN   TestBad\n"}`,
			`{"Action":"output","Package":"p","Test":"TestBad","Output":"    x_test.go:7: want 1\n"}`,
			`{"Action":"fail","Package":"p","Test":"TestBad","Elapsed":0.5}`,
			`{"Action":"fail","Package":"p","Elapsed":1}`,
		},
		passed: 1, failed: 1,
		shows: []string{"FAIL  p TestBad (0.50s)", "x_test.go:7: want 1"},
		hides: []string{"chatter", "=== RUN"},
	}, {
		name: "a package that does not build is one failure with the compiler's words",
		stream: []string{
			`{"Action":"build-output","ImportPath":"p [p.test]","Output":"a.go:3: undefined: x\n"}`,
			`{"Action":"build-fail","ImportPath":"p [p.test]"}`,
			`{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}`,
		},
		failed: 1,
		shows:  []string{"undefined: x"},
	}, {
		name: "a crash is one failure and names the unfinished test",
		stream: []string{
			`{"Action":"output","Package":"p","Test":"TestLong","Output":"panic: test timed out\n"}`,
			`{"Action":"output","Package":"p","Output":"FAIL\tp\n"}`,
			`{"Action":"fail","Package":"p"}`,
		},
		failed: 1,
		shows:  []string{"unfinished: TestLong", "test timed out"},
	}, {
		name: "skips are counted and other lines pass through",
		stream: []string{
			`go: cannot find main module`,
			`{"Action":"skip","Package":"p","Test":"TestLater"}`,
			`{"Action":"pass","Package":"p"}`,
			`{"Action":"skip","Package":"q"}`,
		},
		skipped: 1,
		shows:   []string{"go: cannot find main module", "ok    p"},
		hides:   []string{"ok    q"},
	}}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			s := newSummary(&out)
			if err := s.read(strings.NewReader(strings.Join(c.stream, "\n"))); err != nil {
				t.Fatal(err)
			}
			if s.passed != c.passed || s.failed != c.failed || s.skipped != c.skipped {
				t.Errorf("passed %d, failed %d, skipped %d; want %d, %d, %d",
					s.passed, s.failed, s.skipped, c.passed, c.failed, c.skipped)
			}
			for _, want := range c.shows {
				if !strings.Contains(out.String(), want) {
					t.Errorf("output lacks %q:\n%s", want, out.String())
				}
			}
			for _, bad := range c.hides {
				if strings.Contains(out.String(), bad) {
					t.Errorf("output should not show %q:\n%s", bad, out.String())
				}
			}
		})
	}
}
