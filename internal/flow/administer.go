package flow

import (
	"context"
	"encoding/json"
	"slices"

	"windshield/internal/access"
	"windshield/internal/roster"
	"windshield/internal/visit"
)

// Administration is what needs an administrator's attention.
type Administration struct {
	Calendars int // connections in all
	Troubled  int // of them, those on which somebody has to act
	Jobs      int // that failed
	Conflicts int // visits about which somebody has to decide
	Trail     TrailCheck
	People    int
	Roleless  []roster.Person // still with us, without any role: they can do nothing here
	Astray    []Astray        // who have left, with visits ahead
}

// Astray is somebody who has left and has visits ahead.
type Astray struct {
	Person roster.Person
	Visits int
}

// Administration gives the administrator's first page.
func (f *Flow) Administration(ctx context.Context, a access.Actor) (Administration, error) {
	var v Administration
	if err := access.Require(a, access.ManagePeople, access.Subject{}); err != nil {
		return v, err
	}
	connections, err := f.Connections(ctx, a)
	if err != nil {
		return v, err
	}
	v.Calendars = len(connections)
	for _, c := range connections {
		if c.State == "needs action" {
			v.Troubled++
		}
	}
	failures, err := f.Failures(ctx, a)
	if err != nil {
		return v, err
	}
	v.Jobs = len(failures)
	conflicts, err := f.Conflicts(ctx, a)
	if err != nil {
		return v, err
	}
	v.Conflicts = len(conflicts)
	return v, f.Store.Read(ctx, func(tx Tx) error {
		s, err := tx.Ledger.Setting(trailSetting)
		if err != nil {
			return err
		}
		if s != "" {
			if err := json.Unmarshal([]byte(s), &v.Trail); err != nil {
				return err
			}
		}
		people, err := tx.People.All()
		if err != nil {
			return err
		}
		v.People = len(people)
		of := map[string]int{}
		if slices.ContainsFunc(people, f.hasLeft) {
			ahead, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, States: visit.LiveStates(), From: f.today("UTC").Add(-1), Bare: true})
			if err != nil {
				return err
			}
			for _, x := range ahead {
				if x.Slot.Date >= f.today(x.Zone) {
					of[x.ExecutiveID]++
					of[x.HostID]++
				}
			}
		}
		for _, p := range people {
			switch {
			case !f.hasLeft(p):
				if len(p.Roles) == 0 {
					v.Roleless = append(v.Roleless, p)
				}
			case of[p.ID] > 0:
				v.Astray = append(v.Astray, Astray{p, of[p.ID]})
			}
		}
		return nil
	})
}

// LastTrailCheck gives the newest walk along the audit trail.
func (f *Flow) LastTrailCheck(ctx context.Context, a access.Actor) (TrailCheck, error) {
	if err := access.Require(a, access.SeeAudit, access.Subject{}); err != nil {
		return TrailCheck{}, err
	}
	return read(ctx, f, func(tx Tx) (c TrailCheck, err error) {
		s, err := tx.Ledger.Setting(trailSetting)
		if err != nil || s == "" {
			return c, err
		}
		return c, json.Unmarshal([]byte(s), &c)
	})
}

// TimeShares gives how the working hours of executives went by, by person: time with
// customers against meetings of our own, in the last month and this one. Nobody is in it
// whose calendar is not read. For those who see coverage.
func (f *Flow) TimeShares(ctx context.Context, a access.Actor, personIDs ...string) (map[string][]roster.TimeShare, error) {
	if err := access.Require(a, access.SeeCoverage, access.Subject{}); err != nil {
		return nil, err
	}
	return read(ctx, f, func(tx Tx) (map[string][]roster.TimeShare, error) {
		out := map[string][]roster.TimeShare{}
		for _, id := range personIDs {
			p, err := tx.People.Get(id)
			if err != nil {
				return nil, err
			}
			visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, ExecutiveID: id, From: f.todayOf(p).Add(-70), To: f.todayOf(p)})
			if err != nil {
				return nil, err
			}
			shares, _, err := f.shares(tx, p, visits)
			if err != nil {
				return nil, err
			}
			if len(shares) > 0 {
				out[id] = shares
			}
		}
		return out, nil
	})
}
