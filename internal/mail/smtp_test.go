package mail

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"net"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/notify"
	"windshield/internal/notify/notifytest"
)

var noon = time.Date(2027, 2, 3, 12, 0, 0, 0, time.UTC)

func now() time.Time { return noon }

var message = notify.Message{ID: "4f1c@windshield.example.com", To: "ana@example.com", ToName: "Ana Castro",
	Subject: "Your link to Windshield", Text: "Hello\n"}

func newTestCatcher(t *testing.T, secure *tls.Config) *Catcher {
	t.Helper()
	c, err := newCatcher("127.0.0.1:0", now, secure)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func newTestSMTP(t *testing.T, o Options) *SMTP {
	t.Helper()
	o.Now = now
	s, err := NewSMTP(o)
	require.NoError(t, err)
	return s
}

// far drives a Catcher as the conformance suite wants it.
type far struct {
	t *testing.T
	c *Catcher
}

func (f far) Later() { f.c.Answer(Reply{Stage: AtRecipient, Code: 451}) }
func (f far) Never() { f.c.Answer(Reply{Stage: AtRecipient, Code: 550}) }
func (f far) Hang()  { f.c.Answer(Reply{Stage: AtData, Hang: true}) }
func (f far) Lose()  { f.c.Answer(Reply{Stage: AtData, Drop: true}) }
func (f far) Stop()  { require.NoError(f.t, f.c.Close()) }

func (f far) Taken(ctx context.Context, n int) ([]notify.Message, error) {
	if n > 0 {
		if _, err := f.c.Wait(ctx, func(m Caught) bool { return m.Seq >= n }); err != nil {
			return nil, err
		}
	}
	var out []notify.Message
	for _, m := range f.c.Messages() {
		to, err := netmail.ParseAddress(m.Header.Get("To"))
		require.NoError(f.t, err)
		require.Equal(f.t, []string{to.Address}, m.To, "envelope and header agree")
		out = append(out, notify.Message{ID: m.ID, To: to.Address, ToName: to.Name, Subject: m.Subject, Text: m.Text,
			HTML: m.HTML, Attachments: m.Files, Unsubscribe: strings.Trim(m.Header.Get("List-Unsubscribe"), "<>")})
	}
	return out, nil
}

// carries leaves out what is for machines.
func carries(m notify.Message) notify.Message {
	m.Kind, m.About = "", ""
	return m
}

func TestConformance(t *testing.T) {
	secure, roots := certificate(t)
	for name, open := range map[string]func(t *testing.T) (notify.Notifier, notifytest.Far){
		"plain": func(t *testing.T) (notify.Notifier, notifytest.Far) {
			c := newTestCatcher(t, nil)
			return newTestSMTP(t, Options{URL: c.URL()}), far{t, c}
		},
		"STARTTLS": func(t *testing.T) (notify.Notifier, notifytest.Far) {
			c := newTestCatcher(t, secure)
			return newTestSMTP(t, Options{URL: c.URL(), TLS: roots}), far{t, c}
		},
	} {
		t.Run(name, func(t *testing.T) { notifytest.Run(t, open, carries) })
	}
}

func TestHeaders(t *testing.T) {
	c := newTestCatcher(t, nil)
	s := newTestSMTP(t, Options{URL: c.URL() + "?from=visits@example.com"})
	require.NoError(t, s.Send(t.Context(), message))
	m := c.To("ANA@example.com")[0]
	require.Equal(t, `"Windshield" <visits@example.com>`, m.Header.Get("From"))
	require.Equal(t, "visits@example.com", m.From)
	require.Equal(t, "auto-generated", m.Header.Get("Auto-Submitted"))
	require.Equal(t, "<4f1c@windshield.example.com>", m.Header.Get("Message-ID"))
	at, err := m.Header.Date()
	require.NoError(t, err)
	require.True(t, at.Equal(noon), "the date is our clock's")
	require.Empty(t, m.Header.Get("User-Agent"))
	require.Equal(t, noon, m.At)
}

func TestPartsOfAMail(t *testing.T) {
	c := newTestCatcher(t, nil)
	s := newTestSMTP(t, Options{URL: c.URL()})
	full := message
	full.Text = "Our visit:\nhttps://windshield.example.com/visits/1\n"
	full = notify.Render(full, "https://windshield.example.com")
	full.Unsubscribe = "https://windshield.example.com/stop/abc"
	full.Attachments = []notify.Attachment{{Name: "visit.ics", Type: "text/calendar; method=PUBLISH; charset=utf-8", Data: []byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")}}
	require.NoError(t, s.Send(t.Context(), full))
	m := c.Messages()[0]
	require.Equal(t, "<https://windshield.example.com/stop/abc>", m.Header.Get("List-Unsubscribe"))
	require.Equal(t, "List-Unsubscribe=One-Click", m.Header.Get("List-Unsubscribe-Post"))
	raw := string(m.Raw)
	last := 0
	for _, part := range []string{"multipart/mixed", "multipart/alternative", "text/plain; charset=UTF-8", "text/html; charset=UTF-8",
		`text/calendar; method=PUBLISH; charset=utf-8; name="visit.ics"`} {
		at := strings.Index(raw, "Content-Type: "+part)
		require.Greater(t, at, last, part)
		last = at
	}
	require.Equal(t, 1, strings.Count(raw, "Content-Disposition: attachment"))
	require.Equal(t, []string{"https://windshield.example.com/visits/1"}, m.Links())

	// What has neither a page nor files stays one part, and says nothing of ending.
	require.NoError(t, s.Send(t.Context(), message))
	raw = string(c.Messages()[1].Raw)
	require.NotContains(t, raw, "multipart")
	require.NotContains(t, raw, "List-Unsubscribe")

	// The largest message that Check permits goes through.
	full.Text = strings.Repeat("日本語\n", 10_000)
	full.HTML = strings.Repeat("日本語\n", 50_000)
	full.Attachments = []notify.Attachment{{Name: "a", Type: "text/plain", Data: make([]byte, notify.MaxAttachmentBytes)}}
	require.NoError(t, full.Check())
	require.NoError(t, s.Send(t.Context(), full))
	require.Equal(t, full.HTML, c.Messages()[2].HTML)
}

func TestRefusalAfterTheMessage(t *testing.T) {
	c := newTestCatcher(t, nil)
	s := newTestSMTP(t, Options{URL: c.URL()})
	c.Answer(Reply{Stage: AtData, Code: 452}, Reply{Stage: AtData, Code: 554})
	require.Equal(t, fault.Temporary, fault.KindOf(s.Send(t.Context(), message)))
	require.Equal(t, fault.Invalid, fault.KindOf(s.Send(t.Context(), message)))
	require.NoError(t, s.Send(t.Context(), message))
	require.Len(t, c.Messages(), 1)
}

func TestUntrustedCertificate(t *testing.T) {
	secure, _ := certificate(t)
	c := newTestCatcher(t, secure)
	err := newTestSMTP(t, Options{URL: c.URL()}).Send(t.Context(), message)
	require.Equal(t, fault.Temporary, fault.KindOf(err))
	require.Contains(t, err.Error(), "certificate")
	require.Empty(t, c.Messages(), "nothing is sent in the clear instead")
}

// server is a mail server that follows a script: for each line that begins with
// a key it answers with the value; an empty value breaks the connection.
func server(t *testing.T, l net.Listener, script map[string]string) string {
	t.Helper()
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				fmt.Fprint(conn, script["greeting"])
				lines := bufio.NewScanner(conn)
				for inData := false; lines.Scan(); {
					answer, known := "250 fine\r\n", false
					for verb, reply := range script {
						if strings.HasPrefix(lines.Text(), verb) && !inData {
							answer, known = reply, true
						}
					}
					switch {
					case inData && lines.Text() != ".":
						continue
					case inData:
						inData = false
						if a, ok := script["."]; ok {
							answer, known = a, true
						}
					case lines.Text() == "DATA" && !known:
						inData, answer = true, "354 go on\r\n"
					}
					if answer == "" {
						return
					}
					fmt.Fprint(conn, answer)
				}
			}()
		}
	}()
	return l.Addr().String()
}

