package insight

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/fault"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// debriefed gives a debrief with something in every field.
func debriefed() Debrief {
	on := today.Add(-1)
	word := func(about About, text string) Statement {
		return Statement{ID: text, CustomerID: "c", VisitID: "v", Source: Said, By: "Ms Li", HeardBy: "ana", On: on, About: about, Text: text, Side: Neither}
	}
	guess := but(word(Obstacles, "Their CFO is against it."), func(s *Statement) { s.Source, s.By = Guessed, "" })
	return Debrief{VisitID: "v", CustomerID: "c", On: on, Held: true, Kind: visit.AtCustomer, WithHost: true,
		Present: []Attendee{{Us, "ana", "Ana Castro", "CEO"}, {Them, "", "Ms Li", "head of buying"}},
		Ours:    Partly, Theirs: Yes,
		Said:        []Statement{word(Goals, "We want one price list."), word("", "We have grown by half."), guess, word(Obstacles, "Nobody here decides alone.")},
		Questions:   []string{"Does it run\nwithout the network?"},
		Information: []string{"The list of references."},
		Commitments: []Commitment{{Us, "Ben", "a visit of our engineer", on.Add(14)}, {Them, "", "the numbers of last year", 0}},
		NextAction:  "You invite the users.", NextBy: on.Add(20),
		Action: "named_deciders", More: "We could have asked for the budget.", Notes: "The buyer seems to leave soon."}
}

func TestCheckDebrief(t *testing.T) {
	b := visit.UsualBuying()
	require.NoError(t, debriefed().Check(today, b))
	require.NoError(t, Debrief{VisitID: "v", On: today}.Check(today, b), "not held: nothing else is needed")
	require.NoError(t, Debrief{VisitID: "v", On: today, Held: true}.CheckDraft(today, b), "still being written")
	require.Error(t, Debrief{VisitID: "v", On: today, Held: true}.Check(today, b))
	for name, change := range map[string]func(*Debrief){
		"visit":                 func(d *Debrief) { d.VisitID, d.Said = "", nil },
		"on":                    func(d *Debrief) { *d = Debrief{VisitID: "v"} },
		"on ":                   func(d *Debrief) { *d = Debrief{VisitID: "v", On: today.Add(2)} },
		"on  ":                  func(d *Debrief) { *d = Debrief{VisitID: "v", On: slot.MustDate("1900-01-01")} },
		"ours":                  func(d *Debrief) { d.Ours = "" },
		"ours ":                 func(d *Debrief) { d.Ours = NotKnown },
		"theirs":                func(d *Debrief) { d.Theirs = "maybe" },
		"theirs_said":           func(d *Debrief) { d.TheirsSaid = NotKnown },
		"kind":                  func(d *Debrief) { d.Kind = "" },
		"kind ":                 func(d *Debrief) { d.Kind = "lunch" },
		"next_action":           func(d *Debrief) { d.NextAction = " " },
		"next_action ":          func(d *Debrief) { d.NextAction = strings.Repeat("x", MaxText+1) },
		"next_by":               func(d *Debrief) { d.NextBy = 0 },
		"next_by ":              func(d *Debrief) { d.NextBy = d.On.Add(-1) },
		"next_by  ":             func(d *Debrief) { d.NextBy = slot.MustDate("2199-12-31") },
		"more":                  func(d *Debrief) { d.More = "\x00" },
		"notes":                 func(d *Debrief) { d.Notes = strings.Repeat("n", 10<<20) },
		"questions[1]":          func(d *Debrief) { d.Questions = []string{"Why?", " "} },
		"questions":             func(d *Debrief) { d.Questions = make([]string, MaxQuestions+1) },
		"information[0]":        func(d *Debrief) { d.Information = []string{"\xff"} },
		"action":                func(d *Debrief) { d.Action = "offer_sent" },
		"said[0].visit":         func(d *Debrief) { d.Said[0].VisitID = "w" },
		"said[1].by":            func(d *Debrief) { d.Said[1].By = "" },
		"said":                  func(d *Debrief) { d.Said = make([]Statement, MaxSaid+1) },
		"commitments[0].party":  func(d *Debrief) { d.Commitments[0].Party = "both" },
		"commitments[0].who":    func(d *Debrief) { d.Commitments[0].Who = strings.Repeat("x", MaxName+1) },
		"commitments[1].what":   func(d *Debrief) { d.Commitments[1].What = "" },
		"commitments[1].by":     func(d *Debrief) { d.Commitments[1].By = d.On.Add(-1) },
		"commitments":           func(d *Debrief) { d.Commitments = make([]Commitment, MaxCommitments+1) },
		"present[1].name":       func(d *Debrief) { d.Present[1].Name = "" },
		"present[1].role":       func(d *Debrief) { d.Present[1].Role = strings.Repeat("x", MaxName+1) },
		"present[0].party":      func(d *Debrief) { d.Present[0].Party = "" },
		"present":               func(d *Debrief) { d.Present = make([]Attendee, MaxAttendees+1) },
		"commitments[0].what  ": func(d *Debrief) { d.Commitments[0].What = "a\u0007b" },
	} {
		d := debriefed()
		change(&d)
		err := d.Check(today, b)
		require.True(t, fault.Is(err, fault.Invalid), name)
		_, details := fault.Shown(err)
		require.Len(t, details, 1, "%s: %v", name, err)
		require.Equal(t, strings.TrimSpace(name), details[0].Where)
		require.LessOrEqual(t, len(details[0].Value), 400)
	}
}

