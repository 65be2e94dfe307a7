package flow

import (
	"context"
	"errors"
	"time"

	"windshield/internal/fault"
	"windshield/internal/notify"
	"windshield/internal/roster"
)

// deliver stores a message to a person, unless the same one was stored before,
// and enqueues its sending.
func (f *Flow) deliver(tx Tx, about, kind string, to roster.Person, m notify.Message) error {
	id := f.NewID()
	ids, err := tx.Alerts.Deliver(Delivery{
		ID: id, About: about, Kind: kind, Channel: "mail", PersonID: to.ID,
		MessageID: notify.MessageID(about, kind, to.ID, f.BaseURL), Subject: m.Subject, Body: m.Text,
		State: ToSend, CreatedAt: f.Now().UTC(),
	})
	if err != nil || len(ids) == 0 {
		return err
	}
	return tx.Queue.Enqueue(Job{Kind: JobDeliver, Key: id})
}

// sendDelivery sends one message. It is marked as sending before the call, so
// that a repeat happens only after a crash within it, with the same Message-ID.
func (f *Flow) sendDelivery(ctx context.Context, id string) error {
	var d Delivery
	var to roster.Person
	err := f.Store.Write(ctx, func(tx Tx) error {
		var err error
		if d, err = tx.Alerts.Delivery(id); err != nil {
			return err
		}
		if d.State == Sent || d.State == Refused {
			return nil
		}
		if to, err = tx.People.Get(d.PersonID); err != nil {
			return err
		}
		d.State = Sending
		return tx.Alerts.SaveDelivery(&d)
	})
	if err != nil {
		return err
	}
	if d.State != Sending {
		return nil
	}
	m := notify.Message{ID: d.MessageID, To: to.Email, ToName: to.Name, Subject: d.Subject, Text: d.Body}
	if d.ToAddress != "" {
		m.To, m.ToName = d.ToAddress, d.ToName
	}
	sendErr := f.Notifier.Send(ctx, m)
	// What came of it is kept even where the process is being stopped: else the
	// message would be sent again.
	keep, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = f.Store.Write(keep, func(tx Tx) error {
		now, err := tx.Alerts.Delivery(id)
		if err != nil || now.State != Sending {
			return err
		}
		switch {
		case sendErr == nil:
			now.State, now.SentAt, now.Error = Sent, f.Now().UTC(), ""
		case fault.Is(sendErr, fault.Invalid):
			now.State = Refused
			now.Error, _ = fault.Shown(sendErr)
		default:
			now.State = ToSend
			now.Error, _ = fault.Shown(sendErr)
		}
		if carriesSecret(now.Kind) && now.State != ToSend {
			now.Body = "" // a secret that nobody needs any more
		}
		return tx.Alerts.SaveDelivery(&now)
	})
	if errors.Is(sendErr, context.Canceled) || fault.Is(sendErr, fault.Invalid) {
		return err
	}
	return errors.Join(sendErr, err)
}
