package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/coverage"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/planning"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// placesOffered is how many places a slide offers for each open customer.
const placesOffered = 3

// presentModel is the plan as slides: one of them, or all for printing.
type presentModel struct {
	flow.Deck
	Shown     []flow.Slide
	N         int  // of the slide, from 1; 0 where all are shown
	Kiosk     bool // nothing but the slide
	Here      string
	Places    map[string]flow.OpenCustomer // by customer, on a slide with open ones
	MayPlan   bool
	MayAccept bool // for everybody
	Self      string
	Because   visit.Code // who caused it, as it was said
	Key       string
	Flash     string
	Error     shownError
}

func (p *Pages) present(c echo.Context) error {
	return p.showSlide(c, c.QueryParam("slide"), c.QueryParam("kiosk") == "1", http.StatusOK, nil)
}

func (p *Pages) showSlide(c echo.Context, slide string, kiosk bool, status int, problem error) error {
	a, id := auth.Actor(c), c.Param("id")
	n := 1
	if slide != "" && slide != "all" {
		var err error
		if n, err = strconv.Atoi(slide); err != nil || n < 1 {
			return fault.Invalidf("There is no such slide.").With(fault.Detail{Where: "slide", Value: fault.Short(slide), Expected: "a number from 1, or all"})
		}
	}
	d, err := p.Flow.Deck(ctx(c), a, id)
	if err != nil {
		return err
	}
	m := presentModel{Deck: d, Because: visit.Code(c.FormValue("because")), N: min(n, len(d.Slides)), Kiosk: kiosk, Here: "/plans/" + url.PathEscape(id), Self: a.PersonID, Key: p.NewKey(),
		MayPlan: may(access.MakePlan)(a) && d.Plan.State != visit.Superseded, Flash: done[c.QueryParam("done")], Error: shown(problem),
		MayAccept: may(access.AcceptYear)(a) && d.Plan.State != visit.Superseded && d.Plan.Assumes == ""}
	if m.Shown = d.Slides; slide == "all" {
		m.N, m.Kiosk = 0, false
	} else {
		// Fewer slides than a moment ago, because somebody has just taken the last
		// customers: the last one is shown.
		m.Shown = d.Slides[m.N-1 : m.N]
	}
	if s := m.Shown[0]; m.N > 0 && m.MayPlan && len(s.Open) > 0 {
		ids := make([]string, len(s.Open))
		for i, o := range s.Open {
			ids[i] = o.CustomerID
		}
		if m.Places, err = p.Flow.OpenPlaces(ctx(c), a, id, ids, placesOffered); err != nil {
			// The slide stands without its buttons: a meeting does not wait for a search.
			if m.Places = nil; !m.Error.is() {
				m.Error = shown(err)
			}
		}
	}
	f := p.frame(c, m.Shown[0].Title)
	f.CSS, f.JS, f.Script = p.assets.url("web/css/present.css"), p.assets.url("web/ts/present.ts"), ""
	return p.show(c, status, presentPage(f, m))
}

// assign gives an open customer to somebody, and comes back to the slide.
func (p *Pages) assign(c echo.Context) error {
	id, raw, slide, kiosk := c.Param("id"), c.FormValue("changes"), c.FormValue("slide"), c.FormValue("kiosk") == "1"
	var changes []flow.PlanChange
	if err := json.Unmarshal([]byte(raw), &changes); err != nil || len(changes) == 0 {
		return fault.Invalidf("This form is not complete.").With(fault.Detail{Where: "changes", Value: fault.Short(raw), Expected: "what the slide put there", Mend: "Open the slide again and choose once more."})
	}
	because := c.FormValue("because")
	changes[0].Because = visit.Code(because) // of the others we are the cause: they make room
	_, err := p.Flow.Rearrange(ctx(c), auth.Actor(c), keyOfButton(c, raw, because), id, changes)
	return p.backToSlide(c, id, slide, kiosk, "taken", err)
}

// acceptYear accepts an executive's year in one step, from a slide, from the page
// of the promise or from the executive's own page.
func (p *Pages) acceptYear(c echo.Context) error {
	id, who, mark := c.Param("id"), c.FormValue("executive"), c.FormValue("mark")
	ver, err := version(c)
	if err != nil {
		return err
	}
	_, err = p.Flow.AcceptYear(ctx(c), auth.Actor(c), key(c, who, itoa(ver), mark), id, who, ver, mark)
	switch c.FormValue("from") {
	case "me":
		if fault.Is(err, fault.Stale) || fault.Is(err, fault.Conflict) {
			return p.mine(c, http.StatusConflict, who, alertForm{Error: shown(err)})
		}
		if err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, "/me?person="+url.QueryEscape(who)+"&done=year")
	case "promise":
		if status, yes := formErrorOrStale(err); err != nil && yes {
			return p.showPromise(c, status, err)
		}
		if err != nil {
			return err
		}
		return back(c, "/plans/"+url.PathEscape(id)+"/promise", "year")
	}
	return p.backToSlide(c, id, c.FormValue("slide"), c.FormValue("kiosk") == "1", "year", err)
}

