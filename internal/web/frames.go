package web

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/sampling"
)

// freezeModel is the form with which a customer list is frozen. It holds what
// was typed, as it was typed.
type freezeModel struct {
	Dimensions                              []dimension
	Year, Cuts, Must, LeaveOut, Seed, Words string
	Bands                                   string
	Key                                     string
	Error                                   shownError
}

// dimension is an attribute of customers as a form offers it.
type dimension struct {
	Name    string
	Values  int
	Example string // its most frequent values
	Order   string // of its values, low to high, one a line; "" where they have none
}

var freezeFields = []string{"year", "bands", "cuts", "must", "leave_out", "seed", "reason"}

func (p *Pages) newSelection(c echo.Context) error {
	if err := access.Require(auth.Actor(c), access.MakeSelection, access.Subject{}); err != nil {
		return err
	}
	m, err := p.freezeModelOf(c)
	if err != nil {
		return err
	}
	return p.show(c, http.StatusOK, freezePage(p.narrow(c, "Freeze the customer list"), m))
}

func (p *Pages) narrow(c echo.Context, title string) frame {
	f := p.frame(c, title)
	f.Narrow = true
	return f
}

func (p *Pages) freezeModelOf(c echo.Context) (freezeModel, error) {
	now := p.Now()
	year := now.Year()
	if now.Month() >= time.July {
		year++ // in the second half it is next year that is planned
	}
	dims, err := p.Flow.Dimensions(ctx(c), auth.Actor(c))
	if err != nil {
		return freezeModel{}, err
	}
	return freezeModel{Year: itoa(year), Bands: "0", Key: p.NewKey(), Dimensions: dimensionsOf(ctx(c), dims, nil)}, nil
}

func dimensionsOf(ctx context.Context, dims map[string]map[string]int, orders map[string][]string) (out []dimension) {
	for _, name := range slices.Sorted(maps.Keys(dims)) {
		values := slices.Collect(maps.Keys(dims[name]))
		slices.SortFunc(values, func(a, b string) int {
			if d := dims[name][b] - dims[name][a]; d != 0 {
				return d
			}
			return strings.Compare(a, b)
		})
		d := dimension{Name: name, Values: len(values), Order: strings.Join(orders[name], "\n")}
		for i, v := range values {
			if i == 3 {
				d.Example += ", …"
				break
			}
			if i > 0 {
				d.Example += ", "
			}
			d.Example += v + " (" + num(ctx, dims[name][v]) + ")"
		}
		out = append(out, d)
	}
	return out
}

func (p *Pages) freeze(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return fault.Invalidf("The form could not be read.").Because(err)
	}
	in := flow.FreezeInput{Seed: strings.TrimSpace(c.FormValue("seed")), Reason: c.FormValue("reason"), Must: textLines(c.FormValue("must"))}
	var bad, more []fault.Detail
	in.Year, bad = whole(c, "year", "the year", 2020, 2100)
	if c.FormValue("bands") != "own" {
		in.Bands, more = whole(c, "bands", "the number of size bands", 0, 9)
		bad = append(bad, more...)
	} else if in.Cuts, more = cutsOf(c.FormValue("cuts")); more != nil {
		bad = append(bad, more...)
	}
	in.LeaveOut, more = leaveOutOf(c.FormValue("leave_out"))
	bad = append(bad, more...)
	var x flow.Frame
	if len(bad) > 0 {
		err = fault.Invalidf("The customer list was not frozen.").With(bad...)
	} else {
		x, err = p.Flow.Freeze(ctx(c), auth.Actor(c), key(c, typed(form)...), in)
	}
	if status, yes := formError(err); err != nil && yes {
		m, e := p.freezeModelOf(c)
		if e != nil {
			return err
		}
		m.Year, m.Bands, m.Cuts, m.Must = c.FormValue("year"), c.FormValue("bands"), c.FormValue("cuts"), c.FormValue("must")
		m.LeaveOut, m.Seed, m.Words = c.FormValue("leave_out"), in.Seed, in.Reason
		m.Error = shown(err, freezeFields...)
		return p.show(c, status, freezePage(p.narrow(c, "Freeze the customer list"), m))
	}
	if err != nil {
		return err
	}
	return back(c, "/selections/frames/"+url.PathEscape(x.ID), "frozen")
}

// typed gives what a form holds in one order, so that the same form twice is one
// request.
func typed(form url.Values) (out []string) {
	for _, k := range slices.Sorted(maps.Keys(form)) {
		if k != "key" {
			out = append(append(out, k), form[k]...)
		}
	}
	return out
}

