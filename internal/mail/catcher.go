package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"windshield/internal/fault"
	"windshield/internal/roster"
)

// What a Catcher keeps: the newest messages, up to either limit.
const (
	MaxCaught      = 1000
	maxCaughtBytes = 64 << 20
	maxMessage     = 4 << 20 // what notify.Message allows, encoded for mail
)

// Catcher is a mail server that delivers nothing: it keeps what it gets in
// memory and shows it on a page. It listens on the loopback interface only.
type Catcher struct {
	server   *smtp.Server
	listener net.Listener
	now      func() time.Time
	close    sync.Once
	closed   chan struct{} // ends hanging sessions
	served   chan struct{} // closed when the server has stopped

	mu      sync.Mutex
	caught  []Caught // oldest first
	bytes   int
	seq     int
	answers []Reply
	arrived chan struct{} // closed and replaced with every message
}

// Stage is a moment in which a mail server answers.
type Stage string

const (
	AtRecipient Stage = "rcpt" // the recipient has been named
	AtData      Stage = "data" // the message has been sent
)

// Reply is a scripted misbehaviour, to prove that senders survive it.
type Reply struct {
	Stage Stage
	Code  int  // 400..599: the answer
	Hang  bool // no answer, until the Catcher is closed
	Drop  bool // AtData: the message is kept, then the connection breaks before the answer
}

// NewCatcher starts a catcher on a loopback address such as "127.0.0.1:1025";
// port 0 chooses a free one. Now stamps the messages. The error is Invalid where
// the address is not of this machine, Conflict where it is taken.
func NewCatcher(addr string, now func() time.Time) (*Catcher, error) {
	return newCatcher(addr, now, nil)
}

func newCatcher(addr string, now func() time.Time, secure *tls.Config) (*Catcher, error) {
	host, _, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fault.Invalidf("The mail catcher listens on this machine only.").With(fault.Detail{
			Where: "address", Value: fault.Short(addr), Expected: "a loopback address such as 127.0.0.1:1025"})
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fault.Conflictf("The mail catcher cannot listen on %s.", addr).Because(err).
			With(fault.Detail{Where: "address", Value: addr, Mend: "Choose another port, or end the program that uses it."})
	}
	c := &Catcher{listener: listener, now: now, closed: make(chan struct{}), served: make(chan struct{}), arrived: make(chan struct{})}
	c.server = smtp.NewServer(smtp.BackendFunc(func(conn *smtp.Conn) (smtp.Session, error) {
		return &session{catcher: c, conn: conn}, nil
	}))
	c.server.Domain = "localhost"
	c.server.MaxMessageBytes, c.server.MaxRecipients = maxMessage, 100
	c.server.ReadTimeout, c.server.WriteTimeout = time.Minute, time.Minute
	c.server.EnableSMTPUTF8 = true
	c.server.TLSConfig = secure
	c.server.ErrorLog = log.New(io.Discard, "", 0) // senders see the errors
	go func() {
		defer close(c.served)
		_ = c.server.Serve(listener) // ends with Close
	}()
	return c, nil
}

// Addr gives the host and port on which the catcher listens.
func (c *Catcher) Addr() string { return c.listener.Addr().String() }

// URL gives the address for Options.URL.
func (c *Catcher) URL() string { return "smtp://" + c.Addr() }

// Close stops listening and breaks open connections. Messages can still be read.
func (c *Catcher) Close() error {
	var err error
	c.close.Do(func() {
		close(c.closed)
		err = errors.Join(c.server.Close(), c.listener.Close()) // the listener also where Serve had not begun yet
		<-c.served
	})
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Answer scripts the next answers: each is used once, at its stage, in order.
func (c *Catcher) Answer(replies ...Reply) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers = append(c.answers, replies...)
}

// Messages gives all messages kept, oldest first.
func (c *Catcher) Messages() []Caught {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.caught)
}

// To gives the messages to an address (in any case), oldest first.
func (c *Catcher) To(addr string) []Caught {
	return slices.DeleteFunc(c.Messages(), func(m Caught) bool { return !m.IsTo(addr) })
}

// Get gives a message by its number.
func (c *Catcher) Get(seq int) (Caught, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, found := slices.BinarySearchFunc(c.caught, seq, func(m Caught, seq int) int { return m.Seq - seq })
	if !found {
		return Caught{}, false
	}
	return c.caught[at], true
}

// Wait gives the oldest message kept that matches, as soon as there is one; nil
// matches any. It ends with ctx's error, or a Temporary fault when the catcher
// is closed.
func (c *Catcher) Wait(ctx context.Context, match func(Caught) bool) (Caught, error) {
	from := 0
	for {
		c.mu.Lock()
		caught, arrived := slices.Clone(c.caught), c.arrived
		c.mu.Unlock()
		for _, m := range caught {
			if m.Seq > from && (match == nil || match(m)) {
				return m, nil
			}
			from = max(from, m.Seq)
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return Caught{}, ctx.Err()
		case <-c.closed:
			return Caught{}, fault.Temporaryf("The mail catcher is closed.")
		}
	}
}

// Clear forgets all messages. Numbers go on rising.
func (c *Catcher) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.caught, c.bytes = nil, 0
}

func (c *Catcher) keep(m Caught) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq++
	m.Seq, m.At = c.seq, c.now().UTC()
	c.caught = append(c.caught, m)
	c.bytes += len(m.Raw)
	for len(c.caught) > MaxCaught || c.bytes > maxCaughtBytes {
		c.bytes -= len(c.caught[0].Raw)
		c.caught[0] = Caught{} // let go of what the slice would still hold
		c.caught = c.caught[1:]
	}
	close(c.arrived)
	c.arrived = make(chan struct{})
}

// next takes the first scripted answer if it is for this stage.
func (c *Catcher) next(stage Stage) (Reply, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.answers) == 0 || c.answers[0].Stage != stage {
		return Reply{}, false
	}
	r := c.answers[0]
	c.answers = c.answers[1:]
	return r, true
}

// session is one connection to the catcher.
type session struct {
	catcher *Catcher
	conn    *smtp.Conn
	from    string
	to      []string
}

// Mail begins a message.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

// Rcpt names a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if r, scripted := s.catcher.next(AtRecipient); scripted {
		return s.misbehave(r)
	}
	s.to = append(s.to, roster.NormalizeEmail(to))
	return nil
}

// Data takes the message.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err // too large, says the library
	}
	reply, scripted := s.catcher.next(AtData)
	if scripted && !reply.Drop {
		return s.misbehave(reply)
	}
	m := read(raw)
	m.From, m.To = s.from, slices.Clone(s.to)
	s.catcher.keep(m)
	if scripted {
		return s.misbehave(reply)
	}
	return nil
}

func (s *session) misbehave(r Reply) error {
	switch {
	case r.Drop:
		return errors.Join(s.conn.Conn().Close(), errors.New("dropped"))
	case r.Hang:
		<-s.catcher.closed
		return errors.New("closed")
	}
	return &smtp.SMTPError{Code: r.Code, EnhancedCode: smtp.EnhancedCode{r.Code / 100, 0, 0}, Message: "scripted answer"}
}

// Reset forgets the message that was begun.
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout ends the session.
func (s *session) Logout() error { return nil }