func TestDidItCount(t *testing.T) {
	d := debriefed()
	require.Equal(t, visit.NoLapse, d.Lapse())
	d.WithHost = false
	require.Equal(t, visit.WithoutHost, d.Lapse())
	d.Kind = visit.TradeShow
	require.Equal(t, visit.AtTradeShow, d.Lapse())
	d.Held = false
	require.Equal(t, visit.NotThere, d.Lapse())
}

func TestGap(t *testing.T) {
	for _, c := range []struct {
		ours, said Met
		steps      int
		known      bool
		words      string
	}{
		{Yes, "", 0, false, ""},
		{Yes, Yes, 0, true, "The customer and we agree: their objective was met."},
		{Yes, No, 2, true, "We thought that their objective was met; the customer says that it was not met."},
		{No, Partly, -1, true, "We thought that their objective was not met; the customer says that it was partly met."},
		{NotKnown, No, 0, false, "The customer says that their objective was not met; we did not know."},
		{"", Partly, 0, false, "The customer says that their objective was partly met; we did not know."},
	} {
		d := Debrief{Theirs: c.ours, TheirsSaid: c.said}
		steps, known := d.Gap()
		require.Equal(t, c.steps, steps)
		require.Equal(t, c.known, known)
		require.Equal(t, c.words, d.GapSentence())
	}
}

func TestDraftMemo(t *testing.T) {
	var got []string
	for _, l := range DraftMemo(debriefed()).Lines {
		require.Equal(t, Silent, l.Reply)
		got = append(got, string(l.About)+" | "+l.Text)
	}
	require.Equal(t, []string{
		"situation | Ms Li: “We have grown by half.”",
		"goals | Ms Li: “We want one price list.”",
		"obstacles | Ms Li: “Nobody here decides alone.”",
		"next_steps | You: You invite the users, by 19 July 2027.",
		"next_steps | We (Ben): a visit of our engineer, by 13 July 2027.",
		"next_steps | You: the numbers of last year.",
		"next_steps | We answer your question: Does it run without the network?",
		"next_steps | We send you: The list of references.",
	}, got)
	require.NoError(t, DraftMemo(debriefed()).Check())
	require.Error(t, Memo{}.Check())
	require.Error(t, Memo{Lines: []Line{{About: "gossip", Text: "x"}}}.Check())
	require.Error(t, Memo{Lines: []Line{{About: Goals}}}.Check())
	require.Error(t, Memo{Lines: make([]Line, MaxLines+1)}.Check())
}

// anyDebrief draws what the customer may see; inner fills in what is ours alone.
func anyDebrief(t *rapid.T) Debrief {
	word := rapid.StringMatching(`[a-z]{1,12}( [a-z]{1,8}){0,4}`)
	d := Debrief{VisitID: "v", CustomerID: "c", On: today, Held: true, NextAction: word.Draw(t, "next"), NextBy: today.Add(rapid.IntRange(0, 99).Draw(t, "by"))}
	for i := range rapid.IntRange(0, 6).Draw(t, "said") {
		d.Said = append(d.Said, Statement{ID: fmt.Sprint(i), CustomerID: "c", VisitID: "v", Source: Said, By: word.Draw(t, "by"), On: today, Text: word.Draw(t, "text"),
			About: rapid.SampledFrom(append(Parts(), "")).Draw(t, "about")})
	}
	for range rapid.IntRange(0, 3).Draw(t, "commitments") {
		d.Commitments = append(d.Commitments, Commitment{Party: rapid.SampledFrom([]Party{Us, Them}).Draw(t, "party"), What: word.Draw(t, "what")})
	}
	d.Questions = rapid.SliceOfN(word, 0, 3).Draw(t, "questions")
	d.Information = rapid.SliceOfN(word, 0, 3).Draw(t, "information")
	return d
}

