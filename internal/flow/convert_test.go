package flow

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/geo"
	"windshield/internal/intake"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// What an import writes must read back as the record that was imported: else the
// same file twice would change something.

func word(t *rapid.T, name string) string {
	return rapid.StringMatching(`[a-zA-Zäß0-9 .-]{0,12}`).Draw(t, name)
}

func place(t *rapid.T) geo.Place {
	return geo.Place{City: word(t, "city"), Region: word(t, "region"), Country: "US", Zone: "America/Chicago",
		Point: geo.Point{Lat: rapid.Float64Range(-90, 90).Draw(t, "lat"), Lon: rapid.Float64Range(-180, 180).Draw(t, "lon")}}
}

func spans(t *rapid.T, name string) (out []slot.Interval) {
	for range rapid.IntRange(0, 3).Draw(t, name) {
		start := slot.Date(rapid.Int32Range(20000, 21000).Draw(t, "start"))
		out = append(out, slot.Interval{Start: start, End: start.Add(rapid.IntRange(0, 30).Draw(t, "days"))})
	}
	return out
}

func TestCustomersReadBackAsImported(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := intake.CustomerRecord{Key: "k" + word(t, "key"), Name: word(t, "name"), Address: word(t, "address"), Place: place(t), Host: "h1",
			Revenue: rapid.Float64Range(0, 1e6).Draw(t, "revenue"), Employees: rapid.IntRange(0, 1e6).Draw(t, "employees"),
			Values: map[string]string{"region": word(t, "value")}, Requires: []string{word(t, "tag")}, Prefers: []intake.Preference{{Tag: "x", Points: 7}},
			Windows: spans(t, "windows"), Blackouts: spans(t, "blackouts"), MinSpacingDays: rapid.IntRange(0, 90).Draw(t, "spacing"),
			MustVisit: rapid.Bool().Draw(t, "must"), Contact: intake.Contact{Name: word(t, "contact"), Email: "a@b.example"}}
		var c roster.Customer
		applyCustomer(&c, r, "id-of-h1")
		require.Equal(t, "id-of-h1", c.HostID)
		require.Equal(t, r.Fingerprint(), customerRecord(c, "h1").Fingerprint())
	})
}

func TestExecutivesReadBackAsImported(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		away := spans(t, "away")
		r := intake.ExecutiveRecord{Key: "k" + word(t, "key"), Name: word(t, "name"), Email: "x@y.example", Function: word(t, "function"),
			Role: rapid.SampledFrom([]string{"ceo", "vp", "executive"}).Draw(t, "role"), Office: place(t), Calendar: "CH",
			Tags: []string{"a", "b"}, MaxPerWeek: 2, MaxPerMonth: 4, TargetVisits: rapid.IntRange(0, 40).Draw(t, "target"),
			LastVisit: slot.Date(rapid.Int32Range(20000, 21000).Draw(t, "last")), Unavailable: away,
			AssistantName: word(t, "assistant"), AssistantEmail: "s@y.example"}
		p := roster.Person{Roles: []roster.Role{roster.Administrator, roster.VP}}
		applyExecutive(&p, r, slot.MustDate("2026-11-23"))
		require.Equal(t, slot.MustDate("2026-11-23"), p.Since)
		applyExecutive(&p, r, slot.MustDate("2027-11-23"))
		require.Equal(t, slot.MustDate("2026-11-23"), p.Since, "the clock of somebody known does not start again")
		require.True(t, p.Has(roster.Administrator), "an import takes no administrator's role")
		require.Equal(t, r.Fingerprint(), executiveRecord(p, away, roster.Person{Name: r.AssistantName, Email: r.AssistantEmail}).Fingerprint())
	})
}

// A list that is imported every week does not move anybody every week.
func TestAnImportKeepsSinceWhenSomebodyLivesWhere(t *testing.T) {
	p := roster.Person{Zone: "Europe/Zurich", Version: 1}
	for _, today := range []string{"2027-03-01", "2027-03-08", "2027-03-15"} {
		applyHost(&p, intake.HostRecord{Place: geo.Place{Zone: "Asia/Tokyo"}}, slot.MustDate(today))
	}
	require.Equal(t, []roster.ZoneChange{{Zone: "Europe/Zurich"}, {Day: slot.MustDate("2027-03-01"), Zone: "Asia/Tokyo"}}, p.Moves)
}

func TestHostsReadBackAsImported(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := intake.HostRecord{Key: "k" + word(t, "key"), Name: word(t, "name"), Email: "x@y.example", Phone: word(t, "phone"), Place: place(t), Unavailable: spans(t, "away")}
		var p roster.Person
		applyHost(&p, r, slot.MustDate("2026-11-23"))
		require.Equal(t, r.Fingerprint(), hostRecord(p, r.Unavailable).Fingerprint())
	})
}

func TestPastVisitsReadBackAsImported(t *testing.T) {
	executive, host := roster.Person{ID: "e", Key: "E1"}, roster.Person{ID: "h", Key: "H1"}
	customer := roster.Customer{ID: "c", Key: "C1", Zone: "Europe/Zurich"}
	for _, kind := range []string{intake.Onsite, intake.Online, intake.TradeShow, intake.Conference} {
		for _, held := range []bool{true, false} {
			r := intake.PastVisitRecord{Executive: "E1", Customer: "C1", Host: "H1", Date: slot.MustDate("2026-11-03"), Half: slot.PM, Kind: kind, WithHost: held, Held: held, Note: "n"}
			var v visit.Visit
			require.NoError(t, applyPast(&v, r, executive, host, customer))
			require.Equal(t, r.Fingerprint(), pastRecord(v, executive, host, customer).Fingerprint())
			counts, _ := v.Counts()
			require.Equal(t, held && kind == intake.Onsite, counts)
		}
	}
}
