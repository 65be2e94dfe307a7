package hook

import (
	"context"
	"io"
	"log"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"
	"pgregory.net/rapid"

	"windshield/internal/fault"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

func TestPublic(t *testing.T) {
	for _, s := range []string{"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1", "172.15.255.255",
		"172.32.0.0", "169.253.255.255", "169.255.0.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "168.63.129.15",
		"2606:4700:4700::1111", "2a00:1450:4001::200e", "2001:200::1", "2001:4860:4860::8888"} {
		require.True(t, public(netip.MustParseAddr(s)), s)
	}
	for why, all := range map[string]string{
		"this machine":   "127.0.0.1 127.255.255.255 ::1",
		"unspecified":    "0.0.0.0 0.1.2.3 ::",
		"private":        "10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 192.168.255.255 fc00::1 fdff::1",
		"link-local":     "169.254.0.1 169.254.255.255 fe80::1 fe80::1%eth0 febf::1 fec0::1",
		"metadata":       "169.254.169.254 fd00:ec2::254 100.100.100.200 168.63.129.16 192.0.0.192",
		"carriers":       "100.64.0.1 100.127.255.255",
		"multicast":      "224.0.0.1 239.255.255.255 ff02::1 ff0e::1",
		"broadcast":      "255.255.255.255 240.0.0.1",
		"mapped":         "::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:8.8.8.8 ::ffff:169.254.169.254",
		"compatible":     "::127.0.0.1 ::8.8.8.8",
		"translated":     "64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b:1::1",
		"6to4 of 10.0.0": "2002:a00:1::1 2002:7f00:1::",
		"Teredo":         "2001:0:1:2::3",
		"documentation":  "192.0.2.1 198.51.100.1 203.0.113.1 2001:db8::1 3fff::1",
		"measurements":   "198.18.0.1 198.19.255.255 2001:2::1",
		"not given out":  "4000::1 100::1 5f00::1",
	} {
		for s := range strings.FieldsSeq(all) {
			require.False(t, public(netip.MustParseAddr(s)), "%s: %s", why, s)
		}
	}
	require.False(t, public(netip.Addr{}))
}

// What the standard library knows to be special is so in every spelling.
func TestNothingSpecialIsPublic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a netip.Addr
		if rapid.Bool().Draw(t, "v4") {
			a = netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "a")))
			if public(netip.AddrFrom16(a.As16())) {
				t.Fatalf("%s mapped is public", a)
			}
		} else {
			a = netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "a")))
		}
		special := a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() || !a.IsGlobalUnicast()
		if special && public(a) {
			t.Fatalf("%s is public", a)
		}
	})
}

func TestAddressesThatPeopleEnter(t *testing.T) {
	entered := Options{Now: now}
	for _, raw := range []string{"", "hooks.example.com/x", "http://hooks.example.com/x", "ftp://hooks.example.com/", "https://", "https:///x", "https:hooks.example.com",
		"https://u:ThIsIsSecret@hooks.example.com/", "https://hooks.example.com/#x", "https://hooks.example.com:0/", "https://hooks.example.com:99999/", "https://hooks.example.com/a b",
		"https://hooks.example.com/\r\nHost: x", "https://hooks.exämple.com/", "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:8.8.8.8]/", "https://10.1.2.3:8443/x",
		"https://169.254.169.254/latest/meta-data/", "https://[fe80::1%25eth0]/", "https://0.0.0.0/", "javascript:alert(1)", "file:///etc/passwd", "https://x/" + strings.Repeat("a", 2000)} {
		_, err := NewWebhook(raw, secret, entered)
		require.Equal(t, fault.Invalid, fault.KindOf(err), raw)
		require.NotContains(t, err.Error(), "ThIsIsSecret")
		_, err = NewSlack(raw, entered)
		require.Equal(t, fault.Invalid, fault.KindOf(err), raw)
	}
	for _, raw := range []string{"https://hooks.example.com/x", "https://hooks.example.com:8443/x?token=1", "https://1.1.1.1/"} {
		_, err := NewWebhook(raw, secret, entered)
		require.NoError(t, err, raw)
		_, err = NewSlack(raw, entered)
		require.Equal(t, fault.Invalid, fault.KindOf(err), "that is not Slack: %s", raw)
	}
	for _, raw := range []string{"https://hooks.slack.com/services/T0/B0/x", "https://hooks.slack-gov.com/services/T0/B0/x"} {
		_, err := NewSlack(raw, entered)
		require.NoError(t, err)
	}
	for _, raw := range []string{"https://hooks.slack.com", "https://hooks.slack.com.evil.example/services/x", "https://hooks.slack.com@evil.example/services/x"} {
		_, err := NewSlack(raw, entered)
		require.Equal(t, fault.Invalid, fault.KindOf(err), raw)
	}
	for _, bad := range []string{"", "short", strings.Repeat("a", 201), "a secret\r\nwith lines", "ein längeres Geheimnis"} {
		_, err := NewWebhook("https://hooks.example.com/x", bad, entered)
		require.Equal(t, fault.Invalid, fault.KindOf(err))
	}
	_, err := NewWebhook("https://hooks.example.com/x", secret, Options{})
	require.Error(t, err, "a clock is needed")
}

