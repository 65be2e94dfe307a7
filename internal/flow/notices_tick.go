package flow

import (
	"context"
	"errors"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/notify"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// releasedAtOnce is how many messages one look lets go; the next look is a minute later.
const releasedAtOnce = 500

// longestQuiet is longer than anything waits for the end of quiet hours.
const longestQuiet = 48 * time.Hour

// lookAtNotices lets go what waited for the end of the quiet hours, writes the mails of
// an evening and about visits that need a decision, and writes the digests that are due. Most times there is nothing to do,
// so each looks first without holding up who writes.
func (f *Flow) lookAtNotices(ctx context.Context) error {
	return errors.Join(f.releaseHeld(ctx), f.lookAtEvenings(ctx), f.lookAtDecisions(ctx), f.writeDigests(ctx))
}

// releaseHeld lets go what waited for a time that has come. What its reader has switched
// off meanwhile does not go.
func (f *Flow) releaseHeld(ctx context.Context) error {
	due, err := read(ctx, f, func(tx Tx) ([]Delivery, error) { return tx.Outbox.Due(f.Now().UTC(), "", releasedAtOnce) })
	if err != nil || len(due) == 0 {
		return err
	}
	return f.Store.Write(ctx, func(tx Tx) error {
		due, err := tx.Outbox.Due(f.Now().UTC(), "", releasedAtOnce)
		if err != nil {
			return err
		}
		return f.decideAgain(tx, due)
	})
}

// decideAgain does with what waits for a time what its readers want by now: their hours,
// or where they live, may be others than when it was made. What is quiet no more goes.
func (f *Flow) decideAgain(tx Tx, held []Delivery) error {
	settings, err := noticeSettings(tx)
	if err != nil {
		return err
	}
	var send []Delivery
	for _, d := range held {
		to, err := tx.People.Get(d.PersonID)
		if err != nil {
			return err
		}
		kept, reader, err := f.readerOf(tx, to, settings)
		if err != nil {
			return err
		}
		k, _ := notify.KindOf(d.Kind)
		c := notify.Choice{Channel: d.Channel, Way: notify.GoNow}
		for _, x := range notify.Decide(k, kept.Preference, reader, f.Now().UTC()) {
			if x.Channel == d.Channel {
				c = x
			}
		}
		was := d
		switch c.Way {
		case notify.GoLater:
			d.NotBefore, d.Why = c.At.UTC(), c.Why
		case notify.InDigest:
			d.NotBefore, d.Digest, d.Why = time.Time{}, c.Day, c.Why
		case notify.Never:
			_, err = tx.Outbox.Move(Skipped, "You have switched it off before it could go.", d.ID)
		default:
			send = append(send, d)
		}
		if d != was {
			err = tx.Alerts.SaveDelivery(&d)
		}
		if err != nil && !fault.Is(err, fault.Stale) { // stale: it went meanwhile
			return err
		}
	}
	return f.sendHeld(tx, send)
}

// sendHeld sends messages that were held, but for those that their readers want no more.
func (f *Flow) sendHeld(tx Tx, held []Delivery) error {
	var ids []string
	for _, d := range held {
		kept, err := preferenceOf(tx, d.PersonID)
		if err != nil {
			return err
		}
		k, _ := notify.KindOf(d.Kind)
		if d.Channel == notify.Mail && kept.Mail[k] == notify.Off {
			if _, err := tx.Outbox.Move(Skipped, "You have switched it off before it could go.", d.ID); err != nil {
				return err
			}
			continue
		}
		ids = append(ids, d.ID)
	}
	moved, err := tx.Outbox.Move(ToSend, "", ids...)
	if err != nil {
		return err
	}
	jobs := make([]Job, len(moved))
	for i, id := range moved {
		jobs[i] = Job{Kind: JobDeliver, Key: id}
	}
	return tx.Queue.Enqueue(jobs...)
}

// eveningAt is the hour, at the place of a visit, from which its people are asked what
// came of it.
const eveningAt = "17:30"

// eveningSubject is what the mail of a visit's evening is about. A visit that was moved
// has another evening.
func eveningSubject(v visit.Visit) string {
	return "evening/" + v.ID + "/" + v.Slot.Date.String()
}

// evening is a visit whose people are to be asked.
type evening struct {
	visit visit.Visit
	to    []string // persons
}

// eveningsUntold gives the visits of today and yesterday that are over, not debriefed,
// and whose people were not asked yet.
func (f *Flow) eveningsUntold(tx Tx) ([]evening, error) {
	today := f.today("UTC")
	near, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, States: append(visit.LiveStates(), visit.Held), From: today.Add(-1), To: today.Add(1)})
	if err != nil {
		return nil, err
	}
	var out []evening
	var subjects []string
	for _, v := range near {
		at, err := slot.At(v.Slot.Date, eveningAt, v.Zone)
		if err != nil || f.Now().Before(at) || f.Now().Before(v.End) || f.today(v.Zone) > v.Slot.Date.Add(1) {
			continue
		}
		e := evening{visit: v}
		for _, id := range []string{v.ExecutiveID, v.HostID} {
			if id != "" && (len(e.to) == 0 || e.to[0] != id) {
				e.to = append(e.to, id)
			}
		}
		out, subjects = append(out, e), append(subjects, eveningSubject(v))
	}
	made, err := tx.Outbox.Made(subjects...)
	if err != nil {
		return nil, err
	}
	told := map[Told]bool{}
	for _, m := range made {
		told[m] = true
	}
	people, err := f.whoIsHere(tx, len(out) > 0)
	if err != nil {
		return nil, err
	}
	var due []evening
	for _, e := range out {
		var to []string
		for _, id := range e.to {
			if _, here := people[id]; here && !told[Told{eveningSubject(e.visit), id, "evening"}] {
				to = append(to, id)
			}
		}
		if e.to = to; len(to) > 0 {
			due = append(due, e)
		}
	}
	return due, nil
}

// whoIsHere gives everybody who has not left, by id; nobody where nobody is needed.
func (f *Flow) whoIsHere(tx Tx, needed bool) (map[string]roster.Person, error) {
	if !needed {
		return nil, nil
	}
	people, err := everybody(tx)
	for id, p := range people {
		if f.hasLeft(p) {
			delete(people, id)
		}
	}
	return people, err
}

// lookAtEvenings asks those who were at a visit what came of it, once each.
func (f *Flow) lookAtEvenings(ctx context.Context) error {
	due, err := read(ctx, f, f.eveningsUntold)
	if err != nil || len(due) == 0 {
		return err
	}
	return f.Store.Write(ctx, func(tx Tx) error {
		due, err := f.eveningsUntold(tx)
		if err != nil {
			return err
		}
		people, err := everybody(tx)
		if err != nil {
			return err
		}
		visits := make([]visit.Visit, len(due))
		for i, e := range due {
			visits[i] = e.visit
		}
		customers, err := customersOf(tx, visits)
		if err != nil {
			return err
		}
		for _, e := range due {
			for _, id := range e.to {
				to, v := people[id], e.visit
				m := notify.AskDebrief(to, customers[v.CustomerID].Name, v.ID, v.Slot.Date, f.today(v.Zone), f.BaseURL)
				if err := f.deliver(tx, eveningSubject(v), "evening", to, m); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
