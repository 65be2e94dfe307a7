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
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/sampling"
)

// FreezeInput is what the VP settles before the customer list is frozen.
type FreezeInput struct {
	Year     int        // 2020..2100
	Seed     string     // "": the year's, or that of the year before, or a random one
	Reason   string     // why a seed is chosen; needed where Seed is another one than would be kept
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
	now := f.Now().UTC()
	if err := in.check(now); err != nil {
		return Frame{}, err
	}
	frames, err := tx.Frames.ByYear(in.Year)
	if err != nil {
		return Frame{}, err
	}
	x := Frame{ID: f.NewID(), Year: in.Year, N: 1, FrozenAt: now, LeftOut: map[string]int{}, FrozenBy: a.PersonID}
	if len(frames) > 0 {
		x.N = frames[0].N + 1
	}
	if err := f.promise(tx, in, frames, &x); err != nil {
		return x, err
	}
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
	kept, err := packed(asJSON(content))
	if err != nil {
		return x, err
	}
	if err := f.audit(tx, a, "commit seed", "frame/"+x.ID, map[string]any{"year": x.Year, "commitment": x.SeedCommitment, "reason": strings.TrimSpace(in.Reason), "chosen": x.Reason != ""}); err != nil {
		return x, err
	}
	if err := tx.Frames.Insert(x, kept); err != nil {
		return x, err
	}
	return x, f.audit(tx, a, "freeze customers", "frame/"+x.ID, map[string]any{"year": x.Year, "hash": x.Hash, "customers": x.Customers,
		"left_out": x.LeftOut, "must": x.Must, "must_by_hand": in.Must, "commitment": x.SeedCommitment})
}

// checkDrawnYear refuses to freeze or draw for other years than this and the
// next. Customers keep their random numbers over the years, so that draws of years
// which nobody will visit would be rehearsals for those that somebody will.
func checkDrawnYear(year int, now time.Time) error {
	if this := now.Year(); year < this || year > this+1 {
		return fault.Invalidf("Only this year and the next are drawn.").With(fault.Detail{Where: "year", Value: fmt.Sprint(year), Expected: fmt.Sprintf("%d or %d", this, this+1)})
	}
	return nil
}

