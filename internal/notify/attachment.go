package notify

import (
	"fmt"
	"mime"
	"net/netip"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Attachment is a file that goes with a message.
type Attachment struct {
	Name string // file name of one line, without a folder, such as visit.ics
	Type string // media type, such as "text/calendar; method=PUBLISH; charset=utf-8"
	Data []byte // at least one byte
}

// Limits of attachments. Mail servers refuse big messages, and calendar files are small.
const (
	MaxAttachments     = 5         // of one message
	MaxAttachmentBytes = 1_000_000 // of all of a message together
	maxFileName        = 120       // characters
	maxMediaType       = 200       // bytes
	maxUnsubscribe     = 900       // bytes; the header adds its name and brackets to them
)

// checkAttachments names the first thing that is wrong; where is "" if nothing is.
func checkAttachments(all []Attachment) (where, value, expected string) {
	if len(all) > MaxAttachments {
		return "attachments", fmt.Sprint(len(all)), "at most 5 files"
	}
	total := 0
	for i, a := range all {
		total += len(a.Data)
		where := fmt.Sprintf("attachments/%d/", i)
		switch {
		case !fileName(a.Name):
			return where + "name", a.Name, "a file name of 1 to 120 characters without a folder, such as visit.ics"
		case !mediaType(a.Type):
			return where + "type", a.Type, "a media type such as text/calendar"
		case len(a.Data) == 0:
			return where + "data", "", "at least one byte"
		case total > MaxAttachmentBytes:
			return "attachments", fmt.Sprint(total), "at most 1,000,000 bytes together"
		}
	}
	return "", "", ""
}

// fileName refuses what could leave the folder that somebody saves to, become a
// header, or look like another kind of file than it is.
func fileName(s string) bool {
	return s != "" && clean(s) && utf8.RuneCountInString(s) <= maxFileName && s[0] != '.' && strings.TrimSpace(s) == s &&
		!strings.ContainsAny(s, `/\:*?"<>|;`) && !strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Cf, r) })
}

// mediaType wants a type of one file: what holds parts would be read as parts. The
// file's name is added by what sends.
func mediaType(s string) bool {
	kind, params, err := mime.ParseMediaType(s)
	return err == nil && params["name"] == "" && len(s) <= maxMediaType && plain(s, " ") && strings.Contains(kind, "/") &&
		!strings.HasPrefix(kind, "multipart/") && !strings.HasPrefix(kind, "message/")
}

func oneClick(s string) bool {
	if len(s) > maxUnsubscribe || !plain(s, "") || strings.ContainsAny(s, "<>,\"\\") {
		return false
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || err == nil && ip.IsLoopback())
}

// plain says whether s is printable ASCII without spaces, apart from those in also.
func plain(s, also string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return (r <= ' ' || r >= 0x7f) && !strings.ContainsRune(also, r) })
}
