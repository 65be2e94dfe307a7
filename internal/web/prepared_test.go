package web

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Who reads a brief sees what is there, and in one sentence what is not; who prepares it
// sees the empty places.
func TestABriefThatIsNotPrepared(t *testing.T) {
	on := slot.MakeDate(2027, 3, 4)
	page := func(change func(*visit.Ready, *briefModel), today slot.Date) string {
		r := visit.Ready{Slot: slot.Slot{Date: on, Half: slot.AM}, State: visit.Published}
		m := briefModel{}
		m.Customer.Name, m.Host.Name, m.Visit.State, m.Visit.Slot = "Acme", "Kim <b>", visit.Published, r.Slot
		change(&r, &m)
		m.Steps, m.Missing = r.Steps(today), r.Missing()
		var b strings.Builder
		require.NoError(t, briefPage(frame{}, m).Render(context.Background(), &b))
		require.NotContains(t, b.String(), "<b>Kim")
		require.NotContains(t, b.String(), "Kim <b>")
		return b.String()
	}
	none := func(*visit.Ready, *briefModel) {}
	text := page(none, on.Add(-20))
	require.Contains(t, text, "This brief is not prepared yet. Kim &lt;b&gt; prepares it until Tue 2 Mar 2027.")
	require.Equal(t, 1, strings.Count(text, "<section"), "only who is there")
	require.NotContains(t, text, `class="empty"`)
	require.Contains(t, page(none, on), "Kim &lt;b&gt; was to prepare it until Tue 2 Mar 2027.")
	require.Contains(t, page(func(_ *visit.Ready, m *briefModel) { m.Host = roster.Person{} }, on), "Nobody hosts this visit: the VP of Sales decides who does.")
	text = page(func(r *visit.Ready, m *briefModel) {
		r.Ours, r.Asks, r.People, m.Visit.Objective = true, true, true, "A pilot"
		m.Stage = visit.UsualBuying().Stages[2]
	}, on.Add(-20))
	require.Contains(t, text, "Still missing: the customer’s objective and an agenda.")
	require.Contains(t, text, "A pilot")
	require.Contains(t, text, "Buying stage: <b>Research</b>, early")
	require.NotContains(t, text, "What the customer wants")
	require.NotContains(t, page(func(r *visit.Ready, _ *briefModel) { r.Over = true }, on.Add(1)), "prepare", "nothing comes any more")
	text = page(func(_ *visit.Ready, m *briefModel) { m.MayEdit, m.MayAsk = true, true }, on.Add(-20))
	require.NotContains(t, text, "not prepared yet")
	require.Equal(t, 8, strings.Count(text, `class="empty"`)+strings.Count(text, "Not agreed with the customer."), "every place to fill in")
	text = page(func(_ *visit.Ready, m *briefModel) { m.MayAsk = true }, on.Add(-20))
	require.Contains(t, text, "A question to ask")
}

func TestOverdueStepsStandOnTheVisit(t *testing.T) {
	on := slot.MakeDate(2027, 3, 4)
	r := visit.Ready{Slot: slot.Slot{Date: on, Half: slot.AM}, State: visit.Published}
	for days, says := range map[int]string{-15: "", -14: "", -13: "1 step is 1 day overdue", -10: "1 step is 4 days overdue", -8: "2 steps are overdue, the first of them 6 days"} {
		require.Equal(t, says, lateSteps(context.Background(), r.Steps(on.Add(days))), days)
	}
	card := func(m visitModel) string {
		m.Steps, m.Next, m.Visit.ID = r.Steps(on.Add(-8)), flow.TodoObjective, "v1"
		var b strings.Builder
		require.NoError(t, prepCard(m).Render(context.Background(), &b))
		return b.String()
	}
	mine := visitModel{}
	mine.MayAgree = true
	require.Contains(t, card(mine), `href="/visits/v1/agenda">Agree the objective</a>`)
	theirs := visitModel{}
	theirs.Host.Name = "Kim"
	require.Contains(t, card(theirs), "Kim prepares this visit.")
	require.NotContains(t, card(theirs), "href")
}
