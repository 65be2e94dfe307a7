package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"windshield/internal/auth"
	"windshield/internal/calsync"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

var brakeNames = map[visit.Brake]string{visit.TooLate: "late, nobody was there before", visit.AtQuarterEnd: "our quarter ends"}

// brakesText says in a few words what speaks against a visit.
func brakesText(all []visit.Brake) string {
	texts := make([]string, len(all))
	for i, b := range all {
		texts[i] = brakeNames[b]
	}
	return strings.Join(texts, "; ")
}

// asksReason gives what speaks against taking the calendar's version: a time only.
func asksReason(d calsync.Conflict, brakes []visit.Brake) []visit.Brake {
	if d.Field != calsync.FieldTime {
		return nil
	}
	return brakes
}

var phaseNames = map[visit.Phase]string{visit.Early: "early", visit.Middle: "middle", visit.Late: "late", visit.Settled: "bought"}

// noteAction notes on the customer's page what the customer did.
func (p *Pages) noteAction(c echo.Context) error {
	id := c.Param("id")
	in := flow.MoveInput{Action: c.FormValue("action")}
	var err error
	if s := c.FormValue("on"); s != "" {
		if in.On, err = slot.ParseDate(s); err != nil {
			err = fault.Invalidf("The day cannot be read.").With(fault.Detail{Where: "on", Value: fault.Short(s), Expected: "a date such as 2027-03-04"})
		}
	}
	if err == nil {
		_, err = p.Flow.MoveCustomer(ctx(c), auth.Actor(c), key(c, in.Action, c.FormValue("on")), id, in)
	}
	if status, yes := formError(err); err != nil && yes {
		return p.showCustomer(c, status, err)
	}
	if err != nil {
		return err
	}
	return back(c, "/customers/"+url.PathEscape(id), "moved")
}

// wayPoint is a stage on a customer's way.
type wayPoint struct {
	visit.Stage
	Here, Been bool
}

// wayPoints gives the stages in their order, with where the customer is and has been.
func wayPoints(w flow.WayView) []wayPoint {
	var out []wayPoint
	for _, s := range w.Buying.Stages {
		out = append(out, wayPoint{Stage: s, Here: s.Code == w.Stage.Code,
			Been: slices.ContainsFunc(w.Turns, func(t flow.TurnView) bool { return t.KeptTurn.Stage == s.Code })})
	}
	return out
}

// buyingModel is the settings page of the stages.
type buyingModel struct {
	flow.BuyingView
	Stages, Actions, Moved string // the lists as they are typed
	Start, Days            string
	Error                  shownError
	FiscalError            shownError
	Clash                  *clash
	Typed                  bool // the lists are as somebody typed them
}

func (p *Pages) buying(c echo.Context) error {
	return p.showBuying(c, http.StatusOK, func(*buyingModel) {})
}

func (p *Pages) showBuying(c echo.Context, status int, change func(*buyingModel)) error {
	v, err := p.Flow.Buying(ctx(c), auth.Actor(c))
	if err != nil {
		return err
	}
	m := buyingModel{BuyingView: v, Start: strconv.Itoa(max(1, int(v.Fiscal.Start))), Days: strconv.Itoa(v.Fiscal.Days)}
	m.Stages, m.Actions = stageLines(v.Buying), actionLines(v.Buying)
	change(&m)
	f := p.frame(c, "Buying stages")
	f.Narrow = true
	return p.show(c, status, buyingPage(f, m))
}

// stageLines writes the stages as they are typed: code, name, phase.
func stageLines(b visit.Buying) string {
	var out strings.Builder
	for _, s := range b.Stages {
		fmt.Fprintf(&out, "%s | %s | %s\n", s.Code, s.Name, s.Phase)
	}
	return out.String()
}

// actionLines writes the actions as they are typed: code, what the customer did, stage.
func actionLines(b visit.Buying) string {
	var out strings.Builder
	for _, a := range b.Actions {
		fmt.Fprintf(&out, "%s | %s | %s\n", a.Code, a.Says, a.Stage)
	}
	return out.String()
}

