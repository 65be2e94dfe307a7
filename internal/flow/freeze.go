package flow

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/sampling"
)

// FreezeInput is what the VP settles before the customer list is frozen.
type FreezeInput struct {
	Year     int        // 2020..2100
	Seed     string     // "": the year's, or that of the year before, or a random one
	Reason   string     // why the year's seed is changed; needed where it is
	Bands    int        // how many size bands are made of revenue; 0: none, unless there are Cuts
	Cuts     []int64    // where bands begin, in US dollars, rising; takes the place of Bands
	Must     []string   // further must-visits: keys or names
	LeaveOut []LeaveOut // customers who cannot be visited
}

// LeaveOut is a customer who cannot be visited, with a coded reason.
type LeaveOut struct {
	Customer string // key or name
	Code     string // such as sampling.ReasonUnreachable
	Note     string // in words
}

// mostNamed is how many customers may be named by hand before a freeze.
const mostNamed = 1000

// Freeze commits the seed of a year and freezes the customer list, from which a
// selection is then drawn. Customers without a host or a place leave with a
// coded reason.
func (f *Flow) Freeze(ctx context.Context, a access.Actor, k Key, in FreezeInput) (Frame, error) {
	if err := access.Require(a, access.MakeSelection, access.Subject{}); err != nil {
		return Frame{}, err
	}
	id, err := once(ctx, f, k, func(tx Tx) (string, error) {
		x, err := f.freeze(tx, a, in)
		return x.ID, err
	})
	if err != nil {
		return Frame{}, err
	}
	return f.Frame(ctx, a, id)
}

// freeze is Freeze inside a transaction. The commitment stands in the audit
// trail before the freeze does. A list that has not changed since the year's
// last freeze is that freeze.
func (f *Flow) freeze(tx Tx, a access.Actor, in FreezeInput) (Frame, error) {
	if err := in.check(); err != nil {
		return Frame{}, err
	}
	frames, err := tx.Frames.ByYear(in.Year)
	if err != nil {
		return Frame{}, err
	}
	seed, err := f.seedOf(tx, in, frames)
	if err != nil {
		return Frame{}, err
	}
	x := Frame{ID: f.NewID(), Year: in.Year, Seed: seed, SeedCommitment: sampling.Commitment(seed), SeededAt: f.Now().UTC(),
		Reason: strings.TrimSpace(in.Reason), LeftOut: map[string]int{}, FrozenBy: a.PersonID}
	units, left, err := f.population(tx, in)
	if err != nil {
		return x, err
	}
	content, err := sampling.Freeze(units, left)
	if err != nil {
		return x, err
	}
	if len(frames) > 0 && frames[0].Hash == content.Hash && frames[0].SeedCommitment == x.SeedCommitment {
		return frames[0], nil
	}
	x.Hash, x.Customers = content.Hash, len(content.Units)
	for _, u := range content.Units {
		if u.Must {
			x.Must++
		}
	}
	for _, e := range content.Excluded {
		x.LeftOut[e.Reason]++
	}
	x.FrozenAt = f.Now().UTC()
	kept, err := packed(asJSON(content))
	if err != nil {
		return x, err
	}
	if err := f.audit(tx, a, "commit seed", "frame/"+x.ID, map[string]any{"year": x.Year, "commitment": x.SeedCommitment, "reason": x.Reason}); err != nil {
		return x, err
	}
	if err := tx.Frames.Insert(x, kept); err != nil {
		return x, err
	}
	return x, f.audit(tx, a, "freeze customers", "frame/"+x.ID, map[string]any{"year": x.Year, "hash": x.Hash, "customers": x.Customers,
		"left_out": x.LeftOut, "commitment": x.SeedCommitment})
}

