package gcal_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"windshield/internal/calsync"
	"windshield/internal/calsync/calsynctest"
	"windshield/internal/gcal"
	"windshield/internal/gcal/emulator"
)

// lookout keeps watch over one calendar as the product does: it tends the
// channels, hears notices, and reads when it must, by a clock that the test turns.
// What it stores outlives a restart of the process, as a database would.
type lookout struct {
	t     *testing.T
	emu   *emulator.Server
	cal   *gcal.Client
	clock *turned
	hook  string // where notices are sent
	poll  time.Duration

	mu       sync.Mutex
	channels map[string]calsync.Channel
	order    []string // ids of channels, oldest first
	noticed  time.Time
	lastRead time.Time
	readAt   time.Time // that a notice asked for; zero: none is to come
	cursor   calsync.Cursor
	reads    int
	stored   int                  // notices whose time was stored
	seen     map[string]time.Time // event: when its last change came to light
	answers  []int                // to notices, instead of hearing them; then they are heard
	heard    []int                // what notices were answered
	newID    func() string

	afterList func() // is called once a list has been answered
}

// RoundTrip lets the test do something between an answer and what follows from it.
func (l *lookout) RoundTrip(r *http.Request) (*http.Response, error) {
	a, err := http.DefaultTransport.RoundTrip(r)
	if do := l.afterList; do != nil && r.Method == http.MethodGet {
		do()
	}
	return a, err
}

const pollEvery = time.Minute

func newLookout(t *testing.T, edit ...func(*emulator.Options)) *lookout {
	t.Helper()
	l := &lookout{t: t, clock: &turned{now: time.Date(2027, 1, 4, 8, 0, 0, 0, time.UTC)}, poll: pollEvery,
		channels: map[string]calsync.Channel{}, seen: map[string]time.Time{}, newID: uuid.NewString}
	var err error
	o := emulator.Options{Now: l.clock.Now, Manual: true, Strict: true, Switches: usual(), External: []string{"customer.example"}}
	for _, f := range edit {
		f(&o)
	}
	l.emu, err = emulator.New(o)
	require.NoError(t, err)
	api := httptest.NewServer(l.emu.Handler())
	t.Cleanup(api.Close)
	l.cal = asOffice(t, l.emu, api.URL, 5*time.Second, l)
	hook := httptest.NewServer(http.HandlerFunc(l.take))
	t.Cleanup(hook.Close)
	l.hook = hook.URL + "/calendar/notices"
	return l
}

// take answers a notice as the product's server does: from what is stored alone.
func (l *lookout) take(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	status := http.StatusNotFound
	if len(l.answers) > 0 {
		status, l.answers = l.answers[0], l.answers[1:]
	} else {
		expires, _ := http.ParseTime(r.Header.Get("X-Goog-Channel-Expiration"))
		n := calsync.Notice{Channel: r.Header.Get("X-Goog-Channel-ID"), Token: r.Header.Get("X-Goog-Channel-Token"), Resource: r.Header.Get("X-Goog-Resource-ID"),
			State: r.Header.Get("X-Goog-Resource-State"), Expires: expires}
		if c, there := l.channels[n.Channel]; there && n.Plausible() {
			after, ours, read := calsync.Hear(c, n, l.clock.Now())
			if ours {
				status, l.channels[n.Channel] = http.StatusNoContent, after
			}
			if read {
				store, at := calsync.Noticed(l.noticed, l.lastRead, l.clock.Now())
				if store {
					l.noticed = l.clock.Now()
					l.stored++
				}
				if !at.IsZero() {
					l.readAt = at
				}
			}
		}
	}
	l.heard = append(l.heard, status)
	w.WriteHeader(status)
}

func (l *lookout) save(_ context.Context, c calsync.Channel) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.channels[c.ID]; !known {
		l.order = append(l.order, c.ID)
	}
	l.channels[c.ID] = c
	return nil
}

func (l *lookout) rows() (all []calsync.Channel) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range l.order {
		all = append(all, l.channels[id])
	}
	return all
}

// tend does what is due for the channels, and gives the server's error.
func (l *lookout) tend() error {
	now := l.clock.Now()
	if rows := l.rows(); calsync.ChannelsDue(rows, l.hook, now) {
		return calsync.Tend(context.Background(), l.cal, l.save, calsync.Tending{Calendar: office, Address: l.hook, Now: now,
			NewID: l.newID, NewToken: func() string { return "secret-" + uuid.NewString() }}, rows)
	}
	return nil
}

