package roster

import (
	"slices"

	"windshield/internal/slot"
)

// ZoneChange is a zone in which a person lives from a day on.
type ZoneChange struct {
	Day  slot.Date // the first day there, in that zone; zero: before any change that is known
	Zone string    // IANA zone
}

// MoveTo says that the person lives in a zone since a day. The days before keep the
// zone that they had. Where the person lives there already, it corrects since when.
// What it says of its day and later takes the place of what was known of them.
func (p *Person) MoveTo(zone string, day slot.Date) {
	if p.Zone == "" || p.Version == 0 { // nothing was known before
		p.Zone, p.Moves = zone, nil
		return
	}
	moves := slices.Clone(p.Moves)
	if len(moves) == 0 {
		if p.Zone == zone {
			return
		}
		moves = []ZoneChange{{Zone: p.Zone}}
	}
	if p.Zone == zone {
		moves = moves[:len(moves)-1]
	}
	for len(moves) > 1 && moves[len(moves)-1].Day >= day {
		moves = moves[:len(moves)-1]
	}
	if moves[len(moves)-1].Zone != zone {
		moves = append(moves, ZoneChange{Day: day, Zone: zone})
	}
	if p.Zone, p.Moves = zone, moves; len(moves) == 1 {
		p.Moves = nil // as if there had been none
	}
}

// LivesSince gives the first day of the person in the zone of today, zero where no
// move is known.
func (p Person) LivesSince() slot.Date {
	if len(p.Moves) == 0 {
		return 0
	}
	return p.Moves[len(p.Moves)-1].Day
}