// threes reads lines of three parts; where one has not three, it is named.
func threes(where, text string) ([][3]string, error) {
	var out [][3]string
	for i, l := range strings.Split(text, "\n") {
		if strings.TrimSpace(l) == "" {
			continue
		}
		parts := strings.Split(l, "|")
		if len(parts) != 3 {
			return nil, fault.Invalidf("This list cannot be read.").With(fault.Detail{Where: where, Value: fault.Short(strings.TrimSpace(l)), Expected: "three parts with | between them", Mend: fmt.Sprintf("Look at line %d.", i+1)})
		}
		out = append(out, [3]string{strings.TrimSpace(parts[0]), strings.TrimSpace(parts[1]), strings.TrimSpace(parts[2])})
	}
	return out, nil
}

// typedBuying reads the lists as they were typed.
func typedBuying(c echo.Context) (b visit.Buying, moved map[string]string, err error) {
	stages, err := threes("stages", c.FormValue("stages"))
	if err != nil {
		return b, nil, err
	}
	actions, err := threes("actions", c.FormValue("actions"))
	if err != nil {
		return b, nil, err
	}
	for _, s := range stages {
		b.Stages = append(b.Stages, visit.Stage{Code: s[0], Name: s[1], Phase: visit.Phase(s[2])})
	}
	for _, a := range actions {
		b.Actions = append(b.Actions, visit.Action{Code: a[0], Says: a[1], Stage: a[2]})
	}
	moved = map[string]string{}
	for l := range strings.Lines(c.FormValue("moved")) {
		if from, to, ok := strings.Cut(l, "="); ok {
			moved[strings.TrimSpace(from)] = strings.TrimSpace(to)
		}
	}
	return b, moved, nil
}

// onLists says of an error about an entry of a list in which list it stands.
func onLists(err error) error {
	e, details := fault.Shown(err)
	out := fault.New(fault.KindOf(err), "%s", e)
	for _, d := range details {
		entry := d.Where
		for _, list := range []string{"stages", "actions", "moved"} {
			if strings.HasPrefix(d.Where, list) {
				d.Where = list
			}
		}
		if entry != d.Where {
			d.Expected += " (" + entry + ")"
		}
		out = out.With(d)
	}
	return out
}

func (p *Pages) setBuying(c echo.Context) error {
	b, moved, err := typedBuying(c)
	if err == nil {
		err = p.Flow.SetBuying(ctx(c), auth.Actor(c), b, moved, c.FormValue("seen"))
	}
	if status, yes := formErrorOrStale(err); err != nil && yes {
		return p.showBuying(c, status, func(m *buyingModel) {
			m.Stages, m.Actions, m.Moved = c.FormValue("stages"), c.FormValue("actions"), c.FormValue("moved")
			m.Error, m.Typed = onlyMend(onLists(err), "stages", "actions", "moved"), true
			m.Clash = clashOf(err, saidBuying(b), saidBuying(m.Buying))
		})
	}
	if err != nil {
		return err
	}
	return back(c, "/admin/buying", "buying")
}

func (p *Pages) setFiscal(c echo.Context) error {
	start, errStart := strconv.Atoi(c.FormValue("fiscal_start"))
	days, errDays := strconv.Atoi(c.FormValue("quarter_end_days"))
	var err error
	switch {
	case errStart != nil || start < 1:
		err = fault.Invalidf("This is no fiscal year.").With(fault.Detail{Where: "fiscal_start", Value: fault.Short(c.FormValue("fiscal_start")), Expected: "a month from 1 to 12"})
	case errDays != nil:
		err = fault.Invalidf("This is no end of a quarter.").With(fault.Detail{Where: "quarter_end_days", Value: fault.Short(c.FormValue("quarter_end_days")), Expected: "0 to 45 days"})
	default:
		err = p.Flow.SetFiscal(ctx(c), auth.Actor(c), visit.Fiscal{Start: time.Month(start), Days: days}, c.FormValue("seen"))
	}
	if status, yes := formErrorOrStale(err); err != nil && yes {
		return p.showBuying(c, status, func(m *buyingModel) {
			m.Start, m.Days, m.FiscalError = c.FormValue("fiscal_start"), c.FormValue("quarter_end_days"), onlyMend(err, "fiscal_start", "quarter_end_days")
			m.Clash = clashOf(err, saidFiscal(visit.Fiscal{Start: time.Month(start), Days: days}), saidFiscal(m.Fiscal))
		})
	}
	if err != nil {
		return err
	}
	return back(c, "/admin/buying", "buying")
}
