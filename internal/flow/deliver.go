package flow

import (
	"context"
	"errors"
	"strings"
	"time"

	"windshield/internal/export"
	"windshield/internal/fault"
	"windshield/internal/notify"
	"windshield/internal/roster"
	"windshield/internal/visit"
)

// Hooks are the ways besides mail by which notices leave.
type Hooks struct {
	Slack   notify.Notifier // the company's; nil: there is none
	Webhook notify.Notifier // the company's; nil: there is none
	// OpenSlack gives the way to somebody's own Slack. Invalid where the address is none
	// that we may call. nil: nobody may have one.
	OpenSlack func(url string) (notify.Notifier, error)
}

// deliver stores a message to a person on every channel by which it goes, waits or
// does not go, unless the same one was stored before, and enqueues the sending of
// what goes now. Who has left is told nothing.
func (f *Flow) deliver(tx Tx, about, kind string, to roster.Person, m notify.Message) error {
	if f.hasLeft(to) {
		return nil
	}
	k, known := notify.KindOf(kind)
	facts, _ := notify.FactsOf(k)
	settings, err := noticeSettings(tx)
	if err != nil {
		return err
	}
	kept, reader, err := f.readerOf(tx, to, settings)
	if err != nil {
		return err
	}
	now := f.Now().UTC()
	choices := notify.Decide(k, kept.Preference, reader, now)
	if known && !facts.Secret && f.Hooks.Webhook != nil && settings.sends(notify.Webhook, k) {
		choices = append(choices, notify.Choice{Channel: notify.Webhook, Way: notify.GoNow})
	}
	ds := make([]Delivery, len(choices))
	for i, c := range choices {
		d := f.delivery(about, kind, c.Channel, to.ID, m)
		d.Why = c.Why
		switch c.Way {
		case notify.GoLater:
			d.State, d.NotBefore = OnHold, c.At.UTC()
		case notify.InDigest:
			d.State, d.Digest = OnHold, c.Day
		case notify.Never:
			d.State = Skipped
		}
		switch {
		case c.Channel == notify.Page:
			d.State, d.SentAt, d.Unread = Sent, now, true
		case c.Channel == notify.Mail && facts.MayEnd && d.State != Skipped:
			d.Ticket = f.Token()
			d.TicketHash = hash(d.Ticket)
		}
		ds[i] = d
	}
	return f.store(tx, ds...)
}

// delivery makes the row of a message that goes now.
func (f *Flow) delivery(about, kind string, channel notify.Channel, personID string, m notify.Message) Delivery {
	subject := about
	if channel != notify.Mail {
		subject = string(channel) + ":" + about // each channel's copy has its own id
	}
	calendar := ""
	for _, a := range m.Attachments {
		calendar = string(a.Data)
	}
	path := ""
	if !carriesSecret(kind) { // a link to get in stays nowhere but in the text, which is blanked
		path = f.pathIn(m.Text)
	}
	return Delivery{ID: f.NewID(), Calendar: calendar, About: about, Kind: kind, Channel: channel, PersonID: personID,
		MessageID: notify.MessageID(subject, kind, personID, f.BaseURL), Subject: m.Subject, Body: m.Text, Path: path,
		State: ToSend, CreatedAt: f.Now().UTC()}
}

// store keeps deliveries that were not made before and enqueues those that go now.
func (f *Flow) store(tx Tx, ds ...Delivery) error {
	fresh, err := tx.Alerts.Deliver(ds...)
	if err != nil || len(fresh) == 0 {
		return err
	}
	isNew := map[string]bool{}
	for _, id := range fresh {
		isNew[id] = true
	}
	for _, d := range ds {
		if isNew[d.ID] && d.State == ToSend {
			if err := tx.Queue.Enqueue(Job{Kind: JobDeliver, Key: d.ID}); err != nil {
				return err
			}
		}
	}
	return nil
}

// post puts a message into the company's Slack, once for everybody, where there is
// one and the administrator has not left its kind out. about is kept on behalf of a
// person whom it concerns.
func (f *Flow) post(tx Tx, about, kind string, concerns roster.Person, m notify.Message) error {
	settings, err := noticeSettings(tx)
	if err != nil {
		return err
	}
	k, _ := notify.KindOf(kind)
	if f.Hooks.Slack == nil || !settings.sends(notify.CompanySlack, k) {
		return nil
	}
	return f.store(tx, f.delivery(about, kind, notify.CompanySlack, concerns.ID, m))
}

// pathIn gives the page of ours that a text names first; "" where it names none.
func (f *Flow) pathIn(text string) string {
	for _, l := range notify.Links(text, f.BaseURL) {
		if path := strings.TrimPrefix(l.URL, f.BaseURL); strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") {
			return path
		}
	}
	return ""
}

