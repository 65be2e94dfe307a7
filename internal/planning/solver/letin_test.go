package solver

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/fault"
	"windshield/internal/planning"
	"windshield/internal/slot"
)

// requireProof demands that a way is what it says: a feasible plan of its problem
// in which the visit stands, at that price, reached by those changes.
func requireProof(t require.TestingT, p *planning.Problem, s *planning.Solution, visit string, w Way) {
	require.NoError(t, w.Problem.Validate())
	after := planning.Check(w.Problem, w.Plan)
	require.Empty(t, after.Violations)
	require.Empty(t, after.Wrong)
	require.Contains(t, w.Plan.Places(), visit)
	require.Equal(t, after.Cost.Minus(planning.Check(p, s).Cost), w.Price)
	require.Equal(t, visit, w.Changes[0].Visit)
	require.Equal(t, w.Plan.Places(), changed(w.Problem, s, w.Changes).Places())
	require.NotEmpty(t, w.Text)
}

func TestWaysInAreProved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, s, _ := anyBoard(t)
		before := planning.Check(p, s)
		places := s.Places()
		for _, v := range p.Visits {
			a, err := LetIn(context.Background(), p, s, v.ID, LetInOptions{Ways: 9, Iterations: 50})
			if _, stands := places[v.ID]; stands {
				require.True(t, fault.Is(err, fault.Invalid))
				continue
			}
			require.NoError(t, err)
			require.NotEmpty(t, a.Text)
			for _, w := range a.Ways {
				requireProof(t, p, s, v.ID, w)
				if w.Mend == NoChange {
					require.Len(t, a.Ways, 1)
					require.Less(t, w.Price[planning.Unassigned], int64(0))
				}
			}
		}
		require.Equal(t, before, planning.Check(p, s), "the problem is left as it was")
	})
}

// Within the cut, where the visit fits and what that costs is as in the whole.
func TestTheCutIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, s, b := anyBoard(t)
		for _, v := range b.s.out {
			l := newLetIn(context.Background(), b, s, v)
			l.cutOut(rapid.IntRange(1, 2).Draw(t, "executives"))
			part, err := NewBoard(context.Background(), l.cut(l.copied()), l.part)
			require.NoError(t, err)
			offers, err := part.offers(context.Background(), part.visits[p.Visits[v].ID])
			require.NoError(t, err)
			for _, o := range offers {
				price, err := b.Judge(part.changes(o.moves))
				if len(o.moves) > 1 && fault.Is(err, fault.Conflict) {
					continue // the other visit's host or customer is seen outside the cut
				}
				require.NoError(t, err)
				require.Equal(t, o.cost, price.Total())
			}
		}
	})
}

// Each mend alone lets the visit in where only its own rule shuts it out.
func TestEachMendLetsInWhatOnlyItShutsOut(t *testing.T) {
	day := slot.MustDate
	whole := []slot.Interval{{Start: day("2027-03-01"), End: day("2027-03-05")}}
	for name, c := range map[string]struct {
		shape func(*planning.Problem)
		mend  Mend
		who   string
		text  string
	}{
		"free": {func(*planning.Problem) {}, NoChange, "",
			"No change is needed: then Ann Lee on Wed 3 Mar, afternoon, 1 fewer visit off the executives' targets, 445 more km of travel."},
		"declined": {func(p *planning.Problem) { p.Visits[1].Excludes = []string{"e1"} }, Decline, "e1",
			"If Ann Lee takes the decline back: then Ann Lee on Wed 3 Mar, afternoon, 1 fewer visit off the executives' targets, 445 more km of travel."},
		"week full": {func(p *planning.Problem) { p.Executives[0].MaxPerWeek = 1 }, Capacity, "e1",
			"If Ann Lee may make more visits, 2 a week instead of 1: then Ann Lee on Wed 3 Mar, afternoon, 1 fewer visit off the executives' targets, 445 more km of travel."},
		"nobody with the tag": {func(p *planning.Problem) { p.Customers[1].Requires = []string{"language:zh"} }, Tags, "e1",
			"If Ann Lee gets language:zh: then Ann Lee on Wed 3 Mar, afternoon, 1 fewer visit off the executives' targets, 445 more km of travel."},
		"executive away": {func(p *planning.Problem) {
			p.Executives[0].Unavailable = []slot.Interval{{Start: day("2027-03-01"), End: day("2027-03-02")}, {Start: day("2027-03-04"), End: day("2027-03-05")}}
			p.Customers[1].Blackouts = []slot.Interval{{Start: day("2027-03-03"), End: day("2027-03-04")}}
		}, Absence, "e1", "If Ann Lee gives up the absence on Mon 1 Mar: then Ann Lee on Mon 1 Mar, morning, 1 fewer visit off the executives' targets, 668 more km of travel."},
		"host away": {func(p *planning.Problem) {
			p.Hosts = append(p.Hosts, planning.Host{ID: "h2", Unavailable: whole})
			p.Customers[1].Host = "h2"
		}, Absence, "h2", "If h2 gives up the absence on Wed 3 Mar: then Ann Lee on Wed 3 Mar, afternoon, 1 fewer visit off the executives' targets, 445 more km of travel."},
		"blackout": {func(p *planning.Problem) { p.Customers[1].Blackouts = whole }, Blackout, "c2",
			"If Hilti gives up the blackout on Wed 3 Mar: then Ann Lee on Wed 3 Mar, afternoon, 1 fewer visit off the executives' targets, 445 more km of travel."},
		"too far": {func(p *planning.Problem) { p.Rules.ReachKM = []int{60, 60, 200, 60, 60, 60} }, Reach, "",
			"If two visits of an executive may be 222 km instead of 200 at 2 days apart: then Ann Lee on Mon 1 Mar, morning, 1 fewer visit off the executives' targets, 668 more km of travel."},
		"too near in time": {func(p *planning.Problem) { p.Visits[1].Customer, p.Customers[0].MinSpacingDays = "c1", 7 }, Spacing, "c1",
			"If visits to c1 may be 2 days apart instead of 7: then Ann Lee on Mon 1 Mar, morning, 1 fewer visit off the executives' targets, 222 more km of travel."},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := oneWeek(c.shape)
			a, err := LetIn(context.Background(), p, s, "v2", LetInOptions{})
			require.NoError(t, err)
			require.NotEmpty(t, a.Ways)
			requireProof(t, p, s, "v2", a.Ways[0])
			require.Equal(t, c.mend, a.Ways[0].Mend)
			require.Equal(t, c.who, a.Ways[0].Who)
			require.Equal(t, c.text, a.Text)
		})
	}
}

