package alert

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

func day(s string) slot.Date {
	if s == "" {
		return 0
	}
	return slot.MustDate(s)
}

// held gives a visit that counts.
func held(id, date string) *visit.Visit {
	return &visit.Visit{ID: id, CustomerID: "c-" + id, ExecutiveID: "ana", HostID: "h", Slot: slot.Slot{Date: day(date), Half: slot.AM},
		State: visit.Held, Kind: visit.AtCustomer, WithHost: true}
}

func booked(id, date string) *visit.Visit {
	v := held(id, date)
	v.State, v.WithHost = visit.Published, false
	return v
}

func with(v *visit.Visit, change func(*visit.Visit)) *visit.Visit {
	change(v)
	return v
}

func TestClock(t *testing.T) {
	far := day("2030-12-31")
	tests := []struct {
		name    string
		watch   Watch
		visits  []*visit.Visit
		horizon slot.Date
		want    Status
	}{
		{"the thirtieth day is still fine", Watch{LastVisit: day("2027-03-01"), Today: day("2027-03-31")}, nil, far,
			Status{Running: true, Last: day("2027-03-01"), Days: 30, DueBy: day("2027-03-31"), Breach: day("2027-04-01"), Forecast: day("2027-04-01")}},
		{"the thirty-first is not", Watch{LastVisit: day("2027-03-01"), Today: day("2027-04-01")}, nil, far,
			Status{Running: true, Last: day("2027-03-01"), Days: 31, Overdue: true, DueBy: day("2027-03-31"), Breach: day("2027-04-01"), Forecast: day("2027-04-01")}},
		{"over a leap day", Watch{LastVisit: day("2028-02-10"), Today: day("2028-03-11")}, nil, far,
			Status{Running: true, Last: day("2028-02-10"), Days: 30, DueBy: day("2028-03-11"), Breach: day("2028-03-12"), Forecast: day("2028-03-12")}},
		{"over a February without one", Watch{LastVisit: day("2027-02-10"), Today: day("2027-03-13")}, nil, far,
			Status{Running: true, Last: day("2027-02-10"), Days: 31, Overdue: true, DueBy: day("2027-03-12"), Breach: day("2027-03-13"), Forecast: day("2027-03-13")}},
		{"last visit on a leap day", Watch{Today: day("2028-03-30")}, []*visit.Visit{held("v", "2028-02-29")}, far,
			Status{Running: true, Last: day("2028-02-29"), LastID: "v", Days: 30, DueBy: day("2028-03-30"), Breach: day("2028-03-31"), Forecast: day("2028-03-31")}},
		{"over the year's edge", Watch{LastVisit: day("2026-12-15"), Today: day("2027-01-15")}, nil, far,
			Status{Running: true, Last: day("2026-12-15"), Days: 31, Overdue: true, DueBy: day("2027-01-14"), Breach: day("2027-01-15"), Forecast: day("2027-01-15")}},
		{"nothing known: from when we watch", Watch{Since: day("2027-01-01"), Today: day("2027-01-20")}, nil, far,
			Status{Running: true, Never: true, Last: day("2027-01-01"), Days: 19, DueBy: day("2027-01-31"), Breach: day("2027-02-01"), Forecast: day("2027-02-01")}},
		{"nothing known at all: no clock", Watch{Today: day("2027-01-20")}, nil, far, Status{Never: true}},
		{"a visit from before we watched is better than nothing", Watch{Since: day("2027-01-01"), Today: day("2027-01-20")}, []*visit.Visit{held("v", "2026-12-01")}, far,
			Status{Running: true, Last: day("2026-12-01"), LastID: "v", Days: 50, Overdue: true, DueBy: day("2026-12-31"), Breach: day("2027-01-01"), Forecast: day("2027-01-01")}},
		{"the import knows a later visit than the ledger", Watch{LastVisit: day("2027-02-01"), Today: day("2027-02-02")}, []*visit.Visit{held("v", "2027-01-05")}, day("2027-02-10"),
			Status{Running: true, Last: day("2027-02-01"), Days: 1, DueBy: day("2027-03-03"), Breach: day("2027-03-04")}},
		{"leave pauses the alerts, not the clock", Watch{LastVisit: day("2027-03-01"), Today: day("2027-04-10"),
			Absences: []slot.Interval{{Start: day("2027-04-12"), End: day("2027-04-20")}, {Start: day("2027-04-01"), End: day("2027-04-11")}}}, nil, far,
			Status{Running: true, Last: day("2027-03-01"), Days: 40, Overdue: true, Paused: true, Back: day("2027-04-21"), DueBy: day("2027-03-31"), Breach: day("2027-04-01"), Forecast: day("2027-04-01")}},
		{"on the last day of a leave still on leave", Watch{LastVisit: day("2027-04-01"), Today: day("2027-04-11"),
			Absences: []slot.Interval{{Start: day("2027-04-01"), End: day("2027-04-11")}}}, nil, day("2027-04-30"),
			Status{Running: true, Last: day("2027-04-01"), Days: 10, Paused: true, Back: day("2027-04-12"), DueBy: day("2027-05-01"), Breach: day("2027-05-02")}},
		{"booked in time, then a gap", Watch{LastVisit: day("2027-03-01"), Today: day("2027-03-10")},
			[]*visit.Visit{booked("b", "2027-05-20"), booked("a", "2027-03-31")}, far,
			Status{Running: true, Last: day("2027-03-01"), Days: 9, DueBy: day("2027-03-31"), Breach: day("2027-04-01"),
				Next: day("2027-03-31"), NextID: "a", Forecast: day("2027-05-01"), Ends: day("2027-05-20"), EndsID: "b"}},
		{"booked a day too late", Watch{LastVisit: day("2027-03-01"), Today: day("2027-03-10")}, []*visit.Visit{booked("a", "2027-04-01")}, far,
			Status{Running: true, Last: day("2027-03-01"), Days: 9, DueBy: day("2027-03-31"), Breach: day("2027-04-01"),
				Next: day("2027-04-01"), NextID: "a", Forecast: day("2027-04-01"), Ends: day("2027-04-01"), EndsID: "a"}},
		{"beyond the horizon nothing is forecast", Watch{LastVisit: day("2027-03-01"), Today: day("2027-03-10")}, nil, day("2027-03-31"),
			Status{Running: true, Last: day("2027-03-01"), Days: 9, DueBy: day("2027-03-31"), Breach: day("2027-04-01")}},
		{"what will not count is no next visit", Watch{LastVisit: day("2027-03-01"), Today: day("2027-03-10")}, []*visit.Visit{
			with(booked("a", "2027-03-11"), func(v *visit.Visit) { v.Kind = visit.Online }),
			with(booked("b", "2027-03-12"), func(v *visit.Visit) { v.Answer = visit.Refused }),
			with(booked("c", "2027-03-13"), func(v *visit.Visit) { v.HostID = "" }),
			with(booked("d", "2027-03-14"), func(v *visit.Visit) { v.State = visit.Proposed }),
			with(booked("e", "2027-03-15"), func(v *visit.Visit) { v.State = visit.Cancelled }),
		}, day("2027-03-20"), Status{Running: true, Last: day("2027-03-01"), Days: 9, DueBy: day("2027-03-31"), Breach: day("2027-04-01")}},
		{"two visits in a day: the first by id is named, whatever the order", Watch{Today: day("2027-03-10")},
			[]*visit.Visit{held("z", "2027-03-09"), held("a", "2027-03-09")}, day("2027-03-10"),
			Status{Running: true, Last: day("2027-03-09"), LastID: "a", Days: 1, DueBy: day("2027-04-08"), Breach: day("2027-04-09")}},
		{"the first day with us starts the clock", Watch{Since: day("2020-01-01"), Joined: day("2027-03-01"), Today: day("2027-03-31")}, nil, far,
			Status{Running: true, Never: true, Last: day("2027-03-01"), Days: 30, DueBy: day("2027-03-31"), Breach: day("2027-04-01"), Forecast: day("2027-04-01")}},
		{"what was before the first day with us does not count", Watch{LastVisit: day("2027-01-05"), Joined: day("2027-03-01"), Today: day("2027-03-31")},
			[]*visit.Visit{held("v", "2027-02-20")}, far,
			Status{Running: true, Never: true, Last: day("2027-03-01"), Days: 30, DueBy: day("2027-03-31"), Breach: day("2027-04-01"), Forecast: day("2027-04-01")}},
		{"a visit on the first day with us counts", Watch{Joined: day("2027-03-01"), Today: day("2027-03-31")}, []*visit.Visit{held("v", "2027-03-01")}, day("2027-03-31"),
			Status{Running: true, Last: day("2027-03-01"), LastID: "v", Days: 30, DueBy: day("2027-03-31"), Breach: day("2027-04-01")}},
		{"who has not begun yet is not overdue", Watch{Joined: day("2027-03-01"), Today: day("2026-12-31")}, nil, far,
			Status{Running: true, Never: true, Last: day("2027-03-01"), DueBy: day("2027-03-31"), Breach: day("2027-04-01"), Forecast: day("2027-04-01")}},
		{"overdue on the last day with us", Watch{LastVisit: day("2027-03-01"), Left: day("2027-04-01"), Today: day("2027-04-01")}, nil, far,
			Status{Running: true, Last: day("2027-03-01"), Days: 31, Overdue: true, DueBy: day("2027-03-31"), Breach: day("2027-04-01"), Forecast: day("2027-04-01")}},
		{"no clock after the last day", Watch{LastVisit: day("2027-03-01"), Left: day("2027-04-01"), Today: day("2027-04-02")},
			[]*visit.Visit{booked("b", "2027-05-01")}, far, Status{Gone: true}},
		{"nothing is forecast for after the last day", Watch{LastVisit: day("2027-03-01"), Left: day("2027-03-31"), Today: day("2027-03-10")},
			[]*visit.Visit{booked("b", "2027-04-01")}, far,
			Status{Running: true, Last: day("2027-03-01"), Days: 9, DueBy: day("2027-03-31"), Breach: day("2027-04-01")}},
		{"held where it is already tomorrow", Watch{LastVisit: day("2027-01-01"), Today: day("2027-03-10")}, []*visit.Visit{held("tokyo", "2027-03-11")}, day("2027-03-10"),
			Status{Running: true, Last: day("2027-03-11"), LastID: "tokyo", Days: 0, DueBy: day("2027-04-10"), Breach: day("2027-04-11")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.watch.PersonID = "ana"
			got := Clock(tt.watch, tt.visits, tt.horizon)
			got.Ledger, got.Start, got.NoVisit = nil, 0, false
			tt.want.PersonID, tt.want.Today = "ana", tt.watch.Today
			require.Equal(t, tt.want, got)
		})
	}
}

