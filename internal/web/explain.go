package web

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/planning"
	"windshield/internal/visit"
)

// explainModel is why a customer's visit stands where it does in a plan, and
// where else it could stand.
type explainModel struct {
	flow.Explanation
	Plan    string        // address of the plan
	Out     *flow.LeftOut // nil where the visit has a place, or who looks may not plan
	MayPlan bool
	Live    bool // changes reach calendars
	Key     string
	Error   shownError
}

// proposalsShown is how many places the page ranks.
const proposalsShown = 8

func (p *Pages) explain(c echo.Context) error {
	return p.showExplain(c, c.Param("customer"), http.StatusOK, nil)
}

func (p *Pages) showExplain(c echo.Context, customer string, status int, problem error) error {
	a, id := auth.Actor(c), c.Param("id")
	x, err := p.Flow.Explain(ctx(c), a, id, customer, proposalsShown)
	if err != nil {
		return err
	}
	m := explainModel{Explanation: x, Plan: "/plans/" + url.PathEscape(id), MayPlan: may(access.MakePlan)(a), Live: x.Plan.State == visit.Live, Key: p.NewKey(), Error: shown(problem, "reason")}
	if m.MayPlan && !x.Settled && !x.Stands && len(x.Places) == 0 {
		out, err := p.Flow.LetIn(ctx(c), a, id, customer)
		if err != nil && !fault.Is(err, fault.Conflict) {
			return err
		}
		if err == nil { // a customer who has left the selection is let in nowhere
			m.Out = &out
		}
	}
	f := p.frame(c, x.Customer.Name+", "+x.Plan.Name)
	f.Narrow = true
	return p.show(c, status, explainPage(f, m))
}

// rearrange takes a proposal.
func (p *Pages) rearrange(c echo.Context) error {
	id, raw := c.Param("id"), c.FormValue("changes")
	var changes []flow.PlanChange
	if err := json.Unmarshal([]byte(raw), &changes); err != nil || len(changes) == 0 {
		return fault.Invalidf("This form is not complete.").With(fault.Detail{Where: "changes", Value: fault.Short(raw), Expected: "what the page put there", Mend: "Open the page again and choose once more."})
	}
	for i := range changes {
		changes[i].Reason = cmp.Or(changes[i].Reason, c.FormValue("reason"))
	}
	changes[0].Because = visit.Code(c.FormValue("because")) // of the others we are the cause: they make room
	_, err := p.Flow.Rearrange(ctx(c), auth.Actor(c), key(c, raw, c.FormValue("reason"), c.FormValue("because")), id, changes)
	status, yes := formError(err)
	if fault.Is(err, fault.Stale) {
		status, yes = http.StatusConflict, true
	}
	if err != nil && yes {
		return p.showExplain(c, changes[0].CustomerID, status, err)
	}
	if err != nil {
		return err
	}
	return back(c, "/plans/"+url.PathEscape(id)+"/customers/"+url.PathEscape(changes[0].CustomerID), "rearranged")
}

// changesField gives what the form of a proposal sends.
func changesField(changes []flow.PlanChange) string {
	b, _ := json.Marshal(changes) // plain data, which cannot fail
	return string(b)
}

// priceTerm is a difference in one term.
type priceTerm struct {
	Name string
	N    int64
}

// priceOf lists what a price is made of, in the planner's order.
func priceOf(price map[string]int64) []priceTerm {
	var out []priceTerm
	for _, t := range planning.Terms() {
		if n := price[string(t)]; n != 0 {
			out = append(out, priceTerm{termName(string(t)), n})
		}
	}
	return out
}

// signed writes a difference with its sign.
func signed(ctx context.Context, n int64) string {
	if n > 0 {
		return "+" + num(ctx, n)
	}
	return num(ctx, n)
}

type attentionModel struct {
	flow.Attention
	Here string
}

func (p *Pages) attention(c echo.Context) error {
	id := c.Param("id")
	x, err := p.Flow.Attention(ctx(c), auth.Actor(c), id)
	if err != nil {
		return err
	}
	f := p.frame(c, "Needs a place, "+x.Plan.Name)
	f.Narrow = true
	return p.show(c, http.StatusOK, attentionPage(f, attentionModel{x, "/plans/" + url.PathEscape(id)}))
}
