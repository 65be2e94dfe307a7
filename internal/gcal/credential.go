package gcal

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"windshield/internal/calsync"
	"windshield/internal/fault"
)

// Stored is where the refresh token of a person's consent lies. It may have been
// changed since by another process, so it is read before each use.
type Stored struct {
	// Load gives the refresh token. Denied says that the account is not connected
	// any more.
	Load func(ctx context.Context) (refresh string, err error)
	// Keep stores a new one in place of the old, if that is still the stored one;
	// Stale otherwise.
	Keep func(ctx context.Context, old, fresh string) error
}

// tokens gives access tokens, asks for one at a time, however many wait for it,
// and asks for none any more once the grant has ended.
type tokens struct {
	fetch   func(ctx context.Context) (*oauth2.Token, error)
	timeout time.Duration // of a request for a token
	lasting bool          // a ready-made token, which never ends and is never replaced

	mu      sync.Mutex
	current *oauth2.Token
	asking  *tokenRequest
	halted  *calsync.Error
}

type tokenRequest struct {
	done chan struct{}
	tok  *oauth2.Token
	err  error
}

// tokenError marks the failures of a request for a token, so that they are not
// taken for a call of unknown outcome.
type tokenError struct{ err error }

func (e *tokenError) Error() string { return "no access token" }
func (e *tokenError) Unwrap() error { return e.err }

// get gives the token to use. Who waits for one does not wait longer than ctx;
// the request for it goes on for the others until its own time is over.
func (t *tokens) get(ctx context.Context) (*oauth2.Token, error) {
	t.mu.Lock()
	if t.halted != nil {
		t.mu.Unlock()
		return nil, &tokenError{t.halted}
	}
	if t.current.Valid() {
		defer t.mu.Unlock()
		return t.current, nil
	}
	if t.asking == nil {
		t.asking = &tokenRequest{done: make(chan struct{})}
		go t.ask(t.asking)
	}
	r := t.asking
	t.mu.Unlock()
	select {
	case <-ctx.Done():
		return nil, &tokenError{ctx.Err()}
	case <-r.done:
	}
	if r.err != nil {
		return nil, &tokenError{r.err}
	}
	return r.tok, nil
}

func (t *tokens) ask(r *tokenRequest) {
	ctx, stop := context.WithTimeout(context.Background(), t.timeout)
	defer stop()
	r.tok, r.err = t.fetch(ctx)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.current, t.asking = r.tok, nil
	if r.err != nil {
		t.halt(tokenFailure(r.err))
	}
	close(r.done)
}

// drop forgets a token that the server refused, unless it has been replaced
// meanwhile: of many calls that were refused together one asks for a new token.
func (t *tokens) drop(refused *oauth2.Token) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current == refused {
		t.current = nil
	}
}

// halt stops all calls of the account, where an error says that each would end
// the same. The caller holds the lock. Whoever knows that help has come makes a new client.
func (t *tokens) halt(e *calsync.Error) {
	if !t.lasting && refusesAccount(e) {
		t.halted = e
	}
}

// wholeAccount are reasons that no other call of the account would escape. Those
// that speak of one calendar or one event are not among them.
var wholeAccount = []string{"accessnotconfigured", "service_disabled", "domainpolicy", "forbiddenforserviceaccounts", "notacalendaruser",
	"insufficientpermissions", "access_token_scope_insufficient"}

func refusesAccount(e *calsync.Error) bool {
	switch {
	case e.Class == calsync.AuthLost, e.Class == calsync.Denied && e.Call == "token":
		return true
	}
	// A question about free and busy has a scope of its own, which an organiser need not have.
	return e.Class == calsync.Denied && e.Call != "freebusy" && slices.Contains(wholeAccount, strings.ToLower(e.Reason))
}

// bearer puts the access token into requests. Unlike the library's own transport
// it waits for a token no longer than the request may take.
type bearer struct {
	tokens *tokens
	base   http.RoundTripper
}

// usedKey is where a call learns which token it was made with.
type usedKey struct{}

// RoundTrip makes a request with the current access token.
func (b *bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	tok, err := b.tokens.get(r.Context())
	if err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // the round tripper's duty, also when it fails
		}
		return nil, err
	}
	if used, ok := r.Context().Value(usedKey{}).(**oauth2.Token); ok {
		*used = tok
	}
	r = r.Clone(r.Context())
	tok.SetAuthHeader(r)
	return b.base.RoundTrip(r)
}

