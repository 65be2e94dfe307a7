package geo

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Letters that do not decompose into a base letter and a mark.
var letters = map[rune]string{
	'ß': "ss", 'ø': "o", 'æ': "ae", 'œ': "oe", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ı': "i", 'ħ': "h", 'ə': "e",
}

// Signs that are written or left out at will inside a word.
const silent = "'’‘ʻʼ`´"

var words = map[string]string{"st": "saint", "ste": "sainte", "ft": "fort", "mt": "mount"}

// Fold gives the form in which names of places are compared: lower case,
// without diacritics and punctuation, single spaces, and the usual abbreviations
// written out, so that "St. Louis" meets "Saint Louis" and "Zurich" "Zürich".
func Fold(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] < 0x80
	}
	if !plain {
		s = norm.NFD.String(s)
	}
	start := 0 // of the word being written
	out := make([]byte, 0, len(s)+8)
	endWord := func() {
		if full, ok := words[string(out[start:])]; ok {
			out = append(out[:start], full...)
		}
	}
	for _, r := range s {
		r = unicode.ToLower(r)
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if l, ok := letters[r]; ok {
				out = append(out, l...)
			} else {
				out = append(out, string(r)...)
			}
		case unicode.Is(unicode.Mn, r) || strings.ContainsRune(silent, r):
		default:
			if len(out) > start {
				endWord()
				out = append(out, ' ')
				start = len(out)
			}
		}
	}
	endWord()
	return strings.TrimSuffix(string(out), " ")
}

// umlauts folds as Germans do who have no umlauts at hand ("Koeln").
var umlauts = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "Ä", "Ae", "Ö", "Oe", "Ü", "Ue")
