package mail

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/notify"
)

func TestCatcherListensHereOnly(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:25", "example.com:25", "[::]:0", "127.0.0.1", ""} {
		_, err := NewCatcher(addr, now)
		require.Equal(t, fault.Invalid, fault.KindOf(err), addr)
	}
	c := newTestCatcher(t, nil)
	_, err := NewCatcher(c.Addr(), now)
	require.Equal(t, fault.Conflict, fault.KindOf(err), "taken")
	require.NoError(t, c.Close())
	require.NoError(t, c.Close(), "twice")
}

func TestWait(t *testing.T) {
	c := newTestCatcher(t, nil)
	s := newTestSMTP(t, Options{URL: c.URL()})
	send := func(to string) {
		m := message
		m.To = to
		require.NoError(t, s.Send(t.Context(), m))
	}
	got := make(chan Caught)
	go func() {
		m, _ := c.Wait(t.Context(), func(m Caught) bool { return m.IsTo("ben@example.com") })
		got <- m
	}()
	send("ana@example.com")
	send("ben@example.com")
	require.Equal(t, 2, (<-got).Seq)
	m, err := c.Wait(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, 1, m.Seq, "the oldest that matches, at once")

	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err = c.Wait(ctx, func(Caught) bool { return false })
	require.ErrorIs(t, err, context.DeadlineExceeded)

	c.Clear()
	require.Empty(t, c.Messages())
	go func() {
		_, err := c.Wait(t.Context(), nil)
		if fault.Is(err, fault.Temporary) {
			close(got)
		}
	}()
	require.NoError(t, c.Close())
	<-got
}

func TestCatcherIsBounded(t *testing.T) {
	c := newTestCatcher(t, nil)
	for i := range MaxCaught + 5 {
		c.keep(Caught{Subject: fmt.Sprint(i + 1)})
	}
	all := c.Messages()
	require.Len(t, all, MaxCaught)
	require.Equal(t, 6, all[0].Seq)
	_, found := c.Get(5)
	require.False(t, found)
	m, found := c.Get(1005)
	require.True(t, found)
	require.Equal(t, "1005", m.Subject)
	for range 70 {
		c.keep(Caught{Raw: make([]byte, 1<<20)})
	}
	require.Len(t, c.Messages(), 64)

	err := smtp.SendMail(c.Addr(), nil, "a@example.com", []string{"b@example.com"}, make([]byte, 5<<20))
	require.Error(t, err, "one message is bounded, too")
	require.Len(t, c.Messages(), 64)
}

func TestReadingForeignMail(t *testing.T) {
	tests := []struct{ name, raw, subject, text string }{
		{"two parts", "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nContent-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/html\n\n<b>no</b>\n--x\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\nR3LDvMOfZQ==\n--x--\n", "Grüße", "Grüße"},
		{"HTML only", "Subject: x\nContent-Type: text/html\n\n<b>no</b>", "x", ""},
		{"no headers at all", "nonsense", "", ""},
		{"not UTF-8", "Subject: \xff\n\n\xff", "\uFFFD", "\uFFFD"},
		{"broken multipart", "Subject: x\nContent-Type: multipart/mixed; boundary=\n\n--\n", "x", "--\n"},
		{"parts in parts in parts", strings.Repeat("Content-Type: multipart/mixed; boundary=x\n\n--x\n", 50), "", ""},
		{"unknown encoded word", "Subject: =?klingon?q?x?=\n\ny", "=?klingon?q?x?=", "y"},
	}
	for _, tt := range tests {
		m := read([]byte(strings.ReplaceAll(tt.raw, "\n", "\r\n")))
		require.Equal(t, tt.subject, m.Subject, tt.name)
		require.Equal(t, tt.text, m.Text, tt.name)
	}
}

func TestLinks(t *testing.T) {
	tests := map[string][]string{
		"See https://windshield.example.com/me. Or (http://127.0.0.1:8080/x?a=b&c=d)!": {"https://windshield.example.com/me", "http://127.0.0.1:8080/x?a=b&c=d"},
		"javascript:alert(1) ftp://x file:///etc/passwd":                               nil,
		`https://x.example/"onmouseover="alert(1)`:                                     {"https://x.example/"},
		"https://": nil,
	}
	for text, want := range tests {
		require.Equal(t, want, Caught{Text: text}.Links(), text)
	}
}