// credential gives the source of access tokens that the settings name.
func credential(cfg Config) (*tokens, error) {
	// Half of a call's time, so that a hanging token endpoint cannot be taken for a
	// call whose outcome is not known.
	t := &tokens{timeout: cfg.Timeout / 2}
	client := &http.Client{Transport: cfg.Base, Timeout: t.timeout}
	switch {
	case cfg.Token != nil:
		t.lasting = true
		t.fetch = func(context.Context) (*oauth2.Token, error) { return cfg.Token.Token() }
		return t, nil
	case cfg.Consent != nil:
		c := &consented{stored: *cfg.Consent, conf: cfg.OAuth.config(), client: client}
		t.fetch = c.token
		return t, nil
	}
	if len(cfg.Key) == 0 {
		return nil, fault.Invalidf("No credential for Google Calendar is set.").With(fault.Detail{Where: "WINDSHIELD_GOOGLE_CREDENTIALS",
			Expected: "the key file of a service account with domain-wide delegation"})
	}
	jwt, err := google.JWTConfigFromJSON(cfg.Key, Scopes...)
	if err != nil {
		return nil, fault.Invalidf("The key file for Google Calendar cannot be used.").With(fault.Detail{Where: "WINDSHIELD_GOOGLE_CREDENTIALS",
			Expected: "the JSON key file of a service account, as downloaded from the console"})
	}
	if cfg.Subject == "" {
		return nil, fault.Invalidf("Nobody is named who organises the visits.").With(fault.Detail{Where: "WINDSHIELD_GOOGLE_ORGANIZER",
			Expected: "an address of your domain", Mend: "A service account cannot invite anybody in its own name."})
	}
	jwt.Subject = cfg.Subject
	if cfg.TokenURL != "" {
		jwt.TokenURL = cfg.TokenURL
	}
	t.fetch = func(ctx context.Context) (*oauth2.Token, error) {
		tok, err := jwt.TokenSource(context.WithValue(ctx, oauth2.HTTPClient, client)).Token()
		return tok, blameClock(err, cfg.Now())
	}
	return t, nil
}

// consented makes access tokens of a person's consent.
type consented struct {
	stored Stored
	conf   oauth2.Config
	client *http.Client
	// A refresh token that Google has given in place of the stored one, while it
	// could not be stored. It is the only one that still lives.
	old, unsaved string
}

// token asks for an access token. A refresh token that came with it is stored
// before anything is done with the access token: if we ended in between, nobody
// would know the new one, and the old one is dead.
func (c *consented) token(ctx context.Context) (*oauth2.Token, error) {
	if c.unsaved != "" {
		if err := c.stored.Keep(ctx, c.old, c.unsaved); err != nil && !fault.Is(err, fault.Stale) {
			return nil, notStored(err)
		}
		c.old, c.unsaved = "", ""
	}
	refresh, err := c.stored.Load(ctx)
	if err != nil {
		return nil, notStored(err)
	}
	tok, err := c.redeem(ctx, refresh)
	if failed := tokenFailure(err); err != nil && failed.Class == calsync.AuthLost {
		// Another process may have used it first and stored the one that came back.
		now, loadErr := c.stored.Load(ctx)
		if loadErr != nil || now == refresh {
			return nil, err
		}
		refresh = now
		tok, err = c.redeem(ctx, refresh)
	}
	if err != nil {
		return nil, err
	}
	if tok.RefreshToken != refresh {
		if err := c.stored.Keep(ctx, refresh, tok.RefreshToken); err != nil && !fault.Is(err, fault.Stale) {
			c.old, c.unsaved = refresh, tok.RefreshToken
			return nil, notStored(err)
		}
	}
	return tok, nil
}

func (c *consented) redeem(ctx context.Context, refresh string) (*oauth2.Token, error) {
	return c.conf.TokenSource(context.WithValue(ctx, oauth2.HTTPClient, c.client), &oauth2.Token{RefreshToken: refresh}).Token()
}

// notStored gives an error of our own storage as the port's.
func notStored(err error) error {
	if fault.Is(err, fault.Denied) {
		return &calsync.Error{Call: "token", Class: calsync.Denied, Reason: "not connected"}
	}
	return &calsync.Error{Call: "token", Class: calsync.SlowDown, Reason: "our own database did not answer"}
}

// skewMost is how far our clock may differ from Google's before a refused claim
// is blamed on it. Google lets a claim be a few minutes off.
const skewMost = 2 * time.Minute

// blameClock says that a service account's claim was refused for our clock, where
// the answer's date shows it: Google calls that an invalid grant, like a
// subject that it does not know.
func blameClock(err error, now time.Time) error {
	var e *oauth2.RetrieveError
	if !errors.As(err, &e) || e.Response == nil || tokenFailure(err).Reason != "invalid_grant" {
		return err
	}
	if skew, known := skewOf(e.Response.Header, now); known && skew.Abs() > skewMost {
		return &calsync.Error{Call: "token", Class: calsync.Denied, Status: e.Response.StatusCode, Reason: ReasonClock}
	}
	return err
}

// ReasonClock is the reason of an error for which our own clock is to blame.
const ReasonClock = "clock"

// skewOf says by how much the server's clock is ahead of ours.
func skewOf(h http.Header, now time.Time) (ahead time.Duration, known bool) {
	t, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0, false
	}
	return t.Sub(now), true
}