func (in FreezeInput) check(now time.Time) error {
	if err := CheckYear(in.Year); err != nil {
		return err
	}
	if err := checkDrawnYear(in.Year, now); err != nil {
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

// promise settles the seed of a freeze, and since when it has been promised.
// Customers keep their random numbers over the years, so that turns can be taken,
// as long as the seed stays. Whoever chooses a seed may have tried it, so any other
// seed than the one that is kept, or one made by chance, needs a reason.
func (f *Flow) promise(tx Tx, in FreezeInput, frames []Frame, x *Frame) error {
	kept, since, err := keptSeed(tx, in.Year, frames)
	if err != nil {
		return err
	}
	x.Seed, x.SeededAt = in.Seed, x.FrozenAt
	switch {
	case kept != "" && (in.Seed == "" || in.Seed == kept):
		x.Seed = kept
		if since.Before(x.FrozenAt) { // clocks of two processes may differ a little
			x.SeededAt = since
		}
	case in.Seed == "":
		x.Seed = f.Token()
	default:
		x.Reason = strings.TrimSpace(in.Reason)
		if len([]rune(x.Reason)) < leastReason {
			return needsReason("Whoever chooses a seed may choose the draw. To freeze the list of %d with this one, say why.", in.Year)
		}
	}
	x.SeedCommitment = sampling.Commitment(x.Seed)
	return nil
}

// keptSeed gives the seed that a year keeps, with the time of its promise: that of
// its newest freeze, else that of the newest selection of the year before; zero
// where there is none.
func keptSeed(tx Tx, year int, frames []Frame) (seed string, since time.Time, err error) {
	if len(frames) > 0 {
		return frames[0].Seed, frames[0].SeededAt, nil
	}
	before, err := lastBefore(tx, year)
	if err != nil {
		return "", time.Time{}, err
	}
	if before.FrameID != "" {
		x, err := tx.Frames.Get(before.FrameID)
		if err != nil || x.Seed == before.Seed {
			return x.Seed, x.SeededAt, err
		}
	}
	return before.Seed, before.CreatedAt, nil
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
	called := newNamed(in.Must, "must")
	outs := make([]string, len(in.LeaveOut))
	for i, l := range in.LeaveOut {
		outs[i] = l.Customer
	}
	leaving := newNamed(outs, "leave_out")
	var all []sampling.Unit
	stages, err := f.freezeStages(tx)
	if err != nil {
		return nil, nil, err
	}
	reasons := map[string]sampling.Exclusion{}
	err = tx.Customers.Each(func(c roster.Customer) error {
		u := sampling.Unit{ID: c.Key, Revenue: int64(math.Round(c.Revenue * 1e6)), Values: stages.in(c), Must: c.Must}
		called.see(c)
		leaving.see(c)
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
	must, byHand := called.found(), leaving.found()
	for _, u := range all {
		if _, yes := must[u.ID]; yes {
			u.Must = true
		}
		e, out := reasons[u.ID]
		if i, yes := byHand[u.ID]; yes {
			e, out = sampling.Exclusion{Reason: in.LeaveOut[i].Code, Note: in.LeaveOut[i].Note}, true
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

// namedCustomers finds customers that somebody named by key or by name. Where a
// word is the key of one customer and the name of another, the key counts: it is
// what is unique.
type namedCustomers struct {
	field  string
	asked  []string
	places map[string]int // folded key or name -> place in asked
	keyed  [][]string     // keys of the customers with this key, by place in asked
	named  [][]string     // of those with this name
}

func newNamed(asked []string, field string) *namedCustomers {
	n := &namedCustomers{field: field, asked: asked, places: map[string]int{}, keyed: make([][]string, len(asked)), named: make([][]string, len(asked))}
	for i, s := range asked {
		n.places[folded(s)] = i
	}
	return n
}

// folded is how a key or name is looked up: in any case, with any spaces.
func folded(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// see looks at one customer; found and problems are asked once all were seen.
func (n *namedCustomers) see(c roster.Customer) {
	if i, ok := n.places[folded(c.Key)]; ok {
		n.keyed[i] = append(n.keyed[i], c.Key)
	}
	if i, ok := n.places[folded(c.Name)]; ok {
		n.named[i] = append(n.named[i], c.Key)
	}
}

// hits gives the keys of the customers whom a place in asked may mean.
func (n *namedCustomers) hits(i int) []string {
	if len(n.keyed[i]) > 0 {
		return n.keyed[i]
	}
	return n.named[i]
}

// found gives the place in asked by the key of the customer.
func (n *namedCustomers) found() map[string]int {
	out := map[string]int{}
	for i := range n.asked {
		for _, key := range n.hits(i) {
			out[key] = i
		}
	}
	return out
}

func (n *namedCustomers) problems() (bad []fault.Detail) {
	found := n.found()
	for i, s := range n.asked {
		hits := n.hits(i)
		switch {
		case n.places[folded(s)] != i, len(hits) == 1 && found[hits[0]] != i:
			bad = append(bad, fault.Detail{Where: n.field, Value: fault.Short(s), Expected: "each customer once", Mend: "Remove the repetition."})
		case len(hits) == 0:
			bad = append(bad, fault.Detail{Where: n.field, Value: fault.Short(s), Expected: "the key or the name of a customer", Mend: "Look it up on the page of customers."})
		case len(hits) > 1:
			bad = append(bad, fault.Detail{Where: n.field, Value: fault.Short(s), Expected: "one customer", Mend: fmt.Sprintf("%d customers are called so: give the key.", len(hits))})
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