// Bases implements calsync.Known: every event is of interest here.
func (l *lookout) Bases(_ context.Context, _ string, ids []string) ([]calsync.Base, error) {
	var out []calsync.Base
	for _, id := range ids {
		out = append(out, calsync.Base{EventID: id})
	}
	return out, nil
}

// read reads the calendar back.
func (l *lookout) read() {
	l.mu.Lock()
	began := l.clock.Now()
	cursor := l.cursor
	l.mu.Unlock()
	p, err := calsync.Pull(context.Background(), l.cal, calsync.Reading{Env: "prod", Account: office, Calendar: office, Now: began}, cursor, l)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	l.lastRead, l.readAt = began, time.Time{}
	if err != nil {
		return
	}
	l.cursor = p.Next
	for _, e := range p.Seen {
		l.seen[e.ID] = began
	}
	if again, after := calsync.ReadAgain(l.noticed, began); again {
		l.readAt = began.Add(after)
	}
}

// pass lets time pass in steps: notices arrive, channels are tended, and the
// calendar is read when a notice asked for it or the interval is over.
func (l *lookout) pass(d, step time.Duration) {
	l.t.Helper()
	for end := l.clock.Now().Add(d); l.clock.Now().Before(end); {
		require.NoError(l.t, l.clock.sleep(context.Background(), step))
		l.emu.Tick()
		_ = l.tend() // what the server refuses is stored with the channel
		l.emu.Tick()
		l.mu.Lock()
		now := l.clock.Now()
		due := now.Sub(l.lastRead) >= l.poll || !l.readAt.IsZero() && !now.Before(l.readAt)
		l.mu.Unlock()
		if due {
			l.read()
		}
	}
}

// put makes an event in the calendar, as a person would.
func (l *lookout) put(id string) {
	l.t.Helper()
	_, err := l.cal.Insert(context.Background(), office, calsync.New{ID: id, Content: calsynctest.Content("2027-03-04")}, calsync.MailNone)
	require.NoError(l.t, err)
}

// count gives how many calls of a method were made.
func (l *lookout) count(method string) (n int) {
	for _, r := range l.emu.Ledger().Requests {
		if r.Method == method {
			n++
		}
	}
	return n
}

// listening gives the channels that live at the server and are listened to.
func (l *lookout) listening() (ids []string) {
	for _, id := range l.emu.Channels() {
		if c, there := l.channels[id]; there && c.Alive(l.clock.Now()) {
			ids = append(ids, id)
		}
	}
	return ids
}

// settled is a lookout with an open channel whose calendar has been read.
func settled(t *testing.T, edit ...func(*emulator.Options)) *lookout {
	t.Helper()
	l := newLookout(t, edit...)
	l.pass(2*time.Minute, 10*time.Second)
	require.Len(t, l.listening(), 1)
	l.reads, l.heard = 0, nil
	return l
}

// send sends a notice that may be forged.
func (l *lookout) send(channel, token, resource, state string) int {
	l.t.Helper()
	r, err := http.NewRequest(http.MethodPost, l.hook, http.NoBody)
	require.NoError(l.t, err)
	for k, v := range map[string]string{"X-Goog-Channel-ID": channel, "X-Goog-Channel-Token": token, "X-Goog-Resource-ID": resource, "X-Goog-Resource-State": state} {
		if v != "" {
			r.Header.Set(k, v)
		}
	}
	a, err := http.DefaultClient.Do(r)
	require.NoError(l.t, err)
	require.NoError(l.t, a.Body.Close())
	return a.StatusCode
}

func TestANoticeBringsTheReadingForward(t *testing.T) {
	l := settled(t)
	l.poll = time.Hour
	put := l.clock.Now()
	l.put("event1")
	l.pass(20*time.Second, time.Second)
	require.LessOrEqual(t, l.seen["event1"].Sub(put), 5*time.Second)
	require.Equal(t, 1, l.reads)
	l.pass(10*time.Minute, 10*time.Second)
	require.Equal(t, 1, l.reads, "nothing more is read for one notice")
}

func TestAChangeWhileTheCalendarIsReadIsNotMissed(t *testing.T) {
	l := settled(t)
	l.poll = time.Hour
	l.put("event1")
	l.emu.Tick()
	l.afterList = func() { // the list has been answered, but what it says is not yet noted
		l.afterList = nil
		require.NoError(t, l.clock.sleep(context.Background(), time.Millisecond))
		l.put("event2")
		l.emu.Tick()
	}
	l.pass(30*time.Second, time.Second)
	require.Equal(t, 2, l.reads)
	require.Contains(t, l.seen, "event2")
	require.InDelta(t, 10, l.seen["event2"].Sub(l.seen["event1"]).Seconds(), 0.1)
}