func inner(t *rapid.T, d Debrief, label string) Debrief {
	secret := func(what string) string {
		return "SECRET" + rapid.StringMatching(`[0-9]{4}`).Draw(t, label+what)
	}
	d.Notes, d.More, d.Action = secret("notes"), secret("more"), secret("action")
	d.Ours = rapid.SampledFrom([]Met{"", Yes, Partly, No}).Draw(t, label+"ours")
	d.Theirs = rapid.SampledFrom([]Met{"", Yes, No, NotKnown}).Draw(t, label+"theirs")
	d.WithHost, d.Kind = rapid.Bool().Draw(t, label+"host"), visit.Online
	d.Present = []Attendee{{Us, secret("id"), secret("name"), secret("role")}}
	said := d.Said
	d.Said = nil
	for _, s := range said {
		for range rapid.IntRange(0, 1).Draw(t, label+"guesses") {
			d.Said = append(d.Said, Statement{ID: secret("gid"), Source: Guessed, Text: secret("guess"), About: rapid.SampledFrom(Parts()).Draw(t, label+"gabout")})
		}
		s.Topic, s.ClaimID, s.Side, s.Asked = secret("topic"), secret("claim"), For, rapid.Bool().Draw(t, label+"asked")
		s.HeardBy = secret("ears")
		d.Said = append(d.Said, s)
	}
	return d
}

// Whatever we keep to ourselves changes nothing of the memo: two debriefs that the
// customer cannot tell apart give one memo.
func TestWhatIsOursNeverEntersTheMemo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := anyDebrief(t)
		one, other := DraftMemo(inner(t, d, "one ")), DraftMemo(inner(t, d, "other "))
		require.Equal(t, one, other)
		if strings.Contains(fmt.Sprintf("%+v", one), "SECRET") {
			t.Fatalf("%+v", one)
		}
		if n := len(d.Said) + len(d.Commitments) + len(d.Questions) + len(d.Information) + 1; n <= MaxLines && len(one.Lines) != n {
			t.Fatalf("%d lines of %d", len(one.Lines), n)
		}
	})
}

func TestReplies(t *testing.T) {
	m := DraftMemo(debriefed())
	require.True(t, fault.Is(m.Answer(0, Confirms, "", today), fault.Conflict), "not sent yet")
	m.Sent = today
	require.NoError(t, m.Answer(0, Confirms, "ignored", today.Add(1)))
	require.NoError(t, m.Answer(1, Corrected, " We want two price lists. ", today.Add(2)))
	require.NoError(t, m.Answer(3, Confirms, "", today.Add(2)))
	for line, kind := range map[int]fault.Kind{-1: fault.NotFound, 99: fault.NotFound} {
		require.True(t, fault.Is(m.Answer(line, Confirms, "", today), kind))
	}
	require.True(t, fault.Is(m.Answer(0, Corrected, "  ", today), fault.Invalid))
	require.True(t, fault.Is(m.Answer(0, Corrected, strings.Repeat("x", MaxText+1), today), fault.Invalid))
	require.True(t, fault.Is(m.Answer(0, "maybe", "", today), fault.Invalid))
	require.True(t, fault.Is(m.Answer(0, Confirms, "", today.Add(-1)), fault.Invalid))
	confirmed, corrected, silent := m.Replies()
	require.Equal(t, []int{2, 1, 5}, []int{confirmed, corrected, silent})

	s, ok := m.Learned(0, "Ms Li", "ana")
	require.True(t, ok)
	require.Equal(t, Statement{CustomerID: "c", VisitID: "v", Source: Said, By: "Ms Li", HeardBy: "ana", On: today.Add(1), About: Situation,
		Text: "Ms Li: “We have grown by half.”", Side: Neither}, s)
	s, _ = m.Learned(1, "Ms Li", "ana")
	require.Equal(t, "We want two price lists.", s.Text)
	require.Equal(t, Said, s.Source)
	s, ok = m.Learned(2, "Ms Li", "ana")
	require.True(t, ok)
	require.Equal(t, Guessed, s.Source, "silent stays a guess")
	require.Empty(t, s.By)
	require.NoError(t, s.Check(today))
	_, ok = m.Learned(3, "Ms Li", "ana")
	require.False(t, ok, "a next step is a promise")
	_, ok = m.Learned(-1, "", "")
	require.False(t, ok)

	require.NoError(t, m.Answer(0, Silent, "", today.Add(3)))
	require.Equal(t, []Replied{{Reply: Confirms, On: today.Add(1)}}, m.Lines[0].Earlier, "what they said before they thought again")
	m.Lines[0].Earlier = nil
	require.Equal(t, Line{About: Situation, Text: m.Lines[0].Text, StatementID: "We have grown by half.", Reply: Silent}, m.Lines[0])
	require.NoError(t, m.Answer(1, Confirms, "", today.Add(3)))
	require.Empty(t, m.Lines[1].Correction)
}