// textLines gives the lines of a text that are not empty.
func textLines(s string) (out []string) {
	for l := range strings.Lines(s) {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// thousands is a number that means another one where points stand between thousands.
var thousands = regexp.MustCompile(`^\d{1,3}(\.\d{3})+,?$`)

// cutsOf reads where size bands begin, in millions of US dollars.
func cutsOf(s string) (out []int64, bad []fault.Detail) {
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ';' || r == ' ' || r == '\n' || r == '\r' || r == '\t' }) {
		n, err := strconv.ParseFloat(strings.TrimSuffix(w, ","), 64)
		if thousands.MatchString(w) { // as half of Europe writes them, and pages do for their readers
			return nil, []fault.Detail{{Where: "cuts", Value: fault.Short(w), Expected: "amounts in millions of US dollars without a sign between thousands, such as 500 5000 50000"}}
		}
		if err != nil || n <= 0 || n > 1e9 {
			return nil, []fault.Detail{{Where: "cuts", Value: fault.Short(w), Expected: "amounts in millions of US dollars with spaces between them, such as 500 5000 50000"}}
		}
		out = append(out, int64(n*1e6))
	}
	if len(out) == 0 {
		bad = []fault.Detail{{Where: "cuts", Expected: "at least one amount in millions of US dollars", Mend: "Or choose a number of bands."}}
	}
	return out, bad
}

// leaveOutOf reads lines such as "Alpine Instruments; unreachable; closed until
// autumn".
func leaveOutOf(s string) (out []flow.LeaveOut, bad []fault.Detail) {
	for i, l := range textLines(s) {
		parts := strings.SplitN(l, ";", 3)
		if len(parts) < 2 || strings.TrimSpace(parts[0]) == "" || strings.TrimSpace(parts[1]) == "" {
			bad = append(bad, fault.Detail{Where: "leave_out", Value: fault.Short(l), Expected: fmt.Sprintf("in line %d a customer, a semicolon and a reason code", i+1), Mend: "Such as: Alpine Instruments; unreachable."})
			continue
		}
		x := flow.LeaveOut{Customer: strings.TrimSpace(parts[0]), Code: strings.TrimSpace(parts[1])}
		if len(parts) == 3 {
			x.Note = strings.TrimSpace(parts[2])
		}
		out = append(out, x)
	}
	return out, bad
}

// designModel is the page on which a draw from a frozen list is designed: the
// form as it was typed, and what it would do.
type designModel struct {
	flow.FrameView
	Offered []dimension
	Form    url.Values
	Preview *flow.Preview
	Reason  bool // a reason is asked for
	Key     string
	Error   shownError
}

// Levels of groups, and of dimensions kept even across them, that the form offers.
const (
	groupLevels  = 4
	acrossLevels = 2
)

var designFields = []string{"visits", "dimensions", "across", "rule", "alpha", "q", "min", "max", "merge_below", "order", "name", "seed", "reason", "bounds"}

// value gives what was typed into a field, or the default.
func (m designModel) value(field string) string { return m.Form.Get(field) }

// design shows a frozen list with the form for a draw.
func (p *Pages) design(c echo.Context) error {
	if err := access.Require(auth.Actor(c), access.MakeSelection, access.Subject{}); err != nil {
		return err
	}
	m, err := p.designModelOf(c)
	if err != nil {
		return err
	}
	m.Form = m.proposal()
	return p.show(c, http.StatusOK, designPage(p.frame(c, "Design the draw"), m))
}

// proposal fills the form in: as the year was drawn before, else with the
// defaults and the usual groups.
func (m designModel) proposal() url.Values {
	d := sampling.Defaults()
	d.Visits = max(1, min(200, m.Customers))
	for _, name := range []string{"region", sampling.SizeBand} {
		if _, ok := m.Dimensions[name]; ok {
			d.Dimensions = append(d.Dimensions, sampling.Dimension{Name: name})
		}
	}
	if len(m.Earlier) > 0 && len(m.Earlier[0].Design.Dimensions) > 0 {
		d = m.Earlier[0].Design
	}
	form := url.Values{"visits": {itoa(d.Visits)}, "rule": {string(d.Rule)}, "alpha": {plainFixed(d.Alpha, -1)}, "q": {plainFixed(d.Q, -1)}, "min": {itoa(d.MinPerStratum)},
		"max": {itoa(d.MaxPerStratum)}, "merge_below": {itoa(d.MergeBelow)}}
	for i, x := range d.Dimensions[:min(len(d.Dimensions), groupLevels)] {
		form.Set("group"+itoa(i+1), x.Name)
	}
	for i, name := range d.Across[:min(len(d.Across), acrossLevels)] {
		form.Set("across"+itoa(i+1), name)
	}
	return form
}

