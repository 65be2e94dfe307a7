package httpapi

import (
	"strconv"
	"strings"
	"time"

	openapi_types "github.com/oapi-codegen/runtime/types"

	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/slot"
)

// list converts each element; it never gives nil, which JSON would show as null.
func list[T, U any](in []T, convert func(T) U) []U {
	out := make([]U, len(in))
	for i, v := range in {
		out[i] = convert(v)
	}
	return out
}

// texts gives the list itself, but never nil.
func texts(in []string) []string {
	if in == nil {
		return []string{}
	}
	return in
}

// some gives nil for the zero value, which is then left out of the answer.
func some[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// value gives what a pointer points to, or the zero value.
func value[T any](p *T) T {
	if p == nil {
		return *new(T)
	}
	return *p
}

func date(d slot.Date) openapi_types.Date { return openapi_types.Date{Time: d.Time()} }

func someDate(d slot.Date) *openapi_types.Date {
	if d.IsZero() {
		return nil
	}
	out := date(d)
	return &out
}

// slotDate gives no date for nil.
func slotDate(d *openapi_types.Date) slot.Date {
	if d == nil {
		return 0
	}
	return slot.MakeDate(d.Date())
}

func someTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func period(i slot.Interval) Period { return Period{Start: date(i.Start), End: date(i.End)} }

func named(id, name string) Named { return Named{Id: id, Name: name} }

func personRef(p roster.Person) PersonRef {
	return PersonRef{Id: p.ID, Name: p.Name, Function: p.Function, Phone: some(p.Phone)}
}

// etag writes a version as an entity tag.
func etag(version int) string { return `"` + strconv.Itoa(version) + `"` }

// version reads an If-Match header, whose form the contract has checked.
func version(header IfMatch) (int, error) {
	n, err := strconv.Atoi(strings.Trim(header, `"`))
	if err != nil {
		return 0, fault.Invalidf("The version cannot be read.").With(fault.Detail{Where: "header If-Match", Value: fault.Short(header), Expected: `a version in quotes such as "3"`})
	}
	return n, nil
}

// mostOnPage is the default of limit; the contract's bounds are checked before.
const mostOnPage = 50

func limit(n *Limit) int {
	if n == nil {
		return mostOnPage
	}
	return *n
}
