package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"windshield/internal/access"
	"windshield/internal/config"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/intake"
	"windshield/internal/jobs"
	"windshield/internal/roster"
	"windshield/internal/store"
)

// terminal is who acts at the command line: somebody who can read the database
// anyway.
var terminal = access.System("terminal")

// Migrate brings the schema of the configured database up to date.
func Migrate(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	st, err := store.Open(ctx, cfg.DatabaseURL, store.Options{Now: time.Now, Log: log})
	if err != nil {
		return err
	}
	defer st.Close()
	return st.Migrate(ctx, jobs.Migrate)
}

// withFlow runs do with the use cases on the configured database. Jobs that it
// causes wait for the next server.
func withFlow(ctx context.Context, cfg config.Config, log *slog.Logger, do func(*flow.Flow) error) (err error) {
	a := &App{cfg: cfg, log: log, metrics: prometheus.NewRegistry()}
	defer func() { err = errors.Join(err, a.cleanUp(context.WithoutCancel(ctx))) }()
	now, err := a.clock(Options{})
	if err != nil {
		return err
	}
	if err := a.openStore(ctx, now); err != nil {
		return err
	}
	if err := a.makeFlow(ctx, Options{}, now); err != nil {
		return err
	}
	if err := a.makeQueue(Options{Quiet: true}); err != nil { // connects the queue, starts nothing
		return err
	}
	return do(a.Flow)
}

// Import reads a file and says what it does with its rows; with dryRun it only
// says. One row with a problem and nothing is written.
func Import(ctx context.Context, cfg config.Config, log *slog.Logger, kind, name string, data []byte, dryRun bool, out io.Writer) error {
	return withFlow(ctx, cfg, log, func(f *flow.Flow) error {
		v, err := f.Upload(ctx, terminal, flow.Key{}, intake.Kind(kind), name, data)
		if err != nil {
			return err
		}
		if v.MappingProblem != nil {
			return v.MappingProblem
		}
		for _, g := range v.Guesses {
			if g.Confidence == intake.Fuzzy || g.Confidence == intake.None {
				fmt.Fprintf(out, "column %q: %s %s\n", g.Header, g.Confidence, g.Field)
			}
		}
		for _, p := range v.Report.Problems {
			fmt.Fprintf(out, "row %d: %s\n", p.Line, p.Sentence())
		}
		c := v.Counts
		fmt.Fprintf(out, "%d rows: %d to create, %d to update, %d unchanged, %d with problems\n", c.Rows, c.Create, c.Update, c.Unchanged, c.Problem)
		if dryRun {
			return nil
		}
		if err := v.Report.Err(); err != nil {
			return fault.Invalidf("Nothing was imported: %d of %d rows have problems.", c.Problem, c.Rows)
		}
		if _, err := f.ConfirmImport(ctx, terminal, flow.Key{}, v.ID, v.Version); err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, "imported")
		return err
	})
}

// CheckCalendars says step by step whether Google's calendars can be used as they
// are set up, and what to mend. Each account is tried. Error: Conflict where
// something is missing.
func CheckCalendars(ctx context.Context, cfg config.Config, log *slog.Logger, out io.Writer) error {
	return withFlow(ctx, cfg, log, func(f *flow.Flow) error {
		found, err := f.CheckSetup(ctx, terminal, 0)
		if err != nil {
			return err
		}
		missing := 0
		for _, x := range found {
			mark := "ok     "
			if !x.Good {
				mark = "MISSING"
				missing++
			}
			if _, err := fmt.Fprintln(out, strings.TrimSpace(mark+" "+x.What+" "+x.Mend)); err != nil {
				return err
			}
		}
		if missing > 0 {
			return fault.Conflictf("Something is missing (%d of %d).", missing, len(found))
		}
		return nil
	})
}

// Link makes a one-time sign-in link for a person. With a name, somebody
// unknown becomes known, as administrator and VP: the first to sign in.
func Link(ctx context.Context, cfg config.Config, log *slog.Logger, email, admin string) (url string, err error) {
	err = withFlow(ctx, cfg, log, func(f *flow.Flow) error {
		p, err := f.Admit(ctx, terminal, roster.NormalizeEmail(email), strings.TrimSpace(admin))
		if err != nil {
			return err
		}
		url, err = f.MintLink(ctx, terminal, p.ID)
		return err
	})
	return url, err
}
