package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"windshield/internal/calsync"
	"windshield/internal/config"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/store"
)

// look runs do with the use cases on the configured database beside the server that
// uses it. An SQLite file, which one Windshield may write at a time, is only read.
func look(ctx context.Context, cfg config.Config, log *slog.Logger, do func(*flow.Flow) error) (err error) {
	a := &App{cfg: cfg, log: log, metrics: prometheus.NewRegistry()}
	defer func() { err = errors.Join(err, a.cleanUp(context.WithoutCancel(ctx))) }()
	now, err := a.clock(Options{})
	if err != nil {
		return err
	}
	a.Store, err = store.Open(ctx, cfg.DatabaseURL, store.Options{Now: now, Log: log, ReadOnly: readsOnly(cfg)})
	if err != nil {
		return err
	}
	a.onStop("database", func(context.Context) error { return a.Store.Close() })
	if err := a.Store.Ready(ctx); err != nil {
		return err
	}
	if err := a.makeFlow(ctx, Options{}, now); err != nil {
		return err
	}
	return do(a.Flow)
}

// readsOnly says whether look may not write.
func readsOnly(cfg config.Config) bool { return strings.HasPrefix(cfg.DatabaseURL, "sqlite:") }

// verified is the report as programs read it.
type verified struct {
	Well      bool                     `json:"well"`
	Calendars int                      `json:"calendars"`
	Tally     map[calsync.Standing]int `json:"tally"`
	Unread    []flow.Unread            `json:"unread"`
	Findings  []calsync.Finding        `json:"findings"` // all, also what is as wanted
}

// VerifyCalendars compares all calendars with what is wanted and says how each
// event stands; nothing is written to any. Error: Conflict where not all is as
// wanted, or not all could be read, or where only the running server may ask.
func VerifyCalendars(ctx context.Context, cfg config.Config, log *slog.Logger, asJSON bool, out io.Writer) error {
	if readsOnly(cfg) && cfg.GoogleCredentials == "" && cfg.GoogleClientID != "" {
		// To use a consent may renew it, and the old one is dead then: a renewed one
		// that cannot be stored is lost, and its owner would have to connect again.
		return fault.Conflictf("Calendars that people have connected themselves cannot be read beside the server on an SQLite database.").With(fault.Detail{
			Where: "WINDSHIELD_DATABASE_URL", Value: "sqlite", Expected: "PostgreSQL, or a service account's key in WINDSHIELD_GOOGLE_CREDENTIALS",
			Mend: "Let the running server compare: " + cfg.BaseURL + "/admin/calendar/report."})
	}
	return look(ctx, cfg, log, func(f *flow.Flow) error {
		v, err := f.Verify(ctx, terminal)
		if err != nil {
			return err
		}
		if asJSON {
			e := json.NewEncoder(out)
			e.SetIndent("", "  ")
			if err := e.Encode(verified{v.AllWell(), v.Calendars, v.Tally(), v.Unread, v.Findings}); err != nil {
				return err
			}
		} else if err := printReport(out, v); err != nil {
			return err
		}
		if !v.AllWell() {
			return fault.Conflictf("Not all calendars hold what is wanted.")
		}
		return nil
	})
}

func printReport(out io.Writer, v flow.Verification) error {
	for _, x := range v.Findings {
		if x.Standing.Well() {
			continue
		}
		about := ""
		for _, f := range x.Fields {
			about += " " + string(f)
		}
		for _, id := range x.Others {
			about += " " + id
		}
		if _, err := fmt.Fprintf(out, "%-10s %s visit %s event %s%s\n", x.Standing, x.Calendar, x.Visit, x.EventID, about); err != nil {
			return err
		}
	}
	for _, u := range v.Unread {
		if _, err := fmt.Fprintf(out, "not read   %s (%d events): %s\n", u.Calendar, u.Events, u.Why); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(out, "%d calendars, %d events:", v.Calendars, len(v.Findings)); err != nil {
		return err
	}
	tally := v.Tally()
	for _, s := range calsync.Standings {
		if tally[s] > 0 {
			if _, err := fmt.Fprintf(out, " %d %s.", tally[s], s); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintln(out)
	return err
}

// Forecast says what publishing a draft would do and who would be told; nothing
// is done and nobody is told.
func Forecast(ctx context.Context, cfg config.Config, log *slog.Logger, planID string, out io.Writer) error {
	return look(ctx, cfg, log, func(f *flow.Flow) error {
		v, err := f.Forecast(ctx, terminal, planID)
		if err != nil {
			return err
		}
		t := v.Totals
		_, err = fmt.Fprintf(out, "%d events come, %d move, %d change, %d are cancelled\n%d mails: %d invitations, %d updates, %d cancellations; at least %d days\n",
			t.Creates, t.Moves, t.Changes, t.Cancels, t.Mails(), t.Invitations, t.Updates, t.Cancellations, max(v.Days, 1))
		for _, w := range v.Warnings {
			if err == nil {
				_, err = fmt.Fprintf(out, "warning: %s, %s: %s\n", w.Customer, w.Day, w.Text)
			}
		}
		for _, p := range v.People {
			if err == nil {
				_, err = fmt.Fprintf(out, "%4d new %4d moved %4d changed %4d cancelled | %4d invitations %4d updates %4d cancellations  %s <%s>\n",
					p.Creates, p.Moves, p.Changes, p.Cancels, p.Invitations, p.Updates, p.Cancellations, p.Name, p.Email)
			}
		}
		return err
	})
}
