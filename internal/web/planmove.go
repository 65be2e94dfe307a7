package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/planning"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// drawerModel is one visit beside the grid: what it is, why it stands there, and
// where else it could.
type drawerModel struct {
	flow.PlaceView
	planView
	Do        string // "move", "swap" or "out" where the reader is choosing, "" otherwise
	Executive string // chosen so far
	Date      string
	Half      string
	Quote     *flow.Quote // what the choice would do
	Asks      bool        // a customer has agreed: whoever moves it says that this is known
	Refused   shownError  // why the choice cannot be
	Key       string
}

// staleModel is what two people did to one visit, or a question before a change:
// two ways to go on.
type staleModel struct {
	Title, Mine, Now string
	To               *planning.Place // where the reader wanted the visit of Mine; nil where Mine says it all
	Fields           []choice        // that send the change once more, as things stand now; none where it cannot be
	Take, Keep       string          // words of the two ways
	Why              bool            // a reason is to be typed
	Pin              bool            // it is about a pin, not about a move
	Undo             string          // the step that is to be taken back; "" for moves
}

// formView gives the view that a form of the plan's page came from.
func formView(c echo.Context) url.Values {
	q, err := url.ParseQuery(c.FormValue("state"))
	if err != nil {
		return url.Values{}
	}
	return q
}

// state gives the view as forms send it.
func (v planView) state() string { return v.Q.Encode() }

// backToPlan leads to the plan in the view that the form came from.
func backToPlan(c echo.Context) error {
	return c.Redirect(http.StatusSeeOther, planViewOf("/plans/"+url.PathEscape(c.Param("id")), formView(c)).with())
}

// drawerOf reads one visit for the drawer, and what the reader has chosen so far.
func (p *Pages) drawerOf(c echo.Context, view planView, plan visit.Plan, q url.Values) (*drawerModel, error) {
	m := &drawerModel{planView: view, Do: q.Get("do"), Executive: q.Get("executive"), Date: q.Get("date"), Half: q.Get("half"), Key: p.NewKey()}
	var err error
	a := auth.Actor(c)
	if m.PlaceView, err = p.Flow.PlaceOf(ctx(c), a, plan.ID, view.get("visit"), m.Do == "swap"); err != nil {
		return nil, err
	}
	if !m.MayMove || m.Do != "move" && m.Do != "swap" && m.Do != "out" {
		m.Do = ""
		return m, nil
	}
	v := m.VisitView.Visit
	if m.Do == "out" {
		return m, m.quote(c, p, plan.ID, flow.Move{Visits: []flow.SeenVisit{seenOf(v)}, Out: true})
	}
	if m.Date == "" {
		m.Executive, m.Date, m.Half = v.ExecutiveID, v.Slot.Date.String(), string(v.Slot.Half)
		return m, nil
	}
	if m.Do != "move" {
		return m, nil
	}
	at, err := readPlace(m.Executive, m.Date, m.Half)
	if err != nil {
		m.Refused = shown(err, "date", "executive", "half")
		return m, nil
	}
	return m, m.quote(c, p, plan.ID, flow.Move{Visits: []flow.SeenVisit{seenOf(v)}, To: &at})
}

// quote asks what a move would do, or why it cannot be.
func (m *drawerModel) quote(c echo.Context, p *Pages, planID string, move flow.Move) error {
	quote, err := p.Flow.Quote(ctx(c), auth.Actor(c), planID, move)
	if asks(err) {
		m.Asks, move.Agreed = true, true
		quote, err = p.Flow.Quote(ctx(c), auth.Actor(c), planID, move)
	}
	if _, yes := formError(err); err != nil && (yes || fault.Is(err, fault.Stale)) {
		m.Refused = shown(err, "date", "executive", "half")
		return nil
	}
	m.Quote = &quote
	return err
}

// moverNames says who can have caused a move, as its buttons and lists say it.
var moverNames = map[visit.Code]string{"": "We moved it", visit.ByCustomer: "The customer asked", visit.NoExecutive: "The executive asked", visit.NoHost: "The host asked",
	visit.WrongPerson: "Somebody else should go", visit.NoTravel: "The way there is not possible", visit.OtherReason: "Another reason"}

// movers gives who is offered in one click as the cause of a step: the usual ones, and
// what was said where it is none of them.
func (m planModel) movers(x *flow.PlanStepView) []visit.Code {
	out := []visit.Code{"", visit.ByCustomer, visit.NoExecutive, visit.NoHost}
	if said := x.Changes[0].Because; !slices.Contains(out, said) {
		out = append(out, said)
	}
	return out
}

