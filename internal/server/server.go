// Package server holds the echo instance: what every request passes before a
// page or an API handler sees it.
package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo-contrib/echoprometheus"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/calsync"
	"windshield/internal/fault"
	"windshield/internal/web"
)

// Limits of requests (reliability rule 12).
const (
	bodyLimit   = "1M"
	uploadLimit = "51M" // a file of 50 MB and the form around it
	listLimit   = "6M"  // an account teams' list of 5 MB and the form around it
)

// Options is what the server needs.
type Options struct {
	Log *slog.Logger
	// Secure says that people reach us over https.
	Secure bool
	// Proxies are the networks whose X-Forwarded-For is believed.
	Proxies []netip.Prefix
	// Session names the actor of each request.
	Session echo.MiddlewareFunc
	// APIError and PageError answer with an error, in JSON or as a page.
	APIError, PageError func(c echo.Context, err error)
	// Ready says whether the database and its schema are fine.
	Ready func(ctx context.Context) error
	// Metrics is where the counters live; see MetricsHTTP.
	Metrics *prometheus.Registry
	// Notice takes what a calendar announces; known says whether a channel of ours did.
	Notice func(ctx context.Context, n calsync.Notice) (known bool, err error)
}

// New makes the echo instance with its middleware and the routes that need no
// session. The caller adds the API and the pages to the groups.
func New(o Options) (e *echo.Echo, api, pages *echo.Group) {
	e = echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = echo.ExtractIPDirect()
	if len(o.Proxies) > 0 {
		trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
		for _, p := range o.Proxies {
			trust = append(trust, echo.TrustIPRange(&net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}))
		}
		e.IPExtractor = echo.ExtractIPFromXFFHeader(trust...)
	}
	e.HTTPErrorHandler = func(err error, c echo.Context) { answerError(o, err, c) }
	e.Use(middleware.RequestID(), logRequests(o.Log), recoverPanics(o.Log), removeFiles(o.Log))
	e.Use(echoprometheus.NewMiddlewareWithConfig(echoprometheus.MiddlewareConfig{Namespace: "windshield", Registerer: o.Metrics, LabelFuncs: labels,
		Skipper: func(c echo.Context) bool { return c.Path() == "" || strings.HasPrefix(c.Path(), "/assets") }}))
	e.Use(headers(o.Secure))
	e.Use(middleware.BodyLimitWithConfig(middleware.BodyLimitConfig{Limit: bodyLimit, Skipper: isUpload}))
	e.Use(middleware.BodyLimitWithConfig(middleware.BodyLimitConfig{Limit: uploadLimit, Skipper: func(c echo.Context) bool { return !isUpload(c) }}))
	e.Use(middleware.BodyLimitWithConfig(middleware.BodyLimitConfig{Limit: listLimit, Skipper: func(c echo.Context) bool { return !isList(c) }}))

	e.GET("/healthz", func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") })
	e.GET("/readyz", func(c echo.Context) error {
		ctx, cancel := context.WithTimeout(c.Request().Context(), 2*time.Second)
		defer cancel()
		if err := o.Ready(ctx); err != nil {
			o.Log.Warn("not ready", "error", err)
			c.Response().Header().Set("Retry-After", "5")
			return c.String(http.StatusServiceUnavailable, "the database does not answer or its schema is not ours\n")
		}
		return c.String(http.StatusOK, "ready\n")
	})
	take, small := notices(o.Notice, o.Log)
	e.POST(NoticePath, take, small)

	// A form on another site can neither change anything here nor read what we
	// answer: the browser says where a request comes from.
	cross := http.NewCrossOriginProtection()
	guard := func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if err := cross.Check(c.Request()); err != nil {
				return fault.Deniedf("This request comes from another site and was refused.").Because(err)
			}
			return next(c)
		}
	}
	api = e.Group("/api/v1", guard, o.Session)
	pages = e.Group("", guard, o.Session, mayImport())
	return e, api, pages
}

// labels keep the series of a metric few: who asks chooses the host and the
// method, and a new series for each would be kept for ever.
var labels = map[string]echoprometheus.LabelValueFunc{
	"host": func(echo.Context, error) string { return "" },
	"method": func(c echo.Context, _ error) string {
		switch m := c.Request().Method; m {
		case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
			return m
		}
		return "other"
	},
}

// formsAtOnce is how many forms with a file are read at the same time: each may
// take a hundred megabytes.
const formsAtOnce = 4

// mayImport reads nobody's file before it is known that they may import one. The
// API asks the same of its own uploads.
func mayImport() echo.MiddlewareFunc {
	places := make(chan struct{}, formsAtOnce)
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if !isUpload(c) {
				return next(c)
			}
			if err := access.Require(auth.Actor(c), access.ImportRoster, access.Subject{}); err != nil {
				return err
			}
			select {
			case places <- struct{}{}:
				defer func() { <-places }()
				return next(c)
			default:
				return fault.Temporaryf("Other files are being read right now. Please try again in a moment.")
			}
		}
	}
}

