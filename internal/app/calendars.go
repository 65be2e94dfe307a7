package app

import (
	"context"
	"net/http"
	"sync"
	"time"

	"windshield/internal/calsync"
	"windshield/internal/config"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/gcal"
	"windshield/internal/notify"
	"windshield/internal/store"
)

// calendars opens Google calendars: with the service account's key where there is
// one, otherwise by the consent of the account's owner. It keeps one client per
// account, for its access token, as long as the account's connection is the same.
type calendars struct {
	cfg   config.Config
	key   []byte
	store *store.Store
	now   func() time.Time
	base  http.RoundTripper // one for all accounts: they speak to the same servers

	limiter *gcal.Limiter // shared, as the quota is
	meter   gcal.Meter

	mu   sync.Mutex
	open map[string]opened
}

type opened struct {
	epoch int
	cal   calsync.Calendar
}

// connectTimeout bounds how long a server may take to begin its answer.
const connectTimeout = 30 * time.Second

// callTimeout bounds a call of a calendar and the request for its token. A job has
// half a minute: where Google hangs, the call must end first, and a second one that
// looks what became of it, so that the job can still say what happened.
const callTimeout = 12 * time.Second

func newCalendars(cfg config.Config, key []byte, st *store.Store, now func() time.Time, limiter *gcal.Limiter, meter gcal.Meter) (*calendars, error) {
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.ResponseHeaderTimeout = connectTimeout
	base.MaxIdleConnsPerHost = 16
	c := &calendars{cfg: cfg, key: key, store: st, now: now, base: base, limiter: limiter, meter: meter, open: map[string]opened{}}
	if len(key) == 0 && cfg.GoogleCredentials != "" {
		var err error
		if c.key, err = readFile("WINDSHIELD_GOOGLE_CREDENTIALS", cfg.GoogleCredentials); err != nil {
			return nil, err
		}
	}
	if len(c.key) > 0 { // a key that cannot be used is said at the start, not at the first visit
		if _, err := c.client(context.Background(), flow.Connection{Address: "check@example.com"}); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// google says how Google accounts may be used.
func (c *calendars) google() flow.Google {
	g := flow.Google{Delegated: len(c.key) > 0, Account: c.cfg.GoogleOrganizer, Keys: c.cfg.SecretKeys}
	g.Survey = func(ctx context.Context) flow.Survey { return gcal.Survey(ctx, c.cfg.GoogleCalendarURL, c.base, c.now) }
	g.Try = c.try
	if c.cfg.GoogleClientID != "" {
		g.Consents = c.oauth()
	}
	return g
}

func (c *calendars) oauth() gcal.OAuth {
	return gcal.OAuth{ClientID: c.cfg.GoogleClientID, ClientSecret: c.cfg.GoogleClientSecret, AuthURL: c.cfg.GoogleAuthURL,
		TokenURL: c.cfg.GoogleTokenURL, RevokeURL: c.cfg.GoogleRevokeURL, RedirectURL: c.cfg.BaseURL + flow.ConsentPath, Base: c.base}
}

// Open gives the calendar of an account. The connection is read each time, so
// that what was disconnected or connected again on another replica holds here too.
func (c *calendars) Open(ctx context.Context, address string) (calsync.Calendar, error) {
	con, err := c.connection(ctx, address)
	if err != nil {
		return nil, err
	}
	if len(c.key) == 0 {
		if err := c.mayUse(con); err != nil {
			c.forget(address)
			return nil, err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if o, ok := c.open[address]; ok && o.epoch == con.Epoch {
		return o.cal, nil
	}
	cal, err := c.client(context.WithoutCancel(ctx), con)
	if err != nil {
		return nil, err
	}
	c.open[address] = opened{con.Epoch, cal}
	return cal, nil
}

// try opens the calendar of an account anew.
func (c *calendars) try(ctx context.Context, address string) (calsync.Calendar, error) {
	con, err := c.connection(ctx, address)
	if err == nil && len(c.key) == 0 {
		err = c.mayUse(con)
	}
	if err != nil {
		return nil, err
	}
	return c.client(context.WithoutCancel(ctx), con)
}

func (c *calendars) connection(ctx context.Context, address string) (con flow.Connection, err error) {
	err = c.store.Read(ctx, func(tx flow.Tx) error {
		con, err = tx.Connections.Get(address)
		return err
	})
	return con, err
}

// mayUse says why an account cannot be used without a service account.
func (c *calendars) mayUse(con flow.Connection) error {
	switch {
	case c.cfg.GoogleClientID == "":
		return fault.Deniedf("No way into Google is set up.").With(fault.Detail{Where: "WINDSHIELD_GOOGLE_CREDENTIALS or WINDSHIELD_GOOGLE_CLIENT_ID",
			Expected: "a service account's key, or a client under which people connect their calendars"})
	case con.State == flow.NeedsReconnecting:
		return fault.Deniedf("The account needs reconnecting. %s", con.Error)
	case con.Kind != flow.Consent || con.State != flow.AccountConnected:
		return fault.Deniedf("The account is not connected. Its owner connects it at %s/me/calendar.", c.cfg.BaseURL)
	}
	_, err := con.Secret(c.cfg.SecretKeys) // a missing key is said as what it is
	return err
}

func (c *calendars) forget(address string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, address)
}

func (c *calendars) client(ctx context.Context, con flow.Connection) (calsync.Calendar, error) {
	cfg := gcal.Config{BaseURL: c.cfg.GoogleCalendarURL, Subject: con.Address, TokenURL: c.cfg.GoogleTokenURL, Key: c.key, Base: c.base, Epoch: con.Epoch, Timeout: callTimeout, Now: c.now, Limiter: c.limiter, Meter: c.meter}
	if len(c.key) == 0 {
		cfg.Consent, cfg.OAuth = c.stored(con), c.oauth()
	}
	return gcal.New(ctx, cfg)
}

// stored gives the place of a connection's refresh token.
func (c *calendars) stored(con flow.Connection) *gcal.Stored {
	return &gcal.Stored{
		Load: func(ctx context.Context) (string, error) {
			now, err := c.connection(ctx, con.Address)
			if err != nil {
				return "", err
			}
			if err := c.mayUse(now); err != nil {
				return "", err
			}
			return now.Secret(c.cfg.SecretKeys)
		},
		Keep: func(ctx context.Context, old, fresh string) error {
			return c.store.Write(ctx, func(tx flow.Tx) error {
				now, err := tx.Connections.Get(con.Address)
				if err != nil {
					return err
				}
				if stored, err := now.Secret(c.cfg.SecretKeys); err != nil || stored != old || now.State != flow.AccountConnected {
					return fault.Stalef("The connection was changed meanwhile.")
				}
				if err := now.Keep(c.cfg.SecretKeys, fresh); err != nil {
					return err
				}
				return tx.Connections.Save(&now)
			})
		},
	}
}

// Organizer gives the configured account, or the host's own address.
func (c *calendars) Organizer(hostEmail string) string {
	if c.cfg.GoogleOrganizer != "" {
		return c.cfg.GoogleOrganizer
	}
	return hostEmail
}

// noMail stands in where no mail server is configured. It refuses each message
// for good: what could not be told then need not be told when it has grown old.
type noMail struct{}

func (noMail) Send(context.Context, notify.Message) error {
	return fault.Invalidf("No mail server is configured (WINDSHIELD_SMTP_URL).")
}
