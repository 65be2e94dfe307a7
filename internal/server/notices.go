package server

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"windshield/internal/calsync"
)

// NoticePath is where calendars announce their changes.
const NoticePath = "/calendar/notices"

// Limits of a notice, which has no body.
const (
	noticeLimit   = "1K"
	noticeTimeout = 2 * time.Second
)

// notices takes what calendars announce. There is no session and no form, so
// nothing of another site's can be misused: only who knows a channel's secret is
// heard. It answers at once, well or with 404, and never with an error of ours: a
// notice that is lost is made good by the next reading of the calendar.
func notices(hear func(ctx context.Context, n calsync.Notice) (known bool, err error), log *slog.Logger) (echo.HandlerFunc, echo.MiddlewareFunc) {
	return func(c echo.Context) error {
		ctx, cancel := context.WithTimeout(c.Request().Context(), noticeTimeout)
		defer cancel()
		h := c.Request().Header
		expires, _ := http.ParseTime(h.Get("X-Goog-Channel-Expiration")) // not always there
		known, err := hear(ctx, calsync.Notice{Channel: h.Get("X-Goog-Channel-ID"), Token: h.Get("X-Goog-Channel-Token"), Resource: h.Get("X-Goog-Resource-ID"),
			State: h.Get("X-Goog-Resource-State"), Expires: expires.UTC()})
		if err != nil {
			log.Warn("a notice of a calendar was not taken; it will be read at its interval", "error", err)
			return c.NoContent(http.StatusNoContent)
		}
		if !known {
			return c.NoContent(http.StatusNotFound)
		}
		return c.NoContent(http.StatusNoContent)
	}, middleware.BodyLimit(noticeLimit)
}
