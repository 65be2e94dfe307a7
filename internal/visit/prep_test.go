package visit

import (
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/slot"
)

func TestSteps(t *testing.T) {
	on := slot.MustDate("2027-03-20")
	r := Ready{VisitID: "v", Slot: slot.Slot{Date: on, Half: slot.AM}, State: Published}
	lates := func(r Ready, today slot.Date) (out []int) {
		for _, s := range r.Steps(today) {
			out = append(out, s.Late)
		}
		return out
	}
	require.Equal(t, []int{0, 0, 0, 0, 0}, lates(r, on.Add(-14)), "due today is not late")
	require.Equal(t, []int{13, 9, 6, 1, 0}, lates(r, on.Add(-1)), "no memo is due before the visit")
	require.Equal(t, 13, MostLate(r.Steps(on.Add(-1))))
	full := Ready{Slot: r.Slot, State: Confirmed, Ours: true, Theirs: true, Agenda: true, Asks: true, People: true}
	require.Equal(t, []int{0, 0, 0, 0, 0}, lates(full, on))
	require.Empty(t, full.Missing())
	full.State = Agreed
	require.Equal(t, []int{0, 10, 7, 0, 0}, lates(full, on), "nobody has agreed to the agenda")
	full.AgendaBy = "Ms Li"
	require.Equal(t, []int{0, 0, 7, 0, 0}, lates(full, on))
	full.State, full.Over = Debriefed, true
	require.Equal(t, []int{0, 0, 0, 0, 4}, lates(full, on.Add(7)), "only the memo is due afterwards")
	require.False(t, full.Steps(on)[2].Done)
	full.Sure, full.MemoSent = true, true
	require.True(t, full.Steps(on)[2].Done)
	require.Equal(t, []int{0, 0, 0, 0, 0}, lates(full, on.Add(30)))
	require.Equal(t, []string{"our objective", "the customer’s objective", "an agenda", "a question to ask", "who comes from the customer"}, r.Missing())
	missed := Ready{Slot: r.Slot, State: Published, Over: true}
	require.Equal(t, []int{0, 0, 0, 0, 2}, lates(missed, on.Add(5)), "nobody has said yet whether it was held")
}

func TestAgendaTimes(t *testing.T) {
	day := func(all ...string) (out []AgendaItem) {
		for _, at := range all {
			out = append(out, AgendaItem{At: at, What: "x"})
		}
		return out
	}
	for _, c := range []struct {
		items    []AgendaItem
		at       int
		expected string
	}{
		{nil, 0, ""},
		{day("09:00", "", "10:30", "11:59"), 0, ""},
		{day("08:59"), 0, "a time within the visit, from 09:00 to 12:00"},
		{day("09:00", "12:00"), 1, "a time within the visit, from 09:00 to 12:00"},
		{day("10:00", "", "09:30"), 2, "a time after the point before, which is at 10:00"},
		{day("10:00", "10:00"), 1, "a time after the point before, which is at 10:00"},
	} {
		at, expected := AgendaFault(c.items, "09:00", "12:00")
		require.Equal(t, c.expected, expected)
		require.Equal(t, c.at, at)
	}
	_, none := AgendaFault(day("23:00"), "", "")
	require.Empty(t, none, "where the hours of the visit are not known")
	require.Equal(t, []int{30, 60, 90}, AgendaMinutes(day("09:00", "09:30", "10:30"), "12:00"))
	require.Equal(t, []int{0, 0, 90, 0}, AgendaMinutes(day("09:00", "", "09:30", "11:00"), ""), "nobody knows how long a point without a time takes")
	require.Equal(t, []int{0}, AgendaMinutes(day("13:00"), "12:00"))
}
