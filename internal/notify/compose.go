package notify

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"

	"windshield/internal/alert"
	"windshield/internal/locale"
	"windshield/internal/roster"
)

// MessageID gives the id of a message from what it is about, which message of
// several it is, and to whom it goes. It stays the same in every repeat, and
// tells nothing about its parts. The domain is the host of baseURL.
func MessageID(about, kind, recipientID, baseURL string) string {
	h := sha256.New()
	for _, part := range []string{about, kind, recipientID} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	domain := "windshield.invalid"
	if u, err := url.Parse(baseURL); err == nil && atoms(u.Hostname()) {
		domain = u.Hostname()
	}
	return hex.EncodeToString(h.Sum(nil)[:16]) + "@" + domain
}

// ledgerLines is how many visits that did not count a mail lists at most.
const ledgerLines = 5

// Breach writes to an executive who has gone more than 30 days without a
// counting visit. The caller sets the ID. BaseURL has no slash at the end.
func Breach(person roster.Person, s alert.Status, baseURL string) Message {
	m, w := Message{To: person.Email, ToName: OneLine(person.Name, MaxName)}, locale.Of(person.Locale)
	var b strings.Builder
	greet(&b, m.ToName)
	if s.Never {
		m.Subject = fmt.Sprintf("No customer visit for %d days", s.Days)
		fmt.Fprintf(&b, "We have no customer visit of yours on record since we began to watch on %s, %d days ago.\n", w.Near(s.Last, s.Today), s.Days)
	} else {
		m.Subject = fmt.Sprintf("Your last customer visit was %d days ago", s.Days)
		fmt.Fprintf(&b, "Your last customer visit was on %s, %d days ago.\n", w.Near(s.Last, s.Today), s.Days)
	}
	fmt.Fprintf(&b, "More than %d days is too long: you have been over since %s.\n\n", alert.MaxGapDays, w.Near(s.Breach, s.Today))

	if s.Next.IsZero() {
		b.WriteString("Nothing is booked. Please find a day for a visit.\n")
	} else {
		fmt.Fprintf(&b, "Your next visit is booked for %s.\n", w.Near(s.Next, s.Today))
	}
	fmt.Fprintf(&b, "Your visits: %s/me\n", baseURL)

	if lines := notCounted(w, s); len(lines) > 0 {
		b.WriteString("\nThese did not stop the clock:\n")
		for _, l := range lines {
			b.WriteString("- " + l + "\n")
		}
		b.WriteString("If one of them is wrong, correct it on the visit's page.\n")
	}
	fmt.Fprintf(&b, "\nA visit counts when it was held, at the customer's place, with the host.\n"+
		"This mail is sent once for each time that somebody passes %d days.\n", alert.MaxGapDays)
	m.Text = b.String()
	return m
}

// notCounted gives the newest visits since the last counting one that did not count.
func notCounted(w locale.Style, s alert.Status) []string {
	var out []string
	for _, e := range s.Ledger {
		if e.Counts || e.Date < s.Last {
			continue
		}
		if len(out) == ledgerLines {
			return append(out, "and earlier ones, on your page")
		}
		out = append(out, fmt.Sprintf("%s: %s", w.Near(e.Date, s.Today), OneLine(e.WhyNot, 200)))
	}
	return out
}

// SignIn writes the mail with a one-time sign-in link that ends after some
// minutes. The caller sets To and ID. The link must be one word.
func SignIn(name, link string, minutes int) Message {
	m := Message{ToName: OneLine(name, MaxName), Subject: "Your link to Windshield"}
	var b strings.Builder
	greet(&b, m.ToName)
	unit := "minutes"
	if minutes == 1 {
		unit = "minute"
	}
	fmt.Fprintf(&b, "This link signs you in to Windshield. It works once, within the next %d %s:\n\n%s\n\n", minutes, unit, link)
	b.WriteString("If you did not ask for it, you need not do anything: nobody gets in without the link.\n")
	m.Text = b.String()
	return m
}

func greet(b *strings.Builder, name string) {
	fmt.Fprintf(b, "Hello %s,\n\n", cmp.Or(name, "there"))
}

// Reconnect writes to whoever can mend it that a Google account refuses us. why is
// in sentences for people; page is where it can be mended. The caller sets the ID.
func Reconnect(to roster.Person, address, why, page string) Message {
	m := Message{To: to.Email, ToName: OneLine(to.Name, MaxName), Subject: "A calendar needs reconnecting"}
	var b strings.Builder
	greet(&b, m.ToName)
	fmt.Fprintf(&b, "Windshield can no longer use the Google calendar of %s.\n%s\n\n", OneLine(address, MaxAddress), OneLine(why, 1000))
	fmt.Fprintf(&b, "Reconnect it here:\n%s\n\n", page)
	b.WriteString("Nothing is lost meanwhile: invitations and changes wait, and go out once the calendar is connected again.\n" +
		"This mail is sent once for each time that a connection ends.\n")
	m.Text = b.String()
	return m
}
