package visit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/slot"
)

func TestWhatCounts(t *testing.T) {
	held := Visit{State: Held, Kind: AtCustomer, WithHost: true}
	for _, c := range []struct {
		name   string
		change func(*Visit)
		whyNot string
	}{
		{"held at the customer's place with the host", func(*Visit) {}, ""},
		{"not yet held", func(v *Visit) { v.State = Published }, "nobody has confirmed that the visit was held"},
		{"did not happen", func(v *Visit) { v.State = NoShow }, "the visit did not take place"},
		{"at a booth", func(v *Visit) { v.Kind = TradeShow }, "a trade show is not the customer's place"},
		{"at our conference", func(v *Visit) { v.Kind = Conference }, "a user conference is not the customer's place"},
		{"online", func(v *Visit) { v.Kind = Online }, "an online meeting is not at the customer's place"},
		{"without the host", func(v *Visit) { v.WithHost = false }, "the host was not there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := held
			c.change(&v)
			counts, why := v.Counts()
			require.Equal(t, c.whyNot == "", counts)
			require.Equal(t, c.whyNot, why)
		})
	}
}

func TestAVisitKeepsItsWallTime(t *testing.T) {
	for _, c := range []struct{ zone, date, utc string }{
		{"America/New_York", "2027-03-12", "14:00"}, // the Friday before the clocks change
		{"America/New_York", "2027-03-15", "13:00"}, // the Monday after
		{"Europe/Zurich", "2027-10-29", "07:00"},
		{"Europe/Zurich", "2027-11-01", "08:00"},
		{"Australia/Lord_Howe", "2027-04-05", "22:30"}, // half an hour of summer time; the day before in UTC
		{"Asia/Kathmandu", "2028-02-29", "03:15"},
		{"Pacific/Kiritimati", "2027-12-31", "19:00"},
	} {
		v := Visit{}
		require.NoError(t, v.Place("e1", slot.Slot{Date: slot.MustDate(c.date), Half: slot.AM}, c.zone))
		loc, err := slot.LoadZone(c.zone)
		require.NoError(t, err)
		require.Equal(t, c.date+" 09:00", v.Start.In(loc).Format("2006-01-02 15:04"), c.zone)
		require.Equal(t, c.utc, v.Start.Format("15:04"), c.zone)
		require.Equal(t, 3*time.Hour, v.End.Sub(v.Start))
	}
}

func TestHoursThatPeopleChose(t *testing.T) {
	v := Visit{}
	s := slot.Slot{Date: slot.MustDate("2027-03-04"), Half: slot.AM}
	require.NoError(t, v.PlaceAt("e1", s, "10:15", "11:00", "Asia/Tokyo"))
	require.Equal(t, "2027-03-04T01:15:00Z", v.Start.Format(time.RFC3339))
	require.True(t, fault.Is(v.PlaceAt("e1", s, "11:00", "10:15", "Asia/Tokyo"), fault.Invalid))
	require.True(t, fault.Is(v.PlaceAt("e1", s, "late", "later", "Asia/Tokyo"), fault.Invalid))
	require.True(t, fault.Is(v.Place("e1", s, "Mars/Olympus"), fault.Invalid))
	require.Equal(t, "10:15", v.Begins, "a refused place changes nothing")
}
