package calsync

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Class says what a failed call means for the engine.
type Class int

const (
	// Unknown: it cannot be known whether a write happened. Read before writing.
	Unknown Class = iota
	// Permanent: this request will never be accepted; park the visit.
	Permanent
	// Duplicate: the id was ever used on this calendar. Says nothing about life.
	Duplicate
	// Missing: not there, or not visible to us (404).
	Missing
	// Gone: it was deleted before (410).
	Gone
	// Stale: somebody changed it since it was read (412). Nothing happened.
	Stale
	// SlowDown: refused for the pace; nothing happened; try later.
	SlowDown
	// UsageLimit: the account may invite nobody for hours; nothing happened.
	UsageLimit
	// AuthLost: the credential is no longer accepted; a person must reconnect.
	AuthLost
	// Denied: refused until a person changes a permission or a setting.
	Denied
	// TokenInvalid: the sync token is refused; list everything.
	TokenInvalid
)

var classNames = [...]string{"outcome unknown", "refused for good", "id already used", "not found", "already deleted",
	"changed meanwhile", "slow down", "calendar use limit", "connection lost its permission", "denied", "sync token refused"}

// String gives the class in words, for logs and metrics.
func (c Class) String() string {
	if c < 0 || int(c) >= len(classNames) {
		return classNames[Unknown]
	}
	return classNames[c]
}

// Error is a failed call to a calendar. Its text holds no personal data: no
// address, no event id, no text of an event.
type Error struct {
	Class      Class
	Call       string        // "insert", "get", "patch", "delete", "list", "freebusy", "token"
	Status     int           // of HTTP; 0 where there was no answer
	Reason     string        // the server's word for it, or ours ("deadline", "connection lost")
	RetryAfter time.Duration // as the server asked; 0 where it did not
	Cause      error         // only ever a context error; nil otherwise
	Epoch      int           // of the account's connection when the call was made; an older one says nothing about today's
}

// Error gives the class, the call, status and reason.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("calendar " + e.Call + ": " + e.Class.String())
	if e.Status != 0 {
		b.WriteString(" (" + strconv.Itoa(e.Status) + " " + e.Reason + ")")
	} else if e.Reason != "" {
		b.WriteString(" (" + e.Reason + ")")
	}
	return b.String()
}

// Unwrap gives the context error behind a cancelled call.
func (e *Error) Unwrap() error { return e.Cause }

// ClassOf gives the class of err, Unknown where it is no *Error.
func ClassOf(err error) Class {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return Unknown
}

// Is says whether err is a failed call of this class.
func Is(err error, class Class) bool {
	var e *Error
	return errors.As(err, &e) && e.Class == class
}

// Retry says whether the same call may succeed later without a person's help.
func (c Class) Retry() bool {
	switch c {
	case Unknown, Missing, Stale, SlowDown, UsageLimit, TokenInvalid:
		return true
	}
	return false
}

// classByReason comes first: a 403 alone may mean "slow down" or "never".
// Source: Google's page on resolving errors, and the bodies seen in the wild.
var classByReason = map[string]Class{
	"ratelimitexceeded":                 SlowDown,
	"userratelimitexceeded":             SlowDown,
	"rate_limit_exceeded":               SlowDown,
	"dailylimitexceeded":                UsageLimit,
	"variabletermlimitexceeded":         UsageLimit,
	"quotaexceeded":                     UsageLimit,
	"calendarusagelimitsexceeded":       UsageLimit,
	"duplicate":                         Duplicate,
	"conflict":                          SlowDown, // colliding with a neighbour: alone it passes
	"deleted":                           Gone,
	"fullsyncrequired":                  TokenInvalid,
	"updatedmintoolongago":              TokenInvalid,
	"conditionnotmet":                   Stale,
	"notfound":                          Missing,
	"autherror":                         AuthLost,
	"invalid_grant":                     AuthLost,
	"unauthorized_client":               Denied,
	"invalid_client":                    Denied,
	"access_denied":                     Denied,
	"admin_policy_enforced":             Denied,
	"forbidden":                         Denied,
	"forbiddenfornonorganizer":          Permanent, // of this event only: somebody else organises it
	"forbiddenforserviceaccounts":       Denied,
	"requiredaccesslevel":               Denied,
	"notacalendaruser":                  Denied,
	"insufficientpermissions":           Denied,
	"access_token_scope_insufficient":   Denied,
	"accessnotconfigured":               Denied,
	"service_disabled":                  Denied,
	"domainpolicy":                      Denied,
	"invalid":                           Permanent,
	"required":                          Permanent,
	"parseerror":                        Permanent,
	"badrequest":                        Permanent,
	"timerangeempty":                    Permanent,
	"timerangetoolong":                  Permanent,
	"backenderror":                      Unknown,
	"internalerror":                     Unknown,
	"cannotchangeorganizer":             Permanent,
	"cannotchangeorganizerofaninstance": Permanent,
}

// Classify gives the class of an answer: by the server's reason first, by the
// status where the reason says nothing. list is true for a call that carried a
// sync token, where 400 and 410 speak of the token.
func Classify(status int, reason string, list bool) Class {
	if list && (status == 410 || status == 400) {
		return TokenInvalid
	}
	c, known := classByReason[strings.ToLower(reason)]
	if known && !(status >= 500 && c != Unknown) {
		return c
	}
	switch {
	case status == 401:
		return AuthLost
	case status == 403:
		return Denied
	case status == 404:
		return Missing
	case status == 409:
		return Duplicate
	case status == 410:
		return Gone
	case status == 412:
		return Stale
	case status == 429:
		return SlowDown
	case status >= 400 && status < 500 && status != 408:
		return Permanent
	}
	return Unknown
}
