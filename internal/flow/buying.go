package flow

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// StageDimension is the attribute under which imports, draws and pages know the stage
// of a customer's own buying.
const StageDimension = "buying_stage"

// The names under which the list of stages and the fiscal year are stored.
const (
	buyingSetting = "buying"
	fiscalSetting = "fiscal"
)

// setting reads what is stored under a name as JSON; usual where nothing is.
func setting[T any](tx Tx, name string, usual T) (T, error) {
	s, err := tx.Ledger.Setting(name)
	if err != nil || s == "" {
		return usual, err
	}
	var v T // not usual: what was taken out of a list must not come back
	return v, json.Unmarshal([]byte(s), &v)
}

func buyingList(tx Tx) (visit.Buying, error) { return setting(tx, buyingSetting, visit.UsualBuying()) }

func fiscalOf(tx Tx) (visit.Fiscal, error) { return setting(tx, fiscalSetting, visit.UsualFiscal()) }

// BuyingView is the list of stages and the fiscal year as they are set.
type BuyingView struct {
	visit.Buying
	Standing  map[string]int // customers by stage, as their turns leave them; nil for those who do not see plans
	Fiscal    visit.Fiscal
	MayChange bool
}

// Buying gives the list of buying stages and of what customers do, and the fiscal year,
// for everybody who is signed in: debriefs and customers' pages speak in its words.
func (f *Flow) Buying(ctx context.Context, a access.Actor) (BuyingView, error) {
	if err := signedIn(a); err != nil {
		return BuyingView{}, err
	}
	return read(ctx, f, func(tx Tx) (v BuyingView, err error) {
		v.MayChange = access.Decide(a, access.SetBuying, access.Subject{}).Allowed
		if v.Buying, err = buyingList(tx); err != nil {
			return v, err
		}
		if v.Fiscal, err = fiscalOf(tx); err != nil {
			return v, err
		}
		if access.Decide(a, access.SeePlan, access.Subject{}).Allowed {
			v.Standing, err = tx.Turns.Standing()
		}
		return v, err
	})
}

// SetBuying changes the list of stages and actions; for the VP and the administrator.
// moved says which stage takes the place of one that the new list no longer has; where
// customers stand on one that is not in moved, nothing changes (Conflict, with the
// customers named). seen is PrintOf the list that was looked at, "" where nobody has
// looked. Errors: Stale.
func (f *Flow) SetBuying(ctx context.Context, a access.Actor, b visit.Buying, moved map[string]string, seen string) error {
	if err := access.Require(a, access.SetBuying, access.Subject{}); err != nil {
		return err
	}
	for i := range b.Stages {
		b.Stages[i].Name = strings.TrimSpace(b.Stages[i].Name)
	}
	for i := range b.Actions {
		b.Actions[i].Says = strings.TrimSpace(b.Actions[i].Says)
	}
	if err := b.Check(); err != nil {
		return err
	}
	return f.Store.Write(ctx, func(tx Tx) error {
		before, err := buyingList(tx)
		if err != nil {
			return err
		}
		if err := asSeen(seen, before, b); err != nil {
			return err
		}
		if err := moveStages(tx, before, b, moved); err != nil {
			return err
		}
		if err := f.setSetting(tx, buyingSetting, b); err != nil {
			return err
		}
		return f.audit(tx, a, "change buying stages", "settings/"+buyingSetting, map[string]any{"from": before, "to": b, "moved": moved})
	})
}

func (f *Flow) setSetting(tx Tx, name string, v any) error {
	content, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return tx.Ledger.SetSetting(name, string(content))
}

// moveStages puts the turns of stages that vanish where moved says, and refuses to let
// one vanish on which customers stand otherwise.
func moveStages(tx Tx, before, after visit.Buying, moved map[string]string) error {
	standing, err := tx.Turns.Standing()
	if err != nil {
		return err
	}
	refused := fault.Conflictf("Customers stand on a stage that this list no longer has.")
	bad := false
	for _, s := range before.Stages {
		if _, stays := after.Stage(s.Code); stays {
			continue
		}
		if to := moved[s.Code]; to != "" {
			if _, err := after.ParseStage(to); err != nil {
				return err
			}
			if err := tx.Turns.Rename(s.Code, to); err != nil {
				return err
			}
			continue
		}
		if standing[s.Code] == 0 {
			continue
		}
		who, err := someAt(tx, s.Code, standing[s.Code])
		if err != nil {
			return err
		}
		bad = true
		refused = refused.With(fault.Detail{Where: "moved." + s.Code, Value: s.Name, Expected: "the stage at which its customers stand from now on: " + who,
			Mend: "Keep the stage, or say which one takes its place."})
	}
	if bad {
		return refused
	}
	return nil
}

