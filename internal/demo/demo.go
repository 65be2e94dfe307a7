// Package demo runs Windshield with everything it needs on one machine: the
// sample company, an emulator of Google Calendar, and a mail server that keeps
// what it is sent. It listens on the loopback interface only.
package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"windshield/internal/app"
	"windshield/internal/config"
	"windshield/internal/fault"
	"windshield/internal/gcal/emulator"
	"windshield/internal/mail"
	"windshield/internal/web"
)

// Options say where the demo listens and keeps its data.
type Options struct {
	Addr, Side string // of Windshield; of the emulator and the mail catcher
	Dir        string // is made where it does not exist
	Out        io.Writer
	Log        *slog.Logger
	Version    string
	// Planning is how long the planner searches; 0 is ten seconds, which gives a
	// plan worth looking at.
	Planning time.Duration
}

// Run shows the sample company until ctx ends. A second run on the same folder
// finds what the first one left. Errors are one clear line.
func Run(ctx context.Context, o Options) (err error) {
	for _, addr := range []string{o.Addr, o.Side} {
		if err := onlyLoopback(addr); err != nil {
			return err
		}
	}
	if err := writable(o.Dir); err != nil {
		return err
	}
	side, err := startSide(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, side.stop()) }()
	cfg, err := config.Load(func(name string) string {
		return map[string]string{
			"WINDSHIELD_ADDR":                o.Addr,
			"WINDSHIELD_DATABASE_URL":        "sqlite:" + filepath.Join(o.Dir, "windshield.db"),
			"WINDSHIELD_GOOGLE_CALENDAR_URL": side.url + "/calendar/v3/",
			"WINDSHIELD_GOOGLE_TOKEN_URL":    side.url + "/oauth/token",
			// The emulator has no quota.
			"WINDSHIELD_GOOGLE_LIMIT_PROJECT": "0",
			"WINDSHIELD_GOOGLE_LIMIT_PERSON":  "0",
			"WINDSHIELD_SMTP_URL":             side.catcher.URL(),
			"WINDSHIELD_SYNC_INTERVAL":        "5s",
		}[name]
	}, nil)
	if err != nil {
		return err
	}
	a, err := app.New(ctx, cfg, app.Options{Log: o.Log, Version: o.Version, GoogleKey: side.key,
		Demo: &web.DemoLinks{Calendar: side.url + "/", Mail: side.url + "/mail/"}})
	if err != nil {
		return err
	}
	running, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	ended := make(chan error, 1)
	go func() {
		err := a.Run(running)
		fail(err)
		ended <- err
	}()
	story := story{app: a, mails: side.catcher, out: o.Out, base: a.BaseURL(), side: side.url, planning: cmp.Or(o.Planning, 10*time.Second)}
	storyErr := story.tell(running)
	if storyErr != nil {
		fail(storyErr)
	}
	stopErr := <-ended
	if ctx.Err() != nil {
		return stopErr // interrupted, also in the middle of the story: nothing to complain about
	}
	if storyErr != nil && !errors.Is(storyErr, context.Canceled) {
		return storyErr
	}
	return stopErr
}

func onlyLoopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	if err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fault.Invalidf("The demo listens on this machine only.").With(fault.Detail{Where: "address", Value: fault.Short(addr), Expected: "a loopback address such as 127.0.0.1:8080"})
	}
	return nil
}

// writable makes the folder and proves that a file can be written in it.
func writable(dir string) error {
	cannot := func(err error) error {
		return fault.Conflictf("The demo cannot write to the folder %s. Choose another with --dir.", dir).Because(err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return cannot(err)
	}
	f, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return cannot(err)
	}
	f.Close()
	return os.Remove(f.Name())
}

// side is what runs beside Windshield.
type side struct {
	url      string
	key      []byte
	catcher  *mail.Catcher
	calendar *emulator.Server
	http     *http.Server
}

func startSide(o Options) (*side, error) {
	l, err := net.Listen("tcp", o.Side)
	if err != nil {
		return nil, fault.Conflictf("The calendar emulator cannot listen on %s: the port is taken. Choose another with --side.", o.Side).Because(err)
	}
	s := &side{url: "http://" + l.Addr().String()}
	if s.calendar, err = emulator.New(emulator.Options{Now: time.Now, File: filepath.Join(o.Dir, "calendar.journal"), BaseURL: s.url, KeepRequests: 10_000}); err != nil {
		l.Close()
		return nil, err
	}
	if s.catcher, err = mail.NewCatcher("127.0.0.1:0", time.Now); err != nil {
		l.Close()
		s.calendar.Close()
		return nil, err
	}
	if s.key, err = serviceAccountKey(filepath.Join(o.Dir, "service-account.json"), s.url+"/oauth/token"); err != nil {
		l.Close()
		return nil, errors.Join(err, s.calendar.Close(), s.catcher.Close())
	}
	mux := http.NewServeMux()
	mux.Handle("/mail/", http.StripPrefix("/mail", s.catcher.Page()))
	mux.Handle("/", s.calendar.Handler())
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.http.Serve(l) }() // ends with Close
	return s, nil
}

func (s *side) stop() error {
	return errors.Join(s.http.Close(), s.catcher.Close(), s.calendar.Close())
}

// link prints what a person can open.
func link(out io.Writer, what, url string) {
	fmt.Fprintf(out, "  %-34s %s\n", what, url)
}
