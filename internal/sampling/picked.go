package sampling

import "slices"

// Picked compares a list that people would have picked with the one drawn.
type Picked struct {
	Listed         int            `json:"listed"`     // different customers on the list
	Known          []string       `json:"known"`      // those in the frame, by ID
	Unknown        []string       `json:"unknown"`    // those that are not customers of ours
	LeftOut        []string       `json:"left_out"`   // those that were left out of the frame
	AlsoDrawn      int            `json:"also_drawn"` // those that the draw took too
	ByChance       float64        `json:"by_chance"`  // how many the draw was expected to share with the list
	Representation Representation `json:"representation"`
}

// ComparePicked measures a list that account teams picked. It has no chances
// behind it and so no weights: compare Representation.Views[…].Visited with that
// of the draw and of the re-draws. Repetitions on the list count once, names
// that are unknown are told and left out. Errors: see Represent.
func ComparePicked(f Frame, s Selection, list []string) (Picked, error) {
	ids := slices.Clone(list)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	rows := make(map[string]Row, len(s.Rows))
	for _, r := range s.Rows {
		rows[r.ID] = r
	}
	out := Picked{Listed: len(ids), Known: []string{}}
	for _, id := range ids {
		r, known := rows[id]
		switch {
		case !known:
			out.Unknown = append(out.Unknown, id)
		case r.Excluded != "":
			out.LeftOut = append(out.LeftOut, id)
		default:
			out.Known = append(out.Known, id)
			out.ByChance += r.Pi
			if r.Taken {
				out.AlsoDrawn++
			}
		}
	}
	var err error
	out.Representation, err = Represent(f, s, out.Known)
	return out, err
}
