package hook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/notify"
	"windshield/internal/notify/notifytest"
)

const (
	secret = "a-secret-of-a-webhook"
	base   = "https://windshield.example.com"
	path   = "/services/T0/B0/ThIsIsSecret"
)

var noon = time.Date(2027, 2, 3, 12, 0, 0, 0, time.UTC)

func now() time.Time { return noon }

var message = notify.Message{ID: "4f1c@windshield.example.com", To: "ana@example.com", ToName: "Ana Castro",
	Subject: "A calendar needs reconnecting", Text: "Hello\nReconnect it here: https://windshield.example.com/me/calendar\n"}

// far is a receiver that behaves as a test wants it.
type far struct {
	*httptest.Server
	read func(t *testing.T, r *http.Request, body []byte) notify.Message
	fine string // answer to a message that is taken

	mu      sync.Mutex
	taken   []notify.Message
	calls   int
	next    func(w http.ResponseWriter, take func()) // nil: fine
	closing chan struct{}
	arrived chan struct{} // closed and replaced with every message
}

func newFar(t *testing.T, secure bool, fine string, read func(*testing.T, *http.Request, []byte) notify.Message) *far {
	f := &far{read: read, fine: fine, closing: make(chan struct{}), arrived: make(chan struct{})}
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		f.mu.Lock()
		next := f.next
		f.next = nil
		f.calls++
		f.mu.Unlock()
		take := func() {
			m := f.read(t, r, body)
			f.mu.Lock()
			defer f.mu.Unlock()
			f.taken = append(f.taken, m)
			close(f.arrived)
			f.arrived = make(chan struct{})
		}
		if next != nil {
			next(w, take)
			return
		}
		take()
		_, _ = io.WriteString(w, f.fine)
	}))
	f.Config.ErrorLog = quiet()
	if secure {
		f.StartTLS()
	} else {
		f.Start()
	}
	t.Cleanup(f.Stop)
	return f
}

func (f *far) then(next func(w http.ResponseWriter, take func())) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next = next
}

