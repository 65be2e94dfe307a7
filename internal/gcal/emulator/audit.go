package emulator

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// print tells two states of an event apart as a guest sees them: time, texts,
// status and who else comes. Answers do not count.
func (r *record) print() string {
	type seen struct {
		Status, Title, Text, Place, From, To string
		Guests                               []string
	}
	x := seen{r.Status, r.text("summary"), r.text("description"), r.text("location"), r.Start.At.String() + r.Start.Date, r.End.At.String() + r.End.Date, nil}
	for _, a := range r.Attendees {
		x.Guests = append(x.Guests, fold(a.Email))
	}
	b, err := json.Marshal(x)
	if err != nil {
		panic(err) // texts only
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// Audit gives, in words, what must never be after everything has settled: a guest
// told the same twice, a second cancellation, a copy without its event or with
// other answers, a delegated call that nobody's quota pays for. Nothing means
// that all is well; it says nothing about what the application wanted.
func (s *Server) Audit() []string {
	s.mu.Lock()
	defer s.unlock()
	s.settle()
	out := s.auditMails()
	if len(s.errands) == 0 {
		out = append(out, s.auditCopies()...)
	}
	for _, r := range s.ledger.Requests {
		if strings.HasSuffix(r.Client, ".gserviceaccount.com") && r.Client != r.User && r.QuotaUser == "" && !strings.HasPrefix(r.Method, "oauth.") {
			out = append(out, fmt.Sprintf("request %d (%s) is made for somebody else without quotaUser", r.N, r.Method))
		}
	}
	return out
}

func (s *Server) auditMails() (out []string) {
	type line struct{ calendar, event, to string }
	last := map[line]Mail{}
	for _, m := range s.ledger.Mails {
		if m.Kind == "reply" || m.Kind == "share" {
			continue
		}
		k := line{m.Calendar, m.Event, m.To}
		before, told := last[k]
		last[k] = m
		switch {
		case told && m.Kind == "invite" && before.Kind != "cancel":
			out = append(out, fmt.Sprintf("mail %d invites %s to %s a second time", m.N, m.To, m.Event))
		case told && m.Kind == "cancel" && before.Kind == "cancel":
			out = append(out, fmt.Sprintf("mail %d cancels %s for %s a second time", m.N, m.Event, m.To))
		case told && m.Kind == "update" && m.Cause != "people" && // a person may say the same again
			before.Kind != "cancel" && before.Content == m.Content:
			out = append(out, fmt.Sprintf("mail %d tells %s of %s what mail %d told", m.N, m.To, m.Event, before.N))
		}
	}
	return out
}

func (s *Server) auditCopies() (out []string) {
	for _, k := range s.sortedCalendars() {
		for _, r := range s.sorted(k) {
			if r.master() || !r.live() {
				continue
			}
			organiser := s.calendars[r.Organizer]
			if organiser == nil {
				continue // imported from elsewhere
			}
			m := byUID(organiser, r.ICalUID)
			switch {
			case m == nil, !m.live(), m.attendee(k.ID) == nil:
				out = append(out, fmt.Sprintf("%s has a copy of %s that the organiser does not know", k.ID, r.ID))
			default:
				for _, a := range m.Attendees {
					if b := r.attendee(fold(a.Email)); b == nil || b.ResponseStatus != a.ResponseStatus {
						out = append(out, fmt.Sprintf("%s sees another answer of %s to %s than the organiser", k.ID, a.Email, r.ID))
					}
				}
			}
		}
	}
	return out
}
