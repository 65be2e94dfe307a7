package testkit_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/mail"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

// decisionsAreTold shows that who may decide about a visit hears of it, once, as they
// have chosen: here its host wants no mail about it.
func decisionsAreTold(t *testing.T, h *House, v visit.Visit) {
	t.Helper()
	host := h.Person(v.HostID).Email
	off := []client.MailWish{{Kind: "decide", Wish: "off"}}
	r, err := h.API(host).SetNoticePreferencesWithResponse(context.Background(), &client.SetNoticePreferencesParams{IfMatch: `"0"`}, client.NoticePreferencesRequest{Digest: "none", Mail: &off})
	ok(t, r, err)
	anyHour, err := h.API(VP).SetNoticePreferencesWithResponse(context.Background(), &client.SetNoticePreferencesParams{IfMatch: `"0"`}, client.NoticePreferencesRequest{Digest: "none"})
	ok(t, anyHour, err)
	for range 2 { // the second look has nothing to add
		h.Notices()
	}
	mails := func(to string) int {
		return len(slices.DeleteFunc(h.Inbox(to), func(m mail.Caught) bool {
			return m.Subject != "A visit needs a decision" || !strings.Contains(m.Text, "/visits/"+v.ID) || !strings.Contains(m.Text, "put back once already")
		}))
	}
	require.Equal(t, []int{1, 0}, []int{mails(VP), mails(host)})
	for _, who := range []string{VP, host} {
		status, page := h.Get(h.As(who), "/me/notices")
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, 1, strings.Count(page, "A visit needs a decision"), who)
	}
}
