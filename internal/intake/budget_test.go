package intake

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

// budgetFile names the file that a child process of the budget test reads.
const budgetFile = "WINDSHIELD_TEST_BUDGET_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(budgetFile); path != "" {
		if err := importForBudget(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		// What the runtime has taken from the system; it gives no address space
		// back, so this is the peak. (The system's own figure for a child begins
		// with its parent's size.)
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		fmt.Println(m.Sys >> 20)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func importForBudget(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	table, err := Read(f, Options{})
	if err != nil {
		return err
	}
	existing := Existing{Hosts: map[string]string{}}
	for i := range 40 {
		Refer(existing.Hosts, fmt.Sprintf("host-%d", i), "")
	}
	report, err := Parse(Customers, table, MappingOf(Match(Customers, table.Headers)), existing)
	if err != nil {
		return err
	}
	n := 0
	for range report.Changes() {
		n++
	}
	if n != table.Len() || !report.OK() {
		return fmt.Errorf("%d of %d rows, %v", n, table.Len(), report.Err())
	}
	return nil
}

// 200,000 customers in less than 300 MB, measured in a process of its own, so
// that neighbours do not count. The time they take (less than 10 seconds) is
// logged here and measured by the benchmarks: a test that times itself lies on a
// busy machine.
func TestMemoryOfABigFile(t *testing.T) {
	rows := 200_000
	if raceDetector {
		rows = 2_000
	}
	csvFile := filepath.Join(t.TempDir(), "big.csv")
	require.NoError(t, os.WriteFile(csvFile, big(rows), 0o600))
	xlsxFile := filepath.Join(t.TempDir(), "big.xlsx")
	writeXLSX(t, xlsxFile, big(rows/4))
	for _, path := range []string{csvFile, xlsxFile} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), budgetFile+"="+path)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		megabytes, err := strconv.Atoi(strings.TrimSpace(string(out)))
		require.NoError(t, err, string(out))
		spent := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		t.Logf("%s: %v of processor time, %d MB", filepath.Base(path), spent.Round(10*time.Millisecond), megabytes)
		require.Less(t, megabytes, 300)
	}
}

func writeXLSX(t *testing.T, path string, csvText []byte) {
	t.Helper()
	table := mustRead(t, csvText)
	f := excelize.NewFile()
	defer f.Close()
	w, err := f.NewStreamWriter("Sheet1")
	require.NoError(t, err)
	row := func(i int, cells []string) {
		values := make([]any, len(cells))
		for j, c := range cells {
			values[j] = c
		}
		require.NoError(t, w.SetRow(fmt.Sprintf("A%d", i), values))
	}
	row(1, table.Headers)
	i := 1
	for cells := range table.Rows(table.Len()) {
		i++
		row(i, cells)
	}
	require.NoError(t, w.Flush())
	require.NoError(t, f.SaveAs(path))
}
