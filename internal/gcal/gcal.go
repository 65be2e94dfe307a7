// Package gcal speaks to Google Calendar. It implements the port calsync.Calendar
// with Google's own client and is, with its emulator, the only importer of
// Google's packages. No call is repeated here (a rejected access token apart),
// and no error text holds an address, an event id or a text of an event.
package gcal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/api/calendar/v3"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"

	"windshield/internal/calsync"
	"windshield/internal/fault"
)

// GoogleURL is the base of Google's Calendar API.
const GoogleURL = "https://www.googleapis.com/calendar/v3/"

// Scopes are the least that the product needs: to write events on the
// organiser's own calendars, and to see when people are busy.
var Scopes = []string{calendar.CalendarEventsOwnedScope, calendar.CalendarFreebusyScope}

// Config says to which server to speak, and as whom. Exactly one of Key, Consent,
// Token and NoAuth must be set.
type Config struct {
	BaseURL  string             // ends in /calendar/v3/; "" is Google's
	Subject  string             // address of the organiser on whose behalf calls are made
	Key      []byte             // key file of a service account with domain-wide delegation
	TokenURL string             // instead of the key file's; "" leaves it
	Consent  *Stored            // a person's consent; with OAuth
	OAuth    OAuth              // the client under which it was given
	Token    oauth2.TokenSource // any other credential; must be bounded in time by itself
	NoAuth   bool               // no credential at all; for an emulator only
	Timeout  time.Duration      // of each call and of each request for a token; 0 is 30 s
	Base     http.RoundTripper  // nil: a transport of its own
	Limiter  *Limiter           // shared by all clients of the process; nil holds nothing back
	Meter    Meter              // counts the calls; nil counts nothing
	Epoch    int                // of the account's connection; goes into the errors
	Now      func() time.Time   // the clock that is compared with Google's; nil: the machine's
}

// Meter is told of each call, for metrics. It must not block.
type Meter interface {
	// Called is told of a call that was made: "insert", "list" and so on, with "ok"
	// or the class of its error in words.
	Called(call, outcome string, took time.Duration)
	// Waited is told for how long a call was held back for its pace.
	Waited(d time.Duration)
}

// Client is a Google Calendar as one account sees it. It may be used by many
// goroutines at the same time.
type Client struct {
	svc       *calendar.Service
	tokens    *tokens
	quotaUser string
	timeout   time.Duration
	subject   string
	limiter   *Limiter
	meter     Meter
	epoch     int // of the account's connection when the client was made
}

var _ calsync.Calendar = (*Client)(nil)

// StaticToken makes a credential of a ready-made access token, as the emulator
// gives out.
func StaticToken(token string) oauth2.TokenSource {
	return oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token, TokenType: "Bearer"})
}

// New makes a client. It makes no call: whether the credential works shows at
// the first one (or by Check). The error is fault.Invalid and says what is wrong
// with the settings.
func New(ctx context.Context, cfg Config) (*Client, error) {
	if cfg.BaseURL == "" {
		cfg.BaseURL = GoogleURL
	}
	if !strings.HasSuffix(cfg.BaseURL, "/calendar/v3/") || !strings.HasPrefix(cfg.BaseURL, "http://") && !strings.HasPrefix(cfg.BaseURL, "https://") {
		return nil, fault.Invalidf("The address of the Google Calendar API cannot be used.").With(fault.Detail{Where: "WINDSHIELD_GOOGLE_CALENDAR_URL",
			Value: fault.Short(cfg.BaseURL), Expected: "an http or https address that ends in /calendar/v3/", Mend: "Leave it out to use Google's own."})
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 30 * time.Second
	}
	if cfg.Base == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.ResponseHeaderTimeout = cfg.Timeout
		t.MaxIdleConnsPerHost = 16
		cfg.Base = t
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	c := &Client{timeout: cfg.Timeout, subject: cfg.Subject, limiter: cfg.Limiter, meter: cfg.Meter, quotaUser: quotaUser(cfg.Subject), epoch: cfg.Epoch}
	transport := cfg.Base
	if !cfg.NoAuth {
		source, err := credential(cfg)
		if err != nil {
			return nil, err
		}
		c.tokens = source
		transport = &bearer{tokens: source, base: cfg.Base}
	}
	svc, err := calendar.NewService(ctx, option.WithHTTPClient(&http.Client{Transport: transport}), option.WithEndpoint(cfg.BaseURL))
	if err != nil {
		return nil, fault.New(fault.Internal, "The Google client cannot be made.").Because(err)
	}
	c.svc = svc
	return c, nil
}