func (p *Pages) designModelOf(c echo.Context) (designModel, error) {
	v, err := p.Flow.FrameView(ctx(c), auth.Actor(c), c.Param("id"))
	if err != nil {
		return designModel{}, err
	}
	return designModel{FrameView: v, Offered: dimensionsOf(ctx(c), v.Dimensions, v.Orders), Reason: len(v.Earlier) > 0, Key: p.NewKey()}, nil
}

// drawOrPreview does what the pressed button says.
func (p *Pages) drawOrPreview(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return fault.Invalidf("The form could not be read.").Because(err)
	}
	m, err := p.designModelOf(c)
	if err != nil {
		return err
	}
	m.Form = form
	in, bad := drawInput(c, form, m.Offered)
	a := auth.Actor(c)
	status := http.StatusOK
	switch {
	case len(bad) > 0:
		err = fault.Invalidf("Nothing was drawn.").With(bad...)
	case c.FormValue("do") == "draw":
		var v flow.SelectionView
		if v, err = p.Flow.Draw(ctx(c), a, key(c, typed(form)...), in); err == nil {
			return back(c, "/selections/"+url.PathEscape(v.ID), "selected")
		}
	default:
		var preview flow.Preview
		if preview, err = p.Flow.Preview(ctx(c), a, in); err == nil {
			m.Preview, m.Reason = &preview, preview.Reason
		}
	}
	if err != nil {
		var yes bool
		if status, yes = formError(err); !yes {
			return err
		}
		m.Error = shown(err, designFields...)
		m.Reason = m.Reason || m.Error.at("reason")
	}
	return p.show(c, status, designPage(p.frame(c, "Design the draw"), m))
}

// drawInput reads the form of a draw.
func drawInput(c echo.Context, form url.Values, offered []dimension) (in flow.DrawInput, bad []fault.Detail) {
	in = flow.DrawInput{FrameID: c.Param("id"), Name: strings.TrimSpace(c.FormValue("name")), Seed: strings.TrimSpace(c.FormValue("seed")), Reason: c.FormValue("reason"), EvenStages: c.FormValue("even_stages") == "yes"}
	d := &in.Design
	number := func(field, label string, lo, hi int, into *int) {
		n, wrong := whole(c, field, label, lo, hi)
		*into, bad = n, append(bad, wrong...)
	}
	number("visits", "the number of visits", 1, 1_000_000, &d.Visits)
	number("min", "the least visits per group", 0, 1_000_000, &d.MinPerStratum)
	number("max", "the most visits per group (0: no limit)", 0, 1_000_000, &d.MaxPerStratum)
	number("merge_below", "the visits that a group must expect (-1: never merge)", -1, 1_000_000, &d.MergeBelow)
	share := func(field string, into *float64) {
		raw := strings.Replace(strings.TrimSpace(c.FormValue(field)), ",", ".", 1)
		x, err := strconv.ParseFloat(raw, 64)
		if err != nil || !(x >= 0 && x <= 1) {
			bad = append(bad, fault.Detail{Where: field, Value: fault.Short(raw), Expected: "a number from 0 to 1, such as 0.75"})
		}
		*into = x
	}
	d.Rule = sampling.Rule(c.FormValue("rule"))
	share("alpha", &d.Alpha)
	share("q", &d.Q)
	for i := range groupLevels {
		if name := c.FormValue("group" + itoa(i+1)); name != "" {
			d.Dimensions = append(d.Dimensions, sampling.Dimension{Name: name, Order: textLines(c.FormValue("order." + name))})
		}
	}
	if len(d.Dimensions) == 0 {
		bad = append(bad, fault.Detail{Where: "dimensions", Expected: "at least one attribute whose values make the groups", Mend: "Choose the first one, such as region."})
	}
	for i := range acrossLevels {
		if name := c.FormValue("across" + itoa(i+1)); name != "" {
			d.Across = append(d.Across, name)
		}
	}
	more := boundsOf(form, d)
	return in, append(bad, more...)
}

