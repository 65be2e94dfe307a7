//go:build bench

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/planning"
)

// reference holds what a plain annealing search of another program reached on
// the instances, by time.
var reference = map[string]map[string]int64{
	"tiny-1":   {"2s": 389_521, "10s": 382_308, "1m0s": 380_106},
	"small-1":  {"2s": 716_040, "10s": 663_426, "1m0s": 649_035},
	"medium-1": {"2s": 4_944_079, "10s": 4_479_055, "1m0s": 4_021_368, "10m0s": 3_871_532},
	"large-1":  {"2s": 18_482_352, "10s": 12_417_403, "1m0s": 11_409_047, "10m0s": 10_369_153},
}

// aim is what we want to be better than: after 2 s than that search after 60 s,
// after 10 s than that search after 600 s, or after 60 s where there is none.
func aim(name, limit string) int64 {
	r := reference[name]
	switch limit {
	case "2s":
		return r["1m0s"]
	case "10s":
		if r["10m0s"] == 0 {
			return r["1m0s"]
		}
		return r["10m0s"]
	}
	return r[limit]
}

// measured is one line of the table.
type measured struct {
	name, limit, seed string
	cost              planning.Cost // each term weighted
	moves             int64
	took, judged      time.Duration
	memory            int64 // bytes, at the highest
}

// TestBenchPlan is what "make bench-plan" runs. It plans as users do, with the
// built program as a process, has it judge every plan in another, and writes the
// table into the file that OUT names, between the two lines that mark its place.
//
// This process must stay small: Linux counts what it occupies into the memory of
// those that it starts. Hence it reads no problem and makes none.
func TestBenchPlan(t *testing.T) {
	var done []measured
	for _, size := range words("SIZES", "tiny small medium large huge") {
		paths := problemsOf(t, size)
		require.NotEmpty(t, paths, "there is no problem of size %s", size)
		for _, path := range paths {
			for _, text := range words("LIMITS", "2s 10s 60s") {
				limit, err := time.ParseDuration(text)
				require.NoError(t, err)
				for _, seed := range words("SEEDS", "1") {
					m := measure(t, path, limit, seed)
					done = append(done, m)
					fmt.Println(m)
				}
			}
		}
	}
	put(t, os.Getenv("OUT"), table(done))
}

// words gives the words of a variable, or those that stand for it.
func words(variable, otherwise string) []string {
	s := os.Getenv(variable)
	if s == "" {
		s = otherwise
	}
	return strings.Fields(strings.ReplaceAll(s, ",", " "))
}

// problemsOf gives the files to plan: the instance of the size, and problems
// that nobody has tuned the search on. Only medium is planned in every shape.
func problemsOf(t *testing.T, size string) (paths []string) {
	instances, err := filepath.Glob("../../internal/planning/testdata/" + size + "-*.json.gz")
	require.NoError(t, err)
	made, err := filepath.Glob(filepath.Join(os.Getenv("WINDSHIELD_PROBLEMS"), size+"-*.json.gz"))
	require.NoError(t, err)
	wanted := words("SHAPES", "")
	for _, path := range made {
		shape := regexp.MustCompile(`^[a-z]+-(.*)-\d+$`).FindStringSubmatch(nameOf(path))[1]
		if slices.Contains(wanted, shape) || len(wanted) == 0 && (shape == "standard" || size == "medium") {
			instances = append(instances, path)
		}
	}
	return instances
}

func nameOf(path string) string { return strings.TrimSuffix(filepath.Base(path), ".json.gz") }

var movesTried = regexp.MustCompile(`(\d+) moves tried`)