// oneWeek has one executive, a pinned visit on Wednesday morning, and one visit that was left out.
func oneWeek(shape func(*planning.Problem)) (*planning.Problem, *planning.Solution) {
	day := slot.MustDate
	p := &planning.Problem{
		Horizon:    slot.Interval{Start: day("2027-03-01"), End: day("2027-03-05")},
		Calendars:  []planning.Calendar{{ID: "x", Weekend: []planning.Weekday{0, 6}}},
		Rules:      planning.Rules{MaxGapDays: 30, StayDays: 0},
		Executives: []planning.Executive{{ID: "e1", Calendar: "x", MaxPerWeek: 5, MaxPerMonth: 5, TargetVisits: 2}},
		Hosts:      []planning.Host{{ID: "h1"}},
		Customers:  []planning.Customer{{ID: "c1", Calendar: "x", Host: "h1", Lat: 1}, {ID: "c2", Calendar: "x", Host: "h1", Lat: 3}},
		Visits:     []planning.Visit{{ID: "v1", Customer: "c1"}, {ID: "v2", Customer: "c2"}},
		Names:      map[string]string{"e1": "Ann Lee", "c2": "Hilti"},
	}
	pin := planning.Place{Executive: "e1", Date: day("2027-03-03"), Half: slot.AM}
	p.Visits[0].Pinned = &pin
	shape(p)
	return p, planning.NewSolution(p, map[string]planning.Place{"v1": pin}, nil)
}

