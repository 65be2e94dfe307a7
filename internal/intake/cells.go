package intake

import (
	"errors"
	"fmt"
	"math"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"windshield/internal/slot"
)

// complaint is what is wrong with a value: a short name of the trouble under
// which rows are grouped, what was expected, and how to mend it.
type complaint struct {
	trouble, expected, mend string
}

// clean gives a cell without what spreadsheets and exports wrap around it.
func clean(s string) string {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\u00a0", " "))
	if len(s) > 1 && s[0] == '\'' && risky(s[1:]) {
		s = s[1:] // as Neutral wrote it
	}
	return s
}

func risky(s string) bool { return s != "" && strings.IndexByte("=+-@\t\r", s[0]) >= 0 }

// Neutral gives a text that a spreadsheet shows and never runs: what begins
// like a formula gets an apostrophe in front. Plain numbers stay numbers.
// Reading a file takes the apostrophe away again.
func Neutral(s string) string {
	if !risky(s) {
		return s
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil && len(s) < 32 {
		return s
	}
	return "'" + s
}

const maxText = 200 // characters of a name, key or value

func parseText(s string, most int) (string, *complaint) {
	n := 0
	for _, r := range s {
		if n++; r == unicode.ReplacementChar || unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' {
			return "", &complaint{"unreadable characters", "readable text", "The file may have been saved in another encoding than it says: save it as CSV (UTF-8)."}
		}
	}
	if n > most {
		return "", &complaint{"text too long", fmt.Sprintf("at most %d characters", most), "Shorten it."}
	}
	return s, nil
}

func parseKey(s string) (string, *complaint) {
	s, bad := parseText(s, 100)
	if bad == nil && strings.ContainsAny(s, "|\n\r\t") {
		return "", &complaint{"bad key", "a key without |, tabs and line breaks", "Use letters, digits, - and _."}
	}
	return s, bad
}

func parseEmail(s string) (string, *complaint) {
	bad := &complaint{"bad e-mail address", "an e-mail address such as ceo@example.com", ""}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 || !strings.Contains(s[strings.LastIndexByte(s, '@'):], ".") {
		return "", bad
	}
	return strings.ToLower(s), nil
}

// isDecimal keeps out what strconv reads beside decimal numbers: NaN, infinity,
// hexadecimal digits and underscores.
func isDecimal(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return false
		}
	}
	return len(s) > 0 && len(s) < 40
}

// parseNumber takes a comma as the decimal sign only in files that cannot mean
// anything else by it: those separated by semicolons.
func parseNumber(s string, least, most float64, comma bool) (float64, *complaint) {
	if comma && strings.Count(s, ",") == 1 && !strings.Contains(s, ".") {
		s = strings.Replace(s, ",", ".", 1)
	}
	v, err := strconv.ParseFloat(s, 64)
	if isDecimal(s) && err == nil && v >= least && v <= most {
		return v + 0, nil // no -0
	}
	expected := fmt.Sprintf("a number from %s to %s", short(least), short(most))
	if isDecimal(s) && (err == nil || errors.Is(err, strconv.ErrRange)) {
		return 0, &complaint{"number out of range", expected, ""}
	}
	return 0, &complaint{"not a number", expected, "Write digits without thousands separators and a point before decimals, such as 1234.5."}
}