func TestLedgerSaysWhy(t *testing.T) {
	visits := []*visit.Visit{
		held("counts", "2027-03-01"),
		with(held("fair", "2027-03-02"), func(v *visit.Visit) { v.Kind = visit.TradeShow }),
		with(held("conference", "2027-03-03"), func(v *visit.Visit) { v.Kind = visit.Conference }),
		with(held("online", "2027-03-04"), func(v *visit.Visit) { v.Kind = visit.Online }),
		with(held("alone", "2027-03-05"), func(v *visit.Visit) { v.WithHost = false }),
		with(held("empty chair", "2027-03-06"), func(v *visit.Visit) { v.State = visit.NoShow }),
		booked("unconfirmed", "2027-03-07"),
		held("impossible", "2027-04-07"),
		booked("today", "2027-03-10"), // may still be held: no line yet
		with(held("declined", "2027-03-08"), func(v *visit.Visit) { v.State = visit.Declined }),
		with(held("cancelled", "2027-03-08"), func(v *visit.Visit) { v.State = visit.Cancelled }),
	}
	s := Clock(Watch{PersonID: "ana", Today: day("2027-03-10")}, visits, day("2027-12-31"))
	want := []Entry{
		{"impossible", "c-impossible", day("2027-04-07"), false, visit.InFuture, "its date lies in the future"},
		{"unconfirmed", "c-unconfirmed", day("2027-03-07"), false, visit.Unconfirmed, "nobody has confirmed that the visit was held"},
		{"empty chair", "c-empty chair", day("2027-03-06"), false, visit.NotThere, "the visit did not take place"},
		{"alone", "c-alone", day("2027-03-05"), false, visit.WithoutHost, "the host was not there"},
		{"online", "c-online", day("2027-03-04"), false, visit.MetOnline, "an online meeting is not at the customer's place"},
		{"conference", "c-conference", day("2027-03-03"), false, visit.AtConference, "a user conference is not the customer's place"},
		{"fair", "c-fair", day("2027-03-02"), false, visit.AtTradeShow, "a trade show is not the customer's place"},
		{"counts", "c-counts", day("2027-03-01"), true, visit.NoLapse, ""},
	}
	require.Equal(t, want, s.Ledger)
	require.Equal(t, day("2027-03-01"), s.Last)
}

