// Windshield plans a year of executive customer visits, keeps the plan true in
// Google Calendar, and says who has gone too long without seeing a customer.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"windshield/internal/app"
	"windshield/internal/config"
	"windshield/internal/demo"
	"windshield/internal/fault"
)

// version is set by the build.
var version = "dev"

// commands are the sub-commands; without one the server runs.
type commands struct {
	Serve    serveCmd    `cmd:"" default:"withargs" help:"Run the server."`
	Demo     demoCmd     `cmd:"" help:"Run with the sample company, a calendar emulator and a mail catcher, on this machine only."`
	Plan     PlanCmd     `cmd:"" help:"Solve a planning problem, or judge a solution."`
	Explain  explainCmd  `cmd:"" help:"Say why the visits of a plan stand where they do."`
	Propose  proposeCmd  `cmd:"" help:"Rank other places for a visit of a plan, with their price."`
	LetIn    letInCmd    `cmd:"" name:"letin" help:"Find the smallest change that would give a left-out visit a place."`
	Compare  compareCmd  `cmd:"" help:"Set two plans of a problem side by side."`
	Bound    boundCmd    `cmd:"" help:"Say what no plan of a problem can cost less than."`
	Replay   ReplayCmd   `cmd:"" help:"Repeat a draw from its record and say whether it comes out the same."`
	Import   importCmd   `cmd:"" help:"Import customers, executives, hosts or past visits from a CSV or XLSX file."`
	Calendar calendarCmd `cmd:"" help:"Look after the calendars."`
	Link     linkCmd     `cmd:"" help:"Make a one-time sign-in link."`
	Migrate  migrateCmd  `cmd:"" help:"Bring the database's schema up to date."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

func main() {
	var c commands
	parser := kong.Must(&c, kong.Name("windshield"), kong.Description("Executive customer visits: select, plan, keep true, watch."),
		kong.UsageOnError(), kong.Help(withOptions))
	k, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "windshield: "+oneLine(err))
		os.Exit(1)
	}
}

// withOptions adds the table of options to the help of serve.
func withOptions(o kong.HelpOptions, k *kong.Context) error {
	if err := kong.DefaultHelpPrinter(o, k); err != nil {
		return err
	}
	if k.Selected() == nil || k.Selected().Name != "serve" {
		return nil
	}
	fmt.Fprintln(k.Stdout, "\nOptions, from the environment or the configuration file:")
	for _, opt := range config.Table() {
		def := opt.Default
		if def == "" {
			def = "none"
		}
		fmt.Fprintf(k.Stdout, "  %s\n      %s (default: %s)\n", opt.Name, opt.Help, def)
	}
	return nil
}

// oneLine gives an error to somebody at a terminal: what, where, how to mend.
func oneLine(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) {
		return strings.ReplaceAll(err.Error(), "\n", " ")
	}
	text, details := f.Text, f.Details
	for i, d := range details {
		if i == 5 {
			text += fmt.Sprintf(" … and %d more.", len(details)-5)
			break
		}
		text += " " + strings.TrimSuffix(d.String(), ".") + "."
	}
	if cause := f.Unwrap(); cause != nil && f.Kind != fault.Invalid {
		text += " (" + cause.Error() + ")"
	}
	return strings.ReplaceAll(text, "\n", " ")
}

// settings are the flags that every command with a database has.
type settings struct {
	Config string `help:"A file with options, NAME=value lines." type:"existingfile"`
}

func (s settings) load() (config.Config, *slog.Logger, error) {
	var file io.Reader
	if s.Config != "" {
		f, err := os.Open(s.Config)
		if err != nil {
			return config.Config{}, nil, fault.Invalidf("The configuration file cannot be read.").Because(err)
		}
		defer f.Close()
		file = f
	}
	c, err := config.Load(os.Getenv, file)
	if err != nil {
		return c, nil, err
	}
	return c, logger(c.LogLevel), nil
}

func logger(level string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: l}))
}

func untilSignal() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}

type serveCmd struct{ settings }

// Run serves until a signal.
func (c *serveCmd) Run() error {
	cfg, log, err := c.load()
	if err != nil {
		return err
	}
	ctx, stop := untilSignal()
	defer stop()
	a, err := app.New(ctx, cfg, app.Options{Log: log, Version: version})
	if err != nil {
		return err
	}
	for _, line := range config.Dump(cfg) {
		log.Debug("option", "set", line)
	}
	log.Info("windshield starts", "version", version)
	return a.Run(ctx)
}

type demoCmd struct {
	Addr string `default:"127.0.0.1:8080" help:"Where to listen; must be this machine."`
	Side string `default:"127.0.0.1:8081" help:"Where the calendar emulator and the mail catcher listen."`
	Dir  string `default:"data" help:"Folder that keeps the demo's data."`
}

// Run shows the sample company until a signal.
func (c *demoCmd) Run() error {
	ctx, stop := untilSignal()
	defer stop()
	return demo.Run(ctx, demo.Options{Addr: c.Addr, Side: c.Side, Dir: c.Dir, Out: os.Stdout, Log: logger("warn"), Version: version})
}

type importCmd struct {
	settings
	Kind   string `arg:"" enum:"customers,executives,hosts,visits" help:"What the rows are: customers, executives, hosts or visits."`
	File   string `arg:"" type:"existingfile" help:"A CSV or XLSX file."`
	DryRun bool   `help:"Say what would be done, and do nothing."`
}

// Run imports a file, whole or not at all.
func (c *importCmd) Run() error {
	cfg, log, err := c.load()
	if err != nil {
		return err
	}
	ctx, stop := untilSignal()
	defer stop()
	data, err := os.ReadFile(c.File)
	if err != nil {
		return fault.Invalidf("The file %s cannot be read.", c.File).Because(err)
	}
	return app.Import(ctx, cfg, log, c.Kind, filepath.Base(c.File), data, c.DryRun, os.Stdout)
}

type calendarCmd struct {
	Check    checkCmd    `cmd:"" help:"Try whether Google's calendars can be used as they are set up, and say what is missing."`
	Verify   verifyCmd   `cmd:"" help:"Compare all calendars with what is wanted, without writing to any; ends with 0 only if all is as wanted."`
	Forecast forecastCmd `cmd:"" help:"Say what publishing a draft would do in calendars and who would be written to."`
}

type verifyCmd struct {
	settings
	JSON bool `name:"json" help:"For programs."`
}

// Run compares the calendars.
func (c *verifyCmd) Run() error {
	cfg, log, err := c.load()
	if err != nil {
		return err
	}
	ctx, stop := untilSignal()
	defer stop()
	return app.VerifyCalendars(ctx, cfg, log, c.JSON, os.Stdout)
}

type forecastCmd struct {
	settings
	Plan string `arg:"" help:"The draft's id, as in its page's address."`
}

// Run says what publishing would do.
func (c *forecastCmd) Run() error {
	cfg, log, err := c.load()
	if err != nil {
		return err
	}
	ctx, stop := untilSignal()
	defer stop()
	return app.Forecast(ctx, cfg, log, c.Plan, os.Stdout)
}

type checkCmd struct{ settings }

// Run checks the set-up.
func (c *checkCmd) Run() error {
	cfg, log, err := c.load()
	if err != nil {
		return err
	}
	ctx, stop := untilSignal()
	defer stop()
	return app.CheckCalendars(ctx, cfg, log, os.Stdout)
}

type linkCmd struct {
	settings
	Email string `arg:"" help:"The person's mail address."`
	Admin string `help:"Make the person known as administrator and VP, under this name." placeholder:"NAME"`
}

// Run prints a one-time sign-in link.
func (c *linkCmd) Run() error {
	cfg, log, err := c.load()
	if err != nil {
		return err
	}
	ctx, stop := untilSignal()
	defer stop()
	link, err := app.Link(ctx, cfg, log, c.Email, c.Admin)
	if err == nil {
		fmt.Println(link)
	}
	return err
}

type migrateCmd struct{ settings }

// Run brings the schema up to date.
func (c *migrateCmd) Run() error {
	cfg, log, err := c.load()
	if err != nil {
		return err
	}
	ctx, stop := untilSignal()
	defer stop()
	return app.Migrate(ctx, cfg, log)
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run() error {
	_, err := fmt.Println("windshield " + version)
	return err
}