func (in FreezeInput) check() error {
	if err := CheckYear(in.Year); err != nil {
		return err
	}
	var bad []fault.Detail
	if len(in.Seed) > 200 {
		bad = append(bad, fault.Detail{Where: "seed", Expected: "at most 200 characters"})
	}
	if len([]rune(in.Reason)) > mostReason {
		bad = append(bad, fault.Detail{Where: "reason", Expected: fmt.Sprintf("at most %d characters", mostReason)})
	}
	if len(in.Must) > mostNamed {
		bad = append(bad, fault.Detail{Where: "must", Value: fmt.Sprint(len(in.Must)), Expected: fmt.Sprintf("at most %d customers", mostNamed), Mend: "Mark them in the import."})
	}
	if len(in.LeaveOut) > mostNamed {
		bad = append(bad, fault.Detail{Where: "leave_out", Value: fmt.Sprint(len(in.LeaveOut)), Expected: fmt.Sprintf("at most %d customers", mostNamed)})
	}
	if len(bad) > 0 {
		return fault.Invalidf("The customer list was not frozen.").With(bad...)
	}
	return nil
}

// seedOf gives the seed of a freeze. Customers keep their random numbers over
// the years, so that turns can be taken, as long as the seed stays; changing it
// after a year's seed was committed needs a reason.
func (f *Flow) seedOf(tx Tx, in FreezeInput, frames []Frame) (string, error) {
	if len(frames) > 0 {
		if in.Seed != "" && in.Seed != frames[0].Seed && len([]rune(strings.TrimSpace(in.Reason))) < leastReason {
			return "", needsReason("The seed of %d is committed already. To change it, say why.", in.Year)
		}
		if in.Seed == "" {
			return frames[0].Seed, nil
		}
	}
	if in.Seed != "" {
		return in.Seed, nil
	}
	before, err := lastBefore(tx, in.Year)
	if err != nil {
		return "", err
	}
	if before.Seed != "" {
		return before.Seed, nil
	}
	return f.Token(), nil
}

// lastBefore gives the newest selection of the latest year before; zero where
// there is none.
func lastBefore(tx Tx, year int) (Selection, error) {
	all, err := tx.Selections.ByYear(0)
	if err != nil {
		return Selection{}, err
	}
	var out Selection
	for _, s := range all { // newest first
		if s.Year < year && s.Year > out.Year {
			out = s
		}
	}
	return out, nil
}

// mostReason is how long a reason may be, in characters.
const mostReason = 500

// leastReason is the least number of characters of a reason.
const leastReason = 10

// needsReason refuses what is possible only with a reason.
func needsReason(format string, args ...any) error {
	return fault.Conflictf(format, args...).With(fault.Detail{Where: "reason", Expected: "a sentence that says why: it is logged and stands on the proof page",
		Mend: "Type a reason, or leave things as they are."})
}

