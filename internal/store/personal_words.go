package store

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"windshield/internal/flow"
)

// replacing writes the replacements over texts.
type replacing struct {
	all []replacement
}

type replacement struct {
	find     *regexp.Regexp
	from, to string
	anywhere bool
}

func newReplacing(words []flow.Word) replacing {
	var out replacing
	for _, w := range words {
		from := strings.TrimSpace(w.From)
		pattern := regexp.QuoteMeta(from)
		pattern = strings.ReplaceAll(pattern, " ", `\s+`)
		out.all = append(out.all, replacement{regexp.MustCompile("(?i)" + pattern), from, w.To, w.Anywhere})
	}
	// The longest first: an address may begin with a name.
	slices.SortStableFunc(out.all, func(a, b replacement) int { return len(b.from) - len(a.from) })
	return out
}

// in narrows the words to those that count in a row: all where the row is about the
// person, or has a word that names nobody else. In the rows that are somebody else, only
// an address counts.
func (r replacing) in(row found, d flow.DataOf) replacing {
	id := string(row.values["id"])
	somebody := row.table == "people" && id != d.PersonID || row.table == "customers" && id != d.CustomerID
	mine := row.tied && !somebody
	for _, w := range r.all {
		if !mine && !somebody && w.anywhere {
			for _, v := range row.values {
				mine = mine || w.where(string(v)) != nil
			}
		}
	}
	if mine {
		return r
	}
	return replacing{slices.DeleteFunc(slices.Clone(r.all), func(w replacement) bool {
		return !w.anywhere || somebody && !strings.Contains(w.from, "@")
	})}
}

// where gives the places of whole words. Of an address, a dot with more behind or before
// it is a part: jo.smith@acme.com and smith@acme.com are two people.
func (w replacement) where(s string) (places [][]int) {
	mail := strings.Contains(w.from, "@")
	part := func(r, beyond rune) bool {
		word := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
		return word(r) || mail && (strings.ContainsRune("_+-", r) || r == '.' && word(beyond))
	}
	for _, at := range w.find.FindAllStringIndex(s, -1) {
		before, n := utf8.DecodeLastRuneInString(s[:at[0]])
		further, _ := utf8.DecodeLastRuneInString(s[:at[0]-n])
		after, n := utf8.DecodeRuneInString(s[at[1]:])
		beyond, _ := utf8.DecodeRuneInString(s[at[1]+n:])
		if (at[0] == 0 || !part(before, further)) && (at[1] == len(s) || !part(after, beyond)) {
			places = append(places, at)
		}
	}
	return places
}

func (r replacing) text(s string) string {
	for _, w := range r.all {
		places := w.where(s)
		for i := len(places) - 1; i >= 0; i-- {
			s = s[:places[i][0]] + w.to + s[places[i][1]:]
		}
	}
	return s
}

// blank gives a column's value without the words, and whether it had any.
func (r replacing) blank(c column, v []byte) (now []byte, yes bool) {
	if len(v) == 0 || len(r.all) == 0 || !c.text {
		return v, false
	}
	switch {
	case c.bytes && bytes.HasPrefix(v, []byte("\x1f\x8b")):
		return r.packed(v)
	case c.bytes && bytes.HasPrefix(v, []byte("PK\x03\x04")):
		return []byte{}, true // a workbook that nobody has confirmed: what is in it cannot be told without reading it
	}
	s := string(v)
	if t := strings.TrimSpace(s); c.json || strings.HasPrefix(t, "{") || strings.HasPrefix(t, "[") {
		var x any
		d := json.NewDecoder(strings.NewReader(s))
		d.UseNumber()
		if d.Decode(&x) == nil && !d.More() {
			touched := false
			x = r.walk(x, &touched)
			if !touched {
				return v, false
			}
			b, err := json.Marshal(x)
			return b, err == nil
		}
	}
	s = r.text(s)
	return []byte(s), s != string(v)
}

func (r replacing) walk(x any, touched *bool) any {
	switch x := x.(type) {
	case string:
		s := r.text(x)
		*touched = *touched || s != x
		return s
	case []any:
		for i := range x {
			x[i] = r.walk(x[i], touched)
		}
	case map[string]any:
		for _, k := range slices.Collect(maps.Keys(x)) {
			v := r.walk(x[k], touched)
			delete(x, k)
			to := r.text(k)
			*touched = *touched || to != k
			x[to] = v
		}
	}
	return x
}

// packed looks into a compressed file.
func (r replacing) packed(v []byte) ([]byte, bool) {
	z, err := gzip.NewReader(bytes.NewReader(v))
	if err != nil {
		return v, false
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		return v, false
	}
	now, yes := r.blank(column{text: true}, plain)
	if !yes {
		return v, false
	}
	var b bytes.Buffer
	out := gzip.NewWriter(&b)
	if _, err := out.Write(now); err != nil || out.Close() != nil {
		return v, false
	}
	return b.Bytes(), true
}