// Mends that change more than a rule.
func TestOtherWaysIn(t *testing.T) {
	never := []slot.Interval{{Start: slot.MustDate("2027-03-01"), End: slot.MustDate("2027-03-02")}, {Start: slot.MustDate("2027-03-04"), End: slot.MustDate("2027-03-05")}}
	t.Run("another visit is left out", func(t *testing.T) {
		p, s := oneWeek(func(p *planning.Problem) {
			p.Executives[0].MaxPerWeek = 1
			p.Visits[0].Pinned = nil
		})
		a, err := LetIn(context.Background(), p, s, "v2", LetInOptions{})
		require.NoError(t, err)
		require.Len(t, a.Ways, 2)
		require.Equal(t, []Mend{Capacity, Instead}, []Mend{a.Ways[0].Mend, a.Ways[1].Mend})
		requireProof(t, p, s, "v2", a.Ways[1])
		require.Equal(t, "v1", a.Ways[1].Who)
		require.Equal(t, "If v1, now with Ann Lee on Wed 3 Mar, morning, is left out instead: then Ann Lee on Mon 1 Mar, morning, 446 more km of travel.", a.Ways[1].Text)
	})
	t.Run("another host", func(t *testing.T) {
		p, s := oneWeek(func(p *planning.Problem) {
			p.Hosts = append(p.Hosts, planning.Host{ID: "h2", Unavailable: never}, planning.Host{ID: "h3"})
			p.Customers = append(p.Customers, planning.Customer{ID: "c3", Calendar: "x", Host: "h3", Lat: 4})
			p.Customers[1].Host, p.Customers[1].Blackouts = "h2", []slot.Interval{{Start: slot.MustDate("2027-03-03"), End: slot.MustDate("2027-03-03")}}
			p.Names["h3"] = "Bob Ray"
		})
		a, err := LetIn(context.Background(), p, s, "v2", LetInOptions{Ways: 9})
		require.NoError(t, err)
		last := a.Ways[len(a.Ways)-1]
		require.Equal(t, OtherHost, last.Mend)
		require.Equal(t, "h3", last.Who)
		require.Contains(t, last.Text, "If Bob Ray goes along as host: then Ann Lee on ")
		requireProof(t, p, s, "v2", last)
	})
	t.Run("two rules at once are not mended by one change", func(t *testing.T) {
		p, s := oneWeek(func(p *planning.Problem) {
			p.Customers[1].Requires = []string{"language:zh"}
			p.Visits[1].Excludes = []string{"e1"}
		})
		a, err := LetIn(context.Background(), p, s, "v2", LetInOptions{Iterations: 100})
		require.NoError(t, err)
		require.Empty(t, a.Ways)
		require.Equal(t, "No single change lets v2 in. No executive has tag language:zh, which Hilti requires.", a.Text)
	})
	t.Run("it stands, or is unknown", func(t *testing.T) {
		p, s := oneWeek(func(*planning.Problem) {})
		_, err := LetIn(context.Background(), p, s, "v1", LetInOptions{})
		require.True(t, fault.Is(err, fault.Invalid))
		_, err = LetIn(context.Background(), p, s, "v9", LetInOptions{})
		require.True(t, fault.Is(err, fault.NotFound))
	})
	t.Run("a longer search moves two others", func(t *testing.T) {
		p, _ := oneWeek(func(p *planning.Problem) {
			p.Rules.ReachKM = []int{0} // one visit a day
			p.Visits[0].Pinned = nil
			p.Customers = append(p.Customers, planning.Customer{ID: "c3", Calendar: "x", Host: "h1", Lat: 5})
			p.Visits = append(p.Visits, planning.Visit{ID: "v3", Customer: "c3"})
			closed := func(from, to string) slot.Interval {
				return slot.Interval{Start: slot.MustDate("2027-03-0" + from), End: slot.MustDate("2027-03-0" + to)}
			}
			p.Customers[0].Blackouts = []slot.Interval{closed("3", "5")}
			p.Customers[1].Blackouts = []slot.Interval{closed("2", "5")}
			p.Customers[2].Blackouts = []slot.Interval{closed("1", "1"), closed("4", "5")}
		})
		s := planning.NewSolution(p, map[string]planning.Place{"v1": on("e1", "2027-03-01", slot.AM), "v3": on("e1", "2027-03-02", slot.AM)}, nil)
		a, err := LetIn(context.Background(), p, s, "v2", LetInOptions{Ways: 1, Iterations: 20_000, Seed: 1})
		require.NoError(t, err)
		require.Len(t, a.Ways, 1)
		requireProof(t, p, s, "v2", a.Ways[0])
		require.Equal(t, NoChange, a.Ways[0].Mend)
		require.Len(t, a.Ways[0].Changes, 3)
		require.Contains(t, a.Text, "No change is needed, a longer search finds a place: then Ann Lee on Mon 1 Mar")
		require.Contains(t, a.Text, "; v1 moves from Ann Lee on Mon 1 Mar, morning to Ann Lee on Tue 2 Mar")

		a, err = LetIn(context.Background(), p, s, "v2", LetInOptions{Ways: 1})
		require.NoError(t, err)
		require.Equal(t, Blackout, a.Ways[0].Mend, "without that search somebody has to give")
	})
	t.Run("one day is given up, no more", func(t *testing.T) {
		p, s := oneWeek(func(p *planning.Problem) {
			p.Customers[1].Blackouts = []slot.Interval{{Start: slot.MustDate("2027-02-01"), End: slot.MustDate("2027-03-05")}, {Start: slot.MustDate("2027-03-03"), End: slot.MustDate("2027-03-03")}}
		})
		a, err := LetIn(context.Background(), p, s, "v2", LetInOptions{Ways: 1})
		require.NoError(t, err)
		require.Len(t, a.Ways, 1)
		require.Equal(t, slot.MustDate("2027-03-03"), a.Ways[0].Changes[0].To.Date)
		require.Equal(t, []slot.Interval{{Start: slot.MustDate("2027-02-01"), End: slot.MustDate("2027-03-02")}, {Start: slot.MustDate("2027-03-04"), End: slot.MustDate("2027-03-05")}},
			a.Ways[0].Problem.Customers[1].Blackouts)
		require.Len(t, p.Customers[1].Blackouts, 2, "the problem is left as it was")
	})
	t.Run("stopped", func(t *testing.T) {
		p, s := oneWeek(func(*planning.Problem) {})
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err := LetIn(ctx, p, s, "v2", LetInOptions{})
		require.ErrorIs(t, err, context.Canceled)
	})
}
