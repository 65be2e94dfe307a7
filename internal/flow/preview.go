package flow

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"windshield/internal/access"
	"windshield/internal/roster"
	"windshield/internal/sampling"
)

// Preview says what a design would do with a frozen list, without drawing.
type Preview struct {
	Frame     Frame
	Strata    []sampling.Stratum
	MergeLog  []sampling.Merge
	Next      []NextVisits // where 100 more visits would go
	Warnings  []string
	Distance  sampling.Distance // of the visits from the population, by strata
	Lines     []sampling.Line
	Weighted  sampling.Distance // of those for whom they stand
	Precision sampling.Precision
	Reason    bool // a reason is needed to draw
}

// NextVisits says how many of the next 100 visits a stratum would get.
type NextVisits struct {
	Code, Label string
	N           int
}

// Preview computes strata and allocation, and draws nobody.
func (f *Flow) Preview(ctx context.Context, a access.Actor, in DrawInput) (Preview, error) {
	if err := access.Require(a, access.MakeSelection, access.Subject{}); err != nil {
		return Preview{}, err
	}
	done, err := f.think()
	if err != nil {
		return Preview{}, err
	}
	defer done()
	return read(ctx, f, func(tx Tx) (Preview, error) {
		x, err := tx.Frames.Get(in.FrameID)
		if err != nil {
			return Preview{}, err
		}
		content, design, err := f.design(tx, x, in)
		if err != nil {
			return Preview{}, err
		}
		drawn, err := sampling.Select(content, design)
		if err != nil {
			return Preview{}, onFields(err)
		}
		earlier, err := tx.Selections.ByYear(x.Year)
		if err != nil {
			return Preview{}, err
		}
		p := Preview{Strata: drawn.Strata, MergeLog: drawn.MergeLog, Next: nextOf(drawn.Strata, drawn.NextVisits), Warnings: drawn.Warnings,
			Reason: len(earlier) > 0 || design.Seed != x.Seed}
		p.Lines, p.Distance, p.Weighted = sampling.Lines(drawn.Strata, nil)
		p.Precision = sampling.PrecisionOf(drawn.Strata)
		if err := p.giants(tx, content, drawn); err != nil {
			return Preview{}, err
		}
		p.Frame = x
		return p, hideSeed(tx, &p.Frame)
	})
}

// giants warns of customers so large that chance should perhaps not decide about
// them.
func (p *Preview) giants(tx Tx, content sampling.Frame, drawn sampling.Selection) error {
	certain, visits := map[string]bool{}, 0
	for _, r := range drawn.Rows {
		certain[r.ID] = r.Pi == 1
		if r.Taken {
			visits++
		}
	}
	keys := slices.DeleteFunc(content.Giants(visits), func(id string) bool { return certain[id] })
	if len(keys) == 0 {
		return nil
	}
	called := map[string]string{}
	err := tx.Customers.Each(func(c roster.Customer) error {
		if slices.Contains(keys, c.Key) {
			called[c.Key] = c.Name
		}
		return nil
	})
	if err != nil {
		return err
	}
	var named []string
	for _, k := range keys[:min(len(keys), 5)] {
		named = append(named, orKey(called, k))
	}
	text := strings.Join(named, ", ")
	if more := len(keys) - len(named); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	p.Warnings = append(p.Warnings, "So large that chance should perhaps not decide about them: "+text+". Freeze the list again with them as must-visits, if you think so.")
	return nil
}

// NextOf says where 100 more visits of a selection would go.
func NextOf(s Selection) []NextVisits { return nextOf(s.Strata, s.NextVisits) }

// nextOf counts the next visits by stratum, in the order of the strata.
func nextOf(strata []sampling.Stratum, codes []string) (out []NextVisits) {
	n := map[string]int{}
	for _, c := range codes {
		n[c]++
	}
	for _, s := range strata {
		if n[s.Code] > 0 {
			out = append(out, NextVisits{s.Code, s.Label, n[s.Code]})
		}
	}
	return out
}
