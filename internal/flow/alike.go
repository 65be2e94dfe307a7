package flow

import (
	"strings"

	"windshield/internal/planning"
	"windshield/internal/planning/solver"
)

// alike says of proposals of one list what all of them cost alike, which pages say once,
// "" where nothing; and of each, in the same order, what is left to say.
func (t *table) alike(in []solver.Proposal) (common string, short []string) {
	prices := make([]planning.Cost, len(in))
	for i, x := range in {
		prices[i] = x.Price
	}
	s, same := t.problem.Style, planning.Alike(prices...)
	if len(same) > 0 {
		common = same.InWords(s)
	}
	for _, x := range in {
		text := x.Text
		if common != "" {
			left := x.Price.Minus(same).InWords(s)
			if left == (planning.Cost{}).InWords(s) {
				left = "nothing else"
			}
			text = strings.Replace(text, x.Price.InWords(s), left, 1)
		}
		short = append(short, t.names.in(text))
	}
	return common, short
}
