package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"windshield/internal/fault"
)

// explain turns what the validator of the contract found into problems for people.
func explain(err error) []fault.Detail {
	var out []fault.Detail
	var walk func(err error, in place)
	walk = func(err error, in place) {
		switch e := err.(type) { //nolint:errorlint // it unwraps layer by layer itself, to know in which place each error is
		case nil:
		case openapi3.MultiError:
			for _, inner := range e {
				walk(inner, in)
			}
		case *openapi3filter.RequestError:
			if e.Parameter != nil {
				in = place{parameter: e.Parameter}
			}
			if e.Err == nil {
				out = append(out, in.other(e.Reason))
				return
			}
			walk(e.Err, in)
		case *openapi3.SchemaError:
			out = append(out, in.schema(e)...)
		case *openapi3filter.ParseError:
			out = append(out, in.unreadable(e))
		default:
			if inner := errors.Unwrap(err); inner != nil {
				walk(inner, in)
				return
			}
			out = append(out, in.other(err.Error()))
		}
	}
	walk(err, place{})
	slices.SortStableFunc(out, func(a, b fault.Detail) int { return strings.Compare(a.Where, b.Where) })
	return slices.CompactFunc(out, func(a, b fault.Detail) bool { return a.Where == b.Where && a.Expected == b.Expected })
}

// place is where a problem is: in a parameter, or in the body.
type place struct{ parameter *openapi3.Parameter }

func (p place) where(path []string) string {
	if p.parameter == nil {
		return pointer(path)
	}
	return p.parameter.In + " " + p.parameter.Name
}

func (p place) other(reason string) fault.Detail {
	d := fault.Detail{Where: p.where(nil), Expected: reason}
	switch {
	case p.parameter != nil && errorsLike(reason, openapi3filter.ErrInvalidRequired):
		d.Expected, d.Mend = expected(p.parameter.Schema.Value), "Send it."
	case p.parameter != nil:
		d.Expected = expected(p.parameter.Schema.Value)
	}
	return d
}

func errorsLike(reason string, err error) bool { return strings.Contains(reason, err.Error()) }

func (p place) unreadable(e *openapi3filter.ParseError) fault.Detail {
	d := fault.Detail{Where: p.where(nil), Expected: "something that can be read"}
	if e.Value != nil {
		d.Value = short(e.Value)
	}
	if p.parameter != nil {
		d.Expected = expected(p.parameter.Schema.Value)
	}
	return d
}

// schema explains why a value does not fit its schema.
func (p place) schema(e *openapi3.SchemaError) []fault.Detail {
	path := e.JSONPointer()
	d := fault.Detail{Where: p.where(path), Value: short(e.Value), Expected: expected(e.Schema)}
	switch e.SchemaField {
	case "required": // the path names the missing property; the schema is its parent's
		d.Value, d.Expected, d.Mend = "", "a value", "Send it."
		if ref := property(e.Schema, path); ref != nil {
			d.Expected = expected(ref)
		}
	case "properties": // the path names the unknown property already
		names := slices.Sorted(maps.Keys(e.Schema.Properties))
		d.Value, d.Expected, d.Mend = "", oneOf("no properties", names), "Remove it, or correct its name."
		return unknown(e, p, path, d)
	case "uniqueItems":
		d.Expected, d.Mend = "each value once", "Remove the repetition."
	case "nullable":
		d.Value = "null"
	}
	return []fault.Detail{d}
}

// property gives the schema of the last name of a path in its parent's schema.
func property(parent *openapi3.Schema, path []string) *openapi3.Schema {
	if parent == nil || len(path) == 0 {
		return nil
	}
	if ref := parent.Properties[path[len(path)-1]]; ref != nil {
		return ref.Value
	}
	return nil
}

// unknown names every unknown property of an object: the validator stops at the
// first in each.
func unknown(e *openapi3.SchemaError, p place, path []string, d fault.Detail) []fault.Detail {
	object, ok := e.Value.(map[string]any)
	if !ok {
		return []fault.Detail{d}
	}
	var out []fault.Detail
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if e.Schema.Properties[name] == nil {
			one := d
			one.Where = p.where(append(parentOf(e, path, object), name))
			out = append(out, one)
		}
	}
	if len(out) == 0 {
		return []fault.Detail{d}
	}
	return out
}

// parentOf gives the path of the object itself: the validator's path names the
// unknown property in some versions and the object in others.
func parentOf(e *openapi3.SchemaError, path []string, object map[string]any) []string {
	if n := len(path); n > 0 {
		if _, in := object[path[n-1]]; in && e.Schema.Properties[path[n-1]] == nil {
			path = path[:n-1]
		}
	}
	return path[:len(path):len(path)]
}

// short writes a value as JSON, cut to fit an error.
func short(v any) string {
	if v == nil {
		return "null"
	}
	if s, ok := v.(string); ok {
		return fault.Short(readable(s))
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return fault.Short(string(b[:min(len(b), 1000)]))
}

func oneOf(none string, names []string) string {
	switch len(names) {
	case 0:
		return none
	case 1:
		return names[0]
	}
	return "one of: " + strings.Join(names, ", ")
}

// expected says in words what a schema asks for.
func expected(s *openapi3.Schema) string {
	switch {
	case s == nil:
		return "something else"
	case len(s.Enum) > 0:
		names := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			names[i] = fmt.Sprint(v)
		}
		return oneOf("", names)
	case s.Type.Is("integer"):
		return "a whole number" + bounds(s)
	case s.Type.Is("number"):
		return "a number" + bounds(s)
	case s.Type.Is("boolean"):
		return "true or false"
	case s.Type.Is("array"):
		return expectedList(s)
	case s.Type.Is("object"):
		if s.MaxProps != nil {
			return fmt.Sprintf("an object with at most %d entries", *s.MaxProps)
		}
		return "an object"
	case s.Format == "date":
		return "a date such as 2027-03-04"
	}
	return expectedText(s)
}

func bounds(s *openapi3.Schema) string {
	switch {
	case s.Min != nil && s.Max != nil:
		return fmt.Sprintf(" from %s to %s", number(*s.Min), number(*s.Max))
	case s.Min != nil:
		return fmt.Sprintf(", %s or more", number(*s.Min))
	}
	return ""
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func expectedList(s *openapi3.Schema) string {
	text := "a list"
	switch {
	case s.MinItems > 0 && s.MaxItems != nil:
		text = fmt.Sprintf("a list of %d to %d", s.MinItems, *s.MaxItems)
	case s.MaxItems != nil:
		text = fmt.Sprintf("a list of at most %d", *s.MaxItems)
	}
	if s.Items != nil {
		text += ", each " + expected(s.Items.Value)
	}
	return text
}

func expectedText(s *openapi3.Schema) string {
	text := "text"
	switch {
	case s.MinLength > 0 && s.MaxLength != nil:
		text = fmt.Sprintf("text of %d to %d characters", s.MinLength, *s.MaxLength)
	case s.MaxLength != nil:
		text = fmt.Sprintf("text of at most %d characters", *s.MaxLength)
	}
	if s.Pattern != "" && s.Example != nil {
		text += fmt.Sprintf(" such as %v", s.Example)
	}
	return text
}