// population gives all customers as the draw sees them. The draw hangs on the
// company's own keys, which last over the years.
func (f *Flow) population(tx Tx, in FreezeInput) (units []sampling.Unit, left []sampling.Exclusion, err error) {
	called, byHand := newNamed(in.Must, "must"), map[string]LeaveOut{}
	outs := make([]string, len(in.LeaveOut))
	for i, l := range in.LeaveOut {
		outs[i] = l.Customer
	}
	leaving := newNamed(outs, "leave_out")
	var all []sampling.Unit
	reasons := map[string]sampling.Exclusion{}
	err = tx.Customers.Each(func(c roster.Customer) error {
		u := sampling.Unit{ID: c.Key, Revenue: int64(math.Round(c.Revenue * 1e6)), Values: c.Values, Must: c.Must}
		if _, yes := called.find(c); yes {
			u.Must = true
		}
		if i, yes := leaving.find(c); yes {
			byHand[c.Key] = in.LeaveOut[i]
		}
		all = append(all, u)
		switch {
		case c.HostID == "":
			reasons[c.Key] = sampling.Exclusion{Reason: sampling.ReasonNoHost, Note: "No salesperson owns the account."}
		case c.Zone == "":
			reasons[c.Key] = sampling.Exclusion{Reason: sampling.ReasonNoSite, Note: "There is no known place to visit."}
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	if bad := append(called.problems(), leaving.problems()...); len(bad) > 0 {
		return nil, nil, fault.Invalidf("The customer list was not frozen.").With(bad[:min(len(bad), 20)]...)
	}
	if all, err = banded(all, in); err != nil {
		return nil, nil, err
	}
	for _, u := range all {
		e, out := reasons[u.ID]
		if l, yes := byHand[u.ID]; yes {
			e, out = sampling.Exclusion{Reason: l.Code, Note: l.Note}, true
		}
		if out {
			e.Unit = u
			left = append(left, e)
		} else {
			units = append(units, u)
		}
	}
	return units, left, nil
}

// banded puts the customers into size bands by revenue, where bands are asked for.
func banded(units []sampling.Unit, in FreezeInput) ([]sampling.Unit, error) {
	if len(in.Cuts) == 0 && in.Bands == 0 {
		return units, nil
	}
	revenues := make([]int64, len(units))
	for i, u := range units {
		revenues[i] = u.Revenue
	}
	b, err := bandsOf(revenues, in)
	if err != nil {
		return nil, onFields(err)
	}
	return b.Mark(units), nil
}

func bandsOf(revenues []int64, in FreezeInput) (sampling.Bands, error) {
	if len(in.Cuts) > 0 {
		return sampling.BandsAt(in.Cuts)
	}
	return sampling.MakeBands(revenues, in.Bands)
}

// namedCustomers finds customers that somebody named by key or by name.
type namedCustomers struct {
	field  string
	asked  []string
	places map[string]int // folded key or name -> place in asked
	hits   []int
}

func newNamed(asked []string, field string) *namedCustomers {
	n := &namedCustomers{field: field, asked: asked, places: map[string]int{}, hits: make([]int, len(asked))}
	for i, s := range asked {
		n.places[folded(s)] = i
	}
	return n
}

// folded is how a key or name is looked up: in any case, with any spaces.
func folded(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

func (n *namedCustomers) find(c roster.Customer) (at int, found bool) {
	if at, found = n.places[folded(c.Key)]; !found {
		at, found = n.places[folded(c.Name)]
	}
	if found {
		n.hits[at]++
	}
	return at, found
}

func (n *namedCustomers) problems() (bad []fault.Detail) {
	for i, s := range n.asked {
		switch {
		case n.places[folded(s)] != i:
			bad = append(bad, fault.Detail{Where: n.field, Value: fault.Short(s), Expected: "each customer once", Mend: "Remove the repetition."})
		case n.hits[i] == 0:
			bad = append(bad, fault.Detail{Where: n.field, Value: fault.Short(s), Expected: "the key or the name of a customer", Mend: "Look it up on the page of customers."})
		case n.hits[i] > 1:
			bad = append(bad, fault.Detail{Where: n.field, Value: fault.Short(s), Expected: "one customer", Mend: fmt.Sprintf("%d customers are called so: give the key.", n.hits[i])})
		}
	}
	return bad
}

// asJSON writes a thing as JSON.
func asJSON(v any) func(io.Writer) error {
	return func(w io.Writer) error { return json.NewEncoder(w).Encode(v) }
}

// unpack reads what packed has written of asJSON.
func unpack[T any](kept []byte) (content T, err error) {
	z, err := gzip.NewReader(bytes.NewReader(kept))
	if err == nil {
		err = json.NewDecoder(z).Decode(&content)
	}
	if err != nil {
		return content, fmt.Errorf("what is kept of a draw cannot be read: %w", err)
	}
	return content, nil
}

// contentOf reads the frozen list of a frame.
func contentOf(tx Tx, frameID string) (sampling.Frame, error) {
	if frameID == "" {
		return sampling.Frame{}, fault.NotFoundf("This selection is from before customer lists were kept: it cannot be replayed.")
	}
	kept, err := tx.Frames.Content(frameID)
	if err != nil {
		return sampling.Frame{}, err
	}
	return unpack[sampling.Frame](kept)
}
