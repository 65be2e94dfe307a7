// Command testsum runs "go test -json" with the arguments it is given and tells
// the story for people: one line per package, the whole output of what failed
// and nothing of what passed. With -counts FILE it writes "passed failed skipped"
// there, so that a script can add up several runs: testsum -counts FILE -- ./... Its exit code is that of the
// tests: 0 only if go test succeeded and nothing failed.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

func main() {
	counts := flag.String("counts", "", "file that receives the three numbers passed, failed and skipped")
	flag.Parse()
	os.Exit(run(*counts, flag.Args()))
}

func run(countsFile string, args []string) int {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		return 1
	}
	// An interrupt reaches go test and its children by itself (same process
	// group); we stay to report what was finished until then.
	signal.Ignore(os.Interrupt, syscall.SIGTERM)
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		return 1
	}
	sum := newSummary(os.Stdout)
	readErr := sum.read(out)
	waitErr := cmd.Wait()
	var exit *exec.ExitError
	if waitErr != nil && !errors.As(waitErr, &exit) {
		fmt.Fprintln(os.Stderr, "testsum:", waitErr)
	}
	if waitErr != nil && sum.failed == 0 {
		// go test itself failed (a bad flag, a broken go.mod) without naming a test.
		sum.failed = 1
	}
	if countsFile != "" {
		line := fmt.Sprintf("%d %d %d\n", sum.passed, sum.failed, sum.skipped)
		if err := os.WriteFile(countsFile, []byte(line), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "testsum:", err)
			return 1
		}
	}
	if readErr != nil {
		fmt.Fprintln(os.Stderr, "testsum:", readErr)
		return 1
	}
	if waitErr != nil || sum.failed > 0 {
		return 1
	}
	return 0
}
