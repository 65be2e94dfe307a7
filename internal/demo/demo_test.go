package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/gcal/emulator"
)

// running is a demo that has said that it is ready.
type running struct {
	text  string
	links map[string]string // what -> address
	stop  func() error
}

var linkLine = regexp.MustCompile(`^  (.+?):?\s+(http://\S+)$`)

func start(t *testing.T, dir string) running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := Run(ctx, Options{Addr: "127.0.0.1:0", Side: "127.0.0.1:0", Dir: dir, Out: in, Version: "test", Planning: time.Second})
		in.CloseWithError(io.EOF)
		ended <- err
	}()
	r := running{links: map[string]string{}}
	r.stop = func() error {
		cancel()
		return <-ended
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		r.text += lines.Text() + "\n"
		if m := linkLine.FindStringSubmatch(lines.Text()); m != nil {
			r.links[m[1]] = m[2]
		}
		if strings.Contains(lines.Text(), "Ctrl+C") {
			return r
		}
	}
	require.NoError(t, <-ended, r.text)
	require.FailNow(t, "the demo ended before it was ready", r.text)
	return r
}

func (r running) link(t *testing.T, begins string) string {
	t.Helper()
	for what, url := range r.links {
		if strings.HasPrefix(what, begins) {
			return url
		}
	}
	require.FailNow(t, "no such link", "%s in %s", begins, r.text)
	return ""
}

func (r running) ledger(t *testing.T) emulator.Ledger {
	t.Helper()
	var l emulator.Ledger
	answer, err := http.Get(r.link(t, "Everyone's calendar") + "control/ledger")
	require.NoError(t, err)
	defer answer.Body.Close()
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&l))
	return l
}

func TestASecondStartKeepsWhatIsThere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	first := start(t, dir)
	require.Contains(t, first.text, "Imported 24 executives.")
	require.Contains(t, first.text, "Published ")
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	c := &http.Client{Jar: jar}
	in, err := c.Post(first.link(t, "Sign in"), "", nil)
	require.NoError(t, err)
	page, err := io.ReadAll(in.Body)
	require.NoError(t, err)
	require.NoError(t, in.Body.Close())
	require.Equal(t, http.StatusOK, in.StatusCode)
	require.Contains(t, string(page), "Plan 2027")
	for _, what := range []string{"Windshield", "API", "Everyone's calendar", "Everyone's mail"} {
		answer, err := c.Get(first.link(t, what))
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusOK, answer.StatusCode, what)
	}
	before := first.ledger(t)
	require.Greater(t, len(before.Writes()), 200)
	require.NoError(t, first.stop())

	second := start(t, dir)
	require.NotContains(t, second.text, "Imported")
	require.NotContains(t, second.text, "Published")
	read := func() bool { // all calendars have been read back
		n := 0
		for _, r := range second.ledger(t).Requests {
			if r.Method == "events.list" {
				n++
			}
		}
		return n >= 30
	}
	require.Eventually(t, read, 20*time.Second, 20*time.Millisecond)
	after := second.ledger(t)
	require.Empty(t, after.Writes(), "nothing is written a second time")
	require.Len(t, after.Mails, len(before.Mails), "nobody is told a second time")
	require.NoError(t, second.stop())
}

func TestWhatCannotStartSaysSoInOneLine(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte("not a folder"), 0o600))
	broken := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(broken, "windshield.db"), []byte(strings.Repeat("garbage ", 2000)), 0o600))
	journal := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(journal, "calendar.journal"), []byte(strings.Repeat("garbage\n", 2000)), 0o600))
	key := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(key, "service-account.json"), []byte("{"), 0o600))

	cases := map[string]struct {
		o     Options
		wants string
	}{
		"a taken port":            {Options{Addr: taken.Addr().String()}, "cannot listen on " + taken.Addr().String()},
		"a taken port beside":     {Options{Side: taken.Addr().String()}, "cannot listen on " + taken.Addr().String()},
		"an address of the world": {Options{Addr: "0.0.0.0:0"}, "this machine only"},
		"no address":              {Options{Addr: "nonsense"}, "this machine only"},
		"a file as folder":        {Options{Dir: file}, "cannot write to the folder " + file},
		"a folder below a file":   {Options{Dir: filepath.Join(file, "x")}, "cannot write to the folder"},
		"a broken database":       {Options{Dir: broken}, "windshield.db"},
		"a broken calendar":       {Options{Dir: journal}, "calendar.journal"},
		"a broken key":            {Options{Dir: key}, "service-account.json"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			o := c.o
			if o.Addr == "" {
				o.Addr = "127.0.0.1:0"
			}
			if o.Side == "" {
				o.Side = "127.0.0.1:0"
			}
			if o.Dir == "" {
				o.Dir = t.TempDir()
			}
			o.Out = io.Discard
			err := Run(t.Context(), o)
			require.ErrorContains(t, err, c.wants)
			require.NotContains(t, strings.TrimSpace(err.Error()), "\n", "one line")
		})
	}
}
