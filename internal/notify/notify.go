// Package notify says who is told what. It writes
// messages and declares the port by which they leave; it sends nothing itself.
package notify

import (
	"context"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"windshield/internal/fault"
)

// Message is a message to one person. Its plain text says all; a channel leaves out
// of the rest what it cannot carry.
type Message struct {
	ID          string // Message-ID without angle brackets, "local@domain"; the same in every repeat
	To          string // address
	ToName      string // "" where not known
	Subject     string // one line
	Text        string // plain text, lines end in \n
	HTML        string // the same as a complete HTML page, see Render; "" where there is none
	Attachments []Attachment
	Unsubscribe string // address at which this kind of mail ends with one click, see Check; "" where it may not end
	Kind        string // which message of several this is, for machines; one line, "" where not known
	About       string // what the message is about, for machines; one line, "" where not known
}

// Notifier takes messages to people.
//
// Send returns nil once the channel has taken responsibility for the message. A
// fault of kind Temporary asks to send the same message again later: the channel
// is away, full, misconfigured or too slow, or nobody knows whether the message
// arrived. A fault of kind Invalid means that this message will never be taken:
// the address does not exist, or Check refuses it. Send ends when ctx does, with
// a Temporary fault. It never sends anything that Check refuses, and leaves
// repeats recognisable by Message.ID. It is safe for concurrent use and must not
// be called inside a database transaction.
type Notifier interface {
	Send(ctx context.Context, m Message) error
}

// Limits of a message. A header line holds 998 bytes at most (RFC 5322, 2.1.1);
// a mail address 254 (RFC 5321, 4.5.3.1.3, without the angle brackets).
const (
	MaxSubject = 250     // characters
	MaxName    = 120     // characters
	MaxAddress = 254     // bytes
	MaxID      = 250     // bytes
	MaxText    = 100_000 // bytes
	MaxHTML    = 500_000 // bytes
	MaxKind    = 250     // characters; of About too
)

// Check refuses what must never leave: control characters in anything that
// becomes a header, addresses that are none, empty and oversized messages. The
// error is Invalid and names the field. Unsubscribe must be https (RFC 8058, 3.1), or
// of this machine.
func (m Message) Check() error {
	bad := func(where, value, expected string) error {
		return fault.Invalidf("The message cannot be sent.").
			With(fault.Detail{Where: where, Value: fault.Short(value), Expected: expected})
	}
	local, domain, ok := strings.Cut(m.ID, "@")
	switch {
	case !ok || !atoms(local) || !atoms(domain) || len(m.ID) > MaxID:
		return bad("id", m.ID, "a message id such as 4f1c@windshield.example.com")
	case !ValidAddress(m.To):
		return bad("to", m.To, "a mail address such as name@example.com")
	case !clean(m.ToName) || utf8.RuneCountInString(m.ToName) > MaxName:
		return bad("name", m.ToName, "a name of one line, at most 120 characters")
	case strings.TrimSpace(m.Subject) == "" || !clean(m.Subject) || utf8.RuneCountInString(m.Subject) > MaxSubject:
		return bad("subject", m.Subject, "a subject of one line, 1 to 250 characters")
	case strings.TrimSpace(m.Text) == "" || len(m.Text) > MaxText || !utf8.ValidString(m.Text) || strings.ContainsAny(m.Text, "\x00\r"):
		return bad("text", m.Text, "1 to 100,000 bytes of text in UTF-8 with \\n at the end of lines")
	case len(m.HTML) > MaxHTML || !utf8.ValidString(m.HTML) || strings.ContainsAny(m.HTML, "\x00\r"):
		return bad("html", m.HTML, "at most 500,000 bytes of HTML in UTF-8 with \\n at the end of lines")
	case !clean(m.Kind) || utf8.RuneCountInString(m.Kind) > MaxKind:
		return bad("kind", m.Kind, "one line of at most 250 characters")
	case !clean(m.About) || utf8.RuneCountInString(m.About) > MaxKind:
		return bad("about", m.About, "one line of at most 250 characters")
	case m.Unsubscribe != "" && !oneClick(m.Unsubscribe):
		return bad("unsubscribe", m.Unsubscribe, "an https address of at most 900 plain characters")
	}
	if where, value, expected := checkAttachments(m.Attachments); where != "" {
		return bad(where, value, expected)
	}
	return nil
}

// ValidAddress says whether s is a bare mail address, without a name and without
// anything that could become a second header or a second recipient.
func ValidAddress(s string) bool {
	if len(s) > MaxAddress || !clean(s) || strings.ContainsAny(s, " ,;<>\"()[]\\") {
		return false
	}
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && a.Name == ""
}

// OneLine makes text from outside fit for a header: control characters and line
// separators become spaces, runs of space one, and what is longer than limit
// characters is cut with "…".
func OneLine(s string, limit int) string {
	s = strings.ToValidUTF8(s, "")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r) || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.Is(unicode.Cf, r): // invisible: direction overrides, zero-width characters
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > limit {
		s = strings.TrimSpace(string(r[:limit-1])) + "…"
	}
	return s
}

func clean(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	})
}

// atoms says whether s is a dot-atom of RFC 5322, or an address literal's inside.
func atoms(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if part == "" {
			return false
		}
		for _, c := range part {
			if c > unicode.MaxASCII || !(unicode.IsLetter(c) || unicode.IsDigit(c) || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", c)) {
				return false
			}
		}
	}
	return true
}
