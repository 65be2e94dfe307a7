package planning

import (
	"fmt"
	"slices"
	"strings"

	"windshield/internal/geo"
	"windshield/internal/slot"
)

// Reason says in numbers and in a sentence why a visit stands where it does, or
// why it has no place.
type Reason struct {
	Assigned bool
	Place    Place // zero where the visit is unassigned

	HomeKM    int      // from the executive's home to the customer
	HomeRank  int      // 1 where no executive who may go has a home nearer to the customer, 2 where one has, and so on
	MayGo     int      // executives with the required tags who have not declined, this one included
	LegKM     int      // travelled to the customer: from home, or from the visit before on the same trip
	Before    string   // the visit before on the same trip, "" where the executive comes from home
	After     string   // the visit after on the same trip
	Window    Window   // how the date lies to the customer's windows
	InCrunch  bool     // the date lies in a crunch period
	Matched   []string // preferred tags that the executive has
	Lacking   []string // preferred tags that the executive lacks
	GapBefore int      // days since the executive's visit before, or since the clock's start
	GapAfter  int      // days until the executive's next visit, 0 where this is the last
	Last      bool     // no later visit of this executive
	Pinned    bool

	// The visit keeps the executive's clock on every day from Earliest to Latest,
	// and its date is one of them; both are zero where the clock does not need the
	// visit or a gap is too long even so.
	Earliest, Latest slot.Date

	Rule Rule   // unassigned: the rule that leaves no place; Readable where none does
	Text string // one or two sentences for people
}

// Window says how a date lies to a customer's windows.
type Window string

const (
	AnyTime  Window = "any"     // the customer has no windows
	InWindow Window = "inside"  // the date lies in one
	Missed   Window = "outside" // the date lies in none
)

// Reasons explains every visit of the problem, by its id. The problem must be
// valid and the solution feasible.
func Reasons(p *Problem, s *Solution) map[string]Reason {
	j := newJudge(p, s)
	reasons := make(map[string]Reason, len(p.Visits))
	near := newNearness(p)
	for _, visits := range j.byExec {
		for i := range visits {
			reasons[visits[i].Visit] = j.assigned(near, visits, i)
		}
	}
	j.leftOut(reasons)
	return reasons
}

// ReasonOf explains one visit, at a fraction of the time of Reasons; an unknown
// visit has the zero Reason.
func ReasonOf(p *Problem, s *Solution, visit string) Reason {
	return (&Explainer{p: p, s: s, j: newJudge(p, s)}).Of(visit)
}

func (j *judge) assigned(near *nearness, visits []placed, i int) Reason {
	x := visits[i]
	e := j.execs[x.Executive]
	r := Reason{
		Assigned: true, Place: x.Place(), Pinned: x.visit.Pinned != nil,
		HomeKM: geo.Km(e.Home(), x.customer.Place()), Window: AnyTime, Last: i == len(visits)-1,
	}
	r.HomeRank, r.MayGo = near.rank(x)
	r.LegKM = r.HomeKM
	if i > 0 {
		r.GapBefore = x.Date.Sub(visits[i-1].Date)
		if r.GapBefore <= j.p.Rules.StayDays {
			r.Before = visits[i-1].Visit
			r.LegKM = geo.Km(visits[i-1].customer.Place(), x.customer.Place())
		}
	} else if latest := e.LastVisit; latest.IsZero() {
		r.GapBefore = x.Date.Sub(j.p.Horizon.Start) + 1
	} else {
		r.GapBefore = x.Date.Sub(latest)
	}
	if !r.Last {
		r.GapAfter = visits[i+1].Date.Sub(x.Date)
		if r.GapAfter <= j.p.Rules.StayDays {
			r.After = visits[i+1].Visit
		}
	}
	if len(x.customer.Windows) > 0 {
		r.Window = Missed
		for _, w := range x.customer.Windows {
			if w.Contains(x.Date) {
				r.Window = InWindow
			}
		}
	}
	for _, c := range j.p.Rules.Crunch {
		r.InCrunch = r.InCrunch || c.Contains(x.Date)
	}
	for _, want := range x.customer.Prefers {
		if slices.Contains(e.Tags, want.Tag) {
			r.Matched = append(r.Matched, want.Tag)
		} else {
			r.Lacking = append(r.Lacking, want.Tag)
		}
	}
	// A day is overdue when more than the gap has passed: two visits may be one day farther apart than the gap.
	if most := j.p.Rules.MaxGapDays + 1; !r.Last && r.GapBefore <= most && r.GapAfter <= most && r.GapBefore+r.GapAfter > most {
		r.Earliest, r.Latest = x.Date.Add(r.GapAfter-most), x.Date.Add(most-r.GapBefore)
	}
	r.Text = r.sentence(j.p)
	return r
}

// sentence puts an assigned visit's reason into words.
func (r *Reason) sentence(p *Problem) string {
	maxGap := p.Rules.MaxGapDays
	var b strings.Builder
	switch {
	case r.Pinned:
		b.WriteString("Pinned here.")
	case r.Before != "":
		fmt.Fprintf(&b, "On one trip with %s, %s km on.", p.Name(r.Before), p.Style.Number(int64(r.LegKM)))
	case r.After != "":
		fmt.Fprintf(&b, "On one trip with %s, %s km from home.", p.Name(r.After), p.Style.Number(int64(r.HomeKM)))
	default:
		fmt.Fprintf(&b, "A trip of its own, %s km from home.", p.Style.Number(int64(r.HomeKM)))
	}
	switch {
	case r.MayGo == 1:
		b.WriteString(" Nobody else may go.")
	case r.HomeRank == 1:
		fmt.Fprintf(&b, " Of the %s executives who may go, no home is nearer.", p.Style.Number(int64(r.MayGo)))
	case r.HomeRank == 2:
		fmt.Fprintf(&b, " Of the %s executives who may go, one has a nearer home.", p.Style.Number(int64(r.MayGo)))
	default:
		fmt.Fprintf(&b, " Of the %s executives who may go, %s have a nearer home.", p.Style.Number(int64(r.MayGo)), p.Style.Number(int64(r.HomeRank-1)))
	}
	switch r.Window {
	case InWindow:
		b.WriteString(" Inside the customer's window.")
	case Missed:
		b.WriteString(" Outside the customer's windows.")
	}
	if len(r.Matched) > 0 {
		b.WriteString(" Wanted and there: " + strings.Join(r.Matched, ", ") + ".")
	}
	if len(r.Lacking) > 0 {
		b.WriteString(" Wanted but lacking: " + strings.Join(r.Lacking, ", ") + ".")
	}
	if r.InCrunch {
		b.WriteString(" In a crunch period.")
	}
	switch {
	case r.GapBefore > maxGap+1:
		fmt.Fprintf(&b, " Ends a gap of %d days, %d too many (leave included).", r.GapBefore, r.GapBefore-maxGap-1)
	case r.GapAfter > maxGap+1:
		fmt.Fprintf(&b, " Begins a gap of %d days, %d too many (leave included).", r.GapAfter, r.GapAfter-maxGap-1)
	case !r.Earliest.IsZero() && r.Earliest == r.Latest:
		fmt.Fprintf(&b, " Keeps visits at most %d days apart, on the only day that does: without it %d days would pass between visits.",
			maxGap+1, r.GapBefore+r.GapAfter)
	case !r.Earliest.IsZero():
		fmt.Fprintf(&b, " Keeps visits at most %d days apart, as any day from %s to %s would: without it %d days would pass between visits.",
			maxGap+1, p.Day(r.Earliest), p.Day(r.Latest), r.GapBefore+r.GapAfter)
	}
	return b.String()
}
