package gcal

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/api/googleapi"

	"windshield/internal/calsync"
)

// classify turns whatever the library returned into the port's error. Texts of
// the library are not passed on: they hold addresses (in URLs) and texts.
func classify(ctx context.Context, name string, token bool, err error) error {
	out := &calsync.Error{Call: name}
	var api *googleapi.Error
	var source *tokenError
	switch {
	case errors.As(err, &source):
		return tokenFailure(source.err)
	case errors.As(err, &api):
		out.Status, out.Reason = api.Code, reasonOf(api)
		out.Class = calsync.Classify(out.Status, out.Reason, token)
		out.RetryAfter = retryAfter(api.Header)
	case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded):
		out.Class, out.Reason, out.Cause = calsync.Unknown, "deadline", context.DeadlineExceeded
		if errors.Is(ctx.Err(), context.Canceled) {
			out.Reason, out.Cause = "cancelled", context.Canceled
		}
	default:
		out.Class, out.Reason = calsync.Unknown, network(err)
	}
	return out
}

// tokenFailure: the call itself was never made, so its outcome is known. Either
// the grant is dead, or the token endpoint is ill and it can be tried later.
func tokenFailure(err error) *calsync.Error {
	var known *calsync.Error
	if errors.As(err, &known) {
		again := *known // it is kept, and each caller may mark its own
		return &again
	}
	out := &calsync.Error{Call: "token"}
	var retrieve *oauth2.RetrieveError
	if !errors.As(err, &retrieve) {
		out.Class, out.Reason = calsync.SlowDown, "no answer"
		if err != nil {
			out.Reason = network(err)
		}
		if errors.Is(err, context.Canceled) {
			out.Reason, out.Cause = "cancelled", context.Canceled
		}
		return out
	}
	if retrieve.Response != nil {
		out.Status, out.RetryAfter = retrieve.Response.StatusCode, retryAfter(retrieve.Response.Header)
	}
	out.Reason = retrieve.ErrorCode
	if out.Reason == "" { // the service account's flow leaves it in the body
		var body struct {
			Error string `json:"error"`
		}
		if json.Unmarshal(retrieve.Body, &body) == nil {
			out.Reason = short(body.Error)
		}
	}
	switch {
	case out.Status >= 500 || out.Status == http.StatusTooManyRequests || out.Status == 0:
		out.Class = calsync.SlowDown
	default:
		out.Class = calsync.Classify(out.Status, out.Reason, false)
		if out.Class != calsync.AuthLost && out.Class != calsync.Denied {
			out.Class = calsync.Denied
		}
	}
	return out
}

func reasonOf(e *googleapi.Error) string {
	for _, one := range e.Errors {
		if one.Reason != "" {
			return short(one.Reason)
		}
	}
	for _, d := range e.Details {
		if m, ok := d.(map[string]any); ok {
			if r, ok := m["reason"].(string); ok && r != "" {
				return short(r)
			}
		}
	}
	return ""
}

// short keeps a server's word from carrying a whole text into our logs.
func short(reason string) string {
	for i, r := range reason {
		if i >= 60 || !(r == '_' || r == '.' || r == '-' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z') {
			return reason[:i]
		}
	}
	return reason
}

func network(err error) string {
	var op *net.OpError
	var syntax *json.SyntaxError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return "deadline"
	case errors.As(err, &op) && op.Op == "dial":
		return "server not reached"
	case errors.As(err, &syntax), errors.Is(err, io.ErrUnexpectedEOF):
		return "answer cut off or unreadable"
	}
	return "connection lost"
}

// retryAfter reads the header in either of its forms, at most a day.
func retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if v == "" {
		return 0
	}
	if s, err := strconv.Atoi(v); err == nil && s >= 0 {
		return min(time.Duration(s)*time.Second, 24*time.Hour)
	}
	if t, err := http.ParseTime(v); err == nil {
		if date, err := http.ParseTime(h.Get("Date")); err == nil && t.After(date) {
			return min(t.Sub(date), 24*time.Hour)
		}
	}
	return 0
}
