// Package locale writes dates, times and numbers as those read them for whom they are
// written. The words stay English; order, hours and separators are the reader's.
package locale

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"windshield/internal/slot"
)

// Locale is a way to write that somebody may choose.
type Locale struct {
	Tag  string // a language and a region of BCP 47, such as en-US
	Name string // of the region, for people
}

// Locales are those that may be chosen, the usual one first.
func Locales() []Locale {
	return []Locale{
		{"en-GB", "United Kingdom"}, {"en-US", "United States"}, {"en-AU", "Australia"}, {"pt-BR", "Brazil"}, {"en-CA", "Canada"},
		{"fr-FR", "France"}, {"de-DE", "Germany"}, {"en-IN", "India"}, {"it-IT", "Italy"}, {"ja-JP", "Japan"}, {"nl-NL", "Netherlands"},
		{"pl-PL", "Poland"}, {"es-ES", "Spain"}, {"sv-SE", "Sweden"}, {"de-CH", "Switzerland"},
	}
}

// Style is how dates, times and numbers are written. The zero style is that of the
// United Kingdom: it writes what has no reader, or several. Styles can be compared.
type Style struct {
	monthFirst bool   // Thu, Nov 19
	twelve     bool   // 2:05 PM
	point      string // before decimals; "" is a full stop
	group      string // between groups of digits; "" is a comma
	lakhs      bool   // 12,34,567: groups of two before the last three digits
}

const (
	thin  = "\u202f" // a narrow space where no line breaks
	comma = ","
)

// styles are the ways to write, by the tags of Locales.
var styles = map[string]Style{
	"en-GB": {}, "en-US": {monthFirst: true, twelve: true}, "en-AU": {twelve: true}, "en-CA": {monthFirst: true, twelve: true},
	"en-IN": {twelve: true, lakhs: true}, "ja-JP": {monthFirst: true},
	"de-DE": {point: comma, group: "."}, "it-IT": {point: comma, group: "."}, "nl-NL": {point: comma, group: "."}, "es-ES": {point: comma, group: "."}, "pt-BR": {point: comma, group: "."},
	"fr-FR": {point: comma, group: thin}, "pl-PL": {point: comma, group: thin}, "sv-SE": {point: comma, group: thin},
	"de-CH": {group: "’"},
}

// Of gives the style of a tag, the zero one where it is none of Locales.
func Of(tag string) Style { return styles[tag] }

// Known says whether a tag is one of Locales.
func Known(tag string) bool { _, ok := styles[tag]; return ok }

// matcher finds the nearest of the styles to what a browser asks for.
var matcher = language.NewMatcher(tags())

func tags() (tags []language.Tag) {
	for _, l := range Locales() {
		tags = append(tags, language.MustParse(l.Tag))
	}
	return tags
}

// Browser gives the style for a browser's Accept-Language, the zero one where it fits none.
func Browser(header string) Style {
	if len(header) > 200 {
		return Style{} // no browser sends this
	}
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(tags) == 0 {
		return Style{}
	}
	_, i, sure := matcher.Match(tags...)
	if sure == language.No {
		return Style{}
	}
	return styles[Locales()[i].Tag]
}

// MonthFirst says whether the month stands before the day.
func (s Style) MonthFirst() bool { return s.monthFirst }

// monthsFirst turns the layouts of the callers, which have the day first, around.
var monthsFirst = strings.NewReplacer("Mon 2 Jan 2006", "Mon, Jan 2, 2006", "Mon 2 Jan", "Mon, Jan 2", "Monday 2 January", "Monday, January 2",
	"2 January 2006", "January 2, 2006", "2 Jan 2006", "Jan 2, 2006", "2 Jan", "Jan 2")

// Stamp writes a time by a layout of Go, given with the day first and 24 hours, such as
// "Mon 2 Jan, 15:04".
func (s Style) Stamp(t time.Time, layout string) string {
	if s.monthFirst {
		layout = monthsFirst.Replace(layout)
	}
	if s.twelve {
		layout = strings.Replace(layout, "15:04", "3:04 PM", 1)
	}
	return t.Format(layout)
}

// Day writes a date by a layout of Go, given with the day first; no date is "".
func (s Style) Day(d slot.Date, layout string) string {
	if d.IsZero() {
		return ""
	}
	return s.Stamp(d.Time(), layout)
}

// Near writes a date as people speak of it, "Thu 19 Nov", with the year where it is not
// today's: "Thu 19 Nov 2026". No date is "".
func (s Style) Near(d, today slot.Date) string {
	if d.Year() == today.Year() {
		return s.Day(d, "Mon 2 Jan")
	}
	return s.Day(d, "Mon 2 Jan 2006")
}

