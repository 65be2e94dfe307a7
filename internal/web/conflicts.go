package web

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/calsync"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// decides says whether somebody has to decide about the visit.
func (m visitModel) decides() bool {
	return m.Visit.ToDecide() != "" || slices.ContainsFunc(m.Events, func(e flow.CalendarEvent) bool {
		return e.State == flow.EventConflict && len(m.Calendar.Differences) > 0
	})
}

// propose adds where else the visit could stand, for those who plan. Where nothing
// can be proposed, or others ask at the same time, the page is shown without.
func (p *Pages) propose(c echo.Context, m *visitModel) {
	if !m.decides() || !m.Visit.State.Live() || m.Plan.State != visit.Live || !may(access.MakePlan)(auth.Actor(c)) {
		return
	}
	if x, err := p.Flow.Asked(ctx(c), auth.Actor(c), m.Visit.ID); err == nil && len(x.Changes) > 0 {
		m.Asked, m.ProposalKey = &x, p.NewKey()
	}
	found, err := p.Flow.Proposals(ctx(c), auth.Actor(c), m.Plan.ID, m.Visit.CustomerID, 3)
	if err == nil {
		m.Proposals, m.ProposalKey = found, p.NewKey()
	}
}

// settle settles what the calendar says about a visit.
func (p *Pages) settle(c echo.Context) error {
	ver, err := version(c)
	if err != nil {
		return err
	}
	s := flow.Settlement{Verdict: flow.Verdict(c.FormValue("verdict")), Field: calsync.Field(c.FormValue("field")), Print: c.FormValue("print"),
		Begins: c.FormValue("begins"), Ends: c.FormValue("ends"), Reason: c.FormValue("reason"), Because: visit.Code(c.FormValue("because"))}
	if s.Verdict == flow.AtTime {
		if s.Date, err = slot.ParseDate(c.FormValue("date")); err != nil {
			err = fault.Invalidf("The time cannot be read.").With(fault.Detail{Where: "date", Value: fault.Short(c.FormValue("date")), Expected: "a date such as 2027-03-04"})
		}
	}
	if err == nil {
		_, err = p.Flow.Settle(ctx(c), auth.Actor(c), c.Param("id"), ver, s)
	}
	if err != nil {
		return p.visitAgain(c, err, func(m *visitModel) {
			m.Stale = "a decision about the calendar entry"
			if s.Verdict == flow.AtTime {
				m.Timing, m.AtDate, m.AtBegins, m.AtEnds, m.Reason = true, c.FormValue("date"), s.Begins, s.Ends, s.Reason
				m.Because = &s.Because
			}
		}, "date", "begins", "ends", "reason")
	}
	return back(c, "/visits/"+url.PathEscape(c.Param("id")), "settled")
}

// mover gives who is said to have caused the move to a time that is named: as it was
// entered, else the most likely.
func (m visitModel) mover() visit.Code {
	if m.Because != nil {
		return *m.Because
	}
	return m.Mover
}

type conflictsModel struct {
	Rows []flow.ConflictView
	Key  string
}

func (p *Pages) conflicts(c echo.Context) error {
	rows, err := p.Flow.Conflicts(ctx(c), auth.Actor(c))
	if err != nil {
		return err
	}
	f := p.frame(c, "To decide")
	f.Narrow = true
	return p.show(c, http.StatusOK, conflictsPage(f, conflictsModel{Rows: rows, Key: p.NewKey()}))
}

type policyModel struct {
	Policy    flow.CalendarPolicy
	MayChange bool
	Seen      string // print of the policy that holds
	Clash     *clash
	Error     shownError
}

func (m policyModel) chosen(part string) flow.Rule {
	return map[string]flow.Rule{"move": m.Policy.Move, "resize": m.Policy.Resize, "text": m.Policy.Text, "delete": m.Policy.Delete, "answer": m.Policy.Answer}[part]
}

