// Package pgtest starts a throwaway PostgreSQL for the tests of one binary: a
// data folder of its own, a Unix socket and no TCP port, so that any number of
// test binaries run side by side. It works as root (the server then runs as
// postgres or nobody) and as an ordinary user. A missing engine fails the test
// and says what to install; it never skips.
package pgtest

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	superuser = "windshield"
	prefix    = "windshield-pg-"
)

var (
	once    sync.Once
	started *server
	failure error
	serial  atomic.Int64

	templatesMu sync.Mutex
	templates   = map[string]string{} // name -> database
)

// server is the one PostgreSQL of this test binary.
type server struct {
	dir  string
	cmd  *exec.Cmd
	stop chan struct{}
	done chan struct{}
	out  bytes.Buffer // written by the process only; read after done
}

// URL gives the address of a fresh, empty database. It is dropped with the test.
func URL(t testing.TB) string {
	t.Helper()
	return fresh(t, "template1")
}

// Clone gives the address of a fresh copy of a template database. The template
// is made once per test binary and name, by prepare, which must close its
// connections before it returns. The copy is dropped with the test.
func Clone(t testing.TB, name string, prepare func(ctx context.Context, url string) error) string {
	t.Helper()
	s := running(t)
	templatesMu.Lock()
	defer templatesMu.Unlock()
	db, ok := templates[name]
	if !ok {
		db = fmt.Sprintf("template_%d", serial.Add(1))
		if err := s.exec("create database " + db); err != nil {
			t.Fatalf("create the template database: %v", err)
		}
		if err := prepare(context.Background(), s.url(db)); err != nil {
			t.Fatalf("prepare the template database %s: %v", name, err)
		}
		templates[name] = db
	}
	return fresh(t, db)
}

// Main runs the tests of a package and stops the server afterwards. Call it from
// TestMain; without it the server dies with the process all the same, and its
// folder is swept by the next run.
func Main(m *testing.M) {
	code := m.Run()
	if started != nil {
		started.close()
	}
	os.Exit(code)
}

func fresh(t testing.TB, template string) string {
	t.Helper()
	s := running(t)
	db := fmt.Sprintf("test_%d", serial.Add(1))
	if err := s.exec("create database " + db + " template " + template); err != nil {
		t.Fatalf("create a database: %v", err)
	}
	t.Cleanup(func() {
		if err := s.exec("drop database if exists " + db + " with (force)"); err != nil {
			t.Errorf("drop the database: %v", err)
		}
	})
	return s.url(db)
}

func running(t testing.TB) *server {
	t.Helper()
	once.Do(func() { started, failure = start() })
	if failure != nil {
		t.Fatalf("PostgreSQL is needed for this test: %v", failure)
	}
	return started
}

func (s *server) url(db string) string {
	q := url.Values{"host": {s.dir}, "user": {superuser}, "sslmode": {"disable"}}
	return "postgres:///" + db + "?" + q.Encode()
}

func (s *server) exec(sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	_, err = c.Exec(ctx, sql)
	return err
}

// start makes a data folder, starts the server and waits until it answers.
func start() (*server, error) {
	sweep()
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	as, err := credential()
	if err != nil {
		return nil, err
	}
	dir, err := folder(as)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8",
		"--username="+superuser, "--pgdata="+data)
	prepare(initdb, dir, as)
	if out, err := initdb.CombinedOutput(); err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	s := &server{dir: dir, stop: make(chan struct{}), done: make(chan struct{})}
	s.cmd = exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", dir, "-h", "",
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off",
		"-c", "max_connections=200", "-c", "shared_buffers=64MB", "-c", "timezone=America/New_York")
	prepare(s.cmd, dir, as)
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	up := make(chan error, 1)
	go s.keep(up)
	if err := <-up; err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("start postgres: %w", err)
	}
	return s, s.await()
}

