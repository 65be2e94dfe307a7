package emulator

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// disk is a file of which only what was synced survives.
type disk struct {
	mu             sync.Mutex
	cache, durable []byte
	syncs          int
	full           int // writes beyond so many bytes fail half-way; 0 never
	ill            bool
}

func (d *disk) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full > 0 && len(d.cache)+len(b) > d.full {
		n := d.full - len(d.cache)
		d.cache = append(d.cache, b[:n]...)
		return n, errors.New("the disk is full")
	}
	d.cache = append(d.cache, b...)
	return len(b), nil
}

func (d *disk) Sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ill {
		return errors.New("the disk is ill")
	}
	d.durable = append([]byte(nil), d.cache...)
	d.syncs++
	return nil
}

func (d *disk) Close() error { return nil }

func onDisk(t *testing.T, d *disk) *Server {
	t.Helper()
	s, err := New(Options{Now: time.Now, File: filepath.Join(t.TempDir(), "journal")})
	require.NoError(t, err)
	require.NoError(t, s.journal.Close())
	s.journal = d
	return s
}

func insertVia(s *Server, id string) int {
	r := httptest.NewRequest("POST", "/calendar/v3/calendars/primary/events", strings.NewReader(
		`{"id":"`+id+`","start":{"date":"2027-01-04"},"end":{"date":"2027-01-05"}}`))
	r.Header.Set("Authorization", "Bearer "+s.Token("office@vendor.example"))
	w := httptest.NewRecorder()
	s.API().ServeHTTP(w, r)
	return w.Code
}

func TestWhatWasAnsweredOutlivesALossOfPower(t *testing.T) {
	d := &disk{}
	s := onDisk(t, d)
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			id := "event" + base32hex(int64(i))
			if code := insertVia(s, id); code != http.StatusOK {
				t.Errorf("insert answered %d", code)
			}
			d.mu.Lock()
			defer d.mu.Unlock()
			if !strings.Contains(string(d.durable), id) {
				t.Error("answered before the disk held it")
			}
		})
	}
	all.Wait()
	require.LessOrEqual(t, d.syncs, 40, "calls share syncs")
	again, err := New(Options{Now: time.Now})
	require.NoError(t, err)
	require.NoError(t, again.load(strings.NewReader(string(d.durable))))
	require.Len(t, again.Live("office@vendor.example"), 40)

	// People's actions and withdrawn grants are kept in the same way.
	require.NoError(t, s.Edit("office@vendor.example", "event"+base32hex(1), map[string]any{"summary": "Lunch"}))
	s.Revoke("office@vendor.example")
	require.Contains(t, string(d.durable), "Lunch")
	require.Contains(t, string(d.durable), `"Revoked":"static:office@vendor.example"`)
}

func TestAFullOrIllDiskIsNotAnsweredWithSuccess(t *testing.T) {
	d := &disk{full: 700}
	s := onDisk(t, d)
	require.Equal(t, 200, insertVia(s, "event1"))
	require.Equal(t, 500, insertVia(s, "event2"))
	d.mu.Lock()
	d.full = 0
	d.mu.Unlock()
	require.Equal(t, 500, insertVia(s, "event3"), "nothing is written behind half a line")
	again, err := New(Options{Now: time.Now})
	require.NoError(t, err)
	require.NoError(t, again.load(strings.NewReader(string(d.cache))))
	require.Len(t, again.Live("office@vendor.example"), 1)

	d = &disk{}
	s = onDisk(t, d)
	d.ill = true
	require.Equal(t, 500, insertVia(s, "event1"))
	d.ill = false
	require.Equal(t, 500, insertVia(s, "event2"), "after a failed sync nobody knows what the disk holds")
}

func TestATailThatCannotBeReadIsDroppedDamageIsNot(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "journal")
	s, err := New(Options{Now: time.Now, File: file})
	require.NoError(t, err)
	require.Equal(t, 200, insertVia(s, "event1"))
	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "closing twice does no harm")
	good, err := os.ReadFile(file)
	require.NoError(t, err)

	open := func(content string) (*Server, error) {
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		return New(Options{Now: time.Now, File: file})
	}
	s, err = open(string(good) + strings.Repeat("\x00", 100) + "\n" + strings.Repeat("\x00", 100))
	require.NoError(t, err, "blocks that the file system had not filled yet")
	require.Len(t, s.Live("office@vendor.example"), 1)
	require.NoError(t, s.Close())
	first, rest, _ := strings.Cut(string(good), "\n")
	_, err = open(first + "\nspoilt\n" + rest)
	require.ErrorContains(t, err, "damaged")
	left, err := filepath.Glob(filepath.Join(dir, ".emulator-*"))
	require.NoError(t, err)
	require.Empty(t, left, "no file is left behind")
}