// names is a resolver that answers as a test wants it: the first question of an
// address with the first list, and so on; the last list stays.
func names(t *testing.T, lists ...string) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	var asked atomic.Int32
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, from, err := server.ReadFrom(buffer)
			if err != nil {
				return
			}
			var question dnsmessage.Message
			if question.Unpack(buffer[:n]) != nil || len(question.Questions) == 0 {
				continue
			}
			q := question.Questions[0]
			answer := dnsmessage.Message{Header: dnsmessage.Header{ID: question.ID, Response: true, Authoritative: true, RecursionAvailable: true}, Questions: question.Questions}
			list := ""
			if q.Type == dnsmessage.TypeA {
				list = lists[min(int(asked.Add(1)), len(lists))-1]
			} else if len(lists) > 0 {
				list = lists[min(max(int(asked.Load()), 1), len(lists))-1]
			}
			for s := range strings.FieldsSeq(list) {
				a := netip.MustParseAddr(s)
				head := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET}
				if a.Is4() && q.Type == dnsmessage.TypeA {
					answer.Answers = append(answer.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AResource{A: a.As4()}})
				} else if a.Is6() && q.Type == dnsmessage.TypeAAAA {
					answer.Answers = append(answer.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}})
				}
			}
			if packed, err := answer.Pack(); err == nil {
				_, _ = server.WriteTo(packed, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

// A name may be public when somebody looks, and lead inside when we call.
func TestNamesThatLeadInside(t *testing.T) {
	_, f := openWebhook(t)
	_, port, err := net.SplitHostPort(f.Listener.Addr().String())
	require.NoError(t, err)
	open := func(o Options, scheme string) *Webhook {
		o.Now = now
		w, err := NewWebhook(scheme+"://rebind.example:"+port+path, secret, o)
		require.NoError(t, err, "the name itself shows nothing")
		return w
	}
	resolver := names(t, "93.184.215.14", "127.0.0.1")
	first, err := resolver.LookupNetIP(t.Context(), "ip4", "rebind.example")
	require.NoError(t, err)
	require.True(t, public(first[0].Unmap()), "it was public a moment ago")
	err = open(Options{resolver: resolver}, "https").Send(t.Context(), message)
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.ErrorContains(t, err, "private network")
	require.ErrorIs(t, err, errPrivate)
	secretly(t, f, err)
	require.NotContains(t, err.Error(), "rebind")

	for _, list := range []string{"127.0.0.1 10.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "0.0.0.0", "fd00:ec2::254", "100.100.100.200"} {
		err = open(Options{resolver: names(t, list)}, "https").Send(t.Context(), message)
		require.ErrorIs(t, err, errPrivate, list)
	}
	require.Zero(t, f.called(), "nobody inside was reached")

	// The same name is called where the administrator has set it.
	require.NoError(t, open(Options{resolver: names(t, "127.0.0.1"), AllowPrivate: true}, "http").Send(t.Context(), message))
	require.Equal(t, 1, f.called())
	// Without TLS nothing leaves the own network, whoever has set it.
	err = open(Options{resolver: names(t, "93.184.215.14"), AllowPrivate: true}, "http").Send(t.Context(), message)
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.ErrorIs(t, err, errClear)

	err = open(Options{resolver: names(t, "")}, "https").Send(t.Context(), message)
	require.Equal(t, fault.Temporary, fault.KindOf(err), "a name that does not exist just now")
	require.NotContains(t, err.Error(), "rebind")
}

// Other ways to write an address of this machine end at the same check.
func TestStrangeSpellings(t *testing.T) {
	for _, host := range []string{"localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost."} {
		w, err := NewWebhook("https://"+host+":1/x", secret, Options{Now: now, Timeout: time.Second})
		if err != nil {
			continue // seen at once
		}
		err = w.Send(t.Context(), message)
		require.Error(t, err, host)
		require.NotContains(t, err.Error(), "cannot be reached", "nothing was called: %s", host)
	}
}