// policyPart is a part of the policy in words.
type policyPart struct {
	Name, Title string
	Words       map[flow.Rule]string
}

var policyParts = []policyPart{
	{"move", "Somebody moves a visit", map[flow.Rule]string{flow.RuleAccept: "The visit moves too, where everybody can; else somebody decides", flow.RuleAsk: "Somebody decides, with proposals", flow.RulePushBack: "It is put back, once; the next time somebody decides"}},
	{"resize", "Somebody makes a visit shorter or longer", map[flow.Rule]string{flow.RuleAccept: "The visit follows", flow.RuleAsk: "Somebody decides", flow.RulePushBack: "It is put back, once; the next time somebody decides"}},
	{"text", "Somebody changes title, description or place", map[flow.Rule]string{flow.RuleKeep: "It stays; whoever decides sees both versions", flow.RulePushBack: "It is put back, once; the next time somebody decides"}},
	{"delete", "Somebody deletes a visit", map[flow.Rule]string{flow.RuleCancel: "The visit is cancelled and its half-day free; somebody is asked whether to invite again", flow.RuleAsk: "The visit keeps its half-day until somebody decides"}},
	{"answer", "Somebody answers here", map[flow.Rule]string{flow.RuleCarry: "The answer is written into the executive’s own calendar, where that is connected", flow.RuleKeep: "The answer stays here"}},
}

func (p *Pages) policy(c echo.Context) error {
	a := auth.Actor(c)
	held, err := p.Flow.Policy(ctx(c), a)
	if err != nil {
		return err
	}
	return p.showPolicy(c, http.StatusOK, policyModel{Policy: held, Seen: flow.PrintOf(held), MayChange: may(access.ManageConnection)(a)})
}

func (p *Pages) showPolicy(c echo.Context, status int, m policyModel) error {
	f := p.frame(c, "Calendar policy")
	f.Narrow = true
	return p.show(c, status, policyPage(f, m))
}

func (p *Pages) setPolicy(c echo.Context) error {
	rule := func(part string) flow.Rule { return flow.Rule(c.FormValue(part)) }
	in := flow.CalendarPolicy{Move: rule("move"), Resize: rule("resize"), Text: rule("text"), Delete: rule("delete"), Answer: rule("answer")}
	err := p.Flow.SetPolicy(ctx(c), auth.Actor(c), in, c.FormValue("seen"))
	if status, yes := formErrorOrStale(err); err != nil && yes {
		held, e := p.Flow.Policy(ctx(c), auth.Actor(c))
		if e != nil {
			return e
		}
		return p.showPolicy(c, status, policyModel{Policy: in, Seen: flow.PrintOf(held), MayChange: true, Clash: clashOf(err, saidPolicy(in), saidPolicy(held)), Error: onlyMend(err, "move", "resize", "text", "delete", "answer")})
	}
	if err != nil {
		return err
	}
	return back(c, "/admin/calendar/policy", "policy")
}

var fieldNames = map[calsync.Field]string{
	calsync.FieldTitle: "Title", calsync.FieldDescription: "Description", calsync.FieldLocation: "Place", calsync.FieldTime: "Time",
	calsync.FieldGuests: "Guests", calsync.FieldEvent: "The entry",
}

// verdictTexts says what the two verdicts about a difference do.
func verdictTexts(d calsync.Conflict) (ours, theirs string) {
	if d.Field != calsync.FieldEvent {
		return "Keep ours", "Take theirs"
	}
	switch d.Theirs {
	case "put back in the calendar":
		return "Cancel it again", "The visit stands again"
	case "deleted in the calendar":
		return "Invite again", "Cancel the visit"
	}
	return "Invite again", ""
}

// settleLabel says about what a button decides, for who does not see the row.
func settleLabel(text string, d calsync.Conflict) string {
	if d.Field == "" {
		return text
	}
	return text + ": " + fieldNames[d.Field]
}

