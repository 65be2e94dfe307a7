// Package fault holds the kinds of error that Windshield distinguishes. Every
// error that leaves a use case carries a Kind, from which the doors (API, pages,
// command line, jobs) derive their answer, and a Text that is safe to show to
// the person who caused it. The wrapped cause is for logs only.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says what went wrong in the words that decide what happens next.
type Kind int

const (
	// Internal is our own mistake; the text shown to people is generic.
	Internal Kind = iota
	// Invalid is input that cannot be accepted as it is.
	Invalid
	// NotFound is a thing that does not exist, or that the asker may not know of.
	NotFound
	// Conflict is a request that contradicts what is stored (a double booking, a
	// clashing idempotency key).
	Conflict
	// Denied is a request that the asker may not make.
	Denied
	// Unauthenticated is a request by nobody: a sign-in would help.
	Unauthenticated
	// Stale is a change based on a version that is no longer the newest.
	Stale
	// Temporary is a failure that is expected to pass by itself.
	Temporary
	// TooLarge is input over a stated limit.
	TooLarge
	// TooMany is a request over a stated rate.
	TooMany
)

var names = [...]string{"internal", "invalid", "not_found", "conflict", "denied", "unauthenticated", "stale", "temporary", "too_large", "too_many"}

// String gives the kind's stable name, as used in API answers and metrics.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(names) {
		return "internal"
	}
	return names[k]
}

// Detail is one problem inside an error: where it is, what was found, what was
// expected and how to mend it. Empty fields are left out when shown.
type Detail struct {
	Where    string `json:"where,omitempty"`    // a field, a JSON pointer, or "row 42, column City"
	Value    string `json:"value,omitempty"`    // what was found, shortened to 80 characters
	Expected string `json:"expected,omitempty"` // what was expected
	Mend     string `json:"mend,omitempty"`     // how to mend it
}

// String renders a detail as one sentence for people.
func (d Detail) String() string {
	var b strings.Builder
	b.WriteString(d.Where)
	if d.Expected != "" {
		if b.Len() > 0 {
			b.WriteString(": ")
		}
		b.WriteString("expected " + d.Expected)
	}
	if d.Value != "" {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(fmt.Sprintf("found %q", d.Value))
	}
	if d.Mend != "" {
		if b.Len() > 0 {
			b.WriteString(". ")
		}
		b.WriteString(d.Mend)
	}
	return b.String()
}

// Error is an error with a kind, a text that is safe to show, and details.
type Error struct {
	Kind    Kind
	Text    string
	Details []Detail
	cause   error
}

// Error gives the text, the details and the cause; it is meant for logs. Show
// Text and Details to people instead.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Text)
	for _, d := range e.Details {
		b.WriteString("; " + d.String())
	}
	if e.cause != nil {
		b.WriteString(": " + e.cause.Error())
	}
	return b.String()
}

// Unwrap gives the cause, nil where there is none.
func (e *Error) Unwrap() error { return e.cause }

// Because returns a copy of e that wraps cause. The cause is logged, never shown.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// With returns a copy of e with more details.
func (e *Error) With(details ...Detail) *Error {
	c := *e
	c.Details = append(append([]Detail(nil), e.Details...), details...)
	return &c
}

// New makes an error of a kind; format and args make the text that people see.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Text: fmt.Sprintf(format, args...)}
}

// Invalidf makes an Invalid error.
func Invalidf(format string, args ...any) *Error { return New(Invalid, format, args...) }

// NotFoundf makes a NotFound error.
func NotFoundf(format string, args ...any) *Error { return New(NotFound, format, args...) }

// Conflictf makes a Conflict error.
func Conflictf(format string, args ...any) *Error { return New(Conflict, format, args...) }

// Deniedf makes a Denied error.
func Deniedf(format string, args ...any) *Error { return New(Denied, format, args...) }

// Stalef makes a Stale error.
func Stalef(format string, args ...any) *Error { return New(Stale, format, args...) }

// Temporaryf makes a Temporary error.
func Temporaryf(format string, args ...any) *Error { return New(Temporary, format, args...) }

// KindOf gives the kind of err: that of the outermost *Error in its chain,
// Internal where there is none. KindOf(nil) is Internal; ask only of errors.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Is says whether err is a fault of this kind.
func Is(err error, kind Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}

// Shown gives the text and details that may be shown to the person who caused
// err. An error without a kind, or of kind Internal, gives a generic text.
func Shown(err error) (text string, details []Detail) {
	var e *Error
	if errors.As(err, &e) && e.Kind != Internal {
		return e.Text, e.Details
	}
	return "Something went wrong on our side. It has been recorded.", nil
}

// Sentence gives what may be shown of err on one line: the text, then each detail.
func Sentence(err error) string {
	text, details := Shown(err)
	for _, d := range details {
		text += " " + strings.TrimSuffix(d.String(), ".") + "."
	}
	return text
}

// Short cuts a value from outside to at most 80 characters for an error text.
func Short(value string) string {
	r := []rune(value)
	if len(r) <= 80 {
		return value
	}
	return string(r[:79]) + "…"
}
