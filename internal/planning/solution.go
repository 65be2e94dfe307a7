package planning

import (
	"encoding/json"
	"io"
	"slices"

	"windshield/internal/slot"
)

// SolutionFormat names the format of solution files.
const SolutionFormat = "windshield.solution/1"

// Solution says where the visits stand. A visit that is not listed is unassigned.
type Solution struct {
	Format      string       `json:"format"`
	Assignments []Assignment `json:"assignments"`
	Cost        Cost         `json:"cost,omitempty"` // what is claimed; Check says whether it is right
}

// Assignment gives a visit its place.
type Assignment struct {
	Visit     string    `json:"visit"`
	Executive string    `json:"executive"`
	Date      slot.Date `json:"date"`
	Half      slot.Half `json:"half"`
}

// Place gives where the assignment puts the visit.
func (a Assignment) Place() Place { return Place{a.Executive, a.Date, a.Half} }

// NewSolution makes a solution of places by visit, in the order of the
// problem's visits, so that the same plan always gives the same bytes.
func NewSolution(p *Problem, places map[string]Place, cost Cost) *Solution {
	s := &Solution{Format: SolutionFormat, Assignments: []Assignment{}, Cost: cost}
	for i := range p.Visits {
		id := p.Visits[i].ID
		if at, ok := places[id]; ok {
			s.Assignments = append(s.Assignments, Assignment{id, at.Executive, at.Date, at.Half})
		}
	}
	return s
}

// Places gives the place of each assigned visit; of a visit listed twice, the first.
func (s *Solution) Places() map[string]Place {
	places := make(map[string]Place, len(s.Assignments))
	for _, a := range s.Assignments {
		if _, twice := places[a.Visit]; !twice {
			places[a.Visit] = a.Place()
		}
	}
	return places
}

// Write writes the solution as JSON, one assignment a line, so that two plans
// can be compared with the tools that compare texts.
func (s *Solution) Write(w io.Writer) error {
	var b []byte
	b = append(b, `{"format": "`+SolutionFormat+"\",\n \"assignments\": ["...)
	for i, a := range s.Assignments {
		line, err := json.Marshal(a)
		if err != nil {
			return err
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, "\n  "...), line...)
	}
	b = append(b, "\n ]"...)
	if s.Cost != nil {
		cost, err := s.Cost.MarshalJSON()
		if err != nil {
			return err
		}
		b = append(append(b, ",\n \"cost\": "...), cost...)
	}
	_, err := w.Write(append(b, "}\n"...))
	return err
}

// placed is an assigned visit with its customer, for judging and explaining.
type placed struct {
	Assignment
	customer *Customer
	visit    *Visit
}

// sortByTime puts visits in order of time; of two at once the first stays the first. It
// sorts numbers that say all this, since plans are judged again and again.
func sortByTime(visits []placed) {
	order := make([]int64, len(visits))
	for i, x := range visits {
		order[i] = int64(x.Date)<<32 | int64(i)
		if x.Half != slot.AM {
			order[i] |= 1 << 31
		}
	}
	if slices.IsSorted(order) {
		return
	}
	slices.Sort(order)
	before := slices.Clone(visits)
	for i, n := range order {
		visits[i] = before[n&(1<<31-1)]
	}
}