// someAt names some of the customers who stand at a stage.
func someAt(tx Tx, stage string, n int) (string, error) {
	const shown = 5
	ids, err := tx.Turns.At(stage, shown)
	if err != nil {
		return "", err
	}
	customers, err := customersByID(tx, ids)
	if err != nil {
		return "", err
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = customers[id].Name
	}
	text := strings.Join(names, ", ")
	if more := n - len(ids); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text, nil
}

// SetFiscal says when our quarters end and which days before count as their end; for
// the VP and the administrator. The planner keeps these days free where it can, and a
// visit on one needs a reason. seen is PrintOf what was looked at, "" where nobody has
// looked. Errors: Stale.
func (f *Flow) SetFiscal(ctx context.Context, a access.Actor, x visit.Fiscal, seen string) error {
	if err := access.Require(a, access.SetBuying, access.Subject{}); err != nil {
		return err
	}
	if err := x.Check(); err != nil {
		return err
	}
	return f.Store.Write(ctx, func(tx Tx) error {
		now, err := fiscalOf(tx)
		if err != nil {
			return err
		}
		if err := asSeen(seen, now, x); err != nil {
			return err
		}
		if err := f.setSetting(tx, fiscalSetting, x); err != nil {
			return err
		}
		return f.audit(tx, a, "change fiscal year", "settings/"+fiscalSetting, x)
	})
}

// waysOf gives the turns of customers as the rules of visits know them: where the
// import said a stage, the way begins with it, on no day.
func waysOf(tx Tx, b visit.Buying, customers map[string]roster.Customer) (map[string][]visit.Turn, error) {
	ids := make([]string, 0, len(customers))
	for id := range customers {
		ids = append(ids, id)
	}
	kept, err := tx.Turns.Of(ids...)
	if err != nil {
		return nil, err
	}
	out := map[string][]visit.Turn{}
	for id, c := range customers {
		if s, ok := importedStage(b, c); ok {
			out[id] = append(out[id], visit.Turn{CustomerID: id, Stage: s.Code})
		}
		for _, t := range kept[id] {
			out[id] = append(out[id], t.Turn)
		}
	}
	return out, nil
}

// importedStage gives the stage that the company's own list says, by code or name.
func importedStage(b visit.Buying, c roster.Customer) (visit.Stage, bool) {
	said := strings.TrimSpace(c.Values[StageDimension])
	i := slices.IndexFunc(b.Stages, func(s visit.Stage) bool { return strings.EqualFold(s.Code, said) || strings.EqualFold(s.Name, said) })
	if said == "" || i < 0 {
		return visit.Stage{}, false
	}
	return b.Stages[i], true
}

// stagesOf gives the stages at which customers stand today; those whose stage nobody
// knows are left out.
func (f *Flow) stagesOf(tx Tx, b visit.Buying, customers map[string]roster.Customer) (map[string]visit.Stage, error) {
	ways, err := waysOf(tx, b, customers)
	if err != nil {
		return nil, err
	}
	out := map[string]visit.Stage{}
	for id, c := range customers {
		if s, ok := b.Stage(visit.StageOn(ways[id], f.today(c.Zone))); ok {
			out[id] = s
		}
	}
	return out, nil
}

// buyingOf gives the list of buying stages, and the one of a customer on a day.
func buyingOf(tx Tx, customerID string, day slot.Date) (visit.Buying, string, error) {
	b, err := buyingList(tx)
	if err != nil {
		return b, "", err
	}
	customers, err := customersByID(tx, []string{customerID})
	if err != nil {
		return b, "", err
	}
	ways, err := waysOf(tx, b, customers)
	return b, visit.StageOn(ways[customerID], day), err
}

// TurnView is a step on a customer's way through the stages.
type TurnView struct {
	KeptTurn
	StageName string
	Who       string // who noted it
}

// WayView is a customer's way through its own buying.
type WayView struct {
	Buying   visit.Buying
	Stage    visit.Stage // where it stands; zero where nobody knows
	Imported bool        // the stage is the one of the company's own list: no turn is known
	Since    slot.Date   // zero where not known
	Turns    []TurnView  // the newest day first
	MayMove  bool        // the actor may say what the customer did
	Today    slot.Date   // at the customer's place
}

