package insight

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/fault"
	"windshield/internal/slot"
)

func opened(kind LoopKind) Loop {
	return Loop{ID: "l", CustomerID: "c", VisitID: "v", Kind: kind, Text: "Does it run without the network?", OwnerID: "host", Opened: today}
}

func TestLifeOfALoop(t *testing.T) {
	l := opened(CustomerAsk)
	step := func(state LoopState, what string, until slot.Date) {
		t.Helper()
		require.Equal(t, state, l.State())
		gotWhat, gotUntil := l.NextStep()
		require.Equal(t, what, gotWhat)
		require.Equal(t, until, gotUntil)
		if !until.IsZero() {
			require.Equal(t, 0, l.Overdue(until))
			require.Equal(t, 1, l.Overdue(until.Add(1)))
		}
	}
	step(LoopOpen, "Tell the customer that we are at it", today.Add(2))
	require.True(t, fault.Is(l.Confirm(today, "Ms Li"), fault.Conflict), "nothing was answered")
	require.True(t, fault.Is(l.Reopen(today), fault.Conflict))
	require.True(t, fault.Is(l.Acknowledge(today.Add(-1)), fault.Invalid))
	require.NoError(t, l.Acknowledge(today.Add(1)))
	require.NoError(t, l.Acknowledge(today.Add(2)))
	require.Equal(t, today.Add(1), l.Acknowledged)
	step(LoopAcknowledged, "Answer the question", today.Add(14))
	require.True(t, fault.Is(l.Answer(today), fault.Invalid), "before it was acknowledged")
	require.NoError(t, l.Answer(today.Add(3)))
	step(LoopAnswered, "Ask the customer whether this answered it", today.Add(17))
	for _, by := range []string{"", " ", strings.Repeat("x", MaxName+1), "\x00"} {
		require.True(t, fault.Is(l.Confirm(today.Add(4), by), fault.Invalid), "our own word closes nothing")
	}
	require.True(t, fault.Is(l.Confirm(today.Add(2), "Ms Li"), fault.Invalid))
	require.NoError(t, l.Reopen(today.Add(20)))
	require.Equal(t, 1, l.Reopened)
	step(LoopAcknowledged, "Answer the question", today.Add(34))
	require.NoError(t, l.Answer(today.Add(21)))
	require.NoError(t, l.Confirm(today.Add(22), "Ms Li"))
	step(LoopClosed, "", 0)
	require.Zero(t, l.Overdue(today.Add(1000)))
	for _, err := range []error{l.Acknowledge(today.Add(30)), l.Answer(today.Add(30)), l.Confirm(today.Add(30), "Mr Diaz")} {
		require.True(t, fault.Is(err, fault.Conflict))
	}
	require.NoError(t, l.Reopen(today.Add(30)), "the customer may think again")
	require.Equal(t, LoopAcknowledged, l.State())
}

func TestDueDays(t *testing.T) {
	l := opened(Promise)
	l.Due = today.Add(1)
	_, until := l.NextStep()
	require.Equal(t, today.Add(1), until, "a promise for tomorrow is not acknowledged in two days")
	require.NoError(t, l.Answer(today))
	require.Equal(t, today, l.Acknowledged)
	l = opened(Promise)
	l.Due = today.Add(100)
	require.NoError(t, l.Acknowledge(today))
	what, until := l.NextStep()
	require.Equal(t, "Keep the promise", what)
	require.Equal(t, today.Add(100), until)
	l = opened(Information)
	require.NoError(t, l.Acknowledge(today))
	what, _ = l.NextStep()
	require.Equal(t, "Send it", what)
}

func TestCheckLoop(t *testing.T) {
	require.NoError(t, opened(Promise).Check(today))
	for name, change := range map[string]func(*Loop){
		"customer": func(l *Loop) { l.CustomerID = "" },
		"owner":    func(l *Loop) { l.OwnerID = "" },
		"kind":     func(l *Loop) { l.Kind = "rumour" },
		"text":     func(l *Loop) { l.Text = " " },
		"text ":    func(l *Loop) { l.Text = strings.Repeat("x", MaxText+1) },
		"opened":   func(l *Loop) { l.Opened = today.Add(2) },
		"due":      func(l *Loop) { l.Due = today.Add(-1) },
		"due ":     func(l *Loop) { l.Due = slot.MustDate("2199-12-31") },
	} {
		l := opened(Promise)
		change(&l)
		_, details := fault.Shown(l.Check(today))
		require.Len(t, details, 1, name)
		require.Equal(t, strings.TrimSpace(name), details[0].Where)
	}
}

func TestLoopsOfADebrief(t *testing.T) {
	d := debriefed()
	got := Loops(d, "host")
	require.Len(t, got, 3, "the customer's promise is not ours to keep")
	require.Equal(t, Loop{CustomerID: "c", VisitID: "v", Kind: Promise, Text: "a visit of our engineer", OwnerID: "host", Opened: d.On, Due: d.On.Add(14), Acknowledged: d.On}, got[0])
	require.Equal(t, []LoopKind{Promise, CustomerAsk, Information}, []LoopKind{got[0].Kind, got[1].Kind, got[2].Kind})
	for _, l := range got {
		require.NoError(t, l.Check(today))
	}
}

func TestUrgent(t *testing.T) {
	a, b, c, done := opened(Promise), opened(Promise), opened(Promise), opened(Promise)
	a.ID, b.ID, c.ID = "a", "b", "c"
	b.Opened, c.Opened = today.Add(-10), today.Add(-1)
	done.Answered, done.Confirmed = today, today
	list := []Loop{a, done, c, b}
	var order string
	for _, l := range Urgent(list, today) {
		order += l.ID
	}
	require.Equal(t, "bca", order)
	require.Equal(t, "3 are open with customers, 1 late.", LoopSentence(list, today))
	require.Equal(t, "1 is open with customers, none late.", LoopSentence([]Loop{a}, today))
	require.Equal(t, "Nothing is open with customers.", LoopSentence([]Loop{done}, today))
}

// Whatever happens in whatever order, a loop is closed only by a named customer
// after an answer, and its days stand in order.
func TestOnlyTheCustomerClosesALoop(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := opened(rapid.SampledFrom([]LoopKind{Information, CustomerAsk, Promise}).Draw(t, "kind"))
		day := today
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			day = day.Add(rapid.IntRange(-2, 6).Draw(t, "days"))
			was := l
			var err error
			by := rapid.SampledFrom([]string{"Ms Li", ""}).Draw(t, "by")
			act := rapid.IntRange(0, 3).Draw(t, "act")
			switch act {
			case 0:
				err = l.Acknowledge(day)
			case 1:
				err = l.Answer(day)
			case 2:
				err = l.Confirm(day, by)
			default:
				err = l.Reopen(day)
			}
			if err != nil && l != was {
				t.Fatalf("refused, and changed: %+v", l)
			}
			if l.State() == LoopClosed && (l.ConfirmedBy == "" || l.Answered.IsZero() || was.State() != LoopClosed && (act != 2 || by == "")) {
				t.Fatalf("closed without the customer: %+v", l)
			}
			if !l.Acknowledged.IsZero() && l.Acknowledged < l.Opened || !l.Answered.IsZero() && l.Answered < l.Acknowledged || !l.Confirmed.IsZero() && l.Confirmed < l.Answered {
				t.Fatalf("days out of order: %+v", l)
			}
			if what, until := l.NextStep(); (what == "") != (l.State() == LoopClosed) || (until.IsZero() != (what == "")) {
				t.Fatalf("%q until %s: %+v", what, until, l)
			}
		}
	})
}
