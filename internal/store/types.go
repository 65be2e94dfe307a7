package store

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"windshield/internal/slot"
)

// instant is a point in time as a column holds it: timestamptz on Postgres, text
// of one length in UTC on SQLite. Both have microseconds. The zero time is kept
// as what it is.
type instant time.Time

const instantText = "2006-01-02T15:04:05.000000Z"

// micro cuts a time to what both engines keep.
func micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Value gives the text that both engines read.
func (i instant) Value() (driver.Value, error) { return micro(time.Time(i)).Format(instantText), nil }

// Scan reads what either engine gives.
func (i *instant) Scan(v any) error {
	switch v := v.(type) {
	case time.Time:
		*i = instant(v.UTC())
		return nil
	case string:
		t, err := time.Parse(instantText, v)
		*i = instant(t.UTC())
		return err
	}
	return fmt.Errorf("an instant cannot be read from %T", v)
}

// GormDataType keeps gorm from taking the type for a relation.
func (instant) GormDataType() string { return "time" }

func (i instant) time() time.Time { return time.Time(i).UTC() }

// day is a date as a column holds it: YYYY-MM-DD, "" for none.
type day slot.Date

// Value gives the text.
func (d day) Value() (driver.Value, error) { return slot.Date(d).String(), nil }

// Scan reads the text. What SQLite reckons from dates, such as the latest of them, comes
// from its driver as a time.
func (d *day) Scan(v any) error {
	if t, ok := v.(time.Time); ok {
		*d = day(slot.DateOf(t, time.UTC))
		return nil
	}
	s, err := text(v)
	if err != nil || s == "" {
		*d = 0
		return err
	}
	parsed, err := slot.ParseDate(s)
	*d = day(parsed)
	return err
}

// GormDataType says that the column is text.
func (day) GormDataType() string { return "string" }

// optional is a reference that may be missing: "" here, NULL in the column,
// because a foreign key stands on it.
type optional string

// Value gives nil for "".
func (o optional) Value() (driver.Value, error) {
	if o == "" {
		return nil, nil
	}
	return string(o), nil
}

// Scan reads NULL as "".
func (o *optional) Scan(v any) error {
	if v == nil {
		*o = ""
		return nil
	}
	s, err := text(v)
	*o = optional(s)
	return err
}

// GormDataType says that the column is text.
func (optional) GormDataType() string { return "string" }

// list is a slice in a JSON column. Empty slices come back as nil.
type list[T any] []T

// Value gives JSON.
func (l list[T]) Value() (driver.Value, error) {
	if len(l) == 0 {
		return "[]", nil
	}
	return marshal([]T(l))
}

// Scan reads JSON.
func (l *list[T]) Scan(v any) error {
	var all []T
	if err := unmarshal(v, &all); err != nil {
		return err
	}
	*l = nil
	if len(all) > 0 {
		*l = all
	}
	return nil
}

// GormDataType keeps gorm from taking the type for a relation.
func (list[T]) GormDataType() string { return "json" }

// dict is a map in a JSON column. Empty maps come back as nil.
type dict[T any] map[string]T

// Value gives JSON.
func (d dict[T]) Value() (driver.Value, error) {
	if len(d) == 0 {
		return "{}", nil
	}
	return marshal(map[string]T(d))
}

// Scan reads JSON.
func (d *dict[T]) Scan(v any) error {
	var all map[string]T
	if err := unmarshal(v, &all); err != nil {
		return err
	}
	*d = nil
	if len(all) > 0 {
		*d = all
	}
	return nil
}

// GormDataType keeps gorm from taking the type for a relation.
func (dict[T]) GormDataType() string { return "json" }

// doc is a struct in a JSON column.
type doc[T any] struct{ V T }

// Value gives JSON.
func (d doc[T]) Value() (driver.Value, error) { return marshal(d.V) }

// Scan reads JSON.
func (d *doc[T]) Scan(v any) error { return unmarshal(v, &d.V) }

// GormDataType keeps gorm from taking the type for a relation.
func (doc[T]) GormDataType() string { return "json" }

func marshal(v any) (driver.Value, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

func unmarshal(v, into any) error {
	s, err := text(v)
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(s), into)
}

func text(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case []byte:
		return string(v), nil
	}
	return "", fmt.Errorf("text cannot be read from %T", v)
}

// foldedMax keeps a folded name well below what an index page can hold.
const foldedMax = 200

// fold gives the form in which names are ordered and searched: without case and
// accents, so that "zurich" finds "Zürich". Both engines see the same text.
func fold(name string) string {
	var b strings.Builder
	n := 0
	for _, r := range norm.NFKD.String(strings.TrimSpace(name)) {
		if unicode.Is(unicode.Mn, r) {
			continue
		}
		if n++; n > foldedMax {
			break
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// like gives the pattern that finds a part of a folded name, to be used with
// ESCAPE '\'.
func like(part string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(fold(part)) + "%"
}