func (p *Pages) backToSlide(c echo.Context, id, slide string, kiosk bool, code string, err error) error {
	if status, yes := formErrorOrStale(err); err != nil && yes {
		return p.showSlide(c, slide, kiosk, status, err)
	}
	if err != nil {
		return err
	}
	to := "/plans/" + url.PathEscape(id) + "/present?slide=" + url.QueryEscape(slide)
	if kiosk {
		to += "&kiosk=1"
	}
	return c.Redirect(http.StatusSeeOther, to+"&done="+code)
}

// formErrorOrStale is formError where a page shows what has changed meanwhile.
func formErrorOrStale(err error) (status int, yes bool) {
	if fault.Is(err, fault.Stale) {
		return http.StatusConflict, true
	}
	return formError(err)
}

// slide gives the address of a slide.
func (m presentModel) slide(n int) string {
	to := m.Here + "/present?slide=" + itoa(n)
	if m.Kiosk {
		to += "&kiosk=1"
	}
	return to
}

// links says whether numbers open their rows: not where nothing but the slide is
// to be seen, and not on paper.
func (m presentModel) links() bool { return !m.Kiosk && m.N > 0 }

func (m presentModel) mayAccept(y flow.YearState) bool {
	return m.N > 0 && y.Standing != flow.YearAccepted && y.Visits > 0 && (m.MayAccept || y.ExecutiveID == m.Self && m.Plan.State != visit.Superseded && m.Plan.Assumes == "")
}

// barHref leads from a bar to its rows.
func (m presentModel) barHref(b flow.DeckBar) string {
	if b.Outcome != "" {
		return m.Here + "/promise?outcome=" + url.QueryEscape(string(b.Outcome))
	}
	return m.Here + "?group=" + url.QueryEscape(b.Code) + "#by-exec"
}

func (m presentModel) chipHref(x flow.DeckChip) string {
	if x.Label == "" {
		return "/visits/" + url.PathEscape(x.VisitID)
	}
	return m.Here + "?visit=" + url.QueryEscape(x.Label)
}

// inMonth gives the visits of a month.
func inMonth(chips []flow.DeckChip, month int) []flow.DeckChip {
	var out []flow.DeckChip
	for _, x := range chips {
		if x.Month == month {
			out = append(out, x)
		}
	}
	return out
}

func dayPlain(ctx context.Context, d slot.Date) string { return stamp(ctx, d.Time(), "2 Jan") }

// spanShort writes a window in few letters: "3–20 Mar", "28 Feb – 12 Mar".
func spanShort(ctx context.Context, i slot.Interval) string {
	return readerIn(ctx).Span(i)
}

// quartersText writes the visits of a year by quarter: "3 · 2 · 4 · 3".
func quartersText(q [4]int) string {
	parts := make([]string, len(q))
	for i, n := range q {
		parts[i] = itoa(n)
	}
	return strings.Join(parts, " · ")
}

// yearText says in words whether a year is accepted.
func yearText(ctx context.Context, y flow.YearState) string {
	on := ""
	if !y.At.IsZero() {
		on = dayPlain(ctx, dayHere(ctx, y.At))
	}
	by := ""
	if y.By != "" {
		by = ", noted by " + y.By
	}
	switch y.Standing {
	case flow.YearAccepted:
		return "Accepted on " + on + by
	case flow.YearChanged:
		return "Changed since accepted on " + on
	}
	return "Not accepted yet"
}

// promiseModel is the page of what was promised for a year: who has accepted it,
// and what was kept.
type promiseModel struct {
	flow.PromiseView
	Years     []flow.YearState
	Accepted  int
	Only      coverage.Outcome
	Here      string
	Cut       int  // rows beyond those shown
	Everybody bool // also where there are more years than the page shows at once
	MayAccept bool
	Key       string
	Reason    string // as it was typed
	Error     shownError
}

// promisedShown bounds a list of promised visits on a page, yearsShown one of who has
// accepted, unless somebody asks for all.
const (
	promisedShown = 300
	yearsShown    = 200
)

// someYears gives the years that the page shows: those that wait for somebody first,
// where it cannot show all.
func (m promiseModel) someYears() []flow.YearState {
	if m.Everybody || len(m.Years) <= yearsShown {
		return m.Years
	}
	out := slices.Clone(m.Years)
	slices.SortStableFunc(out, func(a, b flow.YearState) int {
		rank := map[flow.YearStanding]int{flow.YearChanged: -1, flow.YearAccepted: 1}
		return rank[a.Standing] - rank[b.Standing]
	})
	return out[:yearsShown]
}

