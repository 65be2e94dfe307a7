package flow

import (
	"context"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/roster"
)

// SetManager says to whom somebody reports, by that person's address; "" is nobody. The
// manager gets copies of a host's memos. Errors: Stale; Invalid where people would
// manage each other in a circle, or nobody has this address.
func (f *Flow) SetManager(ctx context.Context, a access.Actor, personID string, version int, email string) error {
	if err := access.Require(a, access.ManagePeople, access.Subject{}); err != nil {
		return err
	}
	return f.Store.Write(ctx, func(tx Tx) error {
		people, err := everybody(tx)
		if err != nil {
			return err
		}
		p, ok := people[personID]
		if !ok {
			return fault.NotFoundf("There is no such person.")
		}
		if p.Version != version {
			return fault.Stalef("Somebody has changed this person meanwhile. Look at them again.")
		}
		managerID := ""
		if email := roster.NormalizeEmail(email); email != "" {
			m, err := tx.People.ByEmail(email)
			if fault.Is(err, fault.NotFound) {
				return fault.Invalidf("Nobody has this address.").With(fault.Detail{Where: "manager", Value: fault.Short(email), Expected: "the address of one of us"})
			}
			if err != nil {
				return err
			}
			managerID = m.ID
		}
		if err := roster.CheckManager(people, personID, managerID); err != nil {
			return err
		}
		before := p.ManagerID
		if before == managerID {
			return nil
		}
		p.ManagerID = managerID
		if err := tx.People.Save(&p); err != nil {
			return err
		}
		return f.audit(tx, a, "set manager", "person/"+p.ID, map[string]any{"from": before, "to": managerID})
	})
}
