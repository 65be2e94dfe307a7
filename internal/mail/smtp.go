// Package mail sends messages by SMTP, and catches them on this machine where
// nobody is to be mailed (the sample company, tests). It is the only importer of
// the mail libraries.
package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"windshield/internal/fault"
	"windshield/internal/notify"
)

// Options say how mail leaves.
type Options struct {
	// URL is smtp://user:password@host:port, or smtps:// for TLS from the first
	// byte. User and password may be absent, the port is 587 or 465 by default
	// (25 where there is no user). ?from=ADDRESS sets the sender.
	URL      string
	From     string           // sender's address; "": from the URL, else the user, else windshield@host
	FromName string           // "": Windshield
	Now      func() time.Time // the Date header; required
	Timeout  time.Duration    // for one message; 0: 30 seconds
	TLS      *tls.Config      // for certificates of a private authority; nil: the system's
}

// SMTP sends messages by a mail server, one connection each. It implements
// notify.Notifier and is safe for concurrent use.
type SMTP struct {
	host, user, password string
	port                 int
	implicit             bool // TLS from the first byte
	from                 netmail.Address
	now                  func() time.Time
	timeout              time.Duration
	tls                  *tls.Config
}

var _ notify.Notifier = (*SMTP)(nil)

// NewSMTP checks the options. The error is Invalid; it never holds the password.
func NewSMTP(o Options) (*SMTP, error) {
	bad := func(expected string) error {
		return fault.Invalidf("The mail server's address cannot be used.").With(fault.Detail{
			Where: "SMTP URL", Value: fault.Short(masked(o.URL)), Expected: expected,
			Mend: "Write it as smtp://user:password@host:port, special characters as %40.",
		})
	}
	u, err := url.Parse(o.URL)
	if err != nil || u.Hostname() == "" || u.Opaque != "" || u.Path != "" && u.Path != "/" {
		return nil, bad("smtp://host:port or smtps://host:port") // the cause would show the password
	}
	if u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, bad("the scheme smtp or smtps")
	}
	s := &SMTP{host: u.Hostname(), user: u.User.Username(), implicit: u.Scheme == "smtps", now: o.Now, timeout: o.Timeout, tls: o.TLS}
	s.password, _ = u.User.Password()
	switch {
	case s.implicit:
		s.port = 465
	case s.user != "":
		s.port = 587
	default:
		s.port = 25
	}
	if p := u.Port(); p != "" {
		if s.port, err = strconv.Atoi(p); err != nil || s.port < 1 || s.port > 65535 {
			return nil, bad("a port from 1 to 65535")
		}
	}
	for key := range u.Query() {
		if key != "from" {
			return nil, bad("no other parameter than from")
		}
	}
	s.from.Address = sender(o, u, s)
	if !notify.ValidAddress(s.from.Address) {
		return nil, fault.Invalidf("The sender of mail is no address.").With(fault.Detail{
			Where: "from", Value: fault.Short(s.from.Address), Expected: "a mail address such as windshield@example.com"})
	}
	if s.from.Name = notify.OneLine(o.FromName, notify.MaxName); s.from.Name == "" {
		s.from.Name = "Windshield"
	}
	if s.timeout <= 0 {
		s.timeout = 30 * time.Second
	}
	if s.now == nil {
		return nil, fault.New(fault.Internal, "mail.NewSMTP needs a clock")
	}
	return s, nil
}

func sender(o Options, u *url.URL, s *SMTP) string {
	switch from := u.Query().Get("from"); {
	case o.From != "":
		return o.From
	case from != "":
		return from
	case notify.ValidAddress(s.user):
		return s.user
	case net.ParseIP(s.host) != nil:
		return "windshield@localhost" // an address literal helps nobody who answers
	}
	return "windshield@" + s.host
}

// masked hides whatever may be a password in a URL, well-formed or not.
func masked(raw string) string {
	scheme, rest, found := strings.Cut(raw, "://")
	if !found {
		scheme, rest = "", raw
	} else {
		scheme += "://"
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		// An @ may also stand in ?from=; then more is hidden than needed.
		rest = "…@" + rest[at+1:]
	}
	return scheme + rest
}

// String gives the server's address without credentials, for logs and pages.
func (s *SMTP) String() string {
	scheme := "smtp"
	if s.implicit {
		scheme = "smtps"
	}
	return fmt.Sprintf("%s://%s", scheme, net.JoinHostPort(s.host, strconv.Itoa(s.port)))
}

