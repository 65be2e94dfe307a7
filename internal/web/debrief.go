package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/insight"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Debriefing are the use cases of what came of a visit.
type Debriefing interface {
	Debrief(ctx context.Context, a access.Actor, visitID string) (flow.DebriefView, error)
	SaveDebrief(ctx context.Context, a access.Actor, visitID string, version int, key string, in flow.DebriefInput) (flow.KeptDebrief, error)
	FileDebrief(ctx context.Context, a access.Actor, visitID string, version int, key string, in flow.DebriefInput) (flow.KeptDebrief, error)
}

// debriefModel is the page of a debrief, with what the reader had entered where a
// form came back.
type debriefModel struct {
	flow.DebriefView
	Key     string // of the next save
	Who     string // id of the reader: what a device keeps is theirs
	Form    bool   // to be written, else to be read
	Entered *flow.DebriefInput
	Stale   bool // somebody else has written meanwhile; Kept is theirs
	Error   shownError
}

func (p *Pages) debrief(c echo.Context) error {
	v, err := p.Flow.Debrief(ctx(c), auth.Actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	m := debriefModel{DebriefView: v, Key: p.NewKey(), Who: auth.Actor(c).PersonID, Form: v.MayWrite && (!v.Kept.Filed || c.QueryParam("edit") != "")}
	return p.show(c, http.StatusOK, debriefPage(p.debriefFrame(c, m), m))
}

func (p *Pages) debriefFrame(c echo.Context, m debriefModel) frame {
	f := p.frame(c, "Debrief: "+m.Customer.Name+", "+dayShort(ctx(c), m.Visit.Slot.Date))
	f.Narrow, f.Script = true, p.assets.url("web/ts/debrief.ts")
	return f
}

// writeDebrief takes a draft or the whole. The script of the page asks for JSON.
func (p *Pages) writeDebrief(c echo.Context) error {
	script := strings.Contains(c.Request().Header.Get("Accept"), echo.MIMEApplicationJSON)
	ver, err := version(c)
	var in flow.DebriefInput
	var bad []fault.Detail
	var kept flow.KeptDebrief
	file := c.FormValue("do") == "file"
	if err == nil {
		if in, bad, err = readDebrief(c); err != nil {
			return err // not a form at all
		}
		write := p.Flow.SaveDebrief
		if file {
			write = p.Flow.FileDebrief
		}
		if len(bad) > 0 {
			err = fault.Invalidf("The debrief cannot be kept.").With(bad...)
		} else {
			kept, err = write(ctx(c), auth.Actor(c), c.Param("id"), ver, c.FormValue("key"), in)
		}
	}
	if script {
		return answerScript(c, kept, err)
	}
	if err != nil {
		return p.debriefAgain(c, err, in)
	}
	code := "saved_draft"
	if file {
		code = "debriefed"
	}
	return back(c, "/visits/"+url.PathEscape(c.Param("id"))+"/debrief", code)
}

// answerScript tells the page's script what became of a save.
func answerScript(c echo.Context, kept flow.KeptDebrief, err error) error {
	if err == nil {
		return c.JSON(http.StatusOK, map[string]any{"version": kept.Version})
	}
	status, yes := formError(err)
	if fault.Is(err, fault.Stale) {
		status, yes = http.StatusPreconditionFailed, true
	}
	if !yes {
		return err
	}
	words, details := fault.Shown(err)
	for _, d := range details {
		words += " " + sentence(debriefField(d))
	}
	return c.JSON(status, map[string]any{"problem": words})
}

// debriefAgain shows the form again with what was entered, and what somebody else has
// written meanwhile.
func (p *Pages) debriefAgain(c echo.Context, err error, in flow.DebriefInput) error {
	status, yes := formError(err)
	stale := fault.Is(err, fault.Stale)
	if !yes && !stale {
		return err
	}
	v, e := p.Flow.Debrief(ctx(c), auth.Actor(c), c.Param("id"))
	if e != nil {
		return err
	}
	m := debriefModel{DebriefView: v, Key: p.NewKey(), Who: auth.Actor(c).PersonID, Form: true, Entered: &in, Stale: stale}
	if stale {
		status = http.StatusConflict
	} else {
		text, details := fault.Shown(err)
		for i := range details {
			details[i] = debriefField(details[i])
		}
		m.Error = shown(fault.Invalidf("%s", text).With(details...), debriefFields(m.said(), m.promises())...)
	}
	return p.show(c, status, debriefPage(p.debriefFrame(c, m), m))
}

var inList = regexp.MustCompile(`^(\w+)\[(\d+)\]\.?(\w*)$`)

// debriefField gives the place of a fault the name of its field on the page.
func debriefField(d fault.Detail) fault.Detail {
	g := inList.FindStringSubmatch(d.Where)
	if g == nil {
		return d
	}
	n, _ := strconv.Atoi(g[2]) // the expression wants digits
	switch g[1] {
	case "said":
		d.Where = "statement_" + itoa(n+1) + "_" + g[3]
	case "commitments":
		d.Where = "promise_" + itoa(n+1) + "_" + g[3]
	default: // one field for the whole list
		d.Where = g[1]
	}
	return d
}

func debriefFields(said []insight.Statement, promises []insight.Commitment) []string {
	fields := []string{"held", "ours", "theirs", "kind", "next_action", "next_by", "action", "questions", "information", "more", "notes", "present", "words", "code"}
	for i := range said {
		fields = append(fields, "statement_"+itoa(i+1)+"_text", "statement_"+itoa(i+1)+"_by", "statement_"+itoa(i+1)+"_claim")
	}
	for i := range promises {
		n := "promise_" + itoa(i+1)
		fields = append(fields, n+"_what", n+"_who", n+"_by")
	}
	return fields
}

// readDebrief reads the form. bad names what cannot be read; the rest is read all the
// same, so that it can be shown again.
func readDebrief(c echo.Context) (in flow.DebriefInput, bad []fault.Detail, err error) {
	form, err := c.FormParams()
	if err != nil {
		if he := new(echo.HTTPError); errors.As(err, &he) {
			return in, nil, he // too large
		}
		return in, nil, fault.Invalidf("This form cannot be read.")
	}
	at := func(field string, i int) string {
		if i < len(form[field]) {
			return strings.TrimSpace(form[field][i])
		}
		return ""
	}
	date := func(where, raw string) slot.Date {
		if raw == "" {
			return 0
		}
		d, err := slot.ParseDate(raw)
		if err != nil {
			bad = append(bad, fault.Detail{Where: where, Value: fault.Short(raw), Expected: "a date such as 2027-03-04"})
		}
		return d
	}
	in.Held = form.Get("held") == "yes"
	if h := form.Get("held"); h != "yes" && h != "no" {
		bad = append(bad, fault.Detail{Where: "held", Expected: "yes or no"})
	}
	in.Ours, in.Theirs = insight.Met(form.Get("ours")), insight.Met(form.Get("theirs"))
	in.Kind, in.WithHost = visit.Kind(form.Get("kind")), form.Get("with_host") == "yes"
	in.Code, in.Words = visit.Code(form.Get("code")), at("words", 0)
	in.NextAction, in.NextBy = at("next_action", 0), date("next_by", at("next_by", 0))
	in.Action, in.More, in.Notes = form.Get("action"), at("more", 0), at("notes", 0)
	in.Questions, in.Information = strings.Split(at("questions", 0), "\n"), strings.Split(at("information", 0), "\n")
	in.After = form["after"]
	for i := range min(len(form["said_text"]), insight.MaxSaid+1) {
		s := insight.Statement{ID: at("said_id", i), Text: at("said_text", i), By: at("said_by", i), About: insight.About(at("said_about", i)), Source: insight.Source(at("said_source", i))}
		n := itoa(i + 1)
		if s.ClaimID = strings.TrimSpace(form.Get("said_claim_" + n)); s.ClaimID != "" {
			s.Side, s.Asked = cmp.Or(insight.Side(at("said_side", i)), insight.For), form.Get("said_asked_"+n) == "yes" && s.Source != insight.Guessed
		}
		if s.Text != "" || s.ClaimID != "" {
			in.Said = append(in.Said, s)
		}
	}
	for i := range min(len(form["promise_what"]), insight.MaxCommitments+1) {
		x := insight.Commitment{Party: insight.Party(at("promise_party", i)), Who: at("promise_who", i), What: at("promise_what", i),
			By: date("promise_"+itoa(len(in.Commitments)+1)+"_by", at("promise_by", i))}
		if x.What != "" || x.Who != "" || !x.By.IsZero() {
			in.Commitments = append(in.Commitments, x)
		}
	}
	for i := range min(len(form["present"]), insight.MaxAttendees+1) {
		party, who, _ := strings.Cut(at("present", i), ":")
		if party == string(insight.Us) {
			in.Present = append(in.Present, insight.Attendee{Party: insight.Us, PersonID: who, Name: who}) // the name is looked up
		} else {
			in.Present = append(in.Present, insight.Attendee{Party: insight.Them, Name: who})
		}
	}
	for i := range min(len(form["present_name"]), insight.MaxAttendees+1) {
		if x := (insight.Attendee{Party: insight.Them, Name: at("present_name", i), Role: at("present_role", i)}); x.Name != "" {
			in.Present = append(in.Present, x)
		}
	}
	return in, bad, nil
}

// shown gives what the form or the summary shows: what was just entered, or what is kept.
func (m debriefModel) shown() insight.Debrief {
	if m.Entered != nil {
		return m.Entered.Debrief
	}
	return m.Kept.Debrief
}

// said gives the rows of what they said: one more than there are.
func (m debriefModel) said() []insight.Statement {
	all := slices.Clone(m.shown().Said)
	if len(all) < insight.MaxSaid {
		all = append(all, insight.Statement{Source: insight.Said, By: m.speaker()})
	}
	return all
}

// speaker is who of the customer has most likely said it.
func (m debriefModel) speaker() string {
	for _, x := range m.Expected {
		if x.Party == insight.Them {
			return x.Name
		}
	}
	return ""
}

func (m debriefModel) promises() []insight.Commitment {
	all := slices.Clone(m.shown().Commitments)
	for n := 0; n < 2 && len(all) < insight.MaxCommitments; n++ {
		all = append(all, insight.Commitment{Party: []insight.Party{insight.Us, insight.Them}[n]})
	}
	return all
}

// there says whether one who was expected was there. Where nobody has said, all were.
func (m debriefModel) there(x insight.Attendee) bool {
	if m.Entered == nil && m.Kept.Version == 0 {
		return true
	}
	return slices.ContainsFunc(m.shown().Present, func(y insight.Attendee) bool {
		return x.PersonID != "" && y.PersonID == x.PersonID || x.PersonID == "" && y.PersonID == "" && y.Name == x.Name && y.Role == ""
	})
}

// others gives who was there and not expected, with an empty row.
func (m debriefModel) others() []insight.Attendee {
	var out []insight.Attendee
	for _, y := range m.shown().Present {
		if y.PersonID == "" && !slices.ContainsFunc(m.Expected, func(x insight.Attendee) bool { return x.PersonID == "" && x.Name == y.Name && y.Role == "" }) {
			out = append(out, y)
		}
	}
	return append(out, insight.Attendee{Party: insight.Them})
}

// attendeeValue names one who was expected in the form.
func attendeeValue(x insight.Attendee) string {
	return string(x.Party) + ":" + cmp.Or(x.PersonID, x.Name)
}

func (m debriefModel) code() visit.Code {
	if m.Entered != nil {
		return m.Entered.Code
	}
	if !m.Kept.Filed && m.Kept.Code != "" {
		return m.Kept.Code
	}
	return m.Visit.Code
}

func (m debriefModel) words() string {
	if m.Entered != nil {
		return m.Entered.Words
	}
	if !m.Kept.Filed && m.Kept.Words != "" {
		return m.Kept.Words
	}
	if m.Visit.State == visit.NoShow {
		return m.Visit.Reason
	}
	return ""
}

// details says whether the second part of the form stands open.
func (m debriefModel) details() bool {
	d := m.shown()
	return m.Error.is() || len(d.Commitments)+len(d.Questions)+len(d.Information) > 0 || d.More != "" || d.Notes != "" || m.Kept.Filed
}

// counted says whether the visit stops the 30-day clock, and if not why.
func counted(d insight.Debrief) string {
	if l := d.Lapse(); l != visit.NoLapse {
		return "It does not count for the 30-day clock: " + l.Says() + "."
	}
	return "It counts for the 30-day clock."
}

// stageText names the customer's buying stage.
func (m debriefModel) stageText() string {
	if s, ok := m.Buying.Stage(m.Stage); ok {
		return s.Name
	}
	return "not known yet"
}

// did says what the customer did, "" where nothing.
func (m debriefModel) did(code string) string {
	for _, x := range m.Buying.Actions {
		if x.Code == code {
			return x.Says
		}
	}
	return ""
}

// debriefSides are what a statement means for a claim: mostly it backs it.
var debriefSides = []insight.Side{insight.For, insight.Against, insight.Neither}

var debriefSideNames = map[insight.Side]string{insight.For: "back it", insight.Against: "deny it", insight.Neither: "do neither"}

// elsewhere says whether a statement stands to a claim that is not offered: it was closed.
func (m debriefModel) elsewhere(s insight.Statement) bool {
	return s.ClaimID != "" && !slices.ContainsFunc(m.Claims, func(x flow.ClaimChoice) bool { return x.ID == s.ClaimID })
}

var metNames = map[insight.Met]string{insight.Yes: "Yes", insight.Partly: "Partly", insight.No: "No", insight.NotKnown: "Not known"}

var aboutNames = map[insight.About]string{insight.Situation: "Their situation", insight.Goals: "Their goals", insight.Obstacles: "What stands in the way", insight.NextSteps: "Next steps"}

var partyNames = map[insight.Party]string{insight.Us: "We", insight.Them: "The customer"}

// metText says whether an objective was met.
func metText(m insight.Met) string { return cmp.Or(metNames[m], "nobody has said") }
