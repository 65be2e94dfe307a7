package testkit_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/slot"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

// A company on three continents, in zones that change their clocks in March, in
// April, in autumn, and never.
var places = []struct{ key, city, country, zone string }{
	{"akl", "Auckland", "NZ", "Pacific/Auckland"}, {"ktm", "Kathmandu", "NP", "Asia/Kathmandu"}, {"nyc", "New York City", "US", "America/New_York"},
}

func worldFiles() (hosts, executives, customers string) {
	var h, e, c strings.Builder
	h.WriteString("key,name,email,city,country\n")
	e.WriteString("key,name,email,function,role,city,country,max_per_week,max_per_month,target_visits,last_visit\n")
	c.WriteString("key,name,city,country,host,region,windows\n")
	for i, p := range places {
		fmt.Fprintf(&h, "h%d,Host in %s,%s,%s,%s\n", i+1, p.city, Host(i+1), p.city, p.country)
		fmt.Fprintf(&e, "e%d,Executive in %s,%s,Product,executive,%s,%s,2,6,6,2027-01-04\n", i+1, p.city, Exec(i+1), p.city, p.country)
		for n, w := range []string{"2027-03-01..2027-03-12", "2027-03-15..2027-03-26", "2027-04-05..2027-04-23", "2027-09-13..2027-09-24", "2027-10-04..2027-10-29", "2027-11-08..2027-11-26"} {
			fmt.Fprintf(&c, "%s%d,Customer %d in %s,%s,%s,h%d,%s,%s\n", p.key, n, n, p.city, p.city, p.country, i+1, p.key, w)
		}
	}
	fmt.Fprintf(&e, "vp,The Vice President,%s,Sales,vp,New York City,US,2,6,0,2027-01-04\n", VP)
	return h.String(), e.String(), c.String()
}

func TestWallTimesAndDaysAroundTheWorld(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		h.Found()
		hosts, executives, customers := worldFiles()
		h.Bring(Admin, client.ImportKindHosts, hosts)
		h.Bring(Admin, client.ImportKindExecutives, executives)
		h.Bring(Admin, client.ImportKindCustomers, customers)
		vp := h.API(VP)
		plan := h.Draft(vp, h.Select(vp, PlanYear, 18, "region"), 1, 60_000)
		require.NoError(t, client.Check(h.Publish(vp, plan, "")))
		h.Settle()
		offsets := map[string]map[int]bool{}
		for _, v := range h.Visits(plan, visit.Published) {
			loc, err := time.LoadLocation(v.Zone)
			require.NoError(t, err)
			begins, ends := v.Slot.Half.Hours()
			e := h.InCalendar(v.ID)
			require.Equal(t, v.Zone, e.Zone)
			require.Equal(t, v.Slot.Date.String()+" "+begins, e.Start.In(loc).Format("2006-01-02 15:04"), v.Zone)
			require.Equal(t, v.Slot.Date.String()+" "+ends, e.End.In(loc).Format("2006-01-02 15:04"), v.Zone)
			_, page := h.Get(h.As(VP), "/visits/"+v.ID)
			shows(t, page, begins+"–"+ends)
			got, err := vp.GetVisitWithResponse(context.Background(), v.ID)
			require.NoError(t, err)
			require.Equal(t, v.Slot.Date.String(), got.JSON200.Visit.Date.String())
			require.Equal(t, begins, got.JSON200.Visit.Begins)
			require.True(t, got.JSON200.Visit.Start.Equal(e.Start))
			_, offset := e.Start.In(loc).Zone()
			if offsets[v.Zone] == nil {
				offsets[v.Zone] = map[int]bool{}
			}
			offsets[v.Zone][offset] = true
		}
		require.Len(t, offsets["Pacific/Auckland"], 2, "visits lie on both sides of a clock change")
		require.Len(t, offsets["America/New_York"], 2)
		require.Equal(t, map[int]bool{5*3600 + 45*60: true}, offsets["Asia/Kathmandu"])
		quiet(t, h)

		// The 31st day begins in Auckland while it is still the 30th elsewhere.
		breach := slot.MakeDate(2027, time.February, 4)
		open := func() (out []bool) {
			for i := range places {
				out = append(out, len(h.Alerts(h.Person(Exec(i+1)).ID)) == 1)
			}
			return out
		}
		for i, p := range places {
			h.SetDay(breach.Add(-1), "23:59", p.zone)
			h.Tick()
			require.Equal(t, []bool{i > 0, i > 1, false}, open(), "one minute before midnight in %s", p.city)
			h.SetDay(breach, "00:00", p.zone)
			h.Tick()
			require.Equal(t, []bool{true, i > 0, i > 1}, open(), "midnight in %s", p.city)
			require.Len(t, h.Breaches(Exec(i+1)), 1)
			require.Equal(t, breach, h.Alerts(h.Person(Exec(i + 1)).ID)[0].Breach)
		}
	})
}
