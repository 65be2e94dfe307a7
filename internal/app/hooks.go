package app

import (
	"time"

	"windshield/internal/config"
	"windshield/internal/flow"
	"windshield/internal/hook"
	"windshield/internal/notify"
)

// hooks gives the ways besides mail by which notices leave. Addresses of the
// configuration are as trusted as whoever wrote it; those that people enter are not.
// open opens the latter, nil as above.
func hooks(cfg config.Config, now func() time.Time, open func(url string) (notify.Notifier, error)) (flow.Hooks, error) {
	entered := hook.Options{BaseURL: cfg.BaseURL, Now: now}
	if open == nil {
		open = func(url string) (notify.Notifier, error) { return hook.NewSlack(url, entered) }
	}
	h := flow.Hooks{OpenSlack: open}
	o := entered
	o.AllowPrivate = true
	if cfg.SlackWebhookURL != "" {
		s, err := hook.NewSlack(cfg.SlackWebhookURL, o)
		if err != nil {
			return h, err
		}
		h.Slack = s
	}
	if cfg.WebhookURL != "" {
		w, err := hook.NewWebhook(cfg.WebhookURL, cfg.WebhookSecret, o)
		if err != nil {
			return h, err
		}
		h.Webhook = w
	}
	return h, nil
}
