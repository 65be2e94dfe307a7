package app

import (
	"context"
	"sync"

	"windshield/internal/calsync"
	"windshield/internal/config"
	"windshield/internal/fault"
	"windshield/internal/gcal"
	"windshield/internal/notify"
)

// calendars opens Google calendars with the service account's key, one client
// per organiser, kept for its access token.
type calendars struct {
	cfg  config.Config
	key  []byte
	mu   sync.Mutex
	open map[string]calsync.Calendar
}

func newCalendars(cfg config.Config, key []byte) (*calendars, error) {
	c := &calendars{cfg: cfg, key: key, open: map[string]calsync.Calendar{}}
	if len(key) == 0 && cfg.GoogleCredentials != "" {
		var err error
		if c.key, err = readFile("WINDSHIELD_GOOGLE_CREDENTIALS", cfg.GoogleCredentials); err != nil {
			return nil, err
		}
	}
	if len(c.key) > 0 { // a key that cannot be used is said at the start, not at the first visit
		if _, err := c.client(context.Background(), "check@example.com"); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Open gives the calendar of an organiser.
func (c *calendars) Open(ctx context.Context, address string) (calsync.Calendar, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cal, ok := c.open[address]; ok {
		return cal, nil
	}
	cal, err := c.client(context.WithoutCancel(ctx), address)
	if err != nil {
		return nil, err
	}
	c.open[address] = cal
	return cal, nil
}

func (c *calendars) client(ctx context.Context, address string) (calsync.Calendar, error) {
	return gcal.New(ctx, gcal.Config{BaseURL: c.cfg.GoogleCalendarURL, Subject: address, Key: c.key, TokenURL: c.cfg.GoogleTokenURL})
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
