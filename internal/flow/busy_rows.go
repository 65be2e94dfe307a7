package flow

import "windshield/internal/roster"

// BusyTimes keeps what people's own calendars said about when they are busy.
type BusyTimes interface {
	// Readings gives those of the people named, of all where none is named, by
	// person id; who was never read is left out.
	Readings(personIDs ...string) ([]roster.Reading, error)
	// Keep stores readings, each in place of the person's one before it, but not in
	// place of one that was tried later.
	Keep(readings ...roster.Reading) error
	// Forget deletes the readings of everybody but the people named.
	Forget(butPersonIDs ...string) error
}
