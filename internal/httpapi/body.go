package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"windshield/internal/fault"
)

// Limits of a JSON body (reliability rule 12).
const (
	mostJSON  = 1_000_000
	mostDepth = 32
)

// readJSON says what is wrong with a body before its meaning is looked at:
// whether it is one JSON value in UTF-8, no deeper than mostDepth, without doubled
// keys, and without null characters, which no text of ours may hold.
func readJSON(body []byte) []fault.Detail {
	if len(bytes.TrimSpace(body)) == 0 {
		return []fault.Detail{{Where: "body", Expected: "a JSON object", Mend: "Send one."}}
	}
	if !utf8.Valid(body) {
		return []fault.Detail{{Where: "body", Value: fmt.Sprintf("byte %d", firstInvalid(body)), Expected: "text in UTF-8"}}
	}
	s := scanner{dec: json.NewDecoder(bytes.NewReader(body))}
	s.dec.UseNumber()
	err := s.value(nil)
	if err == nil {
		if _, more := s.dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the JSON value")
		}
	}
	if err != nil && !errors.Is(err, errTooDeep) {
		s.found = append(s.found, fault.Detail{Where: "body", Value: jsonError(err, s.dec.InputOffset()), Expected: "one JSON value, and nothing after it"})
	}
	return s.found
}

func firstInvalid(body []byte) int {
	at := 0
	for at < len(body) {
		r, size := utf8.DecodeRune(body[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return at
}

func jsonError(err error, offset int64) string {
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("byte %d: %s", syntax.Offset, strings.TrimPrefix(err.Error(), "json: "))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Sprintf("byte %d: it ends too early", offset)
	}
	return fmt.Sprintf("byte %d: %v", offset, err)
}

var errTooDeep = errors.New("too deep")

// scanner walks through a JSON value and notes what is wrong in which place.
type scanner struct {
	dec   *json.Decoder
	found []fault.Detail
}

// value reads one value at a path. The error is one of syntax, or errTooDeep.
func (s *scanner) value(path []string) error {
	t, err := s.dec.Token()
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case json.Delim:
		if len(path) >= mostDepth {
			s.found = append(s.found, fault.Detail{Where: pointer(path), Expected: fmt.Sprintf("at most %d levels", mostDepth)})
			return errTooDeep
		}
		if t == '{' {
			return s.object(path)
		}
		return s.array(path)
	case string:
		s.text(path, t)
	}
	return nil
}

func (s *scanner) object(path []string) error {
	seen := map[string]bool{}
	for s.dec.More() {
		t, err := s.dec.Token()
		if err != nil {
			return err
		}
		key := t.(string) // the decoder refuses all else
		at := append(path[:len(path):len(path)], key)
		if seen[key] {
			s.found = append(s.found, fault.Detail{Where: pointer(at), Expected: "each key once", Mend: "Remove one of the two."})
		}
		seen[key] = true
		s.text(at, key)
		if err := s.value(at); err != nil {
			return err
		}
	}
	_, err := s.dec.Token()
	return err
}

func (s *scanner) array(path []string) error {
	for i := 0; s.dec.More(); i++ {
		if err := s.value(append(path[:len(path):len(path)], strconv.Itoa(i))); err != nil {
			return err
		}
	}
	_, err := s.dec.Token()
	return err
}

func (s *scanner) text(path []string, text string) {
	if strings.ContainsRune(text, 0) {
		s.found = append(s.found, fault.Detail{Where: pointer(path), Expected: "text without null characters", Mend: "Remove them."})
	}
}

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1", "\x00", "�")

// pointer writes a path as a JSON pointer (RFC 6901); "body" for the whole.
func pointer(path []string) string {
	if len(path) == 0 {
		return "body"
	}
	var b strings.Builder
	for _, p := range path {
		b.WriteString("/" + pointerEscape.Replace(p))
	}
	return b.String()
}
