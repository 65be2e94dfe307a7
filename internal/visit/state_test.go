package visit

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/fault"
	"windshield/internal/slot"
)

func TestLife(t *testing.T) {
	may := map[State][]State{
		Proposed: {Published, Cancelled}, Published: {Agreed, Held, NoShow, Declined, Cancelled}, Agreed: {Confirmed, Held, NoShow, Declined, Cancelled},
		Confirmed: {Held, NoShow, Declined, Cancelled}, Held: {Debriefed, NoShow}, Debriefed: {NoShow}, NoShow: {Held}, Declined: {Cancelled}, Cancelled: nil,
	}
	require.Len(t, States(), len(may))
	for from, allowed := range may {
		for _, to := range States() {
			v := Visit{State: from, Code: OtherReason}
			err := v.Become(to, "because")
			if slices.Contains(allowed, to) {
				require.NoError(t, err, "%s to %s", from, to)
				require.Equal(t, Visit{State: to, Reason: "because", Unsaved: []Step{{From: from, To: to, Words: "because"}}}, v)
				continue
			}
			require.True(t, fault.Is(err, fault.Conflict), "%s to %s", from, to)
			require.Equal(t, Visit{State: from, Code: OtherReason}, v)
		}
	}
}

func TestWhatAStateMeans(t *testing.T) {
	for s, want := range map[State][5]bool{ // live, happened, stands, open, promised
		Proposed: {false, false, true, true, false}, Published: {true, false, true, true, false}, Agreed: {true, false, true, true, true},
		Confirmed: {true, false, true, true, true}, Held: {false, true, true, false, false}, Debriefed: {false, true, true, false, false},
		NoShow: {}, Declined: {}, Cancelled: {},
	} {
		require.Equal(t, want, [5]bool{s.Live(), s.Happened(), s.Stands(), s.Open(), s.Promised()}, s)
		require.Equal(t, s.Live(), slices.Contains(LiveStates(), s), s)
		require.Equal(t, s.Live() || s.Happened() || s == NoShow, slices.Contains(Told(), s), s)
	}
}

// placed gives a visit that stands in a state.
func placed(t require.TestingT, s State) Visit {
	v := Visit{}
	require.NoError(t, v.Place("e1", slot.Slot{Date: slot.MustDate("2027-03-04"), Half: slot.AM}, "Europe/Zurich"))
	v.State = s
	return v
}

func TestAMoveAsksTheCustomerAgain(t *testing.T) {
	day := slot.Slot{Date: slot.MustDate("2027-03-05"), Half: slot.AM}
	for _, c := range []struct {
		name     string
		move     func(*Visit) error
		from, to State
	}{
		{"another day of a hold", func(v *Visit) error { return v.Place("e1", day, v.Zone) }, Published, Published},
		{"another day", func(v *Visit) error { return v.Place("e1", day, v.Zone) }, Agreed, Published},
		{"another day", func(v *Visit) error { return v.Place("e1", day, v.Zone) }, Confirmed, Published},
		{"another executive", func(v *Visit) error { return v.Place("e2", v.Slot, v.Zone) }, Confirmed, Published},
		{"an hour later", func(v *Visit) error { return v.PlaceAt("e1", v.Slot, "10:00", "12:00", v.Zone) }, Agreed, Agreed},
		{"an hour later", func(v *Visit) error { return v.PlaceAt("e1", v.Slot, "10:00", "12:00", v.Zone) }, Confirmed, Agreed},
	} {
		v := placed(t, c.from)
		was := v.Spot()
		require.NoError(t, c.move(&v), c.name)
		require.Equal(t, c.to, v.State, c.name)
		require.Equal(t, []Step{{From: c.from, To: c.to, Was: was, Is: v.Spot()}}, v.Unsaved, c.name)
		require.True(t, v.Unsaved[0].Moved())
	}
	for _, s := range []State{Proposed, Held, NoShow, Declined, Cancelled} {
		v := placed(t, s)
		require.NoError(t, v.Place("e1", day, v.Zone))
		require.Empty(t, v.Unsaved, "a visit that does not stand cannot move")
		require.Equal(t, s, v.State)
	}
	v := placed(t, Confirmed)
	require.NoError(t, v.Place("e1", v.Slot, v.Zone))
	require.Equal(t, Confirmed, v.State, "where it stands already is no move")
	v.Reopen("a new agenda")
	require.Equal(t, Agreed, v.State)
	v.Reopen("again")
	require.Len(t, v.Unsaved, 1)
}