// boundsOf reads the least and most visits of single groups, as the preview's
// table has them. Where both are left as they were, the common ones hold.
func boundsOf(form url.Values, d *sampling.Design) (bad []fault.Detail) {
	keys, least, most := form["bound_key"], form["bound_least"], form["bound_most"]
	for i, k := range keys {
		if i >= len(least) || i >= len(most) || least[i] == "" && most[i] == "" {
			continue
		}
		lo, err1 := strconv.Atoi(orZero(least[i]))
		hi, err2 := strconv.Atoi(orZero(most[i]))
		if err1 != nil || err2 != nil || lo < 0 || hi < 0 {
			bad = append(bad, fault.Detail{Where: "bounds", Value: fault.Short(least[i] + " to " + most[i]), Expected: "whole numbers from 0 for the least and the most visits of a group"})
			continue
		}
		if d.Bounds == nil {
			d.Bounds = map[string]sampling.Bound{}
		}
		d.Bounds[k] = sampling.Bound{Least: lo, Most: hi}
	}
	return bad
}

func orZero(s string) string {
	if s = strings.TrimSpace(s); s == "" {
		return "0"
	}
	return s
}

// bound gives what was typed as a bound of the group with a key.
func (m designModel) bound(field, groupKey string) string {
	for i, k := range m.Form["bound_key"] {
		if k == groupKey && i < len(m.Form[field]) {
			return m.Form[field][i]
		}
	}
	return ""
}

// order gives what was typed as the order of a dimension's values, or what we know.
func (m designModel) order(d dimension) string {
	if v, typed := m.Form["order."+d.Name]; typed {
		return v[0]
	}
	return d.Order
}

// ruleNames says what each way of sharing out visits means.
var ruleNames = []struct {
	rule sampling.Rule
	text string
}{
	{sampling.Mixed, "Mixed: customers and revenue at once"}, {sampling.Proportional, "Proportional: each group its share of customers"},
	{sampling.Equal, "Equal: every group the same number"}, {sampling.Power, "Power: between equal and revenue"},
	{sampling.Neyman, "Neyman: by the spread of revenue"},
}

func ruleText(ctx context.Context, d sampling.Design) string {
	switch d.Rule {
	case sampling.Mixed:
		return "mixed: " + percent(ctx, d.Alpha) + " of the aim is the share of customers, the rest the share of revenue"
	case sampling.Power:
		return "power, q = " + fixed(ctx, d.Q, 2)
	case "":
		return "proportional to customers"
	}
	for _, r := range ruleNames {
		if r.rule == d.Rule {
			return strings.ToLower(r.text[:1]) + r.text[1:]
		}
	}
	return string(d.Rule)
}

// reasonCodes say in words why a customer left the frame, or refused.
var reasonCodes = map[string]string{
	sampling.ReasonNoSite: "no known place", sampling.ReasonNoHost: "no salesperson owns the account", sampling.ReasonRefused: "asked not to be visited",
	sampling.ReasonUnreachable: "travel is not possible", sampling.ReasonNotBuying: "does not buy from us",
	sampling.RefusedDeclined: "does not want the visit", sampling.RefusedNoReply: "did not answer in time", sampling.RefusedDispute: "dispute or negotiation",
	sampling.RefusedClosed: "has ceased to exist or to buy",
}

func codeText(code string) string {
	if t := reasonCodes[code]; t != "" {
		return t
	}
	return strings.ReplaceAll(code, "_", " ")
}

// millions writes an amount of US dollars shortly.
func millions(ctx context.Context, n int64) string {
	switch {
	case n >= 10_000_000_000:
		return "$" + num(ctx, n/1_000_000_000) + " bn"
	case n >= 10_000_000:
		return "$" + num(ctx, n/1_000_000) + " m"
	}
	return "$" + num(ctx, n)
}

// sharedOut says how the visits were shared out over the groups.
func sharedOut(ctx context.Context, d sampling.Design) string {
	s := "Shared out " + ruleText(ctx, d) + "."
	if d.MinPerStratum > 0 {
		s += " Each group has at least " + count(ctx, d.MinPerStratum, "visit", "visits") + ", as far as it has customers."
	}
	if d.MaxPerStratum > 0 {
		s += " None has more than " + num(ctx, d.MaxPerStratum) + "."
	}
	if d.MergeBelow > 0 {
		s += " Groups that would expect fewer than " + num(ctx, d.MergeBelow) + " were merged."
	}
	if len(d.Bounds) > 0 {
		s += " " + count(ctx, len(d.Bounds), "group has", "groups have") + " bounds of its own."
	}
	if flow.EarlyPreferred(d) {
		s += " So groups of early buying stages may have more visits than the rule gives; every customer of a group still has the same known chance, and the weights make up for it."
	}
	if len(d.Across) > 0 {
		s += " Kept even across the groups: " + strings.Join(d.Across, ", ") + "."
	}
	return s
}