// quotaUser names a person's bucket of quota: a print, since it is sent in the
// clear; "" for nobody.
func quotaUser(address string) string {
	if address == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.ToLower(address)))
	return hex.EncodeToString(sum[:16])
}

// do makes one call with a deadline, as soon as the limiter lets it go. A refused
// access token is replaced once: the server executed nothing. The request says
// what the limiter must know; its person is filled in here.
func do[T any](ctx context.Context, c *Client, name string, r request, token bool, call func(ctx context.Context, opts ...googleapi.CallOption) (T, error)) (T, error) {
	var none T
	var opts []googleapi.CallOption
	r.person = c.quotaUser
	if c.quotaUser != "" {
		opts = append(opts, googleapi.QuotaUser(c.quotaUser))
	}
	var used *oauth2.Token
	ctx = context.WithValue(ctx, usedKey{}, &used)
	for attempt := 1; ; attempt++ {
		if err := c.hold(ctx, name, r); err != nil {
			return none, err
		}
		used = nil
		out, err := attemptOnce(ctx, c, name, r, token, opts, call)
		if err == nil {
			return out, nil
		}
		var failed *calsync.Error
		if c.tokens != nil && used == nil && errors.As(err, &failed) && failed.Class == calsync.Unknown && !errors.Is(err, context.Canceled) {
			// The library hides what we waited for behind the deadline; without a
			// token nothing was sent, so the outcome is known.
			failed.Call, failed.Class = "token", calsync.SlowDown
		}
		if attempt == 1 && c.tokens != nil && errors.As(err, &failed) && failed.Status == http.StatusUnauthorized && failed.Call == name {
			c.tokens.drop(used)
			continue
		}
		c.refused(err)
		return none, err
	}
}

// refused stops the account's calls where an error says that each would end so:
// two thousand writes that wait must not be refused one by one.
func (c *Client) refused(err error) {
	var failed *calsync.Error
	if c.tokens == nil || !errors.As(err, &failed) {
		return
	}
	failed.Epoch = c.epoch
	if failed.Call == "token" {
		return // the request for the token has seen to it
	}
	c.tokens.mu.Lock()
	defer c.tokens.mu.Unlock()
	c.tokens.halt(failed)
}

// hold waits for the limiter. The wait is the caller's, not part of the call's
// own deadline; nothing has been sent when it ends early.
func (c *Client) hold(ctx context.Context, name string, r request) error {
	if c.limiter == nil {
		return nil
	}
	barred := func(d time.Duration) error {
		return &calsync.Error{Call: name, Class: calsync.UsageLimit, Reason: "held back", RetryAfter: d}
	}
	if d := c.limiter.bars(r, false); d > 0 {
		return barred(d)
	}
	began := c.limiter.now()
	err := c.limiter.wait(ctx, r)
	if c.meter != nil {
		c.meter.Waited(c.limiter.now().Sub(began))
	}
	var long tooLong
	switch {
	case errors.As(err, &long):
		return &calsync.Error{Call: name, Class: calsync.SlowDown, Reason: "held back", RetryAfter: long.d}
	case err != nil:
		return &calsync.Error{Call: name, Class: calsync.SlowDown, Reason: "held back", Cause: err}
	}
	if d := c.limiter.bars(r, true); d > 0 { // somebody was refused meanwhile
		return barred(d)
	}
	return nil
}

