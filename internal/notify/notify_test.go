package notify

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/alert"
	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

var ana = roster.Person{ID: "ana", Name: "Ana Castro", Email: "ana@example.com", Roles: []roster.Role{roster.Executive}}

func status(today string, visits ...*visit.Visit) alert.Status {
	return alert.Clock(alert.Watch{PersonID: "ana", Since: slot.MustDate("2026-10-01"), Today: slot.MustDate(today)}, visits, slot.MustDate("2027-12-31"))
}

func held(id, date string) *visit.Visit {
	return &visit.Visit{ID: id, ExecutiveID: "ana", HostID: "h", WithHost: true, State: visit.Held, Kind: visit.AtCustomer,
		Slot: slot.Slot{Date: slot.MustDate(date), Half: slot.AM}}
}

func TestBreach(t *testing.T) {
	fair := held("f", "2026-12-01")
	fair.Kind = visit.TradeShow
	next := held("n", "2027-01-12")
	next.State = visit.Published
	m := Breach(ana, status("2026-12-20", held("v", "2026-11-19"), fair, next), "https://windshield.example.com")
	require.Equal(t, "ana@example.com", m.To)
	require.Equal(t, "Ana Castro", m.ToName)
	require.Equal(t, "Your last customer visit was 31 days ago", m.Subject)
	require.Equal(t, `Hello Ana Castro,

Your last customer visit was on Thu 19 Nov, 31 days ago.
More than 30 days is too long: you have been over since Sun 20 Dec.

Your next visit is booked for Tue 12 Jan 2027.
Your visits: https://windshield.example.com/me

These did not stop the clock:
- Tue 1 Dec: a trade show is not the customer's place
If one of them is wrong, correct it on the visit's page.

A visit counts when it was held, at the customer's place, with the host.
This mail is sent once for each time that somebody passes 30 days.
`, m.Text)
	m.ID = MessageID("alert/ana/2026-12-20", "breach", "ana", "https://windshield.example.com")
	require.NoError(t, m.Check())
}

func TestBreachOfSomebodyNeverSeen(t *testing.T) {
	m := Breach(ana, status("2026-11-01"), "http://127.0.0.1:8080")
	require.Equal(t, "No customer visit for 31 days", m.Subject)
	require.Contains(t, m.Text, "since we began to watch on Thu 1 Oct, 31 days ago.")
	require.Contains(t, m.Text, "Nothing is booked. Please find a day for a visit.")
	require.NotContains(t, m.Text, "did not stop")
}

func TestBreachListsFewVisits(t *testing.T) {
	visits := []*visit.Visit{held("v", "2026-10-02")}
	for i := range 9 {
		v := held("x", slot.MustDate("2026-10-10").Add(i).String())
		v.WithHost = false
		visits = append(visits, v)
	}
	early := held("early", "2026-10-01") // before the last counting visit: no matter
	early.State = visit.NoShow
	m := Breach(ana, status("2026-12-01", append(visits, early)...), "http://x")
	require.Equal(t, 5, strings.Count(m.Text, "the host was not there"))
	require.Contains(t, m.Text, "- and earlier ones, on your page\n")
	require.NotContains(t, m.Text, "did not take place")
}

func TestSignIn(t *testing.T) {
	m := SignIn("Ana\r\nBcc: all@example.com", "https://windshield.example.com/sign-in/abc", 15)
	require.Equal(t, "Ana Bcc: all@example.com", m.ToName)
	require.Contains(t, m.Text, "\nhttps://windshield.example.com/sign-in/abc\n")
	require.Contains(t, m.Text, "within the next 15 minutes")
	require.Contains(t, SignIn("", "x", 1).Text, "Hello there,")
	require.Contains(t, SignIn("", "x", 1).Text, "next 1 minute:")
}

