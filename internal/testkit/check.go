package testkit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stretchr/testify/assert"

	"windshield/internal/calsync"
	"windshield/internal/flow"
	"windshield/internal/gcal/emulator"
	"windshield/internal/roster"
	"windshield/internal/visit"
)

// Check recomputes from the rows and the calendars themselves what must always
// hold when nothing is left to do: one live event per published visit and none
// beside (I1-I3), with the right content and one invitation per guest; bookings
// as the visits have it and no half-day taken twice (I4); one alert and one mail
// per person and breach (I6, I7); an audit trail that verifies (I11).
func (h *House) Check() {
	h.t.Helper()
	h.Drain()
	var problems []string
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	visits := h.Visits("")
	people := map[string]roster.Person{}
	h.look(func(tx flow.Tx) error {
		all, err := tx.People.All()
		for _, p := range all {
			people[p.ID] = p
		}
		return err
	})
	h.checkEvents(visits, people, wrong)
	h.checkBookings(visits, wrong)
	h.checkAlerts(people, wrong)
	h.look(func(tx flow.Tx) error {
		_, at, err := tx.Ledger.Verify()
		if at != 0 {
			wrong("the audit trail is broken at entry %d", at)
		}
		return err
	})
	assert.Empty(h.t, problems, "what must always hold does not")
}

// stands says whether a visit of a plan must be in the calendars and take its
// people's half-days.
func stands(v visit.Visit) bool {
	return v.PlanID != "" && slices.Contains(visit.Told(), v.State)
}

func (h *House) checkEvents(visits []visit.Visit, people map[string]roster.Person, wrong func(string, ...any)) {
	live := map[string][]emulator.View{} // by visit, as the marks have it
	for _, who := range h.Calendar.People() {
		for _, v := range h.Calendar.Live(who) {
			if parts := strings.Split(v.Marks[calsync.MarkKey], "/"); v.Organizer == who && len(parts) == 3 {
				live[parts[1]] = append(live[parts[1]], v)
			}
		}
	}
	ledger := h.Calendar.Ledger()
	for _, v := range visits {
		there := live[v.ID]
		delete(live, v.ID)
		if !stands(v) {
			if len(there) > 0 {
				wrong("visit %s is %s and has %d live events", v.ID, v.State, len(there))
			}
			continue
		}
		if len(there) != 1 {
			wrong("visit %s (%s, %s) has %d live events", v.ID, v.State, v.Slot, len(there))
			continue
		}
		e := there[0]
		if v.Conflict == "" && (!e.Start.Equal(v.Start) || !e.End.Equal(v.End)) {
			wrong("visit %s is from %s to %s, its event from %s to %s", v.ID, v.Start, v.End, e.Start, e.End)
		}
		if email := people[v.ExecutiveID].Email; email != "" && e.Guest(email).Email == "" { // who was erased has none
			wrong("the executive of visit %s is no guest of its event", v.ID)
		}
		for _, g := range e.Guests {
			if n := ledger.Count("invite", g.Email, e.ID); n > 1 {
				wrong("%s got %d invitations to visit %s", g.Email, n, v.ID)
			}
		}
	}
	for id, there := range live {
		wrong("%d live events of visit %s, which does not exist", len(there), id)
	}
	for _, m := range ledger.Mails {
		if n := ledger.Count("cancel", m.To, m.Event); m.Kind == "cancel" && n > 1 {
			wrong("%s got %d cancellations of %s", m.To, n, m.Event)
		}
	}
}

func (h *House) checkBookings(visits []visit.Visit, wrong func(string, ...any)) {
	var want []string
	for _, v := range visits {
		if !stands(v) {
			continue
		}
		want = append(want, v.ExecutiveID+" "+v.Slot.String()+" "+v.ID)
		if v.HostID != "" && v.HostID != v.ExecutiveID {
			want = append(want, v.HostID+" "+v.Slot.String()+" "+v.ID)
		}
	}
	var have []string
	taken := map[string]bool{}
	for _, b := range h.Bookings() {
		place := b.PersonID + " " + b.Slot.String()
		if taken[place] {
			wrong("taken twice: %s", place)
		}
		taken[place] = true
		if b.Kind == visit.BookedVisit {
			have = append(have, place+" "+b.VisitID)
		}
	}
	slices.Sort(want)
	slices.Sort(have)
	for _, b := range want {
		if !slices.Contains(have, b) {
			wrong("not booked: %s", b)
		}
	}
	for _, b := range have {
		if !slices.Contains(want, b) {
			wrong("booked without a visit: %s", b)
		}
	}
}

func (h *House) checkAlerts(people map[string]roster.Person, wrong func(string, ...any)) {
	seen := map[string]int{}
	for _, m := range h.Mails() {
		if seen[m.ID]++; m.ID != "" && seen[m.ID] == 2 {
			wrong("the mail %s (%q) came twice", m.ID, m.Subject)
		}
	}
	for id, p := range people {
		breaches := map[string]bool{}
		for _, a := range h.Alerts(id) {
			if breaches[a.Breach.String()] {
				wrong("two alerts for %s on %s", p.Email, a.Breach)
			}
			breaches[a.Breach.String()] = true
		}
		if n := len(h.Breaches(p.Email)); p.Email != "" && n != len(breaches) {
			wrong("%d alerts for %s, but %d mails", len(breaches), p.Email, n)
		}
	}
}