func TestFault52_NotificationDropped(t *testing.T) {
	l := settled(t)
	l.emu.SetPush(emulator.Push{Drop: 1})
	for i := range 10 {
		put := l.clock.Now()
		id := fmt.Sprintf("event%d", i)
		l.put(id)
		l.pass(pollEvery+10*time.Second, 10*time.Second)
		require.NotZero(t, l.seen[id])
		require.LessOrEqual(t, l.seen[id].Sub(put), pollEvery, "the poll sees what nobody announced")
	}
}

func TestFault53_NoticesComeTwiceLateAndInDisorder(t *testing.T) {
	for name, push := range map[string]emulator.Push{"twice": {Duplicate: true}, "in disorder": {Reorder: true, Duplicate: true}, "an hour late": {Delay: time.Hour, Duplicate: true}} {
		t.Run(name, func(t *testing.T) {
			l := settled(t)
			l.poll = 24 * time.Hour // only notices make it read
			l.emu.SetPush(push)
			const window = 10 * time.Second
			began := l.clock.Now()
			for i := range 40 {
				l.put(fmt.Sprintf("event%02d", i))
				l.pass(time.Second, time.Second)
			}
			l.pass(push.Delay+time.Minute, time.Second)
			require.Len(t, l.seen, 40)
			require.GreaterOrEqual(t, len(l.heard), 80)
			require.LessOrEqual(t, l.reads, int(40*time.Second/window)+2, "a reading a window, whatever comes")
			require.Positive(t, l.clock.Now().Sub(began))
		})
	}
}

func TestFault54_TheFirstNoticeComesBeforeTheAnswer(t *testing.T) {
	l := newLookout(t)
	l.emu.SetPush(emulator.Push{Early: true})
	require.NoError(t, l.tend())
	require.Equal(t, []int{http.StatusNoContent}, l.heard, "the channel was stored before the call")
	l.pass(time.Minute, 10*time.Second)
	require.Len(t, l.listening(), 1)
	require.Equal(t, calsync.ChannelOpen, l.rows()[0].State)
	require.Len(t, l.rows(), 1)
}

func TestFault55_ANoticeIsForged(t *testing.T) {
	l := settled(t)
	c := l.rows()[0]
	before := len(l.emu.Ledger().Requests)
	for name, n := range map[string][4]string{
		"no channel of ours": {uuid.NewString(), "secret", c.Resource, "exists"},
		"without a token":    {c.ID, "", c.Resource, "exists"},
		"another token":      {c.ID, "secret", c.Resource, "exists"},
		"the stored hash":    {c.ID, c.Secret, c.Resource, "exists"},
		"another resource":   {c.ID, "secret", "other", "exists"},
		"nothing":            {"", "", "", ""},
		"endless":            {c.ID, strings.Repeat("x", 4000), c.Resource, "exists"},
	} {
		require.Equal(t, http.StatusNotFound, l.send(n[0], n[1], n[2], n[3]), name)
	}
	require.Zero(t, l.readAt)
	require.Len(t, l.emu.Ledger().Requests, before, "no call is made")

	_, ours, read := calsync.Hear(calsync.Channel{ID: c.ID, Secret: "", State: calsync.ChannelOpen, Expires: c.Expires}, calsync.Notice{Channel: c.ID}, l.clock.Now())
	require.False(t, ours || read, "a channel without a secret hears nobody")
}

