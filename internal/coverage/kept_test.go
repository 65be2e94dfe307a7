package coverage

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/slot"
	"windshield/internal/visit"
)

func promised(date string, state visit.State) Promise {
	was := visit.Visit{ID: date, CustomerID: "c", ExecutiveID: "ana", State: visit.Published, Slot: slot.Slot{Date: slot.MustDate(date), Half: slot.AM}}
	is := was
	is.State = state
	return Promise{Was: was, Is: &is}
}

func moved(p Promise, to string, codes ...visit.Code) Promise {
	p.Is.Slot.Date = slot.MustDate(to)
	for _, c := range codes {
		p.Steps = append(p.Steps, visit.Step{Code: c, Was: p.Was.Spot(), Is: p.Is.Spot()})
	}
	return p
}

func TestKeepCount(t *testing.T) {
	today := slot.MustDate("2027-06-15")
	gone := promised("2027-03-01", visit.Held)
	gone.Is = nil
	other := promised("2027-03-02", visit.Held)
	other.Is.ExecutiveID = "ben"
	off := promised("2027-03-03", visit.Cancelled)
	off.Is.Code = visit.ByCustomer
	undone := moved(promised("2027-03-05", visit.Held), "2027-03-09", visit.ByCustomer, visit.NoTravel)
	undone.Steps = append(undone.Steps, visit.Step{Undone: true, Was: undone.Is.Spot(), Is: undone.Was.Spot()}, visit.Step{From: visit.Published, To: visit.Held})
	k := KeepCount([]Promise{
		promised("2027-03-01", visit.Held), promised("2027-03-02", visit.Debriefed), promised("2027-06-14", visit.Published),
		promised("2027-06-15", visit.Confirmed), promised("2027-09-15", visit.Agreed), promised("2027-04-01", visit.NoShow), gone, off, other, undone,
		moved(promised("2027-03-04", visit.Held), "2027-03-08", visit.ByCustomer), moved(promised("2027-08-04", visit.Published), "2027-09-08"),
	}, today)
	require.Equal(t, Kept{Promised: 12, Held: 2, Ahead: 2, Silent: 1, MovedByUs: 2, MovedByCustomer: 2, Dropped: 3, DroppedByCustomer: 1}, k)
	require.InDelta(t, 0.2, k.Share(), 1e-12)
	require.Equal(t, "Of 12 promised visits 2 were held as promised, 2 still ahead, 2 moved by us, 2 moved by customers, 3 dropped, 1 of which nobody has said whether it was held.", k.Sentence())
	require.Equal(t, 1.0, Kept{Promised: 3, Ahead: 3}.Share())
	require.Equal(t, "No visits were promised.", Kept{}.Sentence())
	require.Equal(t, "Of 1 promised visit 1 was held as promised.", Kept{Promised: 1, Held: 1}.Sentence())
}

func TestMixes(t *testing.T) {
	d := slot.MustDate
	turns := map[string][]visit.Turn{"c": {{Stage: "research", On: d("2027-02-01")}, {Stage: "comparison", On: d("2027-03-01")}, {Stage: "fear", On: d("2027-03-20")}, {Stage: "satisfaction", On: d("2027-08-01")}}}
	held := func(who, customer, date string) visit.Visit {
		return visit.Visit{ExecutiveID: who, CustomerID: customer, State: visit.Held, Kind: visit.AtCustomer, WithHost: true, Slot: slot.Slot{Date: d(date), Half: slot.AM}}
	}
	online := held("ana", "c", "2027-02-02")
	online.Kind = visit.Online
	visits := []visit.Visit{held("ben", "c", "2027-03-25"), held("ana", "c", "2027-02-01"), held("ana", "c", "2027-03-05"), held("ana", "x", "2027-06-30"),
		held("ana", "c", "2027-08-02"), held("ana", "c", "2028-01-01"), online}
	all, each := Mixes(visits, turns, visit.UsualBuying(), visit.UsualFiscal(), slot.Interval{Start: d("2027-01-01"), End: d("2027-12-31")})
	require.Equal(t, Mix{Visits: 5, Early: 1, Middle: 1, Late: 1, Settled: 1, Unknown: 1, QuarterEnd: 2}, all)
	require.Equal(t, []Mix{{ExecutiveID: "ana", Visits: 4, Early: 1, Middle: 1, Settled: 1, Unknown: 1, QuarterEnd: 1}, {ExecutiveID: "ben", Visits: 1, Late: 1, QuarterEnd: 1}}, each)
	require.InDelta(t, 0.25, all.EarlyShare(), 1e-12)
	require.InDelta(t, 0.25, all.LateShare(), 1e-12)
	require.InDelta(t, 0.4, all.EndShare(), 1e-12)
	require.Zero(t, Mix{Visits: 2, Unknown: 2}.EarlyShare())
}

// Every promised visit is counted in one place.
func TestPromisesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		today := slot.MustDate("2027-06-15")
		var list []Promise
		for range rapid.IntRange(0, 30).Draw(t, "promises") {
			p := promised(today.Add(rapid.IntRange(-99, 99).Draw(t, "day")).String(), rapid.SampledFrom(visit.States()).Draw(t, "state"))
			if rapid.Bool().Draw(t, "moved") {
				p = moved(p, today.Add(rapid.IntRange(-99, 99).Draw(t, "to")).String(), rapid.SampledFrom([]visit.Code{"", visit.ByCustomer, visit.NoTravel}).Draw(t, "code"))
			}
			list = append(list, p)
		}
		k := KeepCount(list, today)
		if k.Held+k.Ahead+k.Silent+k.MovedByUs+k.MovedByCustomer+k.Dropped != len(list) || k.DroppedByCustomer > k.Dropped || k.Share() < 0 || k.Share() > 1 {
			t.Fatalf("%+v of %d", k, len(list))
		}
	})
}
