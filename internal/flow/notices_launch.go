package flow

import (
	"fmt"

	"windshield/internal/fault"
	"windshield/internal/notify"
)

// tellLaunch tells the company's Slack that a launch is through, or stands still and
// why; of the latter whoever started it hears as well: it goes on only if somebody says
// so. What nobody of us has started nobody is told of.
func (f *Flow) tellLaunch(tx Tx, l Launch) error {
	p, err := tx.People.Get(l.CreatedBy)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	about := fmt.Sprintf("launch/%s/%d/%s", l.ID, l.Wave, l.State)
	m := notify.Launched(p, l.Reason, l.Totals.Visits(), f.BaseURL+"/launches/"+l.ID)
	if err := f.post(tx, about, "launch", p, m); err != nil || l.State == LaunchDone {
		return err
	}
	return f.deliver(tx, about, "launch", p, m)
}
