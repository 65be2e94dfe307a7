package calsync

// Differences gives the points on which the event, as it was last seen, differs
// from what is wanted because people changed it: both versions, for a person who
// decides. What only waits to be written is none.
func Differences(want Want, base Base) []Conflict {
	switch {
	case base.EventID == "" || !base.Confirmed || base.Over:
		return nil
	case want.Gone && base.Seen.Restored:
		return []Conflict{restored}
	case want.Gone || want.Generation > base.Generation:
		return nil
	case base.Seen.Deleted:
		return []Conflict{deleted}
	case base.Seen.Taken:
		return []Conflict{taken}
	}
	var out []Conflict
	seen := base.Seen.content()
	for _, f := range ownedFields {
		w, s := f.of(want.Content), f.of(seen)
		if !seenFields[f.name] || s == w || s == f.of(base.Stored) || s == f.of(base.Agreed) {
			continue
		}
		out = append(out, Conflict{Field: f.name, Ours: w, Theirs: s, Print: printOf(s)})
	}
	invited, there := addresses(base.Agreed.Guests), addresses(base.Seen.Guests)
	var off []Guest
	for _, g := range want.Guests {
		if a := fold(g.Email); invited[a] && !there[a] {
			off = append(off, g)
		}
	}
	if len(off) > 0 {
		out = append(out, Conflict{Field: FieldGuests, Ours: guestsText(off), Theirs: "", Print: printOf(guestsText(base.Seen.Guests))})
	}
	return out
}

// Concede gives the base upon which what people made of a field is left standing,
// as long as we do not change the field again. It is for text: where a new time is
// taken over, the visit moves, and with it what is wanted. ok is false where the
// calendar no longer holds what the person who decides has seen (Conflict.Print).
func Concede(want Want, base Base, field Field, print string) (Base, bool) {
	for _, d := range Differences(want, base) {
		if d.Field != field || d.Print != print {
			continue
		}
		for _, f := range ownedFields {
			if f.name == field {
				f.set(&base.Agreed, want.Content)
			}
		}
		return base, true
	}
	return base, false
}

// seenFields are the fields that Seen remembers.
var seenFields = map[Field]bool{FieldTitle: true, FieldDescription: true, FieldLocation: true, FieldTime: true}

func (s Seen) content() Content {
	return Content{Title: s.Title, Description: s.Description, Location: s.Location, When: s.When}
}
