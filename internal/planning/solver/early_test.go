package solver

import (
	"testing"

	"pgregory.net/rapid"

	"windshield/internal/planning"
	"windshield/internal/slot"
)

// Whom we want to visit early comes no later than before, the plan keeps every rule, and
// it costs no more.
func TestEarlierFirstCostsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, s, _ := anyBoard(t)
		first := map[string]bool{}
		for i := range p.Customers {
			first[p.Customers[i].ID] = rapid.Bool().Draw(t, "early")
		}
		s.Cost = nil
		before, was := planning.Check(p, s), halfDays(p, s, first)
		n := planning.EarlierFirst(p, s, first)
		after, is := planning.Check(p, s), halfDays(p, s, first)
		if !before.Feasible || !after.Feasible || after.Cost.Total() > before.Cost.Total() {
			t.Fatalf("from %v to %v: %v", before.Cost, after.Cost, after.Violations)
		}
		if n == 0 && is != was || n > 0 && is >= was {
			t.Fatalf("%d exchanges, from %d to %d", n, was, is)
		}
	})
}

// Boards that are always the same show that visits are exchanged at all.
func TestEarlierFirstExchanges(t *testing.T) {
	type board struct {
		p *planning.Problem
		s *planning.Solution
	}
	boards, exchanged := rapid.Custom(func(t *rapid.T) board {
		p, s, _ := anyBoard(t)
		return board{p, s}
	}), 0
	for seed := range 2000 {
		b := boards.Example(seed)
		first := map[string]bool{}
		for i := range b.p.Customers {
			first[b.p.Customers[i].ID] = i%2 == 1
		}
		exchanged += planning.EarlierFirst(b.p, b.s, first)
	}
	t.Logf("%d exchanges", exchanged)
	if exchanged == 0 {
		t.Fatal("nothing was exchanged")
	}
}

// halfDays adds up when the customers' visits stand.
func halfDays(p *planning.Problem, s *planning.Solution, first map[string]bool) (sum int64) {
	of := map[string]string{}
	for i := range p.Visits {
		of[p.Visits[i].ID] = p.Visits[i].Customer
	}
	for _, a := range s.Assignments {
		if first[of[a.Visit]] {
			sum += 2 * int64(a.Date)
			if a.Half == slot.PM {
				sum++
			}
		}
	}
	return sum
}