func TestUndo(t *testing.T) {
	v := placed(t, Agreed)
	before := v
	require.NoError(t, v.Place("e2", slot.Slot{Date: slot.MustDate("2027-03-05"), Half: slot.PM}, v.Zone))
	step := v.Unsaved[0]
	v.Unsaved = nil
	require.NoError(t, v.Undo(step))
	back := v
	back.Unsaved = nil
	require.Equal(t, before, back, "place and state are as they were")
	require.Equal(t, []Step{{From: Published, To: Agreed, Was: step.Is, Is: step.Was, Undone: true}}, v.Unsaved)
	require.ErrorContains(t, v.Undo(v.Unsaved[0]), "taken back already")

	v = placed(t, Confirmed)
	v.Answer = Accepted
	require.NoError(t, v.Become(Declined, "ill"))
	v.BecauseOf(NoExecutive)
	v.Answer = Refused
	require.Equal(t, NoExecutive, v.Unsaved[0].Code)
	require.NoError(t, v.Undo(v.Unsaved[0]))
	require.Equal(t, Agreed, v.State, "only the customer makes a visit ready")
	require.Equal(t, NoAnswer, v.Answer)
	require.Empty(t, v.Code)

	for why, s := range map[string]Step{
		"Cancel the visit instead":  {From: Proposed, To: Published},
		"not ours to take back":     {From: Agreed, To: Confirmed},
		"no longer stands where":    {From: Published, To: Cancelled},
		"its last step brought it.": {From: Agreed, To: Published, Was: Spot{ExecutiveID: "e3"}, Is: Spot{ExecutiveID: "e4"}},
	} {
		v := placed(t, Published)
		require.ErrorContains(t, v.Undo(s), why)
	}
}

// Whatever we do, a visit becomes ready only by the step that the customer takes;
// and every change is in the history.
func TestOnlyTheCustomerMakesAVisitReady(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		v := placed(r, Proposed)
		at := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
		for range rapid.IntRange(1, 12).Draw(r, "acts") {
			was, n := v, len(v.Unsaved)
			switch rapid.IntRange(0, 3).Draw(r, "act") {
			case 0:
				to := rapid.SampledFrom(States()).Draw(r, "to")
				if to != Confirmed {
					_ = v.Become(to, "because")
				} else if v.Become(to, "") == nil {
					v.Sign("customer", at)
				}
			case 1:
				s := slot.Slot{Date: slot.MustDate("2027-03-01").Add(rapid.IntRange(0, 3).Draw(r, "day")), Half: slot.AM}
				require.NoError(r, v.Place(rapid.SampledFrom([]string{"e1", "e2"}).Draw(r, "who"), s, v.Zone))
			case 2:
				if n > 0 {
					_ = v.Undo(v.Unsaved[n-1])
				}
			case 3:
				v.Reopen("a new agenda")
			}
			v.Sign("us", at)
			if v.State != was.State || v.State.Live() && v.Spot() != was.Spot() {
				require.Len(r, v.Unsaved, n+1)
				last := v.Unsaved[n]
				require.Equal(r, was.State, last.From)
				require.Equal(r, v.State, last.To)
				require.Equal(r, v.State == Confirmed, last.By == "customer")
			}
		}
	})
}

func TestCodes(t *testing.T) {
	for _, s := range States() {
		codes := Codes(s)
		require.Equal(t, s == Declined || s == Cancelled || s == NoShow, len(codes) > 0)
		for _, c := range codes {
			got, err := ParseCode(s, string(c))
			require.NoError(t, err)
			require.Equal(t, c, got)
		}
	}
	for _, bad := range []string{"", "calendar", "plan_changed", "Customer", "x\x00"} {
		_, err := ParseCode(Cancelled, bad)
		require.True(t, fault.Is(err, fault.Invalid), bad)
	}
}
