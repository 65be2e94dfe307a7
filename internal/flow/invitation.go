package flow

import (
	"fmt"
	"slices"
	"strings"

	"windshield/internal/calsync"
	"windshield/internal/roster"
	"windshield/internal/visit"
)

// longestShared ends an agenda in an event: a calendar cuts texts of 8,000 characters.
const longestShared = 5000

// reminders come a day and an hour before, on the organiser's own copy.
var reminders = []calsync.Reminder{{Method: "popup", Minutes: 24 * 60}, {Method: "popup", Minutes: 60}}

// wanted makes the event of a visit. As long as the host has agreed nothing with the
// customer it is a hold, and only our own people are guests. Once the customer's
// people are guests, the whole event holds nothing but what is meant for them.
func (f *Flow) wanted(v visit.Visit, e CalendarEvent, people map[string]roster.Person, c roster.Customer) calsync.Want {
	executive, host := people[v.ExecutiveID], people[v.HostID]
	w := calsync.Want{Env: f.Env, Visit: v.ID, Calendar: e.Calendar, Generation: max(e.Want.Generation, 1), Gone: !slices.Contains(visit.Told(), v.State), Overrule: e.Want.Overrule}
	if !v.State.Live() && e.Want.Version > 0 {
		w.Content = e.Want.Content // what is over is not written again
		return w
	}
	outside := f.outside(v, e)
	w.Content = calsync.Content{
		Title:       "Customer visit: " + c.Name,
		Description: f.inside(v, executive, host, c),
		Location:    address(c),
		When:        calsync.When{Start: wall(v, v.Begins), End: wall(v, v.Ends), Zone: v.Zone},
		Status:      calsync.Tentative, // a hold, until the host has agreed it with the customer
		Guests:      []calsync.Guest{{Email: executive.Email, Name: executive.Name}},
		Reminders:   reminders,
		// As long as all guests are our own people, the executive may move the
		// event too, and the move comes back to us.
		GuestsMayMove: len(outside) == 0,
		HideGuests:    companies(outside) > 1,
	}
	if v.State.Promised() {
		w.Status = calsync.Confirmed
	}
	if online(v) {
		w.Location = v.JoinURL
	}
	if host.Email != "" && host.Email != e.Calendar && host.Email != executive.Email {
		w.Guests = append(w.Guests, calsync.Guest{Email: host.Email, Name: host.Name})
	}
	if len(outside) > 0 {
		w.Description = shared(v, executive, host, c)
		w.Guests = append(w.Guests, outside...)
	}
	return w
}

// inside is the text of an event whose guests are all our own people.
func (f *Flow) inside(v visit.Visit, executive, host roster.Person, c roster.Customer) string {
	body := opening(executive, host, c)
	if v.Objective != "" {
		body += "Objective: " + calsync.Escape(v.Objective) + "<br>"
	}
	body += meeting(v, host)
	link := f.BaseURL + "/visits/" + v.ID + "/brief"
	return body + fmt.Sprintf(`Brief and answer: <a href="%s">%s</a>`, calsync.Escape(link), calsync.Escape(link))
}

// shared is the text of an event that the customer's people see too: who comes, what
// they want and what is on the agenda, and how to reach the host. What we want from
// the visit is ours, and so is the page behind it.
func shared(v visit.Visit, executive, host roster.Person, c roster.Customer) string {
	body := opening(executive, host, c)
	if v.Theirs.Words != "" {
		body += "Your objective: " + calsync.Escape(v.Theirs.Words) + "<br>"
	}
	if len(v.Agenda) > 0 {
		body += "Agenda:<br>"
		for _, it := range v.Agenda {
			if len([]rune(body)) > longestShared {
				body += "…<br>"
				break
			}
			body += calsync.Escape(strings.TrimSpace(it.At+" "+it.What)) + "<br>"
		}
	}
	return strings.TrimSuffix(body+meeting(v, host), "<br>")
}

func opening(executive, host roster.Person, c roster.Customer) string {
	return fmt.Sprintf("%s visits %s together with %s.<br>", calsync.Escape(executive.Name), calsync.Escape(c.Name), calsync.Escape(host.Name))
}

// meeting says how to find and reach each other.
func meeting(v visit.Visit, host roster.Person) string {
	body := ""
	if online(v) {
		link := calsync.Escape(v.JoinURL)
		body += fmt.Sprintf(`Online: <a href="%s">%s</a><br>`, link, link)
	}
	if host.Phone != "" {
		body += "Host: " + calsync.Escape(host.Name) + ", " + calsync.Escape(host.Phone) + "<br>"
	}
	return body
}

// online says whether people meet under a link.
func online(v visit.Visit) bool { return v.Kind == visit.Online && v.JoinURL != "" }

// outside gives the customer's people who are guests: those whom the host has chosen,
// once the visit is agreed and where this installation permits it. Whoever was invited
// before stays so while the visit stands, also where a move has made it a hold again:
// taken off and put back would be two mails.
func (f *Flow) outside(v visit.Visit, e CalendarEvent) []calsync.Guest {
	var out []calsync.Guest
	for _, c := range v.Contacts {
		before := slices.ContainsFunc(e.Want.Guests, func(g calsync.Guest) bool { return g.Outside && g.Email == c.Email })
		if c.Email != "" && (before || f.InviteCustomers && v.State.Promised()) {
			out = append(out, calsync.Guest{Email: c.Email, Name: c.Name, Outside: true})
		}
	}
	return out
}

// companies counts the mail domains of guests: people of several companies need not
// learn of each other.
func companies(guests []calsync.Guest) int {
	seen := map[string]bool{}
	for _, g := range guests {
		_, domain, _ := strings.Cut(g.Email, "@")
		seen[domain] = true
	}
	return len(seen)
}

func wall(v visit.Visit, clock string) calsync.Wall {
	return calsync.Wall(v.Slot.Date.String() + "T" + clock + ":00")
}

// address writes a customer's place on one line.
func address(c roster.Customer) string {
	s := c.Address
	for _, part := range []string{c.City, c.Region, c.Country} {
		if part == "" {
			continue
		}
		if s != "" {
			s += ", "
		}
		s += part
	}
	return s
}
