package calsync

import "context"

// Save stores the base of one (visit, calendar) durably before it returns.
type Save func(ctx context.Context, b Base) error

// Outcome is what Apply did.
type Outcome struct {
	Did       []Action   // Insert, Adopt, Amend, Cancel, Renew in the order they happened; empty: nothing to do
	Fields    []Field    // what was changed
	Kept      []Field    // where people's edits were left standing
	Conflicts []Conflict // what a person must decide; their texts are personal data
	Incident  bool       // something that should never happen
	Reason    string     // of the last decision; no personal data
	Calls     int        // calls to the calendar
}
