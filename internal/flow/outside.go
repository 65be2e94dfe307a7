package flow

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"maps"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/visit"
)

// A plan can be argued about outside of Windshield: the problem of every run and
// its solution can be taken out as files, and a solution of the same problem can
// be brought back.

// RunFile gives the problem or the solution of a run as JSON. NotFound where the
// run has none: it has not begun, it failed, or it is older than such files.
func (f *Flow) RunFile(ctx context.Context, a access.Actor, runID string, kind RunFile) ([]byte, error) {
	if err := access.Require(a, access.SeePlan, access.Subject{}); err != nil {
		return nil, err
	}
	data, err := read(ctx, f, func(tx Tx) ([]byte, error) {
		if _, err := tx.Runs.Get(runID); err != nil {
			return nil, err
		}
		return tx.Runs.File(runID, kind)
	})
	if fault.Is(err, fault.NotFound) {
		return nil, fault.NotFoundf("This run has no %s to give.", kind)
	}
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// packed gives the compressed form in which problems and solutions are kept.
func packed(write func(io.Writer) error) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := write(z); err != nil {
		return nil, err
	}
	err := z.Close()
	return b.Bytes(), err
}

// mostViolations bounds how many broken rules one answer names.
const mostViolations = 20

// BringSolution takes a solution of a run's problem that was made outside, judges
// it by every rule and makes a draft of it. Invalid with the broken rules and
// wrong figures named, where it has any; nothing is kept then.
func (f *Flow) BringSolution(ctx context.Context, a access.Actor, k Key, runID, name string, data []byte) (Run, error) {
	if err := access.Require(a, access.MakePlan, access.Subject{}); err != nil {
		return Run{}, err
	}
	name, err := text("name", name, 100)
	if err != nil {
		return Run{}, err
	}
	done, err := f.think()
	if err != nil {
		return Run{}, err
	}
	defer done()
	s, err := planning.ReadSolution(bytes.NewReader(data))
	if err != nil {
		return Run{}, err
	}
	id, err := once(ctx, f, k, func(tx Tx) (string, error) {
		of, err := tx.Runs.Get(runID)
		if err != nil {
			return "", err
		}
		problem, err := tx.Runs.File(runID, ProblemFile)
		if fault.Is(err, fault.NotFound) {
			return "", fault.Conflictf("This run has kept no problem that a solution could be of.")
		}
		if err != nil {
			return "", err
		}
		d, err := f.judged(tx, of, problem, s)
		if err != nil {
			return "", err
		}
		if name == "" {
			name = of.PlanName + ", brought"
		}
		return f.keepBrought(tx, a, d, Run{PlanName: name, SelectionID: of.SelectionID, Scenario: of.Scenario, Seed: of.Seed, Bound: of.Bound}, problem, s)
	})
	if err != nil {
		return Run{}, err
	}
	return f.Run(ctx, a, id)
}

// judged gives what a draft is made of, or says what is wrong with the solution;
// its cost is set.
func (f *Flow) judged(tx Tx, of Run, problem []byte, s *planning.Solution) (*draft, error) {
	p, err := planning.ReadProblem(bytes.NewReader(problem))
	if err != nil {
		return nil, err
	}
	d, err := f.surroundings(tx, of)
	if err != nil {
		return nil, err
	}
	var left []string // who has left the selection since has a name still
	for _, w := range p.Visits {
		if _, chosen := d.rows[w.Customer]; !chosen {
			left = append(left, w.Customer)
		}
	}
	gone, err := customersByID(tx, left)
	if err != nil {
		return nil, err
	}
	maps.Copy(d.names, namesOf(nil, gone))
	d.problem, p.Names = p, d.names
	verdict := planning.Check(p, s)
	var bad []fault.Detail
	for _, x := range verdict.Violations {
		bad = append(bad, fault.Detail{Where: "rule " + x.Name(), Expected: "a plan that keeps it", Mend: d.names.in(x.Reason)})
	}
	for _, w := range verdict.Wrong {
		bad = append(bad, fault.Detail{Where: "/cost/" + string(w.Term), Value: fmt.Sprint(w.Claimed), Expected: fmt.Sprint(w.Right), Mend: "Correct it, or leave the cost out."})
	}
	if len(bad) > 0 {
		return nil, fault.Invalidf("This solution cannot be a plan: %d problems.", len(bad)).With(bad[:min(len(bad), mostViolations)]...)
	}
	s.Cost = verdict.Cost
	return d, nil
}

// keepBrought stores a judged solution as a run that has ended and its draft.
func (f *Flow) keepBrought(tx Tx, a access.Actor, d *draft, r Run, problem []byte, s *planning.Solution) (string, error) {
	places := s.Places()
	for _, w := range d.problem.Visits {
		at, ok := places[w.ID]
		if _, chosen := d.rows[w.Customer]; ok && !chosen {
			return "", fault.Conflictf("The solution visits %s, a customer who is no longer in the selection. Leave that visit out, or plan again.", d.names.in(w.Customer))
		}
		if ok && d.names[at.Executive] == "" {
			return "", fault.Conflictf("An executive of this problem, %s, is no longer known.", at.Executive)
		}
	}
	file, err := packed(s.Write)
	if err != nil {
		return "", err
	}
	now := f.Now().UTC()
	r.ID, r.Brought, r.State, r.CreatedAt, r.CreatedBy, r.StartedAt, r.EndedAt = f.NewID(), true, Done, now, a.PersonID, now, now
	var p visit.Plan
	if p, err = f.saveDraft(tx, d, r, s, planning.Reasons(d.problem, s)); err != nil {
		return "", err
	}
	r.PlanID, r.Cost = p.ID, p.Cost
	if err := tx.Runs.Save(&r); err != nil {
		return "", err
	}
	if err := tx.Runs.SetFile(r.ID, ProblemFile, problem); err != nil {
		return "", err
	}
	if err := tx.Runs.SetFile(r.ID, SolutionFile, file); err != nil {
		return "", err
	}
	return r.ID, f.audit(tx, a, "bring solution", "run/"+r.ID, map[string]any{"plan": p.ID, "total": s.Cost.Total()})
}