func TestLedgerKnowsWhoWasWithUs(t *testing.T) {
	w := Watch{PersonID: "ana", Joined: day("2027-02-01"), Left: day("2027-03-09"), Today: day("2027-03-10")}
	s := Clock(w, []*visit.Visit{held("before", "2027-01-31"), held("after", "2027-03-10"), held("last", "2027-03-09")}, w.Today)
	require.True(t, s.Gone)
	require.Equal(t, []visit.Lapse{visit.AfterLeft, visit.NoLapse, visit.BeforeJoined}, []visit.Lapse{s.Ledger[0].Lapse, s.Ledger[1].Lapse, s.Ledger[2].Lapse})
}

func TestZoneAt(t *testing.T) {
	at := func(s string) time.Time { v, _ := time.Parse(time.RFC3339, s); return v }
	moves := []Move{{at("2027-06-01T00:00:00Z"), "Asia/Tokyo"}, {at("2027-02-01T00:00:00Z"), "Europe/Zurich"}, {at("2027-06-01T00:00:00Z"), "UTC"}}
	for when, want := range map[string]string{"2027-01-31T23:59:59Z": "America/New_York", "2027-02-01T00:00:00Z": "Europe/Zurich",
		"2027-05-31T23:59:59Z": "Europe/Zurich", "2027-06-01T00:00:00Z": "UTC"} {
		require.Equal(t, want, ZoneAt("America/New_York", moves, at(when)), when)
	}
	require.Equal(t, "UTC", ZoneAt("UTC", nil, at("2027-06-01T00:00:00Z")))
}

