package mail

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"windshield/internal/notify"
	"windshield/internal/roster"
)

// Caught is a message that the catcher got.
type Caught struct {
	Seq     int       // from 1
	At      time.Time // UTC
	From    string    // envelope
	To      []string  // envelope, normalised
	ID      string    // Message-ID without angle brackets; "" where there is none
	Subject string
	Sender  string // the From header, decoded
	Header  netmail.Header
	Text    string              // the plain-text part, lines end in \n; "" where there is none
	HTML    string              // the HTML part, as Text
	Files   []notify.Attachment // in order; at most 20
	Raw     []byte              // as it came
}

// IsTo says whether the message went to an address.
func (m Caught) IsTo(addr string) bool { return slices.Contains(m.To, roster.NormalizeEmail(addr)) }

// Links gives the web addresses in the text, in order.
func (m Caught) Links() []string {
	var out []string
	for _, p := range pieces(m.Text) {
		if p.URL != "" {
			out = append(out, p.URL)
		}
	}
	return out
}

// read takes a message apart as far as it can be understood; what cannot is
// still there in Raw.
func read(raw []byte) Caught {
	m := Caught{Raw: raw}
	msg, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return m
	}
	m.Header = msg.Header
	m.ID = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(msg.Header.Get("Message-ID")), "<"), ">")
	m.Subject, m.Sender = decode(msg.Header.Get("Subject")), decode(msg.Header.Get("From"))
	m.part(msg.Header.Get, msg.Body, 0)
	return m
}

func decode(header string) string {
	s, err := new(mime.WordDecoder).DecodeHeader(header)
	if err != nil {
		s = header
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// maxFiles is how many files of a message are kept apart; all are in Raw.
const maxFiles = 20

// part takes one part: the first plain text, the first HTML, and the files.
func (m *Caught) part(header func(string) string, body io.Reader, depth int) {
	kind, params, err := mime.ParseMediaType(header("Content-Type"))
	if err != nil {
		kind = "text/plain" // RFC 2045, 5.2
	}
	if strings.HasPrefix(kind, "multipart/") && depth < 5 {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if err != nil {
				return
			}
			m.part(p.Header.Get, p, depth+1)
		}
	}
	switch strings.ToLower(strings.TrimSpace(header("Content-Transfer-Encoding"))) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	disposition, fileParams, _ := mime.ParseMediaType(header("Content-Disposition"))
	into := &m.Text
	switch {
	case disposition == "attachment":
		if len(m.Files) < maxFiles {
			data, _ := io.ReadAll(body)
			m.Files = append(m.Files, notify.Attachment{Name: decode(fileParams["filename"]), Type: withoutName(header("Content-Type")), Data: data})
		}
		return
	case kind == "text/html":
		into = &m.HTML
	case kind != "text/plain":
		return
	}
	if *into == "" {
		b, _ := io.ReadAll(body) // what could be decoded is better than nothing
		*into = strings.ToValidUTF8(strings.ReplaceAll(string(b), "\r\n", "\n"), "\uFFFD")
	}
}

// withoutName leaves of a Content-Type what is no file name.
func withoutName(contentType string) string {
	return strings.TrimSpace(fileNameParam.ReplaceAllString(contentType, ""))
}

var fileNameParam = regexp.MustCompile(`;\s*name="[^"]*"`)

// piece is a run of text, or a web address in it.
type piece struct{ Text, URL string }

// pieces parts a text into web addresses and what lies between.
func pieces(s string) []piece {
	var out []piece
	last := 0
	for _, at := range notify.Addresses(s) {
		if at[0] > last {
			out = append(out, piece{Text: s[last:at[0]]})
		}
		out = append(out, piece{URL: s[at[0]:at[1]]})
		last = at[1]
	}
	if last < len(s) {
		out = append(out, piece{Text: s[last:]})
	}
	return out
}
