package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"windshield/internal/locale"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// function gives a person's function where it says more than the name does:
// executives are often known by their function alone.
func function(name, function string) string {
	if function == name {
		return ""
	}
	return function
}

// zone names a zone by its city. The city is what people plan by; the continent
// before it is for computers.
func zone(name string) string {
	if c := locale.City(name); c != "UTC" {
		return c + " time"
	}
	return "UTC"
}

func halfDay(h slot.Half) string {
	switch h {
	case slot.AM:
		return "morning"
	case slot.PM:
		return "afternoon"
	}
	return "time not known"
}

func itoa(n int) string { return strconv.Itoa(n) }

// since writes how long something took or has lasted.
func since(d time.Duration) string {
	s := int(d.Round(time.Second) / time.Second)
	if s < 60 {
		return fmt.Sprintf("%d s", s)
	}
	return fmt.Sprintf("%d min %02d s", s/60, s%60)
}

var roleNames = map[roster.Role]string{
	roster.Administrator: "Administrator", roster.VP: "VP of Sales", roster.CEO: "CEO", roster.Executive: "Executive",
	roster.Assistant: "Assistant", roster.Host: "Host",
}

// status says in words where a visit stands, with the class of its tag.
func status(v visit.Visit) (text, class string) {
	switch v.State {
	case visit.Proposed:
		return "proposed", "tag dash"
	case visit.Published:
		switch v.Answer {
		case visit.Accepted:
			return "accepted", "tag ok"
		case visit.Tentative:
			return "perhaps", "tag dash"
		}
		return "no answer yet", "tag"
	case visit.Agreed:
		return "agreed with the customer", "tag ok"
	case visit.Confirmed:
		return "✓ confirmed by the customer", "tag ok"
	case visit.Held:
		return "✓ held", "tag ok"
	case visit.Debriefed:
		return "✓ held and debriefed", "tag ok"
	case visit.NoShow:
		return "did not take place", "tag off"
	case visit.Declined:
		return "declined", "tag off"
	case visit.Cancelled:
		return "cancelled", "tag off"
	}
	return string(v.State), "tag"
}

func statusText(v visit.Visit) string { t, _ := status(v); return t }

func statusClass(v visit.Visit) string { _, c := status(v); return c }

var kindNames = map[visit.Kind]string{
	visit.AtCustomer: "At the customer’s place", visit.Online: "Online", visit.TradeShow: "Trade show", visit.Conference: "User conference",
}

// orDash keeps table cells from being empty.
func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// place joins what is known of a customer's address.
func place(c roster.Customer) string {
	var parts []string
	for _, s := range []string{c.Address, strings.TrimSpace(c.City + " " + c.Region), c.Country} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ", ")
}