func (f *far) answer(status int, body string, header ...string) {
	f.then(func(w http.ResponseWriter, _ func()) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func (f *far) called() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

func (f *far) Taken(ctx context.Context, n int) ([]notify.Message, error) {
	for {
		f.mu.Lock()
		got, arrived := slices.Clone(f.taken), f.arrived
		f.mu.Unlock()
		if len(got) >= n {
			return got, nil
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (f *far) Later() { f.answer(http.StatusServiceUnavailable, "later") }
func (f *far) Never() { f.answer(http.StatusUnprocessableEntity, "invalid_payload") }
func (f *far) Hang()  { f.then(func(http.ResponseWriter, func()) { <-f.closing }) }
func (f *far) Lose() {
	f.then(func(_ http.ResponseWriter, take func()) {
		take()
		panic(http.ErrAbortHandler)
	})
}

func (f *far) Stop() {
	f.mu.Lock()
	select {
	case <-f.closing:
	default:
		close(f.closing)
	}
	f.mu.Unlock()
	f.CloseClientConnections()
	f.Close()
}

// readSlack gives back of a message what Slack shows.
func readSlack(t *testing.T, r *http.Request, body []byte) notify.Message {
	var in struct {
		Text   string
		Blocks []struct {
			Type     string
			ID       string `json:"block_id"`
			Text     slackText
			Elements []struct{ Text any }
		}
	}
	if err := json.Unmarshal(body, &in); err != nil {
		t.Error(err)
	}
	back := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace
	m := notify.Message{Subject: back(in.Text)}
	for _, b := range in.Blocks {
		switch b.Type {
		case "header":
			m.ID = b.ID
		case "context":
			m.To = fmt.Sprint(b.Elements[0].Text)
			m.To = strings.TrimSuffix(m.To[strings.LastIndexAny(m.To, " (")+1:], ")")
		case "section":
			if strings.ContainsAny(b.Text.Text, "<>") || len([]rune(b.Text.Text)) > slackSection || !b.Text.Verbatim {
				t.Errorf("Slack would not take %q", b.Text.Text)
			}
			m.Text += back(b.Text.Text)
		}
	}
	return m
}

// readWebhook does what a receiver should do.
func readWebhook(t *testing.T, r *http.Request, body []byte) notify.Message {
	if err := Verify(secret, r.Header.Get(Header), body, noon.Add(time.Minute), 5*time.Minute); err != nil {
		t.Error(err)
	}
	var n notice
	if err := json.Unmarshal(body, &n); err != nil || n.At != "2027-02-03T12:00:00Z" {
		t.Error(err, n.At)
	}
	if got := r.Method + " " + r.Header.Get("Content-Type"); got != "POST application/json; charset=utf-8" {
		t.Error(got)
	}
	return notify.Message{ID: n.ID, To: n.To, Subject: n.Subject, Text: n.Text, Kind: n.Kind, About: n.About}
}

func trusted(f *far) Options {
	o := Options{BaseURL: base, AllowPrivate: true, Now: now}
	if f.Server.TLS != nil {
		roots := x509.NewCertPool()
		roots.AddCert(f.Certificate())
		o.TLS = &tls.Config{RootCAs: roots}
	}
	return o
}

func openSlack(t *testing.T) (notify.Notifier, *far) {
	f := newFar(t, true, "ok", readSlack)
	s, err := NewSlack(f.URL+path, trusted(f))
	require.NoError(t, err)
	return s, f
}

func openWebhook(t *testing.T) (notify.Notifier, *far) {
	f := newFar(t, false, "", readWebhook)
	w, err := NewWebhook(f.URL+path, secret, trusted(f))
	require.NoError(t, err)
	return w, f
}

func TestConformance(t *testing.T) {
	t.Run("Slack", func(t *testing.T) {
		notifytest.Run(t, func(t *testing.T) (notify.Notifier, notifytest.Far) { return openSlack(t) }, func(m notify.Message) notify.Message {
			return notify.Message{ID: m.ID, To: m.To, Subject: m.Subject, Text: m.Text}
		})
	})
	t.Run("webhook", func(t *testing.T) {
		notifytest.Run(t, func(t *testing.T) (notify.Notifier, notifytest.Far) { return openWebhook(t) }, func(m notify.Message) notify.Message {
			return notify.Message{ID: m.ID, To: m.To, Subject: m.Subject, Text: m.Text, Kind: m.Kind, About: m.About}
		})
	})
}

// secretly fails where a text shows an address or a secret.
func secretly(t *testing.T, f *far, err error) {
	t.Helper()
	shown := fmt.Sprintf("%v %+v", err, err)
	for _, part := range []string{"ThIsIsSecret", "services", secret, strings.TrimPrefix(strings.TrimPrefix(f.URL, "https://"), "http://"), "ana@"} {
		require.NotContains(t, shown, part)
	}
}

func TestAnswersOfSlack(t *testing.T) {
	tests := []struct {
		status int
		body   string
		want   fault.Kind // Internal: none
		says   string
	}{
		{200, "ok", fault.Internal, ""},
		{200, "ok\n", fault.Internal, ""},
		{200, "<html>Please sign in to the guest network</html>", fault.Temporary, "not Slack"},
		{204, "", fault.Temporary, "not Slack"},
		{301, "", fault.Temporary, "not followed"},
		{400, "invalid_payload", fault.Invalid, "does not understand the message (invalid_payload)"},
		{403, "action_prohibited", fault.Invalid, "restricted"},
		{404, "no_service", fault.Invalid, "make a new one (no_service)"},
		{404, "channel_not_found", fault.Invalid, "choose another"},
		{410, "channel_is_archived", fault.Invalid, "archived; choose another (channel_is_archived)"},
		{400, "you sent ThIsIsSecret", fault.Invalid, "for good (400)"},
		{408, "", fault.Temporary, "later (408)"},
		{429, "rate_limited", fault.Temporary, "later (429)"},
		{500, "rollup_error", fault.Temporary, "later (500)"},
		{503, "", fault.Temporary, "later (503)"},
	}
	s, f := openSlack(t)
	for _, tt := range tests {
		f.answer(tt.status, tt.body)
		err := s.Send(t.Context(), message)
		if tt.want == fault.Internal {
			require.NoError(t, err)
			continue
		}
		require.Equal(t, tt.want, fault.KindOf(err), "%d %s", tt.status, tt.body)
		text, _ := fault.Shown(err)
		require.Contains(t, text, tt.says)
		secretly(t, f, err)
	}
	require.Equal(t, len(tests), f.called(), "nothing is sent twice")
}

func TestAnswersOfAWebhook(t *testing.T) {
	w, f := openWebhook(t)
	for status, want := range map[int]fault.Kind{200: fault.Internal, 202: fault.Internal, 204: fault.Internal, 302: fault.Temporary, 307: fault.Temporary,
		400: fault.Invalid, 401: fault.Temporary, 403: fault.Temporary, 404: fault.Temporary, 408: fault.Temporary, 410: fault.Invalid, 413: fault.Invalid,
		415: fault.Invalid, 422: fault.Invalid, 425: fault.Temporary, 429: fault.Temporary, 500: fault.Temporary, 502: fault.Temporary, 504: fault.Temporary} {
		f.answer(status, "")
		err := w.Send(t.Context(), message)
		if want == fault.Internal {
			require.NoError(t, err, status)
			continue
		}
		require.Equal(t, want, fault.KindOf(err), status)
		secretly(t, f, err)
	}
}

func TestWeStayAwayAsLongAsWeAreAsked(t *testing.T) {
	clock := noon
	f := newFar(t, false, "ok", readSlack)
	o := trusted(f)
	o.Now = func() time.Time { return clock }
	s, err := NewSlack(f.URL+path, o)
	require.NoError(t, err)
	waits := func(after string, status int, least time.Duration) {
		t.Helper()
		f.answer(status, "", "Retry-After", after)
		require.Equal(t, fault.Temporary, fault.KindOf(s.Send(t.Context(), message)))
		before := f.called()
		if least > 0 {
			clock = clock.Add(least - time.Second)
			err := s.Send(t.Context(), message)
			require.Equal(t, fault.Temporary, fault.KindOf(err))
			require.ErrorContains(t, err, "Slack asked to wait until")
			require.Equal(t, before, f.called(), "no call before")
			clock = clock.Add(time.Second)
		}
		require.NoError(t, s.Send(t.Context(), message))
	}
	waits("30", 429, 30*time.Second)
	waits("5", 503, 5*time.Second)
	waits(clock.Add(time.Minute).Format(http.TimeFormat), 429, time.Minute)
	waits("999999999", 429, time.Hour)
	waits("99999999999999999999", 429, 0)
	waits("soon", 429, 0)
	waits("-1", 429, 0)
	waits("30", 500, 0)
	// A clock that was wrong does not keep us away for ever.
	f.answer(429, "", "Retry-After", "3600")
	require.Error(t, s.Send(t.Context(), message))
	clock = clock.Add(-48 * time.Hour)
	require.NoError(t, s.Send(t.Context(), message))
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	_, other := openWebhook(t)
	for _, open := range []func(*testing.T) (notify.Notifier, *far){openSlack, openWebhook} {
		n, f := open(t)
		for _, status := range []int{301, 302, 303, 307, 308} {
			f.answer(status, "", "Location", other.URL+path)
			require.Equal(t, fault.Temporary, fault.KindOf(n.Send(t.Context(), message)))
		}
	}
	require.Zero(t, other.called())
}

// An answer without end costs neither memory nor time.
func TestAnswersAreReadToABound(t *testing.T) {
	for _, open := range []func(*testing.T) (notify.Notifier, *far){openSlack, openWebhook} {
		n, f := open(t)
		ended := make(chan int, 1)
		f.then(func(w http.ResponseWriter, _ func()) {
			w.WriteHeader(http.StatusBadRequest)
			written := 0
			for chunk := make([]byte, 32<<10); ; {
				k, err := w.Write(chunk)
				if written += k; err != nil {
					break
				}
			}
			ended <- written
		})
		require.Equal(t, fault.Invalid, fault.KindOf(n.Send(t.Context(), message)))
		require.Less(t, <-ended, 64<<20, "the rest is not read")

		f.answer(http.StatusOK, "ok", "X-Long", strings.Repeat("a", 100<<10))
		require.Equal(t, fault.Temporary, fault.KindOf(n.Send(t.Context(), message)))
	}
}

func TestOurOwnTimeLimit(t *testing.T) {
	f := newFar(t, false, "", readWebhook)
	o := trusted(f)
	o.Timeout = 50 * time.Millisecond
	w, err := NewWebhook(f.URL+path, secret, o)
	require.NoError(t, err)
	f.Hang()
	err = w.Send(t.Context(), message)
	require.Equal(t, fault.Temporary, fault.KindOf(err))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	secretly(t, f, err)
}

func TestUntrustedCertificate(t *testing.T) {
	f := newFar(t, true, "ok", readSlack)
	s, err := NewSlack(f.URL+path, Options{AllowPrivate: true, Now: now})
	require.NoError(t, err)
	err = s.Send(t.Context(), message)
	require.Equal(t, fault.Temporary, fault.KindOf(err))
	require.ErrorContains(t, err, "certificate")
	secretly(t, f, err)
	require.Zero(t, f.called())
}

func TestAwayShowsNothing(t *testing.T) {
	for _, open := range []func(*testing.T) (notify.Notifier, *far){openSlack, openWebhook} {
		n, f := open(t)
		for _, broken := range []func(http.ResponseWriter, func()){
			func(http.ResponseWriter, func()) { panic(http.ErrAbortHandler) },
			func(w http.ResponseWriter, _ func()) {
				w.Header().Set("Location", "http://[::ThIsIsSecret")
				w.WriteHeader(http.StatusFound)
			},
		} {
			f.then(broken)
			err := n.Send(t.Context(), message)
			require.ErrorContains(t, err, "broke")
			secretly(t, f, err)
		}
		f.Stop()
		err := n.Send(t.Context(), message)
		require.ErrorContains(t, err, "cannot be reached")
		secretly(t, f, err)
		for _, format := range []string{"%v", "%s", "%+v"} {
			require.NotContains(t, fmt.Sprintf(format, n), "ThIsIsSecret")
		}
	}
}

func TestWhatSlackIsSent(t *testing.T) {
	m := message
	m.Subject = strings.Repeat("<!channel> & ", 19)
	m.Text = strings.Repeat("<@U1> & more\n", 5000) + "\nThe brief: https://windshield.example.com/visits/1/brief\n- one: https://windshield.example.com/1\n" +
		"https://windshield.example.com.evil.example/\nhttps://windshield.example.com/2 https://windshield.example.com/3 https://windshield.example.com/4 https://windshield.example.com/5\n"
	require.NoError(t, m.Check())
	got := compose(m, base)
	require.NotContains(t, got.Text, "<")
	require.LessOrEqual(t, len([]rune(got.Blocks[0].Text.Text)), slackHeader)
	require.Equal(t, "plain_text", got.Blocks[0].Text.Type)
	require.Len(t, got.Blocks, 2+slackParts+1)
	for _, b := range got.Blocks[2 : 2+slackParts] {
		require.LessOrEqual(t, len([]rune(b.Text.Text)), slackSection)
		require.NotContains(t, b.Text.Text, "<")
		require.Regexp(t, `(\n|…)$`, b.Text.Text, "cut at the end of a line")
	}
	var buttons []string
	for _, e := range got.Blocks[len(got.Blocks)-1].Elements {
		buttons = append(buttons, e.Text.(slackText).Text+" "+e.URL)
	}
	require.Equal(t, []string{"The brief https://windshield.example.com/visits/1/brief", "one https://windshield.example.com/1", "Open the page https://windshield.example.com/2",
		"Open the page https://windshield.example.com/3", "Open the page https://windshield.example.com/4"}, buttons)

	m.Text = strings.Repeat("&", 20_000) // no line to cut at, and five characters each
	all := ""
	for _, part := range sections(m.Text) {
		require.LessOrEqual(t, len(part), slackSection)
		require.NotRegexp(t, `&[a-z]*$`, part, "cut within a character")
		all += part
	}
	require.True(t, strings.HasSuffix(all, "…"))
	require.Empty(t, sections(strings.Repeat("\n", 10_000)), "Slack refuses sections without a word")
	require.Len(t, compose(message, "").Blocks, 3, "no buttons")
}