// removeFiles deletes the temporary files of a form. The library does so only
// for the request as it came in, and middleware hands on copies of it.
func removeFiles(log *slog.Logger) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			defer func() {
				if form := c.Request().MultipartForm; form != nil {
					if err := form.RemoveAll(); err != nil {
						log.Error("temporary files of an upload stay", "error", err)
					}
				}
			}()
			return next(c)
		}
	}
}

// HTTP gives the http.Server with the time limits of reliability rule 12.
func HTTP(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{Handler: headAsGet(h), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout: 60 * time.Second, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
}

// MetricsHTTP gives the server of the metrics, which listens at an address of its
// own: they tell how much an installation does, which is nobody's business who can
// reach its pages.
func MetricsHTTP(metrics *prometheus.Registry, log *slog.Logger) *http.Server {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{Timeout: 10 * time.Second}))
	return HTTP(mux, log)
}

// headAsGet answers HEAD as GET: the handlers see a GET, and the server, which
// still knows better, leaves out the body.
func headAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			r = r.WithContext(web.WithHead(r.Context())) // a copy
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

// isUpload says whether a request brings a file: customers, people, a solution made
// outside, or the list of the account teams.
func isUpload(c echo.Context) bool {
	p := c.Request().URL.Path
	return c.Request().Method == http.MethodPost && (p == "/imports" || p == "/api/v1/imports" ||
		strings.HasPrefix(p, "/plans/runs/") && strings.HasSuffix(p, "/solution") || strings.HasPrefix(p, "/api/v1/plan-runs/") && strings.HasSuffix(p, "/solutions")) || isList(c)
}

// isList says whether a request brings the list of the account teams as a form.
func isList(c echo.Context) bool {
	p := c.Request().URL.Path
	return c.Request().Method == http.MethodPost && strings.HasPrefix(p, "/selections/") && strings.HasSuffix(p, "/list")
}

// csp allows what comes from us and nothing else: no inline script or style.
const csp = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

func headers(secure bool) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			h := c.Response().Header()
			h.Set("Content-Security-Policy", csp)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Referrer-Policy", "same-origin")
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			h.Set("Cache-Control", "no-store")
			if secure {
				h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
			}
			return next(c)
		}
	}
}

// logRequests writes one line per request: the route, never the path or the
// query, which may hold personal data or a secret.
func logRequests(log *slog.Logger) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			began := time.Now()
			err := next(c)
			if err != nil {
				c.Error(err)
			}
			log.Debug("request", "method", c.Request().Method, "route", c.Path(), "status", c.Response().Status,
				"ms", time.Since(began).Milliseconds(), "id", c.Response().Header().Get(echo.HeaderXRequestID))
			return nil
		}
	}
}

func recoverPanics(log *slog.Logger) echo.MiddlewareFunc {
	return middleware.RecoverWithConfig(middleware.RecoverConfig{StackSize: 8 << 10, LogErrorFunc: func(c echo.Context, err error, stack []byte) error {
		log.Error("panic", "route", c.Path(), "error", err, "stack", string(stack))
		return fault.New(fault.Internal, "panic").Because(err)
	}})
}

// answerError turns every error into an answer. Nothing internal leaves.
func answerError(o Options, err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	err = asFault(err)
	if fault.KindOf(err) == fault.Internal {
		o.Log.Error("internal error", "route", c.Path(), "id", c.Response().Header().Get(echo.HeaderXRequestID), "error", err)
	}
	if k := fault.KindOf(err); k == fault.Temporary || k == fault.TooMany {
		c.Response().Header().Set("Retry-After", strconv.Itoa(map[fault.Kind]int{fault.Temporary: 5, fault.TooMany: 900}[k]))
	}
	if strings.HasPrefix(c.Request().URL.Path, "/api/") {
		o.APIError(c, err)
		return
	}
	o.PageError(c, err)
}

// asFault translates echo's own errors, which come before any handler, and those
// of a client that has gone.
func asFault(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fault.Temporaryf("This took too long. Please try again.").Because(err)
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return fault.New(fault.TooLarge, "This is more than can be sent at once.").Because(err)
	}
	var slow net.Error
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &slow) && slow.Timeout() {
		return fault.Invalidf("The request did not arrive whole.").Because(err)
	}
	var h *echo.HTTPError
	if !errors.As(err, &h) {
		return err
	}
	switch {
	case h.Code == http.StatusNotFound:
		return fault.NotFoundf("There is nothing at this address.").Because(err)
	case h.Code == http.StatusMethodNotAllowed:
		return fault.NotFoundf("This address does not take such a request.").Because(err)
	case h.Code == http.StatusRequestEntityTooLarge:
		return fault.New(fault.TooLarge, "This is more than can be sent at once.").Because(err)
	case h.Code >= 400 && h.Code < 500:
		return fault.Invalidf("The request cannot be read.").Because(err)
	}
	return err
}