func short(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func parseInteger(s string, least, most int) (int, *complaint) {
	v, bad := parseNumber(s, float64(least), float64(most), false)
	if bad == nil && v == math.Trunc(v) {
		return int(v), nil
	}
	trouble := "not a whole number"
	if bad != nil && bad.trouble == "number out of range" {
		trouble = bad.trouble
	}
	return 0, &complaint{trouble, fmt.Sprintf("a whole number from %d to %d", least, most), ""}
}

func parseYes(s string) (bool, *complaint) {
	switch strings.ToLower(s) {
	case "yes", "y", "true", "1", "x", "ja", "oui":
		return true, nil
	case "no", "n", "false", "0", "nein", "non":
		return false, nil
	}
	return false, &complaint{"neither yes nor no", "yes or no", ""}
}

// serials says how a workbook counts days; a CSV file has none.
type serials int

const (
	noSerials serials = iota
	since1900
	since1904
)

func parseDate(s string, serial serials) (slot.Date, *complaint) {
	if serial != noSerials && len(s) <= 12 {
		if v, err := strconv.ParseFloat(s, 64); err == nil && v >= 1 && v < 110_000 {
			// 1899-12-30 is day 0 for every date after Excel's invented 1900-02-29.
			epoch := slot.MakeDate(1899, 12, 30)
			if serial == since1904 {
				epoch = slot.MakeDate(1904, 1, 1)
			}
			return epoch.Add(int(math.Floor(v))), nil
		}
	}
	// Exports of databases add midnight to a date.
	for _, midnight := range []string{" 00:00:00", "T00:00:00", " 00:00", "T00:00:00Z"} {
		if rest, ok := strings.CutSuffix(s, midnight); ok {
			s = rest
			break
		}
	}
	d, err := slot.ParseDate(s)
	if err != nil {
		return 0, &complaint{"bad date", "a date such as 2027-03-04", "Write year, month and day in this order: 03/04/27 could be March or April."}
	}
	return d, nil
}

func split(s, separators string) []string {
	var out []string
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// parseIntervals reads "2027-03-01..2027-03-31|2027-05-01".
func parseIntervals(s string, serial serials) ([]slot.Interval, *complaint) {
	const expected = "spans such as 2027-03-01..2027-03-31, separated by |"
	parts := split(s, "|;\n")
	if len(parts) > 200 {
		return nil, &complaint{"too many spans", "at most 200 spans", ""}
	}
	var out []slot.Interval
	for _, part := range parts {
		from, to, ok := strings.Cut(part, "..")
		if !ok {
			from, to, ok = strings.Cut(part, " to ")
		}
		if !ok {
			to = from
		}
		start, bad1 := parseDate(strings.TrimSpace(from), serial)
		end, bad2 := parseDate(strings.TrimSpace(to), serial)
		if bad1 != nil || bad2 != nil {
			mend := ""
			if len(parts) > 1 { // say which of them
				mend = "Look at " + strconv.Quote(part) + "."
			}
			return nil, &complaint{"bad date", expected, mend}
		}
		if end < start {
			return nil, &complaint{"span ends before it begins", expected, "Exchange the dates of " + part + "."}
		}
		out = append(out, slot.Interval{Start: start, End: end})
	}
	return sortedIntervals(out), nil
}

func sortedIntervals(list []slot.Interval) []slot.Interval {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b slot.Interval) int {
		if a.Start != b.Start {
			return int(a.Start) - int(b.Start)
		}
		return int(a.End) - int(b.End)
	})
	return slices.Compact(list)
}

var tagForm = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N} _./&+-]{0,59}$`)

func parseTag(s string) (string, *complaint) {
	s = strings.ToLower(strings.Join(strings.Fields(s), " "))
	if !tagForm.MatchString(s) {
		return "", &complaint{"bad tag", "tags such as security|cloud: letters, digits, spaces, - and _, at most 60 each", ""}
	}
	return s, nil
}

func parseTags(s string) ([]string, *complaint) {
	var out []string
	for _, part := range split(s, "|;,\n") {
		tag, bad := parseTag(part)
		if bad != nil {
			return nil, bad
		}
		out = append(out, tag)
	}
	if len(out) > 50 {
		return nil, &complaint{"too many tags", "at most 50 tags", ""}
	}
	return sortedTags(out), nil
}

func sortedTags(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

func parsePreferences(s string) ([]Preference, *complaint) {
	bad := &complaint{"bad preference", "tag=points with points from 1 to 1000, separated by |, such as product=200|cloud=50", ""}
	var out []Preference
	for _, part := range split(s, "|;,\n") {
		name, number, ok := strings.Cut(part, "=")
		tag, bad1 := parseTag(name)
		points, bad2 := parseInteger(strings.TrimSpace(number), 1, 1000)
		if !ok || bad1 != nil || bad2 != nil {
			return nil, bad
		}
		if slices.ContainsFunc(out, func(p Preference) bool { return p.Tag == tag }) {
			return nil, &complaint{"tag given twice", bad.expected, "Give " + tag + " once."}
		}
		out = append(out, Preference{tag, points})
	}
	if len(out) > 50 {
		return nil, &complaint{"too many tags", "at most 50 tags", ""}
	}
	return sortedPreferences(out), nil
}

func sortedPreferences(list []Preference) []Preference {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b Preference) int { return strings.Compare(a.Tag, b.Tag) })
	return list
}