func TestClocksSortsVisitsToPeople(t *testing.T) {
	a, b := *held("a", "2027-03-01"), *held("b", "2027-03-05")
	b.ExecutiveID = "ben"
	got := Clocks([]Watch{{PersonID: "ben", Today: day("2027-03-06")}, {PersonID: "cleo", Since: day("2027-03-01"), Today: day("2027-03-06")}},
		[]visit.Visit{a, b}, day("2027-03-31"))
	require.Len(t, got, 2)
	require.Equal(t, "b", got[0].LastID)
	require.True(t, got[1].Never)
	require.Empty(t, got[1].Ledger)
}

// A person's day begins and ends where the person lives; clock changes and the
// date line included.
func TestToday(t *testing.T) {
	tests := []struct{ at, zone, want string }{
		{"2027-03-28T00:59:59Z", "Europe/Zurich", "2027-03-28"}, // a second before the clocks go forward
		{"2027-03-27T22:59:59Z", "Europe/Zurich", "2027-03-27"},
		{"2027-03-28T21:59:59Z", "Europe/Zurich", "2027-03-28"}, // summer time: the day ends an hour earlier in UTC
		{"2027-03-28T22:00:00Z", "Europe/Zurich", "2027-03-29"},
		{"2027-11-07T03:59:59Z", "America/New_York", "2027-11-06"},
		{"2027-11-08T04:59:59Z", "America/New_York", "2027-11-07"}, // a day of 25 hours
		{"2027-11-08T05:00:00Z", "America/New_York", "2027-11-08"},
		{"2026-12-31T10:00:00Z", "Pacific/Kiritimati", "2027-01-01"}, // UTC+14
		{"2027-01-01T10:59:59Z", "Pacific/Pago_Pago", "2026-12-31"},  // UTC-11
		{"2028-02-29T23:30:00Z", "Asia/Kathmandu", "2028-03-01"},
		{"2028-02-29T23:30:00Z", "UTC", "2028-02-29"},
		{"2027-04-04T15:59:00Z", "Australia/Sydney", "2027-04-05"}, // the southern autumn
	}
	for _, tt := range tests {
		at, err := time.Parse(time.RFC3339, tt.at)
		require.NoError(t, err)
		got, err := Today(at, tt.zone)
		require.NoError(t, err)
		require.Equal(t, tt.want, got.String(), "%s in %s", tt.at, tt.zone)
	}
	for _, zone := range []string{"", "Local", "Mars/Olympus", "../etc/passwd"} {
		_, err := Today(time.Unix(0, 0), zone)
		require.True(t, fault.Is(err, fault.Invalid), zone)
	}
}

