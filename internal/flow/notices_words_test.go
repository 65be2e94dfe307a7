package flow

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/alert"
	"windshield/internal/notify"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

func TestNextStep(t *testing.T) {
	v := visit.Visit{State: visit.Published}
	says := func(over bool) string {
		what, _, _ := nextStep(v, over)
		return what
	}
	require.Equal(t, "write down what it is for", says(false))
	v.Objective = "x"
	require.Equal(t, "write down what the customer wants, in the customer’s words", says(false))
	v.Theirs.Words = "y"
	require.Equal(t, "write an agenda", says(false))
	v.Agenda = []visit.AgendaItem{{What: "z"}}
	require.Equal(t, "agree the date with the customer", says(false))
	v.State = visit.Agreed
	require.Equal(t, "ask the customer to confirm", says(false))
	v.State = visit.Confirmed
	require.Empty(t, says(false))
	require.Equal(t, "say what came of it", says(true))
	v.State = visit.Debriefed
	require.Empty(t, says(true))
}

func TestClockLine(t *testing.T) {
	today := slot.MustDate("2027-03-01")
	line := func(s alert.Status, name string) string {
		l, _ := dueDigest{today: today}.clockLine(s, name)
		return l
	}
	require.Empty(t, line(alert.Status{}, "you"))
	require.Empty(t, line(alert.Status{Running: true, Days: 3, Forecast: today.Add(27)}, "you"), "far from its end")
	require.Equal(t, "You have gone 40 days without a customer visit.", line(alert.Status{Running: true, Overdue: true, Days: 40}, "you"))
	require.Contains(t, line(alert.Status{Running: true, Days: 25, Forecast: today.Add(6)}, "Ana"), "Ana has gone 25 days without a customer visit; the limit of 30 is passed on Sun 7 Mar.")
	american, _ := dueDigest{today: today, to: roster.Person{Locale: "en-US"}}.clockLine(alert.Status{Running: true, Days: 25, Forecast: today.Add(6)}, "Ana")
	require.Contains(t, american, " on Sun, Mar 7.")
}

func TestWhatAMessageCarries(t *testing.T) {
	now := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	f := New(Deps{Now: func() time.Time { return now }, BaseURL: "https://w.example"})
	require.Equal(t, "/visits/1/brief", f.pathIn("See https://elsewhere.example/x and\n\nThe brief: https://w.example/visits/1/brief\n"))
	require.Empty(t, f.pathIn("https://w.example.evil/visits/1 https://w.example"))
	require.Empty(t, f.pathIn("“https://w.example//evil.example/x”"), "an address of somebody else's in people's own words")
	require.Empty(t, f.delivery("sign-in/1", "sign-in", notify.Mail, "p", notify.Message{Text: "https://w.example/signin/secret"}).Path, "a secret outlives no mail")
	v := visit.Visit{ID: "v1", State: visit.Confirmed, Start: now, End: now.Add(2 * time.Hour), Version: 3, Group: "Gold"}
	page := CustomerPage{Customer: roster.Customer{Name: "Größe\r\nATTENDEE:x", Address: "Seestrasse 1"}, Executive: roster.Person{Name: "Ana"}, Host: roster.Person{Name: "Bo"}}
	files := f.appointment(v, page)
	require.Len(t, files, 1)
	require.Contains(t, string(files[0].Data), "UID:v1@windshield\r\n")
	require.NotContains(t, string(files[0].Data), "\nATTENDEE")
	require.Contains(t, string(files[0].Data), "LOCATION:Seestrasse 1")
	require.NotContains(t, string(files[0].Data), "/visits/", "no page of ours")
	require.NotContains(t, string(files[0].Data), "Gold", "nor what we make of them")
	m := notify.Message{ID: "1@w.example", To: "a@example.com", Subject: "s", Text: "Hello\n", Attachments: files}
	d := f.delivery("visit/v1", "confirm/1", notify.Mail, "p", m)
	sent := f.dressed(notify.Message{ID: m.ID, To: m.To, Subject: m.Subject, Text: m.Text}, d, notify.CustomerLink)
	require.NoError(t, sent.Check())
	require.Equal(t, files, sent.Attachments)
	require.Empty(t, sent.Unsubscribe, "a link to get in cannot be switched off")
	require.NotEmpty(t, sent.HTML)
	d = f.delivery("alert/x", "warning", notify.Mail, "p", m)
	d.Ticket = "secret"
	require.Equal(t, "https://w.example/end/secret", f.dressed(m, d, notify.Warned).Unsubscribe)
	f.BaseURL = "http://in-house.example"
	plain := f.dressed(m, d, notify.Warned)
	require.NoError(t, plain.Check())
	require.Empty(t, plain.Unsubscribe, "mail programs call no plain address; people may")
	require.Contains(t, plain.Text, "http://in-house.example/end/secret")
	f.InviteCustomers = true
	require.Empty(t, f.appointment(v, page), "they have the entry itself")
}

// Far from us a link ends on another day than in UTC, and its reader knows only theirs.
func TestCustomersReadTheDayOnWhichALinkEndsAtTheirPlace(t *testing.T) {
	ends := time.Date(2027, time.November, 19, 23, 30, 0, 0, time.UTC)
	for zone, day := range map[string]string{"Asia/Tokyo": "20 November 2027", "America/Los_Angeles": "19 November 2027", "": "19 November 2027"} {
		m := notify.Confirm("Ann", "Acme", roster.Person{}, roster.Person{}, "Sat 20 Nov, morning", "https://x", atPlace(ends, visit.Visit{Zone: zone}))
		require.Contains(t, m.Text, "once and until "+day+".", zone)
	}
	require.Equal(t, ends, atPlace(ends, visit.Visit{Zone: "Asia/Tokyo"}).UTC())
}
