package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
)

const (
	mostStreams   = 3                // open at a time for one person: a browser has six connections
	longestStream = 5 * time.Minute  // then the browser asks again, and is asked again who it is
	heartbeat     = 15               // readings of a run, in which proxies and we notice who has gone
	slowestReader = 20 * time.Second // that a write waits for
)

// streams are the runs that somebody looks at, each read once for all who do. The job
// works in any process, so what it has come to is read from the database.
type streams struct {
	mu     sync.Mutex
	open   map[string]int // by person
	runs   map[string]*watched
	closed chan struct{}
	once   sync.Once
}

// watched is a run that somebody looks at.
type watched struct {
	readers int
	over    chan struct{} // closed when the last reader goes
	next    chan struct{} // closed when the run was read again
	view    flow.RunView  // as it was read last
	gone    bool          // it cannot be found any more
}

func newStreams() *streams {
	return &streams{open: map[string]int{}, runs: map[string]*watched{}, closed: make(chan struct{})}
}

// Close ends all streams, for a server that stops. It may be called twice.
func (p *Pages) Close() { p.streams.once.Do(func() { close(p.streams.closed) }) }

// join begins to look at a run that reads as now; leave ends it. ok is false where the
// person has too many streams already.
func (s *streams) join(personID string, now flow.RunView, every time.Duration, read func() (flow.RunView, error)) (w *watched, leave func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[personID] >= mostStreams {
		return nil, nil, false
	}
	s.open[personID]++
	id := now.ID
	if w = s.runs[id]; w == nil {
		w = &watched{over: make(chan struct{}), next: make(chan struct{}), view: now}
		s.runs[id] = w
		go s.watch(w, every, read)
	}
	w.readers++
	return w, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.open[personID]--; s.open[personID] == 0 {
			delete(s.open, personID)
		}
		if w.readers--; w.readers == 0 {
			close(w.over)
			delete(s.runs, id)
		}
	}, true
}

// watch reads a run again and again until nobody looks at it any more.
func (s *streams) watch(w *watched, every time.Duration, read func() (flow.RunView, error)) {
	beat := time.NewTicker(every)
	defer beat.Stop()
	for {
		select {
		case <-w.over:
			return
		case <-s.closed:
			return
		case <-beat.C:
		}
		v, err := read()
		s.mu.Lock()
		if err == nil {
			w.view = v
		}
		w.gone = fault.Is(err, fault.NotFound) // whatever else fails may be better in a second
		close(w.next)
		w.next = make(chan struct{})
		s.mu.Unlock()
	}
}

func (s *streams) now(w *watched) (v flow.RunView, next <-chan struct{}, gone bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return w.view, w.next, w.gone
}

// runEvents sends what changes on a run's page as it does (text/event-stream): "run"
// while it goes on, "end" when it has ended, each with the part of the page.
func (p *Pages) runEvents(c echo.Context) error {
	id := c.Param("id")
	v, err := p.Flow.RunView(ctx(c), auth.Actor(c), id)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // a proxy must not wait for more
	if asksForHead(ctx(c)) {
		return c.NoContent(http.StatusOK) // who asks for nothing holds no stream
	}
	w, leave, ok := p.streams.join(auth.Actor(c).PersonID, v, p.Every, func() (flow.RunView, error) {
		reading, end := context.WithTimeout(context.Background(), slowestReader)
		defer end()
		return p.Flow.RunView(reading, access.System("page of a run"), id)
	})
	if !ok {
		return fault.New(fault.TooMany, "You look at this in many windows already. This one is brought up to date less often.")
	}
	defer leave()
	out := eventWriter{to: c.Response(), wire: http.NewResponseController(c.Response())}
	// A stream outlives the time that other requests have.
	_ = out.wire.SetReadDeadline(time.Time{})
	c.Response().WriteHeader(http.StatusOK)
	if out.write("retry: 2000\n\n") != nil {
		return nil
	}
	// A reader that comes back knows this version already.
	known := c.Request().Header.Get("Last-Event-ID") == strconv.Itoa(v.Version) && !v.State.Ended()
	longest, beat := time.NewTimer(longestStream), time.NewTicker(heartbeat*p.Every)
	defer longest.Stop()
	defer beat.Stop()
	last := ""
	for {
		v, next, gone := p.streams.now(w)
		if gone {
			return nil
		}
		if !known {
			var part bytes.Buffer
			if err := runLive(p.runModelOf(c, v)).Render(ctx(c), &part); err != nil {
				return nil // the answer has begun: the browser asks again
			}
			name := "run"
			if v.State.Ended() {
				name = "end"
			}
			if s := part.String(); s != last || name == "end" {
				if last = s; out.event(name, strconv.Itoa(v.Version), s) != nil || name == "end" {
					return nil
				}
			}
		}
		known = false
		for read := false; !read; {
			select {
			case <-next:
				read = true
			case <-beat.C:
				if !p.mayStillSee(c) || out.write(": still here\n\n") != nil {
					return nil
				}
			case <-longest.C:
				return nil
			case <-p.streams.closed:
				return nil
			case <-c.Request().Context().Done():
				return nil
			}
		}
	}
}

type headKey struct{}

// WithHead marks a request of which only the head is wanted. Handlers see a GET there and
// need not mind, but for those whose answer goes on.
func WithHead(parent context.Context) context.Context {
	return context.WithValue(parent, headKey{}, true)
}

func asksForHead(ctx context.Context) bool { return ctx.Value(headKey{}) != nil }

// mayStillSee says whether who looks at a run is still signed in and may see it: they
// may have signed out, or lost the role, since the answer began.
func (p *Pages) mayStillSee(c echo.Context) bool {
	a, err := p.SignIn.Still(c)
	if err != nil || a.PersonID == "" || a.PersonID != auth.Actor(c).PersonID || !may(access.SeePlan)(a) {
		return false
	}
	auth.SetActor(c, a)
	return true
}

// eventWriter writes server-sent events.
type eventWriter struct {
	to   io.Writer
	wire *http.ResponseController
}

func (w eventWriter) event(name, id, data string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "event: %s\nid: %s\n", name, id)
	// A line ends with any of these in an event stream.
	for line := range strings.SplitSeq(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(data), "\n") {
		b.WriteString("data: " + line + "\n")
	}
	return w.write(b.String() + "\n")
}

// write sends at once what it is given. The deadline is of the real clock: it is about
// the network.
func (w eventWriter) write(s string) error {
	_ = w.wire.SetWriteDeadline(time.Now().Add(slowestReader))
	if _, err := io.WriteString(w.to, s); err != nil {
		return err
	}
	return w.wire.Flush()
}
