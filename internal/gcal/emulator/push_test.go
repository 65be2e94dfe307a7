package emulator_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/api/calendar/v3"

	"windshield/internal/gcal/emulator"
)

// receiver takes the notices of channels.
type receiver struct {
	url    string
	mu     sync.Mutex
	got    []http.Header
	status []int // answers one after another; then 200
	came   chan struct{}
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{came: make(chan struct{}, 1000)}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.mu.Lock()
		r.got = append(r.got, q.Header.Clone())
		status := 200
		if len(r.status) > 0 {
			status, r.status = r.status[0], r.status[1:]
		}
		r.mu.Unlock()
		w.WriteHeader(status)
		r.came <- struct{}{}
	}))
	t.Cleanup(srv.Close)
	r.url = srv.URL + "/hook"
	return r
}

// states gives what a channel was told, in order.
func (r *receiver) states(channel string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, h := range r.got {
		if h.Get("X-Goog-Channel-ID") == channel {
			out = append(out, h.Get("X-Goog-Resource-State"))
		}
	}
	return strings.Join(out, " ")
}

func (w *world) watch(user, id string, r *receiver, edit ...func(*calendar.Channel)) (*calendar.Channel, error) {
	ch := &calendar.Channel{Id: id, Type: "web_hook", Address: r.url, Token: "secret-" + id}
	for _, f := range edit {
		f(ch)
	}
	return w.as(user).Events.Watch("primary", ch).Do()
}

func TestChannels(t *testing.T) {
	w := newWorld(t, emulator.Options{Manual: true})
	r := newReceiver(t)
	ch, err := w.watch(office, "one", r)
	require.NoError(t, err)
	require.Equal(t, "secret-one", ch.Token)
	require.NotEmpty(t, ch.ResourceId)
	require.Equal(t, w.now.Add(7*24*time.Hour).UnixMilli(), ch.Expiration)
	w.emu.Tick()
	require.Equal(t, "sync", r.states("one"))
	h := r.got[0]
	require.Equal(t, "1", h.Get("X-Goog-Message-Number"))
	require.Equal(t, ch.ResourceId, h.Get("X-Goog-Resource-ID"))
	require.Equal(t, ch.ResourceUri, h.Get("X-Goog-Resource-URI"))
	require.Equal(t, "secret-one", h.Get("X-Goog-Channel-Token"))

	w.insert(event("abc12", ann))
	require.NoError(t, w.emu.Respond(ann, "abc12", "accepted", ""))
	require.NoError(t, w.as(office).Events.Delete(office, "abc12").Do())
	_, err = w.as(office).Events.Get(office, "abc12").Do()
	require.NoError(t, err)
	w.emu.Tick()
	require.Equal(t, "sync exists exists exists", r.states("one"), "one's own writes too; a deletion says exists; reading says nothing")

	for name, c := range map[string]struct {
		edit   func(*calendar.Channel)
		reason string
	}{
		"same id":   {func(c *calendar.Channel) { c.Id = "one" }, "channelIdNotUnique"},
		"no id":     {func(c *calendar.Channel) { c.Id = "" }, "required"},
		"long id":   {func(c *calendar.Channel) { c.Id = strings.Repeat("x", 65) }, "channelIdInvalid"},
		"no hook":   {func(c *calendar.Channel) { c.Type = "mail" }, "push.channelTypeNotSupported"},
		"no scheme": {func(c *calendar.Channel) { c.Address = "ftp://x/" }, "push.webhookUrlNotHttps"},
		"long mark": {func(c *calendar.Channel) { c.Token = strings.Repeat("x", 257) }, "invalid"},
		"past":      {func(c *calendar.Channel) { c.Expiration = w.now.Add(-time.Hour).UnixMilli() }, "invalid"},
	} {
		_, err := w.watch(office, "two", r, c.edit)
		refused(t, err, 400, c.reason)
		require.Len(t, w.emu.Channels(), 1, name)
	}
	w.emu.SetPush(emulator.Push{HTTPSOnly: true, MaxLife: time.Hour})
	_, err = w.watch(office, "two", r)
	refused(t, err, 400, "push.webhookUrlNotHttps")
	w.emu.SetPush(emulator.Push{MaxLife: time.Hour})
	short, err := w.watch(office, "two", r, func(c *calendar.Channel) { c.Params = map[string]string{"ttl": "86400"} })
	require.NoError(t, err)
	require.Equal(t, w.now.Add(time.Hour).UnixMilli(), short.Expiration, "the stricter of the two")

	stop := func(user, id, resource string) error {
		return w.as(user).Channels.Stop(&calendar.Channel{Id: id, ResourceId: resource}).Do()
	}
	refused(t, stop(ann, "one", ch.ResourceId), 404, "notFound")
	refused(t, stop(office, "one", "other"), 404, "notFound")
	require.NoError(t, stop(office, "one", ch.ResourceId))
	require.NoError(t, stop(office, "one", ch.ResourceId), "again")
	w.insert(event("abc13"))
	w.emu.Tick()
	require.Equal(t, "sync exists exists exists", r.states("one"))
	require.Equal(t, "sync exists", r.states("two"))
	w.emu.Advance(2 * time.Hour)
	require.Empty(t, w.emu.Channels())
	require.NoError(t, w.as(office).Events.Delete(office, "abc13").Do())
	w.emu.Tick()
	require.Equal(t, "sync exists", r.states("two"), "an expired channel falls silent")
}