// sendDelivery sends one message. It is marked as sending before the call, so
// that a repeat happens only after a crash within it, with the same Message-ID.
func (f *Flow) sendDelivery(ctx context.Context, id string) error {
	var d Delivery
	var to roster.Person
	var kept KeptPreference
	err := f.Store.Write(ctx, func(tx Tx) error {
		var err error
		if d, err = tx.Alerts.Delivery(id); err != nil {
			return err
		}
		if d.State != ToSend && d.State != Sending {
			return nil
		}
		if to, err = tx.People.Get(d.PersonID); err != nil {
			return err
		}
		if kept, err = preferenceOf(tx, to.ID); err != nil {
			return err
		}
		d.State = Sending
		if f.hasLeft(to) && d.ToAddress == "" && d.Channel != notify.CompanySlack {
			d.State, d.Why, d.Ticket = Skipped, "This person has left.", ""
			if carriesSecret(d.Kind) {
				d.Body = ""
			}
		}
		return tx.Alerts.SaveDelivery(&d)
	})
	if err != nil {
		return err
	}
	if d.State != Sending {
		return nil
	}
	sendErr := f.hand(ctx, d, to, kept)
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
		if now.State != ToSend {
			now.Ticket = ""
			if carriesSecret(now.Kind) {
				now.Body = "" // a secret that nobody needs any more
			}
		}
		return tx.Alerts.SaveDelivery(&now)
	})
	if errors.Is(sendErr, context.Canceled) || fault.Is(sendErr, fault.Invalid) {
		return err
	}
	return errors.Join(sendErr, err)
}

// hand gives a message to its channel.
func (f *Flow) hand(ctx context.Context, d Delivery, to roster.Person, kept KeptPreference) error {
	k, _ := notify.KindOf(d.Kind)
	m := notify.Message{ID: d.MessageID, To: to.Email, ToName: notify.OneLine(to.Name, notify.MaxName), Subject: d.Subject, Text: d.Body, Kind: string(k), About: d.About}
	if d.ToAddress != "" {
		m.To, m.ToName = d.ToAddress, d.ToName
	}
	switch d.Channel {
	case notify.Mail:
		return f.Notifier.Send(ctx, f.dressed(m, d, k))
	case notify.CompanySlack:
		return handTo(ctx, f.Hooks.Slack, m)
	case notify.Webhook:
		return handTo(ctx, f.Hooks.Webhook, m)
	case notify.Slack:
		own, err := f.ownSlack(kept)
		if err != nil {
			return err
		}
		return handTo(ctx, own, m)
	}
	return fault.Invalidf("There is no channel %q.", d.Channel)
}

func handTo(ctx context.Context, n notify.Notifier, m notify.Message) error {
	if n == nil {
		return fault.Temporaryf("This channel is not set up any more. What waits goes out once it is.")
	}
	return n.Send(ctx, m)
}

func calendarFile(data []byte) []notify.Attachment {
	return []notify.Attachment{{Name: "visit.ics", Type: export.CalendarType, Data: data}}
}

// appointment gives a visit as a file for the customer's calendar, where the customer's
// people are no guests of its entry: else they would have it twice.
func (f *Flow) appointment(v visit.Visit, p CustomerPage) []notify.Attachment {
	if f.InviteCustomers {
		return nil
	}
	e := outline(v, p.Customer)
	e.Summary, e.Status = p.Executive.Name+" and "+p.Host.Name+" visit "+p.Customer.Name, export.EventTentative
	if v.State == visit.Confirmed {
		e.Status = export.EventConfirmed
	}
	return calendarFile(export.Calendar{Name: "Our visit", Stamp: f.Now().UTC(), Events: []export.Event{e}}.Bytes())
}

// dressed gives a mail the way to end its kind, a calendar file and its page.
func (f *Flow) dressed(m notify.Message, d Delivery, k notify.Kind) notify.Message {
	if facts, ok := notify.FactsOf(k); ok && d.Ticket != "" {
		url := f.BaseURL + EndNoticesPath + d.Ticket
		m.Text = strings.TrimRight(m.Text, "\n") + "\n\n-- \nNo more mail about " + facts.Title + ": one click at " + url + " ends it.\n"
		with := m
		if with.Unsubscribe = url; with.Check() == nil {
			m = with // else it is no address for machines: plain http, of a server in a house
		}
	}
	if d.Calendar != "" {
		m.Attachments = calendarFile([]byte(d.Calendar))
	}
	return notify.Render(m, f.BaseURL)
}