// Span writes days from one to another in few letters: "3–20 Mar", "28 Feb – 12 Mar".
func (s Style) Span(i slot.Interval) string {
	a, b := i.Start.Time(), i.End.Time()
	switch {
	case i.Start == i.End:
		return s.Stamp(a, "2 Jan")
	case a.Year() != b.Year() || a.Month() != b.Month():
		return s.Stamp(a, "2 Jan") + " – " + s.Stamp(b, "2 Jan")
	case s.monthFirst:
		return s.Stamp(a, "2 Jan") + "–" + b.Format("2")
	}
	return a.Format("2") + "–" + s.Stamp(b, "2 Jan")
}

// Moment writes an instant in a zone, which is named by its city: abbreviations such as
// CST mean several zones. In the hours that a clock shows twice, the distance from UTC
// stands beside it. No instant is "never"; no zone is UTC.
func (s Style) Moment(t time.Time, zone *time.Location, layout string) string {
	if t.IsZero() {
		return "never"
	}
	if zone == nil {
		zone = time.UTC
	}
	t = t.In(zone)
	text := s.Stamp(t, layout) + " " + City(zone.String())
	if Twice(t) {
		text += t.Format(" (UTC-07:00)")
	}
	return text
}

// City names a zone by its city, where the hour stands beside it.
func City(zone string) string {
	return strings.ReplaceAll(zone[strings.LastIndex(zone, "/")+1:], "_", " ")
}

// Twice says whether a clock on the wall shows the same twice that day, since it is put
// back: then an hour without its distance from UTC is two instants.
func Twice(t time.Time) bool {
	_, here := t.Zone()
	start, end := t.ZoneBounds()
	if !start.IsZero() {
		if _, before := start.Add(-1).Zone(); before > here && t.Sub(start) < time.Duration(before-here)*time.Second {
			return true
		}
	}
	if !end.IsZero() {
		if _, after := end.Zone(); after < here && end.Sub(t) <= time.Duration(here-after)*time.Second {
			return true
		}
	}
	return false
}

// What Again knows: days of the week with their dates, and numbers with a sign or of
// kilometres. Other numbers and dates may be part of a name.
var (
	keptDay    = regexp.MustCompile(`\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [0-9]{1,2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b( [0-9]{4}\b)?`)
	keptNumber = regexp.MustCompile(`[+−][0-9]{1,3}(,[0-9]{3})+\b|\b[0-9]{1,3}(,[0-9]{3})+ km\b`)
)

// Again writes a sentence of ours that was kept in the zero style, for whoever would read
// it, as this reader reads dates and numbers. What people typed stands in it between “ and
// ”, and stays as they typed it: up to the last ”, since they may type one too.
func (s Style) Again(kept string) string {
	if s == (Style{}) {
		return kept
	}
	if open, end := strings.Index(kept, "“"), strings.LastIndex(kept, "”"); open >= 0 && open < end {
		return s.again(kept[:open]) + kept[open:end] + s.again(kept[end:])
	}
	return s.again(kept)
}

func (s Style) again(kept string) string {
	if s.monthFirst {
		kept = keptDay.ReplaceAllStringFunc(kept, func(day string) string {
			layout := "Mon 2 Jan"
			if strings.Count(day, " ") == 3 {
				layout = "Mon 2 Jan 2006"
			}
			t, err := time.Parse(layout, day)
			if err != nil {
				return day // there is no such day
			}
			// Without a year the weekday is not that of t.
			return day[:3] + s.Stamp(t, layout)[3:]
		})
	}
	return keptNumber.ReplaceAllStringFunc(kept, func(n string) string {
		return keptDigits.ReplaceAllStringFunc(n, func(digits string) string { return s.Digits(strings.ReplaceAll(digits, comma, "")) })
	})
}

var keptDigits = regexp.MustCompile(`[0-9,]+`)

// Digits writes a number that is given as programs write it, 84000.5: in groups, and
// with the point of the style.
func (s Style) Digits(number string) string {
	whole, decimals, _ := strings.Cut(number, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	step := 3
	for i := len(whole) - step; i > 0; i -= step {
		whole = whole[:i] + cmp.Or(s.group, comma) + whole[i:]
		if s.lakhs {
			step = 2
		}
	}
	if decimals != "" {
		whole += cmp.Or(s.point, ".") + decimals
	}
	return sign + whole
}

// Number groups the digits of a whole number: 84,000.
func (s Style) Number(n int64) string { return s.Digits(strconv.FormatInt(n, 10)) }

// Many writes a number with its noun: "1 visit", "1,200 visits".
func (s Style) Many(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return s.Number(int64(n)) + " " + what + "s"
}