func TestMessageID(t *testing.T) {
	id := MessageID("alert/ana/2026-12-20", "breach", "ana", "https://windshield.example.com:8443/base")
	require.Regexp(t, `^[0-9a-f]{32}@windshield\.example\.com$`, id)
	require.Equal(t, id, MessageID("alert/ana/2026-12-20", "breach", "ana", "https://windshield.example.com"))
	require.NotEqual(t, MessageID("a", "bc", "d", ""), MessageID("ab", "c", "d", ""))
	for _, base := range []string{"", "http://[::1]:8080", "::", "http://a b"} {
		require.Contains(t, MessageID("a", "b", "c", base), "@windshield.invalid", base)
	}
}

func TestCheck(t *testing.T) {
	good := Message{ID: "1@x.example", To: "a@example.com", ToName: "Zoë", Subject: "Grüße", Text: "Hello\n"}
	require.NoError(t, good.Check())
	tests := map[string]func(*Message){
		"id without domain":      func(m *Message) { m.ID = "1" },
		"id with a second line":  func(m *Message) { m.ID = "1@x\r\nBcc: b@example.com" },
		"id in brackets":         func(m *Message) { m.ID = "<1@x>" },
		"no address":             func(m *Message) { m.To = "" },
		"two addresses":          func(m *Message) { m.To = "a@example.com,b@example.com" },
		"address with a name":    func(m *Message) { m.To = "A <a@example.com>" },
		"address with a line":    func(m *Message) { m.To = "a@example.com\nBcc: b@example.com" },
		"address with a command": func(m *Message) { m.To = "a@example.com> SIZE=1" },
		"quoted address":         func(m *Message) { m.To = `"a b"@example.com` },
		"long address":           func(m *Message) { m.To = strings.Repeat("a", 250) + "@example.com" },
		"name with a line":       func(m *Message) { m.ToName = "A\r\nB" },
		"long name":              func(m *Message) { m.ToName = strings.Repeat("a", 121) },
		"empty subject":          func(m *Message) { m.Subject = " " },
		"subject with a line":    func(m *Message) { m.Subject = "A\r\nBcc: b@example.com" },
		"subject with U+2028":    func(m *Message) { m.Subject = "A\u2028B" },
		"subject with NUL":       func(m *Message) { m.Subject = "A\x00B" },
		"subject not UTF-8":      func(m *Message) { m.Subject = "A\xff" },
		"long subject":           func(m *Message) { m.Subject = strings.Repeat("a", 251) },
		"no text":                func(m *Message) { m.Text = "\n" },
		"bare CR in the text":    func(m *Message) { m.Text = "a\r.\r\nMAIL FROM:<b@example.com>" },
		"10 MB of text":          func(m *Message) { m.Text = strings.Repeat("a", 10<<20) },
	}
	for name, change := range tests {
		m := good
		change(&m)
		require.True(t, fault.Is(m.Check(), fault.Invalid), name)
	}
}

// Whatever a name, an address or a reason holds, what we write passes our own
// check, so nothing that people enter can become a header.
func TestWhatWeWriteIsFitToSend(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }), rapid.Just("x\r\nBcc: all@example.com\r\n\r\n.")).Draw(t, "name")
		p := ana
		p.Name = text
		m := Breach(p, status("2026-12-20"), "https://windshield.example.com")
		m.ID = MessageID(text, text, text, text)
		if err := m.Check(); err != nil {
			t.Fatal(err)
		}
		s := SignIn(text, "https://windshield.example.com/x", 15)
		s.To, s.ID = p.Email, m.ID
		if err := s.Check(); err != nil {
			t.Fatal(err)
		}
		if ValidAddress(text) && strings.ContainsAny(text, "\r\n <>,") {
			t.Fatalf("%q is no address", text)
		}
	})
}

func TestOneLine(t *testing.T) {
	require.Equal(t, "a b c", OneLine("  a\r\n\tb\u2028c\x00 ", 10))
	require.Equal(t, "abc…", OneLine("abcdefg", 4))
	require.Equal(t, "cod.exe", OneLine("\u202ecod.exe", 10), "no direction overrides")
	require.Equal(t, "a", OneLine("a\xff", 10))
}