// sayWhoMoved says who caused the last move.
func (p *Pages) sayWhoMoved(c echo.Context) error {
	_, err := p.Flow.SayWhoMoved(ctx(c), auth.Actor(c), c.Param("id"), c.Param("step"), visit.Code(c.FormValue("because")))
	return p.changed(c, err)
}

// asks says whether a change was refused because a customer has agreed.
func asks(err error) bool {
	if !fault.Is(err, fault.Conflict) {
		return false
	}
	_, details := fault.Shown(err)
	return len(details) > 0 && details[0].Where == flow.AskAgreed
}

// drawer gives the drawer alone, for the script; without it the page has it.
func (p *Pages) drawer(c echo.Context) error {
	q := c.QueryParams()
	view := planViewOf("/plans/"+url.PathEscape(c.Param("id")), q)
	if c.Request().Header.Get(partHeader) == "" {
		return c.Redirect(http.StatusSeeOther, "/plans/"+url.PathEscape(c.Param("id"))+"?"+q.Encode())
	}
	m, err := p.drawerOf(c, view, visit.Plan{ID: c.Param("id")}, q)
	if err != nil {
		return err
	}
	return p.show(c, http.StatusOK, drawer(m))
}

// partHeader says that a script asks for a part of a page.
const partHeader = "X-Part"

// seenOf says where a visit was seen.
func seenOf(v visit.Visit) flow.SeenVisit {
	return flow.SeenVisit{Visit: v.Label, Executive: v.ExecutiveID, Date: v.Slot.Date, Half: v.Slot.Half}
}

// token writes a visit as it was seen for a form: label@executive@date@half.
func token(s flow.SeenVisit) string {
	return s.Visit + "@" + s.Executive + "@" + s.Date.String() + "@" + string(s.Half)
}

// placeToken writes a place for a form: executive@date@half.
func placeToken(at planning.Place) string {
	return at.Executive + "@" + at.Date.String() + "@" + string(at.Half)
}

var errMove = fault.Invalidf("This form is not complete.").With(fault.Detail{Where: "visit", Expected: "what the page put there", Mend: "Open the page again and choose once more."})

func readSeen(raw string) (s flow.SeenVisit, err error) {
	parts := strings.Split(raw, "@")
	if len(parts) != 4 || parts[0] == "" {
		return s, errMove
	}
	s = flow.SeenVisit{Visit: parts[0], Executive: parts[1], Half: slot.Half(parts[3])}
	if s.Half != "" && s.Half != slot.AM && s.Half != slot.PM {
		return s, errMove
	}
	if s.Date, err = slot.ParseDate(parts[2]); err != nil {
		return s, errMove
	}
	return s, nil
}

func readPlace(executive, date, half string) (at planning.Place, err error) {
	at = planning.Place{Executive: executive, Half: slot.Half(half)}
	if at.Date, err = slot.ParseDate(strings.TrimSpace(date)); err != nil || at.Date.IsZero() {
		return at, fault.Invalidf("The place cannot be read.").With(fault.Detail{Where: "date", Value: fault.Short(date), Expected: "a date such as 2027-03-04"})
	}
	if at.Half != slot.AM && at.Half != slot.PM {
		return at, fault.Invalidf("The place cannot be read.").With(fault.Detail{Where: "half", Value: fault.Short(half), Expected: "am or pm"})
	}
	return at, nil
}

// readMove reads the form of a change, and its raw parts for the key.
func readMove(c echo.Context) (m flow.Move, raw []string, err error) {
	form, err := c.FormParams()
	if err != nil {
		return m, nil, errMove
	}
	raw = append(raw, form["visit"]...)
	for _, x := range form["visit"] {
		s, err := readSeen(x)
		if err != nil {
			return m, raw, err
		}
		m.Visits = append(m.Visits, s)
	}
	raw = append(raw, form.Get("to"), form.Get("trade"), form.Get("weeks"), form.Get("out"), form.Get("agreed"), form.Get("because"))
	m.Out, m.Because = form.Get("out") == "yes", visit.Code(form.Get("because"))
	m.Agreed, m.Reason = form.Get("agreed") == "yes", strings.TrimSpace(form.Get("reason"))
	raw = append(raw, m.Reason)
	if to := form.Get("to"); to != "" {
		parts := strings.Split(to, "@")
		if len(parts) != 3 {
			return m, raw, errMove
		}
		at, err := readPlace(parts[0], parts[1], parts[2])
		if err != nil {
			return m, raw, err
		}
		m.To = &at
	}
	if other := form.Get("trade"); other != "" {
		s, err := readSeen(other)
		if err != nil {
			return m, raw, err
		}
		m.Trade = &s
	}
	if n := form.Get("weeks"); n != "" {
		if m.Weeks, err = strconv.Atoi(n); err != nil {
			return m, raw, errMove
		}
	}
	return m, raw, nil
}

