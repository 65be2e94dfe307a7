package web

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
)

// rolesLine names somebody's roles in a line.
func rolesLine(roles []roster.Role) string {
	if len(roles) == 0 {
		return "no role"
	}
	out := make([]string, len(roles))
	for i, r := range roles {
		out[i] = roleNames[r]
	}
	return strings.Join(out, ", ")
}

func personAction(m personModel) string {
	if m.New {
		return "/admin/people"
	}
	return "/admin/people/" + m.Person.ID
}

func stay(n int) string {
	if n == 1 {
		return "stays"
	}
	return "stay"
}

func hosted(ctx context.Context, l flow.Leaving) string {
	if l.More {
		return "more than " + count(ctx, l.Customers, "customer", "customers")
	}
	return count(ctx, l.Customers, "customer", "customers")
}

func calendarState(c flow.Connection) string {
	switch c.State {
	case flow.AccountConnected:
		return "connected"
	case flow.NeedsReconnecting:
		return "waiting to be connected again"
	}
	return "disconnected"
}

func inputType(field string) string {
	if field == "email" {
		return "email"
	}
	return "text"
}

func contactHref(customerID string, k flow.KnownContact) string {
	return "/customers/" + url.PathEscape(customerID) + "/contacts/erase?" + url.Values{"name": {k.Name}, "email": {k.Email}}.Encode()
}

// wholeOf reads a whole number between lo and hi.
func wholeOf(raw, field, label string, lo, hi int) (int, []fault.Detail) {
	raw = strings.TrimSpace(raw)
	n, err := strconv.Atoi(raw)
	if err == nil && lo <= n && n <= hi {
		return n, nil
	}
	return 0, []fault.Detail{{Where: field, Value: fault.Short(raw), Expected: label + " as a whole number from " + itoa(lo) + " to " + itoa(hi)}}
}