func TestFault56_AChannelExpires(t *testing.T) {
	for name, life := range map[string]time.Duration{"a week, as asked": 0, "a day, as the server chose": 24 * time.Hour, "an hour": time.Hour} {
		t.Run(name, func(t *testing.T) {
			l := newLookout(t)
			l.poll = 30 * 24 * time.Hour
			l.emu.SetPush(emulator.Push{MaxLife: life})
			require.NoError(t, l.tend())
			l.emu.Tick()
			if life == 0 {
				life = 7 * 24 * time.Hour
			}
			days, step := 8*24*time.Hour, life/150
			if life == time.Hour {
				days = 24 * time.Hour
			}
			for end := l.clock.Now().Add(days); l.clock.Now().Before(end); {
				l.pass(step, step)
				require.NotEmpty(t, l.listening(), "no moment without a channel")
				require.LessOrEqual(t, len(l.listening()), 2)
			}
			opened := l.count("events.watch")
			require.GreaterOrEqual(t, opened, int(days/life)+1)
			require.LessOrEqual(t, opened, int(float64(days)/(0.75*float64(life)))+2)
			require.Equal(t, opened-1, l.count("channels.stop"), "each old one is stopped")
		})
	}
	t.Run("those opened together are not renewed together", func(t *testing.T) {
		at := map[time.Time]bool{}
		for range 50 {
			l := map[string]calsync.Channel{}
			now := time.Date(2027, 1, 4, 8, 0, 0, 0, time.UTC)
			w := answering{calsync.Opened{Resource: "r", Expires: now.Add(7 * 24 * time.Hour)}}
			require.NoError(t, calsync.Tend(context.Background(), w, func(_ context.Context, c calsync.Channel) error { l[c.ID] = c; return nil },
				calsync.Tending{Calendar: office, Address: "https://x.example/", Now: now, NewID: uuid.NewString, NewToken: uuid.NewString}, nil))
			for _, c := range l {
				at[c.Next.Truncate(time.Minute)] = true
				require.GreaterOrEqual(t, c.Expires.Sub(c.Next), 21*time.Hour)
				require.LessOrEqual(t, c.Expires.Sub(c.Next), 42*time.Hour)
			}
		}
		require.Greater(t, len(at), 30)
	})
}

// answering is a server that opens every channel.
type answering struct{ opened calsync.Opened }

func (a answering) Watch(context.Context, string, calsync.Opening) (calsync.Opened, error) {
	return a.opened, nil
}

func (answering) StopChannel(context.Context, string, string) error { return nil }

func TestFault57_TheReplyToWatchIsLost(t *testing.T) {
	t.Run("its first notice tells", func(t *testing.T) {
		l := newLookout(t)
		l.emu.Inject(emulator.Fault{Method: "events.watch", Action: emulator.DropAfter})
		require.Error(t, l.tend())
		require.Equal(t, calsync.ChannelOpening, l.rows()[0].State)
		l.emu.Tick()
		require.Equal(t, calsync.ChannelOpen, l.rows()[0].State)
		require.NotEmpty(t, l.rows()[0].Resource)
		l.pass(time.Hour, time.Minute)
		require.Equal(t, 1, l.count("events.watch"), "no second one is needed")
		require.Len(t, l.emu.Channels(), 1)
	})
	t.Run("the first notice is lost too", func(t *testing.T) {
		l := newLookout(t)
		l.emu.Inject(emulator.Fault{Method: "events.watch", Action: emulator.DropAfter})
		l.answers = []int{404} // a notice that is refused so does not come again
		require.Error(t, l.tend())
		l.emu.Tick()
		l.pass(4*time.Minute, time.Minute)
		require.Equal(t, 1, l.count("events.watch"))
		l.pass(2*time.Minute, time.Minute)
		require.Equal(t, 2, l.count("events.watch"), "another one, with another id")
		require.Len(t, l.emu.Channels(), 2)
		// Both announce; the first is learnt by that, and then stopped.
		l.poll = time.Hour
		l.put("event1")
		l.pass(time.Minute, 10*time.Second)
		require.NotZero(t, l.seen["event1"])
		require.Len(t, l.emu.Channels(), 1)
	})
	t.Run("every reply is lost", func(t *testing.T) {
		l := newLookout(t)
		l.emu.Inject(emulator.Fault{Method: "events.watch", Action: emulator.DropAfter, Count: -1})
		for range 100 {
			l.answers = append(l.answers, 404)
		}
		l.pass(12*time.Hour, 5*time.Minute)
		require.Len(t, l.emu.Channels(), 2)
	})
}

func TestFault58_TheChannelIDIsTaken(t *testing.T) {
	l := newLookout(t)
	taken := uuid.NewString()
	require.NoError(t, func() error {
		_, err := l.cal.Watch(context.Background(), office, calsync.Opening{ID: taken, Token: "x", Address: l.hook})
		return err
	}())
	ids := []string{taken}
	l.newID = func() string {
		id := uuid.NewString()
		if len(ids) > 0 {
			id, ids = ids[0], ids[1:]
		}
		return id
	}
	err := l.tend()
	require.Equal(t, calsync.Permanent, calsync.ClassOf(err))
	require.Equal(t, "channelIdNotUnique", l.rows()[0].Problem)
	l.pass(2*time.Minute, 10*time.Second)
	require.Len(t, l.listening(), 1)
	require.Equal(t, 3, l.count("events.watch"), "ours that failed, and one more")
}

