package sampling

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// codes gives each stratum its two letters: from the first letters of its values
// where they are free, else the next free pair; three letters where pairs run
// out. The same strata always get the same codes.
func codes(parts []part) []string {
	c := coder{used: map[string]bool{MustCode: true}}
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = c.code(p.values)
	}
	return out
}

type coder struct {
	used  map[string]bool
	spare int // how far the pairs and triples in order have been tried
}

func (c *coder) code(values []Value) string {
	try := func(code string) bool {
		if len(code) != 2 || c.used[code] {
			return false
		}
		c.used[code] = true
		return true
	}
	for _, code := range wishes(values) {
		if try(code) {
			return code
		}
	}
	for ; ; c.spare++ {
		code := letters(c.spare)
		if !c.used[code] {
			c.used[code] = true
			return code
		}
	}
}

// wishes lists the pairs that remind of a label, the best first.
func wishes(values []Value) []string {
	if len(values) == 0 {
		return []string{"AL"}
	}
	words := strings.FieldsFunc(latin(values[0].Values[0], values[0].Dimension), func(r rune) bool { return r == ' ' })
	first := strings.Join(words, "")
	if first == "" {
		return nil
	}
	var out []string
	if len(values) > 1 {
		last := values[len(values)-1]
		for _, r := range strings.ReplaceAll(latin(last.Values[0], last.Dimension), " ", "") {
			out = append(out, first[:1]+string(r))
		}
	} else {
		for _, w := range words[1:] {
			out = append(out, first[:1]+w[:1])
		}
	}
	for _, r := range first[1:] {
		out = append(out, first[:1]+string(r))
	}
	for r := 'A'; r <= 'Z'; r++ {
		out = append(out, first[:1]+string(r))
	}
	return out
}

// latin keeps the letters A to Z of a value, without accents, in capitals, with
// a blank wherever anything else stood.
func latin(value, dimension string) string {
	if value == "" {
		value = "no " + dimension
	}
	var b strings.Builder
	for _, r := range strings.ToUpper(norm.NFD.String(value)) {
		switch {
		case r >= 'A' && r <= 'Z':
			b.WriteRune(r)
		case r < 0x300 || r > 0x36f: // accents stand apart after NFD and leave no gap
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// letters counts AA, AB … ZZ, AAA, AAB …
func letters(n int) string {
	size := 26 * 26
	width := 2
	for n >= size {
		n -= size
		size *= 26
		width++
	}
	b := make([]byte, width)
	for i := width - 1; i >= 0; i-- {
		b[i] = byte('A' + n%26)
		n /= 26
	}
	return string(b)
}