func (p *Pages) promise(c echo.Context) error { return p.showPromise(c, http.StatusOK, nil) }

func (p *Pages) showPromise(c echo.Context, status int, problem error) error {
	a, id := auth.Actor(c), c.Param("id")
	only := coverage.Outcome(c.QueryParam("outcome"))
	v, err := p.Flow.Promise(ctx(c), a, id, only)
	if err != nil {
		return err
	}
	y, err := p.Flow.Years(ctx(c), a, id)
	if err != nil {
		return err
	}
	m := promiseModel{PromiseView: v, Years: y.Years, Accepted: y.Accepted, Only: only, Everybody: c.QueryParam("years") == "all", Here: "/plans/" + url.PathEscape(id), Key: p.NewKey(), Error: shown(problem, "reason"),
		MayAccept: v.MayFreeze && may(access.AcceptYear)(a)}
	if problem != nil {
		m.Reason = c.FormValue("reason")
	}
	if only == "" { // what was kept needs no list
		m.Rows = slices.DeleteFunc(m.Rows, func(r flow.PromisedNow) bool {
			return r.Outcome == coverage.KeptHeld || r.Outcome == coverage.KeptAhead
		})
	}
	if len(m.Rows) > promisedShown {
		m.Rows, m.Cut = m.Rows[:promisedShown], len(m.Rows)-promisedShown
	}
	return p.show(c, status, promisePage(p.frame(c, "The promise of "+itoa(v.Plan.Year)), m))
}

func (p *Pages) freezePromise(c echo.Context) error {
	id, reason := c.Param("id"), c.FormValue("reason")
	ver, err := version(c)
	if err != nil {
		return err
	}
	did, err := p.Flow.FreezePromise(ctx(c), auth.Actor(c), key(c, itoa(ver), reason), id, ver, reason)
	if status, yes := formErrorOrStale(err); err != nil && yes {
		return p.showPromise(c, status, err)
	}
	if err != nil {
		return err
	}
	code := "promised"
	if did.Unchanged {
		code = "promised_already"
	}
	return back(c, "/plans/"+url.PathEscape(id)+"/promise", code)
}

// outcomeText says in words what became of a promised visit.
func outcomeText(o coverage.Outcome) string {
	return map[coverage.Outcome]string{
		coverage.KeptHeld: "held as promised", coverage.MovedByUs: "moved by us", coverage.MovedByCustomer: "moved by the customer",
		coverage.Dropped: "dropped", coverage.KeptAhead: "still ahead", coverage.KeptSilent: "nobody has said",
	}[o]
}

// now says where a promised visit stands now, where that is elsewhere.
func (m promiseModel) now(ctx context.Context, r flow.PromisedNow) string {
	v := r.Is
	switch {
	case v.ID == "":
		return "gone"
	case r.Outcome == coverage.Dropped:
		return statusText(v)
	case v.ExecutiveID != r.Was.ExecutiveID && v.Slot != r.Was.Slot:
		return day(ctx, v.Slot.Date) + ", " + m.People[v.ExecutiveID]
	case v.ExecutiveID != r.Was.ExecutiveID:
		return m.People[v.ExecutiveID]
	case v.Slot != r.Was.Slot:
		return day(ctx, v.Slot.Date) + ", " + halfDay(v.Slot.Half)
	}
	return ""
}

// alsoMoves says how many other visits make room.
func alsoMoves(ctx context.Context, n int) string {
	if n <= 0 {
		return ""
	}
	return ", moves " + count(ctx, n, "other", "others")
}

// takePrice says in few words what giving a customer a place costs: what people can
// see from afar, not the planner's points, in which leaving somebody out outweighs
// everything else.
func takePrice(ctx context.Context, price map[string]int64) string {
	var parts []string
	for _, x := range []struct {
		term       planning.Term
		more, less string // without a number where they hold none
	}{
		{planning.TravelKM, "%s km", "%s km"}, {planning.OutOfWindow, "outside its window", "inside its window again"}, {planning.OverdueDays, "%s d over 30", "%s d over 30"},
		{planning.Crunch, "at a quarter’s end", "no longer at a quarter’s end"}, {planning.Moved, "%s moved", "%s moved"}, {planning.Mismatch, "less preferred", "more preferred"},
	} {
		n := price[string(x.term)]
		words := x.more
		if n < 0 {
			words = x.less
		}
		if n == 0 {
			continue
		}
		parts = append(parts, strings.Replace(words, "%s", signed(ctx, n), 1))
	}
	if len(parts) == 0 {
		return "costs nothing more"
	}
	return strings.Join(parts, " · ")
}
