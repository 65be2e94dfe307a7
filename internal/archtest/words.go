package archtest

import (
	"bytes"
	"regexp"
	"strings"
)

// word is something that no committed file may say.
type word struct {
	pattern *regexp.Regexp
	instead string
}

// The patterns are put together from pieces so that this file does not match itself.
var words = []word{
	{regexp.MustCompile(`\b(` + "TO" + `DO|FIX` + `ME|XX` + `X)\b`), "do it now, or describe it in the issue list"},
	{regexp.MustCompile(`\.\./sha` + `red\b`), "copy what is needed into the package's testdata folder"},
	{regexp.MustCompile("(^|[\\s\"'`(=:,;<>|&\\[])/wo" + "rk(/|[\\s\"'`),;:>\\]]|$)"), "name a path inside of the project"},
	{regexp.MustCompile(`(?i)\b(regis` + `try\.npmjs|pro` + `xy\.golang|sum\.gol` + `ang|py` + `pi\.org|deb\.deb` + `ian\.org)`), "leave the choice of a registry to the machine's settings"},
}

// checkWords reads every text file except foreign data in testdata folders.
func checkWords(t *Tree) []Finding {
	var found []Finding
	for _, text := range t.Texts {
		if hasFolder(text.Path, "testdata") || strings.HasSuffix(text.Path, "go.sum") {
			continue
		}
		for number, line := range bytes.Split(text.Data, []byte("\n")) {
			for _, w := range words {
				if hit := w.pattern.Find(line); hit != nil {
					found = append(found, Finding{Path: text.Path, Line: number + 1, Rule: "words",
						Text: "\"" + strings.TrimSpace(string(hit)) + "\" may not stand in a file of the project: " + w.instead})
				}
			}
		}
	}
	return found
}
