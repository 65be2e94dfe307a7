package export_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/export"
)

// readCalendar reads iCalendar as RFC 5545 has it: unfolds, and gives the
// properties of the calendar and of each event. Whatever is no line of the format
// fails.
func readCalendar(t require.TestingT, file []byte) (head map[string]string, events []map[string]string) {
	text := string(file)
	require.True(t, utf8.ValidString(text))
	require.True(t, strings.HasSuffix(text, "\r\n"))
	for _, l := range strings.Split(strings.TrimSuffix(text, "\r\n"), "\r\n") {
		require.LessOrEqual(t, len(l), 75, l)
		require.True(t, utf8.ValidString(l), "a letter is cut: %q", l)
		require.NotContains(t, l, "\n")
		require.NotContains(t, l, "\r")
	}
	text = strings.ReplaceAll(text, "\r\n ", "")
	unescape := strings.NewReplacer(`\\`, `\`, `\;`, ";", `\,`, ",", `\n`, "\n", `\N`, "\n")
	head = map[string]string{}
	in := head
	var open []string
	for _, l := range strings.Split(strings.TrimSuffix(text, "\r\n"), "\r\n") {
		name, value, found := strings.Cut(l, ":")
		require.True(t, found, l)
		require.Regexp(t, `^[A-Z-]+(;[A-Z]+=[A-Z]+)?$`, name)
		switch name {
		case "BEGIN":
			open = append(open, value)
			if value == "VEVENT" {
				in = map[string]string{}
				events = append(events, in)
			}
		case "END":
			require.NotEmpty(t, open)
			require.Equal(t, open[len(open)-1], value)
			open, in = open[:len(open)-1], head
		default:
			require.NotContains(t, in, name, "twice")
			in[name] = unescape.Replace(value)
		}
	}
	require.Empty(t, open)
	return head, events
}

func TestCalendar(t *testing.T) {
	c := export.Calendar{Name: "Plan 2027; final, really", Zone: "Europe/Zurich", Stamp: time.Date(2027, 1, 4, 9, 0, 0, 0, time.UTC), Refresh: time.Hour,
		Events: []export.Event{{UID: "7d44@windshield", Sequence: 3, Start: time.Date(2027, 3, 1, 9, 0, 0, 0, time.FixedZone("", 3600)), End: time.Date(2027, 3, 1, 12, 0, 0, 0, time.FixedZone("", 3600)),
			Status: export.EventConfirmed, Summary: "Müller & Söhne, Zürich; \\ x", Location: "Zürich, CH", Description: "First\r\nSecond\nThird\rFourth", URL: "https://w.example/visits/1"}}}
	file := c.Bytes()
	require.Equal(t, file, c.Bytes())
	require.Contains(t, string(file), "SUMMARY:Müller & Söhne\\, Zürich\\; \\\\ x\r\n")
	require.Contains(t, string(file), "DESCRIPTION:First\\nSecond\\nThird\\nFourth\r\n")
	head, events := readCalendar(t, file)
	require.Equal(t, map[string]string{"VERSION": "2.0", "PRODID": "-//Windshield//Windshield//EN", "CALSCALE": "GREGORIAN", "METHOD": "PUBLISH",
		"X-WR-CALNAME": c.Name, "X-WR-TIMEZONE": "Europe/Zurich", "REFRESH-INTERVAL;VALUE=DURATION": "PT60M", "X-PUBLISHED-TTL": "PT60M"}, head)
	require.Equal(t, []map[string]string{{"UID": "7d44@windshield", "DTSTAMP": "20270104T090000Z", "DTSTART": "20270301T080000Z", "DTEND": "20270301T110000Z", "SEQUENCE": "3",
		"STATUS": "CONFIRMED", "SUMMARY": c.Events[0].Summary, "LOCATION": "Zürich, CH", "DESCRIPTION": "First\nSecond\nThird\nFourth", "URL": "https://w.example/visits/1"}}, events)
}

// No text breaks out of its line, whatever stands in it.
func TestCalendarTextStaysText(t *testing.T) {
	for _, bad := range hostile() {
		file := export.Calendar{Name: bad, Zone: bad, Events: []export.Event{{UID: bad, Summary: bad, Location: bad, Description: bad, URL: bad}, {UID: "2", URL: "javascript:alert(1)"}}}.Bytes()
		head, events := readCalendar(t, file)
		require.Len(t, events, 2)
		require.NotRegexp(t, turning, string(file))
		require.Equal(t, "PUBLISH", head["METHOD"])
		require.NotContains(t, events[1], "URL")
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		_, events := readCalendar(t, export.Calendar{Events: []export.Event{{UID: "1", Summary: text, URL: "https://x.example/" + text}}}.Bytes())
		require.Len(t, events, 1)
	})
}

// hostile are texts that break files which are not written with care.
func hostile() []string {
	return []string{
		"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=HYPERLINK(\"http://evil.example\",\"x\")", "=cmd|' /C calc'!A0", "＝1+1", " =1",
		"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "]]>&amp;&#0;</a:t></p:sld>", "a\x00b\x01\x02\x08\x0b\x0c\x1f\x7f", "\xff\xfe\xc3", "\ufffe\uffff", "\u2028\u2029\u0085",
		"END:VEVENT\r\nBEGIN:VALARM\r\n", `\n\;\,\`, "😀👩‍👩‍👧‍👦🇨🇭", "שלום עולם مرحبا", "\u202eRTL override", "\u2066isolated", "a,b;c\"d'e", strings.Repeat("Wörter ", 1500), strings.Repeat("ÿ", 10_000),
		"../../etc/passwd", "%s%d%n", "{{.}}", "${x}", "",
	}
}
