package flow

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/calsync"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// What an invitation holds: for our own people what they need, for a customer nothing
// that is ours.
func TestWhatAnInvitationHolds(t *testing.T) {
	const secret = "xyzzy"
	people := map[string]roster.Person{"e": {ID: "e", Name: "Ada & Co", Email: "ada@us.example"}, "h": {ID: "h", Name: "Hugo", Email: "hugo@us.example", Phone: "+41 44 1"}}
	c := roster.Customer{ID: "c", Name: "Alpine", Address: "Bahnhofstrasse 1", City: "Zürich", Country: "CH"}
	v := visit.Visit{ID: "v", CustomerID: "c", HostID: "h", State: visit.Agreed, Kind: visit.AtCustomer, Objective: "Pilot " + secret, Why: secret, Reason: secret, AnswerNote: secret, Group: secret, Conflict: secret,
		Agreement: visit.Agreement{With: "Eva " + secret, What: secret}, Theirs: visit.Said{Words: "Less paper", By: secret}, Agenda: []visit.AgendaItem{{At: "09:30", What: "Tour <b>"}},
		Contacts: []roster.Contact{{Name: "Eva", Email: "eva@alpine.example"}}}
	require.NoError(t, v.Place("e", slot.Slot{Date: slot.MustDate("2027-03-04"), Half: slot.AM}, "Europe/Zurich"))
	v.State = visit.Agreed
	invited := CalendarEvent{Calendar: "hugo@us.example", Want: calsync.Want{Content: calsync.Content{Guests: []calsync.Guest{{Email: "eva@alpine.example", Outside: true}}}}}
	for _, cse := range []struct {
		name    string
		may     bool
		change  func(*visit.Visit)
		before  CalendarEvent
		status  calsync.Status
		outside int
		place   string
		hidden  bool
	}{
		{"a hold", true, func(v *visit.Visit) { v.State = visit.Published }, CalendarEvent{}, calsync.Tentative, 0, "Bahnhofstrasse 1, Zürich, CH", false},
		{"agreed", true, func(*visit.Visit) {}, CalendarEvent{}, calsync.Confirmed, 1, "Bahnhofstrasse 1, Zürich, CH", false},
		{"agreed, where nobody outside is invited", false, func(*visit.Visit) {}, CalendarEvent{}, calsync.Confirmed, 0, "Bahnhofstrasse 1, Zürich, CH", false},
		{"confirmed", true, func(v *visit.Visit) { v.State = visit.Confirmed }, CalendarEvent{}, calsync.Confirmed, 1, "Bahnhofstrasse 1, Zürich, CH", false},
		{"nobody chosen", true, func(v *visit.Visit) { v.Contacts = nil }, CalendarEvent{}, calsync.Confirmed, 0, "Bahnhofstrasse 1, Zürich, CH", false},
		{"moved after it was agreed", true, func(v *visit.Visit) { v.State = visit.Published }, invited, calsync.Tentative, 1, "Bahnhofstrasse 1, Zürich, CH", false},
		{"no longer permitted, but invited", false, func(*visit.Visit) {}, invited, calsync.Confirmed, 1, "Bahnhofstrasse 1, Zürich, CH", false},
		{"two companies", true, func(v *visit.Visit) {
			v.Contacts = append(v.Contacts, roster.Contact{Email: "max@partner.example"})
		}, CalendarEvent{}, calsync.Confirmed, 2, "Bahnhofstrasse 1, Zürich, CH", true},
		{"online", true, func(v *visit.Visit) { v.Kind, v.JoinURL = visit.Online, "https://meet.example/x" }, CalendarEvent{}, calsync.Confirmed, 1, "https://meet.example/x", false},
		{"a link that is not used", true, func(v *visit.Visit) { v.JoinURL = "https://meet.example/x" }, CalendarEvent{}, calsync.Confirmed, 1, "Bahnhofstrasse 1, Zürich, CH", false},
		{"online without a link", true, func(v *visit.Visit) { v.Kind = visit.Online }, CalendarEvent{}, calsync.Confirmed, 1, "Bahnhofstrasse 1, Zürich, CH", false},
		{"a long agenda", true, func(v *visit.Visit) {
			for range mostAgenda - 1 {
				v.Agenda = append(v.Agenda, visit.AgendaItem{What: strings.Repeat("&", mostLine)})
			}
		}, CalendarEvent{}, calsync.Confirmed, 1, "Bahnhofstrasse 1, Zürich, CH", false},
	} {
		t.Run(cse.name, func(t *testing.T) {
			f := &Flow{Deps: Deps{Env: "test", BaseURL: "https://w.example", InviteCustomers: cse.may}}
			x, e := v, cse.before
			e.Calendar = "hugo@us.example"
			cse.change(&x)
			w := f.wanted(x, e, people, c)
			require.NoError(t, w.Check())
			require.Equal(t, []any{cse.status, cse.place, cse.hidden, cse.outside == 0}, []any{w.Status, w.Location, w.HideGuests, w.GuestsMayMove})
			n := 0
			for _, g := range w.Guests {
				if g.Outside {
					n++
				}
			}
			require.Equal(t, cse.outside, n)
			require.Len(t, w.Guests, n+1, "the host organises and is no guest")
			require.Contains(t, w.Description, "Ada &amp; Co visits Alpine together with Hugo")
			require.Contains(t, w.Description, "+41 44 1")
			require.Equal(t, x.Kind == visit.Online && x.JoinURL != "", strings.Contains(w.Description, "https://meet.example/x"))
			require.NotEmpty(t, w.Reminders)
			if n == 0 {
				require.Contains(t, w.Description, "Pilot "+secret)
				require.Contains(t, w.Description, "https://w.example/visits/v/brief")
				return
			}
			whole, err := json.Marshal([]any{w, calsync.Marks("test", "v", 1, w.Content)})
			require.NoError(t, err)
			require.NotContains(t, string(whole), secret)
			require.NotContains(t, w.Description, "w.example")
			require.Contains(t, w.Description, "Your objective: Less paper")
			require.Contains(t, w.Description, "09:30 Tour &lt;b&gt;")
		})
	}
	over := v
	over.State = visit.Held
	was := invited
	was.Want.Version, was.Want.Title = 3, "as it was"
	f := &Flow{Deps: Deps{Env: "test"}}
	require.Equal(t, was.Want.Content, f.wanted(over, was, people, c).Content, "what is over is not written again")
	require.False(t, f.wanted(over, was, people, c).Gone)
	over.State = visit.Cancelled
	require.True(t, f.wanted(over, was, people, c).Gone)
}

// Only the use case behind a customer's link makes a visit ready.
func TestOnlyTheCustomersUseCaseConfirms(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	found := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		text := string(b)
		require.NotContains(t, text, "State = visit.Confirmed", name)
		if strings.Contains(text, "Become(visit.Confirmed") {
			require.Equal(t, "confirm.go", name)
			found++
		}
	}
	require.Equal(t, 1, found)
}
