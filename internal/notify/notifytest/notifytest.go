// Package notifytest is the conformance suite of the Notifier port: every
// implementation runs it against its real far end.
package notifytest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/notify"
)

// Patience is how long a step that should succeed may take.
const Patience = 20 * time.Second

// Far is the far end of a channel, as a test drives and reads it.
type Far interface {
	// Taken gives the messages that have arrived, oldest first, once there are
	// at least n; ctx ends the wait with its error.
	Taken(ctx context.Context, n int) ([]notify.Message, error)
	// Later makes the next message be answered with "try again later".
	Later()
	// Never makes the next message be refused for good.
	Never()
	// Hang makes the next message get no answer at all.
	Hang()
	// Lose makes the next message arrive, but its confirmation get lost.
	Lose()
	// Stop takes the far end away.
	Stop()
}

// Run runs the suite; open gives a notifier with a fresh far end. carries empties
// those fields of a message that the channel has no place for; id, to, subject and
// text it must leave.
func Run(t *testing.T, open func(t *testing.T) (notify.Notifier, Far), carries func(notify.Message) notify.Message) {
	message := carries(notify.Message{ID: "4f1c@windshield.example.com", To: "ana@example.com", ToName: "Ana Castro",
		Subject: "Your last customer visit was 31 days ago", Text: "Hello Ana Castro,\n\nhttps://windshield.example.com/me\n"})
	send := func(t *testing.T, n notify.Notifier, m notify.Message) error {
		ctx, cancel := context.WithTimeout(t.Context(), Patience)
		defer cancel()
		return n.Send(ctx, m)
	}
	taken := func(t *testing.T, far Far, want int) []notify.Message {
		ctx, cancel := context.WithTimeout(t.Context(), Patience)
		defer cancel()
		got, err := far.Taken(ctx, want)
		require.NoError(t, err)
		require.Len(t, got, want)
		return got
	}

	t.Run("what is sent arrives as it was", func(t *testing.T) {
		n, far := open(t)
		texts := []string{
			message.Text,
			".\n..\n.leading dots\n",
			"Grüße aus Zürich: 日本語, 🚗, trailing spaces   \n= signs =3D and tabs\t.\n",
			strings.Repeat("a long line without any break ", 110) + "\n",
			"From the beginning\n\n\n\nwith empty lines\n",
			"<!channel> <https://evil.example|click> &lt;b&gt; *bold* {\"json\": \"\\u0000\"} <script>alert(1)</script>\n",
		}
		for i, text := range texts {
			m := message
			m.ID, m.Text = fmt.Sprintf("%d@windshield.example.com", i), text
			m.ToName, m.Subject = `Zoë "the \ boss" <x@y>, O'Neil`, "Grüße, "+strings.Repeat("very ", 40)+"long"
			m.Kind, m.About = "breach vp", "alert/ana/2026-12-20"
			require.NoError(t, send(t, n, m))
			require.Equal(t, carries(m), taken(t, far, i+1)[i])
		}
	})
	t.Run("a message with everything arrives", func(t *testing.T) {
		n, far := open(t)
		m := notify.Render(message, "https://windshield.example.com")
		m.Unsubscribe = "https://windshield.example.com/stop/" + strings.Repeat("a", 400) + "?x=1&y=2"
		for i, name := range []string{"visit.ics", "Grüße aus Zürich – 日本語.ics", "a.txt", "b c.bin", strings.Repeat("long", 29) + ".pdf"} {
			m.Attachments = append(m.Attachments, notify.Attachment{Name: name, Type: "text/calendar; method=PUBLISH; charset=utf-8",
				Data: []byte(strings.Repeat(fmt.Sprintf("BEGIN:VCALENDAR\r\n.\r\n\x00\xff%d", i), 1+i*1000))})
		}
		require.NoError(t, m.Check())
		require.NoError(t, send(t, n, m))
		require.Equal(t, carries(m), taken(t, far, 1)[0])
	})
	t.Run("try again later is temporary, and again it goes", func(t *testing.T) {
		n, far := open(t)
		far.Later()
		require.Equal(t, fault.Temporary, fault.KindOf(send(t, n, message)))
		require.NoError(t, send(t, n, message))
		require.Equal(t, []notify.Message{message}, taken(t, far, 1))
	})
	t.Run("a refusal for good is invalid", func(t *testing.T) {
		n, far := open(t)
		far.Never()
		require.Equal(t, fault.Invalid, fault.KindOf(send(t, n, message)))
		require.Empty(t, taken(t, far, 0))
	})
	t.Run("no answer ends with the context", func(t *testing.T) {
		n, far := open(t)
		far.Hang()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		err := n.Send(ctx, message)
		require.Equal(t, fault.Temporary, fault.KindOf(err))
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
	t.Run("a context that is cancelled sends nothing", func(t *testing.T) {
		n, far := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := n.Send(ctx, message)
		require.Equal(t, fault.Temporary, fault.KindOf(err))
		require.ErrorIs(t, err, context.Canceled)
		require.Empty(t, taken(t, far, 0))
	})
	t.Run("a lost confirmation repeats under the same id", func(t *testing.T) {
		n, far := open(t)
		far.Lose()
		require.Equal(t, fault.Temporary, fault.KindOf(send(t, n, message)))
		require.NoError(t, send(t, n, message))
		got := taken(t, far, 2)
		require.Equal(t, got[0], got[1])
		require.Equal(t, message.ID, got[1].ID)
	})
	t.Run("a far end that is away is temporary", func(t *testing.T) {
		n, far := open(t)
		far.Stop()
		require.Equal(t, fault.Temporary, fault.KindOf(send(t, n, message)))
	})
	t.Run("what may not leave does not", func(t *testing.T) {
		n, far := open(t)
		for _, change := range []func(*notify.Message){
			func(m *notify.Message) { m.Subject = "Hello\r\nBcc: all@example.com" },
			func(m *notify.Message) { m.To = "ana@example.com>\r\nRCPT TO:<all@example.com" },
			func(m *notify.Message) { m.ToName = "Ana\nBcc: all@example.com" },
			func(m *notify.Message) { m.ID = "1@x>\r\nBcc: all@example.com" },
			func(m *notify.Message) { m.Unsubscribe = "https://x.example/>\r\nBcc: all@example.com" },
			func(m *notify.Message) {
				m.Attachments = []notify.Attachment{{Name: "a\r\nBcc: all@example.com", Type: "text/plain", Data: []byte("x")}}
			},
			func(m *notify.Message) { m.Kind = "a\r\nb" },
		} {
			m := message
			change(&m)
			require.Equal(t, fault.Invalid, fault.KindOf(send(t, n, m)))
		}
		require.Empty(t, taken(t, far, 0))
	})
	t.Run("many at once", func(t *testing.T) {
		n, far := open(t)
		const many = 20
		errs := make([]error, many)
		var all sync.WaitGroup
		for i := range many {
			all.Go(func() {
				m := message
				m.ID, m.To = fmt.Sprintf("%d@windshield.example.com", i), fmt.Sprintf("p%d@example.com", i)
				errs[i] = send(t, n, m)
			})
		}
		all.Wait()
		require.NoError(t, errors.Join(errs...))
		got := map[string]string{}
		for _, m := range taken(t, far, many) {
			got[m.To] = m.ID
		}
		require.Len(t, got, many)
		require.Equal(t, "7@windshield.example.com", got["p7@example.com"])
	})
}
