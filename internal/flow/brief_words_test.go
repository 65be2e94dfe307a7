package flow

import (
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/insight"
	"windshield/internal/locale"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// What was proposed to one reader and taken into the brief is not proposed again to another
// who reads dates otherwise, nor after the visit has moved to another year.
func TestAQuestionIsProposedOnceToAllReaders(t *testing.T) {
	said := insight.Statement{ID: "s", CustomerID: "c", Source: insight.Said, By: "Eva Lind", Text: "We said on Monday: “never”.", On: slot.MustDate("2026-02-03")}
	checked := said
	checked.Checked = slot.MustDate("2026-03-04")
	guess := said
	guess.Source = insight.Guessed
	other := said
	other.Text = "Another thing."
	ask := func(s insight.Statement, tag, on string) insight.Question {
		q := insight.Recheck(locale.Of(tag), "c", []insight.Statement{s}, slot.MustDate(on), 90)
		require.Len(t, q, 1)
		return q[0]
	}
	for _, s := range []insight.Statement{said, checked, guess} {
		ours, theirs := ask(s, "en-GB", "2026-11-20"), ask(s, "en-US", "2027-01-10")
		require.True(t, asked([]visit.Ask{{Text: "When?"}, {Text: theirs.Text}}, ours))
		require.False(t, asked([]visit.Ask{{Text: theirs.Text}}, ask(other, "en-GB", "2026-11-20")))
	}
	require.False(t, asked(nil, ask(said, "en-GB", "2026-11-20")))
}
