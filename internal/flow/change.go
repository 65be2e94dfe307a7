package flow

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/sampling"
)

// ChangeInput is what somebody does to a selection after its draw.
type ChangeInput struct {
	Kind     ChangeKind
	Customer string // id, key or name
	Code     string // ChangeRefused: why, such as sampling.RefusedDeclined
	Reason   string // in words: needed by hand, welcome with a refusal
}

// Change notes a refusal, upon which the next customer of the same cell takes
// over, or puts a customer in or takes one out by hand, which needs a reason.
// version is that of the selection that was looked at. Visits that are planned
// already change when the year is planned again.
func (f *Flow) Change(ctx context.Context, a access.Actor, k Key, selectionID string, version int, in ChangeInput) (SelectionView, error) {
	if err := access.Require(a, access.MakeSelection, access.Subject{}); err != nil {
		return SelectionView{}, err
	}
	reason, err := text("reason", in.Reason, mostReason)
	if err != nil {
		return SelectionView{}, err
	}
	in.Reason = reason
	id, err := once(ctx, f, k, func(tx Tx) (string, error) {
		s, err := tx.Selections.Get(selectionID)
		if err != nil {
			return "", err
		}
		if s.Version != version {
			return "", fault.Stalef("Somebody changed the selection meanwhile; look at it again.").
				With(fault.Detail{Where: "version", Value: fmt.Sprint(version), Expected: fmt.Sprint(s.Version)})
		}
		return s.ID, f.change(tx, a, s, in)
	})
	if err != nil {
		return SelectionView{}, err
	}
	return f.Selection(ctx, a, id)
}

// change is Change inside a transaction.
func (f *Flow) change(tx Tx, a access.Actor, s Selection, in ChangeInput) error {
	state, err := stateOf(tx, s, true)
	if err != nil {
		return err
	}
	row, err := state.find(tx, in.Customer)
	if err != nil {
		return err
	}
	c := SelectionChange{SelectionID: s.ID, N: len(state.changes) + 1, Kind: in.Kind, CustomerID: row.CustomerID, Reason: in.Reason, At: f.Now().UTC(), By: a.PersonID}
	detail := map[string]any{"kind": c.Kind, "customer": c.CustomerID, "reason": c.Reason}
	switch in.Kind {
	case ChangeRefused:
		r, err := sampling.Replace(state.adjusted.Rows, state.replaced, row.id(), in.Code)
		if err != nil {
			return state.say(err)
		}
		c.Code, c.ReplacementID = r.Code, state.byID[r.By].CustomerID
		detail["code"], detail["replacement"] = c.Code, c.ReplacementID
	case ChangeAdded, ChangeRemoved:
		if err := state.byHand(in, row.id()); err != nil {
			return state.say(err)
		}
	default:
		return fault.Invalidf("A selection cannot be changed like this.").With(fault.Detail{Where: "kind", Value: fault.Short(string(in.Kind)), Expected: "refused, added or removed"})
	}
	if err := tx.Selections.Change(&s, c); err != nil {
		return err
	}
	return f.audit(tx, a, "change selection", "selection/"+s.ID, detail)
}

// id gives what the draw calls the customer: the key in the frame, and the
// customer's own id in selections from before frames were kept.
func (r SelectionRow) id() string { return cmp.Or(r.Key, r.CustomerID) }

// selectionState is a selection as it stands: the draw, and what people did to
// it afterwards. It calls customers as the draw does.
type selectionState struct {
	selection Selection
	drawn     sampling.Selection // as the draw left it
	changes   []SelectionChange
	byID      map[string]SelectionRow
	replaced  []sampling.Replacement
	hands     []sampling.Deviation
	adjusted  sampling.Selection // with the changes by hand
	effects   []sampling.Effect
	names     names // of the customers that were spoken of
}

// stateOf reads how a selection stands. whole asks for the customers who were
// not drawn too, of whom there may be a hundred thousand; they are read as well
// where somebody may have come in after the draw.
func stateOf(tx Tx, s Selection, whole bool) (*selectionState, error) {
	changes, err := tx.Selections.Changes(s.ID)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Selections.Rows(s.ID, !whole && len(changes) == 0)
	if err != nil {
		return nil, err
	}
	x := &selectionState{selection: s, changes: changes, byID: make(map[string]SelectionRow, len(rows)), names: names{}}
	x.drawn = sampling.Selection{FrameHash: s.FrameHash, SeedCommitment: s.SeedCommitment, Strata: s.Strata, MergeLog: s.MergeLog, NextVisits: s.NextVisits}
	called := make(map[string]string, len(rows)) // customer id -> what the draw calls it
	for _, r := range rows {
		x.byID[r.id()] = r
		called[r.CustomerID] = r.id()
		x.drawn.Rows = append(x.drawn.Rows, r.sampled(s))
	}
	slices.SortFunc(x.drawn.Rows, func(a, b sampling.Row) int { return strings.Compare(a.ID, b.ID) })
	for _, c := range changes {
		switch c.Kind {
		case ChangeRefused:
			x.replaced = append(x.replaced, sampling.Replacement{Refused: called[c.CustomerID], Code: c.Code, By: called[c.ReplacementID]})
		default:
			x.hands = append(x.hands, sampling.Deviation{Kind: sampling.Kind(c.Kind), Customer: called[c.CustomerID], Reason: c.Reason})
		}
	}
	x.adjusted, x.effects, err = sampling.Adjust(x.drawn, x.hands)
	return x, err
}