var tags = regexp.MustCompile(`<[^>]*>`)

// sideText writes one side of a difference for people. guests is said of the
// guests that differ.
func sideText(ctx context.Context, v visit.Visit, field calsync.Field, s, guests string) string {
	switch field {
	case calsync.FieldTime:
		return spanText(ctx, v, s)
	case calsync.FieldGuests:
		return strings.TrimSpace(s + " " + guests)
	case calsync.FieldDescription:
		s = strings.Join(strings.Fields(tags.ReplaceAllString(s, " ")), " ")
	}
	if r := []rune(s); len(r) > 300 {
		s = string(r[:300]) + " …"
	}
	return orDash(s)
}

// spanText writes a stretch of time as on the wall at the customer's place.
func spanText(ctx context.Context, v visit.Visit, s string) string {
	from, to, _ := strings.Cut(s, " to ")
	start, err1 := time.Parse(time.RFC3339, from)
	end, err2 := time.Parse(time.RFC3339, to)
	loc, err3 := slot.LoadZone(v.Zone)
	if err1 != nil || err2 != nil || err3 != nil {
		return s
	}
	start, end = start.In(loc), end.In(loc)
	last := stamp(ctx, end, "15:04")
	if slot.DateOf(start, loc) != slot.DateOf(end, loc) {
		last = stamp(ctx, end, "Mon 2 Jan, 15:04")
	}
	return stamp(ctx, start, "Mon 2 Jan, 15:04") + "–" + last
}

func guestName(g flow.GuestView) string {
	if g.Name == "" {
		return g.Email
	}
	return g.Name
}

var guestAnswers = map[visit.Answer]string{visit.NoAnswer: "no answer yet", visit.Accepted: "accepted", visit.Tentative: "perhaps", visit.Refused: "declined", "": "no answer yet"}

// newestNotes gives the last notes, newest first.
func newestNotes(all []flow.CalendarNote) []flow.CalendarNote {
	out := slices.Clone(all[max(0, len(all)-30):])
	slices.Reverse(out)
	return out
}

// noteText says a note in words.
func noteText(n flow.CalendarNote) string {
	name := strings.ToLower(fieldNames[n.Field])
	switch n.Kind {
	case flow.NoteAnswered:
		answer, words, _ := strings.Cut(n.Words, " ")
		return strings.TrimSpace(n.Guest + ": " + guestAnswers[visit.Answer(answer)] + " " + quoted(words))
	case flow.NoteAutoDeclined:
		_, words, _ := strings.Cut(n.Words, " ")
		return strings.TrimSpace("the calendar of " + n.Guest + " declined by itself " + quoted(words))
	case flow.NoteReset:
		return n.Guest + " is asked again: " + n.Words
	case flow.NoteMoved:
		return "moved to " + n.Words
	case flow.NoteResized:
		return "made shorter or longer: " + n.Words
	case flow.NoteEdited:
		return name + " changed"
	case flow.NoteGuestAdded:
		return n.Guest + " added as a guest"
	case flow.NoteGuestRemoved:
		return n.Guest + " taken off the guest list"
	case flow.NoteElsewhere:
		return "moved to the calendar of " + n.Guest
	case flow.NotePushedBack:
		return name + " put back to ours"
	case flow.NoteSettled:
		return strings.TrimSpace("somebody decided: " + verdictNames[flow.Verdict(n.Words)] + " " + name)
	case flow.NoteHolds:
		return "the answer of " + n.Guest + " holds again: " + n.Words
	case flow.NoteCarried:
		return "the answer given here was written into the calendar of " + n.Guest
	}
	return string(n.Kind)
}

var verdictNames = map[flow.Verdict]string{flow.Ours: "ours", flow.Theirs: "theirs", flow.Again: "invited again", flow.AtTime: "another time"}

func quoted(s string) string {
	if s == "" {
		return ""
	}
	return "“" + s + "”"
}