func TestNoticesMayFail(t *testing.T) {
	t.Run("a receiver that is down", func(t *testing.T) {
		w := newWorld(t, emulator.Options{Manual: true})
		r := newReceiver(t)
		r.status = []int{503, 500, 200, 404}
		_, err := w.watch(office, "one", r)
		require.NoError(t, err)
		w.emu.Tick()
		require.Equal(t, "waiting", w.emu.Ledger().Notices[0].Outcome)
		w.emu.Advance(time.Second)
		w.emu.Advance(2 * time.Second)
		require.Equal(t, "delivered", w.emu.Ledger().Notices[0].Outcome)
		require.Equal(t, 3, w.emu.Ledger().Notices[0].Attempts)
		w.insert(event("abc12"))
		w.emu.Tick()
		require.Equal(t, "failed", w.emu.Ledger().Notices[1].Outcome, "404 is not tried again")
		for range 20 {
			r.status = append(r.status, 504)
		}
		w.insert(event("abc13"))
		for range 12 {
			w.emu.Advance(5 * time.Minute)
		}
		require.Equal(t, "failed", w.emu.Ledger().Notices[2].Outcome, "given up")
	})
	for name, c := range map[string]struct {
		push emulator.Push
		want string
	}{
		"dropped":    {emulator.Push{Drop: 1}, "sync"},
		"duplicated": {emulator.Push{Duplicate: true}, "sync exists exists"},
		"delayed":    {emulator.Push{Delay: time.Hour}, "sync"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, emulator.Options{Manual: true})
			r := newReceiver(t)
			w.emu.SetPush(c.push)
			_, err := w.watch(office, "one", r)
			require.NoError(t, err)
			w.insert(event("abc12"))
			w.emu.Tick()
			require.Equal(t, c.want, r.states("one"))
			if c.push.Delay > 0 {
				w.emu.Advance(time.Hour)
				require.Equal(t, "sync exists", r.states("one"))
			}
		})
	}
	t.Run("reordered", func(t *testing.T) {
		w := newWorld(t, emulator.Options{Manual: true})
		r := newReceiver(t)
		_, err := w.watch(office, "one", r)
		require.NoError(t, err)
		w.emu.Tick()
		w.emu.SetPush(emulator.Push{Reorder: true})
		w.insert(event("abc12"))
		w.insert(event("abc13"))
		w.emu.Tick()
		require.Greater(t, r.got[1].Get("X-Goog-Message-Number"), r.got[2].Get("X-Goog-Message-Number"))
	})
	t.Run("sync before the answer", func(t *testing.T) {
		w := newWorld(t, emulator.Options{Manual: true})
		r := newReceiver(t)
		w.emu.SetPush(emulator.Push{Early: true})
		_, err := w.watch(office, "one", r)
		require.NoError(t, err)
		require.Equal(t, "sync", r.states("one"))
	})
	t.Run("a stopped channel goes on", func(t *testing.T) {
		w := newWorld(t, emulator.Options{Manual: true})
		r := newReceiver(t)
		ch, err := w.watch(office, "one", r)
		require.NoError(t, err)
		require.NoError(t, w.as(office).Channels.Stop(&calendar.Channel{Id: "one", ResourceId: ch.ResourceId}).Do())
		w.emu.SetPush(emulator.Push{AfterStop: true})
		w.insert(event("abc12"))
		w.emu.Tick()
		require.Equal(t, "sync exists", r.states("one"))
	})
	t.Run("the answer to watch is lost", func(t *testing.T) {
		w := newWorld(t, emulator.Options{Manual: true})
		r := newReceiver(t)
		w.emu.Inject(emulator.Fault{Method: "events.watch", Action: emulator.DropAfter})
		_, err := w.watch(office, "one", r)
		require.Error(t, err)
		w.emu.Tick()
		require.Equal(t, "sync", r.states("one"), "the channel lives all the same")
		w.emu.Inject(emulator.Fault{Method: "events.watch", Action: emulator.FailBefore, Status: 400, Reason: "pushNotSupportedForRequestedResource"})
		_, err = w.watch(office, "two", r)
		refused(t, err, 400, "pushNotSupportedForRequestedResource")
	})
}

func TestNoticesComeByThemselves(t *testing.T) {
	w := newWorld(t, emulator.Options{})
	r := newReceiver(t)
	_, err := w.watch(office, "one", r)
	require.NoError(t, err)
	<-r.came
	w.insert(event("abc12"))
	<-r.came
	require.Equal(t, "sync exists", r.states("one"))
	require.NoError(t, w.emu.Close())
}