// sampled gives the row as the draw knows it.
func (r SelectionRow) sampled(s Selection) sampling.Row {
	out := sampling.Row{ID: r.id(), Excluded: r.Excluded, Stratum: r.Stratum, Cell: r.Cell, Must: r.Must, Due: r.Due, InCell: r.InCell,
		Pi: r.Pi, Weight: r.Weight, U: r.U, Rank: r.Rank, Taken: r.Taken}
	for _, st := range s.Strata {
		if st.Code == r.Stratum {
			out.X, out.N = st.X, st.N
		}
	}
	return out
}

// find gives the customer of the frame that somebody named by id, key or name.
func (x *selectionState) find(tx Tx, asked string) (SelectionRow, error) {
	if asked = strings.TrimSpace(asked); asked == "" {
		return SelectionRow{}, fault.Invalidf("Say which customer.").With(fault.Detail{Where: "customer", Expected: "the key or the name of a customer"})
	}
	called, ids, id := newNamed([]string{asked}, "customer"), map[string]string{}, ""
	err := tx.Customers.Each(func(c roster.Customer) error {
		called.see(c)
		ids[c.Key] = c.ID
		if c.ID == asked {
			id = c.ID
		}
		x.names[c.ID], x.names[c.Key] = c.Name, c.Name
		return nil
	})
	if err != nil {
		return SelectionRow{}, err
	}
	if id == "" {
		if bad := called.problems(); len(bad) > 0 {
			return SelectionRow{}, fault.Invalidf("This customer was not found.").With(bad...)
		}
		id = ids[called.hits(0)[0]]
	}
	for _, r := range x.byID {
		if r.CustomerID == id && r.Excluded == "" {
			return r, nil
		}
	}
	return SelectionRow{}, fault.Invalidf("%s is not in the frozen list, from which alone customers are visited.", x.called(id)).
		With(fault.Detail{Where: "customer", Value: fault.Short(asked), Expected: "a customer of the frozen list"})
}

// say writes names into what the draw says of ids.
func (x *selectionState) say(err error) error { return x.names.fault(err) }

// byHand refuses a change by hand that cannot be made, or has no reason. A
// customer who came in by a refusal goes out by one, so that the chain stays
// whole.
func (x *selectionState) byHand(in ChangeInput, id string) error {
	for _, r := range x.replaced {
		switch {
		case r.Refused == id:
			return fault.Conflictf("%s has refused: what a customer said is not undone by hand.", x.called(id)).With(fault.Detail{Where: "customer", Expected: "another customer"})
		case r.By == id:
			return fault.Conflictf("%s took over from a customer who refused.", x.called(id)).With(fault.Detail{Where: "customer", Expected: "a drawn customer", Mend: "Where this one refuses too, note the refusal."})
		}
	}
	v := sampling.Deviation{Kind: sampling.Kind(in.Kind), Customer: id, Reason: in.Reason}
	_, _, err := sampling.Adjust(x.drawn, append(slices.Clone(x.hands), v))
	return err
}

func (x *selectionState) called(id string) string {
	if n := x.names[id]; n != "" {
		return n
	}
	return id
}

// standing gives the customers who are to be visited.
func (x *selectionState) standing() []string { return sampling.Standing(x.adjusted, x.replaced) }

// standingOnly gives the selection with those taken who are to be visited, and
// the ids of these customers.
func (x *selectionState) standingOnly() (sampling.Selection, []string) {
	s := x.adjusted
	s.Rows = slices.Clone(s.Rows)
	stands := map[string]bool{}
	var ids []string
	for _, id := range x.standing() {
		stands[id] = true
		ids = append(ids, x.byID[id].CustomerID)
	}
	for i := range s.Rows {
		s.Rows[i].Taken = stands[s.Rows[i].ID]
	}
	return s, ids
}

// chosen gives the rows of the customers of a selection who are to be visited as
// things stand: those drawn, but for who refused or was taken out, with who took
// over or was put in. The weights are those of the draw.
func chosen(tx Tx, s Selection) ([]SelectionRow, error) {
	x, err := stateOf(tx, s, false)
	if err != nil {
		return nil, err
	}
	var out []SelectionRow
	for _, id := range x.standing() {
		out = append(out, x.byID[id])
	}
	slices.SortFunc(out, byStratum)
	return out, nil
}

func byStratum(a, b SelectionRow) int {
	if c := strings.Compare(a.Stratum, b.Stratum); c != 0 {
		return c
	}
	if c := strings.Compare(a.Cell, b.Cell); c != 0 {
		return c
	}
	if a.Rank != b.Rank {
		return a.Rank - b.Rank
	}
	return strings.Compare(a.CustomerID, b.CustomerID)
}
