package flow

import (
	"context"
	"slices"

	"windshield/internal/access"
	"windshield/internal/planning"
)

// CancelRun throws a run away: it ends now, and nothing of it is kept. A run that has
// ended already is given as it is.
func (f *Flow) CancelRun(ctx context.Context, a access.Actor, id string) (Run, error) {
	if err := access.Require(a, access.MakePlan, access.Subject{}); err != nil {
		return Run{}, err
	}
	var r Run
	err := f.untilFresh(ctx, func(tx Tx) error {
		var err error
		if r, err = tx.Runs.Get(id); err != nil || r.State.Ended() {
			return err
		}
		// The job looks here now and then, and stops.
		r.State, r.EndedAt = Cancelled, f.Now().UTC()
		if err := tx.Runs.Save(&r); err != nil {
			return err
		}
		return f.audit(tx, a, "cancel planner", "run/"+id, nil)
	})
	return r, err
}

// RunView is a run with the groups of its selection.
type RunView struct {
	Run
	Groups []Group // Target and Planned are those of the best plan so far; empty where it has not said
}

// RunView gives a run as its page shows it.
func (f *Flow) RunView(ctx context.Context, a access.Actor, id string) (RunView, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return RunView{}, err
	}
	return read(ctx, f, func(tx Tx) (RunView, error) {
		r, err := tx.Runs.Get(id)
		v := RunView{Run: r}
		last := lastGroups(r.Trail)
		if err != nil || last == nil {
			return v, err
		}
		s, err := tx.Selections.Get(r.SelectionID)
		if err != nil {
			return v, err
		}
		for _, g := range groupsOf(s) {
			if t, ok := last[g.Code]; ok {
				g.Target, g.Planned = t.Wanted, t.Placed
				v.Groups = append(v.Groups, g)
			}
		}
		return v, nil
	})
}

// lastGroups gives the newest tallies of a trail; nil where there are none.
func lastGroups(trail []Mark) map[string]Tally {
	for _, m := range slices.Backward(trail) {
		if m.Groups != nil {
			return m.Groups
		}
	}
	return nil
}

// tally counts a run's wanted visits by group, where these are left out.
func (d *draft) tally(out []string) map[string]Tally {
	left := make(map[string]bool, len(out))
	for _, id := range out {
		left[id] = true
	}
	all := map[string]Tally{}
	for _, w := range d.problem.Visits {
		row, chosen := d.rows[w.Customer]
		if !chosen || row.Stratum == "" {
			continue // left the selection since
		}
		t := all[row.Stratum]
		if t.Wanted++; !left[w.ID] {
			t.Placed++
		}
		all[row.Stratum] = t
	}
	return all
}

// outOf gives the visits of a problem that a solution leaves out.
func outOf(p *planning.Problem, s *planning.Solution) (out []string) {
	places := s.Places()
	for _, w := range p.Visits {
		if _, ok := places[w.ID]; !ok {
			out = append(out, w.ID)
		}
	}
	return out
}
