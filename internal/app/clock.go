package app

import (
	"bytes"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"windshield/internal/fault"
)

// testClock shows the instant that a file holds, read anew every second, so that
// a test can turn the clock of several processes at once.
type testClock struct {
	at   atomic.Pointer[time.Time]
	done chan struct{}
	once sync.Once
}

func startTestClock(path string, log *slog.Logger) (*testClock, error) {
	c := &testClock{done: make(chan struct{})}
	if err := c.read(path); err != nil {
		return nil, err
	}
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-c.done:
				return
			case <-tick.C:
				if err := c.read(path); err != nil {
					log.Warn("the test clock cannot be read; it stands still", "error", err)
				}
			}
		}
	}()
	return c, nil
}

func (c *testClock) read(path string) error {
	b, err := readFile("WINDSHIELD_TEST_CLOCK", path)
	if err != nil {
		return err
	}
	t, err := time.Parse(time.RFC3339, string(bytes.TrimSpace(b)))
	if err != nil {
		return fault.Invalidf("The test clock cannot be read.").With(fault.Detail{Where: "WINDSHIELD_TEST_CLOCK", Value: fault.Short(string(b)), Expected: "an instant such as 2027-03-04T09:00:00Z"})
	}
	c.at.Store(&t)
	return nil
}

func (c *testClock) now() time.Time { return *c.at.Load() }

func (c *testClock) stop() { c.once.Do(func() { close(c.done) }) }