// Send hands the message to the mail server; see notify.Notifier. It speaks TLS
// where the server offers it, and never sends a password without. A server that
// took the message and then fails has taken it: that is no error.
func (s *SMTP) Send(ctx context.Context, m notify.Message) error {
	if err := m.Check(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	msg := s.compose(m)
	conn, err := s.connect(ctx)
	if err != nil {
		return s.failed(ctx, err)
	}
	defer conn.Close()
	// The library keeps deadlines of its own, which a context cannot shorten; an
	// ended context closes the connection under it.
	defer context.AfterFunc(ctx, func() { conn.Close() })()

	client, err := s.client(conn)
	if err != nil {
		return s.failed(ctx, err)
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return s.failed(ctx, err)
	}
	err = client.SendWithSMTPClient(session, msg)
	if !msg.IsDelivered() {
		if err == nil {
			err = errors.New("the message was not taken, and nobody said why")
		}
		return s.failed(ctx, err)
	}
	// The message is the server's now. A polite farewell may fail.
	_ = conn.SetDeadline(time.Now().Add(2 * time.Second))
	_ = session.Quit()
	return nil
}

func (s *SMTP) compose(m notify.Message) *gomail.Msg {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&s.from)
	msg.ToMailAddress(&netmail.Address{Name: m.ToName, Address: m.To})
	msg.Subject(m.Subject)
	msg.SetMessageIDWithValue(m.ID)
	msg.SetDateWithValue(s.now())
	// No machine should answer a machine (RFC 3834).
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	if m.Unsubscribe != "" { // RFC 8058, 3.1
		msg.SetGenHeader("List-Unsubscribe", "<"+m.Unsubscribe+">")
		msg.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" { // after the text: a reader shows the last part that it knows (RFC 2046, 5.1.4)
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	for _, a := range m.Attachments {
		msg.AttachReadSeeker(a.Name, bytes.NewReader(a.Data), gomail.WithFileContentType(gomail.ContentType(a.Type)))
	}
	return msg
}

func (s *SMTP) connect(ctx context.Context) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(s.host, strconv.Itoa(s.port)))
	if err != nil || !s.implicit {
		return conn, err
	}
	secure := tls.Client(conn, s.tlsConfig())
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}

func (s *SMTP) tlsConfig() *tls.Config {
	c := &tls.Config{}
	if s.tls != nil {
		c = s.tls.Clone()
	}
	c.ServerName, c.MinVersion = s.host, max(c.MinVersion, tls.VersionTLS12)
	return c
}

func (s *SMTP) client(conn net.Conn) (*gomail.Client, error) {
	policy := gomail.TLSOpportunistic
	if s.implicit {
		policy = gomail.NoTLS // it is TLS already
	}
	options := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTLSPolicy(policy), gomail.WithTLSConfig(s.tlsConfig()), gomail.WithTimeout(s.timeout),
		gomail.WithoutNoop(), gomail.WithoutRset(), // one message per connection: nothing to keep alive or to reset
		gomail.WithDialContextFunc(func(context.Context, string, string) (net.Conn, error) { return conn, nil }),
	}
	if s.user != "" {
		options = append(options, gomail.WithSMTPAuthCustom(&auth{user: s.user, password: s.password, host: s.host}))
	}
	return gomail.NewClient(s.host, options...)
}

// failed says whether it is worth trying again. What the server says about this
// message with a 5xx is final; everything else (no connection, no answer, 4xx,
// refused credentials, a bad certificate) passes or can be mended by an
// administrator, and the message must not be lost meanwhile.
func (s *SMTP) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fault.Temporaryf("The mail server %s did not answer in time.", s).Because(errors.Join(ctx.Err(), err))
	}
	var refused *gomail.SendError
	if errors.As(err, &refused) {
		code := refused.ErrorCode()
		switch {
		case code == 530 || code == 534 || code == 535 || code == 538:
			return fault.Temporaryf("The mail server %s wants a sign-in (%d).", s, code).Because(err)
		case code >= 500 && code <= 599:
			return fault.Invalidf("The mail server %s refused the message for good (%d).", s, code).Because(err)
		case code >= 400:
			return fault.Temporaryf("The mail server %s asked to try again later (%d).", s, code).Because(err)
		}
		return fault.Temporaryf("The connection to the mail server %s broke.", s).Because(err)
	}
	var reply *textproto.Error
	if errors.As(err, &reply) {
		return fault.Temporaryf("The mail server %s does not let us in (%d).", s, reply.Code).Because(err)
	}
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return fault.Temporaryf("The certificate of the mail server %s cannot be trusted.", s).Because(err)
	}
	return fault.Temporaryf("The mail server %s cannot be reached.", s).Because(err)
}
