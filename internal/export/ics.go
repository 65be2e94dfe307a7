package export

import (
	"bytes"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// Calendar is a list of events as a file for calendar programs: iCalendar, RFC 5545.
//
// Instants are written in UTC. The times of an event with a zone of its own would
// need that zone's rules in the file; programs differ in whether they believe those
// or their own, and an hour's difference is a missed visit. A UTC instant means
// the same everywhere, and whoever subscribes reads it anew when a rule changes.
// Zone only says in whose time a program may show the list.
type Calendar struct {
	Name    string        // of the list, such as "Visits of Ada Okafor"
	Zone    string        // IANA name of the reader's zone; "" where there is no one reader
	Stamp   time.Time     // when the file was made
	Refresh time.Duration // how often a subscriber should look again, whole minutes; 0 for a file that is read once
	Events  []Event
}

// Event is one entry of a calendar. Texts may hold anything: what has a meaning in
// the format is escaped.
type Event struct {
	// UID names the event for ever and everywhere, such as "7d44…@windshield": from
	// the visit's identity, so that a moved visit moves in the reader's calendar.
	UID         string
	Sequence    int // rises with each change; the visit's version
	Start, End  time.Time
	Status      EventStatus
	Summary     string
	Location    string
	Description string
	URL         string // of the page about it; left out where it is no http(s) address
}

// EventStatus says whether an event stands.
type EventStatus string

const (
	EventTentative EventStatus = "TENTATIVE"
	EventConfirmed EventStatus = "CONFIRMED"
	EventCancelled EventStatus = "CANCELLED" // takes away what a subscriber has seen before
)

// CalendarType is the media type of what Calendar writes.
const CalendarType = "text/calendar; charset=utf-8; method=PUBLISH"

// Write writes the file.
func (c Calendar) Write(w io.Writer) error {
	_, err := w.Write(c.Bytes())
	return err
}

// Bytes gives the file. The same calendar gives the same bytes.
func (c Calendar) Bytes() []byte {
	b := &bytes.Buffer{}
	line := func(name, value string) { fold(b, name+":"+value) }
	text := func(name, value string) {
		if value != "" {
			line(name, calendarText(value))
		}
	}
	line("BEGIN", "VCALENDAR")
	line("VERSION", "2.0")
	line("PRODID", "-//Windshield//Windshield//EN")
	line("CALSCALE", "GREGORIAN")
	line("METHOD", "PUBLISH")
	text("X-WR-CALNAME", c.Name)
	text("X-WR-TIMEZONE", c.Zone)
	if m := int(c.Refresh / time.Minute); m > 0 {
		line("REFRESH-INTERVAL;VALUE=DURATION", fmt.Sprintf("PT%dM", m))
		line("X-PUBLISHED-TTL", fmt.Sprintf("PT%dM", m))
	}
	for _, e := range c.Events {
		line("BEGIN", "VEVENT")
		text("UID", e.UID)
		line("DTSTAMP", instant(c.Stamp))
		line("DTSTART", instant(e.Start))
		line("DTEND", instant(e.End))
		line("SEQUENCE", fmt.Sprint(max(0, e.Sequence)))
		if e.Status != "" {
			text("STATUS", string(e.Status))
		}
		text("SUMMARY", e.Summary)
		text("LOCATION", e.Location)
		text("DESCRIPTION", e.Description)
		if u, ok := webAddress(e.URL); ok {
			line("URL", u)
		}
		line("END", "VEVENT")
	}
	line("END", "VCALENDAR")
	return b.Bytes()
}

func instant(t time.Time) string { return t.UTC().Format("20060102T150405Z") }

var calendarEscapes = strings.NewReplacer(`\`, `\\`, `;`, `\;`, `,`, `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`)

// calendarText writes a TEXT value. Control characters have no form in it, and what
// turns the reading direction of the rest of a line has no place in a name.
func calendarText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		if turns(r) {
			return -1
		}
		return r
	}, calendarEscapes.Replace(strings.ToValidUTF8(s, "\uFFFD")))
}

// webAddress gives an address in the form in which it may stand bare on a line.
func webAddress(s string) (string, bool) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", false
	}
	out := u.String()
	return out, !strings.ContainsFunc(out, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// fold writes a line in pieces of at most 75 octets, none of which cuts a letter.
func fold(b *bytes.Buffer, line string) {
	const most = 75
	for room := most; len(line) > room; room = most - 1 { // the space counts
		cut := room
		for cut > 0 && !utf8.RuneStart(line[cut]) {
			cut--
		}
		b.WriteString(line[:cut])
		b.WriteString("\r\n ")
		line = line[cut:]
	}
	b.WriteString(line)
	b.WriteString("\r\n")
}
