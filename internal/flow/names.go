package flow

import (
	"errors"
	"regexp"

	"windshield/internal/fault"
	"windshield/internal/roster"
)

// names gives the names of people and customers by id. The planner knows ids
// only; what it says goes through here before people read it.
type names map[string]string

func namesOf(people []roster.Person, customers map[string]roster.Customer) names {
	n := make(names, len(people)+len(customers))
	for _, p := range people {
		n[p.ID] = p.Name
	}
	for id, c := range customers {
		n[id] = c.Name
	}
	return n
}

// mayBeID finds what may be an id: the planner's sentences never run two together.
var mayBeID = regexp.MustCompile(`[0-9A-Za-z_-]+`)

// in writes names into a text in place of ids.
func (n names) in(text string) string {
	return mayBeID.ReplaceAllStringFunc(text, func(w string) string {
		if name := n[w]; name != "" {
			return name
		}
		return w
	})
}

// fault writes names into what people will see of an error.
func (n names) fault(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	named := *f
	named.Text = n.in(f.Text)
	named.Details = make([]fault.Detail, len(f.Details))
	for i, d := range f.Details {
		named.Details[i] = fault.Detail{Where: n.in(d.Where), Value: n.in(d.Value), Expected: n.in(d.Expected), Mend: n.in(d.Mend)}
	}
	return &named
}