func attemptOnce[T any](ctx context.Context, c *Client, name string, r request, token bool, opts []googleapi.CallOption, call func(ctx context.Context, opts ...googleapi.CallOption) (T, error)) (T, error) {
	ctx, stop := context.WithTimeout(ctx, c.timeout)
	defer stop()
	began := time.Now()
	out, err := call(ctx, opts...)
	var failed *calsync.Error
	if err != nil {
		err = classify(ctx, name, token, err)
		errors.As(err, &failed)
	}
	if c.limiter != nil {
		c.limiter.learn(r, failed)
	}
	if c.meter != nil {
		outcome := "ok"
		if failed != nil {
			outcome = failed.Class.String()
		}
		c.meter.Called(name, outcome, time.Since(began))
	}
	return out, err
}

// Insert implements calsync.Calendar.
func (c *Client) Insert(ctx context.Context, cal string, n calsync.New, mail calsync.Mail) (calsync.Event, error) {
	e, err := do(ctx, c, "insert", request{calendar: cal, invites: len(n.Guests) > 0}, false, func(ctx context.Context, opts ...googleapi.CallOption) (*calendar.Event, error) {
		return c.svc.Events.Insert(cal, newEvent(n)).SendUpdates(string(mail)).Context(ctx).Do(opts...)
	})
	return seenEvent(e), err
}

// Get implements calsync.Calendar.
func (c *Client) Get(ctx context.Context, cal, id string) (calsync.Event, error) {
	e, err := do(ctx, c, "get", request{}, false, func(ctx context.Context, opts ...googleapi.CallOption) (*calendar.Event, error) {
		return c.svc.Events.Get(cal, id).Context(ctx).Do(opts...)
	})
	return seenEvent(e), err
}

// Patch implements calsync.Calendar.
func (c *Client) Patch(ctx context.Context, cal, id, etag string, p calsync.Patch, mail calsync.Mail) (calsync.Event, error) {
	e, err := do(ctx, c, "patch", request{calendar: cal, invites: p.Guests != nil || mail != calsync.MailNone}, false, func(ctx context.Context, opts ...googleapi.CallOption) (*calendar.Event, error) {
		call := c.svc.Events.Patch(cal, id, patchEvent(p)).SendUpdates(string(mail)).Context(ctx)
		if etag != "" {
			call.Header().Set("If-Match", etag)
		}
		return call.Do(opts...)
	})
	return seenEvent(e), err
}

// Delete implements calsync.Calendar.
func (c *Client) Delete(ctx context.Context, cal, id, etag string, mail calsync.Mail) error {
	_, err := do(ctx, c, "delete", request{calendar: cal}, false, func(ctx context.Context, opts ...googleapi.CallOption) (struct{}, error) {
		call := c.svc.Events.Delete(cal, id).SendUpdates(string(mail)).Context(ctx)
		if etag != "" {
			call.Header().Set("If-Match", etag)
		}
		return struct{}{}, call.Do(opts...)
	})
	return err
}

const pageSize = 2500 // the most that Google gives

// List implements calsync.Calendar. The query's parameters must never differ
// between a full reading and the incremental ones after it; change
// calsync's version of the parameters whenever they change here.
func (c *Client) List(ctx context.Context, cal string, q calsync.Query) (calsync.Page, error) {
	limit := int64(pageSize)
	if q.Limit > 0 {
		limit = int64(min(q.Limit, pageSize))
	}
	p, err := do(ctx, c, "list", request{}, q.Token != "", func(ctx context.Context, opts ...googleapi.CallOption) (*calendar.Events, error) {
		call := c.svc.Events.List(cal).SingleEvents(true).MaxResults(limit).Context(ctx)
		if q.Token != "" {
			call.SyncToken(q.Token)
		}
		if q.Page != "" {
			call.PageToken(q.Page)
		}
		return call.Do(opts...)
	})
	if err != nil {
		return calsync.Page{}, err
	}
	out := calsync.Page{Next: p.NextPageToken, Token: p.NextSyncToken}
	for _, e := range p.Items {
		out.Events = append(out.Events, seenEvent(e))
	}
	return out, nil
}

// Check makes one harmless call, to see whether the credential works and the
// calendar is there. The error is *calsync.Error.
func (c *Client) Check(ctx context.Context, cal string) error {
	_, err := c.List(ctx, cal, calsync.Query{Limit: 1})
	return err
}