// keep starts the server from a thread that lives as long as the server: the
// kernel's parent-death signal is bound to the thread, not to the process.
func (s *server) keep(up chan<- error) {
	runtime.LockOSThread() // and never unlock: the thread ends with this goroutine
	err := s.cmd.Start()
	up <- err
	if err == nil {
		_ = s.cmd.Wait()
	}
	close(s.done)
}

func (s *server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := s.exec("select 1")
		if err == nil {
			return nil
		}
		select {
		case <-s.done:
			return fmt.Errorf("postgres ended: %s", s.out.String())
		case <-ctx.Done():
			s.close()
			return fmt.Errorf("postgres does not answer: %w", err)
		case <-tick.C:
		}
	}
}

func (s *server) close() {
	_ = s.cmd.Process.Signal(syscall.SIGQUIT) // immediate shutdown: nothing here is worth keeping
	select {
	case <-s.done:
	case <-time.After(10 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.done
	}
	_ = os.RemoveAll(s.dir)
}

// binaries finds the folder of initdb and postgres: Debian's versions, newest
// first, then whatever the PATH leads to.
func binaries() (string, error) {
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	version := func(dir string) float64 {
		v, _ := strconv.ParseFloat(filepath.Base(filepath.Dir(dir)), 64)
		return v
	}
	slices.SortFunc(dirs, func(a, b string) int { return int(version(b) - version(a)) })
	if p, err := exec.LookPath("initdb"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			dirs = append(dirs, filepath.Dir(p))
		}
	}
	for _, d := range dirs {
		if executable(filepath.Join(d, "initdb")) && executable(filepath.Join(d, "postgres")) {
			return d, nil
		}
	}
	return "", fmt.Errorf("no initdb and postgres in /usr/lib/postgresql/*/bin or on the PATH; on Debian install it with: apt-get install postgresql")
}

func executable(path string) bool {
	i, err := os.Stat(path)
	return err == nil && i.Mode().IsRegular() && i.Mode()&0o111 != 0
}

// credential gives whom the server runs as: PostgreSQL refuses to run as root.
// nil means ourselves.
func credential() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil && uid != 0 {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, fmt.Errorf("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as; run the tests as an ordinary user")
}

// folder makes the server's folder where its user can reach it. The name holds
// our process id, so that a later run knows whether it may be swept, and is
// short: the path of a Unix socket has at most 107 characters.
func folder(as *syscall.Credential) (string, error) {
	var firstErr error
	for _, base := range bases() {
		if as != nil && !open(base) {
			continue
		}
		dir, err := os.MkdirTemp(base, fmt.Sprintf("%s%d-", prefix, os.Getpid()))
		if err == nil && len(dir) > 80 {
			os.RemoveAll(dir)
			err = fmt.Errorf("%s is too long for a Unix socket", dir)
		}
		if err == nil && as != nil {
			err = os.Chown(dir, int(as.Uid), int(as.Gid))
		}
		if err == nil {
			return dir, nil
		}
		if firstErr == nil {
			firstErr = err
		}
	}
	if firstErr == nil {
		firstErr = fmt.Errorf("no temporary folder that another user can enter")
	}
	return "", firstErr
}

func bases() []string { return slices.Compact([]string{os.TempDir(), "/tmp", "/var/tmp"}) }

// open says whether everybody may pass through a folder and those above it.
func open(dir string) bool {
	for ; ; dir = filepath.Dir(dir) {
		i, err := os.Stat(dir)
		if err != nil || i.Mode()&0o001 == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

func prepare(c *exec.Cmd, dir string, as *syscall.Credential) {
	c.Dir = dir
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC"}
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT, Setpgid: true, Credential: as}
}

// sweep removes the folders of test binaries that were killed.
func sweep() {
	for _, base := range bases() {
		dirs, _ := filepath.Glob(filepath.Join(base, prefix+"*"))
		for _, d := range dirs {
			pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(d), prefix), "-")
			n, err := strconv.Atoi(pid)
			if err == nil && n > 0 && syscall.Kill(n, 0) == syscall.ESRCH {
				_ = os.RemoveAll(d)
			}
		}
	}
}
