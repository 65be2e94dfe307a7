package insight

import (
	"fmt"
	"slices"
	"strings"

	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Met says whether an objective was met.
type Met string

const (
	Yes      Met = "yes"
	Partly   Met = "partly"
	No       Met = "no"
	NotKnown Met = "not_known" // for the customer's objective only
)

// Party is our side or the customer's.
type Party string

const (
	Us   Party = "us"
	Them Party = "them"
)

// Commitment is what somebody promised at the visit.
type Commitment struct {
	Party Party
	Who   string    // name or role; "" where nobody was named
	What  string    //
	By    slot.Date // zero where no day was named
}

// Attendee is somebody who was there.
type Attendee struct {
	Party    Party
	PersonID string // of ours; "" for the customer's people
	Name     string
	Role     string
}

// Limits of a debrief, in characters and pieces.
const (
	MaxNotes       = 10_000
	MaxSaid        = 30
	MaxCommitments = 30
	MaxQuestions   = 30
	MaxAttendees   = 50
	// MaxAheadDays is how far ahead a promise may lie.
	MaxAheadDays = 2 * 366
)

// Debrief is what came of a visit.
type Debrief struct {
	VisitID    string
	CustomerID string
	On         slot.Date // the visit's date at the customer's place

	Held     bool       // else it did not take place, and nothing else is needed
	Kind     visit.Kind // where
	WithHost bool
	Code     visit.Code // why it was not held, from the list for it; "" for none of these
	Words    string     // likewise, in words; ours alone
	Present  []Attendee

	Ours       Met       // was our objective met?
	Theirs     Met       // was theirs, as we see it?
	TheirsSaid Met       // was theirs, as the customer answers; "" until they do
	SaidBy     string    // who of the customer answered; "" until they do
	SaidOn     slot.Date // when

	Said        []Statement  // what they said
	Questions   []string     // what they asked and we could not answer there
	Information []string     // what we promised to send, or sent
	Commitments []Commitment // of both sides
	NextAction  string       // what the customer will do next
	NextBy      slot.Date    // by when

	Action string // what the customer did, which moves the buying stage: a code of the list; "" where nothing
	More   string // could we have accomplished more? Ours alone
	Notes  string // ours alone: never in a memo, a mail to the customer or on their page
}

// Lapse says why the visit does not stop the clock, as the debrief tells it.
func (d Debrief) Lapse() visit.Lapse {
	state := visit.NoShow
	if d.Held {
		state = visit.Held
	}
	return visit.Visit{State: state, Kind: d.Kind, WithHost: d.WithHost}.Lapse()
}

// Check refuses a debrief that cannot be filed, with fault.Invalid and every fault
// in it. today is the writer's; buying is the list of stages and actions.
func (d Debrief) Check(today slot.Date, buying visit.Buying) error {
	return d.check(today, buying, true)
}

// CheckDraft is Check for a debrief that is still being written: answers may be
// missing, but what is there must be fit to be kept.
func (d Debrief) CheckDraft(today slot.Date, buying visit.Buying) error {
	return d.check(today, buying, false)
}

func (d Debrief) check(today slot.Date, buying visit.Buying, final bool) error {
	var c checker
	if d.VisitID == "" {
		c.add("visit", "", "the visit")
	}
	c.date("on", d.On, today.Add(-366*MaxAgeYears), today.Add(1), true) // tomorrow east of here
	d.checkAnswers(&c, final)
	for _, field := range []struct {
		where, value string
		most         int
	}{{"next_action", d.NextAction, MaxText}, {"more", d.More, MaxText}, {"notes", d.Notes, MaxNotes}} {
		c.text(field.where, field.value, 0, field.most, "")
	}
	c.lines("questions", d.Questions)
	c.lines("information", d.Information)
	ahead := d.On.Add(MaxAheadDays)
	c.date("next_by", d.NextBy, d.On, ahead, final && strings.TrimSpace(d.NextAction) != "")
	if final && strings.TrimSpace(d.NextAction) == "" && !d.NextBy.IsZero() {
		c.add("next_action", "", "what the customer does by "+d.NextBy.String())
	}
	if d.Action != "" && !slices.ContainsFunc(buying.Actions, func(a visit.Action) bool { return a.Code == d.Action }) {
		c.add("action", d.Action, "an action of the customer from the list")
	}
	if c.few("said", len(d.Said), MaxSaid) {
		for i, s := range d.Said {
			at := fmt.Sprintf("said[%d].", i)
			if s.CustomerID != d.CustomerID || s.VisitID != d.VisitID {
				c.add(at+"visit", s.VisitID, "this visit and its customer")
			}
			if !final && s.Source == Said && s.By == "" {
				s.By = "?" // who said it may come later
			}
			s.check(&c, at, today)
		}
	}
	if c.few("commitments", len(d.Commitments), MaxCommitments) {
		least := 0
		if final {
			least = 1
		}
		for i, x := range d.Commitments {
			at := fmt.Sprintf("commitments[%d].", i)
			c.party(at+"party", x.Party)
			c.text(at+"who", x.Who, 0, MaxName, "")
			c.text(at+"what", x.What, least, MaxText, "what was promised")
			c.date(at+"by", x.By, d.On, ahead, false)
		}
	}
	if c.few("present", len(d.Present), MaxAttendees) {
		for i, x := range d.Present {
			at := fmt.Sprintf("present[%d].", i)
			c.party(at+"party", x.Party)
			c.text(at+"name", x.Name, 1, MaxName, "a name")
			c.text(at+"role", x.Role, 0, MaxName, "")
		}
	}
	return c.err("The debrief cannot be kept.")
}

// checkAnswers judges what somebody taps.
func (d Debrief) checkAnswers(c *checker, final bool) {
	needed := final && d.Held
	one := func(where string, m Met, needed bool, allowed ...Met) {
		if m == "" && !needed || slices.Contains(allowed, m) {
			return
		}
		names := make([]string, len(allowed))
		for i, a := range allowed {
			names[i] = string(a)
		}
		c.add(where, string(m), "one of "+strings.Join(names, ", "))
	}
	one("ours", d.Ours, needed, Yes, Partly, No)
	one("theirs", d.Theirs, needed, Yes, Partly, No, NotKnown)
	one("theirs_said", d.TheirsSaid, false, Yes, Partly, No)
	if d.Kind != "" || needed {
		if _, err := visit.ParseKind(string(d.Kind)); err != nil {
			c.add("kind", string(d.Kind), "onsite, online, trade_show or conference")
		}
	}
}

func (c *checker) party(where string, p Party) {
	if p != Us && p != Them {
		c.add(where, string(p), "us or them")
	}
}

func (c *checker) few(where string, n, most int) bool {
	if n > most {
		c.add(where, fmt.Sprint(n), fmt.Sprintf("at most %d", most))
	}
	return n <= most
}

func (c *checker) lines(where string, list []string) {
	if c.few(where, len(list), MaxQuestions) {
		for i, s := range list {
			c.text(fmt.Sprintf("%s[%d]", where, i), s, 1, MaxText, "a sentence")
		}
	}
}

// Gap compares what we think of the customer's objective with what the customer
// says: above 0 where we think better of it, in steps (yes, partly, no). known is
// false where either of us has not said.
func (d Debrief) Gap() (steps int, known bool) {
	worth := map[Met]int{Yes: 2, Partly: 1, No: 0}
	ours, a := worth[d.Theirs]
	said, b := worth[d.TheirsSaid]
	if !a || !b {
		return 0, false
	}
	return ours - said, true
}

// GapSentence says how the two answers differ; "" where the customer has not
// answered.
func (d Debrief) GapSentence() string {
	if d.TheirsSaid == "" {
		return ""
	}
	word := map[Met]string{Yes: "was met", Partly: "was partly met", No: "was not met"}
	steps, known := d.Gap()
	switch {
	case !known:
		return fmt.Sprintf("The customer says that their objective %s; we did not know.", word[d.TheirsSaid])
	case steps == 0:
		return fmt.Sprintf("The customer and we agree: their objective %s.", word[d.TheirsSaid])
	}
	return fmt.Sprintf("We thought that their objective %s; the customer says that it %s.", word[d.Theirs], word[d.TheirsSaid])
}