// wayOf gives the way of one customer.
func (f *Flow) wayOf(tx Tx, a access.Actor, c roster.Customer, people map[string]roster.Person) (WayView, error) {
	w := WayView{Today: f.today(c.Zone), MayMove: access.Decide(a, access.MoveCustomer, access.Subject{HostID: c.HostID}).Allowed}
	var err error
	if w.Buying, err = buyingList(tx); err != nil {
		return w, err
	}
	kept, err := tx.Turns.Of(c.ID)
	if err != nil {
		return w, err
	}
	for _, t := range kept[c.ID] {
		s, _ := w.Buying.Stage(t.Stage)
		w.Turns = append(w.Turns, TurnView{KeptTurn: t, StageName: cmp.Or(s.Name, t.Stage), Who: people[t.By].Name})
	}
	slices.Reverse(w.Turns)
	slices.SortStableFunc(w.Turns, func(x, y TurnView) int { return y.On.Sub(x.On) })
	if len(w.Turns) > 0 {
		t := w.Turns[0]
		w.Since = t.On
		w.Stage, _ = w.Buying.Stage(t.Stage)
		return w, nil
	}
	w.Stage, w.Imported = importedStage(w.Buying, c)
	return w, nil
}

// MoveInput is what somebody says that a customer did.
type MoveInput struct {
	Action string    // code of the list
	On     slot.Date // when; zero: today
}

// mostBack is how many days back a customer's action may lie.
const mostBack = 730

// MoveCustomer notes what a customer did, by which it stands at another stage; for its
// host and the VP. What we did ourselves moves nobody (Invalid). A wrong turn is put
// right by a later one.
func (f *Flow) MoveCustomer(ctx context.Context, a access.Actor, k Key, customerID string, in MoveInput) (CustomerView, error) {
	_, err := once(ctx, f, k, func(tx Tx) (string, error) {
		c, err := ownCustomer(tx, a, customerID)
		if err != nil {
			return "", err
		}
		if err := access.Require(a, access.MoveCustomer, access.Subject{HostID: c.HostID}); err != nil {
			return "", err
		}
		b, err := buyingList(tx)
		if err != nil {
			return "", err
		}
		today := f.today(c.Zone)
		if in.On.IsZero() {
			in.On = today
		}
		if in.On > today || in.On < today.Add(-mostBack) {
			return "", fault.Invalidf("This day cannot be right.").With(fault.Detail{Where: "on", Value: in.On.String(), Expected: "the day on which the customer did it, at most two years ago and not in the future"})
		}
		t, err := b.Turn(c.ID, in.Action, in.On, "")
		if err != nil {
			return "", err
		}
		kept := f.keptTurn(a, b, t)
		if err := tx.Turns.Add(kept); err != nil {
			return "", err
		}
		return kept.ID, f.audit(tx, a, "note customer's action", "customer/"+c.ID, map[string]any{"action": t.Action, "stage": t.Stage, "on": t.On})
	})
	if err != nil {
		return CustomerView{}, err
	}
	return f.Customer(ctx, a, customerID)
}

func (f *Flow) keptTurn(a access.Actor, b visit.Buying, t visit.Turn) KeptTurn {
	says := ""
	for _, x := range b.Actions {
		if x.Code == t.Action {
			says = x.Says
		}
	}
	return KeptTurn{Turn: t, ID: f.NewID(), Says: says, By: a.PersonID, At: f.Now().UTC()}
}

// ownCustomer gives a customer that the actor may see; NotFound for others.
func ownCustomer(tx Tx, a access.Actor, id string) (roster.Customer, error) {
	if err := access.Require(a, access.SeeCustomers, access.Subject{}); err != nil {
		return roster.Customer{}, err
	}
	c, err := tx.Customers.Get(id)
	if err != nil {
		return c, err
	}
	if s := access.Customers(a); !s.All && s.HostID != c.HostID {
		return roster.Customer{}, fault.NotFoundf("There is no such customer.")
	}
	return c, nil
}

// tellTurn keeps what a debrief tells of the customer's way, in place of what it told
// before.
func (f *Flow) tellTurn(tx Tx, a access.Actor, v visit.Visit, action string) error {
	if action == "" {
		return tx.Turns.Tell(v.ID, nil)
	}
	b, err := buyingList(tx)
	if err != nil {
		return err
	}
	t, err := b.Turn(v.CustomerID, action, v.Slot.Date, v.ID)
	if err != nil {
		return err
	}
	kept := f.keptTurn(a, b, t)
	return tx.Turns.Tell(v.ID, &kept)
}
