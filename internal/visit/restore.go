package visit

import "windshield/internal/fault"

// Restore lets a cancelled visit stand again, as a hold: what was agreed before is
// to be agreed anew. Whether its people are still free is for the caller to know.
// Errors: Conflict for a visit that is not cancelled.
func (v *Visit) Restore(words string) error {
	if v.State != Cancelled {
		return fault.Conflictf("The visit is %s, so there is nothing to take back.", v.State)
	}
	v.State, v.Reason, v.Code = Published, "", ""
	v.note(Step{From: Cancelled, To: Published, Words: words})
	return nil
}