func TestPage(t *testing.T) {
	c := newTestCatcher(t, nil)
	web := httptest.NewServer(http.StripPrefix("/mail", c.Page()))
	defer web.Close()
	get := func(path string, status int) string {
		t.Helper()
		r, err := http.Get(web.URL + path)
		require.NoError(t, err)
		defer r.Body.Close()
		require.Equal(t, status, r.StatusCode, path)
		require.Equal(t, "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'", r.Header.Get("Content-Security-Policy"))
		require.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"))
		require.Equal(t, "no-referrer", r.Header.Get("Referrer-Policy"))
		return readAll(t, r)
	}
	require.Contains(t, get("/mail/", 200), "No mail yet.")

	s := newTestSMTP(t, Options{URL: c.URL()})
	evil := notify.Message{ID: "1@x.example", To: "ana@example.com", ToName: "<script>alert(1)</script>", Subject: `<img src=x onerror="alert(2)">`,
		Text: "Sign in: https://windshield.example.com/in/abc?x=<script>alert(3)</script>.\n</div><script>alert(4)</script>\njavascript:alert(5)\n"}
	require.NoError(t, s.Send(t.Context(), evil))
	other := message
	other.To = "ben@example.com"
	require.NoError(t, s.Send(t.Context(), other))

	list := get("/mail/", 200)
	require.Contains(t, list, `<a href="messages/1">&lt;img src=x onerror=&#34;alert(2)&#34;&gt;</a>`)
	require.Less(t, strings.Index(list, "messages/2"), strings.Index(list, "messages/1"), "newest first")
	require.Contains(t, list, "2 messages, newest first")
	require.Contains(t, list, `<time datetime="2027-02-03T12:00:00Z">`)
	require.NotContains(t, get("/mail/?to=ben%40example.com", 200), "messages/1")
	require.Contains(t, get("/mail/?to=%22%3E%3Cscript%3E", 200), "&#34;&gt;&lt;script&gt;")

	page := get("/mail/messages/1", 200)
	require.Contains(t, page, `<a href="https://windshield.example.com/in/abc?x=" rel="noopener noreferrer">https://windshield.example.com/in/abc?x=</a>`)
	for _, bad := range []string{"<script", "<img", `href="javascript`} {
		require.NotContains(t, page, bad)
		require.NotContains(t, list, bad)
	}
	require.NotContains(t, page, "As mail programs show it")
	get("/mail/messages/1/html", 404)
	require.Contains(t, get("/mail/messages/1/raw", 200), "Message-ID: <1@x.example>")
	require.Contains(t, get("/mail/catcher.css", 200), "color-scheme")
	for _, path := range []string{"/mail/messages/99", "/mail/messages/abc", "/mail/messages/99/raw", "/mail/messages/99999999999999999999"} {
		require.Contains(t, get(path, 404), "No such message")
	}
	get("/mail/page/list.html", 404)
	get("/mail/other", 404)

	// A name that somebody pointed at this machine must not open it.
	r, err := http.NewRequest("GET", web.URL+"/mail/", nil)
	require.NoError(t, err)
	r.Host = "evil.example:8080"
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusForbidden, answer.StatusCode)
	for host, ok := range map[string]bool{"localhost": true, "localhost:1": true, "[::1]:1": true, "127.0.0.2": true, "::1": true, "10.0.0.1": false, "": false} {
		require.Equal(t, ok, local(host), host)
	}
}

func TestWhatMailProgramsShow(t *testing.T) {
	c := newTestCatcher(t, nil)
	web := httptest.NewServer(http.StripPrefix("/mail", c.Page()))
	defer web.Close()
	m := message
	m.HTML = "<p style=\"color:red\">Hello</p><script>alert(1)</script>\n"
	m.Attachments = []notify.Attachment{{Name: "Zürich.html", Type: "text/html", Data: []byte("<script>alert(2)</script>")}}
	require.NoError(t, newTestSMTP(t, Options{URL: c.URL()}).Send(t.Context(), m))
	get := func(path string, status int) (*http.Response, string) {
		t.Helper()
		r, err := http.Get(web.URL + path)
		require.NoError(t, err)
		defer r.Body.Close()
		require.Equal(t, status, r.StatusCode, path)
		return r, readAll(t, r)
	}
	_, page := get("/mail/messages/1", 200)
	require.Contains(t, page, `<div class="text">Hello`)
	require.Contains(t, page, `<a href="1/html">As mail programs show it</a>`)
	require.Contains(t, page, `<a href="1/files/0">Save Zürich.html</a>`)
	require.NotContains(t, page, "<script")

	r, shown := get("/mail/messages/1/html", 200)
	require.Equal(t, m.HTML, shown)
	require.Contains(t, r.Header.Get("Content-Security-Policy"), "sandbox; default-src 'none'")
	require.NotContains(t, r.Header.Get("Content-Security-Policy"), "script")
	r, data := get("/mail/messages/1/files/0", 200)
	require.Equal(t, "<script>alert(2)</script>", data)
	require.Equal(t, "application/octet-stream", r.Header.Get("Content-Type"))
	require.Equal(t, "attachment; filename*=utf-8''Z%C3%BCrich.html", r.Header.Get("Content-Disposition"))
	require.Equal(t, "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'", r.Header.Get("Content-Security-Policy"))
	for _, path := range []string{"1/files/1", "1/files/-1", "1/files/x", "2/files/0", "2/html"} {
		get("/mail/messages/"+path, 404)
	}
}

// Every page is whole, names its language and links only inside.
func TestPagesAreAccessible(t *testing.T) {
	c := newTestCatcher(t, nil)
	c.keep(Caught{Subject: "", To: []string{"a@example.com"}})
	c.keep(Caught{Subject: "x", Text: "y", To: []string{"a@example.com"}})
	for _, path := range []string{"/", "/messages/1", "/messages/2", "/messages/3"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "http://localhost"+path, nil)
		c.Page().ServeHTTP(w, r)
		body := w.Body.String()
		for _, part := range []string{`<html lang="en">`, "<title>", "<main>", "<h1>", `name="viewport"`} {
			require.Equal(t, 1, strings.Count(body, part), "%s has %s", path, part)
		}
		require.NotContains(t, body, "style=")
		require.Equal(t, strings.Count(body, "<input"), strings.Count(body, "<label"), path)
	}
}

func readAll(t *testing.T, r *http.Response) string {
	t.Helper()
	var b strings.Builder
	_, err := io.Copy(&b, r.Body)
	require.NoError(t, err)
	return b.String()
}
