package httpapi

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"windshield/internal/fault"
)

// kinds says how each kind of fault is answered.
var kinds = map[fault.Kind]struct {
	status int
	title  string
	advice string // for the documentation
}{
	fault.Internal:        {http.StatusInternalServerError, "Something went wrong on our side", "It has been recorded. Trying again may help; the audit trail shows whether a change was made."},
	fault.Invalid:         {http.StatusUnprocessableEntity, "This cannot be accepted as it is", "Every problem is named in problems: where it is, what was found, what was expected and how to mend it. Nothing was changed. The status is 415 where the body has the wrong type, and 428 where a change lacks If-Match."},
	fault.NotFound:        {http.StatusNotFound, "There is no such thing", "It does not exist, or you may not know of it."},
	fault.Conflict:        {http.StatusConflict, "This contradicts what is stored", "Such as a second booking of a half-day, or a request under an idempotency key whose first one is still running. Read again before you try again."},
	fault.Denied:          {http.StatusForbidden, "You may not do this", "None of your roles allows it, or the request came from a page of another site."},
	fault.Unauthenticated: {http.StatusUnauthorized, "Nobody is signed in", "Sign in first. Sessions end after a week without a request."},
	fault.Stale:           {http.StatusPreconditionFailed, "Somebody has changed it meanwhile", "Read it again and send the new ETag as If-Match, if you still want the change."},
	fault.Temporary:       {http.StatusServiceUnavailable, "This does not work at the moment", "Try again after the seconds of Retry-After. With an idempotency key that is safe for changes, too."},
	fault.TooLarge:        {http.StatusRequestEntityTooLarge, "This is too large", "JSON may have 1 MB, a file for import 50 MB."},
	fault.TooMany:         {http.StatusTooManyRequests, "Too many attempts", "Wait for the seconds of Retry-After."},
}

// withStatus is a fault that is answered with a status of its own.
type withStatus struct {
	error
	status int
}

// Unwrap gives the fault.
func (e withStatus) Unwrap() error { return e.error }

// Status gives the HTTP status with which the API answers an error.
func Status(err error) int {
	var s withStatus
	if errors.As(err, &s) {
		return s.status
	}
	return kinds[fault.KindOf(err)].status
}

// mostProblems is how many problems one answer lists.
const mostProblems = 100

// problemOf makes the body of the answer to an error. Nothing internal is in it.
func problemOf(err error) Problem {
	kind := fault.KindOf(err)
	text, details := fault.Shown(err)
	p := Problem{Type: "/docs#" + kind.String(), Title: kinds[kind].title, Status: Status(err), Detail: text, Kind: ProblemKind(kind.String()),
		Problems: make([]ProblemDetail, 0, len(details))}
	for _, d := range details[:min(mostProblems, len(details))] {
		p.Problems = append(p.Problems, problemDetail(d))
	}
	return p
}

func problemDetail(d fault.Detail) ProblemDetail {
	return ProblemDetail{Where: some(fault.Short(d.Where)), Value: some(fault.Short(d.Value)), Expected: some(d.Expected), Mend: some(d.Mend)}
}

// Error answers a request with an error, as application/problem+json. It is the
// server's APIError.
func Error(c echo.Context, err error) {
	p := problemOf(err)
	body, marshalErr := json.Marshal(p)
	if marshalErr != nil {
		c.Logger().Error(marshalErr) // text and numbers cannot fail
		return
	}
	if c.Request().Method == http.MethodHead {
		body = nil
	}
	// An error here means that the asker has gone.
	_ = c.Blob(p.Status, "application/problem+json", body)
}