func TestFault59_PushIsNotSupported(t *testing.T) {
	l := newLookout(t)
	l.emu.Inject(emulator.Fault{Method: "events.watch", Action: emulator.FailBefore, Status: 400, Reason: "pushNotSupportedForRequestedResource", Count: -1})
	l.pass(3*24*time.Hour, 10*time.Minute)
	require.Equal(t, 3, l.count("events.watch"), "one attempt a day")
	require.GreaterOrEqual(t, l.reads, 3*24*6, "the polls go on")
	require.Equal(t, "pushNotSupportedForRequestedResource", l.rows()[0].Problem)
	l.emu.ClearFaults()
	l.pass(25*time.Hour, time.Hour)
	require.Len(t, l.listening(), 1)
}

func TestFault60_NoticesComeAfterTheStop(t *testing.T) {
	l := newLookout(t)
	l.emu.SetPush(emulator.Push{MaxLife: time.Hour, AfterStop: true})
	require.NoError(t, l.tend())
	l.emu.Inject(emulator.Fault{Method: "channels.stop", Action: emulator.FailBefore, Status: 500, Reason: "backendError", Count: 3})
	l.pass(57*time.Minute, time.Minute)
	require.Equal(t, 2, l.count("events.watch"))
	require.Equal(t, 4, l.count("channels.stop"), "a stop that fails is tried again")
	old := l.rows()[0]
	require.Equal(t, calsync.ChannelClosed, old.State)
	l.poll, l.heard, l.reads = time.Hour, nil, 0
	l.emu.Inject(emulator.Fault{Method: "channels.stop", Action: emulator.FailBefore, Status: 404, Reason: "notFound"})
	l.put("event1")
	l.emu.Tick()
	require.Equal(t, []int{204, 204}, l.heard, "that of the old one is answered well")
	l.pass(time.Minute, time.Second)
	require.Equal(t, 1, l.reads)

	// With the new one gone too, those of the old one ask for nothing.
	for _, c := range l.rows()[1:] {
		c.State = calsync.ChannelClosed
		require.NoError(t, l.save(context.Background(), c))
	}
	l.heard = nil
	l.put("event2")
	l.emu.Tick()
	require.Equal(t, []int{204, 204}, l.heard)
	require.Zero(t, l.readAt)
}

func TestFault61_TheReceiverIsDown(t *testing.T) {
	l := settled(t)
	for range 2000 {
		l.answers = append(l.answers, http.StatusServiceUnavailable)
	}
	for i := range 12 { // two hours
		put := l.clock.Now()
		id := fmt.Sprintf("event%d", i)
		l.put(id)
		l.pass(10*time.Minute, 30*time.Second)
		require.LessOrEqual(t, l.seen[id].Sub(put), pollEvery+30*time.Second, "the poll goes on")
	}
	failed := 0
	for _, n := range l.emu.Ledger().Notices {
		if n.Outcome == "failed" {
			failed++
		}
	}
	require.GreaterOrEqual(t, failed, 10, "those notices are lost")
	l.answers, l.poll = nil, time.Hour
	put := l.clock.Now()
	l.put("event99")
	l.pass(10*time.Second, time.Second)
	require.LessOrEqual(t, l.seen["event99"].Sub(put), 5*time.Second, "the channel outlived it")
}

func TestFault62_AFloodOfNotices(t *testing.T) {
	l := settled(t, func(o *emulator.Options) { o.KeepRequests = 100 })
	l.poll = time.Hour
	began := l.clock.Now()
	const writes = 2400
	l.stored = 0
	for i := range writes {
		l.put(fmt.Sprintf("event%04d", i))
		if i%10 == 9 { // 600 a minute, as fast as one person may
			l.pass(time.Second, time.Second)
		}
	}
	l.pass(30*time.Second, time.Second)
	took := l.clock.Now().Sub(began)
	require.Len(t, l.heard, writes)
	require.Len(t, l.seen, writes)
	require.LessOrEqual(t, l.reads, int(took/(10*time.Second))+2)
	require.LessOrEqual(t, l.stored, int(took/time.Second), "most notices store nothing")
	t.Logf("%d writes and notices in %v: %d readings, %d notices stored", writes, took, l.reads, l.stored)
}