func listen(t *testing.T) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return l
}

func with(script map[string]string, key, value string) map[string]string {
	out := map[string]string{"greeting": "220 hello\r\n"}
	for k, v := range script {
		out[k] = v
	}
	if key != "" {
		out[key] = value
	}
	return out
}

func TestServersThatMisbehave(t *testing.T) {
	tests := []struct {
		name, key, answer string
		want              fault.Kind // Internal: no error expected
	}{
		{"farewell refused", "QUIT", "500 no\r\n", fault.Internal},
		{"farewell broken off", "QUIT", "", fault.Internal},
		{"not in service", "greeting", "421 later\r\n", fault.Temporary},
		{"not for us", "greeting", "554 go away\r\n", fault.Temporary},
		{"no greeting but nonsense", "greeting", "HTTP/1.1 400 Bad Request\r\n\r\n", fault.Temporary},
		{"sign-in wanted", "MAIL", "530 sign in first\r\n", fault.Temporary},
		{"sender refused", "MAIL", "550 who are you\r\n", fault.Invalid},
		{"mailbox full", "RCPT", "452 full\r\n", fault.Temporary},
		{"no such mailbox", "RCPT", "550 nobody\r\n", fault.Invalid},
		{"no data now", "DATA", "451 not now\r\n", fault.Temporary},
		{"spam", ".", "554 spam\r\n", fault.Invalid},
		{"broken off after the message", ".", "", fault.Temporary},
		{"an answer that is none", "RCPT", "hello\r\n", fault.Temporary},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			addr := server(t, listen(t), with(nil, tt.key, tt.answer))
			err := newTestSMTP(t, Options{URL: "smtp://" + addr}).Send(t.Context(), message)
			if tt.want == fault.Internal {
				require.NoError(t, err, "the message was taken")
				return
			}
			require.Equal(t, tt.want, fault.KindOf(err), "%v", err)
			text, _ := fault.Shown(err)
			require.NotContains(t, text, "ana@example.com")
		})
	}
}

