package notify

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/roster"
	"windshield/internal/slot"
)

func TestDraftsToTheCustomer(t *testing.T) {
	o := Outward{To: roster.Contact{Name: "Eva\r\nBcc: x", Email: "eva@a.example"}, Host: roster.Person{Name: "Hugo", Phone: "+41 1", Email: "hugo@us.example"}, Executive: "Ada", Customer: "Alpine", When: "Thu 4 March 2027, morning",
		On: slot.MustDate("2027-03-04"), Theirs: "See how others run it", Agenda: []MemoLine{{Part: "09:30", Text: "Plant tour"}, {Text: "Lunch"}}}
	for name, m := range map[string]Message{"objective": DraftObjective(o), "agenda": DraftAgenda(o), "confirm": DraftConfirm(o, false), "again": DraftConfirm(o, true), "thanks": DraftThanks(o)} {
		m.ID = "x@y"
		require.NoError(t, m.Check(), name)
		require.Contains(t, m.Text, "Hugo\n+41 1\nhugo@us.example\n", name)
		require.NotContains(t, m.ToName+m.Subject, "\n", name)
	}
	require.Contains(t, DraftAgenda(o).Text, "- 09:30 Plant tour\n- Lunch\n")
	require.Contains(t, DraftConfirm(o, true).Text, "changed something")
	require.Contains(t, DraftThanks(o).Text, MemoHere)

	require.Equal(t, "a https://x b", Fill("a [link] b", "https://x", nil))
	require.Equal(t, "a\n\nhttps://x\n", Fill("a\n", "https://x", nil), "without the link nobody could answer")
	require.Equal(t, "Goals\n- One list\nhttps://x", Fill("[memo]\n[link]", "https://x", []MemoLine{{Part: "Goals", Text: "One list"}}))
	require.Equal(t, "no link", Fill("no link", "", nil))
}

func TestMailTo(t *testing.T) {
	got := MailTo("o'neil+x&y=?@a.example", "A & B?", "line one\nline + two\r\n“ä”")
	require.True(t, strings.HasPrefix(got, "mailto:"), got)
	require.NotContains(t, got, "+two")
	u, err := url.Parse(got)
	require.NoError(t, err)
	address, err := url.PathUnescape(u.Opaque)
	require.NoError(t, err)
	require.Equal(t, "o'neil+x&y=?@a.example", address)
	require.Equal(t, "A & B?", u.Query().Get("subject"))
	require.Equal(t, "line one\r\nline + two\r\n“ä”", u.Query().Get("body"))
	require.Equal(t, 1, strings.Count(got, "?"))
	require.Equal(t, 1, strings.Count(got, "&"))
}
