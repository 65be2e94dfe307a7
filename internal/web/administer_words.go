package web

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"windshield/internal/flow"
	"windshield/internal/planning"
)

// attention counts what needs an administrator.
func attention(m flow.Administration) int {
	n := m.Troubled + m.Jobs + m.Conflicts + len(m.Astray) + len(m.Roleless)
	if m.Trail.BrokenAt > 0 {
		n++
	}
	return n
}

func failedWords(ctx context.Context, n int) string {
	if n == 0 {
		return "none has failed"
	}
	return num(ctx, n) + " failed"
}

func noneOr(ctx context.Context, n int) string {
	if n == 0 {
		return "none"
	}
	return num(ctx, n)
}

func trailWords(ctx context.Context, c flow.TrailCheck) string {
	if c.At.IsZero() {
		return c.Sentence()
	}
	return c.Sentence() + " Checked " + momentText(ctx, c.At) + "."
}

func num64(n int64) string { return strconv.FormatInt(n, 10) }

func times(ctx context.Context, n int) string {
	if n == 1 {
		return "once"
	}
	return num(ctx, n) + " times"
}

func reasonOf(m jobsModel, x flow.FailureView) string {
	if m.Failed == x.ID {
		return m.Reason
	}
	return ""
}

func toOf(m dimensionsModel, d flow.DimensionView) string {
	if m.Dimension == d.Name {
		return m.To
	}
	return ""
}

// asMuch compares a weight with what people can picture: kilometres, or visits left out.
func asMuch(ctx context.Context, m rulesModel, t termText) string {
	km, out := int64(0), int64(0)
	for _, x := range m.Terms {
		switch x.Term {
		case planning.TravelKM:
			km = x.Was
		case planning.Unassigned:
			out = x.Was
		}
	}
	switch {
	case t.Was == 0:
		return "nothing"
	case t.Term == planning.TravelKM:
		return "the smallest part of what a plan costs: a visit left out costs " + num(ctx, out/t.Was) + " of them"
	case km == 0:
		return "one part in " + num(ctx, max(1, out/t.Was)) + " of a visit left out"
	}
	return num(ctx, t.Was/km) + " km of travel"
}

func shareOf(ctx context.Context, part, whole int64) string {
	if whole <= 0 || part <= 0 {
		return ""
	}
	return ", " + percent(ctx, float64(part)/float64(whole)) + " of its cost"
}

// auditKinds lists what the trail can be narrowed to, by its word.
func auditKinds() []string {
	kinds := slices.Collect(maps.Keys(kindWords))
	slices.SortFunc(kinds, func(a, b string) int {
		if kindWords[a] < kindWords[b] {
			return -1
		}
		return 1
	})
	return kinds
}