func TestServerThatSaysNothing(t *testing.T) {
	l := listen(t) // connections wait in its backlog, unanswered
	defer l.Close()
	addr := l.Addr().String()
	for _, scheme := range []string{"smtp", "smtps"} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		err := newTestSMTP(t, Options{URL: scheme + "://" + addr}).Send(ctx, message)
		cancel()
		require.Equal(t, fault.Temporary, fault.KindOf(err))
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
	// Without any deadline of the caller's our own ends it.
	err := newTestSMTP(t, Options{URL: "smtp://" + addr, Timeout: 50 * time.Millisecond}).Send(t.Context(), message)
	require.Equal(t, fault.Temporary, fault.KindOf(err))
}

func TestSignIn(t *testing.T) {
	plain := base64.StdEncoding.EncodeToString([]byte("\x00me@example.com\x00p@ss word"))
	t.Run("PLAIN on this machine", func(t *testing.T) {
		addr := server(t, listen(t), with(map[string]string{"EHLO": "250-hi\r\n250 AUTH LOGIN PLAIN\r\n"}, "AUTH PLAIN "+plain, "235 ok\r\n"))
		s := newTestSMTP(t, Options{URL: "smtp://me%40example.com:p%40ss%20word@" + addr})
		require.Equal(t, "me@example.com", s.from.Address)
		require.NoError(t, s.Send(t.Context(), message), "any other line than this AUTH gets a 250, which is no success")
	})
	t.Run("wrong password is no reason to lose the message", func(t *testing.T) {
		addr := server(t, listen(t), with(map[string]string{"EHLO": "250-hi\r\n250 AUTH PLAIN\r\n"}, "AUTH", "535 wrong\r\n"))
		err := newTestSMTP(t, Options{URL: "smtp://me:secret@" + addr}).Send(t.Context(), message)
		require.Equal(t, fault.Temporary, fault.KindOf(err))
		require.NotContains(t, err.Error(), "secret")
	})
	t.Run("no sign-in offered", func(t *testing.T) {
		addr := server(t, listen(t), with(nil, "EHLO", "250 hi\r\n"))
		require.Equal(t, fault.Temporary, fault.KindOf(newTestSMTP(t, Options{URL: "smtp://me:secret@" + addr}).Send(t.Context(), message)))
	})
	t.Run("smtps with PLAIN", func(t *testing.T) {
		secure, roots := certificate(t)
		addr := server(t, tls.NewListener(listen(t), secure), with(map[string]string{"EHLO": "250-hi\r\n250 AUTH PLAIN\r\n"}, "AUTH", "235 ok\r\n"))
		require.NoError(t, newTestSMTP(t, Options{URL: "smtps://me:secret@" + addr, TLS: roots}).Send(t.Context(), message))
	})
}

func TestOptions(t *testing.T) {
	for _, raw := range []string{"", "mail.example.com", "http://mail.example.com", "smtp://", "smtp:mail", "smtp://host:0", "smtp://host:99999",
		"smtp://host:abc", "smtp://host/path", "smtp://host?tls=no", "smtp://me:se%cret@host", "smtp://me:secret@host?from=no-address", "smtp://a b"} {
		_, err := NewSMTP(Options{URL: raw, Now: now})
		require.Equal(t, fault.Invalid, fault.KindOf(err), raw)
		require.NotContains(t, err.Error(), "cret", raw)
	}
	_, err := NewSMTP(Options{URL: "smtp://host"})
	require.Error(t, err, "a clock is needed")

	tests := []struct{ url, shown, from string }{
		{"smtp://mail.example.com", "smtp://mail.example.com:25", "windshield@mail.example.com"},
		{"smtp://u:p@mail.example.com", "smtp://mail.example.com:587", "windshield@mail.example.com"},
		{"smtps://u%40example.com:p@mail.example.com/", "smtps://mail.example.com:465", "u@example.com"},
		{"smtp://[::1]:1025", "smtp://[::1]:1025", "windshield@localhost"},
		{"smtp://127.0.0.1:1025?from=x@example.com", "smtp://127.0.0.1:1025", "x@example.com"},
	}
	for _, tt := range tests {
		s := newTestSMTP(t, Options{URL: tt.url})
		require.Equal(t, tt.shown, s.String())
		require.Equal(t, tt.from, s.from.Address)
	}
	require.Equal(t, "a@example.com", newTestSMTP(t, Options{URL: "smtp://h", From: "a@example.com"}).from.Address)
}

// certificate makes a certificate for 127.0.0.1 and a client's trust in it.
func certificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Date(2199, 1, 1, 0, 0, 0, 0, time.UTC),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, &tls.Config{RootCAs: roots}
}
