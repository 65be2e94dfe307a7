package hook

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

var (
	errPrivate = errors.New("the address is not a public one")
	errClear   = errors.New("the address is a public one and the connection has no TLS")
)

const maxURL = 2000 // bytes of an address

// checkURL says what was expected of an address that can be seen to be wrong before
// it is called, else "".
func checkURL(raw string, allowPrivate bool) (expected string) {
	if raw == "" || len(raw) > maxURL || strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return "a web address of at most 2,000 plain characters"
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.Opaque != "" {
		return "a web address"
	}
	port := 443
	if p := u.Port(); p != "" {
		port, err = strconv.Atoi(p)
	}
	ip, notIP := netip.ParseAddr(u.Hostname())
	switch {
	case u.Scheme != "https" && !(allowPrivate && u.Scheme == "http"):
		return "an address that begins with https://"
	case u.User != nil || u.Fragment != "":
		return "an address without a user, a password and a #"
	case err != nil || port < 1 || port > 65535:
		return "a port from 1 to 65535"
	case notIP == nil && !allowPrivate && !public(ip):
		return "an address outside of private networks"
	}
	return ""
}

// mayDial judges the address to which a name has been resolved, right before the
// connection is made. What a person entered must be public. What the administrator
// has set may be private, and then even without TLS; in public TLS is a must.
func mayDial(address, raw string, allowPrivate bool) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return errPrivate
	}
	switch open := public(to.Addr()); {
	case !open && !allowPrivate:
		return errPrivate
	case open && !strings.HasPrefix(strings.ToLower(raw), "https:"):
		return errClear
	}
	return nil
}

// public says whether an address belongs to the internet at large. What is neither
// known to be public nor to be something else is not. The lists are those of the IANA
// special-purpose address registries, of multicast, and of what leads to an IPv4
// address by way of an IPv6 one.
func public(a netip.Addr) bool {
	if a.Is4In6() || a.Zone() != "" {
		return false
	}
	if a.Is4() {
		return !within(a, special4)
	}
	return internet6.Contains(a) && !within(a, special6)
}

func within(a netip.Addr, networks []netip.Prefix) bool {
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(a) })
}

var internet6 = netip.MustParsePrefix("2000::/3") // all that has been given out

var special4 = prefixes(
	"0.0.0.0/8",        // this network
	"10.0.0.0/8",       // private
	"100.64.0.0/10",    // carriers' private (RFC 6598); a cloud's metadata at 100.100.100.200
	"127.0.0.0/8",      // this machine
	"168.63.129.16/32", // a cloud's metadata, at a public address
	"169.254.0.0/16",   // link-local; clouds' metadata at 169.254.169.254
	"172.16.0.0/12",    // private
	"192.0.0.0/24",     // protocols; a cloud's metadata at 192.0.0.192
	"192.0.2.0/24",     // documentation
	"192.31.196.0/24",  // AS112
	"192.52.193.0/24",  // AMT
	"192.88.99.0/24",   // 6to4 relays
	"192.168.0.0/16",   // private
	"192.175.48.0/24",  // AS112
	"198.18.0.0/15",    // measurements
	"198.51.100.0/24",  // documentation
	"203.0.113.0/24",   // documentation
	"224.0.0.0/4",      // multicast
	"240.0.0.0/4",      // reserved, and broadcast
)

var special6 = prefixes(
	"2001::/23",         // protocols, Teredo among them
	"2001:db8::/32",     // documentation
	"2002::/16",         // 6to4
	"2620:4f:8000::/48", // AS112
	"3ffe::/16",         // a network that has ended
	"3fff::/20",         // documentation
)

func prefixes(all ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(all))
	for i, s := range all {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}