// One instant, four zones: the same last visit is overdue only where it is
// already the 31st day.
func TestTheBreachBeginsAtThePersonsMidnight(t *testing.T) {
	now := time.Date(2027, 4, 1, 5, 30, 0, 0, time.UTC)
	for zone, overdue := range map[string]bool{"Asia/Tokyo": true, "Europe/London": true, "America/New_York": true, "America/Los_Angeles": false} {
		today, err := Today(now, zone)
		require.NoError(t, err)
		s := Clock(Watch{PersonID: "ana", LastVisit: day("2027-03-01"), Today: today}, nil, today)
		require.Equal(t, overdue, s.Overdue, zone)
	}
}

func TestZoneOf(t *testing.T) {
	at := func(s string) time.Time {
		x, err := time.Parse(time.RFC3339, s)
		require.NoError(t, err)
		return x
	}
	p := roster.Person{Zone: "America/New_York", Moves: []roster.ZoneChange{{Zone: "Europe/Zurich"}, {Day: day("2027-03-10"), Zone: "Asia/Tokyo"}, {Day: day("2027-06-10"), Zone: "America/New_York"}}}
	for when, want := range map[string]string{"2026-01-01T00:00:00Z": "Europe/Zurich", "2027-03-09T14:59:59Z": "Europe/Zurich", "2027-03-09T15:00:00Z": "Asia/Tokyo",
		"2027-06-10T03:59:59Z": "Asia/Tokyo", "2027-06-10T04:00:00Z": "America/New_York"} {
		require.Equal(t, want, ZoneOf(p, at(when)), when)
	}
	require.Equal(t, "UTC", ZoneOf(roster.Person{Zone: "UTC"}, at("2027-06-10T04:00:00Z")))
	var last slot.Date
	for x := at("2027-03-01T00:00:00Z"); x.Before(at("2027-07-01T00:00:00Z")); x = x.Add(7 * time.Minute) {
		d, err := Today(x, ZoneOf(p, x))
		require.NoError(t, err)
		require.GreaterOrEqual(t, d, last, x)
		last = d
	}
}
