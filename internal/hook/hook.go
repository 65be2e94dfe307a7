// Package hook brings notices to addresses on the web: a channel of Slack, or a
// signed webhook of the company's own. It knows which addresses may be called.
package hook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"syscall"
	"time"

	"windshield/internal/fault"
)

// Options say how a channel is called.
type Options struct {
	BaseURL string // how our own addresses begin, without a slash at the end; Slack shows them as buttons
	// AllowPrivate trusts the address as far as whoever sets up the server is trusted:
	// it may lie in a private network or on this machine, even without TLS, and Slack
	// may be something that speaks like Slack. Never for what is entered on a page.
	AllowPrivate bool
	Now          func() time.Time // required
	Timeout      time.Duration    // for one message; 0: 10 seconds
	TLS          *tls.Config      // for certificates of a private authority; nil: the system's

	resolver *net.Resolver // nil: the system's
}

const (
	maxAnswer = 64 << 10  // bytes of an answer that are read, and of its header
	maxWait   = time.Hour // for which somebody may ask us to stay away
)

// caller posts to one address. The address is a secret: no error shows it, not even
// its host.
type caller struct {
	name    string // what is called, in the middle of a sentence
	url     string
	client  *http.Client
	now     func() time.Time
	timeout time.Duration

	mu    sync.Mutex
	until time.Time // no call before, since we were asked to wait
}

func newCaller(name, raw string, o Options) (*caller, error) {
	if o.Now == nil {
		return nil, fault.New(fault.Internal, "package hook needs a clock")
	}
	if expected := checkURL(raw, o.AllowPrivate); expected != "" {
		return nil, badAddress(name, expected)
	}
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	secure := &tls.Config{}
	if o.TLS != nil {
		secure = o.TLS.Clone()
	}
	secure.MinVersion = max(secure.MinVersion, tls.VersionTLS12)
	dialer := &net.Dialer{Resolver: o.resolver, Control: func(_, address string, _ syscall.RawConn) error {
		// After the name has been resolved, for every address that is tried: a name
		// that leads elsewhere at the second look changes nothing.
		return mayDial(address, raw, o.AllowPrivate)
	}}
	return &caller{name: name, url: raw, now: o.Now, timeout: o.Timeout, client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{ // no proxy: it would resolve names in our place
			DialContext: dialer.DialContext, TLSClientConfig: secure, MaxResponseHeaderBytes: maxAnswer,
			DisableKeepAlives:  true, // one message a connection: nothing is sent twice unseen, and nothing is left open
			DisableCompression: true,
		},
	}}, nil
}

func badAddress(name, expected string) error {
	return fault.Invalidf("The address of %s cannot be used.", name).With(fault.Detail{
		Where: "address", Expected: expected, Mend: "Copy it from where it was made, from https:// to its end."})
}

// post sends a body and gives the answer's status and the beginning of its body. A
// call that failed, or that we were asked not to make yet, is a fault.
func (c *caller) post(ctx context.Context, body []byte, header http.Header) (status int, answer []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return 0, nil, c.failed(ctx, err)
	}
	if err := c.waiting(); err != nil {
		return 0, nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, badAddress(c.name, "a web address")
	}
	r.Header = header
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("User-Agent", "Windshield")
	response, err := c.client.Do(r)
	if err != nil {
		return 0, nil, c.failed(ctx, err)
	}
	defer response.Body.Close()
	c.heed(response)
	// What breaks off behind the status has been answered all the same.
	answer, _ = io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return response.StatusCode, answer, nil
}

// waiting is a fault while we have been asked to stay away.
func (c *caller) waiting() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if left := c.until.Sub(c.now()); left > 0 && left <= maxWait {
		return fault.Temporaryf("%s asked to wait until %s.", sentence(c.name), c.until.UTC().Format("15:04:05 UTC"))
	}
	return nil
}

// heed keeps what an answer says about when to come again (RFC 9110, 10.2.3).
func (c *caller) heed(r *http.Response) {
	after := r.Header.Get("Retry-After")
	if after == "" || r.StatusCode != http.StatusTooManyRequests && r.StatusCode != http.StatusServiceUnavailable {
		return
	}
	now := c.now()
	until, err := http.ParseTime(after)
	if seconds, nan := strconv.ParseUint(after, 10, 31); nan == nil {
		until, err = now.Add(time.Duration(seconds)*time.Second), nil
	}
	if err != nil {
		return
	}
	if until.Sub(now) > maxWait {
		until = now.Add(maxWait)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = until
}

// failed words a call without an answer. Of the cause it keeps only what cannot hold
// the address: that of the library would show it.
func (c *caller) failed(ctx context.Context, err error) error {
	name := c.name
	if ctx.Err() != nil {
		return fault.Temporaryf("%s did not answer in time.", sentence(name)).Because(ctx.Err())
	}
	var unknown *net.DNSError
	var certificate *tls.CertificateVerificationError
	var number syscall.Errno
	switch {
	case errors.Is(err, errPrivate):
		return fault.Invalidf("The address of %s leads into a private network, where Windshield does not call.", name).Because(errPrivate)
	case errors.Is(err, errClear):
		return fault.Invalidf("The address of %s leads out of your network, which needs https.", name).Because(errClear)
	case errors.As(err, &unknown):
		return fault.Temporaryf("The host in the address of %s cannot be found.", name)
	case errors.As(err, &certificate):
		return fault.Temporaryf("The certificate of %s cannot be trusted.", name)
	case errors.As(err, &number):
		return fault.Temporaryf("%s cannot be reached.", sentence(name)).Because(number)
	}
	return fault.Temporaryf("The connection to %s broke.", name)
}

// sentence begins one with a name.
func sentence(name string) string {
	if name == webhookName {
		return "The webhook"
	}
	return name
}

// passing says whether a status asks to send the same again later.
func passing(status int) bool {
	return status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status == http.StatusTooEarly
}
