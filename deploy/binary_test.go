// Package deploy_test checks what is given to those who run Windshield, as far as
// that can be done without a container engine.
package deploy_test

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestProgramIsStatic builds the program as "make build" does: the image has no C
// library, no loader and no time zone files.
func TestProgramIsStatic(t *testing.T) {
	program := filepath.Join(t.TempDir(), "windshield")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.version=under-test", "-o", program, "./cmd/windshield")
	build.Dir = ".."
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))

	file, err := elf.Open(program)
	require.NoError(t, err)
	defer file.Close()
	for _, segment := range file.Progs {
		require.NotEqual(t, elf.PT_INTERP, segment.Type, "the program asks for a loader")
	}
	libraries, err := file.ImportedLibraries()
	require.NoError(t, err)
	require.Empty(t, libraries)

	run := exec.Command(program, "version")
	run.Env = []string{} // neither HOME nor PATH in the image
	run.Dir = t.TempDir()
	out, err = run.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "under-test")
}