// move changes the plan as somebody means it on its page.
func (p *Pages) move(c echo.Context) error {
	m, raw, err := readMove(c)
	if err == nil {
		_, err = p.Flow.Move(ctx(c), auth.Actor(c), key(c, raw...), c.Param("id"), m)
	}
	switch {
	case err == nil:
		return backToPlan(c)
	case asks(err):
		text, _ := fault.Shown(err)
		fields := append(moveFields(c), choice{"agreed", "yes"})
		return p.showPlan(c, http.StatusConflict, nil, &staleModel{Title: "A customer has agreed to this", Now: text, Fields: fields, Take: "Move it all the same", Keep: "Leave it where it is"})
	case fault.Is(err, fault.Stale):
		return p.showStale(c, m, err)
	case wantsReason(err):
		return p.showPlan(c, http.StatusUnprocessableEntity, nil, askReason(err, moveFields(c)))
	}
	if status, yes := formError(err); yes {
		return p.showPlan(c, status, err, nil)
	}
	return err
}

// wantsReason says whether a change was refused because nobody said why it is good
// to visit just then.
func wantsReason(err error) bool {
	if !fault.Is(err, fault.Invalid) {
		return false
	}
	_, details := fault.Shown(err)
	return len(details) > 0 && details[0].Where == "reason"
}

// moveFields gives what the form of a change sent, to be sent once more.
func moveFields(c echo.Context) (out []choice) {
	form, err := c.FormParams()
	if err != nil {
		return nil
	}
	for _, k := range []string{"visit", "to", "trade", "weeks", "out", "agreed", "because"} {
		for _, x := range form[k] {
			out = append(out, choice{k, x})
		}
	}
	return out
}

// showStale shows both versions of a visit that somebody else has moved: what the
// reader wanted, and what stands now, with a way to take either.
func (p *Pages) showStale(c echo.Context, m flow.Move, problem error) error {
	text, _ := fault.Shown(problem)
	s := &staleModel{Title: "Somebody was faster", Now: text, Keep: "Keep what stands now", Take: "Take mine"}
	a, id := auth.Actor(c), c.Param("id")
	if len(m.Visits) != 1 {
		return p.showPlan(c, http.StatusConflict, nil, s)
	}
	now := func(seen *flow.SeenVisit) (flow.PlaceView, bool) {
		v, err := p.Flow.PlaceOf(ctx(c), a, id, seen.Visit, false)
		if err != nil || !v.VisitView.Visit.State.Open() {
			return v, false
		}
		*seen = seenOf(v.VisitView.Visit)
		return v, true
	}
	v, stands := now(&m.Visits[0])
	if !stands {
		return p.showPlan(c, http.StatusConflict, nil, s)
	}
	var err error
	if s.Now, err = p.standsNow(c, v); err != nil {
		return err
	}
	again := []choice{{"visit", token(m.Visits[0])}, {"because", string(m.Because)}, {"reason", m.Reason}}
	switch {
	case m.To != nil:
		s.Mine, s.To = v.Customer.Name, m.To
		again = append(again, choice{"to", placeToken(*m.To)})
	case m.Trade != nil:
		other, stands := now(m.Trade)
		if !stands {
			return p.showPlan(c, http.StatusConflict, nil, s)
		}
		s.Mine = v.Customer.Name + " and " + other.Customer.Name + " trade places. " + other.Customer.Name + " is with " + other.Executive.Name + ", " +
			dayShort(ctx(c), other.VisitView.Visit.Slot.Date) + " " + halfDay(other.VisitView.Visit.Slot.Half) + " now."
		again = append(again, choice{"trade", token(*m.Trade)})
	case m.Out:
		s.Mine = v.Customer.Name + " out of the plan."
		again = append(again, choice{"out", "yes"})
	default:
		s.Mine = v.Customer.Name + " " + count(ctx(c), m.Weeks, "week", "weeks") + " on."
		again = append(again, choice{"weeks", strconv.Itoa(m.Weeks)})
	}
	s.Fields = again
	return p.showPlan(c, http.StatusConflict, nil, s)
}