// measure plans a file once and has the plan judged.
func measure(t *testing.T, path string, limit time.Duration, seed string) measured {
	out := filepath.Join(t.TempDir(), "solution.json")
	start := time.Now()
	report, state := command(t, "plan", path, "-o", out, "--limit", limit.String(), "--seed", seed)
	m := measured{name: nameOf(path), limit: limit.String(), seed: seed, took: time.Since(start)}
	usage, ok := state.SysUsage().(*syscall.Rusage)
	require.True(t, ok)
	m.memory = usage.Maxrss
	if runtime.GOOS != "darwin" { // where it is in bytes already
		m.memory <<= 10
	}
	found := movesTried.FindStringSubmatch(report)
	require.NotNil(t, found, report)
	var err error
	m.moves, err = strconv.ParseInt(found[1], 10, 64)
	require.NoError(t, err)

	start = time.Now()
	command(t, "plan", "--check", path, out) // fails where the plan or its cost is wrong
	m.judged = time.Since(start)
	s, err := readFile(out, planning.ReadSolution)
	require.NoError(t, err)
	m.cost = planning.Cost{planning.Total: s.Cost.Total()}
	for term, weight := range planning.DefaultWeights() {
		m.cost[term] = s.Cost[term] * weight
	}
	return m
}

// command runs the built program and gives what it printed.
func command(t *testing.T, args ...string) (string, *os.ProcessState) {
	cmd := exec.Command(os.Getenv("WINDSHIELD_BIN"), args...)
	var report, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &report, &complaints
	require.NoError(t, cmd.Run(), "%v: %s%s", args, &report, &complaints)
	return report.String(), cmd.ProcessState
}

// String shows a measurement on the terminal.
func (m measured) String() string {
	return fmt.Sprintf("%s, %s, seed %s: %s, %s moves/s, %d MiB, read and judged in %.1f s", m.name, m.limit, m.seed,
		grouped(m.cost.Total()), grouped(m.rate()), m.memory>>20, m.judged.Seconds())
}

// rate gives the moves tried per second of the whole run, reading included.
func (m measured) rate() int64 { return int64(float64(m.moves) / m.took.Seconds()) }

// table writes everything as Markdown.
func table(done []measured) string {
	var b strings.Builder
	fmt.Fprintf(&b, "`windshield plan --limit T --seed S` on %d cores, %s. Terms are weighted: they add up to the total.\n", runtime.NumCPU(), runtime.Version())
	b.WriteString("\"Plain\" is what the plain annealing search reached in the same time; \"aim\" is what it reached in 60 s (for 2 s) or in 600 s (for 10 s).\n\n")
	b.WriteString("| problem | T | S | total | plain | aim |")
	rule := "\n| --- | --: | --: | --: | --: | --: |"
	for _, term := range planning.Terms() {
		b.WriteString(" " + strings.ReplaceAll(string(term), "_", " ") + " |")
		rule += " --: |"
	}
	b.WriteString(" moves/s | MiB | read and judged |" + rule + " --: | --: | --: |\n")
	for _, m := range done {
		against := func(n int64) string {
			if n == 0 {
				return ""
			}
			return fmt.Sprintf("%s (%+.1f %%)", grouped(n), 100*(float64(m.cost.Total())/float64(n)-1))
		}
		limit, err := time.ParseDuration(m.limit)
		if err != nil {
			panic(err) // made from a duration
		}
		fmt.Fprintf(&b, "| %s | %.0f s | %s | %s | %s | %s |", m.name, limit.Seconds(), m.seed, grouped(m.cost.Total()),
			against(reference[m.name][m.limit]), against(aim(m.name, m.limit)))
		for _, term := range planning.Terms() {
			b.WriteString(" " + grouped(m.cost[term]) + " |")
		}
		fmt.Fprintf(&b, " %s | %d | %.1f s |\n", grouped(m.rate()), m.memory>>20, m.judged.Seconds())
	}
	return b.String()
}

// grouped writes 12345678 as 12,345,678.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

const begins, ends = "<!-- bench-plan begins -->\n", "<!-- bench-plan ends -->"

// put writes the table into a file, in place of what stood between the marks. A
// file that is not there yet is made.
func put(t *testing.T, path, table string) {
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		text, err = []byte(begins+ends+"\n"), nil
	}
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(text), begins)
	require.True(t, ok, "%s lacks the line %s", path, begins)
	_, after, ok := strings.Cut(rest, ends)
	require.True(t, ok, "%s lacks the line %s", path, ends)
	require.NoError(t, os.WriteFile(path, []byte(before+begins+"\n"+table+"\n"+ends+after), 0o644))
}
