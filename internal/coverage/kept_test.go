package coverage

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/locale"
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
	list := []Promise{
		promised("2027-03-01", visit.Held), promised("2027-03-02", visit.Debriefed), promised("2027-06-14", visit.Published),
		promised("2027-06-15", visit.Confirmed), promised("2027-09-15", visit.Agreed), promised("2027-04-01", visit.NoShow), gone, off, other, undone,
		moved(promised("2027-03-04", visit.Held), "2027-03-08", visit.ByCustomer), moved(promised("2027-08-04", visit.Published), "2027-09-08"),
	}
	for i := range list {
		list[i].Today = today
	}
	k := KeepCount(list)
	require.Equal(t, Kept{Promised: 12, Held: 2, Ahead: 2, Silent: 1, MovedByUs: 2, MovedByCustomer: 2, Dropped: 3, DroppedByCustomer: 1}, k)
	require.InDelta(t, 0.2, k.Share(), 1e-12)
	require.Equal(t, "Of 12 promised visits 2 were held as promised, 2 still ahead, 2 moved by us, 2 moved by customers, 3 dropped, 1 of which nobody has said whether it was held.", k.Sentence(locale.Style{}))
	require.Equal(t, 1.0, Kept{Promised: 3, Ahead: 3}.Share())
	require.Equal(t, "No visits were promised.", Kept{}.Sentence(locale.Style{}))
	require.Equal(t, "Of 1 promised visit 1 was held as promised.", Kept{Promised: 1, Held: 1}.Sentence(locale.Style{}))
}

// A move of ours that people follow by one there and one back in the calendar, and that
// is then taken back: what was before it holds again, not the half of what they did.
func TestWhoMovedIsWhoWasNotTakenBack(t *testing.T) {
	spot := func(date string) visit.Spot {
		return visit.Spot{ExecutiveID: "ana", Slot: slot.Slot{Date: slot.MustDate(date), Half: slot.AM}}
	}
	promise, a, b, c := spot("2027-03-01"), spot("2027-04-01"), spot("2027-04-02"), spot("2027-04-03")
	asked := visit.Step{Code: visit.NoTravel, Was: promise, Is: a}
	out, there, back := visit.Step{Code: visit.PlanChanged, Was: a, Is: b}, visit.Step{Code: visit.ByCustomer, Was: b, Is: c}, visit.Step{Code: visit.ByCustomer, Was: c, Is: b}
	undone := visit.Step{Code: visit.PlanChanged, Was: b, Is: a, Undone: true}
	for _, x := range []struct {
		code  visit.Code
		steps []visit.Step
	}{
		{visit.NoTravel, []visit.Step{asked, out, there, back, undone}},
		{visit.ByCustomer, []visit.Step{asked, out, there, back}},
		{"", []visit.Step{out, there, back, undone}},
		{visit.PlanChanged, []visit.Step{there, back, undone}}, // it takes back a move of before the promise
		{visit.NoTravel, []visit.Step{asked, out, undone, out, undone}},
		{visit.PlanChanged, []visit.Step{asked, out, undone, out}},
	} {
		require.Equal(t, x.code, (&Promise{Steps: x.steps}).movedBy(), x.steps)
	}
}

// Whatever is moved there, back and taken back, who has moved a visit is whoever made the
// newest move that is still in force, in a model that knows which move each undo means.
func TestWhoMovedInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type move struct {
			was, is visit.Spot
			code    visit.Code
			dead    bool
		}
		place := rapid.Custom(func(t *rapid.T) visit.Spot {
			return visit.Spot{ExecutiveID: rapid.SampledFrom([]string{"ana", "ben"}).Draw(t, "who"), Slot: slot.Slot{Date: slot.MustDate("2027-03-01").Add(rapid.IntRange(0, 1).Draw(t, "day")), Half: slot.AM}}
		})
		var moves []*move
		var steps []visit.Step
		at := place.Draw(t, "promised")
		for n := range rapid.IntRange(0, 20).Draw(t, "moves") {
			if rapid.Bool().Draw(t, "undo") { // the newest move in force that led here
				for i := len(moves) - 1; i >= 0; i-- {
					m := moves[i]
					if m.dead || m.is != at {
						continue
					}
					steps = append(steps, visit.Step{Was: m.is, Is: m.was, Undone: true})
					at = m.was
					for _, later := range moves[i:] {
						later.dead = true
					}
					break
				}
				continue
			}
			to := place.Draw(t, "to")
			code := visit.Code(rune('a' + n))
			steps = append(steps, visit.Step{Was: at, Is: to, Code: code})
			if to != at {
				moves = append(moves, &move{was: at, is: to, code: code})
			}
			at = to
		}
		want := visit.Code("")
		for _, m := range moves {
			if !m.dead {
				want = m.code
			}
		}
		if got := (&Promise{Steps: steps}).movedBy(); got != want {
			t.Fatalf("%q, not %q: %+v", got, want, steps)
		}
	})
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
	require.InDelta(t, 0.4, all.EndShare(), 1e-12)
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
			p.Today = today
			list = append(list, p)
		}
		k := KeepCount(list)
		if k.Held+k.Ahead+k.Silent+k.MovedByUs+k.MovedByCustomer+k.Dropped != len(list) || k.DroppedByCustomer > k.Dropped || k.Share() < 0 || k.Share() > 1 {
			t.Fatalf("%+v of %d", k, len(list))
		}
	})
}