func touches(s flow.PlanStepView, customerID string) bool {
	for _, c := range s.Changes {
		if c.CustomerID == customerID {
			return true
		}
	}
	return false
}

// pinHere pins a visit on the plan's page, or takes the pin away, where it stands as the
// reader saw it.
func (p *Pages) pinHere(c echo.Context) error {
	a, id, pinned := auth.Actor(c), c.Param("id"), c.FormValue("pinned") == "yes"
	saw, err := readSeen(c.FormValue("visit"))
	if err != nil {
		return p.changed(c, err)
	}
	v, err := p.Flow.PlaceOf(ctx(c), a, id, saw.Visit, false)
	if err != nil {
		return p.changed(c, err)
	}
	now := seenOf(v.VisitView.Visit)
	if now.Executive != saw.Executive || now.Date.Monday() != saw.Date.Monday() || saw.Half != "" && (now.Date != saw.Date || now.Half != saw.Half) {
		s := &staleModel{Title: "Somebody was faster", Mine: v.Customer.Name + " pinned where you saw it.", Pin: true, Take: "Pin it where it stands", Keep: "Leave it as it is",
			Fields: []choice{{"visit", token(now)}, {"pinned", c.FormValue("pinned")}}}
		if !pinned {
			s.Mine, s.Take = v.Customer.Name+" no longer pinned where you saw it.", "Take the pin away"
		}
		if s.Now, err = p.standsNow(c, v); err != nil {
			return err
		}
		return p.showPlan(c, http.StatusConflict, nil, s)
	}
	_, err = p.Flow.PinVisit(ctx(c), a, v.VisitView.Visit.ID, v.VisitView.Visit.Version, pinned)
	return p.changed(c, err)
}

// standsNow says with whom and when a visit of the plan is, and who moved it last.
func (p *Pages) standsNow(c echo.Context, v flow.PlaceView) (string, error) {
	steps, err := p.Flow.PlanSteps(ctx(c), auth.Actor(c), c.Param("id"))
	if err != nil {
		return "", err
	}
	at := v.VisitView.Visit.Slot
	text := v.Customer.Name + " is with " + v.Executive.Name + ", " + dayShort(ctx(c), at.Date) + " " + halfDay(at.Half) + "."
	for _, x := range steps {
		if touches(x, v.Customer.ID) && x.Pin() == nil {
			return text + " " + x.Who + " moved it (" + momentText(ctx(c), x.At) + ").", nil
		}
	}
	return text, nil
}

// undoPlan takes a change of the plan back, and asks why where a visit goes back to a
// place that needs a reason.
func (p *Pages) undoPlan(c echo.Context) error {
	id, step, reason := c.Param("id"), c.Param("step"), strings.TrimSpace(c.FormValue("reason"))
	_, err := p.Flow.UndoStep(ctx(c), auth.Actor(c), key(c, step, reason), id, step, reason)
	if wantsReason(err) {
		s := askReason(err, []choice{{"step", step}})
		s.Undo, s.Take, s.Keep = step, "Take it back for this reason", "Leave it as it is"
		return p.showPlan(c, http.StatusUnprocessableEntity, nil, s)
	}
	return p.changed(c, err)
}

// askReason asks why visits are put where they have a brake.
func askReason(err error, fields []choice) *staleModel {
	text, details := fault.Shown(err)
	for _, d := range details {
		text += " " + sentence(d)
	}
	return &staleModel{Title: "This needs a reason", Now: text, Fields: fields, Take: "Move it for this reason", Keep: "Leave it where it is", Why: true}
}

// path gives where a change is sent once more.
func (s *staleModel) path() string {
	if s.Undo != "" {
		return "/steps/" + url.PathEscape(s.Undo) + "/undo"
	}
	if s.Pin {
		return "/pins"
	}
	return "/moves"
}

// changed leads back to the plan, or shows there what was refused.
func (p *Pages) changed(c echo.Context, err error) error {
	if err == nil {
		return backToPlan(c)
	}
	status, yes := formError(err)
	if fault.Is(err, fault.Stale) {
		status, yes = http.StatusConflict, true
	}
	if yes {
		return p.showPlan(c, status, err, nil)
	}
	return err
}

// choicesAnswer is what the grid shows while a visit is being moved. A row has a
// word for every week: where the visit could go, the half-day of the week (0 to d)
// and the price with its sign; otherwise a letter of Why.
type choicesAnswer struct {
	No     string            `json:"no,omitempty"` // why nobody may move it
	Monday string            `json:"monday,omitempty"`
	At     string            `json:"at,omitempty"` // token of where it stands
	Rows   map[string]string `json:"rows,omitempty"`
	Trades map[string]string `json:"trades,omitempty"` // by label: a price with its sign, or a letter of Why
	Why    map[string]string `json:"why,omitempty"`
}

// choices answers the script of the grid.
func (p *Pages) planChoices(c echo.Context) error {
	x, err := p.Flow.Choices(ctx(c), auth.Actor(c), c.Param("id"), c.QueryParam("visit"))
	c.Response().Header().Set("Cache-Control", "no-store")
	switch fault.KindOf(err) {
	case fault.Conflict, fault.Invalid, fault.NotFound, fault.Temporary:
		text, _ := fault.Shown(err)
		return c.JSON(http.StatusOK, choicesAnswer{No: text})
	}
	if err != nil {
		return err
	}
	out := choicesAnswer{Monday: x.Monday.String(), Rows: make(map[string]string, len(x.Cells)), Trades: make(map[string]string, len(x.ByLabel)), Why: map[string]string{}}
	if x.At != nil {
		out.At = token(flow.SeenVisit{Visit: x.Label, Executive: x.At.Executive, Date: x.At.Date, Half: x.At.Half})
	}
	letters := map[string]string{}
	letter := func(why string) string {
		if letters[why] == "" {
			letters[why] = string(rune('a' + len(letters)))
			out.Why[letters[why]] = why
		}
		return letters[why]
	}
	const halves = "0123456789abcd"
	var b strings.Builder
	for e, weeks := range x.Cells {
		b.Reset()
		for w, cell := range weeks {
			if w > 0 {
				b.WriteByte(' ')
			}
			if !cell.Open {
				b.WriteString(letter(cell.Why))
				continue
			}
			half := 2 * cell.Place.Date.Sub(cell.Place.Date.Monday())
			if cell.Place.Half == slot.PM {
				half++
			}
			b.WriteByte(halves[half])
			b.WriteString(plain(cell.Price))
		}
		out.Rows[x.Executives[e]] = b.String()
	}
	for label, t := range x.ByLabel {
		if t.Open {
			out.Trades[label] = plain(t.Price)
		} else {
			out.Trades[label] = letter(t.Why)
		}
	}
	return c.JSON(http.StatusOK, out)
}

// planTogether answers the script of the grid what several visits would do that go on by
// whole weeks.
func (p *Pages) planTogether(c echo.Context) error {
	m, err := flow.Move{}, error(nil)
	for _, raw := range c.QueryParams()["visit"] {
		s, e := readSeen(raw)
		if e != nil {
			err = e
		}
		m.Visits = append(m.Visits, s)
	}
	m.Weeks, _ = strconv.Atoi(c.QueryParam("weeks")) // no number is none, which is refused
	var x flow.Together
	if err == nil {
		x, err = p.Flow.Together(ctx(c), auth.Actor(c), c.Param("id"), m)
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	switch fault.KindOf(err) {
	case fault.Conflict, fault.Invalid, fault.NotFound, fault.Temporary, fault.Stale:
		text, _ := fault.Shown(err)
		return c.JSON(http.StatusOK, togetherAnswer{Text: text})
	}
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, togetherAnswer{x.Fits == x.Of, x.Sentence()})
}

// togetherAnswer is one verdict for several visits.
type togetherAnswer struct {
	OK   bool   `json:"ok"`
	Text string `json:"text"`
}

// plain writes a difference with its sign and nothing else.
func plain(n int64) string {
	if n < 0 {
		return strconv.FormatInt(n, 10)
	}
	return "+" + strconv.FormatInt(n, 10)
}

// sentenceOf begins with a capital and ends with a full stop.
func sentenceOf(words string) string {
	if words == "" {
		return ""
	}
	return strings.ToUpper(words[:1]) + words[1:] + "."
}

// executive names somebody of the plan.
func (m *drawerModel) executive(id string) string {
	for _, x := range m.People {
		if x.ID == id {
			return x.Name
		}
	}
	return "somebody else"
}
